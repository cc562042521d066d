/* SPDX-License-Identifier: Apache-2.0 */
/* What each filter lets through. */
#include "test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "filter.h"
#include "parse.h"

/* 10.0.0.1:40000 to 10.9.9.9:443, of nginx. */
static struct conn client(void)
{
	struct conn conn = {
		.role = ROLE_CLIENT,
		.family = AF_INET,
		.local_port = 40000,
		.remote_port = 443,
		.pid = 100,
		.netns = 7,
		.cgroup = 9,
		.comm = "nginx",
	};

	assert_int_equal(parse_addr("10.0.0.1", conn.local_addr), 0);
	assert_int_equal(parse_addr("10.9.9.9", conn.remote_addr), 0);
	return conn;
}

/* The other side of it. */
static struct conn server(void)
{
	struct conn conn = client();

	conn.role = ROLE_SERVER;
	conn.local_port = 443;
	conn.remote_port = 40000;
	return conn;
}

static void no_filter_takes_all(void **state)
{
	struct conn of_client = client(), of_server = server(), unowned = {};
	struct filter filter = {};

	(void)state;
	assert_true(filter__match(&filter, &of_client));
	assert_true(filter__match(&filter, &of_server));
	assert_true(filter__match(&filter, &unowned));
}

static void what_asks_for_anything_is_not_empty(void **state)
{
	struct filter empty = {}, by_port = { .knobs.port_count = 1 },
		      by_role = { .knobs.role = ROLE_CLIENT }, by_comm = { .comm_count = 1 },
		      by_container = { .container_count = 1 };

	(void)state;
	assert_true(filter__is_empty(&empty));
	assert_false(filter__is_empty(&by_port));
	assert_false(filter__is_empty(&by_role));
	assert_false(filter__is_empty(&by_comm));
	assert_false(filter__is_empty(&by_container));
}

static void ports(void **state)
{
	static const struct {
		__u16 port, local, remote;
		bool client, server;
	} cases[] = {
		{ 443, 0, 0, true, true },	  { 40000, 0, 0, false, false },
		{ 0, 40000, 0, true, false },	  { 0, 443, 0, false, true },
		{ 0, 0, 443, true, false },	  { 0, 0, 40000, false, true },
		{ 443, 40000, 443, true, false }, { 443, 1, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conn of_client = client(), of_server = server();
		struct filter filter = { .knobs = {
						 .ports = { cases[i].port },
						 .port_count = !!cases[i].port,
						 .local_ports = { cases[i].local },
						 .local_port_count = !!cases[i].local,
						 .remote_ports = { cases[i].remote },
						 .remote_port_count = !!cases[i].remote,
					 } };

		assert_int_equal(filter__match(&filter, &of_client), cases[i].client);
		assert_int_equal(filter__match(&filter, &of_server), cases[i].server);
	}
}

static void lists_are_alternatives(void **state)
{
	struct filter filter = { .knobs = { .ports = { 80, 443 }, .port_count = 2 } };
	struct conn conn = client();

	(void)state;
	assert_true(filter__match(&filter, &conn));
	filter.knobs.port_count = 1;
	assert_false(filter__match(&filter, &conn));
}

static void nets(void **state)
{
	static const struct {
		const char *net;
		bool match;
	} cases[] = {
		{ "10.9.9.9", true },  { "10.9.0.0/16", true },
		{ "10.0.0.1", false }, { "::ffff:10.9.0.0/112", true },
		{ "::/0", true },      { "2001:db8::/32", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct filter filter = { .knobs = { .net_count = 1 } };
		struct conn conn = client();

		assert_int_equal(parse_net(cases[i].net, &filter.knobs.nets[0]), 0);
		assert_int_equal(filter__match(&filter, &conn), cases[i].match);
	}
}

static void role_and_family(void **state)
{
	struct conn of_client = client(), of_server = server();
	struct filter filter = { .knobs = { .role = ROLE_SERVER } };

	(void)state;
	assert_false(filter__match(&filter, &of_client));
	assert_true(filter__match(&filter, &of_server));
	filter = (struct filter){ .knobs = { .family = AF_INET6 } };
	assert_false(filter__match(&filter, &of_client));
	filter.knobs.family = AF_INET;
	assert_true(filter__match(&filter, &of_client));
}

static void names(void **state)
{
	static const struct {
		const char *glob;
		bool match;
	} cases[] = {
		{ "nginx", true }, { "ng*", true },   { "ngin?", true }, { "[mn]ginx", true },
		{ "ngin", false }, { "curl", false }, { "*x", true },	 { "*y", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct filter filter = { .comm_count = 1 };
		struct conn conn = client();

		snprintf(filter.comms[0], sizeof(filter.comms[0]), "%s", cases[i].glob);
		assert_int_equal(filter__match(&filter, &conn), cases[i].match);
	}
}

static void owners(void **state)
{
	struct filter by_pid = { .knobs = { .pids = { 1, 100 }, .pid_count = 2 } };
	struct filter by_netns = { .knobs = { .netns = { 7 }, .netns_count = 1 } };
	struct filter by_cgroup = { .knobs = { .cgroups = { 9 }, .cgroup_count = 1 } };
	struct conn known = client(), other = client();

	(void)state;
	other.pid = 2;
	other.netns = 2;
	other.cgroup = 2;
	assert_true(filter__match(&by_pid, &known));
	assert_true(filter__match(&by_netns, &known));
	assert_true(filter__match(&by_cgroup, &known));
	assert_false(filter__match(&by_pid, &other));
	assert_false(filter__match(&by_netns, &other));
	assert_false(filter__match(&by_cgroup, &other));
}

/* Even where the list itself holds what stands for "not known". */
static void unknown_owner_matches_no_owner_filter(void **state)
{
	struct filter filters[] = {
		{ .knobs = { .pid_count = 1 } },
		{ .knobs = { .netns_count = 1 } },
		{ .knobs = { .cgroup_count = 1 } },
		{ .comms = { "*" }, .comm_count = 1 },
		{ .containers = { "*" }, .container_count = 1 },
	};
	struct conn conn = { .role = ROLE_CLIENT };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		assert_false(filter__match(&filters[i], &conn));
}

static void listeners(void **state)
{
	static const struct {
		struct filter_knobs knobs;
		bool match;
	} cases[] = {
		{ {}, true },
		{ { .role = ROLE_SERVER }, true },
		{ { .role = ROLE_CLIENT }, false },
		{ { .ports = { 80 }, .port_count = 1 }, true },
		{ { .ports = { 81 }, .port_count = 1 }, false },
		{ { .local_ports = { 81 }, .local_port_count = 1 }, false },
		{ { .remote_ports = { 80 }, .remote_port_count = 1 }, false },
		{ { .net_count = 1 }, true },
		{ { .family = AF_INET6 }, true },
		{ { .family = AF_INET }, true }, /* :: takes IPv4 too */
		{ { .pids = { 5 }, .pid_count = 1 }, true },
		{ { .pids = { 6 }, .pid_count = 1 }, false },
	};
	const struct listener listener = { .port = 80, .family = AF_INET6, .pid = 5 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct filter filter = { .knobs = cases[i].knobs };

		assert_int_equal(filter__match_listener(&filter, &listener), cases[i].match);
	}
}

static void listener_on_an_ipv6_address_takes_no_ipv4(void **state)
{
	struct listener listener = { .port = 80, .family = AF_INET6 };
	struct filter filter = { .knobs = { .family = AF_INET } };

	(void)state;
	assert_int_equal(parse_addr("2001:db8::1", listener.addr), 0);
	assert_false(filter__match_listener(&filter, &listener));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_filter_takes_all),
		cmocka_unit_test(what_asks_for_anything_is_not_empty),
		cmocka_unit_test(ports),
		cmocka_unit_test(lists_are_alternatives),
		cmocka_unit_test(nets),
		cmocka_unit_test(role_and_family),
		cmocka_unit_test(names),
		cmocka_unit_test(owners),
		cmocka_unit_test(unknown_owner_matches_no_owner_filter),
		cmocka_unit_test(listeners),
		cmocka_unit_test(listener_on_an_ipv6_address_takes_no_ipv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
