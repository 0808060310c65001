# SPDX-License-Identifier: MIT
"""process = shared: one program for all clients of a path."""

import re
import signal

import procfs
import pytest
from control import Control, Refused
from harness import http, with_canary
from inicheck import fails
from rawws import CLOSE, CONT, PING, PONG, TEXT, encode, request
from test_flow import fill
from test_metrics import ON, becomes, value
from test_reload import reload
from waiting import readable, until

WHO = "[/who]\nshell = echo $$; exec cat\nprocess = shared\n"
CAT = "[/cat]\nexec = cat\nprocess = shared\nlinger = 0\n"


def programs(d):
    """Pids of what runs beside the canary."""
    return set(procfs.children(d.pid)) - set(d.baseline.children)


def show(d, ws):
    """What the daemon knows of WS."""
    c = Control(d)
    port = ws.sock.getsockname()[1]
    found = next(x for x in c.ask("list") if x["peer"].endswith(f":{port}"))
    shown = c.ask("show", to=found["id"])
    c.close()
    return shown


def arrived(ws):
    """What WS has sent has been read: it is behind that."""
    ws.send(PING)
    assert ws.frame().opcode == PONG


# ---- one program ----


@pytest.mark.key("process")
def test_all_clients_have_one_program_and_each_hears_all_of_it(daemon):
    d = daemon(CAT)
    one, two = d.ws("/cat"), d.ws("/cat")
    assert len(programs(d)) == 1
    one.text("from one")
    assert (one.recv(), two.recv()) == ("from one", "from one")
    two.text("from two")
    assert (one.recv(), two.recv()) == ("from two", "from two")


@pytest.mark.key("process")
def test_the_program_starts_with_the_first_client_and_not_before(daemon):
    d = daemon(CAT)
    assert not programs(d)
    d.ws("/cat")
    assert len(programs(d)) == 1


@pytest.mark.key("process")
def test_with_each_nobody_hears_another(daemon):
    d = daemon("[/own]\nexec = cat\nprocess = each\n")
    one, two = d.ws("/own"), d.ws("/own")
    one.text("mine")
    assert one.recv() == "mine"
    assert two.echoes("and mine")


def test_messages_of_several_clients_are_not_mixed_up(daemon):
    d = daemon(CAT)
    one, two = d.ws("/cat"), d.ws("/cat")
    one.send(TEXT, b"a", fin=False)
    arrived(one)
    two.text("whole")
    assert (one.recv(), two.recv()) == ("whole", "whole")
    one.send(CONT, b"b")
    assert (one.recv(), two.recv()) == ("ab", "ab")


def test_many_messages_of_many_clients_each_arrive_once(daemon):
    d = daemon(CAT)
    clients = [d.ws("/cat") for _ in range(8)]
    for i in range(50):
        for n, ws in enumerate(clients):
            ws.text(f"{n}:{i}")
    heard = [[ws.recv() for _ in range(400)] for ws in clients]
    assert all(h == heard[0] for h in heard)
    for n in range(8):
        assert [m for m in heard[0] if m.startswith(f"{n}:")] == [f"{n}:{i}" for i in range(50)]


def test_a_program_of_many_is_told_of_none(daemon):
    d = daemon("[/env]\nshell = env; exec sleep 1000\nprocess = shared\nlinger = 0\npass_env =\n")
    ws = d.ws("/env?secret=1", (("Cookie", "a=b"),))
    seen = set()
    while "WSBRIDGE_PATH=/env" not in seen or not any(v.startswith("WSBRIDGE_ID") for v in seen):
        seen.add(ws.recv())
    while readable(ws.sock, 0.2):
        seen.add(ws.recv())
    names = {v.partition("=")[0] for v in seen}
    assert not names & {"QUERY_STRING", "REMOTE_ADDR", "REMOTE_PORT", "HTTP_COOKIE", "HTTP_HOST", "REQUEST_URI"}


@pytest.mark.key("eof")
def test_one_client_does_not_end_the_input_of_all(daemon):
    d = daemon(CAT)
    one, two = d.ws("/cat"), d.ws("/cat")
    one.eof()
    assert two.echoes("it goes on")


@pytest.mark.key("eof")
def test_what_comes_after_an_end_of_the_common_input_is_discarded(daemon):
    d = daemon("[/sort]\nshell = sort; exec sleep 1000\nprocess = shared\neof = yes\nlinger = 0\n")
    one, two = d.ws("/sort"), d.ws("/sort")
    two.text("b")
    arrived(two)
    one.text("a")
    one.eof()
    assert [one.recv(), one.recv()] == ["a", "b"]
    assert [two.recv(), two.recv()] == ["a", "b"]
    two.text("late")
    two.finish()
    d.wait_log(r"#\d+ /sort: disconnected .* in=1/1 .* discarded=1/4 ")


@pytest.mark.key("max_processes")
def test_who_joins_needs_no_process_more(daemon):
    d = daemon(CAT + "max_processes = 1\nspawn_rate = 1/h\n")
    clients = [d.ws("/cat") for _ in range(5)]
    assert clients[4].echoes("all in")


@pytest.mark.key("frame")
def test_with_json_one_program_talks_to_each_of_many(daemon, program):
    """Each message goes to all but its sender, by one line; who asks for it is closed alone."""
    chat = program(
        "import json\n"
        "for line in sys.stdin:\n"
        "    m = json.loads(line)\n"
        "    if m.get('text') == 'bye':\n"
        "        print(json.dumps({'to': m['id'], 'close': 4000, 'reason': 'bye'}), flush=True)\n"
        "    elif m['event'] == 'message':\n"
        "        print(json.dumps({'to': 'all', 'except': m['id'], 'text': m['text']}), flush=True)\n"
    )
    d = daemon(f"[/chat]\nexec = {chat}\nframe = json\nprocess = shared\nlinger = 0\n")
    ann, bob, eve = (d.ws("/chat") for _ in range(3))
    ann.text("hello")
    assert (bob.recv(), eve.recv()) == ("hello", "hello")
    bob.text("x" * 100_000)
    assert (ann.recv(), eve.recv()) == ("x" * 100_000,) * 2
    eve.text("bye")
    assert eve.closed() == (4000, "bye")
    bob.text("still here")
    assert ann.recv() == "still here"


# ---- linger ----


@pytest.mark.key("linger")
def test_the_program_outlives_its_last_client_by_linger(daemon):
    d = daemon(WHO + "linger = 2s\n")
    one = d.ws("/who")
    pid = int(one.recv())
    one.finish()
    two = d.ws("/who")
    assert two.echoes("the same")
    assert programs(d) == {pid}
    two.finish()
    until(lambda: not programs(d), "the program has gone")
    d.wait_log(r"#\d+ /who: the program is stopped: no client for 2 s")
    three = d.ws("/who")
    assert int(three.recv()) != pid
    three.finish()


@pytest.mark.key("linger")
def test_with_linger_0_the_program_goes_with_its_last_client(daemon):
    d = daemon(CAT)
    one, two = d.ws("/cat"), d.ws("/cat")
    one.finish()
    assert two.echoes("still there")
    assert len(programs(d)) == 1
    two.finish()
    until(lambda: not programs(d), "the program has gone")


@pytest.mark.key("linger")
def test_a_program_without_clients_is_still_read(daemon, tmp_path):
    done = tmp_path / "done"
    d = daemon(
        f"[/seq]\nshell = read go; seq 300000; echo > {done}; exec sleep 1000\nprocess = shared\nlinger = 1h\n"
        "slow_client = pause\n"
    )
    ws = d.ws("/seq")
    ws.text("go")
    ws.close()
    ws.recv_until_close()
    until(done.exists, "all output has been taken")
    reload(d, with_canary(""))  # or it would linger


@pytest.mark.without("children", "descriptors", "canary", "memory", "exit", reason="the test ends the daemon itself")
def test_a_shutdown_does_not_wait_for_linger(daemon):
    d = daemon(WHO + "linger = 1h\neof_timeout = 0\n")
    ws = d.ws("/who")
    ws.recv()
    ws.finish()
    assert len(programs(d)) == 1
    d.process.send_signal(signal.SIGTERM)
    assert d.wait_exit() == 0


# ---- its end ----


@pytest.mark.parametrize(
    "end, told",
    [
        ("exit 3", (4003, "process exited with status 3")),
        ("exit 0", (1000, "")),
        ("kill -KILL $$", (4137, "process killed by SIGKILL")),
    ],
)
def test_its_end_is_told_to_all(daemon, end, told):
    d = daemon(f"[/end]\nshell = read x; echo last; {end}\nprocess = shared\n")
    clients = [d.ws("/end") for _ in range(3)]
    clients[1].text("now")
    for ws in clients:
        assert ws.recv() == "last"
        assert ws.closed() == told
    d.wait_log(r"#\d+ /end: the program has ended: ")


def test_after_its_end_the_next_client_has_a_new_one(daemon):
    d = daemon("[/once]\nshell = echo $$; read x; exit 0\nprocess = shared\nlinger = 0\n")
    one = d.ws("/once")
    first = one.recv()
    one.text("end")
    assert one.closed() == (1000, "")
    assert d.ws("/once").recv() != first


def test_a_program_that_cannot_start_is_502(daemon):
    d = daemon("[/gone]\nexec = /nonexistent/program\nprocess = shared\n", canary=None)
    for _ in range(2):
        assert http(d, request("/gone", d.host)).status == 502


def test_a_program_that_breaks_its_framing_ends_for_all(daemon):
    d = daemon("[/bad]\nshell = read x; echo nonsense; exec sleep 1000\nframe = netstring\nprocess = shared\n")
    one, two = d.ws("/bad"), d.ws("/bad")
    one.binary(b"x")
    two.binary(b"\n")
    for ws in (one, two):
        assert ws.closed()[0] == 1011
    d.wait_log(r'it begins with "nonsense')


@pytest.mark.key("max_message")
@pytest.mark.metric("wsbridge_cut_messages_total")
def test_a_message_of_the_program_over_max_message_is_cut_at_a_character_and_counted(daemon):
    d = daemon(
        ON + "[/long]\nshell = read x; printf 'aaaaaaaaä\\nshort\\n'; head -c 200000 /dev/zero | tr '\\0' y; echo; echo end; read y\n"
        "process = shared\nlinger = 0\nmax_message = 9\n"
    )
    ws = d.ws("/long")
    ws.text("go")
    assert [ws.recv() for _ in range(4)] == ["aaaaaaaa", "short", "y" * 9, "end"]
    becomes(d, 2, "wsbridge_cut_messages_total", path="/long")
    d.wait_log(r"#\d+ /long: a message of the program is over max_message")


def test_a_long_line_is_one_message_in_frames_of_max_frame(daemon):
    d = daemon(
        "[/long]\nshell = read x; head -c 300000 /dev/zero | tr '\\0' y; echo; read y\n"
        "process = shared\nlinger = 0\nmax_frame = 1000\n"
    )
    one, two = d.ws("/long"), d.ws("/long")
    one.text("go")
    for ws in (one, two):
        sizes = []
        while sum(sizes) < 300000:
            frame = ws.frame()
            assert frame.opcode == (CONT if sizes else TEXT)
            sizes.append(len(frame.payload))
        assert frame.fin and sizes == [1000] * 300


# ---- clients that are too slow ----


class Lines:
    """A daemon whose program says a hundred bytes for each that it is asked for; one client reads, one does not."""

    def __init__(self, daemon, settings, how=""):
        self.d = daemon(
            ON + "[socket]\nsend_buffer = 16k\n[limits]\n" + how + "[/lines]\n"
            "shell = n=0; while read k; do seq -f %0100.0f $((n + 1)) $((n + k)); n=$((n + k)); done\n"
            "line_buffer = no\nqueue = 256k\neof_timeout = 0\n" + settings
        )
        self.asked, self.heard = 0, []

    def join(self):
        self.fast, self.slow = self.d.ws("/lines"), self.d.ws("/lines", receive_buffer=8192)
        return self

    def ask(self, n=500):
        self.fast.text(str(n))
        self.asked += n

    def read(self):
        """The fast client reads what was asked for."""
        while len(self.heard) < self.asked:
            self.heard.append(int(self.fast.recv()))

    def drop(self, n):
        """Ask and read until N messages for the slow client have been dropped."""
        while self.metric("dropped_messages") < n:
            self.ask()
            self.read()

    def metric(self, name):
        return value(self.d, f"wsbridge_{name}_total", path="/lines")


def numbers(ws, until_last):
    got = []
    while not got or got[-1] != until_last:
        got.append(int(ws.recv()))
    return got


@pytest.mark.key("slow_client")
@pytest.mark.metric("wsbridge_dropped_messages_total", "wsbridge_dropped_bytes_total")
@pytest.mark.parametrize("setting", ["", "slow_client = disconnect\n"])
def test_a_client_too_slow_is_closed_with_1008_and_nobody_else_notices(daemon, setting):
    lines = Lines(daemon, "process = shared\nlinger = 0\n" + setting).join()
    lines.drop(1)
    lines.ask()
    lines.read()
    assert lines.heard == list(range(1, lines.asked + 1))
    messages, code, reason = lines.slow.recv_until_close()
    assert (code, reason) == (1008, "too slow")
    got = [int(m) for m in messages]
    assert got == list(range(1, len(got) + 1)), "an unbroken beginning"
    dropped = lines.metric("dropped_messages")
    assert lines.metric("dropped_bytes") == 100 * dropped
    lines.slow.close(1008)
    line = lines.d.wait_log(r'disconnected .* out=(\d+)/\d+ .*dropped=(\d+)/(\d+) code=1008 by=server reason="too slow"')
    assert int(line[1]) == len(got)
    assert (int(line[2]), int(line[3])) == (dropped, 100 * dropped)


@pytest.mark.key("slow_client")
def test_a_client_that_takes_all_it_is_given_is_not_too_slow(daemon):
    d = daemon(
        "[socket]\nsend_buffer = 4M\n[/x]\nshell = read x; head -c 700000 /dev/zero | tr '\\0' x; echo; cat\n"
        "process = shared\nlinger = 0\nqueue = 64k\nmax_message = 1M\n"
    )
    ws = d.ws("/x")
    ws.text("go")
    assert len(ws.recv()) == 700_000  # more than queue and what one write takes
    ws.finish()


def test_with_drop_the_oldest_messages_go_and_each_is_counted(daemon):
    lines = Lines(daemon, "process = shared\nlinger = 0\nslow_client = drop\n").join()
    lines.drop(3000)
    assert lines.heard == list(range(1, lines.asked + 1))
    shown = show(lines.d, lines.slow)
    got = numbers(lines.slow, lines.asked)
    assert got == sorted(set(got)), "each once, in order"
    assert shown["dropped"] == {"messages": lines.asked - len(got), "bytes": 100 * (lines.asked - len(got))}
    assert shown["out"]["messages"] == len(got)
    assert shown["clients"] == 2
    missing = sorted(set(range(1, lines.asked + 1)) - set(got))
    assert missing == list(range(missing[0], missing[-1] + 1)), "the oldest that had not begun to leave"


@pytest.mark.key("queue", "slow_client")
def test_what_a_message_takes_beside_its_bytes_counts_too(daemon):
    """One of a byte, said alone, takes some 60 bytes of memory and 3 of a queue: 64 KiB of these would be more than a MiB."""
    d = daemon("[socket]\nsend_buffer = 16k\n[/x]\nexec = cat\nprocess = shared\nlinger = 0\nqueue = 64k\n")
    fast, slow = d.ws("/x"), d.ws("/x", receive_buffer=4096)
    for _ in range(6000):  # some thousands lie in the two sockets' buffers
        assert fast.echoes("x")
    assert show(d, slow)["state"] == "closing"
    slow.reset()


@pytest.mark.key("slow_client")
def test_with_pause_the_slowest_rules_and_all_hear_everything(daemon):
    lines = Lines(daemon, "process = shared\nlinger = 0\nslow_client = pause\n").join()
    lines.ask(20000)
    while lines.fast.got or readable(lines.fast.sock, 0.5):
        lines.heard.append(int(lines.fast.recv()))
    assert len(lines.heard) < 20000, "the program waits"
    got = []
    while len(got) < 20000 or len(lines.heard) < 20000:
        for ws, to in ((lines.fast, lines.heard), (lines.slow, got)):
            if len(to) < 20000 and (ws.got or readable(ws.sock, 0.01)):
                to.append(int(ws.recv()))
    assert lines.heard == got == list(range(1, 20001))


@pytest.mark.key("slow_client")
def test_a_paused_program_goes_on_when_the_slow_one_leaves(daemon):
    lines = Lines(daemon, "process = shared\nlinger = 0\nslow_client = pause\n").join()
    lines.ask(20000)
    while lines.fast.got or readable(lines.fast.sock, 0.5):
        lines.heard.append(int(lines.fast.recv()))
    lines.slow.reset()
    lines.read()
    assert lines.heard == list(range(1, 20001))


@pytest.mark.native(reason="two million lines take minutes there")
@pytest.mark.key("slow_client")
def test_each_with_disconnect_does_not_wait_for_its_client(daemon, tmp_path):
    done = tmp_path / "done"
    d = daemon(f"[/seq]\nshell = seq 2000000; echo > {done}; exec sleep 1000\nslow_client = disconnect\nline_buffer = no\n")
    ws = d.ws("/seq", receive_buffer=8192)
    messages, code, reason = ws.recv_until_close()
    assert (code, reason) == (1008, "too slow")
    assert messages == [str(i) for i in range(1, len(messages) + 1)]


@pytest.mark.key("slow_client")
def test_each_with_drop_lets_the_program_run(daemon, tmp_path):
    done = tmp_path / "done"
    d = daemon(f"[/seq]\nshell = seq 3000000; echo > {done}; read x\nslow_client = drop\nline_buffer = no\n")
    ws = d.ws("/seq", receive_buffer=8192)
    until(done.exists, "the program is not held up")
    got = [int(n) for n in numbers(ws, 3000000)]
    assert got == sorted(got) and len(got) < 3000000
    ws.text("end")
    assert ws.closed() == (1000, "")


def test_a_dropping_client_over_tls_gets_whole_messages_only(daemon, certificate):
    d = daemon(
        f"[server]\nlisten = 127.0.0.1:0 tls\n[socket]\nsend_buffer = 16k\n{certificate().ini()}"
        "[/seq]\nshell = read x; seq 300000; read x\nslow_client = drop\nline_buffer = no\nqueue = 64k\n"
    )
    ws = d.ws("/seq", receive_buffer=8192)
    ws.text("go")
    got = numbers(ws, 300000)
    assert got == sorted(set(got))


# ---- input that the program does not take ----


@pytest.mark.key("queue")
def test_when_the_program_takes_nothing_no_client_is_read(daemon):
    d = daemon("[/deaf]\nexec = sleep 1000\nprocess = shared\nqueue = 64k\neof_timeout = 0\nlinger = 0\n")
    clients = [d.ws("/deaf") for _ in range(4)]
    chunk = encode(TEXT, b"x" * 1000)
    assert fill(clients[0], chunk, 64 << 20) < 64 << 20
    until(lambda: not any(show(d, ws)["reading"] for ws in clients), "none is read")
    for ws in clients:
        ws.reset()


@pytest.mark.key("queue")
def test_all_are_read_again_when_the_program_goes_on(daemon, tmp_path):
    d = daemon(
        f"[/later]\nshell = while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; exec cat\nprocess = shared\n"
        "queue = 64k\nlinger = 0\nslow_client = pause\n"
    )
    one, two = d.ws("/later"), d.ws("/later")
    sender = one.send_in_background(encode(TEXT, b"x" * 1000) * 1000)
    until(lambda: not show(d, two)["reading"], "it is not read")
    (tmp_path / "go").touch()
    for _ in range(1000):
        assert len(one.recv()) == len(two.recv()) == 1000
    sender.join()
    assert two.echoes("again")


# ---- a new configuration ----


@pytest.mark.key("process")
def test_a_reload_keeps_the_program_of_a_path_that_stays_as_it_was(daemon):
    ini = WHO + "linger = 0\n"
    d = daemon(ini)
    one = d.ws("/who")
    pid = int(one.recv())
    reload(d, with_canary("[/other]\nexec = cat\n" + ini + "origin = any\nping_interval = 7s\n"))
    two = d.ws("/who")
    assert two.echoes("hello")
    assert one.recv() == "hello"
    assert programs(d) == {pid}


@pytest.mark.key("process", "linger")
def test_after_a_reload_with_other_settings_new_clients_have_a_new_program(daemon):
    d = daemon(WHO + "linger = 1h\n")
    one = d.ws("/who")
    pid = int(one.recv())
    reload(d, with_canary(WHO + "linger = 0\n"))
    two = d.ws("/who")
    assert int(two.recv()) != pid
    assert one.echoes("the old one goes on")
    assert two.echoes("beside it")
    one.finish()
    until(lambda: len(programs(d)) == 1, "the old program has gone, for all its linger")
    assert two.echoes("still")


def test_a_program_whose_path_has_gone_goes_with_its_last_client(daemon):
    d = daemon(WHO + "linger = 1h\n")
    one = d.ws("/who")
    one.recv()
    reload(d, with_canary("[/other]\nexec = cat\n"))
    assert one.echoes("still there")
    one.finish()
    until(lambda: not programs(d), "the program has gone")


def test_a_program_that_lingers_is_stopped_by_a_reload_that_changes_it(daemon):
    d = daemon(WHO + "linger = 1h\n")
    one = d.ws("/who")
    one.recv()
    one.finish()
    reload(d, with_canary(WHO + "linger = 1h\nmax_frame = 100\n"))
    until(lambda: not programs(d), "the program has gone")


# ---- by command ----


def test_a_message_by_command_goes_to_one_client_alone(daemon):
    d = daemon(CAT)
    one, two = d.ws("/cat"), d.ws("/cat")
    assert Control(d).ask("send-text", to=show(d, one)["id"], text="for one")["sent"] == 1
    assert one.recv() == "for one"
    assert two.echoes("nothing else")
    assert one.recv() == "nothing else"


def test_an_interrupt_drops_what_waits_for_one_client_and_cuts_no_message(daemon):
    lines = Lines(daemon, "process = shared\nlinger = 0\nslow_client = drop\n").join()
    lines.drop(1)
    dropped = Control(lines.d).ask("interrupt", to=show(lines.d, lines.slow)["id"])["dropped"]
    assert dropped % 100 == 0 and dropped > 200_000
    lines.ask()
    lines.read()
    got = numbers(lines.slow, lines.asked)
    assert got == sorted(set(got))
    assert got[-500:] == list(range(lines.asked - 499, lines.asked + 1))


def waiting(lines):
    """What waits for the slow client, of which all that tell it say the same, once its kernel takes no more."""
    c, client = Control(lines.d), show(lines.d, lines.slow)["id"]

    def told():
        with pytest.raises(Refused, match="bytes wait for it already") as refused:
            c.ask("send-text", to=client, text="x" * 300_000)
        rows = {row["id"]: row["queue"] for row in c.ask("list", sort="queue")}
        return {
            int(re.search(r"(\d+) bytes", refused.value.message)[1]),
            rows[client],
            max(rows.values()),
            c.ask("show", to=client)["queue"],
            c.ask("status")["queue"],
            value(lines.d, "wsbridge_output_queue_bytes", path="/lines"),
        }

    return until(lambda: len(said := told()) == 1 and said, "all say the same").pop()


def test_who_has_no_room_for_a_message_has_as_much_waiting_as_the_list_says(daemon):
    lines = Lines(daemon, "process = shared\nlinger = 0\nslow_client = drop\n").join()
    lines.drop(1)
    assert 200_000 < waiting(lines) <= 256 * 1024


def test_what_waits_behind_a_file_is_as_much_as_the_list_says(daemon, tmp_path):
    lines = Lines(daemon, "process = shared\nlinger = 0\nslow_client = drop\n").join()
    (tmp_path / "file").write_bytes(b"f" * 4_000_000)
    c, other, client = Control(lines.d), Control(lines.d), show(lines.d, lines.slow)["id"]
    with open(tmp_path / "file", "rb") as f:
        c.begin("send-file", fds=[f.fileno()], to=client)
    until(lambda: other.ask("show", to=client)["queue"], "the file is under way")
    lines.ask(1000)
    lines.read()
    assert waiting(lines) > 1000 * 102, "the program's"
    for _ in range(2):
        other.ask("send-text", to=client, text="x" * 20_000)
    assert 1000 * 102 + 40_000 < waiting(lines) <= 256 * 1024
    other.ask("disconnect", to=client)
    until(lambda: other.ask("show", to=client)["queue"] < 100_000, "what will never go is not waited for")


@pytest.mark.key("queue", "slow_client")
def test_a_file_leaves_room_in_a_small_queue_for_what_comes_behind_it(daemon, tmp_path):
    d = daemon("[socket]\nsend_buffer = 16k\n[/x]\nexec = cat\nprocess = shared\nlinger = 0\nqueue = 4k\n")
    fast, slow = d.ws("/x"), d.ws("/x", receive_buffer=8192)
    (tmp_path / "file").write_bytes(b"f" * 1_000_000)
    c, client = Control(d), show(d, slow)["id"]
    with open(tmp_path / "file", "rb") as f:
        c.begin("send-file", fds=[f.fileno()], to=client)
    until(lambda: show(d, slow)["out"]["bytes"], "the file is under way")
    assert fast.echoes("behind it")
    assert (slow.recv(), slow.recv()) == (b"f" * 1_000_000, "behind it")
    assert c.end() == {"sent": 1_000_000}


def test_a_file_for_a_slow_client_comes_whole_between_the_messages(daemon, tmp_path):
    lines = Lines(daemon, "process = shared\nlinger = 0\nslow_client = drop\n").join()
    (tmp_path / "file").write_bytes(b"f" * 500_000)
    lines.drop(1)
    c, client = Control(lines.d), show(lines.d, lines.slow)["id"]
    with open(tmp_path / "file", "rb") as f:
        c.begin("send-file", fds=[f.fileno()], to=client)
    lines.drop(lines.metric("dropped_messages") + 1000)
    got, files = [], []
    while not got or got[-1] != lines.asked:
        message = lines.slow.recv()
        if isinstance(message, bytes):
            files.append(message)
        else:
            got.append(int(message))
    assert files == [b"f" * 500_000]
    assert got == sorted(set(got))
    c.end()


LAST = "[/last]\nshell = read x; echo last words; exit 3\nprocess = shared\n"


class Ended:
    """A program of two has said its last words and ended, while one of them was sent a file."""

    def __init__(self, daemon, tmp_path, how=lambda fast: fast.text("go"), ini=LAST, path="/last"):
        self.d = daemon("[socket]\nsend_buffer = 16k\n" + ini)
        self.fast, self.slow = self.d.ws(path), self.d.ws(path, receive_buffer=8192)
        self.content = b"f" * 4_000_000
        (tmp_path / "file").write_bytes(self.content)
        self.c, self.client = Control(self.d), show(self.d, self.slow)["id"]
        with open(tmp_path / "file", "rb") as f:
            self.c.begin("send-file", fds=[f.fileno()], to=self.client)
        until(lambda: show(self.d, self.slow)["queue"], "the file is under way")
        how(self.fast)
        self.heard, self.code, self.reason = self.fast.recv_until_close()
        self.fast.close(self.code)
        self.fast.sock.close()
        until(lambda: not programs(self.d), "the program to go")


def test_what_a_program_says_last_comes_behind_a_file_and_then_the_close(daemon, tmp_path):
    e = Ended(daemon, tmp_path)
    assert (e.heard, e.code) == (["last words"], 4003)
    shown = show(e.d, e.slow)
    assert (shown["clients"], shown["pid"]) == (1, None)
    with pytest.raises(Refused, match="is closing"):
        Control(e.d).ask("send-text", to=e.client, text="too late")
    e.slow.text("discarded")
    assert e.slow.recv_until_close()[:2] == ([e.content, "last words"], 4003)
    assert e.c.end() == {"sent": len(e.content)}
    e.slow.close(4003)
    e.slow.sock.close()
    e.d.wait_log(r'disconnected .* discarded=1/9 .*code=4003 by=backend .* process="status 3"')


@pytest.mark.key("slow_client")
@pytest.mark.parametrize("policy", ["disconnect", "drop", "pause"])
def test_who_is_sent_a_file_does_not_keep_a_program_beyond_its_time(daemon, tmp_path, policy):
    ini = LAST + f"max_runtime = 2s\nslow_client = {policy}\n"
    e = Ended(daemon, tmp_path, how=lambda fast: None, ini=ini)
    assert (e.code, e.reason) == (1008, "time limit")
    assert e.slow.recv_until_close() == ([e.content], 1008, "time limit")


@pytest.mark.key("slow_client")
def test_with_pause_the_last_words_of_a_program_wait_for_a_file_that_one_is_sent(daemon, tmp_path):
    """Its end too: the file is at its end when they are read."""
    d = daemon("[socket]\nsend_buffer = 16k\n" + LAST + "slow_client = pause\n")
    fast, slow = d.ws("/last"), d.ws("/last", receive_buffer=8192)
    (tmp_path / "file").write_bytes(b"f" * 4_000_000)
    c, client = Control(d), show(d, slow)["id"]
    with open(tmp_path / "file", "rb") as f:
        c.begin("send-file", fds=[f.fileno()], to=client)
    until(lambda: show(d, slow)["queue"], "the file is under way")
    fast.text("go")
    until(lambda: show(d, fast)["pid"] is None, "it has ended")
    assert not readable(fast.sock, 0) and show(d, slow)["clients"] == 2
    assert slow.recv_until_close()[:2] == ([b"f" * 4_000_000, "last words"], 4003)
    assert fast.recv_until_close()[:2] == (["last words"], 4003)
    assert c.end() == {"sent": 4_000_000}


def test_an_interrupt_leaves_the_end_of_the_program(daemon, tmp_path):
    e = Ended(daemon, tmp_path)
    assert Control(e.d).ask("interrupt", to=e.client)["dropped"] > 1_000_000
    messages, code, _ = e.slow.recv_until_close()
    assert [set(m) for m in messages] == [{ord("f")}] and code == 4003


def test_who_goes_while_a_file_is_sent_goes_with_the_end_of_the_program(daemon, tmp_path):
    e = Ended(daemon, tmp_path)
    again = e.d.ws("/last")
    assert len(programs(e.d)) == 1, "of those who come now"
    e.slow.reset()
    e.d.wait_log("connection lost|reset")
    again.text("go")
    assert again.recv_until_close()[:2] == (["last words"], 4003)


@pytest.mark.key("max_processes")
def test_who_is_sent_a_file_takes_no_room_from_the_next_program(daemon, tmp_path):
    e = Ended(daemon, tmp_path, ini=LAST + "max_processes = 1\n")
    again = e.d.ws("/last")
    again.text("go")
    assert again.recv_until_close()[:2] == (["last words"], 4003)
    assert e.slow.recv_until_close()[:2] == ([e.content, "last words"], 4003)


def test_who_is_told_to_go_meanwhile_goes_before_the_file_has_ended(daemon, tmp_path):
    e = Ended(daemon, tmp_path)
    Control(e.d).ask("disconnect", to=e.client, code=4999)
    with pytest.raises(Refused, match="the client has gone"):
        e.c.end()
    frame = e.slow.frame()
    while frame.opcode != CLOSE:
        frame = e.slow.frame()
    assert frame.close()[0] == 4999


# ---- what does not go together ----


@pytest.mark.parametrize(
    "settings, line, wrong",
    [
        ("linger = 5s", 3, "linger means nothing with process = each"),
        ("process = shared\nmax_message = 0", 1, "max_message = 0 sets no limit"),
        ("slow_client = drop\nmax_message = 0", 1, "max_message = 0 sets no limit"),
        ("process = alone", 3, "each, shared or session"),
    ],
)
def test_what_means_nothing_is_refused(check, settings, line, wrong):
    fails(check("[/x]\nexec = cat\n" + settings + "\n"), (line, wrong))


@pytest.mark.key("linger")
def test_what_is_printed_of_a_path_can_be_read_again(values):
    ini = "[defaults]\nlinger = 7s\n[/each]\nexec = cat\n[/shared]\nexec = cat\nprocess = shared\n"
    printed = values(ini)
    assert ("/each", "linger") not in printed
    assert printed[("/shared", "linger")] == ["7s"]
