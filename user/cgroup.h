/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup v2: where it is mounted, and paths to ids and back. */
#ifndef connscope_CGROUP_H
#define connscope_CGROUP_H

#include <stddef.h>
#include <linux/types.h>

/* Where the cgroup v2 hierarchy is mounted; -ENOENT when nowhere. */
int cgroup_mount(char *buf, size_t len);

/* Appends the ids of the directory PATH and of all below it to the COUNT ids in IDS, of which there
 * is room for MAX. PATH is absolute, or counts from the mount point. -EINVAL: not a cgroup v2
 * directory, -E2BIG: no room for all. */
int cgroup_collect(const char *path, __u64 *ids, size_t max, size_t *count);

/* The path of the cgroup ID below the mount point MOUNT_FD. Needs CAP_DAC_READ_SEARCH. */
int cgroup_path(int mount_fd, __u64 id, char *buf, size_t len);

#endif /* connscope_CGROUP_H */
