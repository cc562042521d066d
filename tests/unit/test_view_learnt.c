/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor learnt on the way: timeouts, caps and pools, where enough closes tell. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "aggregate.h"
#include "output.h"
#include "parse.h"
#include "report.h"
#include "table.h"
#include "view.h"

#define MS 1000000ULL /* nanoseconds */

struct scene {
	struct aggregate *agg;
	struct report report;
	struct table table;
};

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->agg = aggregate__new(0, 16, NULL, NULL);
	assert_non_null(scene->agg);
	aggregate__keep_habits(scene->agg);
	scene->report.aggregate = scene->agg;
	scene->report.recorded = true;
	scene->report.account.interval_ms = 60000;
	for (int i = 0; i < FEATURE_MAX; i++)
		scene->report.account.features[i].mechanism = MECHANISM_FENTRY;
}

static void end(struct scene *scene)
{
	table__done(&scene->table);
	aggregate__free(scene->agg);
}

/* One to 10.0.0.1:PORT. */
static void add_one(struct scene *scene, __u16 port, struct conn conn, __u64 closed_ms)
{
	conn.role = ROLE_CLIENT;
	conn.family = AF_INET;
	conn.state = TCP_CLOSE;
	conn.ready = 1;
	conn.remote_port = port;
	conn.opened_ns = closed_ms * MS;
	conn.ready_ns = conn.opened_ns;
	conn.closed_ns = conn.opened_ns;
	conn.idle_others = 3;
	assert_int_equal(parse_addr("10.0.0.1", conn.remote_addr), 0);
	aggregate__closed(scene->agg, &conn);
}

/* COUNT that INITIATOR ends after IDLE_MS, and one more for each of them, each with EXCHANGES, or
 * where that is 0 with another number. */
static void add(struct scene *scene, __u16 port, size_t count, __u8 initiator, __u32 idle_ms,
		__u32 exchanges)
{
	for (size_t i = 0; i < count; i++) {
		struct conn conn = {
			.exchanges = exchanges ? exchanges : 2 + (__u32)i,
			.idle_ms = idle_ms + (__u32)i,
			.initiator = initiator,
		};

		add_one(scene, port, conn, 1000 + 200 * i);
	}
}

static const struct cell *cell(const struct scene *scene, size_t row, const char *key)
{
	int column = table__find_column(&scene->table, key);

	assert_true(column >= 0 && row < scene->table.row_count);
	return &scene->table.cells[row * scene->table.column_count + (size_t)column];
}

static void assert_number(const struct scene *scene, size_t row, const char *key, __u64 want)
{
	assert_int_equal(cell(scene, row, key)->kind, CELL_NUMBER);
	assert_int_equal(cell(scene, row, key)->number, want);
}

static void fill(struct scene *scene, size_t rows)
{
	assert_int_equal(view_learnt.fill(&scene->report, &scene->table), 0);
	assert_int_equal(scene->table.row_count, rows);
}

static void timeouts_of_both_sides(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, 80, 10, INITIATOR_REMOTE_FIN, 5000, 0);
	add(&scene, 81, 12, INITIATOR_LOCAL_FIN, 60000, 0);
	add(&scene, 82, 4, INITIATOR_REMOTE_FIN, 5000, 0); /* too few */
	fill(&scene, 2);
	assert_string_equal(cell(&scene, 0, "endpoint")->text, "10.0.0.1:80");
	assert_string_equal(cell(&scene, 0, "role")->text, "client");
	assert_number(&scene, 0, "remote_timeout_ms", 5004);
	assert_number(&scene, 0, "remote_timeout_spread_ms", 9);
	assert_number(&scene, 0, "remote_timeout_closes", 10);
	assert_number(&scene, 0, "remote_timeout_of", 10);
	assert_int_equal(cell(&scene, 0, "local_timeout_ms")->kind, CELL_NULL);
	assert_number(&scene, 1, "local_timeout_ms", 60005);
	assert_int_equal(cell(&scene, 1, "remote_timeout_ms")->kind, CELL_NULL);
	end(&scene);
}

/* Twelve that end at once, or nearly: in whatever order they are told of. */
static void one_event_is_no_timeout(void **state)
{
	static const struct {
		__u64 closed_ms[4];
		size_t rows;
	} cases[] = {
		{ { 5000, 5000, 5000, 5000 }, 0 },
		{ { 5000, 5400, 5800, 5999 }, 0 },
		{ { 5000, 5400, 5800, 6000 }, 1 },
		{ { 6000, 5800, 5400, 5000 }, 1 },
		{ { 5400, 5000, 6000, 5800 }, 1 },
		/* Around where 32 bits of milliseconds end. */
		{ { 4294966996, 4294967596, 4294967296, 4294967196 }, 0 },
		{ { 4294967296, 4294966796, 4294967796, 4294967196 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene scene;

		begin(&scene);
		for (__u32 k = 0; k < 12; k++)
			add_one(&scene, 80,
				(struct conn){ .exchanges = 2 + k,
					       .idle_ms = 5000,
					       .initiator = INITIATOR_REMOTE_FIN },
				cases[i].closed_ms[k % 4]);
		fill(&scene, cases[i].rows);
		end(&scene);
	}
}

/* No two were open at once. */
static void tell_group(struct scene *scene, __u16 port)
{
	struct group_key key = { .role = ROLE_CLIENT, .port = port };
	struct group group = { .open_peak = 1 };

	assert_int_equal(parse_addr("10.0.0.1", key.addr), 0);
	aggregate__group(scene->agg, &key, &group);
}

static void caps(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, 80, 12, INITIATOR_REMOTE_FIN, 0, 100);
	add(&scene, 81, 12, INITIATOR_REMOTE_FIN, 0, 1); /* not reused: that is a finding */
	tell_group(&scene, 80);
	tell_group(&scene, 81);
	fill(&scene, 1);
	assert_number(&scene, 0, "port", 80);
	assert_number(&scene, 0, "request_cap", 100);
	assert_number(&scene, 0, "request_cap_closes", 12);
	end(&scene);
}

static void pools(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, 80, 20, INITIATOR_LOCAL_FIN, 0, 0);
	add(&scene, 81, 19, INITIATOR_LOCAL_FIN, 0, 0);
	fill(&scene, 1);
	assert_number(&scene, 0, "port", 80);
	assert_number(&scene, 0, "pool_size", 3);
	end(&scene);
}

static void nothing_is_said_of_nothing(void **state)
{
	const struct output_options options = { .width = 80 };
	struct scene scene;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	begin(&scene);
	fill(&scene, 0);
	assert_int_equal(output_text.write(out, &scene.report, &scene.table, 1, &options), 0);
	fclose(out);
	assert_null(strstr(text, "LEARNT"));
	free(text);
	end(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeouts_of_both_sides),
		cmocka_unit_test(one_event_is_no_timeout),
		cmocka_unit_test(caps),
		cmocka_unit_test(pools),
		cmocka_unit_test(nothing_is_said_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
