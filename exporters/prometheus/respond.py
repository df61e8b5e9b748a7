"""Sending a page in chunks; given up when the client leaves or dawdles."""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class PageResponse(Response):
    """A response that sends chunks as they are made.

    At most `timeout_s` seconds are spent on it, so that a client that stops reading does not hold a page for ever.
    `finished` is told whether all was sent; nothing is made for HEAD.
    """

    def __init__(
        self,
        chunks: Callable[[], AsyncIterator[bytes]],
        headers: dict[str, str],
        timeout_s: float,
        finished: Callable[[bool], None],
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers(headers)
        self._chunks = chunks
        self._timeout_s = timeout_s
        self._finished = finished

    def init_headers(self, headers: dict[str, str] | None = None) -> None:  # type: ignore[override]
        """Take these headers; the length is not known before the page is written."""
        self.raw_headers = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        whole = False
        client = asyncio.create_task(_left(receive))
        try:
            async with asyncio.timeout(self._timeout_s):
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                if scope["method"] != "HEAD":
                    await self._send_chunks(send, client)
                whole = not client.done()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            whole = False  # the server sees that the response did not end and closes the connection
        finally:
            client.cancel()
            self._finished(whole)

    async def _send_chunks(self, send: Send, client: asyncio.Task[None]) -> None:
        async for chunk in self._chunks():
            if client.done():
                return
            if chunk:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
