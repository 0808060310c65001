# SPDX-License-Identifier: MIT
"""Processes that leave their program's group: they end with it, unless stop_scope or their environment says otherwise."""

import os
import re
import signal

import procfs
import pytest
from waiting import soon, until

EOF_TIMEOUT, STOP_TIMEOUT = 0.2, 0.4
BOUND = EOF_TIMEOUT + STOP_TIMEOUT + 1 + 4  # 4 s of which are for what else the machine does
QUICK = "eof_timeout = 200ms\nstop_timeout = 400ms\nline_buffer = no\n"

LEAVE = {
    "close": lambda ws: ws.close(),
    "reset": lambda ws: ws.reset(),
}


def daemon_of(tail, before="", quiet=True):
    """A shell command that starts a daemon by a double fork and setsid(2), and says the daemon's pid."""
    keep = "" if not quiet else "< /dev/null > /dev/null 2>&1"
    return (
        f"({before} setsid sh -c 'echo $$ > pid.new; mv pid.new pid; {tail}' {keep} &); "
        "while ! test -f pid; do sleep 0.01; done; cat pid"
    )


def gone(*pids):
    soon(
        lambda: not any(procfs.state(pid) for pid in pids),
        lambda: f"{[procfs.describe(pid) for pid in pids if procfs.state(pid)]} are gone",
        BOUND,
    )


@pytest.mark.key("stop_scope")
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("quiet", [True, False], ids=["detached", "holds its output"])
@pytest.mark.parametrize("tail", ["exec sleep 1000", 'trap "" TERM HUP; while :; do sleep 1000; done'], ids=["meek", "deaf"])
def test_a_daemon_ends_with_the_client_of_its_program(daemon, how, quiet, tail):
    d = daemon(f"[/x]\nshell = {daemon_of(tail, quiet=quiet)}; exec cat\n{QUICK}stop_scope = tree\n")
    ws = d.ws("/x")
    pid = int(ws.recv())
    assert int(procfs.stat(pid)[2]) == pid, "it has a group of its own"
    LEAVE[how](ws)
    gone(pid)
    assert "left alone" not in d.log()


@pytest.mark.key("stop_scope")
def test_a_daemon_that_is_looked_at_in_the_middle_of_an_exec_ends_too(daemon, program):
    """It becomes one program after the other, and has no environment each time for a moment."""
    chain = program('#!/bin/sh\n[ $1 = 0 ] && exec sleep 1000\nexec "$0" $(($1 - 1))\n')
    many = "for i in $(seq 500); do export A$i=$i; done"  # that moment is longer then
    d = daemon(f"[defaults]\nspawn_rate = 0\n[/x]\nshell = {many}; (setsid {chain} 300 &); echo ready; exec cat\n{QUICK}")
    for _ in range(5):
        clients = [d.ws("/x") for _ in range(10)]
        for ws in clients:
            assert ws.recv() == "ready"
            ws.reset()
    until(lambda: len(procfs.children(d.pid)) <= 1, "all are gone", 20)
    assert "left alone" not in d.log()


@pytest.mark.key("stop_scope")
def test_a_daemon_ends_when_its_program_has_ended(daemon):
    d = daemon(f"[/x]\nshell = {daemon_of('exec sleep 1000')}\n{QUICK}")
    ws = d.ws("/x")
    messages, code, _ = ws.recv_until_close()
    assert code == 1000, "its client need not wait for that"
    gone(int(messages[0]))


def test_a_program_that_daemonized_and_kept_its_output_goes_on(daemon):
    d = daemon(f"[/x]\nshell = {daemon_of('read x; echo got $x', quiet=False)}\n{QUICK}".replace("(", "exec 3<&0; (", 1).replace("sh -c '", "sh -c 'exec <&3; ", 1))
    ws = d.ws("/x")
    pid = int(ws.recv())
    until(lambda: int(procfs.stat(pid)[1]) == d.pid, "the daemon's parent is wsbridged")
    ws.text("it")
    assert ws.recv_until_close() == (["got it"], 1000, "")
    gone(pid)


def test_it_gets_the_stop_signal_first(daemon, tmp_path):
    """And so does the sleep in its group: a shell runs its trap only when that has ended."""
    out = tmp_path / "out"
    tail = f'trap "echo tidy > {out}; exit" USR1; while :; do sleep 1000; done'
    d = daemon(f"[/x]\nshell = {daemon_of(tail)}; exec cat\nstop_signal = USR1\neof_timeout = 200ms\nstop_timeout = 5s\n")
    ws = d.ws("/x")
    pid = int(ws.recv())
    ws.close()
    until(lambda: out.exists() and out.read_text() == "tidy\n", "it has tidied up")
    gone(pid)


def test_only_the_daemons_of_its_own_session_end(daemon):
    d = daemon(f"[/x]\nshell = {daemon_of('exec sleep 1000').replace('pid', 'pid$WSBRIDGE_ID')}; exec cat\n{QUICK}")
    first, second = d.ws("/x"), d.ws("/x")
    pids = int(first.recv()), int(second.recv())
    first.close()
    gone(pids[0])
    assert procfs.alive(pids[1]) and second.echoes()


def test_the_children_of_an_orphan_end_too(daemon):
    tail = 'setsid sh -c "echo \\$\\$ > inner; exec sleep 1000" & exec sleep 1000'
    d = daemon(f"[/x]\nshell = {daemon_of(tail)}; while ! test -s inner; do sleep 0.01; done; cat inner; exec cat\n{QUICK}")
    ws = d.ws("/x")
    outer, inner = int(ws.recv()), int(ws.recv())
    ws.close()
    soon(lambda: not procfs.state(outer) and not procfs.state(inner), "both are gone", BOUND + 1)


@pytest.mark.key("stop_scope")
def test_with_group_a_daemon_lives_on(daemon):
    d = daemon(
        f"[/x]\nshell = test -f pid && exit; {daemon_of('exec sleep 1000')}; exec cat\nmax_processes = 1\n"
        f"{QUICK}stop_scope = group\n"
    )
    ws = d.ws("/x")
    pid = int(ws.recv())
    ws.finish()
    until(lambda: d.handshake("/x").response.status == 101, "nothing of the first is waited for")
    assert procfs.alive(pid)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not procfs.state(pid), "it is reaped")


@pytest.mark.parametrize("before", ["env -i PATH=$PATH", "env WSBRIDGE_PID=1"], ids=["wiped", "of another daemon"])
def test_a_daemon_that_cannot_be_told_whose_it_is_is_logged_once_and_left(daemon, before):
    d = daemon(f"[/x]\nshell = {daemon_of('exec sleep 1000', before)}; exec cat\n{QUICK}[/true]\nexec = true\n")
    ws = d.ws("/x")
    pid = int(ws.recv())
    ws.finish()
    d.wait_log(rf"process {pid} \(\w+\) has left its program's group .* left alone")
    for _ in range(3):  # others that end look at it again
        assert d.ws("/true").closed() == (1000, "")
    assert procfs.alive(pid)
    assert len(re.findall(f"process {pid} ", d.log())) == 1
    os.kill(pid, signal.SIGKILL)


@pytest.mark.without("exit", "descriptors", "children", "memory", reason="the daemon has ended")
def test_shutdown_waits_for_daemons_too(daemon):
    tail = 'trap "" TERM; while :; do sleep 1000; done'
    d = daemon(f"[/x]\nshell = {daemon_of(tail)}; exec cat\n{QUICK}", canary=None)
    ws = d.ws("/x")
    pid = int(ws.recv())
    d.terminate()
    assert ws.closed()[0] == 1001
    ws.sock.close()
    assert d.wait_exit(BOUND + 2) == 0
    assert not procfs.alive(pid)
