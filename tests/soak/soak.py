#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/soak/soak.py - everything that clients do, all at once and again and again, with an account of every message.

usage: tests/soak/soak.py [--minutes N] [--seed N] [--only PLAYER,...]     (of WSBRIDGED, which `make soak` sets to the sanitizer build)

The players (players.py) play in epochs.  At the end of each all of them rest, and then the daemon must be as it
was: no session, no program, not a descriptor more, every message counted that a client has booked, none that it has
not.  Its memory at rest must not grow from the second quarter of the epochs to the last.  Prints TAP.
"""

import argparse
import pathlib
import random
import statistics
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "it"))

import certificates  # noqa: E402
import players  # noqa: E402
import procfs  # noqa: E402
from aftermath import ALARMS  # noqa: E402
from control import Control  # noqa: E402
from harness import Daemon, is_sanitized  # noqa: E402
from ledger import Ledger  # noqa: E402
from waiting import until  # noqa: E402

EPOCH = 20  # seconds that the players play; less in a short run
EPOCHS = 6  # at least
REST = 120  # seconds within which everything that an epoch began has ended
GROWTH = (8 if is_sanitized() else 1) * 1024 * 1024  # bytes that memory at rest may differ by, whatever the duration

INI = """\
[server]
listen = 127.0.0.1:0
listen = 127.0.0.1:0 tls
listen = unix:{place}/sock
[tls]
certificate = {place}/pem
[limits]
accept_rate = 0
[web]
metrics = /metrics
[logging]
access = no
[defaults]
spawn_rate = 0
max_processes = 500
[hooks]
on_request = /bin/true
max_running = 200
"""

# The sanitizer keeps what is freed for a while; a little of it finds as much, and memory shows.
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1:exitcode=99:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}


class Nobody(list):
    """The clients that a daemon's harness is to close at the end: here each player closes its own."""

    def append(self, _client):
        pass

    def __setitem__(self, _at, _client):
        pass


class Stage:
    """All players, each in a thread, who play until the curtain falls."""

    def __init__(self, d, ledger, seed, place, only):
        self.cast, self.failures, self.rounds = [], [], {}
        for kind in (kind for kind in players.PLAYERS if not only or kind.__name__ in only):
            for i in range(kind.how_many):
                self.cast.append(kind(d, ledger, random.Random(f"{seed} {kind.__name__} {i}"), place))
                self.rounds[kind.__name__] = 0

    def act(self, seconds):
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self.play, args=(player, end)) for player in self.cast]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def play(self, player, end):
        name = type(player).__name__
        try:
            while time.monotonic() < end and not self.failures:
                player.play()
                self.rounds[name] += 1
        except Exception:
            self.failures.append(f"{name}, round {self.rounds[name]}:\n{traceback.format_exc()}")

    def close(self):
        for player in self.cast:
            getattr(player, "close", lambda: None)()


class Verdict:
    """Tests in TAP."""

    def __init__(self):
        self.n = self.failed = 0

    def test(self, what, wrong):
        """It passes when WRONG, the list of what is wrong, is empty."""
        self.n += 1
        self.failed += bool(wrong)
        print(f"{'not ' if wrong else ''}ok {self.n} - {what}", flush=True)
        for text in wrong:
            print("".join(f"# {line}\n" for line in text.splitlines()), end="", flush=True)


def start(place):
    """A daemon with the paths of all players."""
    directory = pathlib.Path(place)
    made = certificates.Certificate(directory)
    (directory / "pem").write_text(made.certificate.read_text() + made.key.read_text())
    (directory / "pem").chmod(0o600)
    players.furnish(directory)
    ini = directory / "wsbridge.ini"
    ini.write_text(INI.format(place=place) + "".join(p.ini.format(place=place) for p in players.PLAYERS))
    d = Daemon(["-c", str(ini)], place, env=ENVIRONMENT)
    d.wait_ready()
    d.clients = Nobody()
    return d


def is_at_rest(d, descriptors):
    control = Control(d)
    try:
        d.assert_alive()
        return not control.ask("list") and not procfs.children(d.pid) and len(procfs.descriptors(d.pid)) == descriptors + 1
    finally:
        control.close()


def epochs(d, stage, ledger, minutes):
    """Play for so long: what is wrong, and the memory at each rest."""
    end = time.monotonic() + 60 * minutes
    seconds = min(EPOCH, 60 * minutes / EPOCHS)
    descriptors, rests = len(procfs.descriptors(d.pid)), []
    while not stage.failures and (time.monotonic() < end or len(rests) < EPOCHS):
        stage.act(seconds)
        try:
            until(lambda: is_at_rest(d, descriptors), lambda: f"at rest:\n{list(procfs.descriptors(d.pid).values())}", REST)
        except AssertionError as e:
            stage.failures.append(str(e))
        stage.failures += ledger.differences(d)
        rests.append(procfs.memory(d.pid))
        print(f"# {len(rests)}: {ledger.messages():,} messages, {rests[-1] / 1024:,.0f} KiB at rest, "
              f"{procfs.cpu_seconds(d.pid):.0f} s CPU", flush=True)
    return rests


def growth(rests):
    """Bytes by which the last quarter is above the second, by their medians, and what is wrong with that."""
    if len(rests) < EPOCHS:
        return 0, ["it ended early"]
    quarter = len(rests) // 4
    grown = statistics.median(rests[-quarter:]) - statistics.median(rests[quarter : 2 * quarter])
    return grown, [f"{grown:,.0f} bytes more, {GROWTH:,} are allowed"] if grown > GROWTH else []


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--minutes", type=float, default=0.5)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    p.add_argument("--only", type=lambda names: names.split(","), help="these players")
    options = p.parse_args()
    print(f"# --seed {options.seed}\n1..4", flush=True)
    verdict, ledger = Verdict(), Ledger()
    with tempfile.TemporaryDirectory(prefix="wsb-soak-") as place:
        d = start(place)
        stage = Stage(d, ledger, options.seed, pathlib.Path(place), options.only)
        try:
            rests = epochs(d, stage, ledger, options.minutes)
            verdict.test("every message is accounted for, nobody is harmed, nothing is left",
                         stage.failures and [*stage.failures, d.log()[-4000:]])
            grown, wrong = growth(rests)
            verdict.test(f"memory at rest does not grow ({grown / 1024:+,.0f} KiB)", wrong)
            d.terminate()
            status = d.wait_exit(120)
            verdict.test("the daemon ends in order", [f"exit status {status}"] if status else [])
            verdict.test("no alarm in the log", ALARMS.findall(d.log()) and [d.log()[-4000:]])
        finally:
            stage.close()
            d.kill()
    print(f"# rounds: {', '.join(f'{name} {n}' for name, n in stage.rounds.items())}"
          f"; sanitizers: {'yes' if is_sanitized() else 'no'}", flush=True)
    sys.exit(1 if verdict.failed else 0)


if __name__ == "__main__":
    main()
