// SPDX-License-Identifier: Apache-2.0
/* More clients than an accept queue has room for. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire.h"

/* Handshakes from the wire that stop before their final ACK. */
static void start_late(struct wire *wires, const struct options *options)
{
	unsigned int i;

	if (options->late == 0)
		return;
	wire__open(&wires[0], 4, options->port % 250 + 1U);
	for (i = 0; i < options->late; i++) {
		wires[i] = wires[0];
		wires[i].peer_port = (uint16_t)(wires[0].peer_port + i);
		wires[i].host_port = options->port;
	}
	for (i = 0; i < options->late; i++) {
		wire__send(&wires[i], WIRE_SYN, 0);
		wire__expect(&wires[i], WIRE_SYN | WIRE_ACK, 0);
	}
}

/* More clients than the listener has room for. They stay as they are until the next line on
 * standard input; then the queued ones are accepted, after a pause, or all is closed. */
void run_queue(const struct options *options)
{
	const char *addr = options->late ? "0.0.0.0" : options->addr; /* for both devices */
	int listener = listen_on(options->family, addr, options->port, options->backlog);
	/* -1 asks for the most there is. */
	unsigned int i, room = options->backlog < 0 ? options->clients : options->backlog + 1U;
	struct wire wires[LATE_MAX];
	int *fds = new_fds(options->clients);

	start_late(wires, options);
	for (i = 0; i < options->clients; i++) {
		fds[i] = connect_start(options->family, options->addr, options->port);
		while (i < room && queue_depth(listener) <= i)
			pause_ms(1);
	}
	for (i = 0; i < options->late; i++)
		wire__ack(&wires[i]);
	puts("queued");
	fflush(stdout);
	wait_for_order();
	if (options->accept) {
		pause_ms(options->pause_ms);
		for (i = 0; i < options->clients && i < room; i++)
			close(accept_one(listener));
	}
	for (i = 0; i < options->clients; i++)
		close(fds[i]);
	free(fds);
	wait_fin_acked(options->port); /* so that it is they who end what is queued */
	close(listener);
	if (options->late)
		wire__done(&wires[0]);
	settle(options->port);
}
