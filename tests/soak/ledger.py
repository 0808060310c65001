# SPDX-License-Identifier: MIT
"""Keeps account of every message of the clients of a daemon, to be held against the daemon's own figures."""

import collections
import threading

import prometheus
from harness import get
from rawws import BINARY, TEXT, RawWS, request

FIGURES = ("received_messages", "received_bytes", "sent_messages", "sent_bytes")  # in the daemon's words


class Ledger:
    """What the clients of each path have sent, which the daemon received, and the other way round."""

    def __init__(self):
        self.lock, self.paths = threading.Lock(), collections.defaultdict(collections.Counter)

    def book(self, path, direction, messages, size):
        with self.lock:
            self.paths[path][direction + "_messages"] += messages
            self.paths[path][direction + "_bytes"] += size

    def messages(self):
        return sum(n for account in self.paths.values() for name, n in account.items() if name.endswith("_messages"))

    def differences(self, d):
        """In words, what D counted otherwise."""
        families = prometheus.parse(get(d, "/metrics").text)
        wrong = []
        for path, account in sorted(self.paths.items()):
            for figure in FIGURES:
                name = f"wsbridge_{figure}_total"
                counted = families[name].samples[name, (("path", path),)]
                if counted != account[figure]:
                    wrong.append(f"{path}: {figure} are {account[figure]}, and {counted:.0f} for the daemon")
        return wrong


class BookedWS(RawWS):
    """A client on an open WebSocket of PATH, each message of which is booked in LEDGER."""

    def __init__(self, d, ledger, path, fields=(), query="", address=None):
        self.ledger, self.path = ledger, path
        super().__init__(d.connect(address), request(path + query, d.host, fields))
        assert self.response.status == 101, self.response

    def send(self, opcode, payload=b"", **how):
        if opcode in (TEXT, BINARY):
            self.ledger.book(self.path, "received", 1, 0)
        if opcode <= BINARY:
            self.ledger.book(self.path, "received", 0, len(payload))
        super().send(opcode, payload, **how)

    def frames(self, timeout=60):
        frames = super().frames(timeout)
        self.ledger.book(self.path, "sent", 1, sum(len(f.payload) for f in frames))
        return frames

    def recv(self, timeout=60):
        return super().recv(timeout)

    def leave(self):
        """The closing handshake, begun by us; what comes until its end is booked as well."""
        self.close()
        _, code, reason = self.recv_until_close(60)
        assert (code, reason) == (1000, ""), (code, reason)
        assert self.end(60) == "FIN"
        self.sock.close()
