/* SPDX-License-Identifier: Apache-2.0 */
/* What a page shows of single endpoints: the busiest ones over time, and their distributions. */
#ifndef connscope_HTML_DETAIL_H
#define connscope_HTML_DETAIL_H

#include <linux/types.h>

struct json_object;
struct report;

#define DETAILS_MAX 10 /* endpoints of a role; the rest is one more, summed */

/* The endpoints of ROLE as {"start_ms", "width_ms", "end_ms", "rows"}, which the caller owns; NULL
 * where there are none, or no memory. */
struct json_object *details_new(const struct report *report, __u8 role);

#endif /* connscope_HTML_DETAIL_H */
