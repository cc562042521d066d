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

struct conn;
struct listener;
struct record;
struct recorder_options;

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
/* The id of CONN's row, which is written where there is none yet. RET_TOLD is where that of its
 * last exchange is to be kept, NULL when it has ended. */
int conn_writer__row(struct conn_writer *writer, const struct conn *conn, __u64 *ret_id,
		     __u64 **ret_told);

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
/* The id of the row of LISTENER, or of another with its address and owner; written at NOW_NS where
 * there is none yet. */
int listener_writer__row(struct listener_writer *writer, const struct listener *listener,
			 __u64 now_ns, __u64 *ret_id);

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

/* Single events, as far as the rows of connections do not tell them. */
struct event_writer {
	sqlite3 *db;
	sqlite3_stmt *insert, *drop;
	struct conn_writer *conns;
	struct listener_writer *listeners;
	__u64 latest_ns; /* of what was told */
};

int event_writer__init(struct event_writer *writer, sqlite3 *db, struct conn_writer *conns,
		       struct listener_writer *listeners);
void event_writer__done(struct event_writer *writer);
int event_writer__take(struct event_writer *writer, const struct record *record);

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

/* The one row of `recording`: what the syncs will tell is 0 as yet. */
int part_write_start(sqlite3 *db, const struct recorder_options *options);

void part_bind_text(sqlite3_stmt *stmt, int at, const char *text);
/* Runs STMT, which gives no rows, and makes it ready for the next time. */
int part_run(sqlite3_stmt *stmt);

#endif /* connscope_RECORDER_PART_H */
