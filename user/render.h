/* SPDX-License-Identifier: Apache-2.0 */
/* From a report to what stands on stdout: the views asked for, through the output asked for. */
#ifndef connscope_RENDER_H
#define connscope_RENDER_H

#include <stdio.h>

struct account;
struct options;
struct report;

/* Both write to OUT and flush it; -errno when that fails, or memory. */
int report_write(const struct report *report, const struct options *options, FILE *out);
/* What `connscope check` prints: each feature and what it runs on. */
int render_check(const struct account *account, const struct options *options, FILE *out);

#endif /* connscope_RENDER_H */
