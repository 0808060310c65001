# SPDX-License-Identifier: MIT
"""frame = json: a program hears of each client, and says whom a message is for."""

import base64
import hashlib
import json
import re

import pytest
from harness import get
from keeper import kept, keeper
from rawws import BINARY, CONT, TEXT, encode
from test_metrics import becomes

# What programs of these tests begin with.
PRELUDE = """
import json, sys
def say(**order):
    print(json.dumps(order))
def events():
    for line in sys.stdin:
        yield json.loads(line)
"""

# Tells each client which lines came of it, and does what a client asks for: a message {"do": {...}} is an order.
TELLER = """
for e in events():
    if e["event"] == "message" and e.get("text", "").startswith("{"):
        for order in json.loads(e["text"])["do"]:
            print(order if isinstance(order, str) else json.dumps(order), flush=True)
    elif e["event"] != "close":
        say(to=e["id"], text=json.dumps(e))
"""


@pytest.fixture
def teller(daemon, program):
    """teller(MORE): a daemon with TELLER behind /x, configured with the lines MORE."""
    file = program(PRELUDE + TELLER)

    def start(more="", path="/x", **options):
        return daemon(f"[{path}]\nexec = {file}\nframe = json\n{more}\n", **options)

    return start


def told(ws):
    return json.loads(ws.recv())


def do(ws, *orders):
    ws.text(json.dumps({"do": orders}))


def lines_of(file):
    """What keeper() has read."""
    return [json.loads(line) for line in kept(file).splitlines()]


# ---- to the program ----


@pytest.mark.key("frame")
def test_the_program_hears_who_comes(teller):
    d = teller("subprotocol = chat", path="/room/*")
    ws = d.ws("/room/a%20b?x=1&y=%22", fields=[("Sec-WebSocket-Protocol", "chat")])
    opened = told(ws)
    host, _, port = opened.pop("remote").rpartition(":")
    assert (host, int(port)) == ws.sock.getsockname()
    assert opened == {
        "id": opened["id"],
        "event": "open",
        "path": "/room/a b",
        "query": "x=1&y=%22",
        "user": None,
        "subprotocol": "chat",
    }


def test_the_id_is_the_one_of_the_log(teller):
    d = teller()
    ws = d.ws("/x")
    number = told(ws)["id"]
    ws.finish()
    d.wait_log(rf"^#{number} /x: disconnected")


def test_who_opens_a_path_under_a_name_has_it_in_user(teller):
    token = base64.b64encode(bytes(32)).decode()
    sha = hashlib.sha256(token.encode()).hexdigest()
    d = teller(f"auth = t\n[auth t]\ntype = token\ntoken = sha256:{sha} eva")
    assert told(d.ws("/x", fields=[("Authorization", f"Bearer {token}")]))["user"] == "eva"


def test_a_query_of_thousands_of_bytes_comes_whole(teller):
    query = "q=" + "%22" * 2000 + "&%C3%A9=/?"
    assert told(teller().ws(f"/x?{query}"))["query"] == query


def test_text_is_told_as_text_and_binary_as_base64(teller):
    ws = teller().ws("/x")
    number = told(ws)["id"]
    for text in ("hello", "", 'a"b\\c', "\0\x01\x1f\x7f", "grüße 😀\u2028", "line\nline\r\n"):
        ws.text(text)
        assert told(ws) == {"id": number, "event": "message", "text": text}
    for data in (b"\0\xff", b"", b"abc", bytes(range(256)) * 9):
        ws.binary(data)
        event = told(ws)
        assert (event["id"], event["event"]) == (number, "message")
        assert base64.b64decode(event["base64"], validate=True) == data


def test_a_message_in_fragments_is_one_event(teller):
    ws = teller().ws("/x")
    told(ws)
    ws.send(TEXT, "gr\u00fc".encode()[:3], fin=False)
    ws.send(CONT, "\u00fc".encode()[1:] + b"n", fin=False)
    ws.send(CONT)
    assert told(ws)["text"] == "grün"


@pytest.mark.key("eof")
def test_with_eof_an_empty_binary_message_is_told_as_the_end_of_input(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "frame = json") + "eof = yes\n").ws("/keep")
    ws.send_bytes(encode(TEXT, b"a") + encode(BINARY) + encode(TEXT, b"too late"))
    ws.finish()
    events = [(e["event"], e.get("text")) for e in lines_of(out)]
    assert events == [("open", None), ("message", "a"), ("eof", None), ("close", None)]


def test_who_leaves_is_told_with_code_and_reason(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "frame = json")).ws("/keep")
    ws.close(4007, 'see "you"'.encode())
    assert lines_of(out)[-1] | {"id": 0} == {"id": 0, "event": "close", "code": 4007, "reason": 'see "you"'}


def test_who_vanishes_is_told_with_1006(daemon, tmp_path):
    out = tmp_path / "out"
    daemon(keeper(out, "frame = json")).ws("/keep").reset()
    closed = lines_of(out)[-1]
    assert (closed["event"], closed["code"]) == ("close", 1006)


def test_a_message_of_max_message_comes_however_it_is_escaped(daemon, program):
    file = program(
        PRELUDE
        + "for e in events():\n    if e['event'] == 'message':\n        say(to=e['id'], text=e['text'])\n"
    )
    ws = daemon(f"[/x]\nexec = {file}\nframe = json\n").ws("/x")
    for text in ("x" * (1 << 20), "\1" * (1 << 20), "é" * (1 << 19), "😀" * (1 << 18)):
        sender = ws.send_in_background(encode(TEXT, text.encode()))
        assert ws.recv() == text
        sender.join()


# ---- from the program ----


def test_an_order_is_text_or_base64(teller):
    ws = teller().ws("/x")
    number = told(ws)["id"]
    do(ws, {"to": number, "text": "é\0"}, {"to": number, "base64": "AP8="}, {"to": number, "text": ""})
    assert [ws.recv() for _ in range(3)] == ["é\0", b"\0\xff", ""]


def test_an_order_is_to_an_id_a_list_or_all_without_some(teller):
    ws = teller().ws("/x")
    number = told(ws)["id"]
    do(
        ws,
        {"to": [number, number + 1, number], "text": "list"},
        {"to": "all", "text": "all"},
        {"to": "all", "except": number, "text": "not this"},
        {"to": [number], "except": [1, number], "text": "nor this"},
        {"to": [], "text": "nobody"},
        {"to": number, "text": "end"},
    )
    assert [ws.recv() for _ in range(3)] == ["list", "all", "end"]


def test_the_program_closes_with_code_and_reason(teller):
    d = teller()
    ws = d.ws("/x")
    number = told(ws)["id"]
    do(ws, {"to": number, "text": "bye", "close": 4001, "reason": "gone fishing"})
    assert ws.recv_until_close() == (["bye"], 4001, "gone fishing")
    ws.close(4001)
    assert ws.end() == "FIN"
    d.wait_log(rf'^#{number} /x: disconnected .*code=4001 by=backend reason="gone fishing"')


BAD = [
    ("hello", "no JSON object"),
    ('{"to":1,"text":"x"', "no comma or } behind a value"),
    ('{"to":1,"txt":"x"}', "a member that is none of to, except, text, base64, close, reason"),
    ('{"to":1}', "neither text nor base64 nor close"),
    ('{"text":"x"}', "nobody that it is for"),
    ('{"to":1,"close":1006}', "close is a code that may stand in a close frame"),
    ('{"to":1,"base64":"!"}', "base64 that is not"),
]


@pytest.mark.parametrize("line,why", BAD, ids=[b[1].split()[-1] for b in BAD])
def test_a_bad_line_is_logged_with_its_first_bytes_and_skipped(teller, line, why):
    d = teller()
    ws = d.ws("/x")
    number = told(ws)["id"]
    do(ws, line, {"to": number, "text": "after"})
    assert ws.recv() == "after"
    said = d.wait_log(
        rf"^warning: #{number} /x: a line of the program is skipped: {re.escape(why)}.*"
    ).group()
    assert line[:9].replace('"', '\\"') in said or line[:9] in said


def test_bytes_that_are_no_utf8_are_a_bad_line(daemon, program):
    file = program(
        PRELUDE
        + 'sys.stdin.readline()\nsys.stdout.buffer.write(b"\\xff\\n{\\"to\\":\\"all\\",\\"text\\":\\"on\\"}\\n")'
    )
    d = daemon(f"[/x]\nexec = {file}\nframe = json\n")
    assert d.ws("/x").recv_until_close() == (["on"], 1000, "")
    d.wait_log(r'^warning: .* is skipped: no UTF-8; it begins with "\\xFF"$')


def test_blank_lines_say_nothing_and_the_last_line_needs_no_end(daemon):
    d = daemon(
        """[/x]\nshell = printf '\\n \\r\\n{"to":"all","text":"a"}\\r\\n{"to":"all","text":"b"}'\nframe = json\n"""
    )
    assert d.ws("/x").recv_until_close() == (["a", "b"], 1000, "")
    assert "skipped" not in d.log()


@pytest.mark.key("max_message")
def test_a_line_that_is_too_long_is_skipped_to_its_end(daemon, program):
    file = program(
        PRELUDE + 'say(to="all", text="x" * 1025)\nprint("y" * 200000)\nsay(to="all", text="x" * 1024)\n'
    )
    d = daemon(f"[/x]\nexec = {file}\nframe = json\nmax_message = 1k\n")
    assert d.ws("/x").recv_until_close() == (["x" * 1024], 1000, "")
    d.wait_log(r"is skipped: a message over max_message; it begins with")
    d.wait_log(r'is skipped: it is too long for a message of max_message; it begins with "y{32}"')


def test_bad_lines_without_end_do_not_fill_the_log(daemon):
    d = daemon("[/x]\nshell = read line; yes rubbish | head -n 100000; read line\nframe = json\n")
    d.ws("/x").text("go")
    d.wait_log(r"\d+ more")
    assert d.log().count("rubbish") < 100


@pytest.mark.key("max_frame")
def test_messages_are_cut_into_frames(teller):
    ws = teller("max_frame = 3").ws("/x")
    ws.frames()
    do(ws, {"to": "all", "text": "12345678"})
    assert [f.payload for f in ws.frames()] == [b"123", b"456", b"78"]


@pytest.mark.key("write")
def test_with_write_no_the_program_hears_of_clients_and_not_from_them(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "frame = json") + "write = no\n").ws("/keep")
    ws.text("x")
    ws.finish()
    assert [e["event"] for e in lines_of(out)] == ["open", "close"]


def test_a_flood_waits_for_its_client(daemon):
    d = daemon("""[/x]\nshell = yes '{"to":"all","text":"%s"}'\nframe = json\n""" % ("x" * 100))
    ws = d.ws("/x", receive_buffer=4096)
    for _ in range(20000):
        assert ws.recv() == "x" * 100


@pytest.mark.metric("wsbridge_json_lines_skipped_total", "wsbridge_json_ids_unknown_total")
def test_what_cannot_be_carried_out_is_counted(teller):
    d = teller("[web]\nmetrics = /metrics")
    ws = d.ws("/x")
    number = told(ws)["id"]
    do(ws, "rubbish", {"to": [number + 1, number, 0], "text": "on"}, "more")
    assert ws.recv() == "on"
    becomes(d, 2, "wsbridge_json_lines_skipped_total", path="/x")
    becomes(d, 2, "wsbridge_json_ids_unknown_total", path="/x")


# ---- settings ----

MEANINGLESS = [
    "type = text",
    "embedded = pass",
    "charset = latin1",
    "charset_error = close",
    "invalid_utf8 = close",
    "pty = 24x80",
]


@pytest.mark.parametrize("line", MEANINGLESS)
def test_what_means_nothing_for_lines_of_json_is_refused(check, line):
    result = check(f"[/x]\nexec = cat\nframe = json\n{line}\n")
    assert result.status == 78
    assert any(f"{line.split()[0]} means nothing with frame = json" in said for said in result.lines)


def test_messages_are_whole_so_there_is_a_limit_to_them(check):
    result = check("[/x]\nexec = cat\nframe = json\nmax_message = 0\n")
    assert result.status == 78 and any("json): max_message = 0" in said for said in result.lines)


def test_a_charset_of_the_defaults_is_not_for_json(daemon, program):
    file = program(PRELUDE + TELLER)
    ws = daemon(f"[defaults]\ncharset = latin1\n[/x]\nexec = {file}\nframe = json\n").ws("/x")
    told(ws)
    ws.text("é")
    assert told(ws)["text"] == "é"


def test_its_page_says_how_the_program_talks(teller):
    assert b"json" in get(teller(), "/x").body
