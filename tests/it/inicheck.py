# SPDX-License-Identifier: MIT
"""Runs `wsbridged -t` and -T on ini files and reads their reports."""

import re

from harness import run

HEAD = "[server]\nlisten = 127.0.0.1:0\n"


class Check:
    """The outcome of `wsbridged -t` on files in a directory: status and the lines of its report."""

    def __init__(self, place, text, *options, env=None, **drop_ins):
        data = text if isinstance(text, bytes) else text.encode()
        (place / "wsbridge.ini").write_bytes(data)
        for name, content in drop_ins.items():
            (place / "wsbridge.d").mkdir(exist_ok=True)
            (place / "wsbridge.d" / name).write_text(content)
        self.result = run(*(options or ["-t"]), "-c", "wsbridge.ini", cwd=place, env=env)
        self.status, self.out = self.result.returncode, self.result.stdout
        self.lines = self.result.stderr.splitlines()
        self.errors = [line for line in self.lines if ": error: " in line]


def values(place, text, **how):
    """{(section, key): [values]} as -T prints them."""
    result = Check(place, text, "-T", **how)
    assert result.status == 0, result.lines
    table, section = {}, None
    for line in result.out.splitlines():
        if line.startswith("["):
            section = line[1:-1]
        elif line and line[0] not in ";#":
            key, _, value = line.partition("=")
            table.setdefault((section, key.strip()), []).append(value.strip())
    return table


def fails(result, *expected):
    """RESULT has exactly the errors EXPECTED, in any order: (LINE or FILE:LINE, regex)."""
    assert result.status == 78, result.lines
    assert len(result.errors) == len(expected), "\n".join(result.lines)
    for where, pattern in expected:
        where = where if isinstance(where, str) else f"wsbridge.ini:{where}"
        found = [line for line in result.errors if line.startswith(f"{where}: error: ")]
        assert found and re.search(pattern, found[0]), f"{where}: {pattern}\n" + "\n".join(result.lines)
