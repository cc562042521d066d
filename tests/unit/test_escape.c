/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile bytes on their way to a terminal and into JSON. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "escape.h"

static void bytes(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{ "nginx: worker", "nginx: worker" },
		{ "a\nb", "a\\x0ab" },
		{ "\033[31m", "\\x1b[31m" },
		{ "\xff", "\\xff" },
		{ "a\\b", "a\\x5cb" },
		{ "\x7f", "\\x7f" },
		{ "", "" },
		{ "123456789012345678", "123456789012345" },
		{ "123456789012\n", "123456789012" }, /* no half of an escape */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char buf[16];

		assert_string_equal(escape_bytes(cases[i].text, buf, sizeof(buf)),
				    cases[i].escaped);
	}
}

static void utf8(void **state)
{
#define BAD "\xef\xbf\xbd"
	static const struct {
		const char *text, *clean;
	} cases[] = {
		{ "plain", "plain" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "a\xff z", "a" BAD " z" },
		{ "\xc3", BAD },
		{ "\xe2\x82", BAD BAD },
		{ "\xc0\xaf", BAD BAD },		 /* overlong */
		{ "\xe0\x80\xaf", BAD BAD BAD },	 /* overlong */
		{ "\xed\xa0\x80", BAD BAD BAD },	 /* surrogate */
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD }, /* beyond U+10FFFF */
		{ "\x80", BAD },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *clean = escape_utf8(cases[i].text);

		assert_string_equal(clean, cases[i].clean);
		free(clean);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
