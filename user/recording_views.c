/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL views of a recording: named like the tool's, and with the same counts. */
#include "recording.h"

/* By the recording's own clock; `ms` is of the column's moment. */
#define TIME_OF(ms) "strftime('%Y-%m-%dT%H:%M:%fZ', (" ms ") / 1000.0, 'unixepoch')"
#define WALL_MS(ns) "r.synced_ms - (r.synced_ns - (" ns ") + 999999) / 1000000"
#define ENDPOINT_OF(addr, port)                                                                    \
	"iif(instr(" addr ", ':'), '[' || " addr " || ']', " addr ") || ':' || " port

#define INITIATOR                                                                                  \
	"CASE initiator WHEN 1 THEN 'local-fin' WHEN 2 THEN 'remote-fin' WHEN 3 THEN 'both-fin' "  \
	"WHEN 4 THEN 'local-rst' WHEN 5 THEN 'remote-rst' WHEN 6 THEN 'timeout' "                  \
	"WHEN 7 THEN 'abort' WHEN 8 THEN 'unknown' END"
#define CAUSE                                                                                      \
	"CASE cause WHEN 1 THEN 'unread-data' WHEN 2 THEN 'linger0' WHEN 3 THEN 'disconnect' "     \
	"WHEN 4 THEN 'not-accepted' WHEN 5 THEN 'retransmissions' WHEN 6 THEN 'window-probes' "    \
	"WHEN 7 THEN 'keepalive-probes' WHEN 8 THEN 'user-timeout' "                               \
	"WHEN 9 THEN 'after-fin-data' WHEN 10 THEN 'process-exit' END"
#define FAIL_REASON                                                                                \
	"CASE fail WHEN 1 THEN 'refused' WHEN 2 THEN 'timeout' WHEN 3 THEN 'unreachable' "         \
	"WHEN 4 THEN 'no-port' WHEN 5 THEN 'cancelled' WHEN 6 THEN 'other' END"

/* What each view counts of a connection: 1 or 0, as add_conn() of aggregate.c has it. */
#define FACTS                                                                                      \
	"fail > 0 AS failed, fail = 0 AND (role = 2 OR ready) AS lived, "                          \
	"flags & 1 AS partial, (flags & 640) > 0 AS turnless, "                                    \
	"initiator > 0 AND NOT flags & 2 AS closed, initiator = 0 AND NOT flags & 2 AS open"

#define OPENED_COUNT "sum(lived AND NOT partial)"
#define OF_OPENED    "FILTER (WHERE lived AND NOT partial AND NOT turnless)"
/* Null where nobody has looked at turns. */
#define WATCHED(count) "iif(max(flags & 512), NULL, " count ")"
#define EXCHANGE_COUNT WATCHED("coalesce(sum(exchanges) " OF_OPENED ", 0)")
#define REUSED_COUNT                                                                               \
	WATCHED("coalesce(sum(exchanges) " OF_OPENED ", 0) - "                                     \
		"coalesce(sum(exchanges > 0) " OF_OPENED ", 0)")
#define REUSE_RATIO	     "round(1.0 * (" REUSED_COUNT ") / nullif(" EXCHANGE_COUNT ", 0), 4)"
#define CLOSED_BY(initiator) "sum(lived AND closed AND initiator = " initiator ")"

/* Where connections of this end came in. */
#define LISTENED "CASE bound WHEN 1 THEN '0.0.0.0' WHEN 2 THEN '::' ELSE local_addr END"

/* clang-format off */
const char recording_views[] =
	/* Times as people read them, and the endpoint by which the reports group. */
	"CREATE VIEW conns AS SELECT"
	" " TIME_OF(WALL_MS("id - shift")) " AS opened,"
	" iif(closed_ns IS NULL, NULL, " TIME_OF(WALL_MS("id - shift + closed_ns")) ") AS closed,"
	" CASE role WHEN 1 THEN 'client' ELSE 'server' END AS role,"
	" " ENDPOINT_OF("local_addr", "local_port") " AS local,"
	" " ENDPOINT_OF("remote_addr", "remote_port") " AS remote,"
	" nullif(c.comm, '') AS comm, pid, tid, container, netns,"
	" iif(fail, 'failed', iif(c.ended, 'closed', 'open')) AS state,"
	" flags & 1 AS partial, iif(flags & 640, NULL, exchanges) AS exchanges, sent_bytes, received_bytes,"
	" iif(role = 1 AND ready_ns > 0 AND NOT flags & 1, ready_ns / 1000, NULL) AS connect_us,"
	" iif(role = 2 AND ready_ns > 0 AND NOT flags & 1, ready_ns / 1000, NULL) AS accept_wait_us,"
	" depth, " INITIATOR " AS initiator, " CAUSE " AS cause, " FAIL_REASON " AS fail_reason,"
	" iif(initiator, idle_ms, NULL) AS idle_at_close_ms,"
	" iif(initiator, idle_others, NULL) AS idle_others,"
	" iif(initiator AND NOT flags & 640, (flags & 4) > 0, NULL) AS in_flight,"
	" iif(initiator AND NOT flags & iif(role = 1, 640, 128), (flags & 8) > 0, NULL) AS raced,"
	" iif(initiator, (flags & 16) > 0, NULL) AS time_wait,"
	" iif(fail, NULL, (flags & 256) > 0) AS keepalive,"
	" (flags & 128) > 0 AS mptcp"
	" FROM conn c, recording r LEFT JOIN container USING (cgroup) ORDER BY id;"

	"CREATE VIEW reuse AS SELECT endpoint, comm, netns,"
	" " OPENED_COUNT " AS opened,"
	" sum(failed) AS failed,"
	" sum(lived AND partial) AS partial,"
	" " EXCHANGE_COUNT " AS exchanges,"
	" " REUSED_COUNT " AS reused,"
	" " REUSE_RATIO " AS reuse_ratio,"
	" sum(lived AND open) AS open,"
	" sum(lived AND closed) AS closed,"
	" sum(lived AND closed AND (flags & 16) > 0) AS time_wait,"
	" coalesce(sum(sent_bytes) FILTER (WHERE lived), 0) AS sent_bytes,"
	" coalesce(sum(received_bytes) FILTER (WHERE lived), 0) AS received_bytes"
	" FROM (SELECT *, " ENDPOINT_OF("remote_addr", "remote_port") " AS endpoint, " FACTS
	" FROM conn WHERE role = 1)"
	" GROUP BY endpoint, comm, netns ORDER BY opened DESC;"

	/* Of connections, then of listening sockets. */
	"CREATE VIEW accept AS SELECT endpoint, netns, max(comm) AS comm,"
	" max(asked) AS backlog_asked,"
	" max(queue_limit) AS queue_limit,"
	" coalesce(max(depth_now), 0) AS depth,"
	" max(deepest) AS depth_max,"
	" sum(accepted) AS accepted,"
	" sum(syn_drops + ack_drops) AS overflows,"
	" sum(syn_drops) AS syn_drops,"
	" " WATCHED("sum(exchanges)") " AS exchanges,"
	" round(1.0 * sum(reused) / nullif(sum(exchanges), 0), 4) AS reuse_ratio,"
	" sum(open) AS open"
	" FROM (SELECT " ENDPOINT_OF(LISTENED, "local_port") " AS endpoint, netns, comm,"
	" NULL AS asked, NULL AS queue_limit, NULL AS depth_now, depth AS deepest,"
	" (ready_ns IS NOT NULL OR (ready AND NOT flags & 1)) AS accepted,"
	" 0 AS syn_drops, 0 AS ack_drops,"
	" flags,"
	" iif(flags & 641, 0, exchanges) AS exchanges,"
	" iif(flags & 641, 0, max(exchanges - 1, 0)) AS reused,"
	" initiator = 0 AND NOT flags & 2 AS open"
	" FROM conn WHERE role = 2 AND fail = 0"
	" UNION ALL SELECT"
	" " ENDPOINT_OF("iif(family = 6 AND addr = '0.0.0.0', '::', addr)", "port") ", netns, comm,"
	" iif(flags & 1, backlog_asked, NULL), queue_limit, iif(ended IS NULL, depth, NULL), depth,"
	" 0, syn_drops, ack_drops, 0, 0, 0, 0"
	" FROM listener WHERE ended IS NULL OR ended > 0)"
	" GROUP BY endpoint, netns ORDER BY accepted DESC;"

	"CREATE VIEW close AS SELECT endpoint,"
	" CASE role WHEN 1 THEN 'client' ELSE 'server' END AS role, owner AS comm, netns,"
	" sum(lived AND closed) AS closed,"
	" " CLOSED_BY("1") " AS local_fin,"
	" " CLOSED_BY("2") " AS remote_fin,"
	" " CLOSED_BY("3") " AS both_fin,"
	" " CLOSED_BY("4") " AS local_rst,"
	" " CLOSED_BY("5") " AS remote_rst,"
	" " CLOSED_BY("6") " AS timeout,"
	" " CLOSED_BY("7") " AS abort,"
	" " CLOSED_BY("8") " AS unknown,"
	" " WATCHED("sum(lived AND closed AND (flags & 4) > 0)") " AS in_flight,"
	" iif(max(flags & 512) AND role = 1, NULL, sum(lived AND closed AND (flags & 8) > 0)) AS raced,"
	" " WATCHED("sum(lived AND closed AND NOT exchanges AND NOT flags & 641)") " AS unused,"
	" sum(lived AND closed AND (flags & 16) > 0) AS time_wait"
	" FROM (SELECT *, iif(role = 1, comm, NULL) AS owner,"
	" iif(role = 1, " ENDPOINT_OF("remote_addr", "remote_port") ","
	" " ENDPOINT_OF(LISTENED, "local_port") ") AS endpoint, " FACTS
	" FROM conn)"
	" GROUP BY endpoint, role, owner, netns HAVING sum(lived AND closed) ORDER BY closed DESC;";
/* clang-format on */
