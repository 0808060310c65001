# SPDX-License-Identifier: MIT
"""Who may open a path: users with passwords, and tokens."""

import base64
import hashlib
import re

import pytest
from harness import get, run
from inicheck import fails
from test_reload import reload
from waiting import until

TOKEN = "c2VjcmV0IGJlYXJlciB0b2tlbiBvZiB0aGUgdGVzdHM"


def token_line(token, name):
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()} {name}"


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def basic(user, password, scheme="Basic"):
    return [("Authorization", f"{scheme} " + base64.b64encode(f"{user}:{password}".encode()).decode())]


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


# ---- too many failures ----


@pytest.mark.key("auth_failures")
def test_an_address_that_fails_too_often_has_to_wait(daemon):
    d = daemon("[limits]\nauth_failures = 3/m\n" + TOKENS + "[/x]\nexec = cat\nauth = ci\n")
    assert [status(d, "/x", bearer("wrong")) for _ in range(4)] == [401, 401, 401, 429]
    answer = d.handshake("/x", bearer(TOKEN)).response
    assert answer.status == 429 and 10 <= int(answer.headers["retry-after"]) <= 20
    assert "auth_failures" in answer.text
    assert status(d, "/x") == 401  # who shows nothing guesses nothing


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
