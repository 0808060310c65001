# SPDX-License-Identifier: MIT
"""A program that keeps what it reads in a file."""

from waiting import until


def keeper(out, more=""):
    """Its path; OUT ends in END once its input has ended."""
    return f"[/keep]\nshell = cat > {out}; echo END >> {out}\n{more}\n"


def kept(file):
    """All that it has read."""
    until(
        lambda: file.exists() and file.read_bytes().endswith(b"END\n"), "the program saw the end of its input"
    )
    return file.read_bytes()[:-4]
