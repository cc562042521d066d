/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator of rules. */
#include "doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "local_ports.h"
#include "view_row.h"

static bool has_spoken(const struct findings *findings, const struct row *row, const char *id)
{
	for (size_t i = findings->count; i-- && findings->items[i].row == row;) {
		if (!strcmp(findings->items[i].rule->id, id))
			return true;
	}
	return false;
}

/* An earlier rule of the same id, or one that it stands behind, has spoken of the same row. */
static bool is_silenced(const struct findings *findings, const struct row *row,
			const struct rule *rule)
{
	for (const char *const *id = rule->unless; *id; id++) {
		if (has_spoken(findings, row, *id))
			return true;
	}
	return has_spoken(findings, row, rule->id);
}

static struct finding *add(struct findings *findings)
{
	size_t room = findings->room ? 2 * findings->room : 16;
	struct finding *items;

	if (findings->count == findings->room) {
		items = reallocarray(findings->items, room, sizeof(*items));
		if (!items)
			return NULL;
		findings->items = items;
		findings->room = room;
	}
	return &findings->items[findings->count++];
}

/* A thread may have a name of its own: then the executable tells, while the process is there. */
static enum software software_of(const struct report *report, const struct row *row)
{
	enum software software = software_of_name(row->key.comm[0] ? row->key.comm : row->comm);
	__u32 pid = row->key.pid ? row->key.pid : row->pid;

	return software || report->recorded || !pid ? software : software_of_process(pid);
}

static int apply(const struct rule *rule, const struct row *row, const struct facts *facts,
		 struct findings *findings)
{
	struct finding *finding;

	if (!conditions_met(rule->when, facts) || is_silenced(findings, row, rule))
		return 0;
	finding = add(findings);
	if (!finding)
		return -ENOMEM;
	*finding = (struct finding){
		.rule = rule,
		.severity = rule->severity,
		.row = row,
		.facts = *facts,
	};
	if (rule->worse && conditions_met(rule->worse_when, facts))
		finding->severity = rule->worse;
	return 0;
}

struct examination {
	struct findings findings;
	struct ports_by_netns ports;
};

/* SUM is NULL for the tracer itself. */
static int examine(const struct report *report, const struct row_sum *sum, enum scope scope,
		   struct examination *examination)
{
	const struct row *row = sum ? sum->row : NULL;
	struct findings *findings = &examination->findings;
	size_t before = findings->count;
	enum software software;
	struct facts facts;
	int err = 0;

	facts__gather(&facts, report, sum, &examination->ports);
	for (size_t i = 0; !err && i < rule_count; i++) {
		if (rules[i].scopes & scope)
			err = apply(&rules[i], row, &facts, findings);
	}
	if (!row || findings->count == before)
		return err;
	software = software_of(report, row);
	for (size_t i = before; i < findings->count; i++)
		findings->items[i].software = software;
	return err;
}

static int examine_row(const struct row_sum *sum, void *context)
{
	enum scope scope = sum->row->key.role == ROLE_SERVER ? SCOPE_SERVER : SCOPE_CLIENT;

	/* What did not fit has nothing in common. */
	if (aggregate__is_other(sum->row))
		return 0;
	return examine(sum->report, sum, scope, context);
}

/* As they were found, but the worst first. */
static int sort(struct findings *findings)
{
	struct finding *items = calloc(findings->count ? findings->count : 1, sizeof(*items));
	size_t used = 0;

	if (!items)
		return -ENOMEM;
	for (int severity = SEVERITY_CRITICAL; severity > SEVERITY_NONE; severity--) {
		for (size_t i = 0; i < findings->count; i++) {
			if ((int)findings->items[i].severity == severity)
				items[used++] = findings->items[i];
		}
	}
	free(findings->items);
	findings->items = items;
	findings->room = findings->count;
	return 0;
}

int doctor__examine(const struct report *report, struct findings *ret_findings)
{
	struct examination examination = { .findings = { .items = NULL } };
	int err = view_sums(report, examine_row, &examination);

	if (!err)
		err = examine(report, NULL, SCOPE_TRACER, &examination);
	if (!err)
		err = sort(&examination.findings);
	ports_by_netns__done(&examination.ports);
	if (err) {
		findings__done(&examination.findings);
		return err;
	}
	*ret_findings = examination.findings;
	return 0;
}

void findings__done(struct findings *findings)
{
	free(findings->items);
	memset(findings, 0, sizeof(*findings));
}

enum severity findings__worst(const struct findings *findings)
{
	return findings->count ? findings->items[0].severity : SEVERITY_NONE;
}
