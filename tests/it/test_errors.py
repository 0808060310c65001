# SPDX-License-Identifier: MIT
"""wsbridge-control(7) lists every error: of answers, of sessions, of programs; and none that there is not."""

import os
import re

import manual
import pytest
from harness import ROOT

PAGE = "wsbridge-control.7"
SOURCES = [file for file in sorted((ROOT / "src").rglob("*.[ch]")) if file.parent.name != "ctl"]

# Reasons that no event tells: of a server's frames, to wsbridgectl connect; of streams of the daemon's own.
NOT_OF_SESSIONS = {"frame is masked", "cut off"}


def subsection(title):
    """The lines of PAGE below the heading TITLE."""
    found = re.search(rf"^\.Ss {title}$(.*?)^\.S[sh] ", manual.source(PAGE), re.M | re.S)
    assert found, f"{PAGE} has no subsection {title}"
    return [manual.plain(line) for line in found.group(1).splitlines()]


def literals(text):
    """The string literals of C that stand side by side in TEXT, joined."""
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)).replace('\\"', '"')


@pytest.fixture(scope="module")
def code():
    """All sources of the daemon as one text, without comments."""
    text = "\n".join(file.read_text() for file in SOURCES)
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def test_every_number_of_an_answer_is_listed_and_no_other(code):
    listed = re.findall(r"^\.It (-32\d+)$", "\n".join(subsection("Answers to commands")), re.M)
    assert len(listed) == len(set(listed)) and set(listed) == set(re.findall(r"-32[0-9]{3}\b", code))
    shown = re.findall(r"-32\d{3}", manual.plain(manual.source(PAGE)))
    assert set(shown) == set(listed)


def reasons_listed():
    """{(code, reason)}; what varies is *."""
    found = set()
    for line in subsection("Ends of sessions"):
        item = re.fullmatch(r'\.It (\d+) Li "(.*?)"( Ar \w+)?', line)
        assert item or not line.startswith(".It"), line
        if item:
            found.add((int(item[1]), item[2] + (" *" if item[3] else "")))
    return found


def reasons_in(code):
    """The same as the code has them; code None: it is said elsewhere."""
    numbers = {name: int(n) for name, n in re.findall(r"(CLOSE_[A-Z_]+) = (\d{4})", code)}
    assert numbers["CLOSE_POLICY"] == 1008
    text, found = r'((?:"(?:[^"\\]|\\.)*"\s*)+)', set()

    def add(number, literal):
        found.add((number, re.sub(r"%[sd]", "*", literals(literal))))

    for name, literal in re.findall(rf"\b(CLOSE_[A-Z_]+)(?: \}}|,)\s*(?:\.reason = )?{text}", code):
        add(numbers[name], literal)
    for literal in re.findall(rf"\bsession_(?:abort|vanished)\(\w+, {text}", code):
        add(numbers["CLOSE_ABNORMAL"], literal)
    for literal in re.findall(rf"\bframing_bad\(f, {text}|\.(?:broken|too_big|cut_off) = {text}", code):
        add(numbers["CLOSE_SERVER_ERROR"], "".join(literal))
    for literal in re.findall(rf"snprintf\((?:ret->|e\.)reason, sizeof\([^)]*\),\s*{text}", code):
        if literals(literal) != "%s":
            add(None, literal)
    frames = re.search(r"static const char \*first_byte_fault.*?(?=static enum|static void|static bool)", code, re.S).group(0)
    for literal in re.findall(r'"[^"]+"', frames):
        add(numbers["CLOSE_PROTOCOL_ERROR"], literal)
    control = re.search(rf"ret_reason = TERMINAL_SUBPROTOCOL\s*{text}", code).group(1)
    add(numbers["CLOSE_POLICY"], '"terminal.wsbridge"' + control)
    return {(number, reason) for number, reason in found if reason and reason not in NOT_OF_SESSIONS}


def test_every_reason_of_an_end_is_listed_with_its_code(code):
    listed, known = reasons_listed(), reasons_in(code)
    texts = {reason for _, reason in listed}
    assert len(listed) == len(texts) > 30
    missing = {(n, r) for n, r in known if (n, r) not in listed and not (n in (None, 1006) and r in texts)}
    assert not missing, f"not in {PAGE}: {missing}"


def test_no_reason_is_listed_that_there_is_not(code):
    known = {reason for _, reason in reasons_in(code)} | {"shutdown", "idle timeout"}
    assert not {reason for _, reason in reasons_listed()} - known


def statuses(page, text):
    return {int(n) for n in re.findall(r"^\.It (\d+)$", text, re.M)}


def test_every_exit_status_is_listed(code):
    """... and the two programs' own pages have no others."""
    code += (ROOT / "src/wsbridgectl.c").read_text() + "".join(f.read_text() for f in (ROOT / "src/ctl").glob("*.c"))
    used = {getattr(os, name) for name in set(re.findall(r"\bEX_[A-Z]+\b", code)) if hasattr(os, name)} | {1}
    listed = statuses(PAGE, "\n".join(subsection("Exit statuses")))
    assert listed == used
    pages = set()
    for page in ("wsbridged.8", "wsbridgectl.1"):
        section = re.search(r"^\.Sh EXIT STATUS$(.*?)^\.Sh ", manual.source(page), re.M | re.S).group(1)
        pages |= statuses(page, section)
    assert pages == listed
