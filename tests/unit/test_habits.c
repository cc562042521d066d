/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a row's connections: even, bounded, and the same in whatever order they come. */
#include "test.h"

#include <stdlib.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "habits.h"

#define MS  1000000ULL /* nanoseconds */
#define NOW (1000000 * MS)

/* Items that an array may grow to; 0: any number. */
static size_t memory;

/* In place of the C library's: memory ends where a test wants it to. */
void *reallocarray(void *items, size_t count, size_t size)
{
	return memory && count > memory ? NULL : realloc(items, count * size);
}

/* The Nth of many: one each millisecond, from a few ports in turn. */
static struct conn ended(__u64 n)
{
	return (struct conn){
		.role = ROLE_CLIENT,
		.ready = 1,
		.local_port = (__u16)(32768 + n % 100),
		.remote_port = 80,
		.opened_ns = NOW + n * MS,
		.exchanges = 1,
		.initiator = INITIATOR_LOCAL_FIN,
		.idle_others = IDLE_UNKNOWN,
	};
}

static void add(struct habits *habits, __u64 n)
{
	struct conn conn = ended(n);

	conn.idle_ms = (__u32)n;
	habits__ended(habits, &conn);
}

static void a_million_endings(void **state)
{
	struct habits *habits = habits__new();

	(void)state;
	for (__u64 n = 0; n < 1000000; n++)
		add(habits, n);
	assert_in_range(habits->local.count, ENDINGS_MAX / 4, ENDINGS_MAX);
	assert_int_equal(habits->local.room, ENDINGS_MAX);
	/* So many it stands for. */
	assert_in_range(habits->local.count * (0x100000000ULL / habits->local.below), 900000,
			1100000);
	assert_int_equal(habits->remote.count, 0);
	habits__free(habits);
}

static void few_are_all_there(void **state)
{
	struct habits *habits = habits__new();

	(void)state;
	for (__u64 n = 0; n < ENDINGS_MAX; n++)
		add(habits, n);
	assert_int_equal(habits->local.below, 0);
	assert_int_equal(habits->local.count, ENDINGS_MAX);
	for (__u32 n = 0; n < ENDINGS_MAX; n++)
		assert_int_equal(habits->local.items[n].idle_ms, n);
	habits__free(habits);
}

static int compare_ranks(const void *left, const void *right)
{
	__u32 a = ((const struct ending *)left)->rank, b = ((const struct ending *)right)->rank;

	return (a > b) - (a < b);
}

/* COUNT of them, each once: the first, then each time STEP further. */
static struct habits *in_steps(__u64 count, __u64 step)
{
	struct habits *habits = habits__new();

	for (__u64 n = 0, at = 0; n < count; n++, at = (at + step) % count)
		add(habits, at);
	qsort(habits->local.items, habits->local.count, sizeof(struct ending), compare_ranks);
	return habits;
}

static void the_same_in_whatever_order(void **state)
{
	static const __u64 steps[] = { 10006, 7919, 2 }; /* backwards, and to and fro */
	struct habits *forth = in_steps(10007, 1);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct habits *other = in_steps(10007, steps[i]);

		assert_int_equal(other->local.below, forth->local.below);
		assert_int_equal(other->local.count, forth->local.count);
		for (size_t k = 0; k < forth->local.count; k++)
			assert_int_equal(other->local.items[k].idle_ms,
					 forth->local.items[k].idle_ms);
		habits__free(other);
	}
	habits__free(forth);
}

/* By tenths of what DIVISOR and the remainder tell, each has about a tenth of the sample. */
static void check_even(const struct endings *endings, __u32 divisor)
{
	size_t tenths[10] = { 0 };

	for (size_t i = 0; i < endings->count; i++)
		tenths[endings->items[i].idle_ms / divisor % 10]++;
	for (size_t i = 0; i < COUNT_OF(tenths); i++)
		assert_in_range(tenths[i], endings->count / 20, endings->count / 20 * 3);
}

static void an_even_sample(void **state)
{
	struct habits *habits = habits__new();

	(void)state;
	for (__u64 n = 0; n < 100000; n++)
		add(habits, n);
	check_even(&habits->local, 1);	   /* of those that take turns */
	check_even(&habits->local, 10000); /* early and late */
	habits__free(habits);
}

static void by_side(void **state)
{
	static const struct {
		__u8 initiator;
		size_t local, remote;
	} cases[] = {
		{ INITIATOR_LOCAL_FIN, 1, 0 },	{ INITIATOR_LOCAL_RST, 1, 0 },
		{ INITIATOR_REMOTE_FIN, 0, 1 }, { INITIATOR_REMOTE_RST, 0, 1 },
		{ INITIATOR_BOTH_FIN, 0, 1 },	{ INITIATOR_TIMEOUT, 0, 0 },
		{ INITIATOR_ABORT, 0, 0 },	{ INITIATOR_UNKNOWN, 0, 0 },
		{ INITIATOR_NONE, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct habits *habits = habits__new();
		struct conn conn = ended(1);

		conn.initiator = cases[i].initiator;
		habits__ended(habits, &conn);
		assert_int_equal(habits->local.count, cases[i].local);
		assert_int_equal(habits->remote.count, cases[i].remote);
		habits__free(habits);
	}
}

static void what_is_kept_of_one(void **state)
{
	struct habits *habits = habits__new();
	struct conn conn = ended(1);

	(void)state;
	conn.idle_ms = 5001;
	conn.exchanges = 7;
	conn.idle_others = 3;
	habits__ended(habits, &conn);
	conn.flags = CONN_PARTIAL;
	conn.idle_ms = IDLE_UNKNOWN;
	habits__ended(habits, &conn);
	assert_int_equal(habits->local.count, 2);
	assert_int_equal(habits->local.items[0].idle_ms, 5001);
	assert_int_equal(habits->local.items[0].exchanges, 7);
	assert_int_equal(habits->local.items[0].idle_others, 3);
	assert_int_equal(habits->local.items[1].idle_ms, IDLE_UNKNOWN);
	assert_int_equal(habits->local.items[1].exchanges, 0);
	habits__free(habits);
}

static void what_is_left_out(void **state)
{
	struct habits *habits = habits__new();
	struct conn conn = ended(1);

	(void)state;
	conn.flags = CONN_ENDED_BEFORE;
	habits__ended(habits, &conn);
	conn.flags = CONN_MPTCP;
	habits__ended(habits, &conn);
	conn.flags = CONN_IN_FLIGHT; /* the peer left a request without an answer */
	conn.initiator = INITIATOR_REMOTE_FIN;
	habits__ended(habits, &conn);
	conn = ended(2);
	conn.exchanges = 0; /* it was of no use */
	habits__ended(habits, &conn);
	assert_int_equal(habits->local.count, 0);
	assert_int_equal(habits->remote.count, 0);
	habits__free(habits);
}

static void a_last_word(void **state)
{
	struct habits *habits = habits__new();
	struct conn conn = ended(1);

	(void)state;
	habits__ended(habits, &conn);
	conn.flags = CONN_IN_FLIGHT;
	habits__ended(habits, &conn);
	assert_int_equal(habits->local.count, 2);
	assert_false(habits->local.items[0].in_flight);
	assert_true(habits->local.items[1].in_flight);
	habits__free(habits);
}

/* ---- memory ---- */

static void little_memory_makes_a_smaller_sample(void **state)
{
	struct habits *habits = habits__new();

	(void)state;
	memory = 16;
	for (__u64 n = 0; n < 10000; n++)
		add(habits, n);
	memory = 0;
	assert_in_range(habits->local.count, 1, 16);
	assert_int_equal(habits->local.room, 16);
	for (size_t i = 0; i < habits->local.count; i++)
		assert_true(habits->local.items[i].rank < habits->local.below);
	habits__free(habits);
}

static void no_memory_makes_none(void **state)
{
	struct habits *habits = habits__new();

	(void)state;
	memory = 1;
	for (__u64 n = 0; n < 100; n++)
		add(habits, n);
	memory = 0;
	assert_int_equal(habits->local.count, 0);
	habits__free(habits);
	habits__free(NULL);
}

/* One and the same, so that halving the ranks parts none of them from the others. */
static void what_cannot_be_parted_ends(void **state)
{
	struct habits *habits = habits__new();

	(void)state;
	for (int i = 0; i < 10 * ENDINGS_MAX; i++)
		add(habits, 1);
	assert_in_range(habits->local.count, 0, ENDINGS_MAX);
	habits__free(habits);
}

/* ---- openings ---- */

static void attempt(struct habits *habits, __u64 opened_ms, __u8 reason)
{
	struct conn conn = ended(0);

	conn.fail = reason;
	conn.opened_ns = opened_ms * MS;
	habits__ended(habits, &conn);
}

static void failures_and_what_opened(void **state)
{
	struct habits *habits = habits__new();
	struct conn conn = ended(0);

	(void)state;
	attempt(habits, 500, FAIL_REFUSED);
	attempt(habits, 900, FAIL_TIMEOUT);
	attempt(habits, 300, FAIL_UNREACHABLE);
	attempt(habits, 100, FAIL_CANCELLED);
	attempt(habits, 999, FAIL_CANCELLED);
	assert_int_equal(habits->failed_first_ns, 300 * MS);
	assert_int_equal(habits->failed_last_ns, 900 * MS);
	assert_int_equal(habits->opened_last_ns, 0);
	assert_int_equal(habits->local.count, 0);

	conn.opened_ns = 800 * MS;
	habits__ended(habits, &conn);
	conn.opened_ns = 700 * MS;
	habits__open(habits, &conn, NOW);
	conn.opened_ns = 950 * MS;
	conn.flags = CONN_PARTIAL; /* opened before anybody looked */
	habits__open(habits, &conn, NOW);
	conn.flags = 0;
	conn.ready = 0;
	habits__open(habits, &conn, NOW);
	assert_int_equal(habits->opened_last_ns, 800 * MS);
	habits__free(habits);
}

static void acceptors(void **state)
{
	struct habits *habits = habits__new();
	struct conn conn = ended(0);

	(void)state;
	conn.tid = 41;
	habits__ended(habits, &conn); /* who connects does not accept */
	conn.role = ROLE_SERVER;
	conn.tid = 0; /* not known */
	habits__ended(habits, &conn);
	assert_int_equal(habits->acceptor_count, 0);
	for (__u32 i = 0; i < 100; i++) {
		conn.tid = 42 + i % 2;
		if (i % 3)
			habits__ended(habits, &conn);
		else
			habits__open(habits, &conn, NOW);
	}
	assert_int_equal(habits->acceptor_count, 2);
	for (conn.tid = 1; conn.tid < 1000; conn.tid++)
		habits__ended(habits, &conn);
	assert_int_equal(habits->acceptor_count, ACCEPTORS_MAX);
	habits__free(habits);
}

/* ---- silence ---- */

static struct conn quiet_for(__u64 ms)
{
	struct conn conn = ended(0);

	conn.initiator = INITIATOR_NONE;
	conn.opened_ns = MS;
	conn.last_ns = NOW - ms * MS;
	return conn;
}

static void silence(void **state)
{
	struct habits *habits = habits__new();
	struct conn conn;

	(void)state;
	habits__begin_snapshot(habits);
	conn = quiet_for(SILENT_MS - 1);
	habits__open(habits, &conn, NOW);
	assert_int_equal(habits->silent, 0);
	conn = quiet_for(2 * SILENT_MS);
	habits__open(habits, &conn, NOW);
	conn = quiet_for(SILENT_MS);
	habits__open(habits, &conn, NOW);
	conn.last_ns = 0; /* never yet */
	conn.opened_ns = NOW - SILENT_MS * MS;
	habits__open(habits, &conn, NOW);
	assert_int_equal(habits->silent, 3);
	assert_int_equal(habits->silent_ms, 2 * SILENT_MS);
	habits__begin_snapshot(habits);
	assert_int_equal(habits->silent, 0);
	assert_int_equal(habits->silent_ms, 0);
	habits__free(habits);
}

static void what_is_no_silence(void **state)
{
	struct habits *habits = habits__new();
	struct conn conn;

	(void)state;
	conn = quiet_for(2 * SILENT_MS);
	conn.flags = CONN_KEEPALIVE;
	habits__open(habits, &conn, NOW);
	conn = quiet_for(2 * SILENT_MS);
	conn.initiator = INITIATOR_REMOTE_FIN; /* it is ending */
	habits__open(habits, &conn, NOW);
	conn = quiet_for(2 * SILENT_MS);
	conn.ready = 0;
	habits__open(habits, &conn, NOW);
	conn = quiet_for(2 * SILENT_MS);
	conn.untimed = 1; /* when that was is not known */
	conn.received_bytes = 1;
	habits__open(habits, &conn, NOW);
	conn = quiet_for(2 * SILENT_MS);
	conn.last_ns = 0; /* not yet, and it is new */
	conn.opened_ns = NOW - MS;
	habits__open(habits, &conn, NOW);
	conn.last_ns = NOW + MS; /* after the snapshot began */
	habits__open(habits, &conn, NOW);
	assert_int_equal(habits->silent, 0);
	habits__free(habits);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_endings),
		cmocka_unit_test(few_are_all_there),
		cmocka_unit_test(the_same_in_whatever_order),
		cmocka_unit_test(an_even_sample),
		cmocka_unit_test(by_side),
		cmocka_unit_test(what_is_kept_of_one),
		cmocka_unit_test(what_is_left_out),
		cmocka_unit_test(a_last_word),
		cmocka_unit_test(little_memory_makes_a_smaller_sample),
		cmocka_unit_test(no_memory_makes_none),
		cmocka_unit_test(what_cannot_be_parted_ends),
		cmocka_unit_test(failures_and_what_opened),
		cmocka_unit_test(acceptors),
		cmocka_unit_test(silence),
		cmocka_unit_test(what_is_no_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
