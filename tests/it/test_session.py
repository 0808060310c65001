# SPDX-License-Identifier: MIT
"""process = session: a program for each key, which waits for its client to come back."""

import pytest
from control import Control, Refused
from harness import http, with_canary
from inicheck import fails
from rawws import BINARY, CLOSE, CONT, request
from test_auth import bearer, token_line
from test_pty import screen
from test_reload import reload
from test_shared import programs, show
from waiting import until

QUERY = "process = session\nsession_key = query:s\neof_timeout = 0\n"
WHO = "[/who]\nshell = echo $$; exec cat\nreplay = 100\n" + QUERY


TOKENS = "[auth staff]\ntype = token\n" + "".join(f"token = {token_line(name + 's-token', name)}\n" for name in ("ann", "bob"))


def as_(name):
    return bearer(f"{name}s-token")


def pid(ws):
    return int(ws.recv())


@pytest.mark.key("process", "session_key")
def test_each_key_has_a_program_of_its_own(daemon):
    d = daemon(WHO + "linger = 0\n")
    one, again, two = d.ws("/who?s=one"), d.ws("/who?x=1&s=one&s=two"), d.ws("/who?s=two")
    assert pid(one) == pid(again)
    assert len(programs(d)) == 2
    pid(two)
    one.text("for one")
    assert (one.recv(), again.recv()) == ("for one", "for one")
    assert two.echoes("for two")


@pytest.mark.key("process", "session_key")
def test_three_lines_are_a_shell_that_one_comes_back_to(daemon, values, check):
    ini = "[/shell]\nexec = bash\npty = 24x80\nsession_key = query:s\n"
    d = daemon(ini)
    ws = d.ws("/shell?s=mine")
    ws.binary(b"PS1=; here=there; echo is-$here\n")
    screen(ws, b"is-there\r\n")
    ws.reset()
    ws = d.ws("/shell?s=mine")
    ws.binary(b"echo still-$here\n")
    screen(ws, b"still-there\r\n")
    other = d.ws("/shell?s=other")
    other.binary(b"echo [$here]\n")
    screen(other, rb"\[\]\r\n")
    for client in (ws, other):
        client.binary(b"exit\n")
        client.recv_until_close()
    assert values(ini)[("/shell", "process")] == ["session"]
    assert values(ini + "process = session\n") == values(ini)
    fails(check(ini + "process = each\n"), (4, "session_key means nothing with process = each"))


@pytest.mark.key("session_key")
def test_a_cookie_names_the_session(daemon):
    d = daemon("[/who]\nshell = echo $$; exec cat\nreplay = 9\nlinger = 0\nprocess = session\nsession_key = cookie:id\n")
    one = d.ws("/who", [("Cookie", "a=b; id=one")])
    again = d.ws("/who", [("Cookie", "id=one; id=two")])
    two = d.ws("/who", [("Cookie", "id=two; xid=one")])
    assert pid(one) == pid(again) != pid(two)


@pytest.mark.key("session_key")
def test_a_user_has_one_session_and_nobody_else_enters_it(daemon):
    d = daemon(TOKENS + "[/who]\nshell = echo $$ $REMOTE_USER; exec cat\nreplay = 9\nlinger = 0\nauth = staff\nprocess = session\nsession_key = user\n")
    ann, again, bob = (d.ws("/who", as_(name)) for name in ("ann", "ann", "bob"))
    assert (first := ann.recv()) == again.recv() != bob.recv()
    assert first.endswith(" ann")


@pytest.mark.key("session_key")
def test_with_auth_the_same_key_of_another_user_is_another_session(daemon):
    d = daemon(TOKENS + WHO + "linger = 0\nauth = staff\n")
    ann, bob = d.ws("/who?s=x", as_("ann")), d.ws("/who?s=x", as_("bob"))
    assert pid(ann) != pid(bob)


@pytest.mark.key("session_key", "linger", "replay")
def test_who_comes_back_finds_the_program_and_what_was_missed(daemon, tmp_path):
    go = tmp_path / "go"
    d = daemon(
        f"[/work]\nshell = echo begun; while [ ! -e {go} ]; do sleep 0.02; done; echo missed; exec cat\nlinger = 10s\nreplay = 1k\n" + QUERY
    )
    ws = d.ws("/work?s=k")
    assert ws.recv() == "begun"
    before = programs(d)
    ws.reset()
    go.touch()
    again = d.ws("/work?s=k")
    assert (again.recv(), again.recv()) == ("begun", "missed")
    assert again.echoes("and goes on")
    assert programs(d) == before
    reload(d, with_canary(""))  # or it would linger


@pytest.mark.key("linger")
def test_a_session_that_nobody_comes_back_to_ends_after_linger(daemon):
    d = daemon(WHO + "linger = 300ms\n")
    ws = d.ws("/who?s=k")
    first = pid(ws)
    ws.finish()
    until(lambda: not programs(d), "the program has gone")
    again = d.ws("/who?s=k")
    assert pid(again) != first


@pytest.mark.key("session_takeover")
def test_who_comes_replaces_those_who_are_there(daemon):
    d = daemon(WHO + "session_takeover = replace\nlinger = 0\n")
    one, other = d.ws("/who?s=k"), d.ws("/who?s=other")
    first = pid(one)
    two = d.ws("/who?s=k")
    assert pid(two) == first
    assert one.closed() == (1008, "session taken over")
    assert two.echoes("mine now")
    pid(other)
    assert other.echoes("not concerned")


# ---- taken over while a file is sent ----

REPLACE = "session_takeover = replace\n"
SLOWLY = "[socket]\nsend_buffer = 16k\n"


def is_sent_a_file(d, ws, file):
    """WS, which reads slowly, is being sent 4 MB of "f"; who sends it."""
    file.write_bytes(b"f" * 4_000_000)
    sender, to = Control(d), show(d, ws)["id"]
    with open(file, "rb") as f:
        sender.begin("send-file", fds=[f.fileno()], to=to)
    until(lambda: Control(d).ask("show", to=to)["queue"], "the file is under way")
    return sender


@pytest.mark.key("session_takeover")
def test_who_is_replaced_while_a_file_is_sent_goes_before_it_has_ended(daemon, tmp_path):
    d = daemon(SLOWLY + WHO + REPLACE + "linger = 0\n")
    one = d.ws("/who?s=k", receive_buffer=8192)
    first = pid(one)
    sender = is_sent_a_file(d, one, tmp_path / "file")
    two = d.ws("/who?s=k")
    assert pid(two) == first
    with pytest.raises(Refused, match="the client has gone"):
        sender.end()
    assert two.echoes("mine now")
    frames = [one.frame()]
    while frames[-1].opcode != CLOSE:
        frames.append(one.frame())
    assert frames[-1].close() == (1008, "session taken over")
    assert not any(f.fin or f.opcode not in (BINARY, CONT) for f in frames[:-1]), "nothing but a part of the file"


@pytest.mark.key("session_takeover", "max_processes")
@pytest.mark.parametrize("policy", ["disconnect", "drop", "pause"])
def test_who_outlives_a_session_for_a_file_is_not_replaced_by_who_begins_the_next(daemon, tmp_path, policy):
    """And gets its own end; the next may use the same key, and the room of the one before."""
    ini = "[/last]\nshell = read x; echo last words; exit 3\nmax_runtime = 1s\nmax_processes = 1\n"
    d = daemon(SLOWLY + ini + REPLACE + QUERY + f"linger = 0\nslow_client = {policy}\n")
    one = d.ws("/last?s=k", receive_buffer=8192)
    sender = is_sent_a_file(d, one, tmp_path / "file")
    until(lambda: not programs(d), "its time is over")
    assert show(d, one)["state"] == "open"
    for _ in range(2):
        two = d.ws("/last?s=k")
        two.text("go")
        assert two.recv_until_close() == (["last words"], 4003, "process exited with status 3")
    assert one.recv_until_close() == ([b"f" * 4_000_000], 1008, "time limit")
    assert sender.end() == {"sent": 4_000_000}


@pytest.mark.key("session_takeover", "restart")
def test_who_is_sent_a_file_over_a_restart_is_replaced_by_who_comes_then(daemon, tmp_path):
    d = daemon(SLOWLY + "[/x]\nshell = echo $$; read x\nrestart = always\nrestart_delay = 200ms\n" + REPLACE + QUERY + "linger = 0\n")
    one = d.ws("/x?s=k", receive_buffer=8192)
    first = pid(one)
    sender = is_sent_a_file(d, one, tmp_path / "file")
    one.text("end")
    d.wait_log("has started again")
    (second,) = programs(d)
    assert second != first
    two = d.ws("/x?s=k")
    with pytest.raises(Refused, match="the client has gone"):
        sender.end()
    two.text("end")
    assert pid(two) not in (first, second)
    one.reset()


@pytest.mark.key("session_takeover", "slow_client", "file")
def test_who_replaces_a_reader_that_a_file_waits_for_hears_the_rest_of_it(daemon, tmp_path):
    """Without slow_client = pause it would be too slow; all that it had is before what the other hears."""
    lines = [f"{n:0100}" for n in range(50_000)]
    (tmp_path / "lines").write_text("\n".join(lines) + "\n")
    path = f"[/x]\nfile = {tmp_path}/lines\nslow_client = pause\nqueue = 64k\nlinger = 0\n" + QUERY.replace("eof_timeout = 0\n", "")
    d = daemon(SLOWLY + path + REPLACE)
    one = d.ws("/x?s=k", receive_buffer=8192)
    sent = until(lambda: (row := show(d, one))["queue"] > 32 * 1024 and row["out"]["messages"], "the file waits for it")
    two = d.ws("/x?s=k")
    got, code, _ = two.recv_until_close()
    assert (got, code) == (lines[sent:], 1000)
    heard, code, reason = one.recv_until_close()
    assert (heard, code, reason) == (lines[:sent], 1008, "session taken over")


@pytest.mark.key("session_takeover")
def test_with_share_both_see_and_both_write(daemon):
    d = daemon(WHO + "session_takeover = share\nlinger = 0\n")
    one, two = d.ws("/who?s=k"), d.ws("/who?s=k")
    pid(one), pid(two)
    one.text("a")
    assert (one.recv(), two.recv()) == ("a", "a")
    two.text("b")
    assert (one.recv(), two.recv()) == ("b", "b")


@pytest.mark.key("session_key")
@pytest.mark.parametrize(
    "target, fields, words",
    [
        ("/q", (), "the parameter s names the session here: it is missing"),
        ("/q?s=", (), "it is missing"),
        ("/q?t=1", (), "it is missing"),
        ("/q?s=" + 257 * "k", (), "the parameter s names the session here: it is longer than 256 bytes"),
        ("/c", (), "the cookie s names the session here: it is missing"),
        ("/c", [("Cookie", "s=" + 300 * "k")], "the cookie s names the session here: it is longer than 256 bytes"),
    ],
)
def test_a_request_that_names_no_session_is_400_in_words(daemon, target, fields, words):
    both = "process = session\nlinger = 0\n"
    d = daemon(f"[/q]\nexec = cat\n{both}session_key = query:s\n[/c]\nexec = cat\n{both}session_key = cookie:s\n")
    answer = http(d, request(target, d.host, fields))
    assert (answer.status, words in answer.text) == (400, True)
    assert not programs(d)
    d.ws("/q?s=" + 256 * "k").finish()


@pytest.mark.key("session_key", "max_header")
def test_a_key_of_a_megabyte_is_refused_and_harms_nobody(daemon):
    both = "[/q]\nexec = cat\nprocess = session\nsession_key = query:s\nlinger = 0\n"
    d = daemon(both)
    ws = d.ws("/q?s=k")
    assert http(d, request("/q?s=" + (1 << 20) * "k", d.host)).status in (414, 431)
    assert ws.echoes("still there")
    reload(d, with_canary("[limits]\nmax_header = 64k\n" + both))
    answer = http(d, request("/q?s=" + 60_000 * "k", d.host))
    assert (answer.status, "longer than 256 bytes" in answer.text) == (400, True)
    assert ws.echoes("still there")


@pytest.mark.key("max_processes")
def test_sessions_are_as_many_as_max_processes(daemon):
    d = daemon(WHO + "max_processes = 2\nlinger = 10s\n")
    one, two = d.ws("/who?s=1"), d.ws("/who?s=2")
    pid(one)
    one.finish()  # it lingers
    assert http(d, request("/who?s=3", d.host)).status == 503
    assert pid(d.ws("/who?s=1")) in programs(d)
    pid(two)
    reload(d, with_canary(""))


@pytest.mark.key("max_processes")
def test_so_are_sessions_without_a_program(daemon):
    d = daemon("[defaults]\nmax_processes = 2\n[/e]\nbuiltin = echo\nlinger = 10s\n" + QUERY.replace("eof_timeout = 0\n", ""))
    d.ws("/e?s=1").finish()
    d.ws("/e?s=2").finish()
    assert http(d, request("/e?s=3", d.host)).status == 503
    assert d.ws("/e?s=2").echoes("mine")


def test_the_key_is_told_to_nobody(daemon):
    d = daemon("[logging]\nlevel = debug\n" + WHO + "linger = 0\n")
    ws = d.ws("/who?s=topsecret")
    pid(ws)
    shown = show(d, ws)
    assert shown["uri"] == "/who"
    assert "topsecret" not in str(shown) + str(Control(d).ask("list"))
    environment = open(f"/proc/{next(iter(programs(d)))}/environ", "rb").read()
    assert b"topsecret" not in environment
    ws.finish()
    d.wait_log("/who: disconnected")
    assert "topsecret" not in d.log()


def test_a_terminal_is_one_screen_for_all_who_come_to_it(daemon):
    d = daemon("[/sh]\nexec = sh\npty = 24x80\nreplay = 64k\nlinger = 0\nenv = PS1=\n" + QUERY)

    def until_heard(ws, text):
        got = b""
        while text not in got:
            got += ws.recv()
        return got

    one = d.ws("/sh?s=k")
    one.binary(b"echo begin-$((40 + 2))\n")
    until_heard(one, b"begin-42")
    two = d.ws("/sh?s=k")
    until_heard(two, b"begin-42")
    two.binary(b"echo both-$((40 + 3))\n")
    for ws in (one, two):
        until_heard(ws, b"both-43")


@pytest.mark.parametrize(
    "settings, wrong",
    [
        ("process = session", "needs a session_key"),
        ("process = session\nsession_key = query:s\nstart = boot", "start = boot means nothing"),
        ("process = session\nsession_key = user", "session_key = user needs auth"),
        ("process = shared\nsession_key = query:s", "session_key means nothing without process = session"),
    ],
)
def test_what_does_not_go_together_is_refused(check, settings, wrong):
    fails(check("[/x]\nexec = cat\n" + settings + "\n"), (1, wrong))


@pytest.mark.parametrize("key", ["header:x", "query:", "query:a=b", "cookie:a b", "user:x", "query:" + 41 * "n"])
def test_a_key_that_is_none_is_refused(check, key):
    result = check(f"[/x]\nexec = cat\nprocess = session\nsession_key = {key}\n")
    assert result.status == 78 and f"session_key: {key[:30]}" in "\n".join(result.lines)
