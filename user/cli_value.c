/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of an option to a field of struct options. */
#include "cli_value.h"

#include <errno.h>
#include <string.h>

#include "aggregate.h"
#include "cli.h"
#include "conn_state.h"
#include "parse.h"

#define DAY_MS	    86400000ULL
#define DURATION_MS (365 * DAY_MS)

struct word {
	const char *text;
	unsigned int value;
};

static int find_word(const struct word *words, const char *text, unsigned int *ret_value)
{
	for (; words->text; words++) {
		if (strcmp(words->text, text))
			continue;
		*ret_value = words->value;
		return 0;
	}
	return -EINVAL;
}

static int set_role(struct options *options, const char *text)
{
	static const struct word words[] = {
		{ "client", ROLE_CLIENT },
		{ "server", ROLE_SERVER },
		{ NULL, 0 },
	};
	unsigned int role;

	if (find_word(words, text, &role))
		return -EINVAL;
	options->filter.knobs.role = (__u8)role;
	return 0;
}

static int set_backend(struct options *options, const char *text)
{
	static const struct word words[] = {
		{ "auto", BACKEND_AUTO },
		{ "fentry", BACKEND_FENTRY },
		{ "kprobe", BACKEND_KPROBE },
		{ "tracepoint", BACKEND_TRACEPOINT },
		{ NULL, 0 },
	};
	unsigned int backend;

	if (find_word(words, text, &backend))
		return -EINVAL;
	options->backend = backend;
	return 0;
}

static int set_by(struct options *options, const char *text)
{
	static const struct word words[] = {
		{ "endpoint", BY_ENDPOINT },
		{ "comm", BY_COMM },
		{ "pid", BY_PID },
		{ "container", BY_CONTAINER },
		{ "netns", BY_NETNS },
		{ "name", BY_NAME },
		{ NULL, 0 },
	};
	char item[sizeof("container")];
	unsigned int by = 0, key;
	int got;

	while ((got = parse_next_item(&text, item, sizeof(item))) > 0) {
		if (find_word(words, item, &key))
			return -EINVAL;
		by |= key;
	}
	if (got)
		return -EINVAL;
	options->by = by;
	return 0;
}

/* Adds to *SET what SETS_OF says of each item of TEXT. */
static int add_words(const char *text, unsigned int (*sets_of)(const char *word), unsigned int *set)
{
	char item[sizeof("established")];
	unsigned int words = 0, more;
	int got;

	while ((got = parse_next_item(&text, item, sizeof(item))) > 0) {
		more = sets_of(item);
		if (!more)
			return -EINVAL;
		words |= more;
	}
	if (got)
		return -EINVAL;
	*set |= words;
	return 0;
}

static int set_state(struct options *options, const char *text)
{
	return add_words(text, states_of_word, &options->pick.states);
}

static int set_initiator(struct options *options, const char *text)
{
	return add_words(text, initiators_of_word, &options->pick.initiators);
}

static int set_min_idle(struct options *options, const char *text)
{
	return parse_seconds(text, 1, DURATION_MS, &options->pick.min_idle_ms);
}

static int set_duration(struct options *options, const char *text)
{
	return parse_seconds(text, 1, DURATION_MS, &options->duration_ms);
}

static int set_sort(struct options *options, const char *text)
{
	options->sort = text;
	return 0;
}

static int set_names(struct options *options, const char *text)
{
	options->names_file = text;
	return 0;
}

static int set_output(struct options *options, const char *text)
{
	options->output_file = text;
	return text[0] ? 0 : -EINVAL;
}

static int set_html(struct options *options, const char *text)
{
	options->html_file = text;
	/* The report is there, and one page follows the other. */
	return text[0] && strcmp(text, "-") ? 0 : -EINVAL;
}

static int set_from(struct options *options, const char *text)
{
	options->from_file = text;
	return text[0] ? 0 : -EINVAL;
}

static int set_since(struct options *options, const char *text)
{
	return moment_parse(text, &options->since);
}

static int set_until(struct options *options, const char *text)
{
	return moment_parse(text, &options->until);
}

static int set_max_size(struct options *options, const char *text)
{
	return parse_size(text, 1 << 20, &options->max_size);
}

static int set_keep(struct options *options, const char *text)
{
	return parse_span(text, &options->keep_ms);
}

static int set_record(struct options *options, const char *text)
{
	options->record_file = text;
	return text[0] ? 0 : -EINVAL;
}

static int set_rows(struct options *options, const char *text)
{
	__u64 rows;

	if (parse_number(text, 1, 1000000, &rows))
		return -EINVAL;
	options->rows = (size_t)rows;
	return 0;
}

static int set_closed(struct options *options, const char *text)
{
	__u64 closed;

	if (parse_number(text, 0, 10000000, &closed))
		return -EINVAL;
	options->closed = (size_t)closed;
	return 0;
}

static int set_listen(struct options *options, const char *text)
{
	return parse_listen(text, options->listen_addr, &options->listen_port);
}

static int set_max_series(struct options *options, const char *text)
{
	__u64 series;

	if (parse_number(text, 1, 10000, &series))
		return -EINVAL;
	options->max_series = (size_t)series;
	return 0;
}

static int parse_u32(const char *text, __u64 min, __u64 max, __u32 *ret_number)
{
	__u64 number;

	if (parse_number(text, min, max, &number))
		return -EINVAL;
	*ret_number = (__u32)number;
	return 0;
}

static int set_max_conns(struct options *options, const char *text)
{
	return parse_u32(text, 1, 16777216, &options->max_conns);
}

static int set_max_endpoints(struct options *options, const char *text)
{
	return parse_u32(text, 16, 65536, &options->max_endpoints);
}

static int set_ring_size(struct options *options, const char *text)
{
	__u32 kib;

	/* A ring buffer's size is a power of two and a multiple of the page size, 64 KiB at most.
	 */
	if (parse_u32(text, 64, 1048576, &kib) || (kib & (kib - 1)))
		return -EINVAL;
	options->ring_kib = kib;
	return 0;
}

static int set_fail_on(struct options *options, const char *text)
{
	options->fail_on = severity_find(text);
	return options->fail_on ? 0 : -EINVAL;
}

int value_interval(struct options *options, const char *text)
{
	return parse_seconds(text, 100, DAY_MS, &options->interval_ms);
}

int value_count(struct options *options, const char *text)
{
	return parse_number(text, 1, 1000000, &options->count);
}

static const struct value values[] = {
	{ OPTION_ROLE, set_role, "client or server", 0 },
	{ OPTION_BY, set_by, "endpoint, comm, pid, container, netns, name, comma-separated", 0 },
	{ OPTION_NAMES, set_names, "a file", 0 },
	{ OPTION_FROM, set_from, "a file", 0 },
	{ OPTION_SINCE, set_since, MOMENT_FORM, 0 },
	{ OPTION_UNTIL, set_until, MOMENT_FORM, 0 },
	{ OPTION_MAX_SIZE, set_max_size, SIZE_FORM ", from 1M on", 0 },
	{ OPTION_KEEP, set_keep, SPAN_FORM, 0 },
	{ OPTION_RECORD, set_record, "a file", 0 },
	{ OPTION_CLOSED, set_closed, "a number from 0 to 10000000", 0 },
	{ OPTION_STATE, set_state,
	  "open, closed, failed, queued, established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, "
	  "time-wait, close-wait, last-ack, closing, comma-separated",
	  0 },
	{ OPTION_INITIATOR, set_initiator,
	  "local-fin, remote-fin, both-fin, local-rst, remote-rst, timeout, abort, unknown, "
	  "comma-separated",
	  0 },
	{ OPTION_MIN_IDLE, set_min_idle, "seconds, such as 10 or 0.5", 0 },
	{ OPTION_FAIL_ON, set_fail_on, "notice, warning or critical", 0 },
	{ OPTION_BACKEND, set_backend, "auto, fentry, kprobe or tracepoint", 0 },
	{ OPTION_MAX_CONNS, set_max_conns, "a number from 1 to 16777216", 0 },
	{ OPTION_MAX_ENDPOINTS, set_max_endpoints, "a number from 16 to 65536", 0 },
	{ OPTION_RING_SIZE, set_ring_size, "KiB, a power of two from 64 to 1048576", 0 },
	{ OPTION_LISTEN, set_listen, LISTEN_FORM, 0 },
	{ OPTION_MAX_SERIES, set_max_series, "a number from 1 to 10000", 0 },
	{ 'd', set_duration, "seconds, such as 10 or 0.5", 0 },
	{ 's', set_sort, "a column", 0 },
	{ 'r', set_rows, "a number from 1 to 1000000", 0 },
	{ 'o', set_output, "a file", 0 },
	{ OPTION_HTML, set_html, "a file, but not - for stdout", 0 },
};

const struct value *value_find(int key)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (values[i].key == key)
			return &values[i];
	}
	return value_find_filter(key);
}
