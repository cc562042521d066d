/* SPDX-License-Identifier: Apache-2.0 */
/* Single connections: all that are open, and the last that closed. */
#ifndef connscope_CONN_LIST_H
#define connscope_CONN_LIST_H

#include <stddef.h>
#include <linux/types.h>

struct conn;
struct conn_list;
struct conn_pick;
struct observer;

/* Keeps the last CLOSED_MAX closed connections, in memory that grows up to that. NULL: out of it.
 */
struct conn_list *conn_list__new(size_t closed_max);
/* As it is now, for keeps: not to be observed with. NULL: out of memory. */
struct conn_list *conn_list__copy(const struct conn_list *list);
/* NULL is fine. */
void conn_list__free(struct conn_list *list);

/* From here on closed connections that PICK does not take are not kept, and not missed. PICK must
 * outlive the list. */
void conn_list__pick(struct conn_list *list, const struct conn_pick *pick);

/* What fills the list, to be given to aggregate__observe(): open ones come and go with snapshots.
 */
struct observer *conn_list__observer(struct conn_list *list);

/* The oldest first: a snapshot comes in no order that means anything. */
void conn_list__sort_open(struct conn_list *list);

size_t conn_list__open_count(const struct conn_list *list);
/* The open ones, then the closed ones, the newest first. NULL past the last. */
const struct conn *conn_list__get(const struct conn_list *list, size_t index);
/* Closed ones that are kept no more, and any that there was no memory for. */
__u64 conn_list__forgotten(const struct conn_list *list);

#endif /* connscope_CONN_LIST_H */
