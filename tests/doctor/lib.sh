# SPDX-License-Identifier: Apache-2.0
# What the scenarios share: real servers as children, traffic bounded by count, and what the tracer says.
# shellcheck shell=bash
#
# A scenario starts its servers with serve, then gives diagnose the traffic, and holds what the tracer saw
# against what the software itself has logged.
view=doctor
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
PATH=$PATH:/usr/sbin:/sbin
. "$here/../live/lib.sh"
servers=()
recording=$dir/recording.db
findings=$dir/findings
options=() # of the tracer, for diagnose
enter=()   # a command's beginning, that starts servers in another network namespace

is_listening() { # is_listening PORT
	[ -n "$("${enter[@]}" ss -Hltn "sport = :$1")" ]
}

is_up() { # is_up PORT PID: or never will be
	is_listening "$1" || ended "$2"
}

# serve NAME PORT COMMAND...: a server; returns when it listens. What it says is in $dir/NAME.log.
serve() {
	local name=$1 port=$2

	shift 2
	# A group of its own: some software ends by a signal to its whole group.
	"${enter[@]}" setsid "$@" >"$dir/$name.log" 2>&1 </dev/null &
	servers+=($!)
	wait_for is_up "$port" "$!"
	is_listening "$port" || bail "$name does not listen: $(cat "$dir/$name.log")"
}

# Ends what serve has started, and what that has started.
servers_end() {
	local pid

	for pid in "${servers[@]}"; do
		kill "$pid"
		wait_for ended "$pid"
		kill -KILL -- "-$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	servers=()
}
trap 'servers_end; finish' EXIT

# nginx_serve NAME PORT HTTP-LINES: one worker, with a log of connections and requests in $dir/NAME.access.
nginx_serve() {
	rm -rf "${dir:?}/$1"*
	mkdir "$dir/$1"
	cat >"$dir/$1.conf" <<-END
		daemon off;
		worker_processes 1;
		user root;
		pid $dir/$1/pid;
		error_log stderr;
		events { worker_connections 512; }
		http {
			log_format connections "\$connection \$connection_requests \$status";
			access_log $dir/$1.access connections;
			keepalive_requests 100000;
			client_body_temp_path $dir/$1/body;
			proxy_temp_path $dir/$1/proxy;
			fastcgi_temp_path $dir/$1/fastcgi;
			uwsgi_temp_path $dir/$1/uwsgi;
			scgi_temp_path $dir/$1/scgi;
			$3
		}
	END
	serve "$1" "$2" nginx -e stderr -p "$dir/$1" -c "$dir/$1.conf"
}

# What an nginx has logged: [connections, requests, most requests on one connection].
logged() { # logged NAME
	awk '{ seen[$1] = 1; if ($2 > most) most = $2 }
		END { printf "[%d,%d,%d]", length(seen), NR, most }' "$dir/$1.access"
}

# web LINES [ADDRESS]: a web server. /slow takes 20 ms, which nginx spends where somebody fails to log in.
web() {
	nginx_serve web 9000 "server {
		listen ${2:-127.0.0.1}:9000;
		$1
		location / { return 200 hello; }
		location = /slow {
			auth_basic slow;
			auth_basic_user_file /dev/null;
			auth_delay 20ms;
			error_page 401 =200 /;
		}
	}"
}

# proxy UPSTREAM-LINES LOCATION-LINES [SERVER]: before the web server.
proxy() {
	nginx_serve proxy 8080 "
		upstream backend { server ${3:-127.0.0.1:9000}; $1 }
		server {
			listen 127.0.0.1:8080;
			location / { proxy_pass http://backend; $2 }
		}"
}
keep='proxy_http_version 1.1; proxy_set_header Connection "";'

# apache WORKERS: apache2, one connection for each of these processes. /index.html takes a fifth of a second, at
# the rate at which it is sent.
apache() {
	local modules=/usr/lib/apache2/modules

	[ -d $modules ] || skip_all "no $modules"
	mkdir -p "$dir/www"
	head -c 10000 /dev/zero >"$dir/www/index.html"
	cat >"$dir/apache.conf" <<-END
		ServerName localhost
		ServerRoot $dir
		PidFile $dir/apache.pid
		ErrorLog /dev/stderr
		LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
		LoadModule authz_core_module $modules/mod_authz_core.so
		LoadModule env_module $modules/mod_env.so
		LoadModule ratelimit_module $modules/mod_ratelimit.so
		User www-data
		Group www-data
		Listen 127.0.0.1:9000
		ListenBacklog 511
		StartServers $1
		MaxSpareServers $1
		ServerLimit $1
		MaxRequestWorkers $1
		KeepAlive Off
		DocumentRoot $dir/www
		SetOutputFilter RATE_LIMIT
		SetEnv rate-limit 40
	END
	serve apache 9000 apache2 -D FOREGROUND -f "$dir/apache.conf"
}

# another_host: 10.99.0.2, in the namespace of $space; this one is 10.99.0.1.
another_host() {
	space_start
	ip link add uplink type veth peer name downlink netns "$space" 2>/dev/null || return 1
	ip address add 10.99.0.1/24 dev uplink
	ip link set uplink up
	in_space ip address add 10.99.0.2/24 dev downlink
	in_space ip link set downlink up
}

# A web server there.
web_there() {
	enter=(nsenter --target "$space" --net)
	web "" 10.99.0.2
	enter=()
}

# remote_web UPSTREAM-LINES: the same, and a proxy here.
remote_web() {
	web_there
	proxy "$1" "$keep proxy_socket_keepalive on;" 10.99.0.2:9000
}

counted() { # counted NAME: by the kernel, in this network namespace
	nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}

# clients N REQUESTS URL [OPTION...]: N at once with a connection each, that share so many requests.
clients() {
	local at_once=$1 requests=$2 url=$3

	shift 3
	ab -q -k -s "$patience" -c "$at_once" -n "$requests" "$@" "$url" >"$dir/ab" 2>&1 ||
		bail "ab failed: $(cat "$dir/ab")"
}

# said_by_ab TITLE: the number after it.
said_by_ab() {
	sed -n "s/^$1: *\([0-9]*\).*/\1/p" "$dir/ab"
}

pulse() { # pulse ARG...: as pulse.py; what it prints in $answers
	answers=$(python3 "$here/pulse.py" "$@") || bail "pulse.py failed"
}

is_settled() { # no FIN is under way
	[ -z "$(ss -Htn state fin-wait-1 state fin-wait-2 state closing state close-wait state last-ack)" ]
}

# diagnose SCENE FINDINGS COMMAND...: what doctor finds while that runs are these, "RULE PORT ROLE, ...", and
# in a recording the same, or what $recorded says. Then what the tracer saw is in $json, the findings are in
# $findings, and the servers have ended.
diagnose() {
	local want=$2

	scene=$1
	shift 2
	rm -f "$recording"
	trace_start --record "$recording" "${options[@]}"
	"$@"
	wait_for is_settled
	trace_stop
	check "the tracer ends well" "$trace_status" 0
	servers_end
	mv "$json" "$findings"
	"$CONNSCOPE" all --json --from "$recording" >"$json" 2>"$err" || bail "no report from the recording"
	check "findings" "$(found <"$findings")" "$want"
	[ "$(found <"$findings")" = "$want" ] || jq -r 'select(.type == "finding") | "#   \(.summary)"' "$findings"
	check "findings in the recording" "$("$CONNSCOPE" doctor --json --from "$recording" | found)" \
		"${recorded-$want}"
}

# Whether the kernel skips runs is not the traffic's doing.
found() {
	jq -r 'select(.type == "finding" and .rule != "missed-runs") | "\(.rule) \(.port) \(.role)"' |
		sort | paste -sd, | sed 's/,/, /g'
}

finding() { # finding RULE ROLE EXPRESSION
	jq -c "select(.type == \"finding\" and .rule == \"$1\" and .role == \"$2\") | $3" "$findings"
}

# proven RULE ROLE EVIDENCE WANT [SEVERITY]: its evidence is that.
proven() {
	local got

	got=$(finding "$1" "$2" ".evidence | $3")
	check "evidence of $1" "$got" "$4"
	[ "$got" = "$4" ] || finding "$1" "$2" .evidence | sed 's/^/#   /'
	[ $# -lt 5 ] || check "severity of $1" "$(finding "$1" "$2" .severity)" "\"$5\""
}

# advised RULE ROLE TEXT: it names that setting.
advised() {
	local advice

	advice=$(finding "$1" "$2" .advice)
	[[ $advice != *"$3"* ]] || advice=$3
	check "what to change for $1" "$advice" "$3"
}
