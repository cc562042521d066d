#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx before Node, which closes idle connections before nginx does: the keep-alive race, the same
# before it has hit anybody, and both timeouts the right way round.
. "$(dirname "$0")/lib.sh"
need nginx node python3
conns=10

# start NODE-MS PROXY-MS: with these timeouts of idle connections.
start() {
	serve node 9001 node "$here/server.js" 9000 "$1"
	proxy "keepalive 32; keepalive_timeout ${2}ms;" "$keep"
}

# resets: how many the proxy's log has.
resets() {
	grep -cE 'Connection reset by peer|prematurely closed' "$dir/proxy.log"
}

# What Node makes of what it is told depends on its version.
told=$((VM ? 4000 : 1000))
margin=$((VM ? 800 : 300)) # more than a round of requests takes
serve node 9001 node "$here/server.js" 9000 $told
idle=$(python3 "$here/idle.py" 9000)
servers_end
check_range "Node's idle timeout, told $told ms" "$idle" $((told - 10)) $((told + (VM ? 3000 : 1200)))
near="> $idle * 0.9 and . < $idle + $margin" # measured from the last byte, which each side sees at its time

# Reused and closed by Node, twice, and requests that come while Node, busy, lets the timeout pass: it closes
# what it has not read.
start $told 60000
diagnose "requests meet the close" "race-seen 9000 client" \
	pulse 8080 $conns $((idle / 2)) $((idle + 500)) $((idle / 2)) $((idle + 500)) \
	$((idle - margin)):$((margin + 500))
resets=$(resets)
check_range "resets that nginx logged" "$resets" $((conns / 2)) $((2 * conns))
check "its clients got a 502 each" "$answers" "200:$((conns * 6 - resets)) 502:$resets"
expect "races as nginx logged" "close 9000 client" "[.raced, .in_flight, .by.remote_rst]" "[$resets,$resets,$resets]"
expect "the others closed by Node at its timeout" "close 9000 client" \
	"[(.by.remote_fin == .closed - $resets), .by.remote_fin > 0, (.idle_at_close_ms.remote.max | . $near)]" "[true,true,true]"
expect "answers as its clients got" "upstream 9000" "[.exchanges, (.idle_gap_ms.max < $idle)]" "[$((conns * 6 - resets)),true]"
expect "the server's end says unread data" "close 9000 server" "[.causes.unread_data, .raced]" "[$resets,0]"
verify
proven race-seen client "[.raced, (.remote_timeout_ms | . $near),
	(.longest_reused_gap_ms | . > $idle - $margin - 50 and . < $idle)]" "[$resets,true,true]"
advised race-seen client keepalive_timeout

# Node's end is of this host, too.
both="race-ahead 9000 client, race-ahead 9000 server"
start $told 60000
diagnose "nobody has met it yet" "$both" pulse 8080 $conns $((idle + 500)) $((idle - margin)) $((idle + 500))
check "no resets, no 502" "$(resets) $answers" "0 200:$((conns * 4))"
expect "closed by Node at its timeout, no race" "close 9000 client" "[(.closed >= 10), .closed - .by.remote_fin, .raced]" \
	"[true,0,0]"
verify
proven race-ahead client "[(.remote_timeout_closes >= 10), (.remote_timeout_ms | . $near),
	(.longest_reused_gap_ms | . > $idle - $margin - 50 and . < $idle)]" "[true,true,true]"
advised race-ahead client keepalive_timeout
advised race-ahead server server.keepAliveTimeout

start 60000 $told
diagnose "the proxy closes first" "" \
	pulse 8080 $conns $((told + 500)) $((told / 2)) $((told - margin)):$((margin + 500)) $((told + 500))
check "no resets, no 502" "$(resets) $answers" "0 200:$((conns * 5))"
expect "closed by nginx at its timeout, no race" "close 9000 client" \
	"[.closed - .by.local_fin, .raced, (.idle_at_close_ms.local.p50 | . > $told * 0.9 and . < $told + $margin)]" "[0,0,true]"
verify
plan
