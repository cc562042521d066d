/* SPDX-License-Identifier: Apache-2.0 */
/* The page: its data read back, and nothing in it that a browser could take for markup. */
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

static const struct column columns[] = {
	{ NULL, NULL, "NAME", COLUMN_TEXT, SHOW_ALWAYS, false, "a name" },
	{ "hidden", NULL, "HIDDEN", COLUMN_COUNT, SHOW_NEVER, false, "" },
	{ "lost", "G", "LOST", COLUMN_COUNT, SHOW_WIDE, true, "what was lost" },
	{ "wait_us", NULL, "WAIT", COLUMN_US, SHOW_ROOM, false, "how long" },
};

enum { NAME, HIDDEN, LOST, WAIT };

struct scene {
	struct report report;
	struct table table;
	const char *arguments[8];
	char *text;
	struct json_object *data;
};

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->report.ts_ms = 1763686800123;
	scene->report.aggregate = aggregate__new(0, 16, NULL, NULL);
	for (int i = 0; i < FEATURE_MAX; i++)
		scene->report.account.features[i].mechanism = MECHANISM_FENTRY;
	table__init(&scene->table, "upstream", columns, COUNT_OF(columns));
	scene->table.title = "REUSE: a table";
}

static void end(struct scene *scene)
{
	aggregate__free((struct aggregate *)scene->report.aggregate);
	table__done(&scene->table);
	json_object_put(scene->data);
	free(scene->text);
}

/* The page's text, and what stands in its block of data. */
static void write_page(struct scene *scene)
{
	static const char begins[] = "<script type=\"application/json\" id=\"data\">";
	struct output_options options = { .arguments = (char **)scene->arguments };
	size_t len = 0;
	FILE *out = open_memstream(&scene->text, &len);
	char *start, *stop;

	assert_int_equal(output_html.write(out, &scene->report, &scene->table, 1, &options), 0);
	fclose(out);
	start = strstr(scene->text, begins);
	assert_non_null(start);
	start += strlen(begins);
	stop = strstr(start, "</script>");
	assert_non_null(stop);
	*stop = '\0';
	scene->data = json_tokener_parse(start);
	assert_non_null(scene->data);
	assert_null(strpbrk(start, "<>&"));
}

/* "tables.0.rows.1" */
static struct json_object *at(const struct scene *scene, const char *path)
{
	struct json_object *object = scene->data;
	char part[32];

	while (*path) {
		size_t len = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		if (json_object_is_type(object, json_type_array))
			object = json_object_array_get_idx(object, (size_t)atol(part));
		else
			object = json_object_object_get(object, part);
		path += len + (path[len] == '.');
	}
	return object;
}

static const char *text_at(const struct scene *scene, const char *path)
{
	return json_object_get_string(at(scene, path));
}

static void hostile_text_is_data(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "</script><script>alert(1)//", "</script><script>alert(1)//" },
		{ "<!--<script>", "<!--<script>" },
		{ "]]>&amp;&lt;", "]]>&amp;&lt;" },
		{ "\"'`\\\n\x01", "\"'`\\\n\x01" },
		{ "\xff\xe2\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe2\x80\xa8-\xe2\x80\xa9-\xe2\x82\xac",
		  "\xe2\x80\xa8-\xe2\x80\xa9-\xe2\x82\xac" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *argument = strdup(cases[i].text);
		struct scene scene;

		begin(&scene);
		table__add_row(&scene.table)[NAME] = cell_text(cases[i].text);
		scene.arguments[0] = argument;
		write_page(&scene);
		assert_string_equal(text_at(&scene, "tables.0.rows.0.0"), cases[i].want);
		assert_string_equal(text_at(&scene, "head.arguments.0"), cases[i].want);
		assert_null(strstr(scene.text, "\xe2\x80\xa8"));
		end(&scene);
		free(argument);
	}
}

static void columns_that_are_shown_and_their_cells(void **state)
{
	struct cell *cells;
	struct scene scene;

	(void)state;
	begin(&scene);
	cells = table__add_row(&scene.table);
	cells[NAME] = cell_text("a");
	cells[HIDDEN] = cell_number(1);
	cells[LOST] = cell_missing("no hook");
	cells = table__add_row(&scene.table);
	cells[LOST] = cell_real(0.40625);
	cells[WAIT] = cell_number(1700);
	write_page(&scene);
	assert_int_equal(json_object_array_length(at(&scene, "tables.0.about.columns")), 3);
	assert_string_equal(text_at(&scene, "tables.0.about.columns.1"),
			    "{ \"key\": \"lost\", \"group\": \"G\", \"title\": \"LOST\", "
			    "\"type\": \"count\", \"show\": \"wide\", \"alarm\": true, "
			    "\"help\": \"what was lost\" }");
	assert_string_equal(text_at(&scene, "tables.0.rows"),
			    "[ [ \"a\", { \"na\": 0 }, null ], [ null, 0.40625, 1700 ] ]");
	assert_string_equal(text_at(&scene, "tables.0.reasons"), "[ \"no hook\" ]");
	end(&scene);
}

static void prose_is_text_and_numbers_by_name_stay_out(void **state)
{
	static const struct column finding_columns[] = {
		{ "rule", NULL, "RULE", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
		{ "why", NULL, "why", COLUMN_PROSE, SHOW_ALWAYS, false, "" },
		{ "evidence", NULL, "EVIDENCE", COLUMN_OBJECT, SHOW_NEVER, false, "" },
	};
	static const struct named_number member = { "closed", COLUMN_COUNT, 7 };
	struct cell *cells;
	struct scene scene;

	(void)state;
	begin(&scene);
	table__init(&scene.table, "finding", finding_columns, COUNT_OF(finding_columns));
	cells = table__add_row(&scene.table);
	cells[0] = cell_text("race-seen");
	cells[1] = cell_text("</script><b>");
	cells[2] = cell_object(&member, 1);
	write_page(&scene);
	assert_int_equal(json_object_array_length(at(&scene, "tables.0.about.columns")), 2);
	assert_string_equal(text_at(&scene, "tables.0.about.columns.1.type"), "text");
	assert_string_equal(text_at(&scene, "tables.0.about.columns.1.show"), "always");
	assert_int_equal(json_object_array_length(at(&scene, "tables.0.rows.0")), 2);
	assert_string_equal(text_at(&scene, "tables.0.rows.0.1"), "</script><b>");
	end(&scene);
}

static void what_a_command_is_told_stays_out(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.arguments[0] = "connscope";
	scene.arguments[1] = "--";
	scene.arguments[2] = "curl";
	scene.arguments[3] = "-u";
	scene.arguments[4] = "secret";
	write_page(&scene);
	assert_string_equal(text_at(&scene, "head.arguments"),
			    "[ \"connscope\", \"--\", \"curl\", \"...\" ]");
	end(&scene);
}

static void losses_are_alarms(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.report.account.tracked = 5;
	scene.report.account.losses[LOSS_CONN_EVENT] = 2;
	write_page(&scene);
	assert_string_equal(text_at(&scene, "head.account.0.text"), "5 connections tracked");
	assert_string_equal(text_at(&scene, "head.account.2.text"),
			    "2 lost (2 closed connections)");
	assert_string_equal(text_at(&scene, "head.account.2.alarm"), "true");
	assert_string_equal(text_at(&scene, "head.account.1.alarm"), "false");
	end(&scene);
}

/* LAST connections to ports from 1 on, each with one exchange more than the one before. */
static void open_upstreams(struct scene *scene, __u16 last)
{
	struct aggregate *agg = (struct aggregate *)scene->report.aggregate;

	aggregate__keep_series(agg, 1000000000);
	aggregate__begin_snapshot(agg, 0);
	for (__u16 port = 1; port <= last; port++) {
		struct conn conn = {
			.role = ROLE_CLIENT,
			.ready = 1,
			.remote_port = port,
			.exchanges = port,
		};

		aggregate__open(agg, &conn);
	}
	aggregate__tick(agg, 1500000000);
	scene->report.now_ns = 1500000000;
}

static void the_busiest_first_and_the_rest_summed(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	open_upstreams(&scene, 13);
	write_page(&scene);
	assert_int_equal(json_object_array_length(at(&scene, "upstreams.rows")), 11);
	assert_string_equal(text_at(&scene, "upstreams.rows.0.port"), "13");
	assert_string_equal(text_at(&scene, "upstreams.rows.9.port"), "4");
	assert_string_equal(text_at(&scene, "upstreams.rows.10.rest"), "3");
	assert_string_equal(text_at(&scene, "upstreams.rows.0.series.exchanges"), "[ 13 ]");
	assert_string_equal(text_at(&scene, "upstreams.rows.10.series.exchanges"), "[ 6 ]");
	assert_string_equal(text_at(&scene, "upstreams.rows.10.series.open"), "[ 3 ]");
	assert_string_equal(text_at(&scene, "upstreams.end_ms"), "1763686800123");
	assert_string_equal(text_at(&scene, "upstreams.start_ms"), "1763686799623");
	assert_string_equal(text_at(&scene, "upstreams.width_ms"), "1000");
	end(&scene);
}

static void other_roles_stay_out(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	open_upstreams(&scene, 1);
	scene.table.type = "listener";
	write_page(&scene);
	assert_null(at(&scene, "upstreams"));
	end(&scene);
}

static void failed_write_is_an_error(void **state)
{
	const struct output_options options = { .width = 80 };
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_true(write_to_full(&output_html, &scene.report, &scene.table, &options) < 0);
	end(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text_is_data),
		cmocka_unit_test(columns_that_are_shown_and_their_cells),
		cmocka_unit_test(prose_is_text_and_numbers_by_name_stay_out),
		cmocka_unit_test(what_a_command_is_told_stays_out),
		cmocka_unit_test(losses_are_alarms),
		cmocka_unit_test(the_busiest_first_and_the_rest_summed),
		cmocka_unit_test(other_roles_stay_out),
		cmocka_unit_test(failed_write_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
