#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Load on every CPU: the runs of our programs that the kernel left out are in the account, as the
# kernel counts them, and with none left out every count is exact.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

count=10000
[ -z "$VM" ] || count=500

# What the kernel says of each program of the tracer; kernels before 5.12 say nothing.
kernel_missed() {
	cat "/proc/$tracer"/fdinfo/* 2>/dev/null |
		awk '/^recursion_misses:/ { sum += $2; known = 1 } END { print known ? sum : "null" }'
}

sysctl -qw net.ipv4.ip_local_port_range="10000 65000"
trace_start
pids=()
for ((cpu = 0; cpu < $(nproc); cpu++)); do
	"$PEER" flood --port $((5801 + cpu)) --conns $count &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || bail "a peer failed"
done
missed=$(kernel_missed)
trace_stop
check "runs missed: $missed, in the account" "$(values meta .missed_runs)" "$missed"
for ((cpu = 0; cpu < $(nproc); cpu++)); do
	port=$((5801 + cpu))
	expect "load $cpu: clients" "upstream $port" \
		"[.opened, .closed, .open, .failed, .exchanges, .reused]" "[$count,$count,0,0,$count,0]"
	expect "... servers" "listener $port" "[.accepted, .exchanges, .open]" "[$count,$count,0]"
	expect "... closed by clients" "close $port client" "[.closed, .by.local_fin, .time_wait]" \
		"[$count,$count,$count]"
	expect "... and not by servers" "close $port server" "[.closed, .by.remote_fin, .raced, .in_flight]" \
		"[$count,$count,0,0]"
done
expect "nothing lost" meta "[.tracked, .lost_events, .map_full]" "[$((2 * $(nproc) * count)),0,0]"
verify
plan
