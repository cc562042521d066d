/* SPDX-License-Identifier: Apache-2.0 */
/* `top`: what is drawn, from records to the rows of a screen. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "aggregate.h"
#include "canvas.h"
#include "conn_list.h"
#include "owner.h"
#include "parse.h"
#include "screen.h"
#include "top_model.h"
#include "top_state.h"

#define SECOND	1000000000ULL
#define SECONDS 30

struct scene {
	struct aggregate *agg;
	struct conn_list *conns;
	struct report report;
	struct top_rates rates;
	struct top_state state;
	struct top_model model;
	struct canvas canvas;
	struct screen screen;
	__u64 now_ns;
};

static struct conn client(int last, const char *comm, __u32 exchanges)
{
	struct conn conn = {
		.role = ROLE_CLIENT,
		.family = AF_INET,
		.ready = 1,
		.local_port = 40000,
		.remote_port = 80,
		.exchanges = exchanges,
		.initiator = INITIATOR_REMOTE_FIN,
		.idle_ms = 5000,
	};
	char addr[32];

	snprintf(addr, sizeof(addr), "10.0.0.%d", last);
	assert_int_equal(parse_addr(addr, conn.remote_addr), 0);
	assert_int_equal(parse_addr("10.0.0.9", conn.local_addr), 0);
	snprintf(conn.comm, sizeof(conn.comm), "%s", comm);
	return conn;
}

static void take(struct scene *scene)
{
	scene->report.now_ns = scene->now_ns;
	scene->report.ts_ms = 1767225600000 + scene->now_ns / 1000000; /* from 2026-01-01 on */
	aggregate__tick(scene->agg, scene->now_ns);
	assert_int_equal(
		top_model__take(&scene->model, &scene->report, &scene->rates, scene->state.drilled),
		0);
}

static void begin(struct scene *scene, size_t rows, size_t columns)
{
	memset(scene, 0, sizeof(*scene));
	scene->now_ns = SECOND;
	scene->agg = aggregate__new(0, 64, NULL, NULL);
	scene->conns = conn_list__new(100);
	aggregate__keep_series(scene->agg, scene->now_ns);
	top_rates__init(&scene->rates, scene->now_ns);
	aggregate__observe(scene->agg, conn_list__observer(scene->conns));
	aggregate__observe(scene->agg, &scene->rates.observer);
	scene->report.aggregate = scene->agg;
	scene->report.conns = scene->conns;
	for (int i = 0; i < FEATURE_MAX; i++)
		scene->report.account.features[i].mechanism = MECHANISM_FENTRY;
	snprintf(scene->report.account.backend, sizeof(scene->report.account.backend), "fentry");
	top_state__init(&scene->state);
	scene->screen = (struct screen){
		.canvas = &scene->canvas,
		.state = &scene->state,
		.model = &scene->model,
		.source = "-P 80",
		.interval_ms = 1000,
	};
	assert_int_equal(canvas__reset(&scene->canvas, rows, columns), 0);
}

/* Second N of thirty closes a connection of ten exchanges, and N / 10 of one. */
static void live(struct scene *scene)
{
	struct conn pooled = client(1, "nginx", 10), plain = client(2, "curl", 1);

	for (int second = 1; second < SECONDS; second++) {
		scene->now_ns += SECOND;
		aggregate__closed(scene->agg, &pooled);
		for (int i = 0; i < second / 10; i++)
			aggregate__closed(scene->agg, &plain);
		take(scene);
	}
	scene->model.report.account.tracked = 59;
}

static void end(struct scene *scene)
{
	top_model__done(&scene->model);
	canvas__done(&scene->canvas);
	conn_list__free(scene->conns);
	aggregate__free(scene->agg);
}

static void draw(struct scene *scene)
{
	assert_int_equal(canvas__reset(&scene->canvas, scene->canvas.rows, scene->canvas.columns),
			 0);
	assert_int_equal(screen__draw(&scene->screen), 0);
}

static void press(struct scene *scene, int key)
{
	const struct top_facts facts = {
		.rows = scene->model.row_count,
		.page = scene->screen.page,
		.columns = scene->model.layout.columns,
		.column_count = scene->model.layout.count,
	};
	struct top_page *page = top_state__page(&scene->state);

	top_state__key(&scene->state, key, &facts);
	page->selected = top_model__row(&scene->model, page->cursor);
	if (scene->state.drilled)
		assert_int_equal(top_model__drill(&scene->model, scene->state.drilled), 0);
	draw(scene);
}

static void type(struct scene *scene, const char *text)
{
	for (; *text; text++)
		press(scene, *text);
}

static void assert_row(const struct scene *scene, size_t row, const char *expected)
{
	char text[512];

	assert_string_equal(canvas__text(&scene->canvas, row, text, sizeof(text)), expected);
}

static void assert_screen(const struct scene *scene, const char *const *rows)
{
	for (size_t i = 0; i < scene->canvas.rows; i++)
		assert_row(scene, i, rows[i]);
}

static unsigned char look_at(const struct scene *scene, size_t row, size_t column)
{
	return scene->canvas.glyphs[row * scene->canvas.columns + column].look;
}

static void a_whole_screen(void **state)
{
	static const char *const rows[] = {
		"connscope top  2026-01-01T00:00:30Z  -P 80                                ? help",
		"new 3.0/s  exch 12/s  closed 3.0/s  raced 0/s  overflows 0/s",
		"[1 reuse] 2 accept  3 close",
		"                                          EXCH/CONN  ----OPEN-----  IDLE GAP",
		" UPSTREAM     COMM   OPENED  EXCH  REUSE  p50   max  now idle peak       p50",
		">10.0.0.2:80  curl       30    30   0.0%    1     1    0    0    -         -",
		" 10.0.0.1:80  nginx      29   290  90.0%   10    10    0    0    -         -",
		"",
		"",
		"-- 10.0.0.2:80 curl client: the last 29s, a bar for each 1.0s",
		" new/s     now 2.0       max 2.0       _________==========##########",
		" reuse     now 0.0%      max 0.0%               ____________________",
		" exch/s    now 2.0       max 2.0       _________==========##########",
		"-- 59 connections tracked, 0 partial, 0 lost; fentry",
	};
	struct scene scene;

	(void)state;
	begin(&scene, COUNT_OF(rows), 80);
	live(&scene);
	draw(&scene);
	assert_screen(&scene, rows);
	assert_int_equal(look_at(&scene, 5, 0), LOOK_SELECTED);
	assert_int_equal(look_at(&scene, 6, 0), LOOK_PLAIN);
	end(&scene);
}

static void bars_beside_the_table_where_there_is_room(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 20, 120);
	live(&scene);
	draw(&scene);
	assert_row(&scene, 5,
		   ">10.0.0.2:80  curl       30    30   0.0%    1     1    0    0    -         -"
		   "      30   ____:====*#####       ___________");
	scene.screen.utf8 = true;
	draw(&scene);
	assert_row(&scene, 6,
		   " 10.0.0.1:80  nginx      29   290  90.0%   10    10    0    0    -         -"
		   "      29   ███████████████   ███████████████");
	end(&scene);
}

static void a_tiny_screen(void **state)
{
	static const char *const rows[] = {
		"connscope top  2026-", "[1 reuse]",	       " UPSTREAM     COMM",
		">10.0.0.2:80  curl",	" 10.0.0.1:80  nginx",
	};
	struct scene scene;

	(void)state;
	begin(&scene, COUNT_OF(rows), 20);
	live(&scene);
	draw(&scene);
	assert_screen(&scene, rows);
	end(&scene);
}

static void no_size_is_too_small(void **state)
{
	static const int keys[] = {
		TOP_KEY_DOWN, '?', '?', TOP_KEY_ENTER, '>', TOP_KEY_ESCAPE, '2'
	};
	struct scene scene;

	(void)state;
	for (size_t rows = 1; rows < 18; rows++) {
		for (size_t columns = 1; columns < 130; columns += 3) {
			begin(&scene, rows, columns);
			take(&scene);
			draw(&scene);
			live(&scene);
			for (size_t i = 0; i < COUNT_OF(keys); i++)
				press(&scene, keys[i]);
			end(&scene);
		}
	}
}

static void filter_looks_at_what_is_shown(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 14, 80);
	live(&scene);
	draw(&scene);
	type(&scene, "/NG");
	assert_row(&scene, 2, "[1 reuse] 2 accept  3 close   filter NG_");
	assert_int_equal(scene.model.row_count, 1);
	assert_row(&scene, 5,
		   ">10.0.0.1:80  nginx      29   290  90.0%   10    10    0    0    -         -");
	type(&scene, "x");
	assert_row(&scene, 3, " no row has \"NGx\"");
	press(&scene, TOP_KEY_ESCAPE);
	assert_int_equal(scene.model.row_count, 2);
	type(&scene, "/90.0%");
	press(&scene, TOP_KEY_ENTER);
	assert_row(&scene, 2, "[1 reuse] 2 accept  3 close   filter 90.0%");
	assert_int_equal(scene.model.row_count, 1);
	end(&scene);
}

static void a_narrow_screen_shows_the_filter(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 6, 24);
	live(&scene);
	draw(&scene);
	type(&scene, "/ng");
	assert_row(&scene, 1, "[1 reuse]  filter ng_");
	end(&scene);
}

static void sorted_by_the_column_that_is_marked(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 14, 80);
	live(&scene);
	draw(&scene);
	type(&scene, ">>>>");
	assert_row(&scene, 2, "[1 reuse] 2 accept  3 close   sort EXCH");
	assert_int_equal(look_at(&scene, 4, 30), LOOK_BOLD | LOOK_SELECTED);
	assert_int_equal(look_at(&scene, 4, 23), LOOK_BOLD);
	assert_int_equal(scene.canvas.glyphs[5 * 80 + 8].text[0], '1');
	type(&scene, "r");
	assert_row(&scene, 2, "[1 reuse] 2 accept  3 close   sort EXCH, reversed");
	assert_int_equal(scene.canvas.glyphs[5 * 80 + 8].text[0], '2');
	end(&scene);
}

static void cursor_follows_its_row(void **state)
{
	struct conn pooled = client(1, "nginx", 10);
	struct scene scene;

	(void)state;
	begin(&scene, 14, 80);
	live(&scene);
	draw(&scene);
	press(&scene, TOP_KEY_DOWN);
	assert_int_equal(scene.state.pages[0].cursor, 1);
	aggregate__closed(scene.agg, &pooled);
	aggregate__closed(scene.agg, &pooled);
	scene.now_ns += SECOND;
	take(&scene);
	draw(&scene);
	assert_int_equal(scene.state.pages[0].cursor, 0);
	assert_row(&scene, 5,
		   ">10.0.0.1:80  nginx      31   310  90.0%   10    10    0    0    -         -");
	end(&scene);
}

static void connections_of_the_row_under_the_cursor(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 12, 80);
	live(&scene);
	draw(&scene);
	press(&scene, TOP_KEY_DOWN);
	press(&scene, TOP_KEY_ENTER);
	assert_int_equal(scene.model.row_count, 29);
	assert_row(&scene, 2, "[1 reuse] 2 accept  3 close  > 10.0.0.1:80 nginx client");
	assert_row(&scene, 3, " CONNECTION                     STATE       COMM   AGE  EXCH  IDLE");
	assert_row(&scene, 4, ">10.0.0.9:40000 -> 10.0.0.1:80  remote-fin  nginx    0    10  5.0s");
	take(&scene);
	draw(&scene);
	assert_int_equal(scene.model.row_count, 29);
	press(&scene, TOP_KEY_END);
	assert_int_equal(scene.state.pages[TOP_DRILL].scroll, 29 - 7);
	press(&scene, TOP_KEY_ESCAPE);
	assert_int_equal(scene.state.pages[0].cursor, 1);
	end(&scene);
}

static void held_connections_stay(void **state)
{
	struct conn pooled = client(1, "nginx", 10);
	struct scene scene;

	(void)state;
	begin(&scene, 12, 80);
	live(&scene);
	draw(&scene);
	press(&scene, ' ');
	assert_int_equal(top_model__hold(&scene.model), 0);
	aggregate__closed(scene.agg, &pooled);
	press(&scene, TOP_KEY_DOWN);
	press(&scene, TOP_KEY_ENTER);
	assert_int_equal(scene.model.row_count, 29);
	assert_row(&scene, 0,
		   "connscope top  FROZEN since 2026-01-01T00:00:30Z  -P 80            "
		   "       ? help");
	press(&scene, ' ');
	top_model__release(&scene.model);
	take(&scene);
	draw(&scene);
	assert_int_equal(scene.model.row_count, 30);
	end(&scene);
}

static void hostile_names_are_escaped(void **state)
{
	struct conn hostile = client(3, "\033[31m\n\xff", 1);
	struct scene scene;

	(void)state;
	begin(&scene, 12, 80);
	aggregate__closed(scene.agg, &hostile);
	take(&scene);
	draw(&scene);
	assert_row(
		&scene, 5,
		">10.0.0.3:80  \\x1b[31m+       1     1   0.0%    1     1    0    0    -         "
		"-");
	press(&scene, TOP_KEY_ENTER);
	assert_row(&scene, 2,
		   "[1 reuse] 2 accept  3 close  > 10.0.0.3:80 \\x1b[31m\\x0a\\xff client");
	end(&scene);
}

static void alarms_and_losses_are_marked(void **state)
{
	struct conn raced = client(1, "nginx", 2);
	struct scene scene;

	(void)state;
	begin(&scene, 14, 80);
	raced.flags = CONN_RACED;
	aggregate__closed(scene.agg, &raced);
	scene.report.account.missed_runs = 3;
	scene.now_ns += SECOND;
	take(&scene);
	draw(&scene);
	press(&scene, '3');
	assert_row(&scene, 13,
		   "-- 0 connections tracked, 0 partial, 0 lost, 3 runs missed; fentry");
	assert_int_equal(look_at(&scene, 13, 47), LOOK_ALARM);
	assert_int_equal(look_at(&scene, 13, 40), LOOK_DIM);
	assert_row(&scene, 1, "new 1.0/s  exch 2.0/s  closed 1.0/s  raced 1.0/s  overflows 0/s");
	assert_int_equal(look_at(&scene, 1, 43), LOOK_ALARM);
	assert_row(&scene, 4,
		   " ENDPOINT     ROLE    CLOSED  fin rst  fin rst  FLIGHT  RACED  local  remote");
	assert_int_equal(look_at(&scene, 5, 60), LOOK_ALARM | LOOK_SELECTED);
	end(&scene);
}

static void help_names_keys_and_columns(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 15, 80);
	snprintf(scene.report.account.features[FEATURE_RECEIVE].reason, 16, "no hook");
	scene.report.account.features[FEATURE_RECEIVE].mechanism = MECHANISM_OFF;
	take(&scene);
	live(&scene);
	draw(&scene);
	press(&scene, '?');
	assert_row(&scene, 3, "  Tab 1 2 3    the next report; that one");
	assert_row(&scene, 12, "  UPSTREAM       remote address and port, or name");
	press(&scene, TOP_KEY_END);
	assert_row(&scene, 13, "  IDLE GAP p50   between two exchanges of a connection, median");
	press(&scene, 'x');
	assert_row(&scene, 2, "[1 reuse] 2 accept  3 close");
	assert_false(scene.state.help);
	end(&scene);
}

static void nothing_seen_yet(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 10, 80);
	take(&scene);
	draw(&scene);
	assert_row(&scene, 1, "rates come with the second snapshot");
	assert_row(&scene, 3, " no client connections seen");
	press(&scene, TOP_KEY_ENTER);
	assert_null(scene.state.drilled);
	press(&scene, '2');
	assert_row(&scene, 3, " no listeners and no accepted connections seen");
	end(&scene);
}

static void names_of_others_are_safe(void **state)
{
	struct row row = {
		.key = { .role = ROLE_CLIENT, .cgroup = 7, .comm = "a\033", .name = "b\a" },
	};
	char text[128];

	(void)state;
	owner_elsewhere();
	assert_int_equal(owner_seed(7, "c\033[31m\n"), 0);
	assert_string_equal(screen__row_name(&row, text, sizeof(text)),
			    "b\\x07 a\\x1b c\\x1b[31m\\x0a client");
	owner_forget();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_others_are_safe),
		cmocka_unit_test(a_whole_screen),
		cmocka_unit_test(bars_beside_the_table_where_there_is_room),
		cmocka_unit_test(a_tiny_screen),
		cmocka_unit_test(no_size_is_too_small),
		cmocka_unit_test(filter_looks_at_what_is_shown),
		cmocka_unit_test(a_narrow_screen_shows_the_filter),
		cmocka_unit_test(sorted_by_the_column_that_is_marked),
		cmocka_unit_test(cursor_follows_its_row),
		cmocka_unit_test(connections_of_the_row_under_the_cursor),
		cmocka_unit_test(held_connections_stay),
		cmocka_unit_test(hostile_names_are_escaped),
		cmocka_unit_test(alarms_and_losses_are_marked),
		cmocka_unit_test(help_names_keys_and_columns),
		cmocka_unit_test(nothing_seen_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
