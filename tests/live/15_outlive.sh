#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Before and after: what was there at the start in five namespaces, what outlives the tracer, and two
# tracers at once. Records of single connections, all of them.
# shellcheck disable=SC2119
view=conns
. "$(dirname "$0")/lib.sh"

namespaces=5
families=(4 6 mapped 4 6)
declare -a holders netns out fd pid client server

# Two in each, of other addresses and ports: one is in LISTEN meanwhile.
hold() { # hold INDEX ARG...
	local i=$1

	shift
	talk_start_in "${holders[i]}" hold --port 6501 --conns 2 --family "${families[i]}" "$@"
	out[i]=$talk_out fd[i]=$talk_fd pid[i]=$talk_pid
	hear "$talk_out" ready
	read -r _ _ "client[i]" _ "server[i]" <"$talk_out"
}

order() { # order INDEX LETTER TIMES
	echo "$2" >&"${fd[$1]}"
	hear "${out[$1]}" "done" "$3"
}

options=()
for ((i = 0; i < namespaces; i++)); do
	space_start
	holders[i]=$space
	netns[i]=$(stat -Lc %i "/proc/${holders[i]}/ns/net")
	options+=(--netns "${netns[i]}")
done

# records FILE: what is asserted of each, without times.
records() {
	jq -r 'select(.type == "conn") | "\(.netns) \(.role) \(.comm) \(.pid) \(.partial) \(.state) "
		+ "\(.initiator // "-") \(.exchanges) \(.sent_bytes) \(.received_bytes) \(.in_flight) "
		+ "\(.fail_reason // "-") \(.accept_wait_us) \(.connect_us)"' "$1" | sort
}

# expect_both INDEX PARTIAL STATES INITIATORS EXCHANGES: the two connections at both ends.
expect_both() {
	local i=$1 sent=$(($5 * 100)) received=$(($5 * 200)) n

	for n in 1 2; do
		echo "${netns[i]} client peer-client ${client[i]} $2 ${3% *} ${4% *} $5 $sent $received false - null null"
		echo "${netns[i]} server peer-server ${server[i]} $2 ${3#* } ${4#* } $5 $received $sent false - null null"
	done
}

# 0 exchanges and closes while we watch; 1 exchanges and stays; 2 has closed by half before; 3 closes by
# half while we watch; 4 does nothing.  Exchanges before do not count.
for ((i = 0; i < namespaces; i++)); do
	hold $i
	order $i x 1
done
order 2 s 2

# A second tracer with files of its own.
trace_start --closed 100000 "${options[@]}"
first=$tracer
outer=$dir dir=$dir/second
mkdir "$dir"
json=$dir/report.json
trace_start --closed 100000 "${options[@]}"
second=$tracer
dir=$outer

order 0 x 2
order 0 x 3
talk_end "${fd[0]}" "${pid[0]}"
order 1 x 2
order 3 x 2
order 3 s 3

tracer=$first
trace_stop
dir=$outer/second tracer=$second
trace_stop
dir=$outer
records "$dir/report.json" >"$dir/first"
records "$dir/second/report.json" >"$dir/both"
{
	expect_both 0 true "closed closed" "local-fin remote-fin" 2
	expect_both 1 true "established established" "- -" 1
	expect_both 2 true "fin-wait-2 close-wait" "local-fin remote-fin" 0
	expect_both 3 true "fin-wait-2 close-wait" "local-fin remote-fin" 1
	expect_both 4 true "established established" "- -" 0
} | sort >"$dir/want"
check "there at the start, in five namespaces: $(wc -l <"$dir/want") records" "$(diff "$dir/first" "$dir/want")" ""
check "a second tracer at the same time: the same" "$(diff "$dir/both" "$dir/want")" ""
check "the account" "$(jq -c 'select(.type == "meta") | [.tracked, .partial, .no_owner, .lost_events, .map_full]' \
	"$dir/report.json" "$dir/second/report.json")" "$(printf '%s\n' "[20,20,0,0,0]" "[20,20,0,0,0]")"
for ((i = 1; i < namespaces; i++)); do
	talk_end "${fd[i]}" "${pid[i]}"
done

# What begins while we watch, and outlives us.
json=$dir/report.json
trace_start --closed 100000 "${options[@]}"
for ((i = 0; i < namespaces; i++)); do
	hold $i
	order $i x 1
done
order 2 s 2
trace_stop
jq -c 'if .accept_wait_us then .accept_wait_us = null else . end
	| if .connect_us then .connect_us = null else . end' "$json" >"$dir/untimed"
records "$dir/untimed" >"$dir/first"
for ((i = 0; i < namespaces; i++)); do
	if [ $i = 2 ]; then
		expect_both $i false "fin-wait-2 close-wait" "local-fin remote-fin" 1
	else
		expect_both $i false "established established" "- -" 1
	fi
done | sort >"$dir/want"
check "open at the end: $(wc -l <"$dir/want") records" "$(diff "$dir/first" "$dir/want")" ""

tracer_command=("${tracer_command[@]/#conns/all}")
trace_start "${options[@]}"
trace_stop
check "listeners there from start to end" "$(jq -c 'select(.type == "listener")
	| [.netns, .port, .comm, .pid, .limit, .depth, .partial, .open]' "$json" | sort)" \
	"$(for ((i = 0; i < namespaces; i++)); do
		[ $i = 2 ] && open=0 || open=2
		echo "[${netns[i]},6501,\"peer-server\",${server[i]},512,0,2,$open]"
	done | sort)"
for ((i = 0; i < namespaces; i++)); do
	talk_end "${fd[i]}" "${pid[i]}"
done
kill "${holders[@]}"
wait "${holders[@]}" 2>/dev/null
plan
