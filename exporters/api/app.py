"""The application: all pages below /api/. It decides nothing; the desk does."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from exporters.api import alertmanager, alerts, attention, core, predictions, windows
from exporters.api.alertmanager import ReceiveMetrics
from exporters.api.bodies import Bounded, Intake
from exporters.api.openapi import document
from exporters.api.problems import ProblemError, answer, of_desk, of_http, of_validation
from exporters.api.receive import TargetOf
from exporters.api.roles import Permission
from exporters.api.routes import Office
from exporters.api.settings import ApiSettings
from netmon.api import Desk, DeskError

PREFIX = "/api/"
"""Where the application is to be mounted."""


def _instance(labels: Mapping[str, str]) -> str:
    return labels.get("instance", "")


def api_app(  # noqa: PLR0913  # each is one thing that the wiring knows
    desk: Desk,
    settings: ApiSettings,
    registry: CollectorRegistry,
    *,
    version: str,
    target_of: TargetOf = _instance,
    now: Callable[[], float] = time.time,
) -> ASGIApp:
    """Return the application, to be mounted under `PREFIX` behind the gate and served at the control socket.

    `target_of` knows which target the labels of a received alert mean.
    """
    app = make(desk, settings, registry, version=version, target_of=target_of, now=now)
    return Bounded(app, settings, {alertmanager.PATH: Intake(Permission.SEND, settings.max_alerts_body_bytes)})


def make(  # noqa: PLR0913  # as above
    desk: Desk,
    settings: ApiSettings,
    registry: CollectorRegistry,
    *,
    version: str,
    target_of: TargetOf = _instance,
    now: Callable[[], float] = time.time,
) -> FastAPI:
    """Return the pages without what guards their bodies: for what looks at their description."""
    office, started = Office(desk, settings, now), now()
    app = FastAPI(
        title="netmon",
        version=version,
        openapi_url=None,  # our own, below: nobody reads it who may do nothing
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.include_router(alerts.router(office), prefix="/api/v1")
    app.include_router(windows.router(office), prefix="/api/v1")
    app.include_router(predictions.router(office), prefix="/api/v1")
    app.include_router(attention.router(office), prefix="/api/v1")
    app.include_router(core.router(office, version), prefix="/api/v1")
    receiving = alertmanager.router(office, target_of, ReceiveMetrics(registry), version, started)
    app.include_router(receiving, prefix="/api/v2")
    _describe(app, office)
    _refuse(app)
    return app


def _describe(app: FastAPI, office: Office) -> None:
    made: list[bytes] = []

    @app.get("/api/v1/openapi.json", include_in_schema=False, dependencies=[Depends(office.any)], response_model=None)
    async def openapi() -> Response:
        if not made:  # half a second of work that few ever ask for
            made.append(msgspec.json.encode(document(app)))
        return Response(made[0], media_type="application/json")


def _refuse(app: FastAPI) -> None:
    """Answer every error with its problem."""

    async def problem(_request: Request, error: Exception) -> Response:
        found = error if isinstance(error, ProblemError) else of_desk(error)
        return answer(found.problem, found.headers)

    async def invalid(_request: Request, error: Exception) -> Response:
        return (
            answer(of_validation(error))
            if isinstance(error, RequestValidationError)
            else await problem(_request, error)
        )

    async def refused(_request: Request, error: Exception) -> Response:
        return of_http(error) if isinstance(error, HTTPException) else await problem(_request, error)

    handlers: dict[type[Exception], Any] = {
        ProblemError: problem,
        DeskError: problem,
        RequestValidationError: invalid,
        HTTPException: refused,
        Exception: problem,  # a bug: answered here, and raised again for the server's log
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
