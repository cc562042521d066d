/* SPDX-License-Identifier: Apache-2.0 */
/* Single connections: all that are open, and the last that closed. */
#include "conn_list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conn_pick.h"
#include "connscope/conn.h"
#include "observer.h"

struct conns {
	struct conn *items;
	size_t count, room;
};

struct conn_list {
	struct observer observer; /* first */
	struct conns open;
	struct conns closed;	      /* once full, a ring */
	const struct conn_pick *pick; /* of closed ones; NULL: all */
	size_t closed_max;
	size_t oldest; /* in the ring */
	__u64 forgotten;
	__u64 missed; /* open ones, for want of memory */
};

void conn_list__free(struct conn_list *list)
{
	if (!list)
		return;
	free(list->open.items);
	free(list->closed.items);
	free(list);
}

/* False when out of memory. */
static bool append(struct conns *conns, const struct conn *conn)
{
	size_t room = conns->room ? 2 * conns->room : 64;
	struct conn *items;

	if (conns->count == conns->room) {
		items = reallocarray(conns->items, room, sizeof(*items));
		if (!items)
			return false;
		conns->items = items;
		conns->room = room;
	}
	conns->items[conns->count++] = *conn;
	return true;
}

static void add_closed(struct conn_list *list, const struct conn *conn)
{
	if (list->pick && !conn_pick__takes(list->pick, conn, true, 0))
		return;
	if (list->closed.count < list->closed_max) {
		list->forgotten += !append(&list->closed, conn);
		return;
	}
	list->forgotten++;
	if (!list->closed_max)
		return;
	list->closed.items[list->oldest] = *conn;
	list->oldest = (list->oldest + 1) % list->closed_max;
}

/* The closed ones by age, 0 the newest. */
static struct conn *closed_at(const struct conn_list *list, size_t age)
{
	size_t count = list->closed.count;

	return &list->closed.items[(list->oldest + count - 1 - age) % count];
}

static bool is_same(const struct conn *a, const struct conn *b)
{
	return a->opened_ns == b->opened_ns && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port && a->role == b->role && a->netns == b->netns &&
	       !memcmp(a->local_addr, b->local_addr, sizeof(a->local_addr)) &&
	       !memcmp(a->remote_addr, b->remote_addr, sizeof(a->remote_addr));
}

static void amend(struct conn_list *list, const struct conn *before, const struct conn *after)
{
	for (size_t age = 0; age < list->closed.count; age++) {
		struct conn *kept = closed_at(list, age);

		if (is_same(kept, before)) {
			*kept = *after;
			return;
		}
	}
}

static void take(struct observer *self, const struct record *record)
{
	struct conn_list *list = (struct conn_list *)self;

	switch (record->kind) {
	case RECORD_CLOSED:
		add_closed(list, record->conn);
		break;
	case RECORD_AMENDED:
		amend(list, record->before, record->conn);
		break;
	case RECORD_SNAPSHOT:
		list->open.count = 0;
		list->missed = 0;
		break;
	case RECORD_OPEN:
		list->missed += !append(&list->open, record->conn);
		break;
	default:
		break;
	}
}

struct conn_list *conn_list__new(size_t closed_max)
{
	struct conn_list *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	list->observer.take = take;
	list->closed_max = closed_max;
	return list;
}

void conn_list__pick(struct conn_list *list, const struct conn_pick *pick)
{
	list->pick = pick;
}

static bool copy_conns(struct conns *into, const struct conns *from)
{
	into->items = malloc((from->count + 1) * sizeof(*into->items));
	if (!into->items)
		return false;
	if (from->count)
		memcpy(into->items, from->items, from->count * sizeof(*into->items));
	into->count = into->room = from->count;
	return true;
}

struct conn_list *conn_list__copy(const struct conn_list *list)
{
	struct conn_list *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *list;
	copy->open.items = copy->closed.items = NULL;
	if (!copy_conns(&copy->open, &list->open) || !copy_conns(&copy->closed, &list->closed)) {
		conn_list__free(copy);
		return NULL;
	}
	return copy;
}

struct observer *conn_list__observer(struct conn_list *list)
{
	return &list->observer;
}

static int compare(const void *left, const void *right)
{
	const struct conn *a = left, *b = right;
	int order = (a->opened_ns > b->opened_ns) - (a->opened_ns < b->opened_ns);

	order = order ? order : a->local_port - b->local_port;
	order = order ? order : a->remote_port - b->remote_port;
	return order ? order : a->role - b->role;
}

void conn_list__sort_open(struct conn_list *list)
{
	if (list->open.count)
		qsort(list->open.items, list->open.count, sizeof(*list->open.items), compare);
}

size_t conn_list__open_count(const struct conn_list *list)
{
	return list->open.count;
}

const struct conn *conn_list__get(const struct conn_list *list, size_t index)
{
	if (index < list->open.count)
		return &list->open.items[index];
	index -= list->open.count;
	return index < list->closed.count ? closed_at(list, index) : NULL;
}

__u64 conn_list__forgotten(const struct conn_list *list)
{
	return list->forgotten + list->missed;
}
