/* SPDX-License-Identifier: Apache-2.0 */
/* Single events: each told once, what went on told again, and what is missing where it is. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "aggregate.h"
#include "connscope/event.h"
#include "observer.h"
#include "teller.h"
#include "trace_event.h"

#define SK 0xffff888000000000ULL

/* What has been told, a word each: "#2" exchange, "#2+" again, "!3" gap, "syn*4", others by name.
 */
struct scene {
	struct observer observer; /* first */
	struct aggregate *agg;
	struct teller *teller;
	char told[256];
	__u64 ns; /* of the last one */
};

static void listen_in(struct observer *self, const struct record *record)
{
	struct scene *scene = (struct scene *)self;
	struct trace_event event;
	char word[32];

	if (!trace_event_of(record, &event))
		return;
	if (event.kind == TRACE_EXCHANGE)
		snprintf(word, sizeof(word), "#%u%s", event.exchange->number,
			 event.again ? "+" : "");
	else if (event.kind == TRACE_GAP)
		snprintf(word, sizeof(word), "!%llu", event.count);
	else if (event.kind == TRACE_OVERFLOW)
		snprintf(word, sizeof(word), "%s*%llu",
			 event.listener->refused == REFUSED_SYN ? "syn" : "ack", event.count);
	else
		snprintf(word, sizeof(word), "%s%s", trace_word(event.kind),
			 event.again ? "+" : "");
	if (scene->told[0])
		strncat(scene->told, " ", sizeof(scene->told) - strlen(scene->told) - 1);
	strncat(scene->told, word, sizeof(scene->told) - strlen(scene->told) - 1);
	scene->ns = event.ns;
}

static void open_scene(struct scene *scene, bool counts_syns)
{
	memset(scene, 0, sizeof(*scene));
	scene->observer.take = listen_in;
	scene->agg = aggregate__new(0, 10, NULL, NULL);
	scene->teller = teller__new(counts_syns);
	assert_non_null(scene->agg);
	assert_non_null(scene->teller);
	aggregate__observe(scene->agg, &scene->observer);
}

static void close_scene(struct scene *scene)
{
	teller__free(scene->teller);
	aggregate__free(scene->agg);
}

static void assert_told(struct scene *scene, const char *want)
{
	assert_string_equal(scene->told, want);
	scene->told[0] = '\0';
}

static struct exchange_event exchange(__u32 number, __u64 response_bytes)
{
	return (struct exchange_event){
		.header = { .type = EVENT_EXCHANGE, .sk = SK },
		.conn = { .role = ROLE_CLIENT, .opened_ns = 1000 },
		.exchange = {
			.number = number,
			.request_ns = 5000,
			.response_ns = 6000,
			.request_bytes = 78,
			.response_bytes = response_bytes,
		},
	};
}

static void quiet(struct scene *scene, struct exchange_event event)
{
	event.exchange.flags |= EXCHANGE_OPEN;
	teller__exchange(scene->teller, scene->agg, &event);
}

static void whole(struct scene *scene, struct exchange_event event)
{
	teller__take(scene->teller, scene->agg, &event.header);
}

static void conn_event(struct scene *scene, __u8 type, const struct conn *conn)
{
	struct conn_event event = { .header = { .type = type, .sk = SK }, .conn = *conn };

	teller__take(scene->teller, scene->agg, &event.header);
}

static void told_as_it_is_whole(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	whole(&scene, exchange(1, 200));
	whole(&scene, exchange(2, 200));
	assert_told(&scene, "#1 #2");
	assert_int_equal(scene.ns, 5000);
	close_scene(&scene);
}

static void told_once_when_quiet(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	quiet(&scene, exchange(1, 200));
	quiet(&scene, exchange(1, 200));
	whole(&scene, exchange(1, 200));
	quiet(&scene, exchange(2, 200));
	assert_told(&scene, "#1 #2");
	close_scene(&scene);
}

static void told_again_when_it_went_on(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	quiet(&scene, exchange(1, 200));
	quiet(&scene, exchange(1, 300));
	assert_told(&scene, "#1");
	whole(&scene, exchange(1, 400));
	assert_told(&scene, "#1+");
	whole(&scene, exchange(2, 400));
	assert_told(&scene, "#2");
	close_scene(&scene);
}

static void another_connection_at_the_same_address(void **state)
{
	struct exchange_event other = exchange(1, 200);
	struct conn closed = { .role = ROLE_CLIENT };
	struct scene scene;

	(void)state;
	other.conn.opened_ns = 9000;
	open_scene(&scene, false);
	quiet(&scene, exchange(1, 200));
	whole(&scene, other); /* what ended the first was lost */
	assert_told(&scene, "#1 #1");
	quiet(&scene, exchange(2, 200));
	conn_event(&scene, EVENT_CONN_CLOSED, &closed);
	quiet(&scene, exchange(2, 200));
	assert_told(&scene, "#2 #2");
	close_scene(&scene);
}

static void without_times(void **state)
{
	struct exchange_event event = exchange(1, 200);
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	event.exchange.request_ns = 0;
	whole(&scene, event);
	assert_int_equal(scene.ns, 6000);
	event.exchange.response_ns = 0;
	whole(&scene, event);
	assert_true(scene.ns > 6000); /* now */
	close_scene(&scene);
}

static void gaps_where_they_are(void **state)
{
	struct exchange_event event = exchange(1, 200);
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	whole(&scene, event);
	event.header.lost = 3;
	whole(&scene, event);
	event.header.lost = 2; /* from another CPU */
	whole(&scene, event);
	teller__lost(scene.teller, scene.agg, 10, 1);
	teller__lost(scene.teller, scene.agg, 10, 1);
	assert_told(&scene, "#1 !3 #1 #1 !7");
	close_scene(&scene);
}

static void the_count_of_lost_ones_wraps(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	teller__lost(scene.teller, scene.agg, 0x7fffffff, 1);
	teller__lost(scene.teller, scene.agg, 0xfffffffe, 1);
	teller__lost(scene.teller, scene.agg, 2, 1);
	assert_told(&scene, "!2147483647 !2147483647 !4");
	close_scene(&scene);
}

static void connections(void **state)
{
	struct conn client = { .role = ROLE_CLIENT, .ready_ns = 700 };
	struct conn server = { .role = ROLE_SERVER, .queued = 1 };
	struct conn child = { .role = ROLE_SERVER };
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	conn_event(&scene, EVENT_CONN_OPENED, &client);
	assert_int_equal(scene.ns, 700);
	conn_event(&scene, EVENT_CONN_ACCEPTED, &server);
	assert_true(scene.ns > 700);
	conn_event(&scene, EVENT_CONN_ACCEPTED, &child); /* never in the queue */
	assert_told(&scene, "open accept");
	close_scene(&scene);
}

static void ends(void **state)
{
	struct conn closed = { .role = ROLE_CLIENT, .initiator = INITIATOR_LOCAL_FIN };
	struct conn failed = { .role = ROLE_CLIENT, .fail = FAIL_REFUSED };
	struct conn before = { .role = ROLE_CLIENT,
			       .initiator = INITIATOR_LOCAL_FIN,
			       .flags = CONN_PARTIAL | CONN_ENDED_BEFORE };
	struct conn raced = { .role = ROLE_CLIENT,
			      .initiator = INITIATOR_LOCAL_FIN,
			      .flags = CONN_RACED };
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	closed.closed_ns = 900;
	aggregate__closed(scene.agg, &closed);
	assert_int_equal(scene.ns, 900);
	aggregate__closed(scene.agg, &failed);
	aggregate__closed(scene.agg, &before);
	aggregate__amended(scene.agg, &closed, &closed);
	aggregate__amended(scene.agg, &closed, &raced);
	assert_told(&scene, "close fail close+");
	close_scene(&scene);
}

static void listener_event(struct scene *scene, __u8 type, __u64 syn_drops, __u8 refused)
{
	struct listener_event event = {
		.header = { .type = type, .sk = SK },
		.listener = { .syn_drops = syn_drops, .refused = refused },
		.ns = 300,
	};

	teller__take(scene->teller, scene->agg, &event.header);
}

static void listeners(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, false);
	listener_event(&scene, EVENT_LISTEN, 0, 0);
	listener_event(&scene, EVENT_OVERFLOW, 1, REFUSED_SYN);
	listener_event(&scene, EVENT_OVERFLOW, 1, REFUSED_FINAL_ACK);
	listener_event(&scene, EVENT_LISTENER_CLOSED, 1, 0);
	assert_told(&scene, "listen syn*1 ack*1");
	assert_int_equal(scene.ns, 300);
	close_scene(&scene);
}

static void look_at(struct scene *scene, __u64 syn_drops, bool last)
{
	struct listener_snapshot snapshot = { .sk = SK, .listener.syn_drops = syn_drops };

	teller__listener(scene->teller, scene->agg, &snapshot, last);
}

static void counted_syns(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, true);
	look_at(&scene, 2, false);
	assert_told(&scene, "");
	look_at(&scene, 5, false);
	assert_told(&scene, "syn*2");
	look_at(&scene, 4, false); /* the third of them was a final ACK */
	assert_told(&scene, "syn*2");
	look_at(&scene, 4, false);
	assert_told(&scene, "");
	look_at(&scene, 6, true);
	assert_told(&scene, "syn*2");
	listener_event(&scene, EVENT_LISTENER_CLOSED, 7, 0);
	assert_told(&scene, "syn*1");
	/* Another one, of which we saw the end alone. */
	listener_event(&scene, EVENT_LISTENER_CLOSED, 3, 0);
	assert_told(&scene, "syn*3");
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_as_it_is_whole),
		cmocka_unit_test(told_once_when_quiet),
		cmocka_unit_test(told_again_when_it_went_on),
		cmocka_unit_test(another_connection_at_the_same_address),
		cmocka_unit_test(without_times),
		cmocka_unit_test(gaps_where_they_are),
		cmocka_unit_test(the_count_of_lost_ones_wraps),
		cmocka_unit_test(connections),
		cmocka_unit_test(ends),
		cmocka_unit_test(listeners),
		cmocka_unit_test(counted_syns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
