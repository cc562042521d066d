/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked events of the kernel -> single events for the aggregate, each told once: an exchange is
 * read from the kernel's map as soon as it is quiet, and comes as an event when it is whole.
 */
#ifndef connscope_TELLER_H
#define connscope_TELLER_H

#include <stdbool.h>
#include <linux/types.h>

struct aggregate;
struct event_header;
struct exchange_event;
struct listener_snapshot;
struct teller;

/* COUNTS_SYNS: no event tells of a refused SYN, see teller__listener(). NULL: out of memory. */
struct teller *teller__new(bool counts_syns);
/* NULL is fine. */
void teller__free(struct teller *teller);

/* A checked EVENT of the ring buffer, of any type; one that ends something, before the aggregate
 * takes it in. */
void teller__take(struct teller *teller, struct aggregate *agg, const struct event_header *event);

/* One that is not whole yet, read from the kernel's map. */
void teller__exchange(struct teller *teller, struct aggregate *agg,
		      const struct exchange_event *event);

/* So many events have been lost up to NS; modular. */
void teller__lost(struct teller *teller, struct aggregate *agg, __u32 lost, __u64 ns);

/*
 * Where no event tells of a refused SYN: a listener as it is now. A count is good when it has been
 * seen twice (it is worked out from two that do not change at one moment), or LAST of all.
 */
void teller__listener(struct teller *teller, struct aggregate *agg,
		      const struct listener_snapshot *snapshot, bool last);

#endif /* connscope_TELLER_H */
