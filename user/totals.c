/* SPDX-License-Identifier: Apache-2.0 */
/* What can be summed over connections, and over listening sockets. */
#include "totals.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <netinet/tcp.h>

void totals__clear(struct totals *totals)
{
	memset(totals, 0, offsetof(struct totals, exchanges_per_conn));
	dist__clear(&totals->exchanges_per_conn);
	dist__clear(&totals->connect_us);
	dist__clear(&totals->accept_wait_us);
	dist__clear(&totals->depth);
	dist__clear(&totals->idle_at_close_local_us);
	dist__clear(&totals->idle_at_close_remote_us);
	dist__clear(&totals->duration_us);
}

void totals__done(struct totals *totals)
{
	dist__done(&totals->exchanges_per_conn);
	dist__done(&totals->connect_us);
	dist__done(&totals->accept_wait_us);
	dist__done(&totals->depth);
	dist__done(&totals->idle_at_close_local_us);
	dist__done(&totals->idle_at_close_remote_us);
	dist__done(&totals->duration_us);
}

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
	if (conn->flags & CONN_MPTCP)
		totals->mptcp++;
	if (conn->flags & CONN_TURNLESS)
		return;
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
	if (conn->flags & CONN_IN_FLIGHT) {
		totals->in_flight++;
		totals->in_flight_by[conn->initiator]++;
	}
	if (conn->flags & CONN_RACED)
		totals->raced++;
	totals->time_wait += !!(conn->flags & CONN_TIME_WAIT);
	if (!conn->exchanges && !(conn->flags & (CONN_PARTIAL | CONN_TURNLESS)))
		totals->unused++;
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

void totals__add(struct totals *totals, const struct conn *conn)
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
	totals->open_turnless += !!(conn->flags & CONN_TURNLESS);
	totals->active += conn_is_active(conn);
}

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
	into->open_turnless += from->open_turnless;
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

/* ---- listeners ---- */

static bool speaks_for_all(const struct listener_totals *totals, const struct listener *listener)
{
	if (!totals->seen || !(listener->flags & LISTENER_OPEN))
		return true;
	return listener->depth > totals->depth ||
	       (listener->depth == totals->depth && listener->limit < totals->limit);
}

void listener_totals__add(struct listener_totals *totals, const struct listener *listener)
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
