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

char *addr_format(const __u8 addr[CONN_ADDR_LEN], char *buf, size_t len)
{
	bool v4 = addr_is_v4(addr);

	/* Fails only for want of room. */
	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr + sizeof(mapped_prefix) : addr, buf,
		       (socklen_t)len) &&
	    len)
		buf[0] = '\0';
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
