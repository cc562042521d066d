/* SPDX-License-Identifier: Apache-2.0 */
/* Where most of a set of values stand together. */
#ifndef connscope_CLUSTER_H
#define connscope_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct cluster {
	size_t count;	 /* values within */
	__u32 low, high; /* the smallest and the largest of them */
	__u32 middle;	 /* their median */
};

/*
 * The narrowest span that holds SHARE (0 to 1) of the COUNT values, which are sorted thereby; what
 * else lies within WIDTH_MAX of its ends together counts too. False: there are no values, or that
 * span is wider than WIDTH_MAX.
 */
bool cluster_find(__u32 *values, size_t count, double share, __u32 width_max,
		  struct cluster *ret_cluster);

#endif /* connscope_CLUSTER_H */
