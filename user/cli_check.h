/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what stands on the command line goes together. */
#ifndef connscope_CLI_CHECK_H
#define connscope_CLI_CHECK_H

#include <stddef.h>

#include "cli.h"

#define CLI_KEYS_MAX 96 /* more than there are options */

struct cli {
	struct options *options;
	int keys[CLI_KEYS_MAX]; /* of the options given, each once */
	size_t key_count;
	int positionals; /* INTERVAL and COUNT */
	int next;	 /* argp's, when the last option was fine */
};

/* Ends the process, as usage_error() does, where it does not. */
void cli_check(const struct cli *cli);

#endif /* connscope_CLI_CHECK_H */
