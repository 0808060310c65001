# SPDX-License-Identifier: MIT
"""Stands in for systemd, which no test boots: passes sockets."""

import fcntl
import socket

HIGH = 200  # no descriptor that a shell opens by itself


def listening(address="127.0.0.1", family=None):
    """A listening socket on a free port of ADDRESS, or on a path."""
    family = family or (socket.AF_UNIX if address.startswith("/") else socket.AF_INET)
    s = socket.socket(family)
    s.bind(address if family == socket.AF_UNIX else (address, 0))
    s.listen(16)
    return s


def text_of(s):
    """The address of the socket S as STATUS= has it."""
    name = s.getsockname()
    return f"unix:{name}" if isinstance(name, str) else "{}:{}".format(*name[:2])


def passing(*named, pid="$$", count=None):
    """
    How a daemon is started that gets these (NAME, SOCKET) as systemd passes them: options of daemon().  PID and
    COUNT: what LISTEN_PID and LISTEN_FDS say instead of the truth.
    """
    fds = [fcntl.fcntl(s, fcntl.F_DUPFD, HIGH) for _, s in named]
    moves = "".join(f"exec {3 + i}<&{fd} {fd}<&-\n" for i, fd in enumerate(fds))
    names = ":".join(name for name, _ in named)
    script = (
        f"{moves}export LISTEN_PID={pid} LISTEN_FDS={len(fds) if count is None else count} LISTEN_FDNAMES={names}\n"
        'exec "$@"'
    )
    return {"wrap": ("bash", "-c", script, "bash"), "pass_fds": tuple(fds)}
