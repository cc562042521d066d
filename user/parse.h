/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict parsers of what a person typed: the whole text must be the value, within its range.
 *
 * Each returns 0 or -EINVAL and writes its result only on success. The FORM strings say what is
 * accepted, for the message of whoever knows where the text came from.
 */
#ifndef connscope_PARSE_H
#define connscope_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "connscope/filter.h"

#define PORT_FORM     "a port from 1 to 65535"
#define NET_FORM      "an IPv4 or IPv6 address or CIDR, such as 10.0.0.0/8 or 2001:db8::/32"
#define SPAN_FORM     "a number with s, m, h or d, such as 30m or 7d"
#define SIZE_FORM     "a number with K, M, G or T, such as 500M"
#define ENDPOINT_FORM "ADDR, ADDR:PORT, [IPV6]:PORT or CIDR"

/* Digits alone, no sign and no space, decimal. */
int parse_number(const char *text, __u64 min, __u64 max, __u64 *ret_number);
int parse_port(const char *text, __u16 *ret_port);
/* Decimal seconds with up to three digits after the point, from MIN_MS to MAX_MS. */
int parse_seconds(const char *text, __u64 min_ms, __u64 max_ms, __u64 *ret_ms);
/* 90s, 30m, 12h or 7d, from a second to ten years. */
int parse_span(const char *text, __u64 *ret_ms);
/* Bytes: 500M, 2G, with K, M, G or T of 1024. */
int parse_size(const char *text, __u64 min, __u64 *ret_bytes);

/* IPv4 becomes IPv4-mapped. */
int parse_addr(const char *text, __u8 ret_addr[CONN_ADDR_LEN]);
/* ADDR or ADDR/LEN; bits of the address beyond LEN are cleared. A length that belongs to an
 * IPv4-mapped address counts all 128 bits: ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
int parse_net(const char *text, struct filter_net *ret_net);

/* What a line of a names file is about: a network, or one address and maybe a port of it. */
struct endpoint_pattern {
	struct filter_net net;
	__u16 port; /* 0: any */
};

/* Where to listen. Port 0 is any that is free. */
#define LISTEN_FORM "ADDR:PORT or [IPV6]:PORT, port 0 for any that is free"

int parse_listen(const char *text, __u8 ret_addr[CONN_ADDR_LEN], __u16 *ret_port);

int parse_endpoint(const char *text, struct endpoint_pattern *ret_pattern);

/* Copies the next comma-separated item at *CURSOR to ITEM and moves on. 1: there was one; 0: the
 * end; -EINVAL: it is empty; -E2BIG: it does not fit. Start with the whole text. */
int parse_next_item(const char **cursor, char *item, size_t len);

#endif /* connscope_PARSE_H */
