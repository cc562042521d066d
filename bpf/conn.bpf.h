/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A connection's record from its first sight until its struct sock is destroyed. */
#ifndef connscope_CONN_BPF_H
#define connscope_CONN_BPF_H

#include "clock.bpf.h"
#include "emit.bpf.h"
#include "filter.bpf.h"
#include "table.bpf.h"
#include "turn.bpf.h"

/* <asm-generic/errno.h> */
#define EACCES	      13
#define EINVAL	      22
#define EPIPE	      32
#define EADDRNOTAVAIL 99
#define ENETDOWN      100
#define ENETUNREACH   101
#define ECONNABORTED  103
#define ECONNRESET    104
#define ETIMEDOUT     110
#define ECONNREFUSED  111
#define EHOSTDOWN     112
#define EHOSTUNREACH  113

/* CONN stands in no group's count any more. */
static __always_inline void conn_forget(struct sock *sk, struct conn *conn)
{
	if (trace_events)
		exchange_drop((__u64)sk);
	conn_remove(sk, conn);
}

static __always_inline void conn_drop(struct sock *sk, struct conn *conn)
{
	group_close(conn);
	conn_forget(sk, conn);
}

static __always_inline void conn_set_owner(struct conn *conn, const struct owner *owner)
{
	conn->pid = owner->pid;
	conn->cgroup = owner->cgroup;
	__builtin_memcpy(conn->comm, owner->comm, sizeof(conn->comm));
}

/* The running process owns CONN. Returns its thread. Only where owner_current() may be called. */
static __always_inline __u32 conn_own(struct conn *conn)
{
	__u64 thread = bpf_get_current_pid_tgid();

	conn->pid = thread >> 32;
	conn->cgroup = bpf_get_current_cgroup_id();
	current_name(thread, conn->comm);
	return (__u32)thread;
}

static __always_inline __u64 *refusal_of(const struct sock *sk)
{
	return &refused[slot_hash(sk) >> (32 - REFUSED_BITS)];
}

static __always_inline bool is_refused(const struct sock *sk)
{
	return filtered && *refusal_of(sk) == (__u64)sk;
}

static __always_inline void conn_refuse(const struct sock *sk)
{
	*refusal_of(sk) = (__u64)sk;
}

/* What SK is asked for next, or who has its address next, is another connection. */
static __always_inline void conn_refuse_no_more(const struct sock *sk)
{
	if (is_refused(sk))
		*refusal_of(sk) = 0;
}

/* As conn_begin_add(), and counts where there is no room, unless it is to be tried AGAIN. */
static __always_inline struct conn *conn_begin(struct sock *sk, bool again)
{
	struct conn *conn = conn_begin_add(sk);

	if (!conn && !again) {
		conns_full = true;
		count_loss(LOSS_CONN_MAP);
	}
	return conn;
}

/* SK, which has no record, gets CONN. NULL, counted: there is no room. */
static __always_inline struct conn *conn_add(struct sock *sk, const struct conn *conn)
{
	struct conn *added = conn_begin(sk, false);

	if (added) {
		*added = *conn;
		conn_end_add(sk, added);
	}
	return added;
}

/*
 * Where SK is met that had no record before, the seed may meet it at the same moment, on another
 * CPU and without the socket's lock. Only one of them may add a record, and looks before whether
 * there is one now. (A birth needs none of this: nobody has a descriptor of it yet.)
 */
static __always_inline bool adoption_begin(struct sock *sk)
{
	__u64 key = (__u64)sk;
	__u8 value = 0;

	return !bpf_map_update_elem(&adoptions, &key, &value, BPF_NOEXIST);
}

static __always_inline void adoption_end(struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&adoptions, &key);
}

/* The record of SK, made from CONN if it has none; NULL where there is no room, or somebody else is
 * at it. */
static __noinline struct conn *conn_add_late(struct sock *sk, const struct conn *conn)
{
	struct conn *found;

	if (!adoption_begin(sk))
		return NULL;
	found = conn_find(sk);
	if (!found)
		found = conn_add(sk, conn);
	adoption_end(sk);
	return found;
}

/* Whether somebody listens where CONN's local end is, which makes this host the server; and if so,
 * on that address alone or on a wildcard. */
static __always_inline bool bound_find(struct conn *conn)
{
	struct bound_key key = { .netns = conn->netns, .port = conn->local_port };

	conn->bound = BOUND_EXACT;
	__builtin_memcpy(key.addr, conn->local_addr, sizeof(key.addr));
	if (bpf_map_lookup_elem(&bound, &key))
		return true;
	__builtin_memset(key.addr, 0, sizeof(key.addr));
	key.bound = BOUND_ANY4;
	if (conn->family == AF_INET && bpf_map_lookup_elem(&bound, &key)) {
		conn->bound = BOUND_ANY4;
		return true;
	}
	key.bound = BOUND_ANY6;
	if (bpf_map_lookup_elem(&bound, &key)) {
		conn->bound = BOUND_ANY6;
		return true;
	}
	return false;
}

/* One more subflow of an MPTCP connection is the kernel's work, on behalf of the first's owner. A
 * server's never enters the accept queue. */
static __noinline void conn_note_mptcp(struct sock *sk, struct conn *conn)
{
	struct conn *known;
	struct sock *first;

	if (!sock_is_subflow(sk))
		return;
	conn->flags |= CONN_MPTCP;
	first = sock_first_subflow(sk);
	known = first && first != sk ? conn_find(first) : NULL;
	if (!known)
		return;
	conn->pid = known->pid;
	conn->tid = known->tid;
	conn->cgroup = known->cgroup;
	__builtin_memcpy(conn->comm, known->comm, sizeof(conn->comm));
	conn->depth = 0;
}

/* Where CONN leads: its ends, but for the local port. TP is SK where it may be read directly, or
 * NULL. */
static __always_inline void conn_place(struct sock *sk, const struct tcp_sock *tp,
				       struct conn *conn)
{
	if (tp)
		tcp_endpoints(sk, tp, conn);
	else
		sock_endpoints(sk, conn);
	if (!tp || tcp_is_subflow(tp))
		conn_note_mptcp(sk, conn);
}

/* Addresses, the listener's kind, and what the filters say now that these are known. */
static __always_inline bool conn_complete(struct sock *sk, const struct tcp_sock *tp,
					  struct conn *conn)
{
	if (conn->role == ROLE_SERVER || !conn->remote_port) /* else since SYN_SENT */
		conn_place(sk, tp, conn);
	if (conn->role == ROLE_CLIENT || !conn->local_port)
		conn->local_port = tp ? tcp_local_port(sk, tp) : sock_local_port(sk);
	if (conn->role == ROLE_SERVER && !(conn->flags & CONN_BOUND_KNOWN))
		bound_find(conn);
	return conn_wanted(conn);
}

/* CONN is a new record. */
static __always_inline void conn_note_unwatched(struct conn *conn)
{
	if (no_turns)
		conn->flags |= CONN_UNWATCHED;
}

static __always_inline void read_moved(const struct tcp_sock *tp, struct moved *ret_moved)
{
	__u32 unacknowledged = BPF_CORE_READ(tp, write_seq) - BPF_CORE_READ(tp, snd_una);
	__u32 unread = BPF_CORE_READ(tp, rcv_nxt) - BPF_CORE_READ(tp, copied_seq);

	ret_moved->sent = BPF_CORE_READ(tp, bytes_acked) + unacknowledged;
	ret_moved->received = BPF_CORE_READ(tp, bytes_received) - unread;
}

/* What had moved before a connection was adopted, for note_moved(). */
static __always_inline void conn_note_before(struct sock *sk, struct conn *conn)
{
	struct moved moved;

	read_moved((struct tcp_sock *)sk, &moved);
	conn->burst_bytes = (moved.sent >> 31 & 0xffff) | (__u32)(moved.received >> 31) << 16;
}

/* A connection that was open before we looked: from the seed, or met at its first payload. */
static __noinline void conn_adopt(struct sock *sk, const struct owner *owner)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct conn conn = {}, *stored;

	conn.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (conn.state == TCP_CLOSE || conn.state == TCP_LISTEN || conn.state == TCP_TIME_WAIT)
		return;
	conn.netns = sock_netns(sk);
	sock_endpoints(sk, &conn);
	/* A server's listener may have gone, as after a graceful reload: then the ports tell. */
	conn.role = bound_find(&conn) || (conn.local_port < ephemeral_low &&
					  conn.remote_port >= ephemeral_low)
			    ? ROLE_SERVER
			    : ROLE_CLIENT;
	conn_set_owner(&conn, owner);
	conn.opened_ns = bpf_ktime_get_ns();
	conn.flags = CONN_PARTIAL;
	conn_note_unwatched(&conn);
	conn_note_mptcp(sk, &conn);
	conn.queued = conn.state != TCP_SYN_SENT;
	conn.ready = conn.queued;
	conn.seq_known = 1;
	conn.untimed = 1;
	conn.write_seq = BPF_CORE_READ(tp, write_seq);
	conn.copied_seq = BPF_CORE_READ(tp, copied_seq);
	if (no_turns)
		conn_note_before(sk, &conn);
	if (conn.state == TCP_CLOSE_WAIT || conn.state == TCP_LAST_ACK)
		conn.initiator = INITIATOR_REMOTE_FIN;
	else if (conn.state == TCP_CLOSING)
		conn.initiator = INITIATOR_BOTH_FIN;
	else if (conn.state == TCP_FIN_WAIT1 || conn.state == TCP_FIN_WAIT2)
		conn.initiator = INITIATOR_LOCAL_FIN;
	conn.idle_ms = IDLE_UNKNOWN;
	conn.idle_others = OTHERS_UNKNOWN;
	if (conn.initiator) {
		conn.closed_ns = conn.opened_ns;
		conn.flags |= CONN_ENDED_BEFORE;
	}
	if (!conn_wanted(&conn))
		return;
	stored = conn_add_late(sk, &conn);
	if (stored && stored->ready && conn.ready && !conn.initiator)
		group_open(stored);
}

/*
 * In the owner's context, for a socket without a record: it was in nobody's descriptor table when
 * we seeded (not yet accepted, on its way through SCM_RIGHTS, the kernel's own). Not once the map
 * has been full, because then it may be a connection that we have counted as lost.
 */
static __always_inline struct conn *conn_adopt_current(struct sock *sk)
{
	struct owner owner = {};

	if (conns_full || !tracing || is_refused(sk) || !sock_is_tcp(sk))
		return NULL;
	owner_current(&owner);
	conn_adopt(sk, &owner);
	return conn_find(sk);
}

/* The last word on CONN, which is about to be deleted or overwritten. */
static __always_inline void conn_finish(struct sock *sk, struct conn *conn)
{
	group_close(conn);
	if (!conn->initiator && !conn->fail) {
		conn->initiator = INITIATOR_UNKNOWN;
		conn->closed_ns = bpf_ktime_get_ns();
		conn->idle_ms = IDLE_UNKNOWN;
		conn->idle_others = OTHERS_UNKNOWN;
	}
	conn->flags |= CONN_DEAD;
	if (sk->__sk_common.skc_flags & (1UL << SOCK_KEEPOPEN))
		conn->flags |= CONN_KEEPALIVE;
	if (trace_events)
		exchange_finish((__u64)sk, conn);
	emit_conn(EVENT_CONN_CLOSED, (__u64)sk, conn);
}

static __always_inline void conn_born_client(struct sock *sk, const struct tcp_sock *tp,
					     struct conn *conn)
{
	conn->opened_ns = bpf_ktime_get_ns();
	conn->state = TCP_SYN_SENT;
	conn->tid = conn_own(conn);
	conn->netns = tcp_netns(tp);
	conn_place(sk, tp, conn);
	/* 0 where it is not bound yet: inet_sport may be an earlier connection's. */
	conn->local_port = sk->__sk_common.skc_num;
}

/*
 * SK is a copy of its listener (sk_clone, net/core/sock.c), which nobody resets: sk_ack_backlog and
 * sk_max_ack_backlog, which say how long the queue was just before it joined, and sk_userlocks,
 * which says whether it was bound to an address (__inet_bind, net/ipv4/af_inet.c). To one of IPv6
 * it may be to all of IPv4's: there the listeners have to be asked.
 */
static __always_inline void conn_born_server(struct sock *sk, const struct tcp_sock *tp,
					     struct conn *conn)
{
	bool any = !(BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_BINDADDR_LOCK);
	bool v4 = sk->__sk_common.skc_family == AF_INET;

	conn->opened_ns = sk->__sk_common.skc_state == TCP_LISTEN ? bpf_ktime_get_ns()
								  : tcp_segment_ns(tp, 0);
	conn->state = TCP_SYN_RECV;
	conn->depth = sk->sk_ack_backlog + 1;
	conn->limit = sk->sk_max_ack_backlog;
	conn->netns = tcp_netns(tp);
	conn->local_port = sk->__sk_common.skc_num;
	if (any || v4) {
		conn->bound = !any ? BOUND_EXACT : v4 ? BOUND_ANY4 : BOUND_ANY6;
		conn->flags |= CONN_BOUND_KNOWN;
	}
}

/* CONN is all zeros. */
static __always_inline void conn_born(struct sock *sk, const struct tcp_sock *tp, __u8 role,
				      struct conn *conn)
{
	conn->role = role;
	conn_note_unwatched(conn);
	if (role == ROLE_CLIENT)
		conn_born_client(sk, tp, conn);
	else
		conn_born_server(sk, tp, conn);
}

/* As conn_open(), with filters: what they refuse must take no place. A frame of its own, because
 * the stack is small. */
static __noinline struct conn *conn_open_wanted(struct sock *sk, const struct tcp_sock *tp,
						__u8 role, bool again)
{
	struct conn here = {}, *conn;

	conn_born(sk, tp, role, &here);
	if (!conn_wanted(&here)) {
		conn_refuse(sk);
		return NULL;
	}
	conn_refuse_no_more(sk);
	conn = conn_begin(sk, again);
	if (conn) {
		*conn = here;
		conn_end_add(sk, conn);
	}
	return conn;
}

/* A new connection of SK, which has no record. NULL: it is not traced; where there is no room for
 * it that is counted, unless it is to be tried AGAIN. */
static __always_inline struct conn *conn_open(struct sock *sk, const struct tcp_sock *tp, __u8 role,
					      bool again)
{
	struct conn *conn;

	if (!tracing)
		return NULL;
	if (filtered)
		return conn_open_wanted(sk, tp, role, again);
	conn = conn_begin(sk, again);
	if (conn) {
		conn_born(sk, tp, role, conn);
		conn_end_add(sk, conn);
	}
	return conn;
}

/* CLOSE->SYN_SENT, in the caller of connect(2). Also on a socket that has been connected before:
 * a failed connect(2), or connect(AF_UNSPEC), leaves the same struct sock. */
static __always_inline void conn_open_client(struct sock *sk, const struct tcp_sock *tp,
					     struct conn *before)
{
	if (before) {
		if (!(before->flags & CONN_STALE))
			conn_finish(sk, before);
		conn_forget(sk, before);
	}
	conn_open(sk, tp, ROLE_CLIENT, false);
}

/* How far SK has written, and read without a FIN. TP is SK where it may be read directly, or NULL.
 */
static __always_inline __u32 seq_written(struct sock *sk, const struct tcp_sock *tp)
{
	return tp ? tp->write_seq : BPF_CORE_READ((struct tcp_sock *)sk, write_seq);
}

static __always_inline __u32 seq_read(struct sock *sk, const struct tcp_sock *tp)
{
	return tp ? payload_read((const struct sock *)tp, tp)
		  : BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
}

/* A child, in softirq, as it joins the accept queue; BEFORE is of one whose end was missed. EARLY:
 * it is only born. */
static __always_inline struct conn *conn_open_server(struct sock *sk, const struct tcp_sock *tp,
						     struct conn *before, bool early)
{
	if (before)
		conn_drop(sk, before);
	return conn_open(sk, tp, ROLE_SERVER, early);
}

/* A connection whose birth was missed; its owner shows at its first payload. */
static __noinline struct conn *conn_open_late(struct sock *sk, struct tcp_sock *tp, bool server)
{
	struct conn conn = {
		.opened_ns = bpf_ktime_get_ns(),
		.role = server ? ROLE_SERVER : ROLE_CLIENT,
		.netns = sock_netns(sk),
	};

	if (conns_full || !tracing)
		return NULL;
	conn_note_unwatched(&conn);
	if (server) {
		conn.depth = sk->sk_ack_backlog + 1;
		conn.limit = sk->sk_max_ack_backlog;
	}
	conn.ready = !server; /* with ready_ns 0: the connect time is not known */
	/* With filters it is rather one that they refuse: it must not take a place, or be lost. */
	if (filtered && !conn_complete(sk, tp, &conn)) {
		conn_refuse(sk);
		return NULL;
	}
	return conn_add_late(sk, &conn);
}

/* Where the payload of a client begins that is, or was, ESTABLISHED. Its SYN may have carried some
 * (TCP Fast Open), and is itself acknowledged: bytes_acked counts from the SYN on
 * (tcp_snd_una_update). */
static __always_inline __u32 seq_begun(struct sock *sk, const struct tcp_sock *tp)
{
	struct tcp_sock *any = (struct tcp_sock *)sk;

	return tp ? tp->snd_una - (__u32)tp->bytes_acked + 1
		  : BPF_CORE_READ(any, snd_una) - (__u32)BPF_CORE_READ(any, bytes_acked) + 1;
}

/*
 * LISTEN->SYN_RECV: TP is a child that is born, a copy of its listener still. It is locked until it
 * is ESTABLISHED (sk_clone_lock, net/core/sock.c, to tcp_child_process, net/ipv4/tcp_minisocks.c),
 * and accept() waits for that: then it has its record made. But with TCP Fast Open, where payload
 * comes before that, and where accept() locks something else: a socket of MPTCP.
 */
static __always_inline bool is_early(const struct tcp_sock *tp)
{
	return accept_unlocked || tcp_is_subflow(tp) || tcp_may_fast_open(tp);
}

/* SYN_RECV->ESTABLISHED of a child that nobody has accepted, but for a subflow that joins: its
 * MPTCP connection has a socket already. */
static __always_inline bool is_child(const struct tcp_sock *tp, int oldstate)
{
	return oldstate == TCP_SYN_RECV &&
	       (!tp->inet_conn.icsk_inet.sk.sk_socket || tcp_is_subflow(tp));
}

/* By the first of two looks: CONN is no earlier connection's. */
static __always_inline bool is_seen(const struct sock *sk, const struct conn *conn)
{
	return looks_twice && !(conn->flags & CONN_STALE) &&
	       conn->remote_port == bpf_ntohs(sk->__sk_common.skc_dport);
}

static __always_inline void conn_established(struct sock *sk, struct tcp_sock *tp,
					     struct conn *conn, int oldstate)
{
	bool child = is_child(tp, oldstate), client;

	if (unlikely(conn && conn->state == TCP_ESTABLISHED) && (!child || is_seen(sk, conn)))
		return;
	if (child && !(conn && conn->state == TCP_SYN_RECV))
		conn = conn_open_server(sk, tp, conn, false);
	else if (!conn && !is_refused(sk))
		conn = conn_open_late(sk, tp, oldstate == TCP_SYN_RECV);
	if (!conn)
		return;
	conn->state = TCP_ESTABLISHED;
	if (unlikely(!conn_complete(sk, tp, conn))) {
		conn_drop(sk, conn);
		conn_refuse(sk);
		return;
	}
	client = conn->role == ROLE_CLIENT;
	if (!conn->seq_known)
		conn->write_seq = client ? seq_begun(sk, tp) : tp->write_seq;
	/* With TCP Fast Open a server's child may have been read from already. */
	if (!conn->copied_seq)
		conn->copied_seq = tp->copied_seq;
	conn->seq_known = 1;
	conn->queued = 1;
	if (!client) {
		if (conn->counted) /* accept() was first */
			conn->counted = counted_as(conn);
		return;
	}
	if (!conn->ready)
		conn->ready_ns = tcp_segment_ns(tp, conn->opened_ns);
	conn->ready = 1;
	group_open(conn);
	if (trace_events)
		emit_conn(EVENT_CONN_OPENED, (__u64)sk, conn);
}

/* The owner takes the connection out of the accept queue, or is first seen to use it (READY_NS 0).
 */
static __always_inline bool conn_claim(struct sock *sk, struct conn *conn, __u64 ready_ns)
{
	__u32 tid = conn_own(conn);

	if (ready_ns)
		conn->tid = tid;
	conn->queued = 1;
	conn->ready = 1;
	conn->ready_ns = ready_ns;
	/* accept() may run before the child is traced in ESTABLISHED; with Fast Open it always
	 * does. */
	if (!conn->seq_known) {
		conn->write_seq = BPF_CORE_READ((struct tcp_sock *)sk, write_seq);
		conn->copied_seq = BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
		conn->seq_known = 1;
	}
	if (!(conn->remote_port ? conn_owner_wanted(conn) : conn_complete(sk, NULL, conn))) {
		conn_drop(sk, conn);
		return false;
	}
	if (!conn->initiator)
		group_open(conn);
	if (trace_events)
		emit_conn(EVENT_CONN_ACCEPTED, (__u64)sk, conn);
	return true;
}

/* First payload of a connection of which something was missed: accept, the change to ESTABLISHED,
 * or the owner. The payload itself cannot be told from what came before, and counts no bytes. A
 * client in SYN_SENT has missed nothing: its SYN carries payload, and ESTABLISHED may never come.
 */
static __noinline bool conn_late(struct sock *sk, struct conn *conn, __u32 copied_seq)
{
	if (conn->role == ROLE_SERVER)
		return conn_claim(sk, conn, conn->ready_ns);
	if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_SYN_SENT)
		return false;
	group_leave(conn);
	conn_own(conn);
	if (!conn->seq_known)
		conn->write_seq = seq_begun(sk, NULL);
	if (!conn->copied_seq)
		conn->copied_seq = copied_seq;
	conn->seq_known = 1;
	conn->queued = 1;
	conn->ready = 1;
	conn->state = TCP_ESTABLISHED;
	if (!conn_complete(sk, NULL, conn)) {
		conn_drop(sk, conn);
		return false;
	}
	group_open(conn);
	if (trace_events)
		emit_conn(EVENT_CONN_OPENED, (__u64)sk, conn);
	return true;
}

static __always_inline void conn_taken(struct sock *sk, struct conn *conn)
{
	if (!conn->ready)
		conn_claim(sk, conn, bpf_ktime_get_ns());
}

static __always_inline void conn_accepted(struct sock *sk)
{
	struct conn *conn = conn_find(sk);

	if (!conn) {
		conn = conn_adopt_current(sk);
		if (!conn)
			return;
		conn->tid = (__u32)bpf_get_current_pid_tgid();
		conn->ready_ns = bpf_ktime_get_ns();
		if (trace_events)
			emit_conn(EVENT_CONN_ACCEPTED, (__u64)sk, conn);
		return;
	}
	conn_taken(sk, conn);
}

/* A payload of a socket that has no record, as far as can be told. */
static __noinline void payload_unknown(struct sock *sk, bool received)
{
	struct conn *conn;

	/* With filters it is rather one that they refuse, and asking each time is dear. */
	conn = filtered ? NULL : conn_adopt_current(sk);
	/* Its sequence numbers include this payload: note which way it went. */
	if (conn)
		turn_note(conn, received ? TURN_RECEIVED : TURN_SENT, 0, bpf_ktime_get_ns());
}

/* A payload of CONN, whatever has become of it. Both directions are looked at, so that a run that
 * the kernel skipped is made good at the next one. */
static __noinline void payload_any(struct sock *sk, struct conn *conn, __u32 write_seq,
				   __u32 copied_seq, __u64 received_at)
{
	/* Of the change to LAST_ACK nothing is noted: see says_nothing(). */
	int state = conn->state == TCP_CLOSE_WAIT ? sock_state(sk) : conn->state;
	bool writable = state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;

	if (state == TCP_LAST_ACK) { /* write_seq counts our FIN */
		write_seq--;
		writable = true;
	}
	if (conn->flags & CONN_MPTCP) {
		/* On behalf of whoever runs: no owner to be had. */
		if (writable)
			note_sent(conn, write_seq, 0);
		return;
	}
	if ((!conn->ready || !conn->pid) && !conn_late(sk, conn, copied_seq))
		return;
	if (received_at) {
		if (writable)
			note_sent(conn, write_seq, 0);
		note_received(conn, copied_seq, received_at);
	} else if (!conn->initiator || conn->initiator == INITIATOR_REMOTE_FIN) {
		if (state == TCP_ESTABLISHED) /* else it may count the peer's FIN */
			note_received(conn, copied_seq, 0);
		note_sent(conn, write_seq, bpf_ktime_get_ns());
	}
}

/*
 * Payload of SK, in the owner's context. Nearly always the connection is open and its direction
 * changes: then it does not matter now whether a run for the other one was skipped. Its bytes count
 * at the next. Little is kept over calls, look-ups and casts among them: for what does not fit the
 * registers that survive one, the compiler takes the stack.
 *
 * What was received has the time at which it arrived, whenever the application reads it.
 */
static __always_inline void conn_received(struct sock *sk)
{
	struct conn *conn = conn_find(sk);
	const struct tcp_sock *tp;
	__u32 seq;
	__u64 now;

	if (!conn) {
		payload_unknown(sk, true);
		return;
	}
	tp = tcp_of(sk);
	if (!tp)
		return;
	seq = payload_read(sk, tp);
	now = tcp_segment_ns(tp, conn->last_ns);
	if (conn->counted == COUNTED_ASKED)
		turn_asks(group_receives(conn, seq), conn, TURN_RECEIVED, now);
	else if (conn->counted == COUNTED_ANSWERED)
		turn_answers(group_receives(conn, seq), conn, TURN_RECEIVED, now);
	else
		payload_any(sk, conn, tp->write_seq, seq, now);
}

/* The same of what it has sent. TRACED: in a program that has tcp_of(). */
static __always_inline void conn_sent(struct sock *sk, bool traced)
{
	struct conn *conn = conn_find(sk);
	const struct tcp_sock *tp;
	__u32 seq;
	__u64 now;

	if (!conn) {
		payload_unknown(sk, false);
		return;
	}
	tp = traced ? tcp_of(sk) : tcp_direct(sk);
	seq = seq_written(sk, tp);
	if (conn->counted == COUNTED_ASKS) {
		now = bpf_ktime_get_ns();
		turn_asks(group_sends(conn, seq), conn, TURN_SENT, now);
	} else if (conn->counted == COUNTED_ANSWERS) {
		turn_answers(group_sends(conn, seq), conn, TURN_SENT, tick_time(conn->last_ns));
	} else {
		payload_any(sk, conn, seq, seq_read(sk, tp), 0);
	}
}

static __always_inline void flow_of(const struct conn *conn, struct flow *flow)
{
	__builtin_memcpy(flow->local_addr, conn->local_addr, sizeof(flow->local_addr));
	__builtin_memcpy(flow->remote_addr, conn->remote_addr, sizeof(flow->remote_addr));
	flow->netns = conn->netns;
	flow->local_port = conn->local_port;
	flow->remote_port = conn->remote_port;
}

/* SK's place in `leavers`. */
static __always_inline __u32 leaver_of(const struct sock *sk)
{
	return slot_hash(sk) >> (32 - LEAVER_BITS);
}

/* For conn_reset_sent(). */
static __always_inline void conn_remember(struct sock *sk, const struct conn *conn)
{
	struct flow flow;

	if (conn->initiator != INITIATOR_LOCAL_FIN)
		return;
	if (conn->role == ROLE_SERVER) {
		flow_of(conn, &flow);
		bpf_map_update_elem(&recent, &flow, conn, BPF_ANY);
	} else if (infer_time_wait && (conn->flags & CONN_TIME_WAIT)) {
		leaver_conns[leaver_of(sk)] = *conn;
		leavers[leaver_of(sk)] = (__u64)sk;
	}
}

/* tcp_destroy_sock: fires once for each full TCP socket (inet_csk_destroy_sock). */
static __always_inline void conn_destroyed(struct sock *sk, struct conn *conn)
{
	if (conn->flags & CONN_STALE) /* user space knows, and snapshot_conns drops it */
		return;
	/* A child that never entered the queue is no connection; one without an owner matches no
	 * filter on owners. */
	if ((conn->role == ROLE_SERVER && !conn->queued) || (owner_filtered() && !conn->pid)) {
		conn_drop(sk, conn);
		return;
	}
	conn_finish(sk, conn);
	conn_remember(sk, conn);
	conn_forget(sk, conn);
}

#endif /* connscope_CONN_BPF_H */
