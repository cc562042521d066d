#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reuse: connections and exchanges of each upstream are exact, and rows do not mix.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

counts='[.opened, .failed, .partial, .exchanges, .reused, .open, .open_peak, .closed]'
traffic='[.exchanges_per_conn.max, .sent_bytes, .received_bytes]'
ratio='.reuse_ratio | if . then . * 10000 | round else . end'
sides='[.closed, .by.local_fin, .by.remote_fin]'

trace_start
peer reuse --port 5001 --conns 1 --exchanges 23
peer reuse --port 5002 --conns 23 --exchanges 1
peer reuse --port 5003 --conns 2 --exchanges 0
peer reuse --port 5004 --conns 1 --exchanges 230 &
one=$!
peer reuse --port 5005 --conns 23 --exchanges 10 --side server &
many=$!
wait $one || bail "a peer failed"
wait $many || bail "a peer failed"
peer reuse --port 5006 --family 6 --conns 2 --exchanges 4
peer reuse --port 5007 --family mapped --conns 2 --exchanges 4
trace_stop

check "exit status of the traced command" "$trace_status" 0
expect "one connection, 23 exchanges" "upstream 5001" "$counts" "[1,0,0,23,22,0,1,1]"
expect "... ratio 22/23" "upstream 5001" "$ratio" 9565
expect "... traffic" "upstream 5001" "$traffic" "[23,2300,4600]"
expect "... owner" "upstream 5001" "[.addr, .comm]" '["127.0.0.1","peer-client"]'
expect "... server" "listener 5001" "[.addr, .comm, .accepted, .exchanges, .open]" \
	'["127.0.0.1","peer-server",1,23,0]'
expect "... server's ratio" "listener 5001" "$ratio" 9565
expect "23 connections, one exchange each" "upstream 5002" "$counts" "[23,0,0,23,0,0,23,23]"
expect "... ratio 0" "upstream 5002" "$ratio" 0
expect "... traffic" "upstream 5002" "$traffic" "[1,2300,4600]"
expect "... server" "listener 5002" "[.accepted, .exchanges, .open]" "[23,23,0]"
expect "no exchanges" "upstream 5003" "$counts" "[2,0,0,0,0,0,2,2]"
expect "... no ratio" "upstream 5003" "$ratio" null
expect "at once, one connection" "upstream 5004" "$counts" "[1,0,0,230,229,0,1,1]"
expect "... 23 connections" "upstream 5005" "$counts" "[23,0,0,230,207,0,23,23]"
expect "... one's server" "listener 5004" "[.accepted, .exchanges]" "[1,230]"
expect "... the other's" "listener 5005" "[.accepted, .exchanges]" "[23,230]"
expect "... one's client closed" "close 5004 client" "$sides" "[1,1,0]"
expect "... and its server saw it" "close 5004 server" "$sides" "[1,0,1]"
expect "... the other's server closed" "close 5005 server" "$sides" "[23,23,0]"
expect "... and its client saw it" "close 5005 client" "$sides" "[23,0,23]"
expect "IPv6" "upstream 5006" "[.addr, .opened, .exchanges, .reused]" '["::1",2,8,6]'
expect "... server" "listener 5006" "[.addr, .accepted, .exchanges]" '["::1",2,8]'
expect "IPv4-mapped" "upstream 5007" "[.addr, .opened, .exchanges, .reused]" '["127.0.0.1",2,8,6]'
expect "... server" "listener 5007" "[.addr, .accepted, .exchanges]" '["::",2,8]'
expect "all is accounted for" meta "[.tracked, .partial, .no_owner, .lost_events, .map_full]" \
	"[108,0,0,0,0]"
verify
plan
