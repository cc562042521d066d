/* SPDX-License-Identifier: Apache-2.0 */
/* `doctor`: what is wrong, how we know it, what to change? */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "advice.h"
#include "cleanup.h"
#include "conn_state.h"
#include "doctor.h"
#include "prose.h"
#include "view.h"
#include "view_row.h"

enum {
	SEVERITY,
	RULE,
	ENDPOINT,
	ADDR,
	PORT,
	ROLE,
	COMM,
	PID,
	CONTAINER,
	NETNS,
	NAME,
	SUMMARY,
	EVIDENCE,
	WHY,
	ADVICE,
	CHECK,
	COLUMNS,
};

/* clang-format off */
static const struct column columns[COLUMNS] = {
	{ "severity", NULL, "SEVERITY", COLUMN_TEXT, SHOW_ALWAYS, false, "critical: requests fail or wait; warning: it costs, or will hurt; notice: worth to know" },
	{ "rule", NULL, "FINDING", COLUMN_TEXT, SHOW_ALWAYS, false, "id of the rule" },
	{ "endpoint", NULL, "ENDPOINT", COLUMN_TEXT, SHOW_NONZERO, false, "upstream or listener, or name; none: the tracer itself" },
	{ "addr", NULL, "ADDR", COLUMN_TEXT, SHOW_NEVER, false, "remote address of clients, listener's of servers" },
	{ "port", NULL, "PORT", COLUMN_COUNT, SHOW_NEVER, false, "its port" },
	{ "role", NULL, "ROLE", COLUMN_TEXT, SHOW_NONZERO, false, "client: this host connected; server: it accepted" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_NONZERO, false, "name of an owner" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_NONZERO, false, "process id of an owner" },
	{ "container", NULL, "CONTAINER", COLUMN_TEXT, SHOW_NONZERO, false, "container of an owner" },
	{ "netns", NULL, "NETNS", COLUMN_COUNT, SHOW_WIDE, false, "inode of the network namespace" },
	{ "name", NULL, "NAME", COLUMN_TEXT, SHOW_NEVER, false, "name from the names file" },
	{ "summary", NULL, "", COLUMN_PROSE, SHOW_ALWAYS, false, "what is wrong, in a sentence with its numbers" },
	{ "evidence", NULL, "EVIDENCE", COLUMN_OBJECT, SHOW_NEVER, false, "the facts behind it, by name" },
	{ "why", NULL, "why", COLUMN_PROSE, SHOW_ALWAYS, false, "why it hurts" },
	{ "advice", NULL, "change", COLUMN_PROSE, SHOW_ALWAYS, false, "the setting to change" },
	{ "check", NULL, "check", COLUMN_PROSE, SHOW_ALWAYS, false, "how to see that it worked" },
};
/* clang-format on */

static const struct identity_columns identity = {
	.endpoint = ENDPOINT,
	.addr = ADDR,
	.port = PORT,
	.name = NAME,
	.comm = COMM,
	.pid = PID,
	.container = CONTAINER,
	.netns = NETNS,
};

static struct cell prose(const char *text, const struct facts *facts)
{
	auto_free char *filled = prose_format(text, facts);

	return filled ? cell_text(filled) : cell_missing(NULL);
}

static struct cell evidence_of(const struct finding *finding)
{
	struct named_number members[EVIDENCE_MAX];
	size_t count = 0;

	for (size_t i = 0; i < EVIDENCE_MAX && finding->rule->evidence[i]; i++) {
		enum fact fact = finding->rule->evidence[i];
		double value = finding->facts.values[fact];

		if (!isnan(value))
			members[count++] =
				(struct named_number){ fact_key(fact), fact_type(fact), value };
	}
	return cell_object(members, count);
}

static void fill_row(const struct report *report, const struct row *row, struct cell *cells)
{
	view_identity(report->by, row, &identity, cells);
	cells[ROLE] = cell_text(role_word(row->key.role));
	if (cells[NETNS].kind == CELL_NULL && row->netns)
		cells[NETNS] = cell_number(row->netns);
}

static int add(const struct report *report, const struct finding *finding, struct table *table)
{
	struct cell *cells = table__add_row(table);
	const struct rule *rule = finding->rule;

	if (!cells)
		return -ENOMEM;
	cells[SEVERITY] = cell_text(severity_name(finding->severity));
	cells[RULE] = cell_text(rule->id);
	if (finding->row)
		fill_row(report, finding->row, cells);
	cells[SUMMARY] = prose(rule->what, &finding->facts);
	cells[EVIDENCE] = evidence_of(finding);
	cells[WHY] = prose(rule->why, &finding->facts);
	cells[ADVICE] =
		prose(advice_find(rule, finding->software, &finding->facts), &finding->facts);
	cells[CHECK] = prose(rule->check, &finding->facts);
	table->origins[table->row_count - 1] = finding->row;
	return 0;
}

/* Silence is an answer, of so much. */
static void say_nothing(const struct report *report, struct table *table)
{
	const struct account *account = &report->account;
	const char *plural = account->tracked == 1 ? "" : "s";

	if (asprintf(&table->said, "no finding; %llu connection%s seen, %llu lost, %llu s",
		     account->tracked, plural,
		     account_lost_events(account) + account_map_full(account),
		     (account->interval_ms + 500) / 1000) < 0)
		table->said = NULL;
	table->empty = table->said ? table->said : "no finding";
}

static int fill(const struct report *report, struct table *table)
{
	const struct findings *findings = report->findings;
	int err = 0;

	table__init(table, "finding", columns, COLUMNS);
	table->title = "DOCTOR: findings, the worst first";
	say_nothing(report, table);
	view_pin(report, &identity, table);
	for (size_t i = 0; !err && i < findings->count; i++)
		err = add(report, &findings->items[i], table);
	if (err)
		table__done(table);
	return err;
}

const struct view view_doctor = {
	.name = "doctor",
	.help = "what is wrong, with the evidence and the setting to change",
	.columns = columns,
	.column_count = COLUMNS,
	.fill = fill,
	.below = &view_learnt,
};
