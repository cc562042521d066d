/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a recording: opened to be read, and what is wrong with it said in one line. */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "log.h"
#include "stop.h"

#define BUSY_MS 2000 /* a writer that is just recovering or ending */
#define STEPS_APART                                                                                \
	100000 /* of SQLite's machine, some milliseconds, between looking for a signal */

int recording_error(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_ERROR: /* a table or column is not there, or not what it should be */
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_INTERRUPT:
		return -EINTR;
	default:
		return -EIO;
	}
}

int recording_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_stmt)
{
	return recording_error(
		sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_stmt, NULL));
}

/* What one PRAGMA says. */
static int get_pragma(sqlite3 *db, const char *sql, __s64 *ret_value)
{
	sqlite3_stmt *stmt;
	int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(stmt);
	if (result == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* 0, or -EIO, logged. */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		log_err(-errno, "cannot read %s", path);
		return -EIO;
	}
	if (S_ISREG(st.st_mode) && st.st_size)
		return 0;
	log_error("cannot read %s: %s, not a recording", path,
		  S_ISDIR(st.st_mode)	? "a directory"
		  : S_ISREG(st.st_mode) ? "an empty file"
					: "not a regular file");
	return -EIO;
}

/* A path is never a name that means something to SQLite, such as :memory:. NULL: out of memory. */
char *recording_name(const char *path)
{
	char *name = NULL;

	return asprintf(&name, "%s%s", path[0] == '/' ? "" : "./", path) < 0 ? NULL : name;
}

/* file:PATH?immutable=1, with what has a meaning there escaped. NULL: out of memory. */
static char *immutable_uri(const char *path)
{
	static const char start[] = "file:", end[] = "?immutable=1";
	char *uri = malloc(3 * strlen(path) + sizeof(start) + sizeof(end));
	char *to = uri;

	if (!uri)
		return NULL;
	to = stpcpy(to, start);
	for (; *path; path++) {
		if (strchr("%?#", *path))
			to += snprintf(to, 4, "%%%02X", (unsigned char)*path);
		else
			*to++ = *path;
	}
	stpcpy(to, end);
	return uri;
}

static int open_as(const char *name, int flags, sqlite3 **ret_db)
{
	sqlite3 *db = NULL;
	__s64 schema;
	int result = sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY | flags, NULL);

	if (result == SQLITE_OK) {
		sqlite3_busy_timeout(db, BUSY_MS);
		result = get_pragma(db, "PRAGMA schema_version", &schema);
	}
	if (result != SQLITE_OK) {
		sqlite3_close(db);
		return result;
	}
	*ret_db = db;
	return SQLITE_OK;
}

/* What a recorder that was killed had written last stands there. */
static bool has_log(const char *path)
{
	char name[PATH_MAX];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", path);
	return !stat(name, &st) && st.st_size;
}

/* Where no file can be made beside it, nobody can be writing it either. */
static int open_any(const char *path, sqlite3 **ret_db)
{
	auto_free char *name = recording_name(path), *uri = NULL;
	int result = name ? open_as(name, 0, ret_db) : SQLITE_NOMEM;

	if ((result != SQLITE_CANTOPEN && result != SQLITE_READONLY) || has_log(path))
		return result;
	uri = immutable_uri(path);
	return uri ? open_as(uri, SQLITE_OPEN_URI, ret_db) : SQLITE_NOMEM;
}

static int refuse(const char *path, int result)
{
	if (result == SQLITE_NOTADB)
		log_error("cannot read %s: not a recording of connscope", path);
	else if (result == SQLITE_CORRUPT)
		log_error("cannot read %s: the recording is damaged", path);
	else if (result == SQLITE_CANTOPEN && has_log(path))
		log_error("cannot read %s with its %s-wal here: copy both to where you may write",
			  path, path);
	else
		log_error("cannot read %s: %s", path, sqlite3_errstr(result));
	return -EIO;
}

static int check_schema(sqlite3 *db, const char *path)
{
	__s64 id, schema;
	int result = get_pragma(db, "PRAGMA application_id", &id);

	if (result == SQLITE_OK)
		result = get_pragma(db, "PRAGMA user_version", &schema);
	if (result != SQLITE_OK)
		return refuse(path, result);
	if (id != RECORDING_APPLICATION_ID || schema < 1)
		return refuse(path, SQLITE_NOTADB);
	if (schema == RECORDING_SCHEMA)
		return 0;
	log_error("cannot read %s: its schema is %lld, this connscope reads %d: take %s one", path,
		  schema, RECORDING_SCHEMA, schema > RECORDING_SCHEMA ? "a newer" : "an older");
	return -EIO;
}

static int is_stopped(void *context)
{
	(void)context;
	return stop_asked() != 0;
}

/* What DB holds may be anybody's: no SQL that it brings along runs, and a signal ends what does. */
static void distrust(sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_progress_handler(db, STEPS_APART, is_stopped, NULL);
}

int recording_open(const char *path, sqlite3 **ret_db)
{
	/* One state throughout. */
	static const char start[] = "PRAGMA cell_size_check = ON; BEGIN";
	sqlite3 *db = NULL;
	int err = check_file(path), result;

	if (err)
		return err;
	result = open_any(path, &db);
	if (result != SQLITE_OK)
		return refuse(path, result);
	distrust(db);
	err = check_schema(db, path);
	result = err ? SQLITE_OK : sqlite3_exec(db, start, NULL, NULL, NULL);
	if (result != SQLITE_OK)
		err = refuse(path, result);
	if (err) {
		sqlite3_close(db);
		return err;
	}
	*ret_db = db;
	return 0;
}

bool recording_is_written(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}
