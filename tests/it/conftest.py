# SPDX-License-Identifier: MIT
"""Fixtures and hooks: a daemon for each test, and the checks after it."""

import resource
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

sys.dont_write_bytecode = True

# A background job of a shell ignores it, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Crowds of clients need more descriptors than the 1,024 that a login usually has.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, min(_hard, 20_000)), _hard))

import aftermath  # noqa: E402
import certificates  # noqa: E402
import inicheck  # noqa: E402
import services  # noqa: E402
from harness import Daemon, is_valgrind, with_canary  # noqa: E402
from waiting import TooMuch  # noqa: E402
from websocketd import Websocketd  # noqa: E402

DAEMONS = pytest.StashKey()
TOO_MUCH = pytest.StashKey()  # what a try has failed of, when that was a measure
TRIES = 3  # of a test that measures


@pytest.fixture
def rundir():
    """A directory with a short name: a Unix socket's path has at most 107 bytes."""
    path = tempfile.mkdtemp(prefix="wsb-")
    yield Path(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def daemon(request, tmp_path):
    """
    start(INI) runs a daemon until the test's end; INI needs no listen.  Before the test body goes on, the daemon
    is ready and the canary (a WebSocket to a `cat`) is open; after it, aftermath.check() looks at what is left.
    start(argv=[...], canary=PATH or None) runs one without a file of ours.
    """
    daemons = request.node.stash[DAEMONS] = []
    rundirs = []

    def start(ini="", *, argv=None, canary="/canary", **options):
        rundirs.append(tempfile.mkdtemp(prefix="wsb-"))
        if argv is None:
            file = tmp_path / "wsbridge.ini"
            text = with_canary(ini)
            file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
            argv = ["-c", str(file)]
        d = Daemon(argv, rundirs[-1], **options)
        daemons.append(d)
        d.wait_ready()
        if canary:
            d.open_canary(canary)
        d.baseline = aftermath.Baseline(d)
        return d

    yield start
    for d in daemons:
        d.kill()
    for path in rundirs:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def websocketd():
    """start(ARGS...) runs Debian's websocketd until the test's end."""
    running = []

    def start(*args, **options):
        running.append(Websocketd(args, **options))
        return running[-1]

    yield start
    for w in running:
        w.kill()


@pytest.fixture
def program(tmp_path):
    """program(SOURCE) writes an executable script: Python, or what its #! line says."""
    count = 0

    def write(source):
        nonlocal count
        count += 1
        path = tmp_path / f"program{count}"
        if not source.startswith("#!"):
            source = "#!/usr/bin/python3 -S\nimport os, signal, sys\n" + source
        path.write_text(source)
        path.chmod(0o755)
        return str(path)

    return write


def closing(kind):
    """A fixture that makes things of KIND and closes them at the test's end."""

    @pytest.fixture
    def make():
        made = []

        def start(*args, **how):
            made.append(kind(*args, **how))
            return made[-1]

        yield start
        for thing in made:
            thing.close()

    return make


service = closing(services.Service)
full_house = closing(services.FullHouse)
name_server = closing(services.NameServer)


@pytest.fixture
def certificate(tmp_path):
    """certificate(NAME, algorithm=..., days=...): a certificates.Certificate in the test's directory."""
    return lambda *args, **how: certificates.Certificate(tmp_path, *args, **how)


@pytest.fixture
def check(tmp_path):
    """check(INI, [option ...]): what `wsbridged -t` says of it."""
    return lambda text, *options, **how: inicheck.Check(tmp_path, text, *options, **how)


@pytest.fixture
def values(tmp_path):
    """values(INI): what `wsbridged -T` prints of it, as {(section, key): [values]}."""
    return lambda text, **how: inicheck.values(tmp_path, text, **how)


def pytest_runtest_setup(item):
    mark = item.get_closest_marker("native")
    if mark and is_valgrind():
        pytest.skip(mark.kwargs["reason"])


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """The test function, and then, as a part of the test, the checks of its daemons."""
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    pyfuncitem.obj(**arguments)
    without, margin = opt_outs(pyfuncitem)
    for d in pyfuncitem.stash.get(DAEMONS, []):
        aftermath.check(d, without, margin)
    return True


def opt_outs(item):
    """(names of checks to leave out, memory margin in bytes); each must come with its reason."""
    without, margin = set(), aftermath.MEMORY_MARGIN
    for mark in item.iter_markers("without"):
        if not mark.kwargs.get("reason") or set(mark.args) - set(aftermath.CHECKS):
            raise pytest.UsageError(
                f"{item.nodeid}: without(CHECK, ..., reason=...) knows {aftermath.CHECKS}"
            )
        without |= set(mark.args)
    for mark in item.iter_markers("memory"):
        if not mark.kwargs.get("reason"):
            raise pytest.UsageError(f"{item.nodeid}: memory(MIB, reason=...)")
        margin = mark.args[0] * 1024 * 1024
    return without, margin


def pytest_runtest_protocol(item, nextitem):
    """One test.  What fails by a measure alone is tried again from its beginning, and fails when no try is good."""
    where = {"nodeid": item.nodeid, "location": item.location}
    item.ihook.pytest_runtest_logstart(**where)
    for left in reversed(range(TRIES)):
        item.stash[TOO_MUCH] = None
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if not left or not item.stash[TOO_MUCH]:
            break
        item.warn(pytest.PytestWarning(f"measured again: {item.stash[TOO_MUCH]}"))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(**where)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if call.excinfo and call.excinfo.errisinstance(TooMuch):
        item.stash[TOO_MUCH] = str(call.excinfo.value)
    if report.failed:
        for number, d in enumerate(item.stash.get(DAEMONS, []), 1):
            report.sections.append((f"log of daemon {number} (pid {d.pid})", d.log()[-20000:]))
            if d.out():
                report.sections.append((f"standard output of daemon {number}", d.out()[-4000:]))
