# SPDX-License-Identifier: MIT
"""What may be spoken: versions with holes, strength, algorithms, groups; and by whom it is computed."""

import os
import re

import pytest
from certificates import openssl
from inicheck import fails
from test_tls import ECHO, TLS, refused, s_client
from tlssock import context

WEAK = "ciphers = ALL:@SECLEVEL=0\n"


@pytest.fixture
def speaking(daemon, certificate):
    """speaking(KEYS of [tls]): a daemon that speaks TLS."""
    return lambda keys="", **how: daemon(TLS + certificate(**how).ini() + keys + ECHO)


def agreed(d, *options):
    """Version and cipher that s_client gets, or (None, None)."""
    said = s_client(d, *options)
    found = re.search(r"^New, (\S+), Cipher is (\S+)$", said, re.M)
    version = re.search(r"Protocol *: (\S+)", said)
    if not found or found.group(2).startswith("(NONE"):
        return None, None
    return version.group(1) if version else found.group(1), found.group(2)


@pytest.mark.key("protocols")
def test_versions_are_a_set_with_holes(speaking):
    d = speaking("protocols = TLSv1.1 TLSv1.3\n" + WEAK)
    low = ("-cipher", "ALL:@SECLEVEL=0")
    assert agreed(d, "-tls1_1", *low)[0] == "TLSv1.1"
    assert agreed(d, "-tls1_3")[0] == "TLSv1.3"
    assert agreed(d, "-tls1_2", *low) == (None, None)
    assert agreed(d, "-tls1", *low) == (None, None)
    assert "warning: protocols: TLS before 1.2 is not safe any more" in d.log()


@pytest.mark.key("min_cipher_bits")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_weaker_ciphers_are_left_out(speaking, version):
    d = speaking("min_cipher_bits = 256\n")
    one = {"-tls1_2": ("-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), "-tls1_3": ("-ciphersuites", "TLS_AES_128_GCM_SHA256")}
    assert agreed(d, version, *one[version]) == (None, None)
    assert re.search("256|CHACHA20", agreed(d, version)[1])
    assert agreed(speaking(), version, *one[version])[1]


@pytest.mark.key("algorithms")
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_only_listed_algorithms_encrypt(speaking, version):
    d = speaking("algorithms = CHACHA20\n")
    d.context = context(version=version)
    assert "CHACHA20" in d.ws("/echo").sock.tls.cipher()[0]
    both = speaking("algorithms = CHACHA20\nalgorithms = AES256-GCM\n")
    assert agreed(both, "-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384")[1]
    assert agreed(both, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256") == (None, None)


@pytest.mark.key("groups")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_groups_of_the_key_exchange_can_be_chosen(speaking, version):
    d = speaking("groups = P-384:P-256\n")
    assert re.search("Server Temp Key: ECDH, (secp384r1|P-384)", s_client(d, version))
    assert agreed(d, version, "-groups", "X25519") == (None, None)
    assert "X25519" in s_client(speaking("groups = X25519\n"), version)


@pytest.mark.key("provider")
def test_another_provider_computes(speaking):
    d = speaking("provider = legacy\n")
    assert "legacy.so" in open(f"/proc/{d.pid}/maps").read()
    assert d.ws("/echo").echoes()
    assert "legacy.so" not in open(f"/proc/{speaking('provider = *' + chr(10)).pid}/maps").read()


@pytest.mark.key("prng_seed_file")
def test_the_seed_is_taken(speaking, tmp_path):
    """A pipe tells that it was read."""
    seed = tmp_path / "seed"
    os.mkfifo(seed)
    fd = os.open(seed, os.O_RDWR | os.O_NONBLOCK)
    os.write(fd, b"forty-two dice")
    d = speaking(f"prng_seed_file = {seed}\n")
    with pytest.raises(BlockingIOError):
        os.read(fd, 1)
    os.close(fd)
    assert d.ws("/echo").echoes()
    assert "dice" not in d.log()


def pkcs12(made, password="sesame", name="bundle.p12"):
    """MADE's certificate and key in one file."""
    file = made.certificate.with_name(name)
    argv = ("pkcs12", "-export", "-in", made.certificate, "-inkey", made.key, "-out", file)
    openssl(*argv, "-passout", f"pass:{password}")
    file.chmod(0o600)
    return file


@pytest.mark.key("certificate", "key_password_file")
def test_a_file_of_pkcs12_has_certificate_and_key(daemon, certificate, check, tmp_path):
    made = certificate()
    (tmp_path / "password").write_text("sesame\n")
    section = f"[tls]\ncertificate = {pkcs12(made)}\n"
    d = daemon(TLS + section + f"key_password_file = {tmp_path}/password\n" + ECHO)
    d.context = context(made)
    assert d.ws("/echo").echoes()
    assert "sesame" not in d.log()
    fails(check(TLS + section + ECHO), (4, r"certificate: .*bundle\.p12: mac verify failure"))
    fails(check(TLS + section + f"key = {made.key}\n" + ECHO), (5, "key: the certificate's file is one of PKCS#12"))
    (tmp_path / "cut.p12").write_bytes((tmp_path / "bundle.p12").read_bytes()[:99])
    fails(check(TLS + f"[tls]\ncertificate = {tmp_path}/cut.p12\n" + ECHO), (4, r"certificate: .*cut\.p12: \w.+"))


@pytest.mark.key("certificate")
def test_a_file_of_pkcs12_needs_no_password(daemon, certificate):
    d = daemon(TLS + f"[tls]\ncertificate = {pkcs12(certificate(), password='')}\n" + ECHO)
    assert d.ws("/echo").echoes()


@pytest.mark.key("ciphers")
def test_what_old_lists_exclude_is_no_slip(speaking):
    assert speaking("ciphers = ECDHE+AESGCM:!aNULL:!SSLv2:!EXPORT:!RC4:@STRENGTH\n").ws("/echo").echoes()


@pytest.mark.parametrize(
    "keys, said",
    [
        ("protocols = SSLv3", "protocols: SSLv3 is broken and cannot be had"),
        ("protocols = TLSv1.4", "protocols: 'TLSv1.4' is not TLSv1.2 or TLSv1.3"),
        ("ciphers = ECDHE+AESGCM:ECDHE+CHACHA21", r"ciphers: ECDHE\+CHACHA21: no cipher match"),
        ("ciphers = ECDHE+AESGCM:!ROT13", "ciphers: !ROT13: no cipher match"),
        ("ciphersuites = TLS_AES_128_GCM_SHA256:TLS_ROT13", "ciphersuites: TLS_ROT13: "),
        ("ciphers = AES128-GCM-SHA256\nmin_cipher_bits = 256", "min_cipher_bits leaves no cipher for TLS 1.2"),
        (
            "ciphersuites = TLS_AES_128_GCM_SHA256\nmin_cipher_bits = 256",
            "min_cipher_bits leaves no cipher for TLS 1.3",
        ),
        ("algorithms = ROT13", r"algorithms: 'ROT13' is not \* or one of AES128-GCM"),
        ("algorithms = AES128-CBC", "algorithms leaves no cipher for TLS 1.2"),
        ("groups = X25519:X0", "groups: 'X25519:X0' are not all names of groups"),
        ("provider = nobodys", "provider: nobodys: .+"),
        ("prng_seed_file = /nonexistent", "prng_seed_file: /nonexistent: no such file"),
        ("session_timeout = 0", "session_timeout = 0 "),
    ],
)
@pytest.mark.key("protocols", "ciphers", "ciphersuites", "min_cipher_bits", "algorithms", "groups", "provider")
def test_what_cannot_be_is_an_error(check, certificate, keys, said):
    result = check(TLS + certificate().ini() + keys + "\n" + ECHO)
    fails(result, (6 + keys.count("\n"), said))


@pytest.mark.key("protocols", "ciphers", "ciphersuites", "algorithms", "groups", "provider", "ca_file", "crl_file", "prng_seed_file")
def test_all_that_is_wrong_is_told_at_once(check, certificate, tmp_path):
    """OpenSSL stops at the first; and what is good is not called wrong because of another."""
    (tmp_path / "none.pem").write_text("no certificate\n")
    made, other = certificate("made"), certificate("other")
    wrong = [
        ("ciphers = ECDHE+AESGCM:NOSUCH", "NOSUCH: no cipher match"),
        ("ciphersuites = TLS_ROT13", "TLS_ROT13: "),
        ("algorithms = ROT13", "'ROT13' is not"),
        ("groups = X0", "'X0' are not all names of groups"),
        ("provider = nobodys", "nobodys: "),
        (f"ca_file = {tmp_path}/none.pem", "none.pem: no start line"),
        (f"crl_file = {tmp_path}/none.pem", "none.pem: no start line"),
        ("prng_seed_file = /nonexistent", "no such file"),
    ]
    keys = f"[tls]\ncertificate = {made.certificate}\nkey = {{}}\nclient_certificate = require\n"
    lines = "".join(key + "\n" for key, _ in wrong)
    told = [(7 + i, key.split()[0] + ": .*" + why) for i, (key, why) in enumerate(wrong)]
    fails(check(TLS + keys.format(other.key) + lines + ECHO), (5, "key does not belong to certificate"), *told)
    fails(check(TLS + keys.format(made.key) + lines + ECHO), *told)


def test_by_default_a_weak_cipher_is_none(speaking):
    d = speaking("ciphers = ALL:@SECLEVEL=0\n", algorithm="rsa")
    c = context(version="TLSv1_2")
    c.set_ciphers("NULL:@SECLEVEL=0")
    assert refused(d, c)
