// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* clang-format off */
/*
 * The hooks: a table of contents of what the kernel tells us, each a few lines that call the logic.
 *
 *   hook                      context        what we take from it
 *   inet_sock_set_state       task, softirq  birth, who ended it; listeners come and go
 *   tcp_destroy_sock          task, softirq  the end of the struct sock: its record is sent, deleted
 *   tcp_receive_reset         softirq, task  the peer's RST
 *   tcp_send_reset            softirq, task  payload that met our own FIN
 *                                            (before 6.10: tcp_v4_send_reset, tcp_v6_send_reset)
 *   tcp_rcv_space_adjust      task           payload read
 *   tcp_push                  task           payload written (else sock_send_length, since 6.3)
 *   tcp_v4_connect,           task           no route (else the system call's entry and exit)
 *   tcp_v6_connect
 *   security_sock_graft       task           out of the accept queue, owner
 *                                            (else inet_csk_accept, else the system call's exit)
 *   tcp_time_wait             softirq, task  this host keeps the TIME_WAIT socket
 *   __sys_listen              task           the backlog asked for (else the system call's entry)
 *   tcp_conn_request          softirq        SYN refused
 *   tcp_v4_syn_recv_sock,     softirq        final ACK refused (else kfree_skb, since 6.11, for both)
 *   tcp_v6_syn_recv_sock
 *   task_file                 iterator       what was there before tracing began
 *   bpf_map_elem              iterator       what is there now
 *
 * tcp_connect and tcp_close have no hooks of their own. Both are within a change of state, in the
 * same task: SYN_SENT before, and FIN_WAIT1, LAST_ACK or CLOSE in it. What they know the socket says
 * then, or when it is ESTABLISHED.
 *
 * Softirq may run on top of any task: pid and comm are read in task hooks alone. Programs marked "?"
 * are loaded only when user space has chosen them for their feature (user/probes.c).
 */
/* clang-format on */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "accept.bpf.h"
#include "closer.bpf.h"
#include "conn.bpf.h"
#include "connect.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* ---- life of a connection ---- */

/* Each of these finds what it needs: what says nothing is done before there are registers to be
 * saved. SCTP and MPTCP change their states by the same function. */

static __noinline void listener_changed(struct sock *sk, int newstate)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	if (newstate == TCP_LISTEN)
		listener_opened(sk);
	else
		listener_closed(sk);
}

static __noinline void child_born(struct sock *sk)
{
	struct tcp_sock *tp = sk->sk_protocol == IPPROTO_TCP ? tcp_of(sk) : NULL;
	struct conn *conn;

	if (!tp || !is_early(tp))
		return;
	conn = conn_find(sk);
	if (!(conn && conn->state == TCP_SYN_RECV && looks_twice))
		conn_open_server(sk, tp, conn, true);
}

static __noinline void connection_opens(struct sock *sk)
{
	struct conn *conn = conn_find(sk);
	struct tcp_sock *tp = sk->sk_protocol == IPPROTO_TCP ? tcp_of(sk) : NULL;

	if (tp && !(conn && conn->state == TCP_SYN_SENT))
		conn_open_client(sk, tp, conn);
}

static __noinline void connection_established(struct sock *sk, int oldstate)
{
	struct conn *conn = conn_find(sk);
	struct tcp_sock *tp = conn || sk->sk_protocol == IPPROTO_TCP ? tcp_of(sk) : NULL;

	if (tp)
		conn_established(sk, tp, conn, oldstate);
}

static __noinline void connection_changed(struct sock *sk, int oldstate, int newstate)
{
	struct conn *conn = conn_find(sk);
	struct tcp_sock *tp = conn && conn->state != newstate ? tcp_of(sk) : NULL;

	if (tp && newstate != oldstate)
		conn_changed(sk, tp, conn, oldstate, newstate);
}

/* TWICE: by both programs below. What each call needs is nothing after it, so that there is nothing
 * to be saved. */
static __always_inline void state_changed(struct sock *sk, int oldstate, int newstate, bool twice)
{
	if (says_nothing(sk, oldstate, newstate, twice))
		return;
	if (newstate == TCP_ESTABLISHED)
		connection_established(sk, oldstate);
	else if (newstate == TCP_SYN_SENT)
		connection_opens(sk);
	else if (newstate == TCP_LISTEN || (oldstate == TCP_LISTEN && newstate != TCP_SYN_RECV))
		listener_changed(sk, newstate);
	else if (oldstate == TCP_LISTEN)
		child_born(sk);
	else
		connection_changed(sk, oldstate, newstate);
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int oldstate, int newstate)
{
	state_changed(sk, oldstate, newstate, false);
	return 0;
}

static __always_inline __u32 change_here(void)
{
	return bpf_get_smp_processor_id() % CHANGE_CPUS;
}

/*
 * Twice, the second for what the first did not see: a program is not run on a CPU that is within it
 * already (kernel/trace/bpf_trace.c, __bpf_trace_run). Where tracing programs may be preempted (7.2
 * with PREEMPT_LAZY), a task that is hides what the others on its CPU do meanwhile: 40 changes in
 * 2,000 short connections. It cannot hide them from both. What was seen is not counted twice: its
 * record has that state already. Elsewhere only an interrupt can come between, and is seldom so
 * unlucky: there on_state is loaded instead.
 */
SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_first, struct sock *sk, int oldstate, int newstate)
{
	__u32 here = change_here();

	changed_sk[here] = (__u64)sk;
	changed_to[here] = (__u32)newstate;
	state_changed(sk, oldstate, newstate, true);
	return 0;
}

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(on_state_again, struct sock *sk, int oldstate, int newstate)
{
	__u32 here = change_here();

	if (changed_sk[here] != (__u64)sk || changed_to[here] != (__u32)newstate)
		state_changed(sk, oldstate, newstate, true);
	return 0;
}

static __always_inline void destroyed(struct sock *sk)
{
	struct tcp_sock *tp = tcp_of(sk);
	struct conn *conn = tp ? conn_find(sk) : NULL;

	if (!conn) {
		conn_refuse_no_more(sk);
		return;
	}
	conn_end_unseen(sk, tp, conn);
	conn_destroyed(sk, conn);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(on_destroy, struct sock *sk)
{
	destroyed(sk);
	return 0;
}

static __always_inline void reset_received(struct sock *sk)
{
	struct tcp_sock *tp = tcp_of(sk);

	if (tp)
		conn_reset_received(sk, tp);
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_reset_received, struct sock *sk)
{
	reset_received(sk);
	return 0;
}

/* SK is NULL for a segment to no socket. SKB is NULL for resets on our own account. */
SEC("?tp_btf/tcp_send_reset")
int BPF_PROG(reset_sent_tp, struct sock *sk, struct sk_buff *skb)
{
	if (sk && skb)
		conn_reset_sent(sk, skb);
	return 0;
}

SEC("?fentry/tcp_v4_send_reset")
int BPF_PROG(reset_sent4_fentry, struct sock *sk, struct sk_buff *skb)
{
	if (sk)
		conn_reset_sent(sk, skb);
	return 0;
}

SEC("?fentry/tcp_v6_send_reset")
int BPF_PROG(reset_sent6_fentry, struct sock *sk, struct sk_buff *skb)
{
	if (sk)
		conn_reset_sent(sk, skb);
	return 0;
}

SEC("?kprobe/tcp_v4_send_reset")
int BPF_KPROBE(reset_sent4_kprobe, struct sock *sk, struct sk_buff *skb)
{
	if (sk)
		conn_reset_sent(sk, skb);
	return 0;
}

SEC("?kprobe/tcp_v6_send_reset")
int BPF_KPROBE(reset_sent6_kprobe, struct sock *sk, struct sk_buff *skb)
{
	if (sk)
		conn_reset_sent(sk, skb);
	return 0;
}

/* ---- payload ---- */

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_received, struct sock *sk)
{
	conn_received(sk);
	return 0;
}

SEC("?fentry/tcp_push")
int BPF_PROG(sent_fentry, struct sock *sk)
{
	conn_sent(sk, true);
	return 0;
}

SEC("?kprobe/tcp_push")
int BPF_KPROBE(sent_kprobe, struct sock *sk)
{
	conn_sent(sk, false);
	return 0;
}

/* After the send, for every family and protocol, failures included. */
SEC("?tp_btf/sock_send_length")
int BPF_PROG(sent_tp, struct sock *sk, int ret)
{
	if (ret > 0 && sk->sk_protocol == IPPROTO_TCP)
		conn_sent(sk, true);
	return 0;
}

/* ---- connect and close ---- */

static __noinline int connect_unreachable(struct sock *sk, const void *addr, int len)
{
	struct remote_end to = {};

	if (len < ADDR_MIN || !tracing)
		return 0;
	remote_end_read(&to, addr, false);
	/* For an IPv4-mapped address tcp_v6_connect has called its IPv4 sister. */
	if (to.family != AF_INET6 || !addr_is_v4(to.v6))
		connect_failed(sk, &to);
	return 0;
}

static __always_inline int connect_returned(struct sock *sk, const void *addr, int len, int ret)
{
	return ret && is_no_route(ret) ? connect_unreachable(sk, addr, len) : 0;
}

SEC("?fexit/tcp_v4_connect")
int BPF_PROG(no_route4_fexit, struct sock *sk, void *addr, int len, int ret)
{
	return connect_returned(sk, addr, len, ret);
}

SEC("?fexit/tcp_v6_connect")
int BPF_PROG(no_route6_fexit, struct sock *sk, void *addr, int len, int ret)
{
	return connect_returned(sk, addr, len, ret);
}

/* Neither function blocks: no return is missed for want of kretprobe instances. */
SEC("?kprobe/tcp_v4_connect")
int BPF_KPROBE(no_route4_kprobe, struct sock *sk, void *addr, int len)
{
	if (tracing)
		connect_begins(sk, addr, len);
	return 0;
}

SEC("?kprobe/tcp_v6_connect")
int BPF_KPROBE(no_route6_kprobe, struct sock *sk, void *addr, int len)
{
	if (tracing)
		connect_begins(sk, addr, len);
	return 0;
}

SEC("?kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(no_route4_kretprobe, int ret)
{
	if (tracing)
		connect_ends(ret, false);
	return 0;
}

SEC("?kretprobe/tcp_v6_connect")
int BPF_KRETPROBE(no_route6_kretprobe, int ret)
{
	if (tracing)
		connect_ends(ret, false);
	return 0;
}

/* The result of an attempt that is under way, asked for by another connect(2), is no new one. */
SEC("?tracepoint/syscalls/sys_enter_connect")
int connect_enter_tp(struct trace_event_raw_sys_enter *ctx)
{
	struct socket *socket = tracing ? socket_of_fd((int)ctx->args[0]) : NULL;
	struct sock *sk;

	if (!socket || BPF_CORE_READ(socket, state) != SS_UNCONNECTED)
		return 0;
	sk = sock_of_socket(socket);
	if (sk && sock_is_tcp(sk))
		connect_begins(sk, (void *)ctx->args[1], (int)ctx->args[2]);
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_connect")
int connect_exit_tp(struct trace_event_raw_sys_exit *ctx)
{
	if (tracing)
		connect_ends(ctx->ret, true);
	return 0;
}

SEC("?fentry/tcp_time_wait")
int BPF_PROG(time_wait_fentry, struct sock *sk)
{
	conn_time_wait(sk);
	return 0;
}

SEC("?kprobe/tcp_time_wait")
int BPF_KPROBE(time_wait_kprobe, struct sock *sk)
{
	conn_time_wait(sk);
	return 0;
}

/* ---- the accept queue ---- */

/* Two signatures: (sk, flags, err, kern) before 6.10, (sk, arg) since; the return value follows. */
SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit4, struct sock *sk, int flags, int *err, bool kern, struct sock *child)
{
	if (child)
		conn_accepted(child);
	return 0;
}

SEC("?fexit/inet_csk_accept")
int BPF_PROG(accept_fexit2, struct sock *sk, void *arg, struct sock *child)
{
	if (child)
		conn_accepted(child);
	return 0;
}

/* Every family's accept() passes here, with the child locked (inet_accept), and so do accept()
 * calls that were blocked in the kernel when we attached, whose return a trampoline does not see.
 */
static __always_inline int grafted(struct sock *child)
{
	struct conn *conn = conn_find(child);
	struct sock *sk;

	if (conn) {
		conn_taken(child, conn);
		return 0;
	}
	sk = sock_of_tcp(child);
	if (sk && sock_is_tcp(sk))
		conn_accepted(sk);
	return 0;
}

SEC("?fentry/security_sock_graft")
int BPF_PROG(graft_fentry, struct sock *child)
{
	return grafted(child);
}

SEC("?kprobe/security_sock_graft")
int BPF_KPROBE(graft_kprobe, struct sock *child)
{
	return grafted(child);
}

static __always_inline int accept_returned(long fd)
{
	struct sock *sk = fd >= 0 ? sock_of_fd(fd) : NULL;

	if (sk && sock_is_tcp(sk))
		conn_accepted(sk);
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_accept")
int accept_tp(struct trace_event_raw_sys_exit *ctx)
{
	return tracing ? accept_returned(ctx->ret) : 0;
}

SEC("?tracepoint/syscalls/sys_exit_accept4")
int accept4_tp(struct trace_event_raw_sys_exit *ctx)
{
	return tracing ? accept_returned(ctx->ret) : 0;
}

SEC("?fentry/__sys_listen")
int BPF_PROG(listen_fentry, int fd, int backlog)
{
	if (tracing)
		listener_asked(fd, backlog);
	return 0;
}

SEC("?kprobe/__sys_listen")
int BPF_KPROBE(listen_kprobe, int fd, int backlog)
{
	if (tracing)
		listener_asked(fd, backlog);
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_listen")
int listen_tp(struct trace_event_raw_sys_enter *ctx)
{
	if (tracing)
		listener_asked((int)ctx->args[0], (int)ctx->args[1]);
	return 0;
}

SEC("?fentry/tcp_conn_request")
int BPF_PROG(syn_fentry, void *ops, void *af_ops, struct sock *sk)
{
	if (queue_looks_full(sk))
		listener_syn(sk);
	return 0;
}

SEC("?kprobe/tcp_conn_request")
int BPF_KPROBE(syn_kprobe, void *ops, void *af_ops, struct sock *sk)
{
	if (queue_is_full(sk))
		listener_syn(sk);
	return 0;
}

SEC("?fentry/tcp_v4_syn_recv_sock")
int BPF_PROG(final_ack4_fentry, struct sock *sk)
{
	if (queue_looks_full(sk))
		listener_final_ack(sk);
	return 0;
}

SEC("?kprobe/tcp_v4_syn_recv_sock")
int BPF_KPROBE(final_ack4_kprobe, struct sock *sk)
{
	if (queue_is_full(sk))
		listener_final_ack(sk);
	return 0;
}

/* For an IPv4 packet it calls its IPv4 sister, which counts. */
static __always_inline int final_ack6(struct sock *sk, struct sk_buff *skb)
{
	if (BPF_CORE_READ(skb, protocol) != bpf_htons(ETH_P_IP))
		listener_final_ack(sk);
	return 0;
}

SEC("?fentry/tcp_v6_syn_recv_sock")
int BPF_PROG(final_ack6_fentry, struct sock *sk, struct sk_buff *skb)
{
	if (queue_looks_full(sk))
		final_ack6(sk, skb);
	return 0;
}

SEC("?kprobe/tcp_v6_syn_recv_sock")
int BPF_KPROBE(final_ack6_kprobe, struct sock *sk, struct sk_buff *skb)
{
	return queue_is_full(sk) ? final_ack6(sk, skb) : 0;
}

/* Since 6.11 with the receiving socket, which is NULL for what belongs to none. */
SEC("?tp_btf/kfree_skb")
int BPF_PROG(freed_tp, struct sk_buff *skb, void *location, enum skb_drop_reason reason,
	     struct sock *sk)
{
	if (sk && sk->__sk_common.skc_state == TCP_LISTEN)
		listener_freed(sk, reason);
	return 0;
}

/* ---- what was there before, and what is there now ---- */

/* Pass 0 takes the listeners, pass 1 the connections, whose role the listeners tell. All network
 * namespaces, each with the process that holds the descriptor. */
SEC("iter/task_file")
int seed_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct owner owner = {};
	struct sock *sk;

	if (seed_pass == 0)
		find_jiffy_0();
	if (!task || !file)
		return 0;
	sk = sock_of_file(file);
	if (!sk || !sock_is_tcp(sk))
		return 0;
	owner_of_task(task, &owner);
	if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN) {
		if (seed_pass == 0)
			listener_seed(sk, &owner);
	} else if (seed_pass == 1) {
		conn_adopt(sk, &owner);
	}
	return 0;
}

/* What shows in sequence numbers alone until a hook runs: without one at send, a server's answer
 * until the next request; of a subflow of MPTCP, and with `no_turns`, all payload until its end. */
static __always_inline void infer_payload(struct sock *sk, struct conn *conn)
{
	bool last_ack = conn->state == TCP_LAST_ACK; /* write_seq counts our FIN */
	bool fin = conn->state == TCP_CLOSE_WAIT || last_ack;
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	bool subflow = conn->flags & CONN_MPTCP;
	__u32 written, read;
	struct moved moved;
	__s32 bytes;

	if ((conn->state != TCP_ESTABLISHED && !fin) || !conn->seq_known)
		return;
	written = BPF_CORE_READ(tp, write_seq) - last_ack;
	if (no_turns) {
		read = BPF_CORE_READ(tp, copied_seq);
		if (fin && read == BPF_CORE_READ(tp, rcv_nxt)) /* the peer's FIN is read past */
			read--;
		read_moved(tp, &moved);
		note_moved(conn, written, read, &moved);
		return;
	}
	if (subflow && conn->state == TCP_ESTABLISHED) { /* else it may count a FIN */
		bytes = BPF_CORE_READ(tp, copied_seq) - conn->copied_seq;
		if (bytes > 0)
			conn->received_bytes += bytes;
	}
	bytes = written - conn->write_seq;
	if (bytes <= 0)
		return;
	conn->sent_bytes += bytes;
	if (subflow)
		return;
	if (conn->role == ROLE_SERVER && conn->turn == TURN_RECEIVED)
		conn->exchanges++;
	conn->turn = TURN_SENT;
}

#define STALE_NS (10 * 1000000000ULL)

/* Where the kernel skipped a run of ours: a child that never joined the queue, or a socket that is
 * closed although nobody told us. */
static __always_inline bool is_stale(struct sock *sk, const struct conn *conn)
{
	if (conn->opened_ns + STALE_NS > snapshot_ns)
		return false;
	if (conn->role == ROLE_SERVER && !conn->queued)
		return true;
	return conn->state != TCP_CLOSE && sock_state(sk) == TCP_CLOSE;
}

/* With what was not noted: see says_nothing(). */
static __always_inline __u8 state_now(struct sock *sk, const struct conn *conn)
{
	if (conn->state == TCP_FIN_WAIT1 && sock_state(sk) == TCP_FIN_WAIT2)
		return TCP_FIN_WAIT2;
	if (conn->state == TCP_CLOSE_WAIT && sock_state(sk) == TCP_LAST_ACK)
		return TCP_LAST_ACK;
	return conn->state;
}

/* The end of KEY's socket was missed: user space is told so. Global, as the next one, and so
 * verified once, not for each slot of a chunk. */
__noinline int conn_give_up(__u64 key)
{
	struct conn *conn = conn_find((struct sock *)key);

	if (conn) {
		group_close(conn);
		conn->flags |= CONN_STALE;
	}
	return 0;
}

__noinline int conn_reap(__u64 key)
{
	struct sock *sk = (struct sock *)key;
	struct conn *conn = conn_find(sk);

	if (conn && (conn->flags & CONN_STALE))
		conn_drop(sk, conn);
	return 0;
}

/* Whether snapshot_out has something to be told of that slot. One snapshot is taken at a time. */
__noinline int snapshot_conn(__u32 index)
{
	struct conn_slot *slot = slot_by_index(index);
	struct conn_snapshot *snapshot = &snapshot_out;
	struct conn *conn;
	__u64 opened_ns;
	struct sock *sk;

	if (!slot)
		return 0;
	sk = (struct sock *)slot->sk;
	conn = &slot->conn;
	if (!sk || (conn->flags & CONN_DEAD))
		return 0;
	if (reaping) {
		if (conn->flags & CONN_STALE)
			conn_reap((__u64)sk);
		return 0;
	}
	snapshot->sk = (__u64)sk;
	opened_ns = conn->opened_ns;
	barrier();
	snapshot->conn = *conn;
	barrier();
	/* Gone meanwhile, and the slot may be another's, or that socket's next connection's. */
	if (slot->sk != snapshot->sk || conn->opened_ns != opened_ns)
		return 0;
	conn->seen = snapshot_now;
	snapshot->conn.seen = conn->seen;
	if (!snapshot->conn.local_port) /* still connecting */
		snapshot->conn.local_port = sock_local_port(sk);
	if (sock_flags(sk) & (1UL << SOCK_KEEPOPEN))
		snapshot->conn.flags |= CONN_KEEPALIVE;
	snapshot->conn.state = state_now(sk, &snapshot->conn);
	snapshot->stale = is_stale(sk, &snapshot->conn);
	if (snapshot->stale)
		conn_give_up((__u64)sk);
	if (infer_send || (conn->flags & CONN_TURNLESS))
		infer_payload(sk, &snapshot->conn);
	return 1;
}

/*
 * A chunk of the table. Where its output does not fit any more, the kernel drops it and calls
 * again: so what is stale is only marked, and dropped in a pass of its own, `reaping`, once user
 * space has it.
 */
SEC("iter/bpf_map_elem")
int snapshot_conns(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *chunk = ctx->key, index;
	struct conn_slot *slot;

	if (!chunk)
		return 0;
	index = *chunk * CHUNK_SLOTS;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < CHUNK_SLOTS; i++, index++) {
		slot = slot_by_index(index);
		if (!slot)
			break;
		if (slot->sk && snapshot_conn(index) &&
		    bpf_seq_write(ctx->meta->seq, &snapshot_out, sizeof(snapshot_out)))
			break;
	}
	return 0;
}

/*
 * Exchanges whose response has been quiet for a while, each once. A hook may be at work on another
 * CPU, or the connection may end: what is not whole is left for the next time, or for the event.
 */
SEC("?iter/bpf_map_elem")
int snapshot_exchanges(struct bpf_iter__bpf_map_elem *ctx)
{
	struct exchange_now *at = ctx->value;
	struct exchange_event event = {};
	__u64 *key = ctx->key;
	struct conn *conn;
	__u32 done;
	__u64 sk;

	if (!at || !key || at->told || !at->exchange.number)
		return 0;
	done = at->done;
	barrier();
	if (bpf_ktime_get_ns() - at->exchange.last_ns < quiet_ns)
		return 0;
	sk = *key;
	conn = conn_find((struct sock *)sk);
	if (!conn || (conn->flags & CONN_DEAD))
		return 0;
	fill_header(&event.header, EVENT_EXCHANGE, sizeof(event), sk);
	event.conn = *conn;
	event.exchange = at->exchange;
	event.exchange.flags |= EXCHANGE_OPEN;
	barrier();
	if (at->begun != done)
		return 0;
	/* When its buffer is full the kernel calls again. */
	if (!bpf_seq_write(ctx->meta->seq, &event, sizeof(event)))
		at->told = 1;
	return 0;
}

SEC("iter/bpf_map_elem")
int snapshot_listeners(struct bpf_iter__bpf_map_elem *ctx)
{
	struct listener *listener = ctx->value;
	struct listener_snapshot snapshot;
	__u64 *key = ctx->key;

	if (!listener || !key)
		return 0;
	snapshot.sk = *key;
	__builtin_memcpy(&snapshot.listener, listener, sizeof(snapshot.listener));
	listener_read((struct sock *)*key, &snapshot.listener);
	bpf_seq_write(ctx->meta->seq, &snapshot, sizeof(snapshot));
	return 0;
}
