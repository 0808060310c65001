# SPDX-License-Identifier: MIT
"""
The recipes of wsbridge-recipes(7), as they are written there.

A machine of its own has the files of the recipe, and the ports that it names: it lives in a network namespace.
Absolute paths of /etc, /var, /run and /srv begin with the test's directory.
"""

import base64
import json
import os
import re
import signal
import subprocess

import foreign
import manual
import procfs
import pytest
import systemd
from harness import ENVIRONMENT, OWN_NETWORK, ROOT, WSBRIDGED, get, http, run
from rawws import KEY, PING, accept_of, request
from test_auth import basic, crypt
from test_install import make
from waiting import TIMEOUT

PAGE = "wsbridge-recipes.7"
RECIPES = sorted({block.section for block in manual.blocks(PAGE) if block.file})

PLACES = re.compile(r"(?<![\w./-])/(?=(?:etc|var|run|srv)/)")

NAME = "www.example.com"

# What the tests need beside the recipe: they run as root, and what the unit's User= says is not here,
# and programs end with the test.
DROP_IN = """
[server]
user = root
[defaults]
linger = 0
[/ws/echo]
exec = cat
[/ws/env]
exec = env
[/ws/status3]
shell = exit 3
"""


class Machine:
    """The files of a recipe below a directory, beside the ini as it is installed."""

    def __init__(self, root, recipes):
        self.root = root
        self.put("/etc/wsbridge.ini", (ROOT / "conf/wsbridge.ini").read_text())
        self.put("/etc/wsbridge.d/zz-test.ini", DROP_IN)
        for recipe in recipes:
            for path, text in manual.files(PAGE, recipe).items():
                self.put(path, text)

    def at(self, path):
        return self.root / path[1:]

    def directory(self, path):
        self.at(path).mkdir(parents=True, exist_ok=True)
        return self.at(path)

    def put(self, path, text):
        self.directory(os.path.dirname(path))
        self.at(path).write_text(PLACES.sub(f"{self.root}/", text))
        return self.at(path)


@pytest.fixture
def machine(rundir):
    """machine(RECIPE, ...): with the files of these sections of the page."""
    return lambda *recipes: Machine(rundir, recipes)


@pytest.fixture
def bridge(daemon):
    """bridge(MACHINE): the daemon as MACHINE's files want it; few of them let a canary in."""
    return lambda m: daemon(argv=["-c", str(m.at("/etc/wsbridge.ini"))], canary=None, own_network=True)


# ---- a log in the browser ----


def test_everybody_follows_the_log_and_nobody_writes(machine, bridge):
    m = machine("A LOG IN THE BROWSER")
    log = m.put("/var/log/nginx/access.log", "".join(f"line {n}\n" for n in range(100)))
    d = bridge(m)
    one, other = d.ws("/log"), d.ws("/log")
    assert [one.recv() for _ in range(20)] == [f"line {n}" for n in range(80, 100)]
    one.text("no program reads this")
    log.rename(log.with_suffix(".1"))
    m.put("/var/log/nginx/access.log", "after the rotation\n")
    for ws in (one, other):
        while (line := ws.recv()) != "after the rotation":
            assert re.match(r"line \d+$", line)


def test_a_filter_shows_what_matters(machine, bridge):
    m = machine("A LOG IN THE BROWSER")
    m.put("/var/log/nginx/access.log", '"GET / HTTP/1.1" 200 12\n"GET /x HTTP/1.1" 502 0\n')
    assert bridge(m).ws("/errors").recv() == '"GET /x HTTP/1.1" 502 0'


def shell(d, recipe, word):
    """What the command line of RECIPE that names WORD prints, on D's machine: its exit status and its output."""
    section = manual.source(PAGE).partition(f".Sh {recipe}\n")[2].partition("\n.Sh ")[0]
    (line,) = [x[4:] for x in section.splitlines() if x.startswith(".Dl ") and word in x]
    done = subprocess.run(
        ["nsenter", f"--net=/proc/{d.pid}/ns/net", "bash", "-o", "pipefail", "-c", manual.plain(line)],
        env={**ENVIRONMENT, "PATH": f"{os.path.dirname(WSBRIDGED)}:{ENVIRONMENT['PATH']}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    return done.returncode, done.stdout


def test_the_log_goes_on_in_a_shell(machine, bridge):
    m = machine("A LOG IN THE BROWSER")
    m.put("/var/log/nginx/access.log", "GET /\nPOST /x\n")
    assert shell(bridge(m), "A LOG IN THE BROWSER", "connect")[1] == "POST /x\n"


def test_the_path_of_the_log_is_a_page(machine, bridge):
    m = machine("A LOG IN THE BROWSER")
    m.put("/var/log/nginx/access.log", "")
    answer = get(bridge(m), "/log", [("Accept", "text/html")])
    assert answer.status == 426 and answer.headers["content-type"].startswith("text/html")


# ---- one command to a thousand browsers ----


@pytest.mark.without("children", reason="the program is there without any client")
def test_all_see_one_vmstat_and_who_comes_late_the_lines_before(machine, bridge):
    d = bridge(machine("ONE COMMAND TO A THOUSAND BROWSERS"))
    (program,) = procfs.children(d.pid)
    one = d.ws("/load")
    head = one.recv()
    assert head.startswith("procs ")
    last = [one.recv() for _ in range(3)][-1]
    other = d.ws("/load")
    assert other.recv() == head, "also who comes later"
    while other.recv() != last:
        pass
    assert procfs.children(d.pid) == [program]
    os.kill(program, signal.SIGKILL)
    for ws in (one, other):
        while ws.recv() != head:
            pass
    assert procfs.children(d.pid) != [program]


# ---- a shell with sessions ----


def until_heard(ws, text):
    got = b""
    while text not in got:
        got += ws.recv()


def test_who_comes_back_finds_the_shell_as_it_was_left(machine, bridge):
    m = machine(SESSIONS)
    m.put("/etc/wsbridge.htpasswd", "".join(f"{name}:{crypt(name, '$6$rounds=1000$salt')}\n" for name in ("ann", "bob"))).chmod(0o640)
    m.put("/etc/wsbridge.d/zzz-test.ini", "[/shell]\nlinger = 3s\neof_timeout = 0\nstop_timeout = 1s\n")
    no_objection(m)
    d = bridge(m)
    ws = d.ws("/shell?session=k", basic("ann", "ann"))
    ws.binary(b"mine=42; echo left-$((mine + 1))\n")
    until_heard(ws, b"left-43")
    ws.reset()
    bob = d.ws("/shell?session=k", basic("bob", "bob"))
    ws = d.ws("/shell?session=k", basic("ann", "ann"))
    until_heard(ws, b"left-43")
    ws.binary(b"echo still-$((mine + 2))\n")
    until_heard(ws, b"still-44")
    bob.binary(b"echo [$mine]\n")
    until_heard(bob, b"[]")
    assert http(d, request("/shell?session=k", d.host)).status == 401
    page = get(d, "/-/terminal/shell", [*basic("ann", "ann")])
    assert (page.status, "<title>" in page.text) == (200, True)


# ---- an interactive program ----


def test_bc_answers(machine, bridge):
    ws = bridge(machine("AN INTERACTIVE PROGRAM")).ws("/bc")
    ws.text("6 * 7")
    assert ws.recv() == "42"
    ws.text("scale = 3; 2 / 3")
    assert ws.recv() == ".666"
    ws.text("quit")
    assert ws.closed()[0] == 1000


def test_bc_answers_in_a_shell(machine, bridge):
    assert shell(bridge(machine("AN INTERACTIVE PROGRAM")), "AN INTERACTIVE PROGRAM", "connect") == (0, "42\n")


def test_python_remembers_and_complains(machine, bridge):
    ws = bridge(machine("AN INTERACTIVE PROGRAM")).ws("/python")
    ws.text("x = 41")
    ws.text("x + 1")
    assert ws.recv() == "42"
    ws.text("1 / 0")
    lines = [ws.recv()]
    while not lines[-1].startswith("ZeroDivisionError"):
        lines.append(ws.recv())
    assert lines[0].startswith("Traceback")
    ws.text("exit()")
    assert ws.closed()[0] == 1000


# ---- behind a web server ----


def environment(ws):
    """What `env` says behind WS."""
    assert ws.response.status == 101, ws.response
    return dict(line.partition("=")[::2] for line in ws.recv_until_close()[0])


def carries_everything(d, open_path):
    """A web server is no hindrance.  open_path(PATH, FIELDS): a client of it after the answer to its handshake."""
    ws = open_path("/ws/echo", [("Origin", f"https://{NAME}")])
    assert ws.response.status == 101, ws.response
    assert ws.response.headers["sec-websocket-accept"] == accept_of(KEY)
    for size in (0, 1, 125, 126, 65535, 65536):
        assert ws.echoes("x" * size)
    ws.send(PING, b"are you there")
    assert ws.frame().payload == b"are you there"
    ws.close(3001, b"the client's reason")
    assert ws.closed()[0] == 3001
    d.wait_log(r"/ws/echo: disconnected .*code=3001 .*by=client")
    ws = open_path("/ws/status3")
    assert ws.closed()[0] == 4003
    ws.close(4003)
    refused = open_path("/ws/echo", [("Origin", "https://evil.example")]).response
    assert refused.status == 403 and "evil.example is not allowed" in refused.text


@pytest.fixture
def serve():
    """serve(D, ARGV, PORT): a foreign server until the test's end."""
    servers = []

    def start(*how):
        servers.append(foreign.Server(*how))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def nginx(machine, bridge, serve):
    """(daemon, open_path) behind nginx."""
    m = machine("BEHIND NGINX")
    certificate, _ = foreign.lineage(m.directory(f"/etc/letsencrypt/live/{NAME}"), NAME)
    m.put("/var/www/html/index.html", "the web site")
    main = m.put(
        "/etc/nginx/nginx.conf",
        "daemon off; pid /run/nginx.pid; events {} "
        "http { access_log off; include /etc/nginx/conf.d/*.conf; }",
    )
    m.put("/run/nginx.pid", "")
    d = bridge(m)
    serve(d, ["nginx", "-e", "stderr", "-c", main], 443)
    return d, lambda path, fields=(): foreign.wss(d, certificate, NAME, path, fields)


@pytest.fixture
def haproxy(machine, bridge, serve):
    """(daemon, open_path) behind HAProxy."""
    m = machine("BEHIND HAPROXY")
    certificate, key = foreign.lineage(m.directory("/etc/haproxy"), NAME)
    m.put(f"/etc/haproxy/{NAME}.pem", certificate.read_text() + key.read_text())
    d = bridge(m)
    serve(d, ["haproxy", "-db", "-f", m.at("/etc/haproxy/haproxy.cfg")], 443)
    return d, lambda path, fields=(): foreign.wss(d, certificate, NAME, path, fields)


@pytest.fixture(params=("nginx", "haproxy"))
def front(request):
    return request.getfixturevalue(request.param)


def test_a_web_server_in_front_carries_everything(front):
    carries_everything(*front)


def test_behind_a_web_server_programs_see_the_client(front):
    _, open_path = front
    lies = [("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=203.0.113.7;proto=http")]
    seen = environment(open_path("/ws/env", [*lies, ("X-Forwarded-Host", "evil.example")]))
    assert (seen["REMOTE_ADDR"], seen["HTTPS"]) == (foreign.OUTSIDE, "on")
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == (NAME, "443")


# ---- Let's Encrypt ----


LETS_ENCRYPT, SOCKET = "LET'S ENCRYPT", "A SOCKET OF SYSTEMD"
SESSIONS = "A SHELL WITH SESSIONS"  # its file of passwords has to be made
JOE = [("Authorization", "Basic " + base64.b64encode(b"joe:open sesame").decode())]


def hash_password(user, password):
    argv = [WSBRIDGED, "--hash-password", user]
    done = subprocess.run(argv, input=password + "\n", capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def lets_encrypt(machine, request):
    """A machine with a user joe; renew() does what certbot does, which has got a certificate."""
    m = machine(LETS_ENCRYPT, *getattr(request, "param", ()))
    hook = m.at("/etc/letsencrypt/renewal-hooks/deploy/wsbridged")
    hook.write_text(re.sub(r"(chgrp|-g) wsbridge ", rf"\1 {os.getgid()} ", hook.read_text()))
    hook.chmod(0o755)
    m.put("/bin/wsbridged", f'#!/bin/sh\nexec {WSBRIDGED} -c /etc/wsbridge.ini "$@"\n').chmod(0o755)
    m.put("/bin/systemctl", '#!/bin/sh\necho "$@"\nkill -HUP $(cat /run/pid) || :\n').chmod(0o755)
    m.put("/run/pid", "")
    m.put("/etc/wsbridge/passwords", hash_password("joe", "open sesame")).chmod(0o640)

    def renew(name=NAME):
        lineage = m.directory(f"/etc/letsencrypt/live/{name}")
        m.certificate, _ = foreign.lineage(lineage, name)
        return subprocess.run(
            [hook],
            env={**ENVIRONMENT, "PATH": f"{m.at('/bin')}:/usr/bin:/bin", "RENEWED_LINEAGE": str(lineage)},
            umask=0o077,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )

    m.renew = renew
    return m


def test_a_renewed_certificate_is_served_and_sessions_stay(lets_encrypt, bridge):
    m = lets_encrypt
    assert m.renew().returncode == 0
    d = bridge(m)
    m.at("/run/pid").write_text(str(d.pid))
    old = foreign.wss(d, m.certificate, NAME, "/ws/echo", JOE)
    assert old.echoes("before")
    done = m.renew()
    assert (done.returncode, done.stdout) == (0, "try-reload-or-restart wsbridged\n"), done.stderr
    d.wait_log("reload: .* is taken")
    assert foreign.wss(d, m.certificate, NAME, "/ws/echo", JOE).echoes("by the new certificate")
    assert old.echoes("still there")


def test_only_users_with_a_password_come_in(lets_encrypt, bridge):
    m = lets_encrypt
    m.renew()
    d = bridge(m)
    assert foreign.wss(d, m.certificate, NAME, "/load").response.status == 401
    assert environment(foreign.wss(d, m.certificate, NAME, "/ws/env", JOE))["REMOTE_USER"] == "joe"


def test_the_key_is_for_the_group_only(lets_encrypt):
    lets_encrypt.renew()
    pem = lets_encrypt.at(f"/etc/wsbridge/tls/{NAME}.pem")
    modes = [path.stat().st_mode & 0o777 for path in (pem, pem.parent, pem.parent.parent)]
    assert modes == [0o640, 0o750, 0o755]
    assert [file.name for file in pem.parent.iterdir()] == [pem.name]


def test_another_names_renewal_changes_nothing(lets_encrypt):
    done = lets_encrypt.renew("other.example.com")
    assert (done.returncode, done.stdout) == (0, "")
    assert not lets_encrypt.at("/etc/wsbridge/tls").exists()


def test_a_file_with_errors_fails_the_hook_and_reloads_nothing(lets_encrypt):
    lets_encrypt.put("/etc/wsbridge.d/broken.ini", "[server]\nnonsense = 1\n")
    done = lets_encrypt.renew()
    assert done.returncode == 78 and "nonsense" in done.stderr and done.stdout == ""


# ---- a socket of systemd ----


@pytest.fixture
def socket_unit(lets_encrypt, tmp_path):
    """(machine, directory of the units): with the units as they are installed."""
    place = lets_encrypt.at("/etc/systemd/system")
    make(tmp_path, "install")
    for unit in ("wsbridged.socket", "wsbridged.service"):
        text = (tmp_path / "opt/x/lib/systemd/system" / unit).read_text()
        (place / unit).write_text(text.replace("/opt/x/sbin/wsbridged", WSBRIDGED))
    return lets_encrypt, place


with_socket = pytest.mark.parametrize("lets_encrypt", [(SOCKET,)], indirect=True)


@with_socket
def test_the_socket_unit_has_no_fault(socket_unit):
    argv = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "./wsbridged.socket"]
    done = subprocess.run(argv, cwd=socket_unit[1], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def ports(place):
    """What the socket unit listens on; an empty ListenStream= forgets those before it."""
    values = []
    for file in [place / "wsbridged.socket", *sorted((place / "wsbridged.socket.d").iterdir())]:
        for value in re.findall(r"^ListenStream=(.*)$", file.read_text(), re.M):
            values = [*values, int(value)] if value.isdigit() else [value] if value else []
    return values


@with_socket
def test_the_port_of_the_socket_unit_is_served(socket_unit, daemon):
    m, place = socket_unit
    assert m.renew().returncode == 0
    d = daemon(
        argv=["-c", str(m.at("/etc/wsbridge.ini"))],
        canary=None,
        wrap=(*OWN_NETWORK, *systemd.activating("wsbridged.socket", ports(place))),
    )
    d.own_network = True
    assert d.addresses == ["[::]:443 tls"]
    assert foreign.wss(d, m.certificate, NAME, "/ws/echo", JOE).echoes("hello")


# ---- a page and its WebSocket ----


def test_the_page_and_its_script_are_served(machine, bridge):
    m = machine("A PAGE AND ITS WEBSOCKET")
    d = bridge(m)
    page, script = get(d, "/"), get(d, "/load.js")
    assert page.headers["content-type"].startswith("text/html")
    assert page.body == m.at("/srv/load/index.html").read_bytes()
    assert script.body == m.at("/srv/load/load.js").read_bytes()
    assert get(d, "/nothing").status == 404


def test_the_pages_websocket_is_the_program(machine, bridge):
    d = bridge(machine("A PAGE AND ITS WEBSOCKET"))
    assert "procs" in d.ws("/ws/load", [("Origin", f"http://{d.host}")]).recv()
    assert d.handshake("/ws/load", [("Origin", "https://evil.example")]).response.status == 403


# ---- programs that know their clients ----


def hears(ws, pattern):
    """The match with PATTERN of what WS hears, perhaps behind who else comes in."""
    while not (match := re.fullmatch(pattern, line := ws.recv())):
        assert line.endswith(" comes in"), line
    return match


def test_a_chat_of_ten_lines_tells_everybody_else(machine, bridge):
    d = bridge(machine("A CHAT"))
    one, two, three = (d.ws("/chat") for _ in range(3))
    two.text("hello")
    name = hears(one, r"(guest \d+) says hello").group(1)
    hears(three, f"{name} says hello")
    two.binary(b"\0")
    assert one.recv() == three.recv() == f"{name} says something"
    two.close()
    assert one.recv() == three.recv() == f"{name} leaves"


def test_the_chat_has_ten_lines():
    assert len(manual.files(PAGE, "A CHAT")["/srv/chat/chat.py"].splitlines()) == 10


def call(ws, number, method, **params):
    ws.text(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))


def answered(ws):
    return json.loads(ws.recv())


MCP = [("Sec-WebSocket-Protocol", "mcp")]


@pytest.mark.parametrize("path", ["/mcp", "/mcp/shared"])
def test_an_mcp_server_answers_each_client_its_own_requests(machine, bridge, path):
    d = bridge(machine("AN MCP SERVER"))
    one, two = d.ws(path, fields=MCP), d.ws(path, fields=MCP)
    assert one.response.headers["sec-websocket-protocol"] == "mcp"
    for ws in (one, two):
        call(ws, 1, "initialize", protocolVersion="2025-06-18", capabilities={})
    for ws in (one, two):
        assert answered(ws)["result"]["serverInfo"]["name"] == "clock"
        ws.text('{"jsonrpc":"2.0","method":"notifications/initialized"}')
    call(one, 2, "tools/call", name="time")
    call(two, "b", "tools/list")
    assert re.match(r"\w{3} \w{3} +\d+ ", answered(one)["result"]["content"][0]["text"])
    assert answered(two) == {
        "jsonrpc": "2.0",
        "id": "b",
        "result": {"tools": [{"name": "time", "inputSchema": {"type": "object"}}]},
    }
    two.text("rubbish")
    assert answered(two)["error"]["code"] == -32700
    call(one, 3, "nothing")
    assert answered(one)["error"]["code"] == -32601


def test_an_mcp_server_answers_in_a_shell(machine, bridge):
    status, out = shell(bridge(machine("AN MCP SERVER")), "AN MCP SERVER", "connect")
    assert (status, json.loads(out)) == (0, {"jsonrpc": "2.0", "id": 1, "result": {}})


# ---- wsbridged -t ----


@pytest.mark.parametrize("recipe", sorted(set(RECIPES) - {LETS_ENCRYPT, SOCKET, SESSIONS}))
def test_the_check_has_no_objection(machine, recipe):
    no_objection(machine(recipe))


@pytest.mark.parametrize("lets_encrypt", [(), (SOCKET,)], indirect=True)
def test_the_check_of_certificate_and_passwords_has_no_objection(lets_encrypt):
    lets_encrypt.renew()
    no_objection(lets_encrypt)


def no_objection(m):
    result = run("-t", "-c", m.at("/etc/wsbridge.ini"))
    assert result.returncode == 0 and not re.search("error|warning", result.stderr), result.stderr


# ---- a broker of MQTT ----

CONNECT = b"\x10\x0c\0\4MQTT\4\2\0\0\0\0"  # MQTT 3.1.1: a clean session of a client without a name
CONNACK = b"\x20\2\0\0"


def packet(kind, *fields):
    """A packet of MQTT with each of FIELDS, which are short, as it is."""
    data = b"".join(fields)
    return bytes([kind, len(data)]) + data


def field(data):
    return len(data).to_bytes(2, "big") + data


def mqtt(d):
    """A client that the broker has welcomed."""
    ws = d.ws("/mqtt", [("Sec-WebSocket-Protocol", "mqtt")])
    assert ws.response.headers["sec-websocket-protocol"] == "mqtt"
    ws.binary(CONNECT)
    assert ws.recv() == CONNACK
    return ws


def test_a_broker_of_mqtt_speaks_to_pages(machine, bridge, serve):
    d = bridge(machine("A BROKER OF MQTT"))
    assert d.handshake("/mqtt").response.status == 502
    broker = serve(d, ["mosquitto", "-p", "1883"], 1883, "127.0.0.1")
    one, other = mqtt(d), mqtt(d)
    one.binary(packet(0x82, b"\0\1", field(b"weather"), b"\0"))
    assert one.recv() == b"\x90\3\0\1\0"
    news = packet(0x30, field(b"weather"), b"rain")
    other.binary(news)
    assert one.recv() == news
    other.binary(b"\xe0\0")  # DISCONNECT
    assert other.closed()[0] == 1000
    broker.kill()
    assert one.closed()[0] in (1000, 1011)


# ---- a sensor FIFO ----


def test_what_a_sensor_measures_every_page_hears(machine, bridge):
    m = machine("A SENSOR FIFO")
    fifo = m.directory("/run/wsbridge") / "sensor"
    d = bridge(m)
    assert fifo.is_fifo()
    pages = [d.ws("/sensor") for _ in range(3)]
    script = subprocess.Popen(["sh", m.at("/srv/sensor/measure.sh")])
    try:
        for ws in pages:
            assert re.fullmatch(r"\d+\.\d\d", ws.recv())
    finally:
        script.kill()
        script.wait()
    subprocess.run(["sh", "-c", f"echo 0.7 > {fifo}"], check=True, timeout=TIMEOUT)
    assert [ws.recv() for ws in pages] == ["0.7"] * 3
