#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Connections and listeners that were there before the tracer: partial, owned, ended right.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

talk_start hold --port 5601 --conns 3
client_out=$talk_out client_fd=$talk_fd client_pid=$talk_pid
hear "$client_out" ready
talk_start hold --port 5602 --conns 2 --side server --family mapped
server_out=$talk_out server_fd=$talk_fd server_pid=$talk_pid
hear "$server_out" ready
talk_start hold --port 5603 --family 6
open_out=$talk_out open_fd=$talk_fd open_pid=$talk_pid
hear "$open_out" ready

trace_start
echo x >&"$client_fd"
hear "$client_out" "done"
echo x >&"$client_fd"
hear "$client_out" "done" 2
talk_end "$client_fd" "$client_pid"
talk_end "$server_fd" "$server_pid"
trace_stop
talk_end "$open_fd" "$open_pid"

read -r _ _ client _ server <"$client_out"
counts='[.opened, .partial, .exchanges, .partial_exchanges, .reuse_ratio, .open, .closed]'
expect "client: partial, with later exchanges apart" "upstream 5601" "$counts" "[0,3,0,6,null,0,3]"
expect "... owner" "upstream 5601" "[.comm, .pid]" "[\"peer-client\",$client]"
expect "... closed by us" "close 5601 client" "[.closed, .by.local_fin, .unused]" "[3,3,0]"
expect "server: partial" "listener 5601" "[.accepted, .partial, .exchanges, .partial_exchanges]" "[0,3,0,6]"
expect "... owner" "listener 5601" "[.comm, .pid]" "[\"peer-server\",$server]"
expect "... queue" "listener 5601" "[.backlog_asked, .limit, .depth]" "[null,512,0]"
expect "... closed by them" "close 5601 server" "[.closed, .by.remote_fin]" "[3,3]"
expect "IPv4-mapped: partial" "upstream 5602" "$counts" "[0,2,0,0,null,0,2]"
expect "... client closed by them" "close 5602 client" "[.closed, .by.remote_fin]" "[2,2]"
expect "... server closed by us" "close 5602 server" "[.closed, .by.local_fin]" "[2,2]"
read -r _ _ client _ server <"$open_out"
expect "still open: partial" "upstream 5603" "$counts" "[0,1,0,0,null,1,0]"
expect "... client's owner" "upstream 5603" "[.addr, .comm, .pid]" "[\"::1\",\"peer-client\",$client]"
expect "... server's owner" "listener 5603" "[.comm, .pid, .open]" "[\"peer-server\",$server,1]"
expect "the account says partial" meta "[.tracked, .partial, .no_owner, .lost_events]" "[12,12,0,0]"
verify
plan
