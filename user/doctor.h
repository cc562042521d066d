/* SPDX-License-Identifier: Apache-2.0 */
/* Holds every rule against every endpoint of a report, and against the report's account. */
#ifndef connscope_DOCTOR_H
#define connscope_DOCTOR_H

#include <stddef.h>

#include "rule.h"
#include "software.h"

struct report;
struct row;

struct finding {
	const struct rule *rule;
	enum severity severity;
	const struct row *row; /* NULL: the tracer itself */
	enum software software;
	struct facts facts;
};

struct findings {
	struct finding *items; /* the worst first */
	size_t count, room;
};

/* RET_FINDINGS hold as long as REPORT's rows; findings__done() frees them. -ENOMEM. */
int doctor__examine(const struct report *report, struct findings *ret_findings);
void findings__done(struct findings *findings);

/* SEVERITY_NONE: no finding. */
enum severity findings__worst(const struct findings *findings);

#endif /* connscope_DOCTOR_H */
