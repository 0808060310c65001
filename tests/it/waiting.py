# SPDX-License-Identifier: MIT
"""Waits for something to become true, always within a bound."""

import os
import select
import time

SLOW = float(os.environ.get("SLOW", 1))  # how often as long all may take
TIMEOUT = 10.0 * SLOW  # seconds within which anything expected must have happened


class TooMuch(AssertionError):
    """
    A measured time, or what follows from one, is over its bound.  Other work on the machine adds to it and never
    takes away, so that the least of several tries counts: conftest.py makes them.
    """


def within(bound, measured, what):
    """MEASURED, which other work only makes more, is less than BOUND."""
    if not measured < bound:
        raise TooMuch(f"{what}: {measured:g}, less than {bound:g} is allowed")


def until(condition, what, timeout=TIMEOUT):
    """The first true result of condition(), asked every few milliseconds; else a failure that says WHAT."""
    end = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout:g} s still not: {what() if callable(what) else what}")
        select.select([], [], [], 0.005)


def soon(condition, what, bound):
    """The same, and within BOUND seconds."""
    began = time.monotonic()
    result = until(condition, what, bound + TIMEOUT)
    within(bound, time.monotonic() - began, f"seconds until {what() if callable(what) else what}")
    return result


def readable(sock, timeout):
    """Whether SOCK has something to read, or reaches its end, within TIMEOUT seconds."""
    return bool(select.select([sock], [], [], timeout)[0])
