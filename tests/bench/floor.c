// SPDX-License-Identifier: Apache-2.0
/*
 * The least that connscope's hooks can cost: empty programs on all of them, as `connscope` chooses
 * them.
 *
 *   floor [connscope's options]      until it is killed
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "empty.h"
#include "probes.h"

static const char *const mechanisms[MECHANISM_MAX] = {
	[MECHANISM_FENTRY] = "fentry",	       [MECHANISM_FEXIT] = "fexit",
	[MECHANISM_KPROBE] = "kprobe",	       [MECHANISM_TP_BTF] = "tp_btf",
	[MECHANISM_TRACEPOINT] = "tracepoint",
};

/* WAY's kprobes that are at the return are named so. */
static const char *mechanism_of(const struct probe_way *way, int i)
{
	const char *program = way->programs[i].program;

	if (way->mechanism == MECHANISM_KPROBE && strstr(program, "kretprobe"))
		return "kretprobe";
	return mechanisms[way->mechanism];
}

/* All of WAY's hooks, or none. */
static bool attach_way(const struct probes *probes, const struct probe_way *way)
{
	int attached[WAY_PROGRAMS], count = 0;

	for (int i = 0; i < WAY_PROGRAMS; i++) {
		const char *mechanism;

		if (!probes__has_hook(probes, way, i))
			continue;
		mechanism = mechanism_of(way, i);
		if (!mechanism)
			continue;
		attached[count] =
			empty_attach(mechanism, way->programs[i].hook, way->programs[i].program);
		if (attached[count++] >= 0)
			continue;
		while (--count > 0)
			close(attached[count - 1]);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct options options;
	struct probes probes;

	cli_parse(argc, argv, &options);
	if (probes__init(&probes, &options))
		return 1;
	for (int feature = 0; feature < FEATURE_MAX; feature++)
		while (probes.chosen[feature] && !attach_way(&probes, probes.chosen[feature]))
			probes__demote(&probes, probes.chosen[feature], "cannot attach");
	return pause();
}
