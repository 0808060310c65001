# SPDX-License-Identifier: MIT
"""connect = HOST:PORT or unix:/path: each client gets a connection to a service."""

import re
import socket
import struct
import subprocess
import tempfile
import threading
import time

import procfs
import pytest
from control import Control
from harness import get
from inicheck import HEAD, fails
from rawws import request
from services import NameServer, echo, everything, reset
from waiting import TIMEOUT, until, within

DEBUG = "[logging]\nlevel = debug\n"
DISCONNECTED = r"^#\d+ /x: disconnected .*"


def ini(target, more="", head=""):
    return f"{head}[/x]\nconnect = {target}\n{more}"


class Gate:
    """Stories wait until it opens."""

    def __init__(self):
        self.event = threading.Event()
        self.open = self.event.set

    def wait(self):
        assert self.event.wait(TIMEOUT), "the gate stayed shut"


def the_id(d):
    return Control(d).ask("list", path="/x")[0]["id"]


def refused(d, status, reason="", path="/x"):
    """D answers /x with STATUS and a page that says REASON."""
    raw = d.handshake(path)
    assert raw.response.status == status, raw.response
    assert reason in raw.response.text
    return raw.response


# ---- where it is ----


@pytest.mark.key("connect")
@pytest.mark.parametrize("at", [("127.0.0.1", 0), ("::1", 0), "unix"], ids=["IPv4", "IPv6", "Unix"])
def test_a_client_talks_to_a_service(daemon, service, rundir, at):
    s = service(echo, f"{rundir}/s" if at == "unix" else at)
    d = daemon(ini(s.target))
    one, other = d.ws("/x"), d.ws("/x")
    assert one.echoes("to one") and other.echoes("to the other")
    assert len(s.conns) == 2
    one.finish()
    assert other.echoes("still there")


def test_what_came_with_the_request_is_not_lost(daemon, service):
    s = service(echo)
    d = daemon(ini(s.target))
    raw = d.raw()
    raw.send_bytes(request("/x", d.host) + b"\x81\x82\0\0\0\0hi")
    assert raw.read_response().status == 101
    assert raw.recv() == "hi"


def test_a_service_that_refuses_is_a_502_and_no_websocket(daemon, full_house, rundir):
    house = full_house()
    house.close()
    d = daemon(ini(house.target) + f"[/u]\nconnect = unix:{rundir}/none\n")
    refused(d, 502, "the service cannot be reached")
    refused(d, 502, path="/u")
    d.wait_log(rf"error: #\d+ /x: connect: {re.escape(house.target)}: Connection refused")
    d.wait_log(rf"error: #\d+ /u: connect: unix:{rundir}/none: No such file or directory")
    assert house.target not in refused(d, 502).text


def test_a_port_that_nobody_listens_on_does_not_lead_back_to_itself(daemon):
    """A port that the kernel may pick for us can be the very one that is tried: TCP then connects the socket with itself."""
    d = daemon("[/x]\nconnect = 127.0.0.1:40000\n", own_network=True)
    raw = d.raw()
    ports = "echo 40000 40001 >/proc/sys/net/ipv4/ip_local_port_range"
    subprocess.run(["nsenter", "-t", str(d.pid), "-n", "sh", "-c", ports], check=True)
    raw.send_bytes(request("/x", d.host))
    assert raw.read_response().status == 502


@pytest.mark.key("connect_timeout")
@pytest.mark.parametrize("kind", ["TCP", "Unix"])
def test_a_service_that_does_not_answer_is_a_504_after_connect_timeout(daemon, full_house, rundir, kind):
    house = full_house(f"{rundir}/s") if kind == "Unix" else full_house()
    d = daemon(ini(house.target, "connect_timeout = 300ms\n"))
    begun = time.monotonic()
    refused(d, 504, "connect_timeout")
    took = time.monotonic() - begun
    assert took >= 0.3
    within(3, took, "seconds until it is given up")
    d.wait_log(r"error: #\d+ /x: connect: .*: Connection timed out")


def test_a_unix_socket_is_tried_again_until_it_has_room(daemon, full_house, rundir):
    house = full_house(f"{rundir}/s")
    d = daemon(ini(house.target, head=DEBUG))
    raw = d.raw()
    raw.send_bytes(request("/x", d.host) + b"\x81\x82\0\0\0\0hi")
    d.wait_log(r"/x: websocket_open_request")
    assert d.canary.echoes("a turn later")
    conn = house.make_room()
    assert raw.read_response().status == 101
    assert conn.recv(2) == b"i\n"
    conn.close()


def test_handshake_timeout_ends_a_connection_that_takes_longer(daemon, full_house):
    d = daemon(ini(full_house().target, head="[limits]\nhandshake_timeout = 1s\n"))
    refused(d, 503, "handshake_timeout")


def test_a_client_that_leaves_meanwhile_leaves_nothing(daemon, full_house, service):
    d = daemon(ini(full_house().target, "max_processes = 1\nconnect_timeout = 1500ms\n", DEBUG))
    raw = d.raw()
    raw.send_bytes(request("/x", d.host))
    d.wait_log(r"/x: websocket_open_request")
    raw.reset()
    refused(d, 503, "too many connections of this path (max_processes)")
    until(lambda: d.handshake("/x").response.status == 504, "room for another")


# ---- each side ends for itself ----


@pytest.mark.key("eof")
def test_the_end_of_the_input_reaches_the_service_and_its_answer_the_client(daemon, service):
    s = service(lambda conn: conn.sendall(b"got %d bytes\n" % len(everything(conn))))
    ws = daemon(ini(s.target)).ws("/x")
    ws.text("one")
    ws.text("two")
    ws.eof()
    assert ws.recv_until_close() == (["got 8 bytes"], 1000, "")
    s.join()


def test_the_end_of_the_output_is_close_code(daemon, service):
    s = service(lambda conn: conn.sendall(b"bye"))
    d = daemon(ini(s.target, "close_code = 4321\nclose_reason = that was all\n"))
    assert d.ws("/x").recv_until_close() == (["bye"], 4321, "that was all")
    assert re.search(r' code=4321 by=backend .* process="" ', d.wait_log(DISCONNECTED).group())


def test_what_was_sent_still_goes_to_a_service_that_has_ended_its_own_side(daemon, service):
    got = []

    def story(conn):
        conn.shutdown(socket.SHUT_WR)
        go.wait()
        got.append(everything(conn))

    go = Gate()
    s = service(story)
    d = daemon(ini(s.target, "eof_timeout = 10s\n", "[socket]\nreceive_buffer = 4k\n"))
    raw = d.raw()
    raw.send_bytes(request("/x", d.host) + b"\x81\x82\0\0\0\0hi")
    assert raw.read_response().status == 101
    assert raw.closed() == (1000, "")
    go.open()
    s.join()
    assert got == [b"hi\n"]


def test_a_reset_is_1011_and_says_so(daemon, service):
    def story(conn):
        conn.recv(4)
        conn.sendall(b"one\n")
        assert conn.recv(1) == b"."
        reset(conn)

    s = service(story)
    d = daemon(ini(s.target, "frame = raw\ntype = text\n"))
    ws = d.ws("/x")
    ws.text("what")
    assert ws.recv() == "one\n"
    ws.text(".")
    assert ws.closed() == (1011, "connection to the service: Connection reset by peer")
    s.join()


def test_what_a_client_has_sent_reaches_the_service_after_it_has_left(daemon, service):
    got = []

    def story(conn):
        go.wait()
        got.append(len(everything(conn)))

    go = Gate()
    s = service(story)
    d = daemon(ini(s.target, "queue = 8M\nmax_message = 8M\neof_timeout = 10s\n"))
    ws = d.ws("/x")
    ws.text("x" * 4000000)
    ws.finish()
    go.open()
    s.join()
    assert got == [4000001]


def test_a_service_learns_by_a_reset_that_its_client_vanished_in_the_middle(daemon, service):
    ends = []

    def story(conn):
        go.wait()
        try:
            everything(conn)
            ends.append("FIN")
        except ConnectionResetError:
            ends.append("RST")

    go = Gate()
    s = service(story)
    d = daemon(ini(s.target, "queue = 64M\nmax_message = 64M\n"))
    ws = d.ws("/x")
    ws.text("x" * 20000000)
    control = Control(d)
    until(lambda: control.ask("list", path="/x")[0]["in"]["messages"], "the message")
    ws.reset()
    d.wait_log(DISCONNECTED)
    go.open()
    s.join()
    assert ends == ["RST"]


@pytest.mark.key("eof_timeout")
@pytest.mark.parametrize("reads", [True, False], ids=["never ends", "never reads"])
def test_a_service_without_its_client_is_left_after_eof_timeout(daemon, service, reads):
    go = Gate()
    s = service(lambda conn: reads and everything(conn) or go.wait())
    d = daemon(ini(s.target, "eof_timeout = 300ms\nqueue = 8M\nmax_message = 8M\n"))
    ws = d.ws("/x")
    ws.text("x" * 4000000)
    ws.finish()
    until(lambda: len(procfs.descriptors(d.pid)) == len(d.baseline.descriptors), "its descriptors back")
    go.open()


@pytest.mark.key("max_runtime")
def test_max_runtime_ends_a_connection(daemon, service):
    d = daemon(ini(service(echo).target, "max_runtime = 200ms\n"))
    assert d.ws("/x").closed() == (1008, "time limit")


def test_websocketds_ways_are_those_of_programs(daemon, service, values):
    s = service(lambda conn: conn.sendall(b"%r\n" % everything(conn)))
    text = ini(s.target, "frame = raw\ntype = text\n", "[defaults]\ncompat = websocketd\n")
    assert values(HEAD + text)["/x", "eof"] == ["auto"]
    ws = daemon(text).ws("/x")
    ws.text("no newline")
    ws.eof()
    assert ws.recv_until_close() == (["b'no newline'\n"], 1000, "")


# ---- what is said of it ----


def test_a_page_says_that_there_is_a_service_and_not_where(daemon, service):
    s = service(echo)
    page = get(daemon(ini(s.target)), "/").text
    assert "a service" in page and str(s.port) not in page


def test_show_says_what_it_is_connected_to(daemon, service, rundir):
    tcp, unix = service(echo), service(echo, f"{rundir}/s")
    d = daemon(ini(tcp.target) + f"[/u]\nconnect = {unix.target}\n[/p]\nexec = cat\n")
    held = [d.ws("/x"), d.ws("/u"), d.ws("/p")]
    rows = {row["path"]: row for row in Control(d).ask("list")}
    shown = [Control(d).ask("show", to=rows[path]["id"]) for path in ("/x", "/u", "/p")]
    assert [row["service"] for row in shown] == [tcp.target, unix.target, None]
    assert [row["pid"] is None for row in shown] == [True, True, False]
    assert all(ws.echoes() for ws in held)


def test_connections_are_counted(daemon, service, full_house):
    house = full_house()
    house.close()
    d = daemon(ini(service(echo).target, head="[web]\nmetrics = /metrics\n") + f"[/gone]\nconnect = {house.target}\n")
    assert d.ws("/x").echoes()
    refused(d, 502, path="/gone")
    page = get(d, "/metrics").text
    assert 'wsbridge_spawns_total{path="/x"} 1' in page
    assert 'wsbridge_spawn_failures_total{path="/gone"} 1' in page


# ---- limits ----


@pytest.mark.key("max_processes")
def test_max_processes_limits_the_connections_of_a_path(daemon, service):
    d = daemon(ini(service(echo).target, "max_processes = 1\n"))
    one = d.ws("/x")
    assert one.echoes()
    refused(d, 503, "too many connections of this path (max_processes)")
    one.finish()
    until(lambda: d.handshake("/x").response.status == 101, "room for another")


@pytest.mark.key("spawn_rate")
def test_spawn_rate_limits_new_connections(daemon, service):
    d = daemon(ini(service(echo).target, "spawn_rate = 1/m\n"))
    assert d.ws("/x").echoes()
    refused(d, 503, "too many new connections of this path (spawn_rate)")


def test_a_service_that_floods_is_read_no_faster_than_its_client(daemon, service):
    sent = [0]

    def story(conn):
        while True:
            sent[0] += conn.send(b"x" * 99 + b"\n")

    d = daemon(ini(service(story).target, "queue = 64k\n"))
    slow = d.ws("/x", receive_buffer=4096)
    assert slow.recv() == "x" * 99
    before = -1
    while before != sent[0]:  # the buffers of both connections fill up
        before = sent[0]
        assert d.canary.echoes("in the flood")
        time.monotonic()
    assert procfs.memory(d.pid) - d.baseline.memory < 1 << 20
    for _ in range(1000):
        assert slow.recv() == "x" * 99


def test_a_service_that_reads_nothing_stops_its_client_alone(daemon, service):
    go = Gate()
    d = daemon(ini(service(lambda conn: go.wait()).target, "queue = 64k\n"))
    ws = d.ws("/x")
    thread = ws.send_in_background(b"".join([b"\x82\xfe\x7f\xff\0\0\0\0" + b"x" * 32767] * 500))
    control, to = Control(d), the_id(d)
    until(lambda: not control.ask("show", to=to)["reading"], "the client to be paused")
    assert d.canary.echoes("all is well")
    assert control.ask("show", to=to)["to_program"] < 64 * 1024 + 65536 + 32768
    go.open()
    ws.sock.close()
    thread.join()


def test_a_service_may_say_one_byte_at_a_time(daemon, service):
    def story(conn):
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in "über\nalles\n".encode():
            conn.sendall(bytes([byte]))

    assert daemon(ini(service(story).target)).ws("/x").recv_until_close() == (["über", "alles"], 1000, "")


def test_a_service_that_closes_at_once_harms_nobody(daemon, service):
    s = service(lambda conn: None)
    d = daemon(ini(s.target, "spawn_rate = 0\n"))
    for _ in range(50):
        assert d.ws("/x").closed() == (1000, "")
    assert d.canary.echoes("fifty have gone")


def test_a_unix_socket_that_refuses_again_and_again_harms_nobody(daemon, full_house, rundir):
    house = full_house(f"{rundir}/s")
    house.close()
    d = daemon(ini(house.target, "spawn_rate = 0\n"))
    for _ in range(100):
        refused(d, 502)
    assert d.canary.echoes("a hundred have gone")
    assert d.log().count("Connection refused") <= 100


# ---- what it is told of its client ----


def exactly(conn, n):
    """N bytes; a socket with a time-out does not wait for all of them by itself (MSG_WAITALL)."""
    data = b""
    while len(data) < n and (more := conn.recv(n - len(data))):
        data += more
    return data


def header_of(conn):
    """The PROXY header that begins what CONN says: (command and version, family, its bytes)."""
    head = exactly(conn, 16)
    assert head[:12] == b"\r\n\r\n\0\r\nQUIT\n"
    command, family, n = struct.unpack("!BBH", head[12:])
    return command, family, exactly(conn, n)


@pytest.fixture
def told(service):
    """A service that keeps the header and then echoes."""

    def story(conn):
        s.headers.append(header_of(conn))
        echo(conn)

    s = service(story)
    s.headers = []
    return s


@pytest.mark.key("send_proxy")
def test_send_proxy_tells_the_clients_address_before_everything_else(daemon, told):
    d = daemon(ini(told.target, "send_proxy = v2\n"))
    ws = d.ws("/x")
    assert ws.echoes("and then this")
    ports = struct.pack("!HH", ws.sock.getsockname()[1], d.port)
    assert told.headers == [(0x21, 0x11, bytes([127, 0, 0, 1] * 2) + ports)]


def test_send_proxy_tells_what_a_trusted_proxy_says(daemon, told):
    d = daemon(ini(told.target, "send_proxy = v2\n", "[server]\ntrusted_proxy = 127.0.0.1\n"))
    assert d.ws("/x", [("X-Forwarded-For", "2001:db8::1")]).echoes()
    ((command, family, data),) = told.headers
    assert (command, family) == (0x21, 0x21)
    assert data[:32] == socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(
        socket.AF_INET6, "::ffff:127.0.0.1"
    )


def test_send_proxy_of_a_client_on_a_unix_socket(daemon, told, rundir):
    d = daemon(ini(told.target, "send_proxy = v2\n", f"[server]\nlisten = unix:{rundir}/w\n"))
    assert d.ws("/x").echoes()
    ((command, family, data),) = told.headers
    assert (command, family, len(data)) == (0x21, 0x31, 216)
    assert data[108:].rstrip(b"\0").decode() == f"{rundir}/w"


def test_send_proxy_tells_of_tls(daemon, told, certificate):
    c = certificate()
    tls = f"[server]\nlisten = 127.0.0.1:0 tls\n[tls]\ncertificate = {c.certificate}\nkey = {c.key}\n"
    d = daemon(ini(told.target, "send_proxy = v2\n", tls))
    assert d.ws("/x").echoes()
    ((_, _, data),) = told.headers
    kind, n, flags, verify = struct.unpack_from("!BHBI", data, 12)
    assert (kind, n, flags, verify) == (0x20, len(data) - 15, 1, 1)
    assert b"\x21\x00\x07TLSv1.3" in data and b"\x23\x00\x16TLS_AES_256_GCM_SHA384" in data


def test_a_second_daemon_understands_it(daemon):
    env = "[server]\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0 proxy\ntrusted_proxy = 127.0.0.1\n[/env]\nexec = env\n"
    behind = daemon(env)
    target = behind.addresses[1]
    d = daemon(ini(target, "send_proxy = v2\nframe = raw\n"))
    ws = d.ws("/x")
    ws.binary(request("/env", behind.host))
    port = ws.sock.getsockname()[1]
    got = b""
    while b"REMOTE_PORT=" not in got:
        got += ws.recv()
    behind.wait_log(rf"peer=127\.0\.0\.1:{port} ")


# ---- names ----


def named(dns, name, port, more="", defaults=""):
    return f"[server]\nresolver = {dns.address}\n{defaults}[/x]\nconnect = {name}:{port}\n{more}"


def test_localhost_needs_no_name_server(daemon, service, name_server):
    dns = name_server()
    d = daemon(named(dns, "localhost", service(echo).port))
    assert d.ws("/x").echoes()
    assert dns.asked == []


def test_an_address_is_never_asked_for(daemon, service, name_server):
    dns = name_server()
    s = service(echo)
    d = daemon(named(dns, "127.0.0.1", s.port))
    assert d.ws("/x").echoes()
    assert dns.asked == []


@pytest.mark.key("resolver")
def test_a_name_is_looked_up_by_the_name_servers(daemon, service, name_server):
    dns = name_server(db_example=["127.0.0.1"])
    d = daemon(named(dns, "db.example", service(echo).port))
    assert d.ws("/x").echoes()
    assert {name for name, _ in dns.asked} == {"db.example"}


@pytest.mark.parametrize("at", ["127.0.0.1", "::1"])
def test_addresses_are_tried_until_one_answers(daemon, service, name_server, at):
    """Of 127.0.0.1 and ::1 only one is there."""
    dns = name_server(db_example=["127.0.0.1", "::1"])
    d = daemon(named(dns, "db.example", service(echo, (at, 0)).port))
    assert d.ws("/x").echoes()


def test_an_address_that_is_silent_leaves_time_for_the_next(daemon, service, name_server, full_house):
    house = full_house(("127.0.0.2", 0))
    s = service(echo, ("127.0.0.3", house.port))
    dns = name_server(db_example=["127.0.0.2", "127.0.0.3"])
    d = daemon(named(dns, "db.example", s.port, "connect_timeout = 1s\n"))
    assert d.ws("/x").echoes()
    dns.names["db.example"] = ["127.0.0.2"]
    refused(d, 504)


@pytest.mark.parametrize(
    "answer, status, words",
    [
        (NameServer.NXDOMAIN, 502, "there is no such name"),
        ([], 502, "there is no such name"),
        (NameServer.SERVFAIL, 502, "no name server can tell"),
        (None, 504, "no name server answers"),
        (b"", 504, "no name server answers"),
        (b"\x81\x80\0\1\xff\xff\0\0\0\0" + b"\xc0\x0c" * 200, 504, "no name server answers"),
    ],
    ids=["NXDOMAIN", "no address", "SERVFAIL", "silence", "half an answer", "a loop of names"],
)
def test_a_name_without_an_address_is_told(daemon, name_server, answer, status, words):
    d = daemon(named(name_server(db_example=answer), "db.example", 1, "connect_timeout = 500ms\n"))
    refused(d, status)
    d.wait_log(rf"error: #\d+ /x: connect: db\.example:1: {words}")


def test_many_who_wait_for_a_name_ask_once(daemon, service, name_server):
    dns = name_server(db_example=None)
    d = daemon(named(dns, "db.example", service(echo).port))
    waiting = [d.raw() for _ in range(20)]
    for raw in waiting:
        raw.send_bytes(request("/x", d.host))
    until(lambda: len(dns.asked) >= 2, "both questions")
    assert d.canary.echoes("nobody else waits")
    dns.names["db.example"] = ["127.0.0.1"]  # c-ares asks again
    for raw in waiting:
        assert raw.read_response().status == 101
        assert raw.echoes()
    assert len(dns.asked) <= 6


def test_a_reload_brings_other_name_servers_for_those_who_wait_too(daemon, service, name_server, tmp_path):
    silent, speaks = name_server(db_example=None), name_server(db_example=["127.0.0.1"])
    port = service(echo).port
    d = daemon(named(silent, "db.example", port))
    raw = d.raw()
    raw.send_bytes(request("/x", d.host))
    until(lambda: silent.asked, "the question")
    rewrite(d, tmp_path, silent.address, speaks.address)
    assert raw.read_response().status == 101
    assert raw.echoes()


# ---- one connection for many ----

SHARED = "process = shared\nlinger = 0\n"


@pytest.mark.key("process")
def test_clients_share_a_connection(daemon, service):
    s = service(echo)
    d = daemon(ini(s.target, SHARED))
    one, other = d.ws("/x"), d.ws("/x")
    one.text("to all")
    assert (one.recv(), other.recv()) == ("to all", "to all")
    assert len(s.conns) == 1
    one.finish()
    assert other.echoes("still there")


def sent_a_file(d):
    """A client of /x that is being sent 4 MB of "f" and reads slowly; its id, and who sends."""
    reader, control, to = d.ws("/x", receive_buffer=8192), Control(d), the_id(d)
    with tempfile.TemporaryFile() as f:
        f.write(b"f" * 4_000_000)
        f.flush()
        control.begin("send-file", fds=[f.fileno()], to=to)
    return reader, to, control  # its end would be the file's


def test_a_service_that_speaks_no_more_hears_what_many_have_said_though_one_is_sent_a_file(daemon, service, rundir):
    full, over, heard = Gate(), Gate(), []

    def story(conn):
        full.wait()
        conn.shutdown(socket.SHUT_WR)
        over.wait()
        heard.append(len(everything(conn)))

    s = service(story, f"{rundir}/s")
    d = daemon(ini(s.target, SHARED + "queue = 8M\n", "[socket]\nsend_buffer = 16k\n"))
    reader, to, _sender = sent_a_file(d)
    other, speaker = Control(d), d.ws("/x")
    for _ in range(3):
        speaker.text("x" * 900_000)
    until(lambda: other.ask("status")["to_programs"] > 2_000_000, "all has come, and waits for the service")
    full.open()
    assert speaker.closed() == (1000, "")
    over.open()
    s.join()
    assert heard == [3 * 900_001]
    assert reader.recv_until_close()[:2] == ([b"f" * 4_000_000], 1000)


def test_who_is_sent_a_file_is_read_again_when_the_service_goes_that_took_nothing(daemon, service, rundir):
    full, over = Gate(), Gate()

    def story(conn):
        full.wait()
        conn.shutdown(socket.SHUT_WR)
        over.wait()

    s = service(story, f"{rundir}/s")
    d = daemon(ini(s.target, SHARED + "eof_timeout = 200ms\n", "[socket]\nsend_buffer = 16k\n"))
    reader, to, _sender = sent_a_file(d)
    other, speaker = Control(d), d.ws("/x")
    for _ in range(2):
        speaker.text("x" * 900_000)
    until(lambda: not other.ask("show", to=to)["reading"], "too much waits for the service")
    full.open()
    assert speaker.closed() == (1000, "")
    until(lambda: other.ask("show", to=to)["reading"], "the reader is read again")
    over.open()
    assert reader.recv_until_close()[:2] == ([b"f" * 4_000_000], 1000)


def test_all_who_wait_for_a_connection_get_it(daemon, full_house, rundir):
    house = full_house(f"{rundir}/s")
    d = daemon(ini(house.target, SHARED, DEBUG))
    waiting = house.queue(d, "/x")
    conn = house.make_room()
    for raw in waiting:
        assert raw.read_response().status == 101
    assert exactly(conn, 8) == b"i\nhi\nhi\n"
    conn.sendall(b"welcome\n")
    assert [raw.recv() for raw in waiting] == ["welcome"] * 3
    conn.close()
    assert [raw.closed() for raw in waiting] == [(1000, "")] * 3


def test_all_who_wait_for_a_connection_hear_why_there_is_none(daemon, full_house, rundir):
    house = full_house(f"{rundir}/s")
    d = daemon(ini(house.target, SHARED + "connect_timeout = 500ms\n"))
    waiting = [d.raw() for _ in range(3)]
    for raw in waiting:
        raw.send_bytes(request("/x", d.host))
    assert [raw.read_response().status for raw in waiting] == [504] * 3
    house.close()
    refused(d, 502)


def test_of_those_who_wait_the_last_to_leave_ends_the_connection(daemon, full_house):
    limits = "[limits]\nhandshake_timeout = 1s\n"
    d = daemon(ini(full_house().target, SHARED + "connect_timeout = 1h\nmax_processes = 1\n", limits))
    waiting = [d.raw() for _ in range(3)]
    for raw in waiting:
        raw.send_bytes(request("/x", d.host))
    assert [raw.read_response().status for raw in waiting] == [503] * 3
    refused(d, 503, "handshake_timeout")  # and not max_processes


def test_a_shared_connection_is_nobodys_to_send_proxy(daemon, told):
    d = daemon(ini(told.target, SHARED + "send_proxy = v2\n"))
    assert d.ws("/x").echoes()
    assert told.headers == [(0x20, 0, b"")]


# ---- reload, and the file ----


def rewrite(d, tmp_path, old, new):
    file = tmp_path / "wsbridge.ini"
    file.write_text(file.read_text().replace(old, new))
    assert Control(d).ask("reload")


def test_a_reload_leaves_a_session_its_service(daemon, service, tmp_path):
    one, other = service(echo), service(lambda conn: conn.sendall(b"other\n"))
    d = daemon(ini(one.target))
    old = d.ws("/x")
    rewrite(d, tmp_path, one.target, other.target)
    assert d.ws("/x").recv_until_close()[0] == ["other"]
    assert old.echoes("still the first")


def test_keys_of_programs_mean_nothing_for_a_service(check):
    keys = ("cwd = /", "umask = 022", "env = A=b", "line_buffer = no", "stderr = drop", "stop_signal = HUP", "exit_code = plain")
    fails(
        check(HEAD + "[/x]\nconnect = 127.0.0.1:1\n" + "\n".join(keys) + "\n[/y]\nexec = cat\nsend_proxy = v2\n"),
        *((5 + n, f"{key.split()[0]} means nothing with connect; it goes with exec or shell") for n, key in enumerate(keys)),
        (14, "send_proxy means nothing with exec; it goes with connect"),
    )


@pytest.mark.parametrize(
    "value", ["80", "host", "host:0", "host:65536", "::1:80", "[127.0.0.1]:80", "256.1.1.1:80", "a..b:1", "h o:1", "unix:s", "-:x"]
)
def test_what_is_no_service_is_an_error(check, value):
    fails(check(HEAD + f"[/x]\nconnect = {value}\n"), (4, "connect: '"))


@pytest.mark.parametrize("value", ["localhost", "127.0.0.1:0", "[::1", "[127.0.0.1]", "[::1]:x"])
def test_what_is_no_name_server_is_an_error(check, value):
    fails(check(f"[server]\nresolver = 192.0.2.1 [2001:db8::1]:53 2001:db8::2\nresolver = {value}\n"), (3, "resolver: '"))


def test_a_unix_socket_that_is_missing_is_a_warning(check, rundir):
    result = check(HEAD + f"[/x]\nconnect = unix:{rundir}/none\n[/y]\nconnect = 127.0.0.1:1\n")
    assert result.status == 0
    assert [line for line in result.lines if "connect" in line] == [
        f"wsbridge.ini:4: warning: connect: {rundir}/none: no such socket yet"
    ]


def test_a_connect_timeout_beyond_handshake_timeout_is_a_warning(check):
    result = check(HEAD + "[/x]\nconnect = 127.0.0.1:1\nconnect_timeout = 10s\n")
    assert result.status == 0
    assert any(re.match(r"wsbridge.ini:5: warning: connect_timeout .*handshake_timeout \(10s\)", x) for x in result.lines)
