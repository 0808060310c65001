# SPDX-License-Identifier: MIT
"""The units, and what the daemon tells a service manager.  No systemd is booted: its own tools read the units."""

import re
import shutil
import signal
import socket
import subprocess
import time

import procfs
import pytest
from control import WSBRIDGECTL
from harness import ENVIRONMENT, ROOT, WSBRIDGED, Daemon, with_canary
from systemd import STREAM
from test_install import make
from test_reload import file_of, reload
from waiting import TIMEOUT, readable, until, within

ECHO = "[/echo]\nexec = cat\n"
UNITS = ("wsbridged.service", "wsbridged@.service", "wsbridged.socket")
SERVICES = UNITS[:2]


@pytest.fixture
def units(tmp_path):
    """The installed units, their commands being the daemon under test; units(DROP_IN, ...) adds drop-ins."""
    make(tmp_path, "install")
    system = tmp_path / "opt/x/lib/systemd/system"
    for service in SERVICES:
        text = (system / service).read_text()
        assert text.count("/opt/x/sbin/wsbridged") == 2
        (system / service).write_text(text.replace("/opt/x/sbin/wsbridged", WSBRIDGED))

    def add(**drop_ins):
        for service in SERVICES:
            place = system / (service + ".d")
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for name, source in drop_ins.items():
                shutil.copy(ROOT / "systemd" / (source + ".conf"), place / (name + ".conf"))
        return system

    return add


@pytest.fixture
def bare(rundir):
    """start(INI) runs a daemon that nobody waits for, until the test's end."""
    running = []

    def start(ini, **how):
        (rundir / "wsbridge.ini").write_text(ini)
        running.append(Daemon(["-c", "wsbridge.ini"], str(rundir), **how))
        return running[-1]

    yield start
    for d in running:
        d.kill()


def analyze(place, *words):
    argv = ["systemd-analyze", "--no-pager", *words]
    return subprocess.run(argv, cwd=place, capture_output=True, text=True, timeout=600)


def exposure(place, service, threshold):
    """The lines of systemd-analyze that say what SERVICE may do; it fails above THRESHOLD, in tenths."""
    result = analyze(place, "security", "--offline=true", f"--threshold={threshold}", f"./{service}")
    assert result.returncode == 0, result.stdout + result.stderr
    return [line[2:] for line in result.stdout.splitlines() if line.startswith("✗ ")]


# ---- the units ----


@pytest.mark.parametrize(
    "drop_ins", [{}, {"strict": "strict"}, {"strict": "strict", "with-jit": "jit"}, {"lowport": "lowport"}]
)
def test_systemd_finds_no_fault_in_the_units(units, drop_ins):
    place = units(**drop_ins)
    result = analyze(place, "verify", "--man=no", "--recursive-errors=no", *(f"./{unit}" for unit in UNITS))
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


# The directory $0 is /etc.
WITH_ETC = ("unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"')


@pytest.mark.parametrize("service, file", [(SERVICES[0], "wsbridge.ini"), (SERVICES[1], "wsbridge/load.ini")])
def test_a_services_commands_start_and_reload_the_daemon_that_its_settings_suppose(
    units, daemon, tmp_path, service, file
):
    settings = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (units() / service).read_text(), re.M):
        settings.setdefault(key, []).append(value)
    assert [settings[key] for key in ("Type", "WatchdogSec", "KillMode")] == [["notify"], ["30s"], ["mixed"]]

    def command(line):
        return line.replace("%i", "load").replace("/opt/x/bin/wsbridgectl", WSBRIDGECTL).split()

    def reload_with(ini):
        """The exit statuses of both commands; systemd runs the second one only if the first has found no error."""
        (etc / file).write_text(ini)
        enter = ("nsenter", f"--mount=/proc/{d.pid}/ns/mnt")
        env = {**ENVIRONMENT, "RUNTIME_DIRECTORY": d.rundir, "MAINPID": str(d.pid)}
        return [
            subprocess.run([*enter, *command(line)], env=env, capture_output=True, timeout=TIMEOUT).returncode
            for line in settings["ExecReload"]
        ]

    etc = tmp_path / "etc"
    for name in ("passwd", "group"):
        shutil.copy(f"/etc/{name}", etc)
    ini = with_canary("[server]\nuser = root\n" + ECHO)
    (etc / file).write_text(ini)
    (start,) = map(command, settings["ExecStart"])
    assert start[0] == WSBRIDGED
    d = daemon(argv=start[1:], wrap=(*WITH_ETC, str(etc)))
    assert reload_with(ini + "[/new]\nexec = cat\n") == [0, 0]
    assert d.ws("/new").echoes()
    assert reload_with(ini + "[/bad]\nexce = cat\n") == [78, 1]
    assert d.ws("/new").echoes() and d.handshake("/bad").response.status == 404


@pytest.mark.parametrize("service", SERVICES)
def test_the_service_is_exposed_little_and_with_strict_hardly(units, service):
    assert not [line for line in exposure(units(), service, 25) if line.startswith("User=")]
    strict = exposure(units(strict="strict"), service, 11)
    assert not [line for line in strict if line.startswith("MemoryDenyWriteExecute")]


@pytest.mark.parametrize("service", SERVICES)
def test_jit_takes_one_line_of_strict_back(units, service):
    place = units(strict="strict", **{"with-jit": "jit"})
    more = exposure(place, service, 12)
    assert [line for line in more if line.startswith("MemoryDenyWriteExecute")]


def test_lowport_gives_one_capability(units):
    names = {line.split()[0] for line in exposure(units(lowport="lowport"), "wsbridged.service", 25)}
    assert not [name for name in names if name.startswith("CapabilityBoundingSet") and "BIND_SERVICE" not in name]


# As a unit with AmbientCapabilities= starts it; noroot: as if the user were not root.
CAPABLE = ("setpriv", "--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service")


def test_programs_do_not_inherit_the_capability_of_lowport(daemon):
    d = daemon("[/pid]\nshell = echo $$; exec cat\n", wrap=(*CAPABLE, "--securebits=+noroot"))
    program = int(d.ws("/pid").recv())
    assert int(procfs.status(d.pid, "CapEff"), 16) == 1 << 10
    for field in ("CapEff", "CapPrm", "CapAmb"):
        assert int(procfs.status(program, field), 16) == 0


def test_strict_says_what_each_line_costs():
    """A setting, or two of one kind, comes after a comment."""
    blocks = (ROOT / "systemd/strict.conf").read_text().split("[Service]\n")[1].strip().split("\n\n")
    assert len(blocks) > 5
    assert all(block.startswith(("# ", "IPAddress")) and "\n" in block for block in blocks), blocks


def test_the_exit_statuses_that_prevent_a_restart_are_those_of_the_manual():
    result = analyze("/", "exit-status", "USAGE", "NOINPUT", "NOPERM", "CONFIG")
    assert re.findall(r"\d+", result.stdout) == ["64", "66", "77", "78"]


def test_each_instance_has_its_file_and_its_directory(units):
    text = (units() / "wsbridged@.service").read_text()
    assert f"ExecStart={WSBRIDGED} -c /etc/wsbridge/%i.ini\n" in text
    assert "RuntimeDirectory=wsbridge-%i\n" in text


def test_the_user_is_made_and_reads_the_journal(tmp_path):
    (tmp_path / "etc").mkdir()
    config = ROOT / "systemd/sysusers.d/wsbridged.conf"
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", config], check=True, capture_output=True)
    assert re.search(r"^wsbridge:", (tmp_path / "etc/passwd").read_text(), re.M)
    assert re.search(r"^systemd-journal:.*:wsbridge$", (tmp_path / "etc/group").read_text(), re.M)


NO_CAPABILITY = ("setpriv", "--inh-caps=-all", "--bounding-set=-all", "--securebits=+noroot")


@pytest.mark.parametrize("env, warned", [({}, True), ({"MAINPID": "1"}, False)])
def test_the_check_before_a_reload_does_not_mistake_the_daemon_for_somebody_else(daemon, tmp_path, env, warned):
    """As nobody but root may look into the daemon: whose the port is cannot be seen."""
    d = daemon(ECHO, wrap=("setpriv", "--bounding-set=-sys_ptrace"))
    file = tmp_path / "other.ini"
    file.write_text(f"[server]\nlisten = {d.address}\nuser = root\n" + ECHO)
    result = subprocess.run(
        [*NO_CAPABILITY, WSBRIDGED, "-t", "-c", file],
        env={**ENVIRONMENT, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert ("in use by another process" in result.stderr) == warned, result.stderr


# ---- what is wrong before there is a log ----


@pytest.mark.parametrize(
    "ini, said",
    [
        ("[server]\nbacklog = x\n" + ECHO, r"<3>wsbridge\.ini:2: error: backlog = x is not"),
        ("[server]\nlisten = unix:/dev/null\n" + ECHO, r"<3>wsbridge\.ini:2: error: cannot listen on unix:"),
    ],
)
def test_the_journal_knows_an_error_of_the_file_by_its_priority(bare, ini, said):
    d = bare(ini, wrap=STREAM)
    assert d.wait_exit() != 0
    assert re.search("^" + said, d.log(), re.M), d.log()


# ---- what the manager is told ----


def test_it_is_ready_when_all_addresses_are_open_and_not_before(bare):
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]
    d = bare(f"[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:{port}\n" + ECHO)
    assert d.wait_exit() == 69
    assert not readable(d.notify, 0)
    taken.close()


def test_a_reload_says_when_it_began_and_what_came_of_it(daemon):
    d = daemon(ECHO)
    before = time.monotonic_ns() // 1000
    reload(d, file_of(d).read_text())
    assert before <= int(d.wait_note(r"MONOTONIC_USEC=(\d+)").group(1)) <= time.monotonic_ns() // 1000
    until(lambda: d.count_notes("READY=1") == 2, "the end of the reload")
    d.notes.clear()
    reload(d, "[", "is not taken")
    d.wait_note("STATUS=reload failed.*")
    assert d.notes[0] == "RELOADING=1" and d.notes[2:] == ["READY=1", d.notes[-1]]


@pytest.mark.without("canary", "children", "descriptors", "memory", "exit", reason="the test ends the daemon")
def test_the_end_says_how_long_it_may_take(daemon):
    d = daemon("[server]\nshutdown_timeout = 3m\n" + ECHO, canary=None)
    d.terminate()
    d.wait_note("STOPPING=1")
    d.wait_note("STATUS=stopping: 0 sessions")
    usec = int(d.wait_note(r"EXTEND_TIMEOUT_USEC=(\d+)").group(1))
    assert 180e6 < usec < 190e6
    assert d.wait_exit() == 0


def beats(d, count):
    """When the next COUNT messages of the watchdog's timer came."""
    times = []
    while len(times) < count:
        assert readable(d.notify, 10), "no WATCHDOG=1"
        if b"WATCHDOG=1" in d.notify.recv(4096):
            times.append(time.monotonic())
    return times


def test_the_watchdog_hears_of_the_loop_twice_in_its_time(daemon):
    began = time.monotonic()
    d = daemon(ECHO, env={"WATCHDOG_USEC": "400000"})
    times = beats(d, 6)
    assert times[-1] - began > 5 * 0.2 - 0.1
    gaps = sorted(b - a for a, b in zip(times, times[1:]))
    within(0.35, gaps[2], "seconds between two")
    assert d.ws("/echo").echoes()


def test_the_watchdog_of_this_process_is_meant(daemon):
    own = ("sh", "-c", 'WATCHDOG_USEC=100000 WATCHDOG_PID=$$ exec "$@"', "sh")
    beats(daemon(ECHO, wrap=own), 2)


@pytest.mark.parametrize(
    "env",
    [{}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "-1000"}],
)
def test_a_watchdog_that_does_not_ask_hears_nothing(daemon, env):
    d = daemon(ECHO, env=env)
    reload(d, file_of(d).read_text())
    d.notes.clear()
    d.process.send_signal(signal.SIGHUP)
    d.wait_note("STATUS=listening on .*")
    assert "WATCHDOG=1" not in d.notes


def test_an_abstract_notify_socket_is_told_too(bare, rundir):
    name = f"wsbridged-test-{rundir.name}"
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("\0" + name)
    wrap = ("sh", "-c", f'NOTIFY_SOCKET=@{name} exec "$@"', "sh")
    d = bare("[server]\nlisten = 127.0.0.1:0\n" + ECHO, wrap=wrap)
    manager.settimeout(10)
    assert manager.recv(4096).startswith(b"READY=1\nSTATUS=listening on 127.0.0.1:")
    d.terminate()
    assert manager.recv(4096).startswith(b"STOPPING=1\n")
    assert d.wait_exit() == 0
    manager.close()


def test_programs_cannot_talk_to_the_manager(daemon):
    d = daemon("[/env]\nexec = env\n", env={"WATCHDOG_USEC": "60000000"})
    assert not [line for line in d.client("/env").all() if "NOTIFY" in line or "WATCHDOG" in line]
