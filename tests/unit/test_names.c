/* SPDX-License-Identifier: Apache-2.0 */
/* The names file: which name wins, and what is said of a bad line. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "parse.h"

#define PATH "names_XXXXXX"

struct scratch {
	char path[64];
	int saved_stderr;
	char said[512]; /* on stderr */
};

static int load(struct scratch *scratch, const char *text, struct names **ret_names)
{
	FILE *said = tmpfile();
	size_t len;
	int fd, err;

	snprintf(scratch->path, sizeof(scratch->path), "/tmp/" PATH);
	fd = mkstemp(scratch->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	scratch->saved_stderr = dup(STDERR_FILENO);
	dup2(fileno(said), STDERR_FILENO);
	err = names__load(scratch->path, ret_names);
	dup2(scratch->saved_stderr, STDERR_FILENO);
	close(scratch->saved_stderr);
	rewind(said);
	len = fread(scratch->said, 1, sizeof(scratch->said) - 1, said);
	scratch->said[len] = '\0';
	fclose(said);
	unlink(scratch->path);
	return err;
}

static const char *find(const struct names *names, const char *addr, __u16 port)
{
	__u8 bytes[CONN_ADDR_LEN];
	const char *name;

	assert_int_equal(parse_addr(addr, bytes), 0);
	name = names__find(names, bytes, port);
	return name ? name : "none";
}

static void most_specific_wins(void **state)
{
	static const char text[] = "# all of ours\n"
				   "wide    10.0.0.0/8\n"
				   "\n"
				   "narrow  10.1.0.0/16   # a comment\n"
				   "host\t10.1.2.3\n"
				   "web 10.1.2.3:80\r\n"
				   "again 10.1.2.3:80\n"
				   "six [2001:db8::1]:443\n"
				   "sixnet 2001:db8::/32\n"
				   "mapped ::ffff:192.0.2.0/120";
	static const struct {
		const char *addr;
		__u16 port;
		const char *name;
	} cases[] = {
		{ "10.9.9.9", 1, "wide" },	{ "10.1.9.9", 1, "narrow" },
		{ "10.1.2.3", 1, "host" },	{ "10.1.2.3", 80, "web" },
		{ "2001:db8::1", 443, "six" },	{ "2001:db8::1", 80, "sixnet" },
		{ "192.0.2.77", 80, "mapped" }, { "172.16.0.1", 80, "none" },
	};
	struct names *names = NULL;
	struct scratch scratch;

	(void)state;
	assert_int_equal(load(&scratch, text, &names), 0);
	assert_string_equal(scratch.said, "");
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(find(names, cases[i].addr, cases[i].port), cases[i].name);
	names__free(names);
}

static void empty_file_names_nothing(void **state)
{
	struct names *names = NULL;
	struct scratch scratch;

	(void)state;
	assert_int_equal(load(&scratch, "", &names), 0);
	assert_string_equal(find(names, "10.0.0.1", 80), "none");
	names__free(names);
}

static void many_names(void **state)
{
	struct names *names = NULL;
	struct scratch scratch;
	char text[8192];
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "n%d 10.0.0.%d:80\n", i,
					 i);
	assert_int_equal(load(&scratch, text, &names), 0);
	assert_string_equal(find(names, "10.0.0.0", 80), "n0");
	assert_string_equal(find(names, "10.0.0.199", 80), "n199");
	names__free(names);
}

static void bad_lines_are_named(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "a 10.0.0.1\nweb\n", ":2: no address, " },
		{ "web example.org:80\n", ":1: bad address, " },
		{ "\n\nweb 10.0.0.0/40\n", ":3: bad address, " },
		{ "web 10.0.0.1:99999\n", ":1: bad address, " },
		{ "web 10.0.0.1 10.0.0.2\n", ":1: more than two words, " },
		{ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 10.0.0.1\n",
		  ":1: name of more than 63 bytes, " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct names *names = NULL;
		struct scratch scratch;
		char expected[256];

		assert_int_equal(load(&scratch, cases[i].text, &names), -EINVAL);
		snprintf(expected, sizeof(expected),
			 "connscope: %s%saccepted: NAME and then ADDR, ADDR:PORT, [IPV6]:PORT or "
			 "CIDR\n",
			 scratch.path, cases[i].said);
		assert_string_equal(scratch.said, expected);
		assert_null(names);
	}
}

static void missing_file(void **state)
{
	struct names *names = NULL;

	(void)state;
	assert_int_equal(names__load("/nonexistent/names", &names), -ENOENT);
	assert_null(names);
}

static void directory(void **state)
{
	struct names *names = NULL;

	(void)state;
	assert_true(names__load("/", &names) < 0);
	assert_null(names);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_specific_wins), cmocka_unit_test(empty_file_names_nothing),
		cmocka_unit_test(many_names),	      cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(missing_file),	      cmocka_unit_test(directory),
	};

	names__free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
