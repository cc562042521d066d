/* SPDX-License-Identifier: Apache-2.0 */
/* Number, duration, size and ratio formats, and line breaking. */
#include "text_cell.h"

#include <string.h>

#include "escape.h"
#include "spark.h"

struct unit {
	double size;
	double below; /* in this unit: from here on the next one reads better */
	const char *name;
};

/* Zero has no unit. */
static char *scaled_format(double value, const struct unit *unit, char *buf, size_t len)
{
	if (value <= 0) {
		snprintf(buf, len, "0");
		return buf;
	}
	while (unit->below > 0 && value / unit->size >= unit->below)
		unit++;
	value /= unit->size;
	/* From 9.95 on one decimal would print 10.0. */
	snprintf(buf, len, unit->size > 1 && value < 9.95 ? "%.1f%s" : "%.0f%s", value, unit->name);
	return buf;
}

char *duration_format(__u64 us, char *buf, size_t len)
{
	static const struct unit units[] = {
		{ 1, 1000, "us" },   { 1e3, 999.5, "ms" },  { 1e6, 99.5, "s" },
		{ 60e6, 99.5, "m" }, { 3600e6, 99.5, "h" }, { 86400e6, 0, "d" },
	};

	return scaled_format((double)us, units, buf, len);
}

char *bytes_format(__u64 bytes, char *buf, size_t len)
{
	static const struct unit units[] = {
		{ 1, 1024, "B" },
		{ 1024., 1023.5, "KiB" },
		{ 1048576., 1023.5, "MiB" },
		{ 1073741824., 1023.5, "GiB" },
		{ 1099511627776., 0, "TiB" },
	};

	return scaled_format((double)bytes, units, buf, len);
}

static char *number_format(enum column_type type, __u64 number, char *buf, size_t len)
{
	switch (type) {
	case COLUMN_US:
		return duration_format(number, buf, len);
	case COLUMN_MS:
		return duration_format(number * 1000, buf, len);
	case COLUMN_BYTES:
		return bytes_format(number, buf, len);
	default:
		snprintf(buf, len, "%llu", number);
		return buf;
	}
}

/* As many as there is room for, separated by blanks; "+" stands for the rest. */
static char *list_format(const __u64 *items, size_t count, char *buf, size_t len)
{
	size_t used = 0;
	char text[24];

	snprintf(buf, len, "-");
	for (size_t i = 0; i < count; i++) {
		int more = snprintf(text, sizeof(text), "%s%llu", i ? " " : "", items[i]);

		if (used + (size_t)more + sizeof(" +") > len) {
			snprintf(buf + used, len - used, " +");
			break;
		}
		memcpy(buf + used, text, (size_t)more + 1);
		used += (size_t)more;
	}
	return buf;
}

char *series_format(const struct cell *cell, size_t bars, bool utf8, char *buf, size_t len)
{
	size_t most = bars < SERIES_BARS_MAX ? bars : SERIES_BARS_MAX, used = 0;
	size_t count = cell->list.count, merge = (count + most - 1) / most;
	__u64 levels[SERIES_BARS_MAX] = { 0 };

	for (size_t i = 0; i < count; i++) {
		used = i / merge + 1;
		if (cell->list.items[i] > levels[used - 1])
			levels[used - 1] = cell->list.items[i];
	}
	return spark_format(levels, used, 0, utf8, buf, len);
}

size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

char *cell_format(const struct column *column, const struct cell *cell, char *buf, size_t len)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		return number_format(column->type, cell->number, buf, len);
	case CELL_SIGNED:
		snprintf(buf, len, "%lld", cell->signed_number);
		return buf;
	case CELL_REAL:
		snprintf(buf, len, column->type == COLUMN_RATIO ? "%.1f%%" : "%.2f",
			 column->type == COLUMN_RATIO ? cell->real * 100 : cell->real);
		return buf;
	case CELL_TEXT:
		return escape_bytes(cell->text, buf, len);
	case CELL_BOOL:
		snprintf(buf, len, "%s", cell->truth ? "yes" : "no");
		return buf;
	case CELL_LIST:
		if (column->type == COLUMN_SERIES)
			return series_format(cell, SERIES_BARS, false, buf, len);
		return list_format(cell->list.items, cell->list.count, buf, len);
	default:
		snprintf(buf, len, "%s", cell->reason ? "n/a" : "-");
		return buf;
	}
}

bool cell_is_alarming(const struct column *column, const struct cell *cell)
{
	if (!column->alarm)
		return false;
	return cell->kind == CELL_BOOL ? cell->truth : cell->kind == CELL_NUMBER && cell->number;
}

void text_wrap(FILE *out, const char *text, size_t at, size_t indent, size_t width)
{
	size_t start = at;

	while (*text) {
		size_t len = strcspn(text, " ");

		/* A word that is longer than a line stands on one of its own. */
		if (at > start && at + 1 + len > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = start = indent;
		} else if (at > start) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
}
