"""The OpenAPI document is valid, and every page's real answers are what it says."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships none
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from exporters.api.app import make
from exporters.api.settings import ApiSettings
from netmon.api import Impact, Severity
from tests.exporters.api.test_roles import ALERTS, MAINTENANCE, SILENCE
from tests.support.api import Api
from tests.support.unusual import anomaly

ASKED: list[tuple[str, str, str, Any, int]] = [
    ("GET", "/api/v1/alerts", "", None, 200),
    ("GET", "/api/v1/alerts", "?limit=1", None, 200),
    ("GET", "/api/v1/alerts", "?limit=0", None, 422),
    ("GET", "/api/v1/alerts/{id}", "alert", None, 200),
    ("GET", "/api/v1/alerts/{id}", "zzz", None, 404),
    ("POST", "/api/v1/alerts/acknowledge", "", {"ids": ["I1"]}, 200),
    ("POST", "/api/v1/alerts/unacknowledge", "", {"ids": ["I1"]}, 200),
    ("POST", "/api/v1/alerts/resolve", "", {"ids": ["I2"]}, 200),
    ("POST", "/api/v1/alerts/{id}/acknowledge", "alert", {}, 200),
    ("POST", "/api/v1/alerts/{id}/unacknowledge", "alert", {"note": "x"}, 200),
    ("POST", "/api/v1/alerts/{id}/comments", "alert", {"note": "x"}, 204),
    ("POST", "/api/v1/alerts/{id}/comments", "alert", {}, 422),
    ("POST", "/api/v1/alerts/{id}/resolve", "alert", {}, 200),
    ("GET", "/api/v1/incidents", "", None, 200),
    ("GET", "/api/v1/incidents/{id}", "I1", None, 200),
    ("POST", "/api/v1/incidents/{id}/acknowledge", "I3", {}, 200),
    ("POST", "/api/v1/incidents/{id}/unacknowledge", "I3", {}, 200),
    ("POST", "/api/v1/incidents/{id}/comments", "I3", {"note": "x"}, 204),
    ("POST", "/api/v1/incidents/{id}/resolve", "I3", {}, 200),
    ("POST", "/api/v1/silences", "", SILENCE, 201),
    ("GET", "/api/v1/silences", "", None, 200),
    ("DELETE", "/api/v1/silences/{id}", "S4", None, 200),
    ("POST", "/api/v1/maintenances", "", MAINTENANCE, 201),
    ("GET", "/api/v1/maintenances", "", None, 200),
    ("DELETE", "/api/v1/maintenances/{id}", "M5", None, 200),
    ("GET", "/api/v1/history", "?limit=2", None, 200),
    ("GET", "/api/v1/status", "", None, 200),
    ("GET", "/api/v1/predictions", "?outcome=hit&outcome=open", None, 200),
    ("GET", "/api/v1/predictions", "?outcome=lucky", None, 422),
    ("GET", "/api/v1/predictions/report", "?since=2026-11-01T00:00:00Z", None, 200),
    ("GET", "/api/v1/attention", "?target=sw-*", None, 200),
    ("GET", "/api/v1/attention", "?limit=1&since=1970-01-01T00:00:00Z", None, 200),
    ("GET", "/api/v1/attention", "?since=soon", None, 422),
    ("POST", "/api/v2/alerts", "", ALERTS, 200),
    ("POST", "/api/v2/alerts", "", {}, 400),
    ("GET", "/api/v2/status", "", None, 200),
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    from exporters.api.openapi import document

    api = Api()
    return document(make(api.desk, ApiSettings(), type(api.registry)(), version="1.2.3"))


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)
    assert {"list_alerts", "acknowledge_several", "receive_alerts"} <= set(names)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


async def test_the_page_gives_it(document: dict[str, Any]) -> None:
    answer = await Api().get("/api/v1/openapi.json")
    assert answer.json() == document
    assert "<" not in answer.text.replace("<=", "")  # no page that loads scripts from elsewhere


def test_every_page_is_asked_below(document: dict[str, Any]) -> None:
    there = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert there == {(method, path) for method, path, *_ in ASKED}


async def test_real_answers_are_what_it_says(document: dict[str, Any]) -> None:
    api = Api(roles={"all": ["operator", "auditor", "sender"]})
    first = api.desk.say("A", "sw-1", Severity.CRITICAL, impact=Impact(1, 2, 3), evidence={"a": 1, "b": "c", "d": 0.5})
    api.desk.say("B", "sw-2", labels={"site": "hub"})
    api.desk.say("C", "sw-3", summaries={"id": "c"}, runbook="https://x.example")
    api.desk.board.learn("sw-1", api.desk.now(), anomaly())
    for method, path, more, body, status in ASKED:
        where = path.format(id=first.id if more == "alert" else more) if "{" in path else path + more
        answer = await api.ask(method, where, user="all", **({} if body is None else {"json": body}))
        assert answer.status_code == status, (where, answer.text)
        responses = document["paths"][path][method.lower()]["responses"]
        described = responses[str(status) if status < 300 else "default"].get("content")
        if not answer.content:
            assert described is None
            continue
        content = described[answer.headers["content-type"]]
        schema = content["schema"] | {"components": _closed(document["components"])}
        jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)


def test_the_validation_can_fail(document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/AlertPage", "components": _closed(document["components"])}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"alerts": [], "total": 0, "next": None, "more": 1}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"alerts": [{}], "total": 0, "next": None}, schema)


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [each for inner in part.values() for each in _references(inner)]
    return [each for inner in part for each in _references(inner)] if isinstance(part, list) else []


def _closed(components: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas so that a member that is not described is a fault too."""
    schemas = {
        name: schema | {"additionalProperties": False} if "properties" in schema else schema
        for name, schema in components["schemas"].items()
    }
    return {"schemas": schemas}
