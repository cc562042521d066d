/* SPDX-License-Identifier: Apache-2.0 */
/* The screen in memory: what is put where, and nothing beyond its edges. */
#include "test.h"

#include <string.h>

#include "canvas.h"

static void assert_row(const struct canvas *canvas, size_t row, const char *expected)
{
	char text[20 * GLYPH_BYTES];

	assert_string_equal(canvas__text(canvas, row, text, sizeof(text)), expected);
}

static void blank_at_first_and_after_a_reset(void **state)
{
	struct canvas canvas = { 0 };

	(void)state;
	assert_int_equal(canvas__reset(&canvas, 2, 5), 0);
	assert_row(&canvas, 0, "");
	canvas__put(&canvas, 1, 1, LOOK_BOLD, "ab");
	assert_row(&canvas, 1, " ab");
	assert_int_equal(canvas__reset(&canvas, 2, 5), 0);
	assert_row(&canvas, 1, "");
	assert_int_equal(canvas.glyphs[6].look, LOOK_PLAIN);
	canvas__done(&canvas);
}

static void cut_at_the_edges(void **state)
{
	struct canvas canvas = { 0 };

	(void)state;
	canvas__reset(&canvas, 1, 4);
	assert_int_equal(canvas__put(&canvas, 0, 2, 0, "abcdef"), 4);
	assert_row(&canvas, 0, "  ab");
	canvas__put(&canvas, 1, 0, 0, "below");
	canvas__put(&canvas, 0, 9, 0, "beside");
	canvas__paint(&canvas, 1, LOOK_SELECTED);
	assert_row(&canvas, 0, "  ab");
	canvas__done(&canvas);
}

static void a_block_is_one_column(void **state)
{
	struct canvas canvas = { 0 };

	(void)state;
	canvas__reset(&canvas, 1, 3);
	assert_int_equal(canvas__put(&canvas, 0, 0, 0, "▁█"), 2);
	canvas__put(&canvas, 0, 2, 0, "x");
	assert_row(&canvas, 0, "▁█x");
	canvas__done(&canvas);
}

static void looks_add_up(void **state)
{
	struct canvas canvas = { 0 };

	(void)state;
	canvas__reset(&canvas, 1, 3);
	canvas__put(&canvas, 0, 1, LOOK_ALARM, "x");
	canvas__paint(&canvas, 0, LOOK_SELECTED);
	assert_int_equal(canvas.glyphs[0].look, LOOK_SELECTED);
	assert_int_equal(canvas.glyphs[1].look, LOOK_SELECTED | LOOK_ALARM);
	canvas__done(&canvas);
}

static void grows_and_shrinks(void **state)
{
	struct canvas canvas = { 0 };

	(void)state;
	canvas__reset(&canvas, 1, 1);
	canvas__reset(&canvas, 3, 9);
	canvas__put(&canvas, 2, 0, 0, "123456789");
	assert_row(&canvas, 2, "123456789");
	canvas__reset(&canvas, 1, 2);
	canvas__put(&canvas, 0, 0, 0, "123");
	assert_row(&canvas, 0, "12");
	canvas__done(&canvas);
	canvas__done(&canvas);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(blank_at_first_and_after_a_reset),
		cmocka_unit_test(cut_at_the_edges),
		cmocka_unit_test(a_block_is_one_column),
		cmocka_unit_test(looks_add_up),
		cmocka_unit_test(grows_and_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
