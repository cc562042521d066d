/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* connect(2) that fails before any change of state. */
#ifndef connscope_CONNECT_BPF_H
#define connscope_CONNECT_BPF_H

#include "conn.bpf.h"

/* What connect(2) returns before any change of state: no route, or one of type unreachable,
 * prohibit (EACCES) or blackhole (EINVAL). */
static __always_inline bool is_no_route(long ret)
{
	return ret == -ENETUNREACH || ret == -EHOSTUNREACH || ret == -ENETDOWN || ret == -EACCES ||
	       ret == -EINVAL;
}

/* How struct sockaddr_in and sockaddr_in6 begin. */
struct remote_end {
	__u16 family;
	__be16 port;
	__be32 v4;
	__u8 v6[CONN_ADDR_LEN];
};

#define ADDR_MIN 16 /* what both accept at least: sizeof(struct sockaddr_in) */

/* Behind an IPv4 address there need not be more. */
static __always_inline void remote_end_read(struct remote_end *to, const void *from, bool user)
{
	__u32 v4_size = offsetof(struct remote_end, v6);

	if (user)
		bpf_probe_read_user(to, v4_size, from);
	else
		bpf_probe_read_kernel(to, v4_size, from);
	if (to->family != AF_INET6)
		return;
	if (user)
		bpf_probe_read_user(to, sizeof(*to), from);
	else
		bpf_probe_read_kernel(to, sizeof(*to), from);
}

/* In the caller of connect(2), which had no route to TO: nothing but the returned error tells, and
 * SK has nothing of it. */
static __noinline void connect_failed(struct sock *sk, const struct remote_end *to)
{
	struct conn conn = {
		.opened_ns = bpf_ktime_get_ns(),
		.role = ROLE_CLIENT,
		.state = TCP_CLOSE,
		.fail = FAIL_UNREACHABLE,
	};

	if (to->family != AF_INET && to->family != AF_INET6)
		return; /* EINVAL meant the address */
	conn.closed_ns = conn.opened_ns;
	conn.netns = sock_netns(sk);
	sock_endpoints(sk, &conn);
	conn.family = to->family;
	conn.remote_port = bpf_ntohs(to->port);
	if (conn.family == AF_INET)
		addr_map_v4(conn.remote_addr, to->v4);
	else
		__builtin_memcpy(conn.remote_addr, to->v6, sizeof(conn.remote_addr));
	endpoints_unmap(&conn);
	conn.tid = conn_own(&conn);
	if (conn_wanted(&conn))
		emit_conn(EVENT_CONN_CLOSED, (__u64)sk, &conn);
}

static __always_inline struct connecting *connecting_of(__u64 thread)
{
	__u32 index = thread * 0x9e3779b97f4a7c15ULL >> (64 - CONNECTING_BITS);

	return bpf_map_lookup_elem(&connects, &index);
}

/* Of a thread that is in connect(2), for hooks that do not see its arguments at the end. */
static __always_inline void connect_begins(struct sock *sk, const void *to, int len)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct connecting *connecting = connecting_of(thread);

	if (!connecting || len < ADDR_MIN)
		return;
	connecting->thread = 0; /* whose place it was finds nothing, rather than half of ours */
	barrier();
	connecting->since_ns = bpf_ktime_get_ns();
	connecting->sk = (__u64)sk;
	connecting->to = (__u64)to;
	barrier();
	connecting->thread = thread;
}

static __always_inline void connect_ends(long ret, bool user)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct connecting *connecting = connecting_of(thread);
	struct remote_end to = {};
	struct conn *conn;

	if (!connecting || connecting->thread != thread)
		return;
	connecting->thread = 0;
	if (!is_no_route(ret))
		return;
	conn = conn_find((struct sock *)connecting->sk);
	if (conn && conn->opened_ns >= connecting->since_ns) /* it was in SYN_SENT meanwhile */
		return;
	remote_end_read(&to, (void *)connecting->to, user);
	connect_failed((struct sock *)connecting->sk, &to);
}

#endif /* connscope_CONNECT_BPF_H */
