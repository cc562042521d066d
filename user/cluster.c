/* SPDX-License-Identifier: Apache-2.0 */
/* A window that slides over sorted values. */
#include "cluster.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	__u32 a = *(const __u32 *)left, b = *(const __u32 *)right;

	return (a > b) - (a < b);
}

bool cluster_find(__u32 *values, size_t count, double share, __u32 width_max,
		  struct cluster *ret_cluster)
{
	size_t need = (size_t)(share * (double)count + 0.999), first = 0, last;

	if (!count)
		return false;
	need = need ? need : 1;
	qsort(values, count, sizeof(*values), compare);
	for (size_t i = 1; i + need <= count; i++) {
		if (values[i + need - 1] - values[i] < values[first + need - 1] - values[first])
			first = i;
	}
	last = first + need - 1;
	if (values[last] - values[first] > width_max)
		return false;
	while (last + 1 < count && values[last + 1] - values[first] <= width_max)
		last++;
	while (first && values[last] - values[first - 1] <= width_max)
		first--;
	*ret_cluster = (struct cluster){
		.count = last - first + 1,
		.low = values[first],
		.high = values[last],
		.middle = values[first + (last - first) / 2],
	};
	return true;
}
