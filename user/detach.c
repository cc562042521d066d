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

static void wait_for_end(int fd)
{
	char byte;

	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		continue;
}

/* Shares nothing else with its parent: a port, a lock or a pipe would be held as long. */
static _Noreturn void close_later(struct bpf_link *const *links, size_t count, int parent)
{
	parent = fcntl(parent, F_DUPFD_CLOEXEC, KEPT_FROM);
	for (size_t i = 0; i < count; i++) {
		if (is_slow(links[i]))
			fcntl(bpf_link__fd(links[i]), F_DUPFD_CLOEXEC, KEPT_FROM);
	}
	/* Where that is not allowed we end: then who waits for us detaches, in its own time. */
	if (parent >= 0 && !syscall(SYS_close_range, 0, KEPT_FROM - 1, 0))
		wait_for_end(parent);
	_exit(0);
}

int detach_hand_over(struct bpf_link *const *links, size_t count)
{
	int child[2], ours[2]; /* each ends when the last writer has closed it */
	pid_t pid;

	if (!any_is_slow(links, count) || pipe2(child, O_CLOEXEC))
		return -1;
	if (pipe2(ours, O_CLOEXEC)) {
		close(child[0]);
		close(child[1]);
		return -1;
	}
	pid = fork();
	if (!pid) {
		close(ours[1]);
		close_later(links, count, ours[0]);
	}
	close(child[1]);
	close(ours[0]);
	/* Until it has closed what it does not keep: who asks for our port next shall have it. */
	wait_for_end(child[0]);
	close(child[0]);
	if (pid > 0)
		return ours[1];
	close(ours[1]);
	return -1;
}
