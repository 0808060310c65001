# SPDX-License-Identifier: MIT
"""[tls NAME]: certificates and settings by the name that a client asks for, and by listener."""

import itertools
import re
import signal
import ssl

import pytest
from certificates import Certificate
from control import Control
from inicheck import fails
from test_tls import ECHO, TLS, s_client
from test_tls_clients import VERSIONS, showing
from tlssock import TlsSock, context

ADMIN = "admin.example"


@pytest.fixture
def named(tmp_path):
    """named(NAME, SERVER_NAMES, KEYS): the text of a [tls NAME] whose certificate is for NAME; .of has it."""

    def make(name, server_name=None, keys=""):
        made = Certificate(tmp_path, name, hosts=(f"DNS:{name}",))
        make.of[name] = made
        section = made.ini().replace("[tls]", f"[tls {name}]")
        return section + (f"server_name = {server_name}\n" if server_name else "") + keys

    make.of = {}
    return make


def connect(d, name, address=None, **options):
    return TlsSock(d.connect(address or d.addresses[0], plain=True), context(**options), host=name)


def shown(d, name, address=None, **options):
    """The common name of the certificate that a client who asks for NAME gets to see."""
    der = connect(d, name, address, **options).tls.getpeercert(binary_form=True)
    pem = ssl.DER_cert_to_PEM_cert(der)
    return next(n for n, c in d.certificates.items() if pem in c.certificate.read_text())


def start(daemon, ini, certificates):
    d = daemon(ini + ECHO, canary=None)
    d.certificates = certificates
    return d


def two(daemon, certificate, named, keys="", listen=TLS):
    base = certificate()
    ini = listen + base.ini() + named("admin", f"{ADMIN} *.wild.example", keys)
    return start(daemon, ini, {"base": base, **named.of})


def request(d, name, host, address=None, path="/echo"):
    """The status of a request for HOST on a connection that asked for NAME."""
    sock = TlsSock(d.connect(address or d.addresses[0], plain=True), getattr(d, "context", None) or context(), host=name)
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += sock.recv(4096)
    return int(answer.split()[1]), answer


@pytest.mark.key("server_name")
@pytest.mark.parametrize("version", VERSIONS)
def test_each_name_gets_its_certificate(daemon, certificate, named, version):
    d = two(daemon, certificate, named)
    for name in (ADMIN, ADMIN.upper(), "a.wild.example"):
        assert shown(d, name, version=version) == "admin"
    for name in ("other.example", "wild.example", "a.b.wild.example", ".wild.example"[1:], None):
        assert shown(d, name, version=version) == "base"


def test_a_name_goes_before_a_pattern(daemon, certificate, named):
    base = certificate()
    ini = TLS + base.ini() + named("wide", "*.example") + named("narrow", "a.example")
    d = start(daemon, ini, {"base": base, **named.of})
    assert shown(d, "a.example") == "narrow"
    assert shown(d, "b.example") == "wide"


def test_without_one_for_the_rest_they_are_refused(daemon, named):
    d = start(daemon, TLS + named("admin", ADMIN), named.of)
    assert shown(d, ADMIN) == "admin"
    for name in ("other.example", None):
        with pytest.raises(ssl.SSLError, match="unrecognized name"):
            connect(d, name)


def test_a_listener_may_have_one_for_everybody(daemon, certificate, named):
    listen = TLS + "listen = 127.0.0.2:0 tls=admin\n"
    base = certificate()
    d = start(daemon, listen + base.ini() + named("admin") + named("other", "other.example"), {"base": base, **named.of})
    for name in (ADMIN, "other.example", None):
        assert shown(d, name, d.addresses[1]) == "admin"
    assert shown(d, ADMIN) == "base"
    assert request(d, "x.example", "localhost", d.addresses[1])[0] == 426


def test_every_setting_is_that_of_the_name(daemon, certificate, named):
    """What OpenSSL does not take over by itself: versions, ciphers, groups, tickets."""
    keys = (
        "protocols =\nprotocols = TLSv1.2\nciphers = ECDHE+AESGCM\nalgorithms =\nalgorithms = AES256-GCM\n"
        "groups = P-384\nsession_reuse = no\n"
    )
    d = two(daemon, certificate, named, keys)
    said = s_client(d, "-servername", ADMIN)
    assert "TLSv1.2" in said and "AES256-GCM" in said and "secp384r1" in said
    sock = connect(d, ADMIN)
    assert not sock.tls.session.has_ticket
    with pytest.raises(ssl.SSLError):
        connect(d, ADMIN, version="TLSv1_3")
    said = s_client(d, "-servername", "other.example")
    assert "TLSv1.3" in said and "X25519" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_no_tickets_by_name(daemon, certificate, named, version):
    d = two(daemon, certificate, named, "session_reuse = no\n")

    def tickets(name):
        sock = connect(d, name, version=version)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        while b"\r\n\r\n" not in sock.recv(4096):
            pass
        return sock.tls.session is not None and sock.tls.session.has_ticket

    assert not tickets(ADMIN) and tickets("x.example")


def test_stricter_versions_by_name(daemon, certificate, named):
    d = two(daemon, certificate, named, "protocols =\nprotocols = TLSv1.3\n")
    assert shown(d, ADMIN, version="TLSv1_3") == "admin"
    with pytest.raises(ssl.SSLError):
        connect(d, ADMIN, version="TLSv1_2")
    assert shown(d, "x.example", version="TLSv1_2") == "base"


@pytest.mark.parametrize("base, other", [("TLSv1_2", "TLSv1_3"), ("TLSv1_3", "TLSv1_2")])
def test_versions_that_tls_has_not(daemon, certificate, named, base, other):
    own, theirs = (v.replace("_", ".", 1) for v in (base, other))
    default = certificate()
    keys = f"protocols =\nprotocols = {theirs}\n"
    d = start(
        daemon,
        TLS + default.ini() + f"protocols =\nprotocols = {own}\n" + named("admin", ADMIN, keys),
        {"base": default, **named.of},
    )
    assert shown(d, ADMIN, version=other) == "admin" and shown(d, "x.example", version=base) == "base"
    with pytest.raises(ssl.SSLError):
        connect(d, ADMIN, version=base)


def test_what_it_does_not_say_is_as_in_tls(daemon, certificate, named):
    base = certificate()
    d = start(daemon, TLS + base.ini() + "protocols =\nprotocols = TLSv1.2\n" + named("admin", ADMIN), {"base": base, **named.of})
    assert shown(d, ADMIN, version="TLSv1_2") == "admin"
    with pytest.raises(ssl.SSLError):
        connect(d, ADMIN, version="TLSv1_3")


@pytest.fixture
def guarded(daemon, certificate, named, tmp_path):
    """ADMIN asks for certificates of clients, which .ca signs; others do not."""
    ca = Certificate(tmp_path, "ca", authority=True)
    d = two(daemon, certificate, named, f"client_certificate = require\nca_file = {ca.certificate}\n")
    d.alice = Certificate(tmp_path, "alice", usage="clientAuth", issuer=ca)
    return d


@pytest.mark.parametrize("version", VERSIONS)
def test_certificates_of_clients_by_name(guarded, version):
    d, c = guarded, showing(guarded.alice)
    c.minimum_version = c.maximum_version = ssl.TLSVersion[version]
    d.context = c
    assert request(d, ADMIN, ADMIN)[0] == 421  # ... of check_host(): it is no name of the daemon's
    d.context = context(version=version)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        request(d, ADMIN, ADMIN)
    assert request(d, "localhost", "localhost")[0] == 426


def test_nobody_comes_in_by_another_name(guarded):
    status, answer = request(guarded, "localhost", ADMIN)
    assert status == 421 and b"this connection is not for Host admin.example: TLS began for localhost" in answer
    guarded.context = showing(guarded.alice)
    status, answer = request(guarded, ADMIN, "localhost")
    assert status == 421 and b"not for Host localhost: TLS began for admin.example" in answer
    assert request(guarded, None, ADMIN)[0] == 421


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ticket_of_one_name_is_not_good_for_another(guarded, version):
    d = guarded
    c = showing(d.alice)
    c.minimum_version = c.maximum_version = ssl.TLSVersion[version]
    d.context = c

    def come(name, session=None):
        sock = TlsSock(d.connect(d.addresses[0], plain=True), c, host=name, session=session)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        while b"\r\n\r\n" not in sock.recv(4096):
            pass
        return sock.tls

    first = come("localhost")
    assert come("localhost", first.session).session_reused
    assert not come(ADMIN, first.session).session_reused
    admin = come(ADMIN)
    assert come(ADMIN, admin.session).session_reused
    assert not come("localhost", admin.session).session_reused


def test_a_reload_swaps_them_and_what_is_there_stays(daemon, certificate, named, tmp_path):
    d = two(daemon, certificate, named)
    d.context = context()
    live = d.ws("/echo")
    ini = tmp_path / "wsbridge.ini"
    fresh = named("fresh", ADMIN)
    text = ini.read_text()
    old = text[text.index("[tls admin]") : text.index("[/")]
    ini.write_text(text.replace(old, fresh))
    d.certificates.update(named.of)
    d.process.send_signal(signal.SIGHUP)
    d.wait_log("wsbridge.ini is taken")
    assert shown(d, ADMIN) == "fresh" and shown(d, "x.example") == "base"
    assert live.echoes()


def test_a_change_by_command_keeps_them(daemon, certificate, named):
    d = two(daemon, certificate, named)
    Control(d).ask("set", key="limits.max_handshakes", value="200")
    assert shown(d, ADMIN) == "admin" and shown(d, "x.example") == "base"
    Control(d).ask("set", key="tls admin.protocols", value="TLSv1.2")
    with pytest.raises(ssl.SSLError):
        connect(d, ADMIN, version="TLSv1_3")
    assert shown(d, "x.example", version="TLSv1_3") == "base"


def test_t_tells_the_days_of_each_and_T_prints_them(check, certificate, named):
    ini = TLS + certificate().ini() + named("admin", ADMIN)
    result = check(ini + ECHO)
    days = r"; its certificate has (89|90) days left; the certificate of admin has (89|90) days left"
    assert re.search(days, result.lines[-1]), result.lines
    printed = check(ini + ECHO, "-T").out
    section = printed[printed.index("[tls admin]") :]
    assert f"server_name = {ADMIN}" in section
    assert "provider" not in section.partition("\n[")[0]
    assert check(printed).status == 0


@pytest.mark.parametrize(
    "what, said",
    [
        ("[tls x]\n!server_name = x\n", r"\[tls x\] needs a certificate"),
        ("{a}server_name = x.example\n{b}!server_name = X.example\n", r"server_name: X.example is that of \[tls a\]"),
        ("{a}!server_name = a.*.example\n", "is no name as shell.example.org or "),
        ("{a}!provider = default\n", r"unknown key 'provider' in \[tls a\]"),
        ("{a}!min_cipher_bits = 7000\n", "min_cipher_bits = 7000 is not between 0 and 256"),
        ("{a}!groups = X1\n", "groups: 'X1' are not all names"),
        ("[server]\n!listen = 127.0.0.1:0 tls=admim\n{admin}", r"there is no \[tls admim\]; did you mean 'admin'\?"),
        ("[server]\n!listen = 127.0.0.1:0 tls\n{a}", r"tls needs a certificate in \[tls\]"),
    ],
)
def test_what_is_wrong_is_an_error_at_its_line(check, named, what, said):
    ini = what.format(a=named("a"), b=named("b"), admin=named("admin"))
    line = ini[: ini.index("!")].count("\n") + (0 if "needs a certificate\\]" in said or "[tls x]" in ini else 1)
    fails(check(ini.replace("!", "") + ECHO), (line, said))


def test_a_key_of_another_section_is_none_of_its(check, named):
    first, second = named("first"), named("second")
    key = f"key = {named.of['second'].key}\n"
    ini = first + second.replace(key, f"key = {named.of['first'].key}\n")
    fails(check(ini + ECHO), (6, r"key does not belong to certificate \(line 5\)"))


# ---- ids of sessions ----


@pytest.fixture
def comes(tmp_path):
    """comes(D, NAME, ...): the file of a session of TLS 1.2 without tickets, None: it has no id; BACK: is it found?"""
    numbers = itertools.count()

    def come(d, name, address=None, back=None, *options):
        kept = tmp_path / f"session-{next(numbers)}"
        argv = ["-tls1_2", "-no_ticket", "-servername", name, *options]
        argv += ["-sess_in", back] if back else ["-sess_out", kept]
        said = s_client(d, *map(str, argv)) if not address else s_client_at(address, *map(str, argv))
        assert ("Reused, TLSv1.2" in said) != ("New, TLSv1.2" in said), said
        if back:
            return "Reused" in said
        return kept if kept.exists() else None

    return come


def s_client_at(address, *options):
    class At:
        host = address.removesuffix(" tls")

    return s_client(At, *options)


def test_a_session_is_found_by_its_id_at_its_name_and_listener(daemon, certificate, named, comes):
    d = two(daemon, certificate, named, listen=TLS + "listen = 127.0.0.2:0 tls\n")
    kept = comes(d, "x.example")
    assert comes(d, "x.example", back=kept)
    assert not comes(d, "y.example", back=kept) and not comes(d, ADMIN, back=kept)
    assert not comes(d, "x.example", d.addresses[1], kept)
    admin = comes(d, ADMIN)
    assert comes(d, ADMIN, back=admin) and not comes(d, "x.example", back=admin)


@pytest.mark.key("session_reuse")
def test_nor_by_its_id_where_reuse_is_off(daemon, certificate, named, comes):
    d = daemon(TLS + certificate().ini() + "session_reuse = no\n" + ECHO, canary=None)
    assert comes(d, "x.example") is None
    d = two(daemon, certificate, named, "session_reuse = no\n")
    assert comes(d, ADMIN) is None


def test_no_id_stands_for_a_certificate(guarded, comes):
    """OpenSSL would not decide again: neither at that name, nor at the others of its listener."""
    shows = ("-cert", guarded.alice.certificate, "-key", guarded.alice.key)
    assert comes(guarded, ADMIN, None, None, *shows) is None
    assert comes(guarded, "x.example") is None


@pytest.mark.memory(8, reason="sessions are held by their ids")
def test_so_many_sessions_are_held_and_no_more(daemon, certificate, comes):
    d = daemon(TLS + certificate().ini() + "[limits]\naccept_rate = 0\n" + ECHO, canary=None)
    first = comes(d, "x.example")
    c = context(version="TLSv1_2")
    c.options |= ssl.OP_NO_TICKET
    for _ in range(1000):
        sock = TlsSock(d.connect(d.addresses[0], plain=True), c, host="x.example")
        sock.close_notify()  # else OpenSSL forgets it at once
        assert sock.recv(1) == b""
        sock.close()
    last = comes(d, "x.example")
    assert comes(d, "x.example", back=last)
    assert not comes(d, "x.example", back=first)
