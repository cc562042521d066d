/* SPDX-License-Identifier: Apache-2.0 */
/* Scoped ownership: what is declared with auto_* is released where its scope ends. */
#ifndef connscope_CLEANUP_H
#define connscope_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define auto_free  __attribute__((cleanup(cleanup_free)))
#define auto_close __attribute__((cleanup(cleanup_close)))
#define auto_file  __attribute__((cleanup(cleanup_file)))

#endif /* connscope_CLEANUP_H */
