# SPDX-License-Identifier: MIT
"""The demo: a file of one's own, programs to try, and a banner that teaches."""

import os
import re
import socket

import pytest
from waiting import until


@pytest.fixture
def ini(tmp_path):
    return tmp_path / "demo.ini"


@pytest.fixture
def demo(daemon, tmp_path):
    """The demo in a directory of its own."""
    return lambda **how: daemon(argv=["--demo"], canary="/echo", cwd=tmp_path, **how)


def said(d, pattern):
    return until(lambda: re.search(pattern, d.out()), lambda: f"/{pattern}/ in:\n{d.out()}")


def test_it_writes_its_file_and_teaches_every_path(demo, ini):
    d = demo(env={"SSH_CONNECTION": "192.0.2.7 5000 192.0.2.8 22"})
    assert ini.read_text().startswith(";")
    for path, mode in (
        ("/clock", "view only"),
        ("/load", "view only"),
        ("/echo", "read-write"),
        ("/sort", "read-write"),
        ("/grep", "read-write"),
        ("/python", "read-write"),
    ):
        said(d, rf"http://{d.address}{path} +{mode} .*\[{path}\]")
    said(d, rf"Console: http://{d.address}/-/console")
    said(d, rf"Dashboard: http://{d.address}/-/dashboard")
    said(d, r"\./demo\.ini: edit and save")
    said(d, rf"ssh -L {d.port}:127\.0\.0\.1:{d.port}")


def test_without_ssh_there_is_no_word_of_a_tunnel(demo):
    d = demo()
    said(d, "Ctrl-C")
    assert "ssh" not in d.out()


def test_its_programs_answer_also_those_that_never_flush(demo):
    d = demo()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", d.ws("/clock").recv())
    assert d.ws("/load").recv().startswith("procs")
    grep = d.ws("/grep")
    grep.text("all is well")
    grep.text("an Error")
    assert grep.recv() == "an Error"
    python = d.ws("/python")
    python.text("abc")
    assert python.recv() == "cba"
    sort = d.ws("/sort")
    for word in ("b", "a"):
        sort.text(word)
    sort.eof()
    assert sort.recv_until_close()[0] == ["a", "b"]


def test_a_port_that_is_taken_is_told_with_its_owner_and_the_next_serves(demo, ini):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ini.write_text(
            f"[server]\nlisten = 127.0.0.1:{port}\n[/echo]\nexec = cat\n"
        )
        d = demo()
    assert port < d.port < port + 50
    d.wait_log(rf"port {port} is in use by [^ ]*python[^ ]* \(pid {os.getpid()}\); taking {d.port}")


def test_what_is_saved_is_live_at_once_and_errors_are_told(demo, ini):
    d = demo()
    good = ini.read_text()
    ini.write_text(good + "\n[/upper]\nexec = tr a-z A-Z\n")
    d.wait_log("reload: .* is taken")
    ws = d.ws("/upper")
    ws.text("abc")
    assert ws.recv() == "ABC"
    ini.write_text(good.replace("exec = sort", "exce = sort"))
    d.wait_log(r"demo\.ini:\d+: error: .*did you mean 'exec'")
    assert d.handshake("/upper").response.status == 101


def test_a_file_that_is_there_is_taken_as_it_is(demo, ini):
    text = "[server]\nlisten = 127.0.0.1:0\n[/echo]\nexec = cat\n"
    ini.write_text(text)
    d = demo()
    assert ini.read_text() == text
    assert d.handshake("/clock").response.status == 404


def test_every_save_is_read_however_the_editor_does_it(demo, ini):
    d = demo()
    good = ini.read_text()
    for i in range(6):
        text = good + f"\n[/new{i}]\nexec = cat\n" if i != 3 else good.replace("exec = cat", "exec")
        if i % 2:
            ini.write_text(text)
        else:  # as vi and sed -i do
            other = ini.with_name("other")
            other.write_text(text)
            other.rename(ini)
        verdicts = r"reload: .* is (?:not )?taken"
        until(lambda: len(re.findall(verdicts, d.log())) == i + 1, lambda: f"verdict {i + 1} in:\n{d.log()}")
        assert i == 3 or d.ws(f"/new{i}").echoes()
