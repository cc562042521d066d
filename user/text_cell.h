/* SPDX-License-Identifier: Apache-2.0 */
/* Cells and paragraphs as text for people. */
#ifndef connscope_TEXT_CELL_H
#define connscope_TEXT_CELL_H

#include <stdio.h>
#include <stddef.h>
#include <linux/types.h>

#include "table.h"

#define CELL_STRLEN 320 /* a name of 64 bytes, each escaped, and room to spare */

/* Two digits or three, and the unit: 321us 1.7ms 42s 3.5m 12h 9.0d. */
char *duration_format(__u64 us, char *buf, size_t len);
/* 17B 1.5KiB 320MiB. */
char *bytes_format(__u64 bytes, char *buf, size_t len);

/* "-": not known; "n/a": not to be had, see the cell's reason. Printable ASCII only. Returns BUF.
 */
char *cell_format(const struct column *column, const struct cell *cell, char *buf, size_t len);

/* To be highlighted. */
bool cell_is_alarming(const struct column *column, const struct cell *cell);

/* Columns of a terminal that TEXT takes, which is ASCII or bars. */
size_t text_width(const char *text);

#define SERIES_BARS	24 /* in a cell */
#define SERIES_BARS_MAX 64

/* Levels as a sparkline of BARS at most, up to SERIES_BARS_MAX, the highest of neighbours each.
 * Returns BUF. */
char *series_format(const struct cell *cell, size_t bars, bool utf8, char *buf, size_t len);

/* Writes TEXT, breaking lines at blanks so that none goes beyond WIDTH; the cursor stands at column
 * AT and following lines start at INDENT. No newline at the end. */
void text_wrap(FILE *out, const char *text, size_t at, size_t indent, size_t width);

#endif /* connscope_TEXT_CELL_H */
