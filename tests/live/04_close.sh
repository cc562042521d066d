#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Close: who ended the connection, why, with what in flight and after how much idle time.
. "$(dirname "$0")/lib.sh"

# CASE SIDE ROLE EXPECTED, where SIDE is what peer close --side takes and EXPECTED is
# initiator, cause, in flight, raced, TIME_WAIT; a case has a line for each end of it here.
cases='
fin               client client local_fin none 0 0 1
fin               client server remote_fin none 0 0 0
fin               server client remote_fin none 0 0 0
fin               server server local_fin none 0 0 1
unused            client client local_fin none 0 0 1
unused            client server remote_fin none 0 0 0
unread            client client local_rst unread_data 0 0 0
unread            client server remote_rst none 0 0 0
unread            server client remote_rst none 1 1 0
unread            server server local_rst unread_data 1 0 0
linger0           client client local_rst linger0 0 0 0
linger0           client server remote_rst none 0 0 0
linger0           server client remote_rst none 0 0 0
linger0           server server local_rst linger0 0 0 0
kill              client client local_fin process_exit 0 0 1
kill              client server remote_fin none 0 0 0
kill              server client remote_fin none 0 0 0
kill              server server local_fin process_exit 0 0 1
simultaneous      client client both_fin none 0 0 1
simultaneous      server server both_fin none 0 0 1
rst-idle          client client remote_rst none 0 0 0
rst-idle          server server remote_rst none 0 0 0
rst-in-flight     client client remote_rst none 1 1 0
rst-in-flight     server server remote_rst none 1 0 0
rst-first-request client client remote_rst none 1 0 0
rst-first-request server server remote_rst none 1 0 0
fin-in-flight     client client remote_fin none 1 1 0
write-after-fin   client client remote_fin none 0 1 0
data-after-fin    server server local_fin after_fin_data 0 1 0
data-acks-fin     server server local_fin after_fin_data 0 1 0
silent            client client timeout retransmissions 1 0 0
silent            server server timeout retransmissions 0 0 0
user-timeout      client client timeout user_timeout 1 0 0
window            client client timeout window_probes 1 0 0
keepalive         client client timeout keepalive_probes 0 0 0
keepalive         server server timeout keepalive_probes 0 0 0
'
failures_expected='
refused           refused
no-answer         timeout
'

declare -A ports got idle
next_port=5001
pause=100 # before the end, so that idle at close can be told from zero
[ -z "$VM" ] || pause=10
slow=()

# run CASE SIDE FAMILY: on a port of its own, unless it ran for the other end.
run() {
	local key="$1 $2 $3" port=$next_port

	[ -z "${ports[$key]:-}" ] || return
	ports[$key]=$port
	next_port=$((next_port + 1))
	set -- close "$1" --side "$2" --family "$3" --port "$port" --pause $pause
	case $2 in
	silent | user-timeout | window | keepalive | no-answer)
		"${inside[@]}" "$PEER" "$@" >"$dir/$port.out" &
		slow+=($!)
		;;
	*) peer "$@" >"$dir/$port.out" ;;
	esac
}

"${inside[@]}" sysctl -qw net.ipv4.tcp_retries2=2 net.ipv4.tcp_syn_retries=1
trace_start
for family in 4 6 mapped; do
	while read -r case reason; do
		[ -z "$case" ] || run "$case" client $family
	done <<<"$failures_expected"
	while read -r case side _; do
		[ -z "$case" ] || run "$case" "$side" $family
	done <<<"$cases"
done
for pid in "${slow[@]}"; do
	wait "$pid" || bail "a peer failed"
done
trace_stop

# Port and role, then the same words as above, then idle at close.
while read -r port role words; do
	got[$port $role]=${words% *}
	idle[$port $role]=${words##* }
done < <(jq -r '
	def names: [to_entries[] | select(.value > 0) | .key + if .value > 1 then "*\(.value)" else "" end]
		| if length > 0 then join("+") else "none" end;
	select(.type == "close" and .closed > 0)
	| "\(.port) \(.role) \(.by | names) \(.causes | names) \(.in_flight) \(.raced) \(.time_wait) "
	+ "\([.idle_at_close_ms.local.max, .idle_at_close_ms.remote.max] | max)"' "$json")

for family in 4 6 mapped; do
	while read -r case side role want; do
		[ "$case" ] || continue
		port=${ports[$case $side $family]}
		name="$case, closed by $side, $role, $family"
		check "$name" "${got[$port $role]:-no row}" "$want"
		real=$(sed -n 's/^idle_ms //p' "$dir/$port.out")
		ms=${idle[$port $role]:-null}
		if [ "$real" ] && ! [ "$VM" ] && ! [[ $want =~ ^(timeout|both_fin) && $ms = null ]]; then
			check_range "... idle" "${ms%.*}" $((real > 50 ? real - 50 : 0)) $((real + 50))
		fi
	done <<<"$cases"
	while read -r case reason; do
		[ "$case" ] || continue
		port=${ports[$case client $family]}
		check "$case, $family" "$(upstream "$port" "[.opened, .failed, .fail_reasons.$reason, .closed]")" "[0,1,1,0]"
	done <<<"$failures_expected"
	port=${ports[unused client $family]}
	check "unused, $family" "$(closes "$port" client .unused)" 1
done
check "nothing lost" "$(meta '[.lost_events, .map_full]')" "[0,0]"
plan
