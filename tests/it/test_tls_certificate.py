# SPDX-License-Identifier: MIT
"""Certificate and key: what -t and the start find wrong with them, how a reload changes them, and --tls's own."""

import os
import re
import signal
import ssl
from pathlib import Path

import pytest
from certificates import Certificate, openssl
from harness import run
from inicheck import fails
from tlssock import TlsSock, context

# The certificate stands in line 4, the key in line 5.
HEAD = "[server]\nlisten = 127.0.0.1:0 tls\n"
ECHO = "[/echo]\nexec = cat\n"


# ---- what -t and the start find ----


def test_a_good_one_is_good_and_its_days_are_told(check, certificate):
    result = check(HEAD + certificate(days=90.5).ini() + ECHO)
    assert result.status == 0, result.lines
    assert result.lines[-1] == "wsbridged: wsbridge.ini is good; its certificate has 90 days left"


def broken(place, how):
    """The section [tls] with what is wrong with it, its line, and what is said."""
    made, other = Certificate(place), Certificate(place, "other", algorithm="rsa")
    locked = Certificate(place, "locked", password="sesame")
    (place / "wrong").write_text("open\n")
    (place / "empty").write_text("")
    twin = Certificate(place, "twin")
    cases = {
        "no certificate there": (f"certificate = {place}/none.pem\n", 4, r"certificate: .*/none\.pem: no such file$"),
        "no key there": (f"certificate = {made.certificate}\nkey = {place}/x\n", 5, r"key: .*/x: no such file$"),
        "a certificate that is none": (f"certificate = {made.key}\n", 4, r"certificate: .*server\.key: no start line$"),
        "a key that is none": (
            f"certificate = {made.certificate}\nkey = {place}/wrong\n",
            5,
            r"key: .*/wrong: \w.+",
        ),
        "a directory": (f"certificate = {place}\n", 4, r"certificate: "),
        "a key of another": (
            f"certificate = {made.certificate}\nkey = {twin.key}\n",
            5,
            r"key does not belong to certificate \(line 4\)$",
        ),
        "a key of another kind": (
            f"certificate = {made.certificate}\nkey = {other.key}\n",
            5,
            r"key does not belong to certificate \(line 4\)$",
        ),
        "no key in the certificate": (f"certificate = {made.certificate}\n", 4, r"key: .*server\.pem: \w.+"),
        "no password": (
            f"certificate = {locked.certificate}\nkey = {locked.key}\n",
            5,
            r"it is encrypted; set key_password_file$",
        ),
        "a wrong password": (
            locked.ini().partition("\n")[2] + f"key_password_file = {place}/wrong\n",
            5,
            r"locked\.key: \w.+; the password in key_password_file does not open it$",
        ),
        "an empty password file": (
            locked.ini().partition("\n")[2] + f"key_password_file = {place}/empty\n",
            6,
            r"key_password_file: .*its first line is empty$",
        ),
        "no cipher": (made.ini().partition("\n")[2] + "ciphers = ROT13\n", 6, r"ciphers: ROT13: no cipher match$"),
        "no ciphersuite": (made.ini().partition("\n")[2] + "ciphersuites = X\n", 6, r"ciphersuites: X: no cipher match$"),
    }
    return cases[how]


@pytest.mark.key("certificate", "key", "key_password_file", "ciphers", "ciphersuites")
@pytest.mark.parametrize(
    "how",
    ["no certificate there", "no key there", "a certificate that is none", "a key that is none", "a directory"]
    + ["a key of another", "a key of another kind", "no key in the certificate", "no password", "a wrong password"]
    + ["an empty password file", "no cipher", "no ciphersuite"],
)
def test_what_is_wrong_is_an_error_with_openssls_reason_at_t_and_at_the_start(check, tmp_path, how):
    keys, line, said = broken(tmp_path, how)
    result = check(HEAD + "[tls]\n" + keys + ECHO)
    fails(result, (line, said))
    assert "open\n" not in result.result.stderr
    started = run("-c", "wsbridge.ini", cwd=tmp_path)
    assert (started.returncode, result.errors[0] in started.stderr) == (78, True), started.stderr


@pytest.mark.parametrize(
    "line, said",
    [
        ("certificate = x.pem", "certificate: 'x.pem' is not an absolute path"),
        ("session_reuse = maybe", "session_reuse = maybe is not yes or no"),
        ("min_cipher_bit = 128", "unknown key 'min_cipher_bit' in [tls]"),
    ],
)
def test_values_that_cannot_be_are_errors(check, line, said):
    fails(check(HEAD + f"[tls]\n{line}\n[/x]\nexec = cat\n"), (4, re.escape(said)))


@pytest.mark.parametrize("key", ["certificate", "key", "key_password_file", "ca_file", "crl_file"])
def test_nobody_waits_for_the_other_end_of_a_fifo(check, certificate, tmp_path, key):
    os.mkfifo(tmp_path / "fifo")
    made = certificate()
    files = {"certificate": made.certificate, "key": made.key, "ca_file": made.certificate, key: tmp_path / "fifo"}
    lines = "".join(f"{name} = {file}\n" for name, file in files.items())
    result = check(HEAD + f"[tls]\nclient_certificate = request\n{lines}" + ECHO)
    assert result.status == 78, result.lines
    assert [line for line in result.errors if line.endswith(f"{key}: {tmp_path}/fifo: it is no regular file")], result.lines


@pytest.mark.key("listen")
def test_a_listener_with_tls_needs_a_certificate(check):
    fails(check(HEAD + ECHO), (2, r"listen: 127\.0\.0\.1:0 tls needs a certificate in \[tls\]"))


@pytest.mark.parametrize("algorithm", ["ecdsa", "rsa4096", "rsa4104"])
def test_a_key_that_takes_too_long_is_warned_of(check, certificate, algorithm):
    made = certificate(algorithm=algorithm)
    result = check(f"[server]\nlisten = 127.0.0.1:0 tls\n{made.ini()}[/x]\nexec = cat\n")
    warnings = [line for line in result.lines if "warning: key:" in line]
    assert result.status == 0 and len(warnings) == (algorithm == "rsa4104"), result.lines
    if warnings:
        assert re.match(r"wsbridge\.ini:\d+: warning: key: .* RSA key of 4104 bits", warnings[0]), warnings


@pytest.mark.key("expiry_warning")
@pytest.mark.parametrize(
    "start, days, keys, said",
    [
        (-1, 13.5, "", r"certificate: .*/server\.pem expires in 13 days, at 20"),
        (-1, 15, "", None),
        (-1, 15.5, "expiry_warning = 16d\n", r"expires in 15 days"),
        (-1, 1, "expiry_warning = 0\n", None),
        (-9, -1, "", r"certificate: .*/server\.pem expired at 20\d\d-.*; clients will refuse it"),
        (3, 90, "", r"certificate: .*/server\.pem is not valid before 20"),
    ],
)
def test_dates_are_warned_of(check, certificate, tmp_path, daemon, start, days, keys, said):
    made = certificate(start=start, days=days).ini() + keys
    result = check(HEAD + made + ECHO)
    assert result.status == 0, result.lines
    warnings = [line for line in result.lines if "warning: certificate:" in line]
    assert len(warnings) == (said is not None), result.lines
    log = daemon(HEAD + made + ECHO).log()
    if said:
        assert warnings[0].startswith("wsbridge.ini:4: ") and re.search(said, warnings[0]), warnings
        assert re.search(said, log), log
    else:
        assert "certificate" not in log


@pytest.mark.key("key")
def test_a_key_that_everybody_can_read_is_warned_of(check, certificate):
    made = certificate()
    made.key.chmod(0o644)
    result = check(HEAD + made.ini() + ECHO)
    assert any(re.match(r"wsbridge\.ini:5: warning: key: every user .*chmod 600", line) for line in result.lines)


def test_beyond_loopback_tls_is_no_password(check, certificate):
    result = check("[server]\nlisten = 0.0.0.0:0 tls\n" + certificate().ini() + ECHO)
    assert any("open to the network, without a password;" in line for line in result.lines), result.lines


# ---- reload ----


def presented(d):
    """The fingerprint of what D shows to a new client."""
    sock = TlsSock(d.connect(plain=True), context())
    der = sock.tls.getpeercert(binary_form=True)
    return openssl_fingerprint(ssl.DER_cert_to_PEM_cert(der), d.rundir)


def openssl_fingerprint(pem, place):
    with open(f"{place}/seen.pem", "w") as f:
        f.write(pem)
    return openssl("x509", "-in", f"{place}/seen.pem", "-noout", "-fingerprint", "-sha256").strip().partition("=")[2]


def reload(d, *said):
    d.process.send_signal(signal.SIGHUP)
    for pattern in said:
        d.wait_log(pattern)


@pytest.mark.key("certificate")
def test_a_reload_swaps_the_certificate_and_keeps_live_sessions(daemon, certificate, tmp_path):
    old = certificate()
    d = daemon(HEAD + old.ini() + ECHO)
    before = old.fingerprint()
    ws = d.ws("/echo")
    assert presented(d) == before
    new = certificate("server", algorithm="rsa")  # over the same files, as an ACME client does
    reload(d, "wsbridge.ini is taken")
    assert presented(d) == new.fingerprint() != before
    assert ws.echoes("still here") and d.ws("/echo").echoes()


@pytest.mark.key("key")
def test_a_broken_new_certificate_changes_nothing_and_the_log_says_why(daemon, certificate):
    old = certificate()
    before = old.fingerprint()
    d = daemon(HEAD + old.ini() + ECHO)
    ws = d.ws("/echo")
    certificate("other")
    old.key.write_text((old.key.parent / "other.key").read_text())
    reload(
        d,
        r"^error: reload: /.*/wsbridge\.ini:\d+: error: key does not belong to certificate \(line \d+\)$",
        "wsbridge.ini is not taken, nothing changes",
    )
    assert presented(d) == before
    assert ws.echoes() and d.ws("/echo").echoes()


@pytest.mark.key("protocols")
def test_new_clients_get_the_new_settings(daemon, certificate, tmp_path):
    d = daemon(HEAD + certificate().ini() + ECHO)
    old = context(version="TLSv1_2")
    d.context = old
    ws = d.ws("/echo")
    file = tmp_path / "wsbridge.ini"
    file.write_text(file.read_text().replace("[tls]\n", "[tls]\nprotocols = TLSv1.3\n"))
    reload(d, "wsbridge.ini is taken")
    with pytest.raises(ssl.SSLError):
        d.ws("/echo")
    assert ws.echoes()
    d.context = context()
    assert d.ws("/echo").echoes()


@pytest.mark.key("listen")
def test_a_listener_can_begin_and_cease_to_speak_tls(daemon, certificate, tmp_path):
    """Without ever closing: its port stays its own."""
    d = daemon(HEAD + certificate().ini() + ECHO)
    file, secure, port = tmp_path / "wsbridge.ini", d.address, d.port
    ws = d.ws("/echo")
    file.write_text(file.read_text().replace(" tls\n", "\n"))
    reload(d, rf"is taken; listening on 127\.0\.0\.1:{port}$")
    plain = d.ws("/echo", address=secure.removesuffix(" tls"))
    assert plain.echoes() and ws.echoes()
    file.write_text(file.read_text().replace("127.0.0.1:0\n", "127.0.0.1:0 tls\n"))
    reload(d, rf"is taken; listening on 127\.0\.0\.1:{port} tls$")
    assert d.ws("/echo").echoes() and plain.echoes()


# ---- wsbridged --tls -- CMD ----


def test_a_command_gets_a_certificate_of_its_own_whose_fingerprint_is_told(daemon):
    d = daemon(argv=["--port", "0", "--tls", "--", "cat"], canary="/")
    said = d.out()
    assert f"https://{d.host}/" in said and f"wss://{d.host}" in said and "http://" not in said
    told = re.search(r"fingerprint: ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$", said, re.M).group(1)
    assert presented(d) == told
    text = openssl("x509", "-in", f"{d.rundir}/seen.pem", "-noout", "-text")
    assert "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1\n" in text
    assert "Public-Key: (256 bit)" in text and "prime256v1" in text and "CA:FALSE" in text
    trusting = ssl.create_default_context(cafile=f"{d.rundir}/seen.pem")
    for name in ("localhost", "127.0.0.1", "::1"):
        TlsSock(d.connect(plain=True), trusting, host=name)
    assert d.ws("/").echoes()


def test_each_run_makes_another(daemon):
    runs = [daemon(argv=["--port", "0", "--tls", "--", "cat"], canary="/") for _ in range(2)]
    assert presented(runs[0]) != presented(runs[1])


def test_its_address_is_in_it_too(daemon):
    d = daemon(argv=["--bind", "127.0.0.2", "--port", "0", "--tls", "--", "cat"], canary="/")
    presented(d)
    trusting = ssl.create_default_context(cafile=f"{d.rundir}/seen.pem")
    TlsSock(d.connect(plain=True), trusting, host="127.0.0.2")


def test_it_is_in_no_file(daemon, tmp_path):
    """Not even in one that is gone again: none may grow by a byte."""
    places = [tmp_path / name for name in ("here", "home", "temporary")]
    for place in places:
        place.mkdir()
    here, home, temporary = map(str, places)
    d = daemon(
        argv=["--port", "0", "--tls", "--", "cat"],
        canary="/",
        cwd=here,
        env={"HOME": home, "TMPDIR": temporary},
        wrap=("prlimit", "--fsize=0"),
    )
    assert d.ws("/").echoes()
    assert [list(place.iterdir()) for place in places] == [[], [], []]


def test_tls_alone_needs_a_command():
    result = run("--tls")
    assert (result.returncode, "need a command" in result.stderr) == (64, True)


@pytest.mark.key("key", "user")
def test_the_key_is_read_as_root_and_a_reload_could_not(daemon, certificate):
    made = certificate()
    d = daemon(HEAD.replace("tls\n", "tls\nuser = nobody\n") + made.ini() + ECHO)
    assert d.ws("/echo").echoes()
    line = Path(d.process.args[-1]).read_text().split("\n").index(f"key = {made.key}") + 1
    assert re.search(rf":{line}: warning: key: nobody cannot read {made.key}: a reload will fail", d.log()), d.log()
