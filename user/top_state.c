/* SPDX-License-Identifier: Apache-2.0 */
/* What a person has chosen to see in `top`, and what each key makes of it. */
#include "top_state.h"

#include <string.h>

void top_state__init(struct top_state *state)
{
	memset(state, 0, sizeof(*state));
	for (size_t i = 0; i < TOP_PAGES; i++)
		state->pages[i].sort = -1;
}

size_t top_state__page_index(const struct top_state *state)
{
	return state->drilled ? TOP_DRILL : state->tab;
}

struct top_page *top_state__page(struct top_state *state)
{
	return &state->pages[top_state__page_index(state)];
}

static void go_to_tab(struct top_state *state, size_t tab)
{
	state->tab = tab % TOP_TABS;
	state->drilled = NULL;
}

static void drill(struct top_state *state)
{
	struct top_page *page = &state->pages[TOP_DRILL];

	/* Of single connections none is selected. */
	if (!top_state__page(state)->selected)
		return;
	state->drilled = top_state__page(state)->selected;
	page->cursor = 0;
	page->filter[0] = '\0';
}

static void go_back(struct top_state *state)
{
	struct top_page *page = top_state__page(state);

	if (state->drilled)
		state->drilled = NULL;
	else
		page->filter[0] = '\0';
}

/* STEP columns to the right of the one that decides now; from none, the first or the last. */
static void move_sort(struct top_page *page, const struct top_facts *facts, int step)
{
	size_t count = facts->column_count, at = step > 0 ? count - 1 : 0;

	if (!count)
		return;
	for (size_t i = 0; page->sort >= 0 && i < count; i++) {
		if (facts->columns[i] == (size_t)page->sort)
			at = i;
	}
	at = (at + count + (size_t)(step + (int)count)) % count;
	page->sort = (int)facts->columns[at];
	page->reverse = false;
}

static size_t last_row(const struct top_facts *facts)
{
	return facts->rows ? facts->rows - 1 : 0;
}

/* Of LAST + 1 places. False: KEY moves nothing. */
static bool move(size_t *at, size_t last, size_t page, int key)
{
	size_t down = last > *at ? last - *at : 0;

	switch (key) {
	case TOP_KEY_UP:
		*at -= *at > 0;
		return true;
	case TOP_KEY_DOWN:
		*at += down > 0;
		return true;
	case TOP_KEY_PAGE_UP:
		*at -= *at < page ? *at : page;
		return true;
	case TOP_KEY_PAGE_DOWN:
		*at += down < page ? down : page;
		return true;
	case TOP_KEY_HOME:
		*at = 0;
		return true;
	case TOP_KEY_END:
		*at = last;
		return true;
	default:
		return false;
	}
}

static int arrow_of(int key)
{
	switch (key) {
	case 'k':
		return TOP_KEY_UP;
	case 'j':
		return TOP_KEY_DOWN;
	case 'g':
		return TOP_KEY_HOME;
	case 'G':
		return TOP_KEY_END;
	default:
		return key;
	}
}

/* How far the text goes is the screen's to know, and to cut. */
static void help_key(struct top_state *state, int key, const struct top_facts *facts)
{
	size_t last = state->help_scroll + facts->page;

	if (key == TOP_KEY_RESIZE || key == TOP_KEY_OTHER)
		return;
	if (!move(&state->help_scroll, last, facts->page, arrow_of(key)))
		state->help = false;
}

static void type(struct top_state *state, int key, const struct top_facts *facts)
{
	struct top_page *page = top_state__page(state);
	size_t len = strlen(page->filter);

	if (move(&page->cursor, last_row(facts), facts->page, key))
		return;
	if (key == TOP_KEY_ENTER || key == TOP_KEY_TAB) {
		state->typing = false;
	} else if (key == TOP_KEY_ESCAPE) {
		state->typing = false;
		page->filter[0] = '\0';
	} else if (key == TOP_KEY_BACKSPACE && len) {
		page->filter[len - 1] = '\0';
	} else if (key >= 0x20 && key < 0x7f && len + 1 < sizeof(page->filter)) {
		page->filter[len] = (char)key;
		page->filter[len + 1] = '\0';
		page->cursor = 0;
	}
}

static void command(struct top_state *state, int key, const struct top_facts *facts)
{
	struct top_page *page = top_state__page(state);

	switch (key) {
	case 'q':
		state->quit = true;
		break;
	case '?':
	case 'h':
		state->help = true;
		state->help_scroll = 0;
		break;
	case '/':
		state->typing = true;
		break;
	case ' ':
	case 'p':
		state->frozen = !state->frozen;
		break;
	case 'r':
		page->reverse = !page->reverse;
		break;
	case 's':
	case '>':
	case TOP_KEY_RIGHT:
		move_sort(page, facts, 1);
		break;
	case '<':
	case TOP_KEY_LEFT:
		move_sort(page, facts, -1);
		break;
	case TOP_KEY_TAB:
		go_to_tab(state, state->tab + 1);
		break;
	case TOP_KEY_BACK_TAB:
		go_to_tab(state, state->tab + TOP_TABS - 1);
		break;
	case TOP_KEY_ENTER:
		drill(state);
		break;
	case TOP_KEY_ESCAPE:
	case TOP_KEY_BACKSPACE:
		go_back(state);
		break;
	default:
		if (key >= '1' && key < '1' + TOP_TABS)
			go_to_tab(state, (size_t)(key - '1'));
		else
			move(&page->cursor, last_row(facts), facts->page, arrow_of(key));
	}
}

void top_state__key(struct top_state *state, int key, const struct top_facts *facts)
{
	if (state->help)
		help_key(state, key, facts);
	else if (state->typing)
		type(state, key, facts);
	else
		command(state, key, facts);
}
