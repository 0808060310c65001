# SPDX-License-Identifier: MIT
"""A client of the control socket whose every byte the test decides, and wsbridgectl on a daemon's socket."""

import json
import os
import socket
import subprocess
from pathlib import Path

from harness import ENVIRONMENT, WSBRIDGED
from waiting import TIMEOUT

WSBRIDGECTL = str(Path(WSBRIDGED).with_name("wsbridgectl"))


class Refused(Exception):
    """The daemon answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")


class Control:
    """A connection to D's control socket."""

    def __init__(self, d, path=None):
        self.sock = socket.socket(socket.AF_UNIX)
        d.clients.append(self.sock)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(path or socket_of(d))
        self.got, self.id, self.notifications = b"", 0, []

    def send(self, data, fds=()):
        data = data if isinstance(data, bytes) else data.encode()
        if fds:
            n = socket.send_fds(self.sock, [data], fds)
            data = data[n:]
        self.sock.sendall(data)

    def line(self):
        """The next line as JSON; None at the end."""
        while b"\n" not in self.got:
            data = self.sock.recv(1 << 16)
            if not data:
                assert not self.got, f"half a line: {self.got[:200]!r}"
                return None
            self.got += data
        line, _, self.got = self.got.partition(b"\n")
        return json.loads(line)

    def begin(self, method, fds=(), **params):
        """Send a request; its id."""
        self.id += 1
        request = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}
        self.send(json.dumps(request) + "\n", fds)
        return self.id

    def end(self):
        """The result of the request under way; an error raises Refused."""
        while True:
            answer = self.line()
            assert answer is not None, "the daemon hung up"
            assert answer["jsonrpc"] == "2.0"
            if "method" not in answer:
                break
            self.notifications.append((answer["method"], answer["params"]))
        assert answer["id"] == self.id, answer
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def ask(self, method, **params):
        self.begin(method, **params)
        return self.end()

    def close(self):
        self.sock.close()


def socket_of(d):
    return os.path.join(d.rundir, "control.sock")


def ctl(d, *words, status=0, env=None, **how):
    """What wsbridgectl with WORDS prints; it must end with STATUS."""
    argv = [WSBRIDGECTL, "--socket", socket_of(d), *map(str, words)]
    how.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(
        argv, env={**ENVIRONMENT, **(env or {})}, capture_output=True, text=True, timeout=TIMEOUT, **how
    )
    assert done.returncode == status, f"{words}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr
