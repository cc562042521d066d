/* SPDX-License-Identifier: Apache-2.0 */
/* `check --self-test`: does what is attached deliver? */
#ifndef connscope_SELF_TEST_H
#define connscope_SELF_TEST_H

#include <stdbool.h>

#include "report.h"

struct aggregate;
struct conn_list;
struct tracer;

enum self_test_result {
	SELF_TEST_OFF, /* nothing to test: the feature is off */
	SELF_TEST_WORKS,
	SELF_TEST_WRONG,
	SELF_TEST_MAX,
};

struct self_test {
	enum self_test_result results[FEATURE_MAX];
	char details[FEATURE_MAX][160]; /* the first thing that was wrong */
};

/*
 * Makes loopback connections of its own, from open to each kind of end, one of them before it
 * starts TRACER, and compares what STATES promises with the records that arrive in AGG and in
 * CONNS, which observes it. -errno, logged: no usable loopback in this network namespace.
 */
int self_test__run(struct tracer *tracer, struct aggregate *agg, const struct conn_list *conns,
		   const struct feature_state *states, struct self_test *ret_test);

/* Something that is attached does not deliver. */
bool self_test__failed(const struct self_test *test);

#endif /* connscope_SELF_TEST_H */
