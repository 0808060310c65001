# SPDX-License-Identifier: MIT
"""What goes wrong on one path: it has a bound and a message, and nobody else's session notices."""

import contextlib
import os
import re
import threading
import time

import pytest
from harness import http, is_sanitized
from rawws import TEXT, encode, request
from services import echo
from test_flow import bound_of, grown
from test_pty import PTY, SIZES, open_terminal, screen
from waiting import until, within

QUEUE = 64 * 1024
MANY = {
    "each": "process = each\n",
    "shared": "process = shared\nlinger = 0\n",
    "session": "process = session\nsession_key = query:s\nlinger = 0\n",
}
of_many = pytest.mark.parametrize("process", list(MANY))


def path(process, keys):
    return f"[/x]\n{MANY[process]}{keys}\n"


class Neighbour(threading.Thread):
    """Somebody on another path, who asks all the time, and notes how long each answer takes."""

    USUAL, WORST = (0.5, 8) if is_sanitized() else (0.1, 4)  # seconds; the machine has other work, too

    def __init__(self, ws):
        super().__init__(daemon=True)
        self.ws, self.taken, self.failed, self.over = ws, [], None, threading.Event()

    def run(self):
        try:
            while not self.over.wait(0.002):
                began = time.monotonic()
                assert self.ws.echoes(f"message {len(self.taken)}")
                self.taken.append(time.monotonic() - began)
        except BaseException as e:
            self.failed = e

    def asks_on(self, times=20):
        """It gets so many answers more."""
        goal = len(self.taken) + times
        until(lambda: len(self.taken) >= goal or self.failed, "the neighbour is answered")

    def end(self):
        self.asks_on()
        self.over.set()
        self.join(10)
        assert not self.failed, self.failed
        usual = sorted(self.taken)[len(self.taken) // 2]
        within(self.USUAL, usual, f"seconds that half of the neighbour's {len(self.taken)} answers took")
        within(self.WORST, max(self.taken), "seconds that one of the neighbour's answers took")
        self.ws.finish()


@contextlib.contextmanager
def neighbour(d):
    n = Neighbour(d.ws("/canary"))
    n.start()
    n.asks_on()
    yield n
    n.end()


# ---- a program that dies ----


@of_many
@pytest.mark.parametrize(
    "end, told, said",
    [
        ("exit 3", (4003, "process exited with status 3"), "status 3"),
        ("kill -SEGV $$", (4139, "process killed by SIGSEGV"), "SIGSEGV"),
    ],
    ids=["exit", "signal"],
)
def test_a_program_that_dies(daemon, process, end, told, said):
    d = daemon(path(process, f"shell = read x; {end}\nspawn_rate = 0"))
    with neighbour(d):
        for _ in range(20):
            ws = d.ws("/x?s=k")
            ws.text("die")
            assert ws.closed() == told
            ws.close(told[0])
            assert ws.end() == "FIN"
            ws.sock.close()
    d.wait_log(rf'#\d+ /x: disconnected .* code={told[0]} by=backend .*process="?{said}')
    if process != "each":
        d.wait_log(rf"#\d+ /x: the program has ended: {said}")


@of_many
@pytest.mark.key("spawn_rate")
def test_a_program_that_dies_at_once_is_started_no_faster_than_spawn_rate(daemon, process):
    d = daemon(path(process, "shell = exit 1\nspawn_rate = 5/m"))
    with neighbour(d):
        answers = []
        until(lambda: answers.append(d.handshake("/x?s=k").response) or answers[-1].status == 503, "the limit is reached")
    assert len(answers) < 200
    assert "spawn_rate" in answers[-1].text and int(answers[-1].headers["retry-after"]) > 0
    d.wait_log(r"/x.*spawn_rate")


@pytest.mark.key("restart_delay")
@pytest.mark.parametrize("process", ["shared", "session"])
def test_a_program_that_dies_under_its_clients_comes_again_ever_later(daemon, process):
    d = daemon(path(process, "shell = sleep 0.01; exit 1\nrestart = always\nrestart_delay = 100ms"))
    with neighbour(d):
        ws = d.ws("/x?s=k")
        for delay in ("0.1", "0.2", "0.4"):
            d.wait_log(rf"#\d+ /x: the program starts again in {delay} s")
        ws.finish()
    assert d.log().count("starts again") <= 5


# ---- a program that floods ----


@of_many
@pytest.mark.key("queue", "slow_client")
def test_a_program_that_floods(daemon, process):
    d = daemon(path(process, f"shell = yes flooded; cat\nqueue = {QUEUE}\neof_timeout = 0"))
    ws = d.ws("/x?s=k", receive_buffer=4096)
    assert ws.recv() == "flooded"
    with neighbour(d) as n:
        n.asks_on(100)
        assert is_sanitized() or grown(d) < bound_of(QUEUE) + bound_of(0), "the canary's neighbour, too"
        if process == "each":
            assert ws.recv() == "flooded"  # it waits for its client
        else:
            messages, code, reason = ws.recv_until_close(60)
            assert (code, reason) == (1008, "too slow") and set(messages) == {"flooded"}
            d.wait_log(r'#\d+ /x: disconnected .* code=1008 by=server reason="too slow"')
        ws.reset()


@of_many
def test_a_program_that_floods_its_standard_error(daemon, process):
    d = daemon(path(process, "shell = yes complaint >&2 & read x; kill $!; cat\neof_timeout = 0"))
    ws = d.ws("/x?s=k")
    with neighbour(d) as n:
        d.wait_log(r"#\d+ /x: stderr: \d+ more lines were dropped")
        n.asks_on()
        ws.text("enough")
        assert ws.echoes("goes on")
        ws.finish()
    assert d.log().count("complaint") < 1000


# ---- a program that writes bad JSON ----


@of_many
@pytest.mark.key("frame")
def test_a_program_that_writes_bad_json(daemon, program, process):
    script = program(
        "import json\n"
        "for line in sys.stdin:\n"
        "    e = json.loads(line)\n"
        "    if e['event'] == 'message':\n"
        "        for i in range(2000): print('{\"to\":' + 'x' * (i % 300))\n"
        "        print('{\"to\":\"all\",\"text\":\"' + 3000000 * 'y' + '\"}')\n"
        "        print(json.dumps({'to': e['id'], 'text': e['text']}), flush=True)\n"
    )
    d = daemon(path(process, f"exec = {script}\nframe = json\nmax_message = 64k"))
    ws, other = d.ws("/x?s=k"), d.ws("/x?s=k")
    with neighbour(d):
        for i in range(5):
            assert ws.echoes(f"good {i}")
        assert other.echoes("also good")
    d.wait_log(r'#\d+ /x: a line of the program is skipped: .*; it begins with "\{\\?"to')
    assert len(d.log().splitlines()) < 500


# ---- a FIFO that vanishes ----


@of_many
@pytest.mark.key("read_fifo", "write_fifo")
def test_a_fifo_that_vanishes(daemon, tmp_path, process):
    there, away = tmp_path / "fifo", tmp_path / "answers"
    os.mkfifo(there)
    os.mkfifo(away)
    d = daemon(path(process, f"read_fifo = {there}\nwrite_fifo = {away}\nqueue = {QUEUE}"))
    ws = d.ws("/x?s=k")
    with neighbour(d) as n:
        for i in range(3):
            there.unlink()
            away.unlink()
            until(lambda: d.log().count("waiting for it") >= i + 1, "its absence is told")
            n.asks_on()
            ws.text("to nobody")
            os.mkfifo(there)
            os.mkfifo(away)
            until(lambda: d.log().count("is there again") >= i + 1, "and its return")
            fd = os.open(there, os.O_WRONLY)
            os.write(fd, b"back %d\n" % i)
            os.close(fd)
            assert ws.recv() == f"back {i}"
    assert len(re.findall("waiting for it", d.log())) <= 6
    ws.finish()


@of_many
def test_a_fifo_that_is_not_there(daemon, tmp_path, process):
    d = daemon(path(process, f"read_fifo = {tmp_path}/none"))
    with neighbour(d):
        for _ in range(30):
            answer = d.handshake("/x?s=k").response
            assert (answer.status, "the FIFO cannot be opened" in answer.text) == (502, True)
    d.wait_log(r"error: #\d+ /x: cannot open the FIFO: .*/none: No such file or directory")


# ---- a socket that refuses ----


@of_many
@pytest.mark.key("connect", "spawn_rate")
@pytest.mark.parametrize("at", ["TCP", "Unix"])
def test_a_socket_that_refuses(daemon, full_house, rundir, process, at):
    house = full_house() if at == "TCP" else full_house(f"{rundir}/s")
    house.close()
    d = daemon(path(process, f"connect = {house.target}\nspawn_rate = 0"))
    with neighbour(d):
        for _ in range(50):
            answer = d.handshake("/x?s=k").response
            assert (answer.status, "the service cannot be reached" in answer.text) == (502, True)
    d.wait_log(rf"error: #\d+ /x: connect: {re.escape(house.target)}: Connection refused")
    assert len(d.log().splitlines()) < 200


@pytest.mark.key("connect", "restart")
@pytest.mark.parametrize("process", ["shared", "session"])
def test_a_socket_that_refuses_its_clients_later(daemon, service, rundir, process):
    s = service(echo, f"{rundir}/s")
    d = daemon(path(process, f"connect = {s.target}\nrestart = always\nrestart_delay = 100ms"))
    ws = d.ws("/x?s=k")
    assert ws.echoes()
    with neighbour(d):
        os.unlink(f"{rundir}/s")
        s.conns[0].shutdown(2)
        d.wait_log(r"#\d+ /x: the connection starts again in 0.2 s")
        again = service(echo, f"{rundir}/s")
        until(lambda: again.conns, "it is connected again")
        assert ws.echoes("and goes on")
        ws.finish()
    d.wait_log(rf"error: #\d+ /x: connect: {re.escape(s.target)}: No such file or directory")


# ---- a session key of a megabyte ----


@pytest.mark.key("session_key", "max_header")
@pytest.mark.parametrize("where", ["query", "cookie"])
def test_a_session_key_of_a_megabyte(daemon, where):
    d = daemon(f"[/x]\nexec = cat\nprocess = session\nsession_key = {where}:s\nlinger = 0\n")
    key = "s=" + (1 << 20) * "k"
    target, fields = ("/x?" + key, []) if where == "query" else ("/x", [("Cookie", key)])
    with neighbour(d):
        for _ in range(10):
            answer = http(d, request(target, d.host, fields))
            assert answer.status in (414, 431) and "max_header" in answer.text
        assert is_sanitized() or grown(d) < bound_of(0)
    d.wait_log("max_header")


@pytest.mark.key("max_processes")
def test_more_sessions_than_max_processes(daemon):
    d = daemon(path("session", "exec = cat\nmax_processes = 10\nspawn_rate = 0"))
    with neighbour(d):
        inside = [d.ws(f"/x?s={i}") for i in range(10)]
        for i in range(10, 60):
            answer = d.handshake(f"/x?s={i}").response
            assert (answer.status, "max_processes" in answer.text) == (503, True)
        assert all(ws.echoes() for ws in inside)
    d.wait_log(r"/x.*max_processes")


# ---- a client that resizes all the time ----


@of_many
@pytest.mark.key("pty")
def test_a_client_that_resizes_without_an_end(daemon, program, process):
    d = daemon(path(process, f"exec = {program(SIZES)}\n{PTY}"))
    ws, _ = open_terminal(d, "/x?s=k")
    seen = screen(ws, rb"<24x80>")
    sizes = b"".join(encode(TEXT, b'{"rows":%d,"cols":%d}' % (20 + i % 50, 90 + i % 7)) for i in range(2000))
    with neighbour(d):
        for _ in range(5):
            ws.send_bytes(sizes)
        ws.text('{"rows":99,"cols":99}')
        seen = screen(ws, rb"<99x99>", seen)
    assert len(re.findall(rb"<\d+x\d+>", seen)) < 5000, "those of one turn are one"
    ws.binary(b"q\n")
    assert ws.recv_until_close()[1] == 1000


@of_many
@pytest.mark.key("message_rate")
def test_a_client_that_resizes_faster_than_message_rate_is_closed_in_words(daemon, program, process):
    d = daemon(path(process, f"exec = {program(SIZES)}\nmessage_rate = 50/s\n{PTY}"))
    ws, _ = open_terminal(d, "/x?s=k")
    with neighbour(d):
        ws.send_bytes(b"".join(encode(TEXT, b'{"rows":%d,"cols":90}' % (20 + i)) for i in range(200)))
        messages, code, reason = ws.recv_until_close()
        assert code == 1008 and "message" in reason
    d.wait_log(r"#\d+ /x: disconnected .* code=1008 by=server")
