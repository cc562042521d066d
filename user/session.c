/* SPDX-License-Identifier: Apache-2.0 */
/* A source of records and the tables made from them, from start to end. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "aggregate.h"
#include "cli.h"
#include "clock.h"
#include "conn_list.h"
#include "log.h"
#include "names.h"
#include "owner.h"
#include "probes.h"
#include "replay.h"
#include "tracer.h"
#include "verb.h"

struct session {
	const struct options *options;
	struct probes probes;
	struct tracer *tracer; /* or */
	struct replay *replay;
	struct aggregate *agg;
	struct conn_list *conns; /* or NULL */
	struct names *names;
	__u64 started_ns;
	struct clocks clocks;
	bool ticks;
	bool depths; /* are sampled */
	__u64 next_sample_ms;
	bool series;
};

#define SAMPLE_MS 1000 /* a slot of a series */

static int open_aggregate(struct session *session)
{
	const struct options *options = session->options;

	session->agg = aggregate__new(options->by, options->max_endpoints, &options->filter,
				      session->names);
	if (!session->agg)
		return log_err(-ENOMEM, "cannot start");
	session->depths = verb_find(options->view) & (VERB_ALL | VERB_ACCEPT | VERB_DOCTOR);
	if (verb_find(options->view) == VERB_DOCTOR)
		aggregate__keep_habits(session->agg);
	if (!(verb_find(options->view) & (VERB_CONNS | VERB_TOP)))
		return 0;
	session->conns = conn_list__new(options->closed);
	if (!session->conns)
		return log_err(-ENOMEM, "cannot start");
	conn_list__pick(session->conns, &options->pick);
	aggregate__observe(session->agg, conn_list__observer(session->conns));
	return 0;
}

static int open_source(struct session *session)
{
	int err;

	if (session->options->from_file)
		return replay__new(session->options, &session->replay);
	err = probes__init(&session->probes, session->options);
	return err ? err : tracer__new(session->options, &session->probes, &session->tracer);
}

int session__new(const struct options *options, struct session **ret_session)
{
	struct session *session = calloc(1, sizeof(*session));
	int err = 0;

	if (!session)
		return log_err(-ENOMEM, "cannot start");
	session->options = options;
	session->clocks = clocks_now();
	if (options->names_file && names__load(options->names_file, &session->names))
		err = SESSION_USAGE;
	if (!err)
		err = open_source(session);
	if (!err)
		err = open_aggregate(session);
	if (err) {
		session__free(session);
		return err;
	}
	*ret_session = session;
	return 0;
}

void session__free(struct session *session)
{
	if (!session)
		return;
	replay__free(session->replay);
	tracer__free(session->tracer);
	probes__done(&session->probes);
	aggregate__free(session->agg);
	conn_list__free(session->conns);
	names__free(session->names);
	owner_forget();
	free(session);
}

void session__observe(struct session *session, struct observer *observer)
{
	aggregate__observe(session->agg, observer);
	session->ticks = true;
}

void session__keep_series(struct session *session)
{
	session->series = true;
	session->ticks = true;
}

/* Where a recording's cannot be told apart as the rows are, there are none. */
static void keep_series(struct session *session)
{
	if (session->replay && !replay__has_series(session->replay))
		return;
	if (session->series)
		aggregate__keep_series(session->agg, session->started_ns);
	else if (session->depths)
		aggregate__keep_depths(session->agg, session->started_ns);
}

int session__start(struct session *session)
{
	session->started_ns =
		session->replay ? replay__started_ns(session->replay) : clock_monotonic_ns();
	keep_series(session);
	if (session->replay)
		return replay__run(session->replay, session->agg);
	return tracer__start(session->tracer);
}

int session__tell(struct session *session)
{
	return replay__tell(session->replay, session->agg);
}

struct clocks session__clocks(const struct session *session)
{
	return session->replay ? replay__clocks(session->replay) : session->clocks;
}

void session__stop(struct session *session)
{
	if (session->tracer)
		tracer__stop(session->tracer);
}

/* One that fails leaves its moment out; a snapshot will say what is wrong. */
static void sample_depths(struct session *session, __u64 now_ms)
{
	if (!session->depths || now_ms < session->next_sample_ms)
		return;
	tracer__sample_depths(session->tracer, session->agg);
	session->next_sample_ms = now_ms + SAMPLE_MS;
}

int session__poll(struct session *session, int timeout_ms)
{
	int err;

	if (session->replay)
		return 0;
	err = tracer__poll(session->tracer, session->agg, timeout_ms);
	sample_depths(session, clock_monotonic_ms());
	return err;
}

static void add_connections(struct account *account, const struct totals *totals)
{
	account->tracked += totals->opened + totals->partial + totals->failed;
	account->partial += totals->partial;
	account->no_owner += totals->no_owner;
}

static void sum_account(const struct session *session, struct account *account)
{
	const struct row *const *rows;
	size_t count = aggregate__rows(session->agg, &rows);

	for (size_t i = 0; i < count; i++) {
		add_connections(account, &rows[i]->closed);
		add_connections(account, &rows[i]->open);
	}
	account->folded = aggregate__folded(session->agg);
}

static void fill_live(const struct session *session, struct report *report)
{
	struct account *account = &report->account;
	struct utsname host;

	report->ts_ms = clock_wall_ms();
	report->now_ns = clock_monotonic_ns();
	uname(&host);
	memcpy(account->kernel, host.release, sizeof(account->kernel));
	memcpy(account->host, host.nodename, sizeof(account->host));
	tracer__account(session->tracer, account);
	report->started_ns = session->started_ns;
	account->interval_ms = clock_monotonic_ms() - session__started_ms(session);
}

int session__snapshot(struct session *session, struct report *ret_report)
{
	int err = 0;

	if (!session->replay) {
		session->next_sample_ms = 0;
		sample_depths(session, clock_monotonic_ms());
		err = tracer__snapshot(session->tracer, session->agg);
	}
	if (err)
		return err;
	memset(ret_report, 0, sizeof(*ret_report));
	ret_report->aggregate = session->agg;
	ret_report->conns = session->conns;
	ret_report->pick = &session->options->pick;
	ret_report->by = session->options->by;
	if (session->conns)
		conn_list__sort_open(session->conns);
	if (session->replay)
		replay__fill(session->replay, ret_report);
	else
		fill_live(session, ret_report);
	if (session->ticks && !session->replay)
		aggregate__tick(session->agg, ret_report->now_ns);
	sum_account(session, &ret_report->account);
	return 0;
}

void session__end_snapshot(struct session *session)
{
	if (session->tracer)
		tracer__end_snapshot(session->tracer, session->agg);
}

__u64 session__started_ms(const struct session *session)
{
	return session->started_ns / 1000000;
}

int session__fd(const struct session *session)
{
	return session->tracer ? tracer__fd(session->tracer) : -1;
}

int session__count_runs(struct session *session)
{
	return tracer__count_runs(session->tracer);
}

size_t session__programs(const struct session *session, struct program_stats *ret_stats,
			 size_t room)
{
	return tracer__programs(session->tracer, ret_stats, room);
}
