"""gzip in a thread, and a way to go on from a beginning that was compressed before."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

GZIP_LEVEL = 1  # a quarter of the CPU of the usual level for some more bytes; the text is repetitive
_WBITS_GZIP = 31  # zlib's way to say: with a gzip header and trailer (RFC 1952)
_INLINE_BYTES = 256 << 10  # at most a millisecond's work, of which handing it to a thread would be a fifth more


class Gzip:
    """A gzip stream made piece by piece, large ones in a thread: zlib lets go of Python's lock while it works, so the
    event loop runs on.
    """

    def __init__(self) -> None:
        self._stream = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _WBITS_GZIP)

    async def write(self, text: bytes) -> bytes:
        """Return what is ready after this text."""
        if len(text) <= _INLINE_BYTES:
            return self._stream.compress(text)
        return await asyncio.to_thread(self._stream.compress, text)

    def end(self) -> bytes:
        """Return the rest: what waits to be matched with more, some kilobytes."""
        return self._stream.flush()

    def fork(self) -> Self:
        """Return a stream that goes on from here by itself."""
        other = type(self)()
        other._stream = self._stream.copy()  # noqa: SLF001 -- of the same class
        return other


@dataclass(frozen=True, slots=True)
class Compressed:
    """The compressed beginning of a page, and the stream that can go on from there, any number of times."""

    generation: int
    text: bytes
    stream: Gzip


async def gzipped(chunks: AsyncIterator[bytes], stream: Gzip) -> AsyncIterator[bytes]:
    """Give the chunks compressed, as the stream's last ones."""
    async for chunk in chunks:
        yield await stream.write(chunk)
    yield stream.end()
