/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording counts tick by tick: histograms of pools, and rows of the reports. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "aggregate.h"
#include "hist.h"
#include "observer.h"
#include "owner.h"
#include "recorder_part.h"
#include "recording.h"

struct pool {
	struct group_key key;
	struct group now;
	struct group written;
	__u64 id;
	UT_hash_handle hh;
};

/* Rows live as long as the aggregate: one is known by where it is. */
struct endpoint {
	const struct row *row;
	struct slot written; /* its levels alone */
	__u64 id;
	UT_hash_handle hh;
};

struct container {
	__u64 cgroup;
	UT_hash_handle hh;
};

int tick_writer__init(struct tick_writer *writer, sqlite3 *db)
{
	static const char new_pool[] =
		"INSERT INTO pool (" GROUP_COLUMNS ") VALUES (" GROUP_COLUMN_VALUES ")";
	static const char histogram[] =
		"INSERT INTO histogram (ns, pool, open_peak, active_peak, idle_gap_us, "
		"idle_gap_sum_us, idle_gap_max_us, response_us, response_sum_us, response_max_us) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	static const char new_endpoint[] =
		"INSERT INTO endpoint (" ENDPOINT_COLUMNS ") VALUES (" ENDPOINT_COLUMN_VALUES ")";
	static const char interval[] =
		"INSERT INTO interval (ns, endpoint, opened, failed, exchanges, carriers, closed, "
		"raced, overflows, sent_bytes, received_bytes, open, active, depth) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	static const char container[] = "INSERT OR IGNORE INTO container VALUES (?, ?)";
	int err;

	writer->db = db;
	err = recording_prepare(db, new_pool, &writer->new_pool);
	err = err ? err : recording_prepare(db, histogram, &writer->histogram);
	err = err ? err : recording_prepare(db, new_endpoint, &writer->new_endpoint);
	err = err ? err : recording_prepare(db, interval, &writer->interval);
	err = err ? err : recording_prepare(db, "INSERT INTO tick VALUES (?)", &writer->tick);
	return err ? err : recording_prepare(db, container, &writer->container);
}

#define CONTAINERS_MAX 16384 /* remembered; more than that and it starts anew */

static void forget_containers(struct tick_writer *writer)
{
	struct container *container, *next;

	HASH_ITER (hh, writer->containers, container, next) {
		HASH_DEL(writer->containers, container);
		free(container);
	}
}

void tick_writer__done(struct tick_writer *writer)
{
	struct pool *pool, *next_pool;
	struct endpoint *endpoint, *next_endpoint;

	HASH_ITER (hh, writer->pools, pool, next_pool) {
		HASH_DEL(writer->pools, pool);
		free(pool);
	}
	HASH_ITER (hh, writer->endpoints, endpoint, next_endpoint) {
		HASH_DEL(writer->endpoints, endpoint);
		free(endpoint);
	}
	forget_containers(writer);
	sqlite3_finalize(writer->new_pool);
	sqlite3_finalize(writer->histogram);
	sqlite3_finalize(writer->new_endpoint);
	sqlite3_finalize(writer->interval);
	sqlite3_finalize(writer->tick);
	sqlite3_finalize(writer->container);
}

/* ---- histograms ---- */

#define PAIRS_STRLEN (HIST_SLOTS * sizeof("[143,4294967295],") + sizeof("[]"))

/* [[bucket, count], ...] of what has come; RET_TOP is the highest bucket of it. False: nothing. */
static bool format_growth(const struct hist *before, const struct hist *now, char *text,
			  __u32 *ret_top)
{
	size_t used = 0;

	for (__u32 i = 0; i < HIST_SLOTS; i++) {
		__u32 count = now->slots[i] - before->slots[i];

		if (!count)
			continue;
		used += (size_t)snprintf(text + used, PAIRS_STRLEN - used, "%s[%u,%u]",
					 used ? "," : "[", i, count);
		*ret_top = i;
	}
	if (!used)
		return false;
	snprintf(text + used, PAIRS_STRLEN - used, "]");
	return true;
}

/* The largest value that came: exact where it is the largest of all, else no more than this. */
static __u64 largest(const struct hist *before, const struct hist *now, __u32 top)
{
	__u64 bound = top < HIST_SLOTS - 1 ? hist_slot_low(top + 1) - 1 : now->max;

	return now->max > before->max || bound > now->max ? now->max : bound;
}

static void bind_growth(sqlite3_stmt *stmt, int at, const struct hist *before,
			const struct hist *now)
{
	char text[PAIRS_STRLEN];
	__u32 top = 0;
	__u64 max = 0;

	if (format_growth(before, now, text, &top)) {
		sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
		max = largest(before, now, top);
	} else {
		sqlite3_bind_null(stmt, at);
	}
	sqlite3_bind_int64(stmt, at + 1, (sqlite3_int64)(now->sum - before->sum));
	sqlite3_bind_int64(stmt, at + 2, (sqlite3_int64)max);
}

static int take_group(struct tick_writer *writer, const struct group_key *key,
		      const struct group *group)
{
	struct pool *pool;
	int err;

	HASH_FIND(hh, writer->pools, key, sizeof(*key), pool);
	if (!pool) {
		pool = calloc(1, sizeof(*pool));
		if (!pool)
			return -ENOMEM;
		recording_put_group(writer->new_pool, 1, key);
		err = part_run(writer->new_pool);
		if (err) {
			free(pool);
			return err;
		}
		pool->id = (__u64)sqlite3_last_insert_rowid(writer->db);
		pool->key = *key;
		HASH_ADD(hh, writer->pools, key, sizeof(pool->key), pool);
	}
	pool->now = *group;
	return 0;
}

static bool has_grown(const struct pool *pool)
{
	const struct group *a = &pool->now, *b = &pool->written;

	return a->open_peak != b->open_peak || a->active_peak != b->active_peak ||
	       memcmp(&a->idle_gap_us, &b->idle_gap_us, sizeof(a->idle_gap_us)) ||
	       memcmp(&a->response_us, &b->response_us, sizeof(a->response_us));
}

static int write_histograms(struct tick_writer *writer, __u64 now_ns)
{
	sqlite3_stmt *stmt = writer->histogram;
	struct pool *pool, *next;
	int err = 0;

	HASH_ITER (hh, writer->pools, pool, next) {
		if (!has_grown(pool))
			continue;
		sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_ns);
		sqlite3_bind_int64(stmt, 2, (sqlite3_int64)pool->id);
		sqlite3_bind_int(stmt, 3, pool->now.open_peak);
		sqlite3_bind_int(stmt, 4, pool->now.active_peak);
		bind_growth(stmt, 5, &pool->written.idle_gap_us, &pool->now.idle_gap_us);
		bind_growth(stmt, 8, &pool->written.response_us, &pool->now.response_us);
		err = part_run(stmt);
		if (err)
			break;
		pool->written = pool->now;
	}
	return err;
}

static int take_tick(struct tick_writer *writer, __u64 now_ns)
{
	int err;

	sqlite3_bind_int64(writer->tick, 1, (sqlite3_int64)now_ns);
	err = part_run(writer->tick);
	return err ? err : write_histograms(writer, now_ns);
}

/* ---- rows of the reports ---- */

static int write_endpoint(struct tick_writer *writer, const struct row_key *key, __u64 *ret_id)
{
	int err;

	recording_put_endpoint(writer->new_endpoint, 1, key);
	err = part_run(writer->new_endpoint);
	if (!err)
		*ret_id = (__u64)sqlite3_last_insert_rowid(writer->db);
	return err;
}

static int find_endpoint(struct tick_writer *writer, const struct row *row,
			 struct endpoint **ret_endpoint)
{
	struct endpoint *endpoint;
	int err;

	HASH_FIND_PTR(writer->endpoints, &row, endpoint);
	if (!endpoint) {
		endpoint = calloc(1, sizeof(*endpoint));
		if (!endpoint)
			return -ENOMEM;
		err = write_endpoint(writer, &row->key, &endpoint->id);
		if (err) {
			free(endpoint);
			return err;
		}
		endpoint->row = row;
		HASH_ADD_PTR(writer->endpoints, row, endpoint);
	}
	*ret_endpoint = endpoint;
	return 0;
}

static bool is_worth_a_row(const struct endpoint *endpoint, const struct slot *slot)
{
	const struct slot *before = &endpoint->written;

	return slot->opened || slot->failed || slot->exchanges || slot->carriers || slot->closed ||
	       slot->raced || slot->overflows || slot->sent_bytes || slot->received_bytes ||
	       slot->open != before->open || slot->active != before->active ||
	       slot->depth != before->depth;
}

static int take_row(struct tick_writer *writer, const struct record *record)
{
	const struct slot *slot = record->slot;
	const __u64 values[] = {
		slot->opened,	      slot->failed, slot->exchanges, slot->carriers,
		slot->closed,	      slot->raced,  slot->overflows, slot->sent_bytes,
		slot->received_bytes, slot->open,   slot->active,    slot->depth,
	};
	struct endpoint *endpoint;
	int err = find_endpoint(writer, record->row, &endpoint);

	if (err || !is_worth_a_row(endpoint, slot))
		return err;
	endpoint->written = *slot;
	sqlite3_bind_int64(writer->interval, 1, (sqlite3_int64)record->now_ns);
	sqlite3_bind_int64(writer->interval, 2, (sqlite3_int64)endpoint->id);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		sqlite3_bind_int64(writer->interval, (int)i + 3, (sqlite3_int64)values[i]);
	return part_run(writer->interval);
}

/* ---- containers ---- */

/* Known by name only as long as its cgroup is there: so, when it is first seen. */
static int take_cgroup(struct tick_writer *writer, __u64 cgroup)
{
	struct container *container;
	const char *id;

	if (!cgroup)
		return 0;
	HASH_FIND(hh, writer->containers, &cgroup, sizeof(cgroup), container);
	if (container)
		return 0;
	if (HASH_COUNT(writer->containers) >= CONTAINERS_MAX)
		forget_containers(writer);
	container = calloc(1, sizeof(*container));
	if (!container)
		return -ENOMEM;
	container->cgroup = cgroup;
	HASH_ADD(hh, writer->containers, cgroup, sizeof(container->cgroup), container);
	id = owner_container_id(cgroup);
	if (!id[0])
		return 0;
	sqlite3_bind_int64(writer->container, 1, (sqlite3_int64)cgroup);
	sqlite3_bind_text(writer->container, 2, id, -1, SQLITE_TRANSIENT);
	return part_run(writer->container);
}

int tick_writer__take(struct tick_writer *writer, const struct record *record)
{
	switch (record->kind) {
	case RECORD_CLOSED:
	case RECORD_OPEN:
		return take_cgroup(writer, record->conn->cgroup);
	case RECORD_LISTENER:
	case RECORD_LISTENER_CLOSED:
		return take_cgroup(writer, record->listener->cgroup);
	case RECORD_GROUP:
		return take_group(writer, record->key, record->group);
	case RECORD_TICK:
		return record->row ? take_row(writer, record) : take_tick(writer, record->now_ns);
	default:
		return 0;
	}
}
