// SPDX-License-Identifier: Apache-2.0
/* The ways in which a connection can begin, or fail to, each as one script. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "wire.h"

#define INTERRUPT_US 20000

/* The test's own routes: 10.98.N.0/24 and fd98:N::/64 refuse, each in its way. */
enum route {
	ROUTE_NONE,
	ROUTE_UNREACHABLE,
	ROUTE_PROHIBIT,
	ROUTE_BLACKHOLE,
	/* The same, but behind a router. */
	ROUTED_UNREACHABLE,
	ROUTED_PROHIBIT,
	ROUTED_BLACKHOLE,
};

static void expect_connect(int fd, const struct options *options, const char *addr, int err)
{
	int got = try_connect(fd, options->family, addr, options->port);

	errno = got;
	if (got != err)
		die("connect");
}

static void connect_once(const struct options *options, const char *addr, int err)
{
	int fd = new_socket(options->family);

	expect_connect(fd, options, addr, err);
	close(fd);
}

/* Somebody accepts: an exchange, and the client closes. */
static void converse(int client, int listener)
{
	int server = accept_one(listener);

	exchange(client, server);
	close(client);
	expect_eof(server);
	close(server);
}

static int listen_here(const struct options *options)
{
	return listen_on(options->family, NULL, options->port, 8);
}

static void case_blocking(const struct options *options)
{
	int listener = listen_here(options), fd = new_socket(options->family);

	expect_connect(fd, options, NULL, 0);
	converse(fd, listener);
	close(listener);
}

static void case_non_blocking(const struct options *options)
{
	int listener = listen_here(options);
	int fd = connect_start(options->family, NULL, options->port);

	wait_writable(fd);
	expect_connect(fd, options, NULL, 0); /* the end of the same attempt */
	expect_connect(fd, options, NULL, EISCONN);
	set_blocking(fd);
	converse(fd, listener);
	close(listener);
}

static void case_bound(const struct options *options)
{
	int listener = listen_here(options), fd = new_socket(options->family);

	expect_bind(fd, options->family, NULL, options->port + 10000, 0);
	expect_connect(fd, options, NULL, 0);
	converse(fd, listener);
	close(listener);
}

static void case_refused(const struct options *options)
{
	connect_once(options, NULL, ECONNREFUSED);
}

static void case_refused_bound(const struct options *options)
{
	int fd = new_socket(options->family);

	expect_bind(fd, options->family, NULL, options->port + 10000, 0);
	expect_connect(fd, options, NULL, ECONNREFUSED);
	close(fd);
}

static void case_refused_later(const struct options *options)
{
	int fd = connect_start(options->family, NULL, options->port);

	expect_error(fd, ECONNREFUSED);
	close(fd);
}

/* ---- routes ---- */

static const char *route_addr(const struct options *options, enum route route)
{
	static char addr[INET6_ADDRSTRLEN];

	snprintf(addr, sizeof(addr), options->family == FAMILY_6 ? "fd98:%d::1" : "10.98.%d.1",
		 route);
	return addr;
}

static void case_no_route(const struct options *options)
{
	connect_once(options, route_addr(options, ROUTE_NONE), ENETUNREACH);
}

static void case_no_route_later(const struct options *options)
{
	int fd = new_socket(options->family);

	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		die("fcntl");
	expect_bind(fd, options->family, NULL, options->port + 10000, 0);
	expect_connect(fd, options, route_addr(options, ROUTE_NONE), ENETUNREACH);
	expect_connect(fd, options, route_addr(options, ROUTE_NONE), ENETUNREACH);
	close(fd);
}

static void case_route_unreachable(const struct options *options)
{
	connect_once(options, route_addr(options, ROUTE_UNREACHABLE), EHOSTUNREACH);
}

static void case_route_prohibit(const struct options *options)
{
	connect_once(options, route_addr(options, ROUTE_PROHIBIT), EACCES);
}

static void case_route_blackhole(const struct options *options)
{
	connect_once(options, route_addr(options, ROUTE_BLACKHOLE), EINVAL);
}

static void case_no_route_then_ok(const struct options *options)
{
	int listener = listen_here(options), fd = new_socket(options->family);

	expect_connect(fd, options, route_addr(options, ROUTE_NONE), ENETUNREACH);
	expect_connect(fd, options, NULL, 0);
	converse(fd, listener);
	close(listener);
}

/* The router's ICMP may find the socket in use by connect(2): then the next SYN's ends it. */
static void case_icmp_unreachable(const struct options *options)
{
	int err = options->family == FAMILY_6 ? ENETUNREACH : EHOSTUNREACH;

	connect_once(options, route_addr(options, ROUTED_UNREACHABLE), err);
}

/* Another connect(2) asks for the result: that is no other attempt. */
static void case_icmp_later(const struct options *options)
{
	const char *addr = route_addr(options, ROUTED_UNREACHABLE);
	int err = options->family == FAMILY_6 ? ENETUNREACH : EHOSTUNREACH;
	int fd = connect_start(options->family, addr, options->port);

	do {
		pause_ms(10);
		errno = try_connect(fd, options->family, addr, options->port);
	} while (errno == EALREADY);
	if (errno != err)
		die("connect");
	close(fd);
}

static void case_icmp_prohibit(const struct options *options)
{
	int err = options->family == FAMILY_6 ? EACCES : EHOSTUNREACH;

	connect_once(options, route_addr(options, ROUTED_PROHIBIT), err);
}

static void case_silence(const struct options *options)
{
	int fd = new_socket(options->family), once = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once)) < 0)
		die("TCP_SYNCNT");
	expect_connect(fd, options, route_addr(options, ROUTED_BLACKHOLE), ETIMEDOUT);
	close(fd);
}

/* ---- ports ---- */

/* The script leaves two ports to connect from. */
static void case_no_port(const struct options *options)
{
	int listener = listen_here(options), first = new_socket(options->family);
	int second = new_socket(options->family);

	expect_connect(first, options, NULL, 0);
	expect_connect(second, options, NULL, 0);
	connect_once(options, NULL, EADDRNOTAVAIL);
	converse(first, listener);
	converse(second, listener);
	close(listener);
}

static void case_port_taken(const struct options *options)
{
	int listener = listen_here(options), one = 1, i, fds[2];

	for (i = 0; i < 2; i++) {
		fds[i] = new_socket(options->family);
		if (setsockopt(fds[i], SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
			die("SO_REUSEADDR");
		expect_bind(fds[i], options->family, NULL, options->port + 10000, 0);
	}
	expect_connect(fds[0], options, NULL, 0);
	expect_connect(fds[1], options, NULL, EADDRNOTAVAIL);
	close(fds[1]);
	converse(fds[0], listener);
	close(listener);
}

static void case_bind_taken(const struct options *options)
{
	int listener = listen_here(options), fd = new_socket(options->family);

	expect_bind(fd, options->family, NULL, options->port, EADDRINUSE);
	close(fd);
	close(listener);
}

/* ---- attempts that end before an answer ---- */

static void open_wire(struct wire *wire, const struct options *options)
{
	wire__open(wire, options->family == FAMILY_6 ? 6 : 4, options->port % 250 + 1U);
	wire->peer_port = options->port;
}

static void case_cancelled(const struct options *options)
{
	struct wire wire;
	int fd;

	open_wire(&wire, options);
	fd = connect_start(options->family, wire.peer, options->port);
	wire__expect(&wire, WIRE_SYN, 0);
	close(fd);
	wire__done(&wire);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A connect(2) that a signal interrupts, with its SYN on the wire. */
static int connect_interrupted(const struct options *options, struct wire *wire)
{
	/* Again and again: the first may come before the call. */
	struct itimerval soon = { .it_value.tv_usec = INTERRUPT_US,
				  .it_interval.tv_usec = INTERRUPT_US };
	struct sigaction action = { .sa_handler = on_alarm };
	int fd = new_socket(options->family);

	open_wire(wire, options);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	expect_connect(fd, options, wire->peer, EINTR);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	wire__expect(wire, WIRE_SYN, 0);
	return fd;
}

static void case_interrupted(const struct options *options)
{
	struct wire wire;
	int fd = connect_interrupted(options, &wire);

	close(fd);
	wire__done(&wire);
}

/* The handshake outlives the interrupted call. */
static void case_interrupted_then_ok(const struct options *options)
{
	struct wire wire;
	int fd = connect_interrupted(options, &wire);

	wire.ack = wire.seen;
	wire__send(&wire, WIRE_SYN | WIRE_ACK, 0);
	wire__expect(&wire, WIRE_ACK, 0);
	wire__send(&wire, WIRE_RST | WIRE_ACK, 0);
	expect_error(fd, ECONNRESET);
	close(fd);
	wire__done(&wire);
}

static void case_killed(const struct options *options)
{
	struct wire wire;
	pid_t child;

	open_wire(&wire, options);
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		close(wire.tun);
		connect_to(options->family, wire.peer, options->port);
		_exit(0);
	}
	wire__expect(&wire, WIRE_SYN, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	wire__done(&wire);
}

/* connect(AF_UNSPEC) ends an attempt, and the socket serves for another. */
static void case_abandoned(const struct options *options)
{
	struct wire wire;
	int listener, fd;

	open_wire(&wire, options);
	fd = connect_start(options->family, wire.peer, options->port);
	wire__expect(&wire, WIRE_SYN, 0);
	disconnect(fd);
	wire__done(&wire);
	listener = listen_here(options);
	set_blocking(fd);
	expect_connect(fd, options, NULL, 0);
	converse(fd, listener);
	close(listener);
}

/* ---- one socket, several connections ---- */

static void case_reconnect(const struct options *options)
{
	int listener = listen_here(options), fd = new_socket(options->family), server;

	expect_connect(fd, options, NULL, 0);
	server = accept_one(listener);
	exchange(fd, server);
	disconnect(fd);
	expect_error(server, ECONNRESET);
	close(server);
	expect_connect(fd, options, NULL, 0);
	converse(fd, listener);
	close(listener);
}

/* The kernel has no other port to give to what is not bound. */
static void only_port(int port)
{
	FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");

	if (!range || fprintf(range, "%d %d", port, port) < 0 || fclose(range))
		die("ip_local_port_range");
}

/* Two connections of one socket, from two ports: until it has the second, inet_sport has the first.
 */
static void case_other_port(const struct options *options)
{
	int listener = listen_here(options), fd = new_socket(options->family), server;

	only_port(options->port + 10000);
	expect_connect(fd, options, NULL, 0);
	server = accept_one(listener);
	disconnect(fd);
	close(server);
	only_port(options->port + 20000);
	expect_connect(fd, options, NULL, 0);
	converse(fd, listener);
	close(listener);
}

static void case_refused_then_ok(const struct options *options)
{
	int fd = new_socket(options->family), listener;

	expect_connect(fd, options, NULL, ECONNREFUSED);
	listener = listen_here(options);
	expect_connect(fd, options, NULL, 0);
	converse(fd, listener);
	close(listener);
}

/* A socket that was connected becomes a listener. */
static void case_connect_then_listen(const struct options *options)
{
	int fd = new_socket(options->family), client;

	expect_bind(fd, options->family, NULL, options->port, 0);
	expect_connect(fd, options, route_addr(options, ROUTE_NONE), ENETUNREACH);
	if (listen(fd, 1) < 0)
		die("listen");
	client = connect_to(options->family, NULL, options->port);
	converse(client, fd);
	close(fd);
}

/* ---- both sides connect ---- */

/* To itself: its own SYN answers it. */
static void case_self(const struct options *options)
{
	int fd = new_socket(options->family);

	expect_bind(fd, options->family, NULL, options->port, 0);
	expect_connect(fd, options, NULL, 0);
	send_all(fd, REQUEST_BYTES);
	recv_all(fd, REQUEST_BYTES);
	close(fd);
}

/* Two namespaces of this kernel: the script has both SYNs lost, then lets the next pass. The
 * client's side is the one that closes. */
static void case_meet(const struct options *options)
{
	bool first = options->side == SIDE_CLIENT;
	const char *ends[] = { "10.96.0.1", "10.96.0.2" };
	int fd = new_socket(options->family);

	expect_bind(fd, options->family, ends[!first], options->port, 0);
	expect_connect(fd, options, ends[first], 0);
	send_all(fd, REQUEST_BYTES);
	recv_all(fd, REQUEST_BYTES);
	if (!first)
		expect_eof(fd);
	close(fd);
}

static void cross_syns(struct wire *wire, const struct options *options, int *ret_fd)
{
	open_wire(wire, options);
	*ret_fd = connect_start(options->family, wire->peer, options->port);
	wire__expect(wire, WIRE_SYN, 0);
	wire__send(wire, WIRE_SYN, 0);
	wire__expect(wire, WIRE_SYN | WIRE_ACK, 0);
}

static void case_cross(const struct options *options)
{
	struct wire wire;
	int fd;

	cross_syns(&wire, options, &fd);
	wire__ack(&wire);
	wait_writable(fd);
	set_blocking(fd);
	send_all(fd, REQUEST_BYTES);
	wire__expect(&wire, 0, REQUEST_BYTES);
	wire__ack(&wire);
	wire__send(&wire, WIRE_ACK, RESPONSE_BYTES);
	recv_all(fd, RESPONSE_BYTES);
	wire__send(&wire, WIRE_FIN | WIRE_ACK, 0);
	expect_eof(fd);
	close(fd);
	wire__expect(&wire, WIRE_FIN, 0);
	wire__ack(&wire);
	wire__done(&wire);
}

static void case_cross_reset(const struct options *options)
{
	struct wire wire;
	int fd;

	cross_syns(&wire, options, &fd);
	wire__send(&wire, WIRE_RST, 0);
	expect_error(fd, ECONNRESET);
	close(fd);
	wire__done(&wire);
}

static void case_cross_cancelled(const struct options *options)
{
	struct wire wire;
	int fd;

	cross_syns(&wire, options, &fd);
	close_reset(fd);
	wire__done(&wire);
}

static const struct open_case {
	const char *name;
	void (*run)(const struct options *options);
} cases[] = {
	{ "blocking", case_blocking },
	{ "non-blocking", case_non_blocking },
	{ "bound", case_bound },
	{ "refused", case_refused },
	{ "refused-bound", case_refused_bound },
	{ "refused-later", case_refused_later },
	{ "no-route", case_no_route },
	{ "no-route-later", case_no_route_later },
	{ "no-route-then-ok", case_no_route_then_ok },
	{ "route-unreachable", case_route_unreachable },
	{ "route-prohibit", case_route_prohibit },
	{ "route-blackhole", case_route_blackhole },
	{ "icmp-unreachable", case_icmp_unreachable },
	{ "icmp-later", case_icmp_later },
	{ "icmp-prohibit", case_icmp_prohibit },
	{ "silence", case_silence },
	{ "no-port", case_no_port },
	{ "port-taken", case_port_taken },
	{ "bind-taken", case_bind_taken },
	{ "cancelled", case_cancelled },
	{ "interrupted", case_interrupted },
	{ "interrupted-then-ok", case_interrupted_then_ok },
	{ "killed", case_killed },
	{ "abandoned", case_abandoned },
	{ "reconnect", case_reconnect },
	{ "other-port", case_other_port },
	{ "refused-then-ok", case_refused_then_ok },
	{ "connect-then-listen", case_connect_then_listen },
	{ "self", case_self },
	{ "meet", case_meet },
	{ "cross", case_cross },
	{ "cross-reset", case_cross_reset },
	{ "cross-cancelled", case_cross_cancelled },
};

bool open_case(const char *name, const struct options *options)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(cases[i].name, name) != 0)
			continue;
		doing_what(name, options->side, options->family);
		cases[i].run(options);
		settle(options->port);
		return true;
	}
	return false;
}
