# SPDX-License-Identifier: MIT
"""The page for Prometheus: every metric moves by what the test did, and by nothing else."""

import os
import re
import select
import signal
import socket
import ssl
import subprocess
import time

import marks
import procfs
import prometheus
import pytest
from certificates import openssl
from control import Control
from harness import get, http, is_sanitized, run, with_canary
from inicheck import fails
from rawws import BINARY, RawWS, request
from test_reload import file_of, reload
from waiting import TIMEOUT, until, within

ON = "[web]\nmetrics = /metrics\n"
ECHO = ON + "[/echo]\nexec = cat\n"


def scrape(d):
    """All metrics of D, by a client that is gone afterwards."""
    sock = d.connect()
    with sock:
        answer = RawWS(sock, f"GET /metrics HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode()).response
    d.clients.remove(sock)
    assert answer.status == 200
    return prometheus.parse(answer.text)


def value(d, name, **labels):
    """The sample NAME with these labels, and 0 for one that is not there yet."""
    family = scrape(d)[name]
    return family.samples.get((name, tuple(sorted(labels.items()))), 0)


def becomes(d, expected, name, **labels):
    until(
        lambda: value(d, name, **labels) == expected,
        lambda: f"{name} {labels} is {value(d, name, **labels)}, not {expected}",
    )


def answer_close(ws, code):
    """The closing handshake that the server begins with CODE, to its end."""
    assert ws.closed()[0] == code
    ws.close(code)
    ws.sock.close()


# ---- the page ----


@pytest.mark.key("metrics")
def test_the_page_is_there_when_it_is_asked_for_and_follows_a_reload(daemon):
    d = daemon("[/echo]\nexec = cat\n")
    assert get(d, "/metrics").status == 404
    reload(d, with_canary(ECHO))
    answer = get(d, "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert prometheus.parse(answer.text)
    reload(d, with_canary(ECHO.replace("/metrics", "/-/numbers")))
    assert (get(d, "/metrics").status, get(d, "/-/numbers").status) == (404, 200)


def test_head_and_http_1_0_get_the_page_too(daemon):
    d = daemon(ECHO)
    head = get(d, "/metrics", method="HEAD")
    assert (head.status, head.body) == (200, b"") and int(head.headers["content-length"]) > 1000
    assert prometheus.parse(http(d, b"GET /metrics?x=y HTTP/1.0\r\n\r\n").text)
    assert get(d, "/metrics", method="POST").status == 405


def test_pages_of_other_hosts_see_nothing_of_it(daemon):
    d = daemon(ECHO)
    assert http(d, b"GET /metrics HTTP/1.1\r\nHost: rebound.example\r\n\r\n").status == 421


@pytest.mark.key("allow")
def test_only_those_whom_allow_names_see_it_and_by_itself_loopback(daemon, rundir):
    listen = f"[server]\nlisten = 127.0.0.1:0\nlisten = 192.0.2.1:0\nlisten = unix:{rundir}/s\n"
    d = daemon(listen + ECHO, own_network=True)
    head = b"GET /metrics HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n"

    def seen():
        return [http(d, head, address).status for address in d.addresses]

    assert seen() == [200, 403, 403]
    d.wait_log(r"refused status=403 .*metrics.*\[web\] allow")
    reload(d, with_canary(listen + ECHO.replace("[web]", "[web]\nallow = 192.0.2.0/24\nallow = unix")))
    assert seen() == [403, 200, 200]


@pytest.mark.key("allow")
def test_behind_a_trusted_proxy_the_address_is_the_one_that_it_names(daemon):
    d = daemon("[server]\ntrusted_proxy = 127.0.0.1\n" + ECHO)
    assert get(d, "/metrics", [("X-Forwarded-For", "192.0.2.7")]).status == 403
    assert get(d, "/metrics").status == 200


@pytest.mark.key("trusted_proxy")
@pytest.mark.parametrize("field", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_who_hides_behind_a_proxy_that_nobody_trusts_is_refused(daemon, field):
    d = daemon(ECHO)
    assert get(d, "/metrics", [(field, "127.0.0.1")]).status == 403
    d.wait_log(r"refused status=403 .*metrics cannot tell whose it is")


@pytest.mark.key("allow")
def test_a_list_of_addresses_that_is_none_is_refused(check):
    fails(check("[web]\nallow = 10.0.0.1/8\n[/x]\nexec = cat\n"), (2, "allow"))


def test_a_scrape_leaves_no_line_in_the_log(daemon):
    d = daemon(ECHO)
    before = d.log()
    scrape(d)
    assert get(d, "/nothing").status == 404
    d.wait_log("refused status=404")
    assert len(d.log()[len(before) :].splitlines()) == 1


def test_a_section_or_the_health_page_cannot_have_the_same_path(check):
    fails(check("[web]\nmetrics = /x\n[/x]\nexec = cat\n"), (2, r"metrics = /x .*\[/x\]"))
    fails(check("[web]\nmetrics = /healthz\n[/x]\nexec = cat\n"), (2, "health"))


def test_every_byte_of_a_path_can_be_told_from_its_label(daemon):
    d = daemon(ON + '[/a"b\\c/*]\nexec = cat\n[/ü=€,}]\nexec = cat\n[/-]\nexec = cat\n')
    paths = {dict(labels)["path"] for _, labels in scrape(d)["wsbridge_sessions"].samples}
    assert paths == {'/a"b\\c/*', "/ü=€,}", "/-", "/canary"}


def test_counters_never_go_back_and_gauges_come_back(daemon):
    d = daemon(ECHO)
    before = scrape(d)
    for _ in range(3):
        ws = d.ws("/echo")
        assert ws.echoes()
        ws.finish()
    becomes(d, 0, "wsbridge_processes", path="/echo")
    becomes(d, 0, "wsbridge_sessions", path="/echo")
    after = scrape(d)
    for name, family in before.items():
        for key, number in family.samples.items():
            if family.kind != "gauge":
                assert after[name].samples[key] >= number, key
    assert after["wsbridge_input_queue_bytes"].samples == before["wsbridge_input_queue_bytes"].samples


def test_what_is_counted_goes_on_over_a_reload(daemon):
    d = daemon(ECHO)
    old = d.ws("/echo")
    assert old.echoes()
    reload(d, with_canary(ECHO + "close_code = 3001\n"))
    assert old.echoes() and d.ws("/echo").echoes()
    assert value(d, "wsbridge_received_messages_total", path="/echo") == 3
    assert value(d, "wsbridge_sessions", path="/echo") == 2


# ---- the daemon ----


@pytest.mark.metric("wsbridge_build_info")
def test_the_version_is_a_label(daemon):
    version = run("-V").stdout.split()[1]
    assert value(daemon(ECHO), "wsbridge_build_info", version=version) == 1


@pytest.mark.metric("wsbridge_connections", "wsbridge_connections_total", "wsbridge_handshakes_pending")
def test_connections_are_counted_from_their_accept(daemon):
    d = daemon(ECHO)
    # the scrape itself is one; those before it may linger until their client's end has come
    becomes(d, 2, "wsbridge_connections")  # with the canary
    before = value(d, "wsbridge_connections_total")
    silent, ws = d.connect(), d.ws("/echo")
    becomes(d, 4, "wsbridge_connections")
    assert value(d, "wsbridge_handshakes_pending") <= 3
    becomes(d, 2, "wsbridge_handshakes_pending")
    ws.finish()
    silent.close()
    becomes(d, 2, "wsbridge_connections")
    after = scrape(d)["wsbridge_connections_total"].samples["wsbridge_connections_total", ()]
    assert after >= before + 3


@pytest.mark.metric("wsbridge_handshakes_total")
@pytest.mark.parametrize(
    "result, ask",
    [
        ("101", lambda d: d.ws("/echo")),
        ("400", lambda d: http(d, b"GET /echo HTTP/1.1\r\n\r\n")),
        ("403", lambda d: d.handshake("/echo", [("Origin", "http://evil.example")])),
        ("404", lambda d: get(d, "/nothing")),
        ("405", lambda d: get(d, "/echo", method="POST")),
        ("421", lambda d: http(d, b"GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n")),
        ("426", lambda d: get(d, "/echo")),
        ("502", lambda d: d.handshake("/broken")),
        ("lost", lambda d: d.connect().close()),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_handshake_is_counted_by_its_result(daemon, program, result, ask):
    vanishing = program("")
    d = daemon(ECHO + f"[/broken]\nexec = {vanishing}\n")
    os.unlink(vanishing)
    before = scrape(d)["wsbridge_handshakes_total"].samples
    ask(d)
    becomes(d, before.get(key_of(result), 0) + 1, "wsbridge_handshakes_total", result=result)
    after = scrape(d)["wsbridge_handshakes_total"].samples
    for key in set(before) | set(after):
        if key not in (key_of(result), key_of("200")):  # scrapes are 200
            assert after[key] == before.get(key, 0), key


def key_of(result):
    return "wsbridge_handshakes_total", (("result", result),)


@pytest.mark.metric("wsbridge_handshakes_total")
def test_who_does_not_come_to_an_end_is_counted_by_why(daemon):
    d = daemon("[limits]\nhandshake_timeout = 1s\nmax_handshakes = 4\n" + ECHO)
    slow = d.connect()
    slow.sendall(b"GET ")
    assert slow.recv(1) == b""
    assert value(d, "wsbridge_handshakes_total", result="timeout") == 1
    many = []  # five, unless the second of some is over before
    until(lambda: many.append(d.connect()) or value(d, "wsbridge_handshakes_total", result="evicted"), "one is evicted")
    assert many[0].recv(1) == b""


@pytest.mark.metric("wsbridge_handshakes_total")
def test_who_may_not_connect_is_counted_as_denied(daemon):
    d = daemon("[server]\ndeny = 127.0.0.9\n" + ECHO)
    for n in (1, 2):
        with socket.socket() as sock:
            sock.bind(("127.0.0.9", 0))
            sock.settimeout(TIMEOUT)
            sock.connect(("127.0.0.1", d.port))
            assert sock.recv(1) == b""
        assert value(d, "wsbridge_handshakes_total", result="denied") == n
    assert value(d, "wsbridge_handshakes_total", result="lost") == 0


def test_a_health_check_is_no_refusal(daemon):
    d = daemon(ECHO)
    before = scrape(d)["wsbridge_handshakes_total"].samples
    get(d, "/healthz")
    after = scrape(d)["wsbridge_handshakes_total"].samples
    assert after.pop(key_of("200")) == before.pop(key_of("200"), 0) + 2
    assert after == before


@pytest.mark.metric("wsbridge_log_lines_dropped_total")
def test_log_lines_that_are_too_many_are_counted(daemon):
    d = daemon(ECHO)
    for _ in range(25):
        get(d, "/nothing")
    limited = value(d, "wsbridge_log_lines_dropped_total", reason="limit")
    assert limited > 0
    until(
        lambda: sum(int(n) for n in re.findall(r"refused 404: (\d+) more", d.log())) == limited,
        lambda: f"{limited} are counted in the log:\n{d.log()}",
    )
    assert value(d, "wsbridge_log_lines_dropped_total", reason="reader") == 0


STOPPED = "[socket]\nunsent = 0\n" + ON + "[/flood]\nexec = cat /dev/zero\nframe = raw\nqueue = 64M\n"


def stop_in_a_turn(d):
    """D is stopped for 0.15 s while a turn is under way: nothing else in it can be made slow on purpose."""

    def count(least):
        family = scrape(d)["wsbridge_loop_turn_seconds"]
        total = family.samples["wsbridge_loop_turn_seconds_count", ()]
        below = family.samples["wsbridge_loop_turn_seconds_bucket", (("le", least),)]
        return total - below

    before = count("0.1")
    busy = d.ws("/flood")

    def stopped_in_a_turn():
        d.process.send_signal(signal.SIGSTOP)
        until(lambda: procfs.state(d.pid) == "T", "stopped")
        select.select([], [], [], 0.15)  # how long the turn takes, if it was stopped in one
        d.process.send_signal(signal.SIGCONT)
        select.select([busy.sock], [], [], 5)
        busy.sock.recv(1 << 20)
        return count("0.1") > before

    until(stopped_in_a_turn, "a turn of more than 0.1 s", 30)
    busy.reset()


@pytest.mark.metric("wsbridge_loop_lag_seconds", "wsbridge_loop_turn_seconds")
def test_a_turn_of_the_loop_that_takes_long_is_seen(daemon):
    d = daemon(STOPPED)
    stop_in_a_turn(d)
    assert value(d, "wsbridge_loop_lag_seconds") >= 0.1
    d.process.send_signal(signal.SIGUSR1)
    assert float(d.wait_log(r"status: .* loop_lag=([0-9.]+)ms ").group(1)) >= 100
    assert Control(d).ask("status")["loop_lag"] >= 0.1


@pytest.mark.metric("wsbridge_loop_cpu_seconds", "wsbridge_loop_turn_cpu_seconds")
def test_a_turn_in_which_the_daemon_is_stopped_is_no_work_of_its_own(daemon):
    d = daemon(STOPPED)
    stop_in_a_turn(d)
    assert 0 < value(d, "wsbridge_loop_cpu_seconds") < 0.1
    turns = scrape(d)["wsbridge_loop_turn_cpu_seconds"].samples
    count = turns["wsbridge_loop_turn_cpu_seconds_count", ()]
    assert turns["wsbridge_loop_turn_cpu_seconds_bucket", (("le", "0.1"),)] == count
    assert (work := turns["wsbridge_loop_turn_cpu_seconds_sum", ()]) > 0
    within(procfs.cpu_seconds(d.pid) + 0.05, work, "seconds of work in all turns")
    d.process.send_signal(signal.SIGUSR1)
    assert 0 < float(d.wait_log(r"status: .* loop_cpu=([0-9.]+)ms ").group(1)) < 100
    assert 0 < Control(d).ask("status")["loop_cpu"] < 0.1


@pytest.mark.metric("wsbridge_loop_turn_seconds")
def test_an_idle_daemon_takes_no_turns(daemon):
    d = daemon(ECHO)

    def turns():
        return scrape(d)["wsbridge_loop_turn_seconds"].samples["wsbridge_loop_turn_seconds_count", ()]

    first = turns()
    assert 1 <= turns() - first < 30


@pytest.mark.metric("wsbridge_reloads_total", "wsbridge_last_reload_successful")
def test_reloads_are_counted_and_the_last_one_judged(daemon):
    d = daemon(ECHO)

    def state():
        counts = [value(d, "wsbridge_reloads_total", result=r) for r in ("ok", "failed")]
        return (*counts, value(d, "wsbridge_last_reload_successful"))

    good = file_of(d).read_text()
    assert state() == (0, 0, 1)
    reload(d, good)
    assert state() == (1, 0, 1)
    reload(d, good + "nonsense = 1\n", "is not taken")
    assert state() == (1, 1, 0)
    reload(d, good)
    assert state() == (2, 1, 1)


@pytest.mark.metric("wsbridge_tls_certificate_expiry_timestamp_seconds")
def test_the_end_of_the_certificate_in_use_is_told(daemon, certificate):
    name = "wsbridge_tls_certificate_expiry_timestamp_seconds"
    listen = "[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 tls\n"

    def end(made):
        line = openssl("x509", "-in", made.certificate, "-noout", "-enddate")
        return ssl.cert_time_to_seconds(line.strip().removeprefix("notAfter="))

    old, new = certificate("old", days=60), certificate("new", algorithm="rsa", days=90)
    d = daemon(listen + old.ini() + ECHO)
    assert value(d, name) == end(old)
    reload(d, with_canary(listen + new.ini() + ECHO))
    assert value(d, name) == end(new) > end(old)
    named = new.ini().replace("[tls]", "[tls admin]")
    reload(d, with_canary(listen + old.ini() + named + ECHO))
    assert (value(d, name), value(d, name, tls="admin")) == (end(old), end(new))
    assert not scrape(daemon(ECHO))[name].samples


@pytest.mark.metric("wsbridge_handshakes_total")
def test_a_tls_handshake_that_fails_is_counted_as_such(daemon, certificate):
    d = daemon("[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 tls\n" + certificate().ini() + ECHO)
    with d.connect(d.addresses[1], plain=True) as sock:
        sock.sendall(b"\x16\x03\x01\x00\x05nonsense")
        while sock.recv(100):
            pass
    becomes(d, 1, "wsbridge_handshakes_total", result="tls")


def test_prometheus_itself_finds_no_fault_in_the_page(daemon, certificate):
    """With sessions, closes, refusals and TLS in it, and with a path that needs escapes; promtool is its linter."""
    d = daemon(
        "[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 tls\n"
        + certificate().ini()
        + ECHO
        + '[/a "b\\]\nshell = exit 3\n'
    )
    assert d.ws("/echo").echoes() and d.ws("/echo", address=d.addresses[1]).echoes()
    answer_close(d.ws("/a%20%22b%5C"), 4003)
    becomes(d, 1, "wsbridge_closes_total", path='/a "b\\', code="4003", by="backend")
    assert get(d, "/nowhere").status == 404
    page = get(d, "/metrics").text
    for seen in r'{path="/a \"b\\"', 'code="4003"', 'result="404"', "wsbridge_tls_certificate_expiry_timestamp_seconds 1":
        assert seen in page, page
    result = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


# ---- a path ----


@pytest.mark.metric("wsbridge_sessions", "wsbridge_sessions_total", "wsbridge_processes", "wsbridge_spawns_total")
def test_sessions_and_processes_are_counted_while_they_are_there_and_ever(daemon):
    d = daemon(ECHO + "[/other]\nexec = cat\n")

    def state(path="/echo"):
        names = ("sessions", "sessions_total", "processes", "spawns_total")
        return tuple(value(d, "wsbridge_" + name, path=path) for name in names)

    one, two = d.ws("/echo"), d.ws("/echo")
    assert state() == (2, 2, 2, 2)
    one.finish()
    until(lambda: state() == (1, 2, 1, 2), lambda: f"one of two: {state()}")
    two.reset()
    until(lambda: state() == (0, 2, 0, 2), lambda: f"none: {state()}")
    assert state("/other") == (0, 0, 0, 0)


@pytest.mark.metric("wsbridge_spawn_failures_total")
def test_a_program_that_cannot_start_is_counted_and_no_session(daemon, program):
    vanishing = program("")
    d = daemon(ON + f"[/x]\nexec = {vanishing}\n")
    os.unlink(vanishing)
    assert d.handshake("/x").response.status == 502
    assert value(d, "wsbridge_spawn_failures_total", path="/x") == 1
    assert value(d, "wsbridge_spawns_total", path="/x") == 0
    assert value(d, "wsbridge_sessions_total", path="/x") == 0


def test_a_client_that_hears_only_why_it_is_refused_is_a_session_without_a_program(daemon):
    d = daemon("[limits]\nfull = close\n" + ECHO + "max_processes = 1\n")
    one = d.ws("/echo")
    answer_close(d.ws("/echo"), 1013)
    becomes(d, 1, "wsbridge_closes_total", path="/echo", by="server", code="1013")
    assert value(d, "wsbridge_sessions_total", path="/echo") == 2
    assert value(d, "wsbridge_spawns_total", path="/echo") == 1
    assert one.echoes()


@pytest.mark.metric(
    "wsbridge_received_messages_total",
    "wsbridge_received_bytes_total",
    "wsbridge_sent_messages_total",
    "wsbridge_sent_bytes_total",
)
def test_messages_and_their_payload_are_counted_both_ways(daemon):
    d = daemon(ON + "[/double]\nshell = while read x; do echo $x; echo $x; done\n")
    ws = d.ws("/double")
    for text in ("a", "bc", "def"):
        ws.text(text)
        assert (ws.recv(), ws.recv()) == (text, text)

    def state():
        names = ("received_messages", "received_bytes", "sent_messages", "sent_bytes")
        return tuple(value(d, f"wsbridge_{name}_total", path="/double") for name in names)

    assert state() == (3, 6, 6, 12)
    ws.finish()
    becomes(d, 0, "wsbridge_sessions", path="/double")
    assert state() == (3, 6, 6, 12)


@pytest.mark.metric("wsbridge_discarded_messages_total", "wsbridge_discarded_bytes_total")
def test_what_no_program_got_is_counted_as_discarded(daemon):
    d = daemon(ON + "[/view]\nexec = cat\nwrite = no\n[/echo]\nshell = cat; exec sleep 1000\n")
    view, echo = d.ws("/view"), d.ws("/echo")
    view.text("hello")
    view.text("you")
    echo.text("x")
    echo.eof()
    echo.text("late")
    view.finish()
    becomes(d, 2, "wsbridge_discarded_messages_total", path="/view")
    becomes(d, 8, "wsbridge_discarded_bytes_total", path="/view")
    assert value(d, "wsbridge_received_messages_total", path="/view") == 0
    becomes(d, 1, "wsbridge_discarded_messages_total", path="/echo")
    assert value(d, "wsbridge_discarded_bytes_total", path="/echo") == 4


@pytest.mark.metric("wsbridge_closes_total")
def test_closes_are_counted_by_code_and_by_who_closed(daemon):
    d = daemon(ON + "[/x]\nshell = read x; exit 3\nidle_timeout = 0\nmax_message = 4\n")
    ended, left, rude, own, other = (d.ws("/x") for _ in range(5))
    ended.text("x")
    answer_close(ended, 4003)
    left.finish()
    for ws, code in (own, 3999), (other, 4242):
        ws.close(code)
        assert ws.closed() == (code, "")
        ws.sock.close()
    rude.text("too long")
    answer_close(rude, 1009)
    for by, code, n in (
        ("backend", "4003", 1),
        ("client", "1000", 1),
        ("server", "1009", 1),
        ("client", "3xxx", 1),
        ("client", "4xxx", 1),
    ):
        becomes(d, n, "wsbridge_closes_total", path="/x", by=by, code=code)
    samples = scrape(d)["wsbridge_closes_total"].samples
    assert sum(samples.values()) == 5, samples


@pytest.mark.metric("wsbridge_closes_total")
def test_a_client_that_vanished_is_1006(daemon):
    d = daemon(ECHO)
    d.ws("/echo").reset()
    becomes(d, 1, "wsbridge_closes_total", path="/echo", by="client", code="1006")


def all_but_a_pipe(n):
    """What waits when N bytes were sent to a program that reads nothing: its pipe takes 16 pages, the last one in part."""
    return pytest.approx(n - 65536, abs=4096)


@pytest.mark.metric("wsbridge_input_queue_bytes")
def test_what_waits_for_a_program_is_seen_until_it_is_taken(daemon, tmp_path):
    gate = procfs.fifo(str(tmp_path / "gate"))
    d = daemon(ON + f"[/slow]\nshell = read x <{gate}; exec cat >/dev/null\nframe = raw\nqueue = 1M\n")
    ws = d.ws("/slow")
    ws.send(BINARY, bytes(300_000))
    becomes(d, all_but_a_pipe(300_000), "wsbridge_input_queue_bytes", path="/slow")
    with open(gate, "w") as f:
        f.write("go\n")
    becomes(d, 0, "wsbridge_input_queue_bytes", path="/slow")
    ws.finish()


@pytest.mark.metric("wsbridge_input_queue_bytes", "wsbridge_output_queue_bytes")
def test_what_waits_is_forgotten_with_the_session(daemon):
    d = daemon(
        ON + "[/deaf]\nshell = exec sleep 1000\nframe = raw\neof_timeout = 50ms\n"
        "[/flood]\nexec = cat /dev/zero\nframe = raw\nqueue = 1M\n"
    )
    deaf = d.ws("/deaf")
    deaf.send(BINARY, bytes(200_000))
    becomes(d, all_but_a_pipe(200_000), "wsbridge_input_queue_bytes", path="/deaf")
    flood = d.ws("/flood", receive_buffer=4096)
    until(lambda: value(d, "wsbridge_output_queue_bytes", path="/flood") > 500_000, "a queue of half a MiB")
    deaf.reset()
    flood.reset()
    becomes(d, 0, "wsbridge_input_queue_bytes", path="/deaf")
    becomes(d, 0, "wsbridge_output_queue_bytes", path="/flood")


@pytest.mark.metric("wsbridge_output_queue_bytes")
def test_what_waits_for_a_client_is_gone_once_it_reads(daemon):
    d = daemon(ON + "[/zeros]\nexec = head -c 8000000 /dev/zero\nframe = raw\nqueue = 1M\n")
    ws = d.ws("/zeros", receive_buffer=4096)
    until(lambda: value(d, "wsbridge_output_queue_bytes", path="/zeros") > 500_000, "a queue of half a MiB")
    messages, code, _ = ws.recv_until_close(30)
    assert (sum(map(len, messages)), code) == (8_000_000, 1000)
    becomes(d, 0, "wsbridge_output_queue_bytes", path="/zeros")


@pytest.mark.metric("wsbridge_stderr_lines_dropped_total")
def test_lines_on_standard_error_that_the_log_does_not_have_are_counted(daemon):
    d = daemon(ON + "[/loud]\nshell = seq 150 >&2; echo done; exec cat\n")
    ws = d.ws("/loud")
    assert ws.recv() == "done"
    becomes(d, 50, "wsbridge_stderr_lines_dropped_total", path="/loud")
    ws.finish()


@pytest.mark.metric("wsbridge_hooks", "wsbridge_hooks_stderr_lines_dropped_total")
def test_hooks_are_counted_while_they_run_and_their_lines_when_they_are_too_many(daemon, program):
    hook = program(
        "import os, sys, time\n"
        "if os.environ['WSBRIDGE_PATH'] == '/canary': sys.exit()\n"
        "sys.stderr.write('x\\n' * 150)\nsys.stderr.flush()\ntime.sleep(60)\n"
    )
    d = daemon(ON + f"[hooks]\non_request = {hook}\n[/echo]\nexec = cat\n")
    raw = d.raw()
    raw.send_bytes(request("/echo", d.host))
    becomes(d, 50, "wsbridge_hooks_stderr_lines_dropped_total")
    assert value(d, "wsbridge_hooks") == 1
    raw.sock.close()
    becomes(d, 0, "wsbridge_hooks")


@pytest.mark.metric("wsbridge_downloads", "wsbridge_file_bytes_total")
def test_files_are_counted_as_they_go_out(daemon, rundir):
    rundir.chmod(0o755)
    (rundir / "small").write_bytes(b"x" * 1000)
    (rundir / "large").write_bytes(bytes(20 << 20))
    d = daemon(ON + f"[/files/*]\nstatic = {rundir}\n")
    assert len(get(d, "/files/small").body) == 1000
    assert get(d, "/files/small", method="HEAD").status == 200
    assert get(d, "/files/small", [("Range", "bytes=10-19")]).status == 206
    assert value(d, "wsbridge_file_bytes_total", path="/files/*") == 1010
    assert value(d, "wsbridge_handshakes_total", result="206") == 1
    slow = d.connect(receive_buffer=4096)
    slow.sendall(b"GET /files/large HTTP/1.0\r\n\r\n")
    becomes(d, 1, "wsbridge_downloads")
    until(lambda: value(d, "wsbridge_file_bytes_total", path="/files/*") > 1010, "the first piece")
    assert value(d, "wsbridge_file_bytes_total", path="/files/*") < 20 << 20
    slow.close()
    becomes(d, 0, "wsbridge_downloads")


# ---- the process ----


@pytest.mark.metric("process_open_fds", "process_max_fds")
def test_descriptors_are_those_that_the_kernel_has(daemon):
    d = daemon(ECHO)
    becomes(d, len(procfs.descriptors(d.pid)) + 1, "process_open_fds")  # with the scrape's own
    with open(f"/proc/{d.pid}/limits") as f:
        soft = re.search(r"^Max open files\s+(\d+)", f.read(), re.M).group(1)
    assert value(d, "process_max_fds") == int(soft)


@pytest.mark.metric("process_resident_memory_bytes", "process_virtual_memory_bytes")
def test_memory_is_what_the_kernel_has(daemon):
    d = daemon(ECHO)
    resident = value(d, "process_resident_memory_bytes")
    now = 1024 * int(procfs.status(d.pid, "VmRSS").split()[0])
    assert abs(resident - now) < 2 << 20
    mapped = value(d, "process_virtual_memory_bytes")
    assert abs(mapped - 1024 * int(procfs.status(d.pid, "VmSize").split()[0])) < 1 << 20 or is_sanitized()


@pytest.mark.metric("process_cpu_seconds_total")
def test_cpu_time_is_what_the_kernel_has(daemon):
    d = daemon(ECHO)
    until(lambda: scrape(d) and procfs.cpu_seconds(d.pid) >= 0.05, "50 ms of CPU time", 60)
    before = procfs.cpu_seconds(d.pid)
    told = value(d, "process_cpu_seconds_total")
    assert before - 0.02 <= told <= procfs.cpu_seconds(d.pid) + 0.05


@pytest.mark.metric("process_start_time_seconds")
def test_the_start_is_now(daemon):
    before = time.time()
    started = value(daemon(ECHO), "process_start_time_seconds")
    assert before - 2 <= started <= time.time()


# ---- the table ----


def test_every_metric_has_a_test_and_every_marked_one_exists(daemon):
    told, tests = set(scrape(daemon(ECHO))), marks.marked("metric")
    assert len(told) > 25
    assert not told - set(tests), f"no test is marked with {sorted(told - set(tests))}"
    assert not set(tests) - told, f"no such metric: {sorted(set(tests) - told)}"
