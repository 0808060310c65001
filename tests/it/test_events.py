# SPDX-License-Identifier: MIT
"""The events: one table for the log and for those who follow over the control socket."""

import json
import re
import subprocess

import pytest
from control import WSBRIDGECTL, Control, Refused, socket_of
from harness import ENVIRONMENT, ROOT
from rawws import CLOSE, PING, PONG, TEXT, encode
from test_reload import file_of
from tlssock import context
from waiting import readable, until

ECHO = "[/echo]\nexec = cat\n"


class Follower(Control):
    """A control client that follows the events which FILTERS (name=value) let through."""

    def __init__(self, d, *filters):
        super().__init__(d)
        self.names = self.ask("events", filter=list(filters))["events"]

    def next(self, event=None):
        """The next notification's parameters; with EVENT the next one of that name."""
        while True:
            line = self.line()
            assert "method" in line, line
            if line["method"] == "missed":
                return line["params"]
            if event in (None, line["params"]["event"]):
                return line["params"]

    def until(self, event):
        """All up to the first EVENT."""
        seen = [self.next()]
        while seen[-1]["event"] != event:
            seen.append(self.next())
        return seen


def table():
    """The rows of the table: {name: [field, ...]}."""
    source = (ROOT / "src/base/event.c").read_text()
    rows = re.split(r"\[EVENT_\w+\] = ", source[: source.index("clang-format on")])[1:]
    return {re.match(r'\{ .name = "(\w+)"', row).group(1): re.findall(r'(?:FIELD|OPTIONAL|FAILURE)\("(\w+)"', row) for row in rows}


def session(d):
    ws = d.ws("/echo", [("Sec-WebSocket-Protocol", "a, b"), ("Origin", f"http://{d.host}")])
    assert ws.echoes("twelve bytes")
    port = ws.sock.getsockname()[1]
    ws.finish()
    return port


ORDER = ["connection_request", "websocket_open_request", "connected", "ready_to_send", "data_in", "disconnected"]


def test_a_session_has_its_events_in_order(daemon):
    d = daemon("[/echo]\nexec = cat\nsubprotocol = b\n")
    f = Follower(d)
    port = session(d)
    seen = f.until("disconnected")
    assert [e["event"] for e in seen] == ORDER
    request, asked, connected, ready, data, gone = seen
    number = request["id"]
    assert all(e["id"] == number for e in seen)
    assert [e.get("path") for e in seen] == [None] + ["/echo"] * 5
    assert request["peer"] == asked["peer"] == connected["peer"] == gone["peer"] == f"127.0.0.1:{port}"
    assert request["accepted"] is True
    assert asked["subprotocols"] == "a, b" and connected["subprotocol"] == "b"
    assert asked["host"] == d.host and asked["origin"] == f"http://{d.host}"
    assert ready["queue"] == 0
    assert (data["opcode"], data["bytes"], data["fin"]) == ("text", 12, True)
    assert (gone["code"], gone["by"], gone["in"]) == (1000, "client", {"messages": 1, "bytes": 12})


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_has_the_same_events_at_debug(daemon, form):
    d = daemon(f"[logging]\nlevel = debug\nformat = {form}\n" + ECHO)
    f = Follower(d)
    session(d)
    seen = f.until("disconnected")
    number = seen[0]["id"]
    d.wait_log(rf'#{number} /echo: disconnected |"id":{number},.*"event":"disconnected"')
    if form == "json":
        objects = [json.loads(line) for line in d.log().splitlines() if line.startswith("{")]
        logged = [o for o in objects if o.get("id") == number and "event" in o]
        assert [{**o, "time": 0} for o in logged] == [{**e, "time": 0} for e in seen]
    else:
        assert re.findall(rf"^#{number}(?: /echo)?: (\w+) \w+=", d.log(), re.M) == ORDER
        assert re.search(rf"^#{number} /echo: data_in opcode=text bytes=12 fin=yes$", d.log(), re.M)


def test_no_event_has_the_payload_or_the_query(daemon):
    d = daemon("[logging]\nlevel = debug\n" + ECHO)
    f = Follower(d)
    ws = d.ws("/echo?token=hidden")
    assert ws.echoes("confidential")
    ws.finish()
    seen = json.dumps(f.until("disconnected"))
    for secret in ("hidden", "confidential"):
        assert secret not in seen and secret not in d.log()


def test_pieces_of_a_message_are_told_one_by_one(daemon):
    d = daemon(ECHO)
    f = Follower(d, "event=data_in")
    ws = d.ws("/echo")
    ws.sock.sendall(encode(TEXT, b"one", fin=False) + encode(0, b"last!"))
    assert ws.recv() == "onelast!"
    one = f.next()
    pieces = [one] if one["fin"] else [one, f.next()]
    assert pieces[-1]["fin"] and sum(p["bytes"] for p in pieces) == 8


@pytest.mark.parametrize(
    "broken, code",
    [(encode(TEXT, b"\xff"), 1007), (encode(3, b""), 1002), (encode(TEXT, b"x" * 2000), 1009)],
)
def test_an_error_is_told_once_with_its_code(daemon, broken, code):
    d = daemon("[/echo]\nexec = cat\nmax_message = 1k\n")
    f = Follower(d, "path=/echo")
    ws = d.ws("/echo")
    ws.sock.sendall(broken)
    assert ws.closed()[0] == code
    ws.sock.close()
    errors = [e for e in f.until("disconnected") if e["event"] == "error"]
    assert len(errors) == 1 and errors[0]["code"] == code and errors[0]["text"]


def test_a_client_that_vanishes_is_an_error_and_a_good_end_none(daemon):
    d = daemon(ECHO)
    f = Follower(d, "event=error", "event=disconnected")
    session(d)
    assert f.next()["event"] == "disconnected"
    d.ws("/echo").sock.close()
    assert [e["event"] for e in f.until("disconnected")] == ["error", "disconnected"]


def test_ready_to_send_comes_again_when_the_queue_has_gone(daemon):
    d = daemon("[/flood]\nshell = head -c 24000000 /dev/zero | tr '\\0' x | fold -w 9999; read x\nqueue = 64k\n")
    f, c = Follower(d, "event=ready_to_send"), Control(d)
    ws = d.ws("/flood", receive_buffer=4096)
    assert f.next()["queue"] == 0
    until(lambda: c.ask("list", path="/flood")[0]["queue"] > 32 * 1024, "a queue that is full")
    for _ in range(2300):
        ws.frame()
    assert f.next()["queue"] <= 8 * 1024


def test_what_is_left_of_a_queue_is_told_with_what_each_message_takes_beside_its_bytes(daemon):
    d = daemon("[socket]\nsend_buffer = 16k\n[/x]\nexec = cat\nprocess = shared\nlinger = 0\nslow_client = drop\nqueue = 64k\n")
    fast, slow = d.ws("/x"), d.ws("/x", receive_buffer=4096)
    c, port = Control(d), slow.sock.getsockname()[1]
    (number,) = [row["id"] for row in c.ask("list", path="/x") if row["peer"].endswith(f":{port}")]
    f = Follower(d, "event=ready_to_send", f"id={number}")
    while c.ask("show", to=number)["queue"] <= 32 * 1024:
        for _ in range(100):  # of each 3 bytes and a packet of its own
            assert fast.echoes("x")
    while not readable(f.sock, 0):
        if slow.got or readable(slow.sock, 0.01):
            slow.frame()
    assert 2048 < f.next()["queue"] <= 8 * 1024


def test_a_pong_is_told(daemon):
    d = daemon(ECHO)
    f, c = Follower(d, "event=pong"), Control(d)
    ws = d.ws("/echo")
    (number,) = [row["id"] for row in c.ask("list", path="/echo")]
    c.begin("ping", to=number)
    frame = ws.frame()
    assert frame.opcode == PING
    ws.send(PONG, frame.payload)
    told = f.next()
    assert told["id"] == number and abs(told["round_trip"] - c.end()["round_trip"]) < 1e-5


def test_who_may_not_connect_is_told(daemon):
    d = daemon("[server]\nlisten = 127.0.0.1:0\nallow = 192.0.2.0/24\n" + ECHO, canary=None)
    f = Follower(d)
    d.connect().recv(1)
    told = f.next()
    assert told["event"] == "connection_request" and told["accepted"] is False
    assert "not allowed" in told["reason"] and "id" not in told


@pytest.mark.without(
    "canary", "descriptors", "children", "memory", "exit", reason="the daemon is told to stop"
)
def test_what_happens_to_the_daemon_is_told(daemon):
    d = daemon(ECHO)
    f, c = Follower(d), Control(d)
    c.ask("listen", on=False)
    assert f.next("listening")["on"] is False
    c.ask("listen", on=True)
    assert f.next("listening")["on"] is True
    c.ask("reload")
    told = f.next()
    assert (told["event"], told["taken"], told["file"]) == ("reload", True, str(file_of(d)))
    told = f.next()
    assert told["event"] == "listening" and str(d.port) in told["addresses"]
    file_of(d).write_text("nonsense\n")
    with pytest.raises(Refused):
        c.ask("reload")
    assert f.next()["taken"] is False
    c.ask("shutdown", timeout=5)
    told = f.next()
    assert (told["event"], told["sessions"], told["timeout"]) == ("shutdown", 1, 5.0)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tls_is_told_before_the_request(daemon, certificate, version):
    made = certificate()
    d = daemon("[server]\nlisten = 127.0.0.1:0 tls\n" + made.ini() + ECHO)
    f = Follower(d)
    d.context = context(made, version)
    d.ws("/echo").finish()
    seen = [e for e in f.until("disconnected") if e["event"] != "ssl_step"]
    assert [e["event"] for e in seen][:3] == ["connection_request", "ssl_status", "websocket_open_request"]
    told = seen[1]
    assert told["version"] == version.replace("_", ".") and told["bits"] >= 128 and told["resumed"] is False
    assert told["cipher"] and told["id"] == seen[0]["id"] and "error" not in told


def test_a_handshake_that_fails_is_told_with_its_reason(daemon, certificate):
    made = certificate()
    d = daemon("[server]\nlisten = 127.0.0.1:0 tls\n" + made.ini() + ECHO)
    f = Follower(d, "event=ssl_status", "bits=0")
    sock = d.connect(plain=True)
    sock.sendall(b"\x16\x03\x01\x00\x04zzzz")
    sock.recv(1)
    told = f.next()
    assert told["error"] and "version" not in told


def test_startup_is_in_the_log(daemon):
    d = daemon("[logging]\nlevel = debug\n" + ECHO)
    d.wait_log(rf'^startup version=\S+ pid={d.pid} file="{file_of(d)}"$')


# ---- filters ----


def test_filters_of_one_name_are_alternatives_and_of_several_must_all_fit(daemon):
    d = daemon(ECHO + "[/other]\nexec = cat\n")
    f = Follower(d, "path=/echo", "event=connected", "event=disconnected")
    d.ws("/other").finish()
    session(d)
    assert [(e["event"], e["path"]) for e in (f.next(), f.next())] == [("connected", "/echo"), ("disconnected", "/echo")]
    f = Follower(d, "code=4001")
    session(d)
    ws = d.ws("/echo")
    ws.send(CLOSE, (4001).to_bytes(2, "big"))
    ws.closed()
    assert f.next()["code"] == 4001


@pytest.mark.parametrize("size", [80, 200, 1000, 3000])
def test_a_path_is_a_filter_however_long_it_is(daemon, size):
    long = "/" + "p" * (size - 1)
    d = daemon(f"[{long}]\nexec = cat\n[{long}q]\nexec = cat\n[{long[:70]}]\nexec = cat\n")
    f = Follower(d, f"path={long}", "event=connected")
    last = d.ws(long[:70]), d.ws(long + "q"), d.ws(long)
    event = f.next()
    if size > 1024:  # what of it there is does not tell them apart
        assert event["path"] == long[: len(event["path"]) - 1] + "…" and len(event["path"]) > 1000
    else:
        assert event["path"] == long and not readable(f.sock, 0.1)
    assert all(ws.echoes() for ws in last)


def test_the_number_of_a_client_is_a_filter(daemon):
    d = daemon(ECHO)
    c = Control(d)
    ws = [d.ws("/echo") for _ in range(3)]
    number = sorted(row["id"] for row in c.ask("list", path="/echo"))[1]
    f = Follower(d, f"id={number}", "fin=yes")
    for one in ws:
        assert one.echoes()
    assert f.next()["id"] == number
    assert not readable(f.sock, 0.1)


@pytest.mark.parametrize(
    "filter, text",
    [
        ("path", "is no name=value"),
        ("pth=/x", "did you mean 'path'"),
        ("event=conected", "did you mean 'connected'"),
        (["id=1"] * 17, "no more than 16"),
        ([1], "array of strings"),
        ({}, "array of strings"),
    ],
)
def test_a_wrong_filter_is_refused(daemon, filter, text):
    c = Control(daemon(ECHO))
    with pytest.raises(Refused) as refused:
        c.ask("events", filter=filter)
    assert refused.value.code == -32602 and text in refused.value.message
    assert c.ask("version")


def test_a_follower_may_go_on_with_commands_and_change_its_filter(daemon):
    d = daemon(ECHO)
    f = Follower(d, "event=connected")
    d.ws("/echo").finish()
    assert f.next()["event"] == "connected"
    assert f.ask("version")["pid"] == d.pid
    f.ask("events", filter="event=disconnected")
    f.notifications.clear()
    d.ws("/echo").finish()
    assert f.next()["event"] == "disconnected"


# ---- slow ones ----


def test_a_slow_follower_hears_how_many_it_missed(daemon):
    d = daemon(ECHO)
    slow, quick = Follower(d, "event=data_in"), Follower(d, "event=data_in", "bytes=7")
    ws = d.ws("/echo")
    sent = 20000
    for _ in range(sent // 100):
        ws.sock.sendall(encode(TEXT, b"x") * 100)
        for _ in range(100):
            ws.recv()
    ws.sock.sendall(encode(TEXT, b"the end"))
    assert ws.recv() == "the end"
    assert quick.next()["bytes"] == 7
    told, missed = 0, None
    while missed is None:
        event = slow.next()
        missed = event.get("events")
        told += missed is None
    assert told > 100 and told + missed == sent + 1
    assert ws.echoes("again")
    assert slow.next()["bytes"] == 5


def test_followers_that_go_are_forgotten(daemon):
    d = daemon(ECHO)
    gone = [Follower(d) for _ in range(8)]
    for f in gone:
        f.close()
    session(d)
    f = Follower(d)
    session(d)
    assert f.until("disconnected")


# ---- wsbridgectl ----


def test_wsbridgectl_prints_events_until_it_is_stopped(daemon):
    d = daemon("[logging]\nlevel = debug\n" + ECHO)
    argv = [WSBRIDGECTL, "--socket", socket_of(d)]
    words = ["events", "--filter", "path=/echo", "--filter=event=disconnected"]
    with (
        subprocess.Popen([*argv, *words], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as text,
        subprocess.Popen([*argv, "--json", *words], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as as_json,
    ):
        until(lambda: d.log().count("control: events by ") == 2, "two followers")
        session(d)
        assert re.fullmatch(
            r'\S+Z #\d+ /echo disconnected peer="127\S+" .* in=1/12 out=1/12 .* code=1000 by="client" .*\n',
            text.stdout.readline(),
        )
        assert json.loads(as_json.stdout.readline())["code"] == 1000
        text.terminate()
        as_json.terminate()


def test_wsbridgectl_says_what_is_wrong_with_a_filter(daemon):
    d = daemon(ECHO)
    argv = [WSBRIDGECTL, "--socket", socket_of(d), "events"]
    done = subprocess.run([*argv, "--filter", "x=1"], capture_output=True, text=True)
    assert done.returncode == 1 and "no event has a field 'x'" in done.stderr
    done = subprocess.run([*argv, "path=/x"], capture_output=True, text=True)
    assert done.returncode == 64 and "usage" in done.stderr


# ---- the manual ----


def test_the_manual_has_every_event_with_its_fields_in_order(daemon):
    f = Follower(daemon(ECHO))
    rows = table()
    assert sorted(rows) == sorted(f.names)
    manual = (ROOT / "man" / "wsbridge-control.7").read_text()
    part = manual[manual.index(".Sh EVENTS") : manual.index(".Sh ERROR CODES")]
    items = dict(re.findall(r"^\.It Li (\w+)\n(.*?)(?=^\.(?:It Li|El))", part, re.M | re.S))
    assert sorted(items) == sorted(rows)
    for name, fields in rows.items():
        said = [word for line in re.findall(r"^\.Fa (.*)$", items[name], re.M) for word in line.split(" , ")]
        assert said == fields, name
