/* SPDX-License-Identifier: Apache-2.0 */
/* What `top` draws: the choices of a person and the tables onto a canvas. */
#ifndef connscope_SCREEN_H
#define connscope_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct canvas;
struct history;
struct row;
struct top_model;
struct top_state;

struct screen {
	struct canvas *canvas;
	struct top_state *state;
	struct top_model *model;
	const char *source; /* what was asked for on the command line; printable */
	__u64 interval_ms;  /* between snapshots */
	bool recorded;	    /* it is of a recording */
	bool utf8;
	bool wide;
	/* Set by screen__draw(). */
	size_t width; /* for the table */
	size_t page;  /* rows of it that fit */
};

/* Arranges the page and draws it all. -ENOMEM: only in part. */
int screen__draw(struct screen *screen);

/* ---- its parts, each from row TOP on in at most ROWS rows ---- */

void screen__table(const struct screen *screen, size_t top, size_t rows);
/* Keys, and the columns that are shown. */
void screen__help(const struct screen *screen, size_t top, size_t rows);
/* The last minutes of the row under the cursor. */
void screen__detail(const struct screen *screen, size_t top, size_t rows);
/* How many rows screen__detail() would fill. */
size_t screen__detail_rows(const struct screen *screen);

/* printf onto the canvas; the column after it. */
size_t screen__print(const struct screen *screen, size_t row, size_t column, unsigned int look,
		     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* "10.0.0.1:80 nginx", what ROW is told apart by. Returns BUF. */
char *screen__row_name(const struct row *row, char *buf, size_t len);
#define ROW_NAME_STRLEN 512 /* a name and a comm, each byte of them escaped, and an endpoint */
/* HISTORY as bars. */
size_t screen__bars(const struct screen *screen, size_t row, size_t column, unsigned int look,
		    const struct history *history);
/* What the tab shows the last minutes of, first what matters most: enum history_kind. */
size_t screen__histories(const struct screen *screen, const int **ret_kinds);
/* Columns of the canvas that are kept from the table, for bars beside it. */
size_t screen__reserved(const struct screen *screen);

#endif /* connscope_SCREEN_H */
