/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo file systems of the kernel, also where nobody has mounted them. */
#ifndef connscope_KERNEL_FS_H
#define connscope_KERNEL_FS_H

#include <stddef.h>

/*
 * Reads the first line of PATH in the file system of TYPE ("tracefs", "debugfs") into RET_LINE,
 * which has SIZE bytes, without its end. Uses a mount of its own that no path leads to (fsmount(2),
 * 5.2), so the host's mounts stay as they are. -errno: no such type, not permitted, no such file,
 * or it is empty.
 */
int kernel_fs_line(const char *type, const char *path, char *ret_line, size_t size);

#endif /* connscope_KERNEL_FS_H */
