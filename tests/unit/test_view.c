/* SPDX-License-Identifier: Apache-2.0 */
/* The views: from records, through the aggregate, to the cells of each table. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "aggregate.h"
#include "conn_list.h"
#include "conn_pick.h"
#include "parse.h"
#include "report.h"
#include "table.h"
#include "view.h"
#include "view_row.h"

#define US 1000ULL /* nanoseconds */
#define MS 1000000ULL

struct scene {
	struct aggregate *agg;
	struct conn_list *conns;
	struct report report;
	struct table table;
	bool filled;
};

static void begin(struct scene *scene, unsigned int by)
{
	memset(scene, 0, sizeof(*scene));
	scene->agg = aggregate__new(by, 64, NULL, NULL);
	assert_non_null(scene->agg);
	scene->report.aggregate = scene->agg;
	scene->report.by = by;
	for (int i = 0; i < FEATURE_MAX; i++)
		scene->report.account.features[i].mechanism = MECHANISM_FENTRY;
}

static void fill(struct scene *scene, const struct view *view)
{
	assert_int_equal(view->fill(&scene->report, &scene->table), 0);
	scene->filled = true;
}

static void end(struct scene *scene)
{
	if (scene->filled)
		table__done(&scene->table);
	aggregate__free(scene->agg);
	conn_list__free(scene->conns);
}

static void set_feature(struct scene *scene, enum feature feature, enum mechanism mechanism,
			const char *reason)
{
	struct feature_state *state = &scene->report.account.features[feature];

	state->mechanism = mechanism;
	snprintf(state->reason, sizeof(state->reason), "%s", reason);
}

static struct conn client(const char *addr, __u16 port)
{
	struct conn conn = {
		.role = ROLE_CLIENT,
		.family = AF_INET,
		.ready = 1,
		.remote_port = port,
		.opened_ns = 1000 * MS,
		.ready_ns = 1000 * MS + 321 * US,
		.pid = 42,
		.comm = "nginx",
	};

	assert_int_equal(parse_addr(addr, conn.remote_addr), 0);
	return conn;
}

static struct conn closed_client(const char *addr, __u16 port, __u32 exchanges)
{
	struct conn conn = client(addr, port);

	conn.exchanges = exchanges;
	conn.initiator = INITIATOR_REMOTE_FIN;
	conn.idle_ms = 3000;
	return conn;
}

static const struct cell *cell(const struct scene *scene, size_t row, const char *key)
{
	int column = table__find_column(&scene->table, key);

	assert_true(column >= 0);
	assert_true(row < scene->table.row_count);
	return &scene->table.cells[row * scene->table.column_count + (size_t)column];
}

static __u64 number(const struct scene *scene, size_t row, const char *key)
{
	const struct cell *found = cell(scene, row, key);

	assert_int_equal(found->kind, CELL_NUMBER);
	return found->number;
}

static const char *text(const struct scene *scene, size_t row, const char *key)
{
	const struct cell *found = cell(scene, row, key);

	assert_int_equal(found->kind, CELL_TEXT);
	return found->text;
}

static void assert_missing(const struct scene *scene, size_t row, const char *key,
			   const char *reason)
{
	const struct cell *found = cell(scene, row, key);

	assert_int_equal(found->kind, CELL_NULL);
	if (reason)
		assert_string_equal(found->reason, reason);
	else
		assert_null(found->reason);
}

static void registry(void **state)
{
	const struct view *const *views;

	(void)state;
	assert_int_equal(view_all(&views), 3);
	assert_ptr_equal(views[0], &view_reuse);
	assert_ptr_equal(view_find("close"), &view_close);
	assert_ptr_equal(view_find("conns"), &view_conns);
	assert_null(view_find("all"));
	assert_false(view_has_column("all", "opened_ts"));
	assert_null(view_find("check"));
	assert_true(view_has_column("all", "raced"));
	assert_true(view_has_column("close", "raced"));
	assert_false(view_has_column("reuse", "raced"));
}

static void columns_are_whole(void **state)
{
	const struct view *const *views;
	size_t count = view_all(&views);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(views[i]->column_count <= 64);
		for (size_t k = 0; k < views[i]->column_count; k++) {
			const struct column *column = &views[i]->columns[k];

			assert_non_null(column->title);
			assert_non_null(column->help);
			assert_true(strlen(column->help) > 0);
		}
	}
}

static void reuse_of_one_connection(void **state)
{
	struct conn conn = closed_client("10.21.2.25", 5000, 3);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	conn.sent_bytes = 300;
	conn.received_bytes = 900;
	conn.flags |= CONN_TIME_WAIT;
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_reuse);
	assert_int_equal(scene.table.row_count, 1);
	assert_string_equal(scene.table.type, "upstream");
	assert_string_equal(text(&scene, 0, "addr"), "10.21.2.25");
	assert_int_equal(number(&scene, 0, "port"), 5000);
	assert_string_equal(text(&scene, 0, "UPSTREAM"), "10.21.2.25:5000");
	assert_string_equal(text(&scene, 0, "comm"), "nginx");
	assert_int_equal(number(&scene, 0, "pid"), 42);
	assert_missing(&scene, 0, "name", NULL);
	assert_missing(&scene, 0, "container", NULL);
	assert_int_equal(number(&scene, 0, "opened"), 1);
	assert_int_equal(number(&scene, 0, "exchanges"), 3);
	assert_int_equal(number(&scene, 0, "reused"), 2);
	assert_true(cell(&scene, 0, "reuse_ratio")->real > 0.666);
	assert_true(cell(&scene, 0, "reuse_ratio")->real < 0.667);
	assert_int_equal(number(&scene, 0, "exchanges_per_conn.p50"), 3);
	assert_int_equal(number(&scene, 0, "connect_us.max"), 321);
	assert_int_equal(number(&scene, 0, "sent_bytes"), 300);
	assert_int_equal(number(&scene, 0, "received_bytes"), 900);
	assert_int_equal(number(&scene, 0, "closed"), 1);
	assert_int_equal(number(&scene, 0, "time_wait"), 1);
	assert_int_equal(number(&scene, 0, "open"), 0);
	assert_missing(&scene, 0, "response_us.p50", NULL);
	end(&scene);
}

static void no_exchange_has_no_ratio(void **state)
{
	struct conn conn = closed_client("10.0.0.1", 80, 0);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_reuse);
	assert_int_equal(number(&scene, 0, "exchanges"), 0);
	assert_missing(&scene, 0, "reuse_ratio", NULL);
	assert_missing(&scene, 0, "exchanges_per_conn.max", NULL);
	end(&scene);
}

static void partial_connections_stay_out_of_the_ratio(void **state)
{
	struct conn seen = closed_client("10.0.0.1", 80, 2);
	struct conn partial = closed_client("10.0.0.1", 80, 10);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	partial.flags |= CONN_PARTIAL;
	aggregate__closed(scene.agg, &seen);
	aggregate__closed(scene.agg, &partial);
	fill(&scene, &view_reuse);
	assert_int_equal(number(&scene, 0, "opened"), 1);
	assert_int_equal(number(&scene, 0, "partial"), 1);
	assert_int_equal(number(&scene, 0, "exchanges"), 2);
	assert_int_equal(number(&scene, 0, "partial_exchanges"), 10);
	assert_true(cell(&scene, 0, "reuse_ratio")->real == 0.5);
	end(&scene);
}

static void open_and_closed_add_up(void **state)
{
	struct conn closed = closed_client("10.0.0.1", 80, 2), open = client("10.0.0.1", 80);
	struct group_key key = { .role = ROLE_CLIENT, .port = 80, .comm = "nginx" };
	struct group group = { .open_peak = 5, .active_peak = 3 };
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	aggregate__closed(scene.agg, &closed);
	aggregate__begin_snapshot(scene.agg, 0);
	open.exchanges = 1;
	aggregate__open(scene.agg, &open);
	open.turn = TURN_SENT;
	aggregate__open(scene.agg, &open);
	assert_int_equal(parse_addr("10.0.0.1", key.addr), 0);
	group.idle_gap_us.slots[hist_slot(1600)] = 1;
	group.idle_gap_us.max = 1600;
	aggregate__group(scene.agg, &key, &group);
	fill(&scene, &view_reuse);
	assert_int_equal(scene.table.row_count, 1);
	assert_int_equal(number(&scene, 0, "opened"), 3);
	assert_int_equal(number(&scene, 0, "exchanges"), 4);
	assert_int_equal(number(&scene, 0, "open"), 2);
	assert_int_equal(number(&scene, 0, "active"), 1);
	assert_int_equal(number(&scene, 0, "idle"), 1);
	assert_int_equal(number(&scene, 0, "open_peak"), 5);
	assert_int_equal(number(&scene, 0, "active_peak"), 3);
	assert_int_equal(number(&scene, 0, "idle_gap_ms.max"), 2); /* nearest */
	end(&scene);
}

static void failures_by_reason(void **state)
{
	struct conn conn = client("10.0.0.1", 81);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	conn.flags = 0;
	for (__u8 fail = FAIL_REFUSED; fail < FAIL_MAX; fail++) {
		conn.fail = fail;
		aggregate__closed(scene.agg, &conn);
	}
	fill(&scene, &view_reuse);
	assert_int_equal(number(&scene, 0, "opened"), 0);
	assert_int_equal(number(&scene, 0, "failed"), FAIL_MAX - 1);
	assert_int_equal(number(&scene, 0, "fail_reasons.refused"), 1);
	assert_int_equal(number(&scene, 0, "fail_reasons.timeout"), 1);
	assert_int_equal(number(&scene, 0, "fail_reasons.no_port"), 1);
	assert_int_equal(number(&scene, 0, "fail_reasons.other"), 1);
	end(&scene);
}

static void inferred_sends_time_nothing(void **state)
{
	struct conn conn = closed_client("10.0.0.1", 80, 2);
	struct group_key key = { .role = ROLE_CLIENT, .port = 80, .comm = "nginx" };
	struct group group = { .open_peak = 5, .active_peak = 3 };
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	set_feature(&scene, FEATURE_SEND, MECHANISM_INFERRED, "from acknowledgements");
	aggregate__closed(scene.agg, &conn);
	assert_int_equal(parse_addr("10.0.0.1", key.addr), 0);
	aggregate__group(scene.agg, &key, &group);
	fill(&scene, &view_reuse);
	assert_missing(&scene, 0, "response_us.p99", "from acknowledgements");
	assert_missing(&scene, 0, "idle_gap_ms.p50", "from acknowledgements");
	assert_missing(&scene, 0, "active_peak", "from acknowledgements");
	assert_int_equal(number(&scene, 0, "open_peak"), 5);
	assert_int_equal(number(&scene, 0, "exchanges"), 2);
	end(&scene);
}

static void no_receive_hook_is_no_silent_zero(void **state)
{
	struct conn conn = closed_client("10.0.0.1", 80, 0);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	set_feature(&scene, FEATURE_RECEIVE, MECHANISM_OFF, "no hook");
	set_feature(&scene, FEATURE_TIME_WAIT, MECHANISM_OFF, "no hook either");
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_reuse);
	assert_missing(&scene, 0, "exchanges", "no hook");
	assert_missing(&scene, 0, "reused", "no hook");
	assert_missing(&scene, 0, "reuse_ratio", "no hook");
	assert_missing(&scene, 0, "time_wait", "no hook either");
	end(&scene);
}

static void rows_come_in_a_steady_order(void **state)
{
	static const char *const addrs[] = { "10.0.0.3", "10.0.0.1", "10.0.0.2", "10.0.0.9" };
	struct scene scene;
	struct conn conn;

	(void)state;
	begin(&scene, 0);
	for (size_t i = 0; i < COUNT_OF(addrs); i++) {
		conn = closed_client(addrs[i], 80, 1);
		aggregate__closed(scene.agg, &conn);
	}
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_reuse);
	assert_string_equal(text(&scene, 0, "addr"), "10.0.0.9");
	assert_string_equal(text(&scene, 1, "addr"), "10.0.0.1");
	assert_string_equal(text(&scene, 2, "addr"), "10.0.0.2");
	assert_string_equal(text(&scene, 3, "addr"), "10.0.0.3");
	end(&scene);
}

static void grouped_by_comm_has_no_endpoint(void **state)
{
	struct conn a = closed_client("10.0.0.1", 80, 1), b = closed_client("10.0.0.2", 81, 1);
	struct scene scene;

	(void)state;
	begin(&scene, BY_COMM);
	aggregate__closed(scene.agg, &a);
	aggregate__closed(scene.agg, &b);
	fill(&scene, &view_reuse);
	assert_int_equal(scene.table.row_count, 1);
	assert_missing(&scene, 0, "addr", NULL);
	assert_missing(&scene, 0, "port", NULL);
	assert_missing(&scene, 0, "UPSTREAM", NULL);
	assert_string_equal(text(&scene, 0, "comm"), "nginx");
	assert_missing(&scene, 0, "pid", NULL); /* one of many would mislead */
	assert_true(scene.table.pinned >> table__find_column(&scene.table, "comm") & 1);
	end(&scene);
}

/* ---- accept ---- */

static struct conn accepted(void)
{
	struct conn conn = {
		.role = ROLE_SERVER,
		.family = AF_INET,
		.queued = 1,
		.ready = 1,
		.bound = BOUND_ANY4,
		.local_port = 8080,
		.opened_ns = 1000 * MS,
		.ready_ns = 1003 * MS,
		.depth = 4,
		.limit = 128,
	};

	assert_int_equal(parse_addr("10.0.0.1", conn.local_addr), 0);
	return conn;
}

static struct listener listening(void)
{
	struct listener listener = {
		.family = AF_INET,
		.port = 8080,
		.flags = LISTENER_OPEN | LISTENER_ASKED,
		.backlog_asked = 100000,
		.limit = 128,
		.somaxconn = 128,
		.depth = 2,
		.syn_drops = 3,
		.ack_drops = 4,
		.pid = 7,
		.comm = "python3",
	};

	assert_int_equal(parse_addr("0.0.0.0", listener.addr), 0);
	return listener;
}

static void listener_and_its_connections_share_a_row(void **state)
{
	struct listener listener = listening();
	struct conn conn = accepted();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	aggregate__listener(scene.agg, &listener);
	aggregate__open(scene.agg, &conn);
	fill(&scene, &view_accept);
	assert_int_equal(scene.table.row_count, 1);
	assert_string_equal(scene.table.type, "listener");
	assert_string_equal(text(&scene, 0, "LISTENER"), "0.0.0.0:8080");
	assert_string_equal(text(&scene, 0, "comm"), "python3");
	assert_int_equal(cell(&scene, 0, "backlog_asked")->signed_number, 100000);
	assert_int_equal(number(&scene, 0, "limit"), 128);
	assert_int_equal(number(&scene, 0, "somaxconn"), 128);
	assert_true(cell(&scene, 0, "clamped")->truth);
	assert_int_equal(number(&scene, 0, "depth"), 2);
	assert_int_equal(number(&scene, 0, "depth_max"), 4);
	assert_int_equal(cell(&scene, 0, "depth_hist")->list.count, 5);
	assert_int_equal(cell(&scene, 0, "depth_hist")->list.items[4], 1);
	assert_int_equal(number(&scene, 0, "accepted"), 1);
	assert_int_equal(number(&scene, 0, "overflows"), 7);
	assert_int_equal(number(&scene, 0, "syn_drops"), 3);
	assert_int_equal(number(&scene, 0, "ack_drops"), 4);
	assert_int_equal(number(&scene, 0, "accept_wait_us.max"), 3000);
	assert_int_equal(number(&scene, 0, "open"), 1);
	assert_int_equal(number(&scene, 0, "sockets"), 1);
	end(&scene);
}

static void backlog_of_an_older_listener_is_not_known(void **state)
{
	struct listener listener = listening();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	listener.flags = LISTENER_OPEN;
	aggregate__listener(scene.agg, &listener);
	fill(&scene, &view_accept);
	assert_missing(&scene, 0, "backlog_asked", "listen(2) was called before tracing began");
	assert_missing(&scene, 0, "clamped", "listen(2) was called before tracing began");
	assert_int_equal(number(&scene, 0, "limit"), 128);
	end(&scene);
}

static void minus_one_is_clamped(void **state)
{
	struct listener listener = listening();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	listener.backlog_asked = -1;
	aggregate__listener(scene.agg, &listener);
	fill(&scene, &view_accept);
	assert_int_equal(cell(&scene, 0, "backlog_asked")->signed_number, -1);
	assert_true(cell(&scene, 0, "clamped")->truth);
	end(&scene);
}

static void each_socket_has_a_queue(void **state)
{
	static const __u32 depths[] = { 0, 5, 2, 5 };
	struct listener listener = listening();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	listener.flags |= LISTENER_OPEN;
	listener.ack_drops = 0;
	for (__u32 i = 0; i < COUNT_OF(depths); i++) {
		listener.depth = depths[i];
		listener.limit = 10 - i; /* of the deepest the one with the least room counts */
		listener.syn_drops = i;
		aggregate__listener(scene.agg, &listener);
	}
	fill(&scene, &view_accept);
	assert_int_equal(number(&scene, 0, "sockets"), 4);
	assert_int_equal(number(&scene, 0, "depth"), 5);
	assert_int_equal(number(&scene, 0, "depth_max"), 5);
	assert_int_equal(number(&scene, 0, "limit"), 7);
	assert_int_equal(number(&scene, 0, "overflows"), 6);
	assert_int_equal(cell(&scene, 0, "queue_depths")->list.count, 4);
	assert_int_equal(cell(&scene, 0, "queue_depths")->list.items[1], 5);
	assert_int_equal(cell(&scene, 0, "queue_depths")->list.items[2], 2);
	assert_int_equal(cell(&scene, 0, "queue_depths")->list.items[3], 0);
	end(&scene);
}

static void connections_without_a_listener(void **state)
{
	struct conn conn = accepted();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_accept);
	assert_missing(&scene, 0, "limit", NULL);
	assert_missing(&scene, 0, "somaxconn", NULL);
	assert_missing(&scene, 0, "backlog_asked", NULL);
	assert_missing(&scene, 0, "depth", NULL);
	assert_int_equal(number(&scene, 0, "depth_max"), 4);
	end(&scene);
}

static void closed_listener_is_remembered(void **state)
{
	struct listener listener = listening();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	listener.flags = LISTENER_ASKED;
	listener.depth = 0;
	aggregate__listener_closed(scene.agg, &listener);
	fill(&scene, &view_accept);
	assert_int_equal(number(&scene, 0, "limit"), 128);
	assert_int_equal(number(&scene, 0, "overflows"), 7);
	assert_int_equal(number(&scene, 0, "depth"), 0);
	assert_int_equal(number(&scene, 0, "sockets"), 0);
	end(&scene);
}

static void no_overflow_hook_is_no_silent_zero(void **state)
{
	struct listener listener = listening();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	listener.syn_drops = listener.ack_drops = 0;
	set_feature(&scene, FEATURE_OVERFLOW, MECHANISM_OFF, "no hook");
	aggregate__listener(scene.agg, &listener);
	fill(&scene, &view_accept);
	assert_missing(&scene, 0, "overflows", "no hook");
	assert_missing(&scene, 0, "syn_drops", "no hook");
	assert_missing(&scene, 0, "ack_drops", "no hook");
	end(&scene);
}

static void no_accept_hook_is_no_silent_zero(void **state)
{
	struct listener listener = listening();
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	set_feature(&scene, FEATURE_ACCEPT, MECHANISM_OFF, "no hook");
	aggregate__listener(scene.agg, &listener);
	fill(&scene, &view_accept);
	assert_missing(&scene, 0, "accepted", "no hook");
	assert_missing(&scene, 0, "accept_wait_us.p50", "no hook");
	end(&scene);
}

/* ---- close ---- */

static void initiators_and_causes(void **state)
{
	struct conn conn = closed_client("10.0.0.1", 80, 1);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	for (__u8 by = INITIATOR_LOCAL_FIN; by < INITIATOR_MAX; by++) {
		conn.initiator = by;
		aggregate__closed(scene.agg, &conn);
	}
	conn.initiator = INITIATOR_LOCAL_RST;
	conn.cause = CAUSE_LINGER0;
	conn.flags |= CONN_IN_FLIGHT | CONN_RACED;
	conn.exchanges = 0;
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_close);
	assert_int_equal(scene.table.row_count, 1);
	assert_string_equal(scene.table.type, "close");
	assert_string_equal(text(&scene, 0, "role"), "client");
	assert_int_equal(number(&scene, 0, "closed"), INITIATOR_MAX);
	assert_int_equal(number(&scene, 0, "by.local_fin"), 1);
	assert_int_equal(number(&scene, 0, "by.local_rst"), 2);
	assert_int_equal(number(&scene, 0, "LOCAL rst"), 2);
	assert_int_equal(number(&scene, 0, "REMOTE fin"), 1);
	assert_int_equal(number(&scene, 0, "by.timeout"), 1);
	assert_int_equal(number(&scene, 0, "by.unknown"), 1);
	assert_int_equal(number(&scene, 0, "causes.linger0"), 1);
	assert_int_equal(number(&scene, 0, "causes.keepalive_probes"), 0);
	assert_string_equal(text(&scene, 0, "MAIN CAUSE"), "linger0 1");
	assert_int_equal(number(&scene, 0, "in_flight"), 1);
	assert_int_equal(number(&scene, 0, "raced"), 1);
	assert_int_equal(number(&scene, 0, "unused"), 1);
	assert_int_equal(number(&scene, 0, "idle_at_close_ms.local.max"), 3000);
	assert_int_equal(number(&scene, 0, "idle_at_close_ms.remote.max"), 3000);
	end(&scene);
}

static void each_cause_has_its_key(void **state)
{
	static const struct {
		enum conn_cause cause;
		const char *key;
	} cases[] = {
		{ CAUSE_UNREAD_DATA, "causes.unread_data" },
		{ CAUSE_LINGER0, "causes.linger0" },
		{ CAUSE_DISCONNECT, "causes.disconnect" },
		{ CAUSE_NOT_ACCEPTED, "causes.not_accepted" },
		{ CAUSE_RETRANSMISSIONS, "causes.retransmissions" },
		{ CAUSE_WINDOW_PROBES, "causes.window_probes" },
		{ CAUSE_KEEPALIVE, "causes.keepalive_probes" },
		{ CAUSE_USER_TIMEOUT, "causes.user_timeout" },
		{ CAUSE_AFTER_FIN_DATA, "causes.after_fin_data" },
		{ CAUSE_PROCESS_EXIT, "causes.process_exit" },
	};

	(void)state;
	assert_int_equal(COUNT_OF(cases), CAUSE_MAX - 1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conn conn = closed_client("10.0.0.1", 80, 1);
		struct scene scene;

		begin(&scene, 0);
		conn.cause = (__u8)cases[i].cause;
		aggregate__closed(scene.agg, &conn);
		fill(&scene, &view_close);
		assert_int_equal(number(&scene, 0, cases[i].key), 1);
		end(&scene);
	}
}

static void each_initiator_has_its_key(void **state)
{
	static const char *const keys[INITIATOR_MAX] = {
		[INITIATOR_LOCAL_FIN] = "by.local_fin",	  [INITIATOR_REMOTE_FIN] = "by.remote_fin",
		[INITIATOR_BOTH_FIN] = "by.both_fin",	  [INITIATOR_LOCAL_RST] = "by.local_rst",
		[INITIATOR_REMOTE_RST] = "by.remote_rst", [INITIATOR_TIMEOUT] = "by.timeout",
		[INITIATOR_ABORT] = "by.abort",		  [INITIATOR_UNKNOWN] = "by.unknown",
	};

	(void)state;
	for (__u8 by = INITIATOR_LOCAL_FIN; by < INITIATOR_MAX; by++) {
		struct conn conn = closed_client("10.0.0.1", 80, 1);
		struct scene scene;

		begin(&scene, 0);
		conn.initiator = by;
		aggregate__closed(scene.agg, &conn);
		fill(&scene, &view_close);
		assert_int_equal(number(&scene, 0, keys[by]), 1);
		end(&scene);
	}
}

static void both_roles_but_only_what_has_ended(void **state)
{
	struct conn of_client = closed_client("10.0.0.1", 80, 1), of_server = accepted();
	struct conn open = client("10.0.0.2", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	of_server.initiator = INITIATOR_LOCAL_FIN;
	aggregate__closed(scene.agg, &of_client);
	aggregate__closed(scene.agg, &of_server);
	aggregate__open(scene.agg, &open);
	fill(&scene, &view_close);
	assert_int_equal(scene.table.row_count, 2);
	assert_string_equal(text(&scene, 0, "role"), "server");
	assert_string_equal(text(&scene, 0, "ENDPOINT"), "0.0.0.0:8080");
	assert_string_equal(text(&scene, 1, "role"), "client");
	end(&scene);
}

/* ---- conns ---- */

static void keep_conns(struct scene *scene)
{
	begin(scene, 0);
	scene->conns = conn_list__new(10);
	assert_non_null(scene->conns);
	aggregate__observe(scene->agg, conn_list__observer(scene->conns));
	scene->report.conns = scene->conns;
	scene->report.now_ns = 5000 * MS;
	scene->report.ts_ms = 1767225605000; /* 2026-01-01T00:00:05Z */
}

static void one_closed_connection(void **state)
{
	struct conn conn = closed_client("10.0.0.1", 5000, 3);
	struct scene scene;

	(void)state;
	keep_conns(&scene);
	assert_int_equal(parse_addr("10.0.0.9", conn.local_addr), 0);
	conn.local_port = 40000;
	conn.state = 7; /* TCP_CLOSE */
	conn.closed_ns = 4000 * MS;
	conn.last_ns = 1000 * MS;
	conn.cause = CAUSE_PROCESS_EXIT;
	conn.flags = CONN_RACED | CONN_IN_FLIGHT | CONN_KEEPALIVE;
	conn.idle_others = 0;
	conn.tid = 4321;
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_conns);
	assert_int_equal(scene.table.row_count, 1);
	assert_string_equal(text(&scene, 0, "CONNECTION"), "10.0.0.9:40000 -> 10.0.0.1:5000");
	assert_string_equal(text(&scene, 0, "local_addr"), "10.0.0.9");
	assert_int_equal(number(&scene, 0, "remote_port"), 5000);
	assert_string_equal(text(&scene, 0, "state"), "closed");
	assert_string_equal(text(&scene, 0, "STATE"), "remote-fin");
	assert_string_equal(text(&scene, 0, "initiator"), "remote-fin");
	assert_string_equal(text(&scene, 0, "cause"), "process-exit");
	assert_string_equal(text(&scene, 0, "opened_ts"), "2026-01-01T00:00:01.000Z");
	assert_int_equal(number(&scene, 0, "age_ms"), 3000);
	assert_int_equal(number(&scene, 0, "connect_us"), 321);
	assert_int_equal(number(&scene, 0, "idle_at_close_ms"), 3000);
	assert_missing(&scene, 0, "idle_ms", NULL);
	assert_missing(&scene, 0, "fail_reason", NULL);
	assert_true(cell(&scene, 0, "raced")->truth);
	assert_true(cell(&scene, 0, "in_flight")->truth);
	assert_false(cell(&scene, 0, "time_wait")->truth);
	assert_true(cell(&scene, 0, "keepalive")->truth);
	assert_int_equal(number(&scene, 0, "idle_others"), 0);
	assert_int_equal(number(&scene, 0, "tid"), 4321);
	end(&scene);
}

static void one_open_connection(void **state)
{
	struct conn conn = client("10.0.0.1", 5000);
	struct scene scene;

	(void)state;
	keep_conns(&scene);
	conn.state = 1; /* TCP_ESTABLISHED */
	conn.turn = TURN_SENT;
	conn.last_ns = 4900 * MS;
	aggregate__begin_snapshot(scene.agg, 0);
	aggregate__open(scene.agg, &conn);
	fill(&scene, &view_conns);
	assert_string_equal(text(&scene, 0, "STATE"), "established");
	assert_int_equal(number(&scene, 0, "idle_ms"), 100);
	assert_int_equal(number(&scene, 0, "age_ms"), 4000);
	assert_true(cell(&scene, 0, "in_flight")->truth);
	assert_missing(&scene, 0, "initiator", NULL);
	assert_missing(&scene, 0, "raced", NULL);
	assert_missing(&scene, 0, "idle_others", NULL);
	assert_missing(&scene, 0, "tid", NULL);
	assert_false(cell(&scene, 0, "keepalive")->truth);
	end(&scene);
}

static void what_nobody_watches_is_not_known(void **state)
{
	static const char *const reuse[] = { "exchanges",
					     "reused",
					     "reuse_ratio",
					     "exchanges_per_conn.p50",
					     "partial_exchanges",
					     "idle",
					     "active",
					     "response_us.p50",
					     "idle_gap_ms.p50",
					     "exchanges_per_conn_hist" };
	struct conn conn = closed_client("10.0.0.1", 5000, 0);
	struct scene scene;

	(void)state;
	keep_conns(&scene);
	set_feature(&scene, FEATURE_SEND, MECHANISM_OFF, NO_TURNS_REASON);
	set_feature(&scene, FEATURE_RECEIVE, MECHANISM_OFF, NO_TURNS_REASON);
	conn.flags = CONN_UNWATCHED;
	conn.sent_bytes = 100;
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_reuse);
	for (size_t i = 0; i < sizeof(reuse) / sizeof(reuse[0]); i++)
		assert_missing(&scene, 0, reuse[i], NO_TURNS_REASON);
	assert_int_equal(number(&scene, 0, "sent_bytes"), 100);
	table__done(&scene.table);
	fill(&scene, &view_close);
	assert_missing(&scene, 0, "in_flight", NO_TURNS_REASON);
	assert_missing(&scene, 0, "raced", NO_TURNS_REASON);
	assert_missing(&scene, 0, "unused", NO_TURNS_REASON);
	table__done(&scene.table);
	fill(&scene, &view_conns);
	assert_missing(&scene, 0, "exchanges", NO_TURNS_REASON);
	assert_missing(&scene, 0, "in_flight", NO_TURNS_REASON);
	assert_missing(&scene, 0, "raced", NO_TURNS_REASON);
	end(&scene);
}

/* Payload after its own FIN: that needs no turns. */
static void a_servers_race_is_known_without_turns(void **state)
{
	struct conn conn = accepted();
	struct scene scene;

	(void)state;
	keep_conns(&scene);
	set_feature(&scene, FEATURE_RECEIVE, MECHANISM_OFF, NO_TURNS_REASON);
	conn.initiator = INITIATOR_LOCAL_FIN;
	conn.flags = CONN_UNWATCHED | CONN_RACED;
	aggregate__closed(scene.agg, &conn);
	fill(&scene, &view_close);
	assert_int_equal(number(&scene, 0, "raced"), 1);
	table__done(&scene.table);
	fill(&scene, &view_conns);
	assert_true(cell(&scene, 0, "raced")->truth);
	end(&scene);
}

static void subflows_have_no_turns(void **state)
{
	struct conn subflow = closed_client("10.0.0.1", 5000, 0);
	struct conn plain = closed_client("10.0.0.1", 5000, 4), open = client("10.0.0.1", 5000);
	struct scene scene;

	(void)state;
	keep_conns(&scene);
	subflow.flags = CONN_MPTCP;
	open.flags = CONN_MPTCP;
	open.state = 1;
	aggregate__closed(scene.agg, &subflow);
	fill(&scene, &view_conns);
	assert_true(cell(&scene, 0, "mptcp")->truth);
	assert_missing(&scene, 0, "exchanges", MPTCP_REASON);
	assert_missing(&scene, 0, "in_flight", MPTCP_REASON);
	table__done(&scene.table);
	fill(&scene, &view_reuse);
	assert_missing(&scene, 0, "exchanges", MPTCP_REASON);
	table__done(&scene.table);
	fill(&scene, &view_close);
	assert_missing(&scene, 0, "in_flight", MPTCP_REASON);
	assert_missing(&scene, 0, "unused", MPTCP_REASON);
	table__done(&scene.table);
	aggregate__closed(scene.agg, &plain);
	aggregate__begin_snapshot(scene.agg, 0);
	aggregate__open(scene.agg, &open);
	fill(&scene, &view_reuse);
	assert_int_equal(number(&scene, 0, "opened"), 3);
	assert_int_equal(number(&scene, 0, "mptcp"), 2);
	assert_int_equal(number(&scene, 0, "exchanges"), 4);
	assert_int_equal(number(&scene, 0, "reused"), 3);
	assert_int_equal(number(&scene, 0, "open"), 1);
	assert_int_equal(number(&scene, 0, "idle"), 0);
	table__done(&scene.table);
	fill(&scene, &view_close);
	assert_int_equal(number(&scene, 0, "closed"), 2);
	assert_int_equal(number(&scene, 0, "unused"), 0);
	end(&scene);
}

static void queued_and_failed_connections(void **state)
{
	struct conn queued = { .role = ROLE_SERVER, .queued = 1, .state = 1, .depth = 3 };
	struct conn failed = client("10.0.0.1", 5000);
	struct scene scene;

	(void)state;
	keep_conns(&scene);
	failed.fail = FAIL_REFUSED;
	failed.ready = 0;
	aggregate__closed(scene.agg, &failed);
	aggregate__begin_snapshot(scene.agg, 0);
	aggregate__open(scene.agg, &queued);
	fill(&scene, &view_conns);
	assert_string_equal(text(&scene, 0, "state"), "queued");
	assert_string_equal(text(&scene, 0, "role"), "server");
	assert_int_equal(number(&scene, 0, "depth"), 3);
	assert_string_equal(text(&scene, 1, "state"), "failed");
	assert_string_equal(text(&scene, 1, "STATE"), "refused");
	assert_string_equal(text(&scene, 1, "fail_reason"), "refused");
	end(&scene);
}

static void picked_connections(void **state)
{
	static const struct {
		struct conn_pick pick;
		__u16 ports[5];
	} cases[] = {
		{ { 0 }, { 1, 2, 4, 3 } },
		{ { .states = 1 << 1 }, { 1, 2 } },
		{ { .in_flight = true }, { 2, 3 } },
		{ { .min_idle_ms = 3001 }, { 1 } },
		{ { .min_idle_ms = 3000 }, { 1, 3 } },
		{ { .initiators = 1 << INITIATOR_REMOTE_FIN }, { 4, 3 } },
		{ { .initiators = 1 << INITIATOR_ABORT }, { 0 } },
		{ { .in_flight = true, .states = 1 << 7 }, { 3 } },
	};
	struct conn closed = closed_client("10.0.0.1", 3, 1), unused = closed;
	struct conn idle = client("10.0.0.1", 1), busy = client("10.0.0.1", 2);

	(void)state;
	closed.flags = CONN_IN_FLIGHT;
	unused.remote_port = 4;
	unused.idle_ms = IDLE_UNKNOWN;
	idle.state = busy.state = 1; /* TCP_ESTABLISHED */
	idle.last_ns = 1 * MS;
	busy.last_ns = 4999 * MS;
	busy.turn = TURN_SENT;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene scene;
		size_t rows = 0;

		keep_conns(&scene);
		scene.report.pick = &cases[i].pick;
		aggregate__closed(scene.agg, &closed);
		aggregate__closed(scene.agg, &unused);
		aggregate__begin_snapshot(scene.agg, 0);
		aggregate__open(scene.agg, &idle);
		aggregate__open(scene.agg, &busy);
		fill(&scene, &view_conns);
		for (; cases[i].ports[rows]; rows++)
			assert_int_equal(number(&scene, rows, "remote_port"), cases[i].ports[rows]);
		assert_int_equal(scene.table.row_count, rows);
		end(&scene);
	}
}

static void conns_sort_by_what_is_asked(void **state)
{
	static const char *const keys[] = { "exchanges", "idle", "age", "bytes" };
	struct conn many = client("10.0.0.1", 1), old = closed_client("10.0.0.1", 2, 1);

	(void)state;
	many.exchanges = 9;
	many.last_ns = 4000 * MS;
	many.opened_ns = 3000 * MS;
	many.sent_bytes = 10;
	old.closed_ns = 4000 * MS;
	old.sent_bytes = 6;
	old.received_bytes = 6;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct scene scene;

		keep_conns(&scene);
		aggregate__closed(scene.agg, &old);
		aggregate__begin_snapshot(scene.agg, 0);
		aggregate__open(scene.agg, &many);
		fill(&scene, &view_conns);
		table__sort(&scene.table, table__find_column(&scene.table, keys[i]));
		assert_int_equal(number(&scene, 0, "remote_port"), i ? 2 : 1);
		end(&scene);
	}
}

static void depths_over_time(void **state)
{
	static const __u64 by_second[] = { 0, 2, 0, 4, 0, 3 }, by_two[] = { 2, 4, 3 };
	struct listener listener = listening();
	struct conn conn = accepted(); /* found the queue 4 deep, at second 1 */
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	scene.report.ts_ms = 1767225605000; /* 2026-01-01T00:00:05Z */
	aggregate__keep_depths(scene.agg, 1000 * MS);
	aggregate__sample_depth(scene.agg, &listener, 2500 * MS);
	listener.depth = 0;
	aggregate__sample_depth(scene.agg, &listener, 3500 * MS);
	listener.depth = 3;
	aggregate__sample_depth(scene.agg, &listener, 6500 * MS);
	conn.opened_ns = 4100 * MS;
	aggregate__open(scene.agg, &conn);
	scene.report.now_ns = 6600 * MS;
	fill(&scene, &view_accept);
	assert_int_equal(cell(&scene, 0, "depth_series.depths")->list.count, 6);
	assert_memory_equal(cell(&scene, 0, "depth_series.depths")->list.items, by_second,
			    sizeof(by_second));
	assert_int_equal(number(&scene, 0, "depth_series.width_ms"), 1000);
	assert_string_equal(text(&scene, 0, "depth_series.start_ts"), "2025-12-31T23:59:59.400Z");
	assert_int_equal(cell(&scene, 0, "DEPTH OVER TIME")->list.count, 6);
	table__done(&scene.table);
	scene.report.now_ns += 60 * 1000 * MS;
	fill(&scene, &view_accept);
	assert_int_equal(cell(&scene, 0, "depth_series.depths")->list.count, 33);
	assert_memory_equal(cell(&scene, 0, "depth_series.depths")->list.items, by_two,
			    sizeof(by_two));
	assert_int_equal(number(&scene, 0, "depth_series.width_ms"), 2000);
	end(&scene);
}

static void samples_tell_of_queues_that_were_there_before(void **state)
{
	struct listener listener = listening();
	struct conn client_conn = client("10.0.0.1", 80);
	const struct row *const *rows;
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	aggregate__keep_depths(scene.agg, 1000 * MS);
	aggregate__sample_depth(scene.agg, &listener, 2000 * MS);
	aggregate__begin_snapshot(scene.agg, 0);
	listener.depth = 0;
	aggregate__listener(scene.agg, &listener);
	fill(&scene, &view_accept);
	assert_int_equal(number(&scene, 0, "depth"), 0);
	assert_int_equal(number(&scene, 0, "depth_max"), 2);
	assert_int_equal(number(&scene, 0, "overflows"), 7);
	assert_int_equal(cell(&scene, 0, "depth_hist")->list.count, 0);
	aggregate__open(scene.agg, &client_conn);
	assert_int_equal(aggregate__rows(scene.agg, &rows), 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(!rows[i]->series == (rows[i]->key.role == ROLE_CLIENT));
	end(&scene);
}

static void histograms_sum_up(void **state)
{
	static const struct {
		const struct view *view;
		const char *key;
		size_t row, values;
	} cases[] = {
		{ &view_reuse, "exchanges_per_conn_hist", 0, 2 },
		{ &view_reuse, "connect_us_hist", 0, 3 },
		{ &view_accept, "depth_hist", 0, 1 },
		{ &view_accept, "accept_wait_us_hist", 0, 1 },
		{ &view_close, "idle_at_close_us_hist.local", 0, 0 },
		{ &view_close, "idle_at_close_us_hist.remote", 0, 3 },
	};
	struct conn used = closed_client("10.0.0.1", 80, 4), unused = used, server = accepted();

	(void)state;
	unused.exchanges = 0;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct cell *found;
		struct scene scene;
		size_t values = 0;

		begin(&scene, 0);
		aggregate__closed(scene.agg, &used);
		aggregate__closed(scene.agg, &used);
		aggregate__closed(scene.agg, &unused);
		aggregate__open(scene.agg, &server);
		fill(&scene, cases[i].view);
		found = cell(&scene, cases[i].row, cases[i].key);
		assert_int_equal(found->kind, CELL_LIST);
		for (size_t k = 0; k < found->list.count; k++)
			values += found->list.items[k];
		assert_int_equal(values, cases[i].values);
		end(&scene);
	}
}

static const struct row *row_of(const struct scene *scene, size_t index)
{
	const struct row *const *rows;

	assert_true(index < aggregate__rows(scene->agg, &rows));
	return rows[index];
}

static void connections_of_one_row(void **state)
{
	struct conn near = closed_client("10.0.0.1", 80, 1);
	struct conn far = closed_client("10.0.0.2", 80, 1);
	struct scene scene;

	(void)state;
	keep_conns(&scene);
	aggregate__closed(scene.agg, &near);
	aggregate__closed(scene.agg, &far);
	aggregate__closed(scene.agg, &far);
	scene.report.only = row_of(&scene, 1);
	fill(&scene, &view_conns);
	assert_int_equal(scene.table.row_count, 2);
	assert_string_equal(text(&scene, 0, "remote_addr"), "10.0.0.2");
	assert_string_equal(text(&scene, 1, "remote_addr"), "10.0.0.2");
	end(&scene);
}

static void what_has_no_row_of_its_own_is_of_other(void **state)
{
	struct conn near = closed_client("10.0.0.1", 80, 1);
	struct conn far = closed_client("10.0.0.2", 80, 1);
	struct aggregate *agg = aggregate__new(0, 1, NULL, NULL);
	const struct row *const *rows;

	(void)state;
	aggregate__closed(agg, &near);
	aggregate__closed(agg, &far);
	assert_int_equal(aggregate__rows(agg, &rows), 2);
	assert_true(aggregate__is_of(agg, rows[0], &near));
	assert_false(aggregate__is_of(agg, rows[1], &near));
	assert_false(aggregate__is_of(agg, rows[0], &far));
	assert_true(aggregate__is_of(agg, rows[1], &far));
	far.role = ROLE_SERVER;
	assert_false(aggregate__is_of(agg, rows[1], &far));
	aggregate__free(agg);
}

static void rows_say_what_they_are_made_from(void **state)
{
	struct conn near = closed_client("10.0.0.1", 80, 1);
	struct conn far = closed_client("10.0.0.2", 80, 1);
	struct scene scene;

	(void)state;
	begin(&scene, 0);
	aggregate__closed(scene.agg, &near);
	aggregate__closed(scene.agg, &far);
	aggregate__closed(scene.agg, &far);
	fill(&scene, &view_reuse);
	assert_string_equal(text(&scene, 0, "addr"), "10.0.0.2");
	assert_ptr_equal(scene.table.origins[0], row_of(&scene, 1));
	assert_ptr_equal(scene.table.origins[1], row_of(&scene, 0));
	end(&scene);
}

static void nothing_seen_is_an_empty_table(void **state)
{
	const struct view *const *views;
	size_t count = view_all(&views);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct scene scene;

		begin(&scene, 0);
		fill(&scene, views[i]);
		assert_int_equal(scene.table.row_count, 0);
		assert_non_null(scene.table.empty);
		end(&scene);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(registry),
		cmocka_unit_test(columns_are_whole),
		cmocka_unit_test(reuse_of_one_connection),
		cmocka_unit_test(no_exchange_has_no_ratio),
		cmocka_unit_test(partial_connections_stay_out_of_the_ratio),
		cmocka_unit_test(open_and_closed_add_up),
		cmocka_unit_test(failures_by_reason),
		cmocka_unit_test(inferred_sends_time_nothing),
		cmocka_unit_test(no_receive_hook_is_no_silent_zero),
		cmocka_unit_test(rows_come_in_a_steady_order),
		cmocka_unit_test(grouped_by_comm_has_no_endpoint),
		cmocka_unit_test(listener_and_its_connections_share_a_row),
		cmocka_unit_test(backlog_of_an_older_listener_is_not_known),
		cmocka_unit_test(minus_one_is_clamped),
		cmocka_unit_test(each_socket_has_a_queue),
		cmocka_unit_test(connections_without_a_listener),
		cmocka_unit_test(closed_listener_is_remembered),
		cmocka_unit_test(no_overflow_hook_is_no_silent_zero),
		cmocka_unit_test(no_accept_hook_is_no_silent_zero),
		cmocka_unit_test(initiators_and_causes),
		cmocka_unit_test(each_cause_has_its_key),
		cmocka_unit_test(each_initiator_has_its_key),
		cmocka_unit_test(both_roles_but_only_what_has_ended),
		cmocka_unit_test(one_closed_connection),
		cmocka_unit_test(one_open_connection),
		cmocka_unit_test(connections_of_one_row),
		cmocka_unit_test(what_has_no_row_of_its_own_is_of_other),
		cmocka_unit_test(rows_say_what_they_are_made_from),
		cmocka_unit_test(queued_and_failed_connections),
		cmocka_unit_test(subflows_have_no_turns),
		cmocka_unit_test(what_nobody_watches_is_not_known),
		cmocka_unit_test(a_servers_race_is_known_without_turns),
		cmocka_unit_test(picked_connections),
		cmocka_unit_test(conns_sort_by_what_is_asked),
		cmocka_unit_test(depths_over_time),
		cmocka_unit_test(samples_tell_of_queues_that_were_there_before),
		cmocka_unit_test(histograms_sum_up),
		cmocka_unit_test(nothing_seen_is_an_empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
