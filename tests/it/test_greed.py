# SPDX-License-Identifier: MIT
"""Clients that want the loop for themselves, most of them by TLS: others are served meanwhile."""

import select
import signal
import ssl
import threading

import pytest
from control import Control
from rawws import PING, TEXT, encode, request
from tlsflood import KeyUpdater
from tlssock import context
from waiting import TIMEOUT, TooMuch, readable, within

LISTEN = "[server]\nlisten = 127.0.0.1:0 tls\n"
ECHO = "[/echo]\nexec = cat\nmax_message = 64M\n"
TURNS = 5  # round trips of another client that fit in between


@pytest.fixture
def secure(daemon, certificate):
    """secure(INI, algorithm=...): a daemon that speaks TLS."""
    return lambda ini=ECHO, **how: daemon(LISTEN + certificate(**how).ini() + ini)


def round_trips(d, n):
    """N pings of the canary, each after the pong of the one before."""
    for i in range(n):
        d.canary.send(PING, b"%d" % i)
        assert d.canary.frame().payload == b"%d" % i


def others_first(what, early):
    """What took long was not over before others had their answers, unless we were late to look."""
    if early:
        raise TooMuch(f"{what} kept others waiting")


def is_answered_in_turns(d, sock, flood):
    """
    FLOOD is sent on SOCK, whose answer comes once the daemon has read all of it.  The canary is served several
    times before.  That needs no clock: a daemon that reads it in one turn answers the canary behind it.
    """
    sender = threading.Thread(target=sock.sendall, args=(flood,))
    d.process.send_signal(signal.SIGSTOP)
    sender.start()
    readable(sock, 0.1)  # the sockets' queues are full
    d.process.send_signal(signal.SIGCONT)
    round_trips(d, TURNS)
    early = readable(sock, 0)
    sender.join()
    others_first("the flood", early)


def hellos(n):
    """The first bytes of so many TLS clients."""
    result, one = [], context()
    for _ in range(n):
        outgoing = ssl.MemoryBIO()
        tls = one.wrap_bio(ssl.MemoryBIO(), outgoing)
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        result.append(outgoing.read())
    return result


def test_new_keys_without_an_end_keep_nobody_waiting(secure):
    d = secure()
    sock = d.connect(plain=True)
    client = KeyUpdater(sock)
    client.write(request("/echo", d.host))
    sock.sendall(client.sealed())
    assert client.recv().startswith(b"HTTP/1.1 101 ")
    for _ in range(30_000):
        client.update_keys()
    client.write(encode(PING, b"done"))
    is_answered_in_turns(d, sock, client.sealed())
    assert client.recv().endswith(b"done")
    client.close()


def test_a_byte_a_record_keeps_nobody_waiting(secure):
    d = secure()
    ws = d.ws("/echo")
    message = encode(TEXT, b"x" * 60_000)
    is_answered_in_turns(d, ws.sock.sock, b"".join(ws.sock.seal(message[i : i + 1]) for i in range(len(message))))
    assert ws.frame().payload == b"x" * 60_000


def test_handshakes_that_come_at_once_keep_nobody_waiting(secure):
    d = secure("[limits]\naccept_rate = 0\n" + ECHO, algorithm="rsa")
    first_words = hellos(200)
    waiting = [d.connect(plain=True) for _ in first_words]
    round_trips(d, TURNS)  # all are accepted
    d.process.send_signal(signal.SIGSTOP)
    for sock, hello in zip(waiting, first_words):
        sock.sendall(hello)
    d.process.send_signal(signal.SIGCONT)
    round_trips(d, 3)
    others_first("the handshakes", all(readable(sock, 0) for sock in waiting))
    assert all(readable(sock, TIMEOUT) for sock in waiting)  # each gets its turn


def test_those_who_keep_coming_keep_nobody_waiting(secure):
    """Whenever one of them is answered another begins, as a daemon sees it that is never done."""
    d = secure("[limits]\naccept_rate = 0\nmax_handshakes = 1000\n" + ECHO, algorithm="rsa")
    hello = hellos(1)[0]
    waiting, coming = [[d.connect(plain=True) for _ in range(n)] for n in (30, 170)]
    round_trips(d, TURNS)  # all are accepted
    d.process.send_signal(signal.SIGSTOP)
    for sock in [*waiting, *coming[:10]]:
        sock.sendall(hello)
    d.process.send_signal(signal.SIGCONT)
    poll, come, answered = {*waiting, *coming[:10]}, 10, 0
    while poll & set(waiting):
        for sock in select.select(poll, [], [], TIMEOUT)[0]:
            poll.remove(sock)
            answered += 1
            if come < len(coming):
                coming[come].sendall(hello)
                poll.add(coming[come])
                come += 1
    assert answered < 100, "the last who waited was the 100th or later"


def test_requests_that_come_at_once_keep_nobody_waiting(daemon):
    paths = "".join(f"[/p{i}]\nexec = cat\n" for i in range(300))
    d = daemon("[limits]\naccept_rate = 0\n[web]\nmetrics = /metrics\n" + paths)
    clients = [d.connect() for _ in range(190)]
    for sock in clients:
        sock.sendall(b"GET /metrics HTTP/1.1\r\n")
    round_trips(d, TURNS)  # all of that has been read
    d.process.send_signal(signal.SIGSTOP)
    for sock in clients:
        sock.sendall(f"Host: {d.host}\r\n\r\n".encode())
    d.process.send_signal(signal.SIGCONT)
    round_trips(d, 2)
    others_first("the requests", all(readable(sock, 0) for sock in clients))
    assert all(readable(sock, TIMEOUT) for sock in clients)


def test_a_long_message_to_many_is_sent_in_several_turns(daemon):
    d = daemon("[/echo]\nbuiltin = echo\nqueue = 4M\n")
    c, text = Control(d), "x" * 1_000_000
    assert c.ask("send-text", to="path=/echo", text=text) == {"sent": 0}
    alone = c.ask("status")["loop_cpu"]  # what the line itself takes
    clients = [d.ws("/echo", receive_buffer=4096) for _ in range(190)]
    assert c.ask("send-text", to="path=/echo", text=text) == {"sent": len(clients)}
    within(3 * alone + 0.005, c.ask("status")["loop_cpu"], "seconds of CPU time in one turn")
