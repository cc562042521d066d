/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF object: which of its programs are loaded and attached, and that they run. */
#ifndef connscope_HOOKS_H
#define connscope_HOOKS_H

#include <stddef.h>
#include <linux/types.h>

#include "probes.h"

#define HOOK_LINKS_MAX (FEATURE_MAX * WAY_PROGRAMS)

struct bpf_link;
struct connscope;
struct options;
struct program_stats;

struct hooks {
	const struct options *options;
	struct probes *probes;
	struct connscope *skel; /* NULL: not loaded */
	struct bpf_link *links[HOOK_LINKS_MAX];
	size_t link_count;
};

/*
 * Loads what PROBES has chosen, attaches it, and checks on a loopback connection that each hook
 * runs; what does not is demoted and the next way tried. Nothing is recorded yet. Both arguments
 * must outlive RET_HOOKS, which is to be given to hooks__done() after an error, too. -errno,
 * logged.
 */
int hooks__attach(const struct options *options, struct probes *probes, struct hooks *ret_hooks);
/* Detaches everything. */
void hooks__done(struct hooks *hooks);

/* Each program that is loaded, at most ROOM. Returns how many. */
size_t hooks__programs(const struct hooks *hooks, struct program_stats *ret_stats, size_t room);
/* Runs that the kernel left out because a program was running on that CPU already; -1: it does not
 * count them. */
__s64 hooks__missed_runs(const struct hooks *hooks);

#endif /* connscope_HOOKS_H */
