/* SPDX-License-Identifier: MIT */
/* Which libraries a program is said to need, and that no broken file does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "elf_file.h"
#include "elf_needs.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ASAN "libasan.so"

/* Does the program of the N bytes at P need NAME? */
static bool bytes_need(const void *p, size_t n, const char *name)
{
	int fd = -1;
	const char *path = elf_file_path(p, n, &fd);
	bool needs;

	assert_non_null(path);
	needs = elf_needs(path, name);
	close(fd);
	return needs;
}

static bool needs(const struct elf_file *e, const char *name)
{
	return bytes_need(e, sizeof(*e), name);
}

/* ---- what it says ---- */

TEST(a_real_program_needs_the_c_library_and_no_sanitizer)
{
	assert_true(elf_needs("/bin/true", "libc.so"));
	assert_true(elf_needs("/bin/true", "libc.so.6"));
	assert_false(elf_needs("/bin/true", ASAN));
	assert_false(elf_needs("/bin/true", "libc.so.7"));
}

TEST(one_of_several_libraries_is_found)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	e.end = e.needed;
	e.needed.d_un.d_val = 0;
	strcpy(e.strings, "libc.so.6");
	assert_true(needs(&e, ASAN));
	assert_true(needs(&e, "libc.so"));
	assert_false(needs(&e, "libm.so"));
}

TEST(the_name_must_begin_and_not_end_or_contain_it)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	assert_true(needs(&e, ASAN));
	assert_true(needs(&e, "libasan.so.8"));
	assert_false(needs(&e, "asan.so.8"));
	assert_false(needs(&e, "libasan.so.80"));
	assert_false(needs(&e, "LIBASAN"));
	e = elf_file_of("xlibasan.so.8");
	assert_false(needs(&e, ASAN));
}

TEST(a_name_at_the_very_end_of_the_file_is_found)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	/* Without the NUL behind the name, then without the name's last byte. */
	assert_true(bytes_need(&e, sizeof(e) - 1, "libasan.so.8"));
	assert_false(bytes_need(&e, sizeof(e) - 2, "libasan.so.8"));
}

TEST(the_string_table_is_found_by_its_address_in_its_segment)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	e.load.p_vaddr += 0x1000;
	e.strtab.d_un.d_ptr += 0x1000;
	assert_true(needs(&e, ASAN));
	e.strtab.d_un.d_ptr = e.load.p_vaddr - 1;
	assert_false(needs(&e, ASAN));
	e = elf_file_of("libasan.so.8");
	e.load.p_filesz = offsetof(struct elf_file, strings);
	assert_false(needs(&e, ASAN)); /* in the file, but not loaded */
}

/* ---- what is no such program ---- */

TEST(what_is_no_file_needs_nothing)
{
	assert_false(elf_needs("/no/such/file", ""));
	assert_false(elf_needs("/tmp", ""));
	assert_false(elf_needs("/dev/null", ""));
	assert_false(bytes_need("", 0, ""));
}

TEST(a_fifo_is_not_waited_for)
{
	char path[] = "/tmp/elf-XXXXXX";
	int status = 0;
	pid_t pid;

	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	pid = fork();
	if (pid == 0) {
		alarm(10); /* waited for: ended by SIGALRM */
		_exit(elf_needs(path, ""));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	assert_int_equal(status, 0);
}

TEST(a_script_needs_nothing)
{
	static const char script[200] = "#!/bin/sh\necho libasan.so.8\n";

	assert_false(bytes_need(script, sizeof(script), ""));
	assert_false(bytes_need(script, 3, ""));
}

TEST(a_32_bit_program_needs_nothing)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	e.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_false(needs(&e, ASAN));
}

TEST(a_static_program_needs_nothing)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	e.dynamic.p_type = PT_NOTE;
	assert_false(needs(&e, ASAN));
	e.dynamic.p_type = PT_DYNAMIC;
	e.header.e_phnum = 1;
	assert_false(needs(&e, ASAN));
}

/* ---- what is broken ---- */

TEST(a_truncated_program_needs_nothing)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	for (size_t n = 0; n < sizeof(e) - sizeof("n.so.8"); n++)
		if (bytes_need(&e, n, ASAN))
			fail_msg("the first %zu bytes need it", n);
}

TEST(offsets_out_of_the_file_are_not_followed)
{
	static const uint64_t far[] = { sizeof(struct elf_file), 4096, 1ULL << 40,
					INT64_MAX & ~7ULL, UINT64_MAX & ~7ULL };

	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
		struct elf_file e = elf_file_of("libasan.so.8");

		e.header.e_phoff = far[i];
		assert_false(needs(&e, ASAN));
		e = elf_file_of("libasan.so.8");
		e.dynamic.p_offset = far[i];
		assert_false(needs(&e, ASAN));
		e = elf_file_of("libasan.so.8");
		e.dynamic.p_filesz = far[i];
		needs(&e, ASAN); /* what the file does hold may count */
		e = elf_file_of("libasan.so.8");
		e.load.p_offset = far[i];
		assert_false(needs(&e, ASAN));
		e = elf_file_of("libasan.so.8");
		e.needed.d_un.d_val = far[i];
		assert_false(needs(&e, ASAN));
	}
}

TEST(more_segments_than_the_file_holds_do_no_harm)
{
	struct elf_file e = elf_file_of("libasan.so.8");

	e.header.e_phnum = UINT16_MAX;
	assert_true(needs(&e, ASAN));
	e.dynamic.p_type = PT_NOTE;
	assert_false(needs(&e, ASAN));
}

/* Every byte in turn replaced by many others: the answer does not matter, a crash or a
 * report of a sanitizer does. */
TEST(no_single_wrong_byte_does_harm)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x07, 0x7F, 0x80, 0xFF };
	const struct elf_file good = elf_file_of("libasan.so.8");
	struct elf_file e = good;
	int fd = -1;
	const char *path = elf_file_path(&e, sizeof(e), &fd);
	int answers[2] = { 0, 0 };

	assert_non_null(path);
	for (size_t at = 0; at < sizeof(e); at++)
		for (size_t i = 0; i < sizeof(values); i++) {
			e = good;
			((unsigned char *)&e)[at] = values[i];
			assert_int_equal(pwrite(fd, &e, sizeof(e), 0), sizeof(e));
			answers[elf_needs(path, ASAN)]++;
		}
	assert_true(answers[false] > 0 && answers[true] > 0);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_real_program_needs_the_c_library_and_no_sanitizer),
		cmocka_unit_test(one_of_several_libraries_is_found),
		cmocka_unit_test(the_name_must_begin_and_not_end_or_contain_it),
		cmocka_unit_test(a_name_at_the_very_end_of_the_file_is_found),
		cmocka_unit_test(the_string_table_is_found_by_its_address_in_its_segment),
		cmocka_unit_test(what_is_no_file_needs_nothing),
		cmocka_unit_test(a_fifo_is_not_waited_for),
		cmocka_unit_test(a_script_needs_nothing),
		cmocka_unit_test(a_32_bit_program_needs_nothing),
		cmocka_unit_test(a_static_program_needs_nothing),
		cmocka_unit_test(a_truncated_program_needs_nothing),
		cmocka_unit_test(offsets_out_of_the_file_are_not_followed),
		cmocka_unit_test(more_segments_than_the_file_holds_do_no_harm),
		cmocka_unit_test(no_single_wrong_byte_does_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
