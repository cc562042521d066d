#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real proxy: three requests a second apart, with and without a pool of upstream connections.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"
need nginx curl tcpdump

curl=(curl --silent --show-error --max-time "$patience" --output /dev/null)

config() { # config KEEPALIVE-LINES
	cat <<-END
		daemon off;
		worker_processes 1;
		user root;
		pid $dir/nginx.pid;
		error_log stderr;
		events {}
		http {
			access_log off;
			client_body_temp_path $dir/body;
			proxy_temp_path $dir/proxy;
			fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi;
			scgi_temp_path $dir/scgi;
			upstream backend {
				server 127.0.0.1:9000;
				$1
			}
			server {
				listen 127.0.0.1:8080;
				location / {
					proxy_pass http://backend;
					proxy_http_version $2;
					proxy_set_header Connection "$3";
				}
			}
			server {
				listen 127.0.0.1:9000;
				location / {
					return 200 "hello";
				}
			}
		}
	END
}

# three_requests NAME CONFIG-ARGUMENTS...: the report and the number of SYNs in $syns.
three_requests() {
	local name=$1 nginx capture i

	shift
	config "$@" >"$dir/nginx.conf"
	tcpdump -i lo -n -l --immediate-mode \
		'tcp dst port 9000 and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn' \
		>"$dir/syns" 2>"$dir/tcpdump.err" &
	capture=$!
	wait_for grep -q '^listening' "$dir/tcpdump.err" || bail "tcpdump does not listen"
	trace_start
	nginx -e stderr -p "$dir" -c "$dir/nginx.conf" 2>"$dir/nginx.err" &
	nginx=$!
	wait_for test -s "$dir/nginx.pid" || bail "nginx does not start: $(cat "$dir/nginx.err")"
	for i in 1 2 3; do
		"${curl[@]}" http://127.0.0.1:8080/ || bail "curl failed"
		[ "$i" = 3 ] || sleep 1 # the idle gap that a pool has to outlive
	done
	trace_stop
	kill -QUIT "$nginx"
	wait "$nginx"
	kill -INT "$capture"
	wait "$capture"
	syns=$(grep -c Flags "$dir/syns")
	rm -f "$dir/nginx.pid"
	expect "$name: opened as often as tcpdump saw a SYN" "upstream 9000" .opened "$syns"
}

counts='[.comm, .opened, .exchanges, .reused, .open, .idle, .failed]'

three_requests "keepalive" "keepalive 5;" 1.1 ""
expect "keepalive: one connection, three exchanges" "upstream 9000" "$counts" '["nginx",1,3,2,1,1,0]'
expect "keepalive: a client's connection each" "listener 8080" "[.accepted, .exchanges]" "[3,3]"
expect "keepalive: the clients' row" "upstream 8080" "[.comm, .opened, .exchanges]" '["curl",3,3]'
verify
gap=$(values "upstream 9000" .idle_gap_ms.max)
if [ "$gap" = null ]; then
	skip "keepalive: idle gap" "no send hook on this kernel with this backend"
else
	check_range "keepalive: idle gap" "${gap%.*}" 950 $((VM ? 20000 : 1200))
fi

three_requests "no keepalive" "" 1.0 close
expect "no keepalive: three connections" "upstream 9000" "$counts" '["nginx",3,3,0,0,0,0]'
expect "no keepalive: the upstream closes" "close 9000 client" "[.closed, .by.remote_fin]" "[3,3]"
verify
plan
