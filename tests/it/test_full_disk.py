# SPDX-License-Identifier: MIT
"""A disk without room: what was to be written there is told, nothing is left half, and what is there goes on."""

import resource
import signal
import subprocess

import pytest
from control import WSBRIDGECTL, Control, socket_of
from harness import ENVIRONMENT, WSBRIDGED, say_who, with_canary
from waiting import TIMEOUT

NO_SPACE = "No space left on device"


def full(place):
    """A command before the daemon's for which the directory PLACE has no room for another name."""
    place.mkdir(exist_ok=True)
    return ("unshare", "-m", "sh", "-c", 'mount -t tmpfs -o nr_inodes=1 none "$0" && exec "$@"', str(place))


def run(*argv, **how):
    how = {"stdout": subprocess.PIPE, **how}
    say_who(argv, how.get("cwd"))
    return subprocess.run([*argv], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT, **how)


@pytest.mark.parametrize("what", ["control", "listen"])
def test_a_socket_that_cannot_be_made_at_the_start_is_told(tmp_path, what):
    place, ini = tmp_path / "full", tmp_path / "x.ini"
    listen, control = ("127.0.0.1:0", f"{place}/s") if what == "control" else (f"unix:{place}/s", "none")
    ini.write_text(f"[server]\nuser = root\nlisten = {listen}\n[control]\nsocket = {control}\n[/x]\nexec = cat\n")
    done = run(*full(place), WSBRIDGED, "-c", str(ini))
    assert (done.returncode, NO_SPACE in done.stderr) == (71, True), done
    assert f"x.ini:{5 if what == 'control' else 3}: error: " in done.stderr


@pytest.mark.parametrize("what", ["control", "listen"])
def test_a_reload_that_needs_room_changes_nothing(daemon, tmp_path, what):
    place = tmp_path / "full"
    paths = "[/x]\nexec = cat\n"
    d = daemon(paths, wrap=full(place))
    ws = d.ws("/x")
    more = f"[control]\nsocket = {place}/s\n" if what == "control" else ""
    also = f"listen = unix:{place}/s\n" if what == "listen" else ""
    new = with_canary(f"[server]\nlisten = {d.address}\n{also}{more}[/new]\nexec = cat\n{paths}")
    (tmp_path / "wsbridge.ini").write_text(new)
    d.process.send_signal(signal.SIGHUP)
    d.wait_log(f"error: .*{NO_SPACE}")
    d.wait_log("is not taken, nothing changes")
    assert ws.echoes() and d.ws("/x").echoes()
    assert d.handshake("/new").response.status == 404
    assert Control(d, socket_of(d)).ask("status")["pid"] == d.pid


def test_a_fifo_that_cannot_be_made_is_told_and_the_others_are_served(daemon, tmp_path):
    place = tmp_path / "full"
    d = daemon(f"[/fifo]\nread_fifo = {place}/f\nfifo_create = 0600\n[/x]\nexec = cat\n", wrap=full(place))
    d.wait_log(f"error: /fifo: cannot make the FIFO: .*{NO_SPACE}")
    assert d.handshake("/fifo").response.status == 502
    assert d.ws("/x").echoes()


def test_the_demo_leaves_no_half_of_its_file(tmp_path):
    """Else its next start would take that."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    # Python ignores SIGXFSZ, and so it stays: the kernel takes 512 bytes, and then no more.
    done = run(WSBRIDGED, "--demo", cwd=tmp_path, preexec_fn=limit, restore_signals=False)
    assert (done.returncode, done.stderr) == (71, "wsbridged: cannot write ./demo.ini: File too large\n")
    assert not (tmp_path / "demo.ini").exists()


@pytest.mark.parametrize(
    "argv", [["-T"], ["-V"], ["-h"], ["--from-websocketd", "--port=80", "cat"], ["--hash-token", "joe"]], ids=lambda argv: argv[0]
)
def test_output_that_is_lost_is_an_error(tmp_path, argv):
    (tmp_path / "x.ini").write_text("[/x]\nexec = cat\n")
    named = ["-c", "x.ini"] if argv == ["-T"] else []
    with open("/dev/full", "w") as nowhere:
        assert run(WSBRIDGED, *named, *argv, cwd=tmp_path, stdout=nowhere).returncode == 71


def test_output_of_wsbridgectl_that_is_lost_is_an_error(daemon):
    d = daemon("[/x]\nexec = cat\n")
    with open("/dev/full", "w") as nowhere:
        for word in "status", "list", "keys", "--help":
            done = run(WSBRIDGECTL, "--socket", socket_of(d), word, stdout=nowhere)
            assert done.returncode not in (0, -signal.SIGPIPE), done
