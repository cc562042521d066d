/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with facts in them. */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fact.h"
#include "prose.h"

/* 3 opened, 1 closed, 2.5 exchanges of each connection; the rest is not known. */
static void know(struct facts *facts)
{
	for (int i = 0; i < FACT_MAX; i++)
		facts->values[i] = NAN;
	facts->values[FACT_OPENED] = 3;
	facts->values[FACT_CLOSED] = 1;
	facts->values[FACT_FAILED] = 0;
	facts->values[FACT_PER_CONN] = 2.5;
	facts->values[FACT_REUSE_RATIO] = 2.0 / 3;
	facts->values[FACT_CONNECT_P50] = 1500;
	facts->values[FACT_LONGEST_GAP] = 61000;
	facts->values[FACT_STILL_FAILING] = 1;
}

static void assert_prose(const char *text, const char *want)
{
	struct facts facts;
	char *prose;

	know(&facts);
	prose = prose_format(text, &facts);
	assert_non_null(prose);
	assert_string_equal(prose, want);
	free(prose);
}

static void plain_text_stays(void **state)
{
	(void)state;
	assert_prose("", "");
	assert_prose("100 % of all", "100 % of all");
	assert_prose("%s %n", "%s %n");
	assert_prose("a ] b | c", "a ] b | c");
}

static void facts_with_their_units(void **state)
{
	(void)state;
	assert_prose("{opened}", "3");
	assert_prose("{opened}{closed}", "31");
	assert_prose("{exchanges_per_conn} each", "2.5 each");
	assert_prose("{reuse_ratio}, {connect_p50_us}, {longest_reused_gap_ms}",
		     "66.7%, 1.5ms, 61s");
	assert_prose("{still_failing}", "yes");
}

static void what_is_not_known(void **state)
{
	(void)state;
	assert_prose("of {raced}", "of ?");
	assert_prose("{raced|request|requests}", "? requests");
}

static void the_word_that_suits(void **state)
{
	(void)state;
	assert_prose("{opened|way|ways}", "3 ways");
	assert_prose("{closed|way|ways}", "1 way");
	assert_prose("{failed|way|ways}", "0 ways");
	assert_prose("{exchanges_per_conn|way|ways}", "2.5 ways");
	assert_prose("{closed|connection has|connections have} been", "1 connection has been");
	assert_prose("{closed||s}", "1 ");
}

static void optional_parts(void **state)
{
	(void)state;
	assert_prose("a[ {opened}] b", "a 3 b");
	assert_prose("a[ {raced}] b", "a b");
	assert_prose("a[ {opened} of {raced}] b", "a b");
	assert_prose("a[ {raced|request|requests}]", "a");
	assert_prose("[{opened}][{raced}][{closed}]", "31");
	assert_prose("[always]", "always");
	assert_prose("[]", "");
	assert_prose("{raced}[ of {opened}]", "? of 3");
}

static void braces_of_code(void **state)
{
	(void)state;
	assert_prose("Agent({ keepAlive: true })", "Agent({ keepAlive: true })");
	assert_prose("listen({ backlog: {opened} })", "listen({ backlog: 3 })");
	assert_prose("{{opened}}", "{3}");
	assert_prose("{}", "{}");
	assert_prose("{nonsense}", "{nonsense}");
	assert_prose("{opened }", "{opened }");
	assert_prose("[{nonsense}]", "{nonsense}");
	/* One word is not two. */
	assert_prose("{closed|way} of them}", "{closed|way} of them}");
	assert_prose("{closed|a|b|c}", "{closed|a|b|c}");
}

static void unterminated(void **state)
{
	(void)state;
	assert_prose("{", "{");
	assert_prose("{opened", "{opened");
	assert_prose("{opened|way", "{opened|way");
	assert_prose("{opened|way|", "{opened|way|");
	assert_prose("[", "");
	assert_prose("a [b {opened}", "a b 3");
	assert_prose("a [b {raced}", "a ");
	assert_prose("[{opened", "{opened");
	/* What begins in a part ends in it. */
	assert_prose("[{opened] {closed}", "{opened 1");
	assert_prose("{opened [{closed}] x}", "{opened 1 x}");
	assert_prose("{opened|a[b|c}]", "{opened|ab|c}");
}

static void every_fact_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = FACT_NONE + 1; i < FACT_MAX; i++) {
		const char *key = fact_key(i);

		assert_true(key && key[0]);
		assert_int_equal(fact_find(key, strlen(key)), i);
		assert_int_equal(fact_find(key, strlen(key) - 1), FACT_NONE);
	}
	assert_int_equal(fact_find("", 0), FACT_NONE);
	assert_int_equal(fact_find("opened and more", 6), FACT_OPENED);
}

static void numbers_for_people(void **state)
{
	static const struct {
		enum fact fact;
		double value;
		const char *text;
	} cases[] = {
		{ FACT_OPENED, 0, "0" },
		{ FACT_OPENED, 9, "9" },
		{ FACT_OPENED, 9.94, "9.9" },
		{ FACT_OPENED, 9.95, "10" },
		{ FACT_OPENED, 10.4, "10" },
		{ FACT_OPENED, 1e15, "1000000000000000" },
		{ FACT_CLOSES_PER_S, 0.25, "0.2" },
		{ FACT_FAIL_SHARE, 1, "100.0%" },
		{ FACT_STILL_FAILING, 0, "no" },
		{ FACT_CONNECT_P50, 0, "0" },
		{ FACT_ELAPSED, 59999.6, "60s" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(fact_format(cases[i].fact, cases[i].value, text, sizeof(text)),
				    cases[i].text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(facts_with_their_units),
		cmocka_unit_test(what_is_not_known),
		cmocka_unit_test(the_word_that_suits),
		cmocka_unit_test(optional_parts),
		cmocka_unit_test(braces_of_code),
		cmocka_unit_test(unterminated),
		cmocka_unit_test(every_fact_has_a_name_of_its_own),
		cmocka_unit_test(numbers_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
