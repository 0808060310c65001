# SPDX-License-Identifier: MIT
"""
The players of the soak: each does one thing to the daemon, again and again.  A round, play(), ends within
seconds and leaves nothing behind.  What a player's path is, stands beside it.
"""

import base64
import hashlib
import json
import os
import re
import subprocess

import services
from control import Control
from harness import get, http
from ledger import BookedWS
from rawws import BINARY, CONT, PING, PONG, TEXT, Closed, RawWS, encode, request
from tlssock import TlsSock
from waiting import until

AT_ONCE = 100_000  # bytes that are under way: what the daemon and the kernel hold without being read


class Player:
    """D is the daemon, RANDOM its own generator, PLACE a directory of the soak."""

    ini = ""  # its paths; {place} is the directory
    how_many = 1  # of them play at the same time

    def __init__(self, d, ledger, random, place):
        self.d, self.ledger, self.random, self.place = d, ledger, random, place

    def ws(self, path, fields=(), **how):
        return BookedWS(self.d, self.ledger, path, fields, **how)

    def unbooked(self, path):
        return RawWS(self.d.connect(), request(path, self.d.host))

    def size(self):
        """Mostly small, now and then beyond each form of a frame's length."""
        return self.random.choice([0, 1, 10, 100, 125, 126, 1000, 4095, 4096, 65535, 65536])

    def words(self, n):
        return "".join(self.random.choices("abc äöü €😀", k=n))[:n]

    def send_in_pieces(self, ws, opcode, payload):
        """A message in up to four frames, pings between them."""
        cuts = sorted(self.random.randrange(len(payload) + 1) for _ in range(self.random.randrange(4)))
        pieces = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)])]
        for i, piece in enumerate(pieces):
            if self.random.random() < 0.2:
                super(BookedWS, ws).send(PING, b"between")
            ws.send(opcode if i == 0 else CONT, piece, fin=i == len(pieces) - 1)

    def batches(self):
        """Lists of payloads, each list no more than may be under way."""
        for _ in range(self.random.randrange(1, 20)):
            batch, under_way = [], 0
            for _ in range(self.random.randrange(1, 30)):
                payload = self.payload()
                under_way += len(payload)
                if batch and under_way > AT_ONCE:
                    break
                batch.append(payload)
            yield batch

    def payload(self):
        return self.words(self.size()).encode()[:60000].decode(errors="ignore").encode()


class Echo(Player):
    """Every message comes back whole, once, in order: in each framing that keeps messages, over TCP, TLS and a Unix socket."""

    how_many = 4
    KINDS = {"line": TEXT, "nul": TEXT, "netstring": BINARY, "u32be": BINARY}
    ini = "".join(f"[/echo/{kind}]\nexec = cat\nframe = {kind}\n" for kind in KINDS) + "[/echo/none]\nbuiltin = echo\n"

    def play(self):
        kind, opcode = self.random.choice([*self.KINDS.items(), ("none", BINARY)])
        self.opcode = opcode
        ws = self.ws("/echo/" + kind, address=self.random.choice(self.d.addresses))
        for batch in self.batches():
            for payload in batch:
                self.send_in_pieces(ws, opcode, payload)
            for payload in batch:
                back = ws.recv()
                assert (back.encode() if opcode == TEXT else back) == payload, f"{kind}: {back[:100]!r} is not {payload[:100]!r}"
        ws.leave()

    def payload(self):
        return super().payload() if self.opcode == TEXT else self.random.randbytes(self.size())


class Stream(Player):
    """A stream of bytes comes back as it went."""

    ini = "[/raw]\nexec = cat\nframe = raw\n"

    def play(self):
        ws = self.ws("/raw", address=self.random.choice(self.d.addresses))
        for batch in self.batches():
            for payload in batch:
                self.send_in_pieces(ws, BINARY, payload or b"x")  # an empty message would end the input
            wanted, got = b"".join(payload or b"x" for payload in batch), b""
            while len(got) < len(wanted):
                got += ws.recv()
            assert hashlib.sha1(got).digest() == hashlib.sha1(wanted).digest()
        ws.leave()


class Flood(Player):
    """A program that says much, and ends; its status is the close code."""

    ini = "[/flood]\nshell = seq 20000; exit 3\n"

    def play(self):
        ws = self.ws("/flood")
        messages, code, _ = ws.recv_until_close(60)
        assert (messages, code) == ([str(i) for i in range(1, 20001)], 4003), (len(messages), code)
        ws.close(code)
        assert ws.end(60) == "FIN"
        ws.sock.close()


class Shared(Player):
    """One program for all: whoever is there hears each number, and no number twice."""

    how_many = 3
    ini = (
        "[/ticker]\nshell = i=0; while sleep 0.01; do i=$((i+1)); echo $i; done\n"
        "process = shared\nslow_client = pause\nlinger = 0\n"
    )

    def play(self):
        ws = self.ws("/ticker")
        last = int(ws.recv())
        for _ in range(self.random.randrange(200)):
            now = int(ws.recv())
            assert now == last + 1, f"after {last} came {now}"
            last = now
        ws.leave()


class Session(Player):
    """Who vanishes finds his program again, and what he has missed."""

    ini = (
        "[/session]\nshell = n=0; while read -r x && [ $x != quit ]; do n=$((n+1)); echo $n:$x; done\nprocess = session\nsession_key = query:key\n"
        "linger = 1m\nreplay = 3\n"
    )

    def play(self):
        query, said = f"?key={self.random.getrandbits(64):x}", []
        for _ in range(self.random.randrange(1, 6)):
            ws = self.ws("/session", query=query)
            for old in said[-3:]:
                assert ws.recv() == old
            for _ in range(self.random.randrange(1, 20)):
                word = f"{self.random.getrandbits(32)}"
                ws.text(word)
                said.append(ws.recv())
                assert said[-1] == f"{len(said)}:{word}"
            ws.reset() if self.random.random() < 0.5 else ws.leave()
        ws = self.ws("/session", query=query)
        ws.text("quit")
        assert ws.recv_until_close(60) == (said[-3:], 1000, "")
        ws.sock.close()


class Json(Player):
    """One program that knows its clients by their ids answers each, and no other."""

    how_many = 2
    SOURCE = (
        "import json, sys\nfor line in sys.stdin:\n e = json.loads(line)\n"
        " if e['event'] == 'message': print(json.dumps({'to': e['id'], 'text': e['text']}), flush=True)\n"
    )
    ini = "[/json]\nexec = /usr/bin/python3 -S {place}/answer.py\nprocess = shared\nframe = json\nlinger = 0\n"

    def play(self):
        ws = self.ws("/json")
        for batch in self.batches():
            for payload in batch:
                self.send_in_pieces(ws, TEXT, payload)
            for payload in batch:
                assert ws.recv().encode() == payload
        ws.leave()

    def size(self):
        return self.random.randrange(2000)


class Channel(Player):
    """What one says both hear, in one order."""

    ini = "[/channel]\nchannel = soak\n"

    def play(self):
        a, b = self.ws("/channel"), self.ws("/channel")
        for _ in range(self.random.randrange(1, 50)):
            said = self.words(self.random.randrange(1000))
            self.random.choice([a, b]).text(said)
            assert (a.recv(), b.recv()) == (said, said)
        a.leave()
        b.leave()


class Terminal(Player):
    """A shell on a terminal that changes its size often."""

    ini = "[/terminal]\nexec = sh\npty = 24x80\n"

    def play(self):
        ws = self.ws("/terminal", [("Sec-WebSocket-Protocol", "terminal.wsbridge")])
        for _ in range(self.random.randrange(50)):
            cols = self.random.randrange(20, 200)
            ws.text(json.dumps({"rows": 40, "cols": cols}))
        ws.text(json.dumps({"rows": 41, "cols": 97}))
        ws.binary(b"stty size; exit 5\n")
        messages, code, _ = ws.recv_until_close(60)
        shown = b"".join(m for m in messages if isinstance(m, bytes))
        assert re.search(rb"41 97\s", shown) and code == 4005, (code, shown)
        ws.sock.close()


class Service(Player):
    """A service on a Unix socket."""

    ini = "[/service]\nconnect = unix:{place}/service\n"

    def __init__(self, *how):
        super().__init__(*how)
        self.service = services.Service(services.echo, f"{self.place}/service")
        os.chmod(f"{self.place}/service", 0o666)

    def play(self):
        ws = self.ws("/service")
        for _ in range(self.random.randrange(1, 50)):
            ws.text(said := self.words(self.random.randrange(5000)))
            assert ws.recv() == said
        ws.leave()
        del self.service.conns[:], self.service.threads[:]

    def close(self):
        self.service.close()


class Follow(Player):
    """A log through its rotations: each line once."""

    ini = "[/log]\nfile = {place}/log\nfollow = yes\n"

    def play(self):
        file = f"{self.place}/log"
        with open(file, "w"):
            pass
        ws = self.ws("/log")
        for i in range(self.random.randrange(1, 10)):
            lines = [f"{i} {j} {self.words(50)}" for j in range(self.random.randrange(1, 100))]
            with open(file, "a") as f:
                f.writelines(line + "\n" for line in lines)
            assert [ws.recv() for _ in lines] == lines
            if self.random.random() < 0.3:
                os.rename(file, file + ".1")
        ws.leave()


class Fifos(Player):
    """A program at the other end of two named pipes."""

    ini = "[/fifos]\nread_fifo = {place}/out\nwrite_fifo = {place}/in\nfifo_create = 0600\n"

    def play(self):
        ws = self.ws("/fifos")
        relay = subprocess.Popen(["cat"], stdin=open(f"{self.place}/in", "rb"), stdout=open(f"{self.place}/out", "wb"))
        for _ in range(self.random.randrange(1, 50)):
            ws.text(said := self.words(self.random.randrange(1000)))
            assert ws.recv() == said
        ws.leave()
        assert relay.wait(60) == 0


class Slow(Player):
    """Who does not keep up with the others is sent away; those who do, hear everything."""

    ini = "[/fast]\nshell = i=0; while :; do i=$((i+1)); echo $i; done\nprocess = shared\nlinger = 0\nqueue = 64k\nslow_client = disconnect\n"

    def play(self):
        sleeper, ws = self.unbooked("/fast"), self.unbooked("/fast")
        last = int(ws.recv())
        try:
            for _ in range(self.random.randrange(20000)):
                now = int(ws.recv())
                assert now == last + 1, f"after {last} came {now}"
                last = now
        except Closed as closed:  # as slow as that
            assert closed.code == 1008, closed
        ws.reset()
        sleeper.reset()


class Vanish(Player):
    """Many who come, say something, and are gone."""

    ini = "[/vanish]\nshell = trap '' TERM; cat\n[/vanish/slow]\nexec = yes\nstop_timeout = 100ms\n"

    def play(self):
        crowd = [self.unbooked(self.random.choice(["/vanish", "/vanish/slow"])) for _ in range(self.random.randrange(1, 30))]
        for ws in crowd:
            ws.send_bytes(encode(BINARY, self.random.randbytes(1000))[: self.random.randrange(1000)])
        for ws in crowd:
            ws.reset()


class Rude(Player):
    """Those who break the rules hear which one."""

    ini = "[/rude]\nexec = cat\nmax_message = 100k\n"
    FRAMES = (
        (encode(3), 1002),
        (encode(TEXT, b"x", masked=False), 1002),
        (encode(TEXT, b"x", rsv=4), 1002),
        (encode(CONT, b"x"), 1002),
        (encode(PING, b"x" * 126), 1002),
        (encode(BINARY, b"x", length=1 << 63), 1002),
        (encode(TEXT, b"\xc3\x28"), 1007),
        (encode(TEXT, b"x" * 200_000), 1009),
        (encode(BINARY, b"", length=1 << 40), 1009),
    )
    HEADS = (
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n", 421),
        (b"GET /rude HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 9000, 431),
        (b"DELETE /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405),
        (b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    )

    def play(self):
        data, wanted = self.random.choice(self.FRAMES)
        ws = self.unbooked("/rude")
        ws.send_in_background(data).join()
        try:
            ws.recv(60)
            raise AssertionError(f"an answer to {data[:20]!r}")
        except Closed as closed:
            assert closed.code == wanted, f"{data[:20]!r}: {closed}"
        ws.sock.close()
        data, wanted = self.random.choice(self.HEADS)
        answer = http(self.d, data)
        assert answer.status == wanted, f"{data[:40]!r}: {answer.status_line}"


class Abuse(Player):
    """Those who hold up what they can, a little of what tests/it/test_abuse.py does with many; nobody else notices."""

    ini = "[/abuse]\nexec = cat\n"

    def play(self):
        floods = [self.ping, self.say_nothing, self.split, self.begin, self.command]
        self.random.choice([self.hold, self.dribble, self.resume, *floods])()

    def hold(self):
        """Connections that say nothing, or half of what they should."""
        socks = [self.d.connect(self.random.choice(self.d.addresses), plain=True) for _ in range(100)]
        for sock in socks[::2]:
            sock.sendall(request("/abuse", self.d.host)[: self.random.randrange(100)])
        for sock in socks:
            sock.close()

    def dribble(self):
        ws = RawWS(self.d.connect(), None)
        ws.send_bytewise(request("/abuse", self.d.host))
        assert ws.read_response(60).status == 101
        ws.send_bytewise(encode(TEXT, b"slow but sure"))
        assert ws.recv(60) == "slow but sure"
        ws.reset()

    def ping(self):
        ws, ping = self.unbooked("/abuse"), encode(PING, b"x" * self.random.randrange(126))
        sender = ws.send_in_background(ping * 20_000 + encode(TEXT, b"the end"))
        while (frame := ws.frame(60)).opcode in (PING, PONG):
            pass
        assert frame.payload == b"the end", frame
        sender.join()
        ws.reset()

    def say_nothing(self):
        ws = self.unbooked("/abuse")
        ws.send_in_background(encode(TEXT) * 5000)
        for _ in range(5000):
            assert ws.recv(60) == ""
        ws.reset()

    def split(self):
        """A message of 65,536 fragments."""
        ws, piece = self.unbooked("/abuse"), self.random.choice([b"", b"x"])
        pieces = encode(CONT, piece, fin=False) * 65_534
        ws.send_in_background(encode(TEXT, b"<", fin=False) + pieces + encode(CONT, b">"))
        assert ws.recv(60) == "<" + piece.decode() * 65_534 + ">"
        ws.reset()

    def begin(self):
        """Messages without an end."""
        clients = [self.unbooked("/abuse") for _ in range(20)]
        for ws in clients:
            ws.send_bytes(encode(BINARY, b"x" * 1024, fin=False) + encode(CONT, b"x" * 1024, fin=False) * 63)
        for ws in clients:
            ws.reset()

    def resume(self):
        """TLS, again and again with the same session."""
        address, session = next(a for a in self.d.addresses if a.endswith(" tls")), None
        for _ in range(20):
            sock = self.d.connect(address, plain=True)
            tls = TlsSock(sock, self.d.context, session=session)
            if not tls.tls.session_reused:  # the first time, or the first since a reload
                RawWS(tls, request("/abuse", self.d.host))
                session = tls.tls.session
            sock.close()

    def command(self):
        control = Control(self.d)
        line = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n'
        for _ in range(20):
            control.send(line * 50)
            for _ in range(50):
                assert control.line()["result"]["pid"] == self.d.pid
        control.close()


class Pages(Player):
    """Files, pages, figures and who may see them."""

    ini = (
        "[/files/*]\nstatic = {place}/files\n[/who]\nshell = echo $REMOTE_USER\nauth = staff\n"
        "[auth staff]\ntype = htpasswd\nfile = {place}/htpasswd\n[/missing]\nexec = {place}/missing\n"
    )
    USERS = "joe:$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2\n"  # of "secret"

    def play(self):
        for path, status in (("/healthz", 200), ("/files/text", 200), ("/files/../htpasswd", 404), ("/who", 401), ("/missing", 426)):
            answer = get(self.d, path)
            assert answer.status == status, f"{path}: {answer}"
        assert len(get(self.d, "/files/text").body) == 300_000
        word = base64.b64encode(b"joe:secret").decode()
        ws = self.ws("/who", [("Authorization", f"Basic {word}")])
        assert ws.recv_until_close(60)[:2] == (["joe"], 1000)
        ws.sock.close()
        assert self.unbooked("/missing").response.status == 502


class Operator(Player):
    """Looks, sends, ends sessions, and has the configuration read again."""

    ini = "[/doomed]\nexec = cat\n"

    def play(self):
        control = Control(self.d)
        # A session of an earlier round is there until the daemon has read that its client left.
        until(lambda: not control.ask("list", path="/doomed"), "the end of the round before")
        doomed = [self.unbooked("/doomed") for _ in range(self.random.randrange(5))]
        assert control.ask("status")["pid"] == self.d.pid
        assert len(control.ask("list", path="/doomed")) == len(doomed)
        control.ask("send-text", to="path=/doomed", text="one moment")
        assert control.ask("disconnect", to="path=/doomed")["closed"] == len(doomed)
        for ws in doomed:
            assert ws.recv(60) == "one moment"
            try:
                ws.recv(60)
            except Closed:
                ws.sock.close()
        if self.random.random() < 0.3:
            control.ask("reload")
        control.close()


PLAYERS = (Echo, Stream, Flood, Shared, Session, Json, Channel, Terminal, Service, Follow, Fifos, Slow, Vanish, Rude, Abuse, Pages,
           Operator)


def furnish(place):
    """What the paths need in the directory PLACE."""
    (place / "files").mkdir()
    (place / "files/text").write_text("0123456789" * 30_000)
    (place / "htpasswd").write_text(Pages.USERS)
    (place / "answer.py").write_text(Json.SOURCE)
    (place / "log").touch()
