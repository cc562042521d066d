// SPDX-License-Identifier: Apache-2.0
/* Accept queues: how connections get into one, and all the ways out of it. */
#include "peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/io_uring.h>

#define QUEUES_MAX 4

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

/* ---- many processes in accept(2) ---- */

/* Takes one connection and keeps it until the client closes. */
static void __attribute__((noreturn)) accept_in_child(int listener)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = accept_one(listener);
	expect_eof(fd);
	_exit(0);
}

static bool is_asleep(pid_t pid)
{
	char path[32], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		die(path);
	fclose(file);
	return state == 'S';
}

/* --clients processes block in accept(2); the next line brings each a client. */
void run_blocked(const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, options->backlog);
	int *fds = new_fds(options->clients);
	unsigned int i;
	pid_t pid;

	for (i = 0; i < options->clients; i++) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0)
			accept_in_child(listener);
		while (!is_asleep(pid))
			pause_ms(1);
	}
	close(listener);
	say("queued");
	wait_for_order();
	for (i = 0; i < options->clients; i++)
		fds[i] = connect_to(options->family, NULL, options->port);
	for (i = 0; i < options->clients; i++)
		close(fds[i]);
	while (wait(NULL) > 0)
		;
	free(fds);
}

/* ---- io_uring ---- */

struct ring {
	int fd;
	uint8_t *rings; /* both, in one mapping */
	struct io_uring_sqe *entries;
	struct io_uring_params params;
};

/* False where the kernel has none, or does not let us. */
static bool ring__open(struct ring *ring)
{
	const int access = PROT_READ | PROT_WRITE;
	size_t len;

	*ring = (struct ring){ 0 };
	ring->fd = (int)syscall(__NR_io_uring_setup, 4, &ring->params);
	if (ring->fd < 0)
		return false;
	len = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	ring->rings = mmap(NULL, len, access, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->entries = mmap(NULL, ring->params.sq_entries * sizeof(*ring->entries), access,
			     MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->rings == MAP_FAILED || ring->entries == MAP_FAILED)
		die("mmap of io_uring");
	return true;
}

static void ring__enter(const struct ring *ring, unsigned int submit, unsigned int wait)
{
	unsigned int flags = wait ? IORING_ENTER_GETEVENTS : 0;

	if (syscall(__NR_io_uring_enter, ring->fd, submit, wait, flags, NULL, 0) < 0)
		die("io_uring_enter");
}

static void ring__accept(const struct ring *ring, int listener)
{
	unsigned int *tail = (unsigned int *)(ring->rings + ring->params.sq_off.tail);
	unsigned int *array = (unsigned int *)(ring->rings + ring->params.sq_off.array);

	ring->entries[0] = (struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = listener };
	array[0] = 0;
	__atomic_store_n(tail, 1, __ATOMIC_RELEASE);
	ring__enter(ring, 1, 0);
}

static int ring__result(const struct ring *ring)
{
	struct io_uring_cqe *done = (struct io_uring_cqe *)(ring->rings + ring->params.cq_off.cqes);

	ring__enter(ring, 0, 1);
	if (done->res < 0) {
		errno = -done->res;
		die("accept by io_uring");
	}
	return done->res;
}

/* The accept is under way when the client comes. */
void run_uring(const struct options *options)
{
	int listener, client, server;
	struct ring ring;

	if (!ring__open(&ring)) {
		say("refused");
		return;
	}
	listener = listen_on(options->family, NULL, options->port, options->backlog);
	ring__accept(&ring, listener);
	client = connect_to(options->family, NULL, options->port);
	server = ring__result(&ring);
	exchange(client, server);
	close(client);
	expect_eof(server);
	close(server);
	close(listener);
	close(ring.fd);
	say("accepted");
}

/* ---- several queues on one port ---- */

/* From here on all clients go to socket NUMBER of the group. */
static void steer(int listener, unsigned int number)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, number);
	struct sock_fprog program = { .len = 1, .filter = &code };

	if (setsockopt(listener, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) <
	    0)
		die("SO_ATTACH_REUSEPORT_CBPF");
}

static void fill_queue(const struct options *options, int listener, unsigned int clients, int *fds)
{
	for (unsigned int i = 0; i < clients; i++) {
		fds[i] = connect_to(options->family, NULL, options->port);
		while (queue_depth(listener) <= i)
			pause_ms(1);
	}
}

/* Four queues, of 5, 2, 1 and 0 connections; with --backlog 4 the first is full, and two more
 * clients meet it. They stay until the next line. */
void run_reuseport(const struct options *options)
{
	static const unsigned int depths[QUEUES_MAX] = { 5, 2, 1, 0 };
	int listeners[QUEUES_MAX], fds[8];
	unsigned int i, filled = 0;

	for (i = 0; i < QUEUES_MAX; i++)
		listeners[i] = listen_reuseport(options->family, options->port, options->backlog);
	for (i = 0; i < QUEUES_MAX; i++) {
		steer(listeners[0], i);
		fill_queue(options, listeners[i], depths[i], fds + filled);
		filled += depths[i];
	}
	steer(listeners[0], 0);
	for (i = 0; i < 2; i++)
		close(connect_start(options->family, NULL, options->port));
	say("queued");
	wait_for_order();
	for (i = 0; i < filled; i++)
		close(fds[i]);
	for (i = 0; i < QUEUES_MAX; i++)
		close(listeners[i]);
}

/* The listener with the queue closes, another one is there. Says whether that has the connections
 * then, and converses on them if so. */
void run_migrate(const struct options *options)
{
	int from = listen_reuseport(options->family, options->port, options->backlog);
	int to = listen_reuseport(options->family, options->port, options->backlog);
	int fds[QUEUES_MAX], server;
	bool migrated;
	unsigned int i;

	steer(from, 0);
	fill_queue(options, from, options->clients, fds);
	close(from);
	migrated = queue_depth(to) == options->clients;
	for (i = 0; i < options->clients; i++) {
		if (migrated) {
			server = accept_one(to);
			exchange(fds[i], server);
			close(server);
			expect_eof(fds[i]);
		} else {
			expect_error(fds[i], ECONNRESET);
		}
		close(fds[i]);
	}
	close(to);
	say(migrated ? "migrated" : "reset");
}

/* ---- the rest ---- */

/* One queue for both families. */
void run_dual(const struct options *options)
{
	int listener = listen_on(FAMILY_MAPPED, NULL, options->port, options->backlog);
	int four = connect_to(FAMILY_4, NULL, options->port);
	int six = connect_to(FAMILY_6, NULL, options->port);

	say("queued");
	wait_for_order();
	close(accept_one(listener));
	close(accept_one(listener));
	close(four);
	close(six);
	close(listener);
}

/* listen(2) once more, with --conns as the backlog, below or above what is in the queue. */
void run_relisten(const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, options->backlog);
	int *fds = new_fds(options->clients);
	unsigned int i;

	fill_queue(options, listener, options->clients, fds);
	if (listen(listener, (int)options->conns) < 0)
		die("listen");
	say("queued");
	wait_for_order();
	for (i = 0; i < options->clients; i++)
		close(fds[i]);
	free(fds);
	close(listener);
}

/* The socket that listens has had a connect(2) that was refused. */
void run_turned(const struct options *options)
{
	int fd = new_socket(options->family), client, server;

	expect_bind(fd, options->family, NULL, options->port, 0);
	connect_on(fd, options->family, NULL, (uint16_t)(options->port + 1), ECONNREFUSED);
	if (listen(fd, options->backlog) < 0)
		die("listen");
	client = connect_to(options->family, NULL, options->port);
	server = accept_one(fd);
	exchange(client, server);
	close(client);
	expect_eof(server);
	close(server);
	close(fd);
}

/* The client resets what nobody has accepted yet; then it is accepted, or the listener closes. */
void run_reset(const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, options->backlog), fd;

	fill_queue(options, listener, 1, &fd);
	close_reset(fd);
	if (options->accept) {
		fd = accept_one(listener);
		expect_error(fd, ECONNRESET);
		close(fd);
	}
	close(listener);
}
