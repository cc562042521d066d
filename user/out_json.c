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

static void write_row(FILE *out, const struct report *report, const struct table *table,
		      const struct cell *cells, const struct output_options *options)
{
	struct json_object *record = json_record(report, table->type);

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
			write_row(out, report, &tables[i],
				  tables[i].cells + row * tables[i].column_count, options);
	}
	write_record(out, json_meta(report));
	return ferror(out) ? -EIO : 0;
}

const struct output output_json = {
	.name = "json",
	.write = write_report,
};
