/* SPDX-License-Identifier: Apache-2.0 */
/* Perf tracepoint numbers, also where nobody has mounted tracefs. */
#ifndef connscope_TRACEFS_H
#define connscope_TRACEFS_H

/* The number of tracepoint GROUP:NAME for perf_event_open(2), or -errno. */
int tracefs_event_id(const char *group, const char *name);

#endif /* connscope_TRACEFS_H */
