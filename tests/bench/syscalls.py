# SPDX-License-Identifier: MIT
"""How many system calls a message takes: strace(1) counts them, in runs of their own."""

import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile

from rows import ROWS
from servers import SERVERS

CONTENDERS = ("wsbridged", "floor", "lws")
# How many messages; the calls of the handshakes before them vanish among so many.
MESSAGES = {
    "echo-1x1": 5000,
    "echo-64x8": 100000,
    "echo-64k": 5000,
    "down": 100000,
    "up": 100000,
    "connect": 300,
    "tls-echo": 100000,
}
ATTACH_TIMEOUT = 10  # seconds


def wait_attached(strace, threads):
    """strace says of each of THREADS that it has begun to count."""
    for _ in threads:
        if not select.select([strace.stderr], [], [], ATTACH_TIMEOUT)[0] or b"attached" not in strace.stderr.readline():
            raise OSError("strace could not attach")


def counts(text):
    """{call: how often} of the table that strace -c prints."""
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", text, re.MULTILINE)
    return {call: int(n) for n, call in rows if call != "total"}


def count(contender, row, run_load, directory):
    """{call: how often for each message}.  Of all threads, but not of the processes that it starts."""
    table = directory / "strace"
    with SERVERS[contender](row, directory) as server:
        threads = [f"--attach={t.name}" for t in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir()]
        with subprocess.Popen(["strace", "-c", "-o", str(table), *threads],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0) as strace:
            try:
                wait_attached(strace, threads)
                run = run_load(server, row)
            finally:
                strace.send_signal(signal.SIGINT)
    return {call: n / run["messages"] for call, n in counts(table.read_text()).items()}


def count_all(contenders, run_load, keys):
    result = []
    for row in ROWS:
        if row.key not in MESSAGES or row.key not in keys:
            continue
        print(f"bench: system calls: {row.title}", file=sys.stderr)
        limited = row._replace(arguments=[*row.arguments, "--messages", str(MESSAGES[row.key])])
        calls = {}
        for contender in CONTENDERS:
            if contender not in row.contenders or contender not in contenders:
                continue
            with tempfile.TemporaryDirectory(prefix="wsbridged-bench.") as directory:
                calls[contender] = count(contender, limited, run_load, pathlib.Path(directory))
        result.append({"key": row.key, "title": row.title, "calls": calls})
    return result
