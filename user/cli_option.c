/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options, and what a word on the command line means of it. */
#include "cli_option.h"

#include <stdio.h>
#include <string.h>

#include "cli_value.h"

enum help_group {
	GROUP_WHAT = 1,
	GROUP_REPORT,
	GROUP_RECORDING,
	GROUP_SERVE,
	GROUP_ADVANCED,
};

/* clang-format off */
const struct argp_option cli_options[] = {
	{ NULL, 0, NULL, OPTION_DOC, "WHAT TO TRACE (lists are comma-separated and may be repeated)", GROUP_WHAT },
	{ "pid", 'p', "PID", 0, "owner process (list)", GROUP_WHAT },
	{ "comm", 'n', "NAME", 0, "owner's name or a glob (list)", GROUP_WHAT },
	{ "port", 'P', "PORT", 0, "service port: remote of clients, local of servers (list)", GROUP_WHAT },
	{ "localport", 'L', "PORT", 0, "local port (list)", GROUP_WHAT },
	{ "remoteport", 'D', "PORT", 0, "remote port (list)", GROUP_WHAT },
	{ "addr", 'a', "ADDR", 0, "remote address or CIDR (list)", GROUP_WHAT },
	{ NULL, '4', NULL, 0, "IPv4 or IPv6 only", GROUP_WHAT },
	{ NULL, '6', NULL, OPTION_ALIAS, NULL, GROUP_WHAT },
	{ "cgroup", 'c', "PATH", 0, "owner's cgroup v2, with all below it (list)", GROUP_WHAT },
	{ "container", OPTION_CONTAINER, "ID", 0, "container id, or how it begins (list)", GROUP_WHAT },
	{ "netns", OPTION_NETNS, "NS", 0, "network namespace: inode, name, path or pid:N (list)", GROUP_WHAT },
	{ "role", OPTION_ROLE, "ROLE", 0, "client or server", GROUP_WHAT },
	{ NULL, 0, NULL, OPTION_DOC, "REPORT", GROUP_REPORT },
	{ "duration", 'd', "SECONDS", 0, "report after so long; without, on Ctrl-C", GROUP_REPORT },
	{ "by", OPTION_BY, "KEY", 0, "rows by endpoint, comm, pid, container, netns, name (list)", GROUP_REPORT },
	{ "names", OPTION_NAMES, "FILE", 0, "names of endpoints: lines of NAME ADDR[:PORT]|CIDR", GROUP_REPORT },
	{ "sort", 's', "COLUMN", 0, "by title, or by JSON key", GROUP_REPORT },
	{ "rows", 'r', "N", 0, "the first N rows of each table", GROUP_REPORT },
	{ "closed", OPTION_CLOSED, "N", 0, "conns, top: the last N that closed (100)", GROUP_REPORT },
	{ "state", OPTION_STATE, "STATE", 0, "conns: in that state, open, closed or failed (list)", GROUP_REPORT },
	{ "initiator", OPTION_INITIATOR, "WHO", 0, "conns: ended so: local-fin, timeout, ... (list)", GROUP_REPORT },
	{ "in-flight", OPTION_IN_FLIGHT, NULL, 0, "conns: with a request in flight", GROUP_REPORT },
	{ "min-idle", OPTION_MIN_IDLE, "SECONDS", 0, "conns: idle so long, or at the end", GROUP_REPORT },
	{ "hist", OPTION_HIST, NULL, 0, "histograms, too: bars; lists in JSON and CSV", GROUP_REPORT },
	{ "fail-on", OPTION_FAIL_ON, "SEVERITY", 0, "doctor: exit 5 on a notice, warning, critical or worse", GROUP_REPORT },
	{ "wide", 'w', NULL, 0, "all columns", GROUP_REPORT },
	{ "no-header", OPTION_NO_HEADER, NULL, 0, "no titles", GROUP_REPORT },
	{ "time", 'T', NULL, 0, "the time above each report", GROUP_REPORT },
	{ "json", 'j', NULL, 0, "JSON Lines", GROUP_REPORT },
	{ "csv", OPTION_CSV, NULL, 0, "CSV, tables with an empty line between", GROUP_REPORT },
	{ "html", OPTION_HTML, "FILE", 0, "a page for browsers, beside the report", GROUP_REPORT },
	{ "output", 'o', "FILE", 0, "write there, not to stdout", GROUP_REPORT },
	{ NULL, 0, NULL, OPTION_DOC, "RECORDINGS", GROUP_RECORDING },
	{ "from", OPTION_FROM, "FILE", 0, "report from a recording: no root, any machine", GROUP_RECORDING },
	{ "since", OPTION_SINCE, "TIME", 0, "--from: from 13:45, an RFC 3339 time, or -10m on", GROUP_RECORDING },
	{ "until", OPTION_UNTIL, "TIME", 0, "--from: up to then", GROUP_RECORDING },
	{ "record", OPTION_RECORD, "FILE", 0, "record beside the report: the same numbers", GROUP_RECORDING },
	{ "exchanges", OPTION_EXCHANGES, NULL, 0, "record single exchanges, too: for trace --from", GROUP_RECORDING },
	{ "keep", OPTION_KEEP, "TIME", 0, "drop what ended longer ago than 7d, 12h, 30m", GROUP_RECORDING },
	{ "max-size", OPTION_MAX_SIZE, "SIZE", 0, "drop the oldest where it gets larger than 500M, 2G", GROUP_RECORDING },
	{ NULL, 0, NULL, OPTION_DOC, "SERVE", GROUP_SERVE },
	{ "web.listen-address", OPTION_LISTEN, "ADDR:PORT", 0, "serve: where (127.0.0.1:10310)", GROUP_SERVE },
	{ "max-series", OPTION_MAX_SERIES, "N", 0, "serve: endpoints, the rest in \"other\" (100)", GROUP_SERVE },
	{ "label-pid", OPTION_LABEL_PID, NULL, 0, "serve: tell processes apart, by pid", GROUP_SERVE },
	{ "bpf-stats", OPTION_BPF_STATS, NULL, 0, "serve: time the BPF programs, everybody's", GROUP_SERVE },
	{ NULL, 0, NULL, OPTION_DOC, "ADVANCED", GROUP_ADVANCED },
	{ "backend", OPTION_BACKEND, "NAME", 0, "auto, fentry, kprobe or tracepoint", GROUP_ADVANCED },
	{ "self-test", OPTION_SELF_TEST, NULL, 0, "check: try each feature on connections of its own", GROUP_ADVANCED },
	{ "no-turns", OPTION_NO_TURNS, NULL, 0, "life cycle alone: no hooks at send and receive", GROUP_ADVANCED },
	{ "strict", OPTION_STRICT, NULL, 0, "exit 4 when anything was lost", GROUP_ADVANCED },
	{ "max-conns", OPTION_MAX_CONNS, "N", 0, "connections kept at once (65536)", GROUP_ADVANCED },
	{ "max-endpoints", OPTION_MAX_ENDPOINTS, "N", 0, "endpoints kept (1024)", GROUP_ADVANCED },
	{ "ring-size", OPTION_RING_SIZE, "KIB", 0, "ring buffer (4096)", GROUP_ADVANCED },
	{ "verbose", 'v', NULL, 0, "libbpf's own messages", GROUP_ADVANCED },
	{ "-h, --help, -V, --version", 0, NULL, OPTION_DOC, "this text; the version", GROUP_ADVANCED },
	{ "help", 'h', NULL, OPTION_HIDDEN, NULL, GROUP_ADVANCED },
	{ "version", 'V', NULL, OPTION_HIDDEN, NULL, GROUP_ADVANCED },
	{ NULL, 0, NULL, 0, NULL, 0 },
};
/* clang-format on */

const struct argp_option *option_find(int key)
{
	const struct argp_option *option = cli_options;

	for (; option->name || option->key || option->flags; option++) {
		if (option->key == key)
			return option;
	}
	return NULL;
}

const char *option_name(int key, char *buf, size_t len)
{
	const struct argp_option *option = option_find(key);

	if (option && option->name)
		snprintf(buf, len, "--%s", option->name);
	else
		snprintf(buf, len, "-%c", key);
	return buf;
}

const struct argp_option *option_guess(const char *word, char *ret_bad)
{
	const struct argp_option *option = cli_options, *found = NULL;
	size_t len = strcspn(word + 2, "=");

	*ret_bad = 0;
	if (word[1] == '-') {
		for (; option->name || option->key || option->flags; option++) {
			if (!option->name || strncmp(option->name, word + 2, len))
				continue;
			if (strlen(option->name) == len)
				return option;
			if (found)
				return NULL; /* ambiguous */
			found = option;
		}
		return found;
	}
	for (word++; *word; word++) {
		*ret_bad = *word;
		found = option_find(*word);
		if (!found || found->arg)
			return found;
	}
	return NULL;
}
