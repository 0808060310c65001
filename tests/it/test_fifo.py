# SPDX-License-Identifier: MIT
"""read_fifo and write_fifo: programs that come and go at a named pipe, which may come and go itself."""

import os
import select
import stat
import threading
import time

import procfs
import pytest
from harness import is_sanitized
from inicheck import fails
from rawws import TEXT, encode
from test_flow import MIB, bound_of, fill, grown
from waiting import TIMEOUT, readable, until, within


@pytest.fixture
def fifo(tmp_path):
    """fifo(NAME): the path of a new FIFO."""

    def make(name="fifo"):
        path = tmp_path / name
        os.mkfifo(path, 0o600)
        return path

    return make


def write(path, data):
    """What `printf DATA > PATH` does, which does not wait since there is a reader."""
    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.set_blocking(fd, True)
    os.write(fd, data)
    os.close(fd)


def open_reader(path):
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK)


def read_exactly(fd, n):
    """N bytes; that nobody has it open for writing is no end."""
    data, end = b"", time.monotonic() + TIMEOUT
    while len(data) < n:
        more = select.select([fd], [], [], TIMEOUT)[0] and os.read(fd, n - len(data))
        assert more or time.monotonic() < end, f"after {len(data)} of {n} bytes: nothing more"
        if more:
            data, end = data + more, time.monotonic() + TIMEOUT
    return data


# ---- reading ----


@pytest.mark.key("read_fifo")
def test_lines_of_writers_that_come_and_go_are_messages(daemon, fifo):
    path = fifo()
    ws = daemon(f"[/f]\nread_fifo = {path}\n").ws("/f")
    for i in range(50):
        write(path, b"temp %d\nand\n" % i)
        assert ws.recv() == f"temp {i}"
        assert ws.recv() == "and"


def test_an_open_does_not_wait_for_a_writer(daemon, fifo):
    d = daemon(f"[/f]\nread_fifo = {fifo()}\n")
    d.ws("/f").finish()
    assert d.canary.echoes("the loop goes on")


def test_what_the_last_writer_leaves_unfinished_is_a_message(daemon, fifo):
    path = fifo()
    ws = daemon(f"[/f]\nread_fifo = {path}\n").ws("/f")
    write(path, b"21.5")
    assert ws.recv() == "21.5"
    write(path, b"22\n")
    assert ws.recv() == "22"


def test_a_message_of_another_framing_that_was_cut_off_is_forgotten(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\nframe = netstring\n")
    ws = d.ws("/f")
    write(path, b"3:abc,5:ab")
    assert ws.recv() == b"abc"
    d.wait_log(r"warning: #\d+ /f: read_fifo: its writer left inside a message")
    write(path, b"2:xy,")
    assert ws.recv() == b"xy"


def test_messages_to_a_fifo_that_is_only_read_are_discarded(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\n")
    ws = d.ws("/f")
    ws.text("nobody takes it")
    write(path, b"x\n")
    assert ws.recv() == "x"
    ws.finish()
    assert "discarded=1/15" in d.wait_log(r"#\d+ /f: disconnected .*").group()


def test_a_flooding_writer_is_read_only_as_fast_as_the_client_reads(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\nqueue = 128k\n")
    ws, other = d.ws("/f", receive_buffer=4096), d.ws("/canary")
    line = b"x" * 999 + b"\n"
    count = 20000
    writer = threading.Thread(target=write, args=(path, line * count), daemon=True)
    writer.start()
    for _ in range(200):
        assert other.echoes("served")
    assert writer.is_alive() and (is_sanitized() or grown(d) < bound_of(128 * 1024))
    for _ in range(count):
        assert ws.recv() == "x" * 999
    writer.join(10)


def test_no_writer_costs_no_time(daemon, fifo):
    """An end of file that nobody takes back would be told over and over."""
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\n")
    ws = d.ws("/f")
    write(path, b"x\n")
    assert ws.recv() == "x"
    before = procfs.cpu_seconds(d.pid)
    assert not readable(ws.sock, 1)
    within(0.2, procfs.cpu_seconds(d.pid) - before, "seconds of CPU time in one")


# ---- many clients ----


def test_all_who_share_it_hear_each_message(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\nprocess = shared\nlinger = 0\n")
    clients = [d.ws("/f") for _ in range(20)]
    for i in range(10):
        write(path, b"%d\nhalf" % i)
        assert [ws.recv() for ws in clients] == [f"{i}"] * 20
        assert [ws.recv() for ws in clients] == ["half"] * 20
    os.unlink(path)
    d.wait_log("waiting for it")
    os.mkfifo(path)
    d.wait_log("is there again")
    write(path, b"back\n")
    assert [ws.recv() for ws in clients] == ["back"] * 20
    assert d.log().count("waiting for it") == 1


def test_with_each_a_message_is_heard_by_one(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\n")
    clients = [d.ws("/f") for _ in range(2)]
    write(path, b"x\n")
    until(lambda: any(readable(ws.sock, 0) for ws in clients), "one of them hears it")
    assert not all(readable(ws.sock, 0.05) for ws in clients)


def test_a_long_message_that_was_cut_off_is_forgotten_by_all(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\nframe = u32be\nprocess = shared\nlinger = 0\n")
    clients = [d.ws("/f") for _ in range(3)]
    writer = threading.Thread(target=write, args=(path, b"\0\3\0\0" + b"x" * 150000), daemon=True)
    writer.start()
    d.wait_log(r"warning: #\d+ /f: read_fifo: its writer left inside a message")
    write(path, b"\0\0\0\2ok")
    assert [ws.recv() for ws in clients] == [b"ok"] * 3


def test_messages_of_several_clients_are_written_whole(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nwrite_fifo = {path}\nprocess = shared\nlinger = 0\n")
    clients = [d.ws("/f") for _ in range(5)]
    for i, ws in enumerate(clients):
        ws.send_in_background(b"".join(encode(TEXT, (b"%d" % i) * 5000) for _ in range(20)))
    fd = open_reader(path)
    lines = read_exactly(fd, 5 * 20 * 5001).split(b"\n")
    assert sorted(lines[:-1]) == sorted(b"%d" % i * 5000 for i in range(5) for _ in range(20))
    os.close(fd)


# ---- writing ----


@pytest.mark.key("write_fifo")
def test_messages_are_lines_for_whoever_reads(daemon, fifo):
    path = fifo()
    ws = daemon(f"[/f]\nwrite_fifo = {path}\n").ws("/f")
    ws.text("before anybody reads")
    for i in range(10):
        ws.text(f"to {i}")
        fd = open_reader(path)
        expected = b"before anybody reads\n" if i == 0 else b""
        assert read_exactly(fd, len(expected) + 5) == expected + b"to %d\n" % i
        os.close(fd)


def test_both_ways_at_once(daemon, fifo):
    there, back = fifo("there"), fifo("back")
    ws = daemon(f"[/f]\nread_fifo = {back}\nwrite_fifo = {there}\n").ws("/f")
    fd = open_reader(there)
    ws.text("question")
    assert read_exactly(fd, 9) == b"question\n"
    write(back, b"answer\n")
    assert ws.recv() == "answer"
    os.close(fd)


def test_what_nobody_reads_is_kept_up_to_queue_and_then_the_client_waits(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nwrite_fifo = {path}\nqueue = 256k\n")
    ws = d.ws("/f")
    line = b"y" * 99
    sent = fill(ws, encode(TEXT, line), 64 * MIB)
    assert sent < 64 * MIB, "the daemon must stop reading"
    assert is_sanitized() or grown(d) < bound_of(256 * 1024)
    frame = encode(TEXT, line)
    ws.send_in_background(frame[sent % len(frame) :])
    lines = sent // len(frame) + (1 if sent % len(frame) else 0)
    fd = open_reader(path)
    assert read_exactly(fd, lines * 100) == (line + b"\n") * lines
    os.close(fd)


def test_a_last_message_waits_a_moment_for_its_reader(daemon, fifo):
    """As with `while read x < FIFO`: nobody has it open between two reads."""
    path = fifo()
    d = daemon(f"[/f]\nwrite_fifo = {path}\n")
    ws = d.ws("/f")
    ws.text("off")
    ws.finish()
    d.wait_log(r"#\d+ /f: disconnected")
    assert d.canary.echoes("the loop has turned")
    fd = open_reader(path)
    assert read_exactly(fd, 4) == b"off\n"
    os.close(fd)


def test_one_that_may_only_be_written_is_written_when_a_reader_comes(daemon, rundir, tmp_path):
    path = rundir / "fifo"
    os.mkfifo(path)
    path.chmod(0o222)
    rundir.chmod(0o755)
    ini = tmp_path / "wsbridge.ini"
    ini.write_text(f"[server]\nuser = nobody\nlisten = 127.0.0.1:0\n[/f]\nwrite_fifo = {path}\n[/canary]\nexec = cat\n")
    d = daemon(argv=["-c", str(ini)])
    ws = d.ws("/f")
    ws.text("one")
    fd = open_reader(path)  # as root
    assert read_exactly(fd, 4) == b"one\n"
    os.close(fd)
    ws.text("two")
    fd = open_reader(path)
    assert read_exactly(fd, 4) == b"two\n"
    os.close(fd)


# ---- FIFOs that come and go ----


@pytest.mark.parametrize("key", ["read_fifo", "write_fifo"])
def test_one_that_is_not_there_is_a_502(daemon, tmp_path, key):
    d = daemon(f"[/f]\n{key} = {tmp_path}/none\n")
    assert d.handshake("/f").response.status == 502
    d.wait_log(rf"error: #\d+ /f: cannot open the FIFO: {tmp_path}/none: No such file or directory")


@pytest.mark.parametrize("key", ["read_fifo", "write_fifo"])
def test_what_is_no_fifo_is_a_502_and_stays_as_it_is(daemon, tmp_path, key):
    path = tmp_path / "file"
    path.write_text("precious")
    d = daemon(f"[/f]\n{key} = {path}\nfifo_create = 0600\n")
    assert d.handshake("/f").response.status == 502
    d.wait_log(rf"cannot open the FIFO: {path}: not a FIFO")
    assert path.read_text() == "precious"


def test_a_reader_waits_for_one_that_has_vanished(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\n")
    ws = d.ws("/f")
    for i in range(2):
        os.unlink(path)
        until(lambda: d.log().count("waiting for it") == i + 1, "it is missed")
        os.mkfifo(path)
        until(lambda: d.log().count("is there again") == i + 1, "it is found")
        write(path, b"back\n")
        assert ws.recv() == "back"
    assert d.log().count("waiting for it") == 2


def test_a_writer_waits_for_one_that_has_vanished(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nwrite_fifo = {path}\n")
    ws = d.ws("/f")
    os.unlink(path)
    d.wait_log(r"warning: #\d+ /f: write_fifo: .*: No such file or directory; waiting for it")
    ws.text("kept meanwhile")
    os.mkfifo(path)
    fd = open_reader(path)
    assert read_exactly(fd, 15) == b"kept meanwhile\n"
    os.close(fd)


def test_who_writes_goes_on_though_the_name_has_gone(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\n")
    ws = d.ws("/f")
    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    os.write(fd, b"one\n")
    assert ws.recv() == "one"
    os.unlink(path)
    d.wait_log("waiting for it")
    os.write(fd, b"two\n")
    assert ws.recv() == "two"
    os.close(fd)


def test_another_of_its_name_is_read_behind_what_is_left_in_the_old_one(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\n")
    ws = d.ws("/f")
    for i in range(20):
        old = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        os.mkfifo(f"{path}.new")
        os.write(old, b"old %d\n" % i)
        os.rename(f"{path}.new", path)
        assert ws.recv() == f"old {i}"
        until(lambda: has_reader(path), "the new one is open")
        write(path, b"new\n")
        assert ws.recv() == "new"
        os.close(old)


def has_reader(path):
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError:
        return False


def test_one_that_becomes_a_file_is_left_alone(daemon, fifo):
    path = fifo()
    d = daemon(f"[/f]\nread_fifo = {path}\nfifo_create = 0600\n")
    ws = d.ws("/f")
    other = path.with_name("file")
    other.write_text("secret\n")
    os.rename(other, path)
    d.wait_log("not a FIFO; waiting for it")
    assert not readable(ws.sock, 0.2)
    assert path.read_text() == "secret\n"


# ---- fifo_create ----


@pytest.mark.key("fifo_create")
def test_a_fifo_is_made_with_its_mode_at_the_start(daemon, tmp_path):
    path = tmp_path / "made"
    d = daemon(f"[/f]\nread_fifo = {path}\nfifo_create = 0622\n", wrap=["sh", "-c", 'umask 077; exec "$@"', "sh"])
    mode = path.stat().st_mode
    assert stat.S_ISFIFO(mode) and stat.S_IMODE(mode) == 0o622
    ws = d.ws("/f")
    write(path, b"x\n")
    assert ws.recv() == "x"


def test_a_fifo_that_was_made_is_made_again(daemon, tmp_path):
    path = tmp_path / "made"
    d = daemon(f"[/f]\nread_fifo = {path}\nfifo_create = 0600\n")
    ws = d.ws("/f")
    for _ in range(3):
        os.unlink(path)
        until(path.is_fifo, "it is there again")
        until(lambda: has_reader(path), "it is open")
        write(path, b"x\n")
        assert ws.recv() == "x"


def test_a_reload_makes_what_is_new(daemon, tmp_path):
    d = daemon("")
    ini = tmp_path / "wsbridge.ini"
    ini.write_text(ini.read_text() + f"[/f]\nwrite_fifo = {tmp_path}/made\nfifo_create = 0600\n")
    d.process.send_signal(1)
    until((tmp_path / "made").is_fifo, "it is made")
    until(lambda: len(procfs.descriptors(d.pid)) > len(d.baseline.descriptors), "one to watch it")
    d.baseline.descriptors = procfs.descriptors(d.pid)


# ---- at load ----


def test_what_the_world_lacks_is_told_at_load(check, tmp_path):
    (tmp_path / "file").write_text("")
    result = check(
        f"[/a]\nread_fifo = {tmp_path}/none\n[/b]\nread_fifo = {tmp_path}/none\nfifo_create = 600\n"
        f"[/c]\nwrite_fifo = {tmp_path}/file\n[/d]\nread_fifo = {tmp_path}/x\nwrite_fifo = {tmp_path}/x\n"
        "fifo_create = 600\n[/e]\nread_fifo = none\n"
        "[/f]\nexec = cat\nfifo_create = 600\n[/g]\nread_fifo = /x\nexec = cat\n[/h]\nread_fifo = /x\neof = yes\n"
        "[/i]\nread_fifo = /x\nfifo_create = maybe\n"
    )
    fails(
        result,
        (13, "absolute"),
        (16, "fifo_create means nothing with exec; it goes with read_fifo or write_fifo"),
        (18, "two sources: exec and read_fifo"),
        (22, "eof means nothing with read_fifo"),
        (25, "fifo_create"),
    )
    result = check(
        f"[/a]\nread_fifo = {tmp_path}/none\n[/b]\nread_fifo = {tmp_path}/none\nfifo_create = 600\n"
        f"[/c]\nwrite_fifo = {tmp_path}/file\n[/d]\nread_fifo = {tmp_path}/x\nwrite_fifo = {tmp_path}/x\n"
        "fifo_create = 600\n"
    )
    fails(result, (7, "not a FIFO"), (10, "are the same"))
    warnings = [line for line in result.lines if "warning: read_fifo" in line or "warning: write_fifo" in line]
    assert sum("No such file" in line for line in warnings) == 1, result.lines
    assert sum("goes to one of the clients" in line for line in warnings) == 3, result.lines
