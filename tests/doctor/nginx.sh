#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx as a proxy before nginx: without a pool of connections, with one too small, with a cap of
# requests for each connection, and as it should be.
. "$(dirname "$0")/lib.sh"
need nginx ab
url=http://127.0.0.1:8080
closed='.by.local_fin + .by.remote_fin + .by.both_fin'

# scenario NAME FINDINGS CLIENTS REQUESTS PATH: of the proxy and the web server that run.
scenario() {
	diagnose "$1" "$2" clients "$3" "$4" "$url$5"
	check "all are answered" "$(said_by_ab 'Complete requests') $(said_by_ab 'Non-2xx responses')" "$4 "
	expect "connections and requests as the web server logged" "upstream 9000" \
		"[.opened, .exchanges, .exchanges_per_conn.max]" "$(logged web)"
	expect "the clients' connections are reused" "upstream 8080" "[.comm, .opened, .exchanges]" "[\"ab\",$3,$4]"
}

web ""
proxy "" ""
scenario "HTTP/1.0, as ever" "not-reused-remote 9000 client" 8 200 /
expect "a connection for each request" "upstream 9000" "[.opened, .reused, .open]" "[200,0,0]"
# Now and then the proxy, which knows the length of the answer, closes first.
expect "most closed by the web server" "close 9000 client" \
	"[.closed, ($closed), (.by.remote_fin > 100)]" "[200,200,true]"
verify
proven not-reused-remote client '[.closed, .exchanges, .closed_remote > 100]' "[200,200,true]"
advised not-reused-remote client proxy_http_version

web ""
proxy "" "$keep"
scenario "HTTP/1.1 without a pool" "not-reused-local 9000 client" 8 200 /
expect "a connection for each request" "upstream 9000" "[.opened, .reused, .time_wait]" "[200,0,200]"
expect "all closed by the proxy, at once" "close 9000 client" \
	"[.closed, .by.local_fin, (.idle_at_close_ms.local.p50 < 100)]" "[200,200,true]"
verify
proven not-reused-local client '[.closed_local, .time_wait, .request_cap]' "[200,200,1]"
advised not-reused-local client 'proxy_http_version 1.1'

web ""
proxy "keepalive 2;" "$keep"
scenario "a pool of 2 under 8 clients" "pool-too-small 9000 client" 8 400 /slow
expect "the pool is 2, and 8 are needed" "upstream 9000" "[.open, .idle, .open_peak, .active_peak]" "[2,2,8,8]"
expect "churn beside reuse" "upstream 9000" "[(.opened > 40), (.reused > 40)]" "[true,true]"
expect "all closed by the proxy" "close 9000 client" "[.closed - .by.local_fin]" "[0]"
verify
proven pool-too-small client '[.pool_size, .active_peak]' "[2,8]"
advised pool-too-small client 'keepalive 8'

web "keepalive_requests 100;"
proxy "keepalive 8;" "$keep"
scenario "a cap of 100 requests" "request-cap 9000 client" 2 2000 /
expect "a hundred on each connection" "upstream 9000" ".exchanges_per_conn.max" 100
expect "most closed by the web server" "close 9000 client" \
	"[.closed - ($closed), (.closed >= 18), (.by.remote_fin * 2 > .closed)]" "[0,true,true]"
verify
proven request-cap client '[.request_cap, .request_cap_closes >= 18, .request_cap_local_ratio < 0.5]' \
	"[100,true,true]"
advised request-cap client keepalive_requests

web ""
proxy "keepalive 8;" "$keep"
scenario "a working configuration" "" 8 400 /slow
expect "the proxy keeps a connection for each client" "upstream 9000" "[.opened, .open, .idle]" "[8,8,8]"
expect "none is closed" "close 9000 client" . '"0 rows"'
verify
plan
