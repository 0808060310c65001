# SPDX-License-Identifier: MIT
"""The page for load balancers: is the daemon there?"""

import pytest
from harness import get, http, with_canary
from inicheck import fails
from test_reload import reload

LOAD = "[/load]\nexec = cat\n"
WITH_NAME = "[server]\nserver_name = example.com\n" + LOAD


def health(d, head):
    return http(d, (head + "\r\n\r\n").encode())


@pytest.mark.key("health")
@pytest.mark.parametrize(
    "what, head",
    [
        ("HTTP/1.0 without Host", "GET /healthz HTTP/1.0"),
        ("HTTP/1.1 without Host", "GET /healthz HTTP/1.1\r\nUser-Agent: lb"),
        ("another Host", "GET /healthz HTTP/1.1\r\nHost: 10.1.2.3.example.net"),
        ("an absolute target", "GET http://lb/healthz HTTP/1.1\r\nHost: lb"),
        ("a query", "GET /healthz?from=lb HTTP/1.1\r\nHost: example.com"),
        ("OPTIONS is another thing", "OPTIONS /healthz HTTP/1.1\r\nHost: example.com"),
    ],
)
def test_a_load_balancer_hears_ok_however_it_asks(daemon, what, head):
    answer = health(daemon(WITH_NAME), head)
    if head.startswith("OPTIONS"):
        assert answer.status == 405
        return
    assert (answer.status, answer.text) == (200, "ok\n")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("head", ["HEAD /healthz HTTP/1.0", "HEAD /healthz HTTP/1.1\r\nHost: a"])
def test_head_has_the_length_and_no_body(daemon, head):
    answer = health(daemon(LOAD), head)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "3")


@pytest.mark.parametrize(
    "status, head",
    [
        (400, "GET / HTTP/1.1\r\nUser-Agent: lb"),
        (400, "GET /load HTTP/1.1"),
        (400, "GET /healthz HTTP/1.1\r\nHost: a/b"),
        (400, "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a"),
        (421, "GET / HTTP/1.1\r\nHost: elsewhere"),
        (421, "GET /healthz/ HTTP/1.1\r\nHost: elsewhere"),
    ],
)
def test_nothing_else_is_answered_without_a_good_host(daemon, status, head):
    assert health(daemon(WITH_NAME), head).status == status


def test_a_health_check_leaves_no_line_in_the_log(daemon):
    d = daemon(LOAD)
    before = d.log()
    assert health(d, "GET /healthz HTTP/1.0").status == 200
    assert get(d, "/nothing").status == 404
    d.wait_log("refused status=404")
    assert "healthz" not in d.log()
    assert len(d.log()[len(before) :].splitlines()) == 1


@pytest.mark.key("health")
def test_the_page_can_be_elsewhere_or_off_and_follows_a_reload(daemon):
    d = daemon("[web]\nhealth = /-/alive\n" + LOAD)
    assert (get(d, "/-/alive").status, get(d, "/healthz").status) == (200, 404)
    reload(d, with_canary("[web]\nhealth = off\n" + LOAD))
    assert (get(d, "/-/alive").status, get(d, "/healthz").status) == (404, 404)
    reload(d, with_canary("[web]\nhealth =\n" + LOAD))
    assert get(d, "/healthz").status == 404
    reload(d, with_canary(LOAD))
    assert get(d, "/healthz").status == 200


def test_a_section_of_that_name_is_a_path_unless_the_page_was_asked_for(daemon, check):
    d = daemon("[/healthz]\nexec = cat\n[/*]\nexec = cat\n")
    assert get(d, "/healthz").status == 426
    assert d.ws("/healthz").echoes()
    fails(check("[web]\nhealth = /x\n[/x]\nexec = cat\n"), (2, r"health = /x .*\[/x\]"))


def test_behind_a_prefix_path_the_page_leaves_the_websockets_alone(daemon):
    d = daemon("[/*]\nexec = cat\n")
    assert get(d, "/healthz").status == 200
    assert d.ws("/healthz").echoes()


@pytest.mark.parametrize("value", ["healthz", "/a b", "/a//b", "/../a", "/a%20b", "/a?b", "/" + "x" * 300])
def test_what_no_request_can_ask_for_is_refused(check, value):
    fails(check(f"[web]\nhealth = {value}\n[/x]\nexec = cat\n"), (2, "health: .* neither off nor a path"))
