// SPDX-License-Identifier: Apache-2.0
/* The ways in which a connection can end, each as one script with a fixed order of segments. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ends.h"
#include "peer.h"

#define USER_TIMEOUT_MS 500

static void case_fin(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	end_now(options);
	close(*pair.closer);
	mark_end(options->port);
	expect_eof(*pair.other);
	close(*pair.other);
}

static void case_unused(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	close(*pair.closer);
	expect_eof(*pair.other);
	close(*pair.other);
}

static void case_unread(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	send_all(pair.client, REQUEST_BYTES);
	if (options->side == SIDE_CLIENT) {
		recv_all(pair.server, REQUEST_BYTES);
		send_all(pair.server, RESPONSE_BYTES);
		recv_all(pair.client, RESPONSE_BYTES / 2);
	} else {
		wait_readable(pair.server);
	}
	end_now(options);
	close(*pair.closer);
	mark_end(options->port);
	expect_error(*pair.other, ECONNRESET);
	close(*pair.other);
}

static void case_linger0(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	end_now(options);
	close_reset(*pair.closer);
	mark_end(options->port);
	expect_error(*pair.other, ECONNRESET);
	close(*pair.other);
}

static void case_kill(const struct options *options)
{
	struct pair pair;
	pid_t owner;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	owner = fork_bound();
	if (owner == 0) {
		close(*pair.other);
		for (;;)
			pause();
	}
	close(*pair.closer);
	end_now(options);
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	expect_eof(*pair.other);
	mark_end(options->port);
	close(*pair.other);
}

static void case_refused(const struct options *options)
{
	connect_refused(options->family, NULL, options->port);
}

static void case_simultaneous(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end_now(options);
	close(end.fd);
	mark_end(options->port);
	wire__expect(&end.wire, WIRE_FIN, 0);
	wire__send(&end.wire, WIRE_FIN | WIRE_ACK, 0);
	wire__expect(&end.wire, WIRE_ACK, 0);
	wire__ack(&end.wire);
	wire__done(&end.wire);
}

static void reset_by_peer(struct end *end)
{
	end_now(end->options);
	wire__send(&end->wire, WIRE_RST | WIRE_ACK, 0);
	mark_end(end->options->port);
	expect_error(end->fd, ECONNRESET);
	end__done(end);
}

static void case_rst_idle(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	reset_by_peer(&end);
}

static void case_rst_in_flight(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__request(&end);
	reset_by_peer(&end);
}

static void case_rst_first_request(const struct options *options)
{
	struct end end;

	end__open(&end, options);
	end__request(&end);
	reset_by_peer(&end);
}

/* The peer's FIN and our request cross. */
static void case_fin_in_flight(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	send_all(end.fd, REQUEST_BYTES);
	wire__expect(&end.wire, 0, REQUEST_BYTES);
	mark_end(options->port);
	wire__send(&end.wire, WIRE_FIN | WIRE_ACK, 0);
	mark_end(options->port);
	wire__expect(&end.wire, WIRE_ACK, 0);
	wire__send(&end.wire, WIRE_RST, 0);
	expect_error(end.fd, EPIPE);
	end__done(&end);
}

static void case_write_after_fin(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end_now(options);
	wire__send(&end.wire, WIRE_FIN | WIRE_ACK, 0);
	mark_end(options->port);
	wait_readable(end.fd);
	send_all(end.fd, REQUEST_BYTES);
	wire__expect(&end.wire, 0, REQUEST_BYTES);
	wire__send(&end.wire, WIRE_RST, 0);
	expect_error(end.fd, EPIPE);
	end__done(&end);
}

/* Our FIN and the peer's request cross. */
static void case_data_after_fin(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end_now(options);
	close(end.fd);
	mark_end(options->port);
	wire__expect(&end.wire, WIRE_FIN, 0);
	wire__send(&end.wire, WIRE_ACK, REQUEST_BYTES);
	wire__expect(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

static void case_data_acks_fin(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end_now(options);
	close(end.fd);
	mark_end(options->port);
	wire__expect(&end.wire, WIRE_FIN, 0);
	end.wire.ack = end.wire.seen;
	wire__send(&end.wire, WIRE_ACK, REQUEST_BYTES);
	wire__expect(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

/* The peer acknowledges our FIN, which leaves a TIME_WAIT mini-socket, and sends its request then.
 */
static void case_data_after_ack(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end_now(options);
	close(end.fd);
	mark_end(options->port);
	wire__expect(&end.wire, WIRE_FIN, 0);
	end.wire.ack = end.wire.seen;
	wire__send(&end.wire, WIRE_ACK, 0);
	wire__send(&end.wire, WIRE_ACK, REQUEST_BYTES);
	wire__expect(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

static void wait_timeout(struct end *end)
{
	expect_error(end->fd, ETIMEDOUT);
	mark_end(end->options->port);
	end__done(end);
}

/* The peer falls silent while it owes us acknowledgements. */
static void case_silent(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	if (options->side == SIDE_CLIENT) {
		send_all(end.fd, REQUEST_BYTES);
	} else {
		end__request(&end);
		send_all(end.fd, RESPONSE_BYTES);
	}
	wait_timeout(&end);
}

static void case_user_timeout(const struct options *options)
{
	unsigned int timeout = USER_TIMEOUT_MS;
	struct end end;

	end__open_used(&end, options);
	if (setsockopt(end.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout)) < 0)
		die("TCP_USER_TIMEOUT");
	send_all(end.fd, REQUEST_BYTES);
	wait_timeout(&end);
}

static void case_keepalive(const struct options *options)
{
	static const int names[] = { TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT };
	struct end end;
	size_t i;
	int one = 1;

	end__open_used(&end, options);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (setsockopt(end.fd, IPPROTO_TCP, names[i], &one, sizeof(one)) < 0)
			die("TCP_KEEP*");
	if (setsockopt(end.fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) < 0)
		die("SO_KEEPALIVE");
	wait_timeout(&end);
}

/* The peer shuts its window and falls silent. */
static void case_window(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end.wire.window = 0;
	wire__ack(&end.wire);
	send_all(end.fd, REQUEST_BYTES);
	wait_timeout(&end);
}

static void case_no_answer(const struct options *options)
{
	struct wire wire;
	int fd;

	wire__open(&wire, options->family == FAMILY_6 ? 6 : 4, options->port % 250 + 1U);
	fd = connect_start(options->family, wire.peer, options->port);
	expect_error(fd, ETIMEDOUT);
	close(fd);
	wire__done(&wire);
}

static const struct close_case cases[] = {
	{ "fin", case_fin },
	{ "unused", case_unused },
	{ "unread", case_unread },
	{ "linger0", case_linger0 },
	{ "kill", case_kill },
	{ "refused", case_refused },
	{ "simultaneous", case_simultaneous },
	{ "rst-idle", case_rst_idle },
	{ "rst-in-flight", case_rst_in_flight },
	{ "rst-first-request", case_rst_first_request },
	{ "fin-in-flight", case_fin_in_flight },
	{ "write-after-fin", case_write_after_fin },
	{ "data-after-fin", case_data_after_fin },
	{ "data-acks-fin", case_data_acks_fin },
	{ "data-after-ack", case_data_after_ack },
	{ "silent", case_silent },
	{ "user-timeout", case_user_timeout },
	{ "keepalive", case_keepalive },
	{ "window", case_window },
	{ "no-answer", case_no_answer },
	{ 0 },
};

static const struct close_case *find_case(const struct close_case *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

bool close_case(const char *name, const struct options *options)
{
	const struct close_case *found = find_case(cases, name);

	if (!found)
		found = find_case(shut_cases, name);
	if (!found)
		return false;
	doing_what(name, options->side, options->family);
	found->run(options);
	settle(options->port);
	return true;
}
