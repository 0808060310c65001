# SPDX-License-Identifier: MIT
"""Runs Debian's websocketd, to see that what is said about it is true."""

import socket
import subprocess

import procfs
from harness import ENVIRONMENT, Collector, free_port
from rawws import RawWS, Response, request
from waiting import TIMEOUT, until

TRIES = 10  # ports: it has no port 0, and a free one can be taken by somebody else


class Websocketd:
    """A running websocketd with ARGS; its clients as a Daemon's."""

    def __init__(self, args, env=None):
        self.clients = []
        for _ in range(TRIES):
            self.port = free_port()
            self.host = f"127.0.0.1:{self.port}"
            self.process = subprocess.Popen(
                ["/usr/bin/websocketd", f"--port={self.port}", "--address=127.0.0.1", *args],
                env={**ENVIRONMENT, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.pid, self.output = self.process.pid, Collector(self.process.stdout)
            if until(self._state, "websocketd listens or has ended") == "listens":
                return
            self.output.thread.join(TIMEOUT)
            assert "address already in use" in self.log(), self.log()
        raise AssertionError(f"no port in {TRIES} tries:\n{self.log()}")

    def _state(self):
        """It says that it listens a moment before it does."""
        if self.process.poll() is not None:
            return "ended"
        if "Starting WebSocket server" not in self.log():
            return None
        try:
            socket.create_connection(("127.0.0.1", self.port), TIMEOUT).close()
        except ConnectionRefusedError:
            return None
        return "listens"

    def log(self):
        return self.output.text()

    def handshake(self, path, fields=(), host=None):
        """A raw client after the head of the answer: it never ends the body of a refusal."""
        sock = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        self.clients.append(sock)
        raw = RawWS(sock, None)
        raw.send_bytes(request(path, host or self.host, fields))
        while b"\r\n\r\n" not in raw.got:
            data = sock.recv(65536)
            assert data, f"no HTTP answer but {bytes(raw.got)!r}"
            raw.got += data
        head, _, rest = bytes(raw.got).partition(b"\r\n\r\n")
        raw.response, raw.got = Response(head), bytearray(rest)
        return raw

    def ws(self, path, fields=(), **how):
        raw = self.handshake(path, fields, **how)
        assert raw.response.status == 101, raw.response
        return raw

    def kill(self):
        """It would leave its programs behind."""
        for sock in self.clients:
            sock.close()
        left = procfs.descendants(self.pid)
        self.process.kill()
        self.process.wait()
        procfs.kill(left)
        self.output.thread.join(1)
