/* SPDX-License-Identifier: Apache-2.0 */
/* The one predicate of what is wanted. */
#include "filter.h"

#include <fnmatch.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "owner.h"

static bool has_port(const __u16 *ports, size_t count, __u16 port)
{
	for (size_t i = 0; i < count; i++) {
		if (ports[i] == port)
			return true;
	}
	return !count;
}

static bool has_u32(const __u32 *items, size_t count, __u32 item)
{
	for (size_t i = 0; item && i < count; i++) {
		if (items[i] == item)
			return true;
	}
	return !count;
}

static bool has_cgroup(const struct filter_knobs *knobs, __u64 cgroup)
{
	for (size_t i = 0; cgroup && i < knobs->cgroup_count; i++) {
		if (knobs->cgroups[i] == cgroup)
			return true;
	}
	return !knobs->cgroup_count;
}

static bool in_nets(const struct filter_knobs *knobs, const __u8 addr[CONN_ADDR_LEN])
{
	for (size_t i = 0; i < knobs->net_count; i++) {
		if (addr_in_net(addr, &knobs->nets[i]))
			return true;
	}
	return !knobs->net_count;
}

static bool has_comm(const struct filter *filter, const char comm[CONN_COMM_LEN])
{
	for (size_t i = 0; comm[0] && i < filter->comm_count; i++) {
		if (!fnmatch(filter->comms[i], comm, 0))
			return true;
	}
	return !filter->comm_count;
}

static bool has_container(const struct filter *filter, __u64 cgroup)
{
	const char *id = filter->container_count ? owner_container_id(cgroup) : "";

	for (size_t i = 0; id[0] && i < filter->container_count; i++) {
		const char *wanted = filter->containers[i];

		if (!strncmp(id, wanted, strlen(wanted)) || !fnmatch(wanted, id, 0))
			return true;
	}
	return !filter->container_count;
}

struct owner_facts {
	__u64 cgroup;
	__u32 netns;
	__u32 pid;
	const char *comm;
};

static bool owner_wanted(const struct filter *filter, const struct owner_facts *owner)
{
	const struct filter_knobs *knobs = &filter->knobs;

	return has_u32(knobs->pids, knobs->pid_count, owner->pid) &&
	       has_u32(knobs->netns, knobs->netns_count, owner->netns) &&
	       has_cgroup(knobs, owner->cgroup) && has_comm(filter, owner->comm) &&
	       has_container(filter, owner->cgroup);
}

bool filter__is_empty(const struct filter *filter)
{
	static const struct filter_knobs everything;

	return !memcmp(&filter->knobs, &everything, sizeof(everything)) && !filter->comm_count &&
	       !filter->container_count;
}

bool filter__match(const struct filter *filter, const struct conn *conn)
{
	const struct filter_knobs *knobs = &filter->knobs;
	__u16 service = conn->role == ROLE_SERVER ? conn->local_port : conn->remote_port;
	struct owner_facts owner = { conn->cgroup, conn->netns, conn->pid, conn->comm };

	if (knobs->role != ROLE_NONE && knobs->role != conn->role)
		return false;
	if (knobs->family && knobs->family != conn->family)
		return false;
	return has_port(knobs->ports, knobs->port_count, service) &&
	       has_port(knobs->local_ports, knobs->local_port_count, conn->local_port) &&
	       has_port(knobs->remote_ports, knobs->remote_port_count, conn->remote_port) &&
	       in_nets(knobs, conn->remote_addr) && owner_wanted(filter, &owner);
}

static bool is_any6(const __u8 addr[CONN_ADDR_LEN])
{
	static const __u8 zero[CONN_ADDR_LEN];

	return !memcmp(addr, zero, sizeof(zero));
}

/* A listener has no remote side: what a filter says of that cannot speak against it, except that a
 * list of remote ports asks for what clients connect to. One on :: takes IPv4 as well. */
bool filter__match_listener(const struct filter *filter, const struct listener *listener)
{
	const struct filter_knobs *knobs = &filter->knobs;
	struct owner_facts owner = { listener->cgroup, listener->netns, listener->pid,
				     listener->comm };

	if (knobs->role == ROLE_CLIENT || knobs->remote_port_count)
		return false;
	if (knobs->family && knobs->family != listener->family &&
	    !(knobs->family == AF_INET && is_any6(listener->addr)))
		return false;
	return has_port(knobs->ports, knobs->port_count, listener->port) &&
	       has_port(knobs->local_ports, knobs->local_port_count, listener->port) &&
	       owner_wanted(filter, &owner);
}
