# SPDX-License-Identifier: MIT
"""How a session ends: EOF and exit in any order, the exit status as close code, the tail, the linger."""

import socket
import time

import procfs
import pytest
from control import Control
from rawws import BINARY, TEXT, encode
from waiting import until, within

# ---- the exit status becomes the close code ----


def test_exit_0_is_1000(daemon):
    assert daemon("[/x]\nexec = true\n").ws("/x").closed() == (1000, "")


@pytest.mark.parametrize("status", [1, 3, 127, 255])
def test_exit_n_is_4000_plus_n(daemon, status):
    ws = daemon(f"[/x]\nshell = echo hi; exit {status}\n").ws("/x")
    assert ws.recv_until_close() == (["hi"], 4000 + status, f"process exited with status {status}")


@pytest.mark.parametrize("name, number", [("SEGV", 11), ("KILL", 9), ("TERM", 15), ("PIPE", 13), ("HUP", 1)])
def test_a_signal_is_4128_plus_its_number(daemon, name, number):
    ws = daemon(f"[/x]\nshell = ulimit -c 0; kill -{name} $$; cat\n").ws("/x")
    assert ws.closed() == (4128 + number, f"process killed by SIG{name}")


@pytest.mark.key("close_code", "close_reason")
def test_close_code_and_reason_are_for_exit_0_only(daemon):
    d = daemon("[/x]\nshell = read n; exit $n\nclose_code = 4321\nclose_reason = bis später; bye\n")
    good, bad = d.ws("/x"), d.ws("/x")
    good.text("0")
    bad.text("7")
    assert good.closed() == (4321, "bis später; bye")
    assert bad.closed() == (4007, "process exited with status 7")


# ---- EOF and exit, in any order ----


def test_exit_before_eof_goes_on_while_a_grandchild_holds_the_output(daemon):
    d = daemon("[/x]\nshell = exec 3<&0; (read x <&3; echo late $x) & echo $$; exit 5\n")
    ws = d.ws("/x")
    pid = int(ws.recv())
    until(lambda: not procfs.state(pid), f"the leader {pid} is reaped")
    ws.text("line")
    assert ws.recv_until_close() == (["late line"], 4005, "process exited with status 5")


def test_eof_before_exit_waits_for_the_status(daemon):
    ws = daemon("[/x]\nshell = echo out; exec >&-; read x; exit $x\n").ws("/x")
    assert ws.recv() == "out"
    ws.text("7")
    assert ws.closed() == (4007, "process exited with status 7")


def test_a_program_that_closed_its_input_still_speaks(daemon):
    """EPIPE on its stdin is no end."""
    ws = daemon("[/x]\nshell = exec <&-; echo ready; sleep 0.2; echo still; exit 3\n").ws("/x")
    assert ws.recv() == "ready"
    for _ in range(10):
        ws.text("into the void")
    assert ws.recv_until_close() == (["still"], 4003, "process exited with status 3")


# ---- the tail ----


def test_a_megabyte_written_at_the_end_arrives_at_a_slow_client(daemon, program):
    tool = program("sys.stdout.write(''.join('%07d\\n' % i for i in range(131072)))\n")
    ws = daemon(f"[/tail]\nexec = {tool}\nline_buffer = no\n").ws("/tail", receive_buffer=4096)
    for i in range(131072):
        assert ws.recv() == f"{i:07}"
    assert ws.closed() == (1000, "")
    ws.close()
    assert ws.end() == "FIN"


def test_the_tail_arrives_although_the_client_keeps_sending(daemon, program):
    """Unread bytes in the receive queue at close(2) would send a RST, which discards the tail."""
    tool = program("os.read(0, 1)\nsys.stdout.write('x' * 999_999 + '\\n')\n")
    ws = daemon(f"[/tail]\nexec = {tool}\nline_buffer = no\n").ws("/tail")
    thread = ws.send_in_background(encode(BINARY, b"y" * 100_000) * 20)
    messages, code, _ = ws.recv_until_close()
    assert ("".join(messages), code) == ("x" * 999_999, 1000)
    thread.join(10)
    assert not thread.is_alive(), "the daemon reads on, so that nothing is lost"
    ws.close()
    assert ws.end() == "FIN"


def test_a_client_that_has_closed_its_side_may_read_the_tail_slowly(daemon):
    """Its end comes behind its close frame, while most of the output waits: send_timeout is what bounds that."""
    d = daemon("[socket]\nsend_buffer = 16k\n[/x]\nshell = head -c 900000 /dev/zero; read x\nframe = raw\nqueue = 2M\n")
    ws, control = d.ws("/x", receive_buffer=4096), Control(d)
    until(lambda: control.ask("list", path="/x")[0]["out"]["bytes"] == 900_000, "all of the output has been read")
    assert control.ask("list", path="/x")[0]["queue"] > 800_000
    control.close()
    ws.close()
    getattr(ws.sock, "close_notify", lambda: None)()  # of TLS
    ws.sock.shutdown(socket.SHUT_WR)
    begun = time.monotonic()

    def sip():
        ws.got += ws.sock.recv(200)
        return time.monotonic() > begun + 3

    until(sip, "three seconds of slow reading")
    messages, code, _ = ws.recv_until_close()
    assert (sum(map(len, messages)), code) == (900_000, 1000)
    assert ws.end() == "FIN"


def test_what_the_program_says_last_comes_before_the_close_frame(daemon):
    d = daemon("[/x]\nshell = echo first; (sleep 0.1; echo second) & exit 0\n")
    assert d.ws("/x").recv_until_close() == (["first", "second"], 1000, "")


# ---- the closing handshake that we begin ----


@pytest.mark.key("close_wait")
def test_after_its_close_frame_the_daemon_waits_for_ours(daemon):
    ws = daemon("[/x]\nexec = true\nclose_timeout = 1m\n").ws("/x")
    assert ws.closed() == (1000, "")
    with pytest.raises(TimeoutError):
        ws.end(0.3)
    ws.close()
    assert ws.end() == "FIN"


@pytest.mark.key("close_timeout")
def test_but_no_longer_than_close_timeout(daemon):
    d = daemon("[/x]\nexec = true\nclose_timeout = 400ms\n")
    began = time.monotonic()
    ws = d.ws("/x")
    assert ws.closed() == (1000, "")
    assert ws.end() in ("FIN", "RST")
    took = time.monotonic() - began
    assert took > 0.4
    within(4, took, "seconds until it ends")


@pytest.mark.key("close_timeout", "send_timeout")
def test_who_closes_and_takes_nothing_goes_then_where_no_send_timeout_says_so(daemon):
    d = daemon(
        "[socket]\nsend_buffer = 16k\n[/x]\nshell = head -c 900000 /dev/zero; read x\nframe = raw\nqueue = 2M\n"
        "send_timeout = 0\nclose_timeout = 1500ms\n"
    )
    ws, control = d.ws("/x", receive_buffer=4096), Control(d)
    until(lambda: control.ask("list", path="/x")[0]["queue"] > 800_000, "the output waits for the client")
    control.close()
    began = time.monotonic()
    ws.close()
    getattr(ws.sock, "close_notify", lambda: None)()  # of TLS
    ws.sock.shutdown(socket.SHUT_WR)
    d.wait_log(r"/x: disconnected .* code=1000 by=client")
    assert time.monotonic() - began > 1.4


@pytest.mark.key("close_wait")
def test_or_not_at_all(daemon):
    ws = daemon("[/x]\nexec = true\nclose_wait = no\nclose_timeout = 30s\n").ws("/x")
    assert ws.closed() == (1000, "")
    assert ws.end() == "FIN"


def packets_of_a_close(d):
    """How many packets answer a client's close frame."""
    ws = d.ws("/x")
    assert ws.echoes()
    before = procfs.packets(ws.sock)
    ws.close()
    assert ws.closed() == (1000, "") and ws.end() == "FIN"
    return procfs.packets(ws.sock) - before


def test_the_last_frame_and_the_end_of_the_stream_are_one_packet(daemon):
    """The kernel waits 200 ms for the end, and acknowledges after 40: a busy machine may need some tries."""
    d = daemon("[/x]\nexec = cat\n")
    assert 1 in (packets_of_a_close(d) for _ in range(10))


def test_both_sides_may_close_at_once(daemon):
    d = daemon("[/x]\nshell = read x; exit 3\n")
    ws = d.ws("/x")
    ws.send_bytes(encode(TEXT, b"go") + encode(8, b"\x03\xe9"))
    code, _ = ws.closed()
    assert code in (1001, 4003)
    assert ws.end() == "FIN"


def test_messages_after_our_close_frame_are_ignored(daemon):
    ws = daemon("[/x]\nexec = true\n").ws("/x")
    assert ws.closed() == (1000, "")
    ws.text("too late")
    ws.close()
    assert ws.end() == "FIN"


# ---- the client goes ----


@pytest.mark.parametrize("how", ["close", "reset", "fin"])
def test_the_program_sees_the_end_of_its_input_when_the_client_goes(daemon, tmp_path, how):
    out = tmp_path / "out"
    ws = daemon(f"[/x]\nshell = echo hi; cat; echo ended > {out}\n").ws("/x")
    assert ws.recv() == "hi"
    {"close": ws.close, "reset": ws.reset, "fin": ws.sock.close}[how]()
    until(lambda: out.exists() and out.read_text() == "ended\n", "the program saw the end of its input")


def test_what_was_sent_before_going_still_reaches_the_program(daemon, tmp_path):
    out = tmp_path / "out"
    ws = daemon(f"[/x]\nshell = cat > {out}; echo END >> {out}\nmax_message = 2M\n").ws("/x")
    ws.text("x" * 500_000)
    ws.sock.close()
    until(
        lambda: out.exists() and out.read_bytes().endswith(b"END\n"), "the program saw the end of its input"
    )
    assert out.stat().st_size == 500_001 + 4


def test_a_client_that_goes_in_the_middle_of_a_frame_ends_the_session(daemon):
    d = daemon("[/x]\nshell = echo $$; exec cat\n")
    ws = d.ws("/x")
    pid = int(ws.recv())
    ws.send_bytes(encode(TEXT, b"whole frame")[:-3])
    ws.sock.close()
    until(lambda: not procfs.state(pid), f"program {pid} is gone")
