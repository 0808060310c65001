# SPDX-License-Identifier: MIT
"""What bash offers behind `wsbridged` when somebody presses TAB, without the package bash-completion."""

import getpass
import re
import shlex
import subprocess

import pytest
from harness import ROOT, WSBRIDGED, run

SCRIPT = ROOT / "share" / "bash-completion" / "completions" / "wsbridged"

# As readline calls it: $1 the command, $2 the word under the cursor, $3 the one before.
DRIVER = """
source {script}
{before}
complete -p wsbridged >&2
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_wsbridged {program} "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered(*words, cwd="/", before=""):
    """What is offered for the last of WORDS."""
    text = DRIVER.format(
        script=shlex.quote(str(SCRIPT)),
        before=before,
        words=shlex.join(["wsbridged", *words]),
        program=shlex.quote(WSBRIDGED),
    )
    result = subprocess.run(
        ["bash", "--norc", "-u", "-c", text], cwd=cwd, capture_output=True, text=True, timeout=120
    )
    assert result.stderr == "complete -F _wsbridged wsbridged\n"
    return result.stdout.split("\n")[:-1] if result.stdout.strip() else []


def options():
    """Those that --help names."""
    text = run("--help").stdout
    return set(re.findall(r"(?<![\w-])(--[a-z-]*|-[A-Za-z])(?![\w-])", text))


def test_every_option_of_help_is_offered_and_no_other():
    assert len(options()) > 10 and {"-c", "--", "--demo"} <= options()
    assert set(offered("")) == set(offered("-")) == options()
    assert set(offered("--b")) == {option for option in options() if option.startswith("--b")}
    assert set(offered("-v", "--de")) == {"--demo"}
    assert offered("x") == []


def test_every_option_that_is_offered_is_one():
    for option in set(offered("-")) - {"--"}:
        result = run(option, "--no-such-option")
        assert f"unrecognized option '{option}'" not in result.stderr
        assert f"invalid option -- '{option[1:]}'" not in result.stderr


def test_a_file_is_an_ini_or_a_directory_on_the_way(tmp_path):
    for name in ("a.ini", "a.txt", "b c.ini"):
        (tmp_path / name).touch()
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "x.ini").touch()
    assert set(offered("-c", "", cwd=tmp_path)) == {"a.ini", "b c.ini", "dir/"}
    assert offered("-c", "dir/", cwd=tmp_path) == ["dir/x.ini"]
    assert offered("-t", "-c", "b", cwd=tmp_path) == ["b c.ini"]


def test_values_that_have_a_name_are_offered():
    assert set(offered("--bind", "")) == {"127.0.0.1", "0.0.0.0"}
    assert offered("--port", "") == []
    assert getpass.getuser() in offered("--hash-password", getpass.getuser()[:2])


def test_behind_two_dashes_there_is_a_command_and_its_files(tmp_path):
    (tmp_path / "file").touch()
    assert "seq" in offered("--", "se")
    assert offered("--", "cat", "fi", cwd=tmp_path) == ["file"]
    assert offered("--port", "1", "--", "cat", "--demo", cwd=tmp_path) == []
    assert offered("--from-websocketd", "--x", "fi", cwd=tmp_path) == ["file"]


@pytest.mark.parametrize("words, offset", [(("--", "se"), 2), (("--port", "1", "--", "cat", "x"), 4)])
def test_a_commands_own_completion_is_asked_where_there_is_one(words, offset):
    assert offered(*words, before="_command_offset() { COMPREPLY=(offset $1); }") == ["offset", str(offset)]
