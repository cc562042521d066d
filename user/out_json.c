/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Lines: one object a row, then one of type "meta". */
#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "output.h"
#include "report.h"
#include "table.h"
#include "version.h"

#define SCHEMA	1
#define KEY_LEN 64

static struct json_object *new_number(__u64 number)
{
	return json_object_new_int64(number < INT64_MAX ? (int64_t)number : INT64_MAX);
}

/* NULL, which is JSON's null, for an empty text. */
static struct json_object *new_text(const char *text)
{
	auto_free char *clean = text[0] ? escape_utf8(text) : NULL;

	return clean ? json_object_new_string(clean) : NULL;
}

static struct json_object *new_real(double real)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", real);
	return json_object_new_double_s(real, text);
}

static struct json_object *new_list(const __u64 *items, size_t count)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < count; i++)
		json_object_array_add(list, new_number(items[i]));
	return list;
}

static struct json_object *new_value(const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		return new_number(cell->number);
	case CELL_SIGNED:
		return json_object_new_int64(cell->signed_number);
	case CELL_REAL:
		return new_real(cell->real);
	case CELL_TEXT:
		return new_text(cell->text);
	case CELL_BOOL:
		return json_object_new_boolean(cell->truth);
	case CELL_LIST:
		return new_list(cell->list.items, cell->list.count);
	default:
		return NULL;
	}
}

/* The object that the first LEN bytes of KEY name in PARENT, made when it is not there. */
static struct json_object *child(struct json_object *parent, const char *key, size_t len)
{
	struct json_object *object;
	char name[KEY_LEN];

	snprintf(name, sizeof(name), "%.*s", (int)len, key);
	if (!json_object_object_get_ex(parent, name, &object)) {
		object = json_object_new_object();
		json_object_object_add(parent, name, object);
	}
	return object;
}

static void add_value(struct json_object *object, const char *key, struct json_object *value)
{
	for (size_t len; key[len = strcspn(key, ".")]; key += len + 1)
		object = child(object, key, len);
	json_object_object_add(object, key, value);
}

static struct json_object *new_record(const struct report *report, const char *type)
{
	struct json_object *record = json_object_new_object();
	char time[TIME_STRLEN];

	json_object_object_add(record, "type", new_text(type));
	json_object_object_add(record, "ts", new_text(report_time(report, time, sizeof(time))));
	return record;
}

/* Consumes RECORD. */
static void write_record(FILE *out, struct json_object *record)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(record);
}

static void write_row(FILE *out, const struct report *report, const struct table *table,
		      const struct cell *cells)
{
	struct json_object *record = new_record(report, table->type);

	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].key)
			add_value(record, table->columns[i].key, new_value(&cells[i]));
	}
	write_record(out, record);
}

static void add_features(struct json_object *record, const struct feature_state *features)
{
	struct json_object *backends = json_object_new_object();
	struct json_object *reasons = json_object_new_object();

	for (int i = 0; i < FEATURE_MAX; i++) {
		enum mechanism mechanism = features[i].mechanism;

		json_object_object_add(backends, feature_name(i),
				       new_text(mechanism_name(mechanism)));
		if (features[i].reason[0])
			json_object_object_add(reasons, feature_name(i),
					       new_text(features[i].reason));
	}
	json_object_object_add(record, "backends", backends);
	json_object_object_add(record, "reasons", reasons);
}

static void write_meta(FILE *out, const struct report *report)
{
	const struct account *account = &report->account;
	struct json_object *record = new_record(report, "meta");

	add_value(record, "schema", new_number(SCHEMA));
	add_value(record, "version", new_text(CONNSCOPE_VERSION));
	add_value(record, "kernel", new_text(account->kernel));
	add_features(record, account->features);
	add_value(record, "tracked", new_number(account->tracked));
	add_value(record, "partial", new_number(account->partial));
	add_value(record, "no_owner", new_number(account->no_owner));
	add_value(record, "lost_events", new_number(account_lost_events(account)));
	add_value(record, "map_full", new_number(account_map_full(account)));
	add_value(record, "missed_runs",
		  account->missed_runs < 0 ? NULL : new_number((__u64)account->missed_runs));
	add_value(record, "no_histograms", new_number(account->losses[LOSS_GROUP_MAP]));
	add_value(record, "folded", new_number(account->folded));
	add_value(record, "interval_ms", new_number(account->interval_ms));
	write_record(out, record);
}

static int write_report(FILE *out, const struct report *report, const struct table *tables,
			size_t table_count, const struct output_options *options)
{
	(void)options;
	for (size_t i = 0; i < table_count; i++) {
		for (size_t row = 0; row < tables[i].row_count; row++)
			write_row(out, report, &tables[i],
				  tables[i].cells + row * tables[i].column_count);
	}
	write_meta(out, report);
	return ferror(out) ? -EIO : 0;
}

const struct output output_json = {
	.name = "json",
	.write = write_report,
};
