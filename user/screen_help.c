/* SPDX-License-Identifier: Apache-2.0 */
/* The help of `top`: its keys, the columns of the page, and why a cell has no number. */
#include <string.h>

#include "canvas.h"
#include "screen.h"
#include "table.h"
#include "text_layout.h"
#include "top_model.h"
#include "top_state.h"

static const struct {
	const char *keys, *what;
} help[] = {
	{ "Tab 1 2 3", "the next report; that one" },
	{ "up down j k", "another row; PgUp PgDn Home End (g G) go further" },
	{ "Enter", "the connections of the row; Esc or Backspace leads back" },
	{ "< > s", "sort by the column to the left, to the right; r reverses" },
	{ "/", "only rows with that text; Enter keeps it, Esc takes it away" },
	{ "Space p", "freeze what is shown, and go on with what is now" },
	{ "? h", "this; arrows scroll it, any other key ends it" },
	{ "q Ctrl-C", "quit" },
};

#define KEY_COUNT  (sizeof(help) / sizeof(help[0]))
#define KEYS_WIDTH 13
#define INDENT	   2

static const char *missing_reason(const struct table *table, size_t column)
{
	for (size_t i = 0; i < table->row_count; i++) {
		const struct cell *cell = &table->cells[i * table->column_count + column];

		if (cell->kind == CELL_NULL && cell->reason)
			return cell->reason;
	}
	return NULL;
}

static size_t title_width(const struct column *column)
{
	return strlen(column->title) + (column->group ? strlen(column->group) + 1 : 0);
}

static size_t widest_title(const struct layout *layout)
{
	size_t width = 0, one;

	for (size_t i = 0; i < layout->count; i++) {
		one = title_width(layout__column(layout, i));
		width = one > width ? one : width;
	}
	return width;
}

static void draw_column(const struct screen *screen, size_t row, size_t place)
{
	const struct layout *layout = &screen->model->layout;
	const struct column *column = layout__column(layout, place);
	const char *reason = missing_reason(layout->table, layout->columns[place]);
	size_t at = INDENT + widest_title(layout) + 2;

	screen__print(screen, row, INDENT, LOOK_BOLD, "%s%s%s", column->group ? column->group : "",
		      column->group ? " " : "", column->title);
	at = screen__print(screen, row, at, LOOK_PLAIN, "%s", column->help);
	if (reason)
		screen__print(screen, row, at, LOOK_ALARM, "; n/a: %s", reason);
}

/* Line LINE of the text: keys, a blank one, columns. */
static void draw_line(const struct screen *screen, size_t row, size_t line)
{
	if (line < KEY_COUNT) {
		screen__print(screen, row, INDENT, LOOK_BOLD, "%s", help[line].keys);
		screen__print(screen, row, INDENT + KEYS_WIDTH, LOOK_PLAIN, "%s", help[line].what);
	} else if (line > KEY_COUNT) {
		draw_column(screen, row, line - KEY_COUNT - 1);
	}
}

void screen__help(const struct screen *screen, size_t top, size_t rows)
{
	const struct top_model *model = screen->model;
	size_t lines = KEY_COUNT + 1 + (model->table ? model->layout.count : 0);
	size_t last = lines > rows ? lines - rows : 0;
	size_t *scroll = &screen->state->help_scroll;

	*scroll = *scroll < last ? *scroll : last;
	for (size_t i = 0; i < rows && *scroll + i < lines; i++)
		draw_line(screen, top + i, *scroll + i);
}
