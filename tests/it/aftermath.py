# SPDX-License-Identifier: MIT
"""What must be true of a daemon after any test: it has forgotten everything, and ends when it is told to."""

import re

import procfs
from harness import is_sanitized
from waiting import SLOW, until

# Every check, in the order in which they are made.  A test leaves one out with
# @pytest.mark.without("exit", reason="the test ends the daemon itself").
CHECKS = ("children", "descriptors", "canary", "memory", "exit", "orphans", "log")

# A client that left while it was not read is noticed within 10 s; then come the stop steps, 6 s by default.
GONE_WITHIN = 17 * SLOW
EXIT_WITHIN = (15 if is_sanitized() else 5) * SLOW  # leaks are looked for

# Allocator slack that is no leak.  AddressSanitizer keeps freed memory in quarantine: no bound is meaningful there.
MEMORY_MARGIN = 1024 * 1024

ALARMS = re.compile(
    r"^.*(\balert\b|Assertion .* failed|\bassert|ERROR: AddressSanitizer|runtime error:|LeakSanitizer|stack smashing|"
    r"buffer overflow detected|free\(\)|malloc\(\)).*$",
    re.M,
)


class Baseline:
    """The daemon at rest, with the canary alone."""

    def __init__(self, daemon):
        self.children = set(procfs.children(daemon.pid))
        self.descriptors = procfs.descriptors(daemon.pid)
        self.memory = procfs.memory(daemon.pid)


def check(daemon, without=(), memory_margin=MEMORY_MARGIN):
    """Fail unless DAEMON is as it was before the test, and ends in order."""
    if "exit" not in without:
        daemon.assert_alive()
    daemon.abandon_clients()
    for name in CHECKS:
        if name not in without:
            globals()["check_" + name](daemon, memory_margin)


def check_children(daemon, _):
    base = daemon.baseline.children

    def extra():
        daemon.assert_alive()
        return set(procfs.children(daemon.pid)) - base

    until(lambda: not extra(), lambda: f"ended: {[procfs.describe(pid) for pid in extra()]}", GONE_WITHIN)


def check_descriptors(daemon, _):
    base = daemon.baseline.descriptors

    def differing():
        daemon.assert_alive()
        return sorted(set(base.items()) ^ set(procfs.descriptors(daemon.pid).items()))

    until(
        lambda: len(procfs.descriptors(daemon.pid)) == len(base) or daemon.assert_alive(),
        lambda: f"the descriptors from before the test; differing: {differing()}",
    )


def check_canary(daemon, _):
    if not daemon.canary:
        return
    assert daemon.canary.echoes("the canary sings")
    daemon.canary.finish()
    until(
        lambda: not procfs.children(daemon.pid),
        lambda: f"ended: {[procfs.describe(pid) for pid in procfs.children(daemon.pid)]}",
    )


def check_memory(daemon, margin):
    if is_sanitized():
        return

    def grown():
        return procfs.memory(daemon.pid) - daemon.baseline.memory

    until(  # the canary's program has gone, which held a snapshot of the configuration
        lambda: grown() <= margin,
        lambda: f"the daemon keeps no more than {margin} bytes more than before the test, not {grown()}",
    )


def check_exit(daemon, _):
    daemon.terminate()
    status = daemon.wait_exit(EXIT_WITHIN)
    assert status == 0, f"exit status {status} after SIGTERM"


def check_orphans(daemon, _):
    """Its programs run in its directory, whoever their parent is by now."""
    until(
        lambda: not procfs.working_in(daemon.rundir),
        lambda: f"ended: {[procfs.describe(pid) for pid in procfs.working_in(daemon.rundir)]}",
    )


def check_log(daemon, _):
    alarm = ALARMS.search(daemon.log())
    assert not alarm, f"in the log: {alarm.group(0)}"
