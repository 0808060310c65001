# SPDX-License-Identifier: MIT
"""
The recipes of wsbridge-recipes(7), as they are written there.

A machine of its own has the files of the recipe, and the ports that it names: it lives in a network namespace.
Absolute paths of /etc, /var, /run and /srv begin with the test's directory.
"""

import os
import re

import manual
import pytest
from harness import ROOT, get, run

PAGE = "wsbridge-recipes.7"
RECIPES = sorted({block.section for block in manual.blocks(PAGE) if block.file})

PLACES = re.compile(r"(?<![\w./-])/(?=(?:etc|var|run|srv)/)")

NAME = "www.example.com"

# What the tests need beside the recipe: they run as root, and what the unit's User= says is not here.
DROP_IN = """
[server]
user = root
[/ws/echo]
exec = cat
[/ws/env]
exec = env
[/ws/status3]
shell = exit 3
"""


class Machine:
    """The files of a recipe below a directory, beside the ini as it is installed."""

    def __init__(self, root, recipe):
        self.root = root
        self.put("/etc/wsbridge.ini", (ROOT / "conf/wsbridge.ini").read_text())
        self.put("/etc/wsbridge.d/zz-test.ini", DROP_IN)
        for path, text in manual.files(PAGE, recipe).items():
            self.put(path, text)

    def at(self, path):
        return self.root / path[1:]

    def directory(self, path):
        self.at(path).mkdir(parents=True, exist_ok=True)
        return self.at(path)

    def put(self, path, text):
        self.directory(os.path.dirname(path))
        self.at(path).write_text(PLACES.sub(f"{self.root}/", text))
        return self.at(path)


@pytest.fixture
def machine(rundir):
    """machine(RECIPE): with the files of that section of the page."""
    return lambda recipe: Machine(rundir, recipe)


@pytest.fixture
def bridge(daemon):
    """bridge(MACHINE): the daemon as MACHINE's files want it; few of them let a canary in."""
    return lambda m: daemon(argv=["-c", str(m.at("/etc/wsbridge.ini"))], canary=None, own_network=True)


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_check_has_no_objection(machine, recipe):
    result = run("-t", "-c", machine(recipe).at("/etc/wsbridge.ini"))
    assert result.returncode == 0 and not re.search("error|warning", result.stderr), result.stderr


# ---- a log in the browser ----


def test_everybody_follows_the_log_and_nobody_writes(machine, bridge):
    m = machine("A LOG IN THE BROWSER")
    log = m.put("/var/log/nginx/access.log", "".join(f"line {n}\n" for n in range(100)))
    d = bridge(m)
    one, other = d.ws("/log"), d.ws("/log")
    assert [one.recv() for _ in range(20)] == [f"line {n}" for n in range(80, 100)]
    one.text("no program reads this")
    log.rename(log.with_suffix(".1"))
    m.put("/var/log/nginx/access.log", "after the rotation\n")
    for ws in (one, other):
        while (line := ws.recv()) != "after the rotation":
            assert re.match(r"line \d+$", line)


def test_a_filter_shows_what_matters(machine, bridge):
    m = machine("A LOG IN THE BROWSER")
    m.put("/var/log/nginx/access.log", '"GET / HTTP/1.1" 200 12\n"GET /x HTTP/1.1" 502 0\n')
    assert bridge(m).ws("/errors").recv() == '"GET /x HTTP/1.1" 502 0'


def test_the_path_of_the_log_is_a_page(machine, bridge):
    m = machine("A LOG IN THE BROWSER")
    m.put("/var/log/nginx/access.log", "")
    answer = get(bridge(m), "/log", [("Accept", "text/html")])
    assert answer.status == 426 and answer.headers["content-type"].startswith("text/html")


# ---- an interactive program ----


def test_bc_answers(machine, bridge):
    ws = bridge(machine("AN INTERACTIVE PROGRAM")).ws("/bc")
    ws.text("6 * 7")
    assert ws.recv() == "42"
    ws.text("scale = 3; 2 / 3")
    assert ws.recv() == ".666"
    ws.text("quit")
    assert ws.closed()[0] == 1000


def test_python_remembers_and_complains(machine, bridge):
    ws = bridge(machine("AN INTERACTIVE PROGRAM")).ws("/python")
    ws.text("x = 41")
    ws.text("x + 1")
    assert ws.recv() == "42"
    ws.text("1 / 0")
    lines = [ws.recv()]
    while not lines[-1].startswith("ZeroDivisionError"):
        lines.append(ws.recv())
    assert lines[0].startswith("Traceback")
    ws.text("exit()")
    assert ws.closed()[0] == 1000


# ---- a page and its WebSocket ----


def test_the_page_and_its_script_are_served(machine, bridge):
    m = machine("A PAGE AND ITS WEBSOCKET")
    d = bridge(m)
    page, script = get(d, "/"), get(d, "/load.js")
    assert page.headers["content-type"].startswith("text/html")
    assert page.body == m.at("/srv/load/index.html").read_bytes()
    assert script.body == m.at("/srv/load/load.js").read_bytes()
    assert get(d, "/nothing").status == 404


def test_the_pages_websocket_is_the_program(machine, bridge):
    d = bridge(machine("A PAGE AND ITS WEBSOCKET"))
    assert "procs" in d.ws("/ws/load", [("Origin", f"http://{d.host}")]).recv()
    assert d.handshake("/ws/load", [("Origin", "https://evil.example")]).response.status == 403
