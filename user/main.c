/* SPDX-License-Identifier: Apache-2.0 */
/* connscope: are connections reused, is the accept queue backing up, who closed. */
#include "check.h"
#include "cli.h"
#include "log.h"
#include "run.h"
#include "serve.h"
#include "top.h"
#include "verb.h"

int main(int argc, char **argv)
{
	struct options options;

	cli_parse(argc, argv, &options);
	log_set_verbose(options.verbose);
	switch (verb_find(options.view)) {
	case VERB_CHECK:
		return check_run(&options);
	case VERB_TOP:
		return top_run(&options);
	case VERB_SERVE:
		return serve_run(&options);
	default:
		return run_trace(&options);
	}
}
