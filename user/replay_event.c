/* SPDX-License-Identifier: Apache-2.0 */
/* The single events of a recording: from its own rows, and from those of connections. */
#include <errno.h>
#include <string.h>

#include "aggregate.h"
#include "recording.h"
#include "recording_event.h"
#include "replay_part.h"
#include "trace_event.h"

/* What a line is made from, in the order in which lines of one moment are told. */
enum source {
	SOURCE_READY, /* conn: opened, or accepted */
	SOURCE_EVENT, /* event */
	SOURCE_END,   /* conn: closed, or failed */
};

/*
 * Only moments and ids are sorted, those of connections alone: events are in order. What the rows
 * say is looked up line by line.
 */
static const char lines[] =
	"SELECT id - shift + ready_ns AS ns, 0 AS source, id FROM conn WHERE ready_ns > 0 "
	"AND id - shift + ready_ns > ?1 AND id - shift + ready_ns <= ?2 "
	"UNION ALL SELECT id, 1, id FROM event WHERE id > ?1 AND id <= ?2 "
	"UNION ALL SELECT id - shift + closed_ns, 2, id FROM conn WHERE ended > 0 "
	"AND id - shift + closed_ns > ?1 AND id - shift + closed_ns <= ?2 "
	"ORDER BY ns, source";

struct telling {
	struct aggregate *agg;
	sqlite3_stmt *conn, *event;
};

/* ---- rows ---- */

/* False: there is none, or RET_ERR says why not. */
static bool get_conn(struct telling *telling, __u64 id, struct conn *ret_conn, int *ret_err)
{
	int result;

	sqlite3_bind_int64(telling->conn, 1, (sqlite3_int64)id);
	result = sqlite3_step(telling->conn);
	*ret_err = result == SQLITE_ROW ? recording_get_conn(telling->conn, 0, id, ret_conn)
					: recording_error(result);
	sqlite3_reset(telling->conn);
	return result == SQLITE_ROW && !*ret_err;
}

#define SHIFT 0 /* of the event's id; its columns, and those of its listener, stand behind */
#define FIRST 1

static bool is_null(sqlite3_stmt *row, enum event_column column)
{
	return sqlite3_column_type(row, FIRST + (int)column) == SQLITE_NULL;
}

static __u64 get(sqlite3_stmt *row, enum event_column column)
{
	return (__u64)sqlite3_column_int64(row, FIRST + (int)column);
}

/* Only differences of its times are known: any moment NS will do. */
static struct exchange get_exchange(sqlite3_stmt *row, __u64 ns)
{
	struct exchange exchange = {
		.number = (__u32)get(row, NUMBER),
		.request_bytes = get(row, REQUEST),
		.response_bytes = get(row, RESPONSE),
		.flags = is_null(row, REQUEST) ? EXCHANGE_CUT : 0,
	};

	if (!is_null(row, RESPONSE_TIME)) {
		exchange.asked_ns = ns;
		exchange.response_ns = ns + get(row, RESPONSE_TIME) * 1000;
	}
	if (!is_null(row, IDLE_GAP))
		exchange.gap_ns = get(row, IDLE_GAP) ? get(row, IDLE_GAP) * 1000 : 1;
	return exchange;
}

static int get_listener(sqlite3_stmt *row, struct listener *ret_listener)
{
	int err = recording_get_listener(row, FIRST + EVENT_COLUMN_COUNT, ret_listener);

	ret_listener->refused = (__u8)get(row, REFUSED);
	ret_listener->depth = (__u32)get(row, DEPTH);
	ret_listener->limit = (__u32)get(row, LIMIT);
	ret_listener->backlog_asked = (__s32)get(row, BACKLOG);
	ret_listener->flags = is_null(row, BACKLOG) ? 0 : LISTENER_ASKED;
	return err;
}

/* TRACE_MAX: none. */
static enum trace_kind kind_of(const unsigned char *word)
{
	enum trace_kind kind = 0;

	while (kind < TRACE_MAX && (!word || strcmp(trace_word(kind), (const char *)word)))
		kind++;
	return kind;
}

/* ---- lines ---- */

/* One whose connection or listener has left is not told: what it belonged to is not known. */
static int tell_of_conn(struct telling *telling, struct trace_event *event, __u64 id)
{
	struct conn conn;
	int err;

	if (!get_conn(telling, id, &conn, &err))
		return err;
	event->conn = &conn;
	aggregate__event(telling->agg, event);
	return 0;
}

static int tell_of_listener(struct telling *telling, struct trace_event *event)
{
	struct listener listener;
	int err;

	if (is_null(telling->event, EVENT_COLUMN_COUNT))
		return 0;
	err = get_listener(telling->event, &listener);
	event->listener = &listener;
	if (!err)
		aggregate__event(telling->agg, event);
	return err;
}

static int tell_row(struct telling *telling, __u64 id)
{
	sqlite3_stmt *row = telling->event;
	__u64 ns = id - (__u64)sqlite3_column_int64(row, SHIFT);
	struct exchange exchange = get_exchange(row, ns);
	struct trace_event event = {
		.kind = kind_of(sqlite3_column_text(row, FIRST + EVENT)),
		.count = get(row, COUNT),
		.ns = ns,
	};

	if (event.kind == TRACE_MAX)
		return -EBADMSG;
	if (event.kind == TRACE_EXCHANGE)
		event.exchange = &exchange;
	if (!is_null(row, CONN))
		return tell_of_conn(telling, &event, get(row, CONN));
	if (!is_null(row, LISTENER))
		return tell_of_listener(telling, &event);
	if (event.kind != TRACE_GAP)
		return -EBADMSG;
	aggregate__event(telling->agg, &event);
	return 0;
}

static int tell_event(struct telling *telling, __u64 id)
{
	int result, err;

	sqlite3_bind_int64(telling->event, 1, (sqlite3_int64)id);
	result = sqlite3_step(telling->event);
	err = result == SQLITE_ROW ? tell_row(telling, id) : recording_error(result);
	sqlite3_reset(telling->event);
	return err;
}

static int tell_conn(struct telling *telling, enum source source, __u64 id, __u64 ns)
{
	struct trace_event event = { .ns = ns };
	struct conn conn;
	int err;

	if (!get_conn(telling, id, &conn, &err))
		return err;
	if (source == SOURCE_END && conn.flags & CONN_ENDED_BEFORE)
		return 0; /* before tracing began */
	if (source == SOURCE_END)
		event.kind = conn.fail ? TRACE_FAIL : TRACE_CLOSE;
	else
		event.kind = conn.role == ROLE_CLIENT ? TRACE_OPEN : TRACE_ACCEPT;
	event.conn = &conn;
	aggregate__event(telling->agg, &event);
	return 0;
}

static int take_line(sqlite3_stmt *row, void *context)
{
	struct telling *telling = context;
	enum source source = (enum source)sqlite3_column_int(row, 1);
	__u64 ns = (__u64)sqlite3_column_int64(row, 0), id = (__u64)sqlite3_column_int64(row, 2);

	return source == SOURCE_EVENT ? tell_event(telling, id)
				      : tell_conn(telling, source, id, ns);
}

int replay_events(sqlite3 *db, const struct window *window, struct aggregate *agg)
{
	static const char conn[] = "SELECT " CONN_COLUMNS " FROM conn WHERE id = ?";
	static const char event[] =
		"SELECT e.*, l.* FROM (SELECT shift, " EVENT_COLUMNS
		" FROM event WHERE id = ?) e LEFT JOIN (SELECT " LISTENER_COLUMNS
		", id FROM listener) l ON l.id = e.listener";
	struct telling telling = { .agg = agg };
	int err = recording_prepare(db, conn, &telling.conn);

	err = err ? err : recording_prepare(db, event, &telling.event);
	err = err ? err : replay_rows(db, lines, window, &telling, take_line);
	sqlite3_finalize(telling.conn);
	sqlite3_finalize(telling.event);
	return err;
}
