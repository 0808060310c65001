# SPDX-License-Identifier: MIT
"""Who may connect, and who may use a path: by address."""

import os
import re
import signal

import pytest
from harness import get
from rawws import RawWS
from waiting import until

ECHO = "[/echo]\nexec = cat\n"
REFUSED = r"^refused peer=127\.0\.0\.{}:\d+ reason=\"address is not allowed \(\[server\] allow, deny\)\"$"


def answered(d, bind, address=None):
    """Whether somebody at the address BIND gets any answer of D."""
    raw = RawWS(d.connect(address, bind=bind), None)
    try:
        raw.send_bytes(f"GET /echo HTTP/1.1\r\nHost: {d.host}\r\n\r\n".encode())
        return raw.read_response().status == 426
    except (EOFError, ConnectionError):
        return False


def reload(d, tmp_path, old, new):
    file = tmp_path / "wsbridge.ini"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    taken = d.log().count(" is taken;")
    os.kill(d.pid, signal.SIGHUP)
    until(lambda: d.log().count(" is taken;") > taken, "the new configuration")


# ---- at accept ----


@pytest.mark.key("allow")
def test_only_listed_addresses_may_connect(daemon):
    d = daemon("[server]\nallow = 127.0.0.1 127.0.0.64/26\nallow = 127.0.1.0/24\n" + ECHO)
    for bind in ("127.0.0.1", "127.0.0.64", "127.0.0.127", "127.0.1.255"):
        assert answered(d, bind), bind
    for bind in ("127.0.0.2", "127.0.0.63", "127.0.0.128", "127.0.2.0"):
        assert not answered(d, bind), bind
    d.wait_log(REFUSED.format(63))


@pytest.mark.key("deny")
def test_a_denied_address_may_not_connect_whatever_allow_says(daemon):
    d = daemon("[server]\nallow = 127.0.0.0/8\ndeny = 127.0.0.2 127.0.0.8/29\n" + ECHO)
    assert answered(d, "127.0.0.1") and answered(d, "127.0.0.7") and answered(d, "127.0.0.16")
    assert not answered(d, "127.0.0.2") and not answered(d, "127.0.0.8") and not answered(d, "127.0.0.15")
    d.wait_log(REFUSED.format(15))


@pytest.mark.key("deny")
def test_who_is_refused_at_accept_fills_no_log(daemon):
    d = daemon("[server]\ndeny = 127.0.0.2\n" + ECHO)
    for _ in range(60):
        assert not answered(d, "127.0.0.2")


    def told():
        return sum(int(n) for n in re.findall(r"^refused: (\d+) more in the last second$", d.log(), re.M))

    until(lambda: len(re.findall(REFUSED.format(2), d.log(), re.M)) + told() == 60, "all 60, in lines and counts")
    assert told() > 0
    assert d.ws("/echo").echoes()


@pytest.mark.key("allow", "deny")
def test_clients_of_unix_sockets_are_named_by_the_word_unix(daemon, rundir):
    listen = f"listen = 127.0.0.1:0\nlisten = unix:{rundir}/s\n"
    d = daemon(f"[server]\n{listen}allow = 127.0.0.1 unix\n" + ECHO)
    assert answered(d, None, f"unix:{rundir}/s") and answered(d, "127.0.0.1")


@pytest.mark.key("allow")
def test_a_list_without_unix_shuts_unix_sockets(daemon, rundir):
    d = daemon(f"[server]\nlisten = 127.0.0.1:0\nlisten = unix:{rundir}/s\nallow = 127.0.0.0/8\n" + ECHO)
    assert answered(d, "127.0.0.1") and not answered(d, None, f"unix:{rundir}/s")
    d.wait_log(r'^refused peer=unix: reason="address is not allowed')


@pytest.mark.key("allow")
def test_ipv4_in_ipv6_is_ipv4_and_other_ipv6_is_not(daemon):
    d = daemon("[server]\nlisten = [::]:0\nallow = ::1 2001:db8:0:1::/64\n" + ECHO, own_network=True, canary=None)

    def from_address(host):
        return answered(d, host, f"[{host}]:{d.port}")

    assert from_address("::1") and from_address("2001:db8:0:1:ffff::1")
    assert not from_address("2001:db8:0:2::1")


@pytest.mark.key("allow", "deny")
def test_a_reload_holds_for_those_who_come_and_not_for_those_who_are_there(daemon, tmp_path):
    d = daemon("[server]\ndeny = 127.0.0.3\n" + ECHO)
    there = d.ws("/echo", bind="127.0.0.2")
    assert not answered(d, "127.0.0.3")
    reload(d, tmp_path, "deny = 127.0.0.3", "deny = 127.0.0.2")
    assert there.echoes() and answered(d, "127.0.0.3") and not answered(d, "127.0.0.2")


# ---- for a path ----


@pytest.mark.key("allow", "deny")
def test_a_path_can_be_open_to_some_addresses_only(daemon):
    d = daemon(
        "[defaults]\ndeny = 127.0.0.9\n"
        "[/some]\nexec = cat\nallow = 127.0.0.2 127.0.0.8/31\n"
        "[/all]\nexec = cat\n"
        "[/even]\nexec = cat\ndeny =\n"
    )

    def status(path, bind):
        return d.handshake(path, bind=bind).response.status

    assert [status("/some", f"127.0.0.{n}") for n in (1, 2, 8, 9)] == [403, 101, 101, 403]
    assert [status("/all", f"127.0.0.{n}") for n in (1, 9)] == [101, 403]
    assert status("/even", "127.0.0.9") == 101


@pytest.mark.key("allow")
def test_such_a_refusal_says_why_and_not_who_may(daemon):
    d = daemon("[/some]\nexec = cat\nallow = 127.0.0.77\n")
    answer = d.handshake("/some", bind="127.0.0.2").response
    assert answer.status == 403
    assert answer.text.strip().endswith("/some is not open to your address (allow, deny)")
    assert "127.0.0" not in repr(answer)
    d.wait_log(
        r'^#\d+ /some: refused status=403 peer=127\.0\.0\.2:\d+ reason="/some is not open to your address \(allow, deny\)"$'
    )


@pytest.mark.key("allow")
def test_it_holds_for_the_page_of_the_path_and_the_list_leaves_it_out(daemon):
    d = daemon("[web]\nconsole = yes\n[/some]\nexec = cat\nallow = 127.0.0.77\n[/all]\nexec = cat\n")
    assert get(d, "/some").status == 403
    for page in ("/", "/-/paths.json"):
        text = get(d, page).text
        assert "/all" in text and "/some" not in text


@pytest.mark.key("allow")
def test_a_path_lets_ipv6_in_by_network(daemon):
    d = daemon(
        "[server]\nlisten = [::]:0\nlisten = 0.0.0.0:0\n[/some]\nexec = cat\nallow = 2001:db8:0:1::/64\n",
        own_network=True,
        canary=None,
    )

    def status(host):
        return d.handshake("/some", address=f"[{host}]:{d.port}", bind=host).response.status

    assert status("2001:db8:0:1:ffff::1") == 101
    assert status("2001:db8:0:2::1") == 403


# ---- origin ----


@pytest.mark.key("origin")
def test_a_list_may_hold_same_besides_other_origins(daemon):
    d = daemon("[/x]\nexec = cat\norigin = same https://other.example\n")

    def status(origin):
        return d.handshake("/x", [("Origin", origin)]).response

    assert status(f"http://{d.host}").status == 101
    assert status("https://other.example").status == 101
    refused = status("https://evil.example")
    assert refused.status == 403
    assert "(origin = same https://other.example, Host is" in refused.text


# ---- what is no list of addresses ----


@pytest.mark.key("allow", "deny")
def test_what_is_no_network_is_an_error_that_says_what_is(check):
    result = check("[server]\nlisten = 127.0.0.1:0\ndeny = 10.0.0.1/8\nallow = localhost\n[/x]\nexec = cat\n")
    assert result.status == 78
    assert (
        "wsbridge.ini:3: error: deny: '10.0.0.1/8' is an address inside a network; write 10.0.0.0/8 for all of it"
        in result.errors
    )
    assert any(line.startswith("wsbridge.ini:4: error: allow: 'localhost' is no address") for line in result.errors)
