/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options, and what a word on the command line means of it. */
#ifndef connscope_CLI_OPTION_H
#define connscope_CLI_OPTION_H

#include <argp.h>
#include <stddef.h>

extern const struct argp_option cli_options[];

/* NULL: no such option. */
const struct argp_option *option_find(int key);
/* "--port", or "-4" where there is no long form. Returns BUF. */
const char *option_name(int key, char *buf, size_t len);
/* The option that a word such as --po=80 or -jP means, as far as it is one; with RET_BAD, for a
 * short one, the letter. */
const struct argp_option *option_guess(const char *word, char *ret_bad);

#endif /* connscope_CLI_OPTION_H */
