/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel offers: for each feature the ways to attach, best first, and the one chosen. */
#ifndef connscope_PROBES_H
#define connscope_PROBES_H

#include <stdbool.h>
#include <stddef.h>

#include "cli.h"
#include "report.h"

struct btf;

#define WAY_PROGRAMS 4

/* One way to serve a feature. It serves when every program whose hook this kernel has can attach,
 * there is at least one, and at least one of them is seen to run. */
struct probe_way {
	enum feature feature;
	enum backend tier;
	enum mechanism mechanism;
	struct {
		const char *program; /* in bpf/connscope.bpf.c */
		const char *hook;    /* kernel function or tracepoint */
		int args;	     /* of the hook; 0: any */
	} programs[WAY_PROGRAMS];
	bool needed;	    /* nothing works without */
	bool quiet;	    /* not run by the loopback check */
	bool preemption;    /* only where the kernel may preempt tracing programs */
	const char *reason; /* what is missing with this way, shown as it is */
};

struct probes {
	const struct probe_way *chosen[FEATURE_MAX]; /* NULL: off */
	struct feature_state states[FEATURE_MAX];
	struct btf *btf; /* of the running kernel */
	bool *bad;	 /* per way: was tried and failed */
	__u8 *found;	 /* per way and program: what looking through all types has found */
	enum backend backend;
	bool has_fentry;
	bool has_kprobe;
	bool has_preemption;
	bool no_turns; /* what only the turns need is off */
};

/*
 * Reads the kernel's BTF, finds out which tiers it has by really attaching, and chooses.
 * OPTIONS->backend limits the choice to that tier and the ones below, OPTIONS->no_turns to what
 * needs no hooks at send and receive. -errno, logged: no BTF, no privilege, or a forced backend
 * that this kernel refuses.
 */
int probes__init(struct probes *probes, const struct options *options);
void probes__done(struct probes *probes);

/* Chooses again without WAY, which failed for REASON (copied). */
void probes__demote(struct probes *probes, const struct probe_way *way, const char *reason);
/* The same, because HOOK of it did not attach, with -errno ERR. */
void probes__demote_unattached(struct probes *probes, const struct probe_way *way, const char *hook,
			       int err);

/* Whether this kernel has the hook of program I of WAY. */
bool probes__has_hook(const struct probes *probes, const struct probe_way *way, int i);

/* Nothing is chosen again: what only that needs, 7 MB of types, is freed. */
void probes__settle(struct probes *probes);

/* The first needed feature that is off, or -1. */
int probes__missing(const struct probes *probes);

/* The best tier that serves a feature: "fentry", "kprobe" or "tracepoint". */
const char *probes__backend_name(const struct probes *probes);

#endif /* connscope_PROBES_H */
