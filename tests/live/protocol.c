// SPDX-License-Identifier: Apache-2.0
/* Payload where TCP is not all there is: Fast Open, kTLS, sockmap, MPTCP, SMC, SCTP. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/mptcp.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "payload.h"
#include "wire.h"

#ifndef AF_SMC
#define AF_SMC 43
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#define FASTOPEN_QUEUE 5
#define JOIN_PATIENCE  20000 /* ms */

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* A stream socket of another family or protocol; the case ends where the kernel has none. */
static int socket_of(int family, int protocol)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd >= 0)
		return fd;
	if (errno != EPROTONOSUPPORT && errno != EAFNOSUPPORT && errno != ENOPROTOOPT &&
	    errno != ESOCKTNOSUPPORT && errno != EINVAL)
		die("socket");
	skip_case("the kernel has no such protocol");
}

static int listen_with(int family, int protocol, uint16_t port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket_of(family, protocol);

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("bind");
	if (listen(fd, 1) < 0)
		die("listen");
	return fd;
}

static int connect_with(int family, int protocol, uint16_t port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket_of(family, protocol);

	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("connect");
	return fd;
}

static void three_exchanges(int client, int server)
{
	int i;

	for (i = 0; i < 3; i++)
		ask_and_answer(client, server);
}

/* One socket, two connections: the second's payload begins at 0 again. */
void case_reconnect(const struct options *options)
{
	struct sockaddr_in addr = loopback(options->port);
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int listener = listen_on(FAMILY_4, NULL, options->port, 1);
	int client = connect_to(FAMILY_4, NULL, options->port), server = accept_one(listener);

	three_exchanges(client, server);
	if (connect(client, &nowhere, sizeof(nowhere)) < 0)
		die("disconnect");
	expect_error(server, ECONNRESET);
	close(server);
	if (connect(client, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("connect once more");
	server = accept_one(listener);
	close(listener);
	ask_and_answer(client, server);
	end_pair(client, server);
}

/* ---- TCP Fast Open ---- */

static int listen_fast(const char *addr, uint16_t port)
{
	int fd = listen_on(FAMILY_4, addr, port, 1), queue = FASTOPEN_QUEUE;

	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue)) < 0)
		die("TCP_FASTOPEN");
	return fd;
}

/* Whether the SYN carried the first request and the peer took it. */
static void check_fast(int client, bool want)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		die("TCP_INFO");
	errno = EPROTO;
	if (!!(info.tcpi_options & TCPI_OPT_SYN_DATA) != want)
		die("payload in the SYN");
}

static void fast_turns(int client, int listener, bool in_syn)
{
	int server = accept_one(listener);
	char request[REQUEST_BYTES];

	close(listener);
	if (recv(server, request, sizeof(request), MSG_WAITALL) != (ssize_t)sizeof(request))
		die("recv of the first request");
	send_all(server, RESPONSE_BYTES);
	recv_all(client, RESPONSE_BYTES);
	check_fast(client, in_syn);
	ask_and_answer(client, server);
	end_pair(client, server);
}

static void run_fastopen(uint16_t port, bool in_syn)
{
	struct sockaddr_in addr = loopback(port);
	int listener = listen_fast(NULL, port), client = socket_of(AF_INET, 0);
	char request[REQUEST_BYTES] = "";

	if (sendto(client, request, sizeof(request), MSG_FASTOPEN, (struct sockaddr *)&addr,
		   sizeof(addr)) != (ssize_t)sizeof(request))
		die("sendto with MSG_FASTOPEN");
	fast_turns(client, listener, in_syn);
}

/* The first connection to this address asks for a cookie, the next ones have it. */
void case_fastopen_cookie(const struct options *options)
{
	run_fastopen(options->port, false);
}

void case_fastopen_data(const struct options *options)
{
	run_fastopen(options->port, true);
}

void case_fastopen_connect(const struct options *options)
{
	struct sockaddr_in addr = loopback(options->port);
	int listener = listen_fast(NULL, options->port), client = socket_of(AF_INET, 0), one = 1;

	if (setsockopt(client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)) < 0)
		die("TCP_FASTOPEN_CONNECT");
	if (connect(client, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("connect");
	send_all(client, REQUEST_BYTES);
	fast_turns(client, listener, true);
}

/* The SYN carries payload, and nobody wants it. Until the answer comes the socket is in SYN_SENT.
 */
void case_fastopen_refused(const struct options *options)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(options->port) };
	int client = socket_of(AF_INET, 0), one = 1;
	struct wire wire;

	wire__open(&wire, 4, 1);
	wire.peer_port = options->port;
	memcpy(&addr.sin_addr, wire.peer_addr, sizeof(addr.sin_addr));
	if (setsockopt(client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)) < 0)
		die("TCP_FASTOPEN_CONNECT");
	if (connect(client, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("connect");
	set_nonblocking(client);
	send_all(client, REQUEST_BYTES);
	wire__expect(&wire, WIRE_SYN, 0);
	wire.ack = wire.seen;
	wire__send(&wire, WIRE_RST | WIRE_ACK, 0);
	expect_error(client, ECONNREFUSED);
	close(client);
	wire__done(&wire);
}

/* The server reads and answers before the handshake is over. */
void case_fastopen_slow(const struct options *options)
{
	struct wire wire;
	int listener, server;

	wire__open(&wire, 4, 2);
	wire.host_port = options->port;
	listener = listen_fast(wire.host, options->port);
	wire__send(&wire, WIRE_SYN, REQUEST_BYTES);
	server = accept_one(listener);
	close(listener);
	recv_all(server, REQUEST_BYTES);
	send_all(server, RESPONSE_BYTES);
	wire__expect(&wire, WIRE_SYN | WIRE_ACK, 0);
	wire__expect(&wire, 0, RESPONSE_BYTES);
	wire__ack(&wire);
	wire__send(&wire, WIRE_ACK, REQUEST_BYTES);
	recv_all(server, REQUEST_BYTES);
	send_all(server, RESPONSE_BYTES);
	wire__expect(&wire, 0, RESPONSE_BYTES);
	wire__send(&wire, WIRE_FIN | WIRE_ACK, 0);
	expect_eof(server);
	close(server);
	wire__expect(&wire, WIRE_FIN, 0);
	wire__ack(&wire);
	wire__done(&wire);
}

/* ---- kTLS ---- */

static void start_tls(int fd)
{
	struct tls12_crypto_info_aes_gcm_128 keys = {
		.info = { .version = TLS_1_2_VERSION, .cipher_type = TLS_CIPHER_AES_GCM_128 },
	};

	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) < 0)
		skip_case("the kernel has no TLS");
	if (setsockopt(fd, SOL_TLS, TLS_TX, &keys, sizeof(keys)) < 0 ||
	    setsockopt(fd, SOL_TLS, TLS_RX, &keys, sizeof(keys)) < 0)
		skip_case("the kernel has no AES-GCM");
}

void case_ktls(const struct options *options)
{
	int listener = listen_on(FAMILY_4, NULL, options->port, 1);
	int client = connect_to(FAMILY_4, NULL, options->port), server = accept_one(listener);

	close(listener);
	start_tls(client);
	start_tls(server);
	three_exchanges(client, server);
	end_pair(client, server);
}

/* ---- sockmap ---- */

static int bpf_call(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int new_sockmap(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(__u32),
		.value_size = sizeof(__u32),
		.max_entries = 2,
	};
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int fd;

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* before 5.11 maps count in it */
	fd = bpf_call(BPF_MAP_CREATE, &attr);
	if (fd < 0 && errno == EINVAL)
		skip_case("the kernel has no sockmap");
	if (fd < 0)
		die("sockmap");
	return fd;
}

/* The program's type follows from where it is attached. */
static void attach(int map, const struct bpf_insn *insns, size_t count, __u32 where)
{
	union bpf_attr attr = {
		.prog_type =
			where == BPF_SK_MSG_VERDICT ? BPF_PROG_TYPE_SK_MSG : BPF_PROG_TYPE_SK_SKB,
		.insns = (__u64)insns,
		.insn_cnt = (__u32)count,
		.license = (__u64) "GPL",
	};
	int program = bpf_call(BPF_PROG_LOAD, &attr);

	if (program < 0)
		die("load of a sockmap program");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (__u32)map;
	attr.attach_bpf_fd = (__u32)program;
	attr.attach_type = where;
	if (bpf_call(BPF_PROG_ATTACH, &attr) < 0)
		skip_case("the kernel has no such verdict");
	close(program);
}

static void put(int map, __u32 key, int fd)
{
	union bpf_attr attr = {
		.map_fd = (__u32)map,
		.key = (__u64)&key,
		.value = (__u64)&fd,
	};

	if (bpf_call(BPF_MAP_UPDATE_ELEM, &attr) < 0)
		die("a socket into the sockmap");
}

#define LOAD(to, offset)                                                                           \
	{                                                                                          \
		.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (to), .src_reg = BPF_REG_1,          \
		.off = (offset)                                                                    \
	}
#define SET(to, value)                                                                             \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (value)               \
	}
#define EXIT                                                                                       \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}

/* A verdict on what the stream parser has made of it, which takes what has come for a message, or,
 * since 5.13, on each packet. */
static void attach_verdict(int map, const struct bpf_insn *insns, size_t count, bool parsed)
{
	static const struct bpf_insn whole[] = { LOAD(BPF_REG_0, offsetof(struct __sk_buff, len)),
						 EXIT };

	if (parsed)
		attach(map, whole, sizeof(whole) / sizeof(*whole), BPF_SK_SKB_STREAM_PARSER);
	attach(map, insns, count, parsed ? BPF_SK_SKB_STREAM_VERDICT : BPF_SK_SKB_VERDICT);
}

/* What arrives goes past a program and on to the socket itself. */
static void run_sockmap(const struct options *options, bool parsed)
{
	static const struct bpf_insn pass[] = { SET(BPF_REG_0, SK_PASS), EXIT };
	int listener = listen_on(FAMILY_4, NULL, options->port, 1), map = new_sockmap();
	int client = connect_to(FAMILY_4, NULL, options->port), server = accept_one(listener);

	close(listener);
	attach_verdict(map, pass, sizeof(pass) / sizeof(*pass), parsed);
	put(map, 0, client);
	put(map, 1, server);
	three_exchanges(client, server);
	end_pair(client, server);
}

void case_sockmap(const struct options *options)
{
	run_sockmap(options, true);
}

void case_sockmap_packets(const struct options *options)
{
	run_sockmap(options, false);
}

#define REDIRECT_LEN 9

/* Returns a verdict that passes what belongs to socket 0, which has PORT, on to socket 1, and the
 * other way round; PORT_FIELD is its offset in the context. */
static void make_redirect(struct bpf_insn *insns, int map, uint16_t port, short port_field,
			  int helper, int flags)
{
	const struct bpf_insn redirect[REDIRECT_LEN] = {
		LOAD(BPF_REG_2, port_field),
		SET(BPF_REG_3, 0),
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 1, .imm = port },
		SET(BPF_REG_3, 1),
		{ .code = BPF_LD | BPF_IMM | BPF_DW,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ 0 },
		SET(BPF_REG_4, flags),
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		EXIT,
	};

	memcpy(insns, redirect, sizeof(redirect));
}

static void attach_redirect(int map, uint16_t port, bool parsed)
{
	struct bpf_insn insns[REDIRECT_LEN];

	make_redirect(insns, map, port, offsetof(struct __sk_buff, local_port),
		      BPF_FUNC_sk_redirect_map, 0);
	attach_verdict(map, insns, REDIRECT_LEN, parsed);
}

/* What is sent goes right into the other socket's queue, and TCP has no part in it. */
void case_msg_redirect(const struct options *options)
{
	int listener = listen_on(FAMILY_4, NULL, options->port, 1), map = new_sockmap();
	int client = connect_to(FAMILY_4, NULL, options->port), server = accept_one(listener);
	struct bpf_insn insns[REDIRECT_LEN];

	close(listener);
	make_redirect(insns, map, options->port, offsetof(struct sk_msg_md, local_port),
		      BPF_FUNC_msg_redirect_map, BPF_F_INGRESS);
	attach(map, insns, REDIRECT_LEN, BPF_SK_MSG_VERDICT);
	put(map, 0, server);
	put(map, 1, client);
	three_exchanges(client, server);
	end_pair(client, server);
}

/* A proxy in the kernel: client -> PORT, and from there on to an upstream at PORT + 1. */
static void run_redirect(const struct options *options, bool parsed)
{
	uint16_t port = options->port, up = (uint16_t)(port + 1);
	int front = listen_on(FAMILY_4, NULL, port, 1), back = listen_on(FAMILY_4, NULL, up, 1);
	int client = connect_to(FAMILY_4, NULL, port), proxy_front = accept_one(front);
	int proxy_back = connect_to(FAMILY_4, NULL, up), server = accept_one(back);
	int map = new_sockmap();

	close(front);
	close(back);
	attach_redirect(map, port, parsed);
	put(map, 0, proxy_front);
	put(map, 1, proxy_back);
	three_exchanges(client, server);
	end_pair(client, proxy_front);
	end_pair(proxy_back, server);
	settle(up);
}

void case_redirect(const struct options *options)
{
	run_redirect(options, true);
}

void case_redirect_packets(const struct options *options)
{
	run_redirect(options, false);
}

/* ---- other protocols ---- */

static void run_protocols(uint16_t port, int family, int client_protocol, int server_protocol)
{
	int listener = listen_with(family, server_protocol, port);
	int client = connect_with(family, client_protocol, port), server = accept_one(listener);

	close(listener);
	three_exchanges(client, server);
	end_pair(client, server);
}

void case_mptcp(const struct options *options)
{
	run_protocols(options->port, AF_INET, IPPROTO_MPTCP, IPPROTO_MPTCP);
}

/* Stays open until a line comes. */
void case_mptcp_open(const struct options *options)
{
	int listener = listen_with(AF_INET, IPPROTO_MPTCP, options->port);
	int client = connect_with(AF_INET, IPPROTO_MPTCP, options->port);
	int server = accept_one(listener);
	char line[16];

	close(listener);
	three_exchanges(client, server);
	printf("open\n");
	fflush(stdout);
	if (read(STDIN_FILENO, line, sizeof(line)) < 0)
		die("read");
	end_pair(client, server);
}

/* The peer speaks plain TCP. */
void case_mptcp_client(const struct options *options)
{
	run_protocols(options->port, AF_INET, IPPROTO_MPTCP, IPPROTO_TCP);
}

void case_mptcp_server(const struct options *options)
{
	run_protocols(options->port, AF_INET, IPPROTO_TCP, IPPROTO_MPTCP);
}

static void wait_joined(int fd)
{
	struct mptcp_info info = { 0 };
	socklen_t len = sizeof(info);
	int waited;

	for (waited = 0; waited < JOIN_PATIENCE; waited++) {
		if (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &len) < 0)
			die("MPTCP_INFO");
		if (info.mptcpi_subflows == 1)
			return;
		pause_ms(1);
	}
	errno = ETIMEDOUT;
	die("no second subflow");
}

/* The path manager has one more address for a second subflow, which joins after the first
 * exchange. */
void case_mptcp_join(const struct options *options)
{
	int listener = listen_with(AF_INET, IPPROTO_MPTCP, options->port);
	int client = connect_with(AF_INET, IPPROTO_MPTCP, options->port);
	int server = accept_one(listener);

	ask_and_answer(client, server);
	wait_joined(client);
	wait_joined(server);
	close(listener);
	three_exchanges(client, server);
	end_pair(client, server);
}

void case_smc(const struct options *options)
{
	run_protocols(options->port, AF_SMC, 0, 0);
}

void case_sctp(const struct options *options)
{
	run_protocols(options->port, AF_INET, IPPROTO_SCTP, IPPROTO_SCTP);
}
