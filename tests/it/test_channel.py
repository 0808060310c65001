# SPDX-License-Identifier: MIT
"""channel = NAME: what one client says, or `wsbridgectl publish`, all hear, on whatever paths they are."""

import base64
import contextlib
import os
import signal

import pytest
from control import Control, Refused, ctl
from inicheck import fails
from rawws import BINARY, CLOSE, CONT, PONG, TEXT, Closed, encode
from waiting import readable, until

pytestmark = pytest.mark.key("channel")

CHAT = "[/chat]\nchannel = chat\n"


def hear(clients, message):
    assert [ws.recv() for ws in clients] == [message] * len(clients)


def test_what_one_says_all_hear_and_itself_too(daemon):
    d = daemon(CHAT)
    clients = [d.ws("/chat") for _ in range(5)]
    messages = ["hello\nyou", b"\0\xff", "", b"", "é€😀", b"x" * 100000]
    for ws, message in zip(clients * 2, messages):
        (ws.text if isinstance(message, str) else ws.binary)(message)
        hear(clients, message)


def test_paths_share_a_channel_by_its_name_and_not_by_another(daemon):
    d = daemon(
        CHAT + "[/tv]\nchannel = chat\nwrite = no\n[/rooms/*]\nchannel = chat\nmax_frame = 4\n[/else]\nchannel = chat2\n"
    )
    chat, tv, room, other = d.ws("/chat"), d.ws("/tv"), d.ws("/rooms/7"), d.ws("/else")
    tv.text("nobody hears a viewer")
    room.text("hello there")
    hear([chat, tv, room], "hello there")
    other.text("elsewhere")
    hear([other], "elsewhere")
    assert not readable(chat.sock, 0.05)


def test_messages_of_many_come_to_all_in_one_order_and_unbroken(daemon):
    d = daemon(CHAT)
    clients = [d.ws("/chat") for _ in range(10)]
    for i, ws in enumerate(clients):
        ws.send_bytes(b"".join(encode(TEXT, b"%d %d" % (i, j)) for j in range(50)))
    heard = [[ws.recv() for _ in range(500)] for ws in clients]
    assert all(h == heard[0] for h in heard)
    for i in range(10):
        assert [m for m in heard[0] if m.startswith(f"{i} ")] == [f"{i} {j}" for j in range(50)]


def test_fragments_are_not_mixed_up_with_what_another_says(daemon):
    d = daemon(CHAT)
    one, two = d.ws("/chat"), d.ws("/chat")
    one.send(TEXT, b"begun ", fin=False)
    two.text("between")
    hear([one, two], "between")
    one.send(CONT, b"and ended")
    hear([one, two], "begun and ended")


def test_a_client_that_does_not_read_goes_and_the_others_stay(daemon):
    d = daemon(CHAT + "queue = 64k\n")
    slow, one, two = d.ws("/chat", receive_buffer=4096), d.ws("/chat"), d.ws("/chat")
    for i in range(400):
        one.binary(b"%06d" % i * 5000)
        assert one.recv() == two.recv() == b"%06d" % i * 5000
    one.text("still here")
    hear([one, two], "still here")
    assert slow.recv_until_close(30)[1:] == (1008, "too slow")


def test_who_comes_after_all_have_left_hears_nothing_old(daemon):
    d = daemon(CHAT + "linger = 0\n")
    for i in range(3):
        ws = d.ws("/chat")
        ws.text(f"round {i}")
        hear([ws], f"round {i}")
        ws.finish()


def test_an_empty_binary_message_is_one(daemon):
    d = daemon(CHAT)
    one, two = d.ws("/chat"), d.ws("/chat")
    one.eof()
    hear([one, two], b"")


def test_one_of_the_members_leaving_ends_it_for_nobody(daemon):
    d = daemon(CHAT)
    clients = [d.ws("/chat") for _ in range(20)]
    for ws in clients[:10]:
        ws.reset()
    for ws in clients[10:15]:
        ws.finish()
    clients[15].text("who is here?")
    hear(clients[15:], "who is here?")


def test_a_reload_takes_no_channel_apart(daemon, tmp_path):
    d = daemon(CHAT)
    one = d.ws("/chat")
    ini = tmp_path / "wsbridge.ini"
    ini.write_text(ini.read_text() + "queue = 128k\n[/new]\nchannel = chat\nqueue = 64k\n")
    d.process.send_signal(signal.SIGHUP)
    d.wait_log(r"^reload: .* is taken")
    two = d.ws("/new")
    two.text("after it")
    hear([one, two], "after it")


def test_a_command_closes_all_of_a_path(daemon):
    d = daemon(CHAT + "[/tv]\nchannel = chat\n")
    clients, viewer = [d.ws("/chat") for _ in range(3)], d.ws("/tv")
    assert Control(d).ask("disconnect", to="path=/chat", code=1001) == {"closed": 3}
    assert [ws.closed()[0] for ws in clients] == [1001] * 3
    assert viewer.echoes("alive")


def test_who_comes_late_gets_the_last_messages(daemon):
    """Those that were said with nobody there, too, where the channel is there from the start."""
    d = daemon(CHAT + "start = boot\nreplay = 2\n[/tv]\nchannel = chat\nstart = boot\n")
    for n in range(5):
        assert ctl(d, "publish", "chat", f"{n}") == "clients: 0\n"
    ws = d.ws("/tv")
    assert [ws.recv(), ws.recv()] == ["3", "4"]
    assert ws.echoes("and goes on")


def test_a_channel_that_no_path_names_any_more_goes_with_its_last_client(daemon, tmp_path):
    d = daemon(CHAT + "start = boot\n")
    ws = d.ws("/chat")
    ini = tmp_path / "wsbridge.ini"
    ini.write_text(ini.read_text().replace(CHAT + "start = boot\n", ""))
    d.process.send_signal(signal.SIGHUP)
    d.wait_log(r"^reload: .* is taken")
    assert ws.echoes("still here")
    ws.finish()
    c = Control(d)
    until(lambda: refused(c, "publish", channel="chat", text="x"), "there is no channel")


def refused(c, *request, **params):
    try:
        c.ask(*request, **params)
    except Refused:
        return True


# ---- publish ----


def test_publish_speaks_to_all_and_tells_how_many(daemon, tmp_path):
    d = daemon(CHAT + "[/tv]\nchannel = chat\n")
    clients = [d.ws("/chat"), d.ws("/tv")]
    assert ctl(d, "publish", "chat", "grüß dich") == "clients: 2\n"
    hear(clients, "grüß dich")
    data = os.urandom(1000)
    (tmp_path / "data").write_bytes(data)
    assert ctl(d, "publish", "--binary", "chat", tmp_path / "data") == "clients: 2\n"
    hear(clients, data)
    with open(tmp_path / "data") as f:
        ctl(d, "publish", "--binary", "chat", stdin=f)
    hear(clients, data)
    (tmp_path / "text").write_text("a line\n")
    with open(tmp_path / "text") as f:
        ctl(d, "publish", "chat", stdin=f)
    hear(clients, "a line")


def test_publish_by_the_socket(daemon):
    d = daemon(CHAT)
    c = Control(d)
    assert c.ask("publish", channel="chat", text="nobody hears it") == {"clients": 0}
    ws = d.ws("/chat")
    assert c.ask("publish", channel="chat", text="a\0b") == {"clients": 1}
    assert c.ask("publish", channel="chat", base64=base64.b64encode(b"\0\xff").decode()) == {"clients": 1}
    assert [ws.recv(), ws.recv()] == ["a\0b", b"\0\xff"]


@pytest.mark.parametrize(
    "params,code,text",
    [
        ({"channel": "chatt", "text": "x"}, -32013, "there is no channel chatt"),
        ({"channel": "chat"}, -32602, "text, or base64"),
        ({"channel": "chat", "text": "x", "base64": ""}, -32602, "text, or base64"),
        ({"channel": "chat", "base64": "x"}, -32602, "base64"),
        ({"channel": "chat", "text": "x" * 5000}, -32602, "max_message"),
        ({"text": "x"}, -32602, "channel"),
    ],
)
def test_publish_tells_what_is_wrong(daemon, params, code, text):
    d = daemon(CHAT + "max_message = 4k\n")
    ws = d.ws("/chat")
    with pytest.raises(Refused, match=text) as refused:
        Control(d).ask("publish", **params)
    assert refused.value.code == code
    assert ws.echoes("alive")


def test_publish_on_the_command_line_tells_what_is_wrong(daemon):
    d = daemon(CHAT)
    assert "no channel other" in ctl(d, "publish", "other", "x", status=1)
    assert "usage:" in ctl(d, "publish", "chat", "x", "y", status=64)
    assert "usage:" in ctl(d, "publish", "--binary", status=64)
    assert "--binary takes any" in ctl(d, "publish", "chat", b"\xff".decode(errors="surrogateescape"), status=64)


def test_publish_is_refused_while_too_much_waits(daemon):
    """With pause a client that does not read stops the channel."""
    d = daemon(CHAT + "slow_client = pause\nqueue = 64k\n")
    ws, c = d.ws("/chat", receive_buffer=4096), Control(d)
    with pytest.raises(Refused, match="wait for the channel already") as refused:
        for _ in range(10000):
            c.ask("publish", channel="chat", text="x" * 10000)
    assert refused.value.code == -32002

    def taken():
        """What waits is read; the daemon looks whether a client that it does not read is there."""
        while ws.got or readable(ws.sock, 0.1):
            assert ws.frame().opcode in (TEXT, PONG)
        with contextlib.suppress(Refused):
            return c.ask("publish", channel="chat", text="again")

    assert until(taken, "there is room again") == {"clients": 1}
    while (text := ws.recv()) != "again":
        assert text == "x" * 10000


def test_who_publishes_faster_than_the_loop_turns_loses_nothing(daemon):
    d = daemon(CHAT)
    ws, c = d.ws("/chat"), Control(d)
    for n in range(200):
        c.begin("publish", channel="chat", text=f"{n}")
    for n in range(200):
        assert ws.recv() == f"{n}"


# ---- at load ----


def test_keys_about_its_bytes_or_process_are_refused(check, values):
    fails(
        check("[/a]\nchannel = x y\n[/b]\nchannel = x\nframe = raw\nprocess = shared\neof = yes\n[/c]\nchannel = x\nexec = cat\n"),
        (2, "not one name"),
        (5, "frame means nothing with channel"),
        (6, "process means nothing with channel"),
        (7, "eof means nothing with channel"),
        (9, "two sources"),
    )
    assert values("[/b]\nchannel = x\nlinger = 5s\n")[("/b", "linger")] == ["5s"]


def test_a_client_that_breaks_the_protocol_is_alone_with_it(daemon):
    d = daemon(CHAT)
    bad, good = d.ws("/chat"), d.ws("/chat")
    bad.send(BINARY, b"x", rsv=4)
    with pytest.raises(Closed):
        bad.recv()
    assert good.echoes("alive")
    good.send(CLOSE, b"\x03\xe8")
