# SPDX-License-Identifier: MIT
"""Limits: how many clients, how fast, how large, and what the one too many is told."""

import grp
import select
import socket
import struct
import subprocess
import time

import procfs
import pytest
from harness import ENVIRONMENT, get, hand_down, with_canary
from rawws import BINARY, CONT, PING, PONG, TEXT, Closed, RawWS, encode, request
from systemd import listening, passing
from test_reload import reload
from waiting import TIMEOUT, until, within

ECHO = "[/echo]\nexec = cat\n"


def comes_through(d, path="/echo", **how):
    """A client for which there is room soon: that of another may still be on its way back."""

    def attempt():
        raw = d.handshake(path, **how)
        return raw if raw.response.status == 101 else raw.sock.close()

    return until(attempt, "room for another client")


# ---- max_connections and full ----


@pytest.mark.key("max_connections", "full")
@pytest.mark.parametrize("setting", ["", "full = http\n"])
def test_the_client_too_many_is_503_until_another_has_left(daemon, setting):
    d = daemon(f"[limits]\nmax_connections = 3\n{setting}" + ECHO)  # the canary is one
    first, second = d.ws("/echo"), d.ws("/echo")
    answer = d.handshake("/echo").response
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    d.wait_log("max_connections")
    first.finish()
    assert comes_through(d).echoes() and second.echoes()


@pytest.mark.key("full")
def test_the_client_too_many_can_be_told_by_a_close_code(daemon):
    """A page cannot see a 503, but it can see 1013."""
    d = daemon(
        "[limits]\nmax_connections = 2\nfull = close\n[/echo]\nexec = cat\n[/few]\nexec = cat\n"
        "max_processes = 1\n"
    )
    first = d.ws("/few")
    ws = d.ws("/echo")
    code, reason = ws.closed()
    assert code == 1013 and reason
    ws.close(1013)
    assert ws.end() == "FIN"
    assert first.echoes()


@pytest.mark.key("full")
def test_those_who_were_told_that_it_is_full_do_not_keep_it_full(daemon):
    d = daemon("[limits]\nmax_connections = 2\nmax_handshakes = 3\nfull = close\n" + ECHO)
    first = d.ws("/echo")
    for _ in range(3):
        assert d.ws("/echo").closed()[0] == 1013  # and is waited for
    assert d.handshake("/echo").response.status == 503, "they are few, too"
    first.finish()

    def attempt():
        raw = d.handshake("/echo")
        try:
            return raw.response.status == 101 and raw.echoes() and raw
        except Closed:
            return None

    assert until(attempt, "room for another client").echoes()


@pytest.mark.key("full", "max_processes")
def test_a_path_that_is_full_can_say_so_by_a_close_code_too(daemon):
    d = daemon("[limits]\nfull = close\n[/few]\nexec = cat\nmax_processes = 1\n")
    first = d.ws("/few")
    ws = d.ws("/few")
    assert ws.closed()[0] == 1013
    assert first.echoes()


@pytest.mark.key("max_connections")
def test_a_client_too_many_starts_no_program(daemon, tmp_path):
    trace = tmp_path / "trace"
    d = daemon(f"[limits]\nmax_connections = 2\n[/trace]\nshell = echo started >> {trace}; exec cat\n")
    ws = d.ws("/trace")
    assert ws.echoes()
    assert d.handshake("/trace").response.status == 503
    assert trace.read_text() == "started\n"


# ---- max_per_address ----


@pytest.mark.key("max_per_address")
def test_one_address_may_have_so_many_clients(daemon):
    """In a network namespace, because loopback is exempt."""
    d = daemon("[server]\nlisten = 0.0.0.0:0\n[limits]\nmax_per_address = 2\n" + ECHO, own_network=True)
    away = {"address": f"192.0.2.1:{d.port}", "bind": "192.0.2.1"}
    first, second = d.ws("/echo", **away), d.ws("/echo", **away)
    answer = d.handshake("/echo", **away).response
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0
    d.wait_log(r"192\.0\.2\.1.*max_per_address|max_per_address.*192\.0\.2\.1")
    near = [d.ws("/echo", address=f"127.0.0.1:{d.port}") for _ in range(4)]
    assert all(ws.echoes() for ws in near), "loopback is exempt"
    first.finish()
    assert comes_through(d, **away).echoes() and second.echoes()


@pytest.mark.key("max_per_address")
def test_of_ipv6_a_whole_64_counts_as_one_address(daemon):
    d = daemon("[server]\nlisten = [::]:0\n[limits]\nmax_per_address = 2\n" + ECHO, own_network=True)

    def client(host):
        return d.handshake("/echo", address=f"[{host}]:{d.port}", bind=host)

    first, second = client("2001:db8:0:1::1"), client("2001:db8:0:1:ffff::1")
    assert first.echoes() and second.echoes()
    assert client("2001:db8:0:1::1").response.status == 429
    assert client("2001:db8:0:1:ffff::1").response.status == 429
    assert client("2001:db8:0:2::1").echoes(), "another /64"


# ---- handshakes ----


@pytest.mark.key("max_handshakes")
def test_one_handshake_too_many_evicts_the_oldest(daemon):
    d = daemon("[limits]\nmax_handshakes = 3\n" + ECHO)
    open_one = d.ws("/echo")
    waiting = []
    for _ in range(3):
        waiting.append(d.raw())
        waiting[-1].send_bytes(b"GET /echo HTTP/1.1\r\n")
        until(
            lambda: len(procfs.descriptors(d.pid)) >= len(d.baseline.descriptors) + 3 + len(waiting),
            "it is accepted",
        )
    fresh = d.raw()
    fresh.send_bytes(request("/echo", d.host))
    assert fresh.read_response().status == 101 and fresh.echoes()
    waiting[0].sock.settimeout(TIMEOUT)
    try:
        while waiting[0].sock.recv(4096):
            pass
    except ConnectionResetError:
        pass
    for late in waiting[1:]:
        late.send_bytes(request("/echo", d.host).partition(b"\r\n")[2])
        assert late.read_response().status == 101
    assert open_one.echoes()


@pytest.mark.key("accept_rate")
def test_connections_beyond_the_rate_wait(daemon):
    """25 at 10/s: 5 to 10 at once, the others one by one; without the limit all take milliseconds."""
    d = daemon("[limits]\naccept_rate = 10/s\n" + ECHO)
    began = time.monotonic()
    clients = [RawWS(d.connect(), None) for _ in range(25)]
    for client in clients:
        client.send_bytes(request("/echo", d.host))
    for client in clients:
        assert client.read_response().status == 101
    assert time.monotonic() - began > 1.0
    assert all(client.echoes() for client in clients)


@pytest.mark.key("accept_rate")
def test_no_rate_is_no_limit(daemon):
    d = daemon("[limits]\naccept_rate = 0\n" + ECHO)
    for _ in range(250):
        assert get(d, "/nothing").status == 404
        d.abandon_clients()


# ---- the sockets ----


@pytest.mark.key("listen")
def test_it_listens_where_it_is_told(daemon, rundir):
    d = daemon(
        f"[server]\nlisten = 127.0.0.1:0\nlisten = [::1]:0\nlisten = unix:{rundir}/s mode=0640\n"
        "listen = 127.0.0.2:0\n" + ECHO
    )
    assert [a.rpartition(":")[0] for a in d.addresses] == ["127.0.0.1", "[::1]", "unix", "127.0.0.2"]
    assert d.addresses[2] == f"unix:{rundir}/s"
    for address in d.addresses:
        assert d.ws("/echo", address=address).echoes(), address
    assert (rundir / "s").stat().st_mode & 0o7777 == 0o640
    with pytest.raises(ConnectionRefusedError):
        d.connect(f"127.0.0.3:{d.port}")
    for address in d.addresses:
        assert address in d.log(), "the ports that the kernel picked are logged"


@pytest.mark.key("listen")
def test_a_unix_socket_has_the_mode_it_is_given_whatever_the_umask(daemon, rundir):
    wrap = ("sh", "-c", 'umask 0077; exec "$@"', "sh")
    d = daemon(f"[server]\nlisten = unix:{rundir}/s mode=0666 group=nogroup\n" + ECHO, wrap=wrap)
    stat = (rundir / "s").stat()
    assert stat.st_mode & 0o7777 == 0o666
    assert grp.getgrgid(stat.st_gid).gr_name == "nogroup"
    client = d.client("/echo")
    client.send("over unix")
    assert client.recv() == "over unix"


@pytest.mark.key("listen")
@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="LeakSanitizer wants /proc at the end")
def test_a_unix_socket_has_its_mode_also_where_there_is_no_proc(daemon, rundir):
    wrap = ("unshare", "-m", "sh", "-c", 'umask 0077; mount -t tmpfs none /proc && exec "$@"', "sh")
    d = daemon(f"[server]\nlisten = unix:{rundir}/s mode=0666\n" + ECHO, wrap=wrap)
    assert (rundir / "s").stat().st_mode & 0o7777 == 0o666
    assert d.ws("/echo").echoes()
    d.kill()


@pytest.mark.key("listen")
def test_a_unix_socket_has_its_mode_whatever_its_directory_hands_down(daemon, rundir):
    hand_down(rundir, 0o640)
    daemon(f"[server]\nlisten = unix:{rundir}/s mode=0626\n" + ECHO)
    assert (rundir / "s").stat().st_mode & 0o7777 == 0o626


@pytest.mark.key("listen")
def test_a_socket_file_that_nobody_listens_on_is_replaced(daemon, rundir):
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(f"{rundir}/s")
    stale.close()
    d = daemon(f"[server]\nlisten = unix:{rundir}/s\n" + ECHO)
    assert d.ws("/echo").echoes()


@pytest.mark.key("backlog")
def test_the_backlog_is_the_kernels(daemon):
    d = daemon("[server]\nbacklog = 17\n" + ECHO)
    listening = subprocess.run(
        ["ss", "-ltnH", f"sport = :{d.port}"], capture_output=True, text=True, check=True
    ).stdout
    assert listening.split()[2] == "17", listening


@pytest.mark.key("nodelay")
@pytest.mark.parametrize(
    "setting, value", [("", 1), ("[socket]\nnodelay = yes\n", 1), ("[socket]\nnodelay = no\n", 0)]
)
def test_small_messages_are_sent_at_once_unless_nagle_is_wanted(daemon, setting, value):
    d = daemon(setting + ECHO)
    ws = d.ws("/echo")
    with procfs.peer_socket(d.pid, ws.sock) as peer:
        assert bool(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)) == bool(value)


def test_every_socket_is_closed_on_exec(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    with procfs.peer_socket(d.pid, ws.sock):
        pass
    for fd in procfs.descriptors(d.pid):
        if fd > 2:
            with open(f"/proc/{d.pid}/fdinfo/{fd}") as f:
                flags = int(f.read().split("flags:")[1].split()[0], 8)
            assert flags & 0o2000000, f"descriptor {fd} of the daemon has no O_CLOEXEC"


SOCKET_OPTIONS = {
    "unsent": (socket.IPPROTO_TCP, 25),  # TCP_NOTSENT_LOWAT
    "keepalive": (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    "keepalive_time": (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    "keepalive_interval": (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
    "keepalive_probes": (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    "send_timeout": (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
}


@pytest.mark.key("unsent", "keepalive_time", "keepalive_interval", "keepalive_probes", "send_timeout")
@pytest.mark.parametrize(
    "ini, options",
    [
        (
            "",
            {
                "unsent": 0,
                "keepalive": 1,
                "keepalive_time": 120,
                "keepalive_interval": 15,
                "keepalive_probes": 4,
                "send_timeout": 60_000,
            },
        ),
        (
            "[socket]\nunsent = 16k\nkeepalive_time = 90s\nkeepalive_interval = 1500ms\nkeepalive_probes = 9\n"
            "[defaults]\nsend_timeout = 7500ms\n",
            {
                "unsent": 16 * 1024,
                "keepalive": 1,
                "keepalive_time": 90,
                "keepalive_interval": 2,
                "keepalive_probes": 9,
                "send_timeout": 7500,
            },
        ),
        (
            "[socket]\nkeepalive_time = 0\n[defaults]\nsend_timeout = 0\n",
            {"keepalive": 0, "send_timeout": 0},
        ),
    ],
)
def test_the_kernel_is_told_about_slow_and_silent_clients(daemon, ini, options):
    d = daemon(ini + ECHO)
    ws = d.ws("/echo")
    with procfs.peer_socket(d.pid, ws.sock) as peer:
        seen = {name: peer.getsockopt(*SOCKET_OPTIONS[name]) for name in options}
    assert seen == options
    assert ws.echoes()


def options_of(d):
    """What the kernel is told about a client that comes now."""
    ws = d.ws("/echo")
    with procfs.peer_socket(d.pid, ws.sock) as peer:
        return {name: peer.getsockopt(*where) for name, where in SOCKET_OPTIONS.items()} | {
            "nodelay": peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        }


@pytest.mark.key("nodelay", "unsent", "keepalive_time", "keepalive_interval", "keepalive_probes")
@pytest.mark.parametrize("passed", [False, True], ids=["own", "of systemd"])
def test_a_reload_changes_what_the_kernel_is_told_of_clients_that_come_later(daemon, passed):
    server = "[server]\nlisten = systemd:web\n" if passed else ""
    d = daemon(server + ECHO, **(passing(("web", listening())) if passed else {}))
    usual = options_of(d)
    assert usual["nodelay"] and usual["keepalive"] and usual["keepalive_time"] == 120
    other = "nodelay = no\nunsent = 16k\nkeepalive_time = 90s\nkeepalive_interval = 7s\nkeepalive_probes = 9\n"
    reload(d, with_canary(f"{server}[socket]\n{other}" + ECHO))
    assert options_of(d) == usual | {
        "nodelay": 0,
        "unsent": 16 * 1024,
        "keepalive_time": 90,
        "keepalive_interval": 7,
        "keepalive_probes": 9,
    }
    reload(d, with_canary(f"{server}[socket]\nkeepalive_time = 0\n" + ECHO))
    assert options_of(d)["keepalive"] == 0
    reload(d, with_canary(server + ECHO))
    assert options_of(d) == usual


@pytest.mark.key("unsent")
def test_the_kernel_takes_little_beyond_what_is_under_way(daemon):
    """What a client that reads nothing leaves in the daemon's kernel, against the megabytes of its own choice."""
    d = daemon("[socket]\nunsent = 64k\n[/flood]\nexec = cat /dev/zero\nframe = raw\nqueue = 64k\neof_timeout = 50ms\n")
    ws = d.ws("/flood", receive_buffer=4096)
    with procfs.peer_socket(d.pid, ws.sock) as peer:
        until(lambda: at_rest(d) and procfs.unsent(peer) > 0, "the program has to wait")
        assert procfs.unsent(peer) < 192 * 1024


# ---- rates ----


@pytest.mark.key("message_rate")
def test_messages_beyond_the_rate_close_the_session_1008(daemon):
    d = daemon("[/echo]\nexec = cat\nmessage_rate = 10/s\n")
    began = time.monotonic()
    ws = d.ws("/echo")
    for i in range(10):
        ws.text(f"{i}")
    assert [ws.recv() for _ in range(10)] == [f"{i}" for i in range(10)]
    ws.send_bytes(encode(TEXT, b"too many") * 100)
    messages, code, reason = ws.recv_until_close()
    assert (code, "message_rate" in reason) == (1008, True)
    assert len(messages) <= 10 * (time.monotonic() - began)
    ws.close(1008)
    assert ws.end() == "FIN"


@pytest.mark.key("message_rate")
def test_messages_at_the_rate_pass_and_fragments_and_pings_do_not_count(daemon):
    d = daemon(
        "[/echo]\nexec = cat\nframe = raw\nmessage_rate = 5/s\n"
    )
    ws = d.ws("/echo")
    for _ in range(30):
        ws.send(PING)
    for i in range(100):
        ws.send(CONT if i else BINARY, b"x", fin=i == 99)
    for _ in range(4):
        ws.binary(b"y")
    for _ in range(30):
        assert next_but_data(ws).opcode == PONG
    for _ in range(6):
        pass_by(0.25)  # at least one message more, once the one before has been counted
        ws.binary(b"z")
        ws.send(PING, b"open")
        assert next_but_data(ws).payload == b"open"


def pass_by(seconds):
    """Nothing happens for so long."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, "time passes")


def next_but_data(ws):
    while True:
        frame = ws.frame()
        if frame.opcode != BINARY:
            return frame


@pytest.mark.key("message_rate")
def test_no_message_rate_is_no_limit(daemon):
    ws = daemon("[/echo]\nexec = cat\n").ws("/echo")
    for i in range(3000):
        ws.text("m")
    assert [ws.recv() for _ in range(3000)] == ["m"] * 3000


# ---- when the kernel has no more ----


def at_rest(d):
    before = procfs.cpu_seconds(d.pid)
    select.select([], [], [], 0.2)
    return before == procfs.cpu_seconds(d.pid)


def wait_for_seconds(clock, n):
    for _ in range(4 * n + 1):
        assert clock.recv() == "tick"


CLOCK = "[/clock]\nshell = while :; do echo tick; sleep 0.25; done\neof_timeout = 50ms\n"


def test_clients_that_wait_for_descriptors_cost_nothing_and_are_served_soon(daemon):
    wrap = ("sh", "-c", 'ulimit -n 44; exec "$@"', "sh")
    d = daemon("[limits]\nhandshake_timeout = 1m\n" + ECHO + CLOCK, wrap=wrap)
    clock, open_one = d.ws("/clock"), d.ws("/echo")
    hogs = [d.raw() for _ in range(30)]
    until(lambda: len(procfs.descriptors(d.pid)) >= 39, "it has no descriptor left")
    before = procfs.cpu_seconds(d.pid)
    waiting = [d.raw() for _ in range(40)]
    wait_for_seconds(clock, 2)
    within(0.1, procfs.cpu_seconds(d.pid) - before, "seconds of CPU time in two: a busy loop")
    assert open_one.echoes()
    for hog in hogs:
        hog.sock.close()
    freed = time.monotonic()
    for raw in waiting:
        raw.sock.close()
    assert comes_through(d).echoes()
    within(3, time.monotonic() - freed, "seconds until it goes on")


# accept4(2) fails as the file says; for what needs no such file of its own, the kernel is asked.
ACCEPT_SHIM = """
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
	if (access(FULL, F_OK) == 0) {
		errno = ENFILE;
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, a, n, flags);
}
"""


def test_when_the_whole_system_has_no_descriptors_left_clients_wait_and_the_daemon_does_not_spin(
    daemon, tmp_path
):
    """root is above fs.file-max, so that accept4(2) has to be replaced."""
    source, shim, full = tmp_path / "shim.c", tmp_path / "shim.so", tmp_path / "full"
    source.write_text(f'#define FULL "{full}"\n{ACCEPT_SHIM}')
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source], check=True)
    asan = ENVIRONMENT["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    d = daemon(ECHO + CLOCK, env={"LD_PRELOAD": str(shim), "ASAN_OPTIONS": asan})
    clock, open_one = d.ws("/clock"), d.ws("/echo")
    full.touch()
    waiting = d.raw()
    waiting.send_bytes(request("/echo", d.host))
    before = procfs.cpu_seconds(d.pid)
    wait_for_seconds(clock, 2)
    within(0.1, procfs.cpu_seconds(d.pid) - before, "seconds of CPU time in two: a busy loop")
    assert open_one.echoes()
    full.unlink()
    freed = time.monotonic()
    assert waiting.read_response().status == 101
    within(3, time.monotonic() - freed, "seconds until it goes on")
    assert waiting.echoes()


def test_a_program_that_cannot_be_forked_is_503_and_the_others_go_on(daemon):
    """RLIMIT_NPROC binds nobody who is root: a user of its own, who may still read its files."""
    user = ("setpriv", "--reuid=61234", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    d = daemon(ECHO, wrap=("prlimit", "--nproc=4:4", *user))
    first, second = d.ws("/echo"), d.ws("/echo")
    answer = d.handshake("/echo").response
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    d.wait_log("clone: Resource temporarily unavailable")
    assert first.echoes()
    second.finish()
    assert comes_through(d).echoes() and first.echoes()


def test_running_out_of_descriptors_refuses_that_client_and_keeps_the_rest(daemon):
    wrap = ("sh", "-c", 'ulimit -n 44; exec "$@"', "sh")
    d = daemon(ECHO, wrap=wrap)
    open_one = d.ws("/echo")
    outcomes = []
    for _ in range(40):
        sock = d.connect()
        try:
            sock.sendall(request("/echo", d.host))
            outcomes.append(sock.recv(4096)[9:12].decode())
        except (ConnectionResetError, BrokenPipeError):
            outcomes.append("")
        except TimeoutError:
            outcomes.append("timeout")
        if outcomes[-1] != "101":
            break
    assert 3 < outcomes.count("101") < 40
    assert outcomes[-1] in ("", "503", "502", "500"), outcomes
    before = procfs.cpu_seconds(d.pid)
    assert open_one.echoes()
    within(0.5, procfs.cpu_seconds(d.pid) - before, "seconds of CPU time: a busy loop")
    d.abandon_clients()
    assert comes_through(d).echoes(), "the listener goes on"


def test_a_thousand_connections_that_only_come_and_go_leave_nothing(daemon):
    d = daemon("[limits]\naccept_rate = 0\n" + ECHO)
    for i in range(1000):
        sock = d.connect()
        if i % 3 == 0:
            sock.sendall(b"GET ")
        if i % 3 == 1:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    d.clients = []
    assert d.ws("/echo").echoes()
