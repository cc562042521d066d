/* SPDX-License-Identifier: Apache-2.0 */
/* What a view is made from: the aggregate, the completeness account, and what each feature runs on.
 */
#ifndef connscope_REPORT_H
#define connscope_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "connscope/event.h"

struct aggregate;
struct conn_list;
struct conn_pick;
struct findings;
struct row;

/* Why there is nothing that the turns of a connection tell. */
#define MPTCP_REASON	"turns of MPTCP are not seen on its subflows"
#define NO_TURNS_REASON "send and receive are not watched (--no-turns)"

/* What the tracer can offer; one mechanism is chosen for each. */
enum feature {
	FEATURE_STATE,	 /* life of a connection */
	FEATURE_DESTROY, /* end of a struct sock */
	FEATURE_CONNECT,
	FEATURE_NO_ROUTE, /* connect(2) that fails before it sends anything */
	FEATURE_LISTEN,	  /* the backlog that listen(2) was asked for */
	FEATURE_ACCEPT,	  /* dequeue: accept wait and owner */
	FEATURE_OVERFLOW, /* of accept queues, on SYN and on the final ACK */
	FEATURE_SEND,
	FEATURE_RECEIVE,
	FEATURE_CLOSE,
	FEATURE_RESET, /* the peer's */
	FEATURE_RACE,  /* payload that met our own FIN */
	FEATURE_TIME_WAIT,
	FEATURE_SEED,	  /* what was there before tracing began */
	FEATURE_SNAPSHOT, /* what is open now */
	FEATURE_MAX,
};

enum mechanism {
	MECHANISM_OFF,
	MECHANISM_TP_BTF,
	MECHANISM_FENTRY,
	MECHANISM_FEXIT,
	MECHANISM_KPROBE,
	MECHANISM_TRACEPOINT, /* perf tracepoint of a system call */
	MECHANISM_ITER,
	MECHANISM_INFERRED, /* no hook of its own: derived from the others, see reason */
	MECHANISM_MAX,
};

const char *mechanism_name(enum mechanism mechanism);
const char *feature_name(enum feature feature);

/* One line of `connscope check`. */
struct feature_state {
	enum mechanism mechanism;
	char hook[64];	  /* kernel function or tracepoint, empty when off */
	char reason[160]; /* why not something better; for off and inferred: what is missing */
};

/* The account that every output carries. */
struct account {
	char kernel[65];
	char host[65];
	char backend[16]; /* fentry, kprobe or tracepoint: what most features run on */
	__u64 tracked;	  /* connections seen, partial ones included */
	__u64 partial;
	__u64 no_owner;
	__u64 losses[LOSS_MAX];
	__u64 folded;
	__u64 dropped;	   /* connections that a recording has no more, by --keep or --max-size */
	__s64 missed_runs; /* -1: this kernel does not count them */
	__u64 interval_ms; /* covered by this report: since tracing began */
	struct feature_state features[FEATURE_MAX];
};

/* What the kernel says of one of our BPF programs. */
struct program_stats {
	char name[64];
	__u64 runs, run_ns; /* while something has the kernel count them */
	__s64 missed;	    /* -1: this kernel does not count them */
};

#define PROGRAMS_MAX 64

struct report {
	const struct aggregate *aggregate;
	const struct conn_list *conns;	 /* single connections, where they are kept; else NULL */
	const struct conn_pick *pick;	 /* which of them are shown; NULL: all */
	const struct row *only;		 /* of them those of this row; NULL: all */
	const struct findings *findings; /* of doctor__examine(), where view doctor is shown */
	struct account account;
	__u64 number;	  /* of the reports before it in this run */
	bool recorded;	  /* elsewhere or long ago: this host knows nothing of it */
	__u64 ts_ms;	  /* wall clock, milliseconds since the epoch, UTC */
	__u64 started_ns; /* CLOCK_MONOTONIC when tracing began */
	__u64 now_ns;	  /* the same moment by the clock of struct conn */
	unsigned int by;  /* set of enum group_by */
	/* Why there are no histograms of groups, no peaks, no series; NULL where there are. */
	const char *no_histograms, *no_peaks, *no_series;
	const char *no_events; /* single ones, where they are asked for */
};

#define TIME_STRLEN sizeof("2026-01-01T00:00:00.000Z")
#define TIME_MAX_MS 253402300799999ULL /* the end of the year 9999, and of RFC 3339 */

/* RFC 3339, UTC, milliseconds: of MS since the epoch, "-" after TIME_MAX_MS. Returns BUF. */
char *time_format(__u64 ms, char *buf, size_t len);
char *report_time(const struct report *report, char *buf, size_t len);
/* MONOTONIC_NS of struct conn by the wall clock, in milliseconds. */
__u64 report_wall_ms(const struct report *report, __u64 monotonic_ns);
/* The same of a moment MONOTONIC_NS of struct conn. */
char *report_time_of(const struct report *report, __u64 monotonic_ns, char *buf, size_t len);

/* Records that the ring buffer had no room for. */
__u64 account_lost_events(const struct account *account);
/* What a map had no room for. */
__u64 account_map_full(const struct account *account);
/* Anything lost: ring buffer, maps, missed runs, folded rows. */
bool account_has_losses(const struct account *account);

#endif /* connscope_REPORT_H */
