# SPDX-License-Identifier: MIT
"""listen = ADDR:PORT redirect: what comes there goes to https."""

import pytest
from harness import get, http, with_canary
from inicheck import HEAD, fails
from test_reload import reload

pytestmark = pytest.mark.key("listen")
ECHO = "[/echo]\nexec = cat\n"


def redirecting(word="redirect", more=""):
    return f"[server]\nlisten = 127.0.0.1:0 {word}\nlisten = 127.0.0.1:0\n{more}{ECHO}"


@pytest.fixture
def d(daemon):
    """Its first listener redirects; the canary lives on the second."""
    return lambda *how: daemon(redirecting(*how), canary=None)


def ask(d, target="/", method="GET", host="bridge.example", fields=""):
    return http(d, f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode())


NAMES = "server_name = bridge.example\n"


@pytest.mark.parametrize(
    "host, target, to",
    [
        ("bridge.example", "/", "https://bridge.example/"),
        ("bridge.example:80", "/a%20b?c=d&e", "https://bridge.example/a%20b?c=d&e"),
        ("bridge.example", "/?", "https://bridge.example/?"),
        ("BRIDGE.example", "/nothing", "https://BRIDGE.example/nothing"),
        ("[::1]:80", "/echo", "https://[::1]/echo"),
        ("ignored", "http://bridge.example/echo", "https://bridge.example/echo"),
        ("ignored", "http://bridge.example", "https://bridge.example/"),
    ],
)
def test_a_page_is_at_https_with_the_same_host_and_target(d, host, target, to):
    answer = ask(d("redirect", NAMES), target, host=host)
    assert (answer.status, answer.headers["location"]) == (301, to)
    assert "https://" in answer.text


def test_a_target_for_which_an_answer_has_no_room_is_refused_and_not_for_want_of_memory(d):
    d = d("redirect", NAMES + "[limits]\nmax_header = 64k\n")
    room = 65536 - len("GET /? HTTP/1.1\r\nHost: bridge.example\r\n\r\n")
    answer = ask(d, "/?" + "a" * room)
    assert (answer.status, "64 KiB" in answer.text) == (431, True)
    d.wait_log("refused status=431 .*head of the answer would be over 64 KiB")
    assert "redirected" not in d.log() and "memory" not in d.log()
    assert ask(d, "/?" + "a" * (room - 1000)).status == 301


def test_the_port_may_be_another(d):
    assert ask(d("redirect=8443", NAMES)).headers["location"] == "https://bridge.example:8443/"


@pytest.mark.parametrize("method, status", [("HEAD", 301), ("POST", 308), ("DELETE", 308)])
def test_a_method_is_kept(d, method, status):
    answer = ask(d("redirect", NAMES), "/echo", method)
    assert (answer.status, answer.headers["location"]) == (status, "https://bridge.example/echo")


def test_a_websocket_is_told_to_go_there_too(d):
    d = d()
    answer = d.handshake("/echo").response
    assert answer.status == 308 and answer.headers["location"] == "https://127.0.0.1/echo"
    assert "wss://" in answer.text
    assert d.ws("/echo", address=d.addresses[1], host=d.addresses[1]).echoes()


def test_no_host_of_somebody_elses_gets_a_redirect(d):
    d = d("redirect", NAMES)
    answer = ask(d, host="evil.example")
    assert answer.status == 421 and "location" not in answer.headers
    for target in ("//evil.example", "/%0d%0aX:y"):
        answer = ask(d, target)
        assert answer.status == 404 and "location" not in answer.headers


def test_without_a_host_nobody_knows_where_to(d):
    assert http(d(), b"GET / HTTP/1.0\r\n\r\n").status == 400


def test_load_balancers_are_answered_all_the_same(d):
    assert get(d(), "/healthz").status == 200


@pytest.mark.key("access")
def test_the_log_tells(d):
    d = d()
    get(d, "/echo?secret=1")
    d.wait_log(r"^#\d+ /echo: redirected status=301 peer=127\.0\.0\.1:\d+$")
    assert "secret" not in d.log()


def test_a_reload_begins_and_ends_it(daemon):
    d = daemon(ECHO)
    head = with_canary(ECHO).replace("127.0.0.1:0", d.address)
    reload(d, head.replace(d.address, f"{d.address} redirect"))
    assert get(d, "/echo").status == 301
    reload(d, head)
    assert get(d, "/echo").status == 426


@pytest.mark.parametrize("word, error", [("redirect=0", "redirect=0"), ("redirect=", "redirect="), ("redirect=x", "x"), ("redirects", "unknown word")])
def test_a_port_is_a_port(check, word, error):
    fails(check(HEAD.replace(":0", f":0 {word}") + ECHO), (2, error))


def test_it_is_printed(values):
    assert values(HEAD.replace(":0", ":0 redirect=8443") + ECHO)["server", "listen"] == ["127.0.0.1:0 redirect=8443"]


def test_what_a_proxy_took_by_https_is_served(d):
    d = d("redirect", "trusted_proxy = 127.0.0.1\n")
    forwarded = ("X-Forwarded-For", "192.0.2.1")
    assert get(d, "/echo", [forwarded, ("X-Forwarded-Proto", "http")]).status == 301
    assert get(d, "/echo", [forwarded, ("X-Forwarded-Proto", "https")]).status == 426


def test_the_port_is_that_of_the_listener_with_tls(daemon, certificate):
    ini = "[server]\nlisten = 127.0.0.1:0 redirect\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 tls\n"
    d = daemon(ini + certificate().ini() + ECHO, canary=None)
    secure = d.addresses[2]
    answer = get(d, "/echo")
    assert answer.headers["location"] == f"https://{secure.removesuffix(' tls')}/echo"
    assert d.ws("/echo", address=secure, host=secure.removesuffix(" tls")).echoes()


def test_tls_itself_redirects_nowhere(check, certificate):
    fails(check(HEAD.replace(":0", ":0 tls redirect") + certificate().ini() + ECHO), (2, "do not go together"))
