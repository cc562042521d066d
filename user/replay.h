/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as a source of records, instead of the tracer. */
#ifndef connscope_REPLAY_H
#define connscope_REPLAY_H

#include <stdbool.h>
#include <linux/types.h>

#include "clock.h"

struct aggregate;
struct options;
struct replay;
struct report;

/* Opens the recording that OPTIONS name. -EIO, logged. */
int replay__new(const struct options *options, struct replay **ret_replay);
/* NULL is fine. */
void replay__free(struct replay *replay);

/* Hands what the recording has of the window that was asked for to AGG, as of its end, and where
 * AGG keeps series, what rows did over time. To be called once. -EIO, logged. */
int replay__run(struct replay *replay, struct aggregate *agg);

/* After that, where single events are asked for: hands them to AGG's observers, in order of time.
 * -EIO, logged. */
int replay__tell(struct replay *replay, struct aggregate *agg);

/* Whether what rows did over time was told apart as OPTIONS ask; and when it begins. */
bool replay__has_series(const struct replay *replay);
__u64 replay__started_ns(const struct replay *replay);

/* The moment by which its events have times. */
struct clocks replay__clocks(const struct replay *replay);

/* The time of REPORT, and what the account takes from the recording. */
void replay__fill(const struct replay *replay, struct report *report);

#endif /* connscope_REPLAY_H */
