#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Close: who ended the connection, why, with what in flight and after how much idle time.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

# CASE SIDE ROLE, then what is expected of it: initiator, cause, in flight, raced, TIME_WAIT.
# SIDE is the end that acts, or the one on this host; a case has a line for each end of it here.
cases='
silent            client client timeout retransmissions 1 0 0
silent            server server timeout retransmissions 0 0 0
user-timeout      client client timeout user_timeout 1 0 0
window            client client timeout window_probes 1 0 0
keepalive         client client timeout keepalive_probes 0 0 0
keepalive         server server timeout keepalive_probes 0 0 0
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
data-after-ack    server server local_fin after_fin_data 0 1 1
'
# Connections that never were: CASE, SIDE, then the reason.
refusals='
refused   client refused
no-answer client timeout
'
families='4 6 mapped'
pause=100 # before the end, so that idle at close can be told from zero
[ -z "$VM" ] || pause=10

# Each case of each family has a port of its own: it is one connection.
declare -A ports got idle before after
next_port=5001
orders=
patient_orders=
while read -r case side _; do
	for family in $families; do
		[ -z "$case" ] || [ "${ports[$case $side $family]:-}" ] && continue
		ports[$case $side $family]=$next_port
		case $case in
		silent | window | keepalive | user-timeout | no-answer)
			patient_orders+="$case $side $family $next_port"$'\n'
			;;
		*) orders+="$case $side $family $next_port"$'\n' ;;
		esac
		next_port=$((next_port + 1))
	done
done <<<"$cases$refusals"

# Only those that wait for a timeout get a short one: on a busy machine the others may take time.
# The first open loads the module; many at once would trip over each other.
: <>/dev/net/tun || skip_all "no TUN devices"
trace_start
peer close --conns 8 --pause $pause <<<"$orders" >"$dir/idle"
sysctl -qw net.ipv4.tcp_retries2=2 net.ipv4.tcp_syn_retries=1
peer close --conns 24 <<<"$patient_orders" >>"$dir/idle"
trace_stop

# The peer tells the time since the last payload before the end and after it.
while read -r port ms; do
	before[$port]=${before[$port]:-$ms}
	after[$port]=$((ms > before[$port] ? ms : before[$port]))
done <"$dir/idle"
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

# A kernel whose tracepoint leaves TIME_WAIT sockets out says so.
if [ "$(jq -r 'select(.type == "meta") | .reasons.race' "$json")" != null ]; then
	cases=${cases/data-after-ack    server server local_fin after_fin_data 0 1 1/data-after-ack server server local_fin none 0 0 1}
fi

# check_idle PORT ROLE: the row has idle times of what the one or the other side ended.
check_idle() {
	local low=${before[$1]:-} high=${after[$1]:-} ms=${idle[$1 $2]:-null}

	if [ "$low" ] && [ -z "$VM" ] && [[ ${got[$1 $2]:-} =~ ^(local|remote) ]]; then
		check_range "... idle" "${ms%.*}" $((low > 50 ? low - 50 : 0)) $((high + 50))
	fi
}

for family in $families; do
	while read -r case side role want; do
		[ "$case" ] || continue
		port=${ports[$case $side $family]}
		check "$case, $side, seen by the $role, $family" "${got[$port $role]:-no row}" "$want"
		check_idle "$port" "$role"
	done <<<"$cases"
	while read -r case side reason; do
		[ "$case" ] || continue
		expect "$case, $family" "upstream ${ports[$case $side $family]}" \
			"[.opened, .failed, .fail_reasons.$reason, .closed]" "[0,1,1,0]"
	done <<<"$refusals"
	expect "unused, $family" "close ${ports[unused client $family]} client" .unused 1
done
expect "nothing lost" meta "[.lost_events, .map_full]" "[0,0]"
verify
plan
