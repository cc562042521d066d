/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as a source of records, instead of the tracer. */
#include "replay.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "cli.h"
#include "escape.h"
#include "log.h"
#include "owner.h"
#include "recording.h"
#include "replay_part.h"
#include "report.h"
#include "verb.h"

struct replay {
	const char *path;
	const struct options *options;
	sqlite3 *db;
	struct window window;
	struct account account;
	unsigned int by;    /* as it was given to the recorder */
	bool cgroups_apart; /* as the recorder's */
	bool in_order;	    /* it was ended */
	bool exchanges;	    /* it has single events */
	struct clocks clocks;
	__u64 started_ns;     /* of the recording, or the window */
	__u64 end_ms, end_ns; /* of the recording */
	__u64 until_ms, until_ns;
	const char *no_histograms, *no_series;
};

/* What goes wrong from here on is the file's fault, or memory's. */
static int refuse(const struct replay *replay, int err)
{
	if (err == -EBADMSG)
		log_error("cannot read %s: the recording is damaged", replay->path);
	else if (err == -EINTR)
		log_error("reading %s was interrupted", replay->path);
	else
		log_err(err, "cannot read %s", replay->path);
	return -EIO;
}

int replay_rows(sqlite3 *db, const char *sql, const struct window *window, void *context,
		int (*take)(sqlite3_stmt *row, void *context))
{
	sqlite3_stmt *stmt;
	int result, err = recording_prepare(db, sql, &stmt);

	if (err)
		return err;
	if (window) {
		sqlite3_bind_int64(stmt, 1, (sqlite3_int64)window->since_ns);
		sqlite3_bind_int64(stmt, 2, (sqlite3_int64)window->until_ns);
	}
	while ((result = sqlite3_step(stmt)) == SQLITE_ROW) {
		err = take(stmt, context);
		if (err)
			break;
	}
	sqlite3_finalize(stmt);
	return err ? err : recording_error(result);
}

/* ---- the account ---- */

/* The account goes to terminals as it is: so it is made safe here, where it may be anybody's. */
static void copy_text(sqlite3_stmt *row, int at, char *text, size_t len)
{
	const char *found = (const char *)sqlite3_column_text(row, at);

	escape_bytes(found ? found : "", text, len);
}

enum {
	SYNCED_MS = 2,
	SYNCED_NS,
	STARTED_NS = 11,
	HOST = 16,
};

/* Moments and counts that a recorder may have written. */
static bool is_possible(sqlite3_stmt *row)
{
	for (int i = SYNCED_MS; i < sqlite3_column_count(row); i++) {
		if (i != HOST && sqlite3_column_int64(row, i) < 0)
			return false;
	}
	return sqlite3_column_int64(row, SYNCED_MS) <= (sqlite3_int64)TIME_MAX_MS &&
	       sqlite3_column_int64(row, STARTED_NS) <= sqlite3_column_int64(row, SYNCED_NS);
}

static int take_recording(sqlite3_stmt *row, void *context)
{
	struct replay *replay = context;
	struct account *account = &replay->account;

	if (!is_possible(row))
		return -EBADMSG;
	copy_text(row, 0, account->kernel, sizeof(account->kernel));
	copy_text(row, 1, account->backend, sizeof(account->backend));
	replay->end_ms = replay->until_ms = (__u64)sqlite3_column_int64(row, SYNCED_MS);
	replay->end_ns = replay->until_ns = (__u64)sqlite3_column_int64(row, SYNCED_NS);
	account->interval_ms = (__u64)sqlite3_column_int64(row, 4);
	account->losses[LOSS_CONN_EVENT] = (__u64)sqlite3_column_int64(row, 5);
	account->losses[LOSS_LISTENER_EVENT] = (__u64)sqlite3_column_int64(row, 6);
	account->losses[LOSS_CONN_MAP] = (__u64)sqlite3_column_int64(row, 7);
	account->losses[LOSS_LISTENER_MAP] = (__u64)sqlite3_column_int64(row, 8);
	account->losses[LOSS_GROUP_MAP] = (__u64)sqlite3_column_int64(row, 9);
	account->missed_runs =
		sqlite3_column_type(row, 10) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 10);
	replay->started_ns = (__u64)sqlite3_column_int64(row, STARTED_NS);
	replay->by = (unsigned int)sqlite3_column_int64(row, 12);
	replay->cgroups_apart = sqlite3_column_int(row, 13);
	replay->in_order = sqlite3_column_int(row, 14);
	account->dropped = (__u64)sqlite3_column_int64(row, 15);
	copy_text(row, HOST, account->host, sizeof(account->host));
	replay->exchanges = sqlite3_column_int(row, 17);
	replay->clocks.wall_ms = (__u64)sqlite3_column_int64(row, 18);
	replay->clocks.ns = (__u64)sqlite3_column_int64(row, 19);
	account->losses[LOSS_TRACE_EVENT] = (__u64)sqlite3_column_int64(row, 20);
	return 0;
}

static int take_feature(sqlite3_stmt *row, void *context)
{
	struct replay *replay = context;
	const char *name = (const char *)sqlite3_column_text(row, 0);
	const char *mechanism = (const char *)sqlite3_column_text(row, 1);
	struct feature_state *state;

	for (int i = 0; name && mechanism && i < FEATURE_MAX; i++) {
		if (strcmp(name, feature_name(i)))
			continue;
		state = &replay->account.features[i];
		for (int j = 0; j < MECHANISM_MAX; j++) {
			if (!strcmp(mechanism, mechanism_name(j)))
				state->mechanism = j;
		}
		copy_text(row, 2, state->hook, sizeof(state->hook));
		copy_text(row, 3, state->reason, sizeof(state->reason));
	}
	return 0;
}

/* A feature that is newer than the recording was not there. */
static int read_account(struct replay *replay)
{
	static const char recording[] =
		"SELECT kernel, backend, synced_ms, synced_ns, interval_ms, lost_conns, "
		"lost_listeners, map_full_conns, map_full_listeners, no_histograms, missed_runs, "
		"started_ns, group_by, cgroups_apart, ended, dropped, host, "
		"has_events, clock_ms, clock_ns, lost_events FROM recording";
	static const char features[] = "SELECT feature, mechanism, hook, reason FROM feature";
	int err;

	for (int i = 0; i < FEATURE_MAX; i++)
		snprintf(replay->account.features[i].reason,
			 sizeof(replay->account.features[i].reason),
			 "the connscope that recorded this did not know of it");
	err = replay_rows(replay->db, recording, NULL, replay, take_recording);
	return err ? err : replay_rows(replay->db, features, NULL, replay, take_feature);
}

static int take_container(sqlite3_stmt *row, void *context)
{
	const char *id = (const char *)sqlite3_column_text(row, 1);

	(void)context;
	return owner_seed((__u64)sqlite3_column_int64(row, 0), id ? id : "");
}

/* ---- what cannot be told ---- */

/* Connections of one pool are of one remote endpoint: what else a filter asks of them would cut
 * through it. */
static bool cuts_pools(const struct replay *replay)
{
	const struct filter *filter = &replay->options->filter;
	const struct filter_knobs *knobs = &filter->knobs;

	return knobs->local_port_count || (knobs->pid_count && !(replay->by & BY_PID)) ||
	       ((knobs->cgroup_count || filter->container_count) && !replay->cgroups_apart);
}

static const char *why_no_histograms(const struct replay *replay)
{
	unsigned int by = replay->options->by;

	if (cuts_pools(replay))
		return "the recording's histograms are not told apart by what is asked for";
	if ((by & BY_PID) && !(replay->by & BY_PID))
		return "the recording's histograms are not told apart by process: record --by pid";
	if ((by & BY_CONTAINER) && !replay->cgroups_apart)
		return "the recording's histograms are not told apart by container: record --by "
		       "container";
	return NULL;
}

/* The same of rows. */
static const char *why_no_series(const struct replay *replay)
{
	static const __u8 roles[] = { ROLE_CLIENT, ROLE_SERVER };
	const struct filter *filter = &replay->options->filter;
	const struct filter_knobs *knobs = &filter->knobs;
	bool cut =
		cuts_pools(replay) || knobs->net_count || knobs->remote_port_count || knobs->family;

	for (size_t i = 0; i < sizeof(roles); i++) {
		unsigned int had = group_by_of(replay->by, roles[i]) | BY_NAME;
		unsigned int asked = group_by_of(replay->options->by, roles[i]);

		had |= had & BY_ENDPOINT ? BY_NETNS : 0;
		cut |= (asked & ~had) || (filter->comm_count && !(had & BY_COMM));
	}
	return cut ? "the recording's series are not told apart by what is asked for" : NULL;
}

/* ---- the window ---- */

#define MS_NS 1000000ULL

static int refuse_window(const struct replay *replay, __u64 start_ms, __u64 end_ms)
{
	char start[TIME_STRLEN], end[TIME_STRLEN];

	log_error("%s has nothing of that time: it is from %s to %s", replay->path,
		  time_format(start_ms, start, sizeof(start)),
		  time_format(end_ms, end, sizeof(end)));
	return -EIO;
}

/* -EIO, logged: nothing lies between. */
static int set_window(struct replay *replay)
{
	const struct options *options = replay->options;
	__u64 end_ms = replay->end_ms;
	__u64 start_ms = end_ms - (replay->until_ns - replay->started_ns) / MS_NS;
	__u64 since_ms = moment_resolve(&options->since, start_ms, end_ms);
	__u64 until_ms = moment_resolve(&options->until, start_ms, end_ms);
	bool cut = options->until.kind && until_ms < end_ms;
	/* Those by which events have their times: what is printed with a time is not before it. */
	struct clocks clocks = replay__clocks(replay);

	if (!options->until.kind)
		until_ms = end_ms;
	if (since_ms > end_ms || until_ms < start_ms || since_ms > until_ms)
		return refuse_window(replay, start_ms, end_ms);
	replay->window.start_ns = replay->started_ns;
	replay->window.until_ns = cut ? clocks_ns(clocks, until_ms) : INT64_MAX;
	if (options->since.kind && since_ms > start_ms)
		replay->window.since_ns = clocks_ns(clocks, since_ms);
	if (replay->window.since_ns)
		replay->started_ns = replay->window.since_ns;
	if (cut) {
		replay->until_ns = replay->window.until_ns;
		replay->until_ms = until_ms;
	}
	if (cut || replay->window.since_ns)
		replay->account.interval_ms = (replay->until_ns - replay->started_ns) / MS_NS;
	return 0;
}

/* ---- start and end ---- */

static int read_start(struct replay *replay)
{
	static const char containers[] = "SELECT cgroup, container FROM container";
	int err = read_account(replay);

	if (!err)
		err = replay_rows(replay->db, containers, NULL, NULL, take_container);
	if (!err && !replay->until_ns)
		err = -EBADMSG;
	return err ? refuse(replay, err) : 0;
}

int replay__new(const struct options *options, struct replay **ret_replay)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	char text[TIME_STRLEN];
	bool written;
	int err;

	if (!replay)
		return log_err(-ENOMEM, "cannot start");
	replay->options = options;
	replay->path = options->from_file;
	written = recording_is_written(replay->path);
	err = recording_open(replay->path, &replay->db);
	owner_elsewhere();
	if (!err)
		err = read_start(replay);
	if (!err && !replay->in_order && !written && !replay->account.interval_ms) {
		log_error("%s has only been begun: was %s-wal left behind?", replay->path,
			  replay->path);
		err = -EIO;
	}
	if (!err)
		err = set_window(replay);
	if (err) {
		replay__free(replay);
		return err;
	}
	if (!replay->in_order && !written)
		log_warn("%s was not ended in order: it is whole up to %s", replay->path,
			 time_format(replay->end_ms, text, sizeof(text)));
	replay->no_histograms = why_no_histograms(replay);
	replay->no_series = why_no_series(replay);
	*ret_replay = replay;
	return 0;
}

void replay__free(struct replay *replay)
{
	if (!replay)
		return;
	sqlite3_close(replay->db);
	free(replay);
}

/* ---- records ---- */

/* A recorder that ends waits for whoever still reads. */
static void leave(struct replay *replay)
{
	sqlite3_close(replay->db);
	replay->db = NULL;
}

static bool tells(const struct replay *replay)
{
	return verb_find(replay->options->view) == VERB_TRACE;
}

int replay__run(struct replay *replay, struct aggregate *agg)
{
	const struct window *window = &replay->window;
	int err;

	err = replay_ended(replay->db, window, agg);
	aggregate__begin_snapshot(agg, replay->until_ns);
	if (!err)
		err = replay_open(replay->db, window, agg);
	if (!err)
		err = replay_depths(replay->db, window, agg);
	if (!err && !tells(replay) && !replay->no_histograms)
		err = replay_histograms(replay->db, window, agg);
	if (!err && !tells(replay) && !replay->no_series)
		err = replay_series(replay->db, window, agg);
	if (err || !tells(replay))
		leave(replay);
	return err ? refuse(replay, err) : 0;
}

int replay__tell(struct replay *replay, struct aggregate *agg)
{
	int err = replay_events(replay->db, &replay->window, agg);

	leave(replay);
	return err ? refuse(replay, err) : 0;
}

bool replay__has_series(const struct replay *replay)
{
	return !replay->no_series;
}

__u64 replay__started_ns(const struct replay *replay)
{
	return replay->started_ns;
}

struct clocks replay__clocks(const struct replay *replay)
{
	struct clocks end = { replay->end_ms, replay->end_ns };

	return clocks_keep(replay->clocks, end);
}

void replay__fill(const struct replay *replay, struct report *report)
{
	report->account = replay->account;
	report->recorded = true;
	report->ts_ms = replay->until_ms;
	report->now_ns = replay->until_ns;
	report->started_ns = replay->started_ns;
	report->no_histograms = replay->no_histograms;
	report->no_series = replay->no_series;
	report->no_peaks = replay->no_histograms;
	if (tells(replay) && !replay->exchanges)
		report->no_events = "not recorded (record --exchanges)";
	if (!report->no_peaks && replay->window.since_ns)
		report->no_peaks = "the most at once is known from the recording's start alone";
}
