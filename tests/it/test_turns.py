# SPDX-License-Identifier: MIT
"""However much there is to do at once, no turn of the loop takes long: by its CPU time, as others may have the machine."""

import contextlib
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import sys
import time

import procfs
import pytest
from control import Control
from crowd import Crowd
from harness import get, is_sanitized, preloaded, with_canary
from rawws import RawWS
from test_metrics import scrape
from test_pty import SIZES, open_terminal, resize
from test_reload import reload
from waiting import TIMEOUT, until, within

N = 200 if is_sanitized() else 1000
LONGEST = 0.2 if is_sanitized() else 0.015  # seconds of CPU time in one turn
MANY = (
    "[web]\nmetrics = /metrics\n[logging]\naccess = no\n[limits]\nmax_connections = 4000\nmax_handshakes = 3000\naccept_rate = 0\nhandshake_timeout = 60s\n"
    "[defaults]\nspawn_rate = 0\nmax_processes = 4000\nping_interval = 0\neof_timeout = 0\nlinger = 0\nline_buffer = no\n"
)
SHARED = "process = shared\nslow_client = drop\n"


def no_turn_was_long(d):
    longest = Control(d).ask("status")["loop_cpu"]
    assert longest > 0
    within(LONGEST, longest, "seconds of CPU time in the longest turn")


def at_once(d, action):
    """ACTION is done while D is stopped: what comes of it lies there when it goes on."""
    os.kill(d.pid, signal.SIGSTOP)
    until(lambda: procfs.state(d.pid) == "T", "stopped")
    action()
    os.kill(d.pid, signal.SIGCONT)


def ping_at_once(d, crowd):
    """All of CROWD: libev, which asks for no more than 64 events at first, then asks for as many."""
    members = list(crowd.members.values())
    for _ in range(6):
        for m in members:
            m.got.clear()
        at_once(d, lambda: [m.sock.sendall(b"\x89\x80\0\0\0\0") for m in members])
        crowd.until(lambda: all(m.got for m in members), "each has its pong")


def cpu_of(d, action):
    """The least CPU time in seconds that D takes for ACTION, of three times."""
    times = []
    for _ in range(3):
        before = procfs.cpu_time(d.pid)
        action()
        times.append(procfs.cpu_time(d.pid) - before)
    return min(times)


def test_a_reload_of_many_paths_costs_as_much_for_each_as_one_of_few(daemon):
    def cost(n):
        ini = "".join(f"[/p{i}]\nexec = cat\n" for i in range(n))
        d = daemon(ini)
        return cpu_of(d, lambda: reload(d, with_canary(ini))) / n

    few, many = cost(300), cost(4000)
    within(3, many / few, f"times the {few * 1e6:.0f} us that each of few takes")


@pytest.mark.memory(32, reason="the allocator keeps what the text of thousands of paths lay in")
def test_the_metrics_of_ten_thousand_paths_are_made_in_several_turns(daemon):
    n = 10 * N
    d = daemon(MANY + "".join(f"[/p{i}]\nbuiltin = echo\n" for i in range(n)))
    for _ in range(2):
        assert len(scrape(d)["wsbridge_sessions"].samples) == n + 1
    no_turn_was_long(d)


@pytest.mark.memory(64, reason="the allocator keeps what the text of thousands of paths lay in")
def test_the_list_of_tens_of_thousands_of_paths_is_made_in_several_turns(daemon):
    n = 30 * N
    d = daemon(MANY.replace("[web]", "[web]\nconsole = yes") + "".join(f"[/p{i}]\nbuiltin = echo\n" for i in range(n)))
    for _ in range(2):
        assert get(d, "/").text.count("<li>") == n + 1
        assert len(json.loads(get(d, "/-/paths.json").text)) == n + 1
    no_turn_was_long(d)


@pytest.mark.memory(64, reason="the allocator keeps what the text of thousands of paths lay in")
@pytest.mark.parametrize("page, n", [("/metrics", 10 * N), ("/", 30 * N)])
def test_a_page_that_takes_too_long_is_forgotten(daemon, page, n):
    paths = "".join(f"[/p{i}]\nbuiltin = echo\n" for i in range(n))
    d = daemon("[web]\nmetrics = /metrics\n" + paths)
    control = Control(d)
    control.sock.settimeout(6 * TIMEOUT)
    control.ask("set", key="limits.handshake_timeout", value="10ms")

    def status():
        """The daemon has begun with the answer, and stands still until it is too late, however fast it is."""
        with contextlib.suppress(OSError, EOFError):  # it was too late before it could ask
            client = RawWS(d.connect(), None)
            client.send_bytes(f"GET {page} HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
            select.select([], [], [], 0.002)
            at_once(d, lambda: pass_by(0.02))
            return client.read_response().status

    until(lambda: status() == 503, "an answer that is too late")
    d.wait_log(rf"{page}: refused status=503 .*handshake_timeout")
    control.ask("set", key="limits.handshake_timeout", value="60s")
    assert get(d, "/").status == 200  # who goes on in spite of that would be done before this is
    text = get(d, "/metrics").text
    answers = [int(x) for x in re.findall(r"^wsbridge_handshakes_total{.*} (\d+)", text, re.M)]
    assert sum(answers) == int(re.search(r"^wsbridge_connections_total (\d+)", text, re.M)[1]) - 1, "one each, but this one"


@pytest.mark.memory(8, reason="the allocator keeps what thousands of paths lay between")
def test_a_reload_of_ten_thousand_paths_is_for_no_turn(daemon):
    ini = "".join(f"[/p{i}]\nexec = cat\n" for i in range(10 * N))
    d = daemon(ini)
    ws = d.ws("/p0")
    for i in range(2):  # the second one frees what the first has made
        reload(d, with_canary(ini + f"[/last{i}]\nbuiltin = echo\n"), timeout=6 * TIMEOUT)
        assert d.ws(f"/last{i}").echoes() and ws.echoes()
    control = Control(d)
    control.sock.settimeout(6 * TIMEOUT)
    control.ask("set", key="/p1.queue", value="8k")
    no_turn_was_long(d)


def test_a_reload_over_thousands_of_sessions_is_for_no_turn(daemon, tmp_path):
    """Whether they go on is found out once."""
    n = 3 * N
    sessions = f"[/x]\nfile = {tmp_path}/log\nfollow = yes\nprocess = session\nsession_key = query:s\n"
    (tmp_path / "log").write_text("")
    d = daemon(MANY + sessions)
    crowd = Crowd(d)
    for i in range(n):
        crowd.join(f"/x?s={i}", 1)
    reload(d, with_canary(MANY + sessions))
    reload(d, with_canary(MANY + sessions + "queue = 8k\n"))
    assert Control(d).ask("status")["clients"] == n + 1
    no_turn_was_long(d)
    crowd.leave()


def test_the_size_of_a_terminal_is_told_to_thousands_in_several_turns(daemon, program):
    """And what is drawn in that size comes behind it."""
    n, size, drawn = 3 * N, b'{"rows":40,"cols":100}', b"<40x100>"
    d = daemon(MANY + f"[/t]\nexec = {program(SIZES)}\npty = 24x80\nprocess = shared\n")
    crowd = Crowd(d)
    members = crowd.join("/t", n, fields=[("Sec-WebSocket-Protocol", "terminal.wsbridge")])
    ws, _ = open_terminal(d, "/t")
    resize(ws, 40, 100)
    crowd.until(lambda: all(drawn in m.got for m in members), "each sees what the program has drawn")
    assert all(0 < m.got.find(size) < m.got.find(drawn) for m in members)
    no_turn_was_long(d)
    crowd.leave()


@pytest.mark.memory(8, reason="the allocator keeps what thousands of paths lay between")
def test_a_reload_of_thousands_of_channels_is_for_no_turn(daemon):
    """Each is looked for among the new paths."""
    n = 3 * N
    channels = "".join(f"[/p{i}]\nchannel = {'x' * 100}{i}\n" for i in range(n))
    d = daemon(MANY + channels)
    crowd = Crowd(d)
    members = [crowd.join(f"/p{i}", 1)[0] for i in range(n)]
    reload(d, with_canary(MANY + channels))
    d.ws("/p0").text("it goes on")
    crowd.until(lambda: members[0].got.endswith(b"it goes on"), "the first one hears who came after it")
    no_turn_was_long(d)
    crowd.leave()


def test_hundreds_of_programs_that_a_reload_starts_come_one_after_the_other(daemon):
    n = N // 2
    boot = "".join(f"[/p{i}]\nexec = cat\nprocess = shared\nstart = boot\n" for i in range(n))
    d = daemon(MANY)
    kept = set(procfs.children(d.pid))
    reload(d, with_canary(MANY + boot))
    until(lambda: len(set(procfs.children(d.pid)) - kept) == n, "all are there", 3 * TIMEOUT)
    assert d.ws(f"/p{n - 1}").echoes()
    no_turn_was_long(d)
    reload(d, with_canary(MANY))


def client_hello():
    out = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


def test_who_has_waited_longest_is_heard_next_when_there_is_no_time_for_all(daemon, certificate):
    n = 60
    tls = certificate(algorithm="rsa").ini()  # a handshake takes a good part of a long turn
    d = daemon(
        "[server]\nlisten = 127.0.0.1:0 tls\n[logging]\nlevel = debug\n[limits]\naccept_rate = 0\n" + tls
    )
    at = len(d.log())
    hello = client_hello()
    os.kill(d.pid, signal.SIGSTOP)
    peers = []
    for _ in range(n):
        peers.append(socket.create_connection(("127.0.0.1", d.port)))
        peers[-1].sendall(hello)
    os.kill(d.pid, signal.SIGCONT)

    def answered():
        """Who was answered, in that order; the canary, #1, may still be read of."""
        return list(dict.fromkeys(int(i) for i in re.findall(r"#(\d+).*ssl_step.*server hello", d.log()[at:]) if i != "1"))

    order = until(lambda: len(answered()) == n and answered(), lambda: f"{n} answers:\n{d.log()[at:]}")
    for peer in peers:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a FIN would be answered by an alert
        peer.close()
    # The kernel tells of the oldest first and libev serves the newest first: alone it would let the oldest be the last.
    assert order.index(min(order)) < n / 3, order


# ---- one to many ----


@pytest.mark.parametrize(
    "settings, n, said",
    [
        ("", 2 * N, lambda: "x" * 500_000 + "\n"),
        ("", 3 * N, lambda: "x\n" * 200_000),
        ("frame = json\n", 2 * N, lambda: '{"to":"all","text":"%s"}\n' % ("x" * 500_000)),
        ("frame = json\n", 3 * N // 2, lambda: '{"to":"all","text":"x"}\n{"to":"all","except":1,"text":"x"}\n' * 2000),
    ],
    ids=["large", "small", "json-large", "json-small"],
)
def test_what_a_program_says_to_thousands_is_for_several_turns(daemon, tmp_path, settings, n, said):
    """While it is said, each hears the same, and others get their turns."""
    (tmp_path / "said").write_text(said())
    gate = procfs.fifo(str(tmp_path / "gate"))
    d = daemon(
        MANY + f"[/x]\nshell = read x <{gate}; cat {tmp_path}/said; exec sleep 1000\nqueue = 8M\nmax_message = 2M\n"
        f"{settings}{SHARED}[/echo]\nbuiltin = echo\n"
    )
    crowd = Crowd(d)
    members, other = crowd.join("/x", n), d.ws("/echo")
    with open(gate, "w") as f:
        f.write("go\n")
    crowd.until(lambda: all(m.got for m in members), "each hears something", 6 * TIMEOUT)
    assert other.echoes()
    no_turn_was_long(d)
    crowd.leave()


# ---- many at once ----


def test_a_thousand_that_speak_at_once_are_heard_one_after_the_other(daemon):
    d = daemon(MANY + "[/x]\nbuiltin = echo\n")
    crowd = Crowd(d)
    members = crowd.join("/x", N)
    message = b"\x82\xfe\xc0\x00\0\0\0\0" + bytes(0xC000)  # masked by zeros

    ping_at_once(d, crowd)

    def speak():
        for m in members:
            m.got.clear()
            m.sock.setblocking(True)
            m.sock.sendall(message)
            m.sock.setblocking(False)

    at_once(d, speak)
    crowd.until(lambda: all(len(m.got) >= 0xC000 for m in members), "each has its echo", 6 * TIMEOUT)
    no_turn_was_long(d)
    crowd.leave()


def test_hundreds_of_programs_that_speak_at_once_are_heard_one_after_the_other(daemon, tmp_path):
    said = b"x\n" * 3500  # fits into any pipe
    (tmp_path / "said").write_bytes(said)
    gate, end = procfs.fifo(str(tmp_path / "gate")), procfs.fifo(str(tmp_path / "end"))
    d = daemon(MANY + f"[/x]\nexec = cat {gate} {tmp_path}/said {end}\n")
    crowd = Crowd(d)
    kept = set(procfs.children(d.pid))
    members = crowd.join("/x", N // 2)
    ping_at_once(d, crowd)
    programs = set(procfs.children(d.pid)) - kept

    def have_spoken():
        with contextlib.suppress(OSError):  # nobody waits there
            os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        return all(procfs.written(pid) >= len(said) for pid in programs)

    at_once(d, lambda: until(have_spoken, "each has said it", 3 * TIMEOUT))
    crowd.until(lambda: all(m.got.count(b"x") >= 3500 for m in members), "each has heard it", 6 * TIMEOUT)
    no_turn_was_long(d)
    crowd.leave()


@pytest.mark.parametrize("settings", ["", "frame = raw\n"], ids=["line", "raw"])
def test_a_file_is_read_for_thousands_a_piece_at_a_time(daemon, tmp_path, settings):
    file, lines = tmp_path / "large", 200
    file.touch()
    d = daemon(MANY + f"[/x]\nfile = {file}\nfollow = yes\n{settings}")
    crowd = Crowd(d)
    members = crowd.join("/x", 2 * N)
    file.write_text(("x" * 1000 + "\n") * lines)
    crowd.until(lambda: all(m.got.count(b"x") >= 1000 * lines for m in members), "each has all of it", 6 * TIMEOUT)
    no_turn_was_long(d)
    crowd.leave()


@pytest.mark.memory(8, reason="the allocator keeps what thousands of paths lay between")
def test_a_thousand_fifos_that_are_written_at_once_are_read_one_after_the_other(daemon, tmp_path):
    fifos = [procfs.fifo(str(tmp_path / str(i))) for i in range(N)]
    d = daemon(MANY + "".join(f"[/x{i}]\nread_fifo = {fifo}\n" for i, fifo in enumerate(fifos)))
    crowd = Crowd(d)
    members = [crowd.join(f"/x{i}", 1)[0] for i in range(N)]
    writers = [os.open(fifo, os.O_WRONLY) for fifo in fifos]
    lines = (b"x" * 9 + b"\n") * 6000

    def fill():
        for fd in writers:
            assert os.write(fd, lines) == len(lines)

    at_once(d, fill)
    crowd.until(lambda: all(m.got.count(b"x") == 54_000 for m in members), "each has its lines", 6 * TIMEOUT)
    for fd in writers:
        os.close(fd)
    no_turn_was_long(d)
    crowd.leave()


@pytest.mark.parametrize("algorithm", ["rsa", "rsa4096"])
def test_a_hundred_handshakes_of_tls_at_once_are_made_one_after_the_other(daemon, certificate, algorithm):
    """Each takes 0.5 to 1 ms, and three to six with the largest key of which -t does not warn."""
    d = daemon("[server]\nlisten = 127.0.0.1:0 tls\n" + MANY + certificate(algorithm=algorithm).ini())
    control, n = Control(d), 100
    socks = [d.connect(plain=True) for _ in range(n)]
    until(lambda: control.ask("status")["handshakes"] == n, "all are there")
    hello = client_hello()
    at_once(d, lambda: [sock.sendall(hello) for sock in socks])
    for sock in socks:
        assert sock.recv(1) == b"\x16", "its answer is a handshake"
    no_turn_was_long(d)


@pytest.mark.parametrize("source", ["builtin = echo", "exec = cat\nprocess = shared"])
def test_thousands_that_leave_at_once_are_let_go_one_after_the_other(daemon, source):
    d = daemon(MANY.replace("access = no", "access = yes") + f"[/x]\n{source}\n")
    crowd = Crowd(d)
    crowd.join("/x", 7 * N // 2)
    ping_at_once(d, crowd)
    control = Control(d)
    at_once(d, crowd.leave)
    until(lambda: control.ask("status")["clients"] == 1, "all have gone", 6 * TIMEOUT)
    no_turn_was_long(d)


COUNTS = """
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
static unsigned long *calls;
__attribute__((constructor)) static void map_file(void)
{
	calls = mmap(0, sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED, open("%s", O_RDWR | O_CLOEXEC), 0);
}
int epoll_ctl(int e, int what, int fd, struct epoll_event *event)
{
	++*calls;
	return (int)syscall(SYS_epoll_ctl, e, what, fd, event);
}
"""


def test_those_that_leave_at_once_are_told_of_once(daemon, tmp_path):
    """Not again in each turn for which they wait: libev then sets the kernel's interest in them anew, too."""
    file = tmp_path / "calls"
    file.write_bytes(bytes(8))
    d = daemon(MANY + "[/x]\nexec = cat\n", env=preloaded(tmp_path, COUNTS % file))
    crowd, control = Crowd(d), Control(d)
    crowd.join("/x", N)
    before = int.from_bytes(file.read_bytes(), sys.byteorder)
    assert before > N, "nothing is counted"
    at_once(d, crowd.leave)
    until(lambda: control.ask("status")["clients"] == 1, "all have gone", 6 * TIMEOUT)
    calls = (int.from_bytes(file.read_bytes(), sys.byteorder) - before) / N
    assert calls < 6, f"{calls:.1f} calls of epoll_ctl(2) for each"


def pass_by(seconds):
    """Nothing happens for so long."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, "time passes")


@pytest.mark.parametrize("setting, code", [("idle_timeout = 2s", b"\x03\xe9"), ("ping_interval = 2s", None)], ids=("idle", "ping"))
def test_a_thousand_deadlines_that_pass_at_once_are_met_one_after_the_other(daemon, setting, code):
    d = daemon(MANY + f"[/x]\nbuiltin = echo\n{setting}\n")
    crowd = Crowd(d)
    members = crowd.join("/x", 3 * N)
    at_once(d, lambda: pass_by(2))
    crowd.until(lambda: all(m.got for m in members), "each has heard of it", 6 * TIMEOUT)
    assert not code or all(m.got[2:4] == code for m in members)
    no_turn_was_long(d)
    for m in members:  # those who were closed are not the crowd's any more
        m.leave()


def test_a_thousand_clients_that_say_nothing_are_dropped_one_after_the_other(daemon):
    n = 14 * N // 5
    d = daemon(MANY.replace("handshake_timeout = 60s", "handshake_timeout = 2s"))
    control = Control(d)
    before = control.ask("status")["clients_so_far"]
    silent = [d.connect() for _ in range(n)]
    until(lambda: control.ask("status")["clients_so_far"] == before + n, "all have come", 6 * TIMEOUT)
    at_once(d, lambda: pass_by(2))
    until(lambda: control.ask("status")["handshakes"] == 0, "all were dropped", 6 * TIMEOUT)
    no_turn_was_long(d)
    for sock in silent:
        sock.close()


class Download:
    """A client that has asked for a file of zeros and takes nothing yet."""

    def __init__(self, d, path):
        self.sock, self.bytes, self.ended = d.connect(receive_buffer=65536), 0, False
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
        self.sock.recv(1, socket.MSG_PEEK)
        self.sock.setblocking(False)

    def take(self):
        """What is there; False: that is nothing."""
        before = self.bytes
        with contextlib.suppress(BlockingIOError):
            while not self.ended:
                try:
                    piece = self.sock.recv(1 << 18)
                except ConnectionResetError:
                    piece = b""
                self.bytes += piece.count(0)
                self.ended = not piece
        return self.bytes > before


def test_a_static_file_is_sent_to_a_thousand_a_piece_at_a_time(daemon, rundir):
    rundir.chmod(0o755)
    (rundir / "zeros").write_bytes(bytes(16_000_000))
    d = daemon(MANY + f"[socket]\nsend_buffer = 256k\n[/*]\nstatic = {rundir}\n")
    downloads = [Download(d, "/zeros") for _ in range(N)]

    def take_all():
        while any([x.take() for x in downloads]):
            pass

    for _ in range(3):
        before = [x.bytes for x in downloads]
        at_once(d, take_all)
        until(lambda: all([x.take() or x.ended or x.bytes > n for x, n in zip(downloads, before)]), "each gets more", 6 * TIMEOUT)
    no_turn_was_long(d)
    for x in downloads:
        x.sock.close()


def test_a_download_goes_on_whose_client_takes_some_while_its_deadline_waits_for_a_turn(daemon, rundir):
    """When a thousand deadlines pass at once the first are met, and of the others it shows that they have taken some."""
    n, size = 1000, 300_000
    rundir.chmod(0o755)
    (rundir / "zeros").write_bytes(bytes(size))
    files = f"[socket]\nsend_buffer = 16k\n[/*]\nstatic = {rundir}\nsend_timeout = 3s\n"
    d = daemon(MANY.replace("access = no", "access = yes") + files)
    control = Control(d)
    downloads = [Download(d, "/zeros") for _ in range(n)]

    def take_all():
        while any([x.take() for x in downloads]):
            pass

    def take_all_and_be_late():
        take_all()
        pass_by(3)
        take_all()

    at_once(d, take_all_and_be_late)
    before = [x.bytes for x in downloads]
    for _ in downloads:
        control.ask("status")  # a turn, in which one at least of those who wait has its own
    until(lambda: take_all() or all(x.ended for x in downloads), "all are over", 6 * TIMEOUT)
    dropped = [i for i, x in enumerate(downloads) if x.bytes < size]
    assert 0 < len(dropped) < n and len(re.findall("the client takes nothing", d.log())) == len(dropped)
    went_on = [downloads[i].bytes - before[i] for i in dropped if downloads[i].bytes > before[i]]
    assert not went_on, f"{len(went_on)} of {len(dropped)} that were dropped had taken some"
    for x in downloads:
        x.sock.close()


@pytest.mark.parametrize("source, n", [("exec = cat", 3 * N // 4), ("exec = cat\nprocess = shared", 5 * N // 2)])
def test_programs_of_a_thousand_that_end_at_once_are_seen_out_one_after_the_other(daemon, source, n):
    d = daemon(MANY + f"[/x]\n{source}\nclose_wait = no\n")
    crowd = Crowd(d)
    kept = set(procfs.children(d.pid))
    members = crowd.join("/x", n)
    ping_at_once(d, crowd)

    def kill():
        for pid in set(procfs.children(d.pid)) - kept:
            os.kill(pid, signal.SIGKILL)

    at_once(d, kill)
    crowd.until(lambda: all(m.gone for m in members), "each is closed", 6 * TIMEOUT)
    for m in members:
        assert m.got.endswith(b"process killed by SIGKILL")
    no_turn_was_long(d)
    crowd.leave(members)


def test_programs_of_a_thousand_that_fall_due_for_a_signal_at_once_get_it_one_after_the_other(daemon):
    d = daemon(MANY.replace("eof_timeout = 0", "eof_timeout = 2s") + "[/x]\nexec = sleep 1000\nstop_timeout = 60s\n")
    crowd, control = Crowd(d), Control(d)
    crowd.join("/x", 5 * N // 2)
    crowd.leave()
    until(lambda: control.ask("status")["clients"] == 1, "all have gone", 6 * TIMEOUT)
    at_once(d, lambda: pass_by(2))
    until(lambda: len(procfs.children(d.pid)) == 1, "all have ended", 6 * TIMEOUT)
    no_turn_was_long(d)


CROWDED = """
left, leaves = os.pipe()
if os.fork() == 0:
    for _ in range(int(sys.argv[1])):
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, leaves + 1)
            signal.pause()
    os._exit(0)
os.close(leaves)
os.read(left, 1)
os.write(1, b"they have left\\n")
sys.stdin.read()
"""


def test_thousands_that_have_left_their_programs_group_end_one_after_the_other(daemon, program):
    n = 2 * N
    d = daemon(MANY + f"[/x]\nexec = {program(CROWDED)} {n}\nstop_timeout = 60s\n")
    ws = d.ws("/x")
    assert ws.recv(6 * TIMEOUT) == "they have left"
    until(lambda: len(procfs.children(d.pid)) == n + 2, "they are the daemon's")
    ws.reset()
    until(lambda: len(procfs.children(d.pid)) == 1, "all are gone", 6 * TIMEOUT)
    no_turn_was_long(d)
