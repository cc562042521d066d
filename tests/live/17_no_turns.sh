#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Without hooks at send and receive: life cycles and bytes are exact, what turns tell is not known, never 0.
# shellcheck disable=SC2119
. "$(dirname "$0")/lib.sh"

turns='[.exchanges, .reused, .reuse_ratio, .partial_exchanges, .idle, .active, .response_us.p50, .idle_gap_ms.p50]'
life='[.opened, .partial, .failed, .open, .open_peak, .closed, .sent_bytes, .received_bytes]'
unknown='[null,null,null,null,null,null,null,null]'

# Sequence numbers come round every 4 GiB: LEN bytes one way, then BACK the other.
send_much() { # send_much PORT LEN BACK
	python3 - "$@" <<-'END'
		import socket, sys, threading
		port, length, back = map(int, sys.argv[1:])
		listener = socket.create_server(("127.0.0.1", port))
		client = socket.create_connection(("127.0.0.1", port))
		server = listener.accept()[0]

		def read():
		    room, left = bytearray(1 << 20), length
		    while left:
		        left -= server.recv_into(room, min(len(room), left))

		reader = threading.Thread(target=read)
		reader.start()
		payload, left = memoryview(bytes(1 << 20)), length
		while left:
		    left -= client.send(payload[:min(len(payload), left)])
		reader.join()
		server.sendall(bytes(back))
		client.recv(back, socket.MSG_WAITALL)
		client.close()
	END
}

# The client has closed its half and does not read: the server's FIN waits behind what it has sent, in LAST_ACK.
# Says how much that is, and stays until its input ends.
linger='
import socket, sys
listener = socket.create_server(("127.0.0.1", 5907))
client = socket.create_connection(("127.0.0.1", 5907))
server = listener.accept()[0]
client.sendall(bytes(100))
client.shutdown(socket.SHUT_WR)
server.recv(100, socket.MSG_WAITALL)
server.recv(1)
server.setblocking(False)
sent = 0
try:
    while True:
        sent += server.send(bytes(10000))
except BlockingIOError:
    server.close()
print("sent", sent, flush=True)
sys.stdin.read()
'

talk_start hold --port 5901 --conns 3
hold_out=$talk_out hold_fd=$talk_fd hold_pid=$talk_pid
hear "$hold_out" ready
trace_start --no-turns
echo x >&"$hold_fd"
hear "$hold_out" "done"
peer reuse --port 5902 --conns 3 --exchanges 5
peer close <<<"race server 4 5903" >/dev/null
talk_start hold --port 5904 --conns 2
hear "$talk_out" ready
much=0
if [ -z "$VM" ] && command -v python3 >/dev/null; then
	much=$((9 << 29))
	send_much 5905 $much 1000
	send_much 5906 $((1 << 32)) 0
fi
trace_stop
talk_end "$hold_fd" "$hold_pid"
talk_end "$talk_fd" "$talk_pid"

expect "no hooks" meta "[.backends.send, .backends.receive, .reasons.receive]" \
	'["off","off","send and receive are not watched (--no-turns)"]'
expect "life cycles and bytes of clients" "upstream 5902" "$life" "[3,0,0,0,3,3,1500,3000]"
expect "... no turns" "upstream 5902" "$turns" "$unknown"
expect "... of servers" "listener 5902" "[.accepted, .exchanges, .reuse_ratio, .partial_exchanges, .open]" \
	"[3,null,null,null,0]"
expect "... ends" "close 5902 client" "[.closed, .by.local_fin, .in_flight, .raced, .unused]" \
	"[3,3,null,null,null]"
# A kernel whose tracepoint leaves TIME_WAIT sockets out says so.
if [ "$(jq -r 'select(.type == "meta") | .reasons.race' "$json")" = null ]; then
	expect "a server's race shows after its own FIN" "close 5903 server" \
		"[.closed, .in_flight, .raced]" "[1,null,1]"
fi
expect "a client's race is not known" "close 5903 client" "[.closed, .raced]" "[1,null]"
expect "open before" "upstream 5901" "$life" "[0,3,0,3,3,0,300,600]"
expect "... no turns" "upstream 5901" "$turns" "$unknown"
expect "open now" "upstream 5904" "$life" "[2,0,0,2,2,0,0,0]"
if [ $much -gt 0 ]; then
	expect "bytes beyond 4 GiB" "upstream 5905" "[.sent_bytes, .received_bytes]" "[$much,1000]"
	expect "... 4 GiB" "upstream 5906" "[.sent_bytes, .received_bytes]" "[$((1 << 32)),0]"
fi
verify

# Single connections, while they are open.
if command -v python3 >/dev/null; then
	mkfifo "$dir/linger"
	tracer_command=("${tracer_command[@]/#all/conns}")
	trace_start --no-turns
	python3 -c "$linger" <"$dir/linger" >"$dir/lingers" &
	linger_pid=$!
	exec {linger_fd}>"$dir/linger"
	hear "$dir/lingers" sent
	trace_stop
	talk_end "$linger_fd" "$linger_pid"
	check "bytes of a connection in LAST_ACK" \
		"$(jq -r 'select(.type == "conn" and .role == "server" and .local_port == 5907)
			| "\(.state) \(.sent_bytes) \(.received_bytes)"' "$json")" \
		"last-ack $(sed -n 's/^sent //p' "$dir/lingers") 100"
fi
plan
