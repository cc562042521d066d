/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* CLOCK_MONOTONIC, without asking for it: bpf_ktime_get_ns() takes 50 instructions. */
#ifndef connscope_CLOCK_BPF_H
#define connscope_CLOCK_BPF_H

#include "maps.bpf.h"

/*
 * When the segment came that the caller works on, or that was last: TCP looks at the clock before
 * it does anything with one (tcp_mstamp_refresh() in tcp_rcv_established and tcp_rcv_state_process,
 * net/ipv4/tcp_input.c). It looks when it has been read from, too (tcp_rcv_space_adjust), and
 * timers do: the delayed ACK's, 40 ms after a segment at the most. Not before SINCE: there may have
 * been no segment (TCP_REPAIR), and what was sent meanwhile is later.
 */
static __always_inline __u64 tcp_segment_ns(const struct tcp_sock *tp, __u64 since)
{
	__u64 ns = tp->tcp_clock_cache;

	return likely(ns > since) ? ns : since;
}

/* The last tick, but not before SINCE: where milliseconds will do. Jiffies follow the clock
 * (tick_do_update_jiffies64, kernel/time/tick-sched.c). */
static __always_inline __u64 tick_time(__u64 since)
{
	__s64 ns = jiffy_0 + bpf_jiffies64() * tick_ns;

	return jiffy_0 && ns > (__s64)since ? ns : since;
}

/* To be called often for as long as a tick: jiffies are never ahead, and right just after one. */
static __always_inline void find_jiffy_0(void)
{
	__u64 jiffies = bpf_jiffies64();
	__s64 found = bpf_ktime_get_ns() - jiffies * tick_ns;

	if (!jiffy_0 || found < jiffy_0)
		jiffy_0 = found;
}

#endif /* connscope_CLOCK_BPF_H */
