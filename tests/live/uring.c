// SPDX-License-Identifier: Apache-2.0
/* Sending and receiving through io_uring, by its system calls alone. */
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "payload.h"

#define RINGS 3

struct uring {
	int fd;
	struct io_uring_params params;
	struct {
		char *start;
		size_t len;
	} maps[RINGS]; /* submissions, completions, submission entries */
};

static void uring__open(struct uring *ring)
{
	static const off_t offsets[RINGS] = { IORING_OFF_SQ_RING, IORING_OFF_CQ_RING,
					      IORING_OFF_SQES };
	struct io_uring_params *params = &ring->params;
	int i;

	memset(ring, 0, sizeof(*ring));
	ring->fd = (int)syscall(SYS_io_uring_setup, 1, params);
	if (ring->fd < 0 && (errno == ENOSYS || errno == EPERM))
		skip_case("the kernel refuses io_uring");
	if (ring->fd < 0)
		die("io_uring_setup");
	ring->maps[0].len = params->sq_off.array + params->sq_entries * sizeof(__u32);
	ring->maps[1].len = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);
	ring->maps[2].len = params->sq_entries * sizeof(struct io_uring_sqe);
	for (i = 0; i < RINGS; i++) {
		ring->maps[i].start = mmap(NULL, ring->maps[i].len, PROT_READ | PROT_WRITE,
					   MAP_SHARED, ring->fd, offsets[i]);
		if (ring->maps[i].start == MAP_FAILED)
			die("mmap of io_uring");
	}
}

static void uring__done(struct uring *ring)
{
	int i;

	for (i = 0; i < RINGS; i++)
		munmap(ring->maps[i].start, ring->maps[i].len);
	close(ring->fd);
}

/* Submits one entry and waits for its result. */
static int uring__run(struct uring *ring, const struct io_uring_sqe *entry)
{
	char *sq = ring->maps[0].start, *cq = ring->maps[1].start;
	struct io_uring_cqe *results = (struct io_uring_cqe *)(cq + ring->params.cq_off.cqes);

	memcpy(ring->maps[2].start, entry, sizeof(*entry));
	*(__u32 *)(sq + ring->params.sq_off.array) = 0;
	__atomic_store_n((__u32 *)(sq + ring->params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		die("io_uring_enter");
	if (!__atomic_load_n((__u32 *)(cq + ring->params.cq_off.tail), __ATOMIC_ACQUIRE))
		die("io_uring has no result");
	return results[0].res;
}

static void transfer(__u8 opcode, __u8 flags, int fd, size_t len)
{
	char buf[RESPONSE_BYTES] = "";
	struct io_uring_sqe entry = {
		.opcode = opcode,
		.flags = flags,
		.fd = fd,
		.addr = (__u64)buf,
		.len = (__u32)len,
	};
	struct uring ring;
	int result;

	uring__open(&ring);
	result = uring__run(&ring, &entry);
	if (result == -EINVAL)
		skip_case("io_uring has no such operation");
	if (result != (int)len) {
		errno = result < 0 ? -result : 0;
		die("io_uring moved less");
	}
	uring__done(&ring);
}

void uring_send(int fd, size_t len)
{
	transfer(IORING_OP_SEND, 0, fd, len);
}

void uring_send_punted(int fd, size_t len)
{
	transfer(IORING_OP_SEND, IOSQE_ASYNC, fd, len);
}

void uring_send_zerocopy(int fd, size_t len)
{
	transfer(IORING_OP_SEND_ZC, 0, fd, len);
}

void uring_recv(int fd, size_t len)
{
	transfer(IORING_OP_RECV, 0, fd, len);
}

void uring_recv_punted(int fd, size_t len)
{
	transfer(IORING_OP_RECV, IOSQE_ASYNC, fd, len);
}
