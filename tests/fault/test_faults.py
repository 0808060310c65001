# SPDX-License-Identifier: MIT
"""
One call of the daemon's fails, in every place where it can, while clients come and go: at most one of them is
harmed, the next one is served, nothing is left, and the daemon ends in order.

`make faults` takes every call; else they are at most SAMPLE of each function's.
"""

import base64
import functools
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

import certificates  # noqa: E402
import procfs  # noqa: E402
from aftermath import ALARMS  # noqa: E402
from control import Control, Refused  # noqa: E402
from harness import ROOT, Daemon, get  # noqa: E402
from rawws import Closed  # noqa: E402
from services import Service  # noqa: E402
from services import echo as echo_of  # noqa: E402
from waiting import until  # noqa: E402
from webcontrol import WebControl  # noqa: E402

SHIM = str(ROOT / "build" / "fault" / "shim.so")
SAMPLE = 400
FUNCTIONS = "malloc accept4 socket connect pipe2 clone read write writev sendmsg epoll_ctl".split()

FLOOD = "".join(f"{n}\n" for n in range(1, 20001)).encode()

INI = """\
[server]
listen = 127.0.0.1:0
listen = 127.0.0.1:0 tls
user = root
[tls]
certificate = {certificate}
[web]
metrics = /metrics
dashboard = operate
[logging]
format = text
[/echo]
exec = cat
[/status]
shell = read x; echo "$x"; exit 3
stderr = merge
[/who]
shell = echo "$REMOTE_USER"
auth = staff
[auth staff]
type = htpasswd
file = {directory}/htpasswd
[/files/*]
static = {directory}
[/flood]
shell = seq 20000
frame = raw
[/json]
shell = read open; read message; echo '{{"to":"all","text":"th\u0065re"}}'; echo rubbish; echo '{{"to":"all","close":4001}}'
process = shared
frame = json
linger = 0
[/service]
connect = localhost:{service}
send_proxy = v2
frame = raw
"""


USERS = "joe:$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2\n"  # of "secret"


def harms(action, *args):
    """1 if it fails in a way that a client can see, 0 if not.  A time-out is no such way: nobody hangs."""
    try:
        action(*args)
    except (AssertionError, EOFError, OSError, Closed) as e:
        assert not isinstance(e, TimeoutError), f"{action.__name__} hangs: {e}"
        return 1
    return 0


def echo(client):
    assert client.echoes("a line")


def status(d):
    client = d.ws("/status")
    client.text("hello")
    messages, code, _ = client.recv_until_close()
    client.close(code)
    assert (messages, code) == (["hello"], 4003)


def flood(d):
    client = d.ws("/flood")
    messages, code, _ = client.recv_until_close()
    client.close(code)
    assert code == 1000
    assert b"".join(messages) == FLOOD


def login(d):
    client = d.ws("/who", [("Authorization", "Basic " + base64.b64encode(b"joe:secret").decode())])
    messages, code, _ = client.recv_until_close()
    client.close(code)
    assert (messages, code) == (["joe"], 1000)


def health(d):
    assert get(d, "/healthz").status == 200


def over_tls(d):
    client = d.ws("/echo", address=d.addresses[1])
    echo(client)
    client.finish()


def metrics(d):
    assert b"wsbridge_sessions" in get(d, "/metrics").body


def file(d):
    assert get(d, "/files/htpasswd").text == USERS


class Broken(Exception):
    """An answer that is no JSON, or lacks something: worse than none."""


STATUS = "state version pid uptime file listening clients max_connections handshakes processes clients_so_far in out queue to_programs"


def ask(control):
    """All of CONTROL's answers are whole, or errors."""
    try:
        status, clients = control.ask("status"), control.ask("list")
        closed = control.ask("disconnect", to="path=/nothing")
    except Refused as e:
        raise AssertionError(f"control: {e}") from e
    except (ValueError, KeyError) as e:
        raise Broken(f"control: {e}") from e
    if set(STATUS.split()) - set(status) or any(len(c) < 10 for c in clients) or closed != {"closed": 0}:
        raise Broken(f"control: {status} {clients} {closed}")


def command(d):
    ask(Control(d))


def dashboard(d):
    assert get(d, "/-/dashboard").status == 200
    control = WebControl(d)
    ask(control)
    control.ws.finish()


def one_echo(d):
    client = d.ws("/echo")
    echo(client)
    client.finish()


def service(d):
    client = d.ws("/service")
    got = client.recv()
    client.eof()
    messages, code, _ = client.recv_until_close()
    client.close(code)
    got = b"".join([got, *messages])
    assert (got[:12], got[-7:], code) == (b"\r\n\r\n\0\r\nQUIT\n", b"the end", 1000)


def by_json(d):
    client = d.ws("/json")
    client.text("hello")
    messages, code, _ = client.recv_until_close()
    client.close(code)
    assert (messages, code) == (["there"], 4001)


CLIENTS = (status, login, health, metrics, file, command, dashboard, service, by_json, over_tls, flood, one_echo)


def script(d):
    """How many of its clients were harmed."""
    held = []

    def hold():
        held.append(d.ws("/echo"))

    harmed = harms(hold)
    harmed += sum(harms(client, d) for client in CLIENTS)
    d.process.send_signal(signal.SIGHUP)
    until(
        lambda: d.assert_alive() or d.count_notes("READY=1") >= 2 or "reload: out of memory" in d.log(),
        lambda: f"the end of the reload:\n{d.log()}",
    )
    for client in held:
        harmed += harms(echo, client)
    assert harmed <= 1, f"one failure harmed {harmed} clients:\n{d.log()}"
    if harms(one_echo, d):
        assert not harmed, f"the next client is not served:\n{d.log()}"
        one_echo(d)
    return harmed


@functools.cache
def certificate():
    """Of all daemons: with its key, as PEM."""
    with tempfile.TemporaryDirectory() as place:
        made = certificates.Certificate(place)
        return made.certificate.read_text() + made.key.read_text()


def answer(conn):
    """What has come, and the end."""
    echo_of(conn)
    conn.sendall(b"the end")


@functools.cache
def port():
    """Of a service for all daemons."""
    return Service(answer).port


def start(directory, function, n):
    ini, report = directory / "wsbridge.ini", directory / "report"
    (directory / "htpasswd").write_text(USERS)
    (directory / "pem").write_text(certificate())
    (directory / "pem").chmod(0o600)
    ini.write_text(INI.format(directory=directory, certificate=directory / "pem", service=port()))
    environment = {"LD_PRELOAD": SHIM, "FAULT": f"{function}:{n}", "FAULT_REPORT": str(report)}
    return Daemon(["-c", str(ini)], str(directory), env=environment), report


def calls(report):
    """(calls, failed ones, blocks of memory left) of a daemon that has ended."""
    return tuple(map(int, report.read_text().split()))


def run(function, n):
    """A daemon's whole life with the N-th call of FUNCTION failing: what it reports."""
    with tempfile.TemporaryDirectory(prefix="wsb-") as directory:
        return live(Path(directory), function, n)


def live(directory, function, n):
    d, report = start(directory, function, n)
    try:
        try:
            d.wait_ready()
        except AssertionError:
            assert d.process.returncode in (66, 69, 71, 77, 78), f"{d.process.returncode}\n{d.log()}"
            assert re.search("error|wsbridged:", d.log()), "it ended without a word"
            return calls(report)
        script(d)
        d.abandon_clients()
        until(lambda: not procfs.children(d.pid), "no programs")
        d.terminate()
        assert d.wait_exit(10) == 0, d.log()
        assert not ALARMS.search(d.log()), d.log()
        return calls(report)
    finally:
        d.kill()


def step(total):
    return 1 if os.environ.get("FAULTS") == "all" else -(-total // SAMPLE)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_failure_harms_one_client_at_most(function):
    total, _, usual = run(function, 0)
    assert total > 0, "the daemon does not call it"
    wrong = []
    for n in range(1, total + 1, step(total)):
        try:
            _, failed, left = run(function, n)
            assert failed <= 1
            assert left <= usual, f"{left - usual} blocks of memory more are left than without a failure"
        except Exception as e:
            wrong.append(f"FAULT={function}:{n}: {e}")
    assert not wrong, "\n".join(wrong)
