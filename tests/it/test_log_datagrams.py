# SPDX-License-Identifier: MIT
"""The log in the journal with its fields, in syslog, and with the time on standard error."""

import json
import os
import re
import signal
import time
from datetime import datetime, timedelta

import pytest
from harness import get, with_canary
from systemd import STREAM, Datagrams, fields, journal_in, syslog_at
from test_log import JSON, stderr_to
from test_reload import file_of
from waiting import until

ECHO = "[/echo]\nexec = cat\n"
TO_JOURNAL = "[logging]\nto = journal\n"
TO_SYSLOG = "[logging]\nto = syslog\n"


@pytest.fixture
def journal(rundir):
    journal = Datagrams(rundir / "socket")
    yield journal
    journal.close()


def event(name, **expected):
    """Whether an entry is about the event NAME and has the fields WSBRIDGE_... that are EXPECTED."""

    def fits(entry):
        found = fields(entry)
        return found.get("WSBRIDGE_EVENT") == name and all(
            found.get(f"WSBRIDGE_{key}") == value for key, value in expected.items()
        )

    return fits


@pytest.mark.key("to")
@pytest.mark.parametrize("how", ["auto", "journal"])
def test_the_journal_gets_the_fields_of_an_event(daemon, journal, rundir, how):
    stream = STREAM if how == "auto" else ()
    d = daemon(f"[logging]\nto = {how}\n" + ECHO, wrap=(*journal_in(rundir), *stream))
    ws = d.ws("/echo")
    port = ws.sock.getsockname()[1]
    assert ws.echoes("12345")
    ws.close(4321, b"bye")
    ws.sock.close()
    entry = fields(journal.find(event("disconnected")))
    assert entry["PRIORITY"] == "6" and entry["SYSLOG_IDENTIFIER"] == "wsbridged"
    assert entry["WSBRIDGE_PATH"] == "/echo"
    assert entry["WSBRIDGE_PEER"] == f"127.0.0.1:{port}"
    assert entry["WSBRIDGE_CODE"] == "4321" and entry["WSBRIDGE_REASON"] == "bye"
    assert entry["WSBRIDGE_IN"] == "1/5" and float(entry["WSBRIDGE_SECONDS"]) < 10
    assert "WSBRIDGE_USER" not in entry and "WSBRIDGE_ROUND_TRIP" not in entry
    number = int(entry["WSBRIDGE_CONN"])
    assert entry["MESSAGE"].startswith(f"#{number} /echo: disconnected peer=127.0.0.1:{port} ")
    assert d.log() == ""


def test_errors_and_refusals_have_their_priority_and_status(daemon, journal, rundir, program):
    tool = program("pass\n")
    d = daemon(TO_JOURNAL + f"[/gone]\nexec = {tool}\n", wrap=journal_in(rundir))
    os.unlink(tool)
    assert d.handshake("/gone").response.status == 502
    refused = fields(journal.find(event("refused", STATUS="502")))
    assert refused["PRIORITY"] == "6" and refused["WSBRIDGE_PATH"] == "/gone"
    error = fields(journal.find(lambda entry: "cannot start" in entry))
    assert error["PRIORITY"] == "3"
    assert error["MESSAGE"].startswith(f"#{refused['WSBRIDGE_CONN']} /gone: cannot start"), error


def test_what_a_program_says_has_its_session(daemon, journal, rundir):
    d = daemon(TO_JOURNAL + "[/err]\nshell = echo PRIORITY=0 >&2\n", wrap=journal_in(rundir))
    d.ws("/err").closed()
    entry = fields(journal.find(event("stderr", PATH="/err")))
    assert entry["PRIORITY"] == "6" and entry["MESSAGE"].endswith("PRIORITY=0")


def test_no_peer_forges_a_field(daemon, journal, rundir):
    d = daemon(TO_JOURNAL + "[/x/*]\nexec = cat\n", wrap=journal_in(rundir))
    get(d, "/no%0aPRIORITY=0%0a%0aWSBRIDGE_USER=root")
    ws = d.ws("/x/%e2%80%a8WSBRIDGE_USER=root")
    ws.close(4000, b"bye\nPRIORITY=0\n\n")
    ws.sock.close()
    closed = fields(journal.find(event("disconnected", CODE="4000")))
    assert closed["PRIORITY"] == "6"
    assert closed["WSBRIDGE_REASON"] == r"bye\x0APRIORITY=0\x0A\x0A"
    for entry in journal.all:
        assert "WSBRIDGE_USER" not in fields(entry) and fields(entry)["PRIORITY"] in "346"


@pytest.mark.key("to", "format")
def test_the_message_is_json_where_the_log_is(daemon, journal, rundir):
    d = daemon(JSON.rstrip("\n") + "\nto = journal\n" + ECHO, wrap=journal_in(rundir))
    d.ws("/echo").finish()
    entry = fields(journal.find(event("disconnected")))
    message = json.loads(entry["MESSAGE"])
    assert message["event"] == "disconnected" and str(message["id"]) == entry["WSBRIDGE_CONN"]


@pytest.mark.key("to")
def test_what_the_journal_does_not_take_becomes_a_line(daemon, journal, rundir):
    """Nobody reads its socket; nothing waits for it."""
    d = daemon(TO_JOURNAL + "[/err]\nshell = seq 100 >&2\n" + ECHO, wrap=(*journal_in(rundir), *STREAM))

    def overflown():
        d.ws("/err").closed()
        return "/err: stderr: " in d.log()

    until(overflown, "a line on standard error", 30)
    assert re.search(r"^<6>#\d+ /err: stderr: \d+$", d.log(), re.M)
    assert d.ws("/echo").echoes()
    journal.find(event("stderr"))
    d.ws("/echo").finish()
    journal.find(event("disconnected", PATH="/echo"))


def test_a_journal_that_is_restarted_is_found_again(daemon, journal, rundir):
    d = daemon(TO_JOURNAL + ECHO, wrap=journal_in(rundir))
    os.unlink(rundir / "socket")
    get(d, "/one")
    d.wait_log(r"/one: refused status=404")
    again = Datagrams(rundir / "socket")
    get(d, "/two")
    again.find(event("refused", PATH="/two"))
    again.close()


@pytest.mark.key("to")
def test_a_reload_changes_where_the_log_goes(daemon, journal, rundir):
    d = daemon("[logging]\nto = stderr\n" + ECHO, wrap=journal_in(rundir))
    reload_quietly(d, with_canary(TO_JOURNAL + ECHO))
    journal.find(lambda entry: "wsbridge.ini is taken" in entry)
    reload_quietly(d, with_canary("[logging]\nto = stderr\n" + ECHO))
    d.wait_log(r"wsbridge\.ini is taken")


def reload_quietly(d, ini):
    """As reload(), but the log may go elsewhere."""
    file_of(d).write_text(ini)
    d.notes.clear()
    d.process.send_signal(signal.SIGHUP)
    d.wait_note("READY=1")


# ---- syslog ----


@pytest.mark.key("to")
def test_syslog_gets_lines_of_rfc_3164(daemon, rundir, program):
    syslog = Datagrams(rundir / "log")
    tool = program("pass\n")
    d = daemon(TO_SYSLOG + ECHO + f"[/gone]\nexec = {tool}\n", wrap=syslog_at(rundir / "log"))
    head = r"[A-Z][a-z]{2} [ 1-3][0-9] \d\d:\d\d:\d\d wsbridged\[" + str(d.pid) + r"\]: "
    d.ws("/echo").finish()
    line = syslog.find(lambda line: "disconnected" in line)
    assert re.fullmatch("<30>" + head + r"#\d+ /echo: disconnected peer=127.*", line), line
    os.unlink(tool)
    d.handshake("/gone")
    line = syslog.find(lambda line: "cannot start" in line)
    assert re.fullmatch("<27>" + head + r"error: #\d+ /gone: cannot start.*", line), line
    assert d.log() == ""
    syslog.close()


@pytest.mark.key("to")
def test_without_a_syslog_lines_go_to_standard_error(daemon, rundir):
    d = daemon(TO_SYSLOG + ECHO, wrap=syslog_at(rundir / "log"))
    d.ws("/echo").finish()
    d.wait_log(r"^#\d+ /echo: disconnected ")


# ---- the time ----

STAMP = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d) "


def said_to_file(daemon, rundir, ini):
    fd = os.open(rundir / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    d = daemon(ini + ECHO, **stderr_to(fd))
    os.close(fd)
    d.ws("/echo").finish()
    return until(
        lambda: re.search("^(.*)#\\d+ /echo: disconnected", (rundir / "log").read_text(), re.M), "the access line"
    ).group(1)


@pytest.mark.key("time")
def test_a_line_in_a_file_begins_with_the_local_time(daemon, rundir):
    stamp = said_to_file(daemon, rundir, "")
    when = datetime.fromisoformat(re.fullmatch(STAMP, stamp).group(1))
    assert abs(when.timestamp() - time.time()) < 10
    assert when.utcoffset() in (timedelta(hours=1), timedelta(hours=2)), "TZ is Europe/Vaduz"


@pytest.mark.key("time")
def test_no_time_where_it_is_not_wanted(daemon, rundir):
    assert said_to_file(daemon, rundir, "[logging]\ntime = no\n") == ""


@pytest.mark.key("time")
def test_a_pipe_gets_the_time_on_request_only(daemon):
    d = daemon("[logging]\ntime = yes\n" + ECHO)
    d.ws("/echo").finish()
    d.wait_log(STAMP + r"#\d+ /echo: disconnected")
    other = daemon(ECHO)
    other.ws("/echo").finish()
    other.wait_log(r"^#\d+ /echo: disconnected")


@pytest.mark.key("time", "format")
def test_json_has_its_own_time(daemon):
    d = daemon(JSON.rstrip("\n") + "\ntime = yes\n" + ECHO)
    d.ws("/echo").finish()
    d.wait_log(r'^\{"time":"[^"]*Z",.*"event":"disconnected"')
