# SPDX-License-Identifier: MIT
"""file: a file as messages, and with follow a log through every rotation, each line once."""

import os
import threading

import procfs
import pytest
from harness import is_sanitized
from inicheck import fails
from rawws import BINARY, PING, PONG, TEXT, Closed
from test_flow import MIB, bound_of, grown
from waiting import readable, until, within

pytestmark = pytest.mark.key("file")


@pytest.fixture
def log(tmp_path):
    """The path of a log with one old line."""
    path = tmp_path / "log"
    path.write_text("old\n")
    return path


def append(path, text):
    with open(path, "a") as f:
        f.write(text)


def lines(ws, n):
    return [ws.recv() for _ in range(n)]


# ---- to its end ----


def test_a_file_is_sent_line_by_line_and_then_closed(daemon, tmp_path):
    path = tmp_path / "f"
    path.write_text("one\r\n\ntwo\nlast")
    d = daemon(f"[/f]\nfile = {path}\nclose_reason = that is all\n")
    for _ in range(2):
        messages, code, reason = d.ws("/f").recv_until_close()
        assert messages == ["one", "", "two", "last"]
        assert (code, reason) == (1000, "that is all")


def test_with_raw_a_file_is_one_message(daemon, tmp_path):
    path = tmp_path / "f"
    data = os.urandom(3 * MIB)
    path.write_bytes(data)
    d = daemon(f"[/f]\nfile = {path}\nframe = raw\n")
    assert d.ws("/f").recv_until_close() == ([data], 1000, "")


@pytest.mark.parametrize("frame,opcode", [("raw\ntype = text", TEXT), ("raw", BINARY)])
def test_an_empty_file_is_one_empty_message_or_no_line(daemon, tmp_path, frame, opcode):
    path = tmp_path / "f"
    path.touch()
    d = daemon(f"[/f]\nfile = {path}\nframe = {frame}\n[/lines]\nfile = {path}\n")
    ws = d.ws("/f")
    (frame,) = ws.frames()
    assert (frame.opcode, frame.payload) == (opcode, b"")
    assert ws.closed() == (1000, "")
    assert d.ws("/lines").closed() == (1000, "")


def test_a_text_message_is_whole_characters_wherever_it_was_read(daemon, tmp_path):
    path = tmp_path / "f"
    text = "€" * 100000
    path.write_bytes(text.encode() + b"\xff")
    d = daemon(f"[/f]\nfile = {path}\nframe = raw\ntype = text\ninvalid_utf8 = binary\n")
    assert d.ws("/f").recv_until_close() == ([text + "\ufffd"], 1000, "")


def test_a_large_file_passes_at_constant_memory_and_delays_nobody(daemon, tmp_path):
    path = tmp_path / "f"
    with open(path, "wb") as f:
        for _ in range(64):
            f.write(b"x" * MIB)
    d = daemon(f"[/f]\nfile = {path}\nframe = raw\n")
    ws, other = d.ws("/f", receive_buffer=65536), d.ws("/canary")
    got, last = 0, False
    while not last:
        frame = ws.frame()
        got, last = got + len(frame.payload), frame.fin
        if got % (4 * MIB) < len(frame.payload):
            assert other.echoes("I am served")
            assert is_sanitized() or grown(d) < bound_of(MIB)
    assert got == 64 * MIB
    assert ws.closed() == (1000, "")


def test_messages_to_a_file_are_discarded(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    ws = d.ws("/f")
    ws.text("no")
    append(log, "new\n")
    assert ws.recv() == "new"
    ws.finish()
    assert "discarded=1/2" in d.wait_log(r"#\d+ /f: disconnected .*").group()
    assert log.read_text() == "old\nnew\n"


@pytest.mark.parametrize("what", ["none", "directory", "fifo", "/dev/zero"])
def test_what_is_no_regular_file_is_a_502(daemon, tmp_path, what):
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    path = tmp_path / what
    d = daemon(f"[/f]\nfile = {path}\n")
    assert d.handshake("/f").response.status == 502
    why = "No such file or directory" if what == "none" else "not a regular file"
    d.wait_log(rf"error: #\d+ /f: cannot open the file: {path}: {why}")


# ---- follow ----


@pytest.mark.key("follow")
def test_what_is_written_from_now_on_comes_line_by_line(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    ws = d.ws("/f")
    for i in range(50):
        append(log, f"line {i}\n")
        assert ws.recv() == f"line {i}"
    append(log, "half")
    assert not readable(ws.sock, 0.1)
    append(log, " and half\n")
    assert ws.recv() == "half and half"


def test_nothing_to_read_costs_no_time(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    clients = [d.ws("/f") for _ in range(20)]
    append(log, "x\n")
    assert [ws.recv() for ws in clients] == ["x"] * 20
    before = procfs.cpu_seconds(d.pid)
    assert not readable(clients[0].sock, 1)
    within(0.2, procfs.cpu_seconds(d.pid) - before, "seconds of CPU time in one")


def rotate(log, i):
    """As logrotate with `create` does."""
    os.rename(log, log.with_name(f"log.{i}"))
    log.touch()


def test_each_line_comes_once_through_a_hundred_rotations(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    ws = d.ws("/f")
    for i in range(100):
        append(log, f"a {i}\nb {i}\n")
        rotate(log, i)
        append(log, f"c {i}\n")
        assert lines(ws, 3) == [f"a {i}", f"b {i}", f"c {i}"]
    assert "waiting for it" not in d.log()
    ws.finish()


def test_a_writer_that_rotates_ahead_of_the_client_loses_nothing(daemon, log):
    """Several files have the name before a client has taken the first: they are read in order."""
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\nqueue = 64k\n")
    ws = d.ws("/f", receive_buffer=4096)
    pad = "x" * 1000

    def write():
        for i in range(100):
            append(log, "".join(f"{i} {j} {pad}\n" for j in range(100)))
            rotate(log, i)
            until(lambda: str(log) in links(d.pid), "the new one is open", 30)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    for i in range(100):
        for j in range(100):
            assert ws.recv() == f"{i} {j} {pad}"
    writer.join(10)


def test_who_has_the_old_file_open_is_heard_until_the_new_one_has_something(daemon, log):
    ws = daemon(f"[/f]\nfile = {log}\nfollow = yes\n").ws("/f")
    with open(log, "ab", buffering=0) as old:
        rotate(log, 1)
        old.write(b"late\n")
        assert ws.recv() == "late"
        old.write(b"unfinished")
        append(log, "new\n")
        assert lines(ws, 2) == ["unfinished", "new"]


def test_one_that_was_truncated_is_read_anew(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    ws = d.ws("/f")
    for i in range(8):
        append(log, f"before {i}, which is long\n")
        assert ws.recv() == f"before {i}, which is long"
        os.truncate(log, 0)
        until(lambda: d.log().count("was truncated") == i + 1, "it is logged each time")
        append(log, f"after {i}\n")
        assert ws.recv() == f"after {i}"


def test_one_whose_size_is_unknown_is_told_once(daemon):
    """Files of proc(5) have no size: it looks as if they had been truncated whenever they have been read."""
    d = daemon("[/f]\nfile = /proc/version\nfollow = yes\n")
    ws = d.ws("/f")
    assert ws.recv() == open("/proc/version").read().rstrip("\n")
    assert all(d.canary.echoes() for _ in range(3))
    ws.send(PING, b"nothing more?")
    assert ws.frame().opcode == PONG and "truncated" not in d.log()


def test_one_that_is_not_there_yet_is_waited_for(daemon, tmp_path):
    path = tmp_path / "later"
    d = daemon(f"[/f]\nfile = {path}\nfollow = yes\n")
    ws = d.ws("/f")
    d.wait_log(rf"warning: #\d+ /f: file: {path}: No such file or directory; waiting for it")
    path.write_text("first\nsecond\n")
    assert lines(ws, 2) == ["first", "second"]
    d.wait_log(r"/f: file: .* is there again")


def test_a_directory_that_is_not_there_yet_is_waited_for(daemon, tmp_path):
    path = tmp_path / "a" / "log"
    ws = daemon(f"[/f]\nfile = {path}\nfollow = yes\n").ws("/f")
    path.parent.mkdir()
    path.write_text("x\n")
    assert ws.recv() == "x"
    append(path, "y\n")
    assert ws.recv() == "y"
    os.rename(path.parent, tmp_path / "b")
    path.parent.mkdir()
    path.write_text("z\n")
    assert ws.recv() == "z"


def test_what_is_behind_a_symbolic_link_is_followed(daemon, log, tmp_path):
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "current"
    link.symlink_to(log)
    ws = daemon(f"[/f]\nfile = {link}\nfollow = yes\n").ws("/f")
    append(log, "x\n")
    assert ws.recv() == "x"
    rotate(log, 1)
    append(log, "y\n")
    assert ws.recv() == "y"


def test_one_that_vanishes_is_missed_once_and_heard_on(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    ws = d.ws("/f")
    with open(log, "a", buffering=1) as old:
        os.unlink(log)
        old.write("last words\n")
        assert ws.recv() == "last words"
        d.wait_log("waiting for it")
    log.mkdir()
    assert not readable(ws.sock, 1.5)
    log.rmdir()
    log.write_text("again\n")
    assert ws.recv() == "again"
    assert d.log().count("waiting for it") == 1


def test_a_client_that_does_not_read_holds_up_nobody_and_hears_all_in_the_end(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\nqueue = 64k\n")
    slow, quick = d.ws("/f", receive_buffer=4096), d.ws("/f")
    line = "x" * 999
    for i in range(50):
        append(log, f"{line}\n" * 200)
        assert lines(quick, 200) == [line] * 200
        if i % 10 == 0:
            rotate(log, i)
    assert is_sanitized() or grown(d) < 2 * bound_of(64 * 1024)
    assert lines(slow, 10000) == [line] * 10000


def test_with_raw_each_read_is_a_message(daemon, log):
    ws = daemon(f"[/f]\nfile = {log}\nfollow = yes\nframe = raw\n").ws("/f")
    append(log, "no end of line")
    assert ws.recv() == b"no end of line"


def test_hundreds_of_followers_take_one_inotify_and_give_their_watches_back(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    clients = [d.ws("/f") for _ in range(200)]
    assert links(d.pid).count("anon_inode:inotify") == 1
    assert len(watches(d.pid)) == 2  # the file and its directory
    append(log, "x\n")
    assert [ws.recv() for ws in clients] == ["x"] * 200
    for ws in clients:
        ws.reset()
    until(lambda: not watches(d.pid), "nobody watches any more")


def watches(pid):
    """What it watches by inotify."""
    (fd,) = (fd for fd, what in procfs.descriptors(pid).items() if what == "anon_inode:inotify")
    with open(f"/proc/{pid}/fdinfo/{fd}") as f:
        return [line for line in f if line.startswith("inotify")]


def links(pid):
    return list(procfs.descriptors(pid).values())


# ---- many clients ----


def test_all_who_share_it_hear_each_line_once_and_it_is_open_once(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\nprocess = shared\nlinger = 0\n")
    clients = [d.ws("/f") for _ in range(50)]
    for i in range(20):
        append(log, f"a {i}\n")
        rotate(log, i)
        append(log, f"b {i}\n")
        assert [lines(ws, 2) for ws in clients] == [[f"a {i}", f"b {i}"]] * 50
    assert links(d.pid).count(str(log)) == 1


def test_the_end_of_a_shared_file_is_that_of_all(daemon, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"x" * MIB * 8)
    d = daemon(f"[/f]\nfile = {path}\nprocess = shared\nlinger = 0\nframe = raw\nmax_message = 16M\nqueue = 16M\n")
    clients = [d.ws("/f") for _ in range(2)]
    for ws in clients:
        messages, code, _ = ws.recv_until_close()
        assert messages in ([], [b"x" * MIB * 8]) and code == 1000


# ---- at load ----


def test_what_the_world_lacks_is_told_at_load(check, tmp_path):
    result = check(
        f"[/a]\nfile = {tmp_path}\n[/b]\nfile = {tmp_path}/none\n[/c]\nfile = {tmp_path}/none\nfollow = yes\n"
    )
    fails(result, (2, "not a regular file"))
    warnings = [line for line in result.lines if "warning: file" in line]
    assert len(warnings) == 1 and warnings[0].startswith("wsbridge.ini:4: "), result.lines
    fails(check("[/a]\nexec = cat\nfollow = yes\n"), (3, "follow means nothing with exec; it goes with file"))


def test_a_write_after_the_end_of_a_session_is_nothing(daemon, log):
    d = daemon(f"[/f]\nfile = {log}\nfollow = yes\n")
    ws = d.ws("/f")
    ws.close()
    with pytest.raises(Closed):
        ws.recv()
    append(log, "x\n")
    assert d.canary.echoes("alive")
