/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for endpoints, from a file of lines `NAME ADDR[:PORT]|CIDR`; IPv6 with a port as
 * [ADDR]:PORT. # starts a comment.
 */
#ifndef connscope_NAMES_H
#define connscope_NAMES_H

#include <linux/types.h>

#include "connscope/conn.h"

struct names;

/* Logs one line that names the file, and the line in it, when it fails: the caller only has to end
 * with EXIT_USAGE. */
int names__load(const char *path, struct names **ret_names);
void names__free(struct names *names);

/* The most specific name: address and port, address, longest prefix; the first of equals. NULL:
 * none. */
const char *names__find(const struct names *names, const __u8 addr[CONN_ADDR_LEN], __u16 port);

#endif /* connscope_NAMES_H */
