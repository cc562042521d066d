/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of a recording did over time, tick by tick as it was seen. */
#include "replay_part.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "cleanup.h"
#include "recording.h"

/* One row of the recording's reports; several may be one row of ours. */
struct endpoint {
	sqlite3_int64 id;
	size_t target;
	struct slot slot; /* of this tick; levels stay until they are said to change */
};

/* One row of ours. */
struct target {
	struct series *series;
	struct slot slot;
};

struct ticks {
	struct aggregate *agg;
	struct endpoint *endpoints; /* by id */
	struct target *targets;
	size_t endpoint_count, endpoint_room, target_count, target_room;
	__u64 since_ns;
	__u64 before_ns; /* the tick before, or the start */
	__u64 now_ns;	 /* 0: before the first */
};

void *replay_grow(void *items, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 16;

	if (count < *room)
		return items;
	items = reallocarray(items, more, size);
	if (items)
		*room = more;
	return items;
}

static int find_target(struct ticks *ticks, struct series *series, size_t *ret_target)
{
	struct target *targets;
	size_t i;

	for (i = 0; i < ticks->target_count; i++) {
		if (ticks->targets[i].series == series)
			break;
	}
	if (i == ticks->target_count) {
		targets = replay_grow(ticks->targets, i, &ticks->target_room, sizeof(*targets));
		if (!targets)
			return -ENOMEM;
		ticks->targets = targets;
		targets[ticks->target_count++] = (struct target){ .series = series };
	}
	*ret_target = i;
	return 0;
}

static int take_endpoint(sqlite3_stmt *row, void *context)
{
	struct ticks *ticks = context;
	struct endpoint endpoint = { .id = sqlite3_column_int64(row, 0) };
	struct endpoint *endpoints;
	struct row_key key;
	struct series *series;
	int err = recording_get_endpoint(row, 1, &key);

	if (err)
		return err;
	series = aggregate__series(ticks->agg, &key);
	if (!series)
		return 0;
	endpoints = replay_grow(ticks->endpoints, ticks->endpoint_count, &ticks->endpoint_room,
				sizeof(*endpoints));
	if (!endpoints)
		return -ENOMEM;
	ticks->endpoints = endpoints;
	err = find_target(ticks, series, &endpoint.target);
	if (!err)
		endpoints[ticks->endpoint_count++] = endpoint;
	return err;
}

/* The tick that was is whole. */
static void end_tick(struct ticks *ticks)
{
	bool wanted = ticks->now_ns > ticks->since_ns;
	/* As aggregate__tick() has it. */
	__u64 middle_ns = ticks->before_ns + (ticks->now_ns - ticks->before_ns) / 2;

	ticks->before_ns = ticks->now_ns;

	for (size_t i = 0; i < ticks->endpoint_count; i++) {
		struct slot *slot = &ticks->endpoints[i].slot;

		slot_add(&ticks->targets[ticks->endpoints[i].target].slot, slot);
		*slot = (struct slot){ .open = slot->open,
				       .active = slot->active,
				       .depth = slot->depth };
	}
	for (size_t i = 0; i < ticks->target_count; i++) {
		struct target *target = &ticks->targets[i];

		if (wanted)
			series__merge(target->series, middle_ns, &target->slot);
		memset(&target->slot, 0, sizeof(target->slot));
	}
}

static int compare_endpoints(const void *left, const void *right)
{
	const struct endpoint *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static __u32 get_u32(sqlite3_stmt *row, int at)
{
	sqlite3_int64 number = sqlite3_column_int64(row, at);

	return number < 0 || number > UINT32_MAX ? 0 : (__u32)number;
}

static void get_slot(sqlite3_stmt *row, int at, struct slot *ret_slot)
{
	ret_slot->opened = get_u32(row, at);
	ret_slot->failed = get_u32(row, at + 1);
	ret_slot->exchanges = get_u32(row, at + 2);
	ret_slot->carriers = get_u32(row, at + 3);
	ret_slot->closed = get_u32(row, at + 4);
	ret_slot->raced = get_u32(row, at + 5);
	ret_slot->overflows = get_u32(row, at + 6);
	ret_slot->sent_bytes = (__u64)sqlite3_column_int64(row, at + 7);
	ret_slot->received_bytes = (__u64)sqlite3_column_int64(row, at + 8);
	ret_slot->open = get_u32(row, at + 9);
	ret_slot->active = get_u32(row, at + 10);
	ret_slot->depth = get_u32(row, at + 11);
}

static int take_interval(sqlite3_stmt *row, void *context)
{
	struct ticks *ticks = context;
	const struct endpoint key = { .id = sqlite3_column_int64(row, 1) };
	__u64 ns = (__u64)sqlite3_column_int64(row, 0);
	struct endpoint *endpoint;

	if (ticks->now_ns && ns != ticks->now_ns)
		end_tick(ticks);
	ticks->now_ns = ns;
	endpoint = bsearch(&key, ticks->endpoints, ticks->endpoint_count, sizeof(key),
			   compare_endpoints);
	if (endpoint)
		get_slot(row, 2, &endpoint->slot);
	return 0;
}

int replay_series(sqlite3 *db, const struct window *window, struct aggregate *agg)
{
	static const char endpoints[] = "SELECT id, " ENDPOINT_COLUMNS " FROM endpoint ORDER BY id";
	static const char intervals[] =
		"SELECT tick.ns, endpoint, opened, failed, exchanges, carriers, closed, raced, "
		"overflows, sent_bytes, received_bytes, open, active, depth "
		"FROM tick LEFT JOIN interval ON interval.ns = tick.ns "
		"WHERE tick.ns <= ?2 ORDER BY tick.ns";
	struct ticks ticks = { .agg = agg,
			       .since_ns = window->since_ns,
			       .before_ns = window->start_ns };
	auto_free struct endpoint *endpoint_items = NULL;
	auto_free struct target *target_items = NULL;
	int err = replay_rows(db, endpoints, NULL, &ticks, take_endpoint);

	endpoint_items = ticks.endpoints;
	target_items = ticks.targets;
	if (err || !ticks.endpoint_count)
		return err;
	err = replay_rows(db, intervals, window, &ticks, take_interval);
	if (!err && ticks.now_ns)
		end_tick(&ticks);
	return err;
}
