// SPDX-License-Identifier: Apache-2.0
/* A client and a server process with connections whose number and turns are exact. */
#include "peer.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLOOD_WORKERS 2

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
	pid = fork_bound();
	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		close(orders[1]);
		close(reports[0]);
		run(options, orders[0], reports[1]);
		exit(0);
	}
	close(orders[0]);
	close(reports[1]);
	return (struct worker){ .pid = pid, .orders = orders[1], .reports = reports[0] };
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

/* Answers COUNT requests in the order in which they come: connections are not always accepted in
 * the order in which the client made them. */
static void answer(const int *fds, unsigned int conns, unsigned int count)
{
	struct pollfd *ready = calloc(conns, sizeof(*ready));
	unsigned int i;

	if (!ready)
		die("calloc");
	for (i = 0; i < conns; i++)
		ready[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	while (count > 0) {
		if (poll(ready, conns, -1) < 0)
			die("poll");
		for (i = 0; i < conns && count > 0; i++) {
			if (!ready[i].revents)
				continue;
			recv_all(fds[i], REQUEST_BYTES);
			send_all(fds[i], RESPONSE_BYTES);
			count--;
		}
	}
	free(ready);
}

static void ask(const int *fds, unsigned int conns)
{
	unsigned int i;

	for (i = 0; i < conns; i++) {
		send_all(fds[i], REQUEST_BYTES);
		recv_all(fds[i], RESPONSE_BYTES);
	}
}

static void reuse_server(const struct options *options, int orders, int reports)
{
	int listener = listen_on(options->family, options->addr, options->port, options->backlog);
	int *fds = new_fds(options->conns);
	unsigned int i;

	(void)orders;
	tell(reports, 'l');
	for (i = 0; i < options->conns; i++)
		fds[i] = accept_one(listener);
	answer(fds, options->conns, options->conns * options->exchanges);
	end_all(fds, options, SIDE_SERVER);
	close(listener);
}

/* To an address of its own: 127.1.0.0 and so on. */
static int connect_nth(const struct options *options, unsigned int i)
{
	char addr[32];

	snprintf(addr, sizeof(addr), "127.1.%u.%u", i >> 8 & 255, i & 255);
	return connect_to(options->family, addr, options->port);
}

static void reuse_client(const struct options *options, int orders, int reports)
{
	int *fds = new_fds(options->conns);
	unsigned int i, turn;

	(void)orders;
	(void)reports;
	for (i = 0; i < options->conns; i++)
		fds[i] = options->spread
				 ? connect_nth(options, i)
				 : connect_to(options->family, options->addr, options->port);
	for (turn = 0; turn < options->exchanges; turn++)
		ask(fds, options->conns);
	end_all(fds, options, SIDE_CLIENT);
}

void run_reuse(const struct options *options)
{
	struct worker workers[2];

	workers[0] = start("peer-server", reuse_server, options);
	if (hear(workers[0].reports) != 'l')
		exit(1);
	workers[1] = start("peer-client", reuse_client, options);
	finish(workers, 2);
}

void run_spread(const struct options *options)
{
	struct options spread = *options;

	spread.spread = true;
	run_reuse(&spread);
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

void run_flood(const struct options *options)
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

static void shut_down(const int *fds, const struct options *options)
{
	unsigned int i;

	for (i = 0; i < options->conns; i++)
		shutdown(fds[i], SHUT_WR);
	wait_fin_acked(options->port);
}

/* More of the response before. */
static void go_on(const int *fds, const struct options *options, enum side self)
{
	unsigned int i;

	for (i = 0; i < options->conns; i++) {
		if (self == SIDE_SERVER)
			send_all(fds[i], RESPONSE_BYTES);
		else
			recv_all(fds[i], RESPONSE_BYTES);
	}
}

static bool is_order(char byte)
{
	return byte == 'x' || byte == 'm' || byte == 's';
}

static void hold(const struct options *options, int *fds, enum side self, int orders, int reports)
{
	char order;

	tell(reports, 'r');
	while (order = hear(orders), is_order(order)) {
		if (order == 'x' && self == SIDE_SERVER)
			answer(fds, options->conns, options->conns);
		else if (order == 'x')
			ask(fds, options->conns);
		else if (order == 'm')
			go_on(fds, options, self);
		else if (self == SIDE_CLIENT)
			shut_down(fds, options);
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

/* Open connections that do what standard input says: x one exchange each, m more of its response, s
 * the client shuts down, any other line or the end of the input: close. */
void run_hold(const struct options *options)
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
	while (fgets(line, sizeof(line), stdin) && is_order(line[0])) {
		tell(workers[0].orders, line[0]);
		tell(workers[1].orders, line[0]);
		if (hear(workers[0].reports) != 'r' || hear(workers[1].reports) != 'r')
			exit(1);
		puts("done");
		fflush(stdout);
	}
	tell(workers[0].orders, 'c');
	tell(workers[1].orders, 'c');
	finish(workers, 2);
}
