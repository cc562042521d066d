/* SPDX-License-Identifier: Apache-2.0 */
/* Fills facts into texts. */
#include "prose.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fact.h"
#include "text_cell.h"

/* The fact that {key} or {key|thing|things} at TEXT, of LEN characters, names, and how long all
 * that is; FACT_NONE: it is plain text. */
static enum fact fact_at(const char *text, size_t len, size_t *ret_len)
{
	const char *end = text[0] == '{' ? memchr(text, '}', len) : NULL;
	size_t bars = 0;

	for (const char *at = text; end && at < end; at++)
		bars += *at == '|';
	if (!end || (bars && bars != 2))
		return FACT_NONE;
	*ret_len = (size_t)(end - text) + 1;
	return fact_find(text + 1, strcspn(text + 1, "|}"));
}

/* What {key|thing|things} at TEXT calls VALUE of them. */
static void write_noun(FILE *out, const char *text, double value)
{
	const char *one = text + strcspn(text, "|}"), *many;

	if (*one != '|')
		return;
	many = one + 1 + strcspn(one + 1, "|}");
	if (value != 1)
		fprintf(out, " %.*s", (int)strcspn(many + 1, "}"), many + 1);
	else
		fprintf(out, " %.*s", (int)(many - one - 1), one + 1);
}

static void write_fact(FILE *out, const char *text, enum fact fact, double value)
{
	char number[CELL_STRLEN];

	if (isnan(value))
		fputc('?', out);
	else
		fputs(fact_format(fact, value, number, sizeof(number)), out);
	write_noun(out, text, value);
}

static bool knows_all(const char *text, size_t len, const struct facts *facts)
{
	for (size_t i = 0; i < len; i++) {
		size_t key_len;
		enum fact fact = fact_at(text + i, len - i, &key_len);

		if (fact && isnan(facts->values[fact]))
			return false;
	}
	return true;
}

static void write_part(FILE *out, const char *text, size_t len, const struct facts *facts)
{
	for (size_t i = 0, used; i < len; i += used) {
		enum fact fact = fact_at(text + i, len - i, &used);

		if (fact) {
			write_fact(out, text + i, fact, facts->values[fact]);
			continue;
		}
		fputc(text[i], out);
		used = 1;
	}
}

char *prose_format(const char *text, const struct facts *facts)
{
	char *prose = NULL;
	size_t size;
	FILE *out = open_memstream(&prose, &size);

	if (!out)
		return NULL;
	while (*text) {
		bool optional = *text == '[';
		size_t len = optional ? strcspn(text, "]") : strcspn(text, "[");

		if (!optional)
			write_part(out, text, len, facts);
		else if (knows_all(text, len, facts))
			write_part(out, text + 1, len - 1, facts);
		text += len + (optional && text[len]);
	}
	if (fclose(out)) {
		free(prose);
		return NULL;
	}
	return prose;
}
