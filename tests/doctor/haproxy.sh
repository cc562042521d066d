#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# HAProxy before nginx: told to close, not sharing connections between its clients, and sharing them.
. "$(dirname "$0")/lib.sh"
need haproxy nginx ab
# Debian's wants cmpxchg16b, which not every emulated CPU has; the inner shell keeps that to itself.
bash -c 'haproxy -v; exit $?' &>/dev/null || skip_all "haproxy does not run here"
url=http://127.0.0.1

haproxy_serve() { # haproxy_serve LINE
	cat >"$dir/haproxy.cfg" <<-END
		global
			maxconn 256
		defaults
			mode http
			timeout connect 30s
			timeout client 30s
			timeout server 30s
		listen proxy
			bind 127.0.0.1:8080
			server one 127.0.0.1:9000
			$1
	END
	serve haproxy 8080 haproxy -db -f "$dir/haproxy.cfg"
}

web ""
haproxy_serve "option http-server-close"
diagnose "told to close" "not-reused-remote 9000 client" clients 8 200 $url:8080/
expect "a connection for each request, as the web server logged" "upstream 9000" \
	"[.opened, .exchanges, .exchanges_per_conn.max]" "$(logged web)"
# Where its own close is first, it is a reset.
expect "most closed by the web server" "close 9000 client" \
	"[(.by.remote_fin + .by.local_rst), .causes.linger0 == .by.local_rst, (.by.remote_fin > 100)]" "[200,true,true]"
verify
advised not-reused-remote client 'option httpclose'

visitors() { # each with a request and gone
	ab -q -s "$patience" -c 4 -n 200 "$url:8080/" >"$dir/ab" 2>&1
}

web ""
haproxy_serve "http-reuse never"
options=(--comm haproxy)
diagnose "http-reuse never" "not-reused-local 9000 client" visitors
options=()
check "all are answered" "$(said_by_ab 'Complete requests') $(said_by_ab 'Failed requests')" "200 0"
expect "a connection for each request, as the web server logged" "upstream 9000" \
	"[.opened, .exchanges, .exchanges_per_conn.max]" "$(logged web)"
expect "all closed by HAProxy's reset" "close 9000 client" "[.closed, .by.local_rst, .causes.linger0]" "[200,200,200]"
verify
proven not-reused-local client '[.closed_local, .exchanges]' "[200,200]"
advised not-reused-local client http-reuse

web ""
haproxy_serve "http-reuse always"
diagnose "http-reuse always" "" clients 8 200 $url:8080/
expect "connections as the web server logged" "upstream 9000" "[.opened, .exchanges, .exchanges_per_conn.max]" \
	"$(logged web)"
expect "all kept" "upstream 9000" "[(.opened <= 8), .open == .opened]" "[true,true]"
verify
plan
