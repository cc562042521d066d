/* SPDX-License-Identifier: Apache-2.0 */
/* Which software a process runs, as far as its name or its executable tells: whose settings apply.
 */
#ifndef connscope_SOFTWARE_H
#define connscope_SOFTWARE_H

#include <stdbool.h>
#include <linux/types.h>

enum software {
	SOFTWARE_ANY, /* not recognised */
	SOFTWARE_NGINX,
	SOFTWARE_HAPROXY,
	SOFTWARE_ENVOY,
	SOFTWARE_APACHE,
	SOFTWARE_NODE,
	SOFTWARE_JAVA,
	SOFTWARE_PYTHON,
	SOFTWARE_RUBY,
	SOFTWARE_PHP,
	SOFTWARE_GO,
};

/* Of the process name COMM, as the kernel has it, cut at 15 characters. */
enum software software_of_name(const char *comm);
/* Of the executable that process PID runs, from its name, or because Go built it. */
enum software software_of_process(__u32 pid);
/* The executable PATH has Go's build id: the ELF note of owner "Go" and type 4
 * (cmd/internal/buildid). */
bool software_is_go(const char *path);

#endif /* connscope_SOFTWARE_H */
