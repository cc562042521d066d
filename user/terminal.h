/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a full screen: keys from it, a canvas to it. */
#ifndef connscope_TERMINAL_H
#define connscope_TERMINAL_H

#include <stdbool.h>

struct canvas;
struct terminal;

struct terminal_options {
	const char *type; /* TERM, or NULL */
	bool colour;
};

/* One way to show and to read. */
struct terminal_backend {
	/* NULL: not on this terminal, and nothing is changed. */
	struct terminal *(*open)(const struct terminal_options *options);
	void (*close)(struct terminal *terminal);
	void (*size)(const struct terminal *terminal, int *ret_rows, int *ret_columns);
	void (*show)(struct terminal *terminal, const struct canvas *canvas);
	int (*key)(struct terminal *terminal);
};

struct terminal {
	const struct terminal_backend *backend;
	bool utf8; /* characters beyond ASCII can be shown */
};

/* Sends only what differs from what is shown. */
extern const struct terminal_backend terminal_curses;
/* Whole frames, without looks: for terminals that terminfo does not know, or that cannot move. */
extern const struct terminal_backend terminal_plain;

/* Takes stdin and stdout, which are a terminal. NULL: cannot, see errno. */
struct terminal *terminal__open(const struct terminal_options *options);
/* Gives the screen back as it was; NULL is fine. */
void terminal__close(struct terminal *terminal);

/* Blanks CANVAS, in the size that the screen has now. -ENOMEM. */
int terminal__begin(const struct terminal *terminal, struct canvas *canvas);
void terminal__show(struct terminal *terminal, const struct canvas *canvas);
/* What was typed: enum top_key or a byte; TOP_KEY_NONE when there is nothing. Does not wait. */
int terminal__key(struct terminal *terminal);

#endif /* connscope_TERMINAL_H */
