#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Accept queue: depth, limit, waits and overflows, against ss and the kernel's own counters.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
need ss nstat

overflows() {
	nstat -asz TcpExtListenOverflows | awk '$1 == "TcpExtListenOverflows" { print $2 }'
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

sysctl -qw net.core.somaxconn=128

trace_start
queue --port 5301 --backlog 4 --clients 9
full=$change
queue --port 5302 --backlog 4 --clients 6 --late 3
late=$change
queue --port 5303 --backlog 100000 --clients 5 --accept-after 300
trace_stop

check_range "listen(4), 9 clients: the kernel counted overflows" "$full" 4 40
expect "... the queue holds 5" "listener 5301" \
	"[.backlog_asked, .limit, .clamped, .depth_max, .accepted]" "[4,4,false,5,0]"
expect "... 5 clients connected, 4 gave up" "upstream 5301" \
	"[.opened, .failed, .fail_reasons.cancelled]" "[5,4,4]"
expect "... its end resets nobody twice" "close 5301 client" "[.closed, .by.local_fin]" "[5,5]"
drops='[.overflows, .syn_drops, .ack_drops]'
if [ "$(values meta .backends.overflow)" = '"off"' ]; then
	expect "overflows are not to be had, and so not zero" "listener 5301" "$drops" "[null,null,null]"
else
	expect "... overflows" "listener 5301" "$drops" "[$full,$full,0]"
	expect "late final ACKs: overflows" "listener 5302" "$drops" "[$late,$((late - 3)),3]"
	expect "listen(100000): no overflows" "listener 5303" "$drops" "[0,0,0]"
fi
expect "listen(100000): clamped to somaxconn" "listener 5303" \
	"[.backlog_asked, .limit, .somaxconn, .clamped]" "[100000,128,128,true]"
expect "... all accepted" "listener 5303" "[.depth_max, .accepted]" "[5,5]"
expect "... accept wait" "listener 5303" ".accept_wait_us.p50 >= 250000" true
verify
check_range "... at most" "$(values "listener 5303" .accept_wait_us.max)" 300000 $((VM ? 9000000 : 400000))

trace_start
before=$(overflows)
talk_start queue --port 5304 --backlog 4 --clients 9
hear "$talk_out" queued
queued=$(overflows)
trace_stop
after=$(overflows)
read -r depth limit < <(ss -Hltn 'sport = :5304' | awk '{ print $2, $3 }')
expect "while it stands: as ss says" "listener 5304" "[.depth, .limit]" "[$depth,$limit]"
expect "... and as it is" "listener 5304" "[.depth, .limit, .depth_max]" "[5,4,5]"
expect "... clients" "upstream 5304" "[.opened, .open]" "[5,5]"
verify
seen=$(values "listener 5304" .overflows)
[ "$seen" = null ] || check_range "... overflows" "$seen" $((queued - before)) $((after - before))
talk_end "$talk_fd" "$talk_pid"
plan
