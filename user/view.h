/* SPDX-License-Identifier: Apache-2.0 */
/* Views: what each shows of a report. A new one is one file and one line in view.c. */
#ifndef connscope_VIEW_H
#define connscope_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct column;
struct report;
struct table;

struct view {
	const char *name;
	const char *help;
	const struct column *columns;
	size_t column_count;
	/* Initialises and fills TABLE from REPORT, in the view's own default order; -errno. The
	 * caller owns TABLE after success. */
	int (*fill)(const struct report *report, struct table *table);
	const struct view *below; /* follows in the same report; or NULL */
};

extern const struct view view_reuse;
extern const struct view view_accept;
extern const struct view view_close;
extern const struct view view_conns;
extern const struct view view_doctor;
extern const struct view view_learnt; /* below doctor */

/* True when a table of VIEW, or of any of "all" where VIEW is none, has a column that KEY names. */
bool view_has_column(const char *view, const char *key);

/* NULL: no such view. "all" is no view but reuse, accept and close. */
const struct view *view_find(const char *name);
/* The views of "all", in order. */
size_t view_all(const struct view *const **ret_views);

#endif /* connscope_VIEW_H */
