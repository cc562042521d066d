#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the tracer takes of a CPU to start, beside an idle command and beside a busy one, how often it wakes up, and
# how soon after its command it ends. Bounds are several times what a quiet machine shows: others may be busy here.
# shellcheck disable=SC2119
. "$(dirname "$0")/../live/lib.sh"

count=20000

cpu_us() {
	echo $(($(cut -d' ' -f1 "/proc/$tracer/schedstat") / 1000))
}

wakeups() {
	awk '/^voluntary_ctxt/ { print $2 }' "/proc/$tracer/status"
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# between COMMAND...: what happens while it runs: $passed_ms, $spent_us and $woken.
between() {
	local since cpu wake

	since=$(now_ms) cpu=$(cpu_us) wake=$(wakeups)
	"$@"
	passed_ms=$(($(now_ms) - since)) spent_us=$(($(cpu_us) - cpu)) woken=$(($(wakeups) - wake))
}

sysctl -qw net.ipv4.ip_local_port_range="10000 65000"
trace_start
check_range "from exec to tracing, ms of CPU" $(($(cpu_us) / 1000)) 1 1000
between sleep 4
check_range "idle: parts in 100,000 of a CPU" $((spent_us * 100 / passed_ms)) 0 1000
check_range "idle: wake-ups a second" $((woken * 1000 / passed_ms)) 1 20
between peer flood --port 5981 --conns $count
check_range "busy: wake-ups a second" $((woken * 1000 / passed_ms)) 1 20
before=$(now_ms)
trace_stop
check_range "from the command's end to ours, ms" $(($(now_ms) - before)) 0 400
expect "busy: all were seen" "upstream 5981" "[.opened, .exchanges]" "[$count,$count]"
expect "busy: nothing was lost" meta .lost_events 0
verify

# Two ends of 200 bytes each. A wake-up for each half of the ring, ten a second anyway, and half as many more.
ring_kib=128
trace_start --ring-size $ring_kib
between peer flood --port 5982 --conns $count
trace_stop
check_range "a small ring: wake-ups" $woken 1 $(((count * 2 * 200 / (ring_kib * 1024 / 2) + passed_ms / 100) * 3 / 2))
plan
