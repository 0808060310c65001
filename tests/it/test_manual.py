# SPDX-License-Identifier: MIT
"""The manual's examples are taken by `wsbridged -t`, and there is one for each section."""

import re

import certificates
import foreign
import pytest
from inicheck import HEAD
from manual import blocks, subsections

PAGE = "wsbridge.ini.5"
PATH = r"(?<![\w/.-])/(?:etc|run|srv|usr/local/bin)/[\w./-]+"
EXAMPLES = [block.text for block in blocks(PAGE) if block.text.startswith("[") and block.section != "GRAMMAR"]

# What the examples name, by the ends of the names.
SCRIPT, TOKENS = "#!/bin/sh\n", f"sha256:{'0' * 64} robot\n"
PASSWORDS = "guest:$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.\n"


@pytest.fixture
def world(tmp_path):
    """world(TEXT): TEXT about a world below a directory, in which what it names is there."""

    def make(path):
        file = tmp_path / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.startswith("/srv/"):
            file.mkdir()
        elif path.startswith("/usr/local/bin/"):
            file.write_text(SCRIPT)
            file.chmod(0o755)
        elif path.endswith((".tokens", ".htpasswd")):
            file.write_text(TOKENS if path.endswith(".tokens") else PASSWORDS)
        elif path.endswith("/fullchain.pem"):
            foreign.lineage(file.parent, "www.example.com")
        elif path.endswith("/admin.pem"):
            certificates.Certificate(file.parent, "admin")
        elif path.endswith("-ca.pem"):
            file.write_bytes(certificates.Certificate(tmp_path, "ca", authority=True).certificate.read_bytes())

    def move(text):
        for name in re.findall(r"\$\{cred:([^}]*)\}", text):
            (tmp_path / name).write_text("secret\n")
        for path in sorted(set(re.findall(PATH, text))):
            make(path)
        return re.sub(PATH, rf"{tmp_path}\g<0>", text)

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
