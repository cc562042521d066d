/* SPDX-License-Identifier: Apache-2.0 */
/* Single connections: all that are open, and the last that closed. */
#ifndef connscope_CONN_LIST_H
#define connscope_CONN_LIST_H

#include <stddef.h>
#include <linux/types.h>

struct conn;
struct conn_list;

/* Keeps the last CLOSED_MAX closed connections, in memory that grows up to that. NULL: out of it.
 */
struct conn_list *conn_list__new(size_t closed_max);
/* NULL is fine. */
void conn_list__free(struct conn_list *list);

void conn_list__closed(struct conn_list *list, const struct conn *conn);
/* What became known of a closed one later; nothing where it is kept no more. */
void conn_list__amended(struct conn_list *list, const struct conn *before,
			const struct conn *after);
/* A new snapshot: forget the open ones, then add those of this one. */
void conn_list__begin_snapshot(struct conn_list *list);
void conn_list__open(struct conn_list *list, const struct conn *conn);

size_t conn_list__open_count(const struct conn_list *list);
/* The open ones as they came, then the closed ones, the newest first. NULL past the last. */
const struct conn *conn_list__get(const struct conn_list *list, size_t index);
/* Closed ones that are kept no more, and any that there was no memory for. */
__u64 conn_list__forgotten(const struct conn_list *list);

#endif /* connscope_CONN_LIST_H */
