/* SPDX-License-Identifier: Apache-2.0 */
/* The histograms of a recording, summed over its ticks as the kernel had summed them. */
#include "replay_part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "aggregate.h"
#include "cleanup.h"
#include "recording.h"

struct pool {
	sqlite3_int64 id;
	struct group_key key;
	struct group group;
};

struct pools {
	struct pool *items; /* by id */
	size_t count, room;
};

static int take_pool(sqlite3_stmt *row, void *context)
{
	struct pools *pools = context;
	struct pool *items = replay_grow(pools->items, pools->count, &pools->room, sizeof(*items));

	if (!items)
		return -ENOMEM;
	pools->items = items;
	pools->items[pools->count] = (struct pool){ .id = sqlite3_column_int64(row, 0) };
	return recording_get_group(row, 1, &pools->items[pools->count++].key);
}

static int compare_pools(const void *left, const void *right)
{
	const struct pool *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

/* [[bucket, count], ...], as written without a blank. */
static int add_pairs(const char *text, struct hist *hist)
{
	unsigned int bucket, count;
	int used;

	if (!text)
		return 0;
	while (*text++) {
		used = 0;
		if (sscanf(text, "[%3u,%10u]%n", &bucket, &count, &used) < 2 || !used ||
		    bucket >= HIST_SLOTS)
			return -EBADMSG;
		hist->slots[bucket] += count;
		text += used;
		if (*text == ']')
			return 0;
	}
	return -EBADMSG;
}

/* The three columns from AT on. */
static int add_growth(sqlite3_stmt *row, int at, struct hist *hist)
{
	__u64 max = (__u64)sqlite3_column_int64(row, at + 2);

	hist->sum += (__u64)sqlite3_column_int64(row, at + 1);
	if (max > hist->max)
		hist->max = max;
	return add_pairs((const char *)sqlite3_column_text(row, at), hist);
}

static void raise_to(__s32 value, __s32 *peak)
{
	if (value > *peak)
		*peak = value;
}

static int take_histogram(sqlite3_stmt *row, void *context)
{
	const struct pools *pools = context;
	const struct pool key = { .id = sqlite3_column_int64(row, 0) };
	struct pool *pool = NULL;
	int err;

	if (pools->count)
		pool = bsearch(&key, pools->items, pools->count, sizeof(key), compare_pools);
	if (!pool)
		return 0;
	raise_to(sqlite3_column_int(row, 1), &pool->group.open_peak);
	raise_to(sqlite3_column_int(row, 2), &pool->group.active_peak);
	err = add_growth(row, 3, &pool->group.idle_gap_us);
	return err ? err : add_growth(row, 6, &pool->group.response_us);
}

int replay_histograms(sqlite3 *db, const struct window *window, struct aggregate *agg)
{
	static const char all_pools[] = "SELECT id, " GROUP_COLUMNS " FROM pool ORDER BY id";
	static const char histograms[] =
		"SELECT pool, open_peak, active_peak, idle_gap_us, idle_gap_sum_us, "
		"idle_gap_max_us, "
		"response_us, response_sum_us, response_max_us FROM histogram "
		"WHERE ns > ?1 AND ns <= ?2";
	struct pools pools = {};
	auto_free struct pool *items = NULL;
	int err = replay_rows(db, all_pools, NULL, &pools, take_pool);

	if (!err)
		err = replay_rows(db, histograms, window, &pools, take_histogram);
	items = pools.items;
	for (size_t i = 0; !err && i < pools.count; i++)
		aggregate__group(agg, &items[i].key, &items[i].group);
	return err;
}
