# SPDX-License-Identifier: MIT
"""An ordinary WebSocket client: python3-websockets, driven step by step."""

import asyncio

import websockets

from waiting import TIMEOUT


class Client:
    def __init__(self, url, **options):
        options = {"max_size": None, "ping_interval": None, **options}
        self.loop = asyncio.new_event_loop()
        self.ws = self._run(self._open(url, options))

    async def _open(self, url, options):
        if url.startswith("unix:"):
            path, _, rest = url[len("unix:") :].partition(":")
            return await websockets.unix_connect(path, uri=f"ws://localhost{rest}", **options)
        return await websockets.connect(url, **options)

    def _run(self, awaitable, timeout=TIMEOUT):
        return self.loop.run_until_complete(asyncio.wait_for(awaitable, timeout))

    @property
    def subprotocol(self):
        return self.ws.subprotocol

    def send(self, message):
        self._run(self.ws.send(message))

    def recv(self, timeout=TIMEOUT):
        return self._run(self.ws.recv(), timeout)

    def all(self, timeout=TIMEOUT):
        """Every message up to the server's close."""

        async def collect():
            return [message async for message in self.ws]

        return self._run(collect(), timeout)

    def ping(self):
        """Seconds until the pong."""

        async def ping():
            return await (await self.ws.ping())

        return self._run(ping())

    def closed(self, timeout=TIMEOUT):
        """(code, reason) once the connection is closed."""
        self._run(self.ws.wait_closed(), timeout)
        return self.ws.close_code, self.ws.close_reason

    def close(self, code=1000, reason=""):
        self._run(self.ws.close(code, reason))
        return self.ws.close_code, self.ws.close_reason

    def abandon(self):
        """Give everything back without a word."""
        if self.ws.transport:
            self.ws.transport.abort()
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        if pending:
            self.loop.run_until_complete(asyncio.wait(pending, timeout=TIMEOUT))
        self.loop.close()
