# SPDX-License-Identifier: MIT
"""The Debian package: how it is built, and what it does to a machine."""

import os
import subprocess

import harness

INI, DAEMON = "etc/wsbridge.ini", "usr/sbin/wsbridged"


def wsbridged(machine, *words):
    return subprocess.run(
        [machine.root / DAEMON, *words], env=harness.ENVIRONMENT, capture_output=True, text=True, timeout=60
    )


def settings(machine, *keys):
    """The lines of -T that set one of KEYS or begin a section, of the ini as it came."""
    done = wsbridged(machine, "-T", "-c", str(machine.root / INI))
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(("[", *keys))]


# ---- the build ----


def test_the_same_sources_make_the_same_bytes(builds):
    one, other = (build.packages() for build in builds)
    assert len(one) == 2 and one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def test_lintian_has_nothing_to_say(builds):
    changes = next(builds[0].directory.glob("*.changes"))
    root = [] if os.geteuid() else ["--allow-root"]
    done = subprocess.run(
        ["lintian", "--pedantic", "--display-info", *root, changes],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stdout) == (0, "")


# ---- the machine ----


def test_the_package_brings_what_make_install_does(machine, tmp_path):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    argv = ["make", "-s", "install", f"DESTDIR={tmp_path}/plain", "PREFIX=/usr", "UNITDIR=/lib/systemd/system"]
    subprocess.run(argv, cwd=harness.ROOT, env=env, check=True, stdout=subprocess.DEVNULL, timeout=600)
    plain = {str(p.relative_to(tmp_path / "plain")) for p in (tmp_path / "plain").rglob("*") if p.is_file()}
    assert DAEMON in plain
    assert {name + ".gz" if "/man/" in name else name for name in plain} <= machine.files()


def test_the_version_is_that_of_the_daemon(machine, deb):
    assert wsbridged(machine, "-V").stdout == f"wsbridged {deb.name.split('_')[1].rpartition('-')[0]}\n"


def test_it_is_safe_as_it_came(machine):
    assert wsbridged(machine, "-t", "-c", str(machine.root / INI)).returncode == 0
    paths = [line for line in settings(machine) if line.startswith("[/")]
    assert paths == ["[/load]"]
    assert settings(machine, "listen ")[:2] == ["[server]", "listen = 127.0.0.1:8765"]


def test_the_service_has_its_user_and_waits_for_the_admin(machine):
    unit = (machine.root / "lib/systemd/system/wsbridged.service").read_text()
    assert "ExecStart=/usr/sbin/wsbridged\n" in unit and "User=wsbridge\n" in unit
    assert "\nwsbridge:" in "\n" + (machine.root / "etc/passwd").read_text()
    assert [name for name in machine.files() if ".wants/" in name or name.startswith("etc/systemd")] == []


def test_drop_ins_and_instances_have_their_directories(machine):
    modes = [(machine.root / name).stat().st_mode & 0o777 for name in ("etc/wsbridge.d", "etc/wsbridge")]
    assert modes == [0o755, 0o755]


def test_it_serves_as_it_came(machine, rundir, monkeypatch):
    (machine.root / "etc/wsbridge.d/port.ini").write_text("[server]\nlisten =\nlisten = 127.0.0.1:0\n")
    monkeypatch.setattr(harness, "WSBRIDGED", str(machine.root / DAEMON))
    d = harness.Daemon(["-c", str(machine.root / INI)], rundir)
    try:
        d.wait_ready()
        assert "procs" in d.ws("/load").recv()
        d.abandon_clients()
        d.terminate()
        assert d.wait_exit() == 0
    finally:
        d.kill()


def test_the_admins_ini_survives_an_upgrade_and_a_removal(machine, deb):
    (machine.root / INI).write_text("# mine\n")
    machine.dpkg("--install", str(deb))
    machine.dpkg("--remove", "wsbridged")
    assert (machine.root / INI).read_text() == "# mine\n"
    assert not (machine.root / DAEMON).exists()


def test_purging_leaves_nothing_but_the_user(machine):
    machine.dpkg("--purge", "wsbridged")
    users = {"etc/passwd", "etc/group", "etc/shadow", "etc/gshadow", "etc/.pwd.lock"}
    assert machine.files() - machine.before <= users
