#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Flood: no connection is missed, and what a ring buffer that is too small loses is reported.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

count=20000
[ -z "$VM" ] || count=2000

sysctl -qw net.ipv4.ip_local_port_range="10000 65000"

# None is left: then there is room for just as many as the table takes.
trace_start --max-conns 240
peer flood --port 5501 --conns $count
talk_start hold --port 5500 --conns 120
hear "$talk_out" ready
trace_stop
talk_end "$talk_fd" "$talk_pid"
expect "clients: opened, closed, exchanges" "upstream 5501" \
	"[.opened, .closed, .open, .failed, .exchanges, .reused]" "[$count,$count,0,0,$count,0]"
expect "servers: accepted, exchanges" "listener 5501" "[.accepted, .exchanges, .open]" "[$count,$count,0]"
expect "clients closed first" "close 5501 client" "[.closed, .by.local_fin]" "[$count,$count]"
expect "servers saw it" "close 5501 server" "[.closed, .by.remote_fin]" "[$count,$count]"
expect "... then those that stay open" "upstream 5500" "[.opened, .open]" "[120,120]"
expect "nothing lost" meta "[.tracked, .lost_events, .map_full]" "[$((2 * count + 240)),0,0]"
verify

# Stopped, it cannot empty the ring buffer.
trace_start --ring-size 64 --role client --strict
kill -STOP "$tracer"
peer flood --port 5502 --conns $count
kill -CONT "$tracer"
trace_stop
mapfile -t counted < <(values "upstream 5502" .closed meta .lost_events)
check_range "small ring buffer: lost" "${counted[1]}" 1 $count
check "... lost + seen" $((counted[0] + counted[1])) $count
check "... --strict says so" "$trace_status" 4

# A full table: those in it stay exact, the others are counted and never half seen.
trace_start --max-conns 200 --strict
talk_start hold --port 5503 --conns 60
hear "$talk_out" ready
peer reuse --port 5504 --conns 200 --exchanges 2
echo x >&"$talk_fd"
hear "$talk_out" "done"
peer reuse --port 5505 --conns 20 --exchanges 2
trace_stop
talk_end "$talk_fd" "$talk_pid"
expect "full table: who is in it" "upstream 5503" "[.opened, .exchanges, .open, .closed]" "[60,60,60,0]"
expect "... who came later" "upstream 5504" "[.opened, .exchanges, .partial, .closed]" "[40,80,0,40]"
expect "... who came when there was room again" "upstream 5505" "[.opened, .exchanges, .closed]" "[20,40,20]"
expect "... their servers" "listener 5504" "[.accepted, .exchanges]" "[40,80]"
expect "... who is not" meta "[.tracked, .map_full, .lost_events]" "[240,320,0]"
verify
check "... --strict says so" "$trace_status" 4

# A table that is too large for the programs' own data is a map.
trace_start --max-conns 300000
peer flood --port 5507 --conns 400
trace_stop
expect "large table: clients" "upstream 5507" "[.opened, .closed, .exchanges]" "[400,400,400]"
expect "... servers" "listener 5507" "[.accepted, .exchanges]" "[400,400]"
expect "... all of them" meta "[.tracked, .map_full]" "[800,0]"
verify

# What the filters refuse takes no place in it.
trace_start --max-conns 40 --role client
peer reuse --port 5506 --conns 100 --exchanges 1
trace_stop
expect "full table, filtered" "upstream 5506" "[.opened, .exchanges]" "[40,40]"
expect "... who is not in it" meta "[.tracked, .map_full]" "[40,60]"
verify
plan
