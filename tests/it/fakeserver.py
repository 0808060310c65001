# SPDX-License-Identifier: MIT
"""A WebSocket server whose every byte the test decides, for one client."""

import re
import socket
import ssl
import struct
import threading

from rawws import BINARY, CLOSE, TEXT, accept_of, encode
from waiting import TIMEOUT

ACCEPT = "Sec-WebSocket-Accept: %s\r\n"
UPGRADE = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


def frame(opcode, payload=b"", **how):
    """A frame as a server sends it, unless HOW says otherwise."""
    return encode(opcode, payload, **{"masked": False, **how})


def close(code=1000, reason=""):
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


class FakeServer:
    """
    STORY(self) runs in a thread once somebody has connected; what it raises fails join().  .request is the head
    of the client's request after read_request().
    """

    def __init__(self, story, certificate=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(TIMEOUT)
        self.port = self.listener.getsockname()[1]
        self.certificate, self.story, self.failure = certificate, story, None
        self.got, self.request, self.sock = b"", "", None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.sock, _ = self.listener.accept()
            self.sock.settimeout(TIMEOUT)
            if self.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate.certificate, self.certificate.key)
                self.sock = context.wrap_socket(self.sock, server_side=True)
            self.story(self)
        except (ConnectionError, ssl.SSLError):
            pass  # the client has had enough
        except BaseException as e:
            self.failure = e

    def url(self, path="/", scheme="ws"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    # ---- for the story ----

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def read_request(self):
        while b"\r\n\r\n" not in self.got:
            data = self.sock.recv(4096)
            assert data, "the client hung up before its request was whole"
            self.got += data
        head, _, self.got = self.got.partition(b"\r\n\r\n")
        self.request = head.decode()
        return self.request

    def accept(self):
        """Sec-WebSocket-Accept of the request."""
        return accept_of(re.search(r"Sec-WebSocket-Key: (\S+)", self.request).group(1))

    def open(self, fields=""):
        self.read_request()
        self.send(UPGRADE + ACCEPT % self.accept() + fields + "\r\n")

    def _take(self, n):
        while len(self.got) < n:
            data = self.sock.recv(65536)
            assert data, "the client hung up inside a frame"
            self.got += data
        data, self.got = self.got[:n], self.got[n:]
        return data

    def frame(self):
        """(opcode, payload) of the client's next frame, which must be masked."""
        first, second = self._take(2)
        assert first & 0x80 and second & 0x80
        n = second & 0x7F
        if n == 126:
            (n,) = struct.unpack("!H", self._take(2))
        elif n == 127:
            (n,) = struct.unpack("!Q", self._take(8))
        key = self._take(4)
        return first & 0xF, bytes(b ^ key[i % 4] for i, b in enumerate(self._take(n)))

    def finish(self):
        """Hang up after the client's close frame."""
        while self.frame()[0] != CLOSE:
            pass
        self.sock.close()

    def end(self):
        """Whether the client hangs up, whatever it says before."""
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    # ---- for the test ----

    def join(self):
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive(), "the fake server has not come to its end"
        self.kill()
        if self.failure:
            raise self.failure

    def kill(self):
        self.listener.close()
        if self.sock:
            self.sock.close()


__all__ = ["FakeServer", "frame", "close", "TEXT", "BINARY", "ACCEPT", "UPGRADE"]
