/* SPDX-License-Identifier: Apache-2.0 */
/* CSV output: quoting, what is not known, hostile text, headers. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "full.h"
#include "output.h"
#include "report.h"
#include "table.h"

static const struct column columns[] = {
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_NEVER, false, "" },
	{ NULL, NULL, "TEXT ALONE", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "opened", NULL, "OPENED", COLUMN_COUNT, SHOW_ALWAYS, false, "" },
	{ "reuse_ratio", NULL, "REUSE", COLUMN_RATIO, SHOW_ALWAYS, false, "" },
	{ "idle_ms.p50", "IDLE", "p50", COLUMN_MS, SHOW_ALWAYS, false, "" },
	{ "clamped", NULL, "CLAMPED", COLUMN_BOOL, SHOW_ALWAYS, false, "" },
	{ "depths", NULL, "DEPTHS", COLUMN_LIST, SHOW_NEVER, false, "" },
};

enum { COMM, ALONE, OPENED, RATIO, P50, CLAMPED, DEPTHS };

#define HEADER "type,ts,comm,opened,reuse_ratio,idle_ms.p50,clamped,depths\n"
#define BEGIN  "upstream,2025-11-21T01:00:00.123Z,"

struct scene {
	struct report report;
	struct table tables[2];
	struct output_options options;
	char *text;
};

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->report.ts_ms = 1763686800123;
	for (size_t i = 0; i < 2; i++)
		table__init(&scene->tables[i], "upstream", columns, COUNT_OF(columns));
}

static void end(struct scene *scene)
{
	for (size_t i = 0; i < 2; i++)
		table__done(&scene->tables[i]);
	free(scene->text);
}

static struct cell *add(struct scene *scene, const char *comm)
{
	struct cell *cells = table__add_row(&scene->tables[0]);

	assert_non_null(cells);
	cells[COMM] = cell_text(comm);
	return cells;
}

static void write_csv(struct scene *scene, size_t table_count)
{
	size_t len = 0;
	FILE *out = open_memstream(&scene->text, &len);

	assert_int_equal(
		output_csv.write(out, &scene->report, scene->tables, table_count, &scene->options),
		0);
	fclose(out);
}

static void assert_begins(const char *text, const char *begin)
{
	assert_memory_equal(text, begin, strlen(begin));
}

static void one_row_exactly(void **state)
{
	struct scene scene;
	struct cell *cells;

	(void)state;
	begin(&scene);
	cells = add(&scene, "nginx");
	cells[ALONE] = cell_text("not here");
	cells[OPENED] = cell_number(UINT64_MAX);
	cells[RATIO] = cell_real(2.0 / 3);
	cells[P50] = cell_signed(-1);
	cells[CLAMPED] = cell_bool(true);
	cells[DEPTHS] = cell_list((__u64[]){ 0, 5, 9 }, 3);
	write_csv(&scene, 1);
	assert_begins(scene.text,
		      HEADER BEGIN "nginx,9223372036854775807,0.6667,-1,true,\"[0,5,9]\"\n\ntype,");
	end(&scene);
}

static void what_is_not_known_is_empty(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, "")[P50] = cell_missing("reason");
	write_csv(&scene, 1);
	assert_begins(scene.text, HEADER BEGIN ",,,,,\n");
	end(&scene);
}

static void hostile_text(void **state)
{
	static const struct {
		const char *comm, *cell;
	} cases[] = {
		{ "a,b", "\"a,b\"" },
		{ "a\"b", "\"a\"\"b\"" },
		{ "a\nb\r\x1b[31m\x7f", "a\xef\xbf\xbd"
					"b\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd" },
		{ "\xc2\x9b[31m\xc2\xa0", "\xef\xbf\xbd[31m\xc2\xa0" },
		{ "\xff\xc3\xa4", "\xef\xbf\xbd\xc3\xa4" },
		{ "=1+1", "'=1+1" },
		{ "+1", "'+1" },
		{ "-1", "'-1" },
		{ "@SUM(A1,1)", "\"'@SUM(A1,1)\"" },
		{ "\t=1", "\xef\xbf\xbd=1" },
		{ "a=b", "a=b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene scene;
		char line[256];

		begin(&scene);
		add(&scene, cases[i].comm);
		write_csv(&scene, 1);
		snprintf(line, sizeof(line), HEADER BEGIN "%s,,,,,\n", cases[i].cell);
		assert_begins(scene.text, line);
		end(&scene);
	}
}

static void each_table_has_its_header(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, "a");
	write_csv(&scene, 2);
	assert_begins(scene.text, HEADER BEGIN "a,,,,,\n\n" HEADER "\ntype,ts,schema,version,");
	end(&scene);
	begin(&scene);
	scene.report.number = 1;
	write_csv(&scene, 1);
	assert_begins(scene.text, "\n" HEADER "\ntype,ts,schema,");
	end(&scene);
}

static void rows_alone_without_headers(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, "a");
	scene.options.no_header = true;
	scene.report.number = 1;
	write_csv(&scene, 2);
	assert_begins(scene.text, BEGIN "a,,,,,\nmeta,2025-11-21T01:00:00.123Z,1,");
	end(&scene);
}

/* A finding: prose, and numbers by name. */
static const struct column finding_columns[] = {
	{ "rule", NULL, "RULE", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "why", NULL, "why", COLUMN_PROSE, SHOW_ALWAYS, false, "" },
	{ "evidence", NULL, "EVIDENCE", COLUMN_OBJECT, SHOW_NEVER, false, "" },
};

static void numbers_by_name_are_json(void **state)
{
	static const struct named_number members[] = {
		{ "closed", COLUMN_COUNT, 9.5 },   { "closed_ratio", COLUMN_RATIO, 2.0 / 3 },
		{ "timeout_ms", COLUMN_MS, 5019 }, { "still_failing", COLUMN_BOOL, 1 },
		{ "connect_us", COLUMN_US, 1e15 },
	};
	struct scene scene;
	struct cell *cells;

	(void)state;
	begin(&scene);
	table__init(&scene.tables[0], "finding", finding_columns, COUNT_OF(finding_columns));
	cells = add(&scene, "race-seen");
	cells[1] = cell_text("a, \"b\"\nc");
	cells[2] = cell_object(members, COUNT_OF(members));
	add(&scene, "short-look")[2] = cell_object(NULL, 0);
	write_csv(&scene, 1);
	assert_begins(
		scene.text,
		"type,ts,rule,why,evidence\n"
		"finding,2025-11-21T01:00:00.123Z,race-seen,\"a, \"\"b\"\"\xef\xbf\xbd"
		"c\","
		"\"{\"\"closed\"\":9.5000,\"\"closed_ratio\"\":0.6667,\"\"timeout_ms\"\":5019,"
		"\"\"still_failing\"\":true,\"\"connect_us\"\":1000000000000000}\"\n"
		"finding,2025-11-21T01:00:00.123Z,short-look,,{}\n\n");
	end(&scene);
}

static size_t count_fields(const char *line)
{
	size_t fields = 1;

	for (; *line != '\n'; line++)
		fields += *line == ',';
	return fields;
}

static void account_has_a_column_for_each_reason(void **state)
{
	struct feature_state *send;
	struct scene scene;
	const char *row;

	(void)state;
	begin(&scene);
	send = &scene.report.account.features[FEATURE_SEND];
	send->mechanism = MECHANISM_INFERRED;
	snprintf(send->reason, sizeof(send->reason), "because");
	scene.report.account.tracked = 10;
	scene.report.account.missed_runs = -1;
	write_csv(&scene, 0);
	assert_non_null(strstr(scene.text, ",backends.send,"));
	assert_non_null(strstr(scene.text, ",reasons.state,"));
	row = strchr(scene.text, '\n') + 1;
	assert_int_equal(count_fields(scene.text), count_fields(row));
	assert_non_null(strstr(row, ",inferred,"));
	assert_non_null(strstr(row, ",because,"));
	assert_non_null(strstr(row, ",10,0,0,0,0,,0,0,0,0\n"));
	end(&scene);
}

static void failed_write_is_an_error(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_true(write_to_full(&output_csv, &scene.report, scene.tables, &scene.options) < 0);
	end(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_row_exactly),
		cmocka_unit_test(what_is_not_known_is_empty),
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(each_table_has_its_header),
		cmocka_unit_test(rows_alone_without_headers),
		cmocka_unit_test(numbers_by_name_are_json),
		cmocka_unit_test(account_has_a_column_for_each_reason),
		cmocka_unit_test(failed_write_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
