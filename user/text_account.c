/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the account clause by clause, losses in red. */
#include "text_account.h"

#include <stdarg.h>
#include <string.h>

#include "report.h"

struct line {
	struct account_sink sink; /* first */
	FILE *out;
	size_t width;
	size_t at;
	bool colour;
};

/* Red where colour is wanted and something was lost. */
static void write_clause(struct account_sink *sink, const char *separator, bool alarm,
			 const char *text)
{
	struct line *line = (struct line *)sink;
	bool red = alarm && line->colour;

	fputs(separator, line->out);
	line->at += strlen(separator);
	/* One more for the separator that may follow. */
	if (line->at > strlen("--") && line->at + 1 + strlen(text) + 1 > line->width) {
		fputs("\n  ", line->out);
		line->at = strlen("  ");
	}
	line->at += (size_t)fprintf(line->out, " ") + strlen(text);
	fprintf(line->out, "%s%s%s", red ? "\033[31m" : "", text, red ? "\033[0m" : "");
}

static void __attribute__((format(printf, 4, 5)))
say(struct account_sink *sink, const char *separator, bool alarm, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sink->take(sink, separator, alarm, text);
}

struct loss_name {
	enum loss loss;
	const char *name;
};

/* "TOTAL label (n of this, m of that)"; nothing but a 0 where nothing was lost. */
static void say_losses(struct account_sink *sink, const struct account *account, const char *label,
		       __u64 total, const struct loss_name *names, size_t count)
{
	char kinds[128];
	size_t used = 0;

	kinds[0] = '\0';
	for (size_t i = 0; i < count && used < sizeof(kinds); i++) {
		__u64 lost = account->losses[names[i].loss];

		if (lost)
			used += (size_t)snprintf(kinds + used, sizeof(kinds) - used, "%s%llu %s",
						 used ? " + " : " (", lost, names[i].name);
	}
	say(sink, ",", total, "%llu %s%s%s", total, label, kinds, used ? ")" : "");
}

static void say_completeness(struct account_sink *sink, const struct account *account)
{
	static const struct loss_name events[] = {
		{ LOSS_CONN_EVENT, "closed connections" },
		{ LOSS_LISTENER_EVENT, "closed listeners" },
		{ LOSS_TRACE_EVENT, "other events" },
	};
	static const struct loss_name maps[] = {
		{ LOSS_CONN_MAP, "connections" },
		{ LOSS_LISTENER_MAP, "listeners" },
	};

	say(sink, "--", false, "%llu connection%s tracked", account->tracked,
	    account->tracked == 1 ? "" : "s");
	say(sink, ",", false, "%llu partial", account->partial);
	if (account->no_owner)
		say(sink, ",", false, "%llu without owner", account->no_owner);
	say_losses(sink, account, "lost", account_lost_events(account), events, 3);
	if (account_map_full(account))
		say_losses(sink, account, "not kept: map full", account_map_full(account), maps, 2);
	if (account->losses[LOSS_GROUP_MAP])
		say(sink, ",", true, "%llu connections without histograms",
		    account->losses[LOSS_GROUP_MAP]);
	if (account->missed_runs > 0)
		say(sink, ",", true, "%lld runs missed", account->missed_runs);
	if (account->dropped)
		say(sink, ",", false, "%llu dropped from the recording before", account->dropped);
	if (account->folded)
		say(sink, ",", true, "%llu folded into other", account->folded);
}

void account_tell(const struct report *report, struct account_sink *sink)
{
	if (report->aggregate)
		say_completeness(sink, &report->account);
	else
		say(sink, "--", false, "kernel %s", report->account.kernel);
	if (report->account.backend[0])
		say(sink, ";", false, "%s", report->account.backend);
}

void text_account(FILE *out, const struct report *report, size_t width, bool colour)
{
	struct line line = {
		.sink = { write_clause },
		.out = out,
		.width = width,
		.colour = colour,
	};

	account_tell(report, &line.sink);
	fputc('\n', out);
}
