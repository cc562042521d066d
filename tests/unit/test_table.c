/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: finding columns, sorting, cutting. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "table.h"

static const struct column columns[] = {
	{ "name", NULL, "NAME", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
	{ "count", NULL, "Count", COLUMN_COUNT, SHOW_ALWAYS, false, "" },
	{ "wait_us.p50", "WAIT", "p50", COLUMN_US, SHOW_ALWAYS, false, "" },
	{ "ratio", NULL, "RATIO", COLUMN_RATIO, SHOW_ALWAYS, false, "" },
	{ NULL, NULL, "TEXT", COLUMN_TEXT, SHOW_ALWAYS, false, "" },
};

enum { NAME, COUNT, WAIT, RATIO, TEXT };

static void add(struct table *table, const char *name, struct cell count)
{
	struct cell *cells = table__add_row(table);

	assert_non_null(cells);
	cells[NAME] = cell_text(name);
	cells[COUNT] = count;
}

/* The names of the rows, one letter each. */
static void assert_order(const struct table *table, const char *letters)
{
	assert_int_equal(table->row_count, strlen(letters));
	for (size_t i = 0; i < table->row_count; i++)
		assert_int_equal(table->cells[i * table->column_count].text[0], letters[i]);
}

static void finds_columns(void **state)
{
	static const struct {
		const char *key;
		int column;
	} cases[] = {
		{ "name", NAME },     { "NAME", NAME },	       { "count", COUNT },
		{ "COUNT", COUNT },   { "wait_us.p50", WAIT }, { "WAIT p50", WAIT },
		{ "wait P50", WAIT }, { "text", TEXT },	       { "p50", -1 },
		{ "WAIT", -1 },	      { "wait_us", -1 },       { "", -1 },
		{ "nonsense", -1 },
	};
	struct table table;

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(table__find_column(&table, cases[i].key), cases[i].column);
	table__done(&table);
}

static void new_rows_are_not_known(void **state)
{
	struct table table;
	struct cell *cells;

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	cells = table__add_row(&table);
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		assert_int_equal(cells[i].kind, CELL_NULL);
		assert_null(cells[i].reason);
	}
	table__done(&table);
}

static void sorts_numbers_descending_and_unknown_last(void **state)
{
	struct table table;

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	add(&table, "a", cell_missing(NULL));
	add(&table, "b", cell_number(1));
	add(&table, "c", cell_number(3));
	add(&table, "d", cell_missing("reason"));
	add(&table, "e", cell_number(1));
	add(&table, "f", cell_real(2.5));
	table__sort(&table, COUNT);
	assert_order(&table, "cfbead");
	table__sort(&table, NAME);
	assert_order(&table, "abcdef");
	table__sort(&table, -1);
	assert_order(&table, "abcdef");
	table__done(&table);
}

static void sort_is_stable_over_many_rows(void **state)
{
	struct table table;
	char name[2] = "a";

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	for (name[0] = 'a'; name[0] <= 'z'; name[0]++)
		add(&table, name, cell_number((__u64)(name[0] % 2)));
	table__sort(&table, COUNT);
	assert_order(&table, "acegikmoqsuwybdfhjlnprtvxz");
	table__done(&table);
}

static void truncates(void **state)
{
	struct table table;

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	add(&table, "a", cell_number(1));
	add(&table, "b", cell_number(1));
	add(&table, "c", cell_list((__u64[]){ 1, 2 }, 2));
	table__truncate(&table, 3);
	assert_int_equal(table.omitted, 0);
	table__truncate(&table, 1);
	assert_order(&table, "a");
	assert_int_equal(table.omitted, 2);
	add(&table, "d", cell_number(1));
	assert_order(&table, "ad");
	table__done(&table);
}

static void cells_own_copies(void **state)
{
	struct named_number members[] = { { "closed", COLUMN_COUNT, 7 },
					  { "ratio", COLUMN_RATIO, 0.5 } };
	__u64 items[] = { 7, 8 };
	char text[] = "abc";
	struct table table;
	struct cell *cells;

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	cells = table__add_row(&table);
	cells[NAME] = cell_text(text);
	cells[TEXT] = cell_list(items, 2);
	text[0] = 'x';
	items[0] = 0;
	assert_string_equal(cells[NAME].text, "abc");
	assert_int_equal(cells[TEXT].list.items[0], 7);
	cells[COUNT] = cell_list(NULL, 0);
	assert_int_equal(cells[COUNT].kind, CELL_LIST);
	assert_int_equal(cells[COUNT].list.count, 0);
	cells[WAIT] = cell_bool(true);
	assert_true(cells[WAIT].truth);
	cells[RATIO] = cell_object(members, 2);
	members[0].value = 0;
	assert_int_equal(cells[RATIO].object.count, 2);
	assert_string_equal(cells[RATIO].object.members[0].key, "closed");
	assert_true(cells[RATIO].object.members[0].value == 7);
	cells = table__add_row(&table);
	cells[NAME] = cell_object(NULL, 0);
	assert_int_equal(cells[NAME].kind, CELL_OBJECT);
	assert_int_equal(cells[NAME].object.count, 0);
	table__done(&table);
	table__done(NULL);
}

static void assert_places(const struct table *table, int column, bool reverse, const char *places)
{
	size_t order[8];

	assert_int_equal(table__order(table, column, reverse, order), 0);
	for (size_t i = 0; i < table->row_count; i++)
		assert_int_equal(order[i], places[i] - '0');
}

static void order_leaves_the_rows_where_they_are(void **state)
{
	struct table table;

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	add(&table, "b", cell_number(1));
	add(&table, "a", cell_missing(NULL));
	add(&table, "d", cell_number(3));
	add(&table, "c", cell_number(3));
	assert_places(&table, COUNT, false, "2301");
	assert_places(&table, COUNT, true, "0231");
	assert_places(&table, NAME, false, "1032");
	assert_places(&table, NAME, true, "2301");
	assert_places(&table, -1, false, "0123");
	assert_places(&table, -1, true, "3210");
	assert_order(&table, "badc");
	table__done(&table);
}

static void origins_move_with_their_rows(void **state)
{
	static const char first, second;
	struct table table;

	(void)state;
	table__init(&table, "t", columns, COUNT_OF(columns));
	add(&table, "a", cell_number(1));
	assert_null(table.origins[0]);
	table.origins[0] = &first;
	add(&table, "b", cell_number(2));
	table.origins[1] = &second;
	table__sort(&table, COUNT);
	assert_order(&table, "ba");
	assert_ptr_equal(table.origins[0], &second);
	assert_ptr_equal(table.origins[1], &first);
	table__done(&table);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_columns),
		cmocka_unit_test(new_rows_are_not_known),
		cmocka_unit_test(sorts_numbers_descending_and_unknown_last),
		cmocka_unit_test(sort_is_stable_over_many_rows),
		cmocka_unit_test(order_leaves_the_rows_where_they_are),
		cmocka_unit_test(origins_move_with_their_rows),
		cmocka_unit_test(truncates),
		cmocka_unit_test(cells_own_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
