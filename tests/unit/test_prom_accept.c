/* SPDX-License-Identifier: Apache-2.0 */
/* The format that an Accept header asks for. */
#include "test.h"

#include "prom.h"

static void formats(void **state)
{
	static const struct {
		const char *header;
		enum prom_format want;
	} cases[] = {
		{ NULL, PROM_TEXT },
		{ "", PROM_TEXT },
		{ "*/*", PROM_TEXT },
		{ "text/html, */*;q=0.1", PROM_TEXT },
		{ "text/plain;version=0.0.4", PROM_TEXT },
		{ "application/openmetrics-text", OPENMETRICS },
		{ "Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", OPENMETRICS },
		{ "application/openmetrics-text;version=\"1.0.0\"", OPENMETRICS },
		{ "application/openmetrics-text;version=0.0.1", PROM_TEXT },
		{ "application/openmetrics-text;version=2.0.0", PROM_TEXT },
		{ "application/openmetrics-textual", PROM_TEXT },
		/* Prometheus 2.42's own. */
		{ "application/openmetrics-text;version=1.0.0,"
		  "application/openmetrics-text;version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  OPENMETRICS },
		{ "text/plain;q=0.9 , application/openmetrics-text;q=0.5", PROM_TEXT },
		{ "text/plain;q=0.5,application/openmetrics-text;q=0.55", OPENMETRICS },
		{ "application/openmetrics-text;q=0", PROM_TEXT },
		{ "application/openmetrics-text;q=0.000", PROM_TEXT },
		{ "application/openmetrics-text;q=high", OPENMETRICS },
		{ "application/openmetrics-text;q=", OPENMETRICS },
		{ "application/openmetrics-text;", OPENMETRICS },
		{ ",,;;,=,;q", PROM_TEXT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(prom_choose_format(cases[i].header), cases[i].want);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(formats) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
