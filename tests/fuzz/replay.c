/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over inputs that are kept, without libFuzzer, and prints TAP.
 *
 * usage: replay_TARGET PATH...       (a file, or a directory: all files in it; one line
 * for each PATH)
 *
 * What fails is named before the program dies of it.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

static char under_way[4096]; /* the line to print when the target aborts */

/* A sanitizer's report ends in SIGABRT, too. */
const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

static void on_abort(int signo)
{
	if (write(STDOUT_FILENO, under_way, strlen(under_way)) < 0)
		_exit(1);
	signal(signo, SIG_DFL);
	raise(signo);
}

/* Run the target over the file PATH, in memory of exactly its size.  False: it cannot be
 * read. */
static bool run_file(const char *path, int line)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	uint8_t *data;
	size_t n;
	bool good;

	if (!f)
		return false;
	if (fstat(fileno(f), &st) < 0 ||
	    !(data = malloc((size_t)st.st_size + !st.st_size))) {
		fclose(f);
		return false;
	}
	n = fread(data, 1, (size_t)st.st_size, f);
	good = n == (size_t)st.st_size && !ferror(f);
	fclose(f);
	snprintf(under_way, sizeof(under_way), "not ok %d - %s\n", line, path);
	if (good)
		LLVMFuzzerTestOneInput(data, n);
	free(data);
	return good;
}

/* The same for all files of the directory PATH.  How many, or -1. */
static long run_directory(const char *path, int line)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	bool good = n >= 0;
	long count = 0;

	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.') {
			good = good && run_file(file, line);
			count++;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return good ? count : -1;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	signal(SIGABRT, on_abort);
	setvbuf(stdout, NULL, _IOLBF, 0); /* on_abort() writes past it */
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		struct stat st;
		bool directory = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
		long count = directory ? run_directory(argv[i], i) : run_file(argv[i], i);

		if (!directory)
			printf("%s %d - %s\n", count > 0 ? "ok" : "not ok", i, argv[i]);
		else
			printf("%s %d - %s: %ld inputs\n", count > 0 ? "ok" : "not ok", i,
			       argv[i], count);
		failed += count <= 0;
	}
	return failed > 0;
}
