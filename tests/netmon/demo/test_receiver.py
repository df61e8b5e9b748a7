import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest

from netmon.demo import receiver as receiver_module
from netmon.demo.receiver import MAX_BODY, MAX_CONNECTIONS, Delivery, Receiver, url


class Taken:
    """A receiver that runs, and what it handed on."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.receiver = Receiver(("siti", "grace"), self.deliveries.append)

    async def ask(self, request: bytes, *, end: bool = False) -> bytes:
        """Return the status line of an answer; empty where the connection is closed without any."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.receiver.port)
        try:
            writer.write(request)
            if end:
                writer.write_eof()
            return (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n")[0]
        finally:
            writer.close()


@pytest.fixture
async def taken() -> AsyncIterator[Taken]:
    made = Taken()
    await made.receiver.start(0)
    yield made
    await made.receiver.stop()
    await made.receiver.stop()


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def message(title: object) -> bytes:
    return json.dumps({"version": "1.0", "title": title, "message": "…", "type": "failure"}).encode()


async def test_a_message_is_handed_on_with_its_person_and_subject(taken: Taken) -> None:
    assert await taken.ask(post("/siti", message("[KRITIS] kota: putus (I7)"))) == b"HTTP/1.1 200 OK"
    assert taken.deliveries == [Delivery("siti", "[KRITIS] kota: putus (I7)")]
    assert taken.receiver.refused == 0


async def test_a_subject_cannot_write_to_the_terminal(taken: Taken) -> None:
    await taken.ask(post("/grace/", message("a\x1b[2Jb\nc")))
    assert taken.deliveries == [Delivery("grace", "a\ufffd[2Jb c")]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post("/budi", message("x")), b"404"),
        (post("/", message("x")), b"404"),
        (b"GET /siti HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /siti HTTP/1.1\r\nHost: a\r\n\r\n", b"411"),
        (b"POST /siti HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (f"POST /siti HTTP/1.1\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n".encode(), b"413"),
        (post("/siti", b"no json"), b"400"),
        (post("/siti", b"[" * 60_000), b"400"),
        (post("/siti", b"[1]"), b"400"),
        (post("/siti", message(7)), b"400"),
    ],
)
async def test_what_is_no_message_for_one_of_them_is_refused(taken: Taken, request_: bytes, status: bytes) -> None:
    assert (await taken.ask(request_)).split()[1] == status
    assert taken.deliveries == []
    assert taken.receiver.refused == 1


async def test_a_head_without_end_and_a_body_that_breaks_off_are_dropped(taken: Taken) -> None:
    assert await taken.ask(b"POST /siti HTTP/1.1\r\n" + b"A: b\r\n" * 10_000) == b""
    assert await taken.ask(post("/siti", message("x"))[:-5], end=True) == b""
    assert taken.receiver.refused == 2


async def test_who_says_nothing_is_let_go(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "TIMEOUT_S", 0.05)
    assert await taken.ask(b"POST /siti HTTP/1.1\r\n") == b""
    assert taken.receiver.refused == 1


async def test_too_many_at_once_are_sent_away(taken: Taken) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", taken.receiver.port) for _ in range(MAX_CONNECTIONS)]
    assert (await taken.ask(b"")).split()[1] == b"503"
    for _, writer in silent:
        writer.close()


async def test_a_port_that_is_taken_is_no_hindrance() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        made = Taken()
        await made.receiver.start(port)
        assert made.receiver.port not in (0, port)
        assert url("siti", made.receiver.port) == f"json://127.0.0.1:{made.receiver.port}/siti"
        await made.receiver.stop()
