/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of reports, summed by labels, in a bounded number of label sets whose counters only grow. */
#include "prom.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>

#include "addr.h"
#include "aggregate.h"
#include "cleanup.h"
#include "conn_state.h"
#include "escape.h"
#include "owner.h"
#include "prom_series.h"
#include "view_row.h"

#define OTHER "other"

struct key {
	__u32 pid, netns;
	__u8 role;
	char upstream[NAME_LEN];
	char comm[CONN_COMM_LEN];
	char container[CONTAINER_ID_LEN + 1];
};

/* A label set: exported as a series of its own, or summed in that of "other". */
struct labels {
	struct key key;
	struct prom_series *series; /* of its own, or shared */
	__u64 activity;
	UT_hash_handle hh;
};

/* Which label set a row has been given: its owner may change. */
struct member {
	struct row_key key;
	struct labels *labels;
	UT_hash_handle hh;
};

struct prom {
	struct prom_options options;
	struct labels *labels;
	struct member *members;
	struct prom_series **series;
	size_t count, room, own, folded;
	struct prom_series *others[ROLE_SERVER + 1];
	struct account account;
};

struct prom *prom__new(const struct prom_options *options)
{
	struct prom *prom = calloc(1, sizeof(*prom));

	if (prom)
		prom->options = *options;
	return prom;
}

static void series_free(struct prom_series *series)
{
	if (!series)
		return;
	prom_series__done(series);
	free(series->labels);
	free(series->listener_labels);
	free(series);
}

void prom__free(struct prom *prom)
{
	struct labels *labels, *next_labels;
	struct member *member, *next_member;

	if (!prom)
		return;
	HASH_ITER (hh, prom->members, member, next_member) {
		HASH_DEL(prom->members, member);
		free(member);
	}
	HASH_ITER (hh, prom->labels, labels, next_labels) {
		HASH_DEL(prom->labels, labels);
		free(labels);
	}
	for (size_t i = 0; i < prom->count; i++)
		series_free(prom->series[i]);
	free(prom->series);
	free(prom);
}

const struct prom_series *prom__series(const struct prom *prom, size_t index)
{
	return index < prom->count ? prom->series[index] : NULL;
}

size_t prom__folded(const struct prom *prom)
{
	return prom->folded;
}

const struct account *prom__account(const struct prom *prom)
{
	return &prom->account;
}

/* ---- label sets ---- */

/* Only what rows are told apart by, except for a server's owner: whoever accepts, it is one
 * listener. */
static void make_key(const struct prom *prom, const struct row *row, struct key *ret)
{
	const struct row_key *from = &row->key;
	bool server = from->role == ROLE_SERVER;
	__u64 cgroup = from->cgroup;

	memset(ret, 0, sizeof(*ret)); /* padding takes part in the hash */
	ret->role = from->role;
	if (from->port)
		endpoint_format(from->addr, from->port, ret->upstream, sizeof(ret->upstream));
	else
		memcpy(ret->upstream, from->name, sizeof(ret->upstream));
	memcpy(ret->comm, from->comm, sizeof(ret->comm));
	if (server && from->port) {
		cgroup = cgroup ? cgroup : row->cgroup;
		memcpy(ret->comm, row->comm, sizeof(ret->comm));
	}
	strncpy(ret->container, owner_container(cgroup), sizeof(ret->container) - 1);
	if (prom->options.label_pid)
		ret->pid = from->pid;
	if (prom->options.by & BY_NETNS)
		ret->netns = from->netns;
}

static int write_label(FILE *out, const char *name, const char *value)
{
	auto_free char *clean = escape_label(value);

	return clean ? fprintf(out, "%s=\"%s\",", name, clean) : -1;
}

/* NULL when out of memory. */
static char *labels_text(const struct prom *prom, const struct key *key, bool listener)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int err = 0;

	if (!out)
		return NULL;
	err |= write_label(out, "comm", key->comm) < 0;
	err |= write_label(out, "container", key->container) < 0;
	if (prom->options.by & BY_NETNS)
		fprintf(out, "netns=\"%u\",", key->netns);
	if (prom->options.label_pid)
		fprintf(out, "pid=\"%u\",", key->pid);
	if (!listener)
		fprintf(out, "role=\"%s\",", role_word(key->role));
	err |= write_label(out, listener ? "listener" : "upstream", key->upstream) < 0;
	if (fclose(out) || err) {
		free(text);
		return NULL;
	}
	text[len - 1] = '\0'; /* the last comma */
	return text;
}

static struct prom_series *series_add(struct prom *prom, const struct key *key)
{
	struct prom_series *series = NULL, **grown;
	size_t room = prom->room ? 2 * prom->room : 16;

	if (prom->count == prom->room) {
		grown = reallocarray(prom->series, room, sizeof(struct prom_series *));
		if (!grown)
			return NULL;
		prom->series = grown;
		prom->room = room;
	}
	series = calloc(1, sizeof(*series));
	if (!series)
		return NULL;
	series->role = key->role;
	series->labels = labels_text(prom, key, false);
	series->listener_labels = labels_text(prom, key, true);
	if (!series->labels || !series->listener_labels) {
		series_free(series);
		return NULL;
	}
	prom->series[prom->count++] = series;
	return series;
}

static struct prom_series *other(struct prom *prom, __u8 role)
{
	struct key key;

	memset(&key, 0, sizeof(key));
	key.role = role;
	strncpy(key.upstream, OTHER, sizeof(key.upstream) - 1);
	if (!prom->others[role])
		prom->others[role] = series_add(prom, &key);
	return prom->others[role];
}

static struct labels *labels_get(struct prom *prom, const struct key *key)
{
	struct labels *labels;

	HASH_FIND(hh, prom->labels, key, sizeof(*key), labels);
	if (labels)
		return labels;
	labels = calloc(1, sizeof(*labels));
	if (!labels)
		return NULL;
	labels->key = *key;
	HASH_ADD(hh, prom->labels, key, sizeof(labels->key), labels);
	return labels;
}

static struct labels *labels_of(struct prom *prom, const struct row *row)
{
	struct member *member;
	struct key key;

	HASH_FIND(hh, prom->members, &row->key, sizeof(row->key), member);
	if (member)
		return member->labels;
	member = calloc(1, sizeof(*member));
	if (!member)
		return NULL;
	make_key(prom, row, &key);
	member->key = row->key;
	member->labels = labels_get(prom, &key);
	if (!member->labels) {
		free(member);
		return NULL;
	}
	HASH_ADD(hh, prom->members, key, sizeof(member->key), member);
	return member->labels;
}

static bool is_other(const struct key *key)
{
	return !strcmp(key->upstream, OTHER);
}

static int more_active_first(const void *left, const void *right)
{
	const struct labels *a = *(const struct labels *const *)left;
	const struct labels *b = *(const struct labels *const *)right;

	return (a->activity < b->activity) - (a->activity > b->activity);
}

/* Gives each of NEWCOMERS a series while there is room: none that has one ever loses it. */
static int admit(struct prom *prom, struct labels **newcomers, size_t count)
{
	qsort(newcomers, count, sizeof(*newcomers), more_active_first);
	for (size_t i = 0; i < count; i++) {
		struct labels *labels = newcomers[i];

		if (is_other(&labels->key)) {
			labels->series = other(prom, labels->key.role);
		} else if (prom->own < prom->options.max_series) {
			labels->series = series_add(prom, &labels->key);
			prom->own += !!labels->series;
		} else {
			labels->series = other(prom, labels->key.role);
			prom->folded += !!labels->series;
		}
		if (!labels->series)
			return -ENOMEM;
	}
	return 0;
}

static int admit_new(struct prom *prom, const struct row *const *rows, size_t count)
{
	auto_free struct labels **newcomers = calloc(count + 1, sizeof(struct labels *));
	size_t found = 0;

	if (!newcomers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct row *row = rows[i];
		struct labels *labels = labels_of(prom, row);

		if (!labels)
			return -ENOMEM;
		if (labels->series)
			continue;
		/* Listed at its first row; several rows may share one label set. */
		if (!labels->activity)
			newcomers[found++] = labels;
		labels->activity += 1 + row->closed.opened + row->open.opened +
				    row->closed.exchanges + row->open.exchanges;
	}
	return admit(prom, newcomers, found);
}

/* ---- updates ---- */

static void raise_to(__u64 *value, __u64 now)
{
	if (now > *value)
		*value = now;
}

static void take_account(struct prom *prom, const struct account *now)
{
	struct account before = prom->account;

	prom->account = *now;
	raise_to(&prom->account.tracked, before.tracked);
	raise_to(&prom->account.folded, before.folded);
	for (int i = 0; i < LOSS_MAX; i++)
		raise_to(&prom->account.losses[i], before.losses[i]);
}

/* Rows are told apart by owners, and those of this one's connections are not known yet: who accepts
 * takes them to another row. */
static bool owner_may_come(const struct prom *prom, const struct row_key *key)
{
	unsigned int by = prom->options.by;

	if (key->comm[0] || key->pid || key->cgroup)
		return false;
	if (by & (BY_COMM | BY_PID | BY_CONTAINER))
		return true;
	return !(by & ~(unsigned int)BY_DEFAULT_AND_CONTAINER) && key->role == ROLE_CLIENT;
}

int prom__update(struct prom *prom, const struct report *report)
{
	auto_free struct row_sum *sum = calloc(1, sizeof(*sum));
	const struct row *const *rows;
	size_t count = aggregate__rows(report->aggregate, &rows);
	int err = sum ? admit_new(prom, rows, count) : -ENOMEM;

	if (err)
		return err;
	for (size_t i = 0; i < prom->count; i++)
		prom_series__begin(prom->series[i]);
	for (size_t i = 0; i < count; i++) {
		sum->row = rows[i];
		sum->report = report;
		totals__clear(&sum->totals);
		totals__merge(&sum->totals, &rows[i]->closed);
		if (!owner_may_come(prom, &rows[i]->key))
			totals__merge(&sum->totals, &rows[i]->open);
		prom_series__add(labels_of(prom, rows[i])->series, sum);
	}
	totals__done(&sum->totals);
	for (size_t i = 0; i < prom->count; i++)
		prom_series__end(prom->series[i]);
	take_account(prom, &report->account);
	return 0;
}
