# SPDX-License-Identifier: MIT
"""
What a daemon lives through while one of its calls fails: a scene is a file, and clients that come one after the
other, each of which says what it has to see.
"""

import base64
import functools
import hashlib
import socket
import tempfile
from pathlib import Path

import certificates
from control import Control, Refused
from harness import get
from rawws import request
from services import Service
from services import echo as echo_of
from tlssock import TlsSock, context
from waiting import readable
from webcontrol import WebControl

FLOOD = "".join(f"{n}\n" for n in range(1, 20001)).encode()
USERS = "joe:$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2\n"  # of "secret"
TOKEN = f"sha256:{hashlib.sha256(b'token').hexdigest()} ann"


class Scene:
    """INI, with what words() says in braces, and CLIENTS: functions of a daemon."""

    def __init__(self, ini, *clients, from_start=False, stays=0):
        self.ini, self.clients = ini, clients
        self.stays = stays  # programs that are there without a client
        self.from_start = from_start  # the calls before READY=1 fail, too


# ---- what all have ----


@functools.cache
def place():
    """A directory for all daemons, with what none of them changes."""
    made = tempfile.TemporaryDirectory(prefix="wsb-")
    here = Path(made.name)
    authority = certificates.Certificate(here, "ca", authority=True)
    for name in ("server", "other"):
        own = certificates.Certificate(here, name, hosts=("DNS:localhost", f"DNS:{name}.example"))
        both = here / f"{name}.both"
        both.write_text(own.certificate.read_text() + own.key.read_text())
        both.chmod(0o600)
    certificates.Certificate(here, "alice", issuer=authority, usage="clientAuth")
    (here / "htpasswd").write_text(USERS)
    (here / "latin").write_bytes("Grüße\n".encode("latin-1"))
    return made


def answer(conn):
    """What has come, and the end."""
    echo_of(conn)
    conn.sendall(b"the end")


@functools.cache
def port():
    """Of a service for all daemons."""
    return Service(answer).port


@functools.cache
def nobody():
    """A socket that does not listen: who connects to its port is refused."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def words(directory):
    """What a file may say in braces."""
    ports = {"service": port(), "nobody": nobody().getsockname()[1]}
    return {"directory": directory, "place": place().name, "token": TOKEN, **ports}


HEAD = """\
[server]
listen = 127.0.0.1:0
listen = 127.0.0.1:0 tls
user = root
[tls]
certificate = {place}/server.both
[logging]
format = text
[/echo]
exec = cat
"""


def echo(client):
    assert client.echoes("a line")


def one_echo(d):
    client = d.ws("/echo")
    echo(client)
    client.finish()


def said(client, *messages, code=1000):
    """All that CLIENT hears from now on."""
    found = client.recv_until_close()
    client.close(found[1])
    assert found[:2] == (list(messages), code), found


def basic(user, password):
    return [("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())]


# ---- a program each, and what the daemon itself answers ----

EACH = (
    HEAD
    + """\
[web]
metrics = /metrics
dashboard = operate
[/status]
shell = read x; echo "$x"; exit 3
stderr = merge
[/who]
shell = echo "$REMOTE_USER"
auth = staff
[auth staff]
type = htpasswd
file = {place}/htpasswd
[/files/*]
static = {place}
[/flood]
shell = seq 20000
frame = raw
[/json]
shell = read open; read message; echo '{{"to":"all","text":"th\\u0065re"}}'; echo rubbish; echo '{{"to":"all","close":4001}}'
process = shared
frame = json
linger = 0
[/service]
connect = localhost:{service}
send_proxy = v2
frame = raw
[/refused]
connect = 127.0.0.1:{nobody}
"""
)


def status(d):
    client = d.ws("/status")
    client.text("hello")
    said(client, "hello", code=4003)


def flood(d):
    client = d.ws("/flood")
    messages, code, _ = client.recv_until_close()
    client.close(code)
    assert code == 1000
    assert b"".join(messages) == FLOOD


def login(d):
    said(d.ws("/who", basic("joe", "secret")), "joe")


def health(d):
    assert get(d, "/healthz").status == 200


def over_tls(d):
    client = d.ws("/echo", address=d.addresses[1])
    echo(client)
    client.finish()


def metrics(d):
    assert b"wsbridge_sessions" in get(d, "/metrics").body


def file(d):
    assert get(d, "/files/htpasswd").text == USERS


class Broken(Exception):
    """An answer that is no JSON, or lacks something: worse than none."""


STATUS = "state version pid uptime file listening clients max_connections handshakes processes clients_so_far in out queue to_programs"


def ask(control):
    """All of CONTROL's answers are whole, or errors."""
    try:
        status, clients = control.ask("status"), control.ask("list")
        closed = control.ask("disconnect", to="path=/nothing")
    except Refused as e:
        raise AssertionError(f"control: {e}") from e
    except (ValueError, KeyError) as e:
        raise Broken(f"control: {e}") from e
    if set(STATUS.split()) - set(status) or any(len(c) < 10 for c in clients) or closed != {"closed": 0}:
        raise Broken(f"control: {status} {clients} {closed}")


def command(d):
    ask(Control(d))


def dashboard(d):
    assert get(d, "/-/dashboard").status == 200
    control = WebControl(d)
    ask(control)
    control.ws.finish()


def service(d):
    client = d.ws("/service")
    got = client.recv()
    client.eof()
    messages, code, _ = client.recv_until_close()
    client.close(code)
    got = b"".join([got, *messages])
    assert (got[:12], got[-7:], code) == (b"\r\n\r\n\0\r\nQUIT\n", b"the end", 1000)


def refused(d):
    assert d.handshake("/refused").response.status == 502


def by_json(d):
    client = d.ws("/json")
    client.text("hello")
    said(client, "there", code=4001)


# ---- many with one program, and what is no program ----

MANY = (
    HEAD
    + """\
[/shared]
exec = cat
process = shared
linger = 0
replay = 2
[/keyed]
exec = cat
process = session
session_key = query:s
session_takeover = replace
linger = 0
[/slow]
shell = read x; seq 20000
slow_client = disconnect
[/boot]
exec = cat
process = shared
start = boot
restart = always
restart_delay = 100ms
[/chat]
channel = chat
[/self]
builtin = echo
[/fifo]
read_fifo = {directory}/there
write_fifo = {directory}/there
fifo_create = 0600
process = shared
linger = 0
[/latin]
file = {place}/latin
charset = ISO-8859-1
[/log]
file = {directory}/log
follow = yes
"""
)


def shared(d):
    one, two = d.ws("/shared"), d.ws("/shared")
    one.text("hello")
    assert (one.recv(), two.recv()) == ("hello", "hello")
    three = d.ws("/shared")
    assert three.recv() == "hello"
    for client in (one, two, three):
        client.finish()


def keyed(d):
    one = d.ws("/keyed?s=1")
    echo(one)
    two = d.ws("/keyed?s=1")
    code, _ = one.closed()
    one.close(code)
    echo(two)
    two.finish()


def slow(d):
    client = d.ws("/slow")
    client.text("go")
    messages, code, _ = client.recv_until_close()
    client.close(code)
    assert (messages, code) == (FLOOD.decode().split(), 1000)


def boot(d):
    client = d.ws("/boot")
    client.text("a line")
    if not readable(client.sock, 1):  # it was lost with the program that got it, and another has come
        client.text("a line")
    assert client.recv() == "a line"
    client.finish()


def chat(d):
    one, two = d.ws("/chat"), d.ws("/chat")
    one.text("hello")
    assert (one.recv(), two.recv()) == ("hello", "hello")
    try:
        assert Control(d).ask("publish", channel="chat", text="again") == {"clients": 2}
    except Refused as e:
        raise AssertionError(f"publish: {e}") from e
    assert (one.recv(), two.recv()) == ("again", "again")
    one.finish()
    two.finish()


def itself(d):
    client = d.ws("/self")
    echo(client)
    client.finish()


def fifo(d):
    client = d.ws("/fifo")
    echo(client)
    client.finish()


def latin(d):
    said(d.ws("/latin"), "Grüße")


def follow(d):
    log = Path(d.rundir) / "log"
    client = d.ws("/log")
    with log.open("a") as f:
        f.write("one\n")
    assert client.recv() == "one"
    log.rename(log.with_suffix(".1"))
    log.write_text("two\n")
    assert client.recv() == "two"
    client.finish()


# ---- terminals, and settings of a process ----

TERMINALS = (
    HEAD
    + """\
[web]
console = yes
terminal = yes
[/terminal]
shell = stty size; read x; stty size; echo "$x"
pty = 24x80
[/lines]
exec = cat
line_buffer = pty
[/place]
shell = pwd; umask; ulimit -n
cwd = /
umask = 027
nofile = 99
stderr = drop
[/errors]
shell = echo wrong >&2; echo right
"""
)


def terminal(d):
    client = d.ws("/terminal?rows=30", [("Sec-WebSocket-Protocol", "terminal.wsbridge")])
    assert client.recv() == '{"rows":30,"cols":80}'
    got = b""
    while b"30 80\r\n" not in got:
        got += client.recv()
    client.text('{"rows":31,"cols":81}')
    assert client.recv() == '{"rows":31,"cols":81}'
    client.binary(b"hello\n")
    messages, code, _ = client.recv_until_close()
    client.close(code)
    assert b"".join(m for m in messages if isinstance(m, bytes)).endswith(b"31 81\r\nhello\r\n") and code == 1000


def lines(d):
    client = d.ws("/lines")
    echo(client)
    client.finish()


def settings(d):
    said(d.ws("/place"), "/", "0027", "99")


def errors(d):
    said(d.ws("/errors"), "right")


def pages(d):
    for path, status in (("/terminal", 426), ("/-/terminal/terminal", 200), ("/-/console", 200)):
        assert get(d, path, [("Accept-Encoding", "gzip")]).status == status


# ---- names, certificates of clients, proxies ----

NAMES = (
    HEAD.replace(
        "user = root",
        """\
listen = 127.0.0.1:0 tls proxy
listen = unix:{directory}/socket
trusted_proxy = 127.0.0.1
user = root""",
    ).replace(
        "[logging]",
        """\
client_certificate = request
ca_file = {place}/ca.pem
[tls other]
certificate = {place}/other.both
server_name = other.example
groups = P-256
ciphersuites = TLS_AES_128_GCM_SHA256
[logging]""",
    )
    + """\
[/address]
shell = echo "$REMOTE_ADDR"
"""
)


def secured(d, name="localhost", version=None, session=None, certificate=None, header=b"", address=1):
    """A TLS connection to D."""
    c = context(version=version)
    if certificate:
        c.load_cert_chain(f"{place().name}/{certificate}.pem", f"{place().name}/{certificate}.key")
    sock = d.connect(d.addresses[address], plain=True)
    sock.sendall(header)
    return TlsSock(sock, c, host=name, session=session)


def asks(d, sock, path="/healthz"):
    """The answer on SOCK."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{d.port}\r\n\r\n".encode())
    got = b""
    while data := sock.recv(65536):
        got += data
    assert got.startswith(b"HTTP/1.1 200 "), got


def names(d):
    for name in ("other.example", "localhost"):
        asks(d, secured(d, name))


def old_tls(d):
    asks(d, secured(d, version="TLSv1_2"))


def certified(d):
    asks(d, secured(d, certificate="alice"))


def proxied(d):
    sock = secured(d, header=b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n", address=2)
    sock.sendall(request("/address", "localhost"))
    got = b""
    while b"192.0.2.1" not in got:
        data = sock.recv(65536)
        assert data, got
        got += data


def by_path(d):
    client = d.ws("/echo", address=d.addresses[3])
    echo(client)
    client.finish()


# ---- programs that are asked, and commands ----

ASKED = (
    HEAD
    + """\
[hooks]
on_request = sh -c 'echo header X-Node: a7; echo env TENANT=blue'
on_open = cat
on_close = cat
[auth program]
type = exec
exec = sh -c 'read name; read word; test "$word" = secret && echo "user $name"'
[auth tokens]
type = token
token = {token}
[/tenant]
shell = echo "$TENANT $REMOTE_USER"
auth = program
[/token]
shell = echo "$REMOTE_USER"
auth = tokens
"""
)


def tenant(d):
    client = d.ws("/tenant", basic("joe", "secret"))
    assert client.response.headers["x-node"] == "a7"
    said(client, "blue joe")


def stranger(d):
    assert d.handshake("/tenant", basic("joe", "guessed")).response.status == 401


def token(d):
    said(d.ws("/token", [("Authorization", "Bearer token")]), "ann")


def ids(control, path):
    return {row["id"] for row in control.ask("list") if row["path"] == path}


def commands(d):
    try:
        control = Control(d)
        before = ids(control, "/echo")
        client = d.ws("/echo")
        (its,) = ids(control, "/echo") - before
        assert control.ask("send-text", to=its, text="to one")
    except (Refused, ValueError) as e:  # it is not there any more
        raise AssertionError(f"control: {e}") from e
    assert client.recv() == "to one"
    client.finish()


SCENES = {
    "each": Scene(
        EACH,
        *(status, login, health, metrics, file, command, dashboard, service, refused, by_json, over_tls, flood),
        from_start=True,
    ),
    "many": Scene(MANY, shared, keyed, slow, boot, chat, itself, fifo, latin, follow, stays=1),
    "terminals": Scene(TERMINALS, terminal, lines, settings, errors, pages),
    "names": Scene(NAMES, names, old_tls, certified, proxied, by_path),
    "asked": Scene(ASKED, tenant, stranger, token, commands),
}
