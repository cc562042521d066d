/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The single events of a recording. An open or an accept is in the row of its connection, unless no
 * hook saw it happen: then the moment when we learned of it is an event of its own.
 */
#include <errno.h>
#include <stddef.h>

#include "observer.h"
#include "recorder_part.h"
#include "recording.h"
#include "recording_event.h"
#include "trace_event.h"

#define SHIFT_MAX 65536 /* events of one nanosecond */

#define FIRST 3 /* of the columns, in a statement that begins with id and shift */

int event_writer__init(struct event_writer *writer, sqlite3 *db, struct conn_writer *conns,
		       struct listener_writer *listeners)
{
	static const char insert[] = "INSERT OR IGNORE INTO event (id, shift, " EVENT_COLUMNS
				     ") VALUES (?, ?, " EVENT_COLUMN_VALUES ")";
	static const char drop[] = "DELETE FROM event WHERE id = ?";
	int err = recording_prepare(db, insert, &writer->insert);

	writer->db = db;
	writer->conns = conns;
	writer->listeners = listeners;
	return err ? err : recording_prepare(db, drop, &writer->drop);
}

void event_writer__done(struct event_writer *writer)
{
	sqlite3_finalize(writer->insert);
	sqlite3_finalize(writer->drop);
}

static void bind(struct event_writer *writer, enum event_column column, __u64 number)
{
	sqlite3_bind_int64(writer->insert, FIRST + (int)column, (sqlite3_int64)number);
}

static void bind_exchange(struct event_writer *writer, const struct exchange *exchange)
{
	bind(writer, NUMBER, exchange->number);
	if (!(exchange->flags & EXCHANGE_CUT))
		bind(writer, REQUEST, exchange->request_bytes);
	bind(writer, RESPONSE, exchange->response_bytes);
	if (exchange->asked_ns && exchange->response_ns)
		bind(writer, RESPONSE_TIME, (exchange->response_ns - exchange->asked_ns) / 1000);
	if (exchange->gap_ns)
		bind(writer, IDLE_GAP, exchange->gap_ns / 1000);
}

static void bind_listener(struct event_writer *writer, const struct listener *listener)
{
	if (listener->refused)
		bind(writer, REFUSED, listener->refused);
	if (listener->depth)
		bind(writer, DEPTH, listener->depth);
	bind(writer, LIMIT, listener->limit);
	if (listener->flags & LISTENER_ASKED)
		bind(writer, BACKLOG, (__u64)(__s64)listener->backlog_asked);
}

/* The row of EVENT that is bound, at AT_NS or the next moment that is free. */
static int insert_at(struct event_writer *writer, const struct trace_event *event, __u64 at_ns,
		     __u64 *ret_id)
{
	int err;

	for (__u64 id = at_ns; id < at_ns + SHIFT_MAX; id++) {
		sqlite3_bind_int64(writer->insert, 1, (sqlite3_int64)id);
		sqlite3_bind_int64(writer->insert, 2, (sqlite3_int64)(id - event->ns));
		err = part_run(writer->insert);
		if (err)
			return err;
		if (sqlite3_changes(writer->db)) {
			*ret_id = id;
			return 0;
		}
	}
	return -ENOSPC;
}

static void bind_kind(struct event_writer *writer, const struct trace_event *event)
{
	sqlite3_clear_bindings(writer->insert);
	part_bind_text(writer->insert, FIRST + EVENT, trace_word(event->kind));
	if (event->count)
		bind(writer, COUNT, event->count);
}

static int take_of_conn(struct event_writer *writer, const struct trace_event *event)
{
	__u64 conn, id, *told;
	int err = conn_writer__row(writer->conns, event->conn, &conn, &told);

	/* The whole exchange stands in place of what was told of it. */
	if (!err && event->again && told) {
		sqlite3_bind_int64(writer->drop, 1, (sqlite3_int64)*told);
		err = part_run(writer->drop);
	}
	if (err)
		return err;
	bind_kind(writer, event);
	bind(writer, CONN, conn);
	if (event->exchange)
		bind_exchange(writer, event->exchange);
	err = insert_at(writer, event, event->ns, &id);
	if (!err && told && event->exchange)
		*told = id;
	return err;
}

static int take_of_listener(struct event_writer *writer, const struct trace_event *event)
{
	__u64 listener, id;
	int err = listener_writer__row(writer->listeners, event->listener, event->ns, &listener);

	if (err)
		return err;
	bind_kind(writer, event);
	bind(writer, LISTENER, listener);
	bind_listener(writer, event->listener);
	return insert_at(writer, event, event->ns, &id);
}

/* It was found later than it is: what is missing came after all that was told before. */
static int take_gap(struct event_writer *writer, const struct trace_event *gap)
{
	__u64 at_ns = writer->latest_ns ? writer->latest_ns + 1 : gap->ns, id;

	bind_kind(writer, gap);
	return insert_at(writer, gap, at_ns < gap->ns ? at_ns : gap->ns, &id);
}

static int take_event(struct event_writer *writer, const struct trace_event *event)
{
	if (event->kind == TRACE_GAP)
		return take_gap(writer, event);
	if (event->ns > writer->latest_ns)
		writer->latest_ns = event->ns;
	if (event->listener)
		return take_of_listener(writer, event);
	if (!event->exchange && event->conn->ready_ns)
		return 0;
	return take_of_conn(writer, event);
}

int event_writer__take(struct event_writer *writer, const struct record *record)
{
	if (record->kind == RECORD_EVENT)
		return take_event(writer, record->event);
	if (record->kind == RECORD_CLOSED && record->conn->closed_ns > writer->latest_ns)
		writer->latest_ns = record->conn->closed_ns;
	return 0;
}
