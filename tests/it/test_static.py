# SPDX-License-Identifier: MIT
"""Paths with files: what is served, what never is, parts of it, and downloads that take their time."""

import email.utils
import hashlib
import json
import os
import re
import socket
import time

import procfs
import pytest
from harness import get, http, preloaded, with_canary
from inicheck import HEAD, fails
from rawws import RawWS
from test_reload import reload
from waiting import until

MIB = 1024 * 1024
BIG = 48 * MIB
pytestmark = pytest.mark.key("static")


@pytest.fixture
def www(rundir):
    """A directory with a page, its script, and a directory of its own."""
    rundir.chmod(0o755)
    (rundir / "index.html").write_text("<!DOCTYPE html><script src=app.js></script>")
    (rundir / "app.js").write_text("new WebSocket('/ws')")
    (rundir / "docs").mkdir()
    (rundir / "docs" / "index.html").write_text("docs")
    (rundir / "ten").write_text("0123456789")
    return rundir


@pytest.fixture
def site(daemon, www):
    """A daemon that serves it at /."""
    return daemon(f"[/*]\nstatic = {www}\n[/ws]\nexec = cat\n")


def test_a_page_and_its_websocket_live_side_by_side(site):
    assert "<script" in get(site, "/").text
    assert get(site, "/app.js").text == "new WebSocket('/ws')"
    assert site.ws("/ws").echoes()


def test_the_head_says_what_it_is_and_lets_the_page_run_its_scripts(site, www):
    headers = get(site, "/app.js").headers
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["content-length"] == "20"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["accept-ranges"] == "bytes" and headers["etag"].startswith('"')
    modified = email.utils.parsedate_to_datetime(headers["last-modified"]).timestamp()
    assert modified == int((www / "app.js").stat().st_mtime)
    assert headers["cache-control"] == "no-cache"
    assert "content-security-policy" not in headers


@pytest.mark.parametrize(
    "name, kind",
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.tar.GZ", "application/gzip"),
        ("a.svg", "image/svg+xml"),
        ("a.exe", "application/octet-stream"),
        ("html", "application/octet-stream"),
    ],
)
def test_the_type_is_the_endings(site, www, name, kind):
    (www / name).write_text("x")
    assert get(site, f"/{name}").headers["content-type"] == kind


def test_names_are_decoded(site, www):
    (www / "a b+c%.txt").write_text("found")
    assert get(site, "/a%20b+c%25.txt?query=1").text == "found"


def test_an_empty_file_has_nothing(site, www):
    (www / "empty").touch()
    answer = get(site, "/empty", [("Range", "bytes=-5")])
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


# ---- directories ----


def test_a_directory_is_its_index(site):
    assert get(site, "/docs/").text == "docs"


@pytest.mark.parametrize("target, to", [("/docs", "./docs/"), ("/docs?a=b", "./docs/?a=b"), ("/d%6Fcs", "./d%6Fcs/")])
def test_a_directory_without_its_slash_is_redirected_relatively(site, target, to):
    answer = get(site, target)
    assert (answer.status, answer.headers["location"]) == (301, to)


def test_no_redirect_leads_to_another_site(site, www):
    (www / "http:").mkdir()
    assert get(site, "/http:").headers["location"] == "./http:/"
    for target in ("//docs", "//evil.example/docs", "/\\docs", "/%5cdocs", "/%2fdocs"):
        answer = get(site, target)
        assert answer.status in (400, 404) and "location" not in answer.headers, target


def test_the_path_of_the_files_itself_wants_its_slash_too(daemon, www):
    d = daemon(f"[/x/*]\nstatic = {www}\n")
    assert get(d, "/x/app.js").status == get(d, "/x/").status == 200
    answer = get(d, "/x")
    assert (answer.status, answer.headers["location"]) == (301, "./x/")


@pytest.mark.parametrize("target", ["/none", "/none/", "/empty/", "/index.html/", "/app.js/x", "/docs/none/none"])
def test_what_is_not_there_is_404(site, www, target):
    (www / "empty").mkdir()
    assert get(site, target).status == 404


def test_without_a_star_it_is_the_index_or_the_file_alone(daemon, www):
    d = daemon(f"[/]\nstatic = {www}\n[/logo]\nstatic = {www}/app.js\n")
    assert "<script" in get(d, "/").text
    assert get(d, "/app.js").status == 404
    answer = get(d, "/logo")
    assert (answer.text, answer.headers["content-type"]) == ("new WebSocket('/ws')", "text/javascript; charset=utf-8")


def test_the_exact_path_wins_and_then_the_longest_prefix(daemon, www):
    d = daemon(f"[/*]\nstatic = {www}\n[/docs/*]\nstatic = {www}\n[/docs/here]\nexec = cat\n")
    assert "<script" in get(d, "/docs/").text
    assert get(d, "/docs/here").status == 426


def test_files_at_the_root_hide_the_list_of_paths_but_not_health(site):
    assert "paths" not in get(site, "/").text
    assert get(site, "/healthz").text == "ok\n"


def test_the_lists_of_paths_know_what_is_no_websocket(daemon, www):
    d = daemon(f"[web]\nconsole = yes\n[/x/*]\nstatic = {www}\n[/ws]\nexec = cat\n")
    assert "/x/*" in get(d, "/").text and "files" in get(d, "/").text
    assert [path["path"] for path in json.loads(get(d, "/-/paths.json").text)] == ["/ws", "/canary"]


# ---- what never is served ----


def test_names_with_a_dot_in_front_do_not_exist(site, www):
    (www / ".git").mkdir()
    (www / ".git" / "config").write_text("secret")
    (www / "docs" / ".htpasswd").write_text("secret")
    for target in ("/.git/config", "/.git", "/docs/.htpasswd", "/%2egit/config"):
        assert get(site, target).status == 404


@pytest.mark.parametrize("target", ["/../secret", "/docs/../../secret", "/%2e%2e/secret", "/docs/%2e%2e%2f../secret"])
def test_no_dots_lead_out(daemon, www, target):
    (www / "secret").write_text("secret")
    (www / "in").mkdir()
    d = daemon(f"[/*]\nstatic = {www}/in\n")
    assert get(d, target).status == 404


def test_symbolic_links_are_followed_below_only(site, www, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (www / "inside").symlink_to("docs/index.html")
    (www / "up").symlink_to("docs/../docs")
    (www / "out").symlink_to(tmp_path / "secret")
    (www / "outer").symlink_to(tmp_path)
    (www / "dots").symlink_to("../" * 9 + "etc/passwd")
    (www / "process").symlink_to("/proc/self/root")
    (www / "loop").symlink_to("loop")
    assert get(site, "/inside").text == get(site, "/up/").text == "docs"
    for target in ("/out", "/outer/secret", "/dots", "/process/etc/passwd", "/loop"):
        assert get(site, target).status == 404, target


def test_only_regular_files_are_opened(site, www):
    os.mkfifo(www / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(www / "sock"))
    for target in ("/fifo", "/sock"):
        assert get(site, target).status == 404


def test_what_the_user_may_not_read_is_403(daemon, www):
    (www / "secret").write_text("secret")
    (www / "secret").chmod(0o600)
    d = daemon(f"[server]\nlisten = 127.0.0.1:0\nuser = nobody\n[/*]\nstatic = {www}\n")
    assert get(d, "/secret").status == 403
    assert get(d, "/app.js").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_files_are_only_read(site, method):
    answer = get(site, "/app.js", method=method)
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD"


def test_files_are_no_websocket(site):
    answer = site.handshake("/app.js").response
    assert answer.status == 400 and "no WebSocket" in answer.text


def test_who_may_not_use_the_path_gets_no_file(daemon, www):
    d = daemon(f"[/*]\nstatic = {www}\ndeny = 127.0.0.1\n")
    assert get(d, "/app.js").status == 403


def test_who_is_not_known_to_the_path_gets_no_file(daemon, www, rundir):
    token = "s3cret"
    (rundir / "tokens").write_text(f"sha256:{hashlib.sha256(token.encode()).hexdigest()} robot\n")
    auth = f"[auth robots]\ntype = token\ntokens = {rundir}/tokens\n"
    d = daemon(f"{auth}[/*]\nstatic = {www}\nauth = robots\n")
    assert get(d, "/ten").status == get(d, "/docs").status == get(d, "/none").status == 401
    assert get(d, "/ten", [("Authorization", f"Bearer {token}")]).text == "0123456789"
    d.wait_log("served status=200 .*user=robot ")


# ---- parts, and what the client has already ----


@pytest.mark.parametrize(
    "asked, part, text",
    [
        ("bytes=0-0", "0-0", "0"),
        ("bytes=2-4", "2-4", "234"),
        ("bytes=7-", "7-9", "789"),
        ("bytes=7-99", "7-9", "789"),
        ("bytes=-3", "7-9", "789"),
        ("bytes=-99", "0-9", "0123456789"),
    ],
)
def test_one_range_is_206(site, asked, part, text):
    answer = get(site, "/ten", [("Range", asked)])
    assert (answer.status, answer.text) == (206, text)
    assert answer.headers["content-range"] == f"bytes {part}/10"
    assert answer.headers["content-length"] == str(len(text))


@pytest.mark.parametrize("asked", ["bytes=1-2,4-5", "bytes=5-2", "lines=1-2", "bytes=x", ""])
def test_other_ranges_get_the_whole(site, asked):
    answer = get(site, "/ten", [("Range", asked)])
    assert (answer.status, answer.text) == (200, "0123456789")


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"])
def test_a_range_that_is_not_there_is_416(site, asked):
    answer = get(site, "/ten", [("Range", asked)])
    assert answer.status == 416 and answer.headers["content-range"] == "bytes */10"


def test_a_file_that_the_client_has_is_304(site, www):
    first = get(site, "/ten").headers
    etag, date = first["etag"], first["last-modified"]
    known = [
        [("If-None-Match", etag)],
        [("If-None-Match", f'"x", W/{etag}')],
        [("If-None-Match", "*")],
        [("If-Modified-Since", date)],
        [("If-None-Match", etag), ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")],
    ]
    for fields in known:
        answer = get(site, "/ten", fields)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag), fields
        assert "content-length" not in answer.headers
    changed = [
        [("If-None-Match", '"x"')],
        [("If-None-Match", '"x"'), ("If-Modified-Since", date)],
        [("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")],
        [("If-Modified-Since", "nonsense")],
    ]
    for fields in changed:
        assert get(site, "/ten", fields).status == 200, fields
    (www / "ten").write_text("9876543210")
    assert get(site, "/ten", [("If-None-Match", etag)]).text == "9876543210"


def test_a_part_goes_on_only_from_the_same_file(site):
    first = get(site, "/ten").headers
    part = ("Range", "bytes=5-")
    for same in (first["etag"], first["last-modified"]):
        assert get(site, "/ten", [part, ("If-Range", same)]).status == 206
    for other in ('"x"', f"W/{first['etag']}", "*", "Sun, 06 Nov 1994 08:49:37 GMT"):
        assert get(site, "/ten", [part, ("If-Range", other)]).status == 200


def test_conditions_that_do_not_hold_are_412(site):
    etag = get(site, "/ten").headers["etag"]
    assert get(site, "/ten", [("If-Match", etag)]).status == 200
    assert get(site, "/ten", [("If-Match", '"x"')]).status == 412
    assert get(site, "/ten", [("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")]).status == 412


def test_head_is_get_without_the_file(site):
    whole, head = get(site, "/ten"), get(site, "/ten", [("Range", "bytes=1-2")], method="HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified"):
        assert head.headers[name] == whole.headers[name]


# ---- downloads ----


@pytest.fixture
def big(www):
    """The digest of www/big, which no socket takes at once."""
    data = os.urandom(MIB) * (BIG // MIB)
    (www / "big").write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def ask(d, path="/big", **how):
    """A client that has asked for PATH and read only the head."""
    client = RawWS(d.connect(**how), None)
    client.send_bytes(f"GET {path} HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    end = until(lambda: client.sock.recv(4096, socket.MSG_PEEK).find(b"\r\n\r\n") + 1, "the head's end") + 3
    assert b" 200 OK" in client.sock.recv(end).split(b"\r\n")[0]
    return client


def rest(client):
    """(how many bytes come after the head, their digest)"""
    digest, n = hashlib.sha256(), 0
    while data := client.sock.recv(1 << 18):
        digest.update(data)
        n += len(data)
    return n, digest.hexdigest()


def test_a_large_file_is_never_in_memory(site, big):
    site.wait_log("listening")
    procfs.forget_peak(site.pid)
    before = procfs.peak(site.pid)
    clients = [ask(site) for _ in range(4)]
    assert [rest(client) for client in clients] == [(BIG, big)] * 4
    assert procfs.peak(site.pid) - before < 2 * MIB


def test_a_client_that_reads_nothing_holds_up_nobody(site, big):
    stalled = ask(site, receive_buffer=4096)
    assert site.ws("/ws").echoes()
    assert rest(ask(site)) == (BIG, big)
    assert rest(stalled) == (BIG, big)


def test_a_client_that_ends_its_side_gets_it_all(site, big):
    client = ask(site, receive_buffer=65536)
    client.sock.shutdown(socket.SHUT_WR)
    assert rest(client) == (BIG, big)


@pytest.mark.key("send_timeout")
def test_a_client_that_takes_nothing_goes_after_send_timeout(daemon, www, big):
    d = daemon(f"[/*]\nstatic = {www}\nsend_timeout = 300ms\n")
    client = ask(d, receive_buffer=4096)
    d.wait_log(r"/big: served status=200 .*bytes=\d+ .*reason=\"the client takes nothing \(send_timeout\)\"")
    assert rest(client)[0] < BIG


def test_a_file_that_becomes_shorter_is_cut_and_not_padded(site, www, big):
    client = ask(site, receive_buffer=4096)
    os.truncate(www / "big", 1000)
    assert rest(client)[0] < BIG
    site.wait_log(r"served status=200 .*reason=\"the file became shorter\"")


def test_a_file_that_is_replaced_meanwhile_stays_the_one_it_was(site, www, big):
    client = ask(site, receive_buffer=4096)
    (www / "new").write_text("new")
    (www / "new").rename(www / "big")
    assert rest(client) == (BIG, big)
    assert get(site, "/big").text == "new"


def test_a_download_is_no_handshake(daemon, www, big):
    """It is not evicted as the oldest, and keeps no handshake out."""
    d = daemon(f"[limits]\nmax_handshakes = 2\n[/*]\nstatic = {www}\n[/ws]\nexec = cat\n")
    clients = [ask(d, receive_buffer=4096) for _ in range(4)]
    slow = d.raw()
    slow.send_bytes(b"GET /ten HTTP/1.1\r\n")
    assert d.ws("/ws").echoes()
    slow.send_bytes(f"Host: {d.host}\r\n\r\n".encode())
    assert slow.read_response().text == "0123456789"
    crowd = [d.raw() for _ in range(3)]
    d.wait_log("dropped: max_handshakes")
    assert len(crowd) == 3
    assert [rest(client) for client in clients] == [(BIG, big)] * 4


@pytest.mark.key("max_connections")
def test_downloads_count_as_connections(daemon, www, big):
    d = daemon(f"[limits]\nmax_connections = 3\n[/*]\nstatic = {www}\n[/ws]\nexec = cat\n")
    first, second = ask(d, receive_buffer=4096), ask(d, receive_buffer=4096)
    assert d.handshake("/ws").response.status == 503
    answer = get(d, "/ten")
    assert answer.status == 503 and "max_connections" in answer.text
    assert rest(first) == rest(second) == (BIG, big)
    first.sock.close()
    until(lambda: d.handshake("/ws").response.status == 101, "room for a session")


@pytest.mark.key("max_per_address")
def test_downloads_count_for_their_address(daemon, www, big):
    limit = "[limits]\nmax_per_address = 2\n"
    d = daemon(f"[server]\nlisten = 0.0.0.0:0\n{limit}[/*]\nstatic = {www}\n", own_network=True)
    away = {"address": f"192.0.2.1:{d.port}", "bind": "192.0.2.1", "receive_buffer": 4096}
    downloads = [ask(d, **away) for _ in range(2)]
    third = RawWS(d.connect(**away), None)
    third.send_bytes(f"GET /ten HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    answer = third.read_response()
    assert answer.status == 429 and "max_per_address" in answer.text
    assert [rest(client) for client in downloads] == [(BIG, big)] * 2


def test_a_reload_leaves_downloads_alone(site, www, big):
    client = ask(site, receive_buffer=4096)
    reload(site, with_canary(f"[/new/*]\nstatic = {www}\n"))
    assert get(site, "/ten").status == 404 and get(site, "/new/ten").status == 200
    assert rest(client) == (BIG, big)


def test_a_client_that_left_is_forgotten(site, big):
    ask(site, receive_buffer=4096).reset()
    site.wait_log(r"served status=200 .*reason=\"connection lost\"")


@pytest.mark.without("exit", reason="the test ends the daemon itself")
@pytest.mark.without("children", "descriptors", "canary", "memory", reason="there is no daemon any more")
def test_shutdown_does_not_wait_for_downloads(site, big):
    ask(site, receive_buffer=4096)
    site.terminate()
    assert site.wait_exit() == 0


def test_a_client_of_tls_that_has_gone_is_let_go(daemon, www, big, certificate):
    """It has said that it will send no more, which is no reason to go; then it goes."""
    d = daemon(f"[server]\nlisten = 127.0.0.1:0 tls\n{certificate().ini()}[/*]\nstatic = {www}\n")
    sock = d.connect()
    sock.sendall(f"GET /big HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    sock.close_notify()
    sock.shutdown(socket.SHUT_WR)
    assert sock.sock.recv(1)
    sock.close()
    d.wait_log(r"#\d+ /big: served status=200 .*reason=\"connection lost\"$")


def test_a_download_by_tls_is_the_same(daemon, www, big, certificate):
    d = daemon(f"[server]\nlisten = 127.0.0.1:0 tls\n{certificate().ini()}[/*]\nstatic = {www}\n")
    client = d.raw()
    client.send_bytes(f"GET /big HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    answer = client.read_response(30)
    assert (len(answer.body), hashlib.sha256(answer.body).hexdigest()) == (BIG, big)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_file_that_the_disk_has_to_bring_is_waited_for(daemon, www, big, certificate, tls):
    with open(www / "big", "rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    listen = f"[server]\nlisten = 127.0.0.1:0 tls\n{certificate().ini()}" if tls else ""
    d = daemon(f"{listen}[/*]\nstatic = {www}\n")
    client = d.raw()
    client.send_bytes(f"GET /big HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
    answer = client.read_response(30)
    assert (len(answer.body), hashlib.sha256(answer.body).hexdigest()) == (BIG, big)


COLD = """
#include <errno.h>
#include <sys/uio.h>

/* The disk never brings it. */
ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	errno = EAGAIN;
	return -1;
}
"""


def test_a_disk_that_takes_its_time_is_asked_now_and_then(daemon, www, tmp_path):
    """Each 2 ms, for a second."""
    (www / "small").write_text("at last")
    d = daemon(f"[/*]\nstatic = {www}\n", env=preloaded(tmp_path, COLD))
    since = time.monotonic()
    assert get(d, "/small").body == b"at last"
    assert time.monotonic() - since > 0.9, "the disk was waited for too early"


# ---- the log ----


@pytest.mark.key("access")
def test_each_file_is_a_line_of_the_log(daemon, www):
    d = daemon(f"[/*]\nstatic = {www}\n")
    get(d, "/ten?secret=1", [("Range", "bytes=2-4")])
    d.wait_log(r"^#\d+ /ten: served status=206 peer=127\.0\.0\.1:\d+ user=- bytes=3 seconds=\d\.\d{3} reason=\"\"$")
    get(d, "/ten", [("If-None-Match", "*")])
    d.wait_log(r"/ten: served status=304 .*bytes=0 ")
    assert "secret" not in d.log()


@pytest.mark.key("access")
def test_or_none(daemon, www):
    d = daemon(f"[logging]\naccess = no\n[/*]\nstatic = {www}\n")
    get(d, "/ten")
    get(d, "/none")
    d.wait_log("refused status=404")
    assert "served" not in d.log()


# ---- before the start ----


def test_t_looks_at_what_is_to_be_served(check, www):
    for path, static, line in (
        ("/x/*", "/none", "no such file"),
        ("/x/*", www / "ten", "not a directory"),
        ("/x", "/dev/null", "not a directory"),
        ("/x/*", "www", "not an absolute path"),
    ):
        fails(check(HEAD + f"[{path}]\nstatic = {static}\n"), (4, line))
    (www / "docs").chmod(0o700)
    fails(check(HEAD + f"user = nobody\n[/x/*]\nstatic = {www}/docs\n"), (5, "Permission denied"))


def test_t_warns_of_files_that_everybody_can_change(check, www):
    ini = HEAD + f"[/x/*]\nstatic = {www}\n"
    assert not [line for line in check(ini).lines if "every user" in line]
    www.chmod(0o777)
    assert any(re.search(r"ini:4: warning: static: .*every user", line) for line in check(ini).lines)


def test_files_alone_may_be_open_to_the_network(check, www):
    head = "[server]\nuser = root\nlisten = 0.0.0.0:0\n"
    files = f"[/*]\nstatic = {www}\n"
    assert check(head + files).lines == ["wsbridged: wsbridge.ini is good"]
    assert any("open to the network" in line for line in check(head + files + "[/x]\nexec = cat\n").lines)


def test_a_path_has_files_or_a_program(check):
    fails(check(HEAD + "[/x]\nexec = cat\nstatic = /tmp\n"), (5, "two sources"))
    fails(check(HEAD + "[defaults]\nstatic = /tmp\n[/x]\nexec = cat\n"), (4, "static"))


def test_a_head_of_http_1_0_gets_its_file(site):
    assert http(site, f"GET /ten HTTP/1.0\r\nHost: {site.host}\r\n\r\n".encode()).text == "0123456789"
