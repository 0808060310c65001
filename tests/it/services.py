# SPDX-License-Identifier: MIT
"""Services that a daemon connects to, and a name server, each in threads of the test's process."""

import errno
import select
import socket
import struct
import threading

from rawws import request
from waiting import TIMEOUT, until


class Service:
    """
    Listens, and runs STORY(conn) in a thread for each connection; the connection closes when it returns.
    AT is (host, port), or the path of a Unix socket.  .conns are the connections, in their order.
    """

    def __init__(self, story, at=("127.0.0.1", 0), backlog=128):
        family = socket.AF_UNIX if isinstance(at, str) else socket.AF_INET6 if ":" in at[0] else socket.AF_INET
        self.story, self.conns, self.threads, self.failures = story, [], [], []
        self.sock = socket.socket(family)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(at)
        self.sock.listen(backlog)
        name = self.sock.getsockname()
        self.port = None if isinstance(at, str) else name[1]
        self.target = f"unix:{at}" if isinstance(at, str) else (f"[{name[0]}]" if ":" in at[0] else name[0]) + f":{name[1]}"
        self.done, self.finished = socket.socketpair()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while self.done not in select.select([self.sock, self.done], [], [])[0]:
            conn, _ = self.sock.accept()
            conn.settimeout(TIMEOUT)
            self.conns.append(conn)
            thread = threading.Thread(target=self._run, args=(conn,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _run(self, conn):
        try:
            self.story(conn)
        except OSError:
            pass  # the daemon has had enough
        except BaseException as e:
            self.failures.append(e)
        finally:
            conn.close()

    def join(self):
        """Every story has come to its end."""
        for thread in self.threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive(), "a service waits for ever"
        assert not self.failures, self.failures

    def close(self):
        self.finished.close()
        self.thread.join(TIMEOUT)
        self.sock.close()
        self.done.close()
        for conn in self.conns:
            try:
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class FullHouse:
    """A socket that listens and has no room: who connects waits."""

    def __init__(self, at=("127.0.0.1", 0)):
        self.family = socket.AF_UNIX if isinstance(at, str) else socket.AF_INET
        self.sock = socket.socket(self.family)
        self.sock.bind(at)
        self.sock.listen(0)
        self.at = self.sock.getsockname()
        self.port = None if isinstance(at, str) else self.at[1]
        self.target = f"unix:{at}" if isinstance(at, str) else "%s:%d" % self.at
        self.guests = []
        while self._comes_in():
            pass

    def _comes_in(self):
        guest = socket.socket(self.family)
        guest.setblocking(False)
        self.guests.append(guest)
        error = guest.connect_ex(self.at)
        return error != errno.EAGAIN and bool(select.select([], [guest], [], 0.1)[1])

    def queue(self, d, target):
        """Three clients of TARGET, each with a message of two bytes, for whom the daemon D waits by now; its log tells events."""
        waiting = [d.raw() for _ in range(3)]
        for raw in waiting:
            raw.send_bytes(request(target, d.host) + b"\x81\x82\0\0\0\0hi")
        path = target.partition("?")[0]
        until(lambda: d.log().count(f"{path}: websocket_open_request") == 3, "all three")
        assert d.canary.echoes("a turn later")
        return waiting

    def make_room(self):
        """Those who filled it go; the first who has something to say is let in, without its first byte."""
        self.sock.settimeout(TIMEOUT)
        for guest in self.guests:
            guest.close()
        while True:
            conn, _ = self.sock.accept()
            conn.settimeout(TIMEOUT)
            if conn.recv(1):
                return conn
            conn.close()

    def close(self):
        for sock in (self.sock, *self.guests):
            sock.close()


class NameServer:
    """
    A DNS server on 127.0.0.1 that knows NAMES: {name: [addresses]}, or {name: status} of RFC 1035 4.1.1, or
    {name: None}, which it does not answer, or {name: bytes}, its answer behind the question's number.  .asked are the questions, (name, type).
    """

    A, AAAA = 1, 28
    SERVFAIL, NXDOMAIN = 2, 3

    def __init__(self, **names):
        self.names, self.asked = {n.replace("_", "."): v for n, v in names.items()}, []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.sock.getsockname()[1]
        self.done, self.finished = socket.socketpair()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.done not in select.select([self.sock, self.done], [], [])[0]:
            data, peer = self.sock.recvfrom(4096)
            answer = self._answer(data)
            if answer:
                self.sock.sendto(answer, peer)

    def _answer(self, data):
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        name, (kind,) = ".".join(labels).lower(), struct.unpack_from("!H", data, at + 1)
        question = data[12 : at + 5]
        self.asked.append((name, kind))
        known = self.names.get(name, self.NXDOMAIN)
        if known is None:
            return None
        if isinstance(known, bytes):
            return data[:2] + known
        status, addresses = (known, []) if isinstance(known, int) else (0, known)
        family = socket.AF_INET6 if kind == self.AAAA else socket.AF_INET
        wanted = [a for a in addresses if kind in (self.A, self.AAAA) and (":" in a) == (kind == self.AAAA)]
        records = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(raw)) + raw
            for raw in (socket.inet_pton(family, a) for a in wanted)
        )
        return data[:2] + struct.pack("!HHHHH", 0x8180 | status, 1, len(wanted), 0, 0) + question + records

    def close(self):
        self.finished.close()
        self.thread.join(TIMEOUT)
        self.sock.close()
        self.done.close()


def echo(conn):
    """Every byte comes back; then the end."""
    while data := conn.recv(65536):
        conn.sendall(data)


def everything(conn):
    """What CONN says up to its end."""
    data = b""
    while chunk := conn.recv(65536):
        data += chunk
    return data


def reset(conn):
    """What follows is an RST."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
