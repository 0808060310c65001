# SPDX-License-Identifier: MIT
"""Who may open a path: users with passwords, and tokens."""

import base64
import ctypes
import hashlib
import json
import os
import pty
import re
import select
import subprocess

import procfs
import pytest
from harness import ENVIRONMENT, WSBRIDGED, get, preloaded, run, with_canary
from inicheck import fails
from rawws import encode, request
from test_reload import reload
from waiting import TIMEOUT, readable, until

TOKEN = "c2VjcmV0IGJlYXJlciB0b2tlbiBvZiB0aGUgdGVzdHM"


def token_line(token, name):
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()} {name}"


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def basic(user, password, scheme="Basic"):
    return [("Authorization", f"{scheme} " + base64.b64encode(f"{user}:{password}".encode()).decode())]


def crypt(password, setting):
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    found = library.crypt(password.encode(), setting.encode())
    assert found and not found.startswith(b"*"), setting
    return found.decode()


QUICK = "$5$rounds=1000$saltsalt"
SLOW = "$6$rounds=100000$saltsalt"  # a twentieth of a second at the least


def status(d, path, fields=()):
    return d.handshake(path, fields).response.status


def environment(ws):
    """What the program of WS, which is `env`, says."""
    return dict(line.split("=", 1) for line in ws.recv_until_close()[0])


def refusals(d):
    """[(status, auth, reason)] of the log."""
    found = re.findall(r"refused status=(\d+) peer=\S+ reason=\"([^\"]*)\"(?: auth=(\S+))?", d.log())
    return [(int(s), auth, reason) for s, reason, auth in found]


TOKENS = f"[auth ci]\ntype = token\ntoken = {token_line(TOKEN, 'robot')}\n"

# ---- tokens ----


@pytest.mark.key("auth", "type", "token")
def test_a_token_opens_the_path_and_nothing_else_does(daemon):
    d = daemon(TOKENS + "[/x]\nexec = env\nauth = ci\n[/open]\nexec = env\n")
    env = environment(d.ws("/x", bearer(TOKEN)))
    assert (env["REMOTE_USER"], env["AUTH_TYPE"]) == ("robot", "Bearer")
    assert status(d, "/x", [("authorization", f"bEARER   {TOKEN}")]) == 101
    for wrong in ([], basic("robot", TOKEN), bearer(TOKEN + "x"), bearer(TOKEN[:-1]), bearer(""), bearer("a b")):
        assert status(d, "/x", wrong) == 401, wrong
    env = environment(d.ws("/open", bearer("for the program")))
    assert (env["REMOTE_USER"], env["AUTH_TYPE"]) == ("", "")
    assert env["HTTP_AUTHORIZATION"] == "Bearer for the program"


@pytest.mark.key("auth")
def test_a_page_is_as_closed_as_its_websocket(daemon):
    d = daemon("[web]\nconsole = yes\n" + TOKENS + "[/x]\nexec = cat\nauth = ci\n")
    assert get(d, "/x").status == 401
    assert get(d, "/x", method="POST").status == 401
    assert get(d, "/x", bearer(TOKEN)).status == 426
    assert get(d, "/no/such/path").status == 404


@pytest.mark.key("realm")
def test_a_refusal_says_what_is_wanted(daemon):
    d = daemon(TOKENS + "realm = The build farm\n[/x]\nexec = cat\nauth = ci\n")
    answer = get(d, "/x")
    assert answer.headers["www-authenticate"] == 'Bearer realm="The build farm"'
    answer = get(d, "/x", bearer("wrong"))
    assert answer.headers["www-authenticate"] == 'Bearer realm="The build farm", error="invalid_token"'
    d.wait_log("this token is not known")
    assert refusals(d) == [
        (401, "ci", "this path wants to know who you are"),
        (401, "ci", "this token is not known"),
    ]


def test_two_credentials_are_none(daemon):
    d = daemon(TOKENS + "[/x]\nexec = cat\nauth = ci\n")
    assert status(d, "/x", bearer(TOKEN) + bearer(TOKEN)) == 401


@pytest.mark.key("tokens")
def test_tokens_come_from_a_file_and_a_reload_reads_it_again(daemon, tmp_path):
    file = tmp_path / "tokens"
    file.write_text(f"# who\n\n{token_line(TOKEN, 'one')}\n{token_line('another', 'two')}\n")
    ini = f"[auth ci]\ntype = token\ntokens = {file}\n[/x]\nexec = cat\nauth = ci\n"
    d = daemon(ini)
    live = d.ws("/x", bearer("another"))
    assert status(d, "/x", bearer(TOKEN)) == 101
    file.write_text(f"{token_line('third', 'three')}\n")
    assert status(d, "/x", bearer(TOKEN)) == 101
    text = (tmp_path / "wsbridge.ini").read_text()
    reload(d, text)
    assert [status(d, "/x", bearer(t)) for t in (TOKEN, "another", "third")] == [401, 401, 101]
    assert live.echoes()
    file.write_text("sha256:1234 x\n")
    reload(d, text, "is not taken")
    d.wait_log(rf"{file}:1: error: is not sha256:HEX and a name")
    assert status(d, "/x", bearer("third")) == 101


@pytest.mark.key("query")
def test_a_token_in_the_query_is_taken_by_choice_and_not_passed_on(daemon):
    d = daemon(TOKENS + "query = yes\n[/x]\nexec = env\nauth = ci\n")
    for target, query in (
        (f"/x?token={TOKEN}", ""),
        (f"/x?a=1&token={TOKEN}", "a=1"),
        (f"/x?token={TOKEN}&a=1&b", "a=1&b"),
        (f"/x?a=1&token={TOKEN}&b=2", "a=1&b=2"),
        (f"/x?token={TOKEN[:-1]}%{ord(TOKEN[-1]):02x}", ""),
    ):
        env = environment(d.ws(target))
        assert env["QUERY_STRING"] == query
        assert env["REQUEST_URI"] == "/x" + ("?" + query if query else "")
        assert TOKEN not in "\n".join(env.values())
    assert status(d, "/x?tokens=" + TOKEN) == 401
    assert status(d, "/x?token=wrong") == 401
    assert status(d, "/x?token=wrong", bearer(TOKEN)) == 101


@pytest.mark.key("query")
def test_without_that_choice_a_query_is_the_programs(daemon):
    d = daemon(TOKENS + "[/x]\nexec = env\nauth = ci\n")
    assert status(d, "/x?token=" + TOKEN) == 401
    env = environment(d.ws("/x?token=its-own", bearer(TOKEN)))
    assert env["QUERY_STRING"] == "token=its-own"


@pytest.mark.key("token")
def test_no_secret_is_printed_logged_or_passed_on(daemon, tmp_path):
    d = daemon("[logging]\nlevel = debug\n" + TOKENS + "query = yes\n[/x]\nexec = env\nauth = ci\n")
    env = environment(d.ws("/x", bearer(TOKEN)))
    assert "HTTP_AUTHORIZATION" not in env
    environment(d.ws(f"/x?token={TOKEN}"))
    for fields in (bearer("wrong-" + TOKEN), basic("secret-user", "secret-password")):
        assert status(d, "/x", fields) == 401
    d.wait_log("user=robot")
    printed = run("-T", "-c", tmp_path / "wsbridge.ini").stdout
    assert "token = ***\n" in printed
    for secret in (TOKEN, "secret-", hashlib.sha256(TOKEN.encode()).hexdigest()):
        assert secret not in d.log() + printed, secret
        assert base64.b64encode(secret.encode()).decode()[:12] not in d.log()


# ---- users and passwords ----


@pytest.fixture
def users(tmp_path):
    """users(NAME=(PASSWORD, SETTING), ...): writes the file of `[auth staff]`, and returns that section."""
    file = tmp_path / "htpasswd"

    def write(**names):
        file.write_text("".join(f"{name}:{crypt(*how)}\n" for name, how in names.items()))
        return f"[auth staff]\ntype = htpasswd\nfile = {file}\n"

    return write


ENV = "[/x]\nexec = env\nauth = staff\n"
CAT = "[/x]\nexec = cat\nauth = staff\n"


@pytest.mark.key("auth", "type", "file")
@pytest.mark.parametrize(
    "setting",
    ["$y$j75$salt", "$2b$05$abcdefghijklmnopqrstuu", "$2y$05$abcdefghijklmnopqrstuu", "$6$saltsalt", "$5$saltsalt"],
)
def test_a_password_opens_the_path_with_any_good_hash(daemon, users, setting):
    d = daemon(users(joe=("pass:wörd", setting)) + ENV)
    env = environment(d.ws("/x", basic("joe", "pass:wörd")))
    assert (env["REMOTE_USER"], env["AUTH_TYPE"]) == ("joe", "Basic")
    assert "HTTP_AUTHORIZATION" not in env
    for wrong in (basic("joe", "pass"), basic("joe", ""), basic("joe", "pass:wörd "), basic("joe", "x" * 600)):
        assert status(d, "/x", wrong) == 401


def test_nobody_else_gets_in(daemon, users):
    d = daemon("[limits]\nauth_failures = 0\n" + users(joe=("secret", QUICK), ann=("other", QUICK)) + ENV)
    for wrong in (
        [],
        basic("", ""),
        basic("ann", "secret"),
        basic("Joe", "secret"),
        basic("joe ", "secret"),
        *(basic(f"unknown{i}", "secret") for i in range(10)),  # some of them stand for joe
        bearer("secret"),
        [("Authorization", "Digest username=joe")],
        [("Authorization", "Basic joe:secret")],
        basic("joe", "secret") * 2,
    ):
        assert status(d, "/x", wrong) == 401, wrong
    answer = get(d, "/x", basic("unknown", "secret"))
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="staff", charset="UTF-8"'
    assert answer.text == get(d, "/x", basic("joe", "wrong")).text
    assert status(d, "/x", basic("ann", "other", "bASIC")) == 101


def test_a_page_waits_for_the_check_as_well(daemon, users):
    d = daemon(users(joe=("secret", SLOW)) + CAT)
    assert get(d, "/x", basic("joe", "secret")).status == 426
    assert get(d, "/x", basic("joe", "wrong")).status == 401


@pytest.mark.key("file")
def test_no_password_is_logged_and_no_name_before_it_is_sure(daemon, users):
    d = daemon("[logging]\nlevel = debug\n" + users(joe=("secret", QUICK)) + ENV)
    environment(d.ws("/x", basic("joe", "secret")))
    assert status(d, "/x", basic("my-password-by-mistake", "geheim")) == 401
    assert status(d, "/x", basic("joe", "geheim")) == 401
    d.wait_log("user=joe")
    until(lambda: len(refusals(d)) == 2, "both lines")
    assert refusals(d) == [(401, "staff", "wrong user or password")] * 2
    for secret in ("secret", "mistake", "geheim"):
        assert secret not in d.log()
        assert base64.b64encode(secret.encode()).decode()[:8] not in d.log()


def pending(d, path, fields):
    """A client whose request is sent, and not answered yet."""
    client = d.raw()
    client.send_bytes(request(path, d.host, fields))
    return client


# No hash is there before somebody has the FIFO open for writing.
HELD = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

char *crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	char *(*real)(const char *, const char *, void *, int) = dlsym(RTLD_NEXT, "crypt_rn");

	close(open("%s", O_RDONLY));
	return real(phrase, setting, data, size);
}
"""


@pytest.fixture
def held(daemon, users, tmp_path):
    """held(INI): a daemon with joe, whose password is "secret", and the FIFO for whose writer each check waits."""
    go = tmp_path / "go"
    os.mkfifo(go)
    return lambda ini: (daemon(users(joe=("secret", QUICK)) + ini, env=preloaded(tmp_path, HELD % go)), go)


def test_slow_checks_do_not_hold_up_the_others(held):
    d, go = held(ENV)
    waiting = [pending(d, "/x", basic("joe", "secret")) for _ in range(20)]
    for i in range(20):
        assert d.canary.echoes(f"echo {i}")
    assert not any(readable(client.sock, 0) for client in waiting)
    with open(go, "r+b", buffering=0):
        assert [client.read_response().status for client in waiting] == [101] * 20


def test_what_is_sent_behind_the_request_waits_with_it(daemon, users):
    d = daemon(users(joe=("secret", SLOW)) + CAT)
    client = d.raw()
    client.send_bytes(request("/x", d.host, basic("joe", "secret")) + encode(1, b"one"))
    client.send_bytes(encode(1, b"two"))
    assert client.read_response().status == 101
    assert [client.recv(), client.recv()] == ["one", "two"]


@pytest.mark.key("max_checks")
def test_one_check_too_many_is_told_to_come_again(held):
    d, go = held("[limits]\nmax_checks = 2\n" + CAT)
    waiting = [pending(d, "/x", basic("joe", "secret")) for _ in range(2)]
    assert all(d.canary.echoes() for _ in range(3))  # by now they are being checked
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 503 and int(answer.headers["retry-after"]) > 0
    assert "max_checks" in answer.text
    with open(go, "r+b", buffering=0):
        assert [client.read_response().status for client in waiting] == [101, 101]
        assert status(d, "/x", basic("joe", "secret")) == 101


def test_a_client_may_vanish_while_its_password_is_checked(daemon, users):
    d = daemon("[limits]\nmax_handshakes = 4\n" + users(joe=("secret", SLOW)) + CAT)
    for _ in range(12):  # all but four are dropped to make room, whatever has become of their checks by then
        pending(d, "/x", basic("joe", "secret"))
        assert d.canary.echoes()
    for client in [pending(d, "/x", basic("joe", "secret")) for _ in range(3)]:
        client.reset()
    assert d.ws("/x", basic("joe", "secret")).echoes()


@pytest.mark.key("handshake_timeout")
def test_a_check_that_takes_too_long_is_given_up(daemon, tmp_path):
    file = tmp_path / "htpasswd"
    file.write_text(f"joe:$6$rounds=999999999$saltsalt${'x' * 86}\n")  # minutes on any machine, whatever the password
    d = daemon(f"[limits]\nhandshake_timeout = 800ms\n[auth staff]\ntype = htpasswd\nfile = {file}\n" + CAT)
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 503 and "handshake_timeout" in answer.text
    assert d.canary.echoes()


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon")
def test_the_daemon_ends_while_it_checks(daemon, users):
    d = daemon(users(joe=("secret", "$6$rounds=1000000$saltsalt")) + CAT)
    for _ in range(5):
        pending(d, "/x", basic("joe", "secret"))
    assert d.canary.echoes()
    d.terminate()
    assert d.wait_exit() == 0


@pytest.mark.key("file")
def test_a_reload_reads_the_users_again_and_nothing_else_does(daemon, users, tmp_path):
    d = daemon(users(joe=("secret", QUICK)) + CAT)
    live = d.ws("/x", basic("joe", "secret"))
    text = with_canary(users(joe=("changed", SLOW), ann=("new", QUICK)) + CAT)
    assert status(d, "/x", basic("joe", "secret")) == 101
    reload(d, text)
    asks = pending(d, "/x", basic("joe", "changed"))
    assert [status(d, "/x", basic("joe", "secret")), status(d, "/x", basic("ann", "new"))] == [401, 101]
    (tmp_path / "htpasswd").write_text("joe:plain\n")
    reload(d, text, "is not taken")
    assert asks.read_response().status == 101
    assert status(d, "/x", basic("joe", "changed")) == 101
    reload(d, with_canary("[/y]\nexec = cat\n"))
    assert live.echoes()


@pytest.mark.key("file")
def test_what_is_wrong_in_a_file_of_users_is_told_with_its_line(check, tmp_path):
    file, good = tmp_path / "htpasswd", crypt("x", QUICK)
    lines = [
        f"joe:{good}",
        "# a comment",
        "",
        "no hash",
        "des:abJnggxhB/yWI",
        "plain:secret",
        "md5:$1$abcd$UwRQ.dSVH7YcQ3DdPMwbA1",
        "apr:$apr1$x$UwRQ.dSVH7YcQ3DdPMwbA1",
        "sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "old:$2a$05$abcdefghijklmnopqrstuuxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        f"short:{good[:-1]}",
        "new:$7$future",
        f":{good}",
        f"joe:{good}:gecos",
        f"with-fields:{good}:1000",
    ]
    file.write_text("\n".join(lines))
    result = check(f"[server]\nlisten = 127.0.0.1:0\n[auth a]\ntype = htpasswd\nfile = {file}\n[/x]\nexec = cat\n")
    fails(
        result,
        (f"{file}:4", "is not NAME:HASH"),
        (f"{file}:5", "the hash of 'des' is DES or plain text; use yescrypt.*--hash-password"),
        (f"{file}:6", "'plain' is DES or plain text"),
        (f"{file}:7", "MD5"),
        (f"{file}:8", "MD5"),
        (f"{file}:9", "SHA-1"),
        (f"{file}:10", "bcrypt"),
        (f"{file}:11", "'short' is not whole"),
        (f"{file}:12", "unknown method"),
        (f"{file}:13", "no name"),
        (f"{file}:14", r"'joe' stands there twice \(first in line 1\)"),
    )
    assert not [line for line in result.lines if "secret" in line or good[-20:] in line]
    file.write_text("# nobody\n")
    text = f"[server]\nlisten = 127.0.0.1:0\n[auth a]\ntype = htpasswd\nfile = {file}\ntokens = {file}\n"
    fails(
        check(text + "[auth b]\ntype = htpasswd\n[auth c]\ntype = token\ntoken = ***\nfile = /x\n"),
        (f"{file}", "has no users"),
        (6, "tokens does not go with type = htpasswd"),
        (7, "has no users: it needs a file"),
        (12, "file does not go with type = token"),
    )


# ---- too many failures ----


@pytest.mark.key("auth_failures")
def test_passwords_that_fail_too_often_make_an_address_wait(daemon, users):
    d = daemon("[limits]\nauth_failures = 3/m\n" + users(joe=("secret", SLOW)) + CAT)
    # However many come at once: what was too much has to be waited for.
    waiting = [pending(d, "/x", basic("joe", f"wrong{i}")) for i in range(8)]
    assert {client.read_response().status for client in waiting} <= {401, 429}
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 429 and int(answer.headers["retry-after"]) >= 10
    assert d.canary.echoes()


@pytest.mark.key("auth_failures")
def test_the_clients_of_unix_sockets_fail_together(daemon, rundir):
    listen = f"[server]\nlisten = 127.0.0.1:0\nlisten = unix:{rundir}/s\n"
    d = daemon(listen + "[limits]\nauth_failures = 3/m\n" + TOKENS + "[/x]\nexec = cat\nauth = ci\n")
    wrong = [d.handshake("/x", bearer("wrong"), address=f"unix:{rundir}/s").response.status for _ in range(4)]
    assert wrong == [401, 401, 401, 429]
    assert status(d, "/x", bearer(TOKEN)) == 101, "and nobody else with them"


@pytest.mark.key("auth_failures")
def test_an_address_that_fails_too_often_has_to_wait(daemon):
    d = daemon("[limits]\nauth_failures = 3/m\n" + TOKENS + "[/x]\nexec = cat\nauth = ci\n")
    assert [status(d, "/x", bearer("wrong")) for _ in range(4)] == [401, 401, 401, 429]
    answer = d.handshake("/x", bearer(TOKEN)).response
    assert answer.status == 429 and 10 <= int(answer.headers["retry-after"]) <= 20
    assert "auth_failures" in answer.text
    assert status(d, "/x") == 401  # who shows nothing guesses nothing


@pytest.mark.key("auth_failures")
def test_behind_a_trusted_proxy_the_client_waits_and_not_the_proxy(daemon):
    d = daemon(
        "[server]\ntrusted_proxy = 127.0.0.1\n[limits]\nauth_failures = 2/m\n" + TOKENS + "[/x]\nexec = cat\nauth = ci\n"
    )

    def from_(address, token):
        return status(d, "/x", bearer(token) + [("X-Forwarded-For", address)])

    assert [from_("192.0.2.1", "wrong") for _ in range(3)] == [401, 401, 429]
    assert [from_("192.0.2.1", TOKEN), from_("192.0.2.2", TOKEN)] == [429, 101]


@pytest.mark.key("auth_failures")
def test_waiting_helps_and_0_is_no_limit(daemon):
    d = daemon("[limits]\nauth_failures = 0\n" + TOKENS + "[/x]\nexec = cat\nauth = ci\n")
    assert [status(d, "/x", bearer("wrong")) for _ in range(20)] == [401] * 20
    d = daemon("[limits]\nauth_failures = 1000/h\n" + TOKENS + "[/x]\nexec = cat\nauth = ci\n", canary=None)
    answers = [status(d, "/x", bearer("wrong")) for _ in range(18)]
    assert answers[:16] == [401] * 16 and 429 in answers
    until(lambda: status(d, "/x", bearer(TOKEN)) == 101, "the address is let in again")


# ---- wsbridge.ini ----


@pytest.mark.key("auth", "type", "token", "tokens")
def test_what_is_wrong_is_told_with_its_line(check, tmp_path):
    file = tmp_path / "tokens"
    file.write_text(f"{token_line(TOKEN, 'a')}\n{token_line(TOKEN, 'b')}\n{TOKEN}\nsha256:00 c\n")
    result = check(
        "[server]\nlisten = 127.0.0.1:0\n[auth]\n[auth a b]\n[auth staff]\ntype = token\n[auth x]\n"
        f"[auth f]\ntype = token\ntokens = {file}\n[auth none]\ntype = token\ntoken = {TOKEN} me\n"
        "[/x]\nexec = cat\nauth = stff\n"
    )
    ini = "wsbridge.ini"
    fails(
        result,
        (f"{ini}:3", r"\[auth\] is no \[auth NAME\]"),
        (f"{ini}:4", r"\[auth a b\] is no \[auth NAME\]"),
        (f"{ini}:5", r"\[auth staff\] has no tokens"),
        (f"{ini}:7", r"\[auth x\] needs a type"),
        (f"{file}:2", "stands there twice"),
        (f"{file}:3", "is not sha256:HEX and a name; wsbridged --hash-token makes one"),
        (f"{file}:4", "is not sha256:HEX and a name"),
        (f"{ini}:11", r"\[auth none\]"),
        (f"{ini}:13", "token: is not sha256:HEX"),
        (f"{ini}:16", r"there is no \[auth stff\]; did you mean 'staff'\?"),
    )
    assert TOKEN not in "\n".join(result.lines)


@pytest.mark.key("tokens")
def test_a_file_that_cannot_be_read_is_an_error(check):
    fails(
        check("[server]\nlisten = 127.0.0.1:0\n[auth a]\ntype = token\ntokens = /no/such\n[/x]\nexec = cat\n"),
        (5, "cannot read /no/such: No such file"),
    )


@pytest.mark.key("auth")
def test_defaults_close_every_path_and_none_opens_one(daemon):
    d = daemon("[defaults]\nauth = ci\n" + TOKENS + "[/x]\nexec = cat\n[/y]\nexec = cat\nauth = none\n", canary=None)
    assert [status(d, "/x"), status(d, "/x", bearer(TOKEN)), status(d, "/y")] == [401, 101, 101]


# ---- wsbridged -t ----


def warnings(result):
    assert result.status == 0, result.lines
    return [line for line in result.lines if ": warning: " in line and "no user in" not in line]


def test_what_is_unwise_is_warned_of(check, users, tmp_path):
    staff = users(joe=("secret", QUICK))
    (tmp_path / "htpasswd").chmod(0o644)
    found = warnings(
        check(
            "[server]\nlisten = 127.0.0.1:0\nlisten = 0.0.0.0:0\n" + staff + TOKENS + "[auth unused]\ntype = token\n"
            "token = ***\n[/x]\nexec = cat\nauth = staff\norigin = any\n[/y]\nexec = cat\nauth = ci\norigin = any\n"
        )
    )
    assert len(found) == 6, found
    for warning, pattern in zip(
        found,
        (
            r"wsbridge.ini:3: .*0\.0\.0\.0:0 is open to the network without TLS: whoever is on the way can read",
            r"wsbridge.ini:6: .*everybody can read the hashes in .*htpasswd; chmod 640",
            r"wsbridge.ini:10: .*\[auth unused\] has no tokens: nobody gets in",
            r"wsbridge.ini:10: .*no path has auth = unused",
            r"wsbridge.ini:12: .*token = \*\*\* is what -T prints of a token, and nobody's",
            r"wsbridge.ini:16: .*origin = any lets every web page open /x",
        ),
    ):
        assert re.search(pattern, warning), warning


def test_a_file_without_a_token_is_warned_of(check, tmp_path):
    (tmp_path / "tokens").write_text("# of nobody\n***\n")
    text = f"[server]\nlisten = 127.0.0.1:0\n[auth ci]\ntype = token\ntokens = {tmp_path}/tokens\n" + CAT.replace("staff", "ci")
    said = [re.sub(r".*/", "", warning) for warning in warnings(check(text))]
    assert said == [
        "tokens:2: warning: *** is what -T prints of a token, and nobody's",
        "wsbridge.ini:3: warning: [auth ci] has no tokens: nobody gets in",
    ]


def test_what_is_wise_is_not(check, users, tmp_path):
    staff = users(joe=("secret", QUICK))
    (tmp_path / "htpasswd").chmod(0o600)
    assert warnings(check("[server]\nlisten = 127.0.0.1:0\nlisten = [::1]:0\n" + staff + CAT)) == []


# ---- making secrets ----


def test_a_new_token_is_printed_once_and_its_line_opens_a_path(daemon, tmp_path):
    made = run("--hash-token", "robot")
    assert made.returncode == 0
    token, file = made.stderr.strip(), tmp_path / "tokens"
    assert re.fullmatch(r"[A-Za-z0-9_-]{44}", token) and token not in made.stdout
    assert token != run("--hash-token").stderr.strip()
    file.write_text(made.stdout)
    d = daemon(f"[auth ci]\ntype = token\ntokens = {file}\n[/x]\nexec = env\nauth = ci\n")
    assert environment(d.ws("/x", bearer(token)))["REMOTE_USER"] == "robot"


def test_a_password_is_hashed_from_standard_input():
    def made(text, *user):
        return subprocess.run(
            [WSBRIDGED, "--hash-password", *user], env=ENVIRONMENT, input=text, capture_output=True, text=True
        )

    for text, user in (("secret\n", []), ("secret", ["joe"]), ("secret\r\nmore\n", ["joe"])):
        result = made(text, *user)
        name, _, hashed = result.stdout.strip().rpartition(":")
        assert (result.returncode, name) == (0, user[0] if user else ""), result
        assert hashed.startswith("$y$") and crypt("secret", hashed) == hashed
    for text, user in (("", []), ("\n", []), ("a\tb\n", []), ("x" * 512, []), ("x\n", ["a:b"]), ("x\n", ["a", "b"])):
        result = made(text, *user)
        assert result.returncode == 64 and not result.stdout and result.stderr, (text, user)


def on_terminal(*answers):
    """wsbridged --hash-password joe on a terminal: (exit status, everything that it showed)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(WSBRIDGED, [WSBRIDGED, "--hash-password", "joe"], ENVIRONMENT)
    said, answers = b"", list(answers)
    while True:
        assert select.select([terminal], [], [], TIMEOUT)[0], said
        try:
            said += os.read(terminal, 4096)
        except OSError:  # EIO: it has ended
            break
        if answers and said.endswith(b": "):
            os.write(terminal, answers.pop(0).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


def test_a_password_is_asked_for_twice_on_a_terminal_and_not_shown():
    status, said = on_terminal("secret", "secret")
    assert status == 0 and "secret" not in said
    hashed = re.search(r"^joe:(\S+)", said, re.M).group(1)
    assert crypt("secret", hashed) == hashed
    status, said = on_terminal("secret", "secreT")
    assert status == 64 and "two passwords" in said and "joe:" not in said


def test_what_is_printed_is_a_valid_file(check, users):
    text = "[server]\nlisten = 127.0.0.1:0\n" + users(joe=("secret", QUICK)) + TOKENS + ENV
    printed = check(text, "-T")
    assert printed.status == 0, printed.lines
    again = check(printed.out)
    assert (again.status, again.errors) == (0, []), again.lines


# ---- a program that decides ----

# It lets in joe with the password "secret" and the token "good-token", and nobody else.
DECIDES = """
lines = sys.stdin.read().split('\\n')
if lines not in (['joe', 'secret', ''], ['good-token', '']): sys.exit(1)
"""
PROGRAM_PATH = "[/x]\nexec = env\nauth = by\n[/cat]\nexec = cat\nauth = by\n"


@pytest.fixture
def decides(program):
    """decides(SOURCE, MORE): the ini of an [auth by] whose program is SOURCE."""
    return lambda source=DECIDES, more="": f"[auth by]\ntype = exec\nexec = {program(source)}\n{more}"


@pytest.mark.key("auth", "type", "exec")
def test_a_program_decides_about_passwords_and_tokens(daemon, decides):
    d = daemon(decides(more="realm = The house\n") + PROGRAM_PATH)
    seen = environment(d.ws("/x", basic("joe", "secret")))
    assert (seen["REMOTE_USER"], seen["AUTH_TYPE"]) == ("joe", "Basic")
    seen = environment(d.ws("/x", bearer("good-token")))
    assert (seen["REMOTE_USER"], seen["AUTH_TYPE"]) == ("", "Bearer")
    assert get(d, "/cat", basic("joe", "secret")).status == 426
    answer = get(d, "/x", basic("joe", "wrong"))
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="The house", charset="UTF-8", Bearer realm="The house"'
    answer = get(d, "/x", bearer("wrong"))
    assert answer.status == 401 and answer.headers["www-authenticate"].endswith(', error="invalid_token"')
    assert status(d, "/x", basic("joe", "secret", "Digest")) == 401
    assert status(d, "/x") == 401
    d.wait_log('status=401 .*reason="wrong user or password" auth=by')


def test_a_line_end_in_a_password_is_no_second_line(daemon, decides):
    d = daemon(decides("") + PROGRAM_PATH)
    assert status(d, "/x", basic("joe", "secret\nmore")) == 401
    d.wait_log('status=401 .*reason="these credentials are malformed" auth=by')


@pytest.mark.key("query")
def test_a_token_in_the_query_reaches_the_program_by_choice(daemon, decides):
    d = daemon(decides(more="query = yes\n") + PROGRAM_PATH)
    assert status(d, "/x?token=good-token") == 101
    assert status(d, "/x?token=bad-token") == 401
    d = daemon(decides() + PROGRAM_PATH, canary=None)
    assert status(d, "/x?token=good-token") == 401


@pytest.mark.key("exec")
def test_the_program_reads_the_credentials_and_nobody_else_does(daemon, decides, tmp_path):
    told = tmp_path / "told"
    d = daemon(
        decides(f"""
import json
with open({str(told)!r}, 'a') as f:
    print(json.dumps([sys.stdin.read(), sys.argv, dict(os.environ)]), file=f)
print('user known')
""", "query = yes\n")
        + PROGRAM_PATH
    )
    seen = environment(d.ws("/x?a=b", basic("geheim-joe", "geheim:wort")))
    d.ws("/x?token=geheim-token&c=d").recv_until_close()
    first, second = (json.loads(line) for line in told.read_text().splitlines())
    assert (first[0], second[0]) == ("geheim-joe\ngeheim:wort\n", "geheim-token\n")
    env = first[2]
    assert env["WSBRIDGE_EVENT"] == "auth" and env["WSBRIDGE_AUTH"] == "by" and env["WSBRIDGE_PATH"] == "/x"
    assert (env["WSBRIDGE_AUTH_TYPE"], second[2]["WSBRIDGE_AUTH_TYPE"]) == ("Basic", "Bearer")
    assert env["WSBRIDGE_REMOTE_ADDR"] == "127.0.0.1" and env["WSBRIDGE_QUERY"] == "a=b"
    assert second[2]["WSBRIDGE_QUERY"].strip("&") == "c=d"
    for text in (json.dumps(first[1:] + second[1:]), json.dumps(seen), d.log()):
        for secret in ("geheim", base64.b64encode(b"geheim-joe").decode()[:8]):
            assert secret not in text


@pytest.mark.key("exec")
def test_the_program_names_the_user_and_adds_variables(daemon, decides, program):
    hook = program("if os.environ['WSBRIDGE_PATH'] != '/canary': print('env B=of the hook')\n")
    d = daemon(
        f"[hooks]\non_request = {hook}\n" + decides("print('user alice\\nenv TENANT=blue moon\\nenv B=b')\n") + PROGRAM_PATH
    )
    seen = environment(d.ws("/x", basic("joe", "secret")))
    assert (seen["REMOTE_USER"], seen["TENANT"], seen["B"]) == ("alice", "blue moon", "of the hook")
    d.wait_log(r"^#\d+ /x: disconnected .* user=alice ")


ADDS = "print('header X-Node: a7\\nheader Set-Cookie: s=1\\nheader Cache-Control: max-age=9\\nsubprotocol b')\n"


@pytest.mark.key("exec")
def test_the_program_chooses_the_subprotocol_and_adds_headers(daemon, decides):
    d = daemon(decides(ADDS) + "[/cat]\nexec = cat\nauth = by\nsubprotocol = a\n")
    ws = d.ws("/cat", basic("joe", "secret") + [("Sec-WebSocket-Protocol", "a, b")])
    assert ws.response.headers["sec-websocket-protocol"] == "b" and ws.echoes()
    assert ws.response.headers["x-node"] == "a7" and ws.response.headers["set-cookie"] == "s=1"
    answer = d.handshake("/cat", basic("joe", "secret") + [("Sec-WebSocket-Protocol", "a")]).response
    assert answer.status == 502 and "x-node" not in answer.headers
    d.wait_log(r"^error: #\d+ /cat: \[auth by\]: the client does not offer the subprotocol b")


def fields(answer, name):
    """The values of the fields NAME, as they came."""
    return [line.split(": ", 1)[1] for line in answer.head.decode().splitlines() if line.lower().startswith(name + ": ")]


@pytest.mark.native(reason="valgrind 3.19 does not know openat2(2)")
@pytest.mark.key("exec")
def test_the_headers_of_the_program_go_with_pages_and_files_but_no_errors(daemon, decides, tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www/a.txt").write_text("a")
    d = daemon(decides(ADDS) + f"[/cat]\nexec = cat\nauth = by\n[/www/*]\nstatic = {tmp_path}/www\nauth = by\n")
    joe = basic("joe", "secret")
    for path, want, cached in (("/cat", 426, "no-store"), ("/www/a.txt", 200, "no-cache")):
        answer = get(d, path, joe)
        assert answer.status == want and fields(answer, "x-node") == ["a7"] and fields(answer, "set-cookie") == ["s=1"]
        assert fields(answer, "cache-control") == [cached], "what the answer says itself stands there once"
    etag = get(d, "/www/a.txt", joe).headers["etag"]
    answer = get(d, "/www/a.txt", joe + [("If-None-Match", etag)])
    assert answer.status == 304 and fields(answer, "x-node") == ["a7"]
    answer = get(d, "/www/none", joe)
    assert answer.status == 404 and fields(answer, "x-node") == []
    assert fields(get(d, "/cat"), "x-node") == [], "nobody has been let in"


@pytest.mark.key("exec")
@pytest.mark.key("on_request")
def test_headers_of_program_and_hook_add_up_and_the_hook_has_the_last_word(daemon, decides, program):
    hook = program("if os.environ['WSBRIDGE_PATH'] != '/canary': print('header X-Node: b8\\nsubprotocol c')\n")
    d = daemon(f"[hooks]\non_request = {hook}\n" + decides(ADDS) + PROGRAM_PATH)
    ws = d.ws("/cat", basic("joe", "secret") + [("Sec-WebSocket-Protocol", "b, c")])
    assert ws.response.headers["sec-websocket-protocol"] == "c" and ws.echoes()
    assert fields(ws.response, "x-node") == ["a7", "b8"] and fields(ws.response, "set-cookie") == ["s=1"]
    answer = d.handshake("/cat", basic("joe", "secret") + [("Sec-WebSocket-Protocol", "c")]).response
    assert answer.status == 502, "the program's choice has to be one, too"


def test_as_much_as_program_and_hook_may_say_fits_into_the_answer(daemon, decides, program):
    much = "header X-A: {0}\\nheader X-B: {0}".format("x" * 4070)
    says = f"if os.environ['WSBRIDGE_PATH'] != '/canary': print('{much}')\n"
    d = daemon(f"[hooks]\non_request = {program(says)}\n" + decides(says) + PROGRAM_PATH)
    ws = d.ws("/cat", basic("joe", "secret"))
    assert [len(value) for value in fields(ws.response, "x-a") + fields(ws.response, "x-b")] == [4070] * 4
    assert ws.echoes()


def test_the_program_may_refuse_with_a_status(daemon, decides):
    d = daemon(decides("print('status 403 This account is locked')\n") + PROGRAM_PATH)
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 403 and "This account is locked" in answer.text
    d.wait_log('status=403 .*reason="This account is locked" auth=by')
    d = daemon(decides("print('status 401 Not today')\n") + PROGRAM_PATH, canary=None)
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "source, why",
    [
        ("print('nonsense')", r"\[auth by\]: line 1 of its answer: a line begins with"),
        ("print('user x\\nsubprotocol y z')", r"\[auth by\]: line 2 of its answer: a subprotocol is a token"),
        ("print('subprotocol y')", r"\[auth by\]: the client does not offer the subprotocol y"),
        ("print('header Connection: close')", r"\[auth by\]: line 1 of its answer: this header is not a hook's to set"),
        ("print('header Sec-WebSocket-Accept: x')", r"\[auth by\]: line 1 of its answer: this header is not"),
        ("print('header X-A: b\\r')", r"\[auth by\]: line 1 of its answer: a control character"),
        ("print('env A=' + 'x' * 9000)", r"\[auth by\]: its answer has more than 8192 bytes"),
        ("os.kill(os.getpid(), signal.SIGTERM)", r"\[auth by\]: killed by signal 15"),
    ],
)
def test_a_program_that_fails_lets_nobody_in(daemon, decides, source, why):
    d = daemon("[limits]\nauth_failures = 1/h\n" + decides(source) + PROGRAM_PATH)
    for _ in range(3):  # that is not the client's failure
        assert status(d, "/x", basic("joe", "secret")) == 502
    d.wait_log(rf"^error: #\d+ /x: {why}")


def test_a_program_that_is_gone_lets_nobody_in(daemon, decides, tmp_path):
    d = daemon(decides("sys.exit()") + PROGRAM_PATH)
    (tmp_path / "program1").unlink()
    assert status(d, "/x", basic("joe", "secret")) == 502
    d.wait_log(r"^error: #\d+ /x: cannot start the auth program: .*program1: No such file")
    assert d.canary.echoes()


SLEEPS = "import time\nlines = sys.stdin.read()\ntime.sleep(60)\n"


@pytest.mark.key("timeout")
def test_a_program_that_takes_too_long_is_killed(daemon, decides):
    d = daemon(decides(SLEEPS, "timeout = 300ms\n") + PROGRAM_PATH)
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 503 and "took too long (timeout)" in answer.text
    until(lambda: len(procfs.children(d.pid)) == 1, "the program to be gone")
    d.wait_log(r"^warning: #\d+ /x: auth program: killed after its timeout")


# It goes on when the file GO is there.
WAITS = "import time\nwhile not os.path.exists({go!r}): time.sleep(0.01)\n" + DECIDES


@pytest.mark.key("max_running")
def test_so_many_programs_run_and_the_others_wait_for_their_turn(daemon, decides, tmp_path):
    go = str(tmp_path / "go")
    d = daemon(decides(WAITS.format(go=go), "max_running = 2\ntimeout = 1m\n") + PROGRAM_PATH)
    waiting = [pending(d, "/x", basic("joe", "secret")) for _ in range(7)]
    wrong = pending(d, "/x", basic("joe", "wrong"))
    until(lambda: len(procfs.children(d.pid)) == 3, "two programs that run")
    for i in range(10):
        assert d.canary.echoes(f"echo {i}"), "the loop does not wait"
        assert len(procfs.children(d.pid)) == 3
    open(go, "w").close()
    assert [client.read_response().status for client in waiting] == [101] * 7
    assert wrong.read_response().status == 401


@pytest.mark.key("max_checks")
def test_one_too_many_that_waits_for_a_program_is_told_to_come_again(daemon, decides, tmp_path):
    go = str(tmp_path / "go")
    ini = "[limits]\nmax_checks = 2\n" + decides(WAITS.format(go=go), "max_running = 1\ntimeout = 1m\n")
    d = daemon(ini + PROGRAM_PATH)
    waiting = [pending(d, "/x", basic("joe", "secret")) for _ in range(3)]
    assert d.canary.echoes()  # by now two of them wait
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 503 and "max_checks" in answer.text and int(answer.headers["retry-after"]) > 0
    open(go, "w").close()
    assert [client.read_response().status for client in waiting] == [101, 101, 101]
    assert status(d, "/x", basic("joe", "secret")) == 101


@pytest.mark.key("auth_failures")
def test_who_fails_a_program_too_often_has_to_wait(daemon, decides):
    d = daemon("[limits]\nauth_failures = 3/m\n" + decides() + PROGRAM_PATH)
    assert [status(d, "/x", basic("joe", "wrong")) for _ in range(4)] == [401, 401, 401, 429]
    answer = get(d, "/x", basic("joe", "secret"))
    assert answer.status == 429 and int(answer.headers["retry-after"]) >= 10
    d = daemon("[limits]\nauth_failures = 3/m\n" + decides("print('status 403')") + PROGRAM_PATH, canary=None)
    assert [status(d, "/x", basic("joe", "wrong")) for _ in range(4)] == [403, 403, 403, 429]


def test_clients_may_vanish_while_a_program_is_asked(daemon, decides):
    d = daemon("[limits]\nmax_handshakes = 4\n" + decides(SLEEPS, "max_running = 2\n") + PROGRAM_PATH)
    for _ in range(12):
        pending(d, "/x", basic("joe", "secret"))
        assert d.canary.echoes()
    for client in [pending(d, "/x", basic("joe", "secret")) for _ in range(3)]:
        client.reset()
    assert d.canary.echoes()


@pytest.mark.without("canary", "descriptors", "children", "memory", "exit", reason="the test ends the daemon")
def test_the_daemon_ends_while_programs_are_asked(daemon, decides):
    d = daemon(decides(SLEEPS, "max_running = 2\n") + PROGRAM_PATH)
    for _ in range(5):
        pending(d, "/x", basic("joe", "secret"))
    until(lambda: len(procfs.children(d.pid)) == 3, "two programs that run")
    d.terminate()
    assert d.wait_exit() == 0


@pytest.mark.key("exec", "max_running")
def test_a_reload_changes_the_program_for_new_clients(daemon, decides, program):
    d = daemon(decides() + PROGRAM_PATH)
    live = d.ws("/cat", basic("joe", "secret"))
    reload(d, with_canary(decides("if sys.stdin.read() != 'ann\\nnew\\n': sys.exit(1)\n", "max_running = 1\n") + PROGRAM_PATH))
    assert [status(d, "/x", basic("joe", "secret")), status(d, "/x", basic("ann", "new"))] == [401, 101]
    assert live.echoes()


@pytest.mark.key("exec", "timeout", "max_running")
def test_what_is_wrong_with_a_program_is_told_with_its_line(check, program):
    good = program("sys.exit()")
    path = "[/x]\nexec = cat\nauth = by\n"
    fails(check("[auth by]\ntype = exec\nexec = /no/such/program -x\n" + path), (3, "exec: /no/such/program: no such file"))
    fails(check("[auth by]\ntype = exec\n" + path), (1, r"\[auth by\] has no program: it needs exec"))
    fails(check(f"[auth by]\ntype = token\ntoken = ***\nexec = {good}\n" + path), (4, "exec does not go with type = token"))
    fails(
        check("[auth by]\ntype = token\ntoken = ***\ntimeout = 1s\nmax_running = 3\n" + path),
        (4, "timeout does not go with type = token"),
        (5, "max_running does not go with type = token"),
    )
    fails(check(f"[auth by]\ntype = exec\nexec = {good}\nfile = /x\n" + path), (4, "file does not go with type = exec"))
    fails(check(f"[auth by]\ntype = exec\nexec = {good}\ntimeout = 1\n" + path), (4, "needs a unit"))
