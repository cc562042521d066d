/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a recording within its bounds: what ended first goes first. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "clock.h"
#include "recorder_part.h"
#include "recording.h"

#define DROP_CONNS  1024 /* in one step */
#define DROP_MS	    100	 /* in one tick, for the ring buffer fills meanwhile: the rest waits */
#define SHARE	    256	 /* of the time recorded goes at once where there is too much */
#define TIMES_TICKS 64	 /* ticks between looking for what has become too old in the other tables */

int bounds__init(struct bounds *bounds, sqlite3 *db, __u64 max_bytes, __u64 keep_ms)
{
	static const char oldest[] = "SELECT id, id + coalesce(closed_ns, 0) FROM conn "
				     "WHERE ended > 0 ORDER BY ended LIMIT 1";
	static const char drop[] = "DELETE FROM conn WHERE id = ?";
	static const char pages[] = "SELECT page_count, freelist_count, page_size FROM "
				    "pragma_page_count, pragma_freelist_count, pragma_page_size";
	static const char first[] = "SELECT min(ns) FROM (SELECT min(ns) AS ns FROM tick "
				    "UNION ALL SELECT min(id) FROM event)";
	int err;

	bounds->db = db;
	bounds->max_bytes = max_bytes;
	bounds->keep_ns = keep_ms * 1000000;
	err = recording_prepare(db, oldest, &bounds->oldest);
	err = err ? err : recording_prepare(db, drop, &bounds->drop);
	err = err ? err : recording_prepare(db, pages, &bounds->pages);
	return err ? err : recording_prepare(db, first, &bounds->first);
}

void bounds__done(struct bounds *bounds)
{
	sqlite3_finalize(bounds->oldest);
	sqlite3_finalize(bounds->drop);
	sqlite3_finalize(bounds->pages);
	sqlite3_finalize(bounds->first);
}

/* The connection that ended first. False: none has, or an error. */
static bool find_oldest(struct bounds *bounds, __u64 *ret_id, __u64 *ret_closed_ns)
{
	bool found = sqlite3_step(bounds->oldest) == SQLITE_ROW;

	if (found) {
		*ret_id = (__u64)sqlite3_column_int64(bounds->oldest, 0);
		*ret_closed_ns = (__u64)sqlite3_column_int64(bounds->oldest, 1);
	}
	sqlite3_reset(bounds->oldest);
	return found;
}

/* Up to DROP_CONNS of those that ended before CUTOFF_NS. */
static int drop_conns(struct bounds *bounds, __u64 cutoff_ns, __u64 *ret_dropped)
{
	__u64 id, closed_ns, dropped = 0;
	int err = 0;

	while (!err && dropped < DROP_CONNS && find_oldest(bounds, &id, &closed_ns) &&
	       closed_ns < cutoff_ns) {
		sqlite3_bind_int64(bounds->drop, 1, (sqlite3_int64)id);
		err = part_run(bounds->drop);
		dropped++;
	}
	bounds->dropped += dropped;
	*ret_dropped = dropped;
	return err;
}

/* What was noted before CUTOFF_NS. */
static int drop_ticks(struct bounds *bounds, __u64 cutoff_ns)
{
	static const char *const sql[] = {
		"DELETE FROM tick WHERE ns < ?",
		"DELETE FROM interval WHERE ns < ?",
		"DELETE FROM histogram WHERE ns < ?",
		"DELETE FROM listener_depth WHERE ns < ?",
		"DELETE FROM event WHERE id < ?",
		"DELETE FROM listener_sample WHERE listener IN (SELECT id FROM listener) "
		"AND ns < ?",
		"DELETE FROM listener WHERE closed_ns < ?",
	};
	sqlite3_stmt *stmt;
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(sql) / sizeof(sql[0]); i++) {
		err = recording_prepare(bounds->db, sql[i], &stmt);
		if (err)
			break;
		sqlite3_bind_int64(stmt, 1, (sqlite3_int64)cutoff_ns);
		err = part_run(stmt);
		sqlite3_finalize(stmt);
	}
	return err;
}

static int drop_old(struct bounds *bounds, __u64 cutoff_ns)
{
	__u64 end_ms = clock_monotonic_ms() + DROP_MS, dropped = DROP_CONNS;
	int err = 0;

	while (!err && dropped == DROP_CONNS && clock_monotonic_ms() < end_ms)
		err = drop_conns(bounds, cutoff_ns, &dropped);
	if (!err && bounds->ticks++ % TIMES_TICKS == 0)
		err = drop_ticks(bounds, cutoff_ns);
	return err;
}

struct pages {
	__u64 used, all; /* in bytes */
	__u64 size;	 /* of one */
};

static struct pages count_pages(struct bounds *bounds)
{
	struct pages pages = {};

	if (sqlite3_step(bounds->pages) == SQLITE_ROW) {
		__u64 all = (__u64)sqlite3_column_int64(bounds->pages, 0);
		__u64 unused = (__u64)sqlite3_column_int64(bounds->pages, 1);
		__u64 size = (__u64)sqlite3_column_int64(bounds->pages, 2);

		pages = (struct pages){ (all - unused) * size, all * size, size };
	}
	sqlite3_reset(bounds->pages);
	return pages;
}

/* When what is there begins, as far as it can be dropped. */
static __u64 find_start(struct bounds *bounds, __u64 now_ns)
{
	__u64 start = now_ns, id, closed_ns;

	if (sqlite3_step(bounds->first) == SQLITE_ROW && sqlite3_column_int64(bounds->first, 0))
		start = (__u64)sqlite3_column_int64(bounds->first, 0);
	sqlite3_reset(bounds->first);
	if (find_oldest(bounds, &id, &closed_ns) && closed_ns < start)
		start = closed_ns;
	return start;
}

/* What is of before CUTOFF_NS: of all tables the same time, where connections are too many. */
static int drop_slice(struct bounds *bounds, __u64 cutoff_ns)
{
	__u64 dropped, id, closed_ns;
	int err = drop_conns(bounds, cutoff_ns, &dropped);

	if (err)
		return err;
	if (find_oldest(bounds, &id, &closed_ns) && closed_ns < cutoff_ns)
		cutoff_ns = closed_ns;
	return drop_ticks(bounds, cutoff_ns);
}

/* Gives back no more pages than need be: those of the end move for it. */
static int give_back(struct bounds *bounds, const struct pages *pages)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%llu)",
		 (pages->all - bounds->max_bytes + pages->size - 1) / pages->size);
	return recording_error(sqlite3_exec(bounds->db, sql, NULL, NULL, NULL));
}

/* Slice by slice of time, until it fits; open connections alone may be more than that. */
static int shrink(struct bounds *bounds, __u64 now_ns)
{
	__u64 end_ms = clock_monotonic_ms() + DROP_MS;
	struct pages pages = count_pages(bounds);
	int err = 0;

	while (!err && pages.used > bounds->max_bytes && clock_monotonic_ms() < end_ms) {
		__u64 start = find_start(bounds, now_ns);
		__u64 cutoff_ns = start + (now_ns - start) / SHARE + 1;

		if (cutoff_ns >= now_ns)
			break;
		err = drop_slice(bounds, cutoff_ns);
		pages = count_pages(bounds);
	}
	return err || pages.all <= bounds->max_bytes ? err : give_back(bounds, &pages);
}

int bounds__keep(struct bounds *bounds, __u64 now_ns)
{
	int err = 0;

	if (bounds->keep_ns && now_ns > bounds->keep_ns)
		err = drop_old(bounds, now_ns - bounds->keep_ns);
	if (!err && bounds->max_bytes)
		err = shrink(bounds, now_ns);
	return err;
}
