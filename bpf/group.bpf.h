/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Groups of connections that are reported together: histograms at turns, and how many are open. */
#ifndef connscope_GROUP_BPF_H
#define connscope_GROUP_BPF_H

#include "table.bpf.h"

static __always_inline struct group *group_at(const __u32 *slot)
{
	__u32 index = *slot;

	if (likely(index < GROUP_ARRAY_LEN))
		return &group_array[index];
	return bpf_map_lookup_elem(&groups, slot);
}

/* What tells CONN's group from others, but for its owner. */
struct service {
	const __u64 *addr; /* the upstream's, or the listener's; of a wildcard NULL */
	union {
		struct { /* as in struct group_key */
			__u32 netns;
			__u16 port;
			__u8 role;
			__u8 bound; /* server role */
		};
		__u64 all;
	};
};

static __always_inline struct service service_of(const struct conn *conn)
{
	struct service service = { .netns = conn->netns, .role = conn->role };

	if (service.role == ROLE_CLIENT) {
		service.addr = (const __u64 *)conn->remote_addr;
		service.port = conn->remote_port;
		return service;
	}
	service.bound = conn->bound;
	service.addr = service.bound == BOUND_EXACT ? (const __u64 *)conn->local_addr : NULL;
	service.port = conn->local_port;
	return service;
}

static __always_inline void group_key_of(const struct conn *conn, struct group_key *key)
{
	struct service service = service_of(conn);

	__builtin_memset(key, 0, sizeof(*key));
	key->netns = service.netns;
	key->role = service.role;
	key->port = service.port;
	key->bound = service.bound;
	if (service.addr)
		__builtin_memcpy(key->addr, service.addr, sizeof(key->addr));
	__builtin_memcpy(key->comm, conn->comm, sizeof(key->comm));
	if (group_by_pid)
		key->pid = conn->pid;
	if (group_by_cgroup)
		key->cgroup = conn->cgroup;
}

/* The slot of KEY, which is new. */
static __always_inline __u32 group_claim(const struct group_key *key)
{
	__u32 slot = GROUP_OTHER, *found;
	struct group *group;

	if (bpf_map_pop_elem(&free_groups, &slot)) {
		count_loss(LOSS_GROUP_MAP);
		return GROUP_OTHER;
	}
	if (!bpf_map_update_elem(&group_slots, key, &slot, BPF_NOEXIST)) {
		group = group_at(&slot);
		if (!group)
			return GROUP_OTHER;
		group->key = *key;
		group->key.role = ROLE_NONE; /* not before the rest is there */
		barrier();
		group->key.role = key->role;
		return slot;
	}
	/* Another CPU was first. */
	bpf_map_push_elem(&free_groups, &slot, 0);
	found = bpf_map_lookup_elem(&group_slots, key);
	return found ? *found : GROUP_OTHER;
}

/* A slot of `group_hints`, from what tells most groups apart. */
static __always_inline __u32 group_hint(const struct conn *conn, const struct service *service)
{
	__u64 hash = service->all ^ *(const __u64 *)conn->comm;

	if (service->addr)
		hash ^= service->addr[1];
	if (group_by_pid)
		hash ^= (__u64)conn->pid << 16;
	if (group_by_cgroup)
		hash ^= conn->cgroup << 8;
	return (hash * 0x9e3779b97f4a7c15ULL) >> (64 - GROUP_HINT_BITS);
}

/* Whether CONN is of GROUP: its key, field by field. */
static __always_inline bool group_has(const struct group *group, const struct conn *conn,
				      const struct service *service)
{
	const __u64 *group_addr = (const __u64 *)group->key.addr;
	const __u64 *comm = (const __u64 *)conn->comm;
	const __u64 *group_comm = (const __u64 *)group->key.comm;
	__u64 differ = group_comm[0] ^ comm[0];

	differ |= group_comm[1] ^ comm[1];
	differ |= *(const __u64 *)&group->key.netns ^ service->all;
	if (service->addr)
		differ |= (group_addr[0] ^ service->addr[0]) | (group_addr[1] ^ service->addr[1]);
	if (group_by_pid)
		differ |= group->key.pid ^ conn->pid;
	if (group_by_cgroup)
		differ |= group->key.cgroup ^ conn->cgroup;
	return !differ;
}

/* The slot of the group of SK's record, by its key. Global, and so verified once in a program. */
__noinline __u32 group_find(__u64 sk)
{
	struct conn *conn = sk ? conn_find((const void *)sk) : NULL; /* 0: it is gone */
	struct group_key key;
	__u32 *slot;

	if (!conn)
		return GROUP_OTHER;
	group_key_of(conn, &key);
	slot = bpf_map_lookup_elem(&group_slots, &key);
	return slot ? *slot : group_claim(&key);
}

/* CONN's group, which has not been asked for before: by a hint, nearly always, because a hash map's
 * hash of a key of this size takes several times as long. */
static __noinline struct group *group_resolve(struct conn *conn)
{
	struct service service = service_of(conn);
	volatile __u32 *hint = &group_hints[group_hint(conn, &service)];
	__u32 slot = *hint; /* once: another CPU may write it */
	struct group *group = group_at(&slot);

	if (!group || !group_has(group, conn, &service)) {
		slot = group_find(slot_of(conn)->sk);
		*hint = slot;
		group = group_at(&slot);
	}
	conn->group = slot;
	return group;
}

static __always_inline struct group *group_of(struct conn *conn)
{
	return conn->group == GROUP_NONE ? group_resolve(conn) : group_at(&conn->group);
}

/* A multiplication for what 32 bits hold, 4 seconds: a division takes ten times as long. What lies
 * before the beginning took no time: a hook after the send has no lock, and two clocks are read. */
static __always_inline __u64 to_us(__u64 ns)
{
	if (likely(!(ns >> 32)))
		return (ns * 274877907) >> 38;
	return (__s64)ns < 0 ? 0 : ns / 1000;
}

static __always_inline void hist_add(struct hist *hist, __u64 ns)
{
	__u64 value = to_us(ns), slot = hist_slot_endless(value);

	barrier_var(slot); /* the verifier of 5.10 does not follow it through 32 bits */
	if (unlikely(slot >= HIST_SLOTS))
		slot = HIST_SLOTS - 1;
	__sync_fetch_and_add(&hist->slots[slot], 1);
	__sync_fetch_and_add(&hist->sum, value);
	if (value > hist->max) /* two CPUs at once may lose the smaller of two new records */
		hist->max = value;
}

/* Which way payload goes while a request is in flight. */
static __always_inline __u8 asking_turn(const struct conn *conn)
{
	return conn->role == ROLE_CLIENT ? TURN_SENT : TURN_RECEIVED;
}

/* One more of GROUP has a request in flight, or (-1) one less. */
static __always_inline void group_count_active(struct group *group, __s32 change)
{
	__s32 active;

	__sync_fetch_and_add(&group->active, change);
	if (change < 0)
		return;
	active = group->active;
	if (active > group->active_peak)
		group->active_peak = active;
}

/* CONN, which is of GROUP, and COUNTED in it so, is open, or (-1) no more. */
static __always_inline void group_count(struct group *group, const struct conn *conn, __u8 counted,
					__s32 change)
{
	__sync_fetch_and_add(&group->open, change);
	if (counted >= COUNTED_ASKS) {
		if (counted >= COUNTED_ANSWERED)
			group_count_active(group, change);
	} else if (conn->flags & CONN_MPTCP) {
		__sync_fetch_and_add(&group->subflows, change);
	} else if (conn->turn == asking_turn(conn)) {
		group_count_active(group, change);
	}
}

/*
 * How CONN, which does, stands in its group's open count. What makes its next payload a usual one
 * is asked for here and no more at each: it changes the direction of an open connection whose owner
 * is known, or is its first request. Without a hook at send a greeting may have come before that.
 */
static __always_inline __u8 counted_as(const struct conn *conn)
{
	bool usual = conn->state == TCP_ESTABLISHED && conn->pid && !conn->untimed &&
		     !(conn->flags & CONN_TURNLESS) && !trace_events &&
		     (conn->turn != TURN_NONE || !infer_send);

	if (!usual)
		return COUNTED;
	if (conn->role == ROLE_CLIENT)
		return conn->turn == TURN_SENT ? COUNTED_ANSWERED : COUNTED_ASKS;
	return conn->turn == TURN_RECEIVED ? COUNTED_ANSWERS : COUNTED_ASKED;
}

static __always_inline void group_open(struct conn *conn)
{
	struct group *group;
	__s32 open;

	if (conn->counted)
		return;
	conn->counted = counted_as(conn);
	group = group_of(conn);
	if (!group)
		return;
	group_count(group, conn, conn->counted, 1);
	open = group->open;
	if (open > group->open_peak)
		group->open_peak = open;
}

/* How many others of its group have no request in flight now, or OTHERS_UNKNOWN. */
static __always_inline __u32 group_close(struct conn *conn)
{
	__u8 counted = conn->counted;
	struct group *group;
	__s32 others;

	if (!counted)
		return OTHERS_UNKNOWN;
	conn->counted = COUNTED_NOT;
	group = group_of(conn);
	if (!group)
		return OTHERS_UNKNOWN;
	group_count(group, conn, counted, -1);
	if (counted == COUNTED && (conn->flags & CONN_TURNLESS))
		return OTHERS_UNKNOWN;
	if (infer_send || conn->group < GROUP_FIRST)
		return OTHERS_UNKNOWN;
	others = group->open - group->active - group->subflows;
	return others > 0 ? others : 0;
}

/* CONN is about to get its owner, and with that another group than nobody's. */
static __always_inline void group_leave(struct conn *conn)
{
	group_close(conn);
	conn->group = GROUP_NONE;
}

#endif /* connscope_GROUP_BPF_H */
