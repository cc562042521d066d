/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Every map and knob: key, writer, deleter, size, and what happens when it is full. */
#ifndef connscope_MAPS_BPF_H
#define connscope_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "likely.bpf.h"

#include "connscope/conn.h"
#include "connscope/event.h"
#include "connscope/filter.h"

/* User space sets these between open and load; the defaults trace everything. */
const volatile struct filter_knobs only = {};
const volatile bool filtered = false;	    /* `only` wants less than everything */
const volatile __u16 ephemeral_low = 32768; /* net.ipv4.ip_local_port_range */
const volatile bool group_by_pid = false;   /* beside endpoint and comm */
const volatile bool group_by_cgroup = false;
const volatile bool infer_send = false;	     /* no send hook: see snapshot_conns */
const volatile bool infer_time_wait = true;  /* no tcp_time_wait hook: see closer.bpf.h */
const volatile bool accept_unlocked = false; /* the hook at accept precedes the child's lock */
const volatile bool split_drops = false;     /* overflows from sk_drops: see accept.bpf.h */
const volatile bool trace_events = false;    /* single events are asked for, exchanges too */
const volatile bool no_turns = false;	     /* no hooks at send and receive: see CONN_UNWATCHED */
const volatile bool looks_twice = false;     /* on_state_first and on_state_again are there */

const volatile __u32 conn_slots = 1;	     /* elements of the table of connections */
const volatile __u32 conn_array_len = 0;     /* the same, where that is conn_array */
const volatile __u64 conns_max = 1;	     /* --max-conns: records in them */
const volatile __u64 wakeup_bytes = 2 << 20; /* in the ring before user space is woken early */
const volatile __u64 tick_ns = 4000000;	     /* length of a jiffy */

/* User space writes most of these while the programs run. */
bool tracing = false;	 /* no record is made before all hooks are in place */
bool conns_full = false; /* has been, at least once */
__s64 conns_kept = 0;	 /* records in the table */
__u32 seed_pass = 0;	 /* see seed_file */
__u64 bytes_waiting = 0; /* in the ring, about, since user space has looked there */
bool reaping = false;	 /* see snapshot_conns */
__u32 snapshot_now = 0;	 /* generation that snapshot_conns stamps on what it reads */
__u64 snapshot_ns = 0;	 /* when it began */
__u64 quiet_ns = 0;	 /* for so long no byte: what snapshot_exchanges looks for */

/* When jiffies were 0, as find_jiffy_0() has it; 0 not known. */
__s64 jiffy_0 = 0;

/* The last change of state on a CPU: see on_state_again. Two CPUs of one place only make each other
 * look twice. */
#define CHANGE_CPUS 128

__u64 changed_sk[CHANGE_CPUS];
__u64 changed_to[CHANGE_CPUS];

/* Clients that have just seemed to leave for TIME_WAIT, where that is inferred: see
 * conn_reset_sent(). By a hash of the socket; who comes later takes the place. */
#define LEAVER_BITS 7

__u64 leavers[1 << LEAVER_BITS];
struct conn leaver_conns[1 << LEAVER_BITS];

/* Sockets whose connection the filters refuse, so that each hook need not find out again. By a hash
 * of the socket; who comes later takes the place. */
#define REFUSED_BITS 12

__u64 refused[1 << REFUSED_BITS];

/* Slots of groups by a hash of the group's key: a hint, to be checked there. Who comes later takes
 * the place. */
#define GROUP_HINT_BITS 12

__u32 group_hints[1 << GROUP_HINT_BITS];

__u32 events_lost = 0; /* see event_header.lost */

/* What snapshot_conn() has made of a slot. */
struct conn_snapshot snapshot_out;

/*
 * Histograms and concurrent counts per group of connections, read in place by user space; the first
 * ones in an array that programs address, which takes six instructions less than to look them up in
 * the map where the others are. Never deleted: a slot is an endpoint seen once. When no slot is
 * left, GROUP_OTHER takes the rest and LOSS_GROUP_MAP counts.
 */
struct group group_array[GROUP_ARRAY_LEN];

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct group);
	__uint(max_entries, 1);
} groups SEC(".maps");

/*
 * The life of each connection, in a table that table.bpf.h makes of this array. Made at SYN_SENT,
 * when a child joins the accept queue, or by the seed; deleted at tcp_destroy_sock, and where that
 * was missed (is_stale) by snapshot_conns. Sized by --max-conns, and a quarter more for what hashes
 * to the same place. When full the connection is not tracked, LOSS_CONN_MAP counts it, and those
 * already here stay exact.
 *
 * User space makes it as long as it has to be (user/hooks.c), so it must be the last of .bss. The
 * map is in its stead, and takes ten instructions more at each look, where it would be longer than
 * this, or where the kernel has no value as large: 5.10 has 4 MiB at most, 6.1 has more
 * (array_map_alloc_check, kernel/bpf/arraymap.c). That is mapped, because then it begins with a
 * page, and a slot with a cache line.
 */
struct conn_slot conn_array[CONN_ARRAY_MAX] __attribute__((aligned(64)));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct conn_slot);
	__uint(max_entries, 1);
} conns SEC(".maps");

/* Of the table, CHUNK_SLOTS an element: what snapshot_conns reads at a time. It has no values. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} chunks SEC(".maps");

/* Sockets that are being adopted: see adoption_begin(), which makes an entry, and adoption_end().
 * Key: address of the struct sock. As many as there are CPUs at once; full: not adopted now. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, __u8);
	__uint(max_entries, 1024);
} adoptions SEC(".maps");

/*
 * The exchange under way of each connection, or the last one; with `trace_events` alone. Key:
 * address of the struct sock. Made at its first request, deleted with its record, which is its size
 * too. Written under the socket's lock, but for `told`, which is snapshot_exchanges's and may be
 * off: user space remembers what it has told.
 */
struct exchange_now {
	struct exchange exchange;
	__u32 begun; /* changes begun and done: equal where nobody is within one */
	__u32 done;
	__u32 told;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct exchange_now);
	__uint(max_entries, 1);
} exchanges SEC(".maps");

/*
 * Listening sockets. Key: address of the struct sock. Made at CLOSE->LISTEN or by the seed, deleted
 * at LISTEN->CLOSE. When full LOSS_LISTENER_MAP counts.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct listener);
	__uint(max_entries, 4096);
} listeners SEC(".maps");

/* Where somebody listens, whatever the filters say: tells a server's connection from a client's,
 * and a wildcard listener from one on an address of its own. Full: as `listeners`. */
struct bound_key {
	__u32 netns;
	__u16 port;
	__u8 bound; /* BOUND_EXACT with addr, or a wildcard with addr all zero */
	__u8 pad;
	__u8 addr[CONN_ADDR_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct bound_key);
	__type(value, __s32); /* listening sockets there: more than one with SO_REUSEPORT */
	__uint(max_entries, 4096);
} bound SEC(".maps");

/* The argument of a thread's listen(2) until its socket enters LISTEN. Key: pid_tgid. LRU, because
 * a listen(2) that fails leaves its entry behind. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, __s32);
	__uint(max_entries, 1024);
} backlogs SEC(".maps");

/*
 * What a thread's connect(2) was asked for, until it returns: see connect_begins(). By a hash of
 * the thread, who comes later takes the place: what is asked for is a failure for want of a route,
 * which returns at once, so that only one on another CPU at that moment can be hidden by it.
 */
#define CONNECTING_BITS 12
struct connecting {
	__u64 thread; /* pid_tgid, 0 none */
	__u64 since_ns;
	__u64 sk; /* struct sock */
	__u64 to; /* struct sockaddr, the kernel's or the caller's */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct connecting);
	__uint(max_entries, 1 << CONNECTING_BITS);
} connects SEC(".maps");

/* Slots of groups by their key. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct group_key);
	__type(value, __u32);
	__uint(max_entries, GROUP_ARRAY_LEN);
} group_slots SEC(".maps");

/* Slots of groups that are free: user space fills it, group_claim() takes. A queue, because
 * kernels before 5.12 have no atomic that returns a value. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__type(value, __u32);
	__uint(max_entries, GROUP_ARRAY_LEN);
} free_groups SEC(".maps");

/*
 * Servers' connections that ended by our own FIN, for the payload that may still meet it: see
 * conn_reset_sent(). Key: both ends. LRU: what counts comes within seconds.
 */
struct flow {
	__u8 local_addr[CONN_ADDR_LEN];
	__u8 remote_addr[CONN_ADDR_LEN];
	__u32 netns;
	__u16 local_port;
	__u16 remote_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct flow);
	__type(value, struct conn);
	__uint(max_entries, 4096);
} recent SEC(".maps");

/* Ends of connections and listeners, and single events. When full the event is lost and counted by
 * kind. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32); /* enum loss */
	__type(value, __u64);
	__uint(max_entries, LOSS_MAX);
} losses SEC(".maps");

static __always_inline void count_loss(__u32 kind)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &kind);

	if (count)
		(*count)++;
}

#endif /* connscope_MAPS_BPF_H */
