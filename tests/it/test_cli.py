# SPDX-License-Identifier: MIT
"""The command line: options, texts and exit codes, and `wsbridged -- COMMAND`."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import procfs
import pytest
from harness import ROOT, WSBRIDGED, get, run
from inicheck import values

OK, USAGE, NOINPUT, UNAVAILABLE, SYSTEM, NOPERM, CONFIG = 0, 64, 66, 69, 71, 77, 78


def write(tmp_path, text):
    file = tmp_path / "wsbridge.ini"
    file.write_text(text)
    return file


@pytest.fixture
def taken():
    """A port of 127.0.0.1 on which this process listens."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    yield sock.getsockname()[1]
    sock.close()


OWNER = rf"in use by [^ ]*python[^ ]* \(pid {os.getpid()}\)"

# ---- options ----


def test_h_explains_itself():
    result = run("-h")
    assert result.returncode == OK and result.stderr == ""
    for word in ("-c", "-t", "-T", "-v", "-V", "-h", "--port", "--bind", "--pty", "--view", "--write", "-- "):
        assert word in result.stdout, word
    assert run("--help").stdout == result.stdout


def test_capital_v_says_the_version():
    result = run("-V")
    assert result.returncode == OK
    assert re.match(r"wsbridged \d+\.\d+", result.stdout)
    assert run("--version").stdout == result.stdout


@pytest.mark.parametrize(
    "argv",
    [
        ["-x"],
        ["--nonsense"],
        ["-c"],
        ["stray"],
        ["-t", "stray"],
        ["--port", "5"],
        ["--port", "x", "--", "cat"],
        ["--port", "70000", "--", "cat"],
        ["--view", "--write", "--", "cat"],
        ["--pty"],
        ["--demo", "-c", "x.ini"],
        ["-t", "-T"],
        ["--demo", "-t"],
        ["-t", "--", "cat"],
        ["--demo", "--", "cat"],
        ["-T", "-c", "x.ini", "--", "cat"],
        ["-T", "--", "echo", "two\nlines"],
    ],
)
def test_a_wrong_command_line_is_64_with_one_line_that_says_why(argv):
    result = run(*argv)
    assert result.returncode == USAGE
    assert result.stdout == ""
    assert re.match(r"(\S*/)?wsbridged: ", result.stderr)  # getopt(3) says argv[0]
    assert "-h" in result.stderr or len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "options, listen, write",
    [([], "127.0.0.1:8765", "yes"), (["--bind", "::", "--port", "9"], "[::]:9", "no"), (["--view"], None, "no")],
)
def test_T_prints_the_file_that_does_what_a_command_line_does(tmp_path, options, listen, write):
    words = ["./tool", "a b", "it's", '"', ""]
    result = run("-T", *options, "--", *words, cwd=tmp_path)
    assert result.returncode == OK and result.stderr == ""
    found = values(tmp_path, result.stdout)
    assert found["/", "exec"] == [rf"""{tmp_path}/./tool 'a b' 'it'\''s' '"' ''"""]
    assert found["server", "listen"] == [listen or "127.0.0.1:8765"]
    assert found["/", "write"] == [write] and found["web", "console"] == ["yes"]


def test_T_prints_pages_for_other_machines_and_a_terminal_where_they_are_asked_for(tmp_path):
    here = values(tmp_path, run("-T", "--", "cat", cwd=tmp_path).stdout)
    assert here["web", "terminal"] == ["yes"] and here["web", "allow"] == ["127.0.0.0/8 ::1"]
    assert here["/", "pty"] == [""]
    there = values(tmp_path, run("-T", "--pty", "--bind", "0.0.0.0", "--", "cat", cwd=tmp_path).stdout)
    assert there["web", "allow"] == ["all"] and there["/", "pty"] == ["24x80"]


def test_nothing_after_the_dashes_is_told_with_an_example():
    result = run("--")
    assert result.returncode == USAGE
    assert (
        result.stderr.splitlines()[0] == "wsbridged: nothing to run after --; example: wsbridged -- vmstat 1"
    )


@pytest.mark.parametrize("option", ["-t", "-T", None])
def test_a_file_that_is_not_there_is_66(tmp_path, option):
    result = run(*([option] if option else []), "-c", tmp_path / "none.ini")
    assert result.returncode == NOINPUT
    assert f"{tmp_path}/none.ini" in result.stderr and "No such file" in result.stderr


@pytest.mark.parametrize("option", ["-t", "-T", None])
def test_a_file_with_errors_is_78(tmp_path, option):
    file = write(tmp_path, "[server]\nbacklog = x\n[limits]\nfull = x\n")
    result = run(*([option] if option else []), "-c", file)
    assert result.returncode == CONFIG
    assert f"{file}:2: error: " in result.stderr and f"{file}:4: error: " in result.stderr
    assert "[limits]" not in result.stdout


def test_a_file_that_may_not_be_read_is_77():
    """As nobody, who sees neither pytest's directories nor root's."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        binary, file = shutil.copy(WSBRIDGED, place), Path(place, "wsbridge.ini")
        file.write_text("[/x]\nexec = cat\n")
        file.chmod(0)
        become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
        result = subprocess.run(
            [*become, binary, "-t", "-c", file], capture_output=True, text=True, timeout=60, cwd="/"
        )
    assert result.returncode == NOPERM, result.stderr
    assert "Permission denied" in result.stderr


def test_t_checks_and_leaves_no_trace(tmp_path, rundir):
    file = write(tmp_path, f"[server]\nlisten = unix:{rundir}/s\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\n")
    result = run("-t", "-c", file)
    assert result.returncode == OK, result.stderr
    assert not (rundir / "s").exists()


def test_the_sample_configuration_is_good():
    result = run("-t", "-c", ROOT / "conf" / "wsbridge.ini")
    assert result.returncode == OK, result.stderr


# ---- an address in use ----


def test_an_address_in_use_is_69_and_names_its_owner(tmp_path, taken):
    file = write(tmp_path, f"[server]\nlisten = 127.0.0.1:{taken}\n[/x]\nexec = cat\n")
    result = run("-c", file)
    assert result.returncode == UNAVAILABLE
    assert re.search(
        rf"^{re.escape(str(file))}:2: error: cannot listen on 127\.0\.0\.1:{taken}: {OWNER}$",
        result.stderr,
        re.M,
    ), result.stderr


def test_for_t_an_address_in_use_is_a_warning(tmp_path, taken):
    file = write(tmp_path, f"[server]\nlisten = 127.0.0.1:{taken}\n[/x]\nexec = cat\n")
    result = run("-t", "-c", file)
    assert result.returncode == OK
    assert re.search(
        rf"^{re.escape(str(file))}:2: warning: .*127\.0\.0\.1:{taken}.*{OWNER}$", result.stderr, re.M
    ), result.stderr


def test_for_t_an_address_of_the_running_wsbridged_is_nothing(daemon, tmp_path):
    d = daemon("[/x]\nexec = cat\n")
    file = tmp_path / "again.ini"
    file.write_text(f"[server]\nuser = root\nlisten = 127.0.0.1:{d.port}\n[/x]\nexec = cat\n")
    result = run("-t", "-c", file)
    assert result.returncode == OK
    assert "warning" not in result.stderr


def test_a_live_unix_socket_is_69_and_untouched(tmp_path, rundir):
    path = rundir / "s"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        sock.listen()
        file = write(tmp_path, f"[server]\nlisten = unix:{path}\n[/x]\nexec = cat\n")
        result = run("-c", file)
        assert result.returncode == UNAVAILABLE
        assert str(os.getpid()) in result.stderr
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_file_in_the_place_of_a_socket_is_untouched(tmp_path, rundir):
    path = rundir / "s"
    path.write_text("precious")
    file = write(tmp_path, f"[server]\nlisten = unix:{path}\n[/x]\nexec = cat\n")
    result = run("-c", file)
    assert result.returncode in (UNAVAILABLE, SYSTEM, CONFIG) and result.stderr
    assert path.read_text() == "precious"


def test_an_address_that_is_not_ours_is_told(tmp_path):
    file = write(tmp_path, "[server]\nlisten = 192.0.2.99:0\n[/x]\nexec = cat\n")
    result = run("-c", file)
    assert result.returncode in (UNAVAILABLE, SYSTEM, CONFIG)
    assert re.search(r":2: error: cannot listen on 192\.0\.2\.99:0: ", result.stderr), result.stderr


# ---- v ----


def test_v_says_more(daemon, tmp_path):
    file = write(tmp_path, "[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\n")
    quiet, loud = daemon(argv=["-c", str(file)], canary="/x"), daemon(
        argv=["-v", "-c", str(file)], canary="/x"
    )
    for d in (quiet, loud):
        ws = d.ws("/x")
        assert ws.echoes()
        ws.finish()
        d.wait_log("code=1000")
    assert len(loud.log().splitlines()) > len(quiet.log().splitlines())


def test_the_file_is_found_relative_to_where_it_was_started(daemon, tmp_path):
    write(tmp_path, "[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\n")
    assert daemon(argv=["-c", "wsbridge.ini"], canary="/x", cwd=str(tmp_path)).ws("/x").echoes()


# ---- wsbridged -- COMMAND ----


def said(d):
    return d.log() + d.out()


def test_a_command_alone_is_the_path_slash_with_console_and_writable(daemon):
    d = daemon(argv=["--port", "0", "--", "cat"], canary="/")
    assert d.address.startswith("127.0.0.1:")
    assert d.ws("/").echoes("typed")
    page = get(d, "/", [("Accept-Encoding", "gzip")])
    assert page.status == 426 and page.headers.get("content-encoding") == "gzip"
    assert get(d, "/-/console", [("Accept-Encoding", "gzip")]).status == 200
    assert f"http://127.0.0.1:{d.port}/" in said(d)
    assert re.search(r"read-?write|write", said(d))


def test_its_words_are_taken_as_they_are(daemon):
    d = daemon(
        argv=[
            "--port",
            "0",
            "--",
            "printf",
            "[%s]\\n",
            "two words",
            "$HOME",
            ";",
            "-t",
            "${env:HOME}",
            "\\",
            "",
        ],
        canary=None,
    )
    assert d.ws("/").recv_until_close()[0] == [
        "[two words]",
        "[$HOME]",
        "[;]",
        "[-t]",
        "[${env:HOME}]",
        "[\\]",
        "[]",
    ]


def test_pty_gives_the_command_a_terminal_and_the_page_is_one(daemon):
    d = daemon(argv=["--port", "0", "--pty", "--", "sh", "-c", "stty size; read x"], canary=None)
    page = get(d, "/-/terminal/")
    assert page.status == 200 and "terminal.js" in page.text
    assert d.ws("/?rows=30").recv() == b"30 80\r\n"


def test_view_forbids_writing(daemon):
    d = daemon(argv=["--port", "0", "--view", "--", "sh", "-c", "echo ready; cat"], canary=None)
    ws = d.ws("/")
    assert ws.recv() == "ready"
    ws.text("typed")
    ws.send(9, b"?")
    frame = ws.frame()
    assert (frame.opcode, frame.payload) == (10, b"?")
    ws.close()
    assert ws.closed() == (1000, "")
    assert "view" in said(d)


@pytest.mark.parametrize("options, writable", [((), False), (("--write",), True)])
def test_beyond_loopback_it_is_view_only_unless_asked(daemon, options, writable):
    d = daemon(
        argv=[
            "--bind",
            "0.0.0.0",
            "--port",
            "0",
            *options,
            "--",
            "sh",
            "-c",
            "echo ready; read x; echo got $x",
        ],
        canary=None,
    )
    ws = d.ws("/", address=f"127.0.0.1:{d.port}", host=f"127.0.0.1:{d.port}")
    assert ws.recv() == "ready"
    ws.text("it")
    if writable:
        assert ws.recv() == "got it"
    else:
        ws.send(9, b"?")
        assert ws.frame().opcode == 10
        assert "view" in said(d)
    assert ("--write lets them write" in said(d)) == (not writable and "--view" not in options)


def test_a_command_that_is_not_there_is_told_before_anything_listens():
    result = run("--port", "0", "--", "jornalctl")
    assert result.returncode == CONFIG
    assert "'jornalctl' not found in PATH" in result.stderr and "did you mean 'journalctl'?" in result.stderr


def test_a_busy_port_names_its_owner(taken):
    result = run("--port", taken, "--", "cat")
    assert result.returncode == UNAVAILABLE
    assert re.search(rf"127\.0\.0\.1:{taken}: {OWNER}", result.stderr), result.stderr


def test_the_banner_teaches_how_to_reach_it_from_afar(daemon):
    d = daemon(
        argv=["--port", "0", "--", "cat"], canary="/", env={"SSH_CONNECTION": "192.0.2.7 5000 192.0.2.8 22"}
    )
    assert f"ssh -L {d.port}:127.0.0.1:{d.port}" in said(d)


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon")
def test_control_c_ends_it_as_any_other(daemon):
    d = daemon(argv=["--port", "0", "--", "cat"], canary="/")
    pids = procfs.children(d.pid)
    d.process.send_signal(2)
    assert d.canary.closed()[0] == 1001
    d.canary.close(1001)
    d.canary.sock.close()
    assert d.wait_exit() == OK
    assert not any(procfs.alive(pid) for pid in pids)


def test_it_needs_no_standard_descriptors(daemon, tmp_path):
    """A daemon started with 0, 1 and 2 closed must not give them to a socket or a pipe."""
    file = write(tmp_path, "[server]\nlisten = 127.0.0.1:0\n[/x]\nexec = cat\n")
    d = daemon(argv=["-c", str(file)], canary="/x", wrap=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"))
    assert d.ws("/x").echoes()
    table = procfs.descriptors(d.pid)
    assert not any(table.get(fd, "").startswith(("socket:", "anon_inode:")) for fd in (0, 1, 2)), table


def test_two_daemons_side_by_side(daemon):
    a, b = daemon("[/a]\nexec = cat\n"), daemon("[/b]\nexec = cat\n")
    assert a.ws("/a").echoes() and b.ws("/b").echoes()


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon")
def test_without_a_file_a_hangup_ends_it_with_its_programs(daemon):
    """The terminal was closed, or the ssh connection lost."""
    d = daemon(argv=["--port", "0", "--", "sh", "-c", "sleep 4321 | cat & cat; wait"], canary=None)
    ws = d.ws("/")
    assert ws.echoes()
    pids = procfs.descendants(d.pid)
    assert len(pids) >= 2
    d.process.send_signal(1)
    assert ws.closed()[0] == 1001
    ws.close(1001)
    ws.sock.close()
    assert d.wait_exit(15) == OK
    assert not any(procfs.alive(pid) for pid in pids)
