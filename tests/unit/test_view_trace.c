/* SPDX-License-Identifier: Apache-2.0 */
/* trace: the line of each kind of event, as text and as JSON. */
#include "test.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>

#include "output.h"
#include "table.h"
#include "trace_event.h"
#include "view_trace.h"

#define SECOND 1000000000ULL

static const struct clocks now = { .wall_ms = 1763686800123, .ns = 100 * SECOND };

struct scene {
	struct table table;
	struct output_stream stream;
	struct output_options options;
};

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	view_trace_init(&scene->table, &scene->stream);
	scene->stream.headed = scene->table.columns;
}

static char *rows(struct scene *scene, const struct output *output)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(output->rows(out, &scene->table, &scene->stream, &scene->options), 0);
	fclose(out);
	table__truncate(&scene->table, 0);
	return text;
}

/* What EVENT is at COLUMN of a text line and from there on. */
static void assert_line(const struct trace_event *event, size_t column, const char *want)
{
	struct scene scene;
	char *text;

	begin(&scene);
	assert_int_equal(view_trace_add(&scene.table, event, now), 0);
	text = rows(&scene, &output_text);
	assert_true(strlen(text) > column);
	assert_string_equal(text + column, want);
	free(text);
	table__done(&scene.table);
}

#define CONNECTION_AT 24
#define DETAIL_AT     70

static struct conn loopback(__u8 role)
{
	struct conn conn = {
		.role = role,
		.family = AF_INET,
		.opened_ns = 90 * SECOND,
		.pid = 17,
		.comm = "nginx",
		.netns = 4026531840,
		.local_port = role == ROLE_SERVER ? 80 : 40644,
		.remote_port = role == ROLE_SERVER ? 40644 : 80,
		.local_addr = { [10] = 0xff, 0xff, 127, 0, 0, 1 },
		.remote_addr = { [10] = 0xff, 0xff, 127, 0, 0, 1 },
		.idle_ms = IDLE_UNKNOWN,
	};

	return conn;
}

static struct listener wildcard(void)
{
	struct listener listener = {
		.family = AF_INET,
		.port = 80,
		.limit = 128,
		.backlog_asked = 511,
		.flags = LISTENER_ASKED,
		.addr = { [10] = 0xff, 0xff },
		.comm = "nginx",
	};

	return listener;
}

static void assert_conn(enum trace_kind kind, const struct conn *conn, const char *detail)
{
	struct trace_event event = { .kind = kind, .conn = conn, .ns = 99 * SECOND };

	assert_line(&event, DETAIL_AT, detail);
}

static void whole_lines(void **state)
{
	struct conn conn = loopback(ROLE_CLIENT);
	struct trace_event event = { .kind = TRACE_OPEN, .conn = &conn, .ns = 99 * SECOND };

	(void)state;
	conn.ready_ns = conn.opened_ns + 321000;
	assert_line(&event, 0,
		    "00:59:59.123  open      127.0.0.1:40644 -> 127.0.0.1:80     nginx     "
		    "connected in 321us\n");
	conn = loopback(ROLE_SERVER);
	conn.ready_ns = conn.opened_ns + 87000;
	conn.depth = 3;
	event.kind = TRACE_ACCEPT;
	event.ns = now.ns + 1000000; /* it came while the batch was read */
	assert_line(&event, 0,
		    "01:00:00.124  accept    127.0.0.1:80 <- 127.0.0.1:40644     nginx     "
		    "waited 87us, depth 3\n");
}

static void openings(void **state)
{
	struct conn conn = loopback(ROLE_CLIENT);

	(void)state;
	assert_conn(TRACE_OPEN, &conn, "connected\n");
	conn.fail = FAIL_REFUSED;
	conn.closed_ns = conn.opened_ns + 27000;
	assert_conn(TRACE_FAIL, &conn, "refused after 27us\n");
	conn.fail = FAIL_UNREACHABLE;
	conn.closed_ns = conn.opened_ns;
	assert_conn(TRACE_FAIL, &conn, "unreachable after <1us\n");
	conn = loopback(ROLE_SERVER);
	conn.flags = CONN_PARTIAL;
	conn.ready_ns = conn.opened_ns + 87000;
	assert_conn(TRACE_ACCEPT, &conn, "waited - (open before)\n");
}

static void assert_exchange(const struct exchange *exchange, bool again, const char *detail)
{
	struct conn conn = loopback(ROLE_CLIENT);
	struct trace_event event = {
		.kind = TRACE_EXCHANGE,
		.conn = &conn,
		.exchange = exchange,
		.again = again,
		.ns = 99 * SECOND,
	};

	assert_line(&event, DETAIL_AT, detail);
}

static void exchanges(void **state)
{
	struct exchange exchange = {
		.number = 2,
		.request_ns = 98 * SECOND,
		.asked_ns = 98 * SECOND,
		.response_ns = 98 * SECOND + 1700000,
		.gap_ns = 3 * SECOND,
		.request_bytes = 78,
		.response_bytes = 1229,
	};

	(void)state;
	assert_exchange(&exchange, false, "#2  78B > 1.2KiB  in 1.7ms  after 3.0s idle\n");
	assert_exchange(&exchange, true,
			"#2  78B > 1.2KiB  in 1.7ms  after 3.0s idle, continued\n");
	exchange.gap_ns = 0;
	exchange.asked_ns = 0;
	assert_exchange(&exchange, false, "#2  78B > 1.2KiB  in -  after - idle\n");
	exchange.number = 1;
	exchange.flags = EXCHANGE_CUT;
	exchange.response_bytes = 0;
	assert_exchange(&exchange, false, "#1  - > -  in -\n");
}

static void closes(void **state)
{
	struct conn conn = loopback(ROLE_CLIENT);
	struct trace_event again = { .kind = TRACE_CLOSE, .again = true, .conn = &conn };

	(void)state;
	conn.initiator = INITIATOR_REMOTE_FIN;
	conn.exchanges = 3;
	conn.idle_ms = 5000;
	assert_conn(TRACE_CLOSE, &conn, "by remote-fin after 5.0s idle, 3 exchanges\n");
	conn.exchanges = 1;
	conn.idle_ms = 0;
	conn.flags = CONN_IN_FLIGHT | CONN_RACED;
	assert_conn(TRACE_CLOSE, &conn,
		    "by remote-fin after <1ms idle, 1 exchange, in flight, raced\n");
	conn.initiator = INITIATOR_LOCAL_FIN;
	conn.cause = CAUSE_AFTER_FIN_DATA;
	conn.flags = CONN_RACED;
	conn.idle_ms = IDLE_UNKNOWN;
	assert_line(&again, DETAIL_AT,
		    "amended: by local-fin (after-fin-data), 1 exchange, raced\n");
	conn.flags = CONN_MPTCP;
	conn.cause = CAUSE_NONE;
	assert_conn(TRACE_CLOSE, &conn, "by local-fin\n");
	conn.flags = CONN_UNWATCHED;
	assert_conn(TRACE_CLOSE, &conn, "by local-fin\n");
}

static void listeners(void **state)
{
	struct listener listener = wildcard();
	struct trace_event event = { .kind = TRACE_LISTEN, .listener = &listener };

	(void)state;
	assert_line(&event, CONNECTION_AT,
		    "0.0.0.0:80                          nginx     backlog 511, limit 128\n");
	listener.flags = 0;
	assert_line(&event, DETAIL_AT, "backlog -, limit 128\n");
	event.kind = TRACE_OVERFLOW;
	event.count = 1;
	listener.depth = 129;
	listener.refused = REFUSED_SYN;
	assert_line(&event, DETAIL_AT, "refused: queue full (129 of 128), SYN\n");
	listener.refused = REFUSED_FINAL_ACK;
	assert_line(&event, DETAIL_AT, "refused: queue full (129 of 128), final ACK\n");
	listener.refused = REFUSED_SYN;
	listener.depth = 0;
	event.count = 3;
	assert_line(&event, DETAIL_AT, "3 refused: queue full (limit 128), SYN\n");
}

static void columns_only_grow(void **state)
{
	struct conn conn = loopback(ROLE_CLIENT);
	struct trace_event event = { .kind = TRACE_OPEN, .conn = &conn };
	struct scene scene;
	char *text;

	(void)state;
	begin(&scene);
	scene.stream.headed = NULL;
	text = rows(&scene, &output_text);
	assert_string_equal(text, "TIME          EVENT     CONNECTION                          "
				  "COMM      DETAIL\n");
	free(text);
	snprintf(conn.comm, sizeof(conn.comm), "long-name\n");
	view_trace_add(&scene.table, &event, now);
	free(rows(&scene, &output_text));
	snprintf(conn.comm, sizeof(conn.comm), "x");
	view_trace_add(&scene.table, &event, now);
	text = rows(&scene, &output_text);
	assert_string_equal(text + DETAIL_AT - 10, "x              connected\n");
	free(text);
	table__done(&scene.table);
}

static struct json_object *json_row(const struct trace_event *event)
{
	struct json_object *object;
	struct scene scene;
	char *text;

	begin(&scene);
	assert_int_equal(view_trace_add(&scene.table, event, now), 0);
	text = rows(&scene, &output_json);
	object = json_tokener_parse(text);
	assert_non_null(object);
	assert_int_equal(strcspn(text, "\n") + 1, strlen(text));
	free(text);
	table__done(&scene.table);
	return object;
}

static void assert_value(struct json_object *object, const char *key, const char *want)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(object, key, &value));
	assert_string_equal(json_object_to_json_string(value), want);
}

static void json_of_an_exchange(void **state)
{
	struct conn conn = loopback(ROLE_CLIENT);
	const struct exchange exchange = {
		.number = 2,
		.asked_ns = 98 * SECOND,
		.response_ns = 98 * SECOND + 1700000,
		.gap_ns = 3 * SECOND,
		.request_bytes = 78,
		.response_bytes = 1229,
	};
	const struct trace_event event = {
		.kind = TRACE_EXCHANGE, .conn = &conn, .exchange = &exchange, .ns = 98 * SECOND
	};
	static const struct {
		const char *key, *value;
	} want[] = {
		{ "type", "\"event\"" },
		{ "ts", "\"2025-11-21T00:59:58.123Z\"" },
		{ "event", "\"exchange\"" },
		{ "local_addr", "\"127.0.0.1\"" },
		{ "local_port", "40644" },
		{ "remote_port", "80" },
		{ "role", "\"client\"" },
		{ "comm", "\"nginx\"" },
		{ "pid", "17" },
		{ "partial", "false" },
		{ "opened_ts", "\"2025-11-21T00:59:50.123Z\"" },
		{ "number", "2" },
		{ "request_bytes", "78" },
		{ "response_bytes", "1229" },
		{ "response_us", "1700" },
		{ "idle_gap_ms", "3000" },
		{ "continued", "false" },
		{ "exchanges", "null" },
		{ "initiator", "null" },
		{ "depth", "null" },
	};
	struct json_object *object = json_row(&event);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(want); i++)
		assert_value(object, want[i].key, want[i].value);
	json_object_put(object);
}

static void json_knows_no_zero(void **state)
{
	struct conn conn = loopback(ROLE_SERVER);
	const struct exchange exchange = { .number = 2, .flags = EXCHANGE_CUT };
	const struct trace_event event = { .kind = TRACE_EXCHANGE,
					   .conn = &conn,
					   .exchange = &exchange };
	static const char *const unknown[] = { "request_bytes", "response_bytes", "response_us",
					       "idle_gap_ms",	"opened_ts",	  "container" };
	struct json_object *object;

	(void)state;
	conn.flags = CONN_PARTIAL;
	object = json_row(&event);
	for (size_t i = 0; i < COUNT_OF(unknown); i++)
		assert_value(object, unknown[i], "null");
	assert_value(object, "partial", "true");
	json_object_put(object);
}

static void one_moment_for_all_lines(void **state)
{
	struct clocks later = { .wall_ms = now.wall_ms + 1005, .ns = now.ns + SECOND };
	struct clocks stepped = later;

	(void)state;
	assert_int_equal(clocks_keep(now, later).ns, now.ns);
	stepped.wall_ms += 3600000;
	assert_int_equal(clocks_keep(now, stepped).ns, later.ns);
	stepped.wall_ms = later.wall_ms - 3600000;
	assert_int_equal(clocks_keep(now, stepped).ns, later.ns);
}

static void gaps(void **state)
{
	const struct trace_event gap = { .kind = TRACE_GAP, .count = 123, .ns = 99 * SECOND };
	struct scene scene;
	char *text;

	(void)state;
	begin(&scene);
	table__done(&scene.table);
	assert_int_equal(view_trace_gap(&gap, now, &scene.table), 0);
	text = rows(&scene, &output_text);
	assert_string_equal(text, "-- 123 events are missing here: the ring buffer was full "
				  "(--ring-size)\n");
	free(text);
	table__done(&scene.table);
	assert_int_equal(view_trace_gap(&gap, now, &scene.table), 0);
	text = rows(&scene, &output_json);
	assert_string_equal(
		text, "{\"type\":\"gap\",\"ts\":\"2025-11-21T00:59:59.123Z\",\"missing\":123}\n");
	free(text);
	table__done(&scene.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines),
		cmocka_unit_test(openings),
		cmocka_unit_test(exchanges),
		cmocka_unit_test(closes),
		cmocka_unit_test(listeners),
		cmocka_unit_test(columns_only_grow),
		cmocka_unit_test(json_of_an_exchange),
		cmocka_unit_test(json_knows_no_zero),
		cmocka_unit_test(one_moment_for_all_lines),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
