# SPDX-License-Identifier: MIT
"""The log: one line an event, told apart by session, which no peer can forge."""

import json
import os
import pty
import re
import signal
from datetime import datetime, timedelta, timezone

import pytest
from harness import ROOT, get
from rawws import TEXT, encode
from systemd import STREAM, journal_in
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
def test_the_manual_explains_the_fields_of_the_access_line_in_their_order(daemon):
    d = daemon(ECHO)
    d.ws("/echo").finish()
    line = d.wait_log(r"^#\d+ /echo: disconnected .*$").group(0)
    fields = re.findall(r" (\w+)=", re.sub('"[^"]*"', "Q", line))
    manual = (ROOT / "man" / "wsbridged.8").read_text()
    table = manual[manual.index("The fields of the line") : manual.index("The line\n.Li refused")]
    explained = [name for names in re.findall(r"^\.It Li (.*)$", table, re.M) for name in names.split(" , ")]
    assert fields == explained


@pytest.mark.key("access")
def test_the_access_line_counts_what_was_discarded(daemon):
    d = daemon("[/view]\nexec = cat\nwrite = no\n")
    ws = d.ws("/view")
    ws.text("12345")
    ws.text("678")
    ws.finish()
    d.wait_log(r"/view: disconnected .*\bin=0/0 out=0/0 discarded=2/8 ")


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
    for more in (r"#\d+: connection_request peer=127", r"#\d+ /echo: open -> ", r"#\d+ /echo: program started, pid \d+"):
        assert re.search(more, "\n".join(debug)) and not re.search(more, "\n".join(info)), more
    assert any("/echo" in line for line in info) and not any("/echo" in line for line in warning)


@pytest.mark.key("level")
def test_errors_are_said_at_any_level(daemon, program):
    tool = program("pass\n")
    d = daemon(f"[logging]\nlevel = error\n[/gone]\nexec = {tool}\n")
    os.unlink(tool)
    assert d.handshake("/gone").response.status == 502
    d.wait_log("/gone.*[Nn]o such file")


JOURNAL = (*journal_in("/nowhere"), *STREAM)


@pytest.mark.key("to")
def test_for_the_journal_a_line_has_its_level_and_else_not(daemon):
    """sd-daemon(3): when stderr is the journal's stream, and its socket takes nothing, <6> is the level info."""
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


def full_pipe():
    """(reader, writer) of a pipe that takes nothing more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b"x" * 4096):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    return reader, writer


def stderr_to(fd):
    """How a daemon is started whose stderr is our FD."""
    return {"wrap": ("bash", "-c", f'exec 2>&{fd} {fd}>&-; exec "$@"', "bash"), "pass_fds": (fd,)}


def test_a_log_that_nobody_reads_stops_nothing(daemon):
    """stderr is a full pipe: lines are dropped and counted, and the loop goes on."""
    reader, writer = full_pipe()
    d = daemon(
        "[/echo]\nexec = cat\n[/err]\nshell = seq 1000 >&2; echo done\n",
        **stderr_to(writer),
    )
    os.close(writer)
    assert d.ws("/err").recv() == "done"
    assert d.ws("/echo").echoes()
    os.read(reader, 1 << 20)
    said = bytearray()

    def counted():
        if readable(reader, 0.05):
            said.extend(os.read(reader, 65536))
        return re.search(rb"\d+ log lines", said)

    until(counted, "the lost lines are counted, without another event")
    os.close(reader)


def test_a_pipe_that_others_fill_meanwhile_blocks_nothing(daemon):
    """The daemon's own end of it does not wait, whatever mode the end has that it shares with others."""
    reader, writer = os.pipe()
    d = daemon(ECHO, **stderr_to(writer))
    assert os.get_blocking(writer), "the mode of the pipe that others write to is left alone"
    assert any(
        os.readlink(f"/proc/{d.pid}/fd/{fd}").startswith("pipe:")
        and int(re.search(r"flags:\s+(\d+)", open(f"/proc/{d.pid}/fdinfo/{fd}").read()).group(1), 8) & os.O_NONBLOCK
        and os.stat(f"/proc/{d.pid}/fd/{fd}").st_ino == os.fstat(writer).st_ino
        for fd in os.listdir(f"/proc/{d.pid}/fd")
    )
    os.close(writer)
    os.close(reader)
    assert d.ws("/echo").echoes(), "not even when the reader is gone"


def test_a_full_disk_stops_nothing(daemon):
    full = os.open("/dev/full", os.O_WRONLY)
    d = daemon(ECHO + "[/err]\nshell = seq 1000 >&2; echo done\n", **stderr_to(full))
    os.close(full)
    assert d.ws("/err").recv() == "done"
    for _ in range(20):
        assert get(d, "/nothing").status == 404
    assert d.ws("/echo").echoes()


def test_a_log_that_may_not_grow_stops_nothing(daemon, tmp_path):
    """At its limit (ulimit -f) the kernel ends who writes on, and as ever that is for programs only."""
    log = tmp_path / "log"
    d = daemon(
        ECHO + f"[/write]\nshell = yes >{tmp_path}/more; echo $?\n",
        wrap=("bash", "-c", f'ulimit -f 1; exec 2>{log} "$@"', "bash"),
    )
    for _ in range(20):
        assert get(d, "/nothing").status == 404
    assert log.stat().st_size == 1024
    assert d.ws("/write").recv() == str(128 + signal.SIGXFSZ)
    assert d.ws("/echo").echoes()


# ---- how many ----


def refuse_many(d, count):
    for _ in range(count):
        assert get(d, "/nothing").status == 404
        d.abandon_clients()


def test_lines_of_one_reason_are_limited_and_counted(daemon):
    """A thousand refusals: ten lines and one that counts in each second that they take, none left out."""
    d = daemon("[limits]\naccept_rate = 0\n" + ECHO)
    start = datetime.now()
    refuse_many(d, 1000)
    seconds = (datetime.now() - start).total_seconds()
    refused = r"^#\d+ /nothing: refused status=404"

    def accounted():
        told = sum(int(n) for n in re.findall(r"^refused 404: (\d+) more in the last second$", d.log(), re.M))
        return told + len(lines(d, refused)) == 1000

    until(accounted, lambda: f"1000 are accounted for:\n{d.log()}")
    assert 10 <= len(lines(d, refused)) <= 10 * (seconds + 2)
    assert 1 <= len(lines(d, "refused 404: ")) <= seconds + 2


def test_a_flood_of_one_reason_hides_no_other(daemon):
    d = daemon("[limits]\naccept_rate = 0\n" + ECHO)
    refuse_many(d, 50)
    assert d.handshake("/echo", [("Origin", "http://evil.example")]).response.status == 403
    ws = d.ws("/echo")
    ws.send_bytes(encode(3, b"x"))
    assert ws.closed()[0] == 1002
    ws.sock.close()
    d.wait_log("status=403.*evil")
    d.wait_log("broke the protocol")


def test_every_session_has_its_access_line(daemon):
    """It is a record, not a complaint: as many as there are sessions."""
    d = daemon("[limits]\naccept_rate = 0\n[/x]\nexec = true\n")
    for _ in range(40):
        assert d.ws("/x").closed()[0] == 1000
    d.abandon_clients()
    until(lambda: len(lines(d, "/x: disconnected .*code=1000")) == 40, "40 access lines")


@pytest.mark.without("canary", "children", "descriptors", "memory", "exit", reason="the test ends the daemon")
def test_a_count_is_told_at_the_end_at_the_latest(daemon):
    d = daemon("[limits]\naccept_rate = 0\n" + ECHO)
    refuse_many(d, 60)
    seen = len(lines(d, "refused status="))
    d.process.send_signal(signal.SIGTERM)
    d.canary.closed()
    d.canary.sock.close()
    assert d.wait_exit() == 0
    assert seen < 60
    told = sum(int(n) for n in re.findall(r"refused 404: (\d+) more", d.log()))
    assert d.log().endswith("\nstopped\n")
    assert told + len(lines(d, "refused status=404")) == 60


# ---- JSON ----

JSON = "[logging]\nformat = json\n"


def objects(d):
    """Every line of the log of D is an object."""
    parsed = [json.loads(line) for line in bytes(d.stderr.data).decode("utf-8").splitlines()]
    assert all(isinstance(o, dict) and {"time", "level"} <= set(o) for o in parsed)
    return parsed


def wait_object(d, **members):
    """The first object of D's log that has MEMBERS."""

    def found():
        log = bytes(d.stderr.data)
        complete = log[: log.rfind(b"\n") + 1].decode("utf-8").splitlines()
        return next((o for o in map(json.loads, complete) if members.items() <= o.items()), None)

    return until(found, lambda: f"{members} in the log:\n{d.log()}")


@pytest.mark.key("format")
def test_json_has_an_object_a_line_with_the_fields_as_members(daemon):
    d = daemon(JSON + ECHO)
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    ws = d.ws("/echo")
    port = ws.sock.getsockname()[1]
    assert ws.echoes("12345")
    ws.finish()
    o = wait_object(d, event="disconnected")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", o["time"])
    assert before <= datetime.fromisoformat(o["time"].replace("Z", "+00:00")) <= datetime.now(timezone.utc)
    assert isinstance(o["id"], int) and o["path"] == "/echo" and o["level"] == "info"
    assert o["peer"] == f"127.0.0.1:{port}" and o["user"] is None
    assert 0 <= o["seconds"] < 10
    assert o["in"] == o["out"] == {"messages": 1, "bytes": 5}
    assert o["discarded"] == {"messages": 0, "bytes": 0}
    assert (o["code"], o["by"], o["reason"]) == (1000, "client", "")
    assert "process" in o and o["round_trip"] is None
    get(d, "/nothing")
    o = wait_object(d, event="refused")
    assert (o["path"], o["status"], o["reason"]) == ("/nothing", 404, "no such path")
    assert o["peer"].startswith("127.0.0.1:")
    objects(d)


@pytest.mark.key("format")
@pytest.mark.parametrize("setting", ["", "[logging]\nformat = text\n"])
def test_text_is_no_json(daemon, setting):
    d = daemon(setting + ECHO)
    d.ws("/echo").finish()
    d.wait_log(r"^#\d+ /echo: disconnected peer=")
    assert not lines(d, "^{")


@pytest.mark.key("format")
def test_free_text_and_errors_are_objects_too(daemon, program):
    tool = program("pass\n")
    d = daemon(JSON + f"[/gone]\nexec = {tool}\n[/err]\nshell = printf 'a\\tb\\n' >&2\n")
    os.unlink(tool)
    assert d.handshake("/gone").response.status == 502
    o = wait_object(d, level="error", path="/gone")
    assert tool in o["message"] and "No such file" in o["message"]
    assert d.ws("/err").closed()[0] == 1000
    assert wait_object(d, event="stderr")["message"] == "a\tb"
    assert any("listening on" in o.get("message", "") for o in objects(d))


@pytest.mark.key("format")
def test_counts_are_objects_too(daemon):
    d = daemon("[limits]\naccept_rate = 0\n" + JSON + ECHO)
    refuse_many(d, 60)
    until(
        lambda: any(o.get("message", "").startswith("refused 404: ") for o in objects(d)), "the count is told"
    )


@pytest.mark.key("format")
def test_a_file_that_is_not_taken_is_told_in_the_form_of_the_log(daemon, tmp_path):
    d = daemon(JSON + ECHO)
    with open(tmp_path / "wsbridge.ini", "a") as f:
        f.write("nonsense = 1\n")
    d.process.send_signal(signal.SIGHUP)
    until(lambda: any("is not taken" in o.get("message", "") for o in objects(d)), "the file is not taken")
    told = [o for o in objects(d) if "nonsense" in o.get("message", "")]
    assert told and told[0]["level"] == "error"
    assert re.match(r".*wsbridge\.ini:\d+: ", told[0]["message"])


HOSTILE = "\n#1 /echo: disconnected code=1000 reason=\"x\"\r{\"level\":\"error\"}\x1b[2J\x07\x7f\u202e\u009b\u2028\\"
# A path with control characters or encoded slashes is not even decoded; what else there may be in one:
HOSTILE_PATH = re.sub("[\0-\x1f\x7f/]", "", HOSTILE).encode() + b"\xff\xc3"


def provoke(d):
    """Hostile bytes wherever a peer may put them: path, Origin, close reason, stderr, a line that is too long."""
    quoted = "".join(f"%{b:02x}" for b in HOSTILE_PATH)
    get(d, "/" + quoted)
    get(d, "/%0a" + quoted)
    get(d, "/long" + quoted * 20)
    d.handshake("/echo", [("Origin", 'http://\u202eevil" code=1\u009b31m.example')])
    ws = d.ws("/echo")
    ws.close(4000, HOSTILE.encode())
    ws.closed()
    ws.sock.close()
    err = d.ws("/err")
    assert err.closed()[0] == 1000
    err.close()
    err.sock.close()


def provoked(daemon, program, setting):
    tool = program(
        f"os.write(2, {HOSTILE.encode()!r} + b'\\xff\\n' + b'\\x01' * 3000 + b'\\n')\n"
    )
    d = daemon(setting + ECHO + f"[/err]\nexec = {tool}\n")
    provoke(d)
    d.wait_log(r"/err.*disconnected.*1000")
    d.wait_log(r"/echo.*disconnected.*4000")
    return d


def test_hostile_bytes_forge_no_text(daemon, program):
    d = provoked(daemon, program, "")
    log = bytes(d.stderr.data)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", log)
    text = log.decode("utf-8")
    assert not re.search("[\u0080-\u009f\u2028-\u202e\u2066-\u2069]", text)
    for line in text.splitlines():
        assert re.match(r"#\d+( /\S*)?: |(error|warning): |listening on |stderr: ", line), line
        assert len(line.encode()) <= 4096
    for line in lines(d, "^#\\d+ /\\S*: disconnected "):
        # Quoted values first: what is left of the line has each field once.
        rest = re.sub(r'="(\\.|[^"\\])*"', "=Q", line)
        assert rest.count("code=") == 1 and rest.count("reason=Q") == 1, line
    assert len(lines(d, "^#\\d+ /echo: disconnected ")) == 1


@pytest.mark.key("format")
def test_hostile_bytes_forge_no_json_and_come_back_whole(daemon, program):
    d = provoked(daemon, program, JSON)
    log = bytes(d.stderr.data)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", log)
    assert not re.search("[\u0080-\u009f\u2028-\u202e\u2066-\u2069]", log.decode("utf-8"))
    everything = objects(d)
    (closed,) = [o for o in everything if o.get("event") == "disconnected" and o["path"] == "/echo"]
    assert closed["reason"] == HOSTILE and closed["code"] == 4000
    refused = [o for o in everything if o.get("event") == "refused"]
    paths = [o["path"] for o in refused if "path" in o]
    assert any(path.startswith("/" + HOSTILE_PATH[:60].decode("utf-8", "ignore")) for path in paths), paths
    assert any(path.startswith("/long") and path.endswith("…") for path in paths), paths
    assert any('\u202eevil" code=1' in o["reason"] for o in refused)
    assert all(len(line) < 4096 for line in log.splitlines())
    assert not any(o["level"] == "error" for o in everything)


# ---- colour ----


def on_terminal(daemon, program, setting="", **env):
    """What a daemon whose stderr is a terminal says while a program cannot be started."""
    tool = program("pass\n")
    terminal, stderr = pty.openpty()
    d = daemon(f"{setting}[/gone]\nexec = {tool}\n", env=env, **stderr_to(stderr))
    os.close(stderr)
    os.unlink(tool)
    assert d.handshake("/gone").response.status == 502
    said = bytearray()

    def told():
        if readable(terminal, 0.05):
            said.extend(os.read(terminal, 65536))
        return b"refused" in said

    until(told, "the refusal is on the terminal")
    os.close(terminal)
    return said.decode()


RED = re.compile(r"^\S+ \033\[[0-9;]+merror:\033\[0m #\d+ /gone: cannot start", re.M)


@pytest.mark.key("format")
def test_words_of_levels_are_coloured_on_a_terminal(daemon, program):
    said = on_terminal(daemon, program)
    assert RED.search(said), said
    assert "\033" not in RED.sub("", said), "nothing else is"


@pytest.mark.key("format")
@pytest.mark.parametrize(
    "setting, env", [("", {"NO_COLOR": "1"}), ("", {"TERM": "dumb"}), (JSON, {})], ids=("no", "dumb", "json")
)
def test_a_terminal_without_colour(daemon, program, setting, env):
    said = on_terminal(daemon, program, setting, **env)
    assert "cannot start" in said and "\033" not in said


def test_a_pipe_gets_no_colour(daemon, program):
    tool = program("pass\n")
    d = daemon(f"[/gone]\nexec = {tool}\n")
    os.unlink(tool)
    assert d.handshake("/gone").response.status == 502
    d.wait_log("^error: #\\d+ /gone: cannot start")
    assert "\033" not in d.log()


def test_a_terminal_that_is_stopped_blocks_nothing(daemon):
    """Nobody reads the terminal: what does not fit is lost."""
    terminal, stderr = pty.openpty()
    d = daemon("[/err]\nshell = seq 1000 >&2\n", **stderr_to(stderr))
    os.close(stderr)
    for _ in range(30):  # 100 lines each, far more than a terminal holds
        assert d.ws("/err").closed()[0] == 1000
    d.abandon_clients()
    os.close(terminal)
