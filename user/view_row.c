/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the aggregate as cells. */
#include "view_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "cleanup.h"
#include "owner.h"

static int compare_u64(__u64 a, __u64 b)
{
	return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right)
{
	const struct row_key *a = &(*(const struct row *const *)left)->key;
	const struct row_key *b = &(*(const struct row *const *)right)->key;
	int order = memcmp(a->addr, b->addr, sizeof(a->addr));

	order = order ? order : compare_u64(a->port, b->port);
	order = order ? order : strncmp(a->name, b->name, sizeof(a->name));
	order = order ? order : strncmp(a->comm, b->comm, sizeof(a->comm));
	order = order ? order : compare_u64(a->pid, b->pid);
	order = order ? order : compare_u64(a->netns, b->netns);
	order = order ? order : compare_u64(a->cgroup, b->cgroup);
	return order ? order : compare_u64(a->role, b->role);
}

int view_rows(const struct report *report, const struct row ***ret_rows, size_t *ret_count)
{
	const struct row *const *rows, **copy;
	size_t count = aggregate__rows(report->aggregate, &rows);

	copy = calloc(count ? count : 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		copy[i] = rows[i];
	qsort(copy, count, sizeof(*copy), compare_rows);
	*ret_rows = copy;
	*ret_count = count;
	return 0;
}

int view_sums(const struct report *report, int (*take)(const struct row_sum *sum, void *context),
	      void *context)
{
	auto_free const struct row **rows = NULL;
	auto_free struct row_sum *sum = calloc(1, sizeof(*sum));
	size_t count = 0;
	int err;

	if (!sum)
		return -ENOMEM;
	err = view_rows(report, &rows, &count);
	for (size_t i = 0; !err && i < count; i++) {
		if (!rows[i]->ended && !rows[i]->present)
			continue;
		sum->row = rows[i];
		sum->report = report;
		totals__clear(&sum->totals);
		totals__merge(&sum->totals, &rows[i]->closed);
		totals__merge(&sum->totals, &rows[i]->open);
		err = take(sum, context);
	}
	totals__done(&sum->totals);
	return err;
}

struct filling {
	bool (*wanted)(const struct row *row);
	int (*add)(const struct row_sum *sum, struct table *table);
	struct table *table;
};

static int fill_row(const struct row_sum *sum, void *context)
{
	const struct filling *filling = context;
	struct table *table = filling->table;
	int err;

	if (!filling->wanted(sum->row))
		return 0;
	err = filling->add(sum, table);
	if (!err)
		table->origins[table->row_count - 1] = sum->row;
	return err;
}

int view_each(const struct report *report, bool (*wanted)(const struct row *row),
	      int (*add)(const struct row_sum *sum, struct table *table), struct table *table)
{
	struct filling filling = { wanted, add, table };

	return view_sums(report, fill_row, &filling);
}

static void pin(struct table *table, int column)
{
	if (column >= 0)
		table->pinned |= 1ULL << column;
}

void view_pin(const struct report *report, const struct identity_columns *columns,
	      struct table *table)
{
	unsigned int by = report->by;

	if (by & BY_COMM)
		pin(table, columns->comm);
	if (by & BY_PID)
		pin(table, columns->pid);
	if (by & BY_CONTAINER)
		pin(table, columns->container);
	if (by & BY_NETNS)
		pin(table, columns->netns);
}

static struct cell text_or_missing(const char *text)
{
	return text[0] ? cell_text(text) : cell_missing(NULL);
}

static struct cell number_or_missing(__u64 number)
{
	return number ? cell_number(number) : cell_missing(NULL);
}

static void set(struct cell *cells, int column, struct cell cell)
{
	cells[column] = cell;
}

/* No endpoint has port 0: it says that rows are not told apart by endpoint. */
static void fill_endpoint(const struct row_key *key, const struct identity_columns *columns,
			  struct cell *cells)
{
	char text[ENDPOINT_STRLEN];

	set(cells, columns->endpoint, text_or_missing(key->name));
	if (!key->port)
		return;
	set(cells, columns->addr, cell_text(addr_format(key->addr, text, sizeof(text))));
	set(cells, columns->port, cell_number(key->port));
	if (cells[columns->endpoint].kind == CELL_TEXT)
		free(cells[columns->endpoint].text);
	endpoint_format(key->addr, key->port, text, sizeof(text));
	set(cells, columns->endpoint, cell_text(text));
}

void view_identity(unsigned int by, const struct row *row, const struct identity_columns *columns,
		   struct cell *cells)
{
	const struct row_key *key = &row->key;
	/* Where the caller has not said what rows are told apart by, an owner is of interest; and a
	 * process has one name. */
	bool any = !(by & ~(unsigned int)BY_DEFAULT_AND_CONTAINER) || (by & BY_PID);
	const char *comm = key->comm[0] || !any ? key->comm : row->comm;
	__u64 cgroup = key->cgroup || !any ? key->cgroup : row->cgroup;

	fill_endpoint(key, columns, cells);
	set(cells, columns->name, text_or_missing(key->name));
	set(cells, columns->comm, text_or_missing(comm));
	set(cells, columns->pid, number_or_missing(key->pid || !any ? key->pid : row->pid));
	set(cells, columns->container, text_or_missing(owner_container(cgroup)));
	set(cells, columns->netns, number_or_missing(key->netns));
}

void view_missing(const char *reason, size_t count, struct cell *cells)
{
	for (size_t i = 0; i < count; i++)
		cells[i] = cell_missing(reason);
}

void view_percentiles(const struct dist *dist, __u64 unit, struct cell *cells)
{
	if (!dist->count) {
		view_missing(NULL, 3, cells);
		return;
	}
	cells[0] = cell_number((dist__percentile(dist, 0.50) + unit / 2) / unit);
	cells[1] = cell_number((dist__percentile(dist, 0.99) + unit / 2) / unit);
	cells[2] = cell_number((dist->max + unit / 2) / unit);
}

struct cell view_hist(const struct dist *dist)
{
	__u64 counts[HIST_SLOTS];
	size_t used = 0;

	for (__u32 i = 0; i < HIST_SLOTS; i++) {
		counts[i] = dist__slot(dist, i);
		if (counts[i])
			used = i + 1;
	}
	return cell_list(counts, used);
}

const char *view_off(const struct report *report, enum feature feature)
{
	const struct feature_state *state = &report->account.features[feature];

	return state->mechanism == MECHANISM_OFF ? state->reason : NULL;
}

const char *view_not_measured(const struct report *report, enum feature feature)
{
	const struct feature_state *state = &report->account.features[feature];

	return state->mechanism == MECHANISM_INFERRED ? state->reason : view_off(report, feature);
}

struct cell view_count(const struct report *report, enum feature feature, __u64 count)
{
	const char *off = count ? NULL : view_off(report, feature);

	return off ? cell_missing(off) : cell_number(count);
}

const char *view_turnless(const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	bool subflows = totals->mptcp && totals->mptcp == totals->opened + totals->partial;

	return subflows ? MPTCP_REASON : view_off(sum->report, FEATURE_RECEIVE);
}

struct cell view_ratio(const struct totals *totals)
{
	if (!totals->exchanges)
		return cell_missing(NULL);
	return cell_real((double)(totals->exchanges - totals->carriers) /
			 (double)totals->exchanges);
}
