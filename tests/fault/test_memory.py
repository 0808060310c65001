# SPDX-License-Identifier: MIT
"""What is said where memory runs out is that, and nothing else: not that what was asked for is not there or wrong."""

import os
import re
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from harness import get  # noqa: E402
from rawws import Closed  # noqa: E402
from scenes import HEAD, Scene  # noqa: E402
from test_faults import Life, start  # noqa: E402
from waiting import until  # noqa: E402

SAMPLE = {"all": sys.maxsize}.get(os.environ.get("FAULTS"), 60)


def life(scene, act, n):
    """(what ACT says of a daemon whose Nth allocation fails, its Life)."""
    with tempfile.TemporaryDirectory(prefix="wsb-") as directory:
        d, report = start(scene, Path(directory), f"malloc:{n}")
        try:
            d.wait_ready()
            said = act(d)
            d.terminate()
            assert d.wait_exit(10) == 0, d.log()
            return said, Life(d.log(), [], report)
        finally:
            d.kill()


def turns(scene, act):
    """All allocations of ACT, or SAMPLE of them."""
    total, ready = life(scene, act, 0)[1].calls["malloc"]
    return range(ready + 1, total + 1, -(-(total - ready) // SAMPLE))


def status(path):
    def ask(d):
        try:
            return get(d, path).status
        except (Closed, EOFError, OSError):
            return None  # dropped, which the log tells

    return ask


def test_a_page_is_there_or_memory_is_out():
    scene = Scene(HEAD + "[/files/*]\nstatic = {place}\n")
    for path, usual in (("/files/htpasswd", 200), ("/files", 301)):
        found = {life(scene, status(path), n)[0] for n in turns(scene, status(path))}
        assert usual in found and found <= {usual, 503, None}, f"{path}: {found}"


# What it lacks without some of its values is wrong.
SMALL = """\
[server]
listen = 127.0.0.1:0
user = root
[logging]
format = text
[auth staff]
type = htpasswd
file = {place}/htpasswd
[/who]
shell = echo "$REMOTE_USER"
auth = staff
process = shared
linger = 0
"""


def reload(d):
    d.process.send_signal(signal.SIGHUP)
    until(
        lambda: d.assert_alive() or d.count_notes("READY=1") >= 2 or "reload: out of memory" in d.log(),
        lambda: f"the end of the reload:\n{d.log()}",
    )
    assert status("/healthz")(d) in (200, 503, None)  # it goes on, if this is not what fails


def test_a_reload_is_whole_or_says_that_memory_is_out():
    scene = Scene(SMALL)
    seen = set()
    for n in turns(scene, reload):
        log = life(scene, reload, n)[1].log
        lines = re.findall(r"^error: reload: (.*)", log, re.M)
        verdict = [line for line in lines if line.endswith("is not taken, nothing changes")]
        why = [line for line in lines if line not in verdict]
        assert [line for line in why if not line.endswith("out of memory")] == [], f"malloc:{n}:\n{log}"
        assert len(why) == len(verdict) or why == ["out of memory"], f"malloc:{n}:\n{log}"
        seen.add(len(verdict))
    assert seen == {0, 1}
