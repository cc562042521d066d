/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to end: both ends in this process, or one here and a script at the other. */
#ifndef connscope_ENDS_H
#define connscope_ENDS_H

#include "peer.h"
#include "wire.h"

/* Both ends in this process, over the loopback device. */
struct pair {
	int client;
	int server;
	int *closer; /* whichever ends it */
	int *other;
	const struct options *options;
};

/* One end here, the other a script. */
struct end {
	int fd;
	struct wire wire;
	const struct options *options;
};

struct close_case {
	const char *name;
	void (*run)(const struct options *options);
};

extern const struct close_case shut_cases[]; /* ends with a name of NULL */

void pair__open(struct pair *pair, const struct options *options);
/* Waits as long as the options say and tells the time, just before the end. */
void end_now(const struct options *options);

void end__open(struct end *end, const struct options *options);
/* A request that the other end acknowledges. */
void end__request(struct end *end);
void end__response(struct end *end);
/* Opens it, with one exchange. */
void end__open_used(struct end *end, const struct options *options);
void end__done(struct end *end);

#endif /* connscope_ENDS_H */
