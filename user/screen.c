/* SPDX-License-Identifier: Apache-2.0 */
/* What `top` draws: where each part goes, and the lines around the table. */
#include "screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "aggregate.h"
#include "canvas.h"
#include "conn_state.h"
#include "escape.h"
#include "history.h"
#include "owner.h"
#include "report.h"
#include "spark.h"
#include "text_account.h"
#include "top_model.h"
#include "top_state.h"
#include "view.h"
#include "view_row.h"

#define TABLE_LEAST 3 /* rows, with its titles, that time and tabs leave the table */
#define HINT	    "? help"
#define NARROW	    50 /* with fewer columns the other tabs' names give way to the filter */
#define TABLE_MIN   5  /* that all other lines leave it */

size_t screen__print(const struct screen *screen, size_t row, size_t column, unsigned int look,
		     const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return canvas__put(screen->canvas, row, column, look, text);
}

size_t screen__bars(const struct screen *screen, size_t row, size_t column, unsigned int look,
		    const struct history *history)
{
	char text[HISTORY_SECONDS * SPARK_BYTES + 1];
	__u64 top = history->kind == HISTORY_REUSE ? 1000 : 0;

	spark_format(history->values, history->count, top, screen->utf8, text, sizeof(text));
	return canvas__put(screen->canvas, row, column, look, text);
}

static char *put_word(char *at, const char *end, const char *word)
{
	if (word[0] && at < end)
		at += snprintf(at, (size_t)(end - at), "%s ", word);
	return at < end ? at : (char *)end;
}

char *screen__row_name(const struct row *row, char *buf, size_t len)
{
	const struct row_key *key = &row->key;
	char text[4 * NAME_LEN], *at = buf;
	const char *end = buf + len;

	buf[0] = '\0';
	at = put_word(at, end, escape_bytes(key->name, text, sizeof(text)));
	if (key->port)
		at = put_word(at, end, endpoint_format(key->addr, key->port, text, sizeof(text)));
	at = put_word(at, end, escape_bytes(key->comm, text, sizeof(text)));
	if (key->pid) {
		snprintf(text, sizeof(text), "pid %u", key->pid);
		at = put_word(at, end, text);
	}
	at = put_word(at, end, escape_bytes(owner_container(key->cgroup), text, sizeof(text)));
	at = put_word(at, end, role_word(key->role));
	at[-1] = '\0';
	return buf;
}

/* ---- the lines above the table ---- */

static void draw_time(const struct screen *screen, size_t row)
{
	const struct report *report = &screen->model->report;
	bool frozen = screen->state->frozen;
	char time[TIME_STRLEN];
	size_t at;

	report_time(report, time, sizeof(time));
	at = screen__print(screen, row, 0, LOOK_BOLD, "connscope top");
	at = screen__print(screen, row, at + 2, frozen ? LOOK_SELECTED : LOOK_PLAIN, "%s%.19sZ",
			   frozen ? "FROZEN since " : "", time);
	at = screen__print(screen, row, at + 2, LOOK_PLAIN, "%s", screen->source);
	if (at + sizeof(HINT) < screen->canvas->columns)
		screen__print(screen, row, screen->canvas->columns - strlen(HINT), LOOK_DIM, HINT);
}

/* "new 12/s": a COUNT in so many MS. */
static size_t draw_rate(const struct screen *screen, size_t row, size_t at, const char *label,
			__u64 count, bool alarm)
{
	double rate = (double)count * 1000 / (double)screen->model->counts.ms;
	unsigned int look = alarm && count ? LOOK_ALARM : LOOK_PLAIN;

	at = screen__print(screen, row, at, LOOK_DIM, "%s ", label);
	if (count && rate < 0.05)
		at = screen__print(screen, row, at, look, "<0.1/s");
	else
		at = screen__print(screen, row, at, look,
				   count && rate < 9.95 ? "%.1f/s" : "%.0f/s", rate);
	return at + 2;
}

/* Of what the turns of connections tell. */
static size_t draw_turn_rate(const struct screen *screen, size_t row, size_t at, const char *label,
			     __u64 count, bool alarm)
{
	if (!view_off(&screen->model->report, FEATURE_RECEIVE))
		return draw_rate(screen, row, at, label, count, alarm);
	return screen__print(screen, row, at, LOOK_DIM, "%s n/a", label) + 2;
}

static void draw_rates(const struct screen *screen, size_t row)
{
	const struct top_counts *counts = &screen->model->counts;
	size_t at = 0;

	if (!counts->ms) {
		screen__print(screen, row, 0, LOOK_DIM, "rates come with the second snapshot");
		return;
	}
	if (screen->recorded)
		at = screen__print(screen, row, at, LOOK_DIM, "average  ");
	at = draw_rate(screen, row, at, "new", counts->opened, false);
	at = draw_turn_rate(screen, row, at, "exch", counts->exchanges, false);
	at = draw_rate(screen, row, at, "closed", counts->closed, false);
	at = draw_turn_rate(screen, row, at, "raced", counts->raced, true);
	draw_rate(screen, row, at, "overflows", counts->overflows, true);
}

static size_t draw_tab_names(const struct screen *screen, size_t row)
{
	const struct top_state *state = screen->state;
	const struct view *const *views;
	size_t count = view_all(&views), at = 0;
	char name[ROW_NAME_STRLEN];

	for (size_t i = 0; i < count && i < TOP_TABS; i++) {
		bool chosen = i == state->tab;

		if (!chosen && screen->canvas->columns < NARROW)
			continue;
		at = screen__print(screen, row, at, chosen ? LOOK_BOLD : LOOK_PLAIN,
				   chosen ? "[%zu %s]" : " %zu %s ", i + 1, views[i]->name);
	}
	if (state->drilled)
		at = screen__print(screen, row, at, LOOK_BOLD, " > %s",
				   screen__row_name(state->drilled, name, sizeof(name)));
	return at + 2;
}

static void draw_choices(const struct screen *screen, size_t row, size_t at)
{
	const struct top_page *page = top_state__page(screen->state);
	const struct table *table = screen->model->table;

	if (table && page->sort >= 0) {
		const struct column *column = &table->columns[page->sort];

		at = screen__print(screen, row, at, LOOK_DIM, "sort ");
		at = screen__print(screen, row, at, LOOK_PLAIN, "%s%s%s%s",
				   column->group ? column->group : "", column->group ? " " : "",
				   column->title, page->reverse ? ", reversed" : "");
		at += 2;
	} else if (page->reverse) {
		at = screen__print(screen, row, at, LOOK_PLAIN, "reversed") + 2;
	}
	if (!page->filter[0] && !screen->state->typing)
		return;
	at = screen__print(screen, row, at, LOOK_DIM, "filter ");
	screen__print(screen, row, at, LOOK_BOLD, "%s%s", page->filter,
		      screen->state->typing ? "_" : "");
}

/* ---- the account ---- */

struct account_line {
	struct account_sink sink; /* first */
	const struct screen *screen;
	size_t row, at;
	bool draws; /* else it only counts rows */
};

static void take_clause(struct account_sink *sink, const char *separator, bool alarm,
			const char *text)
{
	struct account_line *line = (struct account_line *)sink;
	size_t need = strlen(text) + 2;

	if (line->draws)
		screen__print(line->screen, line->row, line->at, LOOK_DIM, "%s", separator);
	line->at += strlen(separator) + 1;
	if (line->at > sizeof("--") && line->at + need > line->screen->canvas->columns) {
		line->row++;
		line->at = sizeof("--");
	}
	if (line->draws)
		screen__print(line->screen, line->row, line->at, alarm ? LOOK_ALARM : LOOK_DIM,
			      "%s", text);
	line->at += strlen(text);
}

/* Returns the rows that it takes. */
static size_t tell_account(const struct screen *screen, size_t row, bool draws)
{
	struct account_line line = {
		.sink.take = take_clause,
		.screen = screen,
		.row = row,
		.draws = draws,
	};

	account_tell(&screen->model->report, &line.sink);
	return line.row - row + 1;
}

/* ---- the whole ---- */

/* What of the lines around it the table leaves room for, most wanted first. */
struct frame {
	size_t left; /* rows that nobody has taken */
	size_t account, rates, detail;
};

static size_t take_rows(struct frame *frame, size_t want, size_t keep)
{
	if (!want || frame->left < want + keep)
		return 0;
	frame->left -= want;
	return want;
}

static void divide(const struct screen *screen, struct frame *frame)
{
	frame->left = screen->canvas->rows;
	take_rows(frame, 2, TABLE_LEAST); /* time, tabs */
	frame->account = take_rows(frame, tell_account(screen, 0, false), TABLE_MIN);
	frame->rates = take_rows(frame, 1, TABLE_MIN);
	frame->detail = take_rows(frame, screen__detail_rows(screen), TABLE_MIN);
}

static void draw_body(const struct screen *screen, size_t top, size_t rows)
{
	if (screen->state->help)
		screen__help(screen, top, rows);
	else
		screen__table(screen, top, rows);
}

int screen__draw(struct screen *screen)
{
	size_t columns = screen->canvas->columns, reserved = screen__reserved(screen), row = 0;
	struct frame frame;
	int err;

	screen->width = columns > reserved + 1 ? columns - reserved - 1 : 1;
	err = top_model__arrange(screen->model, screen->state, screen->width, screen->wide);
	divide(screen, &frame);
	if (screen->canvas->rows >= 2 + TABLE_LEAST) {
		draw_time(screen, row++);
		if (frame.rates)
			draw_rates(screen, row++);
		draw_choices(screen, row, draw_tab_names(screen, row));
		row++;
	}
	screen->page = frame.left > 2 ? frame.left - 2 : 1;
	draw_body(screen, row, frame.left);
	row += frame.left;
	screen__detail(screen, row, frame.detail);
	if (frame.account)
		tell_account(screen, row + frame.detail, true);
	return err;
}
