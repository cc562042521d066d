#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who resets connections: a client of Node that does not read all that it has asked for, and one that does.
. "$(dirname "$0")/lib.sh"
need node
cd "$here" || exit 1

# A hundred answers of a megabyte each.
serve node 9001 node server.js 9000 5000 1000000
title before
connscope close -P 9000 -- node client.js 9000 100 destroy
connscope doctor -P 9000 -- node client.js 9000 100 destroy
title after
connscope close -P 9000 -- node client.js 9000 100 agent
connscope doctor -P 9000 -- node client.js 9000 100 agent
