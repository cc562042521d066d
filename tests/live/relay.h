/* SPDX-License-Identifier: Apache-2.0 */
/* The path between two network namespaces: a process between two TUN devices that loses, doubles,
 * delays and, where it is told to, holds packets. */
#ifndef connscope_RELAY_H
#define connscope_RELAY_H

#include <stdatomic.h>
#include <stdint.h>

#define RELAY_DEVICE  "wire" /* the TUN device's name in both namespaces */
#define RELAY_LANES   256
#define RELAY_PORTS   7000 /* server ports: the lane is what is left modulo RELAY_STRIDE */
#define RELAY_STRIDE  1000
#define RELAY_LOSS    10 /* of 1000 packets */
#define RELAY_DOUBLED 3
#define RELAY_DELAYED 10 /* by up to 3 ms, so that others overtake them */

/* Shared between processes. While held[LANE], no packet of that lane reaches its other end; then
 * all do, in the order in which they were sent. */
struct relay {
	atomic_bool held[RELAY_LANES];
};

/* Opens the TUN device of the network namespace that the caller is in. */
int relay__open(void);
/* Carries packets between two such devices until it is killed. */
void relay__run(struct relay *relay, int a, int b, uint64_t seed) __attribute__((noreturn));

/* One step of a pseudo-random sequence (splitmix64). */
uint64_t random_next(uint64_t *state);

#endif /* connscope_RELAY_H */
