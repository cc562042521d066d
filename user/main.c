/* SPDX-License-Identifier: Apache-2.0 */
/* connscope: are connections reused, is the accept queue backing up, who closed. */
#include <string.h>

#include "cli.h"
#include "log.h"
#include "run.h"

int main(int argc, char **argv)
{
	struct options options;

	cli_parse(argc, argv, &options);
	log_set_verbose(options.verbose);
	if (!strcmp(options.view, "check"))
		return run_check(&options);
	return run_trace(&options);
}
