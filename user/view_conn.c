/* SPDX-License-Identifier: Apache-2.0 */
/* What the views of single connections and events share: both ends, and the owner, as cells. */
#include "view_conn.h"

#include <stdio.h>

#include "addr.h"
#include "conn_state.h"
#include "connscope/conn.h"
#include "owner.h"
#include "table.h"

void view_conn_ends(const struct conn *conn, const struct conn_columns *columns, struct cell *cells)
{
	char local[ENDPOINT_STRLEN], remote[ENDPOINT_STRLEN], both[2 * ENDPOINT_STRLEN + 4];
	bool server = conn->role == ROLE_SERVER;

	endpoint_format(conn->local_addr, conn->local_port, local, sizeof(local));
	endpoint_format(conn->remote_addr, conn->remote_port, remote, sizeof(remote));
	snprintf(both, sizeof(both), "%s %s %s", local, server ? "<-" : "->", remote);
	cells[columns->connection] = cell_text(both);
	addr_format(conn->local_addr, local, sizeof(local));
	cells[columns->local_addr] = cell_text(local);
	cells[columns->local_port] = cell_number(conn->local_port);
	addr_format(conn->remote_addr, remote, sizeof(remote));
	cells[columns->remote_addr] = cell_text(remote);
	cells[columns->remote_port] = cell_number(conn->remote_port);
	cells[columns->role] = cell_text(role_word(conn->role));
}

void view_conn_owner(const struct conn_owner *owner, const struct conn_columns *columns,
		     struct cell *cells)
{
	const char *container = owner_container(owner->cgroup);

	if (owner->comm[0])
		cells[columns->comm] = cell_text(owner->comm);
	if (owner->pid)
		cells[columns->pid] = cell_number(owner->pid);
	if (container[0])
		cells[columns->container] = cell_text(container);
	cells[columns->netns] = cell_number(owner->netns);
}
