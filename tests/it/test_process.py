# SPDX-License-Identifier: MIT
"""The program: how it starts, what it inherits, and how it is stopped."""

import os
import re
import signal
import time

import procfs
import pytest
from waiting import soon, until

QUICK = "eof_timeout = 100ms\nstop_timeout = 200ms\n"


def exists(path):
    """What PATH says, once it holds a line."""
    return until(
        lambda: path.exists() and path.read_text().endswith("\n") and path.read_text(), f"{path} is written"
    )


# ---- the command ----


@pytest.mark.key("exec")
def test_exec_is_words_without_a_shell(daemon):
    d = daemon(
        r"""[/words]
exec = printf '[%s]\n' one "two three" 'fo ur'"five" si\ x "a\"b" 'c\d' $HOME * ; | && ${env:HOME} #7
"""
    )
    words = d.ws("/words").recv_until_close()[0]
    assert words == [
        f"[{w}]"
        for w in (
            "one",
            "two three",
            "fo urfive",
            "si x",
            'a"b',
            r"c\d",
            "$HOME",
            "*",
            ";",
            "|",
            "&&",
            "${env:HOME}",
            "#7",
        )
    ]


def install(directory, says):
    """A program called `prog` that says SAYS, in place of one that may be there."""
    directory.mkdir(exist_ok=True)
    new = directory / "new"
    new.write_text(f"#!/bin/sh\necho {says}\n")
    new.chmod(0o755)
    return new.rename(directory / "prog")


def in_path(daemon, *directories):
    path = ":".join(map(str, directories))
    return daemon(f"[/x]\nexec = prog\nenv = PATH={path}:/usr/bin:/bin\n")


def said(d):
    ws = d.ws("/x")
    message = ws.recv()
    assert ws.closed() == (1000, "")
    ws.sock.close()
    return message


@pytest.mark.key("exec")
def test_a_program_that_is_not_there_yet_is_run_once_it_is(daemon, tmp_path):
    d = in_path(daemon, tmp_path / "bin")
    assert d.handshake("/x").response.status == 502
    d.wait_log("cannot start the program: prog: No such file or directory")
    install(tmp_path / "bin", "first")
    assert said(d) == "first"
    install(tmp_path / "bin", "second")
    assert said(d) == "second", "an update is run"


@pytest.mark.key("exec")
def test_a_program_that_is_gone_is_told_or_found_elsewhere(daemon, tmp_path):
    prog = install(tmp_path / "bin", "first")
    d = in_path(daemon, tmp_path / "bin", tmp_path / "sbin")
    assert said(d) == "first"
    prog.chmod(0o644)
    assert d.handshake("/x").response.status == 502
    d.wait_log("cannot start the program: prog: Permission denied")
    install(tmp_path / "sbin", "second")
    assert said(d) == "second"
    prog.chmod(0o755)
    assert said(d) == "second", "until it is gone, too"
    (tmp_path / "sbin/prog").unlink()
    assert said(d) == "first"
    prog.unlink()
    assert d.handshake("/x").response.status == 502
    d.wait_log("cannot start the program: prog: No such file or directory")


@pytest.mark.key("exec")
def test_a_program_that_comes_to_stand_before_another_is_run_after_a_reload(daemon, tmp_path):
    install(tmp_path / "sbin", "first")
    d = in_path(daemon, tmp_path / "bin", tmp_path / "sbin")
    assert said(d) == "first"
    install(tmp_path / "bin", "second")
    assert said(d) == "first"
    d.process.send_signal(signal.SIGHUP)
    d.wait_log("reload: .* is taken")
    assert said(d) == "second"


def test_a_program_that_cannot_be_executed_is_a_502_each_time(daemon, tmp_path):
    prog = install(tmp_path / "bin", "first")
    d = in_path(daemon, tmp_path / "bin")
    assert said(d) == "first"
    prog.write_text("#!/nowhere/sh\n")
    for _ in range(3):
        assert d.handshake("/x").response.status == 502
    until(lambda: len(re.findall("prog: No such file or directory", d.log())) == 3, "it is told each time")
    install(tmp_path / "bin", "second")
    assert said(d) == "second"


@pytest.mark.key("shell")
def test_shell_is_a_line_for_sh(daemon):
    d = daemon('[/line]\nshell = for i in 1 2; do echo $i; done | tr 12 ab ; echo "${HOME}" # a comment\n')
    assert d.ws("/line").recv_until_close()[0] == ["a", "b", "/tmp"]


def test_a_continued_command_is_one(daemon):
    d = daemon("[/line]\nexec = echo one \\\n    two \\\n    three\n")
    assert d.ws("/line").recv() == "one two three"


def test_nothing_of_a_request_reaches_argv(daemon):
    d = daemon("[/argv/*]\nshell = tr '\\0' '|' < /proc/$$/cmdline; echo\n")
    hostile = d.ws("/argv/-rf/$(id)/;id?--help&-e%20x", [("User-Agent", "-rf"), ("X-Evil", "$(id)")]).recv()
    assert hostile == d.ws("/argv/").recv()
    assert "-rf" not in hostile and "help" not in hostile


def test_a_header_is_no_shell_function(daemon):
    """CVE-2014-6271: bash must not find anything to run, and the value arrives as it is."""
    d = daemon("[/shock]\nexec = bash -c 'echo safe; printenv HTTP_USER_AGENT'\n")
    ws = d.ws("/shock", [("User-Agent", "() { :; }; echo pwned")])
    assert ws.recv_until_close()[0] == ["safe", "() { :; }; echo pwned"]


def test_each_client_has_its_own_program(daemon):
    d = daemon("[/pid]\nshell = echo $$; exec cat\n")
    a, b = d.ws("/pid"), d.ws("/pid")
    assert a.recv() != b.recv()
    assert a.echoes("for a") and b.echoes("for b")


# ---- what it inherits ----


def test_three_pipes_and_nothing_else(daemon):
    d = daemon("[/fds]\nexec = ls -l /proc/self/fd\n")
    others = [d.ws("/canary") for _ in range(3)]
    lines = d.ws("/fds").recv_until_close()[0]
    table = dict(re.search(r" (\d+) -> (.*)$", line).groups() for line in lines if "->" in line)
    assert set(table) == {"0", "1", "2", "3"} and "/fd" in table["3"], table  # 3 is ls' own
    assert all(table[fd].startswith("pipe:") for fd in "012"), table
    assert len({table[fd] for fd in "012"}) == 3, table
    assert all(other.echoes() for other in others)


def test_a_program_may_reopen_its_output(daemon):
    d = daemon("[/reopen]\nshell = echo out > /dev/stdout; head -1 /dev/stdin\n")
    ws = d.ws("/reopen")
    assert ws.recv() == "out"
    ws.text("in")
    assert ws.recv() == "in"


def test_signals_are_as_for_a_fresh_process(daemon):
    """Whatever the daemon itself ignores, blocks or inherited."""
    wrap = (
        "python3",
        "-c",
        """import ctypes, os, signal, sys
# 32, which the C library keeps for itself and does not let be set
ctypes.CDLL(None).syscall(13, 32, (ctypes.c_ulong * 4)(1, 0, 0, 0), None, 8)
for s in (signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1, signal.SIGQUIT): signal.signal(s, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGALRM})
os.execvp(sys.argv[1], sys.argv[1:])""",
    )
    d = daemon("[/signals]\nexec = cat /proc/self/status\nline_buffer = no\n", wrap=wrap)
    table = dict(
        line.split(":\t") for line in d.ws("/signals").recv_until_close()[0] if line.startswith("Sig")
    )
    table.pop("SigQ")
    assert table == {name: "0" * 16 for name in ("SigPnd", "SigBlk", "SigIgn", "SigCgt")}


def test_a_daemon_that_inherits_blocked_signals_still_reaps_and_ends(daemon):
    """The mask of whoever started it is not the daemon's own."""
    wrap = (
        "python3",
        "-c",
        """import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execvp(sys.argv[1], sys.argv[1:])""",
    )
    d = daemon("[/x]\nexec = sh -c 'exit 3'\n", wrap=wrap)
    assert d.ws("/x").closed() == (4003, "process exited with status 3")


def test_a_daemon_that_inherits_ignored_signals_still_reaps_reloads_and_ends(daemon):
    """With SIGCHLD ignored the kernel would keep every exit status to itself."""
    wrap = (
        "python3",
        "-c",
        """import os, signal, sys
for s in (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])""",
    )
    d = daemon("[/x]\nexec = sh -c 'exit 3'\n", wrap=wrap)
    assert d.ws("/x").closed() == (4003, "process exited with status 3")
    d.process.send_signal(signal.SIGHUP)
    d.wait_log("reload: .* is taken")


def test_a_session_of_its_own(daemon):
    d = daemon("[/session]\nshell = echo $$; exec cat\n")
    ws = d.ws("/session")
    pid = int(ws.recv())
    _, parent, group, session, terminal = procfs.stat(pid)[:5]
    assert [int(parent), int(group), int(session), int(terminal)] == [d.pid, pid, pid, 0]


def test_the_limit_of_descriptors_is_the_one_the_daemon_was_given(daemon):
    """The daemon raises its own to the hard limit."""
    wrap = ("sh", "-c", 'ulimit -S -n 300; ulimit -H -n 900; exec "$@"', "sh")
    d = daemon("[/limit]\nshell = ulimit -S -n; ulimit -H -n\n", wrap=wrap)
    assert d.ws("/limit").recv_until_close()[0] == ["300", "900"]
    with open(f"/proc/{d.pid}/limits") as f:
        assert re.search(r"Max open files\s+900\s+900", f.read())


@pytest.mark.key("cwd")
def test_the_working_directory(daemon, tmp_path):
    place = tmp_path / "a place"
    place.mkdir()
    d = daemon(f"[/there]\nexec = pwd\ncwd = {place}\n[/here]\nexec = pwd\n", cwd="/usr")
    assert d.ws("/there").recv() == str(place)
    assert d.ws("/here").recv() == "/usr"


@pytest.mark.key("umask")
def test_the_umask(daemon):
    wrap = ("sh", "-c", 'umask 0027; exec "$@"', "sh")
    d = daemon("[/own]\nshell = umask\numask = 077\n[/daemons]\nshell = umask\n", wrap=wrap)
    assert d.ws("/own").recv() == "0077"
    assert d.ws("/daemons").recv() == "0027"


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the daemon is killed")
def test_programs_end_with_a_daemon_that_was_killed(daemon):
    d = daemon("[/stays]\nshell = trap '' HUP; echo $$; exec sleep 1000\n")
    pid = int(d.ws("/stays").recv())
    d.process.kill()
    d.wait_exit()
    until(lambda: not procfs.alive(pid), f"process {pid} is gone")


# ---- standard error ----


@pytest.mark.key("stderr")
@pytest.mark.parametrize("setting", ["", "stderr = log\n"])
def test_standard_error_is_logged_line_by_line(daemon, setting):
    d = daemon("[/err]\nshell = echo one >&2; echo out; printf 'two\\033[1m\\nlast' >&2\n" + setting)
    assert d.ws("/err").recv_until_close() == (["out"], 1000, "")
    for text in ("one", r"two\S*\[1m", "last"):
        d.wait_log(rf"#\d+ /err\b.*\b{text}$")
    assert "\033" not in d.log()


@pytest.mark.key("stderr")
def test_standard_error_can_be_merged(daemon):
    d = daemon("[/err]\nshell = echo one; echo two >&2; echo three\nstderr = merge\n")
    assert d.ws("/err").recv_until_close()[0] == ["one", "two", "three"]
    assert "two" not in d.log()


@pytest.mark.key("stderr")
def test_standard_error_can_be_dropped(daemon):
    d = daemon("[/err]\nshell = echo secret >&2; head -c 300000 /dev/zero >&2; echo out\nstderr = drop\n")
    assert d.ws("/err").recv_until_close() == (["out"], 1000, "")
    assert "secret" not in d.log()


def test_a_flood_of_standard_error_stops_nothing_and_is_counted(daemon):
    """websocketd stops draining at a line of 4096 bytes, and the program hangs."""
    d = daemon("[/flood]\nshell = head -c 200000 /dev/zero | tr '\\0' x >&2; seq 100000 >&2; echo done\n")
    assert d.ws("/flood").recv_until_close() == (["done"], 1000, "")
    d.wait_log(r"/flood.*\d+ .*(dropped|suppressed|more)")
    assert max(len(line) for line in d.log().splitlines()) < 4096 + 300
    assert len(d.log().splitlines()) < 1000


# ---- how many ----


@pytest.mark.key("max_processes")
def test_one_program_too_many_is_503_until_another_has_ended(daemon):
    d = daemon("[/few]\nexec = cat\nmax_processes = 2\n")
    first, second = d.ws("/few"), d.ws("/few")
    answer = d.handshake("/few").response
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    d.wait_log("/few.*max_processes")
    assert d.ws("/canary").echoes(), "the other paths have their own"
    first.finish()
    until(lambda: len(set(procfs.children(d.pid)) - d.baseline.children) <= 2, "the first program ended")
    third = until(
        lambda: (lambda raw: raw if raw.response.status == 101 else None)(d.handshake("/few")),
        "room for a third",
    )
    assert third.echoes() and second.echoes()


# ---- how it is stopped ----


def test_a_program_that_ends_by_itself_at_the_end_of_its_input_gets_no_signal(daemon, tmp_path):
    out = tmp_path / "out"
    d = daemon(f"[/nice]\nshell = trap 'echo signalled > {out}' TERM HUP INT; cat; echo clean > {out}\n")
    d.ws("/nice").finish()
    assert exists(out) == "clean\n"


@pytest.mark.key("stop_signal", "eof_timeout")
def test_a_program_that_ignores_the_end_of_its_input_gets_the_stop_signal(daemon, program, tmp_path):
    out = tmp_path / "out"
    tool = program(
        f"""import time
def stopped(*_):
    ended = os.read(0, 1) == b''
    open({str(out)!r}, 'w').write('%d %.3f\\n' % (ended, time.monotonic()))
    os._exit(0)
signal.signal(signal.SIGUSR1, stopped)
os.write(1, b'ready\\n')
while True: signal.pause()
"""
    )
    d = daemon(f"[/stubborn]\nexec = {tool}\nstop_signal = USR1\neof_timeout = 1500ms\n")
    ws = d.ws("/stubborn")
    assert ws.recv() == "ready"
    left = time.monotonic()
    ws.close()
    ended, stopped = exists(out).split()
    assert ended == "1" and float(stopped) - left > 1.4, "eof_timeout is the time between the two"


@pytest.mark.key("stop_timeout")
def test_a_program_that_ignores_the_stop_signal_is_killed(daemon):
    d = daemon(
        "[/deaf]\nshell = trap '' TERM; echo $$; while :; do sleep 1000; done\neof_timeout = 50ms\n"
        "stop_timeout = 300ms\n"
    )
    ws = d.ws("/deaf")
    pid = int(ws.recv())
    ws.close()
    soon(lambda: not procfs.alive(pid), f"process {pid} is gone", 4)


@pytest.mark.key("stop_timeout")
def test_a_program_has_stop_timeout_to_tidy_up(daemon, program, tmp_path):
    out = tmp_path / "out"
    tool = program(
        f"""import time
def stopped(*_):
    time.sleep(0.4)
    open({str(out)!r}, 'w').write('tidy\\n')
    os._exit(0)
signal.signal(signal.SIGTERM, stopped)
os.write(1, b'ready\\n')
while True: signal.pause()
"""
    )
    d = daemon(f"[/slow]\nexec = {tool}\neof_timeout = 50ms\nstop_timeout = 8s\n")
    assert d.ws("/slow").recv() == "ready"
    d.abandon_clients()
    assert exists(out) == "tidy\n"


def test_a_stopped_program_is_woken_to_be_stopped(daemon, tmp_path):
    """A process that sleeps in SIGSTOP takes a SIGTERM only after SIGCONT."""
    out = tmp_path / "out"
    d = daemon(
        "[/frozen]\n"
        f"shell = trap 'echo woken > {out}; exit' TERM; echo $$; kill -STOP $$; while :; do read x || sleep 0.01; done\n"
        "eof_timeout = 50ms\nstop_timeout = 8s\n"
    )
    ws = d.ws("/frozen")
    pid = int(ws.recv())
    until(lambda: procfs.state(pid) == "T", f"process {pid} is stopped")
    ws.close()
    assert exists(out) == "woken\n"


def test_the_stop_signal_is_for_the_whole_group(daemon, tmp_path):
    """SIGKILL alone would end grandchildren too, but they could not tidy up."""
    out = tmp_path / "out"
    tidy = f"(trap 'echo tidy > {out}; exit' TERM; echo ready; while :; do sleep 0.01; done) & wait"
    d = daemon(f"[/family]\nshell = {tidy}\neof_timeout = 50ms\nstop_timeout = 8s\n")
    ws = d.ws("/family")
    assert ws.recv() == "ready"
    ws.close()
    assert exists(out) == "tidy\n"


def test_grandchildren_end_when_the_leader_has_gone_before_them(daemon):
    d = daemon("[/family]\nshell = sleep 1000 & echo $!; exit 0\n" + QUICK)
    ws = d.ws("/family")
    pid = int(ws.recv())
    until(
        lambda: len(set(procfs.children(d.pid)) - d.baseline.children) == 1,
        "the orphan is adopted and the leader reaped",
    )
    ws.close()
    until(lambda: not procfs.alive(pid), f"process {pid} is gone")


def test_orphans_are_reaped(daemon):
    """They become the daemon's children when their parent ends; as zombies they would stay."""
    d = daemon(
        "[/orphans]\n"
        "shell = for i in 1 2 3 4 5; do (sh -c 'sleep 0.05; exit 3' <&- >&- 2>&- &) ; done; echo done\n"
        ""
    )
    assert d.ws("/orphans").recv_until_close() == (["done"], 1000, "")
    until(
        lambda: set(procfs.children(d.pid)) == d.baseline.children,
        lambda: f"{[procfs.describe(p) for p in procfs.children(d.pid)]} are reaped",
    )


def test_a_hundred_short_programs_leave_nothing(daemon):
    d = daemon("[/true]\nexec = true\nspawn_rate = 0\n")
    for _ in range(100):
        assert d.ws("/true").closed() == (1000, "")
        d.abandon_clients()


def test_many_programs_that_start_and_end_at_once_leave_nothing(daemon):
    d = daemon("[/both]\nshell = echo hello; exec cat\n")
    clients = [d.ws("/both") for _ in range(40)]
    assert all(ws.recv() == "hello" for ws in clients)
    for i, ws in enumerate(clients):
        (ws.reset if i % 2 else ws.close)()


def test_a_signal_from_elsewhere_ends_only_its_session(daemon):
    d = daemon("[/cat]\nshell = echo $$; exec cat\n")
    ws, other = d.ws("/cat"), d.ws("/cat")
    pid = int(ws.recv())
    other.recv()
    os.kill(pid, signal.SIGKILL)
    assert ws.closed() == (4128 + 9, "process killed by SIGKILL")
    assert other.echoes()


@pytest.mark.key("cwd")
def test_a_relative_program_is_the_one_in_its_working_directory(daemon, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    tool = place / "tool"
    tool.write_text("#!/bin/sh\necho found in $(pwd)\n")
    tool.chmod(0o755)
    d = daemon(f"[/x]\nexec = ./tool\ncwd = {place}\n")
    assert d.ws("/x").recv() == f"found in {place}"
