/* SPDX-License-Identifier: Apache-2.0 */
/* Paragraphs below the row of a text table. */
#ifndef connscope_TEXT_PROSE_H
#define connscope_TEXT_PROSE_H

#include <stddef.h>
#include <stdio.h>

struct table;

/* Writes those of ROW, titles in front, no wider than WIDTH, with an empty line before the next
 * row. Nothing where TABLE has none. */
void text_prose(FILE *out, const struct table *table, size_t row, size_t width);

#endif /* connscope_TEXT_PROSE_H */
