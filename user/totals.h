/* SPDX-License-Identifier: Apache-2.0 */
/* What can be summed over connections, and over listening sockets. */
#ifndef connscope_TOTALS_H
#define connscope_TOTALS_H

#include <stdbool.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "hist.h"

/* Everything that can be summed over connections. Distributions come last. */
struct totals {
	__u64 opened; /* established (client) or queued (server) while we watched */
	__u64 failed;
	__u64 fails[FAIL_MAX];
	__u64 partial;
	__u64 no_owner;
	__u64 accepted;		 /* server: taken out of the queue by accept() while we watched */
	__u64 exchanges;	 /* of connections that we saw open */
	__u64 partial_exchanges; /* of partial ones, since tracing began */
	__u64 carriers;		 /* connections, seen open, with at least one exchange */
	__u64 mptcp;	     /* connections that are subflows: no exchanges of theirs are known */
	__u64 open;	     /* established and not yet closed by either side */
	__u64 open_turnless; /* those of them whose turns are not known */
	__u64 active;	     /* those of them with a request in flight */
	__u64 closed;
	__u64 by[INITIATOR_MAX];
	__u64 causes[CAUSE_MAX];
	__u64 in_flight; /* of the closed ones */
	__u64 in_flight_by[INITIATOR_MAX];
	__u64 raced;
	__u64 unused; /* closed without having carried an exchange */
	__u64 time_wait;
	__u64 sent_bytes;
	__u64 received_bytes;
	__u32 depth_max;
	struct dist exchanges_per_conn;
	struct dist connect_us;
	struct dist accept_wait_us;
	struct dist depth;		     /* at each entry into the accept queue */
	struct dist idle_at_close_local_us;  /* our side ended it */
	struct dist idle_at_close_remote_us; /* the peer did */
	struct dist duration_us;	     /* of closed ones that were seen from their opening */
};

/* What the listening sockets of a row say now, or said when they closed. Each has a queue of its
 * own. One speaks for all in what is not summed: the deepest, of equally deep ones that with the
 * least room; of closed ones the last. */
struct listener_totals {
	__u32 sockets; /* open listening sockets */
	__u32 seen;    /* listening sockets ever: 0 means no listener of this row is known */
	__u32 asked_known;
	__s32 backlog_asked; /* where asked_known, as given to listen(2) */
	__u32 limit;
	__u32 somaxconn;
	__u32 depth;
	__u64 syn_drops;
	__u64 ack_drops;
};

/* A request of CONN, which is open, is in flight. */
bool conn_is_active(const struct conn *conn);

/* Forgets all; distributions keep their memory. */
void totals__clear(struct totals *totals);
/* Frees what the distributions hold. */
void totals__done(struct totals *totals);

/* Counts CONN as it is, open or closed. */
void totals__add(struct totals *totals, const struct conn *conn);
/* Sums FROM's counts into INTO, distributions included. */
void totals__merge(struct totals *into, const struct totals *from);

void listener_totals__add(struct listener_totals *totals, const struct listener *listener);

#endif /* connscope_TOTALS_H */
