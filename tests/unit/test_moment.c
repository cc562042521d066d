/* SPDX-License-Identifier: Apache-2.0 */
/* Moments: what is taken for one, and which moment of a recording it is. */
#include "test.h"

#include <errno.h>

#include "moment.h"

#define START 1795248000000ULL /* 2026-11-21T08:00:00Z */
#define HOUR  3600000ULL

static void forms(void **state)
{
	static const struct {
		const char *text;
		enum moment_kind kind;
		__u64 ms;
	} cases[] = {
		{ "2026-11-21T08:00:00Z", MOMENT_AT, START },
		{ "2026-11-21T08:00Z", MOMENT_AT, START },
		{ "2026-11-21 08:00:00.25Z", MOMENT_AT, START + 250 },
		{ "2026-11-21T10:30:00+02:30", MOMENT_AT, START },
		{ "2026-11-21T03:00:00.123456-05:00", MOMENT_AT, START + 123 },
		{ "13:45", MOMENT_CLOCK, 13 * HOUR + 45 * 60000 },
		{ "00:00:09", MOMENT_CLOCK, 9000 },
		{ "-90s", MOMENT_BEFORE_END, 90000 },
		{ "-10m", MOMENT_BEFORE_END, 600000 },
		{ "-1d", MOMENT_BEFORE_END, 24 * HOUR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct moment moment;

		assert_int_equal(moment_parse(cases[i].text, &moment), 0);
		assert_int_equal(moment.kind, cases[i].kind);
		assert_int_equal(moment.ms, cases[i].ms);
	}
}

static void mistakes(void **state)
{
	static const char *const cases[] = {
		"",
		"13",
		"1:45",
		"25:00",
		"13:60",
		"13:45:60",
		"13:45Z",
		"13:45:1",
		"-10",
		"-",
		"-0s",
		"--10m",
		"10m",
		"yesterday",
		"2026-11-21",
		"2026-11-21T08:00:00",
		"-10m ",
		"2026-13-01T00:00Z",
		"2026-02-31T00:00Z",
		"2025-02-29T00:00Z",
		"2026-11-21T08:00:00X",
		"2026-11-21T08:00:00+25:00",
		"-9999999d",
		"2026-11-21T08:00:00Z ",
		"1969-01-01T00:00:00Z",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct moment moment = { .kind = MOMENT_NONE };

		assert_int_equal(moment_parse(cases[i], &moment), -EINVAL);
		assert_int_equal(moment.kind, MOMENT_NONE);
	}
}

static void resolved(void **state)
{
	static const struct {
		struct moment moment;
		__u64 start, end, want;
	} cases[] = {
		{ { MOMENT_AT, 7 }, START, START + HOUR, 7 },
		{ { MOMENT_BEFORE_END, 1000 }, START, START + HOUR, START + HOUR - 1000 },
		{ { MOMENT_BEFORE_END, 2 * START }, START, START + HOUR, 0 },
		{ { MOMENT_CLOCK, 8 * HOUR + 5 }, START, START + HOUR, START + 5 },
		/* After the end of a recording that began that day. */
		{ { MOMENT_CLOCK, 23 * HOUR }, START, START + HOUR, START + 15 * HOUR },
		/* Over midnight: the evening before, the morning after. */
		{ { MOMENT_CLOCK, 23 * HOUR }, START, START + 17 * HOUR, START + 15 * HOUR },
		{ { MOMENT_CLOCK, HOUR / 2 },
		  START,
		  START + 17 * HOUR,
		  START + 16 * HOUR + HOUR / 2 },
		/* Of several days the last. */
		{ { MOMENT_CLOCK, 9 * HOUR }, START, START + 50 * HOUR, START + 49 * HOUR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(moment_resolve(&cases[i].moment, cases[i].start, cases[i].end),
				 cases[i].want);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(resolved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
