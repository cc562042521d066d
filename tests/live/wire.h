/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted TCP endpoint behind a TUN device: every segment is sent, or not, by the test. */
#ifndef connscope_WIRE_H
#define connscope_WIRE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_FIN 0x01
#define WIRE_SYN 0x02
#define WIRE_RST 0x04
#define WIRE_ACK 0x10

struct wire {
	int tun;
	int version;		     /* 4, 6 */
	char host[INET6_ADDRSTRLEN]; /* this kernel's address */
	char peer[INET6_ADDRSTRLEN]; /* ours */
	uint8_t host_addr[16];
	uint8_t peer_addr[16];
	uint16_t host_port;
	uint16_t peer_port;
	uint16_t window;
	uint32_t seq;  /* of the next segment to send */
	uint32_t seen; /* end of what was received */
	uint32_t ack;  /* acknowledgement that the next segment carries */
};

/* Makes a TUN device in subnet NUMBER (1 to 255) of 10.99.0.0/16 or fd99::/32. */
void wire__open(struct wire *wire, int version, unsigned int number);
void wire__done(struct wire *wire);

/* Sends one segment with LEN bytes of payload and the acknowledgement as it stands. */
void wire__send(struct wire *wire, uint8_t flags, size_t len);
/* An ICMP error in answer to the segment with sequence number SEQ: no route to the host. */
void wire__unreachable(struct wire *wire, uint32_t seq);
/* Acknowledges all that was received. */
void wire__ack(struct wire *wire);
/* Reads up to a segment that has all of FLAGS and at least LEN bytes that are new. */
void wire__expect(struct wire *wire, uint8_t flags, size_t len);

#endif /* connscope_WIRE_H */
