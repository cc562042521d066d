/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Groups of connections that are reported together: histograms at turns, and how many are open. */
#ifndef connscope_GROUP_BPF_H
#define connscope_GROUP_BPF_H

#include "maps.bpf.h"

static __always_inline void group_key_of(const struct conn *conn, struct group_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->netns = conn->netns;
	key->role = conn->role;
	if (conn->role == ROLE_CLIENT) {
		key->port = conn->remote_port;
		__builtin_memcpy(key->addr, conn->remote_addr, sizeof(key->addr));
	} else {
		key->port = conn->local_port;
		key->bound = conn->bound;
		if (conn->bound == BOUND_EXACT)
			__builtin_memcpy(key->addr, conn->local_addr, sizeof(key->addr));
	}
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
	group = bpf_map_lookup_elem(&groups, &slot);
	if (!group)
		return GROUP_OTHER;
	group->key = *key;
	if (!bpf_map_update_elem(&group_slots, key, &slot, BPF_NOEXIST))
		return slot;
	/* Another CPU was first. */
	group->key.role = ROLE_NONE;
	bpf_map_push_elem(&free_groups, &slot, 0);
	found = bpf_map_lookup_elem(&group_slots, key);
	return found ? *found : GROUP_OTHER;
}

#define GROUP_KEY_WORDS (sizeof(struct group_key) / sizeof(__u64))

static __always_inline __u32 group_hash(const struct group_key *key)
{
	const __u64 *words = (const __u64 *)key;
	__u64 hash = 0;

	for (int i = 0; i < (int)GROUP_KEY_WORDS; i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
	return hash >> 32;
}

static __always_inline bool group_is(const struct group *group, const struct group_key *key)
{
	const __u64 *a = (const __u64 *)&group->key, *b = (const __u64 *)key;
	__u64 differ = 0;

	for (int i = 0; i < (int)GROUP_KEY_WORDS; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

/* Resolves CONN's group: by a hint, nearly always, and else by the hash map, whose hash of a key of
 * this size takes five times as long. */
static __noinline void group_resolve(struct conn *conn)
{
	struct group_key key;
	struct group *group;
	__u32 index, *hint, *slot;

	group_key_of(conn, &key);
	index = group_hash(&key) % GROUP_HINTS;
	hint = bpf_map_lookup_elem(&group_hints, &index);
	if (!hint)
		return;
	group = bpf_map_lookup_elem(&groups, hint);
	if (group && group_is(group, &key)) {
		conn->group = *hint;
		return;
	}
	slot = bpf_map_lookup_elem(&group_slots, &key);
	conn->group = slot ? *slot : group_claim(&key);
	*hint = conn->group;
}

static __always_inline struct group *group_of(struct conn *conn)
{
	if (conn->group == GROUP_NONE)
		group_resolve(conn);
	return bpf_map_lookup_elem(&groups, &conn->group);
}

/* A multiplication for what 32 bits hold, 4 seconds: a division takes ten times as long. */
static __always_inline __u64 to_us(__u64 ns)
{
	return ns >> 32 ? ns / 1000 : (ns * 274877907) >> 38;
}

static __always_inline void hist_add(struct hist *hist, __u64 ns)
{
	__u64 value = to_us(ns), slot = hist_slot(value);

	barrier_var(slot); /* the verifier of 5.10 does not follow it through 32 bits */
	if (slot < HIST_SLOTS)
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

/* CONN, which is of GROUP, is open, or (-1) no more. */
static __always_inline void group_count(struct group *group, const struct conn *conn, __s32 change)
{
	__sync_fetch_and_add(&group->open, change);
	if (conn->flags & CONN_MPTCP)
		__sync_fetch_and_add(&group->subflows, change);
	else if (conn->turn == asking_turn(conn))
		group_count_active(group, change);
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
	bool sent = conn->turn != TURN_NONE ? conn->turn == TURN_SENT : conn->role == ROLE_SERVER;

	if (!usual)
		return COUNTED;
	return sent ? COUNTED_RECEIVE_DUE : COUNTED_SEND_DUE;
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
	group_count(group, conn, 1);
	open = group->open;
	if (open > group->open_peak)
		group->open_peak = open;
}

/* How many others of its group have no request in flight now, or OTHERS_UNKNOWN. */
static __always_inline __u32 group_close(struct conn *conn)
{
	struct group *group;
	__s32 others;

	if (!conn->counted)
		return OTHERS_UNKNOWN;
	conn->counted = COUNTED_NOT;
	group = group_of(conn);
	if (!group)
		return OTHERS_UNKNOWN;
	group_count(group, conn, -1);
	if (infer_send || (conn->flags & CONN_TURNLESS) || conn->group < GROUP_FIRST)
		return OTHERS_UNKNOWN;
	others = group->open - group->active - group->subflows;
	return others > 0 ? others : 0;
}

#endif /* connscope_GROUP_BPF_H */
