/* SPDX-License-Identifier: Apache-2.0 */
/* The lists that say what to trace: from their text to struct filter. */
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cgroup.h"
#include "cli.h"
#include "cli_value.h"
#include "parse.h"

#define PID_LIMIT 4194304 /* PID_MAX_LIMIT of 64-bit kernels */

typedef int item_setter(struct filter *filter, const char *item);

static int each_item(struct options *options, const char *text, item_setter *set)
{
	char item[PATH_MAX];
	int got, err;

	while ((got = parse_next_item(&text, item, sizeof(item))) > 0) {
		err = set(&options->filter, item);
		if (err)
			return err;
	}
	return got ? -EINVAL : 0;
}

static int add_pid(struct filter *filter, const char *item)
{
	struct filter_knobs *knobs = &filter->knobs;
	__u64 pid;

	if (parse_number(item, 1, PID_LIMIT, &pid))
		return -EINVAL;
	if (knobs->pid_count == FILTER_PIDS)
		return -ENOSPC;
	knobs->pids[knobs->pid_count++] = (__u32)pid;
	return 0;
}

static int set_pid(struct options *options, const char *text)
{
	return each_item(options, text, add_pid);
}

static int add_comm(struct filter *filter, const char *item)
{
	size_t len = strlen(item);

	/* The kernel keeps 15 bytes of a name: a longer one can only mean those. */
	if (!strpbrk(item, "*?[\\") && len >= CONN_COMM_LEN)
		len = CONN_COMM_LEN - 1;
	if (len >= sizeof(filter->comms[0]))
		return -EINVAL;
	if (filter->comm_count == FILTER_COMMS)
		return -ENOSPC;
	snprintf(filter->comms[filter->comm_count++], sizeof(filter->comms[0]), "%.*s", (int)len,
		 item);
	return 0;
}

static int set_comm(struct options *options, const char *text)
{
	return each_item(options, text, add_comm);
}

static int add_port(__u16 *ports, __u8 *count, const char *item)
{
	__u16 port;

	if (parse_port(item, &port))
		return -EINVAL;
	if (*count == FILTER_PORTS)
		return -ENOSPC;
	ports[(*count)++] = port;
	return 0;
}

static int add_service_port(struct filter *filter, const char *item)
{
	return add_port(filter->knobs.ports, &filter->knobs.port_count, item);
}

static int set_port(struct options *options, const char *text)
{
	return each_item(options, text, add_service_port);
}

static int add_local_port(struct filter *filter, const char *item)
{
	return add_port(filter->knobs.local_ports, &filter->knobs.local_port_count, item);
}

static int set_local_port(struct options *options, const char *text)
{
	return each_item(options, text, add_local_port);
}

static int add_remote_port(struct filter *filter, const char *item)
{
	return add_port(filter->knobs.remote_ports, &filter->knobs.remote_port_count, item);
}

static int set_remote_port(struct options *options, const char *text)
{
	return each_item(options, text, add_remote_port);
}

static int add_net(struct filter *filter, const char *item)
{
	struct filter_knobs *knobs = &filter->knobs;
	struct filter_net net;

	if (parse_net(item, &net))
		return -EINVAL;
	if (knobs->net_count == FILTER_NETS)
		return -ENOSPC;
	knobs->nets[knobs->net_count++] = net;
	return 0;
}

static int set_addr(struct options *options, const char *text)
{
	return each_item(options, text, add_net);
}

static int add_cgroup(struct filter *filter, const char *item)
{
	struct filter_knobs *knobs = &filter->knobs;
	size_t count = knobs->cgroup_count;
	int err;

	err = cgroup_collect(item, knobs->cgroups, FILTER_IDS, &count);
	if (err)
		return err == -E2BIG ? -ENOSPC : err;
	knobs->cgroup_count = (__u8)count;
	return 0;
}

static int set_cgroup(struct options *options, const char *text)
{
	return each_item(options, text, add_cgroup);
}

static int add_container(struct filter *filter, const char *item)
{
	if (strlen(item) >= sizeof(filter->containers[0]))
		return -EINVAL;
	if (filter->container_count == FILTER_COMMS)
		return -ENOSPC;
	snprintf(filter->containers[filter->container_count++], sizeof(filter->containers[0]), "%s",
		 item);
	return 0;
}

static int set_container(struct options *options, const char *text)
{
	return each_item(options, text, add_container);
}

/* Where the file of a namespace is that was named by path, by process or as `ip netns` does. */
static int netns_path(const char *item, char *path, size_t len)
{
	__u64 pid;
	int used;

	if (!strncmp(item, "pid:", 4)) {
		if (parse_number(item + 4, 1, PID_LIMIT, &pid))
			return -EINVAL;
		used = snprintf(path, len, "/proc/%llu/ns/net", pid);
	} else {
		used = snprintf(path, len, "%s%s", strchr(item, '/') ? "" : "/run/netns/", item);
	}
	return (size_t)used < len ? 0 : -EINVAL;
}

static int netns_inode(const char *item, __u64 *ret_inode)
{
	char path[PATH_MAX];
	struct statfs fs;
	struct stat st;
	int err;

	if (!parse_number(item, 1, UINT32_MAX, ret_inode))
		return 0;
	err = netns_path(item, path, sizeof(path));
	if (err)
		return err;
	if (stat(path, &st) || statfs(path, &fs))
		return -errno;
	if (fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	*ret_inode = st.st_ino;
	return 0;
}

static int add_netns(struct filter *filter, const char *item)
{
	struct filter_knobs *knobs = &filter->knobs;
	__u64 inode;
	int err;

	err = netns_inode(item, &inode);
	if (err)
		return err;
	if (knobs->netns_count == sizeof(knobs->netns) / sizeof(knobs->netns[0]))
		return -ENOSPC;
	knobs->netns[knobs->netns_count++] = (__u32)inode;
	return 0;
}

static int set_netns(struct options *options, const char *text)
{
	return each_item(options, text, add_netns);
}

static const struct value values[] = {
	{ 'p', set_pid, "process ids from 1 to 4194304, comma-separated", FILTER_PIDS },
	{ 'n', set_comm, "names or globs of at most 31 bytes, comma-separated", FILTER_COMMS },
	{ 'P', set_port, "ports from 1 to 65535, comma-separated", FILTER_PORTS },
	{ 'L', set_local_port, "ports from 1 to 65535, comma-separated", FILTER_PORTS },
	{ 'D', set_remote_port, "ports from 1 to 65535, comma-separated", FILTER_PORTS },
	{ 'a', set_addr, NET_FORM ", comma-separated", FILTER_NETS },
	{ 'c', set_cgroup, "cgroup v2 directories, absolute or below its mount point", FILTER_IDS },
	{ OPTION_CONTAINER, set_container, "container ids, their beginnings, or name globs",
	  FILTER_COMMS },
	{ OPTION_NETNS, set_netns, "an inode number, a name in /run/netns, a path, or pid:N",
	  FILTER_PIDS },
};

const struct value *value_find_filter(int key)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (values[i].key == key)
			return &values[i];
	}
	return NULL;
}
