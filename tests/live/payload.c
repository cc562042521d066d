// SPDX-License-Identifier: Apache-2.0
/* The ways in which payload moves, and orders of turns: one connection each, every byte counted. */
#include "payload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_BYTES  (64 * 1024)
#define LARGE_BYTES   (4 * 1024 * 1024)
#define BOTH_BYTES    (256 * 1024)
#define LONG_RESPONSE 2000
#define MAPPED_PAGES  4
#define POLL_PATIENCE 20000 /* ms */
#define CONSUMED_POLL 1	    /* ms */
#define PARTS	      2	    /* that a message is sent or read in, where it is in several */

static char buffer[BUFFER_BYTES];
static const char *case_name;

void skip_case(const char *reason)
{
	printf("skip %s %s\n", case_name, reason);
	fflush(stdout);
	_exit(0);
}

static void moved_all(ssize_t moved, size_t len, const char *what)
{
	if (moved != (ssize_t)len)
		die(what);
}

/* ---- ways to send ---- */

static void by_write(int fd, size_t len)
{
	moved_all(write(fd, buffer, len), len, "write");
}

static void by_writev(int fd, size_t len)
{
	struct iovec parts[PARTS] = { { buffer, 1 }, { buffer, len - 1 } };

	moved_all(writev(fd, parts, PARTS), len, "writev");
}

static void by_send(int fd, size_t len)
{
	moved_all(send(fd, buffer, len, 0), len, "send");
}

static void by_sendmsg(int fd, size_t len)
{
	struct iovec parts[PARTS] = { { buffer, len / 2 }, { buffer, len - len / 2 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = PARTS };

	moved_all(sendmsg(fd, &message, 0), len, "sendmsg");
}

static void by_sendmmsg(int fd, size_t len)
{
	struct iovec parts[PARTS] = { { buffer, len / 2 }, { buffer, len - len / 2 } };
	struct mmsghdr messages[PARTS] = {
		{ .msg_hdr = { .msg_iov = &parts[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &parts[1], .msg_iovlen = 1 } },
	};

	moved_all(sendmmsg(fd, messages, PARTS, 0), PARTS, "sendmmsg");
}

static void by_more(int fd, size_t len)
{
	moved_all(send(fd, buffer, len / 2, MSG_MORE), len / 2, "send with MSG_MORE");
	moved_all(send(fd, buffer, len - len / 2, 0), len - len / 2, "send");
}

static void by_zerocopy(int fd, size_t len)
{
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) < 0)
		die("SO_ZEROCOPY");
	moved_all(send(fd, buffer, len, MSG_ZEROCOPY), len, "send with MSG_ZEROCOPY");
}

/* What by_zerocopy() leaves to do once the peer has the data. */
static void reap_zerocopy(int fd)
{
	char control[128];
	struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct pollfd error = { .fd = fd };
	struct sock_extended_err *done;

	if (poll(&error, 1, POLL_PATIENCE) != 1 || recvmsg(fd, &message, MSG_ERRQUEUE) < 0)
		die("no completion of MSG_ZEROCOPY");
	if (!CMSG_FIRSTHDR(&message))
		die("no control message");
	done = (struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&message));
	if (done->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
		die("another message than a completion");
}

static int file_of(size_t len)
{
	int fd = memfd_create("payload", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
		die("memfd");
	return fd;
}

static void by_sendfile(int fd, size_t len)
{
	int file = file_of(len);

	moved_all(sendfile(fd, file, NULL, len), len, "sendfile");
	close(file);
}

static void by_splice(int fd, size_t len)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe");
	moved_all(write(ends[1], buffer, len), len, "write to the pipe");
	moved_all(splice(ends[0], NULL, fd, NULL, len, 0), len, "splice to the socket");
	close(ends[0]);
	close(ends[1]);
}

/* ---- ways to receive ---- */

static void by_recv(int fd, size_t len)
{
	moved_all(recv(fd, buffer, len, MSG_WAITALL), len, "recv");
}

static void by_read(int fd, size_t len)
{
	ssize_t got;

	for (; len > 0; len -= (size_t)got) {
		got = read(fd, buffer, len < BUFFER_BYTES ? len : BUFFER_BYTES);
		if (got <= 0)
			die("read");
	}
}

static void by_readv(int fd, size_t len)
{
	struct iovec parts[PARTS] = { { buffer, 1 }, { buffer, len - 1 } };

	moved_all(readv(fd, parts, PARTS), len, "readv");
}

static void by_recvmmsg(int fd, size_t len)
{
	struct iovec parts[PARTS] = { { buffer, len / 2 }, { buffer, len - len / 2 } };
	struct mmsghdr messages[PARTS] = {
		{ .msg_hdr = { .msg_iov = &parts[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &parts[1], .msg_iovlen = 1 } },
	};

	moved_all(recvmmsg(fd, messages, PARTS, MSG_WAITALL, NULL), PARTS, "recvmmsg");
}

static void by_splice_in(int fd, size_t len)
{
	ssize_t got;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe");
	for (; len > 0; len -= (size_t)got) {
		got = splice(fd, NULL, ends[1], NULL, len, 0);
		if (got <= 0)
			die("splice from the socket");
		moved_all(read(ends[0], buffer, (size_t)got), (size_t)got, "read from the pipe");
	}
	close(ends[0]);
	close(ends[1]);
}

static void by_peek(int fd, size_t len)
{
	moved_all(recv(fd, buffer, len, MSG_PEEK | MSG_WAITALL), len, "recv with MSG_PEEK");
	moved_all(recv(fd, buffer, len, MSG_PEEK), len, "recv with MSG_PEEK");
	by_recv(fd, len);
}

/* Nothing is there before, nor after. */
static void by_dontwait(int fd, size_t len)
{
	by_recv(fd, len);
	if (recv(fd, buffer, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN)
		die("EAGAIN expected");
}

static void by_trunc(int fd, size_t len)
{
	moved_all(recv(fd, NULL, len, MSG_TRUNC | MSG_WAITALL), len, "recv with MSG_TRUNC");
}

static void toggle_quickack(int fd)
{
	int on;

	for (on = 0; on < 2; on++)
		if (setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on)) < 0)
			die("TCP_QUICKACK");
}

static void by_quickack(int fd, size_t len)
{
	toggle_quickack(fd);
	by_recv(fd, len / 2);
	toggle_quickack(fd);
	by_recv(fd, len - len / 2);
	toggle_quickack(fd);
}

static void by_fionread(int fd, size_t len)
{
	int waiting;

	wait_readable(fd);
	if (ioctl(fd, FIONREAD, &waiting) < 0 || waiting != (int)len)
		die("FIONREAD");
	by_recv(fd, len);
}

static void by_single_bytes(int fd, size_t len)
{
	for (; len > 0; len--)
		by_recv(fd, 1);
}

/* ---- turns ---- */

void ask_and_answer(int client, int server)
{
	by_send(client, REQUEST_BYTES);
	by_recv(server, REQUEST_BYTES);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

void end_pair(int client, int server)
{
	close(client);
	expect_eof(server);
	close(server);
}

static void turns_zerocopy(int client, int server)
{
	by_zerocopy(client, REQUEST_BYTES);
	by_recv(server, REQUEST_BYTES);
	reap_zerocopy(client);
	by_zerocopy(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
	reap_zerocopy(server);
}

static void wait_helper(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("the helping process failed");
}

/* The second half comes when a recv() of both has taken the first and sleeps. */
static void turns_waitall(int client, int server)
{
	pid_t pid;
	int waiting = 1;

	by_send(client, REQUEST_BYTES / 2);
	pid = fork_bound();
	if (pid == 0) {
		while (ioctl(server, FIONREAD, &waiting) == 0 && waiting > 0)
			pause_ms(CONSUMED_POLL);
		by_send(client, REQUEST_BYTES / 2);
		_exit(0);
	}
	by_recv(server, REQUEST_BYTES);
	wait_helper(pid);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

static void turns_large(int client, int server)
{
	char *large = calloc(1, LARGE_BYTES);
	pid_t pid;

	if (!large)
		die("calloc");
	pid = fork_bound();
	if (pid == 0) {
		moved_all(write(client, large, LARGE_BYTES), LARGE_BYTES, "write");
		_exit(0);
	}
	by_read(server, LARGE_BYTES);
	wait_helper(pid);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
	free(large);
}

static void turns_sendfile_large(int client, int server)
{
	pid_t pid = fork_bound();

	if (pid == 0) {
		by_sendfile(client, LARGE_BYTES);
		_exit(0);
	}
	by_read(server, LARGE_BYTES);
	wait_helper(pid);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

static size_t read_waiting(int fd)
{
	size_t total = 0;
	ssize_t got;

	while ((got = recv(fd, buffer, BUFFER_BYTES, MSG_DONTWAIT)) > 0)
		total += (size_t)got;
	if (got == 0 || errno != EAGAIN)
		die("recv with MSG_DONTWAIT");
	return total;
}

/* Sends that take a part, or nothing, because the buffers are full. */
static void turns_full_buffers(int client, int server)
{
	size_t left = LARGE_BYTES, read = 0;
	unsigned int refused = 0;
	ssize_t sent;

	while (left > 0) {
		sent = send(client, buffer, left < BUFFER_BYTES ? left : BUFFER_BYTES,
			    MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN)
			die("send with MSG_DONTWAIT");
		if (sent > 0)
			left -= (size_t)sent;
		else
			read += read_waiting(server);
		refused += sent < 0;
	}
	errno = ENODATA;
	if (!refused)
		die("no buffer was ever full");
	by_read(server, LARGE_BYTES - read);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

/* The urgent byte takes a place in the stream, which read() passes over. */
static void turns_urgent(int client, int server)
{
	by_send(client, REQUEST_BYTES / 2);
	moved_all(send(client, buffer, 1, MSG_OOB), 1, "send with MSG_OOB");
	by_send(client, REQUEST_BYTES / 2 - 1);
	by_recv(server, REQUEST_BYTES / 2);
	moved_all(recv(server, buffer, 1, MSG_OOB), 1, "recv with MSG_OOB");
	by_recv(server, REQUEST_BYTES / 2 - 1);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

static void turns_single_bytes(int client, int server)
{
	by_send(client, REQUEST_BYTES);
	by_single_bytes(server, REQUEST_BYTES);
	by_send(server, LONG_RESPONSE);
	by_single_bytes(client, LONG_RESPONSE);
}

/* TCP_ZEROCOPY_RECEIVE maps whole pages that came as such; what it leaves is read. */
static void receive_mapped(int fd, char *map, size_t len)
{
	struct tcp_zerocopy_receive zc;
	socklen_t size;
	bool mapped = false;

	while (len > 0) {
		memset(&zc, 0, sizeof(zc));
		zc.address = (__u64)map;
		zc.length = (__u32)len;
		size = sizeof(zc);
		wait_readable(fd);
		if (getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &size) < 0)
			die("TCP_ZEROCOPY_RECEIVE");
		mapped |= zc.length > 0;
		len -= zc.length;
		if (zc.recv_skip_hint > 0)
			by_read(fd, zc.recv_skip_hint);
		len -= zc.recv_skip_hint;
	}
	if (!mapped)
		skip_case("TCP_ZEROCOPY_RECEIVE maps nothing here");
}

static void turns_zerocopy_receive(int client, int server)
{
	size_t len = MAPPED_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, len, PROT_READ, MAP_SHARED, server, 0);

	if (map == MAP_FAILED)
		die("mmap of a socket");
	by_splice(client, len);
	receive_mapped(server, map, len);
	munmap(map, len);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

/* The response comes before the request is complete. */
static void turns_early(int client, int server)
{
	by_send(client, REQUEST_BYTES / 2);
	by_recv(server, REQUEST_BYTES / 2);
	by_send(server, RESPONSE_BYTES);
	by_send(client, REQUEST_BYTES / 2);
	by_recv(server, REQUEST_BYTES / 2);
	by_recv(client, RESPONSE_BYTES);
}

static void turns_greeting(int client, int server)
{
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

static void turns_greeting_first(int client, int server)
{
	turns_greeting(client, server);
	ask_and_answer(client, server);
	ask_and_answer(client, server);
}

static void turns_half_close(int client, int server)
{
	by_send(client, REQUEST_BYTES);
	if (shutdown(client, SHUT_WR) < 0)
		die("shutdown");
	by_recv(server, REQUEST_BYTES);
	expect_eof(server);
	by_send(server, RESPONSE_BYTES);
	by_recv(client, RESPONSE_BYTES);
}

/* The response is read from a socket that is in CLOSE: it has sent its FIN and got the peer's. */
static void turns_late_read(int client, int server)
{
	struct pollfd hangup = { .fd = client };

	by_send(client, REQUEST_BYTES);
	if (shutdown(client, SHUT_WR) < 0)
		die("shutdown");
	by_recv(server, REQUEST_BYTES);
	by_send(server, RESPONSE_BYTES);
	if (shutdown(server, SHUT_WR) < 0)
		die("shutdown");
	if (poll(&hangup, 1, POLL_PATIENCE) != 1 || !(hangup.revents & POLLHUP))
		die("no end of the connection");
	by_recv(client, RESPONSE_BYTES);
	expect_eof(client);
}

/* The FIN comes in one segment with the end of the response. */
static void answer_and_end(int client, int server)
{
	by_send(client, REQUEST_BYTES);
	by_recv(server, REQUEST_BYTES);
	moved_all(send(server, buffer, RESPONSE_BYTES, MSG_MORE), RESPONSE_BYTES, "send");
	if (shutdown(server, SHUT_WR) < 0)
		die("shutdown");
}

static void turns_last_with_fin(int client, int server)
{
	answer_and_end(client, server);
	by_recv(client, RESPONSE_BYTES);
	expect_eof(client);
}

static void turns_splice_with_fin(int client, int server)
{
	answer_and_end(client, server);
	by_splice_in(client, RESPONSE_BYTES);
	expect_eof(client);
}

static void turns_pipelined(int client, int server)
{
	int i;

	for (i = 0; i < 3; i++)
		by_send(client, REQUEST_BYTES);
	for (i = 0; i < 3; i++)
		by_recv(server, REQUEST_BYTES);
	for (i = 0; i < 3; i++)
		by_send(server, RESPONSE_BYTES);
	for (i = 0; i < 3; i++)
		by_recv(client, RESPONSE_BYTES);
}

static void write_stream(int fd)
{
	size_t left;

	for (left = BOTH_BYTES; left > 0; left -= BUFFER_BYTES / 8)
		by_write(fd, BUFFER_BYTES / 8);
}

/* Returns how many calls it took. */
static unsigned int read_stream(int fd)
{
	unsigned int calls = 0;
	size_t left;
	ssize_t got;

	for (left = BOTH_BYTES; left > 0; left -= (size_t)got) {
		got = read(fd, buffer, left < BUFFER_BYTES ? left : BUFFER_BYTES);
		if (got <= 0)
			die("read");
		calls++;
	}
	return calls;
}

static pid_t start_stream(int fd, void (*run)(int fd))
{
	pid_t pid = fork_bound();

	if (pid == 0) {
		run(fd);
		_exit(0);
	}
	return pid;
}

/* After one exchange, streams both ways at once; prints how often each end has called read(). */
static void turns_both_ways(int client, int server)
{
	unsigned int calls[2];
	pid_t writers[2], reader;
	int ends[2];

	ask_and_answer(client, server);
	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe");
	writers[0] = start_stream(client, write_stream);
	writers[1] = start_stream(server, write_stream);
	reader = fork_bound();
	if (reader == 0) {
		calls[0] = read_stream(client);
		moved_all(write(ends[1], &calls[0], sizeof(*calls)), sizeof(*calls), "pipe");
		_exit(0);
	}
	calls[1] = read_stream(server);
	moved_all(read(ends[0], &calls[0], sizeof(*calls)), sizeof(*calls), "pipe");
	wait_helper(writers[0]);
	wait_helper(writers[1]);
	wait_helper(reader);
	printf("reads %u %u\n", calls[0] + 1, calls[1] + 1); /* one in the exchange */
}

/* ---- the table ---- */

/* Either a request and a response by SEND and RECEIVE (NULL: the plain ones), or TURNS over a
 * connection made as always, or RUN, which makes its own. */
static const struct payload_case {
	const char *name;
	void (*send)(int fd, size_t len);
	void (*receive)(int fd, size_t len);
	void (*turns)(int client, int server);
	void (*run)(const struct options *options);
} cases[] = {
	{ "write", .send = by_write },
	{ "writev", .send = by_writev },
	{ "send", .send = by_send },
	{ "sendmsg", .send = by_sendmsg },
	{ "sendmmsg", .send = by_sendmmsg },
	{ "more", .send = by_more },
	{ "zerocopy", .turns = turns_zerocopy },
	{ "sendfile", .send = by_sendfile },
	{ "splice-out", .send = by_splice },
	{ "splice-in", .receive = by_splice_in },
	{ "splice", .send = by_splice, .receive = by_splice_in },
	{ "uring", .send = uring_send, .receive = uring_recv },
	{ "uring-punted", .send = uring_send_punted, .receive = uring_recv_punted },
	{ "uring-zerocopy", .send = uring_send_zerocopy },
	{ "read", .receive = by_read },
	{ "readv", .receive = by_readv },
	{ "recvmmsg", .receive = by_recvmmsg },
	{ "peek", .receive = by_peek },
	{ "dontwait", .receive = by_dontwait },
	{ "trunc", .receive = by_trunc },
	{ "quickack", .receive = by_quickack },
	{ "fionread", .receive = by_fionread },
	{ "waitall", .turns = turns_waitall },
	{ "zerocopy-receive", .turns = turns_zerocopy_receive },
	{ "large", .turns = turns_large },
	{ "sendfile-large", .turns = turns_sendfile_large },
	{ "full-buffers", .turns = turns_full_buffers },
	{ "urgent", .turns = turns_urgent },
	{ "single-bytes", .turns = turns_single_bytes },
	{ "early", .turns = turns_early },
	{ "greeting", .turns = turns_greeting },
	{ "greeting-first", .turns = turns_greeting_first },
	{ "half-close", .turns = turns_half_close },
	{ "late-read", .turns = turns_late_read },
	{ "last-with-fin", .turns = turns_last_with_fin },
	{ "splice-with-fin", .turns = turns_splice_with_fin },
	{ "pipelined", .turns = turns_pipelined },
	{ "both-ways", .turns = turns_both_ways },
	{ "reconnect", .run = case_reconnect },
	{ "fastopen-cookie", .run = case_fastopen_cookie },
	{ "fastopen-data", .run = case_fastopen_data },
	{ "fastopen-connect", .run = case_fastopen_connect },
	{ "fastopen-refused", .run = case_fastopen_refused },
	{ "fastopen-slow", .run = case_fastopen_slow },
	{ "ktls", .run = case_ktls },
	{ "sockmap", .run = case_sockmap },
	{ "sockmap-packets", .run = case_sockmap_packets },
	{ "redirect", .run = case_redirect },
	{ "redirect-packets", .run = case_redirect_packets },
	{ "msg-redirect", .run = case_msg_redirect },
	{ "mptcp", .run = case_mptcp },
	{ "mptcp-client", .run = case_mptcp_client },
	{ "mptcp-server", .run = case_mptcp_server },
	{ "mptcp-open", .run = case_mptcp_open },
	{ "mptcp-join", .run = case_mptcp_join },
	{ "smc", .run = case_smc },
	{ "sctp", .run = case_sctp },
};

static void run_case(const struct payload_case *found, const struct options *options)
{
	void (*send_by)(int, size_t) = found->send ? found->send : by_send;
	void (*receive_by)(int, size_t) = found->receive ? found->receive : by_recv;
	int listener, client, server;

	if (found->run) {
		found->run(options);
		return;
	}
	listener = listen_on(options->family, NULL, options->port, 1);
	client = connect_to(options->family, NULL, options->port);
	server = accept_one(listener);
	close(listener);
	if (found->turns) {
		found->turns(client, server);
	} else {
		send_by(client, REQUEST_BYTES);
		receive_by(server, REQUEST_BYTES);
		send_by(server, RESPONSE_BYTES);
		receive_by(client, RESPONSE_BYTES);
	}
	end_pair(client, server);
}

static const struct payload_case *find_case(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (strcmp(cases[i].name, name) == 0)
			return &cases[i];
	fprintf(stderr, "peer: no payload case %s\n", name);
	exit(2);
}

/* Lines of CASE PORT on standard input, one after the other, a process each. A case that needs a
 * second connection takes the next port for it. */
void run_payload(const struct options *options)
{
	const struct payload_case *found;
	struct options one = *options;
	char name[32];
	pid_t pid;

	while (scanf("%31s %" SCNu16, name, &one.port) == 2) {
		found = find_case(name);
		case_name = found->name;
		fflush(stdout);
		pid = fork_bound();
		if (pid == 0) {
			doing_what(name, SIDE_CLIENT, one.family);
			run_case(found, &one);
			settle(one.port);
			fflush(stdout);
			_exit(0);
		}
		wait_helper(pid);
	}
}
