# SPDX-License-Identifier: MIT
"""wsbridge.ini: the grammar and the values, and every error in one pass."""

import re

import pytest
from inicheck import HEAD, fails


def test_a_good_file_is_good(check):
    result = check(HEAD + "[/load]\nexec = cat\n")
    assert (result.status, result.errors) == (0, [])


def test_every_error_of_a_file_is_told_in_one_pass_with_its_line(check):
    fails(
        check(
            "[server]\nlisten = nowhere\nbacklog = many\n\n[limits]\nmax_header = 1x\n"
            "full = perhaps\n[/a]\nexec = cat\nexce = cat\n[/b]\nexec = cat\nqueue = 1\n"
        ),
        (2, "listen"),
        (3, "backlog"),
        (6, "max_header"),
        (7, "full.*http.*close"),
        (10, "exce"),
        (13, "queue"),
    )


def test_errors_of_drop_ins_are_told_in_the_same_pass(check):
    fails(
        check(
            "[server]\nlisten = 127.0.0.1:0\nbacklog = x\n",
            **{"10-a.ini": "[limits]\nfull = x\n", "20-b.ini": "; fine\n[web]\nconsole = x\n"},
        ),
        (3, "backlog"),
        ("wsbridge.d/10-a.ini:2", "full"),
        ("wsbridge.d/20-b.ini:3", "console"),
    )


@pytest.mark.parametrize(
    "line, suggestion",
    [("exce = cat", "exec"), ("max_mesage = 1k", "max_message"), ("ping_intervall = 5s", "ping_interval")],
)
def test_an_unknown_key_is_refused_with_a_suggestion(check, line, suggestion):
    fails(check(HEAD + f"[/x]\nshell = cat\n{line}\n"), (5, f"did you mean '{suggestion}'"))


def test_a_key_in_the_wrong_section_is_told_where_it_belongs(check):
    fails(
        check("[server]\nlisten = 127.0.0.1:0\nmax_connections = 5\n[/x]\nexec = cat\n"), (3, r"\[limits\]")
    )
    fails(check(HEAD + "[defaults]\nexec = cat\n[/x]\nexec = cat\n"), (4, "exec"))


@pytest.mark.parametrize("section", ["sever", "Server", "tls x", "controls", "hook", "auth x", "x"])
def test_an_unknown_section_is_refused(check, section):
    result = check(HEAD + f"[{section}]\n[/x]\nexec = cat\n")
    fails(result, (3, re.escape(f"[{section}]")))


@pytest.mark.parametrize(
    "line",
    [
        "compression = on",
    ],
)
def test_a_key_that_is_not_built_yet_is_unknown(check, line):
    fails(check(HEAD + f"[/x]\nexec = cat\n{line}\n"), (5, "unknown key"))


def test_values_that_are_none_are_refused_by_name(check):
    fails(check(HEAD + "[/x]\nexec = cat\nslow_client = wait\nstderr = clients\n"), (5, "wait"), (6, "clients"))


def test_a_scalar_that_stands_twice_is_an_error(check):
    fails(check(HEAD + "[/x]\nexec = cat\nqueue = 64k\nqueue = 32k\n"), (6, "queue.*twice|twice.*queue"))


def test_a_section_that_stands_twice_is_an_error(check):
    fails(check(HEAD + "[/x]\nexec = cat\n[/y]\nexec = cat\n[/x]\nqueue = 64k\n"), (7, r"\[/x\].*twice"))


def test_a_path_has_one_source(check):
    fails(check(HEAD + "[/x]\nqueue = 64k\n[/y]\nexec = cat\nshell = cat\n"), (3, "no source"), (7, "source"))


def test_a_key_that_means_nothing_for_a_path_is_an_error(check):
    fails(
        check(HEAD + "[/x/*]\nstatic = /\ncwd = /\nframe = raw\n"),
        (5, r"cwd means nothing with static; it goes with exec or shell"),
        (6, r"frame means nothing with static; it goes with exec"),
    )


def test_what_means_nothing_for_a_path_is_not_printed_for_it(values):
    known = values(HEAD + "[defaults]\ncwd = /\n[/x]\nexec = cat\n[/y/*]\nstatic = /\n")
    assert known["/x", "cwd"] == ["/"]
    assert ("/y/*", "cwd") not in known and ("/y/*", "queue") in known


def test_an_empty_scalar_is_an_error(check):
    fails(check(HEAD + "[limits]\nfull =\n[/x]\nexec = cat\nqueue =\n"), (4, "full"), (7, "queue"))


@pytest.mark.parametrize("path", ["/a//b", "/a/../b", "/a/*/b", "/a*"])
def test_a_path_that_could_never_match_is_an_error(check, path):
    fails(check(HEAD + f"[{path}]\nexec = cat\n"), (3, re.escape(path)))


@pytest.mark.parametrize(
    "key, value", [("handshake_timeout", "10"), ("handshake_timeout", "10 s"), ("handshake_timeout", "10sec")]
)
def test_a_duration_needs_a_unit(check, key, value):
    fails(
        check(HEAD + f"[limits]\n{key} = {value}\n[/x]\nexec = cat\n"),
        (4, re.escape(f"{key} = {value}" if value == "10" else key)),
    )


@pytest.mark.parametrize(
    "line, said",
    [
        ("handshake_timeout = 10s # a comment", "handshake_timeout = 10s # a comment"),
        ("full = http ; a comment", "full = http ; a comment is not http or close"),
        ("MaxConnections = 7\t# a comment", "MaxConnections = 7"),
        ("full = http#1", None),
        ("full = #1", None),
    ],
)
def test_where_a_comment_seems_to_end_a_line_one_hears_that_it_does_not(check, line, said):
    (error,) = check(HEAD + f"[limits]\n{line}\n[/x]\nexec = cat\n").errors
    assert error.endswith("; a comment is a line of its own") == bool(said), error
    assert error.startswith(f"wsbridge.ini:4: error: {said or line}"), error


def test_a_duration_without_unit_is_refused_in_these_words(check):
    result = check("[server]\nlisten = 127.0.0.1:0\n[limits]\nhandshake_timeout = 10\n[/x]\nexec = cat\n")
    assert result.errors == ["wsbridge.ini:4: error: handshake_timeout = 10 needs a unit: 500ms, 10s, 2m"]


@pytest.mark.parametrize("value", ["500ms", "30s", "5m", "8h", "1d", "0"])
def test_durations(check, value):
    assert check(HEAD + f"[/x]\nexec = cat\nidle_timeout = {value}\n").status == 0


@pytest.mark.parametrize(
    "value, good",
    [
        ("65536", 1),
        ("64k", 1),
        ("1M", 1),
        ("1G", 1),
        ("1.5M", 0),
        ("-1", 0),
        ("64kb", 0),
        ("99999999999999999999", 0),
        ("k", 0),
        ("2G", 0),
    ],
)
def test_sizes(check, value, good):
    result = check(HEAD + f"[/x]\nexec = cat\nqueue = {value}\n")
    assert result.status == (0 if good else 78), result.lines


@pytest.mark.parametrize("value", ["yes", "no", "on", "off", "true", "false"])
def test_booleans(check, value):
    assert check(HEAD + f"[/x]\nexec = cat\nwrite = {value}\n").status == 0


@pytest.mark.parametrize("value", ["1", "0", "y", "enabled", "yes no"])
def test_what_is_no_boolean(check, value):
    fails(check(HEAD + f"[/x]\nexec = cat\nwrite = {value}\n"), (5, "write"))


@pytest.mark.parametrize(
    "line",
    [
        "close_code = 1005",
        "close_code = 1006",
        "close_code = 1015",
        "close_code = 999",
        "close_code = 2999",
        "close_code = 5000",
        "close_reason = " + "x" * 124,
        "umask = 888",
        "umask = 1777",
        "stop_signal = NONE",
        "stop_signal = 99",
        "max_processes = 0",
        "max_processes = -1",
        "max_processes = 2x",
        "subprotocol = a,b",
        "origin = evil.example",
        "env = NOVALUE",
        "env = 1X=y",
        "pass_env = A=b",
        "cwd = relative",
        "cwd = /nonexistent/place",
        "type = utf8",
        "eof = maybe",
        "exec = /bin/echo 'unclosed",
    ],
)
def test_a_value_out_of_its_range_is_refused(check, line):
    source = "" if line.startswith("exec") else "exec = cat\n"
    result = check(HEAD + f"[/x]\n{source}{line}\n")
    fails(result, (5 if source else 4, line.split()[0]))


@pytest.mark.parametrize(
    "value",
    [
        "127.0.0.1",
        "127.0.0.1:65536",
        "127.0.0.1:x",
        "::1:80",
        "[::1]",
        "localhost:80 tls",
        "127.0.0.1:0 tls=x",
        "127.0.0.1:0 tls redirect",
        "unix:",
        "unix:relative",
        "unix:/tmp/x mode=999",
        "unix:/tmp/x user=me",
        "300.1.1.1:80",
    ],
)
def test_an_address_that_is_none_is_refused(check, value):
    result = check(f"[server]\nlisten = {value}\n[/x]\nexec = cat\n")
    fails(result, (2, "listen"))
