/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal that nothing is known of: whole frames, and the escape sequences that most send. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "canvas.h"
#include "terminal.h"
#include "top_state.h"

#define ROWS	24
#define COLUMNS 80
#define BETWEEN 2 /* newlines after a frame */

struct plain_terminal {
	struct terminal terminal; /* first */
	struct termios before;
	bool clears;   /* it has a type: most of them can */
	char *shown;   /* the last frame */
	char keys[64]; /* read, and not asked for yet */
	size_t key_count;
};

static struct terminal *open_plain(const struct terminal_options *options)
{
	struct plain_terminal *self = calloc(1, sizeof(*self));
	struct termios raw;

	if (!self)
		return NULL;
	if (tcgetattr(STDIN_FILENO, &self->before)) {
		free(self);
		return NULL;
	}
	raw = self->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* stopped, we would leave it so */
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	self->clears = options->type && strcmp(options->type, "dumb");
	return &self->terminal;
}

static void close_plain(struct terminal *terminal)
{
	struct plain_terminal *self = (struct plain_terminal *)terminal;

	if (self->shown && self->clears)
		fputc('\n', stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &self->before);
	free(self->shown);
	free(self);
}

static void size(const struct terminal *terminal, int *ret_rows, int *ret_columns)
{
	const struct plain_terminal *self = (const struct plain_terminal *)terminal;
	struct winsize window = { .ws_row = ROWS, .ws_col = COLUMNS };
	struct winsize found;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) && found.ws_row && found.ws_col)
		window = found;
	/* What follows a frame, if no other, fits too. */
	*ret_rows = window.ws_row - (self->clears ? 0 : BETWEEN);
	*ret_columns = window.ws_col;
}

/* NULL: out of memory. */
static char *frame_of(const struct canvas *canvas)
{
	size_t room = canvas->columns * GLYPH_BYTES + 2, used = 0;
	char *frame = malloc(canvas->rows * room + 1);

	if (!frame)
		return NULL;
	for (size_t row = 0; row < canvas->rows; row++) {
		if (row)
			frame[used++] = '\n';
		used += strlen(canvas__text(canvas, row, frame + used, room));
	}
	frame[used] = '\0';
	return frame;
}

static void show(struct terminal *terminal, const struct canvas *canvas)
{
	struct plain_terminal *self = (struct plain_terminal *)terminal;
	char *frame = frame_of(canvas);

	if (!frame || (self->shown && !strcmp(self->shown, frame))) {
		free(frame);
		return;
	}
	/* Without a newline at the end, so that nothing scrolls away. */
	printf(self->clears ? "\033[H\033[2J%s" : "%s\n\n", frame);
	fflush(stdout);
	free(self->shown);
	self->shown = frame;
}

static const struct {
	const char *bytes;
	int key;
} sequences[] = {
	{ "\033[A", TOP_KEY_UP },	{ "\033OA", TOP_KEY_UP },
	{ "\033[B", TOP_KEY_DOWN },	{ "\033OB", TOP_KEY_DOWN },
	{ "\033[C", TOP_KEY_RIGHT },	{ "\033OC", TOP_KEY_RIGHT },
	{ "\033[D", TOP_KEY_LEFT },	{ "\033OD", TOP_KEY_LEFT },
	{ "\033[H", TOP_KEY_HOME },	{ "\033OH", TOP_KEY_HOME },
	{ "\033[F", TOP_KEY_END },	{ "\033OF", TOP_KEY_END },
	{ "\033[1~", TOP_KEY_HOME },	{ "\033[4~", TOP_KEY_END },
	{ "\033[5~", TOP_KEY_PAGE_UP }, { "\033[6~", TOP_KEY_PAGE_DOWN },
	{ "\033[Z", TOP_KEY_BACK_TAB }, { "\r", TOP_KEY_ENTER },
	{ "\b", TOP_KEY_BACKSPACE },
};

/* The first key of those that were read, and how many bytes it is. */
static int decode(const struct plain_terminal *self, size_t *ret_len)
{
	unsigned char first = (unsigned char)self->keys[0];

	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		size_t len = strlen(sequences[i].bytes);

		if (len > self->key_count || memcmp(self->keys, sequences[i].bytes, len))
			continue;
		*ret_len = len;
		return sequences[i].key;
	}
	*ret_len = 1;
	return first < 0x80 ? first : TOP_KEY_OTHER;
}

static int key(struct terminal *terminal)
{
	struct plain_terminal *self = (struct plain_terminal *)terminal;
	ssize_t got;
	size_t len;
	int found;

	got = read(STDIN_FILENO, self->keys + self->key_count,
		   sizeof(self->keys) - self->key_count);
	if (got > 0)
		self->key_count += (size_t)got;
	if (!self->key_count)
		return TOP_KEY_NONE;
	found = decode(self, &len);
	self->key_count -= len;
	memmove(self->keys, self->keys + len, self->key_count);
	return found;
}

const struct terminal_backend terminal_plain = {
	.open = open_plain,
	.close = close_plain,
	.size = size,
	.show = show,
	.key = key,
};
