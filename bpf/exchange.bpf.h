/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Single exchanges, where somebody asked to see them: which bytes, and when. An exchange is whole
 * when the next request begins, or with the end of the struct sock: after a FIN the application may
 * still read the response.
 */
#ifndef connscope_EXCHANGE_BPF_H
#define connscope_EXCHANGE_BPF_H

#include "emit.bpf.h"

static __always_inline struct exchange_now *exchange_find(__u64 sk)
{
	return bpf_map_lookup_elem(&exchanges, &sk);
}

/* Not on the stack, which has 512 bytes for a program and all that it calls. */
static const struct exchange_now cut = { .exchange = { .flags = EXCHANGE_CUT } };

static __always_inline struct exchange_now *exchange_add(__u64 sk)
{
	if (bpf_map_update_elem(&exchanges, &sk, &cut, BPF_ANY)) {
		count_lost_event(LOSS_TRACE_EVENT);
		return NULL;
	}
	return bpf_map_lookup_elem(&exchanges, &sk);
}

static __always_inline void exchange_emit(__u64 sk, const struct conn *conn,
					  const struct exchange_now *at)
{
	if (at->exchange.number)
		emit_exchange(sk, conn, &at->exchange);
}

/* The first byte of a request, at NOW. */
static __always_inline void exchange_ask(const struct conn *conn, struct exchange_now *at,
					 __u32 bytes, __u64 now)
{
	bool timed = now && conn->last_ns && !conn->untimed;

	__builtin_memset(&at->exchange, 0, sizeof(at->exchange));
	at->told = 0;
	at->exchange.request_ns = now;
	if (conn->exchanges && timed)
		at->exchange.gap_ns = now - conn->last_ns;
	if (!bytes) /* see payload_unknown(): it cannot be told from what came before */
		at->exchange.flags = EXCHANGE_CUT;
}

/* BYTES of payload went the way of TURN at NOW; CONN does not know of them yet. */
static __noinline void exchange_turn(__u64 sk, const struct conn *conn, __u8 turn, __u32 bytes,
				     __u64 now)
{
	__u8 asking = conn->role == ROLE_CLIENT ? TURN_SENT : TURN_RECEIVED;
	struct exchange_now *at = exchange_find(sk);

	if (!at && turn != asking && conn->turn != asking)
		return; /* a greeting, or the response to what was asked before tracing began */
	if (!at)
		at = exchange_add(sk);
	if (!at)
		return;
	at->begun++;
	if (turn == asking) {
		if (conn->turn != asking) {
			exchange_emit(sk, conn, at);
			exchange_ask(conn, at, bytes, now);
		}
		at->exchange.request_bytes += bytes;
		at->exchange.asked_ns = now;
	} else {
		if (conn->turn == asking) {
			at->exchange.number = conn->exchanges + 1;
			at->exchange.response_ns = now;
		}
		at->exchange.response_bytes += bytes;
	}
	if (now)
		at->exchange.last_ns = now;
	at->done++;
}

/* The last word on the connection's last exchange. */
static __noinline void exchange_finish(__u64 sk, const struct conn *conn)
{
	struct exchange_now *at = exchange_find(sk);

	if (at)
		exchange_emit(sk, conn, at);
}

static __always_inline void exchange_drop(__u64 sk)
{
	bpf_map_delete_elem(&exchanges, &sk);
}

#endif /* connscope_EXCHANGE_BPF_H */
