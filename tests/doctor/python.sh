#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Python's web server: as it is, with HTTP/1.1, and slow before more clients than its backlog holds.
. "$(dirname "$0")/lib.sh"
need ab python3 nstat
url=http://127.0.0.1

python_requests() {
	grep -c '" 200 ' "$dir/python.log"
}

serve python 9000 python3 "$here/web.py" 9000 HTTP/1.0
diagnose "HTTP/1.0" "not-reused-remote 9000 client" clients 2 60 $url:9000/
expect "requests as it logged, none on a connection that was there" "upstream 9000" "[.exchanges, .reused]" \
	"[$(python_requests),0]"
# ab opens one too many, now and then.
expect "closed by it" "close 9000 client" "[(.closed - .unused), (.by.remote_fin >= 60)]" "[60,true]"
verify
proven not-reused-remote client .exchanges 60

serve python 9000 python3 "$here/web.py" 9000 HTTP/1.1
# shellcheck disable=SC2046 # one after the other
diagnose "HTTP/1.1" "" pulse 9000 2 $(printf '0 %.0s' {2..30})
expect "a connection for each client" "upstream 9000" "[.opened, .exchanges]" "[2,$(python_requests)]"
verify

options=(--role server)
overflows=$(counted TcpExtListenOverflows)
serve python 9000 python3 "$here/web.py" 9000 HTTP/1.0 20
diagnose "slow" "accept-overflow 9000 server" clients 16 32 $url:9000/
overflows=$(($(counted TcpExtListenOverflows) - overflows))
check_range "the kernel counted overflows" $overflows 1 1000
expect "full" "listener 9000" "[.limit, .depth_max, (.overflows // $overflows)]" "[5,6,$overflows]"
verify
proven accept-overflow server '[.limit, .depth_max, .somaxconn]' "[5,6,4096]"
advised accept-overflow server "accepts too slowly"
options=()
plan
