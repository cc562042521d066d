// SPDX-License-Identifier: Apache-2.0
/* A scripted TCP endpoint behind a TUN device: every segment is sent, or not, by the test. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>

#include "peer.h"

#define PACKET_MAX  2048
#define FIRST_SEQ   1000
#define PEER_PORT   40000
#define PATIENCE_MS 60000

struct segment {
	uint8_t flags;
	uint32_t seq;
	uint32_t len; /* in sequence space: payload, SYN and FIN */
};

static uint32_t sum_words(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static size_t addr_len(const struct wire *wire)
{
	return wire->version == 4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/* From SOURCE to DEST, with LEN bytes of PROTOCOL to follow. */
static size_t write_ip(const struct wire *wire, uint8_t *packet, const uint8_t *source,
		       const uint8_t *dest, uint8_t protocol, size_t len)
{
	struct iphdr v4 = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = protocol,
		.tot_len = htons((uint16_t)(sizeof(v4) + len)),
	};
	struct ip6_hdr v6 = {
		.ip6_flow = htonl(6U << 28),
		.ip6_plen = htons((uint16_t)len),
		.ip6_nxt = protocol,
		.ip6_hlim = 64,
	};

	if (wire->version == 6) {
		memcpy(&v6.ip6_src, source, sizeof(v6.ip6_src));
		memcpy(&v6.ip6_dst, dest, sizeof(v6.ip6_dst));
		memcpy(packet, &v6, sizeof(v6));
		return sizeof(v6);
	}
	memcpy(&v4.saddr, source, sizeof(v4.saddr));
	memcpy(&v4.daddr, dest, sizeof(v4.daddr));
	v4.check = fold(sum_words(0, &v4, sizeof(v4)));
	memcpy(packet, &v4, sizeof(v4));
	return sizeof(v4);
}

/* The checksum of LEN bytes of PROTOCOL, with the addresses. */
static uint16_t checksum(const struct wire *wire, uint8_t protocol, const void *data, size_t len)
{
	uint32_t sum = protocol + (uint32_t)len;

	sum = sum_words(sum, wire->host_addr, addr_len(wire));
	sum = sum_words(sum, wire->peer_addr, addr_len(wire));
	return fold(sum_words(sum, data, len));
}

void wire__send(struct wire *wire, uint8_t flags, size_t len)
{
	uint8_t packet[PACKET_MAX] = { 0 };
	size_t tcp_len = sizeof(struct tcphdr) + len;
	size_t ip_len =
		write_ip(wire, packet, wire->peer_addr, wire->host_addr, IPPROTO_TCP, tcp_len);
	struct tcphdr tcp = {
		.th_sport = htons(wire->peer_port),
		.th_dport = htons(wire->host_port),
		.th_seq = htonl(wire->seq),
		.th_ack = flags & WIRE_ACK ? htonl(wire->ack) : 0,
		.th_off = sizeof(tcp) / 4,
		.th_flags = flags,
		.th_win = htons(wire->window),
	};

	memcpy(packet + ip_len, &tcp, sizeof(tcp));
	tcp.th_sum = checksum(wire, IPPROTO_TCP, packet + ip_len, tcp_len);
	memcpy(packet + ip_len, &tcp, sizeof(tcp));
	if (write(wire->tun, packet, ip_len + tcp_len) < 0)
		die("write to TUN");
	wire->seq += (uint32_t)len + !!(flags & WIRE_SYN) + !!(flags & WIRE_FIN);
}

void wire__unreachable(struct wire *wire, uint32_t seq)
{
	struct icmp_error {
		uint8_t type;
		uint8_t code;
		uint16_t sum;
		uint32_t unused;
	} icmp = { .type = wire->version == 4 ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH,
		   .code = wire->version == 4 ? ICMP_HOST_UNREACH : ICMP6_DST_UNREACH_ADDR };
	struct tcphdr tcp = { .th_sport = htons(wire->host_port),
			      .th_dport = htons(wire->peer_port),
			      .th_seq = htonl(seq),
			      .th_off = sizeof(tcp) / 4 };
	uint8_t protocol = wire->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	uint8_t packet[PACKET_MAX] = { 0 }, body[PACKET_MAX] = { 0 };
	size_t len = sizeof(icmp), ip_len;

	len += write_ip(wire, body + len, wire->host_addr, wire->peer_addr, IPPROTO_TCP,
			sizeof(tcp));
	memcpy(body + len, &tcp, sizeof(tcp));
	len += sizeof(tcp);
	memcpy(body, &icmp, sizeof(icmp));
	icmp.sum = wire->version == 4 ? fold(sum_words(0, body, len))
				      : checksum(wire, protocol, body, len);
	memcpy(body, &icmp, sizeof(icmp));
	ip_len = write_ip(wire, packet, wire->peer_addr, wire->host_addr, protocol, len);
	memcpy(packet + ip_len, body, len);
	if (write(wire->tun, packet, ip_len + len) < 0)
		die("write to TUN");
}

void wire__ack(struct wire *wire)
{
	wire->ack = wire->seen;
	wire__send(wire, WIRE_ACK, 0);
}

/* True when PACKET is a segment of this connection. Learns the host's port from its SYN. */
static bool parse(struct wire *wire, const uint8_t *packet, size_t len, struct segment *ret_segment)
{
	size_t ip_len = wire->version == 4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	size_t source = wire->version == 4 ? offsetof(struct iphdr, saddr)
					   : offsetof(struct ip6_hdr, ip6_src);
	size_t protocol = wire->version == 4 ? offsetof(struct iphdr, protocol)
					     : offsetof(struct ip6_hdr, ip6_nxt);
	struct tcphdr tcp;

	if (len < ip_len + sizeof(tcp) || packet[0] >> 4 != wire->version ||
	    packet[protocol] != IPPROTO_TCP ||
	    memcmp(packet + source, wire->host_addr, addr_len(wire)) != 0)
		return false;
	memcpy(&tcp, packet + ip_len, sizeof(tcp));
	if (ntohs(tcp.th_dport) != wire->peer_port)
		return false;
	if (!wire->host_port && tcp.th_flags == WIRE_SYN)
		wire->host_port = ntohs(tcp.th_sport);
	ret_segment->flags = tcp.th_flags;
	ret_segment->seq = ntohl(tcp.th_seq);
	ret_segment->len = (uint32_t)(len - ip_len - tcp.th_off * 4UL) +
			   !!(tcp.th_flags & WIRE_SYN) + !!(tcp.th_flags & WIRE_FIN);
	return ntohs(tcp.th_sport) == wire->host_port;
}

void wire__expect(struct wire *wire, uint8_t flags, size_t len)
{
	struct pollfd readable = { .fd = wire->tun, .events = POLLIN };
	uint8_t packet[PACKET_MAX];
	struct segment segment;
	uint32_t end;
	int32_t fresh;
	ssize_t got;

	for (;;) {
		if (poll(&readable, 1, PATIENCE_MS) != 1) {
			errno = ETIMEDOUT;
			die("expected segment");
		}
		got = read(wire->tun, packet, sizeof(packet));
		if (got < 0)
			die("read from TUN");
		if (!parse(wire, packet, (size_t)got, &segment))
			continue;
		end = segment.seq + segment.len;
		if (segment.flags & WIRE_SYN)
			wire->seen = segment.seq;
		fresh = (int32_t)(end - wire->seen);
		if (fresh > 0)
			wire->seen = end;
		if ((segment.flags & flags) == flags && (len == 0 || fresh >= (int32_t)len))
			return;
	}
}

/* True when the kernel would send to us from the address that we gave it. */
static bool is_source(const struct wire *wire)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(PEER_PORT) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* connect() sends nothing */
	socklen_t len = sizeof(addr);
	bool source;

	if (fd < 0)
		die("socket");
	memcpy(&addr.sin6_addr, wire->peer_addr, sizeof(addr.sin6_addr));
	source = connect(fd, (struct sockaddr *)&addr, len) == 0 &&
		 getsockname(fd, (struct sockaddr *)&addr, &len) == 0 &&
		 memcmp(&addr.sin6_addr, wire->host_addr, sizeof(addr.sin6_addr)) == 0;
	close(fd);
	return source;
}

/*
 * True when the kernel takes in what is sent to the address that we gave it: the datagram comes
 * back then, over the loopback device. Its route is there only some time after the address has
 * ceased to be tentative (addrconf_dad_begin, __ipv6_ifa_notify), and a segment sent meanwhile is
 * lost.
 */
static bool is_local(const struct wire *wire)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(addr);
	char byte = 0;
	bool local;

	if (fd < 0)
		die("socket");
	memcpy(&addr.sin6_addr, wire->host_addr, sizeof(addr.sin6_addr));
	local = bind(fd, (struct sockaddr *)&addr, len) == 0 &&
		getsockname(fd, (struct sockaddr *)&addr, &len) == 0 &&
		sendto(fd, &byte, 1, 0, (struct sockaddr *)&addr, len) == 1 &&
		recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
	close(fd);
	return local;
}

static void set_addr4(const struct wire *wire, int fd, struct ifreq *request)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	memcpy(&addr.sin_addr, wire->host_addr, sizeof(addr.sin_addr));
	memcpy(&request->ifr_addr, &addr, sizeof(addr));
	if (ioctl(fd, SIOCSIFADDR, request) < 0)
		die("TUN address");
	addr.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&request->ifr_netmask, &addr, sizeof(addr));
	if (ioctl(fd, SIOCSIFNETMASK, request) < 0)
		die("TUN netmask");
}

static void set_addr6(const struct wire *wire, int fd, const char *name)
{
	struct in6_ifreq request = { .ifr6_prefixlen = 64 };

	memcpy(&request.ifr6_addr, wire->host_addr, sizeof(request.ifr6_addr));
	request.ifr6_ifindex = (int)if_nametoindex(name);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		die("TUN address");
	while (!is_source(wire) || !is_local(wire)) /* until a kernel worker has looked at it */
		pause_ms(1);
}

static void configure(struct wire *wire, const char *name)
{
	int fd = socket(wire->version == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	if (fd < 0)
		die("socket");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		die("TUN up");
	if (wire->version == 4)
		set_addr4(wire, fd, &request);
	else
		set_addr6(wire, fd, name);
	close(fd);
}

void wire__open(struct wire *wire, int version, unsigned int number)
{
	const char *format = version == 4 ? "10.99.%u.%d" : "fd99:%x::%d";
	int family = version == 4 ? AF_INET : AF_INET6;
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	*wire = (struct wire){
		.version = version, .peer_port = PEER_PORT, .window = 65535, .seq = FIRST_SEQ
	};
	snprintf(wire->host, sizeof(wire->host), format, number, 1);
	snprintf(wire->peer, sizeof(wire->peer), format, number, 2);
	inet_pton(family, wire->host, wire->host_addr);
	inet_pton(family, wire->peer, wire->peer_addr);
	wire->tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (wire->tun < 0)
		die("/dev/net/tun");
	if (ioctl(wire->tun, TUNSETIFF, &request) < 0)
		die("TUNSETIFF");
	configure(wire, request.ifr_name);
}

void wire__done(struct wire *wire)
{
	close(wire->tun);
}
