# SPDX-License-Identifier: MIT
"""frame = line: a message is a line of the program, both ways."""

import os

import pytest
from keeper import kept, keeper
from rawws import BINARY, CONT, PING, PONG, TEXT


# ---- client -> program ----


@pytest.mark.key("frame")
def test_a_text_message_is_a_line_and_a_binary_message_its_bytes(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "frame = line\n")).ws("/keep")
    ws.text("one")
    ws.binary(b"\x00\xff")
    ws.text("")
    ws.text("two")
    ws.finish()
    assert kept(out) == b"one\n\x00\xff\ntwo\n"


def test_line_is_the_default(daemon):
    ws = daemon("[/read]\nshell = read a; echo got $a\n").ws("/read")
    ws.text("x")
    assert ws.recv() == "got x"


def test_the_fragments_of_a_message_are_one_line(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out)).ws("/keep")
    ws.send(TEXT, b"a", fin=False)
    ws.send(CONT, b"b", fin=False)
    ws.send(CONT, b"c")
    ws.finish()
    assert kept(out) == b"abc\n"


@pytest.mark.key("embedded")
def test_a_line_feed_inside_a_message_passes_by_default(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out)).ws("/keep")
    ws.text("a\nb")
    ws.finish()
    assert kept(out) == b"a\nb\n"


@pytest.mark.key("embedded")
def test_a_line_feed_inside_a_message_can_become_a_space(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "embedded = space\n")).ws("/keep")
    ws.text("a\nb\n")
    ws.binary(b"c\nd")
    ws.finish()
    assert kept(out) == b"a b \nc\nd"


@pytest.mark.key("embedded")
def test_a_line_feed_inside_a_message_can_be_refused_whole(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "embedded = refuse\n")).ws("/keep")
    ws.text("good")
    ws.send(TEXT, b"first", fin=False)
    ws.send(CONT, b"sec\nond")
    code, reason = ws.closed()
    assert (code, bool(reason)) == (1008, True)
    assert kept(out) == b"good\n"


# ---- program -> client ----


def test_each_line_is_a_message_and_the_last_needs_no_line_feed(daemon):
    ws = daemon("[/say]\nshell = printf 'a\\r\\nb\\n\\nlast'\n").ws("/say")
    assert ws.recv_until_close() == (["a", "b", "", "last"], 1000, "")


def test_an_end_after_a_line_feed_is_no_empty_message(daemon):
    ws = daemon("[/say]\nshell = printf 'a\\n'\n").ws("/say")
    assert ws.recv_until_close() == (["a"], 1000, "")


def test_a_carriage_return_elsewhere_stays(daemon):
    ws = daemon("[/say]\nshell = printf 'a\\rb\\n\\r\\r\\nc\\r'\n").ws("/say")
    messages, code, _ = ws.recv_until_close()
    assert messages[:2] == ["a\rb", "\r"]
    assert messages[2] in ("c\r", "c")  # the last line: no CRLF, so the CR is its own
    assert code == 1000


def test_a_program_that_says_nothing_sends_nothing(daemon):
    assert daemon("[/true]\nexec = true\n").ws("/true").recv_until_close() == ([], 1000, "")


def test_a_long_line_comes_whole(daemon):
    ws = daemon("[/long]\nshell = head -c 300000 /dev/zero | tr '\\0' x; echo; echo next\n").ws("/long")
    assert ws.recv() == "x" * 300_000
    assert ws.recv() == "next"


def test_a_line_that_never_ends_is_streamed(daemon, program):
    """websocketd held it whole: 300 MB of output cost 311 MB of memory."""
    tool = program("os.write(1, b'x' * 200_000)\nos.read(0, 1)\nos.write(1, b'yy\\r\\nnext\\n')\n")
    ws = daemon(f"[/long]\nexec = {tool}\n").ws("/long")
    got, frames = 0, []
    while got < 200_000 - 65_536:
        frames.append(ws.frame())
        assert not frames[-1].fin
        got += len(frames[-1].payload)
    ws.binary(b".")
    while not frames[-1].fin:
        frames.append(ws.frame())
    assert [f.opcode for f in frames] == [TEXT] + [CONT] * (len(frames) - 1)
    assert b"".join(f.payload for f in frames) == b"x" * 200_000 + b"yy"
    assert ws.recv() == "next"


@pytest.mark.key("type")
def test_lines_can_be_binary_messages(daemon):
    ws = daemon("[/bin]\nshell = printf 'a\\377\\nb\\n'\ntype = binary\n").ws("/bin")
    assert ws.recv_until_close()[0] == [b"a\xff", b"b"]


@pytest.mark.key("invalid_utf8")
@pytest.mark.parametrize("how", ["", "invalid_utf8 = replace\n"])
def test_output_that_is_no_utf8_is_replaced(daemon, how):
    ws = daemon("[/bad]\nshell = printf 'a\\377b\\303\\nfine\\342\\202'\n" + how).ws("/bad")
    assert ws.recv_until_close() == (["a\ufffdb\ufffd", "fine\ufffd"], 1000, "")


@pytest.mark.key("invalid_utf8")
def test_output_that_is_no_utf8_can_be_a_binary_message(daemon):
    ws = daemon("[/bad]\nshell = printf 'a\\377b\\nfine\\n'\ninvalid_utf8 = binary\n").ws("/bad")
    assert ws.recv_until_close()[0] == [b"a\xffb", "fine"]


@pytest.mark.key("invalid_utf8")
def test_output_that_is_no_utf8_can_end_the_session(daemon):
    ws = daemon("[/bad]\nshell = printf 'fine\\na\\377b\\n'; cat\ninvalid_utf8 = close\n").ws("/bad")
    messages, code, reason = ws.recv_until_close()
    assert (messages, code) == (["fine"], 1011)
    assert reason


def test_a_character_cut_by_two_writes_is_whole(daemon, program):
    tool = program("os.write(1, b'gr\\xc3')\nos.read(0, 1)\nos.write(1, b'\\xbcn\\n')\n")
    ws = daemon(f"[/cut]\nexec = {tool}\n").ws("/cut")
    ws.binary(b".")
    assert ws.recv() == "grün"


# ---- half-close ----


@pytest.mark.key("eof")
@pytest.mark.parametrize("eof", ["", "eof = auto\n", "eof = yes\n"])
def test_an_empty_binary_message_is_the_end_of_input_and_the_answer_still_comes(daemon, eof):
    ws = daemon("[/sort]\nexec = sort\n" + eof).ws("/sort")
    for line in ("c", "a", "b"):
        ws.text(line)
    ws.eof()
    assert ws.recv_until_close() == (["a", "b", "c"], 1000, "")


def test_what_comes_after_the_end_of_input_is_discarded_and_logged_once(daemon, program, tmp_path):
    tool = program("print(len(sys.stdin.read()), flush=True)\nopen(sys.argv[1]).read()\n")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    d = daemon(f"[/count]\nexec = {tool} {fifo}\n")
    ws = d.ws("/count")
    ws.text("12345")
    ws.eof()
    assert ws.recv() == "6"
    for _ in range(3):
        ws.text("late")
    ws.send(PING, b"after")
    assert ws.frame().opcode == PONG
    with open(fifo, "w"):
        pass
    assert ws.closed() == (1000, "")
    d.wait_log("/count.*(discard|after (the )?end|EOF)")


@pytest.mark.key("eof")
def test_an_empty_binary_message_can_be_nothing(daemon):
    ws = daemon("[/cat]\nexec = cat\neof = no\n").ws("/cat")
    ws.eof()
    assert ws.echoes("still here")


def test_an_empty_message_in_fragments_is_the_end_too(daemon):
    ws = daemon("[/sum]\nexec = sha256sum\n").ws("/sum")
    ws.binary(b"abc")
    ws.send(BINARY, b"", fin=False)
    ws.send(CONT, b"")
    assert ws.recv().startswith("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    assert ws.closed() == (1000, "")


def test_an_empty_text_message_is_an_empty_line(daemon):
    ws = daemon("[/count]\nexec = wc -l\n").ws("/count")
    ws.text("")
    ws.text("")
    ws.eof()
    assert ws.recv().strip() == "2"


# ---- line_buffer ----

STDIO = "import ctypes, os\nctypes.CDLL(None).puts(b'stdio')\nos.write(1, b'direct\\n')\n"


@pytest.mark.key("line_buffer")
def test_the_output_of_a_filter_comes_line_by_line(daemon):
    """Without the cure all of them hold 4 KiB back: "output arrives only at the end"."""
    d = daemon(
        "[/grep]\nexec = grep a\n[/sed]\nexec = sed s/a/b/\n[/tr]\nexec = tr a c\n[/cut]\nexec = cut -c1\n"
    )
    for path, answer in (("/grep", "a1"), ("/sed", "b1"), ("/tr", "c1"), ("/cut", "a")):
        ws = d.ws(path)
        ws.text("a1")
        assert ws.recv() == answer, path


@pytest.mark.key("line_buffer")
@pytest.mark.parametrize(
    "setting, order",
    [
        ("", ["stdio", "direct"]),
        ("line_buffer = yes\n", ["stdio", "direct"]),
        ("line_buffer = no\n", ["direct", "stdio"]),
    ],
)
def test_stdio_writes_whole_lines_at_once_unless_left_alone(daemon, program, setting, order):
    tool = program(STDIO)
    d = daemon(f"[/stdio]\nexec = {tool}\n{setting}")
    assert d.ws("/stdio").recv_until_close()[0] == order


@pytest.mark.key("line_buffer")
@pytest.mark.parametrize("setting, order", [("yes", ["print", "direct"]), ("no", ["direct", "print"])])
def test_python_prints_whole_lines_at_once_unless_left_alone(daemon, program, setting, order):
    tool = program("print('print')\nos.write(1, b'direct\\n')\n")
    d = daemon(f"[/python]\nexec = {tool}\nline_buffer = {setting}\n")
    assert d.ws("/python").recv_until_close()[0] == order


@pytest.mark.key("line_buffer")
def test_a_preload_of_the_paths_own_is_left_alone(daemon):
    d = daemon("[/env]\nexec = printenv LD_PRELOAD\nenv = LD_PRELOAD=/nonexistent/own.so\nstderr = drop\n")
    assert d.ws("/env").recv() == "/nonexistent/own.so"
