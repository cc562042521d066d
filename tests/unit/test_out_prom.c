/* SPDX-License-Identifier: Apache-2.0 */
/* What Prometheus is told: labels, sums, folding, counters that only grow, histograms. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "aggregate.h"
#include "cleanup.h"
#include "parse.h"
#include "prom.h"

#define MS 1000000ULL /* nanoseconds */

struct scene {
	struct aggregate *agg;
	struct prom *prom;
	struct report report;
	struct prom_self self;
	char *text;
	char value[64]; /* value_of()'s */
};

static void begin_with(struct scene *scene, const struct prom_options *options, unsigned int by)
{
	memset(scene, 0, sizeof(*scene));
	scene->agg = aggregate__new(by, 64, NULL, NULL);
	scene->prom = prom__new(options);
	assert_non_null(scene->agg);
	assert_non_null(scene->prom);
	scene->report.aggregate = scene->agg;
	for (int i = 0; i < FEATURE_MAX; i++)
		scene->report.account.features[i].mechanism = MECHANISM_FENTRY;
}

static void begin(struct scene *scene, size_t max_series)
{
	struct prom_options options = { .max_series = max_series, .by = BY_DEFAULT_AND_CONTAINER };

	begin_with(scene, &options, options.by);
}

static void end(struct scene *scene)
{
	prom__free(scene->prom);
	aggregate__free(scene->agg);
	free(scene->text);
}

static void write_as(struct scene *scene, enum prom_format format)
{
	size_t len = 0;
	FILE *out;

	free(scene->text);
	scene->text = NULL;
	out = open_memstream(&scene->text, &len);
	assert_int_equal(prom__write(scene->prom, &scene->self, format, out), 0);
	fclose(out);
}

static void update(struct scene *scene)
{
	assert_int_equal(prom__update(scene->prom, &scene->report), 0);
	write_as(scene, PROM_TEXT);
}

/* What follows NAME{LABELS} on the line that begins so; NULL: there is none. */
static const char *value_of(struct scene *scene, const char *sample)
{
	const char *at = scene->text;
	size_t len = strlen(sample);

	while (at && strncmp(at, sample, len))
		at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
	if (!at)
		return NULL;
	snprintf(scene->value, sizeof(scene->value), "%.*s", (int)strcspn(at + len, "\n"),
		 at + len);
	return scene->value;
}

#define assert_value(scene, sample, want)                                                          \
	do {                                                                                       \
		const char *got_ = value_of(scene, sample " ");                                    \
		assert_non_null(got_);                                                             \
		assert_string_equal(got_, want);                                                   \
	} while (0)

static struct conn client(const char *addr, __u16 port)
{
	struct conn conn = {
		.role = ROLE_CLIENT,
		.family = AF_INET,
		.ready = 1,
		.remote_port = port,
		.opened_ns = 1000 * MS,
		.ready_ns = 1001 * MS,
		.pid = 42,
		.comm = "nginx",
	};

	assert_int_equal(parse_addr(addr, conn.remote_addr), 0);
	return conn;
}

static struct conn closed(const char *addr, __u16 port, __u32 exchanges, __u32 idle_ms)
{
	struct conn conn = client(addr, port);

	conn.exchanges = exchanges;
	conn.initiator = INITIATOR_REMOTE_FIN;
	conn.closed_ns = conn.opened_ns + 5000 * MS;
	conn.idle_ms = idle_ms;
	return conn;
}

static struct conn server(__u16 port, __u32 depth)
{
	struct conn conn = {
		.role = ROLE_SERVER,
		.family = AF_INET,
		.queued = 1,
		.local_port = port,
		.opened_ns = 1000 * MS,
		.depth = depth,
	};

	assert_int_equal(parse_addr("10.0.0.9", conn.local_addr), 0);
	return conn;
}

#define NGINX  "{comm=\"nginx\",container=\"\",role=\"client\",upstream=\"10.0.0.1:80\""
#define OTHERS "{comm=\"\",container=\"\",role=\"client\",upstream=\"other\""

static void rows_become_samples(void **state)
{
	struct conn open = client("10.0.0.1", 80), over = closed("10.0.0.1", 80, 3, 1000);
	struct conn failed = client("10.0.0.1", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	failed.fail = FAIL_REFUSED;
	open.turn = TURN_SENT;
	open.exchanges = 4;
	over.flags = CONN_IN_FLIGHT | CONN_RACED;
	aggregate__closed(scene.agg, &over);
	aggregate__closed(scene.agg, &failed);
	aggregate__open(scene.agg, &open);
	update(&scene);
	assert_value(&scene, "connscope_connections_opened_total" NGINX "}", "2");
	assert_value(&scene, "connscope_exchanges_total" NGINX "}", "7");
	assert_value(&scene, "connscope_connections" NGINX ",state=\"active\"}", "1");
	assert_value(&scene, "connscope_connections" NGINX ",state=\"idle\"}", "0");
	assert_value(&scene, "connscope_connections_failed_total" NGINX ",reason=\"refused\"}",
		     "1");
	assert_value(&scene,
		     "connscope_connections_closed_total" NGINX
		     ",initiator=\"remote-fin\",in_flight=\"1\"}",
		     "1");
	assert_value(&scene,
		     "connscope_connections_closed_total" NGINX
		     ",initiator=\"remote-fin\",in_flight=\"0\"}",
		     "0");
	assert_value(&scene, "connscope_keepalive_races_total" NGINX "}", "1");
	assert_value(&scene, "connscope_connection_duration_seconds_sum" NGINX "}", "5.000000");
	end(&scene);
}

static void hostile_labels_are_escaped(void **state)
{
	struct conn conn = client("10.0.0.1", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	memcpy(conn.comm, "a\"b\\c\nd\xff}\t", 11);
	aggregate__closed(scene.agg, &conn);
	update(&scene);
	assert_value(&scene,
		     "connscope_connections_opened_total{comm=\"a\\\"b\\\\c\\nd\xef\xbf\xbd}\t\","
		     "container=\"\",role=\"client\",upstream=\"10.0.0.1:80\"}",
		     "1");
	end(&scene);
}

/* What was open and whose end was lost leaves its row. */
static void counters_never_go_down(void **state)
{
	struct conn conn = client("10.0.0.1", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	conn.exchanges = 5;
	aggregate__open(scene.agg, &conn);
	scene.report.account.tracked = 1;
	update(&scene);
	aggregate__begin_snapshot(scene.agg, 0);
	scene.report.account.tracked = 0;
	update(&scene);
	assert_value(&scene, "connscope_connections_opened_total" NGINX "}", "1");
	assert_value(&scene, "connscope_exchanges_total" NGINX "}", "5");
	assert_value(&scene, "connscope_connect_seconds_count" NGINX "}", "1");
	assert_value(&scene, "connscope_connections_tracked_total", "1");
	/* A level does. */
	assert_value(&scene, "connscope_connections" NGINX ",state=\"idle\"}", "0");
	/* And what comes next is not added to what was there too much. */
	aggregate__closed(scene.agg, &conn);
	update(&scene);
	assert_value(&scene, "connscope_connections_opened_total" NGINX "}", "1");
	end(&scene);
}

static void the_most_active_stay_and_the_rest_is_other(void **state)
{
	struct conn small = client("10.0.0.1", 80), large = client("10.0.0.2", 80);
	struct conn larger = client("10.0.0.3", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 1);
	aggregate__closed(scene.agg, &large);
	aggregate__closed(scene.agg, &large);
	aggregate__closed(scene.agg, &small);
	update(&scene);
	for (int i = 0; i < 5; i++)
		aggregate__closed(scene.agg, &larger);
	update(&scene);
	assert_value(&scene,
		     "connscope_connections_opened_total{comm=\"nginx\",container=\"\","
		     "role=\"client\",upstream=\"10.0.0.2:80\"}",
		     "2");
	assert_value(&scene, "connscope_connections_opened_total" OTHERS "}", "6");
	assert_value(&scene, "connscope_series_folded", "2");
	assert_null(value_of(&scene, "connscope_connections_opened_total" NGINX "} "));
	end(&scene);
}

static void rows_with_the_same_labels_are_summed(void **state)
{
	struct conn here = client("10.0.0.1", 80), there = client("10.0.0.1", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	there.netns = 7;
	aggregate__closed(scene.agg, &here);
	aggregate__closed(scene.agg, &there);
	update(&scene);
	assert_value(&scene, "connscope_connections_opened_total" NGINX "}", "2");
	assert_value(&scene, "connscope_series_folded", "0");
	end(&scene);
}

static void pid_is_a_label_when_asked_for(void **state)
{
	struct prom_options options = { .max_series = 10,
					.label_pid = true,
					.by = BY_ENDPOINT | BY_COMM | BY_PID };
	struct conn conn = client("10.0.0.1", 80);
	struct scene scene;

	(void)state;
	begin_with(&scene, &options, options.by);
	aggregate__closed(scene.agg, &conn);
	update(&scene);
	assert_value(&scene,
		     "connscope_connections_opened_total{comm=\"nginx\",container=\"\",pid=\"42\","
		     "role=\"client\",upstream=\"10.0.0.1:80\"}",
		     "1");
	end(&scene);
}

/* Who accepts is told later: until then it would count for nobody, and then twice. */
static void what_waits_for_its_owner_counts_once(void **state)
{
	struct prom_options options = { .max_series = 10, .by = BY_ENDPOINT | BY_COMM };
	struct conn conn = server(443, 1);
	struct scene scene;

	(void)state;
	begin_with(&scene, &options, options.by);
	aggregate__open(scene.agg, &conn);
	update(&scene);
	aggregate__begin_snapshot(scene.agg, 0);
	memcpy(conn.comm, "late", 5);
	conn.pid = 1;
	aggregate__open(scene.agg, &conn);
	update(&scene);
	assert_value(&scene,
		     "connscope_connections_opened_total{comm=\"\",container=\"\",role=\"server\","
		     "upstream=\"10.0.0.9:443\"}",
		     "0");
	assert_value(&scene,
		     "connscope_connections_opened_total{comm=\"late\",container=\"\","
		     "role=\"server\",upstream=\"10.0.0.9:443\"}",
		     "1");
	end(&scene);
}

#define LISTENER "{comm=\"httpd\",container=\"\",listener=\"10.0.0.9:443\""

static void a_listener_keeps_its_labels(void **state)
{
	struct listener listener = {
		.family = AF_INET,
		.flags = LISTENER_OPEN | LISTENER_ASKED,
		.port = 443,
		.pid = 7,
		.comm = "httpd",
		.limit = 4,
		.backlog_asked = 9,
		.depth = 2,
		.syn_drops = 3,
		.ack_drops = 1,
	};
	struct conn conn = server(443, 5);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	assert_int_equal(parse_addr("10.0.0.9", listener.addr), 0);
	aggregate__listener(scene.agg, &listener);
	update(&scene);
	memcpy(conn.comm, "worker", 7);
	conn.pid = 8;
	aggregate__closed(scene.agg, &conn);
	update(&scene);
	assert_value(&scene, "connscope_accept_queue_length" LISTENER "}", "2");
	assert_value(&scene, "connscope_accept_queue_max" LISTENER "}", "5");
	assert_value(&scene, "connscope_accept_queue_limit" LISTENER "}", "4");
	assert_value(&scene, "connscope_listen_backlog_requested" LISTENER "}", "9");
	assert_value(&scene, "connscope_accept_queue_overflows_total" LISTENER "}", "4");
	assert_value(&scene, "connscope_accept_queue_syn_drops_total" LISTENER "}", "3");
	assert_value(&scene, "connscope_accept_queue_depth_count" LISTENER "}", "1");
	end(&scene);
}

static void buckets_are_cumulative_and_exact(void **state)
{
	static const struct {
		__u32 exchanges;
		const char *below, *at; /* the bound before, and the first that has it */
	} cases[] = {
		{ 0, NULL, "0.0" },
		{ 1, "0.0", "1.0" },
		{ 3, "1.0", "3.0" },
		{ 4, "3.0", "7.0" },
		{ 7, "3.0", "7.0" },
		{ 8, "7.0", "15.0" },
		{ 65535, "16383.0", "65535.0" },
		{ 65536, "65535.0", "+Inf" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conn conn = closed("10.0.0.1", 80, cases[i].exchanges, 10);
		struct scene scene;
		char name[160];

		begin(&scene, 10);
		aggregate__closed(scene.agg, &conn);
		update(&scene);
		snprintf(name, sizeof(name),
			 "connscope_connection_exchanges_bucket" NGINX ",le=\"%s\"} ", cases[i].at);
		assert_string_equal(value_of(&scene, name), "1");
		if (cases[i].below) {
			snprintf(name, sizeof(name),
				 "connscope_connection_exchanges_bucket" NGINX ",le=\"%s\"} ",
				 cases[i].below);
			assert_string_equal(value_of(&scene, name), "0");
		}
		end(&scene);
	}
}

static void times_are_in_seconds(void **state)
{
	struct conn conn = closed("10.0.0.1", 80, 1, 1048);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	aggregate__closed(scene.agg, &conn);
	conn.idle_ms = 1049;
	aggregate__closed(scene.agg, &conn);
	update(&scene);
	assert_value(&scene,
		     "connscope_close_idle_seconds_bucket" NGINX
		     ",initiator=\"remote\",le=\"1.048576\"}",
		     "1");
	assert_value(&scene,
		     "connscope_close_idle_seconds_bucket" NGINX
		     ",initiator=\"remote\",le=\"+Inf\"}",
		     "2");
	assert_value(&scene, "connscope_close_idle_seconds_sum" NGINX ",initiator=\"remote\"}",
		     "2.097000");
	end(&scene);
}

static void a_peers_timeout_is_learnt(void **state)
{
	struct conn idle = closed("10.0.0.1", 80, 2, 5000), early = closed("10.0.0.1", 80, 2, 40);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	for (int i = 0; i < 9; i++)
		aggregate__closed(scene.agg, &idle);
	update(&scene);
	assert_null(value_of(&scene, "connscope_peer_idle_timeout_seconds" NGINX "} "));
	aggregate__closed(scene.agg, &early);
	update(&scene);
	assert_value(&scene, "connscope_peer_idle_timeout_seconds" NGINX "}", "4.718591");
	aggregate__closed(scene.agg, &early);
	update(&scene);
	assert_null(value_of(&scene, "connscope_peer_idle_timeout_seconds" NGINX "} "));
	end(&scene);
}

#define UNKNOWN "{comm=\"nginx\",container=\"\",role=\"client\",upstream=\"10.0.0.2:80\""

static void what_is_not_known_is_left_out(void **state)
{
	struct conn conn = client("10.0.0.1", 80), subflow = client("10.0.0.2", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	scene.report.account.features[FEATURE_SEND].mechanism = MECHANISM_INFERRED;
	scene.report.account.features[FEATURE_RACE].mechanism = MECHANISM_OFF;
	subflow.flags = CONN_MPTCP;
	aggregate__closed(scene.agg, &conn);
	aggregate__closed(scene.agg, &subflow);
	update(&scene);
	assert_non_null(value_of(&scene, "connscope_exchanges_total" NGINX "} "));
	assert_null(value_of(&scene, "connscope_response_seconds_count" NGINX "} "));
	assert_null(value_of(&scene, "connscope_keepalive_races_total" NGINX "} "));
	assert_null(value_of(&scene, "connscope_exchanges_total" UNKNOWN "} "));
	assert_null(value_of(&scene, "connscope_connections" UNKNOWN ",state=\"idle\"} "));
	assert_non_null(value_of(&scene, "connscope_connections" UNKNOWN ",state=\"unknown\"} "));
	assert_null(value_of(&scene, "connscope_connections_closed_total" UNKNOWN
				     ",initiator=\"local-fin\",in_flight=\"0\"} "));
	assert_non_null(value_of(&scene, "connscope_connections_closed_total" UNKNOWN
					 ",initiator=\"local-fin\",in_flight=\"unknown\"} "));
	assert_null(value_of(&scene, "connscope_connections_closed_total" NGINX
				     ",initiator=\"local-fin\",in_flight=\"unknown\"} "));
	end(&scene);
}

static void losses_have_a_kind(void **state)
{
	static const struct program_stats programs[] = {
		{ .name = "on_state", .runs = 3, .run_ns = 1500000000, .missed = 2 },
		{ .name = "on_old", .missed = -1 },
	};
	struct account *account;
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	account = &scene.report.account;
	account->losses[LOSS_CONN_EVENT] = 1;
	account->losses[LOSS_LISTENER_EVENT] = 2;
	account->losses[LOSS_CONN_MAP] = 3;
	account->folded = 4;
	scene.self.programs = programs;
	scene.self.program_count = COUNT_OF(programs);
	update(&scene);
	assert_value(&scene, "connscope_events_lost_total{kind=\"connection\"}", "1");
	assert_value(&scene, "connscope_events_lost_total{kind=\"listener\"}", "2");
	assert_value(&scene, "connscope_map_full_total{map=\"conns\"}", "3");
	assert_value(&scene, "connscope_map_full_total{map=\"endpoints\"}", "4");
	assert_value(&scene, "connscope_probe_missed_total{probe=\"on_state\"}", "2");
	assert_null(value_of(&scene, "connscope_probe_missed_total{probe=\"on_old\"} "));
	assert_null(value_of(&scene, "connscope_bpf_runs_total"));
	scene.self.runs_counted = true;
	write_as(&scene, PROM_TEXT);
	assert_value(&scene, "connscope_bpf_runs_total{prog=\"on_state\"}", "3");
	assert_value(&scene, "connscope_bpf_run_seconds_total{prog=\"on_state\"}", "1.500000000");
	end(&scene);
}

static void openmetrics_names_families_without_total(void **state)
{
	struct conn conn = client("10.0.0.1", 80);
	struct scene scene;

	(void)state;
	begin(&scene, 10);
	aggregate__closed(scene.agg, &conn);
	update(&scene);
	assert_non_null(strstr(scene.text, "# TYPE connscope_exchanges_total counter\n"));
	assert_null(strstr(scene.text, "# EOF"));
	write_as(&scene, OPENMETRICS);
	assert_non_null(strstr(scene.text, "# TYPE connscope_exchanges counter\n"));
	assert_null(strstr(scene.text, "# TYPE connscope_exchanges_total "));
	assert_value(&scene, "connscope_exchanges_total" NGINX "}", "0");
	assert_string_equal(scene.text + strlen(scene.text) - 6, "# EOF\n");
	end(&scene);
}

static void failed_write_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct scene scene;

	(void)state;
	if (!full)
		skip();
	begin(&scene, 10);
	setvbuf(full, NULL, _IONBF, 0);
	assert_true(prom__write(scene.prom, &scene.self, PROM_TEXT, full) < 0);
	fclose(full);
	end(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_become_samples),
		cmocka_unit_test(hostile_labels_are_escaped),
		cmocka_unit_test(counters_never_go_down),
		cmocka_unit_test(the_most_active_stay_and_the_rest_is_other),
		cmocka_unit_test(rows_with_the_same_labels_are_summed),
		cmocka_unit_test(pid_is_a_label_when_asked_for),
		cmocka_unit_test(what_waits_for_its_owner_counts_once),
		cmocka_unit_test(a_listener_keeps_its_labels),
		cmocka_unit_test(buckets_are_cumulative_and_exact),
		cmocka_unit_test(times_are_in_seconds),
		cmocka_unit_test(a_peers_timeout_is_learnt),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(losses_have_a_kind),
		cmocka_unit_test(openmetrics_names_families_without_total),
		cmocka_unit_test(failed_write_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
