/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Into the ring buffer: reserve, fill, submit, and count what was lost. */
#ifndef connscope_EMIT_BPF_H
#define connscope_EMIT_BPF_H

#include "maps.bpf.h"

/*
 * User space polls every 100 ms; a wake-up per event would cost more than all of the tracing. Only
 * what crosses the mark wakes: what comes behind it finds the consumer awake. Each of several CPUs
 * may see what all have added: the mark is as wide as that.
 */
static __always_inline __u64 submit_flags(__u64 size)
{
	__sync_fetch_and_add(&bytes_waiting, size);
	return bytes_waiting - wakeup_bytes < 64 * size ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void fill_header(struct event_header *header, __u8 type, __u16 len, __u64 sk)
{
	header->type = type;
	header->version = EVENT_VERSION;
	header->len = len;
	header->lost = 0;
	if (trace_events)
		header->lost = events_lost;
	header->sk = sk;
}

static __always_inline void count_lost_event(__u32 kind)
{
	count_loss(kind);
	if (trace_events)
		__sync_fetch_and_add(&events_lost, 1);
}

static __always_inline void emit_conn(__u8 type, __u64 sk, const struct conn *conn)
{
	struct conn_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_lost_event(type < EVENT_CONN_OPENED ? LOSS_CONN_EVENT : LOSS_TRACE_EVENT);
		return;
	}
	fill_header(&event->header, type, sizeof(*event), sk);
	__builtin_memcpy(&event->conn, conn, sizeof(*conn));
	bpf_ringbuf_submit(event, submit_flags(sizeof(*event)));
}

static __always_inline void emit_listener(__u8 type, __u64 sk, const struct listener *listener)
{
	struct listener_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_lost_event(type == EVENT_LISTENER_CLOSED ? LOSS_LISTENER_EVENT
							       : LOSS_TRACE_EVENT);
		return;
	}
	fill_header(&event->header, type, sizeof(*event), sk);
	__builtin_memcpy(&event->listener, listener, sizeof(*listener));
	event->ns = bpf_ktime_get_ns();
	bpf_ringbuf_submit(event, submit_flags(sizeof(*event)));
}

static __always_inline void emit_exchange(__u64 sk, const struct conn *conn,
					  const struct exchange *exchange)
{
	struct exchange_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_lost_event(LOSS_TRACE_EVENT);
		return;
	}
	fill_header(&event->header, EVENT_EXCHANGE, sizeof(*event), sk);
	__builtin_memcpy(&event->conn, conn, sizeof(*conn));
	__builtin_memcpy(&event->exchange, exchange, sizeof(*exchange));
	bpf_ringbuf_submit(event, submit_flags(sizeof(*event)));
}

#endif /* connscope_EMIT_BPF_H */
