# SPDX-License-Identifier: MIT
"""The names of WSServer's settings, in its units: in the file, for wsbridgectl, and as -T prints them."""

import re
import socket

import procfs
import pytest
from control import Control, Refused, ctl
from harness import ROOT
from inicheck import HEAD, Check, fails, values
from manual import source
from rawws import CONT, PING, PONG, TEXT
from waiting import until

FILE = """
[server]
BindExclusively = False
[limits]
MaxConnections = 3
[socket]
InBufferSize = 24576
OutBufferSize = 32768
KeepAliveTime = 30001
KeepAliveInterval = 1500
TcpNoDelay = 0
[defaults]
MaxFrameSize = 4
[/x]
exec = cat
frame = raw
type = text
BufferMessage = true
CodePage = 1252
[/end]
exec = true
DisconnectStatusCode = 4321
DisconnectStatusDescription = bye
WaitForCloseResponse = False
close_timeout = 30s
"""

ECHO = "[/echo]\nexec = cat\n"


def names(kind):
    with open(ROOT / "tests/wsserver.txt") as f:
        return [line.split()[1] for line in f if line.startswith(kind + " ")]


def test_they_do_what_the_keys_do(daemon):
    d = daemon(FILE)
    ws = d.ws("/x")
    with procfs.peer_socket(d.pid, ws.sock) as peer:
        options = [
            peer.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT),
            peer.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
            peer.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
            peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
            peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
        ]
    assert options == [1, 2 * 24576, 2 * 32768, 31, 2, 0]
    ws.send(TEXT, b"one", fin=False)
    ws.send(PING, b"?")
    assert ws.frame().opcode == PONG
    ws.send(CONT, "€€".encode())
    frames = ws.frames()
    assert [len(f.payload) for f in frames] == [4, 4, 1]
    assert b"".join(f.payload for f in frames).decode() == "one€€"
    second = d.ws("/x")
    assert d.handshake("/x").response.status == 503, "three are there"
    second.finish()
    end = until(lambda: (ws := d.handshake("/end")).response.status == 101 and ws, "there is room again")
    assert end.closed() == (4321, "bye") and end.end(5) == "FIN"


@pytest.mark.parametrize(
    "line, text",
    [
        ("[socket]\nKeepAliveTime = 2m", "KeepAliveTime = 2m is not"),
        ("[socket]\nKeepAliveTime = 32767001", "KeepAliveTime = 32767001 is not between 0 and 32767000"),
        ("[socket]\nKeepAliveInterval = 0", "KeepAliveInterval = 0 is not between 1 and 32767000"),
        ("[socket]\nTcpNoDelay = perhaps", "TcpNoDelay = perhaps is not true or false"),
        ("[socket]\nInBufferSize = 64k", "InBufferSize = 64k is not"),
        ("[defaults]\nMaxFrameSize = -1", "MaxFrameSize = -1 is not"),
        ("[defaults]\nDisconnectStatusCode = 1005", "DisconnectStatusCode: close_code: 1005 may not be sent"),
        ("[defaults]\nCodePage = 99999", "CodePage: charset: '99999' is no charset"),
        ("[tls]\nSSLEnabledProtocols = 1", r"SSLEnabledProtocols = 1 is not a sum of .*3072 \(TLSv1\.2\)"),
        ("[tls]\nSSLEnabledProtocols = 0", "SSLEnabledProtocols = 0 is not a sum of"),
        ("[server]\nKeepAliveTime = 1000", r"unknown key 'KeepAliveTime' in \[server\]; it belongs to \[socket\]"),
        ("[socket]\nKeepAliveTme = 1000", "did you mean 'KeepAliveTime'"),
        ("[socket]\nkeepalivetime = 1000", "unknown key 'keepalivetime'.* did you mean"),
    ],
)
def test_what_they_do_not_take_is_told_under_their_name(check, line, text):
    fails(check(ECHO + line + "\n"), (4, text))


@pytest.mark.parametrize(
    "section, first, second",
    [
        ("socket", "keepalive_time = 2m", "KeepAliveTime = 120000"),
        ("socket", "KeepAliveTime = 120000", "keepalive_time = 2m"),
        ("tls", "protocols = TLSv1.3", "SSLEnabledProtocols = 3072"),
        ("tls", "SSLEnabledProtocols = 3072", "protocols = TLSv1.3"),
        ("/y]\nexec = cat\n[defaults", "MaxFrameSize = 10", "max_frame = 10"),
    ],
)
def test_a_setting_under_both_of_its_names_is_an_error_that_names_both(check, section, first, second):
    text = f"[{section}]\n{first}\n{second}\n" + ECHO
    line = text.splitlines().index(second) + 1
    one, other = (words.split(" ")[0] for words in (second, first))
    fails(check(text), (line, rf"{one} and {other} \(line {line - 1}\) are the same setting"))


def test_a_name_that_stands_there_twice_is_an_error(check):
    fails(check(ECHO + "[tls]\nSSLEnabledProtocols = 3072\nSSLEnabledProtocols = 12288\n"), (5, "twice .*line 4"))


def test_a_drop_in_may_use_either(check, tmp_path):
    ini = HEAD + "[socket]\nKeepAliveTime = 120000\n" + ECHO
    result = check(ini, "-T", **{"1.ini": "[socket]\nkeepalive_time = 3m\n"})
    assert result.status == 0 and "\nkeepalive_time = 3m\n" in result.out


def test_printed_with_their_names_it_is_the_same_configuration(tmp_path):
    def settings(text, *options):
        result = Check(tmp_path, text, "-T", *options)
        assert result.status == 0, result.lines
        return "".join(line + "\n" for line in result.out.splitlines() if not line.startswith(";"))

    ini = FILE.replace("[server]\n", HEAD)
    theirs = Check(tmp_path, ini, "-T", "--wsserver-names")
    assert theirs.status == 0, theirs.lines
    printed = set(re.findall(r"^([A-Z]\w+) =", theirs.out, re.M))
    assert printed <= set(names("setting")) and len(printed) > 15
    assert "\nKeepAliveTime = 30001\n" in theirs.out and "keepalive_time" not in theirs.out
    ours = settings(ini)
    assert "\nkeepalive_time = 30001ms\n" in ours and not re.search("^[A-Z]", ours, re.M)
    assert settings(theirs.out, "--wsserver-names") == settings(ini, "--wsserver-names") == settings(
        ours, "--wsserver-names"
    )


def test_what_they_cannot_say_is_printed_under_our_name(tmp_path):
    text = HEAD + "[socket]\nkeepalive_time = ${env:X}\n[defaults]\ncharset = EUC-JP\n" + ECHO
    out = Check(tmp_path, text, "-T", "--wsserver-names", env={"X": "1m"}).out
    assert "\nkeepalive_time = ${env:X}\n" in out and "\ncharset = EUC-JP\n" in out


def test_their_units_are_those_of_what_expands(tmp_path):
    env = {"N": "17", "MS": "30001", "FLAG": "1", "PROVIDER": "*", "DEEP": "${env:N}", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    (tmp_path / "seed").write_text("of nobody")
    text = (
        HEAD + "[limits]\nMaxConnections = ${env:N}\n[socket]\nKeepAliveTime = ${env:MS}\nTcpNoDelay = ${env:FLAG}\n"
        "[tls]\nSSLProvider = ${env:PROVIDER}\nOpenSSLPrngSeedData = ${cred:seed}\n" + ECHO
    )
    seen = values(tmp_path, text, env=env)
    assert seen["limits", "max_connections"] == ["17"] and seen["socket", "keepalive_time"] == ["30001ms"]
    assert seen["socket", "nodelay"] == ["yes"] and seen["tls", "provider"] == ["default"]
    assert seen["tls", "prng_seed"] == ["***"]
    for value, said in (
        ("${env:NONE}", "MaxConnections: ${env:NONE} is not set"),
        ("${env:DEEP}", "MaxConnections = ${env:DEEP} is not"),
        (
            "${cred:seed}",
            "MaxConnections = ${cred:seed} is not",
        ),
    ):
        (error,) = Check(tmp_path, HEAD + f"[limits]\nMaxConnections = {value}\n" + ECHO, env=env).errors
        assert f"wsbridge.ini:4: error: {said}" in error, error


def test_only_minus_t_prints_them(check):
    result = check(HEAD + ECHO, "-t", "--wsserver-names")
    assert result.status == 64 and "--wsserver-names goes with -T" in result.lines[0]


def test_wsbridgectl_reads_and_sets_them(daemon):
    d = daemon("[socket]\nkeepalive_time = 90s\n" + ECHO)
    c = Control(d)
    got = c.ask("get", key="KeepAliveTime")
    assert got["value"] == "90000" and got["default"] == "120000" and got["key"] == "socket.KeepAliveTime"
    assert got["values"] == "in milliseconds" and got["wsserver"] == "KeepAliveTime"
    assert c.ask("get", key="socket.keepalive_time")["value"] == "90s"
    assert ctl(d, "set", "socket.KeepAliveTime", "1500") == "socket.KeepAliveTime = 1500 (new-connections)\n"
    with procfs.peer_socket(d.pid, d.ws("/echo").sock) as peer:
        assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 2
    assert c.ask("get", key="KeepAliveTime")["value"] == "1500"
    c.ask("set", key="/echo.MaxFrameSize", value=10)
    ws = d.ws("/echo")
    ws.text("a" * 25)
    assert [len(f.payload) for f in ws.frames()] == [10, 10, 5]
    assert c.ask("get", key="/echo.max_frame")["value"] == "10"
    for key, value, text in [
        ("KeepAliveTime", "2m", "KeepAliveTime = 2m is not"),
        ("MaxFrameSize", "10", "'MaxFrameSize' is a path's: name one, as /x.MaxFrameSize"),
        ("/echo.MaxFrameSise", "10", "did you mean 'MaxFrameSize'"),
        ("/echo.DisconnectStatusCode", "1006", "may not be sent"),
    ]:
        with pytest.raises(Refused, match=re.escape(text)):
            c.ask("set", key=key, value=value)


def test_keys_tells_the_names(daemon):
    keys = Control(daemon(ECHO)).ask("keys")
    told = {key["wsserver"] for key in keys if key["wsserver"]}
    assert told <= set(names("setting")) and len(told) > 15


def test_the_manual_says_where_each_row_is(check):
    page = source("wsbridge.ini.5").partition("\n.Sh WSSERVER\n")[2].partition("\n.Sh ")[0]
    told = {}
    for part in page.split("\n.Ss ")[1:]:
        told[part.split("\n")[0]] = re.findall(r"^\.It Li (\w+)$", part, re.M)
    assert told["Properties"] == names("property")
    assert told["Methods"] == names("method")
    assert told["Events"] == names("event")
    known = {key for key in names("setting") if key in check(HEAD + ECHO, "-T", "--wsserver-names").out}
    assert known <= set(told["Settings"]) <= set(names("setting")) and len(known) > 15
