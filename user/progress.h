/* SPDX-License-Identifier: Apache-2.0 */
/* What `record` says to people, on stderr: how far it is, and what it has written in the end. */
#ifndef connscope_PROGRESS_H
#define connscope_PROGRESS_H

#include <stddef.h>
#include <linux/types.h>

struct recorder_progress;

/* "00:01:05  12,345 connections  3.1 MiB", to BUF, which is returned. */
char *progress_format(const struct recorder_progress *progress, char *buf, size_t len);
/* "12,345 connections in 65 s, 3.1 MiB in connscope.db". */
char *progress_sum(const struct recorder_progress *progress, const char *path, char *buf,
		   size_t len);

#endif /* connscope_PROGRESS_H */
