#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many endpoints: each has a row, its exchanges and its times, beyond the first 1,024 as well; those that
# --max-endpoints leaves no room for are one row together, and counted.
. "$(dirname "$0")/lib.sh"

endpoints=1200
spread() {
	ulimit -n 4096
	peer spread --addr 0.0.0.0 --port "$1" --conns $endpoints --exchanges 3
}

rows() { # rows PORT JQ: of its upstreams, all at once
	jq -nc "[inputs | select(.type == \"upstream\" and .port == $1)] | $2" "$json"
}

trace_start --max-endpoints 3000
spread 6951
trace_stop
each="[.opened, .closed, .exchanges, .reused, .open_peak]"
check "a row for each endpoint" "$(rows 6951 length)" $endpoints
check "... with what it carried" "$(rows 6951 "map($each) | unique")" "[[1,1,3,2,1]]"
if [ "$(rows 6951 ".[0].response_us.max")" = null ]; then
	skip "... and its times" "no send hook on this kernel with this backend"
else
	check "... and its times" "$(rows 6951 "map(select(.response_us.max and .idle_gap_ms.max)) | length")" \
		$endpoints
fi
expect "their listener" "listener 6951" "[.accepted, .exchanges]" "[$endpoints,$((3 * endpoints))]"
expect "nothing folded" meta "[.tracked, .no_histograms, .folded, .map_full]" "[$((2 * endpoints)),0,0,0]"
verify

trace_start --max-endpoints 16
spread 6952
trace_stop
left=$((endpoints - 15)) # the listener is one of 16
check "a row for each that fits" "$(rows 6952 "length, (map($each) | unique)" | paste -sd " ")" "15 [[1,1,3,2,1]]"
check "one for the others" "$(jq -c "select(.type == \"upstream\" and .name == \"other\")
	| [.opened, .closed, .exchanges, .reused, .response_us.max]" "$json")" \
	"[$left,$left,$((3 * left)),$((2 * left)),null]"
expect "... which the account has" meta "[.tracked, .no_histograms, .folded, .map_full]" \
	"[$((2 * endpoints)),$left,$left,0]"
verify
plan
