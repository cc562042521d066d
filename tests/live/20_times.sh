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

longest_gap() { # longest_gap ROLE: of the recording, client 1, server 2; in ms
	sqlite3 -readonly "$dir/times.db" "SELECT max(idle_gap_max_us) / 1000
		FROM histogram JOIN pool ON pool = id WHERE port = 6901 AND role = $1"
}

trace_start --record="$dir/times.db"
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
	near "... recorded" "$(longest_gap 1)" 5
	near "... the server's" "$(longest_gap 2)" 5
fi
near "idle at close" "$(values "close 6901 server" .idle_at_close_ms.local.max)" 5
plan
