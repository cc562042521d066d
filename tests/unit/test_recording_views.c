/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL views of a recording: their words are the reports'. */
#include "recording_scene.h"

#include <sqlite3.h>

#include "conn_state.h"

/* The word that the column of `conns` has for NUMBER in that of `conn`. */
static void assert_word(sqlite3 *db, const char *column, const char *view_column, int number,
			const char *word)
{
	char sql[160];
	sqlite3_stmt *stmt;

	snprintf(sql, sizeof(sql), "UPDATE conn SET %s = %d", column, number);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	snprintf(sql, sizeof(sql), "SELECT coalesce(%s, '') FROM conns", view_column);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 0), word ? word : "");
	sqlite3_finalize(stmt);
}

static void words_are_the_reports(void **state)
{
	static const struct {
		const char *column, *view_column;
		const char *(*word)(unsigned int number);
		unsigned int count;
	} cases[] = {
		{ "initiator", "initiator", initiator_word, INITIATOR_MAX },
		{ "cause", "cause", cause_word, CAUSE_MAX },
		{ "fail", "fail_reason", fail_word, FAIL_MAX },
	};
	struct conn conn = client(2 * SECOND);
	struct scene scene;
	sqlite3 *db;

	(void)state;
	begin(&scene, 0, 0);
	conn.closed_ns = 3 * SECOND;
	aggregate__closed(scene.agg, &conn);
	tick(&scene, 4 * SECOND);
	finish(&scene);
	assert_int_equal(sqlite3_open(scene.path, &db), SQLITE_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		for (unsigned int number = 0; number < cases[i].count; number++)
			assert_word(db, cases[i].column, cases[i].view_column, (int)number,
				    cases[i].word(number));
	}
	sqlite3_close(db);
	end(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_the_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
