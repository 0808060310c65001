# SPDX-License-Identifier: MIT
"""
What clients do to a server on purpose, each with its bound on memory, CPU and time, and on how long one turn of
the loop works; the canary sings meanwhile.  ABUSE=all (make abuse) takes numbers that make check has no time for.
"""

import contextlib
import datetime
import email.utils
import json
import os
import random
import select
import socket
import ssl
import struct
import threading
import time

import procfs
import pytest
from control import Control, socket_of
from harness import AFTER_A_SHIM, ROOT, get, is_sanitized
from rawws import BINARY, CONT, PING, PONG, TEXT, Closed, RawWS, encode, request
from test_log import stderr_to
from test_memory import Memory
from test_metrics import scrape
from tlsflood import TLS_1_2, KeyUpdater
from tlssock import TlsSock
from waiting import until, within

KIB, MIB = 1024, 1024 * 1024
LONG, TOO_LONG = "0.005", "0.02"  # seconds of CPU time in a turn: one in a thousand may take longer; none may
SLACK = MIB  # of the allocator
ALERT = 21  # the type of a TLS record

INI = """\
[server]
listen = 127.0.0.1:0
{listen}
[web]
metrics = /metrics
[limits]
accept_rate = 0
max_connections = 18000
{limits}
[logging]
level = warning
[defaults]
spawn_rate = 0
max_processes = 20000
{defaults}
[echo]
"""


def many(sample, whole):
    return whole if os.environ.get("ABUSE") == "all" else sample


def ini(paths, limits="", listen="", defaults=""):
    return INI.format(limits=limits, listen=listen, defaults=defaults).replace("[echo]\n", "[/echo]\nexec = cat\n" + paths)


class Turns:
    """The turns of D's loop by CPU time, from now on."""

    def __init__(self, d):
        self.d = d
        self.before = self.counts()

    def counts(self):
        samples = scrape(self.d)["wsbridge_loop_turn_cpu_seconds"].samples
        return {dict(labels).get("le"): n for (_, labels), n in samples.items()}

    def over(self, bound):
        """How many took longer than BOUND, and how many there were."""
        now = self.counts()
        turns = {le: now[le] - self.before[le] for le in (bound, "+Inf")}
        return turns["+Inf"] - turns[bound], turns["+Inf"]


class Singer(threading.Thread):
    """The canary: one ping after the other, each once the one before has its pong."""

    def __init__(self, canary):
        super().__init__(daemon=True)
        self.canary, self.worst, self.songs, self.over = canary, 0, 0, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.005) or not self.songs:
            began = time.monotonic()
            self.canary.send(PING, b"%d" % self.songs)
            while (frame := self.canary.frame(30)).opcode == PING:
                self.canary.send(PONG, frame.payload)
            assert frame.payload == b"%d" % self.songs
            self.worst = max(self.worst, time.monotonic() - began)
            self.songs += 1

    def end(self):
        self.over.set()
        self.join(30)
        assert not self.is_alive() and self.songs, "the canary has stopped singing"


@contextlib.contextmanager
def bounded(d, memory, cpu, seconds):
    """What is done to D within takes at most so many bytes, and seconds of CPU and of time."""
    turns, before, used, began = Turns(d), Memory(d), procfs.cpu_seconds(d.pid), time.monotonic()
    singer = Singer(d.canary)
    try:
        yield
    finally:
        singer.end()
    took, used, peak = time.monotonic() - began, procfs.cpu_seconds(d.pid) - used, before.peak()
    long, too_long, total = turns.over(LONG)[0], *turns.over(TOO_LONG)
    print(f"\n  {took:.1f} s, {used:.2f} s CPU of {cpu:g}, peak {peak / MIB:.1f} MiB of {memory / MIB:.1f}, {total:.0f} turns, "
          f"{long:.0f} over 5 ms, {too_long:.0f} over 20 ms, canary {singer.worst * 1000:.0f} ms")
    within(seconds, took, "seconds")
    if is_sanitized():
        return
    assert peak < memory + SLACK, f"{peak:,} bytes, at most {memory + SLACK:,} are allowed"
    within(cpu, used, "seconds of CPU time")
    within(1, too_long, "turns of the loop that worked for more than 20 ms")
    within(max(1, total // 1000) + 1, long, f"turns of {total:.0f} that worked for more than 5 ms")


def drip(socks, data, until_seconds):
    """A byte of DATA to each of SOCKS in turns, until all are closed: how many were."""
    left, end, at = set(socks), time.monotonic() + until_seconds, 0
    while left and time.monotonic() < end:
        for sock in list(left):
            try:
                sock.send(data[at % len(data) : at % len(data) + 1])
            except OSError:
                left.remove(sock)
        at += 1
        select.select([], [], [], 0.05)
    return len(socks) - len(left)


# ---- before the WebSocket ----


@pytest.mark.parametrize("tls", (False, True), ids=("http", "tls"))
def test_a_request_that_never_ends(daemon, certificate, tls):
    n = many(300, 9000)
    more = {"listen": "listen = 127.0.0.1:0 tls\n" + certificate().ini()} if tls else {}
    d = daemon(ini("", f"max_handshakes = {n + 10}\nhandshake_timeout = {many(2, 20)}s", **more))
    data = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500 if tls else request("/echo", d.host)[:-4]
    with bounded(d, n * (56 * KIB if tls else 3 * KIB), 2 + n * 3e-3, 120):
        socks = [d.connect(d.addresses[-1], plain=True) for _ in range(n)]
        assert drip(socks, data, 100) == n, "not all were dropped at their time"


def test_connections_that_say_nothing(daemon):
    n = many(2000, 10_000)
    d = daemon(ini(""))
    with bounded(d, 300 * 3 * KIB, 1 + n * 2e-4, 60):
        socks = [d.connect() for _ in range(n)]
        assert get(d, "/healthz").status == 200
        until(lambda: len(readable_of(socks)) >= n - 256, "the oldest go", 30)


def readable_of(socks):
    poll = select.poll()
    for sock in socks:
        poll.register(sock, select.POLLIN)
    return poll.poll(0)


def test_lies_about_the_client(daemon):
    chance = random.Random(1)
    d = daemon(ini("", listen="listen = 127.0.0.1:0 proxy\ntrusted_proxy = 127.0.0.1"))
    begin = [b"PROXY TCP4 ", b"PROXY UNKNOWN", b"\r\n\r\n\0\r\nQUIT\n\x21\x11", b"\r\n\r\n\0\r\nQUIT\n\x20\xff\xff\xff", b"PROXY TCP6 ::1 ", b""]
    with bounded(d, 4 * MIB, 2, 60):
        for _ in range(many(300, 10_000)):
            sock = d.connect(d.addresses[1])
            sock.sendall(chance.choice(begin) + chance.randbytes(chance.randrange(300)) + b"\r\n" + request("/echo", d.host))
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                sock.settimeout(0.02)
                with contextlib.suppress(TimeoutError):
                    answer = sock.recv(4096)
            assert not answer or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 101 ")), answer
            sock.close()
        for field in ("X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host"):
            for value in ("1.2.3.4, " * 800, "for=" * 1500, "\x7f" * 7000, "unix", '"' * 99, "[::1", "for=[2001:db8::1]:x"):
                assert d.handshake("/echo", [(field, value)]).response.status in (101, 400, 421, 431, 403)
                d.clients.pop().close()


def test_handshakes_of_tls_that_are_resumed_and_broken_off(daemon, certificate):
    d = daemon(ini("", listen="listen = 127.0.0.1:0 tls\n" + certificate().ini()))
    n = many(150, 5000)
    with bounded(d, 16 * MIB, 1 + n * 6e-3, many(30, 300)):
        session, resumed = None, 0
        for i in range(n):
            sock = d.connect(d.addresses[1], plain=True)
            tls = TlsSock(sock, d.context, session=session)
            resumed += tls.tls.session_reused
            if i % 3 == 0:
                RawWS(tls, request("/echo", d.host))
            session = tls.tls.session or session
            sock.close()
            half = d.connect(d.addresses[1], plain=True)
            outgoing = ssl.MemoryBIO()
            begun = d.context.wrap_bio(ssl.MemoryBIO(), outgoing)
            with pytest.raises(ssl.SSLWantReadError):
                begun.do_handshake()
            half.sendall(outgoing.read()[: i % 500])
            half.close()
            del d.clients[:]
    assert resumed == n - 1


def test_handshakes_of_tls_that_begin_anew(daemon, certificate):
    """TLS 1.2 could: each costs its server much and its client little."""
    d = daemon(ini("", listen="listen = 127.0.0.1:0 tls\n" + certificate().ini()))
    n = many(150, 5000)
    with bounded(d, 16 * MIB, 1 + n * 4e-3, many(30, 300)):
        for _ in range(n):
            sock = d.connect(d.addresses[1], plain=True)
            client = KeyUpdater(sock, TLS_1_2)
            client.renegotiate()
            sock.sendall(client.sealed())
            assert sock.recv(100)[0] == ALERT
            client.close()
            sock.close()
            del d.clients[:]


@pytest.mark.parametrize("answered", (False, True), ids=("told", "asked"))
def test_keys_of_tls_that_are_renewed_without_an_end(daemon, certificate, answered):
    """What TLS 1.3 has in place of a new handshake."""
    d = daemon(ini("", listen="listen = 127.0.0.1:0 tls\n" + certificate().ini(), defaults="ping_interval = 0"))
    rounds, at_once = many(20, 500), 1000
    sock = d.connect(d.addresses[1], plain=True)
    client = KeyUpdater(sock)
    client.write(request("/echo", d.host))
    sock.sendall(client.sealed())
    assert client.recv().startswith(b"HTTP/1.1 101 ")
    with bounded(d, 2 * MIB, 1 + rounds * at_once * 1e-4, many(60, 600)):
        for _ in range(rounds):
            for _ in range(at_once):
                client.update_keys(answered)
            client.write(encode(PING, b"new keys"))
            sock.sendall(client.sealed())
            assert client.recv().endswith(b"new keys")
    client.close()


# ---- frames ----


class Bytewise:
    """SOCK, each byte of which is a segment of its own."""

    def __init__(self, sock):
        self.sock = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def sendall(self, data):
        for i in range(len(data)):
            self.sock.sendall(data[i : i + 1])


def test_everything_a_byte_at_a_time(daemon, certificate):
    """Requests, frames, what a program writes, headers of a proxy, records of TLS and commands."""
    n = many(100, 3000)
    d = daemon(
        ini(
            "[/drip]\nshell = while read -r x; do printf a; printf b; printf 'c\\n'; done\n"
            f"[/measured]\nshell = for i in $(seq {n}); do for c in 3 : a b c ,; do printf $c; done; done\nframe = netstring\n",
            listen="listen = 127.0.0.1:0 proxy\nlisten = 127.0.0.1:0 tls\n"
            "trusted_proxy = 127.0.0.1\n" + certificate().ini(),
        )
    )
    with bounded(d, 4 * MIB, many(3, 10), 60):
        raw = RawWS(d.connect(), None)
        raw.send_bytewise(request("/echo", d.host))
        assert raw.read_response().status == 101
        raw.send_bytewise(b"".join(encode(TEXT, b"%d" % i) for i in range(many(300, 10_000))))
        assert [raw.recv() for _ in range(many(300, 10_000))] == [str(i) for i in range(many(300, 10_000))]
        dripping, measured = d.ws("/drip"), d.ws("/measured")
        for _ in range(n):
            dripping.text("x")
            assert dripping.recv() == "abc"
        assert [measured.recv() for _ in range(n)] == [b"abc"] * n
        head = request("/echo", d.host)
        proxied = b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n" + head
        assert RawWS(Bytewise(d.connect(d.addresses[1])), proxied).echoes("x" * n)
        secured = TlsSock(Bytewise(d.connect(d.addresses[2], plain=True)), d.context)
        assert RawWS(secured, head).echoes("x" * n)
        control = Control(d)
        for byte in b'{"jsonrpc":"2.0","id":1,"method":"status"}\n' * (n // 10):
            control.send(bytes([byte]))
        assert [control.line()["result"]["pid"] for _ in range(n // 10)] == [d.pid] * (n // 10)


@pytest.mark.parametrize("size", (0, 125))
def test_a_flood_of_pings(daemon, size):
    n = many(500_000, 5_000_000)
    d = daemon(ini(""))
    ws = d.ws("/echo")
    with bounded(d, 2 * MIB, 0.5 + n * 2e-6, 60):
        sender = ws.send_in_background(encode(PING, b"x" * size) * n + encode(TEXT, b"the end"))
        pongs = 0
        while (frame := ws.frame(30)).opcode == PONG:
            pongs += 1
        sender.join()
        assert frame.payload == b"the end" and 1 <= pongs <= n


def test_a_flood_of_empty_messages(daemon):
    n = many(100_000, 1_000_000)
    d = daemon(ini(""))
    ws = d.ws("/echo")
    with bounded(d, 2 * MIB, 0.5 + n * 6e-6, 90):
        ws.send_in_background(encode(TEXT) * n)
        for _ in range(n):
            assert ws.recv() == ""


@pytest.mark.parametrize("piece", (b"", b"x"), ids=("empty", "a_byte"))
def test_a_message_of_65536_fragments(daemon, piece):
    d = daemon(ini(""))
    ws = d.ws("/echo")
    with bounded(d, 2 * MIB, 1, 30):
        ws.send_in_background(encode(TEXT, b"<", fin=False) + encode(CONT, piece, fin=False) * 65534 + encode(CONT, b">"))
        assert ws.recv(30) == "<" + piece.decode() * 65534 + ">"


def test_messages_that_never_end(daemon):
    n = many(100, 1000)
    d = daemon(ini("[/whole]\nexec = cat\nframe = netstring\n"))
    with bounded(d, n * (64 * KIB * 1.1 + 8 * KIB), 1 + n * 2e-3, 60):
        clients = [d.ws("/whole") for _ in range(n)]
        for ws in clients:
            ws.send_bytes(encode(BINARY, b"x" * 1024, fin=False) + encode(CONT, b"x" * 1024, fin=False) * 63 + encode(PING))
        for ws in clients:
            assert ws.frame(30).opcode == PONG
        for ws in clients:
            ws.reset()


@pytest.mark.parametrize("length,code", ((1 << 63, 1002), ((1 << 63) - 1, 1009), (1 << 40, 1009)))
def test_lengths_beyond_reason(daemon, length, code):
    d = daemon(ini(""))
    with bounded(d, MIB, 1, 30):
        for _ in range(many(50, 2000)):
            ws = d.ws("/echo")
            ws.send_bytes(encode(BINARY, b"some of it", length=length))
            with pytest.raises(Closed) as closed:
                ws.recv()
            assert closed.value.code == code
            ws.reset()
            d.clients.remove(ws.sock)


@pytest.mark.parametrize(
    "frame, said, told",
    (
        ("netstring", b"9223372036854775807:", "broken netstring"),
        ("netstring", b"99999999999999999999999:", "broken netstring"),
        ("u32be", b"\xff\xff\xff\xff", "length over max_message"),
        ("u32be", b"\x80\0\0\0", "length over max_message"),
    ),
    ids=("netstring", "netstring_of_many_digits", "u32be", "u32be_of_half"),
)
@pytest.mark.parametrize("process", ("each", "shared"))
def test_lengths_beyond_reason_of_a_program(daemon, tmp_path, frame, said, told, process):
    (tmp_path / "said").write_bytes(said + b"and some of it")
    d = daemon(ini(f"[/x]\nshell = cat {tmp_path}/said; exec cat\nframe = {frame}\nprocess = {process}\n"))
    n = many(10, 500)
    with bounded(d, MIB, 1 + n * 1e-2, 60):
        for _ in range(n):
            ws = d.ws("/x")
            assert ws.closed() == (1011, "program wrote a " + told)
            ws.reset()
            d.clients.remove(ws.sock)


# ---- what is around it ----


def test_a_clock_that_jumps(daemon, tmp_path):
    file = tmp_path / "clock"
    file.write_bytes(struct.pack("d", 0))
    shim = {"LD_PRELOAD": str(ROOT / "build" / "fault" / "clock.so"), "ASAN_OPTIONS": AFTER_A_SHIM, "CLOCK_FILE": str(file)}
    d = daemon(ini("", defaults="ping_interval = 60s\nidle_timeout = 60s\nmax_runtime = 5m"), env=shim)
    ws, n = d.ws("/echo"), many(300, 20_000)
    with open(file, "r+b", buffering=0) as clock, bounded(d, MIB, 0.5 + n * 2e-4, 60):
        for i in range(n):
            os.pwrite(clock.fileno(), struct.pack("d", (-1) ** i * 10.0 ** (i % 10)), 0)
            assert ws.echoes(f"{i}")
        jumped = datetime.datetime.now() + datetime.timedelta(days=30)
        os.pwrite(clock.fileno(), struct.pack("d", 30 * 86400.0), 0)
        said = email.utils.parsedate_to_datetime(get(d, "/healthz").headers["date"]).timestamp()
        assert abs(said - jumped.timestamp()) < 60, "its clock is not wrong"


def test_a_log_on_a_full_disk(daemon):
    """Each request would be a line or two of it."""
    with open("/dev/full", "w") as full:
        d = daemon(ini("").replace("level = warning", "level = debug"), **stderr_to(full.fileno()))
    n = many(500, 20_000)
    with bounded(d, MIB, 0.5 + n * 3e-4, 90):
        for _ in range(n):
            assert get(d, "/nothing").status == 404
            d.clients.pop().close()
        assert d.ws("/echo").echoes()


def test_clients_that_vanish_with_their_messages(daemon):
    """They are in the middle of a frame, and their programs' output is on its way."""
    n, times = many((100, 3), (1000, 10))
    d = daemon(ini("", defaults="eof_timeout = 50ms"))
    with bounded(d, n * 16 * KIB, 1 + n * times * 2e-3, 90):
        for _ in range(times):
            clients = [d.ws("/echo") for _ in range(n)]
            for ws in clients:
                ws.send_bytes(encode(TEXT, b"x" * 50_000) + encode(TEXT, b"and so on")[:5])
            for ws in clients:
                ws.reset()
            until(lambda: len(procfs.children(d.pid)) == 1, "the programs have gone", 30)
            del d.clients[:]


# ---- the control socket ----


def test_a_flood_of_commands(daemon):
    d = daemon(ini("[/many]\nbuiltin = echo\n"))
    clients = [d.ws("/many") for _ in range(100)]
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "list"}).encode() + b"\n"
    with bounded(d, 16 * MIB, many(3, 30), 90):
        controls = [Control(d) for _ in range(8)]
        for control in controls[:4]:
            threading.Thread(target=flood, args=(control.sock, line * many(500, 5000)), daemon=True).start()
        for control in controls[4:]:
            threading.Thread(target=flood, args=(control.sock, os.urandom(many(1, 10) * MIB)), daemon=True).start()
        for control in controls[:4]:
            for _ in range(many(20, 500)):
                assert len(control.line()["result"]) == len(clients) + 1
        for control in controls:
            control.close()
        until(lambda: answers(d), "the socket is free again")


def flood(sock, data):
    with contextlib.suppress(OSError):
        sock.sendall(data)


def answers(d):
    with contextlib.suppress(OSError, AssertionError):
        control = Control(d, socket_of(d))
        return control.ask("status")["pid"] == d.pid


# ---- for minutes ----


class Idle:
    """Clients that answer pings and do nothing else."""

    def __init__(self):
        self.clients, self.poll, self.pings = {}, select.epoll(), 0

    def add(self, ws):
        self.clients[ws.sock.fileno()] = ws
        self.poll.register(ws.sock.fileno(), select.EPOLLIN)

    def rest(self, seconds):
        """Answer what has come, and what comes within SECONDS."""
        end, left = time.monotonic() + seconds, 0
        while left >= 0:
            left = end - time.monotonic()
            for fd, _ in self.poll.poll(max(0, min(left, 0.1)), 256):
                ws = self.clients[fd]
                frame = ws.frame()
                assert frame.opcode == PING, frame
                ws.send(PONG, frame.payload)
                self.pings += 1


@pytest.mark.memory(many(1, 2), reason="libev's tables stay as large as they were: 64 bytes for each of 15,000 clients")
@pytest.mark.parametrize("tls,n,each", ((False, many(150, 4000), 4 * KIB), (True, many(150, 15_000), 24 * KIB)), ids=("programs", "tls"))
def test_many_idle_sessions_that_are_pinged(daemon, certificate, tls, n, each):
    listen = "listen = 127.0.0.1:0 tls\n" + certificate().ini() if tls else ""
    path, paths = ("/idle", "[/idle]\nchannel = idle\n") if tls else ("/cat", "[/cat]\nexec = cat\n")
    interval, seconds = many((1, 3), (30, 180))
    d = daemon(ini(paths, listen=listen, defaults=f"ping_interval = {interval}s"))
    with bounded(d, n * each, 2 + n * (many(6, 12)) * 1e-3, 600):
        idle = Idle()
        for i in range(n):
            idle.add(d.ws(path, address=d.addresses[-1]))
            if i % 100 == 0:
                idle.rest(0)
        idle.rest(seconds)
        until(lambda: idle.rest(0.1) or idle.pings >= n * (seconds // interval - 1), "they are pinged", 60)
        for ws in idle.clients.values():
            ws.reset()
        until(lambda: len(procfs.children(d.pid)) == 1, "the programs have gone", 60)
