/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of verbs, and of the options that not every one of them takes. */
#include "verb.h"

#include <stdio.h>
#include <string.h>

#include "cli_value.h"

#define REPORTS (VERB_ALL | VERB_REUSE | VERB_ACCEPT | VERB_CLOSE)
#define GROUPED (REPORTS | VERB_DOCTOR)
#define TABLES	(GROUPED | VERB_CONNS)
#define SCREENS (REPORTS | VERB_CONNS | VERB_TOP)
#define SOURCED (TABLES | VERB_TOP)
#define TRACERS (SOURCED | VERB_TRACE | VERB_RECORD)
#define SHOWN	(TABLES | VERB_TRACE | VERB_CHECK)

static const struct {
	enum verb verb;
	const char *name;
} verbs[] = {
	{ VERB_ALL, "all" },	   { VERB_REUSE, "reuse" },   { VERB_ACCEPT, "accept" },
	{ VERB_CLOSE, "close" },   { VERB_CONNS, "conns" },   { VERB_TRACE, "trace" },
	{ VERB_TOP, "top" },	   { VERB_DOCTOR, "doctor" }, { VERB_CHECK, "check" },
	{ VERB_RECORD, "record" }, { VERB_SERVE, "serve" },
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

/* An option that is not here is one of all that trace. */
static const struct {
	int key;
	unsigned int verbs;
} fits[] = {
	{ OPTION_BY, GROUPED | VERB_TOP | VERB_RECORD | VERB_SERVE },
	{ OPTION_CLOSED, VERB_CONNS | VERB_TOP },
	{ OPTION_STATE, VERB_CONNS },
	{ OPTION_INITIATOR, VERB_CONNS },
	{ OPTION_IN_FLIGHT, VERB_CONNS },
	{ OPTION_MIN_IDLE, VERB_CONNS },
	{ OPTION_SELF_TEST, VERB_CHECK },
	{ OPTION_EXCHANGES, TABLES | VERB_TRACE | VERB_RECORD },
	{ OPTION_FROM, SOURCED | VERB_TRACE },
	{ OPTION_HTML, TABLES },
	{ OPTION_SINCE, SOURCED | VERB_TRACE },
	{ OPTION_UNTIL, SOURCED | VERB_TRACE },
	{ OPTION_RECORD, TABLES | VERB_TRACE },
	{ OPTION_NAMES, GROUPED | VERB_TOP | VERB_SERVE },
	{ 's', SCREENS },
	{ 'r', TABLES },
	{ OPTION_NO_TURNS, (TRACERS | VERB_SERVE) & ~VERB_DOCTOR }, /* whose rules tell by them */
	{ OPTION_STRICT, TRACERS & ~VERB_TOP },
	{ OPTION_BACKEND, VERBS_EVERY },
	{ OPTION_CSV, SHOWN },
	{ OPTION_HIST, REPORTS },
	{ OPTION_NO_HEADER, SHOWN },
	{ 'T', TABLES | VERB_CHECK }, /* trace has them in each line */
	{ 'V', VERBS_EVERY },
	{ 'h', VERBS_EVERY },
	{ 'j', SHOWN },
	{ 'o', SHOWN },
	{ 'v', VERBS_EVERY },
	{ 'w', SHOWN | VERB_TOP },
	{ OPTION_KEEP, TABLES | VERB_RECORD },
	{ OPTION_MAX_SIZE, TABLES | VERB_RECORD },
	{ OPTION_LISTEN, VERB_SERVE },
	{ OPTION_MAX_SERIES, VERB_SERVE },
	{ OPTION_LABEL_PID, VERB_SERVE },
	{ OPTION_BPF_STATS, VERB_SERVE },
	{ OPTION_FAIL_ON, VERB_DOCTOR },
};

enum verb verb_find(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (!strcmp(verbs[i].name, name))
			return verbs[i].verb;
	}
	return 0;
}

char *verb_names(unsigned int set, char *buf, size_t len)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < VERB_COUNT && used < len; i++) {
		if (set & verbs[i].verb)
			used += (size_t)snprintf(buf + used, len - used, "%s%s", used ? ", " : "",
						 verbs[i].name);
	}
	return buf;
}

unsigned int verbs_of_option(int key)
{
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		if (fits[i].key == key)
			return fits[i].verbs;
	}
	return TRACERS | VERB_SERVE;
}

unsigned int verbs_of_interval(void)
{
	return SOURCED;
}

unsigned int verbs_of_count(void)
{
	return TABLES;
}

unsigned int verbs_of_command(void)
{
	return TRACERS & ~VERB_TOP;
}

bool verb_option_fits_from(int key)
{
	static const int live[] = { OPTION_BACKEND,  OPTION_MAX_CONNS, OPTION_RING_SIZE,
				    OPTION_NO_TURNS, OPTION_RECORD,    'd' };

	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
		if (live[i] == key)
			return false;
	}
	return true;
}
