#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recordings: the same report as the run's own, whatever ends the recorder, and what is refused.
# shellcheck disable=SC2119
. "$(dirname "$0")/../live/lib.sh"
need sqlite3 setpriv mount

netns=$(stat -Lc %i /proc/self/ns/net)

# tracer_is VIEW OPTION...: what trace_start runs from here on.
tracer_is() {
	tracer_command=(nsenter "--net=/proc/self/fd/$live_outside" "$CONNSCOPE" "$@"
		--backend "$BACKEND" --netns "$netns")
}

# Short ones, some that overflow a queue, and none of them twice the same.
load() {
	peer reuse --port 5001 --conns 3 --exchanges 23
	peer reuse --port 5002 --conns 23 --exchanges 1 --side server
	peer reuse --port 5003 --family 6 --conns 2 --exchanges 4
	talk_start queue --port 5004 --backlog 4 --clients 9
	hear "$talk_out" queued
	talk_end "$talk_fd" "$talk_pid"
}

# from FILE VIEW OPTION...: a report, as nobody, whom it is left to read; what it says besides in $dir/from.err.
from() {
	chmod a+r "$1"*
	timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$CONNSCOPE" "${@:2}" --from "$1" 2>"$dir/from.err"
}

# refused NAME WANT COMMAND...: its exit status and the one line that it says.
refused() {
	local said

	said=$(timeout 20 "${@:3}" 2>&1 >/dev/null </dev/null)
	check "$1" "$? $said" "$2"
}

sql() {
	sqlite3 -readonly "$@" 2>/dev/null
}

has_ticks() { # has_ticks FILE COUNT
	[ "$(sql "$1" 'SELECT count(*) FROM tick')" -ge "$2" ] 2>/dev/null
}

# ---- the same numbers ----

same_report() { # same_report NAME FILE VIEW OPTION...
	local name=$1 file=$2

	shift 2
	rm -f "$dir/$file.db"
	talk_start hold --port 5010 --conns 2
	before_fd=$talk_fd before_pid=$talk_pid
	hear "$talk_out" ready
	tracer_is "$@"
	trace_start --record "$dir/$file.db"
	load
	talk_start hold --port 5011 --conns 3
	hear "$talk_out" ready
	echo x >&"$talk_fd"
	hear "$talk_out" "done"
	wait_for has_ticks "$dir/$file.db" 2 || bail "no tick"
	trace_stop
	talk_end "$talk_fd" "$talk_pid"
	talk_end "$before_fd" "$before_pid"
	check "$name: the run goes well" "$trace_status $(cat "$err")" "0 "
	from "$dir/$file.db" "$@" >"$dir/again"
	check "$name: the report from the recording is the run's" "$(cmp "$json" "$dir/again" 2>&1)" ""
	check "$name: one file remains" "$(echo "$dir/$file".db*)" "$dir/$file.db"
}

same_report "text" text all --wide
same_report "conns" conns conns --json --closed 40
same_report "by pid" by_pid all --json --by pid,endpoint
same_report "with a filter" filter all --json -P 5001,5011
same_report "CSV with histograms" csv all --csv --hist
same_report "all" all all --json
check "... which is not empty" \
	"$(jq -nr '[inputs | select(.port == 5011 or .port == 5010) | [.type, .open, .partial]] | length' "$json")" 4

whole=$json
rows() { # rows FILE TYPE: without what all rows of a report have
	jq -c "select(.type == \"$2\" and .port == 5001) | del(.ts)" "$1"
}
for type in upstream listener close; do
	from "$dir/all.db" all --json -P 5001 >"$dir/again"
	check "a filter on a recording: $type" "$(rows "$dir/again" $type)" "$(rows "$whole" $type)"
done
check "... and nothing else" "$(jq -r 'select(.port) | .port' "$dir/again" | sort -u)" 5001
from "$dir/all.db" reuse --json --by pid >"$dir/again"
check "what was not recorded is not known" \
	"$(jq -nc '[inputs | select(.type == "upstream") | .open_peak, .idle_gap_ms.max] | unique' "$dir/again")" "[null]"

# ---- a window of time ----

first=$(sql "$dir/all.db" "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', min(opened), '-0.002 seconds') FROM conns
	WHERE remote LIKE '%:5011'")
from "$dir/all.db" all --json --until "$first" >"$dir/again"
check "up to just before the last ones opened" \
	"$(jq -nc '[inputs | select(.type == "upstream" and .port >= 5010) | [.port, .open]]' "$dir/again")" "[[5010,2]]"
from "$dir/all.db" all --json --since "$first" >"$dir/again"
check "from then on" "$(jq -nc '[inputs | select(.type == "upstream") | [.port, .opened, .open, .open_peak]]' "$dir/again")" \
	"[[5011,3,3,null],[5010,0,2,null]]"
check "... as the account says" "$(jq -c 'select(.type == "meta") | [.tracked, .interval_ms > 0]' "$dir/again")" "[10,true]"
refused "no time at all" "2 connscope: --since -0s: accepted: 2026-01-31T13:45:00Z, 13:45 or 13:45:00 (UTC), or -90s, -10m, -2h, -1d before its end" \
	"$CONNSCOPE" conns --from "$dir/all.db" --since -0s

# ---- SQL ----

check "SQL: reuse" "$(sql "$dir/all.db" "SELECT endpoint, comm, opened, failed, partial, exchanges, reused, open, closed,
		time_wait, sent_bytes, received_bytes FROM reuse" | sort)" \
	"$(jq -r 'select(.type == "upstream") | [(if (.addr | contains(":")) then "[\(.addr)]" else .addr end) + ":\(.port)",
		.comm, .opened, .failed, .partial, .exchanges, .reused, .open, .closed, .time_wait, .sent_bytes,
		.received_bytes] | map(tostring) | join("|")' "$whole" | sort)"
check "SQL: accept" "$(sql "$dir/all.db" "SELECT endpoint, queue_limit, depth, depth_max, accepted, overflows, exchanges, open
		FROM accept" | sort)" \
	"$(jq -r 'select(.type == "listener") | [(if (.addr | contains(":")) then "[\(.addr)]" else .addr end) + ":\(.port)",
		.limit, .depth, .depth_max, .accepted, .overflows, .exchanges, .open] | map(tostring) | join("|")' "$whole" | sort)"
check "SQL: close" "$(sql "$dir/all.db" "SELECT endpoint, role, closed, local_fin, remote_fin, local_rst, remote_rst, in_flight,
		raced, unused, time_wait FROM close" | sort)" \
	"$(jq -r 'select(.type == "close") | [(if (.addr | contains(":")) then "[\(.addr)]" else .addr end) + ":\(.port)",
		.role, .closed, .by.local_fin, .by.remote_fin, .by.local_rst, .by.remote_rst, .in_flight, .raced,
		.unused, .time_wait] | map(tostring) | join("|")' "$whole" | sort)"
from "$dir/all.db" conns --json --closed 1000 >"$dir/again"
check "SQL: conns" "$(sql "$dir/all.db" "SELECT opened, remote, exchanges, coalesce(initiator, '-'), coalesce(cause, '-'),
		coalesce(accept_wait_us, '-'), coalesce(idle_at_close_ms, '-') FROM conns WHERE NOT partial" | sort)" \
	"$(jq -r 'select(.type == "conn" and (.partial | not)) | [.opened_ts, (if (.remote_addr | contains(":"))
		then "[\(.remote_addr)]" else .remote_addr end) + ":\(.remote_port)", .exchanges, .initiator // "-",
		.cause // "-", .accept_wait_us // "-", .idle_at_close_ms // "-"] | map(tostring) | join("|")' "$dir/again" | sort)"

# ---- ends that nobody planned ----

tracer_is record "$dir/killed.db"
trace_start
load
before=$(sql "$dir/killed.db" 'SELECT count(*) FROM tick')
wait_for has_ticks "$dir/killed.db" $((${before:-0} + 2)) || bail "no tick"
from "$dir/killed.db" reuse --json >"$dir/again"
check "read while it is written" "$? $(cat "$dir/from.err")" "0 "
refused "a second writer" "1 connscope: cannot record to $dir/killed.db: another connscope is writing it" \
	"${tracer_command[@]}" -d 1
kill -KILL $tracer
wait $tracer 2>/dev/null
echo >"$dir/stop"
from "$dir/killed.db" reuse --json >"$dir/killed.json"
check "kill -9: all up to the last tick" \
	"$(jq -nc '[inputs | select(.type == "upstream") | .opened] | sort' "$dir/killed.json")" "[2,3,5,23]"
check "... which it says" "$(sed 's/up to .*Z$/up to then/' "$dir/from.err")" \
	"connscope: warning: $dir/killed.db was not ended in order: it is whole up to then"
refused "it is not written over" \
	"1 connscope: cannot record to $dir/killed.db: it exists: remove it, or name another file" \
	"${tracer_command[@]}" -d 1
check "... and sound" "$(sqlite3 "$dir/killed.db" 'PRAGMA integrity_check')" ok

# Where nobody can write beside it.
mkdir "$dir/apart"
tracer_is record "$dir/again.db"
trace_start
load
wait_for has_ticks "$dir/again.db" 2 || bail "no tick"
kill -KILL $tracer
wait $tracer 2>/dev/null
echo >"$dir/stop"
cp "$dir/again.db" "$dir/again.db-wal" "$dir/apart"
from "$dir/apart/again.db" reuse >"$dir/again"
check "a log that cannot be read is not left out" "$? $(cat "$dir/from.err")" \
	"1 connscope: cannot read $dir/apart/again.db with its $dir/apart/again.db-wal here: copy both to where you may write"
rm "$dir/apart/again.db-wal"
from "$dir/apart/again.db" reuse >"$dir/again"
check "... and without any it was only begun" "$? $(cat "$dir/from.err")" \
	"1 connscope: $dir/apart/again.db has only been begun: was $dir/apart/again.db-wal left behind?"
check "... and no file comes" "$(ls "$dir/apart")" again.db

# In a mount namespace of its own, with what is left copied out of it.
mkdir "$dir/small"
cat >"$dir/fill" <<-'END'
	mount -t tmpfs -o size=700k tmpfs "$1/small" || exit 99
	shift_dir=$1
	shift
	"$@"
	status=$?
	cp "$shift_dir"/small/full.db* "$shift_dir"
	exit $status
END
tracer_is record "$dir/small/full.db"
full=$(timeout 60 unshare --mount sh "$dir/fill" "$dir" "${tracer_command[@]}" -- nsenter "--net=/proc/$$/ns/net" sh -c '
	for i in 1 2 3 4 5 6 7 8 9 10; do "$0" reuse --port 5020 --conns 1000 --exchanges 1 && sleep 0.5; done' "$PEER" 2>&1)
check "a full disk" "$? $(sed 's/up to .*Z$/up to then/' <<<"$full")" \
	"1 connscope: cannot write $dir/small/full.db: No space left on device: recording ends here, what it has is whole up to then"
from "$dir/full.db" reuse --json >"$dir/again"
check "... what it had stays" "$? $(jq -n 'first(inputs | select(.type == "upstream")).opened > 0' "$dir/again")" "0 true"

# ---- bounds ----

tracer_is record "$dir/kept.db" --keep 1s
trace_start
peer reuse --port 5030 --conns 20 --exchanges 1
gone() {
	[ "$(sql "$dir/kept.db" "SELECT dropped FROM recording")" = 40 ]
}
wait_for gone
peer reuse --port 5031 --conns 5 --exchanges 1
trace_stop
from "$dir/kept.db" reuse --json >"$dir/again"
check "--keep: what is over goes" "$(jq -nc '[inputs | .port // .dropped]' "$dir/again")" "[5031,40]"

tracer_is record "$dir/bounded.db" --max-size 1M
trace_start
for _ in 1 2 3 4 5 6; do
	peer reuse --port 5032 --conns 1000 --exchanges 1
	sleep 0.3
done
peer reuse --port 5033 --conns 5 --exchanges 1
trace_stop
check_range "--max-size: bytes" "$(stat -c %s "$dir/bounded.db")" 500000 1048576
from "$dir/bounded.db" reuse --json >"$dir/again"
check "... the newest stay" "$(jq -nc '[inputs | select(.port == 5033) | .opened]' "$dir/again")" "[5]"
check "... and the account has the rest" \
	"$(jq -n '[inputs] | last | .tracked + .dropped' "$dir/again")" 12010

# ---- what is no recording ----

: >"$dir/empty"
echo "some text, and not a little of it" >"$dir/text"
sqlite3 "$dir/foreign" 'CREATE TABLE t (x)'
cp "$dir/all.db" "$dir/newer"
sqlite3 "$dir/newer" 'PRAGMA user_version = 99'
cp "$dir/all.db" "$dir/older"
sqlite3 "$dir/older" 'PRAGMA user_version = 1'
cp "$dir/all.db" "$dir/damaged"
dd if=/dev/urandom of="$dir/damaged" bs=4096 seek=2 count=40 conv=notrunc 2>/dev/null
cannot="1 connscope: cannot read $dir"
refused "a file that is not there" "$cannot/none: No such file or directory" "$CONNSCOPE" --from "$dir/none"
refused "an empty file" "$cannot/empty: an empty file, not a recording" "$CONNSCOPE" --from "$dir/empty"
refused "a directory" "$cannot: a directory, not a recording" "$CONNSCOPE" --from "$dir"
refused "a text" "$cannot/text: not a recording of connscope" "$CONNSCOPE" --from "$dir/text"
refused "another database" "$cannot/foreign: not a recording of connscope" "$CONNSCOPE" --from "$dir/foreign"
refused "a newer schema" "$cannot/newer: its schema is 99, this connscope reads 2: take a newer one" \
	"$CONNSCOPE" --from "$dir/newer"
refused "an older schema" "$cannot/older: its schema is 1, this connscope reads 2: take an older one" \
	"$CONNSCOPE" --from "$dir/older"
refused "damage" "$cannot/damaged: the recording is damaged" "$CONNSCOPE" --from "$dir/damaged"
refused "tracing and a recording at once" \
	"2 connscope: --duration: does not go with --from, which reports what was recorded" \
	"$CONNSCOPE" --from "$dir/all.db" -d 1
plan
