/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: rows of typed cells, sorted and cut. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"

void table__init(struct table *table, const char *type, const struct column *columns,
		 size_t column_count)
{
	memset(table, 0, sizeof(*table));
	table->type = type;
	table->title = type;
	table->columns = columns;
	table->column_count = column_count;
}

static void cell_done(struct cell *cell)
{
	if (cell->kind == CELL_TEXT)
		free(cell->text);
	else if (cell->kind == CELL_LIST)
		free(cell->list.items);
	memset(cell, 0, sizeof(*cell));
}

void table__truncate(struct table *table, size_t rows)
{
	if (rows >= table->row_count)
		return;
	for (size_t i = rows * table->column_count; i < table->row_count * table->column_count; i++)
		cell_done(&table->cells[i]);
	table->omitted += table->row_count - rows;
	table->row_count = rows;
}

void table__done(struct table *table)
{
	if (!table)
		return;
	table__truncate(table, 0);
	free(table->cells);
	memset(table, 0, sizeof(*table));
}

struct cell *table__add_row(struct table *table)
{
	size_t room = table->row_room ? table->row_room * 2 : 16;
	struct cell *cells = table->cells;

	if (table->row_count == table->row_room) {
		cells = reallocarray(cells, room, table->column_count * sizeof(*cells));
		if (!cells)
			return NULL;
		table->cells = cells;
		table->row_room = room;
	}
	cells += table->row_count++ * table->column_count;
	memset(cells, 0, table->column_count * sizeof(*cells));
	return cells;
}

static bool has_title(const struct column *column, const char *key)
{
	size_t len;

	if (!column->group)
		return !strcasecmp(column->title, key);
	len = strlen(column->group);
	return !strncasecmp(column->group, key, len) && key[len] == ' ' &&
	       !strcasecmp(column->title, key + len + 1);
}

int table__find_column(const struct table *table, const char *key)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].key && !strcmp(table->columns[i].key, key))
			return (int)i;
	}
	for (size_t i = 0; i < table->column_count; i++) {
		if (has_title(&table->columns[i], key))
			return (int)i;
	}
	return -1;
}

static double cell_value(const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		return (double)cell->number;
	case CELL_SIGNED:
		return (double)cell->signed_number;
	case CELL_REAL:
		return cell->real;
	case CELL_BOOL:
		return cell->truth;
	default:
		return 0;
	}
}

static int compare_cells(const struct cell *a, const struct cell *b)
{
	double x, y;

	if ((a->kind == CELL_NULL) != (b->kind == CELL_NULL))
		return a->kind == CELL_NULL ? 1 : -1;
	if (a->kind == CELL_TEXT && b->kind == CELL_TEXT)
		return strcmp(a->text, b->text);
	x = cell_value(a);
	y = cell_value(b);
	return (x < y) - (x > y);
}

struct sort_item {
	const struct cell *cell; /* of the column that decides */
	size_t row;
};

static int compare_items(const void *left, const void *right)
{
	const struct sort_item *a = left, *b = right;
	int order = compare_cells(a->cell, b->cell);

	return order ? order : (a->row > b->row) - (a->row < b->row);
}

void table__sort(struct table *table, int column)
{
	size_t count = table->column_count, row_bytes = count * sizeof(struct cell);
	auto_free struct sort_item *items = NULL;
	struct cell *cells;

	if (column < 0 || table->row_count < 2)
		return;
	/* Without memory the rows stay as they are: still true. */
	items = calloc(table->row_count, sizeof(*items));
	cells = calloc(table->row_room, row_bytes);
	if (!items || !cells) {
		free(cells);
		return;
	}
	for (size_t i = 0; i < table->row_count; i++)
		items[i] = (struct sort_item){ &table->cells[i * count + (size_t)column], i };
	qsort(items, table->row_count, sizeof(*items), compare_items);
	for (size_t i = 0; i < table->row_count; i++)
		memcpy(cells + i * count, table->cells + items[i].row * count, row_bytes);
	free(table->cells);
	table->cells = cells;
}

struct cell cell_number(__u64 number)
{
	return (struct cell){ .kind = CELL_NUMBER, .number = number };
}

struct cell cell_signed(__s64 number)
{
	return (struct cell){ .kind = CELL_SIGNED, .signed_number = number };
}

struct cell cell_real(double real)
{
	return (struct cell){ .kind = CELL_REAL, .real = real };
}

struct cell cell_bool(bool truth)
{
	return (struct cell){ .kind = CELL_BOOL, .truth = truth };
}

struct cell cell_text(const char *text)
{
	char *copy = strdup(text);

	return copy ? (struct cell){ .kind = CELL_TEXT, .text = copy } : cell_missing(NULL);
}

struct cell cell_list(const __u64 *items, size_t count)
{
	__u64 *copy = malloc((count ? count : 1) * sizeof(*copy));

	if (!copy)
		return cell_missing(NULL);
	if (count)
		memcpy(copy, items, count * sizeof(*copy));
	return (struct cell){ .kind = CELL_LIST, .list = { copy, count } };
}

struct cell cell_missing(const char *reason)
{
	return (struct cell){ .kind = CELL_NULL, .reason = reason };
}
