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

#include "wire.h"

#define GUARD_SECONDS 300 /* no test waits for ever */
#define FLOOD_WORKERS 2
#define WORKERS_MAX   16

struct worker {
	pid_t pid;
	int orders;  /* we write, it reads */
	int reports; /* it writes, we read */
};

static void tell(int fd, char byte)
{
	if (write(fd, &byte, 1) != 1)
		die("write to pipe");
}

/* One byte, or 0 at the end of the stream. */
static char hear(int fd)
{
	char byte = 0;

	if (read(fd, &byte, 1) < 0)
		die("read from pipe");
	return byte;
}

/* Forks; RUN gets the ends of the pipes that this process does not. */
static struct worker start(const char *name, void (*run)(const struct options *, int, int),
			   const struct options *options)
{
	int orders[2], reports[2];
	pid_t pid;

	if (pipe(orders) < 0 || pipe(reports) < 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		close(orders[1]);
		close(reports[0]);
		run(options, orders[0], reports[1]);
		exit(0);
	}
	close(orders[0]);
	close(reports[1]);
	return (struct worker){.pid = pid, .orders = orders[1], .reports = reports[0]};
}

static void finish(const struct worker *workers, size_t count)
{
	bool failed = false;
	int status;
	size_t i;

	for (i = 0; i < count; i++)
		if (waitpid(workers[i].pid, &status, 0) < 0 || status != 0)
			failed = true;
	if (failed)
		exit(1);
}

static int *new_fds(unsigned int count)
{
	int *fds = calloc(count, sizeof(*fds));

	if (!fds)
		die("calloc");
	return fds;
}

static void end_all(int *fds, const struct options *options, enum side self)
{
	unsigned int i;

	for (i = 0; i < options->conns; i++) {
		if (options->side != self)
			expect_eof(fds[i]);
		close(fds[i]);
	}
	free(fds);
}

/* Connections are accepted in the order in which they were made, so both sides take turns over
 * them in the same order and never wait for each other in a circle. */
static void reuse_server(const struct options *options, int orders, int reports)
{
	int listener = listen_on(options->family, options->addr, options->port, options->backlog);
	int *fds = new_fds(options->conns);
	unsigned int i, turn;

	(void)orders;
	tell(reports, 'l');
	for (i = 0; i < options->conns; i++)
		fds[i] = accept_one(listener);
	for (turn = 0; turn < options->exchanges; turn++) {
		for (i = 0; i < options->conns; i++) {
			recv_all(fds[i], REQUEST_BYTES);
			send_all(fds[i], RESPONSE_BYTES);
		}
	}
	end_all(fds, options, SIDE_SERVER);
	close(listener);
}

static void reuse_client(const struct options *options, int orders, int reports)
{
	int *fds = new_fds(options->conns);
	unsigned int i, turn;

	(void)orders;
	(void)reports;
	for (i = 0; i < options->conns; i++)
		fds[i] = connect_to(options->family, options->addr, options->port);
	for (turn = 0; turn < options->exchanges; turn++) {
		for (i = 0; i < options->conns; i++) {
			send_all(fds[i], REQUEST_BYTES);
			recv_all(fds[i], RESPONSE_BYTES);
		}
	}
	end_all(fds, options, SIDE_CLIENT);
}

static void run_reuse(const struct options *options)
{
	struct worker workers[2];

	workers[0] = start("peer-server", reuse_server, options);
	if (hear(workers[0].reports) != 'l')
		exit(1);
	workers[1] = start("peer-client", reuse_client, options);
	finish(workers, 2);
}

static void flood_server(const struct options *options, int orders, int reports)
{
	int listener = listen_on(options->family, options->addr, options->port, options->backlog);
	unsigned int i, w, share = options->conns / FLOOD_WORKERS;
	int fd;

	(void)orders;
	tell(reports, 'l');
	for (w = 1; w < FLOOD_WORKERS && fork() > 0; w++)
		;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < share; i++) {
		fd = accept_one(listener);
		recv_all(fd, REQUEST_BYTES);
		send_all(fd, RESPONSE_BYTES);
		expect_eof(fd);
		close(fd);
	}
	while (wait(NULL) > 0)
		;
	close(listener);
}

static void flood_client(const struct options *options, int orders, int reports)
{
	unsigned int i, share = options->conns / FLOOD_WORKERS;
	int fd;

	(void)orders;
	(void)reports;
	for (i = 0; i < share; i++) {
		fd = connect_to(options->family, options->addr, options->port);
		send_all(fd, REQUEST_BYTES);
		recv_all(fd, RESPONSE_BYTES);
		close(fd);
	}
}

static void run_flood(const struct options *options)
{
	struct worker workers[1 + FLOOD_WORKERS];
	size_t i;

	workers[0] = start("peer-server", flood_server, options);
	if (hear(workers[0].reports) != 'l')
		exit(1);
	for (i = 1; i <= FLOOD_WORKERS; i++)
		workers[i] = start("peer-client", flood_client, options);
	finish(workers, 1 + FLOOD_WORKERS);
}

static void wait_for_order(void)
{
	int byte;

	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
}

/* Handshakes from the wire that stop before their final ACK. */
static void start_late(struct wire *wires, const struct options *options)
{
	unsigned int i;

	if (options->late == 0)
		return;
	wire__open(&wires[0], 4, options->port % 250 + 1U);
	for (i = 0; i < options->late; i++) {
		wires[i] = wires[0];
		wires[i].peer_port = (uint16_t)(wires[0].peer_port + i);
		wires[i].host_port = options->port;
	}
	for (i = 0; i < options->late; i++) {
		wire__send(&wires[i], WIRE_SYN, 0);
		wire__expect(&wires[i], WIRE_SYN | WIRE_ACK, 0);
	}
}

/* More clients than the listener has room for. They stay as they are until the next line on
 * standard input; then the queued ones are accepted, after a pause, or all is closed. */
static void run_queue(const struct options *options)
{
	const char *addr = options->late ? "0.0.0.0" : options->addr; /* for both devices */
	int listener = listen_on(options->family, addr, options->port, options->backlog);
	unsigned int i, queued = options->clients;
	struct wire wires[WORKERS_MAX];
	int *fds = new_fds(options->clients);
	int fd;

	start_late(wires, options);
	for (i = 0; i < options->clients; i++)
		fds[i] = connect_start(options->family, options->addr, options->port);
	for (i = 0; i < options->late; i++)
		wire__ack(&wires[i]);
	puts("queued");
	fflush(stdout);
	wait_for_order();
	if (options->accept) {
		if (options->backlog >= 0 && queued > (unsigned int)options->backlog + 1)
			queued = (unsigned int)options->backlog + 1;
		pause_ms(options->pause_ms);
		for (i = 0; i < queued; i++) {
			fd = accept_one(listener);
			close(fd);
		}
	}
	for (i = 0; i < options->clients; i++)
		close(fds[i]);
	free(fds);
	close(listener);
	if (options->late)
		wire__done(&wires[0]);
	settle(options->port);
}

static void hold(const struct options *options, int *fds, enum side self, int orders, int reports)
{
	unsigned int i;
	char order;

	tell(reports, 'r');
	while ((order = hear(orders)) == 'x') {
		for (i = 0; i < options->conns; i++) {
			if (self == SIDE_SERVER)
				recv_all(fds[i], REQUEST_BYTES);
			send_all(fds[i], self == SIDE_SERVER ? RESPONSE_BYTES : REQUEST_BYTES);
			if (self == SIDE_CLIENT)
				recv_all(fds[i], RESPONSE_BYTES);
		}
		tell(reports, 'r');
	}
	end_all(fds, options, self);
}

static void hold_server(const struct options *options, int orders, int reports)
{
	int listener = listen_on(options->family, options->addr, options->port, options->backlog);
	int *fds = new_fds(options->conns);
	unsigned int i;

	tell(reports, 'l');
	for (i = 0; i < options->conns; i++)
		fds[i] = accept_one(listener);
	hold(options, fds, SIDE_SERVER, orders, reports);
	close(listener);
}

static void hold_client(const struct options *options, int orders, int reports)
{
	int *fds = new_fds(options->conns);
	unsigned int i;

	for (i = 0; i < options->conns; i++)
		fds[i] = connect_to(options->family, options->addr, options->port);
	hold(options, fds, SIDE_CLIENT, orders, reports);
}

/* Open connections that do what standard input says: x one exchange each, any other line or the
 * end of the input: close. */
static void run_hold(const struct options *options)
{
	struct worker workers[2];
	char line[16];

	workers[0] = start("peer-server", hold_server, options);
	if (hear(workers[0].reports) != 'l')
		exit(1);
	workers[1] = start("peer-client", hold_client, options);
	if (hear(workers[0].reports) != 'r' || hear(workers[1].reports) != 'r')
		exit(1);
	printf("ready client %d server %d\n", workers[1].pid, workers[0].pid);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) && line[0] == 'x') {
		tell(workers[0].orders, 'x');
		tell(workers[1].orders, 'x');
		if (hear(workers[0].reports) != 'r' || hear(workers[1].reports) != 'r')
			exit(1);
		puts("done");
		fflush(stdout);
	}
	tell(workers[0].orders, 'c');
	tell(workers[1].orders, 'c');
	finish(workers, 2);
}

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

/* Lines of CASE SIDE FAMILY PORT on standard input, all at once. */
static void run_close(const struct options *options)
{
	char name[32], side[32], family[32];
	struct options one = *options;
	bool failed = false;
	int status;

	while (scanf("%31s %31s %31s %" SCNu16, name, side, family, &one.port) == 4) {
		one.side = side_of(side);
		one.family = family_of(family);
		switch (fork()) {
		case -1:
			die("fork");
		case 0:
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (!close_case(name, &one)) {
				fprintf(stderr, "peer: no close case %s\n", name);
				_exit(2);
			}
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		if (status != 0)
			failed = true;
	if (failed)
		exit(1);
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
	fputs("usage: peer reuse|flood|queue|hold|close [--family 4|6|mapped] [--addr A]\n"
	      "  [--port P] [--conns N] [--exchanges M] [--backlog B] [--clients N] [--late N]\n"
	      "  [--accept-after MS] [--pause MS] [--side client|server]\n",
	      stderr);
	exit(2);
}

static void parse(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{"family", required_argument, NULL, 'f'},
		{"addr", required_argument, NULL, 'a'},
		{"port", required_argument, NULL, 'p'},
		{"conns", required_argument, NULL, 'n'},
		{"exchanges", required_argument, NULL, 'e'},
		{"backlog", required_argument, NULL, 'b'},
		{"clients", required_argument, NULL, 'c'},
		{"late", required_argument, NULL, 'l'},
		{"accept-after", required_argument, NULL, 'w'},
		{"pause", required_argument, NULL, 'i'},
		{"side", required_argument, NULL, 's'},
		{0},
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
			options->backlog = (int)number(optarg, 1000000);
			break;
		case 'c':
			options->clients = number(optarg, 1000);
			break;
		case 'l':
			options->late = number(optarg, WORKERS_MAX);
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
		default:
			usage();
		}
	}
}

static const struct command {
	const char *name;
	void (*run)(const struct options *options);
} commands[] = {
	{"reuse", run_reuse},
	{"flood", run_flood},
	{"queue", run_queue},
	{"hold", run_hold},
	{"close", run_close},
};

int main(int argc, char **argv)
{
	struct options options = {
		.port = 5000, .conns = 1, .exchanges = 1, .backlog = 512, .clients = 1};
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
