/* SPDX-License-Identifier: Apache-2.0 */
/* What this process itself uses. */
#include "process.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"

__u64 process_cpu_us(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1000;
}

__u64 process_resident_bytes(void)
{
	auto_file FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages;

	if (!file || fscanf(file, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (__u64)sysconf(_SC_PAGESIZE);
}
