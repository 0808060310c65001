# SPDX-License-Identifier: MIT
"""What programs, clients and the names in a configuration say is text on every page, whatever it looks like."""
import base64
import struct
import urllib.parse

import pytest
from conftest import USERS, Daemon
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from test_console import Page
from test_dashboard import Client, Dashboard
from test_terminal import Terminal

EVIL = "<img src=x onerror=window.owned=1><script>window.owned=1</script>"
LINK = r"\033]8;;javascript:window.owned=1\007click here\033]8;;\007"

INI = f"""\
[server]
listen = 127.0.0.1:0

[web]
console = yes
terminal = yes
dashboard = view

[/{EVIL}]
exec = cat
subprotocol = chat

[/prefix/*]
exec = cat

[/says]
shell = read x; printf '%s\\n' "{EVIL}"; exec cat

[/closes]
frame = json
shell = while read x; do printf '%s\\n' '{{"to":"all","close":4001,"reason":"{EVIL}"}}'; done

[/title]
shell = printf '\\033]0;{EVIL}\\007done\\n'; exec cat
pty = 24x80

[/link]
shell = printf '{LINK}\\n'; exec cat
pty = 24x80

[/who]
exec = cat
auth = staff

[auth staff]
type = htpasswd
file = {{directory}}/htpasswd
"""


@pytest.fixture
def hostile(tmp_path, browser):
    """A daemon whose every name and word is markup; after the test none of it has become an element."""
    daemon = Daemon(tmp_path, INI, USERS.replace("joe", EVIL))
    browser.get_log("browser")
    yield daemon
    assert browser.execute_script("return window.owned") is None
    assert browser.find_elements(By.CSS_SELECTOR, "img, script:not([src])") == []
    said = [line["message"] for line in browser.get_log("browser")]
    browser.get("about:blank")
    print(daemon.log.read_text())
    assert daemon.stop() == 0
    assert not [line for line in said if "Content Security Policy" in line], "it was the policy that has stopped it"


def test_a_programs_messages_and_close_reason(browser, hostile):
    page = Page(browser, hostile.url("/says")).wait_open()
    page.send("x")
    page.wait_rows("in", [EVIL])
    page.element("hex").click()
    page = Page(browser, hostile.url("/closes"))
    assert EVIL in page.wait_closed() and page.text("close-code") == "4001"


def test_the_name_of_a_path_on_the_index_in_the_console_and_in_its_address(browser, hostile):
    browser.get(hostile.url("/"))
    assert "/" + EVIL in [link.text for link in browser.find_elements(By.CSS_SELECTOR, "a code")]
    page = Page(browser, hostile.url("/-/console"))
    page.wait(lambda: browser.find_elements(By.CSS_SELECTOR, "#paths b"), "the list")
    (button,) = (b for b in browser.find_elements(By.CSS_SELECTOR, "#paths button") if EVIL in b.text)
    button.click()
    page.wait_open()
    assert EVIL in urllib.parse.unquote(browser.title) and EVIL in urllib.parse.unquote(page.rows("info")[0])
    assert Page(browser, browser.current_url).wait_open().element("path").get_attribute("value") == "/" + EVIL


def test_an_address_that_somebody_else_has_made_up(browser, hostile):
    page = Page(browser, hostile.url("/-/console?path=/prefix/%3Cimg%20src=x%20onerror=window.owned=1%3E%22'")).wait_open()
    page.send("hello")
    page.wait_rows("in", ["hello"])
    Page(browser, hostile.url("/-/console?path=javascript:window.owned=1")).wait_closed()


def test_a_terminals_title_is_a_title(browser, hostile):
    page = Terminal(browser, hostile.url("/-/terminal/title")).wait_status("connected")
    page.wait_screen(r"^done")
    page.wait(lambda: browser.title == f"{EVIL} – /title", "the title")


def test_a_terminals_link_runs_no_script(browser, hostile):
    page = Terminal(browser, hostile.url("/-/terminal/link")).wait_status("connected")
    page.wait_screen(r"^click here")
    row = browser.find_element(By.CSS_SELECTOR, ".xterm-rows > div")
    left = -row.size["width"] // 2 + 20
    ActionChains(browser).move_to_element_with_offset(row, left, 0).click().perform()
    page.keys("typed")
    page.wait_screen("typed")
    assert len(browser.window_handles) == 1


def test_the_dashboard_shows_paths_users_and_reasons_as_they_are(browser, hostile):
    page = Dashboard(browser, hostile.url("/-/dashboard")).wait_live()
    known = base64.b64encode(f"{EVIL}:secret".encode()).decode()
    client = Client(hostile, "/who", f"Authorization: Basic {known}\r\n")
    page.wait(lambda: [row[2] for row in page.of("/who").values()] == [EVIL], "the user")
    named = Client(hostile, "/" + EVIL.replace(" ", "%20").replace("<", "%3C").replace(">", "%3E"))
    page.wait(lambda: page.of("/" + EVIL), "the path")
    assert "/" + EVIL in [option.text for option in page.element("path").find_elements(By.TAG_NAME, "option")]
    client.sock.sendall(bytes([0x88, 0x80 | 2 + len(EVIL)]) + bytes(4) + struct.pack("!H", 4000) + EVIL.encode())
    page.wait(lambda: any(f"4000: {EVIL}" in e[2] for e in page.events()), "the reason")
    del named
