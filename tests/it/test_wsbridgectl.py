# SPDX-License-Identifier: MIT
"""wsbridgectl: the words of the control socket on a command line."""

import json
import os
import pty
import re
import shlex
import subprocess

import pytest
from control import WSBRIDGECTL, ctl, socket_of
from harness import ENVIRONMENT, ROOT, with_canary
from rawws import PING, PONG
from test_reload import file_of
from waiting import until

ECHO = "[/echo]\nexec = cat\n"


def run(*argv, env=None):
    return subprocess.run(
        [WSBRIDGECTL, *argv], env={**ENVIRONMENT, **(env or {})}, capture_output=True, text=True, timeout=60
    )


def test_list_is_an_aligned_table(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    assert ws.echoes("x" * 2000)
    lines = ctl(d, "list").splitlines()
    assert lines[0].split() == ["ID", "PATH", "PEER", "FOR", "IN", "OUT", "QUEUE", "PROCESS"]
    assert len(lines) == 3 and len({line.index("127.0.0.1") for line in lines[1:]}) == 1
    number, path, peer, age, into, out, queue, process = lines[2].split()
    assert (path, into, out, queue) == ("/echo", "1/2.0k", "1/2.0k", "0")
    assert peer == "127.0.0.1:%d" % ws.sock.getsockname()[1]
    assert re.fullmatch(r"\d+\.\ds", age) and process.isdigit()
    assert ctl(d, "list", "/echo").splitlines()[1:] != []
    assert ctl(d, "list", "/nothing").splitlines()[1:] == []
    assert "path             /echo\n" in ctl(d, "show", number)


def ids(listed):
    """The first column of what `list` says, without its head."""
    return [line.split()[0] for line in listed.splitlines()[1:]]


def test_list_shows_first_who_stands_out_or_a_part(daemon):
    d = daemon(ECHO)
    clients = [d.ws("/echo") for _ in range(3)]
    newest_first = ids(ctl(d, "list", "/echo"))[::-1]
    assert clients[1].echoes("x" * 5000) and clients[0].echoes("x" * 500)
    by_traffic = [newest_first[1], newest_first[2], newest_first[0]]
    assert ids(ctl(d, "list", "--sort", "traffic", "/echo")) == by_traffic
    assert ids(ctl(d, "list", "--sort=seconds", "/echo")) == newest_first[::-1]
    assert ids(ctl(d, "list", "--limit", 2, "/echo")) == newest_first[1::-1]
    assert ids(ctl(d, "list", "/echo", "--skip=1", "--limit=1", "--sort=traffic")) == by_traffic[1:2]
    assert ids(ctl(d, "list", "--limit", 0)) == []
    assert ids(ctl(d, "list", "--skip", 2, "/echo")) == newest_first[2:]
    assert len(ids(ctl(d, "list", "--limit", 9))) == 4
    assert "sort is rate, queue" in ctl(d, "list", "--sort", "size", status=1)
    assert "--limit" in ctl(d, "list", "--limit=few", status=64)
    for wrong in (["--limit"], ["--sort"], ["/echo", "/echo"], ["echo"], ["--size"], ["--limits=1"]):
        assert "usage: wsbridgectl list" in ctl(d, "list", *wrong, status=64)


def test_list_and_show_tell_how_many_share_a_program(daemon):
    d = daemon("[/all]\nexec = cat\nprocess = shared\nlinger = 0\n[/room]\nchannel = room\n" + ECHO)
    clients = [d.ws("/all"), d.ws("/all"), d.ws("/room"), d.ws("/echo")]
    head, *rows = (line.split() for line in ctl(d, "list").splitlines())
    assert head == ["ID", "PATH", "PEER", "FOR", "IN", "OUT", "QUEUE", "CLIENTS", "PROCESS"]
    assert sorted((row[1], row[7]) for row in rows) == [("/all", "2"), ("/all", "2"), ("/canary", "-"), ("/echo", "-"), ("/room", "1")]
    told = {row["path"]: row["clients"] for row in json.loads(ctl(d, "--json", "list"))}
    assert told == {"/all": 2, "/room": 1, "/echo": None, "/canary": None}
    number = max(row[0] for row in rows if row[1] == "/all")
    assert re.search(r"^clients +2$", ctl(d, "show", number), re.M)
    clients[0].finish()
    assert re.search(r"^clients +1$", ctl(d, "show", number), re.M)


def test_json_is_the_result_itself(daemon):
    d = daemon(ECHO)
    assert json.loads(ctl(d, "--json", "version"))["pid"] == d.pid
    assert [row["path"] for row in json.loads(ctl(d, "--json", "list"))] == ["/canary"]


def test_the_exit_status_tells_what_went_wrong(daemon):
    d = daemon(ECHO)
    assert "no client 999" in ctl(d, "show", 999, status=1)
    assert "did you mean 'list'" in ctl(d, "lisst", status=64)
    assert "usage: wsbridgectl show ID" in ctl(d, "show", status=64)
    assert "usage:" in ctl(d, status=64)
    assert "usage:" in ctl(d, "--nothing", status=64)
    assert "code abc" in ctl(d, "disconnect", "all", "abc", status=64)
    gone = run("--socket", "/nonexistent/c", "list")
    assert gone.returncode == 69 and "is wsbridged running?" in gone.stderr


def test_it_finds_the_socket_where_the_daemon_puts_it(daemon):
    d = daemon(ECHO)
    found = run("--json", "version", env={"RUNTIME_DIRECTORY": d.rundir})
    assert json.loads(found.stdout)["pid"] == d.pid


def test_disconnect_and_ping(daemon):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    number = ctl(d, "list", "/echo").splitlines()[1].split()[0]
    argv = [WSBRIDGECTL, "--socket", socket_of(d), "ping", number]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as ping:
        frame = ws.frame()
        assert frame.opcode == PING
        ws.send(PONG, frame.payload)
        assert re.fullmatch(rf"{number}: [\d.]+ ms\n", ping.communicate(timeout=60)[0])
    assert ctl(d, "disconnect", number, 4000, "so long") == "closed: 1\n"
    assert ws.closed() == (4000, "so long")


def test_reload_prints_the_verdict_with_every_error(daemon):
    d = daemon(ECHO)
    assert "is taken; listening on 127.0.0.1:" in ctl(d, "reload")
    file_of(d).write_text(with_canary("[/a]\nexec = cat\nqueue = lots\n[/b]\nexce = cat\n"))
    said = ctl(d, "reload", status=1)
    assert "nothing changes" in said and "queue = lots" in said and "did you mean 'exec'" in said


def test_help_and_manual_have_every_word():
    words = re.findall(r"^  ([a-z-]+) ", run("-h").stdout, re.M)
    assert len(words) > 5
    manual = (ROOT / "man" / "wsbridgectl.1").read_text()
    assert not [word for word in words if f".It Cm {word}" not in manual]
    assert run("-V").stdout.startswith("wsbridgectl ")


def test_messages_from_the_command_line_and_standard_input(daemon, tmp_path):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    assert ctl(d, "send-text", "path=/echo", "hello ✓") == "sent: 1\n"
    assert ws.recv() == "hello ✓"
    (tmp_path / "f").write_bytes(b"from\nstdin\n")
    with open(tmp_path / "f", "rb") as f:
        ctl(d, "send-text", "path=/echo", stdin=f)
    assert ws.recv() == "from\nstdin"
    (tmp_path / "f").write_bytes(bytes(range(256)))
    with open(tmp_path / "f", "rb") as f:
        ctl(d, "send", "path=/echo", stdin=f)
    ctl(d, "send", "path=/echo", tmp_path / "f")
    assert ws.recv() == ws.recv() == bytes(range(256))
    (tmp_path / "f").write_bytes(b"")
    ctl(d, "send", "path=/echo", tmp_path / "f")
    assert ws.recv() == b""
    assert "no such file" in ctl(d, "send", "all", tmp_path / "nothing", status=64).lower()
    assert "not UTF-8" in ctl(d, "send-text", "all", b"\xff".decode(errors="surrogateescape"), status=64)


def test_settings_on_the_command_line(daemon):
    d = daemon(ECHO)
    assert ctl(d, "set", "limits.max_connections", "1") == "limits.max_connections = 1 (now)\n"
    assert d.handshake("/echo").response.status == 503
    assert "value            1\n" in ctl(d, "get", "max_connections")
    assert "did you mean" in ctl(d, "get", "max_conections", status=1)
    assert re.search(r"^\[limits\] +max_connections +1000 +now +1 to 1000000$", ctl(d, "keys"), re.M)


@pytest.mark.without("exit", "canary", "children", "descriptors", "memory", reason="the test ends the daemon itself")
def test_listen_and_shutdown(daemon):
    d = daemon(ECHO)
    ctl(d, "listen", "off")
    with pytest.raises(ConnectionRefusedError):
        d.connect()
    assert d.address in ctl(d, "listen", "on")
    assert d.address not in ctl(d, "listen", "off", d.address)
    assert d.address in ctl(d, "listen", "on", d.address)
    assert "usage" in ctl(d, "listen", "maybe", status=64)
    assert "needs a unit" in ctl(d, "shutdown", "5", status=64)
    assert "stopping" in ctl(d, "shutdown", "1s")
    assert d.canary.closed() == (1001, "shutdown")
    d.canary.close(1001)
    assert d.wait_exit() == 0


def test_send_file_and_interrupt(daemon, tmp_path):
    d = daemon(ECHO)
    ws = d.ws("/echo")
    number = ctl(d, "list", "/echo").splitlines()[1].split()[0]
    (tmp_path / "f").write_text("grüße\n" * 50000)
    sent = ctl(d, "send-file", number, tmp_path / "f", "--text")
    assert sent == "sent: 400000\n" and ws.recv() == "grüße\n" * 50000
    ctl(d, "send-file", number, tmp_path / "f")
    assert ws.recv() == "grüße\n".encode() * 50000
    assert "only a regular file" in ctl(d, "send-file", number, tmp_path, status=1)
    assert "No such file" in ctl(d, "send-file", number, tmp_path / "nothing", status=64)
    assert "usage" in ctl(d, "send-file", number, tmp_path / "f", "--txt", status=64)
    assert ctl(d, "interrupt", number) == "dropped: 0\n"


def test_a_file_has_a_progress_bar_on_a_terminal(daemon, tmp_path):
    d = daemon(ECHO)
    ws = d.ws("/echo", receive_buffer=4096)
    number = ctl(d, "list", "/echo").splitlines()[1].split()[0]
    with open(tmp_path / "f", "wb") as f:
        f.truncate(8 << 20)
    master, slave = pty.openpty()
    argv = [WSBRIDGECTL, "--socket", socket_of(d), "send-file", number, str(tmp_path / "f")]
    with subprocess.Popen(argv, stdout=slave, stderr=slave) as process:
        said = b""
        while b"%" not in said:
            said += os.read(master, 1000)
        while not ws.frame().fin:
            pass
        until(lambda: process.poll() is not None, "it is over")
        said += os.read(master, 10000)
    os.close(slave)
    os.close(master)
    assert re.search(rb"\r\[#* +\] +\d+%  [\d.]+[kM]? of 8.0M  ", said), said
    assert process.returncode == 0 and b"sent: 8388608" in said


# ---- bash ----

DRIVER = """
source {script}
complete -p wsbridgectl >&2
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_wsbridgectl {program} "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered(*words, cwd="/"):
    """What bash offers for the last of WORDS, which are as readline takes them apart."""
    text = DRIVER.format(
        script=ROOT / "share" / "bash-completion" / "completions" / "wsbridgectl",
        words=shlex.join(["wsbridgectl", *words]),
        program=WSBRIDGECTL,
    )
    result = subprocess.run(
        ["bash", "--norc", "-u", "-c", text], cwd=cwd, capture_output=True, text=True, timeout=120
    )
    assert result.stderr == "complete -F _wsbridgectl wsbridgectl\n"
    return result.stdout.split()


def test_every_word_is_completed_and_what_it_takes(daemon, tmp_path):
    d = daemon(ECHO)
    d.ws("/echo")
    words = re.findall(r"^  ([a-z-]+) ", run("-h").stdout, re.M)
    assert set(offered("")) == {*words, "--json", "--socket", "-h", "-V"}
    assert offered("--json", "sho") == ["show"]
    at = ("--socket", socket_of(d))
    ids = [row["id"] for row in json.loads(ctl(d, "--json", "list"))]
    assert sorted(map(int, offered(*at, "show", ""))) == sorted(ids)
    assert set(offered(*at, "list", "")) == {"/echo", "/canary", "--sort", "--limit", "--skip"}
    assert set(offered(*at, "list", "--sort", "")) == {"rate", "queue", "traffic", "seconds"}
    assert offered(*at, "list", "--sort", "=", "q") == ["queue"]
    assert offered(*at, "list", "--limit", "") == []
    assert offered(*at, "list", "--sort", "rate", "/e") == ["/echo"]
    assert set(offered(*at, "ping", "")) == {"all", *map(str, ids), "path=/echo", "path=/canary"}
    assert offered(*at, "disconnect", "path", "=", "/e") == ["/echo"]
    assert set(offered(*at, "disconnect", "path", "=")) == {"/echo", "/canary"}
    assert offered(*at, "set", "limits.max_conn") == ["limits.max_connections"]
    (tmp_path / "file").touch()
    assert offered(*at, "send-file", "1", "fi", cwd=tmp_path) == ["file"]
    assert offered(*at, "send-file", "1", "file", "") == ["--text"]
    assert offered("--socket", "fi", cwd=tmp_path) == ["file"]
    assert offered("--socket", "/nonexistent", "show", "") == []
    assert set(offered("listen", "o")) == {"on", "off"}
    assert offered(*at, "listen", "off", "") == ["127.0.0.1:0"]
    assert set(offered("connect", "")) >= {"ws://", "wss://", "--raw", "--cacert"}
    assert offered("connect", "--raw", "--token-f") == ["--token-file"]
    assert offered("connect", "--cacert", "fi", cwd=tmp_path) == ["file"]
