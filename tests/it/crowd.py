# SPDX-License-Identifier: MIT
"""Many WebSocket clients at once, who all are to hear the same bytes."""

import select
import socket
import struct
import time

from rawws import request
from waiting import TIMEOUT


class Member:
    """One of them: its socket, and what has come behind the 101."""

    def __init__(self, sock):
        self.sock, self.got, self.greeted, self.gone = sock, bytearray(), False, False

    def take(self):
        """Read what is there; False at the end."""
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            data = b""
        self.got += data
        if not self.greeted and (at := self.got.find(b"\r\n\r\n")) >= 0:
            assert self.got.startswith(b"HTTP/1.1 101 "), bytes(self.got[:200])
            del self.got[: at + 4]
            self.greeted = True
        self.gone = not data
        return bool(data)

    def leave(self):
        """Vanish: the server gets a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Crowd:
    def __init__(self, d):
        self.d, self.members, self.poll = d, {}, select.epoll()

    def join(self, path, n, receive_buffer=None, fields=()):
        """N more clients of PATH, once each has its 101."""
        head = request(path, self.d.host, fields)
        new = []
        for _ in range(n):
            sock = self.d.connect(receive_buffer=receive_buffer)
            self.d.clients.remove(sock)
            sock.sendall(head)
            sock.setblocking(False)
            member = Member(sock)
            new.append(member)
            self.members[sock.fileno()] = member
            self.poll.register(sock.fileno(), select.EPOLLIN)
        self.until(lambda: all(m.greeted for m in new), "each has its 101")
        return new

    def ignore(self, members):
        """Read nothing more of MEMBERS."""
        for m in members:
            self.poll.unregister(m.sock.fileno())
            del self.members[m.sock.fileno()]

    def heed(self, members):
        for m in members:
            self.poll.register(m.sock.fileno(), select.EPOLLIN)
            self.members[m.sock.fileno()] = m

    def read(self, timeout):
        for fd, _ in self.poll.poll(timeout, 256):
            m = self.members[fd]
            if not m.take():
                self.ignore([m])

    def until(self, condition, what, timeout=3 * TIMEOUT):
        """Read until CONDITION holds."""
        end = time.monotonic() + timeout
        while not condition():
            self.read(0.05)
            assert time.monotonic() < end, f"after {timeout:g} s still not: {what}"

    def leave(self, members=None):
        members = list(members if members is not None else self.members.values())
        self.ignore([m for m in members if m.sock.fileno() in self.members])
        for m in members:
            m.leave()
