/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms as lines of bars: ranges that people can read, counts, shares. */
#include "text_hist.h"

#include <string.h>

#include "hist.h"
#include "spark.h"
#include "text_cell.h"
#include "text_layout.h"

#define RANGE_STRLEN 48
#define WIDEST_MERGE 8 /* all buckets, by so many, are not more than HIST_LINES */
#define BAR_MIN	     8

_Static_assert(HIST_SLOTS / WIDEST_MERGE <= HIST_LINES, "a histogram fits");

size_t hist_lines(const __u64 *counts, size_t count, struct hist_line *ret_lines)
{
	__u32 merge = 1, first = 0, end = (__u32)count;
	size_t lines = 0;

	while (end && !counts[end - 1])
		end--;
	while (first < end && !counts[first])
		first++;
	if (first == end)
		return 0;
	while ((end - 1) / merge - first / merge >= HIST_LINES)
		merge *= 2;
	for (__u32 at = first / merge * merge; at < end; at += merge) {
		struct hist_line line = { .first = at, .end = at + merge };

		for (__u32 slot = at; slot < at + merge && slot < count; slot++)
			line.count += counts[slot];
		ret_lines[lines++] = line;
	}
	return lines;
}

/* Of times the end is not of the range; of counts it is, and a range of one is one number. */
static void range_format(const struct hist_line *line, enum column_type type, char *buf, size_t len)
{
	__u64 low = hist_slot_low(line->first), end = hist_slot_low(line->end);
	bool open_ended = line->end >= HIST_SLOTS;
	char from[16], to[16];

	if (type == COLUMN_HIST_US) {
		duration_format(low, from, sizeof(from));
		duration_format(end, to, sizeof(to));
	} else {
		snprintf(from, sizeof(from), "%llu", low);
		snprintf(to, sizeof(to), "%llu", end - 1);
	}
	if (!strcmp(from, to))
		snprintf(buf, len, "%s", from);
	else
		snprintf(buf, len, "%s..%s", from, open_ended ? "" : to);
}

/* What is not nothing is to be seen. */
static void write_bar(FILE *out, __u64 count, __u64 most, size_t width, bool utf8)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	size_t steps = utf8 ? 8 : 1;
	size_t length = (size_t)((double)count / (double)most * (double)(width * steps) + 0.5);

	if (count && !length)
		length = 1;
	for (size_t i = 0; i < length / steps; i++)
		fputs(utf8 ? "█" : "#", out);
	fputs(eighths[length % steps], out);
}

struct shape {
	int range, count; /* widths */
	size_t bar;
	__u64 sum, most;
};

static void measure(const struct hist_line *lines, size_t count, enum column_type type,
		    size_t width, struct shape *ret)
{
	size_t taken;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < count; i++) {
		char range[RANGE_STRLEN];
		int len;

		range_format(&lines[i], type, range, sizeof(range));
		len = (int)strlen(range);
		ret->range = len > ret->range ? len : ret->range;
		ret->sum += lines[i].count;
		ret->most = lines[i].count > ret->most ? lines[i].count : ret->most;
	}
	ret->count = snprintf(NULL, 0, "%llu", ret->most);
	taken = (size_t)(2 + ret->range + 2 + ret->count) + strlen("  100.0%  ");
	ret->bar = width > taken + BAR_MIN ? width - taken : BAR_MIN;
}

static void write_lines(FILE *out, const struct hist_line *lines, size_t count,
			enum column_type type, const struct shape *shape, bool utf8)
{
	for (size_t i = 0; i < count; i++) {
		double share = (double)lines[i].count / (double)shape->sum * 100;
		char range[RANGE_STRLEN];

		range_format(&lines[i], type, range, sizeof(range));
		fprintf(out, "  %*s  %*llu  %5.1f%%", shape->range, range, shape->count,
			lines[i].count, share);
		if (lines[i].count)
			fputs("  ", out);
		write_bar(out, lines[i].count, shape->most, shape->bar, utf8);
		fputc('\n', out);
	}
}

/* What tells the row from others: the texts and pinned columns that it begins with. */
static void write_label(FILE *out, const struct layout *layout, const struct cell *cells)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct column *column = layout__column(layout, i);
		bool pinned = layout->table->pinned >> layout->columns[i] & 1;
		char text[CELL_STRLEN];

		if (column->type != COLUMN_TEXT && !pinned)
			break;
		fprintf(out, "%s%s", i ? " " : "",
			cell_format(column, &cells[layout->columns[i]], text, sizeof(text)));
	}
}

static void write_hist(FILE *out, const struct layout *layout, const struct cell *cells,
		       size_t column, size_t width, bool utf8)
{
	const struct column *of = &layout->table->columns[column];
	const struct cell *cell = &cells[column];
	struct hist_line lines[HIST_LINES];
	struct shape shape;
	size_t count;

	if (cell->kind != CELL_LIST)
		return;
	count = hist_lines(cell->list.items, cell->list.count, lines);
	if (!count)
		return;
	measure(lines, count, of->type, width, &shape);
	fputc('\n', out);
	write_label(out, layout, cells);
	fprintf(out, ": %s, %llu in all\n", of->title, shape.sum);
	write_lines(out, lines, count, of->type, &shape, utf8);
}

static void write_series(FILE *out, const struct layout *layout, const struct cell *cells,
			 size_t column, size_t width, bool utf8)
{
	size_t bars = width > 2 ? width - 2 : 1;
	char text[SERIES_BARS_MAX * SPARK_BYTES + 1];
	__u64 most = 0;

	if (cells[column].kind != CELL_LIST)
		return;
	for (size_t i = 0; i < cells[column].list.count; i++)
		most = cells[column].list.items[i] > most ? cells[column].list.items[i] : most;
	if (!most)
		return;
	fputc('\n', out);
	write_label(out, layout, cells);
	fprintf(out, ": %s, at most %llu\n  %s\n", layout->table->columns[column].title, most,
		series_format(&cells[column], bars, utf8, text, sizeof(text)));
}

void text_hists(FILE *out, const struct layout *layout, size_t width, bool utf8)
{
	const struct table *table = layout->table;

	for (size_t row = 0; row < table->row_count; row++) {
		const struct cell *cells = table->cells + row * table->column_count;

		for (size_t i = 0; i < table->column_count; i++) {
			enum column_type type = table->columns[i].type;

			if (type == COLUMN_HIST || type == COLUMN_HIST_US)
				write_hist(out, layout, cells, i, width, utf8);
			else if (type == COLUMN_SERIES)
				write_series(out, layout, cells, i, width, utf8);
		}
	}
}
