/* SPDX-License-Identifier: Apache-2.0 */
/* Cells and paragraphs as people read them. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text_cell.h"

static void durations(void **state)
{
	static const struct {
		__u64 us;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1us" },
		{ 321, "321us" },
		{ 999, "999us" },
		{ 1000, "1.0ms" },
		{ 1700, "1.7ms" },
		{ 9949, "9.9ms" },
		{ 9950, "10ms" },
		{ 17249, "17ms" },
		{ 999499, "999ms" },
		{ 999500, "1.0s" },
		{ 3100000, "3.1s" },
		{ 60000000, "60s" },
		{ 99400000, "99s" },
		{ 99500000, "1.7m" },
		{ 3600000000, "60m" },
		{ 7200000000, "2.0h" },
		{ 86400000000, "24h" },
		{ 864000000000, "10d" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[16];

		assert_string_equal(duration_format(cases[i].us, text, sizeof(text)),
				    cases[i].text);
	}
}

static void sizes(void **state)
{
	static const struct {
		__u64 bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 17, "17B" },
		{ 1023, "1023B" },
		{ 1024, "1.0KiB" },
		{ 1536, "1.5KiB" },
		{ 20480, "20KiB" },
		{ 1048064, "1.0MiB" },
		{ 335544320, "320MiB" },
		{ 1073741824, "1.0GiB" },
		{ 1099511627776, "1.0TiB" },
		{ UINT64_MAX, "16777216TiB" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[16];

		assert_string_equal(bytes_format(cases[i].bytes, text, sizeof(text)),
				    cases[i].text);
	}
}

static void cells(void **state)
{
	static char name[] = "a\tb";
	static __u64 depths[] = { 12, 1, 0 };
	static const struct {
		enum column_type type;
		struct cell cell;
		const char *text;
	} cases[] = {
		{ COLUMN_COUNT, { .kind = CELL_NUMBER, .number = 1234567 }, "1234567" },
		{ COLUMN_COUNT, { .kind = CELL_SIGNED, .signed_number = -1 }, "-1" },
		{ COLUMN_US, { .kind = CELL_NUMBER, .number = 1700 }, "1.7ms" },
		{ COLUMN_MS, { .kind = CELL_NUMBER, .number = 1700 }, "1.7s" },
		{ COLUMN_BYTES, { .kind = CELL_NUMBER, .number = 2048 }, "2.0KiB" },
		{ COLUMN_LIST, { .kind = CELL_LIST, .list = { depths, 3 } }, "12 1 0" },
		{ COLUMN_LIST, { .kind = CELL_LIST, .list = { depths, 0 } }, "-" },
		{ COLUMN_RATIO, { .kind = CELL_REAL, .real = 2.0 / 3 }, "66.7%" },
		{ COLUMN_RATIO, { .kind = CELL_REAL, .real = 0 }, "0.0%" },
		{ COLUMN_RATIO, { .kind = CELL_REAL, .real = 1 }, "100.0%" },
		{ COLUMN_COUNT, { .kind = CELL_REAL, .real = 1.5 }, "1.50" },
		{ COLUMN_TEXT, { .kind = CELL_TEXT, .text = name }, "a\\x09b" },
		{ COLUMN_BOOL, { .kind = CELL_BOOL, .truth = true }, "yes" },
		{ COLUMN_BOOL, { .kind = CELL_BOOL, .truth = false }, "no" },
		{ COLUMN_US, { .kind = CELL_NULL }, "-" },
		{ COLUMN_US, { .kind = CELL_NULL, .reason = "because" }, "n/a" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct column column = { .type = cases[i].type };
		char text[CELL_STRLEN];

		assert_string_equal(cell_format(&column, &cases[i].cell, text, sizeof(text)),
				    cases[i].text);
	}
}

static void wraps_at_blanks(void **state)
{
	static const struct {
		const char *text;
		size_t at, indent, width;
		const char *lines;
	} cases[] = {
		{ "one two three", 0, 2, 80, "one two three" },
		{ "one two three", 0, 2, 8, "one two\n  three" },
		{ "one two three", 0, 2, 7, "one two\n  three" },
		{ "one two three", 0, 2, 6, "one\n  two\n  three" },
		{ "one two", 20, 20, 24, "one\n                    two" },
		{ "incomprehensible words", 0, 1, 8, "incomprehensible\n words" },
		{ "one  two ", 0, 0, 80, "one two" },
		{ "", 0, 0, 80, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		text_wrap(out, cases[i].text, cases[i].at, cases[i].indent, cases[i].width);
		fclose(out);
		assert_string_equal(text, cases[i].lines);
		free(text);
	}
}

static void levels_as_bars(void **state)
{
	static const struct column column = {
		"x", NULL, "X", COLUMN_SERIES, SHOW_ALWAYS, false, ""
	};
	__u64 levels[60] = { 0 };
	struct cell cell;
	char text[CELL_STRLEN];

	(void)state;
	levels[1] = 7;
	levels[58] = 1;
	cell = cell_list(levels, COUNT_OF(levels));
	assert_string_equal(cell_format(&column, &cell, text, sizeof(text)),
			    "#__________________.");
	series_format(&cell, SERIES_BARS_MAX, true, text, sizeof(text));
	assert_int_equal(text_width(text), 60);
	assert_int_equal(strlen(text), 60 * 3);
	assert_int_equal(text_width(series_format(&cell, 1, true, text, sizeof(text))), 1);
	assert_int_equal(text_width(series_format(&cell, 1000, true, text, sizeof(text))), 60);
	free(cell.list.items);
	cell = cell_list(NULL, 0);
	assert_string_equal(series_format(&cell, 5, true, text, sizeof(text)), "");
	free(cell.list.items);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),	  cmocka_unit_test(sizes),
		cmocka_unit_test(cells),	  cmocka_unit_test(wraps_at_blanks),
		cmocka_unit_test(levels_as_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
