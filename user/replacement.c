/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is written beside the one it is for, and takes its place when it is whole. */
#include "replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

static void replacement__done(struct replacement *replacement)
{
	free(replacement->path);
	free(replacement->beside);
	memset(replacement, 0, sizeof(*replacement));
}

static int open_in_place(const char *path, struct replacement *ret)
{
	FILE *out = fopen(path, "we");

	if (!out)
		return -errno;
	*ret = (struct replacement){ .out = out };
	return 0;
}

/* As open(2) would have made it. */
static int set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask) ? -errno : 0;
}

static int open_beside(struct replacement *replacement)
{
	auto_close int fd = -1;
	int err;

	if (asprintf(&replacement->beside, "%s.XXXXXX", replacement->path) < 0) {
		replacement->beside = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(replacement->beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = set_mode(fd);
	replacement->out = err ? NULL : fdopen(fd, "w");
	if (!replacement->out) {
		err = err ? err : -errno;
		unlink(replacement->beside);
		return err;
	}
	fd = -1; /* the stream's */
	return 0;
}

int replacement__open(const char *path, struct replacement *ret_replacement)
{
	struct replacement replacement = { 0 };
	struct stat file;
	int err;

	if (!stat(path, &file) && !S_ISREG(file.st_mode))
		return open_in_place(path, ret_replacement);
	replacement.path = realpath(path, NULL);
	if (!replacement.path && errno == ENOENT)
		replacement.path = strdup(path);
	if (!replacement.path)
		return -errno;
	err = open_beside(&replacement);
	if (err)
		replacement__done(&replacement);
	else
		*ret_replacement = replacement;
	return err;
}

int replacement__close(struct replacement *replacement, int err)
{
	bool in_place = !replacement->beside;

	if (ferror(replacement->out) && !err)
		err = -EIO;
	if (fclose(replacement->out) && !err)
		err = -errno;
	if (!err && !in_place && rename(replacement->beside, replacement->path))
		err = -errno;
	if (err && !in_place)
		unlink(replacement->beside);
	replacement__done(replacement);
	return err;
}
