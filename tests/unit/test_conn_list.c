/* SPDX-License-Identifier: Apache-2.0 */
/* Single connections: what is kept, in which order, and what is forgotten. */
#include "test.h"

#include <linux/types.h>

#include "connscope/conn.h"
#include "conn_list.h"
#include "conn_pick.h"
#include "observer.h"

static struct conn numbered(__u16 port)
{
	struct conn conn = { .role = ROLE_CLIENT, .local_port = port, .opened_ns = port };

	return conn;
}

static void tell(struct conn_list *list, enum record_kind kind, const struct conn *before,
		 const struct conn *conn)
{
	struct observer *observer = conn_list__observer(list);

	observer->take(observer, &(struct record){ .kind = kind, .before = before, .conn = conn });
}

static void close_ports(struct conn_list *list, __u16 first, __u16 last)
{
	for (__u16 port = first; port <= last; port++) {
		struct conn conn = numbered(port);

		tell(list, RECORD_CLOSED, NULL, &conn);
	}
}

static void assert_ports(const struct conn_list *list, const __u16 *ports)
{
	const struct conn *conn;
	size_t i = 0;

	for (; (conn = conn_list__get(list, i)); i++)
		assert_int_equal(conn->local_port, ports[i]);
	assert_int_equal(ports[i], 0);
}

static void newest_first(void **state)
{
	struct conn_list *list = conn_list__new(3);

	(void)state;
	assert_null(conn_list__get(list, 0));
	close_ports(list, 1, 2);
	assert_ports(list, (const __u16[]){ 2, 1, 0 });
	close_ports(list, 3, 7);
	assert_ports(list, (const __u16[]){ 7, 6, 5, 0 });
	assert_int_equal(conn_list__forgotten(list), 4);
	conn_list__free(list);
}

static void last_of_those_picked(void **state)
{
	const struct conn_pick pick = { .initiators = 1 << INITIATOR_TIMEOUT };
	struct conn_list *list = conn_list__new(2);
	struct conn timeout = { .role = ROLE_CLIENT, .initiator = INITIATOR_TIMEOUT };

	(void)state;
	conn_list__pick(list, &pick);
	for (__u16 port = 1; port <= 3; port++) {
		timeout.local_port = port;
		tell(list, RECORD_CLOSED, NULL, &timeout);
		close_ports(list, 100, 200);
	}
	assert_ports(list, (const __u16[]){ 3, 2, 0 });
	assert_int_equal(conn_list__forgotten(list), 1);
	conn_list__free(list);
}

static void none_kept(void **state)
{
	struct conn_list *list = conn_list__new(0);

	(void)state;
	close_ports(list, 1, 2);
	assert_null(conn_list__get(list, 0));
	assert_int_equal(conn_list__forgotten(list), 2);
	conn_list__free(list);
}

static void open_ones_lead(void **state)
{
	struct conn_list *list = conn_list__new(1000);
	struct conn eight = numbered(8), nine = numbered(9);

	(void)state;
	tell(list, RECORD_OPEN, NULL, &eight);
	tell(list, RECORD_SNAPSHOT, NULL, NULL);
	close_ports(list, 1, 100); /* more than the room it starts with */
	tell(list, RECORD_OPEN, NULL, &nine);
	assert_int_equal(conn_list__open_count(list), 1);
	assert_int_equal(conn_list__get(list, 0)->local_port, 9);
	assert_int_equal(conn_list__get(list, 1)->local_port, 100);
	assert_int_equal(conn_list__get(list, 100)->local_port, 1);
	assert_null(conn_list__get(list, 101));
	conn_list__free(list);
}

static void amended_in_place(void **state)
{
	struct conn_list *list = conn_list__new(3);
	struct conn before = numbered(4), after = before;

	(void)state;
	after.cause = CAUSE_AFTER_FIN_DATA;
	close_ports(list, 1, 5); /* the ring has turned */
	tell(list, RECORD_AMENDED, &before, &after);
	assert_int_equal(conn_list__get(list, 1)->cause, CAUSE_AFTER_FIN_DATA);
	assert_int_equal(conn_list__get(list, 0)->cause, CAUSE_NONE);
	before = numbered(1); /* kept no more */
	tell(list, RECORD_AMENDED, &before, &after);
	assert_ports(list, (const __u16[]){ 5, 4, 3, 0 });
	conn_list__free(list);
}

static void a_copy_stays_as_it_was(void **state)
{
	struct conn_list *list = conn_list__new(2), *copy;
	struct conn open = numbered(9);

	(void)state;
	close_ports(list, 1, 3);
	tell(list, RECORD_OPEN, NULL, &open);
	copy = conn_list__copy(list);
	assert_non_null(copy);
	tell(list, RECORD_SNAPSHOT, NULL, NULL);
	close_ports(list, 4, 5);
	assert_ports(list, (const __u16[]){ 5, 4, 0 });
	assert_ports(copy, (const __u16[]){ 9, 3, 2, 0 });
	assert_int_equal(conn_list__open_count(copy), 1);
	assert_int_equal(conn_list__forgotten(copy), 1);
	conn_list__free(list);
	conn_list__free(copy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(newest_first),	    cmocka_unit_test(last_of_those_picked),
		cmocka_unit_test(none_kept),	    cmocka_unit_test(open_ones_lead),
		cmocka_unit_test(amended_in_place), cmocka_unit_test(a_copy_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
