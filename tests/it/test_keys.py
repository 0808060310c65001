# SPDX-License-Identifier: MIT
"""Every key of wsbridge.ini has a test that sees its effect from outside."""

from pathlib import Path

import pytest
from harness import run

# Each key that has no default is given, so that -T prints it.
EVERYTHING = """
[server]
listen = 127.0.0.1:0
user = root
group = root
[/exec]
exec = cat
subprotocol = chat
close_reason = bye
cwd = /
umask = 022
env = A=b
pass_env = LANG
nofile = 64
[/shell]
shell = cat
"""


class Marks:
    """Collects what is marked with key() in every test file, whatever was selected to run."""

    def __init__(self):
        self.tests = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        for item in items:
            for mark in item.iter_markers("key"):
                for key in mark.args:
                    self.tests.setdefault(key, []).append(item.nodeid)


def marked_keys():
    marks = Marks()
    here = str(Path(__file__).parent)
    options = ["--collect-only", "-p", "no:terminal", "-p", "no:xdist", "-p", "no:cacheprovider"]
    status = pytest.main([*options, "--rootdir", here, "-c", here + "/pytest.ini", here], plugins=[marks])
    assert status == pytest.ExitCode.OK, "the test files cannot be collected"
    return marks.tests


def printed_keys(tmp_path):
    file = tmp_path / "wsbridge.ini"
    file.write_text(EVERYTHING)
    result = run("-T", "-c", file)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line and line[0] not in ";#["]
    return {line.split("=", 1)[0].strip() for line in lines}


def test_every_key_has_a_test_that_sees_its_effect(tmp_path):
    keys, tests = printed_keys(tmp_path), marked_keys()
    assert len(keys) > 40, f"-T prints only {sorted(keys)}"
    assert not keys - set(tests), f"no test is marked with {sorted(keys - set(tests))}"


def test_no_test_is_marked_with_a_key_that_does_not_exist(tmp_path):
    keys, tests = printed_keys(tmp_path), marked_keys()
    unknown = {key: tests[key] for key in set(tests) - keys}
    assert not unknown, f"unknown to wsbridged -T: {unknown}"
