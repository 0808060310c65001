# SPDX-License-Identifier: MIT
"""What a person sees of the daemon in a browser: the dashboard of wsbridged."""
import base64
import os
import re
import socket
import struct

import pytest
from conftest import PATIENCE, Daemon, brightness
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select
from test_console import Page

INI = """\
[server]
listen = 127.0.0.1:0

[limits]
max_per_address = 1000

[web]
dashboard = operate

[/echo]
exec = cat
spawn_rate = 0

[/other]
exec = cat

[/script]
shell = printf '<img src=x onerror="document.title=1">\\n'; exec cat
"""


class Client:
    """A WebSocket that the browser has nothing to do with."""

    def __init__(self, daemon, path, fields=""):
        self.sock = socket.create_connection(("127.0.0.1", daemon.port), PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\nUpgrade: websocket\r\n"
                          f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n".encode())
        self.got = b""
        while b"\r\n\r\n" not in self.got:
            self.got += self.sock.recv(65536)
        head, self.got = self.got.split(b"\r\n\r\n", 1)
        assert b" 101 " in head, head

    def take(self, n):
        while len(self.got) < n:
            data = self.sock.recv(65536)
            assert data, "the connection has ended"
            self.got += data
        taken, self.got = self.got[:n], self.got[n:]
        return taken

    def send(self, text):
        data = text.encode()
        assert len(data) < 126
        self.sock.sendall(bytes([0x81, 0x80 | len(data)]) + bytes(4) + data)

    def frame(self):
        """(opcode, payload) of the next, which is short."""
        first, n = self.take(2)
        return first & 15, self.take(n)

    def closed(self):
        opcode, payload = self.frame()
        assert opcode == 8, (opcode, payload)
        return struct.unpack("!H", payload[:2])[0], payload[2:].decode()


class Dashboard(Page):
    def wait_live(self):
        self.wait(lambda: self.text("status").startswith("live"), "the page to be live")
        return self

    def rows(self):
        """{id: [texts of its cells]}, read in one step while rows come and go."""
        found = self.browser.execute_script(
            "return [...document.querySelectorAll('#sessions tbody tr')]"
            ".map(tr => [...tr.children].map(td => td.textContent))")
        return {int(row[0]): row[1:] for row in found}

    def of(self, path):
        return {number: row for number, row in self.rows().items() if row[0] == path}

    def events(self):
        return self.browser.execute_script(
            "return [...document.querySelectorAll('#events li')].map(li => [...li.children].map(e => e.textContent))")


@pytest.fixture
def start(tmp_path, browser):
    """start(INI): a daemon, and its dashboard in the browser."""
    running = []

    def begin(ini=INI):
        running.append(Daemon(tmp_path, ini))
        browser.get_log("browser")
        return running[0], Dashboard(browser, running[0].url("/-/dashboard")).wait_live()

    yield begin
    said = [line["message"] for line in browser.get_log("browser")]
    browser.get("about:blank")
    status = running[0].stop()
    print(running[0].log.read_text())
    assert status == 0, f"wsbridged ended with {status}"
    assert not [line for line in said if "Content Security Policy" in line or "Error" in line], said


def test_it_counts_the_sessions_that_are_there(start):
    daemon, page = start()
    one, two = Client(daemon, "/echo"), Client(daemon, "/echo")
    page.wait(lambda: len(page.of("/echo")) == 2, "two rows")
    assert page.text("clients") == "3" and page.text("clients-of") == "of 1\u202f000"
    assert page.text("processes") == "2"
    peers = {"127.0.0.1:%d" % client.sock.getsockname()[1] for client in (one, two)}
    assert {row[1] for row in page.of("/echo").values()} == peers
    one.sock.close()
    page.wait(lambda: len(page.of("/echo")) == 1, "one row less")
    page.wait(lambda: page.text("clients") == "2", "one client less")


def test_messages_are_counted_as_they_pass(start):
    daemon, page = start()
    client = Client(daemon, "/echo")
    page.wait(lambda: page.of("/echo"), "the row")
    for _ in range(20):
        client.send("x" * 100)
        assert client.frame() == (1, b"x" * 100)
    page.wait(lambda: [row[4:6] for row in page.of("/echo").values()] == [["20 · 2.0 KiB"] * 2], "the traffic")
    marks = page.browser.execute_script("return HISTORY.inMessages.concat(HISTORY.outBytes).filter(v => v > 0).length")
    assert marks >= 2, "the charts have no point above 0"
    assert page.browser.execute_script("return document.querySelectorAll('#charts canvas').length") == 2


def test_the_button_ends_a_client_with_the_code_and_reason_given(start):
    daemon, page = start()
    client, other = Client(daemon, "/echo"), Client(daemon, "/other")
    page.wait(lambda: page.of("/echo") and page.of("/other"), "two rows")
    (number,) = page.of("/echo")
    page.browser.find_element(By.CSS_SELECTOR, f"tr[data-id='{number}'] button").click()
    page.wait(lambda: page.element("ask").is_displayed(), "the question")
    assert f"{number} /echo" in page.text("ask-title")
    code, reason = page.element("code"), page.element("reason")
    code.clear()
    code.send_keys("1005")
    page.element("disconnect").click()
    page.wait(lambda: "1005 may not be sent" in page.text("ask-error"), "what is wrong with 1005")
    code.clear()
    code.send_keys("4321")
    reason.send_keys("go home")
    page.element("disconnect").click()
    assert client.closed() == (4321, "go home")
    client.sock.close()
    page.wait(lambda: not page.of("/echo") and not page.element("ask").is_displayed(), "the row to go")
    page.wait(lambda: any("4321: go home" in e[2] for e in page.events()), "the event")
    other.send("still here")
    assert other.frame() == (1, b"still here")
    assert re.search(rf"control: disconnect {number} by #\d+ 127\.0\.0\.1:", daemon.log.read_text())


def test_who_may_only_look_has_no_button(start):
    daemon, page = start(INI.replace("operate", "view"))
    client = Client(daemon, "/echo")
    page.wait(lambda: page.of("/echo"), "the row")
    assert page.text("status") == "live, view only"
    assert not page.browser.find_elements(By.CSS_SELECTOR, "#sessions button")
    client.sock.close()


def test_many_clients_come_in_pages(start):
    daemon, page = start()
    clients = [Client(daemon, "/echo") for _ in range(120)]
    page.wait(lambda: page.text("range") == "1 to 50 of 121, the newest first", "the first page")
    seen = set(page.rows())
    for begin, end in ((51, 100), (101, 121)):
        page.element("next").click()
        page.wait(lambda: page.text("range") == f"{begin} to {end} of 121, the newest first", "the next page")  # noqa: B023
        seen |= set(page.rows())
    assert len(seen) == 121 and not page.element("next").is_enabled()
    page.element("previous").click()
    page.wait(lambda: page.text("range").startswith("51 to 100"), "the page before")
    page.browser.execute_script("const p = document.getElementById('path'); p.value = '/-/control'; p.onchange({ target: p })")
    page.wait(lambda: len(page.rows()) == 1, "the clients of one path")
    del clients


def test_who_moves_most_is_first_of_all_clients_and_stays_under_the_pointer(start):
    daemon, page = start()
    busy = Client(daemon, "/other")
    others = [Client(daemon, "/echo") for _ in range(60)]
    page.wait(lambda: page.text("range").startswith("1 to 50 of 62, the newest first"), "the newest")
    assert not page.of("/other")
    Select(page.element("sort")).select_by_value("traffic")
    for _ in range(5000):  # more than the page itself moves in a minute
        busy.send("x" * 120)
        assert busy.frame() == (1, b"x" * 120)
    page.wait(lambda: page.text("range") == "1 to 50 of 62, the most bytes in all first", "the order in words")
    page.wait(lambda: next(iter(page.rows().values()))[0] == "/other", "the busy one at the top")
    Select(page.element("sort")).select_by_value("seconds")
    page.wait(lambda: [row[0] for row in page.rows().values()][:2] == ["/-/control", "/other"], "the first come")
    Select(page.element("sort")).select_by_value("traffic")
    page.wait(lambda: "bytes in all first" in page.text("range") and page.of("/other"), "the busy one")
    (number,) = page.of("/other")
    second = list(page.rows())[1]
    page.browser.execute_script("document.querySelector(`tr[data-id='${arguments[0]}'] button`).focus()", second)
    where = list(page.rows()).index(second)
    for _ in range(200):
        busy.send("x" * 120)
        assert busy.frame() == (1, b"x" * 120)
    page.wait(lambda: re.sub(r"\D", "", page.rows()[number][4].partition("·")[0]) == "5200", "the traffic")
    assert list(page.rows()).index(second) == where
    assert page.browser.switch_to.active_element.get_attribute("aria-label") == f"Disconnect {second}"
    del others


def test_it_comes_back_when_the_daemon_ends_it(start):
    daemon, page = start()
    page.browser.execute_script("WAITS.fill(1000)")  # by itself it would come before it is seen
    page.wait(lambda: page.of("/-/control"), "its own row")
    (number,) = page.of("/-/control")
    page.browser.find_element(By.CSS_SELECTOR, f"tr[data-id='{number}'] button").click()
    page.wait(lambda: page.element("ask").is_displayed(), "the question")
    page.element("code").clear()
    page.element("code").send_keys("1012")
    page.element("disconnect").click()
    page.wait(lambda: "closed, 1012 restart; next attempt in" in page.text("status"), "the reason in words")
    page.element("reconnect").click()
    page.wait_live()
    page.wait(lambda: page.of("/-/control").keys() - {number}, "a new row")


def test_what_clients_say_is_text_and_never_markup(start):
    daemon, page = start()
    client = Client(daemon, "/echo?%3Cimg%20src=x%20onerror=alert(1)%3E")
    client.sock.sendall(bytes([0x88, 0x80 | 17]) + bytes(4) + struct.pack("!H", 4000) + b"<img src=x>bye!")
    page.wait(lambda: any("4000: <img src=x>bye!" in e[2] for e in page.events()), "the reason as it was said")
    assert not page.browser.find_elements(By.TAG_NAME, "img")


def test_it_is_light_and_dark(start, browser, scheme):
    _, page = start()
    assert (brightness(browser, "body", "background-color") < 64) == (scheme == "dark")
    assert (brightness(browser, "body", "color") > 192) == (scheme == "dark")
    stroke = browser.execute_script("return charts[0].axes[0].stroke()")
    assert stroke == browser.execute_script("return getComputedStyle(document.documentElement).getPropertyValue('--faint').trim()")
