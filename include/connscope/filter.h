/* SPDX-License-Identifier: Apache-2.0 */
/* The filters that the kernel side decides, as read-only configuration of the BPF object. */
#ifndef connscope_SHARED_FILTER_H
#define connscope_SHARED_FILTER_H

#define FILTER_PORTS 16
#define FILTER_NETS  8
#define FILTER_PIDS  16
#define FILTER_IDS   64

struct filter_net {
	__u8 addr[16]; /* IPv4 as IPv4-mapped */
	__u8 mask[16];
};

/* A count of 0 means: anything. Each list is alternatives; all lists must agree. */
struct filter_knobs {
	__u64 cgroups[FILTER_IDS];	     /* cgroup v2 ids, with those below them */
	__u32 netns[FILTER_PIDS];	     /* inode numbers */
	__u32 pids[FILTER_PIDS];	     /* thread group ids */
	struct filter_net nets[FILTER_NETS]; /* remote address */
	__u16 ports[FILTER_PORTS];	     /* service port: remote of clients, local of servers */
	__u16 local_ports[FILTER_PORTS];
	__u16 remote_ports[FILTER_PORTS];
	__u8 cgroup_count;
	__u8 netns_count;
	__u8 pid_count;
	__u8 net_count;
	__u8 port_count;
	__u8 local_port_count;
	__u8 remote_port_count;
	__u8 family; /* AF_INET, AF_INET6, 0 both */
	__u8 role;   /* enum conn_role, ROLE_NONE both */
	__u8 pad[7];
};

#endif /* connscope_SHARED_FILTER_H */
