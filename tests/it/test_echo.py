# SPDX-License-Identifier: MIT
"""builtin = echo: each message comes back as it is, and no more of them is held than of a program's."""

import pytest
from control import Control
from harness import is_sanitized
from inicheck import fails
from rawws import BINARY, CONT, TEXT, encode
from test_flow import MIB, bound_of, fill, grown
from waiting import until

pytestmark = pytest.mark.key("builtin")

ECHO = "[/echo]\nbuiltin = echo\n"


def test_type_boundaries_and_bytes_of_a_message_come_back(daemon):
    ws = daemon(ECHO).ws("/echo")
    messages = ["a\nb\r\n", b"\0\xff\n", "", b"", "é€😀", b"x" * 70000, "last"]
    for m in messages:
        (ws.text if isinstance(m, str) else ws.binary)(m)
    assert [ws.recv() for _ in messages] == messages


def test_a_message_in_fragments_is_one_message(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send_bytes(
        encode(TEXT, b"ab\xe2", fin=False) + encode(CONT, b"", fin=False) + encode(CONT, b"\x82\xac")
    )
    ws.binary(b"next")
    assert ws.recv() == "ab€"
    assert ws.recv() == b"next"


def test_frames_of_the_path_and_the_defaults_do_not_matter(daemon):
    ini = "[defaults]\nframe = netstring\ncharset = 1252\nmax_frame = 3\n" + ECHO
    ws = daemon(ini, canary=None).ws("/echo")
    ws.text("äöü")
    frames = ws.frames()
    assert [len(f.payload) for f in frames] == [3, 3] and b"".join(f.payload for f in frames).decode() == "äöü"


def test_an_end_of_input_ends_it_behind_what_was_said_if_that_is_asked_for(daemon):
    ws = daemon(ECHO + "eof = yes\nclose_reason = bye\n").ws("/echo")
    ws.text("one")
    ws.binary(b"x" * 100000)
    ws.eof()
    messages, code, reason = ws.recv_until_close()
    assert messages == ["one", b"x" * 100000] and (code, reason) == (1000, "bye")


def test_nothing_comes_back_where_writing_is_not_allowed(daemon):
    ws = daemon(ECHO + "write = no\n").ws("/echo")
    ws.text("x")
    ws.close()
    assert ws.closed() == (1000, "")


def test_16_messages_of_64_kib_in_flight_never_stall(daemon):
    ws = daemon(ECHO).ws("/echo")
    chunk = b"0123456789abcdef" * 4096
    sender = ws.send_in_background(encode(BINARY, chunk) * 16)
    for last in range(1, 201):
        assert ws.recv() == chunk
        if last + 16 <= 200:
            sender = ws.send_in_background_after(sender, encode(BINARY, chunk))


def test_a_client_that_writes_everything_before_it_reads_is_held_within_bounds(daemon):
    d = daemon(ECHO + "queue = 256k\n")
    hog, other = d.ws("/echo"), d.ws("/echo")
    text = encode(TEXT, b"z" * 999)
    sent = fill(hog, text, 64 * MIB)
    assert sent < 64 * MIB, "the daemon must stop reading"
    assert is_sanitized() or grown(d) < bound_of(256 * 1024)
    assert other.echoes("I am served")
    hog.send_in_background(text[sent % len(text) :])
    for _ in range(sent // len(text) + (1 if sent % len(text) else 0)):
        assert hog.recv() == "z" * 999


def test_a_client_that_vanishes_with_everything_unread_leaves_nothing(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    fill(ws, encode(BINARY, b"x" * 60000), 8 * MIB)
    ws.reset()
    d.wait_log(r"disconnected")
    until(lambda: is_sanitized() or grown(d) < MIB, "memory back")


def test_a_key_about_its_bytes_or_process_is_refused(check):
    fails(
        check("[/echo]\nbuiltin = echo\nframe = raw\ncwd = /\n"),
        (3, r"frame means nothing with builtin; it goes with "),
        (4, r"cwd means nothing with builtin"),
    )
    fails(check("[/echo]\nbuiltin = ecko\n"), (2, r"builtin"))


@pytest.mark.key("queue")
def test_no_more_of_it_waits_for_the_client_than_queue_has(daemon):
    d = daemon(ECHO + "queue = 16k\n")
    ws = d.ws("/echo", receive_buffer=4096)
    fill(ws, encode(BINARY, b"x" * 8000), 64 * MIB)
    (row,) = Control(d).ask("list", path="/echo")
    assert Control(d).ask("show", to=row["id"])["to_program"] > 0, "there is more"
    assert 0 < row["queue"] <= 16 * 1024 + 99
