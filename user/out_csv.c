/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV as of RFC 4180, but lines end in LF: for each table a header and its rows, then the account,
 * with an empty line between. Keys and values are those of JSON.
 *
 * A record is one line, and safe on a terminal: control characters become U+FFFD. A spreadsheet
 * would run a text that begins like a formula, and anybody may name a process: it gets a ' before.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "json_record.h"
#include "output.h"
#include "report.h"
#include "table.h"

#define KEY_LEN	    64
#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the control character at TEXT, which is UTF-8; 0: it is none. */
static size_t control_len(const char *text)
{
	unsigned char first = (unsigned char)text[0];

	if (first < 0x20 || first == 0x7f)
		return 1;
	return first == 0xc2 && (unsigned char)text[1] < 0xa0 ? 2 : 0;
}

static void write_clean(FILE *out, const char *text)
{
	while (*text) {
		size_t control = control_len(text);

		if (control)
			fputs(REPLACEMENT, out);
		else if (*text == '"')
			fputs("\"\"", out);
		else
			putc_unlocked(*text, out);
		text += control ? control : 1;
	}
}

static void write_text(FILE *out, const char *text)
{
	auto_free char *clean = escape_utf8(text);
	bool formula = text[0] && strchr("=+-@", text[0]);
	bool quoted = strpbrk(text, ",\"");

	if (!clean)
		return;
	if (quoted)
		putc_unlocked('"', out);
	if (formula)
		putc_unlocked('\'', out);
	write_clean(out, clean);
	if (quoted)
		putc_unlocked('"', out);
}

static void write_number(FILE *out, __u64 number)
{
	fprintf(out, "%llu", number < INT64_MAX ? number : (__u64)INT64_MAX);
}

static void write_list(FILE *out, const __u64 *items, size_t count)
{
	fputs("\"[", out);
	for (size_t i = 0; i < count; i++) {
		if (i)
			putc_unlocked(',', out);
		write_number(out, items[i]);
	}
	fputs("]\"", out);
}

static void write_object(FILE *out, const struct cell *cell)
{
	struct json_object *object = json_cell(cell);

	write_text(out, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
}

static void write_cell(FILE *out, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		write_number(out, cell->number);
		break;
	case CELL_SIGNED:
		fprintf(out, "%lld", cell->signed_number);
		break;
	case CELL_REAL:
		fprintf(out, "%.4f", cell->real);
		break;
	case CELL_TEXT:
		write_text(out, cell->text);
		break;
	case CELL_BOOL:
		fputs(cell->truth ? "true" : "false", out);
		break;
	case CELL_LIST:
		write_list(out, cell->list.items, cell->list.count);
		break;
	case CELL_OBJECT:
		write_object(out, cell);
		break;
	case CELL_NULL:
		break;
	}
}

/* ---- tables ---- */

static bool has_time(const struct table *table)
{
	return table__find_column(table, "ts") >= 0;
}

static void write_header(FILE *out, const struct table *table, const struct output_options *options)
{
	/* A row that has a time of its own has it in front. */
	fputs(has_time(table) ? "type" : "type,ts", out);
	for (size_t i = 0; i < table->column_count; i++) {
		if (output_has(&table->columns[i], options))
			fprintf(out, ",%s", table->columns[i].key);
	}
	putc_unlocked('\n', out);
}

static void write_row(FILE *out, const char *ts, const struct table *table,
		      const struct cell *cells, const struct output_options *options)
{
	fputs(table->type, out);
	if (ts)
		fprintf(out, ",%s", ts);
	for (size_t i = 0; i < table->column_count; i++) {
		if (!output_has(&table->columns[i], options))
			continue;
		putc_unlocked(',', out);
		write_cell(out, &cells[i]);
	}
	putc_unlocked('\n', out);
}

static void write_table(FILE *out, const char *ts, const struct table *table,
			const struct output_options *options)
{
	if (!options->no_header)
		write_header(out, table, options);
	for (size_t row = 0; row < table->row_count; row++)
		write_row(out, ts, table, table->cells + row * table->column_count, options);
}

/* ---- the account ---- */

/* Writes the members of OBJECT, or their keys, which begin with PREFIX; a dot for nested ones. */
static void write_members(FILE *out, struct json_object *object, const char *prefix, bool keys)
{
	json_object_object_foreach(object, key, value)
	{
		char name[KEY_LEN];

		snprintf(name, sizeof(name), "%s%s", prefix, key);
		if (json_object_is_type(value, json_type_object)) {
			strncat(name, ".", sizeof(name) - strlen(name) - 1);
			write_members(out, value, name, keys);
			continue;
		}
		if (strcmp(name, "type"))
			putc_unlocked(',', out);
		if (keys)
			fputs(name, out);
		else if (value)
			write_text(out, json_object_get_string(value));
	}
}

/* JSON has the reasons that there are; here each feature has its column, and so have events. */
static void complete_reasons(struct json_object *meta)
{
	struct json_object *reasons = json_object_object_get(meta, "reasons");
	struct json_object *all = json_object_new_object();

	for (int i = 0; i < FEATURE_MAX; i++)
		json_object_object_add(
			all, feature_name(i),
			json_object_get(json_object_object_get(reasons, feature_name(i))));
	json_object_object_add(all, "events",
			       json_object_get(json_object_object_get(reasons, "events")));
	json_object_object_add(meta, "reasons", all);
}

static void write_meta(FILE *out, const struct report *report, bool header)
{
	struct json_object *meta = json_meta(report);

	complete_reasons(meta);
	if (header) {
		write_members(out, meta, "", true);
		putc_unlocked('\n', out);
	}
	write_members(out, meta, "", false);
	putc_unlocked('\n', out);
	json_object_put(meta);
}

static int write_report(FILE *out, const struct report *report, const struct table *tables,
			size_t table_count, const struct output_options *options)
{
	bool header = !options->no_header;
	char ts[TIME_STRLEN];

	report_time(report, ts, sizeof(ts));
	if (header && report->number)
		putc_unlocked('\n', out);
	for (size_t i = 0; i < table_count; i++) {
		write_table(out, ts, &tables[i], options);
		if (header)
			putc_unlocked('\n', out);
	}
	write_meta(out, report, header);
	return ferror(out) ? -EIO : 0;
}

static int write_rows(FILE *out, const struct table *table, struct output_stream *stream,
		      const struct output_options *options)
{
	if (stream->headed != table->columns && !options->no_header) {
		if (stream->headed)
			putc_unlocked('\n', out);
		write_header(out, table, options);
	}
	stream->headed = table->columns;
	for (size_t row = 0; row < table->row_count; row++)
		write_row(out, NULL, table, table->cells + row * table->column_count, options);
	return ferror(out) ? -EIO : 0;
}

const struct output output_csv = {
	.name = "csv",
	.write = write_report,
	.rows = write_rows,
};
