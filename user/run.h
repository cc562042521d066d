/* SPDX-License-Identifier: Apache-2.0 */
/* One run from start to exit status: trace, report, end. */
#ifndef connscope_RUN_H
#define connscope_RUN_H

struct options;

/* Traces as OPTIONS say and writes the reports. Returns the exit status of the process. */
int run_trace(const struct options *options);
/* The exit status that an error, which has been logged, means; 0 and a reader that has gone are
 * fine. */
int run_status(int err);

#endif /* connscope_RUN_H */
