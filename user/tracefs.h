/* SPDX-License-Identifier: Apache-2.0 */
/* Perf tracepoint numbers, also where nobody has mounted tracefs. */
#ifndef connscope_TRACEFS_H
#define connscope_TRACEFS_H

/* The number of tracepoint GROUP:NAME for perf_event_open(2), or -errno. Uses a mount of its own
 * that no path leads to (fsmount(2), 5.2), so the host's mounts stay as they are. */
int tracefs_event_id(const char *group, const char *name);

#endif /* connscope_TRACEFS_H */
