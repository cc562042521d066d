/* SPDX-License-Identifier: Apache-2.0 */
/* `connscope check`: what this kernel offers, and whether it delivers. */
#ifndef connscope_CHECK_H
#define connscope_CHECK_H

struct options;

/* Returns the exit status of the process. */
int check_run(const struct options *options);

#endif /* connscope_CHECK_H */
