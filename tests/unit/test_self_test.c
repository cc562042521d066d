/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test finds a tracer out that delivers nothing. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "conn_list.h"
#include "self_test.h"
#include "tracer.h"

/* In place of user/tracer.c: attached, and silent. */
int tracer__start(struct tracer *tracer)
{
	(void)tracer;
	return 0;
}

int tracer__poll(struct tracer *tracer, struct aggregate *agg, int timeout_ms)
{
	(void)tracer, (void)agg, (void)timeout_ms;
	return 0;
}

int tracer__snapshot(struct tracer *tracer, struct aggregate *agg)
{
	(void)tracer;
	aggregate__begin_snapshot(agg, 0);
	return 0;
}

void tracer__end_snapshot(struct tracer *tracer, struct aggregate *agg)
{
	(void)tracer, (void)agg;
}

static struct self_test run(enum mechanism mechanism)
{
	struct aggregate *agg = aggregate__new(0, 64, NULL, NULL);
	struct conn_list *conns = conn_list__new(10);
	struct feature_state states[FEATURE_MAX] = {};
	struct self_test test;

	assert_non_null(agg);
	assert_non_null(conns);
	aggregate__observe(agg, conn_list__observer(conns));
	for (int i = 0; i < FEATURE_MAX; i++)
		states[i].mechanism = mechanism;
	assert_int_equal(self_test__run(NULL, agg, conns, states, &test), 0);
	aggregate__free(agg);
	conn_list__free(conns);
	return test;
}

static void silence_is_wrong(void **state)
{
	struct self_test test = run(MECHANISM_FENTRY);

	(void)state;
	assert_true(self_test__failed(&test));
	for (int i = 0; i < FEATURE_MAX; i++)
		assert_int_not_equal(test.results[i], SELF_TEST_OFF);
	assert_int_equal(test.results[FEATURE_STATE], SELF_TEST_WRONG);
	assert_string_equal(test.details[FEATURE_STATE], "records of a connection: 0, not 1");
	assert_int_equal(test.results[FEATURE_CONNECT], SELF_TEST_WRONG);
	assert_int_equal(test.results[FEATURE_ACCEPT], SELF_TEST_WRONG);
	assert_int_equal(test.results[FEATURE_SEED], SELF_TEST_WRONG);
	assert_int_equal(test.results[FEATURE_SNAPSHOT], SELF_TEST_WRONG);
	assert_int_equal(test.results[FEATURE_LISTEN], SELF_TEST_WRONG);
}

static void what_is_off_is_not_judged(void **state)
{
	struct self_test test = run(MECHANISM_OFF);

	(void)state;
	assert_false(self_test__failed(&test));
	for (int i = 0; i < FEATURE_MAX; i++)
		assert_int_equal(test.results[i], SELF_TEST_OFF);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_wrong),
		cmocka_unit_test(what_is_off_is_not_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
