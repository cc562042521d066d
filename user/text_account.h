/* SPDX-License-Identifier: Apache-2.0 */
/* The line that says how complete a report is, and its clauses. */
#ifndef connscope_TEXT_ACCOUNT_H
#define connscope_TEXT_ACCOUNT_H

#include <stdbool.h>
#include <stdio.h>
#include <stddef.h>

struct report;

/* Is told the account clause by clause: SEPARATOR ends the one before it, ALARM is set where
 * something was lost. */
struct account_sink {
	void (*take)(struct account_sink *self, const char *separator, bool alarm,
		     const char *text);
};

void account_tell(const struct report *report, struct account_sink *sink);

/* "-- 1 connection tracked, 0 partial, 0 lost; fentry", more where more is to be said. A report
 * without an aggregate is one of features alone: "-- kernel 6.1.0; fentry". */
void text_account(FILE *out, const struct report *report, size_t width, bool colour);

#endif /* connscope_TEXT_ACCOUNT_H */
