// SPDX-License-Identifier: Apache-2.0
/* Sockets, payload and time for the workload generator: each step works or ends the process. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

#define PATIENCE_MS    20000
#define SETTLE_POLL_MS 2
#define SETTLE_MS      120000

static uint64_t last_payload_ms;
static char doing[64];

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void doing_what(const char *name, enum side side, enum family family)
{
	static const char *const families[] = { "IPv4", "IPv6", "mapped" };

	snprintf(doing, sizeof(doing), "%s, %s, %s: ", name,
		 side == SIDE_CLIENT ? "client" : "server", families[family]);
}

/* Without exit(3), which in a child winds standard input, shared with its parent, back to what it
 * has not consumed: the parent would do its orders again. */
void die(const char *what)
{
	fprintf(stderr, "peer: %s%s: %s\n", doing, what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

static socklen_t make_addr(enum family family, const char *addr, uint16_t port,
			   struct sockaddr_storage *ret_addr)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_addr;
	char mapped[INET6_ADDRSTRLEN];

	memset(ret_addr, 0, sizeof(*ret_addr));
	if (!addr)
		addr = family == FAMILY_6 ? "::1" : "127.0.0.1";
	if (family == FAMILY_4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1)
			return sizeof(*v4);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		snprintf(mapped, sizeof(mapped), "::ffff:%s", addr);
		if (inet_pton(AF_INET6, strchr(addr, ':') ? addr : mapped, &v6->sin6_addr) == 1)
			return sizeof(*v6);
	}
	errno = EINVAL;
	die(addr);
}

static int listen_with(enum family family, const char *addr, uint16_t port, int backlog, int option)
{
	struct sockaddr_storage storage;
	socklen_t len = make_addr(family,
				  addr			    ? addr
				  : family == FAMILY_MAPPED ? "::"
							    : NULL,
				  port, &storage);
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, option, &one, sizeof(one)) < 0)
		die("SO_REUSEADDR");
	if (bind(fd, (struct sockaddr *)&storage, len) < 0)
		die("bind");
	if (listen(fd, backlog) < 0)
		die("listen");
	return fd;
}

int listen_on(enum family family, const char *addr, uint16_t port, int backlog)
{
	return listen_with(family, addr, port, backlog, SO_REUSEADDR);
}

int listen_reuseport(enum family family, uint16_t port, int backlog)
{
	return listen_with(family, NULL, port, backlog, SO_REUSEPORT);
}

unsigned int queue_depth(int listener)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		die("TCP_INFO");
	return info.tcpi_unacked; /* of a listener: what is in its queue (tcp_get_info) */
}

static int new_socket_with(enum family family, int flags)
{
	int fd = socket(family == FAMILY_4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | flags,
			0);

	if (fd < 0)
		die("socket");
	return fd;
}

int new_socket(enum family family)
{
	return new_socket_with(family, 0);
}

int try_connect(int fd, enum family family, const char *addr, uint16_t port)
{
	struct sockaddr_storage storage;
	socklen_t len = make_addr(family, addr, port, &storage);

	return connect(fd, (struct sockaddr *)&storage, len) < 0 ? errno : 0;
}

void connect_on(int fd, enum family family, const char *addr, uint16_t port, int err)
{
	errno = try_connect(fd, family, addr, port);
	if (errno != err)
		die("connect");
}

void expect_bind(int fd, enum family family, const char *addr, uint16_t port, int err)
{
	struct sockaddr_storage storage;
	socklen_t len = make_addr(family, addr, port, &storage);

	errno = 0;
	if (bind(fd, (struct sockaddr *)&storage, len) == 0)
		errno = 0;
	if (errno != err)
		die("bind");
}

void disconnect(int fd)
{
	struct sockaddr addr = { .sa_family = AF_UNSPEC };

	if (connect(fd, &addr, sizeof(addr)) < 0)
		die("connect(AF_UNSPEC)");
}

static int connect_with(enum family family, const char *addr, uint16_t port, int flags, int err)
{
	int fd = new_socket_with(family, flags);

	connect_on(fd, family, addr, port, err);
	return fd;
}

int connect_to(enum family family, const char *addr, uint16_t port)
{
	return connect_with(family, addr, port, 0, 0);
}

int connect_from(enum family family, uint16_t own_port, const char *addr, uint16_t port)
{
	int fd = new_socket(family), one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		die("SO_REUSEADDR");
	if (own_port)
		expect_bind(fd, family, family == FAMILY_4 ? "0.0.0.0" : "::", own_port, 0);
	connect_on(fd, family, addr, port, 0);
	return fd;
}

int connect_start(enum family family, const char *addr, uint16_t port)
{
	return connect_with(family, addr, port, SOCK_NONBLOCK, EINPROGRESS);
}

void connect_refused(enum family family, const char *addr, uint16_t port)
{
	close(connect_with(family, addr, port, 0, ECONNREFUSED));
}

uint16_t port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in6 addr; /* the port is where struct sockaddr_in has it */
	socklen_t len = sizeof(addr);

	return name(fd, (struct sockaddr *)&addr, &len) < 0 ? 0 : ntohs(addr.sin6_port);
}

int accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		die("accept");
	return fd;
}

int *new_fds(unsigned int count)
{
	int *fds = calloc(count, sizeof(*fds));

	if (!fds)
		die("calloc");
	return fds;
}

void set_blocking(int fd)
{
	if (fcntl(fd, F_SETFL, 0) < 0)
		die("fcntl");
}

void set_nonblocking(int fd)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		die("fcntl");
}

void send_all(int fd, size_t len)
{
	static const char zeros[RESPONSE_BYTES];

	if (send(fd, zeros, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("send");
	last_payload_ms = now_ms();
}

void recv_all(int fd, size_t len)
{
	char buf[RESPONSE_BYTES];

	if (recv(fd, buf, len, MSG_WAITALL) != (ssize_t)len)
		die("recv");
	last_payload_ms = now_ms();
}

void exchange(int client, int server)
{
	send_all(client, REQUEST_BYTES);
	recv_all(server, REQUEST_BYTES);
	send_all(server, RESPONSE_BYTES);
	recv_all(client, RESPONSE_BYTES);
}

void expect_eof(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, 0) != 0)
		die("end of stream expected");
}

void wait_readable(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	if (poll(&readable, 1, PATIENCE_MS) != 1)
		die("nothing to read on the socket");
}

void wait_writable(int fd)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };

	if (poll(&writable, 1, PATIENCE_MS) != 1)
		die("connection not established");
}

void expect_error(int fd, int err)
{
	struct pollfd error = { .fd = fd };
	socklen_t len = sizeof(errno);

	if (poll(&error, 1, PATIENCE_MS) != 1)
		die("no error on the socket");
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &len) < 0 || errno != err)
		die("another error on the socket");
}

void close_reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		die("SO_LINGER");
	close(fd);
}

void wait_for_order(void)
{
	int byte;

	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
}

pid_t fork_bound(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

void pause_ms(unsigned int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&time, &time) < 0)
		;
}

void mark_end(uint16_t port)
{
	printf("%u %llu\n", port, (unsigned long long)(now_ms() - last_payload_ms));
}

/* Whether PORT has a socket in one of STATES, a bit each. */
static bool has_socket(const char *path, uint16_t port, unsigned int states)
{
	FILE *file = fopen(path, "re");
	unsigned int local, remote, state;
	bool found = false;
	char line[256];

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, " %*d: %*[^:]:%x %*[^:]:%x %x", &local, &remote, &state) ==
				3 &&
			(!port || local == port || remote == port) && states & 1U << state;
	fclose(file);
	return found;
}

static void wait_none(uint16_t port, unsigned int states)
{
	uint64_t end = now_ms() + SETTLE_MS;

	while (has_socket("/proc/self/net/tcp", port, states) ||
	       has_socket("/proc/self/net/tcp6", port, states)) {
		if (now_ms() > end) {
			errno = ETIMEDOUT;
			die("a socket stays");
		}
		pause_ms(SETTLE_POLL_MS);
	}
}

void settle(uint16_t port)
{
	wait_none(port, ~(1U << TCP_TIME_WAIT | 1U << TCP_LISTEN));
}

void wait_fin_acked(uint16_t port)
{
	wait_none(port, 1U << TCP_FIN_WAIT1);
}
