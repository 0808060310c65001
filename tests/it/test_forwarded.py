# SPDX-License-Identifier: MIT
"""Who the client is when a proxy stands before the daemon: Forwarded and X-Forwarded-*."""

import os
import re
import signal

import pytest
from harness import get
from waiting import until

ENV = "[/env]\nshell = env; exec cat\n"
TRUSTING = "[server]\ntrusted_proxy = 127.0.0.0/24\n"


def environment(d, fields, path="/env", **how):
    """What a program gets to know of a client with these FIELDS."""
    ws = d.ws(path, fields, **how)
    variables = {}
    while "WSBRIDGE_PATH" not in variables or "REMOTE_PORT" not in variables:
        name, _, value = ws.recv().partition("=")
        variables[name] = value
    ws.text("ready")
    while (line := ws.recv()) != "ready":
        name, _, value = line.partition("=")
        variables[name] = value
    ws.finish()
    return variables


def status(d, path, fields=(), **how):
    return d.handshake(path, fields, **how).response.status


XFF = "X-Forwarded-For"

CLIENTS = [
    ([(XFF, "192.0.2.1")], "192.0.2.1", "0"),
    ([(XFF, "192.0.2.1:4711")], "192.0.2.1", "4711"),
    ([(XFF, "[2001:db8::1]:4711")], "2001:db8::1", "4711"),
    ([(XFF, "203.0.113.9, 192.0.2.1, 127.0.0.7")], "192.0.2.1", "0"),
    ([(XFF, "203.0.113.9"), (XFF, "192.0.2.1"), (XFF, "127.0.0.7, 127.0.0.8")], "192.0.2.1", "0"),
    ([("Forwarded", 'for="[2001:db8::1]:4711";proto=http, for=127.0.0.7')], "2001:db8::1", "4711"),
    ([("Forwarded", "for=203.0.113.9"), ("Forwarded", "for=192.0.2.1")], "192.0.2.1", "0"),
]


@pytest.mark.key("trusted_proxy")
def test_the_client_is_the_last_address_that_is_not_trusted(daemon):
    d = daemon(TRUSTING + ENV)
    for fields, address, port in CLIENTS:
        env = environment(d, fields)
        assert (env["REMOTE_ADDR"], env["REMOTE_HOST"], env["REMOTE_PORT"]) == (address, address, port), fields


@pytest.mark.key("trusted_proxy")
def test_nobody_else_is_believed(daemon):
    d = daemon(TRUSTING + ENV)
    fields = [
        (XFF, "192.0.2.1"),
        ("Forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
    ]
    env = environment(d, fields, bind="127.0.1.1")
    assert env["REMOTE_ADDR"] == "127.0.1.1"
    assert "HTTPS" not in env and env["REQUEST_SCHEME"] == "http"
    assert f"{env['SERVER_NAME']}:{env['SERVER_PORT']}" == d.host
    assert environment(d, [("Forwarded", "nonsense")], bind="127.0.1.1")["REMOTE_ADDR"] == "127.0.1.1"


@pytest.mark.key("trusted_proxy")
def test_by_default_nobody_is_trusted(daemon):
    d = daemon(ENV)
    assert environment(d, [(XFF, "192.0.2.1")])["REMOTE_ADDR"] == "127.0.0.1"


@pytest.mark.key("trusted_proxy")
def test_a_proxy_at_a_unix_socket_is_trusted_by_the_word_unix(daemon, rundir):
    listen = f"listen = unix:{rundir}/%s\n"
    trusting = daemon("[server]\ntrusted_proxy = unix\n" + listen % "a" + ENV)
    assert environment(trusting, [(XFF, "192.0.2.1")])["REMOTE_ADDR"] == "192.0.2.1"
    assert environment(trusting, [])["REMOTE_ADDR"] == "unix"
    other = daemon(TRUSTING + listen % "b" + ENV)
    assert environment(other, [(XFF, "192.0.2.1")])["REMOTE_ADDR"] == "unix"


@pytest.mark.key("trusted_proxy")
def test_the_clients_scheme_is_the_proxys_word(daemon):
    d = daemon(TRUSTING + "server_name = a.example\n" + ENV)
    how = {"host": "a.example"}
    for fields in (
        [("X-Forwarded-Proto", "https")],
        [("X-Forwarded-Proto", "wss")],
        [("Forwarded", "for=192.0.2.1;proto=https")],
    ):
        env = environment(d, fields, **how)
        assert (env["HTTPS"], env["REQUEST_SCHEME"], env["SERVER_PORT"]) == ("on", "https", "443"), fields
    env = environment(d, [("X-Forwarded-Proto", "http")], **how)
    assert "HTTPS" not in env and env["SERVER_PORT"] == "80"


@pytest.mark.key("trusted_proxy", "server_name", "origin")
def test_the_forwarded_host_is_what_the_client_asked_for(daemon):
    d = daemon(TRUSTING + "server_name = a.example\n" + ENV)
    proxied = [("X-Forwarded-Host", "a.example:8443")]
    assert status(d, "/env", [*proxied, ("Origin", "https://a.example:8443")], host="inner:80") == 101
    assert status(d, "/env", [*proxied, ("Origin", "http://inner")], host="inner") == 403
    assert status(d, "/env", [("Forwarded", "host=a.example"), ("Origin", "https://a.example")], host="x") == 101
    answer = d.handshake("/env", [("X-Forwarded-Host", "evil.example")], host="a.example").response
    assert answer.status == 421 and "add server_name = evil.example" in answer.text
    assert status(d, "/env", [("X-Forwarded-Host", "a.example")], host="evil", bind="127.0.1.1") == 421
    env = environment(d, proxied, host="inner")
    assert (env["SERVER_NAME"], env["SERVER_PORT"]) == ("a.example", "8443")


UNBELIEVABLE = [
    ([(XFF, "nonsense")], "X-Forwarded-For does not tell the client's address"),
    ([(XFF, "192.0.2.1, unknown, 127.0.0.9")], "X-Forwarded-For does not tell the client's address"),
    ([("Forwarded", "for=_hidden")], "Forwarded does not tell the client's address"),
    ([("Forwarded", 'for="192.0.2.1')], "Forwarded is not well-formed"),
    ([("X-Forwarded-Proto", "gopher")], "the forwarded scheme is not http or https"),
    ([("X-Forwarded-Host", "a/b")], "the forwarded host is not valid"),
    ([("Forwarded", "for=10.0.0.1"), (XFF, "192.0.2.1")], "Forwarded and X-Forwarded-For name different clients"),
]


@pytest.mark.key("trusted_proxy")
def test_what_cannot_be_believed_is_400_and_says_why(daemon):
    d = daemon(TRUSTING + ENV)
    for fields, reason in UNBELIEVABLE:
        answer = d.handshake("/env", fields).response
        assert answer.status == 400 and reason in answer.text, fields
        d.wait_log(rf'^#\d+: refused status=400 peer=127\.0\.0\.1:\d+ reason="{re.escape(reason)}" target="/env"$')


@pytest.mark.key("trusted_proxy", "allow")
def test_a_path_is_open_or_not_to_the_client_and_not_to_its_proxy(daemon):
    d = daemon(TRUSTING + "[/some]\nexec = cat\nallow = 192.0.2.0/24 2001:db8::/32\n")
    assert status(d, "/some", [(XFF, "192.0.2.1")]) == 101
    assert status(d, "/some", [(XFF, "2001:db8::1")]) == 101
    assert status(d, "/some", [(XFF, "192.0.3.1")]) == 403
    assert status(d, "/some", [(XFF, "192.0.2.1, 192.0.3.1")]) == 403, "only a proxy's word counts"
    assert status(d, "/some") == 403, "the proxy itself is not listed"
    assert status(d, "/some", [(XFF, "192.0.2.1")], bind="127.0.1.1") == 403
    d.wait_log(r"^#\d+ /some: refused status=403 peer=192\.0\.3\.1:0 reason=.* via=127\.0\.0\.1:\d+$")
    assert get(d, "/some", [(XFF, "192.0.2.1")]).status == 426
    assert get(d, "/some", [(XFF, "192.0.3.1")]).status == 403


@pytest.mark.key("trusted_proxy", "max_per_address")
def test_clients_behind_a_proxy_have_a_share_each(daemon):
    d = daemon(TRUSTING + "[limits]\nmax_per_address = 2\n[/echo]\nexec = cat\n")

    def open_for(address):
        return d.handshake("/echo", [(XFF, address)])

    first, second = open_for("192.0.2.1"), open_for("192.0.2.1")
    assert first.echoes() and second.echoes()
    assert open_for("192.0.2.1").response.status == 429
    assert open_for("192.0.2.2").echoes(), "another client"
    six = [open_for(f"2001:db8:0:1::{n}") for n in (1, 2)]
    assert all(ws.echoes() for ws in six)
    assert open_for("2001:db8:0:1:ffff::3").response.status == 429, "of the same /64"
    assert open_for("2001:db8:0:2::1").echoes(), "of another"
    direct = [d.ws("/echo") for _ in range(3)]
    assert all(ws.echoes() for ws in direct), "loopback is exempt"
    first.finish()

    def attempt():
        raw = open_for("192.0.2.1")
        return raw if raw.response.status == 101 else raw.sock.close()

    assert until(attempt, "room for another of that address").echoes()


@pytest.mark.key("trusted_proxy", "max_per_address")
def test_loopback_that_a_proxy_names_is_not_exempt(daemon):
    d = daemon(TRUSTING + "[limits]\nmax_per_address = 1\n[/echo]\nexec = cat\n")
    assert d.ws("/echo", [(XFF, "127.0.1.1")]).echoes()
    assert status(d, "/echo", [(XFF, "127.0.1.1")]) == 429


@pytest.mark.key("trusted_proxy")
def test_the_log_has_the_client_and_the_proxy(daemon):
    d = daemon(TRUSTING + "[/echo]\nexec = cat\n")
    ws = d.ws("/echo", [(XFF, "192.0.2.1:99")])
    port = ws.sock.getsockname()[1]
    ws.finish()
    d.wait_log(rf"^#\d+ /echo: disconnected peer=192\.0\.2\.1:99 .* via=127\.0\.0\.1:{port}$")
    d.ws("/echo").finish()
    d.wait_log(r"^#\d+ /echo: disconnected peer=127\.0\.0\.1:\d+ .* round_trip=-$")


@pytest.mark.key("trusted_proxy")
def test_a_reload_changes_whom_to_trust_and_open_sessions_stay(daemon, tmp_path):
    d = daemon("[server]\ntrusted_proxy = 127.0.0.1\n" + ENV)
    ws = d.ws("/env", [(XFF, "192.0.2.1")])
    assert environment(d, [(XFF, "192.0.2.1")])["REMOTE_ADDR"] == "192.0.2.1"
    file = tmp_path / "wsbridge.ini"
    file.write_text(file.read_text().replace("trusted_proxy = 127.0.0.1", "trusted_proxy = 127.0.0.2"))
    os.kill(d.pid, signal.SIGHUP)
    d.wait_log("is taken")
    assert environment(d, [(XFF, "192.0.2.1")])["REMOTE_ADDR"] == "127.0.0.1"
    assert environment(d, [(XFF, "192.0.2.1")], bind="127.0.0.2")["REMOTE_ADDR"] == "192.0.2.1"
    ws.text("still there")
    until(lambda: ws.recv() == "still there", "the echo")


@pytest.mark.key("listen")
def test_a_client_that_speaks_tls_with_the_proxy_is_not_sent_to_https(daemon):
    d = daemon("[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 redirect\ntrusted_proxy = 127.0.0.1\n" + ENV)
    plain = d.addresses[1]
    assert d.handshake("/env", address=plain).response.status in range(300, 400)
    assert status(d, "/env", [("X-Forwarded-Proto", "https")], address=plain) == 101
    assert status(d, "/env", [("X-Forwarded-Proto", "http")], address=plain) in range(300, 400)


@pytest.mark.key("trusted_proxy", "max_per_address")
def test_what_its_clients_have_is_not_the_proxys_share(daemon):
    d = daemon(
        "[server]\nlisten = 0.0.0.0:0\ntrusted_proxy = 192.0.2.1\n[limits]\nmax_per_address = 1\n[/echo]\nexec = cat\n",
        own_network=True,
    )
    proxy = {"address": f"192.0.2.1:{d.port}", "bind": "192.0.2.1"}
    clients = [d.ws("/echo", [(XFF, f"198.51.100.{n}")], **proxy) for n in range(3)]
    assert all(ws.echoes() for ws in clients)
    itself = d.ws("/echo", **proxy)
    assert itself.echoes()
    assert status(d, "/echo", **proxy) == 429
