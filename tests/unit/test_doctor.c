/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of doctor: each speaks from its threshold on, and not below. */
#include "test.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "advice.h"
#include "aggregate.h"
#include "doctor.h"
#include "output.h"
#include "parse.h"
#include "prose.h"
#include "report.h"
#include "table.h"
#include "view.h"

#define MS 1000000ULL /* nanoseconds */

struct scene {
	struct aggregate *agg;
	struct report report;
	struct group_key key;
	struct group group;
	__u64 serial;
};

/* A look of a minute, at 10.0.0.1:80, at much that is of no interest. */
static void begin(struct scene *scene, __u8 role)
{
	memset(scene, 0, sizeof(*scene));
	scene->agg = aggregate__new(0, 64, NULL, NULL);
	assert_non_null(scene->agg);
	aggregate__keep_habits(scene->agg);
	scene->report.aggregate = scene->agg;
	scene->report.recorded = true;
	scene->report.now_ns = 100000 * MS;
	scene->report.account.interval_ms = 60000;
	scene->report.account.tracked = 1204;
	for (int i = 0; i < FEATURE_MAX; i++)
		scene->report.account.features[i].mechanism = MECHANISM_FENTRY;
	scene->key.role = role;
	scene->key.port = 80;
	if (role == ROLE_CLIENT)
		strcpy(scene->key.comm, "nginx");
	assert_int_equal(parse_addr("10.0.0.1", scene->key.addr), 0);
}

static void end(struct scene *scene)
{
	aggregate__free(scene->agg);
}

/* Ended by us, at once, after one exchange. */
static struct conn ended(struct scene *scene)
{
	struct conn conn = {
		.role = scene->key.role,
		.family = AF_INET,
		.state = TCP_CLOSE,
		.ready = 1,
		.queued = 1,
		.pid = 42,
		.comm = "nginx",
		.exchanges = 1,
		.initiator = INITIATOR_LOCAL_FIN,
		.opened_ns = 1000 * MS + scene->serial++,
		.idle_others = IDLE_UNKNOWN,
	};

	conn.ready_ns = conn.opened_ns + MS / 10;
	conn.closed_ns = conn.opened_ns + 10 * MS;
	if (conn.role == ROLE_CLIENT) {
		conn.remote_port = 80;
		memcpy(conn.remote_addr, scene->key.addr, sizeof(conn.remote_addr));
	} else {
		conn.local_port = 80;
		memcpy(conn.local_addr, scene->key.addr, sizeof(conn.local_addr));
	}
	return conn;
}

static void add(struct scene *scene, size_t count, struct conn conn)
{
	while (count--) {
		conn.opened_ns++;
		conn.ready_ns++;
		aggregate__closed(scene->agg, &conn);
	}
}

/* What the kernel says of all of them. */
static void tell_group(struct scene *scene, __s32 open_peak, __u64 gap_ms, __u64 response_us)
{
	scene->group.open_peak = open_peak;
	scene->group.active_peak = open_peak;
	if (gap_ms) {
		scene->group.idle_gap_us.slots[hist_slot(gap_ms * 1000)] = 1;
		scene->group.idle_gap_us.max = gap_ms * 1000;
	}
	if (response_us) {
		scene->group.response_us.slots[hist_slot(response_us)] = 1;
		scene->group.response_us.sum = response_us;
	}
	aggregate__begin_snapshot(scene->agg, scene->report.now_ns);
	aggregate__group(scene->agg, &scene->key, &scene->group);
}

/* "rule:severity" of each finding, with a blank between. */
static const char *found(const struct scene *scene, char *buf, size_t len)
{
	struct findings findings;
	size_t used = 0;

	buf[0] = '\0';
	assert_int_equal(doctor__examine(&scene->report, &findings), 0);
	for (size_t i = 0; i < findings.count; i++)
		used += (size_t)snprintf(buf + used, len - used, "%s%s:%s", i ? " " : "",
					 findings.items[i].rule->id,
					 severity_name(findings.items[i].severity));
	findings__done(&findings);
	return buf;
}

static void expect(struct scene *scene, const char *findings)
{
	char text[512];

	assert_string_equal(found(scene, text, sizeof(text)), findings);
	end(scene);
}

static double fact_of(const struct scene *scene, size_t finding, enum fact fact)
{
	struct findings findings;
	double value;

	assert_int_equal(doctor__examine(&scene->report, &findings), 0);
	assert_true(finding < findings.count);
	value = findings.items[finding].facts.values[fact];
	findings__done(&findings);
	return value;
}

/* ---- reuse ---- */

static void one_exchange_each(struct scene *scene, size_t count, __u8 initiator)
{
	struct conn conn;

	begin(scene, ROLE_CLIENT);
	conn = ended(scene);
	conn.initiator = initiator;
	add(scene, count, conn);
	tell_group(scene, 1, 0, 1000);
}

static void not_reused(void **state)
{
	struct scene scene;

	(void)state;
	one_exchange_each(&scene, 21, INITIATOR_LOCAL_FIN);
	expect(&scene, "not-reused-local:warning");
	one_exchange_each(&scene, 20, INITIATOR_LOCAL_FIN);
	expect(&scene, "");
	one_exchange_each(&scene, 21, INITIATOR_REMOTE_FIN);
	expect(&scene, "not-reused-remote:warning");
	one_exchange_each(&scene, 20, INITIATOR_REMOTE_FIN);
	expect(&scene, "");
}

/* Many at once are many at once, and not one after the other. */
static void at_once_is_not_churn(void **state)
{
	struct scene scene;

	(void)state;
	one_exchange_each(&scene, 100, INITIATOR_LOCAL_FIN);
	tell_group(&scene, 90, 0, 0);
	expect(&scene, "");
}

/* The upstream closes, and now and then this side is first. */
static void the_majority_counts(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	one_exchange_each(&scene, 90, INITIATOR_REMOTE_FIN);
	conn = ended(&scene);
	add(&scene, 10, conn);
	tell_group(&scene, 1, 0, 0);
	expect(&scene, "not-reused-remote:warning");
}

static void kept_for_a_while(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	begin(&scene, ROLE_CLIENT);
	conn = ended(&scene);
	conn.idle_ms = 200;
	add(&scene, 100, conn);
	tell_group(&scene, 1, 0, 0);
	expect(&scene, "");
}

/* A session of four exchanges, as databases have. */
static void a_few_exchanges_each(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	begin(&scene, ROLE_CLIENT);
	conn = ended(&scene);
	conn.exchanges = 4;
	add(&scene, 100, conn);
	tell_group(&scene, 1, 0, 0);
	assert_int_equal((int)fact_of(&scene, 0, FACT_CAP), 4);
	expect(&scene, "not-reused-local:warning");
}

/* A client object, with a pool, for each request. */
static void kept_in_vain(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	for (__s32 peak = 9; peak <= 10; peak++) {
		begin(&scene, ROLE_CLIENT);
		conn = ended(&scene);
		conn.idle_ms = 4000;
		add(&scene, 29, conn);
		tell_group(&scene, peak, 0, 0);
		expect(&scene, peak == 9 ? "kept-in-vain:warning" : "");
	}
	/* Streams end as they flow. */
	begin(&scene, ROLE_CLIENT);
	conn = ended(&scene);
	conn.idle_ms = 999;
	add(&scene, 29, conn);
	tell_group(&scene, 9, 0, 0);
	expect(&scene, "");
}

static void capped(struct scene *scene, size_t count, __u32 exchanges)
{
	struct conn conn;

	begin(scene, ROLE_CLIENT);
	conn = ended(scene);
	conn.exchanges = exchanges;
	conn.initiator = INITIATOR_REMOTE_FIN;
	add(scene, count, conn);
	tell_group(scene, 1, 0, 0);
}

static void request_cap(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	capped(&scene, 11, 100);
	assert_int_equal((int)fact_of(&scene, 0, FACT_CAP), 100);
	expect(&scene, "request-cap:notice");
	capped(&scene, 9, 100);
	expect(&scene, "");
	capped(&scene, 60, 100); /* one a second */
	expect(&scene, "request-cap:warning");
	capped(&scene, 59, 100);
	expect(&scene, "request-cap:notice");
	capped(&scene, 60, 1000); /* a thousand requests pay for it */
	expect(&scene, "request-cap:notice");

	/* That another sat idle then says nothing of a pool's size. */
	begin(&scene, ROLE_CLIENT);
	conn = ended(&scene);
	conn.exchanges = 100;
	conn.idle_others = 1;
	add(&scene, 60, conn);
	tell_group(&scene, 1, 0, 0);
	assert_true(isnan(fact_of(&scene, 0, FACT_POOL)));
	expect(&scene, "request-cap:warning");
}

static void pool(struct scene *scene, size_t count, __u32 idle_others)
{
	struct conn conn;

	begin(scene, ROLE_CLIENT);
	conn = ended(scene);
	conn.idle_others = idle_others;
	for (size_t i = 0; i < count; i++) {
		conn.exchanges = 1 + (__u32)i % 5;
		add(scene, 1, conn);
		conn.opened_ns += 1000;
	}
	tell_group(scene, 8, 0, 0);
}

static void pool_too_small(void **state)
{
	struct scene scene;

	(void)state;
	pool(&scene, 30, 2);
	assert_int_equal((int)fact_of(&scene, 0, FACT_POOL), 2);
	assert_int_equal((int)fact_of(&scene, 0, FACT_ACTIVE_PEAK), 8);
	expect(&scene, "pool-too-small:warning");
	pool(&scene, 27, 2); /* 19 after the first 8 */
	expect(&scene, "");
	pool(&scene, 30, 0); /* nothing else sat idle */
	expect(&scene, "");
}

/* ---- the race ---- */

static void raced(struct scene *scene, __u8 role, size_t count)
{
	struct conn conn;

	begin(scene, role);
	conn = ended(scene);
	conn.exchanges = 50;
	conn.flags = CONN_RACED | (role == ROLE_CLIENT ? CONN_IN_FLIGHT : 0);
	conn.initiator = role == ROLE_CLIENT ? INITIATOR_REMOTE_RST : INITIATOR_LOCAL_FIN;
	add(scene, count, conn);
}

static void race_seen(void **state)
{
	struct scene scene;

	(void)state;
	raced(&scene, ROLE_CLIENT, 1);
	expect(&scene, "race-seen:warning");
	raced(&scene, ROLE_CLIENT, 10);
	expect(&scene, "race-seen:critical");
	raced(&scene, ROLE_SERVER, 1);
	expect(&scene, "race-seen:warning");
	raced(&scene, ROLE_SERVER, 0);
	expect(&scene, "");
}

/* SILENT connections that this server closed after five seconds, COUNT with a request unread, and
 * clients that came back after GAP_MS. */
static void closed_on(struct scene *scene, size_t silent, size_t count, __u64 gap_ms)
{
	struct conn conn;

	begin(scene, ROLE_SERVER);
	conn = ended(scene);
	conn.idle_ms = 5000;
	for (size_t i = 0; i < silent; i++) {
		conn.closed_ns += 200 * MS;
		add(scene, 1, conn);
	}
	conn.idle_ms = 0;
	conn.flags = CONN_IN_FLIGHT;
	conn.initiator = INITIATOR_LOCAL_RST;
	conn.cause = CAUSE_UNREAD_DATA;
	add(scene, count, conn);
	tell_group(scene, 1, gap_ms, 0);
}

static void race_seen_by_the_server(void **state)
{
	struct scene scene;

	(void)state;
	closed_on(&scene, 10, 1, 4000);
	expect(&scene, "race-seen:warning");
	closed_on(&scene, 10, 10, 4000);
	assert_true(isnan(fact_of(&scene, 0, FACT_CAP))); /* those did not end with a response */
	expect(&scene, "race-seen:critical");
	closed_on(&scene, 10, 0, 4000);
	expect(&scene, "race-ahead:warning");
	closed_on(&scene, 9, 10, 4000); /* what it closes by is not known */
	expect(&scene, "");
	closed_on(&scene, 10, 10, 3900); /* nobody waits that long */
	expect(&scene, "");
}

/* Where both sides know that a response was the last, either may be first. */
static void crossing_ends(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	capped(&scene, 15, 100);
	conn = ended(&scene);
	conn.exchanges = 100;
	add(&scene, 4, conn);
	conn.initiator = INITIATOR_BOTH_FIN;
	add(&scene, 3, conn);
	assert_int_equal((int)fact_of(&scene, 0, FACT_CAP_OF), 22);
	expect(&scene, "request-cap:notice");
}

/* pgbench -C: three exchanges, then a goodbye, which the server may read and close first. */
static void goodbyes(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	begin(&scene, ROLE_CLIENT);
	conn = ended(&scene);
	conn.exchanges = 3;
	conn.flags = CONN_IN_FLIGHT;
	add(&scene, 99, conn);
	conn.initiator = INITIATOR_REMOTE_FIN;
	conn.flags |= CONN_RACED;
	add(&scene, 2, conn);
	tell_group(&scene, 4, 0, 0);
	expect(&scene, "not-reused-local:warning");
}

/* COUNT ends by the side that times out, at 5 s within 40 ms, one after the other, and two that are
 * something else. */
static void times_out(struct scene *scene, __u8 role, size_t count, __u64 gap_ms, __u64 apart_ms)
{
	struct conn conn;

	begin(scene, role);
	conn = ended(scene);
	conn.initiator = role == ROLE_CLIENT ? INITIATOR_REMOTE_FIN : INITIATOR_LOCAL_FIN;
	for (size_t i = 0; i < count; i++) {
		conn.exchanges = 10 + (__u32)i;
		conn.idle_ms = 5000 + (__u32)i % 40;
		conn.closed_ns += apart_ms * MS;
		add(scene, 1, conn);
		conn.opened_ns += 1000;
	}
	conn.exchanges = 7;
	conn.idle_ms = 900;
	add(scene, 2, conn);
	tell_group(scene, 4, gap_ms, 0);
}

static void race_ahead(void **state)
{
	struct scene scene;

	(void)state;
	times_out(&scene, ROLE_CLIENT, 40, 4100, 120);
	assert_int_equal((int)fact_of(&scene, 0, FACT_REMOTE_TIMEOUT), 5019);
	assert_int_equal((int)fact_of(&scene, 0, FACT_REMOTE_TIMEOUT_SPREAD), 39);
	assert_int_equal((int)fact_of(&scene, 0, FACT_REMOTE_TIMEOUT_CLOSES), 40);
	assert_int_equal((int)fact_of(&scene, 0, FACT_REMOTE_TIMEOUT_OF), 42);
	expect(&scene, "race-ahead:warning");
	times_out(&scene, ROLE_CLIENT, 40, 3900, 120);
	expect(&scene, "");
	times_out(&scene, ROLE_CLIENT, 9, 4900, 120);
	expect(&scene, "");
	times_out(&scene, ROLE_SERVER, 40, 4100, 120);
	expect(&scene, "race-ahead:warning");
	times_out(&scene, ROLE_SERVER, 40, 3900, 120);
	expect(&scene, "");
}

/* Ten that were last used together, and the process ends. */
static void no_timeout_in_a_shutdown(void **state)
{
	struct scene scene;

	(void)state;
	times_out(&scene, ROLE_CLIENT, 40, 4900, 1);
	expect(&scene, "");
}

static void no_timeout_in_a_jumble(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	begin(&scene, ROLE_CLIENT);
	conn = ended(&scene);
	conn.initiator = INITIATOR_REMOTE_FIN;
	for (__u32 i = 0; i < 100; i++) {
		conn.idle_ms = 1500 + 50 * i;
		conn.exchanges = i + 1;
		add(&scene, 1, conn);
		conn.opened_ns += 1000;
	}
	tell_group(&scene, 4, 6000, 0);
	expect(&scene, "");
}

/* ---- other ends ---- */

static void unread(struct scene *scene, size_t count, size_t others)
{
	struct conn conn;

	begin(scene, ROLE_CLIENT);
	conn = ended(scene);
	conn.initiator = INITIATOR_LOCAL_RST;
	conn.cause = CAUSE_UNREAD_DATA;
	add(scene, count, conn);
	conn = ended(scene);
	conn.exchanges = 3;
	conn.idle_ms = 5000;
	add(scene, others, conn);
	tell_group(scene, 1, 0, 0);
}

static void body_unread(void **state)
{
	struct scene scene;

	(void)state;
	unread(&scene, 5, 0);
	expect(&scene, "body-unread:warning");
	unread(&scene, 100, 0); /* and not "not reused" beside it */
	expect(&scene, "body-unread:warning");
	unread(&scene, 4, 0);
	expect(&scene, "");
	unread(&scene, 5, 600);
	expect(&scene, "");
}

static void vanished(struct scene *scene, __u8 role, size_t count, __u8 cause)
{
	struct conn conn;

	begin(scene, role);
	conn = ended(scene);
	conn.initiator = INITIATOR_TIMEOUT;
	conn.cause = cause;
	add(scene, count, conn);
}

static void peer_vanishes(void **state)
{
	struct scene scene;

	(void)state;
	vanished(&scene, ROLE_CLIENT, 2, CAUSE_KEEPALIVE);
	expect(&scene, "peer-vanishes:warning");
	vanished(&scene, ROLE_SERVER, 2, CAUSE_RETRANSMISSIONS);
	expect(&scene, "peer-vanishes:warning");
	vanished(&scene, ROLE_CLIENT, 1, CAUSE_KEEPALIVE);
	expect(&scene, "");
}

static void silent(struct scene *scene, __u64 idle_ms, __u16 flags)
{
	struct conn conn;

	vanished(scene, ROLE_CLIENT, 1, CAUSE_KEEPALIVE);
	conn = ended(scene);
	conn.initiator = INITIATOR_NONE;
	conn.closed_ns = 0;
	conn.state = TCP_ESTABLISHED;
	conn.flags = flags;
	conn.last_ns = scene->report.now_ns - idle_ms * MS;
	aggregate__begin_snapshot(scene->agg, scene->report.now_ns);
	aggregate__open(scene->agg, &conn);
}

static void no_keepalive(void **state)
{
	struct scene scene;

	(void)state;
	silent(&scene, 60000, 0);
	expect(&scene, "no-keepalive:notice");
	silent(&scene, 59999, 0);
	expect(&scene, "");
	silent(&scene, 60000, CONN_KEEPALIVE);
	expect(&scene, "");
}

/* ---- the accept queue ---- */

static struct listener listening(struct scene *scene, __s32 asked, __u32 limit, __u32 somaxconn)
{
	struct listener listener = {
		.flags = LISTENER_ASKED | LISTENER_OPEN,
		.family = AF_INET,
		.port = 80,
		.backlog_asked = asked,
		.limit = limit,
		.somaxconn = somaxconn,
		.pid = 42,
		.comm = "apache2",
	};

	begin(scene, ROLE_SERVER);
	memcpy(listener.addr, scene->key.addr, sizeof(listener.addr));
	return listener;
}

static void tell_listener(struct scene *scene, const struct listener *listener)
{
	aggregate__begin_snapshot(scene->agg, scene->report.now_ns);
	aggregate__listener(scene->agg, listener);
}

/* COUNT connections that each made the queue DEPTH long. */
static void enter(struct scene *scene, size_t count, __u32 depth)
{
	struct conn conn = ended(scene);

	conn.depth = depth;
	conn.exchanges = 0;
	add(scene, count, conn);
}

static void accept_queue(void **state)
{
	struct listener listener;
	struct scene scene;

	(void)state;
	listener = listening(&scene, 128, 128, 128);
	listener.ack_drops = 1;
	tell_listener(&scene, &listener);
	expect(&scene, "accept-overflow:critical");

	listener = listening(&scene, 128, 128, 128);
	enter(&scene, 100, 110);
	tell_listener(&scene, &listener);
	expect(&scene, "accept-pressure:warning");

	listener = listening(&scene, 128, 128, 128);
	enter(&scene, 99, 110);
	tell_listener(&scene, &listener);
	expect(&scene, "");

	listener = listening(&scene, 128, 128, 128);
	enter(&scene, 95, 10);
	enter(&scene, 5, 127);
	tell_listener(&scene, &listener);
	expect(&scene, "");
}

static void backlog(void **state)
{
	struct listener listener;
	struct scene scene;

	(void)state;
	listener = listening(&scene, 511, 128, 128);
	tell_listener(&scene, &listener);
	expect(&scene, "backlog-clamped:notice");

	listener = listening(&scene, 511, 128, 128);
	enter(&scene, 1, 64);
	tell_listener(&scene, &listener);
	expect(&scene, "backlog-clamped:warning");

	listener = listening(&scene, 5, 5, 4096);
	enter(&scene, 1, 6); /* limit + 1 fit */
	tell_listener(&scene, &listener);
	expect(&scene, "backlog-small:warning");

	listener = listening(&scene, 5, 5, 4096);
	enter(&scene, 1, 5);
	tell_listener(&scene, &listener);
	expect(&scene, "");

	listener = listening(&scene, -1, 4096, 4096); /* all there is */
	tell_listener(&scene, &listener);
	expect(&scene, "");
}

/* ---- openings ---- */

static void failing(struct scene *scene, size_t failed, size_t opened, __u8 reason)
{
	struct conn conn;

	begin(scene, ROLE_CLIENT);
	conn = ended(scene);
	conn.exchanges = 3;
	conn.idle_ms = 5000;
	conn.flags = CONN_TIME_WAIT;
	add(scene, opened, conn);
	conn.fail = reason;
	conn.opened_ns += MS;
	add(scene, failed, conn);
	tell_group(scene, 1, 0, 0);
}

static void connect_fails(void **state)
{
	struct scene scene;
	struct conn conn;

	(void)state;
	failing(&scene, 3, 200, FAIL_REFUSED);
	expect(&scene, "connect-fails:warning");
	failing(&scene, 3, 3, FAIL_TIMEOUT);
	assert_true(fact_of(&scene, 0, FACT_STILL_FAILING) == 1);
	assert_int_equal((int)fact_of(&scene, 0, FACT_FAILING_FOR), 98998);
	scene.report.now_ns = 0; /* taken before they began */
	assert_true(fact_of(&scene, 0, FACT_FAILING_FOR) == 0);
	expect(&scene, "connect-fails:critical");
	failing(&scene, 2, 2, FAIL_UNREACHABLE);
	expect(&scene, "");
	failing(&scene, 3, 298, FAIL_REFUSED);
	expect(&scene, "");
	failing(&scene, 100, 3, FAIL_CANCELLED);
	expect(&scene, "");
	failing(&scene, 3, 3, FAIL_NO_PORT); /* few in TIME_WAIT: to elsewhere, then */
	expect(&scene, "connect-fails:critical");
	/* It is over. */
	failing(&scene, 3, 3, FAIL_REFUSED);
	conn = ended(&scene);
	conn.exchanges = 3;
	conn.opened_ns += 10 * MS;
	aggregate__closed(scene.agg, &conn);
	expect(&scene, "connect-fails:warning");
}

/* One family fails, the other is reached so many times. */
static void falls_back(struct scene *scene, __u8 reason, const char *fails, const char *reached,
		       size_t times)
{
	struct conn conn;

	begin(scene, ROLE_CLIENT);
	conn = ended(scene);
	conn.exchanges = 3;
	assert_int_equal(parse_addr(reached, conn.remote_addr), 0);
	add(scene, times, conn);
	assert_int_equal(parse_addr(fails, conn.remote_addr), 0);
	conn.fail = reason;
	add(scene, 3, conn);
}

static void connect_falls_back(void **state)
{
	struct scene scene;

	(void)state;
	falls_back(&scene, FAIL_UNREACHABLE, "2001:db8::1", "10.0.0.1", 3);
	assert_int_equal((int)fact_of(&scene, 0, FACT_OTHER_FAMILY), 3);
	expect(&scene, "connect-fails:notice");
	falls_back(&scene, FAIL_UNREACHABLE, "2001:db8::1", "10.0.0.1", 2);
	expect(&scene, "connect-fails:critical");
	falls_back(&scene, FAIL_UNREACHABLE, "10.0.0.2", "10.0.0.1", 3); /* the same family */
	expect(&scene, "connect-fails:critical");
	falls_back(&scene, FAIL_REFUSED, "2001:db8::1", "10.0.0.1",
		   3); /* another server, for all we know */
	expect(&scene, "connect-fails:critical");
	falls_back(&scene, FAIL_REFUSED, "::1", "127.0.0.1", 3);
	expect(&scene, "connect-fails:notice");
}

static void time_wait(void **state)
{
	struct scene scene;

	(void)state;
	failing(&scene, 0, 14116, FAIL_REFUSED); /* half of 28232 */
	expect(&scene, "time-wait:warning");
	failing(&scene, 0, 14115, FAIL_REFUSED);
	expect(&scene, "");
	failing(&scene, 0, 22586, FAIL_REFUSED);
	expect(&scene, "time-wait:critical");
	failing(&scene, 3, 200, FAIL_NO_PORT);
	expect(&scene, "time-wait:critical");
	/* A third of a minute: what will be, but not of a burst. */
	failing(&scene, 0, 4706, FAIL_REFUSED);
	scene.report.account.interval_ms = 20000;
	expect(&scene, "time-wait:warning");
	failing(&scene, 0, 4705, FAIL_REFUSED);
	scene.report.account.interval_ms = 20000;
	expect(&scene, "");
	failing(&scene, 0, 4706, FAIL_REFUSED);
	scene.report.account.interval_ms = 9999;
	expect(&scene, "");
	/* The last minute of ten. */
	failing(&scene, 0, 14116, FAIL_REFUSED);
	scene.report.account.interval_ms = 600000;
	expect(&scene, "");
}

static void handshakes(struct scene *scene, size_t count, __u64 connect_us, __u64 response_us)
{
	struct conn conn;

	begin(scene, ROLE_CLIENT);
	conn = ended(scene);
	conn.ready_ns = conn.opened_ns + connect_us * 1000;
	conn.idle_ms = 5000;
	add(scene, count, conn);
	tell_group(scene, 1, 0, response_us);
}

static void handshake_cost(void **state)
{
	struct scene scene;

	(void)state;
	handshakes(&scene, 20, 1100, 60000);
	expect(&scene, "handshake-cost:notice");
	handshakes(&scene, 19, 1100, 60000);
	expect(&scene, "");
	handshakes(&scene, 20, 800, 4000);
	expect(&scene, "");
	handshakes(&scene, 20, 1100, 80000);
	expect(&scene, "");
}

/* ---- the tracer ---- */

static void own_account(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, ROLE_CLIENT);
	scene.report.account.losses[LOSS_CONN_EVENT] = 1;
	expect(&scene, "lost-events:warning");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.losses[LOSS_CONN_MAP] = 1;
	expect(&scene, "lost-events:warning");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.missed_runs = 1;
	expect(&scene, "missed-runs:notice");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.missed_runs = -1; /* not counted */
	expect(&scene, "");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.features[FEATURE_RECEIVE].mechanism = MECHANISM_OFF;
	expect(&scene, "no-turns:notice");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.tracked = 9;
	expect(&scene, "short-look:notice");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.tracked = 10;
	expect(&scene, "");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.partial = 1200; /* nobody saw these do anything */
	expect(&scene, "short-look:notice");
	begin(&scene, ROLE_CLIENT);
	scene.report.account.folded = 1;
	expect(&scene, "lost-events:warning");
}

/* ---- all of them ---- */

static void the_worst_first(void **state)
{
	struct scene scene;
	struct findings findings;
	struct conn conn;

	(void)state;
	one_exchange_each(&scene, 30, INITIATOR_LOCAL_FIN);
	scene.report.account.missed_runs = 1;
	conn = ended(&scene);
	conn.fail = FAIL_REFUSED;
	add(&scene, 100, conn);
	assert_int_equal(doctor__examine(&scene.report, &findings), 0);
	assert_int_equal(findings__worst(&findings), SEVERITY_CRITICAL);
	findings__done(&findings);
	expect(&scene, "connect-fails:critical not-reused-local:warning missed-runs:notice");
}

/* TEXT, of RULE, speaks of facts that there are, and without facts of none. */
static void check_text(const char *id, const char *text)
{
	struct facts facts;
	char *prose;

	for (int i = 0; i < FACT_MAX; i++)
		facts.values[i] = 2;
	assert_true(text[0]);
	prose = prose_format(text, &facts);
	assert_non_null(prose);
	/* An unknown name stays as it is: braces of code have a blank after them. */
	for (const char *brace = strchr(prose, '{'); brace; brace = strchr(brace + 1, '{')) {
		if (brace[1] != ' ')
			fail_msg("%s: %s", id, prose);
	}
	free(prose);
}

static void every_text(void **state)
{
	struct facts facts;

	(void)state;
	for (int i = 0; i < FACT_MAX; i++) {
		facts.values[i] = 2;
		if (i)
			assert_int_equal(fact_find(fact_key(i), strlen(fact_key(i))), i);
	}
	for (size_t i = 0; i < rule_count; i++) {
		check_text(rules[i].id, rules[i].what);
		check_text(rules[i].id, rules[i].why);
		check_text(rules[i].id, rules[i].check);
		for (int software = SOFTWARE_ANY; software <= SOFTWARE_GO; software++)
			check_text(rules[i].id, advice_find(&rules[i], software, &facts));
	}
}

static void advice_names_the_directive(void **state)
{
	struct facts facts = { 0 };
	const struct rule *rule = NULL;

	(void)state;
	for (size_t i = 0; i < rule_count && !rule; i++) {
		if (!strcmp(rules[i].id, "pool-too-small"))
			rule = &rules[i];
	}
	assert_non_null(rule);
	assert_non_null(strstr(advice_find(rule, SOFTWARE_GO, &facts), "MaxIdleConnsPerHost"));
	assert_non_null(strstr(advice_find(rule, SOFTWARE_NGINX, &facts), "upstream block"));
	assert_null(strstr(advice_find(rule, SOFTWARE_ANY, &facts), "nginx"));
}

/* ---- what people and programs read ---- */

static void write_as(struct scene *scene, const char *output, char *buf, size_t len)
{
	const struct output_options options = { .width = 80 };
	FILE *out = fmemopen(buf, len, "w");
	struct findings findings;
	struct table table;

	assert_non_null(out);
	assert_int_equal(doctor__examine(&scene->report, &findings), 0);
	scene->report.findings = &findings;
	assert_int_equal(view_doctor.fill(&scene->report, &table), 0);
	assert_int_equal(output_find(output)->write(out, &scene->report, &table, 1, &options), 0);
	fclose(out);
	findings__done(&findings);
	table__done(&table);
}

static void as_text(void **state)
{
	char text[4096];
	struct scene scene;

	(void)state;
	one_exchange_each(&scene, 30, INITIATOR_LOCAL_FIN);
	write_as(&scene, "text", text, sizeof(text));
	assert_non_null(strstr(
		text,
		"DOCTOR: findings, the worst first\n"
		"SEVERITY  FINDING           ENDPOINT     ROLE    COMM   PID\n"
		"warning   not-reused-local  10.0.0.1:80  client  nginx   42\n"
		"          connections are not kept: this side closed 30 of 30 right after the\n"
		"          response, each after 1 exchange\n"
		"  why     "));
	assert_non_null(strstr(text, "\n  change  keepalive 1 or more in the upstream block"));
	assert_non_null(strstr(text, "\n  check   connscope reuse -P 80: "));
	end(&scene);
}

static void silence_is_an_answer(void **state)
{
	char text[4096];
	struct scene scene;

	(void)state;
	begin(&scene, ROLE_CLIENT);
	write_as(&scene, "text", text, sizeof(text));
	assert_non_null(strstr(text, "no finding; 1204 connections seen, 0 lost, 60 s\n"));
	end(&scene);
}

static void as_json(void **state)
{
	struct json_object *record, *evidence, *value;
	char text[8192];
	struct scene scene;

	(void)state;
	one_exchange_each(&scene, 30, INITIATOR_LOCAL_FIN);
	write_as(&scene, "json", text, sizeof(text));
	record = json_tokener_parse(text);
	assert_non_null(record);
	json_object_object_get_ex(record, "type", &value);
	assert_string_equal(json_object_get_string(value), "finding");
	json_object_object_get_ex(record, "rule", &value);
	assert_string_equal(json_object_get_string(value), "not-reused-local");
	json_object_object_get_ex(record, "endpoint", &value);
	assert_string_equal(json_object_get_string(value), "10.0.0.1:80");
	assert_true(json_object_object_get_ex(record, "evidence", &evidence));
	json_object_object_get_ex(evidence, "closed_local", &value);
	assert_int_equal(json_object_get_int(value), 30);
	json_object_object_get_ex(evidence, "reuse_ratio", &value);
	assert_true(json_object_is_type(value, json_type_double));
	assert_false(json_object_object_get_ex(evidence, "remote_timeout_ms", &value));
	json_object_put(record);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_reused),
		cmocka_unit_test(at_once_is_not_churn),
		cmocka_unit_test(the_majority_counts),
		cmocka_unit_test(kept_for_a_while),
		cmocka_unit_test(a_few_exchanges_each),
		cmocka_unit_test(kept_in_vain),
		cmocka_unit_test(request_cap),
		cmocka_unit_test(pool_too_small),
		cmocka_unit_test(race_seen),
		cmocka_unit_test(race_seen_by_the_server),
		cmocka_unit_test(crossing_ends),
		cmocka_unit_test(goodbyes),
		cmocka_unit_test(race_ahead),
		cmocka_unit_test(no_timeout_in_a_shutdown),
		cmocka_unit_test(no_timeout_in_a_jumble),
		cmocka_unit_test(body_unread),
		cmocka_unit_test(peer_vanishes),
		cmocka_unit_test(no_keepalive),
		cmocka_unit_test(accept_queue),
		cmocka_unit_test(backlog),
		cmocka_unit_test(connect_fails),
		cmocka_unit_test(connect_falls_back),
		cmocka_unit_test(time_wait),
		cmocka_unit_test(handshake_cost),
		cmocka_unit_test(own_account),
		cmocka_unit_test(the_worst_first),
		cmocka_unit_test(every_text),
		cmocka_unit_test(advice_names_the_directive),
		cmocka_unit_test(as_text),
		cmocka_unit_test(silence_is_an_answer),
		cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
