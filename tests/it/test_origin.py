# SPDX-License-Identifier: MIT
"""Who may open a path: the Origin that a browser says."""

import pytest


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
    d = daemon("[/x]\nexec = cat\n")
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
