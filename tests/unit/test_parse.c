/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of typed values: what they take, and that they refuse everything else. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "parse.h"

static void numbers(void **state)
{
	static const struct {
		const char *text;
		int err;
		__u64 number;
	} cases[] = {
		{ "5", 0, 5 },
		{ "100", 0, 100 },
		{ "007", 0, 7 },
		{ "4", -EINVAL, 0 },
		{ "101", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ " 7", -EINVAL, 0 },
		{ "7 ", -EINVAL, 0 },
		{ "+7", -EINVAL, 0 },
		{ "-7", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "7.5", -EINVAL, 0 },
		{ "18446744073709551616", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		__u64 number = 0;

		errno = ERANGE;
		assert_int_equal(parse_number(cases[i].text, 5, 100, &number), cases[i].err);
		assert_int_equal(number, cases[i].number);
	}
}

static void largest_number(void **state)
{
	__u64 number = 0;

	(void)state;
	assert_int_equal(parse_number("18446744073709551615", 0, UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
}

static void ports(void **state)
{
	static const struct {
		const char *text;
		int err;
		__u16 port;
	} cases[] = {
		{ "1", 0, 1 },
		{ "65535", 0, 65535 },
		{ "0", -EINVAL, 0 },
		{ "65536", -EINVAL, 0 },
		{ "http", -EINVAL, 0 },
		{ "80,81", -EINVAL, 0 },
		{ "4294967376", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		__u16 port = 0;

		assert_int_equal(parse_port(cases[i].text, &port), cases[i].err);
		assert_int_equal(port, cases[i].port);
	}
}

static void seconds(void **state)
{
	static const struct {
		const char *text;
		int err;
		__u64 ms;
	} cases[] = {
		{ "1", 0, 1000 },
		{ "0.5", 0, 500 },
		{ "0.125", 0, 125 },
		{ "10.05", 0, 10050 },
		{ "86400", 0, 86400000 },
		{ "0.1", 0, 100 },
		{ "0.099", -EINVAL, 0 },
		{ "0", -EINVAL, 0 },
		{ "86400.001", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ ".5", -EINVAL, 0 },
		{ "1.2345", -EINVAL, 0 },
		{ "1s", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "99999999999999999999", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		__u64 ms = 0;

		assert_int_equal(parse_seconds(cases[i].text, 100, 86400000, &ms), cases[i].err);
		assert_int_equal(ms, cases[i].ms);
	}
}

static int prefix_of(const __u8 mask[CONN_ADDR_LEN])
{
	int bits = 0;

	for (int i = 0; i < CONN_ADDR_LEN; i++)
		bits += __builtin_popcount(mask[i]);
	return bits;
}

static void nets(void **state)
{
	static const struct {
		const char *text;
		const char *addr; /* as it prints; NULL: refused */
		int bits;
	} cases[] = {
		{ "10.1.2.3", "10.1.2.3", 128 },
		{ "10.1.2.3/8", "10.0.0.0", 104 },
		{ "10.1.2.3/13", "10.0.0.0", 109 },
		{ "0.0.0.0/0", "0.0.0.0", 96 },
		{ "::ffff:10.0.0.0/104", "10.0.0.0", 104 },
		{ "::ffff:10.1.2.3", "10.1.2.3", 128 },
		{ "2001:db8::1/32", "2001:db8::", 32 },
		{ "::/0", "::", 0 },
		{ "::1", "::1", 128 },
		{ "10.0.0.0/33", NULL, 0 },
		{ "::/129", NULL, 0 },
		{ "10.0.0.0/", NULL, 0 },
		{ "10.0.0.0/-1", NULL, 0 },
		{ "10.0.0.0/8/8", NULL, 0 },
		{ "/8", NULL, 0 },
		{ "10.1", NULL, 0 },
		{ "10.0.0.256", NULL, 0 },
		{ "fe80::1%eth0", NULL, 0 },
		{ "[::1]", NULL, 0 },
		{ "localhost", NULL, 0 },
		{ "", NULL, 0 },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[INET6_ADDRSTRLEN];
		struct filter_net net;

		assert_int_equal(parse_net(cases[i].text, &net), cases[i].addr ? 0 : -EINVAL);
		if (!cases[i].addr)
			continue;
		assert_string_equal(addr_format(net.addr, text, sizeof(text)), cases[i].addr);
		assert_int_equal(prefix_of(net.mask), cases[i].bits);
	}
}

static void mapped_net_equals_ipv4_net(void **state)
{
	struct filter_net mapped, plain;

	(void)state;
	assert_int_equal(parse_net("::ffff:10.0.0.0/104", &mapped), 0);
	assert_int_equal(parse_net("10.0.0.0/8", &plain), 0);
	assert_memory_equal(&mapped, &plain, sizeof(plain));
}

static void endpoints(void **state)
{
	static const struct {
		const char *text;
		const char *addr; /* NULL: refused */
		int bits;
		__u16 port;
	} cases[] = {
		{ "10.0.0.1:80", "10.0.0.1", 128, 80 },
		{ "10.0.0.1", "10.0.0.1", 128, 0 },
		{ "10.0.0.0/8", "10.0.0.0", 104, 0 },
		{ "[2001:db8::1]:443", "2001:db8::1", 128, 443 },
		{ "2001:db8::1", "2001:db8::1", 128, 0 },
		{ "2001:db8::/32", "2001:db8::", 32, 0 },
		{ "[::ffff:10.0.0.1]:80", "10.0.0.1", 128, 80 },
		{ "10.0.0.1:", NULL, 0, 0 },
		{ "10.0.0.1:0", NULL, 0, 0 },
		{ "10.0.0.0/8:80", NULL, 0, 0 },
		{ "[10.0.0.1]:80", NULL, 0, 0 },
		{ "[2001:db8::1]", NULL, 0, 0 },
		{ "[2001:db8::1]80", NULL, 0, 0 },
		{ "[2001:db8::/32]:80", NULL, 0, 0 },
		{ ":80", NULL, 0, 0 },
		{ "example.org:80", NULL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct endpoint_pattern pattern;
		char text[INET6_ADDRSTRLEN];

		assert_int_equal(parse_endpoint(cases[i].text, &pattern),
				 cases[i].addr ? 0 : -EINVAL);
		if (!cases[i].addr)
			continue;
		assert_string_equal(addr_format(pattern.net.addr, text, sizeof(text)),
				    cases[i].addr);
		assert_int_equal(prefix_of(pattern.net.mask), cases[i].bits);
		assert_int_equal(pattern.port, cases[i].port);
	}
}

static void listens(void **state)
{
	static const struct {
		const char *text;
		const char *addr; /* NULL: refused */
		__u16 port;
	} cases[] = {
		{ "127.0.0.1:10310", "127.0.0.1", 10310 },
		{ "0.0.0.0:0", "0.0.0.0", 0 },
		{ "[::1]:65535", "::1", 65535 },
		{ "[::]:80", "::", 80 },
		{ "127.0.0.1", NULL, 0 },
		{ "127.0.0.1:", NULL, 0 },
		{ "127.0.0.1:65536", NULL, 0 },
		{ "127.0.0.1:-1", NULL, 0 },
		{ "[127.0.0.1]:80", NULL, 0 },
		{ "[::1]", NULL, 0 },
		{ "::1:80", NULL, 0 },
		{ ":80", NULL, 0 },
		{ "10.0.0.0/8:80", NULL, 0 },
		{ "localhost:80", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[INET6_ADDRSTRLEN];
		__u8 addr[CONN_ADDR_LEN];
		__u16 port;

		assert_int_equal(parse_listen(cases[i].text, addr, &port),
				 cases[i].addr ? 0 : -EINVAL);
		if (!cases[i].addr)
			continue;
		assert_string_equal(addr_format(addr, text, sizeof(text)), cases[i].addr);
		assert_int_equal(port, cases[i].port);
	}
}

static void items(void **state)
{
	const char *cursor = "a,bcd,e";
	char item[4];

	(void)state;
	assert_int_equal(parse_next_item(&cursor, item, sizeof(item)), 1);
	assert_string_equal(item, "a");
	assert_int_equal(parse_next_item(&cursor, item, sizeof(item)), 1);
	assert_string_equal(item, "bcd");
	assert_int_equal(parse_next_item(&cursor, item, sizeof(item)), 1);
	assert_string_equal(item, "e");
	assert_int_equal(parse_next_item(&cursor, item, sizeof(item)), 0);
}

static void bad_items(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = { { "", -EINVAL }, { ",a", -EINVAL }, { "abcd", -E2BIG } };
	char item[4];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *cursor = cases[i].text;

		assert_int_equal(parse_next_item(&cursor, item, sizeof(item)), cases[i].err);
	}
}

static void trailing_comma_is_an_empty_item(void **state)
{
	const char *cursor = "a,";
	char item[4];

	(void)state;
	assert_int_equal(parse_next_item(&cursor, item, sizeof(item)), 1);
	assert_int_equal(parse_next_item(&cursor, item, sizeof(item)), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(largest_number),
		cmocka_unit_test(ports),
		cmocka_unit_test(seconds),
		cmocka_unit_test(nets),
		cmocka_unit_test(mapped_net_equals_ipv4_net),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(listens),
		cmocka_unit_test(items),
		cmocka_unit_test(bad_items),
		cmocka_unit_test(trailing_comma_is_an_empty_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
