/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `top`: titles, rows with one under the cursor, bars beside and below. */
#include <string.h>

#include "aggregate.h"
#include "canvas.h"
#include "history.h"
#include "screen.h"
#include "spark.h"
#include "table.h"
#include "text_cell.h"
#include "text_layout.h"
#include "top_model.h"
#include "top_state.h"

#define GUTTER	   1  /* the mark of the cursor, which a screen without looks has too */
#define BARS	   16 /* of one column beside the table */
#define BESIDE_MAX 2
#define WIDE_FROM  80 /* the table has so much before there is any */

/* ---- which histories ---- */

size_t screen__histories(const struct screen *screen, const int **ret_kinds)
{
	static const int reuse[] = { HISTORY_NEW, HISTORY_REUSE, HISTORY_EXCHANGES };
	static const int accept[] = { HISTORY_DEPTH, HISTORY_NEW, HISTORY_OVERFLOWS };
	static const int closing[] = { HISTORY_CLOSED, HISTORY_RACED, HISTORY_NEW };
	static const int *const kinds[TOP_TABS] = { reuse, accept, closing };

	*ret_kinds = kinds[screen->state->tab];
	return 3;
}

static size_t beside(const struct screen *screen)
{
	static const size_t want[TOP_TABS] = { BESIDE_MAX, 0, 1 }; /* accept has its own */
	size_t columns = screen->canvas->columns, count = want[screen->state->tab];

	if (screen->state->drilled || screen->wide)
		return 0;
	while (count && columns < WIDE_FROM + count * (BARS + 2))
		count--;
	return count;
}

size_t screen__reserved(const struct screen *screen)
{
	return beside(screen) * (BARS + 2);
}

static const struct series *series_at(const struct screen *screen, size_t index)
{
	const struct row *row = top_model__row(screen->model, index);

	return row ? row->series : NULL;
}

/* ---- rows ---- */

static void draw_field(const struct screen *screen, size_t row, size_t at, size_t place,
		       unsigned int look, const char *text)
{
	const struct layout *layout = &screen->model->layout;
	size_t width = layout->widths[place], len = text_width(text);

	if (len > width)
		screen__print(screen, row, at, look, "%.*s+", (int)width - 1, text);
	else if (layout__column(layout, place)->type == COLUMN_TEXT)
		screen__print(screen, row, at, look, "%s", text);
	else
		screen__print(screen, row, at + width - len, look, "%s", text);
}

static void draw_beside(const struct screen *screen, size_t row, size_t at, size_t index)
{
	const int *kinds;
	struct history history;

	screen__histories(screen, &kinds);
	for (size_t i = 0; i < beside(screen); i++, at += BARS + 2) {
		history_of(series_at(screen, index), kinds[i], screen->model->report.now_ns,
			   screen->interval_ms, BARS, &history);
		screen__bars(screen, row, at + 2 + BARS - history.count, LOOK_PLAIN, &history);
	}
}

static void draw_row(const struct screen *screen, size_t row, size_t index)
{
	const struct layout *layout = &screen->model->layout;
	const struct table *table = layout->table;
	const struct cell *cells = table->cells + screen->model->order[index] * table->column_count;
	bool selected = index == top_state__page(screen->state)->cursor;
	char text[CELL_STRLEN];
	size_t at = GUTTER;

	for (size_t i = 0; i < layout->count; at += layout->widths[i++]) {
		const struct column *column = layout__column(layout, i);
		const struct cell *cell = &cells[layout->columns[i]];

		at += layout__gap(layout, i);
		if (column->type == COLUMN_SERIES && cell->kind == CELL_LIST)
			series_format(cell, SERIES_BARS, screen->utf8, text, sizeof(text));
		else
			cell_format(column, cell, text, sizeof(text));
		draw_field(screen, row, at, i,
			   cell_is_alarming(column, cell) ? LOOK_ALARM : LOOK_PLAIN, text);
	}
	draw_beside(screen, row, at, index);
	if (!selected)
		return;
	canvas__put(screen->canvas, row, 0, LOOK_PLAIN, ">");
	canvas__paint(screen->canvas, row, LOOK_SELECTED);
}

/* ---- titles ---- */

/* --EXCH/CONN-- over several columns, plain over one. */
static void draw_group(const struct screen *screen, size_t row, size_t at, const char *group,
		       size_t run, size_t width)
{
	size_t len = strlen(group), left = run > 1 ? (width - len) / 2 : width - len;

	for (size_t i = 0; run > 1 && i < width; i++)
		canvas__put(screen->canvas, row, at + i, LOOK_DIM, "-");
	screen__print(screen, row, at + left, LOOK_DIM, "%s", group);
}

/* False: there are none. */
static bool draw_groups(const struct screen *screen, size_t row)
{
	const struct layout *layout = &screen->model->layout;
	size_t run, width, at = GUTTER;
	bool any = false;

	for (size_t i = 0; i < layout->count; i += run, at += width) {
		const char *group = layout__column(layout, i)->group;

		run = layout__run(layout, i, &width);
		at += layout__gap(layout, i);
		if (group)
			draw_group(screen, row, at, group, run, width);
		any |= group != NULL;
	}
	return any;
}

static void draw_titles(const struct screen *screen, size_t row)
{
	const struct layout *layout = &screen->model->layout;
	int sort = top_state__page(screen->state)->sort;
	size_t at = GUTTER;
	const int *kinds;

	for (size_t i = 0; i < layout->count; at += layout->widths[i++]) {
		bool decides = sort >= 0 && layout->columns[i] == (size_t)sort;

		at += layout__gap(layout, i);
		draw_field(screen, row, at, i, LOOK_BOLD | (decides ? LOOK_SELECTED : 0),
			   layout__column(layout, i)->title);
	}
	screen__histories(screen, &kinds);
	for (size_t i = 0; i < beside(screen); i++, at += BARS + 2)
		screen__print(screen, row, at + 2, LOOK_BOLD, "%*s", BARS, history_label(kinds[i]));
}

/* ---- the whole ---- */

static void scroll_to_cursor(struct top_page *page, size_t rows)
{
	if (page->cursor < page->scroll)
		page->scroll = page->cursor;
	if (page->cursor >= page->scroll + rows)
		page->scroll = page->cursor + 1 - rows;
}

static void say_why_empty(const struct screen *screen, size_t row)
{
	const struct table *table = screen->model->table;

	if (table && table->row_count)
		screen__print(screen, row, GUTTER, LOOK_PLAIN, "no row has \"%s\"",
			      top_state__page(screen->state)->filter);
	else
		screen__print(screen, row, GUTTER, LOOK_PLAIN, "%s",
			      table ? table->empty : "out of memory");
}

void screen__table(const struct screen *screen, size_t top, size_t rows)
{
	struct top_page *page = top_state__page(screen->state);
	const struct top_model *model = screen->model;
	size_t titles = rows > 1;

	if (!model->row_count) {
		say_why_empty(screen, top);
		return;
	}
	if (rows > 3 && draw_groups(screen, top))
		titles++;
	if (titles)
		draw_titles(screen, top + titles - 1);
	rows -= titles;
	scroll_to_cursor(page, rows ? rows : 1);
	for (size_t i = 0; i < rows && page->scroll + i < model->row_count; i++)
		draw_row(screen, top + titles + i, page->scroll + i);
}

/* ---- the last minutes of one row ---- */

#define LABEL_WIDTH 10
#define VALUE_WIDTH 9

size_t screen__detail_rows(const struct screen *screen)
{
	const int *kinds;

	if (screen->state->drilled || screen->state->help || !screen->model->row_count)
		return 0;
	return screen__histories(screen, &kinds) + 1;
}

static void draw_history(const struct screen *screen, size_t row, const struct history *history)
{
	__u64 now = history->count ? history->values[history->count - 1] : SPARK_UNKNOWN;
	size_t at = GUTTER;
	char text[32];

	screen__print(screen, row, at, LOOK_DIM, "%s", history_label(history->kind));
	at += LABEL_WIDTH;
	screen__print(screen, row, at, LOOK_PLAIN, "now %s",
		      history_format(history, now, text, sizeof(text)));
	at += sizeof("now ") + VALUE_WIDTH;
	screen__print(screen, row, at, LOOK_PLAIN, "max %s",
		      history_format(history, history_peak(history), text, sizeof(text)));
	at += sizeof("max ") + VALUE_WIDTH;
	screen__bars(screen, row, at, LOOK_PLAIN, history);
}

/* "-- 10.0.0.1:80 nginx client: the last 4.5m, a bar for each 5.0s" */
static void draw_span(const struct screen *screen, size_t row, const struct history *history)
{
	const struct row *of =
		top_model__row(screen->model, top_state__page(screen->state)->cursor);
	char name[ROW_NAME_STRLEN], span[32], step[32];

	screen__row_name(of, name, sizeof(name));
	duration_format(history->count * history->step_ms * 1000, span, sizeof(span));
	duration_format(history->step_ms * 1000, step, sizeof(step));
	screen__print(screen, row, 0, LOOK_DIM, "-- %s: the last %s, a bar for each %s", name, span,
		      step);
}

void screen__detail(const struct screen *screen, size_t top, size_t rows)
{
	const struct top_page *page = top_state__page(screen->state);
	size_t used = GUTTER + LABEL_WIDTH + 2 * (sizeof("now ") + VALUE_WIDTH), room;
	struct history history;
	const int *kinds;
	size_t count;

	if (!rows || page->cursor >= screen->model->row_count)
		return;
	room = screen->canvas->columns > used ? screen->canvas->columns - used : 1;
	if (screen->model->report.no_series) {
		screen__print(screen, top, 0, LOOK_DIM, "-- %s", screen->model->report.no_series);
		return;
	}
	count = screen__histories(screen, &kinds);
	for (size_t i = 0; i < count && i + 1 < rows; i++) {
		history_of(series_at(screen, page->cursor), kinds[i], screen->model->report.now_ns,
			   screen->interval_ms, room, &history);
		if (!i)
			draw_span(screen, top, &history);
		draw_history(screen, top + 1 + i, &history);
	}
}
