#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the views show of one load: CSV against JSON, histograms, depth over time, chosen connections.
# shellcheck disable=SC2119
. "$(dirname "$0")/../live/lib.sh"
need python3

# beside VIEW OPTION... -- COMMAND...: one more tracer, while COMMAND runs in this namespace.
beside() {
	local view=$1 options=()

	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	nsenter "--net=/proc/self/fd/$live_outside" "$CONNSCOPE" "$view" --backend "$BACKEND" \
		--netns "$(stat -Lc %i /proc/self/ns/net)" "${options[@]}" \
		-- nsenter "--net=/proc/$$/ns/net" "${@:2}" || bail "connscope $view failed"
}

# same CSV JSON: how many records are the same, field by field, but for what a clock says.
same() {
	python3 - "$1" "$2" <<-'END'
	import csv, json, re, sys

	def flat(value, prefix=""):
	    for key, inner in value.items():
	        if isinstance(inner, dict):
	            yield from flat(inner, prefix + key + ".")
	        else:
	            yield prefix + key, inner

	def text(value):
	    if value is None:
	        return ""
	    if isinstance(value, list):
	        return json.dumps(value, separators=(",", ":"))
	    if isinstance(value, bool):
	        return str(value).lower()
	    return "%.4f" % value if isinstance(value, float) else str(value)

	clock = re.compile(r"(^|_)(ts|us|ms)(_|\.|$)|missed_runs|depth_series")
	header, ours, theirs = None, [], []
	for line in csv.reader(open(sys.argv[1], newline="")):
	    if not line:
	        header = None
	    elif not header:
	        header = line
	    else:
	        assert len(line) == len(header), line
	        ours.append({k: v for k, v in zip(header, line) if not clock.search(k)})
	for line in open(sys.argv[2]):
	    record = {k: text(v) for k, v in flat(json.loads(line)) if not clock.search(k)}
	    theirs.append(record)
	for row in ours:
	    for key in [k for k in row if k.startswith("reasons.") and not row[k]]:
	        del row[key] # JSON has the reasons that there are
	order = lambda rows: sorted(rows, key=lambda r: sorted(r.items()))
	for a, b in zip(order(ours), order(theirs)):
	    if a != b:
	        print(set(a.items()) ^ set(b.items()))
	print(len(ours), len(theirs), order(ours) == order(theirs))
	END
}

load() {
	"$PEER" reuse --port 7101 --conns 5 --exchanges 4 && "$PEER" reuse --port 7102 --conns 3 --exchanges 0
}
export -f load
export PEER

trace_start --hist
beside all --csv --hist -- bash -c load >"$dir/rows.csv"
trace_stop
check "CSV is what JSON is, field by field" "$(same "$dir/rows.csv" "$json")" "9 9 True"
expect "histogram of exchanges per connection" "upstream 7101" \
	"[(.exchanges_per_conn_hist | add), .exchanges_per_conn_hist[4]]" "[5,5]"
expect "... of connects" "upstream 7101" "(.connect_us_hist | add) == .opened" true
expect "... of depths" "listener 7101" "(.depth_hist | add)" 5
expect "... of ends" "close 7101 client" "[.by.local_fin, (.idle_at_close_us_hist.local | add)]" "[5,5]"
if [ "$(values "upstream 7101" ".response_us_hist")" = null ]; then
	skip "... of responses and gaps" "not measured here"
else
	expect "... of responses" "upstream 7101" "[.exchanges, (.response_us_hist | add)]" "[20,20]"
	expect "... of gaps" "upstream 7101" "[.reused, (.idle_gap_us_hist | add)]" "[15,15]"
fi
verify

beside reuse --csv --no-header -- bash -c load >"$dir/rows.csv"
check "rows alone" "$(cut -d , -f 1 "$dir/rows.csv" | xargs)" "upstream upstream meta"
text=$(COLUMNS=80 beside reuse --hist -- bash -c load)
check "bars as wide as the terminal" "$(grep -A 1 'PER CONNECTION, 5 in all' <<<"$text" | awk 'NR == 2 { print $1, $2, $3, length }')" \
	"4 5 100.0% 80"

# A full queue, for three seconds; then it is gone.
trace_start
talk_start queue --port 7103 --backlog 4 --clients 7
hear "$talk_out" queued
sleep 3
talk_end "$talk_fd" "$talk_pid"
trace_stop
depths=.depth_series.depths
expect "a full queue over time: top at limit + 1" "listener 7103" "[.limit, ($depths | max), .depth_max]" "[4,5,5]"
expect "... for as long as it was" "listener 7103" "[${depths}[] | select(. == 5)] | length >= 3" true
expect "... each a second" "listener 7103" ".depth_series.width_ms" 1000
expect "... since the start" "listener 7103" \
	"(.ts[:19] + \"Z\" | fromdate) - (.depth_series.start_ts[:19] + \"Z\" | fromdate) - ($depths | length) | fabs <= 1" true
verify
text=$(COLUMNS=120 beside accept -- "$PEER" queue --port 7104 --backlog 4 --clients 3 <<<close)
check "... as a sparkline" "$(grep -c 'DEPTH OVER TIME' <<<"$text")" 1
check "... of the row" "$(grep -cE ':7104 .* [_.:=+*-]*#' <<<"$text")" 1

chosen() { # chosen FILTER...: how many of each remote port, state and initiator
	beside conns --json --role client "$@" -- bash -c load |
		jq -rc 'select(.type == "conn") | [.remote_port, .state, .initiator]' | sort | uniq -c | xargs
}
check "conns: the last that match" "$(chosen --port 7101 --initiator local-fin --closed 2)" \
	"2 [7101,closed,local-fin]"
check "... none that match" "$(chosen --initiator timeout,abort)" ""
check "... by state" "$(chosen --state closed,failed --initiator local-fin)" \
	"5 [7101,closed,local-fin] 3 [7102,closed,local-fin]"
check "... none open" "$(chosen --state open)" ""
check "... none in flight" "$(chosen --in-flight)" ""
check "... none idle for so long" "$(chosen --min-idle 60)" ""
beside conns --json --state open -- bash -c load >"$json"
check "... the account counts all" "$(values meta .tracked)" 16
plan
