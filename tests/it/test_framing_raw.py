# SPDX-License-Identifier: MIT
"""frame = raw: the program's bytes as they are, cut by its writes."""

import gzip

import pytest
from rawws import BINARY, CONT, PING, PONG, TEXT, encode
from waiting import until


@pytest.mark.key("frame")
def test_payloads_reach_the_program_as_they_are(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(f"[/keep]\nshell = cat > {out}; echo END >> {out}\nframe = raw\n").ws("/keep")
    ws.text("text")
    ws.binary(b"\x00\xff\n")
    ws.text("")
    ws.text("more")
    ws.finish()
    until(
        lambda: out.exists() and out.read_bytes().endswith(b"END\n"), "the program saw the end of its input"
    )
    assert out.read_bytes() == b"text\x00\xff\nmoreEND\n"


@pytest.mark.key("frame", "type")
def test_each_write_of_the_program_is_a_binary_message(daemon, program):
    tool = program(
        "for chunk in (b'one\\n', b'\\xff\\r\\n', b'x' * 5000):\n    os.read(0, 1)\n"
        "    os.write(1, chunk)\n"
    )
    ws = daemon(f"[/raw]\nexec = {tool}\nframe = raw\n").ws("/raw")
    for chunk in (b"one\n", b"\xff\r\n", b"x" * 5000):
        ws.binary(b".")
        (frame,) = ws.frames()
        assert (frame.opcode, frame.payload) == (BINARY, chunk)
    assert ws.closed() == (1000, "")


@pytest.mark.key("type")
def test_raw_text_never_cuts_a_character(daemon, program):
    tool = program(
        "for chunk in (b'gr\\xc3', b'\\xbcn', b'\\xf0\\x9f', b'\\x8c', b'\\x89!'):\n"
        "    os.write(1, chunk)\n    os.read(0, 1)\n"
    )
    ws = daemon(f"[/raw]\nexec = {tool}\nframe = raw\ntype = text\n").ws("/raw")
    assert ws.recv() == "gr"
    ws.binary(b".")
    assert ws.recv() == "ün"
    ws.binary(b"...")
    assert ws.recv() == "🌉!"


@pytest.mark.key("invalid_utf8")
def test_raw_text_that_is_no_utf8_is_replaced_and_a_cut_end_too(daemon):
    ws = daemon("[/raw]\nshell = printf 'a\\377b\\303'\nframe = raw\ntype = text\n").ws("/raw")
    messages, code, _ = ws.recv_until_close()
    assert ("".join(messages), code) == ("a\ufffdb\ufffd", 1000)


@pytest.mark.key("eof")
def test_an_empty_binary_message_is_the_end_of_input(daemon):
    ws = daemon("[/gzip]\nexec = gzip -nc\nframe = raw\n").ws("/gzip")
    ws.binary(b"hello hello hello")
    ws.eof()
    messages, code, _ = ws.recv_until_close()
    assert gzip.decompress(b"".join(messages)) == b"hello hello hello"
    assert code == 1000


@pytest.mark.key("eof")
def test_an_empty_binary_message_can_be_nothing(daemon):
    ws = daemon("[/cat]\nexec = cat\nframe = raw\neof = no\n").ws("/cat")
    ws.eof()
    ws.binary(b"still here")
    assert ws.recv() == b"still here"


READS = "while chunk := os.read(0, 65536):\n    os.write(1, b'%d' % len(chunk))\n"


@pytest.mark.key("buffer_message")
def test_a_message_reaches_the_program_piece_by_piece(daemon, program):
    ws = daemon(f"[/reads]\nexec = {program(READS)}\nframe = raw\n").ws("/reads")
    ws.send(TEXT, b"abc", fin=False)
    assert ws.recv() == b"3", "the first fragment did not wait for the second"
    ws.send(CONT, b"de")
    assert ws.recv() == b"2"


@pytest.mark.key("buffer_message")
def test_a_message_can_be_held_until_it_is_whole(daemon, program):
    ws = daemon(f"[/reads]\nexec = {program(READS)}\nframe = raw\nbuffer_message = yes\n").ws("/reads")
    ws.send(TEXT, b"abc", fin=False)
    ws.send(PING, b"")
    assert ws.frame().opcode == PONG
    ws.send(CONT, b"de")
    assert ws.recv() == b"5"


@pytest.mark.key("buffer_message")
def test_a_message_that_never_gets_whole_never_reaches_the_program(daemon, tmp_path):
    out = tmp_path / "out"
    d = daemon(f"[/keep]\nshell = cat > {out}; echo END >> {out}\nframe = raw\nbuffer_message = yes\n")
    ws = d.ws("/keep")
    ws.binary(b"whole ")
    ws.send(TEXT, b"part", fin=False)
    ws.finish()
    until(
        lambda: out.exists() and out.read_bytes().endswith(b"END\n"), "the program saw the end of its input"
    )
    assert out.read_bytes() == b"whole END\n"


def test_a_megabyte_of_any_bytes_is_unchanged(daemon):
    ws = daemon("[/cat]\nexec = cat\nframe = raw\nmax_message = 2M\n").ws("/cat")
    data = bytes(range(256)) * 4096
    ws.send_in_background(encode(BINARY, data))
    got = bytearray()
    while len(got) < len(data):
        got += ws.recv()
    assert bytes(got) == data
