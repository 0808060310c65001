# SPDX-License-Identifier: MIT
"""wsbridge.ini line by line: the traps of libinih (DESIGN 3.1), comments and continued lines."""

import pytest
from inicheck import HEAD, fails


def test_a_line_may_be_longer_than_197_bytes(daemon):
    """libinih makes the tail of a long line a new key."""
    words = " ".join(f"word{i:04}=x" for i in range(800))
    d = daemon(f"[/long]\nexec = echo {words}\n")
    assert d.ws("/long").recv() == words


def test_a_semicolon_belongs_to_the_value(daemon):
    """libinih cuts " ;" and what follows."""
    d = daemon("[/two]\nshell = echo one ; echo two # three\n")
    assert d.ws("/two").recv_until_close()[0] == ["one", "two"]


def test_long_section_names_stay_apart(daemon):
    """libinih cuts a name after 49 bytes and merges the sections."""
    base = "/" + "a" * 100
    d = daemon(f"[{base}1]\nexec = echo one\n[{base}2]\nexec = echo two\n")
    assert d.ws(base + "1").recv() == "one"
    assert d.ws(base + "2").recv() == "two"
    assert d.handshake(base).response.status == 404


def test_a_colon_separates_nothing(check, daemon):
    """libinih splits a line at the first = or :."""
    fails(check(HEAD + "[/x]\nexec: cat\nexec = cat\n"), (4, "exec: cat"))
    fails(check(HEAD + "[/x]\nexec = cat\nque:ue = 5\n"), (5, "que:ue"))
    d = daemon("[/x]\nexec = echo a:b=c:d\n")
    assert d.ws("/x").recv() == "a:b=c:d"


def test_an_indented_line_continues_nothing(check):
    """libinih (as Python's ConfigParser) can take an indented line for more of the value before it."""
    fails(check(HEAD + "[/x]\nexec = cat\n  more words\n"), (5, "more words"))
    assert check(HEAD + "  [/x]\n\texec = cat\n").status == 0


def test_a_nul_byte_is_no_text(check):
    fails(check(b"[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\nqueue = 64k\0 evil\n"), (5, "NUL"))


@pytest.mark.parametrize(
    "header, pattern",
    [("[/y", r"\]"), ("[/y] extra", r"after the \]"), ("[/y] ; comment", r"after the \]"), ("[]", "name")],
)
def test_keys_after_a_broken_header_are_not_charged_to_the_section_before(check, header, pattern):
    fails(
        check(HEAD + f"[/x]\nexec = cat\n{header}\nexec = cat\nnonsense = 5\n[web]\nconsole = maybe\n"),
        (5, pattern),
        (9, "console"),
    )


@pytest.mark.parametrize("name", ["ex-ec", "ex ec", "ex.ec", "exéc", "x" * 41, ""])
def test_a_name_that_can_be_no_key_is_refused(check, name):
    fails(check(HEAD + f"[/x]\nexec = cat\n{name} = 5\n"), (5, "key|name"))


def test_a_line_that_is_no_assignment_is_refused(check):
    fails(check(HEAD + "nonsense\n[/x]\nexec = cat\n"), (3, "nonsense"))


def test_a_key_before_any_section_is_refused(check):
    fails(check("backlog = 5\n" + HEAD + "[/x]\nexec = cat\n"), (1, "section"))


def test_a_byte_order_mark_is_skipped(check):
    assert check(b"\xef\xbb\xbf[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\n").status == 0


def test_a_file_with_crlf_reads_as_one_without(values):
    assert values("[server]\r\nlisten = 127.0.0.1:0\r\n[/x]\r\nexec = cat -u\r\n")["/x", "exec"] == ["cat -u"]


def test_a_last_line_without_line_feed_counts(values):
    assert values(HEAD + "[/x]\nexec = cat -u")["/x", "exec"] == ["cat -u"]


def test_comments_are_whole_lines(values):
    table = values(
        "# one\n; two\n[server]\n  # three\nlisten = 127.0.0.1:0\n[/x]\nexec = echo # ; \n;exec = evil\n"
    )
    assert table["/x", "exec"] == ["echo # ;"]


def test_quotes_and_blanks_inside_a_value_stay(values):
    table = values(HEAD + "[/x]\nshell =   echo  'a  b' \"c\"  \t\n")
    assert table["/x", "shell"] == ["echo  'a  b' \"c\""]


def test_a_backslash_at_the_end_joins_lines_and_leading_blanks_become_one(daemon):
    d = daemon("[/a]\nexec = echo one\\\n\t  two \\\nthree\\\n\n[/b]\nexec = echo b\n")
    assert d.ws("/a").recv() == "one two three"
    assert d.ws("/b").recv() == "b"


def test_two_backslashes_at_the_end_are_one(values):
    table = values(HEAD + "[/x]\nexec = cat\nclose_reason = ends in \\\\\nqueue = 64k\n")
    assert table["/x", "close_reason"] == ["ends in \\\\"], "-T prints a valid ini"
    assert table["/x", "queue"] == ["64k"]


def test_a_continuation_at_the_end_of_the_file_is_an_error(check):
    fails(check(HEAD + "[/x]\nexec = cat\nqueue = 64k \\"), (5, "backslash"))


def test_an_error_in_a_continued_value_is_told_at_its_first_line(check):
    fails(
        check(HEAD + "[/x]\nexec = cat\norigin = \\\nhttp://a.example \\\nnonsense\nqueue = x\n"),
        (5, "origin"),
        (8, "queue"),
    )
