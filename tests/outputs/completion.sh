#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What bash, zsh and fish offer for a line that has been begun.
set -u
share=$(dirname "$(realpath "$0")")/../../user/share
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
number=0 failures=0

check() { # check NAME GOT WANT
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $number - $1"
	printf '%s\n' "got  $2" "want $3" | sed 's/^/#   /'
}

in_bash() { # in_bash WORD...: after "connscope", the last to be completed
	bash --norc -c '
		compopt() { :; } # only while readline completes
		source "$1"
		shift
		COMP_WORDS=(connscope "$@") COMP_CWORD=$#
		_connscope
		printf "%s\n" "${COMPREPLY[@]}"' bash "$share/connscope.bash" "$@" | sort | xargs
}

in_fish() {
	fish --no-config -c 'source $argv[1]; complete -C "connscope $argv[2]"' "$share/connscope.fish" "$*" |
		cut -f 1 | sort | xargs
}

# in_zsh WORDS WANT: at a terminal of its own, because zsh completes at its line editor alone.
in_zsh() {
	timeout 20 zsh -f -c '
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell "PROMPT=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -d $2; print REA""DY"
		zpty -r shell line "*READY*"
		zpty -n -w shell "connscope $3"$'"'\\t'"'
		zpty -r shell line "*connscope $4*" && print -r -- "$4"' zsh "$share" "$dir/dump" "$1" "$2"
}

verbs=$("${CONNSCOPE:-.output/connscope}" nonsense 2>&1 | sed 's/.*accepted: //; s/,//g')
check "the views are known" "$(grep -cw reuse <<<"$verbs")" 1
for shell in bash fish; do
	check "$shell: every view" "$(in_$shell "")" "$(xargs -n 1 <<<"$verbs" | sort | xargs)"
	check "$shell: a view begun" "$(in_$shell reu)" "reuse"
	check "$shell: an option begun" "$(in_$shell close --max-c)" "--max-conns"
	check "$shell: a value" "$(in_$shell --backend k)" "kprobe"
	check "$shell: the last of a list" "$(in_$shell --by comm,p)" "comm,pid"
done
check "zsh: a view begun" "$(in_zsh reu reuse)" reuse
check "zsh: a value" "$(in_zsh --backend=k --backend=kprobe)" --backend=kprobe
check "zsh: the last of a list" "$(in_zsh --by=comm,p --by=comm,pid)" --by=comm,pid
echo "1..$number"
exit $((failures > 0))
