/* SPDX-License-Identifier: Apache-2.0 */
/* \xNN for terminals, U+FFFD for JSON and Prometheus. */
#include "escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

char *escape_bytes(const char *text, char *buf, size_t len)
{
	size_t used = 0, need;

	for (; *text; text++, used += need) {
		unsigned char byte = (unsigned char)*text;

		need = is_plain(byte) ? 1 : 4;
		if (used + need >= len)
			break;
		if (need == 1)
			buf[used] = (char)byte;
		else
			snprintf(buf + used, len - used, "\\x%02x", byte);
	}
	buf[used] = '\0';
	return buf;
}

/* Length of the UTF-8 character at TEXT, 0 when it is none: overlong forms, surrogates and what
 * lies beyond U+10FFFF are none. */
static size_t utf8_len(const unsigned char *text)
{
	static const struct {
		unsigned char first, last, low, high; /* range of the first and the second byte */
		size_t len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (text[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (text[1] < forms[i].low || text[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++) {
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		}
		return forms[i].len;
	}
	return 0;
}

char *escape_utf8(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *copy = malloc(strlen(text) * (sizeof(replacement) - 1) + 1), *out = copy;
	size_t len;

	if (!copy)
		return NULL;
	for (; *text; text += len ? len : 1) {
		len = utf8_len((const unsigned char *)text);
		if (len) {
			memcpy(out, text, len);
			out += len;
		} else {
			memcpy(out, replacement, sizeof(replacement) - 1);
			out += sizeof(replacement) - 1;
		}
	}
	*out = '\0';
	return copy;
}

char *escape_label(const char *text)
{
	auto_free char *clean = escape_utf8(text);
	char *copy = clean ? malloc(2 * strlen(clean) + 1) : NULL, *out = copy;

	if (!copy)
		return NULL;
	for (const char *in = clean; *in; in++) {
		if (*in == '\\' || *in == '"' || *in == '\n')
			*out++ = '\\';
		*out++ = *in == '\n' ? 'n' : *in;
	}
	*out = '\0';
	return copy;
}
