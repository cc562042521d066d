/* SPDX-License-Identifier: Apache-2.0 */
/* The listening sockets of a recording: their state, and a sample of it wherever it changes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "observer.h"
#include "recorder_part.h"
#include "recording.h"

/* Nothing in a record tells one process' sockets of one address (SO_REUSEPORT) apart: they are
 * numbered as they come. Where one closes, those after it move up, which sums and lists of them do
 * not show. */
struct listener_key {
	__u8 addr[CONN_ADDR_LEN];
	__u32 netns;
	__u16 port;
	__u16 family;
	__u32 pid;
	__u32 number;
};

struct open_listener {
	struct listener_key key;
	struct listener listener;
	__u64 id; /* 0: not written yet */
	__u64 snapshot;
	bool changed;
	UT_hash_handle hh;
};

static struct listener_key key_of(const struct listener *listener)
{
	struct listener_key key = {
		.netns = listener->netns,
		.port = listener->port,
		.family = listener->family,
		.pid = listener->pid,
	};

	memcpy(key.addr, listener->addr, sizeof(key.addr));
	return key;
}

int listener_writer__init(struct listener_writer *writer, sqlite3 *db)
{
	static const char insert[] =
		"INSERT INTO listener (first_ns, closed_ns, ended, " LISTENER_COLUMNS
		") VALUES (?, ?, ?, " LISTENER_COLUMN_VALUES ")";
	static const char update[] = "UPDATE listener SET (closed_ns, ended, " LISTENER_COLUMNS
				     ") = (?2, ?3, " LISTENER_COLUMN_VALUES ") WHERE id = ?1";
	static const char sample[] =
		"INSERT OR REPLACE INTO listener_sample (listener, ns, flags, backlog_asked, "
		"queue_limit, depth, syn_drops, ack_drops) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
	static const char depth[] = "INSERT INTO listener_depth (ns, listener, depth) "
				    "VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
				    "depth = max(depth, excluded.depth)";
	static const char lose[] = "UPDATE listener SET closed_ns = ?2, ended = 0 WHERE id = ?1";
	int err;

	writer->db = db;
	err = recording_prepare(db, insert, &writer->insert);
	err = err ? err : recording_prepare(db, update, &writer->update);
	err = err ? err : recording_prepare(db, sample, &writer->sample);
	err = err ? err : recording_prepare(db, depth, &writer->depth);
	return err ? err : recording_prepare(db, lose, &writer->lose);
}

static void forget(struct listener_writer *writer, struct open_listener *open)
{
	HASH_DEL(writer->open, open);
	free(open);
}

void listener_writer__done(struct listener_writer *writer)
{
	struct open_listener *open, *next;

	HASH_ITER (hh, writer->open, open, next)
		forget(writer, open);
	sqlite3_finalize(writer->insert);
	sqlite3_finalize(writer->update);
	sqlite3_finalize(writer->sample);
	sqlite3_finalize(writer->depth);
	sqlite3_finalize(writer->lose);
}

/* ---- rows ---- */

static void bind_end(sqlite3_stmt *stmt, int at, __u64 closed_ns, __u64 ended)
{
	if (ended) {
		sqlite3_bind_int64(stmt, at, (sqlite3_int64)closed_ns);
		sqlite3_bind_int64(stmt, at + 1, (sqlite3_int64)ended);
	} else {
		sqlite3_bind_null(stmt, at);
		sqlite3_bind_null(stmt, at + 1);
	}
}

/* ENDED: 0 while it is open. *ID is 0 for a new one, and then set. */
static int write_row(struct listener_writer *writer, const struct listener *listener, __u64 ns,
		     __u64 ended, __u64 *id)
{
	sqlite3_stmt *stmt = *id ? writer->update : writer->insert;
	int err;

	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)(*id ? *id : ns));
	bind_end(stmt, 2, ns, ended);
	recording_put_listener(stmt, 4, listener);
	err = part_run(stmt);
	if (!err && !*id)
		*id = (__u64)sqlite3_last_insert_rowid(writer->db);
	return err;
}

static int write_sample(struct listener_writer *writer, const struct open_listener *open, __u64 ns)
{
	const struct listener *listener = &open->listener;
	sqlite3_stmt *stmt = writer->sample;

	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)open->id);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)ns);
	sqlite3_bind_int(stmt, 3, listener->flags);
	sqlite3_bind_int64(stmt, 4, listener->backlog_asked);
	sqlite3_bind_int64(stmt, 5, listener->limit);
	sqlite3_bind_int64(stmt, 6, listener->depth);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)listener->syn_drops);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)listener->ack_drops);
	return part_run(stmt);
}

/* ---- records ---- */

/* The counters of sk_drops are the kernel side's own. */
static struct listener written_of(const struct listener *listener)
{
	struct listener written = *listener;

	written.other_drops = written.drops = written.drops_start = 0;
	written.refused = REFUSED_NONE;
	memset(written.pad, 0, sizeof(written.pad));
	return written;
}

/* The first of its key that this snapshot has not had yet, or none; RET_KEY is that one's. */
static struct open_listener *next_of(struct listener_writer *writer,
				     const struct listener *listener, struct listener_key *ret_key)
{
	struct listener_key key = key_of(listener);
	struct open_listener *open;

	for (;; key.number++) {
		HASH_FIND(hh, writer->open, &key, sizeof(key), open);
		if (!open || open->snapshot != writer->snapshot)
			break;
	}
	*ret_key = key;
	return open;
}

static int take_open(struct listener_writer *writer, const struct listener *listener)
{
	struct listener written = written_of(listener);
	struct listener_key key;
	struct open_listener *open = next_of(writer, listener, &key);

	if (!open) {
		open = calloc(1, sizeof(*open));
		if (!open)
			return -ENOMEM;
		open->key = key;
		HASH_ADD(hh, writer->open, key, sizeof(open->key), open);
	}
	open->snapshot = writer->snapshot;
	if (!open->id || memcmp(&open->listener, &written, sizeof(written))) {
		open->listener = written;
		open->changed = true;
	}
	return 0;
}

/* The last of LISTENER's key, so that the numbers before it stay. */
static struct open_listener *last_of(struct listener_writer *writer,
				     const struct listener *listener)
{
	struct listener_key key = key_of(listener);
	struct open_listener *open, *last = NULL;

	for (;; key.number++) {
		HASH_FIND(hh, writer->open, &key, sizeof(key), open);
		if (!open)
			return last;
		last = open;
	}
}

static int take_closed(struct listener_writer *writer, const struct listener *listener)
{
	struct open_listener *open = last_of(writer, listener);
	__u64 id = open ? open->id : 0;

	if (open)
		forget(writer, open);
	return write_row(writer, listener, writer->tick_ns, ++writer->ended, &id);
}

/* One of those with LISTENER's address and owner: which of them, no report tells. */
static struct open_listener *one_of(struct listener_writer *writer, const struct listener *listener)
{
	struct listener_key key = key_of(listener);
	struct open_listener *open;

	HASH_FIND(hh, writer->open, &key, sizeof(key), open);
	return open;
}

int listener_writer__row(struct listener_writer *writer, const struct listener *listener,
			 __u64 now_ns, __u64 *ret_id)
{
	struct open_listener *open = one_of(writer, listener);
	int err;

	if (!open) {
		err = take_open(writer, listener);
		open = err ? NULL : one_of(writer, listener);
		if (!open)
			return err;
	}
	err = open->id ? 0 : write_row(writer, &open->listener, now_ns, 0, &open->id);
	if (!err)
		*ret_id = open->id;
	return err;
}

static int take_depth(struct listener_writer *writer, const struct listener *listener, __u64 now_ns)
{
	__u64 id;
	int err;

	if (!listener->depth)
		return 0;
	err = listener_writer__row(writer, listener, now_ns, &id);
	if (err)
		return err;
	sqlite3_bind_int64(writer->depth, 1, (sqlite3_int64)now_ns);
	sqlite3_bind_int64(writer->depth, 2, (sqlite3_int64)id);
	sqlite3_bind_int64(writer->depth, 3, listener->depth);
	return part_run(writer->depth);
}

static int settle(struct listener_writer *writer, struct open_listener *open, __u64 now_ns)
{
	int err;

	if (open->snapshot != writer->snapshot) {
		sqlite3_bind_int64(writer->lose, 1, (sqlite3_int64)open->id);
		sqlite3_bind_int64(writer->lose, 2, (sqlite3_int64)now_ns);
		forget(writer, open);
		return part_run(writer->lose);
	}
	if (!open->changed)
		return 0;
	open->changed = false;
	err = write_row(writer, &open->listener, now_ns, 0, &open->id);
	return err ? err : write_sample(writer, open, now_ns);
}

static int take_tick(struct listener_writer *writer, __u64 now_ns)
{
	struct open_listener *open, *next;
	int err = 0;

	writer->tick_ns = now_ns;
	HASH_ITER (hh, writer->open, open, next) {
		err = settle(writer, open, now_ns);
		if (err)
			break;
	}
	return err;
}

int listener_writer__take(struct listener_writer *writer, const struct record *record)
{
	switch (record->kind) {
	case RECORD_LISTENER_CLOSED:
		return take_closed(writer, record->listener);
	case RECORD_SNAPSHOT:
		writer->snapshot++;
		return 0;
	case RECORD_LISTENER:
		return take_open(writer, record->listener);
	case RECORD_DEPTH:
		return take_depth(writer, record->listener, record->now_ns);
	case RECORD_TICK:
		return record->row ? 0 : take_tick(writer, record->now_ns);
	default:
		return 0;
	}
}
