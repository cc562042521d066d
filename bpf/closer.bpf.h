/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who ended a connection, and why. The first FIN, RST or timeout decides; what follows can only add
 * a cause, the TIME_WAIT socket, or the race.
 *
 * sk_err is looked at in the state change, before user space can consume it. What discriminates the
 * timeouts survives tcp_done() on every kernel from 5.10 to 7.2 (packets_out does not).
 */
#ifndef connscope_CLOSER_BPF_H
#define connscope_CLOSER_BPF_H

#include "conn.bpf.h"

/* Of a change to CLOSE. __tcp_close() sets both bits before it ends the state, tcp_done() after;
 * shutdown(2) for both ways sends a FIN (tcp_shutdown, net/ipv4/tcp.c). */
static __always_inline bool closed_by_app(const struct sock *sk)
{
	return sk->sk_shutdown == (RCV_SHUTDOWN | SEND_SHUTDOWN);
}

/* Where our own hooks do not know when the last payload came (it lies unread, or moved before we
 * looked, or there is no send hook), the kernel's stamps do, to a tick. */
static __always_inline __u32 idle_by_ticks(const struct tcp_sock *tp, bool unread)
{
	__u32 now = bpf_jiffies64();
	__u32 received = now - tp->inet_conn.icsk_ack.lrcvtime;
	__u32 sent = now - tp->lsndtime;
	__u32 ticks = unread || received < sent ? received : sent;

	return ticks * tick_ns / 1000000;
}

static __always_inline __u32 idle_at_close(const struct conn *conn, const struct tcp_sock *tp,
					   __u32 unread, __u64 now)
{
	__u64 last_ns = conn->untimed ? 0 : conn->last_ns;

	if (likely(last_ns && !unread))
		return now > last_ns ? (now - last_ns) / 1000000 : 0;
	if (unread || conn->sent_bytes || conn->received_bytes || (conn->flags & CONN_PARTIAL))
		return idle_by_ticks(tp, unread);
	return IDLE_UNKNOWN; /* no payload ever */
}

/* CONN has ended, by its initiator, for its cause: the caller has noted both, of which the verifier
 * knows no more then. UNREAD as in struct inflow. */
static __always_inline void close_mark(const struct tcp_sock *tp, struct conn *conn, __u32 unread)
{
	__u8 initiator = conn->initiator;
	bool remote = initiator == INITIATOR_REMOTE_FIN || initiator == INITIATOR_REMOTE_RST;
	__u64 since = conn->last_ns ? conn->last_ns : conn->opened_ns;
	__u64 now = remote ? tcp_segment_ns(tp, since) : bpf_ktime_get_ns();

	conn->closed_ns = now;
	conn->idle_ms = idle_at_close(conn, tp, unread, now);
	if (unlikely(is_in_flight(conn, unread))) {
		conn->flags |= CONN_IN_FLIGHT;
		if (remote && conn->role == ROLE_CLIENT && conn->exchanges)
			conn->flags |= CONN_RACED;
	}
	conn->idle_others = group_close(conn);
}

static __always_inline __u8 timeout_cause(const struct tcp_sock *tp)
{
	if (tp->inet_conn.icsk_user_timeout)
		return CAUSE_USER_TIMEOUT;
	if (!tp->inet_conn.icsk_retransmits && tp->inet_conn.icsk_probes_out)
		return tp->write_seq == tp->snd_una ? CAUSE_KEEPALIVE : CAUSE_WINDOW_PROBES;
	return CAUSE_RETRANSMISSIONS;
}

/* connect(2) has begun to wait (__inet_stream_connect), or close(2) ends it. */
static __always_inline bool is_connecting(const struct sock *sk)
{
	return sk->sk_shutdown || (sk->sk_socket && sk->sk_socket->state == SS_CONNECTING);
}

static __always_inline __u8 fail_reason(const struct tcp_sock *tp, int err)
{
	switch (err) {
	case ECONNREFUSED:
	case ECONNRESET: /* in SYN_RECV, where both sides had sent a SYN */
		return FAIL_REFUSED;
	case ETIMEDOUT:
		return FAIL_TIMEOUT;
	case EACCES: /* ICMPv6: administratively prohibited */
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
		return FAIL_UNREACHABLE;
	case EADDRNOTAVAIL:
		return FAIL_NO_PORT;
	case 0:
		/* CLOSE again inside connect(2), by tcp_v4_connect(): the asked port is taken, or
		 * no port is left. */
		return is_connecting(&tp->inet_conn.icsk_inet.sk) ? FAIL_CANCELLED : FAIL_NO_PORT;
	default:
		return FAIL_OTHER;
	}
}

/* Of a socket that goes, where no change tells: the peer's FIN came, and was no answer to ours. */
static __always_inline bool fin_was_first(const struct sock *sk, const struct conn *conn)
{
	return fin_received(sk) && !(conn->flags & CONN_TIME_WAIT);
}

/*
 * ESTABLISHED (or CLOSE_WAIT) to CLOSE without any FIN or RST from the peer before. Where that
 * change was not SEEN, but the socket's destruction is: tcp_done() and close(2) have both been
 * since, so that sk_shutdown says nothing, and user space may have read the error.
 */
static __always_inline void close_by_error(struct sock *sk, const struct tcp_sock *tp,
					   struct conn *conn, bool seen)
{
	__u32 unread = inflow_of(sk, tp).unread;
	bool linger = sk->__sk_common.skc_flags & (1UL << SOCK_LINGER);
	bool gave_up = tp->inet_conn.icsk_retransmits || tp->inet_conn.icsk_probes_out;
	int err = sk->sk_err;

	conn->cause = CAUSE_NONE;
	if (err == ECONNABORTED) {
		conn->initiator = INITIATOR_ABORT;
	} else if (err == ECONNRESET || err == EPIPE) {
		conn->initiator = INITIATOR_REMOTE_RST;
	} else if (err) {
		/* tcp_write_err(): ETIMEDOUT, or the ICMP error that came meanwhile. */
		conn->initiator = INITIATOR_TIMEOUT;
		conn->cause = timeout_cause(tp);
	} else if (conn->role == ROLE_SERVER && !conn->ready && conn->depth &&
		   !tp->inet_conn.icsk_inet.sk.sk_socket) {
		/* inet_csk_listen_stop() */
		conn->initiator = INITIATOR_LOCAL_RST;
		conn->cause = CAUSE_NOT_ACCEPTED;
	} else if (seen && closed_by_app(sk)) {
		conn->initiator = INITIATOR_LOCAL_RST;
		conn->cause = unread ? CAUSE_UNREAD_DATA : linger ? CAUSE_LINGER0 : CAUSE_NONE;
	} else if (!seen && fin_was_first(sk, conn)) {
		conn->initiator = INITIATOR_REMOTE_FIN;
	} else if (gave_up) {
		/* 5.10 reports the error before tcp_done(): user space may have read it. */
		conn->initiator = INITIATOR_TIMEOUT;
		conn->cause = timeout_cause(tp);
	} else if (seen) {
		conn->initiator = INITIATOR_LOCAL_RST;
		conn->cause = CAUSE_DISCONNECT;
	} else {
		conn->initiator = INITIATOR_UNKNOWN;
	}
	close_mark(tp, conn, unread);
	if (!seen && conn->initiator == INITIATOR_REMOTE_FIN)
		conn->idle_ms = IDLE_UNKNOWN; /* when it came is not known */
}

/* Without the tcp_time_wait hook: this is how a socket leaves for its TIME_WAIT twin. An orphan
 * that gets data takes the same way and is amended by conn_reset_sent(). */
static __always_inline bool looks_like_time_wait(const struct sock *sk, const struct tcp_sock *tp,
						 int oldstate)
{
	/* Closed with payload unread, before the peer's FIN: that sends a RST. */
	if (inflow_of(sk, tp).unread && !fin_received(sk))
		return false;
	return (oldstate == TCP_FIN_WAIT2 || oldstate == TCP_CLOSING) && !sk->sk_err &&
	       tp->linger2 >= 0;
}

/* Payload that came after our own FIN and was taken in, because the application has only shut down
 * (a lingering close): the server's half of the keep-alive race. conn_reset_sent() sees what was
 * refused. A FIN counts one. */
static __always_inline void close_check_late(const struct sock *sk, const struct tcp_sock *tp,
					     struct conn *conn)
{
	__s32 bytes;

	if (conn->role != ROLE_SERVER || conn->initiator != INITIATOR_LOCAL_FIN ||
	    (conn->flags & CONN_ENDED_BEFORE))
		return;
	bytes = tp->rcv_nxt - conn->write_seq;
	if (fin_received(sk))
		bytes--;
	if (bytes <= 0 || is_close_notify(bytes))
		return;
	conn->flags |= CONN_RACED;
	conn->cause = CAUSE_AFTER_FIN_DATA;
}

static __always_inline void conn_ended(struct sock *sk, const struct tcp_sock *tp,
				       struct conn *conn, int oldstate, bool seen)
{
	int err = sk->sk_err;

	if (conn->role == ROLE_CLIENT && !conn->ready) {
		conn->fail = fail_reason(tp, err);
		conn->local_port = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
		conn->closed_ns = bpf_ktime_get_ns();
		return;
	}
	if (!conn->initiator)
		close_by_error(sk, tp, conn, seen);
	else if (err == ETIMEDOUT && !conn->cause)
		conn->cause = timeout_cause(tp);
	close_check_late(sk, tp, conn);
	if (infer_time_wait && looks_like_time_wait(sk, tp, oldstate))
		conn->flags |= CONN_TIME_WAIT;
}

/* The change to OLDSTATE was missed, but it says who had closed. */
static __always_inline __u8 initiator_of(int oldstate)
{
	switch (oldstate) {
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
		return INITIATOR_LOCAL_FIN;
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
		return INITIATOR_REMOTE_FIN;
	case TCP_CLOSING:
		return INITIATOR_BOTH_FIN;
	default:
		return INITIATOR_NONE;
	}
}

/* ... and the change to NEWSTATE, which is seen, says it too. */
static __always_inline void conn_closing(const struct tcp_sock *tp, struct conn *conn, int oldstate,
					 int newstate, struct inflow in)
{
	__u8 initiator = INITIATOR_NONE, cause = CAUSE_NONE;

	if (oldstate != TCP_ESTABLISHED)
		initiator = initiator_of(oldstate);
	if (!initiator && newstate == TCP_FIN_WAIT1) { /* in the task that closes or shuts down */
		initiator = INITIATOR_LOCAL_FIN;
		cause = current_is_exiting() ? CAUSE_PROCESS_EXIT : CAUSE_NONE;
	} else if (!initiator && newstate == TCP_CLOSE_WAIT) {
		initiator = INITIATOR_REMOTE_FIN;
	}
	if (!initiator)
		return;
	conn->initiator = initiator;
	conn->cause = cause;
	if (initiator == INITIATOR_LOCAL_FIN) /* see close_check_late() */
		conn->write_seq = in.next;
	close_mark(tp, conn, in.unread);
}

/* Every state change of a connection but its birth. The sk_state field still holds OLDSTATE (trace
 * precedes the store: net/ipv4/af_inet.c, inet_sk_set_state). */
static __always_inline void conn_changed(struct sock *sk, struct tcp_sock *tp, struct conn *conn,
					 int oldstate, int newstate)
{
	struct inflow in = inflow_of(sk, tp);

	conn->state = newstate;
	/* The change to ESTABLISHED was missed, and no payload has come since. */
	if (unlikely(!conn->queued) && oldstate != TCP_SYN_SENT && oldstate != TCP_SYN_RECV) {
		conn_complete(sk, tp, conn);
		conn->queued = 1;
		conn->ready |= conn->role == ROLE_CLIENT;
	}
	note_missed(tp, conn, oldstate, in.read);
	if (!conn->initiator)
		conn_closing(tp, conn, oldstate, newstate, in);
	if (newstate == TCP_CLOSING && conn->initiator == INITIATOR_LOCAL_FIN)
		conn->initiator = INITIATOR_BOTH_FIN;
	else if (newstate == TCP_CLOSE)
		conn_ended(sk, tp, conn, oldstate, true);
}

/*
 * Changes that need no look. The acknowledgement of our FIN, and our FIN after the peer's; but
 * these stand in for what was before them where any run may be missed (TWICE). (Where the seed
 * takes a socket up while its FIN goes, who closed is unknown.) And what has had both FINs and is
 * nobody's goes from its change to CLOSE on to tcp_destroy_sock (tcp_done, net/ipv4/tcp.c): there
 * is nothing to be seen here that cannot be seen then, where a hook tells who goes to TIME_WAIT.
 */
static __always_inline bool says_nothing(const struct sock *sk, int oldstate, int newstate,
					 bool twice)
{
	if (newstate == TCP_FIN_WAIT2 || newstate == TCP_LAST_ACK)
		return !twice;
	if (newstate != TCP_CLOSE || infer_time_wait)
		return false;
	return (oldstate == TCP_FIN_WAIT2 || oldstate == TCP_LAST_ACK || oldstate == TCP_CLOSING) &&
	       !sk->sk_err && (sk->__sk_common.skc_flags & (1UL << SOCK_DEAD));
}

/* tcp_destroy_sock, where the change to CLOSE was left out, or missed. Where the peer's FIN was
 * first, and without an error, the one to LAST_ACK was left out as well. */
static __always_inline void conn_end_unseen(struct sock *sk, struct tcp_sock *tp, struct conn *conn)
{
	int state = conn->state;

	if (state == TCP_CLOSE)
		return;
	if ((state == TCP_CLOSE_WAIT || (state == TCP_ESTABLISHED && !conn->initiator)) &&
	    fin_was_first(sk, conn) && !sk->sk_err) {
		state = TCP_LAST_ACK;
		note_missed(tp, conn, state, inflow_of(sk, tp).read);
	}
	if (infer_time_wait && state == TCP_FIN_WAIT1 && tp->snd_una == tp->write_seq)
		state = TCP_FIN_WAIT2; /* our FIN was acknowledged */
	conn_ended(sk, tp, conn, state, false);
	conn->state = TCP_CLOSE;
}

static __always_inline void conn_time_wait(struct sock *sk)
{
	struct conn *conn = conn_find(sk);

	if (conn)
		conn->flags |= CONN_TIME_WAIT;
}

/*
 * tcp_reset(): before sk_err and the state change. It runs without any RST from the peer too, when
 * payload arrives in FIN_WAIT after our close() (tcp_rcv_state_process): there our FIN has decided
 * already.
 */
static __always_inline void conn_reset_received(struct sock *sk, struct tcp_sock *tp)
{
	struct conn *conn = conn_find(sk);
	int state = sk->__sk_common.skc_state;
	struct inflow in;

	if (!conn || conn->initiator)
		return;
	/* An attempt that fails is no end. */
	if (state == TCP_SYN_SENT || (state == TCP_SYN_RECV && conn->role == ROLE_CLIENT))
		return;
	in = inflow_of(sk, tp);
	note_missed(tp, conn, state, in.read);
	conn->initiator = INITIATOR_REMOTE_RST;
	close_mark(tp, conn, in.unread);
}

/* Addresses of sockets are used again at once, ports are not. */
static __always_inline bool is_same_flow(const struct conn *a, const struct conn *b)
{
	return a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       a->netns == b->netns && a->role == ROLE_CLIENT;
}

/* A segment up to END is of what GONE might have got next, within 64 MiB. Ports are used again,
 * too: where both were, sequence numbers have gone on meanwhile (secure_tcp_seq). */
static __always_inline bool is_next(const struct conn *gone, __u32 end)
{
	return (gone->flags & CONN_ENDED_BEFORE) || end - gone->write_seq < 1U << 26;
}

/* What SK did after its end concerns GONE, which user space has already. */
static __always_inline void conn_amend(struct sock *sk, struct conn *gone, bool late)
{
	gone->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	gone->late = late && gone->role == ROLE_SERVER;
	emit_conn(EVENT_CONN_AMENDED, (__u64)sk, gone);
}

/*
 * A reset in answer to a segment that SK got, after our own FIN: payload met it, the server's half
 * of the keep-alive race. SK is one of three: open still, because the application has only shut
 * down; an orphan that tcp_done() has just destroyed; or the TIME_WAIT mini-socket, of
 * which struct sock_common is all there is.
 */
static __noinline void conn_reset_sent(struct sock *sk, struct sk_buff *skb)
{
	/* struct tcp_skb_cb (include/net/tcp.h) begins with seq and end_seq; a FIN counts one. */
	__u32 seq[2] = {};
	__u32 bytes;
	bool late;

	struct conn *conn = conn_find(sk), *gone;
	__u32 leaver = leaver_of(sk);
	struct conn here = {};
	struct flow flow = {};

	bpf_core_read(seq, sizeof(seq), &skb->cb);
	bytes = seq[1] - seq[0];
	if (!bytes)
		return;
	late = !is_close_notify(bytes) && !is_close_notify(bytes - 1);
	if (conn) {
		if (!late || conn->state != TCP_CLOSE || conn->role != ROLE_SERVER ||
		    conn->initiator != INITIATOR_LOCAL_FIN)
			return;
		conn->flags |= CONN_RACED;
		conn->flags &= ~CONN_TIME_WAIT;
		conn->cause = CAUSE_AFTER_FIN_DATA;
		return;
	}
	sock_endpoints(sk, &here);
	here.netns = sock_netns(sk);
	if (infer_time_wait && leavers[leaver] == (__u64)sk &&
	    is_same_flow(&leaver_conns[leaver], &here)) {
		conn_amend(sk, &leaver_conns[leaver], late);
		leavers[leaver] = 0;
		return;
	}
	flow_of(&here, &flow);
	gone = bpf_map_lookup_elem(&recent, &flow);
	if (!gone || !is_next(gone, seq[1]))
		return;
	conn_amend(sk, gone, late);
	bpf_map_delete_elem(&recent, &flow);
}

#endif /* connscope_CLOSER_BPF_H */
