/* SPDX-License-Identifier: MIT */
/* Which libraries a program is linked with. */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "elf_needs.h"

#define NAME_MAX_LEN 64

/* N bytes of the file at offset AT; false: it is too short. */
static bool fetch(int fd, uint64_t at, void *out, size_t n)
{
	return at <= INT64_MAX && pread(fd, out, n, (off_t)at) == (ssize_t)n;
}

static bool fetch_segment(int fd, const Elf64_Ehdr *e, size_t i, Elf64_Phdr *ret)
{
	return i < e->e_phnum &&
	       fetch(fd, e->e_phoff + i * sizeof(*ret), ret, sizeof(*ret));
}

/* The file offset of the address VADDR; 0: in no segment. */
static uint64_t offset_of(int fd, const Elf64_Ehdr *e, Elf64_Addr vaddr)
{
	Elf64_Phdr ph;

	for (size_t i = 0; fetch_segment(fd, e, i, &ph); i++)
		if (ph.p_type == PT_LOAD && vaddr >= ph.p_vaddr &&
		    vaddr - ph.p_vaddr < ph.p_filesz)
			return ph.p_offset + (vaddr - ph.p_vaddr);
	return 0;
}

/* The I-th entry of the dynamic section, which the segment PH is. */
static bool fetch_entry(int fd, const Elf64_Phdr *ph, size_t i, Elf64_Dyn *ret)
{
	return i < ph->p_filesz / sizeof(*ret) &&
	       fetch(fd, ph->p_offset + i * sizeof(*ret), ret, sizeof(*ret)) &&
	       ret->d_tag != DT_NULL;
}

/* Does the dynamic section name a library that begins with NAME? */
static bool dynamic_needs(int fd, const Elf64_Ehdr *e, const Elf64_Phdr *ph,
			  const char *name)
{
	size_t len = strlen(name);
	char found[NAME_MAX_LEN];
	uint64_t strings = 0;
	Elf64_Dyn d;

	for (size_t i = 0; fetch_entry(fd, ph, i, &d); i++)
		if (d.d_tag == DT_STRTAB)
			strings = offset_of(fd, e, d.d_un.d_ptr);
	for (size_t i = 0; strings && fetch_entry(fd, ph, i, &d); i++)
		if (d.d_tag == DT_NEEDED && len <= sizeof(found) &&
		    fetch(fd, strings + d.d_un.d_val, found, len) &&
		    memcmp(found, name, len) == 0)
			return true;
	return false;
}

static bool program_needs(int fd, const char *name)
{
	Elf64_Ehdr e;
	Elf64_Phdr ph;

	if (!fetch(fd, 0, &e, sizeof(e)) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (size_t i = 0; fetch_segment(fd, &e, i, &ph); i++)
		if (ph.p_type == PT_DYNAMIC)
			return dynamic_needs(fd, &e, &ph, name);
	return false;
}

bool elf_needs(const char *file, const char *name)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool needs = fd >= 0 && program_needs(fd, name);

	if (fd >= 0)
		close(fd);
	return needs;
}
