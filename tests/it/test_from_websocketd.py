# SPDX-License-Identifier: MIT
"""wsbridged --from-websocketd: the ini for a command line of websocketd, and that it does the same."""

import os
import re
import subprocess

import pytest
from harness import run
from rawws import Closed, RawWS
from tlssock import context

pytestmark = pytest.mark.key("compat")

USAGE = 64


def convert(*args, cwd=None):
    return run("--from-websocketd", *args, cwd=cwd)


def ini(*args, cwd=None):
    result = convert(*args, cwd=cwd)
    assert result.returncode == 0, result.stderr
    return result.stdout


def lines(*args):
    return ini(*args).splitlines()


def flags_there():
    """{flag: the kind of its value} as websocketd tells them."""
    text = subprocess.run(["/usr/bin/websocketd", "--help"], capture_output=True, text=True).stderr
    return {name: kind.strip() for name, kind in re.findall(r"^  -([a-z-]+)( \w+)?$", text, re.M)}


# ---- flags ----


def test_every_flag_of_websocketd_is_known():
    flags = flags_there()
    assert len(flags) >= 23, flags
    value = {"": "true", "int": "1", "uint": "1"}
    for name, kind in flags.items():
        special = {"loglevel": "info", "dir": "", "address": "127.0.0.1"}
        result = convert(f"--{name}={special.get(name, value.get(kind, 'x'))}", "cat")
        assert result.returncode == 0, (name, result.stderr)
    assert set(flags) >= {"port", "origin", "closems"}


@pytest.mark.parametrize(
    "flag",
    [
        "--ssl",
        "--sslcert=/c.pem",
        "--sslkey=/k.pem",
        "--redirport=81",
        "--reverselookup",
        "--staticdir=/srv",
        "--cgidir=/cgi",
        "--header=Server: x",
        "--header-ws=X: y",
        "--header-http=X: y",
        "--maxforks=0",
        "--address=bridge.example",
        "--version",
        "--help",
        "--license",
    ],
)
def test_a_flag_without_equivalent_is_a_comment_and_a_line_on_stderr(check, flag):
    result = convert("--port=1", flag, "cat")
    name = flag.split("=")[0]
    assert result.returncode == 0
    assert len(re.findall(rf"^; {name}\b.*: \w.*$", result.stdout, re.M)) == 1, result.stdout
    assert re.fullmatch(rf"wsbridged: {name}: .*\n", result.stderr)
    assert check(result.stdout).status == 0


@pytest.mark.parametrize("flag", ["--ssl=false", "--reverselookup=f", "--header=", "--cgidir=", "--help=0"])
def test_a_flag_that_is_off_is_nothing(flag):
    result = convert("--port=1", flag, "cat")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == ini("--port=1", "cat")


def test_ssl_without_its_files_is_for_a_web_server_on_this_machine():
    assert "listen = 127.0.0.1:8765" in lines("--ssl", "--port=443", "--address=0.0.0.0", "cat")


def test_ssl_with_its_files_is_a_listener_with_tls(daemon, certificate):
    """And --redirport one that sends browsers there."""
    made = certificate()
    files = (f"--sslcert={made.certificate}", f"--sslkey={made.key}")
    result = convert("--ssl", *files, "--redirport=81", "--address=127.0.0.1", "cat")
    assert (result.returncode, result.stderr) == (0, "")
    assert "listen = 127.0.0.1:443 tls\nlisten = 127.0.0.1:81 redirect=443\n" in result.stdout
    d = daemon(result.stdout.replace(":443 tls", ":0 tls").replace(":81 ", ":0 "), canary="/")
    d.context = context(made)
    assert d.ws("/").echoes()
    browser = RawWS(d.connect(d.addresses[1]), b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert browser.response.status in (301, 307, 308)
    assert dict(browser.response.headers)["location"] == "https://localhost/x"


def test_a_comment_stays_one_line():
    result = convert("--header=X: y\n[/evil]\nexec = evil\\", "cat")
    assert result.returncode == 0 and "\n[/evil]" not in result.stdout


def test_a_directory_of_programs_is_a_comment(check):
    result = convert("--port=1", "--address=127.0.0.1", "--dir=/usr/bin")
    assert result.returncode == 0 and "; --dir=/usr/bin: " in result.stdout
    assert check(result.stdout).status == 0


@pytest.mark.parametrize(
    "args",
    [
        ["--port", "8080", "--binary", "--maxforks", "2"],
        ["-port=8080", "-binary", "-maxforks=2"],
        ["-port", "0x1f90", "--binary=T", "-maxforks", "02"],
        ["--port=1", "--binary=0", "--maxforks=2", "--port=8080", "--binary=TRUE", "--"],
    ],
)
def test_flags_are_read_as_go_reads_them(args):
    assert ini(*args, "cat", "--port=9") == ini(
        "--port=8080", "--binary=true", "--maxforks=2", "cat", "--port=9"
    )


@pytest.mark.parametrize(
    "args",
    [
        ["--nonsense=1", "cat"],
        ["---port=1", "cat"],
        ["--=1", "cat"],
        ["--port"],
        ["--port=x", "cat"],
        ["--port=", "cat"],
        ["--closems=-1", "cat"],
        ["--binary=maybe", "cat"],
        ["--loglevel=loud", "cat"],
        ["--dir=/tmp", "cat"],
        [],
        ["--port=1"],
    ],
)
def test_what_websocketd_refuses_is_64(args):
    there = subprocess.run(["/usr/bin/websocketd", *args], capture_output=True, timeout=60)
    assert there.returncode in (1, 2), "websocketd refuses it, too"
    result = convert(*args)
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert re.fullmatch(r"wsbridged: --from-websocketd: .*\n", result.stderr)


def test_an_unknown_flag_is_told_by_its_name():
    told = "wsbridged: --from-websocketd: --nonsense=1: websocketd has no such flag\n"
    assert convert("--port=1", "--nonsense=1", "cat").stderr == told


def test_an_argument_that_no_ini_can_hold_is_64():
    result = convert("sh", "-c", "echo a\necho b")
    assert (result.returncode, result.stdout) == (USAGE, "") and "script" in result.stderr


# ---- what they become ----


@pytest.mark.parametrize(
    "args, expected",
    [
        (["--address=127.0.0.1", "--address", "[::1]", "--port=8080"], ["127.0.0.1:8080", "[::1]:8080"]),
        (["--address=localhost"], ["127.0.0.1:80"]),
    ],
)
def test_addresses_are_listeners(args, expected):
    assert [line for line in lines(*args, "cat") if line.startswith("listen")] == [
        f"listen = {address}" for address in expected
    ]


def test_no_address_is_all_of_them():
    assert "listen = 0.0.0.0:8080" in lines("--port=8080", "cat")
    ipv6 = os.path.exists("/proc/net/if_inet6")
    assert ("listen = [::]:8080" in lines("--port=8080", "cat")) == ipv6


@pytest.mark.parametrize(
    "args, expected",
    [
        ([], ["any"]),
        (["--origin="], ["any"]),
        (["--sameorigin=true"], ["same"]),
        (["--sameorigin", "--origin=a.example"], ["same"]),
        (["--origin=a.example"], ["http://a.example https://a.example"]),
        (
            ["--origin=a.example:88,https://b.example"],
            ["http://a.example:88 https://a.example:88 https://b.example"],
        ),
        (["--origin=a.example:80"], ["http://a.example https://a.example:80"]),
        (["--origin=a.example:443"], ["http://a.example:443 https://a.example"]),
        (["--origin=[::1]:99"], ["http://[::1]:99 https://[::1]:99"]),
    ],
)
def test_origins(check, args, expected):
    text = ini("--port=1", "--address=127.0.0.1", *args, "cat")
    assert re.findall(r"^origin = (.*)$", text, re.M) == expected
    assert ("origin_missing = deny" in text) == (expected != ["any"])
    assert check(text).status == 0, text


@pytest.mark.parametrize(
    "level, expected",
    [
        ("debug", ["level = debug", "access = yes"]),
        ("access", ["level = info", "access = yes"]),
        ("info", ["level = info", "access = no"]),
        ("fatal", ["level = error", "access = no"]),
    ],
)
def test_log_levels(level, expected):
    assert "\n".join(["", "[logging]", *expected, ""]) in ini(f"--loglevel={level}", "cat")


def test_the_rest():
    text = lines("--devconsole", "--passenv=A,B", "--maxforks=7", "--closems=300", "--binary", "cat")
    for line in (
        "[web]",
        "console = yes",
        "allow = all",
        "pass_env = A B",
        "max_processes = 7",
        "eof_timeout = 400ms",
        "stop_timeout = 1350ms",
        "frame = raw",
        "compat = websocketd",
    ):
        assert line in text, line


def test_files_without_a_program_are_at_every_path(tmp_path, check):
    result = convert("--port=8080", "--staticdir=www", cwd=tmp_path)
    assert result.stdout.endswith(f"\n[/*]\nstatic = {tmp_path}/www\n") and not result.stderr
    (tmp_path / "www").mkdir()
    assert check(result.stdout).status == 0


def test_a_program_beside_is_named_from_the_root(tmp_path, check):
    tool = tmp_path / "a tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    text = ini("--address=127.0.0.1", "./a tool", "./b", cwd=tmp_path)
    assert f"exec = '{tmp_path}/./a tool' ./b" in text.splitlines()
    assert check(text).status == 0


# ---- the same on the wire ----


def told(ws):
    """All messages to the end, whatever the close frame says: there is none there."""
    messages = []
    try:
        while True:
            messages.append(ws.recv())
    except (Closed, EOFError):
        return messages


def talk(*messages):
    """Send them one by one and wait for an answer to each."""

    def talks(s):
        ws, answers = s.ws("/"), []
        for message in messages:
            (ws.text if isinstance(message, str) else ws.binary)(message)
            answers.append(ws.recv())
        return answers

    return talks


def listen(path="/"):
    return lambda s: told(s.ws(path))


def chosen(*names):
    """What env(1) says of these."""
    return lambda s: sorted(m for m in told(s.ws("/a/b?c=d")) if m.split("=")[0] in names)


def statuses(*origins):
    """What each Origin gets; {here} is the server itself."""

    def asks(s):
        fields = [[("Origin", o.format(here=s.host))] if o else [] for o in origins]
        return [s.handshake("/", f).response.status for f in fields]

    return asks


def two_clients(s):
    first = s.ws("/")
    return [s.handshake("/").response.status, first.echoes()]


SITES = (
    "",
    "http://{here}",
    "https://{here}",
    "http://a.example",
    "https://a.example",
    "http://b.example:88",
    "null",
)
SAME = [
    (["sed", "-u", "s/a/b/"], talk("banana", "", "x\r")),
    (["--binary", "cat"], talk(b"\0\n\xff", "text", b"x")),
    (["--binary=false", "--", "cat"], talk("--binary", "\u00fc")),
    (["printf", "%s\\n", "two words", "it's", '"', "\\", "$HOME", "*", "", ";", "#", "-n"], listen()),
    (["sh", "-c", 'echo "$SCRIPT_NAME|$PATH_INFO|$QUERY_STRING"; exit 3'], listen("/a%20b?c=%20d")),
    (["sh", "-c", "printf 'a\\r\\n\\nb\\n'; kill -9 $$"], listen()),
    (["env"], chosen("PATH", "LD_LIBRARY_PATH", "A", "REMOTE_ADDR")),
    (["--passenv=A,PATH", "env"], chosen("PATH", "LD_LIBRARY_PATH", "A", "B", "QUERY_STRING")),
    (["--maxforks=1", "cat"], two_clients),
    (["--maxforks=2", "cat"], two_clients),
    (["cat"], statuses(*SITES[:-1])),
    (["--sameorigin", "cat"], statuses(*SITES[:2], *SITES[3:])),
    (["--origin=a.example", "cat"], statuses(*SITES)),
    (["--origin=https://a.example,b.example:88", "cat"], statuses(*SITES)),
]


@pytest.mark.parametrize("args, conversation", SAME, ids=[" ".join(args)[:40] for args, _ in SAME])
def test_the_ini_does_what_the_command_line_did(daemon, websocketd, args, conversation):
    env = {"A": "1", "B": "2", "LD_LIBRARY_PATH": "/there"}
    there = websocketd(*args, env=env)
    text = ini("--port=1", "--address=127.0.0.1", *args).replace("127.0.0.1:1\n", "127.0.0.1:0\n")
    expected = conversation(there)
    assert conversation(daemon(text, env=env)) == expected
    assert expected
