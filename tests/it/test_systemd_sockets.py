# SPDX-License-Identifier: MIT
"""listen = systemd:NAME: sockets that systemd has opened and passes on."""

import os
import re
import socket
import subprocess

import procfs
import pytest
from harness import ENVIRONMENT, WSBRIDGED, Daemon, say_who, with_canary
from inicheck import fails
from systemd import listening, passing, text_of
from test_reload import reload
from waiting import until

ECHO = "[/echo]\nexec = cat\n"
WEB = "[server]\nlisten = systemd:web\n"


def refusal(rundir, ini, **how):
    """What a daemon says that does not start: (exit status, log)."""
    (rundir / "wsbridge.ini").write_text(ini)
    d = Daemon(["-c", str(rundir / "wsbridge.ini")], str(rundir), **how)
    try:
        return d.wait_exit(), d.log()
    finally:
        d.kill()


@pytest.mark.key("listen")
def test_all_sockets_of_a_name_are_listened_on(daemon, rundir):
    a, b, c = listening(), listening("127.0.0.2"), listening(f"{rundir}/s")
    ini = "[server]\nlisten = systemd:local\nlisten = 127.0.0.1:0\nlisten = systemd:web\n"
    d = daemon(ini + ECHO, **passing(("web", a), ("local", c), ("web", b)))
    assert [d.addresses[0], *d.addresses[2:]] == [text_of(s) for s in (c, a, b)]
    for address in d.addresses:
        assert d.ws("/echo", address=address).echoes(), address
    assert "passed" not in d.log()


@pytest.mark.without("descriptors", reason="the early client is there when they are counted first")
@pytest.mark.key("listen")
def test_a_client_that_came_before_the_daemon_is_served(daemon):
    s = listening()
    early = socket.create_connection(s.getsockname())
    early.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    daemon(WEB + ECHO, **passing(("web", s)))
    assert early.recv(12) == b"HTTP/1.1 404"
    early.close()


@pytest.mark.key("listen")
def test_the_words_of_an_address_hold_for_all_its_sockets(daemon):
    ini = "[server]\nlisten = systemd:web\nlisten = systemd:plain redirect=8443\n"
    d = daemon(ini + ECHO, **passing(("web", listening()), ("plain", listening()), ("plain", listening())))
    assert d.ws("/echo").echoes()
    for plain in d.addresses[1:]:
        assert d.handshake("/echo", address=plain).response.headers["location"].startswith("https://")


def test_a_socket_that_was_not_passed_is_told_with_those_that_were(rundir):
    status, log = refusal(rundir, WEB + ECHO, **passing(("http", listening()), ("wsbridged.socket", listening())))
    assert status == 69
    assert re.search(r"wsbridge\.ini:2: error: cannot listen on systemd:web: .*http, wsbridged\.socket", log), log


@pytest.mark.parametrize("how", [{}, {"pid": "1"}, {"count": 0}, {"count": "3x"}, {"pid": "''"}])
def test_nothing_was_passed_or_to_somebody_else(rundir, how):
    status, log = refusal(rundir, WEB + ECHO, **(passing(("web", listening()), **how) if how else {}))
    assert status == 69
    assert "cannot listen on systemd:web: systemd has passed no socket;" in log


def connection():
    server = listening()
    client = socket.create_connection(server.getsockname())
    accepted = server.accept()[0]
    client.close()
    return accepted


@pytest.mark.parametrize(
    "make",
    [
        connection,
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        lambda: socket.socket(socket.AF_INET),
        lambda: open("/dev/null"),
    ],
    ids=["accepted", "datagram", "not listening", "no socket"],
)
def test_what_cannot_be_listened_on_is_refused(rundir, make):
    status, log = refusal(rundir, WEB + ECHO, **passing(("web", listening()), ("web", make())))
    assert status == 69
    assert "cannot listen on systemd:web: descriptor 4 is no listening stream socket" in log


def test_more_than_there_is_is_not_believed(daemon):
    d = daemon(WEB + ECHO, **passing(("web", listening()), count=1000000000))
    assert len(d.addresses) == 1


def test_sockets_without_names_are_called_unknown(daemon):
    d = daemon("[server]\nlisten = systemd:unknown\n" + ECHO, **passing(("", listening()), ("", listening())))
    assert len(d.addresses) == 2


def test_programs_see_neither_the_sockets_nor_the_variables(daemon):
    names = "LISTEN_FDS LISTEN_PID LISTEN_FDNAMES"
    ini = f"[/env]\nexec = env\npass_env = {names}\n[/fds]\nexec = ls -l /proc/self/fd\n"
    d = daemon(WEB + ini, **passing(("web", listening()), ("other", listening())))
    assert not [line for line in d.client("/env").all() if line.startswith("LISTEN")]
    fds = str(d.client("/fds").all())
    assert "pipe" in fds and "socket" not in fds


def test_a_socket_that_nobody_listens_on_is_warned_of(daemon):
    d = daemon(ECHO, **passing(("web", listening())))
    d.wait_log(r"warning: systemd has passed socket 'web' \(descriptor 3\), but there is no listen = systemd:web$")


# ---- reload ----


def test_a_passed_socket_can_go_and_come_back(daemon, rundir):
    s = listening(f"{rundir}/s")
    d = daemon(WEB + "listen = 127.0.0.1:0\n" + ECHO, **passing(("web", s)))
    unix, tcp = d.addresses
    ws = d.ws("/echo", address=unix)
    reload(d, with_canary(ECHO))
    d.wait_log("warning: .*no listen = systemd:web")
    assert os.path.exists(f"{rundir}/s")
    waiting = d.connect(unix)
    waiting.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    reload(d, with_canary(WEB + ECHO))
    assert waiting.recv(12) == b"HTTP/1.1 404", "it waited in the socket's queue"
    assert ws.echoes("still there")
    assert d.ws("/echo", address=unix).echoes()
    reload(d, with_canary(WEB + "listen = 127.0.0.1:0\n[/more]\nexec = cat\n"))
    assert d.ws("/more", address=unix).echoes()


def test_a_reload_that_names_what_was_not_passed_changes_nothing(daemon):
    d = daemon(WEB + ECHO, **passing(("web", listening())))
    reload(d, with_canary(WEB + "listen = systemd:more\n"), "is not taken")
    d.wait_log("cannot listen on systemd:more: systemd has passed no socket of this name .*, but web$")
    assert d.ws("/echo").echoes()


def test_a_reload_that_fails_leaves_what_tcp_is_asked_for_on_a_passed_socket(daemon):
    s = listening()

    def asked():
        return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    d = daemon(ECHO, **passing(("web", s)))
    with listening() as taken:
        reload(d, with_canary(WEB + f"listen = {text_of(taken)}\n" + ECHO), "is not taken")
    assert asked() == (0, 0)
    reload(d, with_canary(WEB + ECHO))
    assert asked() == (1, 1)
    reload(d, with_canary(ECHO))


@pytest.mark.without("canary", "descriptors", "memory", "children", "exit", reason="the test ends the daemon")
def test_the_file_of_a_passed_socket_stays_systemds(daemon, rundir):
    s = listening(f"{rundir}/s")
    d = daemon(WEB + ECHO, canary=None, **passing(("web", s)))
    d.terminate()
    assert d.wait_exit() == 0
    assert os.path.exists(f"{rundir}/s")
    late = socket.socket(socket.AF_UNIX)
    late.connect(f"{rundir}/s")  # systemd starts the next one for him
    late.close()


# ---- the ini ----


def test_what_is_wrong_about_it_is_said(check):
    head = "[server]\nlisten = systemd:web\n"
    fails(check(head + "listen = systemd:web\n" + ECHO), (3, "systemd:web stands there twice"))
    fails(check("[server]\nlisten = systemd:\n" + ECHO), (2, "'' is no name of a socket that systemd passes"))
    fails(check("[server]\nlisten = systemd:a:b\n" + ECHO), (2, "'a:b' is no name"))
    fails(check("[server]\nlisten = systemd:web mode=0600\n" + ECHO), (2, "'mode=0600' is for unix: only"))
    assert check(head + ECHO).status == 0


# ---- the real thing ----


@pytest.mark.key("listen")
def test_systemd_socket_activate_starts_it_with_the_first_client(rundir):
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(f"{rundir}/notify")
    (rundir / "wsbridge.ini").write_text("[server]\nlisten = systemd:front\n" + ECHO)
    say_who(["-c", rundir / "wsbridge.ini"])
    environment = {**ENVIRONMENT, "NOTIFY_SOCKET": f"{rundir}/notify"}
    p = subprocess.Popen(
        ["systemd-socket-activate", "-l", f"{rundir}/s", "--fdname=front"]
        + [f"--setenv={name}={value}" for name, value in environment.items()]
        + [WSBRIDGED, "-c", f"{rundir}/wsbridge.ini"],
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: os.path.exists(f"{rundir}/s"), "the socket is there")
        client = socket.socket(socket.AF_UNIX)
        until(lambda: client.connect_ex(f"{rundir}/s") == 0, "somebody listens")
        notify.settimeout(10)
        assert f"listening on unix:{rundir}/s" in notify.recv(4096).decode()
        client.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.settimeout(10)
        assert client.recv(12) == b"HTTP/1.1 404"
        client.close()
        assert len([d for d in procfs.descriptors(p.pid).values() if "socket" in d]) < 8
    finally:
        p.terminate()
        assert p.wait(10) == 0
    assert os.path.exists(f"{rundir}/s")
