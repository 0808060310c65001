# SPDX-License-Identifier: MIT
"""The wall clock jumps, by a second, an hour, a year, there and back: nothing but dates changes."""

import email.utils
import struct
import sys
import time
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

import procfs  # noqa: E402
from harness import ROOT, Daemon, get  # noqa: E402
from rawws import PING, PONG  # noqa: E402

SHIM = str(ROOT / "build" / "fault" / "clock.so")
INI = """\
[server]
listen = 127.0.0.1:0
user = root
[defaults]
ping_interval = 100ms
ping_timeout = 5s
idle_timeout = 30s
max_runtime = 1m
[/echo]
exec = cat
"""
YEAR = 365 * 24 * 3600.0


@pytest.fixture
def clock(tmp_path):
    """set(SECONDS): the clock of a daemon that is started with .env is wrong by so much from now on."""
    file = tmp_path / "clock"

    def set_to(seconds):
        with open(file, "r+b" if file.exists() else "wb") as f:
            f.write(struct.pack("d", seconds))

    set_to(0)
    set_to.env = {"LD_PRELOAD": SHIM, "CLOCK_FILE": str(file)}
    return set_to


def date(d):
    """What D says that time it is, against what it is."""
    return email.utils.parsedate_to_datetime(get(d, "/healthz").headers["date"]).timestamp() - time.time()


def test_the_clock_jumps_and_nothing_else_does(clock, tmp_path):
    ini = tmp_path / "wsbridge.ini"
    ini.write_text(INI)
    d = Daemon(["-c", str(ini)], str(tmp_path), env=clock.env)
    try:
        d.wait_ready()
        ws = d.ws("/echo")
        cpu = procfs.cpu_seconds(d.pid)
        for wrong in (5, -5, 3600, -3600, YEAR, -YEAR, 60 * YEAR, -50 * YEAR, 0):
            clock(wrong)
            assert abs(date(d) - wrong) < 3, "the clock is not wrong"
            for _ in range(3):
                ping = ws.frame()
                assert ping.opcode == PING, ping
                ws.send(PONG, ping.payload)
            assert ws.echoes(f"{wrong}")
            other = d.ws("/echo")
            assert other.echoes("a new one")
            other.finish()
        assert procfs.cpu_seconds(d.pid) - cpu < 1
        ws.finish()
        d.terminate()
        assert d.wait_exit(10) == 0, d.log()
    finally:
        d.kill()
