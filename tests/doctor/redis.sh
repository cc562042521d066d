#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Redis under its own benchmark, with a connection for each command and with connections kept.
. "$(dirname "$0")/lib.sh"
need redis-server redis-benchmark redis-cli

redis() {
	serve redis 6379 redis-server --port 6379 --bind 127.0.0.1 --save "" --dir "$dir"
}

# Redis' own numbers, without the connection that asks.
redis_bench() { # redis_bench 0|1: without or with keep-alive
	redis-benchmark -p 6379 -c 8 -n 200 -k "$1" -t get,set -q >"$dir/redis-benchmark" 2>&1
	info=$(redis-cli -p 6379 info stats | tr -d '\r' | awk -F : '
		$1 == "total_connections_received" { connections = $2 - 1 }
		$1 == "total_commands_processed" { print "[" connections "," $2 - 1 "]" }')
}

upstream() { # upstream COMM EXPRESSION: of one of a port's rows
	jq -c "select(.type == \"upstream\" and .comm == \"$1\") | $2" "$json"
}

redis
diagnose "a connection for each command" "not-reused-local 6379 client" redis_bench 0
check "connections and commands as Redis counted" "$(upstream redis-benchmark '[.opened, .exchanges]')" "$info"
check "none reused, all in TIME_WAIT" "$(upstream redis-benchmark '[.reused, .time_wait == .opened]')" "[0,true]"

redis
diagnose "connections kept" "" redis_bench 1
check "connections and commands as Redis counted" "$(upstream redis-benchmark '[.opened, .exchanges]')" "$info"
plan
