// SPDX-License-Identifier: Apache-2.0
/*
 * The unit of work that the benchmarks count the cost of, both ends in one thread.
 *
 *   work exchange N [OPEN [ENDPOINTS]]     a request and its response, N times, on OPEN connections
 *                                          in turn, which lead to ENDPOINTS listeners
 *   work connection N [OPEN [ENDPOINTS]]   connect, accept, one exchange, both close, N times
 *   work serve OPEN ENDPOINTS              the same as lines of standard input ask: UNIT N
 *   work hold N COMMAND...                 COMMAND beside N open connections
 *
 * Prints for a unit, after a tenth of N to warm up, what the time stamp counter has counted and
 * what CPU time this thread took, in nanoseconds. Under QEMU's -icount both count instructions: the
 * first, with one CPU that never idles, everybody's, the tracer and the kernel's own share
 * together. Of `hold`, COMMAND's CPU time in microseconds, and of it the kernel's.
 *
 * With WATCHER, the schedstat files of what watches, in the environment, the first has in it what
 * that does behind the work, but for what it does idly.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define REQUEST	   100 /* bytes */
#define RESPONSE   200
#define PER_SOURCE 20000 /* connections from one address: ports are 16 bits */
#define IDLE	   0.005 /* of a CPU, at most */

struct pair {
	int client, server;
};

struct endpoint {
	struct sockaddr_in addr;
	int listener;
};

struct scene {
	struct pair *open;
	struct endpoint *endpoints;
	unsigned int open_count, endpoint_count;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The first on 127.0.0.1, the others on 127.1.0.1 and so on. */
static struct endpoint listen_on(unsigned int index)
{
	struct endpoint endpoint = { .addr.sin_family = AF_INET };
	socklen_t len = sizeof(endpoint.addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	endpoint.listener = fd;
	endpoint.addr.sin_addr.s_addr = htonl(index ? 0x7f010000 + index : INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&endpoint.addr, len) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&endpoint.addr, &len))
		die("listen");
	return endpoint;
}

/* SOURCE, in host order: 0 leaves it to the kernel. */
static struct pair open_pair(const struct endpoint *endpoint, unsigned int source)
{
	struct pair pair = { .client = socket(AF_INET, SOCK_STREAM, 0) };
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(source) };
	int on = 1;

	if (source && (setsockopt(pair.client, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) ||
		       bind(pair.client, (struct sockaddr *)&from, sizeof(from))))
		die("bind");
	if (connect(pair.client, (const struct sockaddr *)&endpoint->addr, sizeof(endpoint->addr)))
		die("connect");
	pair.server = accept(endpoint->listener, NULL, NULL);
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

static void one_exchange(const struct scene *scene, unsigned int i)
{
	exchange(&scene->open[i % scene->open_count]);
}

static void one_connection(const struct scene *scene, unsigned int i)
{
	struct pair pair = open_pair(&scene->endpoints[i % scene->endpoint_count], 0);

	exchange(&pair);
	close_pair(&pair);
}

static void begin(unsigned int open_count, unsigned int endpoint_count, struct scene *ret_scene)
{
	struct scene scene = { .open_count = open_count, .endpoint_count = endpoint_count };

	scene.open = calloc(open_count, sizeof(*scene.open));
	scene.endpoints = calloc(endpoint_count, sizeof(*scene.endpoints));
	if (!scene.open || !scene.endpoints)
		die("memory");
	for (unsigned int i = 0; i < endpoint_count; i++)
		scene.endpoints[i] = listen_on(i);
	for (unsigned int i = 0; i < open_count; i++) {
		unsigned int source = open_count > PER_SOURCE ? 0x7f020001 + i / PER_SOURCE : 0;

		scene.open[i] = open_pair(&scene.endpoints[i % endpoint_count], source);
		exchange(&scene.open[i]);
	}
	*ret_scene = scene;
}

static double clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* What WATCHER has run by now. */
static double ran_ns(const char *watcher)
{
	char *list = strdup(watcher), *rest = list, *path;
	double sum = 0, ns;
	FILE *file;

	while ((path = strsep(&rest, " "))) {
		if (!*path)
			continue;
		file = fopen(path, "r");
		if (!file)
			die(path);
		if (fscanf(file, "%lf", &ns) == 1)
			sum += ns;
		fclose(file);
	}
	free(list);
	return sum;
}

/* What WATCHER does from now on until it is idle, but for what it does then. */
static double behind_ns(const char *watcher)
{
	double start_ns = clock_ns(CLOCK_MONOTONIC), start_ran = ran_ns(watcher);
	double now_ns, ran = start_ran, idle;
	int seconds = 0;

	do {
		double before_ns = clock_ns(CLOCK_MONOTONIC), before = ran_ns(watcher);

		sleep(1);
		now_ns = clock_ns(CLOCK_MONOTONIC);
		ran = ran_ns(watcher);
		idle = (ran - before) / (now_ns - before_ns);
		if (++seconds > 60)
			die("watcher is never idle");
	} while (seconds < 3 || idle > IDLE);
	return ran - start_ran - idle * (now_ns - start_ns);
}

/* SCENE's connections and listeners stay as they are for as long as WATCHER does anything. */
static void measure(const struct scene *scene, unsigned int n,
		    void (*unit)(const struct scene *scene, unsigned int i))
{
	const char *watcher = getenv("WATCHER");
	unsigned long long start;
	double start_ns, cpu_ns, took;

	for (unsigned int i = 0; i < n / 10; i++)
		unit(scene, i);
	if (watcher)
		behind_ns(watcher);
	start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	start = __rdtsc();
	for (unsigned int i = 0; i < n; i++)
		unit(scene, n / 10 + i);
	took = (double)(__rdtsc() - start);
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
	if (watcher)
		took += behind_ns(watcher);
	printf("%.1f %.1f\n", took / n, cpu_ns / n);
	fflush(stdout);
}

static int work(const struct scene *scene, const char *unit, unsigned int n)
{
	if (n && !strcmp(unit, "exchange"))
		measure(scene, n, one_exchange);
	else if (n && !strcmp(unit, "connection"))
		measure(scene, n, one_connection);
	else
		return fprintf(stderr, "work: %s %u: no such work\n", unit, n), 2;
	return 0;
}

static int serve(const struct scene *scene)
{
	unsigned int n;
	char unit[16];
	int status = 0;

	puts("ready");
	fflush(stdout);
	while (!status && scanf("%15s %u", unit, &n) == 2)
		status = work(scene, unit, n);
	return status;
}

static void hold(char **command)
{
	struct rusage usage;
	pid_t pid = fork();
	long kernel_us;

	if (!pid) {
		execvp(command[0], command);
		die(command[0]);
	}
	if (pid < 0 || wait4(pid, NULL, 0, &usage) < 0)
		die("command");
	kernel_us = usage.ru_stime.tv_sec * 1000000L + usage.ru_stime.tv_usec;
	printf("%ld %ld\n", usage.ru_utime.tv_sec * 1000000L + usage.ru_utime.tv_usec + kernel_us,
	       kernel_us);
}

static unsigned int number(int argc, char **argv, int index)
{
	unsigned int value = argc > index ? (unsigned int)strtoul(argv[index], NULL, 10) : 0;

	return value ? value : 1;
}

int main(int argc, char **argv)
{
	struct rlimit files = { .rlim_cur = 1 << 18, .rlim_max = 1 << 18 };
	bool serves = argc > 2 && !strcmp(argv[1], "serve");
	bool holds = argc > 3 && !strcmp(argv[1], "hold");
	struct scene scene;

	if (argc < 3)
		return fprintf(stderr, "usage: work exchange|connection N [OPEN [ENDPOINTS]] | "
				       "serve OPEN ENDPOINTS | hold N COMMAND...\n"),
		       2;
	setrlimit(RLIMIT_NOFILE, &files);
	begin(number(argc, argv, serves || holds ? 2 : 3),
	      holds ? 1 : number(argc, argv, serves ? 3 : 4), &scene);
	if (serves)
		return serve(&scene);
	if (!holds)
		return work(&scene, argv[1], number(argc, argv, 2));
	hold(argv + 3);
	return 0;
}
