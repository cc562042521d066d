/* SPDX-License-Identifier: Apache-2.0 */
/* JSON output, read back by the library's parser. */
#include "test.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "full.h"
#include "output.h"
#include "report.h"
#include "table.h"
#include "view.h"

static const struct column columns[] = {
	{ "addr", NULL, "ADDR", COLUMN_TEXT, SHOW_NEVER, false, "" },
	{ NULL, NULL, "TEXT ALONE", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "opened", NULL, "OPENED", COLUMN_COUNT, SHOW_ALWAYS, false, "" },
	{ "reuse_ratio", NULL, "REUSE", COLUMN_RATIO, SHOW_ALWAYS, false, "" },
	{ "idle_ms.local.p50", "IDLE", "p50", COLUMN_MS, SHOW_ALWAYS, false, "" },
	{ "idle_ms.local.max", "IDLE", "max", COLUMN_MS, SHOW_ALWAYS, false, "" },
	{ "idle_ms.remote.p50", "IDLE", "remote", COLUMN_MS, SHOW_ALWAYS, false, "" },
	{ "clamped", NULL, "CLAMPED", COLUMN_BOOL, SHOW_ALWAYS, false, "" },
	{ "depths", NULL, "DEPTHS", COLUMN_LIST, SHOW_NEVER, false, "" },
	{ "wait_us_hist", NULL, "WAIT", COLUMN_HIST_US, SHOW_HIST, false, "" },
};

enum { ADDR, ALONE, OPENED, RATIO, P50, MAX, REMOTE, CLAMPED, DEPTHS, WAIT };

struct scene {
	struct report report;
	struct table table;
	char *text;
};

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->report.ts_ms = 1763686800123;
	table__init(&scene->table, "upstream", columns, COUNT_OF(columns));
}

static void end(struct scene *scene)
{
	table__done(&scene->table);
	free(scene->text);
}

static void write_json_with(struct scene *scene, bool hist)
{
	const struct output_options options = { .width = 80, .hist = hist };
	size_t len = 0;
	FILE *out = open_memstream(&scene->text, &len);

	assert_int_equal(output_json.write(out, &scene->report, &scene->table, 1, &options), 0);
	fclose(out);
}

static void write_json(struct scene *scene)
{
	write_json_with(scene, false);
}

/* The object on line NUMBER, counted from 0; NULL past the end. */
static struct json_object *line(const struct scene *scene, int number)
{
	struct json_object *object;
	const char *text = scene->text;
	char *copy;

	for (; number > 0 && text; number--)
		text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
	if (!text || !*text)
		return NULL;
	copy = strndup(text, strcspn(text, "\n"));
	object = json_tokener_parse(copy);
	free(copy);
	assert_non_null(object);
	return object;
}

/* A finding: prose, and numbers by name. */
static const struct column finding_columns[] = {
	{ "rule", NULL, "RULE", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "why", NULL, "why", COLUMN_PROSE, SHOW_ALWAYS, false, "" },
	{ "evidence", NULL, "EVIDENCE", COLUMN_OBJECT, SHOW_NEVER, false, "" },
};

static void numbers_by_name(void **state)
{
	static const struct named_number members[] = {
		{ "closed", COLUMN_COUNT, 9.5 },   { "closed_ratio", COLUMN_RATIO, 2.0 / 3 },
		{ "timeout_ms", COLUMN_MS, 5019 }, { "still_failing", COLUMN_BOOL, 1 },
		{ "connect_us", COLUMN_US, 1e15 },
	};
	struct cell *cells;
	struct scene scene;

	(void)state;
	begin(&scene);
	table__init(&scene.table, "finding", finding_columns, COUNT_OF(finding_columns));
	cells = table__add_row(&scene.table);
	cells[0] = cell_text("race-seen");
	cells[1] = cell_text("a \"b\"\n\x1b\xff");
	cells[2] = cell_object(members, COUNT_OF(members));
	write_json(&scene);
	*strchr(scene.text, '\n') = '\0';
	assert_string_equal(scene.text,
			    "{\"type\":\"finding\",\"ts\":\"2025-11-21T01:00:00.123Z\","
			    "\"rule\":\"race-seen\",\"why\":\"a \\\"b\\\"\\n\\u001b\xef\xbf\xbd\","
			    "\"evidence\":{\"closed\":9.5000,\"closed_ratio\":0.6667,"
			    "\"timeout_ms\":5019,\"still_failing\":true,"
			    "\"connect_us\":1000000000000000}}");
	end(&scene);
}

static void one_row_exactly(void **state)
{
	struct cell *cells;
	struct scene scene;

	(void)state;
	begin(&scene);
	cells = table__add_row(&scene.table);
	cells[ADDR] = cell_text("10.0.0.1");
	cells[ALONE] = cell_text("not here");
	cells[OPENED] = cell_number(7);
	cells[RATIO] = cell_real(2.0 / 3);
	cells[P50] = cell_signed(-1);
	cells[REMOTE] = cell_missing("reason");
	cells[CLAMPED] = cell_bool(true);
	cells[DEPTHS] = cell_list((__u64[]){ 0, 5, 9 }, 3);
	write_json(&scene);
	*strchr(scene.text, '\n') = '\0';
	assert_string_equal(scene.text,
			    "{\"type\":\"upstream\",\"ts\":\"2025-11-21T01:00:00.123Z\","
			    "\"addr\":\"10.0.0.1\",\"opened\":7,\"reuse_ratio\":0.6667,"
			    "\"idle_ms\":{\"local\":{\"p50\":-1,\"max\":null},"
			    "\"remote\":{\"p50\":null}},"
			    "\"clamped\":true,\"depths\":[0,5,9]}");
	end(&scene);
}

static void histograms_where_asked(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	table__add_row(&scene.table)[WAIT] = cell_list((__u64[]){ 0, 5 }, 2);
	write_json(&scene);
	assert_null(strstr(scene.text, "wait_us_hist"));
	free(scene.text);
	write_json_with(&scene, true);
	assert_non_null(strstr(scene.text, ",\"wait_us_hist\":[0,5]}\n"));
	end(&scene);
}

static void no_rows_leave_meta_alone(void **state)
{
	struct json_object *meta;
	struct scene scene;

	(void)state;
	begin(&scene);
	write_json(&scene);
	meta = line(&scene, 0);
	assert_string_equal(json_object_get_string(json_object_object_get(meta, "type")), "meta");
	assert_null(line(&scene, 1));
	json_object_put(meta);
	end(&scene);
}

static void hostile_text_stays_valid_utf8(void **state)
{
	struct json_object *row, *addr;
	struct cell *cells;
	struct scene scene;

	(void)state;
	begin(&scene);
	cells = table__add_row(&scene.table);
	cells[ADDR] = cell_text("a\"\\\n\x01\xff/\xc3\xa4");
	write_json(&scene);
	row = line(&scene, 0);
	assert_true(json_object_object_get_ex(row, "addr", &addr));
	assert_string_equal(json_object_get_string(addr), "a\"\\\n\x01\xef\xbf\xbd/\xc3\xa4");
	json_object_put(row);
	end(&scene);
}

static void largest_number_stays_a_number(void **state)
{
	struct json_object *row;
	struct cell *cells;
	struct scene scene;

	(void)state;
	begin(&scene);
	cells = table__add_row(&scene.table);
	cells[OPENED] = cell_number(UINT64_MAX);
	write_json(&scene);
	row = line(&scene, 0);
	assert_true(json_object_get_int64(json_object_object_get(row, "opened")) == INT64_MAX);
	json_object_put(row);
	end(&scene);
}

static void assert_keys(struct json_object *object, const char *const *keys)
{
	struct json_object_iterator at = json_object_iter_begin(object);
	struct json_object_iterator last = json_object_iter_end(object);

	for (; *keys; keys++) {
		assert_false(json_object_iter_equal(&at, &last));
		assert_string_equal(json_object_iter_peek_name(&at), *keys);
		json_object_iter_next(&at);
	}
}

static void meta_has_the_account(void **state)
{
	static const char *const keys[] = {
		"type",	       "ts",	   "schema",	  "version",	   "kernel",
		"backends",    "reasons",  "tracked",	  "partial",	   "no_owner",
		"lost_events", "map_full", "missed_runs", "no_histograms", "folded",
		"interval_ms", "dropped",  NULL,
	};
	struct json_object *meta, *reasons, *backends;
	struct account *account;
	struct scene scene;

	(void)state;
	begin(&scene);
	account = &scene.report.account;
	account->tracked = 10;
	account->losses[LOSS_CONN_EVENT] = 1;
	account->losses[LOSS_LISTENER_EVENT] = 2;
	account->losses[LOSS_CONN_MAP] = 4;
	account->missed_runs = -1;
	account->interval_ms = 1500;
	snprintf(account->kernel, sizeof(account->kernel), "6.1.0");
	for (int i = 0; i < FEATURE_MAX; i++)
		account->features[i].mechanism = MECHANISM_KPROBE;
	account->features[FEATURE_SEND].mechanism = MECHANISM_INFERRED;
	snprintf(account->features[FEATURE_SEND].reason,
		 sizeof(account->features[FEATURE_SEND].reason), "because");
	write_json(&scene);
	meta = line(&scene, 0);
	assert_keys(meta, keys);
	assert_int_equal(json_object_get_int(json_object_object_get(meta, "schema")), 1);
	assert_int_equal(json_object_get_int(json_object_object_get(meta, "tracked")), 10);
	assert_int_equal(json_object_get_int(json_object_object_get(meta, "lost_events")), 3);
	assert_int_equal(json_object_get_int(json_object_object_get(meta, "map_full")), 4);
	assert_null(json_object_object_get(meta, "missed_runs"));
	assert_int_equal(json_object_get_int(json_object_object_get(meta, "interval_ms")), 1500);
	backends = json_object_object_get(meta, "backends");
	assert_int_equal(json_object_object_length(backends), FEATURE_MAX);
	assert_string_equal(json_object_get_string(json_object_object_get(backends, "accept")),
			    "kprobe");
	reasons = json_object_object_get(meta, "reasons");
	assert_int_equal(json_object_object_length(reasons), 1);
	assert_string_equal(json_object_get_string(json_object_object_get(reasons, "send")),
			    "because");
	json_object_put(meta);
	end(&scene);
}

/* The published keys of each record, in order; more may follow. */
static void views_keep_their_keys(void **state)
{
	static const struct {
		const struct view *view;
		const char *keys[36];
	} cases[] = {
		{ &view_reuse,
		  { "type",
		    "ts",
		    "addr",
		    "port",
		    "name",
		    "comm",
		    "pid",
		    "container",
		    "netns",
		    "opened",
		    "failed",
		    "fail_reasons",
		    "partial",
		    "exchanges",
		    "reused",
		    "reuse_ratio",
		    "exchanges_per_conn",
		    "open",
		    "idle",
		    "active",
		    "open_peak",
		    "active_peak",
		    "connect_us",
		    "response_us",
		    "idle_gap_ms",
		    "sent_bytes",
		    "received_bytes",
		    "closed",
		    "time_wait",
		    NULL } },
		{ &view_accept,
		  { "type",	   "ts",	"addr",	     "port",	       "comm",
		    "pid",	   "container", "netns",     "backlog_asked",  "limit",
		    "somaxconn",   "clamped",	"depth",     "depth_max",      "depth_hist",
		    "accepted",	   "overflows", "syn_drops", "accept_wait_us", "exchanges",
		    "reuse_ratio", "open",	NULL } },
		{ &view_close,
		  { "type", "ts", "addr", "port", "role", "comm", "closed", "by", "causes",
		    "in_flight", "raced", "unused", "idle_at_close_ms", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct json_object *row;
		struct scene scene;

		begin(&scene);
		table__done(&scene.table);
		table__init(&scene.table, "x", cases[i].view->columns, cases[i].view->column_count);
		assert_non_null(table__add_row(&scene.table));
		write_json(&scene);
		row = line(&scene, 0);
		assert_keys(row, cases[i].keys);
		json_object_put(row);
		end(&scene);
	}
}

static void failed_write_is_an_error(void **state)
{
	const struct output_options options = { .width = 80 };
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_true(write_to_full(&output_json, &scene.report, &scene.table, &options) < 0);
	end(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_row_exactly),
		cmocka_unit_test(numbers_by_name),
		cmocka_unit_test(histograms_where_asked),
		cmocka_unit_test(no_rows_leave_meta_alone),
		cmocka_unit_test(hostile_text_stays_valid_utf8),
		cmocka_unit_test(largest_number_stays_a_number),
		cmocka_unit_test(meta_has_the_account),
		cmocka_unit_test(views_keep_their_keys),
		cmocka_unit_test(failed_write_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
