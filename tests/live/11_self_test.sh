#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check --self-test: everything that is attached delivers; without a loopback device it says so.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# self_test: from within the namespace of this test, so that it is its loopback that is used.
self_test() {
	nsenter "--net=/proc/self/fd/$live_outside" unshare --net sh -c "$1"'; exec "$@"' sh \
		"$CONNSCOPE" check --self-test --json --backend "$BACKEND" >"$json" 2>"$err"
}

self_test "ip link set lo up"
check "exit status" $? 0
check "a result for each feature" "$(jq -s '[.[] | select(.type == "self_test")] | length' "$json")" \
	"$("$CONNSCOPE" check --json --backend "$BACKEND" | grep -c '"type":"feature"')"
check "nothing is wrong" "$(jq -c 'select(.result == "wrong") | [.feature, .detail]' "$json")" ""
check "what is attached works, the rest is n/a with a reason" \
	"$(jq -c 'select(.type == "self_test" and .result != "works")
		| select(.mechanism != "off" or .detail == null) | .feature' "$json")" ""
self_test true
check "no loopback: exit status" $? 1
check "... and the message says so" "$(cat "$err")" "connscope: no self-test: Network is unreachable"
plan
