#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recordings that others made up: whatever is in one, a report ends soon and stays text.
. "$(dirname "$0")/../live/lib.sh"
need sqlite3
MAKE_RECORDING=${MAKE_RECORDING:-$top/.output/tests/make_recording}
[ -x "$MAKE_RECORDING" ] || bail "no maker of recordings: $MAKE_RECORDING"
"$MAKE_RECORDING" "$dir/base.db" || bail "cannot make a recording"

# What no output may have: control characters, numbers below zero that went around, what sanitizers say.
unwanted() {
	tr -cd '\000-\011\013-\037' | od -An -tx1
	grep -aoE '1844674407[0-9]{10}|runtime error.*|ERROR: [A-Za-z]*Sanitizer.*' "$dir/out"
}

# hostile NAME STATUS SQL: SQL makes of a good recording the one that is reported.
hostile() {
	local said="" view

	rm -f "$dir/x.db"
	cp "$dir/base.db" "$dir/x.db"
	sqlite3 "$dir/x.db" "$3" || bail "SQL of $1"
	for view in all conns trace doctor "doctor --csv" "all --json" "all --since -50s" "all --until -50s --csv"; do
		# shellcheck disable=SC2086
		timeout -k 1 5 "$CONNSCOPE" $view --from "$dir/x.db" >"$dir/out" 2>&1
		said+="$? $(unwanted <"$dir/out") "
	done
	check "$1" "$(tr -s ' \n' ' ' <<<"$said")" "$(printf "$2 %.0s" {1..8})"
}

hostile "as it was made" 0 ""
hostile "a view that never ends" 1 "DROP TABLE feature; CREATE VIEW feature AS WITH RECURSIVE c(x) AS
	(SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS feature, x AS mechanism, x AS hook, x AS reason FROM c"

escapes="char(27) || '[31m' || char(7, 10, 13, 127, 155)"
hostile "escapes in the account" 0 "UPDATE recording SET backend = $escapes, kernel = $escapes, host = $escapes"
hostile "escapes in reasons" 0 "UPDATE feature SET mechanism = 'off', hook = $escapes, reason = $escapes"
hostile "escapes in names" 0 "UPDATE conn SET comm = $escapes, cgroup = 7; UPDATE endpoint SET name = $escapes;
	UPDATE listener SET comm = $escapes, cgroup = 7; INSERT INTO container VALUES (7, $escapes)"
hostile "drops that go down" 0 "UPDATE listener SET syn_drops = 0, ack_drops = 0; UPDATE listener_sample SET
	(syn_drops, ack_drops) = (SELECT 99 * (ns <= synced_ns - 50000000000), 99 * (ns <= synced_ns - 50000000000) FROM recording)"
hostile "no endpoints" 0 "DELETE FROM endpoint"
hostile "no pools" 0 "DELETE FROM pool"
hostile "ready before it opened" 1 "UPDATE conn SET ready_ns = -1"
hostile "bytes below zero" 1 "UPDATE conn SET sent_bytes = -1"
hostile "later than any time" 1 "UPDATE recording SET synced_ms = 253402300800000"
hostile "later than any clock" 1 "UPDATE recording SET synced_ms = 9223372036854775807"
hostile "before all time" 1 "UPDATE recording SET synced_ms = -1"
hostile "a clock before its start" 1 "UPDATE recording SET started_ns = -1"
hostile "over before it began" 1 "UPDATE recording SET synced_ns = started_ns - 1"
hostile "losses below zero" 1 "UPDATE recording SET lost_conns = -1"
hostile "connections of the future" 0 "UPDATE conn SET id = id + (1 << 60)"

cp "$dir/base.db" "$dir/large.db"
sqlite3 "$dir/large.db" "WITH RECURSIVE c(x) AS (SELECT 5000000000001 UNION ALL SELECT x + 1 FROM c LIMIT 3000000)
	INSERT OR IGNORE INTO listener_depth SELECT x, 1, 1 FROM c"
"$CONNSCOPE" reuse --from "$dir/large.db" >"$dir/out" 2>&1 &
reader=$!
has_read_for_a_while() {
	[ "$(awk '{ print $14 }' "/proc/$reader/stat")" -ge 20 ] || ended "$reader" # of user space, 10 ms each
}
wait_for has_read_for_a_while
kill "$reader"
wait "$reader"
check "one signal ends the reading of a large one" "$? $(cat "$dir/out")" "1 connscope: reading $dir/large.db was interrupted"
rm "$dir/large.db"
plan
