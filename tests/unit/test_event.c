/* SPDX-License-Identifier: Apache-2.0 */
/* Ring-buffer records: what is taken, and what is refused. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <netinet/tcp.h>
#include <cmocka.h>

#include "event.h"

static struct conn_event good_conn(void)
{
	struct conn_event event = {
		.header = {
			.type = EVENT_CONN_CLOSED,
			.version = EVENT_VERSION,
			.len = sizeof(event),
			.sk = 0xffff888000000000,
		},
		.conn = {
			.role = ROLE_CLIENT,
			.initiator = INITIATOR_REMOTE_FIN,
		},
	};

	return event;
}

static struct exchange_event good_exchange(void)
{
	struct exchange_event event = {
		.header = {
			.type = EVENT_EXCHANGE,
			.version = EVENT_VERSION,
			.len = sizeof(event),
		},
		.conn.role = ROLE_SERVER,
		.exchange = { .number = 1, .flags = EXCHANGE_OPEN | EXCHANGE_CUT },
	};

	return event;
}

static void takes_whole_events(void **state)
{
	struct conn_event conn = good_conn();
	struct listener_event listener = {
		.header = {
			.type = EVENT_LISTENER_CLOSED,
			.version = EVENT_VERSION,
			.len = sizeof(listener),
		},
	};

	(void)state;
	assert_ptr_equal(event_check(&conn, sizeof(conn)), &conn.header);
	conn.header.type = EVENT_CONN_AMENDED;
	assert_ptr_equal(event_check(&conn, sizeof(conn)), &conn.header);
	assert_ptr_equal(event_check(&listener, sizeof(listener)), &listener.header);
}

static void takes_single_events(void **state)
{
	static const __u8 conn_types[] = { EVENT_CONN_OPENED, EVENT_CONN_ACCEPTED };
	static const __u8 listener_types[] = { EVENT_OVERFLOW, EVENT_LISTEN };
	struct conn_event conn = good_conn();
	struct exchange_event exchange = good_exchange();
	struct listener_event listener = {
		.header = { .version = EVENT_VERSION, .len = sizeof(listener) },
		.listener.refused = REFUSED_FINAL_ACK,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(conn_types); i++) {
		conn.header.type = conn_types[i];
		assert_ptr_equal(event_check(&conn, sizeof(conn)), &conn.header);
	}
	for (size_t i = 0; i < sizeof(listener_types); i++) {
		listener.header.type = listener_types[i];
		assert_ptr_equal(event_check(&listener, sizeof(listener)), &listener.header);
	}
	assert_ptr_equal(event_check(&exchange, sizeof(exchange)), &exchange.header);
	listener.listener.refused = REFUSED_MAX;
	assert_null(event_check(&listener, sizeof(listener)));
}

static void refuses_what_is_no_exchange(void **state)
{
	struct exchange_event event = good_exchange();

	(void)state;
	assert_null(event_check(&event, sizeof(event) - 1));
	event.exchange.number = 0;
	assert_null(event_check(&event, sizeof(event)));
	event = good_exchange();
	event.exchange.flags = EXCHANGE_OPEN << 1;
	assert_null(event_check(&event, sizeof(event)));
	event = good_exchange();
	event.conn.role = ROLE_NONE;
	assert_null(event_check(&event, sizeof(event)));
}

static void refuses_short_ones(void **state)
{
	struct conn_event event = good_conn();

	(void)state;
	for (size_t size = 0; size < sizeof(event); size++)
		assert_null(event_check(&event, size));
	event.header.len = sizeof(event) - 8;
	assert_null(event_check(&event, sizeof(event)));
	event.header.len = sizeof(struct listener_event);
	assert_null(event_check(&event, sizeof(event)));
}

static void refuses_unknown_types_and_versions(void **state)
{
	static const __u8 types[] = { 0, EVENT_MAX, 255 };
	struct conn_event event = good_conn();

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		event.header.type = types[i];
		assert_null(event_check(&event, sizeof(event)));
	}
	event = good_conn();
	event.header.version = EVENT_VERSION + 1;
	assert_null(event_check(&event, sizeof(event)));
}

static void refuses_values_out_of_range(void **state)
{
	struct conn_event event;

	(void)state;
	event = good_conn();
	event.conn.role = ROLE_NONE;
	assert_null(event_check(&event, sizeof(event)));
	event = good_conn();
	event.conn.role = ROLE_SERVER + 1;
	assert_null(event_check(&event, sizeof(event)));
	event = good_conn();
	event.conn.initiator = INITIATOR_MAX;
	assert_null(event_check(&event, sizeof(event)));
	event = good_conn();
	event.conn.cause = CAUSE_MAX;
	assert_null(event_check(&event, sizeof(event)));
	event = good_conn();
	event.conn.fail = FAIL_MAX;
	assert_null(event_check(&event, sizeof(event)));
	event = good_conn();
	event.conn.bound = BOUND_ANY6 + 1;
	assert_null(event_check(&event, sizeof(event)));
	event = good_conn();
	event.conn.turn = TURN_RECEIVED + 1;
	assert_null(event_check(&event, sizeof(event)));
}

static void amending_means_the_race(void **state)
{
	struct conn conn = { .flags = CONN_TIME_WAIT | CONN_IN_FLIGHT, .late = 1 };

	(void)state;
	event_amend(&conn);
	assert_int_equal(conn.flags, CONN_IN_FLIGHT | CONN_RACED);
	assert_int_equal(conn.cause, CAUSE_AFTER_FIN_DATA);
	conn = (struct conn){ .flags = CONN_TIME_WAIT, .state = TCP_TIME_WAIT, .late = 1 };
	event_amend(&conn);
	assert_int_equal(conn.flags, CONN_TIME_WAIT | CONN_RACED);
	conn = (struct conn){ .flags = CONN_TIME_WAIT, .state = TCP_CLOSE };
	event_amend(&conn);
	assert_int_equal(conn.flags | conn.cause, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_whole_events),
		cmocka_unit_test(takes_single_events),
		cmocka_unit_test(refuses_what_is_no_exchange),
		cmocka_unit_test(refuses_short_ones),
		cmocka_unit_test(refuses_unknown_types_and_versions),
		cmocka_unit_test(refuses_values_out_of_range),
		cmocka_unit_test(amending_means_the_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
