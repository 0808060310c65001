# SPDX-License-Identifier: MIT
"""However much there is to do at once, no turn of the loop takes long: by its CPU time, as others may have the machine."""

import procfs
import pytest
from harness import with_canary
from test_reload import reload


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
