/* SPDX-License-Identifier: Apache-2.0 */
/* What tells the rows of a report apart. */
#ifndef connscope_ROW_KEY_H
#define connscope_ROW_KEY_H

#include <stdbool.h>
#include <linux/types.h>

#include "connscope/conn.h"

struct names;

/* What rows are told apart by; the role always is. */
enum group_by {
	BY_ENDPOINT = 1 << 0,
	BY_COMM = 1 << 1,
	BY_PID = 1 << 2,
	BY_CONTAINER = 1 << 3,
	BY_NETNS = 1 << 4,
	BY_NAME = 1 << 5,
	/* With nothing else: the default, but clients by container too. */
	BY_DEFAULT_AND_CONTAINER = 1 << 6,
};

#define NAME_LEN 64

/* Fields that the grouping leaves open are zero or empty. */
struct row_key {
	__u64 cgroup;
	__u32 netns;
	__u32 pid;
	__u16 port;
	__u8 role;
	__u8 addr[CONN_ADDR_LEN]; /* IPv4 as IPv4-mapped; :: or ::ffff:0.0.0.0 for a wildcard */
	char comm[CONN_COMM_LEN];
	char name[NAME_LEN]; /* from the names file, or empty */
};

/* What rows of ROLE are told apart by: BY, or the default for 0. */
unsigned int group_by_of(unsigned int by, __u8 role);

/* The row that CONN, or LISTENER, is of: grouped by BY, with the name that NAMES, or NULL, has for
 * its endpoint. Padding is zero: the key may be hashed. */
void row_key_of_conn(unsigned int by, const struct names *names, const struct conn *conn,
		     struct row_key *ret);
void row_key_of_listener(unsigned int by, const struct names *names,
			 const struct listener *listener, struct row_key *ret);

/* The row that one of another grouping, RECORDED, is part of; a name that it has stays. */
void row_key_again(unsigned int by, const struct names *names, const struct row_key *recorded,
		   struct row_key *ret);

#endif /* connscope_ROW_KEY_H */
