/* SPDX-License-Identifier: Apache-2.0 */
/* Which single connections are shown: of those that are traced, and counted in any case. */
#ifndef connscope_CONN_PICK_H
#define connscope_CONN_PICK_H

#include <stdbool.h>
#include <linux/types.h>

struct conn;

/* All must hold. A fact that is not known of a connection does not. */
struct conn_pick {
	unsigned int states;	 /* set of 1 << conn_state(); 0: any */
	unsigned int initiators; /* set of 1 << enum conn_initiator; 0: any */
	bool in_flight;		 /* those with a request in flight alone */
	__u64 min_idle_ms;	 /* 0: any */
};

bool conn_pick__is_any(const struct conn_pick *pick);
/* GONE and NOW_NS as of conn_idle_ms(). */
bool conn_pick__takes(const struct conn_pick *pick, const struct conn *conn, bool gone,
		      __u64 now_ns);

#endif /* connscope_CONN_PICK_H */
