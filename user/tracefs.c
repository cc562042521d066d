/* SPDX-License-Identifier: Apache-2.0 */
/* Perf tracepoint numbers, also where nobody has mounted tracefs. */
#include "tracefs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "kernel_fs.h"
#include "parse.h"

int tracefs_event_id(const char *group, const char *name)
{
	char path[128], text[32];
	__u64 id;
	int err;

	snprintf(path, sizeof(path), "events/%s/%s/id", group, name);
	err = kernel_fs_line("tracefs", path, text, sizeof(text));
	if (err)
		return err;
	return parse_number(text, 1, INT_MAX, &id) ? -EINVAL : (int)id;
}
