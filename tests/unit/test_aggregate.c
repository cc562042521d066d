/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: what is counted where, from closed records, snapshots, listeners and groups. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "aggregate.h"

#define SECOND 1000000000ULL

static void set_v4(__u8 *addr, __u8 last)
{
	static const __u8 net[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0 };

	memcpy(addr, net, sizeof(net));
	addr[15] = last;
}

/* 10.0.0.1:40000 to 10.0.0.2:5000, as its client sees it. */
static struct conn client(__u32 exchanges)
{
	struct conn conn = {
		.role = ROLE_CLIENT,
		.ready = 1,
		.opened_ns = 1 * SECOND,
		.ready_ns = 1 * SECOND + 250000,
		.local_port = 40000,
		.remote_port = 5000,
		.netns = 7,
		.pid = 100,
		.comm = "nginx",
		.exchanges = exchanges,
		.idle_ms = IDLE_UNKNOWN,
	};

	set_v4(conn.local_addr, 1);
	set_v4(conn.remote_addr, 2);
	return conn;
}

static struct conn server(__u32 depth)
{
	struct conn conn = client(0);

	conn.role = ROLE_SERVER;
	conn.queued = 1;
	conn.local_port = 5000;
	conn.remote_port = 40000;
	conn.depth = depth;
	return conn;
}

static struct conn ended(struct conn conn, __u8 initiator)
{
	conn.initiator = initiator;
	conn.closed_ns = 9 * SECOND;
	return conn;
}

/* Closed and open halves of ROW together. */
static struct totals *sum(const struct row *row)
{
	static struct totals totals;

	totals__clear(&totals);
	totals__merge(&totals, &row->closed);
	totals__merge(&totals, &row->open);
	return &totals;
}

static const struct row *only_row(const struct aggregate *agg)
{
	const struct row *const *rows;

	assert_int_equal(aggregate__rows(agg, &rows), 1);
	return rows[0];
}

static struct aggregate *make(unsigned int by, size_t max_rows)
{
	struct aggregate *agg = aggregate__new(by, max_rows, NULL, NULL);

	assert_non_null(agg);
	return agg;
}

static void counts_exchanges_and_carriers(void **state)
{
	struct aggregate *agg = make(0, 8);
	static const __u32 exchanges[] = { 23, 0, 2 };
	struct totals *totals;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct conn conn = ended(client(exchanges[i]), INITIATOR_LOCAL_FIN);

		aggregate__closed(agg, &conn);
	}
	totals = sum(only_row(agg));
	assert_int_equal(totals->opened, 3);
	assert_int_equal(totals->closed, 3);
	assert_int_equal(totals->exchanges, 25);
	assert_int_equal(totals->carriers, 2);
	assert_int_equal(totals->unused, 1);
	assert_int_equal(totals->by[INITIATOR_LOCAL_FIN], 3);
	assert_int_equal(totals->exchanges_per_conn.max, 23);
	assert_int_equal(totals->connect_us.max, 250);
	aggregate__free(agg);
}

static void keeps_partial_apart(void **state)
{
	struct aggregate *agg = make(0, 8);
	struct conn conn = ended(client(5), INITIATOR_REMOTE_FIN);
	struct totals *totals;

	(void)state;
	conn.flags |= CONN_PARTIAL;
	aggregate__closed(agg, &conn);
	totals = sum(only_row(agg));
	assert_int_equal(totals->opened, 0);
	assert_int_equal(totals->partial, 1);
	assert_int_equal(totals->exchanges, 0);
	assert_int_equal(totals->partial_exchanges, 5);
	assert_int_equal(totals->carriers, 0);
	assert_int_equal(totals->closed, 1);
	assert_int_equal(totals->connect_us.count, 0);
	aggregate__free(agg);
}

static void forgets_the_snapshot_before(void **state)
{
	struct aggregate *agg = make(0, 8);
	struct conn idle = client(1), active = client(1);
	struct totals *totals;

	(void)state;
	idle.turn = TURN_RECEIVED;
	active.turn = TURN_SENT;
	for (int i = 0; i < 2; i++) {
		aggregate__begin_snapshot(agg, 0);
		aggregate__open(agg, &idle);
		aggregate__open(agg, &active);
	}
	totals = sum(only_row(agg));
	assert_int_equal(totals->opened, 2);
	assert_int_equal(totals->open, 2);
	assert_int_equal(totals->active, 1);
	aggregate__begin_snapshot(agg, 0);
	active = ended(active, INITIATOR_REMOTE_RST);
	aggregate__closed(agg, &active);
	totals = sum(only_row(agg));
	assert_int_equal(totals->opened, 1);
	assert_int_equal(totals->open, 0);
	assert_int_equal(totals->by[INITIATOR_REMOTE_RST], 1);
	aggregate__free(agg);
}

static void failed_is_not_opened(void **state)
{
	struct aggregate *agg = make(0, 8);
	struct conn refused = client(0), connecting = client(0);
	struct totals *totals;

	(void)state;
	refused.ready = 0;
	refused.fail = FAIL_REFUSED;
	connecting.ready = 0;
	aggregate__closed(agg, &refused);
	aggregate__open(agg, &connecting);
	totals = sum(only_row(agg));
	assert_int_equal(totals->failed, 1);
	assert_int_equal(totals->fails[FAIL_REFUSED], 1);
	assert_int_equal(totals->opened, 0);
	assert_int_equal(totals->open, 0);
	assert_int_equal(totals->closed, 0);
	aggregate__free(agg);
}

static void never_queued_is_no_connection(void **state)
{
	struct aggregate *agg = make(0, 8);
	const struct row *const *rows;
	struct conn conn = server(1);

	(void)state;
	conn.queued = 0;
	aggregate__closed(agg, &conn);
	assert_int_equal(aggregate__rows(agg, &rows), 0);
	aggregate__free(agg);
}

static void idle_goes_to_the_side_that_ended_it(void **state)
{
	static const struct {
		__u8 initiator;
		__u32 idle_ms;
		__u64 local, remote;
	} cases[] = {
		{ INITIATOR_LOCAL_FIN, 5000, 1, 0 },  { INITIATOR_LOCAL_RST, 0, 1, 0 },
		{ INITIATOR_REMOTE_FIN, 5000, 0, 1 }, { INITIATOR_REMOTE_RST, 5000, 0, 1 },
		{ INITIATOR_TIMEOUT, 5000, 0, 0 },    { INITIATOR_LOCAL_FIN, IDLE_UNKNOWN, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct aggregate *agg = make(0, 8);
		struct conn conn = ended(client(1), cases[i].initiator);
		struct totals *totals;

		conn.idle_ms = cases[i].idle_ms;
		aggregate__closed(agg, &conn);
		totals = sum(only_row(agg));
		assert_int_equal(totals->idle_at_close_local_us.count, cases[i].local);
		assert_int_equal(totals->idle_at_close_remote_us.count, cases[i].remote);
		assert_int_equal(totals->idle_at_close_local_us.max +
					 totals->idle_at_close_remote_us.max,
				 cases[i].local + cases[i].remote ? cases[i].idle_ms * 1000ULL : 0);
		aggregate__free(agg);
	}
}

static void server_rows_are_listeners(void **state)
{
	struct aggregate *agg = make(0, 8);
	struct listener listener = {
		.port = 5000,
		.netns = 7,
		.backlog_asked = 100000,
		.limit = 128,
		.depth = 3,
		.syn_drops = 1,
		.ack_drops = 2,
		.flags = LISTENER_OPEN | LISTENER_ASKED,
		.comm = "master",
		.pid = 1,
	};
	struct conn conn = server(5);
	const struct row *row;

	(void)state;
	/* A wildcard listener and a connection to one of the host's addresses are one row. */
	listener.addr[10] = listener.addr[11] = 0xff;
	conn.bound = BOUND_ANY4;
	aggregate__closed(agg, &conn);
	aggregate__listener(agg, &listener);
	row = only_row(agg);
	assert_int_equal(row->listener_open.limit, 128);
	assert_int_equal(row->listener_open.backlog_asked, 100000);
	assert_int_equal(row->listener_open.asked_known, 1);
	assert_int_equal(row->listener_open.syn_drops, 1);
	assert_int_equal(row->listener_open.ack_drops, 2);
	assert_int_equal(row->listener_open.depth, 3);
	assert_int_equal(sum(row)->depth_max, 5);
	assert_int_equal(sum(row)->accepted, 1);
	assert_int_equal(sum(row)->accept_wait_us.max, 250);
	assert_string_equal(row->comm, "nginx"); /* who accepts, not who listens */
	aggregate__free(agg);
}

static void tells_apart_by_what_was_asked(void **state)
{
	static const struct {
		unsigned int by;
		size_t rows;
	} cases[] = {
		{ 0, 3 },	    /* endpoint and comm, each in its network namespace */
		{ BY_ENDPOINT, 2 }, /* two namespaces */
		{ BY_COMM, 2 },	    { BY_PID, 2 }, { BY_NETNS, 2 }, { BY_COMM | BY_PID, 3 },
	};
	const struct row *const *rows;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct aggregate *agg = make(cases[i].by, 8);
		struct conn one = client(1), two = client(1), three = client(1);

		memcpy(two.comm, "curl", 5);
		three.netns = 8;
		three.pid = 101;
		aggregate__closed(agg, &one);
		aggregate__closed(agg, &two);
		aggregate__closed(agg, &three);
		assert_int_equal(aggregate__rows(agg, &rows), cases[i].rows);
		aggregate__free(agg);
	}
}

static void folds_what_does_not_fit(void **state)
{
	struct aggregate *agg = make(0, 2);
	const struct row *const *rows;
	const struct row *other;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct conn conn = ended(client(1), INITIATOR_LOCAL_FIN);

		conn.remote_port = 5000 + i;
		aggregate__closed(agg, &conn);
	}
	assert_int_equal(aggregate__rows(agg, &rows), 3);
	assert_int_equal(aggregate__folded(agg), 3);
	other = rows[2];
	assert_string_equal(other->key.name, "other");
	assert_int_equal(sum(other)->opened, 3);
	aggregate__free(agg);
}

static void folded_are_connections_alone(void **state)
{
	struct listener listener = { .port = 80, .flags = LISTENER_OPEN };
	struct aggregate *agg = make(0, 0);
	struct conn open = client(1), closed = ended(client(1), INITIATOR_LOCAL_FIN);

	(void)state;
	aggregate__closed(agg, &closed);
	aggregate__listener_closed(agg, &listener);
	aggregate__begin_snapshot(agg, 0);
	aggregate__open(agg, &open);
	aggregate__open(agg, &open);
	aggregate__listener(agg, &listener);
	assert_int_equal(aggregate__folded(agg), 3);
	aggregate__begin_snapshot(agg, 0);
	assert_int_equal(aggregate__folded(agg), 1);
	aggregate__free(agg);
}

/* What the kernel has put into one group is of one row; what it has in none, each of its own. */
static void one_row_for_a_group(void **state)
{
	static const struct {
		__u16 port;
		__u32 group;
	} ends[] = {
		{ 5000, GROUP_FIRST },	   { 5001, GROUP_FIRST }, { 5001, GROUP_FIRST + 1 },
		{ 5000, GROUP_FIRST + 2 }, { 5001, GROUP_NONE },  { 5001, GROUP_OTHER },
		{ 5000, GROUP_NONE },	   { 5001, GROUP_OTHER }, { 5000, UINT32_MAX },
	};
	struct aggregate *agg = make(0, 2);
	const struct row *const *rows;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct conn conn = ended(client(1), INITIATOR_LOCAL_FIN);

		conn.remote_port = ends[i].port;
		conn.group = ends[i].group;
		aggregate__closed(agg, &conn);
	}
	assert_int_equal(aggregate__rows(agg, &rows), 2);
	assert_int_equal(rows[0]->key.port, 5000);
	assert_int_equal(sum(rows[0])->closed, 5);
	assert_int_equal(rows[1]->key.port, 5001);
	assert_int_equal(sum(rows[1])->closed, 4);
	aggregate__free(agg);
}

static void amends_what_was_counted(void **state)
{
	struct aggregate *agg = make(0, 8);
	struct conn before = ended(server(1), INITIATOR_LOCAL_FIN), after;
	struct totals *totals;

	(void)state;
	before.flags |= CONN_TIME_WAIT;
	after = before;
	after.flags = (after.flags & ~CONN_TIME_WAIT) | CONN_RACED;
	after.cause = CAUSE_AFTER_FIN_DATA;
	aggregate__closed(agg, &before);
	aggregate__amended(agg, &before, &after);
	totals = sum(only_row(agg));
	assert_int_equal(totals->closed, 1);
	assert_int_equal(totals->time_wait, 0);
	assert_int_equal(totals->raced, 1);
	assert_int_equal(totals->causes[CAUSE_NONE], 0);
	assert_int_equal(totals->causes[CAUSE_AFTER_FIN_DATA], 1);
	aggregate__free(agg);
}

static void default_with_containers_splits_clients_alone(void **state)
{
	struct aggregate *agg = make(BY_DEFAULT_AND_CONTAINER, 8);
	struct conn here = client(1), there = client(1), taken = server(1), other = server(1);
	const struct row *const *rows;

	(void)state;
	here.cgroup = 1;
	there.cgroup = 2;
	taken.cgroup = 1;
	other.cgroup = 2;
	aggregate__closed(agg, &here);
	aggregate__closed(agg, &there);
	aggregate__closed(agg, &taken);
	aggregate__closed(agg, &other);
	assert_int_equal(aggregate__rows(agg, &rows), 3);
	aggregate__free(agg);
}

/* A request in flight is counted under who ended it; how long it lasted, where that is known. */
static void endings_by_who_and_how_long(void **state)
{
	struct aggregate *agg = make(0, 8);
	struct conn conn = ended(client(1), INITIATOR_REMOTE_RST);
	const struct row *row;

	(void)state;
	conn.flags |= CONN_IN_FLIGHT;
	conn.closed_ns = conn.opened_ns + 7000000;
	aggregate__closed(agg, &conn);
	conn.flags = CONN_PARTIAL;
	aggregate__closed(agg, &conn);
	row = only_row(agg);
	assert_int_equal(row->closed.by[INITIATOR_REMOTE_RST], 2);
	assert_int_equal(row->closed.in_flight_by[INITIATOR_REMOTE_RST], 1);
	assert_int_equal(row->closed.duration_us.count, 1);
	assert_int_equal(row->closed.duration_us.sum, 7000);
	aggregate__free(agg);
}

static void groups_give_histograms_and_peaks(void **state)
{
	static struct group group = { .open = 1, .open_peak = 4, .active_peak = 3 };
	struct aggregate *agg = make(0, 8);
	struct group_key key = { .netns = 7, .port = 5000, .role = ROLE_CLIENT, .comm = "nginx" };
	struct group_key stranger = { .netns = 9, .port = 1, .role = ROLE_CLIENT };
	struct conn conn = client(3);
	const struct row *row;

	(void)state;
	set_v4(key.addr, 2);
	group.idle_gap_us.slots[hist_slot(3000)] = 2;
	group.idle_gap_us.sum = 6000;
	group.idle_gap_us.max = 3000;
	aggregate__begin_snapshot(agg, 0);
	aggregate__open(agg, &conn);
	aggregate__group(agg, &key, &group);
	aggregate__group(agg, &stranger, &group); /* no row: filtered out */
	row = only_row(agg);
	assert_int_equal(row->open_peak, 4);
	assert_int_equal(row->active_peak, 3);
	assert_int_equal(row->groups, 1);
	assert_int_equal(row->idle_gap_us.count, 2);
	assert_int_equal(row->idle_gap_us.max, 3000);
	aggregate__free(agg);
}

/* Ticks come late, but what they note has come before them. */
static void series_hold_what_came_between_ticks(void **state)
{
	struct aggregate *agg = aggregate__new(0, 16, NULL, NULL);
	struct conn conn = client(3);
	const struct series *series;

	(void)state;
	aggregate__keep_series(agg, 1 * SECOND);
	aggregate__begin_snapshot(agg, 0);
	aggregate__open(agg, &conn);
	aggregate__tick(agg, 2 * SECOND + SECOND / 20);
	conn.exchanges = 5;
	aggregate__begin_snapshot(agg, 0);
	aggregate__open(agg, &conn);
	aggregate__tick(agg, 3 * SECOND + SECOND / 10);
	series = only_row(agg)->series;
	assert_non_null(series);
	assert_int_equal(series->count, 2);
	assert_int_equal(series->slots[0].opened, 1);
	assert_int_equal(series->slots[0].exchanges, 3);
	assert_int_equal(series->slots[1].opened, 0);
	assert_int_equal(series->slots[1].exchanges, 2);
	assert_int_equal(series->slots[1].open, 1);
	aggregate__free(agg);
}

static void many_series_are_coarser(void **state)
{
	struct aggregate *agg = aggregate__new(0, 3000, NULL, NULL);
	const struct row *const *rows;
	struct conn conn = client(3);
	size_t count, slots = 0;

	(void)state;
	aggregate__keep_series(agg, 1 * SECOND);
	for (__u16 port = 1; port <= 3000; port++) {
		conn.remote_port = port;
		aggregate__closed(agg, &conn);
	}
	for (__u64 second = 2; second < 600; second++)
		aggregate__tick(agg, second * SECOND);
	count = aggregate__rows(agg, &rows);
	assert_int_equal(count, 3000);
	for (size_t i = 0; i < count; i++) {
		slots += rows[i]->series->room;
		assert_int_equal(rows[i]->series->width_ns, 4 * SECOND);
		assert_int_equal(rows[i]->series->slots[0].opened, 1);
	}
	assert_in_range(slots * sizeof(struct slot), 32 << 20, 64 << 20);
	aggregate__free(agg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_exchanges_and_carriers),
		cmocka_unit_test(keeps_partial_apart),
		cmocka_unit_test(forgets_the_snapshot_before),
		cmocka_unit_test(failed_is_not_opened),
		cmocka_unit_test(never_queued_is_no_connection),
		cmocka_unit_test(idle_goes_to_the_side_that_ended_it),
		cmocka_unit_test(server_rows_are_listeners),
		cmocka_unit_test(tells_apart_by_what_was_asked),
		cmocka_unit_test(folds_what_does_not_fit),
		cmocka_unit_test(folded_are_connections_alone),
		cmocka_unit_test(one_row_for_a_group),
		cmocka_unit_test(amends_what_was_counted),
		cmocka_unit_test(default_with_containers_splits_clients_alone),
		cmocka_unit_test(endings_by_who_and_how_long),
		cmocka_unit_test(groups_give_histograms_and_peaks),
		cmocka_unit_test(series_hold_what_came_between_ticks),
		cmocka_unit_test(many_series_are_coarser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
