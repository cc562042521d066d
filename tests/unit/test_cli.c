/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what ends up in the options, and that a mistake is one line and exit status 2.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "aggregate.h"
#include "cli.h"
#include "conn_state.h"

#define ARGS_MAX 24

/* Splits LINE at blanks; the words live in BUF. */
static int split(const char *line, char *buf, size_t len, char **argv)
{
	int argc = 0;
	char *rest;

	snprintf(buf, len, "connscope %s", line);
	for (char *word = strtok_r(buf, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(argc < ARGS_MAX - 1);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

static char words[1024];
static char *args[ARGS_MAX];

static struct options parse(const char *line)
{
	struct options options;

	cli_parse(split(line, words, sizeof(words), args), args, &options);
	return options;
}

struct outcome {
	int status;
	char out[8192];
	char err[2048];
};

static void slurp(FILE *file, char *buf, size_t len)
{
	size_t got;

	rewind(file);
	got = fread(buf, 1, len - 1, file);
	buf[got] = '\0';
	fclose(file);
}

/* In a child, because a refusal ends the process. */
static struct outcome run(int argc, char **argv)
{
	FILE *out = tmpfile(), *err = tmpfile();
	struct outcome outcome;
	struct options options;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		cli_parse(argc, argv, &options);
		fflush(NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	outcome.status = WEXITSTATUS(status);
	slurp(out, outcome.out, sizeof(outcome.out));
	slurp(err, outcome.err, sizeof(outcome.err));
	return outcome;
}

static struct outcome run_line(const char *line)
{
	return run(split(line, words, sizeof(words), args), args);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void bare_is_all(void **state)
{
	struct options options = parse("");

	(void)state;
	assert_string_equal(options.view, "all");
	assert_int_equal(options.interval_ms, 0);
	assert_int_equal(options.count, 0);
	assert_int_equal(options.duration_ms, 0);
	assert_int_equal(options.by, 0);
	assert_int_equal(options.backend, BACKEND_AUTO);
	assert_int_equal(options.ring_kib, 4096);
	assert_true(options.max_conns > 0);
	assert_true(options.max_endpoints > 0);
	assert_null(options.command);
	assert_null(options.sort);
	assert_false(options.json);
}

static void positionals(void **state)
{
	static const struct {
		const char *line, *view;
		__u64 interval_ms, count;
	} cases[] = {
		{ "reuse", "reuse", 0, 0 },
		{ "1 5", "all", 1000, 5 },
		{ "accept 0.5", "accept", 500, 0 },
		{ "close 2 3", "close", 2000, 3 },
		{ "reuse -j 1 -w 2", "reuse", 1000, 2 },
		{ "-j check", "check", 0, 0 },
		{ "top 0.5", "top", 500, 0 },
		{ "all", "all", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct options options = parse(cases[i].line);

		assert_string_equal(options.view, cases[i].view);
		assert_int_equal(options.interval_ms, cases[i].interval_ms);
		assert_int_equal(options.count, cases[i].count);
	}
}

static void command_is_left_alone(void **state)
{
	struct options options = parse("close -j -- ls --json -p nonsense -- x");

	(void)state;
	assert_string_equal(options.view, "close");
	assert_string_equal(options.command[0], "ls");
	assert_string_equal(options.command[1], "--json");
	assert_string_equal(options.command[5], "x");
	assert_null(options.command[6]);
	assert_int_equal(options.filter.knobs.pid_count, 0);
}

static void command_without_a_view(void **state)
{
	struct options options = parse("-- reuse");

	(void)state;
	assert_string_equal(options.view, "all");
	assert_string_equal(options.command[0], "reuse");
}

static void flags(void **state)
{
	struct options options = parse("-j -w -T -v --no-header --strict -4");

	(void)state;
	assert_true(options.json);
	assert_true(options.wide);
	assert_true(options.time);
	assert_true(options.verbose);
	assert_true(options.no_header);
	assert_true(options.strict);
	assert_int_equal(options.filter.knobs.family, AF_INET);
	assert_true(parse("trace --no-turns").no_turns);
	assert_false(parse("").no_turns);
	assert_true(parse("--csv").csv);
	assert_true(parse("accept --hist").hist);
	assert_int_equal(parse("-6").filter.knobs.family, AF_INET6);
}

static void values(void **state)
{
	struct options options = parse("-d 0.5 -s opened -r 7 -o out --names file --backend kprobe "
				       "--max-conns 10 --max-endpoints 20 --ring-size 64 "
				       "--role server --by comm,netns");

	(void)state;
	assert_int_equal(options.duration_ms, 500);
	assert_string_equal(options.sort, "opened");
	assert_int_equal(options.rows, 7);
	assert_string_equal(options.output_file, "out");
	assert_string_equal(options.names_file, "file");
	assert_int_equal(options.backend, BACKEND_KPROBE);
	assert_int_equal(options.max_conns, 10);
	assert_int_equal(options.max_endpoints, 20);
	assert_int_equal(options.ring_kib, 64);
	assert_int_equal(options.filter.knobs.role, ROLE_SERVER);
	assert_int_equal(options.by, BY_COMM | BY_NETNS);
	assert_string_equal(parse("--html page").html_file, "page");
}

/* A rule is about one endpoint, whatever else tells rows apart. */
static void doctor_keeps_endpoints_apart(void **state)
{
	(void)state;
	assert_int_equal(parse("doctor --by comm").by, BY_ENDPOINT | BY_COMM);
	assert_int_equal(parse("doctor").by, 0);
	assert_int_equal(parse("reuse --by comm").by, BY_COMM);
}

static void values_of_serve(void **state)
{
	static const __u8 loopback4[CONN_ADDR_LEN] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	static const __u8 loopback6[CONN_ADDR_LEN] = { [15] = 1 };
	struct options options = parse("serve");

	(void)state;
	assert_memory_equal(options.listen_addr, loopback4, sizeof(loopback4));
	assert_int_equal(options.listen_port, 10310);
	assert_int_equal(options.max_series, 100);
	assert_false(options.label_pid || options.bpf_stats);
	options = parse("serve --web.listen-address [::1]:0 --max-series 7 --label-pid --bpf-stats "
			"-P 80 --by comm --names file -d 3 --max-conns 5");
	assert_memory_equal(options.listen_addr, loopback6, sizeof(loopback6));
	assert_int_equal(options.listen_port, 0);
	assert_int_equal(options.max_series, 7);
	assert_true(options.label_pid && options.bpf_stats);
}

static void lists_add_up(void **state)
{
	struct options options = parse("-p 1,2 --pid=3 -P 80 --port 443 -L 1 -D 2,3 "
				       "-n nginx,cu* -a 10.0.0.0/8,::1 --netns 4026531840 "
				       "--container abc,def");
	const struct filter *filter = &options.filter;

	(void)state;
	assert_int_equal(filter->knobs.pid_count, 3);
	assert_int_equal(filter->knobs.pids[2], 3);
	assert_int_equal(filter->knobs.port_count, 2);
	assert_int_equal(filter->knobs.ports[1], 443);
	assert_int_equal(filter->knobs.local_port_count, 1);
	assert_int_equal(filter->knobs.remote_port_count, 2);
	assert_int_equal(filter->knobs.net_count, 2);
	assert_int_equal(filter->knobs.netns[0], 4026531840U);
	assert_int_equal(filter->comm_count, 2);
	assert_string_equal(filter->comms[1], "cu*");
	assert_int_equal(filter->container_count, 2);
	assert_string_equal(filter->containers[0], "abc");
}

static void picked_connections(void **state)
{
	struct conn_pick pick = parse("conns --state open,queued --state=failed --in-flight "
				      "--initiator timeout,local-rst --min-idle 1.5")
					.pick;

	(void)state;
	assert_true(pick.states >> TCP_ESTABLISHED & 1);
	assert_true(pick.states >> TCP_CLOSE_WAIT & 1);
	assert_false(pick.states >> TCP_CLOSE & 1);
	assert_true(pick.states >> STATE_FAILED & 1);
	assert_false(states_of_word("open") >> STATE_FAILED & 1);
	assert_int_equal(states_of_word("close-wait"), 1 << TCP_CLOSE_WAIT);
	assert_int_equal(pick.initiators, 1 << INITIATOR_TIMEOUT | 1 << INITIATOR_LOCAL_RST);
	assert_true(pick.in_flight);
	assert_int_equal(pick.min_idle_ms, 1500);
	assert_false(conn_pick__is_any(&pick));
	pick = parse("conns").pick;
	assert_true(conn_pick__is_any(&pick));
}

static void long_name_is_cut_as_the_kernel_does(void **state)
{
	struct options options = parse("-n a-very-long-process-name,a-very-long-process-*");

	(void)state;
	assert_string_equal(options.filter.comms[0], "a-very-long-pro");
	assert_string_equal(options.filter.comms[1], "a-very-long-process-*");
}

static void netns_by_path_and_process(void **state)
{
	struct options by_path = parse("--netns /proc/self/ns/net");
	char line[64];
	struct stat st;

	(void)state;
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	assert_int_equal(by_path.filter.knobs.netns[0], st.st_ino);
	snprintf(line, sizeof(line), "--netns pid:%d", getpid());
	assert_int_equal(parse(line).filter.knobs.netns[0], st.st_ino);
}

static void single_events(void **state)
{
	(void)state;
	assert_true(parse("trace -P 443").exchanges);
	assert_false(parse("conns").exchanges);
}

static void environment(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	setenv("COLUMNS", "132", 1);
	assert_false(parse("").no_colour);
	assert_int_equal(parse("").width, 132);
	setenv("NO_COLOR", "1", 1);
	setenv("COLUMNS", "wide", 1);
	assert_true(parse("").no_colour);
	assert_int_equal(parse("").width, 0);
	setenv("NO_COLOR", "", 1);
	unsetenv("COLUMNS");
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_true(parse("").utf8);
	setenv("LC_ALL", "C", 1);
	assert_false(parse("").utf8);
	assert_false(parse("").no_colour);
}

static void recordings(void **state)
{
	struct options options = parse("record");

	(void)state;
	assert_string_equal(options.record_file, "connscope.db");
	options = parse("record 5 -d 3 --max-size 2G --keep 90m");
	assert_string_equal(options.record_file, "5");
	assert_int_equal(options.max_size, 2ULL << 30);
	assert_int_equal(options.keep_ms, 90 * 60000);
	assert_null(parse("reuse").record_file);
	options = parse("reuse --from a --since -10m --until 13:45");
	assert_string_equal(options.from_file, "a");
	assert_int_equal(options.since.kind, MOMENT_BEFORE_END);
	assert_int_equal(options.until.kind, MOMENT_CLOCK);
}

/* Verbs, as they are named in messages. */
#define VIEWS	"all, reuse, accept, close, conns"
#define TABLES	VIEWS ", doctor"
#define SORTED	VIEWS ", top"
#define SCREENS VIEWS ", top, doctor"
#define SHOWN	VIEWS ", trace, doctor, check"
#define TRACERS VIEWS ", trace, top, doctor, record, serve"
#define COMMAND VIEWS ", trace, doctor, record"
#define EVERY	VIEWS ", trace, top, doctor, check, record, serve"

static void mistakes(void **state)
{
	static const struct {
		const char *line, *said; /* after "connscope: " */
	} cases[] = {
		{ "nonsense", "nonsense: no such view, accepted: " EVERY },
		{ "-", "-: no such view, accepted: " EVERY },
		{ "--nonsense", "--nonsense: no such option, accepted: see connscope --help" },
		{ "--nonsense=5", "--nonsense=5: no such option, accepted: see connscope --help" },
		{ "--max 5", "--max: no such option, accepted: see connscope --help" },
		{ "-z", "-z: no such option, accepted: see connscope --help" },
		{ "--json -zq", "-z in -zq: no such option, accepted: see connscope --help" },
		{ "--json reuse -wzq",
		  "-z in -wzq: no such option, accepted: see connscope --help" },
		{ "-jz 5", "-z in -jz: no such option, accepted: see connscope --help" },
		{ "-p", "-p: has no value, accepted: --pid PID" },
		{ "-jp", "-jp: has no value, accepted: --pid PID" },
		{ "--pid", "--pid: has no value, accepted: --pid PID" },
		{ "--ring", "--ring: has no value, accepted: --ring-size KIB" },
		{ "--json=3", "--json=3: takes no value, accepted: --json" },
		{ "--", "--: no command, accepted: -- COMMAND [ARG...]" },
		{ "reuse ls",
		  "INTERVAL ls: accepted: seconds from 0.1 to 86400, a command after --" },
		{ "reuse 0",
		  "INTERVAL 0: accepted: seconds from 0.1 to 86400, a command after --" },
		{ "reuse 1 x",
		  "COUNT x: accepted: a number of reports from 1 to 1000000, a command after --" },
		{ "1 2 3", "3: accepted: [VIEW] [INTERVAL [COUNT]], a command after --" },
		{ "-p 0", "--pid 0: accepted: process ids from 1 to 4194304, comma-separated" },
		{ "-p 1,,2",
		  "--pid 1,,2: accepted: process ids from 1 to 4194304, comma-separated" },
		{ "-P http", "--port http: accepted: ports from 1 to 65535, comma-separated" },
		{ "-L 70000",
		  "--localport 70000: accepted: ports from 1 to 65535, comma-separated" },
		{ "-D -1", "--remoteport -1: accepted: ports from 1 to 65535, comma-separated" },
		{ "-P 1,2,3,4,5,6,7,8 -P 1,2,3,4,5,6,7,8,9",
		  "--port 1,2,3,4,5,6,7,8,9: too many, accepted: at most 16 in all" },
		{ "-a 10.0.0.0/33",
		  "--addr 10.0.0.0/33: accepted: an IPv4 or IPv6 address or CIDR, such as "
		  "10.0.0.0/8 or 2001:db8::/32, comma-separated" },
		{ "-a ::,::,::,::,::,::,::,::,::",
		  "--addr ::,::,::,::,::,::,::,::,::: too many, accepted: at most 8 in all" },
		{ "--html -", "--html -: accepted: a file, but not - for stdout" },
		{ "check --html page", "check --html: accepted with: " TABLES },
		{ "--role both", "--role both: accepted: client or server" },
		{ "--backend x", "--backend x: accepted: auto, fentry, kprobe or tracepoint" },
		{ "--by port", "--by port: accepted: endpoint, comm, pid, container, netns, name, "
			       "comma-separated" },
		{ "conns --initiator me",
		  "--initiator me: accepted: local-fin, remote-fin, both-fin, local-rst, "
		  "remote-rst, timeout, abort, unknown, comma-separated" },
		{ "conns --state open,,closed",
		  "--state open,,closed: accepted: open, closed, failed, queued, established, "
		  "syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, close-wait, last-ack, "
		  "closing, comma-separated" },
		{ "check -j --csv", "--json --csv: accepted: one of them" },
		{ "--in-flight", "all --in-flight: accepted with: conns" },
		{ "-d 0", "--duration 0: accepted: seconds, such as 10 or 0.5" },
		{ "-d 1.0005", "--duration 1.0005: accepted: seconds, such as 10 or 0.5" },
		{ "-r 0", "--rows 0: accepted: a number from 1 to 1000000" },
		{ "--ring-size 100",
		  "--ring-size 100: accepted: KiB, a power of two from 64 to 1048576" },
		{ "--max-conns 0", "--max-conns 0: accepted: a number from 1 to 16777216" },
		{ "--netns /nonexistent",
		  "--netns /nonexistent: No such file or directory, accepted: an inode number, a "
		  "name in /run/netns, a path, or pid:N" },
		{ "--netns /dev/null", "--netns /dev/null: accepted: an inode number, a name in "
				       "/run/netns, a path, or pid:N" },
		{ "-c /nonexistent",
		  "--cgroup /nonexistent: No such file or directory, accepted: cgroup v2 "
		  "directories, absolute or below its mount point" },
		{ "-c /proc", "--cgroup /proc: accepted: cgroup v2 directories, absolute or below "
			      "its mount point" },
		{ "--sort nonsense",
		  "--sort nonsense: no such column of all, accepted: a title or a key of --json" },
		{ "--sort opened accept",
		  "--sort opened: no such column of accept, accepted: a title or a key of --json" },
		{ "check -- ls", "check -- COMMAND: accepted with: " COMMAND },
		{ "trace 5", "trace INTERVAL: accepted with: " SCREENS },
		{ "trace -s comm", "trace --sort: accepted with: " SORTED },
		{ "trace --by pid", "trace --by: accepted with: all, reuse, accept, close, top, "
				    "doctor, record, serve" },
		{ "check 5", "check INTERVAL: accepted with: " SCREENS },
		{ "check -d 3", "check --duration: accepted with: " TRACERS },
		{ "top 1 2", "top COUNT: accepted with: " TABLES },
		{ "top -- ls", "top -- COMMAND: accepted with: " COMMAND },
		{ "top -j", "top --json: accepted with: " SHOWN },
		{ "top -r 5", "top --rows: accepted with: " TABLES },
		{ "--from a -d 3",
		  "--duration: does not go with --from, which reports what was recorded" },
		{ "--from a --record b",
		  "--record: does not go with --from, which reports what was recorded" },
		{ "--from a 5",
		  "INTERVAL: does not go with --from, which reports what was recorded" },
		{ "--from a -- ls",
		  "-- COMMAND: does not go with --from, which reports what was recorded" },
		{ "--since 13:45", "--since: accepted with: --from FILE" },
		{ "--keep 1d", "--keep: accepted with: record, or --record FILE" },
		{ "--from /etc/passwd -o /etc/passwd",
		  "--output /etc/passwd: is the file of --from, accepted: another one" },
		{ "--record ./a --html a",
		  "--html a: is the file of --record, accepted: another one" },
		{ "--from a -o ./a-wal",
		  "--output ./a-wal: is a file of --from, accepted: another one" },
		{ "--names /etc/passwd -o /etc/passwd",
		  "--output /etc/passwd: is the file of --names, accepted: another one" },
		{ "--record a --html a",
		  "--html a: is the file of --record, accepted: another one" },
		{ "conns --names a",
		  "conns --names: accepted with: all, reuse, accept, close, top, doctor, serve" },
		{ "--exchanges", "--exchanges: accepted with: record, or --record FILE" },
		{ "top --exchanges", "top --exchanges: accepted with: " COMMAND },
		{ "--no-turns --exchanges --record a", "--no-turns --exchanges: accepted: one of "
						       "them: no exchange is seen without turns" },
		{ "conns --no-turns --in-flight", "--no-turns --in-flight: accepted: one of them: "
						  "no exchange is seen without turns" },
		{ "check --no-turns", "check --no-turns: accepted with: all, reuse, accept, close, "
				      "conns, trace, top, record, serve" },
		{ "--no-turns --from a",
		  "--no-turns: does not go with --from, which reports what was recorded" },
		{ "--exchanges --from a", "--exchanges: accepted with: record, or --record FILE" },
		{ "record --keep soon", "--keep soon: accepted: a number with s, m, h or d, such "
					"as 30m or 7d" },
		{ "record --max-size 1000K", "--max-size 1000K: accepted: a number with K, M, G or "
					     "T, such as 500M, from 1M on" },
		{ "record -j", "record --json: accepted with: " SHOWN },
		{ "record a b", "record b: accepted: record [FILE], a command after --" },
		{ "-4 check", "check -4: accepted with: " TRACERS },
		{ "serve -j", "serve --json: accepted with: " SHOWN },
		{ "serve 5", "serve INTERVAL: accepted with: " SCREENS },
		{ "serve -- ls", "serve -- COMMAND: accepted with: " COMMAND },
		{ "conns --label-pid", "conns --label-pid: accepted with: serve" },
		{ "serve --max-series 0", "--max-series 0: accepted: a number from 1 to 10000" },
		{ "serve --web.listen-address :80", "--web.listen-address :80: accepted: ADDR:PORT "
						    "or [IPV6]:PORT, port 0 for any that is free" },
		{ "serve --from a", "serve --from: accepted with: " VIEWS ", trace, top, doctor" },
		{ "serve --html a", "serve --html: accepted with: " TABLES },
		{ "reuse --fail-on warning", "reuse --fail-on: accepted with: doctor" },
		{ "doctor --fail-on bad", "--fail-on bad: accepted: notice, warning or critical" },
		{ "doctor -s closed", "doctor --sort: accepted with: " SORTED },
	};

	(void)state;
	setenv("LC_ALL", "C", 1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct outcome outcome = run_line(cases[i].line);
		char expected[512];

		snprintf(expected, sizeof(expected), "connscope: %s\n", cases[i].said);
		assert_string_equal(outcome.err, expected);
		assert_string_equal(outcome.out, "");
		assert_int_equal(outcome.status, EXIT_USAGE);
	}
}

static void hostile_bytes_stay_on_one_line(void **state)
{
	char program[] = "connscope", view[] = "a\nb\033[31m";
	char *argv[] = { program, view, NULL };
	struct outcome outcome = run(2, argv);

	(void)state;
	assert_int_equal(outcome.status, EXIT_USAGE);
	assert_string_equal(outcome.err,
			    "connscope: a\\x0ab\\x1b[31m: no such view, accepted: " EVERY "\n");
}

static void sort_keys(void **state)
{
	(void)state;
	assert_string_equal(parse("--sort opened").sort, "opened");
	assert_string_equal(parse("--sort backlog_asked").sort, "backlog_asked");
	assert_string_equal(parse("close --sort raced").sort, "raced");
	assert_string_equal(parse("top --sort raced").sort, "raced");
	assert_string_equal(parse("reuse --sort REUSE").sort, "REUSE");
	assert_string_equal(parse("accept --sort accept_wait_us.p99").sort, "accept_wait_us.p99");
}

static void version(void **state)
{
	struct outcome outcome = run_line("reuse -V");

	(void)state;
	assert_int_equal(outcome.status, EXIT_OK);
	assert_string_equal(outcome.err, "");
	assert_memory_equal(outcome.out, "connscope ", strlen("connscope "));
	assert_int_equal(count_lines(outcome.out), 1);
}

static void help_fits_a_screen(void **state)
{
	static const char *const lines[] = { "-h", "--help", "reuse --help" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct outcome outcome = run_line(lines[i]);

		assert_int_equal(outcome.status, EXIT_OK);
		assert_string_equal(outcome.err, "");
		assert_in_range(count_lines(outcome.out), 20, 70);
		assert_non_null(strstr(outcome.out, "EXAMPLES"));
		assert_non_null(strstr(outcome.out, "--ring-size"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bare_is_all),
		cmocka_unit_test(positionals),
		cmocka_unit_test(command_is_left_alone),
		cmocka_unit_test(command_without_a_view),
		cmocka_unit_test(flags),
		cmocka_unit_test(values),
		cmocka_unit_test(doctor_keeps_endpoints_apart),
		cmocka_unit_test(values_of_serve),
		cmocka_unit_test(lists_add_up),
		cmocka_unit_test(picked_connections),
		cmocka_unit_test(long_name_is_cut_as_the_kernel_does),
		cmocka_unit_test(netns_by_path_and_process),
		cmocka_unit_test(single_events),
		cmocka_unit_test(environment),
		cmocka_unit_test(recordings),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(hostile_bytes_stay_on_one_line),
		cmocka_unit_test(sort_keys),
		cmocka_unit_test(version),
		cmocka_unit_test(help_fits_a_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
