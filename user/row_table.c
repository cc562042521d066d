/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an aggregate by their keys: open addressing, nothing is ever taken out. */
#include "row_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"

#define SLOTS_FIRST 64

struct row_slot {
	__u32 hash;
	__u32 number; /* of the row, from 1; 0: empty */
};

/* Multiply and rotate, eight bytes at a time; its high bits are the good ones. */
static __u32 hash_of(const struct row_key *key)
{
	/* Most have no name, which is more than half of a key. */
	size_t end = key->name[0] ? sizeof(*key) : offsetof(struct row_key, name);
	const char *bytes = (const char *)key;
	__u64 hash = 0, word;

	_Static_assert(sizeof(*key) % sizeof(word) == 0, "whole words");
	for (size_t i = 0; i < end; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		hash = ((hash << 5 | hash >> 59) ^ word) * 0x9e3779b97f4a7c15ULL;
	}
	return (__u32)(hash >> 32);
}

int row_table__init(struct row_table *table, size_t max)
{
	*table = (struct row_table){ .slot_count = SLOTS_FIRST, .max = max };
	table->slots = calloc(SLOTS_FIRST, sizeof(*table->slots));
	/* Pages that are not written take no memory. */
	table->rows = calloc(max, sizeof(*table->rows));
	if (table->slots && table->rows)
		return 0;
	row_table__done(table);
	return -ENOMEM;
}

void row_table__done(struct row_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->rows[i]);
	free(table->rows);
	free(table->slots);
	*table = (struct row_table){};
}

struct row *row_table__find(const struct row_table *table, const struct row_key *key)
{
	__u32 hash = hash_of(key);

	for (size_t at = hash;; at++) {
		const struct row_slot *slot = &table->slots[at & (table->slot_count - 1)];
		struct row *row;

		if (!slot->number)
			return NULL;
		if (slot->hash != hash)
			continue;
		row = table->rows[slot->number - 1];
		if (!memcmp(&row->key, key, sizeof(*key)))
			return row;
	}
}

static void put(struct row_slot *slots, size_t slot_count, struct row_slot slot)
{
	size_t at = slot.hash & (slot_count - 1);

	while (slots[at].number)
		at = (at + 1) & (slot_count - 1);
	slots[at] = slot;
}

static int make_room(struct row_table *table)
{
	size_t slot_count = 2 * table->slot_count;
	struct row_slot *slots;

	if (2 * (table->count + 1) <= table->slot_count)
		return 0;
	slots = calloc(slot_count, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->slot_count; i++) {
		if (table->slots[i].number)
			put(slots, slot_count, table->slots[i]);
	}
	free(table->slots);
	table->slots = slots;
	table->slot_count = slot_count;
	return 0;
}

struct row *row_table__add(struct row_table *table, const struct row_key *key)
{
	struct row *row;

	if (table->count == table->max || make_room(table))
		return NULL;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->key = *key;
	table->rows[table->count++] = row;
	put(table->slots, table->slot_count,
	    (struct row_slot){ .hash = hash_of(key), .number = (__u32)table->count });
	return row;
}
