/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of event says: as cells, and in words. */
#include "trace_detail.h"

#include <stdarg.h>
#include <stdio.h>

#include "conn_state.h"
#include "table.h"
#include "text_cell.h"
#include "trace_event.h"
#include "view_row.h"

/* As it grows. */
struct sentence {
	char *text;
	size_t used, len;
};

static void __attribute__((format(printf, 2, 3)))
say(struct sentence *sentence, const char *fmt, ...)
{
	size_t room = sentence->len - sentence->used;
	va_list args;
	int more;

	va_start(args, fmt);
	more = vsnprintf(sentence->text + sentence->used, room, fmt, args);
	va_end(args);
	sentence->used += more < 0 ? 0 : (size_t)more < room ? (size_t)more : room - 1;
}

/* TEXT, then how long, in units of which 0 is less than LEAST. */
static void say_time(struct sentence *sentence, const char *text, __u64 us, const char *least)
{
	char duration[32];

	say(sentence, "%s %s", text, us ? duration_format(us, duration, sizeof(duration)) : least);
}

static void say_us(struct sentence *sentence, const char *text, __u64 us)
{
	say_time(sentence, text, us, "<1us");
}

static struct cell word(const char *text)
{
	return text ? cell_text(text) : cell_missing(NULL);
}

/* False: not measured. */
static bool waited_us(const struct conn *conn, __u64 *ret_us)
{
	if (conn->ready_ns <= conn->opened_ns || conn->flags & CONN_PARTIAL)
		return false;
	*ret_us = (conn->ready_ns - conn->opened_ns) / 1000;
	return true;
}

static void fill_open(const struct conn *conn, struct cell *cells, struct sentence *sentence)
{
	__u64 us;

	say(sentence, "connected");
	if (!waited_us(conn, &us))
		return;
	cells[CONNECT] = cell_number(us);
	say_us(sentence, " in", us);
}

static void fill_fail(const struct conn *conn, struct cell *cells, struct sentence *sentence)
{
	const char *reason = fail_word(conn->fail);
	__u64 us = (conn->closed_ns - conn->opened_ns) / 1000;

	cells[FAIL_REASON] = word(reason);
	cells[CONNECT] = cell_number(us);
	say(sentence, "%s", reason ? reason : "other");
	say_us(sentence, " after", us);
}

static void fill_accept(const struct conn *conn, struct cell *cells, struct sentence *sentence)
{
	__u64 us;

	if (waited_us(conn, &us)) {
		cells[ACCEPT_WAIT] = cell_number(us);
		say_us(sentence, "waited", us);
	} else {
		say(sentence, "waited -");
	}
	if (!conn->depth)
		return;
	cells[DEPTH] = cell_number(conn->depth);
	cells[LIMIT] = cell_number(conn->limit);
	say(sentence, ", depth %u", conn->depth);
}

static void say_size(struct sentence *sentence, const struct cell *size)
{
	char text[32];

	say(sentence, "%s",
	    size->kind == CELL_NUMBER ? bytes_format(size->number, text, sizeof(text)) : "-");
}

static void fill_exchange_times(const struct trace_event *event, struct cell *cells,
				struct sentence *sentence)
{
	const struct exchange *exchange = event->exchange;

	if (exchange->asked_ns && exchange->response_ns) {
		cells[RESPONSE_TIME] =
			cell_number((exchange->response_ns - exchange->asked_ns) / 1000);
		say_us(sentence, "  in", cells[RESPONSE_TIME].number);
	} else {
		say(sentence, "  in -");
	}
	if (exchange->gap_ns) {
		cells[IDLE_GAP] = cell_number(exchange->gap_ns / 1000000);
		say_us(sentence, "  after", exchange->gap_ns / 1000);
		say(sentence, " idle");
	} else if (exchange->number > 1) {
		say(sentence, "  after - idle");
	}
}

static void fill_exchange(const struct trace_event *event, struct cell *cells,
			  struct sentence *sentence)
{
	const struct exchange *exchange = event->exchange;

	cells[NUMBER] = cell_number(exchange->number);
	if (!(exchange->flags & EXCHANGE_CUT))
		cells[REQUEST] = cell_number(exchange->request_bytes);
	if (exchange->response_bytes)
		cells[RESPONSE] = cell_number(exchange->response_bytes);
	cells[CONTINUED] = cell_bool(event->again);
	say(sentence, "#%u  ", exchange->number);
	say_size(sentence, &cells[REQUEST]);
	say(sentence, " > ");
	say_size(sentence, &cells[RESPONSE]);
	fill_exchange_times(event, cells, sentence);
	if (event->again)
		say(sentence, ", continued");
}

static void say_end(const struct conn *conn, struct sentence *sentence)
{
	const char *initiator = initiator_word(conn->initiator), *cause = cause_word(conn->cause);

	say(sentence, "by %s", initiator ? initiator : "unknown");
	if (cause)
		say(sentence, " (%s)", cause);
	if (conn->idle_ms != IDLE_UNKNOWN) {
		say_time(sentence, " after", conn->idle_ms * 1000ULL, "<1ms");
		say(sentence, " idle");
	}
	if (conn_turnless(conn)) {
		if (!conn_race_unknown(conn) && conn->flags & CONN_RACED)
			say(sentence, ", raced");
		return;
	}
	say(sentence, ", %u exchange%s", conn->exchanges, conn->exchanges == 1 ? "" : "s");
	if (conn->flags & CONN_IN_FLIGHT)
		say(sentence, ", in flight");
	if (conn->flags & CONN_RACED)
		say(sentence, ", raced");
}

static void fill_close(const struct trace_event *event, struct cell *cells,
		       struct sentence *sentence)
{
	const struct conn *conn = event->conn;
	const char *off = conn_turnless(conn), *race_off = conn_race_unknown(conn);

	cells[INITIATOR] = word(initiator_word(conn->initiator));
	cells[CAUSE] = word(cause_word(conn->cause));
	if (conn->idle_ms != IDLE_UNKNOWN)
		cells[IDLE_AT_CLOSE] = cell_number(conn->idle_ms);
	cells[EXCHANGES] = off ? cell_missing(off) : cell_number(conn->exchanges);
	cells[IN_FLIGHT] = off ? cell_missing(off) : cell_bool(conn->flags & CONN_IN_FLIGHT);
	cells[RACED] = race_off ? cell_missing(race_off) : cell_bool(conn->flags & CONN_RACED);
	cells[TIME_WAIT] = cell_bool(conn->flags & CONN_TIME_WAIT);
	cells[AMENDED] = cell_bool(event->again);
	cells[SENT] = cell_number(conn->sent_bytes);
	cells[RECEIVED] = cell_number(conn->received_bytes);
	if (!(conn->flags & CONN_PARTIAL) && conn->closed_ns >= conn->opened_ns)
		cells[AGE] = cell_number((conn->closed_ns - conn->opened_ns) / 1000000);
	if (event->again)
		say(sentence, "amended: ");
	say_end(conn, sentence);
}

static void fill_overflow(const struct trace_event *event, struct cell *cells,
			  struct sentence *sentence)
{
	const struct listener *listener = event->listener;
	bool syn = listener->refused == REFUSED_SYN;

	cells[REFUSED] = cell_text(syn ? "syn" : "final-ack");
	cells[COUNT] = cell_number(event->count);
	if (event->count > 1)
		say(sentence, "%llu ", event->count);
	if (listener->depth) {
		cells[DEPTH] = cell_number(listener->depth);
		say(sentence, "refused: queue full (%u of %u)", listener->depth, listener->limit);
	} else {
		say(sentence, "refused: queue full (limit %u)", listener->limit);
	}
	say(sentence, ", %s", syn ? "SYN" : "final ACK");
}

static void fill_listen(const struct listener *listener, struct cell *cells,
			struct sentence *sentence)
{
	if (listener->flags & LISTENER_ASKED) {
		cells[BACKLOG] = cell_signed(listener->backlog_asked);
		say(sentence, "backlog %d", listener->backlog_asked);
	} else {
		say(sentence, "backlog -");
	}
	say(sentence, ", limit %u", listener->limit);
}

static void fill_event(const struct trace_event *event, struct cell *cells,
		       struct sentence *sentence)
{
	switch (event->kind) {
	case TRACE_OPEN:
		fill_open(event->conn, cells, sentence);
		break;
	case TRACE_FAIL:
		fill_fail(event->conn, cells, sentence);
		break;
	case TRACE_ACCEPT:
		fill_accept(event->conn, cells, sentence);
		break;
	case TRACE_EXCHANGE:
		fill_exchange(event, cells, sentence);
		break;
	case TRACE_CLOSE:
		fill_close(event, cells, sentence);
		break;
	case TRACE_OVERFLOW:
		fill_overflow(event, cells, sentence);
		break;
	case TRACE_LISTEN:
		fill_listen(event->listener, cells, sentence);
		break;
	default:
		break;
	}
}

char *trace_detail(const struct trace_event *event, struct cell *cells, char *buf, size_t len)
{
	struct sentence sentence = { .text = buf, .len = len };

	buf[0] = '\0';
	fill_event(event, cells, &sentence);
	if (event->conn && event->conn->flags & CONN_PARTIAL)
		say(&sentence, " (open before)");
	return buf;
}
