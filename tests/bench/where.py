#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Where a server's CPU time goes in a row of the table: by kind of kernel work, and by function of its own; where
connections come and go, of which each function has a little, by library.

usage: where.py KEY [wsbridged|floor]...     needs root, and perf(1)
"""

import collections
import pathlib
import subprocess
import sys
import tempfile
import types

import bench
from rows import NAMES, ROWS, UNITS
from servers import SERVERS

SECONDS = 3
KERNEL = "kernel"
SHOWN = 8  # of the functions that are not the kernel's, the dearest
# A sample belongs to the first kind one of whose functions is in its chain of calls.  While others are woken
# interrupts are off: the sample comes when they are on again.
KINDS = {
    "to wake others": ("try_to_wake_up", "_raw_spin_unlock_irqrestore"),
    "to sleep, and be woken": ("schedule",),
    "to copy the bytes": ("_copy_to_iter", "_copy_from_iter", "copy_page_to_iter", "copy_page_from_iter"),
    "page faults": ("exc_page_fault", "asm_exc_page_fault"),
    "the other side's TCP": ("tcp_v4_rcv", "net_rx_action", "__dev_queue_xmit"),  # over loopback it runs here
    "TCP, to send": ("tcp_sendmsg", "sock_write_iter", "__sys_sendmsg", "__x64_sys_sendmsg"),
    "TCP, to receive": ("tcp_recvmsg", "sock_read_iter"),
    "the pipe, to read": ("anon_pipe_read", "pipe_read"),
    "the pipe, to write": ("anon_pipe_write", "pipe_write"),
    "epoll": ("do_epoll_wait", "do_epoll_ctl", "ep_send_events"),
    "to start the program": ("kernel_clone",),
    "to see it out": ("kernel_wait4", "arch_do_signal_or_restart", "__x64_sys_rt_sigreturn", "__x64_sys_kill",
                      "__x64_sys_pread64"),
    "to accept": ("__sys_accept4",),
    "TCP, to end": ("__sys_shutdown", "__sock_release"),
    "to open pipes": ("do_pipe2", "__x64_sys_fcntl", "__x64_sys_dup3", "ksys_dup3"),
    "to close": ("__x64_sys_close", "task_work_run"),
    "the log": ("ksys_write", "__x64_sys_poll", "__sys_sendto"),
}


def library_of(file):
    """/lib/libc.so.6) is libc."""
    return KERNEL if "[kernel" in file else pathlib.Path(file.rstrip(")")).name.split(".so")[0]


def chains(samples):
    """Each sample of perf script: [(function, its library, the program or KERNEL)], the innermost first."""
    for sample in samples.split("\n\n"):
        frames = [line.split(maxsplit=1)[1] for line in sample.splitlines() if line.startswith((" ", "\t"))]
        if frames:
            yield [(f.rsplit(" (", 1)[0].split("+")[0], library_of(f.rsplit(" (", 1)[1])) for f in frames]


def kind_of(chain, by_library):
    """What a sample is counted as."""
    function, library = chain[0]
    if library != KERNEL:
        return library if by_library else function + "()"
    names = {name for name, library in chain if library == KERNEL}
    return next((kind for kind, calls in KINDS.items() if names.intersection(calls)), "kernel, else")


def profiled(contender, row):
    """A run of ROW under perf: its figure, and {kind: share}."""
    options = types.SimpleNamespace(seconds=SECONDS, quick=False)
    with tempfile.TemporaryDirectory(prefix="wsbridged-bench.") as directory:
        data = directory + "/perf.data"
        with SERVERS[contender](row, pathlib.Path(directory)) as server:
            perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "5000", "-g", "-o", data,
                                     "--no-inherit", "-p", str(server.process.pid)])  # not its programs
            run = bench.run_load(server, row, options)
            perf.terminate()
            perf.wait()
        samples = subprocess.run(["perf", "script", "-F", "ip,sym,dso", "-i", data], check=True,
                                 capture_output=True, text=True).stdout
    counted = collections.Counter(kind_of(chain, row.arguments[0] == "connect") for chain in chains(samples))
    return run[row.metric], {kind: n / counted.total() for kind, n in counted.items()}


def lines_of(figure, shares):
    """(what, its part of FIGURE), the kernel's kinds first."""
    kernel = [*KINDS, "kernel, else"]
    ours = sorted((kind for kind in shares if kind not in kernel), key=shares.get, reverse=True)
    yield from ((kind, figure * shares.get(kind, 0)) for kind in kernel)
    yield from ((kind, figure * shares[kind]) for kind in ours[:SHOWN])
    yield "not the kernel's, else", figure * sum(shares[kind] for kind in ours[SHOWN:])
    yield "all", figure


def main():
    rows = {row.key: row for row in ROWS}
    if len(sys.argv) < 2 or sys.argv[1] not in rows or not set(sys.argv[2:]) <= set(SERVERS):
        sys.exit(__doc__)
    row = rows[sys.argv[1]]
    for contender in sys.argv[2:] or ["wsbridged", "floor"]:
        print(f"{row.title}: {NAMES[contender]}, n{UNITS[row.metric][1:]}")
        for what, value in lines_of(*profiled(contender, row)):
            print(f"{1000 * value:8.0f}  {what}")


if __name__ == "__main__":
    main()
