# SPDX-License-Identifier: MIT
"""A headless Chromium, and a wsbridged with the console on, for tests/browser."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

ROOT = pathlib.Path(__file__).resolve().parents[2]
WSBRIDGED = ROOT / os.environ.get("WSBRIDGED", "build/wsbridged")
PATIENCE = 60  # seconds until a daemon that does not start, or stop, is a failure

INI = """\
[server]
listen = 127.0.0.1:0

[web]
console = yes

[/clock]
shell = while :; do date +%T; sleep 0.2; done

[/sort]
exec = sort

[/echo]
exec = cat

[/slow]
shell = while read x; do sleep 0.5; echo $x; done

[/view]
exec = cat
write = no

[/status3]
shell = read x; exit 3

[/count]
exec = seq 5000

[/who]
shell = echo "$REMOTE_USER"; exec cat
auth = staff

[/speaks]
shell = echo "$WSBRIDGE_SUBPROTOCOL"; exec cat
subprotocol = chat superchat

[/session]
exec = cat
process = session
session_key = query:key
linger = 1s

[auth staff]
type = htpasswd
file = {directory}/htpasswd
"""

USERS = "joe:$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2\n"  # of "secret"

CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1200,800",
]


def chromium(profile, *flags):
    """The WebDriver of one Chromium whose PROFILE is a directory, and its console log kept."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in [*CHROMIUM_FLAGS, f"--user-data-dir={profile}", *flags]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    driver = chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


class Daemon:
    """A running wsbridged: its port, and where to read what it logged."""

    def __init__(self, directory, ini=INI, users=USERS):
        self.directory = directory
        user = "user = root\n" if os.geteuid() == 0 else ""
        ini = ini.replace("{directory}", str(directory))
        (directory / "htpasswd").write_text(users)
        (directory / "wsbridge.ini").write_text(ini.replace("[server]\n", "[server]\n" + user))
        self.log = directory / "log"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(directory / "notify"))
            self.process = self._start()
            self.port = self._wait_until_ready(notify)

    def _start(self):
        own = {
            "NOTIFY_SOCKET": str(self.directory / "notify"),
            "RUNTIME_DIRECTORY": str(self.directory),
            "LANG": "C.UTF-8",
        }
        environment = {**os.environ, **own}
        command = [WSBRIDGED, "-c", self.directory / "wsbridge.ini"]
        with open(self.log, "wb") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def _wait_until_ready(self, notify):
        """Read notifications until READY=1 and the address came, in one datagram or several."""
        said = ""
        notify.settimeout(0.1)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                said += notify.recv(4096).decode() + "\n"
            except socket.timeout:
                continue
            address = re.search(r"^STATUS=.*\b127\.0\.0\.1:(\d+)", said, re.M)
            if address and re.search(r"^READY=1$", said, re.M):
                return int(address[1])
        self.process.kill()
        pytest.fail(f"no READY=1 with an address; it notified {said!r} and logged:\n"
                    + self.log.read_text())

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self):
        """SIGTERM; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Wire:
    """What lies between browser and daemon: it can be slow, and be cut, and stay so."""

    def __init__(self, port):
        self.to, self.pairs, self.broken, self.delay = port, [], False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                if self.broken:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.to))
                self.pairs.append((near, far))
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(a, b), daemon=True).start()

    def _pass_on(self, a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                time.sleep(self.delay)
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)

    def cut(self):
        self.broken = True
        for pair in self.pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self.pairs = []

    def mend(self):
        self.broken = False

    def close(self):
        self.cut()
        self.listener.close()


@pytest.fixture(params=["light", "dark"])
def scheme(request, browser):
    """What the person has set: light, then dark."""
    feature = {"name": "prefers-color-scheme", "value": request.param}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    yield request.param
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def brightness(browser, selector, what):
    """0 to 255: the mean of red, green and blue of WHAT (a colour of CSS) of the element."""
    colour = browser.find_element(By.CSS_SELECTOR, selector).value_of_css_property(what)
    return sum(int(n) for n in re.findall(r"\d+", colour)[:3]) / 3


@pytest.fixture
def daemon(tmp_path, browser):
    running = Daemon(tmp_path)
    browser.get_log("browser")  # reading empties it: the test sees only its own lines
    yield running
    browser.get("about:blank")  # leave first, so that no page lives on into the next test
    status = running.stop()
    print(running.log.read_text())  # pytest shows it when the test failed
    assert status == 0, f"wsbridged ended with {status}"
