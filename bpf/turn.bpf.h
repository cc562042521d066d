/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Turns: who spoke last, and what a change of direction means.
 *
 * Payload is counted by how far write_seq and copied_seq have moved since the last look, not by
 * hook arguments: MSG_PEEK, EAGAIN, end of file, MSG_WAITALL and TCP_QUICKACK then need no special
 * case. Each look covers both directions, so that a run that the kernel skipped (recursion) or a
 * direction without a hook is made good at the next one; such a payload has no time of its own (now
 * == 0).
 */
#ifndef connscope_TURN_BPF_H
#define connscope_TURN_BPF_H

#include "exchange.bpf.h"
#include "group.bpf.h"

/*
 * A TLS close_notify is an encrypted record of a known size, and no request: 5 bytes of header, 2
 * of alert, a tag of 16, and 1 of type (TLS 1.3), 8 of nonce (1.2 with AES-GCM) or neither (1.2
 * with ChaCha20). RFC 8446 5.2, RFC 5288, RFC 7905. A request of exactly that size, as the very
 * last message, is taken for one too.
 */
static __always_inline bool is_close_notify(__u32 bytes)
{
	return bytes == 23 || bytes == 24 || bytes == 31;
}

/* Payload goes another way than before. */
static __always_inline void turn_change(struct conn *conn, __u8 turn, __u64 now)
{
	__u64 last_ns = conn->untimed || !now ? 0 : conn->last_ns;
	bool asks = turn == asking_turn(conn);
	struct group *group;

	if (!asks && conn->turn == TURN_NONE) { /* a greeting */
		conn->turn = turn;
		return;
	}
	conn->turn = turn;
	conn->exchanges += !asks;
	group = conn->counted || last_ns ? group_of(conn) : NULL;
	if (!group)
		return;
	if (conn->counted)
		group_count_active(group, asks ? 1 : -1);
	if (last_ns && asks && conn->exchanges)
		hist_add(&group->idle_gap_us, now - last_ns);
	if (last_ns && !asks && conn->role == ROLE_CLIENT)
		hist_add(&group->response_us, now - last_ns);
}

/*
 * The usual changes, which counted_as() has foreseen for CONN: as note_sent(), note_received() and
 * turn_to(), without what cannot be then. First how far SEQ has moved; NULL: it has not.
 */
static __always_inline struct group *group_moved(struct conn *conn, __u32 *known_seq, __u64 *total,
						 __u32 seq)
{
	__s32 bytes = seq - *known_seq;

	if (bytes <= 0)
		return NULL;
	*known_seq = seq;
	*total += bytes;
	conn->burst_bytes = bytes;
	return group_at(&conn->group);
}

static __always_inline struct group *group_sends(struct conn *conn, __u32 seq)
{
	return group_moved(conn, &conn->write_seq, &conn->sent_bytes, seq);
}

static __always_inline struct group *group_receives(struct conn *conn, __u32 seq)
{
	return group_moved(conn, &conn->copied_seq, &conn->received_bytes, seq);
}

/* Then that the direction is TURN since NOW: a request's, or a response's. Of no GROUP: nothing has
 * moved. */
static __always_inline void turn_asks(struct group *group, struct conn *conn, __u8 turn, __u64 now)
{
	__u64 ns = now - conn->last_ns;

	if (!group)
		return;
	conn->turn = turn;
	conn->counted = turn == TURN_SENT ? COUNTED_ANSWERED : COUNTED_ANSWERS;
	conn->last_ns = now;
	group_count_active(group, 1);
	if (conn->exchanges)
		hist_add(&group->idle_gap_us, ns);
}

static __always_inline void turn_answers(struct group *group, struct conn *conn, __u8 turn,
					 __u64 now)
{
	__u64 ns = now - conn->last_ns;

	if (!group)
		return;
	conn->turn = turn;
	conn->counted = turn == TURN_SENT ? COUNTED_ASKED : COUNTED_ASKS;
	conn->last_ns = now;
	conn->exchanges++;
	group_count_active(group, -1);
	if (turn == TURN_RECEIVED)
		hist_add(&group->response_us, ns);
}

/* BYTES have gone the way of TURN on CONN, which has turns. */
static __always_inline void turn_to(__u64 sk, struct conn *conn, __u8 turn, __u32 bytes, __u64 now)
{
	if (trace_events)
		exchange_turn(sk, conn, turn, bytes, now);
	if (conn->turn == turn) {
		conn->burst_bytes += bytes;
	} else {
		conn->burst_bytes = bytes;
		turn_change(conn, turn, now);
	}
	if (now)
		conn->last_ns = now;
	conn->untimed = !now;
	if (conn->counted)
		conn->counted = counted_as(conn);
}

/* The same on any connection. Of MPTCP, what arrives moves on to the MPTCP socket unseen, and
 * requests and responses may take different subflows. */
static __always_inline void turn_of(__u64 sk, struct conn *conn, __u8 turn, __u32 bytes, __u64 now)
{
	if (conn->flags & CONN_TURNLESS)
		conn->untimed = 1;
	else
		turn_to(sk, conn, turn, bytes, now);
}

/* Of the record of SK, where it need not be fast: global, and so verified once in a program. */
__noinline int turn_of_sock(__u64 sk, __u32 turn, __u32 bytes, __u64 now)
{
	struct conn *conn = sk ? conn_find((const void *)sk) : NULL; /* 0: it is gone */

	if (conn)
		turn_of(sk, conn, turn, bytes, now);
	return 0;
}

/* Where it need be: without a hook at send each payload is noted so. */
static __noinline void turn_of_conn(struct conn *conn, __u8 turn, __u32 bytes, __u64 now)
{
	turn_of(slot_of(conn)->sk, conn, turn, bytes, now);
}

static __always_inline void turn_note(struct conn *conn, __u8 turn, __u32 bytes, __u64 now)
{
	if (infer_send)
		turn_of_conn(conn, turn, bytes, now);
	else
		turn_of_sock(slot_of(conn)->sk, turn, bytes, now);
}

/* WRITE_SEQ without a FIN of ours in it. */
static __always_inline void note_sent(struct conn *conn, __u32 write_seq, __u64 now)
{
	__s32 bytes = write_seq - conn->write_seq;

	if (bytes <= 0)
		return;
	conn->write_seq = write_seq;
	conn->sent_bytes += bytes;
	/* The keep-alive race from the client's side: we wrote into a connection that the peer had
	 * closed already. */
	if (conn->initiator == INITIATOR_REMOTE_FIN && conn->role == ROLE_CLIENT &&
	    !is_close_notify(bytes))
		conn->flags |= CONN_RACED;
	turn_note(conn, TURN_SENT, bytes, now);
}

static __always_inline void note_received(struct conn *conn, __u32 copied_seq, __u64 now)
{
	__s32 bytes = copied_seq - conn->copied_seq;

	if (bytes <= 0)
		return;
	conn->copied_seq = copied_seq;
	conn->received_bytes += bytes;
	turn_note(conn, TURN_RECEIVED, bytes, now);
}

/* The peer's FIN has come: tcp_fin() says so before it changes the state. */
static __always_inline bool fin_received(const struct sock *sk)
{
	return sk->__sk_common.skc_flags >> SOCK_DONE & 1;
}

/*
 * copied_seq without the peer's FIN, which is the last byte of rcv_nxt and counts in copied_seq
 * once it was read past: before tcp_rcv_space_adjust() where tcp_read_sock() or tcp_read_skb() read
 * (splice, sockmap), after it in recvmsg().
 */
static __always_inline __u32 payload_read(const struct sock *sk, const struct tcp_sock *tp)
{
	__u32 copied_seq = tp->copied_seq;

	return copied_seq - (fin_received(sk) && copied_seq == tp->rcv_nxt);
}

/* Payload each way since the socket's beginning, as the kernel counts it in 64 bits: with a SYN or
 * a FIN in it, two bytes at most. */
struct moved {
	__u64 sent, received;
};

/*
 * COUNTED bytes have been, up to a sequence number that is DELTA further now. These come round
 * every 4 GiB, and without hooks at send and receive nobody has looked in between: how often tells
 * TOTAL, which is the same count but for what is less than 2 GiB.
 */
static __always_inline __u64 count_on(__u64 counted, __u32 delta, __u64 total)
{
	__u64 sum = counted + delta;

	sum += (total - sum + (1U << 30)) & ~0xffffffffULL;
	return (__s64)(sum - counted) > 0 ? sum : counted;
}

/* With CONN_UNWATCHED, in place of note_sent() and note_received(). */
static __always_inline void note_moved(struct conn *conn, __u32 write_seq, __u32 copied_seq,
				       const struct moved *moved)
{
	__u64 sent = moved->sent - ((__u64)(conn->burst_bytes & 0xffff) << 31);
	__u64 received = moved->received - ((__u64)(conn->burst_bytes >> 16) << 31);

	conn->sent_bytes = count_on(conn->sent_bytes, write_seq - conn->write_seq, sent);
	conn->received_bytes =
		count_on(conn->received_bytes, copied_seq - conn->copied_seq, received);
	conn->write_seq = write_seq;
	conn->copied_seq = copied_seq;
	conn->untimed = 1;
}

static __always_inline void note_moved_by(const struct tcp_sock *tp, struct conn *conn,
					  __u32 written, __u32 read)
{
	struct moved moved = {
		.sent = tp->bytes_acked + (__u32)(tp->write_seq - tp->snd_una),
		.received = tp->bytes_received - (__u32)(tp->rcv_nxt - tp->copied_seq),
	};

	note_moved(conn, written, read, &moved);
}

/* How far the application has read, as payload_read(), what the peer has sent beyond that, and its
 * next sequence number. */
struct inflow {
	__u32 read;
	__u32 unread;
	__u32 next;
};

/* A FIN counts one in rcv_nxt (tcp_data_queue) and, once read past, one in copied_seq
 * (tcp_recvmsg_locked, found_fin_ok). */
static __always_inline struct inflow inflow_of(const struct sock *sk, const struct tcp_sock *tp)
{
	struct inflow in = { .read = tp->copied_seq, .next = tp->rcv_nxt };
	__s32 unread = in.next - fin_received(sk) - in.read;

	if (unread < 0)
		in.read += unread;
	else
		in.unread = unread;
	return in;
}

static __noinline void note_both(const struct tcp_sock *tp, struct conn *conn, __u32 written,
				 __u32 read)
{
	if (no_turns) {
		note_moved_by(tp, conn, written, read);
		return;
	}
	if (conn->role == ROLE_CLIENT)
		note_sent(conn, written, 0);
	note_received(conn, read, 0);
	if (conn->role == ROLE_SERVER)
		note_sent(conn, written, 0);
}

/*
 * What no hook has told us, both ways, in the order in which this role speaks; READ as in struct
 * inflow. To be called while STATE still lets the application write, when no FIN of ours is in
 * write_seq, or in LAST_ACK, when one is (tcp_send_fin, net/ipv4/tcp_output.c).
 */
static __always_inline void note_missed(const struct tcp_sock *tp, struct conn *conn, int state,
					__u32 read)
{
	__u32 written = tp->write_seq - (state == TCP_LAST_ACK);
	bool known = state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK;

	if (known && conn->seq_known &&
	    unlikely(no_turns || read != conn->copied_seq || written != conn->write_seq))
		note_both(tp, conn, written, read);
}

static __always_inline bool is_in_flight(const struct conn *conn, __u32 unread)
{
	if (!unread && (conn->counted == COUNTED_ASKS || conn->counted == COUNTED_ASKED))
		return false;
	if (conn->flags & CONN_TURNLESS)
		return false; /* not known */
	/* For a client what lies unread is an answer, for a server it is a request. */
	if (unread)
		return conn->role == ROLE_SERVER && !is_close_notify(unread);
	return conn->turn == asking_turn(conn) && !is_close_notify(conn->burst_bytes);
}

#endif /* connscope_TURN_BPF_H */
