/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The table of connections: open addressing in an array. A record is found in 13 instructions, or
 * in 25 where the array is a map; the kernel's hash map takes 130.
 *
 * A record lies in the slot that its socket's address hashes to, its home, or where that is taken
 * in the first free one of SLOT_PROBES others; then the home counts it, by distance, in `use`. So
 * nothing has to move when a record goes, and who finds neither its record nor such a count at home
 * is done. A slot is taken by an addition alone, because kernels before 5.12 have no atomic that
 * returns a value: who reads 1 afterwards has it, and who reads more goes on.
 *
 * A socket's record is sought, added and dropped under its lock, or where nobody else knows the
 * socket. The seed, which runs without it, goes through adoption_begin() (conn.bpf.h); a snapshot
 * reads, and drops what its socket has left behind. On x86 a slot's `sk` is seen after what was
 * written before it; nothing here makes other processors do so.
 */
#ifndef connscope_TABLE_BPF_H
#define connscope_TABLE_BPF_H

#include "maps.bpf.h"

#define SLOT_PROBES 32 /* with four slots in five taken, one in a thousand is not kept */
#define SLOT_TAKEN  (1ULL << 56)
#define SLOT_AWAY   (1ULL << 48) /* what it has does not belong here */
#define SLOT_COUNTS (SLOT_AWAY - 1)

/* The verifier multiplies no pointer, but gives its lower half away where that is moved first. */
static __always_inline __u32 slot_hash(const void *sk)
{
	__u32 low;

	asm("%0 = %1" : "=w"(low) : "w"((__u32)(__u64)sk));
	return low * 0x9e3779b1U;
}

/* The whole of it, for functions of their own, which take no pointer. */
static __always_inline __u64 slot_key(const void *sk)
{
	__u64 key = 0;

	bpf_probe_read_kernel(&key, sizeof(key), &sk);
	return key;
}

/* NULL: there are not so many. */
static __always_inline struct conn_slot *slot_by_index(__u32 index)
{
	__u32 len = conn_array_len;

	barrier_var(index); /* or a loop would go on from slot to slot, unchecked */
	if (likely(len))
		return index < len ? &conn_array[index] : NULL;
	return bpf_map_lookup_elem(&conns, &index);
}

/* Of what hashes to HASH the slot at that distance; 0 is its home. Steps differ, so that what
 * crowds in one place does not crowd in the next. */
static __always_inline struct conn_slot *slot_at(__u32 hash, __u32 distance)
{
	__u64 place = (__u32)(hash + distance * (hash * 0x85ebca6bU)), len = conn_array_len;
	__u32 index;

	if (likely(len)) {
		/* This way round: until 6.1 at least the verifier knows the product of a number and
		 * a constant, but not that of a constant and a number. */
		asm("%0 *= %1" : "+r"(place) : "r"(len));
		return &conn_array[place >> 32];
	}
	index = place * conn_slots >> 32;
	return bpf_map_lookup_elem(&conns, &index);
}

/* 1 in the byte of `use` that counts DISTANCE; 0 at home. */
static __always_inline __u64 slot_unit(__u32 distance)
{
	__u64 unit = distance > 0;

	if (distance > 1)
		unit <<= 8;
	if (distance > 3)
		unit <<= 8;
	if (distance > 7)
		unit <<= 8;
	if (distance > 15)
		unit <<= 8;
	return unit;
}

/* How far the record of KEY, which is not at home, is from there; 0: it has none. Global, as the
 * next one, and so verified once in a program. */
__noinline __u32 slot_search(__u64 key, __u32 hash)
{
	struct conn_slot *slot = slot_at(hash, 0);
	__u64 away;

	if (!slot)
		return 0;
	away = slot->use & SLOT_COUNTS;
#pragma clang loop unroll(disable)
	for (__u32 distance = 1; distance < SLOT_PROBES; distance++) {
		if (away < slot_unit(distance))
			break;
		slot = slot_at(hash, distance);
		if (slot && slot->sk == key)
			return distance;
	}
	return 0;
}

static __always_inline bool slot_take(struct conn_slot *slot)
{
	if (slot->use >= SLOT_TAKEN)
		return false;
	__sync_fetch_and_add(&slot->use, SLOT_TAKEN);
	barrier();
	if (slot->use >> 56 == 1)
		return true;
	__sync_fetch_and_add(&slot->use, -SLOT_TAKEN);
	return false;
}

/* Takes a slot away from home, and returns its distance; 0: none is free. */
__noinline __u32 slot_take_away(__u32 hash)
{
	struct conn_slot *home = slot_at(hash, 0), *slot;

	if (!home)
		return 0;
#pragma clang loop unroll(disable)
	for (__u32 distance = 1; distance < SLOT_PROBES; distance++) {
		slot = slot_at(hash, distance);
		if (slot && slot_take(slot)) {
			__sync_fetch_and_add(&slot->use, SLOT_AWAY);
			__sync_fetch_and_add(&home->use, slot_unit(distance));
			return distance;
		}
	}
	return 0;
}

static __always_inline void slot_leave(struct conn_slot *slot, __u64 use)
{
	slot->sk = 0;
	barrier();
	__sync_fetch_and_add(&slot->use, -use);
	__sync_fetch_and_add(&conns_kept, -1);
}

static __always_inline struct conn *slot_conn(struct conn_slot *slot)
{
	if (!slot)
		return NULL;
	barrier_var(slot); /* or the addition would come before the test */
	return &slot->conn;
}

/* Out of line, so that nothing has to be kept for it. The first three distances, where most are,
 * have no loop and no call. */
static __noinline struct conn *conn_find_away(const void *sk)
{
	__u32 hash = slot_hash(sk), distance;
	struct conn_slot *slot;

#pragma clang loop unroll(full)
	for (distance = 1; distance < 4; distance++) {
		slot = slot_at(hash, distance);
		if (slot && slot->sk == (__u64)sk)
			return slot_conn(slot);
	}
	distance = slot_search(slot_key(sk), hash);
	return distance ? slot_conn(slot_at(hash, distance)) : NULL;
}

static __always_inline struct conn *conn_find(const void *sk)
{
	struct conn_slot *slot = slot_at(slot_hash(sk), 0);

	if (unlikely(!slot))
		return NULL;
	if (likely(slot->sk == (__u64)sk))
		return &slot->conn;
	return slot->use & SLOT_COUNTS ? conn_find_away(sk) : NULL;
}

static __always_inline struct conn_slot *slot_take_for(const void *sk)
{
	__u32 hash = slot_hash(sk), distance;
	struct conn_slot *slot = slot_at(hash, 0);

	if (!slot || slot_take(slot))
		return slot;
	distance = slot_take_away(hash);
	return distance ? slot_at(hash, distance) : NULL;
}

/* An empty record for SK, which has none; it is not found until conn_end_add(). NULL: there is no
 * room. */
static __always_inline struct conn *conn_begin_add(const void *sk)
{
	struct conn_slot *slot = NULL;

	__sync_fetch_and_add(&conns_kept, 1);
	if (conns_kept <= (__s64)conns_max)
		slot = slot_take_for(sk);
	if (!slot) {
		__sync_fetch_and_add(&conns_kept, -1);
		return NULL;
	}
	__builtin_memset(&slot->conn, 0, sizeof(slot->conn));
	return slot_conn(slot);
}

static __always_inline struct conn_slot *slot_of(struct conn *conn)
{
	return (void *)conn - offsetof(struct conn_slot, conn);
}

static __always_inline void conn_end_add(const void *sk, struct conn *conn)
{
	barrier();
	slot_of(conn)->sk = (__u64)sk;
}

/* Of a slot that is not its home. */
static __noinline void slot_leave_away(const void *sk)
{
	__u32 hash = slot_hash(sk), distance = slot_search(slot_key(sk), hash);
	struct conn_slot *home = slot_at(hash, 0), *slot = slot_at(hash, distance);

	if (!distance || !home || !slot)
		return;
	slot_leave(slot, SLOT_TAKEN + SLOT_AWAY);
	__sync_fetch_and_add(&home->use, -slot_unit(distance));
}

/* CONN is the record of SK. */
static __always_inline void conn_remove(const void *sk, struct conn *conn)
{
	struct conn_slot *slot = slot_of(conn);

	if (slot->sk != (__u64)sk) /* twice */
		return;
	if (slot->use & SLOT_AWAY)
		slot_leave_away(sk);
	else
		slot_leave(slot, SLOT_TAKEN);
}

#endif /* connscope_TABLE_BPF_H */
