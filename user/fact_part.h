/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of facts__gather(). */
#ifndef connscope_FACT_PART_H
#define connscope_FACT_PART_H

#include <linux/types.h>

#include "fact.h"

static inline void fact_set(struct facts *facts, enum fact fact, double value)
{
	facts->values[fact] = value;
}

static inline void fact_set_count(struct facts *facts, enum fact fact, __u64 count)
{
	facts->values[fact] = (double)count;
}

/* Not known where there is no WHOLE. */
static inline void fact_set_share(struct facts *facts, enum fact fact, __u64 part, __u64 whole)
{
	if (whole)
		facts->values[fact] = (double)part / (double)whole;
}

/* Nothing where the row has no habits. */
void facts__gather_habits(struct facts *facts, const struct row_sum *sum);

#endif /* connscope_FACT_PART_H */
