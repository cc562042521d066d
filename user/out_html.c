/* SPDX-License-Identifier: Apache-2.0 */
/* One self-contained page: the parts that the build made, and between them the report as JSON. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "arguments.h"
#include "html/page.h"
#include "html_detail.h"
#include "json_record.h"
#include "output.h"
#include "report.h"
#include "table.h"
#include "text_account.h"
#include "version.h"

#define REASONS_MAX 32

/* JSON inside of <script>: nothing in it may look like markup, nor end a line of JavaScript. */
static void put(FILE *out, const char *json)
{
	static const struct {
		const char *from, *to;
	} escapes[] = {
		{ "<", "\\u003c" },
		{ ">", "\\u003e" },
		{ "&", "\\u0026" },
		{ "\xe2\x80\xa8", "\\u2028" },
		{ "\xe2\x80\xa9", "\\u2029" },
		{ "\xe2", "\xe2" },
	};

	while (*json) {
		size_t plain = strcspn(json, "<>&\xe2");

		fwrite(json, 1, plain, out);
		json += plain;
		for (size_t i = 0; *json && i < sizeof(escapes) / sizeof(escapes[0]); i++) {
			size_t len = strlen(escapes[i].from);

			if (strncmp(json, escapes[i].from, len))
				continue;
			fputs(escapes[i].to, out);
			json += len;
			break;
		}
	}
}

/* Consumes OBJECT. */
static void put_object(FILE *out, struct json_object *object)
{
	put(out, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* ---- what the page says of itself ---- */

static struct json_object *new_arguments(char **arguments)
{
	struct json_object *list = json_object_new_array();
	size_t told = arguments_told(arguments);

	for (size_t i = 0; i < told; i++)
		json_object_array_add(list, json_text(arguments[i]));
	if (told && arguments[told])
		json_object_array_add(list, json_text("..."));
	return list;
}

struct clauses {
	struct account_sink sink; /* first */
	struct json_object *list;
};

static void add_clause(struct account_sink *sink, const char *separator, bool alarm,
		       const char *text)
{
	struct json_object *list = ((struct clauses *)sink)->list;
	struct json_object *clause = json_object_new_object();

	json_add(clause, "separator", json_text(separator));
	json_add(clause, "alarm", json_object_new_boolean(alarm));
	json_add(clause, "text", json_text(text));
	json_object_array_add(list, clause);
}

static struct json_object *new_clauses(const struct report *report)
{
	struct clauses clauses = { { add_clause }, json_object_new_array() };

	account_tell(report, &clauses.sink);
	return clauses.list;
}

static void write_head(FILE *out, const struct report *report, const struct output_options *options)
{
	struct json_object *head = json_object_new_object();

	json_add(head, "host", json_text(report->account.host));
	json_add(head, "arguments", new_arguments(options->arguments));
	json_add(head, "account", new_clauses(report));
	json_add(head, "meta", json_meta(report));
	fputs("{\"head\":", out);
	put_object(out, head);
}

/* ---- tables ---- */

static const char *const type_names[] = {
	[COLUMN_TEXT] = "text",	 [COLUMN_COUNT] = "count", [COLUMN_RATIO] = "ratio",
	[COLUMN_US] = "us",	 [COLUMN_MS] = "ms",	   [COLUMN_BYTES] = "bytes",
	[COLUMN_BOOL] = "bool",	 [COLUMN_LIST] = "list",   [COLUMN_SERIES] = "series",
	[COLUMN_PROSE] = "text",
};

static const char *const show_names[] = {
	[SHOW_ALWAYS] = "always",
	[SHOW_NONZERO] = "nonzero",
	[SHOW_ROOM] = "nonzero",
	[SHOW_WIDE] = "wide",
};

#define TYPES (sizeof(type_names) / sizeof(type_names[0]))
#define SHOWS (sizeof(show_names) / sizeof(show_names[0]))

/* What is for JSON alone stands in another column, or in a chart. */
static bool is_shown(const struct table *table, size_t column)
{
	const struct column *about = &table->columns[column];

	return about->show < SHOWS && about->type < TYPES && type_names[about->type];
}

static struct json_object *new_columns(const struct table *table)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		bool pinned = table->pinned & (1ULL << i);
		struct json_object *object;

		if (!is_shown(table, i))
			continue;
		object = json_object_new_object();
		json_add(object, "key", column->key ? json_text(column->key) : NULL);
		json_add(object, "group", column->group ? json_text(column->group) : NULL);
		json_add(object, "title", json_text(column->title));
		json_add(object, "type", json_text(type_names[column->type]));
		json_add(object, "show",
			 json_text(show_names[pinned ? SHOW_ALWAYS : column->show]));
		json_add(object, "alarm", json_object_new_boolean(column->alarm));
		json_add(object, "help", json_text(column->help));
		json_object_array_add(list, object);
	}
	return list;
}

struct reasons {
	const char *texts[REASONS_MAX];
	size_t count;
};

/* Why a cell is missing, as {"na": N}, an index into the table's reasons. */
static struct json_object *new_missing(struct reasons *reasons, const char *reason)
{
	struct json_object *object;
	size_t i = 0;

	while (i < reasons->count && strcmp(reasons->texts[i], reason))
		i++;
	if (i == REASONS_MAX)
		return NULL;
	if (i == reasons->count)
		reasons->texts[reasons->count++] = reason;
	object = json_object_new_object();
	json_add(object, "na", json_number(i));
	return object;
}

static struct json_object *new_value(const struct cell *cell, struct reasons *reasons)
{
	if (cell->kind == CELL_NULL && cell->reason)
		return new_missing(reasons, cell->reason);
	/* All digits: the page rounds it once, as text does. */
	if (cell->kind == CELL_REAL)
		return json_object_new_double(cell->real);
	return json_cell(cell);
}

static void write_row(FILE *out, const struct table *table, size_t row, struct reasons *reasons)
{
	const struct cell *cells = table->cells + row * table->column_count;
	struct json_object *list = json_object_new_array_ext((int)table->column_count);

	for (size_t i = 0; i < table->column_count; i++) {
		if (is_shown(table, i))
			json_object_array_add(list, new_value(&cells[i], reasons));
	}
	fputs(row ? ",\n" : "\n", out);
	put_object(out, list);
}

static void write_table(FILE *out, const struct table *table)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct reasons reasons = { .count = 0 };

	json_add(object, "type", json_text(table->type));
	json_add(object, "title", json_text(table->title));
	json_add(object, "empty", table->empty ? json_text(table->empty) : NULL);
	json_add(object, "omitted", json_number(table->omitted));
	json_add(object, "columns", new_columns(table));
	fputs("{\"about\":", out);
	put_object(out, object);
	fputs(",\"rows\":[", out);
	for (size_t row = 0; row < table->row_count; row++)
		write_row(out, table, row, &reasons);
	for (size_t i = 0; i < reasons.count; i++)
		json_object_array_add(list, json_text(reasons.texts[i]));
	fputs("],\"reasons\":", out);
	put_object(out, list);
	fputs("}", out);
}

/* ---- the page ---- */

static bool has_other(const struct table *tables, size_t count, const char *type)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(tables[i].type, type))
			return true;
	}
	return false;
}

/* Upstreams are no concern of listeners' reports, nor the other way round. */
static void write_details(FILE *out, const struct report *report, const struct table *tables,
			  size_t count)
{
	fputs(",\"upstreams\":", out);
	put_object(out,
		   has_other(tables, count, "listener") ? details_new(report, ROLE_CLIENT) : NULL);
	fputs(",\"listeners\":", out);
	put_object(out,
		   has_other(tables, count, "upstream") ? details_new(report, ROLE_SERVER) : NULL);
}

static int write_report(FILE *out, const struct report *report, const struct table *tables,
			size_t table_count, const struct output_options *options)
{
	fwrite(page_head, 1, sizeof(page_head), out);
	write_head(out, report, options);
	fputs(",\"tables\":[", out);
	for (size_t i = 0; i < table_count; i++) {
		fputs(i ? ",\n" : "\n", out);
		write_table(out, &tables[i]);
	}
	fputs("]", out);
	write_details(out, report, tables, table_count);
	fputs("}", out);
	fwrite(page_tail, 1, sizeof(page_tail), out);
	return ferror(out) ? -EIO : 0;
}

const struct output output_html = {
	.name = "html",
	.write = write_report,
};
