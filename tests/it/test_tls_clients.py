# SPDX-License-Identifier: MIT
"""Certificates of clients: who is let in, by a ticket as well, and what programs and the log see of it."""

import re
import signal
import ssl
import time

import pytest
from certificates import Certificate, chained, openssl
from control import Control
from inicheck import fails
from test_tls import ECHO, TLS, VERSIONS, refused, s_client
from tlssock import TlsSock, context
from waiting import until

ENV = "[/env]\nexec = env\n"


@pytest.fixture
def ca(tmp_path):
    return Certificate(tmp_path, "ca", authority=True)


@pytest.fixture
def client(tmp_path, ca):
    """client(NAME, ...): a certificate that CA has signed for a client."""
    return lambda name="alice", **how: Certificate(tmp_path, name, **{"issuer": ca, "usage": "clientAuth", **how})


@pytest.fixture
def asking(daemon, certificate, ca):
    """asking(KEYS of [tls], ...): a daemon that requires a certificate that CA has signed."""

    def start(keys="", mode="require", trust=None, ini=ENV + ECHO):
        trust = f"ca_file = {ca.certificate}\n" if trust is None else trust
        d = daemon(TLS + certificate().ini() + f"client_certificate = {mode}\n{trust}{keys}" + ini, canary=None)
        return d

    return start


def showing(certificate, version=None):
    """The context of a client that shows CERTIFICATE; None: it has none."""
    c = context(version=version)
    if certificate:
        c.load_cert_chain(certificate.certificate, certificate.key)
    return c


def environment(d):
    """What a program of D sees of its client."""
    said, code, _ = d.ws("/env").recv_until_close()
    assert code == 1000
    return dict(line.split("=", 1) for line in said if line.startswith("SSL_"))


# ---- who is let in ----


@pytest.mark.key("client_certificate", "ca_file")
@pytest.mark.parametrize("version", VERSIONS)
def test_who_shows_a_certificate_is_let_in_and_others_are_not(asking, client, version, tmp_path):
    d = asking()
    d.context = showing(client(), version)
    assert d.ws("/echo").echoes()
    assert re.search("certificate required|handshake failure", refused(d, showing(None, version)))
    d.wait_log('ssl_status .*error="peer did not return a certificate"')
    assert "unknown ca" in refused(d, showing(Certificate(tmp_path, "own", usage="clientAuth"), version))
    assert "unsupported certificate" in refused(d, showing(client("server2", usage="serverAuth"), version))
    assert "certificate expired" in refused(d, showing(client("old", start=-9, days=-1), version))


@pytest.mark.key("client_certificate")
def test_a_certificate_may_be_left_out_but_not_be_bad(asking, client, tmp_path):
    d = asking(mode="request")
    d.context = showing(None)
    assert environment(d) == {"SSL_CLIENT_VERIFY": "NONE"}
    d.context = showing(client())
    assert environment(d)["SSL_CLIENT_VERIFY"] == "SUCCESS"
    assert "unknown ca" in refused(d, showing(Certificate(tmp_path, "own", usage="clientAuth")))


@pytest.mark.key("client_certificate")
def test_nobody_is_asked_unless_told(daemon, certificate):
    said = s_client(daemon(TLS + certificate().ini() + ECHO))
    assert "No client certificate CA names sent" in said


@pytest.mark.key("ca_file")
def test_clients_are_told_who_may_sign(asking, ca):
    assert re.search(r"Acceptable client certificate CA names\n.*CN = ca\n", s_client(asking(mode="request")))


@pytest.mark.key("ca_dir")
def test_authorities_may_lie_in_a_directory(asking, client, ca, tmp_path):
    place = tmp_path / "authorities"
    place.mkdir()
    (place / "ca.pem").write_text(ca.certificate.read_text())
    openssl("rehash", place)
    d = asking(trust=f"ca_dir = {place}\n")
    d.context = showing(client())
    assert d.ws("/echo").echoes()


@pytest.mark.key("ca_dir")
def test_a_directory_without_hashed_names_is_warned_of(check, certificate, tmp_path):
    (tmp_path / "empty").mkdir()
    keys = f"client_certificate = require\nca_dir = {tmp_path}/empty\n"
    result = check(TLS + certificate().ini() + keys + ECHO)
    assert result.status == 0
    assert any(re.search(r":7: warning: ca_dir: .*openssl rehash", line) for line in result.lines), result.lines


@pytest.mark.key("crl_file")
@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_revoked_is_refused(asking, client, ca, version):
    good, bad = client(), client("mallory")
    d = asking(f"crl_file = {ca.revoke(bad)}\n")
    d.context = showing(good, version)
    assert d.ws("/echo").echoes()
    assert "certificate revoked" in refused(d, showing(bad, version))


@pytest.mark.key("client_subject")
def test_only_listed_subjects_are_let_in(asking, client):
    d = asking("client_subject = CN=alice,O=Example\nclient_subject = O=Robots,CN=*\nclient_subject = CN=b?b\n")
    alice = client(subject="/O=Example/CN=alice")
    for certificate in (alice, client("bob")):
        d.context = showing(certificate)
        assert d.ws("/echo").echoes()
    for name, subject in (("a", "/CN=alice"), ("b", "/CN=alice,O=Example"), ("c", "/O=Example2/CN=alice"), ("d", "/CN=alice/O=Example")):
        refused(d, showing(client(name, subject=subject)))
    d.wait_log('ssl_status .*error="certificate verify failed')


@pytest.mark.key("verify_flags")
def test_each_flag_lets_pass_what_its_name_says(asking, client, ca, tmp_path):
    late = client("old", start=-9, days=-1)
    wrong = client("srv", usage="serverAuth")
    alien = Certificate(tmp_path, "alien", usage="clientAuth")
    for flag, certificate in (("ignore_time", late), ("ignore_usage", wrong), ("allow_unknown_ca", alien)):
        d = asking(f"verify_flags = {flag}\n")
        d.context = showing(certificate)
        said = environment(d)["SSL_CLIENT_VERIFY"]
        assert said == ("GENEROUS" if flag == "allow_unknown_ca" else "SUCCESS"), flag
        for other in {late, wrong, alien} - {certificate}:
            refused(d, showing(other))


@pytest.mark.key("client_subject")
def test_a_subject_is_asked_of_unknown_authorities_clients_too(asking, tmp_path):
    d = asking("verify_flags = allow_unknown_ca\nclient_subject = CN=alien\n")
    mother = Certificate(tmp_path, "mother", authority=True)
    d.context = showing(Certificate(tmp_path, "alien", usage="clientAuth", issuer=mother))
    assert environment(d)["SSL_CLIENT_VERIFY"] == "GENEROUS"
    for issuer in (mother, None):
        refused(d, showing(Certificate(tmp_path, "other", usage="clientAuth", issuer=issuer)))


@pytest.mark.key("verify_flags")
def test_a_list_of_what_is_revoked_can_be_demanded(asking, client):
    mine = client()
    refused(asking("verify_flags = check_crl\n"), showing(mine))
    refused(asking("verify_flags = check_crl_all\n"), showing(mine))
    d = asking("verify_flags = check_crl ignore_crl_unavailable\n")
    d.context = showing(mine)
    assert d.ws("/echo").echoes()


@pytest.mark.key("verify_flags")
def test_an_authority_in_the_middle_can_be_trusted_alone(asking, tmp_path):
    mine = chained(tmp_path, "carol", usage="clientAuth")
    trust = f"ca_file = {mine.issuer.certificate}\n"
    refused(asking(trust=trust), showing(mine))
    d = asking("verify_flags = partial_chain\n", trust=trust)
    d.context = showing(mine)
    assert d.ws("/echo").echoes()


@pytest.mark.key("verify_flags")
def test_strictness_looks_at_what_others_overlook(asking, client):
    """RFC 5280 4.2.1.1 wants a certificate to name the key that has signed it."""
    mine = client(usage="clientAuth\nauthorityKeyIdentifier = none\nsubjectKeyIdentifier = none")
    d = asking()
    d.context = showing(mine)
    assert d.ws("/echo").echoes()
    refused(asking("verify_flags = x509_strict\n"), showing(mine))


# ---- with a ticket ----


@pytest.mark.key("client_certificate", "session_reuse")
@pytest.mark.parametrize("version", VERSIONS)
def test_who_comes_back_is_still_known(asking, client, version):
    d = asking()
    d.context = showing(client(), version)
    first = d.ws("/echo")
    assert first.echoes()
    d.session = first.sock.tls.session
    again = d.ws("/env")
    assert again.sock.tls.session_reused
    said = again.recv_until_close()[0]
    assert {"SSL_CLIENT_VERIFY=SUCCESS", "SSL_CLIENT_S_DN=CN=alice"} <= set(said)
    d.session = None


@pytest.mark.key("client_certificate")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_ticket_does_not_outlive_the_certificate(asking, client, version):
    d = asking()
    mine = client(days=3 / 86400)
    d.context = showing(mine, version)
    first = d.ws("/echo")
    assert first.echoes()
    until(
        lambda: "will expire" in openssl_says("x509", "-in", mine.certificate, "-checkend", "0"),
        "the certificate's end",
    )
    d.session = first.sock.tls.session
    with pytest.raises(ssl.SSLError, match="certificate expired"):
        d.ws("/echo")
    d.session = None


def openssl_says(*argv):
    try:
        return openssl(*argv)
    except AssertionError as e:
        return f"will expire: {e}"


@pytest.mark.key("session_reuse")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_ticket_of_one_listener_or_name_is_not_taken_at_another(daemon, certificate, version):
    d = daemon(TLS + "listen = 127.0.0.2:0 tls\n" + certificate().ini() + ECHO, canary=None)
    d.context = context(version=version)
    first = d.ws("/echo", address=d.addresses[0])
    assert first.echoes()
    session = first.sock.tls.session

    def reused(address, name="localhost"):
        sock = d.connect(address, plain=True)
        return TlsSock(sock, d.context, host=name, session=session).tls.session_reused

    assert reused(d.addresses[0])
    assert not reused(d.addresses[1])
    assert not reused(d.addresses[0], "another.example")


@pytest.mark.key("client_subject")
def test_a_ticket_from_before_a_reload_does_not_help(asking, client, tmp_path):
    d = asking()
    d.context = showing(client())
    first = d.ws("/echo")
    assert first.echoes()
    d.session = first.sock.tls.session
    file = tmp_path / "wsbridge.ini"
    file.write_text(file.read_text().replace("[tls]\n", "[tls]\nclient_subject = CN=bob\n"))
    d.process.send_signal(signal.SIGHUP)
    d.wait_log("wsbridge.ini is taken")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        d.ws("/echo")
    assert first.echoes("its session goes on")
    d.session = None


def test_a_ticket_outlives_a_setting_by_command(daemon, certificate):
    d = daemon(TLS + certificate().ini() + ECHO, canary=None)
    first = d.ws("/echo")
    assert first.echoes()
    d.session = first.sock.tls.session
    Control(d).ask("set", key="logging.level", value="debug")
    assert d.ws("/echo").sock.tls.session_reused
    Control(d).ask("set", key="tls.session_timeout", value="1h")
    assert not d.ws("/echo").sock.tls.session_reused
    d.session = None


@pytest.mark.key("session_timeout")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_ticket_is_good_for_a_time(daemon, certificate, version):
    d = daemon(TLS + certificate().ini() + "session_timeout = 1s\n" + ECHO)
    d.context = context(version=version)

    first = d.ws("/echo")
    assert first.echoes()
    d.session = first.sock.tls.session
    assert d.session.ticket_lifetime_hint == 1
    end = time.monotonic() + 2.1  # OpenSSL counts whole seconds
    until(lambda: time.monotonic() > end, "the end of the ticket")
    assert not d.connect().tls.session_reused
    d.session = None


# ---- what is seen of it ----


@pytest.mark.key("client_certificate")
def test_program_and_log_know_the_client(asking, client):
    mine = client(subject="/O=Exämple/CN=alice, the first")
    d = asking()
    d.context = showing(mine)
    seen = environment(d)
    serial = openssl("x509", "-in", mine.certificate, "-noout", "-serial").strip().partition("=")[2]
    assert seen == {
        "SSL_CLIENT_VERIFY": "SUCCESS",
        "SSL_CLIENT_S_DN": "CN=alice\\, the first,O=Exämple",
        "SSL_CLIENT_I_DN": "CN=ca",
        "SSL_CLIENT_M_SERIAL": serial,
        "SSL_CLIENT_FINGERPRINT": mine.fingerprint(),
    }
    d.wait_log(rf'#\d+: ssl_client_authentication verify=SUCCESS subject="CN=alice.*" issuer="CN=ca" fingerprint={mine.fingerprint()}$')


@pytest.mark.key("client_certificate", "on_request")
def test_a_hook_decides_by_the_certificate(asking, client, program):
    alice = client()
    hook = program(
        "import os, sys\ne = os.environ\nname = e['SSL_CLIENT_S_DN']\n"
        "print('user', name.partition('=')[2], e['SSL_CLIENT_VERIFY'], e['SSL_CLIENT_FINGERPRINT'])\n"
        "sys.exit(name == 'CN=mallory')\n"
    )
    d = asking(ini=f"[hooks]\non_request = {hook}\n" + ENV)
    d.context = showing(alice)
    assert f"REMOTE_USER=alice SUCCESS {alice.fingerprint()}" in d.ws("/env").recv_until_close()[0]
    d.context = showing(client("mallory"))
    assert d.handshake("/env").response.status == 403


@pytest.mark.key("client_certificate")
def test_a_client_cannot_tell_the_program_who_it_is(asking):
    d = asking(mode="request")
    ws = d.ws("/env", [("SSL-Client-Verify", "SUCCESS"), ("SSL_CLIENT_VERIFY", "SUCCESS")])
    said = ws.recv_until_close()[0]
    assert "SSL_CLIENT_VERIFY=NONE" in said and "SSL_CLIENT_VERIFY=SUCCESS" not in said


# ---- what is wrong with the settings ----


@pytest.mark.parametrize(
    "keys, line, said",
    [
        ("client_certificate = require\n", 6, "client_certificate needs ca_file or ca_dir"),
        ("client_certificate = maybe\n", 6, "client_certificate = maybe is not none, request or require"),
        ("ca_file = {place}/none\n", 6, "ca_file: .*/none: no such file"),
        ("ca_file = {key}\n", 6, "ca_file: .*server.key: .+"),
        ("ca_dir = {place}/none\n", 6, "ca_dir: .*/none: no such file"),
        ("crl_file = {place}/none\n", 6, "crl_file: .*/none: no such file"),
        ("crl_file = {key}\n", 6, "crl_file: .*server.key: .+"),
        ("verify_flags = lax\n", 6, "verify_flags: 'lax' is not a list of ignore_time"),
    ],
)
@pytest.mark.key("client_certificate", "ca_file", "ca_dir", "crl_file", "verify_flags")
def test_what_is_wrong_is_an_error(check, certificate, tmp_path, keys, line, said):
    made = certificate()
    keys = keys.format(place=tmp_path, key=made.key)
    fails(check(TLS + made.ini() + keys + ECHO), (line, said))
