/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what stands on the command line goes together. */
#include "cli_check.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "cli_option.h"
#include "cli_value.h"
#include "usage.h"
#include "verb.h"
#include "view.h"

/* WHAT must be for VIEW, one of VERBS. */
static void check_fits(const char *view, unsigned int verbs, const char *what)
{
	char names[128];

	if (!(verb_find(view) & verbs))
		usage_error("%s %s: accepted with: %s", view, what,
			    verb_names(verbs, names, sizeof(names)));
}

/* The option KEY means nothing without FILE, which NEEDED gives. */
static void check_needs(const struct cli *cli, int key, const char *file, const char *needed)
{
	char name[32];

	for (size_t i = 0; !file && i < cli->key_count; i++) {
		if (cli->keys[i] == key)
			usage_error("%s: accepted with: %s FILE",
				    option_name(key, name, sizeof(name)), needed);
	}
}

/* What is asked for needs the turns that nobody watches. */
static void check_no_turns(const struct cli *cli)
{
	static const int keys[] = { OPTION_EXCHANGES, OPTION_IN_FLIGHT };
	char name[32];

	for (size_t i = 0; i < cli->key_count; i++) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			if (cli->keys[i] == keys[k])
				usage_error("--no-turns %s: accepted: one of them: no exchange is "
					    "seen without turns",
					    option_name(keys[k], name, sizeof(name)));
		}
	}
}

/* A recording cannot be asked for what only tracing gives. */
static void check_from(const struct cli *cli)
{
	char name[32];

	for (size_t i = 0; i < cli->key_count; i++) {
		if (!verb_option_fits_from(cli->keys[i]))
			usage_error("%s: does not go with --from, which reports what was recorded",
				    option_name(cli->keys[i], name, sizeof(name)));
	}
	if (cli->positionals || cli->options->command)
		usage_error("%s: does not go with --from, which reports what was recorded",
			    cli->positionals ? "INTERVAL" : "-- COMMAND");
}

/* The folder of PATH, and in RET_NAME the last word of it. False: there is no such folder. */
static bool place_of(const char *path, struct stat *ret_folder, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");

	*ret_name = slash ? slash + 1 : path;
	return folder && !stat(folder, ret_folder);
}

static bool is_one(const struct stat *left, const struct stat *right)
{
	return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

/* Whether A and B, which need not exist, are one file; devices take what anybody writes. */
static bool is_same_file(const char *a, const char *b)
{
	const char *left_name, *right_name;
	struct stat left, right;
	int missing = !!stat(a, &left) + !!stat(b, &right);

	if (!missing)
		return S_ISREG(left.st_mode) && is_one(&left, &right);
	return missing == 2 && place_of(a, &left, &left_name) && place_of(b, &right, &right_name) &&
	       is_one(&left, &right) && !strcmp(left_name, right_name);
}

struct named_file {
	const char *name, *path;
};

static void refuse_same(const struct named_file *written, const struct named_file *other)
{
	static const char *const beside[] = { "", "-wal", "-shm", "-journal" };
	bool database = !strcmp(other->name, "--from") || !strcmp(other->name, "--record");
	char path[PATH_MAX];

	for (size_t i = 0; i < (database ? sizeof(beside) / sizeof(beside[0]) : 1); i++) {
		if (snprintf(path, sizeof(path), "%s%s", other->path, beside[i]) >=
		    (int)sizeof(path))
			return;
		if (is_same_file(written->path, path))
			usage_error("%s %s: is %s file of %s, accepted: another one", written->name,
				    written->path, i ? "a" : "the", other->name);
	}
}

/* What is written into one of these files must not be another one of them, which would be lost. */
static void check_files(const struct options *options)
{
	const struct named_file files[] = {
		{ "--names", options->names_file },   { "--from", options->from_file },
		{ "--record", options->record_file }, { "--html", options->html_file },
		{ "--output", options->output_file },
	};

	for (size_t i = 2; i < sizeof(files) / sizeof(files[0]); i++) {
		for (size_t j = 0; files[i].path && j < i; j++) {
			if (files[j].path)
				refuse_same(&files[i], &files[j]);
		}
	}
}

void cli_check(const struct cli *cli)
{
	const struct options *options = cli->options;
	char name[32];

	for (size_t i = 0; i < cli->key_count; i++)
		check_fits(options->view, verbs_of_option(cli->keys[i]),
			   option_name(cli->keys[i], name, sizeof(name)));
	if (cli->positionals)
		check_fits(options->view, verbs_of_interval(), "INTERVAL");
	if (cli->positionals > 1)
		check_fits(options->view, verbs_of_count(), "COUNT");
	if (options->command)
		check_fits(options->view, verbs_of_command(), "-- COMMAND");
	if (options->json && options->csv)
		usage_error("--json --csv: accepted: one of them");
	if (options->from_file)
		check_from(cli);
	check_needs(cli, OPTION_SINCE, options->from_file, "--from");
	check_needs(cli, OPTION_UNTIL, options->from_file, "--from");
	check_needs(cli, OPTION_MAX_SIZE, options->record_file, "record, or --record");
	check_needs(cli, OPTION_KEEP, options->record_file, "record, or --record");
	check_needs(cli, OPTION_EXCHANGES, options->record_file, "record, or --record");
	if (options->no_turns)
		check_no_turns(cli);
	check_files(options);
	if (options->sort && !view_has_column(options->view, options->sort))
		usage_error("--sort %s: no such column of %s, accepted: a title or a key of --json",
			    options->sort, options->view);
}
