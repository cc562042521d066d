/* SPDX-License-Identifier: Apache-2.0 */
/* Where most of a set of values stand together. */
#include "test.h"

#include <stdlib.h>

#include "cluster.h"

#define VALUES_MAX 16

static void nothing_has_no_middle(void **state)
{
	struct cluster cluster = { .count = 77 };
	__u32 values[1] = { 0 };

	(void)state;
	assert_false(cluster_find(values, 0, 1, UINT32_MAX, &cluster));
	assert_int_equal(cluster.count, 77);
}

static void spans(void **state)
{
	static const struct {
		__u32 values[VALUES_MAX];
		size_t count;
		double share;
		__u32 width_max;
		struct cluster want; /* of no value: there is none */
	} cases[] = {
		{ { 7 }, 1, 1, 0, { 1, 7, 7, 7 } },
		{ { 7 }, 1, 0, 0, { 1, 7, 7, 7 } },
		{ { 7, 7, 7, 7 }, 4, 0.8, 0, { 4, 7, 7, 7 } },
		/* In any order; the lower one of two in the middle. */
		{ { 40, 10, 30, 20 }, 4, 1, UINT32_MAX, { 4, 10, 40, 20 } },
		{ { 30, 10, 20 }, 3, 1, 20, { 3, 10, 30, 20 } },
		{ { 30, 10, 20 }, 3, 1, 19, { 0 } },
		/* Those that are elsewhere do not count, on either side. */
		{ { 1, 500, 501, 502, 503, 504, 505, 506, 507, 9999 },
		  10,
		  0.8,
		  100,
		  { 8, 500, 507, 503 } },
		{ { 1, 2, 500, 501, 502, 503, 504, 505, 506, 9999 }, 10, 0.8, 100, { 0 } },
		/* Four of five are enough, three are not. */
		{ { 5, 5, 5, 5, 90 }, 5, 0.8, 0, { 4, 5, 5, 5 } },
		{ { 5, 5, 5, 80, 90 }, 5, 0.8, 0, { 0 } },
		/* What else is near belongs to it: above, below, up to the width. */
		{ { 10, 20, 20, 20, 30 }, 5, 0.6, 10, { 4, 20, 30, 20 } },
		{ { 10, 20, 20, 20, 31 }, 5, 0.6, 10, { 4, 10, 20, 20 } },
		{ { 10, 20, 20, 20, 30 }, 5, 0.6, 20, { 5, 10, 30, 20 } },
		/* The whole range of values. */
		{ { 0, UINT32_MAX }, 2, 1, UINT32_MAX, { 2, 0, UINT32_MAX, 0 } },
		{ { 0, UINT32_MAX }, 2, 1, UINT32_MAX - 1, { 0 } },
		{ { UINT32_MAX, UINT32_MAX }, 2, 1, 0, { 2, UINT32_MAX, UINT32_MAX, UINT32_MAX } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		__u32 values[VALUES_MAX];
		struct cluster cluster = { .count = 0 };
		bool found;

		for (size_t k = 0; k < cases[i].count; k++)
			values[k] = cases[i].values[k];
		found = cluster_find(values, cases[i].count, cases[i].share, cases[i].width_max,
				     &cluster);
		assert_int_equal(found, cases[i].want.count > 0);
		assert_int_equal(cluster.count, cases[i].want.count);
		assert_int_equal(cluster.low, cases[i].want.low);
		assert_int_equal(cluster.high, cases[i].want.high);
		assert_int_equal(cluster.middle, cases[i].want.middle);
	}
}

static size_t count_between(const __u32 *values, size_t count, __u64 low, __u64 high)
{
	size_t within = 0;

	for (size_t i = 0; i < count; i++)
		within += values[i] >= low && values[i] <= high;
	return within;
}

static bool has_span(const __u32 *values, size_t count, size_t need, __u32 width_max)
{
	for (size_t i = 0; i < count; i++) {
		if (count_between(values, count, values[i], (__u64)values[i] + width_max) >= need)
			return true;
	}
	return false;
}

/* Against counting for each value. */
static void any_values(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t count = 1 + (size_t)rand() % VALUES_MAX, need = (count * 4 + 4) / 5;
		__u32 values[VALUES_MAX], width_max = (__u32)rand() % 12;
		struct cluster cluster;
		bool found;

		for (size_t i = 0; i < count; i++)
			values[i] = (__u32)rand() % 20;
		found = cluster_find(values, count, 0.8, width_max, &cluster);
		assert_int_equal(found, has_span(values, count, need, width_max));
		if (!found)
			continue;
		assert_true(cluster.high - cluster.low <= width_max);
		assert_true(cluster.count >= need);
		assert_int_equal(count_between(values, count, cluster.low, cluster.high),
				 cluster.count);
		assert_in_range(cluster.middle, cluster.low, cluster.high);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_has_no_middle),
		cmocka_unit_test(spans),
		cmocka_unit_test(any_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
