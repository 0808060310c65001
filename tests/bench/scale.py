# SPDX-License-Identifier: MIT
"""What wsbridged takes as its work grows: the same figure of a few sizes, the first being the yardstick."""

import sys
import typing

import report
from rows import UNITS, Row

TALKING = ["echo", "--clients", "10", "--inflight", "8"]


class Series(typing.NamedTuple):
    """One kind of work; CASES are {label: row}, in the order of growth."""

    key: str
    title: str
    metric: str
    cases: dict


def case(program, arguments):
    return Row("", "", "", program, arguments)


def crowd(n, *arguments):
    """N sessions of which the last are silent."""
    return [*arguments, "--crowd", str(n)]


SERIES = [
    Series("talking", "a message, 10 sessions talk of", "cpu_us_per_msg",
           {f"{n:,}": case("builtin", crowd(n - 10, *TALKING)) for n in (10, 1000, 4000)}),
    Series("processes", "the same, each with its process", "cpu_us_per_msg",
           {f"{n:,}": case("echo", crowd(n - 10, *TALKING)) for n in (10, 1000, 4000)}),
    Series("all", "a message, all talk:", "cpu_us_per_msg",
           {f"{n:,}": case("builtin", ["echo", "--clients", str(n)]) for n in (10, 1000, 4000)}),
    Series("accept", "connect + echo + close beside sessions:", "cpu_us_per_msg",
           {f"{n:,}": case("builtin", crowd(n, "connect", "--clients", "4")) for n in (10, 1000, 4000)}),
    Series("spawn", "connect + spawn + echo + close beside sessions with programs:", "cpu_us_per_msg",
           {f"{n:,}": case("echo", crowd(n, "connect", "--clients", "4")) for n in (10, 1000, 2500)}),
    Series("paths", "connect + echo + close, paths in the file:", "cpu_us_per_msg",
           {f"{n:,}": case(f"paths-{n}", ["connect", "--clients", "4"]) for n in (10, 10000)}),
    Series("pings", "a ping to an idle session, of", "cpu_us_per_msg",
           {f"{n:,}": case("pinged", ["rest", "--clients", str(n), "--seconds", "3"]) for n in (100, 10000)}),
    Series("rest", "a second in which nothing is due, idle sessions:", "cpu_ms_per_s",
           {f"{n:,}": case("builtin", ["rest", "--clients", str(n)]) for n in (100, 10000)}),
]


def measure(series, run_once, pairs):
    """All runs of SERIES, in turns, and what they come to.  RUN_ONCE(contender, row) is a run."""
    runs = {label: [] for label in series.cases}
    for _ in range(pairs):
        for label, row in series.cases.items():
            runs[label].append(run_once("wsbridged", row._replace(key=f"{series.key} {label}")))
    first = next(iter(runs.values()))
    return {
        "key": series.key, "title": series.title, "metric": series.metric, "unit": UNITS[series.metric],
        "cases": [{"label": label, "median": report.median_of(r, series.metric),
                   "kernel_share": report.median_of(r, "kernel_share"),
                   "ratio": report.ratio(r, first, series.metric), "runs": r} for label, r in runs.items()],
    }


def measure_all(run_once, pairs, keys):
    result = []
    for series in SERIES:
        if series.key not in keys:
            continue
        print(f"bench: {series.title} {', '.join(series.cases)}", file=sys.stderr)
        result.append(measure(series, run_once, pairs))
    return result
