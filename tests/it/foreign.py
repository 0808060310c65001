# SPDX-License-Identifier: MIT
"""Other people's servers in front of a daemon, as plain processes in its network namespace."""

import os
import signal
import ssl
import subprocess

import procfs
from certificates import Certificate
from harness import ENVIRONMENT, Collector
from rawws import RawWS, Response, request
from waiting import TIMEOUT, until

OUTSIDE = "192.0.2.1"  # an address of the namespace that is no loopback address


def lineage(place, name):
    """The certificate of NAME in PLACE, under the names that certbot gives to its file and that of its key."""
    made = Certificate(place, name, hosts=(f"DNS:{name}",))
    return made.certificate.rename(place / "fullchain.pem"), made.key.rename(place / "privkey.pem")


class Server:
    """ARGV in the network of the daemon D until kill(); ready once PORT of HOST accepts."""

    def __init__(self, d, argv, port, host=OUTSIDE):
        self.d, self.address = d, f"{host}:{port}"
        self.process = subprocess.Popen(
            ["nsenter", f"--net=/proc/{d.pid}/ns/net", *map(str, argv)],
            env={**ENVIRONMENT, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.output = Collector(self.process.stdout)
        until(self._accepts, lambda: f"{argv} listens on {self.address}:\n{self.output.text()}")

    def _accepts(self):
        assert self.process.poll() is None, self.output.text()
        try:
            self.d.connect(self.address).close()
        except ConnectionRefusedError:
            return False
        return True

    def kill(self):
        left = procfs.descendants(self.process.pid)
        for pid in [self.process.pid, *left]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.output.thread.join(TIMEOUT)


def tls(d, certificate, name, port=443):
    """A TLS connection from outside to NAME, whom only CERTIFICATE proves; its RawWS has said nothing yet."""
    context = ssl.create_default_context(cafile=certificate)
    sock = context.wrap_socket(d.connect(f"{OUTSIDE}:{port}", bind=OUTSIDE), server_hostname=name)
    d.clients.append(sock)
    return RawWS(sock, None)


def wss(d, certificate, name, path, fields=(), port=443):
    """A WebSocket over TLS, after the answer to its handshake."""
    ws = tls(d, certificate, name, port)
    ws.sent_head = request(path, name if port == 443 else f"{name}:{port}", fields)
    ws.send_bytes(ws.sent_head)
    ws.response = answer(ws)
    return ws


def answer(ws):
    """The response on WS to its end, which need not be that of the connection."""
    while b"\r\n\r\n" not in ws.got:
        receive(ws)
    head, _, rest = bytes(ws.got).partition(b"\r\n\r\n")
    response, ws.got = Response(head), bytearray(rest)
    if response.status != 101:
        while len(ws.got) < int(response.headers["content-length"]):
            receive(ws)
        response.body, ws.got = bytes(ws.got), bytearray()
    return response


def receive(ws):
    ws.sock.settimeout(TIMEOUT)
    data = ws.sock.recv(65536)
    assert data, f"the connection ended after {bytes(ws.got)!r}"
    ws.got += data
