/* SPDX-License-Identifier: Apache-2.0 */
/* One endpoint's row: of closed records, the newest snapshot and the kernel's groups. */
#ifndef connscope_ROW_H
#define connscope_ROW_H

#include <stddef.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "hist.h"
#include "row_key.h"
#include "series.h"
#include "totals.h"

struct habits;

/* The lengths of a row's queues now, one for each open listening socket. */
struct queues {
	__u64 *depths;
	size_t count, room;
};

struct row {
	struct row_key key;
	__u64 ended;		  /* records of what has ended */
	__u64 present;		  /* records in the newest snapshot; with neither it is a row of
				   * what has become known better, and no view shows it */
	__u32 pid;		  /* the newest connection's owner, for display, where the key has
				   * none; 0 unknown */
	char comm[CONN_COMM_LEN]; /* likewise */
	__u64 cgroup;
	__u32 netns;
	__u64 owner_ns; /* when that connection opened */
	struct totals closed;
	struct totals open;
	struct listener_totals listener_closed;
	struct listener_totals listener_open;
	struct queues queues;
	/* From the kernel's groups, read with each snapshot. */
	struct dist idle_gap_us;
	struct dist response_us;
	__u32 open_peak;   /* of one group of the kernel; with several it is not known */
	__u32 open_peaks;  /* of all of them, summed: it was no more */
	__u32 active_peak; /* likewise */
	__u32 groups;
	struct series *series; /* NULL: not kept, or nothing yet */
	struct sample ticked;  /* at the last tick */
	struct habits *habits; /* NULL: not kept */
};

/* Frees what ROW points to. */
void row__done(struct row *row);

/* A new snapshot: forgets what the one before told. */
void row__begin_snapshot(struct row *row);

/* The queue of one more listening socket, of the newest snapshot. Without memory one is missing,
 * which their number tells. */
void row__add_queue(struct row *row, __u32 depth);

/* What the kernel knows of one more group, of the newest snapshot. */
void row__add_group(struct row *row, const struct group *group);

/* How many of ROW's records, ended and present, are of connections. */
__u64 row__connections(const struct row *row);

/* What ROW has counted up to now. */
void row__sample(const struct row *row, struct sample *ret_sample);

#endif /* connscope_ROW_H */
