# SPDX-License-Identifier: MIT
"""line_buffer = pty: standard output is a raw pseudo-terminal, all else is as without."""

import procfs
import pytest
from waiting import soon

PTY = "line_buffer = pty\n"


@pytest.mark.key("line_buffer")
def test_output_is_a_terminal_and_input_a_pipe(daemon):
    d = daemon(
        f"[/x]\nshell = test -t 1 && echo terminal; test -p /dev/stdin && echo pipe; echo $TERM $PAGER\n{PTY}"
    )
    assert d.ws("/x").recv_until_close() == (["terminal", "pipe", "dumb cat"], 1000, "")


@pytest.mark.key("line_buffer")
@pytest.mark.parametrize("command", ["perl -pe ''", "mawk '{print}'"])
def test_it_cures_programs_with_buffers_of_their_own(daemon, command):
    d = daemon(f"[/pty]\nexec = {command}\n{PTY}")
    if "mawk" in command:  # its input is buffered, too, so that it has to see the end
        ws = d.ws("/pty")
        ws.text("one")
        ws.eof()
        assert ws.recv_until_close()[0] == ["one"]
    else:
        ws = d.ws("/pty")
        assert all(ws.echoes(text) for text in ("one", "two"))


def test_no_byte_is_changed(daemon, program):
    """Not LF to CR LF, no ^C, ^D, ^S or ^V that means something; nothing is echoed."""
    tool = program("data = bytes(range(256))\nos.write(1, data)\nos.write(1, os.read(0, 256))\n")
    d = daemon(f"[/x]\nexec = {tool}\nframe = raw\n{PTY}")
    ws = d.ws("/x")
    ws.binary(bytes(range(256)))
    assert b"".join(ws.recv_until_close()[0]) == 2 * bytes(range(256))


def test_its_end_is_the_end_of_the_output_and_nothing_is_lost(daemon):
    d = daemon(f"[/x]\nshell = seq 100000; exit 3\n{PTY}")
    messages, code, reason = d.ws("/x").recv_until_close()
    assert (code, reason) == (4003, "process exited with status 3")
    assert messages == [str(n) for n in range(1, 100001)]


def test_a_program_that_closes_it_goes_on(daemon):
    ws = daemon(f"[/x]\nshell = echo out; exec >&-; read x; exit $x\n{PTY}").ws("/x")
    assert ws.recv() == "out"
    ws.text("7")
    assert ws.closed() == (4007, "process exited with status 7")


def test_it_may_be_opened_again(daemon):
    d = daemon(f"[/x]\nshell = echo out > /dev/stdout; head -n 1 /dev/stdin\n{PTY}")
    ws = d.ws("/x")
    assert ws.recv() == "out"
    ws.text("in")
    assert ws.recv() == "in"


def test_standard_error_merges_into_it(daemon):
    d = daemon(f"[/x]\nshell = echo one; echo two >&2; test -t 2 && echo three\nstderr = merge\n{PTY}")
    assert d.ws("/x").recv_until_close()[0] == ["one", "two", "three"]


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_program_that_floods_it_waits_and_ends_with_its_client(daemon, how):
    d = daemon(f"[/x]\nshell = echo $$; exec yes\nqueue = 64k\neof_timeout = 50ms\nstop_timeout = 200ms\n{PTY}")
    ws = d.ws("/x")
    pid = int(ws.recv())
    {"close": ws.close, "reset": ws.reset}[how]()
    soon(lambda: not procfs.state(pid), f"program {pid} is gone", 2)
