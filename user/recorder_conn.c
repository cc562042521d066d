/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of a recording, as they open, change and end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "observer.h"
#include "recorder_part.h"
#include "recording.h"

#define SHIFT_MAX 65536 /* connections of one nanosecond */

/* What tells connections apart: an address of the kernel's would not outlive it. */
struct conn_key {
	__u64 opened_ns;
	__u32 netns;
	__u16 local_port, remote_port;
	__u64 role;
	__u8 local_addr[CONN_ADDR_LEN];
	__u8 remote_addr[CONN_ADDR_LEN];
};

struct open_conn {
	struct conn_key key;
	struct conn conn; /* as it was written */
	__u64 id;
	__u64 snapshot; /* the last that had it */
	__u64 told;	/* event.id of its last exchange, or 0 */
	UT_hash_handle hh;
};

static struct conn_key key_of(const struct conn *conn)
{
	struct conn_key key = {
		.opened_ns = conn->opened_ns,
		.netns = conn->netns,
		.local_port = conn->local_port,
		.remote_port = conn->remote_port,
		.role = conn->role,
	};

	memcpy(key.local_addr, conn->local_addr, sizeof(key.local_addr));
	memcpy(key.remote_addr, conn->remote_addr, sizeof(key.remote_addr));
	return key;
}

/* CONN without what no recording has, so that only what is written makes a difference. */
static struct conn written_of(const struct conn *conn)
{
	struct conn written = *conn;

	written.write_seq = written.copied_seq = written.group = written.seen = 0;
	written.seq_known = written.counted = written.late = 0;
	written.burst_bytes = 0;
	return written;
}

int conn_writer__init(struct conn_writer *writer, sqlite3 *db)
{
	static const char insert[] = "INSERT OR IGNORE INTO conn (id, ended, " CONN_COLUMNS
				     ") VALUES (?, ?, " CONN_COLUMN_VALUES ")";
	static const char update[] = "UPDATE conn SET (ended, " CONN_COLUMNS
				     ") = (?2, " CONN_COLUMN_VALUES ") WHERE id = ?1";
	static const char find[] = "SELECT " CONN_ID_COLUMNS " FROM conn WHERE id = ?";
	static const char amend[] =
		"UPDATE conn SET state = ?2, flags = ?3, cause = ?4 WHERE id = ?1";
	static const char lose[] = "DELETE FROM conn WHERE id = ?";
	int err;

	writer->db = db;
	err = recording_prepare(db, insert, &writer->insert);
	err = err ? err : recording_prepare(db, update, &writer->update);
	err = err ? err : recording_prepare(db, find, &writer->find);
	err = err ? err : recording_prepare(db, amend, &writer->amend);
	return err ? err : recording_prepare(db, lose, &writer->lose);
}

static void forget(struct conn_writer *writer, struct open_conn *open)
{
	HASH_DEL(writer->open, open);
	free(open);
}

void conn_writer__done(struct conn_writer *writer)
{
	struct open_conn *open, *next;

	HASH_ITER (hh, writer->open, open, next)
		forget(writer, open);
	sqlite3_finalize(writer->insert);
	sqlite3_finalize(writer->update);
	sqlite3_finalize(writer->amend);
	sqlite3_finalize(writer->lose);
	sqlite3_finalize(writer->find);
}

/* ---- rows ---- */

/* Whether the row ID is CONN's: 1, 0, or -ENOENT where there is none. */
static int is_row_of(struct conn_writer *writer, __u64 id, const struct conn *conn)
{
	int result, found = -ENOENT;

	sqlite3_bind_int64(writer->find, 1, (sqlite3_int64)id);
	result = sqlite3_step(writer->find);
	if (result == SQLITE_ROW)
		found = recording_is_conn(writer->find, 0, id, conn);
	else if (result != SQLITE_DONE)
		found = recording_error(result);
	sqlite3_reset(writer->find);
	return found;
}

static void bind_ended(sqlite3_stmt *stmt, int at, __u64 ended)
{
	if (ended)
		sqlite3_bind_int64(stmt, at, (sqlite3_int64)ended);
	else
		sqlite3_bind_null(stmt, at);
}

/* ENDED: 0 while it is open. */
static int update_row(struct conn_writer *writer, __u64 id, const struct conn *conn, __u64 ended)
{
	sqlite3_bind_int64(writer->update, 1, (sqlite3_int64)id);
	bind_ended(writer->update, 2, ended);
	recording_put_conn(writer->update, 3, conn, (__u32)(id - conn->opened_ns));
	return part_run(writer->update);
}

/* A row may be there already, where an end came that had seemed to be lost. */
static int insert_row(struct conn_writer *writer, const struct conn *conn, __u64 ended,
		      __u64 *ret_id)
{
	for (__u32 shift = 0; shift < SHIFT_MAX; shift++) {
		__u64 id = conn->opened_ns + shift;
		int err, same;

		sqlite3_bind_int64(writer->insert, 1, (sqlite3_int64)id);
		bind_ended(writer->insert, 2, ended);
		recording_put_conn(writer->insert, 3, conn, shift);
		err = part_run(writer->insert);
		if (err)
			return err;
		*ret_id = id;
		if (sqlite3_changes(writer->db)) {
			writer->written++;
			return 0;
		}
		same = is_row_of(writer, id, conn);
		if (same < 0)
			return same;
		if (same)
			return update_row(writer, id, conn, ended);
	}
	return -ENOSPC;
}

/* ---- records ---- */

static struct open_conn *find_open(struct conn_writer *writer, const struct conn *conn)
{
	struct conn_key key = key_of(conn);
	struct open_conn *open;

	HASH_FIND(hh, writer->open, &key, sizeof(key), open);
	return open;
}

static int take_closed(struct conn_writer *writer, const struct conn *conn)
{
	struct open_conn *open = find_open(writer, conn);
	__u64 id;
	int err;

	writer->ended++;
	if (!open)
		return insert_row(writer, conn, writer->ended, &id);
	err = update_row(writer, open->id, conn, writer->ended);
	forget(writer, open);
	return err;
}

static int take_new(struct conn_writer *writer, const struct conn *conn,
		    struct open_conn **ret_open)
{
	struct open_conn *open = calloc(1, sizeof(*open));
	int err;

	if (!open)
		return -ENOMEM;
	err = insert_row(writer, conn, 0, &open->id);
	if (err) {
		free(open);
		return err;
	}
	open->key = key_of(conn);
	open->conn = written_of(conn);
	open->snapshot = writer->snapshot;
	HASH_ADD(hh, writer->open, key, sizeof(open->key), open);
	*ret_open = open;
	return 0;
}

static int take_open(struct conn_writer *writer, const struct conn *conn)
{
	struct open_conn *open = find_open(writer, conn);
	struct conn written = written_of(conn);

	if (!open)
		return take_new(writer, conn, &open);
	open->snapshot = writer->snapshot;
	if (!memcmp(&open->conn, &written, sizeof(written)))
		return 0;
	open->conn = written;
	return update_row(writer, open->id, conn, 0);
}

/* -ENOENT: there is none. */
static int find_row(struct conn_writer *writer, const struct conn *conn, __u64 *ret_id)
{
	__u64 id = conn->opened_ns;
	int same;

	while (!(same = is_row_of(writer, id, conn)))
		id++;
	*ret_id = id;
	return same < 0 ? same : 0;
}

int conn_writer__row(struct conn_writer *writer, const struct conn *conn, __u64 *ret_id,
		     __u64 **ret_told)
{
	struct open_conn *open = find_open(writer, conn);
	int err = open ? 0 : find_row(writer, conn, ret_id);

	if (err == -ENOENT)
		err = take_new(writer, conn, &open);
	if (err)
		return err;
	if (open)
		*ret_id = open->id;
	*ret_told = open ? &open->told : NULL;
	return 0;
}

static int take_amended(struct conn_writer *writer, const struct record *record)
{
	const struct conn *conn = record->conn;
	__u64 id;
	int err = find_row(writer, conn, &id);

	if (err)
		return err == -ENOENT ? 0 : err; /* lost or dropped */
	sqlite3_bind_int64(writer->amend, 1, (sqlite3_int64)id);
	sqlite3_bind_int(writer->amend, 2, conn->state);
	sqlite3_bind_int(writer->amend, 3, conn->flags);
	sqlite3_bind_int(writer->amend, 4, conn->cause);
	return part_run(writer->amend);
}

/* A snapshot is over: the end of what it did not have was lost, as the account says, and no report
 * has it any more. */
static int lose_missing(struct conn_writer *writer)
{
	struct open_conn *open, *next;
	int err = 0;

	HASH_ITER (hh, writer->open, open, next) {
		if (open->snapshot == writer->snapshot)
			continue;
		sqlite3_bind_int64(writer->lose, 1, (sqlite3_int64)open->id);
		err = part_run(writer->lose);
		if (err)
			break;
		writer->written--;
		forget(writer, open);
	}
	return err;
}

int conn_writer__take(struct conn_writer *writer, const struct record *record)
{
	switch (record->kind) {
	case RECORD_CLOSED:
		return take_closed(writer, record->conn);
	case RECORD_AMENDED:
		return take_amended(writer, record);
	case RECORD_SNAPSHOT:
		writer->snapshot++;
		return 0;
	case RECORD_OPEN:
		return take_open(writer, record->conn);
	case RECORD_TICK:
		return record->row ? 0 : lose_missing(writer);
	default:
		return 0;
	}
}
