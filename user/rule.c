/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and severities of rules. */
#include "rule.h"

#include <string.h>

static const char *const severity_names[] = {
	[SEVERITY_NONE] = "none",
	[SEVERITY_NOTICE] = "notice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_CRITICAL] = "critical",
};

/* No comparison with NAN is true. */
static bool is_met(const struct condition *condition, const struct facts *facts)
{
	double fact = facts->values[condition->fact], bound = condition->value;

	if (condition->of)
		bound *= facts->values[condition->of];
	switch (condition->comparison) {
	case AT_LEAST:
		return fact >= bound;
	case ABOVE:
		return fact > bound;
	case AT_MOST:
		return fact <= bound;
	default:
		return fact < bound;
	}
}

bool conditions_met(const struct condition *conditions, const struct facts *facts)
{
	for (; conditions->fact; conditions++) {
		if (!is_met(conditions, facts))
			return false;
	}
	return true;
}

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

enum severity severity_find(const char *name)
{
	for (int i = SEVERITY_NOTICE; i <= SEVERITY_CRITICAL; i++) {
		if (!strcmp(severity_names[i], name))
			return (enum severity)i;
	}
	return SEVERITY_NONE;
}
