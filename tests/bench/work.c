// SPDX-License-Identifier: Apache-2.0
/*
 * The unit of work that the benchmark counts instructions of, both ends in one thread.
 *
 *   work exchange N        a request and its response on one connection, N times
 *   work connection N      connect, accept, one exchange, both close, N times
 *   work hold N COMMAND... COMMAND beside N open connections; prints what it spent
 *
 * Under QEMU's -icount the time stamp counter counts instructions, whoever runs them: with one CPU
 * that never idles the difference is the work, the tracer and the kernel's own share together.
 * Prints instructions a unit, after a tenth of N to warm up; of `hold`, COMMAND's CPU time in
 * microseconds, each of which is 1,000 instructions.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define REQUEST	 100 /* bytes */
#define RESPONSE 200

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int listen_somewhere(struct sockaddr_in *ret_addr)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		die("listen");
	*ret_addr = addr;
	return fd;
}

struct pair {
	int client, server;
};

static struct pair open_pair(int listener, const struct sockaddr_in *addr)
{
	struct pair pair = { .client = socket(AF_INET, SOCK_STREAM, 0) };

	if (connect(pair.client, (const struct sockaddr *)addr, sizeof(*addr)))
		die("connect");
	pair.server = accept(listener, NULL, NULL);
	if (pair.server < 0)
		die("accept");
	return pair;
}

static void pass(int from, int to, size_t len)
{
	char bytes[RESPONSE] = {};

	if (send(from, bytes, len, 0) != (ssize_t)len || recv(to, bytes, len, 0) != (ssize_t)len)
		die("payload");
}

static void exchange(const struct pair *pair)
{
	pass(pair->client, pair->server, REQUEST);
	pass(pair->server, pair->client, RESPONSE);
}

static void close_pair(const struct pair *pair)
{
	char byte;

	close(pair->client);
	if (recv(pair->server, &byte, 1, 0) != 0)
		die("end of file");
	close(pair->server);
}

static void print_units(unsigned long long instructions, unsigned int n)
{
	printf("%.1f\n", (double)instructions / n);
}

static void exchanges(unsigned int n, int listener, const struct sockaddr_in *addr)
{
	struct pair pair = open_pair(listener, addr);
	unsigned long long start;

	for (unsigned int i = 0; i < n / 10; i++)
		exchange(&pair);
	start = __rdtsc();
	for (unsigned int i = 0; i < n; i++)
		exchange(&pair);
	print_units(__rdtsc() - start, n);
	close_pair(&pair);
}

static void connections(unsigned int n, int listener, const struct sockaddr_in *addr)
{
	unsigned long long start = 0;

	for (unsigned int i = 0; i < n + n / 10; i++) {
		struct pair pair;

		if (i == n / 10)
			start = __rdtsc();
		pair = open_pair(listener, addr);
		exchange(&pair);
		close_pair(&pair);
	}
	print_units(__rdtsc() - start, n);
}

static void hold(unsigned int n, int listener, const struct sockaddr_in *addr, char **command)
{
	struct rusage usage;
	pid_t pid;

	for (unsigned int i = 0; i < n; i++) {
		struct pair pair = open_pair(listener, addr);

		exchange(&pair);
	}
	pid = fork();
	if (!pid) {
		execvp(command[0], command);
		die(command[0]);
	}
	if (pid < 0 || wait4(pid, NULL, 0, &usage) < 0)
		die("command");
	printf("%ld\n", (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L +
				usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	struct rlimit files = { .rlim_cur = 1 << 18, .rlim_max = 1 << 18 };
	struct sockaddr_in addr;
	int listener = listen_somewhere(&addr);

	setrlimit(RLIMIT_NOFILE, &files);
	if (n && !strcmp(argv[1], "exchange"))
		exchanges(n, listener, &addr);
	else if (n && !strcmp(argv[1], "connection"))
		connections(n, listener, &addr);
	else if (argc > 3 && !strcmp(argv[1], "hold"))
		hold(n, listener, &addr, argv + 3);
	else
		return fprintf(stderr, "usage: work exchange|connection N | hold N COMMAND...\n"),
		       2;
	return 0;
}
