#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sporadic 502: nginx before Node, both as they come: Node gives up idle connections long before nginx does.
. "$(dirname "$0")/lib.sh"
need nginx node python3

# Ten connections. Between the rounds of requests they idle for 4 s and 5 s; for 7 s, which is too long for
# Node; and for 5.7 s, of which Node is busy for the last 0.8 s.
start() { # start NODE'S-MS
	serve node 9001 node "$here/server.js" 9000 "$1"
	proxy "keepalive 32;" "$keep"
	load_start python3 "$here/pulse.py" 8080 10 4000 7000 5000 7000 5700:800 1000
}

end() {
	load_wait
	echo "answers: $(cat "$dir/load")"
	echo "resets in nginx's error log: $(grep -c 'Connection reset by peer' "$dir/proxy.log")"
	servers_end
}

title before, where nginx runs
start 5000
connscope doctor -n nginx -d 32
end

title before, where Node runs
start 5000
connscope doctor -n node -d 32
end

title after
start 65000
connscope doctor -n nginx,node -d 32
end
