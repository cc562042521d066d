/* SPDX-License-Identifier: Apache-2.0 */
/* Address formatting. */
#include "addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const __u8 mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

bool addr_is_v4(const __u8 addr[CONN_ADDR_LEN])
{
	return !memcmp(addr, mapped_prefix, sizeof(mapped_prefix));
}

void addr_from_v4(const struct in_addr *v4, __u8 ret_addr[CONN_ADDR_LEN])
{
	memcpy(ret_addr, mapped_prefix, sizeof(mapped_prefix));
	memcpy(ret_addr + sizeof(mapped_prefix), v4, sizeof(*v4));
}

bool addr_in_net(const __u8 addr[CONN_ADDR_LEN], const struct filter_net *net)
{
	for (size_t i = 0; i < CONN_ADDR_LEN; i++) {
		if ((addr[i] & net->mask[i]) != net->addr[i])
			return false;
	}
	return true;
}

static char *put_byte(char *at, __u8 byte)
{
	if (byte >= 100)
		*at++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*at++ = (char)('0' + byte / 10 % 10);
	*at++ = (char)('0' + byte % 10);
	return at;
}

/* inet_ntop(3) leaves it to the printf family, which took a fifth of a row of `conns`. */
static char *v4_format(const __u8 bytes[4], char *buf)
{
	char *at = put_byte(buf, bytes[0]);

	for (int i = 1; i < 4; i++) {
		*at++ = '.';
		at = put_byte(at, bytes[i]);
	}
	*at = '\0';
	return buf;
}

char *addr_format(const __u8 addr[CONN_ADDR_LEN], char *buf, size_t len)
{
	bool v4 = addr_is_v4(addr);

	if (v4 && len >= INET_ADDRSTRLEN)
		return v4_format(addr + sizeof(mapped_prefix), buf);
	if ((v4 || !inet_ntop(AF_INET6, addr, buf, (socklen_t)len)) && len)
		buf[0] = '\0'; /* for want of room */
	return buf;
}

char *endpoint_format(const __u8 addr[CONN_ADDR_LEN], __u16 port, char *buf, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	addr_format(addr, text, sizeof(text));
	snprintf(buf, len, addr_is_v4(addr) ? "%s:%u" : "[%s]:%u", text, port);
	return buf;
}

bool addr_is_loopback(const __u8 addr[CONN_ADDR_LEN])
{
	static const __u8 loopback6[CONN_ADDR_LEN] = { [CONN_ADDR_LEN - 1] = 1 };

	return addr_is_v4(addr) ? addr[12] == 127 : !memcmp(addr, loopback6, sizeof(loopback6));
}
