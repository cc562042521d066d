/* SPDX-License-Identifier: Apache-2.0 */
/* Fits a table into a terminal: shrinks texts, drops the rightmost, then adds what has room. */
#include "text_layout.h"

#include <string.h>

#include "text_cell.h"

#define FIRST_MAX 21 /* 255.255.255.255:65535 */
#define TEXT_MIN  7  /* a shrunk text column keeps so many */
#define WRAP_MIN  24 /* a wrapped one too */

const struct column *layout__column(const struct layout *layout, size_t place)
{
	return &layout->table->columns[layout->columns[place]];
}

static bool same_group(const struct column *a, const struct column *b)
{
	return a->group && b->group && !strcmp(a->group, b->group);
}

size_t layout__gap(const struct layout *layout, size_t place)
{
	if (!place)
		return 0;
	return same_group(layout__column(layout, place - 1), layout__column(layout, place)) ? 1 : 2;
}

size_t layout__run(const struct layout *layout, size_t place, size_t *ret_width)
{
	size_t end = place + 1, width = layout->widths[place];

	for (; end < layout->count; end++) {
		if (!same_group(layout__column(layout, place), layout__column(layout, end)))
			break;
		width += 1 + layout->widths[end];
	}
	*ret_width = width;
	return end - place;
}

size_t layout__total(const struct layout *layout)
{
	size_t total = 0;

	for (size_t i = 0; i < layout->count; i++)
		total += layout__gap(layout, i) + layout->widths[i];
	return total;
}

static const struct cell *cell_at(const struct table *table, size_t row, size_t column)
{
	return &table->cells[row * table->column_count + column];
}

static size_t measure(const struct table *table, size_t column)
{
	size_t width = strlen(table->columns[column].title), len;
	char text[CELL_STRLEN];

	for (size_t i = 0; i < table->row_count; i++) {
		len = strlen(cell_format(&table->columns[column], cell_at(table, i, column), text,
					 sizeof(text)));
		if (len > width)
			width = len;
	}
	return width;
}

static bool says_something(const struct table *table, size_t column)
{
	for (size_t i = 0; i < table->row_count; i++) {
		const struct cell *cell = cell_at(table, i, column);

		switch (cell->kind) {
		case CELL_NULL:
			if (cell->reason)
				return true;
			break;
		case CELL_NUMBER:
			if (cell->number)
				return true;
			break;
		case CELL_BOOL:
			if (cell->truth)
				return true;
			break;
		default:
			return true;
		}
	}
	return false;
}

static bool is_basic(const struct table *table, size_t column, bool wide)
{
	enum column_show show = table->columns[column].show;

	if (table->columns[column].type == COLUMN_PROSE)
		return false; /* below the row */
	if (table->pinned >> column & 1)
		return true;
	if (show == SHOW_NONZERO)
		return (wide && table->columns[column].type != COLUMN_TEXT) ||
		       says_something(table, column);
	return show == SHOW_ALWAYS || (wide && show < SHOW_NEVER);
}

/* A group's title may be wider than its columns: the last one of them takes up the slack. */
static void widen_groups(struct layout *layout)
{
	size_t run, width, need;

	for (size_t i = 0; i < layout->count; i += run) {
		run = layout__run(layout, i, &width);
		if (!layout__column(layout, i)->group)
			continue;
		need = strlen(layout__column(layout, i)->group);
		if (need > width)
			layout->widths[i + run - 1] += need - width;
	}
}

static void choose(struct layout *layout, const bool *shown, const size_t *widths)
{
	layout->count = 0;
	for (size_t i = 0; i < layout->table->column_count; i++) {
		if (!shown[i])
			continue;
		layout->columns[layout->count] = i;
		layout->widths[layout->count++] = widths[i];
	}
	widen_groups(layout);
}

/* A longer text in the first column gets a line of its own. */
static void cap_first(struct layout *layout, size_t *widths, size_t width)
{
	if (!layout->count || layout__total(layout) <= width || layout->widths[0] <= FIRST_MAX ||
	    layout__column(layout, 0)->type != COLUMN_TEXT ||
	    layout->table->pinned >> layout->columns[0] & 1)
		return;
	layout->widths[0] = FIRST_MAX;
	widths[layout->columns[0]] = FIRST_MAX;
}

/* Takes from text columns, but not from the first, which says what the row is about, and not from
 * pinned ones. */
static void shrink_texts(struct layout *layout, size_t *widths, size_t width)
{
	for (size_t i = layout->count; i-- > 1 && layout__total(layout) > width;) {
		size_t excess = layout__total(layout) - width, old = layout->widths[i];
		size_t least = i == layout->count - 1 ? WRAP_MIN : TEXT_MIN;

		if (layout__column(layout, i)->type != COLUMN_TEXT || old <= least ||
		    layout->table->pinned >> layout->columns[i] & 1)
			continue;
		layout->widths[i] = old - least > excess ? old - excess : least;
		widths[layout->columns[i]] = layout->widths[i];
	}
}

/* The rightmost, but those that raise an alarm last of all. */
static size_t least_wanted(const struct layout *layout)
{
	for (size_t i = layout->count - 1; i > 0; i--) {
		if (!layout__column(layout, i)->alarm ||
		    !says_something(layout->table, layout->columns[i]))
			return i;
	}
	return layout->count - 1;
}

static void drop_excess(struct layout *layout, bool *shown, const size_t *widths, size_t width)
{
	while (layout->count > 1 && layout__total(layout) > width) {
		shown[layout->columns[least_wanted(layout)]] = false;
		choose(layout, shown, widths);
	}
}

static void fill_room(struct layout *layout, bool *shown, const size_t *widths, size_t width)
{
	for (size_t i = 0; i < layout->table->column_count; i++) {
		if (shown[i] || layout->table->columns[i].show != SHOW_ROOM ||
		    !says_something(layout->table, i))
			continue;
		shown[i] = true;
		choose(layout, shown, widths);
		if (layout__total(layout) <= width)
			continue;
		shown[i] = false;
		choose(layout, shown, widths);
	}
}

void layout__init(struct layout *layout, const struct table *table,
		  const struct layout_options *options)
{
	size_t widths[LAYOUT_COLUMNS], width = options->width;
	bool shown[LAYOUT_COLUMNS];

	layout->table = table;
	for (size_t i = 0; i < table->column_count; i++) {
		widths[i] = measure(table, i);
		shown[i] = is_basic(table, i, options->wide);
	}
	choose(layout, shown, widths);
	if (options->wide)
		return;
	if (options->unbroken)
		width += layout->count && layout->widths[0] > FIRST_MAX
				 ? layout->widths[0] - FIRST_MAX
				 : 0;
	else
		cap_first(layout, widths, width);
	shrink_texts(layout, widths, width);
	drop_excess(layout, shown, widths, width);
	fill_room(layout, shown, widths, width);
}

void layout__widen(struct layout *layout, size_t *widths)
{
	for (size_t i = 0; i < layout->count; i++) {
		size_t *width = &widths[layout->columns[i]];

		if (*width < layout->widths[i])
			*width = layout->widths[i];
		layout->widths[i] = *width;
	}
}
