# SPDX-License-Identifier: MIT
"""Who may open a path: the Origin that a browser says."""

import pytest
from harness import http


def status(d, path, origin=None, **how):
    return d.handshake(path, [("Origin", origin)] if origin is not None else [], **how).response.status


@pytest.mark.key("origin")
def test_by_default_only_the_same_origin_may(daemon):
    d = daemon("[/x]\nexec = cat\n")
    assert status(d, "/x", f"http://{d.host}") == 101
    assert status(d, "/x", f"HTTP://{d.host}") == 101
    for foreign in (
        "http://evil.example",
        f"http://127.0.0.1:{d.port + 1}",
        "http://127.0.0.1",
        "null",
        "",
        f"http://{d.host}.evil.example",
    ):
        assert status(d, "/x", foreign) == 403, foreign


@pytest.mark.key("origin")
def test_a_host_without_port_has_the_default_port_of_the_origins_scheme(daemon):
    d = daemon("[server]\nserver_name = bridge.example\n[/x]\nexec = cat\n")
    assert status(d, "/x", "http://bridge.example", host="bridge.example") == 101
    assert status(d, "/x", "http://Bridge.Example:80", host="bridge.example") == 101
    assert status(d, "/x", "https://bridge.example:443", host="bridge.example") == 101
    assert status(d, "/x", "http://bridge.example:8080", host="bridge.example") == 403
    assert status(d, "/x", "https://bridge.example:80", host="bridge.example") == 403


@pytest.mark.key("origin")
def test_a_refusal_says_what_was_refused_and_why(daemon):
    d = daemon("[/shell]\nexec = cat\n")
    answer = d.handshake("/shell", [("Origin", "http://evil.example")]).response
    assert answer.status == 403
    sentence = f"Origin http://evil.example is not allowed for /shell (origin = same, Host is {d.host})"
    assert sentence in answer.text
    d.wait_log("/shell.*" + sentence.replace("(", r"\(").replace(")", r"\)").replace(".", r"\."))


def test_an_origin_is_shown_without_markup(daemon):
    answer = (
        daemon("[/x]\nexec = cat\n").handshake("/x", [("Origin", "http://<script>evil()</script>")]).response
    )
    assert answer.status == 403
    assert "<script>" not in answer.text or answer.headers["content-type"].startswith("text/plain")


@pytest.mark.key("origin")
def test_any_origin_may_where_the_path_says_so(daemon):
    d = daemon("[/x]\nexec = cat\norigin = any\n")
    for origin in ("http://evil.example", "null", "file://"):
        assert status(d, "/x", origin) == 101, origin


@pytest.mark.key("origin")
def test_a_list_names_the_origins_that_may(daemon):
    d = daemon("[/x]\nexec = cat\norigin = https://a.example http://b.example:8080\n")
    assert status(d, "/x", "https://a.example") == 101
    assert status(d, "/x", "HTTPS://A.Example") == 101
    assert status(d, "/x", "http://b.example:8080") == 101
    for foreign in ("http://a.example", "https://a.example:8443", "http://b.example", f"http://{d.host}"):
        assert status(d, "/x", foreign) == 403, foreign


@pytest.mark.key("origin_missing")
def test_a_client_without_origin_may_unless_denied(daemon):
    d = daemon("[/open]\nexec = cat\n[/strict]\nexec = cat\norigin_missing = deny\n")
    assert status(d, "/open") == 101
    assert status(d, "/strict") == 403
    assert status(d, "/strict", f"http://{d.host}") == 101


def test_two_origins_are_no_origin(daemon):
    d = daemon("[/x]\nexec = cat\n")
    answer = d.handshake("/x", [("Origin", f"http://{d.host}"), ("Origin", "http://evil.example")]).response
    assert answer.status in (400, 403)


@pytest.mark.key("origin")
def test_defaults_give_every_path_its_origin_and_a_path_overrides_it(daemon):
    d = daemon("[defaults]\norigin = any\n[/loose]\nexec = cat\n[/strict]\nexec = cat\norigin = same\n")
    assert status(d, "/loose", "http://evil.example") == 101
    assert status(d, "/strict", "http://evil.example") == 403


# ---- server_name ----


def host_status(d, host):
    return d.handshake("/x", host=host).response.status


@pytest.mark.key("server_name")
def test_a_loopback_listener_answers_to_localhost_and_addresses_only(daemon):
    """DNS rebinding: a page of evil.example that resolves to 127.0.0.1 is of the same origin as its Host."""
    d = daemon("[/x]\nexec = cat\n")
    for host in ("localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:80", "192.0.2.1"):
        assert host_status(d, host) == 101, host
    for host in ("evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example"):
        response = d.handshake("/x", [("Origin", f"http://{host}")], host=host).response
        assert response.status == 421, host
        assert f"add server_name = {host.partition(':')[0]}" in response.text
    d.wait_log("421 .*Host evil.example is not served here")


@pytest.mark.key("server_name")
def test_the_pages_keep_to_it_as_well(daemon):
    d = daemon("[web]\nconsole = yes\n[/x]\nexec = cat\n")
    for path in ("/", "/x", "/-/console", "/-/paths.json"):
        head = f"GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        assert http(d, head.encode()).status == 421


@pytest.mark.key("server_name")
def test_a_name_that_is_listed_is_answered(daemon):
    d = daemon("[server]\nserver_name = a.example\nserver_name = b.example\n[/x]\nexec = cat\n")
    assert [host_status(d, h) for h in ("a.example", "B.Example:81", "localhost", "c.example")] == [101, 101, 101, 421]


@pytest.mark.key("server_name")
def test_beyond_loopback_any_name_is_answered_until_some_are_listed(daemon):
    listen = "[server]\nlisten = 0.0.0.0:0\n"
    anyone = daemon(listen + "[/x]\nexec = cat\n")
    assert host_status(anyone, "whatever.example") == 101
    some = daemon(listen + "server_name = a.example\n[/x]\nexec = cat\n", canary=None)
    assert [host_status(some, h) for h in ("a.example", "localhost", "c.example")] == [101, 421, 421]
