// SPDX-License-Identifier: Apache-2.0
/*
 * An empty program, attached until it is killed.
 *
 *   dispatch tp_btf|fentry|fexit|kprobe|kretprobe|tracepoint HOOK      prints a line when it is
 */
#include <stdio.h>
#include <unistd.h>

#include "empty.h"

int main(int argc, char **argv)
{
	if (argc != 3)
		return fprintf(stderr, "usage: dispatch MECHANISM HOOK\n"), 2;
	if (empty_attach(argv[1], argv[2], "dispatch") < 0)
		return perror(argv[1]), 1;
	puts("attached");
	fflush(stdout);
	return pause();
}
