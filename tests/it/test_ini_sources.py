# SPDX-License-Identifier: MIT
"""Where a setting comes from: defaults, drop-ins, ${...}, and what -T prints of it."""

import re

import pytest
from inicheck import HEAD, Check, fails


def test_drop_ins_override_scalars_and_append_to_lists_in_c_order(values):
    table = values(
        HEAD + "[/x]\nexec = cat\nqueue = 10k\nenv = A=1\n",
        **{
            "20-b.ini": "[/x]\nqueue = 30k\nenv = C=3\n",
            "10-a.ini": "[/x]\nqueue = 20k\nenv = B=2\n[/new]\nexec = cat\n",
            "B.ini": "[/x]\nenv = D=4\n",
            "a.ini": "[/x]\nenv = E=5\n",
        },
    )
    assert table["/x", "queue"] == ["30k"]
    assert table["/x", "env"] == ["A=1", "B=2", "C=3", "D=4", "E=5"]
    assert table["/new", "exec"] == ["cat"]


def test_files_that_are_no_drop_ins_are_skipped(values):
    table = values(
        HEAD + "[/x]\nexec = cat\nqueue = 10k\n",
        **{
            ".hidden.ini": "nonsense",
            "y.ini~": "nonsense",
            "z.conf": "nonsense",
            "ini": "nonsense",
            "ok.ini": "[/x]\nqueue = 20k\n",
        },
    )
    assert table["/x", "queue"] == ["20k"]


def test_an_empty_value_clears_a_list(values):
    table = values(HEAD + "[/x]\nexec = cat\nenv = A=1\n", **{"1.ini": "[/x]\nenv =\nenv = B=2\n"})
    assert table["/x", "env"] == ["B=2"]


def test_defaults_give_every_path_its_values(daemon):
    d = daemon(
        "[defaults]\nclose_reason = from defaults\n[/a]\nexec = true\n[/b]\nexec = true\n"
        "close_reason = own\n"
    )
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
        f"env = A=${{env:NAME}}\nenv = B=${{file:{secret}}}\nenv = C=${{cred:token}}\n"
        f"env = D=$HOME ${{X}} $$ ${{env:NAME}}${{env:NAME}}\n",
        env={"NAME": "of the environment", "CREDENTIALS_DIRECTORY": str(tmp_path)},
    )
    assert d.ws("/env").recv() == (
        "of the environment|of a file|of a credential|$HOME ${X} $$ of the environmentof the environment ${env:NAME}"
    )


def test_what_expands_is_not_expanded_again(daemon):
    d = daemon("[/env]\nexec = printenv A\nenv = A=${env:ONE}\n", env={"ONE": "${env:TWO}", "TWO": "evil"})
    assert d.ws("/env").recv() == "${env:TWO}"


@pytest.mark.parametrize(
    "value, pattern",
    [
        ("${env:MISSING}", "MISSING"),
        ("${cred:x}", "CREDENTIALS_DIRECTORY"),
        ("${file:/nonexistent}", "/nonexistent"),
        ("${file:relative}", "relative"),
        ("${env:X", "}"),
    ],
)
def test_what_cannot_expand_is_an_error(check, value, pattern):
    fails(check(HEAD + f"[/x]\nexec = cat\nenv = A={value}\n"), (5, re.escape(pattern)))


@pytest.mark.parametrize("value", ["", " \t"], ids=["nothing", "blanks"])
@pytest.mark.parametrize("key", ["origin", "allow", "subprotocol", "queue"])
def test_what_expands_to_nothing_is_an_error(check, key, value):
    """`origin` without any was looked at for the first request, and ended the daemon."""
    fails(check(HEAD + f"[/x]\nexec = cat\n{key} = ${{env:X}}\n", env={"X": value}), (5, key))


def test_a_secret_stands_in_no_error_message(check, tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    place = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    result = check(
        HEAD + f"[/x]\nexec = cat\nqueue = ${{cred:secret}}\nmax_frame = ${{file:{tmp_path}/secret}}\n",
        env=place,
    )
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


@pytest.mark.parametrize("tls", [False, True])
def test_what_t_prints_is_warned_of_no_more_than_the_file(check, certificate, tls):
    """A default is no setting that means nothing; [/healthz] takes the default page's place as before."""
    head = "[server]\nlisten = 127.0.0.1:0\nuser = root\n"
    first = check(head + (certificate().ini() if tls else "") + "[/healthz]\nexec = cat\n[/x]\nexec = cat\n", "-T")
    assert first.status == 0, first.lines
    again = check(first.out)
    assert (again.status, [line for line in again.lines if "warning" in line]) == (0, []), again.lines


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
