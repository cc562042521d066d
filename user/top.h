/* SPDX-License-Identifier: Apache-2.0 */
/* `top`: the reports as a live full screen. */
#ifndef connscope_TOP_H
#define connscope_TOP_H

struct options;

/* Returns the exit status of the process. */
int top_run(const struct options *options);

#endif /* connscope_TOP_H */
