# SPDX-License-Identifier: MIT
"""What the kernel says about a process: its children, descriptors, memory and sockets."""

import ctypes
import fcntl
import os
import re
import signal
import socket
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SYS_pidfd_getfd = 438


def children(pid):
    """Pids of the children of PID, zombies too."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(word) for word in f.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid):
    """Pids of the children of PID, of their children, and so on."""
    return [d for child in children(pid) for d in [child, *descendants(child)]]


def kill(pids):
    """At once; some may have ended meanwhile."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def working_in(place):
    """Pids of the processes whose working directory is PLACE."""
    pids = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/cwd") == place:
                pids.append(int(name))
        except OSError:
            pass
    return pids


def describe(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            line = f.read().replace(b"\0", b" ").decode("utf-8", "replace")[:100]
    except (FileNotFoundError, ProcessLookupError):
        line = "(gone)"
    return f"{pid} {state(pid)} {line}"


def state(pid):
    """Z for a zombie, T for a stopped process, and so on; '' when there is none."""
    return (stat(pid) or [""])[0]


def stat(pid):
    """The fields of /proc/PID/stat from the state on (index 0 = state, 1 = ppid, 2 = pgrp, 3 = session)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().decode("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def alive(pid):
    return state(pid) not in ("", "Z", "X")


def status(pid, field):
    """The value of one line of /proc/PID/status."""
    with open(f"/proc/{pid}/status") as f:
        return re.search(rf"^{field}:[ \t]*(.*)$", f.read(), re.M).group(1)


def descriptors(pid):
    """{descriptor: what it is} of PID."""
    table = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            table[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass
    return table


def memory(pid):
    """Bytes of anonymous memory of PID, swapped ones too: its heap and stack, not its program text."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        text = f.read()
    return 1024 * sum(
        int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) for field in ("Anonymous", "Swap")
    )


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as f:
        f.write("5")


def peak(pid):
    """The most bytes of memory that PID had since forget_peak(), its program text included."""
    return 1024 * int(status(pid, "VmHWM").split()[0])


def fifo(path):
    os.mkfifo(path)
    return path


def unread(pid):
    """Bytes that lie in the receive queues of the TCP connections of PID's network."""
    with open(f"/proc/{pid}/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    inodes = {what[8:-1] for what in descriptors(pid).values() if what.startswith("socket:")}
    return sum(int(row[4].split(":")[1], 16) for row in rows if row[9] in inodes and row[3] == "01")


def cpu_seconds(pid):
    """User and system time of PID."""
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written(pid):
    """How many bytes PID has written in its life, wherever to."""
    with open(f"/proc/{pid}/io") as f:
        return int(re.search(r"^wchar: (\d+)", f.read(), re.M)[1])


def cpu_time(pid):
    """The same to the nanosecond, by the clock that clock_getcpuclockid(3) has for it."""
    return time.clock_gettime((~pid << 3) | 2)


def socket_in(pid, family):
    """A new stream socket that lives in the network namespace of PID."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if LIBC.setns(other, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return socket.socket(family, socket.SOCK_STREAM)
        finally:
            if LIBC.setns(own, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns back")
    finally:
        os.close(own)
        os.close(other)


def unsent(sock):
    """Bytes that the kernel has taken for a TCP socket and not sent yet (SIOCOUTQNSD)."""
    answer = fcntl.ioctl(sock, 0x894B, b"\0\0\0\0")
    return int.from_bytes(answer, sys.byteorder)


def packets(sock):
    """TCP packets that SOCK has got (tcpi_segs_in of TCP_INFO)."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 144)
    return int.from_bytes(info[140:144], sys.byteorder)


def peer_socket(pid, mine):
    """The other end of my TCP connection MINE, borrowed from PID (pidfd_getfd(2))."""
    pidfd = os.pidfd_open(pid)
    try:
        for fd, what in descriptors(pid).items():
            if not what.startswith("socket:"):
                continue
            copy = LIBC.syscall(SYS_pidfd_getfd, pidfd, fd, 0)
            if copy < 0:
                raise OSError(ctypes.get_errno(), "pidfd_getfd")
            sock = socket.socket(fileno=copy)
            try:
                if sock.getpeername() == mine.getsockname():
                    return sock
            except OSError:
                pass
            sock.close()
    finally:
        os.close(pidfd)
    raise AssertionError(f"process {pid} has no socket that is connected to {mine.getsockname()}")
