#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL under its own benchmark, with a connection for each transaction and with connections kept.
. "$(dirname "$0")/lib.sh"
need setpriv

postgres=$(find /usr/lib/postgresql/*/bin -name postgres 2>/dev/null | sort -V | tail -n 1)
[ -n "$postgres" ] || skip_all "PostgreSQL is not installed"
bin=${postgres%/*}
somebody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
mkdir "$dir/data"
chown nobody "$dir/data"
"${somebody[@]}" "$bin/initdb" -D "$dir/data" -A trust -U postgres --no-sync >"$dir/initdb" 2>&1 ||
	bail "initdb: $(cat "$dir/initdb")"

postgres() {
	serve postgres 5432 "${somebody[@]}" "$postgres" -D "$dir/data" -h 127.0.0.1 -k "$dir/data" -F \
		-c log_connections=on
	wait_for grep -q 'ready to accept connections' "$dir/postgres.log" || bail "PostgreSQL does not start"
}

pgbench() {
	"$bin/pgbench" -h 127.0.0.1 -U postgres "$@" postgres >"$dir/pgbench" 2>&1 ||
		bail "pgbench: $(cat "$dir/pgbench")"
}

transactions() {
	sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$dir/pgbench"
}

received() {
	grep -c 'connection received' "$dir/postgres.log"
}

postgres
pgbench -i -I dtgp -q
servers_end

postgres
diagnose "a connection for each transaction" "not-reused-local 5432 client" \
	pgbench -n -S -C -c 4 -t 25
check "all transactions done" "$(transactions)" 100
expect "connections as PostgreSQL logged" "upstream 5432" "[.opened, .failed, .open]" "[$(received),0,0]"
expect "start, transaction, goodbye" "upstream 5432" ".exchanges_per_conn.p50" 3
expect "the goodbye is in flight" "close 5432 client" "[.closed - .in_flight]" "[0]"
verify

postgres
diagnose "connections kept" "" pgbench -n -S -c 4 -t 25
check "all transactions done" "$(transactions)" 100
expect "connections as PostgreSQL logged" "upstream 5432" "[.opened, .failed]" "[$(received),0]"
verify
plan
