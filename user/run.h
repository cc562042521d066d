/* SPDX-License-Identifier: Apache-2.0 */
/* One run from start to exit status: trace, report, end. */
#ifndef connscope_RUN_H
#define connscope_RUN_H

struct options;

/* Traces as OPTIONS say and writes the reports. Returns the exit status of the process. */
int run_trace(const struct options *options);
/* Prints what this kernel offers. */
int run_check(const struct options *options);

#endif /* connscope_RUN_H */
