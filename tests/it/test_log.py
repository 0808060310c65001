# SPDX-License-Identifier: MIT
"""The log: one line an event, told apart by session, which no peer can forge."""

import os
import re

import pytest
from harness import get
from rawws import TEXT, encode
from waiting import readable, until

ECHO = "[/echo]\nexec = cat\n"


def lines(d, pattern):
    return [line for line in d.log().splitlines() if re.search(pattern, line)]


@pytest.mark.key("access")
def test_one_access_line_a_session_with_its_numbers(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    port = ws.sock.getsockname()[1]
    for text in ("12345", "678"):
        assert ws.echoes(text)
    ws.finish()
    line = d.wait_log(r"^.*#\d+ /echo\b.*\bcode=1000.*$").group(0)
    fields = dict(re.findall(r"(\w+)=(\"[^\"]*\"|\S+)", line))
    assert fields["peer"] == f"127.0.0.1:{port}"
    assert float(fields["seconds"]) < 10
    assert fields["in"] == "2/8" and fields["out"] == "2/8"
    assert fields["by"] == "client"
    assert len(lines(d, r"#\d+ /echo\b.*code=")) == 1


@pytest.mark.key("access")
def test_the_access_line_says_how_the_program_ended(daemon):
    d = daemon("[/x]\nexec = sh -c 'exit 3'\n")
    assert d.ws("/x").closed()[0] == 4003
    d.abandon_clients()
    line = d.wait_log(r"^.*#\d+ /x\b.*\bcode=4003.*$").group(0)
    assert "by=backend" in line and "process exited with status 3" in line


@pytest.mark.key("access")
def test_the_access_line_is_left_out_on_request(daemon):
    d = daemon("[logging]\naccess = no\n[/err]\nshell = echo marker >&2; read x\n" + ECHO)
    ws = d.ws("/echo")
    assert ws.echoes()
    ws.finish()
    d.ws("/err")
    d.wait_log("marker")
    assert not lines(d, "code=|peer="), d.log()


def test_a_plain_request_has_its_line_too(daemon):
    d = daemon(ECHO)
    get(d, "/nothing")
    line = d.wait_log(r"^.*/nothing.*\b404\b.*$").group(0)
    assert "127.0.0.1" in line


@pytest.mark.without(
    "canary",
    "descriptors",
    "children",
    "memory",
    "exit",
    reason="four daemons are ended to read their whole logs",
)
@pytest.mark.key("level")
def test_debug_says_more_and_warning_less(daemon):
    def said(level):
        d = daemon(f"[logging]\nlevel = {level}\n" + ECHO, canary=None)
        ws = d.ws("/echo")
        assert ws.echoes()
        ws.finish()
        get(d, "/nothing")
        d.abandon_clients()
        d.terminate()
        assert d.wait_exit() == 0
        return d.log().splitlines()

    debug, info, warning, error = (said(level) for level in ("debug", "info", "warning", "error"))
    assert len(debug) > len(info) > len(warning) >= len(error)
    assert any("/echo" in line for line in info) and not any("/echo" in line for line in warning)


@pytest.mark.key("level")
def test_errors_are_said_at_any_level(daemon, program):
    tool = program("pass\n")
    d = daemon(f"[logging]\nlevel = error\n[/gone]\nexec = {tool}\n")
    os.unlink(tool)
    assert d.handshake("/gone").response.status == 502
    d.wait_log("/gone.*[Nn]o such file")


JOURNAL = ("sh", "-c", 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"', "sh")


@pytest.mark.key("to")
def test_for_the_journal_a_line_has_its_level_and_else_not(daemon):
    """sd-daemon(3): when stderr is the journal's stream, <6> is the level info."""
    journal = daemon("[/echo]\nexec = cat\n", wrap=JOURNAL)
    journal.ws("/echo").finish()
    journal.wait_log("^<6>.*#\\d+ /echo")
    assert all(re.match("<[0-7]>", line) for line in journal.log().splitlines())


@pytest.mark.key("to")
@pytest.mark.parametrize("setting, wrap", [("[logging]\nto = stderr\n", JOURNAL), ("", ())])
def test_plain_stderr_gets_plain_lines(daemon, setting, wrap):
    d = daemon(setting + ECHO, wrap=wrap)
    d.ws("/echo").finish()
    d.wait_log("#\\d+ /echo")
    assert not lines(d, "^<[0-7]>")


def test_peers_bytes_are_printable_and_cannot_forge_a_line(daemon):
    d = daemon(ECHO)
    get(d, "/x%0aerror:%20#1%20/echo:%20forged%1b[31m")
    d.handshake("/echo", [("Origin", "http://\u202eevil\u009b31m.example")])
    ws = d.ws("/echo")
    ws.close(4000, "bye\n\x1b[2J\x07forged".encode())
    ws.sock.close()
    d.wait_log("/echo.*4000")
    log = bytes(d.stderr.data)
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", log)
    text = log.decode("utf-8")
    assert "\u202e" not in text and "\u009b" not in text
    assert not re.search("^(error: )?#1 /echo: forged|^forged", text, re.M)


def test_every_line_about_a_session_begins_with_it(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    ws.send_bytes(encode(3, b"x"))
    assert ws.closed()[0] == 1002
    ws.close(1002)
    ws.sock.close()
    d.wait_log("/echo.*code=1002")
    about = [
        line for line in d.log().splitlines() if "/echo" in line and not line.startswith(("listening", "/"))
    ]
    assert about and all(re.match(r"(error: |warning: )?#\d+ /echo\b", line) for line in about), about


def test_a_refused_frame_is_logged_with_its_reason(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    ws.send_bytes(encode(TEXT, b"x", masked=False))
    assert ws.closed()[0] == 1002
    d.wait_log(r"#\d+ /echo.*mask")


def test_a_log_that_nobody_reads_stops_nothing(daemon):
    """stderr is a full pipe: lines are dropped and counted, and the loop goes on."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b"x" * 4096):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    d = daemon(
        "[/echo]\nexec = cat\n[/err]\nshell = seq 1000 >&2; echo done\n",
        wrap=("bash", "-c", f'exec 2>&{writer} {writer}>&-; exec "$@"', "bash"),
        pass_fds=(writer,),
    )
    os.close(writer)
    assert d.ws("/err").recv() == "done"
    assert d.ws("/echo").echoes()
    os.read(reader, 1 << 20)
    said = bytearray()

    def counted():
        assert d.ws("/echo").echoes()
        d.abandon_clients()
        if readable(reader, 0.05):
            said.extend(os.read(reader, 65536))
        return re.search(rb"\d+ log lines", said)

    until(counted, "the lost lines are counted")
    os.close(reader)
