/* SPDX-License-Identifier: Apache-2.0 */
/* The sysctl of another network namespace shows only from within: a child goes there and looks. */
#include "port_range.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

static __u32 read_range(void)
{
	auto_file FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned int low, high;

	if (!file || fscanf(file, "%u %u", &low, &high) != 2 || high < low)
		return 0;
	return high - low + 1;
}

static bool is_netns(const char *path, __u32 netns)
{
	struct stat status;

	return !stat(path, &status) && status.st_ino == netns;
}

static _Noreturn void look_there(const char *path, int out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	__u32 ports = 0;

	if (fd >= 0 && !setns(fd, CLONE_NEWNET))
		ports = read_range();
	_exit(write(out, &ports, sizeof(ports)) != sizeof(ports));
}

static __u32 read_range_of(const char *path)
{
	__u32 ports = 0;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return 0;
	child = fork();
	if (!child)
		look_there(path, ends[1]);
	close(ends[1]);
	if (child < 0 || read(ends[0], &ports, sizeof(ports)) != sizeof(ports))
		ports = 0;
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return ports;
}

__u32 port_range(__u32 netns, __u32 pid, bool elsewhere)
{
	char path[64];
	__u32 ports = 0;

	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	if (elsewhere)
		return PORT_RANGE_DEFAULT;
	if (is_netns("/proc/self/ns/net", netns))
		ports = read_range();
	else if (is_netns(path, netns))
		ports = read_range_of(path);
	return ports ? ports : PORT_RANGE_DEFAULT;
}
