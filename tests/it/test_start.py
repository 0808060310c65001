# SPDX-License-Identifier: MIT
"""The start of a program: how often, with which limits and rights, and what it costs the daemon."""

import os
import re
import resource
import signal
import socket
import threading
import time

import procfs
import pytest
from harness import is_sanitized
from rawws import BINARY, encode, request
from waiting import until, within

MIB = 1 << 20

# ---- how often ----


@pytest.mark.key("spawn_rate")
def test_one_start_too_many_is_503_until_its_time_has_come(daemon):
    d = daemon("[/few]\nexec = cat\nspawn_rate = 1/m\n[/more]\nexec = cat\nspawn_rate = 5/s\n")
    assert d.ws("/few").echoes()
    answer = d.handshake("/few").response
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    d.wait_log("/few.*spawn_rate")
    assert d.ws("/more").echoes(), "the other paths have their own rate"
    began = time.monotonic()
    for _ in range(12):
        until(lambda: start_of(d, "/more") == 101, "there is a start again")
    assert time.monotonic() - began > 7 / 5 - 0.2, "5 at once, then 5 a second"


@pytest.mark.key("spawn_rate")
def test_spawn_rate_is_50_a_second_unless_said_and_0_is_no_limit(daemon):
    d = daemon("[limits]\naccept_rate = 0\n[/usual]\nexec = true\n[/free]\nexec = true\nspawn_rate = 0\n")
    assert {start_of(d, "/free") for _ in range(150)} == {101}
    began = time.monotonic()
    clients = [d.raw() for _ in range(150)]
    for raw in clients:
        raw.send_bytes(request("/usual", d.host))
    started = [raw.read_response().status for raw in clients].count(101)
    assert 50 <= started <= 50 * (1 + time.monotonic() - began)


def start_of(d, path):
    raw = d.handshake(path)
    raw.sock.close()
    d.clients.remove(raw.sock)
    return raw.response.status


@pytest.mark.key("full", "spawn_rate")
def test_a_start_too_many_can_be_told_by_a_close_code(daemon):
    d = daemon("[limits]\nfull = close\n[/few]\nexec = cat\nspawn_rate = 1/m\n")
    assert d.ws("/few").echoes()
    assert d.ws("/few").closed()[0] == 1013


def test_500_at_the_same_moment_all_start(daemon):
    d = daemon(
        "[server]\nbacklog = 600\n[limits]\naccept_rate = 0\nmax_handshakes = 600\nhandshake_timeout = 5m\n"
        "[/many]\nshell = echo hello; exec cat\nspawn_rate = 0\nmax_processes = 500\n"
        "eof_timeout = 100ms\nstop_timeout = 200ms\n"
    )
    requests = [d.raw() for _ in range(500)]
    head = (
        f"GET /many HTTP/1.1\r\nHost: {d.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    for raw in requests:
        raw.send_bytes(head)
    for raw in requests:
        assert raw.read_response(30).status == 101
        assert raw.recv(30) == "hello"
    assert requests[0].echoes() and requests[499].echoes()
    for raw in requests:
        raw.close()
    for raw in requests:
        assert raw.closed() == (1000, "")
        raw.sock.close()


# ---- limits and rights ----


@pytest.mark.key("nofile")
def test_nofile_is_the_soft_limit_of_the_program(daemon):
    wrap = ("sh", "-c", 'ulimit -S -n 300; ulimit -H -n 900; exec "$@"', "sh")
    d = daemon("[/own]\nshell = ulimit -S -n; ulimit -H -n\nnofile = 64\n", wrap=wrap)
    assert d.ws("/own").recv_until_close()[0] == ["64", "900"]


@pytest.mark.key("nofile")
def test_a_nofile_beyond_the_hard_limit_is_an_error_of_the_file(check):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    result = check(f"[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\nnofile = {hard + 1}\n")
    assert result.status == 78
    assert any(re.match(r"wsbridge\.ini:5: error: nofile.*hard limit", line) for line in result.lines)


@pytest.mark.key("new_privileges")
@pytest.mark.parametrize("setting, flag", [("", "1"), ("new_privileges = no\n", "1"), ("new_privileges = yes\n", "0")])
def test_a_program_gains_no_rights_unless_it_may(daemon, setting, flag):
    d = daemon(f"[/x]\nexec = grep NoNewPrivs /proc/self/status\n{setting}")
    assert d.ws("/x").recv() == f"NoNewPrivs:\t{flag}"


def test_a_pipeline_ends_by_sigpipe(daemon):
    """An ignored SIGPIPE, which the daemon has, would make `yes` complain or never end."""
    d = daemon("[/x]\nexec = bash -c 'yes | head -n 1; echo ${PIPESTATUS[0]}'\n")
    assert d.ws("/x").recv_until_close()[0] == ["y", str(128 + signal.SIGPIPE)]


# ---- what it costs, and when it is disturbed ----


def test_300_starts_in_a_storm_of_signals(daemon):
    """While a child borrows the daemon's memory no handler may run in either of them."""
    d = daemon("[/x]\nshell = echo $0; exit 3\nspawn_rate = 0\n")
    stop = threading.Event()

    def storm():
        while not stop.is_set():
            for _ in range(50):
                os.kill(d.pid, signal.SIGCHLD)
            os.kill(d.pid, signal.SIGHUP)
            stop.wait(0.001)

    thread = threading.Thread(target=storm, daemon=True)
    thread.start()
    try:
        for _ in range(300):
            ws = d.ws("/x")
            assert ws.recv_until_close() == (["/bin/sh"], 4003, "process exited with status 3")
            ws.sock.close()
    finally:
        stop.set()
        thread.join()


def cpu_per_start(d, path, n=100):
    before = procfs.cpu_seconds(d.pid)
    for _ in range(n):
        ws = d.ws(path)
        assert ws.closed() == (1000, "")
        ws.sock.close()
        d.clients.remove(ws.sock)
    return (procfs.cpu_seconds(d.pid) - before) / n


def test_a_start_costs_the_same_when_the_daemon_holds_a_gibibyte(daemon):
    """fork(2) would copy its page tables: 30 ms and more."""
    each, clients = 64 * MIB, 4 if is_sanitized() else 16
    d = daemon(
        f"[/deaf]\nexec = sleep 1000\nqueue = {2 * each}\neof_timeout = 50ms\nspawn_rate = 0\n"
        "[/true]\nexec = true\nspawn_rate = 0\n"
    )
    cheap = cpu_per_start(d, "/true")
    message = encode(BINARY, bytes(MIB))
    for _ in range(clients):
        ws = d.ws("/deaf")
        for _ in range(each // MIB):
            ws.send_bytes(message)
    until(
        lambda: procfs.memory(d.pid) - d.baseline.memory > 0.95 * clients * each,
        lambda: f"the daemon holds it all: {(procfs.memory(d.pid) - d.baseline.memory) // MIB} MiB",
    )
    costly = cpu_per_start(d, "/true")
    within(cheap + 0.005, costly, "seconds of CPU time with the memory")
    for sock in d.clients:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def fastest_start(d, path, n=100):
    """Seconds from the request to the 101, at best."""
    best = 1.0
    for _ in range(n):
        raw = d.raw()
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {d.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        began = time.perf_counter()
        raw.send_bytes(head)
        assert raw.read_response().status == 101
        best = min(best, time.perf_counter() - began)
        raw.sock.close()
        d.clients.remove(raw.sock)
    return best


def test_a_start_costs_the_same_when_the_daemon_has_thousands_of_descriptors(daemon):
    """A table of descriptors that is copied and closed costs a millisecond, in which nobody else is served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(8000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        d = daemon(
            "[limits]\nmax_handshakes = 10000\nhandshake_timeout = 1h\naccept_rate = 0\n"
            "[/true]\nexec = true\nspawn_rate = 0\n"
        )
        few = fastest_start(d, "/true")
        for _ in range(count):
            d.connect()
        until(lambda: len(os.listdir(f"/proc/{d.pid}/fd")) >= count, "the daemon has accepted them all")
        many = fastest_start(d, "/true")
        within(few + 0.0005, many, f"seconds with {count} descriptors")
        d.abandon_clients()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
