/* SPDX-License-Identifier: Apache-2.0 */
/* Text to numbers, ports, durations, addresses and lists, or a refusal. */
#include "parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"

#define ADDR_BITS   (CONN_ADDR_LEN * 8)
#define MAPPED_BITS (ADDR_BITS - 32)

int parse_number(const char *text, __u64 min, __u64 max, __u64 *ret_number)
{
	unsigned long long number;
	char *end;

	/* strtoull() itself takes signs and leading space. */
	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

int parse_port(const char *text, __u16 *ret_port)
{
	__u64 port;

	if (parse_number(text, 1, 65535, &port))
		return -EINVAL;
	*ret_port = (__u16)port;
	return 0;
}

struct unit {
	char letter;
	__u64 factor;
};

/* Digits and one of UNITS after them, of which the last is all zero. */
static int parse_scaled(const char *text, const struct unit *units, __u64 max, __u64 *ret_number)
{
	size_t len = strlen(text);
	char digits[20];
	__u64 number;

	if (!len || len > sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len - 1);
	digits[len - 1] = '\0';
	for (; units->letter; units++) {
		if (units->letter != text[len - 1])
			continue;
		if (parse_number(digits, 1, max / units->factor, &number))
			return -EINVAL;
		*ret_number = number * units->factor;
		return 0;
	}
	return -EINVAL;
}

int parse_span(const char *text, __u64 *ret_ms)
{
	static const struct unit units[] = {
		{ 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 }, { 0, 0 },
	};

	return parse_scaled(text, units, 3650ULL * 86400000, ret_ms);
}

int parse_size(const char *text, __u64 min, __u64 *ret_bytes)
{
	static const struct unit units[] = {
		{ 'K', 1ULL << 10 },
		{ 'M', 1ULL << 20 },
		{ 'G', 1ULL << 30 },
		{ 'T', 1ULL << 40 },
		{ 0, 0 },
	};
	__u64 bytes;

	if (parse_scaled(text, units, 1ULL << 50, &bytes) || bytes < min)
		return -EINVAL;
	*ret_bytes = bytes;
	return 0;
}

/* ".5", ".25" or "" after the whole seconds; ends the text. */
static int parse_thousandths(const char *text, __u64 *ret_ms)
{
	__u64 ms = 0, unit = 100;

	if (*text == '.') {
		if (!isdigit((unsigned char)*++text))
			return -EINVAL;
		for (; unit && isdigit((unsigned char)*text); text++, unit /= 10)
			ms += (__u64)(*text - '0') * unit;
	}
	if (*text)
		return -EINVAL;
	*ret_ms = ms;
	return 0;
}

int parse_seconds(const char *text, __u64 min_ms, __u64 max_ms, __u64 *ret_ms)
{
	unsigned long long whole;
	__u64 ms;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	whole = strtoull(text, &end, 10);
	if (errno || whole > max_ms / 1000 || parse_thousandths(end, &ms))
		return -EINVAL;
	ms += whole * 1000;
	if (ms < min_ms || ms > max_ms)
		return -EINVAL;
	*ret_ms = ms;
	return 0;
}

int parse_addr(const char *text, __u8 ret_addr[CONN_ADDR_LEN])
{
	__u8 addr[CONN_ADDR_LEN];
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		addr_from_v4(&v4, ret_addr);
	else if (inet_pton(AF_INET6, text, addr) == 1)
		memcpy(ret_addr, addr, sizeof(addr));
	else
		return -EINVAL;
	return 0;
}

static void mask_net(struct filter_net *net, unsigned int bits)
{
	for (unsigned int i = 0; i < CONN_ADDR_LEN; i++, bits -= bits < 8 ? bits : 8) {
		net->mask[i] = bits >= 8 ? 0xff : (__u8)(0xff00 >> bits);
		net->addr[i] &= net->mask[i];
	}
}

int parse_net(const char *text, struct filter_net *ret_net)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];
	struct filter_net net;
	__u64 bits = ADDR_BITS, base;

	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (parse_addr(addr, net.addr))
		return -EINVAL;
	base = strchr(addr, ':') ? 0 : MAPPED_BITS;
	if (slash) {
		if (parse_number(slash + 1, 0, ADDR_BITS - base, &bits))
			return -EINVAL;
		bits += base;
	}
	mask_net(&net, (unsigned int)bits);
	*ret_net = net;
	return 0;
}

/* Splits [IPV6]:PORT and IPV4:PORT, of which LEN bytes at ADDR are the address. */
static const char *find_port(const char *text, const char **ret_addr, size_t *ret_len)
{
	const char *colon = strchr(text, ':'), *end;

	if (text[0] == '[') {
		end = strstr(text, "]:");
		if (!end)
			return NULL;
		*ret_addr = text + 1;
		*ret_len = (size_t)(end - text) - 1;
		return end + 2;
	}
	if (!colon || strchr(colon + 1, ':'))
		return NULL;
	*ret_addr = text;
	*ret_len = (size_t)(colon - text);
	return colon + 1;
}

int parse_endpoint(const char *text, struct endpoint_pattern *ret_pattern)
{
	struct endpoint_pattern pattern = {};
	char buf[INET6_ADDRSTRLEN];
	const char *addr, *port;
	size_t len;

	port = find_port(text, &addr, &len);
	if (!port) {
		if (parse_net(text, &pattern.net))
			return -EINVAL;
		*ret_pattern = pattern;
		return 0;
	}
	if (len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, addr, len);
	buf[len] = '\0';
	/* Brackets are for IPv6 alone, and a port is one address's. */
	if (strchr(buf, '/') || (text[0] == '[' && !strchr(buf, ':')))
		return -EINVAL;
	if (parse_net(buf, &pattern.net) || parse_port(port, &pattern.port))
		return -EINVAL;
	*ret_pattern = pattern;
	return 0;
}

int parse_listen(const char *text, __u8 ret_addr[CONN_ADDR_LEN], __u16 *ret_port)
{
	char buf[INET6_ADDRSTRLEN];
	__u8 parsed[CONN_ADDR_LEN];
	const char *addr, *port;
	__u64 number;
	size_t len;

	port = find_port(text, &addr, &len);
	if (!port || len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, addr, len);
	buf[len] = '\0';
	if ((text[0] == '[' && !strchr(buf, ':')) || parse_addr(buf, parsed) ||
	    parse_number(port, 0, 65535, &number))
		return -EINVAL;
	memcpy(ret_addr, parsed, sizeof(parsed));
	*ret_port = (__u16)number;
	return 0;
}

int parse_next_item(const char **cursor, char *item, size_t len)
{
	const char *text = *cursor;
	size_t item_len;

	if (!text)
		return 0;
	item_len = strcspn(text, ",");
	if (!item_len)
		return -EINVAL;
	if (item_len >= len)
		return -E2BIG;
	memcpy(item, text, item_len);
	item[item_len] = '\0';
	*cursor = text[item_len] ? text + item_len + 1 : NULL;
	return 1;
}
