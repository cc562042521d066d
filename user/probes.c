/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel offers: for each feature the ways to attach, best first, and the one chosen. */
#include "probes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "preemption.h"

#define ENOTSUPP 524 /* the kernel's own, include/linux/errno.h */

/* Only ways whose tier allows are looked at, in this order; the last of a feature may be inferred.
 */
#define WAY(name, backend, how, ...)                                                               \
	{                                                                                          \
		.feature = FEATURE_##name, .tier = BACKEND_##backend,                              \
		.mechanism = MECHANISM_##how, __VA_ARGS__                                          \
	}

static const struct probe_way ways[] = {
	WAY(STATE, TRACEPOINT, TP_BTF,
	    .programs = { { "on_state_first", "inet_sock_set_state", 0 },
			  { "on_state_again", "inet_sock_set_state", 0 } },
	    .needed = true, .preemption = true),
	WAY(STATE, TRACEPOINT, TP_BTF, .programs = { { "on_state", "inet_sock_set_state", 0 } },
	    .needed = true),
	WAY(DESTROY, TRACEPOINT, TP_BTF, .programs = { { "on_destroy", "tcp_destroy_sock", 0 } },
	    .needed = true),
	WAY(RESET, TRACEPOINT, TP_BTF,
	    .programs = { { "on_reset_received", "tcp_receive_reset", 0 } }, .needed = true,
	    .quiet = true),
	/* With a reason, since 6.10, it also speaks of TIME_WAIT sockets. */
	WAY(RACE, TRACEPOINT, TP_BTF, .programs = { { "reset_sent_tp", "tcp_send_reset", 3 } },
	    .quiet = true),
	WAY(RACE, FENTRY, FENTRY,
	    .programs = { { "reset_sent4_fentry", "tcp_v4_send_reset", 0 },
			  { "reset_sent6_fentry", "tcp_v6_send_reset", 0 } },
	    .quiet = true),
	WAY(RACE, KPROBE, KPROBE,
	    .programs = { { "reset_sent4_kprobe", "tcp_v4_send_reset", 0 },
			  { "reset_sent6_kprobe", "tcp_v6_send_reset", 0 } },
	    .quiet = true),
	WAY(RACE, TRACEPOINT, TP_BTF, .programs = { { "reset_sent_tp", "tcp_send_reset", 0 } },
	    .quiet = true, .reason = "of servers: not once the FIN was acknowledged"),
	WAY(RECEIVE, TRACEPOINT, TP_BTF,
	    .programs = { { "on_received", "tcp_rcv_space_adjust", 0 } }, .needed = true),

	WAY(SEND, FENTRY, FENTRY, .programs = { { "sent_fentry", "tcp_push", 0 } }),
	WAY(SEND, KPROBE, KPROBE, .programs = { { "sent_kprobe", "tcp_push", 0 } }),
	WAY(SEND, TRACEPOINT, TP_BTF, .programs = { { "sent_tp", "sock_send_length", 0 } }),
	WAY(SEND, TRACEPOINT, INFERRED,
	    .reason = "no tracepoint at send: exchanges are exact, their times are not known"),

	WAY(CONNECT, TRACEPOINT, INFERRED, .reason = "from the state change to SYN_SENT"),

	WAY(NO_ROUTE, FENTRY, FEXIT,
	    .programs = { { "no_route4_fexit", "tcp_v4_connect", 3 },
			  { "no_route6_fexit", "tcp_v6_connect", 3 } }),
	WAY(NO_ROUTE, KPROBE, KPROBE,
	    .programs = { { "no_route4_kprobe", "tcp_v4_connect", 0 },
			  { "no_route4_kretprobe", "tcp_v4_connect", 0 },
			  { "no_route6_kprobe", "tcp_v6_connect", 0 },
			  { "no_route6_kretprobe", "tcp_v6_connect", 0 } }),
	/* Both are in use already where ACCEPT and LISTEN have nothing better. */
	WAY(NO_ROUTE, TRACEPOINT, TRACEPOINT,
	    .programs = { { "connect_exit_tp", "sys_exit_connect", 0 },
			  { "connect_enter_tp", "sys_enter_connect", 0 } },
	    .reason = "connect by io_uring without a route is not counted"),
	WAY(NO_ROUTE, TRACEPOINT, OFF, .reason = "connect(2) without a route is not counted"),

	WAY(ACCEPT, FENTRY, FENTRY, .programs = { { "graft_fentry", "security_sock_graft", 0 } }),
	WAY(ACCEPT, FENTRY, FEXIT,
	    .programs = { { "accept_fexit2", "inet_csk_accept", 2 },
			  { "accept_fexit4", "inet_csk_accept", 4 } },
	    .reason = "accept() calls that blocked before tracing began have no accept wait"),
	WAY(ACCEPT, KPROBE, KPROBE, .programs = { { "graft_kprobe", "security_sock_graft", 0 } }),
	WAY(ACCEPT, TRACEPOINT, TRACEPOINT,
	    .programs = { { "accept4_tp", "sys_exit_accept4", 0 },
			  { "accept_tp", "sys_exit_accept", 0 } },
	    .reason = "accept by io_uring has no accept wait"),
	WAY(ACCEPT, TRACEPOINT, INFERRED,
	    .reason = "no hook at accept: owner from the first payload, accept wait not known"),

	WAY(LISTEN, FENTRY, FENTRY, .programs = { { "listen_fentry", "__sys_listen", 0 } }),
	WAY(LISTEN, KPROBE, KPROBE, .programs = { { "listen_kprobe", "__sys_listen", 0 } }),
	WAY(LISTEN, TRACEPOINT, TRACEPOINT, .programs = { { "listen_tp", "sys_enter_listen", 0 } }),

	WAY(OVERFLOW, FENTRY, FENTRY,
	    .programs = { { "syn_fentry", "tcp_conn_request", 0 },
			  { "final_ack4_fentry", "tcp_v4_syn_recv_sock", 0 },
			  { "final_ack6_fentry", "tcp_v6_syn_recv_sock", 0 } }),
	WAY(OVERFLOW, KPROBE, KPROBE,
	    .programs = { { "syn_kprobe", "tcp_conn_request", 0 },
			  { "final_ack4_kprobe", "tcp_v4_syn_recv_sock", 0 },
			  { "final_ack6_kprobe", "tcp_v6_syn_recv_sock", 0 } }),
	WAY(OVERFLOW, TRACEPOINT, TP_BTF, .programs = { { "freed_tp", "kfree_skb", 4 } },
	    .quiet = true, .reason = "with sk_drops: SYNs dropped for want of memory count too"),
	WAY(OVERFLOW, TRACEPOINT, OFF,
	    .reason = "kfree_skb does not name the listener, sk_drops counts other drops too"),

	WAY(CLOSE, TRACEPOINT, INFERRED, .reason = "from the state change and sk_shutdown"),

	WAY(TIME_WAIT, FENTRY, FENTRY, .programs = { { "time_wait_fentry", "tcp_time_wait", 0 } }),
	WAY(TIME_WAIT, KPROBE, KPROBE, .programs = { { "time_wait_kprobe", "tcp_time_wait", 0 } }),
	WAY(TIME_WAIT, TRACEPOINT, INFERRED, .reason = "from FIN_WAIT2 or CLOSING to CLOSE"),

	WAY(SEED, TRACEPOINT, ITER, .programs = { { "seed_file", "task_file", 0 } }, .needed = true,
	    .quiet = true),
	WAY(SNAPSHOT, TRACEPOINT, ITER,
	    .programs = { { "snapshot_conns", "bpf_map_elem", 0 },
			  { "snapshot_listeners", "bpf_map_elem", 0 } },
	    .needed = true, .quiet = true),
};

/* What looking for a hook has found; of a function the number of its arguments is added. */
enum found { NOT_LOOKED, NOT_FOUND, FOUND };

#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Every kernel's trampolines on x86 take so many. */
#define TRAMPOLINE_ARGS 6

/* How many arguments a function has, or -1: there is none of that NAME, or with other than ARGS. */
static int btf_function_args(const struct btf *btf, const char *name, int args)
{
	const struct btf_type *type;
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);

	if (id < 0)
		return -1;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	return !args || btf_vlen(type) == args ? btf_vlen(type) : -1;
}

/* btf_trace_NAME is a typedef of a pointer to a function that takes void * before the arguments. */
static bool btf_has_tracepoint(const struct btf *btf, const char *name, int args)
{
	const struct btf_type *type;
	char symbol[80];
	int id;

	snprintf(symbol, sizeof(symbol), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, symbol, BTF_KIND_TYPEDEF);
	if (id < 0)
		return false;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	type = btf__type_by_id(btf, type->type);
	return !args || btf_vlen(type) == args + 1;
}

static bool btf_has_iter(const struct btf *btf, const char *name)
{
	char symbol[80];

	snprintf(symbol, sizeof(symbol), "bpf_iter_%s", name);
	return btf_function_args(btf, symbol, 0) >= 0;
}

static int look_for_hook(const struct probes *probes, const struct probe_way *way, int i)
{
	const char *hook = way->programs[i].hook;
	bool has = true; /* or attaching tells */
	int args = 0;

	switch (way->mechanism) {
	case MECHANISM_FENTRY:
	case MECHANISM_FEXIT:
		args = btf_function_args(probes->btf, hook, way->programs[i].args);
		has = args >= 0;
		break;
	case MECHANISM_TP_BTF:
		has = btf_has_tracepoint(probes->btf, hook, way->programs[i].args);
		break;
	case MECHANISM_ITER:
		has = btf_has_iter(probes->btf, hook);
		break;
	default:
		break;
	}
	return has ? FOUND + args : NOT_FOUND;
}

static int find_hook(const struct probes *probes, const struct probe_way *way, int i)
{
	__u8 *found = &probes->found[(way - ways) * WAY_PROGRAMS + i];

	if (!way->programs[i].hook)
		return NOT_FOUND;
	if (*found == NOT_LOOKED)
		*found = look_for_hook(probes, way, i);
	return *found;
}

bool probes__has_hook(const struct probes *probes, const struct probe_way *way, int i)
{
	return find_hook(probes, way, i) >= FOUND;
}

static const struct bpf_insn return_zero[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* Whether a trampoline can be laid on FUNCTION: tried with two instructions, because a kernel may
 * load such a program and then refuse to attach it (arm64 before 6.4; x86 before 6.6, to functions
 * with more than six arguments), or refuse to load it (locked-down kernels). 0 or -errno. */
static int try_trampoline(const struct btf *btf, const char *function)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	int prog, link, err;

	if (id < 0)
		return -ENOENT;
	opts.attach_btf_id = id;
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "connscope_try", "GPL", return_zero, 2, &opts);
	if (prog < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(NULL, prog);
	err = link < 0 ? -errno : 0;
	close(prog);
	if (link >= 0)
		close(link);
	return err;
}

static bool kprobe_works(void)
{
	return !access("/sys/bus/event_source/devices/kprobe/type", R_OK);
}

static const char *tier_name(enum backend tier)
{
	return tier == BACKEND_FENTRY ? "fentry" : tier == BACKEND_KPROBE ? "kprobe" : "tracepoint";
}

static bool tier_allowed(const struct probes *probes, enum backend tier)
{
	if (probes->backend != BACKEND_AUTO && tier < probes->backend)
		return false;
	if (tier == BACKEND_FENTRY)
		return probes->has_fentry;
	return tier != BACKEND_KPROBE || probes->has_kprobe;
}

/* It is a hook at send or receive, or infers from them. */
static bool needs_turns(const struct probes *probes, const struct probe_way *way)
{
	return probes->no_turns &&
	       (way->feature == FEATURE_SEND || way->feature == FEATURE_RECEIVE ||
		(way->feature == FEATURE_ACCEPT && way->mechanism == MECHANISM_INFERRED));
}

static bool way_usable(const struct probes *probes, const struct probe_way *way)
{
	if (needs_turns(probes, way) || (way->preemption && !probes->has_preemption))
		return false;
	if (probes->bad[way - ways] || !tier_allowed(probes, way->tier))
		return false;
	if (!way->programs[0].hook)
		return true;
	for (int i = 0; i < WAY_PROGRAMS; i++)
		if (probes__has_hook(probes, way, i))
			return true;
	return false;
}

static void describe(const struct probes *probes, const struct probe_way *way,
		     struct feature_state *state)
{
	size_t used = 0;

	state->mechanism = way ? way->mechanism : MECHANISM_OFF;
	state->hook[0] = '\0';
	for (int i = 0; way && i < WAY_PROGRAMS; i++) {
		if (!probes__has_hook(probes, way, i) ||
		    (used && !strcmp(way->programs[i].hook, way->programs[i - 1].hook)))
			continue; /* named already */
		used += snprintf(state->hook + used, sizeof(state->hook) - used, "%s%s",
				 used ? " " : "", way->programs[i].hook);
		if (used >= sizeof(state->hook))
			break;
	}
	if (way && way->reason)
		snprintf(state->reason, sizeof(state->reason), "%s", way->reason);
}

static void choose(struct probes *probes)
{
	memset(probes->chosen, 0, sizeof(probes->chosen));
	for (size_t i = 0; i < WAYS; i++) {
		const struct probe_way *way = &ways[i];

		if (!probes->chosen[way->feature] && way_usable(probes, way))
			probes->chosen[way->feature] = way;
	}
	for (int f = 0; f < FEATURE_MAX; f++)
		describe(probes, probes->chosen[f], &probes->states[f]);
	for (size_t i = 0; i < WAYS; i++) {
		if (needs_turns(probes, &ways[i]) && !probes->chosen[ways[i].feature])
			snprintf(probes->states[ways[i].feature].reason,
				 sizeof(probes->states[0].reason), "%s", NO_TURNS_REASON);
	}
}

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	log_raw(fmt, args);
	return 0;
}

/* Whether we may load a tracing program at all: asked with the simplest there is. */
static int check_permission(void)
{
	int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "connscope_try", "GPL", return_zero,
				 2, NULL);
	int err = -errno;

	if (prog >= 0) {
		close(prog);
		return 0;
	}
	if (err != -EPERM && err != -EACCES)
		return log_err(err, "this kernel does not take BPF tracing programs");
	if (geteuid())
		return log_err(err, "tracing needs root, or CAP_BPF and CAP_PERFMON: try sudo");
	return log_err(err, "the kernel refuses BPF even to root (lockdown, or a container "
			    "without CAP_BPF and CAP_PERFMON)");
}

static int check_backend(const struct probes *probes)
{
	bool has = probes->backend == BACKEND_FENTRY ? probes->has_fentry : probes->has_kprobe;

	if (probes->backend == BACKEND_AUTO || probes->backend == BACKEND_TRACEPOINT || has)
		return 0;
	return log_err(-EOPNOTSUPP,
		       "this kernel refuses %s: leave --backend out, or see "
		       "connscope check",
		       tier_name(probes->backend));
}

/* The first hook of WAY that is known not to attach, or NULL. */
static const char *untraceable(const struct probes *probes, const struct probe_way *way,
			       int *ret_err)
{
	for (int i = 0; way && i < WAY_PROGRAMS; i++) {
		if (find_hook(probes, way, i) <= FOUND + TRAMPOLINE_ARGS)
			continue;
		*ret_err = try_trampoline(probes->btf, way->programs[i].hook);
		return *ret_err ? way->programs[i].hook : NULL; /* as one, so the others */
	}
	return NULL;
}

/* Before everything is loaded for it in vain. */
static void demote_untraceable(struct probes *probes)
{
	for (int f = 0; f < FEATURE_MAX; f++) {
		const char *hook;
		int err;

		while ((hook = untraceable(probes, probes->chosen[f], &err)))
			probes__demote_unattached(probes, probes->chosen[f], hook, err);
	}
}

int probes__init(struct probes *probes, const struct options *options)
{
	int err;

	memset(probes, 0, sizeof(*probes));
	libbpf_set_print(print_libbpf);
	err = check_permission();
	if (err)
		return err;
	probes->backend = options->backend;
	probes->no_turns = options->no_turns;
	probes->btf = btf__load_vmlinux_btf();
	if (!probes->btf) {
		log_err(-errno, "no type information of this kernel in /sys/kernel/btf/vmlinux: "
				"it must be built with CONFIG_DEBUG_INFO_BTF");
		return -EOPNOTSUPP;
	}
	probes->bad = calloc(WAYS, sizeof(*probes->bad));
	probes->found = calloc(WAYS * WAY_PROGRAMS, sizeof(*probes->found));
	if (!probes->bad || !probes->found)
		return log_err(-ENOMEM, "cannot start");
	probes->has_fentry = !try_trampoline(probes->btf, "tcp_connect");
	probes->has_kprobe = kprobe_works();
	probes->has_preemption = preemption_here();
	choose(probes);
	demote_untraceable(probes);
	return check_backend(probes);
}

void probes__settle(struct probes *probes)
{
	btf__free(probes->btf);
	probes->btf = NULL;
}

void probes__done(struct probes *probes)
{
	probes__settle(probes);
	free(probes->bad);
	free(probes->found);
	probes->bad = NULL;
	probes->found = NULL;
}

void probes__demote(struct probes *probes, const struct probe_way *way, const char *reason)
{
	struct feature_state *state = &probes->states[way->feature];

	probes->bad[way - ways] = true;
	snprintf(state->reason, sizeof(state->reason), "no %s: %s", tier_name(way->tier), reason);
	choose(probes);
}

void probes__demote_unattached(struct probes *probes, const struct probe_way *way, const char *hook,
			       int err)
{
	char reason[96];

	snprintf(reason, sizeof(reason), "cannot attach %s: %s", hook,
		 err == -ENOTSUPP ? "not supported" : strerror(-err));
	log_debug("%s", reason);
	probes__demote(probes, way, reason);
}

int probes__missing(const struct probes *probes)
{
	for (size_t i = 0; i < WAYS; i++)
		if (ways[i].needed && !needs_turns(probes, &ways[i]) &&
		    !probes->chosen[ways[i].feature])
			return ways[i].feature;
	return -1;
}

const char *probes__backend_name(const struct probes *probes)
{
	enum backend best = BACKEND_TRACEPOINT;

	for (int f = 0; f < FEATURE_MAX; f++)
		if (probes->chosen[f] && probes->chosen[f]->tier < best)
			best = probes->chosen[f]->tier;
	return tier_name(best);
}
