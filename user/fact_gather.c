/* SPDX-License-Identifier: Apache-2.0 */
/* Facts from a row of the aggregate, its habits, and the account. */
#include "fact.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "cluster.h"
#include "habits.h"
#include "local_ports.h"
#include "report.h"
#include "view_row.h"

#define TIMEOUT_MIN_MS	    200	  /* what ends sooner was not idle for long */
#define TIMEOUT_SPREAD_MS   100	  /* timers of user space are about that exact */
#define TIMEOUT_CLOSES	    5	  /* of which it is learnt */
#define SHUTDOWN_MS	    1000  /* ends within it may all be one, as where a process ends */
#define EARLY_MS	    1000  /* an idle timeout is longer */
#define TIME_WAIT_MS	    60000 /* TCP_TIMEWAIT_LEN, include/net/tcp.h */
#define TIME_WAIT_REUSED_MS 1000  /* tcp_twsk_unique(), net/ipv4/tcp_ipv4.c */

static void set(struct facts *facts, enum fact fact, double value)
{
	facts->values[fact] = value;
}

static void set_count(struct facts *facts, enum fact fact, __u64 count)
{
	set(facts, fact, (double)count);
}

static void set_share(struct facts *facts, enum fact fact, __u64 part, __u64 whole)
{
	if (whole)
		set(facts, fact, (double)part / (double)whole);
}

static void set_percentile(struct facts *facts, enum fact fact, const struct dist *dist,
			   double fraction)
{
	if (dist->count)
		set_count(facts, fact, dist__percentile(dist, fraction));
}

/* ---- openings ---- */

static void gather_failures(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	const struct habits *habits = sum->row->habits;
	__u64 failed = totals->failed - totals->fails[FAIL_CANCELLED];

	set_count(facts, FACT_FAILED, failed);
	set_count(facts, FACT_FAILED_THERE, failed - totals->fails[FAIL_NO_PORT]);
	set_share(facts, FACT_FAIL_SHARE, failed, failed + totals->opened);
	set_count(facts, FACT_REFUSED, totals->fails[FAIL_REFUSED]);
	set_count(facts, FACT_CONNECT_TIMEOUTS, totals->fails[FAIL_TIMEOUT]);
	set_count(facts, FACT_UNREACHABLE, totals->fails[FAIL_UNREACHABLE]);
	set_count(facts, FACT_NO_PORT, totals->fails[FAIL_NO_PORT]);
	if (!habits || !habits->failed_first_ns)
		return;
	set_count(facts, FACT_FAILING_FOR,
		  (sum->report->now_ns - habits->failed_first_ns) / 1000000);
	set(facts, FACT_STILL_FAILING, habits->failed_last_ns > habits->opened_last_ns);
}

/* Of those that were never open at once one came after another. Where the most at once is not
 * known, it may be any. */
static __u64 peak_of(const struct row_sum *sum)
{
	return sum->row->groups == 1 && !sum->report->no_peaks ? sum->row->open_peak : 0;
}

static void gather_openings(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	__u64 peak = peak_of(sum);

	set_count(facts, FACT_OPENED, totals->opened);
	set_count(facts, FACT_REOPENED, totals->opened > peak ? totals->opened - peak : 0);
	gather_failures(facts, sum);
	set_percentile(facts, FACT_CONNECT_P50, &totals->connect_us, 0.5);
}

static void gather_exchanges(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	const struct row *row = sum->row;

	set_count(facts, FACT_EXCHANGES, totals->exchanges + totals->partial_exchanges);
	set_count(facts, FACT_CARRIERS, totals->carriers);
	set_share(facts, FACT_PER_CONN, totals->exchanges, totals->carriers);
	set_share(facts, FACT_REUSE_RATIO, totals->exchanges - totals->carriers, totals->exchanges);
	if (peak_of(sum))
		set_count(facts, FACT_OPEN_PEAK, peak_of(sum));
	/* Without a hook at send nothing knows when a request began. */
	if (view_not_measured(sum->report, FEATURE_SEND))
		return;
	set_percentile(facts, FACT_RESPONSE_P50, &row->response_us, 0.5);
	set_share(facts, FACT_CONNECT_SHARE, totals->connect_us.sum, row->response_us.sum);
	if (row->idle_gap_us.count)
		set_count(facts, FACT_LONGEST_GAP, row->idle_gap_us.max / 1000);
	if (peak_of(sum) && row->key.role == ROLE_CLIENT)
		set_count(facts, FACT_ACTIVE_PEAK, row->active_peak);
}

/* ---- ends ---- */

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

static void collect_uses(struct values *values, const struct endings *endings)
{
	for (size_t i = 0; i < endings->count; i++) {
		if (is_early(&endings->items[i]))
			values->items[values->count++] = endings->items[i].exchanges;
	}
}

/* At the end, whatever the reason: the median. */
static void gather_idle(struct facts *facts, const struct endings *endings, enum fact fact)
{
	struct values idle = { .count = 0 };
	struct cluster half;

	collect_idle(&idle, endings, 0);
	if (cluster_find(idle.items, idle.count, 1, UINT32_MAX, &half))
		set_count(facts, fact, half.middle);
}

/* Connections that were last used together and end together, by whatever reason, had been idle for
 * the same time: of a timeout these are evidence only where other ends are, too. */
static bool is_one_event(const struct endings *endings, const struct cluster *idle)
{
	__u32 first = 0, widest = 0;
	bool any = false;

	for (size_t i = 0; i < endings->count; i++) {
		const struct ending *ending = &endings->items[i];
		__s32 since;

		if (ending->idle_ms < idle->low || ending->idle_ms > idle->high)
			continue;
		since = any ? (__s32)(ending->closed_ms - first) : 0;
		first = any ? first : ending->closed_ms;
		any = true;
		widest = (__u32)abs(since) > widest ? (__u32)abs(since) : widest;
	}
	return widest < SHUTDOWN_MS;
}

/* Where most of what a side closes after a while is closed after the same while. The facts that
 * follow FACT are the spread, the closes, and of how many these are. */
static void gather_timeout(struct facts *facts, const struct endings *endings, enum fact fact)
{
	struct values idle = { .count = 0 };
	struct cluster all, most;
	__u32 width;

	collect_idle(&idle, endings, TIMEOUT_MIN_MS);
	if (!cluster_find(idle.items, idle.count, 1, UINT32_MAX, &all))
		return;
	width = all.middle / 20 > TIMEOUT_SPREAD_MS ? all.middle / 20 : TIMEOUT_SPREAD_MS;
	if (!cluster_find(idle.items, idle.count, 0.8, width, &most) ||
	    most.count < TIMEOUT_CLOSES || is_one_event(endings, &most))
		return;
	set_count(facts, fact, most.middle);
	set_count(facts, fact + 1, most.high - most.low);
	set_count(facts, fact + 2, most.count);
	set_count(facts, fact + 3, idle.count);
}

static size_t count_uses(const struct endings *endings, __u32 uses)
{
	size_t count = 0;

	for (size_t i = 0; i < endings->count; i++)
		count += is_early(&endings->items[i]) && endings->items[i].exchanges == uses;
	return count;
}

/* Where most that end with a response have had the same number of exchanges. */
static void gather_cap(struct facts *facts, const struct habits *habits)
{
	struct values uses = { .count = 0 };
	struct cluster most;

	collect_uses(&uses, &habits->local);
	collect_uses(&uses, &habits->remote);
	if (!cluster_find(uses.items, uses.count, 0.8, 0, &most))
		return;
	set_count(facts, FACT_CAP, most.middle);
	set_count(facts, FACT_CAP_CLOSES, most.count);
	set_count(facts, FACT_CAP_OF, uses.count);
	set_share(facts, FACT_CAP_LOCAL_SHARE, count_uses(&habits->local, most.middle), most.count);
}

/* How many endings each one of the sample stands for. */
static double weight_of(const struct endings *endings)
{
	return endings->below ? 4294967296.0 / endings->below : 1;
}

/* Closed by us soon after an answer, although others sat idle: so many idle ones are enough for the
 * pool. Some of those may just have been answered, and be on their way to be closed, too: the
 * tenth smallest of a hundred tells. */
static void gather_pool(struct facts *facts, const struct row_sum *sum)
{
	const struct endings *endings = &sum->row->habits->local;
	__u64 exchanges = sum->totals.exchanges + sum->totals.partial_exchanges;
	struct values others = { .count = 0 };
	struct cluster all;
	double closes;

	for (size_t i = 0; i < endings->count; i++) {
		const struct ending *ending = &endings->items[i];

		if (ending->idle_ms < EARLY_MS && !ending->in_flight && ending->idle_others &&
		    ending->idle_others != IDLE_UNKNOWN)
			others.items[others.count++] = ending->idle_others;
	}
	if (!cluster_find(others.items, others.count, 1, UINT32_MAX, &all))
		return;
	closes = (double)others.count * weight_of(endings);
	set_count(facts, FACT_POOL, others.items[others.count / 10]);
	set(facts, FACT_EARLY_CLOSES, closes);
	if (exchanges)
		set(facts, FACT_CHURN, closes / (double)exchanges);
}

static void gather_habits(struct facts *facts, const struct row_sum *sum)
{
	const struct habits *habits = sum->row->habits;

	if (!habits)
		return;
	gather_idle(facts, &habits->local, FACT_IDLE_LOCAL);
	gather_idle(facts, &habits->remote, FACT_IDLE_REMOTE);
	gather_timeout(facts, &habits->local, FACT_LOCAL_TIMEOUT);
	gather_timeout(facts, &habits->remote, FACT_REMOTE_TIMEOUT);
	gather_cap(facts, habits);
	if (sum->row->key.role == ROLE_CLIENT)
		gather_pool(facts, sum);
	set_count(facts, FACT_SILENT, habits->silent);
	if (habits->silent)
		set_count(facts, FACT_SILENCE, habits->silent_ms);
	if (habits->acceptor_count)
		set_count(facts, FACT_ACCEPTORS, habits->acceptor_count);
}

static void gather_sides(struct facts *facts, const struct totals *totals)
{
	const __u64 *by = totals->by;
	__u64 local = by[INITIATOR_LOCAL_FIN] + by[INITIATOR_LOCAL_RST];
	/* Crossing FINs: both sides knew that the response was the last. */
	__u64 remote = by[INITIATOR_REMOTE_FIN] + by[INITIATOR_REMOTE_RST] + by[INITIATOR_BOTH_FIN];

	set_count(facts, FACT_CLOSED, totals->closed);
	set_count(facts, FACT_CLOSED_LOCAL, local);
	set_share(facts, FACT_LOCAL_SHARE, local, totals->closed);
	set_count(facts, FACT_CLOSED_REMOTE, remote);
	set_share(facts, FACT_REMOTE_SHARE, remote, totals->closed);
	set(facts, FACT_GOODBYES, 0);
	set_share(facts, FACT_GOODBYES, totals->in_flight_by[INITIATOR_LOCAL_FIN],
		  by[INITIATOR_LOCAL_FIN]);
}

static bool is_reused(const struct local_ports *ports, const __u8 addr[CONN_ADDR_LEN])
{
	return ports->tw_reuse == 1 || (ports->tw_reuse == 2 && addr_is_loopback(addr));
}

static void gather_time_wait(struct facts *facts, const struct row_sum *sum,
			     struct ports_by_netns *known)
{
	const struct row *row = sum->row;
	__u64 elapsed_ms = sum->report->account.interval_ms;
	double now = (double)sum->totals.time_wait;
	struct local_ports ports;
	__u64 hold_ms;

	set_count(facts, FACT_TIME_WAIT, sum->totals.time_wait);
	if (row->key.role != ROLE_CLIENT || !sum->totals.time_wait || !known)
		return;
	ports = ports_by_netns__find(known, row->netns, row->pid, sum->report->recorded);
	hold_ms = is_reused(&ports, row->key.addr) ? TIME_WAIT_REUSED_MS : TIME_WAIT_MS;
	if (elapsed_ms > hold_ms)
		now = now * (double)hold_ms / (double)elapsed_ms;
	set(facts, FACT_TIME_WAIT_NOW, now);
	set_count(facts, FACT_PORTS, ports.count);
	set(facts, FACT_PORT_SHARE, now / (double)ports.count);
}

static void gather_ends(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	__u64 elapsed_ms = sum->report->account.interval_ms;

	gather_sides(facts, totals);
	if (elapsed_ms)
		set(facts, FACT_CLOSES_PER_S, (double)totals->closed * 1000 / (double)elapsed_ms);
	set_count(facts, FACT_RACED, totals->raced);
	set_share(facts, FACT_RACED_SHARE, totals->raced,
		  totals->exchanges + totals->partial_exchanges);
	set_count(facts, FACT_UNREAD, totals->causes[CAUSE_UNREAD_DATA]);
	set_share(facts, FACT_UNREAD_SHARE, totals->causes[CAUSE_UNREAD_DATA], totals->closed);
	set_count(facts, FACT_TIMEOUTS, totals->by[INITIATOR_TIMEOUT]);
	set_count(facts, FACT_KEEPALIVE_TIMEOUTS, totals->causes[CAUSE_KEEPALIVE]);
	set_count(facts, FACT_RETRANSMISSION_TIMEOUTS,
		  totals->causes[CAUSE_RETRANSMISSIONS] + totals->causes[CAUSE_USER_TIMEOUT] +
			  totals->causes[CAUSE_WINDOW_PROBES]);
}

/* ---- the accept queue ---- */

static void gather_listener(struct facts *facts, const struct row_sum *sum)
{
	const struct row *row = sum->row;
	const struct listener_totals *now = &row->listener_open, *gone = &row->listener_closed;
	const struct listener_totals *known = now->seen ? now : gone;
	const struct totals *totals = &sum->totals;

	set_percentile(facts, FACT_ACCEPT_WAIT_P50, &totals->accept_wait_us, 0.5);
	set_percentile(facts, FACT_ACCEPT_WAIT_P99, &totals->accept_wait_us, 0.99);
	set_percentile(facts, FACT_DEPTH_P90, &totals->depth, 0.9);
	set_count(facts, FACT_ENTERED, totals->depth.count);
	set_count(facts, FACT_ACCEPTED, totals->accepted);
	if (totals->accepted)
		set(facts, FACT_ACCEPT_GAP,
		    (double)sum->report->account.interval_ms * 1000 / (double)totals->accepted);
	set_count(facts, FACT_DEPTH_MAX, totals->depth_max);
	if (!known->seen)
		return;
	set_count(facts, FACT_OVERFLOWS,
		  now->syn_drops + now->ack_drops + gone->syn_drops + gone->ack_drops);
	set_count(facts, FACT_LIMIT, known->limit);
	set_count(facts, FACT_SOMAXCONN, known->somaxconn);
	/* The kernel takes it as unsigned: a negative one asks for all there is. */
	if (known->asked_known)
		set_count(facts, FACT_ASKED, (__u32)known->backlog_asked);
	set_share(facts, FACT_DEPTH_SHARE, totals->depth_max, known->limit);
}

/* ---- the tracer ---- */

static void gather_account(struct facts *facts, const struct report *report)
{
	const struct account *account = &report->account;

	set_count(facts, FACT_TRACKED, account->tracked);
	set_count(facts, FACT_LOST, account_lost_events(account));
	set_count(facts, FACT_NOT_KEPT, account_map_full(account));
	set_count(facts, FACT_FOLDED, account->folded);
	set(facts, FACT_NO_TURNS, view_off(report, FEATURE_RECEIVE) != NULL);
	if (account->missed_runs >= 0)
		set_count(facts, FACT_MISSED_RUNS, (__u64)account->missed_runs);
}

static void gather_all_exchanges(struct facts *facts, const struct report *report)
{
	const struct row *const *rows;
	size_t count = aggregate__rows(report->aggregate, &rows);
	__u64 exchanges = 0;

	for (size_t i = 0; i < count; i++)
		exchanges += rows[i]->closed.exchanges + rows[i]->closed.partial_exchanges +
			     rows[i]->open.exchanges + rows[i]->open.partial_exchanges;
	set_count(facts, FACT_ALL_EXCHANGES, exchanges);
}

void facts__gather(struct facts *facts, const struct report *report, const struct row_sum *sum,
		   struct ports_by_netns *known)
{
	for (int i = 0; i < FACT_MAX; i++)
		facts->values[i] = NAN;
	set_count(facts, FACT_ELAPSED, report->account.interval_ms);
	if (!sum) {
		gather_account(facts, report);
		gather_all_exchanges(facts, report);
		return;
	}
	if (sum->row->key.port)
		set_count(facts, FACT_PORT, sum->row->key.port);
	gather_openings(facts, sum);
	gather_exchanges(facts, sum);
	gather_ends(facts, sum);
	gather_time_wait(facts, sum, known);
	gather_habits(facts, sum);
	if (sum->row->key.role == ROLE_SERVER)
		gather_listener(facts, sum);
}
