/* SPDX-License-Identifier: Apache-2.0 */
/* `connscope check`: what this kernel offers, and whether it delivers. */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "aggregate.h"
#include "cleanup.h"
#include "cli.h"
#include "conn_list.h"
#include "log.h"
#include "output.h"
#include "owner.h"
#include "probes.h"
#include "render.h"
#include "run.h"
#include "self_test.h"
#include "tracer.h"

#define SELF_TEST_CONNS 10000 /* closed ones that may come between */

struct check {
	struct options options; /* our own: the self-test narrows them */
	struct probes probes;
	struct tracer *tracer;
	struct aggregate *agg;
	struct conn_list *conns;
	struct self_test *test; /* NULL: not asked for */
	FILE *out;
};

/* In our own network namespace alone, so that a busy host's connections stay out of the way. */
static int prepare_self_test(struct check *check)
{
	struct options *options = &check->options;
	struct stat netns;

	if (!stat("/proc/self/ns/net", &netns)) {
		options->filter.knobs.netns[0] = (__u32)netns.st_ino;
		options->filter.knobs.netns_count = 1;
	}
	check->test = calloc(1, sizeof(*check->test));
	check->agg = aggregate__new(0, options->max_endpoints, &options->filter, NULL);
	check->conns = conn_list__new(SELF_TEST_CONNS);
	if (!check->test || !check->agg || !check->conns)
		return log_err(-ENOMEM, "cannot start");
	aggregate__observe(check->agg, conn_list__observer(check->conns));
	return 0;
}

static int check_kernel(struct check *check)
{
	const struct options *options = &check->options;
	struct account account = {};
	struct utsname host;
	int err, written;

	err = options->self_test ? prepare_self_test(check) : 0;
	if (!err)
		err = tracer__new(options, &check->probes, &check->tracer);
	uname(&host);
	if (check->tracer)
		tracer__account(check->tracer, &account);
	else
		memcpy(account.features, check->probes.states, sizeof(account.features));
	memcpy(account.kernel, host.release, sizeof(account.kernel));
	if (!err && check->test)
		err = self_test__run(check->tracer, check->agg, check->conns, account.features,
				     check->test);
	if (err && check->tracer)
		return err;
	written = render_check(&account, check->tracer ? check->test : NULL, options, check->out);
	if (!err && check->test && self_test__failed(check->test))
		err = -EOPNOTSUPP;
	return err || !written ? err : -EIO;
}

int check_run(const struct options *options)
{
	struct check check = { .options = *options };
	int err = output_open(options->output_file, &check.out);

	if (!err)
		err = probes__init(&check.probes, options);
	if (!err)
		err = check_kernel(&check);
	tracer__free(check.tracer);
	probes__done(&check.probes);
	aggregate__free(check.agg);
	conn_list__free(check.conns);
	free(check.test);
	owner_forget();
	output_close(check.out);
	return run_status(err);
}
