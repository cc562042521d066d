#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# trace: every event once, with what belongs to it, while it happens; and what is missing, where.
# shellcheck disable=SC2119
view=trace
. "$(dirname "$0")/lib.sh"

# told PORT ROLE EVENT FIELDS: of that connection or listener, in order, one line.
told() {
	jq -c "select(.type == \"event\" and .role == \"$2\" and .event == \"$3\"
		and (if .role == \"client\" then .remote_port else .local_port end) == $1) | $4" "$json" |
		paste -sd ' '
}

# told_so_far TEXT...: as told, while the tracer may be within a line.
told_so_far() {
	jq -c "select(.type == \"event\")" "$json" >"$dir/lines" 2>/dev/null
	json=$dir/lines told "${@:1:4}" | grep -qF "$5"
}

names() { # names PORT ROLE: its events
	jq -r "select(.type == \"event\" and .role == \"$2\"
		and (if .role == \"client\" then .remote_port else .local_port end) == $1) | .event" "$json" |
		paste -sd ' '
}

meta() {
	jq -c "select(.type == \"meta\") | $1" "$json"
}

order() { # order LINE: and that it is done
	orders=$((orders + 1))
	echo "$1" >&"$talk_fd"
	hear "$talk_out" '^done' $orders
}

hold_start() { # hold_start PORT
	orders=0
	talk_start hold --port "$1"
	hear "$talk_out" ready
}

overflows() {
	nstat -asz TcpExtListenOverflows | awk '$1 == "TcpExtListenOverflows" { print $2 }'
}

need nstat
sysctl -qw net.core.somaxconn=128
exchange='[.number, .request_bytes, .response_bytes, .continued]'
timed='[.response_us != null, .idle_gap_ms != null]'
: <>/dev/net/tun || skip_all "no TUN devices"

# Stopped, it cannot empty the ring buffer.
count=500
trace_start --ring-size 64 --role client --strict
kill -STOP "$tracer"
peer flood --port 6110 --conns $count
kill -CONT "$tracer"
talk_start hold --port 6111
hear "$talk_out" ready
talk_end "$talk_fd" "$talk_pid"
trace_stop
lines=$(jq -nc '[inputs | select(.type == "event" and .remote_port == 6110)] | length' "$json")
missing=$(jq -nc '[inputs | select(.type == "gap") | .missing] | add' "$json")
check_range "small ring buffer: missing" "$missing" 1 $((3 * count))
check "... and told is what happened" "$((lines + missing))" $((3 * count))
check "... the account says the same" "$(meta .lost_events)" "$missing"
# There may be a second one, of what ends while the tracer catches up.
check "... the gap is told where it is" \
	"$(jq -r 'select(.type == "gap" or .remote_port == 6111) | .event // .type' "$json" | uniq | paste -sd ' ')" \
	"gap open close"
check "... --strict says so" "$trace_status" 4
send=$(meta .backends.send)

hold_start 6101 # before tracing
partial_orders=$orders partial_out=$talk_out partial_fd=$talk_fd partial_pid=$talk_pid
trace_start
orders=$partial_orders
order x

hold_start 6102
order x
wait_for told_so_far 6102 client exchange .number 1 || bail "no exchange is told while it is quiet"
[ "$send" = '"inferred"' ] || wait_for told_so_far 6102 server exchange .number 1 || bail "... of the server"
quiet=$(json=$dir/lines told 6102 client exchange "$exchange")
order m
order x
order x
talk_end "$talk_fd" "$talk_pid"
talk_end "$partial_fd" "$partial_pid"

(exec 3<>/dev/tcp/127.0.0.1/6103) 2>/dev/null

before=$(overflows)
talk_start queue --port 6104 --backlog 4 --clients 6 --late 3 --accept-after 1
hear "$talk_out" queued
talk_end "$talk_fd" "$talk_pid"
change=$(($(overflows) - before))

talk_start relisten --port 6105 --backlog 8 --conns 100000 --clients 1
hear "$talk_out" queued
talk_end "$talk_fd" "$talk_pid"

peer close --conns 4 >/dev/null <<-END
	fin-in-flight client 4 6106
	write-after-fin client 4 6107
	data-after-ack server 4 6108
END
trace_stop

check "an exchange is told while it is quiet" "$quiet" "[1,100,200,false]"
check "three exchanges on one connection, one goes on: client" \
	"$(names 6102 client)" "open exchange exchange exchange exchange close"
check "... what each carried" "$(told 6102 client exchange "$exchange")" \
	"[1,100,200,false] [1,100,400,true] [2,100,200,false] [3,100,200,false]"
check "... the whole of it" "$(told 6102 client open '[.comm, .connect_us != null]')" '["peer-client",true]'
check "... its end" "$(told 6102 client close '[.initiator, .exchanges, .in_flight, .raced]')" \
	'["local-fin",3,false,false]'
if [ "$send" = '"inferred"' ]; then
	check "... no times" "$(told 6102 client exchange "$timed" | tr ' ' '\n' | sort -u)" "[false,false]"
	check "server: told at the next request" "$(told 6102 server exchange "$exchange")" \
		"[1,100,400,false] [2,100,200,false] [3,100,200,false]"
else
	check "... times" "$(told 6102 client exchange "$timed")" \
		"[true,false] [true,false] [true,true] [true,true]"
	check "server" "$(told 6102 server exchange "$exchange")" \
		"[1,100,200,false] [1,100,400,true] [2,100,200,false] [3,100,200,false]"
	check "... times" "$(told 6102 server exchange "$timed")" \
		"[true,false] [true,false] [true,true] [true,true]"
fi
check "... accepted" "$(told 6102 server accept '[.comm, .depth, .limit, .partial]')" '["peer-server",1,128,false]'
check "... its end" "$(told 6102 server close '[.initiator, .exchanges]')" '["remote-fin",3]'
check "open before tracing: numbered since" \
	"$(told 6101 client exchange '[.number, .partial, .opened_ts]')" "[1,true,null]"
check "... no opening" "$(names 6101 client)" "exchange close"
check "a port where nobody listens" "$(told 6103 client fail '[.fail_reason, .connect_us != null]')" \
	'["refused",true]'

check "listen(4)" "$(told 6104 server listen '[.backlog_asked, .limit]')" "[4,4]"
check "accepted, in order of depth" "$(told 6104 server accept '[.depth, .accept_wait_us != null]')" \
	"[1,true] [2,true] [3,true] [4,true] [5,true]"
refused='[inputs | select(.event == "overflow" and .local_port == 6104 and .refused == $kind) | .refused_count] | add'
syns=$(jq -nc --arg kind syn "$refused" "$json")
acks=$(jq -nc --arg kind final-ack "$refused" "$json")
if [ "$(meta .backends.overflow)" = '"off"' ]; then
	check "no overflows are told" "$syns $acks" "null null"
else
	check "overflows: SYNs, final ACKs" "$syns $acks" "$((change - 3)) 3"
fi
check "listen(2) twice, the second clamped" "$(told 6105 server listen '[.backlog_asked, .limit]')" \
	"[8,8] [100000,128]"

race='[.initiator, .cause, .in_flight, .raced, .amended]'
check "a request and the peer's FIN cross" "$(told 6106 client close "$race")" \
	'["remote-fin",null,true,true,false]'
check "... it is no exchange" "$(told 6106 client exchange "$exchange")" "[1,100,200,false]"
check "written after the peer's FIN" "$(told 6107 client close "$race")" '["remote-fin",null,false,true,false]'
late='["local-fin",null,false,false,false] ["local-fin","after-fin-data",false,true,true]'
[ "$(meta .reasons.race)" = null ] || late=${late%% *}
check "payload meets TIME_WAIT: told later" "$(told 6108 server close "$race")" "$late"
check "nothing lost" "$(meta '[.lost_events, .map_full]')" "[0,0]"
check "... and no gap" "$(jq -c 'select(.type == "gap")' "$json")" ""

plan
