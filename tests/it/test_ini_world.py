# SPDX-License-Identifier: MIT
"""What `wsbridged -t` finds in the world around wsbridge.ini."""

import os
import re
import subprocess

import pytest
from harness import ENVIRONMENT, WSBRIDGED
from inicheck import HEAD, fails


def test_a_command_that_is_not_there_is_an_error_with_a_suggestion(check):
    result = check(HEAD + "[/x]\nexec = jornalctl -f\n")
    fails(result, (4, "jornalctl"))
    line = result.errors[0]
    assert line.startswith("wsbridge.ini:4: error: exec: 'jornalctl' not found in PATH (/usr/bin:/bin)"), line
    assert line.endswith("; did you mean 'journalctl'?"), line


def test_a_command_that_cannot_run_is_an_error(check, tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    fails(
        check(HEAD + f"[/x]\nexec = {tool}\n[/y]\nexec = {tmp_path}\n[/z]\nexec = {tmp_path}/none\n"),
        (4, str(tool)),
        (6, str(tmp_path)),
        (8, "none"),
    )


def test_buffering_that_line_buffer_cannot_cure_is_hinted_at(check):
    result = check(HEAD + "[/x]\nexec = mawk '{print}'\n[/y]\nexec = perl -ne print\n[/z]\nexec = grep x\n")
    assert result.status == 0
    hints = [line for line in result.lines if "warning" in line]
    assert any(
        line.startswith("wsbridge.ini:4: ") and "-W interactive" in line for line in hints
    ), result.lines
    assert any(line.startswith("wsbridge.ini:6: ") and "perl" in line for line in hints), result.lines
    assert not any(line.startswith("wsbridge.ini:8: ") for line in hints)


@pytest.mark.key("max_connections")
def test_max_connections_is_checked_against_the_limit_of_descriptors(tmp_path):
    (tmp_path / "wsbridge.ini").write_text(HEAD + "[limits]\nmax_connections = 5000\n[/x]\nexec = cat\n")
    result = subprocess.run(
        ["sh", "-c", f"ulimit -n 200; exec {WSBRIDGED} -t -c wsbridge.ini"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert re.search(r"^wsbridge\.ini:4: warning: .*max_connections", result.stderr, re.M), result.stderr


@pytest.mark.key("max_connections", "queue")
def test_a_worst_case_that_is_more_than_the_machine_has_is_warned_of(check):
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    ini = HEAD + "[limits]\nmax_connections = {}\nmax_handshakes = 1\n[/x]\nexec = cat\nqueue = 1M\n"
    most = int(gib * 2**10 / (2 + 68 / 1024))  # a client holds twice the queue and 68 KiB
    assert not [line for line in check(ini.format(most - 1)).lines if "take nothing" in line]
    line = next(line for line in check(ini.format(most + 1)).lines if "take nothing" in line)
    said = f"warning: {most + 1} clients of /x who take nothing can make the daemon hold {gib:.1f} GiB, this machine has {gib:.1f};"
    assert line.startswith("wsbridge.ini:4: ") and said in line
