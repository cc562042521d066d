// SPDX-License-Identifier: Apache-2.0
/* Exchanges whose times are known. */
#include "peer.h"

#include <unistd.h>

/*
 * One connection with --exchanges. Each way the reader is late by --pause; the answer takes --pause
 * from then; and after the response nothing is said for four times that. The server closes.
 */
void run_times(const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, options->backlog);
	int client = connect_to(options->family, options->addr, options->port);
	int server = accept_one(listener);

	for (unsigned int i = 0; i < options->exchanges; i++) {
		send_all(client, REQUEST_BYTES);
		pause_ms(options->pause_ms);
		recv_all(server, REQUEST_BYTES);
		pause_ms(options->pause_ms);
		send_all(server, RESPONSE_BYTES);
		pause_ms(options->pause_ms);
		recv_all(client, RESPONSE_BYTES);
		pause_ms(4 * options->pause_ms);
	}
	close(server);
	expect_eof(client);
	close(client);
	close(listener);
}
