/* SPDX-License-Identifier: Apache-2.0 */
/* One run from start to exit status: trace, report, end. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "aggregate.h"
#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "command.h"
#include "log.h"
#include "names.h"
#include "owner.h"
#include "probes.h"
#include "render.h"
#include "report.h"
#include "self_test.h"
#include "tracer.h"

#define POLL_MS		100   /* how long events may wait for user space */
#define SELF_TEST_CONNS 10000 /* closed ones that may come between */
#define GRACE_MS	2000  /* for COMMAND to end after we passed a signal on */

static volatile sig_atomic_t stop_signal;

/* The second signal finds the default disposition and ends us at once; the kernel detaches. */
static void on_signal(int number)
{
	stop_signal = number;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

static void catch_signals(void)
{
	/* Restarted, so that the first signal does not cut a report short; epoll_wait(2) never is.
	 */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* A reader that has gone shows as EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	/* Inherited as ignored it would take COMMAND's status away. */
	signal(SIGCHLD, SIG_DFL);
}

struct run {
	const struct options *options;
	struct probes probes;
	struct tracer *tracer;
	struct aggregate *agg;
	struct names *names;
	struct command command;
	FILE *out;
	__u64 started_ms;
	__u64 reports;
	bool lost;
};

static int status_of(int err)
{
	switch (err) {
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

static void add_connections(struct account *account, const struct totals *totals)
{
	account->tracked += totals->opened + totals->partial + totals->failed;
	account->partial += totals->partial;
	account->no_owner += totals->no_owner;
}

static void fill_account(const struct run *run, struct account *account)
{
	const struct row *const *rows;
	size_t count = aggregate__rows(run->agg, &rows);
	struct utsname host;

	memset(account, 0, sizeof(*account));
	uname(&host);
	memcpy(account->kernel, host.release, sizeof(account->kernel));
	tracer__account(run->tracer, account);
	for (size_t i = 0; i < count; i++) {
		add_connections(account, &rows[i]->closed);
		add_connections(account, &rows[i]->open);
	}
	account->folded = aggregate__folded(run->agg);
	account->interval_ms = clock_monotonic_ms() - run->started_ms;
}

static int report(struct run *run)
{
	struct report report = {
		.aggregate = run->agg,
		.by = run->options->by,
		.number = run->reports,
	};
	int err = tracer__snapshot(run->tracer, run->agg);

	if (!err) {
		report.ts_ms = clock_wall_ms();
		report.now_ns = clock_monotonic_ns();
		fill_account(run, &report.account);
		run->lost = account_has_losses(&report.account);
		err = report_write(&report, run->options, run->out);
		if (err && err != -EPIPE)
			log_err(err, "cannot write the report");
	}
	tracer__end_snapshot(run->tracer, run->agg);
	run->reports++;
	return err;
}

/* ---- the loop ---- */

/* Milliseconds until the next thing to do, at most POLL_MS. */
static int patience(__u64 now, __u64 deadline)
{
	if (!deadline || deadline > now + POLL_MS)
		return POLL_MS;
	return deadline > now ? (int)(deadline - now) : 0;
}

/* COMMAND runs still although the run is over: it gets the signal that we got, or SIGTERM, and some
 * time to end, while we go on tracing. */
static void end_command(struct run *run)
{
	__u64 deadline = clock_monotonic_ms() + GRACE_MS;

	if (!command__is_running(&run->command))
		return;
	kill(run->command.pid, stop_signal ? stop_signal : SIGTERM);
	while (command__is_running(&run->command) && clock_monotonic_ms() < deadline)
		tracer__poll(run->tracer, run->agg, POLL_MS / 10);
	if (command__is_running(&run->command))
		log_warn("%s does not end: left running as process %d", run->options->command[0],
			 run->command.pid);
}

static bool is_over(struct run *run, __u64 now)
{
	const struct options *options = run->options;

	if (stop_signal || (options->command && !command__is_running(&run->command)))
		return true;
	return options->duration_ms && now >= run->started_ms + options->duration_ms;
}

static int loop(struct run *run)
{
	const struct options *options = run->options;
	__u64 end = options->duration_ms ? run->started_ms + options->duration_ms : 0;
	__u64 next = options->interval_ms ? run->started_ms + options->interval_ms : 0;
	/* COMMAND's end has no file to poll: look often enough not to be late. */
	int longest = options->command ? POLL_MS / 10 : POLL_MS;
	__u64 now;

	while (now = clock_monotonic_ms(), !is_over(run, now)) {
		int wait = patience(now, next), until_end = patience(now, end);
		int err;

		wait = until_end < wait ? until_end : wait;
		tracer__poll(run->tracer, run->agg, wait < longest ? wait : longest);
		/* The report at the very end is finish()'s. */
		if (!next || (end && next >= end) || clock_monotonic_ms() < next || stop_signal)
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
	tracer__stop(run->tracer);
	return report(run);
}

/* ---- start and end ---- */

static int open_output(struct run *run)
{
	run->out = stdout;
	if (run->options->output_file) {
		run->out = fopen(run->options->output_file, "we");
		if (!run->out) {
			log_err(-errno, "cannot write %s", run->options->output_file);
			return -EIO; /* whatever it was, no privilege that tracing needs */
		}
	}
	setvbuf(run->out, NULL, _IOLBF, 0);
	return 0;
}

static int start(struct run *run)
{
	const struct options *options = run->options;
	int err = probes__init(&run->probes, options->backend);

	if (!err)
		err = tracer__new(options, &run->probes, &run->tracer);
	/* Not before: what stands in the file is lost then. */
	if (!err)
		err = open_output(run);
	if (err)
		return err;
	run->agg =
		aggregate__new(options->by, options->max_endpoints, &options->filter, run->names);
	if (!run->agg ||
	    (!strcmp(options->view, "conns") && aggregate__keep_conns(run->agg, options->closed)))
		return log_err(-ENOMEM, "cannot start");
	run->started_ms = clock_monotonic_ms();
	err = tracer__start(run->tracer);
	if (!err && options->command)
		err = command__start(&run->command, options->command);
	return err;
}

static void end(struct run *run)
{
	tracer__free(run->tracer);
	probes__done(&run->probes);
	aggregate__free(run->agg);
	names__free(run->names);
	owner_forget();
	if (run->out && run->out != stdout)
		fclose(run->out);
}

int run_trace(const struct options *options)
{
	struct run run = { .options = options };
	int err, status;

	if (options->names_file && names__load(options->names_file, &run.names))
		return EXIT_USAGE;
	catch_signals();
	err = start(&run);
	if (!err)
		err = loop(&run);
	if (run.agg)
		end_command(&run);
	if (!err)
		err = finish(&run);
	status = status_of(err);
	if (status == EXIT_OK && options->strict && run.lost)
		status = EXIT_LOST;
	else if (options->command && !stop_signal && run.command.status && run.tracer &&
		 (status == EXIT_OK || !run.reports))
		status = run.command.status;
	end(&run);
	return status;
}

/* In our own network namespace alone, so that a busy host's connections stay out of the way. */
static int start_self_test(struct run *run, struct options *options)
{
	struct stat netns;

	if (!stat("/proc/self/ns/net", &netns)) {
		options->filter.knobs.netns[0] = (__u32)netns.st_ino;
		options->filter.knobs.netns_count = 1;
	}
	run->agg = aggregate__new(0, options->max_endpoints, &options->filter, NULL);
	if (!run->agg || aggregate__keep_conns(run->agg, SELF_TEST_CONNS))
		return log_err(-ENOMEM, "cannot start");
	return 0;
}

static int check(struct run *run, struct options *options)
{
	auto_free struct self_test *test = NULL;
	struct account account = {};
	struct utsname host;
	int err = 0, written;

	if (options->self_test) {
		test = calloc(1, sizeof(*test));
		err = test ? start_self_test(run, options) : -ENOMEM;
	}
	if (!err)
		err = tracer__new(options, &run->probes, &run->tracer);
	uname(&host);
	if (run->tracer)
		tracer__account(run->tracer, &account);
	else
		memcpy(account.features, run->probes.states, sizeof(account.features));
	memcpy(account.kernel, host.release, sizeof(account.kernel));
	if (!err && test)
		err = self_test__run(run->tracer, run->agg, account.features, test);
	if (err && run->tracer)
		return err;
	written = render_check(&account, run->tracer ? test : NULL, options, run->out);
	if (!err && test && self_test__failed(test))
		err = -EOPNOTSUPP;
	return err || !written ? err : -EIO;
}

int run_check(const struct options *options)
{
	struct options own = *options;
	struct run run = { .options = options };
	int err = open_output(&run);

	if (!err)
		err = probes__init(&run.probes, options->backend);
	if (!err)
		err = check(&run, &own);
	end(&run);
	return status_of(err);
}
