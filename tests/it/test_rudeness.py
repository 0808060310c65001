# SPDX-License-Identifier: MIT
"""
Programs of every kind of rudeness: whatever one does, its client is told the truth, the others are served, and
everything of it is gone within eof_timeout + stop_timeout + 1 s.  That no descriptor and no memory is left is
checked after each test.
"""

import select
import subprocess
import sys
import time

import procfs
import pytest
from harness import ROOT, is_sanitized
from rawws import BINARY, encode
from test_flow import MIB, bound_of, fill, grown
from waiting import TIMEOUT, soon, until

EOF_TIMEOUT, STOP_TIMEOUT = 0.2, 0.4
BOUND = EOF_TIMEOUT + STOP_TIMEOUT + 1 + 4  # 4 s of which are for what else the machine does
QUICK = "eof_timeout = 200ms\nstop_timeout = 400ms\n"
QUEUE = 128 * 1024


class Scene:
    """A daemon whose path /x is a rude program, and what runs in the daemon's directory besides it."""

    def __init__(self, daemon, settings):
        self.d = daemon(f"[/x]\n{settings}\n{QUICK}queue = {QUEUE}\nline_buffer = no\n[/echo]\nexec = cat\n")
        self.others = set(procfs.working_in(self.d.rundir))

    def left(self):
        """What there is of the program: processes, whoever their parent is, and zombies."""
        children = set(procfs.children(self.d.pid)) - self.d.baseline.children
        return (set(procfs.working_in(self.d.rundir)) - self.others) | children

    def assert_gone(self, bound=BOUND):
        soon(
            lambda: not self.left(), lambda: f"gone: {[procfs.describe(pid) for pid in self.left()]}", bound
        )

    def assert_within_memory(self):
        if not is_sanitized():
            assert grown(self.d) < bound_of(QUEUE), f"grown by {grown(self.d)}"

    def assert_others_served(self):
        other = self.d.ws("/echo")
        assert other.echoes("still there")
        other.finish()
        until(lambda: len(procfs.children(self.d.pid)) <= len(self.d.baseline.children) + 1, "that one is gone")


@pytest.fixture
def scene(daemon):
    return lambda settings: Scene(daemon, settings)


# ---- those that end by themselves ----


@pytest.mark.parametrize(
    "program, seen",
    [
        ("exec = true", (1000, "")),
        ("shell = exit 3", (4003, "process exited with status 3")),
        ("shell = ulimit -c 0; kill -SEGV $$", (4139, "process killed by SIGSEGV")),
    ],
    ids=["exits at once", "exits 3", "SIGSEGV"],
)
def test_one_that_ends_is_told_and_gone_at_once(scene, program, seen):
    s = scene(program)
    ws = s.d.ws("/x")
    assert ws.closed(BOUND) == seen
    s.assert_gone()


@pytest.mark.key("exit_code")
@pytest.mark.parametrize(
    "program, status, plain",
    [
        ("exec = true", (1000, ""), (1000, "")),
        ("shell = exit 3", (4003, "process exited with status 3"), (1011, "process exited with status 3")),
        ("shell = kill -KILL $$", (4137, "process killed by SIGKILL"), (1011, "process killed by SIGKILL")),
    ],
)
def test_exit_code_plain_is_1011_for_every_end_that_is_no_success(daemon, program, status, plain):
    d = daemon(f"[/status]\n{program}\nexit_code = status\n[/plain]\n{program}\nexit_code = plain\n")
    assert d.ws("/status").closed() == status
    assert d.ws("/plain").closed() == plain


# ---- those that stay, and do not want to go ----

STAY = {
    "ignores SIGTERM": "trap '' TERM; echo ready; while :; do sleep 1000; done",
    "ignores all signals": "trap '' TERM HUP INT QUIT USR1 USR2 PIPE; echo ready; while :; do sleep 1000; done",
    "forks in its group": "sleep 1000 & sleep 1001 & echo ready; wait",
    "leaves a child in its group": "sleep 1000 & echo ready; exit 0",
    "stops itself": "echo ready; kill -STOP $$; sleep 1000",
    "double-forks": "(setsid sleep 1000 &); echo ready; exec cat",
    "double-forks and ends": "(setsid sleep 1000 &); echo ready",
    "double-forks and all are deaf": (
        "trap '' TERM HUP; (setsid sh -c 'while :; do sleep 1000; done' &); echo ready; while :; do sleep 1000; done"
    ),
    "daemons of deaf daemons": (
        "trap '' TERM HUP; echo ready; (setsid sh -c '(setsid sh -c \"while :; do sleep 1000; done\" &); "
        "while :; do sleep 1000; done' &); setsid sh -c 'setsid sleep 1000 & while :; do sleep 1000; done'"
    ),
    "closes its output": "echo ready; exec >&-; sleep 1000",
    "closes its input": "echo ready; exec <&-; sleep 1000",
    "closes both": "echo ready; exec <&- >&-; sleep 1000",
    "closes all three": "echo ready; exec <&- >&- 2>&-; sleep 1000",
    "reads nothing": "echo ready; exec sleep 1000",
    "writes no UTF-8": "echo ready; while printf '\\377\\376\\n'; do :; done",
    "becomes many": "echo ready; for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; (setsid sleep 1000 &); wait",
}


@pytest.mark.parametrize("how", ["close", "reset", "leave"])
@pytest.mark.parametrize("program", STAY.values(), ids=STAY)
def test_one_that_stays_is_gone_soon_after_its_client(scene, program, how):
    s = scene(f"shell = {program}")
    ws = s.d.ws("/x")
    assert ws.recv() == "ready"
    {"close": ws.close, "reset": ws.reset, "leave": ws.sock.close}[how]()
    s.assert_gone()
    s.assert_others_served()


@pytest.mark.key("max_runtime")
@pytest.mark.parametrize("program", STAY.values(), ids=STAY)
def test_one_that_stays_is_closed_and_ended_by_max_runtime(scene, program):
    s = scene(f"shell = {program}\nmax_runtime = 500ms")
    began = time.monotonic()
    ws = s.d.ws("/x")
    assert ws.recv_until_close()[1:] == (1008, "time limit")
    assert time.monotonic() - began > 0.4
    s.assert_gone()


@pytest.mark.key("max_runtime")
def test_max_runtime_of_one_that_has_gone_means_nothing(scene):
    s = scene("exec = cat\nmax_runtime = 1500ms")
    s.d.ws("/x").finish()
    s.assert_gone()
    assert s.d.ws("/x").closed() == (1008, "time limit"), "by now the time of the first is over, too"


@pytest.mark.key("max_runtime")
def test_max_runtime_is_none_of_those_who_end_before(daemon):
    d = daemon("[/x]\nshell = read x; exit $x\nmax_runtime = 1h\n[/free]\nexec = cat\nmax_runtime = 0\n")
    ws = d.ws("/x")
    ws.text("3")
    assert ws.closed() == (4003, "process exited with status 3")
    assert d.ws("/free").echoes()


# ---- floods ----


def leave(ws, how):
    {"close": ws.close, "reset": ws.reset, "leave": ws.sock.close}[how]()


@pytest.mark.parametrize("how", ["leave", "reset"])
def test_one_that_reads_nothing_while_its_client_floods_it(scene, how):
    """
    websocketd: a hung program keeps the client's close unseen.  A socket that is not read is looked at every 0.4 s;
    a FIN waits behind the unsent data, so that it takes a second look to tell it from a client that is only slow.
    """
    s = scene("shell = echo ready; exec sleep 1000")
    ws = s.d.ws("/x")
    assert ws.recv() == "ready"
    assert fill(ws, encode(BINARY, b"x" * 1000), 64 * MIB) < 64 * MIB
    s.assert_within_memory()
    s.assert_others_served()
    leave(ws, how)
    s.assert_gone()


@pytest.mark.parametrize("how", ["close", "leave", "reset"])
def test_one_that_floods_a_client_that_does_not_read(scene, how):
    s = scene("exec = yes")
    ws = s.d.ws("/x", receive_buffer=65536)
    until(lambda: at_rest(s.d), "the program has to wait")
    s.assert_within_memory()
    s.assert_others_served()
    leave(ws, how)
    s.assert_gone()


@pytest.mark.parametrize("how", ["leave", "reset"])
def test_both_at_once(scene, how):
    s = scene("exec = yes")
    ws = s.d.ws("/x", receive_buffer=65536)
    assert fill(ws, encode(BINARY, b"x" * 1000), 64 * MIB) < 64 * MIB
    s.assert_within_memory()
    s.assert_others_served()
    leave(ws, how)
    s.assert_gone()


def at_rest(d):
    before = procfs.cpu_seconds(d.pid)
    select.select([], [], [], 0.1)
    return before == procfs.cpu_seconds(d.pid)


@pytest.mark.parametrize("how", ["close", "reset"])
def test_one_that_floods_its_standard_error_without_a_newline(scene, how):
    s = scene("shell = echo ready; tr '\\0' x < /dev/zero >&2")
    ws = s.d.ws("/x")
    assert ws.recv() == "ready"
    s.d.wait_log(r"stderr: \d+ more lines were dropped")
    s.assert_within_memory()
    s.assert_others_served()
    leave(ws, how)
    s.assert_gone()
    assert len(s.d.log()) < 20 * MIB


def test_one_that_writes_a_gibibyte_without_a_newline(scene):
    """64 MiB on a build with sanitizers."""
    size = 64 * MIB if is_sanitized() else 1024 * MIB
    s = scene(f"shell = head -c {size} /dev/zero; echo; echo end")
    ws = s.d.ws("/x")
    got, sampled, tail = len(ws.got), 0, b""
    ws.sock.settimeout(TIMEOUT)
    while b"\x81\x03end\x88\x02\x03\xe8" not in tail:
        chunk = ws.sock.recv(MIB)
        assert chunk, f"after {got} bytes"
        got += len(chunk)
        tail = (tail + chunk)[-64:]
        if got - sampled > 32 * MIB:
            sampled = got
            s.assert_within_memory()
    assert got > size
    s.assert_gone()


# ---- many at once ----


def many(daemon, count):
    d = daemon(
        f"[limits]\naccept_rate = 0\nmax_connections = {count + 10}\n[/cat]\nexec = cat\nspawn_rate = 0\n"
        f"max_processes = {count}\n{QUICK}"
    )
    return d


def assert_gone(d, bound):
    def extra():
        return set(procfs.children(d.pid)) - d.baseline.children

    soon(lambda: not extra(), lambda: f"gone: {len(extra())} programs", bound)


def test_a_thousand_whose_clients_vanish(daemon):
    d = many(daemon, 1000)
    clients = [d.ws("/cat") for _ in range(1000)]
    assert clients[0].echoes() and clients[999].echoes()
    for ws in clients:
        ws.reset()
    assert_gone(d, BOUND + 1 * is_sanitized())


def test_a_thousand_whose_clients_process_is_killed(daemon):
    """Half of them with output unread: their kernel sends a RST for these, a FIN for the others."""
    d = many(daemon, 1000)
    source = f"""import socket, sys, time
sys.path.insert(0, {str(ROOT / "tests/it")!r})
from rawws import RawWS, request
clients = []
for i in range(1000):
    clients.append(RawWS(socket.create_connection(('127.0.0.1', {d.port})), request('/cat', '127.0.0.1:{d.port}')))
    clients[-1].text('unread') if i % 2 else None
print('ready', flush=True)
sys.stdin.read()
"""
    client = subprocess.Popen(
        [sys.executable, "-B", "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with client:
        assert client.stdout.readline() == "ready\n"
        assert len(set(procfs.children(d.pid)) - d.baseline.children) == 1000
        client.kill()
    assert_gone(d, BOUND + 1 * is_sanitized())
