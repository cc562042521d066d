/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns of a table fit a width, and how wide each is. */
#ifndef connscope_TEXT_LAYOUT_H
#define connscope_TEXT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "table.h"

#define LAYOUT_COLUMNS 64

struct layout {
	const struct table *table;
	size_t columns[LAYOUT_COLUMNS]; /* indices into the table's, in order */
	size_t widths[LAYOUT_COLUMNS];
	size_t count;
};

struct layout_options {
	size_t width;
	bool wide;     /* every column that text may show, whatever WIDTH is */
	bool unbroken; /* rows stay lines: what the first column takes too much comes on top */
};

void layout__init(struct layout *layout, const struct table *table,
		  const struct layout_options *options);

/* Makes columns as wide as WIDTHS, by index of the table's columns, says, and WIDTHS as the layout.
 */
void layout__widen(struct layout *layout, size_t *widths);

/* The one at PLACE of those shown. */
const struct column *layout__column(const struct layout *layout, size_t place);
/* Blanks before it. */
size_t layout__gap(const struct layout *layout, size_t place);
/* How many neighbours from PLACE on, at least 1, are of one group; RET_WIDTH: what they take. */
size_t layout__run(const struct layout *layout, size_t place, size_t *ret_width);
/* What all take together. */
size_t layout__total(const struct layout *layout);

#endif /* connscope_TEXT_LAYOUT_H */
