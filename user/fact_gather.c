/* SPDX-License-Identifier: Apache-2.0 */
/* Facts from a row of the aggregate, its habits, and the account. */
#include "fact_part.h"

#include <math.h>
#include <string.h>

#include "addr.h"
#include "habits.h"
#include "local_ports.h"
#include "report.h"
#include "view_row.h"

#define TIME_WAIT_MS	    60000 /* TCP_TIMEWAIT_LEN, include/net/tcp.h */
#define TIME_WAIT_REUSED_MS 1000  /* tcp_twsk_unique(), net/ipv4/tcp_ipv4.c */
#define RATE_MIN_MS	    10000 /* a rate of less may be that of a burst */

static void set_percentile(struct facts *facts, enum fact fact, const struct dist *dist,
			   double fraction)
{
	if (dist->count)
		fact_set_count(facts, fact, dist__percentile(dist, fraction));
}

/* ---- openings ---- */

static bool is_of_other_family(const struct row_key *key, const struct row_key *other)
{
	return other->role == ROLE_CLIENT && other->port == key->port &&
	       other->netns == key->netns && other->cgroup == key->cgroup &&
	       addr_is_v4(other->addr) != addr_is_v4(key->addr) && !strcmp(other->comm, key->comm);
}

/* Connections of the same program to the same port over the other version of IP, where it may well
 * try one after the other (RFC 8305): this host has no route for one of them, or both lead to this
 * host itself. */
static __u64 opened_otherwise(const struct row_sum *sum, bool no_route)
{
	const struct row_key *key = &sum->row->key;
	const struct row *const *rows;
	size_t count = aggregate__rows(sum->report->aggregate, &rows);
	__u64 opened = 0;

	if (!no_route && !addr_is_loopback(key->addr))
		return 0;
	for (size_t i = 0; i < count; i++) {
		const struct row *row = rows[i];

		if (is_of_other_family(key, &row->key) &&
		    (no_route || addr_is_loopback(row->key.addr)))
			opened += row->closed.opened + row->open.opened;
	}
	return opened;
}

static void gather_failures(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	const struct habits *habits = sum->row->habits;
	__u64 failed = totals->failed - totals->fails[FAIL_CANCELLED], failing_ns = 0;

	fact_set_count(facts, FACT_FAILED, failed);
	fact_set_count(facts, FACT_FAILED_THERE, failed - totals->fails[FAIL_NO_PORT]);
	fact_set_share(facts, FACT_FAIL_SHARE, failed, failed + totals->opened);
	fact_set_count(facts, FACT_REFUSED, totals->fails[FAIL_REFUSED]);
	fact_set_count(facts, FACT_CONNECT_TIMEOUTS, totals->fails[FAIL_TIMEOUT]);
	fact_set_count(facts, FACT_UNREACHABLE, totals->fails[FAIL_UNREACHABLE]);
	fact_set_count(facts, FACT_NO_PORT, totals->fails[FAIL_NO_PORT]);
	if (failed)
		fact_set_count(facts, FACT_OTHER_FAMILY,
			       opened_otherwise(sum, totals->fails[FAIL_UNREACHABLE] == failed));
	if (!habits || !habits->failed_first_ns)
		return;
	/* One may begin after the report's time was taken. */
	if (sum->report->now_ns > habits->failed_first_ns)
		failing_ns = sum->report->now_ns - habits->failed_first_ns;
	fact_set_count(facts, FACT_FAILING_FOR, failing_ns / 1000000);
	fact_set(facts, FACT_STILL_FAILING, habits->failed_last_ns > habits->opened_last_ns);
}

/* Of all together: 0 where that is not known. */
static __u64 peak_of(const struct row_sum *sum)
{
	return sum->row->groups == 1 && !sum->report->no_peaks ? sum->row->open_peak : 0;
}

/* Those beyond the most that were open at once came one after another. Peaks of several groups need
 * not have come at one time: their sum is the most that it can have been. */
static void gather_openings(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	__u64 peak = sum->report->no_peaks ? 0 : sum->row->open_peaks;

	fact_set_count(facts, FACT_OPENED, totals->opened);
	if (peak)
		fact_set_count(facts, FACT_REOPENED,
			       totals->opened > peak ? totals->opened - peak : 0);
	gather_failures(facts, sum);
	set_percentile(facts, FACT_CONNECT_P50, &totals->connect_us, 0.5);
}

static void gather_exchanges(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	const struct row *row = sum->row;

	fact_set_count(facts, FACT_EXCHANGES, totals->exchanges + totals->partial_exchanges);
	fact_set_count(facts, FACT_CARRIERS, totals->carriers);
	fact_set_share(facts, FACT_PER_CONN, totals->exchanges, totals->carriers);
	fact_set_share(facts, FACT_REUSE_RATIO, totals->exchanges - totals->carriers,
		       totals->exchanges);
	if (peak_of(sum))
		fact_set_count(facts, FACT_OPEN_PEAK, peak_of(sum));
	/* Without a hook at send nothing knows when a request began. */
	if (view_not_measured(sum->report, FEATURE_SEND))
		return;
	set_percentile(facts, FACT_RESPONSE_P50, &row->response_us, 0.5);
	fact_set_share(facts, FACT_CONNECT_SHARE, totals->connect_us.sum, row->response_us.sum);
	if (row->idle_gap_us.count)
		fact_set_count(facts, FACT_LONGEST_GAP, row->idle_gap_us.max / 1000);
	if (peak_of(sum) && row->key.role == ROLE_CLIENT)
		fact_set_count(facts, FACT_ACTIVE_PEAK, row->active_peak);
}

/* ---- ends ---- */

static void gather_sides(struct facts *facts, const struct totals *totals)
{
	const __u64 *by = totals->by;
	__u64 local = by[INITIATOR_LOCAL_FIN] + by[INITIATOR_LOCAL_RST];
	/* Crossing FINs: both sides knew that the response was the last. */
	__u64 remote = by[INITIATOR_REMOTE_FIN] + by[INITIATOR_REMOTE_RST] + by[INITIATOR_BOTH_FIN];

	fact_set_count(facts, FACT_CLOSED, totals->closed);
	fact_set_count(facts, FACT_CLOSED_LOCAL, local);
	fact_set_share(facts, FACT_LOCAL_SHARE, local, totals->closed);
	fact_set_count(facts, FACT_CLOSED_REMOTE, remote);
	fact_set_share(facts, FACT_REMOTE_SHARE, remote, totals->closed);
	fact_set(facts, FACT_GOODBYES, 0);
	fact_set_share(facts, FACT_GOODBYES, totals->in_flight_by[INITIATOR_LOCAL_FIN],
		       by[INITIATOR_LOCAL_FIN]);
}

static bool is_reused(const struct local_ports *ports, const __u8 addr[CONN_ADDR_LEN])
{
	return ports->tw_reuse == 1 || (ports->tw_reuse == 2 && addr_is_loopback(addr));
}

/* So many will be there at once where it goes on like that. */
static void gather_time_wait_ahead(struct facts *facts, double now, __u64 elapsed_ms, __u64 hold_ms,
				   double ports)
{
	double ahead = now * (double)hold_ms / (double)elapsed_ms;

	if (elapsed_ms < RATE_MIN_MS || elapsed_ms >= hold_ms)
		return;
	fact_set(facts, FACT_TIME_WAIT_AHEAD, ahead);
	fact_set(facts, FACT_PORT_SHARE_AHEAD, ahead / ports);
}

static void gather_time_wait(struct facts *facts, const struct row_sum *sum,
			     struct ports_by_netns *known)
{
	const struct row *row = sum->row;
	__u64 elapsed_ms = sum->report->account.interval_ms;
	double now = (double)sum->totals.time_wait;
	struct local_ports ports;
	__u64 hold_ms;

	fact_set_count(facts, FACT_TIME_WAIT, sum->totals.time_wait);
	/* Each remote end has all ports to itself: of several no sum tells. */
	if (row->key.role != ROLE_CLIENT || !row->key.port || !sum->totals.time_wait || !known)
		return;
	ports = ports_by_netns__find(known, row->netns, row->pid, sum->report->recorded);
	hold_ms = is_reused(&ports, row->key.addr) ? TIME_WAIT_REUSED_MS : TIME_WAIT_MS;
	if (elapsed_ms > hold_ms)
		now = now * (double)hold_ms / (double)elapsed_ms;
	fact_set(facts, FACT_TIME_WAIT_NOW, now);
	fact_set_count(facts, FACT_PORTS, ports.count);
	fact_set(facts, FACT_PORT_SHARE, now / (double)ports.count);
	gather_time_wait_ahead(facts, now, elapsed_ms, hold_ms, (double)ports.count);
}

static void gather_ends(struct facts *facts, const struct row_sum *sum)
{
	const struct totals *totals = &sum->totals;
	__u64 elapsed_ms = sum->report->account.interval_ms;

	gather_sides(facts, totals);
	if (elapsed_ms)
		fact_set(facts, FACT_CLOSES_PER_S,
			 (double)totals->closed * 1000 / (double)elapsed_ms);
	fact_set_count(facts, FACT_RACED, totals->raced);
	fact_set_share(facts, FACT_RACED_SHARE, totals->raced,
		       totals->exchanges + totals->partial_exchanges);
	fact_set_count(facts, FACT_UNREAD, totals->causes[CAUSE_UNREAD_DATA]);
	fact_set_share(facts, FACT_UNREAD_SHARE, totals->causes[CAUSE_UNREAD_DATA], totals->closed);
	fact_set_count(facts, FACT_TIMEOUTS, totals->by[INITIATOR_TIMEOUT]);
	fact_set_count(facts, FACT_KEEPALIVE_TIMEOUTS, totals->causes[CAUSE_KEEPALIVE]);
	fact_set_count(facts, FACT_RETRANSMISSION_TIMEOUTS,
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
	fact_set_count(facts, FACT_ENTERED, totals->depth.count);
	fact_set_count(facts, FACT_ACCEPTED, totals->accepted);
	if (totals->accepted)
		fact_set(facts, FACT_ACCEPT_GAP,
			 (double)sum->report->account.interval_ms * 1000 /
				 (double)totals->accepted);
	fact_set_count(facts, FACT_DEPTH_MAX, totals->depth_max);
	if (!known->seen)
		return;
	fact_set_count(facts, FACT_OVERFLOWS,
		       now->syn_drops + now->ack_drops + gone->syn_drops + gone->ack_drops);
	fact_set_count(facts, FACT_LIMIT, known->limit);
	fact_set_count(facts, FACT_SOMAXCONN, known->somaxconn);
	/* The kernel takes it as unsigned: a negative one asks for all there is. */
	if (known->asked_known)
		fact_set_count(facts, FACT_ASKED, (__u32)known->backlog_asked);
	fact_set_share(facts, FACT_DEPTH_SHARE, totals->depth_max, known->limit);
}

/* ---- the tracer ---- */

static void gather_account(struct facts *facts, const struct report *report)
{
	const struct account *account = &report->account;

	fact_set_count(facts, FACT_TRACKED, account->tracked);
	fact_set_count(facts, FACT_WATCHED, account->tracked - account->partial);
	fact_set_count(facts, FACT_LOST, account_lost_events(account));
	fact_set_count(facts, FACT_NOT_KEPT, account_map_full(account));
	fact_set_count(facts, FACT_FOLDED, account->folded);
	fact_set(facts, FACT_NO_TURNS, view_off(report, FEATURE_RECEIVE) != NULL);
	if (account->missed_runs >= 0)
		fact_set_count(facts, FACT_MISSED_RUNS, (__u64)account->missed_runs);
}

static void gather_all_exchanges(struct facts *facts, const struct report *report)
{
	const struct row *const *rows;
	size_t count = aggregate__rows(report->aggregate, &rows);
	__u64 exchanges = 0;

	for (size_t i = 0; i < count; i++)
		exchanges += rows[i]->closed.exchanges + rows[i]->closed.partial_exchanges +
			     rows[i]->open.exchanges + rows[i]->open.partial_exchanges;
	fact_set_count(facts, FACT_ALL_EXCHANGES, exchanges);
}

void facts__gather(struct facts *facts, const struct report *report, const struct row_sum *sum,
		   struct ports_by_netns *known)
{
	for (int i = 0; i < FACT_MAX; i++)
		facts->values[i] = NAN;
	fact_set_count(facts, FACT_ELAPSED, report->account.interval_ms);
	if (!sum) {
		gather_account(facts, report);
		gather_all_exchanges(facts, report);
		return;
	}
	if (sum->row->key.port)
		fact_set_count(facts, FACT_PORT, sum->row->key.port);
	gather_openings(facts, sum);
	gather_exchanges(facts, sum);
	gather_ends(facts, sum);
	gather_time_wait(facts, sum, known);
	facts__gather_habits(facts, sum);
	if (sum->row->key.role == ROLE_SERVER)
		gather_listener(facts, sum);
}
