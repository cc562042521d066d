/* SPDX-License-Identifier: Apache-2.0 */
/* What the views of single connections and events share: both ends, and the owner, as cells. */
#ifndef connscope_VIEW_CONN_H
#define connscope_VIEW_CONN_H

#include <linux/types.h>

struct cell;
struct conn;

/* Where a view has them among its cells. */
struct conn_columns {
	int connection, local_addr, local_port, remote_addr, remote_port, role;
	int comm, pid, container, netns;
};

void view_conn_ends(const struct conn *conn, const struct conn_columns *columns,
		    struct cell *cells);

struct conn_owner {
	__u64 cgroup; /* 0: not known */
	__u32 pid;    /* likewise */
	__u32 netns;
	const char *comm; /* empty: not known */
};

void view_conn_owner(const struct conn_owner *owner, const struct conn_columns *columns,
		     struct cell *cells);

#endif /* connscope_VIEW_CONN_H */
