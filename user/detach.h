/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detaching without waiting for it. Who closes the last file of a link to a system call's
 * tracepoint, or to a kprobe, waits until no CPU can be in it: 80 ms for each of five. A child that
 * outlives us by that long does, and nothing else; if it is killed, the kernel does.
 */
#ifndef connscope_DETACH_H
#define connscope_DETACH_H

#include <stddef.h>

struct bpf_link;

/* From here on closing LINKS detaches nothing: a child has them too, until what this returns is
 * closed. Waits until the child has closed all else. -1: there is no child. */
int detach_hand_over(struct bpf_link *const *links, size_t count);

#endif /* connscope_DETACH_H */
