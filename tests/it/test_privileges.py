# SPDX-License-Identifier: MIT
"""Root opens the listeners, and then another user runs the daemon and its programs, for good."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess

import procfs
import pytest
from harness import ENVIRONMENT, WSBRIDGED, get, preloaded, run
from inicheck import HEAD, fails
from systemd import listening, passing
from test_orphans import QUICK, daemon_of, gone
from test_systemd_sockets import refusal
from waiting import until

REFUSED, CONFIG, NONE = 71, 78, "0" * 16
NOBODY, GAMES = pwd.getpwnam("nobody"), pwd.getpwnam("games")
AS_NOBODY = "[server]\nlisten = 127.0.0.1:0\nuser = nobody\n"
PID = "[/pid]\nshell = echo $$; exec cat\n"


@pytest.fixture
def public(rundir):
    """A directory that every user may enter and read."""
    rundir.chmod(0o755)
    return rundir


def ids(pid):
    """Real, effective, saved and file system ids of user and group, and the other groups."""
    uid, gid, groups = (procfs.status(pid, field).split() for field in ("Uid", "Gid", "Groups"))
    return [int(n) for n in uid], [int(n) for n in gid], [int(n) for n in groups]


def capabilities(pid):
    return {field: procfs.status(pid, field) for field in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


# What setresuid(2) alone would leave behind: other groups, and with this securebit all capabilities.
CAPS = "+setuid,+setgid,+dac_override,+kill"
BURDENED = ("setpriv", "--groups=0,4,27", f"--inh-caps={CAPS}", f"--ambient-caps={CAPS}", "--securebits=+no_setuid_fixup")


@pytest.mark.key("user")
@pytest.mark.parametrize("wrap", [(), BURDENED], ids=["plain", "burdened"])
def test_daemon_and_programs_are_the_user_and_nothing_of_root_is_left(daemon, wrap):
    d = daemon(AS_NOBODY + PID, wrap=wrap)
    program = int(d.ws("/pid").recv())
    for pid in (d.pid, program):
        uid, gid = NOBODY.pw_uid, NOBODY.pw_gid
        assert ids(pid) == ([uid] * 4, [gid] * 4, [gid])
        assert set(capabilities(pid).values()) == {NONE}
    d.wait_log(r"^running as user nobody \(uid 65534\), group nogroup \(gid 65534\)$")


@pytest.mark.key("user")
def test_root_stays_root_when_it_is_told_to(daemon):
    d = daemon("[server]\nlisten = 127.0.0.1:0\nuser = root\n" + PID)
    assert ids(int(d.ws("/pid").recv()))[0] == [0] * 4
    assert "running as" not in d.log()


@pytest.mark.key("user")
def test_root_without_a_user_does_not_start(tmp_path):
    file = tmp_path / "bare.ini"
    file.write_text(HEAD + "[/x]\nexec = cat\n")
    result = subprocess.run([WSBRIDGED, "-c", file], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert result.returncode == CONFIG
    assert "listening" not in result.stderr
    assert re.search(r"bare\.ini: error: .*root.*user = NAME", result.stderr)


@pytest.mark.key("group")
@pytest.mark.parametrize("user, uid", [("nobody", NOBODY.pw_uid), ("root", 0)])
def test_group_stands_in_for_the_users_own(daemon, user, uid):
    d = daemon(f"[server]\nlisten = 127.0.0.1:0\nuser = {user}\ngroup = games\n" + PID)
    for pid in (d.pid, int(d.ws("/pid").recv())):
        assert ids(pid) == ([uid] * 4, [GAMES.pw_gid] * 4, [GAMES.pw_gid])


def test_programs_get_the_users_home_and_not_roots(daemon):
    d = daemon(AS_NOBODY + '[/env]\nshell = echo "$HOME $USER $SHELL"; exec cat\n')
    assert d.ws("/env").recv() == f"{NOBODY.pw_dir} nobody {NOBODY.pw_shell}"


def test_a_file_of_roots_alone_is_out_of_reach(daemon, public):
    secret = public / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    d = daemon(AS_NOBODY + f"[/x]\nshell = cat {secret} 2>&1; exec cat\n")
    assert "Permission denied" in d.ws("/x").recv()


# A library before libc's with which root's ids do not go as they should, and nobody says so.
LIES = {
    "the user stays": "int setresuid(uid_t r, uid_t e, uid_t s) { return 0; }",
    "the group stays": "int setresgid(gid_t r, gid_t e, gid_t s) { return 0; }",
    "root can be had back": "int setresuid(uid_t r, uid_t e, uid_t s) { return syscall(SYS_setresuid, r, e, 0); }"
    "int getresuid(uid_t *r, uid_t *e, uid_t *s) { *r = *e = *s = %d; return 0; }" % NOBODY.pw_uid,
}


@pytest.mark.parametrize("lie", LIES)
def test_who_has_not_become_the_user_for_good_serves_nobody(public, lie):
    (public / "lie.c").write_text("#include <sys/syscall.h>\n#include <unistd.h>\n" + LIES[lie])
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", "lie.so", "lie.c"], cwd=public, check=True)
    web = listening()
    early = socket.create_connection(web.getsockname())
    early.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    passed = passing(("web", web))
    status, log = refusal(
        public,
        AS_NOBODY.replace("127.0.0.1:0", "systemd:web") + PID,
        env={
            "LD_PRELOAD": f"{public}/lie.so",
            "ASAN_OPTIONS": ENVIRONMENT["ASAN_OPTIONS"] + ":verify_asan_link_order=0:detect_leaks=0",
        },
        **passed,
    )
    assert status == REFUSED, log
    assert re.search(r"error: cannot become nobody: the ids have not changed, or root's could be had back", log), log
    assert "running as" not in log
    web.close()
    for fd in passed["pass_fds"]:
        os.close(fd)
    with early, contextlib.suppress(ConnectionResetError):
        assert early.recv(1) == b""


# ---- its memory ----

PEEK = "[/peek]\nshell = head -c 1 /proc/$PPID/environ >/dev/null 2>&1 && echo seen || echo hidden; exec cat\n"


def test_programs_do_not_see_the_memory_of_the_daemon_that_was_root(daemon):
    assert daemon(AS_NOBODY + PEEK).ws("/peek").recv() == "hidden"


@pytest.mark.parametrize("service, seen", [("SYSTEMD_EXEC_PID=$$", "hidden"), ("SYSTEMD_EXEC_PID=1", "seen")])
def test_nor_that_of_a_service_which_never_was(daemon, public, service, seen):
    """As a user of its own, who sees neither pytest's directories nor root's."""
    binary, file = shutil.copy(WSBRIDGED, public), public / "own.ini"
    file.write_text(HEAD + PEEK)
    become = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    wrap = (*become, "sh", "-c", f'shift; export {service}; exec {binary} "$@"', "sh")
    d = daemon(argv=["-c", file], wrap=wrap, canary=None)
    assert d.ws("/peek").recv() == seen


def test_what_left_its_programs_group_is_still_found(daemon, public):
    d = daemon(AS_NOBODY + f"[/x]\nshell = cd {public}; {daemon_of('exec sleep 1000')}; exec cat\n{QUICK}")
    public.chmod(0o777)
    ws = d.ws("/x")
    pid = int(ws.recv())
    assert ids(pid)[0] == [NOBODY.pw_uid] * 4
    ws.close()
    gone(pid)


# ---- what it cannot have again ----


def reload(d):
    before = d.log().count("taken")
    d.process.send_signal(signal.SIGHUP)
    until(lambda: d.log().count("taken") > before, lambda: f"a verdict of the reload in the log:\n{d.log()}")


@pytest.mark.without("descriptors", reason="it listens on one more address")
def test_a_reload_does_what_the_user_may(daemon, public):
    file = public / "own.ini"
    file.write_text(AS_NOBODY + "[/x]\nexec = cat\n")
    d = daemon(argv=["-c", file], canary="/x")
    assert "warning" not in d.log()
    file.write_text(AS_NOBODY + "listen = 127.0.0.1:0\n[/x]\nexec = cat\n[/y]\nexec = cat\n")
    reload(d)
    assert d.ws("/y").echoes()
    assert ids(d.pid)[0] == [NOBODY.pw_uid] * 4


@pytest.mark.key("user", "group")
def test_a_reload_changes_no_user_and_says_so(daemon, public):
    file = public / "own.ini"
    file.write_text(AS_NOBODY + PID)
    d = daemon(argv=["-c", file], canary=None)
    file.write_text("[server]\nlisten = 127.0.0.1:0\nuser = games\ngroup = games\n" + PID)
    reload(d)
    for key, line in (("user", 3), ("group", 4)):
        assert f"own.ini:{line}: warning: {key}: only a restart can change it" in d.log()
    assert ids(int(d.ws("/pid").recv()))[0] == [NOBODY.pw_uid] * 4
    warned = d.log().count("only a restart")
    reload(d)
    assert d.log().count("only a restart") == 2 * warned


def test_a_file_that_the_user_cannot_read_is_warned_of(daemon):
    d = daemon(AS_NOBODY)
    assert re.search(r"wsbridge\.ini: warning: nobody cannot read it: a reload will fail", d.log())


def test_a_drop_in_that_the_user_cannot_read_is_warned_of(daemon, public):
    file, drop_in = public / "own.ini", public / "own.d" / "10-more.ini"
    file.write_text(AS_NOBODY)
    drop_in.parent.mkdir()
    drop_in.write_text("[/x]\nexec = cat\n")
    drop_in.chmod(0o600)
    d = daemon(argv=["-c", file], canary="/x")
    assert f"{drop_in}: warning: nobody cannot read it: a reload will fail" in d.log()


AGAIN = (
    (2, r"listen: nobody cannot open port 80 again"),
    (3, r"listen: nobody cannot remove or make a socket in "),
)


def test_low_ports_and_places_of_sockets_are_warned_of(daemon, check, rundir):
    ini = f"[server]\nlisten = 127.0.0.1:80\nlisten = unix:{rundir}/s\nuser = nobody\n[/x]\nexec = cat\n"
    d = daemon(ini, own_network=True, canary="/x")
    result = check(ini)
    assert result.status == 0
    for line, text in AGAIN:
        pattern = rf"wsbridge\.ini:{line}: warning: {text}"
        assert re.search(pattern, d.log()), d.log()
        assert any(re.search(pattern, said) for said in result.lines), result.lines


def test_both_are_served_all_the_same(daemon, rundir):
    ini = f"[server]\nlisten = 127.0.0.1:80\nlisten = unix:{rundir}/s\nuser = nobody\n[/x]\nexec = cat\n"
    d = daemon(ini, own_network=True, canary="/x")
    assert get(d, "/").status == 200
    d.process.send_signal(signal.SIGUSR1)
    d.wait_log("status: ")


# ---- before the start ----


@pytest.mark.key("user", "group")
def test_t_knows_who_does_not_exist(check):
    fails(check(HEAD + "user = nobdy\n[/x]\nexec = cat\n"), (3, "user: there is no user 'nobdy'"))
    fails(check(HEAD + "user = nobody\ngroup = nogrp\n[/x]\nexec = cat\n"), (4, "group: there is no group 'nogrp'"))
    fails(check(HEAD + "group = games\n[/x]\nexec = cat\n"), (3, "group: it needs a user"))
    fails(check(HEAD + "user = no body\n[/x]\nexec = cat\n"), (3, "user: 'no body' is not one name"))


@pytest.mark.key("user", "on_open")
def test_t_looks_for_hooks_as_the_user(check, public):
    hook = public / "hook"
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o700)
    text = HEAD + "user = %s\n[hooks]\non_open = " + str(hook) + "\n[/x]\nexec = cat\n"
    assert check(text % "root").status == 0
    fails(check(text % "nobody"), (5, "not executable"))


@pytest.mark.key("user")
def test_t_looks_for_programs_as_the_user(check, public):
    tool = public / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    assert check(HEAD + f"user = root\n[/x]\nexec = {tool}\n").status == 0
    fails(check(HEAD + f"user = nobody\n[/x]\nexec = {tool}\n"), (5, "not executable"))


def test_t_hints_that_root_will_be_refused(check):
    result = check(HEAD + "[/x]\nexec = cat\n")
    assert result.status == 0
    assert any("warning: there is no user in [server]" in line for line in result.lines), result.lines


def test_who_is_not_root_stays_who_he_is_and_is_told(daemon, public):
    binary, file = shutil.copy(WSBRIDGED, public), public / "own.ini"
    file.write_text(HEAD + "user = games\n" + PID)
    wrap = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", f'shift; exec {binary} "$@"', "sh")
    d = daemon(argv=["-c", file], wrap=wrap, canary=None)
    assert re.search(r"own\.ini:3: warning: user = games: only root can", d.log()), d.log()
    assert ids(int(d.ws("/pid").recv()))[0] == [NOBODY.pw_uid] * 4


@pytest.mark.parametrize("argv, canary", [(["--port", "0", "--", "cat"], None), (["--demo"], "/echo")])
def test_one_command_and_the_demo_run_as_root_with_a_warning(daemon, argv, canary):
    d = daemon(argv=argv, canary=canary)
    d.wait_log("warning: running as root: so does every program")


def test_a_user_that_is_not_there_is_78_before_anything_listens(tmp_path):
    file = tmp_path / "wsbridge.ini"
    file.write_text(HEAD + "user = nobdy\n[/x]\nexec = cat\n")
    result = run("-c", file)
    assert result.returncode == CONFIG and "there is no user 'nobdy'" in result.stderr
    assert "listening" not in result.stderr


# ---- who owns a socket's directory ----

# Puts a link to VICTIM in the place of a Unix socket behind the call that WHEN names.
LINKED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
static void swap(int fd, const char *when)
{
	struct sockaddr_un at = { 0 };
	socklen_t n = sizeof(at);

	if (strcmp(when, getenv("WHEN")) != 0 || getsockname(fd, (struct sockaddr *)&at, &n) < 0 ||
	    at.sun_family != AF_UNIX || unlink(at.sun_path) < 0 || symlink(getenv("VICTIM"), at.sun_path) < 0)
		return;
}
int bind(int fd, const struct sockaddr *at, socklen_t n)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
	int r = real(fd, at, n);

	if (r == 0)
		swap(fd, "bind");
	return r;
}
int listen(int fd, int backlog)
{
	int (*real)(int, int) = dlsym(RTLD_NEXT, "listen");
	int r = real(fd, backlog);

	if (r == 0)
		swap(fd, "listen");
	return r;
}
"""


def own(path):
    st = path.stat()
    return st.st_uid, st.st_gid, st.st_mode


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim"
    path.touch(0o600)
    return path


def test_a_link_in_a_sockets_place_is_not_followed(tmp_path, rundir, victim):
    before, file = own(victim), tmp_path / "x.ini"
    file.write_text(f"[server]\nlisten = unix:{rundir}/s mode=0666 group=games\nuser = nobody\n[/x]\nexec = cat\n")
    result = run("-c", file, env={**preloaded(tmp_path, LINKED), "WHEN": "bind", "VICTIM": str(victim)})
    assert (own(victim), result.returncode) == (before, REFUSED), result.stderr


def test_nor_in_that_of_the_control_socket(daemon, tmp_path, public, victim):
    before = own(victim)
    env = {**preloaded(tmp_path, LINKED), "WHEN": "listen", "VICTIM": str(victim)}
    daemon(AS_NOBODY + PID + f"[control]\nsocket = {public}/c\n", env=env)
    assert (public / "c").is_symlink() and own(victim) == before
