/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms as lines of bars. */
#ifndef connscope_TEXT_HIST_H
#define connscope_TEXT_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <linux/types.h>

struct layout;

#define HIST_LINES 20 /* at most, of one histogram */

/* Neighbouring buckets of connscope/hist.h as one line of a histogram. */
struct hist_line {
	__u32 first, end; /* buckets, END is not of them */
	__u64 count;
};

/* From the first bucket of COUNT that has something to the last, at most HIST_LINES. Returns how
 * many lines. */
size_t hist_lines(const __u64 *counts, size_t count, struct hist_line *ret_lines);

/* Below the table of LAYOUT: the histograms of each row, no line beyond WIDTH. */
void text_hists(FILE *out, const struct layout *layout, size_t width, bool utf8);

#endif /* connscope_TEXT_HIST_H */
