/* SPDX-License-Identifier: Apache-2.0 */
/* The live tables: merges closed records and snapshots of open ones into one row per endpoint. */
#include "aggregate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <uthash.h>

#include "filter.h"
#include "names.h"
#include "observer.h"
#include "trace_event.h"

#define OTHER "other"

struct entry {
	struct row row; /* first: rows are handed out as such */
	UT_hash_handle hh;
};

struct aggregate {
	unsigned int by;
	size_t max_rows;
	const struct filter *filter;
	const struct names *names;
	struct observer *observers;
	__u64 series_start_ns; /* 0: no series */
	__u64 ticked_ns;       /* the last tick, or the series' start */
	bool depths_only;      /* series of listeners alone */
	struct entry *entries; /* uthash by row.key */
	const struct row **rows;
	size_t row_count;
	__u64 folded_closed, folded_open; /* connections */
};

struct aggregate *aggregate__new(unsigned int by, size_t max_rows, const struct filter *filter,
				 const struct names *names)
{
	struct aggregate *agg = calloc(1, sizeof(*agg));

	if (!agg)
		return NULL;
	agg->by = by;
	agg->max_rows = max_rows;
	agg->filter = filter;
	agg->names = names;
	/* One more for each role's "other". */
	agg->rows = calloc(max_rows + 2, sizeof(*agg->rows));
	if (!agg->rows) {
		free(agg);
		return NULL;
	}
	return agg;
}

void aggregate__free(struct aggregate *agg)
{
	struct entry *entry, *next;

	if (!agg)
		return;
	HASH_ITER (hh, agg->entries, entry, next) {
		HASH_DEL(agg->entries, entry);
		free(entry->row.queues.depths);
		free(entry->row.series);
		free(entry);
	}
	free(agg->rows);
	free(agg);
}

void aggregate__observe(struct aggregate *agg, struct observer *observer)
{
	observer->next = agg->observers;
	agg->observers = observer;
}

void aggregate__keep_series(struct aggregate *agg, __u64 start_ns)
{
	agg->series_start_ns = start_ns;
	agg->ticked_ns = start_ns;
	agg->depths_only = false;
}

void aggregate__keep_depths(struct aggregate *agg, __u64 start_ns)
{
	agg->series_start_ns = start_ns;
	agg->ticked_ns = start_ns;
	agg->depths_only = true;
}

static void tell(const struct aggregate *agg, const struct record *record)
{
	for (struct observer *observer = agg->observers; observer; observer = observer->next)
		observer->take(observer, record);
}

size_t aggregate__rows(const struct aggregate *agg, const struct row *const **ret_rows)
{
	*ret_rows = agg->rows;
	return agg->row_count;
}

__u64 aggregate__folded(const struct aggregate *agg)
{
	return agg->folded_closed + agg->folded_open;
}

static struct row *row_add(struct aggregate *agg, const struct row_key *key)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->row.key = *key;
	HASH_ADD(hh, agg->entries, row.key, sizeof(entry->row.key), entry);
	agg->rows[agg->row_count++] = &entry->row;
	return &entry->row;
}

/* The row of KEY, made when missing; the role's "other" when there are too many; NULL only when out
 * of memory. */
static struct row *row_get(struct aggregate *agg, const struct row_key *key)
{
	struct row_key other = { .role = key->role, .name = OTHER };
	struct entry *entry;
	struct row *row;

	HASH_FIND(hh, agg->entries, key, sizeof(*key), entry);
	if (entry)
		return &entry->row;
	if (agg->row_count < agg->max_rows) {
		row = row_add(agg, key);
		if (row)
			return row;
	}
	HASH_FIND(hh, agg->entries, &other, sizeof(other), entry);
	if (entry)
		return &entry->row;
	return agg->row_count < agg->max_rows + 2 ? row_add(agg, &other) : NULL;
}

static bool is_other(const struct row *row)
{
	return !row->key.port && !strcmp(row->key.name, OTHER);
}

/* ---- keys ---- */

static void addr_any(__u8 *addr, __u8 bound)
{
	memset(addr, 0, CONN_ADDR_LEN);
	if (bound == BOUND_ANY4)
		memset(addr + 10, 0xff, 2);
}

struct identity {
	__u64 cgroup;
	__u32 netns;
	__u32 pid;
	__u16 port;
	__u8 role;
	const __u8 *addr;
	const char *comm;
};

/* By default a client's processes are told apart, but a listener is one thing, whoever accepts. */
unsigned int group_by_of(unsigned int by, __u8 role)
{
	if (by & ~(unsigned int)BY_DEFAULT_AND_CONTAINER)
		return by;
	if (role != ROLE_CLIENT)
		return BY_ENDPOINT;
	return BY_ENDPOINT | BY_COMM | (by & BY_DEFAULT_AND_CONTAINER ? BY_CONTAINER : 0);
}

static void make_key(const struct aggregate *agg, const struct identity *id, struct row_key *ret)
{
	unsigned int by = group_by_of(agg->by, id->role);
	const char *name = agg->names ? names__find(agg->names, id->addr, id->port) : NULL;

	memset(ret, 0, sizeof(*ret)); /* padding takes part in the hash */
	ret->role = id->role;
	if (name && (by & (BY_ENDPOINT | BY_NAME)))
		strncpy(ret->name, name, sizeof(ret->name) - 1);
	if ((by & BY_ENDPOINT) && !name) {
		memcpy(ret->addr, id->addr, sizeof(ret->addr));
		ret->port = id->port;
	}
	if (by & BY_COMM)
		memcpy(ret->comm, id->comm, sizeof(ret->comm));
	if (by & BY_PID)
		ret->pid = id->pid;
	if (by & BY_CONTAINER)
		ret->cgroup = id->cgroup;
	if (by & (BY_NETNS | BY_ENDPOINT))
		ret->netns = id->netns;
}

static void conn_key(const struct aggregate *agg, const struct conn *conn, struct row_key *ret)
{
	__u8 any[CONN_ADDR_LEN];
	struct identity id = {
		.cgroup = conn->cgroup,
		.netns = conn->netns,
		.pid = conn->pid,
		.role = conn->role,
		.comm = conn->comm,
	};

	if (conn->role == ROLE_CLIENT) {
		id.addr = conn->remote_addr;
		id.port = conn->remote_port;
	} else {
		id.port = conn->local_port;
		id.addr = conn->local_addr;
		if (conn->bound != BOUND_EXACT) {
			addr_any(any, conn->bound);
			id.addr = any;
		}
	}
	make_key(agg, &id, ret);
}

/* ---- connections ---- */

static bool is_closed(const struct conn *conn)
{
	return conn->initiator != INITIATOR_NONE;
}

static void add_depth(struct totals *totals, const struct conn *conn)
{
	if (!conn->depth)
		return;
	dist__add(&totals->depth, conn->depth);
	if (conn->depth > totals->depth_max)
		totals->depth_max = conn->depth;
}

static void add_opening(struct totals *totals, const struct conn *conn)
{
	bool timed = conn->ready_ns > conn->opened_ns && !(conn->flags & CONN_PARTIAL);

	if (conn->flags & CONN_PARTIAL)
		totals->partial++;
	else
		totals->opened++;
	if (conn->role == ROLE_SERVER) {
		add_depth(totals, conn);
		/* Of partial ones only what we saw accept() take out. */
		if (conn->ready_ns || (conn->ready && !(conn->flags & CONN_PARTIAL)))
			totals->accepted++;
		if (timed)
			dist__add(&totals->accept_wait_us,
				  (conn->ready_ns - conn->opened_ns) / 1000);
	} else if (timed) {
		dist__add(&totals->connect_us, (conn->ready_ns - conn->opened_ns) / 1000);
	}
	if (!conn->pid)
		totals->no_owner++;
}

static void add_exchanges(struct totals *totals, const struct conn *conn)
{
	totals->sent_bytes += conn->sent_bytes;
	totals->received_bytes += conn->received_bytes;
	if (conn->flags & CONN_MPTCP) {
		totals->mptcp++;
		return;
	}
	if (conn->flags & CONN_PARTIAL) {
		totals->partial_exchanges += conn->exchanges;
		return;
	}
	totals->exchanges += conn->exchanges;
	if (!conn->exchanges)
		return;
	totals->carriers++;
	dist__add(&totals->exchanges_per_conn, conn->exchanges);
}

static bool ended_here(__u8 initiator)
{
	return initiator == INITIATOR_LOCAL_FIN || initiator == INITIATOR_LOCAL_RST;
}

static bool ended_there(__u8 initiator)
{
	return initiator == INITIATOR_REMOTE_FIN || initiator == INITIATOR_REMOTE_RST;
}

static void add_ending(struct totals *totals, const struct conn *conn)
{
	totals->closed++;
	totals->by[conn->initiator]++;
	totals->causes[conn->cause]++;
	totals->in_flight += !!(conn->flags & CONN_IN_FLIGHT);
	totals->in_flight_by[conn->initiator] += !!(conn->flags & CONN_IN_FLIGHT);
	totals->raced += !!(conn->flags & CONN_RACED);
	totals->time_wait += !!(conn->flags & CONN_TIME_WAIT);
	totals->unused += !conn->exchanges && !(conn->flags & (CONN_PARTIAL | CONN_MPTCP));
	if (conn->closed_ns > conn->opened_ns && !(conn->flags & CONN_PARTIAL))
		dist__add(&totals->duration_us, (conn->closed_ns - conn->opened_ns) / 1000);
	if (conn->idle_ms == IDLE_UNKNOWN)
		return;
	if (ended_here(conn->initiator))
		dist__add(&totals->idle_at_close_local_us, conn->idle_ms * 1000ULL);
	else if (ended_there(conn->initiator))
		dist__add(&totals->idle_at_close_remote_us, conn->idle_ms * 1000ULL);
}

bool conn_is_active(const struct conn *conn)
{
	return conn->turn == (conn->role == ROLE_CLIENT ? TURN_SENT : TURN_RECEIVED);
}

static void add_conn(struct totals *totals, const struct conn *conn)
{
	if (conn->fail) {
		totals->failed++;
		totals->fails[conn->fail]++;
		return;
	}
	if (conn->role == ROLE_CLIENT && !conn->ready)
		return; /* still connecting */
	add_opening(totals, conn);
	add_exchanges(totals, conn);
	if (conn->flags & CONN_ENDED_BEFORE)
		return; /* neither open nor closed while we watched */
	if (is_closed(conn)) {
		add_ending(totals, conn);
		return;
	}
	totals->open++;
	totals->open_mptcp += !!(conn->flags & CONN_MPTCP);
	totals->active += conn_is_active(conn);
}

/* The row's, made when missing; NULL when none is kept, or out of memory. */
static struct series *series_of(const struct aggregate *agg, struct row *row)
{
	bool wanted = agg->series_start_ns && (!agg->depths_only || row->key.role == ROLE_SERVER);

	if (wanted && !row->series)
		row->series = series__new(agg->series_start_ns);
	return row->series;
}

static void add_depth_to_series(const struct aggregate *agg, struct row *row, __u64 ns, __u32 depth)
{
	struct series *series = series_of(agg, row);
	struct slot *slot = series ? series__at(series, ns) : NULL;

	if (slot && depth > slot->depth)
		slot->depth = depth;
}

static bool conn_is_wanted(const struct aggregate *agg, const struct conn *conn)
{
	if (conn->role == ROLE_SERVER && !conn->queued)
		return false; /* never entered the accept queue */
	return !agg->filter || filter__match(agg->filter, conn);
}

/* In whatever order records come, the same: a recording has another than the run had. */
static void note_owner(struct row *row, const struct conn *conn)
{
	if (!conn->pid || conn->opened_ns < row->owner_ns ||
	    (conn->opened_ns == row->owner_ns && conn->pid < row->pid))
		return;
	row->owner_ns = conn->opened_ns;
	row->pid = conn->pid;
	row->cgroup = conn->cgroup;
	memcpy(row->comm, conn->comm, sizeof(row->comm));
}

static struct row *conn_row(struct aggregate *agg, const struct conn *conn)
{
	struct row_key key;
	struct row *row;

	if (!conn_is_wanted(agg, conn))
		return NULL;
	conn_key(agg, conn, &key);
	row = row_get(agg, &key);
	if (row)
		note_owner(row, conn);
	return row;
}

bool aggregate__is_of(const struct aggregate *agg, const struct row *row, const struct conn *conn)
{
	struct entry *entry;
	struct row_key key;

	conn_key(agg, conn, &key);
	HASH_FIND(hh, agg->entries, &key, sizeof(key), entry);
	return entry ? &entry->row == row : is_other(row) && row->key.role == conn->role;
}

void aggregate__closed(struct aggregate *agg, const struct conn *conn)
{
	struct row *row = conn_row(agg, conn);

	if (!row)
		return;
	row->ended++;
	add_conn(&row->closed, conn);
	agg->folded_closed += is_other(row);
	if (conn->depth)
		add_depth_to_series(agg, row, conn->opened_ns, conn->depth);
	tell(agg, &(struct record){ .kind = RECORD_CLOSED, .conn = conn });
}

void aggregate__amended(struct aggregate *agg, const struct conn *before, const struct conn *after)
{
	struct row *row = conn_row(agg, before);
	struct totals *totals;

	if (!row)
		return;
	totals = &row->closed;
	/* The record before may have been lost, and so never counted. */
	totals->causes[before->cause] -= totals->causes[before->cause] > 0;
	totals->causes[after->cause]++;
	totals->raced += (after->flags & CONN_RACED) && !(before->flags & CONN_RACED);
	if ((before->flags & CONN_TIME_WAIT) && !(after->flags & CONN_TIME_WAIT))
		totals->time_wait -= totals->time_wait > 0;
	tell(agg, &(struct record){ .kind = RECORD_AMENDED, .conn = after, .before = before });
}

void aggregate__open(struct aggregate *agg, const struct conn *conn)
{
	struct row *row = conn_row(agg, conn);

	if (!row)
		return;
	row->present++;
	add_conn(&row->open, conn);
	agg->folded_open += is_other(row);
	if (conn->depth)
		add_depth_to_series(agg, row, conn->opened_ns, conn->depth);
	tell(agg, &(struct record){ .kind = RECORD_OPEN, .conn = conn });
}

void aggregate__begin_snapshot(struct aggregate *agg)
{
	struct entry *entry, *next;

	agg->folded_open = 0;
	tell(agg, &(struct record){ .kind = RECORD_SNAPSHOT });
	HASH_ITER (hh, agg->entries, entry, next) {
		struct row *row = &entry->row;

		row->present = 0;
		memset(&row->open, 0, sizeof(row->open));
		memset(&row->listener_open, 0, sizeof(row->listener_open));
		row->queues.count = 0;
		memset(&row->idle_gap_us, 0, sizeof(row->idle_gap_us));
		memset(&row->response_us, 0, sizeof(row->response_us));
		row->open_peak = 0;
		row->groups = 0;
	}
}

void aggregate__event(struct aggregate *agg, const struct trace_event *event)
{
	if (event->conn && !conn_is_wanted(agg, event->conn))
		return;
	if (event->listener && agg->filter && !filter__match_listener(agg->filter, event->listener))
		return;
	tell(agg, &(struct record){ .kind = RECORD_EVENT, .event = event });
}

/* ---- listeners ---- */

static struct row *listener_row(struct aggregate *agg, const struct listener *listener)
{
	struct identity id = {
		.cgroup = listener->cgroup,
		.netns = listener->netns,
		.pid = listener->pid,
		.port = listener->port,
		.role = ROLE_SERVER,
		.comm = listener->comm,
		.addr = listener->addr,
	};
	static const __u8 zero[CONN_ADDR_LEN];
	static const __u8 zero4[CONN_ADDR_LEN] = { [10] = 0xff, [11] = 0xff };
	struct row_key key;
	struct row *row;

	if (agg->filter && !filter__match_listener(agg->filter, listener))
		return NULL;
	/* A wildcard IPv6 listener may read back as either zero address. */
	if (listener->family == AF_INET6 && !memcmp(listener->addr, zero4, sizeof(zero4)))
		id.addr = zero;
	make_key(agg, &id, &key);
	row = row_get(agg, &key);
	if (row && !row->pid) {
		row->pid = listener->pid;
		row->cgroup = listener->cgroup;
		memcpy(row->comm, listener->comm, sizeof(row->comm));
	}
	return row;
}

static bool speaks_for_all(const struct listener_totals *totals, const struct listener *listener)
{
	if (!totals->seen || !(listener->flags & LISTENER_OPEN))
		return true;
	return listener->depth > totals->depth ||
	       (listener->depth == totals->depth && listener->limit < totals->limit);
}

static void add_listener(struct listener_totals *totals, const struct listener *listener)
{
	if (speaks_for_all(totals, listener)) {
		totals->depth = listener->depth;
		totals->limit = listener->limit;
		totals->somaxconn = listener->somaxconn;
		totals->asked_known = !!(listener->flags & LISTENER_ASKED);
		totals->backlog_asked = listener->backlog_asked;
	}
	totals->seen++;
	totals->sockets += !!(listener->flags & LISTENER_OPEN);
	totals->syn_drops += listener->syn_drops;
	totals->ack_drops += listener->ack_drops;
}

/* Without memory one is missing, which their number tells. */
static void add_queue(struct queues *queues, __u32 depth)
{
	size_t room = queues->room ? 2 * queues->room : 4;
	__u64 *depths;

	if (queues->count == queues->room) {
		depths = reallocarray(queues->depths, room, sizeof(*depths));
		if (!depths)
			return;
		queues->depths = depths;
		queues->room = room;
	}
	queues->depths[queues->count++] = depth;
}

void aggregate__listener(struct aggregate *agg, const struct listener *listener)
{
	struct row *row = listener_row(agg, listener);

	if (!row)
		return;
	row->present++;
	add_listener(&row->listener_open, listener);
	add_queue(&row->queues, listener->depth);
	/* The queue of a listener that was there before may never have been seen to grow. */
	if (listener->depth > row->open.depth_max)
		row->open.depth_max = listener->depth;
	tell(agg, &(struct record){ .kind = RECORD_LISTENER, .listener = listener });
}

void aggregate__sample_depth(struct aggregate *agg, const struct listener *listener, __u64 now_ns)
{
	struct row *row = listener_row(agg, listener);

	if (!row)
		return;
	add_depth_to_series(agg, row, now_ns, listener->depth);
	if (listener->depth > row->closed.depth_max)
		row->closed.depth_max = listener->depth;
	tell(agg, &(struct record){ .kind = RECORD_DEPTH, .listener = listener, .now_ns = now_ns });
}

void aggregate__listener_closed(struct aggregate *agg, const struct listener *listener)
{
	struct row *row = listener_row(agg, listener);

	if (!row)
		return;
	row->ended++;
	add_listener(&row->listener_closed, listener);
	tell(agg, &(struct record){ .kind = RECORD_LISTENER_CLOSED, .listener = listener });
}

/* ---- groups ---- */

void aggregate__group(struct aggregate *agg, const struct group_key *group_key,
		      const struct group *group)
{
	/* As the connections of the group are, so that the same filter and key apply. */
	struct conn conn = {
		.cgroup = group_key->cgroup,
		.netns = group_key->netns,
		.pid = group_key->pid,
		.role = group_key->role,
		.bound = group_key->bound,
	};
	struct row_key key;
	struct entry *entry;

	memcpy(conn.comm, group_key->comm, sizeof(conn.comm));
	if (conn.role == ROLE_CLIENT) {
		conn.remote_port = group_key->port;
		memcpy(conn.remote_addr, group_key->addr, sizeof(conn.remote_addr));
	} else {
		conn.local_port = group_key->port;
		memcpy(conn.local_addr, group_key->addr, sizeof(conn.local_addr));
	}
	conn_key(agg, &conn, &key);
	HASH_FIND(hh, agg->entries, &key, sizeof(key), entry);
	if (!entry)
		return; /* filtered out, or folded */
	dist__merge_kernel(&entry->row.idle_gap_us, &group->idle_gap_us);
	dist__merge_kernel(&entry->row.response_us, &group->response_us);
	/* Peaks of several groups need not have come at one time: a row of several has none. */
	entry->row.groups++;
	entry->row.open_peak = group->open_peak > 0 ? group->open_peak : 0;
	tell(agg, &(struct record){ .kind = RECORD_GROUP, .key = group_key, .group = group });
}

/* ---- ticks ---- */

struct series *aggregate__series(struct aggregate *agg, const struct row_key *recorded)
{
	struct identity id = {
		.cgroup = recorded->cgroup,
		.netns = recorded->netns,
		.pid = recorded->pid,
		.port = recorded->port,
		.role = recorded->role,
		.comm = recorded->comm,
		.addr = recorded->addr,
	};
	struct row_key key;
	struct entry *entry;

	make_key(agg, &id, &key);
	if (recorded->name[0]) {
		memset(key.addr, 0, sizeof(key.addr));
		key.port = 0;
		memcpy(key.name, recorded->name, sizeof(key.name));
	}
	HASH_FIND(hh, agg->entries, &key, sizeof(key), entry);
	return entry ? series_of(agg, &entry->row) : NULL;
}

static void add_sample(struct sample *sample, const struct totals *totals)
{
	sample->opened += totals->opened;
	sample->failed += totals->failed;
	sample->exchanges += totals->exchanges + totals->partial_exchanges;
	sample->carriers += totals->carriers;
	sample->closed += totals->closed;
	sample->raced += totals->raced;
	sample->sent_bytes += totals->sent_bytes;
	sample->received_bytes += totals->received_bytes;
}

static void take_sample(const struct row *row, struct sample *ret)
{
	const struct listener_totals *now = &row->listener_open, *gone = &row->listener_closed;

	memset(ret, 0, sizeof(*ret));
	add_sample(ret, &row->closed);
	add_sample(ret, &row->open);
	ret->overflows = now->syn_drops + now->ack_drops + gone->syn_drops + gone->ack_drops;
	ret->open = (__u32)row->open.open;
	ret->active = (__u32)row->open.active;
	ret->depth = now->depth;
}

void aggregate__tick(struct aggregate *agg, __u64 now_ns)
{
	struct entry *entry, *next;
	/* What has come since the tick before belongs between the two. */
	__u64 middle_ns = agg->ticked_ns + (now_ns - agg->ticked_ns) / 2;

	agg->ticked_ns = now_ns;
	HASH_ITER (hh, agg->entries, entry, next) {
		struct row *row = &entry->row;
		struct series *series = series_of(agg, row);
		struct sample sample;
		struct slot slot;

		take_sample(row, &sample);
		slot_between(&row->ticked, &sample, &slot);
		row->ticked = sample;
		if (series)
			slot_merge(series__at(series, middle_ns), &slot);
		tell(agg,
		     &(struct record){
			     .kind = RECORD_TICK, .row = row, .slot = &slot, .now_ns = now_ns });
	}
	tell(agg, &(struct record){ .kind = RECORD_TICK, .now_ns = now_ns });
}

/* ---- sums ---- */

void totals__merge(struct totals *into, const struct totals *from)
{
	into->opened += from->opened;
	into->failed += from->failed;
	for (int i = 0; i < FAIL_MAX; i++)
		into->fails[i] += from->fails[i];
	into->partial += from->partial;
	into->no_owner += from->no_owner;
	into->accepted += from->accepted;
	into->exchanges += from->exchanges;
	into->partial_exchanges += from->partial_exchanges;
	into->carriers += from->carriers;
	into->mptcp += from->mptcp;
	into->open += from->open;
	into->open_mptcp += from->open_mptcp;
	into->active += from->active;
	into->closed += from->closed;
	for (int i = 0; i < INITIATOR_MAX; i++) {
		into->by[i] += from->by[i];
		into->in_flight_by[i] += from->in_flight_by[i];
	}
	for (int i = 0; i < CAUSE_MAX; i++)
		into->causes[i] += from->causes[i];
	into->in_flight += from->in_flight;
	into->raced += from->raced;
	into->unused += from->unused;
	into->time_wait += from->time_wait;
	into->sent_bytes += from->sent_bytes;
	into->received_bytes += from->received_bytes;
	if (from->depth_max > into->depth_max)
		into->depth_max = from->depth_max;
	dist__merge(&into->exchanges_per_conn, &from->exchanges_per_conn);
	dist__merge(&into->connect_us, &from->connect_us);
	dist__merge(&into->accept_wait_us, &from->accept_wait_us);
	dist__merge(&into->depth, &from->depth);
	dist__merge(&into->idle_at_close_local_us, &from->idle_at_close_local_us);
	dist__merge(&into->idle_at_close_remote_us, &from->idle_at_close_remote_us);
	dist__merge(&into->duration_us, &from->duration_us);
}
