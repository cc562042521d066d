// SPDX-License-Identifier: Apache-2.0
/* Workload generator of the live tests: connections whose number, turns and ends are exact. */
#include "peer.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUARD_SECONDS 300 /* no test waits for ever */

static enum family family_of(const char *text)
{
	if (strcmp(text, "mapped") == 0)
		return FAMILY_MAPPED;
	return strcmp(text, "6") == 0 ? FAMILY_6 : FAMILY_4;
}

static enum side side_of(const char *text)
{
	return strcmp(text, "server") == 0 ? SIDE_SERVER : SIDE_CLIENT;
}

/* One scripted connection; false when NAME is unknown. */
typedef bool (*run_case)(const char *name, const struct options *options);

static void start_case(run_case run, const char *name, const struct options *options)
{
	switch (fork()) {
	case -1:
		die("fork");
	case 0:
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!run(name, options)) {
			fprintf(stderr, "peer: no case %s\n", name);
			_exit(2);
		}
		fflush(stdout); /* not before: a write may take its time */
		_exit(0);
	}
}

static bool child_failed(void)
{
	int status;

	return wait(&status) > 0 && status != 0;
}

/* Lines of CASE SIDE FAMILY PORT on standard input, --conns of them at a time. */
static void run_cases(run_case run, const struct options *options)
{
	char name[32], side[32], family[32];
	struct options one = *options;
	unsigned int running = 0;
	bool failed = false;

	while (scanf("%31s %31s %31s %" SCNu16, name, side, family, &one.port) == 4) {
		one.side = side_of(side);
		one.family = family_of(family);
		if (running == options->conns)
			failed |= child_failed();
		else
			running++;
		start_case(run, name, &one);
	}
	for (; running > 0; running--)
		failed |= child_failed();
	if (failed)
		exit(1);
}

static void run_close(const struct options *options)
{
	run_cases(close_case, options);
}

static void run_open(const struct options *options)
{
	run_cases(open_case, options);
}

static unsigned int number(const char *text, unsigned int max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || value > max) {
		fprintf(stderr, "peer: %s: expected a number from 0 to %u\n", text, max);
		exit(2);
	}
	return (unsigned int)value;
}

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: peer COMMAND [--family 4|6|mapped] [--addr A]\n"
	      "  [--port P] [--conns N] [--exchanges M] [--backlog B] [--clients N] [--late N]\n"
	      "  [--accept-after MS] [--pause MS] [--side client|server]\n"
	      "  [--seed N] [--netns PATH]\n",
	      stderr);
	exit(2);
}

static void parse(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{ "family", required_argument, NULL, 'f' },
		{ "addr", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "conns", required_argument, NULL, 'n' },
		{ "exchanges", required_argument, NULL, 'e' },
		{ "backlog", required_argument, NULL, 'b' },
		{ "clients", required_argument, NULL, 'c' },
		{ "late", required_argument, NULL, 'l' },
		{ "accept-after", required_argument, NULL, 'w' },
		{ "pause", required_argument, NULL, 'i' },
		{ "side", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "netns", required_argument, NULL, 'N' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'f':
			options->family = family_of(optarg);
			break;
		case 'a':
			options->addr = optarg;
			break;
		case 'p':
			options->port = (uint16_t)number(optarg, 65535);
			break;
		case 'n':
			options->conns = number(optarg, 1000000);
			break;
		case 'e':
			options->exchanges = number(optarg, 1000000);
			break;
		case 'b':
			options->backlog =
				strcmp(optarg, "-1") == 0 ? -1 : (int)number(optarg, 1000000);
			break;
		case 'c':
			options->clients = number(optarg, 1000);
			break;
		case 'l':
			options->late = number(optarg, LATE_MAX);
			break;
		case 'w':
			options->accept = true;
			options->pause_ms = number(optarg, 60000);
			break;
		case 'i':
			options->pause_ms = number(optarg, 60000);
			break;
		case 's':
			options->side = side_of(optarg);
			break;
		case 'r':
			options->seed = number(optarg, UINT32_MAX);
			break;
		case 'N':
			options->netns = optarg;
			break;
		default:
			usage();
		}
	}
}

static const struct command {
	const char *name;
	void (*run)(const struct options *options);
} commands[] = {
	{ "reuse", run_reuse },	    { "flood", run_flood },	{ "queue", run_queue },
	{ "hold", run_hold },	    { "close", run_close },	{ "identity", run_identity },
	{ "inherit", run_inherit }, { "twin", run_twin },	{ "open", run_open },
	{ "blocked", run_blocked }, { "uring", run_uring },	{ "reuseport", run_reuseport },
	{ "migrate", run_migrate }, { "dual", run_dual },	{ "relisten", run_relisten },
	{ "reset", run_reset },	    { "payload", run_payload }, { "mix", run_mix },
	{ "pool", run_pool },	    { "times", run_times },	{ "turned", run_turned },
	{ "spread", run_spread },
};

int main(int argc, char **argv)
{
	struct options options = {
		.port = 5000, .conns = 1, .exchanges = 1, .backlog = 512, .clients = 1
	};
	size_t i;

	alarm(GUARD_SECONDS);
	if (argc < 2)
		usage();
	parse(argc - 1, argv + 1, &options);
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, argv[1]) != 0)
			continue;
		commands[i].run(&options);
		settle(options.port);
		return 0;
	}
	usage();
}
