#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# doctor: findings of live traffic in each output, as a check of a pipeline, and from a recording.
# shellcheck disable=SC2119
. "$(dirname "$0")/../live/lib.sh"
need python3
MAKE_RECORDING=${MAKE_RECORDING:-$top/.output/tests/make_recording}
[ -x "$MAKE_RECORDING" ] || bail "no maker of recordings: $MAKE_RECORDING"

doctor=("$CONNSCOPE" doctor --backend "$BACKEND" --netns "$(stat -Lc %i /proc/self/ns/net)")
hostile=$'a\033[31m\nb\177'
cp "$(command -v bash)" "$dir/$hostile"

# 80 connections of one exchange each, four that are refused, nine for a queue of four.
load() {
	peer flood --port 7301 --conns 80
	"$dir/$hostile" -c 'for _ in 1 2 3 4; do : <>/dev/tcp/127.0.0.1/7302; done' 2>/dev/null
	talk_start queue --port 7303 --backlog 4 --clients 9
	hear "$talk_out" queued
	talk_end "$talk_fd" "$talk_pid"
}

# 30 connections of one exchange each, by Python under another name, which then waits for a line.
cat >"$dir/worker.py" <<-'END'
	import socket, sys
	open("/proc/self/comm", "w").write("worker")
	listener = socket.create_server(("127.0.0.1", 7304))
	for _ in range(30):
	    client = socket.create_connection(("127.0.0.1", 7304))
	    server, _ = listener.accept()
	    client.sendall(b"request")
	    server.recv(100)
	    server.sendall(b"response")
	    client.recv(100)
	    client.close()
	    server.recv(100)
	    server.close()
	print("ready", flush=True)
	sys.stdin.readline()
END

worker_start() {
	mkfifo "$dir/worker"
	python3 "$dir/worker.py" >"$dir/worker.out" <"$dir/worker" &
	worker_pid=$!
	exec {worker_fd}>"$dir/worker"
	hear "$dir/worker.out" ready
}

# live NAME OPTION...: the load's report in $json, recorded.
live() {
	rm -f "$dir/$1.db"
	tracer_command=(nsenter "--net=/proc/self/fd/$live_outside" "${doctor[@]}" "${@:2}")
	trace_start --record "$dir/$1.db"
	load
	[ "$1" != worker ] || worker_start
	trace_stop
}

from() { # from NAME OPTION...
	timeout 20 "$CONNSCOPE" doctor --from "$dir/$1.db" "${@:2}"
}

# Of the endpoints: what there is to say of the tracer is for other tests.
findings() { # findings EXPRESSION
	jq -rc "select(.type == \"finding\" and .port) | $1" "$json"
}

# status NAME WANT COMMAND...: its exit status, and the first line on stderr.
status() {
	local said

	said=$(timeout 20 "${@:3}" 2>&1 >/dev/null </dev/null | head -n 1; exit "${PIPESTATUS[0]}")
	check "$1" "$?${said:+ $said}" "$2"
}

# ---- live, and from the recording of the same run ----

live worker --json --fail-on warning --html "$dir/page.html"
check "findings: exit status 5" "$trace_status $(cat "$err")" "5 "
check "what is found, and nothing else" "$(findings '"\(.severity) \(.rule) \(.port) \(.role) \(.comm)"' | sort)" "$(
	printf '%s\n' 'critical accept-overflow 7303 server peer' $'critical connect-fails 7302 client a\E[31m\nb\x7f' \
		'warning not-reused-local 7301 client peer-client' \
		'warning not-reused-local 7304 client worker' | sort)"
check "the worst first" "$(findings .severity | uniq | xargs)" "critical warning"
check "evidence" "$(findings 'select(.port == 7301) | .evidence | [.closed, .closed_local, .request_cap, .exchanges, .reuse_ratio]')" \
	"[80,80,1,80,0]"
check "... of the refused" "$(findings 'select(.port == 7302) | .evidence | [.failed, .refused, .fail_ratio, .still_failing]')" \
	"[4,4,1,true]"
check "every finding has all its texts" \
	"$(findings 'select([.summary, .why, .advice, .check] | any(type != "string" or . == "" or test("[?][ ,.;:]|[?]$")))')" ""
check "the setting of what runs there" "$(findings 'select(.port == 7304) | .advice' | grep -c requests.Session)" 1

# Whose executable it is is seen while it runs, and by who looks at that host alone.
from worker --json >"$dir/again"
echo >&"$worker_fd"
wait "$worker_pid"
check "the recording says the same, but for what the process runs" \
	"$(diff <(jq -Sc 'if .port == 7304 then del(.advice) else . end' "$json") \
		<(jq -Sc 'if .port == 7304 then del(.advice) else . end' "$dir/again"))" ""
check "... for which it names no setting of Python's" "$(grep -c requests.Session "$dir/again")" 0

data=$(sed -n 's/.*<script type="application\/json" id="data">//; T; :next; /<\/script>/ { s/<\/script>.*//; p; q }; N; b next' "$dir/page.html")
check "the page has them all" "$(jq -r '.tables[0] | "\(.about.type) \(.rows | length)"' <<<"$data")" \
	"finding $(grep -c '"type":"finding"' "$json")"
check "... and their texts" "$(jq -r '.tables[0].rows[] | select(index("connect-fails")) | map(select(type == "string" and test("^4 attempts"))) | length' <<<"$data")" 1

for output in "text" "csv --csv" "by --by pid,endpoint --json"; do
	# shellcheck disable=SC2086
	set -- $output
	live "$@"
	from "$@" >"$dir/again"
	check "$1: the recording says the same" "$(cmp "$json" "$dir/again" 2>&1)" ""
	check "... nothing that a terminal obeys" "$(tr -cd '\000-\011\013-\037' <"$json" | od -An -tx1)" ""
	check "... of the hostile one, too" "$(grep -c 'connect-fails.*a.*31m' "$json")" 1
done
check "without --fail-on findings are no failure" "$trace_status" 0

# ---- as a check ----

quiet=("$CONNSCOPE" doctor --backend "$BACKEND" -P 7399)
status "no finding of that severity" 0 "${quiet[@]}" --fail-on warning -- true
status "... but of this one: a short look" 5 "${quiet[@]}" --fail-on notice -- true
status "a command that failed says so itself" 7 "${quiet[@]}" --fail-on notice -- sh -c 'exit 7'
status "... and a signal" 143 "${quiet[@]}" --fail-on notice -- sh -c 'kill $$'
status "from a recording, critical" 5 "$CONNSCOPE" doctor --from "$dir/text.db" --fail-on critical
status "... of other ports" 0 "$CONNSCOPE" doctor --from "$dir/text.db" --fail-on critical -P 7301
status "... a warning, then" 5 "$CONNSCOPE" doctor --from "$dir/text.db" --fail-on warning -P 7301
status "... which is a notice as well" 5 "$CONNSCOPE" doctor --from "$dir/text.db" --fail-on notice -P 7301
status "a report that cannot be written" "1 connscope: cannot write the report: No space left on device" \
	"$CONNSCOPE" doctor --from "$dir/text.db" --fail-on notice -o /dev/full
status "no such severity" "2 connscope: --fail-on bad: accepted: notice, warning or critical" \
	"$CONNSCOPE" doctor --fail-on bad
status "not of other views" "2 connscope: reuse --fail-on: accepted with: doctor" "$CONNSCOPE" reuse --fail-on warning
status "no histograms" "2 connscope: doctor --hist: accepted with: all, reuse, accept, close" "$CONNSCOPE" doctor --hist
check "silence is an answer" "$(from text -P 7399 2>&1 | grep -c '^no finding; \|short-look')" 1

# ---- a recording that never differs ----

"$MAKE_RECORDING" "$dir/made.db" || bail "cannot make a recording"
from made --json >"$json"
check "of one that was made" "$(findings '"\(.severity) \(.rule) \(.endpoint) \(.comm)"')" "$(
	printf '%s\n' 'critical accept-overflow 0.0.0.0:443 nginx' 'critical race-seen [2001:db8::1]:443 batch' \
		'warning backlog-clamped 0.0.0.0:443 nginx')"
check "... with the setting and its value" \
	"$(findings 'select(.rule == "backlog-clamped") | .advice' | grep -c "net.core.somaxconn=[0-9]")" 1
plan
