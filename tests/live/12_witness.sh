#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Witness: tcpdump watches a mixed load at both ends, and what it saw must be what connscope reports, one
# connection after the other. See witness.py for what is compared.
#
# Environment, besides that of lib.sh:
#   SEED    of the load; default is a new one each time
#   CONNS   how many connections, default 2000, in a VM 200
#   KEEP    a directory to leave captures and report in
# shellcheck disable=SC2034 # lib.sh reads it
view=conns
. "$(dirname "$0")/lib.sh"
need tcpdump python3
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
CONNS=${CONNS:-$([ "$VM" ] && echo 200 || echo 2000)}
lanes=$([ "$VM" ] && echo 20 || echo 64)
captures=()

# prepare ADDRESS4 ADDRESS6 PEER4 PEER6: the device that the load's relay will read and write.
prepare() {
	ip link set lo up
	ip tuntap add dev wire mode tun
	ip addr add "$1" peer "$3" dev wire
	ip addr add "$2/64" dev wire nodad
	ip link set wire txqueuelen 5000 up
	# No pacing, which would hold back a FIN for no reason that the wire shows; and no socket that
	# outlives the load for long.
	sysctl -qw net.ipv4.tcp_congestion_control=reno net.ipv4.tcp_fin_timeout=2
}

# What a tcpdump says when it is asked, or at its end: packets captured, received, dropped.
counts() {
	grep -oE '[0-9]+ packets (captured|received by filter|dropped by kernel)' "$dir/$1.tcpdump" |
		tail -n 3 | cut -d ' ' -f 1 | xargs
}

# It writes what it received some time after: only then may it end.
has_all() {
	local side captured received

	kill -USR1 "${captures[@]}"
	for side in client server; do
		read -r captured received _ <<<"$(counts "$side")"
		[ "$captured" ] && [ "$captured" = "$received" ] || return 1
	done
}

capturing() {
	grep -qs 'listening on' "$dir/$1.tcpdump"
}

# capture SIDE COMMAND...: tcpdump, started by COMMAND.
capture() {
	local side=$1

	shift
	"$@" tcpdump -Z root -i wire -s 96 -B 16384 --immediate-mode -w "$dir/$side.pcap" tcp \
		2>"$dir/$side.tcpdump" &
	captures+=($!)
	wait_for capturing "$side" || bail "tcpdump does not start: $(cat "$dir/$side.tcpdump")"
}

: <>/dev/net/tun || skip_all "no TUN devices"
space_start
prepare 10.90.0.1 fd90::1 10.90.0.2 fd90::2
export -f prepare
in_space bash -c 'prepare 10.90.0.2 fd90::2 10.90.0.1 fd90::1' || bail "no device for the server"
capture client env
capture server nsenter --net="/proc/$space/ns/net"

echo "# SEED=$SEED CONNS=$CONNS"
trace_start --closed 100000 --netns "pid:$space"
peer mix --conns "$CONNS" --clients "$lanes" --seed "$SEED" --netns "/proc/$space/ns/net"
trace_stop
wait_for has_all || bail "tcpdump does not write what it received: $(tail -n 3 "$dir"/*.tcpdump)"
kill -INT "${captures[@]}"
wait "${captures[@]}"
for side in client server; do
	read -r captured received dropped <<<"$(counts "$side")"
	check "tcpdump missed nothing, $side" "$((captured - received)) $dropped" "0 0"
done
python3 "$top/tests/live/witness.py" "$json" \
	"client,$(stat -Lc %i /proc/self/ns/net),$dir/client.pcap,10.90.0.1,fd90::1" \
	"server,$(stat -Lc %i "/proc/$space/ns/net"),$dir/server.pcap,10.90.0.2,fd90::2" >"$dir/verdict"
status=$?
if [ "${KEEP:-}" ]; then
	cp "$dir"/*.pcap "$json" "$dir/verdict" "$KEEP"
fi
space_end "$space"

verdict() { # verdict NAME: how many
	awk -F '\t' -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' "$dir/verdict"
}

sed 's/^/# /' "$dir/verdict" | head -n 80
# A run that the kernel skipped may show, though most are made good; without one nothing may differ.
missed=$(jq 'select(.type == "meta") | .missed_runs // 0' "$json")
check_range "complaints" "$(verdict complaints)" 0 "$missed"
[ "$missed" -gt 0 ] || check "the witness's exit status" $status 0
check "as many records as ends of connections" "$(verdict records)" "$(verdict ends)"
check_range "... and as were made" "$(verdict ends)" "$CONNS" $((4 * CONNS))
check "nothing lost" "$(jq -c 'select(.type == "meta") | [.lost_events, .map_full, .partial]' "$json")" "[0,0,0]"
would_notice() { # would_notice KIND WHAT...
	local kind=$1 what

	shift
	for what; do
		check "the witness would notice: $what, $kind" \
			"$([ "$(verdict "spoilt: $what, $kind")" -gt 0 ] && echo yes)" yes
	done
}
for side in client server; do
	would_notice $side initiator "exchanges + 1" "sent_bytes + 1" "received_bytes - 1" in_flight raced \
		time_wait role local_port state "one missing"
done
would_notice "reset server" "exchanges + 1" role state "one missing"
check "the witness would notice: one too many" "$([ "$(verdict "spoilt: one too many")" -gt 0 ] && echo yes)" yes
# The load has everything, unless it is small.
while [ "$CONNS" -ge 1000 ] && read -r what; do
	check "the load has: $what" "$([ "$(verdict "$what")" -gt 0 ] && echo yes)" yes
done <<-END
	client local-fin
	client remote-fin
	client both-fin
	client local-rst
	client remote-rst
	client refused
	client in flight
	client raced
	server local-fin
	server remote-fin
	server both-fin
	server local-rst
	server remote-rst
	server in flight
	server raced
	IPv4
	IPv6
	repeated segments
	on the ports of another
END
plan
