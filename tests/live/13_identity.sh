#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Identity: which connection it is, whose, where. Records of single connections, all of them.
# shellcheck disable=SC2119
view=conns
. "$(dirname "$0")/lib.sh"

count=400
families='4 6 mapped'
[ -z "$VM" ] || count=40 families='4 6'

# records FILTER: what `peer identity` says of them, as the report has it.
records() {
	jq -r "select(.type == \"conn\" and ($1))"' | (.role == "client") as $client
		| "\(if $client then .remote_port else .local_port end) \(.role) "
		+ "\(if $client then .local_port else .remote_port end) \(.comm) \(.pid) \(.exchanges) "
		+ "\(.sent_bytes) \(.received_bytes) \(.initiator) \(.cause // "-")"' "$json" | sort
}

# check_same NAME GOT WANT: files of lines; says how many, and shows the first that differ.
check_same() {
	check "$1: $(wc -l <"$3") records" "$(diff "$2" "$3" | head -n 20)" ""
}

# A namespace with the same addresses and ports.
space_start
here=$(stat -Lc %i /proc/self/ns/net)
there=$(stat -Lc %i "/proc/$space/ns/net")

twins() {
	talk_start twin --port 6401 --exchanges 2
	local out=$talk_out fd=$talk_fd pid=$talk_pid

	talk_start_in "$space" twin --port 6401 --exchanges 3
	hear "$out" ready
	hear "$talk_out" ready
	talk_end "$fd" "$pid"
	talk_end "$talk_fd" "$talk_pid"
	grep -v ready "$out" | sort >"$dir/here"
	grep -v ready "$talk_out" | sort >"$dir/there"
}

port=6301
trace_start --closed 100000
for family in $families; do
	peer identity --family "$family" --port $port --conns $count >>"$dir/said"
	port=$((port + 20))
done
trace_stop
sort "$dir/said" >"$dir/want"
records true >"$dir/got"
check_same "reused, passed on, become another program" "$dir/got" "$dir/want"
check "... nothing lost" "$(jq -c 'select(.type == "meta") | [.tracked, .no_owner, .lost_events, .map_full]' "$json")" \
	"[$(wc -l <"$dir/want"),0,0,0]"

# One socket's connections: the filter refuses the third, or the first two.
for wanted in 1 2; do
	port=$((port + 20))
	trace_start --closed 100000 -P $((port + wanted))
	peer identity --family 4 --port $port --conns 20 >"$dir/said"
	trace_stop
	grep "^$((port + wanted)) " "$dir/said" | sort >"$dir/want"
	records true >"$dir/got"
	check_same "filtered" "$dir/got" "$dir/want"
done

trace_start --closed 100000 --netns "$there"
twins
trace_stop
records ".netns == $here" >"$dir/got"
check_same "the same ends in two namespaces: here" "$dir/got" "$dir/here"
records ".netns == $there" >"$dir/got"
check_same "... there" "$dir/got" "$dir/there"
check "... nowhere else" "$(records true | wc -l)" 4

tracer_command=("${tracer_command[@]/#conns/all}")
trace_start --netns "$there"
twins
trace_stop
for type in upstream listener; do
	check "... rows: ${type}s" "$(jq -c "select(.type == \"$type\") | [.netns, .exchanges]" "$json" | sort)" \
		"$(printf '%s\n' "[$here,2]" "[$there,3]" | sort)"
done
space_end "$space"

# Containers, as docker and podman name their cgroups; one is gone before the report.
cgroups=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
if [ -z "$cgroups" ]; then
	mkdir "$dir/cgroup"
	mount -t cgroup2 none "$dir/cgroup" && cgroups=$dir/cgroup
fi
[ "$cgroups" ] || bail "no cgroup v2"
slice=$cgroups/connscope-test-$$.slice

# shellcheck disable=SC2317 # the trap calls it
remove_cgroups() {
	[ ! -d "$slice" ] || find "$slice" -depth -type d -exec rmdir {} +
	[ "$cgroups" != "$dir/cgroup" ] || umount "$cgroups"
	finish
}
trap remove_cgroups EXIT

id_of() { # id_of NAME: 64 hex digits
	sha256sum <<<"$1" | cut -c 1-64
}

# peer_in CGROUP ARG...
peer_in() {
	mkdir -p "$slice/$1"
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$slice/$1" "$PEER" "${@:2}" ||
		bail "peer in cgroup $1 failed"
}

tracer_command=("${tracer_command[@]/#all/conns}")
trace_start
peer_in "libpod-$(id_of podman).scope" reuse --port 6411
peer_in "docker-$(id_of docker).scope/init.scope" reuse --port 6412
peer_in "plain.scope" reuse --port 6413
peer_in "libpod-$(id_of gone).scope" reuse --port 6414
sleeps() {
	sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$tracer/status"
}
has_polled() { # what has ended is read each time
	[ "$(sleeps)" -ge $((slept + 3)) ]
}
slept=$(sleeps)
wait_for has_polled || bail "the tracer does not poll"
rmdir "$slice/libpod-$(id_of gone).scope"
trace_stop
port=6411
for want in "$(id_of podman)" "$(id_of docker)" null "$(id_of gone)"; do
	[ "$want" = null ] || want="\"${want:0:12}\""
	check "container of port $port" "$(jq -c "select(.type == \"conn\" and .role == \"client\"
		and .remote_port == $port) | .container" "$json")" "$want"
	port=$((port + 1))
done
plan
