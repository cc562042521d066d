/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: tables as wide as the terminal, notes of what is missing, the account. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "output.h"
#include "report.h"
#include "table.h"
#include "text_account.h"
#include "text_cell.h"
#include "text_hist.h"
#include "text_layout.h"
#include "text_prose.h"

#define RED   "\033[31m"
#define PLAIN "\033[0m"

static void write_filled(FILE *out, char fill, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fputc(fill, out);
}

/* --EXCH/CONN-- over several columns, plain over one. */
static void write_group(FILE *out, const char *group, size_t run, size_t width)
{
	size_t len = strlen(group), rest = width - len, left = run > 1 ? rest / 2 : rest;
	char fill = run > 1 ? '-' : ' ';

	write_filled(out, fill, left);
	fputs(group, out);
	write_filled(out, fill, rest - left);
}

/* Blanks are written only before something, so that no line ends in them. */
static void write_groups(FILE *out, const struct layout *layout)
{
	size_t run, width, pending = 0;
	bool any = false;

	for (size_t i = 0; i < layout->count; i += run) {
		const char *group = layout__column(layout, i)->group;

		run = layout__run(layout, i, &width);
		pending += layout__gap(layout, i);
		if (!group) {
			pending += width;
			continue;
		}
		write_filled(out, ' ', pending);
		write_group(out, group, run, width);
		pending = 0;
		any = true;
	}
	if (any)
		fputc('\n', out);
}

static void write_field(FILE *out, const struct layout *layout, size_t place, const char *text)
{
	size_t width = layout->widths[place], len = text_width(text);
	bool last = place == layout->count - 1;

	write_filled(out, ' ', layout__gap(layout, place));
	if (layout__column(layout, place)->type != COLUMN_TEXT) {
		write_filled(out, ' ', width > len ? width - len : 0);
		fputs(text, out);
	} else if (len > width && !place) {
		fprintf(out, "%s\n%*s", text, (int)width, "");
	} else if (len > width) {
		fprintf(out, "%.*s+", (int)width - 1, text);
	} else {
		fputs(text, out);
		write_filled(out, ' ', last ? 0 : width - len);
	}
}

static void write_titles(FILE *out, const struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++)
		write_field(out, layout, i, layout__column(layout, i)->title);
	fputc('\n', out);
}

static void write_row(FILE *out, const struct layout *layout, const struct cell *cells,
		      const struct output_options *options)
{
	size_t at = layout__total(layout) - layout->widths[layout->count - 1];
	char text[CELL_STRLEN];

	for (size_t i = 0; i < layout->count; i++) {
		const struct column *column = layout__column(layout, i);
		const struct cell *cell = &cells[layout->columns[i]];
		bool red = options->colour && cell_is_alarming(column, cell);

		if (column->type == COLUMN_SERIES && cell->kind == CELL_LIST)
			series_format(cell, SERIES_BARS, options->utf8, text, sizeof(text));
		else
			cell_format(column, cell, text, sizeof(text));
		if (red)
			fputs(RED, out);
		if (i == layout->count - 1 && text_width(text) > layout->widths[i]) {
			write_filled(out, ' ', layout__gap(layout, i));
			text_wrap(out, text, at, at, at + layout->widths[i]);
		} else {
			write_field(out, layout, i, text);
		}
		if (red)
			fputs(PLAIN, out);
	}
	fputc('\n', out);
}

static const char *missing_reason(const struct layout *layout, size_t place)
{
	const struct table *table = layout->table;

	for (size_t i = 0; i < table->row_count; i++) {
		const struct cell *cell =
			&table->cells[i * table->column_count + layout->columns[place]];

		if (cell->kind == CELL_NULL && cell->reason)
			return cell->reason;
	}
	return NULL;
}

/* "n/a RESPONSE p50, RESPONSE p99: reason", for the columns from FIRST on with that reason. */
static void write_note(FILE *out, const struct layout *layout, size_t first, const char *reason,
		       size_t width)
{
	char text[1024];
	size_t used = 0;

	for (size_t i = first; i < layout->count && used < sizeof(text); i++) {
		const struct column *column = layout__column(layout, i);
		const char *other = missing_reason(layout, i);

		if (!other || strcmp(other, reason))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s",
					 used ? ", " : "n/a ", column->group ? column->group : "",
					 column->group ? " " : "", column->title);
	}
	if (used < sizeof(text))
		snprintf(text + used, sizeof(text) - used, ": %s", reason);
	text_wrap(out, text, 0, 4, width);
	fputc('\n', out);
}

static bool is_noted(const struct layout *layout, size_t place, const char *reason)
{
	for (size_t i = 0; i < place; i++) {
		const char *earlier = missing_reason(layout, i);

		if (earlier && !strcmp(earlier, reason))
			return true;
	}
	return false;
}

static void write_notes(FILE *out, const struct layout *layout, size_t width)
{
	for (size_t i = 0; i < layout->count; i++) {
		const char *reason = missing_reason(layout, i);

		if (reason && !is_noted(layout, i, reason))
			write_note(out, layout, i, reason, width);
	}
}

static void write_table(FILE *out, const struct table *table, const struct output_options *options)
{
	struct layout layout;

	if (!table->row_count && !table->empty)
		return;
	if (!options->no_header)
		fprintf(out, "%s\n", table->row_count ? table->title : table->empty);
	if (!table->row_count)
		return;
	layout__init(&layout, table,
		     &(struct layout_options){ options->width, options->wide, options->unbroken });
	if (!options->no_header) {
		write_groups(out, &layout);
		write_titles(out, &layout);
	}
	for (size_t i = 0; i < table->row_count; i++) {
		write_row(out, &layout, table->cells + i * table->column_count, options);
		text_prose(out, table, i, options->width);
	}
	if (table->omitted && !options->no_header)
		fprintf(out, "and %zu more\n", table->omitted);
	if (!options->no_header)
		write_notes(out, &layout, options->wide ? layout__total(&layout) : options->width);
	if (options->hist)
		text_hists(out, &layout, options->width, options->utf8);
}

static int write_report(FILE *out, const struct report *report, const struct table *tables,
			size_t table_count, const struct output_options *options)
{
	char time[TIME_STRLEN];

	if (report->number)
		fputc('\n', out);
	if (options->time)
		fprintf(out, "%s\n", report_time(report, time, sizeof(time)));
	for (size_t i = 0; i < table_count; i++) {
		write_table(out, &tables[i], options);
		if (!options->no_header && (tables[i].row_count || tables[i].empty))
			fputc('\n', out);
	}
	text_account(out, report, options->width, options->colour);
	return ferror(out) ? -EIO : 0;
}

/* One line a row, however long. */
static int write_rows(FILE *out, const struct table *table, struct output_stream *stream,
		      const struct output_options *options)
{
	struct layout layout;

	layout__init(&layout, table, &(struct layout_options){ SIZE_MAX, options->wide, true });
	if (table->columns == stream->columns)
		layout__widen(&layout, stream->widths);
	if (!stream->headed && !options->no_header)
		write_titles(out, &layout);
	stream->headed = table->columns;
	for (size_t i = 0; i < table->row_count; i++)
		write_row(out, &layout, table->cells + i * table->column_count, options);
	return ferror(out) ? -EIO : 0;
}

const struct output output_text = {
	.name = "text",
	.write = write_report,
	.rows = write_rows,
};
