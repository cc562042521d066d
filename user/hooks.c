/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF object: which of its programs are loaded and attached, and that they run. */
#include "hooks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "aggregate.h"
#include "cleanup.h"
#include "cli.h"
#include "connscope/event.h"
#include "connscope.skel.h"
#include "detach.h"
#include "log.h"
#include "loopback.h"
#include "tracefs.h"
#include "tracer.h"

/* The first port of net.ipv4.ip_local_port_range here, or the kernel's default. */
static __u16 ephemeral_low(void)
{
	auto_file FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned int low;

	return file && fscanf(file, "%5u", &low) == 1 ? low : 32768;
}

/* Slots for MAX_CONNS records: a quarter more, in whole chunks. */
static __u32 conn_slots(__u32 max_conns)
{
	return (max_conns + max_conns / 4) / CHUNK_SLOTS * CHUNK_SLOTS + 2 * CHUNK_SLOTS;
}

/* Makes the programs' .bss SIZE bytes long. */
static bool resize_bss(struct bpf_map *bss, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	auto_close int fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "connscope.bss", sizeof(__u32), size, 1, &opts);

	return fd >= 0 && !bpf_map__reuse_fd(bss, fd);
}

/* What of .bss user space reads and writes: all but conn_array, which is its end. */
static size_t bss_shared(const struct connscope *skel)
{
	_Static_assert(offsetof(__typeof__(*skel->bss), conn_array) +
				       sizeof(skel->bss->conn_array) ==
			       sizeof(*skel->bss),
		       "conn_array is the last of .bss");
	return offsetof(__typeof__(*skel->bss), conn_array);
}

/* The table of connections, of SLOTS. Returns how many of them are in conn_array: all, or none. */
static __u32 size_conns(struct connscope *skel, __u32 slots)
{
	struct bpf_map *bss = skel->maps.bss;

	if (slots <= CONN_ARRAY_MAX &&
	    resize_bss(bss, bss_shared(skel) + slots * sizeof(struct conn_slot)))
		return slots;
	resize_bss(bss, bss_shared(skel) + sizeof(struct conn_slot));
	bpf_map__set_max_entries(skel->maps.conns, slots);
	return 0;
}

static size_t whole_pages(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

/*
 * Before it is loaded libbpf has mapped .bss as large as it is declared. What it makes of that for
 * a map that was given to it depends on its version: since 1.5 nothing, before that all of the map,
 * each page of which is then user space's as well. It unmaps as much as the map is long.
 */
static int map_bss(struct connscope *skel)
{
	size_t size = whole_pages(bpf_map__value_size(skel->maps.bss));
	size_t shared = whole_pages(bss_shared(skel));
	char *bss = (char *)skel->bss;

	munmap(bss + size, whole_pages(sizeof(*skel->bss)) - size);
	if (mmap(bss, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		    MAP_FAILED ||
	    mmap(bss, shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 bpf_map__fd(skel->maps.bss), 0) == MAP_FAILED)
		return -errno;
	return 0;
}

static void apply_knobs(struct hooks *hooks)
{
	const struct options *options = hooks->options;
	const struct probes *probes = hooks->probes;
	struct connscope *skel = hooks->skel;
	static const struct filter_knobs everything;
	__u32 groups = GROUP_FIRST + options->max_endpoints;
	struct timespec tick;

	skel->rodata->only = options->filter.knobs;
	skel->rodata->filtered = memcmp(&options->filter.knobs, &everything, sizeof(everything));
	skel->rodata->ephemeral_low = ephemeral_low();
	skel->rodata->split_drops = probes->states[FEATURE_OVERFLOW].mechanism == MECHANISM_TP_BTF;
	skel->rodata->wakeup_bytes = options->ring_kib * 1024 / 2;
	/* Coarse clocks advance once a tick. */
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	skel->rodata->tick_ns = tick.tv_nsec;
	skel->rodata->group_by_pid = options->by & BY_PID;
	skel->rodata->group_by_cgroup = (options->by & (BY_CONTAINER | BY_DEFAULT_AND_CONTAINER)) ||
					options->filter.container_count;
	skel->rodata->infer_send = probes->states[FEATURE_SEND].mechanism == MECHANISM_INFERRED;
	skel->rodata->infer_time_wait =
		probes->states[FEATURE_TIME_WAIT].mechanism == MECHANISM_INFERRED;
	skel->rodata->accept_unlocked = probes->states[FEATURE_ACCEPT].mechanism == MECHANISM_FEXIT;
	skel->rodata->trace_events = options->exchanges;
	skel->rodata->no_turns = options->no_turns;
	skel->rodata->looks_twice = probes->chosen[FEATURE_STATE]->preemption;
	skel->rodata->conns_max = options->max_conns;
	skel->rodata->conn_slots = conn_slots(options->max_conns);
	skel->rodata->conn_array_len = size_conns(skel, skel->rodata->conn_slots);
	bpf_map__set_max_entries(skel->maps.chunks, skel->rodata->conn_slots / CHUNK_SLOTS);
	if (options->exchanges)
		bpf_map__set_max_entries(skel->maps.exchanges, options->max_conns);
	if (groups > GROUP_ARRAY_LEN)
		bpf_map__set_max_entries(skel->maps.groups, groups);
	bpf_map__set_max_entries(skel->maps.group_slots, groups);
	bpf_map__set_max_entries(skel->maps.free_groups, options->max_endpoints);
	bpf_map__set_max_entries(skel->maps.events, options->ring_kib * 1024);
}

/* Exactly the programs of the chosen ways are loaded, and what single events need. */
static void choose_programs(struct hooks *hooks)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, hooks->skel->obj)
		bpf_program__set_autoload(program, false);
	for (int f = 0; f < FEATURE_MAX; f++) {
		const struct probe_way *way = hooks->probes->chosen[f];

		for (int i = 0; way && i < WAY_PROGRAMS; i++) {
			if (!probes__has_hook(hooks->probes, way, i))
				continue;
			program = bpf_object__find_program_by_name(hooks->skel->obj,
								   way->programs[i].program);
			bpf_program__set_autoload(program, true);
		}
	}
	bpf_program__set_autoload(hooks->skel->progs.snapshot_exchanges, hooks->options->exchanges);
}

static struct bpf_link *attach_tracepoint(struct bpf_program *program, const char *name)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.wakeup_events = 1,
	};
	int id = tracefs_event_id("syscalls", name), fd;
	struct bpf_link *link;

	if (id < 0) {
		errno = -id;
		return NULL;
	}
	attr.config = id;
	fd = syscall(__NR_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return NULL;
	link = bpf_program__attach_perf_event(program, fd);
	if (!link)
		close(fd);
	return link;
}

/* 0 when all hooks of WAY that this kernel has are attached, else RET_HOOK is the one that is not.
 */
static int attach_way(struct hooks *hooks, const struct probe_way *way, const char **ret_hook)
{
	for (int i = 0; i < WAY_PROGRAMS; i++) {
		struct bpf_program *program;
		struct bpf_link *link;

		if (!probes__has_hook(hooks->probes, way, i))
			continue;
		program = bpf_object__find_program_by_name(hooks->skel->obj,
							   way->programs[i].program);
		if (way->mechanism == MECHANISM_TRACEPOINT)
			link = attach_tracepoint(program, way->programs[i].hook);
		else
			link = bpf_program__attach(program);
		if (!link) {
			*ret_hook = way->programs[i].hook;
			return -errno;
		}
		hooks->links[hooks->link_count++] = link;
	}
	return 0;
}

/* -EAGAIN: a way was demoted, begin again. */
static int attach_all(struct hooks *hooks)
{
	bool demoted = false;

	for (int f = 0; f < FEATURE_MAX; f++) {
		const struct probe_way *way = hooks->probes->chosen[f];
		const char *hook;
		int err;

		if (!way || way->mechanism == MECHANISM_ITER)
			continue;
		err = attach_way(hooks, way, &hook);
		if (!err)
			continue;
		probes__demote_unattached(hooks->probes, way, hook, err);
		demoted = true;
	}
	return demoted ? -EAGAIN : 0;
}

static __u64 run_count(struct hooks *hooks, const struct probe_way *way)
{
	__u64 runs = 0;

	for (int i = 0; i < WAY_PROGRAMS; i++) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		struct bpf_program *program;

		if (!probes__has_hook(hooks->probes, way, i))
			continue;
		program = bpf_object__find_program_by_name(hooks->skel->obj,
							   way->programs[i].program);
		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			runs += info.run_cnt;
	}
	return runs;
}

/* The kernel counts runs while somebody holds the file of BPF_ENABLE_STATS. */
static int check_hooks_run(struct hooks *hooks)
{
	auto_close int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	bool demoted = false;
	int err;

	if (stats < 0) {
		log_debug("hooks not checked: cannot count runs: %s", strerror(errno));
		return 0;
	}
	err = loopback_exchange();
	if (err) {
		log_debug("hooks not checked: no loopback connection here: %s", strerror(-err));
		return 0;
	}
	for (int f = 0; f < FEATURE_MAX; f++) {
		const struct probe_way *way = hooks->probes->chosen[f];

		if (!way || way->quiet || !way->programs[0].hook)
			continue;
		if (run_count(hooks, way))
			continue;
		log_debug("%s attached but did not run", way->programs[0].hook);
		probes__demote(hooks->probes, way, "attached, but a connection did not reach it");
		demoted = true;
	}
	return demoted ? -EAGAIN : 0;
}

static void take_down(struct hooks *hooks)
{
	for (size_t i = 0; i < hooks->link_count; i++)
		bpf_link__destroy(hooks->links[i]);
	hooks->link_count = 0;
	connscope__destroy(hooks->skel);
	hooks->skel = NULL;
}

void hooks__done(struct hooks *hooks)
{
	auto_close int child = detach_hand_over(hooks->links, hooks->link_count);

	take_down(hooks);
}

static int open_object(struct hooks *hooks)
{
	int err;

	hooks->skel = connscope__open();
	if (!hooks->skel)
		return log_err(-errno, "cannot open the BPF object");
	apply_knobs(hooks);
	choose_programs(hooks);
	err = connscope__load(hooks->skel);
	if (err)
		return log_err(err, "cannot load the BPF programs (connscope -v shows the "
				    "kernel's own words)");
	err = map_bss(hooks->skel);
	return err ? log_err(err, "cannot map what the BPF programs share") : 0;
}

int hooks__attach(const struct options *options, struct probes *probes, struct hooks *ret_hooks)
{
	struct hooks *hooks = ret_hooks;
	int err;

	*hooks = (struct hooks){ .options = options, .probes = probes };
	/* Each round demotes at least one way, so this ends. */
	do {
		int missing = probes__missing(hooks->probes);

		take_down(hooks);
		if (missing >= 0) {
			log_error("this kernel cannot serve \"%s\": %s", feature_name(missing),
				  hooks->probes->states[missing].reason);
			return -EOPNOTSUPP;
		}
		err = open_object(hooks);
		if (!err)
			err = attach_all(hooks);
		if (!err)
			err = check_hooks_run(hooks);
	} while (err == -EAGAIN);
	if (!err)
		probes__settle(hooks->probes);
	return err;
}

size_t hooks__programs(const struct hooks *hooks, struct program_stats *ret_stats, size_t room)
{
	struct bpf_program *program;
	size_t count = 0;

	bpf_object__for_each_program (program, hooks->skel->obj) {
		struct program_stats *stats = &ret_stats[count];
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (count == room || !bpf_program__autoload(program))
			continue;
		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			continue;
		snprintf(stats->name, sizeof(stats->name), "%s", bpf_program__name(program));
		stats->runs = info.run_cnt;
		stats->run_ns = info.run_time_ns;
		/* Kernels before 5.12 know no such count. */
		stats->missed = len < offsetof(struct bpf_prog_info, recursion_misses) +
							sizeof(info.recursion_misses)
					? -1
					: (__s64)info.recursion_misses;
		count++;
	}
	return count;
}

__s64 hooks__missed_runs(const struct hooks *hooks)
{
	struct program_stats stats[PROGRAMS_MAX];
	size_t count = hooks__programs(hooks, stats, PROGRAMS_MAX);
	__s64 missed = 0;

	for (size_t i = 0; i < count; i++) {
		if (stats[i].missed < 0)
			return -1;
		missed += stats[i].missed;
	}
	return missed;
}
