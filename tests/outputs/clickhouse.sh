#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Connection records in ClickHouse: what `conns --json` prints loads into the shipped tables, and totals by
# SQL, of the records and of the rollup, are those of the JSON.
# shellcheck disable=SC2119
view=conns
. "$(dirname "$0")/../live/lib.sh"
need clickhouse-server curl

# In a namespace apart, as its connections are not of the traffic.
space_start
mkdir "$dir/clickhouse"
cat >"$dir/clickhouse/config.xml" <<-END
	<yandex>
	  <logger><level>warning</level><log>$dir/clickhouse/log</log><errorlog>$dir/clickhouse/errors</errorlog></logger>
	  <http_port>8123</http_port>
	  <listen_host>127.0.0.1</listen_host>
	  <path>$dir/clickhouse/</path>
	  <tmp_path>$dir/clickhouse/tmp/</tmp_path>
	  <users_config>$dir/clickhouse/users.xml</users_config>
	  <default_profile>default</default_profile>
	  <default_database>default</default_database>
	  <mark_cache_size>16777216</mark_cache_size>
	  <max_concurrent_queries>8</max_concurrent_queries>
	</yandex>
END
cat >"$dir/clickhouse/users.xml" <<-END
	<yandex>
	  <profiles><default><max_memory_usage>500000000</max_memory_usage><max_threads>2</max_threads></default></profiles>
	  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
	    <profile>default</profile><quota>default</quota></default></users>
	  <quotas><default></default></quotas>
	</yandex>
END
nsenter "--net=/proc/$space/ns/net" clickhouse-server --config-file="$dir/clickhouse/config.xml" \
	>"$dir/clickhouse/out" 2>&1 &

sql() { # sql QUERY [OPTION...]: by HTTP
	in_space curl -sS --max-time 60 "http://127.0.0.1:8123/?$2" --data-binary "$1" 2>&1
}

insert() { # insert [TABLE]: from standard input
	in_space curl -sS --max-time 60 --data-binary @- \
		"http://127.0.0.1:8123/?query=INSERT+INTO+connscope.${1:-conns}+FORMAT+JSONEachRow&input_format_skip_unknown_fields=1" 2>&1
}

answers() {
	[ "$(sql 'SELECT 1' '')" = 1 ]
}

# ---- records ----

trace_start --closed 10000 --record "$dir/run.db" --exchanges
peer reuse --port 5701 --conns 1 --exchanges 23
peer reuse --port 5702 --conns 300 --exchanges 2
peer reuse --port 5703 --family 6 --conns 3 --exchanges 0 --side server
peer close --pause 10 >"$dir/ends" <<-END
	rst-in-flight client 4 5704
	unread server 4 5705
	refused client 4 5706
END
trace_stop
jq -c --arg host 'no"de\1' 'select(.type == "conn" and (.state == "closed" or .state == "failed")) + {host: $host}' \
	"$json" >"$dir/ended"
check_range "ended connections" "$(wc -l <"$dir/ended")" 612 700

"$CONNSCOPE" conns --from "$dir/run.db" --closed 10000 --json >"$dir/again"
check "the recording has the same records" "$(cmp "$json" "$dir/again" 2>&1)" ""
"$CONNSCOPE" trace --from "$dir/run.db" --json | jq -c 'select(.type == "event") + {host: "a"}' >"$dir/events"

# ---- tables ----

patience=60 wait_for answers || bail "clickhouse-server does not answer: $(tail -n 3 "$dir"/clickhouse/{out,errors} 2>&1)"
sed 's/--.*//' "$top/user/share/connscope-clickhouse.sql" | tr '\n' ' ' | tr ';' '\n' >"$dir/statements"
statements=0
while IFS= read -r statement; do
	[ -z "${statement// /}" ] || check "statement $((++statements))" "$(sql "$statement" '')" ""
done <"$dir/statements"
check "all is inserted" "$(insert <"$dir/ended")" ""
check "a field of a newer version does no harm" \
	"$(head -n 1 "$dir/ended" | jq -c '. + {type: "probe", new_field: {a: [1]}}' | insert)" ""

# ---- totals ----

# Of each endpoint and role, from the JSON: the same order and form as SQL's.
jq -rs '
	def truth: if . then 1 else 0 end;
	def total(f): map(f // 0) | add // 0;
	map(. + if .role == "client" then {addr: .remote_addr, port: .remote_port}
		else {addr: .local_addr, port: .local_port} end)
	| group_by([.role, .port, .addr])[]
	| [.[0].role, .[0].addr, .[0].port,
	   (map(select(.state != "failed")) | length), (map(select(.state == "failed")) | length),
	   (map(select(.partial)) | length),
	   (map(select(.partial | not)) | total(.exchanges)),
	   (map(select((.partial | not) and .exchanges > 0)) | length),
	   (map(select(.initiator == "local-fin" or .initiator == "local-rst")) | length),
	   (map(select(.initiator == "remote-fin" or .initiator == "remote-rst")) | length),
	   total(.in_flight | truth), total(.raced | truth), total(.sent_bytes), total(.received_bytes)]
	| @tsv' "$dir/ended" >"$dir/expected"
check_range "endpoints" "$(wc -l <"$dir/expected")" 10 20
check "the rollup's totals are the JSON's" "$(sql 'SELECT role, addr, port, sum(connections_total), sum(failed_total), sum(partial_total),
	sum(exchanges_total), sum(carriers_total), sum(closed_local_total), sum(closed_remote_total), sum(in_flight_total), sum(raced_total),
	sum(sent_bytes_total), sum(received_bytes_total)
	FROM connscope.endpoints GROUP BY role, addr, port ORDER BY role, port, addr' '')" "$(cat "$dir/expected")"
check "... also when its rows are put together" "$(sql 'OPTIMIZE TABLE connscope.endpoints FINAL' '')$(
	sql 'SELECT sum(connections_total + failed_total) FROM connscope.endpoints' '')" "$(wc -l <"$dir/ended")"
check "... under their host" "$(sql 'SELECT DISTINCT host FROM connscope.endpoints FORMAT JSONEachRow' '' | jq -r .host)" 'no"de\1'
check "the records' totals are the JSON's" "$(sql "SELECT count(), sum(exchanges), sum(sent_bytes), sum(received_bytes), sum(raced)
	FROM connscope.conns WHERE type = 'conn'" '')" "$(jq -rs '[length, (map(.exchanges // 0) | add), (map(.sent_bytes) | add),
	(map(.received_bytes) | add), (map(if .raced then 1 else 0 end) | add)] | @tsv' "$dir/ended")"
check "what is not known is NULL" "$(sql "SELECT countIf(connect_us IS NULL), countIf(initiator IS NULL), countIf(idle_at_close_ms IS NULL)
	FROM connscope.conns WHERE type = 'conn'" '')" "$(jq -rs '[map(select(.connect_us == null)), map(select(.initiator == null)),
	map(select(.idle_at_close_ms == null))] | map(length) | @tsv' "$dir/ended")"
check "events are inserted" "$(insert events <"$dir/events")" ""
check "the events' totals are the JSON's" \
	"$(sql 'SELECT event, count(), sum(request_bytes), sum(response_bytes), countIf(response_us IS NULL)
	FROM connscope.events GROUP BY event ORDER BY event' '' | sed 's/\\N/0/g')" "$(jq -rs 'group_by(.event)[] | [.[0].event, length,
	(map(.request_bytes // 0) | add), (map(.response_bytes // 0) | add), (map(select(.response_us == null)) | length)] | @tsv' "$dir/events")"
check_range "exchanges among them" "$(grep -c '"event":"exchange"' "$dir/events")" 1246 1400
check "the time is UTC" "$(sql "SELECT DISTINCT toUnixTimestamp(time) FROM connscope.conns" '')" \
	"$(jq -rs '.[0].ts | sub("[.][0-9]*Z"; "Z") | fromdate' "$dir/ended")"
plan
