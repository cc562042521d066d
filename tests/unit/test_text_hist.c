/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms as text: which buckets become one line, ranges, bars. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hist.h"
#include "text_hist.h"
#include "text_layout.h"

static const struct column columns[] = {
	{ NULL, NULL, "ENDPOINT", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "opened", NULL, "OPENED", COLUMN_COUNT, SHOW_ALWAYS, false, "" },
	{ "per_conn_hist", NULL, "PER CONNECTION", COLUMN_HIST, SHOW_HIST, false, "" },
	{ "wait_us_hist", NULL, "WAIT", COLUMN_HIST_US, SHOW_HIST, false, "" },
};

enum { ENDPOINT, COMM, OPENED, PER_CONN, WAIT };

static char *text_of(const struct cell *hist, int column, size_t width, bool utf8)
{
	struct layout layout;
	struct table table;
	struct cell *cells;
	char *text = NULL;
	size_t len;
	FILE *out;

	table__init(&table, "t", columns, COUNT_OF(columns));
	cells = table__add_row(&table);
	assert_non_null(cells);
	cells[ENDPOINT] = cell_text("10.0.0.1:80");
	cells[COMM] = cell_text("a\nb");
	cells[OPENED] = cell_number(9);
	cells[column] = *hist;
	layout__init(&layout, &table, &(struct layout_options){ .width = 80 });
	out = open_memstream(&text, &len);
	text_hists(out, &layout, width, utf8);
	fclose(out);
	table__done(&table);
	return text;
}

static void counts_by_number(void **state)
{
	const __u64 counts[] = { 0, 4, 0, 1, 0, 0, 0, 0, 2 };
	const struct cell hist = cell_list(counts, COUNT_OF(counts));
	char *text = text_of(&hist, PER_CONN, 31, false);

	(void)state;
	assert_string_equal(text, "\n10.0.0.1:80 a\\x0ab: PER CONNECTION, 7 in all\n"
				  "     1  4   57.1%  ############\n"
				  "     2  0    0.0%\n"
				  "     3  1   14.3%  ###\n"
				  "     4  0    0.0%\n"
				  "     5  0    0.0%\n"
				  "     6  0    0.0%\n"
				  "     7  0    0.0%\n"
				  "  8..9  2   28.6%  ######\n");
	free(text);
}

static void times_as_ranges_and_blocks(void **state)
{
	__u64 counts[HIST_SLOTS] = { 0 };
	struct cell hist;
	char *text;

	(void)state;
	counts[hist_slot(1024)] = 1000;
	counts[hist_slot(1300)] = 1;
	counts[hist_slot(1600)] = 500;
	hist = cell_list(counts, HIST_SLOTS);
	text = text_of(&hist, WAIT, 1, true);
	assert_string_equal(text, "\n10.0.0.1:80 a\\x0ab: WAIT, 1501 in all\n"
				  "  1.0ms..1.3ms  1000   66.6%  ████████\n"
				  "  1.3ms..1.5ms     1    0.1%  ▏\n"
				  "  1.5ms..1.8ms   500   33.3%  ████\n");
	free(text);
}

static void the_last_bucket_has_no_end(void **state)
{
	__u64 counts[HIST_SLOTS] = { 0 };
	struct cell hist;
	char *text;

	(void)state;
	counts[HIST_SLOTS - 1] = 1;
	hist = cell_list(counts, HIST_SLOTS);
	text = text_of(&hist, WAIT, 1, false);
	assert_non_null(strstr(text, "  33h..  1  100.0%  ########\n"));
	free(text);
}

static void nothing_is_no_histogram(void **state)
{
	const struct cell none = cell_list(NULL, 0), missing = cell_missing("reason");
	char *text = text_of(&none, WAIT, 80, false);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	text = text_of(&missing, WAIT, 80, false);
	assert_string_equal(text, "");
	free(text);
}

/* Whatever two buckets have something: few lines, without a hole, and nothing gets lost. */
static void any_range_fits(void **state)
{
	(void)state;
	for (__u32 low = 0; low < HIST_SLOTS; low++) {
		for (__u32 high = low; high < HIST_SLOTS; high++) {
			__u64 counts[HIST_SLOTS] = { 0 }, sum = 0;
			struct hist_line lines[HIST_LINES];
			size_t count;

			counts[low]++;
			counts[high]++;
			count = hist_lines(counts, HIST_SLOTS, lines);
			assert_in_range(count, 1, HIST_LINES);
			for (size_t i = 0; i < count; i++) {
				sum += lines[i].count;
				if (i)
					assert_int_equal(lines[i].first, lines[i - 1].end);
			}
			assert_int_equal(sum, 2);
			assert_in_range(low, lines[0].first, lines[0].end - 1);
			assert_true(lines[0].count && lines[count - 1].count);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_number),
		cmocka_unit_test(times_as_ranges_and_blocks),
		cmocka_unit_test(the_last_bucket_has_no_end),
		cmocka_unit_test(nothing_is_no_histogram),
		cmocka_unit_test(any_range_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
