# SPDX-License-Identifier: MIT
"""The console over https and its WebSocket over wss, in a browser."""
import base64
import hashlib
import pathlib
import sys

import pytest
from conftest import INI, Daemon, chromium
from test_console import Page, unexpected

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "it"))
from certificates import Certificate, openssl  # noqa: E402


@pytest.fixture
def certificate(tmp_path):
    return Certificate(tmp_path)


@pytest.fixture
def url(tmp_path, certificate):
    """url(PATH) of a daemon that speaks TLS."""
    ini = INI.replace("listen = 127.0.0.1:0\n", "listen = 127.0.0.1:0 tls\n") + certificate.ini()
    running = Daemon(tmp_path, ini)
    yield lambda path: f"https://127.0.0.1:{running.port}{path}"
    status = running.stop()
    print(running.log.read_text())
    assert status == 0


@pytest.fixture
def trusting(tmp_path, certificate):
    """A browser that takes the certificate's key, and no other, without an authority."""
    openssl("x509", "-in", certificate.certificate, "-noout", "-pubkey", "-out", tmp_path / "public.pem")
    openssl("pkey", "-pubin", "-in", tmp_path / "public.pem", "-outform", "DER", "-out", tmp_path / "public.der")
    digest = base64.b64encode(hashlib.sha256((tmp_path / "public.der").read_bytes()).digest()).decode()
    (tmp_path / "chromium").mkdir()
    driver = chromium(tmp_path / "chromium", f"--ignore-certificate-errors-spki-list={digest}")
    yield driver
    driver.quit()


def test_the_console_talks_over_wss(trusting, url):
    page = Page(trusting, url("/-/console?path=/echo")).wait_open()
    page.send("hello")
    page.wait_rows("in", ["hello"])
    address = trusting.execute_script("return performance.getEntriesByType('navigation')[0].name")
    assert address.startswith("https://")
    page.element("connect").click()
    assert "closed from this page" in page.wait_closed()
    assert unexpected(trusting.get_log("browser")) == []


def test_a_flood_of_lines_arrives_whole(trusting, url):
    page = Page(trusting, url("/count"))
    page.wait_closed()
    page.wait(lambda: page.rows("in")[-1:] == ["5000"], "the last of 5000 lines")
    assert page.text("received").startswith("5,000 ")
