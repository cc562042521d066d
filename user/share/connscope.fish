# SPDX-License-Identifier: Apache-2.0
# fish completion for connscope(8)

function __connscope_wants_verb
    not __fish_seen_subcommand_from all reuse accept close conns trace top doctor record check serve
end

function __connscope_list --description 'The words after the first argument, behind the list begun so far'
    set -l begun (string match -r '^.*,' -- (string replace -r '^--[a-z-]+=' '' -- (commandline -ct)))
    for word in $argv
        echo $begun$word
    end
end

complete -c connscope -f
complete -c connscope -n __connscope_wants_verb -a all -d 'reuse, accept and close'
complete -c connscope -n __connscope_wants_verb -a reuse -d 'are connections reused'
complete -c connscope -n __connscope_wants_verb -a accept -d 'is the accept queue backing up'
complete -c connscope -n __connscope_wants_verb -a close -d 'who closed'
complete -c connscope -n __connscope_wants_verb -a conns -d 'single connections'
complete -c connscope -n __connscope_wants_verb -a trace -d 'events as they happen'
complete -c connscope -n __connscope_wants_verb -a top -d 'the reports as a live full screen'
complete -c connscope -n __connscope_wants_verb -a doctor -d 'what is wrong, and what to change'
complete -c connscope -n __connscope_wants_verb -a record -d 'write a recording'
complete -c connscope -n __connscope_wants_verb -a check -d 'what this kernel offers'
complete -c connscope -n __connscope_wants_verb -a serve -d 'for Prometheus'

complete -c connscope -s p -l pid -x -a '(__connscope_list (__fish_complete_pids | string replace -r "\t.*" ""))' -d 'owner process'
complete -c connscope -s n -l comm -x -a '(__connscope_list (cat /proc/[0-9]*/comm 2>/dev/null | sort -u))' -d 'owner\'s name or a glob'
complete -c connscope -s P -l port -x -d 'service port'
complete -c connscope -s L -l localport -x -d 'local port'
complete -c connscope -s D -l remoteport -x -d 'remote port'
complete -c connscope -s a -l addr -x -d 'remote address or CIDR'
complete -c connscope -s 4 -d 'IPv4 only'
complete -c connscope -s 6 -d 'IPv6 only'
complete -c connscope -s c -l cgroup -x -a '(__fish_complete_directories)' -d 'owner\'s cgroup v2, with all below it'
complete -c connscope -l container -x -d 'container id, or how it begins'
complete -c connscope -l netns -x -a '(__connscope_list (ip netns list 2>/dev/null | string split -f 1 " "))' -d 'network namespace'
complete -c connscope -l fail-on -x -a 'notice warning critical' -d 'doctor: exit 5 on such a finding or worse'
complete -c connscope -l role -x -a 'client server' -d 'client or server'
complete -c connscope -l by -x -a '(__connscope_list endpoint comm pid container netns name)' -d 'rows by'
complete -c connscope -l closed -x -d 'conns, top: the last N that closed'
complete -c connscope -l csv -d 'CSV, tables with an empty line between'
complete -c connscope -s d -l duration -x -d 'report after so long'
complete -c connscope -l hist -d 'histograms, too'
complete -c connscope -l html -r -F -d 'a page for browsers, beside the report'
complete -c connscope -l in-flight -d 'conns: with a request in flight'
complete -c connscope -l initiator -x -a '(__connscope_list local-fin remote-fin both-fin local-rst remote-rst timeout abort unknown)' -d 'conns: ended so'
complete -c connscope -s j -l json -d 'JSON Lines'
complete -c connscope -l min-idle -x -d 'conns: idle so long, or at the end'
complete -c connscope -l names -r -F -d 'names of endpoints'
complete -c connscope -l no-header -d 'no titles'
complete -c connscope -s o -l output -r -F -d 'write there, not to stdout'
complete -c connscope -s r -l rows -x -d 'the first N rows of each table'
complete -c connscope -s s -l sort -x -d 'by title, or by JSON key'
complete -c connscope -l state -x -a '(__connscope_list open closed failed queued established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait close-wait last-ack closing)' -d 'conns: in that state'
complete -c connscope -s T -l time -d 'the time above each report'
complete -c connscope -s w -l wide -d 'all columns'
complete -c connscope -l from -r -F -d 'report from a recording'
complete -c connscope -l since -x -d 'of a recording: from then on'
complete -c connscope -l until -x -d 'of a recording: up to then'
complete -c connscope -l exchanges -d 'record single exchanges, too'
complete -c connscope -l record -r -F -d 'record beside the report'
complete -c connscope -l keep -x -d 'drop what ended longer ago'
complete -c connscope -l max-size -x -d 'drop the oldest where it gets larger'
complete -c connscope -l web.listen-address -x -d 'serve: where'
complete -c connscope -l max-series -x -d 'serve: endpoints, the rest in other'
complete -c connscope -l label-pid -d 'serve: tell processes apart, by pid'
complete -c connscope -l bpf-stats -d 'serve: time the BPF programs, everybody\'s'
complete -c connscope -l backend -x -a 'auto fentry kprobe tracepoint' -d 'how to attach'
complete -c connscope -l no-turns -d 'life cycle alone: no hooks at send and receive'
complete -c connscope -l self-test -d 'check: try each feature on connections of its own'
complete -c connscope -l strict -d 'exit 4 when anything was lost'
complete -c connscope -l max-conns -x -d 'connections kept at once'
complete -c connscope -l max-endpoints -x -d 'endpoints kept'
complete -c connscope -l ring-size -x -d 'ring buffer, KiB'
complete -c connscope -s v -l verbose -d 'libbpf\'s own messages'
complete -c connscope -s h -l help -d 'a short help'
complete -c connscope -s V -l version -d 'the version'
