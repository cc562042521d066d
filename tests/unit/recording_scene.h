/* SPDX-License-Identifier: Apache-2.0 */
/* A recording in a directory of its own, and what tests put into it. */
#ifndef connscope_RECORDING_SCENE_H
#define connscope_RECORDING_SCENE_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netinet/tcp.h>

#include "aggregate.h"
#include "parse.h"
#include "recorder.h"
#include "report.h"

#define SECOND	 1000000000ULL
#define START_MS 1795248000000ULL /* 2026-11-21T08:00:00Z */

/* One recording, and the aggregate whose records it takes. */
struct scene {
	char dir[32];
	char path[64];
	struct aggregate *agg;
	struct recorder *recorder;
	__u64 now_ns;
};

static inline void begin(struct scene *scene, __u64 max_bytes, __u64 keep_ms)
{
	struct recorder_options options = { .path = scene->path,
					    .max_bytes = max_bytes,
					    .keep_ms = keep_ms };

	memset(scene, 0, sizeof(*scene));
	strcpy(scene->dir, "/tmp/connscope-unit.XXXXXX");
	assert_non_null(mkdtemp(scene->dir));
	snprintf(scene->path, sizeof(scene->path), "%s/a?b#c%%.db", scene->dir);
	scene->agg = aggregate__new(0, 100, NULL, NULL);
	assert_non_null(scene->agg);
	assert_int_equal(recorder__new(&options, &scene->recorder), 0);
	aggregate__observe(scene->agg, recorder__observer(scene->recorder));
	aggregate__keep_series(scene->agg, SECOND);
}

static inline struct report report_at(__u64 now_ns)
{
	struct report report = {
		.ts_ms = START_MS + now_ns / 1000000,
		.now_ns = now_ns,
		.started_ns = SECOND,
	};

	strcpy(report.account.kernel, "6.1");
	strcpy(report.account.backend, "kprobe");
	report.account.missed_runs = -1;
	report.account.losses[LOSS_LISTENER_MAP] = 3;
	report.account.interval_ms = (now_ns - SECOND) / 1000000;
	report.account.features[FEATURE_SEED].mechanism = MECHANISM_ITER;
	strcpy(report.account.features[FEATURE_RACE].reason, "why");
	return report;
}

/* The end of a snapshot. */
static inline void tick(struct scene *scene, __u64 now_ns)
{
	struct report report = report_at(now_ns);

	aggregate__tick(scene->agg, now_ns);
	assert_int_equal(recorder__sync(scene->recorder, &report), 0);
	scene->now_ns = now_ns;
}

static inline void finish(struct scene *scene)
{
	assert_int_equal(recorder__free(scene->recorder, NULL), 0);
	scene->recorder = NULL;
}

static inline void end(struct scene *scene)
{
	aggregate__free(scene->agg);
	unlink(scene->path);
	assert_int_equal(rmdir(scene->dir), 0);
}

static inline struct conn client(__u64 opened_ns)
{
	struct conn conn = {
		.opened_ns = opened_ns,
		.ready_ns = opened_ns + 250001,
		.last_ns = opened_ns + 1,
		.role = ROLE_CLIENT,
		.family = AF_INET,
		.state = TCP_ESTABLISHED,
		.ready = 1,
		.netns = 4026531840,
		.pid = 100,
		.cgroup = 1ULL << 60,
		.exchanges = 3,
		.sent_bytes = 1ULL << 40,
		.received_bytes = 5,
		.turn = TURN_RECEIVED,
		.idle_ms = IDLE_UNKNOWN,
		.local_port = 40000,
		.remote_port = 5000,
		.comm = "a\xff\"'\n",
	};

	assert_int_equal(parse_addr("10.0.0.1", conn.local_addr), 0);
	assert_int_equal(parse_addr("10.0.0.2", conn.remote_addr), 0);
	return conn;
}

static inline struct listener listening(__u32 depth, __u64 drops)
{
	struct listener listener = {
		.family = AF_INET6,
		.port = 80,
		.flags = LISTENER_OPEN | LISTENER_ASKED,
		.backlog_asked = -1,
		.limit = 4096,
		.somaxconn = 4096,
		.depth = depth,
		.syn_drops = drops,
		.comm = "nginx",
	};

	return listener;
}

#endif /* connscope_RECORDING_SCENE_H */
