# SPDX-License-Identifier: MIT
"""However much there is to do at once, no turn of the loop takes long: by its CPU time, as others may have the machine."""

import os
import re
import signal
import socket
import ssl
import struct

import procfs
import pytest
from harness import with_canary
from test_reload import reload
from waiting import until


def cpu_of(d, action):
    """The least CPU time in seconds that D takes for ACTION, of three."""
    times = []
    for _ in range(3):
        before = procfs.cpu_time(d.pid)
        action()
        times.append(procfs.cpu_time(d.pid) - before)
    return min(times)


@pytest.mark.memory(64, reason="the allocator keeps what thousands of paths lay between")
def test_a_reload_of_many_paths_costs_as_much_for_each_as_one_of_few(daemon):
    def cost(n):
        ini = "".join(f"[/p{i}]\nexec = cat\n" for i in range(n))
        d = daemon(ini)
        return cpu_of(d, lambda: reload(d, with_canary(ini))) / n

    few, many = cost(300), cost(4000)
    assert many < 3 * few, f"{few * 1e6:.0f} us and {many * 1e6:.0f} us a path"


def client_hello():
    out = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


@pytest.mark.memory(8, reason="the allocator keeps what many handshakes of TLS held at once")
def test_who_has_waited_longest_is_heard_next_when_there_is_no_time_for_all(daemon, certificate):
    n = 60
    tls = certificate(algorithm="rsa").ini()  # a handshake takes a good part of a long turn
    d = daemon(
        "[server]\nlisten = 127.0.0.1:0 tls\n[logging]\nlevel = debug\n[limits]\naccept_rate = 0\n" + tls
    )
    at = len(d.log())
    hello = client_hello()
    os.kill(d.pid, signal.SIGSTOP)
    peers = []
    for _ in range(n):
        peers.append(socket.create_connection(("127.0.0.1", d.port)))
        peers[-1].sendall(hello)
    os.kill(d.pid, signal.SIGCONT)

    def answered():
        """Who was answered, in that order."""
        return list(dict.fromkeys(int(i) for i in re.findall(r"#(\d+).*ssl_step.*server hello", d.log()[at:])))

    order = until(lambda: len(answered()) == n and answered(), lambda: f"{n} answers:\n{d.log()[at:]}")
    for peer in peers:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a FIN would be answered by an alert
        peer.close()
    # The kernel tells of the oldest first and libev serves the newest first: alone it would let the oldest be the last.
    assert order.index(min(order)) < n / 3, order
