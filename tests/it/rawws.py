# SPDX-License-Identifier: MIT
"""A WebSocket client whose every byte the test decides, and which sees how the connection ends."""

import base64
import hashlib
import os
import re
import select
import socket
import struct
import threading
import time

from waiting import TIMEOUT

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # the sample of RFC 6455 1.3


class Closed(Exception):
    """The server's close frame came where a message was expected."""

    def __init__(self, code, reason):
        super().__init__(f"closed with {code} {reason!r}")
        self.code, self.reason = code, reason


class Frame:
    def __init__(self, fin, rsv, opcode, payload):
        self.fin, self.rsv, self.opcode, self.payload = fin, rsv, opcode, payload

    def __repr__(self):
        return f"Frame(fin={self.fin}, rsv={self.rsv}, opcode={self.opcode}, {len(self.payload)} bytes {self.payload[:40]!r})"

    def close(self):
        """(code, reason) of a close frame; 1005 when it is empty."""
        assert self.opcode == CLOSE, self
        if not self.payload:
            return 1005, ""
        return struct.unpack("!H", self.payload[:2])[0], self.payload[2:].decode()


class Response:
    """An HTTP response: status, headers (names in lower case, repeats joined with ', ') and body."""

    def __init__(self, head, body=b""):
        self.head, self.body = head, body
        status_line, *fields = head.decode("latin-1").split("\r\n")
        self.status_line = status_line
        self.status = int(re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", status_line).group(1))
        self.headers = {}
        for field in fields:
            name, value = field.split(":", 1)
            name = name.lower()
            self.headers[name] = (self.headers[name] + ", " if name in self.headers else "") + value.strip()

    @property
    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"{self.head.decode('latin-1')}\n\n{self.body[:2000].decode('utf-8', 'replace')}"


def accept_of(key):
    return base64.b64encode(
        hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    ).decode()


def mask(payload, key):
    if not payload:
        return b""
    n = len(payload)
    stream = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(stream, "little")).to_bytes(n, "little")


def encode(
    opcode, payload=b"", fin=True, rsv=0, masked=True, key=b"\x12\x34\x56\x78", length=None, form=None
):
    """One frame.  LENGTH lies about the size of the payload; FORM (7, 16 or 64 bits) about its shortest form."""
    n = len(payload) if length is None else length
    form = form or (7 if n < 126 else 16 if n < 65536 else 64)
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    head += {
        7: lambda: bytes([bit | n]),
        16: lambda: struct.pack("!BH", bit | 126, n),
        64: lambda: struct.pack("!BQ", bit | 127, n),
    }[form]()
    return head + key + mask(payload, key) if masked else head + payload


def request(path, host, fields=(), key=KEY, version="13", without=()):
    """The head of an upgrade request."""
    lines = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", version),
    ]
    lines = [(n, v) for n, v in lines if n not in without] + list(fields)
    return (f"GET {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines) + "\r\n").encode("utf-8")


class RawWS:
    """SOCK is connected; HEAD is sent at once.  .response is the server's answer."""

    def __init__(self, sock, head):
        self.sock, self.got = sock, bytearray()
        self.sent_head = head
        if head is not None:
            self.send_bytes(head)
            self.response = self.read_response()

    # ---- bytes ----

    def send_bytes(self, data, timeout=TIMEOUT):
        self.sock.settimeout(timeout)
        self.sock.sendall(data)

    def send_in_background(self, data):
        """Send DATA from a thread, for peers that answer before they have read everything.  The thread."""
        thread = threading.Thread(target=self._send_all, args=(data,), daemon=True)
        thread.start()
        return thread

    def send_in_background_after(self, before, data):
        """The same once the thread BEFORE has sent everything."""
        thread = threading.Thread(target=lambda: (before.join(), self._send_all(data)), daemon=True)
        thread.start()
        return thread

    def _send_all(self, data):
        data = memoryview(data)
        try:
            while data:
                select.select([], [self.sock], [], TIMEOUT)
                try:
                    data = data[self.sock.send(data, socket.MSG_DONTWAIT) :]
                except BlockingIOError:
                    pass
        except (OSError, ValueError):
            pass  # the connection ended; the reader sees how

    def send_bytewise(self, data):
        """Every byte in a segment of its own."""
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            self.send_bytes(data[i : i + 1])

    def _more(self, end):
        """Receive once; b'' at the end of the stream."""
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError(
                f"nothing came in time; {len(self.got)} bytes waiting: {bytes(self.got[:60])!r}"
            )
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(1 << 18)
        except socket.timeout:
            raise TimeoutError(
                f"nothing came in time; {len(self.got)} bytes waiting: {bytes(self.got[:60])!r}"
            ) from None
        self.got += data
        return data

    def _take(self, n, end):
        while len(self.got) < n:
            if not self._more(end):
                raise EOFError(
                    f"the connection ended; {len(self.got)} bytes waiting: {bytes(self.got[:60])!r}"
                )
        data = bytes(self.got[:n])
        del self.got[:n]
        return data

    def read_response(self, timeout=TIMEOUT):
        """The server's answer; all of it unless it is a 101, after which frames follow."""
        end = time.monotonic() + timeout
        while b"\r\n\r\n" not in self.got:
            if not self._more(end):
                raise EOFError(f"no HTTP answer but {bytes(self.got)!r}")
        head, _, rest = bytes(self.got).partition(b"\r\n\r\n")
        self.got = bytearray(rest)
        response = Response(head)
        if response.status != 101:
            while self._more(end):
                pass
            response.body, self.got = bytes(self.got), bytearray()
        return response

    # ---- frames ----

    def send(self, opcode, payload=b"", **how):
        self.send_bytes(encode(opcode, payload, **how))

    def text(self, s):
        self.send(TEXT, s.encode() if isinstance(s, str) else s)

    def binary(self, b):
        self.send(BINARY, b)

    def eof(self):
        """An empty binary message: closes the program's stdin."""
        self.send(BINARY)

    def close(self, code=1000, reason=b""):
        self.send(CLOSE, struct.pack("!H", code) + reason)

    def frame(self, timeout=TIMEOUT):
        """The next frame, whatever it is."""
        end = time.monotonic() + timeout
        first, second = self._take(2, end)
        assert not second & 0x80, "a server must not mask"
        n = second & 0x7F
        if n == 126:
            (n,) = struct.unpack("!H", self._take(2, end))
            assert n >= 126, "length not in its shortest form"
        elif n == 127:
            (n,) = struct.unpack("!Q", self._take(8, end))
            assert n >= 65536, "length not in its shortest form"
        frame = Frame(bool(first & 0x80), first >> 4 & 7, first & 0xF, self._take(n, end))
        assert frame.rsv == 0, frame
        return frame

    def frames(self, timeout=TIMEOUT):
        """The frames of one data message, as they came; pings between them are answered."""
        result = []
        end = time.monotonic() + timeout
        while not result or not result[-1].fin:
            frame = self.frame(max(0.001, end - time.monotonic()))
            if frame.opcode == CLOSE:
                raise Closed(*frame.close())
            if frame.opcode == PING:
                self.send(PONG, frame.payload)
            elif frame.opcode != PONG:
                assert (frame.opcode == CONT) == bool(result), f"{frame} after {result}"
                result.append(frame)
        return result

    def recv(self, timeout=TIMEOUT):
        """The next message: str or bytes.  A close frame raises Closed."""
        frames = self.frames(timeout)
        payload = b"".join(f.payload for f in frames)
        return payload.decode() if frames[0].opcode == TEXT else payload

    def recv_until_close(self, timeout=TIMEOUT):
        """(all messages up to the close frame, its code, its reason)"""
        messages = []
        end = time.monotonic() + timeout
        try:
            while True:
                messages.append(self.recv(max(0.001, end - time.monotonic())))
        except Closed as closed:
            return messages, closed.code, closed.reason

    def closed(self, timeout=TIMEOUT):
        """(code, reason) of the close frame, which must be what comes next but for pings and pongs."""
        messages, code, reason = self.recv_until_close(timeout)
        assert not messages, f"before the close frame came {messages!r:.200}"
        return code, reason

    def end(self, timeout=TIMEOUT):
        """How the TCP connection ends, 'FIN' or 'RST', with nothing before it."""
        end = time.monotonic() + timeout
        try:
            while self._more(end):
                pass
            how = "FIN"
        except (ConnectionResetError, BrokenPipeError):
            how = "RST"
        assert not self.got, f"before the {how} came {bytes(self.got[:200])!r}"
        return how

    def echoes(self, text="ping"):
        """Whether a `cat` behind this connection gives TEXT back."""
        self.text(text)
        return self.recv() == text

    def finish(self):
        """The closing handshake begun by us, to its orderly end."""
        self.close()
        assert self.closed() == (1000, "")
        assert self.end() == "FIN"
        self.sock.close()

    def reset(self):
        """Vanish: the server gets a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def new_key():
    return base64.b64encode(os.urandom(16)).decode()
