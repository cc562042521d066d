/* SPDX-License-Identifier: Apache-2.0 */
/* The first word of the command line: what there is, and which options each takes. */
#ifndef connscope_VERB_H
#define connscope_VERB_H

#include <stdbool.h>
#include <stddef.h>

enum verb {
	VERB_ALL = 1 << 0,
	VERB_REUSE = 1 << 1,
	VERB_ACCEPT = 1 << 2,
	VERB_CLOSE = 1 << 3,
	VERB_CONNS = 1 << 4,
	VERB_CHECK = 1 << 5,
	VERB_TRACE = 1 << 6,
	VERB_RECORD = 1 << 7,
	VERB_TOP = 1 << 8,
	VERB_SERVE = 1 << 9,
	VERB_DOCTOR = 1 << 10,
};

/* 0: no such verb. */
enum verb verb_find(const char *name);
/* The names of the verbs in SET, a comma and a blank between. Returns BUF. */
char *verb_names(unsigned int set, char *buf, size_t len);

#define VERBS_EVERY (~0U)

/* The verbs that take the option KEY; those that take INTERVAL, COUNT, and -- COMMAND. */
unsigned int verbs_of_option(int key);
unsigned int verbs_of_interval(void);
unsigned int verbs_of_count(void);
unsigned int verbs_of_command(void);
/* Whether a recording (--from) takes the option KEY. */
bool verb_option_fits_from(int key);

#endif /* connscope_VERB_H */
