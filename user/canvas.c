/* SPDX-License-Identifier: Apache-2.0 */
/* A screen in memory: what is drawn goes here, a terminal shows it. */
#include "canvas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int canvas__reset(struct canvas *canvas, size_t rows, size_t columns)
{
	size_t count = rows * columns;

	if (rows != canvas->rows || columns != canvas->columns) {
		struct glyph *glyphs = reallocarray(canvas->glyphs, count + 1, sizeof(*glyphs));

		if (!glyphs)
			return -ENOMEM;
		canvas->glyphs = glyphs;
		canvas->rows = rows;
		canvas->columns = columns;
	}
	for (size_t i = 0; i < count; i++)
		canvas->glyphs[i] = (struct glyph){ .text = " " };
	return 0;
}

void canvas__done(struct canvas *canvas)
{
	free(canvas->glyphs);
	memset(canvas, 0, sizeof(*canvas));
}

/* Bytes of the UTF-8 character at TEXT. */
static size_t glyph_len(const char *text)
{
	size_t len = 1;

	while (len < GLYPH_BYTES - 1 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

size_t canvas__put(struct canvas *canvas, size_t row, size_t column, unsigned int look,
		   const char *text)
{
	if (row >= canvas->rows)
		return column;
	for (; *text && column < canvas->columns; column++) {
		struct glyph *glyph = &canvas->glyphs[row * canvas->columns + column];
		size_t len = glyph_len(text);

		memset(glyph, 0, sizeof(*glyph));
		memcpy(glyph->text, text, len);
		glyph->look = (unsigned char)look;
		text += len;
	}
	return column;
}

void canvas__paint(struct canvas *canvas, size_t row, unsigned int look)
{
	if (row >= canvas->rows)
		return;
	for (size_t i = 0; i < canvas->columns; i++)
		canvas->glyphs[row * canvas->columns + i].look |= (unsigned char)look;
}

char *canvas__text(const struct canvas *canvas, size_t row, char *buf, size_t len)
{
	size_t used = 0, end = 0;

	for (size_t i = 0; i < canvas->columns; i++) {
		const char *text = canvas->glyphs[row * canvas->columns + i].text;
		size_t more = strlen(text);

		if (used + more >= len)
			break;
		memcpy(buf + used, text, more);
		used += more;
		if (strcmp(text, " "))
			end = used;
	}
	buf[end] = '\0';
	return buf;
}
