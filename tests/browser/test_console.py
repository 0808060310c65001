# SPDX-License-Identifier: MIT
"""What a person sees of a WebSocket path in a browser: the console page of wsbridged."""
import contextlib
import http.server
import json
import re
import signal
import subprocess
import threading

from conftest import Wire, brightness
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

PATIENCE = 60
PATHS = ["/clock", "/sort", "/echo", "/slow", "/view", "/status3", "/count", "/who", "/speaks", "/session"]


class Page:
    """The console in the browser, in the words of its ids."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)

    def element(self, name):
        return self.browser.find_element(By.ID, name)

    def text(self, name):
        return self.element(name).text

    def wait(self, condition, what):
        return WebDriverWait(self.browser, PATIENCE).until(lambda _: condition(), what)

    def wait_open(self):
        self.wait(lambda: self.text("status") == "open", "the connection to be open")
        return self

    def wait_closed(self):
        self.wait(lambda: self.element("close").is_displayed(), "the close code to be shown")
        return self.text("close")

    def rows(self, kind):
        """The payloads of the rows of one KIND, read in one step while rows come and go."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll(`#log li.${arguments[0]} .payload`)]"
            ".map(payload => payload.textContent)",
            kind,
        )

    def wait_rows(self, kind, expected):
        self.wait(lambda: self.rows(kind) == expected, f"rows {kind} to be {expected}")

    def send(self, text):
        self.element("input").send_keys(text, Keys.ENTER)


def unexpected(log):
    """Browser log lines but the one that a page with status 426 always makes."""
    return [line["message"] for line in log if "status of 426" not in line["message"]]


def test_a_websocket_path_in_a_browser_is_the_console_already_connected(browser, daemon):
    page = Page(browser, daemon.url("/clock")).wait_open()
    page.wait(lambda: len(page.rows("in")) >= 3, "three lines of the clock")
    assert page.element("path").get_attribute("value") == "/clock"
    assert page.text("connect") == "Disconnect"


def test_the_root_lists_the_paths_as_links(browser, daemon):
    browser.get(daemon.url("/"))
    links = {link.get_attribute("href") for link in browser.find_elements(By.TAG_NAME, "a")}
    for path in PATHS:
        assert daemon.url(path) in links


def test_the_console_offers_every_path_and_connects_to_the_one_clicked(browser, daemon):
    page = Page(browser, daemon.url("/-/console"))
    page.wait(lambda: page.browser.find_elements(By.CSS_SELECTOR, "#paths button"), "the list")
    assert page.text("status") == "not connected"
    options = page.element("path").find_elements(By.TAG_NAME, "option")
    assert [option.text for option in options] == PATHS
    browser.find_element(By.XPATH, "//ul[@id='paths']//button[contains(., '/echo')]").click()
    page.wait_open()
    assert browser.current_url == daemon.url("/-/console?path=/echo")


def test_the_password_of_a_page_is_its_websockets_as_well(browser, daemon):
    page = Page(browser, daemon.url("/who").replace("//", "//joe:secret@", 1)).wait_open()
    page.wait_rows("in", ["joe"])
    page.send("hello")
    page.wait_rows("in", ["joe", "hello"])


def test_the_console_connects_to_the_path_in_its_query(browser, daemon):
    page = Page(browser, daemon.url("/-/console?path=/echo")).wait_open()
    page.send("hello")
    page.wait_rows("in", ["hello"])
    page.wait(lambda: page.text("answer").endswith("ms"), "the time until the answer to be shown")


def test_eof_closes_the_input_and_the_answer_still_comes(browser, daemon):
    page = Page(browser, daemon.url("/sort")).wait_open()
    page.send("b")
    page.send("a")
    page.element("eof").click()
    page.wait_rows("in", ["a", "b"])
    closed = page.wait_closed()
    assert "1000" in closed and "normal: the program ended with status 0" in closed


def test_the_exit_status_is_shown_in_words(browser, daemon):
    page = Page(browser, daemon.url("/status3")).wait_open()
    page.send("go")
    page.wait_closed()
    assert page.text("close-code") == "4003"
    assert page.text("close-words") == "the program exited with status 3"


def test_a_closed_connection_can_be_opened_again(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.element("connect").click()
    assert "closed from this page" in page.wait_closed()
    assert page.text("connect") == "Connect"
    page.element("reconnect").click()
    page.wait_open()
    page.send("again")
    page.wait_rows("in", ["again"])


def test_a_daemon_that_does_not_answer_a_close_frame_is_not_waited_for(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        page.element("connect").click()
        assert "closed from this page" in page.wait_closed()
    finally:
        daemon.process.send_signal(signal.SIGCONT)


def test_a_path_without_write_says_view_only_and_takes_no_input(browser, daemon):
    page = Page(browser, daemon.url("/view")).wait_open()
    assert page.element("viewonly").is_displayed()
    for name in ("input", "send", "eof", "file"):
        assert not page.element(name).is_enabled(), name
    page = Page(browser, daemon.url("/echo")).wait_open()
    assert not page.element("viewonly").is_displayed()
    assert page.element("input").is_enabled()


def test_hex_shows_every_message_as_a_dump_and_back(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.send("AZ~")
    page.wait_rows("in", ["AZ~"])
    page.element("hex").click()
    page.wait(lambda: "41 5a 7e" in page.rows("in")[0], "the bytes in hex")
    page.element("hex").click()
    page.wait_rows("in", ["AZ~"])


def test_only_the_newest_messages_are_kept_and_the_page_says_so(browser, daemon):
    page = Page(browser, daemon.url("/count"))
    page.wait_closed()
    page.wait(lambda: page.rows("in")[-1:] == ["5000"], "the last of 5000 lines")
    assert len(page.rows("in")) + len(page.rows("info")) == 2000
    assert "others were dropped" in page.text("dropped")
    assert page.text("received").startswith("5,000 ")


def test_a_paused_view_holds_still_until_it_is_told_to_jump(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.element("pause").click()
    page.send("hidden")
    page.wait(lambda: "2 new" in page.text("latest"), "the sent and the received message to wait")
    assert page.rows("in") == []
    page.element("latest").click()
    page.wait_rows("in", ["hidden"])


def test_the_arrow_up_brings_back_what_was_sent(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.send("first")
    page.send("second")
    page.element("input").send_keys(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ENTER)
    page.wait_rows("in", ["first", "second", "first"])


def test_what_was_sent_is_there_after_a_reload_of_the_page(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.send("before")
    page.wait_rows("in", ["before"])
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.element("input").send_keys(Keys.ARROW_UP)
    assert page.element("input").get_property("value") == "before"


def test_a_subprotocol_of_the_path_can_be_chosen(browser, daemon):
    page = Page(browser, daemon.url("/speaks")).wait_open()
    page.wait_rows("in", [""])
    page.element("connect").click()
    page.wait_closed()
    choice = Select(page.element("subprotocol"))
    assert [option.text for option in choice.options] == ["no subprotocol", "chat", "superchat"]
    choice.select_by_visible_text("superchat")
    page.element("reconnect").click()
    page.wait_rows("in", ["", "superchat"])
    assert page.rows("info")[-1].endswith(", subprotocol superchat")
    page = Page(browser, daemon.url("/echo")).wait_open()
    assert not page.element("subprotocol").is_displayed()


def test_a_session_gets_a_name_that_nobody_guesses(browser, daemon):
    page = Page(browser, daemon.url("/session?key=mine")).wait_open()
    assert page.element("suffix").get_property("value") == "?key=mine"
    page = Page(browser, daemon.url("/-/console?path=/session?x=1")).wait_open()
    suffix = page.element("suffix").get_property("value")
    assert re.fullmatch(r"\?x=1&key=[0-9a-f]{32}", suffix)


def test_hex_is_sent_as_bytes_and_json_is_looked_at_first(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    typed = Select(page.element("as"))
    typed.select_by_value("hex")
    page.send("0x68 6")
    assert "hex" in page.text("wrong") and page.rows("out") == []
    page.send("9, 0a")
    page.wait_rows("in", ["hi"])
    page.wait(lambda: not page.element("wrong").is_displayed(), "the complaint to be gone")
    typed.select_by_value("json")
    page.send('{"a": 1')
    assert page.element("wrong").is_displayed()
    page.send("}")
    page.wait_rows("in", ["hi", '{"a": 1}'])


def test_pings_tell_the_way_to_the_daemon_and_not_the_programs_time(browser, daemon):
    wire = Wire(daemon.port)
    page = Page(browser, f"http://127.0.0.1:{wire.port}/slow").wait_open()
    page.send("hello")

    def drawn():
        points = browser.execute_script("return document.querySelector('#graph polyline').getAttribute('points')")
        return len((points or "").split())

    page.wait(lambda: page.rows("in") == ["hello"] and drawn() >= 2, "an answer, and a graph of pings")
    page.wait(lambda: "ms" in page.text("ping") and float(page.text("ping").split()[0]) < 400, "a ping without the program's time")
    assert page.text("answer").endswith(" ms") and float(page.text("answer").split()[0]) >= 500
    assert re.fullmatch(r"the last \d+: .* ms to .* ms", page.element("graph").get_attribute("aria-label"))
    wire.delay = 0.3  # each way
    page.wait(lambda: float(page.text("ping").split()[0]) >= 600, "the slower network")
    browser.get("about:blank")
    wire.close()


def saved(page):
    """What a click on Save makes, which Chromium would put into a file."""
    page.browser.execute_script(
        "const make = URL.createObjectURL; URL.createObjectURL = blob => (window.saved = blob, make(blob))"
    )
    page.element("save").click()
    return page.browser.execute_async_script("window.saved.text().then(arguments[0])")


def test_a_transcript_is_saved_as_text_or_for_asciinema(browser, daemon, tmp_path):
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.send("hello")
    page.wait_rows("in", ["hello"])
    assert "> hello\n" in saved(page) and "< hello\n" in saved(page)
    Select(page.element("format")).select_by_value("cast")
    header, *events = map(json.loads, saved(page).splitlines())
    assert header["version"] == 2 and header["width"] == 80 and header["title"].endswith("/echo")
    assert [event[1:] for event in events] == [["i", "hello\r\n"], ["o", "hello\r\n"]]
    assert events[0][0] == 0 <= events[1][0]
    (tmp_path / "echo.cast").write_text(saved(page))
    play = ["script", "-qec", f"asciinema play -s 1000 {tmp_path}/echo.cast", "/dev/null"]  # it wants a terminal
    said = subprocess.run(play, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout
    assert b"hello" in said.splitlines()


def test_a_file_is_sent_as_one_binary_message(browser, daemon, tmp_path):
    (tmp_path / "two lines").write_bytes(b"one\ntwo\n")
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.element("file").send_keys(str(tmp_path / "two lines"))
    page.wait_rows("in", ["one", "two"])
    assert page.text("sent") == "1 · 8 B"


def test_an_empty_file_is_not_sent_for_it_would_mean_eof(browser, daemon, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.element("file").send_keys(str(tmp_path / "empty"))
    page.wait(lambda: "not sent" in page.rows("info")[-1], "the reason")
    assert page.text("status") == "open" and page.text("sent") == "0 · 0 B"


def test_markup_from_a_program_is_shown_as_text(browser, daemon):
    evil = "<img src=x onerror='window.owned=1'><script>window.owned=1</script>"
    page = Page(browser, daemon.url("/echo")).wait_open()
    page.send(evil)
    page.wait_rows("in", [evil])
    assert browser.find_elements(By.CSS_SELECTOR, "#log img, #log script") == []
    assert browser.execute_script("return window.owned") is None


def test_the_page_obeys_its_own_content_security_policy(browser, daemon):
    page = Page(browser, daemon.url("/-/console?path=/sort")).wait_open()
    page.send("x")
    page.element("eof").click()
    page.wait_closed()
    page.element("hex").click()
    page.element("save").click()
    assert unexpected(browser.get_log("browser")) == []


def test_the_policy_stops_a_script_that_found_its_way_into_the_page(browser, daemon):
    Page(browser, daemon.url("/echo")).wait_open()
    browser.execute_script(
        "document.body.append(Object.assign(" "document.createElement('script'), {text: 'window.owned = 1'}))"
    )
    assert browser.execute_script("return window.owned") is None
    assert any("Content Security Policy" in m for m in unexpected(browser.get_log("browser")))


def test_a_daemon_that_is_gone_is_told_from_one_that_refuses(browser, daemon):
    page = Page(browser, daemon.url("/-/console?path=/nowhere"))
    assert "refused before opening" in page.wait_closed()
    assert daemon.stop() == 0
    page.element("reconnect").click()
    page.wait(lambda: "nothing answers" in page.text("close"), "the page to say so")


def test_it_is_light_and_dark(browser, daemon, scheme):
    Page(browser, daemon.url("/echo")).wait_open()
    for selector in ("body", "header", "#input"):
        assert (brightness(browser, selector, "background-color") < 64) == (scheme == "dark"), selector
        assert (brightness(browser, selector, "color") > 192) == (scheme == "dark"), selector


def test_on_a_phone_nothing_hangs_over_the_edge(browser, daemon):
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        page = Page(browser, daemon.url("/echo")).wait_open()
        page.send("x" * 1000)
        page.wait(lambda: page.rows("in"), "the answer")
        assert browser.execute_script("return document.documentElement.scrollWidth") == 360
        assert page.element("log").rect["height"] > 350, "the messages have half of the page"
        assert page.element("send").rect["y"] < 740
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_keyboard_reaches_everything_and_one_sees_where_it_is(browser, daemon):
    page = Page(browser, daemon.url("/echo")).wait_open()
    seen = set()
    for back in (False, True):
        page.element("input").click()
        for _ in range(12):
            tab = ActionChains(browser)
            tab = tab.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT) if back else tab.send_keys(Keys.TAB)
            tab.perform()
            at = browser.switch_to.active_element
            if at.tag_name == "body":
                break
            seen.add(at.get_attribute("id"))
            outlined = (
                "const on = e => getComputedStyle(e).outlineStyle !== 'none';"
                "return on(arguments[0]) || on(arguments[0].parentElement)"
            )
            assert browser.execute_script(outlined, at), f"{at.get_attribute('id')} shows no focus"
    assert seen >= {"send", "eof", "file", "as", "log", "format", "save", "copy", "clear", "pause", "hex", "connect"}, seen
    assert page.text("status") == "open"


FOREIGN = """<!doctype html><title>foreign</title><p id="said"></p><script>
const said = document.getElementById('said');
const socket = new WebSocket('ws://127.0.0.1:%d/echo');
socket.onopen = () => said.textContent += ' opened';
socket.onerror = () => said.textContent += ' error';
socket.onclose = event => said.textContent += ` closed ${event.code}`;
</script>"""


@contextlib.contextmanager
def foreign_page(html):
    """An http server on another port, and so of another origin, that always answers HTML."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def test_a_page_of_another_origin_is_refused(browser, daemon):
    with foreign_page(FOREIGN % daemon.port) as url:
        page = Page(browser, url)
        page.wait(lambda: "closed" in page.text("said"), "the foreign page to see its end")
        assert page.text("said") == "error closed 1006"
        browser.get("about:blank")
