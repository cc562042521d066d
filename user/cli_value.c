/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of an option to a field of struct options. */
#include "cli_value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "aggregate.h"
#include "cgroup.h"
#include "cli.h"
#include "parse.h"

#define PID_LIMIT   4194304 /* PID_MAX_LIMIT of 64-bit kernels */
#define DAY_MS      86400000ULL
#define DURATION_MS (365 * DAY_MS)

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

struct word {
	const char *text;
	unsigned int value;
};

static int find_word(const struct word *words, const char *text, unsigned int *ret_value)
{
	for (; words->text; words++) {
		if (strcmp(words->text, text))
			continue;
		*ret_value = words->value;
		return 0;
	}
	return -EINVAL;
}

static int set_role(struct options *options, const char *text)
{
	static const struct word words[] = {
		{ "client", ROLE_CLIENT },
		{ "server", ROLE_SERVER },
		{ NULL, 0 },
	};
	unsigned int role;

	if (find_word(words, text, &role))
		return -EINVAL;
	options->filter.knobs.role = (__u8)role;
	return 0;
}

static int set_backend(struct options *options, const char *text)
{
	static const struct word words[] = {
		{ "auto", BACKEND_AUTO },
		{ "fentry", BACKEND_FENTRY },
		{ "kprobe", BACKEND_KPROBE },
		{ "tracepoint", BACKEND_TRACEPOINT },
		{ NULL, 0 },
	};
	unsigned int backend;

	if (find_word(words, text, &backend))
		return -EINVAL;
	options->backend = backend;
	return 0;
}

static int set_by(struct options *options, const char *text)
{
	static const struct word words[] = {
		{ "endpoint", BY_ENDPOINT },
		{ "comm", BY_COMM },
		{ "pid", BY_PID },
		{ "container", BY_CONTAINER },
		{ "netns", BY_NETNS },
		{ "name", BY_NAME },
		{ NULL, 0 },
	};
	char item[sizeof("container")];
	unsigned int by = 0, key;
	int got;

	while ((got = parse_next_item(&text, item, sizeof(item))) > 0) {
		if (find_word(words, item, &key))
			return -EINVAL;
		by |= key;
	}
	if (got)
		return -EINVAL;
	options->by = by;
	return 0;
}

static int set_duration(struct options *options, const char *text)
{
	return parse_seconds(text, 1, DURATION_MS, &options->duration_ms);
}

static int set_sort(struct options *options, const char *text)
{
	options->sort = text;
	return 0;
}

static int set_names(struct options *options, const char *text)
{
	options->names_file = text;
	return 0;
}

static int set_output(struct options *options, const char *text)
{
	options->output_file = text;
	return text[0] ? 0 : -EINVAL;
}

static int set_rows(struct options *options, const char *text)
{
	__u64 rows;

	if (parse_number(text, 1, 1000000, &rows))
		return -EINVAL;
	options->rows = (size_t)rows;
	return 0;
}

static int parse_u32(const char *text, __u64 min, __u64 max, __u32 *ret_number)
{
	__u64 number;

	if (parse_number(text, min, max, &number))
		return -EINVAL;
	*ret_number = (__u32)number;
	return 0;
}

static int set_max_conns(struct options *options, const char *text)
{
	return parse_u32(text, 1, 16777216, &options->max_conns);
}

static int set_max_endpoints(struct options *options, const char *text)
{
	return parse_u32(text, 16, 65536, &options->max_endpoints);
}

static int set_ring_size(struct options *options, const char *text)
{
	__u32 kib;

	/* A ring buffer's size is a power of two and a multiple of the page size, 64 KiB at most. */
	if (parse_u32(text, 64, 1048576, &kib) || (kib & (kib - 1)))
		return -EINVAL;
	options->ring_kib = kib;
	return 0;
}

int value_interval(struct options *options, const char *text)
{
	return parse_seconds(text, 100, DAY_MS, &options->interval_ms);
}

int value_count(struct options *options, const char *text)
{
	return parse_number(text, 1, 1000000, &options->count);
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
	{ OPTION_ROLE, set_role, "client or server", 0 },
	{ OPTION_BY, set_by, "endpoint, comm, pid, container, netns, name, comma-separated", 0 },
	{ OPTION_NAMES, set_names, "a file", 0 },
	{ OPTION_BACKEND, set_backend, "auto, fentry, kprobe or tracepoint", 0 },
	{ OPTION_MAX_CONNS, set_max_conns, "a number from 1 to 16777216", 0 },
	{ OPTION_MAX_ENDPOINTS, set_max_endpoints, "a number from 16 to 65536", 0 },
	{ OPTION_RING_SIZE, set_ring_size, "KiB, a power of two from 64 to 1048576", 0 },
	{ 'd', set_duration, "seconds, such as 10 or 0.5", 0 },
	{ 's', set_sort, "a column", 0 },
	{ 'r', set_rows, "a number from 1 to 1000000", 0 },
	{ 'o', set_output, "a file", 0 },
};

const struct value *value_find(int key)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (values[i].key == key)
			return &values[i];
	}
	return NULL;
}
