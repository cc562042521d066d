/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of an aggregate by their keys: the look-up that each event needs. A probe reads eight
 * bytes of a flat array; uthash would read every row of a chain, and spend half of an event on its
 * hash.
 */
#ifndef connscope_ROW_TABLE_H
#define connscope_ROW_TABLE_H

#include <stddef.h>
#include <linux/types.h>

struct row;
struct row_key;

struct row_table {
	struct row_slot *slots; /* a power of two, at least half of them empty */
	size_t slot_count;
	struct row **rows; /* as they were added, up to MAX; owned */
	size_t count, max;
};

/* -ENOMEM. */
int row_table__init(struct row_table *table, size_t max);
/* What rows point to is the caller's to free. A zeroed table is fine. */
void row_table__done(struct row_table *table);

/* NULL: there is none. Padding of KEY takes part. */
struct row *row_table__find(const struct row_table *table, const struct row_key *key);
/* A new row, zero but for its key, which is in no row yet. NULL: out of memory, or there are MAX.
 */
struct row *row_table__add(struct row_table *table, const struct row_key *key);

#endif /* connscope_ROW_TABLE_H */
