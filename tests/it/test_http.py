# SPDX-License-Identifier: MIT
"""Requests that are no WebSocket: pages, refusals, and heads that are no HTTP."""

import pytest
from harness import get, http
from rawws import request

CLOCK = "[/clock]\nshell = date; exec cat\n[/load]\nexec = cat\n"


def head_of(d, *lines):
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def test_the_root_lists_the_paths(daemon):
    answer = get(daemon(CLOCK), "/")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "/clock" in answer.text and "/load" in answer.text


def test_a_websocket_path_in_a_browser_is_426_and_says_what_it_is(daemon):
    answer = get(daemon(CLOCK), "/clock")
    assert answer.status == 426
    assert answer.headers["upgrade"].lower() == "websocket"
    assert "WebSocket" in answer.text and "/clock" in answer.text


def test_an_unknown_path_is_404(daemon):
    answer = get(daemon(CLOCK), "/nothing")
    assert answer.status == 404
    assert answer.body


def test_what_a_page_shows_of_the_request_is_escaped(daemon):
    answer = get(daemon(CLOCK), "/<script>evil()</script>")
    assert answer.status in (400, 404)
    assert "<script>evil" not in answer.text
    answer = get(daemon(CLOCK), "/%3Cscript%3Eevil()%3C/script%3E")
    assert "<script>evil" not in answer.text


def test_a_path_that_would_be_markup_is_escaped_in_the_list(daemon):
    answer = get(daemon("[/<b>&amp;]\nexec = cat\n"), "/")
    assert "<b>" not in answer.text
    assert "&lt;b&gt;&amp;amp;" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"])
def test_other_methods_are_405_with_allow(daemon, method):
    answer = get(daemon(CLOCK), "/clock", method=method)
    assert answer.status == 405 or (method in ("BREW", "get", "CONNECT") and answer.status in (400, 501))
    if answer.status == 405:
        assert {word.strip() for word in answer.headers["allow"].split(",")} == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/", "/clock", "/nothing"])
def test_head_is_get_without_the_body(daemon, path):
    d = daemon(CLOCK)
    with_body, without = get(d, path), get(d, path, method="HEAD")
    assert without.status == with_body.status
    assert without.body == b""
    assert (
        without.headers["content-length"] == with_body.headers["content-length"] == str(len(with_body.body))
    )


@pytest.mark.parametrize("path", ["/", "/clock", "/nothing"])
def test_every_page_has_the_security_headers(daemon, path):
    headers = get(daemon(CLOCK), path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "no-store" in headers["cache-control"]


def test_one_request_per_connection(daemon):
    d = daemon(CLOCK)
    one = f"GET /nothing HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode()
    answer = http(d, one + one)
    assert answer.headers["connection"].lower() == "close"
    assert answer.body.count(b"HTTP/1.1") == 0


def test_an_answer_is_not_lost_to_a_reset_when_the_client_sends_on(daemon):
    """A close with unread bytes in the receive queue is a RST, which takes the answer with it."""
    d = daemon(CLOCK)
    body = b"x" * 200_000
    head = f"POST /clock HTTP/1.1\r\nHost: {d.host}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answer = http(d, head + body)
    assert answer.status in (400, 405)
    assert len(answer.body) == int(answer.headers["content-length"])


HEADS = [
    ("no Host", 400, "GET /clock HTTP/1.1"),
    ("two Hosts", 400, "GET /clock HTTP/1.1", "Host: a", "Host: a"),
    ("a Host that is none", 400, "GET /clock HTTP/1.1", "Host: a/b"),
    ("a blank before the colon", 400, "GET /clock HTTP/1.1", "Host : a"),
    ("a line without a colon", 400, "GET /clock HTTP/1.1", "Host: a", "nonsense"),
    ("an empty name", 400, "GET /clock HTTP/1.1", "Host: a", ": x"),
    ("a name that is no token", 400, "GET /clock HTTP/1.1", "Host: a", "a b: x"),
    ("a folded line", 400, "GET /clock HTTP/1.1", "Host: a", "X: y", " z"),
    ("a control byte in a value", 400, "GET /clock HTTP/1.1", "Host: a", "X: y\x01z"),
    ("a NUL in a value", 400, "GET /clock HTTP/1.1", "Host: a", "X: y\0z"),
    ("a bare CR", 400, "GET /clock HTTP/1.1", "Host: a", "X: y\rz"),
    ("two blanks", 400, "GET  /clock HTTP/1.1", "Host: a"),
    ("no version", (400, 505), "GET /clock", "Host: a"),
    ("a version that is none", (400, 505), "GET /clock HTTPS/1.1", "Host: a"),
    ("HTTP/2", 505, "GET /clock HTTP/2.0", "Host: a"),
    ("a body", (400, 413), "GET /clock HTTP/1.1", "Host: a", "Content-Length: 5"),
    ("two lengths", 400, "GET /clock HTTP/1.1", "Host: a", "Content-Length: 0", "Content-Length: 0"),
    ("a chunked body", (400, 501), "GET /clock HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"),
    ("a target that is no path", 400, "GET clock HTTP/1.1", "Host: a"),
    ("65 fields", 431, "GET /clock HTTP/1.1", "Host: a", *["X: y"] * 64),
]


@pytest.mark.parametrize(
    "what, status, lines",
    [(what, status, lines) for what, status, *lines in HEADS],
    ids=[h[0] for h in HEADS],
)
def test_a_head_that_breaks_the_rules_is_refused(daemon, what, status, lines):
    d = daemon(CLOCK)
    answer = http(d, head_of(d, *lines))
    assert answer.status in (status if isinstance(status, tuple) else (status,))


def test_a_bare_line_feed_ends_no_line(daemon):
    d = daemon(CLOCK)
    assert http(d, f"GET / HTTP/1.1\nHost: {d.host}\n\n".encode()).status == 400


def test_64_fields_and_a_content_length_of_0_are_fine(daemon):
    d = daemon(CLOCK)
    lines = ["GET / HTTP/1.1", f"Host: {d.host}", "Content-Length: 0", *["X: y"] * 62]
    assert http(d, head_of(d, *lines)).status == 200


def test_a_browser_on_http_1_0_gets_a_page_or_a_clear_refusal(daemon):
    d = daemon(CLOCK)
    assert http(d, b"GET /clock HTTP/1.0\r\n\r\n").status in (426, 505)


@pytest.mark.key("max_header")
def test_a_head_may_have_max_header_bytes_and_no_more(daemon):
    d = daemon("[limits]\nmax_header = 1k\n[/echo]\nexec = cat\n")
    plain = request("/echo", d.host, [("X", "")])
    fitting = d.handshake("/echo", [("X", "x" * (1024 - len(plain)))])
    assert len(fitting.sent_head) == 1024 and fitting.response.status == 101
    assert d.handshake("/echo", [("X", "x" * (1025 - len(plain)))]).response.status == 431


@pytest.mark.key("max_header")
def test_a_head_without_end_is_431_as_soon_as_it_is_too_long(daemon):
    d = daemon("[limits]\nmax_header = 1k\n[/echo]\nexec = cat\n")
    answer = http(d, b"GET /echo HTTP/1.1\r\nX: " + b"x" * 3000)
    assert answer.status == 431


def test_no_line_of_the_head_is_reflected_into_the_answers_head(daemon):
    d = daemon(CLOCK)
    answer = http(d, f"GET /x%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    assert answer.status in (400, 404)
    assert "set-cookie" not in answer.headers
