"""What all pages share: who may ask, how answers are written, how they are described."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import msgspec
from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from exporters.api.callers import caller_of
from exporters.api.near import near_alerts, near_ids
from exporters.api.problems import MEDIA_TYPE, ambiguous, forbidden, unknown
from exporters.api.roles import Caller, Permission
from exporters.api.settings import ApiSettings
from netmon.api import Alert, Desk, Incident, Invalid, Unknown

Id: TypeAlias = Annotated[str, Path(min_length=1, max_length=128)]

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Office:
    """The desk, what decides who may do what at it, and the clock (Unix seconds)."""

    desk: Desk
    settings: ApiSettings
    now: Callable[[], float]

    async def read(self, request: Request) -> Caller:
        """Require that the caller may read."""
        return self._require(request, Permission.READ)

    async def act(self, request: Request) -> Caller:
        """Require that the caller may act."""
        return self._require(request, Permission.ACT)

    async def ledger(self, request: Request) -> Caller:
        """Require that the caller may read the ledger."""
        return self._require(request, Permission.LEDGER)

    async def send(self, request: Request) -> Caller:
        """Require that the caller may hand in alerts."""
        return self._require(request, Permission.SEND)

    async def any(self, request: Request) -> Caller:
        """Require that the caller may do anything at all."""
        caller = caller_of(request.scope, self.settings)
        if not caller.roles:
            raise forbidden(caller, Permission.READ)
        return caller

    def _require(self, request: Request, permission: Permission) -> Caller:
        caller = caller_of(request.scope, self.settings)
        if not caller.may(permission):
            raise forbidden(caller, permission)
        return caller

    def alert(self, alert_id: str) -> Alert:
        """Return an alert by a beginning of its id; its problem names near ones."""
        try:
            return self.desk.alert(alert_id)
        except (Unknown, Invalid):
            alerts = self.desk.alerts()
            beginning = alert_id.strip().lower()
            if len(found := [each.id for each in alerts if each.id.startswith(beginning)]) > 1:
                raise ambiguous(alert_id, sorted(found)) from None
            raise unknown("alert", alert_id, near_alerts(alert_id, alerts)) from None

    def incident(self, incident_id: str) -> Incident:
        """Return an incident; its problem names near ones."""
        try:
            return self.desk.incident(incident_id)
        except Unknown:
            near = near_ids(incident_id, (each.id for each in self.desk.incidents()))
            raise unknown("incident", incident_id, near) from None

    def thing(self, name: str) -> str:
        """Return the whole id of an alert or an incident."""
        try:
            return self.desk.incident(name).id
        except Unknown:
            return self.alert(name).id


def written(shape: msgspec.Struct, status: int = 200) -> Response:
    """Return the response that holds this, without the framework's own, slower way of writing it."""
    return Response(_encode(shape), status, {"Cache-Control": "no-store"}, "application/json")


def described(shape: type[msgspec.Struct] | None, about: str, status: int = 200) -> dict[str, Any]:
    """Return what a route says about itself: the shape of its answer, and that of its problems."""
    good: dict[str, Any] = {"description": about}
    if shape is not None:
        good["content"] = {"application/json": {"schema": reference(shape)}}
    problem = {"description": "A problem (RFC 9457).", "content": {MEDIA_TYPE: {"schema": {"$ref": _REF + "Problem"}}}}
    return {
        "status_code": status,
        "responses": {status: good, "default": problem},
        "response_class": Response,
        "response_model": None,
    }


_REF = "#/components/schemas/"


def reference(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Return the reference to a shape in the OpenAPI document."""
    return {"$ref": _REF + shape.__name__}
