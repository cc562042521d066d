/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a recording, an SQLite database: its schema, how it is opened to be read, and how
 * records become rows and rows records. recorder.h writes it, replay.h reads it.
 *
 * Times in tables are CLOCK_MONOTONIC nanoseconds, as in struct conn, so that differences stay
 * exact; `recording` has one moment by both clocks. The SQL views give wall-clock times.
 */
#ifndef connscope_RECORDING_H
#define connscope_RECORDING_H

#include <stdbool.h>
#include <sqlite3.h>
#include <linux/types.h>

#include "connscope/conn.h"

struct row_key;

#define RECORDING_APPLICATION_ID 0x43534350 /* "CSCP" */
#define RECORDING_SCHEMA	 2	    /* user_version: a reader takes this one alone */

/* All tables, and all views on them, for sqlite3_exec(). */
extern const char recording_schema[];
extern const char recording_views[];

/* A negative errno for what SQLite said. */
int recording_error(int result);
/* PATH as SQLite is to be given it; the caller frees. NULL when out of memory. */
char *recording_name(const char *path);
/* SQL's statement. -errno, not logged. */
int recording_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_stmt);

/*
 * Opens PATH to be read as it is at this moment, also while it is being written and where nothing
 * can be written. -EIO, logged: it is not there, not a recording, of a newer schema or damaged.
 */
int recording_open(const char *path, sqlite3 **ret_db);

/* A recorder has PATH open now. Not to be asked while this process has it open, whose locks would
 * be gone after. */
bool recording_is_written(const char *path);

/* Columns in the order in which the functions below put and get them. */
#define CONN_ID_COLUMNS "shift, role, netns, local_addr, local_port, remote_addr, remote_port"
#define CONN_COLUMNS                                                                               \
	CONN_ID_COLUMNS                                                                            \
	", family, state, bound, queued, ready, turn, untimed, flags, initiator, cause, fail, "    \
	"ready_ns, last_ns, closed_ns, idle_ms, idle_others, exchanges, sent_bytes, "              \
	"received_bytes, depth, queue_limit, pid, tid, cgroup, comm"
#define CONN_COLUMN_VALUES "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"

#define LISTENER_COLUMNS                                                                           \
	"netns, addr, port, family, pid, cgroup, comm, flags, backlog_asked, queue_limit, "        \
	"somaxconn, depth, syn_drops, ack_drops"
#define LISTENER_COLUMN_VALUES "?,?,?,?,?,?,?,?,?,?,?,?,?,?"

#define GROUP_COLUMNS	    "role, netns, addr, port, bound, pid, cgroup, comm"
#define GROUP_COLUMN_VALUES "?,?,?,?,?,?,?,?"

#define ENDPOINT_COLUMNS       "role, netns, addr, port, pid, cgroup, comm, name"
#define ENDPOINT_COLUMN_VALUES "?,?,?,?,?,?,?,?"

/* Each binds to, or reads from, the columns of STMT from AT on. SHIFT is what the row's id is more
 * than opened_ns. A get returns -EBADMSG where a value cannot be. */
void recording_put_conn(sqlite3_stmt *stmt, int at, const struct conn *conn, __u32 shift);
int recording_get_conn(sqlite3_stmt *stmt, int at, __u64 id, struct conn *ret_conn);
void recording_put_listener(sqlite3_stmt *stmt, int at, const struct listener *listener);
int recording_get_listener(sqlite3_stmt *stmt, int at, struct listener *ret_listener);
void recording_put_group(sqlite3_stmt *stmt, int at, const struct group_key *key);
int recording_get_group(sqlite3_stmt *stmt, int at, struct group_key *ret_key);
void recording_put_endpoint(sqlite3_stmt *stmt, int at, const struct row_key *key);
int recording_get_endpoint(sqlite3_stmt *stmt, int at, struct row_key *ret_key);

/* The row of CONN_ID_COLUMNS from AT on is CONN's. */
bool recording_is_conn(sqlite3_stmt *stmt, int at, __u64 id, const struct conn *conn);

#endif /* connscope_RECORDING_H */
