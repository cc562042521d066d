/* SPDX-License-Identifier: Apache-2.0 */
/* The local ports that a network namespace has for connections that it opens. */
#ifndef connscope_LOCAL_PORTS_H
#define connscope_LOCAL_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define LOCAL_PORTS_DEFAULT 28232 /* 32768 to 60999: inet_init_net, net/ipv4/af_inet.c */

struct local_ports {
	__u32 count;	/* net.ipv4.ip_local_port_range */
	__u32 tw_reuse; /* net.ipv4.tcp_tw_reuse: 0 never, 1 always, 2 (the default) on loopback */
};

/* Those of each network namespace that was asked for, which takes a process each time. */
struct ports_by_netns {
	struct netns_ports *items;
	size_t count;
};

/*
 * Those of the network namespace with the inode NETNS, which process PID may be in. Where that
 * cannot be told, because the process has gone or because all that happened ELSEWHERE, the
 * kernel's defaults.
 */
struct local_ports ports_by_netns__find(struct ports_by_netns *known, __u32 netns, __u32 pid,
					bool elsewhere);
void ports_by_netns__done(struct ports_by_netns *known);

#endif /* connscope_LOCAL_PORTS_H */
