/* SPDX-License-Identifier: Apache-2.0 */
/* The line that says how complete a report is. */
#ifndef connscope_TEXT_ACCOUNT_H
#define connscope_TEXT_ACCOUNT_H

#include <stdbool.h>
#include <stdio.h>
#include <stddef.h>

struct report;

/* "-- 1 connection tracked, 0 partial, 0 lost; fentry", more where more is to be said. A report
 * without an aggregate is one of features alone: "-- kernel 6.1.0; fentry". */
void text_account(FILE *out, const struct report *report, size_t width, bool colour);

#endif /* connscope_TEXT_ACCOUNT_H */
