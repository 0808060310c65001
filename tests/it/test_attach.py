# SPDX-License-Identifier: MIT
"""process = shared and session with every kind of source: one source, many subscribers."""

import os
import re

import pytest
from harness import with_canary
from rawws import Closed
from services import Service
from test_reload import reload
from test_shared import show
from waiting import until


class Kind:
    """One that a path can be connected to.  .ini are its keys."""

    many = True  # sources at the same time, each of its own

    def __init__(self, place):
        self.place = place

    def close(self):
        pass


class AService(Kind):
    noun = "connection"

    def __init__(self, place, at):
        super().__init__(place)
        self.ended = False
        self.service = Service(self.story, at)
        self.ini = f"connect = {self.service.target}\n"
        self.heard = {}

    def story(self, conn):
        data = self.heard[conn] = bytearray()
        while piece := conn.recv(65536):
            data += piece

    def say(self, text, at=0):
        until(lambda: len(self.service.conns) > at, "a connection")
        self.service.conns[at].sendall(text.encode() + b"\n")

    def hears(self, text, at=0):
        want = text.encode() + b"\n"
        until(lambda: want in self.heard.get(self.service.conns[at], b""), f"the service hears {text!r}")

    def opened(self):
        return len(self.service.conns)

    def gone(self):
        """The last one has been let go."""
        until(lambda: self.service.conns[-1].fileno() < 0, "the connection has been closed")

    def close(self):
        self.service.close()


class Fifos(Kind):
    noun = "FIFO"
    many = False  # all of them read the same one

    def __init__(self, place):
        super().__init__(place)
        self.read, self.write = place / "out", place / "in"
        os.mkfifo(self.read)
        os.mkfifo(self.write)
        self.reader = os.open(self.write, os.O_RDONLY | os.O_NONBLOCK)
        self.ini = f"read_fifo = {self.read}\nwrite_fifo = {self.write}\n"
        self.heard = b""

    def say(self, text, at=0):
        fd = os.open(self.read, os.O_WRONLY | os.O_NONBLOCK)  # somebody reads it
        os.write(fd, text.encode() + b"\n")
        os.close(fd)

    def hears(self, text, at=0):
        def look():
            try:
                self.heard += os.read(self.reader, 65536)
            except BlockingIOError:
                pass
            return text.encode() + b"\n" in self.heard

        until(look, f"the reader hears {text!r}")

    def is_read(self):
        try:
            os.close(os.open(self.read, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    def gone(self):
        until(lambda: not self.is_read(), "nobody reads it any more")

    def close(self):
        os.close(self.reader)


class Followed(Kind):
    noun = "file"
    many = False
    hears = None

    def __init__(self, place):
        super().__init__(place)
        self.file = place / "log"
        self.file.write_text("old\n")
        self.ini = f"file = {self.file}\nfollow = yes\n"

    def say(self, text, at=0):
        with open(self.file, "a") as f:
            f.write(text + "\n")

    def gone(self):
        """Checked by what a new client misses."""


KINDS = {
    "TCP": lambda place: AService(place, ("127.0.0.1", 0)),
    "Unix": lambda place: AService(place, str(place / "s")),
    "FIFOs": Fifos,
    "follow": Followed,
}


@pytest.fixture(params=list(KINDS))
def kind(request, rundir):
    made = KINDS[request.param](rundir)
    yield made
    made.close()


SHARED = "process = shared\nlinger = 0\n"
SESSION = "process = session\nsession_key = query:s\n"


# ---- shared ----


@pytest.mark.key("process")
def test_all_hear_what_one_source_says_and_it_hears_all(daemon, kind):
    d = daemon("[/x]\n" + kind.ini + SHARED)
    clients = [d.ws("/x") for _ in range(3)]
    for i in range(5):
        kind.say(f"line {i}")
        assert [ws.recv() for ws in clients] == [f"line {i}"] * 3
    if kind.hears:
        for i, ws in enumerate(clients):
            ws.text(f"from {i}")
            kind.hears(f"from {i}")
    clients[0].finish()
    clients[1].reset()
    kind.say("to who is left")
    assert clients[2].recv() == "to who is left"
    assert show(d, clients[2])["clients"] == 1


@pytest.mark.key("process", "replay")
def test_who_comes_late_hears_what_was_said_last(daemon, kind):
    d = daemon("[/x]\nreplay = 2\n" + kind.ini + SHARED)
    one = d.ws("/x")
    for text in ("a", "b", "c"):
        kind.say(text)
        assert one.recv() == text
    late = d.ws("/x")
    assert (late.recv(), late.recv()) == ("b", "c")
    kind.say("d")
    assert one.recv() == late.recv() == "d"


@pytest.mark.key("process", "linger", "replay")
def test_it_outlives_its_last_client_and_what_was_missed_is_heard(daemon, kind):
    d = daemon("[/x]\nprocess = shared\nlinger = 20s\nreplay = 10\n" + kind.ini)
    ws = d.ws("/x")
    kind.say("heard")
    assert ws.recv() == "heard"
    ws.finish()
    kind.say("missed")
    again = d.ws("/x")
    assert (again.recv(), again.recv()) == ("heard", "missed")
    if kind.many:
        assert kind.opened() == 1
    reload(d, with_canary(""))  # or it would linger


@pytest.mark.key("process", "linger")
def test_after_linger_it_is_let_go_and_the_next_client_has_a_new_one(daemon, kind):
    d = daemon("[/x]\nprocess = shared\nlinger = 200ms\nreplay = 10\n" + kind.ini)
    ws = d.ws("/x")
    kind.say("of the first")
    assert ws.recv() == "of the first"
    ws.finish()
    d.wait_log(rf"/x: the {kind.noun} is stopped: no client for 0.2 s")
    kind.gone()
    again = d.ws("/x")
    kind.say("of the next", at=1)
    assert again.recv() == "of the next"
    reload(d, with_canary(""))


@pytest.mark.key("process", "start")
@pytest.mark.without("children", "descriptors", reason="it is there without any client")
def test_with_boot_it_is_there_before_any_client(daemon, kind):
    d = daemon("[/x]\nprocess = shared\nstart = boot\nreplay = 10\n" + kind.ini)
    kind.say("to nobody yet")
    if isinstance(kind, Followed):
        d.wait_log("listening")
        ws = d.ws("/x")
        kind.say("and more")
        assert "and more" in iter(ws.recv, None)
        return
    ws = d.ws("/x")
    assert ws.recv() == "to nobody yet"
    ws.finish()
    kind.say("again to nobody")
    again = d.ws("/x")
    assert (again.recv(), again.recv()) == ("to nobody yet", "again to nobody")


@pytest.mark.key("slow_client")
@pytest.mark.parametrize("policy", ["disconnect", "drop", "pause"])
def test_who_does_not_read_is_dealt_with_as_the_path_says(daemon, kind, policy):
    d = daemon(f"[socket]\nsend_buffer = 4k\n[/x]\nslow_client = {policy}\nqueue = 64k\n" + kind.ini + SHARED)
    slow, ws = d.ws("/x", receive_buffer=4096), d.ws("/x")
    line = 1000 * "x"
    for i in range(30 if policy == "pause" else 400):
        kind.say(f"{i} {line}")
        assert ws.recv() == f"{i} {line}"
    if policy == "disconnect":
        assert slow.recv_until_close()[1:] == (1008, "too slow")
    elif policy == "drop":
        assert show(d, slow)["dropped"]["messages"] > 0
        kind.say("the last")
        assert "the last" in iter(slow.recv, None)
    else:
        assert [slow.recv().split()[0] for _ in range(30)] == [str(i) for i in range(30)]


# ---- sessions ----


@pytest.mark.key("process", "session_key", "session_takeover")
def test_those_of_one_key_share_one_and_who_takes_over_replaces(daemon, kind):
    d = daemon("[/x]\nlinger = 0\nsession_takeover = replace\n" + kind.ini + SESSION)
    one = d.ws("/x?s=one")
    kind.say("for one")
    assert one.recv() == "for one"
    again = d.ws("/x?s=one")
    assert one.closed() == (1008, "session taken over")
    kind.say("for who came")
    assert again.recv() == "for who came"
    if kind.many:
        two = d.ws("/x?s=two")
        kind.say("for two", at=1)
        assert two.recv() == "for two"
        assert kind.opened() == 2


@pytest.mark.key("process", "session_key", "linger", "replay")
def test_who_comes_back_to_a_session_finds_it_as_it_was(daemon, kind):
    d = daemon("[/x]\nlinger = 20s\nreplay = 1k\n" + kind.ini + SESSION)
    ws = d.ws("/x?s=k")
    kind.say("before")
    assert ws.recv() == "before"
    ws.reset()
    d.wait_log(r"#\d+ /x: disconnected")
    kind.say("missed")
    again = d.ws("/x?s=k")
    assert (again.recv(), again.recv()) == ("before", "missed")
    if kind.hears:
        again.text("goes on")
        kind.hears("goes on")
    if kind.many:
        assert kind.opened() == 1
    reload(d, with_canary(""))


# ---- those that end ----


@pytest.mark.key("restart", "restart_delay", "process")
@pytest.mark.parametrize("at", ["TCP", "Unix"])
def test_a_service_that_ends_is_connected_again_under_its_clients(daemon, rundir, at):
    kind = KINDS[at](rundir)
    d = daemon("[/x]\nrestart = always\nrestart_delay = 100ms\n" + kind.ini + SHARED)
    one, two = d.ws("/x"), d.ws("/x")
    kind.say("first")
    assert one.recv() == two.recv() == "first"
    kind.service.conns[0].shutdown(2)
    kind.say("second", at=1)
    assert one.recv() == two.recv() == "second"
    two.text("heard")
    kind.hears("heard", at=1)
    d.wait_log(r"#\d+ /x: the connection has ended$")
    d.wait_log(r"#\d+ /x: the connection starts again in 0.1 s")
    d.wait_log(r"#\d+ /x: the connection has started again")
    kind.close()


@pytest.mark.key("file", "process", "restart")
def test_a_shared_file_is_read_to_its_end_and_with_restart_again(daemon, tmp_path):
    file = tmp_path / "text"
    file.write_text("one\ntwo\n")
    d = daemon(f"[/end]\nfile = {file}\n" + SHARED + f"[/again]\nfile = {file}\nrestart = always\nrestart_delay = 200ms\n" + SHARED)
    assert d.ws("/end").recv_until_close() == (["one", "two"], 1000, "")
    ws = d.ws("/again")
    assert [ws.recv() for _ in range(4)] == ["one", "two"] * 2
    d.wait_log("/again: the file starts again in 0.2 s")


@pytest.mark.key("file", "process", "replay")
def test_a_session_hears_a_file_once_and_who_comes_back_what_it_missed(daemon, tmp_path):
    file = tmp_path / "text"
    file.write_text("one\ntwo\n")
    d = daemon(f"[/x]\nfile = {file}\nlinger = 0\n" + SESSION)
    for key in ("a", "b"):
        assert d.ws(f"/x?s={key}").recv_until_close() == (["one", "two"], 1000, "")


# ---- what is built in ----


@pytest.mark.key("max_processes", "session_key")
@pytest.mark.parametrize("source", ["builtin = echo", "file = /dev/null"])
def test_sessions_of_what_is_no_program_have_a_limit_that_is_told(daemon, source, tmp_path):
    (tmp_path / "text").touch()
    source = source.replace("/dev/null", f"{tmp_path}/text\nfollow = yes")
    d = daemon(f"[defaults]\nmax_processes = 2\n[/x]\n{source}\nlinger = 0\n" + SESSION)
    assert [d.ws(f"/x?s={key}").response.status for key in "abab"] == [101] * 4
    answer = d.handshake("/x?s=c").response
    assert (answer.status, "too many sessions of this path" in answer.text) == (503, True)
    d.wait_log(r'/x: refused status=503 .*reason="too many sessions')


@pytest.mark.key("builtin", "process", "session_key", "replay")
def test_an_echo_of_a_session_is_a_room(daemon):
    d = daemon("[/room]\nbuiltin = echo\nreplay = 5\nlinger = 20s\n" + SESSION)
    ann, bob, eve = d.ws("/room?s=a"), d.ws("/room?s=a"), d.ws("/room?s=e")
    ann.text("hello")
    assert ann.recv() == bob.recv() == "hello"
    assert eve.echoes("alone")
    ann.finish()
    bob.finish()
    assert d.ws("/room?s=a").recv() == "hello"
    reload(d, with_canary(""))


@pytest.mark.key("builtin", "process")
def test_an_echo_that_is_shared_is_heard_by_all(daemon):
    d = daemon("[/room]\nbuiltin = echo\n" + SHARED)
    one, two = d.ws("/room"), d.ws("/room")
    one.binary(b"\0\1")
    assert one.recv() == two.recv() == b"\0\1"


@pytest.mark.parametrize(
    "keys, wrong",
    [
        ("channel = c\nprocess = session\nsession_key = query:s\n", "process means nothing with channel"),
        ("channel = c\nrestart = always\n", "restart means nothing with channel"),
        ("file = /etc/hostname\nprocess = each\nsession_key = query:s\n", "session_key means nothing with process = each"),
        ("read_fifo = /f\nprocess = each\nreplay = 3\n", "replay means nothing with process = each"),
        ("connect = unix:/s\nprocess = session\n", "process = session needs a session_key"),
        ("connect = unix:/s\nprocess = session\nsession_key = query:s\nstart = boot\n", "start = boot means nothing with process = session"),
        ("builtin = echo\nlinger = 3s\n", "linger means nothing with process = each"),
        ("static = /tmp\nprocess = shared\n", "process means nothing with static"),
    ],
)
def test_what_means_nothing_together_is_refused(check, keys, wrong):
    c = check("[/x]\n" + keys)
    assert any(re.search(wrong, line) for line in c.lines), c.lines
    assert c.result.returncode == 78


# ---- what takes its time, or is not there ----


def told(ws):
    """Its next message, or why it is closed."""
    try:
        return ws.recv()
    except Closed as closed:
        return closed.reason


@pytest.mark.key("start", "restart")
@pytest.mark.without("children", "descriptors", reason="it is there without any client")
def test_with_boot_a_service_that_is_not_there_yet_is_tried_until_it_is(daemon, rundir):
    d = daemon(f"[/x]\nconnect = unix:{rundir}/s\nprocess = shared\nstart = boot\nrestart = always\nrestart_delay = 100ms\nreplay = 3\n")
    d.wait_log(r"#\d+ /x: the connection starts again in 0.2 s")
    kind = KINDS["Unix"](rundir)
    kind.say("at last")
    assert d.ws("/x").recv() == "at last"
    kind.close()


@pytest.mark.key("session_takeover", "connect")
def test_who_waits_for_a_connection_is_replaced_as_well(daemon, full_house, rundir):
    house = full_house(f"{rundir}/s")
    d = daemon(f"[logging]\nlevel = debug\n[/x]\nconnect = {house.target}\nsession_key = query:s\nsession_takeover = replace\nlinger = 0\n")
    waiting = house.queue(d, "/x?s=k")
    conn = house.make_room()
    assert [raw.read_response().status for raw in waiting] == [101] * 3
    conn.sendall(b"welcome\n")
    assert sorted(told(raw) for raw in waiting) == ["session taken over"] * 2 + ["welcome"]
    conn.close()
