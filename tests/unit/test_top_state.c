/* SPDX-License-Identifier: Apache-2.0 */
/* `top`: what each key makes of the choices. */
#include "test.h"

#include <string.h>

#include "aggregate.h"
#include "top_state.h"

static const size_t columns[] = { 0, 4, 7 };

static struct top_facts facts(size_t rows)
{
	return (struct top_facts){
		.rows = rows,
		.page = 10,
		.columns = columns,
		.column_count = COUNT_OF(columns),
	};
}

static struct top_state fresh(void)
{
	struct top_state state;

	top_state__init(&state);
	return state;
}

static void press(struct top_state *state, size_t rows, int key)
{
	struct top_facts now = facts(rows);

	top_state__key(state, key, &now);
}

static void type(struct top_state *state, const char *text)
{
	for (; *text; text++)
		press(state, 100, *text);
}

static void tabs(void **state)
{
	static const struct {
		int key;
		size_t tab;
	} cases[] = {
		{ TOP_KEY_TAB, 1 },
		{ TOP_KEY_TAB, 2 },
		{ TOP_KEY_TAB, 0 },
		{ TOP_KEY_BACK_TAB, 2 },
		{ TOP_KEY_BACK_TAB, 1 },
		{ '3', 2 },
		{ '1', 0 },
		{ '2', 1 },
		{ '4', 1 },
		{ '0', 1 },
	};
	struct top_state top = fresh();

	(void)state;
	assert_int_equal(top.tab, 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		press(&top, 5, cases[i].key);
		assert_int_equal(top.tab, cases[i].tab);
	}
}

static void cursor_stays_in_the_rows(void **state)
{
	static const struct {
		int key;
		size_t cursor;
	} cases[] = {
		{ TOP_KEY_UP, 0 },
		{ TOP_KEY_DOWN, 1 },
		{ 'j', 2 },
		{ TOP_KEY_PAGE_DOWN, 12 },
		{ TOP_KEY_PAGE_DOWN, 22 },
		{ TOP_KEY_PAGE_DOWN, 24 },
		{ TOP_KEY_DOWN, 24 },
		{ 'k', 23 },
		{ TOP_KEY_PAGE_UP, 13 },
		{ TOP_KEY_HOME, 0 },
		{ TOP_KEY_PAGE_UP, 0 },
		{ TOP_KEY_END, 24 },
		{ 'g', 0 },
		{ 'G', 24 },
	};
	struct top_state top = fresh();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		press(&top, 25, cases[i].key);
		assert_int_equal(top.pages[0].cursor, cases[i].cursor);
	}
}

static void cursor_of_nothing_is_at_the_top(void **state)
{
	static const int keys[] = { TOP_KEY_DOWN, TOP_KEY_PAGE_DOWN, TOP_KEY_END, TOP_KEY_UP };
	struct top_state top = fresh();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		press(&top, 0, keys[i]);
		assert_int_equal(top.pages[0].cursor, 0);
	}
}

static void sort_goes_round_the_columns_that_are_shown(void **state)
{
	static const struct {
		int key, sort;
	} cases[] = {
		{ '>', 0 }, { 's', 4 }, { TOP_KEY_RIGHT, 7 }, { '>', 0 },
		{ '<', 7 }, { '<', 4 }, { TOP_KEY_LEFT, 0 },
	};
	struct top_state top = fresh();

	(void)state;
	assert_int_equal(top.pages[0].sort, -1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		press(&top, 5, cases[i].key);
		assert_int_equal(top.pages[0].sort, cases[i].sort);
	}
	assert_int_equal(top.pages[1].sort, -1);
}

static void sort_to_the_left_begins_at_the_right(void **state)
{
	struct top_state top = fresh();

	(void)state;
	press(&top, 5, '<');
	assert_int_equal(top.pages[0].sort, 7);
}

static void sort_without_columns(void **state)
{
	struct top_facts none = { .page = 1 };
	struct top_state top = fresh();

	(void)state;
	top_state__key(&top, '>', &none);
	assert_int_equal(top.pages[0].sort, -1);
}

static void reverse_is_of_one_column(void **state)
{
	struct top_state top = fresh();

	(void)state;
	press(&top, 5, '>');
	press(&top, 5, 'r');
	assert_true(top.pages[0].reverse);
	press(&top, 5, 'r');
	assert_false(top.pages[0].reverse);
	press(&top, 5, 'r');
	press(&top, 5, '>');
	assert_false(top.pages[0].reverse);
}

static void filter_is_typed(void **state)
{
	struct top_state top = fresh();

	(void)state;
	press(&top, 5, TOP_KEY_DOWN);
	press(&top, 5, '/');
	assert_true(top.typing);
	type(&top, "q3 r?");
	assert_string_equal(top.pages[0].filter, "q3 r?");
	assert_int_equal(top.pages[0].cursor, 0);
	press(&top, 5, TOP_KEY_BACKSPACE);
	press(&top, 5, TOP_KEY_DOWN);
	assert_int_equal(top.pages[0].cursor, 1);
	press(&top, 5, TOP_KEY_ENTER);
	assert_false(top.typing);
	assert_false(top.quit);
	assert_string_equal(top.pages[0].filter, "q3 r");
	press(&top, 5, TOP_KEY_ESCAPE);
	assert_string_equal(top.pages[0].filter, "");
}

static void escape_takes_the_filter_away(void **state)
{
	struct top_state top = fresh();

	(void)state;
	type(&top, "/abc");
	press(&top, 5, TOP_KEY_ESCAPE);
	assert_false(top.typing);
	assert_string_equal(top.pages[0].filter, "");
}

static void filter_takes_what_it_has_room_for(void **state)
{
	struct top_state top = fresh();

	(void)state;
	press(&top, 5, '/');
	press(&top, 5, TOP_KEY_BACKSPACE);
	press(&top, 5, TOP_KEY_OTHER);
	press(&top, 5, 1);
	assert_string_equal(top.pages[0].filter, "");
	for (size_t i = 0; i < 2 * TOP_FILTER_LEN; i++)
		press(&top, 5, 'x');
	assert_int_equal(strlen(top.pages[0].filter), TOP_FILTER_LEN - 1);
}

static void drills_into_what_is_selected(void **state)
{
	struct top_state top = fresh();
	const struct row row = { .pid = 1 };

	(void)state;
	press(&top, 5, TOP_KEY_ENTER);
	assert_null(top.drilled);
	top.pages[0].selected = &row;
	top.pages[0].cursor = 3;
	top.pages[TOP_DRILL].cursor = 9;
	strcpy(top.pages[TOP_DRILL].filter, "old");
	press(&top, 5, TOP_KEY_ENTER);
	assert_ptr_equal(top.drilled, &row);
	assert_int_equal(top_state__page_index(&top), TOP_DRILL);
	assert_int_equal(top_state__page(&top)->cursor, 0);
	assert_string_equal(top_state__page(&top)->filter, "");
	press(&top, 5, TOP_KEY_DOWN);
	press(&top, 5, TOP_KEY_ENTER);
	assert_ptr_equal(top.drilled, &row);
	press(&top, 5, TOP_KEY_ESCAPE);
	assert_null(top.drilled);
	assert_int_equal(top_state__page(&top)->cursor, 3);
}

static void leaves_a_drill_by_tab_and_backspace(void **state)
{
	struct top_state top = fresh();
	const struct row row = { .pid = 1 };

	(void)state;
	top.pages[0].selected = &row;
	press(&top, 5, TOP_KEY_ENTER);
	press(&top, 5, TOP_KEY_BACKSPACE);
	assert_null(top.drilled);
	press(&top, 5, TOP_KEY_ENTER);
	press(&top, 5, TOP_KEY_TAB);
	assert_null(top.drilled);
	assert_int_equal(top.tab, 1);
}

static void help_ends_with_any_key_but_arrows(void **state)
{
	static const int keys[] = { '?', 'h', 'q', '1', TOP_KEY_ESCAPE, TOP_KEY_ENTER, ' ' };
	struct top_state top = fresh();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		press(&top, 5, i & 1 ? 'h' : '?');
		assert_true(top.help);
		press(&top, 5, TOP_KEY_DOWN);
		press(&top, 5, TOP_KEY_RESIZE);
		assert_true(top.help);
		assert_int_equal(top.help_scroll, 1);
		press(&top, 5, keys[i]);
		assert_false(top.help);
	}
	assert_false(top.quit);
	assert_false(top.frozen);
	press(&top, 5, '?');
	assert_int_equal(top.help_scroll, 0);
}

static void freezes_and_goes_on(void **state)
{
	struct top_state top = fresh();

	(void)state;
	press(&top, 5, ' ');
	assert_true(top.frozen);
	press(&top, 5, 'p');
	assert_false(top.frozen);
}

static void quits(void **state)
{
	struct top_state top = fresh();

	(void)state;
	press(&top, 5, TOP_KEY_RESIZE);
	press(&top, 5, 'Q');
	assert_false(top.quit);
	press(&top, 5, 'q');
	assert_true(top.quit);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tabs),
		cmocka_unit_test(cursor_stays_in_the_rows),
		cmocka_unit_test(cursor_of_nothing_is_at_the_top),
		cmocka_unit_test(sort_goes_round_the_columns_that_are_shown),
		cmocka_unit_test(sort_to_the_left_begins_at_the_right),
		cmocka_unit_test(sort_without_columns),
		cmocka_unit_test(reverse_is_of_one_column),
		cmocka_unit_test(filter_is_typed),
		cmocka_unit_test(escape_takes_the_filter_away),
		cmocka_unit_test(filter_takes_what_it_has_room_for),
		cmocka_unit_test(drills_into_what_is_selected),
		cmocka_unit_test(leaves_a_drill_by_tab_and_backspace),
		cmocka_unit_test(help_ends_with_any_key_but_arrows),
		cmocka_unit_test(freezes_and_goes_on),
		cmocka_unit_test(quits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
