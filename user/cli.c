/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: from words to options. */
#include "cli.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli_check.h"
#include "cli_option.h"
#include "cli_value.h"
#include "parse.h"
#include "row_key.h"
#include "usage.h"
#include "verb.h"
#include "version.h"

#define MAX_CONNS   65536
#define RING_KIB    4096
#define CLOSED	    100
#define RECORD_FILE "connscope.db"
#define LISTEN_PORT 10310 /* exporters have 9100 to 9999 */
#define MAX_SERIES  100

static const char args_doc[] = "[VIEW] [INTERVAL [COUNT]] [-- COMMAND [ARG...]]";
static const char doc[] =
	"VIEW: reuse, accept, close, all (default), conns, trace, top; doctor: what is wrong, and "
	"what\n"
	"to change; check: what this kernel offers; record [FILE]: write a recording "
	"(connscope.db) for\n"
	"--from; serve: for Prometheus\v"
	"EXAMPLES\n"
	"  connscope doctor -d 60           what is wrong, and what to change, after a minute\n"
	"  connscope reuse -n nginx 10      does nginx reuse its connections? every ten seconds\n"
	"  connscope trace -P 443           each open, exchange and close, as it happens";

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
	static const struct argp argp = { cli_options, NULL, args_doc, doc, NULL, NULL, NULL };
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
	case OPTION_NO_TURNS:
		options->no_turns = true;
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

static _Noreturn void refuse_option(const struct cli *cli, const struct argp_state *state)
{
	int index = state->next > cli->next ? state->next - 1 : state->next;
	const char *word = index < state->argc ? state->argv[index] : "";
	const struct argp_option *option;
	char bad = 0, name[32];

	option = strlen(word) > 1 ? option_guess(word, &bad) : NULL;
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
	if (cli->key_count < CLI_KEYS_MAX)
		cli->keys[cli->key_count++] = key;
}

/* argp_parser of the table: 0, or ARGP_ERR_UNKNOWN for keys that are not ours. */
static error_t parse_key(int key, char *text, struct argp_state *state)
{
	struct cli *cli = state->input;
	const struct value *value = value_find(key);
	const struct argp_option *option = option_find(key);

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
	static const struct argp argp = { cli_options, parse_key, args_doc, doc, NULL, NULL, NULL };
	struct options options = {
		.max_conns = MAX_CONNS,
		.max_endpoints = GROUP_ARRAY_LEN - GROUP_FIRST,
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
	/* What is true of one endpoint is lost in a sum of several. */
	if (verb_find(options.view) == VERB_DOCTOR && options.by)
		options.by |= BY_ENDPOINT;
	if (verb_find(options.view) == VERB_RECORD && !options.record_file)
		options.record_file = RECORD_FILE;
	cli_check(&cli);
	*ret_options = options;
}
