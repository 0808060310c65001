# SPDX-License-Identifier: MIT
"""What a client can make the daemon hold: 1.1 x what it sent + 4 KiB, and 2 x queue + one message + 64 KiB."""

import hashlib

import procfs
import pytest
from control import Control
from harness import is_sanitized
from rawws import BINARY, CONT, PING, PONG, TEXT, encode
from waiting import until

MIB = 1 << 20
SLACK = 256 * 1024  # of the allocator, for all clients of a test together


def held_for(wire):
    """What may be kept of a message, frame or request of which WIRE bytes have come (DESIGN 5)."""
    return int(1.1 * wire) + 4096


def bound_of(queue, message=0):
    """What a busy session may hold (DESIGN 5)."""
    return 2 * queue + message + 64 * 1024 + SLACK


def is_within(bound, amount, what):
    if not is_sanitized():
        assert amount < bound, f"{amount} bytes for {what}, at most {bound} are allowed"


def seen(ws):
    """The daemon has processed everything that WS has sent so far."""
    ws.send(PING, b"seen?")
    while ws.frame(30).opcode != PONG:
        pass


class Memory:
    """How much more D holds than now."""

    def __init__(self, d):
        self.pid, self.before = d.pid, procfs.memory(d.pid)
        procfs.forget_peak(d.pid)
        self.peak_before = procfs.peak(d.pid)

    def grown(self):
        return procfs.memory(self.pid) - self.before

    def peak(self):
        return procfs.peak(self.pid) - self.peak_before


# ---- what has not come to its end ----


def test_requests_that_come_byte_by_byte_cost_their_bytes(daemon):
    d = daemon("[limits]\naccept_rate = 0\nmax_handshakes = 1000\nhandshake_timeout = 1m\n[/echo]\nexec = cat\n")
    memory, n = Memory(d), 300
    clients = [d.raw() for _ in range(n)]
    head = b"GET /echo HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200
    for i in range(len(head)):
        for client in clients:
            client.sock.send(head[i : i + 1])
    until(lambda: procfs.unread(d.pid) == 0, "everything is read")
    is_within(n * held_for(len(head)) + SLACK, memory.grown(), f"{n} heads of {len(head)} bytes")


@pytest.mark.key("max_message", "buffer_message")
@pytest.mark.parametrize("whole", ["yes", "no"])
def test_announced_bytes_cost_nothing_before_they_come(daemon, whole):
    d = daemon(f"[/big]\nshell = cat > /dev/null\nmax_message = 1G\nbuffer_message = {whole}\n")
    clients = [d.ws("/big") for _ in range(20)]
    memory = Memory(d)
    start = encode(BINARY, b"x" * 1000, length=1 << 30, form=64)
    for ws in clients:
        ws.send_bytewise(start)
    until(lambda: procfs.unread(d.pid) == 0, "everything is read")
    is_within(20 * held_for(len(start)) + SLACK, memory.grown(), "20 frames that have begun")
    for ws in clients:
        ws.reset()


@pytest.mark.key("buffer_message")
@pytest.mark.parametrize("size", [0, 1, 1000, 70_000])
def test_unfinished_fragments_cost_their_bytes(daemon, size):
    """websocketd: five times."""
    d = daemon("[/whole]\nexec = cat\nbuffer_message = yes\nmax_message = 16M\n")
    ws = d.ws("/whole")
    memory = Memory(d)
    fragment = encode(CONT, b"x" * size, fin=False)
    count = 8 * MIB // (size + 64)
    ws.send_bytes(encode(TEXT, b"", fin=False) + fragment * count, 30)
    seen(ws)
    is_within(held_for(count * len(fragment)) + SLACK, memory.peak(), f"{count} fragments of {size} bytes")
    ws.reset()


@pytest.mark.parametrize("write", ["yes", "no"])
def test_a_message_without_end_costs_no_more_than_the_queue(daemon, write):
    d = daemon(f"[/endless]\nshell = cat > /dev/null\nqueue = 64k\nmax_message = 0\nwrite = {write}\n")
    ws = d.ws("/endless")
    memory = Memory(d)
    fragments = encode(CONT, b"x" * 1000, fin=False) * 1000
    ws.send(BINARY, b"", fin=False)
    for _ in range(24):
        ws.send_bytes(fragments, 30)
    seen(ws)
    is_within(bound_of(64 * 1024), memory.peak(), "24 MB of fragments")
    ws.reset()


def test_who_takes_nothing_on_either_side_holds_both_queues(daemon):
    """The sum that -t and the manual reckon with, of ten clients at once."""
    d = daemon("[/x]\nshell = exec 3<&0; yes 0123456789\nqueue = 1M\nmax_message = 64k\n")
    memory, n = Memory(d), 10
    clients = [d.ws("/x", receive_buffer=4096) for _ in range(n)]
    messages = encode(BINARY, b"x" * 60_000) * 100
    for ws in clients:
        ws.sock.setblocking(False)
        left = memoryview(messages)
        while left:
            try:
                left = left[ws.sock.send(left) :]
            except BlockingIOError:
                break
    control = Control(d)

    def queues():
        return [row["queue"] for row in control.ask("list", path="/x")]

    until(lambda: min(queues()) > MIB // 2, lambda: f"their queues are full: {queues()}")
    until(lambda: memory.grown() > 0.9 * n * MIB, lambda: f"{memory.grown()}")  # else this shows nothing
    is_within(n * bound_of(MIB), memory.peak(), f"{n} clients who take nothing")
    for ws in clients:
        ws.reset()


@pytest.mark.key("replay", "linger", "max_processes")
def test_programs_that_wait_for_their_clients_hold_what_was_said_last(daemon):
    """However few clients there may be at the same time: -t and the manual reckon with each."""
    n, replay, said = 10, 512 * 1024, 600_000
    d = daemon(
        "[limits]\nmax_connections = 3\n[/x]\nshell = yes 0123456789abcdef | head -c 600000; read x\nlinger = 1h\n"
        f"process = session\nsession_key = query:s\nqueue = 1M\nreplay = {replay // 1024}k\nmax_processes = {n}\n"
    )
    memory, kept = Memory(d), procfs.children(d.pid)
    for i in range(n):
        ws, got = d.ws(f"/x?s={i}"), 0
        while got < said - 17:
            got += len(ws.recv()) + 1
        ws.reset()
    until(lambda: not Control(d).ask("list", path="/x"), "the clients have gone")
    if not is_sanitized():
        assert memory.grown() > 0.9 * n * replay  # else this shows nothing
    is_within(n * (replay + MIB // 2 + 4096) + SLACK, memory.grown(), f"{n} programs without a client")
    procfs.kill(set(procfs.children(d.pid)) - set(kept))


# ---- one large message ----

SIZE = 16 * MIB


def in_frames_of(payload, n):
    pieces = [payload[i : i + n] for i in range(0, len(payload), n)]
    last = len(pieces) - 1
    return b"".join(encode(CONT if i else BINARY, p, fin=i == last) for i, p in enumerate(pieces))


@pytest.mark.key("buffer_message")
@pytest.mark.parametrize("frame", [SIZE, 100_000, 1000])
@pytest.mark.parametrize("before", [0, 1000, 50_000], ids=lambda n: f"after {n} bytes")
def test_a_large_message_for_a_program_that_does_not_read_is_held_once(daemon, tmp_path, frame, before):
    """And it arrives: the program counts it in the end."""
    d = daemon(
        "[/late]\nshell = read go < {0}; exec md5sum\nframe = raw\ntype = text\nbuffer_message = yes\n"
        "max_message = 16M\nqueue = 256k\neof_timeout = 50ms\n".format(procfs.fifo(tmp_path / "go"))
    )
    ws = d.ws("/late")
    memory = Memory(d)
    payload = bytes(range(251)) * (SIZE // 251)
    first = b"z" * before
    ws.send_bytes(encode(BINARY, first * 2) if before else b"")
    ws.send_in_background(in_frames_of(payload, frame) + encode(PING) + encode(BINARY)).join(30)
    while ws.frame(30).opcode != PONG:
        pass
    is_within(held_for(SIZE) + bound_of(256 * 1024), memory.peak(), "a message of 16 MiB")
    (tmp_path / "go").write_text("go\n")
    assert ws.recv(30).split()[0] == hashlib.md5(first * 2 + payload).hexdigest()


@pytest.mark.key("buffer_message")
def test_large_messages_one_after_the_other_are_never_held_twice(daemon):
    d = daemon(
        "[/slow]\nshell = cat > /dev/null; echo done\nbuffer_message = yes\nmax_message = 8M\nqueue = 64k\n"
        "line_buffer = no\n"
    )
    ws = d.ws("/slow")
    memory = Memory(d)
    ws.send_in_background(in_frames_of(b"x" * 8 * MIB, 50_000) * 6 + encode(BINARY))
    assert ws.recv(30) == "done"
    is_within(held_for(8 * MIB) + bound_of(64 * 1024), memory.peak(), "messages of 8 MiB")
