#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Response times, idle gaps, and idle at close: what was received counts from its arrival.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
need sqlite3

pause=200
# near NAME GOT PAUSES: milliseconds. An emulated machine is late, but not early; sooner or later are only a
# delayed acknowledgement (40 ms) and, of a server, a tick.
near() {
	check_range "$1" "${2%.*}" $(($3 * pause - 50)) $(($3 * pause + (VM ? 20000 : 150)))
}

gaps() { # gaps SQL PORT ROLE: of the recording, client 1, server 2; in us
	sqlite3 -readonly "$dir/$2.db" "SELECT $1 FROM histogram JOIN pool ON pool = id WHERE port = $2 AND role = $3"
}

trace_start --record="$dir/6901.db"
peer times --port 6901 --exchanges 3 --pause $pause
trace_stop
expect "three exchanges" "upstream 6901" "[.opened, .exchanges]" "[1,3]"
expect "... the server's" "listener 6901" "[.accepted, .exchanges]" "[1,3]"
verify
if [ "$(values "upstream 6901" .response_us.max)" = null ]; then
	skip "response times and idle gaps" "no send hook on this kernel with this backend"
else
	near "response time" "$(values "upstream 6901" ".response_us.max / 1000 | floor")" 2
	near "idle gap" "$(values "upstream 6901" .idle_gap_ms.max)" 5
	near "... recorded" "$(gaps "max(idle_gap_max_us) / 1000" 6901 1)" 5
	near "... the server's" "$(gaps "max(idle_gap_max_us) / 1000" 6901 2)" 5
fi
near "idle at close" "$(values "close 6901 server" .idle_at_close_ms.local.max)" 5

# Short ones: a server's gap begins at its answer or at the tick before that, and never later; but ticks of an
# emulated machine come late.
count=100
trace_start --record="$dir/6902.db"
peer times --port 6902 --exchanges $count --pause 1
trace_stop
if [ "$(values "upstream 6902" .response_us.max)" = null ]; then
	skip "short idle gaps" "no send hook on this kernel with this backend"
else
	client=$(gaps "sum(idle_gap_sum_us)" 6902 1)
	check_range "short idle gaps of the server, us in all" "$(gaps "sum(idle_gap_sum_us)" 6902 2)" \
		$((client * (VM ? 50 : 97) / 100)) $((client + count * 10000))
fi
plan
