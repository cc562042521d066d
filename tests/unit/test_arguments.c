/* SPDX-License-Identifier: Apache-2.0 */
/* What of the command line may be told. */
#include "test.h"

#include "arguments.h"

static void all_of_ours(void **state)
{
	static char *const words[] = { "connscope", "-P", "80", NULL };

	(void)state;
	assert_int_equal(arguments_told(words), 3);
	assert_int_equal(arguments_told(NULL), 0);
}

static void a_command_by_its_name(void **state)
{
	static char *const words[] = { "connscope", "--", "curl", "-u", "me:secret", NULL };
	static char *const none[] = { "connscope", "--", NULL };

	(void)state;
	assert_int_equal(arguments_told(words), 3);
	assert_int_equal(arguments_told(none), 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_ours),
		cmocka_unit_test(a_command_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
