/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a row's connections. */
#include "habits.h"

#include <stdlib.h>

#include "conn_state.h"
#include "connscope/conn.h"

struct habits *habits__new(void)
{
	return calloc(1, sizeof(struct habits));
}

void habits__free(struct habits *habits)
{
	if (!habits)
		return;
	free(habits->local.items);
	free(habits->remote.items);
	free(habits);
}

/* ---- endings ---- */

/* The finalizer of MurmurHash3, by Austin Appleby: each bit of CONN's start changes all of it. */
static __u32 rank_of(const struct conn *conn)
{
	__u64 hash = conn->opened_ns ^ ((__u64)conn->local_port << 48) ^
		     ((__u64)conn->remote_port << 32);

	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	hash ^= hash >> 33;
	hash *= 0xc4ceb9fe1a85ec53ULL;
	hash ^= hash >> 33;
	return (__u32)hash;
}

static bool is_in(const struct endings *endings, __u32 rank)
{
	return !endings->below || rank < endings->below;
}

/* Half of the ranks are out from here on. */
static void thin(struct endings *endings)
{
	size_t kept = 0;

	endings->below = endings->below ? endings->below / 2 : 1U << 31;
	for (size_t i = 0; i < endings->count; i++) {
		if (is_in(endings, endings->items[i].rank))
			endings->items[kept++] = endings->items[i];
	}
	endings->count = kept;
}

/* Without memory the sample is smaller. */
static bool grow(struct endings *endings)
{
	size_t room = endings->room ? 2 * endings->room : 8;
	struct ending *items;

	if (room > ENDINGS_MAX)
		return false;
	items = reallocarray(endings->items, room, sizeof(*items));
	if (!items)
		return false;
	endings->items = items;
	endings->room = room;
	return true;
}

static void endings__add(struct endings *endings, const struct ending *ending)
{
	if (!is_in(endings, ending->rank))
		return;
	while (endings->count == endings->room && !grow(endings)) {
		if (endings->below == 1 || !endings->room)
			return;
		thin(endings);
		if (!is_in(endings, ending->rank))
			return;
	}
	endings->items[endings->count++] = *ending;
}

static struct endings *side_of(struct habits *habits, const struct conn *conn)
{
	switch (conn->initiator) {
	case INITIATOR_LOCAL_FIN:
	case INITIATOR_LOCAL_RST:
		return &habits->local;
	case INITIATOR_REMOTE_FIN:
	case INITIATOR_REMOTE_RST:
	case INITIATOR_BOTH_FIN:
		return &habits->remote;
	default:
		return NULL;
	}
}

static void add_ending(struct habits *habits, const struct conn *conn)
{
	struct endings *side = side_of(habits, conn);
	bool partial = conn->flags & CONN_PARTIAL, in_flight = conn->flags & CONN_IN_FLIGHT;

	if (!side || !conn->exchanges || (conn->flags & (CONN_ENDED_BEFORE | CONN_TURNLESS)) ||
	    (in_flight && (side == &habits->remote || conn->role == ROLE_SERVER)))
		return;
	endings__add(side, &(struct ending){
				   .rank = rank_of(conn),
				   .idle_ms = conn->idle_ms,
				   .closed_ms = (__u32)(conn->closed_ns / 1000000),
				   .exchanges = partial ? 0 : conn->exchanges,
				   .idle_others = conn->idle_others,
				   .in_flight = in_flight,
			   });
}

/* ---- openings ---- */

static void add_acceptor(struct habits *habits, __u32 tid)
{
	size_t i = 0;

	while (i < habits->acceptor_count && habits->acceptors[i] != tid)
		i++;
	if (i == habits->acceptor_count && i < ACCEPTORS_MAX)
		habits->acceptors[habits->acceptor_count++] = tid;
}

static void note_opening(struct habits *habits, const struct conn *conn)
{
	if (conn->role == ROLE_SERVER && conn->tid)
		add_acceptor(habits, conn->tid);
	if (conn->ready && !(conn->flags & CONN_PARTIAL) &&
	    conn->opened_ns > habits->opened_last_ns)
		habits->opened_last_ns = conn->opened_ns;
}

static void note_failure(struct habits *habits, const struct conn *conn)
{
	if (conn->fail == FAIL_CANCELLED)
		return;
	if (!habits->failed_first_ns || conn->opened_ns < habits->failed_first_ns)
		habits->failed_first_ns = conn->opened_ns;
	if (conn->opened_ns > habits->failed_last_ns)
		habits->failed_last_ns = conn->opened_ns;
}

void habits__ended(struct habits *habits, const struct conn *conn)
{
	if (conn->fail) {
		note_failure(habits, conn);
		return;
	}
	note_opening(habits, conn);
	add_ending(habits, conn);
}

/* ---- what is open ---- */

void habits__begin_snapshot(struct habits *habits)
{
	habits->silent = 0;
	habits->silent_ms = 0;
}

/* 0: not known. Without payload while we watched it is at least since then. */
static __u64 silence_ms(const struct conn *conn, __u64 now_ns)
{
	__u64 idle_ms;

	if (conn_idle_ms(conn, false, now_ns, &idle_ms))
		return idle_ms;
	if (conn->sent_bytes || conn->received_bytes || now_ns < conn->opened_ns)
		return 0;
	return (now_ns - conn->opened_ns) / 1000000;
}

void habits__open(struct habits *habits, const struct conn *conn, __u64 now_ns)
{
	__u64 idle_ms = silence_ms(conn, now_ns);

	note_opening(habits, conn);
	if (conn->initiator || !conn->ready)
		return;
	if ((conn->flags & CONN_KEEPALIVE) || idle_ms < SILENT_MS)
		return;
	habits->silent++;
	if (idle_ms > habits->silent_ms)
		habits->silent_ms = idle_ms;
}
