# SPDX-License-Identifier: MIT
"""Which tests are marked with what, in every test file, whatever was selected to run."""

from pathlib import Path

import pytest


class Marks:
    def __init__(self, name):
        self.name, self.tests = name, {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        for item in items:
            for mark in item.iter_markers(self.name):
                for key in mark.args:
                    self.tests.setdefault(key, []).append(item.nodeid)


def marked(name):
    """{word: [tests marked with NAME(word)]}"""
    marks = Marks(name)
    here = str(Path(__file__).parent)
    options = ["--collect-only", "-p", "no:terminal", "-p", "no:xdist", "-p", "no:cacheprovider"]
    status = pytest.main([*options, "--rootdir", here, "-c", here + "/pytest.ini", here], plugins=[marks])
    assert status == pytest.ExitCode.OK, "the test files cannot be collected"
    return marks.tests
