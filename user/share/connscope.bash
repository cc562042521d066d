# SPDX-License-Identifier: Apache-2.0
# bash completion for connscope(8)

_connscope_list() { # the last item of a comma-separated list, among the words $1
	local begun=${cur%"${cur##*,}"}

	mapfile -t COMPREPLY < <(compgen -W "$1" -P "$begun" -- "${cur##*,}")
	compopt -o nospace
}

_connscope() {
	local verbs='all reuse accept close conns trace top doctor record check serve'
	local options='--addr --backend --bpf-stats --by --cgroup --closed --comm --container --csv --duration --exchanges --fail-on --from --help
		--hist --html --in-flight --initiator --json --keep --label-pid --localport --max-conns --max-endpoints
		--max-series --max-size --min-idle --names --netns --no-header --no-turns --output
		--pid --port --record --remoteport --ring-size --role --rows --self-test --since --sort --state
		--strict --time --until --verbose --version --web.listen-address --wide'
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word i command

	COMPREPLY=()
	# readline splits an option and its value, with "=" between, into three words.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$word" = -- ]; then
			declare -F _command_offset >/dev/null && _command_offset $((i + 1))
			return
		fi
		[[ " $verbs " == *" $word "* ]] && command=$word
	done
	case $prev in
	--backend) mapfile -t COMPREPLY < <(compgen -W 'auto fentry kprobe tracepoint' -- "$cur") ;;
	--by) _connscope_list 'endpoint comm pid container netns name' ;;
	--initiator) _connscope_list 'local-fin remote-fin both-fin local-rst remote-rst timeout abort unknown' ;;
	--fail-on) mapfile -t COMPREPLY < <(compgen -W 'notice warning critical' -- "$cur") ;;
	--role) mapfile -t COMPREPLY < <(compgen -W 'client server' -- "$cur") ;;
	--state) _connscope_list 'open closed failed queued established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait close-wait last-ack closing' ;;
	-p | --pid) _connscope_list "$(cd /proc && echo [0-9]*)" ;;
	-n | --comm) _connscope_list "$(cat /proc/[0-9]*/comm 2>/dev/null | sort -u | tr '\n' ' ')" ;;
	--netns) _connscope_list "$(ip netns list 2>/dev/null | cut -d ' ' -f 1 | tr '\n' ' ')" ;;
	-c | --cgroup) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-o | --output | --html | --names | --from | --record) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	-a | --addr | --container | -d | --duration | -D | --remoteport | -L | --localport | -P | --port | \
		-r | --rows | -s | --sort | --closed | --max-conns | --max-endpoints | --min-idle | --ring-size | \
		--keep | --max-series | --max-size | --since | --until | --web.listen-address) ;;
	*)
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		elif [ -z "${command:-}" ]; then
			mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
		fi
		;;
	esac
}

complete -F _connscope connscope
