/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a recording that never differs: two minutes of a host that nobody traced, for screens that
 * are compared to the letter.
 *
 *   make_recording FILE
 *
 * nginx has a pool of four connections to one upstream and none to another; "batch" races with its
 * upstream; one listener has a queue that fills and overflows, another none; a process has a
 * hostile name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/tcp.h>

#include "aggregate.h"
#include "parse.h"
#include "recorder.h"
#include "report.h"

#define SECOND	 1000000000ULL
#define MS	 1000000ULL
#define SECONDS	 120
#define START_NS (5000 * SECOND)
#define START_MS 1767225600000ULL /* 2026-01-01T00:00:00Z */
#define NETNS	 4026531840U
#define POOL	 4

struct making {
	struct aggregate *agg;
	struct recorder *recorder;
	struct report report;
	__u64 now_ns;
	__u16 next_port; /* ephemeral */
};

static void set_addr(__u8 *addr, const char *text)
{
	if (parse_addr(text, addr))
		abort();
}

static struct conn new_conn(struct making *making, __u8 role, const char *comm, __u32 pid)
{
	struct conn conn = {
		.role = role,
		.family = AF_INET,
		.state = TCP_ESTABLISHED,
		.netns = NETNS,
		.pid = pid,
		.opened_ns = making->now_ns,
		.ready = 1,
	};

	snprintf(conn.comm, sizeof(conn.comm), "%s", comm);
	return conn;
}

static struct conn to(struct making *making, const char *addr, __u16 port, const char *comm,
		      __u32 pid)
{
	struct conn conn = new_conn(making, ROLE_CLIENT, comm, pid);

	set_addr(conn.remote_addr, addr);
	set_addr(conn.local_addr, strchr(addr, ':') ? "2001:db8::9" : "10.0.0.9");
	conn.remote_port = port;
	conn.local_port = making->next_port++;
	conn.ready_ns = conn.opened_ns + 300000;
	return conn;
}

static struct conn from(struct making *making, __u16 port, __u32 depth)
{
	struct conn conn = new_conn(making, ROLE_SERVER, port == 443 ? "nginx" : "sshd", port);

	set_addr(conn.remote_addr, "192.0.2.77");
	set_addr(conn.local_addr, "10.0.0.9");
	conn.local_port = port;
	conn.remote_port = making->next_port++;
	conn.bound = BOUND_ANY4;
	conn.queued = 1;
	conn.depth = depth;
	conn.limit = 8;
	conn.ready_ns = conn.opened_ns + depth * 20 * MS;
	return conn;
}

/* Ends CONN a moment later, after so many EXCHANGES. */
static void end(struct making *making, struct conn *conn, __u32 exchanges, __u8 initiator)
{
	conn->exchanges = exchanges;
	conn->sent_bytes = exchanges * 120ULL;
	conn->received_bytes = exchanges * 4096ULL;
	conn->last_ns = conn->opened_ns + 5 * MS;
	conn->closed_ns = conn->opened_ns + 45 * MS;
	conn->idle_ms = 40;
	conn->initiator = initiator;
	conn->state = TCP_CLOSE;
	aggregate__closed(making->agg, conn);
}

/* What ends in second N. */
static void end_some(struct making *making, unsigned int n)
{
	/* Up and down, with a rest in between. */
	static const unsigned int wave[] = { 0, 1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1, 0, 0 };
	unsigned int height = wave[n / 4 % (sizeof(wave) / sizeof(wave[0]))];
	struct conn conn;

	for (unsigned int i = 0; i < height; i++) {
		conn = to(making, "10.0.0.2", 8080, "nginx", 900);
		end(making, &conn, 1, INITIATOR_LOCAL_FIN);
		conn = from(making, 443, i + 1);
		end(making, &conn, 1 + n % 3, INITIATOR_REMOTE_FIN);
	}
	if (n % 10 == 3) {
		conn = to(making, "2001:db8::1", 443, "batch", 901);
		conn.family = AF_INET6;
		conn.flags = CONN_RACED | CONN_IN_FLIGHT;
		end(making, &conn, 7, INITIATOR_REMOTE_FIN);
	}
	if (n % 40 == 5) {
		conn = to(making, "10.0.0.3", 9000, "a\033[31m\nb\xff", 902);
		end(making, &conn, 0, INITIATOR_REMOTE_RST);
	}
}

/* What is open in second N: the pool, with one more exchange each second, and a login. */
static void open_some(struct making *making, unsigned int n)
{
	__u64 now = making->now_ns;
	struct conn conn;

	making->next_port = 50000;
	for (unsigned int i = 0; i < POOL; i++) {
		making->now_ns = START_NS + (i + 1) * MS;
		conn = to(making, "10.0.0.1", 80, "nginx", 900);
		conn.exchanges = n + i;
		conn.sent_bytes = conn.exchanges * 100ULL;
		conn.received_bytes = conn.exchanges * 1000ULL;
		conn.turn = i ? TURN_RECEIVED : TURN_SENT;
		conn.last_ns = now - i * 100 * MS;
		aggregate__open(making->agg, &conn);
	}
	making->now_ns = START_NS;
	conn = from(making, 22, 0);
	conn.flags = CONN_PARTIAL;
	conn.ready_ns = 0;
	conn.last_ns = now - 9 * SECOND;
	aggregate__open(making->agg, &conn);
	making->now_ns = now;
}

static void listen_on(struct making *making, __u16 port, __u32 depth, __u64 drops)
{
	struct listener listener = {
		.port = port,
		.flags = LISTENER_OPEN | (port == 443 ? LISTENER_ASKED : 0),
		.family = AF_INET,
		.backlog_asked = 511,
		.limit = port == 443 ? 8 : 128,
		.somaxconn = port == 443 ? 8 : 128,
		.depth = depth,
		.ack_drops = drops,
		.netns = NETNS,
		.pid = port,
	};

	set_addr(listener.addr, "0.0.0.0");
	snprintf(listener.comm, sizeof(listener.comm), "%s", port == 443 ? "nginx" : "sshd");
	aggregate__listener(making->agg, &listener);
}

static int tick(struct making *making, unsigned int n)
{
	struct report *report = &making->report;

	aggregate__begin_snapshot(making->agg, 0);
	open_some(making, n);
	listen_on(making, 443, n / 4 % 10, n / 30);
	listen_on(making, 22, 0, 0);
	report->now_ns = making->now_ns;
	report->ts_ms = START_MS + (making->now_ns - START_NS) / MS;
	report->account.interval_ms = (making->now_ns - START_NS) / MS;
	aggregate__tick(making->agg, making->now_ns);
	return recorder__sync(making->recorder, report);
}

static void describe(struct report *report)
{
	report->started_ns = START_NS;
	snprintf(report->account.kernel, sizeof(report->account.kernel), "6.1.0");
	snprintf(report->account.backend, sizeof(report->account.backend), "fentry");
	report->account.losses[LOSS_CONN_EVENT] = 2;
	for (int i = 0; i < FEATURE_MAX; i++)
		report->account.features[i].mechanism = MECHANISM_FENTRY;
	report->account.features[FEATURE_SEND].mechanism = MECHANISM_INFERRED;
	snprintf(report->account.features[FEATURE_SEND].reason,
		 sizeof(report->account.features[FEATURE_SEND].reason), "no hook for sends");
}

static int make(struct making *making)
{
	int err = 0;

	aggregate__keep_series(making->agg, START_NS);
	describe(&making->report);
	making->report.aggregate = making->agg;
	for (unsigned int n = 0; !err && n < SECONDS; n++) {
		making->next_port = (__u16)(20000 + n * 20);
		making->now_ns = START_NS + n * SECOND + 100 * MS;
		end_some(making, n);
		/* In the middle of a slot, whatever rounds which way. */
		making->now_ns = START_NS + n * SECOND + 500 * MS;
		err = tick(making, n);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct making making = { .agg = aggregate__new(0, 64, NULL, NULL) };
	char name[] = "connscope", *arguments[] = { name, NULL };
	struct recorder_options options = { .path = argv[1], .arguments = arguments };

	if (argc != 2 || !making.agg || recorder__new(&options, &making.recorder))
		return 1;
	aggregate__observe(making.agg, recorder__observer(making.recorder));
	if (make(&making))
		return 1;
	aggregate__free(making.agg);
	return recorder__free(making.recorder, NULL) ? 1 : 0;
}
