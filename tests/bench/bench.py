#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Puts the same work on wsbridged, on a bare relay (the floor), on websocketd and on npm ws, in turns.

The figure to trust is the CPU time that the server takes for a message, compared within
a pair: two runs, one right after the other.  Rates and percentiles depend on who else is
using the machine.  The result is a table here and a JSON file, from which --markdown makes
the README's table.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("B", ROOT / "build"))  # as in the Makefile
START_TIMEOUT = 10  # seconds for a server to come up, and to go down
RUN_TIMEOUT = 20  # seconds for a run beyond those that it measures

SHORT = "x" * 100  # a line for many
LINE = "".join(chr(ord("a") + i * i % 26) for i in range(1024))

# What a server runs for each client: argv, and wsbridged's words for it.  A shell that
# stays keeps stdout open while cat has none: websocketd and the floor end with stdout.
PROGRAMS = {
    "echo": (["cat"], "exec = cat"),
    "lines": (["yes", LINE], f"exec = yes {LINE}"),
    "bytes": (["yes", LINE], f"exec = yes {LINE}\nframe = raw"),
    "paced": (["sh", "-c", f"while :; do echo {SHORT}; sleep 0.05; done"],
              f"shell = while :; do echo {SHORT}; sleep 0.05; done\nprocess = shared"),
    "shared": (["yes", SHORT], f"exec = yes {SHORT}\nprocess = shared\nslow_client = pause"),
    "discard": (["sh", "-c", "cat >/dev/null; exit"], "shell = cat >/dev/null; exit"),
}

# Defaults are left as users get them; only limits that would be hit are lifted.
INI = """\
[server]
listen = 127.0.0.1:0
[limits]
max_connections = 20000
accept_rate = 0
[control]
socket = none
[defaults]
max_processes = 20000
spawn_rate = 0
"""


class Row(typing.NamedTuple):
    """One kind of work, and the figure in which the servers are compared."""

    key: str
    title: str
    metric: str
    program: str
    arguments: list
    contenders: tuple = ("wsbridged", "floor", "websocketd")
    quick: list = []  # arguments that override in a --quick run


ROWS = [
    Row("echo-1x1", "echo, 1 client × 1, 32 B", "cpu_us_per_msg", "echo",
        ["echo", "--clients", "1", "--inflight", "1", "--size", "32"]),
    Row("echo-64x8", "echo, 64 clients × 8, 32 B", "cpu_us_per_msg", "echo",
        ["echo", "--clients", "64", "--inflight", "8", "--size", "32"]),
    # websocketd stops for good here: it does not read while it writes.
    Row("echo-64k", "echo, 4 clients × 4, 64 KiB", "cpu_us_per_kib", "echo",
        ["echo", "--clients", "4", "--inflight", "4", "--size", "65536"],
        contenders=("wsbridged", "floor")),
    Row("down", "down-flood, 1 KiB lines", "cpu_us_per_kib", "lines",
        ["down", "--line", LINE]),
    Row("down-raw", "down-flood, frame = raw", "cpu_us_per_kib", "bytes",
        ["down", "--line", LINE, "--stream"]),
    Row("up", "up-flood, 1 KiB messages", "cpu_us_per_kib", "discard",
        ["up", "--size", "1024"]),
    Row("connect", "connect + spawn + echo + close", "cpu_us_per_msg", "echo",
        ["connect", "--clients", "4", "--size", "32"]),
    # A line at a time for all.  npm ws keeps what its clients have not taken, without a limit.
    Row("fanout", "a line each 50 ms to 1,000 clients, 100 B", "cpu_us_per_msg", "paced",
        ["down", "--clients", "1000", "--line", SHORT], contenders=("wsbridged", "ws"),
        quick=["--clients", "100"]),
    Row("fanout-flood", "a flood of lines to 1,000 clients, 100 B", "cpu_us_per_msg", "shared",
        ["down", "--clients", "1000", "--line", SHORT], contenders=("wsbridged",),
        quick=["--clients", "100"]),
    # The floor's sessions are no yardstick: it has a fixed buffer for each.
    Row("idle", "idle session with its process", "anonymous_per_session", "echo",
        ["idle", "--clients", "500"], contenders=("wsbridged", "websocketd"),
        quick=["--clients", "50"]),
]

UNITS = {
    "cpu_us_per_msg": "µs",
    "cpu_us_per_kib": "µs/KiB",
    "anonymous_per_session": "B",
}


class Failed(Exception):
    """A server or a run did not do what it should; the text says which, and its log."""


class Server:
    """A server process on a port of the kernel's choice, ended by the end of the `with`."""

    arguments = []  # that the load generator needs for this kind of server
    path = "/"

    def __init__(self, row, directory):
        self.row = row
        self.directory = directory
        self.log = open(directory / "log", "w+b")

    def __enter__(self):
        self.process = self.start()
        try:
            self.port = self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(START_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def spawn(self, argv, **options):
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=self.log,
                                **{"stdout": self.log, **options})

    def failed(self, what):
        self.log.seek(0)
        said = self.log.read().decode(errors="replace")[-2000:]
        return Failed(f"{self.process.args[0]}: {what}\n{said}")

    def argv(self):
        return PROGRAMS[self.row.program][0]


class Wsbridged(Server):
    """Says where it listens in the datagram that tells systemd that it is ready."""

    def start(self):
        self.path = "/" + self.row.program
        ini = self.directory / "wsbridge.ini"
        user = "[server]\nuser = root\n" if os.geteuid() == 0 else "[server]\n"
        ini.write_text(f"{INI.replace('[server]', user.strip(), 1)}\n[{self.path}]\n{PROGRAMS[self.row.program][1]}\n")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.directory / "notify"))
        self.notify.settimeout(0.1)
        return self.spawn([str(BUILD / "wsbridged"), "-c", str(ini)],
                          env={**os.environ, "NOTIFY_SOCKET": self.notify.getsockname()})

    def wait_until_ready(self):
        text = ""
        deadline = time.monotonic() + START_TIMEOUT
        with self.notify:
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    text += self.notify.recv(4096).decode() + "\n"
                except TimeoutError:
                    continue
                at = re.search(r"listening on 127\.0\.0\.1:(\d+)", text)
                if "READY=1" in text and at:
                    return int(at.group(1))
        raise self.failed(f"did not become ready; it notified: {text!r}")


class Floor(Server):
    """Prints where it listens."""

    arguments = ["--raw"]

    def start(self):
        return self.spawn([str(BUILD / "bench/floor"), *self.argv()],
                          stdout=subprocess.PIPE)

    def wait_until_ready(self):
        with self.process.stdout as stdout:
            at = re.search(rb"listening on 127\.0\.0\.1:(\d+)", stdout.readline())
        if not at:
            raise self.failed("did not start")
        return int(at.group(1))


class Websocketd(Server):
    """Cannot pick a port itself, and is ready when it accepts."""

    def start(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.wanted = s.getsockname()[1]
        if self.row.program == "discard":
            self.arguments = ["--end", "close"]  # it knows no EOF
        binary = "true" if self.row.program == "bytes" else "false"
        return self.spawn(["websocketd", f"--port={self.wanted}", "--address=127.0.0.1",
                           f"--binary={binary}", *self.argv()])

    def wait_until_ready(self):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.wanted)).close()
                return self.wanted
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise self.failed("did not start")


class NpmWs(Server):
    """Prints where it listens."""

    def start(self):
        script = str(ROOT / "tests/bench/fanout.js")
        return self.spawn(["node", script, *self.argv()], stdout=subprocess.PIPE)

    wait_until_ready = Floor.wait_until_ready


SERVERS = {"wsbridged": Wsbridged, "floor": Floor, "websocketd": Websocketd, "ws": NpmWs}
NEEDS = {"websocketd": "websocketd", "ws": "node"}  # programs that may not be there


def run_load(server, row, options):
    """One run of the load generator: the object that it printed."""
    argv = [str(BUILD / "bench/load"), f"--url=ws://127.0.0.1:{server.port}{server.path}",
            f"--pid={server.process.pid}", f"--seconds={options.seconds}",
            f"--timeout={int(options.seconds) + RUN_TIMEOUT}",
            *row.arguments, *server.arguments, *(row.quick if options.quick else [])]
    done = subprocess.run(argv, capture_output=True, text=True, check=False,
                          timeout=options.seconds + RUN_TIMEOUT + 5)
    if done.returncode != 0:
        raise server.failed(f"{row.key}: {done.stderr.strip()}")
    return json.loads(done.stdout)


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
    contenders = [c for c in row.contenders if c in contenders]
    runs = {c: [] for c in contenders}
    for _ in range(options.pairs):
        for contender in contenders:
            runs[contender].append(run_once(contender, row, options))
    return runs


def median_of(runs, metric):
    values = [run[metric] for run in runs if metric in run]
    return statistics.median(values) if values else None


def ratio(ours, theirs, metric):
    """Median and quartiles of the pairwise ratios, or None."""
    ratios = [a[metric] / b[metric] for a, b in zip(ours, theirs)
              if metric in a and b.get(metric)]
    if not ratios:
        return None
    if len(ratios) == 1:
        low = middle = high = ratios[0]
    else:
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return {"low": low, "median": middle, "high": high, "pairs": len(ratios)}


def summary(row, runs):
    """What the tables say about one row."""
    metrics = [row.metric, "rate", "mib_per_s", "p50_us", "p99_us"]
    ours = runs.get("wsbridged", [])
    return {
        "medians": {c: {m: median_of(r, m) for m in metrics} for c, r in runs.items()},
        "ratios": {c: {m: ratio(ours, r, m) for m in metrics}
                   for c, r in runs.items() if c != "wsbridged"},
    }


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


def number(value):
    """Three significant digits, but no fewer than the integer part has."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(r):
    if r is None:
        return "–"
    return f"{r['median']:.2f} ({r['low']:.2f}–{r['high']:.2f})"


def table_of(result):
    """The rows of the table on the terminal, the head first."""
    yield ["work", "server", "rate/s", "MiB/s", "p50 µs", "p99 µs", "cost", "unit",
           "wsbridged's cost ÷ this"]
    for row in result["rows"]:
        for contender, m in row["summary"]["medians"].items():
            r = row["summary"]["ratios"].get(contender, {}).get(row["metric"])
            rate = None if row["key"] == "idle" else m["rate"]
            yield [row["title"], contender, number(rate), number(m["mib_per_s"] or None),
                   number(m["p50_us"]), number(m["p99_us"]), number(m[row["metric"]]),
                   row["unit"], spread(r) if contender != "wsbridged" else ""]


def print_table(result):
    lines = list(table_of(result))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [text.ljust(w) if i < 2 or i > 6 else text.rjust(w)
                 for i, (text, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


def print_markdown(result):
    """The README's table: what each server's CPU or memory pays for the same work."""
    m = result["machine"]
    print("| work | wsbridged | floor | websocketd | npm ws | ÷ floor | ÷ websocketd | ÷ npm ws |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for row in result["rows"]:
        medians, ratios = row["summary"]["medians"], row["summary"]["ratios"]
        cells = [row["title"]]
        for contender in SERVERS:
            value = medians.get(contender, {}).get(row["metric"])
            cells.append("–" if value is None else f"{number(value)} {row['unit']}")
        for contender in list(SERVERS)[1:]:
            cells.append(spread(ratios.get(contender, {}).get(row["metric"])))
        print("| " + " | ".join(cells) + " |")
    print()
    print(f"CPU time of the server for each message, KiB or connection (memory for an idle "
          f"session), medians; ÷ is the median of {result['settings']['pairs']} pairwise "
          f"ratios with its quartiles. {m['cpu']}, {m['cores']} cores, "
          f"Linux {m['kernel']}, load {m['load_average_before'][0]:.1f}, {m['date'][:10]}.")


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--pairs", type=int, default=5, help="runs of each server (5)")
    p.add_argument("--seconds", type=float, default=2.0, help="that a run measures (2)")
    p.add_argument("--quick", action="store_true", help="one short pair: does it work?")
    p.add_argument("--rows", help="only these, by key: " + ",".join(r.key for r in ROWS))
    p.add_argument("--contenders", default=",".join(SERVERS), help="only these servers")
    p.add_argument("--out", type=pathlib.Path, default=BUILD / "bench/result.json")
    p.add_argument("--markdown", type=pathlib.Path, metavar="JSON",
                   help="measure nothing, print the README's table from this result")
    options = p.parse_args()
    if options.quick:
        options.pairs, options.seconds = 1, 0.3
    unknown = set(options.rows.split(",") if options.rows else ()) - {r.key for r in ROWS}
    unknown |= set(options.contenders.split(",")) - set(SERVERS)
    if unknown:
        p.error("unknown: " + " ".join(sorted(unknown)))
    return options


def chosen_contenders(options):
    contenders = options.contenders.split(",")
    for contender, program in NEEDS.items():
        if contender in contenders and not shutil.which(program):
            print(f"bench: {program} is not installed; {contender} is left out", file=sys.stderr)
            contenders.remove(contender)
    return contenders


def run_all(options):
    contenders = chosen_contenders(options)
    result = {
        "machine": machine(),
        "settings": {"pairs": options.pairs, "seconds": options.seconds, "ini": INI},
        "rows": [],
    }
    for row in ROWS:
        if options.rows and row.key not in options.rows.split(","):
            continue
        print(f"bench: {row.title}", file=sys.stderr)
        runs = measure(row, contenders, options)
        result["rows"].append({"key": row.key, "title": row.title, "metric": row.metric,
                               "unit": UNITS[row.metric], "arguments": row.arguments,
                               "summary": summary(row, runs), "runs": runs})
    result["machine"]["load_average_after"] = os.getloadavg()
    return result


def main():
    options = parse_arguments()
    if options.markdown:
        print_markdown(json.loads(options.markdown.read_text()))
        return 0
    result = run_all(options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print_table(result)
    failures = sum("error" in run for row in result["rows"]
                   for runs in row["runs"].values() for run in runs)
    if failures:
        print(f"bench: {failures} runs failed", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
