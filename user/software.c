/* SPDX-License-Identifier: Apache-2.0 */
/* Names of processes and executables, and the notes of Go's linker. */
#include "software.h"

#include <ctype.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define GO_NOTE_TYPE 4	    /* ELF_NOTE_GOBUILDID_TAG */
#define GO_NOTE_NAME "Go\0" /* Go counts its padding: cmd/link/internal/ld/elf.go */
/* Go writes one note of about 100 bytes. Anybody may write more, and claim any size. */
#define NOTES_MAX    65536
#define SEGMENTS_MAX 64

static const struct {
	const char *name;
	enum software software;
} names[] = {
	{ "nginx", SOFTWARE_NGINX },	 { "nginx-debug", SOFTWARE_NGINX },
	{ "angie", SOFTWARE_NGINX },	 { "openresty", SOFTWARE_NGINX },
	{ "haproxy", SOFTWARE_HAPROXY }, { "envoy", SOFTWARE_ENVOY },
	{ "apache2", SOFTWARE_APACHE },	 { "httpd", SOFTWARE_APACHE },
	{ "node", SOFTWARE_NODE },	 { "nodejs", SOFTWARE_NODE },
	{ "java", SOFTWARE_JAVA },	 { "python", SOFTWARE_PYTHON },
	{ "gunicorn", SOFTWARE_PYTHON }, { "uvicorn", SOFTWARE_PYTHON },
	{ "uwsgi", SOFTWARE_PYTHON },	 { "ruby", SOFTWARE_RUBY },
	{ "puma", SOFTWARE_RUBY },	 { "unicorn", SOFTWARE_RUBY },
	{ "php-fpm", SOFTWARE_PHP },
};

/* "nginx: worker", "python3.11"; but node_exporter and nginx-prometheus-exporter are others. */
static bool is_called(const char *comm, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(comm, name, len) && comm[len] != '_' && comm[len] != '-' &&
	       !isalpha((unsigned char)comm[len]);
}

enum software software_of_name(const char *comm)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_called(comm, names[i].name))
			return names[i].software;
	}
	return SOFTWARE_ANY;
}

static bool is_go_note(const GElf_Nhdr *note, const char *name)
{
	return note->n_type == GO_NOTE_TYPE && note->n_namesz == sizeof(GO_NOTE_NAME) &&
	       !memcmp(name, GO_NOTE_NAME, sizeof(GO_NOTE_NAME));
}

static bool has_go_note(Elf_Data *data)
{
	size_t at = 0, name, desc;
	GElf_Nhdr note;

	while ((at = gelf_getnote(data, at, &note, &name, &desc))) {
		if (is_go_note(&note, (const char *)data->d_buf + name))
			return true;
	}
	return false;
}

static bool find_go_note(Elf *elf)
{
	size_t count = 0;
	GElf_Phdr header;
	Elf_Data *data;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count && i < SEGMENTS_MAX; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_NOTE ||
		    header.p_filesz > NOTES_MAX)
			continue;
		data = elf_getdata_rawchunk(elf, (off_t)header.p_offset, header.p_filesz,
					    ELF_T_NHDR);
		if (data && has_go_note(data))
			return true;
	}
	return false;
}

bool software_is_go(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	bool found;
	Elf *elf;

	if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode))
		return false;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return false;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	found = elf && find_go_note(elf);
	elf_end(elf);
	return found;
}

enum software software_of_process(__u32 pid)
{
	char link[64], path[PATH_MAX];
	enum software software;
	const char *slash;
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	len = readlink(link, path, sizeof(path) - 1);
	if (len <= 0)
		return SOFTWARE_ANY;
	path[len] = '\0';
	slash = strrchr(path, '/');
	software = software_of_name(slash ? slash + 1 : path);
	if (!software && software_is_go(link))
		return SOFTWARE_GO;
	return software;
}
