/* SPDX-License-Identifier: Apache-2.0 */
/* A screen in memory: what is drawn goes here, a terminal shows it. */
#ifndef connscope_CANVAS_H
#define connscope_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#define GLYPH_BYTES 4 /* of UTF-8, one column wide, and a NUL */

/* A set. */
enum look {
	LOOK_PLAIN = 0,
	LOOK_BOLD = 1 << 0,
	LOOK_DIM = 1 << 1,
	LOOK_ALARM = 1 << 2, /* red, or bold where there is no colour */
	LOOK_SELECTED = 1 << 3,
};

struct glyph {
	char text[GLYPH_BYTES];
	unsigned char look;
};

struct canvas {
	size_t rows, columns;
	struct glyph *glyphs; /* rows * columns */
};

/* All blank, of that size. -ENOMEM: as it was. A zeroed canvas is an empty one. */
int canvas__reset(struct canvas *canvas, size_t rows, size_t columns);
void canvas__done(struct canvas *canvas);

/* TEXT is of characters one column wide, and cut at the edge, as is what lies beyond. Returns the
 * column after it. */
size_t canvas__put(struct canvas *canvas, size_t row, size_t column, unsigned int look,
		   const char *text);
/* A whole row takes LOOK beside what it has. */
void canvas__paint(struct canvas *canvas, size_t row, unsigned int look);

/* Row ROW without the blanks at its end; BUF has room for columns * GLYPH_BYTES. */
char *canvas__text(const struct canvas *canvas, size_t row, char *buf, size_t len);

#endif /* connscope_CANVAS_H */
