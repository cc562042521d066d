/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of outputs. */
#include "output.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "table.h"

static const struct output *const outputs[] = { &output_text, &output_json, &output_csv,
						&output_html };

const struct output *output_find(const char *name)
{
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		if (!strcmp(outputs[i]->name, name))
			return outputs[i];
	}
	return NULL;
}

bool output_has(const struct column *column, const struct output_options *options)
{
	return column->key && (column->show != SHOW_HIST || options->hist);
}

int output_open(const char *path, FILE **ret_out)
{
	FILE *out = path ? fopen(path, "we") : stdout;

	if (!out) {
		log_err(-errno, "cannot write %s", path);
		return -EIO; /* whatever it was, no privilege that tracing needs */
	}
	setvbuf(out, NULL, _IOLBF, 0);
	*ret_out = out;
	return 0;
}

void output_close(FILE *out)
{
	if (out && out != stdout)
		fclose(out);
}
