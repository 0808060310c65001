# SPDX-License-Identifier: MIT
"""A thousand clients of one program: each hears an ordered part of it, and memory is one copy and pointers."""

import os
import select
import threading
import time

import procfs
from crowd import Crowd
from harness import is_sanitized
from rawws import CLOSE
from test_metrics import ON, value
from test_shared import programs
from waiting import TIMEOUT, until, within

N = 150 if is_sanitized() else 1000
SLOW = 10
SECONDS = float(os.environ.get("CHURN", "2"))  # of the churn
MIB = 1 << 20
FRAME = 102  # bytes of the frame of a line
LIMITS = "[logging]\naccess = no\n[limits]\nmax_connections = 3000\nmax_handshakes = 2000\naccept_rate = 0\n[defaults]\nping_interval = 0\n"
LINES = (
    "[/lines]\nshell = n=0; while read k; do seq -f %0100.0f $((n + 1)) $((n + k)); n=$((n + k)); done\n"
    "line_buffer = no\neof_timeout = 0\nprocess = shared\nlinger = 0\nqueue = 64k\nping_interval = 0\n"
)


def frames(first, last):
    return b"".join(b"\x81\x64" + b"%0100d" % i for i in range(first, last + 1))


class Source:
    """The program, which says as many lines as it is asked for; nobody else speaks to it."""

    def __init__(self, daemon, settings):
        self.d = daemon(ON + LIMITS + "[socket]\nsend_buffer = 8k\n" + LINES + settings)
        self.crowd, self.said = Crowd(self.d), 0
        self.speaker = self.d.ws("/lines")

    def say(self, n):
        self.speaker.text(str(n))
        self.said += n
        for i in range(self.said - n + 1, self.said + 1):
            assert int(self.speaker.recv()) == i

    def metric(self, name):
        return value(self.d, f"wsbridge_{name}_total", path="/lines")

    def hear_all(self, members):
        """MEMBERS, who came at the beginning, have heard everything."""
        expected = frames(1, self.said)
        self.crowd.until(lambda: all(len(m.got) >= len(expected) for m in members), "all hear all")
        assert not (wrong := [bytes(m.got[-200:]) for m in members if m.got != expected]), (len(wrong), wrong[0])


def parse(got):
    """The numbers of the lines in GOT, and the code of the close frame behind them, or None."""
    numbers, at = [], 0
    while at < len(got) and got[at] == 0x81:
        assert got[at + 1] == 100
        numbers.append(int(got[at + 2 : at + FRAME]))
        at += FRAME
    if at == len(got):
        return numbers, None
    assert got[at] == 0x80 | CLOSE
    return numbers, int.from_bytes(got[at + 2 : at + 4], "big")


def test_each_of_a_thousand_hears_an_unbroken_sequence_when_the_slowest_rules(daemon):
    s = Source(daemon, "slow_client = pause\n")
    members = s.crowd.join("/lines", N)
    for _ in range(5):
        s.say(100)
    s.hear_all(members)
    s.crowd.ignore(members[:SLOW])
    speaking = threading.Thread(target=s.say, args=(3000,))  # more than queues and sockets hold
    speaking.start()
    before = 0
    while (now := max(len(m.got) for m in members)) > before:
        before = now
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            s.crowd.read(0.1)
    assert before < len(frames(1, s.said)), "the program has to wait for them"
    s.crowd.heed(members[:SLOW])
    s.hear_all(members)
    speaking.join()
    s.crowd.leave()


def test_exactly_the_slow_ones_of_a_thousand_are_disconnected(daemon):
    s = Source(daemon, "slow_client = disconnect\nclose_wait = no\n")
    slow = s.crowd.join("/lines", SLOW, receive_buffer=4096)
    s.crowd.ignore(slow)
    fast = s.crowd.join("/lines", N - SLOW)
    before = None
    while before != (before := s.metric("dropped_messages")) or not before:
        for _ in range(10):  # more than the queue of one that would still be there
            s.say(100)
            s.hear_all(fast)
        assert s.said < 100_000
    for m in slow:
        s.crowd.heed([m])
    s.crowd.until(lambda: all(m.gone for m in slow), "they are closed")
    assert value(s.d, "wsbridge_closes_total", path="/lines", by="server", code="1008") == SLOW
    for m in slow:
        numbers, code = parse(m.got)
        assert numbers == list(range(1, len(numbers) + 1)) and code == 1008
    assert len(s.crowd.members) == N - SLOW
    s.crowd.leave(slow)
    s.crowd.leave()


def test_what_is_dropped_for_the_slow_ones_of_a_thousand_is_counted_to_the_message(daemon):
    s = Source(daemon, "slow_client = drop\n")
    slow = s.crowd.join("/lines", SLOW, receive_buffer=4096)
    s.crowd.ignore(slow)
    fast = s.crowd.join("/lines", N - SLOW)
    while s.metric("dropped_messages") < 200 * SLOW:
        s.say(100)
        s.hear_all(fast)
        assert s.said < 100_000
    dropped = s.metric("dropped_messages")
    s.crowd.heed(slow)
    last = frames(s.said, s.said)
    s.crowd.until(lambda: all(m.got.endswith(last) for m in slow), "the slow ones catch up")
    assert s.metric("dropped_messages") == dropped, "who reads misses nothing more"
    missed = 0
    for m in slow:
        numbers, code = parse(m.got)
        assert numbers == sorted(set(numbers)) and code is None
        missed += s.said - len(numbers)
    assert missed == dropped
    s.crowd.leave()


def test_memory_for_a_thousand_is_one_copy_and_pointers(daemon):
    d = daemon(
        LIMITS + "[socket]\nsend_buffer = 8k\n"
        f"[/flood]\nshell = read go; exec yes {'x' * 99}\nline_buffer = no\neof_timeout = 0\nprocess = shared\nlinger = 0\n"
        "queue = 2M\nslow_client = pause\n"
    )
    crowd = Crowd(d)
    speaker = d.ws("/flood")
    members = crowd.join("/flood", N, receive_buffer=4096)
    crowd.ignore(members)
    before = procfs.memory(d.pid)
    speaker.text("go")

    def at_rest():
        cpu = procfs.cpu_seconds(d.pid)
        select.select([], [], [], 0.3)
        return cpu == procfs.cpu_seconds(d.pid)

    until(lambda: at_rest() and procfs.memory(d.pid) - before > MIB, "much waits for them, and so the program", 3 * TIMEOUT)
    held = procfs.memory(d.pid) - before
    if not is_sanitized():
        assert held < 2 * MIB + N * 8 * 1024, f"{held} bytes"
    crowd.leave(members)
    speaker.reset()


def round_trip(ws):
    start = time.monotonic()
    assert ws.echoes("here")
    return time.monotonic() - start


def test_a_thousand_leave_and_join_at_once(daemon):
    """Who comes hears the last lines and goes on; nobody else is held up; nothing is left behind."""
    s = Source(daemon, "replay = 20\n[/echo]\nexec = cat\n")
    other = s.d.ws("/echo")
    s.say(50)
    longest = 0
    for _ in range(3):
        members = s.crowd.join("/lines", N)
        first = s.said - 19
        s.say(10)
        expected = frames(first, s.said)
        s.crowd.until(lambda: all(len(m.got) >= len(expected) for m in members), "all hear it")
        assert all(m.got == expected for m in members)
        s.crowd.leave()
        longest = max(longest, *(round_trip(other) for _ in range(20)))
    within(1, longest, "seconds of the longest round trip of another")
    until(lambda: value(s.d, "wsbridge_sessions", path="/lines") == 1, "all have gone")
    assert len(programs(s.d)) == 2


def test_clients_come_and_go_all_the_time(daemon):
    """Each hears an unbroken part, from the replay at its beginning to its leaving."""
    s = Source(daemon, "replay = 30\nslow_client = pause\n")
    s.say(30)
    crowd, step = s.crowd, N // 20
    waiting, heard = [], 0
    before = procfs.memory(s.d.pid)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or not heard:
        waiting.append(crowd.join("/lines", step))
        s.say(20)
        crowd.read(0)
        if len(waiting) > 10:
            gone = waiting.pop(0)
            crowd.until(lambda: all(len(m.got) >= 100 * FRAME for m in gone), "they have heard")
            for m in gone:
                n = len(m.got) // FRAME
                first = int(m.got[2:FRAME])
                assert m.got[: n * FRAME] == frames(first, first + n - 1)
                heard += n
            crowd.leave(gone)
    crowd.leave()
    if not is_sanitized():
        until(lambda: procfs.memory(s.d.pid) - before < 2 * MIB, "nothing is left behind")


def test_stalled_clients_delay_nobody(daemon):
    """Half of a thousand read nothing, the program speaks on, and who reads hears it at once."""
    s = Source(daemon, "slow_client = drop\n")
    slow = s.crowd.join("/lines", N // 2, receive_buffer=4096)
    s.crowd.ignore(slow)
    while s.metric("dropped_messages") < 10 * len(slow):
        s.say(200)
    times = []
    for _ in range(50):
        start = time.monotonic()
        s.say(1)
        times.append(time.monotonic() - start)
    times.sort()
    within(0.5 if is_sanitized() else 0.05, times[25], "seconds until a line is heard")
    s.crowd.leave(slow)
