#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx before an upstream that is not there, and before one that stops answering; keepalive probes are on.
. "$(dirname "$0")/lib.sh"
need nginx ab curl python3 ss
url=http://127.0.0.1:8080/

proxy "keepalive 8;" "$keep"
diagnose "a refused upstream" "connect-fails 9000 client" clients 4 40 $url
check "a bad gateway each" "$(said_by_ab 'Non-2xx responses')" 40
check "... as the proxy logged" "$(grep -c 'Connection refused' "$dir/proxy.log")" 40
expect "all refused" "upstream 9000" "[.opened, .failed, .fail_reasons.refused]" "[0,40,40]"
verify
proven connect-fails client '[.failed, .refused, .still_failing]' "[40,40,true]" critical
advised connect-fails client 'nothing listens there'

web ""
proxy "keepalive 8;" "$keep"
diagnose "an upstream that is there" "" clients 4 40 $url
expect "none refused" "upstream 9000" "[(.opened <= 4), .failed, .exchanges]" "[true,0,40]"
verify

web ""
fall_back() { # curl tries ::1 first, where nothing listens
	for _ in 1 2 3 4; do
		curl -sS -o /dev/null --max-time "$patience" --resolve "web:9000:[::1],127.0.0.1" http://web:9000/
	done
}
diagnose "a name with two addresses" "connect-fails 9000 client" fall_back
verify
proven connect-fails client '[.failed, .refused, .other_family_opened]' "[4,4,4]" notice
advised connect-fails client 'listen on this address'

if ! another_host; then
	skip "a peer falls silent" "no veth devices"
	plan
fi
sysctl -qw net.ipv4.tcp_keepalive_time=1 net.ipv4.tcp_keepalive_intvl=1 net.ipv4.tcp_keepalive_probes=2

kept() { # how many connections the proxy has
	ss -Htn state established 'dport = :9000' | wc -l
}

is_gone() {
	[ "$(kept)" = 0 ]
}

silence() { # the other host can no longer answer
	clients 20 60 "${url}slow" # which takes long enough that they overlap
	kept=$(kept)
	in_space ip route add blackhole 10.99.0.1/32
	wait_for is_gone || bail "connections outlive their peer"
	in_space ip route delete blackhole 10.99.0.1/32
}

idling() {
	clients 20 60 "${url}slow" # which takes long enough that they overlap
	kept=$(kept)
	sleep 3 # as long as the other end was given
}

remote_web "keepalive 32;"
diagnose "a peer falls silent" "peer-vanishes 9000 client" silence
check "all were answered" "$(said_by_ab 'Complete requests')" 60
check_range "connections kept" "$kept" 2 20
expect "all given up" "close 9000 client" "[.closed, .by.timeout, .causes.keepalive_probes, .in_flight]" \
	"[$kept,$kept,$kept,0]"
verify
proven peer-vanishes client '[.timeouts, .keepalive_timeouts, .closed]' "[$kept,$kept,$kept]"

remote_web "keepalive 32;"
diagnose "a peer that idles" "" idling
expect "all still there" "upstream 9000" "[.opened, .open, .idle, .closed]" "[$kept,$kept,$kept,0]"
verify
plan
