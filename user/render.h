/* SPDX-License-Identifier: Apache-2.0 */
/* From a report to what stands on stdout: the views asked for, through the output asked for. */
#ifndef connscope_RENDER_H
#define connscope_RENDER_H

#include <stdio.h>

#include "output.h"

struct account;
struct options;
struct report;
struct self_test;

/* What OPTIONS ask for, to be written to OUT. */
const struct output *render_output(const struct options *options);
struct output_options render_options(const struct options *options, FILE *out);

/* All write to OUT and flush it; -errno when that fails, or memory. */
int report_write(const struct report *report, const struct options *options, FILE *out);
/* The same views as a page of HTML. */
int report_write_page(const struct report *report, const struct options *options, FILE *out);
/* What `connscope check` prints: each feature and what it runs on; or, with TEST, what it delivers.
 */
int render_check(const struct account *account, const struct self_test *test,
		 const struct options *options, FILE *out);

#endif /* connscope_RENDER_H */
