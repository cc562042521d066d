/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs: how tables and the account are written. A new one is one file and one line in output.c.
 */
#ifndef connscope_OUTPUT_H
#define connscope_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <stddef.h>

struct column;
struct report;
struct table;

struct output_options {
	size_t width;	/* columns of the terminal, or 80 where there is none */
	bool wide;	/* every column, whatever the width */
	bool unbroken;	/* text: a row is a line, for programs that read lines */
	bool no_header; /* text and CSV: rows alone */
	bool colour;
	bool utf8;	  /* text: the terminal, or what reads a pipe here, takes it */
	bool hist;	  /* histograms: as bars below text tables, as lists in JSON and CSV */
	bool time;	  /* text: a line with the time above each report */
	char **arguments; /* HTML: the command line, NULL-terminated; or NULL */
};

#define STREAM_COLUMNS 64

/* Rows that come in batches, and what their output keeps between these. */
struct output_stream {
	const struct column *columns;  /* of the table that it is of: others may come between */
	const struct column *headed;   /* whose rows were the last; NULL: none yet */
	size_t widths[STREAM_COLUMNS]; /* of each column, at least */
};

struct output {
	const char *name;
	/* Writes the tables of one report and then its account to OUT. 0, or -errno of the write.
	 */
	int (*write)(FILE *out, const struct report *report, const struct table *tables,
		     size_t table_count, const struct output_options *options);
	/* Writes the rows of TABLE, one batch of many, to OUT, with titles where these are due. 0,
	 * or -errno of the write. The account is then a report of no tables. */
	int (*rows)(FILE *out, const struct table *table, struct output_stream *stream,
		    const struct output_options *options);
};

extern const struct output output_text;
extern const struct output output_json;
extern const struct output output_csv;
extern const struct output output_html;

/* True where COLUMN has a place in each record. */
bool output_has(const struct column *column, const struct output_options *options);

/* Opens the file PATH, which loses what stands in it, or for NULL stdout; line-buffered. -EIO,
 * logged. */
int output_open(const char *path, FILE **ret_out);
/* NULL is fine. */
void output_close(FILE *out);

/* NULL: no such output. */
const struct output *output_find(const char *name);

#endif /* connscope_OUTPUT_H */
