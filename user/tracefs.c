/* SPDX-License-Identifier: Apache-2.0 */
/* Perf tracepoint numbers, also where nobody has mounted tracefs. */
#include "tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"
#include "parse.h"

static int tracefs_open(void)
{
	auto_close int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	int mount;

	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? -errno : mount;
}

int tracefs_event_id(const char *group, const char *name)
{
	auto_close int root = tracefs_open();
	auto_close int file = -1;
	char path[128], text[32];
	ssize_t got;
	__u64 id;

	if (root < 0)
		return root;
	snprintf(path, sizeof(path), "events/%s/%s/id", group, name);
	file = openat(root, path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	got = read(file, text, sizeof(text) - 1);
	if (got <= 0)
		return got < 0 ? -errno : -ENODATA;
	text[got - (text[got - 1] == '\n')] = '\0';
	return parse_number(text, 1, INT_MAX, &id) ? -EINVAL : (int)id;
}
