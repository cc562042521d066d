/* SPDX-License-Identifier: Apache-2.0 */
/* Cells, records and the account as objects of json-c. */
#include "json_record.h"

#include <json-c/json.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "report.h"
#include "table.h"
#include "version.h"

#define SCHEMA	1
#define KEY_LEN 64

struct json_object *json_number(__u64 number)
{
	return json_object_new_int64(number < INT64_MAX ? (int64_t)number : INT64_MAX);
}

struct json_object *json_text(const char *text)
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
		json_object_array_add(list, json_number(items[i]));
	return list;
}

static struct json_object *new_member(const struct named_number *member)
{
	/* A mean or a rate is a count that need not be whole. */
	if (member->type == COLUMN_RATIO ||
	    (member->type == COLUMN_COUNT && member->value != floor(member->value)))
		return new_real(member->value);
	if (member->type == COLUMN_BOOL)
		return json_object_new_boolean(member->value != 0);
	return json_number((__u64)(member->value + 0.5));
}

static struct json_object *new_object(const struct named_number *members, size_t count)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; object && i < count; i++)
		json_object_object_add(object, members[i].key, new_member(&members[i]));
	return object;
}

struct json_object *json_cell(const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NUMBER:
		return json_number(cell->number);
	case CELL_SIGNED:
		return json_object_new_int64(cell->signed_number);
	case CELL_REAL:
		return new_real(cell->real);
	case CELL_TEXT:
		return json_text(cell->text);
	case CELL_BOOL:
		return json_object_new_boolean(cell->truth);
	case CELL_LIST:
		return new_list(cell->list.items, cell->list.count);
	case CELL_OBJECT:
		return new_object(cell->object.members, cell->object.count);
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

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	for (size_t len; key[len = strcspn(key, ".")]; key += len + 1)
		object = child(object, key, len);
	json_object_object_add_ex(object, key, value, JSON_C_OBJECT_KEY_IS_CONSTANT);
}

struct json_object *json_record(const struct report *report, const char *type)
{
	struct json_object *record = json_object_new_object();
	char time[TIME_STRLEN];

	json_object_object_add(record, "type", json_text(type));
	json_object_object_add(record, "ts", json_text(report_time(report, time, sizeof(time))));
	return record;
}

static void add_features(struct json_object *record, const struct report *report)
{
	const struct feature_state *features = report->account.features;
	struct json_object *backends = json_object_new_object();
	struct json_object *reasons = json_object_new_object();

	for (int i = 0; i < FEATURE_MAX; i++) {
		enum mechanism mechanism = features[i].mechanism;

		json_object_object_add(backends, feature_name(i),
				       json_text(mechanism_name(mechanism)));
		if (features[i].reason[0])
			json_object_object_add(reasons, feature_name(i),
					       json_text(features[i].reason));
	}
	if (report->no_events)
		json_object_object_add(reasons, "events", json_text(report->no_events));
	json_object_object_add(record, "backends", backends);
	json_object_object_add(record, "reasons", reasons);
}

struct json_object *json_meta(const struct report *report)
{
	const struct account *account = &report->account;
	struct json_object *record = json_record(report, "meta");

	json_add(record, "schema", json_number(SCHEMA));
	json_add(record, "version", json_text(CONNSCOPE_VERSION));
	json_add(record, "kernel", json_text(account->kernel));
	add_features(record, report);
	json_add(record, "tracked", json_number(account->tracked));
	json_add(record, "partial", json_number(account->partial));
	json_add(record, "no_owner", json_number(account->no_owner));
	json_add(record, "lost_events", json_number(account_lost_events(account)));
	json_add(record, "map_full", json_number(account_map_full(account)));
	json_add(record, "missed_runs",
		 account->missed_runs < 0 ? NULL : json_number((__u64)account->missed_runs));
	json_add(record, "no_histograms", json_number(account->losses[LOSS_GROUP_MAP]));
	json_add(record, "folded", json_number(account->folded));
	json_add(record, "interval_ms", json_number(account->interval_ms));
	json_add(record, "dropped", json_number(account->dropped));
	return record;
}
