/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of outputs. */
#include "output.h"

#include <string.h>

static const struct output *const outputs[] = { &output_text, &output_json };

const struct output *output_find(const char *name)
{
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		if (!strcmp(outputs[i]->name, name))
			return outputs[i];
	}
	return NULL;
}
