# SPDX-License-Identifier: MIT
"""The rows of WSServer's events (tests/wsserver.txt), as one sees them who follows the events."""

import socket
import ssl
import struct

import pytest
from certificates import Certificate
from control import Control
from rawws import CONT, TEXT, encode
from test_events import ECHO, Follower
from test_tls_clients import showing
from tlssock import context
from waiting import until


def test_wsserver_ConnectionRequest(daemon):
    """A TCP peer asks, before HTTP: it is accepted, or refused by deny, and then nothing else is told of it."""
    d = daemon("[server]\nlisten = 127.0.0.1:0\nlisten = [::1]:0\ndeny = ::1\n" + ECHO)
    f = Follower(d)
    refused = d.connect(d.addresses[1])
    assert refused.recv(1) == b""
    told = f.next()
    assert told["event"] == "connection_request" and told["accepted"] is False and "not allowed" in told["reason"]
    sock = d.connect()
    told = f.next()
    assert told["event"] == "connection_request" and told["accepted"] is True
    assert told["peer"] == "127.0.0.1:%d" % sock.getsockname()[1]


def test_wsserver_ConnectionRequest_where_a_limit_decides(daemon):
    """One too many is told as such when it comes, and that there is room when there is."""
    d = daemon("[limits]\nmax_connections = 2\n" + ECHO)  # the canary is one
    f = Follower(d, "event=connection_request")
    ws = d.ws("/echo")
    assert f.next()["accepted"] is True
    assert d.handshake("/echo").response.status == 503
    told = f.next()
    assert told["accepted"] is False and told["reason"] == "too many connections (max_connections)" and told["id"]
    ws.finish()
    until(lambda: Control(d).ask("status")["clients"] == 1, "one has gone")
    assert d.ws("/echo").echoes()
    told = f.next()
    assert told["accepted"] is True and "reason" not in told


def test_wsserver_ConnectionRequest_where_an_address_has_enough(daemon):
    d = daemon("[server]\nlisten = 0.0.0.0:0\n[limits]\nmax_per_address = 1\n" + ECHO, own_network=True)
    f = Follower(d, "event=connection_request")
    away = {"address": f"192.0.2.1:{d.port}", "bind": "192.0.2.1"}
    first = d.ws("/echo", **away)
    assert f.next()["accepted"] is True
    assert d.handshake("/echo", **away).response.status == 429
    told = f.next()
    assert told["accepted"] is False and told["peer"].startswith("192.0.2.1:") and "max_per_address" in told["reason"]
    assert first.echoes()


def test_an_address_that_may_name_others_has_never_enough(daemon):
    ini = "[server]\nlisten = 0.0.0.0:0\ntrusted_proxy = 192.0.2.1\n[limits]\nmax_per_address = 1\n"
    d = daemon(ini + ECHO, own_network=True)
    f = Follower(d, "event=connection_request")
    away = {"address": f"192.0.2.1:{d.port}", "bind": "192.0.2.1"}
    clients = [d.connect(**away) for _ in range(2)]  # which name nobody yet
    clients += [d.ws("/echo", [("X-Forwarded-For", f"198.51.100.{i}")], **away) for i in range(3)]
    assert [f.next()["accepted"] for _ in clients] == [True] * 5


def test_wsserver_WebSocketOpenRequest(daemon):
    """The upgrade request, with what it asks for; who is refused gets an HTTP status and is never connected."""
    d = daemon("[/echo]\nexec = cat\nsubprotocol = b\norigin = http://good.example\n")
    f = Follower(d, "path=/echo")
    ws = d.ws("/echo", [("Origin", "http://good.example"), ("Sec-WebSocket-Protocol", "a, b")])
    asked = f.next("websocket_open_request")
    assert (asked["host"], asked["origin"], asked["subprotocols"]) == (d.host, "http://good.example", "a, b")
    assert ws.response.headers["sec-websocket-protocol"] == "b" and f.next()["event"] == "connected"
    assert d.handshake("/echo", [("Origin", "http://evil.example")]).response.status == 403
    ws.finish()
    assert "connected" not in [e["event"] for e in f.until("disconnected")]


def test_wsserver_Connected(daemon):
    """The WebSocket is open: told once the answer is 101, and before any data."""
    d = daemon(ECHO)
    f = Follower(d, "event=connected", "event=data_in")
    ws = d.ws("/echo")
    told = f.next()
    assert told["event"] == "connected" and told["path"] == "/echo"
    assert told["peer"] == "127.0.0.1:%d" % ws.sock.getsockname()[1]
    ws.text("x")
    data = f.next()
    assert data["event"] == "data_in" and data["id"] == told["id"]


def test_wsserver_DataIn(daemon):
    """Text or binary, how long, and the end of a message or a fragment; never the payload."""
    d = daemon(ECHO)
    f = Follower(d, "event=data_in")
    ws = d.ws("/echo")
    ws.text("text")
    ws.binary(b"binary\n")
    told = [f.next(), f.next()]
    assert [(e["opcode"], e["bytes"], e["fin"]) for e in told] == [("text", 4, True), ("binary", 7, True)]
    assert ws.recv() == "text" and ws.recv() == "binary"
    ws.send_bytes(encode(TEXT, b"one", fin=False))
    first = f.next()
    assert (first["bytes"], first["fin"]) == (3, False)
    ws.send(CONT, b"last!")
    last = f.next()
    assert (last["bytes"], last["fin"]) == (5, True) and "onelast!" not in d.log()


def test_wsserver_ReadyToSend(daemon):
    """When it is open, and again when its queue was full and has gone."""
    d = daemon("[/flood]\nshell = head -c 24000000 /dev/zero | tr '\\0' x | fold -w 9999; read x\nqueue = 64k\n")
    f, c = Follower(d, "event=ready_to_send"), Follower(d, "event=error")
    ws = d.ws("/flood", receive_buffer=4096)
    assert f.next()["queue"] == 0
    until(lambda: c.ask("list", path="/flood")[0]["queue"] > 32 * 1024, "a queue that is full")
    for _ in range(2300):
        ws.frame()
    assert f.next()["queue"] < 32 * 1024


def test_wsserver_Disconnected(daemon):
    """It ended: with whose code and description, after how many bytes."""
    d = daemon("[/echo]\nexec = cat\n[/end]\nexec = true\nclose_code = 3001\nclose_reason = done\n")
    f = Follower(d, "event=disconnected")
    ws = d.ws("/echo")
    assert ws.echoes("12345")
    ws.close(4001, b"enough")
    assert ws.closed() == (4001, "")
    told = f.next()
    assert (told["code"], told["by"], told["reason"]) == (4001, "client", "enough")
    assert told["in"] == told["out"] == {"messages": 1, "bytes": 5}
    ws = d.ws("/end")
    assert ws.closed() == (3001, "done")
    ws.close(3001)
    told = f.next()
    assert (told["code"], told["by"], told["reason"]) == (3001, "backend", "done")


def test_wsserver_Error(daemon):
    """What goes wrong on one connection is told once, with its id; a good end is no error."""
    d = daemon(ECHO)
    f = Follower(d, "event=error", "event=disconnected")
    d.ws("/echo").finish()
    assert f.next()["event"] == "disconnected"
    ws = d.ws("/echo")
    ws.send_bytes(encode(TEXT, b"\xff"))
    assert ws.closed()[0] == 1007
    ws.close(1007)
    error, gone = f.until("disconnected")
    assert error["event"] == "error" and error["code"] == 1007 and error["text"] and error["id"] == gone["id"]


@pytest.mark.parametrize("version, name", [("TLSv1_2", "TLSv1.2"), ("TLSv1_3", "TLSv1.3")])
def test_wsserver_SSLStatus(daemon, certificate, version, name):
    """How the handshake went, before the request: what both sides agreed on, or why it failed."""
    made = certificate()
    d = daemon("[server]\nlisten = 127.0.0.1:0 tls\n" + made.ini() + ECHO)
    f = Follower(d)
    d.context = context(made, version)
    ws = d.ws("/echo")
    seen = f.until("connected")
    steps = [e["step"] for e in seen if e["event"] == "ssl_step"]
    assert [s for s in steps if "client hello" in s] and [s for s in steps if "write finished" in s], steps
    names = [e["event"] for e in seen]
    assert names.index("connection_request") < names.index("ssl_step") < names.index("ssl_status") < names.index("websocket_open_request")
    told = seen[names.index("ssl_status")]
    cipher, _, bits = ws.sock.tls.cipher()
    assert (told["version"], told["cipher"], told["bits"], told["resumed"]) == (name, cipher, bits, False)
    assert told["server_name"] == "localhost", "the one that the client asks for"
    ws.finish()
    assert "ssl_client_authentication" not in names
    failed = Follower(d, "event=ssl_status", "event=ssl_step")

    def ending():
        """What a handshake that fails has ended with."""
        seen = failed.until("ssl_status")
        assert "version" not in seen[-1]
        return seen[-2]["step"] if len(seen) > 1 else None, seen[-1]["error"]

    sock = d.connect(plain=True)
    sock.sendall(b"\x16\x03\x01\x00\x04zzzz")
    sock.recv(1)
    alert, error = ending()
    assert alert.startswith("alert sent: ") and error
    d.connect(plain=True).close()
    assert ending() == (None, "connection lost")
    sock = d.connect(plain=True)
    sock.sendall(b"\x16\x03\x01\x00")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    assert ending()[1] in ("connection lost", "Connection reset by peer")
    sock = d.connect(plain=True)
    sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert ending() == (None, "no TLS")


@pytest.mark.key("access")
def test_wsserver_SSLStatus_is_in_the_log(daemon, certificate):
    """At the level info: what both agreed on as far as accesses are wanted there, and always why not."""
    made = certificate()
    ini = "[server]\nlisten = 127.0.0.1:0 tls\n" + made.ini() + ECHO
    d = daemon(ini)
    d.context = context(made, "TLSv1_3")
    ws = d.ws("/echo")
    cipher, _, bits = ws.sock.tls.cipher()
    good = rf'^#\d+: ssl_status version=TLSv1.3 cipher={cipher} bits={bits} resumed=no server_name="localhost"$'
    d.wait_log(good)
    d.connect(plain=True).close()
    failed = '^#\\d+: ssl_status bits=0 resumed=no error="connection lost"$'
    d.wait_log(failed)
    d = daemon("[logging]\naccess = no\n" + ini, canary=None)
    d.context = context(made, "TLSv1_3")
    f = Follower(d, "event=ssl_status")
    assert d.ws("/echo").echoes()
    assert f.next()["bits"] == bits, "who follows is told all the same"
    d.connect(plain=True).close()
    d.wait_log(failed)
    assert "version=TLS" not in d.log()


def test_handshakes_that_fail_are_not_all_in_the_log(daemon, certificate):
    d = daemon("[server]\nlisten = 127.0.0.1:0 tls\n" + certificate().ini() + ECHO, canary=None)
    f = Follower(d, "event=ssl_status")
    for _ in range(60):
        d.connect(plain=True).close()
    assert all(f.next()["error"] for _ in range(60))
    d.wait_log(r"^ssl_status: \d+ more in the last second$")


@pytest.mark.key("max_handshakes")
def test_a_handshake_that_has_to_make_room_is_told(daemon, certificate):
    ini = "[server]\nlisten = 127.0.0.1:0 tls\n[limits]\nmax_handshakes = 2\n"
    d = daemon(ini + certificate().ini() + ECHO, canary=None)
    f = Follower(d, "event=ssl_status")
    clients = [d.connect(plain=True) for _ in range(3)]
    assert f.next()["error"] == "max_handshakes" and clients[0].recv(1) == b""


def test_a_handshake_that_takes_too_long_is_told(daemon, certificate):
    ini = "[server]\nlisten = 127.0.0.1:0 tls\n[limits]\nhandshake_timeout = 100ms\n"
    d = daemon(ini + certificate().ini() + ECHO, canary=None)
    f = Follower(d, "event=ssl_status")
    with d.connect(plain=True):
        assert f.next()["error"] == "handshake_timeout"


def test_wsserver_SSLClientAuthentication(daemon, certificate, tmp_path):
    """The client has shown a certificate: told before its request, also when it resumes; a stranger gets nowhere."""
    made, ca = certificate(), Certificate(tmp_path, "ca", authority=True)
    alice, bob = (Certificate(tmp_path, name, usage="clientAuth", issuer=ca) for name in ("alice", "bob"))
    asks = f"client_certificate = require\nca_file = {ca.certificate}\nclient_subject = CN=alice\n"
    d = daemon("[server]\nlisten = 127.0.0.1:0 tls\n" + made.ini() + asks + ECHO, canary=None)
    f = Follower(d)
    d.context = showing(alice)
    first = d.ws("/echo")
    assert first.echoes()
    seen = [e for e in f.until("connected") if e["event"] != "ssl_step"]
    names = [e["event"] for e in seen]
    assert names == [
        "connection_request",
        "ssl_status",
        "ssl_client_authentication",
        "websocket_open_request",
        "connected",
    ]
    told = seen[2]
    assert (told["verify"], told["subject"], told["issuer"]) == ("SUCCESS", "CN=alice", "CN=ca")
    assert told["fingerprint"] == alice.fingerprint()
    d.session = first.sock.tls.session
    again = Follower(d, "event=ssl_status", "event=ssl_client_authentication")
    assert d.ws("/echo").sock.tls.session_reused
    assert again.next()["resumed"] is True
    assert again.next()["subject"] == "CN=alice"
    d.session, d.context = None, showing(bob)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        d.ws("/echo")
    told = again.next()
    assert told["event"] == "ssl_status" and told["error"]
