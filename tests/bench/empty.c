/* SPDX-License-Identifier: Apache-2.0 */
/* Empty BPF programs: what it takes the kernel to run one, whatever it does. */
#include "empty.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "tracefs.h"

#define KPROBE_TYPE "/sys/bus/event_source/devices/kprobe/type"
#define RETPROBE    1 /* /sys/bus/event_source/devices/kprobe/format/retprobe */

static const struct bpf_insn return_zero[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load(enum bpf_prog_type type, const char *name, const struct bpf_prog_load_opts *opts)
{
	return bpf_prog_load(type, name, "GPL", return_zero, 2, opts);
}

static int attach_tracing(enum bpf_attach_type type, const char *symbol, __u32 kind,
			  const char *name)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type);
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, symbol, kind) : -errno, prog;

	if (id < 0)
		return -1;
	opts.attach_btf_id = (__u32)id;
	prog = load(BPF_PROG_TYPE_TRACING, name, &opts);
	btf__free(btf);
	return prog < 0 ? prog : bpf_raw_tracepoint_open(NULL, prog);
}

static int attach_event(struct perf_event_attr *attr, enum bpf_prog_type type, const char *name)
{
	int prog = load(type, name, NULL), event;

	attr->size = sizeof(*attr);
	attr->sample_period = 1;
	attr->wakeup_events = 1;
	event = (int)syscall(__NR_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (prog < 0 || event < 0 || ioctl(event, PERF_EVENT_IOC_SET_BPF, prog) ||
	    ioctl(event, PERF_EVENT_IOC_ENABLE, 0))
		return -1;
	return event;
}

static int attach_kprobe(const char *function, __u64 config, const char *name)
{
	FILE *file = fopen(KPROBE_TYPE, "re");
	struct perf_event_attr attr = { .config = config, .config1 = (__u64)function };
	int got = file ? fscanf(file, "%10u", &attr.type) : 0;

	if (file)
		fclose(file);
	return got == 1 ? attach_event(&attr, BPF_PROG_TYPE_KPROBE, name) : -1;
}

static int attach_tracepoint(const char *event, const char *name)
{
	int id = tracefs_event_id("syscalls", event);
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .config = (__u64)id };

	return id < 0 ? -1 : attach_event(&attr, BPF_PROG_TYPE_TRACEPOINT, name);
}

int empty_attach(const char *mechanism, const char *hook, const char *name)
{
	char symbol[80];

	snprintf(symbol, sizeof(symbol), "btf_trace_%s", hook);
	if (!strcmp(mechanism, "tp_btf"))
		return attach_tracing(BPF_TRACE_RAW_TP, symbol, BTF_KIND_TYPEDEF, name);
	if (!strcmp(mechanism, "fentry"))
		return attach_tracing(BPF_TRACE_FENTRY, hook, BTF_KIND_FUNC, name);
	if (!strcmp(mechanism, "fexit"))
		return attach_tracing(BPF_TRACE_FEXIT, hook, BTF_KIND_FUNC, name);
	if (!strcmp(mechanism, "kprobe"))
		return attach_kprobe(hook, 0, name);
	if (!strcmp(mechanism, "kretprobe"))
		return attach_kprobe(hook, RETPROBE, name);
	return attach_tracepoint(hook, name);
}
