#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# serve: what a real Prometheus has stored equals what --json says of the same traffic; the shipped rules,
# alerts and dashboard work on it; and neither bad requests nor bad clients hold anything up.
# shellcheck disable=SC2119
. "$(dirname "$0")/../live/lib.sh"
need prometheus promtool curl python3
share=$top/user/share
url=http://127.0.0.1:10310
prometheus=http://127.0.0.1:9390

# A namespace apart for the server, its clients and Prometheus: their connections are not of the traffic.
space_start
traffic_netns=$(stat -Lc %i /proc/self/ns/net)

web() { # web PATH [OPTION...]
	local path=$1

	shift
	in_space curl -sS --max-time 20 "$@" "$url$path"
}

is_ready() {
	[ "$(web /-/ready 2>/dev/null)" = ready ]
}

serve_start() { # serve_start OPTION...
	rm -f "$dir/serve.err"
	nsenter "--net=/proc/$space/ns/net" "$CONNSCOPE" serve --backend "$BACKEND" \
		--netns "$traffic_netns" "$@" 2>"$dir/serve.err" &
	server=$!
}

# ---- the server ----

serve_start --ring-size 256
wait_for is_ready || bail "serve does not answer: $(cat "$dir/serve.err")"
check "it says where it listens" "$(cat "$dir/serve.err")" "connscope: listening on $url/metrics"

mkdir "$dir/prometheus"
# Nobody waits half a minute here.
sed 's/interval: 30s/interval: 1s/' "$share/connscope-rules.yml" >"$dir/rules.yml"
cat >"$dir/prometheus.yml" <<-END
	global: { scrape_interval: 1s, evaluation_interval: 1s }
	rule_files: [ $dir/rules.yml, $share/connscope-alerts.yml ]
	scrape_configs:
	  - job_name: connscope
	    static_configs: [ targets: [ 127.0.0.1:10310 ] ]
END
nsenter "--net=/proc/$space/ns/net" prometheus --config.file="$dir/prometheus.yml" \
	--storage.tsdb.path="$dir/prometheus" --web.listen-address=127.0.0.1:9390 --log.level=warn \
	2>"$dir/prometheus.err" &
storage=$!

ask() { # ask QUERY: the answer's results, or what was wrong
	in_space curl -sS --max-time 10 "$prometheus/api/v1/query" --data-urlencode "query=$1" 2>/dev/null |
		jq -c 'if .status == "success" then .data.result else "\(.error)" end'
}

is_scraped() {
	[ "$(ask up | jq -r '.[0].value[1]' 2>/dev/null)" = 1 ]
}

# ---- traffic, for two tracers ----

trace_start
overflow() {
	talk_start queue --port 5004 --backlog 4 --clients 8
	hear "$talk_out" queued
	talk_end "$talk_fd" "$talk_pid"
}
overflow
patience=60 wait_for is_scraped || bail "Prometheus does not scrape: $(cat "$dir/prometheus.err")"

is_firing() { # is_firing ALERT
	[ "$(ask "ALERTS{alertname=\"$1\",alertstate=\"firing\"}" | jq length)" -gt 0 ]
}

knows_queue() {
	[ "$(ask 'connscope_accept_queue_overflows_total{listener="127.0.0.1:5004"}' | jq length)" -gt 0 ]
}

wait_for knows_queue || bail "the first overflow does not show"
overflow
wait_for is_firing ConnscopeAcceptQueueOverflow
check "an overflow fires its alert" $? 0
peer reuse --port 5001 --conns 1 --exchanges 23
peer reuse --port 5002 --conns 23 --exchanges 1
peer reuse --port 5003 --family 6 --conns 3 --exchanges 40 --side server
peer close --pause 10 >"$dir/ends" <<-END
	rst-in-flight client 4 5006
	rst-in-flight client 4 5007
	unread server 4 5008
	refused client 4 5009
END
talk_start hold --port 5010 --conns 5
hear "$talk_out" ready
trace_stop
is_stored() { # a scrape that began after the traffic's end
	[ "$(ask 'timestamp(connscope_build_info)' | jq -r '.[0].value[1]' | cut -d . -f 1)" -gt "$1" ]
}
# shellcheck disable=SC2046
wait_for is_stored $(($(date +%s) + 1)) || bail "Prometheus has stopped scraping"
ask '{__name__=~"connscope_.+"}' >"$dir/stored.json"
web /metrics >"$dir/text"
web /metrics -H 'Accept: application/openmetrics-text;version=1.0.0' >"$dir/openmetrics"

# ---- the same numbers ----

# FAMILY ROLE ENDPOINT VALUE, summed over what --json does not tell apart.
jq -r '
	def word($name): .metric[$name] // "";
	[.[] | select(.metric.__name__ | test("_bucket$|_sum$|_folded$|peer_idle") | not)
	| select(.metric.upstream or .metric.listener)
	| {name: (.metric.__name__ | ltrimstr("connscope_")), state: word("state"),
	   role: (.metric.role // "listener"), endpoint: (.metric.upstream // .metric.listener),
	   in_flight: word("in_flight"), initiator: word("initiator"), value: (.value[1] | tonumber)}
	| (if .name == "connections_closed_total" and .in_flight == "1" then ., .name = "in_flight"
	   elif .state != "" then .name = .state
	   elif .name == "close_idle_seconds_count" then .name = "close_idle_\(.initiator)"
	   else . end)]
	| group_by([.name, .role, .endpoint])[]
	| "\(.[0].name) \(.[0].role) \(.[0].endpoint) \(map(.value) | add)"' \
	"$dir/stored.json" | grep -vE '^(unknown|close_idle_)' | sort >"$dir/stored"
jq -r '
	def endpoint: if .addr | contains(":") then "[\(.addr)]:\(.port)" else "\(.addr):\(.port)" end;
	def lines($role; $values): endpoint as $at | $values | to_entries[]
		| "\(.key) \($role) \($at) \(.value)";
	if .type == "upstream" then lines("client"; {
		connections_opened_total: .opened, connections_failed_total: .failed, active, idle,
		exchanges_total: .exchanges, partial_exchanges_total: .partial_exchanges,
		sent_bytes_total: .sent_bytes, received_bytes_total: .received_bytes,
		connect_seconds_count: .opened, connection_exchanges_count: (.opened - .open),
		response_seconds_count: .exchanges })
	elif .type == "close" then lines(.role; {
		connections_closed_total: .closed, in_flight, keepalive_races_total: .raced,
		connection_duration_seconds_count: .closed })
	elif .type == "listener" then lines("server"; { connections_opened_total: (.depth_hist | add // 0),
			exchanges_total: .exchanges, partial_exchanges_total: .partial_exchanges }),
		(select(.sockets > 0) | lines("listener"; { accept_queue_length: .depth,
			accept_queue_limit: .limit, listen_backlog_requested: .backlog_asked })),
		lines("listener"; { accept_queue_max: .depth_max, accept_queue_overflows_total: .overflows, accept_queue_syn_drops_total: .syn_drops,
			accepted_total: .accepted, accept_wait_seconds_count: .accepted,
			accept_queue_depth_count: (.depth_hist | add // 0) })
	else empty end' "$json" | sort >"$dir/expected"
check_range "numbers to compare" "$(wc -l <"$dir/expected")" 150 1000
check "each of --json is stored, and equal" "$(comm -13 "$dir/stored" "$dir/expected" | head -n 20)" ""
# What is stored beyond: what --json has no count of, and zeros.
check "nothing but that is stored" "$(comm -23 "$dir/stored" "$dir/expected" |
	grep -vE '^(connection_(exchanges|duration_seconds|idle_seconds)_count|(sent|received)_bytes_total|active|idle) server |^connection_idle_seconds_count client| 0$')" ""
check "the account agrees" "$(ask connscope_connections_tracked_total | jq -r '.[0].value[1]')" "$(values meta .tracked)"
check "nothing lost" "$(ask 'sum(connscope_events_lost_total) + sum(connscope_map_full_total)' | jq -r '.[0].value[1]')" 0
talk_end "$talk_fd" "$talk_pid"

# ---- formats ----

check "promtool finds nothing in the text" "$(promtool check metrics <"$dir/text" 2>&1; echo $?)" 0
check "the same numbers in both formats" \
	"$(diff <(grep -v '^#' "$dir/text" | grep -vE '^(process|connscope_(snapshot|probe))') \
		<(grep -v '^#' "$dir/openmetrics" | grep -vE '^(process|connscope_(snapshot|probe))'))" ""
if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
	check "a strict parser reads the OpenMetrics" "$(/usr/bin/python3 - "$dir/openmetrics" <<-'END' 2>&1
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
		families = list(parse(open(sys.argv[1]).read()))
		print(len(families) > 30, all(family.documentation for family in families))
	END
	)" "True True"
else
	skip "a strict parser reads the OpenMetrics" "no python3-prometheus-client"
fi

# ---- rules, dashboard ----

check "the rules are valid" "$(promtool check rules "$share"/connscope-rules.yml "$share"/connscope-alerts.yml >/dev/null 2>&1; echo $?)" 0
check "and do what they should" "$(promtool test rules "$(dirname "$0")/serve_rules.yml" >/dev/null 2>&1; echo $?)" 0
check "Prometheus evaluates them" "$(in_space curl -sS --max-time 10 "$prometheus/api/v1/rules" |
	jq -r '[.data.groups[].rules[] | select(.health != "ok") | "\(.name): \(.health) \(.lastError)"] | unique[]')" ""
with_data=0
while IFS= read -r query; do
	query=${query//'$__rate_interval'/10s}
	query=${query//'$__range'/1m}
	for variable in job instance upstream; do
		query=${query//"\$$variable"/.*}
	done
	answer=$(ask "$query")
	[ "${answer:0:1}" = "[" ] || check "dashboard: $query" "$answer" "an answer"
	[ "$answer" = "[]" ] || with_data=$((with_data + 1))
done < <(jq -r '.panels[].targets // [] | .[].expr' "$share/connscope-grafana.json")
asked=$(jq '[.panels[].targets // [] | .[]] | length' "$share/connscope-grafana.json")
check_range "queries of the dashboard with data, of $asked" $with_data $((asked * 3 / 4)) "$asked"
check "its variables are of series that exist" "$(jq -r '.templating.list[].query.query? // empty' "$share/connscope-grafana.json" |
	sed -n 's/label_values(\([a-z_]*\).*/\1/p' | sort -u | while read -r name; do
		[ "$(ask "$name" | jq length)" -gt 0 ] || echo "$name"
	done)" ""
kill "$storage"
wait "$storage"

# ---- requests ----

status() { # status PATH [OPTION...]
	web "$1" -o /dev/null -w '%{http_code}' "${@:2}"
}

check "healthy" "$(web /-/healthy)" healthy
check "the first page names the others" "$(web / | grep -oE 'href="[^"]*"' | xargs)" "href=/metrics href=/-/healthy href=/-/ready"
check "other paths" "$(status /metric) $(status /metrics/) $(status /..%2fetc) $(status '/metrics?x=1')" "404 404 404 200"
check "other methods" "$(for method in POST PUT DELETE OPTIONS; do status /metrics -X $method -d x; done)" 405405405405
check "... name those there are" "$(web /metrics -X POST -d x -D - -o /dev/null | tr -d '\r' | grep -i '^allow:')" "Allow: GET, HEAD"
check "HEAD has no body, but its length" "$(web /-/ready -I | tr -d '\r' | grep -iE '^(HTTP|content-length)' | xargs)" \
	"HTTP/1.1 200 OK Content-Length: 6"
check "one request a connection" "$(web /-/ready -D - -o /dev/null | tr -d '\r' | grep -i '^connection:')" "Connection: close"
check "a header too long" "$(status / -H "X: $(head -c 10000 /dev/zero | tr '\0' x)")" 400
check_range "a body too long" "$(head -c 100000 /dev/zero | status / -X POST --data-binary @- 2>/dev/null)" 400 413

# ---- clients that mean no good, and traffic meanwhile ----

cat >"$dir/hostile.py" <<-'END'
	import os, random, socket, sys, time
	def connect():
	    client = socket.create_connection(("127.0.0.1", 10310), timeout=30)
	    return client
	def answer(data):
	    client = connect()
	    client.sendall(data)
	    got = b""
	    try:
	        while chunk := client.recv(65536):
	            got += chunk
	    except ConnectionResetError:
	        pass
	    return got
	print("pipelined:", answer(b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n" * 2).count(b"HTTP/1.1 200"))
	print("old:", answer(b"GET /-/ready HTTP/1.0\r\n\r\n").split(b"\r\n")[0].decode())
	random.seed(1)
	print("binary:", b" 200 " in answer(bytes(random.randrange(256) for _ in range(4096)) + b"\r\n\r\n"))
	print("no method:", b" 200 " in answer(b"/metrics\r\n\r\n"))
	# More than there is room for: half a request each, one byte more now and then, and readers that do not.
	slow = [connect() for _ in range(80)]
	for client in slow[:40]:
	    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	for client in slow[40:]:
	    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if client is slow[79] else b""))
	open(sys.argv[1], "w").close()
	start = time.monotonic()
	alive = list(slow)
	while alive and time.monotonic() - start < 40:
	    for client in list(alive):
	        try:
	            client.sendall(b"x")
	        except OSError:
	            alive.remove(client)
	    time.sleep(0.5)
	print("ended:", 80 - len(alive), "of 80")
END
nsenter "--net=/proc/$space/ns/net" python3 "$dir/hostile.py" "$dir/slow" >"$dir/hostile" 2>&1 &
hostile=$!
is_slow() { [ -e "$dir/slow" ] || ended "$hostile"; }
wait_for is_slow
for _ in {1..30}; do
	peer reuse --port 5020 --conns 100 --exchanges 1
done
wait $hostile
check "hostile clients are answered or ended" "$(cat "$dir/hostile")" "pipelined: 1
old: HTTP/1.0 200 OK
binary: False
no method: False
ended: 80 of 80"
wait_for is_ready || bail "serve answers no more"
web /metrics >"$dir/text"
check "traffic meanwhile is counted" \
	"$(sed -n 's/^connscope_connections_opened_total{.*role="client",upstream="127.0.0.1:5020"} //p' "$dir/text")" 3000
check "... nothing of it lost" "$(awk '/^connscope_events_lost_total/ { n += $2 } END { print n }' "$dir/text")" 0

# ---- idle, and the end ----

switches() {
	awk '/^voluntary/ { print $2 }' "/proc/$server/status"
}
before=$(switches) start=$(date +%s%N)
sleep 2
check_range "wake-ups in a hundred seconds of idling" \
	$((($(switches) - before) * 100000000000 / ($(date +%s%N) - start))) 100 2000
taken=$(in_space timeout 20 "$CONNSCOPE" serve 2>&1)
check "an address that is taken" "$? $taken" "1 connscope: cannot listen on 127.0.0.1:10310: Address already in use"
kill -TERM "$server"
wait "$server"
check "SIGTERM is an orderly end" "$? $(wc -l <"$dir/serve.err")" "0 1"

serve_start --web.listen-address '[::1]:0' --max-series 1 --label-pid --bpf-stats -d 3
url=
has_said() { [ -s "$dir/serve.err" ]; }
wait_for has_said
url=$(sed -n 's|.*\(http://.*\)/metrics|\1|p' "$dir/serve.err")
check "IPv6, any port" "$(sed 's/:[0-9]*$/:PORT/' <<<"$url")" "http://[::1]:PORT"
peer reuse --port 5031 --conns 3 --exchanges 1
web /metrics -g >"$dir/text"
check "--bpf-stats times the programs" "$(awk '/^connscope_bpf_runs_total/ { n += $2 } END { print (n > 0) }' "$dir/text")" 1
check "--label-pid" "$(grep -c '^connscope_connections_opened_total{.*pid="[0-9]*"' "$dir/text")" \
	"$(grep -c '^connscope_connections_opened_total' "$dir/text")"
check "--max-series folds" "$(sed -n 's/^connscope_series_folded //p' "$dir/text")" 1
wait "$server"
check "-d is an orderly end" $? 0
plan
