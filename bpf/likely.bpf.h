/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which way is the usual one: the compiler lays that out without jumps. */
#ifndef connscope_LIKELY_BPF_H
#define connscope_LIKELY_BPF_H

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

#endif /* connscope_LIKELY_BPF_H */
