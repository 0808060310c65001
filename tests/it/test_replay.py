# SPDX-License-Identifier: MIT
"""What a client that comes late hears first, and a shared program that is started again, or without any client."""

import json
import os
import signal
import socket
import time

import pytest
from harness import http, with_canary
from inicheck import fails
from rawws import TEXT, encode, request
from test_reload import reload
from test_shared import Lines, arrived, programs, show
from waiting import until

SHARED = "process = shared\nlinger = 0\n"


def say(ws, first, last):
    """A `cat` says the numbers from FIRST to LAST."""
    for i in range(first, last + 1):
        ws.text(str(i))
    assert [int(ws.recv()) for _ in range(first, last + 1)] == list(range(first, last + 1))


def heard(ws, n):
    return [int(ws.recv()) for _ in range(n)]


# ---- replay ----


@pytest.mark.key("replay")
def test_who_joins_gets_the_last_messages_and_goes_on(daemon):
    d = daemon("[/cat]\nexec = cat\nreplay = 5\n" + SHARED)
    one = d.ws("/cat")
    say(one, 1, 20)
    two = d.ws("/cat")
    assert heard(two, 5) == [16, 17, 18, 19, 20]
    two.text("21")
    assert (one.recv(), two.recv()) == ("21", "21")


@pytest.mark.key("replay")
def test_a_size_counts_the_bytes_of_frames(daemon):
    d = daemon("[/cat]\nexec = cat\nreplay = 1k\n" + SHARED)
    one = d.ws("/cat")
    for i in range(20):
        one.text(f"{i:098}")  # a frame of 100
        assert one.recv() == f"{i:098}"
    two = d.ws("/cat")
    assert heard(two, 10) == list(range(10, 20))
    assert two.echoes("now")


@pytest.mark.key("replay")
def test_without_replay_who_joins_hears_only_what_comes(daemon):
    d = daemon("[/cat]\nexec = cat\n" + SHARED)
    one = d.ws("/cat")
    say(one, 1, 5)
    assert d.ws("/cat").echoes("6")


@pytest.mark.key("replay")
def test_joiners_at_any_time_hear_an_unbroken_sequence(daemon):
    """Without gap or repetition where the replay ends, however the messages lie in reads."""
    d = daemon(
        "[/seq]\nshell = read go; i=0; while [ $i -lt 400 ]; do seq $((i * 25 + 1)) $((i * 25 + 25)); i=$((i + 1)); done; read x\n"
        "line_buffer = no\nslow_client = pause\nreplay = 40\n" + SHARED
    )
    first = d.ws("/seq")
    first.text("go")
    joined = [d.ws("/seq") for _ in range(30)]
    for ws in [first, *joined]:
        got = [int(ws.recv())]
        while got[-1] != 10000:
            got.append(int(ws.recv()))
        assert got == list(range(got[0], 10001))
    late = d.ws("/seq")
    assert heard(late, 40) == list(range(9961, 10001))


@pytest.mark.key("replay", "linger")
def test_what_is_said_to_nobody_is_replayed_too(daemon, tmp_path):
    done = tmp_path / "done"
    d = daemon(f"[/seq]\nshell = read go; seq 50000; echo > {done}; read x\nprocess = shared\nlinger = 1h\nreplay = 3\n")
    ws = d.ws("/seq")
    ws.text("go")
    ws.close()
    ws.recv_until_close()
    until(done.exists, "it has said everything")
    assert heard(d.ws("/seq"), 3) == [49998, 49999, 50000]
    reload(d, with_canary(""))  # or it would linger


@pytest.mark.key("replay", "slow_client")
def test_a_client_is_not_too_slow_for_its_replay(daemon):
    lines = Lines(daemon, SHARED + "slow_client = disconnect\nreplay = 128k\n")
    lines.fast = lines.d.ws("/lines")
    for _ in range(4):
        lines.ask()
        lines.read()
    late = lines.d.ws("/lines", receive_buffer=4096)
    n = 128 * 1024 // 102  # of 100 bytes, and a header of 2
    assert heard(late, n) == list(range(2001 - n, 2001))


@pytest.mark.parametrize(
    "settings, line, wrong",
    [
        ("process = shared\nreplay = 600k", 4, "replay is more than half of queue"),
        ("process = shared\nreplay = lots", 4, "replay"),
        ("replay = 5", 3, "replay means nothing with process = each"),
        ("start = boot", 3, "start means nothing with process = each"),
        ("restart = always", 3, "restart means nothing with process = each"),
        ("process = shared\nframe = json\nreplay = 5", 5, "replay means nothing with frame = json"),
        ("process = shared\nrestart_delay = 1ms", 4, "restart_delay"),
    ],
)
def test_what_means_nothing_is_refused(check, settings, line, wrong):
    fails(check("[/x]\nexec = cat\n" + settings + "\n"), (line, wrong))


# ---- start = boot ----


@pytest.mark.key("start")
@pytest.mark.without("children", reason="it is there without any client")
def test_with_boot_the_program_is_there_before_any_client(daemon):
    d = daemon("[/who]\nshell = echo $$; exec cat\nprocess = shared\nstart = boot\nreplay = 1\n", canary=None)
    (pid,) = until(lambda: programs(d) | set(d.baseline.children), "it has started")
    ws = d.ws("/who")
    assert int(ws.recv()) == pid
    ws.finish()
    again = d.ws("/who")
    assert int(again.recv()) == pid


@pytest.mark.key("start")
@pytest.mark.without("children", reason="it is there without any client")
def test_a_reload_starts_and_stops_what_is_there_at_boot(daemon):
    d = daemon()
    ini = "[/who]\nshell = echo $$; exec cat\nprocess = shared\nstart = boot\nreplay = 1\n"
    reload(d, with_canary(ini))
    pid = int(d.ws("/who").recv())
    reload(d, with_canary(ini + "max_frame = 10\n"))
    ws = d.ws("/who")
    assert int(ws.recv()) != pid
    d.abandon_clients()
    d.open_canary("/canary")
    reload(d, with_canary(""))
    until(lambda: len(programs(d)) <= 1, "both have gone")


@pytest.mark.key("start")
@pytest.mark.without("children", reason="it is there without any client")
@pytest.mark.without("exit", "children", "descriptors", "canary", "memory", reason="the test ends the daemon")
def test_a_shutdown_stops_it(daemon):
    d = daemon("[/who]\nexec = cat\nprocess = shared\nstart = boot\n")
    d.process.send_signal(signal.SIGTERM)
    assert d.wait_exit() == 0


@pytest.mark.key("start")
def test_one_that_cannot_start_at_boot_is_logged_and_tried_by_the_first_client(daemon, tmp_path):
    late = tmp_path / "late"
    d = daemon(f"[/late]\nexec = {late}\nprocess = shared\nstart = boot\neof_timeout = 0\n")
    d.wait_log(r"#\d+ /late: cannot start the program")
    assert http(d, request("/late", d.host)).status == 502
    late.write_text("#!/bin/sh\nexec cat\n")
    late.chmod(0o755)
    ws = d.ws("/late")
    assert ws.echoes("now")
    reload(d, with_canary(""))
    ws.finish()


# ---- restart ----


@pytest.mark.key("restart", "restart_delay")
def test_clients_stay_while_the_program_ends_and_comes_again(daemon):
    d = daemon(
        "[/who]\nshell = echo $$; while read x; do [ $x = die ] && exit 3; echo $x; done\n"
        "restart = always\nrestart_delay = 300ms\n" + SHARED
    )
    one = d.ws("/who")
    first = one.recv()
    two = d.ws("/who")
    two.text("die")
    second = one.recv()
    assert two.recv() == second != first
    assert two.echoes("goes on")
    assert one.recv() == "goes on"
    d.wait_log(r"#\d+ /who: the program has ended: status 3")
    d.wait_log(r"#\d+ /who: the program starts again in 0.3 s")
    d.wait_log(r"#\d+ /who: the program has started again")


@pytest.mark.key("restart")
@pytest.mark.parametrize("status, comes", [(0, False), (1, True)])
def test_on_failure_looks_at_the_status(daemon, status, comes):
    d = daemon(f"[/x]\nshell = echo up; read x; exit {status}\nrestart = on-failure\nrestart_delay = 100ms\n" + SHARED)
    ws = d.ws("/x")
    assert ws.recv() == "up"
    ws.text("end")
    if comes:
        assert ws.recv() == "up"
    else:
        assert ws.closed() == (1000, "")


@pytest.mark.key("restart")
def test_what_is_said_while_there_is_no_program_is_discarded_and_counted(daemon):
    d = daemon("[/x]\nshell = echo up; read x; exit 1\nrestart = always\nrestart_delay = 1h\n" + SHARED)
    ws = d.ws("/x")
    assert ws.recv() == "up"
    ws.text("die")
    d.wait_log("starts again in 3600 s")
    ws.text("lost")
    arrived(ws)
    assert show(d, ws)["discarded"] == {"messages": 1, "bytes": 4}
    answer = http(d, request("/x", d.host))
    assert answer.status == 503 and "started again" in answer.text
    ws.finish()


@pytest.mark.key("restart_delay")
def test_the_delay_doubles_while_the_program_ends_at_once(daemon):
    d = daemon("[/x]\nshell = sleep 0.01; exit 1\nrestart = always\nrestart_delay = 100ms\n" + SHARED)
    ws = d.ws("/x")
    for delay in ("0.1", "0.2", "0.4", "0.8"):
        d.wait_log(rf"starts again in {delay} s")
    ws.finish()


@pytest.mark.key("restart")
def test_a_program_that_cannot_start_again_is_tried_again(daemon, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho up\nread x\nexit 1\n")
    program.chmod(0o755)
    d = daemon(f"[/x]\nexec = {program}\nrestart = always\nrestart_delay = 100ms\n" + SHARED)
    ws = d.ws("/x")
    assert ws.recv() == "up"
    program.rename(tmp_path / "away")
    ws.text("die")
    d.wait_log("cannot start the program")
    (tmp_path / "away").rename(program)
    assert ws.recv() == "up"


@pytest.mark.key("restart")
def test_nobody_waits_for_it_so_it_does_not_come(daemon):
    d = daemon("[/x]\nshell = echo up; read x; exit 1\nrestart = always\nrestart_delay = 1h\n" + SHARED)
    ws = d.ws("/x")
    assert ws.recv() == "up"
    ws.text("die")
    d.wait_log("starts again in 3600 s")
    ws.finish()
    assert d.ws("/x").recv() == "up"


@pytest.mark.parametrize(
    ("behind", "seen"),
    [("", "starts again in 3600 s"), ("sleep 1000 </dev/null >/dev/null 2>&1 & ", "the program has ended")],
    ids=["waiting", "being stopped"],
)
@pytest.mark.key("restart")
def test_a_reload_without_its_path_closes_those_who_wait_for_the_program_to_come_again(daemon, behind, seen):
    d = daemon(f"[/x]\nshell = {behind}echo up; read x; exit 1\nrestart = always\nrestart_delay = 1h\n" + SHARED)
    ws = d.ws("/x")
    assert ws.recv() == "up"
    ws.text("die")
    d.wait_log(seen)
    reload(d, with_canary(""))
    assert ws.closed() == (1011, "the program has ended")
    until(lambda: not programs(d), "the program is gone")


@pytest.mark.key("restart")
def test_an_unfinished_line_does_not_begin_the_next_programs(daemon):
    d = daemon("[/x]\nshell = printf half; read x; exit 1\nrestart = always\nrestart_delay = 100ms\nline_buffer = no\n" + SHARED)
    ws = d.ws("/x")
    for life in range(1, 4):
        ws.text("die")
        assert ws.recv() == "half"
        until(lambda: d.log().count("started again") == life, "the next one runs")


@pytest.mark.key("restart")
def test_after_one_that_broke_its_framing_the_next_is_understood(daemon, tmp_path):
    d = daemon(
        f"[/x]\nshell = if [ -e {tmp_path}/again ]; then echo -n 2:ok,; else touch {tmp_path}/again; echo nonsense; fi; read x\n"
        "frame = netstring\ntype = text\nrestart = always\nrestart_delay = 100ms\n" + SHARED
    )
    ws = d.ws("/x")
    assert ws.recv() == "ok"


@pytest.mark.key("restart", "start")
@pytest.mark.without("children", "descriptors", reason="it may be there when the test begins, and is not when it ends")
def test_with_boot_it_comes_again_without_any_client(daemon, tmp_path):
    count = tmp_path / "count"
    d = daemon(
        f"[/x]\nshell = echo x >> {count}; [ $(wc -l < {count}) -gt 2 ] && exec sleep 1000; exit 1\nprocess = shared\n"
        "start = boot\nrestart = on-failure\nrestart_delay = 100ms\n"
    )
    until(lambda: count.exists() and len(count.read_text().splitlines()) == 3, "the third start")
    reload(d, with_canary(""))
    until(lambda: not programs(d), "it has gone")


@pytest.mark.without("exit", "children", "descriptors", "canary", "memory", reason="the test ends the daemon")
def test_a_shutdown_does_not_wait_for_a_restart(daemon):
    d = daemon("[/x]\nshell = exit 1\nrestart = always\nrestart_delay = 1h\nprocess = shared\nstart = boot\n")
    d.wait_log("starts again in 3600 s")
    d.process.send_signal(signal.SIGTERM)
    assert d.wait_exit() == 0


@pytest.mark.key("restart")
def test_a_service_that_comes_back_is_connected_again(daemon, tmp_path):
    def serve():
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        listener.settimeout(10)
        return listener

    listener = serve()
    d = daemon(f"[/s]\nconnect = unix:{tmp_path}/s\nrestart = always\nrestart_delay = 100ms\n" + SHARED)
    pending = listener
    ws = d.ws("/s")
    peer, _ = pending.accept()
    peer.sendall(b"one\n")
    assert ws.recv() == "one"
    listener.close()
    (tmp_path / "s").unlink()
    peer.close()
    d.wait_log("cannot|refused|No such file")
    listener = serve()
    peer, _ = listener.accept()
    peer.sendall(b"two\n")
    assert ws.recv() == "two"
    ws.text("hello")
    assert peer.recv(100) == b"hello\n"
    ws.finish()
    peer.close()


class Away:
    """A service on the Unix socket AT that was there, and whose next connection waits for room: a full_house."""

    def __init__(self, daemon, full_house, rundir, ini, share=SHARED):
        at = str(rundir / "s")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(at)
            listener.listen()
            listener.settimeout(10)
            self.d = daemon(
                f"[/s]\nconnect = unix:{at}\nrestart = always\nrestart_delay = 100ms\n{share}{ini}"
            )
            self.clients = [self.d.ws("/s"), self.d.ws("/s")]
            peer, _ = listener.accept()
        os.unlink(at)
        self.house = full_house(at)
        peer.close()
        self.d.wait_log("starts again in 0.1 s")
        begun = time.monotonic()
        until(lambda: time.monotonic() > begun + 0.3, "it is being reached again")


@pytest.mark.key("restart", "connect_timeout")
def test_a_reload_takes_the_path_away_while_its_service_is_being_reached_again(daemon, full_house, rundir):
    away = Away(daemon, full_house, rundir, "connect_timeout = 1500ms\n")
    reload(away.d, with_canary(""))
    for ws in away.clients:
        assert ws.closed() == (1011, "the service does not answer (connect_timeout)")


@pytest.mark.key("restart")
def test_a_client_leaves_while_its_service_is_being_reached_again(daemon, full_house, rundir):
    """The new connection hears nothing of that one, and of the other all."""
    one, two = (away := Away(daemon, full_house, rundir, "frame = json\n")).clients
    one.finish()
    peer = away.house.make_room()
    lines = peer.makefile()
    assert json.loads("{" + lines.readline())["event"] == "open"
    two.text("hello")
    assert json.loads(lines.readline())["text"] == "hello"
    peer.sendall(b'{"to":"all","text":"yes"}\n')
    assert two.recv() == "yes"
    lines.close()
    peer.close()


@pytest.mark.key("restart", "linger")
def test_who_waits_for_a_service_to_be_reached_again_keeps_it(daemon, full_house, rundir):
    """The last client has left, but another has come: it lingers for nobody."""
    away = Away(daemon, full_house, rundir, "", "process = shared\nlinger = 2s\n")
    for ws in away.clients:
        ws.reset()
    away.d.wait_log(r"(?s)disconnected .*disconnected ")
    waiting = away.d.raw()
    waiting.send_bytes(request("/s", away.d.host) + encode(TEXT, b"hello"))
    begun = time.monotonic()
    until(lambda: time.monotonic() > begun + 2.3, "the linger is over")
    peer = away.house.make_room()
    assert peer.recv(100) == b"ello\n" and "is stopped" not in away.d.log()
    peer.close()


def test_a_program_whose_path_has_gone_breaks_its_framing(daemon):
    d = daemon("[/x]\nshell = head -c 1 >/dev/null; printf nonsense; exec sleep 1000\nframe = netstring\n" + SHARED)
    ws = d.ws("/x")
    reload(d, with_canary(""))
    ws.text("go")
    assert ws.closed() == (1011, "program wrote a broken netstring")
