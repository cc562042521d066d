/* SPDX-License-Identifier: Apache-2.0 */
/* Names of features and mechanisms, and what the account adds up to. */
#include "report.h"

#include <stdio.h>
#include <time.h>

#include "clock.h"

static const char *const mechanism_names[MECHANISM_MAX] = {
	[MECHANISM_OFF] = "off",       [MECHANISM_TP_BTF] = "tp_btf",
	[MECHANISM_FENTRY] = "fentry", [MECHANISM_FEXIT] = "fexit",
	[MECHANISM_KPROBE] = "kprobe", [MECHANISM_TRACEPOINT] = "tracepoint",
	[MECHANISM_ITER] = "iter",     [MECHANISM_INFERRED] = "inferred",
};

static const char *const feature_names[FEATURE_MAX] = {
	[FEATURE_STATE] = "state",	   [FEATURE_DESTROY] = "destroy",
	[FEATURE_CONNECT] = "connect",	   [FEATURE_NO_ROUTE] = "no_route",
	[FEATURE_LISTEN] = "listen",	   [FEATURE_ACCEPT] = "accept",
	[FEATURE_OVERFLOW] = "overflow",   [FEATURE_SEND] = "send",
	[FEATURE_RECEIVE] = "receive",	   [FEATURE_CLOSE] = "close",
	[FEATURE_RESET] = "reset",	   [FEATURE_RACE] = "race",
	[FEATURE_TIME_WAIT] = "time_wait", [FEATURE_SEED] = "seed",
	[FEATURE_SNAPSHOT] = "snapshot",
};

const char *mechanism_name(enum mechanism mechanism)
{
	return mechanism < MECHANISM_MAX ? mechanism_names[mechanism] : "unknown";
}

const char *feature_name(enum feature feature)
{
	return feature < FEATURE_MAX ? feature_names[feature] : "unknown";
}

char *time_format(__u64 ms, char *buf, size_t len)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t used;

	if (ms > TIME_MAX_MS || !gmtime_r(&seconds, &tm)) {
		snprintf(buf, len, "-");
		return buf;
	}
	used = strftime(buf, len, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + used, len - used, ".%03uZ", (unsigned int)(ms % 1000));
	return buf;
}

char *report_time(const struct report *report, char *buf, size_t len)
{
	return time_format(report->ts_ms, buf, len);
}

__u64 report_wall_ms(const struct report *report, __u64 monotonic_ns)
{
	return clocks_wall_ms((struct clocks){ report->ts_ms, report->now_ns }, monotonic_ns);
}

char *report_time_of(const struct report *report, __u64 monotonic_ns, char *buf, size_t len)
{
	return time_format(report_wall_ms(report, monotonic_ns), buf, len);
}

__u64 account_lost_events(const struct account *account)
{
	return account->losses[LOSS_CONN_EVENT] + account->losses[LOSS_LISTENER_EVENT] +
	       account->losses[LOSS_TRACE_EVENT];
}

__u64 account_map_full(const struct account *account)
{
	return account->losses[LOSS_CONN_MAP] + account->losses[LOSS_LISTENER_MAP];
}

bool account_has_losses(const struct account *account)
{
	for (int i = 0; i < LOSS_MAX; i++) {
		if (account->losses[i])
			return true;
	}
	return account->folded || account->missed_runs > 0;
}
