# SPDX-License-Identifier: MIT
"""Every key of wsbridge.ini has a test that sees its effect from outside."""

import marks
from harness import run

# Each key that has no default is given, so that -T prints it.
EVERYTHING = """
[server]
listen = 127.0.0.1:0
user = root
group = root
resolver = 127.0.0.1
[tls]
certificate = /etc/ssl/x.pem
key = /etc/ssl/x.key
key_password_file = /etc/ssl/x.password
ciphersuites = TLS_AES_128_GCM_SHA256
groups = X25519
ca_file = /etc/ssl/ca.pem
ca_dir = /etc/ssl/certs
crl_file = /etc/ssl/crl.pem
client_subject = CN=alice
verify_flags = check_crl
prng_seed_file = /etc/ssl/seed
prng_seed = ***
[auth tokens]
type = token
token = ***
[/exec]
exec = cat
subprotocol = chat
close_reason = bye
cwd = /
umask = 022
env = A=b
pass_env = LANG
nofile = 64
[/shell]
shell = cat
[/static]
static = /
[/connect]
connect = 127.0.0.1:1
[/fifo]
read_fifo = /run/x
write_fifo = /run/y
[/file]
file = /etc/motd
[/builtin]
builtin = echo
[/channel]
channel = news
"""


def printed_keys(tmp_path):
    file = tmp_path / "wsbridge.ini"
    file.write_text(EVERYTHING)
    result = run("-T", "-c", file)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line and line[0] not in ";#["]
    return {line.split("=", 1)[0].strip() for line in lines}


def test_every_key_has_a_test_that_sees_its_effect(tmp_path):
    keys, tests = printed_keys(tmp_path), marks.marked("key")
    assert len(keys) > 40, f"-T prints only {sorted(keys)}"
    assert not keys - set(tests), f"no test is marked with {sorted(keys - set(tests))}"


def test_no_test_is_marked_with_a_key_that_does_not_exist(tmp_path):
    keys, tests = printed_keys(tmp_path), marks.marked("key")
    unknown = {key: tests[key] for key in set(tests) - keys}
    assert not unknown, f"unknown to wsbridged -T: {unknown}"
