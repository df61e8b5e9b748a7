"""What is refused before anybody reads it, and what random bodies get."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exporters.api.test_roles import ACTING, PAGES
from tests.support.api import Api

ACK = "/api/v1/alerts/acknowledge"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
@pytest.mark.parametrize(("path", "user"), [(ACK, "oki"), ("/api/v2/alerts", "prom")])
async def test_what_a_form_can_send_is_refused(kind: str, path: str, user: str) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = await Api().ask("POST", path, user=user, content=b'{"ids": ["I1"]}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


async def test_json_by_another_spelling() -> None:
    api = Api()
    alert = api.desk.say("A", "b")
    body = json.dumps({"ids": [alert.id]})
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert (await api.ask("POST", ACK, user="oki", content=body, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("path", "user", "size"), [(ACK, "oki", (1 << 20) + 1), ("/api/v2/alerts", "prom", (8 << 20) + 1)]
)
@pytest.mark.parametrize("said", [True, False])
async def test_a_body_has_a_limit(path: str, user: str, size: int, said: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 1 << 16):
            yield b" " * min(1 << 16, size - start)

    content: Any = b" " * size if said else pieces()
    answer = await Api().ask("POST", path, user=user, content=content, headers=JSON)
    assert (answer.status_code, answer.json()["code"], answer.headers["connection"]) == (413, "too_large", "close")


async def test_a_body_of_somebody_who_may_not_is_not_read() -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"[]"

    assert (await Api().ask("POST", ACK, user="vera", content=pieces(), headers=JSON)).status_code == 403
    assert read == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"ids":["\\ud800"]}',
        b"1e999",
        b"NaN",
        b"null",
        b'[{"labels":{"alertname":"\\ud800"}}]',
    ],
)
@pytest.mark.parametrize(("path", "user"), [(ACK, "oki"), ("/api/v1/silences", "oki"), ("/api/v2/alerts", "prom")])
async def test_what_is_no_json_of_ours(body: bytes, path: str, user: str) -> None:
    answer = await Api().ask("POST", path, user=user, content=body, headers=JSON)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["remedy"]


async def test_a_body_that_does_not_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.api.bodies._BODY_S", 0.02)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await Api().ask("POST", ACK, user="oki", content=never(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (408, "slow")


async def test_all_bodies_together_have_a_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.api.bodies._MAX_HELD", 100)
    api, hold, reading = Api(), asyncio.Event(), asyncio.Event()
    alert = api.desk.say("A", "b")

    async def slow() -> AsyncIterator[bytes]:
        yield b" " * 80
        reading.set()
        await hold.wait()
        yield json.dumps({"ids": [alert.id]}).encode()

    first = asyncio.create_task(api.ask("POST", ACK, user="oki", content=slow(), headers=JSON))
    await reading.wait()
    answer = await api.ask("POST", ACK, user="oki", content=b" " * 40, headers=JSON)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "5")
    monkeypatch.setattr("exporters.api.bodies._MAX_HELD", 1_000)
    hold.set()
    assert (await first).status_code == 200
    assert api.app._held == 0  # type: ignore[attr-defined]


async def test_the_input_is_not_repeated() -> None:
    answer = await Api().post("/api/v1/silences", {"password": "hunter2", "matchers": "hunter2"})
    assert "hunter2" not in answer.text


async def test_other_pages_and_methods() -> None:
    api = Api()
    assert (await api.get("/api/v3")).json()["code"] == "no_such_page"
    refused = await api.ask("PUT", "/api/v1/alerts", user="oki", json={})
    assert (refused.status_code, refused.json()["code"]) == (405, "method")
    assert refused.headers["allow"] == "GET"
    assert (await api.get("/api/v1/alerts/")).status_code == 404


async def test_a_bug_is_told_without_its_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()

    def fail() -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(api.desk, "alerts", fail)
    answer = await api.get("/api/v1/alerts")
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "secret" not in answer.text


_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_KEYS = ["ids", "note", "matchers", "scope", "reason", "starts_at", "ends_at", "duration_s", "title", "name", "value"]
_KEYS += ["labels", "annotations", "startsAt", "endsAt", "generatorURL", "alertname", "is_regex"]
_TIME = st.sampled_from(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00", "2026-11-22T00:00:00-23:59", "now"])
_NEAR = st.dictionaries(
    st.sampled_from(_KEYS),
    _VALUE | _TIME | st.lists(st.dictionaries(st.sampled_from(_KEYS), _VALUE | _TIME, max_size=3), max_size=3),
    max_size=6,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_NEAR | _VALUE | st.lists(_NEAR, max_size=3), page=st.sampled_from([*ACTING, *PAGES[-3:-2]]))
async def test_random_bodies_never_break_it(body: Any, page: tuple[Any, ...]) -> None:
    api = Api()
    alert = api.desk.say("A", "b").id
    user = "prom" if "v2" in page[1] else "oki"
    text = json.dumps(body)
    answer = await api.ask(page[0], page[1].format(alert=alert), user=user, content=text, headers=JSON)
    assert answer.status_code < 500, (page, body, answer.text)


@settings(max_examples=40, deadline=None)
@given(query=st.dictionaries(st.sampled_from(["state", "limit", "cursor", "text", "site", "since", "x"]), st.text()))
@pytest.mark.parametrize("path", ["/api/v1/alerts", "/api/v1/history", "/api/v1/silences"])
async def test_random_parameters_never_break_it(path: str, query: dict[str, str]) -> None:
    text = "&".join(f"{name}={value.encode('utf-8', 'surrogatepass').hex()}" for name, value in query.items())
    assert (await Api().get(path, user="both", params=query)).status_code < 500
    assert (await Api().get(f"{path}?{text}", user="both")).status_code < 500
