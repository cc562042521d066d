/* SPDX-License-Identifier: Apache-2.0 */
/* Records as rows of a recording, and rows as records again. */
#include "recording.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "aggregate.h"
#include "parse.h"

/* The columns of a statement, one after the other. */
struct cursor {
	sqlite3_stmt *stmt;
	int at;
	bool bad; /* a value cannot be */
};

/* ---- values ---- */

static void put(struct cursor *to, __u64 number)
{
	sqlite3_bind_int64(to->stmt, to->at++, (sqlite3_int64)number);
}

/* NULL for a number that stands for "not known". */
static void put_unless(struct cursor *to, __u64 number, __u64 unknown)
{
	if (number == unknown)
		sqlite3_bind_null(to->stmt, to->at++);
	else
		put(to, number);
}

/* A moment as nanoseconds after ORIGIN: short, and just as exact. */
static void put_since(struct cursor *to, __u64 ns, __u64 origin)
{
	if (ns)
		put(to, ns - origin);
	else
		sqlite3_bind_null(to->stmt, to->at++);
}

static void put_addr(struct cursor *to, const __u8 addr[CONN_ADDR_LEN])
{
	char text[INET6_ADDRSTRLEN];

	sqlite3_bind_text(to->stmt, to->at++, addr_format(addr, text, sizeof(text)), -1,
			  SQLITE_TRANSIENT);
}

/* Any bytes but NUL may stand in a name: SQLite keeps them as they are, UTF-8 or not. */
static void put_comm(struct cursor *to, const char comm[CONN_COMM_LEN])
{
	sqlite3_bind_text(to->stmt, to->at++, comm, (int)strnlen(comm, CONN_COMM_LEN),
			  SQLITE_TRANSIENT);
}

static __u64 get(struct cursor *from, __u64 max)
{
	__u64 number = (__u64)sqlite3_column_int64(from->stmt, from->at++);

	from->bad |= number > max;
	return number;
}

static __u64 get_any(struct cursor *from)
{
	return get(from, UINT64_MAX);
}

static __u64 get_unless(struct cursor *from, __u64 unknown)
{
	if (sqlite3_column_type(from->stmt, from->at) != SQLITE_NULL)
		return get(from, UINT32_MAX);
	from->at++;
	return unknown;
}

static __u64 get_since(struct cursor *from, __u64 origin)
{
	if (sqlite3_column_type(from->stmt, from->at) != SQLITE_NULL)
		return origin + get(from, INT64_MAX);
	from->at++;
	return 0;
}

static const char *get_text(struct cursor *from)
{
	const char *text = (const char *)sqlite3_column_text(from->stmt, from->at++);

	return text ? text : "";
}

static void get_addr(struct cursor *from, __u8 *addr)
{
	from->bad |= parse_addr(get_text(from), addr) != 0;
}

static void get_comm(struct cursor *from, char comm[CONN_COMM_LEN])
{
	strncpy(comm, get_text(from), CONN_COMM_LEN - 1);
}

static void put_family(struct cursor *to, __u8 family)
{
	put(to, family == AF_INET6 ? 6 : 4);
}

static __u8 get_family(struct cursor *from)
{
	return get(from, 6) == 6 ? AF_INET6 : AF_INET;
}

static __u8 get_role(struct cursor *from)
{
	__u8 role = (__u8)get(from, ROLE_SERVER);

	from->bad |= role == ROLE_NONE;
	return role;
}

/* ---- connections ---- */

void recording_put_conn(sqlite3_stmt *stmt, int at, const struct conn *conn, __u32 shift)
{
	struct cursor to = { .stmt = stmt, .at = at };

	put(&to, shift);
	put(&to, conn->role);
	put(&to, conn->netns);
	put_addr(&to, conn->local_addr);
	put(&to, conn->local_port);
	put_addr(&to, conn->remote_addr);
	put(&to, conn->remote_port);
	put_family(&to, conn->family);
	put(&to, conn->state);
	put(&to, conn->bound);
	put(&to, conn->queued);
	put(&to, conn->ready);
	put(&to, conn->turn);
	put(&to, conn->untimed);
	put(&to, conn->flags);
	put(&to, conn->initiator);
	put(&to, conn->cause);
	put(&to, conn->fail);
	put_since(&to, conn->ready_ns, conn->opened_ns);
	put_since(&to, conn->last_ns, conn->opened_ns);
	put_since(&to, conn->closed_ns, conn->opened_ns);
	put_unless(&to, conn->idle_ms, IDLE_UNKNOWN);
	put_unless(&to, conn->idle_others, OTHERS_UNKNOWN);
	put(&to, conn->exchanges);
	put(&to, conn->sent_bytes);
	put(&to, conn->received_bytes);
	put_unless(&to, conn->depth, 0);
	put_unless(&to, conn->limit, 0);
	put_unless(&to, conn->pid, 0);
	put_unless(&to, conn->tid, 0);
	put_unless(&to, conn->cgroup, 0);
	put_comm(&to, conn->comm);
}

static void get_conn_id(struct cursor *from, __u64 id, struct conn *conn)
{
	conn->opened_ns = id - get(from, UINT32_MAX);
	conn->role = get_role(from);
	conn->netns = (__u32)get(from, UINT32_MAX);
	get_addr(from, conn->local_addr);
	conn->local_port = (__u16)get(from, UINT16_MAX);
	get_addr(from, conn->remote_addr);
	conn->remote_port = (__u16)get(from, UINT16_MAX);
}

int recording_get_conn(sqlite3_stmt *stmt, int at, __u64 id, struct conn *ret_conn)
{
	struct cursor from = { .stmt = stmt, .at = at };
	struct conn conn = {};

	get_conn_id(&from, id, &conn);
	conn.family = get_family(&from);
	conn.state = (__u8)get(&from, UINT8_MAX);
	conn.bound = (__u8)get(&from, BOUND_ANY6);
	conn.queued = (__u8)get(&from, 1);
	conn.ready = (__u8)get(&from, 1);
	conn.turn = (__u8)get(&from, TURN_RECEIVED);
	conn.untimed = (__u8)get(&from, 1);
	conn.flags = (__u16)get(&from, UINT16_MAX);
	conn.initiator = (__u8)get(&from, INITIATOR_MAX - 1);
	conn.cause = (__u8)get(&from, CAUSE_MAX - 1);
	conn.fail = (__u8)get(&from, FAIL_MAX - 1);
	conn.ready_ns = get_since(&from, conn.opened_ns);
	conn.last_ns = get_since(&from, conn.opened_ns);
	conn.closed_ns = get_since(&from, conn.opened_ns);
	conn.idle_ms = (__u32)get_unless(&from, IDLE_UNKNOWN);
	conn.idle_others = (__u32)get_unless(&from, OTHERS_UNKNOWN);
	conn.exchanges = (__u32)get(&from, UINT32_MAX);
	conn.sent_bytes = get(&from, INT64_MAX);
	conn.received_bytes = get(&from, INT64_MAX);
	conn.depth = (__u32)get_unless(&from, 0);
	conn.limit = (__u32)get_unless(&from, 0);
	conn.pid = (__u32)get_unless(&from, 0);
	conn.tid = (__u32)get_unless(&from, 0);
	conn.cgroup = get_any(&from);
	get_comm(&from, conn.comm);
	if (from.bad)
		return -EBADMSG;
	*ret_conn = conn;
	return 0;
}

bool recording_is_conn(sqlite3_stmt *stmt, int at, __u64 id, const struct conn *conn)
{
	struct cursor from = { .stmt = stmt, .at = at };
	struct conn other = {};

	get_conn_id(&from, id, &other);
	return other.opened_ns == conn->opened_ns && other.role == conn->role &&
	       other.netns == conn->netns && other.local_port == conn->local_port &&
	       other.remote_port == conn->remote_port &&
	       !memcmp(other.local_addr, conn->local_addr, sizeof(other.local_addr)) &&
	       !memcmp(other.remote_addr, conn->remote_addr, sizeof(other.remote_addr));
}

/* ---- listeners ---- */

void recording_put_listener(sqlite3_stmt *stmt, int at, const struct listener *listener)
{
	struct cursor to = { .stmt = stmt, .at = at };

	put(&to, listener->netns);
	put_addr(&to, listener->addr);
	put(&to, listener->port);
	put_family(&to, listener->family);
	put_unless(&to, listener->pid, 0);
	put_unless(&to, listener->cgroup, 0);
	put_comm(&to, listener->comm);
	put(&to, listener->flags);
	put(&to, (__u64)(__s64)listener->backlog_asked);
	put(&to, listener->limit);
	put(&to, listener->somaxconn);
	put(&to, listener->depth);
	put(&to, listener->syn_drops);
	put(&to, listener->ack_drops);
}

int recording_get_listener(sqlite3_stmt *stmt, int at, struct listener *ret_listener)
{
	struct cursor from = { .stmt = stmt, .at = at };
	struct listener listener = {};

	listener.netns = (__u32)get(&from, UINT32_MAX);
	get_addr(&from, listener.addr);
	listener.port = (__u16)get(&from, UINT16_MAX);
	listener.family = get_family(&from);
	listener.pid = (__u32)get_unless(&from, 0);
	listener.cgroup = get_any(&from);
	get_comm(&from, listener.comm);
	listener.flags = (__u16)get(&from, UINT16_MAX);
	listener.backlog_asked = (__s32)(__s64)get_any(&from);
	listener.limit = (__u32)get(&from, UINT32_MAX);
	listener.somaxconn = (__u32)get(&from, UINT32_MAX);
	listener.depth = (__u32)get(&from, UINT32_MAX);
	listener.syn_drops = get(&from, INT64_MAX);
	listener.ack_drops = get(&from, INT64_MAX);
	if (from.bad)
		return -EBADMSG;
	*ret_listener = listener;
	return 0;
}

/* ---- groups ---- */

void recording_put_group(sqlite3_stmt *stmt, int at, const struct group_key *key)
{
	struct cursor to = { .stmt = stmt, .at = at };

	put(&to, key->role);
	put(&to, key->netns);
	put_addr(&to, key->addr);
	put(&to, key->port);
	put(&to, key->bound);
	put_unless(&to, key->pid, 0);
	put_unless(&to, key->cgroup, 0);
	put_comm(&to, key->comm);
}

int recording_get_group(sqlite3_stmt *stmt, int at, struct group_key *ret_key)
{
	struct cursor from = { .stmt = stmt, .at = at };
	struct group_key key = {};

	key.role = get_role(&from);
	key.netns = (__u32)get(&from, UINT32_MAX);
	get_addr(&from, key.addr);
	key.port = (__u16)get(&from, UINT16_MAX);
	key.bound = (__u8)get(&from, BOUND_ANY6);
	key.pid = (__u32)get_unless(&from, 0);
	key.cgroup = get_any(&from);
	get_comm(&from, key.comm);
	if (from.bad)
		return -EBADMSG;
	*ret_key = key;
	return 0;
}

/* ---- rows of the reports ---- */

void recording_put_endpoint(sqlite3_stmt *stmt, int at, const struct row_key *key)
{
	struct cursor to = { .stmt = stmt, .at = at };

	put(&to, key->role);
	put(&to, key->netns);
	put_addr(&to, key->addr);
	put(&to, key->port);
	put_unless(&to, key->pid, 0);
	put_unless(&to, key->cgroup, 0);
	put_comm(&to, key->comm);
	sqlite3_bind_text(stmt, to.at, key->name, -1, SQLITE_TRANSIENT);
}

int recording_get_endpoint(sqlite3_stmt *stmt, int at, struct row_key *ret_key)
{
	struct cursor from = { .stmt = stmt, .at = at };
	struct row_key key = {};

	key.role = get_role(&from);
	key.netns = (__u32)get(&from, UINT32_MAX);
	get_addr(&from, key.addr);
	key.port = (__u16)get(&from, UINT16_MAX);
	key.pid = (__u32)get_unless(&from, 0);
	key.cgroup = get_any(&from);
	get_comm(&from, key.comm);
	strncpy(key.name, get_text(&from), sizeof(key.name) - 1);
	if (from.bad)
		return -EBADMSG;
	*ret_key = key;
	return 0;
}
