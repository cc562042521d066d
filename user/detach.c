/* SPDX-License-Identifier: Apache-2.0 */
/* Detaching without waiting for it: a child closes the files of links. */
#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cleanup.h"

#define KEPT_FROM 500 /* descriptors; we have fewer, and the usual limit is 1024 */

/* To a tracepoint of a system call, or a kprobe: others are closed in no time. Kernels before 5.15
 * have no links for these, but the perf event itself, of which they know nothing here. */
static bool is_slow(const struct bpf_link *link)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len) ||
	       info.type == BPF_LINK_TYPE_PERF_EVENT;
}

static bool any_is_slow(struct bpf_link *const *links, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_slow(links[i]))
			return true;
	}
	return false;
}

/* The child shares nothing else with its parent: a port, a lock or a pipe would be held as long. */
static void close_later(struct bpf_link *const *links, size_t count, int parent)
{
	char byte;

	parent = fcntl(parent, F_DUPFD_CLOEXEC, KEPT_FROM);
	for (size_t i = 0; i < count; i++) {
		if (is_slow(links[i]))
			fcntl(bpf_link__fd(links[i]), F_DUPFD_CLOEXEC, KEPT_FROM);
	}
	syscall(SYS_close_range, 0, KEPT_FROM - 1, 0);
	while (read(parent, &byte, 1) < 0 && errno == EINTR)
		continue; /* the end of the file is what we wait for */
	_exit(0);
}

int detach_hand_over(struct bpf_link *const *links, size_t count)
{
	auto_close int child_end = -1;
	int ends[2];
	pid_t pid;

	if (!any_is_slow(links, count) || pipe2(ends, O_CLOEXEC))
		return -1;
	child_end = ends[0];
	pid = fork();
	if (!pid)
		close_later(links, count, ends[0]);
	if (pid > 0)
		return ends[1];
	close(ends[1]);
	return -1;
}
