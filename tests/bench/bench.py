#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Puts the same work on wsbridged, on a bare relay (the floor), on websocketd and on others, in turns.

The figure to trust is the CPU time that the server takes for a message, compared within
a pair: two runs, one right after the other.  Rates and percentiles depend on who else is
using the machine.  The result is a table here and a JSON file, of which publish.py makes
what the READMEs show.
"""

import argparse
import datetime
import functools
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import report
import scale
import syscalls
from rows import INI, ROWS, UNITS
from servers import BUILD, NEEDS, ROOT, SERVERS, Failed

PARTS = "rows,scale,syscalls"
KEYS = [row.key for row in ROWS] + [series.key for series in scale.SERIES]
GIVEN = ("mode", "raw", "clients", "inflight", "size")  # arguments that a run repeats
RUN_TIMEOUT = 60  # seconds for a run beyond those that it measures


def run_load(server, row, options):
    """One run of the load generator: the object that it printed."""
    scheme = "wss" if row.tls else "ws"
    argv = [str(BUILD / "bench/load"), f"--url={scheme}://127.0.0.1:{server.port}{server.path}",
            f"--pid={server.process.pid}", f"--seconds={options.seconds}",
            f"--timeout={int(options.seconds) + RUN_TIMEOUT}",
            *row.arguments, *server.arguments, *(row.quick if options.quick else [])]
    done = subprocess.run(argv, capture_output=True, text=True, check=False,
                          timeout=options.seconds + RUN_TIMEOUT + 5)
    if done.returncode != 0:
        raise server.failed(f"{row.key}: {done.stderr.strip()}")
    run = {k: v for k, v in json.loads(done.stdout).items() if k not in GIVEN}
    run["cpu_ms_per_s"] = run["daemon_cpu_us"] / 1000 / run["seconds"]
    run["anonymous_grown"] = run["anonymous_after"] - run["anonymous_before"]
    return run


def run_once(contender, row, options):
    """A fresh server, one run, and the server's end.  A failure becomes {"error": …}."""
    with tempfile.TemporaryDirectory(prefix="wsbridged-bench.") as directory:
        try:
            with SERVERS[contender](row, pathlib.Path(directory)) as server:
                return run_load(server, row, options)
        except (Failed, subprocess.TimeoutExpired) as e:
            print(f"bench: {e}", file=sys.stderr)
            return {"error": str(e)}


def measure(row, contenders, options):
    """All runs of one row, ABCABC…: {contender: [run, …]}."""
    runs = {c: [] for c in row.contenders if c in contenders}
    for _ in range(options.pairs):
        for contender in runs:
            runs[contender].append(run_once(contender, row, options))
    return runs


def first_line(argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=5)
    except OSError:
        return None
    return ((done.stdout or done.stderr).splitlines() or [""])[0]


def machine():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": model.group(1) if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "load_average_before": os.getloadavg(),
        "wsbridged": first_line([str(BUILD / "wsbridged"), "-V"]),
        "commit": first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "websocketd": first_line(["websocketd", "--version"]),
    }


def write_json(result, path):
    """RESULT as text, each run on a line of its own."""
    text = json.dumps(result, indent=1)
    text = re.sub(r"[\[{]\n[^{}\[\]]*[\]}]", lambda m: re.sub(r"\n *", " ", m.group()), text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--pairs", type=int, default=10, help="runs of each server (10)")
    p.add_argument("--seconds", type=float, default=1.2, help="that a run measures (1.2)")
    p.add_argument("--quick", action="store_true", help="one short pair: does it work?")
    p.add_argument("--parts", default=PARTS, help=f"only these ({PARTS})")
    p.add_argument("--rows", help="only these, by key: " + ",".join(KEYS))
    p.add_argument("--contenders", default=",".join(SERVERS), help="only these servers")
    p.add_argument("--out", type=pathlib.Path, default=BUILD / "bench/result.json")
    options = p.parse_args()
    if options.quick:
        options.pairs, options.seconds = 1, 0.3
    options.rows = options.rows.split(",") if options.rows else KEYS
    options.parts = options.parts.split(",")
    unknown = set(options.rows) - set(KEYS) | set(options.parts) - set(PARTS.split(","))
    unknown |= set(options.contenders.split(",")) - set(SERVERS)
    if unknown:
        p.error("unknown: " + " ".join(sorted(unknown)))
    return options


def chosen_contenders(options):
    contenders = options.contenders.split(",")
    for contender, program in NEEDS.items():
        if contender in contenders and not shutil.which(program):
            print(f"bench: there is no {program}; {contender} is left out", file=sys.stderr)
            contenders.remove(contender)
    return contenders


def measure_rows(contenders, options):
    result = []
    for row in ROWS:
        if row.key not in options.rows:
            continue
        print(f"bench: {row.title}", file=sys.stderr)
        runs = measure(row, contenders, options)
        result.append({"key": row.key, "title": row.title, "metric": row.metric,
                       "unit": UNITS[row.metric], "arguments": row.arguments,
                       "summary": report.summary(row, runs), "runs": runs})
    return result


def run_all(options):
    contenders = chosen_contenders(options)
    result = {
        "machine": machine(),
        "settings": {"pairs": options.pairs, "seconds": options.seconds, "ini": INI},
        "rows": measure_rows(contenders, options) if "rows" in options.parts else [],
        "scale": [],
        "syscalls": [],
    }
    if "scale" in options.parts and "wsbridged" in contenders:
        result["scale"] = scale.measure_all(functools.partial(run_once, options=options),
                                            (options.pairs + 1) // 2, options.rows)
    if "syscalls" in options.parts and shutil.which("strace"):
        result["syscalls"] = syscalls.count_all(contenders, functools.partial(run_load, options=options),
                                                options.rows)
    result["machine"]["load_average_after"] = os.getloadavg()
    return result


def all_runs(result):
    """The lists of runs, each of one server and row."""
    for row in result["rows"]:
        yield from row["runs"].values()
    for series in result["scale"]:
        yield from (case["runs"] for case in series["cases"])


def main():
    options = parse_arguments()
    result = run_all(options)
    write_json(result, options.out)
    report.print_table(result)
    failures = sum("error" in run for runs in all_runs(result) for run in runs)
    if failures:
        print(f"bench: {failures} runs failed", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
