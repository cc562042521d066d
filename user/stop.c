/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM and SIGHUP ask for an orderly end; the second of them ends the process at once.
 */
#include "stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t patient;

/* The second signal finds the default disposition and ends us at once; the kernel detaches. */
static void on_signal(int number)
{
	stop_signal = number;
	if (patient)
		return;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

void stop_catch(void)
{
	/* Restarted, so that the first signal does not cut a report short; epoll_wait(2) never is.
	 */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction before;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* A terminal that goes away; under nohup(1) it is ignored, and stays so. */
	if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	/* A reader that has gone shows as EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	/* Inherited as ignored it would take COMMAND's status away. */
	signal(SIGCHLD, SIG_DFL);
}

void stop_be_patient(void)
{
	patient = 1;
}

int stop_asked(void)
{
	return stop_signal;
}
