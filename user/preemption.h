/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this kernel may take the CPU from a tracing program. */
#ifndef connscope_PREEMPTION_H
#define connscope_PREEMPTION_H

#include <stdbool.h>

/* What tells; each is NULL where it cannot be had. */
struct preemption_signs {
	const char *mode;    /* debugfs, sched/preempt: "none (voluntary) full" */
	const char *version; /* uname(2): names PREEMPT where it was built for that in any form */
	const char *model;   /* the kernel's configuration: "CONFIG_PREEMPT_NONE=y" and so on */
	const char *cmdline; /* preempt= overrides the configuration */
};

/* True where nothing says no. */
bool preemption_by(const struct preemption_signs *signs);

/* The same of the running kernel. */
bool preemption_here(void);

#endif /* connscope_PREEMPTION_H */
