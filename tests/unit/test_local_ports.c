/* SPDX-License-Identifier: Apache-2.0 */
/* Local ports: of this network namespace, of another one, and where nobody can tell. */
#include "test.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "local_ports.h"

#define RANGE	 "/proc/sys/net/ipv4/ip_local_port_range"
#define TW_REUSE "/proc/sys/net/ipv4/tcp_tw_reuse"

static __u32 netns_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (__u32)status.st_ino;
}

static void check(struct ports_by_netns *known, __u32 netns, pid_t pid, __u32 count, __u32 tw_reuse)
{
	struct local_ports ports = ports_by_netns__find(known, netns, (__u32)pid, false);

	assert_int_equal(ports.count, count);
	assert_int_equal(ports.tw_reuse, tw_reuse);
}

static void check_unknown(struct ports_by_netns *known, __u32 netns, pid_t pid)
{
	check(known, netns, pid, 28232, 2);
}

static void of_this_namespace(void **state)
{
	__u32 netns = netns_of("/proc/self/ns/net");
	struct ports_by_netns known = { .count = 0 };
	FILE *range = fopen(RANGE, "r"), *reuse = fopen(TW_REUSE, "r");
	unsigned int low, high, tw_reuse;

	(void)state;
	if (!range || !reuse || !netns)
		skip();
	assert_int_equal(fscanf(range, "%u %u", &low, &high), 2);
	assert_int_equal(fscanf(reuse, "%u", &tw_reuse), 1);
	fclose(range);
	fclose(reuse);
	check(&known, netns, getpid(), high - low + 1, tw_reuse);
	/* Whoever was in it. */
	ports_by_netns__done(&known);
	check(&known, netns, 0, high - low + 1, tw_reuse);
	ports_by_netns__done(&known);
}

static void nobody_can_tell(void **state)
{
	struct ports_by_netns known = { .count = 0 };

	(void)state;
	check_unknown(&known, 1, 0);
	check_unknown(&known, 1, -1);	    /* it has gone */
	check_unknown(&known, 1, getpid()); /* it is elsewhere now */
	check_unknown(&known, 0, 0);
	assert_int_equal(known.count, 0);
	ports_by_netns__done(&known);
}

static bool put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	bool done = file && fputs(text, file) >= 0;

	return file && !fclose(file) && done;
}

/* A process in a namespace with 100 ports; on READY, whether it is there. */
static _Noreturn void live_elsewhere(int ready)
{
	bool there = !unshare(CLONE_NEWNET) && put(RANGE, "40000 40099") && put(TW_REUSE, "1");

	if (write(ready, &there, sizeof(there)) != sizeof(there))
		_exit(1);
	pause();
	_exit(0);
}

static pid_t start_elsewhere(bool *ret_there)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid)
		live_elsewhere(ends[1]);
	assert_true(pid > 0);
	assert_int_equal(read(ends[0], ret_there, sizeof(*ret_there)), sizeof(*ret_there));
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void of_another_one(void **state)
{
	struct ports_by_netns known = { .count = 0 }, later = { .count = 0 };
	struct local_ports ports;
	char path[64];
	bool there;
	pid_t pid = start_elsewhere(&there);
	__u32 netns;

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	netns = netns_of(path);
	ports = ports_by_netns__find(&known, netns, (__u32)pid, false);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!there)
		skip(); /* for root alone */
	assert_int_equal(ports.count, 100);
	assert_int_equal(ports.tw_reuse, 1);
	/* Asked once: that its process has gone since does not matter. */
	check(&known, netns, pid, 100, 1);
	check_unknown(&later, netns, pid);
	/* What was recorded may be of any machine. */
	assert_int_equal(ports_by_netns__find(&known, netns, (__u32)pid, true).count,
			 LOCAL_PORTS_DEFAULT);
	ports_by_netns__done(&known);
	ports_by_netns__done(&later);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_this_namespace),
		cmocka_unit_test(nobody_can_tell),
		cmocka_unit_test(of_another_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
