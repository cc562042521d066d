#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The accept queue overflows: apache2 with few workers behind a small net.core.somaxconn, and with enough of both.
. "$(dirname "$0")/lib.sh"
need apache2 ab nstat

look() { # look SOMAXCONN WORKERS: under 160 clients
	sysctl -qw net.core.somaxconn="$1"
	apache "$2"
	load_start ab -q -s 60 -t 30 -n 100000 -c 160 http://127.0.0.1:9000/index.html
	connscope doctor -n apache2 -d 10
	shell nstat -sz TcpExtListenOverflows TcpExtListenDrops
	load_stop
	servers_end
}

nstat -n
title before
look 128 8
nstat -n
title after
look 1024 192
