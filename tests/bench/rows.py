# SPDX-License-Identifier: MIT
"""The kinds of work, what is to be reached in each, and the figure in which the servers are compared."""

import typing

SHORT = "x" * 100  # a line for many
LINE = "".join(chr(ord("a") + i * i % 26) for i in range(1024))
ECHO = "builtin = echo"

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
    # Only wsbridged's, without a process:
    "builtin": (None, ECHO),
    "pinged": (None, f"{ECHO}\nping_interval = 1s"),
    **{f"paths-{n}": (None, "".join([ECHO, *(f"\n[/{i}/path]\n{ECHO}" for i in range(n - 1))]))
       for n in (10, 10000)},
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

UNITS = {
    "cpu_us_per_msg": "µs",
    "cpu_us_per_kib": "µs/KiB",
    "cpu_ms_per_s": "ms/s",
    "anonymous_per_session": "B",
    "anonymous_grown": "B",
    "p50_us": "µs",
    "rate": "/s",
}

# What the tables call them.
NAMES = {
    "wsbridged": "wsbridged",
    "floor": "floor",
    "websocketd": "websocketd",
    "lws": "libwebsockets",
    "ws": "npm ws",
    "small": "wsbridged at 10 MiB",
}


class Aim(typing.NamedTuple):
    """At most LIMIT, of the row's metric or of another; OVER a contender: that many times its figure."""

    limit: float
    over: typing.Optional[str] = None
    stretch: typing.Optional[float] = None  # what would be better still
    metric: typing.Optional[str] = None
    at_least: bool = False


class Row(typing.NamedTuple):
    """One kind of work, and the figure in which the servers are compared."""

    key: str
    title: str
    metric: str
    program: str
    arguments: list
    contenders: tuple = ("wsbridged", "floor", "websocketd")
    quick: list = []  # arguments that override in a --quick run
    aims: tuple = ()
    tls: bool = False
    ballast: bool = False  # wsbridged holds 1 GiB


ROWS = [
    Row("echo-1x1", "echo, 1 client × 1, 32 B", "cpu_us_per_msg", "echo",
        ["echo", "--clients", "1", "--inflight", "1", "--size", "32"],
        contenders=("wsbridged", "floor", "websocketd", "lws"),
        aims=(Aim(1.25, "floor", 1.1), Aim(1.2, "floor", metric="p50_us"))),
    Row("echo-64x8", "echo, 64 clients × 8, 32 B", "cpu_us_per_msg", "echo",
        ["echo", "--clients", "64", "--inflight", "8", "--size", "32"],
        contenders=("wsbridged", "floor", "websocketd", "lws"),
        aims=(Aim(1.5, "floor", 1.2), Aim(1 / 8, "websocketd"))),
    # websocketd stops for good here: it does not read while it writes.
    Row("echo-64k", "echo, 4 clients × 4, 64 KiB", "cpu_us_per_kib", "echo",
        ["echo", "--clients", "4", "--inflight", "4", "--size", "65536"],
        contenders=("wsbridged", "floor", "lws"),
        aims=(Aim(0.8, "floor", metric="rate", at_least=True),)),
    Row("down", "down-flood, 1 KiB lines", "cpu_us_per_kib", "lines",
        ["down", "--line", LINE], aims=(Aim(0.6, stretch=0.42),)),
    Row("down-raw", "down-flood, frame = raw", "cpu_us_per_kib", "bytes",
        ["down", "--line", LINE, "--stream"], aims=(Aim(1.25, "floor", 1.1),)),
    Row("up", "up-flood, 1 KiB messages", "cpu_us_per_kib", "discard",
        ["up", "--size", "1024"],
        aims=(Aim(0.6, stretch=0.45), Aim(1 << 20, metric="anonymous_grown"))),
    Row("connect", "connect + spawn + echo + close", "cpu_us_per_msg", "echo",
        ["connect", "--clients", "4", "--size", "32"], aims=(Aim(180, stretch=140),)),
    Row("connect-1g", "the same, the daemon holding 1 GiB", "cpu_us_per_msg", "echo",
        ["connect", "--clients", "4", "--size", "32"], contenders=("wsbridged", "small"),
        aims=(Aim(1.1, "small"),), ballast=True),
    Row("tls-echo", "TLS: echo, 64 clients × 8, 32 B", "cpu_us_per_msg", "echo",
        ["echo", "--clients", "64", "--inflight", "8", "--size", "32"],
        contenders=("wsbridged", "websocketd", "lws"), aims=(Aim(4, stretch=3),), tls=True),
    Row("tls-64k", "TLS: echo, 4 clients × 4, 64 KiB", "cpu_us_per_kib", "echo",
        ["echo", "--clients", "4", "--inflight", "4", "--size", "65536"],
        contenders=("wsbridged", "lws"), tls=True),
    Row("tls-down", "TLS: down-flood, 1 KiB lines", "cpu_us_per_kib", "lines",
        ["down", "--line", LINE], contenders=("wsbridged", "websocketd"), tls=True),
    Row("tls-down-raw", "TLS: down-flood, frame = raw", "cpu_us_per_kib", "bytes",
        ["down", "--line", LINE, "--stream"], contenders=("wsbridged", "websocketd"), tls=True),
    Row("tls-up", "TLS: up-flood, 1 KiB messages", "cpu_us_per_kib", "discard",
        ["up", "--size", "1024"], contenders=("wsbridged", "websocketd"),
        aims=(Aim(1 << 20, metric="anonymous_grown"),), tls=True),
    Row("tls-connect", "TLS: connect (full) + spawn + echo + close", "cpu_us_per_msg", "echo",
        ["connect", "--clients", "4", "--size", "32"],
        contenders=("wsbridged", "websocketd"), tls=True),
    Row("tls-resume", "TLS: connect (resumed) + spawn + echo + close", "cpu_us_per_msg", "echo",
        ["connect", "--clients", "4", "--size", "32", "--resume"],
        contenders=("wsbridged", "websocketd"), tls=True),
    # A line at a time for all.  npm ws keeps what its clients have not taken, without a limit.
    Row("fanout", "a line each 50 ms to 1,000 clients, 100 B", "cpu_us_per_msg", "paced",
        ["down", "--clients", "1000", "--line", SHORT], contenders=("wsbridged", "ws"),
        quick=["--clients", "100"]),
    Row("fanout-flood", "a flood of lines to 1,000 clients, 100 B", "cpu_us_per_msg", "shared",
        ["down", "--clients", "1000", "--line", SHORT], contenders=("wsbridged",),
        quick=["--clients", "100"]),
    Row("tls-fanout-flood", "TLS: a flood of lines to 1,000 clients, 100 B", "cpu_us_per_msg", "shared",
        ["down", "--clients", "1000", "--line", SHORT], contenders=("wsbridged",),
        quick=["--clients", "100"], tls=True),
    # The floor's sessions are no yardstick: it has a fixed buffer for each.
    Row("idle", "idle session with its process", "anonymous_per_session", "echo",
        ["idle", "--clients", "500"], contenders=("wsbridged", "websocketd"),
        quick=["--clients", "50"], aims=(Aim(1.5 * 1024, stretch=1024),)),
    Row("tls-idle", "TLS: idle session with its process", "anonymous_per_session", "echo",
        ["idle", "--clients", "500"], contenders=("wsbridged", "websocketd"),
        quick=["--clients", "50"], aims=(Aim(18 * 1024, stretch=16 * 1024),), tls=True),
]
