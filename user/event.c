/* SPDX-License-Identifier: Apache-2.0 */
/* Raw ring-buffer records -> checked events. */
#include "event.h"

#include <stdbool.h>
#include <netinet/tcp.h>

static bool conn_is_sane(const struct conn *conn)
{
	return (conn->role == ROLE_CLIENT || conn->role == ROLE_SERVER) &&
	       conn->initiator < INITIATOR_MAX && conn->cause < CAUSE_MAX &&
	       conn->fail < FAIL_MAX && conn->bound <= BOUND_ANY6 && conn->turn <= TURN_RECEIVED;
}

static bool exchange_is_sane(const struct exchange *exchange)
{
	return exchange->number && !(exchange->flags & ~(EXCHANGE_CUT | EXCHANGE_OPEN));
}

const struct event_header *event_check(const void *data, size_t size)
{
	const struct event_header *header = data;

	if (size < sizeof(*header) || header->version != EVENT_VERSION || header->len > size)
		return NULL;
	switch (header->type) {
	case EVENT_CONN_CLOSED:
	case EVENT_CONN_AMENDED:
	case EVENT_CONN_OPENED:
	case EVENT_CONN_ACCEPTED:
		if (header->len != sizeof(struct conn_event) ||
		    !conn_is_sane(&((const struct conn_event *)data)->conn))
			return NULL;
		return header;
	case EVENT_EXCHANGE:
		if (header->len != sizeof(struct exchange_event) ||
		    !conn_is_sane(&((const struct exchange_event *)data)->conn) ||
		    !exchange_is_sane(&((const struct exchange_event *)data)->exchange))
			return NULL;
		return header;
	case EVENT_LISTENER_CLOSED:
	case EVENT_OVERFLOW:
	case EVENT_LISTEN:
		if (header->len != sizeof(struct listener_event) ||
		    ((const struct listener_event *)data)->listener.refused >= REFUSED_MAX)
			return NULL;
		return header;
	default:
		return NULL;
	}
}

void event_amend(struct conn *conn)
{
	/* An orphan died at once where it looked like leaving for TIME_WAIT. */
	if (conn->state != TCP_TIME_WAIT)
		conn->flags &= ~CONN_TIME_WAIT;
	if (!conn->late)
		return;
	conn->flags |= CONN_RACED;
	conn->cause = CAUSE_AFTER_FIN_DATA;
}
