/* SPDX-License-Identifier: Apache-2.0 */
/* `top`: the loop that keeps events, keys and the screen going. */
#include "top.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "canvas.h"
#include "cli.h"
#include "clock.h"
#include "escape.h"
#include "log.h"
#include "run.h"
#include "screen.h"
#include "session.h"
#include "stop.h"
#include "table.h"
#include "terminal.h"
#include "top_model.h"
#include "top_state.h"
#include "view.h"

#define INTERVAL_MS 1000

struct top {
	const struct options *options;
	struct session *session;
	struct terminal *terminal;
	struct top_rates rates;
	struct top_state state;
	struct top_model model;
	struct canvas canvas;
	struct screen screen;
	char source[256];
	__u64 interval_ms;
	__u64 next_ms, end_ms; /* the next snapshot, the end; 0: none */
	bool stale;	       /* what is shown is not what would be drawn */
};

/* ---- data ---- */

/* A frozen screen keeps what it shows, but time goes on in each series. */
static int snapshot(struct top *top)
{
	struct report report;
	int err = session__snapshot(top->session, &report);

	if (!err && top->options->from_file)
		top_rates__whole(&top->rates, &report);
	if (!err && !top->state.frozen) {
		err = top_model__take(&top->model, &report, &top->rates, top->state.drilled);
		top->stale = true;
	}
	session__end_snapshot(top->session);
	return err;
}

/* What a key has changed of what the model must know. */
static int follow_state(struct top *top, const struct top_state *before)
{
	int err = 0;

	if (top->state.frozen && !before->frozen) {
		err = top_model__hold(&top->model);
	} else if (!top->state.frozen && before->frozen) {
		top_model__release(&top->model);
		err = snapshot(top);
	}
	if (!err && top->state.drilled && top->state.drilled != before->drilled)
		err = top_model__drill(&top->model, top->state.drilled);
	return err;
}

/* ---- keys ---- */

static int take_key(struct top *top, int key)
{
	const struct top_facts facts = {
		.rows = top->model.row_count,
		.page = top->screen.page,
		.columns = top->model.layout.columns,
		.column_count = top->model.layout.count,
	};
	struct top_state before = top->state;
	struct top_page *page = top_state__page(&top->state);
	int err;

	top_state__key(&top->state, key, &facts);
	page->selected = top_model__row(&top->model, page->cursor);
	err = follow_state(top, &before);
	/* Each key acts on what the one before it has made of the page. */
	if (!err)
		err = top_model__arrange(&top->model, &top->state, top->screen.width,
					 top->options->wide);
	top->stale = true;
	return err;
}

static int take_keys(struct top *top)
{
	int key, err = 0;

	while (!err && !top->state.quit && (key = terminal__key(top->terminal)) != TOP_KEY_NONE)
		err = take_key(top, key);
	return err;
}

/* ---- the loop ---- */

static int draw(struct top *top)
{
	int err = terminal__begin(top->terminal, &top->canvas);

	if (!err)
		err = screen__draw(&top->screen);
	if (!err)
		terminal__show(top->terminal, &top->canvas);
	top->stale = false;
	return err;
}

static bool is_over(const struct top *top)
{
	return top->state.quit || stop_asked() ||
	       (top->end_ms && clock_monotonic_ms() >= top->end_ms);
}

/* Until a key or so many events that they should not wait; or as long as events may wait. */
static void wait_for_something(struct top *top)
{
	struct pollfd files[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = session__fd(top->session), .events = POLLIN },
	};
	__u64 now = clock_monotonic_ms();
	int wait = SESSION_POLL_MS;

	if (!top->options->from_file && top->next_ms < now + SESSION_POLL_MS)
		wait = top->next_ms > now ? (int)(top->next_ms - now) : 0;
	if (poll(files, 2, wait) > 0 && (files[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		top->state.quit = true;
}

static int loop(struct top *top)
{
	int err = snapshot(top);

	top->next_ms = session__started_ms(top->session) + top->interval_ms;
	while (!err && !is_over(top)) {
		if (top->stale)
			err = draw(top);
		if (!err)
			wait_for_something(top);
		if (!err)
			err = take_keys(top);
		session__poll(top->session, 0);
		if (err || top->options->from_file || clock_monotonic_ms() < top->next_ms)
			continue;
		err = snapshot(top);
		do
			top->next_ms += top->interval_ms;
		while (top->next_ms <= clock_monotonic_ms());
	}
	if (err)
		log_err(err, "cannot go on");
	return err;
}

/* ---- start and end ---- */

static void choose_sort(struct top *top)
{
	const struct view *const *views;
	size_t count = view_all(&views);
	struct table table;

	for (size_t i = 0; top->options->sort && i < count && i < TOP_TABS; i++) {
		table__init(&table, "", views[i]->columns, views[i]->column_count);
		top->state.pages[i].sort = table__find_column(&table, top->options->sort);
	}
}

/* The words of the command line that say what is shown. */
static void describe(struct top *top)
{
	char **words = top->options->arguments, word[sizeof(top->source)];
	size_t used = 0;

	for (size_t i = 1; words[i] && used < sizeof(top->source); i++) {
		if (words[i] == top->options->view)
			continue;
		escape_bytes(words[i], word, sizeof(word));
		used += (size_t)snprintf(top->source + used, sizeof(top->source) - used, "%s%s",
					 used ? " " : "", word);
	}
}

static int start(struct top *top)
{
	const struct options *options = top->options;
	int err = session__new(options, &top->session);

	if (err)
		return err;
	top_rates__init(&top->rates, clock_monotonic_ns());
	session__keep_series(top->session);
	session__observe(top->session, &top->rates.observer);
	err = session__start(top->session);
	if (err)
		return err;
	top->interval_ms = options->interval_ms ? options->interval_ms : INTERVAL_MS;
	if (options->duration_ms)
		top->end_ms = session__started_ms(top->session) + options->duration_ms;
	describe(top);
	top_state__init(&top->state);
	choose_sort(top);
	return 0;
}

static int open_screen(struct top *top)
{
	const struct terminal_options options = {
		.type = top->options->term,
		.colour = !top->options->no_colour,
	};

	log_hold();
	stop_be_patient();
	top->terminal = terminal__open(&options);
	if (!top->terminal)
		return log_err(-errno, "cannot use the terminal");
	top->screen = (struct screen){
		.canvas = &top->canvas,
		.state = &top->state,
		.model = &top->model,
		.source = top->source,
		.recorded = top->options->from_file,
		.interval_ms = top->interval_ms,
		.utf8 = top->terminal->utf8,
		.wide = top->options->wide,
	};
	return 0;
}

static int trace(struct top *top)
{
	int err = start(top);

	if (!err)
		err = open_screen(top);
	if (!err)
		err = loop(top);
	terminal__close(top->terminal);
	log_release();
	top_model__done(&top->model);
	canvas__done(&top->canvas);
	session__free(top->session);
	return err;
}

int top_run(const struct options *options)
{
	struct top top = { .options = options };

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		log_error("top: %s is not a terminal, accepted: a terminal; elsewhere reuse, "
			  "accept, close "
			  "or conns with an INTERVAL",
			  isatty(STDIN_FILENO) ? "stdout" : "stdin");
		return EXIT_USAGE;
	}
	stop_catch();
	return run_status(trace(&top));
}
