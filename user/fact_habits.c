/* SPDX-License-Identifier: Apache-2.0 */
/* What a row's habits tell: idle timeouts, request caps, the size of a pool. */
#include <stdint.h>

#include "cluster.h"
#include "fact_part.h"
#include "habits.h"
#include "view_row.h"

#define TIMEOUT_SPREAD_MS 100  /* timers of user space are about that exact */
#define TIMEOUT_CLOSES	  5    /* of which it is learnt */
#define SHUTDOWN_MS	  1000 /* ends within it may all be one, as where a process ends */
#define EARLY_MS	  200  /* ends within it come with a response */
#define POOL_MS		  500 /* the oldest of a full pool may have waited a little; timeouts are longer */

struct values {
	__u32 items[2 * ENDINGS_MAX];
	size_t count;
};

static void collect_idle(struct values *values, const struct endings *endings, __u32 least)
{
	for (size_t i = 0; i < endings->count; i++) {
		__u32 idle = endings->items[i].idle_ms;

		if (idle != IDLE_UNKNOWN && idle >= least &&
		    !(least && endings->items[i].in_flight))
			values->items[values->count++] = idle;
	}
}

/* Its end came with a response, not after a silence. */
static bool is_early(const struct ending *ending)
{
	return ending->exchanges && ending->idle_ms < EARLY_MS;
}

/* Those of a rank that BELOW allows: so that both sides' samples stand for as many. */
static void collect_uses(struct values *values, const struct endings *endings, __u32 below)
{
	for (size_t i = 0; i < endings->count; i++) {
		if (is_early(&endings->items[i]) && endings->items[i].rank < below)
			values->items[values->count++] = endings->items[i].exchanges;
	}
}

static void set_median(struct facts *facts, enum fact fact, struct values *values)
{
	struct cluster all;

	if (cluster_find(values->items, values->count, 1, UINT32_MAX, &all))
		fact_set_count(facts, fact, all.middle);
}

/* At the end, whatever the reason: the medians. */
static void gather_idle(struct facts *facts, const struct habits *habits)
{
	struct values local = { .count = 0 }, remote = { .count = 0 }, both = { .count = 0 };

	collect_idle(&local, &habits->local, 0);
	set_median(facts, FACT_IDLE_LOCAL, &local);
	collect_idle(&remote, &habits->remote, 0);
	set_median(facts, FACT_IDLE_REMOTE, &remote);
	collect_idle(&both, &habits->local, 0);
	collect_idle(&both, &habits->remote, 0);
	set_median(facts, FACT_IDLE_ENDS, &both);
}

/* Connections that were last used together and end together, by whatever reason, had been idle for
 * the same time: of a timeout these are evidence only where other ends are, too. */
static bool is_one_event(const struct endings *endings, const struct cluster *idle)
{
	__s32 earliest = 0, latest = 0; /* from the first one of the sample, which is any */
	__u32 first = 0;
	bool any = false;

	for (size_t i = 0; i < endings->count; i++) {
		const struct ending *ending = &endings->items[i];
		__s32 since;

		if (ending->in_flight || ending->idle_ms < idle->low ||
		    ending->idle_ms > idle->high)
			continue;
		since = any ? (__s32)(ending->closed_ms - first) : 0;
		first = any ? first : ending->closed_ms;
		any = true;
		earliest = since < earliest ? since : earliest;
		latest = since > latest ? since : latest;
	}
	return (__s64)latest - earliest < SHUTDOWN_MS;
}

/* Where most of what a side closes after a while is closed after the same while. The facts that
 * follow FACT are the spread, the closes, and of how many these are. */
static void gather_timeout(struct facts *facts, const struct endings *endings, enum fact fact)
{
	struct values idle = { .count = 0 };
	struct cluster all, most;
	__u32 width;

	collect_idle(&idle, endings, EARLY_MS);
	if (!cluster_find(idle.items, idle.count, 1, UINT32_MAX, &all))
		return;
	width = all.middle / 20 > TIMEOUT_SPREAD_MS ? all.middle / 20 : TIMEOUT_SPREAD_MS;
	if (!cluster_find(idle.items, idle.count, 0.8, width, &most) ||
	    most.count < TIMEOUT_CLOSES || is_one_event(endings, &most))
		return;
	fact_set_count(facts, fact, most.middle);
	fact_set_count(facts, fact + 1, most.high - most.low);
	fact_set_count(facts, fact + 2, most.count);
	fact_set_count(facts, fact + 3, idle.count);
}

static __u32 bound_of(const struct endings *endings)
{
	return endings->below ? endings->below : UINT32_MAX;
}

static size_t count_uses(const struct endings *endings, __u32 uses, __u32 below)
{
	size_t count = 0;

	for (size_t i = 0; i < endings->count; i++)
		count += is_early(&endings->items[i]) && endings->items[i].exchanges == uses &&
			 endings->items[i].rank < below;
	return count;
}

/* Where most that end with a response have had the same number of exchanges. */
static void gather_cap(struct facts *facts, const struct habits *habits)
{
	__u32 local = bound_of(&habits->local), remote = bound_of(&habits->remote);
	__u32 below = local < remote ? local : remote;
	struct values uses = { .count = 0 };
	struct cluster most;

	collect_uses(&uses, &habits->local, below);
	collect_uses(&uses, &habits->remote, below);
	if (!cluster_find(uses.items, uses.count, 0.8, 0, &most))
		return;
	fact_set_count(facts, FACT_CAP, most.middle);
	fact_set_count(facts, FACT_CAP_CLOSES, most.count);
	fact_set_count(facts, FACT_CAP_OF, uses.count);
	fact_set_share(facts, FACT_CAP_LOCAL_SHARE, count_uses(&habits->local, most.middle, below),
		       most.count);
}

/* How many endings each one of the sample stands for. */
static double weight_of(const struct endings *endings)
{
	return endings->below ? 4294967296.0 / endings->below : 1;
}

/* Where next to nothing is reused there is no pool. */
#define POOL_REUSE 0.05

/* Closed by us soon after an answer, although others sat idle, and not for a limit on requests. */
static bool is_surplus(const struct ending *ending, double cap)
{
	return ending->idle_ms < POOL_MS && !ending->in_flight && ending->idle_others &&
	       ending->idle_others != OTHERS_UNKNOWN &&
	       !(cap > CAP_FEW && ending->exchanges == cap);
}

/* So many idle ones are enough for the pool as there were when one was surplus. Some of them may
 * just have been answered, and be on their way to be closed, too: the tenth smallest of a hundred
 * tells. */
static void gather_pool(struct facts *facts, const struct row_sum *sum)
{
	const struct endings *endings = &sum->row->habits->local;
	__u64 exchanges = sum->totals.exchanges + sum->totals.partial_exchanges;
	struct values others = { .count = 0 };
	struct cluster all;
	double closes;

	if (facts->values[FACT_REUSE_RATIO] < POOL_REUSE)
		return;
	for (size_t i = 0; i < endings->count; i++) {
		if (is_surplus(&endings->items[i], facts->values[FACT_CAP]))
			others.items[others.count++] = endings->items[i].idle_others;
	}
	if (!cluster_find(others.items, others.count, 1, UINT32_MAX, &all))
		return;
	closes = (double)others.count * weight_of(endings);
	fact_set_count(facts, FACT_POOL, others.items[(others.count - 1) / 10]);
	fact_set(facts, FACT_EARLY_CLOSES, closes);
	if (exchanges)
		fact_set(facts, FACT_CHURN, closes / (double)exchanges);
}

void facts__gather_habits(struct facts *facts, const struct row_sum *sum)
{
	const struct habits *habits = sum->row->habits;

	if (!habits)
		return;
	gather_idle(facts, habits);
	gather_timeout(facts, &habits->local, FACT_LOCAL_TIMEOUT);
	gather_timeout(facts, &habits->remote, FACT_REMOTE_TIMEOUT);
	gather_cap(facts, habits);
	if (sum->row->key.role == ROLE_CLIENT)
		gather_pool(facts, sum);
	fact_set_count(facts, FACT_SILENT, habits->silent);
	if (habits->silent)
		fact_set_count(facts, FACT_SILENCE, habits->silent_ms);
	if (habits->acceptor_count)
		fact_set_count(facts, FACT_ACCEPTORS, habits->acceptor_count);
}
