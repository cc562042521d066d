#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Single events in recordings: a replay tells what the run told, and where something is missing.
# shellcheck disable=SC2119
view=trace
. "$(dirname "$0")/../live/lib.sh"
need sqlite3 setpriv

live_command=("${tracer_command[@]}")

# from FILE OPTION...: what trace says of it, as nobody.
from() {
	chmod a+r "$1"*
	timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$CONNSCOPE" trace --from "$1" "${@:2}" 2>"$dir/from.err"
}

# Of the events in $1, one a line: an exchange, and a close, as it was told last.
whole() {
	jq -c 'select(.type == "event") | del(.continued, .amended)' "$1" | jq -sc '
		group_by([.event, .local_addr, .local_port, .remote_addr, .remote_port, .role, .opened_ts,
			if .event == "exchange" then .number elif .event == "close" then 0 else .ts end, .refused])
		| map(if .[0].event == "exchange" or .[0].event == "close" then .[-1:] else . end)
		| flatten(1) | map(tojson) | sort | .[]'
}

order() { # order LINE: and that it is done
	orders=$((orders + 1))
	echo "$1" >&"$talk_fd"
	hear "$talk_out" '^done' $orders
}

# ---- all of a run ----

# A connection open before, one that goes on with a response, some that fail or overflow a queue.
load() {
	peer reuse --port 5301 --conns 3 --exchanges 23
	peer reuse --port 5302 --conns 23 --exchanges 1 --side server
	peer reuse --port 5303 --family 6 --conns 2 --exchanges 4
	(exec 3<>/dev/tcp/127.0.0.1/5304) 2>/dev/null
	talk_start queue --port 5305 --backlog 4 --clients 9 --late 3 --accept-after 1
	hear "$talk_out" queued
	talk_end "$talk_fd" "$talk_pid"
	talk_start relisten --port 5306 --backlog 8 --conns 100000 --clients 1
	hear "$talk_out" queued
	talk_end "$talk_fd" "$talk_pid"
	peer close --conns 4 >/dev/null <<-END
		fin-in-flight client 4 5307
		data-after-ack server 4 5308
	END
}

orders=0
talk_start hold --port 5310
hear "$talk_out" ready
before_fd=$talk_fd before_pid=$talk_pid
trace_start --record "$dir/all.db"
order x
load
orders=0
talk_start hold --port 5311
hear "$talk_out" ready
order x
# Told while it is quiet, and then once more with the rest.
told() {
	grep '"event":"exchange"' "$json" | grep -q '"remote_port":5311'
}
wait_for told || bail "no exchange is told while it is quiet"
order m
order x
talk_end "$talk_fd" "$talk_pid"
talk_end "$before_fd" "$before_pid"
trace_stop
check "the run goes well" "$trace_status $(cat "$err")" "0 "
from "$dir/all.db" --json >"$dir/again"
check "trace from a recording goes well" "$? $(cat "$dir/from.err")" "0 "
whole "$json" >"$dir/live.lines"
whole "$dir/again" >"$dir/again.lines"
check "each event of the run, field for field" "$(diff "$dir/live.lines" "$dir/again.lines" | head -n 20)" ""
check "... which are of every kind" "$(jq -r 'select(.event) | .event' "$dir/again" | sort -u | paste -sd ' ')" \
	"$(jq -r 'select(.event) | .event' "$json" | sort -u | paste -sd ' ')"
check "... and none twice" "$(grep -v '"event":"overflow"' "$dir/again" | sort | uniq -d)" ""
check "... in order of time" "$(jq -r 'select(.event) | .ts' "$dir/again" | sort -c 2>&1)" ""
check "... the account" "$(jq -c 'select(.type == "meta")' "$dir/again")" "$(jq -c 'select(.type == "meta")' "$json")"
moment=$(jq -r 'select(.event == "open" and .remote_port == 5311) | .ts' "$json")
between() { # between FILE OPERATOR: its events before, or since then
	jq -c "select(.event) | select(.ts $2 \"$moment\")" "$1" | sort
}
from "$dir/all.db" --json --until "$moment" >"$dir/before"
from "$dir/all.db" --json --since "$moment" >"$dir/since"
check "--until: the events before" "$(between "$dir/before" '<')" "$(between "$dir/again" '<')"
check "... and no later ones" "$(between "$dir/before" '>')" ""
check "--since: the events after" "$(between "$dir/since" '>')" "$(between "$dir/again" '>')"
check "... and no earlier ones" "$(between "$dir/since" '<')" ""
check "... an exchange is among them" "$(jq -r 'select(.event == "exchange" and .role == "client") | .remote_port' "$dir/since" | sort -u | paste -sd ' ')" \
	"5311"
from "$dir/all.db" --json -P 5303 >"$dir/some"
check "a filter" "$(jq -c 'select(.event)' "$dir/some")" "$(jq -c 'select(.local_port == 5303 or .remote_port == 5303)' "$dir/again")"
from "$dir/all.db" --csv >"$dir/csv"
check "CSV: a line for each, two titles, an empty line, the account" "$(wc -l <"$dir/csv")" \
	"$((4 + $(jq -c 'select(.event)' "$dir/again" | wc -l)))"
check "SQL: exchanges with their connections" "$(sqlite3 -readonly "$dir/all.db" "SELECT c.local_port, number, request_bytes,
		response_bytes, ifnull(response_us, '') FROM event e JOIN conn c ON c.id = e.conn
		WHERE event = 'exchange' AND c.remote_port = 5301" | sort)" \
	"$(jq -r 'select(.event == "exchange" and .remote_port == 5301) | [.local_port, .number, .request_bytes, .response_bytes,
		.response_us // ""] | map(tostring) | join("|")' "$dir/again" | sort)"

# ---- where something is missing ----

# Stopped, it cannot empty the ring buffer.
trace_start --ring-size 64 --role client --record "$dir/gap.db"
kill -STOP "$tracer"
peer flood --port 5320 --conns 500
kill -CONT "$tracer"
talk_start hold --port 5321
hear "$talk_out" ready
talk_end "$talk_fd" "$talk_pid"
trace_stop
from "$dir/gap.db" --json >"$dir/again"
gaps='select(.type == "gap") | [.ts, .missing]'
check "a gap, as the run told it" "$(jq -c "$gaps" "$dir/again")" "$(jq -c "$gaps" "$json")"
check_range "... is there" "$(jq -c "$gaps" "$dir/again" | jq -s ".[0][1]")" 1 1500
check "... where it was" "$(jq -r 'select(.type == "gap" or .remote_port == 5321) | .event // .type' "$dir/again" | paste -sd ' ')" \
	"gap open close"
check "... the account says the same" "$(jq 'select(.type == "meta") | .lost_events' "$dir/again")" \
	"$(jq 'select(.type == "meta") | .lost_events' "$json")"
from "$dir/gap.db" >"$dir/again"
check "... and so do people's lines" "$(grep -c 'missing here: the ring buffer was full' "$dir/again")" 1

# ---- where events were not asked for, or were beside a report ----

tracer_is() { # tracer_is VIEW OPTION...
	tracer_command=(nsenter "--net=/proc/self/fd/$live_outside" "$CONNSCOPE" "$@"
		--backend "$BACKEND" --netns "$(stat -Lc %i /proc/self/ns/net)")
}

none="not recorded (record --exchanges)"
tracer_is record "$dir/none.db"
trace_start
peer reuse --port 5330 --conns 2 --exchanges 3
trace_stop
from "$dir/none.db" --json >"$dir/again"
check "no events were recorded: connections are told" \
	"$(jq -r 'select(.event and .role == "client") | .event' "$dir/again" | sort | uniq -c | xargs)" "2 close 2 open"
check "... JSON says that others are not" "$(jq -r 'select(.type == "meta") | .reasons.events' "$dir/again")" "$none"
from "$dir/none.db" >"$dir/again"
check "... and text" "$(grep '^n/a exch' "$dir/again")" "n/a exchange, overflow, listen: $none"
tracer_is reuse --json --exchanges
trace_start --record "$dir/beside.db"
peer reuse --port 5331 --conns 2 --exchanges 3
trace_stop
from "$dir/beside.db" --json >"$dir/again"
check "--exchanges beside a report" "$(jq -r 'select(.event == "exchange" and .role == "client") | .number' "$dir/again" | xargs)" \
	"1 1 2 2 3 3"
check "... nothing is left out" "$(jq -r 'select(.type == "meta") | .reasons.events' "$dir/again")" null

# ---- bounds ----

tracer_is record "$dir/kept.db" --exchanges --keep 1s
trace_start
peer reuse --port 5332 --conns 20 --exchanges 5
gone() {
	[ "$(sqlite3 -readonly "$dir/kept.db" "SELECT dropped FROM recording" 2>/dev/null)" = 40 ]
}
wait_for gone
trace_stop
from "$dir/kept.db" --json >"$dir/again"
check "--keep: events leave with their connections" "$(jq -c 'select(.event)' "$dir/again")" ""
tracer_is record "$dir/bounded.db" --exchanges --max-size 1M
trace_start
for _ in 1 2 3 4; do
	peer reuse --port 5333 --conns 10 --exchanges 1000
	sleep 0.3
done
peer reuse --port 5334 --conns 1 --exchanges 5
trace_stop
check_range "--max-size: bytes" "$(stat -c %s "$dir/bounded.db")" 500000 1048576
from "$dir/bounded.db" --json >"$dir/again"
check "... the newest stay" \
	"$(jq -r 'select(.event == "exchange" and .remote_port == 5334) | .number' "$dir/again" | xargs)" "1 2 3 4 5"
plan
