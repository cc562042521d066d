/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of records and the tables made from them, from start to end. What runs on it (reports to
 * stdout, and every other loop) decides when to poll, and when to take a snapshot.
 */
#ifndef connscope_SESSION_H
#define connscope_SESSION_H

#include <stdbool.h>
#include <linux/types.h>

#include "clock.h"
#include "report.h"

struct observer;
struct options;
struct program_stats;
struct session;

#define SESSION_POLL_MS 100 /* how long events may wait for user space */
#define SESSION_USAGE	1   /* beside -errno: a usage error, logged */

/*
 * Opens, loads and attaches all that OPTIONS ask for, or opens the recording that they name, which
 * is replayed at the start and does not change; nothing is recorded yet. -errno or SESSION_USAGE,
 * logged.
 */
int session__new(const struct options *options, struct session **ret_session);
/* Detaches everything; NULL is fine. */
void session__free(struct session *session);

/* Before the start: OBSERVER is told what the aggregate takes in, and must outlive the session. */
void session__observe(struct session *session, struct observer *observer);
/* Before the start: rows have series. */
void session__keep_series(struct session *session);

/* From here on connections are recorded. -errno, logged. */
int session__start(struct session *session);
/* From a recording, after the start: what observes by now is told its single events, in order of
 * time. -errno, logged. */
int session__tell(struct session *session);
/* The moment by which single events have times: after the start one by which all of them agree. */
struct clocks session__clocks(const struct session *session);
/* Stops recording: what happens from here on is in no report. */
void session__stop(struct session *session);

/* Waits up to TIMEOUT_MS for events, then takes in all there are. 0, or -EINTR after a signal. */
int session__poll(struct session *session, int timeout_ms);

/*
 * Makes everything complete as of now, and with series or an observer ticks, unless from a
 * recording, which has its own. What RET_REPORT says of connections holds until
 * session__end_snapshot(), which must follow, also after an error; its rows stay until the session
 * ends, and change with the next poll. -errno, logged.
 */
int session__snapshot(struct session *session, struct report *ret_report);
void session__end_snapshot(struct session *session);

/* Readable when events should not wait any longer; -1: they never do. */
int session__fd(const struct session *session);

/* As tracer__count_runs(), tracer__programs(). */
int session__count_runs(struct session *session);
size_t session__programs(const struct session *session, struct program_stats *ret_stats,
			 size_t room);

/* CLOCK_MONOTONIC when tracing began. */
__u64 session__started_ms(const struct session *session);

#endif /* connscope_SESSION_H */
