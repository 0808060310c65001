# SPDX-License-Identifier: MIT
"""The manual's examples are taken by `wsbridged -t`, and there is one for each section."""

import re

import pytest
from inicheck import HEAD
from manual import blocks, subsections

PAGE = "wsbridge.ini.5"
EXAMPLES = [block.text for block in blocks(PAGE) if block.text.startswith("[") and block.section != "GRAMMAR"]

# What an example names, and what is in it.
FILES = {
    "/etc/wsbridge.tokens": f"sha256:{'0' * 64} robot\n",
    "/etc/wsbridge.htpasswd": f"joe:$5$saltsalt${'.' * 43}\n",
}


@pytest.fixture
def world(tmp_path):
    """world(TEXT): TEXT about a world in which what the examples name is there."""

    def move(text):
        for name in re.findall(r"/usr/local/bin/(\w+)", text):
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        for name in re.findall(r"\$\{cred:([^}]*)\}", text):
            (tmp_path / name).write_text("secret\n")
        for path, content in FILES.items():
            (tmp_path / path.rpartition("/")[2]).write_text(content)
        for name in re.findall(r"/srv/(\w+)", text):
            (tmp_path / name).mkdir(exist_ok=True)
        return re.sub(r"/usr/local/bin/|/run/wsbridge/|/srv/|/etc/(?=wsbridge\.)", f"{tmp_path}/", text)

    return move


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n", 1)[0])
def test_an_example_has_no_errors(example, check, world, tmp_path):
    head = "" if "[server]" in example else HEAD
    path = "" if "[/" in example else "[/x]\nexec = cat\n"
    result = check(head + world(example) + path, env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert (result.status, result.errors) == (0, []), result.lines


def words(text, before):
    """The first words of section headers, [/path] for every path."""
    found = re.findall(before + r"\[(\w+|/)", text, re.M)
    return {"/path" if word == "/" else word for word in found}


def test_every_section_has_an_example():
    documented = words("\n".join(subsections(PAGE)), "")
    assert documented >= {"server", "limits", "defaults", "/path"}
    assert documented - words("".join(EXAMPLES), "^") == set()
