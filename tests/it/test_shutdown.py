# SPDX-License-Identifier: MIT
"""The daemon's own end: SIGTERM and SIGINT, with sessions and programs that want or do not want to go."""

import signal
import time

import procfs
import pytest
from rawws import Closed
from waiting import until

pytestmark = [
    pytest.mark.without(
        "canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon"
    )
]

ECHO = "[/echo]\nexec = cat\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_every_session_with_1001_and_ends_with_0(daemon, number):
    d = daemon(ECHO)
    clients = [d.ws("/echo") for _ in range(10)]
    pids = procfs.children(d.pid)
    assert len(pids) == 11
    d.process.send_signal(number)
    for ws in [*clients, d.canary]:
        code, reason = ws.closed()
        assert (code, bool(reason)) == (1001, True)
        ws.close(1001)
        assert ws.end() == "FIN"
        ws.sock.close()
    assert d.wait_exit() == 0
    assert not any(procfs.state(pid) for pid in pids)
    d.wait_note("STOPPING=1")


def test_without_a_session_the_end_is_at_once(daemon):
    d = daemon(ECHO, canary=None)
    d.terminate()
    assert d.wait_exit() == 0


def test_new_clients_are_refused_while_it_ends(daemon):
    d = daemon(
        "[/deaf]\nshell = trap '' TERM; echo ready; exec sleep 1000\neof_timeout = 50ms\n"
        "stop_timeout = 600ms\n",
        canary=None,
    )
    ws = d.ws("/deaf")
    assert ws.recv() == "ready"
    d.terminate()
    assert ws.closed()[0] == 1001
    with pytest.raises((ConnectionRefusedError, ConnectionResetError)):
        d.connect()
    ws.sock.close()
    assert d.wait_exit() == 0


def test_the_socket_files_are_gone_afterwards(daemon, rundir):
    d = daemon(f"[server]\nlisten = unix:{rundir}/s\n" + ECHO, canary=None)
    assert (rundir / "s").exists()
    d.terminate()
    assert d.wait_exit() == 0
    assert not (rundir / "s").exists()


def test_programs_get_the_stop_steps(daemon, tmp_path):
    out = tmp_path / "out"
    d = daemon(
        "[/tidy]\n"
        f"shell = trap 'echo tidy > {out}; exit' USR1; echo ready; while :; do sleep 0.01; done\n"
        "stop_signal = USR1\neof_timeout = 50ms\n",
        canary=None,
    )
    ws = d.ws("/tidy")
    assert ws.recv() == "ready"
    d.terminate()
    assert ws.closed()[0] == 1001
    ws.sock.close()
    assert d.wait_exit() == 0
    assert out.read_text() == "tidy\n"


@pytest.mark.key("shutdown_timeout")
def test_shutdown_timeout_ends_what_does_not_want_to_go_and_the_status_is_still_0(daemon):
    d = daemon(
        "[server]\nshutdown_timeout = 600ms\n[/deaf]\n"
        "shell = trap '' TERM; sleep 1000 & echo $$ $!; while :; do sleep 1000; done\n"
        "eof_timeout = 1m\nstop_timeout = 1m\nclose_timeout = 1m\n",
        canary=None,
    )
    ws = d.ws("/deaf")
    pids = [int(word) for word in ws.recv().split()]
    began = time.monotonic()
    d.terminate()
    assert d.wait_exit() == 0
    assert time.monotonic() - began > 0.4
    until(lambda: not any(procfs.alive(pid) for pid in pids), f"{pids} are gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(daemon, number):
    d = daemon(
        "[/deaf]\nshell = trap '' TERM HUP; echo $$; exec sleep 1000\neof_timeout = 1m\n"
        "stop_timeout = 1m\n",
        canary=None,
    )
    ws = d.ws("/deaf")
    pid = int(ws.recv())
    d.process.send_signal(number)
    assert ws.closed()[0] == 1001
    d.process.send_signal(number)
    d.wait_exit()
    until(lambda: not procfs.alive(pid), f"program {pid} is gone")


def test_what_was_delivered_before_the_1001_is_an_unbroken_sequence(daemon):
    d = daemon("[/seq]\nexec = seq 1 100000000\nline_buffer = no\neof_timeout = 50ms\n", canary=None)
    ws = d.ws("/seq", receive_buffer=65536)
    for expected in range(1, 20_001):
        assert ws.recv() == str(expected)
    d.terminate()
    with pytest.raises(Closed) as closed:
        while True:
            expected += 1
            assert ws.recv() == str(expected)
    assert closed.value.code == 1001
    ws.close(1001)
    ws.sock.close()
    assert d.wait_exit() == 0


def test_a_client_that_does_not_answer_the_1001_does_not_hold_it_up(daemon):
    d = daemon("[/echo]\nexec = cat\nclose_timeout = 300ms\n", canary=None)
    ws = d.ws("/echo")
    d.terminate()
    assert ws.closed()[0] == 1001
    assert d.wait_exit() == 0


def test_a_handshake_under_way_does_not_hold_it_up(daemon):
    d = daemon("[server]\nshutdown_timeout = 30s\n[limits]\nhandshake_timeout = 1m\n" + ECHO, canary=None)
    client = d.raw()
    client.send_bytes(b"GET /echo HTTP/1.1\r\n")
    until(lambda: len(procfs.descriptors(d.pid)) > len(d.baseline.descriptors), "it is accepted")
    d.terminate()
    assert d.wait_exit() == 0


def test_who_waits_for_a_program_to_come_again_is_told_too(daemon):
    d = daemon("[/x]\nshell = echo up; read x; exit 1\nprocess = shared\nrestart = always\nrestart_delay = 1h\n")
    ws = d.ws("/x")
    assert ws.recv() == "up"
    ws.text("die")
    d.wait_log("starts again in 3600 s")
    d.terminate()
    assert ws.closed() == (1001, "shutdown")
    ws.close()
    ws.sock.close()
    assert d.wait_exit() == 0
