#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Accept queues in their corners: who takes connections out, several queues, cookies, every way to
# be refused, and what becomes of those that nobody accepts.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
need nstat

overflows() {
	nstat -asz TcpExtListenOverflows | awk '$1 == "TcpExtListenOverflows" { print $2 }'
}

# queue PORT ARG...: a whole life of a listener; the change of the kernel's counter in ${refused[PORT]}.
declare -A refused
queue() {
	local port=$1 before

	shift
	before=$(overflows)
	talk_start queue --port "$port" "$@"
	hear "$talk_out" queued
	talk_end "$talk_fd" "$talk_pid"
	refused[$port]=$(($(overflows) - before))
}

# stand COMMAND PORT ARG...: a listener that stands until the report is taken.
standing=()
stand() {
	local command=$1 port=$2

	shift 2
	talk_start "$command" --port "$port" "$@"
	standing+=("$talk_fd $talk_pid")
	hear "$talk_out" queued
}

: <>/dev/net/tun || skip_all "no TUN devices"
sysctl -qw net.core.somaxconn=128
space_start
in_space sysctl -qw net.core.somaxconn=16
printf '#!/bin/sh\nexec nsenter --target %s --net "%s" "$@"\n' "$space" "$PEER" >"$dir/there"
chmod 755 "$dir/there"
here_netns=$(stat -Lc %i /proc/self/ns/net)
there_netns=$(in_space stat -Lc %i /proc/self/ns/net)

trace_start --netns "$there_netns"
queue 5951 --backlog -1 --clients 3
queue 5952 --backlog 0 --clients 3
sysctl -qw net.ipv4.tcp_syncookies=2
queue 5953 --backlog 4 --clients 6 --late 3
queue 5954 --backlog 4 --clients 3 --accept-after 0
sysctl -qw net.ipv4.tcp_syncookies=1
queue 5955 --backlog 4 --clients 0 --late 8
sysctl -qw net.ipv4.tcp_syncookies=0
queue 5956 --backlog 4 --clients 6 --late 3
sysctl -qw net.ipv4.tcp_abort_on_overflow=1
queue 5957 --backlog 4 --clients 6 --late 3
sysctl -qw net.ipv4.tcp_abort_on_overflow=0 net.ipv4.tcp_syncookies=1

here=$("$PEER" migrate --port 5961 --backlog 2 --clients 3) || bail "no queue"
sysctl -qw net.ipv4.tcp_migrate_req=1 2>/dev/null # 5.10 may have it, but does not migrate
there=$("$PEER" migrate --port 5962 --backlog 8 --clients 3) || bail "no queue"
peer reset --port 5963
peer reset --port 5964 --accept-after 0
uring=$("$PEER" uring --port 5965) || bail "no accept by io_uring"

before=$(overflows)
stand reuseport 5971 --backlog 4
refused[5971]=$(($(overflows) - before))
stand dual 5972
peer turned --port 5976
stand relisten 5973 --backlog 4 --clients 3 --conns 50
stand relisten 5974 --backlog 4 --clients 3 --conns 1
stand relisten 5975 --backlog 1000 --clients 1 --conns 1000
PEER=$dir/there stand relisten 5975 --backlog 1000 --clients 2 --conns 1000
trace_stop
for talk in "${standing[@]}"; do
	# shellcheck disable=SC2086 # two words
	talk_end $talk
done

backlog='[.backlog_asked, .limit, .clamped]'
queues='[.sockets, .limit, .depth, .depth_max, .queue_depths]'
drops='[.overflows, .syn_drops, .ack_drops]'
overflow=$(values meta .backends.overflow)

# expect_drops NAME PORT LATE: as many as the kernel has counted, LATE of them at the last ACK.
expect_drops() {
	local want="${refused[$2]},$((refused[$2] - $3)),$3"

	[ "$overflow" != '"off"' ] || want=null,null,null
	expect "$1" "listener $2" "$drops" "[$want]"
}

expect "listen(-1)" "listener 5951" "$backlog" "[-1,128,true]"
expect "... a queue of 3" "listener 5951" "[.depth_max, .accepted]" "[3,0]"
expect_drops "... nothing refused" 5951 0
expect "listen(0)" "listener 5952" "$backlog" "[0,0,false]"
expect "... has room for one" "listener 5952" "[.depth_max, .accepted]" "[1,0]"
expect_drops "... overflows" 5952 0
check_range "... the kernel's" "${refused[5952]}" 2 20
expect_drops "SYN cookies always: overflows" 5953 3
expect "... depth" "listener 5953" "[.depth_max, .accepted]" "[5,0]"
expect "SYN cookies always: accepted" "listener 5954" "[.depth_max, .accepted]" "[3,3]"
expect_drops "SYN cookies by overflow" 5955 3
expect "... depth" "listener 5955" "[.depth_max, .accepted]" "[5,0]"
expect_drops "no SYN cookies" 5956 3
expect_drops "abort_on_overflow" 5957 3

ends='[.closed, .by.local_fin, .by.local_rst, .by.remote_fin, .by.remote_rst, .causes.not_accepted]'
expect "clients gave up in the queue" "close 5951 server" "$ends" "[3,0,0,3,0,0]"
expect "... depth is remembered" "listener 5951" "$queues" "[0,128,0,3,[]]"
check "closed with a full queue" "$here" reset
expect "closed with a full queue, no migration: not accepted" "close 5961 server" "$ends" "[3,0,3,0,0,3]"
expect "... depth" "listener 5961" "$queues" "[0,2,0,3,[]]"
expect "... by the peer" "close 5961 client" "$ends" "[3,0,0,0,3,0]"
if [ "$there" = migrated ]; then
	expect "migration: accepted elsewhere" "listener 5962" "[.accepted, .exchanges]" "[3,3]"
	expect "... and closed" "close 5962 server" "$ends" "[3,3,0,0,0,0]"
else
	expect "this kernel does not migrate" "close 5962 server" "$ends" "[3,0,3,0,0,3]"
fi
expect "reset in the queue, never accepted" "close 5963 server" "$ends" "[1,0,0,0,1,0]"
expect "... " "listener 5963" "[.accepted, .depth_max]" "[0,1]"
expect "reset in the queue, then accepted" "close 5964 server" "$ends" "[1,0,0,0,1,0]"
expect "... " "listener 5964" "[.accepted, .depth_max, .accept_wait_us.p50 != null]" "[1,1,true]"
if [ "$uring" = refused ]; then
	skip "accept by io_uring" "this kernel refuses io_uring"
else
	waited=$([ "$(values meta .backends.accept)" = '"tracepoint"' ] && echo false || echo true)
	expect "accept by io_uring" "listener 5965" \
		"[.accepted, .exchanges, .comm, .accept_wait_us.p50 != null]" "[1,1,\"peer\",$waited]"
fi

expect "four sockets on one port are four queues" "listener 5971" "$queues" "[4,4,5,5,[5,2,1,0]]"
expect_drops "... overflows" 5971 0
check "... the kernel's" "${refused[5971]}" 2
expect "one queue for both families" "listener 5972" "$queues" "[1,128,2,2,[2]]"
expect "... address" "listener 5972" "[.addr, .open]" '["::",2]'
expect "a second listen(2)" "listener 5973" "$backlog + $queues" "[50,50,false,1,50,3,3,[3]]"
expect "... for less than there is" "listener 5974" "$backlog + $queues" "[1,1,false,1,1,3,3,[3]]"
expect "a socket whose connect was refused" "listener 5976" "[.sockets, .accepted, .exchanges]" "[0,1,1]"
expect "nothing lost" meta "[.partial, .lost_events, .map_full]" "[0,0,0]"
verify
for row in "$here_netns 128 1" "$there_netns 16 2"; do
	read -r netns limit depth <<<"$row"
	check "somaxconn $limit of a namespace" "$(jq -c "select(.port == 5975 and .type == \"listener\" and .netns == $netns)
		| $backlog + [.somaxconn] + $queues" "$json")" "[1000,$limit,true,$limit,1,$limit,$depth,$depth,[$depth]]"
done

# Sixty processes that were in accept(2) before the tracer came: each takes one connection.
talk_start blocked --port 5981 --backlog 100 --clients 60
hear "$talk_out" queued
trace_start --by endpoint,pid
talk_end "$talk_fd" "$talk_pid"
trace_stop
check "blocked in accept before tracing: 60 owners, one connection each" \
	"$(jq -c 'select(.type == "listener" and .port == 5981 and .accepted > 0) | [.accepted, .comm, .accept_wait_us.max != null]' "$json" |
		sort | uniq -c | xargs)" "60 [1,peer,true]"
expect "... and none without" meta "[.tracked, .partial, .no_owner, .lost_events]" "[120,0,0,0]"
verify
plan
