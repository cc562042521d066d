#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Opening: attempts that fail, each with its reason, and the ways in which a connection can begin.
# shellcheck disable=SC2119
view=conns
. "$(dirname "$0")/lib.sh"

# CASE, then each of its connections, in any order: role, state, who ended it, cause, why it failed,
# exchanges; null is "-".
ok="client/closed/local-fin/-/-/1 server/closed/remote-fin/-/-/1"
failed() {
	echo "client/failed/-/-/$1/0"
}
cases="
blocking            $ok
non-blocking        $ok
bound               $ok
refused             $(failed refused)
refused-bound       $(failed refused)
refused-later       $(failed refused)
no-route            $(failed unreachable)
no-route-later      $(failed unreachable) $(failed unreachable)
no-route-then-ok    $ok $(failed unreachable)
route-unreachable   $(failed unreachable)
route-prohibit      $(failed unreachable)
route-blackhole     $(failed unreachable)
icmp-unreachable    $(failed unreachable)
icmp-later          $(failed unreachable)
icmp-prohibit       $(failed unreachable)
silence             $(failed timeout)
port-taken          $ok $(failed no-port)
bind-taken
cancelled           $(failed cancelled)
interrupted         $(failed cancelled)
interrupted-then-ok client/closed/remote-rst/-/-/0
killed              $(failed cancelled)
abandoned           $ok $(failed cancelled)
reconnect           $ok client/closed/local-rst/disconnect/-/1 server/closed/remote-rst/-/-/1
refused-then-ok     $ok $(failed refused)
connect-then-listen $ok $(failed unreachable)
self                client/closed/both-fin/-/-/1
cross               client/closed/remote-fin/-/-/1
cross-reset         $(failed refused)
cross-cancelled     $(failed cancelled)
"
families='4 6 mapped'

# 10.98.1.0/24 and so on are unreachable, prohibited, blackholes; 4 to 6 the same behind a router.
refuse() { # refuse FIRST [COMMAND...]: COMMAND runs ip in another namespace
	local number=$1 type

	shift
	for type in unreachable prohibit blackhole; do
		"$@" ip route add $type "10.98.$number.0/24"
		"$@" ip -6 route add $type "fd98:$number::/64"
		number=$((number + 1))
	done
}

make_router() {
	local number

	ip link add uplink type veth peer name downlink netns "$space" || return 1
	ip address add 10.96.0.1/24 dev uplink
	ip address add fd96::1/64 dev uplink nodad
	ip link set uplink up
	in_space ip address add 10.96.0.2/24 dev downlink
	in_space ip address add fd96::2/64 dev downlink nodad
	in_space ip link set downlink up
	in_space sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	refuse 4 in_space
	for number in 4 5 6; do
		ip route add "10.98.$number.0/24" via 10.96.0.2
		ip -6 route add "fd98:$number::/64" via fd96::2
	done
}

# meet PORT: both sides connect to each other, and neither's first SYN arrives.
meet() {
	local here there

	here=$(cat /sys/class/net/uplink/address)
	there=$(in_space ip -o link show downlink | sed 's|.*link/ether \([^ ]*\).*|\1|')
	neighbours 02:00:00:00:00:01 02:00:00:00:00:01
	peer open <<<"meet client 4 $1" &
	pids=($!)
	in_space "$PEER" open <<<"meet server 4 $1" &
	pids+=($!)
	wait_for is_connecting "$1" || bail "no SYN"
	wait_for is_connecting "$1" in_space || bail "no SYN"
	neighbours "$here" "$there"
	wait "${pids[0]}" || bail "a peer failed"
	wait "${pids[1]}" || bail "a peer failed"
}

neighbours() { # neighbours HERE THERE: what each side takes for the other's MAC address
	ip neighbour replace 10.96.0.2 lladdr "$2" dev uplink nud permanent
	in_space ip neighbour replace 10.96.0.1 lladdr "$1" dev downlink nud permanent
}

is_connecting() { # is_connecting PORT [COMMAND...]: SYN_SENT
	"${@:2}" grep -qi "$(printf ':%04X 02 ' "$1")" /proc/self/net/tcp
}

# The first open loads the module; many at once would trip over each other.
: <>/dev/net/tun || skip_all "no TUN devices"
refuse 1
space_start
space_netns=$(in_space stat -Lc %i /proc/self/ns/net)
if ! make_router; then
	cases=$(grep -v '^icmp\|^silence' <<<"$cases")
	skip "behind a router" "no veth devices"
fi

# Each case of each family has a port of its own.
declare -A ports got
next_port=5901
orders=
while read -r case _; do
	for family in $families; do
		[ "$case" ] || continue
		ports[$case $family]=$next_port
		orders+="$case client $family $next_port"$'\n'
		next_port=$((next_port + 1))
	done
done <<<"$cases"

trace_start --closed 100000 --netns "$space_netns"
[ ! -e /sys/class/net/uplink ] || meet 5803
peer open --conns 24 <<<"$orders"
sysctl -qw net.ipv4.ip_local_port_range="41000 41001"
peer open --conns 1 <<<"no-port client 4 5801"
peer open --conns 1 <<<"no-port client 6 5802"
trace_stop

# The port, then its connections in order.
while read -r port words; do
	got[$port]=$words
done < <(jq -nr '
	def words: [.role, .state, .initiator, .cause, .fail_reason, .exchanges]
		| map(. // "-" | tostring) | join("/");
	[inputs | select(.type == "conn")]
	| group_by(if .role == "client" then .remote_port else .local_port end)[]
	| (.[0] | if .role == "client" then .remote_port else .local_port end | tostring)
		+ " " + (map(words) | sort | join(" "))' "$json")

# check_port NAME PORT CONNECTION...
check_port() {
	local name=$1 port=$2

	shift 2
	check "$name" "${got[$port]:-}" "$(printf '%s\n' "$@" | sort | paste -sd ' ')"
}

while read -r case want; do
	for family in $families; do
		# shellcheck disable=SC2086 # words
		[ -z "$case" ] || check_port "$case, $family" "${ports[$case $family]}" $want
	done
done <<<"$cases"
for port in 5801 5802; do
	# shellcheck disable=SC2086
	check_port "no port left, $port" $port $ok $ok "$(failed no-port)"
done

if [ -e /sys/class/net/uplink ]; then
	check_port "two namespaces that connect to each other" 5803 \
		client/closed/local-fin/-/-/1 client/closed/remote-fin/-/-/1
fi

# The local port, where it was asked for, and the addresses.
for family in $families; do
	here=127.0.0.1 there=10.98.0.1
	[ "$family" != 6 ] || here=::1 there=fd98::1
	for case in bound refused-bound no-route-later port-taken; do
		port=${ports[$case $family]}
		want="$here $((port + 10000)) $here $port"
		[ $case != no-route-later ] || want="$here $((port + 10000)) $there $port"
		check "$case, $family: ends" "$(jq -r "select(.type == \"conn\" and .remote_port == $port)
			| [.local_addr, .local_port, .remote_addr, .remote_port] | join(\" \")" "$json" | sort -u)" "$want"
	done
done
check "nothing stays open" "$(jq -r 'select(.type == "conn" and .state != "closed" and .state != "failed")' "$json")" ""
check "each has its owner" "$(jq -r 'select(.type == "conn" and (.comm != "peer" or .pid == null))' "$json")" ""
expect "nothing lost, all counted" meta "[.tracked, .partial, .no_owner, .lost_events, .map_full]" \
	"[$(jq -s 'map(select(.type == "conn")) | length' "$json"),0,0,0,0]"
verify

# A socket that is used again is judged by the port that it gets then.
trace_start --closed 10 --netns "$space_netns" --role client -L 25821,25822,25823
peer open --conns 1 <<-END
	other-port client 4 5821
	other-port client 6 5822
	other-port client mapped 5823
END
trace_stop
check "another port: what it gets then" "$(jq -nr '[inputs | select(.type == "conn")
	| "\(.local_port) \(.initiator) \(.exchanges)"] | sort | join(", ")' "$json")" \
	"25821 local-fin 1, 25822 local-fin 1, 25823 local-fin 1"
verify

# The same in an upstream's row.
tracer_command=("${tracer_command[@]/#conns/all}")
trace_start
peer open <<-END
	refused client 4 5811
	no-route-later client 4 5812
	port-taken client 4 5813
	cancelled client 4 5814
	cross-reset client 6 5815
END
trace_stop
number_of='[.opened, .failed, (.fail_reasons | to_entries[] | select(.value > 0) | .key, .value)]'
expect "upstream: refused" "upstream 5811" "$number_of" '[0,1,"refused",1]'
expect "upstream: unreachable" "upstream 5812" "$number_of" '[0,2,"unreachable",2]'
expect "upstream: no port" "upstream 5813" "$number_of" '[1,1,"no_port",1]'
expect "upstream: cancelled" "upstream 5814" "$number_of" '[0,1,"cancelled",1]'
expect "upstream: refused by a reset" "upstream 5815" "$number_of" '[0,1,"refused",1]'
expect "account" meta "[.tracked, .lost_events]" "[8,0]"
verify
plan
