/* SPDX-License-Identifier: Apache-2.0 */
/* Writing where nothing fits; after test.h. */
#ifndef connscope_TEST_FULL_H
#define connscope_TEST_FULL_H

#include <stdio.h>

#include "output.h"

/* What OUTPUT returns where each write fails; skips the test where there is no /dev/full. */
static inline int write_to_full(const struct output *output, const struct report *report,
				const struct table *table, const struct output_options *options)
{
	FILE *full = fopen("/dev/full", "w");
	int err;

	if (!full)
		skip();
	setvbuf(full, NULL, _IONBF, 0);
	err = output->write(full, report, table, 1, options);
	fclose(full);
	return err;
}

#endif /* connscope_TEST_FULL_H */
