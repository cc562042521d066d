/* SPDX-License-Identifier: Apache-2.0 */
/* Empty BPF programs: what it takes the kernel to run one, whatever it does. */
#ifndef connscope_BENCH_EMPTY_H
#define connscope_BENCH_EMPTY_H

/*
 * Attaches two instructions, called NAME, to HOOK, a function or tracepoint, by MECHANISM:
 * "tp_btf", "fentry", "fexit", "kprobe", "kretprobe", or "tracepoint" of a system call. Returns a
 * descriptor that keeps them there; negative: this kernel cannot.
 */
int empty_attach(const char *mechanism, const char *hook, const char *name);

#endif /* connscope_BENCH_EMPTY_H */
