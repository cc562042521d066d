/* SPDX-License-Identifier: Apache-2.0 */
/* What a series says of the last minutes, as few enough numbers to be drawn. */
#include "history.h"

#include <stdio.h>
#include <string.h>

#include "series.h"
#include "spark.h"

#define MS_NS 1000000ULL

static __u64 value_of(const struct slot *slot, enum history_kind kind)
{
	switch (kind) {
	case HISTORY_NEW:
		return slot->opened;
	case HISTORY_EXCHANGES:
		return slot->exchanges;
	case HISTORY_CLOSED:
		return slot->closed;
	case HISTORY_RACED:
		return slot->raced;
	case HISTORY_OVERFLOWS:
		return slot->overflows;
	case HISTORY_DEPTH:
		return slot->depth;
	default:
		/* The first exchange of a connection and the exchange itself need not fall into
		 * one slot. */
		if (!slot->exchanges)
			return SPARK_UNKNOWN;
		if (slot->carriers >= slot->exchanges)
			return 0;
		return (__u64)(slot->exchanges - slot->carriers) * 1000 / slot->exchanges;
	}
}

/* Slots in one step, so that COUNT of them take at most ROOM steps. */
static size_t step_of(const struct series *series, __u64 tick_ms, size_t count, size_t room)
{
	__u64 width_ms = series->width_ns / MS_NS;
	size_t step = (count + room - 1) / room, least = (tick_ms + width_ms - 1) / width_ms;

	return step > least ? step : least;
}

/* Of STEP slots from FIRST on; of those beyond LAST as much is expected as of the others. */
static __u64 value_between(const struct series *series, enum history_kind kind, size_t first,
			   size_t step, size_t last)
{
	size_t count = first + step <= last + 1 ? step : last + 1 - first;
	struct slot sum = { 0 };
	__u64 value;

	for (size_t i = first; i < first + count; i++)
		slot_merge(&sum, &series->slots[i]);
	value = value_of(&sum, kind);
	return kind == HISTORY_DEPTH || kind == HISTORY_REUSE ? value : value * step / count;
}

void history_of(const struct series *series, enum history_kind kind, __u64 now_ns, __u64 tick_ms,
		size_t room, struct history *ret)
{
	size_t last, count, step, first;

	memset(ret, 0, sizeof(*ret));
	ret->kind = kind;
	now_ns -= tick_ms * MS_NS / 2; /* as aggregate__tick() does */
	if (!series || !series->count || !room || now_ns < series->start_ns)
		return;
	room = room < HISTORY_SECONDS ? room : HISTORY_SECONDS;
	last = (size_t)((now_ns - series->start_ns) / series->width_ns);
	last = last < series->count ? last : series->count - 1;
	count = (size_t)(HISTORY_SECONDS * 1000 * MS_NS / series->width_ns);
	count = count > last ? last + 1 : count + !count;
	step = step_of(series, tick_ms, count, room);
	ret->step_ms = step * (series->width_ns / MS_NS);
	/* Steps begin where the series does: what has been drawn moves, but does not change. */
	first = (last + 1 - count + step - 1) / step;
	ret->count = last / step + 1 - first;
	if (ret->count > room) {
		first += ret->count - room;
		ret->count = room;
	}
	for (size_t i = 0; i < ret->count; i++)
		ret->values[i] = value_between(series, kind, (first + i) * step, step, last);
}

const char *history_label(enum history_kind kind)
{
	static const char *const labels[HISTORY_KINDS] = {
		[HISTORY_NEW] = "new/s",	[HISTORY_EXCHANGES] = "exch/s",
		[HISTORY_CLOSED] = "closed/s",	[HISTORY_RACED] = "raced/s",
		[HISTORY_OVERFLOWS] = "over/s", [HISTORY_DEPTH] = "depth",
		[HISTORY_REUSE] = "reuse",
	};

	return labels[kind];
}

char *history_format(const struct history *history, __u64 value, char *buf, size_t len)
{
	double per_second = (double)value * 1000 / (double)(history->step_ms + !history->step_ms);

	if (value == SPARK_UNKNOWN)
		snprintf(buf, len, "-");
	else if (history->kind == HISTORY_REUSE)
		snprintf(buf, len, "%.1f%%", (double)value / 10);
	else if (history->kind == HISTORY_DEPTH)
		snprintf(buf, len, "%llu", value);
	else
		snprintf(buf, len, value && per_second < 9.95 ? "%.1f" : "%.0f", per_second);
	return buf;
}

__u64 history_peak(const struct history *history)
{
	__u64 peak = SPARK_UNKNOWN;

	for (size_t i = 0; i < history->count; i++) {
		__u64 value = history->values[i];

		if (value != SPARK_UNKNOWN && (peak == SPARK_UNKNOWN || value > peak))
			peak = value;
	}
	return peak;
}
