/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side from user space: what is read from it. Beside hooks.c the only file that knows
 * the BPF object; everything after it is plain C on checked records.
 */
#ifndef connscope_TRACER_H
#define connscope_TRACER_H

#include <stdbool.h>
#include <stddef.h>

struct account;
struct aggregate;
struct options;
struct probes;
struct program_stats;
struct tracer;

/*
 * Loads what PROBES has chosen, attaches it, and checks on a loopback connection that each hook
 * runs; what does not is demoted and the next way tried. Nothing is recorded yet. PROBES must
 * outlive the tracer. -errno, logged.
 */
int tracer__new(const struct options *options, struct probes *probes, struct tracer **ret_tracer);
/* Detaches everything; NULL is fine. */
void tracer__free(struct tracer *tracer);

/* From here on connections are recorded; takes in those that are open already. -errno, logged. */
int tracer__start(struct tracer *tracer);

/* Waits up to TIMEOUT_MS for events, then hands all there are to AGG. 0, or -EINTR after a signal.
 */
int tracer__poll(struct tracer *tracer, struct aggregate *agg, int timeout_ms);

/*
 * Makes AGG complete as of now: what is open, listeners, histograms, and every event up to here.
 * Connections that end meanwhile count once. To be followed by tracer__end_snapshot() after the
 * report.
 */
int tracer__snapshot(struct tracer *tracer, struct aggregate *agg);
/* Hands over the ends of connections that the snapshot had counted as open. */
void tracer__end_snapshot(struct tracer *tracer, struct aggregate *agg);

/* Between snapshots: hands AGG how long each accept queue is now. 0 or -errno. */
int tracer__sample_depths(struct tracer *tracer, struct aggregate *agg);

/* From here on no connection is taken up: what is open or accepted from now on is in no report. */
void tracer__stop(struct tracer *tracer);

/* Readable when events should not wait any longer. */
int tracer__fd(const struct tracer *tracer);

/* From here on the kernel counts runs of BPF programs, everybody's, and their time. -errno. */
int tracer__count_runs(struct tracer *tracer);
/* Each program that is loaded, at most ROOM. Returns how many. */
size_t tracer__programs(const struct tracer *tracer, struct program_stats *ret_stats, size_t room);

/* Fills in losses and missed runs. */
void tracer__account(const struct tracer *tracer, struct account *account);

#endif /* connscope_TRACER_H */
