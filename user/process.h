/* SPDX-License-Identifier: Apache-2.0 */
/* What this process itself uses. */
#ifndef connscope_PROCESS_H
#define connscope_PROCESS_H

#include <linux/types.h>

/* CPU time, user and system. */
__u64 process_cpu_us(void);
/* 0 where /proc does not tell. */
__u64 process_resident_bytes(void);

#endif /* connscope_PROCESS_H */
