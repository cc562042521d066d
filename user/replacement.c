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

/* As OLD is, or NULL: as open(2) would have made it. */
static int set_mode(int fd, const struct stat *old)
{
	mode_t mask = umask(0);

	umask(mask);
	if (old && fchown(fd, old->st_uid, old->st_gid))
		return -errno;
	return fchmod(fd, old ? old->st_mode & 07777 : 0666 & ~mask) ? -errno : 0;
}

static int open_beside(struct replacement *replacement, const struct stat *old)
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
	err = set_mode(fd, old);
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
	/* The kernel says whether it may be written: a rename asks the folder alone, and follows
	 * links that fs.protected_symlinks would not. */
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat old;
	int err;

	if (fd < 0 && errno != ENOENT && errno != ENXIO)
		return -errno;
	if (fd < 0 ? errno == ENXIO : !fstat(fd, &old) && !S_ISREG(old.st_mode))
		return open_in_place(path, ret_replacement);
	replacement.path = fd < 0 ? strdup(path) : realpath(path, NULL);
	if (!replacement.path)
		return -errno;
	err = open_beside(&replacement, fd < 0 ? NULL : &old);
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
	/* Its content before its name, in a crash. */
	if (!err && !in_place && (fflush(replacement->out) || fsync(fileno(replacement->out))))
		err = -errno;
	if (fclose(replacement->out) && !err)
		err = -errno;
	if (!err && !in_place && rename(replacement->beside, replacement->path))
		err = -errno;
	if (err && !in_place)
		unlink(replacement->beside);
	replacement__done(replacement);
	return err;
}
