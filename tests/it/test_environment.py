# SPDX-License-Identifier: MIT
"""The environment of a program: built from nothing, as CGI/1.1 says, and nothing else."""

import re

import pytest
from harness import ENVIRONMENT, run
from rawws import KEY

PRINT = "exec = env -0\nframe = raw\n"


def environment(d, path, fields=(), **how):
    """{NAME: value} of the program behind PATH; a name that stands there twice is an error."""
    ws = d.ws(path, fields, **how)
    messages, code, reason = ws.recv_until_close()
    ws.close()
    ws.sock.close()
    assert code == 1000, reason
    entries = b"".join(messages).decode().split("\0")
    assert entries.pop() == ""
    table = dict(entry.split("=", 1) for entry in entries)
    assert len(table) == len(entries), entries
    return table


def test_it_is_this_and_nothing_else(daemon):
    d = daemon(f"[server]\nserver_name = bridge.example\n[/env]\n{PRINT}", env={"SECRET": "of the daemon", "LD_LIBRARY_PATH": "/lib"})
    ws = d.ws(
        "/env",
        [("User-Agent", "me/1"), ("X-Two", "a"), ("X-Two", "b, c"), ("Accept-Language", "de\tch")],
        host="bridge.example:8080",
    )
    entries = b"".join(ws.recv_until_close()[0]).decode().split("\0")[:-1]
    table = dict(entry.split("=", 1) for entry in entries)
    assert len(entries) == len(table)
    assert re.fullmatch(r"\d+", table.pop("WSBRIDGE_ID"))
    assert table.pop("WSBRIDGE_PID") == str(d.pid)
    assert table.pop("UNIQUE_ID")
    version = run("-V").stdout.split()[1]
    address, port = ws.sock.getsockname()
    assert table == {
        # of the daemon's own
        **{name: ENVIRONMENT[name] for name in ("PATH", "HOME", "USER", "SHELL", "LANG", "TZ")},
        # CGI/1.1 (RFC 3875)
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": f"wsbridged/{version}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "bridge.example",
        "SERVER_PORT": "8080",
        "REQUEST_SCHEME": "http",
        "REMOTE_ADDR": address,
        "REMOTE_HOST": address,
        "REMOTE_PORT": str(port),
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/env",
        "QUERY_STRING": "",
        "SCRIPT_NAME": "/env",
        "PATH_INFO": "",
        "PATH_TRANSLATED": "/env",
        # set though empty, as websocketd does
        "AUTH_TYPE": "",
        "CONTENT_LENGTH": "",
        "CONTENT_TYPE": "",
        "REMOTE_IDENT": "",
        "REMOTE_USER": "",
        # the request's fields
        "HTTP_HOST": "bridge.example:8080",
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "Upgrade",
        "HTTP_SEC_WEBSOCKET_KEY": KEY,
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_USER_AGENT": "me/1",
        "HTTP_X_TWO": "a, b, c",
        "HTTP_ACCEPT_LANGUAGE": "de ch",
        # ours
        "WSBRIDGE_PATH": "/env",
        "WSBRIDGE_SUBPROTOCOL": "",
    }


def test_what_the_daemon_does_not_have_the_program_does_not_get(daemon):
    wrap = ("env", "-u", "TZ", "-u", "LANG", "-u", "SHELL")
    table = environment(daemon(f"[/env]\n{PRINT}", wrap=wrap), "/env")
    assert not {"TZ", "LANG", "SHELL"} & set(table)
    assert table["HOME"] == ENVIRONMENT["HOME"]


def test_a_daemon_without_path_still_gives_one(daemon):
    d = daemon("[/env]\nexec = /usr/bin/env -0\nframe = raw\n", wrap=("env", "-u", "PATH"))
    assert "/bin" in environment(d, "/env")["PATH"].split(":")


def test_proxy_and_names_with_an_underscore_never_appear(daemon):
    """HTTP_PROXY is a setting of many programs (CVE-2016-5385); X_A would pass for X-A."""
    fields = [
        ("Proxy", "http://evil.example"),
        ("pRoXy", "again"),
        ("X_A", "forged"),
        ("X-A", "real"),
        ("Content_Length", "7"),
    ]
    table = environment(daemon(f"[/env]\n{PRINT}"), "/env", fields)
    assert table["HTTP_X_A"] == "real"
    assert not any("evil" in value or "again" in value or "forged" in value for value in table.values())
    assert "HTTP_PROXY" not in table and "HTTP_CONTENT_LENGTH" not in table


def test_a_request_cannot_set_a_variable_of_ours(daemon):
    fields = [("WSBRIDGE-ID", "x"), ("Path", "/evil"), ("Ld-Preload", "evil.so"), ("Remote-User", "root")]
    table = environment(daemon(f"[/env]\n{PRINT}"), "/env", fields)
    assert table["PATH"] == ENVIRONMENT["PATH"]
    assert table["REMOTE_USER"] == "" and "LD_PRELOAD" not in table
    assert table["HTTP_PATH"] == "/evil" and table["HTTP_REMOTE_USER"] == "root"


def test_a_prefix_path_says_what_it_matched_and_what_is_beyond(daemon):
    d = daemon(f"[/files/*]\n{PRINT}")
    table = environment(d, "/files/a%20b/c?x=1&y=%20z")
    assert table["SCRIPT_NAME"] == "/files"
    assert table["PATH_INFO"] == "/a b/c"
    assert table["PATH_TRANSLATED"] == "/files/a b/c"
    assert table["QUERY_STRING"] == "x=1&y=%20z"
    assert table["REQUEST_URI"] == "/files/a%20b/c?x=1&y=%20z"
    assert table["WSBRIDGE_PATH"] in ("/files/*", "/files/")
    assert environment(d, "/files/")["PATH_INFO"] == "/"


@pytest.mark.parametrize(
    "host, name, port",
    [
        ("a.example", "a.example", "80"),
        ("a.example:99", "a.example", "99"),
        ("[::1]:99", "::1", "99"),
        ("127.0.0.1", "127.0.0.1", "80"),
    ],
)
def test_the_server_is_who_the_client_asked_for(daemon, host, name, port):
    table = environment(daemon(f"[server]\nserver_name = a.example\n[/env]\n{PRINT}"), "/env", host=host)
    assert table["SERVER_NAME"].strip("[]") == name
    assert table["SERVER_PORT"] == port


def test_a_client_of_ipv6_has_its_address(daemon):
    table = environment(daemon(f"[server]\nlisten = [::1]:0\n[/env]\n{PRINT}"), "/env")
    assert table["REMOTE_ADDR"] == table["REMOTE_HOST"] == "::1"


def test_a_client_of_a_unix_socket_has_no_address(daemon, rundir):
    table = environment(daemon(f"[server]\nlisten = unix:{rundir}/s\n[/env]\n{PRINT}"), "/env")
    assert not re.search(r"\d+\.\d+", table["REMOTE_ADDR"])


def test_every_session_has_its_id_and_the_log_the_same(daemon):
    d = daemon(f"[/env]\n{PRINT}")
    ids = [environment(d, "/env")["WSBRIDGE_ID"] for _ in range(3)]
    assert len(set(ids)) == 3 and sorted(ids, key=int) == ids
    for number in ids:
        d.wait_log(rf"#{number} /env")


@pytest.mark.key("env")
def test_env_adds_variables_and_overrides(daemon):
    d = daemon(
        f'[/env]\n{PRINT}env = A=first\nenv = B=two words; ${{env:SECRET}} "$HOME"\n'
        "env = A=last=one\nenv = LANG=de_CH.UTF-8\n",
        env={"SECRET": "told"},
    )
    table = environment(d, "/env")
    assert table["A"] == "last=one"
    assert table["B"] == 'two words; told "$HOME"'
    assert table["LANG"] == "de_CH.UTF-8"


@pytest.mark.key("pass_env")
def test_pass_env_passes_variables_of_the_daemon(daemon):
    d = daemon(
        f"[/env]\n{PRINT}pass_env = ONE TWO\npass_env = MISSING\n", env={"ONE": "1", "TWO": "2", "THREE": "3"}
    )
    table = environment(d, "/env")
    assert (table["ONE"], table["TWO"]) == ("1", "2")
    assert "THREE" not in table and "MISSING" not in table


@pytest.mark.key("env", "pass_env")
def test_env_wins_over_pass_env(daemon):
    d = daemon(f"[/env]\n{PRINT}pass_env = ONE\nenv = ONE=mine\n", env={"ONE": "1"})
    assert environment(d, "/env")["ONE"] == "mine"


@pytest.mark.key("line_buffer")
def test_line_buffer_shows_in_the_environment_of_line_framing_only(daemon):
    d = daemon(
        "[/line]\nexec = env -0\n[/no]\nexec = env -0\nline_buffer = no\n[/raw]\nexec = env -0\n"
        "frame = raw\n"
    )

    def names(path):
        messages = d.ws(path).recv_until_close()[0]
        text = "".join(m if isinstance(m, str) else m.decode() for m in messages)
        return {entry.split("=", 1)[0] for entry in text.split("\0")} & {
            "LD_PRELOAD",
            "_STDBUF_O",
            "PYTHONUNBUFFERED",
        }

    assert names("/line") == {"LD_PRELOAD", "_STDBUF_O", "PYTHONUNBUFFERED"}
    assert names("/no") == names("/raw") == set()


@pytest.mark.key("max_header")
def test_what_comes_from_a_request_is_at_most_32_kib(daemon):
    d = daemon(f"[limits]\nmax_header = 64k\n[/env]\n{PRINT}")
    raw = d.handshake("/env", [(f"X-{i}", "y" * 1000) for i in range(50)])
    if raw.response.status == 101:
        text = b"".join(raw.recv_until_close()[0])
        assert len(text) <= 33 * 1024
        assert b"WSBRIDGE_ID=" in text and b"PATH=/usr/bin:/bin" in text
    else:
        assert raw.response.status == 431
