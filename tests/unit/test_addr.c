/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text. */
#include "test.h"

#include <stdbool.h>
#include <string.h>

#include "addr.h"
#include "parse.h"

static void formats(void **state)
{
	static const struct {
		const char *typed, *addr, *endpoint;
		bool v4;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.1", "10.0.0.1:80", true },
		{ "::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1:80", true },
		{ "0.0.0.0", "0.0.0.0", "0.0.0.0:80", true },
		{ "255.20.103.99", "255.20.103.99", "255.20.103.99:80", true },
		{ "9.10.100.209", "9.10.100.209", "9.10.100.209:80", true },
		{ "::", "::", "[::]:80", false },
		{ "2001:DB8:0::1", "2001:db8::1", "[2001:db8::1]:80", false },
		{ "abab:abab:abab:abab:abab:abab:abab:abab",
		  "abab:abab:abab:abab:abab:abab:abab:abab",
		  "[abab:abab:abab:abab:abab:abab:abab:abab]:80", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char addr[INET6_ADDRSTRLEN], endpoint[ENDPOINT_STRLEN];
		__u8 bytes[CONN_ADDR_LEN];

		assert_int_equal(parse_addr(cases[i].typed, bytes), 0);
		assert_int_equal(addr_is_v4(bytes), cases[i].v4);
		assert_string_equal(addr_format(bytes, addr, sizeof(addr)), cases[i].addr);
		assert_string_equal(endpoint_format(bytes, 80, endpoint, sizeof(endpoint)),
				    cases[i].endpoint);
	}
}

static void too_small_a_buffer_reads_empty(void **state)
{
	static const __u8 zero[CONN_ADDR_LEN], v4[CONN_ADDR_LEN] = { [10] = 0xff, [11] = 0xff };
	char text[2] = "x";

	(void)state;
	assert_string_equal(addr_format(zero, text, sizeof(text)), "");
	text[0] = 'x';
	assert_string_equal(addr_format(v4, text, sizeof(text)), "");
}

static void in_net(void **state)
{
	static const struct {
		const char *addr, *net;
		bool inside;
	} cases[] = {
		{ "10.1.2.3", "10.0.0.0/8", true },
		{ "11.1.2.3", "10.0.0.0/8", false },
		{ "10.1.2.3", "10.1.2.2/31", true },
		{ "10.1.2.3", "10.1.2.4/31", false },
		{ "10.1.2.3", "::/0", true },
		{ "2001:db8::1", "0.0.0.0/0", false },
		{ "2001:db8::1", "2001:db8::/32", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		__u8 addr[CONN_ADDR_LEN];
		struct filter_net net;

		assert_int_equal(parse_addr(cases[i].addr, addr), 0);
		assert_int_equal(parse_net(cases[i].net, &net), 0);
		assert_int_equal(addr_in_net(addr, &net), cases[i].inside);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(too_small_a_buffer_reads_empty),
		cmocka_unit_test(in_net),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
