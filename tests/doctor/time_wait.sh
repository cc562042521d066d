#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx without a pool, in a namespace with few local ports: most in TIME_WAIT, all in TIME_WAIT, and a pool.
. "$(dirname "$0")/lib.sh"
need nginx ab ss
another_host || skip_all "no veth devices" # on loopback TIME_WAIT lasts a second
url=http://127.0.0.1:8080/

ports() { # ports FIRST: 200 from there
	sysctl -qw net.ipv4.ip_local_port_range="$1 $(($1 + 199))"
}

waiting() { # waiting FIRST: sockets to the upstream in TIME_WAIT on these ports
	ss -Htan state time-wait "dport = :9000 and sport >= :$1 and sport < :$(($1 + 200))" | wc -l
}

ports 40000
remote_web ""
# The recording does not know the range.
recorded="not-reused-local 9000 client"
diagnose "many in TIME_WAIT" "not-reused-local 9000 client, time-wait 9000 client" clients 4 180 $url
unset recorded
waits=$(waiting 40000)
expect "as ss shows" "upstream 9000" "[.opened, .failed, .time_wait]" "[180,0,$waits]"
expect "closed by the proxy" "close 9000 client" "[.closed, .by.local_fin]" "[180,180]"
verify
proven time-wait client '[.time_wait_now, .local_ports]' "[$waits,200]" critical

ports 41000
remote_web ""
diagnose "no port left" "not-reused-local 9000 client, time-wait 9000 client" clients 4 260 $url
waits=$(waiting 41000)
failed=$(grep -c 'Cannot assign requested address' "$dir/proxy.log")
check_range "nginx found no port" "$failed" 50 70
expect "failures as nginx logged" "upstream 9000" "[.opened, .failed, .fail_reasons.no_port]" \
	"[$((260 - failed)),$failed,$failed]"
verify
proven time-wait client '[.no_port, .time_wait]' "[$failed,$waits]" critical
advised time-wait client ip_local_port_range

ports 42000
remote_web "keepalive 8;"
diagnose "a pool instead" "" clients 4 260 $url
expect "none in TIME_WAIT" "upstream 9000" "[(.opened <= 4), .exchanges, .time_wait]" "[true,260,0]"
verify
plan
