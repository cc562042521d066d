/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus text 0.0.4 and OpenMetrics 1.0.
 *
 * The bounds of histograms are ends of octaves of the buckets that connscope/hist.h fills, so that
 * each count is exact. Of times, a bound is 2^N microseconds in seconds; one of exactly that time,
 * to the microsecond, counts above it. Of depths and exchanges, it is the last whole number below
 * 2^N.
 */
#include "prom.h"

#include <errno.h>
#include <string.h>

#include "report.h"
#include "version.h"

#define SERVERS (1U << ROLE_SERVER)
#define CLIENTS (1U << ROLE_CLIENT)
#define BOTH	(SERVERS | CLIENTS)

#define MICRO	   1000000ULL
#define LABELS_MAX 64

enum kind { COUNTER, GAUGE, GAUGE_US, HISTOGRAM_US, HISTOGRAM };

static const char *const kind_names[] = {
	[COUNTER] = "counter",	      [GAUGE] = "gauge",	 [GAUGE_US] = "gauge",
	[HISTOGRAM_US] = "histogram", [HISTOGRAM] = "histogram",
};

/* Whether a series has a sample that the turns of connections decide. */
enum turns { ANYHOW, WITH_TURNS, WITHOUT_TURNS };

/* A value of a series, and what is to be added to its labels. */
struct sample {
	int index;
	const char *labels; /* or NULL */
	enum turns turns;
};

#define SAMPLES(list) (list), sizeof(list) / sizeof((list)[0])

/* Ends of octaves. */
struct bounds {
	const __u8 *octaves;
	size_t count;
};

struct family {
	const char *name; /* without prefix and _total */
	const char *help;
	enum kind kind;
	unsigned int roles;
	enum prom_known known;
	bool listener; /* labels of a listener, and not of an upstream */
	const struct sample *samples;
	size_t sample_count;
	const struct bounds *bounds;
};

/* 128 us to 16.8 s. */
static const __u8 short_octaves[] = { 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24 };
/* 1 ms to 72 minutes. */
static const __u8 long_octaves[] = { 10, 13, 16, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 32 };
/* 0 to 65535 */
static const __u8 count_octaves[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16 };

static const struct bounds short_times = { short_octaves, sizeof(short_octaves) };
static const struct bounds long_times = { long_octaves, sizeof(long_octaves) };
static const struct bounds counts = { count_octaves, sizeof(count_octaves) };

static const struct sample opened[] = { { PROM_OPENED, NULL, ANYHOW } };
static const struct sample failed[] = {
	{ PROM_FAILED + FAIL_REFUSED, "reason=\"refused\"", ANYHOW },
	{ PROM_FAILED + FAIL_TIMEOUT, "reason=\"timeout\"", ANYHOW },
	{ PROM_FAILED + FAIL_UNREACHABLE, "reason=\"unreachable\"", ANYHOW },
	{ PROM_FAILED + FAIL_NO_PORT, "reason=\"no-port\"", ANYHOW },
	{ PROM_FAILED + FAIL_CANCELLED, "reason=\"cancelled\"", ANYHOW },
	{ PROM_FAILED + FAIL_OTHER, "reason=\"other\"", ANYHOW },
};
static const struct sample states[] = {
	{ PROM_ACTIVE, "state=\"active\"", WITH_TURNS },
	{ PROM_IDLE, "state=\"idle\"", WITH_TURNS },
	{ PROM_TURN_UNKNOWN, "state=\"unknown\"", ANYHOW },
};
static const struct sample exchanges[] = { { PROM_EXCHANGES, NULL, ANYHOW } };
static const struct sample partial_exchanges[] = { { PROM_PARTIAL_EXCHANGES, NULL, ANYHOW } };
#define CLOSED_BY(initiator, text)                                                                 \
	{ PROM_ANSWERED + (initiator), "initiator=\"" text "\",in_flight=\"0\"", WITH_TURNS },     \
		{ PROM_IN_FLIGHT + (initiator), "initiator=\"" text "\",in_flight=\"1\"",          \
		  WITH_TURNS },                                                                    \
	{                                                                                          \
		PROM_ANSWERED + (initiator), "initiator=\"" text "\",in_flight=\"unknown\"",       \
			WITHOUT_TURNS                                                              \
	}
static const struct sample closed[] = {
	CLOSED_BY(INITIATOR_LOCAL_FIN, "local-fin"),
	CLOSED_BY(INITIATOR_REMOTE_FIN, "remote-fin"),
	CLOSED_BY(INITIATOR_BOTH_FIN, "both-fin"),
	CLOSED_BY(INITIATOR_LOCAL_RST, "local-rst"),
	CLOSED_BY(INITIATOR_REMOTE_RST, "remote-rst"),
	CLOSED_BY(INITIATOR_TIMEOUT, "timeout"),
	CLOSED_BY(INITIATOR_ABORT, "abort"),
	CLOSED_BY(INITIATOR_UNKNOWN, "unknown"),
};
static const struct sample raced[] = { { PROM_RACED, NULL, ANYHOW } };
static const struct sample sent[] = { { PROM_SENT, NULL, ANYHOW } };
static const struct sample received[] = { { PROM_RECEIVED, NULL, ANYHOW } };
static const struct sample per_conn[] = { { PROM_PER_CONN, NULL, ANYHOW } };
static const struct sample idle[] = { { PROM_IDLE_US, NULL, ANYHOW } };
static const struct sample duration[] = { { PROM_DURATION_US, NULL, ANYHOW } };
static const struct sample close_idle[] = {
	{ PROM_CLOSE_LOCAL_US, "initiator=\"local\"", ANYHOW },
	{ PROM_CLOSE_REMOTE_US, "initiator=\"remote\"", ANYHOW },
};
static const struct sample connects[] = { { PROM_CONNECT_US, NULL, ANYHOW } };
static const struct sample responses[] = { { PROM_RESPONSE_US, NULL, ANYHOW } };
static const struct sample peer_timeout[] = { { PROM_PEER_TIMEOUT_US, NULL, ANYHOW } };
static const struct sample depth[] = { { PROM_DEPTH, NULL, ANYHOW } };
static const struct sample queue[] = { { PROM_QUEUE, NULL, ANYHOW } };
static const struct sample queue_max[] = { { PROM_QUEUE_MAX, NULL, ANYHOW } };
static const struct sample limit[] = { { PROM_LIMIT, NULL, ANYHOW } };
static const struct sample asked[] = { { PROM_ASKED, NULL, ANYHOW } };
static const struct sample syn_drops[] = { { PROM_SYN_DROPS, NULL, ANYHOW } };
static const struct sample accepted[] = { { PROM_ACCEPTED, NULL, ANYHOW } };
static const struct sample wait[] = { { PROM_WAIT_US, NULL, ANYHOW } };
static const struct sample overflows[] = { { PROM_OVERFLOWS, NULL, ANYHOW } };

/* clang-format off */
static const struct family families[] = {
	{ "connections_opened", "Connections established (client) or queued (server) since tracing began.", COUNTER, BOTH, KNOWN_ALWAYS, false, SAMPLES(opened), NULL },
	{ "connections_failed", "Connection attempts that failed.", COUNTER, CLIENTS, KNOWN_ALWAYS, false, SAMPLES(failed), NULL },
	{ "connections", "Open connections, with a request in flight (active) or without (idle).", GAUGE, BOTH, KNOWN_ALWAYS, false, SAMPLES(states), NULL },
	{ "exchanges", "Completed exchanges on connections that were seen from their opening.", COUNTER, BOTH, KNOWN_EXCHANGES, false, SAMPLES(exchanges), NULL },
	{ "partial_exchanges", "Completed exchanges on connections that were open before tracing began.", COUNTER, BOTH, KNOWN_EXCHANGES, false, SAMPLES(partial_exchanges), NULL },
	{ "connection_exchanges", "Exchanges of each connection that is over and was seen from its opening.", HISTOGRAM, BOTH, KNOWN_EXCHANGES, false, SAMPLES(per_conn), &counts },
	{ "connection_idle_seconds", "From the last byte of one exchange to the first byte of the next request.", HISTOGRAM_US, BOTH, KNOWN_TIMES, false, SAMPLES(idle), &long_times },
	{ "connection_duration_seconds", "From the opening to the first FIN, RST or timeout.", HISTOGRAM_US, BOTH, KNOWN_ALWAYS, false, SAMPLES(duration), &long_times },
	{ "connect_seconds", "From the SYN until the connection was established.", HISTOGRAM_US, CLIENTS, KNOWN_ALWAYS, false, SAMPLES(connects), &short_times },
	{ "response_seconds", "From the last request byte sent to the arrival of the first response byte.", HISTOGRAM_US, CLIENTS, KNOWN_TIMES, false, SAMPLES(responses), &short_times },
	{ "sent_bytes", "Payload handed to the kernel.", COUNTER, BOTH, KNOWN_ALWAYS, false, SAMPLES(sent), NULL },
	{ "received_bytes", "Payload read by the application.", COUNTER, BOTH, KNOWN_ALWAYS, false, SAMPLES(received), NULL },
	{ "connections_closed", "Connections closed, by who ended them and whether a request was in flight.", COUNTER, BOTH, KNOWN_ALWAYS, false, SAMPLES(closed), NULL },
	{ "close_idle_seconds", "From the last payload byte to the first FIN or RST, by the side that sent it.", HISTOGRAM_US, BOTH, KNOWN_ALWAYS, false, SAMPLES(close_idle), &long_times },
	{ "keepalive_races", "Closed connections on which a request met the other side's close.", COUNTER, BOTH, KNOWN_RACES, false, SAMPLES(raced), NULL },
	{ "peer_idle_timeout_seconds", "Idle time after which this peer nearly always closes, within an eighth.", GAUGE_US, CLIENTS, KNOWN_ALWAYS, false, SAMPLES(peer_timeout), NULL },
	{ "accept_queue_depth", "Connections in the accept queue at each entry, the entering one included.", HISTOGRAM, SERVERS, KNOWN_ALWAYS, true, SAMPLES(depth), &counts },
	{ "accept_queue_length", "Connections in the accept queue now; of several queues, in the deepest.", GAUGE, SERVERS, KNOWN_ALWAYS, true, SAMPLES(queue), NULL },
	{ "accept_queue_max", "Most connections in the accept queue since tracing began.", GAUGE, SERVERS, KNOWN_ALWAYS, true, SAMPLES(queue_max), NULL },
	{ "accept_queue_limit", "Real limit of the accept queue, which lets one more connection in.", GAUGE, SERVERS, KNOWN_ALWAYS, true, SAMPLES(limit), NULL },
	{ "listen_backlog_requested", "Argument of listen(2).", GAUGE, SERVERS, KNOWN_ALWAYS, true, SAMPLES(asked), NULL },
	{ "accept_queue_overflows", "SYNs and final ACKs refused because the accept queue was full.", COUNTER, SERVERS, KNOWN_OVERFLOWS, true, SAMPLES(overflows), NULL },
	{ "accept_queue_syn_drops", "Of the overflows, those on SYN.", COUNTER, SERVERS, KNOWN_OVERFLOWS, true, SAMPLES(syn_drops), NULL },
	{ "accepted", "Connections that accept() took out of the queue.", COUNTER, SERVERS, KNOWN_ACCEPTS, true, SAMPLES(accepted), NULL },
	{ "accept_wait_seconds", "From entry into the accept queue until accept() took the connection out.", HISTOGRAM_US, SERVERS, KNOWN_ACCEPTS, true, SAMPLES(wait), &short_times },
};
/* clang-format on */

struct writer {
	FILE *out;
	enum prom_format format;
};

/* ---- lines ---- */

/* What OpenMetrics calls a family has no _total. */
static void write_head(const struct writer *writer, const char *name, enum kind kind,
		       const char *help)
{
	const char *total = kind == COUNTER && writer->format == PROM_TEXT ? "_total" : "";

	fprintf(writer->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, total, help, name, total,
		kind_names[kind]);
}

static void write_us(FILE *out, __u64 us)
{
	fprintf(out, "%llu.%06llu", us / MICRO, us % MICRO);
}

/* NAME and its labels; EXTRA and LE may be NULL. */
static void write_name(FILE *out, const struct family *family, const char *suffix,
		       const struct prom_series *series, const char *extra, const char *le)
{
	fprintf(out, "connscope_%s%s{%s%s%s", family->name, suffix,
		family->listener ? series->listener_labels : series->labels, extra ? "," : "",
		extra ? extra : "");
	if (le)
		fprintf(out, ",le=\"%s\"", le);
	fputs("} ", out);
}

static char *format_bound(enum kind kind, __u8 octave, char *buf, size_t len)
{
	__u64 end = 1ULL << octave;

	if (kind == HISTOGRAM)
		snprintf(buf, len, "%llu.0", end - 1);
	else
		snprintf(buf, len, "%llu.%06llu", end / MICRO, end % MICRO);
	return buf;
}

static void write_histogram(FILE *out, const struct family *family,
			    const struct prom_series *series, const struct sample *sample)
{
	const struct dist *dist = &series->max.dists[sample->index];
	__u64 count = 0;
	__u32 slot = 0;
	char bound[32];

	for (size_t i = 0; i < family->bounds->count; i++) {
		__u8 octave = family->bounds->octaves[i];
		__u32 end = hist_slot(1ULL << octave);

		while (slot < end)
			count += dist__slot(dist, slot++);
		write_name(out, family, "_bucket", series, sample->labels,
			   format_bound(family->kind, octave, bound, sizeof(bound)));
		fprintf(out, "%llu\n", count);
	}
	write_name(out, family, "_bucket", series, sample->labels, "+Inf");
	fprintf(out, "%llu\n", dist->count);
	write_name(out, family, "_count", series, sample->labels, NULL);
	fprintf(out, "%llu\n", dist->count);
	write_name(out, family, "_sum", series, sample->labels, NULL);
	if (family->kind == HISTOGRAM_US)
		write_us(out, dist->sum);
	else
		fprintf(out, "%llu", dist->sum);
	fputc('\n', out);
}

static void write_level(FILE *out, const struct family *family, const struct prom_series *series,
			const struct sample *sample)
{
	__s64 level = series->gauges[sample->index];

	if (level == PROM_UNKNOWN)
		return;
	write_name(out, family, "", series, sample->labels, NULL);
	if (family->kind == GAUGE_US)
		write_us(out, (__u64)level);
	else
		fprintf(out, "%lld", level);
	fputc('\n', out);
}

static void write_sample(FILE *out, const struct family *family, const struct prom_series *series,
			 const struct sample *sample)
{
	switch (family->kind) {
	case COUNTER:
		write_name(out, family, "_total", series, sample->labels, NULL);
		fprintf(out, "%llu\n", series->max.counters[sample->index]);
		break;
	case GAUGE:
	case GAUGE_US:
		write_level(out, family, series, sample);
		break;
	default:
		write_histogram(out, family, series, sample);
	}
}

static bool has_sample(const struct prom_series *series, const struct sample *sample)
{
	bool known = series->known & KNOWN_EXCHANGES;

	return sample->turns == ANYHOW || known == (sample->turns == WITH_TURNS);
}

static void write_family(const struct writer *writer, const struct prom *prom,
			 const struct family *family)
{
	const struct prom_series *series;
	char name[64];

	snprintf(name, sizeof(name), "connscope_%s", family->name);
	write_head(writer, name, family->kind, family->help);
	for (size_t i = 0; (series = prom__series(prom, i)); i++) {
		if (!(family->roles & (1U << series->role)) ||
		    (family->known & series->known) != family->known)
			continue;
		for (size_t k = 0; k < family->sample_count; k++) {
			if (has_sample(series, &family->samples[k]))
				write_sample(writer->out, family, series, &family->samples[k]);
		}
	}
}

/* ---- the account, and this process ---- */

static void write_one(const struct writer *writer, const char *name, enum kind kind,
		      const char *help, __u64 value)
{
	write_head(writer, name, kind, help);
	fprintf(writer->out, "%s%s ", name, kind == COUNTER ? "_total" : "");
	if (kind == GAUGE_US)
		write_us(writer->out, value);
	else
		fprintf(writer->out, "%llu", value);
	fputc('\n', writer->out);
}

static void write_losses(const struct writer *writer, const struct account *account)
{
	static const struct {
		enum loss loss;
		const char *name;
	} full[] = {
		{ LOSS_CONN_MAP, "conns" },
		{ LOSS_LISTENER_MAP, "listeners" },
		{ LOSS_GROUP_MAP, "groups" },
	};
	FILE *out = writer->out;

	write_head(writer, "connscope_events_lost", COUNTER,
		   "Records that the ring buffer had no room for.");
	fprintf(out,
		"connscope_events_lost_total{kind=\"connection\"} %llu\n"
		"connscope_events_lost_total{kind=\"listener\"} %llu\n",
		account->losses[LOSS_CONN_EVENT], account->losses[LOSS_LISTENER_EVENT]);
	write_head(writer, "connscope_map_full", COUNTER,
		   "What a table had no room for: conns and listeners are not tracked, groups have "
		   "no idle gaps and response times, endpoints count in other.");
	for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++)
		fprintf(out, "connscope_map_full_total{map=\"%s\"} %llu\n", full[i].name,
			account->losses[full[i].loss]);
	fprintf(out, "connscope_map_full_total{map=\"endpoints\"} %llu\n", account->folded);
}

static void write_account(const struct writer *writer, const struct prom *prom)
{
	const struct account *account = prom__account(prom);

	write_losses(writer, account);
	write_one(writer, "connscope_connections_tracked", COUNTER,
		  "Connections seen, partial ones and failed attempts included.", account->tracked);
	write_one(writer, "connscope_connections_partial", GAUGE,
		  "Connections seen that were open before tracing began.", account->partial);
	write_one(writer, "connscope_connections_unowned", GAUGE,
		  "Connections seen whose owner is not known.", account->no_owner);
	write_one(writer, "connscope_series_folded", GAUGE,
		  "Label sets beyond --max-series, which are summed in other.", prom__folded(prom));
	write_head(writer, "connscope_build_info", GAUGE, "What runs, and on what.");
	fprintf(writer->out,
		"connscope_build_info{version=\"%s\",kernel=\"%s\",backend=\"%s\"} 1\n",
		CONNSCOPE_VERSION, account->kernel, account->backend);
}

static void write_programs(const struct writer *writer, const struct prom_self *self)
{
	const struct program_stats *programs = self->programs;
	FILE *out = writer->out;

	write_head(writer, "connscope_probe_missed", COUNTER,
		   "Runs of a BPF program that the kernel left out.");
	for (size_t i = 0; i < self->program_count; i++) {
		if (programs[i].missed >= 0)
			fprintf(out, "connscope_probe_missed_total{probe=\"%s\"} %lld\n",
				programs[i].name, programs[i].missed);
	}
	if (!self->runs_counted)
		return;
	write_head(writer, "connscope_bpf_runs", COUNTER, "Runs of a BPF program.");
	for (size_t i = 0; i < self->program_count; i++)
		fprintf(out, "connscope_bpf_runs_total{prog=\"%s\"} %llu\n", programs[i].name,
			programs[i].runs);
	write_head(writer, "connscope_bpf_run_seconds", COUNTER, "Time in a BPF program.");
	for (size_t i = 0; i < self->program_count; i++)
		fprintf(out, "connscope_bpf_run_seconds_total{prog=\"%s\"} %llu.%09llu\n",
			programs[i].name, programs[i].run_ns / 1000000000,
			programs[i].run_ns % 1000000000);
}

static void write_self(const struct writer *writer, const struct prom_self *self)
{
	write_programs(writer, self);
	write_one(writer, "connscope_snapshot_duration_seconds", GAUGE_US,
		  "Time that reading these numbers took.", self->snapshot_us);
	write_head(writer, "process_cpu_seconds", COUNTER, "Own CPU time, BPF programs left out.");
	fputs("process_cpu_seconds_total ", writer->out);
	write_us(writer->out, self->cpu_us);
	fputc('\n', writer->out);
	write_one(writer, "process_resident_memory_bytes", GAUGE, "Own resident memory.",
		  self->resident_bytes);
	write_one(writer, "process_start_time_seconds", GAUGE_US,
		  "When this process started, since the epoch.", self->started_ms * 1000);
}

int prom__write(const struct prom *prom, const struct prom_self *self, enum prom_format format,
		FILE *out)
{
	const struct writer writer = { .out = out, .format = format };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		write_family(&writer, prom, &families[i]);
	write_account(&writer, prom);
	write_self(&writer, self);
	if (format == OPENMETRICS)
		fputs("# EOF\n", out);
	return ferror(out) ? -EIO : 0;
}

const char *prom_content_type(enum prom_format format)
{
	return format == OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
				     : "text/plain; version=0.0.4; charset=utf-8";
}
