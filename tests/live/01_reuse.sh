#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reuse: connections and exchanges of each upstream are exact, and rows do not mix.
. "$(dirname "$0")/lib.sh"

counts='[.opened, .failed, .partial, .exchanges, .reused, .open, .open_peak, .closed]'
traffic='[.exchanges_per_conn.max, .sent_bytes, .received_bytes]'
ratio='.reuse_ratio | if . then . * 10000 | round else . end'

trace_start
peer reuse --port 5001 --conns 1 --exchanges 23
peer reuse --port 5002 --conns 23 --exchanges 1
peer reuse --port 5003 --conns 2 --exchanges 0
peer reuse --port 5006 --family 6 --conns 2 --exchanges 4
peer reuse --port 5007 --family mapped --conns 2 --exchanges 4
peer reuse --port 5004 --conns 1 --exchanges 230 &
one=$!
peer reuse --port 5005 --conns 23 --exchanges 10 --side server &
many=$!
wait $one || bail "a peer failed"
wait $many || bail "a peer failed"
trace_stop

check "exit status of the traced command" "$trace_status" 0
check "one connection, 23 exchanges" "$(upstream 5001 "$counts")" "[1,0,0,23,22,0,1,1]"
check "... ratio 22/23" "$(upstream 5001 "$ratio")" 9565
check "... traffic" "$(upstream 5001 "$traffic")" "[23,2300,4600]"
check "... owner" "$(upstream 5001 '[.addr, .comm]')" '["127.0.0.1","peer-client"]'
check "... server" "$(listener 5001 '[.addr, .comm, .accepted, .exchanges, .open]')" \
	'["127.0.0.1","peer-server",1,23,0]'
check "... server's ratio" "$(listener 5001 "$ratio")" 9565
check "23 connections, one exchange each" "$(upstream 5002 "$counts")" "[23,0,0,23,0,0,23,23]"
check "... ratio 0" "$(upstream 5002 "$ratio")" 0
check "... traffic" "$(upstream 5002 "$traffic")" "[1,2300,4600]"
check "... server" "$(listener 5002 '[.accepted, .exchanges, .open]')" "[23,23,0]"
check "no exchanges" "$(upstream 5003 "$counts")" "[2,0,0,0,0,0,2,2]"
check "... no ratio" "$(upstream 5003 "$ratio")" null
check "IPv6" "$(upstream 5006 '[.addr, .opened, .exchanges, .reused]')" '["::1",2,8,6]'
check "IPv4-mapped" "$(upstream 5007 '[.addr, .opened, .exchanges, .reused]')" '["127.0.0.1",2,8,6]'
check "at once, one connection" "$(upstream 5004 "$counts")" "[1,0,0,230,229,0,1,1]"
check "... 23 connections" "$(upstream 5005 "$counts")" "[23,0,0,230,207,0,23,23]"
check "... one's server" "$(listener 5004 '[.accepted, .exchanges]')" "[1,230]"
check "... the other's" "$(listener 5005 '[.accepted, .exchanges]')" "[23,230]"
check "... one's client closed" "$(closes 5004 client '[.closed, .by.local_fin, .by.remote_fin]')" "[1,1,0]"
check "... and its server saw it" "$(closes 5004 server '[.closed, .by.local_fin, .by.remote_fin]')" "[1,0,1]"
check "... the other's server closed" "$(closes 5005 server '[.closed, .by.local_fin, .by.remote_fin]')" "[23,23,0]"
check "... and its client saw it" "$(closes 5005 client '[.closed, .by.local_fin, .by.remote_fin]')" "[23,0,23]"
check "all is accounted for" "$(meta '[.tracked, .partial, .no_owner, .lost_events, .map_full]')" "[108,0,0,0,0]"
plan
