// SPDX-License-Identifier: Apache-2.0
/*
 * What user space spends on a stream of records that nobody had to make: no kernel side, no root.
 *
 *   user WORK COUNT ENDPOINTS
 *
 * WORK on COUNT connections, spread over ENDPOINTS, every other of which is a listener:
 *   events     they end: each event is checked and taken in, as from the ring buffer
 *   open       they are open: a snapshot takes them in, and the report of all views is written
 *   json, csv, html   each is a row of `conns`, which is written
 *
 * Prints WORK, nanoseconds of CPU for each connection, and KiB that memory has grown by. What
 * counts is inside of work(), for callgrind's --toggle-collect.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "aggregate.h"
#include "cli.h"
#include "conn_list.h"
#include "event.h"
#include "owner.h"
#include "render.h"
#include "report.h"

#define EVENTS 16384 /* distinct ones, which go round */
#define SECOND 1000000000ULL

static struct conn_event events[EVENTS];

struct bench {
	const char *work;
	size_t count;
	__u32 endpoints;
	struct aggregate *agg;
	struct conn_list *conns; /* or NULL */
	struct options options;
	FILE *out;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* xorshift64: the same numbers each time. */
static __u64 next_random(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void set_addr(__u8 *addr, __u32 host)
{
	const __u8 v4[CONN_ADDR_LEN] = {
		[10] = 0xff,	   [11] = 0xff,	     [12] = 10,
		[13] = host >> 16, [14] = host >> 8, [15] = host,
	};

	memcpy(addr, v4, sizeof(v4));
}

/* An end of a connection to endpoint NUMBER: times and counts of a web server's. */
static struct conn make_conn(__u32 number, __u8 role, __u64 *random)
{
	__u64 opened_ns = SECOND + next_random(random) % (10 * SECOND);
	__u64 ready_ns = opened_ns + 20000 + next_random(random) % 2000000;
	__u64 last_ns = ready_ns + next_random(random) % (2 * SECOND);
	__u64 closed_ns = last_ns + next_random(random) % (5 * SECOND);
	bool server = role == ROLE_SERVER;
	struct conn conn = {
		.opened_ns = opened_ns,
		.ready_ns = ready_ns,
		.last_ns = last_ns,
		.closed_ns = closed_ns,
		.cgroup = 1 + number % 20,
		.sent_bytes = 500,
		.received_bytes = 5000,
		.exchanges = 1 + next_random(random) % 100,
		.netns = 4026531840,
		.pid = 1000 + number % 50,
		.depth = server ? 1 + next_random(random) % 8 : 0,
		.limit = 4096,
		.group = GROUP_FIRST + number,
		.local_port = server ? 8000 + number % 1000 : 32768 + next_random(random) % 28000,
		.remote_port = server ? 32768 + next_random(random) % 28000 : 8000 + number % 1000,
		.role = role,
		.initiator = next_random(random) % 3 ? INITIATOR_LOCAL_FIN : INITIATOR_REMOTE_FIN,
		.family = AF_INET,
		.queued = server,
		.ready = 1,
		.idle_ms = (__u32)((closed_ns - last_ns) / 1000000),
		.comm = "nginx",
	};

	set_addr(server ? conn.local_addr : conn.remote_addr, number / 1000);
	set_addr(server ? conn.remote_addr : conn.local_addr, 0xff0000 + number % 7);
	return conn;
}

static void make_events(const struct bench *bench)
{
	__u64 random = 88172645463325252ULL;

	for (size_t i = 0; i < EVENTS; i++) {
		/* Each endpoint comes, and then any. */
		__u32 number = i < bench->endpoints
				       ? (__u32)i
				       : (__u32)(next_random(&random) % bench->endpoints);

		events[i] = (struct conn_event){
			.header = { .type = EVENT_CONN_CLOSED,
				    .version = EVENT_VERSION,
				    .len = sizeof(struct conn_event) },
			.conn = make_conn(number, number % 2 ? ROLE_SERVER : ROLE_CLIENT, &random),
		};
	}
}

/* ---- work ---- */

static void feed(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++) {
		const struct conn_event *event = &events[i % EVENTS];

		if (!event_check(event, sizeof(*event)))
			die("event");
		owner_container(event->conn.cgroup);
		aggregate__closed(bench->agg, &event->conn);
	}
}

static void snapshot(struct bench *bench)
{
	aggregate__begin_snapshot(bench->agg, 20 * SECOND);
	for (size_t i = 0; i < bench->count; i++) {
		struct conn conn = events[i % EVENTS].conn;

		conn.initiator = INITIATOR_NONE;
		conn.local_port = (__u16)(conn.local_port + i / EVENTS);
		aggregate__open(bench->agg, &conn);
	}
	if (bench->conns)
		conn_list__sort_open(bench->conns);
}

static void write_report(struct bench *bench)
{
	struct report report = {
		.aggregate = bench->agg,
		.conns = bench->conns,
		.ts_ms = 1800000000000,
		.now_ns = 20 * SECOND,
		.started_ns = SECOND,
	};
	bool page = !strcmp(bench->work, "html");

	if (page ? report_write_page(&report, &bench->options, bench->out)
		 : report_write(&report, &bench->options, bench->out))
		die("report");
}

/* By name for callgrind. */
__attribute__((noinline)) void work(struct bench *bench);
__attribute__((noinline)) void work(struct bench *bench)
{
	if (!strcmp(bench->work, "events")) {
		feed(bench);
		return;
	}
	snapshot(bench);
	write_report(bench);
}

/* ---- start and end ---- */

static void begin(struct bench *bench)
{
	bool rows = !strcmp(bench->work, "json") || !strcmp(bench->work, "csv") ||
		    !strcmp(bench->work, "html");

	bench->options.view = rows ? "conns" : "all";
	bench->options.json = !strcmp(bench->work, "json");
	bench->options.csv = !strcmp(bench->work, "csv");
	bench->agg = aggregate__new(0, 65536, &bench->options.filter, NULL);
	bench->out = fopen("/dev/null", "w");
	if (!bench->agg || !bench->out)
		die("start");
	if (!rows)
		return;
	bench->conns = conn_list__new(0);
	if (!bench->conns)
		die("start");
	aggregate__observe(bench->agg, conn_list__observer(bench->conns));
}

static void end(struct bench *bench)
{
	aggregate__free(bench->agg);
	conn_list__free(bench->conns);
	fclose(bench->out);
	owner_forget();
}

static __u64 cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (__u64)now.tv_sec * SECOND + (__u64)now.tv_nsec;
}

static size_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	size_t pages = 0;

	if (!file || fscanf(file, "%*u %10zu", &pages) != 1)
		die("/proc/self/statm");
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

int main(int argc, char **argv)
{
	struct bench bench = {};
	size_t before_kib;
	__u64 start;

	if (argc != 4) {
		fprintf(stderr, "usage: user WORK COUNT ENDPOINTS\n");
		return 2;
	}
	bench.work = argv[1];
	bench.count = strtoul(argv[2], NULL, 10);
	bench.endpoints = (__u32)strtoul(argv[3], NULL, 10);
	/* json-c's own has a random seed, and so is not the same each time. */
	json_global_set_string_hash(JSON_C_STR_HASH_PERLLIKE);
	make_events(&bench);
	begin(&bench);
	before_kib = resident_kib();
	start = cpu_ns();
	work(&bench);
	printf("%s %llu %zu\n", bench.work, (cpu_ns() - start) / bench.count,
	       resident_kib() - before_kib);
	end(&bench);
	return 0;
}
