/* SPDX-License-Identifier: Apache-2.0 */
/* One moment by two clocks: each millisecond begins where the one before it ends. */
#include "test.h"

#include "clock.h"

#define WALL_MS 1795248000000ULL
#define NS	5000000123ULL

static void both_ways(void **state)
{
	static const __s64 apart_ms[] = { -4000, -2, -1, 0, 1, 2, 4000 };
	const struct clocks clocks = { WALL_MS, NS };

	(void)state;
	assert_int_equal(clocks_ns(clocks, WALL_MS), NS);
	for (size_t i = 0; i < COUNT_OF(apart_ms); i++) {
		__u64 ms = WALL_MS + (__u64)apart_ms[i];
		__u64 first = clocks_ns(clocks, ms);

		assert_int_equal(clocks_wall_ms(clocks, first - 1), ms - 1);
		assert_int_equal(clocks_wall_ms(clocks, first), ms);
		assert_int_equal(clocks_wall_ms(clocks, first + 999999), ms);
	}
}

static void kept(void **state)
{
	const struct clocks clocks = { WALL_MS, NS };
	struct clocks now = { WALL_MS + 1099, NS + 1000000000ULL };

	(void)state;
	assert_int_equal(clocks_keep(clocks, now).ns, NS);
	now.wall_ms++; /* 100 ms apart */
	assert_int_equal(clocks_keep(clocks, now).ns, now.ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
