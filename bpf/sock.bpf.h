/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Pure readers: struct sock -> addresses, network namespace, owner. Network byte order ends here.
 *
 * They read through direct() where the kernel has it, and else through BPF_CORE_READ, so that
 * fentry, kprobe and iterator programs share them. What runs at each payload or state change reads
 * from its program's argument, or through tcp_of().
 */
#ifndef connscope_SOCK_BPF_H
#define connscope_SOCK_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "connscope/conn.h"
#include "likely.bpf.h"

/* Since 6.2, in programs of every type: "bpf: Add kfunc bpf_rdonly_cast". It is no call, but one
 * instruction that the verifier puts in. */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak
	__attribute__((returns_nonnull));

/* POINTER, to a TYPE of the kernel's, for direct reads: NULL where these need a program's own
 * arguments. */
#define direct(type, pointer)                                                                      \
	(bpf_rdonly_cast ? (type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(type)) : NULL)

/* SK, which is of TCP. */
static __always_inline struct tcp_sock *tcp_direct(struct sock *sk)
{
	return direct(struct tcp_sock, sk);
}

/* The same, in fentry and tp_btf programs, which have a helper on every kernel. */
static __always_inline struct tcp_sock *tcp_of(struct sock *sk)
{
	struct tcp_sock *tp = tcp_direct(sk);

	return likely(tp) ? tp : bpf_skc_to_tcp_sock(sk);
}

static __always_inline void addr_map_v4(__u8 *addr, __be32 v4)
{
	__u32 *words = (__u32 *)addr;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = v4;
}

static __always_inline bool addr_is_v4(const __u8 *addr)
{
	const __u32 *words = (const __u32 *)addr;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

static __always_inline bool addr_is_any(const __u8 *addr)
{
	const __u32 *words = (const __u32 *)addr;

	return !words[0] && !words[1] && !words[3] && (!words[2] || words[2] == bpf_htonl(0xffff));
}

/* skc_num is 0 once tcp_set_state(TCP_CLOSE) has put the port (net/ipv4/tcp.c); inet_sport stays.
 */
static __always_inline __u16 sock_local_port(struct sock *sk)
{
	__u16 port = BPF_CORE_READ(sk, __sk_common.skc_num);

	return port ? port : bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

static __always_inline void sock_local_addr(struct sock *sk, __u8 *addr)
{
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET)
		addr_map_v4(addr, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	else
		BPF_CORE_READ_INTO((struct in6_addr *)addr, sk, __sk_common.skc_v6_rcv_saddr);
}

/* A connection to an IPv4-mapped address is one of IPv4, both ends. */
static __always_inline void endpoints_unmap(struct conn *conn)
{
	if (!addr_is_v4(conn->remote_addr))
		return;
	conn->family = AF_INET;
	if (addr_is_any(conn->local_addr))
		addr_map_v4(conn->local_addr, 0);
}

/* Addresses, ports and family of a connection: AF_INET for an IPv4-mapped peer. */
static __always_inline void sock_endpoints(struct sock *sk, struct conn *conn)
{
	conn->local_port = sock_local_port(sk);
	conn->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	conn->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	sock_local_addr(sk, conn->local_addr);
	if (conn->family == AF_INET) {
		addr_map_v4(conn->remote_addr, BPF_CORE_READ(sk, __sk_common.skc_daddr));
		return;
	}
	BPF_CORE_READ_INTO((struct in6_addr *)conn->remote_addr, sk, __sk_common.skc_v6_daddr);
	endpoints_unmap(conn);
}

/*
 * The same but for the local port, read directly. SK and TP are one socket: what a tp_btf program
 * is given is trusted, since 6.2, and a cast is not, so that each load through TP has its address
 * checked. Not so for pointers: where the verifier meets one that is read from what is trusted, it
 * looks through all types of the kernel several times (btf_nested_type_is_trusted), which is felt
 * at the start.
 */
static __always_inline __u16 tcp_local_port(const struct sock *sk, const struct tcp_sock *tp)
{
	__u16 port = sk->__sk_common.skc_num;

	return port ? port : bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
}

static __always_inline void tcp_endpoints(struct sock *sk, const struct tcp_sock *tp,
					  struct conn *conn)
{
	const struct sock_common *common = &sk->__sk_common;

	if (common->skc_family != AF_INET) {
		sock_endpoints(sk, conn);
		return;
	}
	conn->remote_port = bpf_ntohs(common->skc_dport);
	conn->family = AF_INET;
	addr_map_v4(conn->local_addr, common->skc_rcv_saddr);
	addr_map_v4(conn->remote_addr, common->skc_daddr);
}

static __always_inline __u32 tcp_netns(const struct tcp_sock *tp)
{
	return tp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net->ns.inum;
}

static __always_inline __u32 sock_netns(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* Of a socket of TCP. */
static __always_inline int sock_state(struct sock *sk)
{
	const struct sock *fast = direct(struct sock, sk);

	return fast ? fast->__sk_common.skc_state : BPF_CORE_READ(sk, __sk_common.skc_state);
}

static __always_inline unsigned long sock_flags(struct sock *sk)
{
	const struct sock *fast = direct(struct sock, sk);

	return fast ? fast->__sk_common.skc_flags : BPF_CORE_READ(sk, __sk_common.skc_flags);
}

static __always_inline __u16 sock_protocol(struct sock *sk)
{
	const struct sock *fast = direct(struct sock, sk);

	return fast ? fast->sk_protocol : BPF_CORE_READ(sk, sk_protocol);
}

static __always_inline bool sock_is_tcp(struct sock *sk)
{
	const struct sock *fast = direct(struct sock, sk);
	__u16 family =
		fast ? fast->__sk_common.skc_family : BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) && sock_protocol(sk) == IPPROTO_TCP;
}

/* A subflow of MPTCP. Not to be asked of a child before ESTABLISHED: it is born with its listener's
 * answer. */
static __always_inline bool sock_is_subflow(struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	return bpf_core_field_exists(struct tcp_sock, is_mptcp) && BPF_CORE_READ(tp, is_mptcp);
}

static __always_inline bool tcp_is_subflow(const struct tcp_sock *tp)
{
	return bpf_core_field_exists(struct tcp_sock, is_mptcp) && tp->is_mptcp;
}

/* With TCP Fast Open, which a listener may have where its network namespace has. */
static __always_inline bool tcp_may_fast_open(const struct tcp_sock *tp)
{
	const struct net *net = tp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net;
	const struct net *fast = direct(const struct net, net);
	__u8 value = 0;

	if (fast)
		value = fast->ipv4.sysctl_tcp_fastopen;
	else
		bpf_core_read(&value, sizeof(value), &net->ipv4.sysctl_tcp_fastopen);
	return value & TFO_SERVER_ENABLE;
}

/* What a descriptor has of TCP: of an MPTCP socket its first subflow, or its listening one. */
static __always_inline struct sock *sock_of_tcp(struct sock *sk)
{
	struct mptcp_sock *mptcp = (struct mptcp_sock *)sk;

	if (!bpf_core_field_exists(struct mptcp_sock, first) || sock_protocol(sk) != IPPROTO_MPTCP)
		return sk;
	return BPF_CORE_READ(mptcp, first);
}

/* Of the MPTCP connection that SK, a subflow, is part of; NULL where it has none yet. */
static __always_inline struct sock *sock_first_subflow(struct sock *sk)
{
	struct mptcp_subflow_context *subflow;
	struct mptcp_sock *mptcp;

	if (!bpf_core_field_exists(struct mptcp_sock, first))
		return NULL;
	subflow = BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ulp_data);
	mptcp = (struct mptcp_sock *)BPF_CORE_READ(subflow, conn);
	return BPF_CORE_READ(mptcp, first);
}

struct owner {
	__u64 cgroup;
	__u32 pid;
	__u32 tid; /* 0: of a process as a whole */
	char comm[CONN_COMM_LEN];
};

/* Of eight bytes of a string those before its end. */
static __always_inline __u64 until_nul(__u64 word)
{
	__u64 nul = (word - 0x0101010101010101) & ~word & 0x8080808080808080;

	return word & (((nul & -nul) >> 7) - 1);
}

/* Into COMM, of CONN_COMM_LEN. What stands behind a name's end is another's, older one. */
static __always_inline void name_copy(const char *name, char *comm)
{
	const __u64 *from = (const __u64 *)name;
	__u64 *to = (__u64 *)comm;

	to[0] = until_nul(from[0]);
	to[1] = to[0] >> 56 ? until_nul(from[1]) : 0;
}

/* The process, not the thread: bpf_get_current_comm() would give the thread's name. */
static __always_inline void task_name(struct task_struct *task, char *comm)
{
	struct task_struct *fast = direct(struct task_struct, task);

	if (fast) {
		name_copy(fast->group_leader->comm, comm);
		return;
	}
	__builtin_memset(comm, 0, CONN_COMM_LEN);
	BPF_CORE_READ_STR_INTO((char(*)[CONN_COMM_LEN])comm, task, group_leader, comm);
}

/* bpf_get_current_task_btf(), for direct reads, which since 6.2 need not have their address
 * checked. It came with 5.11. */
static __always_inline bool has_current_direct(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

/* task_name() of THREAD, which runs. Of a process's first thread that is its own. */
static __always_inline void current_name(__u64 thread, char *comm)
{
	bool first = (__u32)(thread ^ thread >> 32) == 0;

	if (first && has_current_direct())
		name_copy(bpf_get_current_task_btf()->comm, comm);
	else
		task_name((struct task_struct *)bpf_get_current_task(), comm);
}

static __always_inline void owner_of_task(struct task_struct *task, struct owner *owner)
{
	owner->pid = BPF_CORE_READ(task, tgid);
	owner->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	task_name(task, owner->comm);
}

/* Only where the caller runs in the owner's context: connect, listen, accept, send, receive. */
static __always_inline void owner_current(struct owner *owner)
{
	__u64 thread = bpf_get_current_pid_tgid();

	owner->pid = thread >> 32;
	owner->tid = (__u32)thread;
	owner->cgroup = bpf_get_current_cgroup_id();
	current_name(thread, owner->comm);
}

static __always_inline bool current_is_exiting(void)
{
	if (has_current_direct())
		return bpf_get_current_task_btf()->flags & PF_EXITING;
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), flags) & PF_EXITING;
}

/* The socket of FILE, NULL where it is none. */
static __always_inline struct socket *socket_of_file(struct file *file)
{
	struct file *fast = direct(struct file, file);
	__u16 mode = fast ? fast->f_inode->i_mode : BPF_CORE_READ(file, f_inode, i_mode);

	if ((mode & S_IFMT) != S_IFSOCK)
		return NULL;
	return fast ? fast->private_data : BPF_CORE_READ(file, private_data);
}

static __always_inline struct sock *sock_of_socket(struct socket *socket)
{
	struct socket *fast = direct(struct socket, socket);

	return sock_of_tcp(fast ? fast->sk : BPF_CORE_READ(socket, sk));
}

static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct socket *socket = socket_of_file(file);

	return socket ? sock_of_socket(socket) : NULL;
}

/* The socket behind a descriptor of the running task, NULL where it is none. */
static __always_inline struct socket *socket_of_fd(long fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *fast = direct(struct task_struct, task);
	struct fdtable *table = fast ? fast->files->fdt : BPF_CORE_READ(task, files, fdt);
	struct file **files = fast ? table->fd : BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd < 0 || fd >= (fast ? table->max_fds : BPF_CORE_READ(table, max_fds)))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	return file ? socket_of_file(file) : NULL;
}

static __always_inline struct sock *sock_of_fd(long fd)
{
	struct socket *socket = socket_of_fd(fd);

	return socket ? sock_of_socket(socket) : NULL;
}

#endif /* connscope_SOCK_BPF_H */
