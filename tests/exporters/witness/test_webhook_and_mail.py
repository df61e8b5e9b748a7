"""Checkpoints posted to a URL, and sent in a letter; both by real servers on the loopback."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import TypeAdapter, ValidationError

from exporters.witness.build import make_witnesses
from exporters.witness.mail import Mail, refusal
from exporters.witness.settings import AnyWitness, MailWitness, WebhookWitness, WitnessSettings
from exporters.witness.webhook import Webhook
from netmon.api import Rejected, Retryable
from netmon.core.ledger.report import Verdict
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.certificates import Authority
from tests.support.processes import free_port


class Receiver:
    """Answers each request as it is told and keeps what came."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        self.requests: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        self.requests.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def receiver(context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=context)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


def webhook(url: str, **others: Any) -> Webhook:
    return Webhook(WebhookWitness.model_validate({"kind": "webhook", "name": "office", "url": url, **others}))


async def test_a_webhook_gets_the_note_as_it_is() -> None:
    note = "origin\n1\nroot\n\n— origin signature\n".encode()
    async with receiver() as server:
        await webhook(f"http://127.0.0.1:{server.port}/keep?me", bearer_token="sesame").publish(note, 0)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == note
    assert head.startswith(b"POST /keep?me HTTP/1.1\r\n")
    assert b"content-type: text/plain; charset=utf-8" in head
    assert b"authorization: Bearer sesame" in head


@pytest.mark.parametrize(
    ("answer", "error", "after_s"),
    [
        ("503 Service Unavailable", Retryable, None),
        ("429 Too Many Requests\r\nretry-after: 7", Retryable, 7.0),
        ("403 Forbidden", Rejected, None),
        ("302 Found\r\nlocation: http://127.0.0.1:1/", Rejected, None),
    ],
)
async def test_what_a_webhook_answers(answer: str, error: type[Exception], after_s: float | None) -> None:
    async with receiver() as server:
        server.answer = f"HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
        with pytest.raises(error, match=answer[:3]) as caught:
            await webhook(f"http://127.0.0.1:{server.port}/").publish(b"note", 0)
    assert getattr(caught.value, "after_s", None) == after_s


async def test_a_webhook_that_is_away_or_silent() -> None:
    with pytest.raises(Retryable):
        await webhook(f"http://127.0.0.1:{free_port()}/").publish(b"note", 0)

    # Here the kernel accepts, and nobody answers.
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(Retryable, match=r"within 0\.2 s"):
        await webhook(f"http://127.0.0.1:{mute.getsockname()[1]}/", timeout_s=0.2).publish(b"note", 0)


async def test_a_webhooks_certificate_is_verified(tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    pair = ours.sign("witness")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    async with receiver(context) as server:
        url = f"https://127.0.0.1:{server.port}/"
        with pytest.raises(Retryable, match="CERTIFICATE_VERIFY_FAILED"):
            await webhook(url).publish(b"note", 0)
        await webhook(url, ca_file=ours.cert).publish(b"note", 0)
        with pytest.raises(Rejected, match="cannot be used"):
            await webhook(url, ca_file=tmp_path / "nowhere").publish(b"note", 0)
    assert len(server.requests) == 1


class Box:
    """A mailbox."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        self.letters.append(envelope.content)
        return self.answer


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    found = Box()
    controller = Controller(found, "127.0.0.1", free_port())
    controller.start()
    yield found, controller.port
    controller.stop()


def mail(port: int) -> Mail:
    url = f"mailto://127.0.0.1:{port}?from=netmon@example.net&to=auditor@example.net"
    return Mail(MailWitness.model_validate({"kind": "mail", "name": "auditor", "apprise_url": url, "timeout_s": 5}))


async def test_a_letter_as_it_was_saved_proves_the_ledger(tmp_path: Path, box: tuple[Box, int]) -> None:
    ledger = ledgers.make(tmp_path)
    await mail(box[1]).publish(ledger.notes([80]), 0)
    letter = box[0].letters[0]
    assert b"Subject: Checkpoint netmon/core-1/0a1b2c3d: 80" in letter
    report = verify(tmp_path, checkpoints={"letter.eml": letter})
    assert (report.verdict, report.sealed_outside) == (Verdict.GOOD, 80)


async def test_a_letter_that_is_not_taken(box: tuple[Box, int]) -> None:
    box[0].answer = "451 later"
    with pytest.raises(Retryable, match="the mail server answered 451"):
        await mail(box[1]).publish(b"o\n1\nr\n", 0)
    box[0].answer = "554 never"
    with pytest.raises(Rejected, match="the mail server answered 554"):
        await mail(box[1]).publish(b"o\n1\nr\n", 0)
    with pytest.raises(Retryable, match="the connection was refused"):
        await mail(free_port()).publish(b"o\n1\nr\n", 0)
    bad = Mail(MailWitness.model_validate({"kind": "mail", "name": "auditor", "apprise_url": "nothing://secret"}))
    with pytest.raises(Rejected, match="does not understand this URL") as caught:
        await bad.publish(b"o\n1\nr\n", 0)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("Failed to send: Forbidden, error=403.", Rejected, "the service answered 403"),
        ("Failed to send: error=429.", Retryable, "the service answered 429"),
        ("Failed to send: error=503.", Retryable, "the service answered 503"),
        ("socket: timed out at mailto://secret", Retryable, "it did not answer in time"),
        ("", Retryable, "does not say why"),
    ],
)
def test_what_apprise_says_is_told_without_secrets(said: str, kind: type[Exception], words: str) -> None:
    found = refusal(said)
    assert type(found) is kind
    assert words in str(found)
    assert "secret" not in str(found)


def test_settings_make_witnesses(tmp_path: Path) -> None:
    settings = WitnessSettings.model_validate(
        {
            "witnesses": [
                {
                    "kind": "sftp",
                    "name": "a",
                    "host": "h",
                    "user": "u",
                    "path": "p",
                    "key_file": tmp_path,
                    "host_key": "k",
                },
                {"kind": "webhook", "name": "b", "url": "https://witness.example.net/"},
                {"kind": "mail", "name": "c", "apprise_url": "mailto://secret@example.net"},
            ]
        }
    )
    made = make_witnesses(settings)
    assert [(one.name, one.interval_s) for one in made] == [("a", 300), ("b", 300), ("c", 86_400)]
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"url": "ftp://h/"}, "is not a URL"),
        ({"url": "https://user:word@h/"}, "holds a user name"),
        ({"name": "two words"}, "String should match pattern"),
        ({"interval_s": 1}, "greater than or equal to 10"),
        ({"unknown": 1}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_used(change: dict[str, Any], problem: str) -> None:
    given = {"kind": "webhook", "name": "a", "url": "https://h/", **change}
    with pytest.raises(ValidationError, match=problem):
        TypeAdapter(AnyWitness).validate_python(given)


def test_names_are_distinct() -> None:
    one = {"kind": "webhook", "name": "a", "url": "https://h/"}
    with pytest.raises(ValidationError, match="two witnesses are called 'a'"):
        WitnessSettings.model_validate({"witnesses": [one, one]})
