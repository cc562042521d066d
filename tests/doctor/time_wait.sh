#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx without a pool, in a namespace with few local ports: most in TIME_WAIT, all in TIME_WAIT, and a pool.
. "$(dirname "$0")/lib.sh"
need nginx ab nstat
another_host || skip_all "no veth devices" # on loopback TIME_WAIT lasts a second
url=http://127.0.0.1:8080/

storm() { # storm CLIENTS REQUESTS: ... and how many sockets of others went to TIME_WAIT, in $waits
	local before

	before=$(counted TcpExtTW)
	clients "$1" "$2" "$url"
	waits=$(($(counted TcpExtTW) - before - $1))
}

ports() { # ports FIRST: 200 from there
	sysctl -qw net.ipv4.ip_local_port_range="$1 $(($1 + 199))"
}

ports 40000
remote_web ""
# The recording does not know the range.
recorded="not-reused-local 9000 client"
diagnose "many in TIME_WAIT" "not-reused-local 9000 client, time-wait 9000 client" storm 4 180
unset recorded
expect "as the kernel counted" "upstream 9000" "[.opened, .failed, .time_wait]" "[180,0,$waits]"
expect "closed by the proxy" "close 9000 client" "[.closed, .by.local_fin]" "[180,180]"
verify
proven time-wait client '[.time_wait_now, .local_ports]' "[$waits,200]" critical

ports 41000
remote_web ""
diagnose "no port left" "not-reused-local 9000 client, time-wait 9000 client" storm 4 260
failed=$(grep -c 'Cannot assign requested address' "$dir/proxy.log")
check_range "nginx found no port" "$failed" 50 70
expect "failures as nginx logged" "upstream 9000" "[.opened, .failed, .fail_reasons.no_port]" \
	"[$((260 - failed)),$failed,$failed]"
verify
proven time-wait client '[.no_port, .time_wait]' "[$failed,$waits]" critical
advised time-wait client ip_local_port_range

ports 42000
remote_web "keepalive 8;"
diagnose "a pool instead" "" storm 4 260
expect "none in TIME_WAIT" "upstream 9000" "[(.opened <= 4), .exchanges, .time_wait]" "[true,260,0]"
verify
plan
