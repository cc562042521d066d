/* SPDX-License-Identifier: Apache-2.0 */
/* What `top` shows: the tables of one snapshot, the rates up to it, and the page in order. */
#include "top_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate.h"
#include "conn_list.h"
#include "text_cell.h"
#include "view.h"

/* ---- rates ---- */

static void add_slot(struct top_counts *counts, const struct slot *slot)
{
	counts->opened += slot->opened;
	counts->exchanges += slot->exchanges;
	counts->closed += slot->closed;
	counts->raced += slot->raced;
	counts->overflows += slot->overflows;
}

static void take_tick(struct observer *self, const struct record *record)
{
	struct top_rates *rates = (struct top_rates *)self;
	const struct slot *slot = record->slot;

	if (record->kind != RECORD_TICK)
		return;
	if (record->row) {
		add_slot(&rates->sum, slot);
		return;
	}
	rates->latest = rates->sum;
	rates->latest.ms = (record->now_ns - rates->last_ns) / 1000000;
	rates->last_ns = record->now_ns;
	memset(&rates->sum, 0, sizeof(rates->sum));
}

void top_rates__init(struct top_rates *rates, __u64 start_ns)
{
	memset(rates, 0, sizeof(*rates));
	rates->observer.take = take_tick;
	rates->last_ns = start_ns;
}

void top_rates__whole(struct top_rates *rates, const struct report *report)
{
	struct top_counts *counts = &rates->latest;
	const struct row *const *rows;
	size_t count = aggregate__rows(report->aggregate, &rows);

	memset(counts, 0, sizeof(*counts));
	counts->ms = report->account.interval_ms;
	for (size_t i = 0; i < count; i++) {
		const struct series *series = rows[i]->series;

		for (size_t at = 0; series && at < series->count; at++)
			add_slot(counts, &series->slots[at]);
	}
}

/* ---- tables ---- */

static void drop(struct top_model *model, size_t page)
{
	if (model->filled[page])
		table__done(&model->tables[page]);
	model->filled[page] = false;
	model->table = NULL;
	model->layout_width = 0;
}

void top_model__done(struct top_model *model)
{
	for (size_t i = 0; i < TOP_PAGES; i++)
		drop(model, i);
	conn_list__free(model->held);
	free(model->order);
	memset(model, 0, sizeof(*model));
}

static int fill(struct top_model *model, size_t page, const struct view *view)
{
	int err;

	drop(model, page);
	err = view->fill(&model->report, &model->tables[page]);
	model->filled[page] = !err;
	/* A screen's row is one line: the first column, what it is about, is not cut. */
	if (!err)
		model->tables[page].pinned |= 1;
	return err;
}

int top_model__drill(struct top_model *model, const struct row *row)
{
	model->report.only = row;
	return fill(model, TOP_DRILL, &view_conns);
}

int top_model__take(struct top_model *model, const struct report *report,
		    const struct top_rates *rates, const struct row *drilled)
{
	const struct view *const *views;
	size_t count = view_all(&views);
	int err = 0;

	model->report = *report;
	model->counts = rates->latest;
	for (size_t i = 0; !err && i < count && i < TOP_TABS; i++)
		err = fill(model, i, views[i]);
	if (!err && drilled)
		err = top_model__drill(model, drilled);
	return err;
}

int top_model__hold(struct top_model *model)
{
	if (!model->report.conns || model->held)
		return 0;
	model->held = conn_list__copy(model->report.conns);
	if (!model->held)
		return -ENOMEM;
	model->report.conns = model->held;
	return 0;
}

void top_model__release(struct top_model *model)
{
	conn_list__free(model->held);
	model->held = NULL;
	model->report.conns = NULL;
}

/* ---- the page that is shown ---- */

static bool has_text(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

/* A cell that is shown has FILTER in it. */
static bool passes(const struct layout *layout, size_t row, const char *filter)
{
	const struct table *table = layout->table;
	char text[CELL_STRLEN];

	if (!filter[0])
		return true;
	for (size_t i = 0; i < layout->count; i++) {
		size_t column = layout->columns[i];

		cell_format(&table->columns[column],
			    &table->cells[row * table->column_count + column], text, sizeof(text));
		if (has_text(text, filter))
			return true;
	}
	return false;
}

static int put_in_order(struct top_model *model, const struct top_page *page)
{
	const struct table *table = model->table;
	size_t *order = reallocarray(model->order, table->row_count + 1, sizeof(*order));
	int err;

	if (!order)
		return -ENOMEM;
	model->order = order;
	err = table__order(table, page->sort, page->reverse, order);
	if (err)
		return err;
	for (size_t i = 0; i < table->row_count; i++) {
		if (passes(&model->layout, order[i], page->filter))
			order[model->row_count++] = order[i];
	}
	return 0;
}

const struct row *top_model__row(const struct top_model *model, size_t index)
{
	if (!model->table || index >= model->row_count)
		return NULL;
	return model->table->origins[model->order[index]];
}

/* Someone who has moved off the top is looking at one row, wherever it goes. */
static void follow(const struct top_model *model, struct top_page *page)
{
	for (size_t i = 0; page->cursor && page->selected && i < model->row_count; i++) {
		if (top_model__row(model, i) == page->selected) {
			page->cursor = i;
			break;
		}
	}
	if (page->cursor >= model->row_count)
		page->cursor = model->row_count ? model->row_count - 1 : 0;
	page->selected = top_model__row(model, page->cursor);
}

int top_model__arrange(struct top_model *model, struct top_state *state, size_t width, bool wide)
{
	size_t index = top_state__page_index(state);
	int err;

	model->row_count = 0;
	model->table = model->filled[index] ? &model->tables[index] : NULL;
	if (!model->table)
		return 0;
	/* It looks at every cell: not at each key. */
	if (model->layout.table != model->table || model->layout_width != width)
		layout__init(&model->layout, model->table,
			     &(struct layout_options){ width, wide, false });
	model->layout_width = width;
	err = put_in_order(model, &state->pages[index]);
	if (err)
		model->row_count = 0;
	follow(model, &state->pages[index]);
	return err;
}
