/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of views. */
#include "view.h"

#include <string.h>

#include "table.h"

static const struct view *const views[] = { &view_reuse, &view_accept, &view_close, &view_conns,
					    &view_doctor };

#define VIEW_COUNT (sizeof(views) / sizeof(views[0]))
#define ALL_COUNT  3 /* those of "all" come first */

const struct view *view_find(const char *name)
{
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		if (!strcmp(views[i]->name, name))
			return views[i];
	}
	return NULL;
}

size_t view_all(const struct view *const **ret_views)
{
	*ret_views = views;
	return ALL_COUNT;
}

bool view_has_column(const char *view, const char *key)
{
	bool all = !view_find(view);
	struct table table;

	for (size_t i = 0; i < VIEW_COUNT; i++) {
		if (all ? i >= ALL_COUNT : strcmp(view, views[i]->name) != 0)
			continue;
		table__init(&table, "", views[i]->columns, views[i]->column_count);
		if (table__find_column(&table, key) >= 0)
			return true;
	}
	return false;
}
