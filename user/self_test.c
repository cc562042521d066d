/* SPDX-License-Identifier: Apache-2.0 */
/* `check --self-test`: a script of loopback connections, and what each feature must say of it. */
#include "self_test.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aggregate.h"
#include "cleanup.h"
#include "conn_list.h"
#include "log.h"
#include "loopback.h"
#include "tracer.h"

#define REQUEST	      10 /* bytes */
#define RESPONSE      20
#define BACKLOG	      3
#define NO_ROUTE_PORT 9
#define PATIENCE_MS   1000
#define POLL_MS	      10

/* The connections, by what happens on them. */
enum step {
	STEP_BEFORE,	 /* opened, and used, before tracing starts; then used once more */
	STEP_CLIENT_FIN, /* three exchanges, the client closes */
	STEP_SERVER_FIN, /* one exchange, the server closes */
	STEP_LINGER,	 /* the client resets */
	STEP_UNREAD,	 /* the server closes with the request unread */
	STEP_RACE,	 /* the server closes, then a request comes */
	STEP_OPEN,	 /* a request is in flight when all is over */
	STEP_QUEUED,	 /* nobody accepts it */
	STEP_REFUSED,	 /* finds the queue full */
	STEP_MAX,
};

struct pair {
	int client, server;
	__u16 client_port, server_port;
};

struct script {
	int listener, narrow; /* one with BACKLOG, one that has room for a single connection */
	struct pair pairs[STEP_MAX];
};

/* ---- the script ---- */

static int exchange(const struct pair *pair)
{
	int err = loopback_send(pair->client, pair->server, REQUEST);

	return err ? err : loopback_send(pair->server, pair->client, RESPONSE);
}

static void hang_up(int *fd)
{
	close(*fd);
	*fd = -1;
}

static int open_pair(struct script *script, enum step step)
{
	struct pair *pair = &script->pairs[step];
	int listener =
		step == STEP_QUEUED || step == STEP_REFUSED ? script->narrow : script->listener;
	int err = loopback_connect(listener, &pair->client);

	if (err)
		return err;
	pair->client_port = loopback_port(pair->client);
	pair->server_port = loopback_port(listener);
	return listener == script->listener ? loopback_accept(listener, &pair->server) : 0;
}

static int open_before(struct script *script)
{
	int err = loopback_listen(BACKLOG, &script->listener);

	if (!err)
		err = loopback_listen(0, &script->narrow);
	if (!err)
		err = open_pair(script, STEP_BEFORE);
	return err ? err : exchange(&script->pairs[STEP_BEFORE]);
}

static int end_by_fin(struct script *script)
{
	struct pair *by_client = &script->pairs[STEP_CLIENT_FIN];
	struct pair *by_server = &script->pairs[STEP_SERVER_FIN];
	int err = 0;

	for (int i = 0; !err && i < 3; i++)
		err = exchange(by_client);
	hang_up(&by_client->client);
	hang_up(&by_client->server);
	if (!err)
		err = exchange(by_server);
	hang_up(&by_server->server);
	hang_up(&by_server->client);
	return err;
}

static int end_by_reset(struct script *script)
{
	struct linger linger = { .l_onoff = 1 };
	struct pair *lingers = &script->pairs[STEP_LINGER];
	struct pair *unread = &script->pairs[STEP_UNREAD];
	int err = exchange(lingers);

	setsockopt(lingers->client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	hang_up(&lingers->client);
	hang_up(&lingers->server);
	if (!err)
		err = loopback_send(unread->client, -1, REQUEST);
	hang_up(&unread->server);
	hang_up(&unread->client);
	return err;
}

static int end_in_a_race(struct script *script)
{
	struct pair *pair = &script->pairs[STEP_RACE];
	int err = exchange(pair);

	hang_up(&pair->server);
	if (!err)
		err = loopback_send(pair->client, -1, REQUEST);
	hang_up(&pair->client);
	return err;
}

/* connect(2) to a multicast address finds no route for TCP, whatever the routes are
 * (net/ipv4/tcp_ipv4.c, tcp_v4_connect). */
static int find_no_route(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(NO_ROUTE_PORT) };
	auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_ALLHOSTS_GROUP);
	if (fd < 0 || !connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd < 0 ? -errno : -EIO;
	return errno == ENETUNREACH ? 0 : -errno;
}

static int play(struct script *script)
{
	int err = 0;

	for (enum step step = STEP_BEFORE + 1; !err && step < STEP_MAX; step++)
		err = open_pair(script, step);
	if (!err)
		err = exchange(&script->pairs[STEP_BEFORE]);
	if (!err)
		err = end_by_fin(script);
	if (!err)
		err = end_by_reset(script);
	if (!err)
		err = end_in_a_race(script);
	if (!err)
		err = find_no_route();
	if (!err)
		err = loopback_send(script->pairs[STEP_OPEN].client,
				    script->pairs[STEP_OPEN].server, REQUEST);
	return err;
}

static void script_init(struct script *script)
{
	script->listener = -1;
	script->narrow = -1;
	for (int i = 0; i < STEP_MAX; i++)
		script->pairs[i] = (struct pair){ .client = -1, .server = -1 };
}

static void script_done(struct script *script)
{
	for (int i = 0; i < STEP_MAX; i++) {
		if (script->pairs[i].client >= 0)
			close(script->pairs[i].client);
		if (script->pairs[i].server >= 0)
			close(script->pairs[i].server);
	}
	if (script->listener >= 0)
		close(script->listener);
	if (script->narrow >= 0)
		close(script->narrow);
}

/* ---- what came of it ---- */

struct trial {
	const struct script *script;
	const struct aggregate *agg;
	const struct conn_list *conns;
	const struct feature_state *states;
	struct self_test *test;
};

static void expect(const struct trial *trial, enum feature feature, const char *what, __u64 got,
		   __u64 want)
{
	struct self_test *test = trial->test;

	if (trial->states[feature].mechanism == MECHANISM_OFF ||
	    test->results[feature] == SELF_TEST_WRONG)
		return;
	test->results[feature] = got == want ? SELF_TEST_WORKS : SELF_TEST_WRONG;
	if (got != want)
		snprintf(test->details[feature], sizeof(test->details[feature]),
			 "%s: %llu, not %llu", what, got, want);
}

/* The record of one end of STEP, with whether it is of the open ones; NULL: none came. */
static const struct conn *find(const struct trial *trial, enum step step, __u8 role, bool *ret_open)
{
	const struct conn_list *list = trial->conns;
	const struct pair *pair = &trial->script->pairs[step];
	__u16 local = role == ROLE_CLIENT ? pair->client_port : pair->server_port;
	__u16 remote = role == ROLE_CLIENT ? pair->server_port : pair->client_port;
	const struct conn *conn;

	for (size_t i = 0; (conn = conn_list__get(list, i)); i++) {
		if (conn->role != role || conn->local_port != local || conn->remote_port != remote)
			continue;
		*ret_open = i < conn_list__open_count(list);
		return conn;
	}
	return NULL;
}

/* What must be known of a connection that has ended. */
struct ending {
	enum step step;
	__u8 role;
	__u8 initiator;
	__u8 cause;
	__u8 exchanges;
	__u8 requests; /* moved by the application */
	__u8 responses;
	bool time_wait, raced;
};

static const struct ending endings[] = {
	{ STEP_CLIENT_FIN, ROLE_CLIENT, INITIATOR_LOCAL_FIN, CAUSE_NONE, 3, 3, 3, true, false },
	{ STEP_CLIENT_FIN, ROLE_SERVER, INITIATOR_REMOTE_FIN, CAUSE_NONE, 3, 3, 3, false, false },
	{ STEP_SERVER_FIN, ROLE_CLIENT, INITIATOR_REMOTE_FIN, CAUSE_NONE, 1, 1, 1, false, false },
	{ STEP_SERVER_FIN, ROLE_SERVER, INITIATOR_LOCAL_FIN, CAUSE_NONE, 1, 1, 1, true, false },
	{ STEP_LINGER, ROLE_CLIENT, INITIATOR_LOCAL_RST, CAUSE_LINGER0, 1, 1, 1, false, false },
	{ STEP_LINGER, ROLE_SERVER, INITIATOR_REMOTE_RST, CAUSE_NONE, 1, 1, 1, false, false },
	{ STEP_UNREAD, ROLE_CLIENT, INITIATOR_REMOTE_RST, CAUSE_NONE, 0, 1, 0, false, false },
	{ STEP_UNREAD, ROLE_SERVER, INITIATOR_LOCAL_RST, CAUSE_UNREAD_DATA, 0, 0, 0, false, false },
	{ STEP_RACE, ROLE_CLIENT, INITIATOR_REMOTE_FIN, CAUSE_NONE, 1, 2, 1, false, true },
	{ STEP_RACE, ROLE_SERVER, INITIATOR_LOCAL_FIN, CAUSE_AFTER_FIN_DATA, 1, 1, 1, false, true },
};

#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

static size_t count_ended(const struct trial *trial)
{
	size_t count = 0;
	bool open;

	for (size_t i = 0; i < ENDINGS; i++) {
		const struct conn *conn = find(trial, endings[i].step, endings[i].role, &open);

		count += conn && !open;
	}
	return count;
}

static bool is_reset(__u8 initiator)
{
	return initiator == INITIATOR_LOCAL_RST || initiator == INITIATOR_REMOTE_RST;
}

static void judge_payload(const struct trial *trial, const struct ending *want,
			  const struct conn *conn)
{
	__u64 asked = want->requests * REQUEST, answered = want->responses * RESPONSE;
	bool client = want->role == ROLE_CLIENT;

	expect(trial, FEATURE_SEND, "bytes sent", conn->sent_bytes, client ? asked : answered);
	expect(trial, FEATURE_RECEIVE, "bytes received", conn->received_bytes,
	       client ? answered : asked);
	expect(trial, FEATURE_RECEIVE, "exchanges", conn->exchanges, want->exchanges);
}

static void judge_ending(const struct trial *trial, const struct ending *want)
{
	bool race_is_off = trial->states[FEATURE_RACE].mechanism == MECHANISM_OFF;
	const struct conn *conn;
	bool open;

	conn = find(trial, want->step, want->role, &open);
	expect(trial, FEATURE_STATE, "records of a connection", conn != NULL, 1);
	if (!conn)
		return;
	expect(trial, FEATURE_DESTROY, "ended connections that seem open", open, 0);
	expect(trial, is_reset(want->initiator) ? FEATURE_RESET : FEATURE_STATE, "initiator",
	       conn->initiator, want->initiator);
	if (want->cause == CAUSE_AFTER_FIN_DATA)
		expect(trial, FEATURE_RACE, "cause", conn->cause, want->cause);
	else
		expect(trial, FEATURE_CLOSE, "cause", conn->cause, want->cause);
	judge_payload(trial, want, conn);
	if (want->role == ROLE_CLIENT || !race_is_off) {
		expect(trial, FEATURE_TIME_WAIT, "TIME_WAIT", !!(conn->flags & CONN_TIME_WAIT),
		       want->time_wait);
		expect(trial, FEATURE_RACE, "raced", !!(conn->flags & CONN_RACED), want->raced);
	}
}

static void judge_owner(const struct trial *trial, enum feature feature, __u8 role)
{
	const struct conn *conn;
	char comm[CONN_COMM_LEN];
	bool open;

	prctl(PR_GET_NAME, comm);
	conn = find(trial, STEP_CLIENT_FIN, role, &open);
	expect(trial, feature, "owners", conn && !strncmp(conn->comm, comm, sizeof(comm)), 1);
	expect(trial, feature, "times", conn && conn->ready_ns > conn->opened_ns, 1);
}

static void judge_open(const struct trial *trial)
{
	bool open = false;
	const struct conn *conn = find(trial, STEP_OPEN, ROLE_CLIENT, &open);

	expect(trial, FEATURE_SNAPSHOT, "open connections", conn && open, 1);
	expect(trial, FEATURE_SNAPSHOT, "requests in flight", conn && conn_is_active(conn), 1);
	conn = find(trial, STEP_BEFORE, ROLE_CLIENT, &open);
	expect(trial, FEATURE_SEED, "earlier connections", conn && conn->flags & CONN_PARTIAL, 1);
	expect(trial, FEATURE_SEED, "their exchanges since", conn ? conn->exchanges : 0, 1);
}

static void judge_no_route(const struct trial *trial)
{
	const struct conn_list *list = trial->conns;
	const struct conn *conn;
	__u64 found = 0;

	for (size_t i = 0; (conn = conn_list__get(list, i)); i++)
		found += conn->remote_port == NO_ROUTE_PORT && conn->fail == FAIL_UNREACHABLE;
	expect(trial, FEATURE_NO_ROUTE, "attempts without a route", found, 1);
}

static const struct row *listener_row(const struct trial *trial, int listener)
{
	const struct row *const *rows;
	size_t count = aggregate__rows(trial->agg, &rows);

	for (size_t i = 0; i < count; i++) {
		if (rows[i]->key.role == ROLE_SERVER &&
		    rows[i]->key.port == loopback_port(listener))
			return rows[i];
	}
	return NULL;
}

static void judge_queue(const struct trial *trial)
{
	const struct row *row = listener_row(trial, trial->script->narrow);

	expect(trial, FEATURE_LISTEN, "listeners", row != NULL, 1);
	if (!row)
		return;
	expect(trial, FEATURE_SNAPSHOT, "accept queue", row->listener_open.depth, 1);
	expect(trial, FEATURE_OVERFLOW, "refused SYNs", row->listener_open.syn_drops > 0, 1);
}

/* listen(2) once more: the one from before the start cannot be known. */
static void judge_listen(const struct trial *trial)
{
	const struct row *row = listener_row(trial, trial->script->listener);

	expect(trial, FEATURE_LISTEN, "backlog asked for",
	       row && row->listener_open.asked_known ? row->listener_open.backlog_asked : 0,
	       BACKLOG + 1);
}

static void judge(const struct trial *trial)
{
	for (size_t i = 0; i < ENDINGS; i++)
		judge_ending(trial, &endings[i]);
	judge_owner(trial, FEATURE_CONNECT, ROLE_CLIENT);
	judge_owner(trial, FEATURE_ACCEPT, ROLE_SERVER);
	judge_open(trial);
	judge_no_route(trial);
	judge_queue(trial);
	judge_listen(trial);
	/* Without records there was nothing to judge these by. */
	for (int i = 0; i < FEATURE_MAX; i++) {
		if (trial->test->results[i] == SELF_TEST_OFF)
			expect(trial, i, "records", 0, 1);
	}
}

int self_test__run(struct tracer *tracer, struct aggregate *agg, const struct conn_list *conns,
		   const struct feature_state *states, struct self_test *ret_test)
{
	struct script script;
	struct trial trial = { &script, agg, conns, states, ret_test };
	int err;

	memset(ret_test, 0, sizeof(*ret_test));
	script_init(&script);
	err = open_before(&script);
	if (!err)
		err = tracer__start(tracer);
	if (!err && listen(script.listener, BACKLOG + 1))
		err = -errno;
	if (!err)
		err = play(&script);
	for (int waited = 0; !err && waited < PATIENCE_MS; waited += POLL_MS) {
		tracer__poll(tracer, agg, POLL_MS);
		if (count_ended(&trial) == ENDINGS)
			break;
	}
	if (!err)
		err = tracer__snapshot(tracer, agg);
	if (!err)
		judge(&trial);
	else
		log_err(err, "no self-test");
	tracer__end_snapshot(tracer, agg);
	script_done(&script);
	return err;
}

bool self_test__failed(const struct self_test *test)
{
	for (int i = 0; i < FEATURE_MAX; i++) {
		if (test->results[i] == SELF_TEST_WRONG)
			return true;
	}
	return false;
}
