/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a recorder, each of which writes what it is told of into tables of its own. Only
 * recorder.c uses them. Every function returns 0 or a negative errno, not logged, after which
 * nothing more can be written.
 */
#ifndef connscope_RECORDER_PART_H
#define connscope_RECORDER_PART_H

#include <stdbool.h>
#include <sqlite3.h>
#include <linux/types.h>

struct record;

/* Connections: in memory are those that are open, so that only what has changed is written. */
struct conn_writer {
	sqlite3 *db;
	sqlite3_stmt *insert, *update, *amend, *lose, *find;
	struct open_conn *open; /* uthash */
	__u64 snapshot;		/* number of */
	__u64 ended;
	__u64 written; /* connections */
};

int conn_writer__init(struct conn_writer *writer, sqlite3 *db);
void conn_writer__done(struct conn_writer *writer);
int conn_writer__take(struct conn_writer *writer, const struct record *record);

/* Listening sockets and what their queues were at. */
struct listener_writer {
	sqlite3 *db;
	sqlite3_stmt *insert, *update, *sample, *depth, *lose;
	struct open_listener *open; /* uthash */
	__u64 snapshot;
	__u64 ended;
	__u64 tick_ns; /* of the last tick */
};

int listener_writer__init(struct listener_writer *writer, sqlite3 *db);
void listener_writer__done(struct listener_writer *writer);
int listener_writer__take(struct listener_writer *writer, const struct record *record);

/* What is counted tick by tick: histograms of the kernel's groups, and rows of the reports. */
struct tick_writer {
	sqlite3 *db;
	sqlite3_stmt *new_pool, *histogram, *new_endpoint, *interval, *tick, *container;
	struct pool *pools;	      /* uthash */
	struct endpoint *endpoints;   /* uthash */
	struct container *containers; /* uthash */
};

int tick_writer__init(struct tick_writer *writer, sqlite3 *db);
void tick_writer__done(struct tick_writer *writer);
int tick_writer__take(struct tick_writer *writer, const struct record *record);

/* How much may stay of what is over. */
struct bounds {
	sqlite3 *db;
	sqlite3_stmt *oldest, *drop, *pages, *first;
	__u64 max_bytes, keep_ns; /* 0: no such bound */
	__u64 ticks;
	__u64 dropped; /* connections */
};

int bounds__init(struct bounds *bounds, sqlite3 *db, __u64 max_bytes, __u64 keep_ms);
void bounds__done(struct bounds *bounds);
/* Drops what is too old, or too much. */
int bounds__keep(struct bounds *bounds, __u64 now_ns);

/* Runs STMT, which gives no rows, and makes it ready for the next time. */
int part_run(sqlite3_stmt *stmt);

#endif /* connscope_RECORDER_PART_H */
