# SPDX-License-Identifier: MIT
"""The control socket: JSON-RPC, one object a line, that harms nobody."""

import base64
import grp
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import procfs
import pytest
from control import Control, ctl, Refused, socket_of
from harness import ENVIRONMENT, ROOT, WSBRIDGED, get, is_sanitized, with_canary
from inicheck import fails
from rawws import CONT, PING, PONG, TEXT
from test_greed import others_first
from test_reload import file_of
from waiting import TIMEOUT, readable, until, within

ECHO = "[/echo]\nexec = cat\n"
TLS = "[server]\nlisten = 127.0.0.1:0 tls\n"


def ids(control, **params):
    return sorted(row["id"] for row in control.ask("list", **params) if row["path"] != "/canary")


# ---- where it is, and who may ----


def test_it_lies_in_the_runtime_directory(daemon):
    d = daemon(ECHO)
    assert Control(d).ask("version")["pid"] == d.pid
    assert stat.S_IMODE(os.stat(socket_of(d)).st_mode) == 0o660


@pytest.mark.key("socket")
def test_socket_names_another_place_or_none(daemon, rundir):
    d = daemon(f"[control]\nsocket = {rundir}/c\n" + ECHO)
    assert Control(d, f"{rundir}/c").ask("version")["pid"] == d.pid
    assert not os.path.exists(socket_of(d))
    d = daemon("[control]\nsocket = none\n" + ECHO)
    assert os.listdir(d.rundir) == ["notify"]


@pytest.mark.key("mode")
def test_mode_is_that_of_the_file(daemon):
    d = daemon("[control]\nmode = 0606\n" + ECHO)
    assert stat.S_IMODE(os.stat(socket_of(d)).st_mode) == 0o606


@pytest.mark.key("group")
def test_group_may_connect_and_nobody_else(daemon):
    d = daemon("[control]\ngroup = games\n" + ECHO)
    assert os.stat(socket_of(d)).st_gid == grp.getgrnam("games").gr_gid
    os.chmod(d.rundir, 0o711)
    said = 'printf \'{"jsonrpc":"2.0","id":1,"method":"version"}\\n\' | timeout 5 socat - UNIX:' + socket_of(d)

    def answer_to(group):
        argv = ["setpriv", "--reuid=games", f"--regid={group}", "--clear-groups", "sh", "-c", said]
        return subprocess.run(argv, capture_output=True, text=True).stdout

    assert json.loads(answer_to("games"))["result"]["pid"] == d.pid
    assert answer_to("nogroup") == ""
    # A file that somebody opened to all does not let them in.
    os.chmod(socket_of(d), 0o666)
    assert answer_to("nogroup") == ""
    d.wait_log(r"control: pid \d+ of uid \d+ is refused")


def test_a_group_that_does_not_exist_is_an_error(check):
    ini = "[server]\ngroup = root\nuser = root\n[control]\ngroup = nogroupofours\n" + ECHO
    fails(check(ini), (5, "group: there is no group 'nogroupofours'"))


def run_daemon(tmp_path, ini, run):
    file = tmp_path / "other.ini"
    file.write_text("[server]\nlisten = 127.0.0.1:0\nuser = root\n" + ini)
    return subprocess.Popen(
        [WSBRIDGED, "-c", str(file)],
        env={**ENVIRONMENT, "RUNTIME_DIRECTORY": run},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_socket_that_is_answered_is_not_taken(daemon, tmp_path):
    d = daemon(ECHO)
    named = run_daemon(tmp_path, f"[control]\nsocket = {socket_of(d)}\n" + ECHO, "/nonexistent")
    assert named.wait(TIMEOUT) == 69
    assert re.search(r"other\.ini:5: error: cannot open the control socket .*: in use by wsbridged", named.stderr.read())
    usual = run_daemon(tmp_path, ECHO, d.rundir)
    assert re.match(r"warning: no control socket: .*: in use by wsbridged", usual.stderr.readline())
    usual.terminate()
    assert usual.wait(TIMEOUT) == 0
    assert Control(d).ask("version")["pid"] == d.pid


def test_a_stale_socket_is_taken_over_and_gone_at_the_end(daemon, tmp_path, rundir):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(f"{rundir}/control.sock")
    dead.close()
    d = run_daemon(tmp_path, ECHO, str(rundir))
    assert "listening" in d.stderr.readline()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(f"{rundir}/control.sock")
    d.terminate()
    assert d.wait(TIMEOUT) == 0
    assert not os.path.exists(f"{rundir}/control.sock")


def test_a_reload_moves_the_socket_and_a_bad_one_leaves_it(daemon, rundir):
    d = daemon(ECHO)
    old = Control(d)
    with pytest.raises(Refused) as refused:
        file_of(d).write_text(with_canary("[control]\nsocket = /nonexistent/c\n" + ECHO))
        old.ask("reload")
    assert "cannot open the control socket /nonexistent/c: No such file" in refused.value.data[0]
    assert Control(d).ask("version")
    file_of(d).write_text(with_canary(f"[control]\nsocket = {rundir}/c\n" + ECHO))
    old.ask("reload")
    assert Control(d, f"{rundir}/c").ask("version")
    assert not os.path.exists(socket_of(d))
    assert old.ask("version"), "who is connected stays"


def test_a_command_without_a_file_has_no_control_socket(daemon):
    d = daemon(argv=["--port", "0", "--", "cat"], canary="/")
    assert os.listdir(d.rundir) == ["notify"]


# ---- the protocol ----


def test_a_blank_line_that_ends_where_its_storage_ends_is_no_request(daemon):
    c = Control(daemon(ECHO))
    for size in (600, 1600, 16000):  # with a request; the storage is a sixteenth more
        c.id += 1
        request = json.dumps({"jsonrpc": "2.0", "id": c.id, "method": "version"}).encode() + b"\n"
        c.send(request.ljust(size))
        assert c.end()["name"] == "wsbridged"
        c.send(b"\n".rjust(size // 16))
        assert c.ask("version")["name"] == "wsbridged"


def test_each_line_is_answered_in_order_with_its_id(daemon):
    c = Control(daemon(ECHO))
    c.send('{"jsonrpc":"2.0","id":"a","method":"version"}\n\n{"jsonrpc":"2.0","id":2.5,"method":"list","params":[]}\n')
    c.send('{"jsonrpc":"2.0","method":"version"}\n')  # a notification: no answer
    c.send('{"jsonrpc":"2.0","id":null,"method":"status"}\n')
    assert [c.line()["id"] for _ in range(3)] == ["a", 2.5, None]


@pytest.mark.parametrize(
    "line, code, text",
    [
        ("nonsense", -32700, "not JSON"),
        ('{"jsonrpc":"2.0","id":7,"id":8,"method":"version"}', -32700, "duplicate"),
        ("\x00\xff", -32700, "not JSON"),
        ("[" * 5000, -32700, "not JSON"),
        ("17", -32600, "a request is an object"),
        ("null", -32600, "a request is an object"),
        ('[{"jsonrpc":"2.0","id":7,"method":"version"}]', -32600, "one a line"),
        ('{"id":7,"method":"version"}', -32600, '"jsonrpc": "2.0"'),
        ('{"jsonrpc":"2.0","id":7}', -32600, "method"),
        ('{"jsonrpc":"2.0","id":{},"method":"version"}', -32600, "id"),
        ('{"jsonrpc":"2.0","id":7,"method":"version","params":3}', -32600, "params"),
        ('{"jsonrpc":"2.0","id":7,"method":"lisst"}', -32601, "did you mean 'list'"),
        ('{"jsonrpc":"2.0","id":7,"method":"show"}', -32602, "a client's id"),
        ('{"jsonrpc":"2.0","id":7,"method":"show","params":{"to":"x"}}', -32602, "a client's id"),
        ('{"jsonrpc":"2.0","id":7,"method":"show","params":{"too":1}}', -32602, "did you mean 'to'"),
        ('{"jsonrpc":"2.0","id":7,"method":"show","params":[1,2]}', -32602, "no more than 1"),
        ('{"jsonrpc":"2.0","id":7,"method":"list","params":["x"]}', -32602, "begins with /"),
        ('{"jsonrpc":"2.0","id":7,"method":"disconnect","params":["all",1005]}', -32602, "may not be sent"),
        ('{"jsonrpc":"2.0","id":7,"method":"disconnect","params":["all",1000,"%s"]}' % ("x" * 124), -32602, "123"),
        ('{"jsonrpc":"2.0","id":7,"method":"disconnect","params":["all",1000,"a\\u0000"]}', -32602, "without NUL"),
        ('{"jsonrpc":"2.0","id":7,"method":"show","params":[999]}', -32000, "no client 999"),
        ('{"jsonrpc":"2.0","id":7,"method":"show","params":[-1]}', -32602, "a client's id"),
    ],
)
def test_what_is_wrong_is_said_and_the_next_line_is_answered(daemon, line, code, text):
    c = Control(daemon(ECHO))
    c.send(line.encode("latin-1") + b'\n{"jsonrpc":"2.0","id":9,"method":"version"}\n')
    answer = c.line()
    assert answer["error"]["code"] == code and text in answer["error"]["message"], answer
    assert answer["id"] == (7 if '"id":7' in line and "[{" not in line and code != -32700 else None)
    assert c.line()["id"] == 9


def test_the_manual_lists_every_command(daemon):
    manual = (ROOT / "man" / "wsbridge-control.7").read_text()
    table = (ROOT / "src" / "server" / "command.c").read_text()
    names = re.findall(r'^\t\{ "([a-z-]+)", "', table, re.M)
    assert {"list", "reload"} < set(names)
    assert not [name for name in names if f".It Cm {name}" not in manual]


# ---- rude clients ----


def test_a_client_that_is_rude_harms_nobody(daemon):
    d = daemon(ECHO)
    long, half, gone, c = Control(d), Control(d), Control(d), Control(d)
    half.send('{"jsonrpc":"2.0","id":1,"meth')
    gone.begin("list")
    gone.close()
    for _ in range(160):
        long.send(b"x" * 65536)
        assert c.ask("version")
    long.send("\n")
    answer = long.line()
    assert answer["error"]["code"] == -32600 and "1 MiB; send-file" in answer["error"]["message"]
    assert long.ask("version")
    half.send('od":"version"}\n')
    assert half.line()["result"]["pid"] == d.pid


def test_a_client_that_does_not_read_stops_being_read(daemon):
    d = daemon(ECHO)
    c, other = Control(d), Control(d)
    c.sock.settimeout(2)
    before = procfs.memory(d.pid)
    with pytest.raises(TimeoutError):
        for _ in range(100000):
            c.send('{"jsonrpc":"2.0","id":1,"method":"keys_"}\n' * 100)
    assert other.ask("version")
    assert is_sanitized() or procfs.memory(d.pid) - before < 2 << 20
    d.wait_log(r"control: pid \d+ of uid \d+ is dropped: it does not read", 15)


def test_half_a_line_is_given_up_after_a_while(daemon):
    d = daemon(ECHO)
    c = Control(d)
    c.send("{")
    d.wait_log("is dropped: it does not end its line", 15)


def test_eight_clients_and_no_more(daemon):
    d = daemon(ECHO)
    eight = [Control(d) for _ in range(8)]
    assert all(c.ask("version") for c in eight)
    ninth = Control(d)
    assert ninth.line()["error"]["code"] == -32008
    assert ninth.line() is None
    eight[0].close()
    until(lambda: try_version(d), "a place is free")


def try_version(d):
    c = Control(d)
    try:
        return c.ask("version")
    except (AssertionError, Refused):
        return None
    finally:
        c.close()


def test_a_descriptor_that_nobody_wants_is_closed(daemon):
    d = daemon(ECHO)
    c = Control(d)
    assert c.ask("version")
    before = len(procfs.descriptors(d.pid))
    with open("/dev/null") as f:
        for _ in range(3):
            c.begin("version", fds=[f.fileno()] * 3)
            assert c.end()
        c.begin("nothing", fds=[f.fileno()])
        with pytest.raises(Refused):
            c.end()
    assert len(procfs.descriptors(d.pid)) == before


def test_the_answer_comes_also_when_the_asker_has_shut_its_side(daemon):
    c = Control(daemon(ECHO))
    c.send('{"jsonrpc":"2.0","id":1,"method":"version"}')  # not even a newline
    c.sock.shutdown(socket.SHUT_WR)
    assert c.line()["result"] and c.line() is None


# ---- commands ----


def test_status_tells_how_the_daemon_is(daemon):
    d = daemon(ECHO)
    c = Control(d)
    d.ws("/echo")
    status = c.ask("status")
    assert status["clients"] == 2 and status["processes"] == 2 and status["state"] == "running"
    assert status["listening"] == [d.address] and status["pid"] == d.pid
    assert status["file"] == str(file_of(d)) and 0 < status["uptime"] < 60
    assert status["max_connections"] == 1000 and 0 <= status["loop_lag"] < 5


def test_status_adds_up_what_all_paths_pass_on(daemon):
    d = daemon(ECHO + "[/two/*]\nexec = cat\nwrite = no\n[/deaf]\nexec = sleep 1d\n")
    c = Control(d)
    before = c.ask("status")
    ws, two, deaf = d.ws("/echo"), d.ws("/two/x"), d.ws("/deaf")
    assert ws.echoes("12345")
    ws.finish()
    two.text("is discarded")
    deaf.text("x" * 200_000)
    until(lambda: c.ask("status")["in"]["messages"] - before["in"]["messages"] == 2, "both have come")
    now = c.ask("status")
    assert now["to_programs"] > 100_000, "what /deaf is sent waits"
    assert now["out"]["bytes"] - before["out"]["bytes"] == 5 and now["queue"] == 0


def test_list_gives_a_page_of_many_clients(daemon):
    d = daemon(ECHO)
    c = Control(d)
    for _ in range(5):
        d.ws("/echo")
    whole = [row["id"] for row in c.ask("list")]
    pages = [[row["id"] for row in c.ask("list", limit=4, skip=skip)] for skip in (0, 4)]
    assert pages == [whole[:4], whole[4:]] and len(whole) == 6
    assert c.ask("list", skip=6) == c.ask("list", limit=0) == []
    assert [row["id"] for row in c.ask("list", path="/canary", limit=9)] == whole[-1:]


def test_list_sorts_those_first_who_stand_out_among_all(daemon):
    d = daemon(ECHO + "[/none]\nexec = cat\n")
    c = Control(d)
    oldest = d.ws("/none")
    clients = [d.ws("/echo") for _ in range(5)]
    for n, ws in enumerate(clients):
        for _ in range((2, 5, 0, 9, 1)[n]):
            assert ws.echoes("x" * 100)
    id_of = {row["peer"]: row["id"] for row in c.ask("list", path="/echo")}
    ids = [id_of["127.0.0.1:%d" % ws.sock.getsockname()[1]] for ws in clients]

    def sorted_by(word, **more):
        return [row["id"] for row in c.ask("list", sort=word, **more)]

    by_traffic = [ids[n] for n in (3, 1, 0, 4, 2)]
    assert sorted_by("traffic", path="/echo") == by_traffic
    assert sorted_by("traffic", limit=2) == by_traffic[:2]
    assert sorted_by("traffic", limit=2, skip=1) == by_traffic[1:3]
    assert sorted_by("traffic", path="/echo", skip=4) == by_traffic[4:]
    assert sorted_by("traffic", limit=0) == sorted_by("traffic", skip=1000) == sorted_by("traffic", skip=2**62) == []
    assert len(sorted_by("traffic", limit=2**62)) == 7
    assert sorted_by("seconds", path="/echo") == ids
    assert sorted_by("seconds")[:2] == [c.ask("list", path="/canary")[0]["id"], c.ask("list", path="/none")[0]["id"]]
    with pytest.raises(Refused, match="sort is rate, queue, traffic or seconds"):
        c.ask("list", sort="cpu")
    assert oldest.echoes()


def test_list_tells_the_rate_of_now_and_sorts_by_it(daemon):
    d = daemon(ECHO)
    c, busy, idle = Control(d), d.ws("/echo"), d.ws("/echo")
    peer = "127.0.0.1:%d" % busy.sock.getsockname()[1]

    def first():
        assert busy.echoes("x" * 1000)
        return c.ask("list", sort="rate", limit=1)[0]

    row = until(lambda: (row := first())["rate"] > 1000 and row, "a rate")
    assert row["peer"] == peer
    until(lambda: c.ask("list", sort="rate", limit=1)[0]["rate"] == 0, "silence")
    assert idle.echoes()


def test_list_sorts_by_what_waits(daemon):
    d = daemon(ECHO + "[/x]\nshell = yes; :\nqueue = 64k\n")
    c = Control(d)
    d.ws("/x", receive_buffer=4096)
    d.ws("/echo")
    until(lambda: c.ask("list", path="/x")[0]["queue"] > 30000, "its queue is full")
    first, *others = c.ask("list", sort="queue")
    assert first["path"] == "/x" and [row["queue"] for row in others] == [0, 0]


def test_list_and_show_tell_of_each_client(daemon):
    d = daemon(ECHO + "[/files/*]\nexec = cat\n")
    c = Control(d)
    ws = d.ws("/echo")
    assert ws.echoes("12345")
    other = d.ws("/files/x")
    row = next(r for r in c.ask("list") if r["path"] == "/echo")
    assert row["peer"] == "127.0.0.1:%d" % ws.sock.getsockname()[1]
    assert row["in"] == row["out"] == {"messages": 1, "bytes": 5}
    assert row["state"] == "open" and row["queue"] == 0 and 0 <= row["seconds"] < 60
    assert procfs.alive(row["pid"]) and row["pid"] in procfs.children(d.pid)
    assert len(c.ask("list", path="/echo")) == 1
    assert len(c.ask("list", path="/files/*")) == len(c.ask("list", path="path=/files/")) == 1
    assert len(c.ask("list")) == 3
    assert c.ask("list", path="/nothing") == []
    shown = c.ask("show", to=row["id"])
    assert shown["in"] == row["in"] and shown["round_trip"] is None and shown["reading"] is True
    ws.finish()
    other.finish()
    until(lambda: ids(c) == [], "nobody is connected")


def test_wsserver_Connections(daemon):
    """Property Connections: addresses, host, origin, request URI, subprotocol, state, traffic, queue, timeout."""
    d = daemon("[/x/*]\nexec = cat\nsubprotocol = b a\norigin = http://o.example\nsend_timeout = 9s\n")
    c = Control(d)
    fields = [("Origin", "http://o.example"), ("Sec-WebSocket-Protocol", "a, b")]
    ws = d.ws("/x/y%20z?q=1&r=2", fields)
    other = d.ws("/x/" + "l" * 3000)
    assert ws.echoes("12345")
    first, second = ids(c)
    shown = c.ask("show", to=first)
    assert shown["uri"] == "/x/y%20z?q=1&r=2" and shown["host"] == d.host and shown["path"] == "/x/"
    assert shown["origin"] == "http://o.example" and shown["subprotocol"] == "b"
    assert shown["local"] == d.address and shown["peer"] == "127.0.0.1:%d" % ws.sock.getsockname()[1]
    assert shown["state"] == "open" and shown["send_timeout"] == 9 and shown["queue"] == 0 and not shown["tls"]
    assert shown["user"] is None and shown["via"] is None and shown["id"] < second
    assert shown["in"] == shown["out"] == {"messages": 1, "bytes": 5}
    shown = c.ask("show", to=second)
    assert shown["uri"] == "/x/" + "l" * 1021 and shown["origin"] is None and shown["subprotocol"] is None
    other.finish()
    until(lambda: second not in ids(c), "it has gone")
    third = d.ws("/x/"), ids(c)[-1]
    assert third[1] > second, "an id is never used again"
    with pytest.raises(Refused, match="-32000"):
        c.ask("show", to=second)


def test_the_manuals_examples_work_as_written(daemon):
    d = daemon("[/load]\nexec = cat\n")
    ws = d.ws("/load")
    manual = (ROOT / "man" / "wsbridge-control.7").read_text()
    shown = manual.split(".Sh EXAMPLES")[1].split(".Bd -literal\n")[1].split("\n.Ed")[0]
    script = re.sub(r"^\$ ", "", shown, flags=re.M).replace("/run/wsbridge/control.sock", socket_of(d))
    result = subprocess.run(["sh", "-e", "-c", script], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0 and not result.stderr, result.stderr
    assert re.search(r"^\d+\t/load\t127\.0\.0\.1:\d+$", result.stdout, re.M)
    assert '"result":{"closed":1}' in result.stdout
    assert ws.closed() == (1012, "")


def test_ids_are_never_used_again(daemon):
    d = daemon(ECHO)
    c = Control(d)
    seen = []
    for _ in range(3):
        ws = d.ws("/echo")
        seen += ids(c)
        ws.finish()
        until(lambda: ids(c) == [], "it has gone")
    assert seen == sorted(set(seen)) and len(seen) == 3


def test_wsserver_Disconnect(daemon):
    """Method Disconnect: one client, with code and description; what waits goes first."""
    d = daemon("[/x]\nshell = echo queued; exec cat\n[/y]\nexec = cat\n")
    c = Control(d)
    one, two, three = d.ws("/x"), d.ws("/x"), d.ws("/y")
    first, second, third = ids(c)
    assert c.ask("disconnect", to=first, code=4321, reason="enough ✓") == {"closed": 1}
    assert one.recv_until_close()[1:] == (4321, "enough ✓")
    one.close(4321)
    until(lambda: first not in ids(c), "it has gone")
    assert two.recv() == "queued" and two.echoes() and three.echoes()
    assert c.ask("disconnect", to="path=/x") == {"closed": 1}
    assert two.recv_until_close()[1:] == (1000, "")
    with pytest.raises(Refused, match="-32001"):
        c.ask("disconnect", to=second)
    assert three.echoes()
    assert c.ask("disconnect", to="path=/nothing") == {"closed": 0}
    d.wait_log(r"control: disconnect path=/x by pid \d+ of uid \d+")


def test_all_clients_are_closed(daemon):
    d = daemon(ECHO, canary=None)
    clients = [d.ws("/echo") for _ in range(30)]
    assert Control(d).ask("disconnect", to="all", code=1001)["closed"] == 30
    for ws in clients:
        assert ws.closed() == (1001, "")


def test_ping_tells_the_round_trip(daemon):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    (client,) = ids(c)
    c.begin("ping", to=client)
    ping = ws.frame()
    assert ping.opcode == PING
    time_before = time.monotonic()
    ws.send(PONG, ping.payload)
    answer = c.end()
    assert answer["id"] == client and 0 < answer["round_trip"] < time.monotonic() - time_before + TIMEOUT
    assert c.ask("show", to=client)["round_trip"] == pytest.approx(answer["round_trip"])
    assert c.ask("ping", to="all")["pinged"] == 2
    assert ws.frame().opcode == PING


def test_a_ping_of_a_client_that_goes_is_answered(daemon):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    (client,) = ids(c)
    c.begin("ping", to=client)
    assert ws.frame().opcode == PING
    ws.reset()
    with pytest.raises(Refused, match="has gone"):
        c.end()


def test_whoever_waits_for_a_pong_may_vanish(daemon):
    d = daemon("[logging]\nlevel = debug\n" + ECHO)
    c, other = Control(d), Control(d)
    ws = d.ws("/echo")
    (client,) = ids(c)
    c.begin("ping", to=client)
    ping = ws.frame()
    c.close()
    d.wait_log(r"control: pid \d+ of uid \d+ has left")
    ws.send(PONG, ping.payload)
    assert ws.echoes() and other.ask("version")


def test_a_ping_that_is_not_answered_ends_with_ping_timeout(daemon):
    d = daemon("[/echo]\nexec = cat\nping_timeout = 200ms\n")
    c = Control(d)
    d.ws("/echo")
    (client,) = ids(c)
    c.begin("ping", to=client)
    with pytest.raises(Refused, match="-32006|-32000"):
        c.end()


def test_pings_that_come_more_often_than_ping_timeout_keep_no_dead_client(daemon):
    d = daemon("[/echo]\nexec = cat\nping_timeout = 300ms\n")
    c = Control(d)
    ws = d.ws("/echo")

    def pinged():
        return c.ask("ping", to="path=/echo")["pinged"]

    assert pinged() == 1
    until(lambda: pinged() == 0, "the client to be dropped")
    d.wait_log("/echo: disconnected .*ping timeout")
    ping = ws.frame()
    assert ping.opcode == PING
    with pytest.raises(ConnectionResetError):
        ws.frame()


def test_without_ping_timeout_a_ping_that_was_lost_hinders_no_other(daemon):
    d = daemon("[/echo]\nexec = cat\nping_timeout = 0\n")
    c = Control(d)
    ws = d.ws("/echo")
    assert c.ask("ping", to="path=/echo") == {"pinged": 1}
    assert ws.frame().opcode == PING  # and never answered
    c.begin("ping", to=client_of(c, "/echo"))
    ping = ws.frame()
    assert ping.opcode == PING
    ws.send(PONG, ping.payload)
    assert c.end()["round_trip"] > 0


def test_reload_waits_and_tells_every_error(daemon):
    d = daemon(ECHO)
    c = Control(d)
    file_of(d).write_text(with_canary("[/new]\nexec = cat\n"))
    assert c.ask("reload")["listening"]
    assert d.ws("/new").echoes(), "the verdict comes when it is in force"
    file_of(d).write_text(with_canary("[/a]\nexec = cat\nqueue = lots\n[/b]\nexce = cat\n"))
    with pytest.raises(Refused) as refused:
        c.ask("reload")
    assert refused.value.code == -32003 and "nothing changes" in refused.value.message
    errors = refused.value.data
    assert any(re.search(r"wsbridge\.ini:\d+: error: queue = lots", e) for e in errors)
    assert any(re.search(r"wsbridge\.ini:\d+: error: .*exce.*did you mean 'exec'", e) for e in errors)
    assert d.ws("/new").echoes()
    d.wait_note("RELOADING=1")


def test_more_errors_than_an_answer_has_room_for_are_counted(daemon):
    d = daemon(ECHO)
    c = Control(d)
    wrong = '"' * 500  # each of which is two bytes in JSON
    paths = "".join(f"[/{n}]\nexec = cat\nqueue = {wrong}\n" for n in range(1_000))
    file_of(d).write_text(with_canary(paths + "[/long]\nexec = cat\nqueue = " + "x" * 200_000 + "\n"))
    with pytest.raises(Refused) as refused:
        c.ask("reload")
    errors = refused.value.data
    more = re.fullmatch(r"\.\.\. and (\d+) more", errors[-1])
    assert len(errors) > 50 and len(errors) - 1 + int(more[1]) == 1_001
    assert all("error: queue = " in e for e in errors[:-1])
    assert c.ask("version"), "it is still there"


def test_an_answer_that_would_be_too_long_is_an_error_and_drops_nobody(daemon):
    d = daemon(ECHO.replace("[/echo]", "[/long]\nexec = cat " + "x" * 1_100_000 + "\n[/echo]"))
    c = Control(d)
    with pytest.raises(Refused, match="the answer has more than 1 MiB"):
        c.ask("get", key="/long.exec")
    assert c.ask("version")


def test_a_list_of_many_clients_is_whole(daemon):
    d = daemon("[limits]\naccept_rate = 0\n[/echo]\nexec = cat\nspawn_rate = 0\n")
    c, other = Control(d), Control(d)
    clients = [d.ws("/echo") for _ in range(250)]
    c.begin("list")
    clients[100].close()  # while it is listed
    assert other.ask("version")
    rows = c.end()
    assert len({row["id"] for row in rows}) == len(rows) >= 250


def test_a_list_looks_at_some_clients_a_turn(daemon):
    """200: that none of 250 is on the path of a list is known in its second turn, not in its first."""
    d = daemon("[web]\nmetrics = /metrics\n[limits]\naccept_rate = 0\n[/echo]\nexec = cat\nspawn_rate = 0\n")
    c = Control(d)
    clients = [d.ws("/echo") for _ in range(250)]

    def turns():
        return int(re.search(r"wsbridge_loop_turn_seconds_count (\d+)", get(d, "/metrics").text).group(1))

    before = turns()
    for _ in range(100):
        assert c.ask("list", path="/nothing") == []
    assert turns() - before >= 300
    assert clients[0].echoes()


# ---- messages ----


def client_of(c, path="/echo"):
    return next(row["id"] for row in c.ask("list") if row["path"] == path)


def test_wsserver_SendText(daemon):
    """Method SendText: UTF-8 text to a client, a path, or all; what is no UTF-8 is refused."""
    d = daemon(ECHO + "[/other]\nexec = cat\n")
    c = Control(d)
    one, two, other = d.ws("/echo"), d.ws("/echo"), d.ws("/other")
    client = min(ids(c, path="/echo"))
    assert c.ask("send-text", to=client, text="grüß\0 dich") == {"sent": 1}
    assert one.recv() == "grüß\0 dich"
    assert c.ask("send-text", to="path=/echo", text="") == {"sent": 2}
    assert (one.recv(), two.recv()) == ("", "")
    c.send(b'{"jsonrpc":"2.0","id":1,"method":"send-text","params":["all","\xff"]}\n')
    assert c.line()["error"]["code"] == -32700
    assert all(ws.echoes() for ws in (one, two, other)), "nothing else came"


def test_wsserver_Send(daemon):
    """Method Send: any bytes to a client, base64 on the socket."""
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    data = bytes(range(256)) * 180
    assert c.ask("send", to=client_of(c), base64=base64.b64encode(data).decode()) == {"sent": 1}
    assert ws.recv() == data
    assert c.ask("send", to=client_of(c), base64="") == {"sent": 1}
    assert ws.recv() == b""
    for wrong in ("x", "====", "YQ", "YR==", "Y Q=", "YQ==YQ=="):
        with pytest.raises(Refused, match="-32602: base64"):
            c.ask("send", to="all", base64=wrong)
    row = next(r for r in c.ask("list") if r["path"] == "/echo")
    assert row["out"] == {"messages": 2, "bytes": len(data)}


def test_a_request_is_as_long_as_it_says(daemon):
    d = daemon("[/echo]\nexec = cat\nmax_message = 2M\n")
    c, other = Control(d), Control(d)
    ws = d.ws("/echo")
    head = '{"jsonrpc":"2.0","id":1,"method":"send-text","params":["%d","' % client_of(c)
    most = (1 << 20) - len(head + '"]}\n')
    c.send(head + "x" * (most - 2) + "\\n" + '"]}\n')
    assert c.line()["result"] == {"sent": 1} and ws.recv() == "x" * (most - 2) + "\n"
    c.send(head + "x" * (most + 1) + '"]}\n')
    answer = c.line()
    assert answer["error"]["code"] == -32600 and "1 MiB; send-file takes" in answer["error"]["message"]
    assert c.ask("version") and other.ask("version") and ws.echoes()


def test_a_long_request_may_come_in_small_pieces(daemon):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    text = "y" * 900_000
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "send-text", "params": [client_of(c), text]}) + "\n"
    before = procfs.cpu_seconds(d.pid)
    for i in range(0, len(line), 30):
        c.send(line[i : i + 30])
    assert c.line()["result"] == {"sent": 1} and ws.recv() == text
    if not is_sanitized():
        within(0.8, procfs.cpu_seconds(d.pid) - before, "seconds of CPU time: what has been looked at is looked at again")


def test_a_request_of_very_many_values_is_refused_before_it_is_read(daemon):
    d = daemon(ECHO)
    c = Control(d)
    c.send('{"jsonrpc":"2.0","id":1,"method":"events","params":[[' + "[]," * 300_000 + "[]]]}\n")
    answer = c.line()
    assert answer["error"]["code"] == -32600 and "at most 10000 values" in answer["error"]["message"]
    ws = d.ws("/echo")
    text = ',[{\\"' * 5000  # they are no values inside a text
    assert c.ask("send-text", to=client_of(c), text=text) == {"sent": 1}
    assert ws.recv() == text


def test_a_long_message_to_all_reaches_all_and_others_go_on(daemon):
    d = daemon("[limits]\naccept_rate = 0\n[/echo]\nexec = cat\nspawn_rate = 0\n")
    c = Control(d)
    clients = [d.ws("/echo", receive_buffer=4096) for _ in range(100)]
    c.begin("send-text", to="path=/echo", text="z" * 600_000)
    assert d.canary.echoes()
    assert c.end() == {"sent": 100}
    for ws in clients:
        assert ws.recv() == "z" * 600_000


@pytest.mark.parametrize("word, size", [("send", 700_000), ("send-text", 1_000_000)])
def test_wsbridgectl_sends_what_fits_a_request_and_says_where_to_take_the_rest(daemon, tmp_path, word, size):
    d = daemon("[/echo]\nexec = cat\nmax_message = 2M\n")
    ws = d.ws("/echo")
    client = client_of(Control(d))
    file = tmp_path / "message"

    def send(n, status=0):
        file.write_text("m" * n)
        with open(file) as stdin:
            return ctl(d, word, client, status=status, stdin=stdin)

    send(size)
    assert ws.recv() in ("m" * size, b"m" * size)
    assert "1 MiB; send-file takes what is longer" in send(1_048_570, status=1)
    assert "1 MiB; send-file takes what is longer" in send(5_000_000, status=64)
    assert ws.echoes()


def test_a_message_to_all_reaches_all(daemon):
    d = daemon("[limits]\naccept_rate = 0\n[/echo]\nexec = cat\nspawn_rate = 0\n", canary=None)
    c = Control(d)
    clients = [d.ws("/echo") for _ in range(250)]
    assert c.ask("send-text", to="all", text="one") == {"sent": 250}
    assert c.ask("send-text", to="all", text="two") == {"sent": 250}
    assert {(ws.recv(), ws.recv()) for ws in clients} == {("one", "two")}


def test_a_message_waits_for_the_end_of_the_programs_own(daemon, program):
    prog = program("""
os.mkfifo("go")
os.write(1, b"a" * 200000)  # a line that is streamed
open("go").close()  # waits for the test to open it, too
os.write(1, b"b\\nnext\\n")
os.read(0, 1)
""")
    d = daemon(f"[/x]\nexec = {prog}\n")
    c = Control(d)
    ws = d.ws("/x")
    first = ws.frame()
    assert first.opcode == TEXT and not first.fin
    assert c.ask("send-text", to=client_of(c, "/x"), text="between") == {"sent": 1}
    Path(d.rundir, "go").write_bytes(b"")
    size = len(first.payload)
    while not first.fin:
        first = ws.frame()
        assert first.opcode == 0
        size += len(first.payload)
    assert size == 200001
    assert (ws.recv(), ws.recv()) == ("between", "next")


def test_messages_without_a_byte_are_bounded_too(daemon):
    d = daemon("[/x]\nshell = head -c 200000 /dev/zero; exec sleep 60\nqueue = 64k\n")
    c = Control(d)
    ws = d.ws("/x")
    client = client_of(c, "/x")
    size = 0
    while size < 200000:  # a line that does not end
        size += len(ws.frame().payload)
    assert c.ask("send-text", to=client, text="abc") == {"sent": 1}
    asked = [request_line(n, "send-text", to=client, text="") for n in range(4000)]
    refused = None
    while asked and not refused:
        c.send("".join(asked[:100]))
        answers = [c.line() for _ in asked[:100]]
        refused = next((a["error"] for a in answers if "error" in a), None)
        del asked[:100]
    assert refused and refused["code"] == -32002
    assert c.ask("interrupt", to=client)["dropped"] == 3
    assert c.ask("send-text", to=client, text="") == {"sent": 1}


def test_a_client_whose_queue_is_full_is_told_of(daemon):
    d = daemon("[/x]\nshell = yes; :\nqueue = 64k\n")
    c = Control(d)
    d.ws("/x", receive_buffer=4096)
    client = client_of(c, "/x")
    until(lambda: c.ask("show", to=client)["queue"] > 30000, "its queue is full")
    with pytest.raises(Refused, match="-32002.*interrupt"):
        for _ in range(10):
            c.ask("send-text", to=client, text="x" * 30000)
    assert c.ask("send-text", to="path=/x", text="x" * 60000) == {"refused": 1}


def test_max_frame_holds_for_sent_messages(daemon):
    d = daemon("[/x]\nexec = cat\nmax_frame = 1000\n")
    ws = d.ws("/x")
    c = Control(d)
    c.ask("send-text", to=client_of(c, "/x"), text="y" * 2500)
    assert [len(f.payload) for f in ws.frames()] == [1000, 1000, 500]


# ---- the daemon ----


def test_wsserver_Listening(daemon):
    """Property Listening: off closes the sockets, live sessions stay; on opens them again, at the same place."""
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    assert c.ask("listen", on=False) == {"listening": []}
    with pytest.raises(ConnectionRefusedError):
        d.connect()
    d.wait_note("STATUS=not listening.*")
    assert ws.echoes() and c.ask("status")["listening"] == []
    c.ask("reload")
    d.wait_log("reload: .* is taken; not listening, as told$")
    with pytest.raises(ConnectionRefusedError):
        d.connect()
    assert c.ask("listen", on=True) == {"listening": [d.address]}
    assert d.ws("/echo").echoes() and ws.echoes()
    assert c.ask("listen", on=True) == {"listening": [d.address]}


def test_one_listener_is_closed_and_opened_again(daemon, rundir):
    """By its entry or its address; a reload does not open it, the port is the same, and the others go on."""
    unix = f"unix:{rundir}/s"
    d = daemon(f"[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.2:0\nlisten = {unix}\n" + ECHO)
    c = Control(d)
    first, second = d.addresses[:2]
    live = d.ws("/echo", address=second)
    assert c.ask("listen", on=False, listener=second) == {"listening": [first, unix]}
    with pytest.raises(ConnectionRefusedError):
        d.connect(second)
    assert live.echoes() and d.ws("/echo", address=first).echoes()
    assert c.ask("listen", on=False, listener=unix) == {"listening": [first]}
    assert not os.path.exists(f"{rundir}/s")
    assert c.ask("listen", on=False, listener="127.0.0.2:0") == {"listening": [first]}
    c.ask("reload")
    assert c.ask("status")["listening"] == [first]
    assert c.ask("listen", on=True, listener=unix) == {"listening": [first, unix]}
    assert c.ask("listen", on=True, listener=second) == {"listening": [first, second, unix]}
    assert d.ws("/echo", address=second).echoes()
    with pytest.raises(Refused, match="there is no listener 127.0.0.9:1") as refused:
        c.ask("listen", on=False, listener="127.0.0.9:1")
    assert refused.value.code == -32004


def test_one_of_all_that_are_off_is_opened(daemon):
    d = daemon("[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.2:0\n" + ECHO)
    c = Control(d)
    first, second = d.addresses[:2]
    assert c.ask("listen", on=False) == {"listening": []}
    assert c.ask("listen", on=True, listener=second) == {"listening": [second]}
    assert c.ask("listen", on=True, listener=second) == {"listening": [second]}
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", int(first.rpartition(":")[2])))
        s.listen()
        with pytest.raises(Refused):
            c.ask("listen", on=True)
        assert c.ask("status")["listening"] == [second]
    assert c.ask("listen", on=True) == {"listening": [first, second]}
    assert d.ws("/echo", address=first).echoes()


def test_listening_that_fails_is_told_with_the_owner(daemon):
    d = daemon(ECHO)
    c = Control(d)
    c.ask("listen", on=False)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", d.port))
        s.listen()
        with pytest.raises(Refused) as refused:
            c.ask("listen", on=True)
        assert refused.value.code == -32009 and "in use" in refused.value.data[0]
    c.ask("listen", on=True)
    assert d.ws("/echo").echoes()


@pytest.mark.without("exit", "canary", "children", "descriptors", "memory", reason="the test ends the daemon itself")
def test_wsserver_Shutdown(daemon):
    """Method Shutdown: STOPPING=1, no new clients, 1001 to all, programs are stopped as always, exit 0."""
    d = daemon(ECHO + "[/deaf]\nshell = trap '' TERM; while :; do sleep 0.1; done\nstop_timeout = 200ms\n")
    ws, deaf = d.ws("/echo"), d.ws("/deaf")
    c = Control(d)
    assert c.ask("shutdown", timeout=5) == {"state": "stopping"}
    assert ws.closed() == (1001, "shutdown") and deaf.closed() == (1001, "shutdown")
    d.wait_note("STOPPING=1")
    with pytest.raises(ConnectionRefusedError):
        d.connect()
    deaf.close(1001)
    ws.close(1001)
    d.canary.close(1001)
    assert d.wait_exit() == 0


# ---- settings ----


def test_wsserver_Config(daemon):
    """Method Config: settings are read and set by name, and the answer says when that takes effect."""
    d = daemon("[/x]\nexec = cat\nmax_message = 2k\n[/y]\nexec = cat\n")
    c = Control(d)
    got = c.ask("get", key="/x.max_message")
    assert got["value"] == "2k" and re.search(r"wsbridge\.ini:\d+$", got["origin"]) and got["applies"] == "new-connections"
    assert c.ask("get", key="/y.max_message")["origin"] == "default"
    old = d.ws("/x")
    assert c.ask("set", key="/x.max_message", value="10")["applies"] == "new-connections"
    new = d.ws("/x")
    new.text("x" * 11)
    assert new.closed()[0] == 1009
    assert old.echoes("x" * 100)
    assert d.ws("/y").echoes("x" * 100)
    assert c.ask("get", key="/x.max_message")["origin"] == "(control)"
    assert c.ask("set", key="defaults.max_message", value=20)["applies"] == "new-connections"
    y = d.ws("/y")
    y.text("x" * 21)
    assert y.closed()[0] == 1009
    assert c.ask("set", key="limits.max_connections", value=1) == {
        "key": "limits.max_connections",
        "value": "1",
        "applies": "now",
    }
    assert d.handshake("/x").response.status == 503
    c.ask("reload")  # the file is what counts again
    assert d.ws("/x").echoes("x" * 100)


def test_a_list_is_replaced_as_a_whole(daemon):
    d = daemon("[/x]\nexec = cat\norigin = https://a.example\norigin = https://b.example\n")
    c = Control(d)
    assert c.ask("get", key="/x.origin")["value"] == ["https://a.example", "https://b.example"]
    c.ask("set", key="/x.origin", value="https://c.example https://d.example")
    for host, status in ("a", 403), ("c", 101), ("d", 101):
        assert d.handshake("/x", [("Origin", f"https://{host}.example")]).response.status == status


@pytest.mark.parametrize(
    "key, value, text",
    [
        ("limits.max_conections", "1", "did you mean 'max_connections'"),
        ("max_connections", "0", "is not between 1 and 1000000"),
        ("limits.handshake_timeout", "10", "needs a unit"),
        ("limits.full", "maybe", "is not http or close"),
        ("nonsense.full", "http", "unknown section"),
        ("/nothing.queue", "1k", "no [/nothing]"),
        ("queue", "1k", "as /x.queue, or defaults.queue"),
        ("group", "x", "server.group or control.group"),
        ("/echo.exec", "rm -rf /", "in the file alone: then reload"),
        ("/echo.env", "A=b", "in the file alone: then reload"),
        ("server.user", "nobody", "in the file alone: then restart"),
        ("/echo.close_reason", "${env:HOME}", "stands in the file alone"),
        ("/echo.origin", " ", "origin needs a value"),
        ("/echo.close_code", "1005", "may not be sent"),
        ("17.receive", "off", "no client 17"),
        ("/echo.queue", "", "needs a value"),
    ],
)
def test_what_cannot_be_set_is_refused_with_a_suggestion(daemon, key, value, text):
    d = daemon(ECHO)
    c = Control(d)
    before = list(c.ask("keys"))
    with pytest.raises(Refused) as refused:
        c.ask("set", key=key, value=value)
    assert text in refused.value.message, refused.value
    assert c.ask("keys") == before and d.ws("/echo").echoes()


@pytest.mark.parametrize("key", ["limits.max_connections", "MaxConnections", "1.receive"])
def test_the_log_has_who_has_set_what_and_whether_it_was_taken(daemon, key):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    good, bad, why = ("on", "maybe", "is not on or off") if key == "1.receive" else ("17", "x17", "is not a whole number")
    key = key.replace("1.", f"{ids(c)[-1]}.")
    c.ask("set", key=key, value=good)
    with pytest.raises(Refused):
        c.ask("set", key=key, value=bad)
    assert ws.echoes()
    d.wait_log("is refused")
    lines = [line for line in d.log().splitlines() if "control: set" in line]
    assert len(lines) == 2, lines
    assert re.search(rf"control: set {key} by pid \d+ of uid \d+$", lines[0]), lines
    assert re.search(rf"control: set {key} by pid \d+ of uid \d+ is refused: .*{bad} {why}$", lines[1]), lines


def test_what_is_set_is_no_word_of_the_log(daemon):
    d = daemon(ECHO)
    Control(d).ask("set", key="tls.prng_seed", value="of-nobody")
    d.wait_log("control: set tls.prng_seed by")
    assert "of-nobody" not in d.log()


def test_keys_tells_what_the_table_has(daemon):
    keys = Control(daemon(ECHO)).ask("keys")
    by_name = {(row["section"], row["key"]): row for row in keys}
    assert len(keys) == len(by_name) > 60
    full = by_name["[limits]", "full"]
    assert full["default"] == "http" and full["values"] == "http or close" and full["applies"] == "now"
    assert by_name["[server]", "user"]["applies"] == "restart"
    assert by_name["[/path]", "exec"]["applies"] == "reload"
    assert by_name["[/path]", "queue"]["applies"] == "new-connections"


def test_wsserver_Connections_AcceptData(daemon):
    """A client that is held is not read, until it is again."""
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    client = client_of(c)
    assert c.ask("set", key=f"{client}.receive", value="off")["applies"] == "now"
    ws.text("held")
    assert not readable(ws.sock, 0.2) or ws.frame().opcode == PONG
    assert c.ask("show", to=client)["reading"] is False
    assert c.ask("show", to=client)["in"]["messages"] == 0
    c.ask("set", key=f"{client}.receive", value="on")
    assert ws.recv() == "held"


# ---- files, and cutting short ----


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / f"file{len(data)}"
        path.write_bytes(data)
        return open(path, "rb")

    return write


def begin_file(c, client, f, **params):
    return c.begin("send-file", fds=[f.fileno()], to=client, **params)


def data_frames(ws, timeout=TIMEOUT):
    """The data frames of the next message, and the control frames between them."""
    data, control = [], []
    while not data or not data[-1].fin:
        frame = ws.frame(timeout)
        (control if frame.opcode >= 8 else data).append(frame)
    return data, control


def test_wsserver_SendFile(daemon, file):
    """Method SendFile: a file of any size as one message; pongs and other clients go on meanwhile."""
    d = daemon(ECHO)
    c, other = Control(d), Control(d)
    ws, bystander = d.ws("/echo", receive_buffer=4096), d.ws("/echo")
    client = min(ids(c))
    content = os.urandom(8 << 20)
    begin_file(c, client, file(content), progress=True)
    ws.send(PING, b"meanwhile")
    ws.text("echoed behind it")
    assert bystander.echoes() and other.ask("version")
    with pytest.raises(Refused, match="-32005"):
        begin_file(other, client, file(b"second"))
        other.end()
    assert other.ask("send-text", to=client, text="sent behind it") == {"sent": 1}
    data, control = data_frames(ws, 30)
    assert b"".join(f.payload for f in data) == content
    assert data[0].opcode == 2 and {f.opcode for f in data[1:]} == {0}
    assert max(len(f.payload) for f in data) <= 65536
    assert [f.payload for f in control if f.opcode == PONG and f.payload] == [b"meanwhile"]
    assert c.end() == {"sent": len(content)}
    assert all(m == "progress" and p["size"] == len(content) for m, p in c.notifications)
    assert {ws.recv(), ws.recv()} == {"echoed behind it", "sent behind it"}
    assert ws.echoes()


def test_a_file_goes_through_tls(daemon, file, certificate):
    d = daemon(TLS + certificate().ini() + ECHO)
    c = Control(d)
    ws = d.ws("/echo", receive_buffer=4096)
    content = os.urandom(3 << 20)
    begin_file(c, client_of(c), file(content))
    ws.send(PING, b"meanwhile")
    data, control = data_frames(ws)
    assert b"".join(f.payload for f in data) == content
    assert c.end() == {"sent": len(content)} and ws.echoes()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 70000, 131072 - 128])
def test_a_file_of_any_size_arrives(daemon, file, size):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    content = os.urandom(size)
    begin_file(c, client_of(c), file(content))
    assert ws.recv() == content
    assert c.end() == {"sent": size}
    assert ws.echoes()


def test_a_text_file_is_text_and_cut_by_max_frame(daemon, file):
    d = daemon("[/x]\nexec = cat\nmax_frame = 1001\n")
    c = Control(d)
    ws = d.ws("/x")
    text = "grüße ✓ 𝄞 " * 20000
    begin_file(c, client_of(c, "/x"), file(text.encode()), text=True)
    frames = ws.frames()
    assert frames[0].opcode == TEXT and max(len(f.payload) for f in frames) == 1001
    assert b"".join(f.payload for f in frames).decode() == text
    assert c.end() == {"sent": len(text.encode())}


COLD = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/uio.h>

/* What is asked for ends with its page, until it is asked for again. */
ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	ssize_t (*real)(int, const struct iovec *, int, off_t, int) = dlsym(RTLD_NEXT, "preadv2");
	static off_t last = -1;
	size_t left = 4096 - at % 4096;
	struct iovec cut = { v->iov_base, v->iov_len < left || at == last ? v->iov_len : left };

	last = at;
	return real(fd, &cut, n, at, flags);
}
"""


def test_a_text_file_that_lies_in_memory_in_part_is_text(daemon, file, tmp_path):
    preload = tmp_path / "cold.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", preload, "-"], input=COLD, text=True, check=True)
    options = ENVIRONMENT["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    d = daemon(ECHO, env={"LD_PRELOAD": str(preload), "ASAN_OPTIONS": options})
    c = Control(d)
    ws = d.ws("/echo")
    text = "✓" * 100000
    begin_file(c, client_of(c), file(text.encode()), text=True)
    assert ws.recv() == text
    assert c.end() == {"sent": 300000}


@pytest.mark.parametrize("tail", [b"\xff", b"x" * 100 + b"\xc3", b"\xed\xa0\x80 surrogate"])
def test_a_file_that_is_no_text_ends_early_but_in_order(daemon, file, tail):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    begin_file(c, client_of(c), file("ü".encode() * 100000 + tail), text=True)
    message = ws.recv()
    assert message == "ü" * len(message)
    with pytest.raises(Refused, match="-32010.*not UTF-8"):
        c.end()
    assert ws.echoes()


def test_only_a_regular_file_that_is_open_for_reading_can_be_sent(daemon, file, tmp_path):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    client = client_of(c)
    read, write = os.pipe()
    directory = os.open(tmp_path, os.O_RDONLY)
    write_only = os.open(tmp_path / "w", os.O_WRONLY | os.O_CREAT)
    os.write(write_only, b"x")
    for fds, text in ([read], "regular"), ([directory], "regular"), ([], "SCM_RIGHTS"), ([write_only], "cannot be read"):
        c.begin("send-file", fds=fds, to=client)
        with pytest.raises(Refused, match=f"-32010.*{text}"):
            c.end()
    with pytest.raises(Refused, match="-32000"):
        begin_file(c, 9999, file(b"x"))
        c.end()
    for fd in (read, write, directory, write_only):
        os.close(fd)
    assert ws.echoes()


def test_a_file_that_becomes_shorter_ends_early_but_in_order(daemon, file):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo", receive_buffer=4096)
    f = file(b"x" * (16 << 20))
    begin_file(c, client_of(c), f)
    assert ws.frame().opcode == 2
    os.truncate(f.name, 1000)
    while not ws.frame().fin:
        pass
    with pytest.raises(Refused, match="-32010.*shorter"):
        c.end()
    assert ws.echoes()


def test_a_large_file_needs_no_memory(daemon, tmp_path):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo")
    path = tmp_path / "sparse"
    with open(path, "wb") as f:
        f.truncate(256 << 20)
    before = procfs.memory(d.pid)
    with open(path, "rb") as f:
        begin_file(c, client_of(c), f)
        size, most, fin = 0, 0, False
        while not fin:
            frame = ws.frame()
            if frame.opcode < 8:
                size, fin = size + len(frame.payload), frame.fin
            if size % (16 << 20) < 65536:
                most = max(most, procfs.memory(d.pid) - before)
    assert size == 256 << 20 and c.end() == {"sent": size}
    assert is_sanitized() or most < 1 << 20


@pytest.mark.parametrize("before", ["nothing", "another file", "its end"])
def test_a_file_ends_in_order_when_its_sender_vanishes(daemon, file, before):
    """Whatever the sender has said before it went: another file that is to follow, or that this is all."""
    d = daemon("[logging]\nlevel = debug\n" + ECHO)
    c, f = Control(d), file(b"x" * (16 << 20))
    ws = d.ws("/echo", receive_buffer=4096)
    client = client_of(c)
    begin_file(c, client, f)
    if before == "another file":
        begin_file(c, client, f)
    if before == "its end":
        c.sock.shutdown(socket.SHUT_WR)
    assert ws.frame().opcode == 2
    c.close()
    d.wait_log(r"control: .* has left")
    size, fin = 0, False
    while not fin:
        frame = ws.frame()
        size, fin = size + len(frame.payload), frame.fin
    assert size < 12 << 20 and ws.echoes()


def test_a_client_that_is_gone_when_a_piece_of_a_file_is_for_it_takes_the_file_with_it(daemon, file):
    """The piece is many frames and many writes, and the first of these finds it out."""
    d = daemon("[/deaf]\nexec = sleep 1000\nmax_frame = 1\nqueue = 64k\neof_timeout = 0\n")
    c, f, codes = Control(d), file(b"x" * 100_000), set()
    for _ in range(10):
        ws = d.ws("/deaf")
        client = max(ids(c))
        ws.binary(b"x" * 300_000)
        until(lambda: not c.ask("show", to=client)["reading"], "only writing finds it out")
        d.process.send_signal(signal.SIGSTOP)
        number = begin_file(c, client, f)
        ws.reset()
        d.process.send_signal(signal.SIGCONT)
        answer = c.line()
        assert answer["id"] == number
        codes.add(answer["error"]["code"])
        if -32001 in codes:
            break
    assert -32001 in codes, codes


def request_line(number, method, **params):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"


def test_each_request_gets_the_file_that_came_with_it(daemon, file):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo", receive_buffer=4096)
    client = client_of(c)
    first, second = os.urandom(4 << 20), os.urandom(1000)
    a, b = file(first), file(second)
    send = [request_line(n, "send-file", to=client) for n in range(3)]
    c.send(send[0], [a.fileno()])
    c.send(send[1], [b.fileno()])
    c.send(request_line(7, "list") + send[2][:20], [a.fileno()])
    c.send(send[2][20:])
    c.send(request_line(8, "send-file", to=client), [b.fileno()])
    assert (ws.recv(), ws.recv()) == (first, second)
    assert [c.line()["result"] for _ in range(2)] == [{"sent": len(first)}, {"sent": len(second)}]
    assert len(c.line()["result"]) == 2
    assert ws.recv() == first
    assert ws.recv() == second
    assert [c.line()["result"] for _ in range(2)] == [{"sent": len(first)}, {"sent": len(second)}]


def test_a_request_that_is_refused_leaves_no_file_to_the_next(daemon, file):
    d = daemon(ECHO)
    c = Control(d)
    assert d.ws("/echo").echoes()
    wanted = request_line(9, "send-file", to=client_of(c))
    for other in "nonsense\n", "\n", request_line(9, "nothing"), "x" * 100000 + "\n":
        with file(b"somebody else's") as f:
            before = len(procfs.descriptors(d.pid))
            c.send(other, [f.fileno()])
            c.send(wanted)
            answer = c.line()
            while answer["id"] != 9 or answer["error"]["code"] == -32601:
                answer = c.line()
            assert answer["error"]["code"] == -32010 and "SCM_RIGHTS" in answer["error"]["message"]
            assert len(procfs.descriptors(d.pid)) == before


def test_a_file_is_given_up_when_its_client_goes(daemon, file):
    d = daemon(ECHO)
    c = Control(d)
    ws = d.ws("/echo", receive_buffer=4096)
    begin_file(c, client_of(c), file(b"x" * (16 << 20)))
    assert ws.frame().opcode == 2
    ws.reset()
    with pytest.raises(Refused, match="-32001.*has gone"):
        c.end()


def test_wsserver_Interrupt(daemon, file):
    """Method Interrupt: what waits is dropped, no frame is cut, what has begun ends in order."""
    d = daemon(ECHO)
    c, other = Control(d), Control(d)
    ws = d.ws("/echo", receive_buffer=4096)
    client = client_of(c)
    begin_file(c, client, file(b"x" * (16 << 20)))
    assert ws.frame().opcode == 2
    assert other.ask("send-text", to=client, text="waits")["sent"] == 1
    dropped = other.ask("interrupt", to=client)["dropped"]
    with pytest.raises(Refused, match="-32011"):
        c.end()
    size, frame = 65472, None
    while not frame or not frame.fin:
        frame = ws.frame()
        assert frame.opcode == 0
        size += len(frame.payload)
    assert frame.payload == b"" and size + dropped - len("waits") == 16 << 20
    assert ws.echoes()
    assert other.ask("interrupt", to=client) == {"dropped": 0}
    assert other.ask("interrupt", to="all") == {"dropped": 0}


@pytest.mark.parametrize("tls", [False, True])
def test_an_interrupt_drops_whole_messages_and_cuts_no_frame(daemon, certificate, tls):
    """A program floods a client that does not read; after the interrupt come whole lines again."""
    ini = "[socket]\nsend_buffer = 64k\n[/x]\nshell = seq -f %07.0f 1 200000; cat\nqueue = 256k\n"
    d = daemon((TLS + certificate().ini() if tls else "") + ini)
    c = Control(d)
    ws = d.ws("/x", receive_buffer=4096)
    client = client_of(c, "/x")
    until(lambda: c.ask("show", to=client)["queue"] > 100000, "its queue is full")
    ws.send(PING, b"kept")
    dropped = c.ask("interrupt", to=client)["dropped"]
    assert dropped > 10000
    ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)  # it has been small for long enough
    numbers, pongs = [], 0
    while not numbers or numbers[-1] < 200000:
        frame = ws.frame()
        if frame.opcode == PONG:
            pongs += frame.payload == b"kept"
        else:
            assert frame.opcode == TEXT and frame.fin
            numbers.append(int(frame.payload))
    gaps = [(a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1]
    assert numbers[0] == 1 and len(gaps) == 1 and pongs == 1
    assert dropped == 7 * (gaps[0][1] - gaps[0][0] - 1)
    ws.text("still there")
    assert ws.recv() == "still there"


def test_an_interrupted_line_ends_in_order_and_its_rest_does_not_come(daemon, program):
    prog = program("""
text = "ü".encode() * 4000000  # more than all queues on the way hold
while text:
    text = text[os.write(1, text) :]
os.read(0, 1)
os.write(1, "ü".encode() * 100000 + b"\\nnext\\n")
os.read(0, 1)
""")
    d = daemon(f"[/x]\nexec = {prog}\nqueue = 100k\n")
    c = Control(d)
    ws = d.ws("/x", receive_buffer=4096)
    client = client_of(c, "/x")
    first = ws.frame()
    assert first.opcode == TEXT and not first.fin
    c.ask("interrupt", to=client)
    payload, frame = first.payload, first
    while not frame.fin:
        frame = ws.frame()
        payload += frame.payload
    assert set(payload.decode()) == {"ü"} and len(payload) < 8000000
    assert c.ask("interrupt", to=client) == {"dropped": 0}  # it has ended already
    ws.text("go on")
    assert ws.recv() == "next"


@pytest.mark.parametrize("max_frame", [1000, 1])  # a third of all frames end with a character
def test_an_interrupt_inside_a_character_ends_it(daemon, max_frame):
    begin = "printf %$((REMOTE_PORT % 3))s; yes ✓✓✓✓✓✓✓ | tr -d '\\n' | head -c 3000000; cat"
    d = daemon(f"[socket]\nsend_buffer = 16k\n[/x]\nshell = {begin}\nmax_frame = {max_frame}\nqueue = 64k\n")
    c = Control(d)
    clients = [d.ws("/x", receive_buffer=4096) for _ in range(8)]
    for client in ids(c):
        until(lambda: c.ask("show", to=client)["queue"] > 20000, "its queue is full")
        c.ask("interrupt", to=client)
    for ws in clients:
        frames = ws.frames()
        assert not b"".join(f.payload for f in frames).decode().strip(" ✓")


def test_an_interrupt_where_a_client_has_cut_a_character_ends_its_message(daemon):
    """What is echoed is a fragment of whole characters: nothing needs guessing when the rest of it does not come."""
    d = daemon("[/x]\nbuiltin = echo\n")
    c, ws = Control(d), d.ws("/x")
    ws.send(TEXT, "a✓".encode()[:-1], fin=False)
    assert ws.frame().payload == b"a"
    c.ask("interrupt", to=ids(c)[0])
    end = ws.frame()
    assert (end.opcode, end.fin, end.payload) == (CONT, True, b"")
    ws.send(CONT, "✓".encode()[-1:])
    ws.text("next")
    assert ws.recv() == "next"


@pytest.mark.memory(8, reason="malloc(3) keeps some of what two snapshots of 300 paths took")
def test_many_reloads_at_once_keep_nobody_waiting(daemon, certificate):
    """Canary's pings get their pongs before the last of 16 is answered: not all are done in one turn."""
    d = daemon(TLS + certificate(algorithm="rsa").ini() + "".join(f"[/p{i}]\nexec = cat\n" for i in range(300)))
    c = Control(d)
    assert c.ask("reload")
    d.process.send_signal(signal.SIGSTOP)
    c.send('{"jsonrpc": "2.0", "id": 1, "method": "reload"}\n' * 16)
    d.process.send_signal(signal.SIGCONT)
    for _ in range(2):
        d.canary.send(PING)
        assert d.canary.frame().opcode == PONG
    while readable(c.sock, 0):
        c.got += c.sock.recv(1 << 16)
    others_first("the reloads", c.got.count(b"\n") == 16)
    assert all(c.line()["result"] for _ in range(16))
