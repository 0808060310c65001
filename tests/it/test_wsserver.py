# SPDX-License-Identifier: MIT
"""
Rows of WSServer's feature set (tests/wsserver.txt), each seen from outside.

Others stand beside what they belong to: `grep -r test_wsserver_ tests/it` finds all, and `make check` prints them
as a table.
"""

import errno
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import procfs
import pytest
from control import Control
from harness import ENVIRONMENT, WSBRIDGED, free_port, run, with_canary
from inicheck import fails
from rawws import CONT, PING, PONG, TEXT
from systemd import listening as listening_socket
from systemd import passing
from test_charset import keeper, kept
from test_reload import reload
from waiting import readable, until

ECHO = "[/echo]\nexec = cat\n"


def listening(d):
    """The words of `ss` about the socket that D listens on."""
    argv = ["ss", "-ltnH", f"sport = :{d.port}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()


def connecting(port):
    """A socket that has begun to connect to PORT."""
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", port))
    return s


def option(d, ws, level, name):
    """An option of the daemon's end of WS's connection, as getsockopt(2) tells it."""
    with procfs.peer_socket(d.pid, ws.sock) as peer:
        return peer.getsockopt(level, name)


# ---- properties ----


def test_wsserver_ConnectionBacklog(daemon):
    """As many connections wait in the kernel as backlog says, and one more (listen(2)); the next is not completed."""
    d = daemon("[server]\nbacklog = 5\n" + ECHO)
    assert listening(d)[2] == "5"
    d.process.send_signal(signal.SIGSTOP)
    waiting = [connecting(d.port) for _ in range(10)]
    until(lambda: listening(d)[1] == "6", lambda: f"6 wait: {listening(d)}")
    assert sum(1 for s in waiting if s.connect_ex(("127.0.0.1", d.port)) == errno.EISCONN) < 10
    d.process.send_signal(signal.SIGCONT)
    for s in waiting:
        s.close()


@pytest.mark.key("backlog")
def test_wsserver_ConnectionBacklog_beyond_the_kernels_own_limit(daemon):
    most = int(Path("/proc/sys/net/core/somaxconn").read_text())
    d = daemon(f"[server]\nbacklog = {most + 1}\n" + ECHO)
    assert listening(d)[2] == str(most)
    d.wait_log(rf"warning: .*backlog = {most + 1} is more than the kernel takes: {most} \(net\.core\.somaxconn\)")
    reload(d, with_canary(f"[server]\nbacklog = {most}\n" + ECHO))
    assert "is more than" not in d.log().partition("is taken")[2]


@pytest.mark.key("backlog")
def test_wsserver_ConnectionBacklog_of_a_socket_of_systemd(daemon):
    """Its unit decides, and who says otherwise in the file is told."""
    s = listening_socket()
    s.listen(7)
    d = daemon("[server]\nlisten = systemd:web\nbacklog = 5\n[socket]\nsend_buffer = 64k\n" + ECHO, **passing(("web", s)))
    assert listening(d)[2] == "7"
    d.wait_log(r"warning: .*backlog is not used, the socket is systemd's: Backlog= of its unit decides")
    d.wait_log(r"send_buffer is not used, .* SendBuffer=")
    assert "receive_buffer" not in d.log()


def test_wsserver_DefaultTimeout(daemon):
    """A client that stops reading is dropped after that time without progress, and the log says why."""
    d = daemon(
        "[defaults]\nsend_timeout = 400ms\nqueue = 64k\neof_timeout = 50ms\n[/flood]\nexec = yes\n"
        "[/clock]\nshell = while :; do echo tick; sleep 0.1; done\n"
    )
    began = time.monotonic()
    silent, reader = d.ws("/flood", receive_buffer=4096), d.ws("/clock")
    until(lambda: reader.recv() and "send timeout" in d.log(), "the one that reads nothing is dropped")
    assert time.monotonic() - began > 0.4
    with pytest.raises(ConnectionResetError):
        while True:
            silent.frame()
    assert reader.recv() == "tick" and d.log().count("send timeout") == 1


def test_wsserver_LocalHost(daemon):
    """Only the interfaces that are named accept."""
    d = daemon("[server]\nlisten = 127.0.0.2:0\nlisten = [::1]:0\n" + ECHO)
    for address in d.addresses:
        ws = d.ws("/echo", address=address)
        assert ws.echoes() and ws.sock.getpeername()[0] == address.rpartition(":")[0].strip("[]")
    with pytest.raises(ConnectionRefusedError):
        d.connect(f"127.0.0.1:{d.port}")


def test_wsserver_LocalPort(daemon):
    """Port 0 is one that the system picks: the log, STATUS= and the control socket tell which."""
    d = daemon(ECHO)
    assert d.port != 0 and listening(d)[3] == f"127.0.0.1:{d.port}"
    assert re.search(rf"listening on 127\.0\.0\.1:{d.port}\b", d.log())
    d.wait_note(rf"STATUS=.*\b127\.0\.0\.1:{d.port}\b.*")
    assert Control(d).ask("status")["listening"] == [f"127.0.0.1:{d.port}"]
    port = free_port()
    assert daemon(f"[server]\nlisten = 127.0.0.1:{port}\n" + ECHO).port == port


def test_wsserver_UseSSL(daemon, certificate):
    """A listener speaks TLS or not, and the one that does answers plain HTTP with words."""
    d = daemon("[server]\nlisten = 127.0.0.1:0 tls\nlisten = 127.0.0.1:0\n" + certificate().ini() + ECHO)
    secure, plain = d.addresses
    assert d.ws("/echo", address=secure).echoes() and d.ws("/echo", address=plain).echoes()
    assert secure.endswith(" tls") and not plain.endswith(" tls")
    with d.connect(secure, plain=True) as s:
        s.sendall(b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = s.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"this port speaks TLS" in answer


# ---- methods ----


def test_wsserver_DoEvents(daemon):
    """The loop is alive: the watchdog hears of it while clients are served, and nothing while it stands still."""
    d = daemon(ECHO, env={"WATCHDOG_USEC": "200000"})
    ws = d.ws("/echo")
    before = d.count_notes("WATCHDOG=1")
    until(lambda: ws.echoes() and d.count_notes("WATCHDOG=1") > before + 2, "three more signs of life")
    row = next(r for r in Control(d).ask("list") if r["path"] == "/echo")
    client = Control(d)
    client.begin("ping", to=row["id"])
    ws.send(PONG, ws.frame().payload)
    assert 0 < client.end()["round_trip"] < 5
    d.process.send_signal(signal.SIGSTOP)
    until(lambda: procfs.state(d.pid) == "T", "it stands still")
    before = d.count_notes("WATCHDOG=1")
    assert not readable(ws.sock, 0.5) and d.count_notes("WATCHDOG=1") == before
    d.process.send_signal(signal.SIGCONT)
    until(lambda: d.count_notes("WATCHDOG=1") > before, "it goes on")


# ---- settings ----


def test_wsserver_WaitForCloseResponse(daemon):
    """With it the connection stays until the client's close frame, or until close_timeout; without, it ends at once."""
    d = daemon(
        "[/x]\nexec = true\nclose_timeout = 400ms\n[/long]\nexec = true\nclose_timeout = 30s\n"
        "[/no]\nexec = true\nclose_wait = no\nclose_timeout = 30s\n"
    )
    polite = d.ws("/long")
    assert polite.closed() == (1000, "")
    with pytest.raises(TimeoutError):
        polite.end(0.2)
    polite.close()
    assert polite.end() == "FIN"
    began, silent = time.monotonic(), d.ws("/x")
    assert silent.closed() == (1000, "") and silent.end() in ("FIN", "RST")
    assert time.monotonic() - began > 0.3
    silent = d.ws("/no")
    assert silent.closed() == (1000, "") and silent.end() == "FIN"


@pytest.mark.parametrize("whole", ["yes", "no"])
def test_wsserver_BufferMessage(daemon, whole):
    """The program gets a message when it is whole, or each fragment as it comes."""
    d = daemon(f"[/x]\nexec = cat\nframe = raw\ntype = text\nbuffer_message = {whole}\n")
    ws = d.ws("/x")
    ws.send(TEXT, b"one ", fin=False)
    if whole == "no":
        assert ws.recv() == "one "
    else:
        ws.send(PING, b"?")
        assert ws.frame().opcode == PONG, "the daemon has seen the fragment, the program has not"
    ws.send(CONT, b"two")
    assert ws.recv() == ("one two" if whole == "yes" else "two")
    ws.send(TEXT, "ä".encode()[:1], fin=False)
    ws.send(CONT, "ä".encode()[1:])
    assert ws.recv() == "ä", "a character may be cut"
    ws.send(TEXT, "ä".encode()[:1], fin=False)
    ws.send(CONT, b"x")
    assert ws.closed()[0] == 1007, "and what is no UTF-8 is seen across pieces"


def test_wsserver_DisconnectStatusCode(daemon):
    """The code of the server's close frame, on the wire."""
    d = daemon("[/x]\nexec = true\nclose_code = 4321\n[/y]\nexec = true\n")
    assert d.ws("/x").closed() == (4321, "") and d.ws("/y").closed() == (1000, "")


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000])
def test_wsserver_DisconnectStatusCode_that_may_not_be_sent(check, code):
    fails(check(f"[/x]\nexec = true\nclose_code = {code}\n"), (3, "close_code"))


def test_wsserver_DisconnectStatusDescription(daemon, check):
    """Its text, of up to 123 bytes of UTF-8."""
    longest = "ä" * 61 + "x"
    d = daemon(f"[/x]\nexec = true\nclose_reason = {longest}\n")
    assert d.ws("/x").closed() == (1000, longest)
    fails(check(f"[/x]\nexec = true\nclose_reason = {longest}y\n"), (3, "124 bytes"))
    fails(check(b"[/x]\nexec = true\nclose_reason = \xff\n"), (3, "UTF-8"))


def test_wsserver_MaxFrameSize(daemon):
    """A longer message is cut into fragments of that size; a shorter one is one frame."""
    d = daemon("[/x]\nexec = cat\nmax_frame = 1000\n[/y]\nexec = cat\n")
    ws = d.ws("/x")
    ws.text("a" * 2500)
    frames = ws.frames()
    assert [(f.opcode, f.fin, len(f.payload)) for f in frames] == [
        (TEXT, False, 1000),
        (CONT, False, 1000),
        (CONT, True, 500),
    ]
    ws.text("a" * 1000)
    assert [len(f.payload) for f in ws.frames()] == [1000]
    ws = d.ws("/y")
    ws.text("a" * 60000)
    assert [len(f.payload) for f in ws.frames()] == [60000]


def test_wsserver_MaxConnections(daemon):
    """N clients are served, the one too many gets 503 and when to come back, and N again once one has left."""
    d = daemon("[limits]\nmax_connections = 4\n" + ECHO)  # the canary is one
    clients = [d.ws("/echo") for _ in range(3)]
    refused = d.handshake("/echo").response
    assert refused.status == 503 and int(refused.headers["retry-after"]) > 0
    assert all(ws.echoes() for ws in clients)
    clients.pop().finish()
    clients.append(until(lambda: (ws := d.handshake("/echo")).response.status == 101 and ws, "there is room"))
    assert d.handshake("/echo").response.status == 503
    assert all(ws.echoes() for ws in clients)


def test_wsserver_MaxConnections_told_by_a_close_code(daemon):
    d = daemon("[limits]\nmax_connections = 2\nfull = close\n" + ECHO)
    first = d.ws("/echo")
    assert d.ws("/echo").closed()[0] == 1013
    assert first.echoes()


@pytest.mark.key("exclusive")
@pytest.mark.parametrize("first, second", [("no", "no"), ("yes", "no"), ("no", "yes")])
def test_wsserver_BindExclusively(daemon, tmp_path, first, second):
    """The port is this process's, or shared by all who say so: the clients then come to either."""
    d = daemon(f"[server]\nexclusive = {first}\n[/x]\nshell = echo first; exec cat\n")
    ini = f"[server]\nlisten = {d.address}\nexclusive = {second}\nuser = root\n[/x]\nshell = echo second; exec cat\n"
    file = tmp_path / "second.ini"
    file.write_text(ini)
    if (first, second) != ("no", "no"):
        refused = run("-c", file, env={"RUNTIME_DIRECTORY": str(tmp_path)})
        assert refused.returncode == 69 and re.search(r"cannot listen .* in use by wsbridged", refused.stderr)
        assert d.ws("/x").recv() == "first"
        return
    other = daemon(argv=["-c", str(file)], canary=None)
    assert other.address == d.address
    clients = [d.ws("/x") for _ in range(40)]
    assert {ws.recv() for ws in clients} == {"first", "second"}


@pytest.mark.key("exclusive")
def test_wsserver_BindExclusively_by_a_reload(daemon, tmp_path):
    """What is changed holds for who comes later; live sessions stay."""
    port = free_port()
    ini = f"[server]\nlisten = 127.0.0.1:{port}\nuser = root\nexclusive = %s\n" + ECHO
    d = daemon(ini % "yes")
    ws = d.ws("/echo")
    file = tmp_path / "second.ini"
    file.write_text(ini % "no")
    refused = run("-c", file, env={"RUNTIME_DIRECTORY": str(tmp_path)})
    assert refused.returncode == 69
    reload(d, with_canary(ini % "no"))
    env = {**ENVIRONMENT, "RUNTIME_DIRECTORY": str(tmp_path)}
    with subprocess.Popen([WSBRIDGED, "-c", file], env=env, stderr=subprocess.PIPE, text=True) as other:
        assert other.stderr.readline() == f"listening on 127.0.0.1:{port}\n"
        other.terminate()
    assert other.returncode == 0
    new = d.ws("/echo")
    reload(d, with_canary(ini % "yes"))
    assert run("-c", file, env={"RUNTIME_DIRECTORY": str(tmp_path)}).returncode == 69
    assert ws.echoes() and new.echoes() and d.ws("/echo").echoes()


SO_BUF_LOCK = 72  # bits: 1 the send buffer is not tuned by the kernel, 2 the receive buffer


@pytest.mark.key("exclusive")
@pytest.mark.parametrize("value, warned", [("yes", True), ("no", False)])
def test_wsserver_BindExclusively_is_what_minus_t_tries(check, value, warned):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("127.0.0.1", 0))
        s.listen()
        at = "127.0.0.1:%d" % s.getsockname()[1]
        said = check(f"[server]\nlisten = {at}\nuser = root\nexclusive = {value}\n" + ECHO)
    assert bool([line for line in said.lines if f"cannot listen on {at}: in use by" in line]) == warned, said.lines


def buffer_is_what_it_is_told(daemon, key, name, sysctl, lock):
    """The kernel doubles what it is told (socket(7)), and does not tune it; 0: it does."""
    d = daemon(ECHO)
    usual = option(d, d.ws("/echo"), socket.SOL_SOCKET, name)
    assert not option(d, d.ws("/echo"), socket.SOL_SOCKET, SO_BUF_LOCK)
    d = daemon(f"[socket]\n{key} = 24k\n" + ECHO)
    old = d.ws("/echo")
    assert option(d, old, socket.SOL_SOCKET, name) == 48 * 1024
    assert option(d, old, socket.SOL_SOCKET, SO_BUF_LOCK) == lock
    d.wait_log(rf"{d.address}: {key} = 24576, for which the kernel reserves 49152 bytes")
    reload(d, with_canary(f"[socket]\n{key} = 1G\n" + ECHO))
    most = int(Path(f"/proc/sys/net/core/{sysctl}").read_text())
    assert option(d, d.ws("/echo"), socket.SOL_SOCKET, name) == 2 * most
    d.wait_log(rf"{key} = 1073741824 is more than the kernel takes: {most} \(net\.core\.{sysctl}\)")
    reload(d, with_canary(ECHO))
    new = d.ws("/echo")
    assert not option(d, new, socket.SOL_SOCKET, SO_BUF_LOCK)
    assert option(d, new, socket.SOL_SOCKET, name) == usual
    assert option(d, old, socket.SOL_SOCKET, name) == 48 * 1024 and old.echoes("x" * 100_000)


@pytest.mark.key("receive_buffer")
def test_wsserver_InBufferSize(daemon):
    """The queue of what a client sends, on accepted sockets."""
    buffer_is_what_it_is_told(daemon, "receive_buffer", socket.SO_RCVBUF, "rmem_max", 2)


@pytest.mark.key("send_buffer")
def test_wsserver_OutBufferSize(daemon):
    """The queue of what is sent to a client, on accepted sockets."""
    buffer_is_what_it_is_told(daemon, "send_buffer", socket.SO_SNDBUF, "wmem_max", 1)


KEEP_ALIVE = [("1ms", 1), ("1s", 1), ("1001ms", 2), ("90s", 90), ("32766500ms", 32767), ("32767s", 32767)]


@pytest.mark.parametrize("value, seconds", KEEP_ALIVE)
def test_wsserver_KeepAliveTime(daemon, value, seconds):
    """Whole seconds from 1 to 32767, rounded up."""
    d = daemon(f"[socket]\nkeepalive_time = {value}\n" + ECHO)
    ws = d.ws("/echo")
    assert option(d, ws, socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert option(d, ws, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == seconds


@pytest.mark.parametrize("value, seconds", KEEP_ALIVE)
def test_wsserver_KeepAliveInterval(daemon, value, seconds):
    d = daemon(f"[socket]\nkeepalive_interval = {value}\nkeepalive_probes = 7\n" + ECHO)
    ws = d.ws("/echo")
    assert option(d, ws, socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == seconds
    assert option(d, ws, socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 7


@pytest.mark.parametrize("key", ["keepalive_time", "keepalive_interval"])
def test_wsserver_KeepAliveTime_that_the_kernel_does_not_take(check, key):
    fails(check(f"[socket]\n{key} = 32768s\n" + ECHO), (2, key))


@pytest.mark.parametrize("value, nodelay", [("yes", True), ("no", False)])
def test_wsserver_TcpNoDelay(daemon, value, nodelay):
    d = daemon(f"[socket]\nnodelay = {value}\n" + ECHO)
    assert bool(option(d, d.ws("/echo"), socket.IPPROTO_TCP, socket.TCP_NODELAY)) == nodelay


@pytest.mark.parametrize(
    "page, text, data",
    [
        ("65001", "Grüße 日本 €", "Grüße 日本 €".encode()),
        ("1252", "naïve – €", b"na\xefve \x96 \x80"),
        ("932", "表示ソ能", "表示ソ能".encode("cp932")),  # of which second bytes are backslashes
    ],
)
def test_wsserver_CodePage(daemon, tmp_path, program, page, text, data):
    """The pipe side is in that character set, both ways, wherever frames and writes cut it; binary is left alone."""
    out = tmp_path / "out"
    tell = program(f"for byte in {data!r}:\n    os.write(1, bytes([byte]))\n    os.read(0, 1)\nos.write(1, b'\\n')\n")
    d = daemon(keeper(out, f"charset = {page}") + f"[/tell]\nexec = {tell}\ncharset = {page}\n")
    ws, utf8 = d.ws("/keep"), text.encode()
    for i in range(len(utf8)):
        ws.send(CONT if i else TEXT, utf8[i : i + 1], fin=i == len(utf8) - 1)
    ws.binary(utf8 + b"\n")
    ws.finish()
    assert kept(out) == data + b"\n" + utf8 + b"\n"
    ws = d.ws("/tell")
    ws.binary(b"." * len(data))
    assert ws.recv() == text


def test_wsserver_CodePage_of_characters_that_it_lacks(daemon, tmp_path):
    out = tmp_path / "out"
    d = daemon(
        keeper(out, "charset = 1252")
        + "[/strict]\nexec = cat\ncharset = 1252\ncharset_error = close\n"
        + "[/bad]\nshell = printf 'a\\201b\\n'; read x\ncharset = 1252\n"
        + "[/worse]\nshell = printf 'a\\201b\\n'; read x\ncharset = 1252\ncharset_error = close\n"
    )
    ws = d.ws("/keep")
    ws.text("a日b")
    ws.finish()
    assert kept(out) == b"a?b\n"
    ws = d.ws("/strict")
    ws.text("a日b")
    assert ws.closed()[0] == 1008
    assert d.ws("/bad").recv() == "a\ufffdb"
    assert d.ws("/worse").recv_until_close()[1] == 1011
