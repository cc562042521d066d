/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a recording: an observer whose rows become lasting once a tick. */
#ifndef connscope_RECORDER_H
#define connscope_RECORDER_H

#include <stdbool.h>
#include <linux/types.h>

#include "clock.h"

struct observer;
struct recorder;
struct report;

struct recorder_options {
	const char *path;
	char **arguments;     /* of the command line, for who reads the recording */
	unsigned int by;      /* set of enum group_by, 0 the default */
	bool cgroups_apart;   /* the kernel's groups are told apart by cgroup */
	bool exchanges;	      /* single events are asked for */
	struct clocks clocks; /* the moment by which these have times */
	__u64 max_bytes;      /* of the file; 0: no bound */
	__u64 keep_ms;	      /* how long what is over stays; 0: for ever */
};

/* What a recording has come to. */
struct recorder_progress {
	__u64 conns;	   /* written, those dropped since included */
	__u64 bytes;	   /* of the file with what belongs to it */
	__u64 interval_ms; /* of the last sync */
};

/*
 * Makes the file PATH, which must not exist; nobody else writes it while this lives. -EIO, logged.
 */
int recorder__new(const struct recorder_options *options, struct recorder **ret_recorder);
/* To be given to session__observe(). */
struct observer *recorder__observer(struct recorder *recorder);

/*
 * Makes lasting what was observed, with what REPORT says of the same moment: to be called between
 * session__snapshot() and session__end_snapshot(). -EIO, logged, when the file takes no more: what
 * it had at the sync before stays, and every later call returns the same without a word.
 */
int recorder__sync(struct recorder *recorder, const struct report *report);

/* Ends the recording in order: what came after the last sync is not in it. A file without any sync
 * is removed. RET_PROGRESS, unless NULL, is what it came to. -EIO, logged. NULL is fine. */
int recorder__free(struct recorder *recorder, struct recorder_progress *ret_progress);

void recorder__progress(const struct recorder *recorder, struct recorder_progress *ret_progress);

#endif /* connscope_RECORDER_H */
