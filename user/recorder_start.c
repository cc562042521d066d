/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording says of itself from its start on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "arguments.h"
#include "cleanup.h"
#include "recorder.h"
#include "recorder_part.h"
#include "recording.h"
#include "version.h"

static void read_boot_id(char *ret_id, size_t len)
{
	auto_file FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(ret_id, (int)len, file))
		ret_id[0] = '\0';
	ret_id[strcspn(ret_id, "\n")] = '\0';
}

/* What is told of WORDS, a blank between. NULL: out of memory. */
static char *join(char **words)
{
	size_t told = arguments_told(words), len;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; out && i < told; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
	if (out)
		fclose(out);
	return text;
}

int part_write_start(sqlite3 *db, const struct recorder_options *options)
{
	static const char sql[] = "INSERT INTO recording VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
				  "?8, ?9, ?8, ?9, 0, 0, '', "
				  "0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, 0, ?10, ?8, ?9)";
	struct utsname host;
	auto_free char *arguments = join(options->arguments);
	char boot_id[64];
	sqlite3_stmt *stmt;
	int err = recording_prepare(db, sql, &stmt);

	if (err)
		return err;
	uname(&host);
	read_boot_id(boot_id, sizeof(boot_id));
	part_bind_text(stmt, 1, CONNSCOPE_VERSION);
	part_bind_text(stmt, 2, host.nodename);
	part_bind_text(stmt, 3, host.release);
	part_bind_text(stmt, 4, boot_id);
	part_bind_text(stmt, 5, arguments ? arguments : "");
	sqlite3_bind_int64(stmt, 6, options->by);
	sqlite3_bind_int(stmt, 7, options->cgroups_apart);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)options->clocks.wall_ms);
	sqlite3_bind_int64(stmt, 9, (sqlite3_int64)options->clocks.ns);
	sqlite3_bind_int(stmt, 10, options->exchanges);
	err = part_run(stmt);
	sqlite3_finalize(stmt);
	return err;
}
