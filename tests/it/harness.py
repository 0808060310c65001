# SPDX-License-Identifier: MIT
"""Runs a wsbridged of its own for a test and hands out connections to it."""

import contextlib
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import threading
from pathlib import Path

import procfs
from client import Client
from rawws import RawWS, Response, request
from tlssock import TlsSock, context
from waiting import TIMEOUT, readable, until

ROOT = Path(__file__).resolve().parents[2]
WSBRIDGED = os.environ.get("WSBRIDGED") or str(ROOT / "build" / "wsbridged")

# The environment that every daemon starts with; nothing else of ours reaches it.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "USER": "tester",
    "SHELL": "/bin/false",
    "LANG": "C.UTF-8",
    "TZ": "Europe/Vaduz",
    "RUNTIME_DIRECTORY": "/nonexistent",  # so that no control socket is anywhere else
    "ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99",
}

# A network namespace whose loopback also answers for addresses that are no loopback addresses: 192.0.2.1, and
# three of IPv6, of which two are of one /64.
OWN_NETWORK = (
    "unshare",
    "-n",
    "sh",
    "-c",
    "ip link set lo up && for a in 192.0.2.1/32 2001:db8:0:1::1/128 2001:db8:0:1:ffff::1/128 2001:db8:0:2::1/128; "
    'do ip addr add $a dev lo || exit; done && exec "$@"',
    "sh",
)

CANARY = "[/canary]\nexec = cat\n"


def with_canary(ini):
    """INI with a free port to listen on, unless it names its own, and with the canary's path."""
    if not re.search(r"^listen\s*=", ini, re.M):
        if re.search(r"^\[server\]", ini, re.M):
            ini = re.sub(r"^\[server\]", "[server]\nlisten = 127.0.0.1:0", ini, count=1, flags=re.M)
        else:
            ini = "[server]\nlisten = 127.0.0.1:0\n" + ini
    return ini.rstrip("\n") + "\n" + CANARY


def say_who(argv, cwd=None):
    """
    Root starts no daemon that is not told whom to become: where the file that ARGV names leaves that open, a
    drop-in says that it stays root.
    """
    words = [str(word) for word in argv]
    names = [b for a, b in zip(words, words[1:]) if a == "-c"]
    if os.geteuid() != 0 or not names or {"--", "-t", "-T"} & set(words):
        return
    file = Path(cwd or ".", names[0])
    server = re.sub(rb"^\[control\][^[]*", b"", file.read_bytes(), flags=re.M) if file.exists() else b"user ="
    if not re.search(rb"^(user|group)\s*=", server, re.M):
        place = file.with_suffix(".d")
        place.mkdir(exist_ok=True)
        (place / "00-harness.ini").write_text("[server]\nuser = root\n")


def hand_down(directory, mode):
    """What is made in DIRECTORY may have no more than MODE, whatever the umask: its default ACL."""
    entries = [(0x01, mode >> 6), (0x04, mode >> 3 & 7), (0x20, mode & 7)]  # the owner, the group, the others
    acl = b"".join(struct.pack("<HHI", tag, bits, 0xFFFFFFFF) for tag, bits in entries)
    os.setxattr(directory, "system.posix_acl_default", struct.pack("<I", 2) + acl)


def is_sanitized(binary=WSBRIDGED):
    """Whether BINARY holds memory of its own for its checks: sanitizers, or a script that starts valgrind."""
    with open(binary, "rb") as f:
        data = f.read()
        return b"__asan_init" in data or is_valgrind(binary)


def is_valgrind(binary=WSBRIDGED):
    """Whether BINARY is a script that starts valgrind."""
    with open(binary, "rb") as f:
        return f.read(2) == b"#!"


class Collector:
    """
    Reads a pipe to its end in a thread, so that its writer never waits.  What was written before text() is asked
    for is in it, whether or not the thread has had its turn.
    """

    def __init__(self, pipe):
        self.pipe, self.data, self.ended, self.lock = pipe, bytearray(), False, threading.Lock()
        os.set_blocking(pipe.fileno(), False)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        poll = select.poll()
        poll.register(self.pipe, select.POLLIN)
        with self.pipe:
            while not self.ended:
                poll.poll()
                self._take()

    def _take(self):
        """What there is: a pipe holds less than that."""
        with self.lock, contextlib.suppress(BlockingIOError):
            if not self.ended:
                chunk = os.read(self.pipe.fileno(), 1 << 20)
                self.data += chunk
                self.ended = not chunk

    def text(self):
        self._take()
        return bytes(self.data).decode("utf-8", "backslashreplace")


class Daemon:
    """
    A running wsbridged.  ARGV are its arguments; RUNDIR a short directory for sockets; WRAP a command that
    execs its arguments.  own_network: daemon and clients live in a network namespace of their own.
    """

    def __init__(self, argv, rundir, env=None, wrap=(), own_network=False, cwd=None, pass_fds=()):
        self.rundir, self.own_network = rundir, own_network
        self.clients, self.notes, self.addresses = [], [], []
        self.context, self.session = context(), None  # of clients that speak TLS
        self.canary = self.baseline = None
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify_path = os.path.join(rundir, "notify")
        self.notify.bind(notify_path)
        os.chmod(rundir, 0o711)  # a daemon that has become another user still says that it is ready
        os.chmod(notify_path, 0o777)
        own = {"NOTIFY_SOCKET": notify_path, "RUNTIME_DIRECTORY": rundir}
        env = {**ENVIRONMENT, **(env or {}), **own}
        say_who(argv, cwd or rundir)
        argv = [*wrap, *(OWN_NETWORK if own_network else ()), WSBRIDGED, *argv]
        self.process = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd or rundir,
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.pid = self.process.pid
        self.stderr, self.stdout = Collector(self.process.stderr), Collector(self.process.stdout)

    # ---- what it says ----

    def log(self):
        return self.stderr.text()

    def out(self):
        return self.stdout.text()

    def wait_log(self, pattern, timeout=TIMEOUT):
        """The match of PATTERN in a line of the log, once it is there."""
        return until(
            lambda: re.search(pattern, self.log(), re.M),
            lambda: f"/{pattern}/ in the log:\n{self.log()}",
            timeout,
        )

    def _read_notes(self, timeout):
        while readable(self.notify, timeout):
            self.notes += self.notify.recv(65536).decode().split("\n")
            timeout = 0

    def wait_note(self, pattern, timeout=TIMEOUT):
        """The match of PATTERN with a line that was sent to NOTIFY_SOCKET, once it was."""
        return until(lambda: self._find_note(pattern), f"/{pattern}/ at NOTIFY_SOCKET", timeout)

    def _find_note(self, pattern):
        self._read_notes(0.005)
        return next((m for m in (re.fullmatch(pattern, note) for note in self.notes) if m), None)

    def count_notes(self, note):
        """How often NOTE was sent to NOTIFY_SOCKET so far."""
        self._read_notes(0.005)
        return self.notes.count(note)

    def wait_ready(self):
        until(
            lambda: self._find_note("READY=1") or self.process.poll() is not None,
            "READY=1 at NOTIFY_SOCKET",
            3 * TIMEOUT,
        )
        if not self._find_note("READY=1"):
            self.wait_exit()
            raise AssertionError(
                f"ended with {self.process.returncode} before READY=1:\n{self.log()}{self.out()}"
            )
        note = self.wait_note(r"STATUS=listening on (.*)")
        self.addresses = [word.strip() for word in note.group(1).split(",")]

    def assert_alive(self):
        status = self.process.poll()
        assert status is None, f"the daemon has ended with {status}"

    def wait_exit(self, timeout=TIMEOUT):
        """Its exit status, negative for a signal."""
        status = self.process.wait(timeout)
        self.stderr.thread.join(timeout)
        self.stdout.thread.join(timeout)
        return status

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    # ---- where it listens ----

    @property
    def address(self):
        return self.addresses[0]

    @property
    def port(self):
        address = next(a for a in self.addresses if not a.startswith("unix:"))
        return int(address.removesuffix(" tls").rpartition(":")[2])

    @property
    def host(self):
        """What a client says in Host."""
        return "localhost" if self.address.startswith("unix:") else self.address.removesuffix(" tls")

    def url(self, path):
        if self.address.startswith("unix:"):
            return f"{self.address}:{path}"
        return f"{'wss' if self.address.endswith(' tls') else 'ws'}://{self.host}{path}"

    def connect(self, address=None, receive_buffer=None, bind=None, plain=False):
        """A TCP or Unix connection to ADDRESS as STATUS= tells it, or to the first; TLS unless PLAIN."""
        address = address or self.address
        tls = address.endswith(" tls") and not plain
        address = address.removesuffix(" tls")
        if address.startswith("unix:"):
            family, to = socket.AF_UNIX, address[5:]
        else:
            host, _, port = address.rpartition(":")
            family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
            to = (host.strip("[]"), int(port))
        sock = procfs.socket_in(self.pid, family) if self.own_network else socket.socket(family)
        self.clients.append(sock)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if bind:
            sock.bind((bind, 0))
        sock.settimeout(TIMEOUT)
        sock.connect(to)
        if tls:
            sock = self.clients[-1] = TlsSock(sock, self.context, session=self.session)
        return sock

    # ---- clients ----

    def handshake(self, path, fields=(), host=None, receive_buffer=None, address=None, bind=None, **how):
        """A raw client after the server's answer, whatever that is.  HOW: key, version, without."""
        sock = self.connect(address, receive_buffer, bind)
        return RawWS(sock, request(path, host or self.host, fields, **how))

    def ws(self, path, fields=(), **how):
        """A raw client on an open WebSocket."""
        raw = self.handshake(path, fields, **how)
        assert raw.response.status == 101, raw.response
        return raw

    def client(self, path, **options):
        """An ordinary client on an open WebSocket."""
        if self.address.endswith(" tls"):
            options = {"ssl": self.context, **options}
        client = Client(self.url(path), **options)
        self.clients.append(client)
        return client

    def raw(self, address=None):
        """A raw client that has not said anything yet."""
        return RawWS(self.connect(address), None)

    def abandon_clients(self):
        for client in self.clients:
            (client.abandon if isinstance(client, Client) else client.close)()
        self.clients = []

    def open_canary(self, path):
        self.canary = self.ws(path)
        self.clients.remove(self.canary.sock)
        assert self.canary.echoes("canary")

    def kill(self):
        """Whatever happened: nothing of it is left."""
        self.abandon_clients()
        if self.canary:
            self.canary.sock.close()
        if self.process.poll() is None:
            left = procfs.descendants(self.pid)
            self.process.kill()
            self.process.wait()
            procfs.kill(left)
        self.notify.close()
        self.stderr.thread.join(1)


def free_port():
    """A port to listen on, below those that the kernel hands out to everybody: nobody else gets it meanwhile."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        low = int(f.read().split()[0])
    while True:
        port = random.randrange(low // 2, low)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("", port))
            return port


def http(d, raw, address=None):
    """The whole answer of D to the bytes RAW."""
    client = RawWS(d.connect(address), None)
    client.send_bytes(raw)
    return client.read_response()


AFTER_A_SHIM = ENVIRONMENT["ASAN_OPTIONS"] + ":verify_asan_link_order=0"


def preloaded(tmp_path, source):
    """The environment of a daemon that finds the functions of SOURCE, in C, before those of libc."""
    shim = tmp_path / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", shim, "-"], input=source, text=True, check=True)
    return {"LD_PRELOAD": str(shim), "ASAN_OPTIONS": AFTER_A_SHIM}


def get(d, path, fields=(), method="GET"):
    head = f"{method} {path} HTTP/1.1\r\nHost: {d.host}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields)
    return http(d, head.encode() + b"\r\n")


def run(*argv, env=None, cwd=None, timeout=TIMEOUT):
    """wsbridged with ARGV to its end: a CompletedProcess with text."""
    say_who(argv, cwd)
    return subprocess.run(
        [WSBRIDGED, *map(str, argv)],
        env={**ENVIRONMENT, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=timeout,
    )


__all__ = [
    "Daemon",
    "Response",
    "free_port",
    "get",
    "http",
    "run",
    "with_canary",
    "is_sanitized",
    "is_valgrind",
    "ROOT",
    "WSBRIDGED",
    "ENVIRONMENT",
]
