/* SPDX-License-Identifier: Apache-2.0 */
/* The last minutes of a series: which slots make one value, and how it reads. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "series.h"
#include "spark.h"

#define SECOND 1000000000ULL
#define START  (50 * SECOND)

/* Second N opens N connections and has a queue of N. */
static struct series *rising(size_t seconds)
{
	struct series *series = series__new(START);

	assert_non_null(series);
	for (size_t i = 0; i < seconds; i++) {
		struct slot *slot = series__at(series, START + i * SECOND);

		slot->opened = (__u32)i;
		slot->depth = (__u32)i;
	}
	return series;
}

static void assert_values(const struct history *history, const __u64 *values, size_t count)
{
	assert_int_equal(history->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(history->values[i], values[i]);
}

static void a_value_for_each_second_where_there_is_room(void **state)
{
	struct series *series = rising(4);
	struct history history;

	(void)state;
	history_of(series, HISTORY_NEW, START + 3 * SECOND, 0, 10, &history);
	assert_int_equal(history.step_ms, 1000);
	assert_values(&history, (const __u64[]){ 0, 1, 2, 3 }, 4);
	series__free(series);
}

static void counts_are_summed_and_levels_are_not(void **state)
{
	struct series *series = rising(6);
	struct history history;

	(void)state;
	history_of(series, HISTORY_NEW, START + 5 * SECOND, 0, 3, &history);
	assert_int_equal(history.step_ms, 2000);
	assert_values(&history, (const __u64[]){ 1, 5, 9 }, 3);
	history_of(series, HISTORY_DEPTH, START + 5 * SECOND, 0, 3, &history);
	assert_values(&history, (const __u64[]){ 1, 3, 5 }, 3);
	series__free(series);
}

static void the_last_step_may_be_short(void **state)
{
	struct series *series = rising(6);
	struct history history;

	(void)state;
	history_of(series, HISTORY_NEW, START + 4 * SECOND, 0, 3, &history);
	assert_int_equal(history.step_ms, 2000);
	assert_values(&history, (const __u64[]){ 1, 5, 8 }, 3);
	history_of(series, HISTORY_DEPTH, START + 4 * SECOND, 0, 3, &history);
	assert_values(&history, (const __u64[]){ 1, 3, 4 }, 3);
	series__free(series);
}

static void not_finer_than_the_ticks(void **state)
{
	struct series *series = rising(6);
	struct history history;

	(void)state;
	history_of(series, HISTORY_DEPTH, START + 5 * SECOND, 2500, 10, &history);
	assert_int_equal(history.step_ms, 3000);
	assert_values(&history, (const __u64[]){ 2, 3 }, 2);
	series__free(series);
}

static void ends_at_the_moment_asked_for(void **state)
{
	struct series *series = rising(100);
	struct history history;

	(void)state;
	history_of(series, HISTORY_NEW, START + 2 * SECOND, 0, 10, &history);
	assert_values(&history, (const __u64[]){ 0, 1, 2 }, 3);
	series__free(series);
}

static void goes_back_some_minutes(void **state)
{
	struct series *series = rising(500);
	struct history history;

	(void)state;
	history_of(series, HISTORY_NEW, START + 499 * SECOND, 0, 1000, &history);
	assert_int_equal(history.count, HISTORY_SECONDS);
	assert_int_equal(history.values[0], 200);
	assert_int_equal(history.values[HISTORY_SECONDS - 1], 499);
	history_of(series, HISTORY_DEPTH, START + 499 * SECOND, 0, 50, &history);
	assert_in_range(history.count, 49, 50);
	assert_int_equal(history.values[history.count - 1], 499);
	series__free(series);
}

static void wide_slots_too(void **state)
{
	struct series *series = rising(4000); /* slots of 8 s */
	struct history history;

	(void)state;
	history_of(series, HISTORY_DEPTH, START + 3999 * SECOND, 1000, 60, &history);
	assert_int_equal(history.step_ms, 8000);
	assert_in_range(history.count, 37, 38);
	assert_int_equal(history.values[history.count - 1], 3999);
	series__free(series);
}

static void nothing_to_show(void **state)
{
	struct series *series = rising(3), *empty = rising(0);
	struct history history;

	(void)state;
	history_of(NULL, HISTORY_NEW, START, 0, 10, &history);
	assert_int_equal(history.count, 0);
	history_of(empty, HISTORY_NEW, START, 0, 10, &history);
	assert_int_equal(history.count, 0);
	history_of(series, HISTORY_NEW, START - SECOND, 0, 10, &history);
	assert_int_equal(history.count, 0);
	history_of(series, HISTORY_NEW, START, 0, 0, &history);
	assert_int_equal(history.count, 0);
	assert_true(history_peak(&history) == SPARK_UNKNOWN);
	series__free(series);
	free(empty);
}

static void reuse_needs_exchanges(void **state)
{
	struct series *series = series__new(START);
	struct history history;

	(void)state;
	series__at(series, START)->opened = 1;
	*series__at(series, START + SECOND) = (struct slot){ .exchanges = 8, .carriers = 2 };
	*series__at(series, START + 2 * SECOND) = (struct slot){ .exchanges = 1, .carriers = 2 };
	history_of(series, HISTORY_REUSE, START + 2 * SECOND, 0, 10, &history);
	assert_values(&history, (const __u64[]){ SPARK_UNKNOWN, 750, 0 }, 3);
	assert_int_equal(history_peak(&history), 750);
	series__free(series);
}

static void values_for_people(void **state)
{
	static const struct {
		enum history_kind kind;
		__u64 step_ms, value;
		const char *text;
	} cases[] = {
		{ HISTORY_NEW, 1000, 0, "0" },
		{ HISTORY_NEW, 1000, 3, "3.0" },
		{ HISTORY_NEW, 2000, 3, "1.5" },
		{ HISTORY_NEW, 1000, 1234, "1234" },
		{ HISTORY_DEPTH, 5000, 7, "7" },
		{ HISTORY_REUSE, 1000, 999, "99.9%" },
		{ HISTORY_REUSE, 1000, SPARK_UNKNOWN, "-" },
		{ HISTORY_NEW, 0, SPARK_UNKNOWN, "-" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct history history = { .kind = cases[i].kind, .step_ms = cases[i].step_ms };

		assert_string_equal(history_format(&history, cases[i].value, text, sizeof(text)),
				    cases[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_for_each_second_where_there_is_room),
		cmocka_unit_test(counts_are_summed_and_levels_are_not),
		cmocka_unit_test(the_last_step_may_be_short),
		cmocka_unit_test(not_finer_than_the_ticks),
		cmocka_unit_test(ends_at_the_moment_asked_for),
		cmocka_unit_test(goes_back_some_minutes),
		cmocka_unit_test(wide_slots_too),
		cmocka_unit_test(nothing_to_show),
		cmocka_unit_test(reuse_needs_exchanges),
		cmocka_unit_test(values_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
