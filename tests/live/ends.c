// SPDX-License-Identifier: Apache-2.0
/* Connections to end: both ends in this process, or one here and a script at the other. */
#include "ends.h"

#include <unistd.h>

void pair__open(struct pair *pair, const struct options *options)
{
	int listener = listen_on(options->family, NULL, options->port, 1);

	pair->client = connect_to(options->family, NULL, options->port);
	pair->server = accept_one(listener);
	pair->closer = options->side == SIDE_CLIENT ? &pair->client : &pair->server;
	pair->other = options->side == SIDE_CLIENT ? &pair->server : &pair->client;
	pair->options = options;
	close(listener);
}

void end_now(const struct options *options)
{
	pause_ms(options->pause_ms);
	mark_end(options->port);
}

void end__open(struct end *end, const struct options *options)
{
	struct wire *wire = &end->wire;
	int version = options->family == FAMILY_6 ? 6 : 4, listener;

	end->options = options;
	wire__open(wire, version, options->port % 250 + 1U);
	if (options->side == SIDE_CLIENT) {
		wire->peer_port = options->port;
		end->fd = connect_start(options->family, wire->peer, options->port);
		wire__expect(wire, WIRE_SYN, 0);
		wire->ack = wire->seen;
		wire__send(wire, WIRE_SYN | WIRE_ACK, 0);
		wire__expect(wire, WIRE_ACK, 0);
		set_blocking(end->fd);
		return;
	}
	listener = listen_on(options->family, options->family == FAMILY_MAPPED ? NULL : wire->host,
			     options->port, 1);
	wire->host_port = options->port;
	wire__send(wire, WIRE_SYN, 0);
	wire__expect(wire, WIRE_SYN | WIRE_ACK, 0);
	wire__ack(wire);
	end->fd = accept_one(listener);
	close(listener);
}

/* A request that the other end acknowledges. */
void end__request(struct end *end)
{
	if (end->options->side == SIDE_CLIENT) {
		send_all(end->fd, REQUEST_BYTES);
		wire__expect(&end->wire, 0, REQUEST_BYTES);
		wire__ack(&end->wire);
	} else {
		wire__send(&end->wire, WIRE_ACK, REQUEST_BYTES);
		recv_all(end->fd, REQUEST_BYTES);
	}
}

void end__response(struct end *end)
{
	if (end->options->side == SIDE_CLIENT) {
		wire__send(&end->wire, WIRE_ACK, RESPONSE_BYTES);
		recv_all(end->fd, RESPONSE_BYTES);
	} else {
		send_all(end->fd, RESPONSE_BYTES);
		wire__expect(&end->wire, 0, RESPONSE_BYTES);
		wire__ack(&end->wire);
	}
}

void end__open_used(struct end *end, const struct options *options)
{
	end__open(end, options);
	end__request(end);
	end__response(end);
}

void end__done(struct end *end)
{
	close(end->fd);
	wire__done(&end->wire);
}
