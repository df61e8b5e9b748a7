"""Passwords: right, wrong and absent, and what an attacker can learn or cost."""

import asyncio
import base64
from collections.abc import Mapping

import bcrypt
import httpx
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from exporters.prometheus import auth
from exporters.prometheus.auth import Passwords, TooManyChecksError, parse_basic
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.webconfig import WebConfig
from tests.support.exposition import ANY_PORT, serving

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
USERS = {"prometheus": SecretStr(HASH)}


def exporter_with(users: Mapping[str, SecretStr]) -> PrometheusExporter:
    config = WebConfig.model_validate(
        {"basic_auth_users": users, "http_server_config": {"headers": {"X-Frame-Options": "deny"}}}
    )
    return PrometheusExporter(WebSettings(listen=ANY_PORT), CollectorRegistry(), web_config=lambda: config)


async def test_who_may_come_in() -> None:
    exporter = exporter_with(USERS)
    async with serving(exporter) as url, httpx.AsyncClient(base_url=url) as client:
        for path in ("/metrics", "/-/healthy", "/", "/nothing"):
            for login in (None, ("prometheus", "wrong"), ("nobody", "secret"), ("", "")):
                answer = await client.get(path, auth=login)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith('Basic realm="netmon"')
                assert answer.headers["x-frame-options"] == "deny"
                assert answer.text == "Unauthorized\n"
        for _ in range(2):
            answer = await client.get("/metrics", auth=("prometheus", "secret"))
            assert answer.status_code == 200
            assert answer.headers["x-frame-options"] == "deny"
        assert exporter._metrics.auth_failures._value.get() == 16
        assert (await client.get("/", headers={"Authorization": "Bearer x"})).status_code == 401


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (basic(b"a:b"), ("a", b"b")),
        (basic(b"a:b:c"), ("a", b"b:c")),
        (basic("ü:é".encode()), ("ü", "é".encode())),
        ("basic " + basic(b":")[6:], ("", b"")),
        (basic(b"no colon"), None),
        (basic(b"\xff:x"), None),
        ("Basic !!!", None),
        ("Basic", None),
        ("Bearer abc", None),
        ("", None),
    ],
)
def test_authorization_headers(header: str, wanted: tuple[str, bytes] | None) -> None:
    assert parse_basic(header) == wanted


async def test_every_wrong_guess_costs_a_whole_check(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[tuple[bytes, bytes]] = []

    def counting(password: bytes, hashed: bytes) -> bool:
        checked.append((password, hashed))
        return bcrypt.checkpw(password, hashed)

    monkeypatch.setattr(auth, "_matches", counting)
    passwords = Passwords(USERS)
    for name in ("prometheus", "nobody"):
        for _ in range(2):
            assert not await passwords.check(name, b"wrong")
    assert len(checked) == 4
    assert {hashed[:7] for _, hashed in checked} == {b"$2b$04$"}
    assert all(await asyncio.gather(passwords.check("prometheus", b"secret"), passwords.check("prometheus", b"secret")))
    checked.clear()
    assert await passwords.check("prometheus", b"secret")
    assert checked == []  # remembered
    assert not await passwords.check("prometheus", b"secret2")
    assert not await passwords.check("nobody", b"secret")


async def test_passwords_that_bcrypt_cannot_take() -> None:
    passwords = Passwords(USERS)
    assert not await passwords.check("prometheus", b"a\0b")
    assert not await passwords.check("prometheus", b"x" * 5_000)
    long = SecretStr(bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode())
    assert await Passwords({"a": long}).check("a", b"x" * 80)


async def test_a_flood_of_guesses_is_refused() -> None:
    slow = {"prometheus": SecretStr(bcrypt.hashpw(b"secret", bcrypt.gensalt(8)).decode())}
    passwords = Passwords(slow)
    answers = await asyncio.gather(
        *(passwords.check("prometheus", str(n).encode()) for n in range(100)), return_exceptions=True
    )
    assert sum(isinstance(answer, TooManyChecksError) for answer in answers) == 68
    assert await passwords.check("prometheus", b"secret")
