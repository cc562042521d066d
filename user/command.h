/* SPDX-License-Identifier: Apache-2.0 */
/* The traced COMMAND: start, signal, wait. */
#ifndef connscope_COMMAND_H
#define connscope_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#define COMMAND_NOT_FOUND      127 /* as env(1) and the shells say it */
#define COMMAND_NOT_EXECUTABLE 126

struct command {
	pid_t pid;  /* 0: none, or it has ended */
	int status; /* after its end, as a shell gives it: 128 + signal when killed */
	int pidfd;  /* while there is one; -1: the kernel gave none */
};

/* Starts ARGV and waits until it runs. -errno of execvp(3), logged; command->status is set then
 * too. */
int command__start(struct command *command, char **argv);
/* True while it runs; reaps it when it has ended. */
bool command__is_running(struct command *command);

/* Readable once it has ended; -1: there is none. */
int command__fd(const struct command *command);

#endif /* connscope_COMMAND_H */
