/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections are of one row, without making its key. */
#include "test.h"

#include <string.h>

#include "row_key.h"

/* Each differs from the first in one thing, or in none that matters. */
static const struct conn conns[] = {
	{ .role = ROLE_CLIENT, .remote_port = 443, .local_port = 443, .comm = "curl" },
	{ .role = ROLE_SERVER, .remote_port = 443, .local_port = 443, .comm = "curl" },
	{ .role = ROLE_CLIENT, .remote_port = 444, .local_port = 443, .comm = "curl" },
	{ .role = ROLE_CLIENT, .remote_port = 443, .local_port = 444, .comm = "curl" },
	{ .role = ROLE_CLIENT, .remote_port = 443, .local_port = 443, .comm = "wget" },
	{ .role = ROLE_CLIENT, .remote_port = 443, .local_port = 443, .comm = "curl", .pid = 7 },
	{ .role = ROLE_CLIENT, .remote_port = 443, .local_port = 443, .comm = "curl", .netns = 7 },
	{ .role = ROLE_CLIENT, .remote_port = 443, .local_port = 443, .comm = "curl", .cgroup = 7 },
	{ .role = ROLE_CLIENT, .remote_port = 443, .remote_addr = { 7 }, .comm = "curl" },
	{ .role = ROLE_CLIENT, .remote_port = 443, .remote_addr = { [15] = 7 }, .comm = "curl" },
	{ .role = ROLE_SERVER, .local_port = 443, .local_addr = { [15] = 7 }, .comm = "curl" },
	{ .role = ROLE_SERVER, .local_port = 443, .bound = BOUND_ANY4, .comm = "curl" },
	{ .role = ROLE_SERVER, .local_port = 443, .bound = BOUND_ANY6, .local_addr = { 7 } },
};

static void what_has_the_same_key_fits(void **state)
{
	(void)state;
	for (unsigned int by = 0; by < 2 * BY_DEFAULT_AND_CONTAINER; by++) {
		for (size_t i = 0; i < COUNT_OF(conns) * COUNT_OF(conns); i++) {
			const struct conn *one = &conns[i / COUNT_OF(conns)];
			const struct conn *other = &conns[i % COUNT_OF(conns)];
			struct row_key key, other_key;

			row_key_of_conn(by, NULL, one, &key);
			row_key_of_conn(by, NULL, other, &other_key);
			assert_int_equal(row_key_fits(by, &key, other),
					 !memcmp(&key, &other_key, sizeof(key)));
		}
	}
}

static void what_has_a_name_does_not(void **state)
{
	struct row_key key;

	(void)state;
	row_key_of_conn(0, NULL, &conns[0], &key);
	assert_true(row_key_fits(0, &key, &conns[0]));
	key.name[0] = 'x';
	assert_false(row_key_fits(0, &key, &conns[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_the_same_key_fits),
		cmocka_unit_test(what_has_a_name_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
