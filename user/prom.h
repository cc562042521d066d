/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Prometheus is told: rows of reports, summed by labels, in a bounded number of label sets.
 *
 * A label set that was once exported stays, with what it is first known by, and none of its
 * counters ever goes down: each is the most that any report said. What a later report takes back is
 * what was counted twice or is lost since (a connection whose end was lost leaves its row, one that
 * both sides close at once changes its initiator), so the error is never more than what one report
 * had too much.
 */
#ifndef connscope_PROM_H
#define connscope_PROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "hist.h"
#include "report.h"

enum prom_counter {
	PROM_OPENED,
	PROM_FAILED, /* one for each enum conn_fail */
	PROM_EXCHANGES = PROM_FAILED + FAIL_MAX,
	PROM_PARTIAL_EXCHANGES,
	PROM_ANSWERED, /* closed with nothing in flight, one for each enum conn_initiator */
	PROM_IN_FLIGHT = PROM_ANSWERED + INITIATOR_MAX, /* the rest of the closed */
	PROM_RACED = PROM_IN_FLIGHT + INITIATOR_MAX,
	PROM_SENT,
	PROM_RECEIVED,
	PROM_ACCEPTED,
	PROM_OVERFLOWS,
	PROM_SYN_DROPS, /* of them */
	PROM_COUNTERS,
};

enum prom_dist {
	PROM_PER_CONN, /* exchanges of connections that are over, none included */
	PROM_IDLE_US,
	PROM_DURATION_US,
	PROM_CONNECT_US,
	PROM_RESPONSE_US,
	PROM_CLOSE_LOCAL_US,
	PROM_CLOSE_REMOTE_US,
	PROM_DEPTH,
	PROM_WAIT_US,
	PROM_DISTS,
};

enum prom_gauge {
	PROM_ACTIVE,
	PROM_IDLE,
	PROM_TURN_UNKNOWN, /* open subflows of MPTCP */
	PROM_QUEUE,
	PROM_QUEUE_MAX,
	PROM_LIMIT,
	PROM_ASKED,
	PROM_PEER_TIMEOUT_US,
	PROM_GAUGES,
};

#define PROM_UNKNOWN INT64_MIN /* of a gauge */

/* What the kernel, the backend or the connections of a label set let us know: the rest is left out.
 */
enum prom_known {
	KNOWN_ALWAYS = 0,
	KNOWN_EXCHANGES = 1 << 0,
	KNOWN_TIMES = 1 << 1,
	KNOWN_RACES = 1 << 2,
	KNOWN_ACCEPTS = 1 << 3,
	KNOWN_OVERFLOWS = 1 << 4,
};

struct prom_totals {
	__u64 counters[PROM_COUNTERS];
	struct dist dists[PROM_DISTS];
};

/* One label set of an endpoint. */
struct prom_series {
	__u8 role;
	char *labels;	       /* comm="...",...,upstream="..." */
	char *listener_labels; /* the same with listener= in the place of upstream=, without role */
	unsigned int known;    /* set of enum prom_known */
	struct prom_totals now; /* as the newest report says */
	struct prom_totals max; /* what is exported */
	__s64 gauges[PROM_GAUGES];
};

/* What this process says of itself. */
struct prom_self {
	__u64 cpu_us;
	__u64 resident_bytes;
	__u64 started_ms;  /* since the epoch */
	__u64 snapshot_us; /* what the newest report took */
	const struct program_stats *programs;
	size_t program_count;
	bool runs_counted;
};

struct prom_options {
	size_t max_series;
	bool label_pid;
	unsigned int by; /* set of enum group_by that the rows are told apart by */
};

enum prom_format { PROM_TEXT, OPENMETRICS };

struct prom;

/* NULL when out of memory. */
struct prom *prom__new(const struct prom_options *options);
void prom__free(struct prom *prom);

/* Takes in a new report. -ENOMEM. */
int prom__update(struct prom *prom, const struct report *report);

/* The exported label sets in the order in which they came; NULL past the last. */
const struct prom_series *prom__series(const struct prom *prom, size_t index);
/* Label sets that are summed in "other". */
size_t prom__folded(const struct prom *prom);
/* The newest report's account; what counts there never goes down either. */
const struct account *prom__account(const struct prom *prom);

const char *prom_content_type(enum prom_format format);
/* What an HTTP client likes best by its Accept header, which may be NULL. */
enum prom_format prom_choose_format(const char *header);
/* 0, or -EIO. */
int prom__write(const struct prom *prom, const struct prom_self *self, enum prom_format format,
		FILE *out);

#endif /* connscope_PROM_H */
