/* SPDX-License-Identifier: Apache-2.0 */
/* Text output: widths, groups, notes, and the account. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "full.h"
#include "output.h"
#include "report.h"
#include "table.h"

static const struct column columns[] = {
	{ NULL, NULL, "ENDPOINT", COLUMN_TEXT, SHOW_NONZERO, false, "" },
	{ "addr", NULL, "ADDR", COLUMN_TEXT, SHOW_NEVER, false, "" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_WIDE, false, "" },
	{ "opened", NULL, "OPENED", COLUMN_COUNT, SHOW_ALWAYS, false, "" },
	{ "failed", NULL, "FAILED", COLUMN_COUNT, SHOW_NONZERO, true, "" },
	{ "reuse_ratio", NULL, "REUSE", COLUMN_RATIO, SHOW_ALWAYS, false, "" },
	{ "wait_us.p50", "WAIT", "p50", COLUMN_US, SHOW_ALWAYS, false, "" },
	{ "wait_us.max", "WAIT", "max", COLUMN_US, SHOW_ALWAYS, false, "" },
	{ "sent_bytes", NULL, "SENT", COLUMN_BYTES, SHOW_ROOM, false, "" },
	{ "clamped", NULL, "CLAMPED", COLUMN_BOOL, SHOW_WIDE, true, "" },
	{ NULL, NULL, "OVER TIME", COLUMN_SERIES, SHOW_NONZERO, false, "" },
	{ "depth_hist", NULL, "DEPTHS", COLUMN_HIST, SHOW_HIST, false, "" },
};

enum {
	ENDPOINT,
	ADDR,
	COMM,
	PID,
	OPENED,
	FAILED,
	RATIO,
	WAIT,
	WAIT_MAX,
	SENT,
	CLAMPED,
	SERIES,
	HIST
};

struct scene {
	struct report report;
	struct table table;
	struct output_options options;
};

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->report.aggregate = aggregate__new(0, 1, NULL, NULL);
	scene->report.ts_ms = 1763686800123;
	scene->report.account.tracked = 3;
	snprintf(scene->report.account.backend, sizeof(scene->report.account.backend), "fentry");
	table__init(&scene->table, "t", columns, COUNT_OF(columns));
	scene->table.title = "TITLE";
	scene->table.empty = "nothing seen";
	scene->options.width = 80;
}

static void end(struct scene *scene)
{
	table__done(&scene->table);
	aggregate__free((struct aggregate *)scene->report.aggregate);
}

static struct cell *add(struct scene *scene, const char *endpoint, const char *comm)
{
	struct cell *cells = table__add_row(&scene->table);

	assert_non_null(cells);
	cells[ENDPOINT] = cell_text(endpoint);
	cells[COMM] = cell_text(comm);
	cells[OPENED] = cell_number(1);
	cells[FAILED] = cell_number(0);
	cells[RATIO] = cell_real(2.0 / 3);
	cells[WAIT] = cell_number(321);
	cells[WAIT_MAX] = cell_number(1700);
	cells[SENT] = cell_number(2048);
	return cells;
}

static char *write_text(struct scene *scene, size_t tables)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(
		output_text.write(out, &scene->report, &scene->table, tables, &scene->options), 0);
	fclose(out);
	return text;
}

static void assert_text(struct scene *scene, const char *expected)
{
	char *text = write_text(scene, 1);

	assert_string_equal(text, expected);
	free(text);
}

static void one_row(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, "10.21.2.25:5000", "nginx");
	assert_text(&scene, "TITLE\n"
			    "                                       ---WAIT----\n"
			    "ENDPOINT         COMM   OPENED  REUSE    p50   max    SENT\n"
			    "10.21.2.25:5000  nginx       1  66.7%  321us 1.7ms  2.0KiB\n"
			    "\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void all_columns_when_wide(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.wide = true;
	scene.options.width = 20;
	add(&scene, "10.21.2.25:5000", "nginx");
	assert_text(&scene, "TITLE\n"
			    "                                                    ---WAIT----\n"
			    "ENDPOINT         COMM   PID  OPENED  FAILED  REUSE    p50   max    "
			    "SENT  CLAMPED  OVER TIME\n"
			    "10.21.2.25:5000  nginx    -       1       0  66.7%  321us 1.7ms  "
			    "2.0KiB        -          -\n"
			    "\n"
			    "-- 3 connections tracked,\n"
			    "   0 partial,\n"
			    "   0 lost; fentry\n");
	end(&scene);
}

static void bars_are_as_wide_as_they_look(void **state)
{
	struct scene scene;
	struct cell *cells;

	(void)state;
	begin(&scene);
	scene.options.utf8 = true;
	cells = add(&scene, "10.21.2.25:5000", "nginx");
	cells[SERIES] = cell_list((__u64[]){ 0, 1, 2, 7 }, 4);
	cells = add(&scene, "10.21.2.25:5001", "nginx");
	cells[SERIES] = cell_list((__u64[]){ 0, 1, 0, 0 }, 4);
	scene.table.omitted = 1;
	assert_text(&scene,
		    "TITLE\n"
		    "                                       ---WAIT----\n"
		    "ENDPOINT         COMM   OPENED  REUSE    p50   max    SENT  OVER TIME\n"
		    "10.21.2.25:5000  nginx       1  66.7%  321us 1.7ms  2.0KiB       ▁▂▃█\n"
		    "10.21.2.25:5001  nginx       1  66.7%  321us 1.7ms  2.0KiB       ▁█▁▁\n"
		    "and 1 more\n"
		    "\n"
		    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void histograms_below_the_table(void **state)
{
	struct scene scene;
	struct cell *cells;

	(void)state;
	begin(&scene);
	scene.options.hist = true;
	scene.options.no_header = true;
	scene.options.width = 25;
	cells = add(&scene, "a", "b");
	cells[SERIES] = cell_list((__u64[]){ 0, 1, 2, 7 }, 4);
	cells[HIST] = cell_list((__u64[]){ 0, 3 }, 2);
	add(&scene, "c", "d");
	assert_text(&scene, "a         b          1\n"
			    "c         d          1\n"
			    "\na b: OVER TIME, at most 7\n"
			    "  _.:#\n"
			    "\na b: DEPTHS, 3 in all\n"
			    "  1  3  100.0%  #########\n"
			    "-- 3 connections tracked,\n"
			    "   0 partial, 0 lost;\n"
			    "   fentry\n");
	end(&scene);
}

static void without_header(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.no_header = true;
	add(&scene, "10.21.2.25:5000", "nginx");
	assert_text(&scene, "10.21.2.25:5000  nginx       1  66.7%  321us 1.7ms  2.0KiB\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void empty_table_says_so(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_text(&scene, "nothing seen\n"
			    "\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void time_comes_first(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.time = true;
	scene.report.account.tracked = 1;
	assert_text(&scene, "2025-11-21T01:00:00.123Z\n"
			    "nothing seen\n"
			    "\n"
			    "-- 1 connection tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void narrow_drops_from_the_right(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.width = 45;
	add(&scene, "10.21.2.25:5000", "nginx");
	assert_text(&scene, "TITLE\n"
			    "                                        WAIT\n"
			    "ENDPOINT         COMM   OPENED  REUSE    p50\n"
			    "10.21.2.25:5000  nginx       1  66.7%  321us\n"
			    "\n"
			    "-- 3 connections tracked, 0 partial, 0 lost;\n"
			    "   fentry\n");
	end(&scene);
}

static void alarm_is_dropped_last(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.width = 40;
	scene.options.no_header = true;
	add(&scene, "10.21.2.25:5000", "nginx")[FAILED] = cell_number(7);
	assert_text(&scene, "10.21.2.25:5000  nginx       1       7\n"
			    "-- 3 connections tracked, 0 partial,\n"
			    "   0 lost; fentry\n");
	end(&scene);
}

static void long_endpoint_has_its_own_line(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.width = 60;
	add(&scene, "10.21.2.25:5000", "nginx");
	add(&scene, "[2001:db8:1:2:3:4:5:6]:443", "curl");
	assert_text(&scene, "TITLE\n"
			    "                                             ---WAIT----\n"
			    "ENDPOINT               COMM   OPENED  REUSE    p50   max\n"
			    "10.21.2.25:5000        nginx       1  66.7%  321us 1.7ms\n"
			    "[2001:db8:1:2:3:4:5:6]:443\n"
			    "                       curl        1  66.7%  321us 1.7ms\n"
			    "\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void for_programs_a_row_is_a_line(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.width = 60;
	scene.options.unbroken = true;
	scene.options.no_header = true;
	add(&scene, "[2001:db8:1:2:3:4:5:6]:443", "curl");
	assert_text(&scene, "[2001:db8:1:2:3:4:5:6]:443  curl       1  66.7%  321us 1.7ms\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void long_name_is_cut_when_narrow(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.width = 55;
	scene.options.no_header = true;
	add(&scene, "10.21.2.25:5000", "containerd-shim");
	assert_text(&scene, "10.21.2.25:5000  container+       1  66.7%  321us 1.7ms\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void every_line_fits_the_width(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, "[2001:db8:1:2:3:4:5:6]:65535", "containerd-shim")[FAILED] = cell_number(7);
	scene.table.cells[RATIO] =
		cell_missing("a reason of many words that goes on and on until it is long enough");
	for (size_t width = 40; width < 130; width++) {
		char *text, *rest, *line;

		scene.options.width = width;
		text = write_text(&scene, 1);
		for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
			assert_true(strlen(line) <= width);
			assert_true(line[strlen(line) - 1] != ' ');
		}
		free(text);
	}
	end(&scene);
}

static void unknown_and_unavailable_differ(void **state)
{
	struct cell *cells;
	struct scene scene;

	(void)state;
	begin(&scene);
	cells = add(&scene, "10.0.0.1:80", "a");
	cells[RATIO] = cell_missing(NULL);
	cells[WAIT] = cell_missing("no hook in this kernel");
	cells[WAIT_MAX] = cell_missing("no hook in this kernel");
	cells[SENT] = cell_missing("another reason");
	assert_text(&scene, "TITLE\n"
			    "                                  -WAIT--\n"
			    "ENDPOINT     COMM  OPENED  REUSE  p50 max  SENT\n"
			    "10.0.0.1:80  a          1      -  n/a n/a   n/a\n"
			    "n/a WAIT p50, WAIT max: no hook in this kernel\n"
			    "n/a SENT: another reason\n"
			    "\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void hostile_names_are_escaped(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.no_header = true;
	add(&scene, "10.0.0.1:80", "\033[2J\n");
	assert_text(&scene, "10.0.0.1:80  \\x1b[2J\\x0a       1  66.7%  321us 1.7ms  2.0KiB\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void alarms_are_red_where_colour_is_wanted(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.no_header = true;
	scene.options.colour = true;
	add(&scene, "10.0.0.1:80", "a")[FAILED] = cell_number(7);
	add(&scene, "10.0.0.2:80", "a");
	scene.report.account.losses[LOSS_CONN_EVENT] = 2;
	assert_text(&scene,
		    "10.0.0.1:80  a          1\033[31m       7\033[0m  66.7%  321us 1.7ms  2.0KiB\n"
		    "10.0.0.2:80  a          1       0  66.7%  321us 1.7ms  2.0KiB\n"
		    "-- 3 connections tracked, 0 partial, "
		    "\033[31m2 lost (2 closed connections)\033[0m; fentry\n");
	end(&scene);
}

static void every_loss_is_in_the_account(void **state)
{
	struct account *account;
	struct scene scene;

	(void)state;
	begin(&scene);
	account = &scene.report.account;
	account->partial = 1;
	account->no_owner = 2;
	account->losses[LOSS_CONN_EVENT] = 3;
	account->losses[LOSS_LISTENER_EVENT] = 4;
	account->losses[LOSS_CONN_MAP] = 5;
	account->losses[LOSS_GROUP_MAP] = 6;
	account->missed_runs = 7;
	account->folded = 8;
	scene.options.width = 240;
	assert_text(&scene, "nothing seen\n"
			    "\n"
			    "-- 3 connections tracked, 1 partial, 2 without owner, "
			    "7 lost (3 closed connections + 4 closed listeners), "
			    "5 not kept: map full (5 connections), "
			    "6 connections without histograms, "
			    "7 runs missed, 8 folded into other; fentry\n");
	end(&scene);
}

static void omitted_rows_are_counted(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	for (int i = 0; i < 5; i++)
		add(&scene, "10.0.0.1:80", "a");
	table__truncate(&scene.table, 1);
	assert_text(&scene, "TITLE\n"
			    "                                  ---WAIT----\n"
			    "ENDPOINT     COMM  OPENED  REUSE    p50   max    SENT\n"
			    "10.0.0.1:80  a          1  66.7%  321us 1.7ms  2.0KiB\n"
			    "and 4 more\n"
			    "\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void pinned_column_is_shown(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.no_header = true;
	scene.table.pinned = 1ULL << PID;
	add(&scene, "10.0.0.1:80", "a")[PID] = cell_number(4711);
	assert_text(&scene, "10.0.0.1:80  a     4711       1  66.7%  321us 1.7ms  2.0KiB\n"
			    "-- 3 connections tracked, 0 partial, 0 lost; fentry\n");
	end(&scene);
}

static void failed_write_is_an_error(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_true(write_to_full(&output_text, &scene.report, &scene.table, &scene.options) < 0);
	end(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_row),
		cmocka_unit_test(all_columns_when_wide),
		cmocka_unit_test(bars_are_as_wide_as_they_look),
		cmocka_unit_test(histograms_below_the_table),
		cmocka_unit_test(without_header),
		cmocka_unit_test(empty_table_says_so),
		cmocka_unit_test(time_comes_first),
		cmocka_unit_test(narrow_drops_from_the_right),
		cmocka_unit_test(alarm_is_dropped_last),
		cmocka_unit_test(long_endpoint_has_its_own_line),
		cmocka_unit_test(for_programs_a_row_is_a_line),
		cmocka_unit_test(long_name_is_cut_when_narrow),
		cmocka_unit_test(every_line_fits_the_width),
		cmocka_unit_test(unknown_and_unavailable_differ),
		cmocka_unit_test(hostile_names_are_escaped),
		cmocka_unit_test(alarms_are_red_where_colour_is_wanted),
		cmocka_unit_test(every_loss_is_in_the_account),
		cmocka_unit_test(omitted_rows_are_counted),
		cmocka_unit_test(pinned_column_is_shown),
		cmocka_unit_test(failed_write_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
