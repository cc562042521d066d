/* SPDX-License-Identifier: Apache-2.0 */
/* A file is the old one or the new one, whole; never what lies between. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replacement.h"

static char folder[] = "/tmp/connscope-unit.XXXXXX";
static char path[64], link_path[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/page", folder);
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(link_path);
	return rmdir(folder); /* fails where anything is left beside them */
}

static int put(const char *to, const char *text, int err)
{
	struct replacement file;

	assert_int_equal(replacement__open(to, &file), 0);
	fputs(text, file.out);
	return replacement__close(&file, err);
}

static const char *content(char *buf, size_t len)
{
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	buf[fread(buf, 1, len - 1, in)] = '\0';
	fclose(in);
	return buf;
}

static void takes_the_place_when_it_is_whole(void **state)
{
	struct replacement file;
	char buf[16];

	(void)state;
	assert_int_equal(put(path, "old", 0), 0);
	assert_int_equal(replacement__open(path, &file), 0);
	fputs("new", file.out);
	fflush(file.out);
	assert_string_equal(content(buf, sizeof(buf)), "old");
	assert_int_equal(replacement__close(&file, 0), 0);
	assert_string_equal(content(buf, sizeof(buf)), "new");
}

static void is_given_up_after_an_error(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(put(path, "old", 0), 0);
	assert_int_equal(put(path, "half", -ENOSPC), -ENOSPC);
	assert_string_equal(content(buf, sizeof(buf)), "old");
}

static void follows_links(void **state)
{
	struct stat file;
	char buf[16];

	(void)state;
	assert_int_equal(put(path, "old", 0), 0);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(put(link_path, "new", 0), 0);
	assert_string_equal(content(buf, sizeof(buf)), "new");
	assert_int_equal(lstat(link_path, &file), 0);
	assert_true(S_ISLNK(file.st_mode));
}

static void has_the_mode_of_any_new_file(void **state)
{
	mode_t mask = umask(027);
	struct stat file;

	(void)state;
	unlink(path);
	assert_int_equal(put(path, "", 0), 0);
	umask(mask);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0640);
}

static void keeps_the_mode_of_the_old_one(void **state)
{
	struct stat file;

	(void)state;
	assert_int_equal(put(path, "old", 0), 0);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(put(path, "new", 0), 0);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
}

static void devices_stay_devices(void **state)
{
	struct stat file;

	(void)state;
	assert_int_equal(put("/dev/null", "text", 0), 0);
	assert_int_equal(stat("/dev/null", &file), 0);
	assert_true(S_ISCHR(file.st_mode));
}

static void no_folder_is_an_error(void **state)
{
	struct replacement file = { .path = path };

	(void)state;
	assert_int_equal(replacement__open("/nonexistent/page", &file), -ENOENT);
	assert_ptr_equal(file.path, path); /* untouched */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_place_when_it_is_whole),
		cmocka_unit_test(is_given_up_after_an_error),
		cmocka_unit_test(follows_links),
		cmocka_unit_test(has_the_mode_of_any_new_file),
		cmocka_unit_test(keeps_the_mode_of_the_old_one),
		cmocka_unit_test(devices_stay_devices),
		cmocka_unit_test(no_folder_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
