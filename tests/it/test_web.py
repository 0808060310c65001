# SPDX-License-Identifier: MIT
"""The console that the daemon serves to browsers."""

import gzip
import re
import subprocess

import pytest
from harness import ROOT, get
from rawws import RawWS
from test_auth import token_line

CLOCK = "[/clock]\nshell = date; exec cat\n"
CONSOLE = "[web]\nconsole = yes\n" + CLOCK
GZIP = [("Accept-Encoding", "gzip, deflate")]


def page(answer):
    body = gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
    return body.decode("utf-8")


@pytest.mark.key("console")
def test_there_is_no_console_unless_asked_for(daemon):
    d = daemon(CLOCK)
    assert get(d, "/-/console", GZIP).status == 404
    assert "<script" not in page(get(d, "/clock", GZIP))


@pytest.mark.key("console")
def test_the_console_is_served_compressed(daemon):
    answer = get(daemon(CONSOLE), "/-/console", GZIP)
    assert answer.status == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script" in page(answer)


@pytest.mark.key("console")
def test_a_websocket_path_in_a_browser_is_426_whose_page_is_the_console(daemon):
    d = daemon(CONSOLE)
    answer = get(d, "/clock", GZIP)
    assert answer.status == 426
    assert page(answer) == page(get(d, "/-/console", GZIP))


@pytest.mark.parametrize("source", ["exec = cat", "static = /usr/share"])
def test_a_prefix_path_does_not_hide_the_console(daemon, source):
    d = daemon(f"[web]\nconsole = yes\n[/*]\n{source}\n")
    for path, kind in (("/-/console", "text/html"), ("/-/console.js", "text/javascript"), ("/-/paths.json", "application/json")):
        answer = get(d, path, GZIP)
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("page", ["console", "terminal", "dashboard"])
def test_each_page_brings_the_files_that_all_share_and_none_of_the_others(daemon, page):
    staff = f"[auth staff]\ntype = token\ntoken = {token_line('secret', 'ann')}\n"
    d = daemon(f"[web]\n{page} = yes\nauth = staff\n{staff}{CLOCK}")
    assert [get(d, path, GZIP).status for path in ("/-/page.css", "/-/icon.svg")] == [200, 200]
    for other in {"console", "terminal", "dashboard"} - {page}:
        assert get(d, f"/-/{other}.js", GZIP).status == 404
    assert get(d, "/-/paths.json").status == (404 if page == "dashboard" else 200)


def test_without_a_page_there_is_no_file(daemon):
    assert [get(daemon(CLOCK), path, GZIP).status for path in ("/-/page.css", "/-/icon.svg")] == [404, 404]


@pytest.mark.parametrize("path", ["/-/console", "/-/dashboard"])
def test_the_pages_hold_no_inline_code_and_all_that_they_refer_to_is_there(daemon, path):
    d = daemon(CONSOLE.replace("[web]", "[web]\ndashboard = view"))
    html = page(get(d, path, GZIP))
    assert not re.search(r"<script(?![^>]*\bsrc=)", html), "an inline script"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html), "inline style or handler"
    links = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert any(link.endswith(".js") for link in links)
    for link in links:
        assert link.startswith("/"), f"{link}: relative, or from somewhere else"
        answer = get(d, link, GZIP)
        assert answer.status == 200, link
        kind = {"js": "javascript", "css": "text/css", "svg": "image/svg+xml"}.get(
            link.rpartition(".")[2], "text/html"
        )
        assert kind in answer.headers["content-type"], link
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_console_may_open_a_websocket_to_its_own_origin_only(daemon):
    policy = get(daemon(CONSOLE), "/-/console", GZIP).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if " " in rule.strip())
    assert "*" not in policy
    assert "'self'" in rules.get("connect-src", rules["default-src"])
    assert rules.get("frame-ancestors") == "'none'"


def test_the_list_of_paths_leads_to_them(daemon):
    html = page(get(daemon(CONSOLE), "/", GZIP))
    assert 'href="/clock"' in html and "dashboard" not in html


def test_the_list_of_paths_leads_those_to_the_dashboard_who_may_open_it(daemon):
    d = daemon(CONSOLE.replace("[web]", "[web]\ndashboard = view\nallow = 127.0.0.1"))
    assert 'href="/-/dashboard"' in page(get(d, "/"))
    other = RawWS(d.connect(bind="127.0.0.2"), f"GET / HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    assert "dashboard" not in page(other.response)


@pytest.mark.parametrize("sums", sorted(ROOT.glob("src/web/*/SHA256SUMS")), ids=lambda sums: sums.parent.name)
def test_what_is_taken_from_others_is_as_they_made_it(sums):
    result = subprocess.run(["sha256sum", "-c", sums.name], cwd=sums.parent, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    listed = {line.split()[1] for line in sums.read_text().splitlines()}
    assert listed | {sums.name, "README.md"} == {file.name for file in sums.parent.iterdir()}
    version = re.search(r"[0-9]+\.[0-9]+\.[0-9]+", (sums.parent / "README.md").read_text())[0]
    stanza = re.search(rf"^Files: src/web/{sums.parent.name}/\*\n(?:\S.*\n| .*\n)*", (ROOT / "debian/copyright").read_text(), re.M)
    assert stanza and version in stanza[0], f"{version} is not in debian/copyright"
