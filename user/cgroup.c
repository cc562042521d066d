/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup v2 ids: the 8 bytes of the directory's file handle. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cleanup.h"

#define HANDLE_KERNFS 0xfe /* FILEID_KERNFS of the kernel's exportfs.h */

/* A struct file_handle with room for a kernfs id. */
union kernfs_handle {
	struct file_handle handle;
	char room[sizeof(struct file_handle) + sizeof(__u64)];
};

/* mountinfo writes blanks and backslashes as three octal digits. */
static void unescape_octal(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
					(text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* The fifth field of a mountinfo line, when what follows " - " says that it is cgroup2. */
static char *cgroup2_mount_of_line(char *line)
{
	const char *type = strstr(line, " - ");
	char *rest = line, *field = NULL;

	if (!type || strncmp(type, " - cgroup2 ", strlen(" - cgroup2 ")))
		return NULL;
	for (int i = 0; i < 5; i++)
		field = strsep(&rest, " ");
	if (field)
		unescape_octal(field);
	return field;
}

int cgroup_mount(char *buf, size_t len)
{
	auto_file FILE *file = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL;
	const char *path;
	size_t room = 0;

	if (!file)
		return -errno;
	while (getline(&line, &room, file) >= 0) {
		path = cgroup2_mount_of_line(line);
		if (path)
			return (size_t)snprintf(buf, len, "%s", path) < len ? 0 : -ENAMETOOLONG;
	}
	return -ENOENT;
}

static int id_of(const char *path, __u64 *ret_id)
{
	union kernfs_handle kernfs = { .handle.handle_bytes = sizeof(*ret_id) };
	struct stat st;
	int mount_id;

	if (!name_to_handle_at(AT_FDCWD, path, &kernfs.handle, &mount_id, 0) &&
	    kernfs.handle.handle_bytes == sizeof(*ret_id)) {
		memcpy(ret_id, kernfs.handle.f_handle, sizeof(*ret_id));
		return 0;
	}
	/* The same number where inode numbers have 64 bits. */
	if (stat(path, &st))
		return -errno;
	*ret_id = st.st_ino;
	return 0;
}

static int resolve(const char *path, char *buf, size_t len)
{
	char mount[PATH_MAX] = "";
	struct statfs fs;
	int err;

	err = path[0] == '/' ? 0 : cgroup_mount(mount, sizeof(mount));
	if (err)
		return err;
	if ((size_t)snprintf(buf, len, "%s%s%s", mount, mount[0] ? "/" : "", path) >= len)
		return -ENAMETOOLONG;
	if (statfs(buf, &fs))
		return -errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? 0 : -EINVAL;
}

static int collect_tree(FTS *tree, __u64 *ids, size_t max, size_t *count)
{
	const FTSENT *entry;
	int err = 0;

	while (!err && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D)
			continue;
		if (*count == max)
			return -E2BIG;
		err = id_of(entry->fts_path, &ids[*count]);
		if (err == -ENOENT && entry->fts_level > 0)
			err = 0; /* it went away while we walked */
		else if (!err)
			(*count)++;
	}
	return err;
}

int cgroup_collect(const char *path, __u64 *ids, size_t max, size_t *count)
{
	char full[PATH_MAX];
	char *roots[] = { full, NULL };
	FTS *tree;
	int err;

	err = resolve(path, full, sizeof(full));
	if (err)
		return err;
	tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (!tree)
		return -errno;
	err = collect_tree(tree, ids, max, count);
	fts_close(tree);
	return err;
}

int cgroup_path(int mount_fd, __u64 id, char *buf, size_t len)
{
	union kernfs_handle kernfs = {
		.handle = { .handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS },
	};
	char link[sizeof("/proc/self/fd/") + 10];
	auto_close int fd = -1;
	ssize_t size;

	memcpy(kernfs.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount_fd, &kernfs.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, buf, len);
	if (size < 0)
		return -errno;
	if ((size_t)size >= len)
		return -ENAMETOOLONG;
	buf[size] = '\0';
	return 0;
}
