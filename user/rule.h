/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of doctor: when each speaks, and what it says. A new one is an entry of rules.c, and its
 * test. */
#ifndef connscope_RULE_H
#define connscope_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "fact.h"

enum severity {
	SEVERITY_NONE,
	SEVERITY_NOTICE,   /* worth to know */
	SEVERITY_WARNING,  /* it costs, or will hurt under more load */
	SEVERITY_CRITICAL, /* requests fail or wait */
};

/* What a rule is about. */
enum scope {
	SCOPE_CLIENT = 1 << 0, /* a row of connections that this host opened */
	SCOPE_SERVER = 1 << 1, /* one of those that it accepted */
	SCOPE_TRACER = 1 << 2, /* the tracer's own account */
};

enum comparison {
	AT_LEAST,
	ABOVE,
	AT_MOST,
	BELOW,
};

/* FACT compares so to VALUE, or where OF is a fact to VALUE times that. A fact that is not known
 * meets no condition. */
struct condition {
	enum fact fact;
	enum comparison comparison;
	double value;
	enum fact of;
};

#define CONDITIONS_MAX 7
#define EVIDENCE_MAX   14
#define UNLESS_MAX     6

/*
 * Texts name facts by their keys, in braces; a part in brackets is left out where one of its facts
 * is not known. Lists end with the first zero.
 */
struct rule {
	const char *id; /* those of one id say the same of different cases; the first that fits */
	unsigned int scopes; /* enum scope */
	enum severity severity;
	struct condition when[CONDITIONS_MAX + 1]; /* all of them */
	enum severity worse;			   /* where these are met as well */
	struct condition worse_when[2 + 1];
	const char *unless[UNLESS_MAX + 1]; /* rules before it that have spoken of the same row */
	const char *what;
	const char *why;
	const char *check; /* how to see that a change worked */
	enum fact evidence[EVIDENCE_MAX + 1];
};

extern const struct rule rules[];
extern const size_t rule_count;

bool conditions_met(const struct condition *conditions, const struct facts *facts);

/* "notice", "warning", "critical". */
const char *severity_name(enum severity severity);
/* SEVERITY_NONE: no such one. */
enum severity severity_find(const char *name);

#endif /* connscope_RULE_H */
