# SPDX-License-Identifier: MIT
"""RFC 6455 after the handshake: frames, fragments, control frames, UTF-8 and the close."""

import struct

import pytest
from rawws import BINARY, CLOSE, CONT, PING, PONG, TEXT, encode
from waiting import until

ECHO = "[/echo]\nexec = cat\n"
RAW = "[/raw]\nexec = cat\nframe = raw\nmax_message = 17M\n"


def refused(ws, code):
    """The server closes with CODE and then ends the connection in order."""
    got, reason = ws.closed()
    assert got == code, reason
    assert reason, "a refusal says its reason"
    ws.close(code)
    assert ws.end() == "FIN"


def receive_bytes(ws, n):
    """The next N bytes that come in messages, however they are cut."""
    data = bytearray()
    while len(data) < n:
        data += ws.recv(30)
    return bytes(data)


# ---- framing ----


@pytest.mark.parametrize("n", [0, 1, 125, 126, 127, 65535, 65536, 65537])
def test_a_message_of_every_length_class_comes_back(daemon, n):
    ws = daemon("[/echo]\nexec = cat\n").ws("/echo")
    assert ws.echoes("x" * n)


@pytest.mark.memory(
    36, reason="glibc keeps up to twice its largest freed block (mallopt(3), M_MMAP_THRESHOLD)"
)
def test_a_message_of_16_mib_comes_back(daemon):
    ws = daemon(RAW).ws("/raw")
    data = bytes(range(256)) * (16 * 4096)
    ws.send_in_background(encode(BINARY, data, key=b"\x01\x80\xfe\x7f"))
    assert receive_bytes(ws, len(data)) == data


def test_a_message_of_65537_fragments_comes_back(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send(TEXT, b"a", fin=False)
    ws.send_bytes(encode(CONT, b"b", fin=False) * 65535)
    ws.send(CONT, b"c")
    assert ws.recv() == "a" + "b" * 65535 + "c"


def test_empty_fragments_are_fragments(daemon):
    ws = daemon(ECHO).ws("/echo")
    for fin, opcode, payload in (
        (False, TEXT, b""),
        (False, CONT, b"x"),
        (False, CONT, b""),
        (True, CONT, b""),
    ):
        ws.send(opcode, payload, fin=fin)
    assert ws.recv() == "x"


def test_a_frame_may_come_byte_by_byte(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send_bytewise(encode(TEXT, b"h\xc3\xa9llo" * 30))
    assert ws.recv() == "héllo" * 30


@pytest.mark.parametrize("key", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04"])
def test_any_masking_key_is_undone(daemon, key):
    ws = daemon(ECHO).ws("/echo")
    for n in range(1, 20):
        ws.send(TEXT, b"0123456789abcdefghij"[:n], key=key)
        assert ws.recv() == "0123456789abcdefghij"[:n]


BROKEN = {
    "an unmasked frame": encode(TEXT, b"x", masked=False),
    "an unmasked close": encode(CLOSE, b"", masked=False),
    "reserved bit 1": encode(TEXT, b"x", rsv=4),
    "reserved bit 2": encode(TEXT, b"x", rsv=2),
    "reserved bit 3": encode(TEXT, b"x", rsv=1),
    "a reserved bit on a ping": encode(PING, b"x", rsv=4),
    **{f"opcode {op}": encode(op, b"x") for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a ping in fragments": encode(PING, b"x", fin=False),
    "a close in fragments": encode(CLOSE, b"\x03\xe8", fin=False),
    "a ping of 126 bytes": encode(PING, b"x" * 126),
    "a close of 126 bytes": encode(CLOSE, b"\x03\xe8" + b"x" * 124),
    "a continuation of nothing": encode(CONT, b"x"),
    "a continuation after the last": encode(TEXT, b"x") + encode(CONT, b"x"),
    "a message inside a message": encode(TEXT, b"x", fin=False) + encode(TEXT, b"x"),
    "5 bytes in the 16-bit form": encode(TEXT, b"12345", form=16),
    "125 bytes in the 16-bit form": encode(TEXT, b"x" * 125, form=16),
    "5 bytes in the 64-bit form": encode(TEXT, b"12345", form=64),
    "65535 bytes in the 64-bit form": encode(TEXT, b"x", length=65535, form=64),
    "a length with the top bit": encode(BINARY, b"x", length=1 << 63, form=64),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_rule_is_1002(daemon, what):
    ws = daemon("[/sink]\nexec = tail -f /dev/null\neof_timeout = 50ms\n").ws("/sink")
    ws.send_bytes(BROKEN[what])
    refused(ws, 1002)


def test_nothing_is_processed_after_a_failure(daemon, tmp_path):
    out = tmp_path / "out"
    d = daemon(f"[/keep]\nshell = cat > {out}; echo done >> {out}\n")
    ws = d.ws("/keep")
    ws.send_bytes(encode(TEXT, b"before") + encode(3, b"x") + encode(TEXT, b"after") + encode(PING, b"hello"))
    refused(ws, 1002)
    until(lambda: out.exists() and "done" in out.read_text(), "the program saw its end")
    assert out.read_text() == "before\ndone\n"


# ---- control frames ----


def test_a_ping_is_answered_with_its_payload(daemon):
    ws = daemon(ECHO).ws("/echo")
    for payload in (b"", b"x", bytes(range(125))):
        ws.send(PING, payload)
        frame = ws.frame()
        assert (frame.opcode, frame.payload, frame.fin) == (PONG, payload, True)


def test_a_ping_between_fragments_is_answered_at_once(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send(TEXT, b"one ", fin=False)
    ws.send(PING, b"now")
    frame = ws.frame()
    assert (frame.opcode, frame.payload) == (PONG, b"now")
    ws.send(CONT, b"two")
    assert ws.recv() == "one two"


def test_an_unasked_pong_is_no_error(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send(PONG, b"whatever")
    assert ws.echoes()


# ---- UTF-8 ----


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff",
        b"\xc0\xaf",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
        b"\xe2\x82",
    ],
    ids=lambda b: b.hex(),
)
def test_text_that_is_no_utf8_is_1007(daemon, bad):
    ws = daemon(ECHO).ws("/echo")
    ws.text(b"good " + bad)
    refused(ws, 1007)


def test_bad_text_fails_at_its_first_bad_byte(daemon):
    """Long before the frame, let alone the message, is complete."""
    ws = daemon("[/sink]\nexec = tail -f /dev/null\neof_timeout = 50ms\n").ws("/sink")
    ws.send_bytes(encode(TEXT, b"abc\xe2\x28", fin=False, length=60000))
    refused(ws, 1007)


def test_a_character_may_be_cut_by_fragments_but_not_by_the_end(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    for i, byte in enumerate(b"\xf0\x9f\x8c\x89"):
        ws.send(CONT if i else TEXT, bytes([byte]), fin=i == 3)
    assert ws.recv() == "🌉"
    ws.send(TEXT, b"\xf0\x9f", fin=False)
    ws.send(CONT, b"\x8c")
    refused(ws, 1007)


def test_binary_messages_are_any_bytes(daemon):
    ws = daemon("[/raw]\nexec = cat\nframe = raw\n").ws("/raw")
    ws.binary(bytes(range(256)))
    assert receive_bytes(ws, 256) == bytes(range(256))


# ---- the close ----


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
)
def test_a_close_is_answered_with_its_code(daemon, code):
    ws = daemon(ECHO).ws("/echo")
    ws.close(code, "tschüß".encode())
    assert ws.closed()[0] == code
    assert ws.end() == "FIN"


def test_an_empty_close_is_answered(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send(CLOSE)
    assert ws.closed()[0] in (1005, 1000)
    assert ws.end() == "FIN"


@pytest.mark.parametrize("code", [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_a_close_with_a_code_that_may_not_be_sent_is_1002(daemon, code):
    ws = daemon(ECHO).ws("/echo")
    ws.close(code)
    assert ws.closed()[0] == 1002
    assert ws.end() == "FIN"


def test_a_close_of_one_byte_is_1002(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send(CLOSE, b"\x03")
    assert ws.closed()[0] == 1002
    assert ws.end() == "FIN"


def test_a_close_whose_reason_is_no_utf8_is_1007(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.close(1000, b"bad \xff")
    assert ws.closed()[0] == 1007
    assert ws.end() == "FIN"


def test_nothing_is_processed_after_a_close(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(f"[/keep]\nshell = cat > {out}; echo done >> {out}\n").ws("/keep")
    ws.send_bytes(
        encode(TEXT, b"before")
        + encode(CLOSE, struct.pack("!H", 1000))
        + encode(TEXT, b"after")
        + encode(PING)
    )
    assert ws.closed() == (1000, "")
    assert ws.end() == "FIN"
    until(lambda: out.exists() and "done" in out.read_text(), "the program saw its end")
    assert out.read_text() == "before\ndone\n"


def test_a_close_inside_a_message_ends_the_session(daemon):
    ws = daemon(ECHO).ws("/echo")
    ws.send(TEXT, b"unfinished", fin=False)
    ws.close(1001)
    assert ws.closed()[0] == 1001
    assert ws.end() == "FIN"


# ---- limits ----


@pytest.mark.key("max_message")
@pytest.mark.parametrize("buffer", ["no", "yes"])
def test_a_message_may_have_max_message_bytes_and_no_more(daemon, buffer):
    d = daemon(f"[/echo]\nexec = cat\nmax_message = 1000\nbuffer_message = {buffer}\n")
    assert d.ws("/echo").echoes("x" * 1000)
    ws = d.ws("/echo")
    ws.text("x" * 1001)
    refused(ws, 1009)
    ws = d.ws("/echo")
    for _ in range(3):
        ws.send(CONT if _ else TEXT, b"x" * 334, fin=False)
    messages, code, _ = ws.recv_until_close()
    assert code == 1009


@pytest.mark.key("max_message")
def test_a_message_too_big_is_refused_by_its_header(daemon):
    ws = daemon("[/echo]\nexec = cat\nmax_message = 64k\n").ws("/echo")
    ws.send_bytes(encode(BINARY, b"", length=(1 << 62)))
    refused(ws, 1009)


@pytest.mark.key("max_frame")
def test_an_outgoing_message_is_cut_into_frames_of_max_frame(daemon):
    d = daemon("[/cut]\nexec = cat\nmax_frame = 1000\n[/whole]\nexec = cat\n")
    text = "".join(f"{i:05}" for i in range(500))
    ws = d.ws("/cut")
    ws.text(text)
    frames = ws.frames()
    assert [len(f.payload) for f in frames] == [1000, 1000, 500]
    assert [f.opcode for f in frames] == [TEXT, CONT, CONT]
    assert b"".join(f.payload for f in frames).decode() == text
    ws = d.ws("/whole")
    ws.text(text)
    assert len(ws.frames()) == 1
