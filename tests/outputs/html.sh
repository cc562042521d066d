#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --html in headless Chromium: it draws what the report says, sorts, and takes no text for markup.
# shellcheck disable=SC2119
. "$(dirname "$0")/../live/lib.sh"
need chromium node python3
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
page=$dir/page.html

comm='</script><b>' # what PR_SET_NAME takes
name='</script><script>alert(1)//<!--"' # no blanks in a names file
cat >"$dir/names" <<-END
	$name 127.0.0.1:7001
END

# For three seconds, so that there is something to see over time: connections of two exchanges each.
hostile() {
	python3 - "$comm" <<-'END'
	import ctypes, socket, sys, threading, time
	ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
	listener = socket.create_server(("127.0.0.1", 7001), backlog=16)
	end = time.monotonic() + 3
	def serve():
	    while True:
	        conn = listener.accept()[0]
	        while conn.recv(100):
	            conn.send(b"answer")
	        conn.close()
	threading.Thread(target=serve, daemon=True).start()
	while time.monotonic() < end:
	    with socket.create_connection(("127.0.0.1", 7001)) as conn:
	        for _ in range(2):
	            conn.send(b"question")
	            conn.recv(100)
	            time.sleep(0.05)
	END
}

traffic() {
	hostile || bail "no hostile traffic"
	peer reuse --port 7002 --conns 3 --exchanges 20
	peer queue --port 7003 --backlog 4 --clients 12 --accept-after 300 >/dev/null
}

# look THEME WIDTH: what a browser makes of the page, in $facts.
look() {
	TMPDIR=$dir timeout 120 node "$here/html_probe.js" "$page" "$1" "$2" >"$facts" 2>"$dir/probe.err" ||
		bail "no browser: $(cat "$dir/probe.err")"
}

fact() { # fact FILTER
	jq -rc "$1" "$facts"
}

# check_page NAME: what must hold of any page.
check_page() {
	check "$1: nothing to complain about" "$(fact .complaints)" "[]"
	check "... asks for nothing but itself" "$(fact .requests)" "[\"file://$(realpath "$page")\"]"
	check "... has two scripts, its own" "$(fact '[.scripts, .foreignScriptRan, .foreign]')" "[2,false,0]"
	check "... no wider than the window" "$(fact '.overflow <= 0')" true
	check "... every chart is drawn: $(fact '.charts | length')" \
		"$(fact '(.charts | length) > 20 and all(.charts[]; .inked > 50 and .slots > 2)')" true
	check "... every histogram is: $(fact '.histograms | length')" \
		"$(fact '(.histograms | length) > 10 and all(.histograms[]; .bars > 0)')" true
	check "... beside them are their numbers" "$(fact 'all(.charts[], .histograms[]; .twin)')" true
}

# ---- beside JSON ----

facts=$dir/light.json
trace_start --html "$page" --names "$dir/names"
traffic
trace_stop
check "exit status" "$trace_status" 0
check "nothing is left beside the page" "$(echo "$page"*)" "$page"
look light 1280
check_page light

# What differs between the page's data and the records of --json, of all columns that both have.
differences() {
	python3 - "$facts" "$json" <<-'END'
	import functools, json, sys
	data = json.load(open(sys.argv[1]))["data"]
	records = [json.loads(line) for line in open(sys.argv[2])]
	compared = 0
	for table in data["tables"]:
	    columns = table["about"]["columns"]
	    same_type = [r for r in records if r["type"] == table["about"]["type"]]
	    if len(same_type) != len(table["rows"]):
	        print(len(table["rows"]), "rows, not", len(same_type))
	    for row, record in zip(table["rows"], same_type):
	        for column, value in zip(columns, row):
	            if not column["key"]:
	                continue
	            want = functools.reduce(lambda at, key: at[key], column["key"].split("."), record)
	            got = None if isinstance(value, dict) else value
	            if isinstance(got, float): # of which --json has four digits
	                got = float("%.4f" % got)
	            compared += 1
	            if got != want:
	                print(column["key"], got, want)
	if data["head"]["meta"] != records[-1]:
	    print("meta")
	if compared < 100:
	    print("only", compared, "compared")
	for role, kind in (("upstreams", "upstream"), ("listeners", "listener")):
	    for row in data[role]["rows"]:
	        record = [r for r in records if r["type"] == kind and r["port"] == row["port"] and r["name"] == row["name"]][0]
	        if sum(row["series"]["exchanges"]) != record["exchanges"] + record["partial_exchanges"]:
	            print(kind, row["port"], "exchanges over time", row["series"]["exchanges"])
	        if kind == "upstream" and sum(row["series"]["opened"]) != record["opened"]:
	            print(kind, row["port"], "opened over time", row["series"]["opened"])
	        if kind == "listener" and max(row["series"]["depth"]) != record["depth_max"]:
	            print(kind, row["port"], "depth over time", row["series"]["depth"])
	        if kind == "listener" and sum(n for _, n in row["dists"][0]["slots"]) != sum(record["depth_hist"]):
	            print(kind, row["port"], "depths", row["dists"][0]["slots"])
	END
}
check "the same numbers as --json, series and histograms included" "$(differences)" ""
check "a queue that overflowed is an alarm" "$(fact '.alarms | index("7") != null')" true

check "rows lead to their endpoint's charts" \
	"$(fact '(.links | length) == ([.data.tables[].rows[]] | length) and all(.links[]; .[0] == .[1])')" true
down=$(fact '.sorting[0].values | map(tonumber) | . == (sort | reverse)')
up=$(fact '.sorting[1].values | map(tonumber) | . == sort')
check "a click sorts, the largest first" "$(fact '.sorting[0].order') $down" "descending true"
check "... Enter turns it round" "$(fact '.sorting[1].order') $up" "ascending true"

check "a hostile process name is text" "$(fact ".marked | index(\"$comm\") != null")" true
check "... and a hostile endpoint's" "$(jq -c --arg name "$name" '.marked | index($name) != null' "$facts")" true

facts=$dir/dark.json
look dark 400
check_page "dark, and as narrow as a phone"

# ---- beside text: the same words ----

tracer_command=("${tracer_command[@]/--json/--wide}")
trace_start --html "$page" --names "$dir/names" --no-header
traffic
trace_stop
facts=$dir/text.json
look light 1280
jq -r '.tables[].rows[] | join(" ")' "$facts" | tr -s ' ' | sed 's/ $//' >"$dir/page.words"
# Depth over time is drawn, here as there.
sed '/^-- /,$d' "$json" | tr -s ' ' | sed -E 's/^ //; s/ [_.:=+*#-]{2,}( |$)/\1/; s/ $//' >"$dir/text.words"
check "... drawn small in the table of listeners" "$(fact .sparks)" "$(grep -cE ' [_.:=+*#-]{2,}( |$)' "$json")"
check "to the letter as the text has it: $(wc -l <"$dir/text.words") rows" \
	"$(diff "$dir/page.words" "$dir/text.words" | head -n 20)" ""
check "... and the account" "-- $(fact .account)" "$(sed -n '/^-- /,$p' "$json" | tr -s '\n ' ' ' | sed 's/ $//')"

# ---- while it runs ----

tracer_command=("${tracer_command[@]/--wide/--json}")
rm "$page"
is_whole() {
	[ "$(tail -c 8 "$page" 2>/dev/null)" = "</html>" ]
}
trace_start --html "$page" 0.2
wait_for test -e "$page"
check "a page at each INTERVAL, whole" "$(is_whole && echo whole)" whole
trace_stop

# ---- what cannot be ----

trace_start --html /dev/full
trace_stop
check "a page that cannot be written is an error" "$trace_status $(cat "$err")" \
	"1 connscope: cannot write /dev/full: No space left on device"
"${tracer_command[@]}" --html "$dir/none/page.html" -d 1 >"$json" 2>"$err"
check "... and one that can never be ends the run before it starts" "$? $(wc -c <"$json") $(cat "$err")" \
	"1 0 connscope: cannot write $dir/none/page.html: No such file or directory"
plan
