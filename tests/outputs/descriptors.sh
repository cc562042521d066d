#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who starts the tracer may leave it any number of open files: it ends all the same, and so does the child that
# detaches its tracepoints.
export BACKEND=tracepoint # whose links take a child
. "$(dirname "$0")/../live/lib.sh"

need pgrep

gone() { # gone SESSION
	! pgrep -s "$1" >/dev/null
}

files=()
for count in 3 400 480 1000; do
	scene="$count files"
	while [ ${#files[@]} -lt $count ]; do
		exec {fd}</dev/null
		files+=("$fd")
	done
	setsid timeout -k 1 $patience "${tracer_command[@]}" --duration 0.2 >"$json" 2>"$err" &
	session=$!
	wait $session
	status=$?
	[ $status -ne 3 ] || skip_all "backend $BACKEND: $(head -n 1 "$err")"
	check "exit status" $status 0
	check "the report is there" "$(values meta .type)" '"meta"'
	check "nothing runs on" "$(wait_for gone $session && echo gone)" gone
done
plan
