# SPDX-License-Identifier: MIT
"""The servers that are measured: how each is started for a row, and where it then listens."""

import atexit
import functools
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

from rows import INI, PROGRAMS

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/it"))

from waiting import until  # noqa: E402

SERVICE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"  # systemd's, in which a program is looked up
BUILD = pathlib.Path(os.environ.get("B", ROOT / "build"))  # as in the Makefile
START_TIMEOUT = 30  # seconds for a server to come up, and to go down


class Failed(Exception):
    """A server or a run did not do what it should; the text says which, and its log."""


@functools.lru_cache(maxsize=None)
def certificate():
    """Files with a certificate of ECDSA on P-256 and its key, for this run of ours."""
    directory = tempfile.TemporaryDirectory(prefix="wsbridged-bench.")
    atexit.register(directory.cleanup)
    files = directory.name + "/certificate.pem", directory.name + "/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", "/CN=localhost", "-days", "30", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True, timeout=60)
    return files


class Server:
    """A server process on a port of the kernel's choice, ended by the end of the `with`."""

    arguments = []  # that the load generator needs for this kind of server
    path = "/"

    def __init__(self, row, directory):
        self.row = row
        self.directory = directory
        self.log = open(directory / "log", "w+b")

    def __enter__(self):
        self.process = self.start()
        try:
            self.port = self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(START_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def spawn(self, argv, environment=(), **options):
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=self.log,
                                env={**os.environ, "PATH": SERVICE_PATH, **dict(environment)},
                                **{"stdout": self.log, **options})

    def failed(self, what):
        self.log.seek(0)
        said = self.log.read().decode(errors="replace")[-2000:]
        return Failed(f"{self.process.args[0]}: {what}\n{said}")

    def argv(self):
        return PROGRAMS[self.row.program][0]


class Wsbridged(Server):
    """Says where it listens in the datagram that tells systemd that it is ready."""

    def start(self):
        self.path = "/" + self.row.program
        ini = self.directory / "wsbridge.ini"
        ini.write_text(f"{self.settings()}\n[{self.path}]\n{PROGRAMS[self.row.program][1]}\n")
        preload = {"LD_PRELOAD": str(BUILD / "bench/ballast.so")} if self.ballast() else {}
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.directory / "notify"))
        self.notify.settimeout(0.1)
        return self.spawn([str(BUILD / "wsbridged"), "-c", str(ini)],
                          environment={**preload, "NOTIFY_SOCKET": self.notify.getsockname()})

    def settings(self):
        ini = INI
        if os.geteuid() == 0:
            ini = ini.replace("[server]", "[server]\nuser = root", 1)
        if self.row.tls:
            names = dict(zip(("certificate", "key"), certificate()))
            ini = ini.replace("127.0.0.1:0", "127.0.0.1:0 tls", 1)
            ini += "[tls]\n" + "".join(f"{key} = {name}\n" for key, name in names.items())
        return ini

    def ballast(self):
        return self.row.ballast

    def wait_until_ready(self):
        text = ""
        deadline = time.monotonic() + START_TIMEOUT
        with self.notify:
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    text += self.notify.recv(4096).decode() + "\n"
                except TimeoutError:
                    continue
                at = re.search(r"listening on 127\.0\.0\.1:(\d+)", text)
                if "READY=1" in text and at:
                    return int(at.group(1))
        raise self.failed(f"did not become ready; it notified: {text!r}")


class Small(Wsbridged):
    """As large as it is by itself."""

    def ballast(self):
        return False


class Floor(Server):
    """Prints where it listens."""

    arguments = ["--raw"]

    def start(self):
        return self.spawn([str(BUILD / "bench/floor"), *self.argv()],
                          stdout=subprocess.PIPE)

    def wait_until_ready(self):
        with self.process.stdout as stdout:
            at = re.search(rb"listening on 127\.0\.0\.1:(\d+)", stdout.readline())
        if not at:
            raise self.failed("did not start")
        return int(at.group(1))


class Websocketd(Server):
    """Cannot pick a port itself, and is ready when it accepts."""

    def start(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.wanted = s.getsockname()[1]
        if self.row.program == "discard":
            self.arguments = ["--end", "close"]  # it knows no EOF
        binary = "true" if self.row.program == "bytes" else "false"
        tls = []
        if self.row.tls:
            tls = ["--ssl", "--sslcert=" + certificate()[0], "--sslkey=" + certificate()[1]]
        return self.spawn(["websocketd", f"--port={self.wanted}", "--address=127.0.0.1",
                           f"--binary={binary}", *tls, *self.argv()])

    def wait_until_ready(self):
        until(lambda: self.accepts() or self.process.poll() is not None, "websocketd accepts", START_TIMEOUT)
        if self.process.poll() is not None:
            raise self.failed("did not start")
        return self.wanted

    def accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.wanted)).close()
        except ConnectionRefusedError:
            return False
        return True


class NpmWs(Server):
    """Prints where it listens."""

    def start(self):
        script = str(ROOT / "tests/bench/fanout.js")
        return self.spawn(["node", script, *self.argv()], stdout=subprocess.PIPE)

    wait_until_ready = Floor.wait_until_ready


class Libwebsockets(Server):
    """Prints where it listens; echoes by itself, whatever the row's program is."""

    def start(self):
        tls = certificate() if self.row.tls else ()
        return self.spawn([str(BUILD / "bench/lws"), *tls], stdout=subprocess.PIPE)

    wait_until_ready = Floor.wait_until_ready


SERVERS = {"wsbridged": Wsbridged, "floor": Floor, "websocketd": Websocketd, "lws": Libwebsockets,
           "ws": NpmWs, "small": Small}
NEEDS = {"websocketd": "websocketd", "ws": "node", "lws": str(BUILD / "bench/lws")}  # may not be there
