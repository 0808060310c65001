# SPDX-License-Identifier: MIT
"""Builds the Debian package twice, and installs it into a scratch root."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/it"))  # the harness

BUILD_TIMEOUT = 3600  # only what hangs ends by it


class Build:
    """tools/deb into a directory."""

    def __init__(self, directory, umask, **environment):
        self.directory = directory
        env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "DEB_"))}
        self.process = subprocess.Popen(
            [ROOT / "tools/deb", directory],
            env={**env, **environment},
            umask=umask,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self):
        said = self.process.communicate(timeout=BUILD_TIMEOUT)[0]
        assert self.process.returncode == 0, said
        self.deb = Path(said.splitlines()[-1])
        return self

    def packages(self):
        """{name: bytes} of all that was built."""
        return {file.name: file.read_bytes() for file in self.directory.glob("*.deb")}


@pytest.fixture(scope="session")
def builds(tmp_path_factory):
    """Two builds of the same sources by two people who agree on nothing."""
    here = Build(tmp_path_factory.mktemp("a"), 0o022, TZ="UTC", LC_ALL="C.UTF-8")
    there = Build(
        tmp_path_factory.mktemp("another-place") / "somewhere/else",
        0o077,
        TZ="Pacific/Kiritimati",
        LC_ALL="C",
        HOME="/nonexistent",
    )
    return here.wait(), there.wait()


@pytest.fixture(scope="session")
def deb(builds):
    return builds[0].deb


class Machine:
    """
    A root directory with nothing but what dpkg puts there.  Maintainer scripts run outside of it and are told
    where it is (DPKG_ROOT), which is what those of debhelper are made for.
    """

    def __init__(self, root):
        self.root = root
        for name in ("etc", "var/lib/dpkg/info", "var/lib/dpkg/updates"):
            (root / name).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        self.before = self.files()

    def dpkg(self, *words):
        fakeroot = ["fakeroot"] if os.geteuid() else []
        argv = [*fakeroot, "dpkg", f"--root={self.root}", "--force-depends", "--force-script-chrootless", *words]
        env = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files(self):
        """What is there but for dpkg's own notes, as paths."""
        paths = (path for path in self.root.rglob("*") if path.is_symlink() or not path.is_dir())
        names = {str(path.relative_to(self.root)) for path in paths}
        return {name for name in names if not name.startswith(("var/lib/dpkg/", "var/log/"))}


@pytest.fixture
def machine(tmp_path, deb):
    """A machine on which the package has just been installed."""
    m = Machine(tmp_path / "root")
    m.dpkg("--install", str(deb))
    return m


@pytest.fixture
def rundir():
    """A directory with a short name, for the daemon's sockets."""
    path = tempfile.mkdtemp(prefix="wsb-")
    yield path
    shutil.rmtree(path, ignore_errors=True)
