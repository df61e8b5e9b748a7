"""apprise against receivers on loopback: what arrives, what fails and how, and that no URL is ever shown."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr

from exporters.notify import AppriseCourier
from netmon.api import ConfigError, Message, Notices, Rejected, Retryable, Severity
from tests.support.processes import free_port
from tests.support.receivers import mail_server, syslog_socket, webhook
from tests.support.waiting import eventually

MESSAGE = Message(
    id="N1",
    recipient="andi",
    channel="way",
    language="id",
    severity=Severity.CRITICAL,
    why=Notices.OPENED,
    subject="[KRITIS] kota: Sambungan RT1-RT2 ☎ putus (I42)",
    body="Sambungan RT1-RT2 ☎ putus\nDi mana: kota\n\nCahaya <-31 dBm> & *tidak* _ada_\nTangani: netmon ack I42",
    incidents=("I42",),
)


@asynccontextmanager
async def courier(url: str, deadline_s: float = 10) -> AsyncIterator[AppriseCourier]:
    made = AppriseCourier({("andi", "way"): SecretStr(url)}, deadline_s)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_mail_arrives_as_it_was_written() -> None:
    async with mail_server() as mailbox:
        url = f"mailto://127.0.0.1:{mailbox.port}?from=netmon@example.net&to=andi@example.net&name=netmon"
        async with courier(url) as one:
            await one.deliver(MESSAGE)
    (mail,) = mailbox.mails
    assert mail["Subject"] == MESSAGE.subject
    assert "andi@example.net" in mail["To"]
    assert mail.get_content_type() == "text/plain"
    assert mailbox.text() == MESSAGE.body


@pytest.mark.parametrize("bad", ["x\r\nBcc: all@example.net", "x\nBcc: all@example.net\n\nhello", "x\x00\x1b[31m"])
async def test_no_subject_adds_a_header_to_a_mail(bad: str) -> None:
    async with (
        mail_server() as mailbox,
        courier(f"mailto://127.0.0.1:{mailbox.port}?from=n@example.net&to=andi@example.net") as one,
    ):
        await one.deliver(replace(MESSAGE, subject=bad, body=bad))
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert b"\nBcc:" not in mailbox.raw[0].partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("550 no such mailbox", Rejected), ("554 spam", Rejected), ("451 try later", Retryable), ("421 busy", Retryable)],
)
async def test_what_the_mail_server_answers_decides(answer: str, kind: type[Exception]) -> None:
    async with mail_server() as mailbox:
        mailbox.answer = answer
        async with courier(f"mailto://127.0.0.1:{mailbox.port}?from=n@example.net&to=andi@example.net") as one:
            with pytest.raises(kind, match=answer[:3]):
                await one.deliver(MESSAGE)
    assert mailbox.mails == []


async def test_a_webhook_gets_subject_body_and_kind() -> None:
    with webhook() as hook:
        async with courier(f"json://127.0.0.1:{hook.port}/netmon") as one:
            await one.deliver(MESSAGE)
            await one.deliver(replace(MESSAGE, why=Notices.RESOLVED))
            await one.deliver(replace(MESSAGE, severity=Severity.WARNING))
    assert [post["type"] for post in hook.posts] == ["failure", "success", "warning"]
    assert (hook.posts[0]["title"], hook.posts[0]["message"]) == (MESSAGE.subject, MESSAGE.body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, Retryable), (503, Retryable), (429, Retryable), (408, Retryable), (401, Rejected), (404, Rejected)],
)
async def test_what_the_webhook_answers_decides(status: int, kind: type[Exception]) -> None:
    with webhook() as hook:
        hook.status = status
        async with courier(f"json://127.0.0.1:{hook.port}/") as one:
            with pytest.raises(kind, match=f"answered {status}"):
                await one.deliver(MESSAGE)
    assert hook.posts == []


async def test_a_receiver_that_is_not_there() -> None:
    async with courier(f"json://127.0.0.1:{free_port()}/") as one:
        with pytest.raises(Retryable, match="refused"):
            await one.deliver(MESSAGE)
    async with courier(f"mailto://127.0.0.1:{free_port()}?from=n@example.net&to=a@example.net") as one:
        with pytest.raises(Retryable, match="refused"):
            await one.deliver(MESSAGE)


async def test_a_slow_receiver_costs_its_deadline_and_no_second_thread() -> None:
    with webhook() as hook:
        hook.gate.clear()
        async with courier(f"json://127.0.0.1:{hook.port}/", deadline_s=0.4) as one:
            service = one._services["andi", "way"]
            service.socket_read_timeout = 20
            with pytest.raises(Retryable, match=r"not take it within 0\.4 s"):
                await one.deliver(MESSAGE)
            with pytest.raises(Retryable, match="still on its way"):
                await one.deliver(MESSAGE)
            hook.gate.set()
            await eventually(lambda: not one._hanging)
            await one.deliver(MESSAGE)
    assert len(hook.posts) == 2


async def test_the_event_loop_goes_on_while_a_message_is_under_way() -> None:
    with webhook() as hook:
        hook.gate.clear()
        async with courier(f"json://127.0.0.1:{hook.port}/") as one:
            under_way = asyncio.create_task(one.deliver(MESSAGE))
            await eventually(lambda: hook.arrived.acquire(blocking=False))
            assert not under_way.done()
            hook.gate.set()
            await under_way
    assert len(hook.posts) == 1


async def test_syslog_gets_one_datagram() -> None:
    with syslog_socket() as sock:
        async with courier(f"rsyslog://127.0.0.1:{sock.getsockname()[1]}/local3") as one:
            await one.deliver(MESSAGE)
        datagram = sock.recv(8_192).decode()
    assert datagram.startswith(f"<{19 * 8 + 2}>")  # local3, critical: RFC 5424 section 6.2.1
    assert MESSAGE.subject in datagram


async def test_urls_that_make_no_sense_are_named_all_at_once() -> None:
    urls = {("andi", "a"): SecretStr("nothing://s3cret@x"), ("budi", "b"): SecretStr("s3cret")}
    with pytest.raises(ConfigError) as caught:
        await AppriseCourier(urls).start()
    assert [fault.file for fault in caught.value.faults] == [
        "notify.people.andi.channels.a.url",
        "notify.people.budi.channels.b.url",
    ]
    assert "s3cret" not in str(caught.value)


async def test_other_urls_are_taken_when_all_of_them_make_sense() -> None:
    with webhook() as old, webhook() as new:
        lane = ("andi", "way")
        async with courier(f"json://127.0.0.1:{old.port}/") as one:
            with pytest.raises(ConfigError):
                await one.prepare({lane: SecretStr("nothing://x")}, 10)
            adopt = await one.prepare({lane: SecretStr(f"json://127.0.0.1:{new.port}/")}, 10)
            await one.deliver(MESSAGE)
            assert (len(old.posts), len(new.posts)) == (1, 0)
            adopt()
            await one.deliver(MESSAGE)
            assert (len(old.posts), len(new.posts)) == (1, 1)
            (await one.prepare({}, 10))()
            with pytest.raises(Rejected):
                await one.deliver(MESSAGE)


async def test_a_channel_that_is_not_there_is_refused() -> None:
    async with courier("json://127.0.0.1/") as one:
        with pytest.raises(Rejected, match="andi has no channel other"):
            await one.deliver(replace(MESSAGE, channel="other"))


async def test_no_log_shows_a_secret_even_when_everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("hunter2", "t0ken")
    with webhook() as hook:
        hook.status = 500
        async with courier(f"json://andi:hunter2@127.0.0.1:{hook.port}/t0ken") as one:
            with pytest.raises(Retryable) as caught:
                await one.deliver(MESSAGE)
    shown = caplog.text + repr(caught.value) + str(caught.value)
    assert hook.arrived.acquire(blocking=False)
    assert not [secret for secret in secrets if secret in shown]


async def test_a_plug_in_that_breaks_is_worth_another_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise OSError("s3cret")

    async with courier("json://127.0.0.1/") as one:
        monkeypatch.setattr(one._services["andi", "way"], "notify", broken)
        with pytest.raises(Retryable, match="apprise failed: OSError") as caught:
            await one.deliver(MESSAGE)
    assert "s3cret" not in str(caught.value)


def test_loading_the_courier_does_not_load_apprise() -> None:
    import subprocess
    import sys

    code = "import sys, exporters.notify; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
