/* SPDX-License-Identifier: Apache-2.0 */
/* Wire format of the ring buffer, and the counters of what did not fit. */
#ifndef connscope_EVENT_H
#define connscope_EVENT_H

#include "connscope/conn.h"

#define EVENT_VERSION 1

enum event_type {
	EVENT_CONN_CLOSED = 1, /* a connection's whole record, at the end of its struct sock */
	EVENT_CONN_AMENDED,    /* as sent before, but for state and late: what came after its end */
	EVENT_LISTENER_CLOSED,
	/* From here on only where single events were asked for. */
	EVENT_CONN_OPENED,   /* client: established */
	EVENT_CONN_ACCEPTED, /* server: taken out of the accept queue, or first seen in use */
	EVENT_EXCHANGE,	     /* whole, as the next one begins or the connection ends */
	EVENT_OVERFLOW,	     /* a listener refused a connection: see listener.refused */
	EVENT_LISTEN,	     /* listen(2), also of one that listens already */
	EVENT_MAX,
};

struct event_header {
	__u8 type;
	__u8 version;
	__u16 len;  /* of the whole event */
	__u32 lost; /* events before this one that found the ring buffer full, of all kinds;
		     * modular, and only where single events were asked for */
	__u64 sk;   /* the map key of the record that follows */
};

struct conn_event {
	struct event_header header;
	struct conn conn;
};

struct listener_event {
	struct event_header header;
	struct listener listener;
	__u64 ns; /* when it happened */
};

/* Also what reading the snapshot_exchanges iterator gives, with EXCHANGE_OPEN. */
struct exchange_event {
	struct event_header header;
	struct conn conn;
	struct exchange exchange;
};

/* What reading the snapshot_conns iterator gives, one after the other. */
struct conn_snapshot {
	__u64 sk;
	struct conn conn;
	__u32 stale; /* its end was missed: it is dropped once user space has it */
	__u32 pad;
};

/* ... and the snapshot_listeners iterator. */
struct listener_snapshot {
	__u64 sk;
	struct listener listener;
};

_Static_assert(sizeof(struct conn_snapshot) == 192, "wire format");
_Static_assert(sizeof(struct listener_snapshot) == 120, "wire format");
_Static_assert(sizeof(struct event_header) == 16, "wire format");
_Static_assert(sizeof(struct conn_event) == 192, "wire format");
_Static_assert(sizeof(struct listener_event) == 136, "wire format");
_Static_assert(sizeof(struct exchange_event) == 256, "wire format");

/* What was lost, each counted where it happened. Index into the `losses` array of the BPF side. */
enum loss {
	LOSS_CONN_EVENT,     /* ring buffer full: a closed connection's record */
	LOSS_LISTENER_EVENT, /* ring buffer full: a closed listener's record */
	LOSS_CONN_MAP,	     /* connection not tracked: their table is full */
	LOSS_LISTENER_MAP,   /* listener not tracked: `listeners` is full */
	LOSS_GROUP_MAP,	     /* folded into `other`: no group is left */
	LOSS_TRACE_EVENT,    /* ring buffer full: an event of those from EVENT_CONN_OPENED on */
	LOSS_MAX,
};

#endif /* connscope_EVENT_H */
