# SPDX-License-Identifier: MIT
"""Backpressure both ways: nothing is lost, nothing stalls, and memory stays within its bounds."""

import os
import select
import signal
import socket
import statistics
import subprocess
import threading
import time

import procfs
import pytest
from control import Control
from harness import is_sanitized
from rawws import BINARY, CLOSE, CONT, PING, PONG, TEXT, encode
from waiting import TIMEOUT, until, within

MIB = 1 << 20
SLACK = 256 * 1024  # of the allocator, beside what DESIGN 5 allows


def grown(d):
    return procfs.memory(d.pid) - d.baseline.memory


def fill(ws, chunk, limit):
    """Send CHUNK over and over until the daemon takes nothing more for a while, or LIMIT bytes: how many."""
    sent = 0
    while sent < limit and select.select([], [ws.sock], [], 2)[1]:
        try:
            sent += ws.sock.send(chunk[sent % len(chunk) :], socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass
    return sent


def bound_of(queue, message=0):
    """What a busy session may hold (DESIGN 5)."""
    return 2 * queue + message + 64 * 1024 + SLACK


# ---- nothing stalls ----


@pytest.mark.parametrize("frame", ["line", "raw"])
def test_16_messages_of_64_kib_in_flight_through_cat_never_stall(daemon, frame):
    ws = daemon(f"[/echo]\nexec = cat\nframe = {frame}\ntype = binary\n").ws("/echo")
    chunk = b"0123456789abcdef" * 4095 + b"0123456789abcde\n"
    cut = 1 if frame == "line" else 0  # the LF that a line loses
    sender = ws.send_in_background(encode(BINARY, chunk) * 16)
    got = 0
    for last in range(1, 201):
        while got < last * len(chunk):
            got += len(ws.recv()) + cut
        if last + 16 <= 200:
            sender = ws.send_in_background_after(sender, encode(BINARY, chunk))
    assert got == 200 * len(chunk)


def test_a_client_that_writes_everything_before_it_reads_stalls_nobody_else(daemon):
    d = daemon("[/echo]\nexec = cat\nqueue = 64k\n")
    hog, other = d.ws("/echo"), d.ws("/echo")
    text = encode(TEXT, b"z" * 999)
    sent = fill(hog, text, 64 * MIB)
    assert sent < 64 * MIB, "the daemon must stop reading"
    assert other.echoes("I am served")
    hog.send_in_background(text[sent % len(text) :])
    for _ in range(sent // len(text) + (1 if sent % len(text) else 0)):
        assert hog.recv() == "z" * 999


@pytest.mark.key("queue")
def test_reading_stops_when_the_program_does_not_take_it(daemon):
    """The daemon holds at most what DESIGN 5 says, and a larger queue takes more."""
    d = daemon(
        "[/small]\nexec = sleep 1000\nqueue = 256k\neof_timeout = 50ms\n[/large]\n"
        "exec = sleep 1000\nqueue = 16M\neof_timeout = 50ms\n"
    )
    frame = encode(BINARY, b"x" * 1000)
    small = d.ws("/small")
    sent_small = fill(small, frame, 64 * MIB)
    if not is_sanitized():
        assert 100 * 1024 < grown(d) < bound_of(256 * 1024), f"grown by {grown(d)} for {sent_small} bytes"
    large = d.ws("/large")
    sent_large = fill(large, frame, 64 * MIB)
    assert sent_large > sent_small + 6 * MIB
    assert sent_large < 64 * MIB
    small.reset()
    large.reset()


@pytest.mark.key("queue")
def test_no_more_than_a_turns_worth_waits_for_a_program_that_takes_it(daemon):
    """A client that is faster than its program is read as that takes its bytes: more would only be copied twice."""
    d = daemon("[/sink]\nshell = exec cat >/dev/null\nframe = raw\nqueue = 16M\n")
    ws, control = d.ws("/sink"), Control(d)
    messages, over, waiting = encode(BINARY, bytes(65535)) * 16, threading.Event(), []

    def flood():
        while not over.is_set():
            ws.send_bytes(messages)

    def seen():
        waiting.append(control.ask("status")["to_programs"])
        return len(waiting) > 50 and max(waiting) > 0

    sender = threading.Thread(target=flood, daemon=True)
    sender.start()
    until(seen, "something waits")
    over.set()
    sender.join()
    within(2 * 65536 + 1, statistics.median(waiting), "bytes that wait, half of the time")


@pytest.mark.key("queue", "slow_client")
def test_a_program_waits_for_a_client_that_does_not_read_and_nothing_is_lost(daemon, tmp_path):
    done = tmp_path / "done"
    d = daemon(
        f"[/seq]\nshell = seq 3000000; echo > {done}\nqueue = 128k\nslow_client = pause\nline_buffer = no\n"
    )
    ws = d.ws("/seq", receive_buffer=65536)
    assert ws.recv() == "1"

    def at_rest():
        before = procfs.cpu_seconds(d.pid)
        select.select([], [], [], 0.2)
        return before == procfs.cpu_seconds(d.pid)

    until(at_rest, "the program has to wait")
    assert not done.exists()
    if not is_sanitized():
        assert grown(d) < bound_of(128 * 1024), f"grown by {grown(d)}"
    for i in range(2, 200_000):
        assert ws.recv() == str(i)


def test_output_without_a_line_feed_needs_no_memory(daemon):
    d = daemon("[/zero]\nshell = head -c 100000000 /dev/zero; echo end\nline_buffer = no\n")
    ws = d.ws("/zero")
    got, most = 0, 0
    while True:
        frame = ws.frame()
        got += len(frame.payload)
        if got // (8 * MIB) > most // (8 * MIB):
            most = got
            if not is_sanitized():
                assert grown(d) < bound_of(MIB)
        if frame.fin:
            break
    assert got == 100_000_003
    assert ws.closed() == (1000, "")


@pytest.mark.key("buffer_message", "max_message")
def test_unfinished_fragments_cost_their_bytes_and_no_more(daemon):
    """websocketd: five times."""
    d = daemon("[/whole]\nexec = cat\nbuffer_message = yes\nmax_message = 8M\n")
    ws = d.ws("/whole")
    for i in range(4 * 1024):
        ws.send(CONT if i else BINARY, b"x" * 1024, fin=False)
    ws.send(PING)
    assert ws.frame(30).opcode == PONG
    if not is_sanitized():
        assert grown(d) < 1.1 * 4 * MIB + SLACK
    ws.reset()


def round_trip(ws, times=15):
    """The median of some."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        assert ws.echoes()
        taken.append(time.monotonic() - began)
    return sorted(taken)[times // 2]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_flood_delays_an_echo_of_another_session_by_less_than_20_ms(daemon, tmp_path, direction):
    """The best of many medians: what other work on the machine delays is not the daemon's."""
    d = daemon(
        "[/down]\nexec = cat /dev/zero\nframe = raw\n"
        "[/echo]\nexec = cat\n[/sink]\nshell = cat > /dev/null\n"
    )
    frames = tmp_path / "frames"
    frames.write_bytes(encode(BINARY, b"x" * 1000) * 4000)
    flood, other = d.ws("/sink" if direction == "up" else "/down"), d.ws("/echo")
    flood.sock.setblocking(True)
    if direction == "up":
        argv, ends = ["sh", "-c", f"while cat {frames}; do :; done"], {"stdout": flood.sock}
    else:
        argv, ends = ["cat"], {"stdin": flood.sock, "stdout": subprocess.DEVNULL}
    before = procfs.cpu_seconds(d.pid)
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL, start_new_session=True, **ends) as flooder:
        try:
            until(lambda: procfs.cpu_seconds(d.pid) > before + 0.2, "the daemon is busy")
            bound = 0.08 if is_sanitized() else 0.02
            end, least = time.monotonic() + TIMEOUT, round_trip(other)
            while least >= bound and time.monotonic() < end:
                least = min(least, round_trip(other))
            within(bound, least, "seconds of the best median round trip")
            assert flooder.poll() is None, "the flood goes on"
        finally:
            os.killpg(flooder.pid, signal.SIGKILL)
    flood.reset()


# ---- control frames ----


@pytest.mark.parametrize("queue, size", [("1M", 300_000), ("256k", 170_000)])
def test_a_ping_is_answered_while_the_program_takes_nothing(daemon, queue, size):
    d = daemon(f"[/deaf]\nexec = sleep 1000\nqueue = {queue}\neof_timeout = 50ms\n")
    ws = d.ws("/deaf")
    ws.send_bytes(encode(BINARY, b"x" * size) + encode(PING, b"still there?"))
    frame = ws.frame()
    assert (frame.opcode, frame.payload) == (PONG, b"still there?")


def test_a_close_is_answered_while_the_program_takes_nothing(daemon):
    d = daemon("[/deaf]\nexec = sleep 1000\neof_timeout = 50ms\n")
    ws = d.ws("/deaf")
    ws.send_bytes(encode(BINARY, b"x" * 300_000) + encode(CLOSE, b"\x03\xe8"))
    assert ws.closed() == (1000, "")
    assert ws.end() == "FIN"


def test_pings_that_nobody_reads_the_answers_of_cost_nothing(daemon):
    """Only the newest is answered (RFC 6455 5.5.3)."""
    d = daemon("[/deaf]\nexec = sleep 1000\neof_timeout = 50ms\n")
    ws = d.ws("/deaf", receive_buffer=4096)
    sent = fill(ws, encode(PING, b"p" * 125), 32 * MIB)
    assert sent > 16 * MIB
    if not is_sanitized():
        assert grown(d) < MIB, f"grown by {grown(d)} after {sent} bytes of pings"
    ws.reset()


# ---- view only ----


@pytest.mark.key("write")
def test_on_a_view_only_path_nothing_reaches_the_program_and_that_is_no_error(daemon, tmp_path):
    out = tmp_path / "out"
    d = daemon(
        f"[/view]\nshell = cat > {out}; echo END >> {out}; echo bye\nwrite = no\n[/both]\n"
        "exec = cat\nwrite = yes\n"
    )
    ws = d.ws("/view")
    for _ in range(50):
        ws.text("typed")
    ws.eof()
    ws.send(PING, b"alive")
    frame = ws.frame()
    assert (frame.opcode, frame.payload) == (PONG, b"alive")
    assert d.ws("/both").echoes()
    ws.close()
    assert ws.closed()[0] == 1000
    until(
        lambda: out.exists() and out.read_bytes().endswith(b"END\n"), "the program saw the end of its input"
    )
    assert out.read_bytes() == b"END\n"
