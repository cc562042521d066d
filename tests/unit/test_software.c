/* SPDX-License-Identifier: Apache-2.0 */
/* Which software it is: by names, and by Go's note in executables, whatever else these are. */
#include "test.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "software.h"

struct note {
	Elf64_Nhdr header;
	char name[4], desc[8];
};

/* Two notes, of which the second one is Go's. */
struct executable {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	struct note notes[2];
};

/* Of a name with its padding, as Go's linker counts it. */
static struct note note_of(const char *name, __u32 type)
{
	struct note note = {
		.header = { .n_namesz = sizeof(note.name),
			    .n_descsz = sizeof(note.desc),
			    .n_type = type },
	};

	memcpy(note.name, name, strlen(name));
	return note;
}

static struct executable go_executable(void)
{
	struct executable executable = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_EXEC,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_phoff = offsetof(struct executable, segments),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 2 },
		.segments = { { .p_type = PT_LOAD },
			      { .p_type = PT_NOTE,
				.p_offset = offsetof(struct executable, notes),
				.p_filesz = sizeof(executable.notes),
				.p_align = 4 } },
		.notes = { note_of("GNU", NT_GNU_BUILD_ID), note_of("Go", 4) },
	};

	return executable;
}

/* The path of a file of SIZE bytes that has DATA; only this process has it. */
static const char *file_of(const void *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("executable", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, data, size, 0), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static bool is_go(const struct executable *executable)
{
	return software_is_go(file_of(executable, sizeof(*executable)));
}

/* ---- names ---- */

static void names(void **state)
{
	static const struct {
		const char *comm;
		enum software software;
	} cases[] = {
		{ "nginx", SOFTWARE_NGINX },
		{ "nginx: worker", SOFTWARE_NGINX },
		{ "openresty", SOFTWARE_NGINX },
		{ "angie", SOFTWARE_NGINX },
		{ "haproxy", SOFTWARE_HAPROXY },
		{ "envoy", SOFTWARE_ENVOY },
		{ "apache2", SOFTWARE_APACHE },
		{ "httpd", SOFTWARE_APACHE },
		{ "node", SOFTWARE_NODE },
		{ "nodejs", SOFTWARE_NODE },
		{ "node22", SOFTWARE_NODE },
		{ "node /srv/app.j", SOFTWARE_NODE },
		{ "node (deleted)", SOFTWARE_NODE },
		{ "java", SOFTWARE_JAVA },
		{ "python3.11", SOFTWARE_PYTHON },
		{ "gunicorn: maste", SOFTWARE_PYTHON },
		{ "uvicorn", SOFTWARE_PYTHON },
		{ "uwsgi", SOFTWARE_PYTHON },
		{ "ruby3.1", SOFTWARE_RUBY },
		{ "puma 6.4.0 (tcp", SOFTWARE_RUBY },
		{ "unicorn master", SOFTWARE_RUBY },
		{ "php-fpm8.2", SOFTWARE_PHP },
		/* Its metrics, and not the thing itself. */
		{ "node_exporter", SOFTWARE_ANY },
		{ "nginx_exporter", SOFTWARE_ANY },
		{ "haproxy_exporte", SOFTWARE_ANY },
		{ "nginx-prometheu", SOFTWARE_ANY },
		{ "Nginx", SOFTWARE_ANY },
		{ "my-nginx", SOFTWARE_ANY },
		{ "", SOFTWARE_ANY },
		{ "*", SOFTWARE_ANY },
		{ "[a-z]*\x1b", SOFTWARE_ANY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(software_of_name(cases[i].comm), cases[i].software);
}

/* ---- executables ---- */

static void go_by_its_note(void **state)
{
	struct executable executable = go_executable();

	(void)state;
	assert_true(is_go(&executable));
	executable.notes[0] = executable.notes[1];
	assert_true(is_go(&executable));
}

static void others_by_theirs(void **state)
{
	static const struct {
		const char *name;
		__u32 type;
	} cases[] = { { "Go", 3 }, { "GNU", 4 }, { "go", 4 }, { "G", 4 } };
	struct executable executable;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		executable = go_executable();
		executable.notes[1] = note_of(cases[i].name, cases[i].type);
		assert_false(is_go(&executable));
	}
	executable = go_executable();
	executable.segments[1].p_type = PT_LOAD;
	assert_false(is_go(&executable));
	assert_false(software_is_go("/proc/self/exe"));
}

static void no_executable(void **state)
{
	(void)state;
	assert_false(software_is_go(file_of("", 0)));
	assert_false(software_is_go(file_of("#!/bin/sh\nexit 0\n", 17)));
	assert_false(software_is_go(file_of("!<arch>\n", 8)));
	assert_false(software_is_go(file_of(ELFMAG, SELFMAG)));
}

/* Bytes that others chose: an answer, whichever, and nothing worse. */
static void cut_anywhere(void **state)
{
	struct executable executable = go_executable();

	(void)state;
	for (size_t size = 0; size < sizeof(executable); size++)
		assert_false(software_is_go(file_of(&executable, size)));
}

static void any_byte_wrong(void **state)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

	(void)state;
	for (size_t i = 0; i < sizeof(struct executable); i++) {
		for (size_t k = 0; k < COUNT_OF(values); k++) {
			struct executable executable = go_executable();

			((unsigned char *)&executable)[i] = values[k];
			is_go(&executable);
			/* A name is no name of Go's then; nothing else is said of the rest. */
			if (i >= offsetof(struct executable, notes[1].name) &&
			    i < offsetof(struct executable, notes[1].desc) && values[k])
				assert_false(is_go(&executable));
		}
	}
}

static void sizes_beyond_all_bounds(void **state)
{
	struct executable executable;

	(void)state;
	executable = go_executable();
	executable.notes[0].header.n_namesz = UINT32_MAX;
	assert_false(is_go(&executable));
	executable = go_executable();
	executable.notes[0].header.n_descsz = UINT32_MAX - 3;
	assert_false(is_go(&executable));
	executable = go_executable();
	executable.segments[1].p_offset = UINT64_MAX - 8;
	assert_false(is_go(&executable));
	executable = go_executable();
	executable.segments[1].p_filesz = UINT64_MAX;
	assert_false(is_go(&executable));
	executable = go_executable();
	executable.header.e_phnum = UINT16_MAX;
	is_go(&executable);
	executable = go_executable();
	executable.header.e_phoff = UINT64_MAX;
	assert_false(is_go(&executable));
}

/* Segments may be of any size, in a file of holes, and the same one again and again. */
static void more_than_is_worth_reading(void **state)
{
	static struct {
		struct executable executable;
		char rest[1 << 17];
	} large;

	(void)state;
	large.executable = go_executable();
	large.executable.segments[1].p_filesz = 1 << 16;
	assert_true(software_is_go(file_of(&large, sizeof(large))));
	large.executable.segments[1].p_filesz++;
	assert_false(software_is_go(file_of(&large, sizeof(large))));
}

static void more_segments_than_any_has(void **state)
{
	struct {
		struct executable executable;
		Elf64_Phdr segments[80];
	} many = { .executable = go_executable() };

	(void)state;
	many.executable.header.e_phoff = sizeof(many.executable);
	many.executable.header.e_phnum = COUNT_OF(many.segments);
	many.segments[63] = many.executable.segments[1];
	assert_true(software_is_go(file_of(&many, sizeof(many))));
	memset(&many.segments[63], 0, sizeof(many.segments[63]));
	many.segments[64] = many.executable.segments[1];
	assert_false(software_is_go(file_of(&many, sizeof(many))));
}

static void what_would_wait_or_never_end(void **state)
{
	char dir[] = "/tmp/software.XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(20);
	assert_false(software_is_go(path));
	assert_false(software_is_go("/dev/zero"));
	assert_false(software_is_go("/dev/tty"));
	assert_false(software_is_go(dir));
	assert_false(software_is_go("/nonexistent"));
	alarm(0);
	unlink(path);
	rmdir(dir);
}

/* ---- processes ---- */

/* What runs /bin/sleep under the name NAME is taken for. */
static enum software process_of(const char *name)
{
	char dir[] = "/tmp/software.XXXXXX", path[64], copy[128];
	enum software software;
	int status;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(copy, sizeof(copy), "cp /bin/sleep '%s'", path);
	assert_int_equal(system(copy), 0);
	pid = fork();
	if (!pid) {
		execl(path, path, "20", NULL);
		_exit(1);
	}
	assert_true(pid > 0);
	do
		software = software_of_process((__u32)pid);
	while (!software && !waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	unlink(path);
	rmdir(dir);
	return software;
}

static void processes(void **state)
{
	(void)state;
	assert_int_equal(process_of("php-fpm8.2"), SOFTWARE_PHP);
	assert_int_equal(software_of_process((__u32)getpid()), SOFTWARE_ANY);
	assert_int_equal(software_of_process(0), SOFTWARE_ANY);
	assert_int_equal(software_of_process(UINT32_MAX), SOFTWARE_ANY);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(go_by_its_note),
		cmocka_unit_test(others_by_theirs),
		cmocka_unit_test(no_executable),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(any_byte_wrong),
		cmocka_unit_test(sizes_beyond_all_bounds),
		cmocka_unit_test(more_than_is_worth_reading),
		cmocka_unit_test(more_segments_than_any_has),
		cmocka_unit_test(what_would_wait_or_never_end),
		cmocka_unit_test(processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
