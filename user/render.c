/* SPDX-License-Identifier: Apache-2.0 */
/* Fills, sorts, cuts and writes the tables of a report. */
#include "render.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "output.h"
#include "report.h"
#include "self_test.h"
#include "table.h"
#include "view.h"

#define TABLES_MAX    8
#define WIDTH_DEFAULT 80

static size_t width_of(FILE *out)
{
	struct winsize size;

	if (!ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

static const char *output_name(const struct options *options)
{
	if (options->json)
		return "json";
	return options->csv ? "csv" : "text";
}

const struct output *render_output(const struct options *options)
{
	return output_find(output_name(options));
}

struct output_options render_options(const struct options *options, FILE *out)
{
	return (struct output_options){
		.width = options->width ? options->width : width_of(out),
		.wide = options->wide,
		.unbroken = !options->width && !isatty(fileno(out)),
		.no_header = options->no_header,
		.utf8 = options->utf8,
		.hist = options->hist,
		.colour = !options->no_colour && isatty(fileno(out)),
		.time = options->time,
		.arguments = options->arguments,
	};
}

static int write_tables(const struct output *output, const struct report *report,
			const struct options *options, const struct table *tables, size_t count,
			FILE *out)
{
	const struct output_options output_options = render_options(options, out);
	int err;

	errno = 0;
	err = output->write(out, report, tables, count, &output_options);
	if (fflush(out) || err)
		return errno ? -errno : err;
	return 0;
}

static void arrange(struct table *table, const struct options *options)
{
	if (options->sort)
		table__sort(table, table__find_column(table, options->sort));
	if (options->rows)
		table__truncate(table, options->rows);
}

/* VIEW, and what stands below it, to the tables from RET_FILLED on, as many as there is room for.
 */
static int fill_view(const struct view *view, const struct report *report,
		     const struct options *options, struct table *tables, size_t *ret_filled)
{
	int err;

	for (; view && *ret_filled < TABLES_MAX; view = view->below) {
		err = view->fill(report, &tables[*ret_filled]);
		if (err)
			return err;
		arrange(&tables[(*ret_filled)++], options);
	}
	return 0;
}

static int write_views(const struct output *output, const struct report *report,
		       const struct options *options, FILE *out)
{
	const struct view *one = view_find(options->view), *const *views = &one;
	size_t count = one ? 1 : view_all(&views), filled = 0;
	struct table tables[TABLES_MAX];
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		err = fill_view(views[i], report, options, tables, &filled);
	if (!err)
		err = write_tables(output, report, options, tables, filled, out);
	while (filled)
		table__done(&tables[--filled]);
	return err;
}

int report_write(const struct report *report, const struct options *options, FILE *out)
{
	return write_views(render_output(options), report, options, out);
}

int report_write_page(const struct report *report, const struct options *options, FILE *out)
{
	return write_views(output_find("html"), report, options, out);
}

static const struct column feature_columns[] = {
	{ "feature", NULL, "FEATURE", COLUMN_TEXT, SHOW_ALWAYS, false, "what is to be seen" },
	{ "mechanism", NULL, "MECHANISM", COLUMN_TEXT, SHOW_ALWAYS, false, "how it is seen" },
	{ "hook", NULL, "HOOK", COLUMN_TEXT, SHOW_ALWAYS, false, "where in the kernel" },
	{ "reason", NULL, "REASON", COLUMN_TEXT, SHOW_ALWAYS, false, "why not better, or at all" },
};

static int fill_features(const struct account *account, struct table *table)
{
	table__init(table, "feature", feature_columns,
		    sizeof(feature_columns) / sizeof(feature_columns[0]));
	table->title = "CHECK: what this kernel offers, and what each feature runs on";
	for (int i = 0; i < FEATURE_MAX; i++) {
		const struct feature_state *state = &account->features[i];
		struct cell *cells = table__add_row(table);

		if (!cells)
			return -ENOMEM;
		cells[0] = cell_text(feature_name(i));
		cells[1] = cell_text(mechanism_name(state->mechanism));
		if (state->hook[0])
			cells[2] = cell_text(state->hook);
		if (state->reason[0])
			cells[3] = cell_text(state->reason);
	}
	return 0;
}

static const struct column self_test_columns[] = {
	{ "feature", NULL, "FEATURE", COLUMN_TEXT, SHOW_ALWAYS, false, "what is to be seen" },
	{ "mechanism", NULL, "MECHANISM", COLUMN_TEXT, SHOW_ALWAYS, false, "how it is seen" },
	{ "result", NULL, "RESULT", COLUMN_TEXT, SHOW_ALWAYS, false, "works, wrong or n/a" },
	{ "detail", NULL, "DETAIL", COLUMN_TEXT, SHOW_ALWAYS, false, "what is wrong, or why n/a" },
};

static int fill_self_test(const struct account *account, const struct self_test *test,
			  struct table *table)
{
	static const char *const results[SELF_TEST_MAX] = {
		[SELF_TEST_OFF] = "n/a",
		[SELF_TEST_WORKS] = "works",
		[SELF_TEST_WRONG] = "wrong",
	};

	table__init(table, "self_test", self_test_columns,
		    sizeof(self_test_columns) / sizeof(self_test_columns[0]));
	table->title = "SELF-TEST: what each feature says of loopback connections of our own";
	for (int i = 0; i < FEATURE_MAX; i++) {
		const struct feature_state *state = &account->features[i];
		const char *detail = test->details[i][0] ? test->details[i] : state->reason;
		struct cell *cells = table__add_row(table);

		if (!cells)
			return -ENOMEM;
		cells[0] = cell_text(feature_name(i));
		cells[1] = cell_text(mechanism_name(state->mechanism));
		cells[2] = cell_text(results[test->results[i]]);
		if (detail[0] && test->results[i] != SELF_TEST_WORKS)
			cells[3] = cell_text(detail);
	}
	return 0;
}

int render_check(const struct account *account, const struct self_test *test,
		 const struct options *options, FILE *out)
{
	auto_free struct report *report = calloc(1, sizeof(*report));
	struct table table;
	int err;

	if (!report)
		return -ENOMEM;
	report->account = *account;
	report->ts_ms = clock_wall_ms();
	err = test ? fill_self_test(account, test, &table) : fill_features(account, &table);
	if (!err)
		err = write_tables(render_output(options), report, options, &table, 1, out);
	table__done(&table);
	return err;
}
