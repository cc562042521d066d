/* SPDX-License-Identifier: Apache-2.0 */
/* trace: rows in batches, gaps in their place, and what happens when nobody reads. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "cli.h"
#include "observer.h"
#include "report.h"
#include "trace.h"
#include "trace_event.h"

static struct conn some_conn(void)
{
	return (struct conn){ .role = ROLE_CLIENT, .comm = "nginx", .idle_ms = IDLE_UNKNOWN };
}

static void tell(struct trace *trace, const struct trace_event *event)
{
	struct observer *observer = trace__observer(trace);

	observer->take(observer, &(struct record){ .kind = RECORD_EVENT, .event = event });
}

static void open_times(struct trace *trace, unsigned int times)
{
	const struct conn conn = some_conn();

	for (unsigned int i = 0; i < times; i++)
		tell(trace, &(struct trace_event){ .kind = TRACE_OPEN, .conn = &conn });
}

/* Everything is to be had. The caller frees the aggregate. */
static struct report whole_report(void)
{
	struct report report = { .aggregate = aggregate__new(0, 1, NULL, NULL) };

	for (int i = 0; i < FEATURE_MAX; i++)
		report.account.features[i].mechanism = MECHANISM_FENTRY;
	return report;
}

/* What FILE has, one character a line: T titles, e event, g gap, a account, ? else. */
static char *shape(FILE *file, char *buf, size_t len)
{
	char line[512];
	size_t used = 0;

	rewind(file);
	while (used + 1 < len && fgets(line, sizeof(line), file)) {
		if (strstr(line, "missing here"))
			buf[used++] = 'g';
		else if (strstr(line, "tracked"))
			buf[used++] = 'a';
		else if (strstr(line, "TIME"))
			buf[used++] = 'T';
		else
			buf[used++] = strstr(line, "connected") ? 'e' : '?';
	}
	buf[used] = '\0';
	return buf;
}

static void in_order(void **state)
{
	struct options options = { .view = "trace", .width = 80 };
	const struct trace_event gap = { .kind = TRACE_GAP, .count = 3 };
	struct report report = whole_report();
	FILE *out = tmpfile();
	struct trace *trace;
	char text[64];

	(void)state;
	assert_int_equal(trace__new(&options, clocks_now(), out, &trace), 0);
	assert_string_equal(shape(out, text, sizeof(text)), "T");
	open_times(trace, 2);
	assert_int_equal(trace__flush(trace), 0);
	assert_string_equal(shape(out, text, sizeof(text)), "Tee");
	open_times(trace, 1);
	tell(trace, &gap);
	open_times(trace, 1);
	assert_int_equal(trace__finish(trace, &report), 0);
	assert_string_equal(shape(out, text, sizeof(text)), "Teeege?a");
	trace__free(trace);
	fclose(out);
	aggregate__free((struct aggregate *)report.aggregate);
}

static void a_large_batch_does_not_wait(void **state)
{
	struct options options = { .view = "trace", .width = 80, .no_header = true };
	FILE *out = tmpfile();
	struct trace *trace;
	char text[2048];

	(void)state;
	assert_int_equal(trace__new(&options, clocks_now(), out, &trace), 0);
	open_times(trace, 1500);
	assert_int_equal(strlen(shape(out, text, sizeof(text))), 1000);
	assert_int_equal(trace__flush(trace), 0);
	assert_int_equal(strlen(shape(out, text, sizeof(text))), 1500);
	trace__free(trace);
	fclose(out);
}

/* How each line begins. */
static void assert_begins(FILE *file, const char *const *want, size_t count)
{
	char line[4096];

	rewind(file);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(fgets(line, sizeof(line), file));
		assert_int_equal(strncmp(line, want[i], strlen(want[i])), 0);
	}
	assert_null(fgets(line, sizeof(line), file));
}

static void csv_of_a_gap_is_a_table_of_its_own(void **state)
{
	static const char *const want[] = {
		"type,ts,event,",
		"event,",
		"event,",
		"\n",
		"type,ts,missing\n",
		"gap,",
		"\n",
		"type,ts,event,",
		"event,",
		"\n",
		"type,ts,schema,",
		"meta,",
	};
	struct options options = { .view = "trace", .csv = true };
	const struct trace_event gap = { .kind = TRACE_GAP, .count = 3 };
	struct report report = whole_report();
	FILE *out = tmpfile();
	struct trace *trace;

	(void)state;
	assert_int_equal(trace__new(&options, clocks_now(), out, &trace), 0);
	open_times(trace, 2);
	tell(trace, &gap);
	open_times(trace, 1);
	assert_int_equal(trace__finish(trace, &report), 0);
	assert_begins(out, want, COUNT_OF(want));
	trace__free(trace);
	fclose(out);
	aggregate__free((struct aggregate *)report.aggregate);
}

static void what_is_not_told_of(void **state)
{
	struct options options = { .view = "trace", .width = 80 };
	struct report report = whole_report();
	struct feature_state *overflow = &report.account.features[FEATURE_OVERFLOW];
	FILE *out = tmpfile();
	struct trace *trace;
	char line[128];

	(void)state;
	overflow->mechanism = MECHANISM_OFF;
	snprintf(overflow->reason, sizeof(overflow->reason), "no hook");
	assert_int_equal(trace__new(&options, clocks_now(), out, &trace), 0);
	assert_int_equal(trace__finish(trace, &report), 0);
	rewind(out);
	assert_non_null(fgets(line, sizeof(line), out)); /* titles */
	assert_non_null(fgets(line, sizeof(line), out));
	assert_string_equal(line, "n/a overflow: no hook\n");
	trace__free(trace);
	fclose(out);
	aggregate__free((struct aggregate *)report.aggregate);
}

static void nowhere_to_write(void **state)
{
	struct options options = { .view = "trace", .width = 80, .json = true };
	FILE *out = fopen("/dev/full", "w");
	struct trace *trace;

	(void)state;
	assert_non_null(out);
	assert_int_equal(trace__new(&options, clocks_now(), out, &trace),
			 0); /* JSON has no titles */
	open_times(trace, 1);
	assert_int_equal(trace__flush(trace), -ENOSPC);
	open_times(trace, 1);
	assert_int_equal(trace__flush(trace), -ENOSPC);
	trace__free(trace);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(a_large_batch_does_not_wait),
		cmocka_unit_test(csv_of_a_gap_is_a_table_of_its_own),
		cmocka_unit_test(what_is_not_told_of),
		cmocka_unit_test(nowhere_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
