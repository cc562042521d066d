/* SPDX-License-Identifier: Apache-2.0 */
/* Bucket bounds, percentiles, and merging. */
#include "test.h"

#include <string.h>

#include "hist.h"

static void bounds_agree_with_slots(void **state)
{
	(void)state;
	for (__u32 slot = 0; slot < HIST_SLOTS; slot++) {
		assert_int_equal(hist_slot(hist_slot_low(slot)), slot);
		if (slot)
			assert_int_equal(hist_slot(hist_slot_low(slot) - 1), slot - 1);
	}
	assert_int_equal(hist_slot(UINT64_MAX), HIST_SLOTS - 1);
}

static void values_fall_where_the_kernel_puts_them(void **state)
{
	(void)state;
	for (__u64 value = 1; value; value *= 2) {
		for (__u64 near = value - 1; near <= value + 1; near++) {
			struct dist dist = {};

			dist__add(&dist, near);
			assert_int_equal(dist__slot(&dist, hist_slot(near)), 1);
			dist__done(&dist);
		}
	}
}

static void buckets_come_in_any_order(void **state)
{
	static const __u32 slots[] = { 70, 143, 71, 0, 7, 8, 135, 64 };
	struct dist dist = {};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(slots); i++)
		dist__add_slot(&dist, slots[i], slots[i] + 1);
	for (__u32 slot = 0, i; slot < HIST_SLOTS; slot++) {
		for (i = 0; i < COUNT_OF(slots) && slots[i] != slot;)
			i++;
		assert_int_equal(dist__slot(&dist, slot), i < COUNT_OF(slots) ? slot + 1 : 0);
	}
	assert_int_equal(dist.count, 70 + 143 + 71 + 7 + 8 + 135 + 64 + COUNT_OF(slots));
	dist__clear(&dist);
	for (__u32 slot = 0; slot < HIST_SLOTS; slot++)
		assert_int_equal(dist__slot(&dist, slot), 0);
	assert_int_equal(dist.count, 0);
	dist__done(&dist);
}

static void buckets_are_narrow(void **state)
{
	(void)state;
	for (__u32 slot = 4; slot < HIST_SLOTS - 1; slot++) {
		__u64 low = hist_slot_low(slot), width = hist_slot_low(slot + 1) - low;

		assert_true(width * 4 <= low);
	}
}

static void empty(void **state)
{
	struct dist dist = {};

	(void)state;
	assert_int_equal(dist__percentile(&dist, 0.5), 0);
}

static void percentiles(void **state)
{
	static const struct {
		__u64 values[8]; /* up to a 0, which is not a value here */
		double fraction;
		__u64 result;
	} cases[] = {
		{ { 3 }, 0.5, 3 },
		{ { 1, 2, 3 }, 0.5, 2 },
		{ { 1, 2, 3 }, 0, 1 },
		{ { 1, 2, 3 }, 1, 3 },
		{ { 1, 1, 1, 3 }, 0.75, 1 },
		{ { 1, 1, 1, 3 }, 0.76, 3 },
		{ { 321 }, 0.99, 321 },
		{ { 100, 1000 }, 0.5, 103 }, /* the middle of 96 to 111 */
		{ { UINT64_MAX }, 0.5, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dist dist = {};

		for (size_t k = 0; k < 8 && cases[i].values[k]; k++)
			dist__add(&dist, cases[i].values[k]);
		assert_true(dist__percentile(&dist, cases[i].fraction) == cases[i].result);
		dist__done(&dist);
	}
}

static void percentile_is_close(void **state)
{
	struct dist dist = {};
	__u64 p99;

	(void)state;
	for (__u64 value = 1; value <= 100000; value++)
		dist__add(&dist, value);
	p99 = dist__percentile(&dist, 0.99);
	assert_in_range(p99, 99000 * 8 / 10, 100000);
	assert_int_equal(dist.max, 100000);
	assert_int_equal(dist.count, 100000);
	assert_int_equal(dist.sum, 100000ULL * 100001 / 2);
	dist__done(&dist);
}

static void merges(void **state)
{
	struct dist a = {}, b = {};

	(void)state;
	dist__add(&a, 2);
	dist__add(&b, 3);
	dist__add(&b, 1);
	dist__merge(&a, &b);
	assert_int_equal(a.count, 3);
	assert_int_equal(a.sum, 6);
	assert_int_equal(a.max, 3);
	assert_int_equal(dist__percentile(&a, 0.5), 2);
	assert_int_equal(b.count, 2);
	dist__done(&a);
	dist__done(&b);
}

static void merges_what_the_kernel_counted(void **state)
{
	struct hist kernel = { .sum = 5, .max = 3, .slots = { [2] = 1, [3] = 1 } };
	struct dist dist = {};

	(void)state;
	dist__add(&dist, 1);
	dist__merge_kernel(&dist, &kernel);
	assert_int_equal(dist.count, 3);
	assert_int_equal(dist.sum, 6);
	assert_int_equal(dist.max, 3);
	assert_int_equal(dist__percentile(&dist, 0.5), 2);
	dist__done(&dist);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_agree_with_slots),
		cmocka_unit_test(values_fall_where_the_kernel_puts_them),
		cmocka_unit_test(buckets_come_in_any_order),
		cmocka_unit_test(buckets_are_narrow),
		cmocka_unit_test(empty),
		cmocka_unit_test(percentiles),
		cmocka_unit_test(percentile_is_close),
		cmocka_unit_test(merges),
		cmocka_unit_test(merges_what_the_kernel_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
