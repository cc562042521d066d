/* SPDX-License-Identifier: Apache-2.0 */
/* Writes long texts, wrapped and indented. */
#include "text_prose.h"

#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "table.h"
#include "text_cell.h"

#define INDENT 2

static size_t title_width(const struct table *table)
{
	size_t width = 0, len;

	for (size_t i = 0; i < table->column_count; i++) {
		len = table->columns[i].type == COLUMN_PROSE ? strlen(table->columns[i].title) : 0;
		if (len > width)
			width = len;
	}
	return width;
}

static void write_paragraph(FILE *out, const char *title, const char *text, size_t at, size_t width)
{
	/* An escaped byte takes up to four. */
	size_t size = 4 * strlen(text) + 1;
	auto_free char *clean = malloc(size);

	if (!clean)
		return;
	fprintf(out, "%*s%-*s", INDENT, "", (int)at - INDENT, title);
	text_wrap(out, escape_bytes(text, clean, size), at, at, width);
	fputc('\n', out);
}

void text_prose(FILE *out, const struct table *table, size_t row, size_t width)
{
	const struct cell *cells = table->cells + row * table->column_count;
	size_t at = title_width(table);

	if (!at)
		return;
	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].type == COLUMN_PROSE && cells[i].kind == CELL_TEXT)
			write_paragraph(out, table->columns[i].title, cells[i].text,
					INDENT + at + 2, width);
	}
	if (row + 1 < table->row_count)
		fputc('\n', out);
}
