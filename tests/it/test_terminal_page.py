# SPDX-License-Identifier: MIT
"""The page of a path with pty: who gets it, and what it may do in a browser."""

import re
import subprocess

import pytest
from harness import ROOT, get
from test_web import GZIP, page

PAGES = "[web]\nconsole = yes\nterminal = yes\n"
SHELL = "[/shell]\nexec = cat\npty = 24x80\n"
TOKEN = "[auth ci]\ntype = token\ntoken = sha256:{} joe\n".format(
    "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"  # of "secret"
)


def is_terminal(answer):
    return "terminal.js" in page(answer)


@pytest.mark.key("terminal")
def test_there_is_no_terminal_unless_asked_for(daemon):
    d = daemon("[web]\nconsole = yes\n" + SHELL)
    for path in ("/-/terminal/shell", "/-/terminal.js", "/-/xterm.js"):
        assert get(d, path, GZIP).status == 404
    assert "console.js" in page(get(d, "/shell", GZIP))


@pytest.mark.key("terminal")
def test_a_path_with_pty_is_a_terminal_at_its_own_address_and_below_the_pages(daemon):
    d = daemon("[web]\nterminal = yes\n" + SHELL + "[/cat]\nexec = cat\n")
    beside, own = get(d, "/-/terminal/shell", GZIP), get(d, "/shell", GZIP)
    assert (beside.status, own.status) == (200, 426)
    assert is_terminal(beside) and is_terminal(own)
    for path in ("/cat", "/nothing", "", "/shell/x"):
        assert get(d, f"/-/terminal{path}", GZIP).status == 404
    assert "terminal.js" not in page(get(d, "/cat", GZIP)) and get(d, "/-/console", GZIP).status == 404
    assert d.handshake("/-/terminal/shell").response.status == 404


def test_prefix_paths_have_terminals_and_hide_none(daemon):
    d = daemon(PAGES + SHELL + "[/*]\nexec = cat\n[/many/*]\nexec = cat\npty = 24x80\n")
    assert is_terminal(get(d, "/-/terminal/many/one", GZIP)) and is_terminal(
        get(d, "/-/terminal/shell", GZIP)
    )
    assert get(d, "/-/terminal/x", GZIP).status == 404
    assert get(d, "/-/xterm.js", GZIP).headers["content-type"].startswith("text/javascript")


def test_the_page_refers_to_what_is_there_and_has_no_inline_code(daemon):
    d = daemon(PAGES + SHELL)
    html = page(get(d, "/-/terminal/shell", GZIP))
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html)
    links = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert len(links) == 5
    scripts = page(get(d, "/-/terminal.js", GZIP))
    links += re.findall(r"from '([^']+)'", scripts)
    assert len(links) == 8
    for link in links:
        answer = get(d, link, GZIP)
        assert answer.status == 200 and "unsafe" not in answer.headers["content-security-policy"], link


def test_its_policy_takes_style_elements_with_a_nonce_that_is_another_each_time(daemon):
    d = daemon(PAGES + SHELL)
    seen = set()
    for path in ("/-/terminal/shell", "/shell"):
        answer = get(d, path)
        policy = dict(r.strip().split(" ", 1) for r in answer.headers["content-security-policy"].split(";"))
        [nonce] = re.findall(r'nonce="([A-Za-z0-9+/=]{24})"', answer.text)
        assert (
            policy["style-src-elem"] == f"'self' 'nonce-{nonce}'"
            and policy["style-src-attr"] == "'unsafe-inline'"
        )
        assert (
            policy["script-src"] == "'self'"
            and policy["default-src"] == policy["frame-ancestors"] == "'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        seen.add(nonce)
    assert len(seen) == 2


@pytest.mark.key("allow")
def test_pages_that_connect_are_for_addresses_that_are_allowed(daemon):
    d = daemon(PAGES + "allow = 127.0.0.9\n" + SHELL + "[/cat]\nexec = cat\n")
    assert get(d, "/-/console", GZIP).status == 403
    for path, status in (("/-/terminal/shell", 200), ("/shell", 426), ("/cat", 426)):
        answer = get(d, path, GZIP)
        assert answer.status == status and "<script" not in page(answer)
        assert "is not for your address" in page(answer)
    assert d.ws("/cat").echoes("the paths themselves are open")


@pytest.mark.key("allow")
def test_by_default_they_are_for_this_machine_alone(daemon):
    d = daemon("[server]\nlisten = 0.0.0.0:0\n" + PAGES + SHELL, own_network=True)
    answer = get(d, "/-/terminal/shell", GZIP)
    assert is_terminal(answer)
    d.addresses = [f"192.0.2.1:{d.port}"]
    assert get(d, "/-/console", GZIP).status == 403
    answer = get(d, "/-/terminal/shell", GZIP)
    assert answer.status == 200 and not is_terminal(answer)


@pytest.mark.key("allow")
def test_whoever_a_path_knows_gets_its_page_from_anywhere(daemon):
    d = daemon(PAGES + "allow = 127.0.0.9\n" + TOKEN + SHELL + "auth = ci\n")
    assert get(d, "/-/terminal/shell", GZIP).status == 401
    known = [*GZIP, ("Authorization", "Bearer secret")]
    assert is_terminal(get(d, "/-/terminal/shell", known)) and is_terminal(get(d, "/shell", known))
    assert get(d, "/-/xterm.js", GZIP).status == 200


def test_the_page_is_for_those_that_may_open_the_path(daemon):
    d = daemon(PAGES + SHELL + "allow = 127.0.0.9\n")
    assert get(d, "/-/terminal/shell", GZIP).status == 403


def test_a_link_of_another_site_opens_no_terminal(daemon):
    d = daemon(PAGES + SHELL)
    for path, status in (("/-/terminal/shell", 200), ("/shell", 426)):
        for site in ("cross-site", "same-site"):
            answer = get(d, path, [*GZIP, ("Sec-Fetch-Site", site)])
            assert answer.status == status and "<script" not in page(answer)
            assert '<a href="/shell">Open it in the terminal</a>' in page(answer)
        assert is_terminal(get(d, path, [*GZIP, ("Sec-Fetch-Site", "same-origin")]))


def test_what_is_embedded_of_others_is_what_they_ship():
    for sums in (ROOT / "src/web").glob("*/SHA256SUMS"):
        subprocess.run(["sha256sum", "--quiet", "-c", sums.name], cwd=sums.parent, check=True)
        named = {line.split()[1] for line in sums.read_text().splitlines()}
        assert named == {f.name for f in sums.parent.iterdir()} - {"SHA256SUMS", "README.md"}
