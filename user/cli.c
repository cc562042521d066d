/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table, one parser. */
#include "cli.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cli_value.h"
#include "escape.h"
#include "log.h"
#include "parse.h"
#include "verb.h"
#include "version.h"
#include "view.h"

#define MAX_CONNS     65536
#define MAX_ENDPOINTS 1024
#define RING_KIB      4096
#define CLOSED	      100
#define RECORD_FILE   "connscope.db"
#define LISTEN_PORT   10310 /* exporters have 9100 to 9999 */
#define MAX_SERIES    100

enum help_group {
	GROUP_WHAT = 1,
	GROUP_REPORT,
	GROUP_RECORDING,
	GROUP_SERVE,
	GROUP_ADVANCED,
};

/* clang-format off */
static const struct argp_option options_table[] = {
	{ NULL, 0, NULL, OPTION_DOC, "WHAT TO TRACE (lists are comma-separated and may be repeated)", GROUP_WHAT },
	{ "pid", 'p', "PID", 0, "owner process (list)", GROUP_WHAT },
	{ "comm", 'n', "NAME", 0, "owner's name or a glob (list)", GROUP_WHAT },
	{ "port", 'P', "PORT", 0, "service port: remote of clients, local of servers (list)", GROUP_WHAT },
	{ "localport", 'L', "PORT", 0, "local port (list)", GROUP_WHAT },
	{ "remoteport", 'D', "PORT", 0, "remote port (list)", GROUP_WHAT },
	{ "addr", 'a', "ADDR", 0, "remote address or CIDR (list)", GROUP_WHAT },
	{ NULL, '4', NULL, 0, "IPv4 or IPv6 only", GROUP_WHAT },
	{ NULL, '6', NULL, OPTION_ALIAS, NULL, GROUP_WHAT },
	{ "cgroup", 'c', "PATH", 0, "owner's cgroup v2, with all below it (list)", GROUP_WHAT },
	{ "container", OPTION_CONTAINER, "ID", 0, "container id, or how it begins (list)", GROUP_WHAT },
	{ "netns", OPTION_NETNS, "NS", 0, "network namespace: inode, name, path or pid:N (list)", GROUP_WHAT },
	{ "role", OPTION_ROLE, "ROLE", 0, "client or server", GROUP_WHAT },
	{ NULL, 0, NULL, OPTION_DOC, "REPORT", GROUP_REPORT },
	{ "duration", 'd', "SECONDS", 0, "report after so long; without, on Ctrl-C", GROUP_REPORT },
	{ "by", OPTION_BY, "KEY", 0, "rows by endpoint, comm, pid, container, netns, name (list)", GROUP_REPORT },
	{ "names", OPTION_NAMES, "FILE", 0, "names of endpoints: lines of NAME ADDR[:PORT]|CIDR", GROUP_REPORT },
	{ "sort", 's', "COLUMN", 0, "by title, or by JSON key", GROUP_REPORT },
	{ "rows", 'r', "N", 0, "the first N rows of each table", GROUP_REPORT },
	{ "closed", OPTION_CLOSED, "N", 0, "conns, top: the last N that closed (100)", GROUP_REPORT },
	{ "state", OPTION_STATE, "STATE", 0, "conns: in that state, open, closed or failed (list)", GROUP_REPORT },
	{ "initiator", OPTION_INITIATOR, "WHO", 0, "conns: ended so: local-fin, timeout, ... (list)", GROUP_REPORT },
	{ "in-flight", OPTION_IN_FLIGHT, NULL, 0, "conns: with a request in flight", GROUP_REPORT },
	{ "min-idle", OPTION_MIN_IDLE, "SECONDS", 0, "conns: idle so long, or at the end", GROUP_REPORT },
	{ "hist", OPTION_HIST, NULL, 0, "histograms, too: bars; lists in JSON and CSV", GROUP_REPORT },
	{ "wide", 'w', NULL, 0, "all columns", GROUP_REPORT },
	{ "no-header", OPTION_NO_HEADER, NULL, 0, "no titles", GROUP_REPORT },
	{ "time", 'T', NULL, 0, "the time above each report", GROUP_REPORT },
	{ "json", 'j', NULL, 0, "JSON Lines", GROUP_REPORT },
	{ "csv", OPTION_CSV, NULL, 0, "CSV, tables with an empty line between", GROUP_REPORT },
	{ "html", OPTION_HTML, "FILE", 0, "a page for browsers, beside the report", GROUP_REPORT },
	{ "output", 'o', "FILE", 0, "write there, not to stdout", GROUP_REPORT },
	{ NULL, 0, NULL, OPTION_DOC, "RECORDINGS", GROUP_RECORDING },
	{ "from", OPTION_FROM, "FILE", 0, "report from a recording: no root, any machine", GROUP_RECORDING },
	{ "since", OPTION_SINCE, "TIME", 0, "--from: from 13:45, an RFC 3339 time, or -10m on", GROUP_RECORDING },
	{ "until", OPTION_UNTIL, "TIME", 0, "--from: up to then", GROUP_RECORDING },
	{ "record", OPTION_RECORD, "FILE", 0, "record beside the report: the same numbers", GROUP_RECORDING },
	{ "exchanges", OPTION_EXCHANGES, NULL, 0, "record single exchanges, too: for trace --from", GROUP_RECORDING },
	{ "keep", OPTION_KEEP, "TIME", 0, "drop what ended longer ago than 7d, 12h, 30m", GROUP_RECORDING },
	{ "max-size", OPTION_MAX_SIZE, "SIZE", 0, "drop the oldest where it gets larger than 500M, 2G", GROUP_RECORDING },
	{ NULL, 0, NULL, OPTION_DOC, "SERVE", GROUP_SERVE },
	{ "web.listen-address", OPTION_LISTEN, "ADDR:PORT", 0, "serve: where (127.0.0.1:10310)", GROUP_SERVE },
	{ "max-series", OPTION_MAX_SERIES, "N", 0, "serve: endpoints, the rest in \"other\" (100)", GROUP_SERVE },
	{ "label-pid", OPTION_LABEL_PID, NULL, 0, "serve: tell processes apart, by pid", GROUP_SERVE },
	{ "bpf-stats", OPTION_BPF_STATS, NULL, 0, "serve: time the BPF programs, everybody's", GROUP_SERVE },
	{ NULL, 0, NULL, OPTION_DOC, "ADVANCED", GROUP_ADVANCED },
	{ "backend", OPTION_BACKEND, "NAME", 0, "auto, fentry, kprobe or tracepoint", GROUP_ADVANCED },
	{ "self-test", OPTION_SELF_TEST, NULL, 0, "check: try each feature on connections of its own", GROUP_ADVANCED },
	{ "strict", OPTION_STRICT, NULL, 0, "exit 4 when anything was lost", GROUP_ADVANCED },
	{ "max-conns", OPTION_MAX_CONNS, "N", 0, "connections kept at once (65536)", GROUP_ADVANCED },
	{ "max-endpoints", OPTION_MAX_ENDPOINTS, "N", 0, "endpoints kept (1024)", GROUP_ADVANCED },
	{ "ring-size", OPTION_RING_SIZE, "KIB", 0, "ring buffer (4096)", GROUP_ADVANCED },
	{ "verbose", 'v', NULL, 0, "libbpf's own messages", GROUP_ADVANCED },
	{ "-h, --help, -V, --version", 0, NULL, OPTION_DOC, "this text; the version", GROUP_ADVANCED },
	{ "help", 'h', NULL, OPTION_HIDDEN, NULL, GROUP_ADVANCED },
	{ "version", 'V', NULL, OPTION_HIDDEN, NULL, GROUP_ADVANCED },
	{ NULL, 0, NULL, 0, NULL, 0 },
};
/* clang-format on */

static const char args_doc[] = "[VIEW] [INTERVAL [COUNT]] [-- COMMAND [ARG...]]";
static const char doc[] =
	"VIEW: reuse, accept, close, all (default), conns, trace, top; check: what this kernel "
	"offers;\n"
	"record [FILE]: write a recording (connscope.db) for --from; serve: for Prometheus\v"
	"EXAMPLES\n"
	"  connscope reuse -n nginx 10      does nginx reuse its connections? every ten seconds\n"
	"  connscope close -j -- ./load.sh  who closed what while load.sh ran, as JSON\n"
	"  connscope trace -P 443           each open, exchange and close, as it happens";

#define OPTIONS_MAX (sizeof(options_table) / sizeof(options_table[0]))

struct cli {
	struct options *options;
	int keys[OPTIONS_MAX]; /* of the options given, each once */
	size_t key_count;
	int positionals; /* INTERVAL and COUNT */
	int next;	 /* argp's, when the last option was fine */
};

static _Noreturn void __attribute__((format(printf, 1, 2))) usage_error(const char *fmt, ...)
{
	char text[1024], plain[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* One line, whatever bytes were typed. */
	log_error("%s", escape_bytes(text, plain, sizeof(plain)));
	exit(EXIT_USAGE);
}

static const struct argp_option *find_key(int key)
{
	const struct argp_option *option = options_table;

	for (; option->name || option->key || option->flags; option++) {
		if (option->key == key)
			return option;
	}
	return NULL;
}

/* "--port", or "-4" where there is no long form. */
static const char *option_name(int key, char *buf, size_t len)
{
	const struct argp_option *option = find_key(key);

	if (option && option->name)
		snprintf(buf, len, "--%s", option->name);
	else
		snprintf(buf, len, "-%c", key);
	return buf;
}

static void set_value(struct options *options, const struct value *value, const char *text)
{
	char name[32];
	int err = value->set(options, text);

	option_name(value->key, name, sizeof(name));
	if (err == -ENOSPC)
		usage_error("%s %s: too many, accepted: at most %zu in all", name, text,
			    value->bound);
	if (err == -EINVAL)
		usage_error("%s %s: accepted: %s", name, text, value->form);
	if (err)
		usage_error("%s %s: %s, accepted: %s", name, text, strerror(-err), value->form);
}

static _Noreturn void print_help(void)
{
	static const struct argp argp = { options_table, NULL, args_doc, doc, NULL, NULL, NULL };
	static char name[] = "connscope";

	argp_help(&argp, stdout, ARGP_HELP_STD_HELP & ~(unsigned int)ARGP_HELP_EXIT_OK, name);
	exit(EXIT_OK);
}

static void set_flag(struct options *options, int key)
{
	switch (key) {
	case '4':
		options->filter.knobs.family = AF_INET;
		break;
	case '6':
		options->filter.knobs.family = AF_INET6;
		break;
	case 'w':
		options->wide = true;
		break;
	case OPTION_NO_HEADER:
		options->no_header = true;
		break;
	case 'T':
		options->time = true;
		break;
	case 'j':
		options->json = true;
		break;
	case OPTION_CSV:
		options->csv = true;
		break;
	case OPTION_HIST:
		options->hist = true;
		break;
	case OPTION_IN_FLIGHT:
		options->pick.in_flight = true;
		break;
	case OPTION_EXCHANGES:
		options->exchanges = true;
		break;
	case OPTION_SELF_TEST:
		options->self_test = true;
		break;
	case OPTION_STRICT:
		options->strict = true;
		break;
	case OPTION_LABEL_PID:
		options->label_pid = true;
		break;
	case OPTION_BPF_STATS:
		options->bpf_stats = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'V':
		printf("connscope %s\n", CONNSCOPE_VERSION);
		exit(EXIT_OK);
	case 'h':
		print_help();
	}
}

static void set_recording(struct options *options, const char *text)
{
	if (options->record_file || !text[0])
		usage_error("record %s: accepted: record [FILE], a command after --", text);
	options->record_file = text;
}

static void set_positional(struct cli *cli, const char *text)
{
	bool digit = isdigit((unsigned char)text[0]);
	char names[128];

	if (!cli->options->view && !cli->positionals && !digit) {
		if (!verb_find(text))
			usage_error("%s: no such view, accepted: %s", text,
				    verb_names(VERBS_EVERY, names, sizeof(names)));
		cli->options->view = text;
		return;
	}
	if (cli->options->view && verb_find(cli->options->view) == VERB_RECORD) {
		set_recording(cli->options, text);
		return;
	}
	cli->positionals++;
	if (cli->positionals > 2)
		usage_error("%s: accepted: [VIEW] [INTERVAL [COUNT]], a command after --", text);
	if (cli->positionals == 1 && value_interval(cli->options, text))
		usage_error("INTERVAL %s: accepted: " INTERVAL_FORM ", a command after --", text);
	if (cli->positionals == 2 && value_count(cli->options, text))
		usage_error("COUNT %s: accepted: " COUNT_FORM ", a command after --", text);
}

/* The option that a word such as --po=80 or -jP means, as far as it is one; with RET_BAD, for a
 * short one, the letter. */
static const struct argp_option *guess_option(const char *word, char *ret_bad)
{
	const struct argp_option *option = options_table, *found = NULL;
	size_t len = strcspn(word + 2, "=");

	*ret_bad = 0;
	if (word[1] == '-') {
		for (; option->name || option->key || option->flags; option++) {
			if (!option->name || strncmp(option->name, word + 2, len))
				continue;
			if (strlen(option->name) == len)
				return option;
			if (found)
				return NULL; /* ambiguous */
			found = option;
		}
		return found;
	}
	for (word++; *word; word++) {
		*ret_bad = *word;
		found = find_key(*word);
		if (!found || found->arg)
			return found;
	}
	return NULL;
}

static _Noreturn void refuse_option(const struct cli *cli, const struct argp_state *state)
{
	int index = state->next > cli->next ? state->next - 1 : state->next;
	const char *word = index < state->argc ? state->argv[index] : "";
	const struct argp_option *option;
	char bad = 0, name[32];

	option = strlen(word) > 1 ? guess_option(word, &bad) : NULL;
	if (!option && bad && word[2])
		usage_error("-%c in %s: no such option, accepted: see connscope --help", bad, word);
	if (!option)
		usage_error("%s: no such option, accepted: see connscope --help", word);
	option_name(option->key, name, sizeof(name));
	if (option->arg)
		usage_error("%s: has no value, accepted: %s %s", word, name, option->arg);
	usage_error("%s: takes no value, accepted: %s", word, name);
}

static void remember(struct cli *cli, int key)
{
	for (size_t i = 0; i < cli->key_count; i++) {
		if (cli->keys[i] == key)
			return;
	}
	cli->keys[cli->key_count++] = key;
}

/* argp_parser of the table: 0, or ARGP_ERR_UNKNOWN for keys that are not ours. */
static error_t parse_key(int key, char *text, struct argp_state *state)
{
	struct cli *cli = state->input;
	const struct value *value = value_find(key);
	const struct argp_option *option = find_key(key);

	if (key == ARGP_KEY_ERROR)
		refuse_option(cli, state);
	if (key == ARGP_KEY_ARG) {
		set_positional(cli, text);
	} else if (option && key) {
		remember(cli, key);
		if (value)
			set_value(cli->options, value, text);
		else
			set_flag(cli->options, key);
	} else {
		return ARGP_ERR_UNKNOWN;
	}
	cli->next = state->next;
	return 0;
}

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

/* Whether A and B, which need not exist, are one file; devices take what anybody writes. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat left, right;

	if (stat(a, &left) || stat(b, &right))
		return !strcmp(a, b);
	return S_ISREG(left.st_mode) && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* One file cannot be two of these: the one would be lost. */
static void check_files(const struct options *options)
{
	const struct {
		const char *name, *path;
	} files[] = {
		{ "--from", options->from_file },
		{ "--record", options->record_file },
		{ "--html", options->html_file },
		{ "--output", options->output_file },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		for (size_t j = 0; j < i; j++) {
			if (files[i].path && files[j].path &&
			    is_same_file(files[i].path, files[j].path))
				usage_error("%s %s: is the file of %s, accepted: another one",
					    files[i].name, files[i].path, files[j].name);
		}
	}
}

static void check_whole(const struct cli *cli)
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
	check_files(options);
	if (options->sort && !view_has_column(options->view, options->sort))
		usage_error("--sort %s: no such column of %s, accepted: a title or a key of --json",
			    options->sort, options->view);
}

/* Not by setlocale(): what is compared without regard to case must not depend on it. */
static bool locale_is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8;

	if (!locale)
		return false;
	utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return utf8;
}

static void read_environment(struct options *options)
{
	const char *no_colour = getenv("NO_COLOR"), *columns = getenv("COLUMNS");
	__u64 width;

	options->term = getenv("TERM");
	options->no_colour = no_colour && no_colour[0];
	options->utf8 = locale_is_utf8();
	if (columns && !parse_number(columns, 20, 10000, &width))
		options->width = (size_t)width;
	/* For argp's help; what a person has set there stays. */
	setenv("ARGP_HELP_FMT", "rmargin=99,no-dup-args-note", 0);
}

/* Cuts what follows "--" off the arguments before argp, which would mix it with the view. */
static int take_command(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (!argv[i + 1])
			usage_error("--: no command, accepted: -- COMMAND [ARG...]");
		options->command = argv + i + 1;
		return i;
	}
	return argc;
}

void cli_parse(int argc, char **argv, struct options *ret_options)
{
	static const struct argp argp = {
		options_table, parse_key, args_doc, doc, NULL, NULL, NULL
	};
	struct options options = {
		.max_conns = MAX_CONNS,
		.max_endpoints = MAX_ENDPOINTS,
		.ring_kib = RING_KIB,
		.closed = CLOSED,
		.arguments = argv,
		/* 127.0.0.1, as IPv4-mapped */
		.listen_addr = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 },
		.listen_port = LISTEN_PORT,
		.max_series = MAX_SERIES,
	};
	struct cli cli = { .options = &options, .next = 1 };
	int err;

	argp_err_exit_status = EXIT_USAGE;
	read_environment(&options);
	argc = take_command(argc, argv, &options);
	err = argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP | ARGP_NO_ERRS, NULL,
			 &cli);
	if (err)
		usage_error("arguments: %s, accepted: see connscope --help", strerror(err));
	if (!options.view)
		options.view = "all";
	options.exchanges |= verb_find(options.view) == VERB_TRACE;
	if (verb_find(options.view) == VERB_RECORD && !options.record_file)
		options.record_file = RECORD_FILE;
	check_whole(&cli);
	*ret_options = options;
}
