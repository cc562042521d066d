/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Lines: one object a row, then one of type "meta". */
#include <errno.h>
#include <json-c/json.h>

#include "json_record.h"
#include "output.h"
#include "table.h"

/* Consumes RECORD. */
static void write_record(FILE *out, struct json_object *record)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(record);
}

/* Consumes RECORD. */
static void write_row(FILE *out, struct json_object *record, const struct table *table, size_t row,
		      const struct output_options *options)
{
	const struct cell *cells = table->cells + row * table->column_count;

	for (size_t i = 0; i < table->column_count; i++) {
		if (output_has(&table->columns[i], options))
			json_add(record, table->columns[i].key, json_cell(&cells[i]));
	}
	write_record(out, record);
}

static int write_report(FILE *out, const struct report *report, const struct table *tables,
			size_t table_count, const struct output_options *options)
{
	for (size_t i = 0; i < table_count; i++) {
		for (size_t row = 0; row < tables[i].row_count; row++)
			write_row(out, json_record(report, tables[i].type), &tables[i], row,
				  options);
	}
	write_record(out, json_meta(report));
	return ferror(out) ? -EIO : 0;
}

/* A row has a time of its own, in a column. */
static int write_rows(FILE *out, const struct table *table, struct output_stream *stream,
		      const struct output_options *options)
{
	(void)stream;
	for (size_t row = 0; row < table->row_count; row++) {
		struct json_object *record = json_object_new_object();

		json_add(record, "type", json_text(table->type));
		write_row(out, record, table, row, options);
	}
	return ferror(out) ? -EIO : 0;
}

const struct output output_json = {
	.name = "json",
	.write = write_report,
	.rows = write_rows,
};
