# SPDX-License-Identifier: Apache-2.0
# What the live tests share: TAP, a network namespace of their own, and the tracer outside of it.
# shellcheck shell=bash
#
# Environment:
#   CONNSCOPE  the tracer, default .output/connscope
#   PEER       the workload generator, default .output/tests/peer
#   BACKEND    auto (default), fentry, kprobe or tracepoint
#   VM         not empty: an emulated machine, where no duration is exact
#
# A script may set view=conns before, to have connections instead of the rows of all views, and scene to
# what the checks that follow are about.
# It sources this file, traces, calls expect and check, and ends with plan.  Its exit
# status is 0 all passed, 1 something failed, 77 nothing could be tested.
set -u
export LC_ALL=C TZ=UTC

top=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../..
CONNSCOPE=${CONNSCOPE:-$top/.output/connscope}
PEER=${PEER:-$top/.output/tests/peer}
BACKEND=${BACKEND:-auto}
VM=${VM:-}
patience=20 # seconds
[ -z "$VM" ] || patience=120

skip_all() {
	echo "1..0 # SKIP $*"
	exit 77
}

need() { # need COMMAND...
	local command

	for command; do
		command -v "$command" >/dev/null || skip_all "$command is not installed"
	done
}

[ "$(id -u)" = 0 ] || skip_all "not root"
need ip jq nsenter unshare
if [ -z "${live_outside:-}" ]; then
	exec {live_outside}</proc/self/ns/net
	export live_outside
	exec unshare --net bash "$0" "$@"
fi

dir=$(mktemp -d /tmp/connscope-live.XXXXXX)
chmod 755 "$dir"
tracer_command=(nsenter "--net=/proc/self/fd/$live_outside" "$CONNSCOPE" "${view:-all}" --json
	--backend "$BACKEND" --netns "$(stat -Lc %i /proc/self/ns/net)")
json=$dir/report.json
err=$dir/stderr
tracer=
number=0
failures=0
excused=0
talks=0
expected=()

finish() {
	local pids

	mapfile -t pids < <(jobs -p)
	[ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$dir"
}

bail() {
	echo "Bail out! $*"
	[ ! -s "$err" ] || sed 's/^/# /' "$err"
	exit 1
}

plan() {
	echo "1..$number"
	exit $((failures > 0))
}

# Where the kernel has left runs of our programs out (preemptible tracing programs: 7.2), and the report
# owns up to it, a number may be off. One missed run can show in up to three checks; more fail.
explained() {
	local missed

	missed=$(grep -o '"missed_runs":[0-9]*' "$json" 2>/dev/null | tail -n 1)
	excused=$((excused + 1))
	missed=${missed#*:}
	[ $excused -le $((3 * ${missed:-0})) ]
}

# check NAME GOT WANT
check() {
	local name=${scene:+$scene: }$1

	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $name"
		return
	fi
	if explained; then
		echo "ok $number - $name # SKIP got $2, want $3: runs missed, and the report says so"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $number - $name"
	printf '%s\n' "got  $2" "want $3" | sed 's/^/#   /'
}

# check_range NAME GOT LOW HIGH
check_range() {
	local verdict=outside

	[[ $2 =~ ^[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] && verdict=inside
	check "$1: $2 in $3 to $4" $verdict inside
}

skip() { # skip NAME REASON
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# wait_for COMMAND...: until it succeeds; false when patience ends.
wait_for() {
	local end=$((SECONDS + patience))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

ended() { # ended PID
	! kill -0 "$1" 2>/dev/null
}

started() {
	[ -e "$dir/started" ] || ended "$tracer"
}

# trace_start [OPTION...]: returns when the tracer watches the namespace.
# shellcheck disable=SC2120
trace_start() {
	rm -f "$dir/started" "$dir/stop"
	mkfifo "$dir/stop"
	# shellcheck disable=SC2016 # the inner shell expands it
	"${tracer_command[@]}" "$@" \
		-- sh -c ': >"$1"; read -r _ <"$2"' gate "$dir/started" "$dir/stop" >"$json" 2>"$err" &
	tracer=$!
	wait_for started || bail "the tracer does not start its command"
	[ -e "$dir/started" ] && return
	bail "the tracer ended"
}

# Ends it: the report is in $json, the tracer's exit status in $trace_status.
trace_stop() {
	echo >"$dir/stop"
	wait "$tracer"
	# shellcheck disable=SC2034 # the scripts read it
	trace_status=$?
}

# values ROW EXPRESSION [ROW EXPRESSION...]: a line of JSON for each, from the report.  ROW is
# upstream PORT, listener PORT, close PORT ROLE, or meta.
values() {
	local type port role program="[inputs] as \$rows | empty"

	while [ $# -gt 0 ]; do
		read -r type port role <<<"$1"
		program+=", ([\$rows[] | select(.type == \"$type\""
		program+="${port:+ and .port == $port}${role:+ and .role == \"$role\"}) | $2]"
		program+=' | if length == 1 then .[0] else "\(length) rows" end)'
		shift 2
	done
	jq -nc "$program" "$json"
}

# expect NAME ROW EXPRESSION WANT: remembers what verify will ask for, all at once.
expect() {
	expected+=("$@")
}

verify() {
	local i queries=() got

	for ((i = 0; i < ${#expected[@]}; i += 4)); do
		queries+=("${expected[i + 1]}" "${expected[i + 2]}")
	done
	mapfile -t got < <(values "${queries[@]}")
	for ((i = 0; i < ${#expected[@]}; i += 4)); do
		check "${expected[i]}" "${got[i / 4]:-}" "${expected[i + 3]}"
	done
	expected=()
}

is_apart() { # is_apart PID: it is there, and in another network namespace
	local net

	net=$(readlink "/proc/$1/ns/net") && [ "$net" != "$(readlink /proc/self/ns/net)" ]
}

# space_start: a network namespace of its own, for as long as the process $space lives: until finish, or
# space_end PID.
space_start() {
	unshare --net sleep infinity &
	space=$!
	wait_for is_apart "$space" || bail "no network namespace"
	in_space ip link set lo up
}

space_end() {
	kill "$1"
	wait "$1" 2>/dev/null
}

in_space() {
	nsenter --target "$space" --net "$@"
}

peer() {
	"$PEER" "$@" || bail "peer $* failed"
}

# talk_start ARG...: a peer that waits for lines on $talk_fd; what it says is in $talk_out.
talk_start() {
	talk_start_in self "$@"
}

# talk_start_in PID ARG...: ... in the network namespace of that process.
# shellcheck disable=SC2034 # the scripts read them
talk_start_in() {
	local netns=/proc/$1/ns/net

	shift
	talks=$((talks + 1))
	talk_out=$dir/talk$talks.out
	mkfifo "$dir/talk$talks"
	# The output first: it is there, then, once the other end of the pipe is open.
	nsenter "--net=$netns" "$PEER" "$@" >"$talk_out" <"$dir/talk$talks" &
	talk_pid=$!
	exec {talk_fd}>"$dir/talk$talks"
}

heard() { # heard FILE TEXT TIMES
	[ "$(grep -c "$2" "$1")" -ge "$3" ]
}

# hear FILE TEXT [TIMES]: waits until a peer has said it.
hear() {
	wait_for heard "$1" "$2" "${3:-1}" || bail "the peer does not say $2"
}

# talk_end FD PID: the line that lets it end.
talk_end() {
	local fd=$1

	echo close >&"$fd"
	exec {fd}>&-
	wait "$2" || bail "a peer failed"
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ -x "$CONNSCOPE" ] || bail "no tracer: $CONNSCOPE"
[ -x "$PEER" ] || bail "no workload generator: $PEER"
ip link set lo up
