/* SPDX-License-Identifier: Apache-2.0 */
/* Loopback connections of our own, to see which hooks run and what they deliver. */
#ifndef connscope_LOOPBACK_H
#define connscope_LOOPBACK_H

#include <stddef.h>
#include <linux/types.h>

/* All sockets are IPv4 and wait a second at most. All that return int give 0 or -errno, and a
 * descriptor only on success. */
int loopback_listen(int backlog, int *ret_fd);
/* Does not wait for the end of the handshake where LISTENER's queue is full. */
int loopback_connect(int listener, int *ret_fd);
int loopback_accept(int listener, int *ret_fd);
/* LEN bytes, 64 at most, out of FROM, and into TO unless it is -1. */
int loopback_send(int from, int to, size_t len);
/* The local one, 0 when FD is no socket. */
__u16 loopback_port(int fd);

/* One connection to ourselves: listen, connect, accept, a byte each way, the client closes first.
 * -errno where there is no usable loopback in this network namespace. */
int loopback_exchange(void);

#endif /* connscope_LOOPBACK_H */
