/* SPDX-License-Identifier: MIT */
/* Which libraries a program is linked with. */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_needs.h"

struct image {
	const char *p;
	size_t n;
};

/* N bytes of IMAGE at offset AT, or NULL: the file is too short. */
static const void *at(const struct image *image, size_t at, size_t n)
{
	return at <= image->n && n <= image->n - at ? image->p + at : NULL;
}

/* The file offset of the address VADDR; 0: in no segment. */
static size_t offset_of(const struct image *image, const Elf64_Ehdr *e, Elf64_Addr vaddr)
{
	for (size_t i = 0; i < e->e_phnum; i++) {
		const Elf64_Phdr *ph =
			at(image, e->e_phoff + i * sizeof(*ph), sizeof(*ph));

		if (ph && ph->p_type == PT_LOAD && vaddr >= ph->p_vaddr &&
		    vaddr - ph->p_vaddr < ph->p_filesz)
			return ph->p_offset + (vaddr - ph->p_vaddr);
	}
	return 0;
}

/* Does the dynamic section at AT_ (N bytes) name a library that begins with NAME? */
static bool dynamic_needs(const struct image *image, const Elf64_Ehdr *e,
			  const Elf64_Dyn *d, size_t count, const char *name)
{
	size_t strings = 0, len = strlen(name);

	for (size_t i = 0; i < count; i++)
		if (d[i].d_tag == DT_STRTAB)
			strings = offset_of(image, e, d[i].d_un.d_ptr);
	for (size_t i = 0; i < count && strings; i++) {
		const char *s = d[i].d_tag == DT_NEEDED
					? at(image, strings + d[i].d_un.d_val, len)
					: NULL;

		if (s && memcmp(s, name, len) == 0)
			return true;
	}
	return false;
}

static bool image_needs(const struct image *image, const char *name)
{
	const Elf64_Ehdr *e = at(image, 0, sizeof(*e));

	if (!e || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
	    e->e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (size_t i = 0; i < e->e_phnum; i++) {
		const Elf64_Phdr *ph =
			at(image, e->e_phoff + i * sizeof(*ph), sizeof(*ph));
		const Elf64_Dyn *d;

		if (!ph || ph->p_type != PT_DYNAMIC)
			continue;
		d = at(image, ph->p_offset, ph->p_filesz);
		return d && dynamic_needs(image, e, d, ph->p_filesz / sizeof(*d), name);
	}
	return false;
}

bool elf_needs(const char *file, const char *name)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct image image = { NULL, 0 };
	struct stat st;
	bool needs = false;
	void *p;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		image.n = (size_t)st.st_size;
		p = mmap(NULL, image.n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED) {
			image.p = p;
			needs = image_needs(&image, name);
			munmap(p, image.n);
		}
	}
	close(fd);
	return needs;
}
