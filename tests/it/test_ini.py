# SPDX-License-Identifier: MIT
"""wsbridge.ini as its reader sees it: the grammar, the traps of libinih, and every error in one pass."""

import re
import subprocess

import pytest
from harness import ENVIRONMENT, WSBRIDGED, run

HEAD = "[server]\nlisten = 127.0.0.1:0\n"


class Check:
    """The outcome of `wsbridged -t` on files in a directory: status and the lines of its report."""

    def __init__(self, place, text, *options, env=None, **drop_ins):
        data = text if isinstance(text, bytes) else text.encode()
        (place / "wsbridge.ini").write_bytes(data)
        for name, content in drop_ins.items():
            (place / "wsbridge.d").mkdir(exist_ok=True)
            (place / "wsbridge.d" / name).write_text(content)
        self.result = run(*(options or ["-t"]), "-c", "wsbridge.ini", cwd=place, env=env)
        self.status, self.out = self.result.returncode, self.result.stdout
        self.lines = self.result.stderr.splitlines()
        self.errors = [line for line in self.lines if ": error: " in line]


@pytest.fixture
def check(tmp_path):
    return lambda text, *options, **how: Check(tmp_path, text, *options, **how)


@pytest.fixture
def values(tmp_path):
    """values(INI): {(section, key): [values]} as -T prints them."""

    def read(text, **how):
        result = Check(tmp_path, text, "-T", **how)
        assert result.status == 0, result.lines
        table, section = {}, None
        for line in result.out.splitlines():
            if line.startswith("["):
                section = line[1:-1]
            elif line and line[0] not in ";#":
                key, _, value = line.partition("=")
                table.setdefault((section, key.strip()), []).append(value.strip())
        return table

    return read


def fails(result, *expected):
    """RESULT has exactly the errors EXPECTED, in any order: (LINE or FILE:LINE, regex)."""
    assert result.status == 78, result.lines
    assert len(result.errors) == len(expected), "\n".join(result.lines)
    for where, pattern in expected:
        where = where if isinstance(where, str) else f"wsbridge.ini:{where}"
        found = [line for line in result.errors if line.startswith(f"{where}: error: ")]
        assert found and re.search(pattern, found[0]), f"{where}: {pattern}\n" + "\n".join(result.lines)


# ---- grammar ----


def test_a_good_file_is_good(check):
    result = check(HEAD + "[/load]\nexec = cat\n")
    assert (result.status, result.errors) == (0, [])


def test_every_error_of_a_file_is_told_in_one_pass_with_its_line(check):
    fails(
        check("[server]\nlisten = nowhere\nbacklog = many\n\n[limits]\nmax_header = 1x\nfull = perhaps\n[/a]\nexec = cat\nexce = cat\n[/b]\nexec = cat\nqueue = 1\n"),
        (2, "listen"), (3, "backlog"), (6, "max_header"), (7, "full.*http.*close"), (10, "exce"), (13, "queue"),
    )


def test_errors_of_drop_ins_are_told_in_the_same_pass(check):
    fails(
        check("[server]\nlisten = 127.0.0.1:0\nbacklog = x\n", **{"10-a.ini": "[limits]\nfull = x\n", "20-b.ini": "; fine\n[web]\nconsole = x\n"}),
        (3, "backlog"), ("wsbridge.d/10-a.ini:2", "full"), ("wsbridge.d/20-b.ini:3", "console"),
    )


@pytest.mark.parametrize(
    "line, suggestion",
    [("exce = cat", "exec"), ("max_mesage = 1k", "max_message"), ("ping_intervall = 5s", "ping_interval")],
)
def test_an_unknown_key_is_refused_with_a_suggestion(check, line, suggestion):
    fails(check(HEAD + f"[/x]\nshell = cat\n{line}\n"), (5, f"did you mean '{suggestion}'"))


def test_a_key_in_the_wrong_section_is_told_where_it_belongs(check):
    fails(check("[server]\nlisten = 127.0.0.1:0\nmax_connections = 5\n[/x]\nexec = cat\n"), (3, r"\[limits\]"))
    fails(check(HEAD + "[defaults]\nexec = cat\n[/x]\nexec = cat\n"), (4, "exec"))


@pytest.mark.parametrize("section", ["sever", "Server", "tls", "control", "hooks", "auth x", "x"])
def test_an_unknown_section_is_refused(check, section):
    result = check(HEAD + f"[{section}]\n[/x]\nexec = cat\n")
    fails(result, (3, re.escape(f"[{section}]")))


@pytest.mark.parametrize("line", ["compression = on", "process = shared", "pty = 24x80", "connect = unix:/x", "auth = none", "nofile = 5", "compat = websocketd", "charset = latin1"])
def test_a_key_that_is_not_built_yet_is_unknown(check, line):
    fails(check(HEAD + f"[/x]\nexec = cat\n{line}\n"), (5, "unknown key"))


def test_values_that_are_not_built_yet_are_refused_by_name(check):
    fails(check(HEAD + "[/x]\nexec = cat\nframe = json\nslow_client = drop\nstderr = client\nline_buffer = pty\n"), (5, "json"), (6, "drop"), (7, "client"), (8, "pty"))


def test_a_scalar_that_stands_twice_is_an_error(check):
    fails(check(HEAD + "[/x]\nexec = cat\nqueue = 64k\nqueue = 32k\n"), (6, "queue.*twice|twice.*queue"))


def test_a_section_that_stands_twice_is_an_error(check):
    fails(check(HEAD + "[/x]\nexec = cat\n[/y]\nexec = cat\n[/x]\nqueue = 64k\n"), (7, r"\[/x\].*twice"))


def test_a_path_has_one_source(check):
    fails(check(HEAD + "[/x]\nqueue = 64k\n[/y]\nexec = cat\nshell = cat\n"), (3, "no source"), (7, "source"))


def test_an_empty_scalar_is_an_error(check):
    fails(check(HEAD + "[limits]\nfull =\n[/x]\nexec = cat\nqueue =\n"), (4, "full"), (7, "queue"))


@pytest.mark.parametrize("path", ["/a//b", "/a/../b", "/a/*/b", "/a*"])
def test_a_path_that_could_never_match_is_an_error(check, path):
    fails(check(HEAD + f"[{path}]\nexec = cat\n"), (3, re.escape(path)))


@pytest.mark.parametrize("key, value", [("handshake_timeout", "10"), ("handshake_timeout", "10 s"), ("handshake_timeout", "10sec")])
def test_a_duration_needs_a_unit(check, key, value):
    fails(check(HEAD + f"[limits]\n{key} = {value}\n[/x]\nexec = cat\n"), (4, re.escape(f"{key} = {value}" if value == "10" else key)))


def test_a_duration_without_unit_is_refused_in_these_words(check):
    result = check("[server]\nlisten = 127.0.0.1:0\n[limits]\nhandshake_timeout = 10\n[/x]\nexec = cat\n")
    assert result.errors == ["wsbridge.ini:4: error: handshake_timeout = 10 needs a unit: 500ms, 10s, 2m"]


@pytest.mark.parametrize("value", ["500ms", "30s", "5m", "8h", "1d", "0"])
def test_durations(check, value):
    assert check(HEAD + f"[/x]\nexec = cat\nidle_timeout = {value}\n").status == 0


@pytest.mark.parametrize("value, good", [("65536", 1), ("64k", 1), ("1M", 1), ("1G", 1), ("1.5M", 0), ("-1", 0), ("64kb", 0), ("99999999999999999999", 0), ("k", 0), ("2G", 0)])
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
        "close_code = 1005", "close_code = 1006", "close_code = 1015", "close_code = 999", "close_code = 2999", "close_code = 5000",
        "close_reason = " + "x" * 124, "umask = 888", "umask = 1777", "stop_signal = NONE", "stop_signal = 99", "max_processes = 0",
        "max_processes = -1", "max_processes = 2x", "subprotocol = a,b", "origin = evil.example", "env = NOVALUE", "env = 1X=y",
        "pass_env = A=b", "cwd = relative", "cwd = /nonexistent/place", "type = utf8", "eof = maybe", "exec = /bin/echo 'unclosed",
    ],
)
def test_a_value_out_of_its_range_is_refused(check, line):
    source = "" if line.startswith("exec") else "exec = cat\n"
    result = check(HEAD + f"[/x]\n{source}{line}\n")
    fails(result, (5 if source else 4, line.split()[0]))


@pytest.mark.parametrize("value", ["127.0.0.1", "127.0.0.1:65536", "127.0.0.1:x", "::1:80", "[::1]", "localhost:80 tls", "unix:", "unix:relative", "unix:/tmp/x mode=999", "unix:/tmp/x user=me", "300.1.1.1:80"])
def test_an_address_that_is_none_is_refused(check, value):
    result = check(f"[server]\nlisten = {value}\n[/x]\nexec = cat\n")
    fails(result, (2, "listen"))


# ---- libinih's traps (DESIGN 3.1) ----


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


@pytest.mark.parametrize("header, pattern", [("[/y", r"\]"), ("[/y] extra", r"after the \]"), ("[/y] ; comment", r"after the \]"), ("[]", "name")])
def test_keys_after_a_broken_header_are_not_charged_to_the_section_before(check, header, pattern):
    fails(check(HEAD + f"[/x]\nexec = cat\n{header}\nexec = cat\nnonsense = 5\n[web]\nconsole = maybe\n"), (5, pattern), (9, "console"))


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
    table = values("# one\n; two\n[server]\n  # three\nlisten = 127.0.0.1:0\n[/x]\nexec = echo # ; \n;exec = evil\n")
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
    fails(check(HEAD + "[/x]\nexec = cat\norigin = \\\nhttp://a.example \\\nnonsense\nqueue = x\n"), (5, "origin"), (8, "queue"))


# ---- defaults, drop-ins, lists ----


def test_drop_ins_override_scalars_and_append_to_lists_in_c_order(values):
    table = values(
        HEAD + "[/x]\nexec = cat\nqueue = 10k\nenv = A=1\n",
        **{"20-b.ini": "[/x]\nqueue = 30k\nenv = C=3\n", "10-a.ini": "[/x]\nqueue = 20k\nenv = B=2\n[/new]\nexec = cat\n", "B.ini": "[/x]\nenv = D=4\n", "a.ini": "[/x]\nenv = E=5\n"},
    )
    assert table["/x", "queue"] == ["30k"]
    assert table["/x", "env"] == ["A=1", "B=2", "C=3", "D=4", "E=5"]
    assert table["/new", "exec"] == ["cat"]


def test_files_that_are_no_drop_ins_are_skipped(values):
    table = values(HEAD + "[/x]\nexec = cat\nqueue = 10k\n", **{".hidden.ini": "nonsense", "y.ini~": "nonsense", "z.conf": "nonsense", "ini": "nonsense", "ok.ini": "[/x]\nqueue = 20k\n"})
    assert table["/x", "queue"] == ["20k"]


def test_an_empty_value_clears_a_list(values):
    table = values(HEAD + "[/x]\nexec = cat\nenv = A=1\n", **{"1.ini": "[/x]\nenv =\nenv = B=2\n"})
    assert table["/x", "env"] == ["B=2"]


def test_defaults_give_every_path_its_values(daemon):
    d = daemon("[defaults]\nclose_reason = from defaults\n[/a]\nexec = true\n[/b]\nexec = true\nclose_reason = own\n")
    assert d.ws("/a").closed() == (1000, "from defaults")
    assert d.ws("/b").closed() == (1000, "own")


def test_defaults_count_wherever_they_stand(daemon):
    d = daemon("[/a]\nexec = true\n[defaults]\nclose_reason = from below\n")
    assert d.ws("/a").closed() == (1000, "from below")


# ---- ${...} ----


def test_variables_expand_everywhere_but_in_commands(daemon, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of a file\n")
    (tmp_path / "token").write_text("of a credential")
    d = daemon(
        f"[/env]\nshell = echo \"$A|$B|$C|$D\" '${{env:NAME}}'\n"
        f"env = A=${{env:NAME}}\nenv = B=${{file:{secret}}}\nenv = C=${{cred:token}}\nenv = D=$HOME ${{X}} $$ ${{env:NAME}}${{env:NAME}}\n",
        env={"NAME": "of the environment", "CREDENTIALS_DIRECTORY": str(tmp_path)},
    )
    assert d.ws("/env").recv() == (
        "of the environment|of a file|of a credential|$HOME ${X} $$ of the environmentof the environment ${env:NAME}"
    )


def test_what_expands_is_not_expanded_again(daemon):
    d = daemon("[/env]\nexec = printenv A\nenv = A=${env:ONE}\n", env={"ONE": "${env:TWO}", "TWO": "evil"})
    assert d.ws("/env").recv() == "${env:TWO}"


@pytest.mark.parametrize("value, pattern", [("${env:MISSING}", "MISSING"), ("${cred:x}", "CREDENTIALS_DIRECTORY"), ("${file:/nonexistent}", "/nonexistent"), ("${file:relative}", "relative"), ("${env:X", "}")])
def test_what_cannot_expand_is_an_error(check, value, pattern):
    fails(check(HEAD + f"[/x]\nexec = cat\nenv = A={value}\n"), (5, re.escape(pattern)))


def test_a_secret_stands_in_no_error_message(check, tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    place = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    result = check(HEAD + f"[/x]\nexec = cat\nqueue = ${{cred:secret}}\nmax_frame = ${{file:{tmp_path}/secret}}\n", env=place)
    fails(result, (5, "queue"), (6, "max_frame"))
    assert "hunter2" not in result.result.stderr


# ---- -T ----

WHOLE = """[server]
listen = 127.0.0.1:0
listen = [::1]:0
shutdown_timeout = 5s

[defaults]
queue = 64k

[/load]
exec = sh -c 'echo "$X"; exec cat'
env = X=${env:SECRET}
close_reason = a\\
   b
"""


def test_t_prints_a_valid_ini_that_says_the_same(check, tmp_path):
    first = check(WHOLE, "-T", env={"SECRET": "hunter2"})
    assert first.status == 0, first.lines
    again = Check(tmp_path, first.out, "-T", env={"SECRET": "hunter2"})
    assert again.status == 0, again.lines

    def settings(text):
        return [line for line in text.splitlines() if line and line[0] != ";"]

    assert settings(again.out) == settings(first.out)


def test_t_prints_raw_values_with_their_origin(check):
    result = check(WHOLE, "-T", env={"SECRET": "hunter2"}, **{"x.ini": "[/load]\nclose_code = 4000\n"})
    assert "hunter2" not in result.out
    pairs = re.findall(r"^; (.*)\n([^;\[\n].*)$", result.out, re.M)
    origins = {setting: origin for origin, setting in pairs}
    assert origins["env = X=${env:SECRET}"] == "wsbridge.ini:11"
    assert origins["listen = [::1]:0"] == "wsbridge.ini:3"
    assert origins["queue = 64k"] == "wsbridge.ini:7"
    assert origins["close_code = 4000"] == "wsbridge.d/x.ini:2"
    assert origins["close_reason = a b"] == "wsbridge.ini:12"
    assert "default" in origins["backlog = 511"]


# ---- the world ----


def test_a_command_that_is_not_there_is_an_error_with_a_suggestion(check):
    result = check(HEAD + "[/x]\nexec = jornalctl -f\n")
    fails(result, (4, "jornalctl"))
    line = result.errors[0]
    assert line.startswith("wsbridge.ini:4: error: exec: 'jornalctl' not found in PATH (/usr/bin:/bin)"), line
    assert line.endswith("; did you mean 'journalctl'?"), line


def test_a_command_that_cannot_run_is_an_error(check, tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    fails(check(HEAD + f"[/x]\nexec = {tool}\n[/y]\nexec = {tmp_path}\n[/z]\nexec = {tmp_path}/none\n"), (4, str(tool)), (6, str(tmp_path)), (8, "none"))


def test_buffering_that_line_buffer_cannot_cure_is_hinted_at(check):
    result = check(HEAD + "[/x]\nexec = mawk '{print}'\n[/y]\nexec = perl -ne print\n[/z]\nexec = grep x\n")
    assert result.status == 0
    hints = [line for line in result.lines if "warning" in line]
    assert any(line.startswith("wsbridge.ini:4: ") and "-W interactive" in line for line in hints), result.lines
    assert any(line.startswith("wsbridge.ini:6: ") and "perl" in line for line in hints), result.lines
    assert not any(line.startswith("wsbridge.ini:8: ") for line in hints)


@pytest.mark.key("max_connections")
def test_max_connections_is_checked_against_the_limit_of_descriptors(tmp_path):
    (tmp_path / "wsbridge.ini").write_text(HEAD + "[limits]\nmax_connections = 5000\n[/x]\nexec = cat\n")
    result = subprocess.run(
        ["sh", "-c", f"ulimit -n 200; exec {WSBRIDGED} -t -c wsbridge.ini"], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=10
    )
    assert re.search(r"^wsbridge\.ini:4: warning: .*max_connections", result.stderr, re.M), result.stderr
