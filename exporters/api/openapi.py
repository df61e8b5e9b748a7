"""The OpenAPI 3.1 document: the framework's, with the shapes of answers and the way to say who one is."""

from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from exporters.api import shapes
from exporters.api.alertmanager import AlertmanagerStatus
from exporters.api.attention import Attention
from exporters.api.predictions import Predictions, Report
from exporters.api.problems import Problem
from exporters.api.receive import Posted

_ANSWERS: Final = (
    shapes.AlertPage,
    shapes.IncidentPage,
    shapes.IncidentWhole,
    shapes.Alerts,
    shapes.Silences,
    shapes.Maintenances,
    shapes.History,
    shapes.Status,
    Predictions,
    Report,
    Attention,
    AlertmanagerStatus,
    Posted,
    Problem,
)

ABOUT: Final = (
    "Alerts, incidents, silences, maintenance windows, predictions, what is unusual and the ledger. Times are RFC "
    "3339. Who changes something sends application/json. Errors are problem details (RFC 9457) whose `remedy` says "
    "what to do next. Roles: a viewer reads, an operator reads and acts, an auditor reads all that and the ledger, a "
    "sender hands in alerts."
)


def document(app: FastAPI) -> dict[str, Any]:
    """Return the whole document."""
    made: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, openapi_version="3.1.0", description=ABOUT, routes=app.routes
    )
    _, components = msgspec.json.schema_components(_ANSWERS, ref_template="#/components/schemas/{name}")
    parts = made.setdefault("components", {})
    parts["schemas"] = {**parts.get("schemas", {}), **components}
    parts["securitySchemes"] = {"basic": {"type": "http", "scheme": "basic"}}
    made["security"] = [{"basic": []}, {}]  # {}: where there are no users, and through the control socket
    return made
