/* SPDX-License-Identifier: Apache-2.0 */
/* The connections and listeners of a recording, as they were at the end of a window. */
#include "replay_part.h"

#include <stdbool.h>
#include <netinet/tcp.h>

#include "aggregate.h"
#include "recording.h"

struct reading {
	const struct window *window;
	struct aggregate *agg;
};

/* ---- connections ---- */

/* Alive at some time of it. The end of one that failed is its beginning. */
static bool is_within(const struct window *window, const struct conn *conn)
{
	return conn->opened_ns <= window->until_ns &&
	       (!conn->closed_ns || conn->closed_ns >= window->since_ns);
}

/* CONN as of UNTIL_NS, before its end: what was counted on it later stays, for when is not known.
 */
static void reopen(struct conn *conn, __u64 until_ns)
{
	conn->closed_ns = 0;
	conn->initiator = INITIATOR_NONE;
	conn->cause = CAUSE_NONE;
	conn->fail = FAIL_NONE;
	conn->idle_ms = IDLE_UNKNOWN;
	conn->idle_others = OTHERS_UNKNOWN;
	conn->flags &= CONN_PARTIAL | CONN_TURNLESS | CONN_KEEPALIVE;
	conn->state = TCP_ESTABLISHED;
	if (conn->ready_ns <= until_ns && conn->ready)
		return;
	conn->ready_ns = 0;
	conn->ready = 0;
	conn->state = conn->role == ROLE_CLIENT ? TCP_SYN_SENT : TCP_ESTABLISHED;
}

static int take_closed(sqlite3_stmt *row, void *context)
{
	const struct reading *reading = context;
	struct conn conn;
	int err = recording_get_conn(row, 1, (__u64)sqlite3_column_int64(row, 0), &conn);

	if (!err && is_within(reading->window, &conn) &&
	    conn.closed_ns <= reading->window->until_ns)
		aggregate__closed(reading->agg, &conn);
	return err;
}

static int take_open(sqlite3_stmt *row, void *context)
{
	const struct reading *reading = context;
	__u64 until_ns = reading->window->until_ns;
	struct conn conn;
	int err = recording_get_conn(row, 1, (__u64)sqlite3_column_int64(row, 0), &conn);

	if (err || !is_within(reading->window, &conn))
		return err;
	if (conn.closed_ns > until_ns)
		reopen(&conn, until_ns);
	aggregate__open(reading->agg, &conn);
	return 0;
}

/* ---- listeners ---- */

static int take_listener(sqlite3_stmt *row, void *context)
{
	const struct reading *reading = context;
	struct listener listener;
	int err = recording_get_listener(row, 1, &listener);

	if (err)
		return err;
	if (sqlite3_column_int64(row, 0))
		aggregate__listener_closed(reading->agg, &listener);
	else
		aggregate__listener(reading->agg, &listener);
	return 0;
}

/* Drops are those of the window; where sockets were taken for one another, none. */
#define LISTENER_AT_UNTIL                                                                          \
	"l.netns, l.addr, l.port, l.family, l.pid, l.cgroup, l.comm, coalesce(s.flags, l.flags), " \
	"coalesce(s.backlog_asked, l.backlog_asked), coalesce(s.queue_limit, l.queue_limit), "     \
	"l.somaxconn, coalesce(s.depth, l.depth), "                                                \
	"max(0, coalesce(s.syn_drops, l.syn_drops) - coalesce(b.syn_drops, 0)), "                  \
	"max(0, coalesce(s.ack_drops, l.ack_drops) - coalesce(b.ack_drops, 0))"
/* The last one before the window. */
#define SAMPLE_BEFORE                                                                              \
	"LEFT JOIN listener_sample b ON b.listener = l.id AND b.ns = (SELECT max(ns) FROM "        \
	"listener_sample WHERE listener = l.id AND ns <= ?1) "

/* ---- all of them ---- */

int replay_ended(sqlite3 *db, const struct window *window, struct aggregate *agg)
{
	static const char conns[] =
		"SELECT id, " CONN_COLUMNS " FROM conn WHERE ended > 0 ORDER BY ended";
	static const char listeners[] =
		"SELECT l.ended, l.netns, l.addr, l.port, l.family, l.pid, l.cgroup, l.comm, "
		"l.flags, l.backlog_asked, l.queue_limit, l.somaxconn, l.depth, "
		"max(0, l.syn_drops - coalesce(b.syn_drops, 0)), max(0, l.ack_drops - "
		"coalesce(b.ack_drops, 0)) "
		"FROM listener l " SAMPLE_BEFORE
		"WHERE l.ended > 0 AND l.closed_ns BETWEEN ?1 AND ?2 ORDER BY l.ended";
	struct reading reading = { .window = window, .agg = agg };
	int err = replay_rows(db, conns, NULL, &reading, take_closed);

	return err ? err : replay_rows(db, listeners, window, &reading, take_listener);
}

int replay_open(sqlite3 *db, const struct window *window, struct aggregate *agg)
{
	static const char conns[] = "SELECT id, " CONN_COLUMNS " FROM conn WHERE ended IS NULL OR "
				    "(ended > 0 AND id - shift + closed_ns > ?2) ORDER BY id";
	static const char listeners[] =
		"SELECT 0, " LISTENER_AT_UNTIL " FROM listener l "
		"LEFT JOIN listener_sample s ON s.listener = l.id AND s.ns = (SELECT max(ns) FROM "
		"listener_sample WHERE listener = l.id AND ns <= ?2) " SAMPLE_BEFORE
		"WHERE l.first_ns <= ?2 AND (l.closed_ns IS NULL OR l.closed_ns > ?2) "
		"ORDER BY l.id";
	struct reading reading = { .window = window, .agg = agg };
	int err = replay_rows(db, conns, window, &reading, take_open);

	return err ? err : replay_rows(db, listeners, window, &reading, take_listener);
}

static int take_depth(sqlite3_stmt *row, void *context)
{
	const struct reading *reading = context;
	struct listener listener;
	int err = recording_get_listener(row, 2, &listener);

	if (err)
		return err;
	listener.depth = (__u32)sqlite3_column_int64(row, 1);
	aggregate__sample_depth(reading->agg, &listener, (__u64)sqlite3_column_int64(row, 0));
	return 0;
}

int replay_depths(sqlite3 *db, const struct window *window, struct aggregate *agg)
{
	static const char depths[] = "SELECT d.ns, d.depth, l.* FROM listener_depth d JOIN "
				     "(SELECT " LISTENER_COLUMNS ", id FROM listener) l "
				     "ON l.id = d.listener WHERE d.ns > ?1 AND d.ns <= ?2";
	struct reading reading = { .window = window, .agg = agg };

	return replay_rows(db, depths, window, &reading, take_depth);
}
