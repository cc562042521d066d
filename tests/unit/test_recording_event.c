/* SPDX-License-Identifier: Apache-2.0 */
/* Single events of recordings: told again as they were, each once and in its place. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "observer.h"
#include "recording_scene.h"
#include "replay.h"
#include "trace_event.h"

/* What a replay told. */
struct heard {
	struct observer observer; /* first */
	struct trace_event events[16];
	struct conn conns[16];
	struct exchange exchanges[16];
	struct listener listeners[16];
	size_t count;
};

static void hear(struct observer *self, const struct record *record)
{
	struct heard *heard = (struct heard *)self;
	size_t at = heard->count;
	struct trace_event event;

	if (!trace_event_of(record, &event))
		return;
	assert_true(at < COUNT_OF(heard->events));
	heard->events[at] = event;
	if (event.conn)
		heard->conns[at] = *event.conn;
	if (event.exchange)
		heard->exchanges[at] = *event.exchange;
	if (event.listener)
		heard->listeners[at] = *event.listener;
	heard->count++;
}

static void play_events(const struct scene *scene, struct options *options, struct heard *ret_heard)
{
	struct aggregate *agg = aggregate__new(0, 100, &options->filter, NULL);
	struct replay *replay;

	memset(ret_heard, 0, sizeof(*ret_heard));
	ret_heard->observer.take = hear;
	options->from_file = scene->path;
	options->view = "trace";
	assert_int_equal(replay__new(options, &replay), 0);
	assert_int_equal(replay__run(replay, agg), 0);
	aggregate__observe(agg, &ret_heard->observer);
	assert_int_equal(replay__tell(replay, agg), 0);
	replay__free(replay);
	aggregate__free(agg);
}

static void tell_exchange(struct scene *scene, const struct conn *conn,
			  const struct exchange *exchange, bool again)
{
	aggregate__event(scene->agg, &(struct trace_event){ .kind = TRACE_EXCHANGE,
							    .again = again,
							    .conn = conn,
							    .exchange = exchange,
							    .ns = exchange->request_ns });
}

static struct exchange exchange_at(__u64 ns, __u32 number)
{
	return (struct exchange){ .request_ns = ns,
				  .asked_ns = ns + 1000,
				  .response_ns = ns + 8999,
				  .gap_ns = number > 1 ? 700 : 0,
				  .request_bytes = 10 * number,
				  .response_bytes = 1ULL << 40,
				  .number = number };
}

/* A connection from 2 s on, told of before any snapshot has it; it ends at 4 s. */
static void tell_some(struct scene *scene)
{
	struct conn conn = client(2 * SECOND);
	struct exchange first = exchange_at(2 * SECOND + 500000, 1);
	struct exchange second = exchange_at(3 * SECOND, 2);

	first.flags = EXCHANGE_OPEN;
	tell_exchange(scene, &conn, &first, false);
	first.flags = 0;
	first.response_bytes++;
	tell_exchange(scene, &conn, &first, true);
	aggregate__event(scene->agg,
			 &(struct trace_event){ .kind = TRACE_GAP, .count = 7, .ns = 9 * SECOND });
	second.flags = EXCHANGE_CUT;
	second.asked_ns = 0;
	tell_exchange(scene, &conn, &second, false);
	conn.closed_ns = 4 * SECOND;
	conn.initiator = INITIATOR_LOCAL_FIN;
	aggregate__closed(scene->agg, &conn);
}

static void assert_kinds(const struct heard *heard, const enum trace_kind *kinds, size_t count)
{
	assert_int_equal(heard->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(heard->events[i].kind, kinds[i]);
}

static void events_come_back_in_order(void **state)
{
	static const enum trace_kind kinds[] = { TRACE_OPEN, TRACE_EXCHANGE, TRACE_GAP,
						 TRACE_EXCHANGE, TRACE_CLOSE };
	const struct conn conn = client(2 * SECOND);
	struct options options = {};
	struct heard *heard = malloc(sizeof(*heard));
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	tell_some(&scene);
	aggregate__begin_snapshot(scene.agg, 0);
	tick(&scene, 10 * SECOND);
	finish(&scene);
	play_events(&scene, &options, heard);
	assert_kinds(heard, kinds, COUNT_OF(kinds));
	assert_int_equal(heard->events[0].ns, conn.ready_ns);
	assert_int_equal(heard->events[1].ns, 2 * SECOND + 500000);
	assert_false(heard->events[1].again);
	assert_int_equal(heard->exchanges[1].number, 1);
	assert_int_equal(heard->exchanges[1].request_bytes, 10);
	assert_int_equal(heard->exchanges[1].response_bytes, (1ULL << 40) + 1);
	assert_int_equal(heard->exchanges[1].response_ns - heard->exchanges[1].asked_ns, 7000);
	assert_int_equal(heard->exchanges[1].gap_ns, 0);
	assert_string_equal(heard->conns[1].comm, conn.comm);
	assert_int_equal(heard->events[2].count, 7);
	assert_int_equal(heard->events[2].ns, 9 * SECOND); /* when it was found */
	assert_int_equal(heard->exchanges[3].flags, EXCHANGE_CUT);
	assert_int_equal(heard->exchanges[3].asked_ns, 0);
	assert_int_equal(heard->exchanges[3].gap_ns / 1000, 0); /* below 1 us, but known */
	assert_true(heard->exchanges[3].gap_ns);
	assert_int_equal(heard->events[4].ns, 4 * SECOND);
	free(heard);
	end(&scene);
}

static void events_of_a_window(void **state)
{
	static const enum trace_kind kinds[] = { TRACE_GAP, TRACE_EXCHANGE };
	struct options options = {
		.since = { MOMENT_AT, START_MS + 2001 },
		.until = { MOMENT_AT, START_MS + 3999 },
	};
	struct heard *heard = malloc(sizeof(*heard));
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	tell_some(&scene);
	aggregate__begin_snapshot(scene.agg, 0);
	tick(&scene, 10 * SECOND);
	finish(&scene);
	options.since.ms = START_MS + 2000;
	play_events(&scene, &options, heard);
	assert_int_equal(heard->count, 4);
	options.since.ms = START_MS + 2001;
	play_events(&scene, &options, heard);
	assert_int_equal(heard->count, 1);
	options.since.ms = START_MS + 2000;
	options.filter.knobs.family = AF_INET6;
	play_events(&scene, &options, heard);
	assert_kinds(heard, kinds, 1); /* what was missing may be of any */
	free(heard);
	end(&scene);
}

static void events_of_listeners(void **state)
{
	static const enum trace_kind kinds[] = { TRACE_LISTEN, TRACE_OVERFLOW, TRACE_OVERFLOW };
	struct listener socket = listening(0, 0);
	struct trace_event event = { .kind = TRACE_LISTEN, .listener = &socket, .ns = 2 * SECOND };
	struct options options = {};
	struct heard *heard = malloc(sizeof(*heard));
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	socket.flags = LISTENER_OPEN | LISTENER_ASKED;
	socket.backlog_asked = -1;
	socket.limit = 128;
	aggregate__event(scene.agg, &event);
	event.kind = TRACE_OVERFLOW;
	event.count = 1;
	socket.refused = REFUSED_SYN;
	socket.depth = 129;
	aggregate__event(scene.agg, &event);
	socket.refused = REFUSED_FINAL_ACK;
	aggregate__event(scene.agg, &event); /* in the same nanosecond */
	socket.depth = 0;
	aggregate__listener_closed(scene.agg, &socket);
	aggregate__begin_snapshot(scene.agg, 0);
	tick(&scene, 10 * SECOND);
	finish(&scene);
	play_events(&scene, &options, heard);
	assert_kinds(heard, kinds, COUNT_OF(kinds));
	for (size_t i = 0; i < heard->count; i++)
		assert_int_equal(heard->events[i].ns, 2 * SECOND);
	assert_int_equal(heard->listeners[0].backlog_asked, -1);
	assert_int_equal(heard->listeners[0].limit, 128);
	assert_int_equal(heard->listeners[0].refused, REFUSED_NONE);
	assert_int_equal(heard->listeners[1].refused, REFUSED_SYN);
	assert_int_equal(heard->listeners[1].depth, 129);
	assert_int_equal(heard->listeners[2].refused, REFUSED_FINAL_ACK);
	assert_int_equal(heard->listeners[2].port, socket.port);
	assert_string_equal(heard->listeners[2].comm, socket.comm);
	free(heard);
	end(&scene);
}

/* What no hook saw happen has the time when it was learned of. */
static void an_opening_that_no_hook_saw(void **state)
{
	static const enum trace_kind kinds[] = { TRACE_OPEN };
	struct conn conn = client(2 * SECOND);
	struct options options = {};
	struct heard *heard = malloc(sizeof(*heard));
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	conn.ready_ns = 0;
	aggregate__event(scene.agg, &(struct trace_event){
					    .kind = TRACE_OPEN, .conn = &conn, .ns = 3 * SECOND });
	aggregate__begin_snapshot(scene.agg, 0);
	aggregate__open(scene.agg, &conn);
	tick(&scene, 10 * SECOND);
	finish(&scene);
	play_events(&scene, &options, heard);
	assert_kinds(heard, kinds, 1);
	assert_int_equal(heard->events[0].ns, 3 * SECOND);
	free(heard);
	end(&scene);
}

/* A connection whose end was lost leaves, and takes its exchanges along. */
static void events_leave_with_their_connection(void **state)
{
	const struct conn conn = client(2 * SECOND);
	const struct exchange exchange = exchange_at(2 * SECOND + 500000, 1);
	struct options options = {};
	struct heard *heard = malloc(sizeof(*heard));
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	tell_exchange(&scene, &conn, &exchange, false);
	aggregate__begin_snapshot(scene.agg, 0);
	tick(&scene, 10 * SECOND);
	finish(&scene);
	play_events(&scene, &options, heard);
	assert_int_equal(heard->count, 0);
	free(heard);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_back_in_order),
		cmocka_unit_test(events_of_a_window),
		cmocka_unit_test(events_of_listeners),
		cmocka_unit_test(an_opening_that_no_hook_saw),
		cmocka_unit_test(events_leave_with_their_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
