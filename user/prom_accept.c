/* SPDX-License-Identifier: Apache-2.0 */
/* Which text format an Accept header asks for (RFC 9110, 12.5.1). */
#include <ctype.h>
#include <string.h>

#include "prom.h"

#define OPENMETRICS_TYPE "application/openmetrics-text"

/* The value of PARAMETER in the LEN bytes of an item such as "text/plain;version=0.0.4;q=0.5";
 * NULL: it has none. */
static const char *find_parameter(const char *item, size_t len, const char *parameter)
{
	const char *end = item + len, *at = memchr(item, ';', len);
	size_t name = strlen(parameter);

	while (at) {
		for (at++; at < end && isspace((unsigned char)*at);)
			at++;
		if ((size_t)(end - at) > name && !strncasecmp(at, parameter, name) &&
		    at[name] == '=')
			return at + name + 1;
		at = memchr(at, ';', (size_t)(end - at));
	}
	return NULL;
}

/* In thousandths; 1000 where it is not given, or is no number. */
static int quality(const char *item, size_t len)
{
	const char *q = find_parameter(item, len, "q");
	int thousandths = 0, unit = 100;

	if (!q || *q < '0' || *q > '1')
		return 1000;
	if (*q == '1' || q[1] != '.')
		return (*q - '0') * 1000;
	for (q += 2; unit && isdigit((unsigned char)*q); q++, unit /= 10)
		thousandths += (*q - '0') * unit;
	return thousandths;
}

static bool is_type(const char *item, size_t len, const char *type)
{
	size_t name = strlen(type);

	return len >= name && !strncasecmp(item, type, name) &&
	       (len == name || strchr("; \t", item[name]));
}

static bool is_our_version(const char *item, size_t len)
{
	const char *version = find_parameter(item, len, "version");

	return !version || !strncmp(version, "1.0.0", 5) || !strncmp(version, "\"1.0.0\"", 7);
}

enum prom_format prom_choose_format(const char *header)
{
	int openmetrics = 0, text = 0;

	for (size_t len; header && *header; header += len + (header[len] == ',')) {
		while (isspace((unsigned char)*header))
			header++;
		len = strcspn(header, ",");
		if (is_type(header, len, OPENMETRICS_TYPE) && is_our_version(header, len))
			openmetrics = quality(header, len);
		else if (is_type(header, len, "text/plain"))
			text = quality(header, len);
	}
	return openmetrics && openmetrics >= text ? OPENMETRICS : PROM_TEXT;
}
