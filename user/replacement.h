/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is written beside the one it is for, and takes its place when it is whole. */
#ifndef connscope_REPLACEMENT_H
#define connscope_REPLACEMENT_H

#include <stdio.h>

struct replacement {
	FILE *out;
	char *path; /* of the file itself, whatever links lead there */
	char *beside;
};

/*
 * Opens one for PATH, which need not exist; else it keeps its owner and mode. What is no regular
 * file, such as /dev/stdout, is written in place. -errno.
 */
int replacement__open(const char *path, struct replacement *ret_replacement);
/* Puts it in place, or with ERR, which it then returns, gives it up. -errno. */
int replacement__close(struct replacement *replacement, int err);

#endif /* connscope_REPLACEMENT_H */
