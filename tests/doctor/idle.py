# SPDX-License-Identifier: Apache-2.0
"""idle.py PORT: after how many idle milliseconds the web server there closes a connection."""
import socket, sys, time

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60)
client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
while client.recv(65536):
    answered = time.monotonic()
print(round((time.monotonic() - answered) * 1000))
