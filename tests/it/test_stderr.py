# SPDX-License-Identifier: MIT
"""stderr = client: what a program complains of is told to its clients."""

import json

import pytest
from harness import is_sanitized, with_canary
from rawws import BINARY, CONT, TEXT
from test_flow import bound_of, grown
from test_metrics import ON, value
from test_reload import reload
from waiting import until

CLIENT = "stderr = client\n"
LONG = "head -c 300000 /dev/zero | tr '\\0' x"  # more than is held of a line that has no end yet


def rest_of(ws):
    """What comes of the message under way, to its end."""
    frames = []
    while not frames or not frames[-1].fin:
        frames.append(ws.frame())
        assert frames[-1].opcode == CONT, frames[-1]
    return b"".join(f.payload for f in frames)


def said(text):
    return json.dumps({"event": "stderr", "text": text}, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.key("stderr")
def test_each_line_of_standard_error_is_a_message_and_none_is_logged(daemon):
    d = daemon("[/err]\nshell = echo out; echo 'no \"such\" thing' >&2; echo >&2; read x; echo $x\n" + CLIENT)
    ws = d.ws("/err")
    assert sorted(ws.recv() for _ in range(3)) == sorted(["out", said('no "such" thing'), said("")])
    ws.text("goes on")
    assert ws.recv_until_close() == (["goes on"], 1000, "")
    assert "such" not in d.log()


@pytest.mark.key("stderr")
@pytest.mark.parametrize("process", ["each", "shared", "session\nsession_key = query:s"])
def test_what_it_says_last_comes_before_its_end(daemon, process):
    d = daemon(f"[/err]\nshell = read x; echo why >&2; printf 'half a line' >&2; exit 3\nprocess = {process}\n" + CLIENT)
    ws = d.ws("/err?s=k")
    ws.text("go")
    assert ws.recv_until_close() == ([said("why"), said("half a line")], 4003, "process exited with status 3")


@pytest.mark.key("stderr")
def test_any_bytes_are_a_text_and_a_long_line_is_several(daemon, program):
    script = program("os.write(2, b'a\\x00\\x1b\\xff\\xc3\\n' + 5000 * b'x' + b'\\n' + 'é'.encode())\nsys.stdin.read()\n")
    ws = daemon(f"[/err]\nexec = {script}\n" + CLIENT).ws("/err")
    assert json.loads(ws.recv()) == {"event": "stderr", "text": "a\0\x1b\ufffd\ufffd"}
    parts = [json.loads(ws.recv())["text"] for _ in range(2)]
    assert "".join(parts) == 5000 * "x" and max(map(len, parts)) <= 4096
    ws.eof()
    assert ws.recv_until_close() == ([said("é")], 1000, "")


@pytest.mark.key("stderr")
def test_in_the_charset_of_the_path_it_is_converted(daemon):
    d = daemon("[/err]\nshell = printf 'na\\357ve\\n' >&2; cat\ncharset = ISO-8859-1\n" + CLIENT)
    assert d.ws("/err").recv() == said("naïve")


@pytest.mark.key("stderr")
def test_it_is_text_beside_binary_output(daemon):
    ws = daemon("[/err]\nshell = printf ab; read x; echo oops >&2; cat\nframe = raw\n" + CLIENT).ws("/err")
    frame = ws.frame()
    assert (frame.opcode, frame.payload) == (BINARY, b"ab")
    ws.text("\n")
    frame = ws.frame()
    assert (frame.opcode, frame.payload.decode()) == (TEXT, said("oops"))


@pytest.mark.key("stderr")
def test_it_stands_between_two_messages_and_never_inside_one(daemon):
    d = daemon(f"[/err]\nshell = {LONG}; echo oops >&2; read x; echo end; cat\n" + CLIENT)
    ws = d.ws("/err")
    assert len(ws.frame().payload) > 0  # the line has begun
    ws.text("go on")
    assert rest_of(ws).endswith(b"xend")
    assert ws.recv() == said("oops")


@pytest.mark.key("stderr", "queue")
@pytest.mark.metric("wsbridge_stderr_lines_dropped_total")
def test_in_the_middle_of_a_message_no_more_than_queue_waits(daemon):
    d = daemon(
        ON + f"[/err]\nshell = {LONG}; seq 100000 >&2; read x; echo end; cat\nqueue = 64k\n" + CLIENT
    )
    ws = d.ws("/err")
    assert not ws.frame().fin
    ws.text("go on")
    assert rest_of(ws).endswith(b"xend")
    numbers = [json.loads(ws.recv())["text"] for _ in range(100)]
    assert numbers == [str(n) for n in range(1, 101)]
    until(lambda: value(d, "wsbridge_stderr_lines_dropped_total", path="/err") > 90000, "what does not fit is counted")


@pytest.mark.key("stderr", "queue")
def test_a_flood_of_it_waits_for_a_client_that_does_not_read(daemon, tmp_path):
    done = tmp_path / "done"
    d = daemon(f"[/err]\nshell = seq 300000 >&2; touch {done}; cat\nqueue = 64k\n" + CLIENT)
    ws = d.ws("/err", receive_buffer=4096)
    got = [json.loads(ws.recv())["text"] for _ in range(10)]
    canary = d.ws("/canary")
    for i in range(50):
        assert canary.echoes(str(i))
    assert is_sanitized() or grown(d) <= bound_of(64 * 1024)
    assert not done.exists()
    got += [json.loads(ws.recv())["text"] for _ in range(300000 - 10)]
    assert got == [str(n) for n in range(1, 300001)]
    until(done.exists, "the program has gone on")


# ---- of many ----


@pytest.mark.key("stderr", "replay")
def test_all_who_share_a_program_hear_it_and_who_comes_late_as_well(daemon):
    d = daemon("[/err]\nshell = while read x; do echo $x >&2; done\nprocess = shared\nreplay = 2\nlinger = 0\n" + CLIENT)
    one, two = d.ws("/err"), d.ws("/err")
    for text in ("a", "b", "c"):
        one.text(text)
        assert one.recv() == two.recv() == said(text)
    late = d.ws("/err")
    assert (late.recv(), late.recv()) == (said("b"), said("c"))


@pytest.mark.key("stderr", "restart")
def test_the_next_program_begins_a_line_of_its_own(daemon):
    d = daemon(
        "[/err]\nshell = printf up >&2; read x; printf 'half' >&2; exit 1\nprocess = shared\n"
        "restart = on-failure\nrestart_delay = 100ms\nlinger = 0\n" + CLIENT
    )
    ws = d.ws("/err")
    ws.text("die")
    assert ws.recv() == said("uphalf")
    d.wait_log("started again")
    ws.text("die")
    assert ws.recv() == said("uphalf")


@pytest.mark.key("stderr", "slow_client")
def test_who_is_too_slow_for_it_goes_and_the_others_hear_all(daemon):
    d = daemon(
        "[socket]\nsend_buffer = 4k\n[/err]\nshell = while read n; do seq $n >&2; done\nprocess = shared\nqueue = 64k\nlinger = 0\n" + CLIENT
    )
    slow, ws = d.ws("/err", receive_buffer=4096), d.ws("/err")
    for _ in range(20):
        ws.text("1000")
        assert [json.loads(ws.recv())["text"] for _ in range(1000)] == [str(n) for n in range(1, 1001)]
    assert slow.recv_until_close()[1:] == (1008, "too slow")


@pytest.mark.key("stderr", "frame")
def test_with_lines_of_json_all_hear_it_and_orders_go_on(daemon, program):
    script = program(
        "import json\n"
        "for line in sys.stdin:\n"
        "    e = json.loads(line)\n"
        "    if e['event'] == 'message':\n"
        "        print('complaint', file=sys.stderr, flush=True)\n"
        "        print(json.dumps({'to': e['id'], 'text': e['text']}), flush=True)\n"
    )
    d = daemon(f"[/json]\nexec = {script}\nframe = json\nprocess = shared\nlinger = 0\n" + CLIENT)
    one, two = d.ws("/json"), d.ws("/json")
    one.text("x")
    assert sorted([one.recv(), one.recv()]) == sorted([said("complaint"), "x"])
    assert two.recv() == said("complaint")


@pytest.mark.key("stderr", "linger")
def test_while_nobody_is_there_nothing_holds_it_up(daemon, tmp_path):
    go, done = tmp_path / "go", tmp_path / "done"
    d = daemon(
        f"[/err]\nshell = echo up; while [ ! -e {go} ]; do sleep 0.02; done; seq 100000 >&2; touch {done}; cat\n"
        "process = session\nsession_key = query:s\nlinger = 10s\nreplay = 1\neof_timeout = 0\n" + CLIENT
    )
    ws = d.ws("/err?s=k")
    assert ws.recv() == "up"
    ws.finish()
    go.touch()
    until(done.exists, "the program has gone on")
    back = d.ws("/err?s=k")
    heard = iter(back.recv, said("100000"))
    assert len(list(heard)) < 11000, "what was said to nobody is over, but for what lay in the pipe"
    reload(d, with_canary(""))  # or it would linger


@pytest.mark.key("stderr")
def test_a_reload_is_for_new_clients(daemon):
    ini = "[/err]\nshell = while read x; do echo $x >&2; done\n"
    d = daemon(ini + CLIENT)
    old = d.ws("/err")
    reload(d, with_canary(ini))
    new = d.ws("/err")
    old.text("told")
    assert old.recv() == said("told")
    new.text("logged")
    d.wait_log(r"#\d+ /err: stderr: logged$")
