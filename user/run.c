/* SPDX-License-Identifier: Apache-2.0 */
/* One run from start to exit status: trace, report, end. */
#include "run.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "aggregate.h"
#include "cli.h"
#include "clock.h"
#include "command.h"
#include "doctor.h"
#include "log.h"
#include "output.h"
#include "page.h"
#include "progress.h"
#include "recorder.h"
#include "render.h"
#include "report.h"
#include "session.h"
#include "stop.h"
#include "trace.h"
#include "verb.h"

#define GRACE_MS 2000 /* for COMMAND to end after we passed a signal on */
#define TICK_MS                                                                                    \
	1000 /* between two points of a page's charts; what a kill -9 may cost a recording */

struct run {
	const struct options *options;
	struct session *session;
	struct command command;
	struct trace *trace;	   /* NULL: reports */
	struct recorder *recorder; /* or NULL */
	FILE *out;
	__u64 next_tick_ms; /* 0: nobody asks for series or a recording */
	__u64 reports;
	bool lost;
	bool found;	 /* what --fail-on asks for */
	bool unrecorded; /* the recording could not be written to its end */
};

int run_status(int err)
{
	switch (err) {
	case SESSION_USAGE:
		return EXIT_USAGE;
	case 0:
	case -EPIPE:
		return EXIT_OK;
	case -EPERM:
	case -EACCES:
	case -EOPNOTSUPP:
	case -ENOSYS:
		return EXIT_UNAVAILABLE;
	default:
		return EXIT_FAILED;
	}
}

/* ---- reports ---- */

/* A reader that has gone is no error. */
static int log_write(int err)
{
	return err && err != -EPIPE ? log_err(err, "cannot write the report") : err;
}

static bool only_records(const struct run *run)
{
	return verb_find(run->options->view) == VERB_RECORD;
}

static int print(struct run *run, struct report *report)
{
	int err, page_err;

	report->number = run->reports;
	err = log_write(run->trace ? trace__finish(run->trace, report)
				   : report_write(report, run->options, run->out));
	/* Who reads the one may have gone; the other is somebody else's. */
	if (!run->options->html_file || (err && err != -EPIPE))
		return err;
	page_err = page_write(report, run->options);
	return page_err ? page_err : err;
}

/* Findings are looked for once: for the report, its page and the exit status. */
static int print_examined(struct run *run, struct report *report)
{
	enum severity fail_on = run->options->fail_on;
	struct findings findings;
	int err = doctor__examine(report, &findings);

	if (err)
		return log_err(err, "cannot look for findings");
	run->found = fail_on && findings__worst(&findings) >= fail_on;
	report->findings = &findings;
	err = print(run, report);
	findings__done(&findings);
	return err;
}

/* A report goes on without its recording; nothing is left of `record`. */
static int record(struct run *run, const struct report *report)
{
	int err = recorder__sync(run->recorder, report);

	run->unrecorded |= err != 0;
	return only_records(run) ? err : 0;
}

/* Everything as of now, to the recording, and with PRINTED as a report. */
static int snapshot(struct run *run, bool printed)
{
	struct report report;
	int err = session__snapshot(run->session, &report);

	if (!err)
		run->lost = account_has_losses(&report.account);
	if (!err && run->recorder)
		err = record(run, &report);
	if (!err && printed)
		err = verb_find(run->options->view) == VERB_DOCTOR ? print_examined(run, &report)
								   : print(run, &report);
	session__end_snapshot(run->session);
	return err;
}

static int report(struct run *run)
{
	int err = snapshot(run, !only_records(run));

	run->reports++;
	return err;
}

/* ---- the loop ---- */

static void show_progress(const struct run *run)
{
	struct recorder_progress progress;
	char text[128];

	recorder__progress(run->recorder, &progress);
	log_progress(progress_format(&progress, text, sizeof(text)));
}

/* Once a second, a look at what is open. */
static int tick(struct run *run)
{
	__u64 now = clock_monotonic_ms();
	int err;

	if (!run->next_tick_ms || now < run->next_tick_ms)
		return 0;
	while (run->next_tick_ms <= now)
		run->next_tick_ms += TICK_MS;
	err = snapshot(run, false);
	if (!err && only_records(run) && isatty(STDERR_FILENO))
		show_progress(run);
	return err;
}

static int poll_session(struct run *run, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = session__fd(run->session), .events = POLLIN },
		{ .fd = command__fd(&run->command), .events = POLLIN },
	};

	poll(fds, 2, timeout_ms);
	session__poll(run->session, 0);
	return run->trace ? trace__flush(run->trace) : 0;
}

/* Milliseconds until the next thing to do, at most SESSION_POLL_MS. */
static int patience(__u64 now, __u64 deadline)
{
	if (!deadline || deadline > now + SESSION_POLL_MS)
		return SESSION_POLL_MS;
	return deadline > now ? (int)(deadline - now) : 0;
}

/* COMMAND runs still although the run is over: it gets the signal that we got, or SIGTERM, and some
 * time to end, while we go on tracing. */
static void end_command(struct run *run)
{
	__u64 deadline = clock_monotonic_ms() + GRACE_MS;

	if (!command__is_running(&run->command))
		return;
	kill(run->command.pid, stop_asked() ? stop_asked() : SIGTERM);
	while (command__is_running(&run->command) && clock_monotonic_ms() < deadline)
		poll_session(run, SESSION_POLL_MS);
	if (command__is_running(&run->command))
		log_warn("%s does not end: left running as process %d", run->options->command[0],
			 run->command.pid);
}

static bool is_over(struct run *run, __u64 now)
{
	const struct options *options = run->options;

	if (options->from_file || stop_asked() ||
	    (options->command && !command__is_running(&run->command)))
		return true;
	return options->duration_ms &&
	       now >= session__started_ms(run->session) + options->duration_ms;
}

static int loop(struct run *run)
{
	const struct options *options = run->options;
	__u64 end =
		options->duration_ms ? session__started_ms(run->session) + options->duration_ms : 0;
	__u64 next =
		options->interval_ms ? session__started_ms(run->session) + options->interval_ms : 0;
	__u64 now;

	while (now = clock_monotonic_ms(), !is_over(run, now)) {
		int wait = patience(now, next), until_end = patience(now, end);
		int until_tick = patience(now, run->next_tick_ms), err;

		wait = until_end < wait ? until_end : wait;
		wait = until_tick < wait ? until_tick : wait;
		err = poll_session(run, wait);
		if (err)
			return log_write(err);
		err = tick(run);
		if (err)
			return err;
		/* The report at the very end is finish()'s. */
		if (!next || (end && next >= end) || clock_monotonic_ms() < next || stop_asked())
			continue;
		err = report(run);
		if (err)
			return err;
		if (options->count && run->reports >= options->count)
			return 0;
		next += options->interval_ms;
	}
	return 0;
}

/* The report at the end, unless COUNT reports were asked for and given. */
static int finish(struct run *run)
{
	if (run->options->count && run->reports >= run->options->count)
		return 0;
	session__stop(run->session);
	return report(run);
}

/* ---- start and end ---- */

static int start_trace(struct run *run)
{
	int err = trace__new(run->options, session__clocks(run->session), run->out, &run->trace);

	if (err)
		return log_write(err);
	session__observe(run->session, trace__observer(run->trace));
	return 0;
}

/* What the session took in at its start are no events. */
static int replay_trace(struct run *run)
{
	int err = start_trace(run);

	return err ? err : session__tell(run->session);
}

static int start_recording(struct run *run)
{
	const struct options *options = run->options;
	const struct recorder_options recorder_options = {
		.path = options->record_file,
		.arguments = options->arguments,
		.by = options->by,
		.max_bytes = options->max_size,
		.keep_ms = options->keep_ms,
		.exchanges = options->exchanges,
		.clocks = session__clocks(run->session),
		.cgroups_apart = (options->by & BY_CONTAINER) || options->filter.container_count,
	};
	int err = recorder__new(&recorder_options, &run->recorder);

	if (!err)
		session__observe(run->session, recorder__observer(run->recorder));
	return err;
}

static int start(struct run *run)
{
	const struct options *options = run->options;
	bool traces = verb_find(options->view) == VERB_TRACE;
	int err = session__new(options, &run->session);

	if (!err && options->html_file)
		err = page_check(options->html_file);
	if (!err && options->html_file)
		session__keep_series(run->session);
	if (!err && options->record_file)
		err = start_recording(run);
	/* Not before: what stands in the file is lost then. */
	if (!err)
		err = output_open(options->output_file, &run->out);
	if (!err && traces && !options->from_file)
		err = start_trace(run);
	if (!err)
		err = session__start(run->session);
	if (!err && traces && options->from_file)
		err = replay_trace(run);
	if (!err && (run->recorder || options->html_file))
		run->next_tick_ms = session__started_ms(run->session) + TICK_MS;
	if (!err && options->command)
		err = command__start(&run->command, options->command);
	return err;
}

/* 0, or -EIO where it is not all there. */
static int end_recording(struct run *run)
{
	struct recorder_progress progress = {};
	char text[PATH_MAX + 128];
	int err = recorder__free(run->recorder, &progress);

	if (err || run->unrecorded)
		return -EIO;
	if (!run->recorder || !only_records(run) || !progress.interval_ms)
		return 0;
	if (isatty(STDERR_FILENO))
		log_progress("");
	log_error("%s", progress_sum(&progress, run->options->record_file, text, sizeof(text)));
	return 0;
}

int run_trace(const struct options *options)
{
	struct run run = { .options = options };
	int err, status;

	stop_catch();
	err = start(&run);
	if (!err)
		err = loop(&run);
	if (run.session)
		end_command(&run);
	if (!err)
		err = finish(&run);
	status = run_status(err);
	if (status == EXIT_OK && options->strict && run.lost)
		status = EXIT_LOST;
	else if (options->command && !stop_asked() && run.command.status && run.session &&
		 (status == EXIT_OK || !run.reports))
		status = run.command.status;
	if (status == EXIT_OK && run.found)
		status = EXIT_FOUND;
	session__free(run.session);
	trace__free(run.trace);
	if (end_recording(&run))
		status = EXIT_FAILED;
	output_close(run.out);
	return status;
}
