/* SPDX-License-Identifier: Apache-2.0 */
/* What rules are made of: numbers about one endpoint, or about the tracer itself. */
#ifndef connscope_FACT_H
#define connscope_FACT_H

#include <stddef.h>

#include "table.h"

struct ports_by_netns;
struct report;
struct row_sum;

enum fact {
	FACT_NONE,
	FACT_PORT,
	FACT_ELAPSED,
	/* openings */
	FACT_OPENED,
	FACT_REOPENED,
	FACT_FAILED,
	FACT_FAILED_THERE,
	FACT_FAIL_SHARE,
	FACT_REFUSED,
	FACT_CONNECT_TIMEOUTS,
	FACT_UNREACHABLE,
	FACT_NO_PORT,
	FACT_FAILING_FOR,
	FACT_STILL_FAILING,
	FACT_OTHER_FAMILY,
	FACT_CONNECT_P50,
	FACT_CONNECT_SHARE,
	/* exchanges */
	FACT_EXCHANGES,
	FACT_REUSE_RATIO,
	FACT_CARRIERS,
	FACT_PER_CONN,
	FACT_OPEN_PEAK,
	FACT_ACTIVE_PEAK,
	FACT_RESPONSE_P50,
	FACT_LONGEST_GAP,
	/* ends */
	FACT_CLOSED,
	FACT_CLOSED_LOCAL,
	FACT_LOCAL_SHARE,
	FACT_CLOSED_REMOTE,
	FACT_REMOTE_SHARE,
	FACT_IDLE_LOCAL,
	FACT_IDLE_REMOTE,
	FACT_IDLE_ENDS,
	FACT_LOCAL_TIMEOUT,
	FACT_LOCAL_TIMEOUT_SPREAD,
	FACT_LOCAL_TIMEOUT_CLOSES,
	FACT_LOCAL_TIMEOUT_OF,
	FACT_REMOTE_TIMEOUT,
	FACT_REMOTE_TIMEOUT_SPREAD,
	FACT_REMOTE_TIMEOUT_CLOSES,
	FACT_REMOTE_TIMEOUT_OF,
	FACT_CAP,
	FACT_CAP_CLOSES,
	FACT_CAP_OF,
	FACT_CAP_LOCAL_SHARE,
	FACT_CLOSES_PER_S,
	FACT_POOL,
	FACT_EARLY_CLOSES,
	FACT_CHURN,
	FACT_GOODBYES,
	FACT_RACED,
	FACT_RACED_SHARE,
	FACT_UNREAD,
	FACT_UNREAD_SHARE,
	FACT_TIMEOUTS,
	FACT_KEEPALIVE_TIMEOUTS,
	FACT_RETRANSMISSION_TIMEOUTS,
	FACT_SILENT,
	FACT_SILENCE,
	FACT_TIME_WAIT,
	FACT_TIME_WAIT_NOW,
	FACT_PORTS,
	FACT_PORT_SHARE,
	FACT_TIME_WAIT_AHEAD,
	FACT_PORT_SHARE_AHEAD,
	/* accept queue */
	FACT_ASKED,
	FACT_LIMIT,
	FACT_SOMAXCONN,
	FACT_DEPTH_MAX,
	FACT_DEPTH_SHARE,
	FACT_ENTERED,
	FACT_DEPTH_P90,
	FACT_OVERFLOWS,
	FACT_ACCEPTED,
	FACT_ACCEPT_WAIT_P50,
	FACT_ACCEPT_WAIT_P99,
	FACT_ACCEPT_GAP,
	FACT_ACCEPTORS,
	/* the tracer's account */
	FACT_TRACKED,
	FACT_WATCHED,
	FACT_ALL_EXCHANGES,
	FACT_LOST,
	FACT_NOT_KEPT,
	FACT_MISSED_RUNS,
	FACT_NO_TURNS,
	FACT_FOLDED,
	FACT_MAX,
};

/* Where connections end after exactly so many exchanges or fewer, that is reuse that is missing,
 * and no limit on requests. */
#define CAP_FEW 8

/* By enum fact; NAN where it is not known, or nothing of it was seen. */
struct facts {
	double values[FACT_MAX];
};

/* Of a row's connections; of the tracer itself where SUM is NULL. Without KNOWN nothing is said of
 * local ports. */
void facts__gather(struct facts *facts, const struct report *report, const struct row_sum *sum,
		   struct ports_by_netns *known);

/* In JSON and in the texts of rules. */
const char *fact_key(enum fact fact);
/* FACT_NONE: none of that name, which has LEN characters. */
enum fact fact_find(const char *key, size_t len);
/* The unit of its value: COLUMN_COUNT (a mean or a rate need not be whole), COLUMN_RATIO,
 * COLUMN_US, COLUMN_MS or COLUMN_BOOL. */
enum column_type fact_type(enum fact fact);
/* As text for people. Returns BUF. */
char *fact_format(enum fact fact, double value, char *buf, size_t len);

#endif /* connscope_FACT_H */
