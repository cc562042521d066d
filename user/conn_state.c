/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a single connection, and the words for it. */
#include "conn_state.h"

#include <stddef.h>
#include <string.h>
#include <netinet/tcp.h>

#include "aggregate.h"
#include "report.h"

static const char *const initiators[INITIATOR_MAX] = {
	[INITIATOR_LOCAL_FIN] = "local-fin",   [INITIATOR_REMOTE_FIN] = "remote-fin",
	[INITIATOR_BOTH_FIN] = "both-fin",     [INITIATOR_LOCAL_RST] = "local-rst",
	[INITIATOR_REMOTE_RST] = "remote-rst", [INITIATOR_TIMEOUT] = "timeout",
	[INITIATOR_ABORT] = "abort",	       [INITIATOR_UNKNOWN] = "unknown",
};

static const char *const causes[CAUSE_MAX] = {
	[CAUSE_UNREAD_DATA] = "unread-data",	     [CAUSE_LINGER0] = "linger0",
	[CAUSE_DISCONNECT] = "disconnect",	     [CAUSE_NOT_ACCEPTED] = "not-accepted",
	[CAUSE_RETRANSMISSIONS] = "retransmissions", [CAUSE_WINDOW_PROBES] = "window-probes",
	[CAUSE_KEEPALIVE] = "keepalive-probes",	     [CAUSE_USER_TIMEOUT] = "user-timeout",
	[CAUSE_AFTER_FIN_DATA] = "after-fin-data",   [CAUSE_PROCESS_EXIT] = "process-exit",
};

static const char *const fails[FAIL_MAX] = {
	[FAIL_REFUSED] = "refused",	    [FAIL_TIMEOUT] = "timeout",
	[FAIL_UNREACHABLE] = "unreachable", [FAIL_NO_PORT] = "no-port",
	[FAIL_CANCELLED] = "cancelled",	    [FAIL_OTHER] = "other",
};

/* Of TCP, as ss prints them. */
static const char *const states[STATE_MAX] = {
	[TCP_ESTABLISHED] = "established",
	[TCP_SYN_SENT] = "syn-sent",
	[TCP_SYN_RECV] = "syn-recv",
	[TCP_FIN_WAIT1] = "fin-wait-1",
	[TCP_FIN_WAIT2] = "fin-wait-2",
	[TCP_TIME_WAIT] = "time-wait",
	[TCP_CLOSE] = "closed",
	[TCP_CLOSE_WAIT] = "close-wait",
	[TCP_LAST_ACK] = "last-ack",
	[TCP_CLOSING] = "closing",
	[STATE_QUEUED] = "queued",
	[STATE_FAILED] = "failed",
};

unsigned int conn_state(const struct conn *conn, bool gone)
{
	if (conn->fail)
		return STATE_FAILED;
	if (gone)
		return TCP_CLOSE;
	/* Without a depth it is a subflow that has joined an MPTCP connection. */
	if (conn->role == ROLE_SERVER && !conn->ready && !conn->initiator && conn->depth)
		return STATE_QUEUED;
	return conn->state < STATE_QUEUED ? conn->state : 0;
}

const char *conn_turnless(const struct conn *conn)
{
	if (conn->flags & CONN_UNWATCHED)
		return NO_TURNS_REASON;
	return conn->flags & CONN_MPTCP ? MPTCP_REASON : NULL;
}

const char *conn_race_unknown(const struct conn *conn)
{
	bool told = conn->role == ROLE_SERVER && !(conn->flags & CONN_MPTCP);

	return told ? NULL : conn_turnless(conn);
}

bool conn_has_request(const struct conn *conn)
{
	if (conn_turnless(conn))
		return false;
	return conn->initiator ? conn->flags & CONN_IN_FLIGHT : conn_is_active(conn);
}

bool conn_idle_ms(const struct conn *conn, bool gone, __u64 now_ns, __u64 *ret_ms)
{
	if (gone) {
		if (!conn->initiator || conn->idle_ms == IDLE_UNKNOWN)
			return false;
		*ret_ms = conn->idle_ms;
		return true;
	}
	if (!conn->last_ns || conn->untimed)
		return false;
	*ret_ms = now_ns > conn->last_ns ? (now_ns - conn->last_ns) / 1000000 : 0;
	return true;
}

static const char *word_at(const char *const *words, unsigned int count, unsigned int index)
{
	return index < count ? words[index] : NULL;
}

const char *role_word(__u8 role)
{
	return role == ROLE_SERVER ? "server" : "client";
}

const char *state_word(unsigned int state)
{
	return word_at(states, STATE_MAX, state);
}

const char *initiator_word(unsigned int initiator)
{
	return word_at(initiators, INITIATOR_MAX, initiator);
}

const char *cause_word(unsigned int cause)
{
	return word_at(causes, CAUSE_MAX, cause);
}

const char *fail_word(unsigned int fail)
{
	return word_at(fails, FAIL_MAX, fail);
}

static unsigned int find(const char *const *words, unsigned int count, const char *word)
{
	for (unsigned int i = 0; i < count; i++) {
		if (words[i] && !strcmp(words[i], word))
			return 1U << i;
	}
	return 0;
}

unsigned int states_of_word(const char *word)
{
	if (!strcmp(word, "open"))
		return ~(1U << TCP_CLOSE | 1U << STATE_FAILED);
	return find(states, STATE_MAX, word);
}

unsigned int initiators_of_word(const char *word)
{
	return find(initiators, INITIATOR_MAX, word);
}
