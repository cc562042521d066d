/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: nothing else reads argv or the environment. */
#ifndef connscope_CLI_H
#define connscope_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "conn_pick.h"
#include "filter.h"
#include "moment.h"
#include "rule.h"

/* Exit status of connscope; with -- COMMAND and nothing wrong here, COMMAND's own. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNAVAILABLE = 3, /* a privilege or kernel feature is missing */
	EXIT_LOST = 4,	      /* something was lost and --strict was given */
	EXIT_FOUND = 5,	      /* doctor: a finding as severe as --fail-on says */
};

enum backend {
	BACKEND_AUTO,
	BACKEND_FENTRY,
	BACKEND_KPROBE,
	BACKEND_TRACEPOINT,
};

struct options {
	const char *view; /* "all", a view's name, or "check" */
	struct filter filter;
	unsigned int by; /* set of enum group_by; 0: the view's default */
	const char *names_file;
	const char *sort;
	const char *output_file;
	const char *html_file;
	const char *from_file;	    /* a recording to report from, or NULL */
	struct moment since, until; /* of that recording */
	const char *record_file;    /* a recording to write, or NULL */
	size_t rows;		    /* 0: all */
	size_t closed;		    /* connections that `conns` keeps after their end */
	struct conn_pick pick;	    /* those that `conns` shows */
	bool json;
	bool csv;
	bool hist;
	bool wide;
	bool no_header;
	bool time;
	bool exchanges; /* the kernel sends single events: see trace_event.h */
	bool no_turns;	/* no hooks at send and receive */
	bool strict;
	bool self_test; /* check alone */
	bool verbose;
	bool no_colour;	  /* the environment has NO_COLOR */
	bool utf8;	  /* the environment's locale is */
	const char *term; /* the environment's TERM, or NULL */
	size_t width;	  /* the environment's COLUMNS, or 0 */
	enum backend backend;
	enum severity fail_on; /* doctor; SEVERITY_NONE: never */
	__u32 max_conns;
	__u32 max_endpoints;
	__u32 ring_kib;
	__u64 max_size;	   /* of a recording, in bytes; 0: no bound */
	__u64 keep_ms;	   /* what is over, in a recording; 0: for ever */
	__u64 duration_ms; /* 0: until a signal or COMMAND's end */
	__u64 interval_ms; /* 0: one report at the end */
	__u64 count;	   /* reports; 0 with an interval: until a signal */
	char **command;	   /* NULL-terminated, or NULL */
	char **arguments;  /* the whole command line, NULL-terminated */

	__u8 listen_addr[CONN_ADDR_LEN]; /* serve: IPv4 as IPv4-mapped */
	__u16 listen_port;		 /* 0: any that is free */
	size_t max_series;		 /* endpoints that serve exports */
	bool label_pid;			 /* serve: endpoints by pid as well */
	bool bpf_stats;			 /* serve: have the kernel count runs of BPF programs */
};

/* Fills RET_OPTIONS from the arguments. Ends the process itself on a usage error (status 2, one
 * line) and after --help or --version (status 0). */
void cli_parse(int argc, char **argv, struct options *ret_options);

#endif /* connscope_CLI_H */
