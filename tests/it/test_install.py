# SPDX-License-Identifier: MIT
"""make install and uninstall, file by file."""

import contextlib
import fcntl
import os
import re
import subprocess

import pytest
from harness import ROOT

FILES = {
    "opt/x/sbin/wsbridged": 0o755,
    "opt/x/bin/wsbridgectl": 0o755,
    "opt/x/share/bash-completion/completions/wsbridgectl": 0o644,
    "opt/x/share/man/man1/wsbridgectl.1": 0o644,
    "opt/x/share/man/man5/wsbridge.ini.5": 0o644,
    "opt/x/share/man/man7/wsbridge-recipes.7": 0o644,
    "opt/x/share/man/man7/wsbridge-control.7": 0o644,
    "opt/x/share/man/man8/wsbridged.8": 0o644,
    "opt/x/lib/systemd/system/wsbridged.service": 0o644,
    "opt/x/lib/systemd/system/wsbridged@.service": 0o644,
    "opt/x/lib/systemd/system/wsbridged.socket": 0o644,
    "opt/x/lib/sysusers.d/wsbridged.conf": 0o644,
    "opt/x/share/doc/wsbridged/strict.conf": 0o644,
    "opt/x/share/doc/wsbridged/jit.conf": 0o644,
    "opt/x/share/doc/wsbridged/lowport.conf": 0o644,
    "opt/x/share/bash-completion/completions/wsbridged": 0o644,
    "etc/wsbridge.ini": 0o644,
}


@contextlib.contextmanager
def alone():
    """No other test runs make: two at once write the same files of build/."""
    fd = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


# Beside the ini: the files of the instances, and its drop-ins.
DIRECTORIES = ["wsbridge", "wsbridge.d"]


def make(destdir, *words):
    # MAKEFLAGS of a make that runs us would hand us its job server
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    argv = ["make", "-s", *words, f"DESTDIR={destdir}", "PREFIX=/opt/x"]
    with alone():
        subprocess.run(argv, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL, timeout=3600)


def there(destdir):
    return {
        str(path.relative_to(destdir)): path.stat().st_mode & 0o777
        for path in destdir.rglob("*")
        if not path.is_dir()
    }


def directories(place):
    return sorted(path.name for path in place.iterdir() if path.is_dir())


@pytest.fixture
def umask():
    old = os.umask(0o077)
    yield
    os.umask(old)


def test_install_puts_each_file_in_its_place_and_uninstall_takes_it_away(tmp_path, umask):
    make(tmp_path, "install")
    assert there(tmp_path) == FILES
    version = subprocess.run([tmp_path / "opt/x/sbin/wsbridged", "-V"], capture_output=True, text=True)
    assert version.stdout.startswith("wsbridged ")
    make(tmp_path, "uninstall")
    assert there(tmp_path) == {}


def test_an_ini_that_is_there_is_the_admins(tmp_path):
    ini = tmp_path / "etc/wsbridge.ini"
    ini.parent.mkdir()
    ini.write_text("# mine\n")
    make(tmp_path, "install")
    make(tmp_path, "uninstall")
    assert there(tmp_path).keys() == {"etc/wsbridge.ini"} and ini.read_text() == "# mine\n"


def test_the_directories_of_the_ini_go_unless_something_is_in_them(tmp_path):
    etc = tmp_path / "etc"
    make(tmp_path, "install")
    assert directories(etc) == DIRECTORIES
    (etc / "wsbridge.d/10-mine.ini").write_text("# mine\n")
    make(tmp_path, "uninstall")
    assert directories(etc) == ["wsbridge.d"]
    assert there(tmp_path).keys() == {"etc/wsbridge.d/10-mine.ini"}
    (etc / "wsbridge.d/10-mine.ini").unlink()
    make(tmp_path, "install")
    make(tmp_path, "uninstall")
    assert directories(etc) == []


def test_the_ini_lies_where_sysconfdir_says_and_all_look_there(tmp_path):
    """It is compiled in: a build of its own, as quick as can be."""
    place = tmp_path / "opt/x/etc"
    words = ("SYSCONFDIR=/opt/x/etc", "-j2", f"B={tmp_path}/build", "CFLAGS=-O0", "HARDEN=")
    make(tmp_path, "install", *words)
    assert (place / "wsbridge.ini").exists() and directories(place) == DIRECTORIES
    assert not (tmp_path / "etc").exists()
    help_text = subprocess.run([tmp_path / "opt/x/sbin/wsbridged", "-h"], capture_output=True, text=True).stdout
    assert "(FILE: /opt/x/etc/wsbridge.ini)" in help_text
    unit = (tmp_path / "opt/x/lib/systemd/system/wsbridged@.service").read_text()
    assert len(re.findall(r"^Exec\w+=.* -c /opt/x/etc/wsbridge/%i\.ini$", unit, re.M)) == 2
    make(tmp_path, "uninstall", *words)
    assert list(place.iterdir()) == []
