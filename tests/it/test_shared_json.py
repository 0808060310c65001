# SPDX-License-Identifier: MIT
"""frame = json with process = shared: one program for many clients, which it knows by their ids."""

import contextlib
import json
import threading

import pytest
from control import Control
from rawws import TEXT, encode
from test_framing_json import PRELUDE, do, told
from test_metrics import value
from test_reload import file_of, reload
from waiting import until

# Tells all clients what came of any of them, in the order in which it came; obeys as TELLER does.
HERALD = """
for e in events():
    if e["event"] == "message" and e.get("text", "").startswith("{"):
        for order in json.loads(e["text"])["do"]:
            if order == "QUIT":
                sys.exit(3)
            print(order if isinstance(order, str) else json.dumps(order), flush=True)
    else:
        say(to="all", text=json.dumps(e))
"""

SHARED = "process = shared\nframe = json\nlinger = 0\n"


@pytest.fixture
def herald(daemon, program):
    """herald(MORE): a daemon with HERALD behind /x for all clients, configured with the lines MORE."""
    file = program(PRELUDE + HERALD)

    def start(more="", head="", **options):
        return daemon(f"{head}[/x]\nexec = {file}\n{SHARED}{more}\n", **options)

    return start


def join(d, others=(), **how):
    """A client of D that is open, and has been told of; its number is in .id."""
    ws = d.ws("/x", **how)
    opened = told(ws)
    assert opened["event"] == "open"
    ws.id = opened["id"]
    for other in others:
        assert told(other) == opened
    return ws


def three(d):
    a = join(d)
    b = join(d, [a])
    return a, b, join(d, [a, b])


# ---- to the program ----


@pytest.mark.key("process", "frame")
def test_one_program_hears_of_all_clients_in_the_order_in_which_it_happens(herald):
    d = herald()
    a, b, c = three(d)
    assert len({a.id, b.id, c.id}) == 3
    b.text("from b")
    for ws in (a, b, c):
        assert told(ws) == {"id": b.id, "event": "message", "text": "from b"}
    b.close(1000, b"enough")
    for ws in (a, c):
        assert told(ws) == {"id": b.id, "event": "close", "code": 1000, "reason": "enough"}
    a.text("to who is left")
    assert told(c)["id"] == a.id


def test_who_vanishes_is_told_to_the_program_as_well(herald):
    a, b, c = three(herald())
    c.reset()
    for ws in (a, b):
        event = told(ws)
        assert (event["id"], event["event"], event["code"]) == (c.id, "close", 1006)


def test_a_client_that_ends_its_input_ends_it_for_itself_only(herald):
    a, b, c = three(herald("eof = yes"))
    a.eof()
    for ws in (a, b, c):
        assert told(ws) == {"id": a.id, "event": "eof"}
    a.text("not heard")
    b.text("heard")
    assert told(a) == told(c) == {"id": b.id, "event": "message", "text": "heard"}


def test_messages_of_many_at_once_stay_whole(herald):
    a, b, c = three(herald())
    texts = {ws.id: [f"{ws.id} {n} " + "x" * 3000 for n in range(100)] for ws in (a, b, c)}
    senders = [
        ws.send_in_background(b"".join(encode(TEXT, t.encode()) for t in texts[ws.id])) for ws in (a, b, c)
    ]
    heard = [told(a) for _ in range(300)]
    for sender in senders:
        sender.join()
    for ws in (a, b, c):
        assert [e["text"] for e in heard if e["id"] == ws.id] == texts[ws.id]


# ---- from the program ----


def test_an_order_reaches_those_whom_it_names_and_nobody_else(herald):
    a, b, c = three(herald())
    do(
        a,
        {"to": b.id, "text": "one"},
        {"to": [a.id, c.id, 999999], "text": "list"},
        {"to": "all", "base64": "AP8="},
        {"to": "all", "except": b.id, "text": "except"},
        {"to": "all", "except": [a.id, c.id], "text": "except two"},
        {"to": "all", "text": "end"},
    )
    expected = {
        a: ["list", b"\0\xff", "except", "end"],
        b: ["one", b"\0\xff", "except two", "end"],
        c: ["list", b"\0\xff", "except", "end"],
    }
    for ws, messages in expected.items():
        assert [ws.recv() for _ in messages] == messages


def test_the_program_closes_one_and_the_others_go_on(herald):
    d = herald()
    a, b, c = three(d)
    do(a, {"to": b.id, "text": "bye", "close": 4001, "reason": "kicked"}, {"to": b.id, "text": "too late"})
    assert b.recv_until_close() == (["bye"], 4001, "kicked")
    for ws in (a, c):
        assert told(ws) == {"id": b.id, "event": "close", "code": 4001, "reason": "kicked"}
    b.close(4001)
    d.wait_log(rf'^#{b.id} /x: disconnected .*code=4001 by=backend reason="kicked"')
    do(c, {"to": "all", "text": "on"})
    assert a.recv() == c.recv() == "on"


def test_all_are_closed_with_one_order(herald):
    a, b, c = three(herald())
    do(a, {"to": "all", "except": c.id, "close": 4000})
    assert a.closed() == b.closed() == (4000, "")
    events = [told(c) for _ in range(2)]
    assert {e["id"] for e in events} == {a.id, b.id} and {e["event"] for e in events} == {"close"}


def test_a_bad_line_takes_nobody_down(herald):
    d = herald()
    a, b, c = three(d)
    do(a, "rubbish", '{"to":"all"', {"to": "all", "text": "on"})
    for ws in (a, b, c):
        assert ws.recv() == "on"
    d.wait_log(
        r'^warning: #\d+ /x: a line of the program is skipped: no JSON object; it begins with "rubbish"$'
    )


def test_the_end_of_the_program_closes_all(herald):
    d = herald()
    a, b, c = three(d)
    do(a, {"to": "all", "text": "last"}, "QUIT")
    for ws in (a, b, c):
        assert ws.recv_until_close() == (["last"], 4003, "process exited with status 3")


@pytest.mark.key("restart")
def test_a_program_that_starts_again_hears_of_all_who_have_stayed(herald):
    d = herald("restart = always\nrestart_delay = 2s\neof = yes")
    a, b, c = three(d)
    c.eof()
    for ws in (a, b, c):
        assert told(ws)["event"] == "eof"
    do(a, "QUIT")
    d.wait_log(r"the program has ended: status 3")
    b.finish()
    again = [told(a) for _ in range(3)]
    assert again == [told(c) for _ in range(3)]
    assert [(e["id"], e["event"]) for e in again] == [(a.id, "open"), (c.id, "open"), (c.id, "eof")]
    assert again[0]["path"] == "/x" and again[0]["remote"].endswith(f":{a.sock.getsockname()[1]}")
    do(a, {"to": [a.id, c.id], "text": "on"})
    assert a.recv() == c.recv() == "on"


@pytest.mark.key("restart")
def test_a_line_that_a_program_has_not_ended_goes_with_it(daemon, program):
    file = program(
        PRELUDE
        + """
for e in events():
    if e["event"] == "message":
        sys.stdout.write('{"to":"all","text":"half')
        sys.stdout.flush()
        signal.pause()
    say(to="all", text=e["event"])
"""
    )
    d = daemon(f"[/x]\nexec = {file}\n{SHARED}restart = always\nrestart_delay = 100ms\nmax_runtime = 3s\n")
    ws = d.ws("/x")
    assert ws.recv() == "open"
    ws.text("die")
    assert ws.recv() == "open"
    assert "skipped" not in d.log()


def test_a_megabyte_reaches_all(herald):
    a, b, c = three(herald())
    text = "é" * (1 << 18)
    order = {"do": [{"to": "all", "text": text}]}
    sender = b.send_in_background(encode(TEXT, json.dumps(order, ensure_ascii=False).encode()))
    for ws in (a, b, c):
        assert ws.recv() == text
    sender.join()


@pytest.mark.key("frame")
@pytest.mark.parametrize("then", [{"to": "all", "text": "too late"}, {"to": "all", "close": 4002}, "QUIT"])
def test_an_order_to_close_comes_behind_a_file_and_what_was_said_behind_it(herald, tmp_path, then):
    """The first end stands, and nothing comes behind it."""
    d = herald(head="[socket]\nsend_buffer = 16k\n")
    slow = join(d, receive_buffer=8192)
    other = join(d, [slow])
    sender = Control(d)
    (tmp_path / "file").write_bytes(b"f" * 4_000_000)
    with open(tmp_path / "file", "rb") as f:
        sender.begin("send-file", fds=[f.fileno()], to=slow.id)
    until(lambda: Control(d).ask("show", to=slow.id)["queue"], "it is under way")
    do(other, {"to": slow.id, "text": "bye", "close": 4001, "reason": "enough"}, then, {"to": other.id, "text": "done"})
    if then == "QUIT":
        assert other.closed() == (4003, "process exited with status 3")
    elif "close" in then:
        assert other.closed() == (4002, "")
    else:
        assert (other.recv(), other.recv()) == ("too late", "done")
    assert slow.recv_until_close() == ([b"f" * 4_000_000, "bye"], 4001, "enough")
    assert sender.end() == {"sent": 4_000_000}
    slow.close(4001)
    d.wait_log(rf'#{slow.id} /x: disconnected .*code=4001 by=backend reason="enough"')


# ---- clients that do not keep up ----

FLOOD = """
import itertools
for e in events():
    if e["event"] == "message":
        for n in range(*map(int, e["text"].split())):
            say(to="all", text=f"{n} " + "x" * 1000)
"""
ROUND = 50  # of its lines are less than a queue


@pytest.fixture
def flood(daemon, program):
    file = program(PRELUDE + FLOOD)
    return lambda more="": daemon(f"[/x]\nexec = {file}\n{SHARED}queue = 64k\n{more}\n")


def drain(sock):
    """Read SOCK to its end."""
    sock.settimeout(None)
    with contextlib.suppress(OSError):
        while sock.recv(1 << 20):
            pass


def ask_for(ws, n):
    """The numbers of a flood of N lines that WS asks for as fast as it reads them."""
    got = []
    for at in range(0, n, ROUND):
        ws.text(f"{at} {at + ROUND}")
        got += [int(ws.recv().split()[0]) for _ in range(ROUND)]
    return got


def numbers(ws, until_n):
    """The numbers of the flood that WS gets, up to UNTIL_N - 1."""
    got = []
    while not got or got[-1] != until_n - 1:
        got.append(int(ws.recv().split()[0]))
    return got


@pytest.mark.key("slow_client")
def test_who_is_too_slow_for_a_flood_goes_and_the_others_get_all_of_it(flood):
    d = flood()
    slow, quick = d.ws("/x", receive_buffer=4096), d.ws("/x")
    assert ask_for(quick, 20000) == list(range(20000))
    messages, code, reason = slow.recv_until_close()
    assert (code, reason) == (1008, "too slow")
    got = [int(m.split()[0]) for m in messages]
    assert got == list(range(len(got))) and len(got) < 20000
    slow.close(1008)
    d.wait_log(r'^#\d+ /x: disconnected .*code=1008 by=server reason="too slow"')


@pytest.mark.key("slow_client", "queue")
def test_who_takes_a_file_as_fast_as_it_comes_has_no_more_than_queue_behind_it(flood, tmp_path):
    """Whatever has to wait for the file: of the file nothing may be left to write when it is looked at."""
    d = flood("slow_client = drop")
    taker, sender, c = d.ws("/x"), Control(d), Control(d)
    (number,) = [row["id"] for row in c.ask("list", path="/x")]
    quick = d.ws("/x")
    with open(tmp_path / "file", "wb+") as f:
        f.truncate(1 << 34)
        sender.begin("send-file", fds=[f.fileno()], to=number)
    threading.Thread(target=drain, args=(taker.sock,), daemon=True).start()
    until(lambda: c.ask("show", to=number)["out"]["bytes"], "it is under way")
    while c.ask("show", to=number)["dropped"]["messages"] == 0:
        assert ask_for(quick, ROUND) == list(range(ROUND))
        assert c.ask("show", to=number)["queue"] < 192 * 1024


@pytest.mark.key("slow_client")
def test_with_pause_the_slowest_rules(flood):
    d = flood("slow_client = pause")
    slow, quick = d.ws("/x", receive_buffer=4096), d.ws("/x")
    quick.text("0 5000")
    for n in range(5000):
        assert int(slow.recv().split()[0]) == n
        assert int(quick.recv().split()[0]) == n


@pytest.mark.key("slow_client")
def test_with_drop_the_slow_miss_whole_messages(flood):
    d = flood("slow_client = drop")
    slow, quick = d.ws("/x", receive_buffer=4096), d.ws("/x")
    assert ask_for(quick, 20000) == list(range(20000))
    got = numbers(slow, 20000)
    assert got == sorted(set(got)) and len(got) < 20000


def test_orders_for_changing_clients_come_in_their_order(daemon, program):
    file = program(
        PRELUDE
        + """
ids = []
for e in events():
    if e["event"] == "open":
        ids.append(e["id"])
        say(to=e["id"], text=str(e["id"]))
    elif e["event"] == "message":
        for n in range(500):
            for i in ids:
                say(to=i, text=f"{n} one")
            say(**{"to": "all", "except": ids[n % len(ids)], "text": f"{n} all"})
        say(to="all", text="end")
"""
    )
    d = daemon(f"[/x]\nexec = {file}\n{SHARED}")
    clients = [d.ws("/x") for _ in range(5)]
    for ws in clients:
        ws.recv()
    clients[0].text("go")
    for place, ws in enumerate(clients):
        expected = [m for n in range(500) for m in [f"{n} one"] + [f"{n} all"] * (n % 5 != place)] + ["end"]
        assert [ws.recv() for _ in expected] == expected


# ---- a program that does not keep up ----


@pytest.mark.key("queue")
def test_who_comes_while_the_program_does_not_read_is_turned_away(daemon, program):
    file = program(PRELUDE + "sys.stdin.readline()\nsignal.pause()\n")
    d = daemon(f"[/x]\nexec = {file}\n{SHARED}queue = 64k\n[web]\nmetrics = /metrics\n")
    d.ws("/x").send(TEXT, b"x" * 400000)
    until(lambda: value(d, "wsbridge_input_queue_bytes", path="/x") > 65536, "much waits for the program")
    assert d.ws("/x").closed() == (1013, "program does not read its input")


# ---- coming and going ----


def test_every_open_has_its_close_whatever_the_churn(daemon, program, tmp_path):
    out = tmp_path / "out"
    d = daemon(f"[/x]\nshell = cat > {out}; echo END >> {out}\n{SHARED}")
    stays = d.ws("/x")
    for n in range(100):
        ws = d.ws("/x")
        ws.text(str(n))
        ws.finish() if n % 2 else ws.reset()
    stays.finish()
    until(lambda: out.exists() and out.read_bytes().endswith(b"END\n"), "the program saw its end")
    events = [json.loads(line) for line in out.read_bytes().splitlines()[:-1]]
    of = {}
    for e in events:
        of.setdefault(e["id"], []).append(e["event"])
    assert len(of) == 101
    assert all(seen[0] == "open" and seen[-1] == "close" and seen.count("open") == 1 for seen in of.values())


# ---- sessions ----


@pytest.mark.key("process", "session_key")
def test_with_sessions_a_program_knows_those_of_its_key(daemon, program):
    file = program(PRELUDE + HERALD)
    keyed = SHARED.replace("shared", "session") + "session_key = query:k\n"
    d = daemon(f"[/x]\nexec = {file}\n{keyed}")
    a, b, other = d.ws("/x?k=one"), d.ws("/x?k=one"), d.ws("/x?k=two")
    opened = [told(a), told(a)]
    assert [e["query"] for e in opened] == ["k=one", "k=one"]
    assert told(other)["query"] == "k=two"
    do(a, {"to": "all", "text": "us"})
    while b.recv() != "us":
        pass
    do(other, {"to": [e["id"] for e in opened], "text": "not for them"}, {"to": "all", "text": "end"})
    assert other.recv() == "end"
    do(b, {"to": "all", "text": "still us"})
    assert [a.recv(), a.recv(), b.recv()] == ["us", "still us", "still us"]


# ---- reload ----


def test_a_reload_that_leaves_the_path_alone_leaves_program_and_ids_alone(herald):
    d = herald()
    a = join(d)
    reload(d, file_of(d).read_text() + "\n[/new]\nexec = cat\n")
    b = join(d, [a])
    do(b, {"to": [a.id, b.id], "text": "both"})
    assert a.recv() == b.recv() == "both"


def test_a_reload_that_changes_the_path_gives_new_clients_a_program_of_their_own(herald):
    d = herald()
    a = join(d)
    reload(d, file_of(d).read_text().replace("frame = json", "frame = json\nenv = A=b"))
    b = join(d)
    do(b, {"to": "all", "text": "new"})
    assert b.recv() == "new"
    a.text("old")
    assert told(a)["text"] == "old"
