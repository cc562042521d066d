/* SPDX-License-Identifier: Apache-2.0 */
/* Sysctls of another network namespace show only from within: a child goes there and looks. */
#include "local_ports.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

struct netns_ports {
	__u32 netns;
	struct local_ports ports;
};

static bool read_here(struct local_ports *ret_ports)
{
	auto_file FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	auto_file FILE *reuse = fopen("/proc/sys/net/ipv4/tcp_tw_reuse", "re");
	unsigned int low, high, tw_reuse;

	if (!range || fscanf(range, "%u %u", &low, &high) != 2 || high < low || !reuse ||
	    fscanf(reuse, "%u", &tw_reuse) != 1)
		return false;
	*ret_ports = (struct local_ports){ .count = high - low + 1, .tw_reuse = tw_reuse };
	return true;
}

static bool is_netns(const char *path, __u32 netns)
{
	struct stat status;

	return !stat(path, &status) && status.st_ino == netns;
}

static _Noreturn void look_there(const char *path, __u32 netns, int out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct local_ports ports;
	struct stat status;

	/* The process may have gone, and another have its number. */
	if (fd < 0 || fstat(fd, &status) || status.st_ino != netns || setns(fd, CLONE_NEWNET) ||
	    !read_here(&ports))
		_exit(1);
	_exit(write(out, &ports, sizeof(ports)) != sizeof(ports));
}

static bool read_there(const char *path, __u32 netns, struct local_ports *ret_ports)
{
	struct local_ports ports;
	int ends[2];
	pid_t child;
	bool told;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	child = fork();
	if (!child)
		look_there(path, netns, ends[1]);
	close(ends[1]);
	told = child > 0 && read(ends[0], &ports, sizeof(ports)) == sizeof(ports);
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	if (told)
		*ret_ports = ports;
	return told;
}

/* False: there is no way there. */
static bool look(__u32 netns, __u32 pid, struct local_ports *ports)
{
	char path[64];

	if (is_netns("/proc/self/ns/net", netns))
		return read_here(ports);
	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	if (!is_netns(path, netns))
		return false;
	/* Where it does not let us look, it will not do so the next time. */
	read_there(path, netns, ports);
	return true;
}

/* Without memory it is asked again. */
static void remember(struct ports_by_netns *known, __u32 netns, struct local_ports ports)
{
	struct netns_ports *items = reallocarray(known->items, known->count + 1, sizeof(*items));

	if (!items)
		return;
	items[known->count++] = (struct netns_ports){ netns, ports };
	known->items = items;
}

struct local_ports ports_by_netns__find(struct ports_by_netns *known, __u32 netns, __u32 pid,
					bool elsewhere)
{
	struct local_ports ports = { .count = LOCAL_PORTS_DEFAULT, .tw_reuse = 2 };

	if (elsewhere)
		return ports;
	for (size_t i = 0; i < known->count; i++) {
		if (known->items[i].netns == netns)
			return known->items[i].ports;
	}
	if (look(netns, pid, &ports))
		remember(known, netns, ports);
	return ports;
}

void ports_by_netns__done(struct ports_by_netns *known)
{
	free(known->items);
	memset(known, 0, sizeof(*known));
}
