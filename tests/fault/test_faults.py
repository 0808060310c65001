# SPDX-License-Identifier: MIT
"""
One call of the daemon's fails, in every place where it can, while clients come and go: at most one of them is
harmed, the next one is served, the log tells of it once, nothing is left, and the daemon ends in order.

`make faults` takes every call; else they are at most SAMPLE of each function's in each scene (scenes.py).
"""

import functools
import os
import re
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

import procfs  # noqa: E402
from aftermath import ALARMS  # noqa: E402
from harness import ROOT, Daemon, hand_down  # noqa: E402
from rawws import Closed  # noqa: E402
from scenes import SCENES, echo, one_echo, words  # noqa: E402
from waiting import until  # noqa: E402

SHIM = str(ROOT / "build" / "fault" / "shim.so")
SAMPLE = {"all": sys.maxsize}.get(os.environ.get("FAULTS"), 4)
SAMPLE_OF = {"malloc": 12 * SAMPLE}

# All that the shim can fail.
FUNCTIONS = sorted(
    name
    for source in Path(__file__).parent.glob("shim*.c")
    for name in re.findall(r"^(?:CALL\([^,]*,|OPENSSL\([^,]*,|KNOW\()\s*(\w+)", source.read_text(), re.M)
    if name not in ("sendto", "getpwnam", "getgrnam", "getgrgid", "initgroups")  # they are known, and do not fail
)

# What fails in a connection looks as if its client had gone; nobody is told of that before it has a session.
OF_CONNECTIONS = {"read", "write", "recv", "recvmsg", "send", "sendmsg", "SSL_read_ex", "SSL_write_ex", "SSL_shutdown"}

# An answer to a command says that it failed, or breaks off.
THEY_ARE_TOLD = {"command", "commands", "dashboard", "chat"}

MISSED = re.compile("clients miss a message|replay lacks messages")


def harms(d, action, *args):
    """[its name] if it fails in a way that a client can see, [] if not.  Nobody hangs but who
    waits for a message that D's log says is MISSED."""
    try:
        action(*args)
    except (AssertionError, EOFError, OSError, Closed) as e:
        hangs = isinstance(e, TimeoutError) and not MISSED.search(d.log())
        assert not hangs, f"{action.__name__} hangs: {e}"
        return [action.__name__]
    return []


def script(d, clients):
    """Which of its clients were harmed."""
    held = []

    def hold():
        held.append(d.ws("/echo"))

    harmed = harms(d, hold)
    harmed += [name for client in clients for name in harms(d, client, d)]
    d.process.send_signal(signal.SIGHUP)
    until(
        lambda: d.assert_alive() or d.count_notes("READY=1") >= 2 or "reload: out of memory" in d.log(),
        lambda: f"the end of the reload:\n{d.log()}",
    )
    for client in held:
        harmed += harms(d, echo, client)
    assert len(harmed) <= 1, f"one failure harmed {harmed}:\n{d.log()}"
    if harms(d, one_echo, d):
        assert not harmed, f"the next client is not served:\n{d.log()}"
        one_echo(d)
    return harmed


class Life:
    """What is known of a daemon that has ended: its log, which clients were harmed, and what the shim says."""

    def __init__(self, log, harmed, report):
        self.log, self.harmed = log, harmed
        first, *calls = (line.split() for line in report.read_text().splitlines())
        self.failed, self.blocks, self.descriptors = map(int, first)
        self.calls = {name: (int(n), int(ready)) for name, n, ready in calls}

    def lines(self):
        """Those of its log, without what differs each time: numbers, but for the close code."""
        return Counter(re.sub(r"wsb-\w+|(?<!code=)\b\d+|(?<=[#.])\d+", "N", self.log).splitlines())


def start(scene, directory, fault):
    ini, report = directory / "wsbridge.ini", directory / "report"
    hand_down(directory, 0o640)  # so that a socket's mode is changed
    (directory / "log").touch()
    ini.write_text(scene.ini.format(**words(directory)))
    environment = {"LD_PRELOAD": SHIM, "FAULT": fault, "FAULT_REPORT": str(report)}
    return Daemon(["-c", str(ini)], str(directory), env=environment), report


def run(scene, fault):
    """A daemon's whole Life with FAULT."""
    with tempfile.TemporaryDirectory(prefix="wsb-") as directory:
        return live(scene, Path(directory), fault)


def live(scene, directory, fault):
    d, report = start(scene, directory, fault)
    try:
        try:
            d.wait_ready()
        except AssertionError:
            assert d.process.returncode in (66, 69, 71, 77, 78), f"{d.process.returncode}\n{d.log()}"
            return Life(d.log(), ["all"], report)
        harmed = script(d, scene.clients)
        d.abandon_clients()
        until(lambda: len(procfs.children(d.pid)) <= scene.stays, "no programs")
        d.terminate()
        assert d.wait_exit(10) == 0, d.log()
        assert not ALARMS.search(d.log()), d.log()
        return Life(d.log(), harmed, report)
    finally:
        d.kill()


@functools.cache
def usual(name):
    """The Life in which nothing fails."""
    life = run(SCENES[name], "")
    assert not life.harmed, life.log
    return life


def check(function, life, usual):
    assert life.failed <= 1
    assert life.blocks <= usual.blocks, f"{life.blocks - usual.blocks} blocks of memory more are left than without"
    left = life.descriptors - usual.descriptors
    assert left <= 0, f"{left} descriptors more are left than without"
    new = list((life.lines() - usual.lines()).elements())
    # A file that was not read to its end seems to lack this and that.
    told = [line for line in new if re.match(r"(error|warning): (?!reload: )", line)]
    assert len(told) <= 1, f"it is told more than once: {told}"
    silent = function in OF_CONNECTIONS or not set(life.harmed) - THEY_ARE_TOLD
    assert new or silent, f"it is not told who was harmed:\n{life.log}"


def turns(scene, function, life):
    """Which calls of FUNCTION fail in SCENE, one in each life."""
    total, ready = life.calls.get(function, (0, 0))
    first = 1 if scene.from_start or function not in usual("each").calls else ready + 1
    most = SAMPLE_OF.get(function, SAMPLE)
    return range(first, total + 1, -(-(total + 1 - first) // most) or 1)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_failure_harms_one_client_at_most(function):
    wrong, lives, failures = [], 0, 0
    for name, scene in SCENES.items():
        for n in turns(scene, function, usual(name)):
            lives += 1
            try:
                life = run(scene, f"{function}:{n}")
                failures += life.failed
                check(function, life, usual(name))
            except Exception as e:
                wrong.append(f"{name}, FAULT={function}:{n}: {e}")
    assert lives > 0, "the daemon does not call it"
    assert not wrong, "\n".join(wrong)
    assert failures > 0, f"none of its calls has failed in {lives} lives"
