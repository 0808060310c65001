/* SPDX-License-Identifier: MIT */
/* elf_file.h - the smallest program file that says which libraries it needs. */
#ifndef UNIT_ELF_FILE_H
#define UNIT_ELF_FILE_H

#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ELF_FILE_BASE 0x400000 /* where its first byte is loaded */

struct elf_file {
	Elf64_Ehdr header;
	Elf64_Phdr load, dynamic;
	Elf64_Dyn needed, strtab, end;
	char strings[64]; /* the last bytes of the file */
};

/* A 64-bit program that needs LIBRARY, of at most 62 bytes: the name ends where the file
 * does. */
static inline struct elf_file elf_file_of(const char *library)
{
	size_t at = sizeof(((struct elf_file *)NULL)->strings) - strlen(library) - 1;
	struct elf_file e = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_DYN,
			    .e_phoff = offsetof(struct elf_file, load),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 2 },
		.load = { .p_type = PT_LOAD,
			  .p_vaddr = ELF_FILE_BASE,
			  .p_filesz = sizeof(e) },
		.dynamic = { .p_type = PT_DYNAMIC,
			     .p_offset = offsetof(struct elf_file, needed),
			     .p_filesz = 3 * sizeof(Elf64_Dyn) },
		.needed = { .d_tag = DT_NEEDED, .d_un.d_val = at },
		.strtab = { .d_tag = DT_STRTAB,
			    .d_un.d_ptr =
				    ELF_FILE_BASE + offsetof(struct elf_file, strings) },
	};

	strcpy(e.strings + at, library);
	return e;
}

/* An executable file of the N bytes at P, without a name: the path of *RET_FD, which is
 * yours to close. */
static inline const char *elf_file_path(const void *p, size_t n, int *ret_fd)
{
	static char path[40];
	int fd = memfd_create("elf", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*ret_fd = fd;
	return path;
}

#endif
