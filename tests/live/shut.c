// SPDX-License-Identifier: Apache-2.0
/* More ways to end: half-closes, orphans, resets in each closing state, TIME_WAIT, aborts. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ends.h"
#include "peer.h"

#define USER_TIMEOUT_MS 500
#define NOTIFY_BYTES	24   /* of a close_notify: TLS 1.3 */
#define TW_REUSE_MS	1100 /* the kernel asks for one second (tcp_twsk_unique) */
#define TIME_WAIT_SECS                                                                             \
	60 /* TCP_TIMEWAIT_LEN of the kernel: FIN_WAIT2 beyond it stays a full socket */

static void set_tcp(int fd, int name, int value)
{
	if (setsockopt(fd, IPPROTO_TCP, name, &value, sizeof(value)) < 0)
		die("TCP option");
}

static void set_keepalive(int fd)
{
	int one = 1;

	set_tcp(fd, TCP_KEEPIDLE, 1);
	set_tcp(fd, TCP_KEEPINTVL, 1);
	set_tcp(fd, TCP_KEEPCNT, 1);
	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) < 0)
		die("SO_KEEPALIVE");
}

static void shut(int fd, int how)
{
	if (shutdown(fd, how) < 0)
		die("shutdown");
}

static uint8_t inet_state(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		die("TCP_INFO");
	return info.tcpi_state;
}

static void wait_state(int fd, uint8_t state)
{
	while (inet_state(fd) != state)
		pause_ms(1);
}

struct destroy_request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 diag;
};

static void get_end(int (*get)(int, struct sockaddr *, socklen_t *), int fd, __be32 *ret_addr,
		    __be16 *ret_port)
{
	struct sockaddr_storage addr;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&addr;
	socklen_t len = sizeof(addr);

	if (get(fd, (struct sockaddr *)&addr, &len) < 0)
		die("socket name");
	*ret_port = v4->sin_port; /* at the same place in both */
	if (addr.ss_family == AF_INET)
		memcpy(ret_addr, &v4->sin_addr, sizeof(v4->sin_addr));
	else
		memcpy(ret_addr, &v6->sin6_addr, sizeof(v6->sin6_addr));
}

/* As `ss -K` does: the kernel aborts the socket. False where it cannot. */
static bool destroy(int fd, enum family family)
{
	struct destroy_request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = SOCK_DESTROY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.diag = { .sdiag_family = family == FAMILY_4 ? AF_INET : AF_INET6,
			  .sdiag_protocol = IPPROTO_TCP,
			  .idiag_states = ~0U,
			  .id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } },
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer;
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	get_end(getsockname, fd, request.diag.id.idiag_src, &request.diag.id.idiag_sport);
	get_end(getpeername, fd, request.diag.id.idiag_dst, &request.diag.id.idiag_dport);
	if (netlink < 0 || send(netlink, &request, sizeof(request), 0) < 0 ||
	    recv(netlink, &answer, sizeof(answer), 0) <
		    (ssize_t)sizeof(answer.header) + (ssize_t)sizeof(answer.error.error))
		die("sock_diag");
	close(netlink);
	errno = -answer.error.error;
	if (errno && errno != EOPNOTSUPP)
		die("SOCK_DESTROY");
	return errno == 0;
}

/* ---- both ends here ---- */

/* The client has asked and says that it will not ask again; or the server answers no more. */
static void case_half_close(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	if (options->side == SIDE_CLIENT) {
		send_all(pair.client, REQUEST_BYTES);
		shut(pair.client, SHUT_WR);
		recv_all(pair.server, REQUEST_BYTES);
		expect_eof(pair.server);
		send_all(pair.server, RESPONSE_BYTES);
		recv_all(pair.client, RESPONSE_BYTES);
	} else {
		shut(pair.server, SHUT_WR);
	}
	wait_readable(*pair.other);
	close(*pair.other);
	expect_eof(*pair.closer);
	close(*pair.closer);
}

static void case_shut_both(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	shut(*pair.closer, SHUT_RDWR);
	expect_eof(*pair.other);
	close(*pair.other);
	wait_state(*pair.closer, TCP_CLOSE);
	close(*pair.closer);
}

/* It sends nothing: the other end, which closes, is the one that ended it. */
static void case_shut_read(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	shut(*pair.closer, SHUT_RD);
	close(*pair.other);
	wait_state(*pair.closer, TCP_CLOSE_WAIT);
	close(*pair.closer);
}

/* The last descriptor is another process's. */
static void case_heir(const struct options *options)
{
	struct pair pair;
	int gate[2];
	pid_t heir;
	char byte;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	if (pipe(gate) < 0)
		die("pipe");
	heir = fork_bound();
	if (heir == 0) {
		prctl(PR_SET_NAME, "peer-heir");
		close(*pair.other);
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 0) /* until the other has closed its own */
			_exit(1);
		close(*pair.closer);
		_exit(0);
	}
	close(*pair.closer);
	close(gate[0]);
	close(gate[1]);
	waitpid(heir, NULL, 0);
	expect_eof(*pair.other);
	close(*pair.other);
}

/* The keep-alive race, at both ends of one connection. */
static void case_race(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	close(pair.server);
	wait_readable(pair.client);
	wait_fin_acked(options->port);
	send_all(pair.client, REQUEST_BYTES);
	expect_error(pair.client, EPIPE);
	close(pair.client);
}

static void case_not_accepted(const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, 1);
	int fd = connect_to(options->family, NULL, options->port);

	close(listener);
	expect_error(fd, ECONNRESET);
	close(fd);
}

/* Two connections from one port, each ended by CLOSER, the second after PAUSE. */
static void connect_twice(const struct options *options, enum side closer, unsigned int pause)
{
	int listener = listen_on(options->family, NULL, options->port, 1), ends[2], i;
	uint16_t port = 0;

	for (i = 0; i < 2; i++) {
		ends[SIDE_CLIENT] = connect_from(options->family, port, NULL, options->port);
		port = port_of(ends[SIDE_CLIENT], getsockname);
		ends[SIDE_SERVER] = accept_one(listener);
		exchange(ends[SIDE_CLIENT], ends[SIDE_SERVER]);
		close(ends[closer]);
		expect_eof(ends[!closer]);
		close(ends[!closer]);
		settle(options->port);
		if (i == 0)
			pause_ms(pause);
	}
	close(listener);
}

/* A SYN from the same port takes over the server's TIME_WAIT socket. */
static void case_port_again(const struct options *options)
{
	connect_twice(options, SIDE_SERVER, 0);
}

/* As `ss -K` does. Says so where the kernel cannot. */
static void case_abort(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	if (destroy(*pair.closer, options->family)) {
		expect_error(*pair.closer, ECONNABORTED);
		expect_error(*pair.other, ECONNRESET);
		close(*pair.closer);
	} else {
		printf("%u unsupported\n", options->port);
		close(*pair.closer);
		expect_eof(*pair.other);
	}
	close(*pair.other);
}

/* As before, between its FIN and the other's. */
static void case_abort_half_closed(const struct options *options)
{
	struct pair pair;

	pair__open(&pair, options);
	exchange(pair.client, pair.server);
	shut(*pair.closer, SHUT_WR);
	wait_state(*pair.closer, TCP_FIN_WAIT2);
	if (destroy(*pair.closer, options->family))
		wait_state(*pair.other, TCP_CLOSE);
	else
		printf("%u unsupported\n", options->port);
	close(*pair.closer);
	close(*pair.other);
}

/* ---- a script at the other end ---- */

/* Closes, or shuts down when HOW is one of shutdown(2), and gets as far as its FIN. */
static void end__fin(struct end *end, int how)
{
	if (how < 0)
		close(end->fd);
	else
		shut(end->fd, how);
	wire__expect(&end->wire, WIRE_FIN, 0);
}

/* ... and it is acknowledged. */
static void end__fin_acked(struct end *end, int how)
{
	end__fin(end, how);
	wire__ack(&end->wire);
	if (how >= 0)
		wait_state(end->fd, TCP_FIN_WAIT2);
}

static void end__peer_fin(struct end *end)
{
	end->wire.ack = end->wire.seen;
	wire__send(&end->wire, WIRE_FIN | WIRE_ACK, 0);
	wire__expect(&end->wire, WIRE_ACK, 0);
}

/* A segment with payload that the kernel refuses. */
static void end__refused_data(struct end *end)
{
	wire__send(&end->wire, WIRE_ACK,
		   end->options->side == SIDE_CLIENT ? RESPONSE_BYTES : REQUEST_BYTES);
	wire__expect(&end->wire, WIRE_RST, 0);
}

static void case_fin_ack_apart(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, -1);
	end__peer_fin(&end);
	wire__done(&end.wire);
}

static void case_fin_ack_together(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin(&end, -1);
	end__peer_fin(&end);
	wire__done(&end.wire);
}

static void case_close_in_fin_wait2(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, SHUT_WR);
	close(end.fd);
	end__peer_fin(&end);
	wire__done(&end.wire);
}

static void case_shut_then_close(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	shut(end.fd, SHUT_WR);
	end__fin(&end, -1);
	end__peer_fin(&end);
	wire__done(&end.wire);
}

static void case_rst_fin_wait1(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin(&end, SHUT_WR);
	wire__send(&end.wire, WIRE_RST, 0);
	expect_error(end.fd, ECONNRESET);
	end__done(&end);
}

static void case_rst_fin_wait2(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, SHUT_WR);
	wire__send(&end.wire, WIRE_RST, 0);
	expect_error(end.fd, ECONNRESET);
	end__done(&end);
}

static void case_rst_orphan(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin(&end, -1);
	wire__send(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

/* TIME_WAIT assassination. */
static void case_rst_time_wait(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, -1);
	end__peer_fin(&end);
	wire__send(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

static void case_rst_close_wait(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__peer_fin(&end);
	wait_state(end.fd, TCP_CLOSE_WAIT);
	wire__send(&end.wire, WIRE_RST, 0);
	expect_error(end.fd, EPIPE);
	end__done(&end);
}

static void case_rst_last_ack(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__peer_fin(&end);
	wait_state(end.fd, TCP_CLOSE_WAIT);
	end__fin(&end, -1);
	wire__send(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

/* The client has closed without waiting for the answer, which comes in one of three orders. */
static void case_late_data(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	if (options->side == SIDE_CLIENT)
		end__request(&end);
	end__fin(&end, -1);
	end__refused_data(&end);
	wire__done(&end.wire);
}

static void case_late_data_acks(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	if (options->side == SIDE_CLIENT)
		end__request(&end);
	end__fin(&end, -1);
	end.wire.ack = end.wire.seen;
	end__refused_data(&end);
	wire__done(&end.wire);
}

static void case_late_data_acked(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	if (options->side == SIDE_CLIENT)
		end__request(&end);
	end__fin_acked(&end, -1);
	end__refused_data(&end);
	wire__done(&end.wire);
}

/* Not an orphan: the application holds the socket still. */
static void case_shut_both_data(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, SHUT_RDWR);
	end__refused_data(&end);
	wait_state(end.fd, TCP_CLOSE);
	end__done(&end);
}

/* TLS's close_notify in answer to ours: no request. */
static void end__refused_notify(struct end *end)
{
	wire__send(&end->wire, WIRE_ACK, NOTIFY_BYTES);
	wire__expect(&end->wire, WIRE_RST, 0);
}

static void case_late_notify_acks(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin(&end, -1);
	end.wire.ack = end.wire.seen;
	end__refused_notify(&end);
	wire__done(&end.wire);
}

static void case_late_notify_acked(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, -1);
	end__refused_notify(&end);
	wire__done(&end.wire);
}

static void case_linger_notify(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, SHUT_WR);
	wire__send(&end.wire, WIRE_ACK, NOTIFY_BYTES);
	recv_all(end.fd, NOTIFY_BYTES);
	end__peer_fin(&end);
	wait_state(end.fd, TCP_CLOSE);
	end__done(&end);
}

/* A lingering close: what comes after our FIN is read. */
static void case_linger_reads(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, SHUT_WR);
	wire__send(&end.wire, WIRE_ACK, REQUEST_BYTES);
	recv_all(end.fd, REQUEST_BYTES);
	end__peer_fin(&end);
	wait_state(end.fd, TCP_CLOSE);
	end__done(&end);
}

/* Read after our FIN, but there before it. */
static void case_drains(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	wire__send(&end.wire, WIRE_ACK, REQUEST_BYTES);
	wait_readable(end.fd);
	end__fin_acked(&end, SHUT_WR);
	recv_all(end.fd, REQUEST_BYTES);
	end__peer_fin(&end);
	wait_state(end.fd, TCP_CLOSE);
	end__done(&end);
}

/* Closed with the peer's last word unread, after its FIN. */
static void case_unread_fin(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	if (options->side == SIDE_CLIENT)
		end__request(&end);
	wire__send(&end.wire, WIRE_FIN | WIRE_ACK,
		   options->side == SIDE_CLIENT ? RESPONSE_BYTES : REQUEST_BYTES);
	wait_state(end.fd, TCP_CLOSE_WAIT);
	close(end.fd);
	wire__expect(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

/* Both FINs have crossed. */
static void case_rst_closing(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin(&end, SHUT_WR);
	wire__send(&end.wire, WIRE_FIN | WIRE_ACK, 0);
	wait_state(end.fd, TCP_CLOSING);
	wire__send(&end.wire, WIRE_RST, 0);
	wait_state(end.fd, TCP_CLOSE);
	end__done(&end);
}

/* The answer and the FIN in one segment: no race. */
static void case_answer_fin(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__request(&end);
	wire__send(&end.wire, WIRE_FIN | WIRE_ACK, RESPONSE_BYTES);
	wire__expect(&end.wire, WIRE_ACK, 0);
	recv_all(end.fd, RESPONSE_BYTES);
	expect_eof(end.fd);
	end__fin(&end, -1);
	wire__ack(&end.wire);
	wire__done(&end.wire);
}

static void case_fin_first_request(const struct options *options)
{
	struct end end;

	end__open(&end, options);
	end__request(&end);
	end__peer_fin(&end);
	expect_eof(end.fd);
	end__fin(&end, -1);
	wire__ack(&end.wire);
	wire__done(&end.wire);
}

static void case_linger2_negative(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	set_tcp(end.fd, TCP_LINGER2, -1);
	end__fin(&end, -1);
	wire__ack(&end.wire);
	wire__expect(&end.wire, WIRE_RST, 0);
	wire__done(&end.wire);
}

/* A full socket in FIN_WAIT2, without an owner. */
static void case_linger2_data(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	set_tcp(end.fd, TCP_LINGER2, 2 * TIME_WAIT_SECS);
	end__fin_acked(&end, -1);
	end__refused_data(&end);
	wire__done(&end.wire);
}

/* ---- timeouts ---- */

/* A router says why nobody answers; TCP tries on nonetheless (RFC 1122, 4.2.3.9). */
static void case_cut_unreachable(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	send_all(end.fd, REQUEST_BYTES);
	wire__expect(&end.wire, WIRE_ACK, REQUEST_BYTES);
	wire__unreachable(&end.wire, end.wire.seen - REQUEST_BYTES);
	expect_error(end.fd, EHOSTUNREACH);
	end__done(&end);
}

/* The client's TIME_WAIT socket makes way for the same port after a second (tcp_tw_reuse). */
static void case_port_reuse(const struct options *options)
{
	connect_twice(options, SIDE_CLIENT, TW_REUSE_MS);
}

/* Between our FIN and the peer's. */
static void case_cut_half_closed(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	set_keepalive(end.fd);
	end__fin_acked(&end, SHUT_WR);
	expect_error(end.fd, ETIMEDOUT);
	end__done(&end);
}

/* As before, until the kernel makes it a TIME_WAIT socket after a second. */
static void case_linger2_long(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	set_tcp(end.fd, TCP_LINGER2, TIME_WAIT_SECS + 1);
	end__fin_acked(&end, -1);
	settle(options->port);
	wire__done(&end.wire);
}

/* The peer's FIN never comes. */
static void case_orphan_fin_wait2(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin_acked(&end, -1);
	settle(options->port);
	wire__done(&end.wire);
}

/* Nobody acknowledges our FIN. */
static void case_orphan_fin_wait1(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__fin(&end, -1);
	settle(options->port);
	wire__done(&end.wire);
}

static void case_silent_last_ack(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	end__peer_fin(&end);
	wait_state(end.fd, TCP_CLOSE_WAIT);
	end__fin(&end, -1);
	settle(options->port);
	wire__done(&end.wire);
}

/* The network is cut: keepalive probes wait for what is sent to be acknowledged first. */
static void case_cut_in_flight(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	set_keepalive(end.fd);
	send_all(end.fd, REQUEST_BYTES);
	expect_error(end.fd, ETIMEDOUT);
	end__done(&end);
}

static void case_cut_idle(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	set_keepalive(end.fd);
	wire__expect(&end.wire, WIRE_ACK, 0); /* one probe is answered */
	wire__ack(&end.wire);
	expect_error(end.fd, ETIMEDOUT);
	end__done(&end);
}

/* TCP_USER_TIMEOUT takes the place of the number of keepalive probes. */
static void case_cut_user_timeout(const struct options *options)
{
	struct end end;

	end__open_used(&end, options);
	set_keepalive(end.fd);
	set_tcp(end.fd, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	expect_error(end.fd, ETIMEDOUT);
	end__done(&end);
}

const struct close_case shut_cases[] = {
	{ "half-close", case_half_close },
	{ "shut-both", case_shut_both },
	{ "shut-read", case_shut_read },
	{ "heir", case_heir },
	{ "race", case_race },
	{ "not-accepted", case_not_accepted },
	{ "port-again", case_port_again },
	{ "port-reuse", case_port_reuse },
	{ "cut-unreachable", case_cut_unreachable },
	{ "abort-half-closed", case_abort_half_closed },
	{ "late-notify-acks", case_late_notify_acks },
	{ "late-notify-acked", case_late_notify_acked },
	{ "linger-notify", case_linger_notify },
	{ "unread-fin", case_unread_fin },
	{ "rst-closing", case_rst_closing },
	{ "cut-half-closed", case_cut_half_closed },
	{ "abort", case_abort },
	{ "fin-ack-apart", case_fin_ack_apart },
	{ "fin-ack-together", case_fin_ack_together },
	{ "close-in-fin-wait2", case_close_in_fin_wait2 },
	{ "shut-then-close", case_shut_then_close },
	{ "rst-fin-wait1", case_rst_fin_wait1 },
	{ "rst-fin-wait2", case_rst_fin_wait2 },
	{ "rst-orphan", case_rst_orphan },
	{ "rst-time-wait", case_rst_time_wait },
	{ "rst-close-wait", case_rst_close_wait },
	{ "rst-last-ack", case_rst_last_ack },
	{ "late-data", case_late_data },
	{ "late-data-acks", case_late_data_acks },
	{ "late-data-acked", case_late_data_acked },
	{ "shut-both-data", case_shut_both_data },
	{ "linger-reads", case_linger_reads },
	{ "drains", case_drains },
	{ "answer-fin", case_answer_fin },
	{ "fin-first-request", case_fin_first_request },
	{ "linger2-negative", case_linger2_negative },
	{ "linger2-data", case_linger2_data },
	{ "linger2-long", case_linger2_long },
	{ "orphan-fin-wait2", case_orphan_fin_wait2 },
	{ "orphan-fin-wait1", case_orphan_fin_wait1 },
	{ "silent-last-ack", case_silent_last_ack },
	{ "cut-in-flight", case_cut_in_flight },
	{ "cut-idle", case_cut_idle },
	{ "cut-user-timeout", case_cut_user_timeout },
	{ 0 },
};
