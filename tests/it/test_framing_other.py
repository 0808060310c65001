# SPDX-License-Identifier: MIT
"""frame = nul, netstring and u32be: messages with any byte in them, both ways."""

import re

import pytest
from harness import get
from keeper import kept, keeper
from rawws import BINARY, CONT, PING, PONG, TEXT, Closed, encode

# Programs that read and write the framings in the plain way.
NETSTRINGS = """
def read():
    n = b""
    while not n.endswith(b":"):
        c = sys.stdin.buffer.read(1)
        if not c:
            sys.exit()
        n += c
    data = sys.stdin.buffer.read(int(n[:-1]))
    assert sys.stdin.buffer.read(1) == b","
    return data
def write(data):
    sys.stdout.buffer.write(b"%d:%s," % (len(data), data))
    sys.stdout.buffer.flush()
"""
U32BE = """
def read():
    n = sys.stdin.buffer.read(4)
    if not n:
        sys.exit()
    return sys.stdin.buffer.read(int.from_bytes(n, "big"))
def write(data):
    sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)
    sys.stdout.buffer.flush()
"""
REVERSE = "while True:\n    write(read()[::-1])\n"
MEASURED = [("netstring", NETSTRINGS), ("u32be", U32BE)]
measured = pytest.mark.parametrize("frame,how", MEASURED, ids=[m[0] for m in MEASURED])


def written(data, frame):
    return b"%d:%s," % (len(data), data) if frame == "netstring" else len(data).to_bytes(4, "big") + data


# ---- nul ----


@pytest.mark.key("frame")
def test_with_nul_a_message_of_either_type_is_ended_by_a_nul(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "frame = nul")).ws("/keep")
    ws.text("one\ntwo")
    ws.binary(b"\xff\n")
    ws.text("")
    ws.send(TEXT, b"a", fin=False)
    ws.send(CONT, b"b")
    ws.finish()
    assert kept(out) == b"one\ntwo\0\xff\n\0\0ab\0"


@pytest.mark.key("frame", "type")
def test_with_nul_each_message_of_the_program_is_text_and_the_last_needs_no_nul(daemon):
    ws = daemon("[/say]\nshell = printf 'a\\r\\nb\\0\\0c\\377\\0last'\nframe = nul\n").ws("/say")
    assert ws.recv_until_close() == (["a\r\nb", "", "c\ufffd", "last"], 1000, "")


@pytest.mark.key("embedded")
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_nul_inside_a_message_is_refused_whole(daemon, tmp_path, opcode):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "frame = nul")).ws("/keep")
    ws.text("good")
    ws.send(opcode, b"first", fin=False)
    ws.send(CONT, b"sec\0nd")
    code, reason = ws.closed()
    assert (code, bool(reason)) == (1008, True)
    assert kept(out) == b"good\0"


@pytest.mark.key("embedded")
@pytest.mark.parametrize("how,expected", [("pass", b"a\0b\0"), ("space", b"a b\0")])
def test_a_nul_inside_a_message_can_pass_or_become_a_space(daemon, tmp_path, how, expected):
    out = tmp_path / "out"
    ws = daemon(keeper(out, f"frame = nul\nembedded = {how}")).ws("/keep")
    ws.text("a\0b")
    ws.finish()
    assert kept(out) == expected


@pytest.mark.key("eof", "frame")
def test_with_nul_an_empty_binary_message_is_the_end_of_input(daemon):
    ws = daemon("[/sort]\nexec = sort -z\nframe = nul\n").ws("/sort")
    for name in ("c\nc", "a", "b"):
        ws.text(name)
    ws.eof()
    assert ws.recv_until_close() == (["a", "b", "c\nc"], 1000, "")


def test_a_real_tool_of_files_with_odd_names(daemon, tmp_path):
    (tmp_path / "names").mkdir()
    names = {"a b", "new\nline", "größe", "日本"}
    for name in names:
        (tmp_path / "names" / name).touch()
    ini = f"[/find]\nexec = find {tmp_path}/names -type f -printf %f\\\\0\nframe = nul\n"
    messages, code, _ = daemon(ini).ws("/find").recv_until_close()
    assert (set(messages), code) == (names, 1000)


def test_a_long_message_before_a_nul_comes_whole(daemon):
    ws = daemon("[/long]\nshell = head -c 300000 /dev/zero | tr '\\0' x; printf '\\0next\\0'\nframe = nul\n")
    ws = ws.ws("/long")
    assert ws.recv() == "x" * 300_000
    assert ws.recv() == "next"


@pytest.mark.key("line_buffer")
@pytest.mark.parametrize("frame,set_", [("nul", "1"), ("netstring", ""), ("u32be", ""), ("raw", "")])
def test_line_buffer_is_for_separated_messages_only(daemon, frame, set_):
    ini = f"[/env]\nshell = echo \"x$PYTHONUNBUFFERED.\" >&2\nframe = {frame}\n"
    d = daemon(ini)
    d.ws("/env").finish()
    d.wait_log(rf"stderr: x{set_}\.")


# ---- netstring and u32be ----


@pytest.mark.key("frame", "type")
@measured
def test_messages_of_any_bytes_keep_their_boundaries_both_ways(daemon, program, frame, how):
    ws = daemon(f"[/r]\nexec = {program(how + REVERSE)}\nframe = {frame}\n").ws("/r")
    for data in (b"hello", b"\0\n\xff,", b"5:x,", bytes(range(256)) * 200, b"x"):
        ws.binary(data)
        assert ws.recv() == data[::-1]


@pytest.mark.key("eof")
@measured
def test_an_empty_message_is_a_message_there(daemon, program, frame, how):
    ws = daemon(f"[/r]\nexec = {program(how + REVERSE)}\nframe = {frame}\n").ws("/r")
    ws.text("")
    ws.binary(b"")
    ws.binary(b"ab")
    assert [ws.recv() for _ in range(3)] == [b"", b"", b"ba"]


@pytest.mark.key("eof")
@measured
def test_an_empty_binary_message_can_be_the_end_there_too(daemon, program, frame, how):
    tool = program(how + "n = 0\ntry:\n    while read():\n        n += 1\nfinally:\n    write(b'%d' % n)\n")
    ws = daemon(f"[/n]\nexec = {tool}\nframe = {frame}\neof = yes\n").ws("/n")
    ws.binary(b"a")
    ws.binary(b"b")
    ws.eof()
    assert ws.recv_until_close() == ([b"2"], 1000, "")


@pytest.mark.key("type")
@measured
def test_they_can_be_text(daemon, program, frame, how):
    tool = program(how + "write('grün'.encode())\nwrite(b'a\\xff')\n")
    ws = daemon(f"[/t]\nexec = {tool}\nframe = {frame}\ntype = text\n").ws("/t")
    assert ws.recv_until_close() == (["grün", "a\ufffd"], 1000, "")


@measured
def test_fragments_reach_the_program_as_one_message(daemon, tmp_path, frame, how):
    out = tmp_path / "out"
    ws = daemon(keeper(out, f"frame = {frame}")).ws("/keep")
    ws.send(BINARY, b"ab", fin=False)
    ws.send(PING, b"")
    assert ws.frame().opcode == PONG
    ws.send(CONT, b"", fin=False)
    ws.send(CONT, b"cd")
    ws.send(TEXT, b"never", fin=False)
    ws.finish()
    assert kept(out) == written(b"abcd", frame)


@measured
def test_messages_in_one_write_and_one_message_in_many_come_the_same(daemon, program, frame, how):
    tool = program(
        f"import base64\nframed = base64.b16decode({written(b'ab', frame).hex().upper()!r})\n"
        "os.write(1, framed * 3)\n"
        "for i in range(len(framed)):\n    os.read(0, 1)\n    os.write(1, framed[i:i + 1])\n"
    )
    ws = daemon(f"[/p]\nexec = {tool}\nframe = {frame}\n").ws("/p")
    assert [ws.recv() for _ in range(3)] == [b"ab"] * 3
    ws.binary(b"x" * 20)
    assert ws.recv_until_close() == ([b"ab"], 1000, "")


@pytest.mark.key("max_message")
@measured
def test_a_large_message_is_streamed_before_it_is_complete(daemon, program, frame, how):
    data = b"x" * 200_000
    head = written(data, frame)[: -1 if frame == "netstring" else None]
    tool = program(
        f"data = b'x' * 200_000\nframed = {head[: -len(data)]!r} + data\n"
        "os.write(1, framed[:150_000])\nos.read(0, 1)\nsys.stdout.buffer.write(framed[150_000:])\n"
        + ("sys.stdout.buffer.write(b',')\n" if frame == "netstring" else "")
    )
    ws = daemon(f"[/large]\nexec = {tool}\nframe = {frame}\n").ws("/large")
    got, frames = 0, []
    while got < 149_000:
        frames.append(ws.frame())
        got += len(frames[-1].payload)
    assert not frames[-1].fin
    ws.binary(b".")
    while not frames[-1].fin:
        frames.append(ws.frame())
    assert [f.opcode for f in frames] == [BINARY] + [CONT] * (len(frames) - 1)
    assert b"".join(f.payload for f in frames) == data
    assert ws.closed() == (1000, "")


@measured
def test_a_megabyte_there_and_back(daemon, program, frame, how):
    tool = program(how + REVERSE)
    ws = daemon(f"[/r]\nexec = {tool}\nframe = {frame}\nmax_message = 2M\n").ws("/r")
    data = bytes(range(256)) * 4096
    ws.send_in_background(encode(BINARY, data))
    assert ws.recv() == data[::-1]


# ---- programs that break their framing ----

BROKEN = [
    ("netstring", "printf '1:a,usage: x\\n'; cat", [b"a"], 'broken netstring.*"usage: x\\\\x0A"'),
    ("netstring", "printf '1:a\\n'; cat", [], 'broken netstring.*"1:a\\\\x0A"'),
    ("netstring", "printf '01:a,'; cat", [], 'broken netstring.*"01:a,"'),
    ("netstring", "printf '5001:abc'; cat", [], 'netstring over max_message.*"5001:abc"'),
    ("netstring", "printf '3:abc,9:abc'", [b"abc"], 'ended inside a netstring.*"9:abc"'),
    ("u32be", "echo hello; cat", [], 'length over max_message.*"hello\\\\x0A"'),
    ("u32be", "printf '\\0\\0\\0\\1a\\0\\0\\0\\2b'", [b"a"], 'ended inside a message.*"\\\\x00\\\\x00\\\\x00\\\\x02b"'),
]


@pytest.mark.key("frame", "max_message")
@pytest.mark.parametrize("frame,shell,before,log", BROKEN)
def test_a_broken_framing_closes_with_1011_and_the_log_quotes_its_first_bytes(
    daemon, frame, shell, before, log
):
    d = daemon(f"[/bad]\nshell = {shell}\nframe = {frame}\nmax_message = 5000\n")
    messages, code, reason = d.ws("/bad").recv_until_close()
    assert (messages, code) == (before, 1011)
    assert reason.startswith("program ")
    d.wait_log(f"/bad: program .*{log}")


def test_a_comma_that_is_missing_after_streaming_never_ends_the_message(daemon):
    shell = "printf '100000:'; head -c 100001 /dev/zero; cat"
    d = daemon(f"[/bad]\nshell = {shell}\nframe = netstring\n")
    ws = d.ws("/bad")
    fins = []
    with pytest.raises(Closed) as closed:
        while True:
            frame = ws.frame()
            if frame.opcode == 8:
                raise Closed(*frame.close())
            fins.append(frame.fin)
    assert closed.value.code == 1011
    assert not any(fins)
    d.wait_log('/bad: program wrote a broken netstring.*"100000:\\\\x00')


@measured
def test_a_client_may_not_send_more_than_max_message_there_either(daemon, tmp_path, frame, how):
    out = tmp_path / "out"
    ws = daemon(keeper(out, f"frame = {frame}\nmax_message = 5000")).ws("/keep")
    ws.binary(b"x" * 5000)
    ws.binary(b"x" * 5001)
    assert ws.closed()[0] == 1009
    assert kept(out) == written(b"x" * 5000, frame)


# ---- what the settings say ----


@pytest.mark.parametrize("frame", ["nul", "netstring", "u32be"])
def test_what_is_held_whole_needs_a_limit(check, frame):
    result = check(f"[/x]\nexec = cat\nframe = {frame}\nmax_message = 0\n")
    assert result.status == 78
    assert re.search(r"wsbridge\.ini:1: error: \[/x\] holds whole messages", "\n".join(result.errors))


def test_defaults_that_depend_on_the_framing_are_printed_as_such(check):
    out = check("[/x]\nexec = cat\nframe = nul\n", "-T").out
    assert "; default: refuse for nul, pass for the others\nembedded =\n" in out
    assert "; default: text for line and nul, binary for the others\ntype =\n" in out


@pytest.mark.parametrize("frame", ["nul", "netstring", "u32be"])
def test_a_page_names_the_framing(daemon, frame):
    d = daemon(f"[/x]\nexec = cat\nframe = {frame}\n")
    assert f"{frame} as " in get(d, "/x").text
