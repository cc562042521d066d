// SPDX-License-Identifier: Apache-2.0
/* A pool of connections of which a known number has a request in flight. */
#include "peer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct connecting {
	const struct options *options;
	int fd;
	long tid;
};

static void *connect_here(void *context)
{
	struct connecting *connecting = context;
	const struct options *options = connecting->options;

	connecting->tid = syscall(SYS_gettid);
	connecting->fd = connect_to(options->family, options->addr, options->port);
	return NULL;
}

/* In a thread of its own, whose id is said. */
static int connect_apart(const struct options *options)
{
	struct connecting connecting = { .options = options };
	pthread_t thread;

	if (pthread_create(&thread, NULL, connect_here, &connecting) || pthread_join(thread, NULL))
		die("thread");
	printf("thread %ld of %d\n", connecting.tid, getpid());
	return connecting.fd;
}

static void set_keepalive(int fd, int on)
{
	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) < 0)
		die("SO_KEEPALIVE");
}

static void close_pair(int client, int server)
{
	close(client);
	expect_eof(server);
	close(server);
}

/*
 * --conns clients and their servers, all of this process. The first --exchanges ask at once. The
 * last, which is idle and has SO_KEEPALIVE, is closed before they are answered; then, after a line
 * of standard input, the others one after the other, the first last. That one has SO_KEEPALIVE
 * until the line.
 */
void run_pool(const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, options->backlog);
	unsigned int last = options->conns - 1;
	int *clients = new_fds(options->conns), *servers = new_fds(options->conns);

	for (unsigned int i = 0; i <= last; i++) {
		clients[i] = i == last ? connect_apart(options)
				       : connect_to(options->family, options->addr, options->port);
		servers[i] = accept_one(listener);
	}
	set_keepalive(clients[0], 1);
	set_keepalive(clients[last], 1);
	for (unsigned int i = 0; i < options->exchanges; i++) {
		send_all(clients[i], REQUEST_BYTES);
		recv_all(servers[i], REQUEST_BYTES);
	}
	close_pair(clients[last], servers[last]);
	for (unsigned int i = 0; i < options->exchanges; i++) {
		send_all(servers[i], RESPONSE_BYTES);
		recv_all(clients[i], RESPONSE_BYTES);
	}
	puts("answered");
	fflush(stdout);
	wait_for_order();
	set_keepalive(clients[0], 0);
	for (unsigned int i = last; i-- > 0;)
		close_pair(clients[i], servers[i]);
	free(clients);
	free(servers);
	close(listener);
}
