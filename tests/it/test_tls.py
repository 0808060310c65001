# SPDX-License-Identifier: MIT
"""TLS: who may connect how, what goes wrong, and how it ends."""

import re
import socket
import ssl
import subprocess
import threading

import procfs
import pytest
from certificates import chained
from harness import get, http, is_sanitized
from rawws import BINARY, PING, PONG, RawWS, encode, request
from tlssock import RECORD, TlsSock, context
from waiting import readable

TLS = "[server]\nlisten = 127.0.0.1:0 tls\n"
ECHO = "[/echo]\nexec = cat\n"
VERSIONS = {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}


@pytest.fixture
def secure(daemon, certificate):
    """secure(INI, KEYS of [tls], algorithm=...): a daemon that speaks TLS; .certificate is what it shows."""

    def start(ini=ECHO, keys="", **how):
        made = certificate(**how)
        d = daemon(TLS + made.ini() + keys + ini)
        d.certificate = made
        return d

    return start


def s_client(d, *options, say=b""):
    """What `openssl s_client` says of a connection that it makes, on which it sends SAY."""
    argv = ["openssl", "s_client", "-connect", d.host, *options]
    result = subprocess.run(argv, input=say, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return result.stdout.decode("utf-8", "replace")


def refused(d, context, **how):
    """The error of a handshake that fails, on either side."""
    sock = d.connect(plain=True)
    with pytest.raises((ssl.SSLError, ConnectionResetError)) as e:
        TlsSock(sock, context, **how).recv(1)
    return str(e.value)


# ---- who may connect how ----


@pytest.mark.key("certificate", "key", "listen")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("algorithm", ["ecdsa", "rsa"])
def test_a_client_that_trusts_the_certificate_talks(secure, version, algorithm):
    d = secure(algorithm=algorithm)
    d.context = context(d.certificate, version)
    ws = d.ws("/echo")
    assert ws.sock.tls.version() == VERSIONS[version]
    assert ws.echoes("hello") and ws.echoes("x" * 300_000)
    ws.finish()
    assert d.client("/echo").close() == (1000, "")


def test_the_issuers_come_with_the_certificate(daemon, tmp_path):
    made = chained(tmp_path)
    d = daemon(TLS + made.ini() + ECHO)
    d.context = context(made)  # trusts the root alone, and the middle is not its
    assert d.ws("/echo").echoes()


@pytest.mark.key("key")
def test_the_key_may_lie_in_the_certificates_file(daemon, certificate):
    made = certificate()
    made.certificate.write_text(made.key.read_text() + made.certificate.read_text())
    assert daemon(TLS + f"[tls]\ncertificate = {made.certificate}\n" + ECHO).ws("/echo").echoes()


@pytest.mark.key("key_password_file")
def test_an_encrypted_key_is_opened_by_the_first_line_of_a_file(daemon, certificate, tmp_path):
    made = certificate(password="correct horse")
    (tmp_path / "password").write_text("correct horse\nbattery\n")
    d = daemon(TLS + made.ini() + f"key_password_file = {tmp_path}/password\n" + ECHO)
    assert d.ws("/echo").echoes()
    assert "horse" not in d.log()


@pytest.mark.key("protocols")
@pytest.mark.parametrize("allowed, other", [("TLSv1_2", "TLSv1_3"), ("TLSv1_3", "TLSv1_2")])
def test_only_the_listed_protocols_are_spoken(secure, allowed, other):
    d = secure(keys=f"protocols = {VERSIONS[allowed]}\n")
    d.context = context(version=allowed)
    assert d.ws("/echo").echoes()
    assert "alert protocol version" in refused(d, context(version=other))
    d.wait_log(r'^#\d+: ssl_status bits=0 resumed=no error="unsupported protocol"$')


def test_tls_1_1_is_history(secure):
    assert "Cipher is (NONE)" in s_client(secure(), "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")


@pytest.mark.key("ciphers")
def test_ciphers_of_tls_1_2_can_be_chosen(secure):
    d = secure(keys="ciphers = ECDHE-ECDSA-AES256-GCM-SHA384\n")
    d.context = context(version="TLSv1_2")
    assert d.ws("/echo").sock.tls.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"
    weaker = context(version="TLSv1_2")
    weaker.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert "handshake failure" in refused(d, weaker)


def test_by_default_nothing_without_forward_secrecy_and_authentication(secure):
    d = secure(algorithm="rsa")
    for cipher in ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA"):
        old = context(version="TLSv1_2")
        old.set_ciphers(cipher)
        assert "handshake failure" in refused(d, old)


@pytest.mark.key("ciphersuites")
def test_ciphers_of_tls_1_3_can_be_chosen(secure):
    d = secure(keys="ciphersuites = TLS_CHACHA20_POLY1305_SHA256\n")
    assert d.ws("/echo").sock.tls.cipher()[0] == "TLS_CHACHA20_POLY1305_SHA256"


@pytest.mark.key("session_reuse")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("reuse", ["yes", "no"])
def test_a_client_that_comes_back_can_be_spared_the_beginning(secure, version, reuse):
    d = secure(keys=f"session_reuse = {reuse}\n")
    d.context = context(version=version)
    first = d.ws("/echo")
    assert first.echoes()  # the tickets of TLS 1.3 have come before it
    d.session = first.sock.tls.session
    again = d.ws("/echo")
    assert again.sock.tls.session_reused == (reuse == "yes")
    assert again.echoes()
    d.session = None


@pytest.mark.key("session_reuse")
@pytest.mark.parametrize("reuse, count", [("yes", 5), ("no", 0)])
def test_s_client_reconnects(secure, reuse, count):
    said = s_client(secure(keys=f"session_reuse = {reuse}\n"), "-tls1_2", "-reconnect")
    assert len(re.findall(r"^Reused, TLSv1\.2", said, re.M)) == count, said


def test_http_1_1_is_the_only_protocol_inside(secure):
    d = secure()
    for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), ([], None)):
        c = context()
        if offered:
            c.set_alpn_protocols(offered)
        assert TlsSock(d.connect(plain=True), c).tls.selected_alpn_protocol() == chosen
    c = context()
    c.set_alpn_protocols(["h2"])
    assert "no application protocol" in refused(d, c)


def test_a_ticket_takes_no_early_data(secure):
    """Whether compression is refused nobody sees here: Debian's OpenSSL has none to offer."""
    said = s_client(secure(), "-tls1_3", "-ign_eof", say=b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert "Max Early Data: 0" in said and "HTTP/1.1 200" in said, said


class Typist:
    """s_client at the keyboard: a line that begins with R renegotiates, one with K updates the keys."""

    def __init__(self, d, *options):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", d.host, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.said = b""

    def wait(self, text):
        while text not in self.said:
            assert readable(self.process.stdout, 10), self.said
            more = self.process.stdout.read(65536)
            assert more, f"no {text!r} in {self.said!r}"
            self.said += more

    def type(self, text):
        self.process.stdin.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def test_renegotiation_is_refused(secure):
    d = secure()
    with Typist(d, "-tls1_2") as client:
        client.wait(b"Verify return code")
        client.type(b"R\n")
        client.wait(b"no renegotiation")
    d.wait_log(r'^#\d+: (TLS: |ssl_status .*error=")the client says: handshake failure')


def test_keys_can_be_updated(secure):
    with Typist(secure(), "-tls1_3") as client:
        client.wait(b"Verify return code")
        client.type(b"K\n")
        client.wait(b"KEYUPDATE")
        client.type(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.wait(b"HTTP/1.1 200 OK")


# ---- what the request says and the program sees ----


def test_the_program_knows_that_it_is_https(secure):
    d = secure("[/env]\nexec = env\n")
    said, code, _ = d.ws("/env").recv_until_close()
    assert code == 1000
    assert {"HTTPS=on", "REQUEST_SCHEME=https", f"SERVER_PORT={d.port}"} <= set(said)
    assert "SERVER_PORT=443" in d.ws("/env", host="localhost").recv_until_close()[0]


def test_on_a_plain_listener_it_is_not(daemon):
    said, _, _ = daemon("[/env]\nexec = env\n").ws("/env").recv_until_close()
    assert "REQUEST_SCHEME=http" in said and not any(line.startswith("HTTPS=") for line in said)


def test_a_page_of_the_same_host_may_connect(secure):
    d = secure()
    assert d.handshake("/echo", [("Origin", f"https://{d.host}")]).response.status == 101
    assert d.handshake("/echo", [("Origin", "https://localhost")], host="localhost").response.status == 101
    assert d.handshake("/echo", [("Origin", "https://evil.example")]).response.status == 403


class Preceded:
    """SOCK, on which HEADER goes out in one piece with the first bytes."""

    def __init__(self, sock, header):
        self.sock, self.header = sock, header

    def sendall(self, data):
        self.sock.sendall(self.header + data)
        self.header = b""

    def __getattr__(self, name):
        return getattr(self.sock, name)


@pytest.mark.key("listen")
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in two steps"])
def test_behind_a_proxy_its_header_comes_first(daemon, certificate, at_once):
    d = daemon(
        TLS.replace("tls\n", "proxy tls\ntrusted_proxy = 127.0.0.1\n") + certificate().ini() + "[/env]\nexec = env\n",
        canary=None,
    )
    sock = d.connect(plain=True)
    header = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n"
    if not at_once:
        sock.sendall(header)
    client = TlsSock(Preceded(sock, header) if at_once else sock, context())
    ws = RawWS(client, request("/env", d.host))
    assert {"REMOTE_ADDR=192.0.2.7", "HTTPS=on"} <= set(ws.recv_until_close()[0])


# ---- what is not TLS, or not in time ----


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PRI"])
def test_plain_http_is_told_what_the_port_speaks(secure, method):
    d = secure()
    client = RawWS(d.connect(plain=True), None)
    client.send_bytes(f"{method} /echo HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    response = client.read_response()
    assert response.status == 400
    assert "this port speaks TLS; use https:// or wss://" in response.text
    d.wait_log(r"refused status=400 .*this port speaks TLS")


def test_garbage_gets_an_alert_and_a_line_in_the_log(secure):
    d = secure()
    sock = d.connect(plain=True)
    sock.sendall(b"\x16\x03\x01\x00\x05hello")
    assert sock.recv(100)[:1] == b"\x15", "an alert (RFC 8446 6)"
    assert sock.recv(100) == b"", "and then the end"
    d.wait_log(r"^#\d+: ssl_status .*error=")


def test_whatever_comes_first_others_are_served(secure):
    """Every first byte but a letter, which would be HTTP."""
    d = secure()
    for first in [*range(ord("A")), *range(ord("Z") + 1, 256)]:
        sock = d.connect(plain=True)
        sock.sendall(bytes([first]) * 600)
        sock.shutdown(socket.SHUT_WR)
    assert d.ws("/echo").echoes()


@pytest.mark.key("handshake_timeout")
@pytest.mark.parametrize("how", ["silent", "half a hello", "no request", "half a request"])
def test_one_deadline_stands_for_tls_and_http(secure, how):
    d = secure("[limits]\nhandshake_timeout = 1s\n" + ECHO)
    other = d.ws("/echo")
    sock = d.connect(plain=True)
    if how == "half a hello":
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        with pytest.raises(ssl.SSLWantReadError):
            context().wrap_bio(incoming, outgoing, server_hostname="x").do_handshake()
        sock.sendall(outgoing.read()[:100])
    elif how != "silent":
        sock = TlsSock(sock, context())
        sock.sendall(b"GET /echo HTTP/1.1\r\nHost:" if how == "half a request" else b"")
    assert sock.recv(100) == b""
    assert other.echoes()


def test_handshakes_that_stall_cost_nothing_to_others(secure):
    d = secure("[limits]\nmax_handshakes = 50\naccept_rate = 0\n" + ECHO)
    memory = procfs.memory(d.pid)  # the canary has spoken TLS already
    stalled = [d.connect(plain=True) for _ in range(200)]
    for sock in stalled:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")
    assert d.ws("/echo").echoes()
    d.wait_log("max_handshakes")
    if not is_sanitized():
        assert procfs.memory(d.pid) - memory < 50 * 80 * 1024


# ---- records ----


def test_a_record_full_of_messages_never_sticks_at_a_slow_program(secure, tmp_path):
    """A session that pauses has read the whole record: the socket would not tell of its rest."""
    go = procfs.fifo(tmp_path / "go")
    d = secure(f"[/slow]\nshell = read x < {go}; exec cat\nqueue = 4k\nline_buffer = no\n")
    ws = d.ws("/slow")
    message = encode(BINARY, b"x" * 93 + b"\n")
    many = RECORD // len(message)
    for _ in range(20):
        assert ws.sock.send(message * many) == many * len(message)
    ws.send(PING, b"behind")
    go.write_text("go\n")
    got = 0
    while got < 20 * many:
        frame = ws.frame()
        got += frame.payload.count(b"\n") + (frame.opcode == 1) if frame.opcode != PONG else 0
    ws.reset()


@pytest.mark.key("max_header")
@pytest.mark.parametrize("version", VERSIONS)
def test_messages_in_the_record_of_the_request_are_not_forgotten(secure, version):
    """It is read in pieces of max_header."""
    d = secure("[limits]\nmax_header = 512\n" + ECHO)
    d.context = context(version=version)
    sock = d.connect()
    messages = [f"message {i}" for i in range(300)]
    frames = b"".join(encode(1, m.encode()) for m in messages)
    ws = RawWS(sock, request("/echo", d.host) + frames)
    assert ws.response.status == 101
    assert [ws.recv() for _ in messages] == messages


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_records_of_any_size_make_up_a_message(secure, size):
    ws = secure().ws("/echo")
    data = encode(1, b"y" * 3000)
    for i in range(0, len(data), size):
        ws.sock.send(data[i : i + size])
    assert ws.recv() == "y" * 3000


def test_a_record_that_comes_in_two_parts_is_waited_for(secure):
    ws = secure().ws("/echo")
    sealed = ws.sock.seal(encode(1, b"halves"))
    ws.sock.sock.sendall(sealed[:20])
    assert not readable(ws.sock.sock, 0.05)
    ws.sock.sock.sendall(sealed[20:])
    assert ws.recv() == "halves"


def test_messages_of_one_read_share_records(secure, tmp_path):
    """Each record costs 22 bytes and a round of the cipher: 1000 lines are not 1000 records."""
    d = secure("[/seq]\nexec = seq 1000\nline_buffer = no\n")
    sock = d.connect(plain=True)
    tls = TlsSock(sock, context(version="TLSv1_3"))
    tls.sendall(request("/seq", d.host))
    before, received = tls.incoming, bytearray()
    while b"\x88\x02\x03\xe8" not in received:
        received += tls.recv(1 << 18)
    assert before is tls.incoming and received.count(b"\x81") >= 1000


# ---- the end ----


def closed_line(d, path="/echo"):
    return d.wait_log(rf"#\d+ {path}: disconnected .*").group(0)


def test_each_side_says_close_notify(secure):
    d = secure()
    ws = d.ws("/echo")
    ws.close()
    assert ws.closed() == (1000, "")
    assert ws.end() == "FIN"  # TlsSock takes no end without close_notify
    assert "code=1000" in closed_line(d)
    ws.sock.close_notify()


def test_close_notify_without_a_close_frame_is_a_lost_connection(secure):
    d = secure()
    ws = d.ws("/echo")
    ws.sock.close_notify()
    assert ws.end() == "FIN"
    assert 'code=1006 by=client reason="connection lost"' in closed_line(d)


def test_the_end_without_close_notify_is_told_apart(secure):
    d = secure()
    ws = d.ws("/echo")
    ws.sock.sock.shutdown(socket.SHUT_WR)
    assert 'code=1006 by=client reason="connection cut (no close_notify)"' in closed_line(d)


def test_a_record_that_was_changed_on_its_way_ends_the_session(secure):
    d = secure()
    ws = d.ws("/echo")
    sealed = bytearray(ws.sock.seal(encode(1, b"hello")))
    sealed[-1] ^= 1
    ws.sock.sock.sendall(sealed)
    with pytest.raises(ssl.SSLError, match="(?i)bad record mac"):
        ws.recv()
    assert re.search(r'code=1006 by=client reason=".*bad record mac"', closed_line(d))


def test_a_plain_answer_ends_with_close_notify_too(secure):
    d = secure()
    assert get(d, "/nowhere").status == 404
    assert get(d, "/healthz").status == 200
    assert http(d, b"GARBAGE\r\n\r\n").status == 400


@pytest.mark.without(
    *("children", "descriptors", "canary", "memory", "exit"), reason="the test ends the daemon itself"
)
def test_at_shutdown_each_session_gets_its_1001(secure):
    d = secure()
    clients = [d.ws("/echo") for _ in range(5)]
    d.terminate()
    for ws in clients:
        assert ws.closed() == (1001, "shutdown")
        ws.close(1001)
        assert ws.end() == "FIN"
        ws.sock.close()
    d.canary.sock.close()
    assert d.wait_exit() == 0


# ---- memory ----


def test_an_idle_session_holds_20_kib_at_most(secure):
    """The session, its TLS and its program's pipes."""
    d = secure("[limits]\naccept_rate = 0\n" + ECHO + "spawn_rate = 0\n")
    warm = [d.ws("/echo") for _ in range(10)]
    before, n = procfs.memory(d.pid), 100
    clients = [d.ws("/echo") for _ in range(n)]
    assert all(ws.echoes("x" * 20_000) for ws in clients)
    each = (procfs.memory(d.pid) - before) / n
    print(f"{each:.0f} bytes for an idle session")
    if not is_sanitized():
        assert each < 20 * 1024
    assert len(warm) == 10


def test_many_clients_at_once(secure):
    d = secure("[limits]\naccept_rate = 0\n" + ECHO)
    failed = []

    def talk():
        ws = d.ws("/echo")
        if not all(ws.echoes(f"{i} " * 3000) for i in range(10)):
            failed.append(ws)

    threads = [threading.Thread(target=talk) for _ in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
