/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a full screen: which way to show it, and the locale. */
#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stddef.h>
#include <string.h>

#include "canvas.h"

struct terminal *terminal__open(const struct terminal_options *options)
{
	const struct terminal_backend *backend = &terminal_curses;
	struct terminal *terminal;

	setlocale(LC_CTYPE, ""); /* ncurses asks it which bytes are one character */
	terminal = backend->open(options);
	if (!terminal) {
		backend = &terminal_plain;
		terminal = backend->open(options);
	}
	if (!terminal)
		return NULL;
	terminal->backend = backend;
	terminal->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	return terminal;
}

void terminal__close(struct terminal *terminal)
{
	if (terminal)
		terminal->backend->close(terminal);
}

int terminal__begin(const struct terminal *terminal, struct canvas *canvas)
{
	int rows, columns;

	terminal->backend->size(terminal, &rows, &columns);
	return canvas__reset(canvas, rows > 0 ? (size_t)rows : 1,
			     columns > 0 ? (size_t)columns : 1);
}

void terminal__show(struct terminal *terminal, const struct canvas *canvas)
{
	terminal->backend->show(terminal, canvas);
}

int terminal__key(struct terminal *terminal)
{
	return terminal->backend->key(terminal);
}
