/* SPDX-License-Identifier: MIT */
/* The worst case of the daemon's memory, as the manual reckons it. */
#include "conf_memory.h"
#include "conf_text.h"

#define KIB 1024.0

/* Bytes that TEXT can need; its worst path is PATH. */
static double most(const char *text, const char *path)
{
	struct conf *c = load(text);
	const struct path_conf *worst;
	double bytes = conf_memory_most(c, &worst);

	if (path)
		assert_string_equal(worst->path, path);
	else
		assert_null(worst);
	conf_free(c);
	return bytes;
}

#define ONE "[limits]\nmax_connections = 1\nmax_handshakes = 1\nmax_header = 4k\n"
#define REQUEST (8 * KIB)

TEST(the_queues_count_twice_and_whole_messages_once)
{
	assert_float_equal(most(ONE "[/x]\nexec = cat\nqueue = 1M\n", "/x"),
			   2048 * KIB + 68 * KIB + REQUEST, 0);
	assert_float_equal(
		most(ONE "[/x]\nexec = cat\nqueue = 1M\nmax_message = 3M\nframe = nul\n",
		     "/x"),
		(2048 + 3072 + 68) * KIB + REQUEST, 0);
}

TEST(a_line_of_json_is_six_times_its_message_in_either_direction)
{
	assert_float_equal(most(ONE "[/x]\nexec = cat\nqueue = 1M\nframe = json\n", "/x"),
			   (2048 + 13 * 1024 + 68) * KIB + REQUEST, 0);
}

TEST(the_worst_path_counts_for_all_clients)
{
	assert_float_equal(
		most("[limits]\nmax_connections = 1000\nmax_handshakes = 10\n"
		     "max_header = 8k\n[/a]\nexec = cat\nqueue = 64k\n"
		     "[/b]\nexec = cat\nqueue = 128k\n[/c]\nexec = cat\nqueue = 64k\n",
		     "/b"),
		1000 * (256 + 68) * KIB + 10 * 12 * KIB, 0);
}

TEST(programs_without_clients_count_too)
{
	assert_float_equal(
		most(ONE "[/x]\nexec = cat\nqueue = 1M\nframe = nul\nmax_message = 1M\n"
			 "process = session\nsession_key = query:s\nmax_processes = 100\n"
			 "replay = 64k\n",
		     "/x"),
		(2048 + 1024 + 68) * KIB + REQUEST + 100 * (64 + 512 + 4) * KIB, 0);
	assert_float_equal(
		most(ONE "[/x]\nexec = cat\nqueue = 1M\nframe = nul\nmax_message = 1M\n"
			 "process = shared\nreplay = 9\n",
		     "/x"),
		(2048 + 1024 + 68) * KIB + REQUEST + (512 + 512 + 4) * KIB, 0);
}

TEST(files_hold_no_queues)
{
	assert_float_equal(most(ONE "[/x/*]\nstatic = /\n", NULL), REQUEST, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_queues_count_twice_and_whole_messages_once),
		cmocka_unit_test(
			a_line_of_json_is_six_times_its_message_in_either_direction),
		cmocka_unit_test(the_worst_path_counts_for_all_clients),
		cmocka_unit_test(programs_without_clients_count_too),
		cmocka_unit_test(files_hold_no_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
