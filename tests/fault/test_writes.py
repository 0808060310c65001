# SPDX-License-Identifier: MIT
"""What is read at once is written by one call, and whole where a call has no room for all of it."""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

import procfs  # noqa: E402
from rawws import TEXT, encode  # noqa: E402
from scenes import HEAD, Scene  # noqa: E402
from test_faults import Life, start  # noqa: E402
from waiting import until  # noqa: E402

PIPE = 65536  # what it holds, and what the daemon reads at once
LINE = "x" * 1024  # from here on a message is not copied: it takes two vectors of a call
MANY = PIPE // len(f"{LINE}\n")
SCENE = Scene(
    HEAD
    + """\
[/lines]
shell = read go <{directory}/go; cat {directory}/lines; echo >{directory}/said; read end
[/keep]
shell = cat >{directory}/kept
"""
)


def life(act):
    """(what ACT says of a daemon and its directory, how often each function was called)."""
    with tempfile.TemporaryDirectory(prefix="wsb-") as directory:
        d, report = start(SCENE, Path(directory), "")
        try:
            d.wait_ready()
            said = act(d, Path(directory))
            d.terminate()
            assert d.wait_exit(10) == 0, d.log()
            return said, {name: n for name, (n, _) in Life(d.log(), [], report).calls.items()}
        finally:
            d.kill()


@contextlib.contextmanager
def held(d):
    """D does nothing while something piles up for it."""
    d.process.send_signal(signal.SIGSTOP)
    yield
    d.process.send_signal(signal.SIGCONT)


def hears(lines):
    """All messages of LINES, which lie in the pipe at once."""

    def act(d, directory):
        (directory / "lines").write_text("".join(f"{line}\n" for line in lines))
        os.mkfifo(directory / "go")
        client = d.ws("/lines")
        with held(d):
            (directory / "go").write_text("go\n")
            until(lambda: (directory / "said").exists(), "the program has written")
        return [client.recv() for _ in lines]

    return act


def says(messages):
    """What a program has read of MESSAGES, which lie in the socket at once."""

    def act(d, directory):
        client, kept = d.ws("/keep"), directory / "kept"
        with held(d):
            sent = b"".join(encode(TEXT, message.encode()) for message in messages)
            client.send_bytes(sent)
            until(lambda: procfs.unread(d.pid) == len(sent), "all of it lies there")
        until(
            lambda: kept.exists() and kept.read_text().count("\n") == len(messages), "the program has read"
        )
        return kept.read_text().splitlines()

    return act


@pytest.mark.parametrize(("act", "function"), [(hears, "sendmsg"), (says, "writev")])
def test_all_messages_of_a_read_are_one_call(act, function):
    few, many = [LINE], [f"{n:04}{LINE[4:]}" for n in range(MANY)]
    heard, calls = life(act(few))
    assert heard == few
    heard, more = life(act(many))
    assert heard == many
    assert more[function] == calls[function]


def test_none_is_lost_where_a_call_is_full():
    """The frames of that many empty lines are twice as long as the lines."""
    assert life(hears([""] * PIPE))[0] == [""] * PIPE
