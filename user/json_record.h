/* SPDX-License-Identifier: Apache-2.0 */
/* Cells, records and the account as objects of json-c, which the caller owns. */
#ifndef connscope_JSON_RECORD_H
#define connscope_JSON_RECORD_H

#include <linux/types.h>

struct cell;
struct json_object;
struct report;

struct json_object *json_number(__u64 number);
/* NULL, which is JSON's null, for an empty text. */
struct json_object *json_text(const char *text);
struct json_object *json_cell(const struct cell *cell);

/* Consumes VALUE. A dot in KEY, which must outlive OBJECT, nests. */
void json_add(struct json_object *object, const char *key, struct json_object *value);

/* What each record begins with: its type and the report's time. */
struct json_object *json_record(const struct report *report, const char *type);
/* The account, a record of type "meta". */
struct json_object *json_meta(const struct report *report);

#endif /* connscope_JSON_RECORD_H */
