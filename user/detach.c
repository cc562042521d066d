/* SPDX-License-Identifier: Apache-2.0 */
/* Detaching without waiting for it: a child closes the files of links. */
#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

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

/* What the child keeps open. */
struct kept {
	struct bpf_link *const *links;
	size_t count;
	int until; /* the end of this pipe comes with the parent's */
	int ready; /* closed when all else is */
};

/* The lowest descriptor from FROM on that is kept; INT_MAX: there is none. */
static int next_kept(const struct kept *kept, int from)
{
	int next = kept->until >= from ? kept->until : INT_MAX;

	if (kept->ready >= from && kept->ready < next)
		next = kept->ready;
	for (size_t i = 0; i < kept->count; i++) {
		int fd = bpf_link__fd(kept->links[i]);

		if (fd >= from && fd < next && is_slow(kept->links[i]))
			next = fd;
	}
	return next;
}

/* Whatever their numbers are: who started us may have left us thousands of files. */
static int close_others(const struct kept *kept)
{
	for (int from = 0;;) {
		int next = next_kept(kept, from);

		if (next > from && syscall(SYS_close_range, from, next - 1, 0))
			return -errno;
		if (next == INT_MAX)
			return 0;
		from = next + 1;
	}
}

/* Shares nothing else with its parent: a port, a lock or a pipe would be held as long. */
static _Noreturn void close_later(const struct kept *kept)
{
	/* Where that is not allowed we end: then who waits for us detaches, in its own time. */
	if (!close_others(kept)) {
		close(kept->ready);
		wait_for_end(kept->until);
	}
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
	if (!pid)
		close_later(&(struct kept){ links, count, ours[0], child[1] });
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
