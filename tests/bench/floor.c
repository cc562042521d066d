// SPDX-License-Identifier: Apache-2.0
/*
 * The least that connscope's hooks can cost: all of them attached, as `connscope` chooses them, and
 * each program ends after its first test, because tracing never starts.
 *
 *   floor [connscope's options]      until it is killed
 */
#include <unistd.h>

#include "cli.h"
#include "probes.h"
#include "tracer.h"

int main(int argc, char **argv)
{
	struct tracer *tracer = NULL;
	struct options options;
	struct probes probes;

	cli_parse(argc, argv, &options);
	if (probes__init(&probes, &options) || tracer__new(&options, &probes, &tracer))
		return 1;
	return pause();
}
