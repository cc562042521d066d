/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The one predicate over the read-only filter configuration. */
#ifndef connscope_FILTER_BPF_H
#define connscope_FILTER_BPF_H

#include "maps.bpf.h"
#include "sock.bpf.h"

/* A macro, because the lists differ in type. A real loop, because unrolled ones would be most of
 * the object; an empty list costs nothing, since the verifier knows .rodata. */
#define listed(list, count, value)                                                                 \
	({                                                                                         \
		bool found = !(count);                                                             \
		_Pragma("clang loop unroll(disable)") for (int i = 0; i < (count); i++)            \
		{                                                                                  \
			if (i >= (int)(sizeof(list) / sizeof((list)[0])))                          \
				break;                                                             \
			if ((list)[i] == (value))                                                  \
				found = true;                                                      \
		}                                                                                  \
		found;                                                                             \
	})

static __always_inline bool net_listed(const __u8 *addr)
{
	const __u64 *words = (const __u64 *)addr;
	const volatile __u64 *net;

	if (!only.net_count)
		return true;
#pragma clang loop unroll(disable)
	for (int i = 0; i < only.net_count; i++) {
		if (i >= FILTER_NETS)
			break;
		net = (const volatile __u64 *)&only.nets[i]; /* address, then mask */
		if ((words[0] & net[2]) == net[0] && (words[1] & net[3]) == net[1])
			return true;
	}
	return false;
}

static __always_inline bool owner_filtered(void)
{
	return filtered && (only.pid_count || only.cgroup_count);
}

static __always_inline bool owner_wanted(__u32 pid, __u64 cgroup)
{
	return listed(only.pids, only.pid_count, pid) &&
	       listed(only.cgroups, only.cgroup_count, cgroup);
}

static __always_inline bool conn_owner_wanted(const struct conn *conn)
{
	return !owner_filtered() || !conn->pid || owner_wanted(conn->pid, conn->cgroup);
}

static __noinline bool conn_passes(const struct conn *conn)
{
	bool client = conn->role == ROLE_CLIENT;

	if (only.role && conn->role != only.role)
		return false;
	if (only.family && conn->family && conn->family != only.family)
		return false;
	if (!listed(only.netns, only.netns_count, conn->netns))
		return false;
	if (conn->local_port) {
		if (!listed(only.local_ports, only.local_port_count, conn->local_port))
			return false;
		if (!client && !listed(only.ports, only.port_count, conn->local_port))
			return false;
	}
	if (conn->remote_port) {
		if (!listed(only.remote_ports, only.remote_port_count, conn->remote_port))
			return false;
		if (client && !listed(only.ports, only.port_count, conn->remote_port))
			return false;
		if (!net_listed(conn->remote_addr))
			return false;
	}
	return conn_owner_wanted(conn);
}

/* What is not known yet (ports of an unbound client, an owner before accept) passes; the next call,
 * when more is known, decides. */
static __always_inline bool conn_wanted(const struct conn *conn)
{
	return !filtered || conn_passes(conn);
}

static __always_inline bool listener_wanted(const struct listener *listener)
{
	if (only.role == ROLE_CLIENT)
		return false;
	if (only.family == AF_INET && listener->family == AF_INET6 &&
	    !addr_is_any(listener->addr)) /* a wildcard may be dual-stack */
		return false;
	if (only.family == AF_INET6 && listener->family == AF_INET)
		return false;
	return listed(only.netns, only.netns_count, listener->netns) &&
	       listed(only.ports, only.port_count, listener->port) &&
	       listed(only.local_ports, only.local_port_count, listener->port);
}

#endif /* connscope_FILTER_BPF_H */
