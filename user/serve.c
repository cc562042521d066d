/* SPDX-License-Identifier: Apache-2.0 */
/* `connscope serve`: one loop for the tracer's events, the clock and HTTP. */
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/event.h>

#include "addr.h"
#include "aggregate.h"
#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "http.h"
#include "log.h"
#include "process.h"
#include "prom.h"
#include "run.h"
#include "session.h"
#include "stop.h"

/* A snapshot of 100,000 open connections takes a tenth of a second: not more than one in this time,
 * whoever asks how often. */
#define SNAPSHOT_MS 1000

struct serve {
	struct options options;
	struct session *session;
	struct event_base *base;
	struct http *http;
	struct event *tick, *events; /* the latter NULL: events never wait */
	struct prom *prom;
	struct prom_self self;
	struct program_stats programs[PROGRAMS_MAX];
	struct http_text *texts[OPENMETRICS + 1]; /* of the newest snapshot, or NULL */
	__u64 snapshot_ms;			  /* when that was taken; 0 none yet */
	int err;
};

/* ---- what is served ---- */

/* Somebody has the kernel count all the time: kernel.bpf_stats_enabled. */
static bool runs_are_counted(void)
{
	auto_file FILE *file = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");

	return file && fgetc(file) == '1';
}

static void drop_texts(struct serve *serve)
{
	for (size_t i = 0; i < sizeof(serve->texts) / sizeof(serve->texts[0]); i++) {
		http_text__drop(serve->texts[i]);
		serve->texts[i] = NULL;
	}
}

static int take_snapshot(struct serve *serve)
{
	__u64 start_us = clock_monotonic_ns() / 1000;
	struct prom_self *self = &serve->self;
	struct report report;
	int err = session__snapshot(serve->session, &report);

	if (!err && prom__update(serve->prom, &report))
		err = log_err(-ENOMEM, "cannot sum up");
	session__end_snapshot(serve->session);
	self->snapshot_us = clock_monotonic_ns() / 1000 - start_us;
	self->cpu_us = process_cpu_us();
	self->resident_bytes = process_resident_bytes();
	self->program_count = session__programs(serve->session, serve->programs, PROGRAMS_MAX);
	self->runs_counted = serve->options.bpf_stats || runs_are_counted();
	drop_texts(serve);
	serve->snapshot_ms = clock_monotonic_ms();
	return err;
}

static int write_text(struct serve *serve, enum prom_format format)
{
	char *data = NULL;
	size_t len;
	FILE *out = open_memstream(&data, &len);
	int err = out ? prom__write(serve->prom, &serve->self, format, out) : -ENOMEM;

	if (out && fclose(out))
		err = -ENOMEM;
	if (!err)
		serve->texts[format] = http_text__new(data, len);
	if (!serve->texts[format])
		free(data);
	return serve->texts[format] ? 0 : -ENOMEM;
}

static struct http_answer answer_text(int status, const char *type, const char *body)
{
	struct http_answer answer = { .status = status, .type = type };
	char *data = strdup(body);

	if (data)
		answer.text = http_text__new(data, strlen(data));
	if (!answer.text)
		free(data);
	return answer;
}

static struct http_answer answer_metrics(struct serve *serve, const char *accept)
{
	enum prom_format format = prom_choose_format(accept);
	struct http_answer answer = { .status = 200, .type = prom_content_type(format) };

	if (!serve->snapshot_ms || clock_monotonic_ms() >= serve->snapshot_ms + SNAPSHOT_MS)
		serve->err = take_snapshot(serve);
	if (!serve->err && !serve->texts[format])
		serve->err = write_text(serve, format);
	if (serve->err) {
		/* Numbers that are not there must not look like numbers that stand still. */
		event_base_loopbreak(serve->base);
		return answer_text(503, "text/plain", "cannot read the numbers\n");
	}
	answer.text = http_text__share(serve->texts[format]);
	return answer;
}

static struct http_answer answer(void *context, const char *path, const char *accept)
{
	static const char index[] =
		"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>connscope</title>"
		"<h1>connscope</h1><ul><li><a href=\"/metrics\">/metrics</a>: for Prometheus"
		"<li><a href=\"/-/healthy\">/-/healthy</a>: the process answers"
		"<li><a href=\"/-/ready\">/-/ready</a>: connections are traced</ul></html>\n";
	struct serve *serve = context;

	if (!strcmp(path, "/metrics"))
		return answer_metrics(serve, accept);
	if (!strcmp(path, "/-/healthy"))
		return answer_text(200, "text/plain", "healthy\n");
	/* Before, nobody is answered: the loop begins when tracing has. */
	if (!strcmp(path, "/-/ready"))
		return answer_text(200, "text/plain", "ready\n");
	if (!strcmp(path, "/"))
		return answer_text(200, "text/html; charset=utf-8", index);
	return answer_text(404, "text/plain", "not here: see /\n");
}

/* ---- the loop ---- */

static void on_events(evutil_socket_t fd, short what, void *context)
{
	struct serve *serve = context;

	(void)fd;
	(void)what;
	session__poll(serve->session, 0);
}

static bool is_over(const struct serve *serve, __u64 now_ms)
{
	__u64 duration = serve->options.duration_ms;

	return stop_asked() ||
	       (duration && now_ms >= session__started_ms(serve->session) + duration);
}

/* libevent goes on after a signal: this looks whether one came. */
static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct serve *serve = context;
	__u64 now_ms = clock_monotonic_ms();

	(void)fd;
	(void)what;
	session__poll(serve->session, 0);
	http__sweep(serve->http, now_ms);
	if (is_over(serve, now_ms))
		event_base_loopbreak(serve->base);
}

static int loop(struct serve *serve)
{
	const struct timeval period = { .tv_usec = SESSION_POLL_MS * 1000 };
	int fd = session__fd(serve->session);

	serve->tick = event_new(serve->base, -1, EV_PERSIST, on_tick, serve);
	if (!serve->tick || event_add(serve->tick, &period))
		return log_err(-ENOMEM, "cannot start");
	if (fd >= 0) {
		serve->events = event_new(serve->base, fd, EV_READ | EV_PERSIST, on_events, serve);
		if (!serve->events || event_add(serve->events, NULL))
			return log_err(-ENOMEM, "cannot start");
	}
	event_base_dispatch(serve->base);
	return serve->err;
}

/* ---- start and end ---- */

static int listen_there(struct serve *serve)
{
	struct http_options options = {
		.port = serve->options.listen_port,
		.handler = answer,
		.context = serve,
	};
	char where[ENDPOINT_STRLEN];
	int err;

	memcpy(options.addr, serve->options.listen_addr, sizeof(options.addr));
	endpoint_format(options.addr, options.port, where, sizeof(where));
	err = http__new(serve->base, &options, &serve->http);
	return err ? log_err(err, "cannot listen on %s", where) : 0;
}

/* With coarse time, libevent's default, each tick would take several turns of the loop. */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && !event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER))
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

static int open_prom(struct serve *serve)
{
	struct options *options = &serve->options;
	struct prom_options prom = {
		.max_series = options->max_series,
		.label_pid = options->label_pid,
	};

	if (!options->by)
		options->by = BY_DEFAULT_AND_CONTAINER;
	if (options->label_pid && options->by == BY_DEFAULT_AND_CONTAINER)
		options->by = BY_ENDPOINT | BY_COMM | BY_CONTAINER;
	if (options->label_pid)
		options->by |= BY_PID;
	prom.by = options->by;
	serve->prom = prom__new(&prom);
	serve->base = new_base();
	serve->self.programs = serve->programs;
	serve->self.started_ms = clock_wall_ms();
	return serve->prom && serve->base ? 0 : log_err(-ENOMEM, "cannot start");
}

/* Binds before it traces: an address that is taken is told at once. */
static int start(struct serve *serve)
{
	char where[ENDPOINT_STRLEN];
	int err = open_prom(serve);

	if (!err)
		err = listen_there(serve);
	if (!err)
		err = session__new(&serve->options, &serve->session);
	if (!err && serve->options.bpf_stats) {
		err = session__count_runs(serve->session);
		if (err)
			log_err(err, "cannot count runs of BPF programs");
	}
	if (!err)
		err = session__start(serve->session);
	if (err)
		return err;
	endpoint_format(serve->options.listen_addr, http__port(serve->http), where, sizeof(where));
	log_info("listening on http://%s/metrics", where);
	return 0;
}

static void finish(struct serve *serve)
{
	if (serve->events)
		event_free(serve->events);
	if (serve->tick)
		event_free(serve->tick);
	session__free(serve->session);
	http__free(serve->http);
	drop_texts(serve);
	if (serve->base)
		event_base_free(serve->base);
	prom__free(serve->prom);
}

int serve_run(const struct options *options)
{
	struct serve *serve = calloc(1, sizeof(*serve));
	int err;

	if (!serve)
		return run_status(log_err(-ENOMEM, "cannot start"));
	serve->options = *options;
	stop_catch();
	err = start(serve);
	if (!err)
		err = loop(serve);
	finish(serve);
	free(serve);
	return run_status(err);
}
