# SPDX-License-Identifier: MIT
"""The programs of [hooks]: they decide on requests, and hear of sessions; nobody waits for them."""

import json
import os
import re

import procfs
import pytest
from control import Control
from harness import get, preloaded
from inicheck import fails
from rawws import request
from test_reload import file_of
from waiting import until

ECHO = "[/echo]\nexec = cat\n[/env]\nexec = env\n"


def ini(hook, more="", paths=ECHO):
    return f"[hooks]\non_request = {hook}\n{more}" + paths


@pytest.fixture
def says(program):
    """says(TEXT, STATUS): a hook for all paths but the canary's that writes TEXT and exits with STATUS."""

    def make(text, status=0):
        return program(
            "import os, sys\n"
            "if os.environ['WSBRIDGE_PATH'] == '/canary': sys.exit()\n"
            f"sys.stdout.buffer.write({text.encode()!r})\n"
            f"sys.exit({status})\n"
        )

    return make


def environment(ws):
    text, _, _ = ws.recv_until_close()
    return dict(line.split("=", 1) for line in text if "=" in line)


# ---- what it may say ----


@pytest.mark.key("on_request")
def test_a_hook_that_says_nothing_accepts(daemon, says):
    assert daemon(ini(says(""))).ws("/echo").echoes()


@pytest.mark.key("on_request")
def test_another_exit_status_refuses(daemon, says):
    d = daemon(ini(says("subprotocol x\n", 1)))
    response = d.handshake("/echo").response
    assert response.status == 403 and "on_request hook" in response.text
    assert get(d, "/").status == 200, "pages are not asked for"


def test_a_status_refuses_with_its_text(daemon, says):
    d = daemon(ini(says("status 451 Not in this country\n")))
    response = d.handshake("/echo").response
    assert response.status == 451 and "Not in this country" in response.text
    d.wait_log(r'^#\d+ /echo: refused status=451 .*reason="Not in this country"')


@pytest.mark.parametrize(
    ("status", "phrase"), [(402, "Payment Required"), (418, ""), (499, ""), (511, "Network Authentication Required")]
)
def test_the_phrase_of_a_status_is_the_registered_one_or_empty(daemon, says, status, phrase):
    response = daemon(ini(says(f"status {status} no tea\n"))).handshake("/echo").response
    assert response.status_line == f"HTTP/1.1 {status} {phrase}"
    assert response.text.splitlines() == [f"{status} {phrase}".strip(), "no tea"]


def test_it_chooses_among_the_offered_subprotocols(daemon, says):
    d = daemon(ini(says("subprotocol b\n"), paths="[/echo]\nexec = cat\nsubprotocol = a\n"))
    ws = d.ws("/echo", [("Sec-WebSocket-Protocol", "a, b")])
    assert ws.response.headers["sec-websocket-protocol"] == "b" and ws.echoes()
    assert d.handshake("/echo", [("Sec-WebSocket-Protocol", "a")]).response.status == 502
    assert d.handshake("/echo").response.status == 502
    d.wait_log("on_request: the client does not offer the subprotocol b")


def test_headers_variables_and_user_arrive(daemon, says):
    d = daemon(ini(says("header X-Node: a7\nheader Set-Cookie: s=1; HttpOnly\nenv TENANT=blue moon\nuser alice\n")))
    ws = d.ws("/env")
    assert ws.response.headers["x-node"] == "a7" and ws.response.headers["set-cookie"] == "s=1; HttpOnly"
    seen = environment(ws)
    assert seen["TENANT"] == "blue moon" and seen["REMOTE_USER"] == "alice"
    d.wait_log(r"^#\d+ /env: disconnected .* user=alice ")


@pytest.mark.parametrize(
    "line, why",
    [
        ("nonsense", "a line begins with"),
        ("status 200", "400 to 599"),
        ("status 403 x\nstatus 404", "second status"),
        ("subprotocol a b", "token"),
        ("header X-A: b\r", "control character"),
        ("header Connection: close", "not a hook's"),
        ("header transfer-encoding: chunked", "not a hook's"),
        ("header Sec-WebSocket-Accept: x", "not a hook's"),
        ("header X A: b", "token"),
        ("env WSBRIDGE_ID=1", "not a hook's"),
        ("user ", "name"),
        ("user a\0b", "NUL"),
    ],
)
def test_what_it_may_not_say_is_its_fault(daemon, says, line, why):
    d = daemon(ini(says("env GOOD=1\n" + line + "\n")))
    ws = d.handshake("/echo")
    assert ws.response.status == 502 and "x-a" not in ws.response.headers
    number = 3 if "\n" in line else 2
    d.wait_log(rf"^error: #\d+ /echo: on_request: line {number} of its answer: .*{why}")


def test_too_long_an_answer_is_its_fault(daemon, says):
    d = daemon(ini(says("env A=" + "x" * 9000 + "\n")))
    assert d.handshake("/echo").response.status == 502
    d.wait_log("more than 8192 bytes")


# ---- time and number ----


SLOW = '#!/bin/sh\n[ "$WSBRIDGE_PATH" = /canary ] || exec sleep 60\n'


@pytest.mark.key("timeout")
def test_one_that_takes_too_long_is_killed(daemon, program):
    d = daemon(ini(program(SLOW), "timeout = 500ms\n"))
    response = d.handshake("/echo").response
    assert response.status == 503 and "took too long" in response.text
    until(lambda: len(procfs.children(d.pid)) == 1, "the hook to be gone")


@pytest.mark.key("max_running")
def test_one_too_many_is_refused_and_others_go_on(daemon, program):
    d = daemon(ini(program(SLOW), "timeout = 1m\nmax_running = 2\n"))
    waiting = [d.raw() for _ in range(2)]
    for raw in waiting:
        raw.send_bytes(request("/echo", d.host))
    until(lambda: len(procfs.children(d.pid)) == 3, "two hooks that run")
    response = d.handshake("/echo").response
    assert response.status == 503 and "max_running" in response.text
    assert d.canary.echoes(), "the loop does not wait"
    assert get(d, "/").status == 200
    procfs.kill(set(procfs.children(d.pid)) - d.baseline.children)


def test_a_client_that_vanishes_leaves_nothing(daemon, program):
    d = daemon(ini(program(SLOW), "timeout = 1s\n"))
    raw = d.raw()
    raw.send_bytes(request("/echo", d.host))
    until(lambda: len(procfs.children(d.pid)) == 2, "a hook that runs")
    raw.sock.close()
    until(lambda: len(procfs.children(d.pid)) == 1, "the hook to be gone")


def test_one_that_cannot_be_started_is_a_502(daemon, program):
    tool = program("pass\n")
    d = daemon(ini(tool))
    os.unlink(tool)
    assert d.handshake("/echo").response.status == 502
    d.wait_log("cannot start the hook")


# ---- what it sees ----


def test_it_sees_the_request_and_no_secret(daemon, program, tmp_path):
    seen = tmp_path / "seen"
    hook = program(
        "import json, os\n"
        f"if os.environ['WSBRIDGE_PATH'] != '/canary': json.dump(dict(os.environ), open({str(seen)!r}, 'w'))\n"
    )
    d = daemon(ini(hook), env={"SECRET": "of the daemon"})
    fields = [("Origin", f"http://{d.host}"), ("Authorization", "Basic c2VjcmV0"), ("Cookie", "c=secret")]
    ws = d.ws("/echo?a=b", fields + [("Sec-WebSocket-Protocol", "x, y")])
    port = ws.sock.getsockname()[1]
    env = json.loads(seen.read_text())
    assert "ecret" not in str(env).replace("tmp", "") and "c2VjcmV0" not in str(env) and "SECRET" not in env
    own = {k: v for k, v in env.items() if k.startswith("WSBRIDGE_")}
    assert own.pop("WSBRIDGE_ID").isdigit()
    assert own == {
        "WSBRIDGE_EVENT": "on_request",
        "WSBRIDGE_PATH": "/echo",
        "WSBRIDGE_REQUEST_PATH": "/echo",
        "WSBRIDGE_QUERY": "a=b",
        "WSBRIDGE_REMOTE_ADDR": "127.0.0.1",
        "WSBRIDGE_REMOTE_PORT": str(port),
        "WSBRIDGE_USER": "",
        "WSBRIDGE_HOST": d.host,
        "WSBRIDGE_ORIGIN": f"http://{d.host}",
        "WSBRIDGE_SUBPROTOCOLS": "x, y",
        "WSBRIDGE_SECURE": "no",
    }


def test_a_request_that_does_not_fit_into_its_environment_is_refused(daemon, says):
    d = daemon(ini(says(""), "[limits]\nmax_header = 64k\n"))
    assert d.ws("/echo?" + "a" * 12000).echoes()
    response = d.handshake("/echo?" + "a" * 40000).response
    assert response.status == 431 and "the hook's environment" in response.text


def test_its_standard_error_is_in_the_log(daemon):
    d = daemon("[hooks]\non_request = sh -c 'echo whatever >&2'\n" + ECHO)
    assert d.ws("/echo").echoes()
    d.wait_log(r"^#\d+ /echo: stderr: whatever$")


@pytest.mark.without("canary", reason="its own hook may run when the descriptors are counted")
@pytest.mark.key("on_open")
@pytest.mark.key("on_close")
def test_begin_and_end_are_told(daemon, program, tmp_path):
    seen = tmp_path / "seen"
    hook = program(
        "import os\ne = os.environ\n"
        "words = [e['WSBRIDGE_EVENT'], e['WSBRIDGE_ID'], e['WSBRIDGE_SUBPROTOCOL'], e.get('WSBRIDGE_CODE', '-'),"
        " e.get('WSBRIDGE_BY', '-'), e.get('WSBRIDGE_REASON', '-')]\n"
        f"if e['WSBRIDGE_PATH'] == '/echo': open({str(seen)!r}, 'a').write(' '.join(words) + '\\n')\n"
    )
    d = daemon(f"[hooks]\non_open = {hook}\non_close = {hook}\n[/echo]\nexec = cat\nsubprotocol = x\n", canary=None)
    ws = d.ws("/echo", [("Sec-WebSocket-Protocol", "x")])
    until(lambda: seen.exists() and "\n" in seen.read_text(), "on_open")
    ws.close(4000, b"bye")
    ws.closed()
    until(lambda: seen.read_text().count("\n") == 2, "on_close")
    opened, closed = seen.read_text().splitlines()
    number = opened.split()[1]
    assert opened == f"on_open {number} x - - -" and closed == f"on_close {number} x 4000 client bye"


AHEAD = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

/* Whoever writes is always ahead of who reads. */
ssize_t read(int fd, void *p, size_t n)
{
	struct pollfd w = { .fd = fd, .events = POLLIN };
	ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");

	poll(&w, n > 4096, 200);
	return real(fd, p, n);
}
"""


@pytest.mark.without("canary", reason="its own hook may run when the descriptors are counted")
def test_one_whose_rest_writes_without_end_holds_nobody(daemon, tmp_path):
    d = daemon("[hooks]\non_open = sh -c 'yes & exit 0'\n" + ECHO, env=preloaded(tmp_path, AHEAD), canary=None)
    ws = d.ws("/echo")
    until(lambda: len(procfs.children(d.pid)) == 1, "the hook and its rest to be gone")
    assert ws.echoes()


@pytest.mark.key("on_request")
def test_a_reload_brings_a_new_hook(daemon, says):
    d = daemon(ini(says("status 404 old\n")))
    assert d.handshake("/echo").response.status == 404
    text = file_of(d).read_text()
    file_of(d).write_text(re.sub("on_request = .*", f"on_request = {says('status 410 new')}", text))
    Control(d).ask("reload")
    assert d.handshake("/echo").response.status == 410


@pytest.mark.key("on_request")
def test_a_hook_that_is_not_there_is_an_error(check):
    fails(check("[hooks]\non_request = /nonexistent/hook\n" + ECHO), (2, "on_request: /nonexistent/hook: no such file"))
