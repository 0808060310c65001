# SPDX-License-Identifier: MIT
"""Clocks: the handshake, pings, idleness, and clients that take nothing."""

import os
import socket
import time

import procfs
import pytest
from rawws import BINARY, PING, PONG, TEXT, encode, request
from waiting import readable, until, within

ECHO = "[/echo]\nexec = cat\n"
SLEEPY = "exec = tail -f /dev/null\neof_timeout = 50ms\n"


def ends_between(d, least, most):
    """The server ends a connection that says nothing after LEAST to MOST seconds."""
    began = time.monotonic()
    client = d.raw()
    try:
        while client._more(began + most):
            pass
    except ConnectionResetError:
        pass
    assert least <= time.monotonic() - began <= most


# ---- handshake_timeout ----


@pytest.mark.key("handshake_timeout")
def test_a_client_that_says_nothing_is_dropped(daemon):
    d = daemon("[limits]\nhandshake_timeout = 800ms\n" + ECHO)
    ends_between(d, 0.7, 8)


@pytest.mark.key("handshake_timeout")
def test_a_head_that_trickles_is_dropped_too(daemon):
    """Slowloris: bytes are no progress, only the whole head is."""
    d = daemon("[limits]\nhandshake_timeout = 800ms\n" + ECHO)
    began = time.monotonic()
    client = d.raw()
    trickle = iter(request("/echo", d.host, [("X", "x" * 4000)]))
    client.sock.setblocking(False)

    def gone():
        try:
            client.sock.send(bytes([next(trickle)]))
            return client.sock.recv(4096) is not None
        except BlockingIOError:
            return False
        except (ConnectionResetError, BrokenPipeError):
            return True

    until(gone, "the connection ends", 8)
    assert time.monotonic() - began > 0.7


@pytest.mark.key("handshake_timeout")
def test_an_open_websocket_has_no_handshake_timeout(daemon):
    d = daemon("[limits]\nhandshake_timeout = 800ms\n" + ECHO)
    ws = d.ws("/echo")
    ends_between(d, 0.7, 8)
    ends_between(d, 0.7, 8)
    assert ws.echoes()


# ---- pings ----


@pytest.mark.key("ping_interval")
def test_pings_come_at_their_interval(daemon):
    d = daemon("[/quiet]\n" + SLEEPY + "ping_interval = 200ms\n")
    began = time.monotonic()
    ws = d.ws("/quiet")
    for _ in range(4):
        frame = ws.frame()
        assert (frame.opcode, frame.fin) == (PING, True)
        ws.send(PONG, frame.payload)
    assert time.monotonic() - began > 0.7


@pytest.mark.key("ping_interval")
def test_no_interval_is_no_ping(daemon):
    d = daemon(
        "[/quiet]\n"
        + SLEEPY
        + "ping_interval = 0\nping_timeout = 100ms\n[/loud]\n"
        + SLEEPY
        + "ping_interval = 100ms\n"
    )
    quiet, loud = d.ws("/quiet"), d.ws("/loud")
    for _ in range(5):
        ping = loud.frame()
        loud.send(PONG, ping.payload)
    with pytest.raises(TimeoutError):
        quiet.frame(0.05)


@pytest.mark.key("ping_timeout")
def test_a_client_that_does_not_answer_a_ping_is_dropped_and_the_log_says_why(daemon):
    d = daemon("[/quiet]\n" + SLEEPY + "ping_interval = 200ms\nping_timeout = 300ms\n")
    began = time.monotonic()
    ws = d.ws("/quiet")
    assert ws.frame().opcode == PING
    with pytest.raises(ConnectionResetError):
        ws.frame()
    assert time.monotonic() - began > 0.4
    d.wait_log(r"#\d+ /quiet.*ping timeout")


@pytest.mark.key("ping_timeout")
def test_a_client_that_answers_stays(daemon):
    """Until another that does not is dropped, who came later."""
    d = daemon("[/quiet]\n" + SLEEPY + "ping_interval = 200ms\nping_timeout = 3s\n")
    ws, _mute = d.ws("/quiet"), d.ws("/quiet")
    while "ping timeout" not in d.log():
        ping = ws.frame()
        assert ping.opcode == PING
        ws.send(PONG, ping.payload)
    assert ws.frame().opcode == PING


@pytest.mark.key("ping_timeout")
def test_while_the_client_is_not_read_the_time_for_its_pong_stands_still(daemon, tmp_path):
    go = tmp_path / "go"
    os.mkfifo(go)
    d = daemon(
        f"[/late]\nshell = read line < {go}; exec wc -l\nqueue = 64k\nline_buffer = no\neof_timeout = 50ms\n"
        "ping_interval = 300ms\nping_timeout = 1500ms\n"
        "[/clock]\nshell = while :; do echo tick; sleep 0.2; done\neof_timeout = 50ms\n"
    )
    ws, clock = d.ws("/late"), d.ws("/clock")
    message = encode(TEXT, b"x" * 999)
    ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    sent = ws.send_in_background(message * 2000)  # more than daemon and kernel take
    while (ping := ws.frame()).opcode != PING:
        assert ping.opcode == PONG  # to see whether the client is there
    for _ in range(12):
        clock.recv()
    assert sent.is_alive() and "ping timeout" not in d.log()
    rest = ws.send_in_background_after(sent, encode(PONG, ping.payload) + encode(BINARY))
    go.write_text("go\n")
    rest.join()
    while (frame := ws.frame()).opcode != TEXT:
        if frame.opcode == PING:
            ws.send(PONG, frame.payload)
    assert frame.payload == b"2000"


def test_the_round_trip_is_measured(daemon):
    d = daemon("[/quiet]\n" + SLEEPY + "ping_interval = 100ms\n")
    ws = d.ws("/quiet")
    ping = ws.frame()
    ws.send(PONG, ping.payload)
    ws.frame()
    ws.sock.close()
    assert float(d.wait_log(r"#\d+ /quiet.*round_trip=([0-9.]+)ms").group(1)) > 0


# ---- idle_timeout ----


@pytest.mark.key("idle_timeout")
def test_a_session_without_messages_is_closed_1001_whatever_pings_say(daemon):
    d = daemon("[/idle]\nexec = cat\nidle_timeout = 500ms\nping_interval = 100ms\n")
    began = time.monotonic()
    ws = d.ws("/idle")
    ws.send(PING, b"I am here")
    code, reason = ws.closed()
    assert (code, bool(reason)) == (1001, True)
    assert time.monotonic() - began > 0.4
    ws.close(1001)
    assert ws.end() == "FIN"


@pytest.mark.key("idle_timeout")
@pytest.mark.parametrize("how", ["from the client", "from the program"])
def test_messages_in_either_direction_keep_a_session(daemon, how):
    """Until another that is silent is closed, who came later."""
    d = daemon(
        "[/sink]\nshell = cat > /dev/null\nidle_timeout = 4s\n"
        "[/tick]\nshell = while :; do echo tick; sleep 0.2; done\nidle_timeout = 4s\neof_timeout = 50ms\n"
    )
    ws, silent = d.ws("/sink" if how == "from the client" else "/tick"), d.ws("/sink")
    while not readable(silent.sock, 0.1):
        if how == "from the client":
            ws.text("busy")
        else:
            assert ws.recv() == "tick"
    assert silent.closed()[0] == 1001
    ws.send(PING, b"?")
    assert any(ws.frame().opcode == PONG for _ in range(10))


# ---- send_timeout ----


@pytest.mark.key("send_timeout")
def test_a_client_that_takes_nothing_while_output_waits_is_dropped(daemon):
    d = daemon("[/flood]\nexec = yes\nsend_timeout = 500ms\nqueue = 64k\neof_timeout = 50ms\n")
    ws = d.ws("/flood", receive_buffer=4096)
    d.wait_log(r"#\d+ /flood.*send timeout")
    until(lambda: not set(procfs.children(d.pid)) - d.baseline.children, "the program is stopped")
    with pytest.raises(ConnectionResetError):
        while True:
            ws.frame()


@pytest.mark.key("send_timeout")
def test_a_client_that_takes_nothing_of_what_the_kernel_has_is_dropped_for_the_same_reason(daemon):
    """Nothing waits in the daemon, whose own clock stands still then."""
    d = daemon("[/some]\nshell = head -c 60000 /dev/zero; exec cat\nframe = raw\nsend_timeout = 500ms\n")
    ws = d.ws("/some", receive_buffer=4096)
    d.wait_log(r"#\d+ /some: disconnected .* code=1006 by=server reason=\"send timeout\"")
    ws.reset()


@pytest.mark.key("send_timeout")
def test_a_client_that_takes_a_little_stays(daemon):
    """Progress is what the kernel takes, in portions of a third of its send buffer."""
    d = daemon(
        "[/flood]\nexec = cat /dev/zero\nframe = raw\nsend_timeout = 2s\nqueue = 64k\n"
        "eof_timeout = 50ms\n[/clock]\nshell = while :; do echo tick; sleep 0.2; done\n"
        "eof_timeout = 50ms\n"
    )
    ws, clock = d.ws("/flood"), d.ws("/clock")
    for _ in range(13):
        clock.recv()
        got = 0
        while got < 3_000_000:
            got += len(ws.recv())
    assert "send timeout" not in d.log()


@pytest.mark.key("send_timeout")
def test_a_client_with_nothing_to_take_stays(daemon):
    d = daemon(
        "[/quiet]\nexec = cat\nsend_timeout = 200ms\n[/clock]\n"
        "shell = while :; do echo tick; sleep 0.2; done\neof_timeout = 50ms\n"
    )
    ws, clock = d.ws("/quiet"), d.ws("/clock")
    for _ in range(4):
        clock.recv()
    assert ws.echoes()


def test_timers_cost_nothing_when_nothing_happens(daemon):
    d = daemon(
        "[/idle]\nexec = cat\n[/clock]\nshell = while :; do echo tick; sleep 0.2; done\n"
        "eof_timeout = 50ms\n"
    )
    for _ in range(20):
        assert d.ws("/idle").echoes()
    clock = d.ws("/clock")
    clock.recv()
    before = procfs.cpu_seconds(d.pid)
    for _ in range(5):
        clock.recv()
    within(0.06, procfs.cpu_seconds(d.pid) - before, "seconds of CPU time in one")


def test_a_message_that_trickles_in_is_a_message(daemon):
    d = daemon("[/echo]\nexec = cat\nping_interval = 100ms\n")
    ws = d.ws("/echo")
    ws.send_bytewise(encode(TEXT, b"slow but sure"))
    assert ws.recv() == "slow but sure"
