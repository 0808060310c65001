/* SPDX-License-Identifier: MIT */
/* With what a program is started, and how it is seen out: real processes on a real loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "sys.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define LONG 1000.0 /* seconds: a step that must not be reached */
#define SOON 0.05   /* one that must */

static const struct child_stop patient = { .signal = SIGTERM,
					   .eof_timeout = LONG,
					   .stop_timeout = LONG };
static const struct child_stop impatient = { .signal = SIGTERM,
					     .eof_timeout = SOON,
					     .stop_timeout = SOON };

static struct ev_loop *loop;
static struct turn turn;
static struct children all;

/* The child of a test, its pipes, and what was told of it. */
static struct child child;
static int to_child, from_child;
static char told[100]; /* "exited gone " */

static void on_changed(EV_P_ struct child *c)
{
	ev_break(EV_A_ EVBREAK_ONE); /* told before the loop sleeps: it must not */
	strcat(told, c->state == CHILD_EXITED ? "exited " : "gone ");
}

/* While it is true no SIGKILL arrives, as at one who sits in the kernel. */
static bool sits_in_kernel;

/* In place of the C library's. */
int kill(pid_t pid, int sig)
{
	return sits_in_kernel && sig == SIGKILL ? 0 : (int)syscall(SYS_kill, pid, sig);
}

static int setup(void **state)
{
	(void)state;
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ev_loop_destroy(loop);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	turn_init(&turn, loop);
	children_init(&all, &turn, -1);
	child = (struct child){ .changed = on_changed };
	told[0] = '\0';
	to_child = from_child = -1;
	sits_in_kernel = false;
	alarm(60); /* a test that waits for ever is ended by SIGALRM */
	return 0;
}

/* A good test has seen out all its processes.  A failed one must not spoil the next. */
static int end(void **state)
{
	pid_t left = waitpid(-1, NULL, WNOHANG);

	(void)state;
	sits_in_kernel = false;
	close(to_child);
	close(from_child);
	if (child.pid > 0 && child.state != CHILD_GONE)
		kill(-child.pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	alarm(0);
	ev_timer_stop(loop, &child.timer);
	children_stop(&all);
	turn_stop(&turn);
	return left < 0 && all.running == 0 ? 0 : -1;
}

/* ---- starting ---- */

static char *const no_env[] = { NULL };

/* Start SPEC as C with a pipe at 0 and one at 1 and 2. */
static int start_with(struct child_spec spec, struct child *c, const char **ret_what)
{
	int in[2], out[2], r;

	assert_return_code(pipe2(in, O_CLOEXEC), 0);
	assert_return_code(pipe2(out, O_CLOEXEC), 0);
	spec.fd[0] = in[0];
	spec.fd[1] = spec.fd[2] = out[1];
	r = child_start(&all, &spec, c, ret_what);
	close(in[0]);
	close(out[1]);
	to_child = in[1];
	from_child = out[0];
	return r;
}

/* The child reads the end of its input. */
static void end_input(void)
{
	close(to_child);
	to_child = -1;
}

static void start(struct child_spec spec)
{
	const char *what = "nothing";
	int r;

	if (!spec.envp)
		spec.envp = no_env;
	r = start_with(spec, &child, &what);
	if (r < 0)
		fail_msg("%s: %s", what, strerror(-r));
	assert_int_equal(child.state, CHILD_RUNNING);
	assert_true(child.pid > 0);
}

#define WORDS(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })
#define SH(script) .file = "/bin/sh", .argv = WORDS("sh", "-c", script), .umask = -1

static void start_script(const char *script)
{
	start((struct child_spec){ SH(script) });
}

/* What the child writes, to the end or to N bytes. */
static const char *output(size_t n)
{
	static char text[10000];
	size_t have = 0;
	ssize_t r;

	while (have < n && have < sizeof(text) - 1 &&
	       (r = read(from_child, text + have, 1)) > 0)
		have += (size_t)r;
	text[have] = '\0';
	return text;
}

static const char *all_output(void)
{
	return output(SIZE_MAX);
}

/* The child has come so far as to say "ready". */
static void await_ready(void)
{
	assert_string_equal(output(6), "ready\n");
}

static void await(const struct child *c, enum child_state state)
{
	while (c->state < state)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(c->state, state);
}

/* The loop has seen out all processes, also those that it did not start. */
static void await_no_process(void)
{
	siginfo_t info;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		ev_run(loop, EVRUN_ONCE);
	assert_int_equal(errno, ECHILD);
}

/* The child ends by itself. */
static void await_success(void)
{
	await(&child, CHILD_GONE);
	assert_true(WIFEXITED(child.status));
	assert_int_equal(WEXITSTATUS(child.status), 0);
}

/* ---- what a program gets ---- */

TEST(a_program_gets_its_descriptors_and_no_others)
{
	int in[2], out[2], err[2], open_without_cloexec = fcntl(0, F_DUPFD, 50);
	char script[200];
	const char *what;
	char got[20] = "";

	assert_return_code(pipe2(in, O_CLOEXEC), 0);
	assert_return_code(pipe2(out, O_CLOEXEC), 0);
	assert_return_code(pipe2(err, O_CLOEXEC), 0);
	snprintf(script, sizeof(script),
		 "read x; echo out $x; echo err $x >&2; [ ! -e /proc/$$/fd/%d ]",
		 open_without_cloexec);
	assert_int_equal(
		child_start(&all,
			    &(struct child_spec){ SH(script), .envp = no_env,
						  .fd = { in[0], out[1], err[1] } },
			    &child, &what),
		0);
	assert_int_equal(write(in[1], "5\n", 2), 2);
	await_success();
	assert_int_equal(read(out[0], got, 19), 6);
	assert_memory_equal(got, "out 5\n", 6);
	assert_int_equal(read(err[0], got, 19), 6);
	assert_memory_equal(got, "err 5\n", 6);
	close(open_without_cloexec);
	for (int i = 0; i < 2; i++) { /* they stay the caller's */
		assert_return_code(close(in[i]), 0);
		assert_return_code(close(out[i]), 0);
		assert_return_code(close(err[i]), 0);
	}
}

TEST(a_program_gets_exactly_its_words_and_variables)
{
	start((struct child_spec){ .file = "/usr/bin/env",
				   .argv = WORDS("env"),
				   .envp = WORDS("A=1", "B=$x  y"),
				   .umask = -1 });
	assert_string_equal(all_output(), "A=1\nB=$x  y\n");
	await_success();
}

TEST(the_first_word_need_not_be_the_file)
{
	start((struct child_spec){ .file = "/bin/sh",
				   .argv = WORDS("-other", "-c",
						 "cat /proc/$$/cmdline | tr '\\0' '|'",
						 "", "a b"),
				   .umask = -1 });
	assert_string_equal(all_output(),
			    "-other|-c|cat /proc/$$/cmdline | tr '\\0' '|'||a b|");
	await_success();
}

TEST(a_program_leads_a_session_and_a_group)
{
	start_script("cat");
	assert_int_equal(getsid(child.pid), child.pid);
	assert_int_equal(getpgid(child.pid), child.pid);
	end_input();
	await_success();
}

TEST(a_program_is_in_its_directory_with_its_umask)
{
	start((struct child_spec){ .file = "/bin/sh",
				   .argv = WORDS("sh", "-c", "pwd; umask"),
				   .cwd = "/usr/bin",
				   .umask = 0137 });
	assert_string_equal(all_output(), "/usr/bin\n0137\n");
	await_success();
}

TEST(what_is_not_told_is_ours)
{
	mode_t old = umask(0124);
	char dir[1000], want[1100];

	assert_non_null(getcwd(dir, sizeof(dir)));
	snprintf(want, sizeof(want), "%s\n0124\n", dir);
	start_script("pwd -P; umask");
	umask(old);
	assert_string_equal(all_output(), want);
	await_success();
}

static void on_signal(int sig)
{
	(void)sig;
}

/* The line of NAME in /proc/PID/status TEXT is all zeros. */
static void expect_no_signals(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	assert_non_null(line);
	if (strncmp(line + strlen(name), "\t0000000000000000\n", 18) != 0)
		fail_msg("%.*s", (int)strcspn(line, "\n"), line);
}

/* A signal that the C library keeps for itself, but who started us may ignore.  ACTION is
 * the kernel's struct sigaction. */
static void set_internal(const unsigned long *action)
{
	assert_return_code(syscall(SYS_rt_sigaction, 33, action, NULL, 8), 0);
}

TEST(a_program_ignores_blocks_and_handles_no_signal)
{
	static const unsigned long ignore[4] = { 1 }, dfl[4] = { 0 };
	struct sigaction before, after, handle = { .sa_handler = on_signal };
	sigset_t usr1, old, mask;
	const char *text;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGRTMAX, SIG_IGN);
	set_internal(ignore);
	assert_return_code(sigaction(SIGUSR2, &handle, NULL), 0);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &old);
	start((struct child_spec){ .file = "/bin/cat",
				   .argv = WORDS("cat", "/proc/self/status"),
				   .umask = -1 });
	sigprocmask(SIG_SETMASK, &old, &mask);
	assert_true(sigismember(&mask, SIGUSR1)); /* our own are as before */
	assert_false(sigismember(&mask, SIGTERM));
	sigaction(SIGPIPE, NULL, &before);
	assert_true(before.sa_handler == SIG_IGN);
	sigaction(SIGUSR2, NULL, &after);
	assert_true(after.sa_handler == on_signal);
	text = all_output();
	expect_no_signals(text, "SigBlk:");
	expect_no_signals(text, "SigIgn:");
	expect_no_signals(text, "SigCgt:");
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGRTMAX, SIG_DFL);
	set_internal(dfl);
	signal(SIGUSR2, SIG_DFL);
	await_success();
}

TEST(a_program_gets_the_limit_of_descriptors_that_it_would_have_without_us)
{
	struct rlimit r;
	char want[30];

	all.nofile = 77;
	start_script("ulimit -Sn");
	all.nofile = -1;
	assert_string_equal(all_output(), "77\n");
	await_success();
	end(NULL);
	begin(NULL);
	assert_return_code(getrlimit(RLIMIT_NOFILE, &r), 0);
	snprintf(want, sizeof(want), "%llu\n", (unsigned long long)r.rlim_cur);
	start_script("ulimit -Sn");
	assert_string_equal(all_output(), want);
	await_success();
}

/* In a process of its own: start `cat` with these descriptors, and end when GO does. */
static _Noreturn void be_parent(int in, int out, int go)
{
	struct child_spec spec = { SH("echo ready; exec cat"), .envp = no_env,
				   .fd = { in, out, out },
				   .parent_death_signal = SIGKILL };
	const char *what;
	char none;

	_exit(child_start(&all, &spec, &child, &what) < 0 || read(go, &none, 1) != 0);
}

TEST(a_program_does_not_outlive_its_parent)
{
	int in[2], out[2], go[2];
	pid_t parent;

	assert_return_code(pipe2(in, O_CLOEXEC), 0);
	assert_return_code(pipe2(out, O_CLOEXEC), 0);
	assert_return_code(pipe2(go, O_CLOEXEC), 0);
	from_child = out[0];
	to_child = in[1]; /* stays open: cat has no reason of its own to end */
	parent = fork();
	if (parent == 0) {
		close(go[1]);
		be_parent(in[0], out[1], go[0]);
	}
	close(in[0]);
	close(out[1]);
	close(go[0]);
	await_ready();
	close(go[1]);
	assert_string_equal(all_output(), "");
	await_no_process();
}

/* ---- what cannot be started ---- */

TEST(a_failed_start_is_told_with_what_failed_and_leaves_nothing)
{
	static char big[200000]; /* more than one word may have */
	char *const too_big[] = { (char[]){ "x" }, big, NULL };
	char *const argv[] = { (char[]){ "x" }, NULL };
	char text_file[] = "/tmp/child-XXXXXX";
	const struct {
		const char *file, *cwd;
		char *const *argv;
		int error;
		const char *what;
	} rows[] = {
		{ "/no/such/file", NULL, argv, ENOENT, "exec" },
		{ "/etc/passwd", NULL, argv, EACCES, "exec" },
		{ "/tmp", NULL, argv, EACCES, "exec" },
		{ text_file, NULL, argv, ENOEXEC, "exec" },
		{ "/bin/true", NULL, too_big, E2BIG, "exec" },
		{ "/bin/true", "/no/such/dir", argv, ENOENT, "chdir" },
		{ "/bin/true", "/etc/passwd", argv, ENOTDIR, "chdir" },
	};
	int fd = mkostemp(text_file, O_CLOEXEC);

	assert_int_equal(write(fd, "no program\n", 11), 11);
	assert_return_code(fchmod(fd, 0755), 0);
	close(fd);
	memset(big, 'x', sizeof(big) - 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct child_spec spec = { .file = rows[i].file,
					   .argv = rows[i].argv,
					   .envp = no_env,
					   .cwd = rows[i].cwd,
					   .umask = -1 };
		const char *what = "nothing";
		int r = start_with(spec, &child, &what);

		end_input();
		close(from_child);
		from_child = -1;
		if (r != -rows[i].error || strcmp(what, rows[i].what) != 0)
			fail_msg("%s: %s: %s", rows[i].file, what, strerror(-r));
		assert_int_equal(child.state, CHILD_NONE);
		assert_int_equal(all.running, 0);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
	unlink(text_file);
	ev_run(loop, EVRUN_NOWAIT);
	assert_string_equal(told, "");
}

TEST(a_descriptor_that_is_not_open_is_a_failed_start)
{
	struct child_spec spec = { SH(":"), .envp = no_env, .fd = { 0, 1, 1000000 } };
	const char *what = "nothing";

	assert_int_equal(child_start(&all, &spec, &child, &what), -EBADF);
	assert_string_equal(what, "dup2");
}

/* ---- its end ---- */

TEST(the_exit_code_is_in_the_status)
{
	start_script("exit 3");
	await(&child, CHILD_GONE);
	assert_true(WIFEXITED(child.status));
	assert_int_equal(WEXITSTATUS(child.status), 3);
	assert_int_equal(kill(-child.pid, 0), -1);
}

TEST(the_signal_is_in_the_status)
{
	start_script("kill -USR1 $$");
	await(&child, CHILD_GONE);
	assert_true(WIFSIGNALED(child.status));
	assert_int_equal(WTERMSIG(child.status), SIGUSR1);
}

/* A background job of sh has /dev/null as its stdin; descriptor 3 is the pipe. */
#define WITH_GRANDCHILD(before_cat) \
	"exec 3<&0; (" before_cat "; echo ready; exec cat <&3) & "

TEST(the_leaders_end_and_that_of_its_group_are_two_things)
{
	start_script(WITH_GRANDCHILD(":") "exit 4");
	assert_int_equal(all.running, 1);
	await_ready();
	await(&child, CHILD_EXITED);
	assert_string_equal(told, "exited ");
	assert_int_equal(WEXITSTATUS(child.status), 4);
	assert_int_equal(all.running, 0);
	assert_int_equal(kill(-child.pid, 0), 0);
	end_input();
	await(&child, CHILD_GONE);
	assert_string_equal(told, "exited gone ");
	assert_int_equal(WEXITSTATUS(child.status), 4);
}

TEST(who_left_the_group_is_not_waited_for_but_reaped)
{
	start_script("exec 3<&0; setsid sh -c 'echo ready; exec cat <&3' & wait");
	await_ready();
	kill(-child.pid, SIGKILL);
	await(&child, CHILD_GONE);
	end_input(); /* now it ends as well */
	assert_string_equal(all_output(), "");
	await_no_process();
}

TEST(each_of_many_children_gets_its_own_end)
{
	static struct child many[60];
	static int in[COUNT(many)], out[COUNT(many)];
	const char *what;

	for (size_t i = 0; i < COUNT(many); i++) {
		char script[20];

		snprintf(script, sizeof(script), "read x; exit %zu", i);
		many[i] = (struct child){ .changed = on_changed };
		told[0] = '\0';
		assert_int_equal(
			start_with((struct child_spec){ SH(script), .envp = no_env },
				   &many[i], &what),
			0);
		in[i] = to_child;
		out[i] = from_child;
	}
	to_child = from_child = -1;
	assert_int_equal(all.running, COUNT(many));
	for (size_t i = 0; i < COUNT(many); i++) { /* in another order */
		size_t k = i * 37 % COUNT(many);

		close(in[k]);
		told[0] = '\0';
		await(&many[k], CHILD_GONE);
		assert_int_equal(WEXITSTATUS(many[k].status), k);
		close(out[k]);
	}
}

static void wake(EV_P_ struct child *c)
{
	(void)c;
	ev_break(EV_A_ EVBREAK_ONE);
}

/* Nobody has said yet how far the end of C goes. */
static void await_end_of_group(const struct child *c)
{
	await(c, CHILD_EXITED);
	ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(c->state, CHILD_EMPTY);
}

/* To go through so many takes so long that who ends next has to wait a little. */
TEST(who_ends_among_many_waits_for_others)
{
	static struct child many[200];
	static int in[COUNT(many)];
	siginfo_t info;
	const char *what;

	for (size_t i = 0; i < COUNT(many); i++) {
		struct child_spec spec = { SH("exec cat"), .envp = no_env, .id = i + 1 };

		many[i] = (struct child){ .changed = wake };
		assert_int_equal(start_with(spec, &many[i], &what), 0);
		in[i] = to_child;
		close(from_child);
	}
	to_child = from_child = -1;
	close(in[2]);
	await_end_of_group(&many[2]);
	for (size_t i = 0; i < 2; i++) {
		close(in[i]);
		child_stop(&many[i], &patient, STEP_EOF);
		assert_int_equal(
			waitid(P_PID, (id_t)many[i].pid, &info, WEXITED | WNOWAIT), 0);
		for (; ev_is_active(&all.rest); ev_run(loop, EVRUN_ONCE))
			assert_int_equal(many[i].state, CHILD_RUNNING);
		await(&many[i], CHILD_GONE);
		assert_true(ev_is_active(&all.rest));
	}
	child_stop(&many[2], &patient, STEP_EOF);
	for (; ev_is_active(&all.rest); ev_run(loop, EVRUN_ONCE))
		assert_int_equal(many[2].state, CHILD_EMPTY);
	await(&many[2], CHILD_GONE);
	for (size_t i = 3; i < COUNT(many); i++) {
		close(in[i]);
		child_stop(&many[i], &patient, STEP_EOF);
	}
	for (size_t i = 3; i < COUNT(many); i++)
		await(&many[i], CHILD_GONE);
}

static struct child sibling;

static void stop_sibling(EV_P_ struct child *c)
{
	if (c->state == CHILD_GONE) /* the loop is about to sleep */
		child_stop(&sibling, &patient, STEP_EOF);
	else
		wake(EV_A_ c);
}

/* It is looked at last, when the one who has ended later was looked at already. */
TEST(who_is_gone_may_have_a_sibling_stopped)
{
	struct child *both[] = { &child, &sibling };
	const char *what;

	for (size_t i = 0; i < COUNT(both); i++) {
		struct child_spec spec = { SH("read x"), .envp = no_env, .id = i + 1 };

		*both[i] = (struct child){ .changed = i == 0 ? stop_sibling : wake };
		assert_int_equal(start_with(spec, both[i], &what), 0);
		end_input();
		close(from_child);
		from_child = -1;
		await_end_of_group(both[i]);
	}
	child_stop(&child, &patient, STEP_EOF);
	await(&sibling, CHILD_GONE);
	assert_int_equal(child.state, CHILD_GONE);
}

/* ---- the way out ---- */

static void expect_exit(int code)
{
	await(&child, CHILD_GONE);
	if (!WIFEXITED(child.status) || WEXITSTATUS(child.status) != code)
		fail_msg("status %#x, not exit %d", (unsigned)child.status, code);
}

static void expect_signal(int sig)
{
	await(&child, CHILD_GONE);
	if (!WIFSIGNALED(child.status) || WTERMSIG(child.status) != sig)
		fail_msg("status %#x, not signal %d", (unsigned)child.status, sig);
}

TEST(a_program_that_ends_at_EOF_sees_no_signal)
{
	start_script("cat; exit 5");
	end_input();
	child_stop(&child, &patient, STEP_EOF);
	expect_exit(5);
}

TEST(a_program_that_does_not_care_for_EOF_gets_the_signal)
{
	static const struct child_stop stop = { .signal = SIGUSR1,
						.eof_timeout = SOON,
						.stop_timeout = LONG };

	start_script("exec 3<&0; trap 'exit 7' USR1; "
		     "sh -c 'echo ready; exec cat <&3' & wait");
	await_ready();
	child_stop(&child, &stop, STEP_EOF);
	expect_exit(7);
}

TEST(the_signal_can_be_the_first_step)
{
	start_script("echo ready; exec cat");
	await_ready();
	child_stop(&child, &patient, STEP_SIGNAL);
	expect_signal(SIGTERM);
}

TEST(a_program_that_ignores_the_signal_is_killed)
{
	start_script("trap '' TERM; echo ready; exec cat");
	await_ready();
	child_stop(&child, &impatient, STEP_EOF);
	expect_signal(SIGKILL);
}

TEST(the_kill_can_be_the_first_step)
{
	start_script("trap 'exit 7' TERM; echo ready; cat");
	await_ready();
	child_stop(&child, &patient, STEP_KILL);
	expect_signal(SIGKILL);
}

TEST(the_steps_go_on_until_the_group_is_gone)
{
	start_script("trap 'exit 7' TERM; " WITH_GRANDCHILD("trap '' TERM") "wait");
	await_ready();
	child_stop(&child, &impatient, STEP_EOF);
	expect_exit(7);
	assert_string_equal(told, "exited gone ");
}

TEST(what_is_left_of_a_group_can_be_stopped)
{
	start_script(WITH_GRANDCHILD(":") "exit 4");
	await_ready();
	await(&child, CHILD_EXITED);
	child_stop(&child, &patient, STEP_SIGNAL);
	expect_exit(4);
}

/* Its parent has left the group and does not wait for it: it stays, and nobody can help.
 * That cat answers shows that it is no shell any more, which would wait. */
TEST(a_zombie_that_nobody_reaps_is_not_waited_for)
{
	start_script("exec 3<&0; (sleep 60 & exec setsid cat <&3) & exit 4");
	assert_int_equal(write(to_child, "ready\n", 6), 6);
	await_ready();
	await(&child, CHILD_EXITED);
	child_stop(&child, &patient, STEP_KILL);
	expect_exit(4);
	end_input(); /* the end of the parent, who leaves the zombie to us */
	await_no_process();
}

/* The time of the step that CHILD is in has passed, and a turn of the loop begins. */
static void pass_step(void)
{
	turn_begin(&turn, sys_now());
	ev_invoke(loop, &child.timer, EV_TIMER);
}

/* The leader sits in the kernel for longer than a byte can count kills. */
TEST(a_leader_that_outlives_SIGKILL_is_waited_for_and_then_its_zombies_are_not)
{
	start_script("exec 3<&0; (sleep 60 & exec setsid cat <&3) & exec sleep 60");
	assert_int_equal(write(to_child, "ready\n", 6), 6);
	await_ready();
	sits_in_kernel = true;
	child_stop(&child, &patient, STEP_KILL);
	for (unsigned i = 0; i < 300; i++) {
		pass_step();
		assert_string_equal(told, "");
	}
	sits_in_kernel = false;
	kill(-child.pid, SIGKILL);
	await(&child, CHILD_EXITED);
	pass_step();
	expect_signal(SIGKILL);
	assert_string_equal(told, "exited gone ");
	end_input(); /* the end of the zombie's parent */
	await_no_process();
}

TEST(a_suspended_program_is_woken_for_the_signal)
{
	siginfo_t info;

	start_script("exec 3<&0; trap 'exit 7' TERM; kill -STOP $$; cat <&3 & wait");
	assert_return_code(
		waitid(P_PID, (id_t)child.pid, &info, WSTOPPED | WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_code, CLD_STOPPED);
	child_stop(&child, &patient, STEP_SIGNAL);
	expect_exit(7);
}

TEST(a_kill_skips_the_steps_between)
{
	start_script("trap '' TERM; echo ready; exec cat");
	await_ready();
	child_stop(&child, &patient, STEP_EOF);
	child_kill(&child);
	expect_signal(SIGKILL);
}

TEST(who_is_on_the_way_out_does_not_begin_again)
{
	static const struct child_stop other = { .signal = SIGKILL,
						 .eof_timeout = 0,
						 .stop_timeout = 0 };

	start_script("cat; exit 5");
	child_stop(&child, &patient, STEP_EOF);
	child_stop(&child, &other, STEP_SIGNAL);
	end_input();
	expect_exit(5);
}

TEST(who_is_not_there_is_not_stopped)
{
	static const struct child_stop stop = { .signal = SIGTERM,
						.eof_timeout = 0,
						.stop_timeout = 0 };

	child_stop(&child, &stop, STEP_KILL); /* never started */
	child_kill(&child);
	start_script("exit 5");
	expect_exit(5);
	child_stop(&child, &stop, STEP_KILL); /* its pid may be somebody else's now */
	child_kill(&child);
	assert_int_equal(child.step, STEP_NONE);
	assert_false(ev_is_active(&child.timer));
}

#define CHILD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CHILD_TEST(a_program_gets_its_descriptors_and_no_others),
		CHILD_TEST(a_program_gets_exactly_its_words_and_variables),
		CHILD_TEST(the_first_word_need_not_be_the_file),
		CHILD_TEST(a_program_leads_a_session_and_a_group),
		CHILD_TEST(a_program_is_in_its_directory_with_its_umask),
		CHILD_TEST(what_is_not_told_is_ours),
		CHILD_TEST(a_program_ignores_blocks_and_handles_no_signal),
		CHILD_TEST(
			a_program_gets_the_limit_of_descriptors_that_it_would_have_without_us),
		CHILD_TEST(a_program_does_not_outlive_its_parent),
		CHILD_TEST(a_failed_start_is_told_with_what_failed_and_leaves_nothing),
		CHILD_TEST(a_descriptor_that_is_not_open_is_a_failed_start),
		CHILD_TEST(the_exit_code_is_in_the_status),
		CHILD_TEST(the_signal_is_in_the_status),
		CHILD_TEST(the_leaders_end_and_that_of_its_group_are_two_things),
		CHILD_TEST(who_left_the_group_is_not_waited_for_but_reaped),
		CHILD_TEST(each_of_many_children_gets_its_own_end),
		CHILD_TEST(who_ends_among_many_waits_for_others),
		CHILD_TEST(who_is_gone_may_have_a_sibling_stopped),
		CHILD_TEST(a_program_that_ends_at_EOF_sees_no_signal),
		CHILD_TEST(a_program_that_does_not_care_for_EOF_gets_the_signal),
		CHILD_TEST(the_signal_can_be_the_first_step),
		CHILD_TEST(a_program_that_ignores_the_signal_is_killed),
		CHILD_TEST(the_kill_can_be_the_first_step),
		CHILD_TEST(the_steps_go_on_until_the_group_is_gone),
		CHILD_TEST(what_is_left_of_a_group_can_be_stopped),
		CHILD_TEST(a_zombie_that_nobody_reaps_is_not_waited_for),
		CHILD_TEST(
			a_leader_that_outlives_SIGKILL_is_waited_for_and_then_its_zombies_are_not),
		CHILD_TEST(a_suspended_program_is_woken_for_the_signal),
		CHILD_TEST(a_kill_skips_the_steps_between),
		CHILD_TEST(who_is_on_the_way_out_does_not_begin_again),
		CHILD_TEST(who_is_not_there_is_not_stopped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
