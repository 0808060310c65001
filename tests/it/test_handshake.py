# SPDX-License-Identifier: MIT
"""The opening handshake (RFC 6455 4.2), and the program that starts before it is answered."""

import os

import pytest
from rawws import KEY, TEXT, RawWS, accept_of, encode, new_key, request

ECHO = "[/echo]\nexec = cat\n"


def test_the_sample_key_of_the_rfc_gets_the_sample_answer(daemon):
    ws = daemon(ECHO).ws("/echo", key=KEY)
    assert ws.response.status_line == "HTTP/1.1 101 Switching Protocols"
    assert ws.response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert ws.response.headers["upgrade"].lower() == "websocket"
    assert ws.response.headers["connection"].lower() == "upgrade"


def test_each_key_gets_its_own_answer(daemon):
    d = daemon(ECHO)
    for key in (new_key(), new_key(), new_key()):
        assert d.ws("/echo", key=key).response.headers["sec-websocket-accept"] == accept_of(key)


def test_nothing_is_agreed_that_was_not_offered(daemon):
    answer = daemon(ECHO + "subprotocol = chat\n").ws("/echo").response
    assert "sec-websocket-protocol" not in answer.headers
    assert "sec-websocket-extensions" not in answer.headers


def test_an_offered_extension_that_is_not_spoken_is_not_agreed(daemon):
    offer = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    ws = daemon(ECHO).ws("/echo", offer)
    assert "sec-websocket-extensions" not in ws.response.headers
    assert ws.echoes("plain")


@pytest.mark.parametrize(
    "upgrade, connection",
    [
        ("websocket", "Upgrade"),
        ("WebSocket", "keep-alive, Upgrade"),
        ("WEBSOCKET", "upgrade,keep-alive"),
        ("foo/1, websocket", "x, UPGRADE , y"),
    ],
)
def test_tokens_count_in_any_case_and_position(daemon, upgrade, connection):
    fields = [("Upgrade", upgrade), ("Connection", connection)]
    assert daemon(ECHO).ws("/echo", fields, without=("Upgrade", "Connection")).echoes()


def test_another_version_is_answered_426_with_ours(daemon):
    d = daemon(ECHO)
    for version in ("8", "12", "14", "013", ""):
        answer = d.handshake("/echo", version=version).response
        assert answer.status == 426, version
        assert answer.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize(
    "what, how",
    [
        ("no key", {"without": ("Sec-WebSocket-Key",)}),
        ("a key of 15 bytes", {"key": "AAAAAAAAAAAAAAAAAAAA"}),
        ("a key of 17 bytes", {"key": "AAAAAAAAAAAAAAAAAAAAAAA="}),
        ("a key that is no base64", {"key": "dGhlIHNhbXBsZSBub25j*Q=="}),
        ("a key with stray bits", {"key": "dGhlIHNhbXBsZSBub25jZR=="}),
        ("two keys", {"fields": [("Sec-WebSocket-Key", KEY)]}),
    ],
)
def test_a_bad_key_is_400(daemon, what, how):
    assert daemon(ECHO).handshake("/echo", **how).response.status == 400, what


def test_http_1_0_cannot_upgrade(daemon):
    d = daemon(ECHO)
    client = d.raw()
    client.send_bytes(request("/echo", d.host).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    assert client.read_response().status == 505


def test_a_post_cannot_upgrade(daemon):
    d = daemon(ECHO)
    client = d.raw()
    client.send_bytes(request("/echo", d.host).replace(b"GET", b"POST", 1))
    answer = client.read_response()
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


def test_the_head_may_come_byte_by_byte(daemon):
    d = daemon(ECHO)
    client = d.raw()
    client.send_bytewise(request("/echo", d.host))
    assert client.read_response().status == 101
    assert client.echoes()


def test_frames_in_the_same_segment_as_the_head_are_not_lost(daemon):
    d = daemon(ECHO)
    client = RawWS(d.connect(), request("/echo", d.host) + encode(TEXT, b"early") + encode(TEXT, b"bird"))
    assert client.response.status == 101
    assert [client.recv(), client.recv()] == ["early", "bird"]


@pytest.mark.key("subprotocol")
def test_the_subprotocol_is_chosen_in_the_servers_order(daemon):
    d = daemon("[/sub]\nexec = printenv WSBRIDGE_SUBPROTOCOL\nsubprotocol = second first\n")
    ws = d.ws("/sub", [("Sec-WebSocket-Protocol", "other, first"), ("Sec-WebSocket-Protocol", "second")])
    assert ws.response.headers["sec-websocket-protocol"] == "second"
    assert ws.recv() == "second"


@pytest.mark.key("subprotocol")
def test_no_subprotocol_in_common_is_a_101_without_the_header(daemon):
    d = daemon("[/sub]\nexec = cat\nsubprotocol = chat\n")
    ws = d.ws("/sub", [("Sec-WebSocket-Protocol", "Chat, other")])  # case counts (RFC 6455 4.1)
    assert "sec-websocket-protocol" not in ws.response.headers
    assert ws.echoes()


def test_an_ordinary_client_connects_and_talks(daemon):
    client = daemon(ECHO + "subprotocol = chat\n").client("/echo", subprotocols=["chat"])
    assert client.subprotocol == "chat"
    client.send("grüß euch")
    assert client.recv() == "grüß euch"
    assert client.ping() < 5
    assert client.close() == (1000, "")


# ---- the program starts before the 101 ----


def test_a_command_that_vanished_is_502_and_the_log_says_why(daemon, program):
    tool = program("print('hello')\n")
    d = daemon(f"[/gone]\nexec = {tool}\n")
    assert d.ws("/gone").recv() == "hello"
    os.unlink(tool)
    answer = d.handshake("/gone").response
    assert answer.status == 502
    assert "upgrade" not in answer.headers
    d.wait_log(rf"/gone.*{tool}.*[Nn]o such file")
    assert tool not in answer.text, "the client learns nothing of our file system"


def test_a_command_that_may_not_run_is_502_and_the_log_says_why(daemon, program):
    tool = program("print('hello')\n")
    d = daemon(f"[/tool]\nexec = {tool}\n")
    os.chmod(tool, 0o644)
    assert d.handshake("/tool").response.status == 502
    d.wait_log(r"/tool.*[Pp]ermission denied")


def test_a_working_directory_that_vanished_is_502_and_the_log_says_why(daemon, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    d = daemon(f"[/pwd]\nexec = pwd\ncwd = {place}\n")
    place.rmdir()
    assert d.handshake("/pwd").response.status == 502
    d.wait_log(rf"/pwd.*{place}.*[Nn]o such file")


def test_an_unknown_path_is_404_before_anything_starts(daemon):
    answer = daemon(ECHO).handshake("/nothing").response
    assert answer.status == 404


def test_a_refused_handshake_starts_no_program(daemon, tmp_path):
    trace = tmp_path / "trace"
    d = daemon(f"[/trace]\nshell = echo started >> {trace}; cat\n")
    assert d.handshake("/trace", version="8").response.status == 426
    assert d.handshake("/trace", [("Origin", "http://evil.example")]).response.status == 403
    ws = d.ws("/trace")
    assert ws.echoes()
    assert trace.read_text() == "started\n"


# ---- which path ----


def test_the_path_is_percent_decoded_once(daemon):
    d = daemon("[/a b]\nexec = printenv SCRIPT_NAME\n" + ECHO)
    assert d.ws("/a%20b").recv() == "/a b"
    assert d.ws("/%65cho").echoes()
    assert d.handshake("/%2565cho").response.status == 404


@pytest.mark.parametrize(
    "path",
    ["/./echo", "/x/../echo", "/%2e/echo", "/x/%2E%2e/echo", "//echo", "/echo%00", "/echo%2f", "/%zzecho"],
)
def test_paths_in_disguise_match_nothing(daemon, path):
    assert daemon(ECHO).handshake(path).response.status in (400, 404)


def test_the_target_may_be_an_absolute_url(daemon):
    d = daemon(ECHO)
    assert d.ws(f"http://{d.host}/echo").echoes()


def test_the_exact_match_wins_then_the_longest_prefix(daemon):
    d = daemon("[/p/*]\nexec = echo short\n[/p/q/*]\nexec = echo long\n[/p/q/r]\nexec = echo exact\n")
    answers = {path: d.ws(path).recv() for path in ("/p/x", "/p/q/x", "/p/q/r", "/p/q/rr", "/p/q/r/s")}
    assert answers == {
        "/p/x": "short",
        "/p/q/x": "long",
        "/p/q/r": "exact",
        "/p/q/rr": "long",
        "/p/q/r/s": "long",
    }
    assert d.handshake("/q").response.status == 404
