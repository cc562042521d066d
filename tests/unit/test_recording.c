/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what a recorder wrote comes back as it was, all of it or a window. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "aggregate.h"
#include "cli.h"
#include "observer.h"
#include "owner.h"
#include "parse.h"
#include "recorder.h"
#include "recording.h"
#include "recording_scene.h"
#include "replay.h"
#include "report.h"

/* What a report from the recording is made of. */
static struct aggregate *play(const struct scene *scene, struct options *options,
			      struct report *ret_report)
{
	struct aggregate *agg = aggregate__new(options->by, 100, &options->filter, NULL);
	struct replay *replay;

	assert_non_null(agg);
	options->from_file = scene->path;
	options->view = "all";
	memset(ret_report, 0, sizeof(*ret_report));
	assert_int_equal(replay__new(options, &replay), 0);
	if (replay__has_series(replay))
		aggregate__keep_series(agg, replay__started_ns(replay));
	assert_int_equal(replay__run(replay, agg), 0);
	replay__fill(replay, ret_report);
	replay__free(replay);
	return agg;
}

static struct conn closed(struct conn conn, __u64 closed_ns)
{
	conn.closed_ns = closed_ns;
	conn.initiator = INITIATOR_LOCAL_RST;
	conn.cause = CAUSE_LINGER0;
	conn.flags |= CONN_IN_FLIGHT;
	conn.idle_ms = 0;
	return conn;
}

static const struct row *row_of(const struct aggregate *agg, __u8 role)
{
	const struct row *const *rows, *found = NULL;
	size_t count = aggregate__rows(agg, &rows);

	for (size_t i = 0; i < count; i++) {
		if (rows[i]->key.role != role || (!rows[i]->ended && !rows[i]->present))
			continue;
		assert_null(found);
		found = rows[i];
	}
	assert_non_null(found);
	return found;
}

static void assert_same_dist(const struct dist *a, const struct dist *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->sum, b->sum);
	assert_int_equal(a->max, b->max);
	for (__u32 i = 0; i < HIST_SLOTS; i++)
		assert_int_equal(dist__slot(a, i), dist__slot(b, i));
}

static void assert_same_totals(const struct totals *a, const struct totals *b)
{
	assert_memory_equal(a, b, offsetof(struct totals, exchanges_per_conn));
	assert_same_dist(&a->exchanges_per_conn, &b->exchanges_per_conn);
	assert_same_dist(&a->connect_us, &b->connect_us);
	assert_same_dist(&a->accept_wait_us, &b->accept_wait_us);
	assert_same_dist(&a->depth, &b->depth);
	assert_same_dist(&a->idle_at_close_local_us, &b->idle_at_close_local_us);
	assert_same_dist(&a->idle_at_close_remote_us, &b->idle_at_close_remote_us);
	assert_same_dist(&a->duration_us, &b->duration_us);
}

/* All that views take from a row. */
static void assert_same_row(const struct row *a, const struct row *b)
{
	assert_memory_equal(&a->key, &b->key, sizeof(a->key));
	assert_int_equal(a->pid, b->pid);
	assert_memory_equal(a->comm, b->comm, sizeof(a->comm));
	assert_int_equal(a->cgroup, b->cgroup);
	assert_same_totals(&a->closed, &b->closed);
	assert_same_totals(&a->open, &b->open);
	assert_memory_equal(&a->listener_open, &b->listener_open, sizeof(a->listener_open));
	assert_memory_equal(&a->listener_closed, &b->listener_closed, sizeof(a->listener_closed));
	assert_int_equal(a->queues.count, b->queues.count);
	assert_same_dist(&a->idle_gap_us, &b->idle_gap_us);
	assert_same_dist(&a->response_us, &b->response_us);
	assert_int_equal(a->open_peak, b->open_peak);
	assert_int_equal(a->active_peak, b->active_peak);
	assert_int_equal(a->groups, b->groups);
	assert_int_equal(!a->series, !b->series);
	if (!a->series)
		return;
	assert_int_equal(a->series->width_ns, b->series->width_ns);
	assert_int_equal(a->series->count, b->series->count);
	assert_memory_equal(a->series->slots, b->series->slots,
			    a->series->count * sizeof(*a->series->slots));
}

/* ---- the whole of it ---- */

static const struct group_key pool_key = {
	.netns = 4026531840,
	.port = 5000,
	.role = ROLE_CLIENT,
	.addr = { [10] = 0xff, 0xff, 10, 0, 0, 2 },
	.comm = "a\xff\"'\n",
};

static void add_gap(struct group *group, __u64 us)
{
	group->idle_gap_us.slots[hist_slot(us)]++;
	group->idle_gap_us.sum += us;
	if (us > group->idle_gap_us.max)
		group->idle_gap_us.max = us;
}

/* A connection that goes on, one of the same nanosecond that ends, three ticks, a listener. */
static void record_all(struct scene *scene)
{
	struct conn stays = client(2 * SECOND), ends = client(2 * SECOND), brief;
	struct group group = { .open = 2, .open_peak = 2, .active_peak = 1 };
	struct listener listener = listening(1, 0), twin = listening(7, 1);

	ends.local_port++;
	for (__u64 i = 3; i <= 5; i++) {
		aggregate__begin_snapshot(scene->agg, 0);
		stays.exchanges += i == 5;
		aggregate__open(scene->agg, &stays);
		if (i == 3)
			aggregate__open(scene->agg, &ends);
		listener.depth = i == 4 ? 9 : 1;
		aggregate__listener(scene->agg, &listener);
		aggregate__listener(scene->agg, &twin);
		if (i != 4) {
			add_gap(&group, 1000 * i);
			add_gap(&group, 7);
		}
		aggregate__group(scene->agg, &pool_key, &group);
		tick(scene, i * SECOND);
		if (i == 3) {
			struct conn end = closed(ends, 3 * SECOND + 5), amended = end;

			aggregate__closed(scene->agg, &end);
			amended.flags |= CONN_RACED;
			amended.cause = CAUSE_AFTER_FIN_DATA;
			aggregate__amended(scene->agg, &end, &amended);
			brief = closed(client(3 * SECOND + 7), 3 * SECOND + 9);
			brief.pid = 0;
			aggregate__closed(scene->agg, &brief);
		}
	}
}

static void all_comes_back(void **state)
{
	struct options options = {};
	struct report report;
	struct aggregate *agg;
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	record_all(&scene);
	finish(&scene);
	agg = play(&scene, &options, &report);
	assert_same_row(row_of(agg, ROLE_CLIENT), row_of(scene.agg, ROLE_CLIENT));
	assert_same_row(row_of(agg, ROLE_SERVER), row_of(scene.agg, ROLE_SERVER));
	assert_int_equal(report.now_ns, 5 * SECOND);
	assert_int_equal(report.ts_ms, START_MS + 5000);
	assert_int_equal(report.started_ns, SECOND);
	assert_string_equal(report.account.kernel, "6.1");
	assert_string_equal(report.account.backend, "kprobe");
	assert_int_equal(report.account.missed_runs, -1);
	assert_int_equal(report.account.losses[LOSS_LISTENER_MAP], 3);
	assert_int_equal(report.account.interval_ms, 4000);
	assert_int_equal(report.account.features[FEATURE_SEED].mechanism, MECHANISM_ITER);
	assert_string_equal(report.account.features[FEATURE_RACE].reason, "why");
	assert_null(report.no_histograms);
	assert_null(report.no_peaks);
	aggregate__free(agg);
	end(&scene);
}

static void unseen_ends_leave(void **state)
{
	struct recorder_progress progress;
	struct options options = {};
	struct report report;
	struct aggregate *agg;
	struct scene scene;
	struct conn conn = client(2 * SECOND);

	(void)state;
	begin(&scene, 0, 0);
	aggregate__begin_snapshot(scene.agg, 0);
	aggregate__open(scene.agg, &conn);
	tick(&scene, 3 * SECOND);
	aggregate__begin_snapshot(scene.agg, 0);
	tick(&scene, 4 * SECOND);
	/* After all: once, as it ended. */
	conn = closed(conn, 4 * SECOND);
	aggregate__closed(scene.agg, &conn);
	aggregate__begin_snapshot(scene.agg, 0);
	tick(&scene, 5 * SECOND);
	recorder__progress(scene.recorder, &progress);
	assert_int_equal(progress.conns, 1);
	finish(&scene);
	agg = play(&scene, &options, &report);
	assert_int_equal(row_of(agg, ROLE_CLIENT)->closed.closed, 1);
	assert_int_equal(row_of(agg, ROLE_CLIENT)->open.open, 0);
	aggregate__free(agg);
	end(&scene);
}

static void what_follows_the_last_sync_is_not_there(void **state)
{
	struct options options = {};
	struct report report;
	struct aggregate *agg;
	struct scene scene;
	struct conn conn = closed(client(2 * SECOND), 2 * SECOND + 1);
	struct conn late = closed(client(3 * SECOND), 3 * SECOND + 1);

	(void)state;
	begin(&scene, 0, 0);
	aggregate__closed(scene.agg, &conn);
	aggregate__begin_snapshot(scene.agg, 0);
	tick(&scene, 3 * SECOND);
	aggregate__closed(scene.agg, &late);
	finish(&scene);
	agg = play(&scene, &options, &report);
	assert_int_equal(row_of(agg, ROLE_CLIENT)->closed.closed, 1);
	aggregate__free(agg);
	end(&scene);
}

/* ---- parts of it ---- */

static void the_start_stays(void **state)
{
	struct report report = report_at(3 * SECOND);
	struct scene scene;
	sqlite3_stmt *stmt;
	sqlite3 *db;

	(void)state;
	begin(&scene, 0, 0);
	tick(&scene, 2 * SECOND);
	report.ts_ms += 3600000; /* the wall clock was set */
	assert_int_equal(recorder__sync(scene.recorder, &report), 0);
	finish(&scene);
	assert_int_equal(sqlite3_open(scene.path, &db), SQLITE_OK);
	assert_int_equal(recording_prepare(db, "SELECT started_ms FROM recording", &stmt), 0);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int64(stmt, 0), START_MS + 1000);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	end(&scene);
}

static void windows(void **state)
{
	/* Milliseconds of the recording, 0 for none; of the client's row. */
	static const struct {
		__u64 since, until;
		__u64 open, closed, gaps, depth;
		bool peak;
	} cases[] = {
		{ 0, 0, 1, 2, 4, 7, true },	   { 0, 3000, 2, 0, 2, 7, true },
		{ 0, 4500, 1, 2, 2, 9, true },	   { 3500, 0, 1, 0, 2, 7, false },
		{ 3000, 4000, 1, 2, 0, 9, false }, { 4100, 4200, 1, 0, 0, 9, false },
	};
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	record_all(&scene);
	finish(&scene);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct options options = {
			.since = { cases[i].since ? MOMENT_AT : MOMENT_NONE,
				   START_MS + cases[i].since },
			.until = { cases[i].until ? MOMENT_AT : MOMENT_NONE,
				   START_MS + cases[i].until },
		};
		struct report report;
		struct aggregate *agg = play(&scene, &options, &report);
		const struct row *row = row_of(agg, ROLE_CLIENT);

		assert_int_equal(row->open.open, cases[i].open);
		assert_int_equal(row->closed.closed, cases[i].closed);
		assert_int_equal(row->idle_gap_us.count, cases[i].gaps);
		assert_int_equal(row_of(agg, ROLE_SERVER)->listener_open.depth, cases[i].depth);
		assert_int_equal(!report.no_peaks, cases[i].peak);
		assert_int_equal(report.ts_ms, START_MS + (cases[i].until ? cases[i].until : 5000));
		aggregate__free(agg);
	}
	end(&scene);
}

/* Two processes of one address, of which the first closes its socket. */
static void drops_of_a_window_are_each_sockets_own(void **state)
{
	struct listener first = listening(0, 90), second = listening(0, 5);
	struct options options = { .since = { MOMENT_AT, START_MS + 3500 } };
	struct report report;
	struct aggregate *agg;
	struct scene scene;

	(void)state;
	first.pid = 1;
	second.pid = 2;
	begin(&scene, 0, 0);
	aggregate__begin_snapshot(scene.agg, 0);
	aggregate__listener(scene.agg, &first);
	aggregate__listener(scene.agg, &second);
	tick(&scene, 3 * SECOND);
	aggregate__listener_closed(scene.agg, &first);
	second.syn_drops++;
	aggregate__begin_snapshot(scene.agg, 0);
	aggregate__listener(scene.agg, &second);
	tick(&scene, 4 * SECOND);
	finish(&scene);
	agg = play(&scene, &options, &report);
	assert_int_equal(row_of(agg, ROLE_SERVER)->listener_open.syn_drops, 1);
	assert_int_equal(row_of(agg, ROLE_SERVER)->listener_closed.syn_drops, 0);
	aggregate__free(agg);
	end(&scene);
}

static void finer_groups_have_no_histograms(void **state)
{
	struct options by_pid = { .by = BY_PID }, by_name = { .by = BY_ENDPOINT };
	struct options one_pid = { .filter.knobs = { .pids = { 100 }, .pid_count = 1 } };
	struct report report;
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	record_all(&scene);
	finish(&scene);
	aggregate__free(play(&scene, &by_pid, &report));
	assert_non_null(report.no_histograms);
	assert_non_null(report.no_series);
	aggregate__free(play(&scene, &one_pid, &report));
	assert_non_null(report.no_histograms);
	aggregate__free(play(&scene, &by_name, &report));
	assert_null(report.no_histograms);
	assert_null(report.no_series);
	end(&scene);
}

static void containers_are_those_recorded(void **state)
{
	static const char sql[] = "INSERT INTO container VALUES (1152921504606846976, 'billing')";
	struct options options = {};
	struct replay *replay;
	struct scene scene;
	sqlite3 *db;

	(void)state;
	begin(&scene, 0, 0);
	record_all(&scene);
	finish(&scene);
	assert_int_equal(sqlite3_open(scene.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	options.view = "all";
	options.from_file = scene.path;
	assert_int_equal(replay__new(&options, &replay), 0);
	assert_string_equal(owner_container(client(0).cgroup), "billing");
	assert_string_equal(owner_container_id(client(0).cgroup), "billing");
	assert_string_equal(owner_container(1), ""); /* not the one of this machine */
	replay__free(replay);
	owner_forget();
	end(&scene);
}

/* ---- bounds ---- */

static void add_conns(struct scene *scene, __u64 second, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct conn conn = client(second * SECOND + i * 1000);

		conn = closed(conn, conn.opened_ns + 500);
		aggregate__closed(scene->agg, &conn);
	}
	aggregate__begin_snapshot(scene->agg, 0);
	tick(scene, (second + 1) * SECOND);
}

static void old_ones_go(void **state)
{
	struct options options = {};
	struct report report;
	struct aggregate *agg;
	struct scene scene;

	(void)state;
	begin(&scene, 0, 2500);
	for (__u64 second = 2; second < 8; second++)
		add_conns(&scene, second, 10);
	finish(&scene);
	agg = play(&scene, &options, &report);
	assert_int_equal(row_of(agg, ROLE_CLIENT)->closed.closed, 20);
	assert_int_equal(report.account.dropped, 40);
	aggregate__free(agg);
	end(&scene);
}

static void size_is_bounded(void **state)
{
	struct recorder_progress progress;
	struct options options = {};
	struct report report;
	struct aggregate *agg;
	struct scene scene;
	__u64 kept;

	(void)state;
	begin(&scene, 1 << 20, 0);
	for (__u64 second = 2; second < 22; second++)
		add_conns(&scene, second, 1000);
	assert_int_equal(recorder__free(scene.recorder, &progress), 0);
	assert_in_range(progress.bytes, 1 << 19, 1 << 20);
	agg = play(&scene, &options, &report);
	kept = row_of(agg, ROLE_CLIENT)->closed.closed;
	assert_in_range(kept, 1000, 19000);
	assert_int_equal(kept + report.account.dropped, 20000);
	aggregate__free(agg);
	end(&scene);
}

/* ---- files ---- */

static void a_name_is_a_file(void **state)
{
	struct options options = { .from_file = ":memory:" };
	struct recorder_options to = { .path = ":memory:" };
	struct report report = report_at(2 * SECOND);
	char dir[] = "/tmp/connscope-unit.XXXXXX";
	struct recorder *recorder;
	struct replay *replay;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(recorder__new(&to, &recorder), 0);
	assert_int_equal(recorder__sync(recorder, &report), 0);
	assert_int_equal(recorder__free(recorder, NULL), 0);
	assert_int_equal(replay__new(&options, &replay), 0);
	replay__free(replay);
	assert_int_equal(unlink(to.path), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void nobody_else_reads_it(void **state)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	mode_t mask = umask(0);
	char name[80];
	struct scene scene;
	struct stat st;

	(void)state;
	begin(&scene, 0, 0);
	tick(&scene, 2 * SECOND);
	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		snprintf(name, sizeof(name), "%s%s", scene.path, tails[i]);
		assert_int_equal(stat(name, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	umask(mask);
	finish(&scene);
	end(&scene);
}

static void second_recorder_is_refused(void **state)
{
	struct recorder_options options = {};
	struct recorder *other = NULL;
	struct scene scene;

	(void)state;
	begin(&scene, 0, 0);
	options.path = scene.path;
	assert_int_equal(recorder__new(&options, &other), -EIO);
	assert_null(other);
	/* Nothing was synced: no file remains. */
	finish(&scene);
	assert_int_equal(access(scene.path, F_OK), -1);
	end(&scene);
}

/* What a row is refused for, the disk is not: nobody has said so yet. */
static void every_failure_is_said(void **state)
{
	static const char sql[] = "CREATE TRIGGER t BEFORE INSERT ON conn BEGIN "
				  "SELECT raise(ABORT, 'no'); END";
	struct conn conn = closed(client(2 * SECOND), 3 * SECOND);
	struct report report = report_at(3 * SECOND);
	char *said = NULL, want[256];
	FILE *real = stderr;
	struct scene scene;
	sqlite3 *db;
	size_t len;

	(void)state;
	begin(&scene, 0, 0);
	tick(&scene, 2 * SECOND);
	assert_int_equal(sqlite3_open(scene.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	aggregate__closed(scene.agg, &conn);
	stderr = open_memstream(&said, &len);
	assert_int_equal(recorder__sync(scene.recorder, &report), -EIO);
	assert_int_equal(recorder__sync(scene.recorder, &report), -EIO);
	fclose(stderr);
	stderr = real;
	snprintf(want, sizeof(want),
		 "connscope: cannot write %s: Input/output error: recording ends here, what it has "
		 "is whole up to 2026-11-21T08:00:02.000Z\n",
		 scene.path);
	assert_string_equal(said, want);
	free(said);
	finish(&scene);
	end(&scene);
}

static void impossible_values_are_damage(void **state)
{
	static const char *const damages[] = {
		"UPDATE conn SET initiator = 99",
		"UPDATE conn SET role = 0",
		"UPDATE conn SET cause = -1",
		"UPDATE conn SET remote_addr = 'nowhere'",
		"UPDATE conn SET local_port = 65536",
		"UPDATE conn SET closed_ns = -1",
		"UPDATE conn SET received_bytes = -1",
		"UPDATE recording SET synced_ms = 253402300800000",
		"UPDATE recording SET synced_ns = -1",
		"UPDATE recording SET synced_ns = started_ns - 1",
		"UPDATE recording SET tracked = -1, dropped = -1",
		"UPDATE histogram SET idle_gap_us = '[[144,1]]'",
		"UPDATE histogram SET idle_gap_us = '[[1,1]'",
		"UPDATE listener SET port = -1",
		"UPDATE endpoint SET role = 3",
		"DROP TABLE pool",
		"DELETE FROM recording",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		struct options options = {};
		struct replay *replay = NULL;
		struct aggregate *agg;
		struct scene scene;
		sqlite3 *db;
		int err;

		begin(&scene, 0, 0);
		record_all(&scene);
		finish(&scene);
		assert_int_equal(sqlite3_open(scene.path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, damages[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		options.view = "all";
		options.from_file = scene.path;
		agg = aggregate__new(0, 100, NULL, NULL);
		err = replay__new(&options, &replay);
		if (!err)
			err = replay__run(replay, agg);
		assert_int_equal(err, -EIO);
		replay__free(replay);
		aggregate__free(agg);
		end(&scene);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_comes_back),
		cmocka_unit_test(unseen_ends_leave),
		cmocka_unit_test(what_follows_the_last_sync_is_not_there),
		cmocka_unit_test(the_start_stays),
		cmocka_unit_test(windows),
		cmocka_unit_test(drops_of_a_window_are_each_sockets_own),
		cmocka_unit_test(finer_groups_have_no_histograms),
		cmocka_unit_test(containers_are_those_recorded),
		cmocka_unit_test(old_ones_go),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(a_name_is_a_file),
		cmocka_unit_test(nobody_else_reads_it),
		cmocka_unit_test(second_recorder_is_refused),
		cmocka_unit_test(every_failure_is_said),
		cmocka_unit_test(impossible_values_are_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
