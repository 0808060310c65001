# SPDX-License-Identifier: MIT
"""The PROXY protocol on `listen = ... proxy`: a header before the client's first byte."""

import os
import re
import signal
import struct

import pytest
from rawws import RawWS, request
from tlssock import TlsSock, context
from waiting import until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TRUSTING = "[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 proxy\ntrusted_proxy = 127.0.0.1\n"
ENV = "[/env]\nshell = env; exec cat\n"
V1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n"


def v2(address, family=0x11, command=0x21, tlvs=b""):
    return SIGNATURE + struct.pack("!BBH", command, family, len(address) + len(tlvs)) + address + tlvs


def tlv(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


TCP4 = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + struct.pack("!HH", 4711, 443)
TCP6 = bytes.fromhex("20010db8000000000000000000000001" * 2) + struct.pack("!HH", 4711, 443)
UNIX = b"/some/client".ljust(108, b"\0") + b"/some/server".ljust(108, b"\0")
SSL = tlv(0x20, struct.pack("!BI", 1, 1) + tlv(0x21, b"TLSv1.3"))


def connect(d, bind=None):
    """A connection to the listener with the word, the last one."""
    return RawWS(d.connect(d.addresses[-1], bind=bind), None)


def talk(d, header, fields=(), path="/env", address=None):
    """A client behind HEADER, after the daemon's answer."""
    raw = d.raw(address) if address else connect(d)
    raw.send_bytes(header + request(path, d.host, fields))
    raw.response = raw.read_response()
    return raw


def environment(ws):
    assert ws.response.status == 101, ws.response
    ws.text("ready")
    lines = []
    until(lambda: lines.append(ws.recv()) or lines[-1] == "ready", "the echo")
    ws.finish()
    return dict(line.partition("=")[::2] for line in lines[:-1])


def remote(ws):
    env = environment(ws)
    return env["REMOTE_ADDR"], env["REMOTE_PORT"]


HEADERS = [
    ("v1 TCP4", V1, ("192.0.2.1", "4711")),
    ("v1 TCP6", b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n", ("2001:db8::1", "4711")),
    ("v2 TCP4", v2(TCP4), ("192.0.2.1", "4711")),
    ("v2 TCP6", v2(TCP6, 0x21), ("2001:db8::1", "4711")),
    ("v2 Unix", v2(UNIX, 0x31), ("unix", "0")),
    ("v2 TLVs", v2(TCP4, tlvs=tlv(1, b"http/1.1") + tlv(2, b"evil.example") + tlv(0xEE, b"x")), ("192.0.2.1", "4711")),
]


@pytest.mark.key("listen")
@pytest.mark.parametrize("header, who", [h[1:] for h in HEADERS], ids=[h[0] for h in HEADERS])
def test_the_header_names_the_client(daemon, header, who):
    d = daemon(TRUSTING + ENV)
    ws = talk(d, header)
    port = ws.sock.getsockname()[1]
    assert remote(ws) == who
    address, client = re.escape(who[0]), who[1]
    peer = "unix:" if address == "unix" else rf"\[?{address}\]?:{client}"
    d.wait_log(rf"^#\d+ /env: disconnected peer={peer} .* via=127\.0\.0\.1:{port}$")


@pytest.mark.key("listen")
@pytest.mark.parametrize(
    "header", [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN x y\r\n", v2(b"", 0, 0x20), v2(TCP4, command=0x20), v2(b"", 0)]
)
def test_a_proxy_may_speak_for_itself(daemon, header):
    d = daemon(TRUSTING + ENV)
    assert remote(talk(d, header))[0] == "127.0.0.1"


@pytest.mark.key("listen")
@pytest.mark.parametrize("header", [V1, v2(TCP6, 0x21, tlvs=SSL)], ids=["v1", "v2"])
def test_it_may_come_byte_by_byte_and_with_what_follows(daemon, header):
    d = daemon(TRUSTING + ENV)
    everything = header + request("/env", d.host)
    for cut in (1, 11, 12, 13, 15, 16, 17, len(header) - 1, len(header), len(header) + 1, len(everything) - 1):
        raw = connect(d)
        raw.send_bytes(everything[:cut])
        assert d.canary.echoes(f"{cut} bytes")  # by then the daemon has seen them
        raw.send_bytes(everything[cut:])
        raw.response = raw.read_response()
        assert environment(raw)["REMOTE_PORT"] == "4711", cut
    raw = connect(d)
    for byte in everything:
        raw.send_bytes(bytes([byte]))
    raw.response = raw.read_response()
    assert environment(raw)["REMOTE_PORT"] == "4711"


@pytest.mark.key("listen")
def test_the_clients_tls_with_the_proxy_is_known(daemon):
    d = daemon(TRUSTING + ENV)
    env = environment(talk(d, v2(TCP4, tlvs=SSL)))
    assert env["HTTPS"] == "on" and env["REQUEST_SCHEME"] == "https"
    assert "HTTPS" not in environment(talk(d, v2(TCP4, tlvs=tlv(0x20, struct.pack("!BI", 0, 0)))))
    assert "HTTPS" not in environment(talk(d, V1))


@pytest.mark.key("listen")
@pytest.mark.parametrize("header", [V1, v2(TCP6, 0x21, tlvs=SSL)], ids=["v1", "v2"])
def test_tls_begins_behind_the_header_and_loses_no_byte(daemon, certificate, header):
    made = certificate()
    d = daemon(
        "[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 tls proxy\ntrusted_proxy = 127.0.0.1\n"
        f"[tls]\ncertificate = {made.certificate}\nkey = {made.key}\n" + ENV
    )

    def secure_client(sock):
        ws = RawWS(TlsSock(sock, context(made)), None)
        ws.send_bytes(request("/env", d.host))
        ws.response = ws.read_response()
        env = environment(ws)
        assert (env["REMOTE_PORT"], env["HTTPS"], env["REQUEST_SCHEME"]) == ("4711", "on", "https")

    sock = d.connect(d.addresses[-1], plain=True)
    sock.sendall(header)
    secure_client(sock)  # its ClientHello comes right behind the header

    class Joined:
        """The header goes out with the first bytes of TLS, in one piece."""

        def __init__(self, sock):
            self.sock, self.first = sock, header

        def sendall(self, data):
            data, self.first = self.first + data, b""
            self.sock.sendall(data)

        def __getattr__(self, name):
            return getattr(self.sock, name)

    secure_client(Joined(d.connect(d.addresses[-1], plain=True)))
    raw = RawWS(d.connect(d.addresses[-1], plain=True), None)
    raw.send_bytes(header + request("/env", d.host))
    answer = raw.read_response()
    assert answer.status == 400 and "this port speaks TLS" in answer.text


BAD = [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no PROXY header, which this port expects"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 99999 443\r\n", "PROXY header: a port is wrong"),
    (b"PROXY TCP4 192.0.2.300 192.0.2.2 1 443\r\n", "PROXY header: an address is wrong"),
    (b"PROXY UNKNOWN " + b"x" * 107, "PROXY header: longer than a line can be"),
    (SIGNATURE + b"\x11", "PROXY header: an unknown version or command"),
    (v2(TCP4, 0x12), "PROXY header: not TCP and no Unix stream"),
    (SIGNATURE + b"\x21\x11\xff\xff", "PROXY header: too long"),
    (v2(TCP4, tlvs=b"\x04\0\x09x"), "PROXY header: a TLV is cut off"),
    (v2(TCP4, tlvs=tlv(3, b"1234")), "PROXY header: the checksum is wrong"),
    (b"\x16\x03\x01\x02\x00\x01\x00", "no PROXY header, which this port expects"),
]


@pytest.mark.key("listen")
def test_what_is_no_header_is_400_and_says_why(daemon):
    d = daemon(TRUSTING + ENV)
    for header, reason in BAD:
        raw = connect(d)
        raw.send_bytes(header)
        answer = raw.read_response()
        assert answer.status == 400 and reason in answer.text, header
        d.wait_log(rf'^#\d+: refused status=400 peer=127\.0\.0\.1:\d+ reason="{re.escape(reason)}"$')
    assert remote(talk(d, V1)) == ("192.0.2.1", "4711")


@pytest.mark.key("listen", "trusted_proxy")
def test_whoever_is_not_trusted_is_closed_without_an_answer(daemon):
    d = daemon(TRUSTING + ENV)
    raw = connect(d, "127.0.0.2")
    assert raw.end() in ("FIN", "RST")
    d.wait_log(
        r'^refused peer=127\.0\.0\.2:\d+ reason="no trusted_proxy, and only these may connect here \(listen = \.\.\. proxy\)"$'
    )
    assert remote(talk(d, V1)) == ("192.0.2.1", "4711")


@pytest.mark.key("listen")
def test_a_listener_without_the_word_takes_no_header(daemon):
    d = daemon(TRUSTING + ENV)
    raw = RawWS(d.connect(), None)
    raw.send_bytes(V1 + request("/env", d.host))
    assert raw.read_response().status == 400


@pytest.mark.key("listen", "trusted_proxy")
def test_a_proxy_at_a_unix_socket_sends_the_header_too(daemon, rundir):
    d = daemon(
        f"[server]\nlisten = 127.0.0.1:0\nlisten = unix:{rundir}/s proxy mode=0600\ntrusted_proxy = unix\n" + ENV
    )
    assert remote(talk(d, V1)) == ("192.0.2.1", "4711")


@pytest.mark.key("handshake_timeout")
def test_the_header_must_come_in_time(daemon):
    d = daemon(TRUSTING + ENV + "[limits]\nhandshake_timeout = 1s\n")
    silent, half = connect(d), connect(d)
    half.send_bytes(V1[:20])
    assert silent.end() == "FIN" and half.end() in ("FIN", "RST")


@pytest.mark.key("max_per_address", "allow", "listen")
def test_limits_and_rules_are_about_the_client_that_is_named(daemon):
    d = daemon(
        TRUSTING + "[limits]\nmax_per_address = 1\n[/echo]\nexec = cat\n[/some]\nexec = cat\nallow = 192.0.2.0/24\n"
    )
    other = b"PROXY TCP4 198.51.100.1 192.0.2.2 4711 443\r\n"
    first = talk(d, V1, path="/echo")
    assert first.echoes()
    assert talk(d, V1, path="/echo").response.status == 429
    assert talk(d, other, path="/echo").echoes()
    assert talk(d, other, path="/some").response.status == 403


@pytest.mark.key("trusted_proxy")
def test_fields_count_only_when_the_named_client_is_a_proxy_too(daemon):
    d = daemon(TRUSTING + ENV)
    fields = [("X-Forwarded-For", "203.0.113.7")]
    assert remote(talk(d, V1, fields))[0] == "192.0.2.1"
    nearer = b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 443\r\n"
    assert remote(talk(d, nearer, fields))[0] == "203.0.113.7"
    assert remote(talk(d, v2(UNIX, 0x31), fields))[0] == "unix"


@pytest.mark.key("listen")
def test_a_reload_adds_and_takes_the_word_and_the_socket_stays(daemon, tmp_path):
    d = daemon(TRUSTING + ENV)
    there = talk(d, V1)
    file = tmp_path / "wsbridge.ini"
    text = file.read_text()

    def load(new):
        taken = d.log().count(" is taken;")
        file.write_text(new)
        os.kill(d.pid, signal.SIGHUP)
        until(lambda: d.log().count(" is taken;") > taken, "the new configuration")

    load(text.replace(" proxy\n", "\n", 1))
    assert remote(talk(d, b""))[0] == "127.0.0.1"
    load(text)
    assert remote(talk(d, V1))[0] == "192.0.2.1"
    there.text("still there")
    until(lambda: there.recv() == "still there", "the echo")


def test_the_word_without_a_trusted_proxy_is_an_error_with_a_hint(check):
    result = check("[server]\nlisten = 127.0.0.1:0 proxy\n[/x]\nexec = cat\n")
    assert result.status == 78
    (error,) = result.errors
    assert error.startswith("wsbridge.ini:2: error: listen: nobody could connect to 127.0.0.1:0 with the word proxy")
    assert "add trusted_proxy = ADDRESS" in error


def test_a_listener_for_the_proxy_alone_is_not_open_to_the_network(check):
    ini = "[server]\nlisten = 0.0.0.0:0{}\ntrusted_proxy = 10.0.0.1\n[/x]\nexec = cat\n"
    assert any("open to the network" in line for line in check(ini.format("")).lines)
    assert not any("open to the network" in line for line in check(ini.format(" proxy")).lines)


def test_a_reload_takes_tls_away_from_who_has_not_said_his_header_yet(daemon, certificate, tmp_path):
    """He began with TLS, and goes on with it; who comes later does not."""
    tls = TRUSTING.replace(" proxy\n", " proxy tls\n", 1)
    d = daemon(tls + certificate().ini() + ENV, canary=None)
    early = d.connect(d.addresses[-1], plain=True)
    file, taken = tmp_path / "wsbridge.ini", d.log().count(" is taken;")
    text = file.read_text().replace(" proxy tls\n", " proxy\n")
    file.write_text(re.sub(r"^(certificate|key) = .*\n", "", text, flags=re.M))
    os.kill(d.pid, signal.SIGHUP)
    until(lambda: d.log().count(" is taken;") > taken, "the new configuration")
    early.sendall(V1)
    tls = TlsSock(early, context())
    tls.sendall(request("/healthz", d.host))
    assert tls.recv(9) == b"HTTP/1.1 "
    assert remote(talk(d, V1, address=d.addresses[-1].removesuffix(" tls")))[0] == "192.0.2.1"
