/* SPDX-License-Identifier: Apache-2.0 */
/* `connscope serve`: what is traced, for Prometheus to scrape. */
#ifndef connscope_SERVE_H
#define connscope_SERVE_H

struct options;

/* Traces and answers until a signal or the end of the duration. Returns the exit status of the
 * process. */
int serve_run(const struct options *options);

#endif /* connscope_SERVE_H */
