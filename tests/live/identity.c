// SPDX-License-Identifier: Apache-2.0
/*
 * Whose connection it is: sockets that are used again, change hands, or outlive who opened them.
 *
 * The owner is the process that connected or accepted, as it was called at that moment: neither who
 * got the descriptor later, nor what exec(2) has made of it since.
 *
 * Says what the record of each connection must be, a line each: service port, role, the client's
 * port, owner's name and pid, exchanges, bytes sent and received, initiator, cause.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

/* A connection, both of whose ends are known here. */
struct known {
	int client;
	int server;
	uint16_t port;
	uint16_t client_port;
	unsigned int exchanges;
	size_t requested;
	size_t responded;
};

struct owner {
	const char *comm;
	pid_t pid;
};

static struct owner self(void)
{
	return (struct owner){ "peer", getpid() };
}

static void say(const struct known *known, enum side role, struct owner owner, const char *end)
{
	bool client = role == SIDE_CLIENT;

	printf("%u %s %u %s %d %u %zu %zu %s\n", known->port, client ? "client" : "server",
	       known->client_port, owner.comm, owner.pid, known->exchanges,
	       client ? known->requested : known->responded,
	       client ? known->responded : known->requested, end);
}

static void say_both(const struct known *known, struct owner client, struct owner server)
{
	say(known, SIDE_CLIENT, client, "local-fin -");
	say(known, SIDE_SERVER, server, "remote-fin -");
}

static void known__exchange(struct known *known, size_t request, size_t response)
{
	send_all(known->client, request);
	recv_all(known->server, request);
	send_all(known->server, response);
	recv_all(known->client, response);
	known->exchanges++;
	known->requested += request;
	known->responded += response;
}

static void known__close(struct known *known)
{
	close(known->client);
	expect_eof(known->server);
	close(known->server);
}

static void ask_one(int fd)
{
	send_all(fd, REQUEST_BYTES);
	recv_all(fd, RESPONSE_BYTES);
	close(fd);
}

static void answer_one(int fd)
{
	recv_all(fd, REQUEST_BYTES);
	send_all(fd, RESPONSE_BYTES);
	expect_eof(fd);
	close(fd);
}

/* Many short ones in a row: the kernel gives the next the struct sock of the last. */
static void case_churn(const struct options *options, uint16_t port)
{
	int listener = listen_on(options->family, NULL, port, 1);
	unsigned int i, turn;

	for (i = 0; i < options->conns; i++) {
		struct known known = { .port = port };

		known.client = connect_to(options->family, NULL, port);
		known.server = accept_one(listener);
		known.client_port = port_of(known.client, getsockname);
		for (turn = 0; turn < i % 4; turn++)
			known__exchange(&known, 1 + i % REQUEST_BYTES, 1 + i % RESPONSE_BYTES);
		known__close(&known);
		say_both(&known, self(), self());
	}
	close(listener);
}

/* One socket, three connections: to here, again, and elsewhere. */
static void case_reconnect(const struct options *options, uint16_t port)
{
	int first = listen_on(options->family, NULL, port, 1);
	int second = listen_on(options->family, NULL, (uint16_t)(port + 1), 1);
	int fd = -1;
	unsigned int i, turn;

	for (i = 0; i < 3; i++) {
		struct known known = { .port = (uint16_t)(i < 2 ? port : port + 1) };

		if (fd < 0)
			fd = connect_to(options->family, NULL, known.port);
		else
			connect_on(fd, options->family, NULL, known.port, 0);
		known.client = fd;
		known.server = accept_one(i < 2 ? first : second);
		known.client_port = port_of(fd, getsockname);
		for (turn = 0; turn <= i; turn++)
			known__exchange(&known, REQUEST_BYTES, RESPONSE_BYTES);
		if (i == 2) {
			known__close(&known);
			say_both(&known, self(), self());
			break;
		}
		disconnect(fd);
		expect_error(known.server, ECONNRESET);
		close(known.server);
		say(&known, SIDE_CLIENT, self(), "local-rst disconnect");
		say(&known, SIDE_SERVER, self(), "remote-rst -");
	}
	close(first);
	close(second);
}

static void pass(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(channel, &message, 0) != 1)
		die("SCM_RIGHTS");
}

static int take(int channel)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		die("SCM_RIGHTS");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static pid_t fork_named(const char *name)
{
	pid_t pid;

	fflush(stdout);
	pid = fork_bound();
	if (pid == 0)
		prctl(PR_SET_NAME, name);
	return pid;
}

/* Opens SIDE of a connection in another process, which passes it on to us and ends. */
static pid_t open_elsewhere(const struct options *options, struct known *known, int listener,
			    enum side side)
{
	int channel[2], *mine = side == SIDE_CLIENT ? &known->client : &known->server;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		die("socketpair");
	pid = fork_named("peer-before");
	if (pid == 0) {
		pass(channel[1], side == SIDE_CLIENT
					 ? connect_to(options->family, NULL, known->port)
					 : accept_one(listener));
		_exit(0);
	}
	if (side == SIDE_CLIENT)
		known->server = accept_one(listener);
	else
		known->client = connect_to(options->family, NULL, known->port);
	*mine = take(channel[0]);
	waitpid(pid, NULL, 0);
	close(channel[0]);
	close(channel[1]);
	return pid;
}

static void case_passed(const struct options *options, uint16_t port, enum side side)
{
	int listener = listen_on(options->family, NULL, port, 1);
	struct known known = { .port = port };
	struct owner before = { "peer-before", open_elsewhere(options, &known, listener, side) };

	known.client_port = port_of(known.client, getsockname);
	known__exchange(&known, REQUEST_BYTES, RESPONSE_BYTES);
	known__close(&known);
	if (side == SIDE_CLIENT)
		say_both(&known, before, self());
	else
		say_both(&known, self(), before);
	close(listener);
}

/* The last descriptor, and all that is done with it, is a child's. */
static void case_heir(const struct options *options, uint16_t port, enum side side)
{
	int listener = listen_on(options->family, NULL, port, 1);
	struct known known = { .port = port };
	pid_t pid;

	known.client = connect_to(options->family, NULL, port);
	known.server = accept_one(listener);
	known.client_port = port_of(known.client, getsockname);
	pid = fork_named("peer-after");
	if (pid == 0) {
		close(side == SIDE_CLIENT ? known.server : known.client);
		if (side == SIDE_CLIENT)
			ask_one(known.client);
		else
			answer_one(known.server);
		_exit(0);
	}
	close(side == SIDE_CLIENT ? known.client : known.server);
	if (side == SIDE_CLIENT)
		answer_one(known.server);
	else
		ask_one(known.client);
	waitpid(pid, NULL, 0);
	known.exchanges = 1;
	known.requested = REQUEST_BYTES;
	known.responded = RESPONSE_BYTES;
	say_both(&known, self(), self());
	close(listener);
}

static void become(int fd, enum side side)
{
	if (dup2(fd, STDIN_FILENO) < 0)
		die("dup2");
	close(fd);
	/* which calls the process "exe" */
	execl("/proc/self/exe", "peer", "inherit", "--exchanges", "2", "--side",
	      side == SIDE_CLIENT ? "client" : "server", NULL);
	die("exec");
}

/* Its owner becomes another program; what it does there is not new to us. */
static void case_exec(const struct options *options, uint16_t port, enum side side)
{
	int listener = listen_on(options->family, NULL, port, 1);
	struct known known = { .port = port,
			       .exchanges = 2,
			       .requested = 2 * REQUEST_BYTES,
			       .responded = 2 * RESPONSE_BYTES };
	pid_t pid = fork_named("peer-before");
	struct owner before = { "peer-before", pid };
	unsigned int i;
	int fd;

	if (pid == 0)
		become(side == SIDE_CLIENT ? connect_to(options->family, NULL, port)
					   : accept_one(listener),
		       side);
	fd = side == SIDE_CLIENT ? accept_one(listener) : connect_to(options->family, NULL, port);
	known.client_port =
		side == SIDE_CLIENT ? port_of(fd, getpeername) : port_of(fd, getsockname);
	for (i = 0; i < known.exchanges; i++) {
		if (side == SIDE_SERVER)
			send_all(fd, REQUEST_BYTES);
		recv_all(fd, side == SIDE_SERVER ? RESPONSE_BYTES : REQUEST_BYTES);
		if (side == SIDE_CLIENT)
			send_all(fd, RESPONSE_BYTES);
	}
	if (side == SIDE_CLIENT)
		expect_eof(fd);
	close(fd);
	waitpid(pid, NULL, 0);
	if (side == SIDE_CLIENT)
		say_both(&known, before, self());
	else
		say_both(&known, self(), before);
	close(listener);
}

/* The other half of case_exec(), on standard input. */
void run_inherit(const struct options *options)
{
	unsigned int i;

	for (i = 0; i < options->exchanges; i++) {
		if (options->side == SIDE_CLIENT)
			send_all(STDIN_FILENO, REQUEST_BYTES);
		recv_all(STDIN_FILENO,
			 options->side == SIDE_CLIENT ? RESPONSE_BYTES : REQUEST_BYTES);
		if (options->side == SIDE_SERVER)
			send_all(STDIN_FILENO, RESPONSE_BYTES);
	}
	if (options->side == SIDE_SERVER)
		expect_eof(STDIN_FILENO);
	close(STDIN_FILENO);
	_exit(0);
}

/* A connection from the port after the service's, which waits for the end of standard input. */
void run_twin(const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, 1);
	struct known known = { .port = options->port };
	char line[16];

	known.client_port = (uint16_t)(options->port + 1);
	known.client = connect_from(options->family, known.client_port, NULL, options->port);
	known.server = accept_one(listener);
	while (known.exchanges < options->exchanges)
		known__exchange(&known, REQUEST_BYTES, RESPONSE_BYTES);
	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		die("order");
	known__close(&known);
	close(listener);
	say_both(&known, self(), self());
}

void run_identity(const struct options *options)
{
	uint16_t port = options->port;

	case_churn(options, port++);
	case_reconnect(options, port++);
	port++; /* it takes two */
	case_passed(options, port++, SIDE_CLIENT);
	case_passed(options, port++, SIDE_SERVER);
	case_heir(options, port++, SIDE_CLIENT);
	case_heir(options, port++, SIDE_SERVER);
	case_exec(options, port++, SIDE_CLIENT);
	case_exec(options, port++, SIDE_SERVER);
	while (port > options->port)
		settle(--port);
}
