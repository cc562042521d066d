/* SPDX-License-Identifier: Apache-2.0 */
/* A loopback connection of our own, to see which hooks run. */
#ifndef connscope_LOOPBACK_H
#define connscope_LOOPBACK_H

/* One IPv4 connection to ourselves: listen, connect, accept, a byte each way, the client closes
 * first. 0, or -errno where there is no usable loopback in this network namespace. */
int loopback_exchange(void);

#endif /* connscope_LOOPBACK_H */
