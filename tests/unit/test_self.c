/* SPDX-License-Identifier: MIT */
/* What the kernel says of this process. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "self.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define MANY (32 << 20)

TEST(a_descriptor_more_is_one_more)
{
	struct self before, after;
	int fd;

	self_look(&before);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	self_look(&after);
	close(fd);
	assert_true(before.fds >= 3);
	assert_int_equal(after.fds, before.fds + 1);
}

TEST(they_are_as_many_when_each_is_asked_for)
{
	struct self s;
	int high = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 700);

	assert_true(high >= 700);
	self_look(&s);
	assert_int_equal(self_count_fds(), s.fds);
	close(high);
	assert_int_equal(self_count_fds(), s.fds - 1);
}

TEST(the_limit_of_descriptors_is_the_soft_one)
{
	struct rlimit limit;
	struct self s;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	self_look(&s);
	assert_int_equal(s.max_fds, limit.rlim_cur);
}

TEST(memory_that_is_written_to_is_resident)
{
	struct self before, mapped, written;
	void *p;

	self_look(&before);
	p = mmap(NULL, MANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	self_look(&mapped);
	memset(p, 1, MANY);
	self_look(&written);
	munmap(p, MANY);
	assert_true(mapped.mapped >= before.mapped + MANY);
	assert_true(written.resident >= mapped.resident + MANY / 2);
}

TEST(work_takes_cpu_time)
{
	struct self before, after;

	self_look(&before);
	do
		self_look(&after);
	while (after.cpu < before.cpu + 0.01 && after.cpu >= before.cpu);
	assert_true(after.cpu >= before.cpu + 0.01 && after.cpu < before.cpu + 10);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_more_is_one_more),
		cmocka_unit_test(they_are_as_many_when_each_is_asked_for),
		cmocka_unit_test(the_limit_of_descriptors_is_the_soft_one),
		cmocka_unit_test(memory_that_is_written_to_is_resident),
		cmocka_unit_test(work_takes_cpu_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
