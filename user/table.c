/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: rows of typed cells, sorted and cut. */
#include "table.h"

#include <errno.h>
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
	else if (cell->kind == CELL_OBJECT)
		free(cell->object.members);
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
	free(table->origins);
	free(table->said);
	memset(table, 0, sizeof(*table));
}

/* False when out of memory; the table is as it was then. */
static bool grow(struct table *table)
{
	size_t room = table->row_room ? table->row_room * 2 : 16;
	const void **origins;
	struct cell *cells;

	cells = reallocarray(table->cells, room, table->column_count * sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	origins = reallocarray(table->origins, room, sizeof(*origins));
	if (!origins)
		return false;
	table->origins = origins;
	table->row_room = room;
	return true;
}

struct cell *table__add_row(struct table *table)
{
	struct cell *cells;

	if (table->row_count == table->row_room && !grow(table))
		return NULL;
	table->origins[table->row_count] = NULL;
	cells = table->cells + table->row_count++ * table->column_count;
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
	bool reverse;
};

static int compare_items(const void *left, const void *right)
{
	const struct sort_item *a = left, *b = right;
	int order = compare_cells(a->cell, b->cell);

	if (a->reverse && a->cell->kind != CELL_NULL && b->cell->kind != CELL_NULL)
		order = -order;
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

int table__order(const struct table *table, int column, bool reverse, size_t *ret_order)
{
	size_t count = table->row_count;
	auto_free struct sort_item *items = calloc(count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct sort_item){ .row = reverse && column < 0 ? count - 1 - i : i,
					       .reverse = reverse };
	for (size_t i = 0; column >= 0 && i < count; i++)
		items[i].cell = &table->cells[i * table->column_count + (size_t)column];
	if (column >= 0)
		qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 0; i < count; i++)
		ret_order[i] = items[i].row;
	return 0;
}

void table__sort(struct table *table, int column)
{
	size_t count = table->column_count, row_bytes = count * sizeof(struct cell);
	auto_free size_t *order = calloc(table->row_count + 1, sizeof(*order));
	const void **origins;
	struct cell *cells;

	if (column < 0 || table->row_count < 2)
		return;
	/* Without memory the rows stay as they are: still true. */
	cells = calloc(table->row_room, row_bytes);
	origins = calloc(table->row_room, sizeof(*origins));
	if (!order || !cells || !origins || table__order(table, column, false, order)) {
		free(cells);
		free(origins);
		return;
	}
	for (size_t i = 0; i < table->row_count; i++) {
		memcpy(cells + i * count, table->cells + order[i] * count, row_bytes);
		origins[i] = table->origins[order[i]];
	}
	free(table->cells);
	free(table->origins);
	table->cells = cells;
	table->origins = origins;
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

struct cell cell_object(const struct named_number *members, size_t count)
{
	struct named_number *copy = calloc(count ? count : 1, sizeof(*copy));

	if (!copy)
		return cell_missing(NULL);
	if (count)
		memcpy(copy, members, count * sizeof(*copy));
	return (struct cell){ .kind = CELL_OBJECT, .object = { copy, count } };
}

struct cell cell_missing(const char *reason)
{
	return (struct cell){ .kind = CELL_NULL, .reason = reason };
}
