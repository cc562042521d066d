/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections and listeners are wanted. The kernel side decides what it can (see tracer.c),
 * the aggregate asks filter__match() for the rest: names with globs, and what had no owner yet. */
#ifndef connscope_FILTER_H
#define connscope_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "connscope/filter.h"

#define FILTER_COMMS 16

struct filter {
	struct filter_knobs knobs;		     /* shared with the kernel side */
	char comms[FILTER_COMMS][CONN_COMM_LEN * 2]; /* globs */
	size_t comm_count;
	char containers[FILTER_COMMS][72]; /* container id (a prefix will do) or name glob */
	size_t container_count;
};

/* Everything is wanted. */
bool filter__is_empty(const struct filter *filter);

/* True when CONN, as it is known now, is wanted. An owner that is not known matches no owner
 * filter. */
bool filter__match(const struct filter *filter, const struct conn *conn);
bool filter__match_listener(const struct filter *filter, const struct listener *listener);

#endif /* connscope_FILTER_H */
