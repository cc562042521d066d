/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel side from user space: what is read from the BPF object. */
#include "tracer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "aggregate.h"
#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "connscope/event.h"
#include "connscope.skel.h"
#include "event.h"
#include "hooks.h"
#include "log.h"
#include "owner.h"
#include "report.h"
#include "teller.h"

/* Single events: an exchange is told when its response has been quiet for so long. */
#define QUIET_NS 200000000ULL
#define LOOK_MS	 200 /* between two looks for such */

#define EVENT_LEN_MIN (sizeof(struct listener_event) + BPF_RINGBUF_HDR_SZ)

struct tracer {
	const struct options *options;
	struct hooks hooks;
	struct connscope *skel; /* of hooks */
	struct ring_buffer *ring;
	int waiting; /* readable where the programs have woken us */
	struct bpf_link *conns_iter;
	struct bpf_link *listeners_iter;
	struct bpf_link *exchanges_iter;
	struct teller *teller; /* NULL: single events are not asked for */
	__u64 looked_ms;       /* for quiet exchanges */
	size_t polled;	       /* events in this poll */
	size_t polled_max;
	const struct group *groups; /* the mapped map: what has no room in group_array */
	size_t groups_size;
	struct aggregate *agg; /* during a poll */
	/* Came while a snapshot was being reported, to be counted after it. */
	struct conn_event *pending;
	size_t pending_count, pending_room;
	size_t stale; /* records that this snapshot has met */
	bool in_snapshot;
	int run_stats; /* while it is open the kernel counts runs; -1 */
	__u64 bad_events;
};

/* ---- open ---- */

static int attach_iter(struct bpf_program *program, struct bpf_map *map, struct bpf_link **ret_link)
{
	union bpf_iter_link_info info = { .map.map_fd = bpf_map__fd(map) };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	struct bpf_link *link;

	/* Not in the initialiser: its padding would not be zero, which libbpf refuses. */
	opts.link_info = &info;
	opts.link_info_len = sizeof(info);
	link = bpf_program__attach_iter(program, &opts);
	if (!link)
		return -errno;
	*ret_link = link;
	return 0;
}

static __u32 group_count(const struct tracer *tracer)
{
	return GROUP_FIRST + tracer->options->max_endpoints;
}

static int fill_free_groups(struct tracer *tracer)
{
	int fd = bpf_map__fd(tracer->skel->maps.free_groups);

	for (__u32 slot = GROUP_FIRST; slot < group_count(tracer); slot++)
		if (bpf_map_update_elem(fd, NULL, &slot, BPF_ANY))
			return -errno;
	return 0;
}

static int open_teller(struct tracer *tracer)
{
	struct connscope *skel = tracer->skel;

	tracer->teller = teller__new(skel->rodata->split_drops);
	if (!tracer->teller)
		return -ENOMEM;
	skel->bss->quiet_ns = QUIET_NS;
	return attach_iter(skel->progs.snapshot_exchanges, skel->maps.exchanges,
			   &tracer->exchanges_iter);
}

static int handle_event(void *context, void *data, size_t size);

/* libbpf's own descriptor is level-triggered: woken once, it would wake for each event that comes
 * while there are others. */
static int open_waiting(struct tracer *tracer)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	tracer->waiting = epoll_create1(EPOLL_CLOEXEC);
	if (tracer->waiting < 0 || epoll_ctl(tracer->waiting, EPOLL_CTL_ADD,
					     bpf_map__fd(tracer->skel->maps.events), &event))
		return -errno;
	return 0;
}

static int open_readers(struct tracer *tracer)
{
	struct connscope *skel = tracer->skel;
	void *groups;
	int err;

	tracer->ring = ring_buffer__new(bpf_map__fd(skel->maps.events), handle_event, tracer, NULL);
	if (!tracer->ring)
		return log_err(-errno, "cannot map the ring buffer");
	err = open_waiting(tracer);
	if (err)
		return log_err(err, "cannot wait for the ring buffer");
	tracer->polled_max = tracer->options->ring_kib * 1024 / EVENT_LEN_MIN;
	tracer->groups_size = bpf_map__max_entries(skel->maps.groups) * sizeof(struct group);
	groups = mmap(NULL, tracer->groups_size, PROT_READ, MAP_SHARED,
		      bpf_map__fd(skel->maps.groups), 0);
	if (groups == MAP_FAILED)
		return log_err(-errno, "cannot map the histograms");
	tracer->groups = groups;
	err = fill_free_groups(tracer);
	if (err)
		return log_err(err, "cannot fill the table of groups");
	err = attach_iter(skel->progs.snapshot_conns, skel->maps.chunks, &tracer->conns_iter);
	if (!err)
		err = attach_iter(skel->progs.snapshot_listeners, skel->maps.listeners,
				  &tracer->listeners_iter);
	if (!err && tracer->options->exchanges)
		err = open_teller(tracer);
	return err ? log_err(err, "cannot attach the snapshot iterators") : 0;
}

int tracer__new(const struct options *options, struct probes *probes, struct tracer **ret_tracer)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int err;

	if (!tracer)
		return log_err(-ENOMEM, "cannot start");
	tracer->options = options;
	tracer->run_stats = -1;
	tracer->waiting = -1;
	err = hooks__attach(options, probes, &tracer->hooks);
	tracer->skel = tracer->hooks.skel;
	if (!err)
		err = open_readers(tracer);
	if (err) {
		tracer__free(tracer);
		return err;
	}
	*ret_tracer = tracer;
	return 0;
}

void tracer__free(struct tracer *tracer)
{
	if (!tracer)
		return;
	bpf_link__destroy(tracer->conns_iter);
	bpf_link__destroy(tracer->listeners_iter);
	bpf_link__destroy(tracer->exchanges_iter);
	teller__free(tracer->teller);
	ring_buffer__free(tracer->ring);
	if (tracer->waiting >= 0)
		close(tracer->waiting);
	if (tracer->groups)
		munmap((void *)tracer->groups, tracer->groups_size);
	hooks__done(&tracer->hooks);
	if (tracer->run_stats >= 0)
		close(tracer->run_stats);
	free(tracer->pending);
	free(tracer);
}

/* ---- iterators ---- */

/* Runs the iterator behind LINK and hands each whole record of SIZE bytes to TAKE. */
static int run_iter(struct bpf_link *link, size_t size, struct tracer *tracer,
		    void (*take)(struct tracer *tracer, const void *record))
{
	auto_close int fd = bpf_iter_create(bpf_link__fd(link));
	_Alignas(8) char buf[64 * 1024];
	size_t have = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	for (;;) {
		size_t used = 0;

		got = read(fd, buf + have, sizeof(buf) - have);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue; /* the kernel paused after a million elements without output */
		if (got <= 0)
			return got < 0 ? -errno : 0;
		have += got;
		for (; size && have - used >= size; used += size)
			take(tracer, buf + used);
		have -= used;
		memmove(buf, buf + used, have);
	}
}

/* TAKE gets a struct listener_snapshot. */
static int read_listeners(struct tracer *tracer,
			  void (*take)(struct tracer *tracer, const void *record))
{
	return run_iter(tracer->listeners_iter, sizeof(struct listener_snapshot), tracer, take);
}

/* For NS at least: see find_jiffy_0(). */
static int seed(struct tracer *tracer, struct bpf_link *link, __u32 pass, __u64 ns)
{
	__u64 end_ns = clock_monotonic_ns() + ns;
	int err;

	tracer->skel->bss->seed_pass = pass;
	do
		err = run_iter(link, 0, tracer, NULL);
	while (!err && clock_monotonic_ns() < end_ns);
	return err;
}

int tracer__start(struct tracer *tracer)
{
	struct bpf_link *link = bpf_program__attach_iter(tracer->skel->progs.seed_file, NULL);
	int err = link ? 0 : -errno;

	tracer->skel->bss->tracing = true;
	if (!err)
		err = seed(tracer, link, 0, tracer->skel->rodata->tick_ns);
	if (!err)
		err = seed(tracer, link, 1, 0);
	bpf_link__destroy(link);
	return err ? log_err(err, "cannot read the sockets that are open already") : 0;
}

void tracer__stop(struct tracer *tracer)
{
	tracer->skel->bss->tracing = false;
}

/* ---- events ---- */

static bool defer(struct tracer *tracer, const struct conn_event *event)
{
	if (tracer->pending_count == tracer->pending_room) {
		size_t room = tracer->pending_room ? tracer->pending_room * 2 : 64;
		struct conn_event *pending = realloc(tracer->pending, room * sizeof(*pending));

		if (!pending)
			return false;
		tracer->pending = pending;
		tracer->pending_room = room;
	}
	tracer->pending[tracer->pending_count++] = *event;
	return true;
}

/* Of few connections: its copy stays out of the way of all others. */
static __attribute__((noinline)) void take_amended(struct aggregate *agg, const struct conn *conn)
{
	struct conn amended = *conn;

	event_amend(&amended);
	aggregate__amended(agg, conn, &amended);
}

static void take_ended(struct aggregate *agg, const struct conn_event *event)
{
	/* While it is there: the cgroup may be gone by the report. */
	owner_container(event->conn.cgroup);
	if (event->header.type == EVENT_CONN_CLOSED)
		aggregate__closed(agg, &event->conn);
	else
		take_amended(agg, &event->conn);
}

/* Read as open by the snapshot that is being reported: its end belongs to the next one. */
static bool is_counted(const struct tracer *tracer, const struct conn_event *event)
{
	return event->conn.seen == tracer->skel->bss->snapshot_now;
}

static void handle_ended(struct tracer *tracer, const struct conn_event *event)
{
	if (tracer->in_snapshot &&
	    (event->header.type == EVENT_CONN_AMENDED || is_counted(tracer, event)) &&
	    defer(tracer, event))
		return;
	take_ended(tracer->agg, event);
}

static int handle_event(void *context, void *data, size_t size)
{
	const struct event_header *header = event_check(data, size);
	struct tracer *tracer = context;

	if (!header) {
		tracer->bad_events++;
		return 0;
	}
	if (tracer->teller)
		teller__take(tracer->teller, tracer->agg, header);
	switch (header->type) {
	case EVENT_CONN_CLOSED:
	case EVENT_CONN_AMENDED:
		handle_ended(tracer, (const struct conn_event *)header);
		break;
	case EVENT_LISTENER_CLOSED:
		aggregate__listener_closed(tracer->agg,
					   &((const struct listener_event *)header)->listener);
		break;
	}
	/* No more than the ring holds: where events come faster than we read, there is no end. */
	return ++tracer->polled < tracer->polled_max ? 0 : -EAGAIN;
}

/* At least all that wait now. */
static void consume(struct tracer *tracer)
{
	tracer->polled = 0;
	tracer->skel->bss->bytes_waiting = 0;
	ring_buffer__consume(tracer->ring);
}

/* ---- single events that no hook sends ---- */

static void tell_quiet(struct tracer *tracer, const void *record)
{
	const struct exchange_event *event = record;

	if (event_check(event, sizeof(*event)))
		teller__exchange(tracer->teller, tracer->agg, event);
}

static void tell_refused(struct tracer *tracer, const void *record)
{
	/* Nothing is quiet any more: it is the last look. */
	teller__listener(tracer->teller, tracer->agg, record, !tracer->skel->bss->quiet_ns);
}

static int look_for_events(struct tracer *tracer)
{
	int err =
		run_iter(tracer->exchanges_iter, sizeof(struct exchange_event), tracer, tell_quiet);

	if (!err && tracer->skel->rodata->split_drops)
		err = read_listeners(tracer, tell_refused);
	tracer->looked_ms = clock_monotonic_ms();
	return err;
}

/* At the end, whatever is quiet or not. */
static int look_for_last_events(struct tracer *tracer)
{
	struct connscope *skel = tracer->skel;
	int err;

	if (!tracer->teller || skel->bss->tracing)
		return 0;
	skel->bss->quiet_ns = 0;
	err = look_for_events(tracer);
	teller__lost(tracer->teller, tracer->agg, skel->bss->events_lost, clock_monotonic_ns());
	return err;
}

int tracer__fd(const struct tracer *tracer)
{
	return tracer->waiting;
}

int tracer__poll(struct tracer *tracer, struct aggregate *agg, int timeout_ms)
{
	struct epoll_event event;
	bool interrupted;

	tracer->agg = agg;
	interrupted = epoll_wait(tracer->waiting, &event, 1, timeout_ms) < 0 && errno == EINTR;
	/* The programs wake us only for much: what waits is fetched when the time is up. */
	consume(tracer);
	if (tracer->teller && clock_monotonic_ms() >= tracer->looked_ms + LOOK_MS)
		look_for_events(tracer);
	return interrupted ? -EINTR : 0;
}

/* ---- snapshots ---- */

static void take_conn(struct tracer *tracer, const void *record)
{
	const struct conn_snapshot *snapshot = record;
	struct conn conn = snapshot->conn;

	if (!snapshot->stale) {
		aggregate__open(tracer->agg, &conn);
		return;
	}
	/* Its end was missed: an event that comes after all finds it marked, or gone. */
	tracer->stale++;
	bpf_map__delete_elem(tracer->skel->maps.exchanges, &snapshot->sk, sizeof(snapshot->sk), 0);
	if (!conn.initiator) {
		conn.initiator = INITIATOR_UNKNOWN;
		conn.closed_ns = clock_monotonic_ns();
		conn.idle_ms = IDLE_UNKNOWN;
		conn.idle_others = OTHERS_UNKNOWN;
	}
	aggregate__closed(tracer->agg, &conn);
}

static void take_listener(struct tracer *tracer, const void *record)
{
	const struct listener_snapshot *snapshot = record;

	aggregate__listener(tracer->agg, &snapshot->listener);
}

static void take_depth(struct tracer *tracer, const void *record)
{
	const struct listener_snapshot *snapshot = record;

	aggregate__sample_depth(tracer->agg, &snapshot->listener, clock_monotonic_ns());
}

int tracer__sample_depths(struct tracer *tracer, struct aggregate *agg)
{
	tracer->agg = agg;
	return read_listeners(tracer, take_depth);
}

static void take_groups(struct tracer *tracer)
{
	for (__u32 slot = GROUP_FIRST; slot < group_count(tracer); slot++) {
		const struct group *group = slot < GROUP_ARRAY_LEN
						    ? &tracer->skel->bss->group_array[slot]
						    : &tracer->groups[slot];

		if (group->key.role != ROLE_NONE)
			aggregate__group(tracer->agg, &group->key, group);
	}
}

/* The open connections, into tracer->agg. */
static int read_conns(struct tracer *tracer)
{
	int err;

	tracer->stale = 0;
	err = run_iter(tracer->conns_iter, sizeof(struct conn_snapshot), tracer, take_conn);
	if (err || !tracer->stale)
		return err;
	tracer->skel->bss->reaping = true;
	err = run_iter(tracer->conns_iter, 0, tracer, NULL);
	tracer->skel->bss->reaping = false;
	return err;
}

int tracer__snapshot(struct tracer *tracer, struct aggregate *agg)
{
	int err;

	tracer->agg = agg;
	tracer->in_snapshot = true;
	tracer->skel->bss->snapshot_now++;
	tracer->skel->bss->snapshot_ns = clock_monotonic_ns();
	aggregate__begin_snapshot(agg, tracer->skel->bss->snapshot_ns);
	err = read_conns(tracer);
	if (err)
		return log_err(err, "cannot read the open connections");
	err = read_listeners(tracer, take_listener);
	if (err)
		return log_err(err, "cannot read the listeners");
	consume(tracer);
	err = look_for_last_events(tracer);
	if (err)
		return log_err(err, "cannot read the exchanges");
	take_groups(tracer);
	return 0;
}

void tracer__end_snapshot(struct tracer *tracer, struct aggregate *agg)
{
	tracer->in_snapshot = false;
	for (size_t i = 0; i < tracer->pending_count; i++)
		take_ended(agg, &tracer->pending[i]);
	tracer->pending_count = 0;
}

/* ---- the account ---- */

static void read_losses(const struct tracer *tracer, __u64 *losses)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free __u64 *values = calloc(cpus, sizeof(*values));

	if (!values)
		return;
	for (__u32 kind = 0; kind < LOSS_MAX; kind++) {
		losses[kind] = 0;
		if (bpf_map_lookup_elem(bpf_map__fd(tracer->skel->maps.losses), &kind, values))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++)
			losses[kind] += values[cpu];
	}
}

int tracer__count_runs(struct tracer *tracer)
{
	if (tracer->run_stats < 0)
		tracer->run_stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return tracer->run_stats < 0 ? -errno : 0;
}

size_t tracer__programs(const struct tracer *tracer, struct program_stats *ret_stats, size_t room)
{
	return hooks__programs(&tracer->hooks, ret_stats, room);
}

void tracer__account(const struct tracer *tracer, struct account *account)
{
	read_losses(tracer, account->losses);
	account->losses[LOSS_CONN_EVENT] += tracer->bad_events;
	account->missed_runs = hooks__missed_runs(&tracer->hooks);
	memcpy(account->features, tracer->hooks.probes->states, sizeof(account->features));
	snprintf(account->backend, sizeof(account->backend), "%s",
		 probes__backend_name(tracer->hooks.probes));
}
