/* SPDX-License-Identifier: Apache-2.0 */
/* How many local ports a network namespace has for connections that it opens. */
#ifndef connscope_PORT_RANGE_H
#define connscope_PORT_RANGE_H

#include <stdbool.h>
#include <linux/types.h>

#define PORT_RANGE_DEFAULT 28232 /* 32768 to 60999: inet_init_net, net/ipv4/af_inet.c */

/*
 * net.ipv4.ip_local_port_range of the network namespace with the inode NETNS, which process PID may
 * be in. Where that cannot be told, because the process has gone or because all that happened
 * ELSEWHERE, the kernel's default.
 */
__u32 port_range(__u32 netns, __u32 pid, bool elsewhere);

#endif /* connscope_PORT_RANGE_H */
