#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# top: keys typed in tmux, screens compared to the letter with golden/top-*.txt; the terminal is given back.
# UPDATE=1 writes the golden files anew: the diff is the review.
. "$(dirname "$0")/../live/lib.sh"
need tmux
MAKE_RECORDING=${MAKE_RECORDING:-$top/.output/tests/make_recording}
[ -x "$MAKE_RECORDING" ] || bail "no maker of recordings: $MAKE_RECORDING"
golden=$(dirname "$(realpath "$0")")/golden
mkdir -p "$golden"

in_tmux() {
	tmux -u -f "$dir/tmux.conf" -S "$dir/tmux" "$@"
}

trap 'in_tmux kill-server 2>/dev/null; finish' EXIT
printf '%s\n' 'set -s exit-empty off' 'set -g status off' 'set -s escape-time 0' 'set -g default-terminal screen-256color' \
	>"$dir/tmux.conf"
"$MAKE_RECORDING" "$dir/host.db" || bail "cannot make a recording"

# show COLUMNS ROWS COMMAND: in a terminal of that size, which then says how COMMAND ended.
show() {
	in_tmux kill-session -t top 2>/dev/null
	rm -f "$dir/before" "$dir/after" "$dir/pid"
	printf '%s\n' 'trap : INT' 'echo before it' "stty -g >'$dir/before'" "$3" 'echo "status $?"' \
		"stty -g >'$dir/after'" 'exec sleep infinity' >"$dir/command"
	in_tmux new-session -d -s top -x "$1" -y "$2" -c "$dir" "sh '$dir/command'"
}

# recording COLUMNS ROWS [OPTION...]
recording() {
	local columns=$1 rows=$2

	shift 2
	show "$columns" "$rows" "env LC_ALL=${locale:-C.UTF-8} ${environment:-} '$CONNSCOPE' top --from host.db $*"
	shows 'connscope top' || bail "top does not draw: $(screen)"
}

screen() {
	in_tmux capture-pane -p -t top 2>/dev/null
}

has_text() {
	screen | grep -qF -- "$1"
}

shows() { # shows TEXT: sooner or later
	wait_for has_text "$1"
}

has_not() {
	! has_text "$1"
}

press() {
	in_tmux send-keys -t top "$@"
}

is_golden() {
	[ "$(screen)" = "$(cat "$1")" ]
}

# tmux lets a quarter of a second pass between two sizes.
is_steady() {
	local first

	first=$(screen)
	sleep 0.6
	[ "$first" = "$(screen)" ]
}

# looks NAME: like the golden file, sooner or later.
looks() {
	local file=$golden/top-$1.txt

	if [ -n "${UPDATE:-}" ]; then
		wait_for is_steady
		screen >"$file"
	fi
	wait_for is_golden "$file"
	check "screen $1" "$(screen)" "$(cat "$file")"
}

given_back() { # given_back NAME: status 0, modes and screen as before
	shows "status " || :
	check "$1: exit status" "$(screen | grep -o 'status .*')" "status 0"
	wait_for [ -s "$dir/after" ]
	check "$1: modes of the terminal" "$(cat "$dir/after")" "$(cat "$dir/before")"
	check "$1: what was on the screen before" "$(screen | head -n 1)" "before it"
	check "$1: cursor shown, first screen" \
		"$(in_tmux display-message -p -t top '#{cursor_flag} #{alternate_on}')" "1 0"
}

# ---- what each key shows ----

recording 80 24
looks 80x24
press Down
looks 80x24-down
press Enter
looks 80x24-connections
press Escape /
shows "filter _"
press NGI
looks 80x24-filter
press Enter
press '>' '>' '>' '>' r
looks 80x24-sort
press Escape Tab
looks 80x24-accept
press 3
looks 80x24-close
press '?'
looks 80x24-help
press q Space
looks 80x24-frozen
press Space 1 End
looks 80x24-end
press q
given_back "q"

# ---- sizes ----

recording 120 40
looks 120x40
press 2
looks 120x40-accept
in_tmux resize-window -t top -x 80 -y 24
looks 80x24-accept
in_tmux resize-window -t top -x 20 -y 5
looks 20x5-accept
press 1 Down Enter
looks 20x5-connections
for size in 1x1 7x2 300x90 20x3 2x50; do
	in_tmux resize-window -t top -x "${size%x*}" -y "${size#*x}"
	press '?' x Tab
done
press Escape 2
in_tmux resize-window -t top -x 120 -y 40
looks 120x40-accept
press q
given_back "after many sizes"

# ---- ends ----

recording 80 24
press C-c
given_back "Ctrl-C"
show 80 24 "sh -c 'echo \$\$ >pid; exec \"$CONNSCOPE\" top --from host.db'"
shows 'connscope top' || bail "top does not draw"
kill -TERM "$(cat "$dir/pid")"
given_back "SIGTERM"
show 80 24 "'$CONNSCOPE' top --from nothing.db"
shows "status " || :
check "no such recording" "$(screen | sed -n '2p')" \
	"connscope: cannot read nothing.db: No such file or directory"

# ---- terminals ----

locale=C recording 80 24
looks 80x24-ascii
environment=NO_COLOR=1 recording 80 24
looks 80x24
check "no colour" "$(in_tmux capture-pane -p -e -t top | grep -c $'\033\\[[0-9;]*31m')" 0
environment=TERM=connscope-unknown recording 80 24
looks 80x24
environment=TERM=dumb recording 80 24
press 2
shows "LISTENER" || :
check "dumb terminal: frames one below the other" "$(screen | grep -c 'LISTENER')" 1
press q
shows "status " || :
check "dumb terminal: exit status" "$(screen | grep -o 'status .*')" "status 0"
check "no terminal" "$("$CONNSCOPE" top --from "$dir/host.db" 2>&1 </dev/null | cut -d, -f1)" \
	"connscope: top: stdin is not a terminal"

# ---- live ----

live() { # live [OPTION...]: watches this namespace from outside
	show 100 24 "nsenter --net=/proc/$$/fd/$live_outside env LC_ALL=C.UTF-8 '$CONNSCOPE' top $* \
		--backend $BACKEND --netns $(stat -Lc %i /proc/self/ns/net)"
	shows 'no client connections seen' || bail "top does not start: $(screen)"
}

has_row() { # has_row PATTERN, of the words of a row with one blank between
	screen | tr -s ' ' | grep -q -- "$*"
}

row() { # row NAME PATTERN: there is one, sooner or later
	wait_for has_row "$2"
	check "$1" "$(screen | tr -s ' ' | grep -c -- "$2")" 1
}

live 0.2
peer reuse --port 5001 --conns 1 --exchanges 23
row "live: a connection of 23 exchanges" '127.0.0.1:5001 [^ ]* 1 23 95.7%'
press Enter
row "live: its connection" '-> 127.0.0.1:5001 local-fin peer-client'
press Escape Space
shows FROZEN || :
peer reuse --port 5002 --conns 3 --exchanges 1
check "live: a frozen screen stays" "$(screen | grep -c ':5002')" 0
press Space
row "live: and goes on with all there was" '127.0.0.1:5002 [^ ]* 3 3 0.0%'
press 2
row "live: the listener's side" '127.0.0.1:5002 [^ ]* [0-9]* [0-9]* 0 [0-9]* 3 0'
press q
given_back "live"
live -d 1
given_back "-d"
plan
