/* SPDX-License-Identifier: Apache-2.0 */
/* What a row did over time, in slots of equal width, in bounded memory. */
#include "series.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000ULL

struct series *series__new(__u64 start_ns)
{
	struct series *series = calloc(1, sizeof(*series));

	if (!series)
		return NULL;
	series->start_ns = start_ns;
	series->width_ns = SECOND_NS;
	series->most = SERIES_SLOTS;
	return series;
}

void series__done(struct series *series)
{
	free(series->slots);
	*series = (struct series){};
}

void series__free(struct series *series)
{
	if (series)
		series__done(series);
	free(series);
}

static __u32 higher(__u32 a, __u32 b)
{
	return a > b ? a : b;
}

static void add_counts(struct slot *into, const struct slot *from)
{
	into->sent_bytes += from->sent_bytes;
	into->received_bytes += from->received_bytes;
	into->opened += from->opened;
	into->failed += from->failed;
	into->exchanges += from->exchanges;
	into->carriers += from->carriers;
	into->closed += from->closed;
	into->raced += from->raced;
	into->overflows += from->overflows;
}

void slot_add(struct slot *into, const struct slot *from)
{
	add_counts(into, from);
	into->open += from->open;
	into->active += from->active;
	into->depth = higher(into->depth, from->depth);
}

void slot_merge(struct slot *into, const struct slot *from)
{
	add_counts(into, from);
	into->open = higher(into->open, from->open);
	into->active = higher(into->active, from->active);
	into->depth = higher(into->depth, from->depth);
}

static void halve(struct series *series)
{
	size_t count = (series->count + 1) / 2;

	for (size_t i = 0; i < count; i++) {
		struct slot slot = series->slots[2 * i];

		if (2 * i + 1 < series->count)
			slot_merge(&slot, &series->slots[2 * i + 1]);
		series->slots[i] = slot;
	}
	if (series->count)
		memset(&series->slots[count], 0, (series->count - count) * sizeof(struct slot));
	series->count = count;
	series->width_ns *= 2;
}

static bool set_room(struct series *series, size_t room)
{
	struct slot *slots = reallocarray(series->slots, room, sizeof(*slots));

	if (!slots)
		return false;
	if (room > series->room)
		memset(&slots[series->room], 0, (room - series->room) * sizeof(*slots));
	series->slots = slots;
	series->room = room;
	return true;
}

/* By doubling, as time goes on. */
static bool has_room(struct series *series, size_t count)
{
	size_t room = series->room ? series->room : SERIES_LEAST;

	while (room < count)
		room *= 2;
	return room == series->room || set_room(series, room);
}

struct slot *series__at(struct series *series, __u64 ns)
{
	__u64 since = ns > series->start_ns ? ns - series->start_ns : 0;
	size_t index;

	while ((index = (size_t)(since / series->width_ns)) >= series->most)
		halve(series);
	if (index < series->count)
		return &series->slots[index];
	if (!has_room(series, index + 1))
		return NULL;
	series->count = index + 1;
	return &series->slots[index];
}

void series__merge(struct series *series, __u64 ns, const struct slot *slot)
{
	struct slot *at = series__at(series, ns);

	if (at)
		slot_merge(at, slot);
}

void series__narrow(struct series *series, size_t most)
{
	series->most = most;
	while (series->count > most)
		halve(series);
	if (series->room > most)
		set_room(series, most);
}

static size_t most_of(size_t count)
{
	size_t most = SERIES_SLOTS;

	while (count * most * sizeof(struct slot) > SERIES_BYTES && most > SERIES_LEAST)
		most /= 2;
	return most;
}

struct series *series_set__add(struct series_set *set, __u64 start_ns)
{
	struct series *series = series__new(start_ns);
	size_t before = most_of(set->count), most = most_of(set->count + 1);

	if (!series)
		return NULL;
	series->most = most;
	series->next = set->newest;
	set->newest = series;
	set->count++;
	for (; most < before && series; series = series->next)
		series__narrow(series, most);
	return set->newest;
}

void series__add(struct series *into, const struct series *from)
{
	into->start_ns = from->start_ns;
	into->width_ns = from->width_ns;
	if (!has_room(into, from->count))
		return;
	for (size_t i = 0; i < from->count; i++)
		slot_add(&into->slots[i], &from->slots[i]);
	if (from->count > into->count)
		into->count = from->count;
}

/* A record that was lost may take back what a snapshot had counted. */
static __u64 grown(__u64 before, __u64 now)
{
	return now > before ? now - before : 0;
}

void slot_between(const struct sample *before, const struct sample *now, struct slot *ret_slot)
{
	ret_slot->sent_bytes = grown(before->sent_bytes, now->sent_bytes);
	ret_slot->received_bytes = grown(before->received_bytes, now->received_bytes);
	ret_slot->opened = (__u32)grown(before->opened, now->opened);
	ret_slot->failed = (__u32)grown(before->failed, now->failed);
	ret_slot->exchanges = (__u32)grown(before->exchanges, now->exchanges);
	ret_slot->carriers = (__u32)grown(before->carriers, now->carriers);
	ret_slot->closed = (__u32)grown(before->closed, now->closed);
	ret_slot->raced = (__u32)grown(before->raced, now->raced);
	ret_slot->overflows = (__u32)grown(before->overflows, now->overflows);
	ret_slot->open = now->open;
	ret_slot->active = now->active;
	ret_slot->depth = now->depth;
}
