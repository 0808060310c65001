# SPDX-License-Identifier: MIT
"""A page of one's own, its script and style, and the WebSocket beside them."""
import pytest
from conftest import Daemon
from selenium.webdriver.support.ui import WebDriverWait

PAGE = """\
<!DOCTYPE html>
<title>not yet</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script type="module" src="js/app.mjs"></script>
"""
SCRIPT = """\
const ws = new WebSocket(new URL('../../ws', import.meta.url).href.replace(/^http/, 'ws'));
ws.onopen = () => ws.send('hello');
ws.onmessage = event => { document.title = `${event.data} ${getComputedStyle(document.body).color}`; };
"""


@pytest.fixture
def site(tmp_path, browser):
    www = tmp_path / "www"
    (www / "js").mkdir(parents=True)
    (www / "index.html").write_text(PAGE)
    (www / "style.css").write_text("body { color: rgb(1, 2, 3) }")
    (www / "js" / "app.mjs").write_text(SCRIPT)
    running = Daemon(tmp_path, f"[server]\nlisten = 127.0.0.1:0\n[/page/*]\nstatic = {www}\n[/ws]\nexec = cat\n")
    browser.get_log("browser")
    yield running
    browser.get("about:blank")
    assert running.stop() == 0, running.log.read_text()


@pytest.mark.parametrize("path", ["/page/", "/page"])
def test_a_page_runs_its_script_and_talks_to_the_websocket_beside_it(browser, site, path):
    browser.get(site.url(path))
    WebDriverWait(browser, 60).until(lambda b: b.title != "not yet")
    assert browser.title == "hello rgb(1, 2, 3)"
    assert browser.current_url == site.url("/page/")
    assert browser.get_log("browser") == []
