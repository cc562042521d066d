/* SPDX-License-Identifier: Apache-2.0 */
/* One endpoint's row: of closed records, the newest snapshot and the kernel's groups. */
#include "row.h"

#include <stdlib.h>
#include <string.h>

#include "habits.h"

void row__done(struct row *row)
{
	totals__done(&row->closed);
	totals__done(&row->open);
	dist__done(&row->idle_gap_us);
	dist__done(&row->response_us);
	free(row->queues.depths);
	series__free(row->series);
	habits__free(row->habits);
}

static void forget_open(struct row *row)
{
	row->present = 0;
	totals__clear(&row->open);
	memset(&row->listener_open, 0, sizeof(row->listener_open));
	row->queues.count = 0;
}

static void forget_groups(struct row *row)
{
	dist__clear(&row->idle_gap_us);
	dist__clear(&row->response_us);
	row->open_peak = 0;
	row->open_peaks = 0;
	row->active_peak = 0;
	row->groups = 0;
}

void row__begin_snapshot(struct row *row)
{
	if (row->present)
		forget_open(row);
	if (row->groups)
		forget_groups(row);
	if (row->habits)
		habits__begin_snapshot(row->habits);
}

void row__add_queue(struct row *row, __u32 depth)
{
	struct queues *queues = &row->queues;
	size_t room = queues->room ? 2 * queues->room : 4;
	__u64 *depths;

	if (queues->count == queues->room) {
		depths = reallocarray(queues->depths, room, sizeof(*depths));
		if (!depths)
			return;
		queues->depths = depths;
		queues->room = room;
	}
	queues->depths[queues->count++] = depth;
}

void row__add_group(struct row *row, const struct group *group)
{
	dist__merge_kernel(&row->idle_gap_us, &group->idle_gap_us);
	dist__merge_kernel(&row->response_us, &group->response_us);
	/* Peaks of several groups need not have come at one time: a row of several has none. */
	row->groups++;
	row->open_peak = group->open_peak > 0 ? group->open_peak : 0;
	row->open_peaks += row->open_peak;
	row->active_peak = group->active_peak > 0 ? group->active_peak : 0;
}

__u64 row__connections(const struct row *row)
{
	return row->ended - row->listener_closed.seen + row->present - row->listener_open.seen;
}

static void add_sample(struct sample *sample, const struct totals *totals)
{
	sample->opened += totals->opened;
	sample->failed += totals->failed;
	sample->exchanges += totals->exchanges + totals->partial_exchanges;
	sample->carriers += totals->carriers;
	sample->closed += totals->closed;
	sample->raced += totals->raced;
	sample->sent_bytes += totals->sent_bytes;
	sample->received_bytes += totals->received_bytes;
}

void row__sample(const struct row *row, struct sample *ret_sample)
{
	const struct listener_totals *now = &row->listener_open, *gone = &row->listener_closed;

	memset(ret_sample, 0, sizeof(*ret_sample));
	add_sample(ret_sample, &row->closed);
	add_sample(ret_sample, &row->open);
	ret_sample->overflows = now->syn_drops + now->ack_drops + gone->syn_drops + gone->ack_drops;
	ret_sample->open = (__u32)row->open.open;
	ret_sample->active = (__u32)row->open.active;
	ret_sample->depth = now->depth;
}
