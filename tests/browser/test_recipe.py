# SPDX-License-Identifier: MIT
"""The page of wsbridge-recipes(7) and its WebSocket, in a browser."""
import pathlib
import sys

import pytest
from conftest import Daemon
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "it"))
import manual  # noqa: E402

PATIENCE = 60


@pytest.fixture
def page(tmp_path, browser):
    """The recipe's page, open in the browser; its daemon listens on a free port."""
    files = manual.files("wsbridge-recipes.7", "A PAGE AND ITS WEBSOCKET")
    (tmp_path / "load").mkdir()
    for name in ("index.html", "load.js"):
        (tmp_path / "load" / name).write_text(files[f"/srv/load/{name}"])
    ini = files["/etc/wsbridge.d/page.ini"].replace("/srv/", f"{tmp_path}/")
    running = Daemon(tmp_path, "[server]\nlisten = 127.0.0.1:0\n" + ini)
    browser.get_log("browser")
    browser.get(running.url("/"))
    yield browser
    browser.get("about:blank")
    assert running.stop() == 0


def test_the_recipes_page_shows_what_its_program_prints(page):
    lines = page.find_element(By.ID, "lines")
    WebDriverWait(page, PATIENCE).until(lambda _: len(lines.text.splitlines()) >= 4, "lines of vmstat")
    assert "procs" in lines.text and "closed" not in lines.text
    favicon = [line["message"] for line in page.get_log("browser") if "favicon" not in line["message"]]
    assert favicon == []
