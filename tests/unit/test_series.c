/* SPDX-License-Identifier: Apache-2.0 */
/* Series: what falls into which slot, and that nothing is lost where slots merge. */
#include "test.h"

#include "series.h"

#define SECOND 1000000000ULL

static void seconds_have_slots(void **state)
{
	struct series *series = series__new(100 * SECOND);

	(void)state;
	assert_non_null(series);
	series__at(series, 100 * SECOND)->opened = 1;
	series__at(series, 101 * SECOND - 1)->opened++;
	series__at(series, 103 * SECOND)->opened = 5;
	series__at(series, 7)->opened++; /* before the start */
	assert_int_equal(series->count, 4);
	assert_int_equal(series->slots[0].opened, 3);
	assert_int_equal(series->slots[1].opened, 0);
	assert_int_equal(series->slots[3].opened, 5);
	series__free(series);
}

static void slots_merge_in_time(void **state)
{
	struct series *series = series__new(0);
	unsigned int opened = 0;

	(void)state;
	assert_non_null(series);
	for (unsigned int i = 0; i < 5 * SERIES_SLOTS; i++) {
		struct slot *slot = series__at(series, i * SECOND);

		slot->opened++;
		slot->depth = i > slot->depth ? i : slot->depth;
	}
	assert_int_equal(series->width_ns, 8 * SECOND);
	assert_int_equal(series->count, 5 * SERIES_SLOTS / 8);
	for (size_t i = 0; i < series->count; i++) {
		opened += series->slots[i].opened;
		assert_int_equal(series->slots[i].opened, 8);
		assert_int_equal(series->slots[i].depth, 8 * i + 7);
	}
	assert_int_equal(opened, 5 * SERIES_SLOTS);
	series__free(series);
}

static void the_first_one_late(void **state)
{
	struct series *series = series__new(0);

	(void)state;
	series__at(series, 10 * SERIES_SLOTS * SECOND)->opened = 1;
	assert_int_equal(series->width_ns, 16 * SECOND);
	assert_int_equal(series->count, 10 * SERIES_SLOTS / 16 + 1);
	series__free(series);
	series = series__new(0);
	assert_non_null(series__at(series, UINT64_MAX));
	assert_true(series->count <= SERIES_SLOTS);
	series__free(series);
}

static void narrower_ones_keep_all(void **state)
{
	struct series *series = series__new(0);

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		series__at(series, i * SECOND)->opened = 1;
	series__narrow(series, 32);
	assert_int_equal(series->width_ns, 4 * SECOND);
	assert_int_equal(series->count, 25);
	assert_int_equal(series->room, 32);
	for (size_t i = 0; i < series->count; i++)
		assert_int_equal(series->slots[i].opened, 4);
	series__at(series, 128 * SECOND)->opened = 7;
	assert_int_equal(series->width_ns, 8 * SECOND);
	assert_int_equal(series->slots[16].opened, 7);
	series__free(series);
}

static void sums_of_several(void **state)
{
	struct series *a = series__new(SECOND), *b = series__new(SECOND), sum = {};

	(void)state;
	*series__at(a, SECOND) = (struct slot){ .opened = 1, .open = 2, .depth = 3 };
	*series__at(b, SECOND) = (struct slot){ .opened = 4, .open = 5, .depth = 2 };
	series__at(b, 41 * SECOND)->opened = 9;
	series__add(&sum, a);
	series__add(&sum, b);
	assert_int_equal(sum.start_ns, SECOND);
	assert_int_equal(sum.width_ns, SECOND);
	assert_int_equal(sum.count, 41);
	assert_int_equal(sum.slots[0].opened, 5);
	assert_int_equal(sum.slots[0].open, 7);
	assert_int_equal(sum.slots[0].depth, 3);
	assert_int_equal(sum.slots[40].opened, 9);
	series__done(&sum);
	series__free(a);
	series__free(b);
}

static void only_growth_counts(void **state)
{
	struct sample before = { .opened = 5, .exchanges = 10, .open = 9 };
	struct sample now = { .opened = 7, .exchanges = 8, .open = 4, .depth = 2 };
	struct slot slot = { .closed = 99 };

	(void)state;
	slot_between(&before, &now, &slot);
	assert_int_equal(slot.opened, 2);
	assert_int_equal(slot.exchanges, 0);
	assert_int_equal(slot.closed, 0);
	assert_int_equal(slot.open, 4);
	assert_int_equal(slot.depth, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_have_slots), cmocka_unit_test(slots_merge_in_time),
		cmocka_unit_test(the_first_one_late), cmocka_unit_test(narrower_ones_keep_all),
		cmocka_unit_test(sums_of_several),    cmocka_unit_test(only_growth_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
