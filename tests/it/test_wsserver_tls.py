# SPDX-License-Identifier: MIT
"""The rows of WSServer's feature set (tests/wsserver.txt) about TLS, each by its own name and seen from outside."""

import ssl
import subprocess

import pytest
from certificates import Certificate, openssl
from harness import ENVIRONMENT, run
from inicheck import fails
from test_tls import ECHO, TLS, refused, s_client
from test_tls_ciphers import agreed, pkcs12
from test_tls_clients import showing
from tlssock import TlsSock, context


@pytest.fixture
def speaking(daemon, certificate):
    """speaking(KEYS of [tls]): a daemon that speaks TLS; .certificate is what it shows."""

    def start(keys="", **how):
        made = certificate()
        d = daemon(TLS + made.ini() + keys + ECHO, canary=None, **how)
        d.certificate = made
        return d

    return start


@pytest.fixture
def ca(tmp_path):
    return Certificate(tmp_path, "ca", authority=True)


@pytest.fixture
def alice(tmp_path, ca):
    return Certificate(tmp_path, "alice", usage="clientAuth", issuer=ca)


def echoes(d, certificate=None):
    d.context = showing(certificate)
    return d.ws("/echo").echoes()


# ---- properties ----


def test_wsserver_SSLAuthenticateClients(speaking, ca, alice):
    trust = f"ca_file = {ca.certificate}\n"
    alien = Certificate(alice.certificate.parent, "alien", usage="clientAuth")
    indifferent = speaking("client_certificate = none\n")
    assert echoes(indifferent) and echoes(indifferent, alien)
    assert "No client certificate CA names sent" in s_client(indifferent, "-tls1_2")
    assert "Client Certificate Types" not in s_client(indifferent, "-tls1_2")
    asked = speaking(trust + "client_certificate = request\n")
    assert echoes(asked) and echoes(asked, alice)
    assert "Client Certificate Types" in s_client(asked, "-tls1_2")
    required = speaking(trust + "client_certificate = require\n")
    assert echoes(required, alice)
    assert "unknown ca" in refused(required, showing(alien))
    assert "certificate required" in refused(required, showing(None))


def test_wsserver_SSLCert(speaking, daemon, certificate):
    d = speaking()
    shown = TlsSock(d.connect(plain=True), context()).tls.getpeercert(binary_form=True)
    assert ssl.DER_cert_to_PEM_cert(shown).split() == d.certificate.certificate.read_text().split()
    made = certificate("other")
    d = daemon(TLS + f"[tls]\ncertificate = {pkcs12(made, password='')}\n" + ECHO, canary=None)
    d.context = context(made)
    assert d.ws("/echo").echoes()


# ---- settings, by their names ----


@pytest.mark.parametrize("value, count", [("true", 5), ("false", 0)])
def test_wsserver_ReuseSSLSession(speaking, value, count):
    said = s_client(speaking(f"ReuseSSLSession = {value}\n"), "-tls1_2", "-reconnect")
    assert said.count("\nReused, TLSv1.2") == count


def test_wsserver_SSLCipherStrength(speaking):
    d = speaking("SSLCipherStrength = 256\n")
    assert agreed(d, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256") == (None, None)
    assert agreed(d, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") == (None, None)
    assert agreed(d, "-tls1_2")[1] and agreed(d, "-tls1_3")[1]


def test_wsserver_SSLEnabledProtocols(speaking):
    d = speaking(f"SSLEnabledProtocols = {12288 + 768}\nciphers = ALL:@SECLEVEL=0\n")
    low = ("-cipher", "ALL:@SECLEVEL=0")
    spoken = [v for v in ("-tls1", "-tls1_1", "-tls1_2", "-tls1_3") if agreed(d, v, *low)[1]]
    assert spoken == ["-tls1_1", "-tls1_3"]


def test_wsserver_SSLProvider(speaking, check, certificate):
    d = speaking("SSLProvider = legacy\n")
    assert "legacy.so" in open(f"/proc/{d.pid}/maps").read() and d.ws("/echo").echoes()
    fails(check(TLS + certificate().ini() + "SSLProvider = nobodys\n" + ECHO), (6, "provider: nobodys: .+"))


def test_wsserver_SSLSecurityFlags(speaking, ca, tmp_path):
    late = Certificate(tmp_path, "late", usage="clientAuth", issuer=ca, start=-9, days=-1)
    alien = Certificate(tmp_path, "alien", usage="clientAuth")
    asking = f"client_certificate = require\nca_file = {ca.certificate}\n"
    assert "certificate expired" in refused(speaking(asking), showing(late))
    assert echoes(speaking(asking + "SSLSecurityFlags = 1\n"), late)
    assert echoes(speaking(asking + "SSLSecurityFlags = 16\n"), alien)
    refused(speaking(asking + "SSLSecurityFlags = 1\n"), showing(alien))


def test_wsserver_OpenSSLCADir(speaking, ca, alice, tmp_path):
    place = tmp_path / "authorities"
    place.mkdir()
    (place / "ca.pem").write_text(ca.certificate.read_text())
    openssl("rehash", place)
    d = speaking(f"client_certificate = require\nOpenSSLCADir = {place}\n")
    assert echoes(d, alice)
    assert "unknown ca" in refused(d, showing(Certificate(tmp_path, "alien", usage="clientAuth")))


def test_wsserver_OpenSSLCAFile(speaking, ca, alice, tmp_path):
    d = speaking(f"client_certificate = require\nOpenSSLCAFile = {ca.certificate}\n")
    assert echoes(d, alice)
    assert "unknown ca" in refused(d, showing(Certificate(tmp_path, "alien", usage="clientAuth")))
    assert "CN = ca" in s_client(d).partition("Acceptable client certificate CA names")[2]


def test_wsserver_OpenSSLCipherList(speaking, check, certificate):
    d = speaking("OpenSSLCipherList = ECDHE-ECDSA-AES256-GCM-SHA384\n")
    assert agreed(d, "-tls1_2")[1] == "ECDHE-ECDSA-AES256-GCM-SHA384"
    assert agreed(d, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") == (None, None)
    slip = "OpenSSLCipherList = ECDHE+AESGCM:ROT13\n"
    fails(check(TLS + certificate().ini() + slip + ECHO), (6, "ciphers: ROT13: no cipher match"))


SEEN = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* What the generator is given: bytes that count as entropy, and bytes that do not. */
int EVP_RAND_reseed(void *rand, int again, const char *p, size_t n, const char *more, size_t nmore)
{
	int (*real)(void *, int, const char *, size_t, const char *, size_t) = dlsym(RTLD_NEXT, "EVP_RAND_reseed");
	FILE *f = fopen(getenv("SEEN"), "a");

	fprintf(f, "%zu %.*s\\n", n, (int)nmore, more);
	fclose(f);
	return real(rand, again, p, n, more, nmore);
}
"""


@pytest.mark.key("prng_seed", "prng_seed_file")
def test_wsserver_OpenSSLPrngSeedData(speaking, tmp_path):
    """The generator gets it, as no entropy; and neither -T nor log nor a program's environment tells it."""
    preload, seen, file = tmp_path / "seen.so", tmp_path / "seen", tmp_path / "seed"
    file.write_text("seven coins")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", preload, "-"], input=SEEN, text=True, check=True)
    options = ENVIRONMENT["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    env = {"LD_PRELOAD": str(preload), "SEEN": str(seen), "ASAN_OPTIONS": options}
    d = speaking(f"OpenSSLPrngSeedData = forty-two dice\nprng_seed_file = {file}\n", env=env)
    assert {"0 forty-two dice", "0 seven coins"} <= set(seen.read_text().splitlines())
    assert d.ws("/echo").echoes()
    printed = run("-T", "-c", tmp_path / "wsbridge.ini").stdout
    assert "prng_seed = ***" in printed and "dice" not in printed + d.log()
    pids = subprocess.run(["pgrep", "-P", str(d.pid)], capture_output=True, text=True).stdout.split()
    assert pids and all(b"dice" not in open(f"/proc/{pid}/environ", "rb").read() for pid in pids)


def test_wsserver_SSLAlgorithmList(speaking, check, certificate):
    d = speaking("SSLAlgorithmList = CHACHA20\n")
    for version in ("-tls1_2", "-tls1_3"):
        assert "CHACHA20" in agreed(d, version)[1]
    fails(check(TLS + certificate().ini() + "SSLAlgorithmList = ROT13\n" + ECHO), (6, "algorithms: 'ROT13' is not"))
