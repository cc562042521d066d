/* SPDX-License-Identifier: Apache-2.0 */
/* Typed columns and rows: the model between views, which fill it, and outputs, which walk it. */
#ifndef connscope_TABLE_H
#define connscope_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

enum column_type {
	COLUMN_TEXT,
	COLUMN_COUNT, /* integer */
	COLUMN_RATIO, /* 0 to 1; text prints per cent */
	COLUMN_US,    /* microseconds; text scales to us, ms, s, m, h */
	COLUMN_MS,
	COLUMN_BYTES, /* text scales to KiB, MiB ... */
	COLUMN_BOOL,
	COLUMN_LIST, /* of non-negative integers */
	COLUMN_HIST, /* list of counts by bucket of connscope/hist.h, up to the last that has any */
	COLUMN_HIST_US, /* the same, of microseconds */
	COLUMN_SERIES,	/* list of levels, the oldest first; text draws a sparkline */
	COLUMN_PROSE, /* text, in text outputs a paragraph below the row, with the title in front */
	COLUMN_OBJECT, /* numbers by name */
};

/* When a text table shows a column. Where those of the first two kinds do not fit together, the
 * rightmost go first. */
enum column_show {
	SHOW_ALWAYS,
	SHOW_NONZERO, /* always, unless every cell is zero or not known */
	SHOW_ROOM,    /* the same, when the terminal has room, in list order */
	SHOW_WIDE,    /* with --wide */
	SHOW_NEVER,   /* JSON and CSV alone */
	SHOW_HIST,    /* the same, with --hist */
};

struct column {
	const char
		*key; /* JSON key with its unit; a dot nests: "connect_us.p50"; NULL: text alone */
	const char *group; /* text header above neighbours that share it, or NULL */
	const char *title; /* text header; --sort takes "GROUP TITLE" beside the key */
	enum column_type type;
	enum column_show show;
	bool alarm;	  /* text: a value above 0 is highlighted */
	const char *help; /* one line: what it counts */
};

enum cell_kind {
	CELL_NULL, /* not known: text "-", or "n/a" where a reason is given; JSON null */
	CELL_NUMBER,
	CELL_SIGNED,
	CELL_REAL,
	CELL_TEXT,
	CELL_BOOL,
	CELL_LIST,
	CELL_OBJECT,
};

struct named_number {
	const char *key;       /* static */
	enum column_type type; /* COLUMN_RATIO is real, COLUMN_BOOL a truth, others integers */
	double value;
};

struct cell {
	enum cell_kind kind;
	union {
		__u64 number;
		__s64 signed_number;
		double real;
		char *text; /* owned by the table */
		bool truth;
		struct {
			__u64 *items; /* owned by the table */
			size_t count;
		} list;
		struct {
			struct named_number *members; /* owned by the table */
			size_t count;
		} object;
	};
	const char *reason; /* CELL_NULL: why this is not to be had here, static string; or NULL */
};

struct table {
	const char *type;  /* JSON record type: "upstream", "listener", "close" */
	const char *title; /* text: one line above the table */
	const char *empty; /* text: said in place of a table without rows; NULL: nothing */
	char *said;	   /* where that is not static; owned by the table, or NULL */
	const struct column *columns;
	size_t column_count;
	size_t row_count;
	size_t row_room;
	size_t omitted; /* rows that table__truncate() dropped */
	__u64 pinned;	/* bit N: column N is shown as SHOW_ALWAYS, and whole: rows differ by it */
	struct cell *cells;   /* row_count * column_count */
	const void **origins; /* of each row, what it was made from, where the view says; or NULL */
};

/* COLUMNS must outlive the table. */
void table__init(struct table *table, const char *type, const struct column *columns,
		 size_t column_count);
void table__done(struct table *table);

/* A new row of CELL_NULLs, valid until the next one is added; NULL when out of memory. */
struct cell *table__add_row(struct table *table);

/* Index of the column that KEY names by its key or, in any case, its title; -1 none. */
int table__find_column(const struct table *table, const char *key);
/* Numbers descending, text ascending, unknown last; stable. */
void table__sort(struct table *table, int column);
/* The rows in that order, or with REVERSE in the opposite one, unknown last all the same; as they
 * stand where COLUMN is -1. RET_ORDER has room for row_count. -ENOMEM. */
int table__order(const struct table *table, int column, bool reverse, size_t *ret_order);
/* Keeps the first ROWS rows. */
void table__truncate(struct table *table, size_t rows);

struct cell cell_number(__u64 number);
struct cell cell_signed(__s64 number);
struct cell cell_real(double real);
struct cell cell_bool(bool truth);
/* Copies TEXT; a CELL_NULL when out of memory. */
struct cell cell_text(const char *text);
struct cell cell_list(const __u64 *items, size_t count);
struct cell cell_object(const struct named_number *members, size_t count);
struct cell cell_missing(const char *reason);

#endif /* connscope_TABLE_H */
