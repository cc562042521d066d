#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Accept queue: depth, limit, waits and overflows, against ss and the kernel's own counters.
. "$(dirname "$0")/lib.sh"
need ss nstat

overflows() {
	"${inside[@]}" nstat -asz TcpExtListenOverflows | awk '$1 == "TcpExtListenOverflows" { print $2 }'
}

# queue ARG...: a whole life of a listener; the change of the kernel's counter in $change.
queue() {
	local before

	before=$(overflows)
	talk_start queue "$@"
	hear "$talk_out" queued
	talk_end "$talk_fd" "$talk_pid"
	change=$(($(overflows) - before))
}

"${inside[@]}" sysctl -qw net.core.somaxconn=128

trace_start
queue --port 5301 --backlog 4 --clients 9
full=$change
queue --port 5302 --backlog 4 --clients 6 --late 3
late=$change
queue --port 5303 --backlog 100000 --clients 5 --accept-after 300
trace_stop

check "listen(4), 9 clients: the queue holds 5" "$(listener 5301 '[.backlog_asked, .limit, .clamped, .depth_max, .accepted]')" \
	"[4,4,false,5,0]"
check_range "... the kernel counted overflows" "$full" 4 40
check "... so did we" "$(listener 5301 .overflows)" "$full"
check "... clients: 5 connected, 4 gave up" "$(upstream 5301 '[.opened, .failed, .fail_reasons.cancelled]')" "[5,4,4]"
check "late final ACKs: overflows" "$(listener 5302 .overflows)" "$late"
if [ "$(listener 5302 .syn_drops)" = null ]; then
	check "... kinds not told apart" "$(listener 5301 '[.syn_drops, .ack_drops]')" "[null,null]"
else
	check "listen(4), 9 clients: all of them SYNs" "$(listener 5301 '[.syn_drops, .ack_drops]')" "[$full,0]"
	check "late final ACKs: SYNs and ACKs apart" "$(listener 5302 '[.syn_drops, .ack_drops]')" "[$((late - 3)),3]"
fi
check "listen(100000): clamped to somaxconn" \
	"$(listener 5303 '[.backlog_asked, .limit, .somaxconn, .clamped]')" "[100000,128,128,true]"
check "... no overflow" "$(listener 5303 '[.overflows, .depth_max, .accepted]')" "[0,5,5]"
check_range "... accept wait" "$(listener 5303 .accept_wait_us.max)" 300000 "${VM:+2}400000"
check "... for all of them" "$(listener 5303 '.accept_wait_us.p50 >= 250000')" true

trace_start
before=$(overflows)
talk_start queue --port 5304 --backlog 4 --clients 9
hear "$talk_out" queued
queued=$(overflows)
trace_stop
after=$(overflows)
read -r depth limit < <("${inside[@]}" ss -Hltn 'sport = :5304' | awk '{ print $2, $3 }')
check "while it stands: as ss says" "$(listener 5304 '[.depth, .limit]')" "[$depth,$limit]"
check "... and as it is" "$(listener 5304 '[.depth, .limit, .depth_max]')" "[5,4,5]"
check_range "... overflows" "$(listener 5304 .overflows)" $((queued - before)) $((after - before))
check "... clients" "$(upstream 5304 '[.opened, .open]')" "[5,5]"
talk_end "$talk_fd" "$talk_pid"
plan
