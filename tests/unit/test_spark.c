/* SPDX-License-Identifier: Apache-2.0 */
/* Sparklines: which bar a number gets. */
#include "test.h"

#include "spark.h"

static void bars_go_from_zero_to_the_top(void **state)
{
	static const __u64 values[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	char text[8 * SPARK_BYTES + 1];

	(void)state;
	assert_string_equal(spark_format(values, 8, 0, true, text, sizeof(text)), "▁▂▃▄▅▆▇█");
	assert_string_equal(spark_format(values, 8, 0, false, text, sizeof(text)), "_.:-=+*#");
	assert_string_equal(spark_format(values, 8, 14, false, text, sizeof(text)), "_..::--=");
}

static void zero_alone_is_the_lowest(void **state)
{
	static const __u64 zeros[] = { 0, 0 }, steep[] = { 1, 1000000, 0 };
	char text[8];

	(void)state;
	assert_string_equal(spark_format(zeros, 2, 0, false, text, sizeof(text)), "__");
	assert_string_equal(spark_format(steep, 3, 0, false, text, sizeof(text)), ".#_");
}

static void unknown_is_blank_and_sets_no_scale(void **state)
{
	static const __u64 values[] = { SPARK_UNKNOWN, 2, SPARK_UNKNOWN, 1 };
	char text[8];

	(void)state;
	assert_string_equal(spark_format(values, 4, 0, false, text, sizeof(text)), " # =");
}

static void values_beyond_the_top_are_full(void **state)
{
	static const __u64 values[] = { 5, SPARK_UNKNOWN - 1 };
	char text[8];

	(void)state;
	assert_string_equal(spark_format(values, 2, 3, false, text, sizeof(text)), "##");
}

static void cut_between_bars(void **state)
{
	static const __u64 values[] = { 1, 1, 1 };
	char text[2 * SPARK_BYTES];

	(void)state;
	assert_string_equal(spark_format(values, 3, 0, true, text, sizeof(text)), "█");
	assert_string_equal(spark_format(values, 0, 0, true, text, sizeof(text)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars_go_from_zero_to_the_top),
		cmocka_unit_test(zero_alone_is_the_lowest),
		cmocka_unit_test(unknown_is_blank_and_sets_no_scale),
		cmocka_unit_test(values_beyond_the_top_are_full),
		cmocka_unit_test(cut_between_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
