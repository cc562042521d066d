/* SPDX-License-Identifier: Apache-2.0 */
/* What a person has chosen to see in `top`, and what each key makes of it. No terminal, no data. */
#ifndef connscope_TOP_STATE_H
#define connscope_TOP_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct row;

/* Keys that are no byte; a byte is its own value. */
enum top_key {
	TOP_KEY_NONE = -1, /* nothing was typed */
	TOP_KEY_TAB = '\t',
	TOP_KEY_ENTER = '\n',
	TOP_KEY_ESCAPE = 0x1b,
	TOP_KEY_BACKSPACE = 0x7f,
	TOP_KEY_UP = 0x100,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_BACK_TAB,
	TOP_KEY_RESIZE, /* the terminal has another size */
	TOP_KEY_OTHER,	/* one that means nothing here */
};

#define TOP_TABS       3
#define TOP_DRILL      TOP_TABS /* the page of single connections */
#define TOP_PAGES      (TOP_TABS + 1)
#define TOP_FILTER_LEN 48

/* One table: how it is ordered and cut, and where in it one is. */
struct top_page {
	int sort; /* column of the table; -1: the view's own order */
	bool reverse;
	char filter[TOP_FILTER_LEN];
	size_t cursor;		    /* in the rows that pass the filter */
	size_t scroll;		    /* the first of them on the screen */
	const struct row *selected; /* what the row under the cursor shows; NULL: none */
};

struct top_state {
	size_t tab;
	const struct row *drilled; /* its connections are shown; NULL: the tab is */
	bool typing;		   /* a filter */
	bool frozen;
	bool help;
	size_t help_scroll;
	bool quit;
	struct top_page pages[TOP_PAGES];
};

/* What is on the screen when a key comes. */
struct top_facts {
	size_t rows;	       /* that pass the filter */
	size_t page;	       /* rows that fit, at least 1 */
	const size_t *columns; /* shown, left to right, by their place in the table */
	size_t column_count;
};

void top_state__init(struct top_state *state);
/* Where the keys go: the tab's page, or that of single connections. */
struct top_page *top_state__page(struct top_state *state);
size_t top_state__page_index(const struct top_state *state);
void top_state__key(struct top_state *state, int key, const struct top_facts *facts);

#endif /* connscope_TOP_STATE_H */
