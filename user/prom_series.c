/* SPDX-License-Identifier: Apache-2.0 */
/* Rows summed into a label set, and what of it only grows. */
#include "prom_series.h"

#include <string.h>

#include "prom.h"
#include "view_row.h"

/* ---- sums ---- */

static void add_counters(__u64 *counters, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	const struct listener_totals *open = &sum->row->listener_open;
	const struct listener_totals *closed = &sum->row->listener_closed;

	counters[PROM_OPENED] += totals->opened;
	for (int i = 0; i < FAIL_MAX; i++)
		counters[PROM_FAILED + i] += totals->fails[i];
	counters[PROM_EXCHANGES] += totals->exchanges;
	counters[PROM_PARTIAL_EXCHANGES] += totals->partial_exchanges;
	for (int i = 0; i < INITIATOR_MAX; i++) {
		counters[PROM_ANSWERED + i] += totals->by[i] - totals->in_flight_by[i];
		counters[PROM_IN_FLIGHT + i] += totals->in_flight_by[i];
	}
	counters[PROM_RACED] += totals->raced;
	counters[PROM_SENT] += totals->sent_bytes;
	counters[PROM_RECEIVED] += totals->received_bytes;
	counters[PROM_ACCEPTED] += totals->accepted;
	counters[PROM_SYN_DROPS] += open->syn_drops + closed->syn_drops;
	counters[PROM_OVERFLOWS] += open->syn_drops + closed->syn_drops;
	counters[PROM_OVERFLOWS] += open->ack_drops + closed->ack_drops;
}

static void add_dists(struct dist *dists, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals, *closed = &sum->row->closed;

	/* An open connection's number still changes. */
	dist__merge(&dists[PROM_PER_CONN], &closed->exchanges_per_conn);
	dist__add_slot(&dists[PROM_PER_CONN], 0, (__u32)closed->unused);
	dist__merge(&dists[PROM_IDLE_US], &sum->row->idle_gap_us);
	dist__merge(&dists[PROM_DURATION_US], &totals->duration_us);
	dist__merge(&dists[PROM_CONNECT_US], &totals->connect_us);
	dist__merge(&dists[PROM_RESPONSE_US], &sum->row->response_us);
	dist__merge(&dists[PROM_CLOSE_LOCAL_US], &totals->idle_at_close_local_us);
	dist__merge(&dists[PROM_CLOSE_REMOTE_US], &totals->idle_at_close_remote_us);
	dist__merge(&dists[PROM_DEPTH], &totals->depth);
	dist__merge(&dists[PROM_WAIT_US], &totals->accept_wait_us);
}

/* Queues are not summed: of several, the deepest speaks. */
static void set_queue(__s64 *gauges, const struct row_sum *sum)
{
	const struct listener_totals *listener = &sum->row->listener_open;
	__s64 max = sum->totals.depth_max;

	if (max > gauges[PROM_QUEUE_MAX])
		gauges[PROM_QUEUE_MAX] = max;
	if (!listener->seen || (__s64)listener->depth < gauges[PROM_QUEUE] ||
	    ((__s64)listener->depth == gauges[PROM_QUEUE] && listener->limit >= gauges[PROM_LIMIT]))
		return;
	gauges[PROM_QUEUE] = listener->depth;
	gauges[PROM_LIMIT] = listener->limit;
	gauges[PROM_ASKED] = listener->asked_known ? listener->backlog_asked : PROM_UNKNOWN;
}

static void add_gauges(__s64 *gauges, const struct row_sum *sum)
{
	const struct totals *open = &sum->row->open;

	gauges[PROM_ACTIVE] += (__s64)open->active;
	gauges[PROM_IDLE] += (__s64)(open->open - open->active - open->open_turnless);
	gauges[PROM_TURN_UNKNOWN] += (__s64)open->open_turnless;
	if (sum->row->key.role == ROLE_SERVER)
		set_queue(gauges, sum);
}

static unsigned int known_of(const struct row_sum *sum)
{
	const struct report *report = sum->report;
	const struct totals *totals = &sum->totals;
	unsigned int known = KNOWN_ALWAYS;
	bool turns = !view_turnless(sum) || totals->exchanges;
	bool server = sum->row->key.role == ROLE_SERVER;

	if (turns)
		known |= KNOWN_EXCHANGES;
	if (!view_not_measured(report, FEATURE_SEND))
		known |= KNOWN_TIMES;
	if ((!view_off(report, FEATURE_RACE) && (turns || server)) || totals->raced)
		known |= KNOWN_RACES;
	if (!view_off(report, FEATURE_ACCEPT))
		known |= KNOWN_ACCEPTS;
	if (!view_off(report, FEATURE_OVERFLOW) &&
	    (sum->row->listener_open.seen || sum->row->listener_closed.seen))
		known |= KNOWN_OVERFLOWS;
	return known;
}

void prom_series__add(struct prom_series *series, const struct row_sum *sum)
{
	add_counters(series->now.counters, sum);
	add_dists(series->now.dists, sum);
	add_gauges(series->gauges, sum);
	series->known |= known_of(sum);
}

void prom_series__begin(struct prom_series *series)
{
	memset(series->now.counters, 0, sizeof(series->now.counters));
	for (int i = 0; i < PROM_DISTS; i++)
		dist__clear(&series->now.dists[i]);
	memset(series->gauges, 0, sizeof(series->gauges));
	for (int i = PROM_QUEUE; i < PROM_GAUGES; i++)
		series->gauges[i] = PROM_UNKNOWN;
}

void prom_series__done(struct prom_series *series)
{
	for (int i = 0; i < PROM_DISTS; i++) {
		dist__done(&series->now.dists[i]);
		dist__done(&series->max.dists[i]);
	}
}

#define LEARN_FROM     10     /* closings by the peer */
#define LEARN_LEAST_US 500000 /* shorter ones are no timeouts of idle connections */

/* A peer that closes idle connections after a fixed time does so nearly always after that time:
 * nine tenths within two neighbouring buckets. */
static __s64 learn_timeout(const struct dist *dist)
{
	__u64 count, below, above, middle;
	__u32 slot;

	if (dist->count < LEARN_FROM)
		return PROM_UNKNOWN;
	middle = dist__percentile(dist, 0.5);
	slot = hist_slot(middle);
	if (middle < LEARN_LEAST_US || slot + 1 >= HIST_SLOTS)
		return PROM_UNKNOWN;
	below = dist__slot(dist, slot - 1);
	above = dist__slot(dist, slot + 1);
	count = dist__slot(dist, slot) + (below > above ? below : above);
	return count * 10 >= dist->count * 9 ? (__s64)middle : PROM_UNKNOWN;
}

/* ---- what only grows ---- */

static void raise_to(__u64 *value, __u64 now)
{
	if (now > *value)
		*value = now;
}

static void dist_raise_to(struct dist *dist, const struct dist *now)
{
	raise_to(&dist->sum, now->sum);
	raise_to(&dist->max, now->max);
	for (__u32 i = 0; i < HIST_SLOTS; i++) {
		__u32 before = dist__slot(dist, i), count = dist__slot(now, i);

		if (count > before)
			dist__add_slot(dist, i, count - before);
	}
}

void prom_series__end(struct prom_series *series)
{
	for (int i = 0; i < PROM_COUNTERS; i++)
		raise_to(&series->max.counters[i], series->now.counters[i]);
	for (int i = 0; i < PROM_DISTS; i++)
		dist_raise_to(&series->max.dists[i], &series->now.dists[i]);
	if (series->role == ROLE_CLIENT)
		series->gauges[PROM_PEER_TIMEOUT_US] =
			learn_timeout(&series->max.dists[PROM_CLOSE_REMOTE_US]);
}
