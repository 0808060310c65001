# SPDX-License-Identifier: MIT
"""wsbridgectl connect: a WebSocket on standard input and output."""

import base64
import contextlib
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest
from control import WSBRIDGECTL
from fakeserver import ACCEPT, UPGRADE, FakeServer, close, frame
from harness import ENVIRONMENT, free_port, is_sanitized
from rawws import BINARY, CLOSE, CONT, PING, PONG, TEXT
from test_auth import TOKEN, TOKENS
from waiting import TIMEOUT, readable, until, within

TLS = "[server]\nlisten = 127.0.0.1:0 tls\n"


class Done:
    """What `wsbridgectl connect` with ARGV did with STDIN."""

    def __init__(self, *argv, stdin=b"", env=None, timeout=TIMEOUT):
        done = subprocess.run(
            [WSBRIDGECTL, "connect", *map(str, argv)],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            env={**ENVIRONMENT, **(env or {})},
            capture_output=True,
            timeout=timeout,
        )
        self.status, self.bytes = done.returncode, done.stdout
        self.out, self.said = done.stdout.decode(errors="replace"), done.stderr.decode()

    def __repr__(self):
        return f"status {self.status}\n{self.out[:2000]}\n{self.said[:2000]}"


@pytest.fixture
def begin():
    """begin(ARGV...): a running one, with pipes."""
    running = []

    def start(*argv, **how):
        how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
        argv = [WSBRIDGECTL, "connect", *map(str, argv)]
        running.append(subprocess.Popen(argv, env=ENVIRONMENT, **how))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()


@pytest.fixture
def fake():
    """fake(STORY): a fakeserver.FakeServer until the test's end."""
    servers = []

    def start(story, **how):
        servers.append(FakeServer(story, **how))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


def resident(process):
    """The most memory that it had, in KiB."""
    with open(f"/proc/{process.pid}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))


# ---- messages ----


def test_each_line_is_a_message_and_each_message_a_line(daemon):
    done = Done(daemon("[/x]\nexec = cat\n").url("/x"), stdin="one\n\ntwo ✓\nno newline")
    assert (done.status, done.out) == (0, "one\n\ntwo ✓\nno newline\n")
    assert done.said == "closed: 1000 normal closure\n"


def test_the_end_of_standard_input_still_gets_its_answer(daemon):
    done = Done(daemon("[/sort]\nexec = sort\n").url("/sort"), stdin="b\nc\na\n")
    assert (done.status, done.out) == (0, "a\nb\nc\n")


def test_raw_carries_any_bytes_both_ways(daemon):
    data = os.urandom(1 << 20)
    done = Done("--raw", daemon("[/x]\nexec = cat\nframe = raw\n").url("/x"), stdin=data)
    assert done.status == 0 and done.bytes == data


def test_a_line_that_is_no_utf8_is_a_binary_message(fake):
    got = []

    def story(s):
        s.open()
        got.extend(s.frame() for _ in range(4))
        s.send(close() if got[3] == (BINARY, b"") else b"")
        s.finish()

    server = fake(story)
    assert Done(server.url(), stdin=b"a\n\xff\n\xc3\xa4\n").status == 0
    server.join()
    assert got == [(TEXT, b"a"), (BINARY, b"\xff"), (TEXT, "ä".encode()), (BINARY, b"")]


@pytest.mark.parametrize("option, last", [("--close", (CLOSE, b"\x03\xe8")), ("--no-eof", (PONG, b"p"))])
def test_the_end_of_standard_input_may_close_or_say_nothing(fake, option, last):
    got = []

    def story(s):
        s.open()
        got.append(s.frame())
        if option == "--no-eof":
            s.send(frame(PING, b"p"))
        got.append(s.frame())
        s.send(frame(TEXT, b"still here") + close())
        s.end()

    server = fake(story)
    done = Done(option, server.url(), stdin=b"a\n")
    server.join()
    assert got == [(TEXT, b"a"), last]
    assert (done.status, done.out) == (0, "still here\n")


def test_the_last_bytes_reach_a_slow_reader(daemon, begin):
    d = daemon("[/x]\nexec = seq 300000\nqueue = 64k\n")
    c = begin("-q", d.url("/x"), stdin=subprocess.DEVNULL)
    data = b""
    while chunk := os.read(c.stdout.fileno(), 4096):
        data += chunk
    assert data == b"".join(b"%d\n" % i for i in range(1, 300001))
    assert c.wait(TIMEOUT) == 0 and c.stderr.read() == b""


def test_neither_side_is_read_faster_than_the_other_takes(fake, begin):
    sent = []

    def story(s):
        s.open()
        s.sock.settimeout(0.2)
        try:
            while len(sent) < 4000:  # 256 MiB
                s.send(frame(BINARY, bytes(65536)))
                sent.append(1)
        except TimeoutError:
            pass

    server = fake(story)
    c = begin("--raw", server.url())
    server.join()
    assert len(sent) < 400
    assert is_sanitized() or resident(c) < 20 * 1024


# ---- the end ----

ENDS = [
    ("exit 0", 0, "closed: 1000 normal closure"),
    ("exit 3", 3, "closed: 4003 process exited with status 3"),
    ("exit 200", 200, "closed: 4200 process exited with status 200"),
    ("kill -9 $$", 137, "closed: 4137 process killed by SIGKILL"),
]


@pytest.mark.parametrize("shell, status, said", ENDS)
def test_the_exit_status_is_the_programs(daemon, shell, status, said):
    done = Done(daemon(f"[/x]\nshell = {shell}\n").url("/x"))
    assert (done.status, done.said) == (status, said + "\n")
    quiet = Done("--quiet", *[daemon(f"[/x]\nshell = {shell}\n").url("/x")])
    assert (quiet.status, quiet.said) == (status, "")


CODES = [
    (close(1000), 0, "1000 normal closure"),
    (close(1001, "bye"), 0, "1001 bye"),
    (frame(CLOSE), 0, "1005 no code"),
    (close(1008), 1, "1008 policy violation"),
    (close(1011, "x\x1b[31m"), 1, "1011 x\\x1B[31m"),
    (close(1012), 1, "1012 service restart"),
    (close(3000, "mine"), 1, "3000 mine"),
    (close(4000), 0, "4000"),
    (close(4255), 255, "4255"),
    (close(4256), 1, "4256"),
]


@pytest.mark.parametrize("bytes_, status, said", CODES, ids=lambda v: v if isinstance(v, str) else "")
def test_the_close_code_makes_the_exit_status(fake, bytes_, status, said):
    def story(s):
        s.open()
        s.send(bytes_)
        while s.frame() != (CLOSE, bytes_[2:4]):
            pass
        s.sock.close()

    server = fake(story)
    done = Done("--no-eof", server.url())
    server.join()
    assert (done.status, done.said.lower()) == (status, f"closed: {said}\n".lower())


def vanish(s):
    s.open()
    s.send(frame(TEXT, b"last words"))
    s.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.sock.close()


def test_a_server_that_vanishes_is_an_error(fake, begin):
    c = begin(fake(vanish).url())
    assert c.stdout.read() in (b"last words\n", b"")
    assert c.wait(TIMEOUT) == 1
    assert b"ended without a close frame" in c.stderr.read()


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_in_order(daemon, begin, signo):
    d = daemon("[/x]\nexec = cat\n")
    c = begin(d.url("/x"))
    c.stdin.write(b"ready\n")
    c.stdin.flush()
    assert c.stdout.readline() == b"ready\n"
    c.send_signal(signo)
    assert c.wait(TIMEOUT) == 0
    assert c.stderr.read() == b"closed: 1001 going away\n"
    d.wait_log(r"/x: disconnected .*code=1001 by=client")


def test_the_second_signal_does_not_wait(fake, begin):
    closing, done = threading.Event(), threading.Event()

    def story(s):
        s.open()
        s.send(frame(TEXT, b"ready"))
        assert s.frame() == (CLOSE, b"\x03\xe9")
        closing.set()
        done.wait(TIMEOUT)

    server = fake(story)
    c = begin(server.url())
    assert c.stdout.readline() == b"ready\n"
    c.send_signal(signal.SIGINT)
    assert closing.wait(TIMEOUT)
    began = time.monotonic()
    c.send_signal(signal.SIGINT)
    assert c.wait(TIMEOUT) == 130
    within(2, time.monotonic() - began, "seconds until it is over")
    done.set()
    server.join()


def test_who_reads_standard_output_no_more_ends_it(daemon, begin):
    d = daemon("[/x]\nshell = echo one; exec cat\n")
    c = begin(d.url("/x"))
    assert c.stdout.readline() == b"one\n"
    c.stdout.close()
    assert c.wait(TIMEOUT) == 1
    d.wait_log(r"/x: disconnected .*code=1001 by=client")


def test_a_ping_that_is_not_answered_ends_it(fake):
    def story(s):
        s.open()
        assert s.frame() == (PING, b"")
        s.send(frame(PONG))
        assert s.frame() == (PING, b"")
        s.end()

    server = fake(story)
    done = Done("--no-eof", "--ping", "1s", server.url())  # for a pong of ours
    server.join()
    assert done.status == 1 and "does not answer a ping" in done.said


# ---- opening ----


def test_a_refusal_is_told_with_its_reason(daemon):
    d = daemon("[limits]\nmax_connections = 2\n[/x]\nexec = cat\n")
    done = Done(d.url("/nothing"))
    assert (done.status, done.said) == (1, "wsbridgectl: refused: 404 Not Found: no such path\n")
    done = Done("--origin", "http://evil.example", d.url("/x"))
    assert done.status == 1
    assert done.said.startswith("wsbridgectl: refused: 403 Forbidden: Origin http://evil.example is not allowed")
    assert d.ws("/x").echoes()
    done = Done(d.url("/x"))
    assert done.status == 1 and "refused: 503 Service Unavailable" in done.said


def test_a_refusal_is_told_when_it_is_whole_though_the_server_stays(fake):
    def story(s):
        s.read_request()
        s.send("HTTP/1.1 403 No\r\nContent-Length: 8\r\n\r\nnot you\n")
        s.end()

    server = fake(story)
    done = Done("--connect-timeout", int(3 * TIMEOUT), server.url())
    server.join()
    assert (done.status, done.said) == (1, "wsbridgectl: refused: 403 No: not you\n")


TWO = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>

/* Every host has two addresses. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **all)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		dlsym(RTLD_NEXT, "getaddrinfo");
	int r = real("127.0.0.2", port, hints, all);

	(void)host;
	return r ? r : real("127.0.0.1", port, hints, &(*all)->ai_next);
}
"""


def test_an_address_that_does_not_answer_leaves_time_for_the_next(fake, tmp_path):
    def story(s):
        s.open()
        s.send(close())
        s.finish()

    preload = tmp_path / "two.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", preload, "-"], input=TWO, text=True, check=True)
    options = ENVIRONMENT["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    server = fake(story)
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.2", server.port), backlog=0))
        waiting = stack.enter_context(socket.socket())
        waiting.connect(silent.getsockname())  # its place is taken: others get no answer
        done = Done(
            "--connect-timeout",
            "2s",
            f"ws://two.example:{server.port}/",
            env={"LD_PRELOAD": str(preload), "ASAN_OPTIONS": options},
        )
        server.join()
    assert (done.status, done.said) == (0, "closed: 1000 normal closure\n")


def test_nobody_there_is_69():
    done = Done(f"ws://127.0.0.1:{free_port()}/")
    assert done.status == 69 and "Connection refused" in done.said
    done = Done("unix:/nonexistent/x:/y")
    assert done.status == 69 and "No such file" in done.said
    assert Done("ws://name.invalid/").status == 69


WRONG = [
    ((), "usage:"),
    (("ws://h/", "ws://h/"), "usage:"),
    (("http://h/",), "begins with ws://"),
    (("ws://u:p@h/",), "--user"),
    (("-H", "x", "ws://h/"), "no field"),
    (("-H", "Host: x", "ws://h/"), "no field"),
    (("--subprotocol", "a b", "ws://h/"), "no token"),
    (("--origin", "a\r\nb: c", "ws://h/"), "control byte"),
    (("--ping", "x", "ws://h/"), "--ping"),
    (("--nothing", "ws://h/"), "connect -h"),
    (("--key", "x", "wss://h/"), "needs --cert"),
    (("--token-env", "NOT_THERE", "ws://h/"), "no token"),
    (("--token-file", "/nonexistent", "ws://h/"), "No such file"),
    (("--user", "a:b", "--token-env", "X", "ws://h/"), "is enough"),
]


@pytest.mark.parametrize("argv, said", WRONG)
def test_a_wrong_command_line_is_64(argv, said):
    done = Done(*argv)
    assert done.status == 64 and said in done.said


def test_help_lists_the_options():
    done = Done("-h")
    assert done.status == 0 and "--raw" in done.out


def test_the_request_says_what_it_is_told_to(fake):
    def story(s):
        s.open("Sec-WebSocket-Protocol: b\r\n")
        s.send(close())
        s.finish()

    server = fake(story)
    options = ("-H", "X-One: 1", "--header", "X-Two: 2", "--subprotocol", "a", "--subprotocol", "b")
    done = Done(*options, "--origin", "http://o", "--user", "me:secret", server.url("/a?b=c"))
    server.join()
    first, *fields = server.request.split("\r\n")
    assert first == "GET /a?b=c HTTP/1.1"
    wanted = ["X-One: 1", "X-Two: 2", "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b", "Origin: http://o"]
    wanted += [f"Host: 127.0.0.1:{server.port}", "Authorization: Basic bWU6c2VjcmV0"]
    assert set(wanted) <= set(fields)
    assert done.status == 0 and done.said.startswith("subprotocol: b\n")


def test_a_subprotocol_is_agreed_on(daemon):
    d = daemon("[/x]\nshell = echo $WSBRIDGE_SUBPROTOCOL\nsubprotocol = two\n")
    done = Done("--subprotocol", "one", "--subprotocol", "two", d.url("/x"))
    assert (done.out, done.said) == ("two\n", "subprotocol: two\nclosed: 1000 normal closure\n")


def test_a_unix_socket(daemon, rundir):
    d = daemon(f"[server]\nlisten = unix:{rundir}/s\n[/x]\nexec = cat\n")
    assert Done(d.url("/x"), stdin=b"hello\n").out == "hello\n"
    assert Done(f"ws+unix://{rundir}/s:/x", stdin=b"hello\n").out == "hello\n"


# ---- who asks ----


def test_a_token_from_a_file_or_the_environment(daemon, tmp_path):
    d = daemon(TOKENS + "[/x]\nexec = printenv REMOTE_USER\nauth = ci\n")
    (tmp_path / "token").write_text(TOKEN + "\n")
    assert Done("--token-file", tmp_path / "token", d.url("/x")).out == "robot\n"
    assert Done("--token-env", "T", d.url("/x"), env={"T": TOKEN}).out == "robot\n"
    done = Done("--token-env", "T", d.url("/x"), env={"T": "wrong"})
    assert done.status == 1 and "refused: 401" in done.said and "--user" in done.said


def test_a_secret_is_sent_whole_or_not_at_all(fake, tmp_path):
    def story(s):
        s.read_request()
        s.send("HTTP/1.1 403 x\r\n\r\n")
        s.sock.close()

    def sent(*argv, env=None):
        server = fake(story)
        Done(*argv, server.url(), env=env)
        server.join()
        return re.search(r"Authorization: ([^\r]*)", server.request).group(1)

    def refused(*argv, env=None):
        done = Done(*argv, "ws://127.0.0.1:1/", env=env)
        assert done.status == 64
        return done.said

    longest = "t" * 8192
    (tmp_path / "token").write_text(longest + "\r\n")
    assert sent("--token-file", tmp_path / "token") == "Bearer " + longest
    assert sent("--token-env", "T", env={"T": longest}) == "Bearer " + longest
    pair = base64.b64encode(b"guest:" + longest.encode()).decode()
    assert sent("-u", "guest", env={"WSBRIDGECTL_PASSWORD": longest}) == "Basic " + pair
    (tmp_path / "token").write_text(longest + "t\r\n")
    assert f"{tmp_path}/token: more than 8192 bytes" in refused("--token-file", tmp_path / "token")
    assert "T: more than 8192 bytes" in refused("--token-env", "T", env={"T": longest + "t"})
    assert "PASSWORD: more than" in refused("-u", "guest", env={"WSBRIDGECTL_PASSWORD": longest + "t"})
    assert "--user: too long" in refused("-u", "guest:" + longest)


def password_file(tmp_path):
    crypted = subprocess.run(["openssl", "passwd", "-6", "geheim"], capture_output=True, text=True, check=True)
    (tmp_path / "htpasswd").write_text(f"guest:{crypted.stdout}")
    return f"[auth w]\ntype = htpasswd\nfile = {tmp_path}/htpasswd\n[/x]\nexec = printenv REMOTE_USER\nauth = w\n"


def test_a_password_from_the_command_line_or_the_environment(daemon, tmp_path):
    d = daemon(password_file(tmp_path))
    assert Done("--user", "guest:geheim", d.url("/x")).out == "guest\n"
    assert Done("-u", "guest", d.url("/x"), env={"WSBRIDGECTL_PASSWORD": "geheim"}).out == "guest\n"
    assert "refused: 401" in Done("-u", "guest:wrong", d.url("/x")).said


@pytest.mark.native(reason="the command line is valgrind's")
def test_a_password_is_hidden_in_the_process_list(daemon, begin):
    d = daemon("[/x]\nexec = cat\n")
    c = begin("--user", "guest:geheim", d.url("/x"))
    c.stdin.write(b"ready\n")
    c.stdin.flush()
    assert c.stdout.readline() == b"ready\n"
    with open(f"/proc/{c.pid}/cmdline", "rb") as f:
        assert b"geheim" not in f.read()
    c.stdin.close()
    assert c.wait(TIMEOUT) == 0


def test_a_password_is_asked_for_on_the_terminal(daemon, tmp_path):
    d = daemon(password_file(tmp_path))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(WSBRIDGECTL, [WSBRIDGECTL, "connect", "-u", "guest", d.url("/x")], ENVIRONMENT)
    shown = b""

    def read():
        nonlocal shown
        if not readable(terminal, 0.1):
            return False
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            return True  # the terminal's end
        return False

    until(lambda: read() or b"Password of guest: " in shown, "a prompt")
    os.write(terminal, b"geheim\n")
    until(read, lambda: f"its end: {shown}")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert b"geheim" not in shown and b"\nguest\r\n" in shown


# ---- TLS ----


def test_wss_trusts_whom_it_is_told_to(daemon, certificate):
    made, other = certificate(), certificate("other")
    d = daemon(TLS + made.ini() + "[/x]\nexec = cat\n")
    for host in ("127.0.0.1", "localhost"):
        url = f"wss://{host}:{d.port}/x"
        done = Done("--cacert", made.root, url, stdin=b"hello\n")
        assert (done.status, done.out) == (0, "hello\n"), done
    for options in ((), ("--cacert", other.root)):
        done = Done(*options, d.url("/x"))
        assert done.status == 69 and "certificate" in done.said, done
    assert Done("--insecure", d.url("/x"), stdin=b"hello\n").out == "hello\n"


def test_the_certificate_must_be_of_the_host(daemon, certificate):
    made = certificate(hosts=("DNS:www.example.com",))
    d = daemon(TLS + made.ini() + "[/x]\nexec = cat\n")
    for host in ("127.0.0.1", "localhost"):
        done = Done("--cacert", made.root, f"wss://{host}:{d.port}/x")
        assert done.status == 69 and "mismatch" in done.said, done


def test_tls_carries_bulk_both_ways(daemon, certificate):
    made = certificate()
    d = daemon(TLS + made.ini() + "[/x]\nexec = cat\nframe = raw\n")
    data = os.urandom(1 << 20)
    done = Done("--raw", "--cacert", made.root, d.url("/x"), stdin=data)
    assert done.status == 0 and done.bytes == data


def test_a_client_certificate_is_shown(fake, certificate):
    made, own = certificate(), certificate("client")

    def story(s):
        s.open()
        s.send(close())
        s.finish()

    server = fake(story, certificate=made)
    files = ("--cacert", made.root, "--cert", own.certificate, "--key", own.key)
    assert Done(*files, server.url(scheme="wss")).status == 0
    server.join()
    assert Done("--cert", made.certificate, "--key", own.key, "wss://127.0.0.1:1/").status == 69


def test_a_wss_url_to_a_plain_server(daemon):
    d = daemon("[/x]\nexec = cat\n")
    assert Done(d.url("/x").replace("ws:", "wss:")).status == 69


# ---- hostile servers ----

GOOD_ANSWER = UPGRADE + ACCEPT
OPENINGS = {
    "no HTTP": ("SSH-2.0-x\r\n", "not HTTP"),
    "wrong accept": (GOOD_ANSWER % "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" + "\r\n", "Sec-WebSocket-Accept"),
    "no accept": (UPGRADE + "\r\n", "Sec-WebSocket-Accept"),
    "an extension": (GOOD_ANSWER + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "extension"),
    "a subprotocol": (GOOD_ANSWER + "Sec-WebSocket-Protocol: x\r\n\r\n", "subprotocol"),
    "200": ("HTTP/1.1 200 OK\r\n\r\nhello\x1b[2J\r\nsecond", "refused: 200 OK: hello\\x1B[2J\n"),
    "a redirect": ("HTTP/1.1 301 Moved\r\nLocation: https://x/\r\n\r\n", "see https://x/"),
    "bare LF": ("HTTP/1.1 101 x\n\n", "bare LF"),
    "nothing": ("", "hung up"),
    "half a head": ("HTTP/1.1 101 x\r\nA: b\r\n", "hung up"),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_a_wrong_answer_opens_nothing(fake, name):
    answer, said = OPENINGS[name]

    def story(s):
        s.read_request()
        s.send(answer % s.accept() if "%s" in answer else answer)
        s.sock.shutdown(socket.SHUT_WR)
        s.end()

    server = fake(story)
    done = Done(server.url())
    server.join()
    assert done.status == 1 and said.lower() in done.said.lower(), done


def test_an_endless_head_is_cut_short(fake):
    def story(s):
        s.read_request()
        s.send("HTTP/1.1 101 x\r\n")
        while True:
            s.send("A: " + "b" * 1000 + "\r\n")

    done = Done(fake(story).url())
    assert done.status == 1 and "too large" in done.said


def test_a_server_that_says_nothing_is_given_up(fake):
    done = Done("--connect-timeout", "200ms", fake(lambda s: s.end()).url())
    assert done.status == 1 and "no answer in time" in done.said


FRAMES = {
    "masked": (frame(TEXT, b"x", masked=True), "frame is masked"),
    "extension bits": (frame(TEXT, b"x", rsv=4), "reserved bit"),
    "opcode": (frame(3), "reserved opcode"),
    "fragmented control": (frame(PING, fin=False), "fragmented control"),
    "long control": (frame(PING, bytes(126)), "125 bytes"),
    "length with its top bit": (frame(BINARY, length=1 << 63, form=64), "shortest form"),
    "long form": (frame(BINARY, b"x", form=16), "shortest form"),
    "continuation": (frame(CONT, b"x"), "continuation without a message"),
    "nested": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), "inside a fragmented one"),
    "no UTF-8": (frame(TEXT, b"\xff"), "UTF-8"),
    "half a character": (frame(TEXT, b"\xc3"), "UTF-8"),
    "close of one byte": (frame(CLOSE, b"\x03"), "protocol"),
    "close code": (frame(CLOSE, b"\x03\xed"), "protocol"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_server_that_breaks_the_protocol_is_left(fake, name):
    bytes_, said = FRAMES[name]
    got = []

    def story(s):
        s.open()
        s.send(bytes_)
        got.append(s.frame())
        s.end()

    server = fake(story)
    done = Done("--no-eof", server.url())
    server.join()
    assert done.status == 1 and "breaks the protocol" in done.said and said in done.said, done
    assert got[0][0] == CLOSE and struct.unpack("!H", got[0][1][:2])[0] in (1002, 1007)


def test_a_huge_message_is_passed_on_and_never_held(fake, begin):
    def story(s):
        s.open()
        s.send(frame(BINARY, b"x", length=(1 << 63) - 1, form=64))
        for _ in range(1000):
            s.send(bytes(65536))
        s.sock.close()

    c = begin("--raw", "--no-eof", fake(story).url(), stdin=subprocess.DEVNULL)
    n, looked = 0, False
    while chunk := os.read(c.stdout.fileno(), 65536):
        n += len(chunk)
        if not looked and n > 32 << 20:
            looked = is_sanitized() or resident(c) < 20 * 1024
    assert looked and n == 1 + 1000 * 65536
    assert c.wait(TIMEOUT) == 1 and b"without a close frame" in c.stderr.read()


def test_a_flood_of_pings_costs_no_memory(fake):
    def story(s):
        s.open()
        for _ in range(1000):
            s.send(frame(PING, bytes(125)) * 100)
        s.send(close())
        s.finish()

    assert Done("--no-eof", fake(story).url()).status == 0


def test_after_a_close_frame_nothing_counts(fake):
    def story(s):
        s.open()
        s.send(frame(TEXT, b"a") + close(4007) + frame(TEXT, b"b"))
        s.end()

    done = Done("--no-eof", fake(story).url(), timeout=TIMEOUT)
    assert (done.status, done.out) == (7, "a\n")
