/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a replay, each of which reads tables of its own. Only replay.c uses them. Every
 * function returns 0 or a negative errno, not logged. */
#ifndef connscope_REPLAY_PART_H
#define connscope_REPLAY_PART_H

#include <stddef.h>
#include <sqlite3.h>
#include <linux/types.h>

struct aggregate;

/* After since_ns and up to until_ns. */
struct window {
	__u64 since_ns, until_ns;
	__u64 start_ns; /* of the recording */
};

/* Runs SQL with WINDOW, where it is given, as ?1 and ?2, and hands each row to TAKE until that
 * fails. */
int replay_rows(sqlite3 *db, const char *sql, const struct window *window, void *context,
		int (*take)(sqlite3_stmt *row, void *context));

/* ITEMS, COUNT of SIZE each, with room for one more: as they are, or moved. NULL: out of memory,
 * and ITEMS are where they were. */
void *replay_grow(void *items, size_t count, size_t *room, size_t size);

/* Connections and listeners that had ended by the end of WINDOW, and those that were open then, to
 * be called within a snapshot. */
int replay_ended(sqlite3 *db, const struct window *window, struct aggregate *agg);
int replay_open(sqlite3 *db, const struct window *window, struct aggregate *agg);

/* Queues as they were looked at between snapshots. */
int replay_depths(sqlite3 *db, const struct window *window, struct aggregate *agg);

/* What the ticks of WINDOW counted. */
int replay_histograms(sqlite3 *db, const struct window *window, struct aggregate *agg);

/* What the rows of AGG, which keeps series, did in them. */
int replay_series(sqlite3 *db, const struct window *window, struct aggregate *agg);

/* Single events in order of time, to be told as they were. */
int replay_events(sqlite3 *db, const struct window *window, struct aggregate *agg);

#endif /* connscope_REPLAY_PART_H */
