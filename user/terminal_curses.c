/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal by ncurses, which sends only what differs from what is shown. */
#include <curses.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "canvas.h"
#include "terminal.h"
#include "top_state.h"

#include <term.h>
#undef columns /* which it makes a macro */

#define ESCAPE_MS 25 /* a key's further bytes come within that */
#define PAIR_RED  1

struct curses_terminal {
	struct terminal terminal; /* first */
	SCREEN *screen;
	bool colour;
};

/* What is known of TYPE's terminal: 1 that it can move the cursor, 0 that it cannot, -1 nothing. */
static int can_move(const char *type)
{
	int known, err;
	const char *move;

	if (setupterm(type, STDOUT_FILENO, &err) != OK)
		return -1;
	move = tigetstr("cup");
	known = move && move != (char *)-1;
	del_curterm(cur_term);
	return known;
}

/* A static ncurses has few entries, and not those of the newest terminals, which all understand
 * xterm's. NULL: whole frames. */
static const char *known_type(const char *type)
{
	int can = type ? can_move(type) : 0;

	if (can >= 0)
		return can ? type : NULL;
	return can_move("xterm-256color") > 0 ? "xterm-256color" : NULL;
}

static void prepare(struct curses_terminal *self)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	self->colour = self->colour && has_colors() && start_color() == OK &&
		       use_default_colors() == OK && init_pair(PAIR_RED, COLOR_RED, -1) == OK;
}

static struct terminal *open_curses(const struct terminal_options *options)
{
	const char *type = known_type(options->type);
	struct curses_terminal *self = type ? calloc(1, sizeof(*self)) : NULL;

	if (!self)
		return NULL;
	/* The size is the window's, whatever LINES and COLUMNS say. */
	use_env(FALSE);
	use_tioctl(TRUE);
	self->screen = newterm(type, stdout, stdin);
	if (!self->screen) {
		free(self);
		return NULL;
	}
	self->colour = options->colour;
	prepare(self);
	return &self->terminal;
}

static void close_curses(struct terminal *terminal)
{
	struct curses_terminal *self = (struct curses_terminal *)terminal;

	endwin();
	delscreen(self->screen);
	free(self);
}

static void size(const struct terminal *terminal, int *ret_rows, int *ret_columns)
{
	struct winsize window;

	(void)terminal;
	/* With the environment left out, ncurses tells of a change, but does not look itself. */
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) && window.ws_row && window.ws_col &&
	    is_term_resized(window.ws_row, window.ws_col)) {
		resizeterm(window.ws_row, window.ws_col);
		/* Terminals differ in what they make of what was shown. */
		clearok(curscr, TRUE);
	}
	getmaxyx(stdscr, *ret_rows, *ret_columns);
}

static attr_t attributes(const struct curses_terminal *self, unsigned int look)
{
	attr_t attributes = A_NORMAL;

	if (look & LOOK_BOLD)
		attributes |= A_BOLD;
	if (look & LOOK_DIM)
		attributes |= A_DIM;
	if (look & LOOK_SELECTED)
		attributes |= A_REVERSE;
	if (look & LOOK_ALARM)
		attributes |= self->colour ? (attr_t)COLOR_PAIR(PAIR_RED) : A_BOLD;
	return attributes;
}

static void show(struct terminal *terminal, const struct canvas *canvas)
{
	const struct curses_terminal *self = (const struct curses_terminal *)terminal;

	for (size_t row = 0; row < canvas->rows; row++) {
		move((int)row, 0);
		for (size_t i = 0; i < canvas->columns; i++) {
			const struct glyph *glyph = &canvas->glyphs[row * canvas->columns + i];

			attrset((int)attributes(self, glyph->look));
			addstr(glyph->text);
		}
	}
	wnoutrefresh(stdscr);
	doupdate();
}

static int key(struct terminal *terminal)
{
	static const struct {
		int curses, ours;
	} keys[] = {
		{ ERR, TOP_KEY_NONE },
		{ '\r', TOP_KEY_ENTER },
		{ KEY_ENTER, TOP_KEY_ENTER },
		{ '\b', TOP_KEY_BACKSPACE },
		{ KEY_BACKSPACE, TOP_KEY_BACKSPACE },
		{ KEY_UP, TOP_KEY_UP },
		{ KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME },
		{ KEY_END, TOP_KEY_END },
		{ KEY_LEFT, TOP_KEY_LEFT },
		{ KEY_RIGHT, TOP_KEY_RIGHT },
		{ KEY_BTAB, TOP_KEY_BACK_TAB },
		{ KEY_RESIZE, TOP_KEY_RESIZE },
	};
	int got = getch();

	(void)terminal;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].curses == got)
			return keys[i].ours;
	}
	return got < 0x80 ? got : TOP_KEY_OTHER;
}

const struct terminal_backend terminal_curses = {
	.open = open_curses,
	.close = close_curses,
	.size = size,
	.show = show,
	.key = key,
};
