/* SPDX-License-Identifier: Apache-2.0 */
/* Checked events of the kernel -> single events, each told once. */
#include "teller.h"

#include <stdlib.h>
#include <uthash.h>

#include "aggregate.h"
#include "clock.h"
#include "connscope/event.h"
#include "trace_event.h"

/* An exchange that was told before it was whole. Its final event, or the connection's end, takes it
 * away; where both are lost, another connection at that address does, by and by. */
struct told {
	__u64 sk;
	__u64 opened_ns; /* with sk, which connection it is */
	__u64 request_bytes, response_bytes;
	__u32 number;
	UT_hash_handle hh;
};

struct queue {
	__u64 sk;
	__u64 seen, told; /* refused SYNs */
	UT_hash_handle hh;
};

struct teller {
	struct told *told; /* uthash by sk */
	struct queue *queues;
	bool counts_syns;
	__u32 lost;
};

struct teller *teller__new(bool counts_syns)
{
	struct teller *teller = calloc(1, sizeof(*teller));

	if (teller)
		teller->counts_syns = counts_syns;
	return teller;
}

void teller__free(struct teller *teller)
{
	struct told *told, *next_told;
	struct queue *queue, *next_queue;

	if (!teller)
		return;
	HASH_ITER (hh, teller->told, told, next_told) {
		HASH_DEL(teller->told, told);
		free(told);
	}
	HASH_ITER (hh, teller->queues, queue, next_queue) {
		HASH_DEL(teller->queues, queue);
		free(queue);
	}
	free(teller);
}

void teller__lost(struct teller *teller, struct aggregate *agg, __u32 lost, __u64 ns)
{
	__s32 missing = (__s32)(lost - teller->lost);

	/* Of two CPUs the later event may carry the earlier count. */
	if (missing <= 0)
		return;
	teller->lost = lost;
	aggregate__event(agg,
			 &(struct trace_event){ .kind = TRACE_GAP, .count = missing, .ns = ns });
}

/* ---- exchanges ---- */

static struct told *find_told(const struct teller *teller, __u64 sk)
{
	struct told *told;

	HASH_FIND(hh, teller->told, &sk, sizeof(sk), told);
	return told;
}

static void forget_told(struct teller *teller, __u64 sk)
{
	struct told *told = find_told(teller, sk);

	if (!told)
		return;
	HASH_DEL(teller->told, told);
	free(told);
}

static bool is_same(const struct told *told, const struct exchange_event *event)
{
	return told && told->opened_ns == event->conn.opened_ns &&
	       told->number == event->exchange.number;
}

/* Without memory it is told once more when it is whole. */
static void remember_told(struct teller *teller, const struct exchange_event *event)
{
	struct told *told = find_told(teller, event->header.sk);

	if (!told) {
		told = calloc(1, sizeof(*told));
		if (!told)
			return;
		told->sk = event->header.sk;
		HASH_ADD(hh, teller->told, sk, sizeof(told->sk), told);
	}
	told->opened_ns = event->conn.opened_ns;
	told->number = event->exchange.number;
	told->request_bytes = event->exchange.request_bytes;
	told->response_bytes = event->exchange.response_bytes;
}

static __u64 begin_of(const struct exchange *exchange)
{
	if (exchange->request_ns)
		return exchange->request_ns;
	return exchange->response_ns ? exchange->response_ns : exchange->last_ns;
}

void teller__exchange(struct teller *teller, struct aggregate *agg,
		      const struct exchange_event *event)
{
	const struct told *told = find_told(teller, event->header.sk);
	const struct exchange *exchange = &event->exchange;
	struct trace_event trace = {
		.kind = TRACE_EXCHANGE,
		.again = is_same(told, event),
		.conn = &event->conn,
		.exchange = exchange,
		.ns = begin_of(exchange),
	};
	bool news = !trace.again || told->request_bytes != exchange->request_bytes ||
		    told->response_bytes != exchange->response_bytes;

	if (exchange->flags & EXCHANGE_OPEN) {
		if (trace.again)
			return; /* once is enough until it is whole */
		remember_told(teller, event);
	} else {
		forget_told(teller, event->header.sk);
	}
	if (!trace.ns)
		trace.ns = clock_monotonic_ns();
	if (news)
		aggregate__event(agg, &trace);
}

/* ---- refused connections ---- */

static struct queue *queue_of(struct teller *teller, __u64 sk)
{
	struct queue *queue;

	HASH_FIND(hh, teller->queues, &sk, sizeof(sk), queue);
	if (queue)
		return queue;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return NULL;
	queue->sk = sk;
	HASH_ADD(hh, teller->queues, sk, sizeof(queue->sk), queue);
	return queue;
}

static void tell_refused(struct queue *queue, struct aggregate *agg,
			 const struct listener *listener, __u64 known)
{
	struct listener refused = *listener;

	if (known <= queue->told)
		return;
	refused.refused = REFUSED_SYN;
	aggregate__event(agg, &(struct trace_event){
				      .kind = TRACE_OVERFLOW,
				      .listener = &refused,
				      .count = known - queue->told,
				      .ns = clock_monotonic_ns(),
			      });
	queue->told = known;
}

void teller__listener(struct teller *teller, struct aggregate *agg,
		      const struct listener_snapshot *snapshot, bool last)
{
	struct queue *queue = queue_of(teller, snapshot->sk);
	__u64 now = snapshot->listener.syn_drops;

	if (!queue)
		return;
	tell_refused(queue, agg, &snapshot->listener,
		     last || now < queue->seen ? now : queue->seen);
	queue->seen = now;
}

/* Its final counts, where counts are all there is. */
static void close_queue(struct teller *teller, struct aggregate *agg,
			const struct listener_event *event)
{
	struct queue *queue = teller->counts_syns ? queue_of(teller, event->header.sk) : NULL;

	if (!queue)
		return;
	tell_refused(queue, agg, &event->listener, event->listener.syn_drops);
	HASH_DEL(teller->queues, queue);
	free(queue);
}

/* ---- events ---- */

static void tell_conn(struct aggregate *agg, enum trace_kind kind, const struct conn *conn)
{
	struct trace_event trace = { .kind = kind, .conn = conn, .ns = conn->ready_ns };

	if (!trace.ns)
		trace.ns = clock_monotonic_ns();
	aggregate__event(agg, &trace);
}

static void tell_listener(struct aggregate *agg, enum trace_kind kind,
			  const struct listener_event *event)
{
	struct trace_event trace = { .kind = kind, .listener = &event->listener, .ns = event->ns };

	trace.count = kind == TRACE_OVERFLOW;
	aggregate__event(agg, &trace);
}

void teller__take(struct teller *teller, struct aggregate *agg, const struct event_header *event)
{
	const struct conn *conn = &((const struct conn_event *)event)->conn;

	teller__lost(teller, agg, event->lost, clock_monotonic_ns());
	switch (event->type) {
	case EVENT_CONN_CLOSED:
		forget_told(teller, event->sk);
		break;
	case EVENT_CONN_OPENED:
		tell_conn(agg, TRACE_OPEN, conn);
		break;
	case EVENT_CONN_ACCEPTED:
		tell_conn(agg, TRACE_ACCEPT, conn);
		break;
	case EVENT_EXCHANGE:
		teller__exchange(teller, agg, (const struct exchange_event *)event);
		break;
	case EVENT_OVERFLOW:
		tell_listener(agg, TRACE_OVERFLOW, (const struct listener_event *)event);
		break;
	case EVENT_LISTEN:
		tell_listener(agg, TRACE_LISTEN, (const struct listener_event *)event);
		break;
	case EVENT_LISTENER_CLOSED:
		close_queue(teller, agg, (const struct listener_event *)event);
		break;
	}
}
