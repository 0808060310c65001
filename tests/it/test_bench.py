# SPDX-License-Identifier: MIT
"""The measuring tools of tests/bench work, and what the READMEs show is what was measured."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

from harness import ROOT, WSBRIDGED

BENCH = ROOT / "tests/bench"
sys.path.append(str(BENCH))

import check  # noqa: E402
import publish  # noqa: E402
import where  # noqa: E402


def run(script, *argv, fails=False):
    """What SCRIPT of tests/bench prints."""
    env = {**os.environ, "B": str(Path(WSBRIDGED).parent), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, BENCH / script, *argv]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=1200)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_what_the_readmes_show_is_made_of_the_committed_result():
    run("publish.py", "--check")
    xml.etree.ElementTree.parse(BENCH / "result.svg")


def test_a_result_with_a_failed_run_is_not_shown(tmp_path):
    result = json.loads(publish.COMMITTED.read_text())
    result["rows"][0]["runs"]["wsbridged"][0] = {"error": "it stalled"}
    (tmp_path / "result.json").write_text(json.dumps(result))
    assert "1 runs failed" in run("publish.py", tmp_path / "result.json", fails=True)


def test_a_message_that_costs_twice_as_much_is_too_slow():
    for key, usual in check.usual_ratios(json.loads(publish.COMMITTED.read_text())).items():
        assert not check.is_too_slow({"low": usual}, usual), key
        assert check.is_too_slow({"low": 2 * usual * 0.9}, usual), key  # the lower quartile


def test_a_sample_counts_as_what_it_was_taken_in():
    samples = """
        ffff1 _copy_to_iter ([kernel.kallsyms])
        ffff2 tcp_recvmsg_locked ([kernel.kallsyms])

        ffff3 tcp_ack ([kernel.kallsyms])
        ffff4 tcp_sendmsg ([kernel.kallsyms])

            1 frame_mask (/usr/sbin/wsbridged)
            2 read ([kernel.kallsyms])

        ffff5 dup_fd ([kernel.kallsyms])
        ffff6 kernel_clone ([kernel.kallsyms])
            3 __clone (/usr/lib/x86_64-linux-gnu/libc.so.6)

            4 SHA1_Init (/usr/lib/x86_64-linux-gnu/libcrypto.so.3)
"""
    kernel = ["to copy the bytes", "TCP, to send"], "to start the program"
    chains = list(where.chains(samples))
    kinds = [where.kind_of(chain, False) for chain in chains]
    assert kinds == [*kernel[0], "frame_mask()", kernel[1], "SHA1_Init()"]
    assert [where.kind_of(chain, True) for chain in chains] == [*kernel[0], "wsbridged", kernel[1], "libcrypto"]


def test_each_kind_of_run_gives_its_figures(tmp_path):
    out = tmp_path / "result.json"
    rows = "echo-64x8,tls-up,tls-resume,idle,paths"
    run("bench.py", "--quick", "--contenders=wsbridged,floor", "--parts=rows,scale", f"--rows={rows}", f"--out={out}")
    result = json.loads(out.read_text())
    for row in result["rows"]:
        medians = row["summary"]["medians"]["wsbridged"]
        assert medians[row["metric"]] > 0, row["key"]
        if row["metric"].startswith("cpu_"):
            assert 0 <= medians["kernel_share"] <= 1, row["key"]  # of some ten ticks of the clock
    for series in result["scale"]:
        assert [c["median"] > 0 for c in series["cases"]] == [True] * len(series["cases"]), series["key"]
    assert {part["key"] for name in ("rows", "scale") for part in result[name]} == set(rows.split(","))
