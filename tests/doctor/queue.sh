#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# apache2 with few workers under a burst of clients, and somaxconn below what it asks for; then with enough
# of both.
. "$(dirname "$0")/lib.sh"
need apache2 ab ss nstat
options=(--role server) # the burst's other end is not what is looked at

# burst WORKERS CLIENTS: a request each, all at once. In $deepest and $limit what ss showed, in $overflows what
# the kernel counted.
burst() {
	local depth client before

	apache "$1"
	before=$(counted TcpExtListenOverflows)
	clients "$2" "$2" http://127.0.0.1:9000/index.html -H 'Connection: close' &
	client=$!
	deepest=0
	until ended "$client"; do
		read -r _ depth limit _ < <(ss -Hltn 'sport = :9000')
		[ "$depth" -le "$deepest" ] || deepest=$depth
		sleep 0.05
	done
	wait "$client"
	overflows=$(($(counted TcpExtListenOverflows) - before))
}

scenario() { # scenario NAME FINDINGS SOMAXCONN WORKERS
	sysctl -qw net.core.somaxconn="$3"
	diagnose "$1" "$2" burst "$4" 160
	check "all are answered" "$(said_by_ab 'Complete requests') $(said_by_ab 'Failed requests')" "160 0"
	expect "limit, as ss shows" "listener 9000" "[.limit, .somaxconn, .backlog_asked]" "[$limit,$3,511]"
	expect "at least as deep as ss ever showed" "listener 9000" "[.depth_max >= $deepest, .depth]" "[true,0]"
	expect "all accepted" "listener 9000" .accepted 160
	if [ "$(values meta .backends.overflow)" = '"off"' ]; then
		expect "overflows are not to be had" "listener 9000" .overflows null
	else
		expect "overflows as the kernel counted" "listener 9000" .overflows "$overflows"
	fi
}

scenario "8 workers, somaxconn 128" "accept-overflow 9000 server, backlog-clamped 9000 server" 128 8
check_range "the kernel counted overflows" "$overflows" 1 1000
expect "clamped, full, slow" "listener 9000" \
	"[.limit, .clamped, .depth_max, (.accept_wait_us.p50 > 500000)]" "[128,true,129,true]"
verify
proven accept-overflow server '[.overflows, .accepted, .depth_max]' "[$overflows,160,129]"
advised accept-overflow server MaxRequestWorkers
proven backlog-clamped server '[.backlog_asked, .limit, .somaxconn]' "[511,128,128]"
advised backlog-clamped server net.core.somaxconn=511

scenario "64 workers, somaxconn 1024" "" 1024 64
check "the kernel counted no overflows" "$overflows" 0
expect "neither clamped nor near its limit" "listener 9000" "[.limit, .clamped, (.depth_max < 200)]" \
	"[511,false,true]"
verify
plan
