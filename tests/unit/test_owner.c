/* SPDX-License-Identifier: Apache-2.0 */
/* Containers out of cgroup paths. */
#include "test.h"

#include <string.h>

#include "owner.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void paths(void **state)
{
	static const struct {
		const char *path, *container;
	} cases[] = {
		{ "/system.slice/docker-" ID ".scope", ID },
		{ "/docker/" ID, ID },
		{ "/docker/" ID "/init.scope", ID },
		{ "/kubepods.slice/kubepods-besteffort.slice/"
		  "kubepods-besteffort-pod11111111_2222_3333_4444_555555555555.slice/"
		  "cri-containerd-" ID ".scope",
		  ID },
		{ "/kubepods/burstable/pod11111111-2222-3333-4444-555555555555/" ID, ID },
		{ "/machine.slice/libpod-" ID ".scope/container", ID },
		{ "/kubepods.slice/crio-" ID ".scope", ID },
		{ "/docker/" ID "/docker/" OTHER, OTHER },
		{ "/lxc.payload.web/system.slice/nginx.service", "web" },
		{ "/machine.slice/systemd-nspawn@build.service", "build" },
		{ "/machine.slice/machine-build.scope", "build" },
		{ "/system.slice/nginx.service", "" },
		{ "/user.slice/user-1000.slice/session-1.scope", "" },
		{ "/", "" },
		{ "", "" },
		{ "/docker/" ID "0", "" },	    /* 65 digits */
		{ "/docker/0123456789abcdef", "" }, /* too few */
		{ "/lxc.payload.", "" },
		{ "//docker//" ID "//", ID },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[CONTAINER_ID_LEN + 1];

		assert_string_equal(owner_container_of_path(cases[i].path, text, sizeof(text)),
				    cases[i].container);
	}
}

static void long_name_is_cut(void **state)
{
	char text[8];

	(void)state;
	assert_string_equal(owner_container_of_path("/lxc.payload.abcdefghij", text, sizeof(text)),
			    "abcdefg");
}

static void unknown_cgroup_has_none(void **state)
{
	(void)state;
	assert_string_equal(owner_container(0), "");
	assert_string_equal(owner_container(UINT64_MAX - 1), "");
	assert_string_equal(owner_container(UINT64_MAX - 1), "");
	assert_string_equal(owner_container_id(UINT64_MAX - 1), "");
	owner_forget();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(long_name_is_cut),
		cmocka_unit_test(unknown_cgroup_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
