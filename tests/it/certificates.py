# SPDX-License-Identifier: MIT
"""Makes certificates with the openssl CLI: ECDSA and RSA, signed by themselves or by another, of any dates."""

import datetime
import hashlib
import ssl
import subprocess
from pathlib import Path

HOSTS = ("DNS:localhost", "IP:127.0.0.1", "IP:::1")

ALGORITHMS = {
    "ecdsa": ("EC", "ec_paramgen_curve:P-256"),
    "rsa": ("RSA", "rsa_keygen_bits:2048"),
    "rsa4096": ("RSA", "rsa_keygen_bits:4096"),
    "rsa4104": ("RSA", "rsa_keygen_bits:4104"),
}

CA = """
[ca]
default_ca = this
[this]
database = {index}
new_certs_dir = {place}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
email_in_dn = no
[any]
commonName = supplied
organizationName = optional
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = digitalSignature, keyEncipherment
extendedKeyUsage = {usage}
subjectAltName = {hosts}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


def openssl(*argv):
    result = subprocess.run(
        ["openssl", *map(str, argv)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, f"openssl {' '.join(map(str, argv))}:\n{result.stderr}"
    return result.stdout


def date(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


class Certificate:
    """
    A certificate and its key as PEM files in PLACE: .certificate (behind it those of its issuers but the root),
    .key (encrypted with PASSWORD), .root (what a client has to trust).  It is valid from START to DAYS days from
    now, for HOSTS, signed by ISSUER or by itself; AUTHORITY: it can sign others; USAGE: clientAuth is a client's.
    """

    def __init__(
        self,
        place,
        name="server",
        algorithm="ecdsa",
        start=-1,
        days=90,
        hosts=HOSTS,
        password=None,
        issuer=None,
        authority=False,
        usage="serverAuth",
        subject=None,
    ):
        place = Path(place)
        self.certificate, self.key = place / f"{name}.pem", place / f"{name}.key"
        self.issuer, self.root = issuer, issuer.root if issuer else self.certificate
        config, index, request = place / f"{name}.cnf", place / f"{name}.index", place / f"{name}.csr"
        config.write_text(CA.format(place=place, index=index, hosts=", ".join(hosts), usage=usage))
        index.write_text("")
        kind, option = ALGORITHMS[algorithm]
        hide = ["-aes256", "-pass", f"pass:{password}"] if password else []
        openssl("genpkey", "-algorithm", kind, "-pkeyopt", option, *hide, "-out", self.key)
        self.key.chmod(0o600)
        password = ["-passin", f"pass:{password}"] if password else []
        openssl("req", "-new", "-utf8", "-key", self.key, "-subj", subject or f"/CN={name}", *password, "-out", request)
        by = ["-cert", issuer.certificate, "-keyfile", issuer.key] if issuer else ["-selfsign", "-keyfile", self.key]
        openssl(
            *("ca", "-batch", "-notext", "-preserveDN", "-utf8", "-config", config, *by, "-in", request, "-out", self.certificate),
            *("-startdate", date(start), "-enddate", date(days)),
            *("-extensions", "authority" if authority else "leaf", *password),
        )
        if issuer and issuer.issuer:
            with self.certificate.open("a") as chain:
                chain.write(issuer.certificate.read_text())

    def revoke(self, *certificates):
        """A file with the list of what this authority has revoked: CERTIFICATES."""
        config, crl = self.certificate.with_suffix(".cnf"), self.certificate.with_suffix(".crl")
        ca = ("ca", "-config", config, "-cert", self.certificate, "-keyfile", self.key)
        for c in certificates:
            openssl(*ca, "-revoke", c.certificate)
        openssl(*ca, "-gencrl", "-crldays", "1", "-out", crl)
        return crl

    def ini(self):
        """The section of wsbridge.ini that uses it."""
        return f"[tls]\ncertificate = {self.certificate}\nkey = {self.key}\n"

    def fingerprint(self):
        """SHA-256, as `openssl x509 -fingerprint -sha256` writes it."""
        first = self.certificate.read_text().partition("-----END CERTIFICATE-----")
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert("".join(first[:2]) + "\n")).hexdigest().upper()
        return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def chained(place, name="server", **options):
    """A certificate whose issuer was issued by a root in its turn."""
    root = Certificate(place, f"{name}-root", authority=True)
    middle = Certificate(place, f"{name}-middle", authority=True, issuer=root)
    return Certificate(place, name, issuer=middle, **options)
