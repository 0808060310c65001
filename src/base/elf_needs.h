/* SPDX-License-Identifier: MIT */
/* elf_needs.h - which libraries a program is linked with. */
#ifndef BASE_ELF_NEEDS_H
#define BASE_ELF_NEEDS_H

#include <stdbool.h>

/* Is FILE a 64-bit ELF program linked with a library whose name begins with NAME? */
bool elf_needs(const char *file, const char *name);

#endif
