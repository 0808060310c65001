# SPDX-License-Identifier: MIT
"""The literal blocks of the manual pages, so that tests can do what the manual says."""

import re

from harness import ROOT


class Block:
    """A literal display: the section that it stands in, the file that it is said to be (or None), its text."""

    def __init__(self, section, file, text):
        self.section, self.file, self.text = section, file, text


def source(page):
    """The page's mdoc(7); a generated page is in build/man."""
    file = ROOT / "man" / page
    return (file if file.exists() else ROOT / "build/man" / page).read_text()


def plain(line):
    """LINE as a reader sees it."""
    for escape, character in ((r"\&", ""), (r"\(aq", "'"), (r"\(dq", '"'), (r"\-", "-"), (r"\e", "\\")):
        line = line.replace(escape, character)
    return line


def blocks(page):
    """Each block of PAGE.  The line before it may name its file: `.Pa /etc/wsbridge.ini :`."""
    found, section, before, text = [], None, "", None
    for line in source(page).splitlines():
        if text is not None and line == ".Ed":
            file = re.fullmatch(r"\.Pa (\S+) :", before)
            found.append(Block(section, file and file.group(1), "".join(text)))
            before, text = "", None
        elif text is not None:
            text.append(plain(line) + "\n")
        elif line.startswith(".Bd -literal"):
            text = []
        else:
            before = line
            if line.startswith(".Sh "):
                section = line[4:]
    return found


def subsections(page):
    """The titles of PAGE's subsections."""
    return re.findall(r"^\.Ss (.*)$", source(page), re.M)


def files(page, section):
    """{path: text} of the files that SECTION of PAGE shows."""
    shown = {block.file: block.text for block in blocks(page) if block.section == section and block.file}
    assert shown, f"{page} has no section {section} with files"
    return shown
