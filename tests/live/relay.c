// SPDX-License-Identifier: Apache-2.0
/* The path between two network namespaces, with what real paths do to packets. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

#define PACKET_MAX 2048
#define TICK_MS	   1

struct packet {
	struct packet *next;
	uint64_t due_ms;
	int to;
	unsigned int lane;
	size_t len;
	uint8_t data[];
};

/* Packets that wait, in the order in which they were sent. */
struct queue {
	struct packet *first;
	struct packet **end;
};

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

int relay__open(void)
{
	struct ifreq request = { .ifr_name = RELAY_DEVICE, .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		die("cannot open the TUN device");
	return fd;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Which connection's lane: told by the server's port, whichever way the packet goes. */
static unsigned int lane_of(const uint8_t *data)
{
	const uint8_t *ports = data + ((data[0] >> 4) == 6 ? 40 : (data[0] & 15) * 4);
	unsigned int source = (unsigned int)ports[0] << 8 | ports[1];
	unsigned int target = (unsigned int)ports[2] << 8 | ports[3];
	unsigned int port = target >= RELAY_PORTS && target < 10000 ? target : source;

	return port % RELAY_STRIDE % RELAY_LANES;
}

static void push(struct queue *queue, const uint8_t *data, size_t len, int to, uint64_t due_ms)
{
	struct packet *packet = malloc(sizeof(*packet) + len);

	if (!packet)
		die("malloc");
	*packet = (struct packet){ .due_ms = due_ms, .to = to, .lane = lane_of(data), .len = len };
	memcpy(packet->data, data, len);
	*queue->end = packet;
	queue->end = &packet->next;
}

/* Delivers what is due and not held. */
static void flush(struct queue *queue, struct relay *relay)
{
	struct packet **link = &queue->first, *packet;
	uint64_t now = now_ms();

	while ((packet = *link)) {
		if (packet->due_ms > now || relay->held[packet->lane]) {
			link = &packet->next;
			continue;
		}
		if (write(packet->to, packet->data, packet->len) < 0)
			die("cannot deliver a packet");
		*link = packet->next;
		free(packet);
	}
	queue->end = link;
}

static void take(struct queue *queue, int from, int to, uint64_t *random)
{
	uint8_t data[PACKET_MAX];
	ssize_t len = read(from, data, sizeof(data));
	uint64_t now = now_ms();

	if (len < 0 && errno != EAGAIN)
		die("cannot take a packet");
	if (len < 40 || random_next(random) % 1000 < RELAY_LOSS)
		return;
	if (random_next(random) % 1000 < RELAY_DELAYED)
		now += 1 + random_next(random) % 3;
	push(queue, data, (size_t)len, to, now);
	if (random_next(random) % 1000 < RELAY_DOUBLED)
		push(queue, data, (size_t)len, to, now + random_next(random) % 3);
}

void relay__run(struct relay *relay, int a, int b, uint64_t seed)
{
	struct pollfd ends[] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
	struct queue queue = { .end = &queue.first };
	cpu_set_t here;

	/* What is written on two CPUs goes through two backlogs: TCP and tcpdump may then see two
	 * packets in different orders (netif_rx, net/core/dev.c). */
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here) < 0)
		die("sched_setaffinity");
	for (;;) {
		if (poll(ends, 2, queue.first ? TICK_MS : -1) < 0)
			die("poll");
		if (ends[0].revents)
			take(&queue, a, b, &seed);
		if (ends[1].revents)
			take(&queue, b, a, &seed);
		flush(&queue, relay);
	}
}
