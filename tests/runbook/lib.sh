# SPDX-License-Identifier: Apache-2.0
# What the runbook's cases share: the servers of the scenarios, and the tracer as somebody would run it.
# shellcheck shell=bash
#
# A case prints what user/share/runbook.md shows: each command after "$", then its output. Other processes of
# this machine would be in it, too: hence --netns, which is not printed.
runbook=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$runbook/../doctor/lib.sh"
netns=$(stat -Lc %i /proc/self/ns/net)
load= # the pid of the traffic
cd "$runbook" || exit 1

title() {
	printf '\n== %s: %s\n' "$(basename "$0" .sh)" "$*"
}

shell() { # shell COMMAND...: as it would be typed, and what it prints
	printf '$ %s\n' "$*"
	"$@"
}

connscope() { # connscope ARG...: the same of the tracer
	printf '$ sudo connscope %s\n' "$*"
	"$CONNSCOPE" --backend "$BACKEND" --netns "$netns" "$@" || bail "connscope ends with status $?"
}

# load_start COMMAND...: traffic, beside what follows. What it says is in $dir/load.
load_start() {
	"$@" >"$dir/load" 2>&1 &
	load=$!
}

load_stop() {
	kill "$load" 2>/dev/null
	wait "$load" 2>/dev/null
	load=
}

load_wait() { # until it has done all
	wait "$load" || bail "the load failed: $(cat "$dir/load")"
}
