#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Closing, connection by connection: half-closes, orphans, resets in each closing state, aborts, and
# who holds the TIME_WAIT socket.
# shellcheck disable=SC2119
view=conns
. "$(dirname "$0")/lib.sh"
need ss

# CASE SIDE ROLE, then the record: initiator, cause, in flight, raced, TIME_WAIT, exchanges, bytes sent
# and received.  SIDE is the end that acts, or the one on this host; a case has a line for each end of
# it here.  TIME_WAIT is "gone" where the socket was left, but does not stay: killed by a reset, or timed
# out.
cases='
half-close         client client local-fin - 1 0 1 2 200 400
half-close         client server remote-fin - 1 0 0 2 400 200
half-close         server client remote-fin - 0 0 0 1 100 200
half-close         server server local-fin - 0 0 1 1 200 100
shut-both          client client local-fin - 0 0 1 1 100 200
shut-both          client server remote-fin - 0 0 0 1 200 100
shut-both          server client remote-fin - 0 0 0 1 100 200
shut-both          server server local-fin - 0 0 1 1 200 100
shut-read          client client remote-fin - 0 0 0 1 100 200
shut-read          client server local-fin - 0 0 1 1 200 100
shut-read          server client local-fin - 0 0 1 1 100 200
shut-read          server server remote-fin - 0 0 0 1 200 100
heir               client client local-fin - 0 0 1 1 100 200
heir               client server remote-fin - 0 0 0 1 200 100
heir               server client remote-fin - 0 0 0 1 100 200
heir               server server local-fin - 0 0 1 1 200 100
race               server client remote-fin - 0 1 0 1 200 200
race               server server local-fin after-fin-data 0 1 gone 1 200 100
not-accepted       server client remote-rst - 0 0 0 0 0 0
not-accepted       server server local-rst not-accepted 0 0 0 0 0 0
abort              client client abort - 0 0 0 1 100 200
abort              client server remote-rst - 0 0 0 1 200 100
abort              server client remote-rst - 0 0 0 1 100 200
abort              server server abort - 0 0 0 1 200 100
abort-half-closed  client client local-fin - 0 0 0 1 100 200
abort-half-closed  client server remote-fin - 0 0 0 1 200 100
fin-ack-apart      client client local-fin - 0 0 1 1 100 200
fin-ack-apart      server server local-fin - 0 0 1 1 200 100
fin-ack-together   client client local-fin - 0 0 1 1 100 200
shut-then-close    client client local-fin - 0 0 1 1 100 200
shut-then-close    server server local-fin - 0 0 1 1 200 100
close-in-fin-wait2 client client local-fin - 0 0 1 1 100 200
close-in-fin-wait2 server server local-fin - 0 0 1 1 200 100
rst-fin-wait1      client client local-fin - 0 0 0 1 100 200
rst-fin-wait2      client client local-fin - 0 0 0 1 100 200
rst-orphan         server server local-fin - 0 0 0 1 200 100
rst-time-wait      client client local-fin - 0 0 gone 1 100 200
rst-close-wait     client client remote-fin - 0 0 0 1 100 200
rst-close-wait     server server remote-fin - 0 0 0 1 200 100
rst-last-ack       client client remote-fin - 0 0 0 1 100 200
late-data          client client local-fin - 1 0 0 1 200 200
late-data-acks     client client local-fin - 1 0 0 1 200 200
late-data-acked    client client local-fin - 1 0 gone 1 200 200
late-notify-acks   client client local-fin - 0 0 0 1 100 200
late-notify-acks   server server local-fin - 0 0 0 1 200 100
late-notify-acked  client client local-fin - 0 0 gone 1 100 200
late-notify-acked  server server local-fin - 0 0 gone 1 200 100
linger-notify      server server local-fin - 0 0 1 1 200 124
unread-fin         client client remote-fin - 0 0 0 1 200 200
unread-fin         server server remote-fin - 1 0 0 1 200 100
rst-closing        client client both-fin - 0 0 0 1 100 200
rst-closing        server server both-fin - 0 0 0 1 200 100
shut-both-data     client client local-fin - 0 0 0 1 100 200
shut-both-data     server server local-fin after-fin-data 0 1 0 1 200 100
linger-reads       server server local-fin after-fin-data 0 1 1 1 200 200
drains             server server local-fin - 1 0 1 1 200 200
answer-fin         client client remote-fin - 0 0 0 2 200 400
fin-first-request  client client remote-fin - 1 0 0 0 100 0
fin-first-request  server server remote-fin - 1 0 0 0 0 100
linger2-negative   client client local-fin - 0 0 0 1 100 200
linger2-negative   server server local-fin - 0 0 0 1 200 100
linger2-data       client client local-fin - 0 0 0 1 100 200
linger2-data       server server local-fin after-fin-data 0 1 0 1 200 100
port-again         server client remote-fin - 0 0 0 1 100 200 twice
port-again         server server local-fin - 0 0 1 1 200 100 twice
'
# These wait for a timeout, which the script makes short once the others are done.
patient_cases='
linger2-long       client client local-fin - 0 0 gone 1 100 200
linger2-long       server server local-fin - 0 0 gone 1 200 100
orphan-fin-wait2   server server local-fin - 0 0 gone 1 200 100
orphan-fin-wait1   client client local-fin retransmissions 0 0 0 1 100 200
orphan-fin-wait1   server server local-fin retransmissions 0 0 0 1 200 100
silent-last-ack    client client remote-fin retransmissions 0 0 0 1 100 200
cut-in-flight      client client timeout retransmissions 1 0 0 1 200 200
cut-idle           client client timeout keepalive-probes 0 0 0 1 100 200
cut-idle           server server timeout keepalive-probes 0 0 0 1 200 100
cut-half-closed    client client local-fin keepalive-probes 0 0 0 1 100 200
port-reuse         client client local-fin - 0 0 gone 1 100 200 twice
port-reuse         client server remote-fin - 0 0 0 1 200 100 twice
cut-unreachable    client client timeout retransmissions 1 0 0 1 200 200
cut-user-timeout   server server timeout user-timeout 0 0 0 1 200 100
'
families='4 6 mapped'
[ -z "$VM" ] || families='4 6'

# Each case of each family has a port of its own.
declare -A ports got
next_port=6001

# orders CASES FAMILY...: the lines that the peer reads, in $lines.
orders() {
	local case side family cases=$1

	shift
	lines=
	while read -r case side _; do
		for family; do
			[ -z "$case" ] || [ "${ports[$case $side $family]:-}" ] && continue
			ports[$case $side $family]=$next_port
			lines+="$case $side $family $next_port"$'\n'
			next_port=$((next_port + 1))
		done
	done <<<"$cases"
}

# Both ends of what is in TIME_WAIT in this namespace.
time_waits() {
	ss -Htan state time-wait | awk '{ print $3, $4 }' | sed 's/\[::ffff:\([0-9.]*\)\]/\1/g' | sort
}

: <>/dev/net/tun || skip_all "no TUN devices"
trace_start --closed 100000
# shellcheck disable=SC2086 # words
orders "$cases" $families
peer close --conns 8 <<<"$lines" >"$dir/said"
time_waits >"$dir/kernel"
sysctl -qw net.ipv4.tcp_retries2=2 net.ipv4.tcp_orphan_retries=2 net.ipv4.tcp_fin_timeout=1
# shellcheck disable=SC2086 # words
orders "$patient_cases" $families
peer close --conns 64 <<<"$lines" >>"$dir/said"
trace_stop

# Port and role, then the words of the tables; what a failed one has is its reason.
while read -r port role words; do
	got[$port $role]+=${got[$port $role]:+, }$words
done < <(jq -r 'def bit: if . == null then "-" else if . then 1 else 0 end end;
	select(.type == "conn") | (if .role == "client" then .remote_port else .local_port end) as $port
	| "\($port) \(.role) " + if .fail_reason then .fail_reason else "\(.initiator) \(.cause // "-") "
	+ "\(.in_flight | bit) \(.raced | bit) \(.time_wait | bit) \(.exchanges) "
	+ "\(.sent_bytes) \(.received_bytes)" end' "$json" | sort)

# A kernel whose tracepoint leaves TIME_WAIT sockets out says so.
no_race=$(jq -r 'select(.type == "meta") | .reasons.race // ""' "$json")

want_of() { # want_of WORDS
	local words=${1/ gone / 1 }

	[[ -z $no_race || $1 != *" gone "* ]] || words=${words/#local-fin after-fin-data 0 1 /local-fin - 0 0 }
	case $words in
	*" twice") words="${words% twice}, ${words% twice}" ;;
	*" and "*) words="${words% and *}, ${words##* and }" ;;
	esac
	echo "$words"
}

for family in $families; do
	while read -r case side role want; do
		[ "$case" ] || continue
		port=${ports[$case $side $family]}
		if grep -q "^$port unsupported" "$dir/said"; then
			skip "$case, $side, seen by the $role, $family" "no CONFIG_INET_DIAG_DESTROY"
			continue
		fi
		check "$case, $side, seen by the $role, $family" "${got[$port $role]:-no record}" "$(want_of "$want")"
	done <<<"$cases$patient_cases"
done

# The records that say so are the TIME_WAIT sockets of this namespace, but for those that do not stay;
# of two on the same ends the first has made way.
gone=$(while read -r case side role want; do
	for family in $families; do
		[[ $want != *" gone "* ]] || echo "${ports[$case $side $family]}"
	done
done <<<"$cases$patient_cases")
jq -r --arg gone "$gone" 'def host: if test(":") then "[\(.)]" else . end;
	select(.type == "conn" and .time_wait == true)
	| (if .role == "client" then .remote_port else .local_port end | tostring) as $port
	| select($gone | split("\n") | index($port) | not)
	| "\(.local_addr | host):\(.local_port) \(.remote_addr | host):\(.remote_port)"' "$json" |
	sort -u >"$dir/records"
check "TIME_WAIT: records and ss" "$(diff "$dir/records" "$dir/kernel")" ""
check_range "... some" "$(wc -l <"$dir/kernel")" 1 1000
check "nothing lost" "$(jq -c 'select(.type == "meta") | [.lost_events, .map_full]' "$json")" "[0,0]"
plan
