# SPDX-License-Identifier: MIT
"""What programs and pages of websocketd rely on: there, by default, and with compat = websocketd."""

import os
import shlex
import time
from pathlib import Path

import procfs
import pytest
from rawws import PING, PONG, Closed
from waiting import readable, until, within

pytestmark = pytest.mark.key("compat")

THERE, DEFAULT, COMPAT = "websocketd", "default", "compat"
ALL = (THERE, DEFAULT, COMPAT)
NO_CLOSE_FRAME = None  # the connection just ends, which a page sees as 1006

# Looks like a program that does not want to go: tells the end of its input and each signal, with the time.
STUBBORN = """import time
def tell(what):
    with open({out!r}, 'a') as f:
        f.write('%s %.6f\\n' % (what, time.monotonic()))
for s in (signal.SIGINT, signal.SIGTERM):
    signal.signal(s, lambda number, _: tell(signal.Signals(number).name))
os.write(1, b'%d\\n' % os.getpid())
while os.read(0, 1): pass
tell('EOF')
while True: signal.pause()
"""


@pytest.fixture
def serve(daemon, websocketd):
    """serve(SERVER, COMMAND, keys=..., flags=...): COMMAND behind every path, on one of the three."""

    def start(server, command, keys="", flags=(), **how):
        if server == THERE:
            return websocketd(*flags, *command, **how)
        compat = "compat = websocketd\n" if server == COMPAT else ""
        return daemon(f"[/*]\n{compat}exec = {shlex.join(command)}\n{keys}", **how)

    return start


def of(server, there, default, compat):
    return {THERE: there, DEFAULT: default, COMPAT: compat}[server]


def ending(ws):
    """All messages up to the end, and its close code."""
    messages = []
    try:
        while True:
            messages.append(ws.recv())
    except Closed as closed:
        return messages, closed.code
    except EOFError:
        return messages, NO_CLOSE_FRAME


def answers_a_ping(ws):
    ws.send(PING, b"?")
    frame = ws.frame()
    return (frame.opcode, frame.payload) == (PONG, b"?")


# ---- the table, row by row ----


@pytest.mark.parametrize("server", ALL)
def test_a_program_that_cannot_start_is_an_open_websocket_there_and_a_502_here(serve, program, server):
    tool = program("os.read(0, 1)\n")
    s = serve(server, [tool])
    os.unlink(tool)
    assert s.handshake("/").response.status == of(server, 101, 502, 502)


@pytest.mark.parametrize("server", ALL)
def test_argv_is_the_command_without_a_shell_and_never_from_the_request(serve, server):
    words = ["one", "two three", "$HOME", "*", "it's", '"', "\\", ""]
    s = serve(server, ["printf", "[%s]\\n", *words])
    ws = s.ws("/-rf/$(id)?--help&-e%20x", [("User-Agent", "-rf")])
    assert ending(ws)[0] == [f"[{word}]" for word in words]


@pytest.mark.parametrize("server", ALL)
def test_a_program_has_three_pipes(serve, server):
    fds = [f"/proc/self/fd/{fd}" for fd in (0, 1, 2)]
    pipes, _ = ending(serve(server, ["readlink", *fds]).ws("/"))
    assert len(set(pipes)) == 3 and all(pipe.startswith("pipe:") for pipe in pipes), pipes


@pytest.mark.parametrize("server", ALL)
def test_a_text_message_is_a_line_and_line_ends_in_it_pass(serve, server):
    ws = serve(server, ["sh", "-c", "head -c 9 | od -An -c"]).ws("/")
    ws.text("one")
    ws.text("a\nb")
    ws.text("")
    assert ws.recv().split() == ["o", "n", "e", r"\n", "a", r"\n", "b", r"\n", r"\n"]


@pytest.mark.parametrize("server", ALL)
def test_a_binary_message_is_its_bytes(serve, server):
    ws = serve(server, ["sh", "-c", "head -c 6 | od -An -c"]).ws("/")
    ws.binary(b"ab")
    ws.binary(b"\n")
    ws.binary(b"c")
    ws.text("d")
    assert ws.recv().split() == ["a", "b", r"\n", "c", "d", r"\n"]


@pytest.mark.parametrize("server", ALL)
@pytest.mark.key("eof")
def test_an_empty_binary_message_is_nothing_there_and_the_end_of_input_by_default(serve, server):
    ws = serve(server, ["sh", "-c", "while read x; do echo got $x; done; echo ended; exec sleep 1000"]).ws(
        "/"
    )
    ws.eof()
    ws.text("more")
    assert ws.recv() == of(server, "got more", "ended", "got more")


@pytest.mark.parametrize("server", ALL)
def test_a_line_is_a_message_and_a_last_line_without_end_is_lost_there(serve, server):
    messages, _ = ending(serve(server, ["printf", "a\\r\\n\\nb\\nlast"]).ws("/"))
    assert messages == ["a", "", "b"] + of(server, [], ["last"], ["last"])


@pytest.mark.parametrize("server", ALL)
@pytest.mark.key("frame")
def test_binary_mode_is_raw_and_sends_each_read(serve, server):
    raw = {"keys": "frame = raw\n", "flags": ["--binary"]}
    assert ending(serve(server, ["printf", "a\\nb"], **raw).ws("/"))[0] == [b"a\nb"]


@pytest.mark.parametrize("server", ALL)
def test_in_binary_mode_a_text_message_still_ends_with_a_newline_there(serve, server):
    ws = serve(server, ["sh", "-c", "head -c 4 | od -An -c"], keys="frame = raw\n", flags=["--binary"]).ws(
        "/"
    )
    ws.text("ab")
    ws.binary(b"cd")
    assert ws.recv().split() == of(
        server, [b"a", b"b", rb"\n", b"c"], [b"a", b"b", b"c", b"d"], [b"a", b"b", rb"\n", b"c"]
    )


@pytest.mark.parametrize("server", ALL)
def test_the_end_of_the_output_is_the_end_there_and_not_yet_by_default(serve, server):
    ws = serve(server, ["sh", "-c", "echo a; exec >&-; read x; exit 3"]).ws("/")
    assert ws.recv() == "a"
    if server == DEFAULT:
        assert answers_a_ping(ws), "the session goes on"
        ws.text("end")
    assert ending(ws) == ([], of(server, NO_CLOSE_FRAME, 4003, 1000))


@pytest.mark.parametrize("server", ALL)
def test_the_exit_is_not_the_end_while_another_holds_the_output(serve, server):
    s = serve(server, ["sh", "-c", "exec 3<&0; (read x <&3; echo late $x) & echo $$; exit 3"])
    ws = s.ws("/")
    pid = int(ws.recv())
    until(lambda: not procfs.alive(pid), f"the leader {pid} has ended")
    ws.text("line")
    assert ending(ws) == (["late line"], of(server, NO_CLOSE_FRAME, 4003, 1000))


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize("how, code", [("exit 0", 1000), ("exit 3", 4003), ("kill -TERM $$", 4143)])
def test_the_exit_status_is_told_by_default_only(serve, server, how, code):
    s = serve(server, ["sh", "-c", f"echo a; {how}"])
    assert ending(s.ws("/")) == (["a"], of(server, NO_CLOSE_FRAME, code, 1000))


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize("closems", [0, 200])
@pytest.mark.key("eof_timeout", "stop_signal", "stop_timeout")
def test_the_way_out_is_end_of_input_then_int_then_term_then_kill(serve, program, tmp_path, server, closems):
    """SIGINT at 100 ms + c, SIGTERM at 350 ms + 2c, SIGKILL at 850 ms + 3c after the client has left."""
    out, c = tmp_path / "out", closems / 1000
    keys = f"eof_timeout = {100 + closems}ms\nstop_timeout = {750 + 2 * closems}ms\n"
    s = serve(
        server,
        [program(STUBBORN.format(out=str(out)))],
        keys=keys if server == DEFAULT or closems else "",
        flags=[f"--closems={closems}"],
    )
    ws = s.ws("/")
    pid = int(ws.recv())
    left = time.monotonic()
    ws.close()
    until(lambda: not procfs.alive(pid), f"process {pid} is gone")
    killed = time.monotonic()
    events = [line.split() for line in out.read_text().splitlines()]
    signals = ["SIGINT", "SIGTERM"]
    assert ["EOF"] == [name for name, _ in events if name == "EOF"]
    events = [event for event in events if event[0] != "EOF"]
    assert [name for name, _ in events] == of(server, signals, ["SIGTERM"], signals)
    after = [float(when) - left for _, when in events] + [killed - left]
    due = [0.1 + c, *([] if server == DEFAULT else [0.35 + 2 * c]), 0.85 + 3 * c]
    assert all(least - 0.005 < when for when, least in zip(after, due)), (after, due)
    within(3, max(when - least for when, least in zip(after, due)), "seconds too late")


@pytest.mark.parametrize("server", ALL)
def test_children_of_the_program_survive_there_and_end_with_it_here(serve, server):
    s = serve(server, ["sh", "-c", "sleep 1000 & echo $! $$; exec sleep 1001"])
    ws = s.ws("/")
    child, leader = map(int, ws.recv().split())
    ws.close()
    until(lambda: not procfs.alive(leader), f"the program {leader} is gone")
    if server == THERE:
        until(lambda: "DISCONNECT" in s.log(), "websocketd is done with the program")
        assert procfs.alive(child)
        os.kill(child, 9)
    else:
        until(lambda: not procfs.alive(child), f"its child {child} is gone")


@pytest.mark.parametrize("server", ALL)
def test_a_program_that_closed_its_input_still_speaks(serve, tmp_path, server):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    ws = serve(server, ["sh", "-c", f"exec <&-; echo ready; read x < {fifo}; echo still $x"]).ws("/")
    assert ws.recv() == "ready"
    ws.text("into the void")
    assert answers_a_ping(ws), "the message has been taken"
    fifo.write_text("here\n")
    assert ending(ws)[0] == ["still here"]


@pytest.mark.parametrize("server", ALL)
def test_standard_error_is_logged_by_line(serve, server):
    s = serve(server, ["sh", "-c", "echo first-word >&2; echo second-word >&2; echo out"])
    assert ending(s.ws("/"))[0] == ["out"]
    lines = [
        until(lambda: [line for line in s.log().splitlines() if line.endswith(word)], f"{word} in the log")
        for word in ("first-word", "second-word")
    ]
    assert lines[0] != lines[1]


@pytest.mark.parametrize("server", ALL)
def test_a_long_line_on_standard_error_hangs_the_program_there_only(serve, server):
    ws = serve(server, ["sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x >&2; echo out"]).ws("/")
    if server == THERE:
        assert not readable(ws.sock, 0.5)
    else:
        assert ws.recv() == "out"


@pytest.mark.parametrize("server", ALL)
@pytest.mark.key("max_processes")
def test_a_program_too_many_is_429_there_and_503_by_default(serve, server):
    s = serve(server, ["cat"], keys="max_processes = 1\n", flags=["--maxforks=1"])
    first = s.ws("/")
    assert s.handshake("/").response.status == of(server, 429, 503, 429)
    assert first.echoes()


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize("keys, status", [("", 403), ("origin = any\n", 101)])
@pytest.mark.key("origin")
def test_any_page_may_connect_there_and_here_only_if_it_is_written(serve, server, keys, status):
    fields = [("Origin", "http://elsewhere.example")]
    s = serve(server, ["cat"], keys=keys)
    assert s.handshake("/", fields).response.status == of(server, 101, status, status)


@pytest.mark.parametrize("server", ALL)
@pytest.mark.key("line_buffer")
def test_stdio_writes_to_a_pipe_there_and_line_by_line_by_default(serve, server):
    code = "import os; print('print'); os.write(1, b'write\\n')"
    messages, _ = ending(serve(server, ["/usr/bin/python3", "-S", "-c", code]).ws("/"))
    late = ["write", "print"]
    assert messages == of(server, late, late[::-1], late)


# ---- the environment ----

REQUEST = ("/a%20b/c?x=1&y=%20z", [("X-Two", "a"), ("X-Two", "b, c"), ("User-Agent", "me/1")])
OWN = {"SERVER_SOFTWARE", "UNIQUE_ID", "REMOTE_PORT"}  # set by both, each in its own way


def environment(serve, server, path, fields=(), **how):
    s = serve(server, ["env"], env={"LD_LIBRARY_PATH": "/there", "SECRET": "x"}, **how)
    entries, _ = ending(s.ws(path, fields, host="localhost:8080"))
    return dict(entry.split("=", 1) for entry in entries)


@pytest.mark.key("pass_env")
def test_all_variables_of_there_are_here_with_their_values(serve):
    there, here = (environment(serve, server, *REQUEST) for server in (THERE, COMPAT))
    assert len(there) > 25
    assert {name: here.get(name) for name in there if name not in OWN} == {
        name: value for name, value in there.items() if name not in OWN
    }
    assert all(here[name] for name in OWN)
    assert "SECRET" not in here


def test_a_program_behind_all_paths_is_the_script_slash_there(serve):
    names = ("SCRIPT_NAME", "PATH_INFO", "PATH_TRANSLATED", "GATEWAY_INTERFACE")
    assert [environment(serve, DEFAULT, *REQUEST)[name] for name in names] == [
        "",
        "/a b/c",
        "/a b/c",
        "CGI/1.1",
    ]
    for server in (THERE, COMPAT):
        assert [environment(serve, server, *REQUEST)[name] for name in names] == [
            "/",
            "/a b/c",
            "/a b/c",
            "websocketd-CGI/0.1",
        ]


def test_a_program_behind_one_path_is_as_a_script_of_its_dir(daemon, websocketd, tmp_path):
    script = tmp_path / "tool"
    script.write_text('#!/bin/sh\necho "$SCRIPT_NAME|$PATH_INFO|$PATH_TRANSLATED"\n')
    script.chmod(0o755)
    ini = f"[defaults]\ncompat = websocketd\n[/tool]\nexec = {script}\n[/tool/*]\nexec = {script}\n"
    there, here = websocketd(f"--dir={tmp_path}"), daemon(ini)
    for path in ("/tool", "/tool/", "/tool/a%20b/c"):
        assert here.ws(path).recv() == there.ws(path).recv(), path


def test_what_a_client_could_forge_there_it_cannot_here(serve):
    """Proxy would become HTTP_PROXY; X_A could pass for X-A."""
    forged = [("Proxy", "evil"), ("X_A", "forged")]
    for server in (THERE, COMPAT):
        table = environment(serve, server, "/", forged)
        assert ("HTTP_PROXY" in table, "HTTP_X_A" in table) == of(server, (True, True), None, (False, False))


def test_the_path_slash_alone_is_as_all_of_them(daemon, websocketd):
    command = ["sh", "-c", 'echo "$SCRIPT_NAME|$PATH_INFO|$PATH_TRANSLATED"']
    d = daemon(f"[/]\ncompat = websocketd\nexec = {shlex.join(command)}\n")
    assert d.ws("/").recv() == websocketd(*command).ws("/").recv() == "/|/|/"


# ---- the key ----


def test_compat_is_only_a_default_of_other_keys(values, daemon):
    keys = ("eof", "line_buffer", "pass_env", "eof_timeout", "stop_signal", "stop_timeout")
    table = values(
        "[defaults]\nstop_timeout = 2s\n[/new]\nexec = cat\n[/old]\nexec = cat\ncompat = websocketd\n"
        "[/own]\nexec = cat\ncompat = websocketd\neof = yes\npass_env =\nline_buffer = yes\nstop_timeout = 3s\n"
    )
    assert {path: [table[path, key] for key in keys] for path in ("/new", "/old", "/own")} == {
        "/new": [["auto"], ["yes"], [""], ["1s"], ["TERM"], ["2s"]],
        "/old": [["no"], ["no"], ["LD_LIBRARY_PATH"], ["100ms"], ["INT"], ["2s"]],
        "/own": [["yes"], ["yes"], [""], ["100ms"], ["INT"], ["3s"]],
    }


def test_a_key_that_is_written_wins_over_compat(daemon):
    d = daemon(
        "[/x]\nexec = sh -c 'cat; echo ended'\ncompat = websocketd\neof = yes\nclose_code = 4321\n"
        "close_reason = bye\n"
    )
    ws = d.ws("/x")
    ws.eof()
    assert ws.recv_until_close() == (["ended"], 4321, "bye")


def test_a_key_that_the_defaults_write_wins_over_compat(daemon):
    d = daemon("[defaults]\neof = yes\n[/x]\nexec = sh -c 'cat; echo ended'\ncompat = websocketd\n")
    ws = d.ws("/x")
    ws.eof()
    assert ws.recv_until_close() == (["ended"], 1000, "")


def test_a_path_can_leave_the_compat_of_the_defaults(daemon):
    d = daemon("[defaults]\ncompat = websocketd\n[/old]\nexec = false\n[/new]\nexec = false\ncompat =\n")
    assert d.ws("/old").closed() == (1000, "")
    assert d.ws("/new").closed() == (4001, "process exited with status 1")


def test_compat_knows_websocketd_only(check):
    result = check("[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\ncompat = ttyd\n")
    assert result.status == 78 and "compat = ttyd is not websocketd" in result.errors[0]


# ---- known defects there, and the tests that they do not return ----

DEFECTS = {
    "children of the program survive": "test_websocketd.py test_children_of_the_program_survive_there_and_end_with_it_here",
    "a hung program keeps the client's close unseen": "test_flow.py test_a_close_is_answered_while_the_program_takes_nothing",
    "and its leaving": "test_rudeness.py test_one_that_reads_nothing_while_its_client_floods_it",
    "a dead client with a full window blocks": "test_timeouts.py test_a_client_that_takes_nothing_while_output_waits_is_dropped",
    "output without a newline costs its size": "test_flow.py test_output_without_a_line_feed_needs_no_memory",
    "unfinished fragments cost five times their bytes": "test_flow.py test_unfinished_fragments_cost_their_bytes_and_no_more",
    "SIGTERM abandons the programs": "test_shutdown.py test_programs_get_the_stop_steps",
    "slow request heads are never dropped": "test_timeouts.py test_a_head_that_trickles_is_dropped_too",
    "a long line on stderr hangs the program": "test_process.py test_a_flood_of_standard_error_stops_nothing_and_is_counted",
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_known_defect_has_its_test(defect):
    file, name = DEFECTS[defect].split()
    assert f"\ndef {name}(" in Path(__file__).with_name(file).read_text()


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon")
def test_a_daemon_that_is_told_to_end_takes_its_programs_along(serve):
    for server in (THERE, COMPAT):
        s = serve(server, ["sh", "-c", "trap '' HUP INT; echo $$; exec sleep 1000"])
        ws = s.ws("/")
        pid = int(ws.recv())
        s.process.terminate()
        s.process.wait(10)
        if server == THERE:
            assert procfs.alive(pid)
            os.kill(pid, 9)
        else:
            until(lambda: not procfs.alive(pid), f"the program {pid} is gone")
