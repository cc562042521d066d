/* SPDX-License-Identifier: Apache-2.0 */
/* The names file: reading it, and finding the name of an endpoint. */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "aggregate.h"
#include "cleanup.h"
#include "log.h"
#include "parse.h"

#define LINE_FORM "accepted: NAME and then " ENDPOINT_FORM

struct name {
	struct endpoint_pattern pattern;
	size_t line;
	char text[NAME_LEN];
};

struct names {
	struct name *items; /* the most specific first */
	size_t count;
	size_t room;
};

static int names__add(struct names *names, const struct name *name)
{
	size_t room = names->room ? names->room * 2 : 32;
	struct name *items = names->items;

	if (names->count == names->room) {
		items = reallocarray(items, room, sizeof(*items));
		if (!items)
			return -ENOMEM;
		names->items = items;
		names->room = room;
	}
	names->items[names->count++] = *name;
	return 0;
}

/* What is wrong with LINE, NULL when nothing is: it is blank (RET_NAME's text is empty then) or a
 * name. */
static const char *parse_line(char *line, struct name *ret_name)
{
	static const char blanks[] = " \t\r\n";
	char *rest, *text, *endpoint;

	line[strcspn(line, "#")] = '\0';
	text = strtok_r(line, blanks, &rest);
	ret_name->text[0] = '\0';
	if (!text)
		return NULL;
	if (strlen(text) >= sizeof(ret_name->text))
		return "name of more than 63 bytes";
	endpoint = strtok_r(NULL, blanks, &rest);
	if (!endpoint)
		return "no address";
	if (parse_endpoint(endpoint, &ret_name->pattern))
		return "bad address";
	if (strtok_r(NULL, blanks, &rest))
		return "more than two words";
	snprintf(ret_name->text, sizeof(ret_name->text), "%s", text);
	return NULL;
}

static int read_lines(FILE *file, const char *path, struct names *names)
{
	auto_free char *line = NULL;
	struct name name = {};
	const char *wrong;
	size_t room = 0;
	int err;

	while (getline(&line, &room, file) >= 0) {
		name.line++;
		wrong = parse_line(line, &name);
		if (wrong) {
			log_error("%s:%zu: %s, " LINE_FORM, path, name.line, wrong);
			return -EINVAL;
		}
		err = name.text[0] ? names__add(names, &name) : 0;
		if (err)
			return log_err(err, "cannot read %s", path);
	}
	return ferror(file) ? log_err(-EIO, "cannot read %s, accepted: a readable file", path) : 0;
}

/* Longer masks first, then with a port, then by place in the file. */
static int compare_names(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	int order = memcmp(b->pattern.net.mask, a->pattern.net.mask, sizeof(a->pattern.net.mask));

	if (!order)
		order = !a->pattern.port - !b->pattern.port;
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

int names__load(const char *path, struct names **ret_names)
{
	auto_file FILE *file = fopen(path, "re");
	struct names *names;
	int err;

	if (!file)
		return log_err(-errno,
			       "--names %s: cannot read it, accepted: a file of lines "
			       "NAME ADDR[:PORT]|CIDR",
			       path);
	names = calloc(1, sizeof(*names));
	if (!names)
		return log_err(-ENOMEM, "cannot read %s", path);
	err = read_lines(file, path, names);
	if (err) {
		names__free(names);
		return err;
	}
	if (names->count)
		qsort(names->items, names->count, sizeof(*names->items), compare_names);
	*ret_names = names;
	return 0;
}

void names__free(struct names *names)
{
	if (!names)
		return;
	free(names->items);
	free(names);
}

const char *names__find(const struct names *names, const __u8 addr[CONN_ADDR_LEN], __u16 port)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct endpoint_pattern *pattern = &names->items[i].pattern;

		if ((!pattern->port || pattern->port == port) && addr_in_net(addr, &pattern->net))
			return names->items[i].text;
	}
	return NULL;
}
