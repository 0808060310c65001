# SPDX-License-Identifier: MIT
"""charset: the program's text in another charset than UTF-8."""

import pytest
from inicheck import fails
from keeper import kept, keeper
from rawws import CONT, PING, PONG, TEXT


def says(program, *chunks):
    """A program that writes each of CHUNKS, a byte of its input apart."""
    return program("".join(f"os.write(1, {chunk!r})\nos.read(0, 1)\n" for chunk in chunks))


# ---- client -> program ----


@pytest.mark.key("charset")
@pytest.mark.parametrize(
    "name,text,data",
    [
        ("windows-1252", "naïve €", b"na\xefve \x80\n"),
        ("1252", "naïve €", b"na\xefve \x80\n"),
        ("28591", "é", b"\xe9\n"),
        ("932", "日本語", "日本語\n".encode("cp932")),
        ("Shift_JIS", "表示", b"\x95\\\x8e\xa6\n"),
        ("ISO-2022-JP", "日本", "日本\n".encode("iso2022_jp")),
        ("GB18030", "中😀", "中😀\n".encode("gb18030")),
        ("UTF-8", "日€", "日€\n".encode()),
    ],
)
def test_text_reaches_the_program_in_its_charset(daemon, tmp_path, name, text, data):
    out = tmp_path / "out"
    ws = daemon(keeper(out, f"charset = {name}")).ws("/keep")
    ws.text(text)
    ws.text("")
    ws.finish()
    assert kept(out) == data + b"\n"


@pytest.mark.key("charset")
def test_binary_is_never_converted(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "charset = windows-1252")).ws("/keep")
    ws.binary("é\n".encode())
    ws.text("é")
    ws.finish()
    assert kept(out) == "é\n".encode() + b"\xe9\n"


def test_a_character_in_two_fragments_is_one(daemon, program):
    reads = "while chunk := os.read(0, 65536):\n    os.write(1, chunk.hex().encode() + b'\\n')\n"
    ws = daemon(f"[/reads]\nexec = {program(reads)}\ncharset = Shift_JIS\n").ws("/reads")
    ws.send(TEXT, b"a\xe6\x97", fin=False)
    assert ws.recv() == "61"
    ws.send(CONT, b"\xa5")
    assert ws.recv() == "93fa0a"


@pytest.mark.key("charset_error")
@pytest.mark.parametrize("how", ["", "charset_error = replace\n"])
def test_a_character_that_the_charset_lacks_is_a_question_mark(daemon, tmp_path, how):
    out = tmp_path / "out"
    ws = daemon(keeper(out, f"charset = windows-1252\n{how}")).ws("/keep")
    ws.text("a日b😀é")
    ws.finish()
    assert kept(out) == b"a?b?\xe9\n"


@pytest.mark.key("charset_error")
def test_such_a_message_can_be_refused_whole(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "charset = windows-1252\ncharset_error = close")).ws("/keep")
    ws.text("é")
    ws.send(TEXT, b"first ", fin=False)
    ws.send(PING, b"")
    assert ws.frame().opcode == PONG
    ws.send(CONT, "日".encode())
    code, reason = ws.closed()
    assert (code, bool(reason)) == (1008, True)
    assert kept(out) == b"\xe9\n"


def test_the_length_of_a_netstring_is_that_of_the_converted_text(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "charset = windows-1252\nframe = netstring")).ws("/keep")
    ws.text("€é")
    ws.binary("é".encode())
    ws.finish()
    assert kept(out) == b"2:\x80\xe9,2:\xc3\xa9,"


def test_utf_16_works_where_no_byte_ends_a_message(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "charset = UTF-16BE\nframe = u32be")).ws("/keep")
    ws.text("a日😀")
    ws.text("\n")
    ws.finish()
    assert kept(out) == b"\0\0\0\x08" + "a日😀".encode("utf-16-be") + b"\0\0\0\x02\0\n"


@pytest.mark.parametrize("name,text", [("UTF-16", "ab"), ("ISO-2022-JP", "日本")])
def test_with_raw_the_whole_input_is_one_text(daemon, tmp_path, name, text):
    """One byte order mark, and the shift back to ASCII at the end of the input."""
    out = tmp_path / "out"
    ws = daemon(f"[/keep]\nshell = cat > {out}\nframe = raw\ncharset = {name}\n").ws("/keep")
    for character in text:
        ws.text(character)
    ws.eof()
    assert ws.closed() == (1000, "")
    assert out.read_bytes() == text.encode(name)


def test_a_large_message_is_converted(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(keeper(out, "charset = 1252")).ws("/keep")
    ws.text("€é" * 100_000)
    ws.finish()
    assert kept(out) == b"\x80\xe9" * 100_000 + b"\n"


# ---- program -> client ----


@pytest.mark.key("charset")
@pytest.mark.parametrize(
    "name,data,lines",
    [
        ("1252", b"gr\xfcn \x80\r\n\nna\xefve", ["grün €", "", "naïve"]),
        ("Shift_JIS", b"\x95\\\n\x8e\xa6\n", ["表", "示"]),
        ("ISO-2022-JP", "日\nx".encode("iso2022_jp"), ["日", "x"]),
        ("EUC-KR", "한국\n".encode("euc_kr"), ["한국"]),
    ],
)
def test_lines_come_in_utf_8(daemon, program, name, data, lines):
    tool = program(f"os.write(1, {data!r})\n")
    ws = daemon(f"[/say]\nexec = {tool}\ncharset = {name}\n").ws("/say")
    assert ws.recv_until_close() == (lines, 1000, "")


@pytest.mark.key("charset")
def test_a_character_in_two_writes_is_one(daemon, program):
    chunks = (b"a\x95", b"\\b", b"\x8e", b"\xa6\n")
    ws = daemon(f"[/cut]\nexec = {says(program, *chunks)}\ncharset = Shift_JIS\n").ws("/cut")
    ws.binary(b"....")
    assert ws.recv() == "a表b示"


@pytest.mark.key("charset")
@pytest.mark.parametrize(
    "name,chunks,text",
    [
        ("Shift_JIS", (b"a\x95", b"\\b\x8e", b"\xa6"), "a表b示"),
        ("ISO-2022-JP", (b"\x1b$", b"BF", b"|K\\", b"F|\x1b(B"), "日本日"),
        ("UTF-16", (b"\xfe\xff\0a\x65", b"\xe5\xd8\x3d", b"\xde\0"), "a日😀"),
    ],
)
def test_with_raw_the_state_goes_on_from_write_to_write(daemon, program, name, chunks, text):
    ini = f"[/raw]\nexec = {says(program, *chunks)}\nframe = raw\ntype = text\ncharset = {name}\n"
    ws = daemon(ini).ws("/raw")
    ws.binary(b"." * len(chunks))
    assert "".join(ws.recv_until_close()[0]) == text


@pytest.mark.key("charset_error")
@pytest.mark.parametrize("how", ["", "charset_error = replace\n"])
def test_output_that_is_not_in_the_charset_is_replaced(daemon, program, how):
    tool = program("os.write(1, b'a\\x81b\\n\\xe9\\n')\n")
    ws = daemon(f"[/bad]\nexec = {tool}\ncharset = 1252\n{how}").ws("/bad")
    assert ws.recv_until_close() == (["a\ufffdb", "é"], 1000, "")


@pytest.mark.key("charset_error")
def test_output_that_is_not_in_the_charset_can_end_the_session(daemon):
    ini = "[/bad]\nshell = printf 'fine\\n\\223\\n'; cat\ncharset = Shift_JIS\ncharset_error = close\n"
    messages, code, reason = daemon(ini).ws("/bad").recv_until_close()
    assert (messages, code) == (["fine"], 1011)
    assert "charset" in reason


@pytest.mark.key("charset")
def test_binary_output_is_never_converted(daemon):
    ws = daemon("[/bin]\nshell = printf '\\351\\n'\ntype = binary\ncharset = 1252\n").ws("/bin")
    assert ws.recv_until_close()[0] == [b"\xe9"]


def test_a_long_line_is_converted_as_it_is_streamed(daemon, program):
    tool = program("sys.stdout.buffer.write(b'\\x93\\xfa' * 100_000 + b'\\nnext\\n')\n")
    ws = daemon(f"[/long]\nexec = {tool}\ncharset = Shift_JIS\n").ws("/long")
    assert ws.recv() == "日" * 100_000
    assert ws.recv() == "next"


def test_each_netstring_is_a_text_with_a_byte_order_of_its_own(daemon, program):
    tool = program("os.write(1, b'4:\\xfe\\xff\\0a,4:\\xff\\xfeb\\0,0:,')\n")
    ini = f"[/n]\nexec = {tool}\nframe = netstring\ntype = text\ncharset = UTF-16\n"
    assert daemon(ini).ws("/n").recv_until_close()[0] == ["a", "b", ""]


def test_a_program_in_another_locale_talks_to_a_browser(daemon):
    """What the key is for: an old tool that knows Latin-1 only."""
    ini = "[/upper]\nshell = LC_ALL=C tr '\\340-\\376' '\\300-\\336'\ncharset = ISO-8859-1\neof = yes\n"
    ws = daemon(ini).ws("/upper")
    ws.text("éàü")
    ws.eof()
    assert ws.recv_until_close()[0] == ["ÉÀÜ"]


# ---- what the settings say ----


@pytest.mark.key("charset")
@pytest.mark.parametrize("name", ["latin99", "UTF-8//IGNORE", "99999", "x" * 300])
def test_a_name_that_iconv_does_not_know_is_an_error_with_its_line(check, name):
    fails(check(f"[/x]\nexec = cat\ncharset = {name}\n"), (3, "charset: '.*' is no charset that iconv knows"))


@pytest.mark.key("charset")
@pytest.mark.parametrize("name,frame", [("UTF-16", "line"), ("1200", "nul"), ("IBM037", "line")])
def test_a_charset_whose_separator_is_no_byte_of_its_own_is_an_error(check, name, frame):
    result = check(f"[defaults]\ncharset = {name}\n[/x]\nexec = cat\nframe = {frame}\n")
    fails(result, (2, f"charset = {name} has no single byte .* frame = {frame}; use netstring, u32be or raw"))


@pytest.mark.key("charset_error")
def test_what_is_held_whole_for_it_needs_a_limit(check):
    text = "[/x]\nexec = cat\ncharset = 1252\ncharset_error = close\nmax_message = 0\n"
    fails(check(text), (1, "holds whole messages"))
