/* SPDX-License-Identifier: Apache-2.0 */
/* Options that take a value: what each accepts and where it puts it. */
#ifndef connscope_CLI_VALUE_H
#define connscope_CLI_VALUE_H

#include <stddef.h>

struct options;

/* Keys of options without a short form. */
enum long_option {
	OPTION_CONTAINER = 1000,
	OPTION_NETNS,
	OPTION_ROLE,
	OPTION_NO_HEADER,
	OPTION_BY,
	OPTION_NAMES,
	OPTION_BACKEND,
	OPTION_STRICT,
	OPTION_MAX_CONNS,
	OPTION_MAX_ENDPOINTS,
	OPTION_RING_SIZE,
	OPTION_CLOSED,
	OPTION_SELF_TEST,
	OPTION_CSV,
	OPTION_HIST,
	OPTION_STATE,
	OPTION_INITIATOR,
	OPTION_IN_FLIGHT,
	OPTION_MIN_IDLE,
	OPTION_HTML,
	OPTION_FROM,
	OPTION_RECORD,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_MAX_SIZE,
	OPTION_KEEP,
	OPTION_EXCHANGES,
	OPTION_LISTEN,
	OPTION_MAX_SERIES,
	OPTION_LABEL_PID,
	OPTION_BPF_STATS,
	OPTION_FAIL_ON,
	OPTION_NO_TURNS,
};

struct value {
	int key;
	/* 0; -EINVAL: not of the accepted form; -ENOSPC: more than the bound, over all that was
	 * given; another errno: the thing that TEXT names cannot be looked up. */
	int (*set)(struct options *options, const char *text);
	const char *form; /* after "accepted: " */
	size_t bound;	  /* of a list, else 0 */
};

/* NULL: the option KEY takes no value. */
const struct value *value_find(int key);
/* The same, among those that say what to trace. */
const struct value *value_find_filter(int key);

/* The two positional numbers. */
#define INTERVAL_FORM "seconds from 0.1 to 86400"
#define COUNT_FORM    "a number of reports from 1 to 1000000"

int value_interval(struct options *options, const char *text);
int value_count(struct options *options, const char *text);

#endif /* connscope_CLI_VALUE_H */
