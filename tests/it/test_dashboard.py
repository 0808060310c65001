# SPDX-License-Identifier: MIT
"""The dashboard's page, and its WebSocket to the control commands: who may, what they may, and what it costs."""

import json
import re

import pytest
from control import Control, Refused
from harness import ROOT, get, http, with_canary
from inicheck import fails
from rawws import PING, PONG, TEXT, encode
from test_auth import basic, bearer, crypt, token_line
from test_reload import reload
from waiting import until
from webcontrol import SOCKET, SUBPROTOCOL, WebControl, fields

ECHO = "[/echo]\nexec = cat\n"
VIEW = "[web]\ndashboard = view\n" + ECHO
OPERATE = "[web]\ndashboard = operate\n" + ECHO
PAGES = ["/-/dashboard", "/-/dashboard.css", "/-/dashboard.js", "/-/uplot.css", "/-/uplot.js"]
VIEWED = ["version", "status", "list", "show", "events"]
OPERATED = ["disconnect", "ping", "interrupt"]


def commands():
    table = (ROOT / "src" / "server" / "command.c").read_text()
    return re.findall(r'^\t\{ "([a-z-]+)", "', table, re.M)


def status(d, given=None, **how):
    return d.handshake(SOCKET, fields(d) if given is None else given, **how).response.status


def ids(control, path="/echo"):
    return [row["id"] for row in control.ask("list", path=path)]


def test_a_request_may_have_lines_between_its_parts(daemon):
    c = WebControl(daemon(VIEW))
    c.ws.text(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "version", "params": {}}, indent=1))
    assert c.line()["result"]["name"] == "wsbridged"
    assert c.ask("version")["name"] == "wsbridged", "and that was one request"


# ---- what is there ----


@pytest.mark.key("dashboard")
def test_there_is_none_unless_asked_for(daemon):
    d = daemon("[web]\nconsole = yes\n" + ECHO)
    assert [get(d, page).status for page in PAGES] == [404] * len(PAGES)
    assert status(d) == 404


@pytest.mark.key("dashboard")
@pytest.mark.parametrize("word", ["yes", "view"])
def test_view_looks_and_changes_nothing(daemon, word):
    d = daemon(VIEW.replace("view", word))
    assert [get(d, page).status for page in PAGES] == [200] * len(PAGES)
    c, ws = WebControl(d), d.ws("/echo")
    assert c.ask("version")["commands"] == VIEWED
    assert c.ask("status")["clients"] == 3
    (row,) = c.ask("list", path="/echo")
    assert c.ask("show", to=row["id"])["peer"] == row["peer"] == "127.0.0.1:%d" % ws.sock.getsockname()[1]
    for command in OPERATED + sorted(set(commands()) - set(VIEWED) - set(OPERATED)):
        with pytest.raises(Refused, match="wsbridgectl|dashboard = operate") as refused:
            c.ask(command)
        assert refused.value.code == -32012, command
    assert ws.echoes()
    d.wait_log(r"^control: disconnect by #\d+ 127\.0\.0\.1:\d+ is refused$")


@pytest.mark.key("dashboard")
def test_operate_ends_and_interrupts_clients_and_the_log_says_who_did(daemon):
    d = daemon(OPERATE)
    c, ws, other = WebControl(d), d.ws("/echo"), d.ws("/echo")
    assert sorted(c.ask("version")["commands"]) == sorted(VIEWED + OPERATED)
    second, first = ids(c)
    c.begin("ping", to=first)
    ping = ws.frame()
    assert ping.opcode == PING
    ws.send(PONG, ping.payload)
    assert c.end()["round_trip"] >= 0
    assert c.ask("disconnect", to=first, code=4001, reason="out") == {"closed": 1}
    assert ws.closed() == (4001, "out")
    assert c.ask("interrupt", to=second) == {"dropped": 0}
    for command in set(commands()) - set(VIEWED) - set(OPERATED):
        with pytest.raises(Refused, match="wsbridgectl"):
            c.ask(command)
    assert other.echoes()
    peer = "127.0.0.1:%d" % c.ws.sock.getsockname()[1]
    for word in "ping", "disconnect", "interrupt":
        d.wait_log(rf"^control: {word} \d+ by #\d+ {re.escape(peer)}$")
    assert "control: status" not in d.log()


def test_every_command_says_who_may_give_it():
    table = (ROOT / "src" / "server" / "command.c").read_text()
    rows = re.findall(r'^\t\{ "([a-z-]+)",.*?\.needs = RIGHTS_(\w+)', table, re.M | re.S)
    assert [name for name, _ in rows] == commands()
    needs = {right: {name for name, right_of in rows if right_of == right} for right in ("VIEW", "OPERATE", "ALL")}
    assert needs["VIEW"] == set(VIEWED) and needs["OPERATE"] == set(OPERATED)
    assert {"reload", "shutdown", "set", "send-file"} <= needs["ALL"]


@pytest.mark.key("dashboard")
def test_a_reload_takes_it_away_from_those_who_come_and_not_from_those_who_are_there(daemon):
    d = daemon(VIEW)
    there = WebControl(d)
    reload(d, with_canary(ECHO))
    assert status(d) == 404 and get(d, PAGES[0]).status == 404
    assert there.ask("version")["commands"] == VIEWED
    reload(d, with_canary(OPERATE))
    assert "disconnect" in WebControl(d).ask("version")["commands"]
    assert there.ask("version")["commands"] == VIEWED


def test_a_prefix_path_does_not_hide_it_and_the_path_of_a_section_is_an_error(daemon, check):
    d = daemon(VIEW + "[/*]\nexec = cat\n[/-/*]\nexec = cat\n")
    assert get(d, PAGES[0]).status == 200 and WebControl(d).ask("version")
    for path in "/-/control", "/-/dashboard":
        fails(check(f"[web]\ndashboard = view\n[{path}]\nexec = cat\n"), (2, rf"dashboard: {path} .*\[{path}\]"))


# ---- who may ----


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "http://127.0.0.1", "http://localhost:{port}", "http://{host}.evil.example"],
)
def test_another_origin_and_none_are_refused(daemon, origin):
    d = daemon(VIEW)
    given = [("Origin", origin.format(host=d.host, port=d.port))] if origin else []
    assert status(d, given) == 403
    assert status(d) == 101


def test_a_name_that_is_not_known_is_refused_whatever_the_listener(daemon):
    d = daemon("[server]\nlisten = 192.0.2.1:0\n[web]\nallow = all\ndashboard = view\n" + ECHO, own_network=True)
    rebound = [("Origin", "http://rebound.example")]
    assert status(d, rebound, host="rebound.example") == 421
    assert http(d, b"GET /-/dashboard HTTP/1.1\r\nHost: rebound.example\r\n\r\n").status == 421
    assert d.handshake("/echo", rebound, host="rebound.example").response.status == 101
    assert status(d) == 101
    d = daemon("[server]\nserver_name = rebound.example\n" + VIEW)
    assert status(d, rebound, host="rebound.example") == 101


@pytest.mark.key("allow")
def test_only_those_whom_allow_names_get_in_and_by_itself_loopback(daemon, rundir):
    listen = f"[server]\nlisten = 127.0.0.1:0\nlisten = 192.0.2.1:0\nlisten = unix:{rundir}/s\n"
    d = daemon(listen + VIEW, own_network=True)

    def seen():
        given = [("Origin", "http://192.0.2.1")]
        page = [http(d, b"GET /-/dashboard HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", a).status for a in d.addresses]
        socket = [status(d, given, host="192.0.2.1", address=a) for a in d.addresses]
        return page, socket

    assert seen() == ([200, 403, 403], [101, 403, 403])
    d.wait_log(r"refused status=403 .*\[web\] allow")
    reload(d, with_canary(listen + VIEW.replace("[web]", "[web]\nallow = 192.0.2.0/24\nallow = unix")))
    assert seen() == ([403, 200, 200], [403, 101, 101])


@pytest.mark.key("trusted_proxy")
@pytest.mark.parametrize("field", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_who_hides_behind_a_proxy_that_nobody_trusts_is_refused(daemon, field):
    d = daemon(VIEW)
    assert status(d, fields(d, more=[(field, "127.0.0.1")])) == 403
    assert get(d, "/-/dashboard", [(field, "127.0.0.1")]).status == 403


@pytest.mark.key("trusted_proxy")
def test_behind_a_trusted_proxy_the_address_is_the_one_that_it_names(daemon):
    d = daemon("[server]\ntrusted_proxy = 127.0.0.1\n" + VIEW)
    assert status(d, fields(d, more=[("X-Forwarded-For", "192.0.2.7")])) == 403
    assert status(d, fields(d, more=[("X-Forwarded-For", "127.0.0.9")])) == 101


@pytest.mark.key("auth")
def test_auth_asks_who_it_is_for_page_and_socket(daemon, tmp_path, check):
    (tmp_path / "users").write_text("joe:" + crypt("secret", "$5$rounds=1000$saltsalt$") + "\n")
    auth = f"[auth staff]\ntype = htpasswd\nfile = {tmp_path}/users\n"
    d = daemon(OPERATE.replace("[web]", "[web]\nauth = staff") + auth)
    (joe,) = basic("joe", "secret")
    assert status(d) == 401 and [get(d, page).status for page in PAGES] == [401] * len(PAGES)
    assert status(d, fields(d, more=basic("joe", "guess"))) == 401
    assert get(d, PAGES[0], [joe]).status == 200
    c, ws = WebControl(d, more=[joe]), d.ws("/echo")
    (row,) = c.ask("list", path=SOCKET)
    assert row["user"] == "joe"
    assert c.ask("disconnect", to=ids(c)[0]) == {"closed": 1} and ws.closed()[0] == 1000
    d.wait_log(r"^control: disconnect \d+ by #\d+ 127\.0\.0\.1:\d+ as joe$")
    fails(check(VIEW.replace("[web]", "[web]\nauth = stuff") + auth), (2, "no .auth stuff.; did you mean 'staff'"))


def test_a_token_opens_it_as_well(daemon):
    auth = f"[auth robots]\ntype = token\ntoken = {token_line('x' * 43, 'robot')}\n"
    d = daemon(VIEW.replace("[web]", "[web]\nauth = robots") + auth)
    assert status(d, fields(d, more=bearer("x" * 43))) == 101
    assert status(d, fields(d, more=bearer("y" * 43))) == 401


@pytest.mark.parametrize(
    "web,warned",
    [
        ("dashboard = view\n", False),
        ("dashboard = view\nallow = 127.0.0.0/8 192.0.2.0/24\n", True),
        ("dashboard = view\nallow = all\nauth = staff\n", False),
        ("allow = all\n", False),
    ],
)
def test_a_warning_tells_of_one_that_others_can_open(check, web, warned):
    auth = "[auth staff]\ntype = token\ntoken = sha256:%s x\n" % ("0" * 64) if "auth" in web else ""
    said = check("[web]\n" + web + ECHO + auth)
    assert any("open the dashboard" in line for line in said.lines) == warned, said.lines
    assert not any("no path has auth" in line for line in said.lines), said.lines


# ---- the WebSocket ----


def test_it_agrees_on_its_subprotocol_and_speaks_json_rpc(daemon):
    d = daemon(VIEW)
    c = WebControl(d)
    assert c.ws.response.headers["sec-websocket-protocol"] == SUBPROTOCOL
    c.send('{"jsonrpc": "2.0",\n "id": "a",\r\n "method": "version"}')
    assert c.line()["id"] == "a"
    c.send("{")
    assert c.line()["error"]["code"] == -32700
    c.send('{"jsonrpc":"2.0","method":"version"}')
    c.send("\n")
    with pytest.raises(Refused, match="did you mean 'list'"):
        c.ask("lst")
    for request in ("a", "b", "c"):
        c.send(json.dumps({"jsonrpc": "2.0", "id": request, "method": "version"}))
    assert [c.line()["id"] for _ in range(3)] == ["a", "b", "c"]


def test_a_page_is_no_websocket_and_the_socket_is_no_page(daemon):
    d = daemon(VIEW)
    assert d.handshake("/-/dashboard", fields(d)).response.status == 400
    answer = get(d, SOCKET)
    assert answer.status == 426 and "/-/dashboard" in answer.text


def test_a_session_is_listed_and_ended_like_any_other(daemon):
    d = daemon(VIEW)
    c, control = WebControl(d), Control(d)
    (row,) = control.ask("list", path=SOCKET)
    assert row["pid"] is None and row["state"] == "open"
    assert control.ask("disconnect", to=row["id"], code=1012) == {"closed": 1}
    assert c.ws.closed() == (1012, "")


@pytest.mark.parametrize("target", ["self", "all"])
def test_it_may_end_itself(daemon, target):
    d = daemon(OPERATE)
    c = WebControl(d)
    mine = ids(c, SOCKET)[0]
    c.begin("disconnect", to=mine if target == "self" else "path=" + SOCKET, code=4000)
    assert c.ws.closed() == (4000, "")


def test_events_come_as_they_happen_with_filters(daemon):
    d = daemon(VIEW)
    c = WebControl(d)
    assert "connected" in c.ask("events", filter=["event=connected", "event=disconnected", "path=/echo"])["events"]
    ws = d.ws("/echo")
    assert ws.echoes()
    ws.finish()
    said = [c.line() for _ in range(2)]
    assert [m["params"]["event"] for m in said] == ["connected", "disconnected"]
    assert said[1]["params"]["code"] == 1000 and said[1]["method"] == "event"


def test_many_clients_come_in_pages_or_all_in_one_message(daemon):
    d = daemon("[limits]\nmax_per_address = 1000\n" + VIEW + "[/idle]\nexec = cat\nspawn_rate = 0\n")
    c = WebControl(d)
    for _ in range(150):
        d.ws("/idle")
    whole = ids(c, "/idle")
    assert len(whole) == 150
    assert [row["id"] for row in c.ask("list", path="/idle", limit=40, skip=40)] == whole[40:80]


# ---- bounds ----


def test_a_request_has_at_most_64_kib(daemon):
    d = daemon(VIEW)
    c = WebControl(d)
    request = '{"jsonrpc":"2.0","id":1,"method":"version","params":{}}'
    c.send(request.ljust(64 * 1024 - 1))
    assert c.line()["id"] == 1
    c.send(request.ljust(64 * 1024))
    assert c.ws.closed()[0] == 1009


def test_eight_may_be_open_and_the_control_socket_has_its_own(daemon):
    d = daemon(VIEW)
    several = [WebControl(d) for _ in range(8)]
    raw = d.handshake(SOCKET, fields(d))
    assert raw.response.status == 503 and "8 dashboards" in raw.response.text
    assert all(c.ask("version") for c in several) and Control(d).ask("version")
    reload(d, with_canary(ECHO))
    reload(d, with_canary(VIEW))
    assert status(d) == 503
    several.pop().ws.finish()
    until(lambda: status(d) == 101, "there is room again")


def test_one_that_does_not_read_costs_what_its_queue_holds(daemon):
    d = daemon("[socket]\nsend_buffer = 16k\n" + VIEW + "[/idle]\nexec = cat\n")
    slow, control = WebControl(d, receive_buffer=4096), Control(d)
    for _ in range(40):
        d.ws("/idle")
    for _ in range(95):
        slow.begin("list")
    (mine,) = ids(control, SOCKET)
    until(lambda: control.ask("show", to=mine)["queue"] > 64 * 1024, "much waits for it")
    for _ in range(20):
        shown = control.ask("show", to=mine)
        assert shown["queue"] <= 256 * 1024 and shown["to_program"] < 64 * 1024
    assert shown["send_timeout"] == 60
    for want in range(1, 96):
        answer = slow.line()
        assert answer["id"] == want and len(answer["result"]) == 42


def test_too_many_requests_are_refused(daemon):
    d = daemon(OPERATE)
    c, ws = WebControl(d), d.ws("/echo")
    request = {"jsonrpc": "2.0", "id": 1, "method": "interrupt", "params": {"to": ids(c)[0]}}
    c.ws.send_bytes(encode(TEXT, json.dumps(request).encode()) * 200)
    messages, code, reason = c.ws.recv_until_close()
    assert code == 1008 and "message_rate" in reason and len(messages) <= 110
    assert ws.echoes()
    d.wait_log(r"#\d+ /-/control: disconnected ")
    assert len(re.findall(r"^control: interrupt", d.log(), re.M)) <= 110


def test_whoever_leaves_in_the_middle_of_an_answer_leaves_nothing(daemon):
    d = daemon(OPERATE)
    for leave in ("reset", "finish"):
        c, ws = WebControl(d), d.ws("/echo")
        ask = {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"to": ids(c)[0]}}
        c.send(json.dumps(ask))
        if leave == "reset":
            c.ws.reset()
        else:
            c.ws.close()
        assert ws.echoes()
        ws.finish()
        control = Control(d)
        until(lambda: ids(control, SOCKET) == [], "it has gone")  # noqa: B023
