/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of the workload generator share: options, sockets, payload, time. */
#ifndef connscope_PEER_H
#define connscope_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define REQUEST_BYTES  100
#define RESPONSE_BYTES 200

enum side { SIDE_CLIENT, SIDE_SERVER };

/* MAPPED is IPv4 through AF_INET6 sockets. */
enum family { FAMILY_4, FAMILY_6, FAMILY_MAPPED };

struct options {
	enum family family;
	enum side side; /* which one ends the connection, or is this host's */
	const char *addr;
	uint16_t port;
	unsigned int conns;
	unsigned int exchanges;
	unsigned int clients;
	unsigned int late;
	int backlog;
	unsigned int pause_ms;
	bool accept;
	bool spread; /* each connection to an address of its own */
	uint64_t seed;
	const char *netns; /* the server's, where it has one of its own */
};

/* Prints one line with strerror(errno) and exits 1: a step of a test either works or ends it. */
void die(const char *what) __attribute__((noreturn));
/* What die() says first: one of many processes is at fault. */
void doing_what(const char *name, enum side side, enum family family);

/* ADDR in text; IPv4 becomes an IPv4-mapped address in an AF_INET6 socket for FAMILY_MAPPED. NULL
 * is the loopback address of FAMILY, and for a listener of FAMILY_MAPPED the dual-stack wildcard.
 */
int listen_on(enum family family, const char *addr, uint16_t port, int backlog);
/* Another one on the same loopback port: SO_REUSEPORT. */
int listen_reuseport(enum family family, uint16_t port, int backlog);
unsigned int queue_depth(int listener);
int connect_to(enum family family, const char *addr, uint16_t port);
/* As connect_to(), from OWN_PORT where that is not 0. */
int connect_from(enum family family, uint16_t own_port, const char *addr, uint16_t port);
/* As connect_to(), but without waiting for the end of the handshake: a non-blocking socket. */
int connect_start(enum family family, const char *addr, uint16_t port);
/* The steps of connect_to(), for cases where they fail: 0 or what connect(2) sets errno to. */
int new_socket(enum family family);
int try_connect(int fd, enum family family, const char *addr, uint16_t port);
void expect_bind(int fd, enum family family, const char *addr, uint16_t port, int err);
void disconnect(int fd); /* connect(AF_UNSPEC) */
void connect_refused(enum family family, const char *addr, uint16_t port);
/* Connects FD. ERR is the error to expect, 0 none. */
void connect_on(int fd, enum family family, const char *addr, uint16_t port, int err);
int accept_one(int listener);
/* By getsockname() or getpeername(); 0 where it has none any more. */
uint16_t port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *));
int *new_fds(unsigned int count); /* the caller frees */

void send_all(int fd, size_t len);
void recv_all(int fd, size_t len);
/* One request and its response over two sockets of this process. */
void exchange(int client, int server);
void expect_eof(int fd);
void expect_error(int fd, int err); /* waits for it */
void set_blocking(int fd);
void set_nonblocking(int fd);
void wait_readable(int fd); /* data or FIN */
void wait_writable(int fd); /* established, or an error */
void close_reset(int fd);   /* by SO_LINGER 0 */

void wait_for_order(void); /* a line on standard input */
/* fork(2), with a child that dies with its parent. */
pid_t fork_bound(void);
void pause_ms(unsigned int ms);
/* Prints PORT and the time since the last payload byte: call it before and after the end. */
void mark_end(uint16_t port);

/* Waits until PORT, or with 0 any port, has no sockets but those in LISTEN and TIME_WAIT. */
void settle(uint16_t port);
/* Waits until the peers of PORT, on this host, have acknowledged every FIN. */
void wait_fin_acked(uint16_t port);

#define LATE_MAX 16

void run_reuse(const struct options *options);
/* To --conns endpoints: a listener on --addr 0.0.0.0, and clients of all its addresses. */
void run_spread(const struct options *options);
void run_flood(const struct options *options);
void run_pool(const struct options *options);
void run_times(const struct options *options);
void run_hold(const struct options *options);
void run_queue(const struct options *options);
void run_mix(const struct options *options);
void run_identity(const struct options *options);
void run_inherit(const struct options *options);
void run_twin(const struct options *options);
void run_payload(const struct options *options);
/* See accept.c for these. */
void run_blocked(const struct options *options);
void run_uring(const struct options *options);
void run_reuseport(const struct options *options);
void run_migrate(const struct options *options);
void run_dual(const struct options *options);
void run_relisten(const struct options *options);
void run_turned(const struct options *options);
void run_reset(const struct options *options);
/* One connection with a scripted end, or beginning; false when NAME is unknown. */
bool close_case(const char *name, const struct options *options);
bool open_case(const char *name, const struct options *options);

#endif /* connscope_PEER_H */
