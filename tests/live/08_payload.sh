#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Payload: every way to send and to receive, and every order of turns, counted to the byte.
view=conns
. "$(dirname "$0")/lib.sh"

# CASE, then what is expected of the client's record and of the server's: exchanges, sent bytes,
# received bytes, in flight.  Where the connection goes through a proxy, NAME+1 is its other one.
#   early       the rest of the request came after the response: by the turns, a request of its own
#   half-close  in flight is what was unanswered at the first FIN
#   ktls        cipher text: each record is 29 bytes longer
#   fastopen-*  two exchanges; the first request is sent before there is a connection
#   msg-redirect  goes past TCP, from socket to socket: a limit, and no wrong number
#   mptcp       a subflow: its turns are not known
#   smc         falls back to TCP: the client says so in 28 bytes, and a kernel thread accepts
cases='
write            1 100 200 false      1 200 100 false
writev           1 100 200 false      1 200 100 false
send             1 100 200 false      1 200 100 false
sendmsg          1 100 200 false      1 200 100 false
sendmmsg         1 100 200 false      1 200 100 false
more             1 100 200 false      1 200 100 false
zerocopy         1 100 200 false      1 200 100 false
sendfile         1 100 200 false      1 200 100 false
splice-out       1 100 200 false      1 200 100 false
splice-in        1 100 200 false      1 200 100 false
splice           1 100 200 false      1 200 100 false
uring            1 100 200 false      1 200 100 false
uring-punted     1 100 200 false      1 200 100 false
uring-zerocopy   1 100 200 false      1 200 100 false
read             1 100 200 false      1 200 100 false
readv            1 100 200 false      1 200 100 false
recvmmsg         1 100 200 false      1 200 100 false
peek             1 100 200 false      1 200 100 false
dontwait         1 100 200 false      1 200 100 false
trunc            1 100 200 false      1 200 100 false
quickack         1 100 200 false      1 200 100 false
fionread         1 100 200 false      1 200 100 false
waitall          1 100 200 false      1 200 100 false
zerocopy-receive 1 16384 200 false    1 200 16384 false
large            1 4194304 200 false  1 200 4194304 false
sendfile-large   1 4194304 200 false  1 200 4194304 false
full-buffers     1 4194304 200 false  1 200 4194304 false
urgent           1 100 200 false      1 200 100 false
single-bytes     1 100 2000 false     1 2000 100 false
early            1 100 200 false      1 200 100 true
greeting         0 0 200 false        0 200 0 false
greeting-first   2 200 600 false      2 600 200 false
half-close       1 100 200 true       1 200 100 true
late-read        1 100 200 true       1 200 100 true
last-with-fin    1 100 200 false      1 200 100 false
splice-with-fin  1 100 200 false      1 200 100 false
pipelined        1 300 600 false      1 600 300 false
fastopen-cookie  2 200 400 false      2 400 200 false
fastopen-data    2 200 400 false      2 400 200 false
fastopen-connect 2 200 400 false      2 400 200 false
ktls             3 387 687 false      3 687 387 false
sockmap          3 300 600 false      3 600 300 false
sockmap-packets  3 300 600 false      3 600 300 false
redirect         3 300 600 false      3 600 300 false
redirect+1       3 300 600 false      3 600 300 false
redirect-packets 3 300 600 false      3 600 300 false
redirect-packets+1 3 300 600 false    3 600 300 false
msg-redirect     0 0 0 false          0 0 0 false
mptcp            null 300 600 null,mptcp null 600 300 null,mptcp
mptcp-client     null 300 600 null,mptcp 3 600 300 false
mptcp-server     3 300 600 false      3 600 300 false
smc              3 328 600 false      3 600 328 false,owner,kworker
'

declare -A ports got skipped
orders=
next_port=5001
while read -r case _; do
	[[ $case ]] || continue
	if [[ $case == *+1 ]]; then
		ports[$case]=$((ports[${case%+1}] + 1))
		continue
	fi
	ports[$case]=$next_port
	orders+="$case $next_port"$'\n'
	next_port=$((next_port + 2))
done <<<"$cases"
ports[both-ways]=5901
orders+=$'both-ways 5901\nsctp 5907\nreconnect 5911\n'

sysctl -qw net.ipv4.tcp_fastopen=3
: <>/dev/net/tun || skip_all "no TUN devices"
trace_start --closed 100000
peer payload <<<"$orders" >"$dir/said"
sysctl -qw net.ipv4.tcp_fastopen=7 # without a cookie
peer payload <<<"fastopen-refused 5903" >>"$dir/said"
sysctl -qw net.ipv4.tcp_fastopen=519 # neither has the server
peer payload <<<"fastopen-slow 5913" >>"$dir/said"
ip addr add 10.99.255.1/32 dev lo
ip mptcp limits set subflow 1 add_addr_accepted 1 2>/dev/null
ip mptcp endpoint add 10.99.255.1 subflow 2>/dev/null
peer payload <<<"mptcp-join 5905" >>"$dir/said"
ip mptcp endpoint flush 2>/dev/null
talk_start payload
echo "mptcp-open 5909" >&"$talk_fd"
hear "$talk_out" "open" # or: skip mptcp-open
trace_stop
talk_end "$talk_fd" "$talk_pid"

while read -r word case reason; do
	case $word in
	skip) skipped[$case]=$reason ;;
	reads) reads=("$case" "$reason") ;;
	esac
done <"$dir/said"
while read -r port role words; do
	got[$port $role]+=${got[$port $role]:+, }$words
done < <(jq -r 'select(.type == "conn")
	| (if .role == "client" then .remote_port else .local_port end) as $port
	| "\($port) \(.role) \(.exchanges) \(.sent_bytes) \(.received_bytes) \(.in_flight)"
	+ if .partial then " partial" else "" end
	+ if .mptcp then " mptcp" else "" end
	+ if .comm != "peer" then " owner \(.comm // "null" | sub("/.*"; ""))" else "" end' "$json")

# check_conn CASE ROLE WANT
check_conn() {
	local reason=${skipped[${1%+1}]:-}

	if [ "$reason" ]; then
		skip "$1, $2" "$reason"
	else
		check "$1, $2" "${got[${ports[$1]} $2]:-no record}" "$3"
	fi
}

while read -r case e1 s1 r1 f1 e2 s2 r2 f2; do
	[ "$case" ] || continue
	check_conn "$case" client "$e1 $s1 $r1 ${f1//,/ }"
	check_conn "$case" server "$e2 $s2 $r2 ${f2//,/ }"
done <<<"$cases"

check "reconnect, client" "${got[5911 client]:-}" "1 100 200 false, 3 300 600 false"
check "reconnect, server" "${got[5911 server]:-}" "1 200 100 false, 3 600 300 false"

# Streams both ways at once, after one exchange.  The turns are as the scheduler has it, but each
# exchange has at least one read of its own, and so there are at most as many as read() calls.
for role in client server; do
	read -r exchanges sent received _ <<<"${got[${ports[both-ways]} $role]:-}"
	most=${reads[0]:-0}
	want="262244 262344"
	if [ $role = server ]; then
		most=${reads[1]:-0}
		want="262344 262244"
	fi
	check "both-ways, $role: bytes" "${sent:-} ${received:-}" "$want"
	check_range "both-ways, $role: exchanges" "${exchanges:-}" 1 "$most"
done
if [ "${skipped[sctp]:-}" ]; then
	skip "sctp" "${skipped[sctp]}"
else
	check "sctp: none of it" "${got[5907 client]:-}${got[5907 server]:-}" ""
fi

# Four exchanges over two subflows, which share the bytes as they like: role, number, sums, and
# what all of them are.
joined=$(jq -nr '[inputs | select(.type == "conn" and (.remote_port == 5905 or .local_port == 5905))]
	| group_by(.role)[] | "\(.[0].role) \(length) \(map(.sent_bytes) | add) "
	+ "\(map(.received_bytes) | add) \(map([.mptcp, .exchanges, .comm, .state]) | unique)"' "$json")
if [ "${skipped[mptcp-join]:-}" ]; then
	skip "mptcp-join" "${skipped[mptcp-join]}"
	skip "mptcp-open" "${skipped[mptcp-join]}"
else
	check "mptcp-open, client" "${got[5909 client]:-}" "null 300 600 null mptcp"
	check "mptcp-open, server" "${got[5909 server]:-}" "null 600 300 null mptcp"
	check "mptcp-join" "$joined" 'client 2 400 800 [[true,null,"peer","closed"]]
server 2 800 400 [[true,null,"peer","closed"]]'
fi
check "fastopen-refused: failed, though the SYN took the payload" \
	"$(jq -r 'select(.type == "conn" and .remote_port == 5903)
		| "\(.role) \(.state) \(.fail_reason) \(.exchanges)"' "$json")" \
	"client failed refused 0"
check "fastopen-slow: accepted, read and answered before it is established" \
	"$(jq -r 'select(.type == "conn" and .local_port == 5913)
		| "\(.role) \(.exchanges) \(.sent_bytes) \(.received_bytes) \(.partial) \(.accept_wait_us != null)"' "$json")" \
	"server 2 400 200 false true"
plan
