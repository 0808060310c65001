# SPDX-License-Identifier: MIT
"""Stands in for systemd, which no test boots: passes sockets, reads the log."""

import fcntl
import socket

from waiting import readable, until

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


# ---- the journal and syslog, in a mount namespace of the daemon's own ----

# stderr seems to be the journal's.
STREAM = ("sh", "-c", 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"', "sh")


def journal_in(place):
    """A command before the daemon's for which the directory PLACE is /run/systemd/journal."""
    script = 'mount -t tmpfs none /run && mkdir /run/systemd && ln -s "$0" /run/systemd/journal && exec "$@"'
    return ("unshare", "-m", "sh", "-c", script, str(place))


def syslog_at(file):
    """A command before the daemon's for which FILE is /dev/log."""
    script = (
        'd=$(dirname "$0")/dev; mkdir "$d" && mount -t tmpfs none "$d" && ln -s "$0" "$d/log" || exit; '
        'for x in null zero urandom; do touch "$d/$x" && mount --bind /dev/$x "$d/$x" || exit; done; '
        'mount --rbind "$d" /dev && exec "$@"'
    )
    return ("unshare", "-m", "sh", "-c", script, str(file))


class Datagrams:
    """A socket that collects what is sent to it, as text."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.all = []

    def find(self, wanted):
        """The first datagram that the function WANTED likes, once it is there."""
        return until(lambda: self._find(wanted), lambda: "such a datagram in\n" + "\n".join(self.all))

    def _find(self, wanted):
        while readable(self.socket, 0):
            self.all.append(self.socket.recv(65536).decode())
        return next(filter(wanted, self.all), None)

    def close(self):
        self.socket.close()


def fields(entry):
    """The fields of a journal entry; each is there once."""
    pairs = [line.partition("=") for line in entry.split("\n")[:-1]]
    assert len({name for name, _, _ in pairs}) == len(pairs), entry
    return {name: value for name, _, value in pairs}


# Binds the ports, all addresses of both families, and becomes the command.
ACTIVATE = """
import os, socket, sys
name, ports, *command = sys.argv[1:]
ports = ports.split()
for fd, port in enumerate(ports, 3):
    s = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    if s.fileno() != fd:
        os.dup2(s.fileno(), fd)
        s.close()
    os.set_inheritable(fd, True)
    s.detach()
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(ports)))
os.environ["LISTEN_FDNAMES"] = ":".join(name for _ in ports)
os.execv(command[0], command)
"""


def activating(name, ports):
    """A wrap that passes sockets on PORTS, as NAME, bound where the daemon is: in its network namespace."""
    return ("/usr/bin/python3", "-c", ACTIVATE, name, " ".join(map(str, ports)))
