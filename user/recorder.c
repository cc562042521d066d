/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a recording: an observer whose rows become lasting once a tick. */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"
#include "observer.h"
#include "recorder_part.h"
#include "recording.h"
#include "report.h"

#define READER_MS 2000 /* for who reads at our end */

struct recorder {
	struct observer observer; /* first */
	struct recorder_options options;
	sqlite3 *db;
	int lock; /* a descriptor of the file, locked as long as we write */
	sqlite3_stmt *sync, *feature, *begin, *commit;
	struct conn_writer conns;
	struct listener_writer listeners;
	struct tick_writer ticks;
	struct event_writer events;
	struct bounds bounds;
	__u64 syncs;
	__u64 started_ms; /* by the wall clock of the first sync: a later one may have been set */
	__u64 interval_ms;
	char synced[TIME_STRLEN]; /* the last moment that is safe */
	int err;		  /* nothing is taken any more, */
	bool gave_up;		  /* which has been said */
};

void part_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
}

int part_run(sqlite3_stmt *stmt)
{
	int result = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return recording_error(result);
}

/* ---- start ---- */

/* Somebody else's: still being written, or not. */
static void refuse_existing(const char *path)
{
	if (recording_is_written(path))
		log_error("cannot record to %s: another connscope is writing it", path);
	else
		log_error("cannot record to %s: it exists: remove it, or name another file", path);
}

static int make_file(struct recorder *recorder)
{
	const char *path = recorder->options.path;

	/* The tracer's alone, and so what SQLite puts beside it: it tells who talks to whom. */
	recorder->lock = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (recorder->lock < 0 && errno == EEXIST) {
		refuse_existing(path);
		return -EIO;
	}
	if (recorder->lock < 0 || flock(recorder->lock, LOCK_EX | LOCK_NB)) {
		log_err(-errno, "cannot record to %s", path);
		return -EIO;
	}
	return 0;
}

static int run_sql(struct recorder *recorder, const char *sql)
{
	return recording_error(sqlite3_exec(recorder->db, sql, NULL, NULL, NULL));
}

static int make_schema(struct recorder *recorder)
{
	auto_free char *name = recording_name(recorder->options.path);
	char setup[160];
	int err = name ? recording_error(
				 sqlite3_open_v2(name, &recorder->db, SQLITE_OPEN_READWRITE, NULL))
		       : -ENOMEM;

	snprintf(setup, sizeof(setup),
		 "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = %d;"
		 "PRAGMA user_version = %d; BEGIN",
		 RECORDING_APPLICATION_ID, RECORDING_SCHEMA);
	err = err ? err : run_sql(recorder, setup);
	err = err ? err : run_sql(recorder, recording_schema);
	return err ? err : run_sql(recorder, recording_views);
}

static int prepare(struct recorder *recorder)
{
	static const char sync[] =
		"UPDATE recording SET (started_ms, started_ns, kernel, synced_ms, synced_ns, "
		"interval_ms, backend, "
		"tracked, partial, no_owner, lost_conns, lost_listeners, lost_events, "
		"map_full_conns, "
		"map_full_listeners, no_histograms, missed_runs, folded, dropped) = "
		"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	static const char feature[] = "INSERT OR REPLACE INTO feature VALUES (?, ?, ?, ?)";
	int err = conn_writer__init(&recorder->conns, recorder->db);

	err = err ? err : listener_writer__init(&recorder->listeners, recorder->db);
	err = err ? err : tick_writer__init(&recorder->ticks, recorder->db);
	err = err ? err
		  : event_writer__init(&recorder->events, recorder->db, &recorder->conns,
				       &recorder->listeners);
	err = err ? err
		  : bounds__init(&recorder->bounds, recorder->db, recorder->options.max_bytes,
				 recorder->options.keep_ms);
	err = err ? err : recording_prepare(recorder->db, sync, &recorder->sync);
	err = err ? err : recording_prepare(recorder->db, feature, &recorder->feature);
	err = err ? err : recording_prepare(recorder->db, "BEGIN", &recorder->begin);
	return err ? err : recording_prepare(recorder->db, "COMMIT", &recorder->commit);
}

/* Not before: the file is a recording without its log, too. FULL: what was committed has reached
 * the disk, in WAL mode as well. */
static int start_log(struct recorder *recorder)
{
	return run_sql(recorder, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				 "PRAGMA journal_size_limit = 4194304");
}

static int start(struct recorder *recorder)
{
	int err = make_schema(recorder);

	if (!err)
		err = part_write_start(recorder->db, &recorder->options);
	if (!err)
		err = prepare(recorder);
	if (!err)
		err = part_run(recorder->commit);
	if (!err)
		err = start_log(recorder);
	if (!err)
		err = part_run(recorder->begin);
	if (!err)
		return 0;
	log_err(err, "cannot record to %s", recorder->options.path);
	return -EIO;
}

/* Each record to each part, until one fails: then sync tells. */
static void take(struct observer *self, const struct record *record)
{
	struct recorder *recorder = (struct recorder *)self;

	if (recorder->err)
		return;
	recorder->err = conn_writer__take(&recorder->conns, record);
	if (!recorder->err)
		recorder->err = listener_writer__take(&recorder->listeners, record);
	if (!recorder->err)
		recorder->err = tick_writer__take(&recorder->ticks, record);
	if (!recorder->err)
		recorder->err = event_writer__take(&recorder->events, record);
}

int recorder__new(const struct recorder_options *options, struct recorder **ret_recorder)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int err;

	if (!recorder)
		return log_err(-ENOMEM, "cannot record");
	recorder->observer.take = take;
	recorder->options = *options;
	err = make_file(recorder);
	if (!err)
		err = start(recorder);
	if (err) {
		recorder->err = err;
		recorder__free(recorder, NULL);
		return err;
	}
	*ret_recorder = recorder;
	return 0;
}

struct observer *recorder__observer(struct recorder *recorder)
{
	return &recorder->observer;
}

/* ---- sync ---- */

static int write_features(struct recorder *recorder, const struct feature_state *features)
{
	int err = 0;

	for (int i = 0; !err && i < FEATURE_MAX; i++) {
		part_bind_text(recorder->feature, 1, feature_name(i));
		part_bind_text(recorder->feature, 2, mechanism_name(features[i].mechanism));
		part_bind_text(recorder->feature, 3, features[i].hook);
		part_bind_text(recorder->feature, 4, features[i].reason);
		err = part_run(recorder->feature);
	}
	return err;
}

static int write_account(struct recorder *recorder, const struct report *report)
{
	const struct account *account = &report->account;
	const __u64 *losses = account->losses;
	const __u64 counts[] = {
		account->tracked,
		account->partial,
		account->no_owner,
		losses[LOSS_CONN_EVENT],
		losses[LOSS_LISTENER_EVENT],
		losses[LOSS_TRACE_EVENT],
		losses[LOSS_CONN_MAP],
		losses[LOSS_LISTENER_MAP],
		losses[LOSS_GROUP_MAP],
	};
	sqlite3_stmt *stmt = recorder->sync;

	if (!recorder->syncs)
		recorder->started_ms = report_wall_ms(report, report->started_ns);
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)recorder->started_ms);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)report->started_ns);
	part_bind_text(stmt, 3, account->kernel);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)report->ts_ms);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)report->now_ns);
	sqlite3_bind_int64(stmt, 6, (sqlite3_int64)account->interval_ms);
	part_bind_text(stmt, 7, account->backend);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		sqlite3_bind_int64(stmt, (int)i + 8, (sqlite3_int64)counts[i]);
	if (account->missed_runs < 0)
		sqlite3_bind_null(stmt, 17);
	else
		sqlite3_bind_int64(stmt, 17, account->missed_runs);
	sqlite3_bind_int64(stmt, 18, (sqlite3_int64)account->folded);
	sqlite3_bind_int64(stmt, 19, (sqlite3_int64)recorder->bounds.dropped);
	return part_run(stmt);
}

/* Said once; what came after the sync before is not in the file. */
static int give_up(struct recorder *recorder, int err)
{
	log_error("cannot write %s: %s: recording ends here, %s%s", recorder->options.path,
		  strerror(-err),
		  recorder->syncs ? "what it has is whole up to " : "nothing was recorded",
		  recorder->syncs ? recorder->synced : "");
	recorder->err = -EIO;
	recorder->gave_up = true;
	return -EIO;
}

int recorder__sync(struct recorder *recorder, const struct report *report)
{
	int err = recorder->err;

	if (recorder->gave_up)
		return err;
	if (!err)
		err = bounds__keep(&recorder->bounds, report->now_ns);
	if (!err)
		err = write_account(recorder, report);
	if (!err && !recorder->syncs)
		err = write_features(recorder, report->account.features);
	if (!err)
		err = part_run(recorder->commit);
	if (!err)
		err = part_run(recorder->begin);
	if (err)
		return give_up(recorder, err);
	recorder->syncs++;
	recorder->interval_ms = report->account.interval_ms;
	report_time(report, recorder->synced, sizeof(recorder->synced));
	return 0;
}

/* ---- end ---- */

/* One file alone remains, which can be read where nothing can be written. */
static int end(struct recorder *recorder)
{
	static const char sql[] = "ROLLBACK; UPDATE recording SET ended = 1;"
				  "PRAGMA journal_mode = DELETE";
	int err;

	sqlite3_busy_timeout(recorder->db, READER_MS);
	err = run_sql(recorder, sql);
	/* Somebody is still reading it: then it stays as it is. */
	if (!err || err == -EBUSY)
		return 0;
	return give_up(recorder, err);
}

int recorder__free(struct recorder *recorder, struct recorder_progress *ret_progress)
{
	int err = 0;

	if (!recorder)
		return 0;
	if (!recorder->err && recorder->syncs)
		err = end(recorder);
	conn_writer__done(&recorder->conns);
	listener_writer__done(&recorder->listeners);
	tick_writer__done(&recorder->ticks);
	event_writer__done(&recorder->events);
	bounds__done(&recorder->bounds);
	sqlite3_finalize(recorder->sync);
	sqlite3_finalize(recorder->feature);
	sqlite3_finalize(recorder->begin);
	sqlite3_finalize(recorder->commit);
	sqlite3_close(recorder->db);
	if (recorder->lock >= 0 && !recorder->syncs)
		unlink(recorder->options.path);
	if (ret_progress)
		recorder__progress(recorder, ret_progress);
	if (recorder->lock >= 0)
		close(recorder->lock);
	free(recorder);
	return err;
}

static __u64 size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (__u64)st.st_size;
}

void recorder__progress(const struct recorder *recorder, struct recorder_progress *ret_progress)
{
	char log[PATH_MAX];

	snprintf(log, sizeof(log), "%s-wal", recorder->options.path);
	ret_progress->conns = recorder->conns.written;
	ret_progress->bytes = size_of(recorder->options.path) + size_of(log);
	ret_progress->interval_ms = recorder->interval_ms;
}
