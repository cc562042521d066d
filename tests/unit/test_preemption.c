// SPDX-License-Identifier: Apache-2.0
/* Whether a kernel may preempt tracing programs, from what it says. */
#include "test.h"

#include "preemption.h"

static void what_the_kernel_says_decides(void **state)
{
	static const struct {
		struct preemption_signs signs;
		bool preempts;
	} cases[] = {
		{ { NULL, NULL, NULL, NULL }, true },
		{ { "none (voluntary) full", "#1 SMP PREEMPT_DYNAMIC", NULL, NULL }, false },
		{ { "(none) voluntary full", NULL, NULL, NULL }, false },
		{ { "none voluntary (full)", NULL, "CONFIG_PREEMPT_NONE=y", "" }, true },
		{ { "full (lazy)", NULL, NULL, NULL }, true },
		{ { NULL, "#1 SMP Debian", NULL, NULL }, false },
		{ { NULL, "#1 SMP PREEMPT_DYNAMIC", NULL, "quiet" }, true },
		{ { NULL, "#1 SMP PREEMPT_DYNAMIC", "CONFIG_PREEMPT_NONE=y", "quiet" }, false },
		{ { NULL, "#1 SMP PREEMPT_DYNAMIC", "CONFIG_PREEMPT_VOLUNTARY=y", "quiet" },
		  false },
		{ { NULL, "#1 SMP PREEMPT_DYNAMIC", "CONFIG_PREEMPT_NONE=y", "a preempt=full" },
		  true },
		{ { NULL, "#1 SMP PREEMPT_DYNAMIC", "CONFIG_PREEMPT_NONE=y", NULL }, true },
		{ { NULL, "#1 SMP PREEMPT_DYNAMIC", "CONFIG_PREEMPT_LAZY=y", "quiet" }, true },
		{ { NULL, "#1 SMP PREEMPT_RT", "CONFIG_PREEMPT_RT=y", "quiet" }, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(preemption_by(&cases[i].signs), cases[i].preempts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_says_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
