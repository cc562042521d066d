/* SPDX-License-Identifier: Apache-2.0 */
/* Paragraphs below the row of a text table. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "text_prose.h"

static const struct column columns[] = {
	{ "rule", NULL, "RULE", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "summary", NULL, "", COLUMN_PROSE, SHOW_ALWAYS, false, "" },
	{ "why", NULL, "why", COLUMN_PROSE, SHOW_ALWAYS, false, "" },
	{ "advice", NULL, "change", COLUMN_PROSE, SHOW_ALWAYS, false, "" },
};

enum { RULE, SUMMARY, WHY, ADVICE };

/* What stands below ROW, WIDTH wide. */
static void assert_paragraphs(const struct table *table, size_t row, size_t width, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	text_prose(out, table, row, width);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

static void begin(struct table *table)
{
	struct cell *cells;

	table__init(table, "finding", columns, COUNT_OF(columns));
	cells = table__add_row(table);
	cells[RULE] = cell_text("race-seen");
	cells[SUMMARY] = cell_text("one two three four");
	cells[WHY] = cell_text("five six");
	cells[ADVICE] = cell_text("seven");
}

static void titles_in_front(void **state)
{
	struct table table;

	(void)state;
	begin(&table);
	assert_paragraphs(&table, 0, 80,
			  "          one two three four\n"
			  "  why     five six\n"
			  "  change  seven\n");
	table__done(&table);
}

static void wrapped_below_themselves(void **state)
{
	struct table table;

	(void)state;
	begin(&table);
	assert_paragraphs(&table, 0, 18,
			  "          one two\n"
			  "          three\n"
			  "          four\n"
			  "  why     five six\n"
			  "  change  seven\n");
	/* No room for any: a word a line. */
	assert_paragraphs(&table, 0, 1,
			  "          one\n"
			  "          two\n"
			  "          three\n"
			  "          four\n"
			  "  why     five\n"
			  "          six\n"
			  "  change  seven\n");
	table__done(&table);
}

static void a_line_between_rows(void **state)
{
	struct table table;

	(void)state;
	begin(&table);
	table__add_row(&table)[WHY] = cell_text("x");
	assert_paragraphs(&table, 0, 80,
			  "          one two three four\n"
			  "  why     five six\n"
			  "  change  seven\n"
			  "\n");
	/* What is not known has no title either. */
	assert_paragraphs(&table, 1, 80, "  why     x\n");
	table__done(&table);
}

static void hostile_text(void **state)
{
	struct table table;

	(void)state;
	table__init(&table, "finding", columns, COUNT_OF(columns));
	table__add_row(&table)[WHY] = cell_text("\x1b[31m\n\xff\\");
	assert_paragraphs(&table, 0, 80, "  why     \\x1b[31m\\x0a\\xff\\x5c\n");
	table__done(&table);
}

static void nothing_below_other_tables(void **state)
{
	struct table table;

	(void)state;
	table__init(&table, "upstream", columns, 1);
	table__add_row(&table)[RULE] = cell_text("race-seen");
	table__add_row(&table);
	assert_paragraphs(&table, 0, 80, "");
	table__done(&table);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles_in_front),
		cmocka_unit_test(wrapped_below_themselves),
		cmocka_unit_test(a_line_between_rows),
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(nothing_below_other_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
