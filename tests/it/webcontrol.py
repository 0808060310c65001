# SPDX-License-Identifier: MIT
"""A client of the dashboard's WebSocket whose every byte the test decides."""

import json

from control import Control

SOCKET = "/-/control"
SUBPROTOCOL = "control.wsbridge"


def fields(d, origin=None, more=()):
    """What a page of D's own sends."""
    return [("Origin", origin or f"http://{d.host}"), ("Sec-WebSocket-Protocol", SUBPROTOCOL), *more]


class WebControl(Control):
    """An open one: what Control does on the daemon's socket, in messages instead of lines."""

    def __init__(self, d, more=(), **how):
        self.ws = d.ws(SOCKET, fields(d, more=more), **how)
        self.id, self.notifications = 0, []

    def send(self, data, _fds=()):
        self.ws.text(data.removesuffix("\n"))

    def line(self):
        """The next message as JSON."""
        text = self.ws.recv()
        assert isinstance(text, str), text
        return json.loads(text)

    def close(self):
        self.ws.close()
