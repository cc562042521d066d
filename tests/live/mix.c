// SPDX-License-Identifier: Apache-2.0
/*
 * A mixed load between two network namespaces: what each connection does follows from the seed and
 * its number alone, whatever the path in between loses (relay.c).
 *
 * One process drives both ends of its connections, one after the other, so that the order of what
 * the two ends do is a script's and no luck. Several such processes run at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "relay.h"

#define SERVER_4      "10.90.0.2"
#define SERVER_6      "fd90::2"
#define REFUSING_PORT 9
/* On ports from here the server reads and answers MESSAGE_BYTES at a time. */
#define PIECEMEAL_PORTS (RELAY_PORTS + RELAY_STRIDE)
#define MESSAGE_BYTES	64
#define OWN_PORTS	20000 /* a client's port, where it chooses */
#define LARGE_BYTES	200000
#define PATIENCE_MS	20000
#define NOTICE_MS	400 /* for the peer's FIN or RST, which may have been lost */

struct mix {
	const struct options *options;
	struct relay *relay;
	unsigned int lane;
	int netns[2]; /* by enum side */
	int listener, piecemeal;
	int client, server; /* the connection's two ends */
	uint64_t random;    /* this connection's own sequence */
};

static unsigned int below(struct mix *mix, unsigned int limit)
{
	return (unsigned int)(random_next(&mix->random) % limit);
}

static void enter(const struct mix *mix, enum side side)
{
	if (setns(mix->netns[side], CLONE_NEWNET) < 0)
		die("setns");
}

/* ---- opening ---- */

static void no_delay(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		die("TCP_NODELAY");
}

static void open_client(struct mix *mix, uint16_t port, uint16_t own_port)
{
	enum family family = (enum family)below(mix, 3);

	enter(mix, SIDE_CLIENT);
	mix->client = connect_from(family, own_port, family == FAMILY_6 ? SERVER_6 : SERVER_4,
				   (uint16_t)(port + mix->lane));
	no_delay(mix->client);
}

/* Takes what connects out of the queue. The handshake may have lost a packet, or two. */
static void open_server(struct mix *mix, int listener)
{
	struct pollfd waiting = { .fd = listener, .events = POLLIN };

	for (;;) {
		if (poll(&waiting, 1, PATIENCE_MS) != 1)
			die("accept");
		mix->server = accept_one(listener);
		if (port_of(mix->server, getpeername) == port_of(mix->client, getsockname) ||
		    port_of(mix->server, getpeername) == 0)
			break;
		close(mix->server); /* of a connection that we had given up */
	}
	no_delay(mix->server);
}

static void open_both(struct mix *mix)
{
	open_client(mix, RELAY_PORTS, 0);
	open_server(mix, mix->listener);
}

/* ---- payload ---- */

/* Sends what the socket takes of LEN bytes at once. */
static size_t send_some(int fd, size_t len)
{
	static const char zeros[16384];
	ssize_t sent = send(fd, zeros, len < sizeof(zeros) ? len : sizeof(zeros),
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent > 0 ? (size_t)sent : 0;
}

/* LEN bytes from one end to the other, sent in one go and read to the last. */
static void carry(int from, int to, size_t len)
{
	static char buf[16384];
	size_t left = len;
	ssize_t got;

	while (len > 0) {
		struct pollfd ready[] = { { .fd = to, .events = POLLIN },
					  { .fd = left ? from : -1, .events = POLLOUT } };

		left -= send_some(from, left);
		got = recv(to, buf, len < sizeof(buf) ? len : sizeof(buf), MSG_DONTWAIT);
		if (got > 0)
			len -= (size_t)got;
		else if (got == 0 || errno != EAGAIN)
			die("payload expected");
		else if (poll(ready, 2, PATIENCE_MS) < 1)
			die("payload does not arrive");
	}
}

static void read_all(int fd, size_t len)
{
	char buf[4096];
	ssize_t got;

	for (; len > 0; len -= (size_t)got) {
		got = recv(fd, buf, len < sizeof(buf) ? len : sizeof(buf), 0);
		if (got <= 0)
			die("payload expected");
	}
}

static size_t message(struct mix *mix)
{
	return 1 + below(mix, below(mix, 2) ? 4000 : 200);
}

static void exchange_one(struct mix *mix)
{
	carry(mix->client, mix->server, message(mix));
	carry(mix->server, mix->client, message(mix));
}

static void talk_keep_alive(struct mix *mix)
{
	unsigned int exchanges = 1 + below(mix, 8);

	for (; exchanges > 0; exchanges--)
		exchange_one(mix);
}

static void talk_once(struct mix *mix)
{
	exchange_one(mix);
}

static void talk_nothing(struct mix *mix)
{
	(void)mix;
}

static void talk_server_first(struct mix *mix)
{
	unsigned int exchanges = below(mix, 3);

	carry(mix->server, mix->client, message(mix));
	for (; exchanges > 0; exchanges--)
		exchange_one(mix);
}

/* Several requests before the first answer, and the server reads them all before it answers. */
static void talk_pipelined(struct mix *mix)
{
	unsigned int batches = 1 + below(mix, 2), requests, i;

	for (; batches > 0; batches--) {
		requests = 2 + below(mix, 3);
		for (i = 0; i < requests; i++)
			send_all(mix->client, MESSAGE_BYTES);
		for (i = 0; i < requests; i++)
			recv_all(mix->server, MESSAGE_BYTES);
		for (i = 0; i < requests; i++)
			send_all(mix->server, MESSAGE_BYTES);
		for (i = 0; i < requests; i++)
			recv_all(mix->client, MESSAGE_BYTES);
	}
}

static void talk_large(struct mix *mix)
{
	carry(mix->client, mix->server, 1 + below(mix, LARGE_BYTES));
	carry(mix->server, mix->client, 1 + below(mix, LARGE_BYTES));
}

static void talk(struct mix *mix)
{
	static void (*const ways[])(struct mix *) = {
		talk_nothing,	 talk_once,	    talk_once,	    talk_keep_alive,
		talk_keep_alive, talk_server_first, talk_pipelined, talk_large,
	};

	ways[below(mix, sizeof(ways) / sizeof(*ways))](mix);
}

/* ---- the ends ---- */

/* Waits until the peer's FIN or RST shows. Not for long: a lost RST never does. */
static void notice(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };

	if (poll(&end, 1, NOTICE_MS) < 0)
		die("poll");
}

static void wait_payload(int fd)
{
	struct pollfd payload = { .fd = fd, .events = POLLIN };

	if (poll(&payload, 1, PATIENCE_MS) != 1)
		die("payload does not arrive");
}

static void hold(struct mix *mix)
{
	mix->relay->held[mix->lane] = true;
}

static void release(struct mix *mix)
{
	mix->relay->held[mix->lane] = false;
}

static void close_in_turn(int first, int second)
{
	close(first);
	notice(second);
	close(second);
}

static void reset_in_turn(int first, int second)
{
	close_reset(first);
	notice(second);
	close(second);
}

static void end_client_fin(struct mix *mix)
{
	close_in_turn(mix->client, mix->server);
}

static void end_server_fin(struct mix *mix)
{
	close_in_turn(mix->server, mix->client);
}

static void end_client_reset(struct mix *mix)
{
	reset_in_turn(mix->client, mix->server);
}

static void end_server_reset(struct mix *mix)
{
	reset_in_turn(mix->server, mix->client);
}

/* The request, then FIN; the answer comes into the open half. */
static void end_half_close(struct mix *mix)
{
	carry(mix->client, mix->server, message(mix));
	shutdown(mix->client, SHUT_WR);
	notice(mix->server);
	carry(mix->server, mix->client, message(mix));
	close_in_turn(mix->server, mix->client);
}

/* FIN follows the request at once; who answers meets a closed socket. */
static void end_unheard(struct mix *mix)
{
	size_t len = 1 + below(mix, 1000);

	send_some(mix->client, len);
	close(mix->client);
	wait_payload(mix->server);
	notice(mix->server);
	read_all(mix->server, len);
	send_some(mix->server, message(mix));
	pause_ms(2);
	notice(mix->server);
	close(mix->server);
}

static void end_with_unread(struct mix *mix, int closer, int other)
{
	send_some(other, 1 + below(mix, 1000));
	wait_payload(closer);
	close_in_turn(closer, other);
}

static void end_client_unread(struct mix *mix)
{
	if (below(mix, 2))
		carry(mix->client, mix->server, message(mix));
	end_with_unread(mix, mix->client, mix->server);
}

static void end_server_unread(struct mix *mix)
{
	end_with_unread(mix, mix->server, mix->client);
}

/* The request is read, and then there is no answer. */
static void end_unanswered(struct mix *mix)
{
	carry(mix->client, mix->server, message(mix));
	switch (below(mix, 4)) {
	case 0:
		end_client_fin(mix);
		break;
	case 1:
		end_server_fin(mix);
		break;
	case 2:
		end_client_reset(mix);
		break;
	default:
		end_server_reset(mix);
	}
}

/* The last message has the size of a TLS close_notify, and is taken for one. */
static void end_close_notify(struct mix *mix)
{
	static const size_t sizes[] = { 23, 24, 31 };

	exchange_one(mix);
	carry(mix->client, mix->server, sizes[below(mix, 3)]);
	end_client_fin(mix);
}

static void end_killed(int closer, int other)
{
	pid_t owner = fork_bound();

	if (owner == 0) {
		close(other);
		for (;;)
			pause();
	}
	close(closer);
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	notice(other);
	close(other);
}

static void end_client_killed(struct mix *mix)
{
	end_killed(mix->client, mix->server);
}

static void end_server_killed(struct mix *mix)
{
	end_killed(mix->server, mix->client);
}

/* A request, and as much of a large answer as the server's socket takes at once. */
static void ask_for_much(struct mix *mix)
{
	size_t len = 100000 + below(mix, LARGE_BYTES), sent, more;

	carry(mix->client, mix->server, message(mix));
	for (sent = 0; sent < len && (more = send_some(mix->server, len - sent)); sent += more)
		;
}

/* The answer's reader goes away in the middle of it. */
static void end_midway(struct mix *mix)
{
	ask_for_much(mix);
	wait_payload(mix->client);
	if (below(mix, 2))
		recv_all(mix->client, 1);
	close_in_turn(mix->client, mix->server);
}

/* The server sends more than the path takes at once and closes; the client reads it all. */
static void end_of_file(struct mix *mix)
{
	char buf[4096];

	ask_for_much(mix);
	close(mix->server);
	while (recv(mix->client, buf, sizeof(buf), 0) > 0)
		;
	close(mix->client);
}

/* ---- what crosses on the path: held until both have acted ---- */

static void end_both_fin(struct mix *mix)
{
	bool client_first = below(mix, 2);

	hold(mix);
	close(client_first ? mix->client : mix->server);
	close(client_first ? mix->server : mix->client);
	release(mix);
}

/* The keep-alive race: a request meets the server's FIN. */
static void end_race_fin(struct mix *mix)
{
	bool request_first = below(mix, 2);
	size_t len = 100 + below(mix, 2000);

	hold(mix);
	if (request_first)
		send_some(mix->client, len);
	close(mix->server);
	if (!request_first)
		send_some(mix->client, len);
	release(mix);
	notice(mix->client);
	close(mix->client);
}

static void end_race_reset(struct mix *mix)
{
	hold(mix);
	send_some(mix->client, 100 + below(mix, 2000));
	close_reset(mix->server);
	release(mix);
	notice(mix->client);
	close(mix->client);
}

/* The same race without crossing: the client has the FIN, and writes all the same. */
static void end_write_after_fin(struct mix *mix)
{
	struct pollfd gone = { .fd = mix->client };

	close(mix->server);
	notice(mix->client);
	send_some(mix->client, 100 + below(mix, 1000));
	if (poll(&gone, 1, NOTICE_MS) < 0) /* the RST */
		die("poll");
	close(mix->client);
}

/* The server closes its half alone and goes on reading, as nginx lingers; or it reads what had come
 * before; or nothing at all. */
static void end_linger(struct mix *mix)
{
	size_t before = below(mix, 2) ? 100 + below(mix, 500) : 0;
	size_t after = below(mix, 2) ? 100 + below(mix, 500) : 0;

	if (before) {
		send_some(mix->client, before);
		wait_payload(mix->server);
	}
	shutdown(mix->server, SHUT_WR);
	notice(mix->client);
	if (after)
		send_some(mix->client, after);
	if (below(mix, 4))
		read_all(mix->server, before + after);
	else if (before + after)
		wait_payload(mix->server);
	if (below(mix, 2))
		close_in_turn(mix->client, mix->server);
	else
		close_in_turn(mix->server, mix->client);
}

static void end_fin_and_reset(struct mix *mix)
{
	bool client_fin = below(mix, 2);

	hold(mix);
	close(client_fin ? mix->client : mix->server);
	close_reset(client_fin ? mix->server : mix->client);
	release(mix);
}

static void end_both_reset(struct mix *mix)
{
	hold(mix);
	close_reset(mix->client);
	close_reset(mix->server);
	release(mix);
}

/* ---- whole connections ---- */

static void (*const ends[])(struct mix *) = {
	end_client_fin, end_client_fin,	   end_client_fin,    end_server_fin,
	end_server_fin, end_server_fin,	   end_client_reset,  end_server_reset,
	end_half_close, end_unheard,	   end_client_unread, end_server_unread,
	end_unanswered, end_close_notify,  end_client_killed, end_server_killed,
	end_midway,	end_of_file,	   end_both_fin,      end_race_fin,
	end_race_fin,	end_race_reset,	   end_race_reset,    end_write_after_fin,
	end_linger,	end_fin_and_reset, end_both_reset,
};

static void run_usual(struct mix *mix)
{
	open_both(mix);
	talk(mix);
	ends[below(mix, sizeof(ends) / sizeof(*ends))](mix);
}

static void run_refused(struct mix *mix)
{
	enum family family = (enum family)below(mix, 3);

	enter(mix, SIDE_CLIENT);
	connect_refused(family, family == FAMILY_6 ? SERVER_6 : SERVER_4, REFUSING_PORT);
}

/* The client has spoken, and perhaps gone, when the server takes it out of its queue. */
static void run_late(struct mix *mix)
{
	size_t len = below(mix, 2) ? 100 + below(mix, 1000) : 0;
	bool gone = below(mix, 2);

	open_client(mix, RELAY_PORTS, 0);
	if (len > 0)
		send_some(mix->client, len);
	if (gone)
		shutdown(mix->client, SHUT_WR);
	open_server(mix, mix->listener);
	read_all(mix->server, len);
	carry(mix->server, mix->client, message(mix));
	end_server_fin(mix);
}

/* From one port again and again: each life ends by the client's RST, and leaves the port free. */
static void run_same_port(struct mix *mix)
{
	unsigned int lives = 1 + below(mix, 3), i;

	for (i = 0; i < lives; i++) {
		open_client(mix, RELAY_PORTS, (uint16_t)(OWN_PORTS + mix->lane));
		open_server(mix, mix->listener);
		talk_keep_alive(mix);
		close_reset(mix->client);
		if (below(mix, 2))
			notice(mix->server);
		close(mix->server);
	}
}

/* Requests that arrive together and are answered one by one. */
static void run_piecemeal(struct mix *mix)
{
	unsigned int requests = 2 + below(mix, 3), i;

	open_client(mix, PIECEMEAL_PORTS, 0);
	open_server(mix, mix->piecemeal);
	for (i = 0; i < requests; i++)
		send_all(mix->client, MESSAGE_BYTES);
	for (i = 0; i < requests; i++) {
		recv_all(mix->server, MESSAGE_BYTES);
		send_all(mix->server, MESSAGE_BYTES);
	}
	for (i = 0; i < requests; i++)
		recv_all(mix->client, MESSAGE_BYTES);
	end_client_fin(mix);
}

static void run_one(struct mix *mix)
{
	switch (below(mix, 20)) {
	case 0:
		run_refused(mix);
		break;
	case 1:
		run_late(mix);
		break;
	case 2:
		run_same_port(mix);
		break;
	case 3:
		run_piecemeal(mix);
		break;
	default:
		run_usual(mix);
	}
}

static void run_lane(struct mix *mix)
{
	const struct options *options = mix->options;
	unsigned int i;

	enter(mix, SIDE_SERVER);
	mix->listener = listen_on(FAMILY_MAPPED, NULL, (uint16_t)(RELAY_PORTS + mix->lane), 16);
	mix->piecemeal =
		listen_on(FAMILY_MAPPED, NULL, (uint16_t)(PIECEMEAL_PORTS + mix->lane), 16);
	for (i = mix->lane; i < options->conns; i += options->clients) {
		mix->random = options->seed * 1000003 + i;
		run_one(mix);
	}
}

/* ---- processes ---- */

static void run_lanes(struct mix *mix)
{
	int status;

	for (mix->lane = 0; mix->lane < mix->options->clients; mix->lane++) {
		if (fork_bound() == 0) {
			run_lane(mix);
			_exit(0);
		}
	}
	for (mix->lane = 0; mix->lane < mix->options->clients; mix->lane++) {
		if (wait(&status) < 0 || status != 0) {
			fputs("peer: a process of the load failed\n", stderr);
			exit(1);
		}
	}
}

/* The load in this network namespace and the one of --netns, with the relay in between. */
void run_mix(const struct options *options)
{
	struct mix mix = { .options = options };
	int devices[2];
	pid_t relay;

	mix.netns[SIDE_CLIENT] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	mix.netns[SIDE_SERVER] = options->netns ? open(options->netns, O_RDONLY | O_CLOEXEC) : -1;
	if (mix.netns[SIDE_CLIENT] < 0 || mix.netns[SIDE_SERVER] < 0)
		die("network namespace");
	mix.relay = mmap(NULL, sizeof(*mix.relay), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mix.relay == MAP_FAILED)
		die("mmap");
	devices[SIDE_CLIENT] = relay__open();
	enter(&mix, SIDE_SERVER);
	devices[SIDE_SERVER] = relay__open();
	relay = fork_bound();
	if (relay == 0)
		relay__run(mix.relay, devices[SIDE_CLIENT], devices[SIDE_SERVER], options->seed);
	run_lanes(&mix);
	settle(0);
	enter(&mix, SIDE_CLIENT);
	settle(0);
	kill(relay, SIGKILL);
	waitpid(relay, NULL, 0);
}
