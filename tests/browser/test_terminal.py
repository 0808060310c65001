# SPDX-License-Identifier: MIT
"""What a person sees of a path with pty in a browser: the terminal page of wsbridged."""
import contextlib
import re
import signal

import pytest
from conftest import Daemon, Wire, brightness, chromium
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from test_dashboard import Dashboard

PATIENCE = 60

INI = """\
[server]
listen = 127.0.0.1:0

[web]
console = yes
terminal = yes
dashboard = view

[defaults]
eof_timeout = 50ms
stop_timeout = 200ms

[/shell]
exec = bash --norc --noprofile -i
env = PS1=:)
pty = 24x80

[/view]
shell = echo look; exec cat
pty = 24x80
write = no

[/status3]
shell = read x; exit 3
pty = 24x80

[/shared]
exec = bash --norc --noprofile -i
env = PS1=:)
pty = 24x80
process = shared

[/session]
exec = bash --norc --noprofile -i
env = PS1=:)
pty = 24x80
process = session
session_key = query:key
replay = 64k

[/cat]
exec = cat
"""


class Terminal:
    """The terminal page in a browser, in the words of its ids."""

    def __init__(self, browser, url):
        self.browser = browser
        self.asked = 0
        browser.get(url)

    def element(self, name):
        return self.browser.find_element(By.ID, name)

    def text(self, name):
        return self.element(name).text

    def wait(self, condition, what):
        try:
            return WebDriverWait(self.browser, PATIENCE).until(lambda _: condition())
        except TimeoutException:
            pytest.fail(f"not in time: {what}; the screen is\n{self.screen()}")

    def screen(self):
        """The rows as they are drawn, without the blanks at their ends."""
        rows = self.browser.execute_script(
            "return [...document.querySelectorAll('.xterm-rows > div')].map(row => row.textContent)"
        )
        return "\n".join(row.replace("\xa0", " ").rstrip() for row in rows).rstrip()

    def wait_status(self, status):
        self.wait(lambda: self.text("status") == status, f"the status to be {status}")
        return self

    def wait_screen(self, pattern):
        """The match of PATTERN with what is drawn, once it does."""
        return self.wait(lambda: re.search(pattern, self.screen(), re.M), f"/{pattern}/ on the screen")

    def keys(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def line(self, text):
        self.keys(text, Keys.ENTER)

    def size(self):
        """What stty says."""
        self.asked += 1
        self.line(f"echo size {self.asked}=$(stty size).")
        match = self.wait_screen(rf"^size {self.asked}=(\d+) (\d+)\.")
        return int(match[1]), int(match[2])

    def paste(self, text):
        """As the browser's paste does."""
        self.browser.execute_script(
            "const data = new DataTransfer(); data.setData('text/plain', arguments[0]);"
            "document.querySelector('.xterm-helper-textarea').dispatchEvent(new ClipboardEvent("
            "'paste', { clipboardData: data, bubbles: true, cancelable: true }))",
            text,
        )


@pytest.fixture
def terminals(tmp_path, browser):
    """A daemon with paths that have terminals; after the test no style or script was refused."""
    daemon = Daemon(tmp_path, INI)
    browser.get_log("browser")
    yield daemon
    said = [line["message"] for line in browser.get_log("browser") if "status of 426" not in line["message"]]
    browser.get("about:blank")
    status = daemon.stop()
    print(daemon.log.read_text())
    assert status == 0 and not [
        line for line in said if "Content Security Policy" in line or "rror" in line
    ], said


@pytest.fixture
def shell(browser, terminals):
    page = Terminal(browser, terminals.url("/-/terminal/shell")).wait_status("connected")
    page.wait_screen(r"^:\)")
    return page


def test_what_is_typed_comes_back(shell):
    shell.line("echo h'i' there")
    shell.wait_screen(r"^hi there")
    shell.line("echo ünï; printf '\\033[31mred\\033[m %s\\n' \"$TERM\"")
    shell.wait_screen(r"^ünï\nred xterm-256color")


def test_the_size_follows_the_window(shell, browser):
    rows, cols = shell.size()
    assert rows > 10 and cols > 60
    try:
        browser.set_window_size(700, 500)
        shell.wait(
            lambda: not {str(rows), str(cols)} & set(shell.text("size").split()), "another size in the bar"
        )
        smaller = shell.size()
        assert smaller[0] < rows and smaller[1] < cols
        assert shell.text("size") == f"{smaller[1]} × {smaller[0]}"
    finally:
        browser.set_window_size(1200, 800)


def test_control_c_interrupts(shell):
    shell.line("echo now; sleep 1000")
    shell.wait_screen(r"^now")
    ActionChains(shell.browser).key_down(Keys.CONTROL).send_keys("c").key_up(Keys.CONTROL).perform()
    shell.line("echo after=$?")
    shell.wait_screen(r"^after=130")


def test_the_end_of_the_program_is_told_and_enter_starts_it_anew(browser, terminals):
    page = Terminal(browser, terminals.url("/-/terminal/status3")).wait_status("connected")
    page.line("")
    page.wait_status("closed")
    assert page.text("close").startswith("4003 the program exited with status 3")
    assert "starts it anew" in page.text("next")
    page.keys(Keys.ENTER)
    page.wait_status("connected")
    assert not page.element("close").is_displayed()


def test_a_path_that_is_opened_is_its_terminal(browser, terminals):
    page = Terminal(browser, terminals.url("/shell")).wait_status("connected")
    page.wait_screen(r"^:\)")
    assert page.text("path") == "/shell"
    Terminal(browser, terminals.url("/cat"))
    assert "console" in browser.title


def test_what_is_for_viewing_takes_no_keys(browser, terminals):
    page = Terminal(browser, terminals.url("/-/terminal/view")).wait_status("connected")
    page.wait_screen(r"^look")
    assert page.element("viewonly").is_displayed()
    page.line("typed")
    page.paste("pasted")
    page.browser.execute_script("document.getElementById('connect').click()")
    page.wait_status("closed")
    assert "typed" not in page.screen() and "discarded=0/0" in terminals.log.read_text()


def test_a_paste_of_lines_is_asked_about(shell):
    shell.paste("echo one")
    shell.wait_screen(r"echo one")
    assert not shell.element("paste").is_displayed()
    shell.keys(Keys.ENTER)
    shell.paste("\necho two\necho three\n\x1b")
    shell.wait(lambda: shell.element("paste").is_displayed(), "the question")
    assert shell.text("paste-title") == "Paste 4 lines?"
    assert "echo two\necho three\n␛" in shell.element("paste-text").get_property("textContent")
    shell.keys(Keys.ESCAPE)
    shell.wait(lambda: not shell.element("paste").is_displayed(), "the question to be gone")
    shell.line("echo end")
    shell.wait_screen(r"^end")
    assert "two" not in shell.screen()
    shell.paste("echo four\necho five\n")
    shell.browser.find_element(By.CSS_SELECTOR, "#paste .primary").click()
    shell.wait_screen(r"echo five")
    shell.keys(Keys.ENTER)  # a shell takes a paste as one text
    shell.wait_screen(r"^four\n(.*\n)*five")


def test_control_shift_c_copies_what_is_selected_and_interrupts_nothing(shell):
    permission = {"permissions": ["clipboardReadWrite"], "origin": shell.browser.current_url.split("/-/")[0]}
    shell.browser.execute_cdp_cmd("Browser.grantPermissions", permission)
    shell.line("clear; echo selected")
    shell.wait_screen(r"^selected")
    row = shell.browser.find_element(By.CSS_SELECTOR, ".xterm-rows > div")
    mouse = ActionChains(shell.browser).move_to_element_with_offset(row, -row.size["width"] // 2 + 20, 0)
    mouse.double_click().perform()
    shell.browser.execute_script("addEventListener('keydown', e => { window.taken = e.code + e.defaultPrevented; })")
    ActionChains(shell.browser).key_down(Keys.CONTROL).key_down(Keys.SHIFT).send_keys("c").perform()
    taken = shell.browser.execute_script("return window.taken")
    assert taken == "KeyCtrue", "the browser has keys of its own for its developer tools"
    ActionChains(shell.browser).key_up(Keys.SHIFT).key_up(Keys.CONTROL).perform()
    read = "navigator.clipboard.readText().then(arguments[0], e => arguments[0](String(e)))"
    shell.wait(lambda: shell.browser.execute_async_script(read) == "selected", "the word in the clipboard")
    assert "^C" not in shell.screen()


def test_a_lost_connection_is_told_and_nothing_is_started_by_itself(shell, terminals):
    """With process = each a new shell would get the keys that were meant for the old one."""
    terminals.process.send_signal(signal.SIGKILL)
    terminals.process.wait()
    shell.wait_status("closed")
    assert shell.text("close").startswith("1006 no close frame")
    with contextlib.suppress(Exception):
        shell.browser.get("about:blank")
    terminals.process = terminals._start()


@pytest.fixture
def another(tmp_path):
    """A second browser, with another window."""
    (tmp_path / "second").mkdir()
    driver = chromium(tmp_path / "second")
    driver.set_window_size(900, 500)
    yield driver
    driver.quit()


def test_two_browsers_share_one_screen(browser, terminals, another):
    first = Terminal(browser, terminals.url("/-/terminal/shared")).wait_status("connected")
    first.line("echo from the first")
    first.wait_screen(r"^from the first")
    before = first.text("size")
    second = Terminal(another, terminals.url("/-/terminal/shared")).wait_status("connected")
    first.wait(
        lambda: first.text("size") == second.text("size") != before, "the size of the one who came last"
    )
    second.line("echo from the second")
    for page in (first, second):
        page.wait_screen(r"^from the second")
    screen = browser.current_window_handle
    browser.switch_to.new_window("tab")
    dashboard = Dashboard(browser, terminals.url("/-/dashboard")).wait_live()
    dashboard.wait(lambda: len(dashboard.of("/shared")) == 2, "the dashboard to count both")
    assert len({row[8] for row in dashboard.of("/shared").values()}) == 1, "they have one process"
    assert dashboard.text("clients") == "3" and dashboard.text("processes") == "1"
    browser.close()
    browser.switch_to.window(screen)
    first.line("exit 7")
    for page in (first, second):
        page.wait_status("closed")
        assert page.text("close").startswith("4007 ")


@pytest.fixture
def wire(terminals):
    wire = Wire(terminals.port)
    yield wire
    wire.close()


def test_a_lost_connection_comes_back_to_the_same_shell(browser, wire):
    page = Terminal(browser, f"http://127.0.0.1:{wire.port}/-/terminal/shared").wait_status("connected")
    page.line("mine=still; echo it is' set'")
    page.wait_screen(r"^it is set")
    wire.cut()
    page.wait_status("coming back")
    assert page.text("close").startswith("1006 ") and "the same session" in page.text("next")
    wire.mend()
    page.wait_status("connected")
    assert not page.element("close").is_displayed()
    page.line("echo $mine there")
    page.wait_screen(r"^still there")
    browser.get("about:blank")
    browser.get_log("browser")  # a connection that is lost is an error there


def test_a_session_is_come_back_to_with_what_was_missed(browser, terminals, wire):
    page = Terminal(browser, f"http://127.0.0.1:{wire.port}/-/terminal/session").wait_status("connected")
    page.line("mine=still; echo seen before; sleep 0.5; echo mis''sed")
    page.wait_screen(r"^seen before")
    wire.cut()
    page.wait_status("coming back")
    wire.mend()
    page.wait_status("connected")
    page.wait_screen(r"^seen before\nmissed\n")
    page.line("echo $mine there")
    page.wait_screen(r"^still there")
    assert page.screen().count("seen before\n") == 1, "what is replayed is not shown twice"
    page = Terminal(browser, f"http://127.0.0.1:{wire.port}/-/terminal/session").wait_status("connected")
    page.wait_screen(r"^still there")
    browser.get("about:blank")
    browser.get_log("browser")


def test_a_session_has_a_name_that_only_its_link_tells(browser, terminals, another):
    first = Terminal(browser, terminals.url("/-/terminal/session")).wait_status("connected")
    first.line("echo from the first")
    first.wait_screen(r"^from the first")
    other = Terminal(another, terminals.url("/-/terminal/session")).wait_status("connected")
    other.wait_screen(r"^:\)")
    assert "from the first" not in other.screen()
    assert first.element("link").is_displayed()
    key = browser.execute_script("return sessionStorage.getItem('wsbridged:/session')")
    assert re.fullmatch(r"[0-9a-f]{32}", key) and key not in browser.current_url
    other.browser.get("about:blank")
    other = Terminal(another, terminals.url(f"/-/terminal/session#session={key}")).wait_status("connected")
    other.wait_screen(r"^from the first")
    other.line("echo from the second")
    first.wait_screen(r"^from the second")


def test_the_page_holds_what_its_policy_says(browser, terminals):
    page = Terminal(browser, terminals.url("/-/terminal/shell")).wait_status("connected")
    styles = browser.find_elements(By.CSS_SELECTOR, "style")
    taken = "return [...document.querySelectorAll('style')].every(style => style.sheet.cssRules.length)"
    assert styles and browser.execute_script(taken)
    page.wait_screen(r"^:\)")
    height = browser.execute_script("return document.querySelector('.xterm-screen').offsetHeight")
    assert height > 300, "the terminal is laid out"
    browser.execute_script(
        "const s = document.createElementNS('http://www.w3.org/1999/xhtml', 'style');"
        "s.textContent = 'h1 { display: none }'; document.body.append(s)"
    )
    assert browser.find_element(By.TAG_NAME, "h1").is_displayed(), "a style without the nonce is refused"
    browser.get_log("browser")


def test_it_is_light_and_dark(browser, terminals, scheme):
    page = Terminal(browser, terminals.url("/-/terminal/view")).wait_status("connected")
    page.wait_screen(r"^look")
    for selector in ("header", "#screen", ".xterm-scrollable-element"):
        assert (brightness(browser, selector, "background-color") < 64) == (scheme == "dark"), selector
    assert (brightness(browser, ".xterm-rows", "color") > 192) == (scheme == "dark")


def test_on_a_phone_the_terminal_has_all_but_two_lines(browser, terminals):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
    try:
        page = Terminal(browser, terminals.url("/-/terminal/session")).wait_status("connected")
        screen = page.element("screen").rect
        assert screen["width"] == 360 and screen["height"] > 600
        assert browser.execute_script("return document.documentElement.scrollWidth") == 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
