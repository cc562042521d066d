#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Flood: no connection is missed, and what a ring buffer that is too small loses is reported.
# shellcheck disable=SC2317 # wait_for calls functions
. "$(dirname "$0")/lib.sh"
need bpftool

count=20000
[ -z "$VM" ] || count=2000

# The tracer's own map, found by its descriptors: others may be tracing too.
conns_map() {
	local id

	sed -n 's/^map_id:\t//p' "/proc/$tracer"/fdinfo/* | sort -u | while read -r id; do
		bpftool -j map show id "$id" | jq 'select(.name == "conns") | .id'
	done
}

entries() {
	bpftool -j map dump id "$1" | jq length
}

is_empty() {
	[ "$(entries "$1")" = 0 ]
}

"${inside[@]}" sysctl -qw net.ipv4.ip_local_port_range="10000 65000"

trace_start
peer flood --port 5501 --conns $count
map=$(conns_map)
check "the connection map is found" "${map:+yes}" yes
wait_for is_empty "$map"
check "it is empty again" "$(entries "$map")" 0
trace_stop
check "clients: opened, closed, exchanges" \
	"$(upstream 5501 '[.opened, .closed, .open, .failed, .exchanges, .reused]')" \
	"[$count,$count,0,0,$count,0]"
check "servers: accepted, exchanges" "$(listener 5501 '[.accepted, .exchanges, .open]')" "[$count,$count,0]"
check "clients closed first" "$(closes 5501 client '[.closed, .by.local_fin]')" "[$count,$count]"
check "servers saw it" "$(closes 5501 server '[.closed, .by.remote_fin]')" "[$count,$count]"
check "nothing lost" "$(meta '[.tracked, .lost_events, .map_full]')" "[$((2 * count)),0,0]"

trace_options=(--ring-size 64 --role client --strict)
trace_start
kill -STOP "$tracer"
peer flood --port 5502 --conns $count
kill -CONT "$tracer"
trace_stop
seen=$(upstream 5502 .closed)
lost=$(meta .lost_events)
check_range "small ring buffer, tracer stopped: lost" "$lost" 1 $count
check "... lost + seen" $((seen + lost)) $count
check "... --strict says so" "$trace_status" 4
plan
