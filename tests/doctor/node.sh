#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Node as a client: without an agent, with one, before a server that closes, and not reading what it asked for.
. "$(dirname "$0")/lib.sh"
need node
requests=100

# scenario NAME FINDINGS none|agent|destroy [SERVER-ARGUMENTS...]
scenario() {
	local name=$1 want=$2 how=$3

	shift 3
	serve node 9001 node "$here/server.js" 9000 5000 "$@"
	diagnose "$name" "$want" ask "$how"
	check "all are answered" "$answers" $requests
	expect "connections and requests as the server counted" "upstream 9000" "[.opened, .exchanges]" \
		"$(cat "$dir/node.log")"
}

ask() {
	answers=$(node "$here/client.js" 9000 "$requests" "$1")
}

# Now and then the client, which knows of the close, is first.
closed_by_server() {
	expect "a connection for each request" "upstream 9000" "[.opened, .reused, .open]" "[$requests,0,0]"
	expect "most closed by the server" "close 9000 client" \
		"[(.by.local_fin + .by.remote_fin + .by.both_fin), (.by.remote_fin > $requests / 2)]" "[$requests,true]"
	verify
}

# Without an agent the client asks for the close.
scenario "no agent" "not-reused-remote 9000 client" none 5
closed_by_server
advised not-reused-remote client 'keepAlive: true'

scenario "a server that closes" "not-reused-remote 9000 client" agent 5 close
closed_by_server

scenario "the body left unread" "body-unread 9000 client" destroy 1000000
expect "a connection for each request" "upstream 9000" "[.opened, .reused]" "[$requests,0]"
# Where nothing happens to wait in the socket, the close is a FIN: how often depends on the machine.
expect "some closed by our reset" "close 9000 client" \
	"[(.by.local_fin + .by.local_rst), .causes.unread_data == .by.local_rst, (.by.local_rst > 0)]" \
	"[$requests,true,true]"
verify
proven body-unread client .unread_data "$(values "close 9000 client" .causes.unread_data)"
advised body-unread client res.resume

scenario "an agent that keeps connections" "" agent 1000000
expect "one connection" "upstream 9000" "[.opened, .exchanges]" "[1,$requests]"
verify
plan
