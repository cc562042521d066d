/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Listening sockets: what was asked, what was granted, and what was refused. */
#ifndef connscope_ACCEPT_BPF_H
#define connscope_ACCEPT_BPF_H

#include "emit.bpf.h"
#include "filter.bpf.h"

static __always_inline struct listener *listener_find(struct sock *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&listeners, &key);
}

static __always_inline void bound_key_of(const struct listener *listener, struct bound_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->netns = listener->netns;
	key->port = listener->port;
	if (addr_is_any(listener->addr)) {
		key->bound = listener->family == AF_INET ? BOUND_ANY4 : BOUND_ANY6;
		return;
	}
	__builtin_memcpy(key->addr, listener->addr, sizeof(key->addr));
}

/* What the filters leave out is no loss. */
static __always_inline void listener_lost(const struct listener *listener)
{
	if (!filtered || listener_wanted(listener))
		count_loss(LOSS_LISTENER_MAP);
}

static __always_inline void bound_add(const struct listener *listener)
{
	struct bound_key key;
	__s32 one = 1, *sockets;

	bound_key_of(listener, &key);
	sockets = bpf_map_lookup_elem(&bound, &key);
	if (!sockets) {
		if (!bpf_map_update_elem(&bound, &key, &one, BPF_NOEXIST))
			return;
		sockets = bpf_map_lookup_elem(&bound, &key); /* another CPU was first */
	}
	if (sockets)
		__sync_fetch_and_add(sockets, 1);
	else
		listener_lost(listener);
}

static __always_inline void bound_remove(const struct listener *listener)
{
	struct bound_key key;
	__s32 *sockets;

	bound_key_of(listener, &key);
	sockets = bpf_map_lookup_elem(&bound, &key);
	if (!sockets)
		return;
	__sync_fetch_and_add(sockets, -1);
	if (*sockets <= 0)
		bpf_map_delete_elem(&bound, &key);
}

/*
 * Without hooks on the two functions that refuse, the listener's drop counter and the kfree_skb
 * tracepoint tell. A refused SYN adds 1 to sk_drops (tcp_listendrop in tcp_conn_request) and its
 * skb is consumed; a refused final ACK adds 2 (tcp_listendrop in tcp_v4_syn_recv_sock, then
 * discard_and_relse in tcp_v4_rcv) and its skb is freed with the listener as rx_sk, but that of a
 * SYN cookie adds 1 (cookie_v4_check frees it, for NO_SOCKET); any other packet that the listener
 * drops adds 1 and is freed likewise. So sk_drops less what was freed is what was refused.
 */
static __always_inline void listener_split_drops(struct listener *listener)
{
	__u32 drops = listener->drops - listener->drops_start;
	__u32 accounted = 2 * listener->ack_drops + listener->other_drops;

	listener->syn_drops = drops > accounted ? drops - accounted : 0;
}

/* What the socket says now. sk_max_ack_backlog changes with each listen(2), without a state change.
 */
static __always_inline void listener_read(struct sock *sk, struct listener *listener)
{
	listener->limit = BPF_CORE_READ(sk, sk_max_ack_backlog);
	listener->depth = BPF_CORE_READ(sk, sk_ack_backlog);
	listener->drops = (__u32)BPF_CORE_READ(sk, sk_drops.counter);
	listener->somaxconn = BPF_CORE_READ(sk, __sk_common.skc_net.net, core.sysctl_somaxconn);
	if (split_drops)
		listener_split_drops(listener);
}

/* False: it is known already. The seed meets one socket in several processes, and each change of
 * state has two looks. */
static __always_inline bool listener_open(struct sock *sk, struct listener *listener,
					  const struct owner *owner)
{
	__u64 key = (__u64)sk;

	listener->netns = sock_netns(sk);
	listener->port = sock_local_port(sk);
	listener->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	sock_local_addr(sk, listener->addr);
	listener->pid = owner->pid;
	listener->cgroup = owner->cgroup;
	__builtin_memcpy(listener->comm, owner->comm, sizeof(listener->comm));
	listener->flags |= LISTENER_OPEN;
	listener->drops_start = (__u32)BPF_CORE_READ(sk, sk_drops.counter);
	listener_read(sk, listener);

	if (bpf_map_lookup_elem(&listeners, &key))
		return false;
	bound_add(listener);
	/* Kept whatever the filters say, because bound_remove() needs it; user space filters. */
	if (bpf_map_update_elem(&listeners, &key, listener, BPF_NOEXIST))
		listener_lost(listener);
	return true;
}

static __always_inline void listener_emit(__u8 type, struct sock *sk,
					  const struct listener *listener)
{
	if (listener_wanted(listener))
		emit_listener(type, (__u64)sk, listener);
}

/* As __sys_listen() is about to: its own clamp has not run yet. */
static __noinline void listener_again(struct sock *sk, const struct listener *listener)
{
	struct listener copy = *listener;

	listener_read(sk, &copy);
	copy.limit = copy.backlog_asked;
	if (copy.limit > copy.somaxconn)
		copy.limit = copy.somaxconn;
	listener_emit(EVENT_LISTEN, sk, &copy);
}

static __noinline void listener_refused(struct sock *sk, const struct listener *listener,
					__u8 refused)
{
	struct listener copy = *listener;

	listener_read(sk, &copy);
	copy.refused = refused;
	listener_emit(EVENT_OVERFLOW, sk, &copy);
}

/* listen(2) is asked, in the caller's context, before the kernel clamps. */
static __always_inline void listener_asked(long fd, __s32 backlog)
{
	struct sock *sk = sock_of_fd(fd);
	struct listener *listener;
	__u64 thread = bpf_get_current_pid_tgid();

	if (!sk)
		return;
	listener = listener_find(sk);
	if (listener) {
		listener->backlog_asked = backlog;
		listener->flags |= LISTENER_ASKED;
		if (trace_events)
			listener_again(sk, listener);
	} else {
		bpf_map_update_elem(&backlogs, &thread, &backlog, BPF_ANY);
	}
}

/* CLOSE->LISTEN, in the same thread; sk_max_ack_backlog is set before (net/ipv4/af_inet.c). */
static __noinline void listener_opened(struct sock *sk)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct listener listener = {};
	struct owner owner = {};
	__s32 *backlog;

	if (!tracing)
		return;
	backlog = bpf_map_lookup_elem(&backlogs, &thread);
	if (backlog) {
		listener.backlog_asked = *backlog;
		listener.flags = LISTENER_ASKED;
		bpf_map_delete_elem(&backlogs, &thread);
	}
	owner_current(&owner);
	if (listener_open(sk, &listener, &owner) && trace_events)
		listener_emit(EVENT_LISTEN, sk, &listener);
}

/* One that was in LISTEN before we looked. */
static __noinline void listener_seed(struct sock *sk, const struct owner *owner)
{
	struct listener listener = {};

	listener_open(sk, &listener, owner);
}

static __noinline void listener_closed(struct sock *sk)
{
	struct listener *listener = listener_find(sk);
	__u64 key = (__u64)sk;

	if (!listener)
		return;
	listener_read(sk, listener);
	listener->depth = 0;
	listener->flags &= ~LISTENER_OPEN;
	bound_remove(listener);
	listener_emit(EVENT_LISTENER_CLOSED, sk, listener);
	bpf_map_delete_elem(&listeners, &key);
}

/* sk_acceptq_is_full (include/net/sock.h): the queue takes limit + 1 connections. To be asked where
 * SK may be read directly. */
static __always_inline bool queue_looks_full(const struct sock *sk)
{
	return sk->sk_ack_backlog > sk->sk_max_ack_backlog;
}

/* The same, anywhere. */
static __always_inline bool queue_is_full(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_direct(sk);

	if (tp)
		return queue_looks_full((const struct sock *)tp);
	return BPF_CORE_READ(sk, sk_ack_backlog) > BPF_CORE_READ(sk, sk_max_ack_backlog);
}

/* tcp_conn_request, with the queue full: it refuses a SYN for LISTENOVERFLOWS exactly then. */
static __noinline void listener_syn(struct sock *sk)
{
	struct listener *listener = listener_find(sk);

	if (!listener)
		return;
	__sync_fetch_and_add(&listener->syn_drops, 1);
	if (trace_events)
		listener_refused(sk, listener, REFUSED_SYN);
}

/* tcp_v4_syn_recv_sock and tcp_v6_syn_recv_sock, with the queue full: the final ACK, their first
 * statement. */
static __noinline void listener_final_ack(struct sock *sk)
{
	struct listener *listener = listener_find(sk);

	if (!listener)
		return;
	__sync_fetch_and_add(&listener->ack_drops, 1);
	if (trace_events)
		listener_refused(sk, listener, REFUSED_FINAL_ACK);
}

/* kfree_skb with a listener as the receiving socket: not a refused SYN. */
static __always_inline void listener_freed(struct sock *sk, enum skb_drop_reason reason)
{
	struct listener *listener = listener_find(sk);

	if (!listener)
		return;
	if (!queue_is_full(sk)) {
		__sync_fetch_and_add(&listener->other_drops, 1);
		return;
	}
	__sync_fetch_and_add(&listener->ack_drops, 1);
	if (trace_events)
		listener_refused(sk, listener, REFUSED_FINAL_ACK);
	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NO_SOCKET))
		__sync_fetch_and_add(&listener->other_drops, -1); /* 1, not 2: a SYN cookie */
}

#endif /* connscope_ACCEPT_BPF_H */
