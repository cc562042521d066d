/* SPDX-License-Identifier: Apache-2.0 */
/* What tells the rows of a report apart. */
#include "row_key.h"

#include <string.h>
#include <netinet/in.h>

#include "names.h"

static const __u8 any4[CONN_ADDR_LEN] = { [10] = 0xff, [11] = 0xff };
static const __u8 any6[CONN_ADDR_LEN];

struct identity {
	__u64 cgroup;
	__u32 netns;
	__u32 pid;
	__u16 port;
	__u8 role;
	const __u8 *addr;
	const char *comm;
};

/* By default a client's processes are told apart, but a listener is one thing, whoever accepts. */
unsigned int group_by_of(unsigned int by, __u8 role)
{
	if (by & ~(unsigned int)BY_DEFAULT_AND_CONTAINER)
		return by;
	if (role != ROLE_CLIENT)
		return BY_ENDPOINT;
	return BY_ENDPOINT | BY_COMM | (by & BY_DEFAULT_AND_CONTAINER ? BY_CONTAINER : 0);
}

static void make_key(unsigned int grouping, const struct names *names, const struct identity *id,
		     struct row_key *ret)
{
	unsigned int by = group_by_of(grouping, id->role);
	const char *name = names ? names__find(names, id->addr, id->port) : NULL;

	memset(ret, 0, sizeof(*ret)); /* padding takes part in the hash */
	ret->role = id->role;
	if (name && (by & (BY_ENDPOINT | BY_NAME)))
		strncpy(ret->name, name, sizeof(ret->name) - 1);
	if ((by & BY_ENDPOINT) && !name) {
		memcpy(ret->addr, id->addr, sizeof(ret->addr));
		ret->port = id->port;
	}
	if (by & BY_COMM)
		memcpy(ret->comm, id->comm, sizeof(ret->comm));
	if (by & BY_PID)
		ret->pid = id->pid;
	if (by & BY_CONTAINER)
		ret->cgroup = id->cgroup;
	if (by & (BY_NETNS | BY_ENDPOINT))
		ret->netns = id->netns;
}

/* The endpoint that serves CONN. */
static __u16 service_port(const struct conn *conn)
{
	return conn->role == ROLE_CLIENT ? conn->remote_port : conn->local_port;
}

static const __u8 *service_addr(const struct conn *conn)
{
	if (conn->role == ROLE_CLIENT)
		return conn->remote_addr;
	if (conn->bound == BOUND_EXACT)
		return conn->local_addr;
	return conn->bound == BOUND_ANY4 ? any4 : any6;
}

void row_key_of_conn(unsigned int by, const struct names *names, const struct conn *conn,
		     struct row_key *ret)
{
	struct identity id = {
		.cgroup = conn->cgroup,
		.netns = conn->netns,
		.pid = conn->pid,
		.port = service_port(conn),
		.role = conn->role,
		.addr = service_addr(conn),
		.comm = conn->comm,
	};

	make_key(by, names, &id, ret);
}

void row_key_of_listener(unsigned int by, const struct names *names,
			 const struct listener *listener, struct row_key *ret)
{
	struct identity id = {
		.cgroup = listener->cgroup,
		.netns = listener->netns,
		.pid = listener->pid,
		.port = listener->port,
		.role = ROLE_SERVER,
		.comm = listener->comm,
		.addr = listener->addr,
	};

	/* A wildcard IPv6 listener may read back as either zero address. */
	if (listener->family == AF_INET6 && !memcmp(listener->addr, any4, sizeof(any4)))
		id.addr = any6;
	make_key(by, names, &id, ret);
}

void row_key_again(unsigned int by, const struct names *names, const struct row_key *recorded,
		   struct row_key *ret)
{
	struct identity id = {
		.cgroup = recorded->cgroup,
		.netns = recorded->netns,
		.pid = recorded->pid,
		.port = recorded->port,
		.role = recorded->role,
		.comm = recorded->comm,
		.addr = recorded->addr,
	};

	make_key(by, names, &id, ret);
	if (!recorded->name[0])
		return;
	memset(ret->addr, 0, sizeof(ret->addr));
	ret->port = 0;
	memcpy(ret->name, recorded->name, sizeof(ret->name));
}
