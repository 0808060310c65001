# SPDX-License-Identifier: MIT
"""pty = ROWSxCOLS: standard input, output and error of the program are one terminal."""

import json
import os
import re
import signal
import time

import procfs
import pytest
from control import Control, Refused
from harness import preloaded
from inicheck import fails
from rawws import BINARY, PING, PONG, TEXT, encode
from waiting import soon, until

PTY = "pty = 24x80\n"
DRAWS = "while os.read(0, 100): os.write(1, b'x' * 4000)\n"
PROTOCOL = "terminal.wsbridge"
# Says the terminal's size now and each time that it changes; ends at q.
SIZES = r"""
import fcntl, struct, termios
def tell(*_):
    rows, cols = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))[:2]
    os.write(1, b"<%dx%d>" % (rows, cols))
signal.signal(signal.SIGWINCH, tell)
tell()
while b"q" not in os.read(0, 100): pass
"""


def open_terminal(d, path):
    """A client that speaks terminal.wsbridge, and the size that it was told first."""
    ws = d.ws(path, [("Sec-WebSocket-Protocol", PROTOCOL)])
    assert ws.response.headers["sec-websocket-protocol"] == PROTOCOL
    return ws, json.loads(ws.recv())


def resize(ws, rows, cols):
    ws.text(json.dumps({"rows": rows, "cols": cols}))


def screen(ws, pattern, so_far=b""):
    """What the terminal shows up to PATTERN, which is a regex; sizes that are told are left out."""
    while not re.search(pattern, so_far):
        message = ws.recv()
        so_far += message if isinstance(message, bytes) else b""
    return so_far


def sleepers(d):
    """Pids of what runs sleep, and not of a shell that has it in its command."""
    return [p for p in procfs.descendants(d.pid) if procfs.describe(p).split()[2:3] == ["sleep"]]


def terminals(d):
    return [what for what in procfs.descriptors(d.pid).values() if "ptmx" in what or "/pts/" in what]


@pytest.mark.key("pty")
def test_all_three_are_one_terminal_and_it_is_the_controlling_one(daemon, program):
    tool = program(
        "names = [os.ttyname(f) for f in (0, 1, 2)]\n"
        "own = os.open('/dev/tty', os.O_RDWR)\n"
        "print(*names, os.tcgetpgrp(own), os.getpgrp(), os.getsid(0), os.getpid())\n"
    )
    messages, code, _ = daemon(f"[/x]\nexec = {tool}\n{PTY}").ws("/x").recv_until_close()
    words = b"".join(messages).decode().split()
    assert code == 1000, words
    assert re.fullmatch(r"/dev/pts/\d+", words[0]) and words[:3] == 3 * words[:1]
    assert words[3:] == 4 * words[6:]  # the foreground's group, its own, its session, itself


@pytest.mark.key("pty")
def test_its_size_is_the_one_of_the_path(daemon):
    d = daemon("[/x]\nexec = stty size\npty = 7x123\n")
    assert d.ws("/x").recv_until_close() == ([b"7 123\r\n"], 1000, "")


@pytest.mark.parametrize(
    "query, size", [("rows=50&cols=132", "50 132"), ("a=b&cols=100", "24 100"), ("rows=1000&x", "1000 80")]
)
def test_the_query_has_the_size_at_the_start(daemon, query, size):
    d = daemon(f"[/x]\nexec = stty size\n{PTY}")
    assert d.ws(f"/x?{query}").recv_until_close()[0] == [f"{size}\r\n".encode()]


@pytest.mark.parametrize(
    "query", ["rows=0", "cols=1001", "rows=-1", "rows=x", "cols=", "rows=24x&cols=80", "rows=08"]
)
def test_a_query_with_no_size_is_a_bad_request(daemon, query):
    response = daemon(f"[/x]\nexec = stty size\n{PTY}").handshake(f"/x?{query}").response
    assert (response.status, "rows and cols" in response.text) == (400, True)


def test_the_size_is_set_while_it_runs_and_the_program_hears_of_it(daemon, program):
    d = daemon(f"[/x]\nexec = {program(SIZES)}\n{PTY}")
    ws, told = open_terminal(d, "/x")
    assert told == {"rows": 24, "cols": 80}
    screen(ws, rb"<24x80>")
    resize(ws, 50, 132)
    screen(ws, rb"<50x132>")
    ws.binary(b"q\n")
    assert ws.recv_until_close()[1] == 1000


def test_whoever_sets_it_is_told_when_it_is_so(daemon, program):
    d = daemon(f"[/x]\nexec = {program(SIZES)}\n{PTY}")
    ws, _ = open_terminal(d, "/x")
    resize(ws, 50, 132)
    assert json.loads(
        until(lambda: next((m for m in [ws.recv()] if isinstance(m, str)), None), "a size")
    ) == {
        "rows": 50,
        "cols": 132,
    }


PATIENT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

/* Whoever reads a terminal is ahead of what its writer does next. */
ssize_t writev(int fd, const struct iovec *v, int n)
{
	ssize_t (*real)(int, const struct iovec *, int) = dlsym(RTLD_NEXT, "writev");
	ssize_t r = real(fd, v, n);

	poll(0, 0, isatty(fd) ? 50 : 0);
	return r;
}
"""


def test_keys_behind_a_size_are_for_a_terminal_of_that_size(daemon, program, tmp_path):
    """The program does not sleep, and looks at the size as soon as there is a key."""
    tool = program(
        "import fcntl, struct, termios, tty\ntty.setraw(0)\nos.set_blocking(0, False)\nos.write(1, b'ready')\n"
        "while True:\n"
        "    try: key = os.read(0, 1)\n"
        "    except BlockingIOError: continue\n"
        "    if key == b'q': break\n"
        "    os.write(1, b'<%d>' % struct.unpack('HHHH', fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))[0])\n"
    )
    d = daemon(f"[/x]\nexec = {tool}\n{PTY}", env=preloaded(tmp_path, PATIENT))
    ws, _ = open_terminal(d, "/x")
    screen(ws, rb"ready")
    for rows in range(1, 10):  # in one segment: in one turn of the daemon
        text = json.dumps({"rows": rows, "cols": 10}).encode()
        ws.send_bytes(encode(TEXT, text) + encode(BINARY, b"k"))
        assert screen(ws, rb"<\d+>") == b"<%d>" % rows
    ws.binary(b"q")
    ws.recv_until_close()


def test_a_hundred_sizes_at_once_are_one(daemon, program):
    d = daemon(f"[/x]\nexec = {program(SIZES)}\n{PTY}")
    ws, _ = open_terminal(d, "/x")
    seen = screen(ws, rb"<24x80>")
    ws.send_bytes(b"".join(encode(TEXT, b'{"rows":%d,"cols":90}' % rows) for rows in range(101, 201)))
    seen = screen(ws, rb"<200x90>", seen)
    assert len(re.findall(rb"<\d+x90>", seen)) <= 3, seen  # one turn; the segment may have come in several


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{}",
        '{"rows":24}',
        '{"rows":24,"cols":0}',
        '{"rows":1001,"cols":80}',
        '{"rows":"24","cols":80}',
        '{"rows":24,"cols":80,"more":1}',
        '{"rows":24,"rows":24}',
        '{"rows":24,"cols":80}}',
        "[24,80]",
        "x" * 70000,
    ],
)
def test_another_text_than_a_size_closes_in_words(daemon, text):
    ws, _ = open_terminal(daemon(f"[/x]\nexec = cat\n{PTY}"), "/x")
    ws.text(text)
    code, reason = ws.closed()
    assert code == 1008 and '{"rows":R,"cols":C}' in reason


def test_without_the_subprotocol_every_message_is_keys_and_nothing_is_told(daemon):
    ws = daemon(f"[/x]\nexec = head -n 2\n{PTY}").ws("/x")
    ws.text('{"rows":1,"cols":1}\n')
    ws.binary(b"two\n")
    assert b"".join(ws.recv_until_close()[0]).count(b'{"rows":1,"cols":1}\r\n') == 2  # its echo, and head's


def test_the_paths_own_subprotocols_come_first(daemon):
    d = daemon(f"[/x]\nexec = cat\nsubprotocol = chat\n{PTY}[/y]\nexec = cat\nsubprotocol = chat\n")
    both = [("Sec-WebSocket-Protocol", f"{PROTOCOL}, chat")]
    assert d.ws("/x", both).response.headers["sec-websocket-protocol"] == "chat"
    only = [("Sec-WebSocket-Protocol", PROTOCOL)]
    assert d.ws("/x", only).response.headers["sec-websocket-protocol"] == PROTOCOL
    assert "sec-websocket-protocol" not in d.ws("/y", only).response.headers


def test_control_c_interrupts_what_runs_and_control_d_ends_it(daemon):
    d = daemon(f"[/x]\nshell = trap 'echo caught' INT; sleep 1000; cat; exit 5\n{PTY}")
    ws = d.ws("/x")
    until(lambda: sleepers(d), "sleep runs")
    ws.binary(b"\x03")
    seen = screen(ws, rb"caught\r\n")
    ws.binary(b"typed\n\x04")
    rest, code, _ = ws.recv_until_close()
    assert b"^C" in seen and (seen + b"".join(rest)).count(b"typed\r\n") == 2 and code == 4005


def test_backspace_erases_a_whole_character(daemon):
    ws = daemon(f'[/x]\nshell = stty -echo; echo ready; read x; echo "<$x>"\n{PTY}').ws("/x")
    screen(ws, rb"ready")
    ws.binary("aß\x7fb\n".encode())
    assert b"<ab>" in b"".join(ws.recv_until_close()[0])


def test_term_says_what_the_page_can_draw_unless_env_does(daemon):
    d = daemon(
        f"[/x]\nshell = echo $TERM+$COLUMNS+$LINES\n{PTY}[/y]\nshell = echo $TERM\n{PTY}env = TERM=vt100\n"
    )
    assert d.ws("/x").recv_until_close()[0] == [b"xterm-256color++\r\n"]
    assert d.ws("/y").recv_until_close()[0] == [b"vt100\r\n"]


@pytest.mark.parametrize("how", ["close", "reset"])
def test_the_end_of_the_session_hangs_up(daemon, how):
    """sleep dies of SIGHUP, long before eof_timeout and stop_signal."""
    d = daemon(f"[/x]\nshell = echo ready; sleep 1000; echo never\n{PTY}eof_timeout = 1h\n")
    ws = d.ws("/x")
    screen(ws, rb"ready")
    pids = until(lambda: sleepers(d), "sleep runs")
    {"close": ws.close, "reset": ws.reset}[how]()
    soon(lambda: not procfs.state(pids[0]), "sleep is gone", 3)
    until(lambda: not terminals(d), "the terminal is closed")


def test_one_that_ignores_the_hang_up_gets_the_stop_steps(daemon):
    d = daemon(
        f"[/x]\nshell = trap '' HUP; echo $$; while :; do sleep 1000; done\n{PTY}"
        "eof_timeout = 50ms\nstop_timeout = 100ms\nstop_signal = INT\n"
    )
    ws = d.ws("/x")
    pid = int(screen(ws, rb"\r\n"))
    ws.close()
    soon(lambda: not procfs.state(pid), f"{pid} is gone", 3)


def test_a_shells_jobs_end_with_the_session(daemon):
    """With job control each is a process group of its own."""
    d = daemon(
        f"[/x]\nexec = bash --norc -i\n{PTY}env = PS1=ready$\neof_timeout = 50ms\nstop_timeout = 100ms\n"
    )
    ws = d.ws("/x")
    screen(ws, rb"ready")
    ws.binary(b"trap '' HUP; sleep 1111 &\nsleep 2222\n")
    until(lambda: len(sleepers(d)) == 2, "two jobs run")
    jobs = sleepers(d)
    assert len({procfs.stat(p)[2] for p in jobs}) == 2
    ws.close()
    soon(lambda: not any(procfs.state(p) for p in jobs), "both are gone", 5)


def test_a_paste_into_a_program_that_does_not_read_harms_nobody(daemon):
    d = daemon(f"[/x]\nshell = stty raw -echo; echo ready; exec sleep 1000\n{PTY}eof_timeout = 1h\n")
    lazy = d.ws("/x")
    screen(lazy, rb"ready")
    for _ in range(4):
        lazy.binary(64 * 1024 * b"x")
    lazy.send(PING, b"still there")
    until(lambda: lazy.frame().payload == b"still there", "a pong")
    assert d.canary.echoes("still there")
    [pid] = until(lambda: sleepers(d), "sleep runs")
    lazy.reset()
    soon(lambda: not procfs.state(pid), "sleep is gone", 3)


def test_every_byte_of_a_paste_arrives(daemon, program):
    """The terminal takes 4 KiB at a time; what it does not take waits."""
    tool = program(
        "import termios, tty\ntty.setraw(0)\nos.write(1, b'ready')\ngot = b''\n"
        "while len(got) < 1 << 20: got += os.read(0, 65536)\n"
        "os.write(1, b'good' if got == bytes(range(256)) * 4096 else b'bad')\n"
    )
    ws = daemon(f"[/x]\nexec = {tool}\n{PTY}").ws("/x")
    screen(ws, rb"ready")
    for _ in range(16):
        ws.binary(bytes(range(256)) * 256)
    assert screen(ws, rb"good|bad") == b"good"


def test_all_that_it_says_comes_before_the_end(daemon):
    messages, code, reason = daemon(f"[/x]\nshell = seq 100000; exit 3\n{PTY}").ws("/x").recv_until_close()
    assert b"".join(messages).split() == [b"%d" % n for n in range(1, 100001)]
    assert (code, reason) == (4003, "process exited with status 3")


def test_it_is_raw_and_binary_unless_said_otherwise(daemon, values):
    d = daemon(
        f"[/x]\nexec = echo one\n{PTY}[/y]\nexec = echo two\nframe = line\n{PTY}[/z]\nexec = echo\ntype = text\n{PTY}"
    )
    assert d.ws("/x").recv_until_close()[0] == [b"one\r\n"]
    assert d.ws("/y").recv_until_close()[0] == ["two"]
    assert d.ws("/z").recv_until_close()[0] == ["\r\n"]


def test_an_empty_binary_message_is_no_end_of_input(daemon):
    ws = daemon(f"[/x]\nexec = head -n 1\n{PTY}").ws("/x")
    ws.eof()
    ws.binary(b"one\n")
    assert b"".join(ws.recv_until_close()[0]) == b"one\r\none\r\n"


def test_view_only_discards_keys_and_sizes(daemon, program):
    d = daemon(f"[/x]\nexec = {program(SIZES)}\n{PTY}write = no\n")
    ws, _ = open_terminal(d, "/x?rows=30")
    resize(ws, 50, 132)
    ws.binary(b"q\n")
    screen(ws, rb"<30x80>")
    ws.close()
    d.wait_log(r"disconnected.* discarded=2/")


def test_nothing_is_left_of_many(daemon):
    d = daemon(f"[/x]\nexec = stty size\n{PTY}spawn_rate = 0\n[/y]\nexec = /nonexistent\n{PTY}")
    before = len(procfs.descriptors(d.pid))
    for _ in range(50):
        assert d.ws("/x").recv_until_close()[1] == 1000
    until(lambda: len(procfs.descriptors(d.pid)) == before, lambda: f"{terminals(d)} are closed")
    assert d.handshake("/y").response.status == 502
    assert not terminals(d)


def test_the_size_of_a_new_file_is_that_of_new_clients(daemon):
    d = daemon(f"[/x]\nshell = stty size; read x; stty size\n{PTY}")
    old = d.ws("/x")
    screen(old, rb"24 80")
    ini = os.path.join(os.path.dirname(d.process.args[-1]), "wsbridge.ini")
    with open(ini) as f:
        text = f.read()
    with open(ini, "w") as f:
        f.write(text.replace("24x80", "30x90"))
    d.process.send_signal(1)
    d.wait_log("is taken")
    assert d.ws("/x").recv() == b"30 90\r\n"
    old.binary(b"\n")
    assert b"24 80" in screen(old, rb"24 80")


HALF = """
os.mkfifo("go")
os.write(1, b"a" * 200000)  # of a line
open("go").close()  # waits for the test to open it, too
os.write(1, b"b\\n")
os.read(0, 1)
"""


@pytest.mark.key("queue")
def test_who_has_too_much_to_hear_behind_a_line_for_a_size_is_told_it_later(daemon, program):
    d = daemon(f"[/x]\nexec = {program(HALF)}\n{PTY}frame = line\ntype = binary\nqueue = 64k\n")
    ws, _ = open_terminal(d, "/x")
    size = 0
    while size < 200_000:
        size += len(ws.frame().payload)
    c = Control(d)
    (number,) = [row["id"] for row in c.ask("list", path="/x")]
    for size in (1000, 1):
        with pytest.raises(Refused, match="wait for it already"):
            while True:
                c.ask("send-text", to=number, text="x" * size)
    resize(ws, 40, 100)
    ws.send(PING)
    assert ws.frame().opcode == PONG
    open(os.path.join(d.rundir, "go"), "w").close()
    assert ws.frame().fin
    told(ws, 40, 100)


# ---- one terminal for all ----

SHARED = "process = shared\nlinger = 50ms\n"


def told(ws, rows, cols):
    """WS hears that this is the size now; output in between is left out."""
    until(lambda: ws.recv() == f'{{"rows":{rows},"cols":{cols}}}', f"{rows}x{cols} is told")


def test_a_shared_terminal_is_one_screen_whose_size_all_are_told(daemon, program):
    d = daemon(f"[/x]\nexec = {program(SIZES)}\n{PTY}{SHARED}")
    first, _ = open_terminal(d, "/x")
    screen(first, rb"<24x80>")
    second, size = open_terminal(d, "/x?rows=30")
    assert size == {"rows": 24, "cols": 80}
    for ws in (first, second):
        told(ws, 30, 80)
        screen(ws, rb"<30x80>")
    resize(first, 40, 100)
    told(second, 40, 100)
    resize(second, 50, 100)
    for ws in (first, second):
        told(ws, 50, 100)
    second.binary(b"q\n")
    assert first.recv_until_close()[1] == second.recv_until_close()[1] == 1000


def open_slowly(d):
    """A client that speaks terminal.wsbridge and does not read; its number."""
    known = {row["id"] for row in Control(d).ask("list", path="/x")}
    ws = d.ws("/x", [("Sec-WebSocket-Protocol", PROTOCOL)], receive_buffer=8192)
    assert json.loads(ws.recv()) == {"rows": 24, "cols": 80}
    (new,) = {row["id"] for row in Control(d).ask("list", path="/x")} - known
    return ws, new


def test_a_size_that_comes_while_a_file_is_sent_is_told_before_what_is_drawn_in_it(daemon, program, tmp_path):
    d = daemon(f"[socket]\nsend_buffer = 16k\n[/x]\nexec = {program(SIZES)}\n{PTY}{SHARED}")
    first, _ = open_terminal(d, "/x")
    screen(first, rb"<24x80>")
    slow, number = open_slowly(d)
    (tmp_path / "file").write_bytes(b"f" * 4_000_000)
    sender = Control(d)
    with open(tmp_path / "file", "rb") as f:
        sender.begin("send-file", fds=[f.fileno()], to=number)
    until(lambda: Control(d).ask("show", to=number)["queue"], "the file is under way")
    resize(first, 40, 100)
    screen(first, rb"<40x100>")
    assert slow.recv() == b"f" * 4_000_000
    assert slow.recv() == '{"rows":40,"cols":100}'
    screen(slow, rb"<40x100>")


@pytest.mark.key("queue")
def test_who_has_no_room_for_a_size_is_told_it_later(daemon, program):
    d = daemon(
        f"[socket]\nsend_buffer = 16k\n[/x]\nexec = {program(DRAWS)}\n{PTY}{SHARED}slow_client = drop\nqueue = 64k\n"
    )
    first, _ = open_terminal(d, "/x")
    slow, number = open_slowly(d)
    c = Control(d)
    while c.ask("show", to=number)["queue"] < 40_000:
        first.binary(b"\n")
        screen(first, rb"x{4000}")
    for size in (1000, 1):
        with pytest.raises(Refused, match="wait for it already"):
            while True:
                c.ask("send-text", to=number, text="x" * size)
    resize(first, 30, 90)
    told(first, 30, 90)
    resize(first, 40, 100)
    told(first, 40, 100)
    sizes = [m for m in iter(slow.recv, '{"rows":40,"cols":100}') if isinstance(m, str) and "x" not in m]
    assert not sizes, "only the newest"


SLOW = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>

/* To write as much as this makes a turn long. */
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");
	ssize_t r = real(fd, m, flags);

	poll(0, 0, r > 65536 ? 10 : 0);
	return r;
}
"""
LINES = """
os.mkfifo("go")
os.mkfifo("said")
while True:
    os.write(1, b"a" * 100000)  # of a line
    open("go").read()  # waits for the test to open and close it, too
    os.write(1, b"b\\n")
    open("said").close()
"""


@pytest.mark.key("queue")
def test_who_hears_a_size_in_a_later_turn_behind_more_than_fits_is_told_it_then(daemon, program, tmp_path):
    """What is put off for him is written at once, and his queue was never seen to be full."""
    path = f"[/x]\nexec = {program(LINES)}\n{PTY}{SHARED}frame = line\ntype = binary\nqueue = 64k\n"
    d = daemon(path, env=preloaded(tmp_path, SLOW))
    clients = [open_terminal(d, "/x")[0] for _ in range(4)]
    go, said = (os.path.join(d.rundir, name) for name in ("go", "said"))
    until(lambda: os.path.exists(said), "it runs")
    for rows in range(40, 46):  # the size may have been set before the line is read
        with open(go, "w"):
            assert all(d.canary.echoes() for _ in range(5))  # what there is of the line has been read
            d.process.send_signal(signal.SIGSTOP)
            until(lambda: procfs.state(d.pid) == "T", "it is stopped")
            resize(clients[-1], rows, 100)
        open(said, "w").close()
        d.process.send_signal(signal.SIGCONT)
        for ws in clients:
            assert {ws.recv(), ws.recv()} == {b"a" * 100_000 + b"b", f'{{"rows":{rows},"cols":100}}'}


def test_who_only_views_a_shared_terminal_does_not_set_its_size(daemon, program):
    d = daemon(f"[/x]\nexec = {program(SIZES)}\n{PTY}{SHARED}write = no\n")
    first, _ = open_terminal(d, "/x?rows=30")
    screen(first, rb"<24x80>")
    second, size = open_terminal(d, "/x?rows=40&cols=100")
    assert size == {"rows": 24, "cols": 80}
    assert d.handshake("/x?rows=0").response.status == 400


def test_the_last_that_leaves_hangs_up_after_the_linger(daemon):
    d = daemon(f"[/x]\nshell = echo ready; sleep 1000; echo never\n{PTY}{SHARED}eof_timeout = 1h\n")
    first = d.ws("/x")
    screen(first, rb"ready")
    second = d.ws("/x")
    [pid] = until(lambda: sleepers(d), "sleep runs")
    first.finish()
    assert procfs.state(pid)
    second.reset()
    soon(lambda: not procfs.state(pid), "sleep is gone", 3)
    until(lambda: not terminals(d), "the terminal is closed")


def test_a_session_keeps_its_terminal_for_who_comes_back(daemon):
    d = daemon(
        f"[/x]\nshell = echo ready; read x; stty size; read x\n{PTY}process = session\nsession_key = query:key\n"
        "replay = 64k\nlinger = 1h\n"
    )
    ws, _ = open_terminal(d, "/x?key=mine&rows=30")
    screen(ws, rb"ready")
    ws.finish()
    ws, size = open_terminal(d, "/x?key=mine&cols=100")
    assert size == {"rows": 30, "cols": 80}
    screen(ws, rb"ready")
    ws.binary(b"\n")
    screen(ws, rb"30 100\r\n")
    other, size = open_terminal(d, "/x?key=another")
    assert size == {"rows": 24, "cols": 80}
    for each in (ws, other):
        each.binary(b"\n\n")
        each.recv_until_close()


@pytest.mark.key("restart", "pty")
def test_the_last_client_vanishes_while_its_program_comes_again(daemon):
    """The daemon learns of that when it tells the size of the new program's terminal, and not before."""
    d = daemon(f"[/x]\nshell = read x; exit 1\nprocess = shared\nlinger = 0\nrestart = always\nrestart_delay = 200ms\n{PTY}")
    ws, _ = open_terminal(d, "/x")
    ws.binary(b"die\n")
    d.wait_log("starts again in 0.2 s")
    d.process.send_signal(signal.SIGSTOP)
    until(lambda: procfs.state(d.pid) == "T", "it is stopped")
    ws.reset()
    begun = time.monotonic()
    until(lambda: time.monotonic() > begun + 0.3, "the delay is over")
    d.process.send_signal(signal.SIGCONT)
    d.wait_log("/x: disconnected .* code=1006")


# ---- the file ----


@pytest.mark.parametrize(
    "value", ["24", "24x", "0x80", "24x1001", "24X80", "24 x 80", "80x24x1", "-1x80", "yes"]
)
def test_another_value_is_an_error(check, value):
    fails(check(f"[/x]\nexec = cat\npty = {value}\n"), (3, "ROWSxCOLS"))


def test_what_does_not_go_with_it_is_an_error(check, tmp_path):
    fails(check(f"[/x]\nexec = cat\n{PTY}eof = yes\n"), (4, r"\^D"))
    fails(check(f"[/x]\nstatic = {tmp_path}\n{PTY}"), (3, "pty"))
    assert check(f"[defaults]\n{PTY}auth = none\n[/x]\nstatic = {tmp_path}\n").status == 0


def test_a_check_warns_of_one_that_anybody_may_use(check):
    loopback = check(f"[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\n{PTY}")
    assert [line for line in loopback.lines if re.search(r":5: warning: .*every user of this machine", line)]
    outside = check(f"[server]\nlisten = 0.0.0.0:0\n[/x]\nexec = cat\n{PTY}")
    assert [line for line in outside.lines if re.search(r":5: warning: .*0\.0\.0\.0:0", line)]
    assert not [line for line in check(f"[/x]\nexec = cat\n{PTY}write = no\n").lines if "pty" in line]
    auth = "[auth a]\ntype = token\ntoken = sha256:" + 64 * "0" + " joe\n"
    assert not [line for line in check(f"{auth}[/x]\nexec = cat\nauth = a\n{PTY}").lines if "pty" in line]
