# SPDX-License-Identifier: MIT
"""Every refusal says why: to the client in the body, to the operator in the log."""

import re

import pytest
from harness import http
from rawws import request

INI = """[server]
trusted_proxy = 127.0.0.1
[limits]
max_connections = {connections}
max_header = 64k
max_per_address = 1
[/echo]
exec = cat
[/strict]
exec = cat
origin_missing = deny
[/near]
exec = cat
deny = all
[/gone]
exec = {gone}
[/few]
exec = cat
max_processes = 1
[/few-as-websocketd]
exec = cat
max_processes = 1
compat = websocketd
[/seldom]
exec = cat
spawn_rate = 1/h
"""


def head(line, *fields):
    return (f"{line} HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"{f}\r\n" for f in fields) + "\r\n").encode()


def upgrade(path, *fields, **how):
    return request(path, "localhost", [tuple(f.split(": ", 1)) for f in fields], **how)


# What is sent, and then: the status, what the log line begins with, the reason, and whatever follows it in the log.
# "#N" is the client's number; where its path is not known, the line has the target.
REFUSALS = {
    "a malformed head": (head("GET /echo?s=x", "a b: c"), 400, "#N", "a blank before the colon of a field", 'target="/echo"'),
    "no Host": (b"GET /echo HTTP/1.1\r\n\r\n", 400, "#N", "HTTP/1.1 without Host", 'target="/echo"'),
    "no HTTP": (b"\x16\x03\x01\x00", 400, "#N", "this port does not speak TLS; use http:// or ws://", None),
    "another version": (b"GET / HTTP/2.0\r\n\r\n", 505, "#N", "only HTTP/1.1 is spoken here", 'target="/"'),
    "a chunked body": (head("GET /echo", "Transfer-Encoding: chunked"), 501, "#N", "Transfer-Encoding", 'target="/echo"'),
    "a long head": (head("GET /echo", "X: " + "y" * 70000), 431, "#N", "the request head is too large (max_header)", 'target="/echo"'),
    "many fields": (head("GET /echo", *["X: y"] * 70), 431, "#N", "more than 64 header fields", 'target="/echo"'),
    "a forwarded lie": (
        head("GET /echo", "X-Forwarded-For: x"),
        400,
        "#N",
        "X-Forwarded-For does not tell the client's address",
        'target="/echo"',
    ),
    "another Host": (
        b"GET /echo?token=secret HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        421,
        "#N",
        "Host evil.example is not served here; add server_name = evil.example",
        'target="/echo"',
    ),
    "no such path": (head("GET /no"), 404, "#N /no", "no such path", None),
    "a path that is none": (head("GET /a/../b"), 404, "#N", "no such path", 'target="/a/../b"'),
    "no such WebSocket": (upgrade("/no"), 404, "#N /no", "no such path", None),
    "another method": (head("DELETE /echo"), 405, "#N /echo", "only GET and HEAD", None),
    "an address": (upgrade("/near"), 403, "#N /near", "/near is not open to your address (allow, deny)", None),
    "an Origin": (
        upgrade("/echo", "Origin: http://evil.example"),
        403,
        "#N /echo",
        "Origin http://evil.example is not allowed for /echo (origin = same, Host is localhost)",
        None,
    ),
    "no Origin": (
        upgrade("/strict"),
        403,
        "#N /strict",
        "a request without Origin is not allowed for /strict (origin_missing = deny)",
        None,
    ),
    "no key": (upgrade("/echo", without=("Sec-WebSocket-Key",)), 400, "#N /echo", "Sec-WebSocket-Key", None),
    "another WebSocket": (upgrade("/echo", version="8"), 426, "#N /echo", "only version 13 of the WebSocket protocol is spoken here", None),
    "HTTP/1.0": (upgrade("/echo").replace(b"HTTP/1.1", b"HTTP/1.0", 1), 505, "#N /echo", "HTTP/1.1", None),
    "much for a program": (
        upgrade("/echo", *[f"X-{n}: {'y' * 1000}" for n in range(40)]),
        431,
        "#N /echo",
        "the program's environment would be too large",
        None,
    ),
    "no program": (upgrade("/gone"), 502, "#N /gone", "the program cannot be started", None),
}


def refusal(d, status, who, reason, more):
    """The line of the log about it."""
    who = re.escape(who).replace(r"\#N", r"#\d+")
    more = f" {re.escape(more)}" if more else ""
    return d.wait_log(rf'^{who}: refused status={status} peer=\S+ reason="[^"]*{re.escape(reason)}[^"]*"{more}$')


@pytest.fixture
def refusing(daemon, program):
    def start(connections=100):
        gone = program("pass\n")
        d = daemon(INI.format(connections=connections, gone=gone))
        open(gone, "w").close()
        return d

    return start


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_why_to_the_client_and_in_the_log(refusing, name):
    sent, status, who, reason, more = REFUSALS[name]
    d = refusing()
    answer = http(d, sent)
    assert answer.status == status, answer
    assert answer.headers["content-type"].startswith("text/plain")
    assert reason in answer.text, answer
    refusal(d, status, who, reason, more)
    assert "secret" not in d.log() and "s=x" not in d.log()


FULL = {
    "/echo": (429, "too many connections from this address (max_per_address)", ("X-Forwarded-For", "192.0.2.1")),
    "/few": (503, "too many programs of this path (max_processes)", None),
    "/few-as-websocketd": (429, "too many programs of this path (max_processes)", None),
    "/seldom": (503, "too many starts of this path's program (spawn_rate)", None),
}


@pytest.mark.parametrize("path", FULL)
def test_so_does_the_refusal_of_one_too_many(refusing, path):
    status, reason, field = FULL[path]
    d = refusing()
    fields = [field] if field else []
    assert d.ws(path, fields).echoes()
    answer = d.handshake(path, fields).response
    assert answer.status == status and reason in answer.text
    assert int(answer.headers["retry-after"]) > 0
    more = f"via=127.0.0.1:{d.clients[-1].getsockname()[1]}" if field else None
    refusal(d, status, f"#N {path}", reason, more)


def test_so_does_a_full_daemon(refusing):
    d = refusing(connections=1)
    answer = d.handshake("/echo").response
    assert answer.status == 503 and "too many connections (max_connections)" in answer.text
    refusal(d, 503, "#N /echo", "too many connections (max_connections)", None)
