# SPDX-License-Identifier: MIT
"""A client of the dashboard's WebSocket whose every byte the test decides."""

import json

from control import Refused

SOCKET = "/-/control"
SUBPROTOCOL = "control.wsbridge"


def fields(d, origin=None, more=()):
    """What a page of D's own sends."""
    return [("Origin", origin or f"http://{d.host}"), ("Sec-WebSocket-Protocol", SUBPROTOCOL), *more]


class WebControl:
    """An open one."""

    def __init__(self, d, more=(), **how):
        self.ws = d.ws(SOCKET, fields(d, more=more), **how)
        self.id, self.notifications = 0, []

    def send(self, text):
        self.ws.text(text)

    def message(self):
        """The next message as JSON."""
        text = self.ws.recv()
        assert isinstance(text, str), text
        return json.loads(text)

    def begin(self, method, **params):
        self.id += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}))
        return self.id

    def end(self):
        while "method" in (answer := self.message()):
            self.notifications.append((answer["method"], answer["params"]))
        assert answer["id"] == self.id, answer
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def ask(self, method, **params):
        self.begin(method, **params)
        return self.end()
