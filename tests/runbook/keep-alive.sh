#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx with keepalive in its upstream block: without what belongs to it, too small, and as it should be.
. "$(dirname "$0")/lib.sh"
need nginx ab

look() { # look UPSTREAM-LINES LOCATION-LINES: what doctor says while eight clients ask
	web ""
	proxy "$1" "$2"
	load_start ab -q -k -t 30 -n 1000000 -c 8 http://127.0.0.1:8080/slow
	connscope doctor -n nginx -d 10
	load_stop
	servers_end
}

title before
look "keepalive 16;" ""
title a pool of two
look "keepalive 2;" "$keep"
title after
look "keepalive 16;" "$keep"
