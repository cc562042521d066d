#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pools: how many have a request in flight at once, and how many are idle where one is closed.
# shellcheck disable=SC2119
view=conns
. "$(dirname "$0")/lib.sh"

conns_of() { # conns_of PORT ROLE EXPRESSION: of each in the order of their ends, open ones first
	jq -sc "[.[] | select(.type == \"conn\" and .role == \"$2\" and
		(if .role == \"client\" then .remote_port else .local_port end) == $1)]
		| sort_by(.state == \"closed\", -(.idle_others // 99)) | map($3)" "$json"
}

send=$("$CONNSCOPE" check --json --backend "$BACKEND" | jq -r 'select(.feature == "send") | .mechanism')

# Where no hook sees a send, nobody knows who is idle.
seen() {
	[ "$send" = inferred ] && echo "$2" || echo "$1"
}

trace_start
talk_start pool --port 6801 --conns 5 --exchanges 2
hear "$talk_out" answered
trace_stop
read -r _ tid _ pid <"$talk_out"
check "one is closed, two of the others have a request in flight" \
	"$(conns_of 6801 client '[.state, .idle_others]')" \
	"[$(printf '["established",null],%.0s' 1 2 3 4)[\"closed\",$(seen 2 null)]]"
check "... its server" "$(conns_of 6801 server '[.state, .idle_others] | select(.[0] == "closed")')" \
	"[[\"closed\",$(seen 2 null)]]"
check "the thread that connected it" "$(conns_of 6801 client '.tid' | jq -c 'unique')" \
	"$(jq -nc "[$pid, $tid] | unique")"
check "... that accepted it" "$(conns_of 6801 server '.tid' | jq -c 'unique')" "[$pid]"
check "SO_KEEPALIVE of an open one and of the closed one" \
	"$(conns_of 6801 client '[.state, .keepalive] | select(.[1])' | tr -d ' ')" \
	'[["established",true],["closed",true]]'
check "... not of the servers" "$(conns_of 6801 server '.keepalive' | jq -c 'unique')" "[false]"

trace_start
talk_end "$talk_fd" "$talk_pid"
trace_stop
for role in client server; do
	check "those that were open before: $role" "$(conns_of 6801 $role '[.partial, .idle_others, .tid, .keepalive]')" \
		"[$(seen "$(printf '[true,%d,null,false],' 3 2 1 0)" "$(printf '[true,null,null,false],%.0s' 1 2 3 4)" | sed 's/,$//')]"
done

tracer_command=("${tracer_command[@]/#conns/all}")
trace_start
echo | "$PEER" pool --port 6802 --conns 6 --exchanges 4 >"$dir/out" || bail "a peer failed"
peer reuse --port 6803 --conns 3 --exchanges 5
peer reuse --port 6804 --conns 2 --exchanges 0
trace_stop
expect "four of six at once" "upstream 6802" "[.open_peak, .active_peak, .active]" "[6,$(seen 4 null),0]"
expect "one after the other" "upstream 6803" "[.open_peak, .active_peak]" "[3,$(seen 1 null)]"
expect "none" "upstream 6804" "[.open_peak, .active_peak]" "[2,$(seen 0 null)]"
verify
plan
