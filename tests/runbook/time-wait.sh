#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TIME_WAIT: a client of Go with the pool that it has by default, and with a larger one; one of Node without
# any, and with one. The web server is another host: over loopback a port is free again after a second.
. "$(dirname "$0")/lib.sh"
need nginx node go
url=http://10.99.0.2:9000/slow
patience=90

time_waits() { # here, and on the upstream's host
	echo "$(ss -Htn state time-wait | wc -l) $(in_space ss -Htn state time-wait | wc -l)"
}

none_waits() {
	[ "$(time_waits)" = "0 0" ]
}

look() { # look SECONDS NAME CLIENT...
	local seconds=$1 name=$2 here there

	shift 2
	wait_for none_waits || bail "TIME_WAIT outlasts its minute"
	load_start "$@"
	connscope doctor -n "$name" -d "$seconds"
	read -r here there < <(time_waits)
	echo "TIME_WAIT here: $here, on the upstream's host: $there"
	load_stop
}

another_host || skip_all "no veth devices"
web_there
go build -o "$dir/fetcher" fetcher.go || bail "no Go program"

title Go, before
look 30 fetcher "$dir/fetcher" "$url" 32 2
title Go, after
look 30 fetcher "$dir/fetcher" "$url" 32 32
title Node, before
look 10 node node fetcher.js "$url" 8 false
title Node, after
look 10 node node fetcher.js "$url" 8 true
