/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo file systems of the kernel, also where nobody has mounted them. */
#include "kernel_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"

static int open_root(const char *type)
{
	auto_close int context = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? -errno : mount;
}

int kernel_fs_line(const char *type, const char *path, char *ret_line, size_t size)
{
	auto_close int root = open_root(type);
	auto_close int file = -1;
	ssize_t got;

	if (root < 0)
		return root;
	file = openat(root, path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	got = read(file, ret_line, size - 1);
	if (got <= 0)
		return got < 0 ? -errno : -ENODATA;
	ret_line[got] = '\0';
	ret_line[strcspn(ret_line, "\n")] = '\0';
	return 0;
}
