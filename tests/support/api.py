"""The HTTP interface over a desk in memory, asked as different people."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from exporters.api.app import api_app
from exporters.api.settings import ApiSettings
from tests.support.desk import FakeDesk

ROLES = {"vera": "viewer", "oki": "operator", "aud": ["auditor"], "prom": "sender", "both": ["operator", "auditor"]}


class Api:
    """The application with its desk; `get` and its like ask as a user whom the gate let in."""

    def __init__(
        self, desk: FakeDesk | None = None, now: Callable[[], float] | None = None, **settings: object
    ) -> None:
        self.desk = desk or FakeDesk(**({"now": now} if now else {}))
        self.registry = CollectorRegistry()
        self.settings = ApiSettings.model_validate({"roles": ROLES, **settings})
        self.app = api_app(self.desk, self.settings, self.registry, version="1.2.3", now=self.desk.now)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        user: str = "",
        client: tuple[str, int] = ("192.0.2.9", 5),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        transport = httpx.ASGITransport(as_user(self.app, user), client=client, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://netmon") as asker:
            return await asker.request(method, path, headers=dict(headers or {}), **more)

    async def get(self, path: str, user: str = "vera", **more: Any) -> httpx.Response:
        return await self.ask("GET", path, user=user, **more)

    async def post(self, path: str, body: object, user: str = "oki", **more: Any) -> httpx.Response:
        return await self.ask("POST", path, user=user, json=body, **more)

    async def delete(self, path: str, user: str = "oki", **more: Any) -> httpx.Response:
        return await self.ask("DELETE", path, user=user, **more)

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


def as_user(app: ASGIApp, user: str) -> ASGIApp:
    """Stand in for the gate."""

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"user": user}}, receive, send)

    return gate
