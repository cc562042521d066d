#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Endings: reports, exit statuses and messages, and nothing of the tracer stays in the kernel.
# shellcheck disable=SC2317 # wait_for calls functions
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
need bpftool setpriv

programs() {
	sed -n 's/^prog_id:\t//p' "/proc/$tracer"/fdinfo/* 2>/dev/null | sort -u
}

links() {
	sed -n 's/^link_id:\t//p' "/proc/$tracer"/fdinfo/* 2>/dev/null | sort -u
}

pins() {
	find /sys/fs/bpf 2>/dev/null | sort
}

# left KIND IDS: the lines of bpftool that still name one of them.
left() {
	[ "$2" ] && bpftool "$1" show | grep -E "^(${2//[[:space:]]/|}):"
}

gone() {
	! left prog "$loaded" >"$dir/left" && ! left link "$attached" >"$dir/left"
}

# check_gone NAME: what $loaded and $attached named has left the kernel.
check_gone() {
	if [ -z "$loaded" ]; then
		check "$1: programs were loaded" none some
		return
	fi
	wait_for gone
	check "$1: no programs stay" "$(cat "$dir/left")" ""
	check "$1: nothing pinned" "$(pins)" "$pinned"
}

# reporting OUTPUT-FILE: a tracer that reports every second, after its first report.
reporting() {
	: >"$1"
	"${tracer_command[@]}" 1 >>"$1" 2>"$err" &
	tracer=$!
	wait_for grep -q '"meta"' "$1" || bail "no report"
	loaded=$(programs)
	attached=$(links)
}

metas() {
	grep -c '"meta"' "$1"
}

pinned=$(pins)
trace_start # skips all where the backend does not run
trace_stop

for signal in INT TERM; do
	reporting "$dir/out"
	peer reuse --port 5701 --conns 2 --exchanges 3
	before=$(metas "$dir/out")
	kill -$signal "$tracer"
	wait "$tracer"
	check "SIG$signal: exit status" $? 0
	check_range "SIG$signal: a final report" "$(metas "$dir/out")" $((before + 1)) $((before + 3))
	check "SIG$signal: it has all" "$(tail -n 20 "$dir/out" |
		jq -c 'select(.type == "upstream" and .port == 5701) | [.opened, .exchanges]' | tail -n 1)" "[2,6]"
	check "SIG$signal: quiet" "$(cat "$err")" ""
	check_gone "SIG$signal"
done

for status in 0 7 255; do
	"${tracer_command[@]}" -- sh -c "exit $status" >"$json" 2>"$err"
	check "the command's status $status" $? $status
done
"${tracer_command[@]}" -- sh -c 'kill -KILL $$' >"$json" 2>"$err"
check "the command's death by signal" $? 137
expect "... and the report" meta .lost_events 0
verify

# A reader that stops reading: the final report blocks, and only the second signal ends it.
is_blocked() { # in write(2), whose number is 1 on x86-64 and 64 on arm64
	ended "$tracer" || [[ $(cat "/proc/$tracer/syscall" 2>/dev/null) =~ ^(1|64)\ 0x ]]
}
mkfifo "$dir/full"
exec {full}<>"$dir/full"
"${tracer_command[@]}" 1 >"$dir/full" 2>"$err" &
tracer=$!
while read -r -t $patience -u "$full" line && [[ $line != *'"meta"'* ]]; do
	:
done
loaded=$(programs)
attached=$(links)
timeout 1 cat /dev/zero >"$dir/full"
wait_for is_blocked
kill -INT "$tracer"
wait_for is_blocked
check "one signal, output blocked: still there" "$(ended "$tracer" || echo yes)" yes
kill -INT "$tracer" 2>/dev/null
wait_for ended "$tracer"
wait "$tracer"
check "second signal: status" $? 130
exec {full}>&-
check_gone "second signal"

reporting "$dir/out"
kill -KILL "$tracer"
wait "$tracer" 2>/dev/null
check_gone "SIGKILL"

{
	"${tracer_command[@]}" 1 2>"$err" &
	echo $! >"$dir/pid"
	wait $!
	echo $? >"$dir/status"
} | head -n 1 >"$dir/out"
check "EPIPE: the tracer ends" "$(ended "$(cat "$dir/pid")" && echo yes)" yes
check "EPIPE: quiet" "$(cat "$err")" ""

# refused NAME STATUS COMMAND...: ends with STATUS, one line on stderr, nothing on stdout.
refused() {
	local name=$1 status=$2

	shift 2
	"$@" >"$dir/out" 2>"$err"
	check "$name: status" $? "$status"
	check "$name: one line" "$(wc -l <"$err") $(wc -c <"$dir/out")" "1 0"
}

cp "$CONNSCOPE" "$dir/connscope"
chmod 755 "$dir/connscope"
refused "not root" 3 setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/connscope" all
refused "bad option" 2 "$CONNSCOPE" all --no-such-option
refused "bad value" 2 "$CONNSCOPE" all --port 70000
refused "unknown view" 2 "$CONNSCOPE" nonsense
refused "no names file" 2 "$CONNSCOPE" all --names "$dir/none"
check "nothing pinned at the end" "$(pins)" "$pinned"
plan
