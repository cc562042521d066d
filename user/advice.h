/* SPDX-License-Identifier: Apache-2.0 */
/* What to change where a rule has spoken: the directive of the software, or the concept. */
#ifndef connscope_ADVICE_H
#define connscope_ADVICE_H

#include "rule.h"
#include "software.h"

/* The first text that fits: with facts in braces, as those of rules. Never NULL. */
const char *advice_find(const struct rule *rule, enum software software, const struct facts *facts);

#endif /* connscope_ADVICE_H */
