/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as people read them. IPv4 is kept as IPv4-mapped and shown as IPv4. */
#ifndef connscope_ADDR_H
#define connscope_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "connscope/filter.h"

#define PORT_STRLEN	6				     /* "65535" and the end */
#define ENDPOINT_STRLEN (INET6_ADDRSTRLEN + PORT_STRLEN + 3) /* [ ] : */

bool addr_is_v4(const __u8 addr[CONN_ADDR_LEN]);
/* 127.0.0.0/8 or ::1. */
bool addr_is_loopback(const __u8 addr[CONN_ADDR_LEN]);
void addr_from_v4(const struct in_addr *v4, __u8 ret_addr[CONN_ADDR_LEN]);

/* True when ADDR lies in NET, whose own address has no bits beyond its mask. */
bool addr_in_net(const __u8 addr[CONN_ADDR_LEN], const struct filter_net *net);

/* Both write to BUF, which must have room for the longest text, and return it. */
char *addr_format(const __u8 addr[CONN_ADDR_LEN], char *buf, size_t len);
/* 10.0.0.1:80 or [2001:db8::1]:80. */
char *endpoint_format(const __u8 addr[CONN_ADDR_LEN], __u16 port, char *buf, size_t len);

#endif /* connscope_ADDR_H */
