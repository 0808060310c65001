#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Fails when a message costs wsbridged about twice the CPU time that it usually does.

What is usual is the ratio to a yardstick in the committed result.  The yardstick is measured
in turns with wsbridged, so that a slow or busy machine slows both down.  A row is too slow when
three quarters of its pairs say so, twice.
"""

import argparse
import json
import pathlib
import sys
import types

import bench
import report
from rows import NAMES, ROWS

MARGIN = 1.5  # times the usual ratio
YARDSTICKS = {
    "echo-64x8": "floor",
    "down": "floor",
    "up": "floor",
    "connect": "floor",
    "tls-echo": "websocketd",
}
RESULT = pathlib.Path(__file__).with_name("result.json")


def usual_ratios(result):
    """{key: what wsbridged ÷ its yardstick was} of a result."""
    rows = {row["key"]: row for row in result["rows"]}
    return {key: rows[key]["summary"]["ratios"][yardstick][rows[key]["metric"]]["median"]
            for key, yardstick in YARDSTICKS.items()}


def is_too_slow(ratio, usual):
    return ratio is None or ratio["low"] > MARGIN * usual


def measure(row, options):
    """wsbridged ÷ its yardstick; None when it could not be measured."""
    yardstick = YARDSTICKS[row.key]
    runs = bench.measure(row, ("wsbridged", yardstick), options)
    return report.ratio(runs["wsbridged"], runs[yardstick], row.metric)


def check(row, usual, options):
    """Is ROW as fast as usual?  A first answer that says no is asked again."""
    for _ in range(2):
        ratio = measure(row, options)
        too_slow = is_too_slow(ratio, usual)
        print(f"bench-check: {row.title}: {report.spread(ratio)} × {NAMES[YARDSTICKS[row.key]]}, "
              f"usually {usual:.2f}{': TOO SLOW' if too_slow else ''}", flush=True)
        if not too_slow:
            return True
    return False


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--pairs", type=int, default=5, help="runs of each server (5)")
    p.add_argument("--seconds", type=float, default=0.5, help="that a run measures (0.5)")
    options = types.SimpleNamespace(**vars(p.parse_args()), quick=False)
    usual = usual_ratios(json.loads(RESULT.read_text()))
    checked = [check(row, usual[row.key], options) for row in ROWS if row.key in YARDSTICKS]
    if all(checked):
        return 0
    print(f"bench-check: more than {MARGIN} times what is usual", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
