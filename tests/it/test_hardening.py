# SPDX-License-Identifier: MIT
"""The programs are built as hard to attack as the compiler can make it."""

import platform
import re
import subprocess

import pytest
from harness import ROOT

BUILD = ROOT / "build"  # the sanitizers' build has other flags
PROGRAMS = ("wsbridged", "wsbridgectl")
X86 = platform.machine() == "x86_64"
DIRECTORIES = [".", *sorted(path.name for path in (ROOT / "src").iterdir() if path.is_dir())]


@pytest.fixture(params=PROGRAMS)
def program(request):
    return BUILD / request.param


def readelf(binary, *options):
    return subprocess.run(
        ["readelf", "-W", *options, binary], check=True, capture_output=True, text=True, env={"LC_ALL": "C"}
    ).stdout


def dynamic(program):
    """The tags of the dynamic section: [(name, value)]."""
    return re.findall(r"^ 0x[0-9a-f]+ \((\w+)\)\s+(.*?)\s*$", readelf(program, "-d"), re.M)


def segments(program, kind):
    """The flags of the program headers of this KIND."""
    rows = re.findall(rf"^  {kind}\s+(?:0x[0-9a-f]+\s+){{5}}([RWE ]{{3}})", readelf(program, "-l"), re.M)
    return [row.replace(" ", "") for row in rows]


def imports(program):
    """Names of the functions that come from libraries."""
    return set(re.findall(r" UND (\w+)", readelf(program, "--dyn-syms")))


def test_it_is_position_independent(program):
    assert re.search(r"Type:\s+DYN", readelf(program, "-h"))
    flags = dict(dynamic(program))["FLAGS_1"]
    assert "PIE" in flags


def test_relocations_are_read_only_before_main(program):
    assert segments(program, "GNU_RELRO") == ["R"]
    tags = dict(dynamic(program))
    assert "NOW" in tags["FLAGS_1"] or "BIND_NOW" in tags.get("FLAGS", "")


def test_no_memory_is_both_written_and_executed(program):
    assert segments(program, "GNU_STACK") == ["RW"]
    flags = segments(program, "LOAD")
    assert flags and not [f for f in flags if "W" in f and "E" in f]


def test_no_library_is_looked_for_in_odd_places_and_no_text_is_relocated(program):
    names = {name for name, _ in dynamic(program)}
    assert not names & {"RPATH", "RUNPATH", "TEXTREL"}, names


def test_stacks_are_protected(program):
    assert "__stack_chk_fail" in imports(program)


def test_calls_of_the_library_are_fortified(program):
    assert any(name.endswith("printf_chk") for name in imports(program))


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_every_object_of_ours_lets_the_processor_enforce_control_flow(directory):
    """The program as a whole cannot say so where the C library's own start (Scrt1.o) does not, as in Debian 12."""
    objects = sorted((BUILD / directory).glob("*.o"))
    assert objects
    for file in objects:
        features = re.search(r"x86 feature: (.*)", readelf(file, "-n"))
        assert not X86 or (features and set(features.group(1).split(", ")) == {"IBT", "SHSTK"}), file
