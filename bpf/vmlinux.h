/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Kernel types by hand: only the fields that are read, each found by name through CO-RE. */
#ifndef __VMLINUX_H__ /* the name that bpf_tracing.h asks for */
#define __VMLINUX_H__

#include <stdbool.h>
#include <linux/types.h>
#include <linux/bpf.h>

#define AF_INET	      2
#define AF_INET6      10
#define ETH_P_IP      0x0800
#define IPPROTO_TCP   6
#define IPPROTO_MPTCP 262
#define S_IFMT	      00170000
#define S_IFSOCK      0140000
#define PF_EXITING    0x00000004 /* include/linux/sched.h: the task is in do_exit() */

enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
};

/* include/net/sock.h: bits of sk_shutdown. */
#define RCV_SHUTDOWN  1
#define SEND_SHUTDOWN 2

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31], sp, pc, pstate;
};
struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0, syscallno;
};
#else
#error "connscope knows the registers of x86 and arm64 only"
#endif

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

struct netns_core {
	int sysctl_somaxconn;
};

struct netns_ipv4 {
	__u8 sysctl_tcp_fastopen; /* an int on older kernels */
};

#define TFO_SERVER_ENABLE 2

struct net {
	struct ns_common ns;
	struct netns_core core;
	struct netns_ipv4 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
};

typedef struct {
	int counter;
} atomic_t;

typedef enum {
	SS_UNCONNECTED = 1, /* no connect(2) is under way */
	SS_CONNECTING = 2,
} socket_state;

struct socket {
	socket_state state;
	struct sock *sk;
};

struct sock {
	struct sock_common __sk_common;
	atomic_t sk_drops;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	int sk_err;
	__u16 sk_protocol;
	__u8 sk_shutdown;
	__u8 sk_userlocks : 4;
	struct socket *sk_socket;
};

enum sock_flags {
	SOCK_DEAD = 0, /* nobody holds it any more */
	SOCK_DONE = 1, /* the peer's FIN has come */
	SOCK_KEEPOPEN = 3,
	SOCK_LINGER = 4,
};

#define SOCK_BINDADDR_LOCK 4 /* of sk_userlocks: bound to an address */

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct icsk_ack_fields {
	__u32 lrcvtime;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct icsk_ack_fields icsk_ack;
	__u8 icsk_retransmits;
	__u8 icsk_probes_out;
	__u32 icsk_user_timeout;
	void *icsk_ulp_data;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 snd_una;
	__u32 write_seq;
	__u32 lsndtime;
	__u64 tcp_clock_cache;
	int linger2;
	__u64 bytes_acked;
	__u64 bytes_received;
	bool is_mptcp;
};

struct mptcp_sock {
	struct sock *first;
};

struct mptcp_subflow_context {
	struct sock *conn;
};

enum skb_drop_reason {
	SKB_DROP_REASON_NO_SOCKET = 3,
};

struct sk_buff {
	__be16 protocol;
	char cb[48]; /* struct tcp_skb_cb */
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	void *private_data;
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	unsigned int flags;
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	struct files_struct *files;
	struct css_set *cgroups;
};

struct trace_event_raw_sys_enter {
	unsigned long args[6];
};

struct trace_event_raw_sys_exit {
	long ret;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key;
	void *value;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
