/* SPDX-License-Identifier: Apache-2.0 */
/* From a report to bytes: views, sorting, rows, and the check. */
#include "test.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "aggregate.h"
#include "cli.h"
#include "output.h"
#include "parse.h"
#include "render.h"
#include "report.h"

struct scene {
	struct aggregate *agg;
	struct report report;
	struct options options;
	char text[16384];
};

static void begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->agg = aggregate__new(0, 64, NULL, NULL);
	scene->report.aggregate = scene->agg;
	scene->options.view = "all";
	for (int i = 0; i < FEATURE_MAX; i++) {
		scene->report.account.features[i].mechanism = MECHANISM_FENTRY;
		snprintf(scene->report.account.features[i].hook,
			 sizeof(scene->report.account.features[i].hook), "hook_%d", i);
	}
}

static void end(struct scene *scene)
{
	aggregate__free(scene->agg);
}

/* COUNT connections, of EXCHANGES each, to 10.0.0.LAST. */
static void add(struct scene *scene, int last, int count, __u32 exchanges)
{
	struct conn conn = {
		.role = ROLE_CLIENT,
		.family = AF_INET,
		.ready = 1,
		.remote_port = 80,
		.exchanges = exchanges,
		.initiator = INITIATOR_LOCAL_FIN,
		.comm = "curl",
	};
	char addr[32];

	snprintf(addr, sizeof(addr), "10.0.0.%d", last);
	assert_int_equal(parse_addr(addr, conn.remote_addr), 0);
	while (count--)
		aggregate__closed(scene->agg, &conn);
}

static void read_back(struct scene *scene, FILE *out)
{
	size_t len;

	rewind(out);
	len = fread(scene->text, 1, sizeof(scene->text) - 1, out);
	scene->text[len] = '\0';
	fclose(out);
}

static void render(struct scene *scene)
{
	FILE *out = tmpfile();

	assert_int_equal(report_write(&scene->report, &scene->options, out), 0);
	read_back(scene, out);
}

static int count(const char *text, const char *what)
{
	int found = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		found++;
	return found;
}

static void all_has_three_tables(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	add(&scene, 1, 1, 1);
	render(&scene);
	assert_non_null(strstr(scene.text, "REUSE: "));
	assert_non_null(strstr(scene.text, "no listeners"));
	assert_non_null(strstr(scene.text, "CLOSE: "));
	assert_int_equal(count(scene.text, "\n-- "), 1);
	end(&scene);
}

static void one_view_has_one_table(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.view = "close";
	render(&scene);
	assert_string_equal(scene.text, "no connection has ended\n\n"
					"-- 0 connections tracked, 0 partial, 0 lost\n");
	end(&scene);
}

static void default_width_is_80(void **state)
{
	struct scene scene;
	char *rest;

	(void)state;
	begin(&scene);
	add(&scene, 1, 123456, 1);
	add(&scene, 255, 1, 1);
	render(&scene);
	for (char *line = strtok_r(scene.text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		assert_true(strlen(line) <= 80);
	end(&scene);
}

static void sorts_by_what_was_asked(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.view = "reuse";
	scene.options.no_header = true;
	add(&scene, 1, 9, 1);
	add(&scene, 2, 1, 50);
	render(&scene);
	assert_memory_equal(scene.text, "10.0.0.1:80", 11);
	scene.options.sort = "reuse_ratio";
	render(&scene);
	assert_memory_equal(scene.text, "10.0.0.2:80", 11);
	end(&scene);
}

static void sort_applies_where_the_column_exists(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.sort = "exchanges";
	scene.options.json = true;
	add(&scene, 1, 9, 1);
	add(&scene, 2, 1, 50);
	render(&scene);
	assert_true(strstr(scene.text, "10.0.0.2") < strstr(scene.text, "10.0.0.1"));
	assert_int_equal(count(scene.text, "\"type\":\"close\""), 2);
	end(&scene);
}

static void rows_are_cut_per_table(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	scene.options.rows = 1;
	add(&scene, 1, 1, 1);
	add(&scene, 2, 2, 1);
	add(&scene, 3, 3, 1);
	render(&scene);
	assert_int_equal(count(scene.text, "10.0.0.3:80"), 2);
	assert_int_equal(count(scene.text, "10.0.0.2:80"), 0);
	assert_int_equal(count(scene.text, "and 2 more"), 2);
	end(&scene);
}

static void full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct scene scene;

	(void)state;
	if (!full)
		skip();
	begin(&scene);
	assert_int_equal(report_write(&scene.report, &scene.options, full), -ENOSPC);
	fclose(full);
	end(&scene);
}

static void check_as_text(void **state)
{
	struct feature_state *send;
	struct scene scene;
	FILE *out = tmpfile();

	(void)state;
	begin(&scene);
	send = &scene.report.account.features[FEATURE_SEND];
	send->mechanism = MECHANISM_OFF;
	send->hook[0] = '\0';
	snprintf(send->reason, sizeof(send->reason), "neither of the two ways to see it is here");
	snprintf(scene.report.account.kernel, sizeof(scene.report.account.kernel), "6.1.0");
	scene.options.view = "check";
	scene.options.width = 60;
	assert_int_equal(render_check(&scene.report.account, NULL, &scene.options, out), 0);
	read_back(&scene, out);
	assert_non_null(strstr(scene.text, "FEATURE    MECHANISM  HOOK     REASON\n"));
	assert_non_null(strstr(scene.text, "state      fentry     hook_0   -\n"));
	assert_non_null(strstr(scene.text,
			       "send       off        -        neither of the two ways to\n"
			       "                               see it is here\n"));
	assert_non_null(strstr(scene.text, "\n-- kernel 6.1.0\n"));
	end(&scene);
}

static void check_as_json(void **state)
{
	struct scene scene;
	FILE *out = tmpfile();

	(void)state;
	begin(&scene);
	scene.options.view = "check";
	scene.options.json = true;
	assert_int_equal(render_check(&scene.report.account, NULL, &scene.options, out), 0);
	read_back(&scene, out);
	assert_int_equal(count(scene.text, "\"type\":\"feature\""), FEATURE_MAX);
	assert_int_equal(count(scene.text, "\"type\":\"meta\""), 1);
	assert_int_equal(count(scene.text, "\"reason\":null"), FEATURE_MAX);
	end(&scene);
}

static void names_of_all_features_and_mechanisms(void **state)
{
	(void)state;
	for (int i = 0; i < FEATURE_MAX; i++)
		assert_non_null(feature_name(i));
	for (int i = 0; i < MECHANISM_MAX; i++)
		assert_non_null(mechanism_name(i));
	assert_string_equal(feature_name(FEATURE_MAX), "unknown");
	assert_string_equal(mechanism_name(MECHANISM_MAX), "unknown");
}

static void losses(void **state)
{
	struct account account = { .missed_runs = -1 };

	(void)state;
	assert_false(account_has_losses(&account));
	account.missed_runs = 1;
	assert_true(account_has_losses(&account));
	account.missed_runs = 0;
	account.folded = 1;
	assert_true(account_has_losses(&account));
	account.folded = 0;
	account.losses[LOSS_GROUP_MAP] = 1;
	assert_true(account_has_losses(&account));
}

static void outputs_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(output_find("text"), &output_text);
	assert_ptr_equal(output_find("json"), &output_json);
	assert_ptr_equal(output_find("html"), &output_html);
	assert_null(output_find("xml"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_has_three_tables),
		cmocka_unit_test(one_view_has_one_table),
		cmocka_unit_test(default_width_is_80),
		cmocka_unit_test(sorts_by_what_was_asked),
		cmocka_unit_test(sort_applies_where_the_column_exists),
		cmocka_unit_test(rows_are_cut_per_table),
		cmocka_unit_test(full_disk_is_an_error),
		cmocka_unit_test(check_as_text),
		cmocka_unit_test(check_as_json),
		cmocka_unit_test(names_of_all_features_and_mechanisms),
		cmocka_unit_test(losses),
		cmocka_unit_test(outputs_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
